//! [`Form`]: parameters as `name=value` pairs, the body of the query and EC2 formats.
//!
//! ```text
//! {"Tags": [{"Key": "a"}]}   query  Tags.member.1.Key=a
//!                            ec2    Tag.1.Key=a          (queryName, or the location name capitalised)
//! ```
//! The name of the place that is being written stands in one buffer, encoded, and grows and shrinks on the way; names of
//! members are encoded ahead.
//!
//! # Source
//! botocore `serialize.py:QuerySerializer` and `EC2Serializer`.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use inia_core::{
    Error, ErrorKind, List, Map, Result, Str, TimestampFormat, TimestampPrecision, Value,
};
use inia_model::{Kind, Member, ServiceModel, ShapeId, ShapeTable};

use crate::scalar::{blob_bytes, mismatch, push_float, text_param, timestamp_param};
use crate::uri::push_encoded;

/// How deep parameters may lie in each other.
const MAX_DEPTH: u32 = 256;

/// Which of the two formats is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    Query,
    Ec2,
}

/// How the shapes of a service are written as pairs, worked out shape by shape on first use.
#[derive(Debug)]
pub(crate) struct Form {
    model: Arc<ServiceModel>,
    dialect: Dialect,
    names: ShapeTable<Names>,
}

/// The names within the value of one shape, encoded.
#[derive(Debug)]
enum Names {
    /// The members of a structure, at their positions.
    Structure(Box<[MemberName]>),
    /// `.member` between a list's name and the position of an item, or nothing.
    List(Box<str>),
    /// The suffixes of the keys and values of a map: `.key` and `.value`.
    Map {
        key: Box<str>,
        value: Box<str>,
    },
    Scalar,
}

#[derive(Debug)]
struct MemberName {
    name: Box<str>,
    /// The name that replaces it for the items of a flattened list.
    item_name: Option<Box<str>>,
}

fn encoded(parts: &[&str]) -> Box<str> {
    let mut text = String::new();
    for part in parts {
        push_encoded(&mut text, part);
    }
    text.into()
}

impl Form {
    /// Pairs of a service, no names worked out yet.
    pub(crate) fn new(model: Arc<ServiceModel>, dialect: Dialect) -> Self {
        let names = ShapeTable::new(model.shape_count());
        Form {
            model,
            dialect,
            names,
        }
    }

    /// Appends the parameters of a call, each pair behind `&`.
    ///
    /// # Errors
    /// `Validation`: a value cannot be written as its shape.
    pub(crate) fn write(&self, input: ShapeId, params: &Value, out: &mut String) -> Result<()> {
        let mut writer = Writer {
            form: self,
            out,
            name: String::new(),
            place: Str::new(),
        };
        writer.structure(input, params, 1)
    }

    fn names(&self, shape: ShapeId) -> Option<&Names> {
        self.names.get_or_init(shape, || self.make(shape))
    }

    fn make(&self, shape: ShapeId) -> Names {
        match &self.model.shape(shape).kind {
            Kind::Structure(structure) => Names::Structure(
                structure
                    .members
                    .iter()
                    .map(|member| self.member_name(member))
                    .collect(),
            ),
            Kind::List(_) if self.dialect == Dialect::Ec2 => Names::List("".into()),
            Kind::List(item) => Names::List(encoded(&[".", item.wire_name()])),
            Kind::Map { key, value } => Names::Map {
                key: encoded(&[".", key.wire_name()]),
                value: encoded(&[".", value.wire_name()]),
            },
            _ => Names::Scalar,
        }
    }

    /// DIFFERENCE: in EC2's format a member without a location name is capitalised too, as the Smithy specification
    /// has it; botocore writes its name as it is. In AWS's definitions such names begin with a capital.
    fn member_name(&self, member: &Member) -> MemberName {
        match self.dialect {
            Dialect::Ec2 => MemberName {
                name: match &member.traits.query_name {
                    Some(name) => encoded(&[name]),
                    None => capitalised(member.wire_name()),
                },
                item_name: None,
            },
            Dialect::Query => MemberName {
                name: encoded(&[member.wire_name()]),
                item_name: self.item_name(member),
            },
        }
    }

