//! Prints results and messages.

mod control;
mod table;
mod text;
mod yaml;

use std::borrow::Cow;
use std::io::{IsTerminal as _, Write as _};

use inia::jmespath::Expression;
use inia::{Session, Value};

pub(crate) use control::{escape_controls, is_control};

use crate::arguments::{OutputFormat, OutputOptions};
use crate::status::CliError;

/// Prints results in a format, after a query.
#[derive(Debug)]
pub(crate) struct Printer {
    format: OutputFormat,
    query: Option<Expression>,
}

impl Printer {
    /// The format is that of `--output`, else of `AWS_DEFAULT_OUTPUT`, else of the profile, else JSON.
    ///
    /// # Errors
    /// If the configured format is unknown.
    pub(crate) fn new(options: OutputOptions, session: &Session) -> Result<Self, CliError> {
        let default = match options.format {
            Some(format) => format,
            None => configured_format(session)?,
        };
        Ok(Self::with_default(options, default))
    }

    /// The format is that of `--output`, else the default; the configuration is not used.
    pub(crate) fn with_default(options: OutputOptions, default: OutputFormat) -> Self {
        Printer {
            format: options.format.unwrap_or(default),
            query: options.query,
        }
    }

    /// Prints a value on standard output. Tables are headed by `title`.
    pub(crate) fn print(&self, value: &Value, title: &str) -> Result<(), CliError> {
        let is_terminal = std::io::stdout().is_terminal();
        write(&render(
            &*self.query(value)?,
            self.format,
            title,
            is_terminal,
        ))
    }

    /// Prints an event on standard output: JSON is on one line. An event without a result of the query is not printed.
    pub(crate) fn print_event(&self, event: &Value, title: &str) -> Result<(), CliError> {
        let event = self.query(event)?;
        let is_terminal = std::io::stdout().is_terminal();
        match (&*event, self.format) {
            (Value::Null, _) => Ok(()),
            (event, OutputFormat::Json) => write(&(event.to_json_string() + "\n")),
            (event, format) => write(&render(event, format, title, is_terminal)),
        }
    }

    fn query<'v>(&'v self, value: &'v Value) -> Result<Cow<'v, Value>, CliError> {
        match &self.query {
            Some(query) => Ok(query.search(value)?),
            None => Ok(Cow::Borrowed(value)),
        }
    }
}

/// Returns the format of `AWS_DEFAULT_OUTPUT`, else of the profile, else JSON.
fn configured_format(session: &Session) -> Result<OutputFormat, CliError> {
    let settings = session.settings();
    let configured = settings.env().var("AWS_DEFAULT_OUTPUT").or_else(|| {
        settings
            .profile()
            .and_then(|profile| profile.get("output"))
            .map(str::to_owned)
    });
    match configured.as_deref().map(str::trim) {
        None | Some("") => Ok(OutputFormat::Json),
        Some(name) => OutputFormat::from_name(name).ok_or_else(|| {
            CliError::usage(format!(
                "configured output format {name:?}: expected json, text, table or yaml"
            ))
        }),
    }
}

/// Formats a value. In a table for a terminal, control characters are escaped before columns are measured.
fn render(value: &Value, format: OutputFormat, title: &str, is_terminal: bool) -> String {
    match format {
        OutputFormat::Json => {
            let mut text = Vec::new();
            value.write_json_pretty(&mut text);
            text.push(b'\n');
            String::from_utf8(text).unwrap_or_default()
        }
        OutputFormat::Text => text::render(value),
        OutputFormat::Table => table::render(title, value, is_terminal),
        OutputFormat::Yaml => yaml::render(value),
    }
}

/// Writes text to standard output. If that is a terminal, control characters are escaped, so that a service cannot control it.
pub(crate) fn write(text: &str) -> Result<(), CliError> {
    let mut stdout = std::io::stdout().lock();
    if stdout.is_terminal() {
        stdout.write_all(escape_controls(text).as_bytes())?;
    } else {
        stdout.write_all(text.as_bytes())?;
    }
    stdout.flush()?;
    Ok(())
}

/// Writes a line to standard error, as [`write`] does.
pub(crate) fn write_error(text: &str) {
    let mut stderr = std::io::stderr().lock();
    let escaped = match stderr.is_terminal() {
        true => escape_controls(text),
        false => text.into(),
    };
    // Errors are ignored: standard error may be closed.
    let _ = writeln!(stderr, "{escaped}");
}

/// Writes a note to standard error.
pub(crate) fn note(text: &str) {
    write_error(&format!("note: {text}"));
}

/// Formats a scalar for text and table output.
fn scalar(value: &Value, null: &str) -> String {
    match value {
        Value::Null => null.to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::String(text) => text.to_string(),
        // Numbers, timestamps and blobs as in JSON, without quotes.
        other => other.to_json_string().trim_matches('"').to_owned(),
    }
}

fn is_scalar(value: &Value) -> bool {
    !matches!(value, Value::List(_) | Value::Map(_))
}
