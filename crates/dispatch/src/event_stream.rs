//! [`EventStream`]: an answer that arrives event by event.

use std::fmt;
use std::sync::Arc;

use futures_util::StreamExt as _;
use inia_core::{Error, ErrorKind, List, Result, Value};
use inia_model::{Operation, ServiceModel};
use inia_protocol::{Codec, EventMessage, MessageDecoder};

use crate::ByteStream;

/// The events of an answer, in order, each a map of the event's name to what it holds.
///
/// An exception in the stream ends it with an error. Events that the definition does not know are passed over.
pub struct EventStream {
    model: Arc<ServiceModel>,
    codec: Arc<dyn Codec>,
    /// The operation's place in the model.
    operation: u32,
    body: ByteStream,
    decoder: MessageDecoder,
    /// The first message, read ahead and found to be an event.
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
                format!("{}: no operation {}", self.model.name(), self.operation),
            )
        })
    }

    /// Reads the message that comes before all events and holds the output's other members.
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

    /// The next event; `None` at the end.
    ///
    /// # Errors
    /// `Service`: the stream holds an exception. `Stream`: it broke off or is damaged. `Parse`: an event is not what the
    /// definition allows. After an error there is no further event.
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

    /// Every event to the end of the stream.
    ///
    /// # Errors
    /// As [`next`](Self::next); the events before are lost.
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
                Some(piece) => self.decoder.push(&piece?),
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
