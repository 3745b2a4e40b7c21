//! [`Pool`]: connections kept for the next request to the same host.
//!
//! hyper-util's pool gives each connection a task, and each request another one that waits until its connection is free again. Here
//! whoever waits for an answer moves the connection's bytes himself ([`Link`]): no task wakes another, and a call that is dropped
//! takes its connection with it.

use std::collections::HashMap;
use std::future::poll_fn;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::header::{HOST, HeaderValue, PROXY_AUTHORIZATION};
use http::uri::Scheme;
use http::{Request, Response, Uri};
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::{Connection as _, HttpConnector};
use hyper_util::rt::TokioExecutor;
use tokio::time::Instant;
use tower_service::Service;

use super::body::RequestBody;
use super::connect::{BoxError, Connector};
use super::link::Link;
use super::proxy::ProxyTable;
use super::{HttpVersion, TransportSettings};

/// How long a connection is kept without a request.
const IDLE: Duration = Duration::from_secs(60);

/// How connections are made, and those that wait for a request.
pub(super) struct Pool {
    connector: HttpsConnector<Connector>,
    connect_timeout: Option<Duration>,
    max_idle: usize,
    proxies: Option<Arc<ProxyTable>>,
    hosts: Mutex<Hosts>,
}

struct Hosts {
    /// By scheme and authority, as URLs begin.
    by_origin: HashMap<Box<str>, Arc<Host>>,
    /// When those that nobody asks for any more were last let go.
    swept: Instant,
}

/// A host with the connections to it that are free.
pub(super) struct Host {
    origin: Uri,
    /// Its `host` header.
    header: HeaderValue,
    /// Set where a proxy forwards the requests: it is given whole URLs.
    forwarding: Option<Forwarding>,
    max_idle: usize,
    /// The one used last is the last.
    idle: Mutex<Vec<Idle>>,
}

struct Forwarding {
    authorization: Option<HeaderValue>,
}

struct Idle {
    connection: Connection,
    since: Instant,
}

enum Connection {
    /// HTTP/1.1: one request at a time.
    Http1(Box<Link>),
    /// HTTP/2: as many at a time as the server takes; a task moves the bytes.
    Http2(http2::SendRequest<RequestBody>),
}

/// Why there is no answer.
pub(super) enum Failure {
    /// The URL is none.
    Url(http::Error),
    /// No connection could be made.
    Connect(BoxError),
    /// The connection broke.
    Exchange(hyper::Error),
}

/// The connection that the body of an answer is still to come over; it is free when the body is there.
pub(super) struct Lease {
    pub(super) link: Box<Link>,
    host: Arc<Host>,
}

impl Lease {
    /// Keeps the connection for the next request, if it is good for another.
    pub(super) fn end(self) {
        if self.link.is_ready() {
            self.host.keep(Connection::Http1(self.link));
        }
    }
}

impl Pool {
    pub(super) fn new(settings: &TransportSettings, version: HttpVersion) -> Result<Self, String> {
        let mut direct = HttpConnector::new();
        direct.enforce_http(false);
        direct.set_nodelay(true);
        direct.set_connect_timeout(settings.connect_timeout);
        if settings.tcp_keepalive {
            direct.set_keepalive(Some(Duration::from_secs(60)));
        }
        let proxies = ProxyTable::new(&settings.proxy)?.map(Arc::new);
        let connector = match &proxies {
            None => Connector::straight(direct),
            Some(table) => {
                let tls = settings.proxy.tls.to_rustls()?;
                Connector::through(direct, Arc::clone(table), tls)
            }
        };
        let builder = HttpsConnectorBuilder::new()
            .with_tls_config(settings.tls.to_rustls()?)
            .https_or_http();
        let connector = match version {
            HttpVersion::Http1 => builder.enable_http1().wrap_connector(connector),
            HttpVersion::Http2 => builder.enable_all_versions().wrap_connector(connector),
        };
        Ok(Pool {
            connector,
            connect_timeout: settings.connect_timeout,
            max_idle: settings.max_idle_per_host,
            proxies,
            hosts: Mutex::new(Hosts {
                by_origin: HashMap::new(),
                swept: Instant::now(),
            }),
        })
    }

