//! Event streams: messages in binary frames, and their conversion to modeled events.

mod event;
mod message;

pub(crate) use event::{
    initial_request, initial_response, parse_event, serialize_event, serialize_output_event,
};
pub use message::{EventHeader, EventMessage, MessageDecoder};
