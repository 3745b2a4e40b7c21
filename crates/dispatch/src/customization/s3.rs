//! S3.

use inia_core::Result;

use super::RequestStage;

/// Takes the bucket out of the path: the endpoint rule set puts it into the host or the path, as it sees fit.
pub(super) fn take_bucket_out_of_path(stage: &mut RequestStage<'_>) -> Result<()> {
    if stage.operation.request_uri.starts_with("/{Bucket}") {
        let path = &mut stage.request.path;
        let bucket_end = path.get(1..).and_then(|rest| rest.find('/')).map_or(path.len(), |end| end + 1);
        path.replace_range(..bucket_end, "");
        if path.is_empty() {
            path.push('/');
        }
    }
    Ok(())
}
