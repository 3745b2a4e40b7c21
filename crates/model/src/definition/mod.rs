//! Loads `service-2.json` definitions.
//!
//! ```text
//! { "metadata": {..}, "operations": {name: {..}}, "shapes": {name: {..}}, "clientContextParams": {..} }
//! ```
//! [`raw`] mirrors the JSON; this module resolves shape names to ids and merges traits.

mod lenient;
pub(crate) mod raw;
mod write;

pub(crate) use lenient::OperationProblem;

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use inia_core::{Error, ErrorKind, Result, Str, TimestampFormat, Value};

use crate::{
    ChecksumTraits, Constraints, EndpointDiscovery, ErrorTraits, Flags, Kind, Location, Member,
    Metadata, Operation, Retryable, ServiceModel, Shape, ShapeId, Structure, Traits, XmlNamespace,
};
use raw::{RawMember, RawMetadata, RawOperation, RawService, RawShape, RawText, RawTraits};

impl ServiceModel {
    /// Loads a definition in botocore's `service-2.json` format; `name` is the folder name of the service.
    ///
    /// # Errors
    /// `Model`: the text is not JSON, a required part is missing, or no operation is valid. The message has the location. An operation
    /// that is invalid, or that uses an invalid shape, is left out; [`operation`](Self::operation) returns the reason.
    ///
    /// # Source
    /// botocore `model.py:ServiceModel`.
    pub fn from_json(name: &str, definition: &[u8]) -> Result<Self> {
        load(name, definition)
    }
}

/// Loads a definition; `name` is the folder name of the service.
fn load(name: &str, definition: &[u8]) -> Result<ServiceModel> {
    let parse_error = |problem: &dyn fmt::Display| {
        Error::new(
            ErrorKind::Model,
            format!("service definition {name:?}: {problem}"),
        )
    };
    let text = decode(definition).map_err(|problem| parse_error(&problem))?;
    let raw = serde_json::from_str::<RawService<'_>>(text).map_err(|error| parse_error(&error));
    raw.and_then(|raw| build(name, raw))
        .or_else(|error| lenient::load(name, text, error))
}

/// Returns the text of a definition, without a byte order mark.
///
/// # Errors
/// The line that is not UTF-8.
pub(crate) fn decode(definition: &[u8]) -> Result<&str, String> {
    // Checking the whole text takes a tenth of the time of checking each string.
    let text = std::str::from_utf8(definition).map_err(|error| {
        let before = definition.get(..error.valid_up_to()).unwrap_or_default();
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
        format!("line {line} is not UTF-8")
    })?;
    Ok(text.trim_start_matches('\u{feff}'))
}

/// Resolves the references of a definition; `name` is the folder name of the service.
pub(crate) fn build(name: &str, raw: RawService<'_>) -> Result<ServiceModel> {
    let with_service = |error: Error| error.at(format_args!("service definition {name:?}"));
    let own_traits: Vec<Traits> = raw
        .shapes
        .0
        .iter()
        .map(|(_, shape)| traits(shape.location_name.as_ref(), shape.traits.as_deref()))
        .collect();
    let graph = Resolver {
        names: names(&raw.shapes.0).map_err(with_service)?,
        shapes: &raw.shapes.0,
        own_traits: &own_traits,
    };
    let mut shapes = Vec::with_capacity(raw.shapes.0.len());
    for ((name, shape), own) in raw.shapes.0.iter().zip(&own_traits) {
        let shape = graph.shape(name, shape, own);
        shapes.push(
            shape.map_err(|error| with_service(error.at(format_args!("shape {}", &**name))))?,
        );
    }
    let mut operations = Vec::with_capacity(raw.operations.0.len());
    for (name, operation) in raw.operations.0 {
        let operation = graph.operation(&name, operation);
        operations.push(
            operation
                .map_err(|error| with_service(error.at(format_args!("operation {}", &*name))))?,
        );
    }
    let mut metadata = metadata(raw.metadata).map_err(with_service)?;
    metadata.client_context = raw
        .client_context
        .0
        .into_iter()
        .map(|(name, kind)| (Str::from(&name), kind.kind))
        .collect();
    metadata.deprecated = raw.deprecated;
    Ok(ServiceModel::new(
        Str::from(name),
        metadata,
        shapes,
        operations,
    ))
}

/// Returns a model as a `service-2.json` value.
pub(crate) fn write(model: &ServiceModel) -> Value {
    write::service(model)
}

