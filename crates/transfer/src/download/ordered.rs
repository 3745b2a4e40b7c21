//! Downloads in order: to a pipe, the standard output, or any writer.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use inia_core::{Error, ErrorKind, Result};
use inia_dispatch::ByteStream;
use inia_dispatch::detail::Hasher;
use tokio::io::{AsyncWrite, AsyncWriteExt as _};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinSet;

use super::range::fetch_range;
use super::sink::ChannelSink;
use super::{OpenedObject, RemoteObject, mismatch, open};
use crate::TransferOutput;
use crate::context::{MemoryPermit, TransferContext};
use crate::object::ObjectName;

/// Downloads an object to a writer, in order.
pub(crate) async fn download_in_order(
    context: Arc<TransferContext>,
    object: ObjectName,
    writer: impl AsyncWrite + Send + Unpin,
) -> Result<TransferOutput> {
    let transfer = async {
        let opened = open(&context, object).await?;
        write_in_order(&context, opened, writer).await
    };
    context.control.until_cancelled(transfer).await
}

/// Writes an object in order. Its next parts are received meanwhile, as many as fit into memory.
pub(super) async fn write_in_order(
    context: &Arc<TransferContext>,
    opened: OpenedObject,
    mut writer: impl AsyncWrite + Send + Unpin,
) -> Result<TransferOutput> {
    let OpenedObject { remote, body } = opened;
    let is_whole = remote.is_short(context);
    let mut parts = PartWindow {
        part_size: if is_whole {
            remote.length
        } else {
            context.config.part_size
        },
        context: Arc::clone(context),
        remote: Arc::new(remote),
        next: 0,
        started: 0,
        body,
        parts: VecDeque::new(),
        tasks: JoinSet::new(),
    };
    let remote = Arc::clone(&parts.remote);
    let mut hasher = remote
        .checksum
        .as_ref()
        .filter(|(checksum, _)| checksum.is_full_object)
        .map(|(checksum, _)| Hasher::new(checksum.algorithm));
    let failed =
        |error| Error::new(ErrorKind::Stream, "cannot write the download").with_source(error);
    while let Some(chunk) = parts.next_chunk().await? {
        if let Some(hasher) = &mut hasher {
            hasher.update(&chunk);
        }
        writer.write_all(&chunk).await.map_err(failed)?;
    }
    writer.flush().await.map_err(failed)?;
    if let (Some((_, expected)), Some(hasher)) = (&remote.checksum, hasher) {
        let actual = hasher.finish();
        if actual != *expected {
            return Err(mismatch(&remote, &actual));
        }
    }
    Ok(TransferOutput {
        value: remote.value.clone(),
        bytes: remote.length,
        parts: parts.started,
        resumed_bytes: 0,
    })
}

/// The parts that are received, in order.
struct PartWindow {
    context: Arc<TransferContext>,
    remote: Arc<RemoteObject>,
    part_size: u64,
    /// Offset of the next part.
    next: u64,
    started: u32,
    /// The beginning of the object.
    body: Option<ByteStream>,
    parts: VecDeque<PendingPart>,
    tasks: JoinSet<()>,
}

/// A part that is received, and the memory for it.
struct PendingPart {
    chunks: UnboundedReceiver<Result<Bytes>>,
    _memory: MemoryPermit,
}

impl PartWindow {
    /// Returns the next chunk of the object.
    async fn next_chunk(&mut self) -> Result<Option<Bytes>> {
        loop {
            self.start_parts().await?;
            let Some(part) = self.parts.front_mut() else {
                return Ok(None);
            };
            match part.chunks.recv().await {
                Some(chunk) => return chunk.map(Some),
                None => {
                    self.context.progress.add_part();
                    self.parts.pop_front();
                    while self.tasks.try_join_next().is_some() {}
                }
            }
        }
    }

    /// Starts parts as long as there is memory for them. Waits for memory if no part is started.
    async fn start_parts(&mut self) -> Result<()> {
        while (self.next < self.remote.length || self.body.is_some())
            && self.parts.len() < self.context.config.concurrency
        {
            let start = self.next;
            let end = start.saturating_add(self.part_size).min(self.remote.length);
            // A single part is read as fast as it arrives.
            let size = if start == 0 { 0 } else { end - start };
            let memory = match self.context.shared.try_reserve(size) {
                Some(memory) => memory,
                None if self.parts.is_empty() => self.context.shared.reserve(size).await?,
                None => return Ok(()),
            };
            let (sender, chunks) = unbounded_channel();
            let (context, remote) = (Arc::clone(&self.context), Arc::clone(&self.remote));
            let body = self.body.take();
            self.tasks.spawn(async move {
                let mut sink = ChannelSink(sender);
                let fetched = fetch_range(&context, &remote, start..end, body, &mut sink).await;
                if let Err(error) = fetched {
                    // If the receiver is gone, nobody waits for the error.
                    let _ = sink.0.send(Err(error));
                }
            });
            self.parts.push_back(PendingPart {
                chunks,
                _memory: memory,
            });
            self.next = end;
            self.started += 1;
        }
        Ok(())
    }
}
