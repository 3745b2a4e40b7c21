//! The transport over hyper and rustls.

use std::error::Error as _;
use std::fmt;
use std::pin::pin;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::BytesMut;
use http_body::Body as _;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use inia_core::ports::BoxFuture;
use inia_core::{Error, ErrorKind, Result, TextPool};
use inia_protocol::Headers;

use super::body::{BodyError, RequestBody, UploadProgress, response_body};
use super::connect::{LazyTlsConfig, ProxyConnector, TimeoutConnector, TlsConnector};
use super::proxy::ProxyTable;
use super::{HttpVersion, Transport, TransportSettings, WireRequest, WireResponse};

type HyperClient = hyper_util::client::legacy::Client<TimeoutConnector<TlsConnector>, RequestBody>;

/// A transport over hyper (HTTP/1.1 and HTTP/2) and rustls, with connection pools.
pub struct HyperTransport {
    settings: TransportSettings,
    http1: OnceLock<Result<ConnectionPool, String>>,
    http2: OnceLock<Result<ConnectionPool, String>>,
}

/// Connection pool for one HTTP version.
struct ConnectionPool {
    client: HyperClient,
    tls: Arc<LazyTlsConfig>,
    proxies: Option<Arc<ProxyTable>>,
}

impl HyperTransport {
    /// Creates a transport. Connection pools are set up on the first request.
    #[must_use]
    pub fn new(settings: TransportSettings) -> Self {
        HyperTransport {
            settings,
            http1: OnceLock::new(),
            http2: OnceLock::new(),
        }
    }

    fn pool(&self, version: HttpVersion) -> Result<&ConnectionPool> {
        let cell = match version {
            HttpVersion::Http1 => &self.http1,
            HttpVersion::Http2 => &self.http2,
        };
        cell.get_or_init(|| ConnectionPool::new(&self.settings, version))
            .as_ref()
            .map_err(|message| config_error(message))
    }
}

#[cold]
fn config_error(message: &str) -> Error {
    Error::new(ErrorKind::Config, message.to_owned())
}

impl ConnectionPool {
    fn new(settings: &TransportSettings, version: HttpVersion) -> Result<Self, String> {
        let mut direct = HttpConnector::new();
        direct.enforce_http(false);
        direct.set_nodelay(true);
        direct.set_connect_timeout(settings.connect_timeout);
        if settings.tcp_keepalive {
            direct.set_keepalive(Some(Duration::from_secs(60)));
        }
        let proxies = ProxyTable::new(&settings.proxy)?.map(Arc::new);
        let connector = match &proxies {
            None => ProxyConnector::direct(direct),
            Some(table) => {
                let tls = settings.proxy.tls.to_rustls()?;
                ProxyConnector::with_proxies(direct, Arc::clone(table), tls)
            }
        };
        let tls = Arc::new(LazyTlsConfig::new(settings.tls.clone(), version));
        let connector = TlsConnector::new(connector, Arc::clone(&tls));
        let connector = TimeoutConnector {
            connector,
            limit: settings.connect_timeout,
        };
        let client = hyper_util::client::legacy::Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(Duration::from_secs(60))
            .pool_max_idle_per_host(settings.max_idle_per_host)
            .retry_canceled_requests(true)
            .build(connector);
        Ok(ConnectionPool {
            client,
            tls,
            proxies,
        })
    }

    /// Adds the credentials of a forwarding proxy. For a tunnel, the connector sends them with `CONNECT`.
    fn add_proxy_authorization(&self, request: &mut http::Request<RequestBody>) {
        if let Some(proxies) = &self.proxies
            && request.uri().scheme() == Some(&http::uri::Scheme::HTTP)
            && let Some(proxy) = proxies.proxy_for(request.uri())
            && let Some(authorization) = proxy.basic_auth()
        {
            request
                .headers_mut()
                .insert(http::header::PROXY_AUTHORIZATION, authorization.clone());
        }
    }
}

impl Transport for HyperTransport {
    fn send(&self, request: WireRequest) -> BoxFuture<'_, Result<WireResponse>> {
        Box::pin(async move {
            let pool = self.pool(request.version)?;
            let read_timeout = request.read_timeout;
            let (mut request, progress) = to_hyper(request)?;
            let uri = request.uri().clone();
            if uri.scheme() == Some(&http::uri::Scheme::HTTPS) {
                // Checked before the request, so that invalid settings are a `Config` error rather than a `Connection` error.
                pool.tls.config().map_err(config_error)?;
            }
            pool.add_proxy_authorization(&mut request);
            let response = pool.client.request(request);
            let response = match read_timeout {
                None => response.await,
                Some(limit) => with_read_timeout(limit, response, progress)
                    .await
                    .ok_or_else(|| {
                        let message =
                            format!("{}: no response within {limit:?}", UrlWithoutQuery(&uri));
                        Error::new(ErrorKind::Timeout, message)
                    })?,
            };
            let response = response.map_err(|error| connection_error(&uri, &error))?;
            Ok(from_hyper(response, read_timeout))
        })
    }
}

/// Waits for a response; `None` if the time limit elapses without progress of the request body.
async fn with_read_timeout<T>(
    limit: Duration,
    response: impl Future<Output = T>,
    progress: Option<UploadProgress>,
) -> Option<T> {
    let mut response = pin!(response);
    let mut previous = 0;
    loop {
        if let Ok(response) = tokio::time::timeout(limit, &mut response).await {
            return Some(response);
        }
        let progress = progress.as_ref()?;
        let chunks = progress.chunks();
        if chunks == previous && !progress.is_source_pending() {
            return None;
        }
        previous = chunks;
    }
}

