//! Prints results and messages.

mod ambiguous;
mod control;
mod pager;
mod scalars;
mod table;
mod text;

use std::io::{IsTerminal as _, Write as _};

use inia::jmespath::Expression;
use inia::model::{Operation, ServiceModel};
use inia::{Session, Value};

pub(crate) use control::{escape_controls, is_control};
use pager::Pager;
use scalars::TimestampStyle;

use crate::arguments::{ColorChoice, OutputFormat, OutputOptions, setting};
use crate::status::CliError;
use crate::yaml;
use table::TableStyle;

/// Prints results in a format, after a query.
#[derive(Debug)]
pub(crate) struct Printer {
    format: OutputFormat,
    query: Option<Expression>,
    color: ColorChoice,
    timestamps: TimestampStyle,
    pager: Option<Pager>,
    /// True if YAML has sorted keys.
    is_sorted: bool,
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
        let pager = match options.no_pager {
            true => None,
            false => Pager::configured(session),
        };
        let timestamps = match setting(session, "cli_timestamp_format") {
            Some(name) => TimestampStyle::from_setting(name)?,
            None => TimestampStyle::default(),
        };
        Ok(Printer {
            pager,
            timestamps,
            is_sorted: true,
            ..Self::with_default(options, default)
        })
    }

    /// The format is that of `--output`, else the default; the configuration is not used. Keys of YAML are not sorted: skeletons and
    /// descriptions have an order.
    pub(crate) fn with_default(options: OutputOptions, default: OutputFormat) -> Self {
        Printer {
            format: options.format.unwrap_or(default),
            query: options.query,
            color: options.color,
            timestamps: TimestampStyle::default(),
            pager: None,
            is_sorted: false,
        }
    }

    /// Keeps the order of keys in YAML.
    pub(crate) fn in_order(mut self) -> Self {
        self.is_sorted = false;
        self
    }

    /// Reports whether a query selects what is printed.
    pub(crate) fn has_query(&self) -> bool {
        self.query.is_some()
    }

    /// Returns the format.
    pub(crate) fn format(&self) -> OutputFormat {
        self.format
    }

    /// Converts the timestamps of an operation's output if they are printed as the service sends them.
    pub(crate) fn prepare(&self, model: &ServiceModel, operation: &Operation, output: &mut Value) {
        if self.timestamps == TimestampStyle::Wire {
            scalars::to_wire(model, operation, output);
        }
    }

    /// Prints a value on standard output. Tables are headed by `title`.
    pub(crate) fn print(&self, value: Value, title: &str) -> Result<(), CliError> {
        let value = self.query(value)?;
        self.write(&self.render(value, title))
    }

    /// Prints a skeleton, which is a structure even if it is empty.
    pub(crate) fn print_skeleton(&self, value: Value, title: &str) -> Result<(), CliError> {
        let value = self.query(value)?;
        let text = match (&value, self.format) {
            (Value::Map(map), OutputFormat::Json | OutputFormat::Yaml) if map.is_empty() => {
                "{}\n".to_owned()
            }
            _ => self.render(value, title),
        };
        self.write(&text)
    }

    /// Prints a page of a pagination, or keeps it for the pager. In the stream formats, each page is a result of its own.
    pub(crate) fn print_page(
        &self,
        page: Value,
        title: &str,
        pages: &mut PageOutput,
    ) -> Result<(), CliError> {
        let page = self.query(page)?;
        let text = self.render(page, title);
        match self.pager() {
            Some(_) => {
                pages.text.push_str(&text);
                Ok(())
            }
            None => self.write(&text),
        }
    }

    /// Shows the pages that were kept.
    pub(crate) fn finish_pages(&self, pages: PageOutput) -> Result<(), CliError> {
        self.write(&pages.text)
    }

    /// Prints an event on standard output: JSON is on one line. An event without a result of the query is not printed.
    pub(crate) fn print_event(&self, event: Value, title: &str) -> Result<(), CliError> {
        let event = self.query(event)?;
        match (event, self.format) {
            (Value::Null, _) => Ok(()),
            (event, OutputFormat::Json) => write(&(event.to_json_string() + "\n")),
            (event, _) => write(&self.render(event, title)),
        }
    }

    /// Returns the result of the query, or the value; timestamps and blobs are strings.
    fn query(&self, mut value: Value) -> Result<Value, CliError> {
        scalars::to_strings(&mut value);
        match &self.query {
            Some(query) => Ok(query.search(&value)?.into_owned()),
            None => Ok(value),
        }
    }

    /// Formats a value. An empty structure has no text.
    fn render(&self, value: Value, title: &str) -> String {
        let is_empty = matches!(&value, Value::Map(map) if map.is_empty());
        let is_terminal = std::io::stdout().is_terminal();
        match self.format {
            OutputFormat::Off => String::new(),
            _ if is_empty => String::new(),
            OutputFormat::Json => {
                let mut text = Vec::new();
                value.write_json_pretty(&mut text);
                text.push(b'\n');
                String::from_utf8(text).unwrap_or_default()
            }
            OutputFormat::Text => text::render(&value),
            OutputFormat::Table => {
                let style = TableStyle {
                    width: crate::terminal::width().unwrap_or(80),
                    is_colored: self.is_colored(),
                    is_escaped: is_terminal,
                };
                table::render(title, &value, style)
            }
            OutputFormat::Yaml => yaml::render(&value, self.is_sorted),
            OutputFormat::YamlStream => {
                yaml::render(&Value::List([value].into_iter().collect()), self.is_sorted)
            }
        }
    }

    fn is_colored(&self) -> bool {
        match self.color {
            ColorChoice::On => true,
            ColorChoice::Off => false,
            ColorChoice::Auto => std::io::stdout().is_terminal(),
        }
    }

    /// Returns the pager, which is used if standard output is a terminal.
    fn pager(&self) -> Option<&Pager> {
        self.pager
            .as_ref()
            .filter(|_| std::io::stdout().is_terminal())
    }

    fn write(&self, text: &str) -> Result<(), CliError> {
        // Cells of a table are escaped, and colors must not be.
        let is_escaped = self.format == OutputFormat::Table;
        let shown = match is_escaped || !std::io::stdout().is_terminal() {
            true => text.into(),
            false => escape_controls(text),
        };
        match self.pager() {
            Some(_) if text.is_empty() => Ok(()),
            Some(pager) => pager.show(&shown),
            None => write_bytes(shown.as_bytes()),
        }
    }
}

