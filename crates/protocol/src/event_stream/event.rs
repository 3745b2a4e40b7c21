//! Events: conversion between messages and modeled events.
//!
//! An event stream is a union whose members are events. On the wire the member's name is the header `:event-type`; the
//! event's own members are headers (`eventheader`), the whole payload (`eventpayload`), or together the payload in the
//! wire format.

use bytes::Bytes;
use inia_core::{Blob, Error, ErrorKind, Map, Result, ServiceError, Str, Timestamp, Value};
use inia_model::{Kind, Member, Operation, ServiceModel, Structure};

use super::{EventHeader, EventMessage};
use crate::cbor::read_cbor;
use crate::format::{BodyPart, FixedParts, WireFormat, empty_payload};
use crate::json::read_json;
use crate::mismatch::{is_match, log_scalar};
use crate::params::{blob_bytes, mismatch, timestamp_param};
use crate::response::text_payload;
use crate::service_error::{apply_shape, error_shape, message_of};
use crate::shape::ValueType;
use crate::strictness::Strictness;

/// Parses a message of an operation's output stream into a map of the event's name to the event. Returns `None` for a message that is
/// no event. An event that is not in the model has its headers and the members of its payload.
///
/// DIFFERENCE: botocore skips events that are not in the model.
///
/// # Errors
/// `Service`: the message is an error or exception. `Parse`: its payload is malformed.
///
/// # Source
/// botocore `parsers.py:BaseEventStreamParser`.
pub(crate) fn parse_event(
    model: &ServiceModel,
    operation: &Operation,
    message: EventMessage,
    format: &dyn WireFormat,
) -> Result<Option<Value>> {
    let stream = model
        .event_stream_output(operation)
        .and_then(|member| model.structure(member));
    let Some(stream) = stream else {
        return Err(no_event_stream(operation));
    };
    match message.text(":message-type").map(Str::as_str) {
        Some("exception") => return Err(exception(model, operation, stream, &message, format)),
        Some("error") => {
            let text = |name| message.text(name).cloned().unwrap_or_default();
            let mut error = ServiceError {
                code: text(":error-code"),
                message: text(":error-message"),
                http_status: ERROR_STATUS,
                ..ServiceError::default()
            };
            let shape = error_shape(model, operation, &error.code);
            apply_shape(model, shape, &mut error);
            return Err(Error::from_service(&operation.name, error));
        }
        _ => {}
    }
    let Some(name) = message.text(":event-type").cloned() else {
        return Ok(None);
    };
    let (name, event) = match stream.member(&name) {
        Some(member) => {
            let event = read_event(model, member, message, format)
                .map_err(|error| error.at(format_args!("event {}", member.name)))?;
            (member.name.clone(), event)
        }
        // Not an event of the stream.
        None if *name == *INITIAL_RESPONSE => return Ok(None),
        None => {
            tracing::debug!(operation = %operation.name, event = %name, "unknown event");
            (name, Value::Map(untyped_event(&message)))
        }
    };
    let mut map = Map::with_capacity(1);
    map.push(name, event);
    Ok(Some(Value::Map(map)))
}

/// The type of the message with the output members other than the stream.
const INITIAL_RESPONSE: &str = "initial-response";

/// Returns the content of an event that is not in the model: its headers, and the members of its payload. A payload of unknown form is
/// in `payload`.
fn untyped_event(message: &EventMessage) -> Map {
    let headers = message.headers.iter();
    let mut event: Map = headers
        .filter(|(name, _)| !name.starts_with(':'))
        .map(|(name, header)| (name.clone(), header_value(header)))
        .collect();
    let payload = &message.payload;
    if payload.is_empty() {
        return event;
    }
    let content_type = message.text(":content-type").map_or("", Str::as_str);
    let is_object = || content_type.is_empty() && payload.trim_ascii_start().starts_with(b"{");
    let parsed = if content_type.contains("json") || is_object() {
        read_json(payload.clone()).ok()
    } else if content_type.contains("cbor") {
        read_cbor(payload.clone()).ok()
    } else {
        None
    };
    match parsed {
        Some(Value::Map(body)) => {
            for (name, value) in body {
                event.insert(name, value);
            }
        }
        Some(value) => {
            event.insert("payload", value);
        }
        None => {
            let value = match std::str::from_utf8(payload) {
                Ok(text) => Value::from(text),
                Err(_) => Value::Blob(Blob::from(payload.clone())),
            };
            event.insert("payload", value);
        }
    }
    event
}

/// Returns the first message of a stream if it is the initial response.
///
/// # Errors
/// `Service`: it is an error. `Parse`: it is an event.
///
/// # Source
/// botocore `eventstream.py:EventStream.get_initial_response`.
pub(crate) fn initial_response(
    model: &ServiceModel,
    operation: &Operation,
    message: EventMessage,
    format: &dyn WireFormat,
) -> Result<EventMessage> {
    if message
        .text(":event-type")
        .is_some_and(|name| *name == *INITIAL_RESPONSE)
    {
        return Ok(message);
    }
    // An error message is returned as its own error.
    parse_event(model, operation, message, format)?;
    Err(Error::new(
        ErrorKind::Parse,
        "the first message of the event stream is not the initial response",
    ))
}

