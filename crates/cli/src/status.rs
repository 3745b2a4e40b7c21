//! How a command ends: the statuses of the AWS CLI.

use std::fmt;
use std::process::ExitCode;

use inia::ErrorKind;

/// What was asked for is not there; nothing is said about it.
pub(crate) const ABSENT: u8 = 1;
/// The words of the command line are wrong.
pub(crate) const USAGE: u8 = 252;
/// The configuration or the credentials are; a region that is missing among it.
pub(crate) const CONFIGURATION: u8 = 253;
/// The service answered with an error.
pub(crate) const SERVICE: u8 = 254;
/// Anything else went wrong.
pub(crate) const OTHER: u8 = 255;

/// Why a command failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// What was asked for is not there: a status for scripts, and nothing to read.
    Absent,
    /// The words of the command line are wrong.
    Usage(String),
    /// A call failed.
    Call {
        operation: String,
        error: inia::Error,
    },
    /// Anything else.
    Other(anyhow::Error),
}

impl Failure {
    /// The exit status.
    pub(crate) fn status(&self) -> ExitCode {
        ExitCode::from(match self {
            Failure::Absent => ABSENT,
            Failure::Usage(_) => USAGE,
            Failure::Call { error, .. } => match error.kind() {
                ErrorKind::Service => SERVICE,
                ErrorKind::Validation | ErrorKind::Model => USAGE,
                ErrorKind::Credentials | ErrorKind::Config | ErrorKind::Endpoint => CONFIGURATION,
                _ => OTHER,
            },
            Failure::Other(_) => OTHER,
        })
    }

    /// Whether whoever reads our output went away: nothing to tell anyone.
    pub(crate) fn is_broken_pipe(&self) -> bool {
        let Failure::Other(error) = self else {
            return false;
        };
        error
            .chain()
            .filter_map(|cause| cause.downcast_ref::<std::io::Error>())
            .any(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
    }

    /// Words that are wrong.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Failure::Usage(message.into())
    }
}

impl From<inia::Error> for Failure {
    fn from(error: inia::Error) -> Self {
        Failure::Call {
            operation: String::new(),
            error,
        }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Failure::Other(error.into())
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Failure::Other(error)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Absent => f.write_str("inia: not set"),
            Failure::Usage(message) => write!(f, "inia: {message}"),
            Failure::Other(error) => write!(f, "inia: {error:#}"),
            Failure::Call { operation, error } => match error.service() {
                // A call that a session makes of its own accord names its operation itself.
                Some(service) if !operation.is_empty() => {
                    let code: &str = if service.code.is_empty() {
                        "Unknown"
                    } else {
                        &service.code
                    };
                    write!(
                        f,
                        "An error occurred ({code}) when calling the {operation} operation: {}",
                        service.message
                    )
                }
                _ => {
                    write!(f, "inia: {error:#}")?;
                    match error.last() {
                        Some(last) => write!(f, "\nThe last answer: {}", last.to_json_string()),
                        None => Ok(()),
                    }
                }
            },
        }
    }
}
