//! CBOR: the bodies of Smithy RPC v2.

mod reader;

pub use reader::read_cbor;
