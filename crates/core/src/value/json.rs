//! [`Value`] to JSON text, and conversions to and from `serde_json::Value`.

use std::fmt;

use super::{Map, Value};
use crate::float::{FloatText, non_finite};
use crate::hex_digits;

impl Value {
    /// Appends the value as compact JSON. A blob is written as base64, a timestamp as ISO 8601 in UTC, an integer of any size as
    /// its digits, and `NaN`, `Infinity` and `-Infinity` as strings.
    ///
    /// ```
    /// # use inia_core as inia;
    /// use inia::{Blob, Timestamp, Value, json};
    ///
    /// let mut line = Vec::new();
    /// json!({"At": Timestamp::new(1_440_938_160, 0), "Data": Blob::from(vec![1]), "Ratio": f64::NAN}).write_json(&mut line);
    /// assert_eq!(line, br#"{"At":"2015-08-30T12:36:00Z","Data":"AQ==","Ratio":"NaN"}"#);
    /// ```
    pub fn write_json(&self, out: &mut Vec<u8>) {
        write(self, out, &mut Compact);
    }

    /// Appends the value as JSON like [`write_json`](Self::write_json), indented by four spaces per level.
    ///
    /// ```
    /// # use inia_core as inia;
    /// use inia::json;
    ///
    /// let mut text = Vec::new();
    /// json!({"Names": ["a", "b"], "Tags": {}}).write_json_pretty(&mut text);
    /// let expected = r#"{
    ///     "Names": [
    ///         "a",
    ///         "b"
    ///     ],
    ///     "Tags": {}
    /// }"#;
    /// assert_eq!(text, expected.as_bytes());
    /// ```
    pub fn write_json_pretty(&self, out: &mut Vec<u8>) {
        write(self, out, &mut Pretty { depth: 0 });
    }

    /// Returns the value as compact JSON, as [`write_json`](Self::write_json) writes it.
    #[must_use]
    pub fn to_json_string(&self) -> String {
        let mut out = Vec::new();
        self.write_json(&mut out);
        String::from_utf8(out).unwrap_or_default()
    }

    /// Returns the value as a `serde_json::Value`, with the conversions of [`write_json`](Self::write_json). An integer beyond 64
    /// bits, which `serde_json::Number` cannot represent, becomes a string of its digits.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Value::Null => serde_json::Value::Null,
            Value::Bool(value) => serde_json::Value::Bool(*value),
            Value::Int(value) => serde_json::Value::from(*value),
            Value::BigInt(digits) => match digits.parse::<u64>() {
                Ok(value) => serde_json::Value::from(value),
                Err(_) => serde_json::Value::from(&**digits),
            },
            Value::Float(value) => match non_finite(*value) {
                Some(name) => serde_json::Value::from(name),
                None => serde_json::Value::from(*value),
            },
            Value::String(value) => serde_json::Value::from(value.as_str()),
            Value::Blob(value) => serde_json::Value::from(value.to_base64()),
            Value::Timestamp(value) => serde_json::Value::from(value.iso8601().as_str()),
            Value::List(values) => {
                serde_json::Value::Array(values.iter().map(Value::to_json).collect())
            }
            Value::Map(map) => {
                let entries = map
                    .iter()
                    .map(|(key, value)| (key.as_str().to_owned(), value.to_json()));
                serde_json::Value::Object(entries.collect())
            }
        }
    }
}

/// Prints strings, blobs (base64) and timestamps without quotes and everything else as compact JSON. `{:#}` prints indented JSON
/// with quoted strings.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = Vec::new();
        match self {
            _ if f.alternate() => self.write_json_pretty(&mut out),
            Value::String(text) => return f.pad(text),
            Value::Timestamp(timestamp) => return f.pad(&timestamp.iso8601()),
            Value::Blob(bytes) => return f.pad(&bytes.to_base64()),
            Value::Float(value) if !value.is_finite() => {
                return f.pad(non_finite(*value).unwrap_or_default());
            }
            _ => self.write_json(&mut out),
        }
        f.pad(&String::from_utf8_lossy(&out))
    }
}

impl From<serde_json::Value> for Value {
    fn from(value: serde_json::Value) -> Self {
        match value {
            serde_json::Value::Null => Value::Null,
            serde_json::Value::Bool(value) => Value::Bool(value),
            serde_json::Value::Number(number) => number_from(&number),
            serde_json::Value::String(text) => Value::from(text),
            serde_json::Value::Array(values) => values.into_iter().collect(),
            serde_json::Value::Object(entries) => Value::Map(entries.into_iter().collect()),
        }
    }
}

