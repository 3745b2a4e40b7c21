//! [`CborSyntax`], the CBOR writer.
//!
//! Containers have definite lengths, integers and lengths use the shortest form, and NaN and the infinities are half
//! floats.
//!
//! # Source
//! botocore `serialize.py:CBORSerializer`.

use inia_core::{Result, Timestamp, TimestampFormat, TimestampPrecision, Value};

use super::reader::MAX_DEPTH;
use crate::body::{BodySyntax, Buffer, Window};
use crate::params::{blob_bytes, descend, mismatch, timestamp_param};
use crate::shape::{SHORT, ValueType, put_short};

const UNSIGNED: u8 = 0 << 5;
const NEGATIVE: u8 = 1 << 5;
const BYTES: u8 = 2 << 5;
const TEXT: u8 = 3 << 5;
const ARRAY: u8 = 4 << 5;
const MAP: u8 = 5 << 5;
const TAG: u8 = 6 << 5;
const FALSE: u8 = 0xf4;
const TRUE: u8 = 0xf5;
const NULL: u8 = 0xf6;
const HALF: u8 = 0xf9;
const SINGLE: u8 = 0xfa;
const DOUBLE: u8 = 0xfb;
/// The tag of seconds since 1970.
const EPOCH: u8 = 1;

/// The syntax of CBOR.
#[derive(Debug)]
pub(super) struct CborSyntax;

impl BodySyntax for CborSyntax {
    const MAX_DEPTH: u32 = MAX_DEPTH;

    fn key(name: &str) -> Vec<u8> {
        let mut out = Buffer::new(name.len());
        let end = Self::string(&mut out, 0, name);
        out.into_vec(end)
    }

    #[inline(always)]
    fn open_map(out: &mut Buffer, at: usize, entries: usize) -> usize {
        head(out, at, MAP, entries as u64)
    }

    #[inline(always)]
    fn close_map(
        out: &mut Buffer,
        start: usize,
        at: usize,
        announced: usize,
        written: usize,
    ) -> usize {
        if announced == written {
            at
        } else {
            correct_head(out, start, at, announced, written)
        }
    }

    #[inline]
    fn entry(out: &mut Buffer, at: usize, name: &str) -> usize {
        Self::string(out, at, name)
    }

    #[inline(always)]
    fn open_list(out: &mut Buffer, at: usize, items: usize) -> usize {
        head(out, at, ARRAY, items as u64)
    }

    #[inline(always)]
    fn item(_: &mut Buffer, at: usize) -> usize {
        at
    }

    #[inline(always)]
    fn close_list(_: &mut Buffer, _: usize, at: usize) -> usize {
        at
    }

    #[inline]
    fn null(out: &mut Buffer, at: usize) -> usize {
        out.byte(at, NULL)
    }

    #[inline(always)]
    fn string(out: &mut Buffer, at: usize, text: &str) -> usize {
        let at = head(out, at, TEXT, text.len() as u64);
        out.put(at, text.as_bytes())
    }

