//! CBOR, the body format of Smithy RPC v2.

mod format;
mod reader;
mod writer;

pub(crate) use format::CborFormat;
pub use reader::read_cbor;
