//! Extras: parts of a definition that are laid over it.

use inia_core::{Error, ErrorKind, Map, Result, Value};
use serde::ser::{Serialize, SerializeMap as _, SerializeSeq as _, Serializer};

use super::Definition;

/// A definition with the `merge` of its extras laid over it.
///
/// # Source
/// botocore `loaders.py:ExtrasProcessor`.
pub(super) fn merge(base: Definition, extras: &Definition) -> Result<Definition> {
    let Value::Map(mut extra) = extras.parse::<Value>()? else {
        return Err(not_an_object(extras));
    };
    let Some(extra) = extra.remove("merge") else {
        return Ok(base);
    };
    let (Value::Map(mut merged), Value::Map(extra)) = (base.parse::<Value>()?, extra) else {
        return Err(not_an_object(extras));
    };
    deep_merge(&mut merged, extra);
    let place = format!("{} with {}", base.place, extras.place);
    let text = serde_json::to_vec(&JsonMap(&merged))
        .map_err(|error| Error::new(ErrorKind::Model, format!("{place}: {error}")))?;
    Ok(Definition {
        text: text.into(),
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

struct JsonMap<'v>(&'v Map);

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
            Value::Map(map) => JsonMap(map).serialize(serializer),
        }
    }
}

impl Serialize for JsonMap<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut entries = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in self.0 {
            entries.serialize_entry(name.as_str(), &Json(value))?;
        }
        entries.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn definition(text: &str) -> Definition {
        Definition {
            text: text.to_owned().into(),
            place: "here".to_owned(),
        }
    }

    #[test]
    fn maps_are_merged_and_the_rest_is_replaced() {
        let base = definition(r#"{"a": {"b": [1, 2], "c": 1.5}, "d": true}"#);
        let extras = definition(
            r#"{"version": 1.0, "merge": {"a": {"b": [3], "new": null}, "d": {"e": "f"}}}"#,
        );
        let merged = merge(base, &extras).unwrap();
        assert_eq!(
            std::str::from_utf8(&merged.text).unwrap(),
            r#"{"a":{"b":[3],"c":1.5,"new":null},"d":{"e":"f"}}"#
        );
    }

    #[test]
    fn extras_without_a_merge_change_nothing() {
        let base = definition(r#"{"a": 1}"#);
        assert_eq!(merge(base, &definition("{}")).unwrap().text, r#"{"a": 1}"#);
    }

    #[test]
    fn broken_extras_are_named() {
        for extras in ["[]", r#"{"merge": 3}"#, "{"] {
            let error = merge(definition("{}"), &definition(extras)).unwrap_err();
            assert!(error.to_string().starts_with("here: "), "{error}");
        }
    }
}
