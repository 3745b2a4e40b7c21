//! [`Error`]: the error type shared by all crates of inia.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

use crate::secret::is_secret_name;
use crate::{Map, Str};

#[cfg(feature = "session")]
mod shared;

/// A result with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The error of every fallible operation.
///
/// `Display` prints the message of this level only. Causes are reached through [`std::error::Error::source`]; `{:#}` prints the
/// whole chain on one line.
///
/// ```
/// # use inia_core as inia;
/// use inia::{Error, ErrorKind};
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
    retry_class: Option<RetryClass>,
    call: Option<Box<FailedCall>>,
    /// The last response that a waiter received.
    last_response: Option<Box<crate::Value>>,
}

/// The call that failed, and the response that its error comes from.
#[derive(Clone, Default)]
struct FailedCall {
    service: Str,
    operation: Option<Str>,
    region: Option<Str>,
    http_status: Option<u16>,
    request_id: Option<Str>,
    headers: Vec<(Str, Str)>,
}

impl fmt::Debug for FailedCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headers = self.headers.iter().map(|(name, value)| (name, value));
        f.debug_struct("FailedCall")
            .field("service", &self.service)
            .field("operation", &self.operation)
            .field("region", &self.region)
            .field("http_status", &self.http_status)
            .field("request_id", &self.request_id)
            .field("headers", &PublicEntries(headers))
            .finish()
    }
}

/// Classification of an error for retries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RetryClass {
    /// The same request would fail again.
    NotRetryable,
    /// A transient error, such as a lost connection.
    Transient,
    /// The service throttles the caller.
    Throttling,
}

/// Error category, by the phase of a call that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The service returned an error response; see [`Error::service`].
    Service,
    /// Invalid parameters; nothing was sent. See [`Error::problems`].
    Validation,
    /// The connection could not be made or was lost; the request may or may not have reached the service.
    Connection,
    /// A timeout elapsed; the request may or may not have reached the service.
    Timeout,
    /// Credentials or a token are missing, invalid, or could not be fetched.
    Credentials,
    /// Endpoint resolution failed for the parameters and settings; nothing was sent.
    Endpoint,
    /// A setting, config file or profile is invalid or missing.
    Config,
    /// The definitions have no service, operation, paginator, waiter or resource of this name (the message suggests similar names),
    /// or a definition is malformed. Nothing was sent.
    Model,
    /// The response could not be parsed.
    Parse,
    /// A body failed while it was read or sent: it was cut off, it is longer than allowed or not as long as stated, or its checksum did not
    /// match.
    Stream,
    /// A waiter ended without success.
    Waiter,
    /// Pagination could not continue.
    Pagination,
    /// A resource could not be created or loaded, or its action failed.
    Resource,
    /// The caller cancelled a transfer.
    Cancelled,
}

impl ErrorKind {
    /// Returns the kind's name as `inia run` prints it, such as `service` or `timeout`.
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
            ErrorKind::Cancelled => "cancelled",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A validation error of one parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Path of the parameter (`Tags[2].Key`); empty for the parameters as a whole.
    pub path: String,
    /// Description of the error.
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

/// Party at fault for a service error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The client sent an invalid request (`Sender`).
    Sender,
    /// The service failed to process the request (`Receiver`).
    Receiver,
}

/// An error response of a service. `Debug` omits secrets in headers and details.
#[derive(Clone, Default, PartialEq)]
pub struct ServiceError {
    /// The error code, such as `NoSuchBucket`; for query-compatible services the query protocol's code.
    pub code: Str,
    /// The service's message; empty if there is none.
    pub message: Str,
    /// The HTTP status code.
    pub http_status: u16,
    /// The request ID, if the response has one.
    pub request_id: Option<Str>,
    /// The name of the modeled error shape, if the model defines one for the code.
    pub shape: Option<Str>,
    /// Party at fault: as the response says, or else by the error's definition, or else by the status.
    pub fault: Option<Fault>,
    /// True if `fault` is what the response says.
    pub is_fault_stated: bool,
    /// The modeled members of the error, except its message.
    pub details: Map,
    /// Response headers with lower-case names.
    pub headers: Vec<(Str, Str)>,
    /// True if the same request may succeed later: by the error's definition, its code or the status.
    pub retryable: bool,
    /// True if the service throttles the caller: by the error's definition, its code or the status.
    pub throttling: bool,
}

