//! Copies between buckets, regions and accounts, made by the service.

#![expect(
    clippy::indexing_slicing,
    reason = "indexing a value by a missing key returns null"
)]

use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use inia_core::{Error, ErrorKind, List, Map, Result, Str, Value, push_percent_encoded};
use inia_dispatch::{Client, Output};

use crate::TransferOutput;
use crate::arguments::ExtraArgs;
use crate::checksum::{self, ObjectChecksum, PartChecksum};
use crate::config::upload_part_size;
use crate::context::{TransferContext, call_with};
use crate::object::ObjectName;
use crate::parts::PartTasks;
use crate::retry::with_retries;
use crate::upload::{MultipartUpload, UploadedPart};

/// The operations of a copy.
pub(crate) const OPERATIONS: &[&str] = &[
    "CopyObject",
    "CreateMultipartUpload",
    "UploadPartCopy",
    "CompleteMultipartUpload",
];

/// Arguments about the source, and their names in requests to the source.
///
/// # Source
/// s3transfer `copies.py:CopySubmissionTask.EXTRA_ARGS_TO_HEAD_ARGS_MAPPING`.
const SOURCE_ARGUMENTS: [(&str, &str); 9] = [
    ("CopySourceIfMatch", "IfMatch"),
    ("CopySourceIfModifiedSince", "IfModifiedSince"),
    ("CopySourceIfNoneMatch", "IfNoneMatch"),
    ("CopySourceIfUnmodifiedSince", "IfUnmodifiedSince"),
    ("CopySourceSSECustomerAlgorithm", "SSECustomerAlgorithm"),
    ("CopySourceSSECustomerKey", "SSECustomerKey"),
    ("CopySourceSSECustomerKeyMD5", "SSECustomerKeyMD5"),
    ("ExpectedSourceBucketOwner", "ExpectedBucketOwner"),
    ("RequestPayer", "RequestPayer"),
];

/// Properties that `CopyObject` copies, and that a copy in parts has to set.
///
/// # Source
/// The S3 API reference, `CopyObject`, `x-amz-metadata-directive`.
const PROPERTIES: [&str; 7] = [
    "CacheControl",
    "ContentDisposition",
    "ContentEncoding",
    "ContentLanguage",
    "ContentType",
    "Expires",
    "Metadata",
];

/// Maximum size of tags in the header of an upload, in bytes. More tags are set when the copy is complete.
const MAX_TAGGING_HEADER: usize = 2048;

/// The source of a copy.
///
/// ```
/// # mod inia { pub mod transfer { pub use inia_transfer::*; } }
/// use inia::transfer::CopySource;
///
/// let source = CopySource::new("photos", "2026/boto.jpg").version_id("3sL4kqtJlcpXroDTDmJ");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopySource {
    object: ObjectName,
    version_id: Option<Str>,
    size: Option<u64>,
}

impl CopySource {
    /// Returns the newest version of an object.
    #[must_use]
    pub fn new(bucket: impl Into<Str>, key: impl Into<Str>) -> Self {
        CopySource {
            object: ObjectName::new(bucket, key),
            version_id: None,
            size: None,
        }
    }

    /// Selects a version.
    #[must_use]
    pub fn version_id(mut self, version: impl Into<Str>) -> Self {
        self.version_id = Some(version.into());
        self
    }

    /// Sets the size of the object in bytes, if it is known from a listing: that saves a request for an object that is copied whole.
    #[must_use]
    pub fn size(mut self, bytes: u64) -> Self {
        self.size = Some(bytes);
        self
    }

    /// Returns the parameters that name the object: of a request to the source, or as `CopySource`.
    fn params(&self) -> Map {
        let mut params = self.object.params();
        if let Some(version) = &self.version_id {
            params.insert("VersionId", version.clone());
        }
        params
    }
}

