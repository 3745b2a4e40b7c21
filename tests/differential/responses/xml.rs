//! Responses in XML: query, ec2 and rest-xml.

use inia_core::TimestampFormat;
use inia_model::{Kind, Member, Structure};
use inia_protocol::Protocol;

use super::ResponseGenerator;
use crate::differential::scalars::{Alphabet, float, integer};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

/// An element: its attributes and content as text.
#[derive(Default)]
pub(super) struct XmlElement {
    attributes: String,
    pub(super) content: String,
}

impl<'m> ResponseGenerator<'m> {
    pub(super) fn xml_body(
        &mut self,
        output: Option<&'m Structure>,
        payload: Option<&'m Member>,
    ) -> Vec<u8> {
        let mut out = String::new();
        if self.random.chance(60) {
            out.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        }
        let name = self.operation.name.as_str();
        let root = match self.protocol {
            Protocol::RestXml => match (output, payload) {
                (None, _) => return Vec::new(),
                (Some(_), Some(payload)) => {
                    let inner = self.model.structure(payload);
                    let element = inner.map_or_else(XmlElement::default, |inner| {
                        self.xml_structure(inner, payload.traits.is_union(), 0)
                    });
                    (payload.wire_name().to_string(), element)
                }
                (Some(structure), None) => {
                    let in_body = structure
                        .members
                        .iter()
                        .any(|member| member.traits.location.is_none());
                    if !in_body && self.random.chance(80) {
                        return Vec::new();
                    }
                    (
                        format!("{name}Result"),
                        self.xml_structure(structure, false, 0),
                    )
                }
            },
            Protocol::Ec2 => {
                let mut element = output.map_or_else(XmlElement::default, |structure| {
                    self.xml_structure(structure, false, 0)
                });
                element.content.push_str("<requestId>request-1</requestId>");
                (format!("{name}Response"), element)
            }
            _ => {
                let mut root = XmlElement::default();
                if let Some(structure) = output {
                    let element = self.xml_structure(structure, false, 0);
                    match &self.operation.result_wrapper {
                        Some(wrapper) => self.element(wrapper, element, &mut root.content),
                        None => root = element,
                    }
                }
                if self.random.chance(90) {
                    root.content.push_str(
                        "<ResponseMetadata><RequestId>request-1</RequestId></ResponseMetadata>",
                    );
                }
                (format!("{name}Response"), root)
            }
        };
        let (name, mut element) = root;
        if self.random.chance(70) {
            element
                .attributes
                .push_str(" xmlns=\"https://example.amazonaws.com/doc/2026-01-01/\"");
        }
        self.element(&name, element, &mut out);
        self.xml_gap(&mut out);
        out.into_bytes()
    }

    /// Writes insignificant white space and comments.
    fn xml_gap(&mut self, out: &mut String) {
        if self.random.chance(8) {
            out.push_str(*self.random.pick(&[
                "\n  ",
                " ",
                "\r\n\t",
                "<!-- a comment -->",
                "\n<?a pi?>\n",
            ]));
        }
    }

    fn element(&mut self, name: &str, element: XmlElement, out: &mut String) {
        let XmlElement {
            attributes,
            content,
        } = element;
        if content.is_empty() && self.random.chance(50) {
            out.push_str(&format!("<{name}{attributes}/>"));
        } else {
            out.push_str(&format!("<{name}{attributes}>{content}</{name}>"));
        }
    }

    pub(super) fn xml_structure(
        &mut self,
        structure: &'m Structure,
        is_union: bool,
        depth: usize,
    ) -> XmlElement {
        let mut element = XmlElement::default();
        self.xml_gap(&mut element.content);
        let unknown = "<UnknownMember><a>1</a><a>2</a></UnknownMember>";
        if self.random.chance(if is_union { 5 } else { 10 }) {
            element.content.push_str(unknown);
            if is_union {
                return element;
            }
        }
        for member in self.members(structure, is_union, depth) {
            if self.is_rest() && member.traits.location.is_some() {
                continue;
            }
            if member.traits.is_xml_attribute() {
                let value = self.string(member, Alphabet::Xml);
                let name = member.wire_name();
                if let Some((prefix, _)) = name.split_once(':') {
                    element.attributes.push_str(&format!(
                        " xmlns:{prefix}=\"http://www.w3.org/2001/XMLSchema-instance\""
                    ));
                }
                element
                    .attributes
                    .push_str(&format!(" {name}=\"{}\"", escaped(&value, true)));
                continue;
            }
            self.xml_member(member, &mut element.content, depth);
            self.xml_gap(&mut element.content);
        }
        element
    }

