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

/// OAuth 2.0 spells an error's code `error` and its message `error_description`: they stand in where the service's own are missing.
///
/// DIFFERENCE: botocore takes over the message only; an error without a type in its header has no code there.
pub(super) fn message_from_error_description(_state: &CallState, response: &mut Response) {
    if response.status < 400 {
        return;
    }
    if let Ok(Value::Map(mut body)) = inia_protocol::read_json(response.body.clone())
        && let (Some(error), Some(description)) = (
            body.get("error").cloned(),
            body.get("error_description").cloned(),
        )
    {
        if !body.contains_key("code") {
            body.insert("code", error);
        }
        let has_text = |name| {
            body.get(name)
                .and_then(Value::as_str)
                .is_some_and(|text| !text.is_empty())
        };
        if !has_text("message") && !has_text("Message") {
            body.insert("message", description);
        }
        let mut text = Vec::new();
        Value::Map(body).write_json(&mut text);
        response.body = Bytes::from(text);
    }
}
