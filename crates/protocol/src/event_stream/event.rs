//! Events: what a model makes of the messages of a stream, and back.
//!
//! An event stream is a union whose members are events. On the wire the member's name is the header `:event-type`; the event's
//! own members are headers (`eventheader`), the whole payload (`eventpayload`), or together the payload in the wire format.

use bytes::Bytes;
use inia_core::{Blob, Error, ErrorKind, Map, Result, ServiceError, Str, Timestamp, Value};
use inia_model::{Kind, Member, Operation, ServiceModel, Structure};

use super::{EventHeader, EventMessage};
use crate::error_code::{finish_error, message_of};
use crate::scalar::{blob_bytes, mismatch, timestamp_param};

/// How a wire format reads and writes payloads of events.
pub(crate) trait EventFormat {
    /// The type of payloads in the wire format, such as `application/json`.
    const CONTENT_TYPE: &'static str;

    /// Reads a payload as a member's value.
    fn read(&self, member: &Member, payload: Bytes) -> Result<Value>;

    /// Writes a member's value as a payload.
    fn write(&self, member: &Member, value: &Value) -> Result<Vec<u8>>;
}

/// Reads a message of the stream that an operation answers with: a map of the event's name to the event; `None` for an event
/// that the model does not know.
///
/// # Errors
/// `Service`: the message is an error or exception. `Parse`: it cannot be understood.
///
/// # Source
/// botocore `parsers.py:BaseEventStreamParser`.
pub(crate) fn parse_event(
    model: &ServiceModel,
    operation: &Operation,
    message: EventMessage,
    format: &impl EventFormat,
) -> Result<Option<Value>> {
    let stream = model
        .event_stream_output(operation)
        .and_then(|member| model.structure(member));
    let Some(stream) = stream else {
        return Err(no_stream(operation));
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
            finish_error(model, operation, &mut error);
            return Err(Error::from_service(&operation.name, error));
        }
        _ => {}
    }
    let Some(member) = message
        .text(":event-type")
        .and_then(|name| stream.member(name))
    else {
        return Ok(None);
    };
    let event = read_event(model, member, message, format)
        .map_err(|error| error.at(format_args!("event {}", member.name)))?;
    let mut map = Map::with_capacity(1);
    map.push(member.name.clone(), event);
    Ok(Some(Value::Map(map)))
}

/// The first message of a stream, which must be the initial response.
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
    format: &impl EventFormat,
) -> Result<EventMessage> {
    if message
        .text(":event-type")
        .is_some_and(|name| *name == "initial-response")
    {
        return Ok(message);
    }
    // An error is reported as the error it is.
    parse_event(model, operation, message, format)?;
    Err(Error::new(
        ErrorKind::Parse,
        "the first message of the event stream is not the initial response",
    ))
}

/// The status that errors within a stream go by.
///
/// # Source
/// botocore `eventstream.py:EventStreamMessage.to_response_dict`.
const ERROR_STATUS: u16 = 400;

fn exception(
    model: &ServiceModel,
    operation: &Operation,
    stream: &Structure,
    message: &EventMessage,
    format: &impl EventFormat,
) -> Error {
    let code = message.text(":exception-type").cloned().unwrap_or_default();
    let mut error = ServiceError {
        http_status: ERROR_STATUS,
        ..ServiceError::default()
    };
    if let Some(member) = stream.member(&code) {
        let body = match format.read(member, message.payload.clone()) {
            Ok(Value::Map(map)) => map,
            _ => Map::new(),
        };
        error.shape = Some(model.shape(member.target).name.clone());
        error.message = message_of(&body);
        error.details = body;
    }
    error.code = code;
    finish_error(model, operation, &mut error);
    Error::from_service(&operation.name, error)
}

fn read_event(
    model: &ServiceModel,
    member: &Member,
    message: EventMessage,
    format: &impl EventFormat,
) -> Result<Value> {
    let empty = Structure::default();
    let structure = model.structure(member).unwrap_or(&empty);
    let mut event = Map::new();
    for part in &structure.members {
        if part.traits.is_event_header()
            && let Some(header) = message.header(&part.name)
        {
            event.push(part.name.clone(), header_value(header));
        }
    }
    let payload = structure
        .members
        .iter()
        .find(|part| part.traits.is_event_payload());
    if let Some(part) = payload {
        let value = match model.shape(part.target).kind {
            Kind::Blob => Value::Blob(Blob::from(message.payload)),
            Kind::String => match std::str::from_utf8(&message.payload) {
                Ok(text) => Value::from(text),
                Err(_) => {
                    return Err(Error::new(
                        ErrorKind::Parse,
                        format!("{}: it is not UTF-8", part.name),
                    ));
                }
            },
            _ => format.read(part, message.payload)?,
        };
        event.push(part.name.clone(), value);
    } else if !message.payload.is_empty()
        && event.len() < structure.members.len()
        && let Value::Map(body) = format.read(member, message.payload)?
    {
        for (name, value) in body {
            event.insert(name, value);
        }
    }
    Ok(Value::Map(event))
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
            let nanoseconds = u32::try_from(milliseconds.rem_euclid(1000)).unwrap_or_default();
            Value::Timestamp(Timestamp::new(
                milliseconds.div_euclid(1000),
                nanoseconds * 1_000_000,
            ))
        }
        EventHeader::Uuid(uuid) => Value::Blob(Blob::from(&uuid[..])),
    }
}