fn names<'a>(shapes: &'a [(RawText<'_>, RawShape<'_>)]) -> Result<HashMap<&'a str, ShapeId>> {
    if u32::try_from(shapes.len()).is_err() {
        return Err(Error::new(ErrorKind::Model, "too many shapes"));
    }
    Ok((0u32..)
        .zip(shapes)
        .map(|(id, (name, _))| (&**name, ShapeId(id)))
        .collect())
}

struct Resolver<'a> {
    names: HashMap<&'a str, ShapeId>,
    shapes: &'a [(RawText<'a>, RawShape<'a>)],
    own_traits: &'a [Traits],
}

impl Resolver<'_> {
    fn shape(&self, name: &RawText<'_>, raw: &RawShape<'_>, own: &Traits) -> Result<Shape> {
        let kind = match &*raw.kind {
            "structure" => Kind::Structure(self.structure(raw)?),
            "list" => Kind::List(self.part("member", raw.member.as_ref())?),
            "map" => Kind::Map {
                key: self.part("key", raw.key.as_ref())?,
                value: self.part("value", raw.value.as_ref())?,
            },
            "string" | "character" | "char" => Kind::String,
            "blob" => Kind::Blob,
            "boolean" => Kind::Boolean,
            "integer" | "short" | "byte" => Kind::Integer,
            "long" | "bigInteger" | "biginteger" => Kind::Long,
            "float" => Kind::Float,
            "double" | "bigDecimal" | "bigdecimal" => Kind::Double,
            "timestamp" => Kind::Timestamp,
            "" => return Err(invalid("missing type")),
            other => return Err(invalid(format!("unknown type {other:?}"))),
        };
        let enumeration = raw.enumeration.clone();
        Ok(Shape {
            name: Str::from(name),
            kind,
            traits: own.clone(),
            constraints: Constraints::new(
                raw.min,
                raw.max,
                raw.pattern.clone(),
                enumeration.into(),
            ),
        })
    }

    fn structure(&self, raw: &RawShape<'_>) -> Result<Structure> {
        let mut members = Vec::with_capacity(raw.members.0.len());
        for (name, member) in &raw.members.0 {
            members.push(self.member(Str::from(name), member)?);
        }
        let mut structure = Structure {
            members: members.into(),
            ..Structure::default()
        };
        structure.build_name_index();
        // Required members and payloads that the structure does not have are ignored, as botocore does.
        let position = |member: &str| {
            structure
                .member_position(member)
                .and_then(|position| u32::try_from(position).ok())
        };
        let mut required: Vec<u32> = raw
            .required
            .iter()
            .filter_map(|member| position(member))
            .collect();
        required.sort_unstable();
        required.dedup();
        if let Some(traits) = &raw.traits {
            let payload = traits.payload.as_deref().and_then(position);
            structure.payload = payload;
            if traits.error.is_some()
                || traits.flags.contains(Flags::EXCEPTION)
                || traits.retryable.is_some()
            {
                let error = traits.error.clone().unwrap_or_default();
                structure.error = Some(Box::new(ErrorTraits {
                    code: error.code,
                    http_status: error.http_status,
                    sender_fault: error.sender_fault,
                    retryable: traits.retryable.as_ref().map(|retryable| Retryable {
                        throttling: retryable.throttling,
                    }),
                }));
            }
        }
        structure.required = required.into();
        Ok(structure)
    }

    fn is_structure(&self, shape: ShapeId) -> bool {
        let shape = self.shapes.get(shape.index());
        shape.is_some_and(|(_, raw)| &*raw.kind == "structure")
    }

    fn part(&self, part: &'static str, raw: Option<&RawMember<'_>>) -> Result<Member> {
        let raw = raw.ok_or_else(|| invalid(format!("missing {part}")))?;
        self.member(Str::from_static(part), raw)
    }

    fn member(&self, name: Str, raw: &RawMember<'_>) -> Result<Member> {
        let Some(target) = self.names.get(&*raw.shape).copied() else {
            let shape = &*raw.shape;
            return Err(invalid(if shape.is_empty() {
                format!("{name}: missing shape name")
            } else {
                format!("{name} refers to undefined shape {shape:?}")
            }));
        };
        let own = traits(raw.location_name.as_ref(), raw.traits.as_deref());
        let own_name = own.location_name.clone();
        let mut traits = match self.own_traits.get(target.index()) {
            Some(target) => own.over(target),
            None => own,
        };
        // DIFFERENCE: the location name of a structure names a root element only, as in the Smithy specification; in
        // botocore the members that target the structure inherit it. In AWS's definitions each such member has its own.
        if self.is_structure(target) {
            traits.location_name = own_name;
        }
        Ok(Member {
            name,
            target,
            traits,
        })
    }

    fn operation(&self, name: &RawText<'_>, raw: RawOperation<'_>) -> Result<Operation> {
        let mut result_wrapper = None;
        let mut part = |name, raw: Option<RawMember<'_>>| -> Result<Option<Member>> {
            let Some(raw) = raw else { return Ok(None) };
            let member = self.member(Str::from_static(name), &raw)?;
            if let Some(wrapper) = raw.traits.and_then(|traits| traits.result_wrapper) {
                result_wrapper = Some(wrapper);
            }
            Ok(Some(Member {
                name: Str::new(),
                ..member
            }))
        };
        let input = part("input", raw.input)?;
        let output = part("output", raw.output)?;
        let mut errors = Vec::with_capacity(raw.errors.len());
        for error in &raw.errors {
            errors.push(self.member(Str::from_static("error"), error)?.target);
        }
        Ok(Operation {
            name: Str::from(name),
            index: 0,
            method: raw.http.method.unwrap_or(Str::from_static("POST")),
            request_uri: raw.http.request_uri.unwrap_or(Str::from_static("/")),
            response_code: raw.http.response_code,
            input,
            output,
            result_wrapper,
            errors: errors.into(),
            auth: raw.auth.map(Vec::into_boxed_slice),
            auth_type: raw.auth_type,
            unsigned_payload: raw.unsigned_payload,
            host_prefix: raw.endpoint.and_then(|endpoint| endpoint.host_prefix),
            checksum: raw.checksum.map(|checksum| {
                Box::new(ChecksumTraits {
                    request_required: checksum.request_required,
                    request_algorithm_member: checksum.request_algorithm_member,
                    request_validation_mode_member: checksum.request_validation_mode_member,
                    response_algorithms: checksum.response_algorithms.into(),
                })
            }),
            checksum_required: raw.checksum_required,
            compression: raw
                .compression
                .map(|compression| compression.encodings.into())
                .unwrap_or_default(),
            static_context: raw
                .static_context
                .0
                .into_iter()
                .map(|(name, value)| (Str::from(&name), value.value))
                .collect(),
            operation_context: raw
                .operation_context
                .0
                .into_iter()
                .map(|(name, path)| (Str::from(&name), path.path))
                .collect(),
            endpoint_discovery: raw.endpoint_discovery.map(|raw| EndpointDiscovery {
                required: raw.required,
            }),
            is_endpoint_operation: raw.is_endpoint_operation,
            is_idempotent: raw.is_idempotent,
            is_readonly: raw.is_readonly,
            is_deprecated: raw.is_deprecated,
            unknown: raw.unknown.into(),
        })
    }
}

