//! Output formats.

mod table;
mod text;
mod yaml;

use std::io::Write as _;

use inia::Value;

use crate::arguments::OutputFormat;
use crate::status::CliError;

/// Prints a value on standard output. Tables are headed by `title`.
pub(crate) fn print(value: &Value, format: OutputFormat, title: &str) -> Result<(), CliError> {
    let mut text = Vec::new();
    match format {
        OutputFormat::Json => {
            value.write_json_pretty(&mut text);
            text.push(b'\n');
        }
        OutputFormat::Text => text.extend(text::render(value).into_bytes()),
        OutputFormat::Table => text.extend(table::render(title, value).into_bytes()),
        OutputFormat::Yaml => text.extend(yaml::render(value).into_bytes()),
    }
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(&text)?;
    stdout.flush()?;
    Ok(())
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
