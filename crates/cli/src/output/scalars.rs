//! Values as the AWS CLI prints them: timestamps and blobs are strings, also for queries.

use inia::model::{Kind, Location, Member, Operation, ServiceModel};
use inia::{Timestamp, TimestampFormat, Value};

use crate::status::CliError;

/// Form of timestamps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum TimestampStyle {
    /// `2026-01-02T03:04:05+00:00`.
    #[default]
    Iso8601,
    /// As the service sends them.
    Wire,
}

impl TimestampStyle {
    /// Returns the style of a `cli_timestamp_format`.
    pub(super) fn from_setting(name: &str) -> Result<Self, CliError> {
        match name {
            "iso8601" => Ok(TimestampStyle::Iso8601),
            "wire" | "none" => Ok(TimestampStyle::Wire),
            _ => Err(CliError::configuration(format!(
                "Unknown cli_timestamp_format value: {name}, valid values are \"wire\" or \"iso8601\""
            ))),
        }
    }
}

/// Converts timestamps and blobs of a value to strings.
pub(super) fn to_strings(value: &mut Value) {
    match value {
        Value::Timestamp(time) => *value = Value::from(iso8601(*time)),
        Value::Blob(blob) => *value = Value::from(blob.to_base64()),
        Value::List(list) => list.iter_mut().for_each(to_strings),
        Value::Map(map) => map.iter_mut().for_each(|(_, value)| to_strings(value)),
        _ => {}
    }
}

/// Returns a time as Python's `datetime.isoformat` does: with six digits of a fraction, or none.
fn iso8601(time: Timestamp) -> String {
    let text = time.iso8601();
    let text = text.trim_end_matches('Z');
    match text.split_once('.') {
        Some((seconds, fraction)) => {
            let micros: String = fraction.chars().chain("000000".chars()).take(6).collect();
            match micros.as_str() {
                "000000" => format!("{seconds}+00:00"),
                micros => format!("{seconds}.{micros}+00:00"),
            }
        }
        None => format!("{text}+00:00"),
    }
}

/// Converts timestamps of an output to the form in which the service sends them.
pub(crate) fn to_wire(model: &ServiceModel, operation: &Operation, output: &mut Value) {
    if let Some(member) = &operation.output {
        let default = match &*model.metadata().protocol {
            "ec2" | "query" | "rest-xml" => TimestampFormat::Iso8601,
            _ => TimestampFormat::UnixTimestamp,
        };
        wire(model, member, default, output);
    }
}

fn wire(model: &ServiceModel, member: &Member, default: TimestampFormat, value: &mut Value) {
    match (&model.shape(member.target).kind, &mut *value) {
        (Kind::Structure(structure), Value::Map(map)) => {
            for (name, value) in map.iter_mut() {
                if let Some(member) = structure.member(name) {
                    wire(model, member, default, value);
                }
            }
        }
        (Kind::List(element), Value::List(list)) => {
            for value in list.iter_mut() {
                wire(model, element, default, value);
            }
        }
        (Kind::Map { value: element, .. }, Value::Map(map)) => {
            for (_, value) in map.iter_mut() {
                wire(model, element, default, value);
            }
        }
        (Kind::Timestamp, Value::Timestamp(time)) => {
            let is_header = matches!(member.traits.location, Some(Location::Header));
            let default = if is_header {
                TimestampFormat::Rfc822
            } else {
                default
            };
            let format = member.traits.timestamp_format.unwrap_or(default);
            *value = match format {
                TimestampFormat::UnixTimestamp => {
                    let text = time.format(format).to_string();
                    let number = serde_json::from_str::<Value>(&text);
                    number.unwrap_or_else(|_| Value::from(text))
                }
                format => Value::from(time.format(format).to_string()),
            };
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_have_six_digits() {
        for (text, expected) in [
            ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05+00:00"),
            ("2026-01-02T03:04:05.5Z", "2026-01-02T03:04:05.500000+00:00"),
            (
                "2026-01-02T03:04:05.1234567Z",
                "2026-01-02T03:04:05.123456+00:00",
            ),
        ] {
            let time = Timestamp::parse_lenient(text).unwrap();
            assert_eq!(iso8601(time), expected);
        }
    }
}
