//! AWS wire formats: values to requests, responses to values.
//!
//! A [`Codec`] is one wire format bound to one service. It is pure, so that test data can drive it with no runtime.

#![forbid(unsafe_code)]

mod body;
mod cbor;
mod codec;
mod compress;
mod event_stream;
mod format;
mod header;
mod json;
mod message;
mod mismatch;
mod params;
mod protocol;
mod query;
mod request;
mod response;
mod scalar;
#[cfg(feature = "server")]
mod server;
mod service_error;
mod shape;
mod strictness;
mod uri;
mod xml;

pub use cbor::read_cbor;
pub use codec::Codec;
pub use compress::compress;
pub use event_stream::{EventHeader, EventMessage, MessageDecoder};
pub use json::read_json;
pub use message::{Headers, Input, Request, Response};
pub use protocol::Protocol;
#[cfg(feature = "server")]
pub use server::ServerCodec;
pub use xml::{xml_error_field, xml_root_name, xml_root_text};
