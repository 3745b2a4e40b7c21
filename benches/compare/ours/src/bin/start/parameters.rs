//! Minimal parameters of an operation.

use inia::{model::Kind, model::Member, model::Operation, model::ServiceModel, model::Structure};
use serde_json::{Map, Value, json};

/// Maximum depth of required members.
const MAX_DEPTH: usize = 32;

/// Members that are parsed by endpoint rules or customizations: service, member and a valid value.
const VALID_VALUES: [(&str, &str, &str); 7] = [
    (
        "cloudfront-keyvaluestore",
        "KvsARN",
        "arn:aws:cloudfront::123456789012:key-value-store/5ee4a21b",
    ),
    (
        "kinesis",
        "ChannelARN",
        "arn:aws:kinesis:us-east-1:123456789012:channel/c",
    ),
    (
        "kinesis",
        "QueueARN",
        "arn:aws:kinesis:us-east-1:123456789012:queue/q",
    ),
    (
        "kinesis",
        "ConsumerARN",
        "arn:aws:kinesis:us-east-1:123456789012:stream/s/consumer/c:1",
    ),
    (
        "kinesis",
        "ResourceARN",
        "arn:aws:kinesis:us-east-1:123456789012:stream/s",
    ),
    (
        "kinesis",
        "StreamARN",
        "arn:aws:kinesis:us-east-1:123456789012:stream/s",
    ),
    (
        "machinelearning",
        "PredictEndpoint",
        "https://realtime.machinelearning.us-east-1.amazonaws.com",
    ),
];

/// Returns the required members of an operation's input, each with the first valid value of its shape.
pub(crate) fn minimal(model: &ServiceModel, operation: &Operation) -> Value {
    match &operation.input {
        Some(input) => value(model, input, 0),
        None => json!({}),
    }
}

fn structure(model: &ServiceModel, structure: &Structure, is_union: bool, depth: usize) -> Value {
    let required = structure
        .required
        .iter()
        .filter_map(|&position| structure.members.get(position as usize));
    let first = structure.members.iter().take(usize::from(is_union));
    let members = first
        .chain(required)
        // Filled in by the client.
        .filter(|member| !member.traits.is_idempotency_token());
    let entries = members.map(|member| (member.name.to_string(), value(model, member, depth)));
    Value::Object(entries.collect::<Map<_, _>>())
}

fn value(model: &ServiceModel, member: &Member, depth: usize) -> Value {
    let shape = model.shape(member.target);
    let minimal = shape.constraints.min.unwrap_or(0.0).max(0.0);
    let length = minimal as usize;
    if depth >= MAX_DEPTH {
        return Value::Null;
    }
    match &shape.kind {
        Kind::Structure(members) => structure(model, members, member.traits.is_union(), depth + 1),
        Kind::List(item) => (0..length).map(|_| value(model, item, depth + 1)).collect(),
        Kind::Map { key, value: item } => {
            let names = model.shape(key.target).constraints.enumeration();
            let name = |number: usize| match names.get(number) {
                Some(name) => name.to_string(),
                None => text(model, key, number),
            };
            let entries = (0..length).map(|number| (name(number), value(model, item, depth + 1)));
            Value::Object(entries.collect::<Map<_, _>>())
        }
        Kind::String => match shape.constraints.enumeration().first() {
            Some(first) => first.as_str().into(),
            None => text(model, member, 0).into(),
        },
        Kind::Blob => "x".repeat(length).into(),
        Kind::Boolean => false.into(),
        Kind::Integer | Kind::Long => (minimal.ceil() as i64).into(),
        Kind::Float | Kind::Double => minimal.into(),
        Kind::Timestamp => 0.into(),
    }
}

/// Returns a string of sufficient length that is valid in a path, a host and an endpoint rule: letters and a number.
fn text(model: &ServiceModel, member: &Member, number: usize) -> String {
    let meaningful = VALID_VALUES
        .iter()
        .find(|(service, name, _)| *model.name() == **service && member.name == **name);
    if let Some((_, _, text)) = meaningful {
        return (*text).to_owned();
    }
    let minimal = model.shape(member.target).constraints.min.unwrap_or(0.0);
    let width = (minimal.max(0.0) as usize).max(3);
    format!("{number:x>width$}")
}
