//! Adapts response bodies from hyper.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use http_body::Body;
use inia_core::{Error, ErrorKind, Result, RetryClass};
use tokio::time::{Instant, Sleep};

use super::pool::Lease;
use super::stall::{StallLimit, StallMeter};
use crate::{ByteStream, metrics};

/// Converts a response body, which keeps its connection until it has been read or dropped. Each chunk is subject to the read timeout.
///
/// `is_stated_empty` is true if `content-length` is 0: other responses, such as those of HEAD, have no body either.
pub(super) fn response_body(
    body: hyper::body::Incoming,
    is_stated_empty: bool,
    read_timeout: Option<Duration>,
    stall_limit: Option<StallLimit>,
    lease: Lease,
) -> ByteStream {
    let length = body.size_hint().exact();
    if length == Some(0) || body.is_end_stream() {
        if is_stated_empty && lease.excess(0) > 0 {
            let error = too_long(lease.authority(), 0);
            lease.discard();
            return ByteStream::from_stream(futures_util::stream::iter([Err(error)]), None);
        }
        lease.finish();
        return ByteStream::empty();
    }
    let chunks = ResponseChunks {
        body: Some(body),
        lease: Some(lease),
        read: 0,
        length,
        read_timeout,
        meter: stall_limit.map(StallMeter::new),
        pending: None,
        uploaded: 0,
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
    meter: Option<StallMeter>,
    /// The wait for the next chunk, if it was not ready when polled, as most are.
    pending: Option<PendingChunk>,
    /// Number of chunks of the request body that had been sent when the timer was last set.
    uploaded: u64,
}

/// The wait for a chunk.
struct PendingChunk {
    since: Instant,
    /// The end of the time that has been measured.
    measured: Instant,
    timer: Pin<Box<Sleep>>,
}

impl ResponseChunks {
    /// Polls the next data frame, skipping trailers.
    fn poll_data(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        loop {
            let Some(body) = &mut self.body else {
                return Poll::Ready(None);
            };
            match ready!(Pin::new(&mut *body).poll_frame(context)) {
                None => return Poll::Ready(self.finish().map(Err)),
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        self.read += data.len() as u64;
                        metrics::record_received(data.len());
                        let is_end = body.is_end_stream();
                        // An error follows with the next poll.
                        if is_end && self.excess() == 0 {
                            self.finish();
                        }
                        return Poll::Ready(Some(Ok(data)));
                    }
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(self.interrupted(error)))),
            }
        }
    }

    /// Makes the connection available to the next request. Returns an error if the server sent more than the stated length.
    fn finish(&mut self) -> Option<Error> {
        let excess = self.excess();
        let lease = self.lease.take()?;
        if excess == 0 {
            lease.finish();
            return None;
        }
        let error = too_long(lease.authority(), self.length.unwrap_or_default());
        lease.discard();
        Some(error)
    }

    /// Returns the number of bytes that arrived beyond the stated length.
    fn excess(&self) -> u64 {
        match (&self.lease, self.length) {
            (Some(lease), Some(length)) => lease.excess(length),
            _ => 0,
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

    /// Returns an error when the read timeout elapses or the body is stalled. Neither happens while the request body makes progress or waits
    /// for its source.
    fn poll_timeout(&mut self, context: &mut Context<'_>) -> Poll<Error> {
        let Some(first) = shorter(
            self.read_timeout,
            self.meter.as_ref().map(StallMeter::remaining),
        ) else {
            return Poll::Pending;
        };
        let pending = self.pending.get_or_insert_with(|| {
            let now = Instant::now();
            PendingChunk {
                since: now,
                measured: now,
                timer: Box::pin(tokio::time::sleep(first)),
            }
        });
        loop {
            ready!(pending.timer.as_mut().poll(context));
            let now = Instant::now();
            let upload = self.lease.as_ref().and_then(Lease::upload);
            if let Some(upload) = upload.filter(|upload| !upload.is_complete()) {
                let chunks = upload.chunks();
                if chunks != self.uploaded || upload.is_source_pending() {
                    self.uploaded = chunks;
                    pending.since = now;
                    pending.measured = now;
                    pending.timer.as_mut().reset(now + first);
                    continue;
                }
            }
            let host = || self.lease.as_ref().map_or("", Lease::authority);
            let waited = now - pending.since;
            let timeout = self.read_timeout.map(|limit| limit.saturating_sub(waited));
            if let Some(limit) = self
                .read_timeout
                .filter(|_| timeout == Some(Duration::ZERO))
            {
                let message = format!("{}: no data of the response body within {limit:?}", host());
                return Poll::Ready(Error::new(ErrorKind::Timeout, message));
            }
            if let Some(meter) = &mut self.meter
                && let Some((bytes, time)) = meter.record(now - pending.measured, 0)
            {
                let body = format_args!("{}: the response body", host());
                return Poll::Ready(meter.limit.error(body, bytes, time));
            }
            pending.measured = now;
            let remaining = self.meter.as_ref().map(StallMeter::remaining);
            if let Some(next) = shorter(timeout, remaining) {
                pending.timer.as_mut().reset(now + next);
            }
        }
    }

    /// Measures the throughput with a chunk that was received. Returns an error if the body is stalled.
    fn measure(&mut self, length: usize) -> Option<Error> {
        let waited = match self.pending.take() {
            Some(pending) => pending.measured.elapsed(),
            None => Duration::ZERO,
        };
        let meter = self.meter.as_mut()?;
        let (bytes, time) = meter.record(waited, length)?;
        let host = self.lease.as_ref().map_or("", Lease::authority);
        let body = format_args!("{host}: the response body");
        Some(meter.limit.error(body, bytes, time))
    }
}

fn shorter(one: Option<Duration>, other: Option<Duration>) -> Option<Duration> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

/// Returns the error of a body that is longer than stated: its end is lost, because it may be the next response.
#[cold]
fn too_long(host: &str, length: u64) -> Error {
    let message = format!(
        "{host}: the response body is longer than the {length} bytes of its content-length"
    );
    Error::new(ErrorKind::Stream, message).with_retry_class(RetryClass::Transient)
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
        let chunk = match chunk {
            Some(Ok(data)) => match self.measure(data.len()) {
                // The end of the body has released the connection.
                Some(error) if self.lease.is_some() => Some(Err(error)),
                _ => Some(Ok(data)),
            },
            end => end,
        };
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
