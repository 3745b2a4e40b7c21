//! The JSON writer: [`JsonSyntax`] for typed bodies, and documents.

use inia_core::{Result, Timestamp, TimestampFormat, TimestampPrecision, Value};

use crate::body::{BodySyntax, Buffer, SHORT, Window, put_short};
use crate::scalar::{
    FloatText, base64_into, base64_length, base64_to, blob_bytes, mismatch, push_float,
    special_float, timestamp_param,
};
use crate::shape::ValueType;
use crate::shape::head_word;

/// The nesting limit of parameters, which fits the stack of a small thread; as for reading.
const MAX_DEPTH: u32 = 512;

/// The syntax of JSON.
#[derive(Debug)]
pub(super) struct JsonSyntax;

/// Each entry and item is preceded by a comma; the first comma is overwritten by the bracket at the end.
impl BodySyntax for JsonSyntax {
    const MAX_DEPTH: u32 = MAX_DEPTH;

    fn key(name: &str) -> Vec<u8> {
        let mut key = vec![b','];
        push_string(&mut key, name);
        key.push(b':');
        key
    }

    #[inline(always)]
    fn open_map(_: &mut Buffer, at: usize, _: usize) -> usize {
        at
    }

    #[inline(always)]
    fn close_map(out: &mut Buffer, start: usize, at: usize, _: usize, _: usize) -> usize {
        let end = out.byte(at.max(start + 1), b'}');
        out.replace(start, b'{');
        end
    }

    #[inline]
    fn entry(out: &mut Buffer, at: usize, name: &str) -> usize {
        let at = out.byte(at, b',');
        let at = Self::string(out, at, name);
        out.byte(at, b':')
    }

    #[inline(always)]
    fn open_list(_: &mut Buffer, at: usize, _: usize) -> usize {
        at
    }

    #[inline(always)]
    fn item(out: &mut Buffer, at: usize) -> usize {
        out.byte(at, b',')
    }

    #[inline(always)]
    fn close_list(out: &mut Buffer, start: usize, at: usize) -> usize {
        let end = out.byte(at.max(start + 1), b']');
        out.replace(start, b'[');
        end
    }

    #[inline]
    fn null(out: &mut Buffer, at: usize) -> usize {
        out.put(at, b"null")
    }

    #[inline(always)]
    fn string(out: &mut Buffer, at: usize, text: &str) -> usize {
        let bytes = text.as_bytes();
        match Self::short_string(out.window(at), bytes) {
            Some(length) => at + length,
            None => quote(out, at, bytes),
        }
    }

    #[inline(always)]
    fn short_string(window: &mut Window, text: &[u8]) -> Option<usize> {
        quote_short(window, text).then_some(text.len() + 2)
    }

    #[inline(always)]
    fn integer(window: &mut Window, number: i64) -> usize {
        put_digits(window, itoa::Buffer::new().format(number))
    }

    #[inline(always)]
    fn double(window: &mut Window, number: f64) -> usize {
        if number.is_finite() {
            put_digits(window, FloatText::new().format(number))
        } else {
            let text = special_float(number).as_bytes();
            quote_short(window, text);
            text.len() + 2
        }
    }

    #[inline(always)]
    fn short_timestamp(
        window: &mut Window,
        timestamp: Timestamp,
        format: Option<TimestampFormat>,
    ) -> Option<usize> {
        match format {
            None | Some(TimestampFormat::UnixTimestamp) if timestamp.nanoseconds() == 0 => {
                Some(Self::integer(window, timestamp.seconds()))
            }
            _ => None,
        }
    }

    fn scalar(
        out: &mut Buffer,
        at: usize,
        target: ValueType,
        context: &str,
        value: &Value,
        depth: u32,
    ) -> Result<usize> {
        match (target, value) {
            (ValueType::Timestamp(format), value) if !value.is_null() => {
                let timestamp = timestamp_param(context, value)?;
                Ok(
                    match Self::short_timestamp(out.window(at), timestamp, format) {
                        Some(length) => at + length,
                        None => timestamp_text(out, at, timestamp, format),
                    },
                )
            }
            (_, Value::Float(number)) if target != ValueType::Blob => {
                Ok(at + Self::double(out.window(at), *number))
            }
            (_, Value::Int(number)) if target != ValueType::Blob => {
                Ok(at + Self::integer(out.window(at), *number))
            }
            (ValueType::Boolean, Value::Bool(true)) => Ok(out.put(at, b"true")),
            (ValueType::Boolean, Value::Bool(false)) => Ok(out.put(at, b"false")),
            (ValueType::Blob, value) if !value.is_null() => {
                Ok(blob(out, at, blob_bytes(context, value)?))
            }
            (_, value) => {
                let mut text = Vec::new();
                document(&mut text, context, value, depth, NonAscii::Utf8)?;
                Ok(out.put(at, &text))
            }
        }
    }
}

