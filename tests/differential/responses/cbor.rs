//! Responses in CBOR.

use inia_model::{Kind, Member, Structure};

use super::ResponseGenerator;
use crate::differential::params::Extent;
use crate::differential::scalars::{Alphabet, float, integer, timestamp};

const UNSIGNED: u8 = 0;
const NEGATIVE: u8 = 1;
const BYTES: u8 = 2;
const TEXT: u8 = 3;
const LIST: u8 = 4;
const MAP: u8 = 5;
const TAG: u8 = 6;
const NULL: u8 = 0xf6;
const UNDEFINED: u8 = 0xf7;
const BREAK: u8 = 0xff;

impl<'m> ResponseGenerator<'m> {
    pub(super) fn cbor_body(&mut self, output: Option<&'m Structure>) -> Vec<u8> {
        let mut out = Vec::new();
        match output {
            None => {}
            Some(structure) => self.cbor_structure(structure, false, &mut out, 0, Vec::new()),
        }
        if out.is_empty() && self.extent == Extent::All {
            out.push(0xa0);
        }
        out
    }

    /// Writes a structure, preceded by additional entries.
    pub(super) fn cbor_structure(
        &mut self,
        structure: &'m Structure,
        is_union: bool,
        out: &mut Vec<u8>,
        depth: usize,
        mut entries: Vec<Vec<u8>>,
    ) {
        if !is_union && self.random.chance(10) {
            let mut entry = Vec::new();
            cbor_text("UnknownMember", &mut entry);
            entry.extend([0x82, 0x01, 0xa1, 0x61, b'a', NULL]);
            entries.push(entry);
        }
        for member in self.members(structure, is_union, depth) {
            let mut entry = Vec::new();
            cbor_text(member.wire_name(), &mut entry);
            if !is_union && self.random.chance(4) {
                entry.push(*self.random.pick(&[NULL, UNDEFINED]));
            } else {
                self.cbor_value(member, &mut entry, depth);
            }
            entries.push(entry);
        }
        self.cbor_items(MAP, entries, out);
    }

    /// Writes a list or map of definite or indefinite length.
    fn cbor_items(&mut self, major: u8, items: Vec<Vec<u8>>, out: &mut Vec<u8>) {
        if self.random.chance(20) {
            out.push(major << 5 | 31);
            out.extend(items.concat());
            out.push(BREAK);
        } else {
            cbor_head(major, items.len() as u64, out);
            out.extend(items.concat());
        }
    }

    fn cbor_value(&mut self, member: &'m Member, out: &mut Vec<u8>, depth: usize) {
        match &self.model.shape(member.target).kind {
            Kind::Structure(inner) => {
                self.cbor_structure(inner, member.traits.is_union(), out, depth + 1, Vec::new())
            }
            Kind::List(item) => {
                let mut items = Vec::new();
                for _ in 0..self.length(depth) {
                    let mut bytes = Vec::new();
                    if self.random.chance(3) {
                        bytes.push(NULL);
                    } else {
                        self.cbor_value(item, &mut bytes, depth + 1);
                    }
                    items.push(bytes);
                }
                self.cbor_items(LIST, items, out);
            }
            Kind::Map { key, value } => {
                let mut items = Vec::new();
                for index in 0..self.length(depth) {
                    let mut bytes = Vec::new();
                    cbor_text(
                        &format!("{}{index}", self.string(key, Alphabet::Any)),
                        &mut bytes,
                    );
                    self.cbor_value(value, &mut bytes, depth + 1);
                    items.push(bytes);
                }
                self.cbor_items(MAP, items, out);
            }
            Kind::String => {
                let text = self.string(member, Alphabet::Any);
                if self.random.chance(10) && text.is_ascii() {
                    let (one, two) = text.split_at(text.len() / 2);
                    out.push(TEXT << 5 | 31);
                    cbor_text(one, out);
                    cbor_text(two, out);
                    out.push(BREAK);
                } else {
                    cbor_text(&text, out);
                }
            }
            Kind::Blob => {
                let length = self.random.below(40);
                let bytes = self.random.bytes(length);
                cbor_head(BYTES, bytes.len() as u64, out);
                out.extend(bytes);
            }
            Kind::Boolean => out.push(*self.random.pick(&[0xf4, 0xf5])),
            kind @ (Kind::Integer | Kind::Long) => {
                let number = integer(self.random, matches!(kind, Kind::Long));
                if matches!(kind, Kind::Long) && self.random.chance(3) {
                    cbor_head(*self.random.pick(&[UNSIGNED, NEGATIVE]), u64::MAX, out);
                } else {
                    cbor_integer(number, out);
                }
            }
            kind @ (Kind::Float | Kind::Double) => {
                let number = float(self.random, matches!(kind, Kind::Float));
                self.cbor_float(number, out);
            }
            Kind::Timestamp => {
                let timestamp = timestamp(self.random);
                cbor_head(TAG, 1, out);
                if self.random.chance(50) {
                    cbor_integer(timestamp.seconds(), out);
                } else {
                    out.push(0xfb);
                    let seconds = timestamp.seconds().rem_euclid(1 << 31) as f64
                        + f64::from(timestamp.nanoseconds() / 1_000_000) / 1e3;
                    out.extend(seconds.to_be_bytes());
                }
            }
        }
    }

    fn cbor_float(&mut self, number: f64, out: &mut Vec<u8>) {
        match number {
            _ if number.is_nan() => out.extend([0xf9, 0x7e, 0]),
            f64::INFINITY => out.extend([0xf9, 0x7c, 0]),
            1.5 => out.extend([0xf9, 0x3e, 0]),
            _ if f64::from(number as f32) == number => {
                out.push(0xfa);
                out.extend((number as f32).to_be_bytes());
            }
            _ => {
                out.push(0xfb);
                out.extend(number.to_be_bytes());
            }
        }
    }
}

fn cbor_integer(number: i64, out: &mut Vec<u8>) {
    if number >= 0 {
        cbor_head(UNSIGNED, number.unsigned_abs(), out);
    } else {
        cbor_head(NEGATIVE, !number as u64, out);
    }
}

pub(super) fn cbor_text(text: &str, out: &mut Vec<u8>) {
    cbor_head(TEXT, text.len() as u64, out);
    out.extend(text.as_bytes());
}

fn cbor_head(major: u8, number: u64, out: &mut Vec<u8>) {
    let major = major << 5;
    match number {
        0..24 => out.push(major | number as u8),
        24..0x100 => out.extend([major | 24, number as u8]),
        0x100..0x1_0000 => {
            out.push(major | 25);
            out.extend((number as u16).to_be_bytes());
        }
        0x1_0000..0x1_0000_0000 => {
            out.push(major | 26);
            out.extend((number as u32).to_be_bytes());
        }
        _ => {
            out.push(major | 27);
            out.extend(number.to_be_bytes());
        }
    }
}
