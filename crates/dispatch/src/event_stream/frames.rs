//! [`EventFrames`]: the request body of one attempt, and [`FrameSigner`], which signs it.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use inia_core::ports::Clock;
use inia_core::{Credentials, Result, Str, Timestamp};
use inia_protocol::{EventHeader, EventMessage};
use inia_signing::{
    EventSigner, Signature, SignedEvent, SigningKeyCache, SigningParams, SigningTime,
};

use super::EventInput;
use super::input::NextMessage;
use crate::auth::{Auth, AuthScheme};
use crate::body::RestartableStream;

/// Size of a chunk from which no further frame is added to it, in bytes.
const CHUNK_SIZE: usize = 16 * 1024;

/// The frames of an attempt, as chunks of a request body.
pub(crate) struct EventFrames {
    input: Arc<EventInput>,
    /// `None` before the first chunk.
    attempt: Option<u32>,
    /// Number of messages taken from the input.
    position: usize,
    signer: Option<FrameSigner>,
    is_done: bool,
}

impl EventFrames {
    /// Creates the body of an attempt; without a signer, the events are not signed.
    pub(crate) fn new(input: &Arc<EventInput>, signer: Option<FrameSigner>) -> Self {
        EventFrames {
            input: Arc::clone(input),
            attempt: None,
            position: 0,
            signer,
            is_done: false,
        }
    }
}

impl RestartableStream for EventFrames {
    fn restart(&self) -> Option<Pin<Box<dyn RestartableStream>>> {
        (self.attempt.is_none() && self.input.is_replayable())
            .then(|| Box::pin(EventFrames::new(&self.input, self.signer.clone())) as _)
    }
}

impl Stream for EventFrames {
    type Item = Result<Bytes>;

    /// Returns the next frames that are ready.
    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes>>> {
        let this = &mut *self;
        if this.is_done {
            return Poll::Ready(None);
        }
        let attempt = *this
            .attempt
            .get_or_insert_with(|| this.input.begin_attempt());
        let mut chunk = BytesMut::new();
        while chunk.len() < CHUNK_SIZE {
            let next = match this.input.poll_message(attempt, this.position, context) {
                Poll::Pending if chunk.is_empty() => return Poll::Pending,
                Poll::Pending => break,
                Poll::Ready(Err(error)) => {
                    this.is_done = true;
                    return Poll::Ready(Some(Err(error)));
                }
                Poll::Ready(Ok(next)) => next,
            };
            let message = match next {
                NextMessage::Message(message) => message,
                NextMessage::End => {
                    this.is_done = true;
                    // The end of a signed stream is a message without payload.
                    Bytes::new()
                }
                NextMessage::Closed => {
                    this.is_done = true;
                    break;
                }
            };
            this.position += 1;
            match &mut this.signer {
                Some(signer) => {
                    if let Err(error) = signer.sign(message, &mut chunk) {
                        this.is_done = true;
                        return Poll::Ready(Some(Err(this.input.fail(error))));
                    }
                }
                None if chunk.is_empty() && message.len() >= CHUNK_SIZE => {
                    return Poll::Ready(Some(Ok(message)));
                }
                None => chunk.extend_from_slice(&message),
            }
            if this.is_done {
                break;
            }
        }
        Poll::Ready((!chunk.is_empty()).then(|| Ok(chunk.freeze())))
    }
}

impl fmt::Debug for EventFrames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventFrames")
            .field("position", &self.position)
            .finish_non_exhaustive()
    }
}

/// Signs the messages of an attempt, with the credentials of its request.
#[derive(Clone)]
pub(crate) struct FrameSigner {
    signer: EventSigner,
    auth: Auth,
    credentials: Arc<Credentials>,
    keys: Arc<SigningKeyCache>,
    clock: Arc<dyn Clock>,
    /// Clock skew in seconds.
    clock_skew: i64,
    /// The time of the last message, and the same in seconds.
    time: SigningTime,
    seconds: i64,
}

impl FrameSigner {
    /// Creates the signer of an attempt whose request has this signature.
    pub(crate) fn new(
        seed: &Signature,
        auth: &Auth,
        credentials: Arc<Credentials>,
        keys: Arc<SigningKeyCache>,
        clock: Arc<dyn Clock>,
        clock_skew: i64,
    ) -> Self {
        let now = clock.now();
        FrameSigner {
            signer: EventSigner::new(seed),
            auth: auth.clone(),
            credentials,
            keys,
            time: SigningTime::from(now),
            seconds: now.seconds(),
            clock,
            clock_skew,
        }
    }

    /// Appends the signed frame of a message; an empty one ends the stream.
    fn sign(&mut self, message: Bytes, out: &mut BytesMut) -> Result<()> {
        let now = self.clock.now().seconds().saturating_add(self.clock_skew);
        if self.seconds != now {
            self.seconds = now;
            self.time = SigningTime::from(Timestamp::new(now, 0));
        }
        let params = SigningParams {
            credentials: &self.credentials,
            region: &self.auth.region,
            service: &self.auth.signing_name,
            time: self.time,
            settings: inia_signing::SigningSettings::GENERAL,
        };
        let SignedEvent {
            date_millis,
            chunk_signature,
        } = match self.auth.scheme {
            AuthScheme::SigV4a => {
                crate::sign::sign_event_v4a(&mut self.signer, &message, &params, &self.keys)?
            }
            _ => self.signer.sign(&message, &params, &self.keys),
        };
        let frame = EventMessage {
            headers: vec![
                (
                    Str::from_static(":date"),
                    EventHeader::Timestamp(date_millis),
                ),
                (
                    Str::from_static(":chunk-signature"),
                    EventHeader::Bytes(chunk_signature.into()),
                ),
            ],
            payload: message,
        };
        frame.encode_to(out)
    }
}
