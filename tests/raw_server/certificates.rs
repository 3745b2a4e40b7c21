//! Servers that require client certificates.

use std::sync::Arc;

use inia::config::ClientCertificate;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{SHORT, server};

/// Files with a certificate authority, a server certificate and a client certificate.
pub(crate) struct Certificates {
    folder: tempfile::TempDir,
    server: Arc<rustls::ServerConfig>,
}

impl Certificates {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let write =
            |name: &str, text: String| std::fs::write(folder.path().join(name), text).unwrap();

        let mut params = rcgen::CertificateParams::new([]).unwrap();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let authority_key = rcgen::KeyPair::generate().unwrap();
        let authority = params.self_signed(&authority_key).unwrap();
        let issuer = rcgen::Issuer::from_params(&params, &authority_key);
        write("ca.pem", authority.pem());

        let sign = || {
            let key = rcgen::KeyPair::generate().unwrap();
            let params = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap();
            (params.signed_by(&key, &issuer).unwrap(), key)
        };
        let (certificate, key) = sign();
        write("client.pem", certificate.pem());
        write("client.key", key.serialize_pem());

        let (certificate, key) = sign();
        let mut roots = rustls::RootCertStore::empty();
        roots.add(authority.der().clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = rustls::server::WebPkiClientVerifier::builder_with_provider(
            Arc::new(roots),
            Arc::clone(&provider),
        )
        .build()
        .unwrap();
        let server = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(verifier)
            .with_single_cert(vec![certificate.der().clone()], key.into())
            .unwrap();
        Certificates {
            folder,
            server: Arc::new(server),
        }
    }

    pub(crate) fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn client(&self) -> ClientCertificate {
        ClientCertificate {
            certificate: self.path("client.pem"),
            key: Some(self.path("client.key")),
        }
    }

    /// Starts a server that requires client certificates.
    pub(crate) async fn serve(&self) -> u16 {
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::clone(&self.server));
        let (port, _) = server(move |socket| {
            let acceptor = acceptor.clone();
            async move {
                let Ok(mut socket) = acceptor.accept(socket).await else {
                    return;
                };
                let mut head = [0; 8192];
                let _ = socket.read(&mut head).await;
                let _ = socket
                    .write_all(b"HTTP/1.1 200 OK\r\nx-amzn-requestid: trusted\r\ncontent-length: 2\r\n\r\n{}")
                    .await;
                let _ = socket.flush().await;
                tokio::time::sleep(SHORT).await;
            }
        })
        .await;
        port
    }
}