/// Entries by name, without the values of secrets.
struct PublicEntries<I>(I);

impl<'a, N: AsRef<str> + 'a, V: fmt::Debug + 'a, I: Iterator<Item = (&'a N, &'a V)> + Clone>
    fmt::Debug for PublicEntries<I>
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = f.debug_map();
        for (name, value) in self.0.clone() {
            let name = name.as_ref();
            if is_secret_name(name) {
                map.entry(&name, &format_args!(".."));
            } else {
                map.entry(&name, value);
            }
        }
        map.finish()
    }
}

impl fmt::Debug for ServiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headers = self.headers.iter().map(|(name, value)| (name, value));
        f.debug_struct("ServiceError")
            .field("code", &self.code)
            .field("message", &self.message)
            .field("http_status", &self.http_status)
            .field("request_id", &self.request_id)
            .field("shape", &self.shape)
            .field("fault", &self.fault)
            .field("details", &PublicEntries(self.details.iter()))
            .field("headers", &PublicEntries(headers))
            .field("retryable", &self.retryable)
            .field("throttling", &self.throttling)
            .finish_non_exhaustive()
    }
}

impl ServiceError {
    /// Returns the first value of a response header. `name` must be in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| *key == *name)
            .map(|(_, value)| value.as_str())
    }
}

