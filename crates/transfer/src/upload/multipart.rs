//! [`MultipartUpload`]: an upload in parts.

#![expect(
    clippy::indexing_slicing,
    reason = "indexing a value by a missing key returns null"
)]

use std::collections::HashMap;
use std::sync::Arc;

use inia_core::{Error, List, Map, Result, Str, Value};
use inia_dispatch::Output;

use super::{PartData, SeekableSource, send_body};
use crate::TransferOutput;
use crate::checksum::{self, ObjectChecksum, PartChecksum};
use crate::config::MAX_PARTS;
use crate::context::{TransferContext, call_with};
use crate::object::ObjectName;
use crate::parts::PartTasks;

/// Maximum number of tries to abort an upload.
const ABORT_ATTEMPTS: u32 = 3;

/// An upload in parts that was created.
#[derive(Debug)]
pub(crate) struct MultipartUpload {
    context: Arc<TransferContext>,
    object: ObjectName,
    pub(crate) id: Str,
    checksum: Option<ObjectChecksum>,
    /// True if the service stores the checksum of the whole object or of the parts. Services other than AWS may ignore it.
    stores_checksum: bool,
}

/// A part that was uploaded.
#[derive(Clone, Debug)]
pub(crate) struct UploadedPart {
    pub(crate) number: u32,
    pub(crate) length: u64,
    pub(crate) etag: Str,
    pub(crate) checksum: Option<PartChecksum>,
    /// True if the service returned the checksum.
    pub(crate) is_checksum_stored: bool,
}

/// A part that the service has.
#[derive(Clone, Debug)]
pub(super) struct StoredPart {
    length: u64,
    etag: Str,
    checksum: Option<String>,
}

impl MultipartUpload {
    pub(crate) async fn create(
        context: &Arc<TransferContext>,
        object: ObjectName,
        checksum: Option<ObjectChecksum>,
        operation_params: Map,
    ) -> Result<Arc<Self>> {
        let mut params = operation_params;
        params.append(object.params());
        if let Some(checksum) = checksum {
            params.insert("ChecksumAlgorithm", checksum.algorithm.name());
            params.insert("ChecksumType", checksum.type_name());
        }
        let output = context.send("CreateMultipartUpload", &params).await?;
        let id = output.str("UploadId")?;
        let stores_checksum = checksum.is_some_and(|checksum| {
            output.value["ChecksumAlgorithm"].as_str() == Some(checksum.algorithm.name())
        });
        Ok(MultipartUpload::existing(
            context,
            object,
            id.into(),
            checksum,
            stores_checksum,
        ))
    }

    pub(crate) fn context(&self) -> &Arc<TransferContext> {
        &self.context
    }

    pub(crate) fn checksum(&self) -> Option<ObjectChecksum> {
        self.checksum
    }

    /// Returns the parameters `Bucket`, `Key` and `UploadId`.
    pub(crate) fn params(&self) -> Map {
        let mut params = self.object.params();
        params.insert("UploadId", self.id.clone());
        params
    }

    /// Returns an upload that was created before.
    pub(super) fn existing(
        context: &Arc<TransferContext>,
        object: ObjectName,
        id: Str,
        checksum: Option<ObjectChecksum>,
        stores_checksum: bool,
    ) -> Arc<Self> {
        Arc::new(MultipartUpload {
            context: Arc::clone(context),
            object,
            id,
            checksum,
            stores_checksum,
        })
    }

    pub(super) fn stores_checksum(&self) -> bool {
        self.stores_checksum
    }

    /// Returns the parts that the service has, by number.
    pub(super) async fn stored_parts(&self) -> Result<HashMap<u32, StoredPart>> {
        let mut parts = HashMap::new();
        let mut marker = None;
        loop {
            let mut params = self.params();
            if let Some(marker) = marker {
                params.insert("PartNumberMarker", Str::from(marker));
            }
            let output = self.context.send("ListParts", &params).await?;
            for part in output.value["Parts"].items() {
                let number = part["PartNumber"].as_u64();
                let (Some(number), Some(length), Some(etag)) = (
                    number.and_then(|number| u32::try_from(number).ok()),
                    part["Size"].as_u64(),
                    part["ETag"].as_str(),
                ) else {
                    continue;
                };
                let checksum = self.checksum.and_then(|checksum| {
                    let value = part[&*checksum::member(checksum.algorithm)].as_str()?;
                    Some(value.to_owned())
                });
                let etag = etag.into();
                parts.insert(
                    number,
                    StoredPart {
                        length,
                        etag,
                        checksum,
                    },
                );
            }
            let next = match &output.value["NextPartNumberMarker"] {
                Value::String(next) => Some(next.to_string()),
                other => other.as_u64().map(|next| next.to_string()),
            };
            let is_truncated = output.value["IsTruncated"].as_bool() == Some(true);
            if !is_truncated || next.is_none() || parts.len() as u64 > MAX_PARTS {
                return Ok(parts);
            }
            marker = next;
        }
    }

