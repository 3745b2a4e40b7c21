//! Decodes values: unknown traits and static parameters.

use inia_core::{Blob, List, Map, Str, Timestamp, Value};

use super::dictionary::Dictionary;
use super::reader::PackedReader;

/// Maximum nesting depth of a value, equal to that of the JSON parser.
const MAX_DEPTH: usize = 128;

pub(super) fn read(dictionary: &Dictionary, reader: &mut PackedReader) -> Option<Value> {
    read_within(dictionary, reader, MAX_DEPTH)
}

fn read_within(dictionary: &Dictionary, reader: &mut PackedReader, depth: usize) -> Option<Value> {
    let depth = depth.checked_sub(1)?;
    Some(match reader.byte()? {
        0 => Value::Null,
        1 => Value::Bool(false),
        2 => Value::Bool(true),
        3 => Value::Int(reader.signed()?),
        4 => Value::BigInt(dictionary.text(reader)?.as_str().into()),
        5 => Value::Float(reader.float()?),
        6 => Value::String(dictionary.text(reader)?),
        7 => Value::Blob(Blob::from(reader.block()?)),
        8 => Value::Timestamp(Timestamp::new(reader.signed()?, reader.int()?)),
        9 => {
            let count = reader.count(1)?;
            let mut list = List::new();
            for _ in 0..count {
                list.push(read_within(dictionary, reader, depth)?);
            }
            Value::List(list)
        }
        10 => {
            let count = reader.count(1)?;
            let mut map = Map::new();
            for _ in 0..count {
                let name: Str = dictionary.text(reader)?;
                map.insert(name, read_within(dictionary, reader, depth)?);
            }
            Value::Map(map)
        }
        _ => return None,
    })
}
