//! Writes outputs as responses.

use bytes::Bytes;
use inia_core::{Map, Result, Str, Value};
use inia_model::{Location, Member, Operation, ServiceModel, Structure};

use super::{REQUEST_ID, is_rest};
use crate::event_stream::{EventHeader, EventMessage};
use crate::format::{
    BodyKind, BodyPart, CONTENT_TYPE, EVENT_STREAM_TYPE, FixedParts, WireFormat, XmlElement,
};
use crate::header::{header_text, push_prefix_headers};
use crate::params::{blob_bytes, params_map};
use crate::request::{lower_name, prefix_of};
use crate::strictness::Strictness;
use crate::{Headers, Protocol, Response};

/// Initial capacity of a body, in bytes.
const CAPACITY: usize = 256;

/// Writes an output. `encode_event` encodes an event of the output's stream.
///
/// # Errors
/// `Validation`: a value does not match its shape.
pub(super) fn write(
    model: &ServiceModel,
    format: &dyn WireFormat,
    protocol: Protocol,
    operation: &Operation,
    output: &Value,
    encode_event: impl Fn(&Value) -> Result<Bytes>,
) -> Result<Response> {
    let empty = Map::new();
    let params = params_map(&operation.name, output, &empty)?;
    let mut response = Response {
        status: operation.response_code.unwrap_or(200),
        headers: Headers::new(),
        body: Bytes::new(),
    };
    response.headers.push("x-amzn-requestid", REQUEST_ID);
    let is_rest = is_rest(protocol);
    if protocol == Protocol::RpcV2Cbor {
        response.headers.push("smithy-protocol", "rpc-v2-cbor");
    }
    let (Some(member), Some(structure)) = (&operation.output, model.output(operation)) else {
        match protocol {
            Protocol::Json => {
                response.body = Bytes::from_static(b"{}");
                response
                    .headers
                    .push(CONTENT_TYPE, media_type(format, model, protocol));
            }
            Protocol::Query | Protocol::Ec2 => {
                response.body = wrapped(model, protocol, operation, b"<R></R>").into();
                response.headers.push(CONTENT_TYPE, "text/xml");
            }
            _ => {}
        }
        return Ok(response);
    };
    let params = match is_rest {
        true => write_located(model, structure, params, &mut response)?,
        false => params.clone(),
    };
    if let Some(events) = model.event_stream_output(operation) {
        response.headers.push(CONTENT_TYPE, EVENT_STREAM_TYPE);
        let mut body = Vec::new();
        if !is_rest {
            let mut initial = params.clone();
            initial.remove(&events.name);
            let payload = self::structure(format, &initial, None, member)?;
            body.extend_from_slice(&initial_response(format, payload)?);
        }
        for event in params.get(&events.name).into_iter().flat_map(Value::items) {
            body.extend_from_slice(&encode_event(event)?);
        }
        response.body = body.into();
        return Ok(response);
    }
    let has_members = structure
        .members
        .iter()
        .any(|member| !is_located(member) || !is_rest);
    let kind = match is_rest {
        true => BodyKind::of(model, structure, has_members),
        false => BodyKind::Members,
    };
    let body = match kind {
        BodyKind::None | BodyKind::EventStream => return Ok(response),
        BodyKind::Raw(position) => {
            if let Some(member) = structure.members.get(position)
                && let Some(value) = params.get(&member.name).filter(|value| !value.is_null())
            {
                response.body = Bytes::copy_from_slice(blob_bytes(&member.name, value)?);
            }
            return Ok(response);
        }
        BodyKind::Payload(position) => {
            let payload = structure.members.get(position);
            let value = payload.and_then(|member| Some((member, params.get(&member.name)?)));
            match value.filter(|(_, value)| !value.is_null()) {
                Some((member, value)) => {
                    let part = BodyPart::Value { member, value };
                    format.write(&FixedParts::default(), part, Strictness::Lenient, CAPACITY)?
                }
                None => return Ok(response),
            }
        }
        BodyKind::Members => write_members(model, format, protocol, operation, member, &params)?,
    };
    let media_type = media_type(format, model, protocol);
    response.headers.push(CONTENT_TYPE, media_type);
    response.body = body.into();
    Ok(response)
}

fn write_members(
    model: &ServiceModel,
    format: &dyn WireFormat,
    protocol: Protocol,
    operation: &Operation,
    output: &Member,
    params: &Map,
) -> Result<Vec<u8>> {
    let root = match protocol {
        Protocol::Query | Protocol::Ec2 => Some(element("R")),
        Protocol::RestXml => {
            // The root of an output is named like that of an input.
            let as_input = Operation {
                name: operation.name.clone(),
                input: Some(output.clone()),
                ..Operation::default()
            };
            format.fixed_parts(&as_input).root
        }
        _ => None,
    };
    let body = structure(format, params, root, output)?;
    Ok(match protocol {
        Protocol::Query | Protocol::Ec2 => wrapped(model, protocol, operation, &body),
        _ => body,
    })
}

