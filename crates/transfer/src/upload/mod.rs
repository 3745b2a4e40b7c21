//! Uploads, in one request or in parts.

mod multipart;
mod resume;
mod stream;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use inia_core::{Map, Result};
use inia_dispatch::detail::BodyPace;
use inia_dispatch::{ByteStream, Output};

use crate::TransferOutput;
use crate::buffer::BufferPool;
use crate::checksum::{self, ObjectChecksum, PartChecksum};
use crate::config::upload_part_size;
use crate::context::{SharedLimits, TransferContext, unblock};
use crate::object::ObjectName;
use crate::progress::ProgressTracker;
use crate::retry::with_retries;
use crate::source::{SourceFile, UploadSource};

pub(crate) use multipart::{MultipartUpload, UploadedPart};

/// The operations of an upload.
pub(crate) const OPERATIONS: &[&str] = &[
    "PutObject",
    "CreateMultipartUpload",
    "UploadPart",
    "CompleteMultipartUpload",
    "ListParts",
    "AbortMultipartUpload",
];

/// Contents that can be read at any position.
#[derive(Clone, Debug)]
pub(crate) enum SeekableSource {
    File(SourceFile),
    Bytes(Bytes),
}

impl SeekableSource {
    fn len(&self) -> u64 {
        match self {
            SeekableSource::File(file) => file.version.length,
            SeekableSource::Bytes(bytes) => bytes.len() as u64,
        }
    }

    /// Reads a part, and computes its checksum.
    async fn read(
        &self,
        offset: u64,
        length: u64,
        checksum: Option<ObjectChecksum>,
        buffers: &Arc<BufferPool>,
    ) -> Result<PartData> {
        let source = self.clone();
        let buffers = Arc::clone(buffers);
        unblock(move || {
            let bytes = match &source {
                SeekableSource::File(file) => file.read(offset, length, &buffers)?,
                SeekableSource::Bytes(bytes) => {
                    let start = usize::try_from(offset).unwrap_or(usize::MAX);
                    let end = start.saturating_add(usize::try_from(length).unwrap_or(usize::MAX));
                    bytes.slice(start.min(bytes.len())..end.min(bytes.len()))
                }
            };
            Ok(PartData::new(bytes, checksum))
        })
        .await
    }

    async fn check_unchanged(&self) -> Result<()> {
        match self {
            SeekableSource::Bytes(_) => Ok(()),
            SeekableSource::File(file) => {
                let file = file.clone();
                unblock(move || file.check_unchanged()).await
            }
        }
    }
}

/// The bytes of a part, with their checksum.
#[derive(Clone, Debug)]
pub(crate) struct PartData {
    pub(crate) bytes: Bytes,
    pub(crate) checksum: Option<PartChecksum>,
}

impl PartData {
    pub(crate) fn new(bytes: Bytes, checksum: Option<ObjectChecksum>) -> Self {
        PartData {
            checksum: checksum.map(|checksum| PartChecksum::of(checksum.algorithm, &bytes)),
            bytes,
        }
    }
}

/// Uploads an object.
pub(crate) async fn upload(
    context: Arc<TransferContext>,
    source: UploadSource,
    object: ObjectName,
) -> Result<TransferOutput> {
    let checksum = ObjectChecksum::of_upload(&context.client, &context.arguments)?;
    let source = match source {
        UploadSource::Path(path) => {
            let opened = {
                let path = path.clone();
                unblock(move || SourceFile::open(&path)).await?
            };
            match opened {
                Some(file) => SeekableSource::File(file),
                None => {
                    let body = ByteStream::from_path(path).await?;
                    return stream::upload(context, body, object, checksum).await;
                }
            }
        }
        UploadSource::Body(body) => match body.into_bytes() {
            Ok(bytes) => SeekableSource::Bytes(bytes),
            Err(body) => return stream::upload(context, body, object, checksum).await,
        },
    };
    let length = source.len();
    context.progress.set_total(length);
    if length < context.config.multipart_threshold {
        return context
            .control
            .until_cancelled(upload_whole(&context, &source, &object, checksum))
            .await;
    }
    let part_size = upload_part_size(context.config.part_size, Some(length));
    match source {
        SeekableSource::File(file) if context.config.is_resumable => {
            resume::upload(&context, file, object, checksum, part_size).await
        }
        source => multipart::upload(&context, source, object, checksum, part_size).await,
    }
}