impl Error {
    /// Creates an error of `kind` with `message`.
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
            retry_class: None,
            call: None,
            last_response: None,
        }))
    }

    /// Creates an error from the error response of `operation`.
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

    /// Creates a validation error that lists all problems with the parameters of `operation`.
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

    /// Sets the cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Returns the cause by value.
    #[must_use]
    pub fn into_source(self) -> Option<Box<dyn StdError + Send + Sync>> {
        self.0.source
    }

    /// Prefixes the message with the location of the error: `location: message`.
    #[must_use]
    pub fn at(mut self, location: impl fmt::Display) -> Self {
        self.0.message = format!("{location}: {}", self.0.message).into();
        self
    }

    /// Appends a note to the message: `message; note`.
    #[must_use]
    pub fn with_note(mut self, note: impl fmt::Display) -> Self {
        self.0.message = format!("{}; {note}", self.0.message).into();
        self
    }

    /// Sets the call that failed, unless it is set already.
    #[must_use]
    pub fn in_call(mut self, service: &Str, operation: Option<&Str>, region: Option<&Str>) -> Self {
        let call = self.0.call.get_or_insert_default();
        if call.service.is_empty() {
            call.service = service.clone();
            call.operation = operation.cloned();
            call.region = region.cloned();
        }
        self
    }

    /// Sets the HTTP status, the request id and the headers of the response that could not be used. A service error has its own.
    #[must_use]
    pub fn with_response(
        mut self,
        http_status: u16,
        request_id: Option<Str>,
        headers: Vec<(Str, Str)>,
    ) -> Self {
        let call = self.0.call.get_or_insert_default();
        call.http_status = Some(http_status);
        call.request_id = request_id;
        call.headers = headers;
        self
    }

    /// Sets the classification for retries, in place of the one by kind and service error.
    #[must_use]
    pub fn with_retry_class(mut self, class: RetryClass) -> Self {
        self.0.retry_class = Some(class);
        if let Some(service) = &mut self.0.service {
            service.retryable = class != RetryClass::NotRetryable;
            service.throttling = class == RetryClass::Throttling;
        }
        self
    }

    /// Sets the number of attempts.
    #[must_use]
    pub fn with_attempts(mut self, attempts: u32) -> Self {
        self.0.attempts = attempts;
        self
    }

    /// Sets the last response that a waiter received.
    #[must_use]
    pub fn with_last_response(mut self, response: crate::Value) -> Self {
        self.0.last_response = Some(Box::new(response));
        self
    }

    /// Returns the kind.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Returns the message of this level, without causes.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Returns the service error, for [`ErrorKind::Service`].
    #[must_use]
    pub fn service(&self) -> Option<&ServiceError> {
        self.0.service.as_deref()
    }

    /// Returns the service error for changes, for [`ErrorKind::Service`].
    #[must_use]
    pub fn service_mut(&mut self) -> Option<&mut ServiceError> {
        self.0.service.as_deref_mut()
    }

    /// Returns all validation errors, for [`ErrorKind::Validation`].
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.0.problems
    }

    /// Returns the number of attempts that were sent; 0 if the call failed before the first one.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// Returns the service's error code, such as `NoSuchBucket`, for [`ErrorKind::Service`].
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.service().map(|service| service.code.as_str())
    }

    /// Returns the request id, if there was a response and it has one.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        let call = self.0.call.as_ref();
        self.service()
            .and_then(|service| service.request_id.as_ref())
            .or_else(|| call.and_then(|call| call.request_id.as_ref()))
            .map(Str::as_str)
    }

    /// Returns the HTTP status, if there was a response.
    #[must_use]
    pub fn http_status(&self) -> Option<u16> {
        match self.service() {
            Some(service) => Some(service.http_status).filter(|status| *status != 0),
            None => self.0.call.as_ref().and_then(|call| call.http_status),
        }
    }

    /// Returns the headers of the response, names in lower case; empty if there was none.
    #[must_use]
    pub fn response_headers(&self) -> &[(Str, Str)] {
        match (self.service(), &self.0.call) {
            (Some(service), _) => &service.headers,
            (None, Some(call)) => &call.headers,
            (None, None) => &[],
        }
    }

    /// Returns the name of the service that was called, such as `dynamodb`; `None` for errors outside of a call.
    #[must_use]
    pub fn service_name(&self) -> Option<&str> {
        let call = self.0.call.as_ref()?;
        Some(call.service.as_str()).filter(|name| !name.is_empty())
    }

    /// Returns the name of the operation that was called; `None` for errors outside of a call, and if there is no such operation.
    #[must_use]
    pub fn operation(&self) -> Option<&str> {
        self.0.call.as_ref()?.operation.as_deref()
    }

    /// Returns the region that was called; `None` for errors outside of a call, and if no region is set.
    #[must_use]
    pub fn region(&self) -> Option<&str> {
        self.0.call.as_ref()?.region.as_deref()
    }

    /// Returns the classification for retries.
    ///
    /// ```
    /// # mod inia { pub use inia_core::*; pub mod error { pub use inia_core::*; } }
    /// use inia::{Error, ErrorKind};
    /// use inia::error::RetryClass;
    ///
    /// let error = Error::new(ErrorKind::Connection, "connection refused");
    /// assert_eq!(error.retry_class(), RetryClass::Transient);
    /// let error = Error::new(ErrorKind::Validation, "missing required parameter QueueName");
    /// assert_eq!(error.retry_class(), RetryClass::NotRetryable);
    /// ```
    #[must_use]
    pub fn retry_class(&self) -> RetryClass {
        if let Some(class) = self.0.retry_class {
            return class;
        }
        match (self.0.kind, &self.0.service) {
            (_, Some(service)) if service.throttling => RetryClass::Throttling,
            (_, Some(service)) if service.retryable => RetryClass::Transient,
            (ErrorKind::Connection | ErrorKind::Timeout, None) => RetryClass::Transient,
            _ => RetryClass::NotRetryable,
        }
    }

    /// Returns true if the same request may succeed later, so that a client retries it while attempts are left.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.retry_class() != RetryClass::NotRetryable
    }

    /// Returns true if the service throttles the caller.
    #[must_use]
    pub fn is_throttling(&self) -> bool {
        self.retry_class() == RetryClass::Throttling
    }

    /// Returns the last response that a waiter received, for [`ErrorKind::Waiter`].
    #[must_use]
    pub fn last_response(&self) -> Option<&crate::Value> {
        self.0.last_response.as_deref()
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
        if let Some(call) = &self.0.call {
            debug.field("call", call);
        }
        if let Some(service) = &self.0.service {
            debug.field("service", service);
        }
        if self.0.attempts > 0 {
            debug.field("attempts", &self.0.attempts);
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
    fn error_is_one_pointer_wide() {
        // A wide error would be copied through every fallible function.
        assert_eq!(size_of::<Error>(), 8);
    }

    #[test]
    fn validation_error_lists_problems_with_paths() {
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
