//! The transport over hyper and rustls.

use std::fmt;
use std::pin::{Pin, pin};
use std::sync::OnceLock;
use std::time::Duration;

use bytes::BytesMut;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, header};
use inia_core::ports::BoxFuture;
use inia_core::{Error, ErrorKind, Result, Str, TextPool};
use inia_protocol::Headers;

use super::body::{BodyError, Progress, RequestBody, response_body};
use super::connect::BoxError;
use super::pool::{Failure, Pool};
use super::{HttpVersion, Transport, TransportSettings, WireRequest, WireResponse};

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
        cell.get_or_init(|| Pool::new(&self.settings, version))
            .as_ref()
            .map_err(|message| Error::new(ErrorKind::Config, message.clone()))
    }
}

impl Transport for HyperTransport {
    fn send(&self, request: WireRequest) -> BoxFuture<'_, Result<WireResponse>> {
        Box::pin(async move {
            let pool = self.pool(request.version)?;
            let read_timeout = request.read_timeout;
            let (body, progress) = RequestBody::new(request.body);
            let url = &request.url;
            let request = to_hyper(&request.method, &request.headers, body)?;
            // Where it lies from here on: a future that is moved into another is there twice.
            let mut response = pin!(pool.send(url, request));
            let response = match read_timeout {
                None => response.await,
                Some(limit) => within(limit, response.as_mut(), progress)
                    .await
                    .ok_or_else(|| {
                        let message = format!("{}: no response within {limit:?}", place(url));
                        Error::new(ErrorKind::Timeout, message)
                    })?,
            };
            let (response, lease) = response.map_err(|failure| error(url, failure))?;
            let (head, body) = response.into_parts();
            Ok(WireResponse {
                status: head.status.as_u16(),
                headers: from_hyper(&head.headers),
                body: response_body(body, lease, read_timeout).await,
            })
        })
    }
}

/// Waits for a response, no longer than the limit from the last piece of the request on.
async fn within<F: Future>(
    limit: Duration,
    mut response: Pin<&mut F>,
    progress: Option<Progress>,
) -> Option<F::Output> {
    let mut seen = 0;
    loop {
        if let Ok(response) = tokio::time::timeout(limit, response.as_mut()).await {
            return Some(response);
        }
        let progress = progress.as_ref()?;
        let pieces = progress.pieces();
        if pieces == seen && !progress.is_source_pending() {
            return None;
        }
        seen = pieces;
    }
}

/// The part of a URL that an error may show: everything but the query, which may carry a signature.
fn place(url: &str) -> &str {
    url.split_once('?').map_or(url, |(place, _)| place)
}

#[cold]
fn error(url: &str, failure: Failure) -> Error {
    let (what, error): (_, BoxError) = match failure {
        Failure::Url(error) => return invalid("URL", &error),
        Failure::Connect(error) => ("cannot connect", error),
        Failure::Exchange(error) => ("the connection broke", error.into()),
    };
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&*error);
    let mut timed_out = false;
    let mut text = String::new();
    while let Some(inner) = cause {
        // What failed may be our own body: then its error is the one to tell.
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
    Error::new(kind, format!("{}: {what}: {text}", place(url)))
}

#[cold]
fn invalid(what: &str, error: &dyn fmt::Display) -> Error {
    let message = format!("the request's {what} cannot be sent over HTTP: {error}");
    Error::new(ErrorKind::Validation, message)
}

/// The headers of nearly every request: looking for a name here takes half as long as reading it, and copies nothing.
static NAMES: [HeaderName; 12] = [
    header::CONTENT_TYPE,
    header::USER_AGENT,
    header::AUTHORIZATION,
    HeaderName::from_static("x-amz-date"),
    HeaderName::from_static("x-amz-target"),
    HeaderName::from_static("x-amzn-query-mode"),
    HeaderName::from_static("amz-sdk-request"),
    HeaderName::from_static("amz-sdk-invocation-id"),
    HeaderName::from_static("x-amz-security-token"),
    HeaderName::from_static("x-amz-content-sha256"),
    HeaderName::from_static("x-amz-checksum-crc32"),
    HeaderName::from_static("x-amz-sdk-checksum-algorithm"),
];

/// A request without its URL.
fn to_hyper(method: &str, headers: &Headers, body: RequestBody) -> Result<Request<RequestBody>> {
    let mut request = Request::new(body);
    *request.method_mut() =
        Method::from_bytes(method.as_bytes()).map_err(|error| invalid("method", &error))?;
    let map = request.headers_mut();
    // And one for `host`.
    map.reserve(headers.len() + 1);
    // One allocation holds all values.
    let length = headers.iter().map(|(_, value)| value.len()).sum();
    let mut values = BytesMut::with_capacity(length);
    for (_, value) in headers {
        values.extend_from_slice(value.as_bytes());
    }
    let mut values = values.freeze();
    for (name, value) in headers {
        let value = HeaderValue::from_maybe_shared(values.split_to(value.len()))
            .map_err(|error| invalid(&format!("header {name:?}"), &error))?;
        let name = match NAMES.iter().find(|known| known.as_str() == name.as_str()) {
            Some(known) => known.clone(),
            None => HeaderName::from_bytes(name.as_bytes())
                .map_err(|error| invalid(&format!("header name {name:?}"), &error))?,
        };
        map.append(name, value);
    }
    Ok(request)
}

