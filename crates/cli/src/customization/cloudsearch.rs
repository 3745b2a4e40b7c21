//! Arguments of `cloudsearch define-index-field`.
//!
//! # Source
//! The AWS CLI, `customizations/cloudsearch.py`.

use inia::{Map, Value};

/// Types of index fields: name, member of their options, and whether their default value is a number.
const TYPES: &[(&str, &str, DefaultValue)] = &[
    ("date", "DateOptions", DefaultValue::Text),
    ("date-array", "DateArrayOptions", DefaultValue::Text),
    ("double", "DoubleOptions", DefaultValue::Float),
    ("double-array", "DoubleArrayOptions", DefaultValue::Float),
    ("int", "IntOptions", DefaultValue::Integer),
    ("int-array", "IntArrayOptions", DefaultValue::Integer),
    ("latlon", "LatLonOptions", DefaultValue::Text),
    ("literal", "LiteralOptions", DefaultValue::Text),
    ("literal-array", "LiteralArrayOptions", DefaultValue::Text),
    ("text", "TextOptions", DefaultValue::Text),
    ("text-array", "TextArrayOptions", DefaultValue::Text),
];

#[derive(Clone, Copy)]
enum DefaultValue {
    Text,
    Integer,
    Float,
}

/// Sets a member of the options of the field's type.
pub(super) fn option(params: &mut Map, member: &str, text: &str) -> Result<(), String> {
    let field = params.get("IndexField");
    let kind = field.and_then(|field| field["IndexFieldType"].as_str());
    let Some(kind) = kind else {
        return Err("You must pass the --type option.".to_owned());
    };
    let Some((_, options, default)) = TYPES.iter().find(|(name, ..)| *name == kind) else {
        return Err(format!("{kind:?} is not the type of an index field"));
    };
    let value = if member.ends_with("Enabled") {
        Value::Bool(!text.eq_ignore_ascii_case("false"))
    } else if member == "DefaultValue" {
        let wrong = || format!("{text:?} is not a default value of the type {kind}");
        match default {
            DefaultValue::Text => Value::from(text),
            DefaultValue::Integer => Value::Int(text.trim().parse().map_err(|_| wrong())?),
            DefaultValue::Float => Value::Float(text.trim().parse().map_err(|_| wrong())?),
        }
    } else {
        Value::from(text)
    };
    let mut inner = Map::new();
    inner.insert(member, value);
    if let Some(Value::Map(field)) = params.get_mut("IndexField") {
        match field.get_mut(options).and_then(Value::as_map_mut) {
            Some(existing) => existing.extend(inner),
            None => {
                field.insert(*options, Value::Map(inner));
            }
        }
    }
    Ok(())
}
