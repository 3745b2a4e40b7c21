//! Open connections of HTTP/1.1 and HTTP/2.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::SystemTime;

use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::sync::watch;
use tokio::task::AbortHandle;

use super::permit::Permit;
use super::{FINISH_TIMEOUT, IDLE_TIMEOUT, PoolShared};
use crate::transport::HttpVersion;
use crate::transport::connect::Forwarding;
use crate::transport::failure::ConnectError;
use crate::transport::request_body::RequestBody;
use crate::transport::socket::{ObservedChannel, ReceivedBytes, Socket, SocketState};
use crate::transport::target::Target;

/// Maximum number of response headers.
const MAX_HEADERS: usize = 1024;
/// Maximum size of the response headers, in bytes. Also the maximum size of a read buffer.
const MAX_HEADER_BYTES: usize = 1 << 20;

/// An exclusive connection.
pub(super) struct Http1Connection {
    pub(super) sender: http1::SendRequest<RequestBody>,
    pub(super) link: Arc<ConnectionState>,
    /// Wall-clock time, because the monotonic clock stops while a machine is suspended.
    pub(super) unused_since: SystemTime,
}

/// Maximum number of requests that share a connection. The server may set a lower one.
const MAX_STREAMS: usize = 100;
/// Maximum size of the unread data of a response, in bytes.
const STREAM_WINDOW: u32 = 1 << 20;
/// Maximum size of the unread data of a connection, in bytes: that of its responses together, so that none that is not read stops
/// the others.
const CONNECTION_WINDOW: u32 = STREAM_WINDOW * (MAX_STREAMS as u32 + 1);

#[derive(Clone)]
pub(super) struct Http2Connection {
    pub(super) sender: http2::SendRequest<RequestBody>,
    pub(super) link: Arc<ConnectionState>,
}

/// State of an open connection.
pub(super) struct ConnectionState {
    pub(super) socket: Socket,
    pub(super) received: Arc<ReceivedBytes>,
    pub(super) forwarding: Option<Forwarding>,
    pub(super) driver: AbortHandle,
    /// The result of the task that drives the connection, once it has ended.
    pub(super) end: watch::Receiver<ConnectionEnd>,
    /// Number of requests that share the connection.
    pub(super) active: AtomicUsize,
    /// Maximum number of requests that share the connection.
    pub(super) max_streams: Arc<AtomicUsize>,
    /// Time of the last request that shared the connection, in seconds since the epoch.
    pub(super) last_used: AtomicU64,
}

#[derive(Clone, Default)]
pub(super) enum ConnectionEnd {
    #[default]
    Open,
    Closed(Option<Arc<hyper::Error>>),
}

impl Http1Connection {
    pub(super) fn is_usable(&self) -> bool {
        // Data without a request means that the server is about to close the connection, or that a response had a body of another length.
        !self.sender.is_closed()
            && !self.is_expired()
            && self.link.socket.state() == SocketState::Open
    }

    pub(super) fn is_expired(&self) -> bool {
        self.unused_since
            .elapsed()
            .is_ok_and(|unused| unused >= IDLE_TIMEOUT)
    }
}

impl ConnectionState {
    /// Returns the error that closed the connection, which requests on a closed connection do not receive.
    pub(super) async fn cause(&self) -> Option<Arc<hyper::Error>> {
        let mut end = self.end.clone();
        let ended = end.wait_for(|end| matches!(end, ConnectionEnd::Closed(_)));
        match tokio::time::timeout(FINISH_TIMEOUT, ended).await {
            Ok(Ok(end)) => match &*end {
                ConnectionEnd::Closed(error) => error.clone(),
                ConnectionEnd::Open => None,
            },
            _ => None,
        }
    }

    pub(super) fn touch(&self) {
        self.last_used.store(unix_seconds(), Ordering::Relaxed);
    }

    /// Returns true if a further request may share the connection.
    pub(super) fn has_room(&self) -> bool {
        self.active.load(Ordering::Relaxed) < self.max_streams.load(Ordering::Relaxed)
    }

