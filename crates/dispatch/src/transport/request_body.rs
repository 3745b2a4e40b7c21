//! [`RequestBody`]: adapts request bodies to hyper.

use std::fmt;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use http_body::{Body, Frame, SizeHint};
use inia_core::Result;
use tokio::time::Instant;

use super::WireBody;
use crate::{ByteStream, metrics};

/// Maximum size of a chunk handed to hyper, in bytes. Long bodies are split, so that their progress can be observed.
const MAX_CHUNK_SIZE: usize = 256 * 1024;

/// A request body.
pub(super) struct RequestBody {
    /// Bytes in memory that are not sent yet.
    bytes: Bytes,
    source: Option<ByteStream>,
    /// Number of bytes that are not taken yet, if it is known.
    remaining: Option<u64>,
    progress: Option<UploadProgress>,
}

/// Progress of sending a body. The read timeout does not apply while the body makes progress or waits for its source.
#[derive(Clone, Debug, Default)]
pub(super) struct UploadProgress(Arc<UploadState>);

#[derive(Debug, Default)]
struct UploadState {
    chunks: AtomicU64,
    bytes: AtomicU64,
    is_source_pending: AtomicBool,
    source: Mutex<SourceWait>,
    is_complete: AtomicBool,
}

/// The time that a body has waited for its source.
#[derive(Clone, Copy, Debug, Default)]
struct SourceWait {
    total: Duration,
    /// The start of the current wait.
    since: Option<Instant>,
}

impl UploadProgress {
    /// Returns the number of bytes that hyper has taken.
    pub(super) fn bytes(&self) -> u64 {
        self.0.bytes.load(Ordering::Relaxed)
    }

    /// Returns the time that the body has waited for its source.
    pub(super) fn source_wait(&self) -> Duration {
        let source = self.source();
        source.total + source.since.map_or(Duration::ZERO, |since| since.elapsed())
    }

    fn source(&self) -> MutexGuard<'_, SourceWait> {
        self.0.source.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records that the source was polled.
    fn record_source(&self, is_pending: bool) {
        self.0
            .is_source_pending
            .store(is_pending, Ordering::Relaxed);
        let mut source = self.source();
        if is_pending {
            source.since.get_or_insert_with(Instant::now);
        } else if let Some(since) = source.since.take() {
            source.total += since.elapsed();
        }
    }

    /// Returns the number of chunks that hyper has polled.
    pub(super) fn chunks(&self) -> u64 {
        self.0.chunks.load(Ordering::Relaxed)
    }

    /// Returns true while the body waits for its source.
    pub(super) fn is_source_pending(&self) -> bool {
        self.0.is_source_pending.load(Ordering::Relaxed)
    }

    /// Returns true once the whole body has been taken.
    pub(super) fn is_complete(&self) -> bool {
        self.0.is_complete.load(Ordering::Relaxed)
    }
}

impl RequestBody {
    pub(super) fn new(body: WireBody) -> Self {
        let (bytes, source, remaining) = match body {
            WireBody::Bytes(bytes) => {
                let length = bytes.len() as u64;
                (bytes, None, Some(length))
            }
            WireBody::Stream(stream) => {
                let length = stream.len();
                (Bytes::new(), Some(stream), length)
            }
        };
        let is_long = source.is_some() || bytes.len() > MAX_CHUNK_SIZE;
        RequestBody {
            bytes,
            source,
            remaining,
            progress: is_long.then(UploadProgress::default),
        }
    }

    /// Returns the progress of the body, unless it fits in one chunk.
    pub(super) fn progress(&self) -> Option<UploadProgress> {
        self.progress.clone()
    }

    fn poll_chunk(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        while self.bytes.is_empty() {
            let Some(source) = &mut self.source else {
                return Poll::Ready(None);
            };
            match ready!(source.poll_next_unpin(context)) {
                Some(Ok(bytes)) => self.bytes = bytes,
                end => return Poll::Ready(end),
            }
        }
        let chunk = self.bytes.split_to(self.bytes.len().min(MAX_CHUNK_SIZE));
        Poll::Ready(Some(Ok(chunk)))
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let chunk = self.poll_chunk(context);
        if let Poll::Ready(Some(Ok(bytes))) = &chunk {
            metrics::record_sent(bytes.len());
        }
        if let (Some(remaining), Poll::Ready(Some(Ok(bytes)))) = (&mut self.remaining, &chunk) {
            *remaining = remaining.saturating_sub(bytes.len() as u64);
        }
        if let Some(progress) = &self.progress {
            let state = &progress.0;
            // hyper does not poll for the end of a body whose length is known.
            if matches!(chunk, Poll::Ready(None)) || self.remaining == Some(0) {
                state.is_complete.store(true, Ordering::Relaxed);
            }
            state.chunks.fetch_add(1, Ordering::Relaxed);
            if let Poll::Ready(Some(Ok(bytes))) = &chunk {
                state.bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
            }
            progress.record_source(chunk.is_pending());
        }
        chunk.map(|chunk| {
            let frame = chunk?.map(Frame::data);
            Some(frame.map_err(|error| BodyError(format!("{error:#}"))))
        })
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_empty() && self.source.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        self.remaining
            .map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

/// The error of a request body, wrapped to pass through hyper.
#[derive(Debug)]
pub(super) struct BodyError(pub(super) String);

impl fmt::Display for BodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BodyError {}
