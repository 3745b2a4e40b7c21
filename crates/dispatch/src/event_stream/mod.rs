//! Event streams of requests and responses.
//!
//! ```text
//! EventSender --\                          sign
//!                +--> EventInput --> EventFrames ----> transport
//! Stream -------/     (one a call)   (one an attempt)      |
//!                                                          v
//! EventReceiver <-- EventStream <---------------------- response
//! ```
//! Each event is framed by the codec; with a signature, a second frame around it carries the time and the signature, which chains to
//! that of the event before, the first to that of the request.

mod duplex;
mod frames;
mod input;
mod output;

pub(crate) use duplex::start_duplex;
pub use duplex::{EventReceiver, EventSender};
pub(crate) use frames::{EventFrames, FrameSigner};
pub(crate) use input::{EventEncoder, EventInput, InputEnd};
pub use output::EventStream;
