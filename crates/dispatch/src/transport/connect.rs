//! Connectors for hyper: [`ProxyConnector`] (TCP, direct or through a proxy), [`TlsConnector`], and [`TimeoutConnector`].

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

/// Connects to the host of a URL, or to the proxy for it. TLS to the host is up to [`TlsConnector`].
#[derive(Clone, Debug)]
pub(super) struct ProxyConnector {
    direct: HttpConnector,
    proxied: Option<Proxied>,
}

#[derive(Clone, Debug)]
struct Proxied {
    table: Arc<ProxyTable>,
    /// Connects to the proxy, with TLS if the proxy's URL is `https`.
    connector: HttpsConnector<HttpConnector>,
}

impl ProxyConnector {
    pub(super) fn direct(direct: HttpConnector) -> Self {
        ProxyConnector {
            direct,
            proxied: None,
        }
    }

    /// Returns a connector that uses the proxies of a table.
    pub(super) fn with_proxies(
        direct: HttpConnector,
        table: Arc<ProxyTable>,
        tls: rustls::ClientConfig,
    ) -> Self {
        let connector = HttpsConnector::from((direct.clone(), tls));
        ProxyConnector {
            direct,
            proxied: Some(Proxied { table, connector }),
        }
    }
}

impl Service<Uri> for ProxyConnector {
    type Response = HostStream;
    type Error = BoxError;
    type Future = Connecting<HostStream>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.direct.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, url: Uri) -> Self::Future {
        let proxy = self.proxied.as_mut().and_then(|proxied| {
            let proxy = proxied.table.proxy_for(&url)?;
            Some((proxy, &mut proxied.connector))
        });
        match proxy {
            None => {
                let connecting = self.direct.call(url);
                Box::pin(async move {
                    Ok(HostStream {
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
                    Ok(HostStream {
                        stream: connecting.await?,
                        is_forwarded: false,
                    })
                })
            }
            Some((proxy, connector)) => {
                let connecting = connector.call(proxy.uri().clone());
                Box::pin(async move {
                    Ok(HostStream {
                        stream: connecting.await?,
                        is_forwarded: true,
                    })
                })
            }
        }
    }
}

/// A connection to a host, direct or through a proxy.
#[derive(Debug)]
pub(super) struct HostStream {
    stream: MaybeHttpsStream<TokioIo<TcpStream>>,
    /// True if the peer is a forwarding proxy, which requires absolute URLs in requests.
    is_forwarded: bool,
}

impl HostStream {
    fn stream(self: Pin<&mut Self>) -> Pin<&mut MaybeHttpsStream<TokioIo<TcpStream>>> {
        Pin::new(&mut self.get_mut().stream)
    }
}

impl Connection for HostStream {
    fn connected(&self) -> Connected {
        self.stream.connected().proxy(self.is_forwarded)
    }
}

impl Read for HostStream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        self.stream().poll_read(context, buffer)
    }
}

impl Write for HostStream {
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

/// TLS configuration, created for the first `https` URL, because loading root certificates is slow.
#[derive(Debug)]
pub(super) struct LazyTlsConfig {
    settings: TlsSettings,
    version: HttpVersion,
    config: OnceLock<Result<Arc<rustls::ClientConfig>, String>>,
}

impl LazyTlsConfig {
    pub(super) fn new(settings: TlsSettings, version: HttpVersion) -> Self {
        LazyTlsConfig {
            settings,
            version,
            config: OnceLock::new(),
        }
    }

    /// Returns the rustls configuration, or a message if the settings are invalid.
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

/// A connector that adds TLS for `https` URLs.
#[derive(Clone, Debug)]
pub(super) struct TlsConnector {
    connector: ProxyConnector,
    tls: Arc<LazyTlsConfig>,
}

impl TlsConnector {
    pub(super) fn new(connector: ProxyConnector, tls: Arc<LazyTlsConfig>) -> Self {
        TlsConnector { connector, tls }
    }
}

impl Service<Uri> for TlsConnector {
    type Response = MaybeHttpsStream<HostStream>;
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

/// A connector with a time limit for DNS, TCP, proxy and TLS together.
#[derive(Clone, Debug)]
pub(super) struct TimeoutConnector<C> {
    pub(super) connector: C,
    pub(super) limit: Option<Duration>,
}

impl<C> Service<Uri> for TimeoutConnector<C>
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
                        let message = format!("no connection within {limit:?}");
                        Err(io::Error::new(io::ErrorKind::TimedOut, message).into())
                    })
            }),
        }
    }
}
