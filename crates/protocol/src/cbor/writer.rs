//! [`Writer`]: values to CBOR, guided by shapes, in one buffer.
//!
//! Containers have their lengths ahead, integers and lengths take as few bytes as they can, and NaN and the infinities two.
//!
//! # Source
//! botocore `serialize.py:CBORSerializer`.

use inia_core::{Error, ErrorKind, Map, Result, TimestampPrecision, Value};
use inia_model::{Member, ServiceModel, ShapeId};

use super::reader::MAX_DEPTH;
use crate::layout::{Fields, Layout, Layouts, Target, no_such_member};
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

    /// Writes a map as the members of a structure.
    pub(super) fn members(&mut self, id: ShapeId, map: &Map) -> Result<()> {
        match self.layouts.get(self.model, id) {
            Layout::Structure(fields) => self.fields(fields, map, MAX_DEPTH),
            _ => Err(wrong("the shape is not a structure")),
        }
    }

    fn value(&mut self, target: Target, value: &Value, place: &str, depth: u32) -> Result<()> {
        match (target, value) {
            (_, Value::Null) => self.out.push(NULL),
            (Target::String, Value::String(text)) => push_text(&mut self.out, text),
            (Target::Structure(id), Value::Map(map)) => {
                let depth = deeper(depth, place)?;
                let Layout::Structure(fields) = self.layouts.get(self.model, id) else {
                    return Err(wrong("the shape is not a structure"));
                };
                self.fields(fields, map, depth)?;
            }
            (Target::List(id), Value::List(list)) => {
                let depth = deeper(depth, place)?;
                let Layout::List(item) = *self.layouts.get(self.model, id) else {
                    return Err(wrong("the shape is not a list"));
                };
                push_head(&mut self.out, ARRAY, list.len() as u64);
                for value in list {
                    self.value(item, value, place, depth)?;
                }
            }
            (Target::Map(id), Value::Map(map)) => {
                let depth = deeper(depth, place)?;
                let Layout::Map { value: target, .. } = *self.layouts.get(self.model, id) else {
                    return Err(wrong("the shape is not a map"));
                };
                push_head(&mut self.out, MAP, map.len() as u64);
                for (name, value) in map {
                    push_text(&mut self.out, name);
                    self.value(target, value, name, depth)?;
                }
            }
            (Target::Blob, value) => {
                let bytes = blob_bytes(place, value)?;
                push_head(&mut self.out, BYTES, bytes.len() as u64);
                self.out.extend_from_slice(bytes);
            }
            (Target::Timestamp(_), value) => self.timestamp(place, value)?,
            (Target::Float, Value::Float(number)) => self.single(*number),
            (Target::Float | Target::Double, Value::Int(_)) => {
                let number = value.as_f64().unwrap_or_default();
                if target == Target::Float {
                    self.single(number);
                } else {
                    self.double(number);
                }
            }
            (Target::Structure(_) | Target::Map(_), Value::String(_) | Value::List(_)) => {
                return Err(mismatch(place, "a map", value));
            }
            (Target::List(_), Value::String(_) | Value::Map(_)) => {
                return Err(mismatch(place, "a list", value));
            }
            (_, value) => self.any(place, value, depth)?,
        }
        Ok(())
    }

    fn fields(&mut self, fields: &Fields, map: &Map, depth: u32) -> Result<()> {
        let count = map.values().filter(|value| !value.is_null()).count();
        push_head(&mut self.out, MAP, count as u64);
        let mut next = 0;
        for (name, value) in map.iter().filter(|(_, value)| !value.is_null()) {
            let Some(field) = fields.by_name(name, &mut next) else {
                return Err(no_such_member(fields, name));
            };
            self.out.extend_from_slice(&field.key);
            self.value(field.target, value, name, depth)?;
        }
        Ok(())
    }

    /// Seconds since 1970 behind their tag: an integer, or a float where there is a fraction.
    fn timestamp(&mut self, place: &str, value: &Value) -> Result<()> {
        let moment = timestamp_param(place, value)?;
        push_head(&mut self.out, TAG, EPOCH);
        if moment.nanoseconds() == 0 {
            self.integer(i128::from(moment.seconds()));
            return Ok(());
        }
        let text = moment.text(
            inia_core::TimestampFormat::UnixTimestamp,
            TimestampPrecision::Default,
        );
        match text.as_str().parse::<i64>() {
            Ok(seconds) => self.integer(i128::from(seconds)),
            Err(_) => self.double(text.as_str().parse().unwrap_or_default()),
        }
        Ok(())
    }

    fn integer(&mut self, number: i128) {
        // Callers hold the number within -2^64 and 2^64 - 1.
        match u64::try_from(number) {
            Ok(number) => push_head(&mut self.out, UNSIGNED, number),
            Err(_) => push_head(
                &mut self.out,
                NEGATIVE,
                u64::try_from(-1 - number).unwrap_or(u64::MAX),
            ),
        }
    }

    fn single(&mut self, number: f64) {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the shape is of single precision"
        )]
        let single = number as f32;
        if number.is_finite() && single.is_finite() {
            self.out.push(SINGLE);
            self.out.extend_from_slice(&single.to_be_bytes());
        } else {
            self.double(number);
        }
    }

    fn double(&mut self, number: f64) {
        let special: u16 = if number.is_nan() {
            0x7e00
        } else if number == f64::INFINITY {
            0x7c00
        } else if number == f64::NEG_INFINITY {
            0xfc00
        } else {
            self.out.push(DOUBLE);
            self.out.extend_from_slice(&number.to_be_bytes());
            return;
        };
        self.out.push(HALF);
        self.out.extend_from_slice(&special.to_be_bytes());
    }

    /// Writes any value as what it is.
    fn any(&mut self, place: &str, value: &Value, depth: u32) -> Result<()> {
        match value {
            Value::Null => self.out.push(NULL),
            Value::Bool(true) => self.out.push(TRUE),
            Value::Bool(false) => self.out.push(FALSE),
            Value::Int(number) => self.integer(i128::from(*number)),
            Value::BigInt(digits) => {
                let limit = i128::from(u64::MAX);
                let number = digits
                    .parse::<i128>()
                    .ok()
                    .filter(|number| (-1 - limit..=limit).contains(number))
                    .ok_or_else(|| mismatch(place, "an integer of up to 64 bits", value))?;
                self.integer(number);
            }
            Value::Float(number) => self.double(*number),
            Value::String(text) => push_text(&mut self.out, text),
            Value::Blob(bytes) => {
                push_head(&mut self.out, BYTES, bytes.len() as u64);
                self.out.extend_from_slice(bytes);
            }
            Value::Timestamp(_) => self.timestamp(place, value)?,
            Value::List(list) => {
                let depth = deeper(depth, place)?;
                push_head(&mut self.out, ARRAY, list.len() as u64);
                for value in list {
                    self.any(place, value, depth)?;
                }
            }
            Value::Map(map) => {
                let depth = deeper(depth, place)?;
                push_head(&mut self.out, MAP, map.len() as u64);
                for (name, value) in map {
                    push_text(&mut self.out, name);
                    self.any(name, value, depth)?;
                }
            }
        }
        Ok(())
    }
}