    /// Sends a request, which needs no URL or `host` of its own, and waits for the head of the answer.
    ///
    /// A kept connection may turn out to have been closed: as long as nothing of the request was written, another one takes it.
    pub(super) async fn send(
        &self,
        url: &str,
        mut request: Request<RequestBody>,
    ) -> Result<(Response<Incoming>, Option<Lease>), Failure> {
        let (origin, target) = split(url);
        let host = self.host(origin)?;
        loop {
            let (connection, is_reused) = match host.take() {
                Some(connection) => (connection, true),
                // Boxed, as all that is rare: its room is not taken by each call.
                None => (Box::pin(self.connect(&host)).await?, false),
            };
            let mut failed = match connection {
                Connection::Http1(mut link) => {
                    host.address(&mut request, url, target)?;
                    match link.exchange(request).await {
                        Ok(response) => return Ok((response, Some(Lease { link, host }))),
                        Err(failed) => failed,
                    }
                }
                Connection::Http2(mut sender) => {
                    *request.uri_mut() = parse(url)?;
                    match Box::pin(sender.try_send_request(request)).await {
                        Ok(response) => return Ok((response, None)),
                        Err(failed) => failed,
                    }
                }
            };
            match failed.take_message() {
                Some(unsent) if is_reused => request = unsent,
                _ => return Err(Failure::Exchange(failed.into_error())),
            }
        }
    }

    /// What is known of the host that a URL begins with.
    fn host(&self, origin: &str) -> Result<Arc<Host>, Failure> {
        let mut hosts = lock(&self.hosts);
        if let Some(host) = hosts.by_origin.get(origin) {
            return Ok(Arc::clone(host));
        }
        let host = Arc::new(Host::new(origin, self.proxies.as_deref(), self.max_idle)?);
        hosts.sweep();
        hosts.by_origin.insert(origin.into(), Arc::clone(&host));
        Ok(host)
    }

    async fn connect(&self, host: &Host) -> Result<Connection, Failure> {
        let mut connector = self.connector.clone();
        let connecting = async {
            poll_fn(|context| connector.poll_ready(context)).await?;
            connector.call(host.origin.clone()).await
        };
        // Names, TCP, proxies and TLS together.
        let stream = match self.connect_timeout {
            None => connecting.await,
            Some(limit) => tokio::time::timeout(limit, connecting)
                .await
                .unwrap_or_else(|_| {
                    let message = format!("it took longer than {limit:?}");
                    Err(io::Error::new(io::ErrorKind::TimedOut, message).into())
                }),
        };
        let stream = stream.map_err(Failure::Connect)?;
        let failed = |error: hyper::Error| Failure::Connect(error.into());
        if !stream.connected().is_negotiated_h2() {
            let (sender, connection) = http1::handshake(stream).await.map_err(failed)?;
            let link = Link::new(sender, connection);
            return Ok(Connection::Http1(Box::new(link)));
        }
        let handshake = http2::handshake(TokioExecutor::new(), stream).await;
        let (sender, connection) = handshake.map_err(failed)?;
        // What goes wrong with it is told to those who wait for answers.
        tokio::spawn(async { drop(connection.await) });
        host.keep(Connection::Http2(sender.clone()));
        Ok(Connection::Http2(sender))
    }
}

impl Hosts {
    /// Lets go of hosts, now and then, whose connections were all kept too long.
    fn sweep(&mut self) {
        let now = Instant::now();
        if now - self.swept < IDLE {
            return;
        }
        self.swept = now;
        self.by_origin.retain(|_, host| {
            let mut idle = lock(&host.idle);
            idle.retain(|idle| now - idle.since < IDLE);
            !idle.is_empty() || Arc::strong_count(host) > 1
        });
    }
}