/// Copies an object. `source_client` makes the requests to the source.
pub(crate) async fn copy(
    context: Arc<TransferContext>,
    source_client: Client,
    source: CopySource,
    target: ObjectName,
) -> Result<TransferOutput> {
    let copy = Copy {
        source_arguments: source_arguments(&context.arguments),
        context: Arc::clone(&context),
        source_client,
        source,
        target,
    };
    let threshold = context.config.multipart_threshold;
    match copy.source.size {
        Some(size) if size < threshold => {
            context.progress.set_total(size);
            context
                .control
                .until_cancelled(copy.whole(size, None))
                .await
        }
        _ => {
            let head = context.control.until_cancelled(copy.head()).await?;
            let size = u64::try_from(head.int("ContentLength")?).unwrap_or(0);
            context.progress.set_total(size);
            if size < threshold {
                let checksum = ObjectChecksum::of_object(&head.value);
                context
                    .control
                    .until_cancelled(copy.whole(size, checksum))
                    .await
            } else {
                copy.in_parts(size, head.value).await
            }
        }
    }
}

/// Returns the arguments of requests to the source.
fn source_arguments(arguments: &ExtraArgs) -> ExtraArgs {
    let mut source = ExtraArgs::default();
    for (name, source_name) in SOURCE_ARGUMENTS {
        if let Some(value) = arguments.get(name) {
            source.set(source_name, value.clone());
        }
    }
    source
}

struct Copy {
    context: Arc<TransferContext>,
    source_client: Client,
    source_arguments: ExtraArgs,
    source: CopySource,
    target: ObjectName,
}

impl Copy {
    async fn head(&self) -> Result<Output> {
        with_retries(&self.context, || async {
            let mut params = self.source.params();
            params.insert("ChecksumMode", "ENABLED");
            call_with(
                &self.source_client,
                &self.source_arguments,
                "HeadObject",
                params,
            )?
            .send()
            .await
        })
        .await
    }

    /// Copies an object in one request.
    async fn whole(
        &self,
        size: u64,
        checksum: Option<(ObjectChecksum, String)>,
    ) -> Result<TransferOutput> {
        let mut params = self.target.params();
        params.insert("CopySource", Value::Map(self.source.params()));
        let output = self.context.send("CopyObject", &params).await?;
        if let Some((checksum, expected)) = checksum
            && checksum.is_full_object
        {
            checksum::verify(
                &output.value["CopyObjectResult"],
                checksum.algorithm,
                &expected,
            )?;
        }
        self.context.progress.add_bytes(size);
        self.context.progress.add_part();
        Ok(TransferOutput {
            value: output.value,
            bytes: size,
            parts: 1,
            resumed_bytes: 0,
        })
    }

    /// Copies an object in parts, with its properties and tags.
    ///
    /// DIFFERENCE: boto3 loses the tags of objects that it copies in parts.
    async fn in_parts(&self, size: u64, head: Value) -> Result<TransferOutput> {
        let context = &self.context;
        let is_replaced = |directive: &str| context.arguments.str(directive) == Some("REPLACE");
        let mut params = Map::new();
        if !is_replaced("MetadataDirective") {
            for name in PROPERTIES {
                if let Some(value) = head.get(name).filter(|value| !value.is_null())
                    && context.arguments.get(name).is_none()
                {
                    params.insert(name, value.clone());
                }
            }
        }
        let mut tags = None;
        if !is_replaced("TaggingDirective")
            && context.arguments.get("Tagging").is_none()
            && head["TagCount"].as_u64().unwrap_or(0) > 0
        {
            tags = Some(context.control.until_cancelled(self.tags()).await?);
        }
        let header = tags.as_ref().map(tagging_header);
        if let Some(header) = &header
            && header.len() <= MAX_TAGGING_HEADER
        {
            params.insert("Tagging", header.as_str());
            tags = None;
        }
        let source_checksum =
            ObjectChecksum::of_object(&head).filter(|(checksum, _)| checksum.is_full_object);
        let checksum = match context.arguments.str("ChecksumAlgorithm") {
            Some(_) => ObjectChecksum::of_upload(&context.client, &context.arguments)?,
            None => source_checksum.as_ref().map(|(checksum, _)| *checksum),
        };
        let create = MultipartUpload::create(context, self.target.clone(), checksum, params);
        let upload = context.control.until_cancelled(create).await?;
        let transfer = async {
            let parts = self.copy_parts(&upload, size, &head).await?;
            let output = upload.complete(parts).await?;
            if let Some((checksum, expected)) = &source_checksum {
                checksum::verify(&output.value, checksum.algorithm, expected)?;
            }
            Ok(output)
        };
        let output = match context.control.until_cancelled(transfer).await {
            Ok(output) => output,
            Err(error) => return Err(upload.abort(error).await),
        };
        if let Some(tags) = tags {
            let mut params = self.target.params();
            let mut tagging = Map::new();
            tagging.insert("TagSet", Value::List(tags));
            params.insert("Tagging", Value::Map(tagging));
            context.send("PutObjectTagging", &params).await?;
        }
        Ok(output)
    }