/// The HTTP status of errors within a stream.
///
/// # Source
/// botocore `eventstream.py:EventStreamMessage.to_response_dict`.
const ERROR_STATUS: u16 = 400;

fn exception(
    model: &ServiceModel,
    operation: &Operation,
    stream: &Structure,
    message: &EventMessage,
    format: &dyn WireFormat,
) -> Error {
    let code = message.text(":exception-type").cloned().unwrap_or_default();
    let mut error = ServiceError {
        http_status: ERROR_STATUS,
        ..ServiceError::default()
    };
    let member = stream.member(&code);
    let body = match member {
        Some(member) => match read_payload(model, format, member, &message.payload) {
            Ok(Value::Map(map)) => map,
            _ => Map::new(),
        },
        None => untyped_event(message),
    };
    error.message = message_of(&body);
    error.details = body;
    let shape = member.map(|member| member.target);
    let shape = shape.or_else(|| error_shape(model, operation, &code));
    error.code = code;
    apply_shape(model, shape, &mut error);
    Error::from_service(&operation.name, error)
}

fn read_event(
    model: &ServiceModel,
    member: &Member,
    message: EventMessage,
    format: &dyn WireFormat,
) -> Result<Value> {
    let empty = Structure::default();
    let structure = model.structure(member).unwrap_or(&empty);
    let mut event = Map::new();
    for event_member in &structure.members {
        if event_member.traits.is_event_header()
            && let Some(header) = message.header(&event_member.name)
        {
            let (target, value) = (ValueType::of(model, event_member), header_value(header));
            if !is_match(target, &value) {
                log_scalar(&member.name, &event_member.name, target, &value);
            }
            event.push(event_member.name.clone(), value);
        }
    }
    let payload = structure
        .members
        .iter()
        .find(|event_member| event_member.traits.is_event_payload());
    if let Some(event_member) = payload {
        let value = match model.shape(event_member.target).kind {
            Kind::Blob => Value::Blob(Blob::from(message.payload)),
            Kind::String => text_payload(&member.name, event_member, &message.payload),
            _ => read_payload(model, format, event_member, &message.payload)?,
        };
        if !value.is_null() {
            event.push(event_member.name.clone(), value);
        }
    } else if !message.payload.is_empty() && event.len() < structure.members.len() {
        match format.read_member(member, &message.payload)? {
            Value::Map(body) => {
                for (name, value) in body {
                    event.insert(name, value);
                }
            }
            // A payload of another type is the event.
            value if event.is_empty() && !value.is_null() => return Ok(value),
            _ => {}
        }
    }
    Ok(Value::Map(event))
}

/// Reads the payload of an event as a member's value.
fn read_payload(
    model: &ServiceModel,
    format: &dyn WireFormat,
    member: &Member,
    payload: &Bytes,
) -> Result<Value> {
    if payload.is_empty() {
        return Ok(empty_payload(model, member));
    }
    format.read_member(member, payload)
}

/// Writes a member's value as the payload of an event.
fn write_payload(format: &dyn WireFormat, member: &Member, value: &Value) -> Result<Bytes> {
    let part = BodyPart::Value { member, value };
    let payload = format.write(&FixedParts::default(), part, Strictness::Lenient, 256)?;
    Ok(payload.into())
}

fn header_value(header: &EventHeader) -> Value {
    match header {
        EventHeader::Bool(value) => Value::Bool(*value),
        EventHeader::Byte(value) => Value::Int(i64::from(*value)),
        EventHeader::Short(value) => Value::Int(i64::from(*value)),
        EventHeader::Int(value) => Value::Int(i64::from(*value)),
        EventHeader::Long(value) => Value::Int(*value),
        EventHeader::Bytes(bytes) => Value::Blob(Blob::from(bytes.clone())),
        EventHeader::String(text) => Value::String(text.clone()),
        EventHeader::Timestamp(milliseconds) => {
            Value::Timestamp(Timestamp::from_millis(*milliseconds))
        }
        EventHeader::Uuid(uuid) => Value::Blob(Blob::from(&uuid[..])),
    }
}

/// Returns the first message of an input stream, with the parameters other than the stream as its payload.
///
/// # Source
/// <https://smithy.io/2.0/spec/event-streams.html>, "Initial request messages".
pub(crate) fn initial_request(format: &dyn WireFormat, payload: Bytes) -> EventMessage {
    let text = |text| EventHeader::String(Str::from_static(text));
    EventMessage {
        headers: vec![
            (":message-type".into(), text("event")),
            (":event-type".into(), text("initial-request")),
            (
                ":content-type".into(),
                EventHeader::String(format.media_type()),
            ),
        ],
        payload,
    }
}

