//! Writes errors as responses.
//!
//! ```text
//! json, rest-json      {"__type": "NotFound", "message": "..", ..}   x-amzn-errortype: NotFound
//! smithy-rpc-v2-cbor   the same in CBOR
//! query, rest-xml      <ErrorResponse><Error><Type/><Code/><Message/>..</Error><RequestId/></ErrorResponse>
//! rest-xml of S3       <Error><Code/><Message/>..<RequestId/></Error>
//! ec2                  <Response><Errors><Error><Code/><Message/>..</Error></Errors><RequestID/></Response>
//! ```

use bytes::Bytes;
use inia_core::{Fault, Map, Result, ServiceError, Value};
use inia_model::{Member, Operation, ServiceModel, ShapeId, Structure};

use super::response_writer::{element, media_type, structure, write_located};
use super::{REQUEST_ID, is_rest};
use crate::format::{CONTENT_TYPE, WireFormat};
use crate::service_error::error_shape;
use crate::{Headers, Protocol, Response};

/// Services whose errors in XML have no envelope.
///
/// # Source
/// botocore `parsers.py:RestXMLParser._parse_error_from_body`.
const WITHOUT_ENVELOPE: [&str; 1] = ["s3"];

/// Writes an error.
///
/// # Errors
/// `Validation`: a detail does not match its shape.
pub(super) fn write(
    model: &ServiceModel,
    format: &dyn WireFormat,
    protocol: Protocol,
    operation: Option<&Operation>,
    error: &ServiceError,
) -> Result<Response> {
    let mut response = Response {
        status: error.http_status,
        headers: Headers::new(),
        body: Bytes::new(),
    };
    response.headers.push("x-amzn-requestid", REQUEST_ID);
    let none = Operation::default();
    let shape = error_shape(model, operation.unwrap_or(&none), &error.code);
    let message_member = shape
        .and_then(|id| structure_of(model, id))
        .and_then(|structure| {
            let mut members = structure.members.iter();
            members.find(|member| member.name.eq_ignore_ascii_case("message"))
        });
    let mut details = error.details.clone();
    // In XML the message is `Message`, however the definition spells the member.
    let message_member = message_member.filter(|_| !is_xml(protocol));
    if let Some(member) = message_member
        && !error.message.is_empty()
    {
        details.insert(member.name.clone(), &error.message);
    }
    if is_rest(protocol)
        && let Some(structure) = shape.and_then(|id| structure_of(model, id))
    {
        let status = response.status;
        details = write_located(model, structure, &details, &mut response)?;
        response.status = status;
    }
    let body = match shape {
        Some(id) => {
            let member = Member {
                name: model.shape(id).name.clone(),
                target: id,
                traits: model.shape(id).traits.clone(),
            };
            structure(format, &details, Some(element("Error")), &member)?
        }
        None => Vec::new(),
    };
    let has_message = message_member.is_some() || error.message.is_empty();
    let own_message = (!has_message).then_some(&*error.message);
    response.body = match protocol {
        Protocol::Json | Protocol::RestJson => {
            let name = shape.map_or(&error.code, |id| &model.shape(id).name);
            if protocol == Protocol::RestJson {
                response
                    .headers
                    .push("x-amzn-errortype", error.code.clone());
            }
            if model.metadata().query_compatible {
                let header = format!("{};{}", error.code, fault(error));
                response.headers.push("x-amzn-query-error", header);
            }
            json_body(name, own_message, &body).into()
        }
        Protocol::RpcV2Cbor => {
            response.headers.push("smithy-protocol", "rpc-v2-cbor");
            let name = shape.map_or(&error.code, |id| &model.shape(id).name);
            cbor_body(name, own_message, &body).into()
        }
        Protocol::RestXml | Protocol::Query | Protocol::Ec2 => {
            let bare = WITHOUT_ENVELOPE.contains(&&**model.name());
            xml_body(protocol, bare, error, own_message, &body).into()
        }
    };
    response
        .headers
        .push(CONTENT_TYPE, media_type(format, model, protocol));
    Ok(response)
}

/// Returns the party at fault, as the services name it.
fn fault(error: &ServiceError) -> &'static str {
    match error.fault {
        Some(Fault::Receiver) => "Receiver",
        None if error.http_status >= 500 => "Receiver",
        _ => "Sender",
    }
}

fn is_xml(protocol: Protocol) -> bool {
    matches!(
        protocol,
        Protocol::RestXml | Protocol::Query | Protocol::Ec2
    )
}

fn structure_of(model: &ServiceModel, id: ShapeId) -> Option<&Structure> {
    match &model.shape(id).kind {
        inia_model::Kind::Structure(structure) => Some(structure),
        _ => None,
    }
}

/// Puts the code in front of the members of an object, and the message unless it is one of them.
fn json_body(code: &str, message: Option<&str>, members: &[u8]) -> Vec<u8> {
    let mut head = Map::new();
    head.insert("__type", code);
    if let Some(message) = message {
        head.insert("message", message);
    }
    let mut body = Value::Map(head).to_json_string().into_bytes();
    if let Some(rest) = members.strip_prefix(b"{").filter(|rest| rest.len() > 1) {
        body.pop();
        body.push(b',');
        body.extend_from_slice(rest);
    }
    body
}

/// As [`json_body`], in CBOR.
fn cbor_body(code: &str, message: Option<&str>, members: &[u8]) -> Vec<u8> {
    let mut body = vec![0xbf];
    push_cbor_text(&mut body, "__type");
    push_cbor_text(&mut body, code);
    if let Some(message) = message {
        push_cbor_text(&mut body, "message");
        push_cbor_text(&mut body, message);
    }
    // The head of a map, and its entries; a map of unknown length has an end of its own.
    let entries = match members.split_first() {
        Some((0xbf, rest)) => rest.strip_suffix(&[0xff]).unwrap_or(rest),
        Some((0xa0..=0xb7, rest)) => rest,
        Some((0xb8, rest)) => rest.get(1..).unwrap_or_default(),
        Some((0xb9, rest)) => rest.get(2..).unwrap_or_default(),
        _ => &[],
    };
    body.extend_from_slice(entries);
    body.push(0xff);
    body
}

fn push_cbor_text(out: &mut Vec<u8>, text: &str) {
    let [.., a, b, c, d] = (text.len() as u64).to_be_bytes();
    out.extend_from_slice(&[0x7a, a, b, c, d]);
    out.extend_from_slice(text.as_bytes());
}

fn xml_body(
    protocol: Protocol,
    is_bare: bool,
    error: &ServiceError,
    message: Option<&str>,
    members: &[u8],
) -> String {
    let text = |text: &str| {
        text.replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
    };
    let members = members
        .strip_prefix(b"<Error>")
        .and_then(|rest| rest.strip_suffix(b"</Error>"))
        .unwrap_or_default();
    let members = String::from_utf8_lossy(members);
    let code = text(&error.code);
    let message = match message {
        Some(message) => format!("<Message>{}</Message>", text(message)),
        None => String::new(),
    };
    let fault = fault(error);
    match protocol {
        Protocol::Ec2 => format!(
            "<Response><Errors><Error><Code>{code}</Code>{message}{members}</Error></Errors><RequestID>{REQUEST_ID}</RequestID></Response>"
        ),
        _ if is_bare => format!(
            "<Error><Code>{code}</Code>{message}{members}<RequestId>{REQUEST_ID}</RequestId></Error>"
        ),
        _ => format!(
            "<ErrorResponse><Error><Type>{fault}</Type><Code>{code}</Code>{message}{members}</Error><RequestId>{REQUEST_ID}</RequestId></ErrorResponse>"
        ),
    }
}