    /// Returns a stored part if it has the length and the checksum of this data.
    fn reuse(&self, number: u32, stored: StoredPart, data: &PartData) -> Option<UploadedPart> {
        let length = data.bytes.len() as u64;
        let is_same = stored.length == length
            && match (&stored.checksum, &data.checksum) {
                (Some(stored), Some(part)) => *stored == part.base64(),
                _ => true,
            };
        if !is_same {
            return None;
        }
        self.context.progress.add_resumed(length);
        Some(UploadedPart {
            number,
            length,
            etag: stored.etag,
            is_checksum_stored: stored.checksum.is_some(),
            checksum: data.checksum.clone(),
        })
    }

    /// Uploads a part.
    pub(crate) async fn upload_part(&self, number: u32, data: PartData) -> Result<UploadedPart> {
        let mut params = self.params();
        params.insert("PartNumber", i64::from(number));
        insert_part_checksum(&mut params, self.checksum, &data);
        let output = send_body(&self.context, "UploadPart", &params, &data.bytes).await?;
        self.uploaded(number, &output, data)
    }

    fn uploaded(&self, number: u32, output: &Output, data: PartData) -> Result<UploadedPart> {
        let mut is_checksum_stored = false;
        if let (Some(checksum), Some(part)) = (self.checksum, &data.checksum) {
            checksum::verify(&output.value, checksum.algorithm, &part.base64())?;
            is_checksum_stored = !output[&*checksum::member(checksum.algorithm)].is_null();
        }
        self.context.progress.add_part();
        Ok(UploadedPart {
            number,
            length: data.bytes.len() as u64,
            etag: output.str("ETag")?.into(),
            checksum: data.checksum,
            is_checksum_stored,
        })
    }

    /// Completes the upload, and verifies the checksum of the object.
    pub(crate) async fn complete(&self, mut parts: Vec<UploadedPart>) -> Result<TransferOutput> {
        parts.sort_by_key(|part| part.number);
        let bytes = parts.iter().map(|part| part.length).sum();
        let part_checksums: Option<Vec<PartChecksum>> =
            parts.iter().map(|part| part.checksum.clone()).collect();
        let expected = self
            .checksum
            .zip(part_checksums)
            .and_then(|(checksum, parts)| Some((checksum, checksum.of_parts(&parts)?)));
        let mut params = self.params();
        if let Some((checksum, value)) = &expected
            && self.stores_checksum
        {
            params.insert("ChecksumType", checksum.type_name());
            if checksum.is_full_object {
                params.insert(checksum::member(checksum.algorithm), value.as_str());
                params.insert("MpuObjectSize", i64::try_from(bytes).unwrap_or(i64::MAX));
            }
        }
        let list: List = parts.iter().map(|part| self.completed_part(part)).collect();
        let mut upload = Map::new();
        upload.insert("Parts", Value::List(list));
        params.insert("MultipartUpload", Value::Map(upload));
        let count = u32::try_from(parts.len()).unwrap_or(u32::MAX);
        let value = match self.context.send("CompleteMultipartUpload", &params).await {
            Ok(output) => output.value,
            // The response to an attempt that completed the upload was lost.
            Err(error) if error.code() == Some("NoSuchUpload") && error.attempts() > 0 => {
                let expected = expected.as_ref().map(|(_, value)| value.as_str());
                match self.find_completed(bytes, count, expected).await {
                    Some(value) => value,
                    None => return Err(error),
                }
            }
            Err(error) => return Err(error),
        };
        if let Some((checksum, value_of_parts)) = &expected
            && (checksum.is_full_object || self.stores_checksum)
        {
            checksum::verify(&value, checksum.algorithm, value_of_parts)?;
        }
        Ok(TransferOutput {
            value,
            bytes,
            parts: count,
            resumed_bytes: self.context.progress.get().resumed_bytes,
        })
    }

    fn completed_part(&self, part: &UploadedPart) -> Value {
        let mut completed = Map::new();
        completed.insert("PartNumber", i64::from(part.number));
        completed.insert("ETag", part.etag.clone());
        if let (Some(checksum), Some(value)) = (self.checksum, &part.checksum)
            && (part.is_checksum_stored || self.stores_checksum)
        {
            completed.insert(checksum::member(checksum.algorithm), value.base64());
        }
        Value::Map(completed)
    }

