//! Converts data shapes: types, members, constraints, and the traits of the wire format.
//!
//! # Source
//! <https://smithy.io/2.0/spec/simple-types.html>, <https://smithy.io/2.0/spec/aggregate-types.html>.

use inia_core::{Result, Str, Value};

use super::ast::{Ast, AstIndex, AstMember, AstShape, name_of};
use super::closure::Closure;
use super::http;
use super::invalid;
use super::protocols::{NameTrait, ServiceProtocols};
use super::traits::{Trait, Traits};
use crate::Flags;
use crate::definition::raw::{
    RawContextParam, RawError, RawMember, RawRetryable, RawShape, RawText, RawTraits,
    RawXmlNamespace,
};

/// Converts the shapes of a service.
pub(super) struct ShapeConverter<'s, 'a> {
    pub(super) ast: &'s Ast<'a>,
    pub(super) closure: &'s Closure,
    pub(super) protocols: &'s ServiceProtocols,
    /// The service is one of AWS, whose definitions mark JSON in strings with a media type.
    pub(super) is_aws: bool,
    /// Namespace of the root elements of the service's documents.
    pub(super) namespace: Option<RawXmlNamespace>,
}

impl<'s> ShapeConverter<'s, '_> {
    /// Converts a shape.
    ///
    /// # Errors
    /// `Model`: an unknown type, or a member without a target.
    pub(super) fn shape(&self, index: AstIndex) -> Result<RawShape<'s>> {
        let shape = self.ast.shape(index);
        let mut raw = RawShape::default();
        let mut traits = RawTraits::default();
        raw.kind = RawText::from(match &*shape.kind {
            "structure" => "structure",
            "union" => {
                traits.flags.set(Flags::UNION, !shape.is_event_stream());
                "structure"
            }
            "document" => {
                traits.flags.set(Flags::DOCUMENT, true);
                "structure"
            }
            "list" | "set" => "list",
            "map" => "map",
            "string" | "enum" => "string",
            "blob" => "blob",
            "boolean" => "boolean",
            "byte" | "short" | "integer" | "intEnum" => "integer",
            "long" | "bigInteger" => "long",
            "float" => "float",
            "double" | "bigDecimal" => "double",
            "timestamp" => "timestamp",
            other => return Err(invalid(format!("unknown type {other:?}"))),
        });
        match &*shape.kind {
            "structure" | "union" => self.structure(index, shape, &mut raw, &mut traits)?,
            "list" | "set" => raw.member = Some(self.part("member", shape.member.as_ref())?),
            "map" => {
                raw.key = Some(self.part("key", shape.key.as_ref())?);
                raw.value = Some(self.part("value", shape.value.as_ref())?);
            }
            "enum" => {
                let members = shape.members.0.iter();
                let values = members.map(|(name, member)| {
                    let value = member.traits.text(Trait::EnumValue);
                    value.cloned().unwrap_or_else(|| Str::from(name))
                });
                raw.enumeration = values.collect();
            }
            _ => {}
        }
        self.shape_traits(shape, &mut raw, &mut traits);
        if raw.location_name.is_none() && matches!(&*shape.kind, "structure" | "union") {
            raw.location_name = self.original_name(index).map(RawText::from);
        }
        raw.traits = Some(Box::new(traits));
        Ok(raw)
    }

    fn structure(
        &self,
        index: AstIndex,
        shape: &'s AstShape<'_>,
        raw: &mut RawShape<'s>,
        traits: &mut RawTraits,
    ) -> Result<()> {
        let is_message = self.closure.messages.contains(&index);
        for (name, member) in &shape.members.0 {
            let has_bindings = is_message && self.protocols.has_bindings;
            let mut converted = self.member(name, member, has_bindings)?;
            if has_bindings && member.traits.has(Trait::HttpPayload) {
                traits.payload = Some(Str::from(name));
                self.add_namespace(&member.target, &mut converted);
            }
            if member.traits.has(Trait::Required) {
                raw.required.push(RawText::from(&**name));
            }
            raw.members.0.push((RawText::from(&**name), converted));
        }
        if self.closure.events.contains(&index) {
            traits.flags.set(Flags::EVENT, true);
        }
        if let Some(fault) = shape.traits.text(Trait::Error) {
            traits.flags.set(Flags::EXCEPTION, true);
            traits.flags.set(Flags::FAULT, *fault == *"server");
            traits.error = Some(error(&shape.traits, *fault == *"client"));
            traits.retryable = shape.traits.get(Trait::Retryable).map(|retryable| {
                let throttling = retryable.get("throttling").and_then(Value::as_bool);
                RawRetryable {
                    throttling: throttling.unwrap_or_default(),
                }
            });
        }
        Ok(())
    }

    /// Adds the namespace of the service to a reference to the root of an XML document, unless its target has its own.
    pub(super) fn add_namespace(&self, target: &str, converted: &mut RawMember<'s>) {
        let target = self.ast.find(target);
        let Some(target) = target.map(|index| self.ast.shape(index)) else {
            return;
        };
        if self.protocols.is_rest_xml()
            && matches!(&*target.kind, "structure" | "union")
            && !target.traits.has(Trait::XmlNamespace)
            && let Some(namespace) = &self.namespace
        {
            let traits = converted.traits.get_or_insert_default();
            traits
                .xml_namespace
                .get_or_insert_with(|| namespace.clone());
        }
    }

    fn part(&self, name: &'static str, part: Option<&'s AstMember<'_>>) -> Result<RawMember<'s>> {
        let part = part.ok_or_else(|| invalid(format!("missing {name}")))?;
        self.member(name, part, false)
    }

    fn member(
        &self,
        name: &'s str,
        member: &'s AstMember<'_>,
        has_bindings: bool,
    ) -> Result<RawMember<'s>> {
        let target = self.ast.target(&member.target);
        let target = target.map_err(|error| error.at(format_args!("member {name}")))?;
        let mut raw = RawMember {
            shape: RawText::from(self.closure.name(target)),
            ..RawMember::default()
        };
        let mut traits = RawTraits::default();
        let names = self.protocols.names;
        for (id, value) in member.traits.iter() {
            let text = || value.as_str().unwrap_or_default();
            match (id, names) {
                (Trait::XmlName, NameTrait::XmlName | NameTrait::Ec2QueryName)
                | (Trait::JsonName, NameTrait::JsonName) => {
                    raw.location_name = value.as_str().map(RawText::from);
                }
                (Trait::Ec2QueryName, NameTrait::Ec2QueryName) => {
                    traits.query_name = Some(Str::from(text()));
                }
                _ => member_trait(id, value, &mut traits),
            }
        }
        if names == NameTrait::Ec2QueryName
            && traits.query_name.is_none()
            && raw.location_name.is_none()
            && name.starts_with(|first: char| first.is_ascii_lowercase())
            && !matches!(name, "member" | "key" | "value")
        {
            traits.query_name = Some(capitalized(name));
        }
        if has_bindings {
            http::bind(name, member, &mut raw, &mut traits);
            let media_type = self.ast.shape(target).traits.text(Trait::MediaType);
            if traits.location.as_deref() == Some("header") && is_json(media_type) {
                traits.flags.set(Flags::JSON_VALUE, true);
            }
        }
        raw.traits = Some(Box::new(traits));
        Ok(raw)
    }

    fn shape_traits(
        &self,
        shape: &'s AstShape<'_>,
        raw: &mut RawShape<'s>,
        traits: &mut RawTraits,
    ) {
        for (id, value) in shape.traits.iter() {
            let bound = |name| value.get(name).and_then(Value::as_f64);
            match id {
                Trait::Length | Trait::Range => {
                    raw.min = bound("min");
                    raw.max = bound("max");
                }
                Trait::Pattern => raw.pattern = value.as_str().map(Str::from),
                Trait::Enum => {
                    let values = value.items();
                    let values = values.filter_map(|entry| entry.get("value")?.as_str());
                    raw.enumeration = values.map(Str::from).collect();
                }
                Trait::Streaming if shape.is_event_stream() => {
                    traits.flags.set(Flags::EVENT_STREAM, true);
                }
                Trait::Streaming => traits.flags.set(Flags::STREAMING, true),
                Trait::MediaType if self.is_aws && is_json(shape.traits.text(id)) => {
                    traits
                        .flags
                        .set(Flags::JSON_VALUE, *shape.kind == *"string");
                }
                Trait::XmlName if self.protocols.names != NameTrait::JsonName => {
                    raw.location_name = value.as_str().map(RawText::from);
                }
                _ => member_trait(id, value, traits),
            }
        }
    }

    /// Returns the name of a structure as the root element of a document, if it is renamed by the service.
    fn original_name(&self, index: AstIndex) -> Option<&'s str> {
        let original = name_of(self.ast.id(index));
        (self.closure.name(index) != original && self.protocols.is_rest_xml()).then_some(original)
    }
}

