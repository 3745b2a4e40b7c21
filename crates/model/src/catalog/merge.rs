//! Extras: parts of a definition that are laid over it.

use inia_core::{Error, ErrorKind, Map, Result, Value};
use serde::ser::{Serialize, SerializeMap as _, SerializeSeq as _, Serializer};

use super::{Definition, Form};

/// A definition with the `merge` of its extras laid over it.
///
/// # Source
/// botocore `loaders.py:ExtrasProcessor`.
pub(super) fn merge(base: &Definition, extras: &Definition) -> Result<Definition> {
    merge_value(base.parse()?, &base.place, extras)
}

/// The same over a definition that is parsed already, or never was text.
pub(super) fn merge_value(
    mut merged: Value,
    place: &str,
    extras: &Definition,
) -> Result<Definition> {
    let Value::Map(mut extra) = extras.parse::<Value>()? else {
        return Err(not_an_object(extras));
    };
    match (&mut merged, extra.remove("merge")) {
        (Value::Map(merged), Some(Value::Map(extra))) => deep_merge(merged, extra),
        (_, None) => {}
        _ => return Err(not_an_object(extras)),
    }
    let place = format!("{place} with {}", extras.place);
    let text = serde_json::to_vec(&Json(&merged))
        .map_err(|error| Error::new(ErrorKind::Model, format!("{place}: {error}")))?;
    Ok(Definition {
        content: text.into(),
        form: Form::Json,
        place,
    })
}

#[cold]
fn not_an_object(definition: &Definition) -> Error {
    let place = &definition.place;
    Error::new(
        ErrorKind::Model,
        format!("{place}: extras merge objects into an object"),
    )
}

/// Lays a map over another: maps are merged, anything else is replaced.
///
/// # Source
/// botocore `utils.py:deep_merge`.
fn deep_merge(base: &mut Map, extra: Map) {
    for (name, value) in extra {
        match (base.get_mut(&name), value) {
            (Some(Value::Map(base)), Value::Map(extra)) => deep_merge(base, extra),
            (Some(slot), value) => *slot = value,
            (None, value) => {
                base.insert(name, value);
            }
        }
    }
}

/// A value that came from JSON, as JSON again.
struct Json<'v>(&'v Value);

impl Serialize for Json<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Null | Value::Blob(_) | Value::Timestamp(_) => serializer.serialize_unit(),
            Value::Bool(value) => serializer.serialize_bool(*value),
            Value::Int(value) => serializer.serialize_i64(*value),
            Value::BigInt(digits) => serializer.serialize_str(digits),
            Value::Float(value) => serializer.serialize_f64(*value),
            Value::String(text) => serializer.serialize_str(text),
            Value::List(list) => {
                let mut sequence = serializer.serialize_seq(Some(list.len()))?;
                for item in list {
                    sequence.serialize_element(&Json(item))?;
                }
                sequence.end()
            }
            Value::Map(map) => {
                let mut entries = serializer.serialize_map(Some(map.len()))?;
                for (name, value) in map {
                    entries.serialize_entry(name.as_str(), &Json(value))?;
                }
                entries.end()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn definition(text: &str) -> Definition {
        Definition {
            content: text.to_owned().into(),
            form: Form::Json,
            place: "here".to_owned(),
        }
    }

    #[test]
    fn maps_are_merged_and_the_rest_is_replaced() {
        let base = definition(r#"{"a": {"b": [1, 2], "c": 1.5}, "d": true}"#);
        let extras = definition(
            r#"{"version": 1.0, "merge": {"a": {"b": [3], "new": null}, "d": {"e": "f"}}}"#,
        );
        let merged = merge(&base, &extras).unwrap();
        assert_eq!(
            std::str::from_utf8(&merged.content).unwrap(),
            r#"{"a":{"b":[3],"c":1.5,"new":null},"d":{"e":"f"}}"#
        );
    }

    #[test]
    fn extras_without_a_merge_change_nothing() {
        let base = definition(r#"{"a": 1}"#);
        assert_eq!(
            merge(&base, &definition("{}")).unwrap().content,
            r#"{"a":1}"#
        );
    }

    #[test]
    fn broken_extras_are_named() {
        for extras in ["[]", r#"{"merge": 3}"#, "{"] {
            let error = merge(&definition("{}"), &definition(extras)).unwrap_err();
            assert!(error.to_string().starts_with("here: "), "{error}");
        }
    }
}