    fn xml_member(&mut self, member: &'m Member, out: &mut String, depth: usize) {
        let name = member.wire_name();
        match &self.model.shape(member.target).kind {
            Kind::List(item) if member.traits.is_flattened() => {
                let name = item.traits.location_name.as_ref().unwrap_or(name);
                for _ in 0..self.length(depth) {
                    self.xml_element(name, item, out, depth + 1);
                    self.xml_gap(out);
                }
            }
            Kind::Map { key, value } if member.traits.is_flattened() => {
                for _ in 0..self.length(depth) {
                    self.xml_entry(name, key, value, out, depth);
                }
            }
            _ => self.xml_element(name, member, out, depth),
        }
    }

    fn xml_entry(
        &mut self,
        name: &str,
        key: &'m Member,
        value: &'m Member,
        out: &mut String,
        depth: usize,
    ) {
        let mut entry = XmlElement::default();
        let key_name = key.traits.location_name.as_deref().unwrap_or("key");
        let value_name = value.traits.location_name.as_deref().unwrap_or("value");
        self.xml_element(key_name, key, &mut entry.content, depth + 1);
        self.xml_element(value_name, value, &mut entry.content, depth + 1);
        self.element(name, entry, out);
    }

    fn xml_element(&mut self, name: &str, member: &'m Member, out: &mut String, depth: usize) {
        let mut element = XmlElement::default();
        match &self.model.shape(member.target).kind {
            Kind::Structure(inner) => {
                element = self.xml_structure(inner, member.traits.is_union(), depth + 1)
            }
            Kind::List(item) => {
                let item_name = item.traits.location_name.as_deref().unwrap_or("member");
                for _ in 0..self.length(depth) {
                    self.xml_gap(&mut element.content);
                    self.xml_element(item_name, item, &mut element.content, depth + 1);
                }
            }
            Kind::Map { key, value } => {
                for _ in 0..self.length(depth) {
                    self.xml_entry("entry", key, value, &mut element.content, depth);
                }
            }
            _ => element.content = self.xml_text(member),
        }
        self.element(name, element, out);
    }

    fn xml_text(&mut self, member: &'m Member) -> String {
        let text = match &self.model.shape(member.target).kind {
            Kind::Blob => {
                let length = self.random.below(40);
                let bytes = self.random.bytes(length);
                BASE64.encode(bytes)
            }
            Kind::Boolean => (*self.random.pick(&["true", "false"])).to_owned(),
            kind @ (Kind::Integer | Kind::Long) => {
                let long = matches!(kind, Kind::Long);
                if long && self.random.chance(2) {
                    "123456789012345678901234567890".to_owned()
                } else {
                    integer(self.random, long).to_string()
                }
            }
            kind @ (Kind::Float | Kind::Double) => {
                let number = float(self.random, matches!(kind, Kind::Float));
                match number {
                    f64::INFINITY => "Infinity".to_owned(),
                    f64::NEG_INFINITY => "-Infinity".to_owned(),
                    _ if self.random.chance(20) => format!("{number:E}"),
                    _ => format!("{number:?}"),
                }
            }
            Kind::Timestamp => self.timestamp(member, TimestampFormat::Iso8601).into_text(),
            _ => self.string(member, Alphabet::Xml),
        };
        self.xml_escaped(&text)
    }

    /// Returns text escaped in a random way.
    pub(super) fn xml_escaped(&mut self, text: &str) -> String {
        match self.random.below(20) {
            0 if !text.contains("]]>") && !text.contains('\r') => format!("<![CDATA[{text}]]>"),
            1 => text
                .chars()
                .map(|c| format!("&#{};", u32::from(c)))
                .collect(),
            2 => text
                .chars()
                .map(|c| format!("&#x{:x};", u32::from(c)))
                .collect(),
            _ => escaped(text, false),
        }
    }
}

/// Escapes text.
fn escaped(text: &str, in_attribute: bool) -> String {
    let mut out = String::new();
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\r' => out.push_str("&#13;"),
            '\n' | '\t' if in_attribute => out.push_str(&format!("&#{};", u32::from(character))),
            _ => out.push(character),
        }
    }
    out
}
