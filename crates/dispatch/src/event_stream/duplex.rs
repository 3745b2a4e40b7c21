//! [`EventSender`] and [`EventReceiver`]: the two halves of a call whose events go both ways.

use std::fmt;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use futures_util::StreamExt as _;
use futures_util::future::{Either, select};
use inia_core::{Error, ErrorKind, Result, Str, Value, from_value};
use inia_model::Operation;
use serde::de::DeserializeOwned;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinHandle;

use super::input::{EventEncoder, EventInput, InputEnd};
use crate::params::Params;
use crate::{Client, Output};

/// Maximum size of the events that wait to be sent, in bytes. A longer event waits alone.
const MAX_QUEUED_BYTES: usize = 256 * 1024;

/// Sends the events of a call: the first half of [`Call::duplex`](crate::Call::duplex).
///
/// Dropping it ends the input stream, as [`finish`](Self::finish) does. The service may still respond.
pub struct EventSender {
    client: Client,
    operation: Str,
    encoder: EventEncoder,
    queue: mpsc::UnboundedSender<Bytes>,
    room: Arc<Semaphore>,
    input: Arc<EventInput>,
    /// Time limit for sending an event while nothing is sent at all.
    limit: Duration,
}

/// Receives the events of a call: the second half of [`Call::duplex`](crate::Call::duplex). It is a
/// [`Stream`](futures_core::Stream) of events too.
///
/// Dropping it cancels the call.
pub struct EventReceiver {
    state: ReceiverState,
    input: Arc<EventInput>,
}

enum ReceiverState {
    /// The response has not begun.
    Waiting(CallTask),
    /// The response with its events, unless the operation returns none.
    Streaming(Box<Output>),
    /// The call failed, and its error was returned.
    Failed,
}

/// The task that makes the call. It is canceled when it is dropped.
struct CallTask(JoinHandle<Result<Output>>);

impl Drop for CallTask {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Starts a call, and waits until its request is being sent. `start` makes the call with the given input.
///
/// # Errors
/// As the call; `Validation` if the input of the operation has no event stream, and `Config` outside of a runtime.
pub(crate) async fn start_duplex<F>(
    client: &Client,
    operation: &Operation,
    start: impl FnOnce(Arc<EventInput>) -> F,
) -> Result<(EventSender, EventReceiver)>
where
    F: Future<Output = Result<Output>> + Send + 'static,
{
    let service = client.service();
    let encoder = service.event_encoder(operation)?;
    let runtime = tokio::runtime::Handle::try_current().map_err(|error| {
        Error::new(
            ErrorKind::Config,
            "an event stream requires a tokio runtime",
        )
        .with_source(error)
    })?;
    let (queue, receiver) = mpsc::unbounded_channel();
    let room = Arc::new(Semaphore::new(MAX_QUEUED_BYTES));
    let input = EventInput::new(QueuedEvents {
        queue: receiver,
        room: Arc::clone(&room),
    });
    let sender = EventSender {
        client: client.clone(),
        operation: operation.name.clone(),
        encoder,
        queue,
        room,
        input: Arc::clone(&input),
        limit: service.settings.read_timeout,
    };
    let mut task = CallTask(runtime.spawn(start(Arc::clone(&input))));
    let started = {
        let started = pin!(input.started());
        match select(&mut task.0, started).await {
            Either::Left((result, _)) => Some(joined(result)?),
            Either::Right(_) => None,
        }
    };
    let state = match started {
        Some(output) => ReceiverState::Streaming(Box::new(output)),
        None => ReceiverState::Waiting(task),
    };
    Ok((sender, EventReceiver { state, input }))
}

/// Returns the result of the call's task.
fn joined(result: Result<Result<Output>, tokio::task::JoinError>) -> Result<Output> {
    result.unwrap_or_else(|error| {
        let message = "the task of the call was ended";
        Err(Error::new(ErrorKind::Stream, message).with_source(error))
    })
}

/// Events that wait to be sent.
struct QueuedEvents {
    queue: mpsc::UnboundedReceiver<Bytes>,
    room: Arc<Semaphore>,
}

impl Stream for QueuedEvents {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let frame = ready!(self.queue.poll_recv(context));
        if let Some(frame) = &frame {
            self.room.add_permits(room_for(frame) as usize);
        }
        Poll::Ready(frame.map(Ok))
    }
}

/// Returns the room that a frame takes in the queue.
fn room_for(frame: &Bytes) -> u32 {
    u32::try_from(frame.len().clamp(1, MAX_QUEUED_BYTES)).unwrap_or(u32::MAX)
}

