//! [`Request`] and [`Response`], HTTP messages as codecs see them.

use std::fmt;

use bytes::Bytes;
use inia_core::{Str, Value, is_secret_name};

/// Header names in lower case with their values, in order.
///
/// ```
/// # mod inia { pub mod protocol { pub use inia_protocol::*; } }
/// use inia::protocol::Headers;
///
/// let mut headers = Headers::new();
/// headers.set("content-type", "application/json");
/// assert_eq!(headers.get("Content-Type"), Some("application/json"));
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Headers(Vec<(Str, Str)>);

/// Prints the headers without the values of secrets, such as signatures, session tokens and customer keys.
impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = f.debug_map();
        for (name, value) in &self.0 {
            if is_secret_name(name) {
                map.entry(name, &format_args!(".."));
            } else {
                map.entry(name, value);
            }
        }
        map.finish()
    }
}

impl Headers {
    /// Creates an empty list, without allocating.
    #[must_use]
    pub const fn new() -> Self {
        Headers(Vec::new())
    }

    /// Creates an empty list with room for `capacity` headers.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Headers(Vec::with_capacity(capacity))
    }

    /// Clones the headers into a list with room for `additional` more.
    #[must_use]
    pub fn clone_with_capacity(&self, more: usize) -> Self {
        let mut headers = Headers::with_capacity(self.len() + more);
        headers.0.extend_from_slice(&self.0);
        headers
    }

    /// Returns the first value of a header; the name is case-insensitive.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.get_shared(name).map(Str::as_str)
    }

    /// Returns the first value of a header as stored, cheap to clone; the name is case-insensitive.
    #[must_use]
    pub fn get_shared(&self, name: &str) -> Option<&Str> {
        self.0
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// Returns whether a header is present.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.get_shared(name).is_some()
    }

    /// Appends a header; `name` must be in lower case.
    pub fn push(&mut self, name: impl Into<Str>, value: impl Into<Str>) {
        self.add(name.into(), value.into());
    }

    fn add(&mut self, name: Str, value: Str) {
        if self.0.capacity() == 0 {
            // Enough for most requests; growing to it step by step takes three allocations.
            self.0.reserve(16);
        }
        self.0.push((name, value));
    }

    /// Sets a header, replacing all earlier ones of the name; `name` must be in lower case.
    pub fn set(&mut self, name: impl Into<Str>, value: impl Into<Str>) {
        let (name, value) = (name.into(), value.into());
        match self.0.iter().position(|(key, _)| *key == name) {
            None => self.add(name, value),
            Some(first) => {
                let mut position = 0;
                self.0.retain(|(key, _)| {
                    position += 1;
                    position - 1 <= first || *key != name
                });
                if let Some(entry) = self.0.get_mut(first) {
                    entry.1 = value;
                }
            }
        }
    }

    /// Removes all headers of a name.
    pub fn remove(&mut self, name: &str) {
        self.0.retain(|(key, _)| !key.eq_ignore_ascii_case(name));
    }

    /// Iterates over the headers in order.
    pub fn iter(&self) -> std::slice::Iter<'_, (Str, Str)> {
        self.0.iter()
    }

    /// Returns the number of headers.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns whether there are no headers.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'a> IntoIterator for &'a Headers {
    type Item = &'a (Str, Str);
    type IntoIter = std::slice::Iter<'a, (Str, Str)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl<N: Into<Str>, V: Into<Str>> FromIterator<(N, V)> for Headers {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(headers: I) -> Self {
        Headers(
            headers
                .into_iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        )
    }
}

/// The input of a call, for [`Codec::serialize`](crate::Codec::serialize).
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// The parameters: a map, or null for none.
    pub params: &'a Value,
    /// `true` if the operation's streaming member (a blob or an event stream) is passed as a stream besides the
    /// parameters.
    pub has_stream: bool,
}

impl<'a> From<&'a Value> for Input<'a> {
    fn from(params: &'a Value) -> Self {
        Input {
            params,
            has_stream: false,
        }
    }
}

/// A serialized request, without host, signature and transport headers.
#[derive(Clone, Default, PartialEq)]
pub struct Request {
    /// The HTTP method.
    pub method: Str,
    /// The path, percent-encoded, beginning with `/`.
    pub path: String,
    /// The query string, percent-encoded, without the `?`; empty if there is none.
    pub query: String,
    /// The headers of the wire format and the parameters.
    pub headers: Headers,
    /// The body; also empty if the body is a stream passed besides the parameters.
    pub body: Bytes,
    /// The host prefix with its labels filled in, such as `data.`.
    pub host_prefix: Option<String>,
}

/// A response with its whole body.
#[derive(Clone, Default, PartialEq)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: Headers,
    /// The body; empty if the output is a stream, which is read separately.
    pub body: Bytes,
}

/// Prints the size of the query and the body instead of their contents, which may contain secrets.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("path", &self.path)
            .field("query_length", &self.query.len())
            .field("headers", &self.headers)
            .field("body_length", &self.body.len())
            .field("host_prefix", &self.host_prefix)
            .finish()
    }
}

/// Prints the size of the body instead of its contents, which may contain secrets.
impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("headers", &self.headers)
            .field("body_length", &self.body.len())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn set_replaces_every_earlier_header_of_the_name() {
        let mut headers: Headers = [("a", "1"), ("b", "2"), ("a", "3")].into_iter().collect();
        headers.set("a", "4");
        assert_eq!(headers, [("a", "4"), ("b", "2")].into_iter().collect());
        headers.remove("B");
        assert_eq!(headers.len(), 1);
    }
}
