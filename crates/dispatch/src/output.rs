//! [`Output`]: what a call answers with.

use std::ops::Deref;

use inia_core::{Str, Value};
use inia_protocol::Headers;

use crate::ByteStream;

/// The answer of a call: its value, and what came with it. Reads as its value.
#[derive(Debug, Default)]
pub struct Output {
    /// The operation's output; an empty map where it has none.
    pub value: Value,
    /// What the HTTP exchange says.
    pub metadata: ResponseMetadata,
    /// The streaming body, where the operation answers with one. Read it to its end or drop it.
    pub body: Option<ByteStream>,
    /// The event stream, where the operation answers with one.
    pub events: Option<crate::EventStream>,
}

/// What the HTTP exchange behind an answer says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResponseMetadata {
    /// The HTTP status.
    pub http_status: u16,
    /// The request id, where the answer has one.
    pub request_id: Option<Str>,
    /// The response's headers, names in lower case.
    pub headers: Headers,
    /// How many attempts were sent.
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

/// The headers that carry a request id, the likeliest first.
const REQUEST_ID_HEADERS: [&str; 3] = ["x-amzn-requestid", "x-amz-request-id", "x-amz-id-2"];

/// The request id in an answer's headers.
pub(crate) fn request_id(headers: &Headers) -> Option<Str> {
    REQUEST_ID_HEADERS
        .iter()
        .find_map(|name| headers.get_shared(name).cloned())
}