    /// Returns the properties of the object if it is the one that this upload makes.
    async fn find_completed(
        &self,
        bytes: u64,
        parts: u32,
        checksum: Option<&str>,
    ) -> Option<Value> {
        let mut params = self.object.params();
        params.insert("ChecksumMode", "ENABLED");
        // The conditions of the upload are those of the object before it.
        let mut arguments = self.context.arguments.clone();
        arguments.remove("IfMatch");
        arguments.remove("IfNoneMatch");
        let call = call_with(&self.context.client, &arguments, "HeadObject", params).ok()?;
        let head = call.send().await.ok()?;
        let has_length = head.value["ContentLength"].as_u64() == Some(bytes);
        let has_parts = head.value["ETag"]
            .as_str()
            .is_some_and(|etag| etag.trim_matches('"').ends_with(&format!("-{parts}")));
        let is_same = match (ObjectChecksum::of_object(&head.value), checksum) {
            (Some((_, stored)), Some(expected)) => stored == expected,
            _ => has_parts,
        };
        (has_length && is_same).then_some(head.value)
    }

    /// Removes the parts. Adds a note to the error that caused it if they remain.
    pub(crate) async fn abort(&self, cause: Error) -> Error {
        let mut attempt = 1;
        loop {
            let sent = match self.context.call("AbortMultipartUpload", self.params()) {
                Ok(call) => call.send().await,
                Err(error) => Err(error),
            };
            match sent {
                Ok(_) => return cause,
                Err(error) if error.code() == Some("NoSuchUpload") => return cause,
                Err(error) if attempt == ABORT_ATTEMPTS || !error.is_retryable() => {
                    return cause.with_note(format_args!(
                        "the parts of the upload {} of {} remain, because AbortMultipartUpload failed: {error:#}",
                        self.id, self.object
                    ));
                }
                Err(_) => attempt += 1,
            }
        }
    }
}

/// Sets the checksum of a part. A checksum among the arguments is that of the whole object.
fn insert_part_checksum(params: &mut Map, checksum: Option<ObjectChecksum>, data: &PartData) {
    if let (Some(checksum), Some(part)) = (checksum, &data.checksum) {
        params.insert(checksum::member(checksum.algorithm), part.base64());
    }
}

/// Uploads contents that can be read at any position, in parts of this size.
pub(super) async fn upload(
    context: &Arc<TransferContext>,
    source: SeekableSource,
    object: ObjectName,
    checksum: Option<ObjectChecksum>,
    part_size: u64,
) -> Result<TransferOutput> {
    let create = MultipartUpload::create(context, object, checksum, Map::new());
    let upload = context.control.until_cancelled(create).await?;
    let transfer = upload_all(&upload, &source, part_size, HashMap::new());
    match context.control.until_cancelled(transfer).await {
        Ok(output) => Ok(output),
        Err(error) => Err(upload.abort(error).await),
    }
}

/// Uploads all parts that are not stored, and completes the upload.
pub(super) async fn upload_all(
    upload: &Arc<MultipartUpload>,
    source: &SeekableSource,
    part_size: u64,
    stored: HashMap<u32, StoredPart>,
) -> Result<TransferOutput> {
    let parts = upload_parts(upload, source, part_size, stored).await?;
    source.check_unchanged().await?;
    upload.complete(parts).await
}

async fn upload_parts(
    upload: &Arc<MultipartUpload>,
    source: &SeekableSource,
    part_size: u64,
    mut stored: HashMap<u32, StoredPart>,
) -> Result<Vec<UploadedPart>> {
    let context = &upload.context;
    let mut tasks = PartTasks::new();
    let length = source.len();
    let (mut offset, mut number) = (0, 0);
    while offset < length {
        number += 1;
        let part_length = part_size.min(length - offset);
        let memory = tasks.wait_for(context.shared.reserve(part_length)).await?;
        context.control.checkpoint().await?;
        let (upload, source) = (Arc::clone(upload), source.clone());
        let stored = stored.remove(&number);
        tasks.spawn(async move {
            let buffers = &upload.context.shared.buffers;
            let data = source
                .read(offset, part_length, upload.checksum, buffers)
                .await?;
            let part = match stored.and_then(|stored| upload.reuse(number, stored, &data)) {
                Some(part) => Ok(part),
                None => upload.upload_part(number, data).await,
            };
            drop(memory);
            part
        });
        offset += part_length;
    }
    tasks.finish().await
}
