//! Answers that are not quite what they seem.

use inia_core::{Result, Value};
use inia_protocol::{Response, xml_root_name, xml_root_text};

use crate::customization::{CallState, OutputStage};

/// A success whose body is an error, or XML that breaks off, counts as a failure of the server.
pub(in crate::customization) fn error_behind_success(_state: &CallState, response: &mut Response) {
    if response.status == 200 && !response.body.is_empty() && is_error(&response.body) {
        response.status = 500;
    }
}

fn is_error(body: &[u8]) -> bool {
    let Some(root) = xml_root_name(body) else {
        return false;
    };
    if root == "Error" {
        return true;
    }
    // The document ends where its root does, but for comments and instructions: otherwise the connection broke while it was
    // written.
    let end = body.trim_ascii_end();
    !([&b"/>"[..], b"-->", b"?>"]
        .iter()
        .any(|last| end.ends_with(last))
        || end
            .strip_suffix(b">")
            .is_some_and(|end| end.trim_ascii_end().ends_with(root.as_bytes())))
}

/// Puts the `Expires` header beside its parsed form as it came: as `ExpiresString`, since S3 stores whatever it was given.
pub(in crate::customization) fn keep_expires_as_text(stage: &mut OutputStage<'_>) -> Result<()> {
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

/// The bucket's region is the text of the root element.
///
/// DIFFERENCE: botocore adds a region to the errors of this call, too, where there is none.
pub(in crate::customization) fn read_bucket_location(stage: &mut OutputStage<'_>) -> Result<()> {
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
    fn errors_behind_a_success_are_seen() {
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
