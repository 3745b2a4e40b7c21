//! JSON lines for the Python peer. Values that JSON cannot represent are objects with one key that begins with a NUL.

use bytes::Bytes;
use inia_core::{Blob, List, Map, Str, Timestamp, Value};
use inia_protocol::read_json;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

/// Writes a value.
pub fn write(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Blob(blob) => write_bytes(blob, out),
        Value::Timestamp(timestamp) => {
            let micros =
                timestamp.seconds() * 1_000_000 + i64::from(timestamp.nanoseconds() / 1000);
            out.extend(format!("{{\"\\u0000time\":{micros}}}").as_bytes());
        }
        Value::Float(number) if !number.is_finite() => {
            out.extend(format!("{{\"\\u0000float\":\"{number}\"}}").as_bytes());
        }
        // Python needs a decimal point or exponent to read a float, which `{:?}` always writes.
        Value::Float(number) => out.extend(format!("{number:?}").as_bytes()),
        Value::List(list) => {
            out.push(b'[');
            for (index, item) in list.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write(item, out);
            }
            out.push(b']');
        }
        Value::Map(map) => {
            out.push(b'{');
            for (index, (name, item)) in map.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write_text(name, out);
                out.push(b':');
                write(item, out);
            }
            out.push(b'}');
        }
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::BigInt(_) | Value::String(_) => {
            value.write_json(out)
        }
    }
}

/// Writes bytes.
pub fn write_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    out.extend(b"{\"\\u0000blob\":\"");
    out.extend(BASE64.encode(bytes).as_bytes());
    out.extend(b"\"}");
}

/// Writes a string.
pub fn write_text(text: &str, out: &mut Vec<u8>) {
    Value::from(text).write_json(out);
}

/// Parses a line.
pub fn read(line: Vec<u8>) -> Result<Value, String> {
    let value = read_json(Bytes::from(line)).map_err(|error| error.to_string())?;
    untag(value)
}

fn untag(value: Value) -> Result<Value, String> {
    Ok(match value {
        Value::List(list) => Value::List(
            list.into_iter()
                .map(untag)
                .collect::<Result<List, String>>()?,
        ),
        Value::Map(map) => {
            if let Some((name, inner)) = map.get_index(0).filter(|(name, _)| name.starts_with('\0'))
            {
                return tagged(name, inner.clone());
            }
            let entries = map.into_iter().map(|(name, item)| Ok((name, untag(item)?)));
            Value::Map(entries.collect::<Result<Map, String>>()?)
        }
        other => other,
    })
}

fn tagged(name: &str, inner: Value) -> Result<Value, String> {
    match (name, &inner) {
        ("\0blob", Value::String(text)) => {
            let bytes = BASE64
                .decode(text.as_str())
                .map_err(|error| error.to_string())?;
            Ok(Value::Blob(Blob::from(bytes)))
        }
        ("\0time", Value::Int(micros)) => {
            let nanoseconds =
                u32::try_from(micros.rem_euclid(1_000_000)).expect("less than a million") * 1000;
            Ok(Value::Timestamp(Timestamp::new(
                micros.div_euclid(1_000_000),
                nanoseconds,
            )))
        }
        ("\0float", Value::String(text)) => Ok(Value::Float(
            text.parse().map_err(|_| format!("no float: {text}"))?,
        )),
        ("\0events", _) => untag(inner),
        ("\0error" | "\0other", _) => {
            let name = Str::from(name);
            Ok([(name, untag(inner)?)].into_iter().collect::<Map>().into())
        }
        _ => Err(format!("unknown tag {name:?}")),
    }
}

/// Checks that values survive a round trip.
pub fn check() -> Result<(), String> {
    let value: Value = [
        ("blob", Value::Blob(Blob::from(vec![0, 255]))),
        ("time", Value::Timestamp(Timestamp::new(-1, 500_000_000))),
        ("float", Value::Float(f64::NEG_INFINITY)),
        ("list", Value::from(vec![Value::Null, Value::from(1.5)])),
    ]
    .into_iter()
    .collect::<Map>()
    .into();
    let mut line = Vec::new();
    write(&value, &mut line);
    let again = read(line)?;
    if again == value {
        Ok(())
    } else {
        Err(format!("{again:?}, expected {value:?}"))
    }
}
