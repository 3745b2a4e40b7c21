//! AWS wire formats: values to requests, responses to values.
//!
//! A [`Codec`] is one wire format bound to one service. It is pure, so that test data can drive it with no runtime.

#![forbid(unsafe_code)]

mod codec;
mod ec2;
mod json;
mod message;
mod query;
mod rest_json;
mod rest_xml;
mod rpc_v2_cbor;

pub use codec::{Codec, Protocol};
pub use message::{Headers, Input, Request, Response};