/// Formats a value for a message on standard error.
pub(crate) fn render_for_message(value: Value, format: OutputFormat, title: &str) -> String {
    let options = OutputOptions {
        color: ColorChoice::Off,
        ..OutputOptions::default()
    };
    Printer::with_default(options, format).render(value, title)
}

/// Formatted pages that the pager shows together.
#[derive(Debug, Default)]
pub(crate) struct PageOutput {
    text: String,
}

/// Returns the format of `AWS_DEFAULT_OUTPUT`, else of the profile, else JSON.
fn configured_format(session: &Session) -> Result<OutputFormat, CliError> {
    let variable = session.settings().env().var("AWS_DEFAULT_OUTPUT");
    let configured = variable.or_else(|| setting(session, "output").map(str::to_owned));
    match configured.as_deref().map(str::trim) {
        None | Some("") => Ok(OutputFormat::Json),
        Some(name) => OutputFormat::from_name(name).ok_or_else(|| {
            CliError::usage(format!(
                "configured output format {name:?}: expected {}",
                OutputFormat::NAMES
            ))
        }),
    }
}

/// Writes text to standard output. If that is a terminal, control characters are escaped, so that a service cannot control it.
pub(crate) fn write(text: &str) -> Result<(), CliError> {
    if std::io::stdout().is_terminal() {
        write_bytes(escape_controls(text).as_bytes())
    } else {
        write_bytes(text.as_bytes())
    }
}

fn write_bytes(bytes: &[u8]) -> Result<(), CliError> {
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(bytes)?;
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

/// Formats a scalar for text and table output, as Python prints it.
fn scalar(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
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
