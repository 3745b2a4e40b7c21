//! Errors as they are printed on standard error.
//!
//! # Source
//! The AWS CLI user guide, "Structured error output", and the exception handlers of version 2 (`errorhandler.py`).

use inia::{ErrorKind, Map, Value};

use crate::arguments::ErrorFormat;
use crate::status::CliError;

/// Usage that the AWS CLI prints before an error of the command line.
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
        let text = crate::output::render_for_message(Value::Map(fields(error)), format, "error");
        return text.trim_end().to_owned();
    }
    if !crate::program::is_aws() {
        return match format {
            ErrorFormat::Enhanced => format!("{error}{}", details(error)),
            _ => error.to_string(),
        };
    }
    let usage = match error {
        CliError::Line(_) => USAGE,
        _ => "",
    };
    let message = aws_message(error).unwrap_or_else(|| message(error));
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
    format!(
        "{usage}{PREFIX}{}{message}{details}",
        code.unwrap_or_default()
    )
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
        ErrorKind::Credentials
            if error
                .to_string()
                .contains("no credentials found in any provider") =>
        {
            Some("NoCredentials")
        }
        _ if error.to_string().contains("no region is set") => Some("NoRegion"),
        _ => None,
    }
}

/// Texts of the AWS CLI that scripts look for, by the names of errors.
const AWS_MESSAGES: &[(&str, &str)] = &[
    (
        "NoCredentials",
        "Unable to locate credentials. You can configure credentials by running \"aws configure\".",
    ),
    (
        "NoRegion",
        "You must specify a region. You can also configure your region by running \"aws configure\".",
    ),
];

/// Returns the text of the AWS CLI for an error; for missing credentials, the reason follows.
fn aws_message(error: &CliError) -> Option<String> {
    let CliError::Call { error, .. } = error else {
        return None;
    };
    let code = code(error)?;
    let (_, text) = AWS_MESSAGES.iter().find(|(name, _)| *name == code)?;
    Some(match code {
        "NoCredentials" => format!("{text}\n{error:#}"),
        _ => (*text).to_owned(),
    })
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
    let Some(service) = error
        .service()
        .filter(|service| !service.details.is_empty())
    else {
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
