//! Command errors and the exit codes of the AWS CLI.

use std::fmt;
use std::process::ExitCode;

use inia::ErrorKind;

/// The value is not set; nothing is printed.
pub(crate) const NOT_SET: u8 = 1;
/// Invalid command line.
pub(crate) const USAGE: u8 = 252;
/// Invalid or missing configuration or credentials, including a missing region.
pub(crate) const CONFIGURATION: u8 = 253;
/// The service returned an error.
pub(crate) const SERVICE: u8 = 254;
/// Any other error.
pub(crate) const OTHER: u8 = 255;

/// A signal that ends the command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    /// SIGINT: Ctrl-C.
    Interrupt,
    /// SIGTERM.
    Terminate,
}

impl Signal {
    /// Returns the exit code: 128 plus the signal's number, as shells report it.
    pub(crate) fn status(self) -> u8 {
        match self {
            Signal::Interrupt => 130,
            Signal::Terminate => 143,
        }
    }
}

/// A command error.
#[derive(Debug)]
pub(crate) enum CliError {
    /// The value is not set: reported by exit code only.
    NotSet,
    /// A signal ended the command: reported by exit code only.
    Signal(Signal),
    /// Invalid value on the command line.
    Usage(String),
    /// Missing or unknown words on the command line.
    Line(String),
    /// A call failed.
    Call {
        operation: String,
        error: inia::Error,
    },
    /// Invalid configuration of the command.
    Configuration(String),
    /// Anything else.
    Other(anyhow::Error),
}

impl CliError {
    /// Returns the exit code.
    pub(crate) fn status(&self) -> ExitCode {
        ExitCode::from(match self {
            CliError::NotSet => NOT_SET,
            CliError::Signal(signal) => signal.status(),
            CliError::Usage(_) | CliError::Line(_) => USAGE,
            CliError::Configuration(_) => CONFIGURATION,
            CliError::Call { error, .. } => match error.kind() {
                ErrorKind::Service => SERVICE,
                ErrorKind::Validation | ErrorKind::Model => USAGE,
                ErrorKind::Credentials | ErrorKind::Config | ErrorKind::Endpoint => CONFIGURATION,
                _ => OTHER,
            },
            CliError::Other(_) => OTHER,
        })
    }

    /// Reports whether the reader of our output closed the pipe, in which case nothing is printed.
    pub(crate) fn is_broken_pipe(&self) -> bool {
        let CliError::Other(error) = self else {
            return false;
        };
        error
            .chain()
            .filter_map(|cause| cause.downcast_ref::<std::io::Error>())
            .any(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
    }

    /// Returns an error for an invalid command line.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        CliError::Usage(message.into())
    }

    /// Returns an error for invalid configuration.
    pub(crate) fn configuration(message: impl Into<String>) -> Self {
        CliError::Configuration(message.into())
    }

    /// Returns an error for missing options, worded as that of the AWS CLI.
    pub(crate) fn missing_options(names: &[String]) -> Self {
        CliError::Line(format!(
            "the following arguments are required: --{}",
            names.join(", --")
        ))
    }

    /// Returns an error for a surplus positional argument.
    pub(crate) fn unexpected(argument: &str) -> Self {
        if crate::program::is_aws() {
            return CliError::Line(format!("Unknown options: {argument}"));
        }
        CliError::Usage(format!("unexpected argument: {argument}"))
    }
}

impl From<inia::Error> for CliError {
    fn from(error: inia::Error) -> Self {
        CliError::Call {
            operation: String::new(),
            error,
        }
    }
}

impl From<std::io::Error> for CliError {
    fn from(error: std::io::Error) -> Self {
        CliError::Other(error.into())
    }
}

impl From<anyhow::Error> for CliError {
    fn from(error: anyhow::Error) -> Self {
        CliError::Other(error)
    }
}

impl fmt::Display for CliError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CliError::NotSet => f.write_str("inia: not set"),
            CliError::Signal(_) => f.write_str("inia: ended by a signal"),
            CliError::Usage(message)
            | CliError::Line(message)
            | CliError::Configuration(message) => {
                write!(f, "inia: {message}")
            }
            CliError::Other(error) => write!(f, "inia: {error:#}"),
            CliError::Call { operation, error } => match error.service() {
                // Calls made by the session itself (STS, SSO) carry the operation name in the error.
                Some(service) if !operation.is_empty() => {
                    let code: &str = if service.code.is_empty() {
                        "Unknown"
                    } else {
                        &service.code
                    };
                    write!(
                        f,
                        "An error occurred ({code}) when calling the {operation} operation{}: {}",
                        Retries(error),
                        service.message
                    )
                }
                _ => {
                    write!(f, "inia: {error:#}")?;
                    match error.last_response() {
                        Some(last) => write!(f, "\nlast response: {}", last.to_json_string()),
                        None => Ok(()),
                    }
                }
            },
        }
    }
}

/// The number of retries, if all attempts failed.
///
/// # Source
/// botocore `exceptions.py:ClientError`.
struct Retries<'e>(&'e inia::Error);

impl fmt::Display for Retries<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.attempts().checked_sub(1) {
            Some(retries) if self.0.is_retryable() => {
                write!(f, " (reached max retries: {retries})")
            }
            _ => Ok(()),
        }
    }
}