impl Host {
    fn new(origin: &str, proxies: Option<&ProxyTable>, max_idle: usize) -> Result<Self, Failure> {
        let origin = parse(origin)?;
        let name = origin.host().unwrap_or_default();
        let is_tls = origin.scheme() == Some(&Scheme::HTTPS);
        let header = match origin.port_u16() {
            Some(port) if port != if is_tls { 443 } else { 80 } => format!("{name}:{port}"),
            _ => name.to_owned(),
        };
        let header = HeaderValue::try_from(header).map_err(|error| Failure::Url(error.into()))?;
        // HTTPS goes through proxies in tunnels, which are nothing to a request.
        let proxy = proxies
            .filter(|_| !is_tls)
            .and_then(|proxies| proxies.route(&origin));
        let forwarding = proxy.map(|proxy| Forwarding {
            authorization: proxy.basic_auth().cloned(),
        });
        Ok(Host {
            origin,
            header,
            forwarding,
            max_idle,
            idle: Mutex::default(),
        })
    }

    /// Gives a request the target and the headers that the other end of a connection wants.
    fn address(
        &self,
        request: &mut Request<RequestBody>,
        url: &str,
        target: &str,
    ) -> Result<(), Failure> {
        *request.uri_mut() = match (&self.forwarding, target) {
            (Some(_), _) => parse(url)?,
            (None, "" | "/") => Uri::default(),
            (None, target) if target.starts_with('/') => parse(target)?,
            (None, query) => parse(&format!("/{query}"))?,
        };
        let headers = request.headers_mut();
        headers.entry(HOST).or_insert_with(|| self.header.clone());
        if let Some(authorization) = self
            .forwarding
            .as_ref()
            .and_then(|f| f.authorization.as_ref())
        {
            headers.insert(PROXY_AUTHORIZATION, authorization.clone());
        }
        Ok(())
    }

    fn take(&self) -> Option<Connection> {
        let mut idle = lock(&self.idle);
        let now = Instant::now();
        while let Some(Idle { connection, since }) = idle.pop() {
            if now - since > IDLE {
                // Those before it were kept even longer.
                idle.clear();
                return None;
            }
            match &connection {
                Connection::Http1(link) if link.is_ready() => return Some(connection),
                Connection::Http2(sender) if !sender.is_closed() => {
                    let again = Connection::Http2(sender.clone());
                    idle.push(Idle {
                        connection: again,
                        since: now,
                    });
                    return Some(connection);
                }
                _ => {}
            }
        }
        None
    }

    fn keep(&self, connection: Connection) {
        let mut idle = lock(&self.idle);
        if idle.len() < self.max_idle {
            let since = Instant::now();
            idle.push(Idle { connection, since });
        }
    }
}

/// Where a URL's scheme and authority end, and what comes after them begins.
fn split(url: &str) -> (&str, &str) {
    let authority = url.find("://").map_or(0, |at| at + 3);
    let rest = url.get(authority..).unwrap_or_default();
    let length = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    url.split_at_checked(authority + length)
        .unwrap_or((url, ""))
}

fn parse(url: &str) -> Result<Uri, Failure> {
    Uri::try_from(url).map_err(|error| Failure::Url(error.into()))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing that runs under these locks leaves its content half-changed.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_split_behind_the_authority() {
        for (url, expected) in [
            ("http://a:1/b?c", ("http://a:1", "/b?c")),
            ("https://a", ("https://a", "")),
            ("http://a?b/c", ("http://a", "?b/c")),
            ("http://[::1]:2/", ("http://[::1]:2", "/")),
            ("a/b", ("a", "/b")),
            ("", ("", "")),
        ] {
            assert_eq!(split(url), expected, "{url}");
        }
    }

    #[test]
    fn hosts_are_named_without_the_port_that_goes_without_saying() {
        for (origin, expected) in [
            ("http://a.example:80", "a.example"),
            ("https://a.example:443", "a.example"),
            ("https://a.example:80", "a.example:80"),
            ("http://user@[::1]:5000", "[::1]:5000"),
        ] {
            let host = Host::new(origin, None, 1).ok().unwrap();
            assert_eq!(host.header, expected, "{origin}");
        }
        for origin in ["", "http://", "http://a b"] {
            assert!(
                matches!(Host::new(origin, None, 1), Err(Failure::Url(_))),
                "{origin}"
            );
        }
    }
}
