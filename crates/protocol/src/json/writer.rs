//! [`Writer`]: values to JSON text, guided by shapes, in one buffer.

use inia_core::{List, Map, Result, Timestamp, TimestampFormat, TimestampPrecision, Value};
use inia_model::{Member, ServiceModel, ShapeId};

use crate::layout::{Fields, Layout, Layouts, Target, no_such_member};
use crate::names::head_of;
use crate::scalar::{base64_into, blob_bytes, mismatch, push_float, timestamp_param};

/// How deep parameters may be nested: what stays within the stack of a small thread, as for what is read.
const MAX_DEPTH: u32 = 512;

/// Writes values of a service's shapes.
#[derive(Debug)]
pub(super) struct Writer<'m> {
    pub(super) out: Vec<u8>,
    model: &'m ServiceModel,
    layouts: &'m Layouts,
}

impl<'m> Writer<'m> {
    /// A writer with room for `capacity` bytes.
    pub(super) fn new(model: &'m ServiceModel, layouts: &'m Layouts, capacity: usize) -> Self {
        Writer {
            out: Vec::with_capacity(capacity),
            model,
            layouts,
        }
    }

    /// Writes the value of a member.
    pub(super) fn member(&mut self, member: &Member, value: &Value) -> Result<()> {
        let target = Target::of(self.model, member);
        self.value(target, value, &member.name, MAX_DEPTH)
    }

    /// Writes a map as the members of a structure. With `body_only`, members that travel in the head of an HTTP message are
    /// passed over.
    pub(super) fn members(&mut self, id: ShapeId, map: &Map, body_only: bool) -> Result<()> {
        match self.layouts.get(self.model, id) {
            Layout::Structure(fields) => self.fields(fields, map, body_only, MAX_DEPTH),
            _ => Err(too_odd("the shape is not a structure")),
        }
    }

    fn value(&mut self, target: Target, value: &Value, place: &str, depth: u32) -> Result<()> {
        match (target, value) {
            (Target::String, Value::String(text)) => {
                push_string(&mut self.out, text);
                Ok(())
            }
            (Target::Structure(id), Value::Map(map)) => {
                let depth = deeper(depth, place)?;
                match self.layouts.get(self.model, id) {
                    Layout::Structure(fields) => self.fields(fields, map, false, depth),
                    _ => Err(too_odd("the shape is not a structure")),
                }
            }
            (Target::Map(id), Value::Map(map)) => self.map(id, map, place, depth),
            (Target::List(id), Value::List(list)) => self.list(id, list, place, depth),
            (Target::Blob, Value::Null) => {
                self.out.extend_from_slice(b"null");
                Ok(())
            }
            (Target::Blob, value) => {
                self.blob(blob_bytes(place, value)?);
                Ok(())
            }
            (Target::Timestamp(format), value) if !value.is_null() => {
                let moment = timestamp_param(place, value)?;
                self.timestamp(moment, format.unwrap_or(TimestampFormat::UnixTimestamp));
                Ok(())
            }
            (Target::Structure(_) | Target::Map(_), Value::String(_) | Value::List(_)) => {
                Err(mismatch(place, "a map", value))
            }
            (Target::List(_), Value::String(_) | Value::Map(_)) => {
                Err(mismatch(place, "a list", value))
            }
            (_, value) => document(&mut self.out, place, value, depth, Text::Utf8),
        }
    }

    fn blob(&mut self, bytes: &[u8]) {
        self.out.push(b'"');
        base64_into(&mut self.out, bytes);
        self.out.push(b'"');
    }

    fn timestamp(&mut self, moment: Timestamp, format: TimestampFormat) {
        if format == TimestampFormat::UnixTimestamp && moment.nanoseconds() == 0 {
            let mut digits = itoa::Buffer::new();
            self.out
                .extend_from_slice(digits.format(moment.seconds()).as_bytes());
            return;
        }
        let text = moment.text(format, TimestampPrecision::Default);
        // Seconds are a number; the other formats are strings, of which none needs escaping.
        let quote: &[u8] = match format {
            TimestampFormat::UnixTimestamp => b"",
            TimestampFormat::Iso8601 | TimestampFormat::Rfc822 => b"\"",
        };
        self.out.extend_from_slice(quote);
        self.out.extend_from_slice(text.as_bytes());
        self.out.extend_from_slice(quote);
    }

