//! AWS wire formats: values to requests, responses to values.
//!
//! A [`Codec`] is one wire format bound to one service. It is pure, so that test data can drive it with no runtime.

#![forbid(unsafe_code)]

mod body;
mod body_lengths;
mod cbor;
mod codec;
mod compress;
mod ec2;
mod error_code;
mod event_stream;
mod header;
mod json;
mod message;
mod mismatch;
mod query;
mod rest;
mod rest_json;
mod rest_xml;
mod rpc_v2_cbor;
mod scalar;
mod shape;
mod strictness;
mod uri;
mod xml;

pub use cbor::read_cbor;
pub use codec::{Codec, Protocol};
pub use compress::compress;
pub use event_stream::{EventHeader, EventMessage, MessageDecoder};
pub use json::read_json;
pub use message::{Headers, Input, Request, Response};
pub use xml::{xml_error_field, xml_root_name, xml_root_text};
