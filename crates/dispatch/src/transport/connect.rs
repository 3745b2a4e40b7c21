//! [`Connector`]: how a connection is made, straight or through a proxy.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::Uri;
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tower_service::Service;

use super::proxy::ProxyTable;

pub(super) type BoxError = Box<dyn std::error::Error + Send + Sync>;
type Connecting<T> = Pin<Box<dyn Future<Output = Result<T, BoxError>> + Send>>;

/// A connection to the host, or to the proxy on the way to it.
pub(super) type Hop = MaybeHttpsStream<TokioIo<TcpStream>>;

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
    type Response = Hop;
    type Error = BoxError;
    type Future = Connecting<Hop>;

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
                Box::pin(async move { Ok(MaybeHttpsStream::Http(connecting.await?)) })
            }
            Some((proxy, connector)) if url.scheme() == Some(&http::uri::Scheme::HTTPS) => {
                let mut tunnel = Tunnel::new(proxy.uri().clone(), connector.clone());
                if let Some(authorization) = proxy.basic_auth() {
                    tunnel = tunnel.with_auth(authorization.clone());
                }
                let connecting = tunnel.call(url);
                Box::pin(async move { Ok(connecting.await?) })
            }
            Some((proxy, connector)) => connector.call(proxy.uri().clone()),
        }
    }
}
