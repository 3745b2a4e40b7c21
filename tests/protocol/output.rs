//! Output cases: a response to an output, an event stream, or an error.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use inia_core::{List, Map, Value};
use inia_model::{Kind, Structure};
use inia_protocol::{Headers, MessageDecoder, Protocol, Response};
use serde_json::Value as Json;

use super::compare::{same, same_members};
use super::suite::{CaseSetup, CheckResult};

/// Parses the response of a case and compares the output or error.
pub fn check(setup: &CaseSetup) -> CheckResult {
    let response = response(setup);
    if !setup.case["error"].is_null() {
        return check_error(setup, response);
    }
    let operation = setup.operation();
    let actual = if let Some(stream) = setup.model.event_stream_output(operation) {
        events(setup, &stream.name, response)?
    } else {
        setup
            .codec
            .parse(operation, response)
            .map_err(|error| format!("{error:#}"))?
    };
    let expected = &setup.case["result"];
    match &operation.output {
        Some(member) => same(&setup.model, member, expected, &actual)
            .map_err(|path| format!("differs at {path}\nactual: {actual:?}\nexpected: {expected}")),
        None if actual.entries().len() == 0 => Ok(()),
        None => Err(format!("expected nothing, got {actual:?}")),
    }
}

fn response(setup: &CaseSetup) -> Response {
    let response = &setup.case["response"];
    let body = response["body"].as_str();
    let body = match setup.protocol {
        Protocol::RpcV2Cbor => Bytes::from(BASE64.decode(body.unwrap_or_default()).unwrap()),
        Protocol::Query if body.is_none() => Bytes::from_static(b"<xml/>"),
        _ => Bytes::from(body.unwrap_or_default().to_owned()),
    };
    let headers: Headers = response["headers"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.as_str(), value.as_str().unwrap_or_default()))
        .collect();
    Response {
        status: response["status_code"]
            .as_u64()
            .and_then(|status| u16::try_from(status).ok())
            .unwrap_or(200),
        headers,
        body,
    }
}

/// Parses an event stream; the events are returned as a list in path of the stream member.
fn events(setup: &CaseSetup, stream: &str, response: Response) -> Result<Value, String> {
    let operation = setup.operation();
    let frames = BASE64.decode(&response.body).unwrap();
    let mut result = setup
        .codec
        .parse(
            operation,
            Response {
                body: Bytes::new(),
                ..response
            },
        )
        .map_err(|error| format!("{error:#}"))?;
    let mut decoder = MessageDecoder::new();
    let mut events = List::new();
    let mut initial = setup.codec.has_initial_response();
    // In chunks, as received from a connection.
    for chunk in frames.chunks(7) {
        decoder.push(chunk);
        while let Some(message) = decoder.next().map_err(|error| format!("{error:#}"))? {
            if std::mem::take(&mut initial) {
                result = setup
                    .codec
                    .parse_initial_response(operation, message)
                    .map_err(|error| format!("{error:#}"))?;
                continue;
            }
            let event = setup
                .codec
                .parse_event(operation, message)
                .map_err(|error| format!("{error:#}"))?;
            events.extend(event);
        }
    }
    decoder.finish().map_err(|error| format!("{error:#}"))?;
    if let Value::Map(map) = &mut result {
        map.insert(stream, events);
    }
    Ok(result)
}

fn check_error(setup: &CaseSetup, response: Response) -> CheckResult {
    let case = &setup.case;
    let error = setup.codec.parse_error(setup.operation(), response);
    let code = case["errorCode"].as_str().unwrap_or_default();
    if error.code != *code {
        return Err(format!("code: {:?}, expected {code:?}", error.code));
    }
    if let Some(message) = case["errorMessage"].as_str()
        && error.message != *message
    {
        return Err(format!(
            "message: {:?}, expected {message:?}",
            error.message
        ));
    }
    // The message is a separate field, whatever the name of its member.
    let mut expected = case["error"].as_object().cloned().unwrap_or_default();
    for name in ["Message", "message"] {
        if let Some(text) = expected.remove(name)
            && text != *error.message
        {
            return Err(format!("message: {:?}, expected {text}", error.message));
        }
    }
    let actual = Value::Map(error.details.clone());
    let expected = Json::Object(expected);
    let empty = Structure::default();
    let structure = error
        .shape
        .as_ref()
        .and_then(|shape| setup.model.shape_id(shape))
        .map_or(&empty, |id| match &setup.model.shape(id).kind {
            Kind::Structure(structure) => structure,
            _ => &empty,
        });
    let map = actual.as_map().cloned().unwrap_or_else(Map::new);
    same_members(&setup.model, structure, &expected, &map)
        .map_err(|path| format!("details differ at {path}: {error:?}\nexpected: {expected}"))
}
