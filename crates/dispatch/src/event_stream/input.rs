//! [`EventInput`]: the events of a request, for all attempts of its call.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream;
use futures_util::StreamExt as _;
use futures_util::task::AtomicWaker;
use inia_core::{Error, ErrorKind, Result, RetryClass, Value};
use inia_model::{Operation, ServiceModel};
use inia_protocol::Codec;
use tokio::sync::Notify;

use crate::params::Params;

/// Maximum size of the messages that are kept for another attempt, in bytes.
const MAX_REPLAY_BYTES: usize = 256 * 1024;

/// The messages of an input stream, framed but not signed.
type MessageStream = Pin<Box<dyn Stream<Item = Result<Bytes>> + Send>>;

/// The events of a request.
///
/// Each attempt reads them through its own [`EventFrames`](super::EventFrames). The first messages are kept until the response begins, so
/// that a further attempt can send them again.
pub(crate) struct EventInput {
    state: Mutex<InputState>,
    /// Wakes the attempt that reads the input.
    reader: AtomicWaker,
    /// Notified when the first attempt starts to read.
    started: Notify,
    /// Notified when the input ends before its source.
    ended: Notify,
}

#[derive(Default)]
struct InputState {
    /// Absent while it is polled, and after its end.
    source: Option<MessageStream>,
    is_exhausted: bool,
    /// The messages read so far, if they can be sent again.
    replay: Vec<Bytes>,
    replay_bytes: usize,
    is_beyond_replay: bool,
    /// Number of messages read so far.
    read: usize,
    /// Number of the attempt that reads; those before it fail.
    attempt: u32,
    end: Option<InputEnd>,
}

/// The reason why an input stream ended before its source.
#[derive(Clone)]
pub(crate) enum InputEnd {
    /// The response ended.
    ByService,
    /// The caller dropped the events of the response.
    Canceled,
    /// The call failed.
    Failed(Arc<Error>),
}

/// The next part of an input stream.
pub(super) enum NextMessage {
    Message(Bytes),
    /// The source has ended: the end frame follows.
    End,
    /// The response has ended: nothing follows.
    Closed,
}

impl EventInput {
    /// Creates the input of a call. Messages are framed already.
    pub(super) fn new(source: impl Stream<Item = Result<Bytes>> + Send + 'static) -> Arc<Self> {
        Arc::new(EventInput {
            state: Mutex::new(InputState {
                source: Some(Box::pin(source)),
                ..InputState::default()
            }),
            reader: AtomicWaker::new(),
            started: Notify::new(),
            ended: Notify::new(),
        })
    }

    /// Creates the input of a call from a stream of events, which are validated and serialized when they are sent.
    pub(crate) fn from_events<E: Into<Params>>(
        mut encoder: EventEncoder,
        events: impl Stream<Item = E> + Send + 'static,
    ) -> Arc<Self> {
        EventInput::new(events.map(move |event| encoder.encode(event.into().into_value()?)))
    }

    fn state(&self) -> MutexGuard<'_, InputState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds the first message of the stream, which holds the other parameters.
    pub(crate) fn set_initial_request(&self, message: Bytes) {
        let mut state = self.state();
        // The request is prepared again after a region redirect.
        if state.read == 0 {
            state.replay_bytes = message.len();
            state.replay = vec![message];
            state.read = 1;
        }
    }

    /// Waits until an attempt starts to read the input: the connection is open, and the request is being sent.
    pub(super) async fn started(&self) {
        self.started.notified().await;
    }

    /// Returns the number of messages read so far.
    pub(super) fn read_count(&self) -> usize {
        self.state().read
    }

    /// Returns true if everything that was read can be sent again.
    pub(crate) fn is_replayable(&self) -> bool {
        let state = self.state();
        !state.is_beyond_replay && state.end.is_none()
    }

    /// Drops the messages that were kept for a further attempt, when a response has begun.
    pub(crate) fn commit(&self) {
        let mut state = self.state();
        state.is_beyond_replay = true;
        state.replay = Vec::new();
    }

    /// Starts an attempt, and returns its number.
    pub(super) fn begin_attempt(&self) -> u32 {
        let mut state = self.state();
        state.attempt += 1;
        let attempt = state.attempt;
        drop(state);
        self.started.notify_one();
        attempt
    }

    /// Returns the message at a position, for an attempt.
    pub(super) fn poll_message(
        &self,
        attempt: u32,
        position: usize,
        context: &mut Context<'_>,
    ) -> Poll<Result<NextMessage>> {
        let mut state = self.state();
        match &state.end {
            Some(InputEnd::ByService) => return Poll::Ready(Ok(NextMessage::Closed)),
            Some(end) => return Poll::Ready(Err(end.error())),
            None => {}
        }
        if attempt != state.attempt || position != state.read {
            return Poll::Ready(match state.replay.get(position) {
                Some(message) if attempt == state.attempt => {
                    Ok(NextMessage::Message(message.clone()))
                }
                _ => Err(superseded()),
            });
        }
        if state.is_exhausted {
            return Poll::Ready(Ok(NextMessage::End));
        }
        self.reader.register(context.waker());
        // Without the lock, so that the source may use the call's other half.
        let Some(mut source) = state.source.take() else {
            return Poll::Ready(Err(superseded()));
        };
        drop(state);
        let next = source.poll_next_unpin(context);
        let mut state = self.state();
        if let Some(end) = &state.end {
            return Poll::Ready(match end {
                InputEnd::ByService => Ok(NextMessage::Closed),
                end => Err(end.error()),
            });
        }
        match next {
            Poll::Pending => {
                state.source = Some(source);
                Poll::Pending
            }
            Poll::Ready(None) => {
                state.is_exhausted = true;
                Poll::Ready(Ok(NextMessage::End))
            }
            Poll::Ready(Some(Err(error))) => {
                drop(state);
                Poll::Ready(Err(self.fail(error)))
            }
            Poll::Ready(Some(Ok(message))) => {
                state.source = Some(source);
                state.read += 1;
                state.keep(&message);
                Poll::Ready(Ok(NextMessage::Message(message)))
            }
        }
    }