/// Sets a trait that shapes and members have in common.
fn member_trait(id: Trait, value: &Value, traits: &mut RawTraits) {
    let flag = match id {
        Trait::XmlFlattened => Flags::FLATTENED,
        Trait::XmlAttribute => Flags::XML_ATTRIBUTE,
        Trait::IdempotencyToken => Flags::IDEMPOTENCY_TOKEN,
        Trait::Sensitive => Flags::SENSITIVE,
        Trait::Sparse => Flags::SPARSE,
        Trait::Deprecated => Flags::DEPRECATED,
        Trait::HostLabel => Flags::HOST_LABEL,
        Trait::EventHeader => Flags::EVENT_HEADER,
        Trait::EventPayload => Flags::EVENT_PAYLOAD,
        Trait::RequiresLength => Flags::REQUIRES_LENGTH,
        Trait::XmlNamespace => {
            traits.xml_namespace = xml_namespace(value);
            return;
        }
        Trait::TimestampFormat => {
            traits.timestamp_format = match value.as_str() {
                Some("date-time") => Some(Str::from_static("iso8601")),
                Some("epoch-seconds") => Some(Str::from_static("unixTimestamp")),
                Some("http-date") => Some(Str::from_static("rfc822")),
                _ => None,
            };
            return;
        }
        Trait::ContextParam => {
            let name = value.get("name").and_then(Value::as_str);
            traits.context_param = name.map(|name| RawContextParam {
                name: Str::from(name),
            });
            return;
        }
        Trait::ClientEndpointDiscoveryId => {
            let name = Str::from_static("endpointdiscoveryid");
            traits.unknown.push((name, Value::Bool(true)));
            return;
        }
        _ => return,
    };
    traits.flags.set(flag, true);
}

/// Returns an `xmlNamespace` trait.
pub(super) fn xml_namespace(value: &Value) -> Option<RawXmlNamespace> {
    let text = |name| value.get(name).and_then(Value::as_str).map(Str::from);
    Some(RawXmlNamespace {
        uri: text("uri")?,
        prefix: text("prefix"),
    })
}

fn error(traits: &Traits, is_sender_fault: bool) -> RawError {
    let status = traits.get(Trait::HttpError);
    let status = traits
        .entry(Trait::AwsQueryError, "httpResponseCode")
        .or(status);
    let status = status.and_then(Value::as_i64);
    RawError {
        code: traits.text_entry(Trait::AwsQueryError, "code").cloned(),
        http_status: status.and_then(|status| u16::try_from(status).ok()),
        sender_fault: is_sender_fault,
    }
}

fn is_json(media_type: Option<&Str>) -> bool {
    media_type.is_some_and(|media_type| *media_type == *"application/json")
}

fn capitalized(name: &str) -> Str {
    let mut characters = name.chars();
    let first = characters.next().map(|first| first.to_ascii_uppercase());
    Str::from(first.into_iter().chain(characters).collect::<String>())
}
