//! Converts parameters in alternative spellings to the spelling of the model.

use inia_core::{Map, Str, Value};

use super::MAX_DEPTH;
use crate::names::is_snake_case_of;
use crate::{Kind, Member, ServiceModel, Structure};

/// Renames parameters to the names in the model, and parses special floats. A name that occurs in both spellings is
/// left unchanged, and reported by the validator.
#[cold]
pub(super) fn normalize(model: &ServiceModel, member: &Member, value: &mut Value, depth: usize) {
    if depth > MAX_DEPTH {
        return;
    }
    match (&model.shape(member.target).kind, value) {
        (Kind::Structure(_), _) if member.traits.is_document() => {}
        (Kind::Structure(structure), Value::Map(map)) => {
            normalize_structure(model, structure, map, depth);
        }
        (Kind::Structure(structure), Value::List(events)) => {
            for event in events.iter_mut() {
                if let Value::Map(map) = event {
                    normalize_structure(model, structure, map, depth);
                }
            }
        }
        (Kind::List(element), Value::List(list)) => {
            for item in list.iter_mut() {
                normalize(model, element, item, depth + 1);
            }
        }
        (Kind::Map { value: element, .. }, Value::Map(map)) => {
            for (_, item) in map.iter_mut() {
                normalize(model, element, item, depth + 1);
            }
        }
        (Kind::Float | Kind::Double, value) => {
            if let Some(float) = value.as_str().and_then(special_float) {
                *value = Value::Float(float);
            }
        }
        _ => {}
    }
}

fn normalize_structure(model: &ServiceModel, structure: &Structure, map: &mut Map, depth: usize) {
    let is_unknown = |name: &Str| structure.member_position(name).is_none();
    if map.keys().any(is_unknown) {
        let mut normalized = Map::with_capacity(map.len());
        let original = std::mem::take(map);
        let names: Vec<Str> = original.keys().cloned().collect();
        for (name, value) in original {
            let model_name = is_unknown(&name)
                .then(|| member_in_snake_case(structure, &name))
                .flatten()
                .map(|member| &member.name)
                .filter(|model_name| {
                    !names.contains(model_name) && !normalized.contains_key(model_name)
                })
                .cloned();
            normalized.insert(model_name.unwrap_or(name), value);
        }
        *map = normalized;
    }
    for (name, value) in map.iter_mut() {
        if let Some(member) = structure.member(name) {
            normalize(model, member, value, depth + 1);
        }
    }
}

/// Parses the floats that JSON cannot represent as numbers.
pub(super) fn special_float(text: &str) -> Option<f64> {
    match text {
        "NaN" => Some(f64::NAN),
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        _ => None,
    }
}

pub(super) fn member_in_snake_case<'s>(structure: &'s Structure, name: &str) -> Option<&'s Member> {
    structure
        .members
        .iter()
        .find(|member| is_snake_case_of(name, &member.name))
}
