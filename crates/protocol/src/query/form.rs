//! [`FormEncoder`]: parameters as `name=value` pairs, the body of the query and EC2 formats.
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

use std::sync::Arc;

use inia_core::{
    Error, ErrorKind, List, Map, Name, Result, TimestampFormat, TimestampPrecision, Value,
    push_percent_encoded,
};
use inia_model::{Kind, Member, ServiceModel, ShapeId, ShapeTable};

use crate::decode_layout::ValueType;
use crate::name_index::MemberNameIndex;
use crate::scalar::{base64, blob_bytes, mismatch, push_float, text_param, timestamp_param};
use crate::strictness::{RequiredMembers, STRICT_MAX_DEPTH, Strictness, TypeSpec, is_long_enough};

/// The nesting limit of parameters.
const MAX_DEPTH: u32 = 256;

/// The query format or its EC2 variant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    Query,
    Ec2,
}

/// The form encoder of a service. Shapes are compiled on first use.
#[derive(Debug)]
pub(crate) struct FormEncoder {
    model: Arc<ServiceModel>,
    dialect: Dialect,
    layouts: ShapeTable<FormLayout>,
}

/// The compiled form of a shape; names are percent-encoded.
#[derive(Debug)]
enum FormLayout {
    Structure(FormStructure),
    List {
        /// `.member.` or `.`, between the list's name and the index of an item.
        infix: Box<str>,
        item: FormType,
        is_sparse: bool,
    },
    Map {
        /// `.key`
        key: Box<str>,
        /// `.value`
        value: Box<str>,
        /// The minimum length of a key, in characters.
        min_length: u32,
        item: FormType,
        is_sparse: bool,
    },
    Scalar,
}

#[derive(Debug)]
struct FormStructure {
    /// The members, in the order of the model.
    members: Box<[FormMember]>,
    by_name: MemberNameIndex,
    required: RequiredMembers,
    is_union: bool,
}

#[derive(Debug)]
struct FormMember {
    name: Name,
    /// `.Name`
    suffix: Box<str>,
    /// The suffix for the items of a flattened list, if it differs.
    item_suffix: Option<Box<str>>,
    form_type: FormType,
    /// The member's bit in [`RequiredMembers`].
    required_bit: u64,
}

/// The type of a member, list item or map value.
#[derive(Clone, Copy, Debug)]
struct FormType {
    spec: TypeSpec,
    is_flattened: bool,
}

fn encoded(parts: &[&str]) -> Box<str> {
    let mut text = String::new();
    for part in parts {
        push_percent_encoded(&mut text, part);
    }
    text.into()
}

impl FormEncoder {
    /// Creates an encoder for a service.
    pub(crate) fn new(model: Arc<ServiceModel>, dialect: Dialect) -> Self {
        let layouts = ShapeTable::new(model.shape_count());
        FormEncoder {
            model,
            dialect,
            layouts,
        }
    }

    /// Appends the parameters of a call, each pair preceded by `&`.
    ///
    /// # Errors
    /// `Validation`: a value does not match its shape.
    pub(crate) fn write(
        &self,
        input: ShapeId,
        params: &Value,
        strictness: Strictness,
        out: &mut String,
    ) -> Result<()> {
        let mut name = String::with_capacity(128);
        name.push('&');
        let mut writer = FormWriter {
            encoder: self,
            strictness,
            out,
            name,
            member: "",
        };
        let no_params = Map::new();
        match params {
            Value::Map(params) => writer.structure(input, params, 1),
            Value::Null => writer.structure(input, &no_params, 1),
            other => Err(mismatch("", "a map", other)),
        }
    }

    #[inline]
    fn layout(&self, shape: ShapeId) -> &FormLayout {
        static NONE: FormLayout = FormLayout::Scalar;
        self.layouts
            .get_or_init(shape, || self.compile(shape))
            .unwrap_or(&NONE)
    }

    #[cold]
    fn compile(&self, shape: ShapeId) -> FormLayout {
        let shape = self.model.shape(shape);
        let is_sparse = shape.traits.is_sparse();
        match &shape.kind {
            Kind::Structure(structure) => {
                let (required, bits) = RequiredMembers::of(structure);
                let members = structure.members.iter().zip(&bits);
                FormLayout::Structure(FormStructure {
                    members: members
                        .map(|(member, bit)| self.member(member, *bit))
                        .collect(),
                    by_name: MemberNameIndex::new(
                        structure.members.iter().map(|member| &*member.name),
                    ),
                    required,
                    is_union: shape.traits.is_union(),
                })
            }
            Kind::List(item) => FormLayout::List {
                infix: match self.dialect {
                    Dialect::Ec2 => ".".into(),
                    Dialect::Query => encoded(&[".", item.wire_name(), "."]),
                },
                item: self.form_type(item),
                is_sparse,
            },
            Kind::Map { key, value } => FormLayout::Map {
                key: encoded(&[".", key.wire_name()]),
                value: encoded(&[".", value.wire_name()]),
                min_length: TypeSpec::of(&self.model, key).min_length,
                item: self.form_type(value),
                is_sparse,
            },
            _ => FormLayout::Scalar,
        }
    }

