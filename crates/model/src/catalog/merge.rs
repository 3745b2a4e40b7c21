//! Extras: parts that are merged over a definition.

use inia_core::{Error, ErrorKind, Map, Result, Value};

use crate::definition_file::Definition;

/// Merges the `merge` object of the extras over a definition.
///
/// # Source
/// botocore `loaders.py:ExtrasProcessor`.
pub(super) fn merge(base: &Definition, extras: &Definition) -> Result<Definition> {
    merge_value(base.value()?, &base.origin, extras)
}

/// Merges the `merge` object of the extras over a parsed definition.
pub(super) fn merge_value(
    mut merged: Value,
    origin: &str,
    extras: &Definition,
) -> Result<Definition> {
    let Value::Map(mut extra) = extras.value()? else {
        return Err(not_an_object(extras));
    };
    match (&mut merged, extra.remove("merge")) {
        (Value::Map(merged), Some(Value::Map(extra))) => deep_merge(merged, extra),
        (_, None) => {}
        _ => return Err(not_an_object(extras)),
    }
    let origin = format!("{origin} with {}", extras.origin);
    Ok(Definition::from_json(origin, merged.to_json_string()))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn definition(text: &str) -> Definition {
        Definition::from_json("here", text.to_owned())
    }

    #[test]
    fn merges_maps_and_replaces_other_values() {
        let base = definition(r#"{"a": {"b": [1, 2], "c": 1.5}, "d": true}"#);
        let extras = definition(
            r#"{"version": 1.0, "merge": {"a": {"b": [3], "new": null}, "d": {"e": 18446744073709551615}}}"#,
        );
        let merged = merge(&base, &extras).unwrap();
        assert_eq!(
            merged.json().unwrap(),
            r#"{"a":{"b":[3],"c":1.5,"new":null},"d":{"e":18446744073709551615}}"#
        );
    }

    #[test]
    fn extras_without_merge_have_no_effect() {
        let base = definition(r#"{"a": 1}"#);
        assert_eq!(
            merge(&base, &definition("{}")).unwrap().json().unwrap(),
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