#[cold]
fn invalid(message: impl Into<Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Model, message)
}

fn traits(location_name: Option<&RawText<'_>>, raw: Option<&RawTraits>) -> Traits {
    let location_name = location_name.map(Str::from);
    let Some(raw) = raw else {
        return Traits {
            location_name,
            ..Traits::NONE
        };
    };
    Traits {
        flags: raw.flags,
        location: raw.location.as_deref().and_then(|location| match location {
            "uri" => Some(Location::Uri),
            "querystring" => Some(Location::QueryString),
            "header" => Some(Location::Header),
            "headers" => Some(Location::Headers),
            "statusCode" => Some(Location::StatusCode),
            _ => None,
        }),
        location_name,
        query_name: raw.query_name.clone(),
        xml_namespace: raw.xml_namespace.as_ref().map(|namespace| {
            Box::new(XmlNamespace {
                uri: namespace.uri.clone(),
                prefix: namespace.prefix.clone(),
            })
        }),
        timestamp_format: raw
            .timestamp_format
            .as_deref()
            .and_then(|format| match format {
                "iso8601" => Some(TimestampFormat::Iso8601),
                "rfc822" => Some(TimestampFormat::Rfc822),
                "unixTimestamp" => Some(TimestampFormat::UnixTimestamp),
                _ => None,
            }),
        context_param: raw.context_param.as_ref().map(|param| param.name.clone()),
        unknown: (!raw.unknown.is_empty()).then(|| Box::new(raw.unknown.clone())),
    }
}

