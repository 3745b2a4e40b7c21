//! `--cli-error-format`: the form of errors.

use std::sync::{Mutex, OnceLock, PoisonError};

use super::output_format::OutputFormat;
use crate::status::CliError;

/// Form of errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ErrorFormat {
    /// The message.
    Legacy,
    /// The message, and the modeled members of a service error.
    Enhanced,
    /// Code, message and members in an output format.
    Structured(OutputFormat),
}

/// The form of the command line.
static FORMAT: Mutex<Option<ErrorFormat>> = Mutex::new(None);

/// The form of the configuration.
static DEFAULT: OnceLock<ErrorFormat> = OnceLock::new();

impl ErrorFormat {
    /// Sets the form for all errors of this process; the last one counts. `place` is the name of the option.
    ///
    /// # Errors
    /// If the form is unknown.
    pub(crate) fn set(place: &str, name: &str) -> Result<(), CliError> {
        let format = Self::from_name(place, name)?;
        *FORMAT.lock().unwrap_or_else(PoisonError::into_inner) = Some(format);
        Ok(())
    }

    /// Sets the form for errors if [`set`](Self::set) was not called.
    ///
    /// # Errors
    /// If the form is unknown.
    pub(crate) fn set_default(place: &str, name: &str) -> Result<(), CliError> {
        let format = Self::from_name(place, name)?;
        DEFAULT.get_or_init(|| format);
        Ok(())
    }

    fn from_name(place: &str, name: &str) -> Result<Self, CliError> {
        Ok(match name.trim() {
            "legacy" => ErrorFormat::Legacy,
            "enhanced" => ErrorFormat::Enhanced,
            "json" => ErrorFormat::Structured(OutputFormat::Json),
            "yaml" => ErrorFormat::Structured(OutputFormat::Yaml),
            "text" => ErrorFormat::Structured(OutputFormat::Text),
            "table" => ErrorFormat::Structured(OutputFormat::Table),
            _ => {
                return Err(CliError::usage(format!(
                    "{place}: {name:?} is not one of legacy, enhanced, json, yaml, text and table"
                )));
            }
        })
    }

    /// Returns the form that is set, else that of `AWS_CLI_ERROR_FORMAT`, else the configured one, else the one of the program's
    /// name.
    pub(crate) fn current() -> Self {
        if let Some(format) = *FORMAT.lock().unwrap_or_else(PoisonError::into_inner) {
            return format;
        }
        let variable = std::env::var("AWS_CLI_ERROR_FORMAT").ok();
        if let Some(format) = variable.and_then(|name| Self::from_name("", &name).ok()) {
            return format;
        }
        match DEFAULT.get() {
            Some(format) => *format,
            None if crate::program::is_aws() => ErrorFormat::Enhanced,
            None => ErrorFormat::Legacy,
        }
    }
}
