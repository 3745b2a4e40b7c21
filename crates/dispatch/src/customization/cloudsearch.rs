//! CloudSearch.

use bytes::Bytes;
use inia_core::{Result, Str};

use super::RequestStage;

/// Sends a search as a form, because its query may be too long for a URL.
pub(super) fn post_query_as_form(stage: &mut RequestStage<'_>) -> Result<()> {
    let request = &mut *stage.request;
    if request.method == "GET" && !request.query.is_empty() {
        request.method = Str::from_static("POST");
        request
            .headers
            .set("content-type", "application/x-www-form-urlencoded");
        request.body = Bytes::from(std::mem::take(&mut request.query));
    }
    Ok(())
}
