//! Request bodies keyed by member names, JSON and CBOR: parameters to bytes in one traversal, which also validates in
//! strict mode.
//!
//! ```text
//! writer    traversal and validation of parameters                   shared
//! syntax    encoding of strings, numbers, keys, brackets             one implementation per format
//! buffer    output buffer with explicit write positions
//! ```

mod buffer;
mod writer;

pub(crate) use buffer::{Buffer, Window};
pub(crate) use writer::{BodySyntax, BodyWriter};
