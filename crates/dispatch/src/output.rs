//! [`Output`]: the result of a call.

use std::ops::Deref;

use inia_core::{Str, Value};
use inia_protocol::Headers;

use crate::ByteStream;

/// The result of a call: the output value, response metadata, and a body or event stream. Dereferences to its value.
#[derive(Debug, Default)]
pub struct Output {
    /// The operation's output; an empty map if it has none.
    pub value: Value,
    /// Metadata of the HTTP response.
    pub metadata: ResponseMetadata,
    /// The streaming body, if the operation returns one. Read it to its end or drop it.
    pub body: Option<ByteStream>,
    /// The event stream, if the operation returns one.
    pub events: Option<crate::EventStream>,
}

/// Metadata of the HTTP response.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResponseMetadata {
    /// The HTTP status.
    pub http_status: u16,
    /// The request id, if the response has one.
    pub request_id: Option<Str>,
    /// The response headers, names in lower case.
    pub headers: Headers,
    /// Number of attempts, including the successful one.
    pub attempts: u32,
}

impl Deref for Output {
    type Target = Value;

    fn deref(&self) -> &Value {
        &self.value
    }
}

impl From<Output> for Value {
    fn from(output: Output) -> Value {
        output.value
    }
}

/// Headers that carry a request id, most common first.
const REQUEST_ID_HEADERS: [&str; 3] = ["x-amzn-requestid", "x-amz-request-id", "x-amz-id-2"];

/// Returns the request id in the response headers.
pub(crate) fn request_id(headers: &Headers) -> Option<Str> {
    REQUEST_ID_HEADERS
        .iter()
        .find_map(|name| headers.get_shared(name).cloned())
}