fn deeper(depth: u32, place: &str) -> Result<u32> {
    depth
        .checked_sub(1)
        .ok_or_else(|| wrong(&format!("{place}: it is nested too deep")))
}

#[cold]
fn wrong(message: &str) -> Error {
    Error::new(ErrorKind::Validation, message.to_owned())
}

/// Appends the head of an item: its major type and its length or value, in as few bytes as it can.
#[inline]
#[expect(
    clippy::cast_possible_truncation,
    reason = "each number is held against what its bytes can say"
)]
fn push_head(out: &mut Vec<u8>, major: u8, argument: u64) {
    match argument {
        0..24 => out.push(major | argument as u8),
        24..0x100 => out.extend_from_slice(&[major | 24, argument as u8]),
        0x100..0x1_0000 => {
            out.push(major | 25);
            out.extend_from_slice(&(argument as u16).to_be_bytes());
        }
        0x1_0000..0x1_0000_0000 => {
            out.push(major | 26);
            out.extend_from_slice(&(argument as u32).to_be_bytes());
        }
        _ => {
            out.push(major | 27);
            out.extend_from_slice(&argument.to_be_bytes());
        }
    }
}

#[inline]
fn push_text(out: &mut Vec<u8>, text: &str) {
    push_head(out, TEXT, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

/// The key of a member as it stands in a body.
pub(super) fn key(name: &str) -> Box<[u8]> {
    let mut out = Vec::with_capacity(name.len() + 2);
    push_text(&mut out, name);
    out.into()
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
            let mut out = Vec::new();
            push_head(&mut out, UNSIGNED, argument);
            assert_eq!(out, expected);
        }
    }
}
