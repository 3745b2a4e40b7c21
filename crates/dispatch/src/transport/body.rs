//! Bodies on their way to hyper and from it.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use futures_util::StreamExt;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use inia_core::{Error, ErrorKind, Result};
use tokio::time::Sleep;

use super::WireBody;
use super::pool::Lease;
use crate::ByteStream;

/// The most bytes that are handed to hyper at once, so that it shows how far a long body has come.
const PIECE: usize = 256 * 1024;

/// A request's body.
pub(super) struct RequestBody {
    /// What is at hand and not yet sent.
    bytes: Bytes,
    /// Where more comes from.
    source: Option<ByteStream>,
    length: Option<u64>,
    progress: Option<Progress>,
}

/// How far a body has come: while it goes on, or its own source has nothing yet, it is not the server that is waited for.
#[derive(Clone, Debug, Default)]
pub(super) struct Progress(Arc<State>);

#[derive(Debug, Default)]
struct State {
    pieces: AtomicU64,
    is_source_pending: AtomicBool,
}

impl Progress {
    /// How many pieces were asked for.
    pub(super) fn pieces(&self) -> u64 {
        self.0.pieces.load(Ordering::Relaxed)
    }

    /// Whether the body's own source is yet to bring the next piece.
    pub(super) fn is_source_pending(&self) -> bool {
        self.0.is_source_pending.load(Ordering::Relaxed)
    }
}

impl RequestBody {
    /// The body, and how far it has come where sending it may take long.
    pub(super) fn new(body: WireBody) -> (Self, Option<Progress>) {
        let (bytes, source, length) = match body {
            WireBody::Bytes(bytes) => (bytes, None, None),
            WireBody::Stream(stream) => {
                let length = stream.len();
                (Bytes::new(), Some(stream), length)
            }
        };
        let is_long = source.is_some() || bytes.len() > PIECE;
        let progress = is_long.then(Progress::default);
        let body = RequestBody {
            bytes,
            source,
            length,
            progress: progress.clone(),
        };
        (body, progress)
    }

    fn poll_piece(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        while self.bytes.is_empty() {
            let Some(source) = &mut self.source else {
                return Poll::Ready(None);
            };
            match ready!(source.poll_next_unpin(context)) {
                Some(Ok(bytes)) => self.bytes = bytes,
                end => return Poll::Ready(end),
            }
        }
        let piece = self.bytes.split_to(self.bytes.len().min(PIECE));
        Poll::Ready(Some(Ok(piece)))
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let piece = self.poll_piece(context);
        if let Some(Progress(state)) = &self.progress {
            state.pieces.fetch_add(1, Ordering::Relaxed);
            state
                .is_source_pending
                .store(piece.is_pending(), Ordering::Relaxed);
        }
        piece.map(|piece| {
            let frame = piece?.map(Frame::data);
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

/// The error of a request body, passed through hyper and taken out again.
#[derive(Debug)]
pub(super) struct BodyError(pub(super) String);

impl fmt::Display for BodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BodyError {}

/// A response's body, each piece waited for no longer than a limit.
struct ResponseBody {
    incoming: Incoming,
    /// The connection that brings it, where that is not shared with other requests; `None` once the body is there.
    lease: Option<Lease>,
    /// What came together with the head.
    first: Option<Result<Bytes>>,
    is_over: bool,
    limit: Option<Duration>,
    timer: Option<Pin<Box<Sleep>>>,
    /// Whether the timer runs for the piece that is waited for.
    is_waiting: bool,
}

/// A response's body, each piece waited for no longer than the limit.
///
/// A short one has mostly come with the head: it is no stream then, and its connection is free at once.
pub(super) async fn response_body(
    incoming: Incoming,
    lease: Option<Lease>,
    limit: Option<Duration>,
) -> ByteStream {
    let length = incoming.size_hint().exact();
    let mut body = ResponseBody {
        incoming,
        lease,
        first: None,
        is_over: false,
        limit,
        timer: None,
        is_waiting: false,
    };
    let first = poll_fn(|context| Poll::Ready(body.poll_piece(context))).await;
    match first {
        Poll::Ready(None) => return ByteStream::empty(),
        Poll::Ready(Some(Ok(bytes))) if body.is_over => return ByteStream::from(bytes),
        Poll::Ready(first) => body.first = first,
        Poll::Pending => {}
    }
    ByteStream::from_stream(body, length)
}

impl ResponseBody {
    fn poll_piece(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        while !self.is_over {
            if self.incoming.is_end_stream() {
                self.end(context);
                break;
            }
            let mut frame = Pin::new(&mut self.incoming).poll_frame(context);
            if let (Poll::Pending, Some(lease)) = (&frame, &mut self.lease) {
                lease.link.drive(context);
                frame = Pin::new(&mut self.incoming).poll_frame(context);
            }
            match ready!(frame) {
                None => self.end(context),
                Some(Ok(frame)) => {
                    // What is not data are trailers, which no answer needs.
                    if let Ok(bytes) = frame.into_data() {
                        if self.incoming.is_end_stream() {
                            self.end(context);
                        }
                        return Poll::Ready(Some(Ok(bytes)));
                    }
                }
                Some(Err(error)) => {
                    self.fail();
                    let message = "the connection broke while the response was read";
                    let error = Error::new(ErrorKind::Connection, message).with_source(error);
                    return Poll::Ready(Some(Err(error)));
                }
            }
        }
        Poll::Ready(None)
    }

    /// Notes that everything has come, and lets the connection go on to the next request.
    fn end(&mut self, context: &mut Context<'_>) {
        self.is_over = true;
        if let Some(mut lease) = self.lease.take() {
            if !lease.link.is_ready() {
                lease.link.drive(context);
            }
            lease.end();
        }
    }

    fn fail(&mut self) {
        self.is_over = true;
        self.lease = None;
    }

    /// Waits for the next piece; an error where that took too long.
    fn poll_limit(&mut self, context: &mut Context<'_>) -> Poll<Error> {
        let Some(limit) = self.limit else {
            return Poll::Pending;
        };
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(limit)));
        if !std::mem::replace(&mut self.is_waiting, true) {
            timer.as_mut().reset(tokio::time::Instant::now() + limit);
        }
        ready!(timer.as_mut().poll(context));
        let message = format!("the response's body stopped for {limit:?}");
        Poll::Ready(Error::new(ErrorKind::Timeout, message))
    }
}

impl Stream for ResponseBody {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(first));
        }
        match self.poll_piece(context) {
            Poll::Ready(piece) => {
                self.is_waiting = false;
                Poll::Ready(piece)
            }
            Poll::Pending => self.poll_limit(context).map(|error| {
                self.fail();
                Some(Err(error))
            }),
        }
    }
}
