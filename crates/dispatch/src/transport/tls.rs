//! [`TlsSettings`]: trusted certificates and client certificates.

use std::fmt;
use std::sync::{Arc, Once, OnceLock};

use inia_core::Secret;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use super::HttpVersion;
use super::certificate_verifier::{BundleVerifier, NoVerification};

/// The certificates that TLS trusts, and the client certificate for servers that request one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsSettings {
    /// Trusted certificates, instead of the built-in roots.
    pub ca_bundle: Option<Arc<CaBundle>>,
    /// Client certificates and their private key, all in PEM format.
    pub client_identity: Option<Secret>,
    /// Accept every certificate, which exposes requests and credentials to attackers who intercept connections.
    pub accept_invalid_certificates: bool,
}

/// Certificates that replace the built-in roots: certificate authorities, and servers' own certificates.
///
/// ```
/// # mod inia { pub mod transport { pub use inia_dispatch::*; } }
/// use inia::transport::CaBundle;
///
/// let error = CaBundle::from_pem(b"no certificate").unwrap_err();
/// assert_eq!(error.to_string(), "the CA bundle contains no certificate");
/// ```
pub struct CaBundle {
    certificates: Arc<[CertificateDer<'static>]>,
    verifier: Arc<BundleVerifier>,
}

impl CaBundle {
    /// Parses certificates in PEM format. Certificates that cannot be roots are ignored, as long as there is another.
    ///
    /// # Errors
    /// `Config`: not PEM, or no valid certificate.
    pub fn from_pem(pem: &[u8]) -> inia_core::Result<Self> {
        Self::parse(pem)
            .map_err(|message| inia_core::Error::new(inia_core::ErrorKind::Config, message))
    }

    fn parse(pem: &[u8]) -> Result<Self, String> {
        let mut roots = RootCertStore::empty();
        let mut certificates = Vec::new();
        let mut invalid = None;
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate =
                certificate.map_err(|error| format!("the CA bundle is not PEM: {error}"))?;
            match roots.add(certificate.clone()) {
                Ok(()) => certificates.push(certificate),
                Err(error) => invalid = Some(error),
            }
        }
        if let Some(error) = invalid {
            if roots.is_empty() {
                return Err(format!(
                    "the CA bundle contains an invalid certificate: {error}"
                ));
            }
            tracing::warn!(%error, "the CA bundle contains an invalid certificate, which is ignored");
        }
        if roots.is_empty() {
            return Err("the CA bundle contains no certificate".to_owned());
        }
        let certificates: Arc<[_]> = certificates.into();
        let verifier = BundleVerifier::new(webpki(roots)?, Arc::clone(&certificates));
        Ok(CaBundle {
            certificates,
            verifier: Arc::new(verifier),
        })
    }
}

impl PartialEq for CaBundle {
    fn eq(&self, other: &Self) -> bool {
        self.certificates == other.certificates
    }
}

impl Eq for CaBundle {}

impl fmt::Debug for CaBundle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CaBundle")
            .field("certificates", &self.certificates.len())
            .finish()
    }
}

/// Returns the cryptography of TLS.
fn crypto() -> Arc<CryptoProvider> {
    static PROVIDER: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    Arc::clone(PROVIDER.get_or_init(|| Arc::new(rustls::crypto::ring::default_provider())))
}

fn webpki(roots: RootCertStore) -> Result<Arc<WebPkiServerVerifier>, String> {
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), crypto())
        .build()
        .map_err(|error| format!("TLS cannot be set up: {error}"))
}

/// Returns the verifier for the built-in roots, which all transports share.
fn builtin_verifier() -> Result<Arc<dyn ServerCertVerifier>, String> {
    static VERIFIER: OnceLock<Result<Arc<WebPkiServerVerifier>, String>> = OnceLock::new();
    let verifier = VERIFIER.get_or_init(|| {
        webpki(RootCertStore {
            roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
        })
    });
    verifier
        .clone()
        .map(|verifier| verifier as Arc<dyn ServerCertVerifier>)
}

