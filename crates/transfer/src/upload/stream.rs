//! Uploads of streams, whose length may be unknown.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::StreamExt as _;
use inia_core::{Error, ErrorKind, Map, Result};
use inia_dispatch::ByteStream;

use super::{MultipartUpload, PartData, put_object};
use crate::TransferOutput;
use crate::checksum::ObjectChecksum;
use crate::config::{MAX_PART_SIZE, upload_part_size};
use crate::context::{TransferContext, unblock};
use crate::object::ObjectName;
use crate::parts::PartTasks;

/// Number of parts after which the size of a part doubles if the length is not known. 8 MiB at first, that is enough for 8 TiB.
const PARTS_PER_SIZE: u32 = 1000;

/// Maximum size of a buffer that is reserved before bytes arrive for it. Memory that is not written to takes no room.
const MAX_RESERVED: usize = 64 << 20;

/// Uploads a stream: in one request if it ends within the first part.
pub(super) async fn upload(
    context: Arc<TransferContext>,
    body: ByteStream,
    object: ObjectName,
    checksum: Option<ObjectChecksum>,
) -> Result<TransferOutput> {
    let stated = body.len();
    if let Some(length) = stated {
        context.progress.set_total(length);
    }
    let part_size = upload_part_size(context.config.part_size, stated);
    let mut reader = PartReader::new(body);
    let first = context.control.until_cancelled(async {
        let memory = context.shared.reserve(part_size).await?;
        Ok((reader.next_part(part_size).await?, memory))
    });
    let (first, memory) = first.await?;
    if reader.is_ended() {
        check_length(stated, first.len() as u64)?;
        let put = async {
            let data = unblock(move || Ok(PartData::new(first, checksum))).await?;
            put_object(&context, data, &object, checksum).await
        };
        let output = context.control.until_cancelled(put).await;
        drop(memory);
        return output;
    }
    let create = MultipartUpload::create(&context, object, checksum, Map::new());
    let upload = context.control.until_cancelled(create).await?;
    let transfer = async {
        let mut tasks = PartTasks::new();
        let mut next = Some((first, memory));
        let (mut number, mut total) = (0, 0);
        while let Some((bytes, memory)) = next.take() {
            number += 1;
            total += bytes.len() as u64;
            let upload = Arc::clone(&upload);
            tasks.spawn(async move {
                let data = unblock(move || Ok(PartData::new(bytes, checksum))).await?;
                let part = upload.upload_part(number, data).await;
                drop(memory);
                part
            });
            if reader.is_ended() {
                break;
            }
            let size = match stated {
                Some(_) => part_size,
                None => (part_size << (number / PARTS_PER_SIZE).min(16)).min(MAX_PART_SIZE),
            };
            let memory = tasks.wait_for(context.shared.reserve(size)).await?;
            context.control.checkpoint().await?;
            let bytes = tasks.wait_for(reader.next_part(size)).await?;
            next = Some((bytes, memory));
        }
        let parts = tasks.finish().await?;
        check_length(stated, total)?;
        upload.complete(parts).await
    };
    match context.control.until_cancelled(transfer).await {
        Ok(output) => Ok(output),
        Err(error) => Err(upload.abort(error).await),
    }
}

fn check_length(stated: Option<u64>, read: u64) -> Result<()> {
    match stated {
        Some(stated) if stated != read => Err(Error::new(
            ErrorKind::Stream,
            format!("the body has {read} bytes, but {stated} were stated"),
        )),
        _ => Ok(()),
    }
}

/// Splits a stream into parts.
struct PartReader {
    body: ByteStream,
    /// Bytes after the last part.
    rest: Bytes,
    has_ended: bool,
}

impl PartReader {
    fn new(body: ByteStream) -> Self {
        PartReader {
            body,
            rest: Bytes::new(),
            has_ended: false,
        }
    }

    /// Returns true after the last part.
    fn is_ended(&self) -> bool {
        self.has_ended && self.rest.is_empty()
    }

    /// Reads a part of `size` bytes, or of fewer at the end. Reads on until it is known whether another part follows.
    async fn next_part(&mut self, size: u64) -> Result<Bytes> {
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        let mut part = Vec::new();
        if self.rest.len() < size {
            part.reserve_exact(size.min(MAX_RESERVED));
        }
        loop {
            let taken = self.rest.len().min(size - part.len());
            if part.is_empty() && taken == size {
                // The whole part is a slice of one chunk.
                let slice = self.rest.split_to(size);
                self.fill().await?;
                return Ok(slice);
            }
            part.extend_from_slice(&self.rest.split_to(taken));
            self.fill().await?;
            if part.len() == size || self.is_ended() {
                return Ok(Bytes::from(part));
            }
        }
    }

    /// Reads a chunk, unless there is one.
    async fn fill(&mut self) -> Result<()> {
        while self.rest.is_empty() && !self.has_ended {
            match self.body.next().await.transpose()? {
                Some(chunk) => self.rest = chunk,
                None => self.has_ended = true,
            }
        }
        Ok(())
    }
}
