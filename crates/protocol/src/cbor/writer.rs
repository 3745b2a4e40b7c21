//! [`Cbor`]: how values are written in CBOR.
//!
//! Containers have their lengths ahead, integers and lengths take as few bytes as they can, and NaN and the infinities two.
//!
//! # Source
//! botocore `serialize.py:CBORSerializer`.

use inia_core::{Error, ErrorKind, Result, Timestamp, TimestampFormat, TimestampPrecision, Value};

use super::reader::MAX_DEPTH;
use crate::body::{Buffer, Notation, WINDOW, put_short};
use crate::layout::Target;
use crate::scalar::{blob_bytes, mismatch, timestamp_param};

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
const EPOCH: u64 = 1;

/// CBOR.
#[derive(Debug)]
pub(super) struct Cbor;

impl Notation for Cbor {
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
    fn short_string(window: &mut [u8; WINDOW], text: &[u8]) -> Option<usize> {
        let [first, rest @ ..] = window;
        if text.len() < 24 {
            *first = TEXT | text.len() as u8;
            put_short(rest.first_chunk_mut()?, text);
            return Some(1 + text.len());
        }
        let [second, rest @ ..] = rest;
        (*first, *second) = (TEXT | 24, text.len() as u8);
        put_short(rest, text);
        Some(2 + text.len())
    }

    #[inline]
    fn integer(out: &mut Buffer, at: usize, number: i64) -> usize {
        integer(out, at, i128::from(number))
    }

    #[inline]
    fn double(out: &mut Buffer, at: usize, number: f64) -> usize {
        double(out, at, number)
    }

    #[inline]
    fn timestamp(
        out: &mut Buffer,
        at: usize,
        moment: Timestamp,
        _: Option<TimestampFormat>,
    ) -> usize {
        timestamp(out, at, moment)
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
            (_, Value::Null) => Ok(out.byte(at, NULL)),
            (Target::Blob, value) => Ok(blob(out, at, blob_bytes(place, value)?)),
            (Target::Timestamp(_), value) => Ok(timestamp(out, at, timestamp_param(place, value)?)),
            (Target::Float, Value::Float(number)) => Ok(single(out, at, *number)),
            (Target::Float, Value::Int(_)) => {
                Ok(single(out, at, value.as_f64().unwrap_or_default()))
            }
            (Target::Double, Value::Int(_)) => {
                Ok(double(out, at, value.as_f64().unwrap_or_default()))
            }
            (_, value) => any(out, at, place, value, depth),
        }
    }
}

fn blob(out: &mut Buffer, at: usize, bytes: &[u8]) -> usize {
    let at = head(out, at, BYTES, bytes.len() as u64);
    out.put(at, bytes)
}

/// Seconds since 1970 behind their tag: an integer, or a float where there is a fraction.
fn timestamp(out: &mut Buffer, at: usize, moment: Timestamp) -> usize {
    let at = head(out, at, TAG, EPOCH);
    if moment.nanoseconds() == 0 {
        return integer(out, at, i128::from(moment.seconds()));
    }
    let text = moment.text(TimestampFormat::UnixTimestamp, TimestampPrecision::Default);
    match text.as_str().parse::<i64>() {
        Ok(seconds) => integer(out, at, i128::from(seconds)),
        Err(_) => double(out, at, text.as_str().parse().unwrap_or_default()),
    }
}

fn integer(out: &mut Buffer, at: usize, number: i128) -> usize {
    // Callers hold the number within -2^64 and 2^64 - 1.
    match u64::try_from(number) {
        Ok(number) => head(out, at, UNSIGNED, number),
        Err(_) => {
            let number = u64::try_from(-1 - number).unwrap_or(u64::MAX);
            head(out, at, NEGATIVE, number)
        }
    }
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
    let special: u16 = if number.is_nan() {
        0x7e00
    } else if number == f64::INFINITY {
        0x7c00
    } else if number == f64::NEG_INFINITY {
        0xfc00
    } else {
        let at = out.byte(at, DOUBLE);
        return out.put(at, &number.to_be_bytes());
    };
    let at = out.byte(at, HALF);
    out.put(at, &special.to_be_bytes())
}

/// Writes any value as what it is.
fn any(out: &mut Buffer, at: usize, place: &str, value: &Value, depth: u32) -> Result<usize> {
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
                .ok_or_else(|| mismatch(place, "an integer of up to 64 bits", value))?;
            integer(out, at, number)
        }
        Value::Float(number) => double(out, at, *number),
        Value::String(text) => Cbor::string(out, at, text),
        Value::Blob(bytes) => blob(out, at, bytes),
        Value::Timestamp(moment) => timestamp(out, at, *moment),
        Value::List(list) => {
            let depth = deeper(depth, place)?;
            let mut at = head(out, at, ARRAY, list.len() as u64);
            for value in list {
                at = any(out, at, place, value, depth)?;
            }
            at
        }
        Value::Map(map) => {
            let depth = deeper(depth, place)?;
            let mut at = head(out, at, MAP, map.len() as u64);
            for (name, value) in map {
                at = Cbor::string(out, at, name);
                at = any(out, at, name, value, depth)?;
            }
            at
        }
    })
}

fn deeper(depth: u32, place: &str) -> Result<u32> {
    depth.checked_sub(1).ok_or_else(|| {
        let message = format!("{place}: it is nested too deep");
        Error::new(ErrorKind::Validation, message)
    })
}

/// Writes the head of an item: its major type and its length or value, in as few bytes as it can.
#[inline(always)]
fn head(out: &mut Buffer, at: usize, major: u8, argument: u64) -> usize {
    if argument < 24 {
        #[expect(clippy::cast_possible_truncation, reason = "it is below 24")]
        out.byte(at, major | argument as u8)
    } else {
        long_head(out, at, major, argument)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "each number is held against what its bytes can say"
)]
fn long_head(out: &mut Buffer, at: usize, major: u8, argument: u64) -> usize {
    match argument {
        0..0x100 => out.put(at, &[major | 24, argument as u8]),
        0x100..0x1_0000 => {
            let at = out.byte(at, major | 25);
            out.put(at, &(argument as u16).to_be_bytes())
        }
        0x1_0000..0x1_0000_0000 => {
            let at = out.byte(at, major | 26);
            out.put(at, &(argument as u32).to_be_bytes())
        }
        _ => {
            let at = out.byte(at, major | 27);
            out.put(at, &argument.to_be_bytes())
        }
    }
}

/// Writes the head of a map again, which has fewer entries than were announced.
#[cold]
fn correct_head(
    out: &mut Buffer,
    start: usize,
    end: usize,
    announced: usize,
    written: usize,
) -> usize {
    let length_of = |entries: usize| head(&mut Buffer::new(9), 0, MAP, entries as u64);
    let (begin, length) = (start + length_of(announced), end.saturating_sub(start));
    let moved = start + length_of(written);
    let entries = begin - start..length;
    out.slice(start, length).copy_within(entries, moved - start);
    // The head is short: nothing is written behind it.
    let mut corrected = Buffer::new(9);
    let head_end = head(&mut corrected, 0, MAP, written as u64);
    out.slice(start, head_end)
        .copy_from_slice(&corrected.into_vec(head_end));
    end - (begin - moved)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_take_as_few_bytes_as_they_can() {
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
