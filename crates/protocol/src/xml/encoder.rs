//! [`XmlEncoder`], the XML writer.
//!
//! Tags are rendered in advance, with their namespaces, so that a value is appended between two pieces of ready text.
//!
//! # Source
//! botocore `serialize.py:RestXMLSerializer`.

use std::sync::Arc;

use inia_core::detail::encode_base64;
use inia_core::{List, Map, Result, TimestampFormat, Value};
use inia_model::{Kind, Location, Member, ServiceModel, ShapeId, Structure};

use super::escape::{push_attribute, push_text};
use super::layout::element_name;
use crate::format::XmlElement;
use crate::params::{blob_bytes, descend, mismatch};
use crate::scalar::text_param;
use crate::shape::{
    CompiledMember, CompiledShape, ParamSpec, ShapeFormat, Shapes, TypeSpec, ValueType,
    is_long_enough,
};
use crate::strictness::Strictness;

/// The nesting limit of parameters.
const MAX_DEPTH: u32 = 256;

/// The XML encoder of a service.
#[derive(Debug)]
pub(crate) struct XmlEncoder(Shapes<XmlEncode>);

/// The compiled shapes of the XML encoder, of requests or of responses, in which some elements have other names.
#[derive(Debug)]
struct XmlEncode {
    is_response: bool,
}

/// The markup of a member, item, key or value.
#[derive(Debug)]
enum XmlTag {
    Element(XmlElement),
    /// ` name="`
    Attribute(Box<str>),
    /// The member is not part of the body.
    Elsewhere,
}

impl ShapeFormat for XmlEncode {
    type Spec = ParamSpec;
    type Wire = XmlTag;
    /// `true` if a member is an attribute.
    type Extra = bool;

    fn key<'m>(member: &'m Member, _: &'m CompiledMember<Self>) -> &'m [u8] {
        member.name.as_bytes()
    }

    fn spec(model: &ServiceModel, member: &Member, is_required: bool) -> ParamSpec {
        ParamSpec::new(model, member, is_required)
    }

    fn wire(&self, model: &ServiceModel, member: &Member, _: bool) -> XmlTag {
        let traits = &member.traits;
        if matches!(
            traits.location,
            Some(Location::Uri | Location::QueryString | Location::Header | Location::Headers)
        ) {
            return XmlTag::Elsewhere;
        }
        if traits.is_xml_attribute() {
            return XmlTag::Attribute(format!(" {}=\"", member.wire_name()).into());
        }
        let namespaced = match &model.shape(member.target).kind {
            Kind::List(item) if traits.is_flattened() => item,
            _ => member,
        };
        let name = match self.is_response {
            true => element_name(model, member, traits.is_flattened()),
            false => member.wire_name(),
        };
        XmlTag::Element(XmlElement::new(name, namespaced))
    }

    fn extra(&self, _: &Structure, members: &mut [CompiledMember<Self>]) -> bool {
        members
            .iter()
            .any(|member| matches!(member.wire, XmlTag::Attribute(_)))
    }
}

impl XmlElement {
    /// Returns an element with the namespace of a member.
    pub(crate) fn new(name: &str, member: &Member) -> Self {
        let mut start = format!("<{name}").into_bytes();
        if let Some(namespace) = &member.traits.xml_namespace {
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
}

impl XmlEncoder {
    /// Creates an encoder for a service.
    pub(crate) fn new(model: Arc<ServiceModel>) -> Self {
        XmlEncoder(Shapes::new(model, XmlEncode { is_response: false }))
    }

    /// Creates an encoder of responses.
    #[cfg(feature = "server")]
    pub(crate) fn of_responses(model: Arc<ServiceModel>) -> Self {
        XmlEncoder(Shapes::new(model, XmlEncode { is_response: true }))
    }

    /// Writes a member's value as the root element.
    ///
    /// # Errors
    /// `Validation`: a value does not match its shape.
    pub(crate) fn document(
        &self,
        root: &XmlElement,
        member: &Member,
        value: &Value,
        strictness: Strictness,
        capacity: usize,
    ) -> Result<Vec<u8>> {
        let mut writer = self.writer(&member.name, strictness, capacity);
        let spec = TypeSpec::of(&self.0.model, member);
        writer.value(&spec, root, false, value, strictness.max_depth(MAX_DEPTH))?;
        Ok(writer.out)
    }

    /// Writes the members of a structure as the root element.
    ///
    /// # Errors
    /// `Validation`: a value does not match its shape.
    pub(crate) fn members(
        &self,
        root: &XmlElement,
        shape: ShapeId,
        params: &Map,
        strictness: Strictness,
        capacity: usize,
    ) -> Result<Vec<u8>> {
        let mut writer = self.writer("", strictness, capacity);
        writer.structure(shape, root, params, strictness.max_depth(MAX_DEPTH))?;
        Ok(writer.out)
    }

    fn writer<'a>(
        &'a self,
        member: &'a str,
        strictness: Strictness,
        capacity: usize,
    ) -> XmlWriter<'a> {
        XmlWriter {
            shapes: &self.0,
            strictness,
            out: Vec::with_capacity(capacity),
            member,
        }
    }
}

struct XmlWriter<'a> {
    shapes: &'a Shapes<XmlEncode>,
    strictness: Strictness,
    out: Vec<u8>,
    /// The current member, for error messages.
    member: &'a str,
}

impl<'a> XmlWriter<'a> {
    /// Writes a member, an item, or the value of an entry.
    fn member(
        &mut self,
        member: &'a CompiledMember<XmlEncode>,
        value: &'a Value,
        depth: u32,
    ) -> Result<()> {
        match &member.wire {
            XmlTag::Element(element) => {
                self.value(&member.spec, element, member.is_flattened, value, depth)
            }
            XmlTag::Attribute(_) | XmlTag::Elsewhere => Ok(()),
        }
    }