    fn fields(&mut self, fields: &Fields, map: &Map, body_only: bool, depth: u32) -> Result<()> {
        self.out.push(b'{');
        let start = self.out.len();
        let mut next = 0;
        for (name, value) in map {
            if value.is_null() {
                continue;
            }
            let Some(field) = fields.by_name(name, &mut next) else {
                return Err(no_such_member(fields, name));
            };
            if body_only && field.has_location {
                continue;
            }
            if self.out.len() > start {
                self.out.push(b',');
            }
            self.out.extend_from_slice(&field.key);
            self.value(field.target, value, name, depth)?;
        }
        self.out.push(b'}');
        Ok(())
    }

    fn list(&mut self, id: ShapeId, list: &List, place: &str, depth: u32) -> Result<()> {
        let depth = deeper(depth, place)?;
        let Layout::List(item) = *self.layouts.get(self.model, id) else {
            return Err(too_odd("the shape is not a list"));
        };
        self.out.push(b'[');
        for (position, value) in list.iter().enumerate() {
            if position > 0 {
                self.out.push(b',');
            }
            if value.is_null() {
                self.out.extend_from_slice(b"null");
            } else {
                self.value(item, value, place, depth)?;
            }
        }
        self.out.push(b']');
        Ok(())
    }

    fn map(&mut self, id: ShapeId, map: &Map, place: &str, depth: u32) -> Result<()> {
        let depth = deeper(depth, place)?;
        let Layout::Map { value: target, .. } = *self.layouts.get(self.model, id) else {
            return Err(too_odd("the shape is not a map"));
        };
        self.out.push(b'{');
        for (position, (name, value)) in map.iter().enumerate() {
            if position > 0 {
                self.out.push(b',');
            }
            push_string(&mut self.out, name);
            self.out.push(b':');
            if value.is_null() {
                self.out.extend_from_slice(b"null");
            } else {
                self.value(target, value, name, depth)?;
            }
        }
        self.out.push(b'}');
        Ok(())
    }
}

/// How characters beyond ASCII are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Text {
    Utf8,
    /// As `\u` escapes: for what becomes part of a header.
    Ascii,
}

/// Writes any value as what it is: bytes in base64, timestamps as ISO 8601, NaN and the infinities as strings.
pub(super) fn document(
    out: &mut Vec<u8>,
    place: &str,
    value: &Value,
    depth: u32,
    text: Text,
) -> Result<()> {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Int(number) => out.extend_from_slice(itoa::Buffer::new().format(*number).as_bytes()),
        Value::BigInt(digits) => {
            let unsigned = digits.strip_prefix('-').unwrap_or(digits);
            if unsigned.is_empty() || !unsigned.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(mismatch(place, "the digits of an integer", value));
            }
            out.extend_from_slice(digits.as_bytes());
        }
        Value::Float(number) if number.is_finite() => {
            push_float(out, *number);
        }
        Value::Float(number) => push_string(out, crate::scalar::special_float(*number)),
        Value::String(string) => match text {
            Text::Utf8 => push_string(out, string),
            Text::Ascii => push_ascii(out, string),
        },
        Value::Blob(bytes) => {
            out.push(b'"');
            base64_into(out, bytes);
            out.push(b'"');
        }
        Value::Timestamp(moment) => {
            push_string(out, moment.iso8601().as_str());
        }
        Value::List(list) => {
            let depth = deeper(depth, place)?;
            out.push(b'[');
            for (position, value) in list.iter().enumerate() {
                if position > 0 {
                    out.push(b',');
                }
                document(out, place, value, depth, text)?;
            }
            out.push(b']');
        }
        Value::Map(map) => {
            let depth = deeper(depth, place)?;
            out.push(b'{');
            for (position, (name, value)) in map.iter().enumerate() {
                if position > 0 {
                    out.push(b',');
                }
                match text {
                    Text::Utf8 => push_string(out, name),
                    Text::Ascii => push_ascii(out, name),
                }
                out.push(b':');
                document(out, place, value, depth, text)?;
            }
            out.push(b'}');
        }
    }
    Ok(())
}

/// Writes a document with [`MAX_DEPTH`] levels to enter.
pub(super) fn whole_document(
    out: &mut Vec<u8>,
    place: &str,
    value: &Value,
    text: Text,
) -> Result<()> {
    document(out, place, value, MAX_DEPTH, text)
}