impl From<&serde_json::Value> for Value {
    fn from(value: &serde_json::Value) -> Self {
        match value {
            serde_json::Value::Null => Value::Null,
            serde_json::Value::Bool(value) => Value::Bool(*value),
            serde_json::Value::Number(number) => number_from(number),
            serde_json::Value::String(text) => Value::from(text),
            serde_json::Value::Array(values) => values.iter().collect(),
            serde_json::Value::Object(entries) => {
                let entries = entries.iter().map(|(key, value)| (key.as_str(), value));
                Value::Map(entries.collect::<Map>())
            }
        }
    }
}

fn number_from(number: &serde_json::Number) -> Value {
    if let Some(value) = number.as_i64() {
        Value::Int(value)
    } else if let Some(value) = number.as_u64() {
        Value::from(value)
    } else {
        let text = number.to_string();
        // With serde_json's feature `arbitrary_precision`, numbers have any size.
        let digits = text.strip_prefix('-').unwrap_or(&text);
        if digits.bytes().all(|byte| byte.is_ascii_digit()) {
            Value::BigInt(text.into())
        } else {
            Value::Float(number.as_f64().unwrap_or(f64::NAN))
        }
    }
}

/// Whitespace and separators of lists and maps.
trait JsonLayout {
    /// Written before the first element or entry.
    fn open(&mut self, out: &mut Vec<u8>);
    /// Written before each further element or entry.
    fn next(&mut self, out: &mut Vec<u8>);
    /// Written after the last element or entry.
    fn close(&mut self, out: &mut Vec<u8>);
    /// Separator between a key and its value.
    const COLON: &'static [u8];
}

struct Compact;

impl JsonLayout for Compact {
    const COLON: &'static [u8] = b":";

    fn open(&mut self, _out: &mut Vec<u8>) {}

    fn next(&mut self, out: &mut Vec<u8>) {
        out.push(b',');
    }

    fn close(&mut self, _out: &mut Vec<u8>) {}
}

struct Pretty {
    depth: usize,
}

impl Pretty {
    fn line(&self, out: &mut Vec<u8>) {
        out.push(b'\n');
        out.resize(out.len() + self.depth * 4, b' ');
    }
}

impl JsonLayout for Pretty {
    const COLON: &'static [u8] = b": ";

    fn open(&mut self, out: &mut Vec<u8>) {
        self.depth += 1;
        self.line(out);
    }

    fn next(&mut self, out: &mut Vec<u8>) {
        out.push(b',');
        self.line(out);
    }

    fn close(&mut self, out: &mut Vec<u8>) {
        self.depth -= 1;
        self.line(out);
    }
}

fn write<L: JsonLayout>(value: &Value, out: &mut Vec<u8>, layout: &mut L) {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Int(value) => out.extend_from_slice(itoa::Buffer::new().format(*value).as_bytes()),
        Value::BigInt(digits) => out.extend_from_slice(digits.as_bytes()),
        Value::Float(value) => match non_finite(*value) {
            Some(name) => write_plain_string(name.as_bytes(), out),
            None => out.extend_from_slice(FloatText::new().format(*value).as_bytes()),
        },
        Value::String(text) => write_json_string(text, out),
        Value::Blob(bytes) => {
            out.push(b'"');
            bytes.write_base64(out);
            out.push(b'"');
        }
        Value::Timestamp(timestamp) => write_plain_string(timestamp.iso8601().as_bytes(), out),
        Value::List(values) => {
            out.push(b'[');
            for (position, value) in values.iter().enumerate() {
                if position == 0 {
                    layout.open(out);
                } else {
                    layout.next(out);
                }
                write(value, out, layout);
            }
            if !values.is_empty() {
                layout.close(out);
            }
            out.push(b']');
        }
        Value::Map(map) => {
            out.push(b'{');
            for (position, (key, value)) in map.iter().enumerate() {
                if position == 0 {
                    layout.open(out);
                } else {
                    layout.next(out);
                }
                write_json_string(key, out);
                out.extend_from_slice(L::COLON);
                write(value, out, layout);
            }
            if !map.is_empty() {
                layout.close(out);
            }
            out.push(b'}');
        }
    }
}

