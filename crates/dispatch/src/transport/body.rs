//! Bodies on their way to hyper and from it.

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

/// A response's body, each piece waited for no longer than the limit.
pub(super) fn response_body(
    body: hyper::body::Incoming,
    read_timeout: Option<Duration>,
) -> ByteStream {
    let length = body.size_hint().exact();
    if length == Some(0) {
        return ByteStream::empty();
    }
    let pieces = Pieces {
        body: Some(body),
        limit: read_timeout,
        timer: None,
    };
    ByteStream::from_stream(pieces, length)
}

/// The pieces of a response's body.
struct Pieces {
    /// Nothing behind the end and behind an error.
    body: Option<hyper::body::Incoming>,
    limit: Option<Duration>,
    /// Runs while a piece is waited for: most of them are there.
    timer: Option<Pin<Box<Sleep>>>,
}

impl Pieces {
    /// The next piece that is not a trailer.
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
                    let message = "the connection broke while the response was read";
                    let error = Error::new(ErrorKind::Connection, message).with_source(error);
                    return Poll::Ready(Some(Err(error)));
                }
            }
        }
    }

    /// Fails when the next piece has been waited for too long.
    fn poll_limit(&mut self, context: &mut Context<'_>) -> Poll<Error> {
        let Some(limit) = self.limit else {
            return Poll::Pending;
        };
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(limit)));
        ready!(timer.as_mut().poll(context));
        let message = format!("the response's body stopped for {limit:?}");
        Poll::Ready(Error::new(ErrorKind::Timeout, message))
    }
}

impl Stream for Pieces {
    type Item = Result<Bytes>;

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes>>> {
        let piece = match self.poll_data(context) {
            Poll::Ready(piece) => piece,
            Poll::Pending => Some(Err(ready!(self.poll_limit(context)))),
        };
        self.timer = None;
        if !matches!(piece, Some(Ok(_))) {
            self.body = None;
        }
        Poll::Ready(piece)
    }
}
