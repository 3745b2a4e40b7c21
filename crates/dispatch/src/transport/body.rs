//! Bodies on their way to hyper and from it.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyStream;
use inia_core::{Error, ErrorKind, Result};

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
        ByteStream::empty()
    } else {
        ByteStream::from_stream(pieces(body, read_timeout), length)
    }
}

/// The pieces of a response's body, each waited for no longer than the limit.
fn pieces(
    body: hyper::body::Incoming,
    read_timeout: Option<Duration>,
) -> impl futures_core::Stream<Item = Result<Bytes>> {
    let frames = BodyStream::new(body).map_err(|error| {
        Error::new(
            ErrorKind::Connection,
            "the connection broke while the response was read",
        )
        .with_source(error)
    });
    let chunks = frames.try_filter_map(|frame| std::future::ready(Ok(frame.into_data().ok())));
    futures_util::stream::unfold(
        (Box::pin(chunks), false),
        move |(mut chunks, ended)| async move {
            if ended {
                return None;
            }
            let next = match read_timeout {
                None => chunks.next().await,
                Some(limit) => match tokio::time::timeout(limit, chunks.next()).await {
                    Ok(next) => next,
                    Err(_) => {
                        let message = format!("the response's body stopped for {limit:?}");
                        return Some((
                            Err(Error::new(ErrorKind::Timeout, message)),
                            (chunks, true),
                        ));
                    }
                },
            };
            next.map(|chunk| {
                let ended = chunk.is_err();
                (chunk, (chunks, ended))
            })
        },
    )
}