/// Writes a string that needs no escapes.
fn write_plain_string(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    out.extend_from_slice(text);
    out.push(b'"');
}

/// Escape of each byte: 0 for none, `u` for `\u00..`, otherwise the character after the backslash.
#[expect(clippy::indexing_slicing, reason = "evaluated at compile time")]
static ESCAPES: [u8; 256] = {
    let mut escapes = [0; 256];
    let mut control = 0;
    while control < 0x20 {
        escapes[control] = b'u';
        control += 1;
    }
    escapes[0x08] = b'b';
    escapes[0x09] = b't';
    escapes[0x0a] = b'n';
    escapes[0x0c] = b'f';
    escapes[0x0d] = b'r';
    escapes[b'"' as usize] = b'"';
    escapes[b'\\' as usize] = b'\\';
    escapes
};

/// Appends text as a JSON string.
pub fn write_json_string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    let mut rest = text.as_bytes();
    #[expect(
        clippy::indexing_slicing,
        reason = "the table has an entry for every byte"
    )]
    let escape = |byte: u8| ESCAPES[usize::from(byte)];
    while let Some(position) = rest.iter().position(|byte| escape(*byte) != 0) {
        let (plain, tail) = rest.split_at_checked(position).unwrap_or((rest, &[]));
        out.extend_from_slice(plain);
        if let [byte, tail @ ..] = tail {
            match escape(*byte) {
                b'u' => {
                    let [high, low] = hex_digits(*byte);
                    out.extend_from_slice(&[b'\\', b'u', b'0', b'0', high, low]);
                }
                letter => out.extend_from_slice(&[b'\\', letter]),
            }
            rest = tail;
        }
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Blob, Timestamp, json};

    #[test]
    fn escapes_strings() {
        let value = json!({"k\"\\": "\u{0}\u{1f}\u{8}\t\n\u{c}\r\u{7f}é𝄞/"});
        let text = value.to_json_string();
        assert_eq!(
            text,
            "{\"k\\\"\\\\\":\"\\u0000\\u001f\\b\\t\\n\\f\\r\u{7f}é𝄞/\"}"
        );
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
    }

    #[test]
    fn writes_every_kind_of_value() {
        let value = json!([
            null, true, false, i64::MIN, u64::MAX, 0.1, 1.0, 1e300, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, "s",
            Blob::from(vec![1, 2]), Timestamp::new(1, 500_000_000), [], {}, [[1], {"a": {}}],
        ]);
        let expected = r#"[null,true,false,-9223372036854775808,18446744073709551615,0.1,1.0,1e+300,"NaN","Infinity","-Infinity","s","AQI=","1970-01-01T00:00:01.500000Z",[],{},[[1],{"a":{}}]]"#;
        assert_eq!(value.to_json_string(), expected);
        assert_eq!(value.to_json().to_string(), expected);
        assert_eq!(
            Value::BigInt("1".repeat(40).into()).to_json_string(),
            "1".repeat(40)
        );
        assert_eq!(
            Value::BigInt("1".repeat(40).into()).to_json(),
            serde_json::Value::from("1".repeat(40))
        );
    }

    #[test]
    fn converts_from_and_to_serde_json() {
        let theirs = serde_json::json!({"a": [1, -1, u64::MAX, 1.5, null, true, "x"], "b": {}});
        let ours = json!({"a": [1, -1, u64::MAX, 1.5, null, true, "x"], "b": {}});
        assert_eq!(Value::from(&theirs), ours);
        assert_eq!(Value::from(theirs.clone()), ours);
        assert_eq!(ours.to_json(), theirs);
    }

    #[test]
    fn display_prints_scalars_without_quotes() {
        let timestamp = Timestamp::new(1, 0);
        assert_eq!(json!("a \"b\"").to_string(), "a \"b\"");
        assert_eq!(json!(timestamp).to_string(), "1970-01-01T00:00:01Z");
        assert_eq!(json!(Blob::from(vec![1])).to_string(), "AQ==");
        assert_eq!(json!(f64::NAN).to_string(), "NaN");
        assert_eq!(json!(["a", null]).to_string(), r#"["a",null]"#);
        assert_eq!(format!("{:>4}|{:#}", json!(5), json!("a")), "   5|\"a\"");
        assert_eq!(format!("{:#}", json!([1])), "[\n    1\n]");
    }
}
