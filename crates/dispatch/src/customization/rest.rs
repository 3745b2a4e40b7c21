//! REST services with a word of their own.

use bytes::Bytes;
use inia_core::{Result, Value};
use inia_protocol::Response;

use super::{CallState, RequestStage};

/// API Gateway answers in HAL where it is not told to use JSON.
pub(super) fn accept_json(stage: &mut RequestStage<'_>) -> Result<()> {
    if !stage.request.headers.contains("accept") {
        stage.request.headers.set("accept", "application/json");
    }
    Ok(())
}

/// OAuth 2.0 spells an error's code `error` and its message `error_description`.
pub(super) fn message_from_error_description(_state: &CallState, response: &mut Response) {
    if response.status < 301 {
        return;
    }
    if let Ok(Value::Map(mut body)) = inia_protocol::read_json(response.body.clone())
        && let (Some(error), Some(description)) = (
            body.get("error").cloned(),
            body.get("error_description").cloned(),
        )
    {
        for (name, value) in [("code", error), ("message", description)] {
            if !body.contains_key(name) {
                body.insert(name, value);
            }
        }
        let mut text = Vec::new();
        Value::Map(body).write_json(&mut text);
        response.body = Bytes::from(text);
    }
}
