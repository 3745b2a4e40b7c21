//! Converts fixtures to values.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bench_harness::Fixtures;
use inia::{Blob, List, Map, Timestamp, Value};
use serde_json::Value as Json;

/// Converts a fixture to a value, replacing tagged objects.
pub fn untag(json: &Json, fixtures: &Fixtures) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::from(*value),
        Json::Number(number) => match number.as_i64() {
            Some(integer) => Value::from(integer),
            None => Value::from(number.as_f64().expect("a number")),
        },
        Json::String(text) => Value::from(text),
        Json::Array(items) => {
            let items = items.iter().map(|item| untag(item, fixtures));
            Value::List(items.collect::<List>())
        }
        Json::Object(members) => {
            if let (1, Some((tag, value))) = (members.len(), members.iter().next()) {
                match tag.as_str() {
                    "$base64" => {
                        let text = value.as_str().expect("base64");
                        return Value::Blob(Blob::from(STANDARD.decode(text).expect("base64")));
                    }
                    "$epoch" => {
                        let seconds = value.as_f64().expect("seconds");
                        return Value::Timestamp(Timestamp::from_f64(seconds).expect("a moment"));
                    }
                    "$file" => return Value::from(fixtures.bytes(value.as_str().expect("a file"))),
                    _ => {}
                }
            }
            let entries = members
                .iter()
                .map(|(name, value)| (name.as_str(), untag(value, fixtures)));
            Value::Map(entries.collect::<Map>())
        }
    }
}

/// Describes the first difference of two values; `None` if they are equal. The order of map entries is ignored.
pub fn difference(actual: &Value, expected: &Value) -> Option<String> {
    let unequal = || Some(format!(": {actual:?}, expected {expected:?}"));
    match (actual, expected) {
        (Value::List(one), Value::List(two)) if one.len() == two.len() => {
            let mut pairs = one.iter().zip(two.iter()).enumerate();
            pairs.find_map(|(index, (one, two))| {
                difference(one, two).map(|rest| format!("[{index}]{rest}"))
            })
        }
        (Value::Map(one), Value::Map(two)) => {
            let names = two.iter().chain(one.iter()).map(|(name, _)| name.as_str());
            names
                .into_iter()
                .find_map(|name| match (one.get(name), two.get(name)) {
                    (Some(one), Some(two)) => {
                        difference(one, two).map(|rest| format!(".{name}{rest}"))
                    }
                    (one, _) => Some(format!(
                        ".{name}: {}",
                        if one.is_some() {
                            "not expected"
                        } else {
                            "missing"
                        }
                    )),
                })
        }
        _ if actual == expected => None,
        _ => unequal(),
    }
}