    #[inline(always)]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a short string has at most 32 bytes"
    )]
    fn short_string(window: &mut Window, text: &[u8]) -> Option<usize> {
        let [first, rest @ ..] = window;
        if text.len() < 24 {
            *first = TEXT | text.len() as u8;
            put_short(rest.first_chunk_mut()?, text);
            return Some(1 + text.len());
        }
        if text.len() > SHORT {
            return None;
        }
        let [second, rest @ ..] = rest;
        (*first, *second) = (TEXT | 24, text.len() as u8);
        put_short(rest, text);
        Some(2 + text.len())
    }

    #[inline(always)]
    fn integer(window: &mut Window, number: i64) -> usize {
        put_integer(head_bytes(window), i128::from(number))
    }

    #[inline(always)]
    fn double(window: &mut Window, number: f64) -> usize {
        put_double(head_bytes(window), number)
    }

    #[inline(always)]
    fn short_timestamp(
        window: &mut Window,
        timestamp: Timestamp,
        _: Option<TimestampFormat>,
    ) -> Option<usize> {
        if timestamp.nanoseconds() != 0 {
            return None;
        }
        let [tag, rest @ ..] = window;
        *tag = TAG | EPOCH;
        let number = rest.first_chunk_mut()?;
        Some(1 + put_integer(number, i128::from(timestamp.seconds())))
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
            (_, Value::Null) => Ok(out.byte(at, NULL)),
            (ValueType::Blob, value) => Ok(blob(out, at, blob_bytes(context, value)?)),
            (ValueType::Timestamp(_), value) => {
                Ok(put_timestamp(out, at, timestamp_param(context, value)?))
            }
            (ValueType::Float, Value::Float(number)) => Ok(single(out, at, *number)),
            (ValueType::Float, Value::Int(_)) => {
                Ok(single(out, at, value.as_f64().unwrap_or_default()))
            }
            (ValueType::Double, Value::Int(_)) => {
                Ok(double(out, at, value.as_f64().unwrap_or_default()))
            }
            (_, value) => any(out, at, context, value, depth),
        }
    }
}

fn blob(out: &mut Buffer, at: usize, bytes: &[u8]) -> usize {
    let at = head(out, at, BYTES, bytes.len() as u64);
    out.put(at, bytes)
}

/// Writes seconds since 1970 with their tag: an integer, or a float if there is a fraction.
fn put_timestamp(out: &mut Buffer, at: usize, timestamp: Timestamp) -> usize {
    if let Some(length) = CborSyntax::short_timestamp(out.window(at), timestamp, None) {
        return at + length;
    }
    let at = out.byte(at, TAG | EPOCH);
    let text = timestamp.text(TimestampFormat::UnixTimestamp, TimestampPrecision::Default);
    match text.as_str().parse::<i64>() {
        Ok(seconds) => integer(out, at, i128::from(seconds)),
        Err(_) => double(out, at, text.as_str().parse().unwrap_or_default()),
    }
}

fn integer(out: &mut Buffer, at: usize, number: i128) -> usize {
    at + put_integer(out.window(at), number)
}

fn single(out: &mut Buffer, at: usize, number: f64) -> usize {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the shape is of single precision"
    )]
    let single = number as f32;
    if number.is_finite() && single.is_finite() {
        let at = out.byte(at, SINGLE);
        out.put(at, &single.to_be_bytes())
    } else {
        double(out, at, number)
    }
}

fn double(out: &mut Buffer, at: usize, number: f64) -> usize {
    at + put_double(out.window(at), number)
}

/// Writes any value.
fn any(out: &mut Buffer, at: usize, context: &str, value: &Value, depth: u32) -> Result<usize> {
    Ok(match value {
        Value::Null => out.byte(at, NULL),
        Value::Bool(true) => out.byte(at, TRUE),
        Value::Bool(false) => out.byte(at, FALSE),
        Value::Int(number) => integer(out, at, i128::from(*number)),
        Value::BigInt(digits) => {
            let limit = i128::from(u64::MAX);
            let number = digits
                .parse::<i128>()
                .ok()
                .filter(|number| (-1 - limit..=limit).contains(number))
                .ok_or_else(|| mismatch(context, "an integer of up to 64 bits", value))?;
            integer(out, at, number)
        }
        Value::Float(number) => double(out, at, *number),
        Value::String(text) => CborSyntax::string(out, at, text),
        Value::Blob(bytes) => blob(out, at, bytes),
        Value::Timestamp(timestamp) => put_timestamp(out, at, *timestamp),
        Value::List(list) => {
            let depth = descend(depth, context)?;
            let mut at = head(out, at, ARRAY, list.len() as u64);
            for value in list {
                at = any(out, at, context, value, depth)?;
            }
            at
        }
        Value::Map(map) => {
            let depth = descend(depth, context)?;
            let mut at = head(out, at, MAP, map.len() as u64);
            for (name, value) in map {
                at = CborSyntax::string(out, at, name);
                at = any(out, at, name, value, depth)?;
            }
            at
        }
    })
}

