//! [`XmlEncoder`], the XML writer.
//!
//! Tags are rendered in advance, with their namespaces, so that a value is appended between two pieces of ready text.
//!
//! # Source
//! botocore `serialize.py:RestXMLSerializer`.

use std::sync::Arc;

use inia_core::{Error, ErrorKind, Map, Result, TimestampFormat, Value};
use inia_model::{Kind, Location, Member, ServiceModel, ShapeId, ShapeTable, XmlNamespace};

use super::escape::{push_attribute, push_text};
use crate::scalar::{ScalarText, base64, blob_bytes, mismatch, text_param};

/// The nesting limit of parameters.
const MAX_DEPTH: u32 = 256;

/// The XML encoder of a service. Tags are rendered per shape on first use.
#[derive(Debug)]
pub(crate) struct XmlEncoder {
    model: Arc<ServiceModel>,
    tags: ShapeTable<ShapeTags>,
}

/// The tags within the value of a shape.
#[derive(Debug)]
enum ShapeTags {
    /// The members of a structure, in the order of the model.
    Structure(Box<[MemberTags]>),
    /// The items of a list that is not flattened.
    List(XmlElement),
    /// The keys and values of a map.
    Map {
        key: XmlElement,
        value: XmlElement,
    },
    Scalar,
}

#[derive(Debug)]
enum MemberTags {
    XmlElement(XmlElement),
    /// ` name="`
    Attribute(Box<str>),
    /// The member is not part of the body.
    Elsewhere,
}

/// The tags of one element.
#[derive(Debug)]
pub(crate) struct XmlElement {
    /// `<Name xmlns=".."`, without the `>`.
    start: Box<str>,
    /// `</Name>`
    end: Box<str>,
}

impl XmlElement {
    pub(crate) fn new(name: &str, namespace: Option<&XmlNamespace>) -> Self {
        let mut start = format!("<{name}").into_bytes();
        if let Some(namespace) = namespace {
            start.extend_from_slice(b" xmlns");
            if let Some(prefix) = namespace
                .prefix
                .as_deref()
                .filter(|prefix| !prefix.is_empty())
            {
                start.push(b':');
                start.extend_from_slice(prefix.as_bytes());
            }
            start.extend_from_slice(b"=\"");
            push_attribute(&mut start, &namespace.uri);
            start.push(b'"');
        }
        XmlElement {
            start: String::from_utf8_lossy(&start).into(),
            end: format!("</{name}>").into(),
        }
    }

    fn of(member: &Member) -> Self {
        XmlElement::new(member.wire_name(), member.traits.xml_namespace.as_deref())
    }
}

impl XmlEncoder {
    /// Creates an encoder for a service.
    pub(crate) fn new(model: Arc<ServiceModel>) -> Self {
        let tags = ShapeTable::new(model.shape_count());
        XmlEncoder { model, tags }
    }

    /// Writes a value as the root element.
    ///
    /// # Errors
    /// `Validation`: a value cannot be written as its shape.
    pub(crate) fn document(
        &self,
        root: &XmlElement,
        member: &Member,
        value: &Value,
    ) -> Result<Vec<u8>> {
        let mut out = Vec::with_capacity(512);
        self.value(&mut out, member, root, false, value, 1)?;
        Ok(out)
    }

    fn tags(&self, shape: ShapeId) -> Option<&ShapeTags> {
        self.tags.get_or_init(shape, || self.compile(shape))
    }

    fn compile(&self, shape: ShapeId) -> ShapeTags {
        match &self.model.shape(shape).kind {
            Kind::Structure(structure) => ShapeTags::Structure(
                structure
                    .members
                    .iter()
                    .map(|member| self.member_tags(member))
                    .collect(),
            ),
            Kind::List(item) => ShapeTags::List(XmlElement::of(item)),
            Kind::Map { key, value } => ShapeTags::Map {
                key: XmlElement::of(key),
                value: XmlElement::of(value),
            },
            _ => ShapeTags::Scalar,
        }
    }

    fn member_tags(&self, member: &Member) -> MemberTags {
        let traits = &member.traits;
        if matches!(
            traits.location,
            Some(Location::Uri | Location::QueryString | Location::Header | Location::Headers)
        ) {
            return MemberTags::Elsewhere;
        }
        if traits.is_xml_attribute() {
            return MemberTags::Attribute(format!(" {}=\"", member.wire_name()).into());
        }
        if traits.is_flattened()
            && let Kind::List(item) = &self.model.shape(member.target).kind
        {
            return MemberTags::XmlElement(XmlElement::new(
                member.wire_name(),
                item.traits.xml_namespace.as_deref(),
            ));
        }
        MemberTags::XmlElement(XmlElement::of(member))
    }