/// Writes the members of a structure as a body.
pub(super) fn structure(
    format: &dyn WireFormat,
    params: &Map,
    root: Option<XmlElement>,
    member: &Member,
) -> Result<Vec<u8>> {
    let fixed = FixedParts {
        root,
        ..FixedParts::default()
    };
    let part = BodyPart::Members {
        input: member,
        params,
        body_only: false,
    };
    format.write(&fixed, part, Strictness::Lenient, CAPACITY)
}

pub(super) fn element(name: &str) -> XmlElement {
    XmlElement {
        start: format!("<{name}").into(),
        end: format!("</{name}>").into(),
    }
}

/// Puts the content of the element `<R>` into the envelope of a query or EC2 response.
fn wrapped(
    model: &ServiceModel,
    protocol: Protocol,
    operation: &Operation,
    document: &[u8],
) -> Vec<u8> {
    let content = document
        .strip_prefix(b"<R>")
        .and_then(|rest| rest.strip_suffix(b"</R>"))
        .unwrap_or_default();
    let content = String::from_utf8_lossy(content);
    let name = &operation.name;
    let namespace = match &model.metadata().xml_namespace {
        Some(uri) => format!(" xmlns=\"{uri}\""),
        None => String::new(),
    };
    let text = match (protocol, &operation.result_wrapper) {
        (Protocol::Ec2, _) => format!(
            "<{name}Response{namespace}><requestId>{REQUEST_ID}</requestId>{content}</{name}Response>"
        ),
        (_, Some(wrapper)) => format!(
            "<{name}Response{namespace}><{wrapper}>{content}</{wrapper}><ResponseMetadata><RequestId>{REQUEST_ID}</RequestId></ResponseMetadata></{name}Response>"
        ),
        (_, None) => format!(
            "<{name}Response{namespace}>{content}<ResponseMetadata><RequestId>{REQUEST_ID}</RequestId></ResponseMetadata></{name}Response>"
        ),
    };
    text.into_bytes()
}

/// Returns whether a member of an output is bound to the status or a header.
fn is_located(member: &Member) -> bool {
    matches!(
        member.traits.location,
        Some(Location::StatusCode | Location::Header | Location::Headers)
    )
}

/// Writes the members that are bound to the status and headers, and returns the others.
pub(super) fn write_located(
    model: &ServiceModel,
    structure: &Structure,
    params: &Map,
    response: &mut Response,
) -> Result<Map> {
    let mut rest = Map::new();
    for (name, value) in params {
        let member = structure.member(name);
        let location = member.and_then(|member| Some((member, member.traits.location?)));
        match location {
            _ if value.is_null() => {}
            Some((_, Location::StatusCode)) => {
                if let Some(status) = value.as_i64().and_then(|status| u16::try_from(status).ok()) {
                    response.status = status;
                }
            }
            Some((member, Location::Header)) => {
                if let Some(text) = header_text(model, member, value)? {
                    response.headers.set(lower_name(member.wire_name()), text);
                }
            }
            Some((member, Location::Headers)) => {
                let prefix = lower_name(prefix_of(member));
                push_prefix_headers(&mut response.headers, &member.name, &prefix, value)?;
            }
            _ => {
                rest.insert(name.clone(), value.clone());
            }
        }
    }
    Ok(rest)
}

pub(super) fn media_type(format: &dyn WireFormat, model: &ServiceModel, protocol: Protocol) -> Str {
    match protocol {
        Protocol::Json => {
            let version = model.metadata().json_version.as_deref().unwrap_or("1.0");
            Str::from(format!("application/x-amz-json-{version}"))
        }
        Protocol::Query | Protocol::Ec2 => Str::from_static("text/xml"),
        _ => format.media_type(),
    }
}

/// Returns the message that holds the members of the output other than its event stream.
fn initial_response(format: &dyn WireFormat, payload: Vec<u8>) -> Result<Bytes> {
    let header =
        |name: &'static str, value: Str| (Str::from_static(name), EventHeader::String(value));
    let message = EventMessage {
        headers: vec![
            header(":message-type", Str::from_static("event")),
            header(":event-type", Str::from_static("initial-response")),
            header(":content-type", format.media_type()),
        ],
        payload: payload.into(),
    };
    message.encode()
}