/// A URL for error messages, without its query, which may contain a signature.
struct UrlWithoutQuery<'a>(&'a http::Uri);

impl fmt::Display for UrlWithoutQuery<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let (Some(scheme), Some(authority)) = (self.0.scheme(), self.0.authority()) {
            write!(f, "{scheme}://{authority}")?;
        }
        f.write_str(self.0.path())
    }
}

#[cold]
fn connection_error(uri: &http::Uri, error: &hyper_util::client::legacy::Error) -> Error {
    // An error of the request body is reported instead of hyper's.
    let mut cause = error.source();
    let mut timed_out = false;
    let mut text = error.to_string();
    while let Some(inner) = cause {
        if let Some(error) = inner.downcast_ref::<BodyError>() {
            return Error::new(ErrorKind::Stream, error.0.clone());
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
    let problem = if error.is_connect() {
        "cannot connect"
    } else {
        "the connection failed"
    };
    Error::new(kind, format!("{}: {problem}: {text}", UrlWithoutQuery(uri)))
}

fn to_hyper(request: WireRequest) -> Result<(http::Request<RequestBody>, Option<UploadProgress>)> {
    let invalid = |part: &str, error: &dyn fmt::Display| {
        Error::new(
            ErrorKind::Validation,
            format!("invalid request {part}: {error}"),
        )
    };
    let (body, progress) = RequestBody::new(request.body);
    let mut hyper = http::Request::new(body);
    *hyper.method_mut() = http::Method::from_bytes(request.method.as_bytes())
        .map_err(|error| invalid("method", &error))?;
    *hyper.uri_mut() = http::Uri::try_from(request.url).map_err(|error| invalid("URL", &error))?;
    let headers = hyper.headers_mut();
    headers.reserve(request.headers.len() + 2);
    // All values are slices of one buffer, which saves an allocation for each.
    let length = request.headers.iter().map(|(_, value)| value.len()).sum();
    let mut values = BytesMut::with_capacity(length);
    for (name, value) in &request.headers {
        let header =
            header_name(name).map_err(|error| invalid(&format!("header name {name:?}"), &error))?;
        values.extend_from_slice(value.as_bytes());
        let value = http::HeaderValue::from_maybe_shared(values.split().freeze())
            .map_err(|error| invalid(&format!("header {name:?}"), &error))?;
        headers.append(header, value);
    }
    let length = hyper.body().size_hint().exact();
    let stated = hyper.headers().get(http::header::CONTENT_LENGTH);
    match (stated, length) {
        // hyper would cut off the body.
        (Some(stated), Some(length)) if stated.as_bytes() != length.to_string().as_bytes() => {
            let message = format!("{stated:?} is stated, but the body has {length} bytes");
            return Err(invalid("header \"content-length\"", &message));
        }
        // hyper states the length of other bodies only. S3 rejects an empty upload without it.
        (None, Some(0)) if !matches!(hyper.method().as_str(), "GET" | "HEAD" | "OPTIONS") => {
            let zero = http::HeaderValue::from_static("0");
            hyper
                .headers_mut()
                .insert(http::header::CONTENT_LENGTH, zero);
        }
        _ => {}
    }
    Ok((hyper, progress))
}

/// Common header names that the `http` crate does not predefine. Cloning them allocates nothing.
static AWS_HEADER_NAMES: [http::HeaderName; 8] = [
    http::HeaderName::from_static("x-amz-date"),
    http::HeaderName::from_static("x-amz-target"),
    http::HeaderName::from_static("x-amz-content-sha256"),
    http::HeaderName::from_static("x-amz-security-token"),
    http::HeaderName::from_static("x-amz-user-agent"),
    http::HeaderName::from_static("x-amzn-query-mode"),
    http::HeaderName::from_static("amz-sdk-invocation-id"),
    http::HeaderName::from_static("amz-sdk-request"),
];

fn header_name(name: &str) -> Result<http::HeaderName, http::header::InvalidHeaderName> {
    match AWS_HEADER_NAMES
        .iter()
        .find(|header| header.as_str() == name)
    {
        Some(header) => Ok(header.clone()),
        None => http::HeaderName::from_bytes(name.as_bytes()),
    }
}

fn from_hyper(
    response: http::Response<hyper::body::Incoming>,
    read_timeout: Option<Duration>,
) -> WireResponse {
    let (head, body) = response.into_parts();
    let mut headers = Headers::with_capacity(head.headers.len());
    let mut texts = TextPool::new();
    for (name, value) in &head.headers {
        let name = texts.add(name.as_str());
        match value.to_str() {
            Ok(text) => headers.push(name, texts.add(text)),
            // A value that is not ASCII is decoded as UTF-8 if it is valid, and as Latin-1 otherwise.
            Err(_) => match std::str::from_utf8(value.as_bytes()) {
                Ok(text) => headers.push(name, texts.add(text)),
                Err(_) => headers.push(
                    name,
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
    WireResponse {
        status: head.status.as_u16(),
        headers,
        body: response_body(body, read_timeout),
    }
}

impl fmt::Debug for HyperTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HyperTransport")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