    /// Writes a value as an element; a flattened one as an element per item or entry.
    fn value(
        &self,
        out: &mut Vec<u8>,
        member: &Member,
        element: &XmlElement,
        flattened: bool,
        value: &Value,
        depth: u32,
    ) -> Result<()> {
        if depth > MAX_DEPTH {
            return Err(Error::new(
                ErrorKind::Validation,
                format!(
                    "{}: nested too deeply, more than {MAX_DEPTH} levels",
                    member.name
                ),
            ));
        }
        let context = &member.name;
        match (&self.model.shape(member.target).kind, value) {
            (Kind::Structure(_), Value::Map(params)) => {
                self.structure(out, member.target, element, params, depth)
            }
            (Kind::List(item), Value::List(list)) if flattened => {
                for value in list.iter().filter(|value| !value.is_null()) {
                    self.item(out, item, element, value, depth)?;
                }
                Ok(())
            }
            (Kind::List(item), Value::List(list)) => {
                let Some(ShapeTags::List(tags)) = self.tags(member.target) else {
                    return Ok(());
                };
                open(out, element);
                for value in list.iter().filter(|value| !value.is_null()) {
                    self.item(out, item, tags, value, depth)?;
                }
                close(out, element);
                Ok(())
            }
            (Kind::Map { value: item, .. }, Value::Map(map)) => {
                let Some(ShapeTags::Map { key, value }) = self.tags(member.target) else {
                    return Ok(());
                };
                if !flattened {
                    open(out, element);
                }
                for (name, entry) in map.iter().filter(|(_, entry)| !entry.is_null()) {
                    if flattened {
                        open(out, element);
                    } else {
                        out.extend_from_slice(b"<entry>");
                    }
                    open(out, key);
                    push_text(out, name);
                    close(out, key);
                    self.item(out, item, value, entry, depth)?;
                    if flattened {
                        close(out, element);
                    } else {
                        out.extend_from_slice(b"</entry>");
                    }
                }
                if !flattened {
                    close(out, element);
                }
                Ok(())
            }
            (Kind::Structure(_) | Kind::Map { .. }, other) => {
                Err(mismatch(context, "a map", other))
            }
            (Kind::List(_), other) => Err(mismatch(context, "a list", other)),
            (kind, value) => {
                open(out, element);
                push_scalar(out, member, kind, value)?;
                close(out, element);
                Ok(())
            }
        }
    }

    /// Writes a member, an item, or the value of an entry of a container at `depth`.
    fn item(
        &self,
        out: &mut Vec<u8>,
        member: &Member,
        element: &XmlElement,
        value: &Value,
        depth: u32,
    ) -> Result<()> {
        let flattened = member.traits.is_flattened();
        self.value(out, member, element, flattened, value, depth + 1)
    }

    fn structure(
        &self,
        out: &mut Vec<u8>,
        shape: ShapeId,
        element: &XmlElement,
        params: &Map,
        depth: u32,
    ) -> Result<()> {
        let (Kind::Structure(structure), Some(ShapeTags::Structure(tags))) =
            (&self.model.shape(shape).kind, self.tags(shape))
        else {
            return Ok(());
        };
        let find = |predicted: usize, name: &str| {
            structure
                .member_position_from(predicted, name)
                .and_then(|at| Some((at, structure.members.get(at)?, tags.get(at)?)))
                .ok_or_else(|| {
                    Error::new(
                        ErrorKind::Validation,
                        format!(
                            "{}: unknown parameter {name:?}",
                            self.model.shape(shape).name
                        ),
                    )
                })
        };
        out.extend_from_slice(element.start.as_bytes());
        if tags
            .iter()
            .any(|tags| matches!(tags, MemberTags::Attribute(_)))
        {
            for (name, value) in params.iter().filter(|(_, value)| !value.is_null()) {
                let (_, member, tags) = find(0, name)?;
                if let MemberTags::Attribute(start) = tags {
                    out.extend_from_slice(start.as_bytes());
                    let kind = &self.model.shape(member.target).kind;
                    push_attribute(out, &scalar_text(member, kind, value)?);
                    out.push(b'"');
                }
            }
        }
        out.push(b'>');
        let mut predicted = 0;
        for (name, value) in params.iter().filter(|(_, value)| !value.is_null()) {
            let (position, member, tags) = find(predicted, name)?;
            predicted = position + 1;
            if let MemberTags::XmlElement(element) = tags {
                self.item(out, member, element, value, depth)?;
            }
        }
        close(out, element);
        Ok(())
    }
}

fn open(out: &mut Vec<u8>, element: &XmlElement) {
    out.extend_from_slice(element.start.as_bytes());
    out.push(b'>');
}

fn close(out: &mut Vec<u8>, element: &XmlElement) {
    out.extend_from_slice(element.end.as_bytes());
}

fn push_scalar(out: &mut Vec<u8>, member: &Member, kind: &Kind, value: &Value) -> Result<()> {
    match value {
        Value::String(text) if matches!(kind, Kind::String) => push_text(out, text),
        value => push_text(out, &scalar_text(member, kind, value)?),
    }
    Ok(())
}