    /// Ends the input before its source, for the first reason given.
    pub(crate) fn end(&self, end: InputEnd) {
        let mut state = self.state();
        if state.end.is_none() {
            state.end = Some(end);
        }
        let source = state.source.take();
        state.replay = Vec::new();
        drop(state);
        drop(source);
        self.ended.notify_waiters();
        self.ended.notify_one();
        self.reader.wake();
    }

    /// Ends the input with the error of the call, and returns the error to report: that of the input if it failed before, which is
    /// the cause.
    #[cold]
    pub(crate) fn fail(&self, error: Error) -> Error {
        let error = Arc::new(error);
        self.end(InputEnd::Failed(Arc::clone(&error)));
        self.failure().unwrap_or_else(|| Error::share(&error))
    }

    /// Returns the error that ended the input, if one did.
    pub(crate) fn failure(&self) -> Option<Error> {
        match &self.state().end {
            Some(InputEnd::Failed(error)) => {
                Some(Error::share(error).with_retry_class(RetryClass::NotRetryable))
            }
            _ => None,
        }
    }

    /// Returns the reason why the input ended before its source, if it did.
    pub(super) fn ended_by(&self) -> Option<InputEnd> {
        self.state().end.clone()
    }

    /// Waits until the input ends before its source.
    pub(super) async fn ended(&self) -> InputEnd {
        loop {
            let ended = self.ended.notified();
            if let Some(end) = self.ended_by() {
                return end;
            }
            ended.await;
        }
    }
}

impl InputState {
    /// Keeps a message for a further attempt, as far as there is room.
    fn keep(&mut self, message: &Bytes) {
        if self.is_beyond_replay {
            return;
        }
        self.replay_bytes += message.len();
        if self.replay_bytes > MAX_REPLAY_BYTES {
            self.is_beyond_replay = true;
            self.replay = Vec::new();
        } else {
            self.replay.push(message.clone());
        }
    }
}

impl InputEnd {
    /// Returns the error of sending an event after the end.
    #[cold]
    pub(super) fn error(&self) -> Error {
        let message = match self {
            InputEnd::ByService => "the service has ended the stream: the event is not sent",
            InputEnd::Canceled => "the events of the response were dropped, which cancels the call",
            InputEnd::Failed(error) => return Error::share(error),
        };
        Error::new(ErrorKind::Stream, message).with_retry_class(RetryClass::NotRetryable)
    }
}

#[cold]
fn superseded() -> Error {
    Error::new(
        ErrorKind::Stream,
        "the events of this attempt cannot be sent again",
    )
}

impl fmt::Debug for EventInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventInput")
            .field("read", &self.read_count())
            .finish_non_exhaustive()
    }
}

/// Validates and serializes the events of an input stream.
pub(crate) struct EventEncoder {
    model: Arc<ServiceModel>,
    codec: Arc<Codec>,
    /// The operation's index in the model.
    operation: u32,
    validates: bool,
    /// Number of events so far.
    count: usize,
}

impl EventEncoder {
    /// Creates an encoder; `validates` is false if the client does not validate parameters.
    ///
    /// # Errors
    /// `Validation`: the input of the operation has no event stream.
    pub(crate) fn new(
        model: &Arc<ServiceModel>,
        codec: &Arc<Codec>,
        operation: &Operation,
        validates: bool,
    ) -> Result<Self> {
        if model.event_stream_input(operation).is_none() {
            let message = format!("the input of {} has no event stream", operation.name);
            return Err(Error::new(ErrorKind::Validation, message));
        }
        Ok(EventEncoder {
            model: Arc::clone(model),
            codec: Arc::clone(codec),
            operation: operation.index,
            validates,
            count: 0,
        })
    }

    /// Returns the frame of an event, without a signature.
    ///
    /// # Errors
    /// `Validation`: the event does not match its definition.
    pub(super) fn encode(&mut self, mut event: Value) -> Result<Bytes> {
        let operation = self.model.operation_at(self.operation).ok_or_else(|| {
            Error::new(ErrorKind::Model, "the operation of the events is unknown")
        })?;
        if self.validates {
            self.model
                .validate_event(operation, &mut event, self.count)?;
        }
        let message = self.codec.serialize_event(operation, &event)?;
        let frame = message.encode()?;
        self.count += 1;
        Ok(frame)
    }
}
