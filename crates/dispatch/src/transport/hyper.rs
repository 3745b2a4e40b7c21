//! The transport over hyper and rustls.

use std::convert::Infallible;
use std::error::Error as _;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt};
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyStream, Either, Full};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use inia_core::ports::BoxFuture;
use inia_core::{Error, ErrorKind, Result};
use inia_protocol::Headers;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use super::{HttpVersion, Transport, WireBody, WireRequest, WireResponse};
use crate::ByteStream;

type Pool = Client<HttpsConnector<HttpConnector>, Either<Full<Bytes>, StreamBody>>;

/// How connections are made and kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransportSettings {
    /// The time limit for making a connection, TLS included.
    pub connect_timeout: Option<Duration>,
    /// How many idle connections are kept for each host.
    pub max_idle_per_host: usize,
    /// Root certificates in PEM form to trust instead of the built-in ones.
    pub ca_bundle: Option<Vec<u8>>,
    /// Whether TCP keep-alive probes are sent.
    pub tcp_keepalive: bool,
}

impl Default for TransportSettings {
    fn default() -> Self {
        TransportSettings {
            connect_timeout: Some(Duration::from_secs(60)),
            max_idle_per_host: 10,
            ca_bundle: None,
            tcp_keepalive: false,
        }
    }
}

/// HTTP/1.1 and HTTP/2 over hyper, TLS by rustls, with a pool of kept connections.
pub struct HyperTransport {
    settings: TransportSettings,
    http1: OnceLock<Result<Pool, String>>,
    http2: OnceLock<Result<Pool, String>>,
}

impl HyperTransport {
    /// A transport; nothing is set up before the first request.
    #[must_use]
    pub fn new(settings: TransportSettings) -> Self {
        HyperTransport {
            settings,
            http1: OnceLock::new(),
            http2: OnceLock::new(),
        }
    }

    fn pool(&self, version: HttpVersion) -> Result<&Pool> {
        let cell = match version {
            HttpVersion::Http1 => &self.http1,
            HttpVersion::Http2 => &self.http2,
        };
        cell.get_or_init(|| pool(&self.settings, version))
            .as_ref()
            .map_err(|message| Error::new(ErrorKind::Config, message.clone()))
    }
}

fn pool(settings: &TransportSettings, version: HttpVersion) -> Result<Pool, String> {
    let mut connector = HttpConnector::new();
    connector.enforce_http(false);
    connector.set_nodelay(true);
    connector.set_connect_timeout(settings.connect_timeout);
    if settings.tcp_keepalive {
        connector.set_keepalive(Some(Duration::from_secs(60)));
    }
    let builder = HttpsConnectorBuilder::new()
        .with_tls_config(tls(settings)?)
        .https_or_http();
    let connector = match version {
        HttpVersion::Http1 => builder.enable_http1().wrap_connector(connector),
        HttpVersion::Http2 => builder.enable_all_versions().wrap_connector(connector),
    };
    Ok(Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(Duration::from_secs(60))
        .pool_max_idle_per_host(settings.max_idle_per_host)
        .retry_canceled_requests(true)
        .build(connector))
}

