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

use inia_core::{
    Error, ErrorKind, List, Map, Name, Result, TimestampFormat, TimestampPrecision, Value,
};
use inia_model::{Kind, Member, ServiceModel, ShapeId, ShapeTable};

use crate::fit::{FIT_DEPTH, Misfits, Part, Required, is_long_enough};
use crate::layout::Target;
use crate::names::NameIndex;
use crate::scalar::{base64, blob_bytes, mismatch, push_float, text_param, timestamp_param};
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
    layouts: ShapeTable<Layout>,
}

/// How the value of one shape is written; names are encoded.
#[derive(Debug)]
enum Layout {
    Structure(Fields),
    List {
        /// `.member.` between the list's name and the position of an item, or `.`.
        infix: Box<str>,
        item: Place,
        is_sparse: bool,
    },
    Map {
        /// `.key`
        key: Box<str>,
        /// `.value`
        value: Box<str>,
        /// The least length of a key.
        least: u32,
        item: Place,
        is_sparse: bool,
    },
    Scalar,
}

#[derive(Debug)]
struct Fields {
    /// The members, at their positions.
    fields: Box<[Field]>,
    by_name: NameIndex,
    required: Required,
    /// Exactly one member is set.
    is_union: bool,
}

#[derive(Debug)]
struct Field {
    name: Name,
    /// `.Name`
    suffix: Box<str>,
    /// What replaces it for the items of a flattened list.
    item_suffix: Option<Box<str>>,
    place: Place,
    /// The member's bit among those that must be given.
    required_bit: u64,
}

/// What a member, an item or the value of an entry is written as.
#[derive(Clone, Copy, Debug)]
struct Place {
    part: Part,
    is_flattened: bool,
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
        let layouts = ShapeTable::new(model.shape_count());
        Form {
            model,
            dialect,
            layouts,
        }
    }

    /// Appends the parameters of a call, each pair behind `&`.
    ///
    /// # Errors
    /// `Validation`: a value cannot be written as its shape.
    pub(crate) fn write(
        &self,
        input: ShapeId,
        params: &Value,
        misfits: Misfits,
        out: &mut String,
    ) -> Result<()> {
        let mut name = String::with_capacity(128);
        name.push('&');
        let mut writer = Writer {
            form: self,
            misfits,
            out,
            name,
            member: "",
        };
        let none = Map::new();
        match params {
            Value::Map(params) => writer.structure(input, params, 1),
            Value::Null => writer.structure(input, &none, 1),
            other => Err(mismatch("", "a map", other)),
        }
    }

    #[inline]
    fn layout(&self, shape: ShapeId) -> &Layout {
        static NONE: Layout = Layout::Scalar;
        self.layouts
            .get_or_init(shape, || self.make(shape))
            .unwrap_or(&NONE)
    }

    #[cold]
    fn make(&self, shape: ShapeId) -> Layout {
        let shape = self.model.shape(shape);
        let is_sparse = shape.traits.is_sparse();
        match &shape.kind {
            Kind::Structure(structure) => {
                let (required, bits) = Required::of(structure);
                let members = structure.members.iter().zip(&bits);
                Layout::Structure(Fields {
                    fields: members
                        .map(|(member, bit)| self.field(member, *bit))
                        .collect(),
                    by_name: NameIndex::new(structure.members.iter().map(|member| &*member.name)),
                    required,
                    is_union: shape.traits.is_union(),
                })
            }
            Kind::List(item) => Layout::List {
                infix: match self.dialect {
                    Dialect::Ec2 => ".".into(),
                    Dialect::Query => encoded(&[".", item.wire_name(), "."]),
                },
                item: self.place(item),
                is_sparse,
            },
            Kind::Map { key, value } => Layout::Map {
                key: encoded(&[".", key.wire_name()]),
                value: encoded(&[".", value.wire_name()]),
                least: Part::of(&self.model, key).least,
                item: self.place(value),
                is_sparse,
            },
            _ => Layout::Scalar,
        }
    }

    /// DIFFERENCE: in EC2's format a member without a location name is capitalised too, as the Smithy specification
    /// has it; botocore writes its name as it is. In AWS's definitions such names begin with a capital.
    fn field(&self, member: &Member, required_bit: u64) -> Field {
        let (suffix, item_suffix) = match (self.dialect, &member.traits.query_name) {
            (Dialect::Ec2, Some(name)) => (encoded(&[".", name]), None),
            (Dialect::Ec2, None) => (capitalised(member.wire_name()), None),
            (Dialect::Query, _) => (
                encoded(&[".", member.wire_name()]),
                self.item_suffix(member),
            ),
        };
        Field {
            name: Name::intern(&member.name),
            suffix,
            item_suffix,
            place: self.place(member),
            required_bit,
        }
    }

    fn place(&self, member: &Member) -> Place {
        Place {
            part: Part::of(&self.model, member),
            is_flattened: member.traits.is_flattened(),
        }
    }

    /// The name that the items of a flattened list go by, where it is not the member's.
    ///
    /// A list that is flattened wherever it is used names its items itself; one that is flattened by the member goes by
    /// the member's name. botocore takes the item's name in both cases; no definition has both and two names.
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