/// Serializes an event of an operation's input stream: a map of one event's name to the event.
///
/// # Errors
/// `Validation`: the value is not exactly one modeled event, or does not match its shape.
pub(crate) fn serialize_event(
    model: &ServiceModel,
    operation: &Operation,
    event: &Value,
    format: &dyn WireFormat,
) -> Result<EventMessage> {
    let stream = model.event_stream_input(operation);
    write_event(model, operation, stream, event, format)
}

/// Serializes an event or an exception of an operation's output stream, as a service does.
///
/// # Errors
/// As [`serialize_event`].
pub(crate) fn serialize_output_event(
    model: &ServiceModel,
    operation: &Operation,
    event: &Value,
    format: &dyn WireFormat,
) -> Result<EventMessage> {
    let stream = model.event_stream_output(operation);
    write_event(model, operation, stream, event, format)
}

fn write_event(
    model: &ServiceModel,
    operation: &Operation,
    stream: Option<&Member>,
    event: &Value,
    format: &dyn WireFormat,
) -> Result<EventMessage> {
    let Some(stream) = stream.and_then(|member| model.structure(member)) else {
        return Err(no_event_stream(operation));
    };
    let mut entries = event.entries().filter(|(_, value)| !value.is_null());
    let (Some((name, value)), None) = (entries.next(), entries.next()) else {
        return Err(Error::new(
            ErrorKind::Validation,
            "expected a map with the name of exactly one event",
        ));
    };
    let Some(member) = stream.member(name) else {
        return Err(Error::new(
            ErrorKind::Validation,
            format!("unknown event {name:?}"),
        ));
    };
    let Value::Map(map) = value else {
        return Err(mismatch(name, "a map", value));
    };
    let empty = Structure::default();
    let structure = model.structure(member).unwrap_or(&empty);
    let (kind, name_header) = match model.shape(member.target).traits.is_exception() {
        true => ("exception", ":exception-type"),
        false => ("event", ":event-type"),
    };
    let mut headers = vec![
        (":message-type".into(), EventHeader::String(kind.into())),
        (name_header.into(), EventHeader::String(member.name.clone())),
    ];
    let mut body = Map::new();
    let mut payload = None;
    for (name, value) in map.iter().filter(|(_, value)| !value.is_null()) {
        match structure.member(name) {
            Some(event_member) if event_member.traits.is_event_header() => {
                headers.push((
                    event_member.name.clone(),
                    header_param(model, event_member, value)?,
                ));
            }
            Some(event_member) if event_member.traits.is_event_payload() => {
                payload = Some((event_member, value))
            }
            _ => body.push(name.clone(), value.clone()),
        }
    }
    let has_payload_member = structure
        .members
        .iter()
        .any(|event_member| event_member.traits.is_event_payload());
    let has_only_headers = || {
        let mut members = structure.members.iter();
        members.all(|event_member| event_member.traits.is_event_header())
    };
    let (content_type, payload) = match payload {
        Some((event_member, value)) => {
            let content_type = match model.shape(event_member.target).kind {
                Kind::Blob => Str::from_static("application/octet-stream"),
                Kind::String => Str::from_static("text/plain"),
                _ => format.media_type(),
            };
            let payload = match model.shape(event_member.target).kind {
                Kind::Blob | Kind::String => {
                    Bytes::copy_from_slice(blob_bytes(&event_member.name, value)?)
                }
                _ => write_payload(format, event_member, value)?,
            };
            (content_type, payload)
        }
        None if has_payload_member || has_only_headers() && body.is_empty() => {
            (Str::new(), Bytes::new())
        }
        None => (
            format.media_type(),
            write_payload(format, member, &Value::Map(body))?,
        ),
    };
    if !content_type.is_empty() {
        headers.push((":content-type".into(), EventHeader::String(content_type)));
    }
    Ok(EventMessage { headers, payload })
}

fn header_param(model: &ServiceModel, member: &Member, value: &Value) -> Result<EventHeader> {
    Ok(match (&model.shape(member.target).kind, value) {
        (Kind::Timestamp, value) => {
            EventHeader::Timestamp(timestamp_param(&member.name, value)?.millis())
        }
        (Kind::Blob, value) => {
            EventHeader::Bytes(Bytes::copy_from_slice(blob_bytes(&member.name, value)?))
        }
        (Kind::Boolean, Value::Bool(value)) => EventHeader::Bool(*value),
        (Kind::Integer, Value::Int(number)) => match i32::try_from(*number) {
            Ok(number) => EventHeader::Int(number),
            Err(_) => return Err(mismatch(&member.name, "an integer of its size", value)),
        },
        (Kind::Long, Value::Int(value)) => EventHeader::Long(*value),
        (Kind::String, Value::String(text)) => EventHeader::String(text.clone()),
        (content_type, value) => return Err(mismatch(&member.name, content_type.name(), value)),
    })
}

#[cold]
fn no_event_stream(operation: &Operation) -> Error {
    Error::new(
        ErrorKind::Model,
        format!("{} has no event stream in this direction", operation.name),
    )
}
