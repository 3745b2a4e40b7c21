//! [`EventStream`]: the events of a streaming response.

use std::fmt;
use std::sync::Arc;

use futures_util::StreamExt as _;
use inia_core::{Error, ErrorKind, List, Result, Value};
use inia_model::{Operation, ServiceModel};
use inia_protocol::{Codec, EventMessage, MessageDecoder};

use crate::ByteStream;

/// The events of a response, in order. Each is a map with one entry: the event's name and its members.
///
/// An exception in the stream ends it with an error. Events without a definition are skipped.
pub struct EventStream {
    model: Arc<ServiceModel>,
    codec: Arc<dyn Codec>,
    /// The operation's index in the model.
    operation: u32,
    body: ByteStream,
    decoder: MessageDecoder,
    /// The first message, if it was read ahead and is an event.
    first: Option<EventMessage>,
    ended: bool,
}

impl EventStream {
    pub(crate) fn new(
        model: Arc<ServiceModel>,
        codec: Arc<dyn Codec>,
        operation: u32,
        body: ByteStream,
    ) -> Self {
        EventStream {
            model,
            codec,
            operation,
            body,
            decoder: MessageDecoder::new(),
            first: None,
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
        match self.message().await? {
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
    pub async fn next(&mut self) -> Result<Option<Value>> {
        loop {
            let message = match self.first.take() {
                Some(first) => first,
                None => match self.message().await {
                    Ok(Some(message)) => message,
                    Ok(None) => return Ok(None),
                    Err(error) => {
                        self.ended = true;
                        return Err(error);
                    }
                },
            };
            match self.codec.parse_event(self.operation()?, message) {
                Ok(Some(event)) => return Ok(Some(event)),
                Ok(None) => {}
                Err(error) => {
                    self.ended = true;
                    return Err(error);
                }
            }
        }
    }

    /// Reads all events to the end of the stream.
    ///
    /// # Errors
    /// As [`next`](Self::next); the events before the error are lost.
    pub async fn collect(mut self) -> Result<List> {
        let mut events = List::new();
        while let Some(event) = self.next().await? {
            events.push(event);
        }
        Ok(events)
    }

    async fn message(&mut self) -> Result<Option<EventMessage>> {
        loop {
            if self.ended {
                return Ok(None);
            }
            if let Some(message) = self.decoder.next()? {
                return Ok(Some(message));
            }
            match self.body.next().await {
                Some(chunk) => self.decoder.push(&chunk?),
                None => {
                    self.ended = true;
                    self.decoder.finish()?;
                }
            }
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
