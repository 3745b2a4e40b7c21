//! [`Transport`]: sends signed requests over HTTP.

mod cache;
mod certificate_verifier;
mod connect;
mod encoding;
mod failure;
mod hyper;
mod no_proxy;
mod pool;
mod proxy;
mod request_body;
mod response_body;
mod settings;
mod socket;
mod stall;
mod target;
mod tls;
mod tunnel;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use inia_core::ports::BoxFuture;
use inia_core::{Result, Str};
use inia_model::{Operation, ServiceModel};
use inia_protocol::Headers;

pub(crate) use self::cache::{TransportCache, WrapTransport};
pub(crate) use self::encoding::decode_body;
pub use self::hyper::HyperTransport;
pub use self::proxy::ProxySettings;
pub use self::settings::TransportSettings;
pub use self::stall::StallLimit;
pub use self::tls::{CaBundle, TlsSettings};
use crate::ByteStream;
use crate::body::CallNames;

/// A signed HTTP request.
///
/// `Debug` omits the signature and other secrets in headers, the query and the body.
pub struct WireRequest {
    /// The HTTP method.
    pub method: Str,
    /// The absolute URL, percent-encoded.
    pub url: String,
    /// The headers, without `host` and `content-length`, which the transport adds.
    pub headers: Headers,
    /// The body.
    pub body: WireBody,
    /// Time limit for the response headers once the request is sent, and for each chunk of the response body.
    pub read_timeout: Option<Duration>,
    /// Minimum throughput of the bodies in both directions.
    pub stall_limit: Option<StallLimit>,
    /// The HTTP version.
    pub version: HttpVersion,
    /// The operation that the request calls; `None` for requests to metadata services.
    pub operation: Option<WireOperation>,
}

/// The operation that a request calls, for transports that log, record or stub requests.
#[derive(Clone)]
pub struct WireOperation(Arc<CallNames>);

impl WireOperation {
    pub(crate) fn new(names: &Arc<CallNames>) -> Self {
        WireOperation(Arc::clone(names))
    }

    /// Returns the service's name, such as `dynamodb`.
    #[must_use]
    pub fn service(&self) -> &str {
        &self.0.service
    }

    /// Returns the operation's name, as the definition spells it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.operation
    }

    /// Returns the service's definition.
    #[must_use]
    pub fn model(&self) -> &Arc<ServiceModel> {
        &self.0.model
    }

    /// Returns the operation's definition.
    #[must_use]
    pub fn definition(&self) -> Option<&Operation> {
        self.0.model.operation_at(self.0.index)
    }
}

impl fmt::Debug for WireOperation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.service(), self.name())
    }
}

/// The body of a [`WireRequest`].
///
/// `Debug` prints its length only.
pub enum WireBody {
    /// Bytes in memory.
    Bytes(Bytes),
    /// A stream, sent with `content-length` if its length is known, and chunked otherwise.
    Stream(ByteStream),
}

impl fmt::Debug for WireRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (url, query) = match self.url.split_once('?') {
            Some((url, _)) => (url, "?.."),
            None => (self.url.as_str(), ""),
        };
        f.debug_struct("WireRequest")
            .field("method", &self.method)
            .field("url", &format_args!("{url}{query}"))
            .field("headers", &self.headers)
            .field("body", &self.body)
            .field("read_timeout", &self.read_timeout)
            .field("stall_limit", &self.stall_limit)
            .field("version", &self.version)
            .field("operation", &self.operation)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for WireBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WireBody::Bytes(bytes) => write!(f, "Bytes({} bytes)", bytes.len()),
            WireBody::Stream(stream) => f.debug_tuple("Stream").field(stream).finish(),
        }
    }
}

/// The HTTP version of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum HttpVersion {
    /// HTTP/1.1.
    #[default]
    Http1,
    /// HTTP/2 if the server supports it, and HTTP/1.1 otherwise. Without TLS, HTTP/1.1.
    Http2,
    /// HTTP/2 alone. Without TLS, it is used without negotiation.
    Http2Only,
}

/// An HTTP response, whose body is a stream.
#[derive(Debug)]
pub struct WireResponse {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: Headers,
    /// The body.
    pub body: ByteStream,
}

/// Sends HTTP requests. [`HyperTransport`] is the default; tests can use canned responses.
pub trait Transport: Send + Sync + fmt::Debug {
    /// Sends one request and waits for the response headers. Any status is a response, not an error.
    ///
    /// # Errors
    /// `Connection` and `Timeout`; `Endpoint` for an invalid URL, `Config` for invalid settings, and `Stream` if reading the request body
    /// fails.
    fn send(&self, request: WireRequest) -> BoxFuture<'_, Result<WireResponse>>;
}
