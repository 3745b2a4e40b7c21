//! The generic AWS call: validate, resolve the endpoint, serialize, sign, send, retry, parse.

#![forbid(unsafe_code)]

mod auth;
mod body;
mod checksum;
mod customization;
mod endpoint;
mod event_stream;
pub mod host;
mod identity;
mod output;
mod pipeline;
mod retry;
mod sign;
mod transport;
mod url;

pub use body::ByteStream;
pub use event_stream::EventStream;
pub use output::{Output, ResponseMetadata};
pub use transport::{
    HttpVersion, HyperTransport, Transport, TransportSettings, WireBody, WireRequest, WireResponse,
};
