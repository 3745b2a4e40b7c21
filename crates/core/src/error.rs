//! [`Error`]: the one error type of every crate.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

use crate::{Map, Str};

/// A result with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, and where.
///
/// `Display` prints this level: the place and the message. Causes follow by [`std::error::Error::source`], and `{:#}` prints the
/// whole chain on one line.
///
/// ```
/// use inia_core::{Error, ErrorKind};
///
/// let cause = Error::new(ErrorKind::Parse, "line 3: expected `]`");
/// let error = Error::new(ErrorKind::Config, "the config file cannot be read").with_source(cause);
/// assert_eq!(error.to_string(), "the config file cannot be read");
/// assert_eq!(format!("{error:#}"), "the config file cannot be read: line 3: expected `]`");
/// assert_eq!(error.kind(), ErrorKind::Config);
/// ```
pub struct Error(Box<ErrorImpl>);

struct ErrorImpl {
    kind: ErrorKind,
    message: Cow<'static, str>,
    service: Option<Box<ServiceError>>,
    problems: Vec<Problem>,
    source: Option<Box<dyn StdError + Send + Sync>>,
    attempts: u32,
    /// The last answer where a wait gave up on one.
    last: Option<Box<crate::Value>>,
}

/// What kind of thing went wrong: what a caller decides by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The service answered with an error. Look at [`Error::service`].
    Service,
    /// The parameters do not fit the operation; nothing was sent. Look at [`Error::problems`].
    Validation,
    /// The connection failed or broke; the request may or may not have arrived.
    Connection,
    /// A time limit passed; the request may or may not have arrived.
    Timeout,
    /// No credentials or token could be had, or what was had is broken.
    Credentials,
    /// No endpoint could be resolved for the parameters and settings; nothing was sent.
    Endpoint,
    /// A setting, a config file or a profile is wrong or missing.
    Config,
    /// A definition is missing or broken, or names no such service, operation, waiter or resource.
    Model,
    /// The answer could not be understood.
    Parse,
    /// A streaming body broke, or failed its checksum, while it was read or sent.
    Stream,
    /// A wait ended without success.
    Waiter,
    /// A pagination could not go on.
    Pagination,
    /// A resource could not be built, loaded or acted upon.
    Resource,
}

impl ErrorKind {
    /// The kind as a word, as `inia batch` prints it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            ErrorKind::Service => "service",
            ErrorKind::Validation => "validation",
            ErrorKind::Connection => "connection",
            ErrorKind::Timeout => "timeout",
            ErrorKind::Credentials => "credentials",
            ErrorKind::Endpoint => "endpoint",
            ErrorKind::Config => "config",
            ErrorKind::Model => "model",
            ErrorKind::Parse => "parse",
            ErrorKind::Stream => "stream",
            ErrorKind::Waiter => "waiter",
            ErrorKind::Pagination => "pagination",
            ErrorKind::Resource => "resource",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One thing that is wrong with the parameters of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where, as a path into the parameters (`Tags[2].Key`); empty for the parameters as a whole.
    pub path: String,
    /// What is wrong there.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            f.write_str(&self.message)
        } else {
            write!(f, "{}: {}", self.path, self.message)
        }
    }
}

/// Who a service says is at fault for an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The request was wrong (`Sender`).
    Sender,
    /// The service failed (`Receiver`).
    Receiver,
}

/// A service's own error answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ServiceError {
    /// The error code on the wire, such as `NoSuchBucket`; the query code where a service is query-compatible.
    pub code: Str,
    /// The service's message; empty where it gave none.
    pub message: Str,
    /// The HTTP status.
    pub http_status: u16,
    /// The request id, where the answer has one.
    pub request_id: Option<Str>,
    /// The name of the modeled error shape, where the operation or service has one for the code.
    pub shape: Option<Str>,
    /// Who is at fault, where the answer says.
    pub fault: Option<Fault>,
    /// The error's modeled members other than its message.
    pub details: Map,
    /// The answer's headers, names in lower case.
    pub headers: Vec<(Str, Str)>,
    /// Whether the model marks the error as worth a retry.
    pub retryable: bool,
    /// Whether the model marks the error as throttling.
    pub throttling: bool,
}