/// The headers of a response, their long values in one allocation.
fn from_hyper(map: &HeaderMap) -> Headers {
    let mut headers = Headers::with_capacity(map.len());
    let mut pool = TextPool::new();
    for (name, value) in map {
        let value = match str::from_utf8(value.as_bytes()) {
            Ok(text) => pool.add(text),
            // What is not UTF-8 is taken as Latin-1, so that nothing is lost.
            Err(_) => {
                let bytes = value.as_bytes().iter().copied();
                Str::from(bytes.map(char::from).collect::<String>())
            }
        };
        headers.push(pool.add(name.as_str()), value);
    }
    headers
}

impl fmt::Debug for HyperTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HyperTransport")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::StreamExt;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;
    use tokio::runtime::Runtime;

    use super::*;
    use crate::ByteStream;
    use crate::transport::WireBody;

    const SHORT: &[u8] = b"HTTP/1.1 200 OK\r\nx-a: a value of more than 23 bytes\r\nx-b: \xfc\r\ncontent-length: 2\r\n\r\nok";
    const EMPTY: &[u8] = b"HTTP/1.1 204 No Content\r\n\r\n";
    const CHUNKS: &[u8] =
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\no\r\n1\r\nk\r\n0\r\n\r\n";

    fn runtime() -> Runtime {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
    }

    /// A server, in a runtime of its own, that gives each connection these answers and then hangs up: its URL and how many
    /// connections there were.
    fn server(answers: &'static [&'static [u8]]) -> (String, Arc<AtomicUsize>) {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let count = Arc::new(AtomicUsize::new(0));
        let connections = Arc::clone(&count);
        let serve = async move {
            let listener = TcpListener::from_std(listener).unwrap();
            while let Ok((mut socket, _)) = listener.accept().await {
                connections.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(async move {
                    for answer in answers {
                        let mut head = Vec::new();
                        while !head.ends_with(b"\r\n\r\n") {
                            head.push(socket.read_u8().await?);
                        }
                        socket.write_all(answer).await?;
                    }
                    std::io::Result::Ok(())
                });
            }
        };
        std::thread::spawn(move || runtime().block_on(serve));
        (url, count)
    }

    fn transport() -> HyperTransport {
        HyperTransport::new(TransportSettings::default())
    }

    async fn get(transport: &HyperTransport, url: &str) -> WireResponse {
        let request = WireRequest {
            method: Str::from_static("GET"),
            url: url.to_owned(),
            headers: Headers::new(),
            body: WireBody::Bytes(bytes::Bytes::new()),
            read_timeout: Some(Duration::from_secs(20)),
            version: HttpVersion::Http1,
        };
        transport.send(request).await.unwrap()
    }

    async fn text(body: ByteStream) -> String {
        let bytes = body.collect(100).await.unwrap();
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    #[test]
    fn a_connection_serves_one_request_after_the_other() {
        let (url, connections) = server(&[SHORT, EMPTY, CHUNKS, SHORT]);
        let transport = transport();
        runtime().block_on(async {
            let first = get(&transport, &url).await;
            assert_eq!(
                first.headers.get("x-a"),
                Some("a value of more than 23 bytes")
            );
            assert_eq!(first.headers.get("x-b"), Some("ü"));
            // It came with its head, and its connection is free before it is read.
            assert_eq!(first.body.as_bytes(), Some(&b"ok"[..]));
            let second = get(&transport, &url).await;
            assert_eq!((second.status, second.body.len()), (204, Some(0)));
            for _ in 0..2 {
                assert_eq!(text(get(&transport, &url).await.body).await, "ok");
            }
        });
        assert_eq!(connections.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn a_connection_that_was_closed_meanwhile_fails_no_request() {
        let (url, connections) = server(&[SHORT]);
        let transport = transport();
        runtime().block_on(async {
            for _ in 0..3 {
                assert_eq!(text(get(&transport, &url).await.body).await, "ok");
                // Time for the end of the connection to arrive.
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        });
        assert_eq!(connections.load(Ordering::SeqCst), 3);
    }

    #[test]
    fn a_connection_does_not_outlive_its_runtime() {
        let (url, connections) = server(&[SHORT, SHORT]);
        let transport = transport();
        for _ in 0..2 {
            runtime().block_on(async {
                assert_eq!(text(get(&transport, &url).await.body).await, "ok");
            });
        }
        assert_eq!(connections.load(Ordering::SeqCst), 2);
    }

    #[test]
    fn a_connection_whose_answer_is_not_read_is_not_kept() {
        let (url, connections) = server(&[CHUNKS, SHORT]);
        let transport = transport();
        runtime().block_on(async {
            let mut body = get(&transport, &url).await.body;
            assert_eq!(body.next().await.unwrap().unwrap(), "o");
            drop(body);
            drop(get(&transport, &url).await);
        });
        assert_eq!(connections.load(Ordering::SeqCst), 2);
    }
}