    /// Returns true if no request has shared the connection for a while.
    pub(super) fn is_unused(&self) -> bool {
        let unused = unix_seconds().saturating_sub(self.last_used.load(Ordering::Relaxed));
        self.active.load(Ordering::Relaxed) == 0 && unused >= IDLE_TIMEOUT.as_secs()
    }
}

pub(super) fn unix_seconds() -> u64 {
    SystemTime::UNIX_EPOCH
        .elapsed()
        .map_or(0, |elapsed| elapsed.as_secs())
}

/// A newly opened connection.
pub(super) enum Opened {
    Http1(Http1Connection),
    Http2(Http2Connection),
}

/// Opens a connection, and starts the task that drives it and holds the permit until it is closed.
pub(super) async fn open(
    pool: Arc<PoolShared>,
    target: Target,
    permit: Permit,
) -> Result<Opened, ConnectError> {
    let connection = match pool.connector.connect(&target).await {
        Ok(connection) => connection,
        Err(error) => {
            if error.is_exhausted() {
                pool.lower_limit(permit);
            }
            return Err(error);
        }
    };
    let received = Arc::new(ReceivedBytes::default());
    let io = TokioIo::new(ObservedChannel::new(
        connection.channel,
        Arc::clone(&received),
    ));
    let (ended, end) = watch::channel(ConnectionEnd::Open);
    let max_streams = Arc::new(AtomicUsize::new(MAX_STREAMS));
    let stream_limit = Arc::clone(&max_streams);
    let link = |driver: AbortHandle| {
        Arc::new(ConnectionState {
            socket: connection.socket,
            received,
            forwarding: connection.forwarding,
            driver,
            end,
            active: AtomicUsize::new(0),
            max_streams,
            last_used: AtomicU64::new(unix_seconds()),
        })
    };
    let failed = |error: hyper::Error| ConnectError::tcp(&error).at("cannot connect");
    if connection.is_http2 {
        let keepalive = pool.connector.http2_keepalive();
        let (sender, driver) = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .max_header_list_size(MAX_HEADER_BYTES as u32)
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .keep_alive_interval(keepalive)
            .keep_alive_timeout(keepalive.unwrap_or_default())
            .handshake(io)
            .await
            .map_err(failed)?;
        let mut driver = driver;
        let driver = std::future::poll_fn(move |context| {
            let end = Pin::new(&mut driver).poll(context);
            // The server may change its limit at any time.
            let limit = driver.current_max_send_streams().clamp(1, MAX_STREAMS);
            stream_limit.store(limit, Ordering::Relaxed);
            end
        });
        let driver = tokio::spawn(drive(driver, ended, permit));
        let connection = Http2Connection {
            sender,
            link: link(driver.abort_handle()),
        };
        pool.store_http2(&target, Some(&connection));
        return Ok(Opened::Http2(connection));
    }
    if target.version() == HttpVersion::Http2 {
        pool.store_http2(&target, None);
    }
    let (sender, driver) = http1::Builder::new()
        .allow_spaces_after_header_name_in_responses(true)
        .allow_obsolete_multiline_headers_in_responses(true)
        .ignore_invalid_headers_in_responses(true)
        .max_headers(MAX_HEADERS)
        .max_header_size(MAX_HEADER_BYTES)
        .max_buf_size(MAX_HEADER_BYTES)
        .handshake(io)
        .await
        .map_err(failed)?;
    let driver = tokio::spawn(drive(driver, ended, permit));
    Ok(Opened::Http1(Http1Connection {
        sender,
        link: link(driver.abort_handle()),
        unused_since: SystemTime::now(),
    }))
}

/// Drives a connection until it is closed.
pub(super) async fn drive(
    connection: impl Future<Output = Result<(), hyper::Error>>,
    ended: watch::Sender<ConnectionEnd>,
    permit: Permit,
) {
    let error = connection.await.err().map(Arc::new);
    ended.send_replace(ConnectionEnd::Closed(error));
    drop(permit);
}