impl ServiceError {
    /// The first value of a header of the answer, by its name in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| *key == *name)
            .map(|(_, value)| value.as_str())
    }
}

impl Error {
    /// An error of a kind with a message.
    #[must_use]
    #[cold]
    pub fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Error(Box::new(ErrorImpl {
            kind,
            message: message.into(),
            service: None,
            problems: Vec::new(),
            source: None,
            attempts: 0,
            last: None,
        }))
    }

    /// The error a service answered with; `operation` is named in the message.
    #[must_use]
    #[cold]
    pub fn from_service(operation: &str, error: ServiceError) -> Self {
        let code: &str = if error.code.is_empty() {
            "Unknown"
        } else {
            &error.code
        };
        let message = if error.message.is_empty() {
            format!(
                "{operation} failed with {code} (HTTP {})",
                error.http_status
            )
        } else {
            format!(
                "{operation} failed with {code} (HTTP {}): {}",
                error.http_status, error.message
            )
        };
        let mut this = Error::new(ErrorKind::Service, message);
        this.0.service = Some(Box::new(error));
        this
    }

    /// An error about the parameters of a call, with every problem found.
    #[must_use]
    #[cold]
    pub fn from_problems(operation: &str, problems: Vec<Problem>) -> Self {
        let list: Vec<String> = problems.iter().map(Problem::to_string).collect();
        let mut this = Error::new(
            ErrorKind::Validation,
            format!("{operation}: invalid parameters:\n  {}", list.join("\n  ")),
        );
        this.0.problems = problems;
        this
    }

    /// The same error with a cause behind it.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// The cause behind this error, out of it.
    #[must_use]
    pub fn into_source(self) -> Option<Box<dyn StdError + Send + Sync>> {
        self.0.source
    }

    /// The same error, its message preceded by a place: `place: message`.
    #[must_use]
    pub fn at(mut self, place: impl fmt::Display) -> Self {
        self.0.message = format!("{place}: {}", self.0.message).into();
        self
    }

    /// The same error with the number of attempts that were made.
    #[must_use]
    pub fn with_attempts(mut self, attempts: u32) -> Self {
        self.0.attempts = attempts;
        self
    }

    /// The same error with the last answer that was seen.
    #[must_use]
    pub fn with_last(mut self, last: crate::Value) -> Self {
        self.0.last = Some(Box::new(last));
        self
    }

    /// The kind.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The message of this level, without its causes.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The service's own error, for [`ErrorKind::Service`].
    #[must_use]
    pub fn service(&self) -> Option<&ServiceError> {
        self.0.service.as_deref()
    }

    /// Everything that is wrong with the parameters, for [`ErrorKind::Validation`].
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.0.problems
    }

    /// How many attempts were sent before this error was final; 0 where none was.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// The last answer seen, where a wait gave up on one.
    #[must_use]
    pub fn last(&self) -> Option<&crate::Value> {
        self.0.last.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)?;
        if f.alternate() {
            let mut source = self.source();
            while let Some(cause) = source {
                write!(f, ": {cause}")?;
                source = cause.source();
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Error");
        debug
            .field("kind", &self.0.kind)
            .field("message", &self.0.message);
        if let Some(service) = &self.0.service {
            debug.field("service", service);
        }
        if let Some(source) = &self.0.source {
            debug.field("source", source);
        }
        debug.finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0
            .source
            .as_deref()
            .map(|source| source as &(dyn StdError + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_one_pointer() {
        // Every fallible function returns one: a wide error would be copied through each of them.
        assert_eq!(size_of::<Error>(), 8);
    }

    #[test]
    fn problems_are_listed_with_their_paths() {
        let error = Error::from_problems(
            "CreateQueue",
            vec![
                Problem {
                    path: String::new(),
                    message: "missing required parameter QueueName".into(),
                },
                Problem {
                    path: "Tags[2].Key".into(),
                    message: "expected a string, got an integer".into(),
                },
            ],
        );
        assert!(error.to_string().contains("Tags[2].Key: expected a string"));
        assert_eq!(error.problems().len(), 2);
    }
}
