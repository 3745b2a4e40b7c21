//! How a connection is made: [`Connector`], straight or through a proxy, and [`Secured`], with TLS on top.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tower_service::Service;

use super::proxy::ProxyTable;
use super::{HttpVersion, TlsSettings};

type BoxError = Box<dyn std::error::Error + Send + Sync>;
type Connecting<T> = Pin<Box<dyn Future<Output = Result<T, BoxError>> + Send>>;

/// Connects to the host of a URL, or to the proxy on the way to it. TLS to the host itself comes on top.
#[derive(Clone, Debug)]
pub(super) struct Connector {
    direct: HttpConnector,
    proxied: Option<Proxied>,
}

#[derive(Clone, Debug)]
struct Proxied {
    table: Arc<ProxyTable>,
    /// To the proxy itself, which may want TLS of its own.
    connector: HttpsConnector<HttpConnector>,
}

impl Connector {
    pub(super) fn straight(direct: HttpConnector) -> Self {
        Connector {
            direct,
            proxied: None,
        }
    }

    /// A connector that uses the proxies of a table.
    pub(super) fn through(
        direct: HttpConnector,
        table: Arc<ProxyTable>,
        tls: rustls::ClientConfig,
    ) -> Self {
        let connector = HttpsConnector::from((direct.clone(), tls));
        Connector {
            direct,
            proxied: Some(Proxied { table, connector }),
        }
    }
}

impl Service<Uri> for Connector {
    type Response = Route;
    type Error = BoxError;
    type Future = Connecting<Route>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.direct.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, url: Uri) -> Self::Future {
        let hop = self.proxied.as_mut().and_then(|proxied| {
            let proxy = proxied.table.route(&url)?;
            Some((proxy, &mut proxied.connector))
        });
        match hop {
            None => {
                let connecting = self.direct.call(url);
                Box::pin(async move {
                    Ok(Route {
                        stream: MaybeHttpsStream::Http(connecting.await?),
                        is_forwarded: false,
                    })
                })
            }
            Some((proxy, connector)) if url.scheme() == Some(&http::uri::Scheme::HTTPS) => {
                let mut tunnel = Tunnel::new(proxy.uri().clone(), connector.clone());
                if let Some(authorization) = proxy.basic_auth() {
                    tunnel = tunnel.with_auth(authorization.clone());
                }
                let connecting = tunnel.call(url);
                Box::pin(async move {
                    Ok(Route {
                        stream: connecting.await?,
                        is_forwarded: false,
                    })
                })
            }
            Some((proxy, connector)) => {
                let connecting = connector.call(proxy.uri().clone());
                Box::pin(async move {
                    Ok(Route {
                        stream: connecting.await?,
                        is_forwarded: true,
                    })
                })
            }
        }
    }
}

/// A connection, to the host or to a proxy.
#[derive(Debug)]
pub(super) struct Route {
    stream: MaybeHttpsStream<TokioIo<TcpStream>>,
    /// Whether the other end is a proxy that forwards requests, and so must be given whole URLs.
    is_forwarded: bool,
}

impl Route {
    fn stream(self: Pin<&mut Self>) -> Pin<&mut MaybeHttpsStream<TokioIo<TcpStream>>> {
        Pin::new(&mut self.get_mut().stream)
    }
}

impl Connection for Route {
    fn connected(&self) -> Connected {
        self.stream.connected().proxy(self.is_forwarded)
    }
}

impl Read for Route {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        self.stream().poll_read(context, buffer)
    }
}

impl Write for Route {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.stream().poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.stream().poll_write_vectored(context, slices)
    }
}

/// TLS, set up when the first URL wants it: reading root certificates takes longer than many a call.
#[derive(Debug)]
pub(super) struct Tls {
    settings: TlsSettings,
    version: HttpVersion,
    config: OnceLock<Result<Arc<rustls::ClientConfig>, String>>,
}

impl Tls {
    pub(super) fn new(settings: TlsSettings, version: HttpVersion) -> Self {
        Tls {
            settings,
            version,
            config: OnceLock::new(),
        }
    }

    /// The settings as rustls takes them, or what is wrong with them.
    pub(super) fn config(&self) -> Result<&Arc<rustls::ClientConfig>, &str> {
        self.config
            .get_or_init(|| {
                let mut config = self.settings.to_rustls()?;
                if self.version == HttpVersion::Http2 {
                    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
                }
                Ok(Arc::new(config))
            })
            .as_ref()
            .map_err(String::as_str)
    }
}

/// A connector that puts TLS on top where a URL wants it.
#[derive(Clone, Debug)]
pub(super) struct Secured {
    connector: Connector,
    tls: Arc<Tls>,
}

impl Secured {
    pub(super) fn new(connector: Connector, tls: Arc<Tls>) -> Self {
        Secured { connector, tls }
    }
}

impl Service<Uri> for Secured {
    type Response = MaybeHttpsStream<Route>;
    type Error = BoxError;
    type Future = Connecting<Self::Response>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.connector.poll_ready(context)
    }

    fn call(&mut self, url: Uri) -> Self::Future {
        if url.scheme() != Some(&http::uri::Scheme::HTTPS) {
            let connecting = self.connector.call(url);
            return Box::pin(async move { Ok(MaybeHttpsStream::Http(connecting.await?)) });
        }
        match self.tls.config() {
            Ok(config) => {
                HttpsConnector::from((self.connector.clone(), Arc::clone(config))).call(url)
            }
            Err(message) => Box::pin(std::future::ready(Err(message.into()))),
        }
    }
}

/// A connector that gives up after a time: names, TCP, proxies and TLS together.
#[derive(Clone, Debug)]
pub(super) struct Limited<C> {
    pub(super) connector: C,
    pub(super) limit: Option<Duration>,
}

impl<C> Service<Uri> for Limited<C>
where
    C: Service<Uri, Error = BoxError>,
    C::Response: 'static,
    C::Future: Send + 'static,
{
    type Response = C::Response;
    type Error = BoxError;
    type Future = Connecting<C::Response>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.connector.poll_ready(context)
    }

    fn call(&mut self, url: Uri) -> Self::Future {
        let connecting = self.connector.call(url);
        match self.limit {
            None => Box::pin(connecting),
            Some(limit) => Box::pin(async move {
                tokio::time::timeout(limit, connecting)
                    .await
                    .unwrap_or_else(|_| {
                        let message = format!("it took longer than {limit:?}");
                        Err(io::Error::new(io::ErrorKind::TimedOut, message).into())
                    })
            }),
        }
    }
}
