//! [`write_form`]: parameters as `name=value` pairs, the body of the query and EC2 formats.
//!
//! ```text
//! {"Tags": [{"Key": "a"}]}   query  Tags.member.1.Key=a
//!                            ec2    Tag.1.Key=a          (queryName, or the location name capitalized)
//! ```
//! The encoded name of the current value is kept in one buffer, extended and truncated during the traversal; the names
//! of members are encoded in advance.
//!
//! # Source
//! botocore `serialize.py:QuerySerializer` and `EC2Serializer`.

use inia_core::detail::{FloatText, encode_base64};
use inia_core::{
    Error, ErrorKind, List, Map, Result, TimestampFormat, TimestampPrecision, Value,
    push_percent_encoded,
};
use inia_model::{Kind, Member, ServiceModel, ShapeId, Structure};

use crate::params::{blob_bytes, descend, mismatch, timestamp_param};
use crate::scalar::text_param;
use crate::shape::{
    CompiledMember, CompiledShape, ParamSpec, ShapeFormat, Shapes, TypeSpec, ValueType,
    is_long_enough,
};
use crate::strictness::Strictness;

/// The nesting limit of parameters.
const MAX_DEPTH: u32 = 256;

/// The query format or its EC2 variant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    Query,
    Ec2,
}

/// The percent-encoded names of a member, item, key or value.
#[derive(Debug)]
pub(crate) struct FormName {
    /// `.Name`
    suffix: Box<str>,
    /// The suffix for the items of a flattened list, if it differs.
    item_suffix: Option<Box<str>>,
}

#[cfg(feature = "server")]
impl FormName {
    /// Returns `.Name`, percent-encoded.
    pub(crate) fn suffix(&self) -> &str {
        &self.suffix
    }

    /// Returns the suffix for the items of a flattened list, if it differs.
    pub(crate) fn item_suffix(&self) -> Option<&str> {
        self.item_suffix.as_deref()
    }
}

impl ShapeFormat for Dialect {
    type Spec = ParamSpec;
    type Wire = FormName;
    type Extra = ();

    fn key<'m>(member: &'m Member, _: &'m CompiledMember<Self>) -> &'m [u8] {
        member.name.as_bytes()
    }

    fn spec(model: &ServiceModel, member: &Member, is_required: bool) -> ParamSpec {
        ParamSpec::new(model, member, is_required)
    }

    /// DIFFERENCE: in the EC2 format a member without a location name is capitalized too, as the Smithy specification
    /// says; botocore writes its name as it is. In AWS's definitions such names start with a capital.
    fn wire(&self, model: &ServiceModel, member: &Member, in_structure: bool) -> FormName {
        let name = member.wire_name();
        let (name, item_suffix) = match (self, &member.traits.query_name) {
            (Dialect::Ec2, Some(name)) if in_structure => (name.to_string(), None),
            (Dialect::Ec2, _) if in_structure => (capitalized(name), None),
            _ => (name.to_string(), item_suffix(model, member)),
        };
        FormName {
            suffix: suffix(&name),
            item_suffix,
        }
    }

    fn extra(&self, _: &Structure, _: &mut [CompiledMember<Self>]) {}
}

fn suffix(name: &str) -> Box<str> {
    let mut text = String::from(".");
    push_percent_encoded(&mut text, name);
    text.into()
}

/// Returns the suffix of the items of a flattened list if it differs from the member's.
///
/// A list shape that is flattened itself uses the item's location name; a list flattened by the member's trait uses the
/// member's name. botocore uses the item's name in both cases; no definition has both and two names.
fn item_suffix(model: &ServiceModel, member: &Member) -> Option<Box<str>> {
    let shape = model.shape(member.target);
    match &shape.kind {
        Kind::List(item) if shape.traits.is_flattened() => {
            item.traits.location_name.as_deref().map(suffix)
        }
        _ => None,
    }
}

fn capitalized(name: &str) -> String {
    let mut characters = name.chars();
    let first = characters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(characters.clone()).collect()
}

/// Appends the parameters of a call, each pair preceded by `&`.
///
/// # Errors
/// `Validation`: a value does not match its shape.
pub(crate) fn write_form(
    shapes: &Shapes<Dialect>,
    input: ShapeId,
    params: &Map,
    strictness: Strictness,
    out: &mut String,
) -> Result<()> {
    let mut name = String::with_capacity(128);
    name.push('&');
    let mut writer = FormWriter {
        shapes,
        strictness,
        out,
        name,
        member: "",
    };
    writer.structure(input, params, strictness.max_depth(MAX_DEPTH))
}

struct FormWriter<'a> {
    shapes: &'a Shapes<Dialect>,
    strictness: Strictness,
    out: &'a mut String,
    /// The encoded name of the current value, preceded by `&`.
    name: String,
    /// The current member, for error messages.
    member: &'a str,
}

impl<'a> FormWriter<'a> {
    fn structure(&mut self, shape: ShapeId, params: &'a Map, depth: u32) -> Result<()> {
        let Some(layout) = self.shapes.structure(shape) else {
            return Err(self.invalid_value());
        };
        let depth = descend(depth, self.member)?;
        // Members of the input have no prefix, so no dot either.
        let dot = usize::from(self.name.len() == 1);
        let shapes = self.shapes;
        layout.each_member(
            &shapes.model,
            self.strictness,
            params,
            |key, _, member, value| {
                self.member = key;
                let suffix = match (&member.wire.item_suffix, value) {
                    (Some(suffix), Value::List(list)) if !list.is_empty() => suffix,
                    _ => &member.wire.suffix,
                };
                let suffix = suffix.get(dot..).unwrap_or_default();
                self.value(member, suffix, value, depth)
            },
        )
    }