    /// Writes a value as an element; a flattened one as an element per item or entry.
    fn value(
        &mut self,
        spec: &TypeSpec,
        element: &'a XmlElement,
        flattened: bool,
        value: &'a Value,
        depth: u32,
    ) -> Result<()> {
        match (spec.target, value) {
            (ValueType::Structure(shape), Value::Map(params)) => {
                self.structure(shape, element, params, depth)
            }
            (ValueType::List(shape), Value::List(list))
                if self.strictness == Strictness::Lenient || spec.accepts_length(list.len()) =>
            {
                self.list(shape, element, flattened, list, depth)
            }
            (ValueType::Map(shape), Value::Map(map)) => {
                self.map(shape, element, flattened, map, depth)
            }
            (ValueType::Structure(_) | ValueType::Map(_), other) => {
                Err(mismatch(self.member, "a map", other))
            }
            (ValueType::List(_), other) => Err(mismatch(self.member, "a list", other)),
            (ValueType::String, Value::String(text))
                if self.strictness == Strictness::Lenient || spec.accepts_string(text) =>
            {
                self.open(element);
                push_text(&mut self.out, text);
                self.close(element);
                Ok(())
            }
            _ => {
                self.open(element);
                self.scalar(spec, value, push_text)?;
                self.close(element);
                Ok(())
            }
        }
    }

    fn list(
        &mut self,
        shape: ShapeId,
        element: &'a XmlElement,
        flattened: bool,
        list: &'a List,
        depth: u32,
    ) -> Result<()> {
        let depth = descend(depth, self.member)?;
        let Some(CompiledShape::List { item, is_sparse }) = self.shapes.get(shape) else {
            return Ok(());
        };
        if !flattened {
            self.open(element);
        }
        for value in list {
            if value.is_null() {
                self.strictness.check_null(*is_sparse, self.member)?;
            } else if flattened {
                self.value(&item.spec, element, item.is_flattened, value, depth)?;
            } else {
                self.member(item, value, depth)?;
            }
        }
        if !flattened {
            self.close(element);
        }
        Ok(())
    }

    fn map(
        &mut self,
        shape: ShapeId,
        element: &'a XmlElement,
        flattened: bool,
        map: &'a Map,
        depth: u32,
    ) -> Result<()> {
        let depth = descend(depth, self.member)?;
        let Some(CompiledShape::Map {
            key,
            value: item,
            is_sparse,
        }) = self.shapes.get(shape)
        else {
            return Ok(());
        };
        let XmlTag::Element(key_element) = &key.wire else {
            return Ok(());
        };
        if !flattened {
            self.open(element);
        }
        for (name, value) in map {
            if self.strictness == Strictness::Strict && !is_long_enough(name, key.spec.min_length) {
                return Err(mismatch(self.member, "longer keys", value));
            }
            if value.is_null() {
                self.strictness.check_null(*is_sparse, self.member)?;
                continue;
            }
            if flattened {
                self.open(element);
            } else {
                self.out.extend_from_slice(b"<entry>");
            }
            self.open(key_element);
            push_text(&mut self.out, name);
            self.close(key_element);
            self.member(item, value, depth)?;
            if flattened {
                self.close(element);
            } else {
                self.out.extend_from_slice(b"</entry>");
            }
        }
        if !flattened {
            self.close(element);
        }
        Ok(())
    }

    fn structure(
        &mut self,
        shape: ShapeId,
        element: &'a XmlElement,
        params: &'a Map,
        depth: u32,
    ) -> Result<()> {
        let depth = descend(depth, self.member)?;
        let Some(layout) = self.shapes.structure(shape) else {
            return Ok(());
        };
        let (shapes, strictness) = (self.shapes, self.strictness);
        self.out.extend_from_slice(element.start.as_bytes());
        if layout.extra {
            layout.each_member(&shapes.model, strictness, params, |_, _, member, value| {
                if let XmlTag::Attribute(start) = &member.wire {
                    self.out.extend_from_slice(start.as_bytes());
                    self.scalar(&member.spec, value, push_attribute)?;
                    self.out.push(b'"');
                }
                Ok(())
            })?;
        }
        self.out.push(b'>');
        layout.each_member(
            &shapes.model,
            strictness,
            params,
            |name, _, member, value| {
                self.member = name;
                self.member(member, value, depth)
            },
        )?;
        self.close(element);
        Ok(())
    }

    fn open(&mut self, element: &XmlElement) {
        self.out.extend_from_slice(element.start.as_bytes());
        self.out.push(b'>');
    }

    fn close(&mut self, element: &XmlElement) {
        self.out.extend_from_slice(element.end.as_bytes());
    }

    /// Writes a scalar with `push`.
    fn scalar(
        &mut self,
        spec: &TypeSpec,
        value: &Value,
        push: fn(&mut Vec<u8>, &str),
    ) -> Result<()> {
        if self.strictness == Strictness::Strict && !spec.accepts(value, 0) {
            return Err(mismatch(
                self.member,
                "a value that matches its shape",
                value,
            ));
        }
        if spec.target == ValueType::Blob {
            push(
                &mut self.out,
                &encode_base64(blob_bytes(self.member, value)?),
            );
        } else {
            let format = TimestampFormat::Iso8601;
            push(
                &mut self.out,
                &text_param(self.member, spec.target, format, value)?,
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use inia_core::ErrorKind;
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
        let root = XmlElement::new("R", input);
        encoder
            .document(&root, input, params, Strictness::Lenient, 0)
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