fn capitalised(name: &str) -> Box<str> {
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

struct Writer<'a> {
    form: &'a Form,
    misfits: Misfits,
    out: &'a mut String,
    /// The encoded name of the place that is being written, behind `&`.
    name: String,
    /// The member that is being written, for errors.
    member: &'a str,
}

impl<'a> Writer<'a> {
    fn structure(&mut self, shape: ShapeId, params: &'a Map, depth: u32) -> Result<()> {
        let Layout::Structure(layout) = self.form.layout(shape) else {
            return Err(self.misfit());
        };
        // The name of a member of the input stands alone, without the dot.
        let dot = usize::from(self.name.len() == 1);
        let mut likely = 0;
        let (mut given, mut count) = (0, 0);
        for (key, value) in params {
            if value.is_null() && self.misfits == Misfits::Write {
                continue;
            }
            // Parameters often come in the definition's order.
            let position = match layout.fields.get(likely) {
                Some(field) if *field.name == *key => Some(likely),
                _ => layout.by_name.get(key.as_bytes()),
            };
            let Some((position, field)) =
                position.and_then(|position| Some((position, layout.fields.get(position)?)))
            else {
                return Err(self.unknown(key));
            };
            likely = position + 1;
            if value.is_null() {
                continue;
            }
            given |= field.required_bit;
            count += 1;
            self.member = key;
            let suffix = match (&field.item_suffix, value) {
                (Some(suffix), Value::List(list)) if !list.is_empty() => suffix,
                _ => &field.suffix,
            };
            self.value(
                field.place,
                suffix.get(dot..).unwrap_or_default(),
                value,
                depth + 1,
            )?;
        }
        if self.misfits == Misfits::Refuse
            && !(layout.required.are_given(given, params) && (!layout.is_union || count == 1))
        {
            return Err(self.misfit());
        }
        Ok(())
    }

    /// Writes the value of the place whose name is the present one and `suffix`.
    fn value(&mut self, place: Place, suffix: &str, value: &'a Value, depth: u32) -> Result<()> {
        let (Target::Structure(shape) | Target::List(shape) | Target::Map(shape)) =
            place.part.target
        else {
            return self.scalar(place.part, suffix, value);
        };
        if depth > self.max_depth() {
            return Err(Error::new(
                ErrorKind::Validation,
                format!("{}: parameters lie more than {MAX_DEPTH} deep", self.member),
            ));
        }
        let base = self.name.len();
        self.name.push_str(suffix);
        match (self.form.layout(shape), value) {
            (Layout::Structure(_), Value::Map(params)) => self.structure(shape, params, depth)?,
            (Layout::Structure(_), other) => return Err(mismatch(self.member, "a map", other)),
            (
                Layout::List {
                    infix,
                    item,
                    is_sparse,
                },
                Value::List(list),
            ) => {
                if self.misfits == Misfits::Refuse && !place.part.takes_length(list.len()) {
                    return Err(self.misfit());
                }
                let infix = if place.is_flattened { "." } else { infix };
                self.list(infix, *item, *is_sparse, list, depth)?;
            }
            (layout @ Layout::Map { .. }, Value::Map(map)) => {
                if !place.is_flattened {
                    self.name.push_str(".entry");
                }
                self.map(layout, map, depth)?;
            }
            (Layout::Map { .. }, other) => return Err(mismatch(self.member, "a map", other)),
            (_, other) => return Err(mismatch(self.member, "a list", other)),
        }
        self.name.truncate(base);
        Ok(())
    }

