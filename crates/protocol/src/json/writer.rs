//! [`Json`]: how values are written in JSON.

use inia_core::{Result, Timestamp, TimestampFormat, TimestampPrecision, Value};

use crate::body::{Buffer, Notation, SHORT, WINDOW};
use crate::layout::Target;
use crate::names::head_of;
use crate::scalar::{
    FloatText, base64_into, base64_length, base64_to, blob_bytes, mismatch, push_float,
    special_float, timestamp_param,
};

/// How deep parameters may be nested: what stays within the stack of a small thread, as for what is read.
const MAX_DEPTH: u32 = 512;

/// JSON text.
#[derive(Debug)]
pub(super) struct Json;

/// Each entry and item is written behind a comma; the first one's is overwritten by the bracket, once it is known.
impl Notation for Json {
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
        out.byte(start, b'{');
        out.byte(at.max(start + 1), b'}')
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
        out.byte(start, b'[');
        out.byte(at.max(start + 1), b']')
    }

    #[inline]
    fn null(out: &mut Buffer, at: usize) -> usize {
        out.put(at, b"null")
    }

    #[inline(always)]
    fn string(out: &mut Buffer, at: usize, text: &str) -> usize {
        let bytes = text.as_bytes();
        if bytes.len() <= SHORT
            && let Some(length) = Self::short_string(out.window(at), bytes)
        {
            return at + length;
        }
        quote(out, at, bytes)
    }

    #[inline(always)]
    fn short_string(window: &mut [u8; WINDOW], text: &[u8]) -> Option<usize> {
        quote_short(window, text).then_some(text.len() + 2)
    }

    #[inline]
    fn integer(out: &mut Buffer, at: usize, number: i64) -> usize {
        out.put(at, itoa::Buffer::new().format(number).as_bytes())
    }

    #[inline]
    fn double(out: &mut Buffer, at: usize, number: f64) -> usize {
        if number.is_finite() {
            out.put(at, FloatText::new().of(number).as_bytes())
        } else {
            Self::string(out, at, special_float(number))
        }
    }

    #[inline]
    fn timestamp(
        out: &mut Buffer,
        at: usize,
        moment: Timestamp,
        format: Option<TimestampFormat>,
    ) -> usize {
        match format {
            None | Some(TimestampFormat::UnixTimestamp) if moment.nanoseconds() == 0 => {
                Self::integer(out, at, moment.seconds())
            }
            _ => {
                let format = format.unwrap_or(TimestampFormat::UnixTimestamp);
                timestamp_text(out, at, moment, format)
            }
        }
    }

    fn scalar(
        out: &mut Buffer,
        at: usize,
        target: Target,
        place: &str,
        value: &Value,
        depth: u32,
    ) -> Result<usize> {
        match (target, value) {
            (Target::Timestamp(format), value) if !value.is_null() => {
                let moment = timestamp_param(place, value)?;
                Ok(Self::timestamp(out, at, moment, format))
            }
            (_, Value::Float(number)) if target != Target::Blob => {
                Ok(Self::double(out, at, *number))
            }
            (_, Value::Int(number)) if target != Target::Blob => {
                Ok(Self::integer(out, at, *number))
            }
            (Target::Boolean, Value::Bool(true)) => Ok(out.put(at, b"true")),
            (Target::Boolean, Value::Bool(false)) => Ok(out.put(at, b"false")),
            (Target::Blob, value) if !value.is_null() => {
                Ok(blob(out, at, blob_bytes(place, value)?))
            }
            (_, value) => {
                let mut text = Vec::new();
                document(&mut text, place, value, depth, Text::Utf8)?;
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
    moment: Timestamp,
    format: TimestampFormat,
) -> usize {
    let text = moment.text(format, TimestampPrecision::Default);
    // Seconds are a number; the other formats are strings, of which none needs escaping.
    if format == TimestampFormat::UnixTimestamp {
        return out.put(at, text.as_bytes());
    }
    let at = out.byte(at, b'"');
    let at = out.put(at, text.as_bytes());
    out.byte(at, b'"')
}

/// Writes a string of at most 32 bytes with its quotes; `false` if something in it must be escaped.
#[inline(always)]
#[expect(
    clippy::indexing_slicing,
    reason = "a string of that length has that place"
)]
fn quote_short(window: &mut [u8; WINDOW], bytes: &[u8]) -> bool {
    let length = bytes.len();
    if length > SHORT {
        return false;
    }
    window[0] = b'"';
    // Words that may overlap, where they have the same bytes.
    let mut found = 0;
    if length >= 8 {
        if let (Some(head), Some(tail)) = (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
            window[1..9].copy_from_slice(head);
            window[length - 7..=length].copy_from_slice(tail);
            found = to_escape(u64::from_le_bytes(*head)) | to_escape(u64::from_le_bytes(*tail));
        }
        if length > 16
            && let (Some(second), Some(last_but_one)) = (
                bytes.get(8..16).and_then(<[u8]>::first_chunk::<8>),
                bytes.get(length - 16..).and_then(<[u8]>::first_chunk::<8>),
            )
        {
            window[9..17].copy_from_slice(second);
            window[length - 15..length - 7].copy_from_slice(last_but_one);
            found |= to_escape(u64::from_le_bytes(*second))
                | to_escape(u64::from_le_bytes(*last_but_one));
        }
    } else {
        let word = head_of(bytes);
        window[1..9].copy_from_slice(&word.to_le_bytes());
        // Filled up with spaces.
        found = to_escape(word | (ONES * 0x20) << (8 * length));
    }
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
