//! Values in an archive: what unknown traits and fixed parameters hold.

use inia_core::{Blob, List, Map, Str, Timestamp, Value};

use super::bytes::{Reader, Writer};
use super::words::{Texts, Words};

/// How deep a value is read: JSON is not parsed any deeper.
const MAX_DEPTH: usize = 128;

pub(super) fn write(value: &Value, texts: &mut impl Texts, out: &mut Writer) {
    match value {
        Value::Null => out.byte(0),
        Value::Bool(value) => out.byte(1 + u8::from(*value)),
        Value::Int(value) => {
            out.byte(3);
            out.signed(*value);
        }
        Value::BigInt(digits) => {
            out.byte(4);
            texts.text(digits, out);
        }
        Value::Float(value) => {
            out.byte(5);
            out.float(*value);
        }
        Value::String(text) => {
            out.byte(6);
            texts.text(text, out);
        }
        Value::Blob(bytes) => {
            out.byte(7);
            out.block(bytes);
        }
        Value::Timestamp(moment) => {
            out.byte(8);
            out.signed(moment.seconds());
            out.number(u64::from(moment.nanoseconds()));
        }
        Value::List(list) => {
            out.byte(9);
            out.size(list.len());
            list.iter().for_each(|item| write(item, texts, out));
        }
        Value::Map(map) => {
            out.byte(10);
            out.size(map.len());
            for (name, item) in map {
                texts.text(name, out);
                write(item, texts, out);
            }
        }
    }
}

pub(super) fn read(words: &Words, reader: &mut Reader) -> Option<Value> {
    read_within(words, reader, MAX_DEPTH)
}

fn read_within(words: &Words, reader: &mut Reader, depth: usize) -> Option<Value> {
    let depth = depth.checked_sub(1)?;
    Some(match reader.byte()? {
        0 => Value::Null,
        1 => Value::Bool(false),
        2 => Value::Bool(true),
        3 => Value::Int(reader.signed()?),
        4 => Value::BigInt(words.text(reader)?.as_str().into()),
        5 => Value::Float(reader.float()?),
        6 => Value::String(words.text(reader)?),
        7 => Value::Blob(Blob::from(reader.block()?)),
        8 => Value::Timestamp(Timestamp::new(reader.signed()?, reader.small()?)),
        9 => {
            let count = reader.count()?;
            let mut list = List::new();
            for _ in 0..count {
                list.push(read_within(words, reader, depth)?);
            }
            Value::List(list)
        }
        10 => {
            let count = reader.count()?;
            let mut map = Map::new();
            for _ in 0..count {
                let name: Str = words.text(reader)?;
                map.insert(name, read_within(words, reader, depth)?);
            }
            Value::Map(map)
        }
        _ => return None,
    })
}
