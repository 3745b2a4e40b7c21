//! The smallest valid output of an operation.

use inia_core::{Blob, List, Map, Timestamp, Value};
use inia_model::{Kind, Member, Operation, ServiceModel, Structure};

/// Maximum nesting depth; a structure that requires itself ends there.
const MAX_DEPTH: usize = 12;

/// Maximum length of a string or list, which is what a definition asks for at most.
const MAX_LENGTH: usize = 1024;

/// Returns the smallest valid output: the required members, each with the shortest value that its constraints allow. An event stream has
/// no events.
pub(super) fn output(model: &ServiceModel, operation: &Operation) -> Value {
    match model.output(operation) {
        Some(structure) => structure_sample(model, structure, false, 0),
        None => Value::map(),
    }
}

fn structure_sample(
    model: &ServiceModel,
    structure: &Structure,
    is_union: bool,
    depth: usize,
) -> Value {
    let mut map = Map::new();
    if depth > MAX_DEPTH {
        return Value::Map(map);
    }
    let required = structure.required.iter();
    let required = required.filter_map(|position| structure.members.get(*position as usize));
    let chosen = structure.members.first().filter(|_| is_union);
    for member in required.chain(chosen) {
        if !member.traits.is_event_stream() {
            map.insert(member.name.clone(), sample(model, member, depth + 1));
        }
    }
    Value::Map(map)
}

fn sample(model: &ServiceModel, member: &Member, depth: usize) -> Value {
    let shape = model.shape(member.target);
    let min = shape.constraints.min.unwrap_or(0.0);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the cast saturates, and the length is limited"
    )]
    let length = (min.max(0.0).ceil() as usize).min(MAX_LENGTH);
    match &shape.kind {
        _ if member.traits.is_document() || member.traits.is_json_value() => Value::map(),
        Kind::Structure(structure) => {
            structure_sample(model, structure, member.traits.is_union(), depth)
        }
        Kind::List(item) if depth <= MAX_DEPTH => {
            let items = (0..length).map(|_| sample(model, item, depth + 1));
            Value::List(items.collect::<List>())
        }
        Kind::Map { value, .. } if depth <= MAX_DEPTH => {
            let entries = (0..length).map(|number| {
                let key = format!("key{number}");
                (key, sample(model, value, depth + 1))
            });
            Value::Map(entries.collect::<Map>())
        }
        Kind::List(_) => Value::List(List::new()),
        Kind::Map { .. } => Value::map(),
        Kind::String => match shape.constraints.enumeration().first() {
            Some(value) => Value::from(value),
            None => Value::from("x".repeat(length.max(1))),
        },
        Kind::Blob => Value::Blob(Blob::from(vec![b'x'; length])),
        Kind::Boolean => Value::Bool(false),
        #[expect(clippy::cast_possible_truncation, reason = "the cast saturates")]
        Kind::Integer | Kind::Long => Value::Int(min.max(0.0).ceil() as i64),
        Kind::Float | Kind::Double => Value::Float(min.max(0.0)),
        Kind::Timestamp => Value::Timestamp(Timestamp::new(1_767_225_600, 0)),
    }
}