impl EventSender {
    /// Sends an event, a map of its name to its members. Waits while 256 KiB of events wait to be sent.
    ///
    /// # Errors
    /// `Validation`: the event does not match its definition; it is not sent, and the stream goes on. `Stream`: the service has
    /// ended the stream, or the receiver was dropped. `Timeout`: nothing could be sent within the read timeout. If the call
    /// failed, its error.
    pub async fn send(&mut self, event: impl Into<Params>) -> Result<()> {
        let event = event.into();
        match self.enqueue(event).await {
            Ok(()) => Ok(()),
            Err(error) => Err(self.in_call(error)),
        }
    }

    async fn enqueue(&mut self, event: Params) -> Result<()> {
        if let Some(end) = self.input.ended_by() {
            return Err(end.error());
        }
        let frame = self.encoder.encode(event.into_value()?)?;
        self.wait_for_room(room_for(&frame)).await?;
        // The queue is closed if the input has ended.
        if self.queue.send(frame).is_err() {
            return Err(self.input.ended_by().unwrap_or(InputEnd::Canceled).error());
        }
        Ok(())
    }

    async fn wait_for_room(&self, room: u32) -> Result<()> {
        loop {
            let read = self.input.read_count();
            let permit = pin!(self.room.acquire_many(room));
            let ended = pin!(self.input.ended());
            match tokio::time::timeout(self.limit, select(permit, ended)).await {
                Ok(Either::Left((Ok(permit), _))) => {
                    permit.forget();
                    return Ok(());
                }
                Ok(Either::Left((Err(_), _))) => return Err(InputEnd::Canceled.error()),
                Ok(Either::Right((end, _))) => return Err(end.error()),
                Err(_) if self.input.read_count() == read => {
                    return Err(Error::new(
                        ErrorKind::Timeout,
                        format!(
                            "no event could be sent within {:?}: the service reads no more; receive its events at the same time, or it waits too",
                            self.limit
                        ),
                    ));
                }
                Err(_) => {}
            }
        }
    }

    /// Ends the input stream. The service may still respond.
    pub fn finish(self) {}

    /// Returns true if no further event can be sent: the service ended the stream, the call failed, or the receiver was dropped.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.input.ended_by().is_some()
    }

    #[cold]
    fn in_call(&self, error: Error) -> Error {
        let service = self.client.service();
        let region = service.settings.region.as_ref();
        error.in_call(service.model.name(), Some(&self.operation), region)
    }
}

impl EventReceiver {
    /// Waits for the response to begin, and returns its metadata and the members of the output besides the events.
    ///
    /// # Errors
    /// As [`Call::send`](crate::Call::send). The error is returned once; `Stream` after that.
    pub async fn response(&mut self) -> Result<&Output> {
        std::future::poll_fn(|context| self.poll_response(context)).await?;
        match &self.state {
            ReceiverState::Streaming(output) => Ok(output),
            _ => Err(Error::new(ErrorKind::Stream, "the call has failed before")),
        }
    }

    /// Returns the next event; `None` at the end.
    ///
    /// # Errors
    /// As [`Call::send`](crate::Call::send) and [`EventStream::next`](crate::EventStream::next). The stream ends after an error.
    pub async fn next(&mut self) -> Option<Result<Value>> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }

    /// Returns the next event deserialized, for example as an enum with a variant for each event; `None` at the end.
    ///
    /// # Errors
    /// As [`next`](Self::next); also `Parse` if the event does not match the type. The stream goes on then.
    pub async fn next_as<T: DeserializeOwned>(&mut self) -> Option<Result<T>> {
        let event = self.next().await?;
        Some(event.and_then(from_value))
    }

    fn poll_response(&mut self, context: &mut Context<'_>) -> Poll<Result<()>> {
        if let ReceiverState::Waiting(task) = &mut self.state {
            self.state = match joined(ready!(Pin::new(&mut task.0).poll(context))) {
                Ok(output) => ReceiverState::Streaming(Box::new(output)),
                Err(error) => {
                    self.state = ReceiverState::Failed;
                    return Poll::Ready(Err(error));
                }
            };
        }
        Poll::Ready(Ok(()))
    }
}

impl Stream for EventReceiver {
    type Item = Result<Value>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Err(error) = ready!(self.poll_response(context)) {
            return Poll::Ready(Some(Err(error)));
        }
        match &mut self.state {
            ReceiverState::Streaming(output) => match &mut output.events {
                Some(events) => events.poll_next_unpin(context),
                None => Poll::Ready(None),
            },
            _ => Poll::Ready(None),
        }
    }
}

impl Drop for EventReceiver {
    fn drop(&mut self) {
        if let ReceiverState::Waiting(_) = self.state {
            self.input.end(InputEnd::Canceled);
        }
    }
}

impl fmt::Debug for EventSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventSender")
            .field("operation", &self.operation)
            .field("is_closed", &self.is_closed())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for EventReceiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_waiting = matches!(self.state, ReceiverState::Waiting(_));
        f.debug_struct("EventReceiver")
            .field("is_waiting", &is_waiting)
            .finish_non_exhaustive()
    }
}
