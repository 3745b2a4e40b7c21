//! [`TransportSettings`]: connection settings.

use std::iter;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use inia_core::config::{ClientCertificate, ClientSettings, Config};
use inia_core::ports::Host;
use inia_core::{Error, ErrorKind, Result, Secret};
use zeroize::Zeroizing;

use super::{CaBundle, ProxySettings, TlsSettings};

/// Connection settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransportSettings {
    /// Time limit for establishing a connection, including the proxy tunnel and TLS.
    pub connect_timeout: Option<Duration>,
    /// Maximum number of open connections, at least 1. A connection is in use until the response body has been read or dropped, and
    /// further requests wait in order. Requests share a connection of HTTP/2.
    pub max_connections: usize,
    /// True to send TCP keep-alive probes.
    pub tcp_keepalive: bool,
    /// Interval between pings on a connection of HTTP/2 that has requests and from which nothing arrives. It is closed if a ping is
    /// not answered within the same time. `None` for no pings.
    pub http2_keepalive: Option<Duration>,
    /// TLS settings.
    pub tls: TlsSettings,
    /// Proxy settings.
    pub proxy: ProxySettings,
}

/// Default interval between pings on a silent connection of HTTP/2.
const HTTP2_KEEPALIVE: Duration = Duration::from_secs(30);

impl Default for TransportSettings {
    fn default() -> Self {
        TransportSettings {
            connect_timeout: Some(Duration::from_secs(60)),
            max_connections: 500,
            tcp_keepalive: false,
            http2_keepalive: Some(HTTP2_KEEPALIVE),
            tls: TlsSettings::default(),
            proxy: ProxySettings::default(),
        }
    }
}

impl TransportSettings {
    /// Converts a client's settings, and reads the certificate files that they name. `read_bundle` reads a CA bundle, which the setting of
    /// this name names.
    ///
    /// # Errors
    /// `Config`: a file cannot be read, or a setting is not supported.
    pub(super) fn for_client(
        host: &Host,
        settings: &ClientSettings,
        read_bundle: impl Fn(&str, &Path) -> Result<Arc<CaBundle>>,
    ) -> Result<Self> {
        let proxy = &settings.proxies_config;
        if proxy.proxy_use_forwarding_for_https == Some(true) && !settings.proxies.0.is_empty() {
            // DIFFERENCE: botocore can send HTTPS requests to a forwarding proxy, which can then read them. Here they always go through a
            // tunnel.
            let message = "proxy_use_forwarding_for_https is not supported: HTTPS requests always go through a tunnel; remove the setting";
            return Err(Error::new(ErrorKind::Config, message));
        }
        let bundle = |setting: &str, path: Option<&Path>| {
            path.filter(|_| settings.verify)
                .map(|path| read_bundle(setting, path))
                .transpose()
        };
        let ca_bundle = bundle("ca_bundle", settings.ca_bundle.as_deref())?;
        let proxy_ca_bundle = bundle("proxy_ca_bundle", proxy.proxy_ca_bundle.as_deref())?;
        Ok(TransportSettings {
            connect_timeout: Some(settings.connect_timeout),
            max_connections: settings.max_pool_connections,
            tcp_keepalive: settings.tcp_keepalive,
            http2_keepalive: Some(HTTP2_KEEPALIVE),
            proxy: ProxySettings {
                proxies: settings.proxies.clone(),
                no_proxy: settings.no_proxy.clone(),
                tls: TlsSettings {
                    ca_bundle: proxy_ca_bundle.or_else(|| ca_bundle.clone()),
                    client_identity: client_identity(
                        host,
                        "proxy_client_cert",
                        proxy.proxy_client_cert.as_ref(),
                    )?,
                    accept_invalid_certificates: !settings.verify,
                },
            },
            tls: TlsSettings {
                ca_bundle,
                client_identity: client_identity(
                    host,
                    "client_cert",
                    settings.client_cert.as_ref(),
                )?,
                accept_invalid_certificates: !settings.verify,
            },
        })
    }
}

/// Returns the names of the options that only the transport can honor.
pub(super) fn transport_options(config: &Config) -> Vec<&'static str> {
    let has_proxies = config
        .proxies
        .as_ref()
        .is_some_and(|proxies| !proxies.0.is_empty());
    [
        ("ca_bundle", config.ca_bundle.is_some()),
        ("client_cert", config.client_cert.is_some()),
        ("connect_timeout", config.connect_timeout.is_some()),
        (
            "max_pool_connections",
            config.max_pool_connections.is_some(),
        ),
        ("proxies", has_proxies),
        ("proxies_config", config.proxies_config.is_some()),
        ("tcp_keepalive", config.tcp_keepalive == Some(true)),
        ("verify", config.verify == Some(false)),
    ]
    .into_iter()
    .filter_map(|(name, is_set)| is_set.then_some(name))
    .collect()
}

pub(super) fn read_file(host: &Host, setting: &str, path: &Path) -> Result<Vec<u8>> {
    host.files.read(path).map_err(|error| {
        let message = format!("{setting}: {} cannot be read", path.display());
        Error::new(ErrorKind::Config, message).with_source(error)
    })
}

/// Reads a client certificate and its key, concatenated.
fn client_identity(
    host: &Host,
    setting: &str,
    certificate: Option<&ClientCertificate>,
) -> Result<Option<Secret>> {
    let Some(ClientCertificate { certificate, key }) = certificate else {
        return Ok(None);
    };
    let mut pem = Zeroizing::new(Vec::new());
    for path in iter::once(certificate).chain(key) {
        let file = Zeroizing::new(read_file(host, setting, path)?);
        pem.extend_from_slice(&file);
        pem.push(b'\n');
    }
    let text = str::from_utf8(&pem).map_err(|_| {
        let message = format!("{setting}: {} is not PEM", certificate.display());
        Error::new(ErrorKind::Config, message)
    })?;
    Ok(Some(Secret::from(text)))
}