fn tls(settings: &TransportSettings) -> Result<ClientConfig, String> {
    let mut roots = RootCertStore::empty();
    match &settings.ca_bundle {
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        Some(bundle) => {
            for certificate in CertificateDer::pem_slice_iter(bundle) {
                let certificate =
                    certificate.map_err(|error| format!("the CA bundle is not PEM: {error}"))?;
                roots.add(certificate).map_err(|error| {
                    format!("the CA bundle holds a broken certificate: {error}")
                })?;
            }
            if roots.is_empty() {
                return Err("the CA bundle holds no certificate".to_owned());
            }
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("TLS cannot be set up: {error}"))?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

impl Transport for HyperTransport {
    fn send(&self, request: WireRequest) -> BoxFuture<'_, Result<WireResponse>> {
        Box::pin(async move {
            let pool = self.pool(request.version)?;
            let read_timeout = request.read_timeout;
            let url = request.url.clone();
            let response = pool.request(to_hyper(request)?);
            let response = match read_timeout {
                None => response.await,
                Some(limit) => tokio::time::timeout(limit, response).await.map_err(|_| {
                    Error::new(
                        ErrorKind::Timeout,
                        format!("{}: no response within {limit:?}", place(&url)),
                    )
                })?,
            };
            let response = response.map_err(|error| connection_error(&url, &error))?;
            Ok(from_hyper(response, read_timeout))
        })
    }
}

/// The part of a URL that an error may show: everything but the query, which may carry a signature.
fn place(url: &str) -> &str {
    url.split_once('?').map_or(url, |(place, _)| place)
}

#[cold]
fn connection_error(url: &str, error: &hyper_util::client::legacy::Error) -> Error {
    // What failed may be our own body: then its error is the one to tell.
    let mut cause = error.source();
    let mut timed_out = false;
    let mut text = error.to_string();
    while let Some(inner) = cause {
        if let Some(own) = inner.downcast_ref::<BodyError>() {
            return Error::new(ErrorKind::Stream, own.0.clone());
        }
        if let Some(io) = inner.downcast_ref::<std::io::Error>() {
            timed_out |= io.kind() == std::io::ErrorKind::TimedOut;
        }
        text = inner.to_string();
        cause = inner.source();
    }
    let kind = if timed_out {
        ErrorKind::Timeout
    } else {
        ErrorKind::Connection
    };
    let what = if error.is_connect() {
        "cannot connect"
    } else {
        "the connection broke"
    };
    Error::new(kind, format!("{}: {what}: {text}", place(url)))
}

fn to_hyper(request: WireRequest) -> Result<http::Request<Either<Full<Bytes>, StreamBody>>> {
    let invalid = |what: &str, error: &dyn fmt::Display| {
        Error::new(
            ErrorKind::Validation,
            format!("the request's {what} cannot be sent over HTTP: {error}"),
        )
    };
    let body = match request.body {
        WireBody::Bytes(bytes) => Either::Left(Full::new(bytes)),
        WireBody::Stream(stream) => Either::Right(StreamBody {
            length: stream.len(),
            stream,
        }),
    };
    let mut hyper = http::Request::new(body);
    *hyper.method_mut() = http::Method::from_bytes(request.method.as_bytes())
        .map_err(|error| invalid("method", &error))?;
    *hyper.uri_mut() = http::Uri::try_from(request.url).map_err(|error| invalid("URL", &error))?;
    let headers = hyper.headers_mut();
    headers.reserve(request.headers.len() + 2);
    for (name, value) in &request.headers {
        let header = http::HeaderName::from_bytes(name.as_bytes())
            .map_err(|error| invalid(&format!("header name {name:?}"), &error))?;
        let value = http::HeaderValue::from_bytes(value.as_bytes())
            .map_err(|error| invalid(&format!("header {name:?}"), &error))?;
        headers.append(header, value);
    }
    Ok(hyper)
}

fn from_hyper(
    response: http::Response<hyper::body::Incoming>,
    read_timeout: Option<Duration>,
) -> WireResponse {
    let (head, body) = response.into_parts();
    let mut headers = Headers::with_capacity(head.headers.len());
    for (name, value) in &head.headers {
        match value.to_str() {
            Ok(text) => headers.push(name.as_str(), text),
            // Bytes beyond ASCII are taken as UTF-8 where they are, else as Latin-1, so that nothing is lost.
            Err(_) => match std::str::from_utf8(value.as_bytes()) {
                Ok(text) => headers.push(name.as_str(), text),
                Err(_) => headers.push(
                    name.as_str(),
                    value
                        .as_bytes()
                        .iter()
                        .copied()
                        .map(char::from)
                        .collect::<String>(),
                ),
            },
        }
    }
    let length = body.size_hint().exact();
    let body = if length == Some(0) {
        ByteStream::empty()
    } else {
        ByteStream::from_stream(incoming(body, read_timeout), length)
    };
    WireResponse {
        status: head.status.as_u16(),
        headers,
        body,
    }
}

/// The pieces of a response's body, each waited for no longer than the limit.
fn incoming(
    body: hyper::body::Incoming,
    read_timeout: Option<Duration>,
) -> impl futures_core::Stream<Item = Result<Bytes>> {
    let frames = BodyStream::new(body).map_err(|error| {
        Error::new(
            ErrorKind::Connection,
            "the connection broke while the response was read",
        )
        .with_source(error)
    });
    let chunks = frames.try_filter_map(|frame| std::future::ready(Ok(frame.into_data().ok())));
    futures_util::stream::unfold(
        (Box::pin(chunks), false),
        move |(mut chunks, ended)| async move {
            if ended {
                return None;
            }
            let next = match read_timeout {
                None => chunks.next().await,
                Some(limit) => match tokio::time::timeout(limit, chunks.next()).await {
                    Ok(next) => next,
                    Err(_) => {
                        let message = format!("the response's body stopped for {limit:?}");
                        return Some((
                            Err(Error::new(ErrorKind::Timeout, message)),
                            (chunks, true),
                        ));
                    }
                },
            };
            next.map(|chunk| {
                let ended = chunk.is_err();
                (chunk, (chunks, ended))
            })
        },
    )
}

/// A request body that is a stream.
struct StreamBody {
    stream: ByteStream,
    length: Option<u64>,
}

/// The error of a request body, passed through hyper and taken out again.
#[derive(Debug)]
struct BodyError(String);

impl fmt::Display for BodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BodyError {}

impl From<Infallible> for BodyError {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

impl Body for StreamBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        self.stream.poll_next_unpin(context).map(|chunk| {
            chunk.map(|chunk| {
                chunk
                    .map(Frame::data)
                    .map_err(|error| BodyError(format!("{error:#}")))
            })
        })
    }

    fn size_hint(&self) -> SizeHint {
        self.length
            .map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

impl fmt::Debug for HyperTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HyperTransport")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
