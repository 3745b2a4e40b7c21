//! Buckets that lie in another region than the client calls.

use inia_core::Str;
use inia_protocol::xml_error_field;

use crate::customization::ErrorStage;

/// Sends a call again to the region that the answer names.
pub(in crate::customization) fn to_bucket_region(stage: &mut ErrorStage<'_>) {
    if stage.state.region.is_some() || stage.state.redirect_key.is_none() {
        return;
    }
    let status = stage.response.status;
    let header = stage.response.headers.get_shared("x-amz-bucket-region");
    let region = header
        .cloned()
        .or_else(|| xml_error_field(&stage.response.body, "Region"));
    let code = &*stage.error.code;
    let operation = &*stage.operation.name;
    let elsewhere = matches!(status, 301 | 302 | 307)
        || code == "PermanentRedirect"
        || (code == "AuthorizationHeaderMalformed" && region.is_some())
        || (code == "IllegalLocationConstraintException" && operation != "CreateBucket")
        // A HEAD has no body to name the error: its status and header have to do.
        || (status == 400 && matches!(operation, "HeadObject" | "HeadBucket") && header.is_some());
    if !elsewhere {
        return;
    }
    if let Some(region) = region.filter(|region: &Str| is_region(region)) {
        stage.state.region = Some(region);
        stage.again = true;
    }
}

/// Whether this can stand in a host name.
fn is_region(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}