fn deeper(depth: u32, place: &str) -> Result<u32> {
    depth
        .checked_sub(1)
        .ok_or_else(|| too_odd(&format!("{place}: it is nested too deep")))
}

#[cold]
fn too_odd(message: &str) -> inia_core::Error {
    inia_core::Error::new(inia_core::ErrorKind::Validation, message.to_owned())
}

/// The key of a member as it stands in a body: `"Name":`.
pub(super) fn key(name: &str) -> Box<[u8]> {
    let mut out = Vec::with_capacity(name.len() + 3);
    push_string(&mut out, name);
    out.push(b':');
    out.into()
}

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// A bit in each byte of a word that must be escaped; the lowest is exact.
#[inline]
fn to_escape(word: u64) -> u64 {
    let quotes = word ^ (ONES * b'"' as u64);
    let escapes = word ^ (ONES * b'\\' as u64);
    let found = (quotes.wrapping_sub(ONES) & !quotes)
        | (escapes.wrapping_sub(ONES) & !escapes)
        | (word.wrapping_sub(ONES * 0x20) & !word);
    found & HIGHS
}

/// Appends a string with its quotes.
#[inline]
fn push_string(out: &mut Vec<u8>, text: &str) {
    let bytes = text.as_bytes();
    out.reserve(bytes.len() + 2);
    out.push(b'"');
    if is_plain(bytes) {
        out.extend_from_slice(bytes);
    } else {
        push_escaped(out, bytes);
    }
    out.push(b'"');
}

/// Whether nothing in a string must be escaped.
#[inline]
fn is_plain(bytes: &[u8]) -> bool {
    let Some(last) = bytes.last_chunk::<8>() else {
        // Filled up with spaces.
        return to_escape(head_of(bytes) | (ONES * 0x20) << (8 * bytes.len())) == 0;
    };
    // The last word may overlap the one before it.
    let mut found = to_escape(u64::from_le_bytes(*last));
    for word in bytes.as_chunks::<8>().0 {
        found |= to_escape(u64::from_le_bytes(*word));
    }
    found == 0
}

fn push_escaped(out: &mut Vec<u8>, bytes: &[u8]) {
    for chunk in bytes.split_inclusive(|byte| matches!(byte, b'"' | b'\\' | 0..0x20)) {
        let Some((last, plain)) = chunk.split_last() else {
            continue;
        };
        out.extend_from_slice(plain);
        match last {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', *last]),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            0..0x20 => out.extend_from_slice(format!("\\u{last:04x}").as_bytes()),
            _ => out.push(*last),
        }
    }
}

/// Appends a string with its quotes, in ASCII, as Python's `json.dumps` writes it.
fn push_ascii(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    for character in text.chars() {
        match character {
            '"' => out.extend_from_slice(b"\\\""),
            '\\' => out.extend_from_slice(b"\\\\"),
            '\n' => out.extend_from_slice(b"\\n"),
            '\r' => out.extend_from_slice(b"\\r"),
            '\t' => out.extend_from_slice(b"\\t"),
            '\u{8}' => out.extend_from_slice(b"\\b"),
            '\u{c}' => out.extend_from_slice(b"\\f"),
            ' '..='\u{7f}' => out.extend_from_slice(&[character as u8]),
            other => {
                for unit in other.encode_utf16(&mut [0; 2]) {
                    out.extend_from_slice(format!("\\u{unit:04x}").as_bytes());
                }
            }
        }
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_escaped_wherever_the_character_stands() {
        for length in 0..40 {
            for at in 0..=length {
                let mut text = "é".repeat(at);
                text.push_str("\"\\\n\u{1}");
                text.push_str(&"x".repeat(length - at));
                let mut out = Vec::new();
                push_string(&mut out, &text);
                let back: String = serde_json::from_slice(&out).unwrap();
                assert_eq!(back, text);
                let mut out = Vec::new();
                push_ascii(&mut out, &text);
                assert!(out.is_ascii());
                let back: String = serde_json::from_slice(&out).unwrap();
                assert_eq!(back, text);
            }
        }
    }

    #[test]
    fn ascii_text_has_surrogates_for_what_is_beyond_the_plane() {
        let mut out = Vec::new();
        push_ascii(&mut out, "a😀\u{7f}");
        assert_eq!(out, b"\"a\\ud83d\\ude00\x7f\"");
    }
}
