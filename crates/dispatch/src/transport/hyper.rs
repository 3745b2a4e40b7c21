//! [`HyperTransport`]: the transport over hyper and rustls.

use std::fmt;
use std::pin::pin;
use std::sync::OnceLock;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::uri::PathAndQuery;
use http::{HeaderName, HeaderValue, Uri, header};
use http_body::Body as _;
use inia_core::detail::TextPool;
use inia_core::ports::BoxFuture;
use inia_core::{Error, ErrorKind, Result};
use inia_protocol::Headers;
use tokio::time::Instant;

use super::connect::Connector;
use super::failure::{ConnectError, is_reset, is_unprocessed, request_error};
use super::pool::{ConnectionPool, Lease};
use super::request_body::{RequestBody, UploadProgress};
use super::response_body::response_body;
use super::stall::StallLimit;
use super::target::Target;
use super::{Transport, TransportSettings, WireBody, WireRequest, WireResponse};
use crate::url::printable_url;

/// A transport over hyper (HTTP/1.1 and HTTP/2) and rustls, with a pool of connections.
///
/// If a connection that was open before the request fails before a byte of the response, the request is sent again on a new connection,
/// provided that its body can be replayed: servers close idle connections at any time.
///
/// DIFFERENCE: in botocore, such a failure counts as an attempt.
pub struct HyperTransport {
    settings: TransportSettings,
    pool: OnceLock<Result<ConnectionPool, String>>,
}

impl HyperTransport {
    /// Creates a transport. The connection pool is set up on the first request.
    #[must_use]
    pub fn new(settings: TransportSettings) -> Self {
        HyperTransport {
            settings,
            pool: OnceLock::new(),
        }
    }

    fn pool(&self) -> Result<&ConnectionPool> {
        self.pool
            .get_or_init(|| {
                let connector = Connector::new(&self.settings)?;
                Ok(ConnectionPool::new(
                    connector,
                    self.settings.max_connections,
                ))
            })
            .as_ref()
            .map_err(|message| Error::new(ErrorKind::Config, message.clone()))
    }

    /// Returns the time limit for waiting in the queue without any progress: the time that another request may take to connect and respond.
    fn max_wait(&self, request: &WireRequest) -> Option<Duration> {
        Some(
            self.settings
                .connect_timeout?
                .saturating_add(request.read_timeout?),
        )
    }

    async fn exchange(&self, mut request: WireRequest) -> Result<WireResponse> {
        let pool = self.pool()?;
        let uri =
            Uri::try_from(&*request.url).map_err(|error| invalid_url(&request.url, &error))?;
        let target = Target::of(&uri, request.version)
            .map_err(|reason| invalid_url(&request.url, &reason))?;
        let max_wait = self.max_wait(&request);
        let read_timeout = request.read_timeout;
        let stall_limit = request.stall_limit;
        let wire_body = std::mem::replace(&mut request.body, WireBody::Bytes(Bytes::new()));
        let failed = |error: ConnectError| error.into_error(&UrlWithoutQuery(&uri));

        let mut lease = pool.lease(&target, false, max_wait).await.map_err(failed)?;
        // A server that uses HTTP/2 says whether it processed a request.
        let is_replayable = lease.is_reused() || lease.is_http2();
        let replay = is_replayable.then(|| replay_of(&wire_body)).flatten();
        let mut body = RequestBody::new(wire_body);
        let mut resends = 0;
        loop {
            let progress = body.progress();
            let hyper = to_hyper(&request, &uri, &target, &lease, body)?;
            let sent = lease.send(hyper, progress.clone());
            let sent = match (read_timeout, stall_limit.filter(|_| progress.is_some())) {
                (None, None) => Ok(sent.await),
                (limit, stall_limit) => within_limits(limit, stall_limit, sent, progress).await,
            };
            let failure = match sent {
                Ok(Ok(response)) => {
                    return Ok(from_hyper(response, read_timeout, stall_limit, lease));
                }
                Ok(Err(failure)) => failure,
                Err(limit) => {
                    lease.discard();
                    return Err(limit.error(&UrlWithoutQuery(&uri)));
                }
            };
            let error = failure.error.as_deref();
            let is_unprocessed = error.is_some_and(is_unprocessed);
            let is_reset = error.is_some_and(is_reset);
            // A connection that was open before the request may have been closed before it arrived.
            let was_idle = resends == 0 && lease.is_reused() && !lease.has_received() && !is_reset;
            let may_resend = if is_unprocessed {
                resends < MAX_RESENDS
            } else {
                was_idle
            };
            if is_reset {
                drop(lease);
            } else {
                lease.discard();
            }
            let copy = replay.as_ref().and_then(replay_of);
            body = match (failure.unsent, copy) {
                (Some(unsent), _) if may_resend => unsent,
                (_, Some(copy)) if may_resend => RequestBody::new(copy),
                _ => {
                    let mut error = request_error(&UrlWithoutQuery(&uri), error);
                    if target.has_prior_knowledge() && error.kind() == ErrorKind::Connection {
                        error = error.with_note(
                            "an input event stream requires a server that supports HTTP/2 without TLS",
                        );
                    }
                    return Err(error);
                }
            };
            resends += 1;
            tracing::debug!(
                host = target.host(),
                is_unprocessed,
                "the server did not process the request, sending it again"
            );
            lease = pool
                .lease(&target, !is_reset, max_wait)
                .await
                .map_err(failed)?;
        }
    }
}