fn blob(out: &mut Buffer, at: usize, bytes: &[u8]) -> usize {
    let length = base64_length(bytes);
    let at = out.byte(at, b'"');
    base64_to(out.slice(at, length), bytes);
    out.byte(at + length, b'"')
}

fn timestamp_text(
    out: &mut Buffer,
    at: usize,
    timestamp: Timestamp,
    format: Option<TimestampFormat>,
) -> usize {
    let format = format.unwrap_or(TimestampFormat::UnixTimestamp);
    let text = timestamp.text(format, TimestampPrecision::Default);
    // Seconds are a number; the other formats are strings that need no escaping.
    if format == TimestampFormat::UnixTimestamp {
        return out.put(at, text.as_bytes());
    }
    let at = out.byte(at, b'"');
    let at = out.put(at, text.as_bytes());
    out.byte(at, b'"')
}

/// Writes the text of a number, less than 32 bytes.
#[inline(always)]
fn put_digits(window: &mut Window, digits: &str) -> usize {
    if let Some(window) = window.first_chunk_mut() {
        put_short(window, digits.as_bytes());
    }
    digits.len()
}

/// Writes a string of at most 32 bytes with its quotes; returns `false` if it needs escaping.
#[inline(always)]
#[expect(clippy::indexing_slicing, reason = "the indices are within the length")]
fn quote_short(window: &mut Window, bytes: &[u8]) -> bool {
    let length = bytes.len();
    if length > SHORT {
        return false;
    }
    // Two overlapping copies.
    let found = if let (Some(head), Some(tail)) = (bytes.first_chunk(), bytes.last_chunk()) {
        window[1..17].copy_from_slice(head);
        window[length - 15..length + 1].copy_from_slice(tail);
        to_escape_in(head) | to_escape_in(tail)
    } else if let (Some(head), Some(tail)) = (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        window[1..9].copy_from_slice(head);
        window[length - 7..length + 1].copy_from_slice(tail);
        to_escape(u64::from_le_bytes(*head)) | to_escape(u64::from_le_bytes(*tail))
    } else {
        let word = head_word(bytes);
        window[1..9].copy_from_slice(&word.to_le_bytes());
        // Padded with spaces, which need no escaping.
        to_escape(word | (ONES * 0x20) << (8 * length))
    };
    window[0] = b'"';
    window[length + 1] = b'"';
    found == 0
}

/// Writes any string with its quotes.
#[inline(never)]
fn quote(out: &mut Buffer, at: usize, bytes: &[u8]) -> usize {
    if is_plain(bytes) {
        let at = out.byte(at, b'"');
        let at = out.put(at, bytes);
        return out.byte(at, b'"');
    }
    let mut text = Vec::with_capacity(bytes.len() + 16);
    text.push(b'"');
    push_escaped(&mut text, bytes);
    text.push(b'"');
    out.put(at, &text)
}

/// The encoding of characters beyond ASCII.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NonAscii {
    Utf8,
    /// As `\u` escapes, for headers.
    Escaped,
}

