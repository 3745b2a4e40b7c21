//! [`EventStream`]: the events of a streaming response.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use futures_util::StreamExt as _;
use inia_core::{Error, ErrorKind, List, Result, Value, from_value};
use inia_model::{Operation, ServiceModel};
use inia_protocol::{Codec, EventMessage, MessageDecoder};
use serde::de::DeserializeOwned;

use super::{EventInput, InputEnd};
use crate::ByteStream;
use crate::body::StreamedCall;
use crate::fault::set_fault;

/// The events of a response, in order. Each is a map with one entry: the event's name and its members.
///
/// An exception in the stream ends it with an error. An event without a definition has its
/// headers, and the members of its payload, or the payload as `payload`. The events are a
/// [`Stream`](futures_core::Stream) of results as well.
///
/// ```no_run
/// # use inia_dispatch as inia;
/// use inia::{Session, json};
///
/// # async fn example() -> inia_core::Result<()> {
/// let logs = Session::load().await?.client("logs")?;
/// let params = json!({"logGroupIdentifiers": ["arn:aws:logs:us-east-1:123456789012:log-group:app"]});
/// let mut output = logs.call("StartLiveTail", params).await?;
/// if let Some(events) = &mut output.events {
///     while let Some(event) = events.next().await {
///         println!("{}", event?["sessionUpdate"]["sessionResults"]);
///     }
/// }
/// # Ok(())
/// # }
/// ```
pub struct EventStream {
    model: Arc<ServiceModel>,
    codec: Arc<Codec>,
    /// The operation's index in the model.
    operation: u32,
    body: ByteStream,
    decoder: MessageDecoder,
    call: StreamedCall,
    /// The first message, if it was read ahead and is an event.
    first: Option<EventMessage>,
    /// The events of the request, if it has any.
    input: Option<Arc<EventInput>>,
    ended: bool,
}

impl EventStream {
    pub(crate) fn new(
        model: Arc<ServiceModel>,
        codec: Arc<Codec>,
        operation: u32,
        body: ByteStream,
        call: StreamedCall,
        input: Option<Arc<EventInput>>,
    ) -> Self {
        EventStream {
            model,
            codec,
            operation,
            body,
            decoder: MessageDecoder::new(),
            call,
            first: None,
            input,
            ended: false,
        }
    }

    fn operation(&self) -> Result<&Operation> {
        self.model.operation_at(self.operation).ok_or_else(|| {
            Error::new(
                ErrorKind::Model,
                format!(
                    "{}: no operation at index {}",
                    self.model.name(),
                    self.operation
                ),
            )
        })
    }

    /// Reads the initial response, which holds the output members other than the event stream.
    pub(crate) async fn initial_response(&mut self) -> Result<Value> {
        let first = std::future::poll_fn(|context| self.poll_message(context)).await;
        match first.transpose()? {
            Some(message)
                if message
                    .text(":event-type")
                    .is_some_and(|kind| *kind == "initial-response") =>
            {
                self.codec
                    .parse_initial_response(self.operation()?, message)
            }
            other => {
                self.first = other;
                Ok(Value::map())
            }
        }
    }

    /// Returns the next event; `None` at the end.
    ///
    /// # Errors
    /// `Service`: an exception in the stream. `Stream`: the stream is truncated or corrupt. `Parse`: an event does not match its
    /// definition. The stream ends after an error.
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

    /// Reads all events to the end of the stream.
    ///
    /// # Errors
    /// As [`next`](Self::next); the events before the error are lost.
    pub async fn collect(mut self) -> Result<List> {
        let mut events = List::new();
        while let Some(event) = self.next().await {
            events.push(event?);
        }
        Ok(events)
    }

    fn poll_event(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Value>>> {
        loop {
            let message = match self.first.take() {
                Some(first) => first,
                None => match ready!(self.poll_message(context)) {
                    Some(Ok(message)) => message,
                    Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                    None => return Poll::Ready(None),
                },
            };
            let event = self
                .operation()
                .and_then(|operation| self.codec.parse_event(operation, message));
            if let Some(event) = event.transpose() {
                return Poll::Ready(Some(event));
            }
        }
    }

    fn poll_message(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<EventMessage>>> {
        loop {
            if self.ended {
                return Poll::Ready(None);
            }
            match self.decoder.next() {
                Ok(None) => {}
                message => return Poll::Ready(message.transpose()),
            }
            match ready!(self.body.poll_next_unpin(context)) {
                Some(Ok(chunk)) => self.decoder.push(&chunk),
                Some(Err(error)) => {
                    // If the request failed, its error is the cause.
                    let failure = self.input.as_ref().and_then(|input| input.failure());
                    return Poll::Ready(Some(Err(failure.unwrap_or(error))));
                }
                None => {
                    self.ended = true;
                    return Poll::Ready(self.decoder.finish().err().map(Err));
                }
            }
        }
    }
}

impl Stream for EventStream {
    type Item = Result<Value>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let event = ready!(self.poll_event(context));
        Poll::Ready(match event {
            Some(Err(mut error)) => {
                self.ended = true;
                if let Some(exception) = error.service_mut() {
                    set_fault(&self.model, exception.http_status, exception);
                }
                let error = self.call.error(error);
                Some(Err(match &self.input {
                    Some(input) => input.fail(error),
                    None => error,
                }))
            }
            None => {
                if let Some(input) = &self.input {
                    input.end(InputEnd::ByService);
                }
                None
            }
            other => other,
        })
    }
}

impl Drop for EventStream {
    fn drop(&mut self) {
        if let Some(input) = &self.input {
            input.end(InputEnd::Canceled);
        }
    }
}

impl fmt::Debug for EventStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventStream")
            .field("service", self.model.name())
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}
