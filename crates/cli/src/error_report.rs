//! Errors as they are printed on standard error.
//!
//! # Source
//! The AWS CLI user guide, "Structured error output", and the exception handlers of version 2 (`errorhandler.py`).

use std::sync::OnceLock;

use inia::{ErrorKind, Map, Value};

use crate::arguments::OutputFormat;
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

/// The form that the command line or the environment asks for.
static FORMAT: OnceLock<ErrorFormat> = OnceLock::new();

/// The form of the configuration.
static DEFAULT: OnceLock<ErrorFormat> = OnceLock::new();

impl ErrorFormat {
    /// Sets the form for all errors of this process. `place` is where it is configured.
    ///
    /// # Errors
    /// If there is no such form.
    pub(crate) fn set(place: &str, name: &str) -> Result<(), CliError> {
        let format = Self::from_name(place, name)?;
        FORMAT.get_or_init(|| format);
        Ok(())
    }

    /// Sets the form for errors if [`set`](Self::set) was not called.
    ///
    /// # Errors
    /// If there is no such form.
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
    fn current() -> Self {
        if let Some(format) = FORMAT.get() {
            return *format;
        }
        let variable = std::env::var("AWS_CLI_ERROR_FORMAT").ok();
        if let Some(format) = variable.and_then(|name| Self::from_name("", &name).ok()) {
            return format;
        }
        match DEFAULT.get() {
            Some(format) => *format,
            None if crate::is_aws() => ErrorFormat::Enhanced,
            None => ErrorFormat::Legacy,
        }
    }
}

/// What the AWS CLI prints before an error of the command line.
const USAGE: &str = "usage: aws [options] <command> <subcommand> [<subcommand> ...] [parameters]
To see help text, you can run:

  aws help
  aws <command> help
  aws <command> <subcommand> help

";

/// Prefix of errors of the AWS CLI.
const PREFIX: &str = "aws: [ERROR]: ";

/// Returns the text of an error, without the empty line before it.
pub(crate) fn text(error: &CliError) -> String {
    let format = ErrorFormat::current();
    if let ErrorFormat::Structured(format) = format {
        let text = crate::output::render_for_message(&Value::Map(fields(error)), format, "error");
        return text.trim_end().to_owned();
    }
    if !crate::is_aws() {
        return match format {
            ErrorFormat::Enhanced => format!("{error}{}", details(error)),
            _ => error.to_string(),
        };
    }
    let usage = match error {
        CliError::Line(_) => USAGE,
        _ => "",
    };
    let message = message(error);
    let code = match (error, format) {
        (CliError::Call { error, .. }, ErrorFormat::Enhanced) if error.service().is_none() => {
            code(error).map(|code| format!("An error occurred ({code}): "))
        }
        _ => None,
    };
    let details = match format {
        ErrorFormat::Enhanced => details(error),
        _ => String::new(),
    };
    format!("{usage}{PREFIX}{}{message}{details}", code.unwrap_or_default())
}

/// Returns the message of an error, without the name of the program.
fn message(error: &CliError) -> String {
    let text = error.to_string();
    match text.strip_prefix("inia: ") {
        Some(message) => message.to_owned(),
        None => text,
    }
}

/// Returns the name of an error that no service returned.
fn code(error: &inia::Error) -> Option<&'static str> {
    match error.kind() {
        ErrorKind::Validation => Some("ParamValidation"),
        ErrorKind::Credentials => Some("NoCredentials"),
        ErrorKind::Endpoint if error.to_string().contains("no region is set") => Some("NoRegion"),
        _ => None,
    }
}

fn fields(error: &CliError) -> Map {
    let mut fields = Map::new();
    if let CliError::Call { error, .. } = error
        && let Some(service) = error.service()
    {
        fields.insert("Message", service.message.clone());
        fields.insert("Code", service.code.clone());
        for (name, value) in &service.details {
            fields.insert(name.clone(), value.clone());
        }
        return fields;
    }
    let code = match error {
        CliError::Call { error, .. } => code(error),
        CliError::Usage(_) | CliError::Line(_) => Some("ParamValidation"),
        CliError::Configuration(_) => Some("Configuration"),
        _ => None,
    };
    fields.insert("Message", message(error));
    fields.insert("Code", code.unwrap_or("Unknown"));
    fields
}

/// Returns the lines with the modeled members of a service error.
fn details(error: &CliError) -> String {
    let CliError::Call { error, .. } = error else {
        return String::new();
    };
    let Some(service) = error.service().filter(|service| !service.details.is_empty()) else {
        return String::new();
    };
    let mut text = "\n\nAdditional error details:".to_owned();
    for (name, value) in &service.details {
        let shown = match value {
            Value::List(_) | Value::Map(_) => {
                "<complex value>, --cli-error-format json recommended for full details".to_owned()
            }
            Value::String(text) => text.to_string(),
            other => other.to_json_string().trim_matches('"').to_owned(),
        };
        text.push_str(&format!("\n{name}: {shown}"));
    }
    text
}