/// Writes an event of the stream that an operation takes: a map of one event's name to the event.
///
/// # Errors
/// `Validation`: the value is not one known event, or cannot be written as its shape.
pub(crate) fn serialize_event<F: EventFormat>(
    model: &ServiceModel,
    operation: &Operation,
    event: &Value,
    format: &F,
) -> Result<EventMessage> {
    let stream = model
        .event_stream_input(operation)
        .and_then(|member| model.structure(member));
    let Some(stream) = stream else {
        return Err(no_stream(operation));
    };
    let mut given = event.entries().filter(|(_, value)| !value.is_null());
    let (Some((name, value)), None) = (given.next(), given.next()) else {
        return Err(Error::new(
            ErrorKind::Validation,
            "an event is a map of one event's name to the event",
        ));
    };
    let Some(member) = stream.member(name) else {
        return Err(Error::new(
            ErrorKind::Validation,
            format!("there is no event {name:?}"),
        ));
    };
    let Value::Map(map) = value else {
        return Err(mismatch(name, "a map", value));
    };
    let empty = Structure::default();
    let structure = model.structure(member).unwrap_or(&empty);
    let mut headers = vec![
        (":message-type".into(), EventHeader::String("event".into())),
        (
            ":event-type".into(),
            EventHeader::String(member.name.clone()),
        ),
    ];
    let mut body = Map::new();
    let mut payload = None;
    for (name, value) in map.iter().filter(|(_, value)| !value.is_null()) {
        match structure.member(name) {
            Some(part) if part.traits.is_event_header() => {
                headers.push((part.name.clone(), header_param(model, part, value)?));
            }
            Some(part) if part.traits.is_event_payload() => payload = Some((part, value)),
            _ => body.push(name.clone(), value.clone()),
        }
    }
    let has_payload_member = structure
        .members
        .iter()
        .any(|part| part.traits.is_event_payload());
    let (kind, payload) = match payload {
        Some((part, value)) => match model.shape(part.target).kind {
            Kind::Blob => (
                "application/octet-stream",
                Bytes::copy_from_slice(blob_bytes(&part.name, value)?),
            ),
            Kind::String => (
                "text/plain",
                Bytes::copy_from_slice(blob_bytes(&part.name, value)?),
            ),
            _ => (F::CONTENT_TYPE, format.write(part, value)?.into()),
        },
        None if has_payload_member => ("", Bytes::new()),
        None => {
            let is_all_headers = structure
                .members
                .iter()
                .all(|part| part.traits.is_event_header());
            if is_all_headers && body.is_empty() {
                ("", Bytes::new())
            } else {
                let bytes = format.write(member, &Value::Map(body))?;
                (F::CONTENT_TYPE, bytes.into())
            }
        }
    };
    if !kind.is_empty() {
        headers.push((":content-type".into(), EventHeader::String(kind.into())));
    }
    Ok(EventMessage { headers, payload })
}

fn header_param(model: &ServiceModel, member: &Member, value: &Value) -> Result<EventHeader> {
    let out_of_range = || mismatch(&member.name, "an integer of its size", value);
    Ok(match (&model.shape(member.target).kind, value) {
        (Kind::Timestamp, value) => {
            let moment = timestamp_param(&member.name, value)?;
            let milliseconds = moment
                .seconds()
                .checked_mul(1000)
                .and_then(|ms| ms.checked_add(i64::from(moment.nanoseconds() / 1_000_000)));
            EventHeader::Timestamp(milliseconds.ok_or_else(out_of_range)?)
        }
        (Kind::Blob, value) => {
            EventHeader::Bytes(Bytes::copy_from_slice(blob_bytes(&member.name, value)?))
        }
        (Kind::Boolean, Value::Bool(value)) => EventHeader::Bool(*value),
        (Kind::Integer, Value::Int(value)) => {
            EventHeader::Int(i32::try_from(*value).map_err(|_| out_of_range())?)
        }
        (Kind::Long, Value::Int(value)) => EventHeader::Long(*value),
        (Kind::String, Value::String(text)) => EventHeader::String(text.clone()),
        (kind, value) => return Err(mismatch(&member.name, kind.name(), value)),
    })
}

#[cold]
fn no_stream(operation: &Operation) -> Error {
    Error::new(
        ErrorKind::Model,
        format!("{} has no such event stream", operation.name),
    )
}