impl TlsSettings {
    /// Converts the settings to a rustls configuration.
    ///
    /// # Errors
    /// A message about the invalid setting.
    fn to_rustls(&self) -> Result<ClientConfig, String> {
        let verifier = if self.accept_invalid_certificates {
            warn_unverified();
            Arc::new(NoVerification(crypto())) as Arc<dyn ServerCertVerifier>
        } else {
            match &self.ca_bundle {
                Some(bundle) => Arc::clone(&bundle.verifier) as Arc<dyn ServerCertVerifier>,
                None => builtin_verifier()?,
            }
        };
        let config = ClientConfig::builder_with_provider(crypto())
            .with_safe_default_protocol_versions()
            .map_err(|error| format!("TLS cannot be set up: {error}"))?
            .dangerous()
            .with_custom_certificate_verifier(verifier);
        match &self.client_identity {
            None => Ok(config.with_no_client_auth()),
            Some(pem) => {
                let (certificates, key) = parse_identity(pem)?;
                config
                    .with_client_auth_cert(certificates, key)
                    .map_err(|error| {
                        format!("the client certificate and its key do not match: {error}")
                    })
            }
        }
    }
}

/// Warns once per process.
fn warn_unverified() {
    static WARNING: Once = Once::new();
    WARNING.call_once(|| {
        tracing::warn!("TLS certificates are not verified: an attacker who intercepts a connection can read its requests");
    });
}

type ClientIdentity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

fn parse_identity(pem: &Secret) -> Result<ClientIdentity, String> {
    let pem = pem.expose().as_bytes();
    let certificates = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| format!("the client certificate is not PEM: {error}"))?;
    if certificates.is_empty() {
        return Err("the client certificate file contains no certificate".to_owned());
    }
    let key = PrivateKeyDer::from_pem_slice(pem)
        .map_err(|error| format!("the client certificate's key cannot be read: {error}"))?;
    Ok((certificates, key))
}

/// rustls configurations for both HTTP versions, created for the first `https` URL.
#[derive(Debug)]
pub(super) struct LazyTlsConfig {
    settings: TlsSettings,
    configs: OnceLock<Result<TlsConfigs, String>>,
}

#[derive(Debug)]
struct TlsConfigs {
    http1: Arc<ClientConfig>,
    http2: Arc<ClientConfig>,
}

impl LazyTlsConfig {
    pub(super) fn new(settings: TlsSettings) -> Self {
        LazyTlsConfig {
            settings,
            configs: OnceLock::new(),
        }
    }

    /// Returns the rustls configuration, or a message if the settings are invalid.
    pub(super) fn config(&self, version: HttpVersion) -> Result<&Arc<ClientConfig>, &str> {
        let configs = self.configs.get_or_init(|| {
            let http1 = self.settings.to_rustls()?;
            let mut http2 = http1.clone();
            http2.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
            Ok(TlsConfigs {
                http1: Arc::new(http1),
                http2: Arc::new(http2),
            })
        });
        let configs = configs.as_ref().map_err(String::as_str)?;
        Ok(match version {
            HttpVersion::Http1 => &configs.http1,
            HttpVersion::Http2 | HttpVersion::Http2Only => &configs.http2,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_do_not_leak_the_key() {
        const NO_CERTIFICATE: &str =
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        let bundle_error = |pem: &str| CaBundle::from_pem(pem.as_bytes()).unwrap_err().to_string();
        assert_eq!(bundle_error("x"), "the CA bundle contains no certificate");
        assert!(
            bundle_error(NO_CERTIFICATE)
                .starts_with("the CA bundle contains an invalid certificate")
        );
        let configure = |client_identity: Option<&str>| {
            let settings = TlsSettings {
                client_identity: client_identity.map(Secret::from),
                ..TlsSettings::default()
            };
            assert!(!format!("{settings:?}").contains("PRIVATE"));
            settings.to_rustls().map(|_| ())
        };
        assert_eq!(configure(None), Ok(()));
        assert_eq!(
            configure(Some(
                "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"
            ))
            .unwrap_err(),
            "the client certificate file contains no certificate"
        );
        assert!(
            configure(Some(NO_CERTIFICATE))
                .unwrap_err()
                .starts_with("the client certificate's key cannot be read")
        );
    }
}