fn scalar_text<'v>(member: &Member, kind: &Kind, value: &'v Value) -> Result<ScalarText<'v>> {
    if matches!(kind, Kind::Blob) {
        let text = base64(blob_bytes(&member.name, value)?);
        return Ok(ScalarText::Owned(text.into()));
    }
    let format = member
        .traits
        .timestamp_format
        .unwrap_or(TimestampFormat::Iso8601);
    text_param(&member.name, kind, format, value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use inia_core::json;

    const SHAPES: &str = r#"{
        "Input": {"type": "structure", "members": {
            "Text": {"shape": "S"}, "Named": {"shape": "S", "locationName": "wire"},
            "Header": {"shape": "S", "location": "header", "locationName": "X-H"},
            "Blob": {"shape": "B"}, "Flag": {"shape": "F"}, "Double": {"shape": "D"}, "Time": {"shape": "T"},
            "List": {"shape": "L"}, "Flat": {"shape": "L", "flattened": true, "locationName": "flat"},
            "Spaced": {"shape": "Spaced", "xmlNamespace": "http://list"},
            "Grantee": {"shape": "Grantee"},
            "Map": {"shape": "M"}, "FlatMap": {"shape": "M", "flattened": true, "xmlNamespace": "http://map"},
            "Deep": {"shape": "Input"}}},
        "Grantee": {"type": "structure", "members": {
            "Type": {"shape": "S", "locationName": "xsi:type", "xmlAttribute": true}, "ID": {"shape": "S"}},
            "xmlNamespace": {"prefix": "xsi", "uri": "http://xsi"}},
        "S": {"type": "string"}, "B": {"type": "blob"}, "F": {"type": "boolean"}, "D": {"type": "double"},
        "T": {"type": "timestamp"},
        "L": {"type": "list", "member": {"shape": "S", "locationName": "item"}},
        "Spaced": {"type": "list", "member": {"shape": "S", "xmlNamespace": "http://item"}},
        "M": {"type": "map", "key": {"shape": "S", "locationName": "K"}, "value": {"shape": "F"}}
    }"#;

    fn write(params: &Value) -> Result<String> {
        let definition = format!(
            r#"{{"metadata": {{"protocol": "rest-xml", "serviceId": "T", "apiVersion": "1", "endpointPrefix": "t",
                 "signatureVersion": "v4"}}, "operations": {{"Op": {{"name": "Op",
                 "http": {{"method": "POST", "requestUri": "/"}}, "input": {{"shape": "Input"}}}}}}, "shapes": {SHAPES}}}"#
        );
        let model = Arc::new(ServiceModel::from_json("t", definition.as_bytes()).unwrap());
        let encoder = XmlEncoder::new(Arc::clone(&model));
        let input = model.operation("Op").unwrap().input.as_ref().unwrap();
        encoder
            .document(&XmlElement::new("R", None), input, params)
            .map(|bytes| String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn writes_elements_by_shape() {
        for (params, expected) in [
            (json!({}), ""),
            (json!({"Text": "a<b", "Named": null}), "<Text>a&lt;b</Text>"),
            (json!({"Named": "x", "Header": "y"}), "<wire>x</wire>"),
            (
                json!({"Blob": "hi?", "Flag": false, "Double": 1.0}),
                "<Blob>aGk/</Blob><Flag>false</Flag><Double>1.0</Double>",
            ),
            (json!({"Time": 0}), "<Time>1970-01-01T00:00:00Z</Time>"),
            (
                json!({"List": ["a", "b"]}),
                "<List><item>a</item><item>b</item></List>",
            ),
            (json!({"List": []}), "<List></List>"),
            (json!({"Flat": ["a", "b"]}), "<flat>a</flat><flat>b</flat>"),
            (json!({"Flat": []}), ""),
            (
                json!({"Spaced": ["a"]}),
                "<Spaced xmlns=\"http://list\"><member xmlns=\"http://item\">a</member></Spaced>",
            ),
            (
                json!({"Grantee": {"ID": "i", "Type": "Canonical\"User"}}),
                "<Grantee xmlns:xsi=\"http://xsi\" xsi:type=\"Canonical&quot;User\"><ID>i</ID></Grantee>",
            ),
            (
                json!({"Map": {"a": true, "b": null}}),
                "<Map><entry><K>a</K><value>true</value></entry></Map>",
            ),
            (
                json!({"FlatMap": {"a": true}}),
                "<FlatMap xmlns=\"http://map\"><K>a</K><value>true</value></FlatMap>",
            ),
            (json!({"Deep": {"Deep": {}}}), "<Deep><Deep></Deep></Deep>"),
        ] {
            assert_eq!(
                write(&params).unwrap(),
                format!("<R>{expected}</R>"),
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
            json!({"Grantee": {"Nope": 1}}),
            json!({"Grantee": {"Type": []}}),
            json!({"Text": {}}),
            json!({"List": "a"}),
            json!({"Flat": "a"}),
            json!({"Map": []}),
            json!({"Grantee": 5}),
            json!({"Blob": 5}),
            json!("text"),
            deep,
        ] {
            let error = write(&params).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Validation, "{params:?}");
        }
    }
}