    /// DIFFERENCE: in the EC2 format a member without a location name is capitalized too, as the Smithy specification
    /// says; botocore writes its name as it is. In AWS's definitions such names start with a capital.
    fn member(&self, member: &Member, required_bit: u64) -> FormMember {
        let (suffix, item_suffix) = match (self.dialect, &member.traits.query_name) {
            (Dialect::Ec2, Some(name)) => (encoded(&[".", name]), None),
            (Dialect::Ec2, None) => (capitalized(member.wire_name()), None),
            (Dialect::Query, _) => (
                encoded(&[".", member.wire_name()]),
                self.item_suffix(member),
            ),
        };
        FormMember {
            name: Name::intern(&member.name),
            suffix,
            item_suffix,
            form_type: self.form_type(member),
            required_bit,
        }
    }

    fn form_type(&self, member: &Member) -> FormType {
        FormType {
            spec: TypeSpec::of(&self.model, member),
            is_flattened: member.traits.is_flattened(),
        }
    }

    /// Returns the name of the items of a flattened list if it differs from the member's.
    ///
    /// A list shape that is flattened itself uses the item's location name; a list flattened by the member's trait uses
    /// the member's name. botocore uses the item's name in both cases; no definition has both and two names.
    fn item_suffix(&self, member: &Member) -> Option<Box<str>> {
        let shape = self.model.shape(member.target);
        match &shape.kind {
            Kind::List(item) if shape.traits.is_flattened() => item
                .traits
                .location_name
                .as_ref()
                .map(|name| encoded(&[".", name])),
            _ => None,
        }
    }
}

fn capitalized(name: &str) -> Box<str> {
    let mut characters = name.chars();
    match characters.next() {
        Some(first) => encoded(&[
            ".",
            first.to_uppercase().collect::<String>().as_str(),
            characters.as_str(),
        ]),
        None => ".".into(),
    }
}

struct FormWriter<'a> {
    encoder: &'a FormEncoder,
    strictness: Strictness,
    out: &'a mut String,
    /// The encoded name of the current value, preceded by `&`.
    name: String,
    /// The current member, for error messages.
    member: &'a str,
}

impl<'a> FormWriter<'a> {
    fn structure(&mut self, shape: ShapeId, params: &'a Map, depth: u32) -> Result<()> {
        let FormLayout::Structure(layout) = self.encoder.layout(shape) else {
            return Err(self.invalid_value());
        };
        // Members of the input have no prefix, so no dot either.
        let dot = usize::from(self.name.len() == 1);
        let mut predicted = 0;
        let (mut present, mut count) = (0, 0);
        for (key, value) in params {
            if value.is_null() && self.strictness == Strictness::Lenient {
                continue;
            }
            // Parameters often follow the order of the model.
            let position = match layout.members.get(predicted) {
                Some(compiled) if *compiled.name == *key => Some(predicted),
                _ => layout.by_name.get(key.as_bytes()),
            };
            let Some((position, compiled)) =
                position.and_then(|position| Some((position, layout.members.get(position)?)))
            else {
                return Err(self.unknown(key));
            };
            predicted = position + 1;
            if value.is_null() {
                continue;
            }
            present |= compiled.required_bit;
            count += 1;
            self.member = key;
            let suffix = match (&compiled.item_suffix, value) {
                (Some(suffix), Value::List(list)) if !list.is_empty() => suffix,
                _ => &compiled.suffix,
            };
            self.value(
                compiled.form_type,
                suffix.get(dot..).unwrap_or_default(),
                value,
                depth + 1,
            )?;
        }
        if self.strictness == Strictness::Strict
            && !(layout.required.all_present(present, params) && (!layout.is_union || count == 1))
        {
            return Err(self.invalid_value());
        }
        Ok(())
    }

