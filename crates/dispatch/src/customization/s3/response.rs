//! Responses that need special handling: errors with status 200, `Expires`, and `GetBucketLocation`.

use inia_core::{Result, Value};
use inia_protocol::{Response, xml_root_name, xml_root_text};

use crate::customization::OutputStage;

/// Turns a 200 response whose body is an error document or truncated XML into a server error (status 500).
pub(in crate::customization) fn error_in_ok_response(response: &mut Response) -> Result<()> {
    if response.status == 200 && !response.body.is_empty() && is_error(&response.body) {
        response.status = 500;
    }
    Ok(())
}

/// Turns a 200 response without a document into a server error (status 500): S3 sends the status of a long operation before its result.
///
/// DIFFERENCE: in botocore, such a response is a success without members.
pub(in crate::customization) fn empty_ok_response(response: &mut Response) -> Result<()> {
    if response.status == 200 && response.body.trim_ascii().is_empty() {
        response.status = 500;
    }
    Ok(())
}

fn is_error(body: &[u8]) -> bool {
    let Some(root) = xml_root_name(body) else {
        return false;
    };
    if root == "Error" {
        return true;
    }
    // A complete document ends with its root element, a comment or a processing instruction. Anything else was truncated.
    let body = body.trim_ascii_end();
    !([&b"/>"[..], b"-->", b"?>"]
        .iter()
        .any(|end| body.ends_with(end))
        || body
            .strip_suffix(b">")
            .is_some_and(|body| body.trim_ascii_end().ends_with(root.as_bytes())))
}

/// Adds the raw `Expires` header to the output as `ExpiresString`, because S3 stores it without validation.
pub(in crate::customization) fn add_expires_string(stage: &mut OutputStage<'_>) -> Result<()> {
    if let (Some(expires), Some(output)) = (
        stage.headers.get_shared("expires"),
        stage.output.as_map_mut(),
    ) && stage
        .model
        .output(stage.operation)
        .is_some_and(|shape| shape.member("Expires").is_some())
    {
        output.insert("ExpiresString", expires.clone());
    }
    Ok(())
}

/// Sets `LocationConstraint` to the text of the root element.
///
/// DIFFERENCE: botocore also adds `LocationConstraint` to error responses of this operation.
pub(in crate::customization) fn parse_bucket_location(stage: &mut OutputStage<'_>) -> Result<()> {
    let region = xml_root_text(stage.body)?;
    if let Some(output) = stage.output.as_map_mut() {
        output.insert(
            "LocationConstraint",
            if region.is_empty() {
                Value::Null
            } else {
                Value::String(region)
            },
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn detects_errors_in_ok_responses() {
        for (body, expected) in [
            ("<Error><Code>InternalError</Code></Error>", true),
            ("<?xml version=\"1.0\"?>\n<Error></Error>", true),
            ("<CopyObjectResult><ETag>x</ETag></CopyObjectResult>", false),
            ("<?xml version=\"1.0\"?><LocationConstraint/>\n", false),
            ("<CopyObjectResult><ETag>x</ET", true),
            ("<CopyObjectResult></CopyObjectResult><!-- c -->\n", false),
            ("{\"a policy\": 1}", false),
            ("   ", false),
        ] {
            assert_eq!(is_error(body.as_bytes()), expected, "{body}");
        }
    }
}