    /// The name that the items of a flattened list go by, where it is not the member's.
    ///
    /// A list that is flattened wherever it is used names its items itself; one that is flattened by the member goes by
    /// the member's name. botocore takes the item's name in both cases; no definition has both and two names.
    fn item_name(&self, member: &Member) -> Option<Box<str>> {
        let shape = self.model.shape(member.target);
        match &shape.kind {
            Kind::List(item) if shape.traits.is_flattened() => item
                .traits
                .location_name
                .as_ref()
                .map(|name| encoded(&[name])),
            _ => None,
        }
    }
}

fn capitalised(name: &str) -> Box<str> {
    let mut characters = name.chars();
    match characters.next() {
        Some(first) => encoded(&[
            first.to_uppercase().collect::<String>().as_str(),
            characters.as_str(),
        ]),
        None => "".into(),
    }
}

struct Writer<'a> {
    form: &'a Form,
    out: &'a mut String,
    /// The encoded name of the place that is being written.
    name: String,
    /// The member that is being written, for errors.
    place: Str,
}

impl Writer<'_> {
    fn structure(&mut self, shape: ShapeId, value: &Value, depth: u32) -> Result<()> {
        let form = self.form;
        let params = match value {
            Value::Map(params) => params,
            Value::Null => return Ok(()),
            other => return Err(mismatch(&self.place, "a map", other)),
        };
        let (Kind::Structure(structure), Some(Names::Structure(names))) =
            (&form.model.shape(shape).kind, form.names(shape))
        else {
            return Err(mismatch(&self.place, "a single value", value));
        };
        let base = self.name.len();
        let mut likely = 0;
        for (key, value) in params {
            if value.is_null() {
                continue;
            }
            let position = structure.member_position_from(likely, key);
            let Some((member, name)) = position.and_then(|position| {
                Some((structure.members.get(position)?, names.get(position)?))
            }) else {
                return Err(self.unknown(key));
            };
            likely = position.map_or(0, |position| position + 1);
            self.place = key.clone();
            if base > 0 {
                self.name.push('.');
            }
            let start = self.name.len();
            self.name.push_str(&name.name);
            if let (Some(item_name), Value::List(list)) = (&name.item_name, value)
                && !list.is_empty()
            {
                self.name.truncate(start);
                self.name.push_str(item_name);
            }
            self.value(member, member.traits.is_flattened(), value, depth + 1)?;
            self.name.truncate(base);
        }
        Ok(())
    }

    fn value(&mut self, member: &Member, flattened: bool, value: &Value, depth: u32) -> Result<()> {
        if depth > MAX_DEPTH {
            return Err(Error::new(
                ErrorKind::Validation,
                format!("{}: parameters lie more than {MAX_DEPTH} deep", self.place),
            ));
        }
        let model = &self.form.model;
        match &model.shape(member.target).kind {
            Kind::Structure(_) => self.structure(member.target, value, depth),
            Kind::List(item) => match value {
                Value::List(list) => self.list(member, item, flattened, list, depth),
                other => Err(mismatch(&self.place, "a list", other)),
            },
            Kind::Map { value: item, .. } => match value {
                Value::Map(map) => self.map(member, item, flattened, map, depth),
                other => Err(mismatch(&self.place, "a map", other)),
            },
            kind => self.scalar(member, kind, value),
        }
    }

    fn list(
        &mut self,
        member: &Member,
        item: &Member,
        flattened: bool,
        list: &List,
        depth: u32,
    ) -> Result<()> {
        let base = self.name.len();
        if list.is_empty() {
            if self.form.dialect == Dialect::Query {
                self.pair();
            }
            return Ok(());
        }
        let form = self.form;
        if let Some(Names::List(infix)) = form.names(member.target)
            && !flattened
        {
            self.name.push_str(infix);
        }
        self.name.push('.');
        let items = self.name.len();
        let mut position = 0u64;
        for value in list.iter().filter(|value| !value.is_null()) {
            position += 1;
            self.push_position(position);
            self.value(item, item.traits.is_flattened(), value, depth + 1)?;
            self.name.truncate(items);
        }
        self.name.truncate(base);
        Ok(())
    }

    fn map(
        &mut self,
        member: &Member,
        item: &Member,
        flattened: bool,
        map: &Map,
        depth: u32,
    ) -> Result<()> {
        let form = self.form;
        let Some(Names::Map {
            key: key_suffix,
            value: value_suffix,
        }) = form.names(member.target)
        else {
            return Ok(());
        };
        let base = self.name.len();
        if !flattened {
            self.name.push_str(".entry");
        }
        self.name.push('.');
        let entries = self.name.len();
        let mut position = 0u64;
        for (key, value) in map.iter().filter(|(_, value)| !value.is_null()) {
            position += 1;
            self.push_position(position);
            let entry = self.name.len();
            self.name.push_str(key_suffix);
            self.pair();
            push_encoded(self.out, key);
            self.name.truncate(entry);
            self.name.push_str(value_suffix);
            self.value(item, item.traits.is_flattened(), value, depth + 1)?;
            self.name.truncate(entries);
        }
        self.name.truncate(base);
        Ok(())
    }

    fn scalar(&mut self, member: &Member, kind: &Kind, value: &Value) -> Result<()> {
        let format = member.traits.timestamp_format;
        let format = format.unwrap_or(TimestampFormat::Iso8601);
        match (kind, value) {
            (Kind::String, Value::String(text)) => {
                self.pair();
                push_encoded(self.out, text);
            }
            (Kind::Blob, value) => {
                let text = BASE64.encode(blob_bytes(&self.place, value)?);
                self.pair();
                push_encoded(self.out, &text);
            }
            (Kind::Integer | Kind::Long, Value::Int(number)) => {
                self.pair();
                self.out.push_str(itoa::Buffer::new().format(*number));
            }
            (Kind::Float | Kind::Double, Value::Float(number)) => {
                self.pair();
                let start = self.out.len();
                push_float(self.out, *number);
                // The sign of an exponent is all that must be encoded.
                if let Some(sign) = self.out.get(start..).and_then(|text| text.find('+')) {
                    self.out.replace_range(start + sign..=start + sign, "%2B");
                }
            }
            (Kind::Timestamp, value) => {
                let moment = timestamp_param(&self.place, value)?;
                let text = moment.text(format, TimestampPrecision::Default);
                self.pair();
                push_encoded(self.out, text.as_str());
            }
            (kind, value) => {
                let text = text_param(&self.place, kind, format, value)?;
                self.pair();
                push_encoded(self.out, &text);
            }
        }
        Ok(())
    }

    /// Begins a pair: `&name=`.
    fn pair(&mut self) {
        self.out.push('&');
        self.out.push_str(&self.name);
        self.out.push('=');
    }

    fn push_position(&mut self, position: u64) {
        self.name.push_str(itoa::Buffer::new().format(position));
    }

    #[cold]
    fn unknown(&self, name: &str) -> Error {
        let place = if self.place.is_empty() {
            String::new()
        } else {
            format!("{}: ", self.place)
        };
        Error::new(
            ErrorKind::Validation,
            format!("{place}there is no parameter {name:?}"),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use inia_core::json;

    const SHAPES: &str = r#"{
        "Input": {"type": "structure", "members": {
            "Text": {"shape": "S"}, "lower": {"shape": "S"}, "Named": {"shape": "S", "locationName": "wire"},
            "Asked": {"shape": "S", "locationName": "asked", "queryName": "Q.n"},
            "Blob": {"shape": "B"}, "Flag": {"shape": "F"}, "Number": {"shape": "I"}, "Double": {"shape": "D"},
            "Time": {"shape": "T"}, "Epoch": {"shape": "E"},
            "List": {"shape": "L"}, "Flat": {"shape": "L", "flattened": true}, "OwnFlat": {"shape": "OwnFlat"},
            "Renamed": {"shape": "Renamed"}, "Nested": {"shape": "Nested"}, "Deep": {"shape": "Deep"},
            "Map": {"shape": "M"}, "FlatMap": {"shape": "M", "flattened": true}, "NamedMap": {"shape": "NamedMap"}}},
        "S": {"type": "string"}, "B": {"type": "blob"}, "F": {"type": "boolean"}, "I": {"type": "integer"},
        "D": {"type": "double"}, "T": {"type": "timestamp"},
        "E": {"type": "timestamp", "timestampFormat": "unixTimestamp"},
        "L": {"type": "list", "member": {"shape": "S"}},
        "OwnFlat": {"type": "list", "member": {"shape": "S", "locationName": "Item"}, "flattened": true},
        "Renamed": {"type": "list", "member": {"shape": "S", "locationName": "item"}},
        "Nested": {"type": "structure", "members": {"A": {"shape": "S"}, "Flat": {"shape": "OwnFlat"}}},
        "Deep": {"type": "structure", "members": {"Deep": {"shape": "Deep"}}},
        "M": {"type": "map", "key": {"shape": "S"}, "value": {"shape": "I"}},
        "NamedMap": {"type": "map", "key": {"shape": "S", "locationName": "Name"}, "value": {"shape": "S", "locationName": "Value"}}
    }"#;

    fn write(dialect: Dialect, params: &Value) -> Result<String> {
        let definition = format!(
            r#"{{"metadata": {{"protocol": "query", "serviceId": "T", "apiVersion": "1", "endpointPrefix": "t",
                 "signatureVersion": "v4"}}, "operations": {{}}, "shapes": {SHAPES}}}"#
        );
        let model = Arc::new(ServiceModel::from_json("t", definition.as_bytes()).unwrap());
        let input = model.shape_id("Input").unwrap();
        let mut out = String::new();
        Form::new(model, dialect).write(input, params, &mut out)?;
        Ok(out)
    }

    #[test]
    fn query_names_follow_the_definition() {
        for (params, expected) in [
            (json!({}), ""),
            (
                json!({"Text": "a b+c&d/é~"}),
                "&Text=a%20b%2Bc%26d%2F%C3%A9~",
            ),
            (json!({"Text": null, "lower": "x"}), "&lower=x"),
            (json!({"Named": "x", "Asked": "y"}), "&wire=x&asked=y"),
            (json!({"Blob": "hi?"}), "&Blob=aGk%2F"),
            (
                json!({"Flag": true, "Number": -5, "Double": 1e16}),
                "&Flag=true&Number=-5&Double=1e%2B16",
            ),
            (json!({"Double": f64::NAN}), "&Double=NaN"),
            (
                json!({"Time": 0, "Epoch": 7}),
                "&Time=1970-01-01T00%3A00%3A00Z&Epoch=7",
            ),
            (
                json!({"List": ["a", "b"]}),
                "&List.member.1=a&List.member.2=b",
            ),
            (json!({"List": []}), "&List="),
            (json!({"Flat": ["a", "b"]}), "&Flat.1=a&Flat.2=b"),
            (json!({"OwnFlat": ["a"]}), "&Item.1=a"),
            (json!({"OwnFlat": []}), "&OwnFlat="),
            (
                json!({"Nested": {"A": "x", "Flat": ["y"]}}),
                "&Nested.A=x&Nested.Item.1=y",
            ),
            (json!({"Nested": {}}), ""),
            (json!({"Renamed": ["a"]}), "&Renamed.item.1=a"),
            (
                json!({"Map": {"k": 1, "l": 2}}),
                "&Map.entry.1.key=k&Map.entry.1.value=1&Map.entry.2.key=l&Map.entry.2.value=2",
            ),
            (
                json!({"FlatMap": {"k": 1}}),
                "&FlatMap.1.key=k&FlatMap.1.value=1",
            ),
            (
                json!({"NamedMap": {"k": "v"}}),
                "&NamedMap.entry.1.Name=k&NamedMap.entry.1.Value=v",
            ),
        ] {
            assert_eq!(
                write(Dialect::Query, &params).unwrap(),
                expected,
                "{params:?}"
            );
        }
    }

    #[test]
    fn ec2_names_are_capitalised_and_lists_bare() {
        for (params, expected) in [
            (json!({"lower": "x", "Named": "y"}), "&Lower=x&Wire=y"),
            (json!({"Asked": "y"}), "&Q.n=y"),
            (json!({"List": ["a", "b"]}), "&List.1=a&List.2=b"),
            (json!({"List": []}), ""),
            (json!({"Renamed": ["a"]}), "&Renamed.1=a"),
            (json!({"OwnFlat": ["a"]}), "&OwnFlat.1=a"),
        ] {
            assert_eq!(
                write(Dialect::Ec2, &params).unwrap(),
                expected,
                "{params:?}"
            );
        }
    }

    #[test]
    fn what_does_not_fit_its_shape_is_an_error() {
        let mut deep = json!({});
        for _ in 0..300 {
            deep = json!({ "Deep": deep });
        }
        for params in [
            json!({"Nope": 1}),
            json!({"Nested": {"Nope": 1}}),
            json!({"Text": ["a"]}),
            json!({"List": "a"}),
            json!({"Map": []}),
            json!({"Nested": 5}),
            json!({"Blob": 5}),
            json!({"Time": "never"}),
            json!("text"),
            deep,
        ] {
            let error = write(Dialect::Query, &params).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Validation, "{params:?}");
        }
    }
}
