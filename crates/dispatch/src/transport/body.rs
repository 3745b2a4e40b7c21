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
use inia_core::{Error, ErrorKind, Result};
use tokio::time::Sleep;

use super::WireBody;
use crate::ByteStream;

/// Maximum size of a chunk handed to hyper, in bytes. Long bodies are split, so that their progress can be observed.
const MAX_CHUNK_SIZE: usize = 256 * 1024;

/// A request body.
pub(super) struct RequestBody {
    /// Bytes in memory that are not sent yet.
    bytes: Bytes,
    source: Option<ByteStream>,
    length: Option<u64>,
    progress: Option<UploadProgress>,
}

/// Progress of sending a body. The read timeout does not apply while the body makes progress or waits for its source.
#[derive(Clone, Debug, Default)]
pub(super) struct UploadProgress(Arc<UploadState>);

#[derive(Debug, Default)]
struct UploadState {
    chunks: AtomicU64,
    is_source_pending: AtomicBool,
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
}

impl RequestBody {
    /// Wraps a body. Returns its progress too, unless the body fits in one chunk.
    pub(super) fn new(body: WireBody) -> (Self, Option<UploadProgress>) {
        let (bytes, source, length) = match body {
            WireBody::Bytes(bytes) => (bytes, None, None),
            WireBody::Stream(stream) => {
                let length = stream.len();
                (Bytes::new(), Some(stream), length)
            }
        };
        let is_long = source.is_some() || bytes.len() > MAX_CHUNK_SIZE;
        let progress = is_long.then(UploadProgress::default);
        let body = RequestBody {
            bytes,
            source,
            length,
            progress: progress.clone(),
        };
        (body, progress)
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
        if let Some(UploadProgress(state)) = &self.progress {
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
        match &self.source {
            None => SizeHint::with_exact(self.bytes.len() as u64),
            Some(_) => self
                .length
                .map_or_else(SizeHint::default, SizeHint::with_exact),
        }
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

/// Converts a response body. Each chunk is subject to the read timeout.
pub(super) fn response_body(
    body: hyper::body::Incoming,
    read_timeout: Option<Duration>,
) -> ByteStream {
    let length = body.size_hint().exact();
    if length == Some(0) {
        return ByteStream::empty();
    }
    let chunks = ResponseChunks {
        body: Some(body),
        read_timeout,
        timer: None,
    };
    ByteStream::from_stream(chunks, length)
}

/// The chunks of a response body.
struct ResponseChunks {
    /// `None` after the end and after an error.
    body: Option<hyper::body::Incoming>,
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
            match ready!(Pin::new(body).poll_frame(context)) {
                None => return Poll::Ready(None),
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        return Poll::Ready(Some(Ok(data)));
                    }
                }
                Some(Err(error)) => {
                    let message = "the connection failed while reading the response body";
                    let error = Error::new(ErrorKind::Connection, message).with_source(error);
                    return Poll::Ready(Some(Err(error)));
                }
            }
        }
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
        let message = format!("no data of the response body within {limit:?}");
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
        }
        Poll::Ready(chunk)
    }
}