    fn list(
        &mut self,
        infix: &str,
        item: Place,
        is_sparse: bool,
        list: &'a List,
        depth: u32,
    ) -> Result<()> {
        if list.is_empty() {
            if self.form.dialect == Dialect::Query {
                self.pair("");
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

    fn map(&mut self, layout: &'a Layout, map: &'a Map, depth: u32) -> Result<()> {
        let Layout::Map {
            key: key_suffix,
            value: value_suffix,
            least,
            item,
            is_sparse,
        } = layout
        else {
            return Err(self.misfit());
        };
        self.name.push('.');
        let entries = self.name.len();
        let mut position = 0u64;
        for (key, value) in map {
            if self.misfits == Misfits::Refuse && !is_long_enough(key, *least) {
                return Err(self.misfit());
            }
            if value.is_null() {
                self.null(*is_sparse)?;
                continue;
            }
            position += 1;
            self.name.push_str(itoa::Buffer::new().format(position));
            self.pair(key_suffix);
            push_encoded(self.out, key);
            self.value(*item, value_suffix, value, depth + 1)?;
            self.name.truncate(entries);
        }
        Ok(())
    }

    /// Passes over a null in a list or map.
    fn null(&self, is_sparse: bool) -> Result<()> {
        if self.misfits == Misfits::Refuse && !is_sparse {
            return Err(self.misfit());
        }
        Ok(())
    }

    fn scalar(&mut self, part: Part, suffix: &str, value: &Value) -> Result<()> {
        if self.misfits == Misfits::Refuse && !part.fits(value, 0) {
            return Err(self.misfit());
        }
        match (part.target, value) {
            (Target::Timestamp(format), value) => {
                let moment = timestamp_param(self.member, value)?;
                let format = format.unwrap_or(TimestampFormat::Iso8601);
                self.pair(suffix);
                push_encoded(self.out, &moment.text(format, TimestampPrecision::Default));
            }
            (Target::Blob, value) => {
                let text = base64(blob_bytes(self.member, value)?);
                self.pair(suffix);
                push_encoded(self.out, &text);
            }
            (_, Value::String(text)) => {
                self.pair(suffix);
                push_encoded(self.out, text);
            }
            (_, Value::Int(number)) => {
                self.pair(suffix);
                self.out.push_str(itoa::Buffer::new().format(*number));
            }
            // Of a number only the sign of an exponent must be encoded, and those below this have none.
            (_, Value::Float(number)) if number.abs() < 1e15 => {
                self.pair(suffix);
                push_float(self.out, *number);
            }
            (_, value) => {
                let format = TimestampFormat::Iso8601;
                let text = text_param(self.member, &Kind::String, format, value)?;
                self.pair(suffix);
                push_encoded(self.out, &text);
            }
        }
        Ok(())
    }

    fn max_depth(&self) -> u32 {
        match self.misfits {
            Misfits::Refuse => FIT_DEPTH,
            Misfits::Write => MAX_DEPTH,
        }
    }

    #[cold]
    fn misfit(&self) -> Error {
        Error::new(
            ErrorKind::Validation,
            format!("{}: it is not what its shape asks for", self.member),
        )
    }

    /// Begins a pair: `&name=`.
    #[inline]
    fn pair(&mut self, suffix: &str) {
        self.out.push_str(&self.name);
        self.out.push_str(suffix);
        self.out.push('=');
    }

    #[cold]
    fn unknown(&self, name: &str) -> Error {
        let place = if self.member.is_empty() {
            String::new()
        } else {
            format!("{}: ", self.member)
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
        Form::new(model, dialect).write(input, params, Misfits::Write, &mut out)?;
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
