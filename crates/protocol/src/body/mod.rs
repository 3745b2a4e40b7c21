//! Bodies that are keyed by member names, JSON and CBOR: parameters to bytes in one walk, which checks them on its way.
//!
//! ```text
//! walk      what to write, in which order, and whether it fits      one for both
//! notation  how a string, a number, a key is written                one for each
//! pattern   what is worked out about a shape once                   keys ready to be copied, least lengths, required members
//! buffer    bytes at places that are handed on
//! ```

mod buffer;
mod pattern;
mod walk;

pub(crate) use buffer::{Buffer, SHORT, Window, put_short};
pub(crate) use pattern::Patterns;
pub(crate) use walk::{Notation, Writer};