    /// Writes a value, whose name is the current one plus `suffix`.
    fn value(
        &mut self,
        form_type: FormType,
        suffix: &str,
        value: &'a Value,
        depth: u32,
    ) -> Result<()> {
        let (ValueType::Structure(shape) | ValueType::List(shape) | ValueType::Map(shape)) =
            form_type.spec.target
        else {
            return self.scalar(form_type.spec, suffix, value);
        };
        if depth > self.max_depth() {
            return Err(Error::new(
                ErrorKind::Validation,
                format!(
                    "{}: nested too deeply, more than {MAX_DEPTH} levels",
                    self.member
                ),
            ));
        }
        let base = self.name.len();
        self.name.push_str(suffix);
        match (self.encoder.layout(shape), value) {
            (FormLayout::Structure(_), Value::Map(params)) => {
                self.structure(shape, params, depth)?
            }
            (FormLayout::Structure(_), other) => return Err(mismatch(self.member, "a map", other)),
            (
                FormLayout::List {
                    infix,
                    item,
                    is_sparse,
                },
                Value::List(list),
            ) => {
                if self.strictness == Strictness::Strict
                    && !form_type.spec.accepts_length(list.len())
                {
                    return Err(self.invalid_value());
                }
                let infix = if form_type.is_flattened { "." } else { infix };
                self.list(infix, *item, *is_sparse, list, depth)?;
            }
            (layout @ FormLayout::Map { .. }, Value::Map(map)) => {
                if !form_type.is_flattened {
                    self.name.push_str(".entry");
                }
                self.map(layout, map, depth)?;
            }
            (FormLayout::Map { .. }, other) => return Err(mismatch(self.member, "a map", other)),
            (_, other) => return Err(mismatch(self.member, "a list", other)),
        }
        self.name.truncate(base);
        Ok(())
    }

    fn list(
        &mut self,
        infix: &str,
        item: FormType,
        is_sparse: bool,
        list: &'a List,
        depth: u32,
    ) -> Result<()> {
        if list.is_empty() {
            if self.encoder.dialect == Dialect::Query {
                self.start_pair("");
            }
            return Ok(());
        }
        self.name.push_str(infix);
        let mut position = 0u64;
        for value in list {
            if value.is_null() {
                self.null(is_sparse)?;
                continue;
            }
            position += 1;
            let mut digits = itoa::Buffer::new();
            self.value(item, digits.format(position), value, depth + 1)?;
        }
        Ok(())
    }

    fn map(&mut self, layout: &'a FormLayout, map: &'a Map, depth: u32) -> Result<()> {
        let FormLayout::Map {
            key: key_suffix,
            value: value_suffix,
            min_length,
            item,
            is_sparse,
        } = layout
        else {
            return Err(self.invalid_value());
        };
        self.name.push('.');
        let entries = self.name.len();
        let mut position = 0u64;
        for (key, value) in map {
            if self.strictness == Strictness::Strict && !is_long_enough(key, *min_length) {
                return Err(self.invalid_value());
            }
            if value.is_null() {
                self.null(*is_sparse)?;
                continue;
            }
            position += 1;
            self.name.push_str(itoa::Buffer::new().format(position));
            self.start_pair(key_suffix);
            push_percent_encoded(self.out, key);
            self.value(*item, value_suffix, value, depth + 1)?;
            self.name.truncate(entries);
        }
        Ok(())
    }

    /// Skips a null in a list or map.
    fn null(&self, is_sparse: bool) -> Result<()> {
        if self.strictness == Strictness::Strict && !is_sparse {
            return Err(self.invalid_value());
        }
        Ok(())
    }

    fn scalar(&mut self, spec: TypeSpec, suffix: &str, value: &Value) -> Result<()> {
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
                let text = base64(blob_bytes(self.member, value)?);
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
                push_float(self.out, *number);
            }
            (_, value) => {
                let format = TimestampFormat::Iso8601;
                let text = text_param(self.member, &Kind::String, format, value)?;
                self.start_pair(suffix);
                push_percent_encoded(self.out, &text);
            }
        }
        Ok(())
    }

    fn max_depth(&self) -> u32 {
        match self.strictness {
            Strictness::Strict => STRICT_MAX_DEPTH,
            Strictness::Lenient => MAX_DEPTH,
        }
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

    #[cold]
    fn unknown(&self, name: &str) -> Error {
        let form_type = if self.member.is_empty() {
            String::new()
        } else {
            format!("{}: ", self.member)
        };
        Error::new(
            ErrorKind::Validation,
            format!("{form_type}there is no parameter {name:?}"),
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
        FormEncoder::new(model, dialect).write(input, params, Strictness::Lenient, &mut out)?;
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
            json!("text"),
            deep,
        ] {
            let error = write(Dialect::Query, &params).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Validation, "{params:?}");
        }
    }
}
