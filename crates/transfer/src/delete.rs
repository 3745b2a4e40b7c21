//! Deletes objects by the thousand.

#![expect(
    clippy::indexing_slicing,
    reason = "indexing a value by a missing key returns null"
)]

use std::pin::pin;
use std::sync::Arc;

use futures_core::Stream;
use futures_util::StreamExt as _;
use inia_core::{Error, ErrorKind, List, Map, Result, Str, Value};

use crate::context::TransferContext;
use crate::parts::PartTasks;
use crate::retry::PartRetries;

/// The operations of a deletion.
pub(crate) const OPERATIONS: &[&str] = &["DeleteObjects"];

/// Maximum number of objects of one request.
///
/// # Source
/// The S3 API reference, `DeleteObjects`.
const MAX_BATCH: usize = 1000;

/// Maximum number of failures that an output lists.
const MAX_FAILURES: usize = 10_000;

/// Codes of objects that may be deleted by another request.
const RETRYABLE_CODES: [&str; 4] = [
    "InternalError",
    "OperationAborted",
    "ServiceUnavailable",
    "SlowDown",
];

/// An object to delete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeleteTarget {
    /// The key.
    pub key: Str,
    /// The version; `None` to delete the newest one, which in a bucket with versions adds a delete marker.
    pub version_id: Option<Str>,
}

impl DeleteTarget {
    fn value(&self) -> Value {
        let mut object = Map::new();
        object.insert("Key", self.key.clone());
        if let Some(version) = &self.version_id {
            object.insert("VersionId", version.clone());
        }
        Value::Map(object)
    }
}

impl From<Str> for DeleteTarget {
    fn from(key: Str) -> Self {
        DeleteTarget {
            key,
            version_id: None,
        }
    }
}

impl From<&str> for DeleteTarget {
    fn from(key: &str) -> Self {
        DeleteTarget::from(Str::from(key))
    }
}

impl From<String> for DeleteTarget {
    fn from(key: String) -> Self {
        DeleteTarget::from(Str::from(key))
    }
}

/// An object that could not be deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeleteFailure {
    /// The object.
    pub target: DeleteTarget,
    /// The error code, such as `AccessDenied`.
    pub code: Str,
    /// The service's message.
    pub message: Str,
}

/// The result of a deletion.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct DeleteOutput {
    /// Number of objects that were deleted, or did not exist.
    pub deleted: u64,
    /// Number of objects that could not be deleted.
    pub failed: u64,
    /// The first 10,000 of these.
    pub failures: Vec<DeleteFailure>,
}

/// Receives each batch of objects that were deleted, and those that were not.
pub(crate) type BatchCallback = Arc<dyn Fn(&[DeleteTarget], &[DeleteFailure]) + Send + Sync>;

/// Deletes the objects of a stream, in batches of 1,000.
pub(crate) async fn delete(
    context: Arc<TransferContext>,
    bucket: Str,
    objects: impl Stream<Item = Result<DeleteTarget>> + Send,
    callback: Option<BatchCallback>,
) -> Result<DeleteOutput> {
    let deletion = async {
        let mut tasks = PartTasks::new();
        let mut batches = pin!(objects.chunks(MAX_BATCH));
        let mut output = DeleteOutput::default();
        loop {
            let batch = tasks.wait_for(async { Ok(batches.next().await) }).await?;
            let Some(batch) = batch else { break };
            let mut listing_error = None;
            let mut targets = Vec::with_capacity(batch.len());
            for target in batch {
                match target {
                    Ok(target) => targets.push(target),
                    Err(error) => {
                        listing_error = Some(error);
                        break;
                    }
                }
            }
            tasks
                .wait_for_fewer_than(context.config.concurrency)
                .await?;
            context.control.checkpoint().await?;
            let (context, bucket) = (Arc::clone(&context), bucket.clone());
            let callback = callback.clone();
            if !targets.is_empty() {
                tasks.spawn(async move {
                    let (deleted, failures) = delete_batch(&context, &bucket, targets).await?;
                    if let Some(callback) = callback {
                        callback(&deleted, &failures);
                    }
                    Ok((deleted.len() as u64, failures))
                });
            }
            for (deleted, failures) in tasks.take_done() {
                output.add(deleted, failures);
            }
            if let Some(error) = listing_error {
                // Batches that were sent are completed.
                tasks.finish().await?;
                return Err(error);
            }
        }
        for (deleted, failures) in tasks.finish().await? {
            output.add(deleted, failures);
        }
        Ok(output)
    };
    context.control.until_cancelled(deletion).await
}

impl DeleteOutput {
    fn add(&mut self, deleted: u64, failures: Vec<DeleteFailure>) {
        self.deleted += deleted;
        self.failed += failures.len() as u64;
        let room = MAX_FAILURES.saturating_sub(self.failures.len());
        self.failures.extend(failures.into_iter().take(room));
    }
}

/// Deletes a batch. Objects that fail with a transient error are tried again.
async fn delete_batch(
    context: &TransferContext,
    bucket: &Str,
    mut targets: Vec<DeleteTarget>,
) -> Result<(Vec<DeleteTarget>, Vec<DeleteFailure>)> {
    let mut deleted = Vec::new();
    let mut failures = Vec::new();
    let mut retries = PartRetries::default();
    while !targets.is_empty() {
        let mut params = Map::new();
        params.insert("Bucket", bucket.clone());
        let mut delete = Map::new();
        let objects: List = targets.iter().map(DeleteTarget::value).collect();
        delete.insert("Objects", Value::List(objects));
        delete.insert("Quiet", true);
        params.insert("Delete", Value::Map(delete));
        let output = context.send("DeleteObjects", &params).await?;
        let mut again: Vec<DeleteFailure> = Vec::new();
        let mut failed = std::collections::HashSet::new();
        for error in output.value["Errors"].items() {
            let text = |name: &str| Str::from(error[name].as_str().unwrap_or_default());
            let target = DeleteTarget {
                key: text("Key"),
                version_id: error["VersionId"]
                    .as_str()
                    .filter(|version| !version.is_empty())
                    .map(Str::from),
            };
            failed.insert((target.key.clone(), target.version_id.clone()));
            let failure = DeleteFailure {
                target,
                code: text("Code"),
                message: text("Message"),
            };
            if RETRYABLE_CODES.contains(&failure.code.as_str()) {
                again.push(failure);
            } else {
                failures.push(failure);
            }
        }
        let count = targets.len();
        targets.retain(|target| !failed.contains(&(target.key.clone(), target.version_id.clone())));
        deleted.append(&mut targets);
        let Some(code) = again.last().map(|failure| failure.code.clone()) else {
            break;
        };
        let class = match code.as_str() {
            "SlowDown" | "ServiceUnavailable" => inia_core::RetryClass::Throttling,
            _ => inia_core::RetryClass::Transient,
        };
        let error = Error::new(
            ErrorKind::Service,
            format!(
                "{} of {count} objects were not deleted: {code}",
                again.len()
            ),
        );
        if retries
            .wait(context, error.with_retry_class(class))
            .await
            .is_err()
        {
            failures.extend(again);
            break;
        }
        targets.extend(again.into_iter().map(|failure| failure.target));
    }
    context.progress.add_part();
    Ok((deleted, failures))
}
