//! Adapts request and response bodies to hyper.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use futures_util::StreamExt;
use http_body::{Body, Frame, SizeHint};
use inia_core::{Error, ErrorKind, Result, RetryClass};
use tokio::time::Sleep;

use super::WireBody;
use super::pool::Lease;
use crate::ByteStream;

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
    is_source_pending: AtomicBool,
    is_complete: AtomicBool,
}

impl UploadProgress {
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
        if let (Some(remaining), Poll::Ready(Some(Ok(bytes)))) = (&mut self.remaining, &chunk) {
            *remaining = remaining.saturating_sub(bytes.len() as u64);
        }
        if let Some(UploadProgress(state)) = &self.progress {
            // hyper does not poll for the end of a body whose length is known.
            if matches!(chunk, Poll::Ready(None)) || self.remaining == Some(0) {
                state.is_complete.store(true, Ordering::Relaxed);
            }
            state.chunks.fetch_add(1, Ordering::Relaxed);
            state
                .is_source_pending
                .store(chunk.is_pending(), Ordering::Relaxed);
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

/// Converts a response body, which keeps its connection until it has been read or dropped. Each chunk is subject to the read timeout.
pub(super) fn response_body(
    body: hyper::body::Incoming,
    read_timeout: Option<Duration>,
    lease: Lease,
) -> ByteStream {
    let length = body.size_hint().exact();
    if length == Some(0) || body.is_end_stream() {
        lease.finish();
        return ByteStream::empty();
    }
    let chunks = ResponseChunks {
        body: Some(body),
        lease: Some(lease),
        read: 0,
        length,
        read_timeout,
        timer: None,
    };
    ByteStream::from_stream(chunks, length)
}

/// The chunks of a response body.
struct ResponseChunks {
    /// `None` after the end and after an error.
    body: Option<hyper::body::Incoming>,
    /// Ended with the body.
    lease: Option<Lease>,
    /// Number of bytes read.
    read: u64,
    /// The stated length of the body.
    length: Option<u64>,
    read_timeout: Option<Duration>,
    /// Runs only while a chunk is pending, because most chunks are ready when polled.
    timer: Option<Pin<Box<Sleep>>>,
}

impl ResponseChunks {
    /// Polls the next data frame, skipping trailers.
    fn poll_data(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        loop {
            let Some(body) = &mut self.body else {
                return Poll::Ready(None);
            };
            match ready!(Pin::new(&mut *body).poll_frame(context)) {
                None => {
                    self.finish();
                    return Poll::Ready(None);
                }
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        self.read += data.len() as u64;
                        if body.is_end_stream() {
                            self.finish();
                        }
                        return Poll::Ready(Some(Ok(data)));
                    }
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(self.interrupted(error)))),
            }
        }
    }

    /// Makes the connection available to the next request.
    fn finish(&mut self) {
        if let Some(lease) = self.lease.take() {
            lease.finish();
        }
    }

    /// Returns the error of a body that was cut off. The same request may succeed.
    #[cold]
    fn interrupted(&mut self, error: hyper::Error) -> Error {
        let host = self.lease.as_ref().map_or("", Lease::authority);
        let read = self.read;
        let message = match self.length {
            Some(length) => {
                format!("{host}: the response body ended after {read} of {length} bytes")
            }
            None => format!("{host}: the response body was cut off after {read} bytes"),
        };
        Error::new(ErrorKind::Stream, message)
            .with_retry_class(RetryClass::Transient)
            .with_source(error)
    }

    /// Returns an error when the read timeout elapses.
    fn poll_timeout(&mut self, context: &mut Context<'_>) -> Poll<Error> {
        let Some(limit) = self.read_timeout else {
            return Poll::Pending;
        };
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(limit)));
        ready!(timer.as_mut().poll(context));
        let host = self.lease.as_ref().map_or("", Lease::authority);
        let message = format!("{host}: no data of the response body within {limit:?}");
        Poll::Ready(Error::new(ErrorKind::Timeout, message))
    }
}

impl Stream for ResponseChunks {
    type Item = Result<Bytes>;

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes>>> {
        let chunk = match self.poll_data(context) {
            Poll::Ready(chunk) => chunk,
            Poll::Pending => Some(Err(ready!(self.poll_timeout(context)))),
        };
        self.timer = None;
        if !matches!(chunk, Some(Ok(_))) {
            self.body = None;
            // After an error, the connection is closed.
            if let Some(lease) = self.lease.take() {
                lease.discard();
            }
        }
        Poll::Ready(chunk)
    }
}