    /// Writes a value, whose name is the current one plus `suffix`.
    fn value(
        &mut self,
        member: &'a CompiledMember<Dialect>,
        suffix: &str,
        value: &'a Value,
        depth: u32,
    ) -> Result<()> {
        let base = self.name.len();
        match (member.spec.target, value) {
            (ValueType::Structure(shape), Value::Map(params)) => {
                self.name.push_str(suffix);
                self.structure(shape, params, depth)?;
            }
            (ValueType::List(shape), Value::List(list)) => {
                if self.strictness == Strictness::Strict && !member.spec.accepts_length(list.len())
                {
                    return Err(self.invalid_value());
                }
                self.name.push_str(suffix);
                self.list(shape, member.is_flattened, list, depth)?;
            }
            (ValueType::Map(shape), Value::Map(map)) => {
                self.name.push_str(suffix);
                if !member.is_flattened {
                    self.name.push_str(".entry");
                }
                self.map(shape, map, depth)?;
            }
            (ValueType::Structure(_) | ValueType::Map(_), other) => {
                return Err(mismatch(self.member, "a map", other));
            }
            (ValueType::List(_), other) => return Err(mismatch(self.member, "a list", other)),
            _ => return self.scalar(&member.spec, suffix, value),
        }
        self.name.truncate(base);
        Ok(())
    }

    fn list(&mut self, shape: ShapeId, flattened: bool, list: &'a List, depth: u32) -> Result<()> {
        let Some(CompiledShape::List { item, is_sparse }) = self.shapes.get(shape) else {
            return Err(self.invalid_value());
        };
        let depth = descend(depth, self.member)?;
        let dialect = self.shapes.format;
        if list.is_empty() {
            if dialect == Dialect::Query {
                self.start_pair("");
            }
            return Ok(());
        }
        if !flattened && dialect == Dialect::Query {
            self.name.push_str(&item.wire.suffix);
        }
        self.name.push('.');
        let mut position = 0u64;
        for value in list {
            if value.is_null() {
                self.strictness.check_null(*is_sparse, self.member)?;
                continue;
            }
            position += 1;
            let mut digits = itoa::Buffer::new();
            self.value(item, digits.format(position), value, depth)?;
        }
        Ok(())
    }

    fn map(&mut self, shape: ShapeId, map: &'a Map, depth: u32) -> Result<()> {
        let Some(CompiledShape::Map {
            key: key_member,
            value: item,
            is_sparse,
        }) = self.shapes.get(shape)
        else {
            return Err(self.invalid_value());
        };
        let depth = descend(depth, self.member)?;
        self.name.push('.');
        let entries = self.name.len();
        let mut position = 0u64;
        for (key, value) in map {
            if self.strictness == Strictness::Strict
                && !is_long_enough(key, key_member.spec.min_length)
            {
                return Err(self.invalid_value());
            }
            if value.is_null() {
                self.strictness.check_null(*is_sparse, self.member)?;
                continue;
            }
            position += 1;
            self.name.push_str(itoa::Buffer::new().format(position));
            self.start_pair(&key_member.wire.suffix);
            push_percent_encoded(self.out, key);
            self.value(item, &item.wire.suffix, value, depth)?;
            self.name.truncate(entries);
        }
        Ok(())
    }

    fn scalar(&mut self, spec: &TypeSpec, suffix: &str, value: &Value) -> Result<()> {
        if self.strictness == Strictness::Strict && !spec.accepts(value, 0) {
            return Err(self.invalid_value());
        }
        match (spec.target, value) {
            (ValueType::Timestamp(format), value) => {
                let timestamp = timestamp_param(self.member, value)?;
                let format = format.unwrap_or(TimestampFormat::Iso8601);
                self.start_pair(suffix);
                push_percent_encoded(
                    self.out,
                    &timestamp.text(format, TimestampPrecision::Default),
                );
            }
            (ValueType::Blob, value) => {
                let text = encode_base64(blob_bytes(self.member, value)?);
                self.start_pair(suffix);
                push_percent_encoded(self.out, &text);
            }
            (_, Value::String(text)) => {
                self.start_pair(suffix);
                push_percent_encoded(self.out, text);
            }
            (_, Value::Int(number)) => {
                self.start_pair(suffix);
                self.out.push_str(itoa::Buffer::new().format(*number));
            }
            // Only the sign of an exponent needs encoding, and floats below this limit have none.
            (_, Value::Float(number)) if number.abs() < 1e15 => {
                self.start_pair(suffix);
                self.out.push_str(FloatText::new().format(*number));
            }
            (_, value) => {
                let format = TimestampFormat::Iso8601;
                let text = text_param(self.member, ValueType::String, format, value)?;
                self.start_pair(suffix);
                push_percent_encoded(self.out, &text);
            }
        }
        Ok(())
    }

    #[cold]
    fn invalid_value(&self) -> Error {
        Error::new(
            ErrorKind::Validation,
            format!("{}: the value does not match its shape", self.member),
        )
    }

    /// Writes the start of a pair: `&name=`.
    #[inline]
    fn start_pair(&mut self, suffix: &str) {
        self.out.push_str(&self.name);
        self.out.push_str(suffix);
        self.out.push('=');
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

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
        let shapes = Shapes::new(model, dialect);
        let map = params.as_map().unwrap();
        write_form(&shapes, input, map, Strictness::Lenient, &mut out)?;
        Ok(out)
    }

    #[test]
    fn writes_query_names_by_shape() {
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
    fn capitalizes_ec2_names_without_list_infix() {
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
    fn rejects_values_that_do_not_match_their_shapes() {
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
            deep,
        ] {
            let error = write(Dialect::Query, &params).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Validation, "{params:?}");
        }
    }
}
