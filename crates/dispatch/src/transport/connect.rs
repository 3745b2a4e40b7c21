//! [`Connector`]: connects to hosts over TCP and TLS, directly or through a proxy.

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderValue, Uri};
use hyper_util::client::legacy::connect::HttpConnector;
use rustls_pki_types::ServerName;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tower_service::Service as _;

use super::failure::ConnectError;
use super::proxy::{Proxy, ProxyScheme, ProxyTable};
use super::socket::{ByteChannel, Socket};
use super::target::Target;
use super::tls::LazyTlsConfig;
use super::{HttpVersion, TransportSettings, tunnel};

/// Connects to hosts.
#[derive(Debug)]
pub(super) struct Connector {
    tcp: HttpConnector,
    tls: LazyTlsConfig,
    proxies: Option<ProxyTable>,
    /// TLS with proxies whose URL is `https`.
    proxy_tls: LazyTlsConfig,
    timeout: Option<Duration>,
    http2_keepalive: Option<Duration>,
}

/// An established connection.
pub(super) struct HostConnection {
    pub(super) channel: Box<dyn ByteChannel>,
    pub(super) socket: Socket,
    /// True if the connection uses HTTP/2: the host chose it during the TLS handshake, or it is used without negotiation.
    pub(super) is_http2: bool,
    /// Set if the peer is a forwarding proxy, which requires absolute URLs in requests.
    pub(super) forwarding: Option<Forwarding>,
}

/// Facts about the forwarding proxy of a connection.
#[derive(Debug)]
pub(super) struct Forwarding {
    pub(super) authorization: Option<HeaderValue>,
}

impl Connector {
    /// Creates a connector.
    ///
    /// # Errors
    /// A message about an invalid proxy URL.
    pub(super) fn new(settings: &TransportSettings) -> Result<Self, String> {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(settings.connect_timeout);
        if settings.tcp_keepalive {
            tcp.set_keepalive(Some(Duration::from_secs(60)));
        }
        Ok(Connector {
            tcp,
            tls: LazyTlsConfig::new(settings.tls.clone()),
            proxies: ProxyTable::new(&settings.proxy)?,
            proxy_tls: LazyTlsConfig::new(settings.proxy.tls.clone()),
            timeout: settings.connect_timeout,
            http2_keepalive: settings.http2_keepalive,
        })
    }

    /// Returns the time limit for connecting.
    pub(super) fn timeout(&self) -> Option<Duration> {
        self.timeout
    }

    /// Returns the interval between pings on a silent connection of HTTP/2.
    pub(super) fn http2_keepalive(&self) -> Option<Duration> {
        self.http2_keepalive
    }

    /// Connects to a host. The time limit is for DNS, TCP, proxy and TLS together.
    pub(super) async fn connect(&self, target: &Target) -> Result<HostConnection, ConnectError> {
        let connecting = self.establish(target);
        let Some(limit) = self.timeout else {
            return connecting.await;
        };
        tokio::time::timeout(limit, connecting)
            .await
            .unwrap_or_else(|_| Err(ConnectError::timeout(limit)))
    }

    async fn establish(&self, target: &Target) -> Result<HostConnection, ConnectError> {
        let (host, port) = (target.host(), target.port());
        let proxy = self
            .proxies
            .as_ref()
            .and_then(|proxies| proxies.proxy_for(target.is_tls(), host, port));
        // Invalid settings are reported before anything is sent.
        let tls = target
            .is_tls()
            .then(|| self.tls.config(target.version()))
            .transpose()
            .map_err(ConnectError::config)?;
        let (channel, socket) = match proxy {
            None => {
                let socket = self
                    .open(host, port)
                    .await
                    .map_err(|error| error.at("cannot connect"))?;
                (Box::new(socket.clone()) as Box<dyn ByteChannel>, socket)
            }
            Some(proxy) => self.open_through(proxy, target).await?,
        };
        let Some(tls) = tls else {
            let is_http2 = target.has_prior_knowledge();
            let forwarding = proxy
                .filter(|proxy| !proxy.is_socks() && !is_http2)
                .map(|proxy| Forwarding {
                    authorization: proxy.authorization(),
                });
            return Ok(HostConnection {
                channel,
                socket,
                is_http2,
                forwarding,
            });
        };
        let stream = handshake(tls, host, channel)
            .await
            .map_err(|error| error.at("cannot connect"))?;
        let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
        if !is_http2 && target.version() == HttpVersion::Http2Only {
            return Err(ConnectError::refused(
                "the host does not support HTTP/2, which an input event stream requires",
                true,
            ));
        }
        Ok(HostConnection {
            channel: Box::new(stream),
            socket,
            is_http2,
            forwarding: None,
        })
    }

    /// Connects to a proxy, and opens a tunnel unless the proxy forwards the requests.
    async fn open_through(
        &self,
        proxy: &Proxy,
        target: &Target,
    ) -> Result<(Box<dyn ByteChannel>, Socket), ConnectError> {
        let socket = self
            .open(&proxy.host, proxy.port)
            .await
            .map_err(|error| error.at(format_args!("cannot connect to the proxy {proxy}")))?;
        let mut channel: Box<dyn ByteChannel> = Box::new(socket.clone());
        let (host, port) = (target.host(), target.port());
        let tunnel = match proxy.scheme {
            ProxyScheme::Socks5 | ProxyScheme::Socks5h => {
                tunnel::open_socks5(&mut channel, proxy, host, port).await
            }
            // Proxies do not forward HTTP/2.
            ProxyScheme::Http if !target.is_tls() && !target.has_prior_knowledge() => Ok(()),
            ProxyScheme::Http => tunnel::open_http(&mut channel, proxy, host, port).await,
            ProxyScheme::Https => {
                let tls = self.proxy_tls.config(HttpVersion::Http1);
                let tls = tls.map_err(ConnectError::config)?;
                let stream = handshake(tls, &proxy.host, channel)
                    .await
                    .map_err(|error| {
                        error.at(format_args!("cannot connect to the proxy {proxy}"))
                    })?;
                channel = Box::new(stream);
                if target.is_tls() || target.has_prior_knowledge() {
                    tunnel::open_http(&mut channel, proxy, host, port).await
                } else {
                    Ok(())
                }
            }
        };
        tunnel.map_err(|error| error.of(format_args!("the proxy {proxy}")))?;
        Ok((channel, socket))
    }

    /// Opens a TCP connection. Addresses of both families are tried (Happy Eyeballs).
    async fn open(&self, host: &str, port: u16) -> Result<Socket, ConnectError> {
        let address = format!("http://{host}:{port}/");
        let address = Uri::try_from(address)
            .map_err(|error| ConnectError::config(&format!("invalid host {host:?}: {error}")))?;
        let stream = self
            .tcp
            .clone()
            .call(address)
            .await
            .map_err(|error| ConnectError::tcp(&error))?;
        Ok(Socket::new(stream.into_inner()))
    }
}

/// Performs a TLS handshake with a host.
async fn handshake(
    config: &Arc<rustls::ClientConfig>,
    host: &str,
    channel: Box<dyn ByteChannel>,
) -> Result<TlsStream<Box<dyn ByteChannel>>, ConnectError> {
    let name = host.trim_matches(['[', ']']).to_owned();
    let name = ServerName::try_from(name)
        .map_err(|_| ConnectError::config(&format!("{host:?} is not a valid name for TLS")))?;
    TlsConnector::from(Arc::clone(config))
        .connect(name, channel)
        .await
        .map_err(|error| ConnectError::tls(&error))
}