fn metadata(raw: RawMetadata) -> Result<Metadata> {
    let required = |value: Option<Str>, name: &str| {
        value.ok_or_else(|| Error::new(ErrorKind::Model, format!("metadata: missing {name}")))
    };
    let protocols: Box<[Str]> = raw.protocols.into();
    let protocol = match raw.protocol {
        Some(protocol) => protocol,
        None => required(protocols.first().cloned(), "protocol")?,
    };
    let endpoint_prefix = required(raw.endpoint_prefix, "endpointPrefix")?;
    let service_id = raw
        .service_id
        .or_else(|| raw.abbreviation.clone())
        .or_else(|| raw.full_name.clone());
    Ok(Metadata {
        service_id: service_id.unwrap_or_else(|| endpoint_prefix.clone()),
        api_version: raw.api_version.unwrap_or_default(),
        endpoint_prefix,
        signing_name: raw.signing_name,
        signature_version: raw.signature_version.unwrap_or(Str::from_static("v4")),
        auth: raw.auth.into(),
        protocol,
        protocols,
        json_version: raw.json_version,
        target_prefix: raw.target_prefix,
        xml_namespace: raw.xml_namespace,
        global_endpoint: raw.global_endpoint,
        full_name: raw.full_name.unwrap_or_default(),
        abbreviation: raw.abbreviation,
        uid: raw.uid.unwrap_or_default(),
        query_compatible: raw.query_compatible,
        h2: raw.protocol_settings.h2,
        client_context: Box::default(),
        deprecated: false,
        unknown: raw.unknown.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(shapes: &str) -> Result<ServiceModel> {
        let text = format!(
            r#"{{"version": "2.0", "metadata": {{"protocol": "json", "endpointPrefix": "t"}},
                "operations": {{"Go": {{"name": "Go", "http": {{"method": "POST", "requestUri": "/"}}, "input": {{"shape": "In"}}}}}},
                "shapes": {shapes}}}"#
        );
        load("test", text.as_bytes())
    }

    #[test]
    fn recursive_shapes_refer_to_themselves() {
        let model =
            service(r#"{"In": {"type": "structure", "members": {"Self": {"shape": "In"}}}}"#)
                .unwrap();
        let go = model.operation("Go").unwrap();
        let input = model.input(go).unwrap();
        assert_eq!(input.members[0].target, go.input.as_ref().unwrap().target);
    }

    #[test]
    fn member_traits_override_target_traits() {
        let model = service(
            r#"{"In": {"type": "structure", "members": {"A": {"shape": "T"}, "B": {"shape": "T", "timestampFormat": "rfc822"}}},
                "T": {"type": "timestamp", "timestampFormat": "iso8601", "sensitive": true}}"#,
        )
        .unwrap();
        let members = &model.input(model.operation("go").unwrap()).unwrap().members;
        assert_eq!(
            members[0].traits.timestamp_format,
            Some(TimestampFormat::Iso8601)
        );
        assert_eq!(
            members[1].traits.timestamp_format,
            Some(TimestampFormat::Rfc822)
        );
        assert!(members[1].traits.is_sensitive());
    }

    #[test]
    fn keeps_unknown_traits() {
        let model =
            service(r#"{"In": {"type": "structure", "members": {}, "tomorrow": {"x": [1]}}}"#)
                .unwrap();
        let shape = model.shape(model.shape_id("In").unwrap());
        assert_eq!(shape.traits.unknown.as_ref().unwrap()[0].0, "tomorrow");
    }

    #[test]
    fn rejects_invalid_definition_with_its_location() {
        let message =
            service(r#"{"In": {"type": "structure", "members": {"A": {"shape": "Gone"}}}}"#)
                .unwrap_err()
                .to_string();
        assert_eq!(
            message,
            r#"service definition "test": shape In: A refers to undefined shape "Gone""#
        );
        let message = service(r#"{"In": {"type": "strukture"}}"#)
            .unwrap_err()
            .to_string();
        assert!(message.contains("shape In: unknown type"), "{message}");
        let message = load("test", b"{\n  \"metadata\": 3}")
            .unwrap_err()
            .to_string();
        assert!(message.contains("line 2"), "{message}");
        let message = load("test", b"{\n\n \"\xff\": 3}").unwrap_err().to_string();
        assert!(message.contains("line 3 is not UTF-8"), "{message}");
    }
}
