//! Native values as JSON, which has neither bytes nor exact numbers.

use std::ops::Range;

use inia_core::detail::{BINARY, NUMBER};
use inia_core::{Error, ErrorKind, Map, Number, Result, Str, Value};

/// Parses JSON into a native value. A number that a float would round keeps all its digits, as [`Number`](super::Number).
///
/// ```
/// # use inia_dispatch as inia;
/// use inia::dynamodb::parse_json;
/// use inia::json;
///
/// let item = parse_json(r#"{"id": "a", "n": 1.5, "pi": 3.14159265358979323846}"#)?;
/// assert_eq!(item, json!({"id": "a", "n": 1.5, "pi": {"$number": "3.14159265358979323846"}}));
/// # Ok::<(), inia_core::Error>(())
/// ```
///
/// # Errors
/// `Parse`: the text is not JSON.
pub fn parse_json(text: &str) -> Result<Value> {
    let parse = |text: &str| {
        let value: serde_json::Result<Value> = serde_json::from_str(text);
        value.map_err(|error| Error::new(ErrorKind::Parse, format!("invalid JSON: {error}")))
    };
    let value = parse(text)?;
    // The text is valid, so that each number outside a string is a value.
    let numbers = inexact_numbers(text);
    if numbers.is_empty() {
        return Ok(value);
    }
    let mut exact = String::with_capacity(text.len() + numbers.len() * 16);
    let mut end = 0;
    for number in numbers {
        exact.push_str(text.get(end..number.start).unwrap_or_default());
        end = number.end;
        let digits = text.get(number).unwrap_or_default();
        exact.push_str(&format!(r#"{{"{NUMBER}":"{digits}"}}"#));
    }
    exact.push_str(text.get(end..).unwrap_or_default());
    parse(&exact)
}

/// Returns the numbers of a JSON text that are neither 64-bit integers nor floats.
fn inexact_numbers(text: &str) -> Vec<Range<usize>> {
    let mut numbers = Vec::new();
    let mut bytes = text.bytes().enumerate().peekable();
    while let Some((start, byte)) = bytes.next() {
        match byte {
            b'"' => {
                while let Some((_, byte)) = bytes.next() {
                    match byte {
                        b'\\' => drop(bytes.next()),
                        b'"' => break,
                        _ => {}
                    }
                }
            }
            b'-' | b'0'..=b'9' => {
                let mut end = start + 1;
                while let Some((at, _)) = bytes.next_if(|(_, byte)| {
                    matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-')
                }) {
                    end = at + 1;
                }
                let digits = Str::from(text.get(start..end).unwrap_or_default());
                let is_exact = match Number::text_to_value(&digits) {
                    Value::Map(_) => false,
                    Value::BigInt(digits) => digits.parse::<u64>().is_ok(),
                    _ => true,
                };
                if !is_exact {
                    numbers.push(start..end);
                }
            }
            _ => {}
        }
    }
    numbers
}

/// Replaces blobs by maps with the entry `$binary`, so that the JSON of a native output can be sent again.
///
/// ```
/// # mod inia { pub use inia_core::*; pub use inia_dispatch::*; }
/// use inia::dynamodb::with_binary_entries;
/// use inia::{Value, json};
/// # use inia_core::Blob;
///
/// let item = json!({"id": "a", "photo": Blob::from(vec![1, 2, 3])});
/// assert_eq!(with_binary_entries(item), json!({"id": "a", "photo": {"$binary": "AQID"}}));
/// ```
#[must_use]
pub fn with_binary_entries(value: Value) -> Value {
    match value {
        Value::Blob(blob) => Value::Map(Map::from_iter([(BINARY, blob.to_base64())])),
        Value::List(list) => list.into_iter().map(with_binary_entries).collect(),
        Value::Map(map) => {
            let entries = map.into_iter();
            Value::Map(
                entries
                    .map(|(name, value)| (name, with_binary_entries(value)))
                    .collect(),
            )
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use inia_core::json;

    #[test]
    fn numbers_of_json_keep_their_digits() {
        for (text, expected) in [
            ("1", json!(1)),
            (" -2.50 ", json!(-2.5)),
            ("18446744073709551615", json!(u64::MAX)),
            (
                "12345678901234567890123",
                json!({"$number": "12345678901234567890123"}),
            ),
            (
                "[0.1,0.12345678901234567890]",
                json!([0.1, {"$number": "0.12345678901234567890"}]),
            ),
            (
                r#"{"0.12345678901234567890": "\"12345678901234567890123\\", "é": 1e40}"#,
                json!({"0.12345678901234567890": "\"12345678901234567890123\\", "é": 1e40}),
            ),
        ] {
            assert_eq!(parse_json(text).unwrap(), expected, "{text}");
        }
        for text in ["", "{", "1.2.3", "[1,]", "\"a", "-"] {
            assert_eq!(
                parse_json(text).unwrap_err().kind(),
                ErrorKind::Parse,
                "{text}"
            );
        }
    }
}
