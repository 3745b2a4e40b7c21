//! Compares parsed values with expected JSON, which needs the shape for blobs, timestamps and NaN.

use inia_core::{Map, Value};
use inia_model::{Kind, Member, ServiceModel, Structure};
use serde_json::Value as Json;

/// Compares a value with the expected value of a member.
///
/// # Errors
/// The path of the first difference.
pub fn same(
    model: &ServiceModel,
    member: &Member,
    expected: &Json,
    actual: &Value,
) -> Result<(), String> {
    let shape = model.shape(member.target);
    let at = |place: String| move |rest: String| format!("{place}.{rest}");
    let equal = match (&shape.kind, expected, actual) {
        (_, Json::Null, actual) => actual.is_null(),
        (Kind::Structure(_), expected, actual) if shape.traits.is_document() => {
            same_document(expected, actual)
        }
        (Kind::Structure(structure), Json::Object(_), Value::Map(map)) => {
            return same_members(model, structure, expected, map);
        }
        // An event stream is compared as a list of events.
        (Kind::Structure(_), Json::Array(items), Value::List(list)) => {
            if items.len() != list.len() {
                return Err(format!("{} events, expected {}", list.len(), items.len()));
            }
            for (index, (expected, actual)) in items.iter().zip(list).enumerate() {
                same(model, member, expected, actual).map_err(at(index.to_string()))?;
            }
            true
        }
        (Kind::List(item), Json::Array(items), Value::List(list)) => {
            if items.len() != list.len() {
                return Err(format!("{} items, expected {}", list.len(), items.len()));
            }
            for (index, (expected, actual)) in items.iter().zip(list).enumerate() {
                same(model, item, expected, actual).map_err(at(index.to_string()))?;
            }
            true
        }
        (Kind::Map { value: member, .. }, Json::Object(entries), Value::Map(map)) => {
            if entries.len() != map.len() {
                return Err(format!("{} entries, expected {}", map.len(), entries.len()));
            }
            for (name, expected) in entries {
                let actual = map.get(name).ok_or_else(|| name.clone())?;
                same(model, member, expected, actual).map_err(at(name.clone()))?;
            }
            true
        }
        (Kind::String, Json::String(text), actual) if member.traits.is_json_value() => {
            serde_json::from_str::<Json>(text)
                .is_ok_and(|expected| same_document(&expected, actual))
                || *actual == **text
        }
        (Kind::String, expected, actual) if member.traits.is_json_value() => {
            same_document(expected, actual)
        }
        (Kind::Blob, Json::String(text), Value::Blob(bytes)) => text.as_bytes() == &**bytes,
        (Kind::Timestamp, Json::Number(seconds), Value::Timestamp(moment)) => {
            let expected = seconds.as_f64().unwrap_or(f64::NAN);
            let whole = i32::try_from(moment.seconds()).map_or(f64::NAN, f64::from);
            let actual = whole + f64::from(moment.nanoseconds()) / 1e9;
            (expected - actual).abs() < 1e-6
        }
        (Kind::Float | Kind::Double, Json::String(text), Value::Float(number)) => match &**text {
            "NaN" => number.is_nan(),
            "Infinity" => *number == f64::INFINITY,
            "-Infinity" => *number == f64::NEG_INFINITY,
            _ => false,
        },
        (Kind::Float | Kind::Double, Json::Number(expected), Value::Float(actual)) => {
            expected.as_f64() == Some(*actual)
        }
        (_, expected, actual) => same_document(expected, actual),
    };
    if equal {
        Ok(())
    } else {
        Err(format!("{actual:?}, expected {expected}"))
    }
}

/// Compares the entries of a map with the expected members, both ways.
///
/// # Errors
/// The path of the first difference.
pub fn same_members(
    model: &ServiceModel,
    structure: &Structure,
    expected: &Json,
    actual: &Map,
) -> Result<(), String> {
    let entries = expected
        .as_object()
        .ok_or("the expectation is not an object")?;
    for (name, expected) in entries {
        let value = actual.get(name).unwrap_or(&Value::Null);
        match structure.member(name) {
            Some(member) => {
                same(model, member, expected, value).map_err(|rest| format!("{name}.{rest}"))?;
            }
            None if same_document(expected, value) => {}
            None => return Err(name.clone()),
        }
    }
    match actual.keys().find(|name| !entries.contains_key(&***name)) {
        Some(name) => Err(format!("{name}: unexpected")),
        None => Ok(()),
    }
}

/// Compares a value with a JSON document.
fn same_document(expected: &Json, actual: &Value) -> bool {
    match (expected, actual) {
        (Json::Null, Value::Null) => true,
        (Json::Bool(a), Value::Bool(b)) => a == b,
        (Json::Number(a), Value::Int(b)) => a.as_i64() == Some(*b) || a.as_f64() == actual.as_f64(),
        (Json::Number(a), Value::Float(b)) => a.as_f64() == Some(*b),
        (Json::String(a), Value::String(b)) => *b == **a,
        (Json::Array(a), Value::List(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_document(a, b))
        }
        (Json::Object(a), Value::Map(b)) => {
            a.len() == b.len()
                && a.iter()
                    .all(|(name, a)| b.get(name).is_some_and(|b| same_document(a, b)))
        }
        _ => false,
    }
}
