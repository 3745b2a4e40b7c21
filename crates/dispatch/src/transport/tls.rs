//! [`TlsSettings`]: root certificates and client certificates.

use std::sync::Arc;

use inia_core::Secret;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

/// The root certificates that TLS trusts, and the client certificate for servers that request one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsSettings {
    /// Root certificates in PEM format, instead of the built-in ones.
    pub ca_bundle: Option<Vec<u8>>,
    /// Client certificates and their private key, all in PEM format.
    pub client_identity: Option<Secret>,
}

impl TlsSettings {
    /// Converts the settings to a rustls configuration.
    ///
    /// # Errors
    /// A message about the invalid setting.
    pub(super) fn to_rustls(&self) -> Result<ClientConfig, String> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| format!("TLS cannot be set up: {error}"))?
            .with_root_certificates(self.roots()?);
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

    fn roots(&self) -> Result<RootCertStore, String> {
        let mut roots = RootCertStore::empty();
        let Some(bundle) = &self.ca_bundle else {
            roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
            return Ok(roots);
        };
        for certificate in CertificateDer::pem_slice_iter(bundle) {
            let certificate =
                certificate.map_err(|error| format!("the CA bundle is not PEM: {error}"))?;
            roots.add(certificate).map_err(|error| {
                format!("the CA bundle contains an invalid certificate: {error}")
            })?;
        }
        if roots.is_empty() {
            return Err("the CA bundle contains no certificate".to_owned());
        }
        Ok(roots)
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_do_not_leak_the_key() {
        let configure = |ca_bundle: Option<&str>, client_identity: Option<&str>| {
            let settings = TlsSettings {
                ca_bundle: ca_bundle.map(|text| text.as_bytes().to_vec()),
                client_identity: client_identity.map(Secret::from),
            };
            assert!(!format!("{settings:?}").contains("PRIVATE"));
            settings.to_rustls().map(|_| ())
        };
        const NO_CERTIFICATE: &str =
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        let error = |result: Result<(), String>| result.unwrap_err();
        assert_eq!(configure(None, None), Ok(()));
        assert_eq!(
            error(configure(Some("x"), None)),
            "the CA bundle contains no certificate"
        );
        assert!(
            error(configure(Some(NO_CERTIFICATE), None))
                .starts_with("the CA bundle contains an invalid certificate")
        );
        assert_eq!(
            error(configure(
                None,
                Some("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
            )),
            "the client certificate file contains no certificate"
        );
        assert!(
            error(configure(None, Some(NO_CERTIFICATE)))
                .starts_with("the client certificate's key cannot be read")
        );
    }
}
