//! [`Transport`]: how a signed request reaches a server.

mod body;
mod connect;
mod hyper;
mod proxy;
mod settings;
mod tls;

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use inia_core::ports::BoxFuture;
use inia_core::{Result, Str};
use inia_protocol::Headers;

pub use self::hyper::HyperTransport;
pub use self::proxy::ProxySettings;
pub use self::settings::TransportSettings;
pub use self::tls::TlsSettings;
use crate::ByteStream;

/// A request as it goes on the wire.
#[derive(Debug)]
pub struct WireRequest {
    /// The HTTP method.
    pub method: Str,
    /// The whole URL: scheme, authority, path and query, percent-encoded.
    pub url: String,
    /// The headers, without `host` and `content-length`, which the transport adds.
    pub headers: Headers,
    /// The body.
    pub body: WireBody,
    /// How long to wait for the head of the response once the request is sent, and between pieces of its body.
    pub read_timeout: Option<Duration>,
    /// Which version of HTTP to speak.
    pub version: HttpVersion,
}

/// The body of a [`WireRequest`].
#[derive(Debug)]
pub enum WireBody {
    /// Bytes in memory.
    Bytes(Bytes),
    /// A stream, sent with `content-length` where its length is known and chunked otherwise.
    Stream(ByteStream),
}

/// Which version of HTTP a request is sent over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HttpVersion {
    /// HTTP/1.1.
    #[default]
    Http1,
    /// HTTP/2 where the server offers it, else HTTP/1.1.
    Http2,
}

/// The head of a response, with its body still to come.
#[derive(Debug)]
pub struct WireResponse {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: Headers,
    /// The body.
    pub body: ByteStream,
}

/// Sends requests and brings responses: hyper in earnest, canned answers in tests.
pub trait Transport: Send + Sync + fmt::Debug {
    /// Sends one request and waits for the head of the response. Any status is a response, not an error.
    ///
    /// # Errors
    /// `Connection` and `Timeout`; `Stream` where reading the request's own body failed.
    fn send(&self, request: WireRequest) -> BoxFuture<'_, Result<WireResponse>>;
}
