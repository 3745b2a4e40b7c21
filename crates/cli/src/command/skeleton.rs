//! `--generate-cli-skeleton`: an operation's parameters with empty values, to fill in for `--cli-input-json`.

use inia::{Kind, List, Map, Member, Operation, ServiceModel, ShapeId, Value};

/// Returns the parameters of an operation, each with an empty value of its type. Recursive shapes are cut off.
pub(crate) fn of(model: &ServiceModel, operation: &Operation) -> Value {
    operation
        .input
        .as_ref()
        .map_or_else(Value::map, |input| value(model, input, &mut Vec::new()))
}

fn value(model: &ServiceModel, member: &Member, parents: &mut Vec<ShapeId>) -> Value {
    let shape = model.shape(member.target);
    if parents.contains(&member.target) {
        return if matches!(shape.kind, Kind::List(_)) {
            Value::List(List::new())
        } else {
            Value::map()
        };
    }
    parents.push(member.target);
    let value = match &shape.kind {
        Kind::Structure(structure) => {
            let members = structure.members.iter();
            Value::Map(
                members
                    .map(|member| (member.name.clone(), value(model, member, parents)))
                    .collect(),
            )
        }
        Kind::List(element) => Value::List(List::from_iter([value(model, element, parents)])),
        Kind::Map { value: element, .. } => {
            let mut map = Map::new();
            map.insert("KeyName", value(model, element, parents));
            Value::Map(map)
        }
        Kind::String => match shape.constraints.enumeration().first() {
            Some(first) => Value::String(first.clone()),
            None => Value::from(""),
        },
        Kind::Blob => Value::from(""),
        Kind::Boolean => Value::Bool(true),
        Kind::Integer | Kind::Long => Value::Int(0),
        Kind::Float | Kind::Double => Value::Float(0.0),
        Kind::Timestamp => Value::from("1970-01-01T00:00:00"),
    };
    parents.pop();
    value
}
