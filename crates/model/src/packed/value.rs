//! Values in an archive: what unknown traits and fixed parameters hold.

use inia_core::{Blob, List, Map, Str, Timestamp, Value};

use super::bytes::Reader;
use super::words::Words;

/// How deep a value is read: JSON is not parsed any deeper.
const MAX_DEPTH: usize = 128;

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
