//! Parameters that are only written differently get the model's spelling.

use inia_core::{Map, Str, Value};

use super::MAX_DEPTH;
use crate::names::is_snake_case_of;
use crate::{Kind, Member, ServiceModel, Structure};

/// Gives parameters the model's names, and special floats their values. Where a name is there in both spellings, it stays as
/// it is, for the walk to report.
#[cold]
pub(super) fn respell(model: &ServiceModel, member: &Member, value: &mut Value, depth: usize) {
    if depth > MAX_DEPTH {
        return;
    }
    match (&model.shape(member.target).kind, value) {
        (Kind::Structure(_), _) if member.traits.is_document() => {}
        (Kind::Structure(structure), Value::Map(map)) => {
            respell_structure(model, structure, map, depth);
        }
        (Kind::Structure(structure), Value::List(events)) => {
            for event in events.iter_mut() {
                if let Value::Map(map) = event {
                    respell_structure(model, structure, map, depth);
                }
            }
        }
        (Kind::List(element), Value::List(list)) => {
            for item in list.iter_mut() {
                respell(model, element, item, depth + 1);
            }
        }
        (Kind::Map { value: element, .. }, Value::Map(map)) => {
            for (_, item) in map.iter_mut() {
                respell(model, element, item, depth + 1);
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

fn respell_structure(model: &ServiceModel, structure: &Structure, map: &mut Map, depth: usize) {
    let is_foreign = |name: &Str| structure.member_position(name).is_none();
    if map.keys().any(is_foreign) {
        let mut respelt = Map::with_capacity(map.len());
        let given = std::mem::take(map);
        let names: Vec<Str> = given.keys().cloned().collect();
        for (name, value) in given {
            let own = is_foreign(&name)
                .then(|| spelt_in_snake_case(structure, &name))
                .flatten()
                .map(|member| &member.name)
                .filter(|own| !names.contains(own) && !respelt.contains_key(own))
                .cloned();
            respelt.insert(own.unwrap_or(name), value);
        }
        *map = respelt;
    }
    for (name, value) in map.iter_mut() {
        if let Some(member) = structure.member(name) {
            respell(model, member, value, depth + 1);
        }
    }
}

/// The floats that JSON has no number for.
pub(super) fn special_float(text: &str) -> Option<f64> {
    match text {
        "NaN" => Some(f64::NAN),
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        _ => None,
    }
}

pub(super) fn spelt_in_snake_case<'s>(structure: &'s Structure, name: &str) -> Option<&'s Member> {
    structure
        .members
        .iter()
        .find(|member| is_snake_case_of(name, &member.name))
}