/// Writes any value: blobs in base64, timestamps as ISO 8601, NaN and the infinities as strings.
pub(super) fn document(
    out: &mut Vec<u8>,
    context: &str,
    value: &Value,
    depth: u32,
    non_ascii: NonAscii,
) -> Result<()> {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Int(number) => out.extend_from_slice(itoa::Buffer::new().format(*number).as_bytes()),
        Value::BigInt(digits) => {
            let unsigned = digits.strip_prefix('-').unwrap_or(digits);
            if unsigned.is_empty() || !unsigned.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(mismatch(context, "the digits of an integer", value));
            }
            out.extend_from_slice(digits.as_bytes());
        }
        Value::Float(number) if number.is_finite() => {
            push_float(out, *number);
        }
        Value::Float(number) => push_string(out, crate::scalar::special_float(*number)),
        Value::String(string) => match non_ascii {
            NonAscii::Utf8 => push_string(out, string),
            NonAscii::Escaped => push_ascii(out, string),
        },
        Value::Blob(bytes) => {
            out.push(b'"');
            base64_into(out, bytes);
            out.push(b'"');
        }
        Value::Timestamp(timestamp) => {
            push_string(out, timestamp.iso8601().as_str());
        }
        Value::List(list) => {
            let depth = descend(depth, context)?;
            out.push(b'[');
            for (position, value) in list.iter().enumerate() {
                if position > 0 {
                    out.push(b',');
                }
                document(out, context, value, depth, non_ascii)?;
            }
            out.push(b']');
        }
        Value::Map(map) => {
            let depth = descend(depth, context)?;
            out.push(b'{');
            for (position, (name, value)) in map.iter().enumerate() {
                if position > 0 {
                    out.push(b',');
                }
                match non_ascii {
                    NonAscii::Utf8 => push_string(out, name),
                    NonAscii::Escaped => push_ascii(out, name),
                }
                out.push(b':');
                document(out, context, value, depth, non_ascii)?;
            }
            out.push(b'}');
        }
    }
    Ok(())
}

/// Writes a document of at most [`MAX_DEPTH`] levels.
pub(super) fn whole_document(
    out: &mut Vec<u8>,
    context: &str,
    value: &Value,
    non_ascii: NonAscii,
) -> Result<()> {
    document(out, context, value, MAX_DEPTH, non_ascii)
}

fn descend(depth: u32, context: &str) -> Result<u32> {
    depth
        .checked_sub(1)
        .ok_or_else(|| invalid_input(&format!("{context}: nested too deeply")))
}

#[cold]
fn invalid_input(message: &str) -> inia_core::Error {
    inia_core::Error::new(inia_core::ErrorKind::Validation, message.to_owned())
}

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// Returns a nonzero word if a byte of `word` needs escaping, else 0.
#[inline(always)]
fn to_escape(word: u64) -> u64 {
    // Flipping this bit makes the quotation mark adjacent to the control characters.
    let controls = word ^ (ONES * 0x02);
    let escapes = word ^ (ONES * b'\\' as u64);
    (controls.wrapping_sub(ONES * 0x21) | escapes.wrapping_sub(ONES)) & !word & HIGHS
}

/// As [`to_escape`], for two words.
#[inline(always)]
fn to_escape_in(bytes: &[u8; 16]) -> u64 {
    let words = bytes.as_chunks::<8>().0.iter();
    words.fold(0, |found, word| {
        found | to_escape(u64::from_le_bytes(*word))
    })
}

/// Appends a string with its quotes.
#[inline]
pub(super) fn push_string(out: &mut Vec<u8>, text: &str) {
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

/// Returns whether a string needs no escaping.
#[inline]
fn is_plain(bytes: &[u8]) -> bool {
    let Some(last) = bytes.last_chunk::<8>() else {
        // Padded with spaces, which need no escaping.
        return to_escape(head_word(bytes) | (ONES * 0x20) << (8 * bytes.len())) == 0;
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
    fn escapes_characters_at_every_position() {
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
    fn short_and_long_string_paths_agree() {
        for length in 0..70 {
            for (at, escaped) in (0..length).flat_map(|at| {
                ['"', '\\', '\u{1f}', ' ', '!', '#', '\u{7f}', 'é'].map(|escaped| (at, escaped))
            }) {
                let text: String = (0..length)
                    .map(|context| if context == at { escaped } else { 'x' })
                    .collect();
                let mut expected = Vec::new();
                push_string(&mut expected, &text);
                let back: String = serde_json::from_slice(&expected).unwrap();
                assert_eq!(back, text);
                let mut out = Buffer::new(0);
                let end = JsonSyntax::string(&mut out, 0, &text);
                assert_eq!(out.into_vec(end), expected);
            }
        }
    }

    #[test]
    fn ascii_strings_use_surrogate_pairs() {
        let mut out = Vec::new();
        push_ascii(&mut out, "a😀\u{7f}");
        assert_eq!(out, b"\"a\\ud83d\\ude00\x7f\"");
    }
}
