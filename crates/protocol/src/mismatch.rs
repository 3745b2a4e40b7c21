//! Members of responses that do not match their shapes.
//!
//! A response is never lost for one member. A decoder keeps such a member as it was sent, as text or as the untyped
//! value, and records that there is one. When the whole body was read, [`settle`] removes those that are empty and logs
//! the others, with their paths. So a response that matches its shape costs nothing more.
//!
//! DIFFERENCE: botocore fails on most of them.

use std::fmt::Write as _;

use inia_core::{Map, Value};
use inia_model::{Kind, ServiceModel, ShapeId};

use crate::params::with_article;
use crate::shape::{UNKNOWN_MEMBER, ValueType};

/// The maximum number of log events per response.
pub(crate) const MAX_LOGGED: usize = 10;

/// The maximum length of a path in the log, in characters.
const MAX_PATH: usize = 200;

/// Returns whether a value has a type. The contents of structures, lists and maps are not checked.
pub(crate) fn is_match(target: ValueType, value: &Value) -> bool {
    matches!(
        (target, value),
        (_, Value::Null)
            | (ValueType::Document, _)
            | (ValueType::String, Value::String(_))
            | (ValueType::Blob, Value::Blob(_))
            | (ValueType::Boolean, Value::Bool(_))
            | (ValueType::Integer, Value::Int(_) | Value::BigInt(_))
            | (ValueType::Float | ValueType::Double, Value::Float(_))
            | (ValueType::Timestamp(_), Value::Timestamp(_))
            | (ValueType::Structure(_) | ValueType::Map(_), Value::Map(_))
            | (ValueType::List(_), Value::List(_))
    )
}

/// Removes the members of a decoded value that do not match their shapes and are empty, and logs the others. With
/// `body_only`, members of the root structure with a location are left as they are.
#[cold]
pub(crate) fn settle(
    model: &ServiceModel,
    name: &str,
    target: ValueType,
    value: &mut Value,
    body_only: bool,
) {
    let mut settler = Settler::new(model, name);
    match (target, &mut *value) {
        (ValueType::Structure(id), Value::Map(map)) => settler.members(id, map, body_only),
        _ => settler.value(target, value),
    }
    settler.finish();
}

/// As [`settle`], for the members of a structure.
#[cold]
pub(crate) fn settle_members(
    model: &ServiceModel,
    shape: ShapeId,
    members: &mut Map,
    body_only: bool,
) {
    let mut settler = Settler::new(model, &model.shape(shape).name);
    settler.members(shape, members, body_only);
    settler.finish();
}

/// Logs a scalar outside of a body that does not match its shape.
#[cold]
pub(crate) fn log_scalar(structure: &str, member: &str, target: ValueType, value: &Value) {
    log(
        &format!("{structure}.{member}"),
        &mismatch(target, value, Value::is_null(value)),
    );
}

/// Logs the problem of a member.
#[cold]
pub(crate) fn log(path: &str, problem: &str) {
    let path: String = path.chars().take(MAX_PATH).collect();
    tracing::warn!("{path}: {problem}");
}

fn mismatch(target: ValueType, value: &Value, is_empty: bool) -> String {
    let expected = target.expectation();
    if is_empty {
        return format!("expected {expected}, got nothing; left out");
    }
    format!(
        "expected {expected}, got {}; kept as sent",
        with_article(value)
    )
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim_ascii().is_empty(),
        Value::List(list) => list.is_empty(),
        Value::Map(map) => map.is_empty(),
        _ => false,
    }
}

/// The traversal of a decoded value.
struct Settler<'m> {
    model: &'m ServiceModel,
    /// The path of the current value.
    path: String,
    /// The number of members that do not match.
    count: usize,
}

impl<'m> Settler<'m> {
    fn new(model: &'m ServiceModel, name: &str) -> Self {
        Settler {
            model,
            path: name.to_owned(),
            count: 0,
        }
    }

    fn log(&mut self, problem: &str) {
        self.count += 1;
        if self.count <= MAX_LOGGED {
            log(&self.path, problem);
        }
    }

    fn finish(self) {
        if self.count > MAX_LOGGED {
            tracing::warn!(
                "{} more members of the response do not match their shapes",
                self.count - MAX_LOGGED
            );
        }
    }

    /// Settles a value, which is null afterwards if it is to be left out.
    fn value(&mut self, target: ValueType, value: &mut Value) {
        if !is_match(target, value) {
            let is_empty = is_empty(value);
            self.log(&mismatch(target, value, is_empty));
            if is_empty {
                *value = Value::Null;
            }
            return;
        }
        match (target, &mut *value) {
            (ValueType::Structure(id), Value::Map(map)) => {
                self.members(id, map, false);
                if map.is_empty() && self.model.shape(id).traits.is_union() {
                    *value = Value::Null;
                }
            }
            (ValueType::List(id), Value::List(list)) => {
                let Kind::List(item) = &self.model.shape(id).kind else {
                    return;
                };
                let item = ValueType::of(self.model, item);
                for (index, value) in list.iter_mut().enumerate() {
                    // An item cannot be left out, so only blank text becomes null.
                    if matches!(value, Value::List(_) | Value::Map(_)) && is_empty(value) {
                        continue;
                    }
                    let length = self.path.len();
                    let _ = write!(self.path, "[{index}]");
                    self.value(item, value);
                    self.path.truncate(length);
                }
            }
            (ValueType::Map(id), Value::Map(map)) => {
                let Kind::Map { value: item, .. } = &self.model.shape(id).kind else {
                    return;
                };
                let item = ValueType::of(self.model, item);
                map.retain(|key, value| {
                    let was_null = value.is_null();
                    let length = self.path.len();
                    let _ = write!(self.path, "[{key:?}]");
                    self.value(item, value);
                    self.path.truncate(length);
                    was_null || !value.is_null()
                });
            }
            _ => {}
        }
    }

    fn members(&mut self, id: ShapeId, map: &mut Map, body_only: bool) {
        let shape = self.model.shape(id);
        let Kind::Structure(structure) = &shape.kind else {
            return;
        };
        map.retain(|name, value| {
            let Some(member) = structure.member(name) else {
                return true;
            };
            if body_only && member.traits.location.is_some() {
                return true;
            }
            let length = self.path.len();
            self.path.push('.');
            self.path.push_str(name);
            self.value(ValueType::of(self.model, member), value);
            self.path.truncate(length);
            !value.is_null()
        });
        if shape.traits.is_union() && map.len() != 1 {
            let count = map.len();
            // A modeled member is worth more than the name of an unknown one.
            map.remove(UNKNOWN_MEMBER);
            self.log(&format!("expected one member of a union, got {count}"));
        }
    }
}
