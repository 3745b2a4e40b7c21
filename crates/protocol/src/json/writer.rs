//! The JSON writer: [`JsonSyntax`] for typed bodies, and documents.

use std::fmt::Write as _;

use inia_core::detail::{FloatText, base64_len, write_base64, write_json_string};
use inia_core::{Result, Timestamp, TimestampFormat, TimestampPrecision, Value};

use super::lexer::key_text;

use crate::body::{BodySyntax, Buffer, Window};
use crate::params::{blob_bytes, descend, mismatch, timestamp_param};
use crate::shape::head_word;
use crate::shape::{SHORT, ValueType, put_short};

/// The nesting limit of parameters, which fits the stack of a small thread; as for reading.
const MAX_DEPTH: u32 = 512;

/// The syntax of JSON.
#[derive(Debug)]
pub(super) struct JsonSyntax;

/// Each entry and item is preceded by a comma; the first comma is overwritten by the bracket at the end.
impl BodySyntax for JsonSyntax {
    const MAX_DEPTH: u32 = MAX_DEPTH;

    fn key(name: &str) -> Vec<u8> {
        [b",", key_text(name).as_slice()].concat()
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
            None => quote(out, at, text),
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
            let mut text = FloatText::new();
            let text = text.format(number).as_bytes();
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
                check_document(context, value, depth)?;
                let mut text = Vec::new();
                value.write_json(&mut text);
                Ok(out.put(at, &text))
            }
        }
    }
}

fn blob(out: &mut Buffer, at: usize, bytes: &[u8]) -> usize {
    let length = base64_len(bytes);
    let at = out.byte(at, b'"');
    write_base64(out.slice(at, length), bytes);
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
fn quote(out: &mut Buffer, at: usize, string: &str) -> usize {
    let bytes = string.as_bytes();
    if is_plain(bytes) {
        let at = out.byte(at, b'"');
        let at = out.put(at, bytes);
        return out.byte(at, b'"');
    }
    let mut text = Vec::with_capacity(bytes.len() + 16);
    write_json_string(string, &mut text);
    out.put(at, &text)
}

/// Checks that a value has a JSON form and nests at most `depth` levels.
fn check_document(context: &str, value: &Value, depth: u32) -> Result<()> {
    match value {
        Value::BigInt(digits) => {
            let unsigned = digits.strip_prefix('-').unwrap_or(digits);
            if unsigned.is_empty() || !unsigned.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(mismatch(context, "the digits of an integer", value));
            }
            Ok(())
        }
        Value::List(list) => {
            let depth = descend(depth, context)?;
            list.iter()
                .try_for_each(|value| check_document(context, value, depth))
        }
        Value::Map(map) => {
            let depth = descend(depth, context)?;
            map.values()
                .try_for_each(|value| check_document(context, value, depth))
        }
        _ => Ok(()),
    }
}

/// Writes any value as ASCII JSON, as headers require: blobs in base64, timestamps as ISO 8601, NaN and the infinities as
/// strings.
pub(crate) fn ascii_document(context: &str, value: &Value) -> Result<String> {
    check_document(context, value, MAX_DEPTH)?;
    let mut out = String::new();
    // Characters beyond ASCII are in strings only.
    for character in value.to_json_string().chars() {
        if character.is_ascii() {
            out.push(character);
            continue;
        }
        for unit in character.encode_utf16(&mut [0; 2]) {
            let _ = write!(out, "\\u{unit:04x}");
        }
    }
    Ok(out)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_characters_at_every_position() {
        for length in 0..70 {
            for (at, escaped) in (0..length).flat_map(|at| {
                ['"', '\\', '\u{1f}', ' ', '!', '#', '\u{7f}', 'é'].map(|escaped| (at, escaped))
            }) {
                let text: String = (0..length)
                    .map(|context| if context == at { escaped } else { 'x' })
                    .collect();
                let mut out = Buffer::new(0);
                let end = JsonSyntax::string(&mut out, 0, &text);
                let out = out.into_vec(end);
                let back: String = serde_json::from_slice(&out).unwrap();
                assert_eq!(back, text);
                let mut expected = Vec::new();
                Value::from(text).write_json(&mut expected);
                assert_eq!(out, expected);
            }
        }
    }

    #[test]
    fn ascii_documents_use_surrogate_pairs() {
        let text = ascii_document("", &Value::from("a😀\u{7f}\"é")).unwrap();
        assert_eq!(text, "\"a\\ud83d\\ude00\u{7f}\\\"\\u00e9\"");
    }
}
