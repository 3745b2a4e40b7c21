//! IAM Identity Center OIDC.

use bytes::Bytes;
use inia_core::{Result, Value};
use inia_protocol::Response;

/// Sets a missing error code and message from OAuth 2.0's `error` and `error_description`.
///
/// DIFFERENCE: botocore sets the message only; there an error without a type in its header has no code.
pub(super) fn map_oauth_error(response: &mut Response) -> Result<()> {
    if response.status < 400 {
        return Ok(());
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
    Ok(())
}
