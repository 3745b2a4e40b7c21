//! [`TransportSettings`]: connection settings.

use std::iter;
use std::path::Path;
use std::time::Duration;

use inia_core::config::{ClientCertificate, ClientSettings};
use inia_core::ports::Host;
use inia_core::{Error, ErrorKind, Result, Secret};
use zeroize::Zeroizing;

use super::{ProxySettings, TlsSettings};

/// Connection settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransportSettings {
    /// Time limit for establishing a connection, including the proxy tunnel and TLS.
    pub connect_timeout: Option<Duration>,
    /// Maximum number of idle connections per host.
    pub max_idle_per_host: usize,
    /// True to send TCP keep-alive probes.
    pub tcp_keepalive: bool,
    /// TLS settings.
    pub tls: TlsSettings,
    /// Proxy settings.
    pub proxy: ProxySettings,
}

impl Default for TransportSettings {
    fn default() -> Self {
        TransportSettings {
            connect_timeout: Some(Duration::from_secs(60)),
            max_idle_per_host: 10,
            tcp_keepalive: false,
            tls: TlsSettings::default(),
            proxy: ProxySettings::default(),
        }
    }
}

impl TransportSettings {
    /// Converts a client's settings, and reads the certificate files that they name.
    ///
    /// # Errors
    /// `Config`: a file cannot be read, or a setting is not supported.
    pub(crate) fn for_client(host: &Host, settings: &ClientSettings) -> Result<Self> {
        let proxy = &settings.proxies_config;
        if proxy.use_forwarding_for_https == Some(true) && !settings.proxies.0.is_empty() {
            // DIFFERENCE: botocore can send HTTPS requests to a forwarding proxy, which can then read them. Here they always go through a
            // tunnel.
            let message = "proxy_use_forwarding_for_https is not supported: HTTPS requests always go through a tunnel; remove the setting";
            return Err(Error::new(ErrorKind::Config, message));
        }
        Ok(TransportSettings {
            connect_timeout: Some(settings.connect_timeout),
            max_idle_per_host: settings.max_pool_connections,
            tcp_keepalive: settings.tcp_keepalive,
            tls: TlsSettings {
                ca_bundle: certificates(host, "ca_bundle", settings.ca_bundle.as_deref())?,
                client_identity: client_identity(
                    host,
                    "client_cert",
                    settings.client_cert.as_ref(),
                )?,
            },
            proxy: ProxySettings {
                proxies: settings.proxies.clone(),
                no_proxy: settings.no_proxy.clone(),
                tls: TlsSettings {
                    ca_bundle: certificates(host, "proxy_ca_bundle", proxy.ca_bundle.as_deref())?,
                    client_identity: client_identity(
                        host,
                        "proxy_client_cert",
                        proxy.client_certificate.as_ref(),
                    )?,
                },
            },
        })
    }
}

fn certificates(host: &Host, setting: &str, path: Option<&Path>) -> Result<Option<Vec<u8>>> {
    let read = |path: &Path| {
        host.files.read(path).map_err(|error| {
            let message = format!("{setting}: {} cannot be read", path.display());
            Error::new(ErrorKind::Config, message).with_source(error)
        })
    };
    path.map(read).transpose()
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
        let file = certificates(host, setting, Some(path))?.map(Zeroizing::new);
        pem.extend_from_slice(file.as_deref().map_or(&[], Vec::as_slice));
        pem.push(b'\n');
    }
    let text = str::from_utf8(&pem).map_err(|_| {
        let message = format!("{setting}: {} is not PEM", certificate.display());
        Error::new(ErrorKind::Config, message)
    })?;
    Ok(Some(Secret::from(text)))
}
