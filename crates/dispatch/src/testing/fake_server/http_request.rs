//! [`HttpRequest`]: a request as it was received, and its body decoded.

use std::future::poll_fn;
use std::io::Read as _;
use std::pin::Pin;

use bytes::{Bytes, BytesMut};
use http_body::Body as _;
use hyper::body::Incoming;
use inia_core::Str;
use inia_protocol::{Headers, Request};

/// Maximum size of a request body, in bytes.
const MAX_BODY_BYTES: usize = 256 << 20;

/// A request as it was received.
pub(super) struct HttpRequest {
    pub(super) method: Str,
    /// The path as it was sent, percent-encoded.
    pub(super) path: String,
    /// The query string as it was sent, without the `?`.
    pub(super) query: String,
    pub(super) headers: Headers,
    /// The body as it was sent.
    pub(super) body: Bytes,
}

/// The reason why a request cannot be read.
pub(super) enum Unreadable {
    /// The client has gone.
    Closed,
    TooLong,
}

impl HttpRequest {
    pub(super) async fn read(request: hyper::Request<Incoming>) -> Result<Self, Unreadable> {
        let (head, mut body) = request.into_parts();
        let mut headers = Headers::with_capacity(head.headers.len());
        for (name, value) in &head.headers {
            let value = String::from_utf8_lossy(value.as_bytes());
            headers.push(name.as_str(), &*value);
        }
        let mut bytes = BytesMut::new();
        while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
            let frame = frame.map_err(|_| Unreadable::Closed)?;
            if let Ok(data) = frame.into_data() {
                if bytes.len() + data.len() > MAX_BODY_BYTES {
                    return Err(Unreadable::TooLong);
                }
                bytes.extend_from_slice(&data);
            }
        }
        Ok(HttpRequest {
            method: Str::from(head.method.as_str()),
            path: head.uri.path().to_owned(),
            query: head.uri.query().unwrap_or_default().to_owned(),
            headers,
            body: bytes.freeze(),
        })
    }

    /// Returns the request for a codec, with the encodings of its body undone, below a path.
    pub(super) fn decoded(&self, path: &str) -> Request {
        let mut body = self.body.clone();
        let encodings = self.headers.get("content-encoding").unwrap_or_default();
        let is_chunked = encodings.contains("aws-chunked")
            || self
                .headers
                .get("x-amz-content-sha256")
                .is_some_and(|hash| hash.starts_with("STREAMING-"));
        if is_chunked {
            body = without_chunks(&body);
        }
        if encodings.contains("gzip") {
            let mut decoded = Vec::new();
            let decoder = flate2::read::MultiGzDecoder::new(&*body);
            let limit = MAX_BODY_BYTES as u64;
            if decoder.take(limit).read_to_end(&mut decoded).is_ok() {
                body = decoded.into();
            }
        }
        Request {
            method: self.method.clone(),
            path: path.to_owned(),
            query: self.query.clone(),
            headers: self.headers.clone(),
            body,
            host_prefix: None,
        }
    }
}

/// Undoes the encoding `aws-chunked`: `length[;chunk-signature=..]\r\n bytes \r\n`, and trailers after a chunk of length 0.
fn without_chunks(body: &[u8]) -> Bytes {
    let mut out = Vec::with_capacity(body.len());
    let mut rest = body;
    while let Some(end) = rest.windows(2).position(|pair| pair == b"\r\n") {
        let line = String::from_utf8_lossy(rest.get(..end).unwrap_or_default()).into_owned();
        let length = line.split(';').next().unwrap_or_default().trim();
        let Ok(length) = usize::from_str_radix(length, 16) else {
            break;
        };
        let start = end + 2;
        let Some(chunk) = start
            .checked_add(length)
            .and_then(|end| rest.get(start..end))
            .filter(|chunk| !chunk.is_empty())
        else {
            break;
        };
        out.extend_from_slice(chunk);
        rest = rest.get(start + length + 2..).unwrap_or_default();
    }
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_and_trailers_are_removed() {
        let body =
            b"5;chunk-signature=ab\r\nhello\r\n3\r\n, b\r\n0\r\nx-amz-checksum-crc32:AAAA\r\n\r\n";
        assert_eq!(without_chunks(body), "hello, b");
        assert_eq!(without_chunks(b"0\r\n\r\n"), "");
        assert_eq!(without_chunks(b"ffffffffffffffff\r\nx"), "");
        assert_eq!(without_chunks(b"9\r\nx"), "");
    }
}
