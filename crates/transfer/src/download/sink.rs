//! Destinations of the bytes of a part.

use std::fs::File;
use std::sync::Arc;

use bytes::Bytes;
use inia_core::{Error, ErrorKind, Result};
use inia_dispatch::detail::{Algorithm, Hasher};
use tokio::sync::mpsc::UnboundedSender;
use tokio::task::JoinHandle;

use crate::checksum::PartChecksum;
use crate::context::task_error;

/// Size of the chunks that are written at once, in bytes.
const WRITE_SIZE: usize = 512 * 1024;

/// Receives bytes at any position, from several threads: a file, or memory of your own.
pub trait WriteAt: Send + Sync + 'static {
    /// Writes bytes at an offset.
    ///
    /// # Errors
    /// Writing failed. The download ends with this error.
    fn write_all_at(&self, bytes: &[u8], offset: u64) -> std::io::Result<()>;
}

impl WriteAt for File {
    fn write_all_at(&self, bytes: &[u8], offset: u64) -> std::io::Result<()> {
        crate::source::write_all_at(self, bytes, offset)
    }
}

impl<T: WriteAt + ?Sized> WriteAt for Arc<T> {
    fn write_all_at(&self, bytes: &[u8], offset: u64) -> std::io::Result<()> {
        (**self).write_all_at(bytes, offset)
    }
}

/// Receives the bytes of a part in order.
pub(crate) trait PartSink: Send {
    fn write(&mut self, chunk: Bytes) -> impl Future<Output = Result<()>> + Send;
}

/// Writes a part to its position, and computes its checksum. One chunk is written while the next one is received.
pub(crate) struct PositionedSink {
    writer: Arc<dyn WriteAt>,
    offset: u64,
    pending: Vec<Bytes>,
    pending_length: usize,
    written: u64,
    hasher: Option<Hasher>,
    writing: Option<JoinHandle<Result<Option<Hasher>>>>,
}

impl PositionedSink {
    pub(crate) fn new(writer: Arc<dyn WriteAt>, offset: u64, checksum: Option<Algorithm>) -> Self {
        PositionedSink {
            writer,
            offset,
            pending: Vec::new(),
            pending_length: 0,
            written: 0,
            hasher: checksum.map(Hasher::new),
            writing: None,
        }
    }

    /// Starts to write the pending chunks, once the previous ones are written.
    async fn flush(&mut self) -> Result<()> {
        self.wait().await?;
        let chunks = std::mem::take(&mut self.pending);
        let length = std::mem::take(&mut self.pending_length) as u64;
        let writer = Arc::clone(&self.writer);
        let mut hasher = self.hasher.take();
        let mut offset = self.offset;
        self.writing = Some(tokio::task::spawn_blocking(move || {
            for chunk in &chunks {
                if let Some(hasher) = &mut hasher {
                    hasher.update(chunk);
                }
                writer.write_all_at(chunk, offset).map_err(|error| {
                    Error::new(ErrorKind::Stream, "cannot write the download").with_source(error)
                })?;
                offset += chunk.len() as u64;
            }
            Ok(hasher)
        }));
        self.offset += length;
        self.written += length;
        Ok(())
    }

    async fn wait(&mut self) -> Result<()> {
        if let Some(writing) = self.writing.take() {
            self.hasher = writing
                .await
                .unwrap_or_else(|error| Err(task_error(error)))?;
        }
        Ok(())
    }

    /// Waits until all bytes are written. Returns their checksum.
    pub(crate) async fn finish(mut self) -> Result<Option<PartChecksum>> {
        if !self.pending.is_empty() {
            self.flush().await?;
        }
        self.wait().await?;
        let length = self.written;
        Ok(self.hasher.take().map(|hasher| PartChecksum {
            digest: hasher.digest(),
            length,
        }))
    }
}

impl PartSink for PositionedSink {
    async fn write(&mut self, chunk: Bytes) -> Result<()> {
        self.pending_length += chunk.len();
        self.pending.push(chunk);
        if self.pending_length >= WRITE_SIZE {
            self.flush().await?;
        }
        Ok(())
    }
}

/// Hands the bytes of a part to a reader that reads the parts in order.
pub(crate) struct ChannelSink(pub(crate) UnboundedSender<Result<Bytes>>);

impl PartSink for ChannelSink {
    async fn write(&mut self, chunk: Bytes) -> Result<()> {
        self.0
            .send(Ok(chunk))
            .map_err(|_| Error::new(ErrorKind::Cancelled, "the download is not read any more"))
    }
}
