//! Extras: parts that are merged over a definition.

use inia_core::{Error, ErrorKind, Map, Result, Value};
use serde::ser::{Serialize, SerializeMap as _, SerializeSeq as _, Serializer};

use crate::definition_file::{Definition, DefinitionFormat};

/// Merges the `merge` object of the extras over a definition.
///
/// # Source
/// botocore `loaders.py:ExtrasProcessor`.
pub(super) fn merge(base: &Definition, extras: &Definition) -> Result<Definition> {
    merge_value(base.parse()?, &base.origin, extras)
}

/// Merges the `merge` object of the extras over a parsed definition.
pub(super) fn merge_value(
    mut merged: Value,
    origin: &str,
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
    let origin = format!("{origin} with {}", extras.origin);
    let text = serde_json::to_vec(&JsonValue(&merged))
        .map_err(|error| Error::new(ErrorKind::Model, format!("{origin}: {error}")))?;
    Ok(Definition {
        content: text.into(),
        format: DefinitionFormat::Json,
        origin,
    })
}

#[cold]
fn not_an_object(definition: &Definition) -> Error {
    let origin = &definition.origin;
    Error::new(
        ErrorKind::Model,
        format!("{origin}: extras can only merge an object into an object"),
    )
}

/// Merges a map over another: nested maps are merged, other values replaced.
///
/// # Source
/// botocore `utils.py:deep_merge`.
fn deep_merge(base: &mut Map, extra: Map) {
    for (name, value) in extra {
        match (base.get_mut(&name), value) {
            (Some(Value::Map(base)), Value::Map(extra)) => deep_merge(base, extra),
            (Some(existing), value) => *existing = value,
            (None, value) => {
                base.insert(name, value);
            }
        }
    }
}

/// Serializes a value that was parsed from JSON back to JSON.
struct JsonValue<'v>(&'v Value);

impl Serialize for JsonValue<'_> {
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
                    sequence.serialize_element(&JsonValue(item))?;
                }
                sequence.end()
            }
            Value::Map(map) => {
                let mut entries = serializer.serialize_map(Some(map.len()))?;
                for (name, value) in map {
                    entries.serialize_entry(name.as_str(), &JsonValue(value))?;
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
            format: DefinitionFormat::Json,
            origin: "here".to_owned(),
        }
    }

    #[test]
    fn merges_maps_and_replaces_other_values() {
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
    fn extras_without_merge_have_no_effect() {
        let base = definition(r#"{"a": 1}"#);
        assert_eq!(
            merge(&base, &definition("{}")).unwrap().content,
            r#"{"a":1}"#
        );
    }

    #[test]
    fn rejects_invalid_extras() {
        for extras in ["[]", r#"{"merge": 3}"#, "{"] {
            let error = merge(&definition("{}"), &definition(extras)).unwrap_err();
            assert!(error.to_string().starts_with("here: "), "{error}");
        }
    }
}
