//! Region redirects: calls to buckets outside the client's region.

use inia_core::Str;
use inia_protocol::xml_error_field;

use crate::customization::ErrorStage;

/// Redirects a call to the bucket's region if the error response names it.
pub(in crate::customization) fn to_bucket_region(stage: &mut ErrorStage<'_>) {
    if stage.state.region.is_some() || stage.state.bucket.is_none() {
        return;
    }
    let status = stage.response.status;
    let header = stage.response.headers.get_shared("x-amz-bucket-region");
    let region = header
        .cloned()
        .or_else(|| xml_error_field(&stage.response.body, "Region"));
    let code = &*stage.error.code;
    let operation = &*stage.operation.name;
    let is_redirect = matches!(status, 301 | 302 | 307)
        || code == "PermanentRedirect"
        || (code == "AuthorizationHeaderMalformed" && region.is_some())
        || (code == "IllegalLocationConstraintException" && operation != "CreateBucket")
        // The response to a HEAD request has no body with an error code.
        || (status == 400 && matches!(operation, "HeadObject" | "HeadBucket") && header.is_some());
    if !is_redirect {
        return;
    }
    // The same request to the same region would fail again.
    let is_other = |region: &Str| is_host_label(region) && Some(&**region) != stage.region;
    if let Some(region) = region.filter(is_other) {
        stage.state.region = Some(region);
        stage.redirect = true;
    }
}

fn is_host_label(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}