impl Transport for HyperTransport {
    fn send(&self, request: WireRequest) -> BoxFuture<'_, Result<WireResponse>> {
        Box::pin(self.exchange(request))
    }
}

impl fmt::Debug for HyperTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HyperTransport")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

/// Maximum number of times that a request is sent again because the server did not process it.
const MAX_RESENDS: u32 = 5;

/// Returns a copy of a body; `None` for a stream, which can be read only once.
fn replay_of(body: &WireBody) -> Option<WireBody> {
    match body {
        WireBody::Bytes(bytes) => Some(WireBody::Bytes(bytes.clone())),
        WireBody::Stream(stream) => stream.try_clone().map(WireBody::Stream),
    }
}

/// A limit that a request has exceeded.
enum ExceededLimit {
    Read(Duration),
    Stall(StallLimit, u64, Duration),
}

impl ExceededLimit {
    #[cold]
    fn error(&self, url: &dyn fmt::Display) -> Error {
        match self {
            ExceededLimit::Read(limit) => Error::new(
                ErrorKind::Timeout,
                format!("{url}: no response within {limit:?}"),
            ),
            ExceededLimit::Stall(limit, bytes, time) => {
                limit.error(format_args!("{url}: the request body"), *bytes, *time)
            }
        }
    }
}

/// Waits for a response. The read timeout does not apply while the request body makes progress or waits for its source. The body is
/// stalled if it is too slow for the time in which it does not wait for its source.
async fn within_limits<T>(
    read_timeout: Option<Duration>,
    stall_limit: Option<StallLimit>,
    response: impl Future<Output = T>,
    progress: Option<UploadProgress>,
) -> Result<T, ExceededLimit> {
    let mut response = pin!(response);
    let mut previous = 0;
    let start = Instant::now();
    let mut timeout = read_timeout.map(|limit| (limit, start + limit));
    // The end of the window in which the throughput is measured, and bytes and wait for the source at its start.
    let mut window = stall_limit.map(|limit| (limit, start + limit.grace, 0, Duration::ZERO));
    loop {
        let ends = timeout.map(|(_, end)| end).into_iter();
        let next = ends.chain(window.map(|(_, end, ..)| end)).min();
        match next {
            None => return Ok(response.await),
            Some(next) => {
                if let Ok(response) = tokio::time::timeout_at(next, &mut response).await {
                    return Ok(response);
                }
            }
        }
        let now = Instant::now();
        if let Some((limit, end)) = timeout.filter(|(_, end)| *end <= now) {
            let Some(progress) = &progress else {
                return Err(ExceededLimit::Read(limit));
            };
            let chunks = progress.chunks();
            if chunks == previous && !progress.is_source_pending() {
                return Err(ExceededLimit::Read(limit));
            }
            previous = chunks;
            timeout = Some((limit, end + limit));
        }
        if let (Some((limit, end, bytes, waited)), Some(progress)) = (window, &progress)
            && end <= now
        {
            let (bytes_now, waited_now) = (progress.bytes(), progress.source_wait());
            let sent = bytes_now.saturating_sub(bytes);
            let active = limit
                .grace
                .saturating_sub(waited_now.saturating_sub(waited));
            if !progress.is_complete()
                && active >= limit.grace / 2
                && limit.is_exceeded(sent, active)
            {
                return Err(ExceededLimit::Stall(limit, sent, active));
            }
            window = (!progress.is_complete()).then_some((
                limit,
                end + limit.grace,
                bytes_now,
                waited_now,
            ));
        }
    }
}

/// A URL for error messages, without its query, which may contain a signature.
struct UrlWithoutQuery<'a>(&'a Uri);

impl fmt::Display for UrlWithoutQuery<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let (Some(scheme), Some(authority)) = (self.0.scheme(), self.0.authority()) {
            write!(f, "{scheme}://{authority}")?;
        }
        f.write_str(self.0.path())
    }
}

#[cold]
fn invalid_url(url: &str, reason: &dyn fmt::Display) -> Error {
    let message = format!("invalid URL {:?}: {reason}", printable_url(url));
    Error::new(ErrorKind::Endpoint, message)
}