/// Writes the head of an item, its major type and its length or value, in the shortest form.
#[inline(always)]
fn head(out: &mut Buffer, at: usize, major: u8, argument: u64) -> usize {
    at + put_head(out.window(at), major, argument)
}

/// Space for the longest head, or a float.
type HeadBytes = [u8; 9];

/// Returns the start of a window, for a head.
#[inline(always)]
#[expect(clippy::expect_used, reason = "a window is longer")]
fn head_bytes(window: &mut Window) -> &mut HeadBytes {
    window
        .first_chunk_mut()
        .expect("a window is longer than a head")
}

/// Writes a head and returns its length.
#[inline(always)]
#[expect(clippy::cast_possible_truncation, reason = "it is below 24")]
fn put_head(room: &mut HeadBytes, major: u8, argument: u64) -> usize {
    let [first, rest @ ..] = room;
    let (info, length) = match argument {
        0..24 => (argument as u8, 0),
        24..0x100 => (24, 1),
        0x100..0x1_0000 => (25, 2),
        0x1_0000..0x1_0000_0000 => (26, 4),
        _ => (27, 8),
    };
    *first = major | info;
    if length > 0 {
        *rest = (argument << (64 - 8 * length)).to_be_bytes();
    }
    1 + length
}

/// Writes an integer between -2^64 and 2^64 - 1 and returns its length.
#[inline(always)]
fn put_integer(room: &mut HeadBytes, number: i128) -> usize {
    match u64::try_from(number) {
        Ok(number) => put_head(room, UNSIGNED, number),
        Err(_) => {
            let number = u64::try_from(-1 - number).unwrap_or(u64::MAX);
            put_head(room, NEGATIVE, number)
        }
    }
}

/// Writes a float of double precision and returns its length.
#[inline(always)]
fn put_double(room: &mut HeadBytes, number: f64) -> usize {
    let [first, rest @ ..] = room;
    if number.is_finite() {
        *first = DOUBLE;
        *rest = number.to_be_bytes();
        return 9;
    }
    let special: u16 = if number.is_nan() {
        0x7e00
    } else if number > 0.0 {
        0x7c00
    } else {
        0xfc00
    };
    *first = HALF;
    [rest[0], rest[1]] = special.to_be_bytes();
    3
}

/// Rewrites the head of a map that has fewer entries than announced.
#[cold]
#[expect(clippy::indexing_slicing, reason = "the map starts with a head")]
fn correct_head(
    out: &mut Buffer,
    start: usize,
    end: usize,
    announced: usize,
    written: usize,
) -> usize {
    let (mut old, mut new) = ([0; _], [0; _]);
    let old_length = put_head(&mut old, MAP, announced as u64);
    let length = put_head(&mut new, MAP, written as u64);
    let map = out.slice(start, end - start);
    map.copy_within(old_length.., length);
    map[..length].copy_from_slice(&new[..length]);
    end - old_length + length
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_have_the_shortest_form() {
        for (argument, expected) in [
            (0, &[0x00][..]),
            (23, &[0x17]),
            (24, &[0x18, 24]),
            (255, &[0x18, 0xff]),
            (256, &[0x19, 1, 0]),
            (65_535, &[0x19, 0xff, 0xff]),
            (65_536, &[0x1a, 0, 1, 0, 0]),
            (u64::from(u32::MAX), &[0x1a, 0xff, 0xff, 0xff, 0xff]),
            (1 << 32, &[0x1b, 0, 0, 0, 1, 0, 0, 0, 0]),
        ] {
            let mut out = Buffer::new(0);
            let end = head(&mut out, 0, UNSIGNED, argument);
            assert_eq!(out.into_vec(end), expected);
        }
    }
}
