//! Generates invalid parameters, which both sides must reject with the same paths.

use inia_core::{List, Map, Value};
use inia_model::{Kind, Member, Operation, ServiceModel, Structure};

use super::random::Random;

/// Makes one to three members of valid parameters invalid.
pub fn invalidate(
    model: &ServiceModel,
    operation: &Operation,
    params: &mut Value,
    random: &mut Random,
) {
    let (Some(input), Some(structure)) = (&operation.input, model.input(operation)) else {
        return;
    };
    for _ in 0..1 + random.below(3) {
        if let Value::Map(map) = params {
            self::structure(model, structure, input.traits.is_union(), map, random);
        }
    }
}

fn structure(
    model: &ServiceModel,
    structure: &Structure,
    is_union: bool,
    map: &mut Map,
    random: &mut Random,
) {
    match random.below(6) {
        0 => {
            map.insert("Nonexistent", 1);
        }
        1 if is_union && structure.members.len() > 1 && random.chance(50) => {
            let names: Vec<_> = structure
                .members
                .iter()
                .take(2)
                .map(|member| member.name.clone())
                .collect();
            let value = map.values().next().cloned().unwrap_or_default();
            for name in names {
                map.insert(name, value.clone());
            }
        }
        1 if is_union => *map = Map::new(),
        1 if !structure.required.is_empty() => {
            let position = *random.pick(&structure.required);
            map.remove(&structure.members[position as usize].name);
        }
        _ if map.is_empty() => {
            map.insert("Nonexistent", Value::map());
        }
        _ => {
            let position = random.below(map.len());
            let name = map.keys().nth(position).cloned().unwrap_or_default();
            if let (Some(member), Some(value)) = (structure.member(&name), map.get_mut(&name)) {
                self::value(model, member, value, random);
            }
        }
    }
}

fn value(model: &ServiceModel, member: &Member, value: &mut Value, random: &mut Random) {
    let shape = model.shape(member.target);
    let deeper = random.chance(60);
    match (&shape.kind, &mut *value) {
        // Documents accept any value.
        (Kind::Structure(_), _) if member.traits.is_document() => {}
        (Kind::String, _) if member.traits.is_json_value() && member.traits.location.is_some() => {}
        (Kind::Structure(inner), Value::Map(map)) if deeper => {
            structure(model, inner, member.traits.is_union(), map, random);
        }
        (Kind::List(item), Value::List(list)) if deeper && !list.is_empty() => {
            let index = random.below(list.len());
            self::value(model, item, &mut list[index], random);
        }
        (Kind::Map { value: item, .. }, Value::Map(map)) if deeper && !map.is_empty() => {
            let position = random.below(map.len());
            if let Some(value) = map.get_index_mut(position) {
                self::value(model, item, value, random);
            }
        }
        (kind, _) => *value = wrong(kind, shape.constraints.min, random),
    }
}

/// Returns a value of another kind, or one below the minimum.
fn wrong(kind: &Kind, min: Option<f64>, random: &mut Random) -> Value {
    if let Some(min) = min.filter(|min| *min >= 1.0)
        && random.chance(50)
    {
        match kind {
            Kind::String => return "é".repeat(min as usize - 1).into(),
            Kind::List(_) => return List::new().into(),
            Kind::Map { .. } => return Map::new().into(),
            Kind::Integer | Kind::Long => return Value::Int(min as i64 - 1),
            Kind::Float | Kind::Double => return Value::Float(min - 0.5),
            _ => {}
        }
    }
    let text = Value::from("wrong");
    let list = Value::from(vec![Value::Int(1)]);
    let map: Value = [("Wrong", 1)].into_iter().collect::<Map>().into();
    let options = match kind {
        Kind::Structure(_) | Kind::Map { .. } => vec![text, list, Value::Int(5)],
        Kind::List(_) => vec![text, map, Value::Bool(true)],
        Kind::String => vec![
            Value::Int(5),
            list,
            map,
            Value::Bool(true),
            Value::Float(0.5),
        ],
        Kind::Blob => vec![Value::Int(5), list, map],
        Kind::Boolean => vec![text, Value::Int(1), Value::from("true")],
        Kind::Integer | Kind::Long => vec![text, Value::from("5"), Value::Float(1.5)],
        Kind::Float | Kind::Double => vec![text, list, Value::from("1.5")],
        Kind::Timestamp => vec![text, list, map, Value::from("")],
    };
    random.pick(&options).clone()
}