fn to_hyper(
    request: &WireRequest,
    uri: &Uri,
    target: &Target,
    lease: &Lease,
    body: RequestBody,
) -> Result<http::Request<RequestBody>> {
    let invalid = |part: &str, error: &dyn fmt::Display| {
        Error::new(
            ErrorKind::Validation,
            format!("invalid request {part}: {error}"),
        )
    };
    let body_length = body.size_hint().exact();
    let mut hyper = http::Request::new(body);
    *hyper.method_mut() = http::Method::from_bytes(request.method.as_bytes())
        .map_err(|error| invalid("method", &error))?;
    // HTTP/2 and forwarding proxies require the whole URL.
    *hyper.uri_mut() = if lease.is_http2() || lease.forwarding().is_some() {
        uri.clone()
    } else {
        uri.path_and_query()
            .cloned()
            .unwrap_or_else(|| PathAndQuery::from_static("/"))
            .into()
    };
    let headers = hyper.headers_mut();
    headers.reserve(request.headers.len() + 4);
    // All values are slices of one buffer, which saves an allocation for each.
    let length = request.headers.iter().map(|(_, value)| value.len()).sum();
    let mut values = BytesMut::with_capacity(length);
    for (name, value) in &request.headers {
        let header =
            header_name(name).map_err(|error| invalid(&format!("header name {name:?}"), &error))?;
        values.extend_from_slice(value.as_bytes());
        let value = HeaderValue::from_maybe_shared(values.split().freeze())
            .map_err(|error| invalid(&format!("header {name:?}"), &error))?;
        headers.append(header, value);
    }
    // As botocore, whose HTTP library does not decompress either. Servers compress nevertheless: see `decode_body`.
    headers
        .entry(header::ACCEPT_ENCODING)
        .or_insert(HeaderValue::from_static("identity"));
    if !lease.is_http2() {
        let host =
            HeaderValue::from_str(target.host_header()).map_err(|error| invalid("host", &error))?;
        headers.entry(header::HOST).or_insert(host);
    }
    match (headers.get(header::CONTENT_LENGTH), body_length) {
        // hyper would cut off the body.
        (Some(stated), Some(length)) if stated.as_bytes() != length.to_string().as_bytes() => {
            let message = format!("{stated:?} is stated, but the body has {length} bytes");
            return Err(invalid("header \"content-length\"", &message));
        }
        // hyper states the length of other bodies only. S3 rejects an empty upload without it.
        (None, Some(0)) if !matches!(&*request.method, "GET" | "HEAD" | "OPTIONS") => {
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        _ => {}
    }
    if let Some(authorization) = lease
        .forwarding()
        .and_then(|forwarding| forwarding.authorization.clone())
    {
        headers.insert(header::PROXY_AUTHORIZATION, authorization);
    }
    Ok(hyper)
}

/// Common header names that the `http` crate does not predefine. Cloning them allocates nothing.
static AWS_HEADER_NAMES: [HeaderName; 8] = [
    HeaderName::from_static("x-amz-date"),
    HeaderName::from_static("x-amz-target"),
    HeaderName::from_static("x-amz-content-sha256"),
    HeaderName::from_static("x-amz-security-token"),
    HeaderName::from_static("x-amz-user-agent"),
    HeaderName::from_static("x-amzn-query-mode"),
    HeaderName::from_static("amz-sdk-invocation-id"),
    HeaderName::from_static("amz-sdk-request"),
];

fn header_name(name: &str) -> Result<HeaderName, header::InvalidHeaderName> {
    match AWS_HEADER_NAMES
        .iter()
        .find(|header| header.as_str() == name)
    {
        Some(header) => Ok(header.clone()),
        None => HeaderName::from_bytes(name.as_bytes()),
    }
}

fn from_hyper(
    response: http::Response<hyper::body::Incoming>,
    read_timeout: Option<Duration>,
    stall_limit: Option<StallLimit>,
    lease: Lease,
) -> WireResponse {
    let (head, body) = response.into_parts();
    let mut headers = Headers::with_capacity(head.headers.keys_len());
    let mut texts = TextPool::new();
    let has_repeated = head.headers.len() > head.headers.keys_len();
    let mut previous = None;
    for (name, value) in &head.headers {
        if has_repeated && previous.replace(name) == Some(name) && name != header::SET_COOKIE {
            // Repeated headers are one list, but repeated lengths are one length: hyper rejects different ones.
            if name != header::CONTENT_LENGTH
                && let Some(first) = headers.get(name.as_str())
            {
                let joined = format!("{first}, {}", header_text(value));
                headers.set(name.as_str(), joined);
            }
            continue;
        }
        let is_length = name == header::CONTENT_LENGTH;
        let name = texts.add(name.as_str());
        match value.to_str() {
            Ok(text) if is_length => {
                let length = text.split(',').next().unwrap_or(text);
                headers.push(name, texts.add(length.trim()));
            }
            Ok(text) => headers.push(name, texts.add(text)),
            Err(_) => headers.push(name, header_text(value)),
        }
    }
    let is_stated_empty = headers.get("content-length") == Some("0");
    WireResponse {
        status: head.status.as_u16(),
        headers,
        body: response_body(body, is_stated_empty, read_timeout, stall_limit, lease),
    }
}

/// Returns the text of a header. A value that is not ASCII is decoded as UTF-8 if it is valid, and as Latin-1 otherwise.
fn header_text(value: &HeaderValue) -> String {
    match std::str::from_utf8(value.as_bytes()) {
        Ok(text) => text.to_owned(),
        Err(_) => value.as_bytes().iter().copied().map(char::from).collect(),
    }
}