/// Uploads contents that are short enough for one request.
async fn upload_whole(
    context: &Arc<TransferContext>,
    source: &SeekableSource,
    object: &ObjectName,
    checksum: Option<ObjectChecksum>,
) -> Result<TransferOutput> {
    let length = source.len();
    let _memory = context.shared.reserve(length).await?;
    let data = source
        .read(0, length, checksum, &context.shared.buffers)
        .await?;
    source.check_unchanged().await?;
    put_object(context, data, object, checksum).await
}

/// Uploads bytes in one request.
pub(crate) async fn put_object(
    context: &Arc<TransferContext>,
    data: PartData,
    object: &ObjectName,
    checksum: Option<ObjectChecksum>,
) -> Result<TransferOutput> {
    let mut params = object.params();
    insert_checksum(&mut params, context, checksum, &data);
    let output = send_body(context, "PutObject", &params, &data.bytes).await?;
    if let (Some(checksum), Some(part)) = (checksum, &data.checksum) {
        checksum::verify(&output.value, checksum.algorithm, &part.base64())?;
    }
    context.progress.add_part();
    Ok(TransferOutput {
        value: output.value,
        bytes: data.bytes.len() as u64,
        parts: 1,
        resumed_bytes: 0,
    })
}

/// Sets the checksum of a body, unless the caller gave one.
fn insert_checksum(
    params: &mut Map,
    context: &TransferContext,
    checksum: Option<ObjectChecksum>,
    data: &PartData,
) {
    if let (Some(checksum), Some(part)) = (checksum, &data.checksum) {
        let member = checksum::member(checksum.algorithm);
        if context.arguments.get(&member).is_none() {
            params.insert(member, part.base64());
        }
    }
}

/// Makes a call with a body, whose bytes count as progress while they are sent.
async fn send_body(
    context: &Arc<TransferContext>,
    operation: &str,
    params: &Map,
    bytes: &Bytes,
) -> Result<Output> {
    let pace = Arc::new(UploadPace {
        shared: Arc::clone(&context.shared),
        progress: Arc::clone(&context.progress),
        sent: AtomicU64::new(0),
    });
    let result = with_retries(context, || async {
        let pace: Arc<dyn BodyPace> = Arc::clone(&pace) as _;
        let call = context.call(operation, params.clone())?;
        call.body(ByteStream::paced(bytes.clone(), pace))
            .send()
            .await
    })
    .await;
    let sent = match &result {
        Ok(_) => bytes.len() as u64,
        Err(_) => 0,
    };
    pace.set(sent);
    result
}

/// Counts the bytes of a body while it is sent, and limits their rate.
struct UploadPace {
    shared: Arc<SharedLimits>,
    progress: Arc<ProgressTracker>,
    /// Number of bytes of this attempt.
    sent: AtomicU64,
}

impl UploadPace {
    /// Corrects the number of bytes that were sent.
    fn set(&self, sent: u64) {
        let before = self.sent.swap(sent, Ordering::Relaxed);
        self.progress.correct_bytes(before, sent);
    }
}

impl BodyPace for UploadPace {
    fn start(&self) {
        self.set(0);
    }

    fn delay(&self, length: usize) -> Duration {
        let length = length as u64;
        self.sent.fetch_add(length, Ordering::Relaxed);
        self.progress.add_bytes(length);
        let bandwidth = self.shared.bandwidth.as_ref();
        bandwidth.map_or(Duration::ZERO, |bandwidth| bandwidth.reserve(length))
    }
}