    async fn tags(&self) -> Result<List> {
        let output = with_retries(&self.context, || async {
            let params = self.source.params();
            call_with(
                &self.source_client,
                &self.source_arguments,
                "GetObjectTagging",
                params,
            )?
            .send()
            .await
        })
        .await?;
        Ok(output.value["TagSet"].items().cloned().collect())
    }

    async fn copy_parts(
        &self,
        upload: &Arc<MultipartUpload>,
        size: u64,
        head: &Value,
    ) -> Result<Vec<UploadedPart>> {
        let context = &self.context;
        let part_size = upload_part_size(context.config.part_size, Some(size));
        let mut params = Map::new();
        params.insert("CopySource", Value::Map(self.source.params()));
        if let Some(etag) = head["ETag"].as_str()
            && context.arguments.get("CopySourceIfMatch").is_none()
        {
            params.insert("CopySourceIfMatch", etag);
        }
        let mut tasks = PartTasks::new();
        let (mut offset, mut number) = (0, 0);
        while offset < size {
            number += 1;
            tasks
                .wait_for_fewer_than(context.config.concurrency)
                .await?;
            context.control.checkpoint().await?;
            let end = (offset + part_size).min(size);
            let mut params = params.clone();
            params.insert("CopySourceRange", format!("bytes={offset}-{}", end - 1));
            let upload = Arc::clone(upload);
            let name = self.source.object.clone();
            tasks.spawn(async move {
                let copied = upload.copy_part(number, end - offset, params).await;
                copied.map_err(|error| match error.http_status() {
                    Some(412) => changed(&name).with_source(error),
                    _ => error,
                })
            });
            offset = end;
        }
        tasks.finish().await
    }
}

impl MultipartUpload {
    /// Copies a part. `params` name the source and its range.
    async fn copy_part(&self, number: u32, length: u64, mut params: Map) -> Result<UploadedPart> {
        params.append(self.params());
        params.insert("PartNumber", i64::from(number));
        let context = self.context();
        let output = context.send("UploadPartCopy", &params).await?;
        let result = &output.value["CopyPartResult"];
        let digest = self.checksum().and_then(|checksum| {
            let text = result[&*checksum::member(checksum.algorithm)].as_str()?;
            BASE64_STANDARD.decode(text).ok()
        });
        context.progress.add_bytes(length);
        context.progress.add_part();
        Ok(UploadedPart {
            number,
            length,
            etag: output.str("CopyPartResult.ETag")?.into(),
            is_checksum_stored: digest.is_some(),
            checksum: digest.map(|digest| PartChecksum { digest, length }),
        })
    }
}

/// Returns tags as the header of an upload has them.
fn tagging_header(tags: &List) -> String {
    let mut header = String::new();
    for tag in tags.iter() {
        if !header.is_empty() {
            header.push('&');
        }
        push_percent_encoded(&mut header, tag["Key"].as_str().unwrap_or_default());
        header.push('=');
        push_percent_encoded(&mut header, tag["Value"].as_str().unwrap_or_default());
    }
    header
}

#[cold]
fn changed(source: &ObjectName) -> Error {
    Error::new(
        ErrorKind::Stream,
        format!("{source}: the object was changed while it was copied; copy it again"),
    )
}

#[cfg(test)]
mod tests {
    use inia_core::json;

    use super::*;

    #[test]
    fn tags_are_encoded_for_the_header() {
        let tags = json!([{"Key": "a b", "Value": "1&2"}, {"Key": "é", "Value": ""}]);
        let tags: List = tags.items().cloned().collect();
        assert_eq!(tagging_header(&tags), "a%20b=1%262&%C3%A9=");
    }
}
