//! TLS: which certificates are accepted, from which files they are read, and that refusals are final.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use inia::config::{ClientCertificate, Config, Proxies};
use inia::{ErrorKind, Session, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

mod raw_server;

use raw_server::certificates::Certificates;
use raw_server::{CALL_LIMIT, client_error, list_queues, server};

#[tokio::test(flavor = "multi_thread")]
async fn tls_verifies_servers_and_sends_client_certificates() {
    let certificates = Certificates::new();
    let port = certificates.serve().await;
    let url = format!("https://localhost:{port}");
    let trusting = Config::new()
        .read_timeout(CALL_LIMIT)
        .ca_bundle(certificates.path("ca.pem"));

    let with_certificate = trusting.merge(&Config::new().client_cert(certificates.client()));
    let output = list_queues(&url, with_certificate.clone()).await.unwrap();
    assert_eq!(output.metadata.request_id.as_deref(), Some("trusted"));

    // No client certificate; unknown certificate authority; wrong host name.
    let anonymous = list_queues(&url, trusting).await.unwrap_err();
    assert_eq!(anonymous.kind(), ErrorKind::Connection, "{anonymous}");
    let untrusting = Config::new().client_cert(certificates.client());
    let untrusting = list_queues(&url, untrusting).await.unwrap_err();
    assert_eq!(untrusting.kind(), ErrorKind::Connection, "{untrusting}");
    let other = list_queues(&format!("https://127.0.0.1:{port}"), with_certificate)
        .await
        .unwrap_err();
    assert_eq!(other.kind(), ErrorKind::Connection, "{other}");

    // Missing and invalid files.
    let missing = Config::new().ca_bundle(certificates.path("none.pem"));
    let error = client_error(&url, missing);
    assert!(error.to_string().contains("none.pem"), "{error}");
    let no_key = Config::new().client_cert(ClientCertificate {
        certificate: certificates.path("client.pem"),
        key: None,
    });
    let error = list_queues(&url, no_key).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config, "{error}");
}

/// A server certificate that is its own authority, as `openssl req -x509` makes it.
struct OwnAuthority {
    folder: tempfile::TempDir,
    server: Arc<rustls::ServerConfig>,
}

impl OwnAuthority {
    fn new(change: impl FnOnce(&mut rcgen::CertificateParams)) -> Self {
        let mut params = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        change(&mut params);
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.pem"), certificate.pem()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let server = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key.into())
            .unwrap();
        OwnAuthority {
            folder,
            server: Arc::new(server),
        }
    }

    fn bundle(&self) -> Config {
        Config::new()
            .read_timeout(CALL_LIMIT)
            .ca_bundle(self.folder.path().join("ca.pem"))
    }

    /// Starts a server. Returns its URL and the number of connections.
    async fn serve(&self) -> (String, Arc<AtomicUsize>) {
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::clone(&self.server));
        let (port, count) = server(move |socket| {
            let acceptor = acceptor.clone();
            async move {
                let Ok(mut socket) = acceptor.accept(socket).await else {
                    return;
                };
                let mut head = [0; 8192];
                while socket.read(&mut head).await.is_ok_and(|read| read > 0) {
                    let response = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
                    if socket.write_all(response).await.is_err() {
                        break;
                    }
                    let _ = socket.flush().await;
                }
            }
        })
        .await;
        (format!("https://localhost:{port}"), count)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_certificate_that_is_its_own_authority_is_accepted_from_the_bundle() {
    let own = OwnAuthority::new(|_| {});
    let (url, _) = own.serve().await;
    list_queues(&url, own.bundle()).await.unwrap();

    // Another host name, and another certificate of the same kind.
    let other_name = url.replace("localhost", "127.0.0.1");
    let error = list_queues(&other_name, own.bundle()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection);
    assert!(error.to_string().contains("certificate"), "{error}");
    let other = OwnAuthority::new(|_| {});
    assert!(list_queues(&url, other.bundle()).await.is_err());

    // An expired certificate, and one that is not valid yet.
    for (from, until) in [(2000, 2001), (2100, 2101)] {
        let outdated = OwnAuthority::new(|params| {
            params.not_before = rcgen::date_time_ymd(from, 1, 1);
            params.not_after = rcgen::date_time_ymd(until, 1, 1);
        });
        let (url, _) = outdated.serve().await;
        let error = list_queues(&url, outdated.bundle()).await.unwrap_err();
        assert!(error.to_string().contains("certificate"), "{error}");
        list_queues(&url, Config::new().read_timeout(CALL_LIMIT).verify(false))
            .await
            .unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn verify_false_accepts_every_certificate() {
    let own = OwnAuthority::new(|_| {});
    let (url, _) = own.serve().await;
    let other_name = url.replace("localhost", "127.0.0.1");
    let config = Config::new().read_timeout(CALL_LIMIT).verify(false);
    for url in [url, other_name] {
        list_queues(&url, config.clone()).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_certificates_are_not_retried() {
    let own = OwnAuthority::new(|_| {});
    let (url, count) = own.serve().await;
    let config = Config::new().read_timeout(CALL_LIMIT).max_attempts(3);
    let error = list_queues(&url, config.clone()).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Connection, 1));
    assert!(!error.is_retryable());
    assert!(error.to_string().contains("ca_bundle"), "{error}");
    assert_eq!(count.load(Ordering::SeqCst), 1);

    // The server refuses a client without a certificate.
    let certificates = Certificates::new();
    let url = format!("https://localhost:{}", certificates.serve().await);
    let trusting = config.clone().ca_bundle(certificates.path("ca.pem"));
    let error = list_queues(&url, trusting).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.attempts()),
        (ErrorKind::Connection, 1),
        "{error:?}"
    );
    assert!(error.to_string().contains("CertificateRequired"), "{error}");

    // A server without TLS.
    let (port, count) = server(|mut socket| async move {
        let _ = socket.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        let _ = socket.read_to_end(&mut Vec::new()).await;
    })
    .await;
    let error = list_queues(&format!("https://localhost:{port}"), config)
        .await
        .unwrap_err();
    assert_eq!(error.attempts(), 1);
    assert!(error.to_string().contains("use http"), "{error}");
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_ca_bundle_is_read_again() {
    let (one, two) = (OwnAuthority::new(|_| {}), OwnAuthority::new(|_| {}));
    let (url, _) = one.serve().await;
    let path = one.folder.path().join("bundle.pem");
    let other = std::fs::read(two.folder.path().join("ca.pem")).unwrap();
    std::fs::write(&path, &other).unwrap();
    let session = Session::builder()
        .region("us-east-1")
        .credentials(inia::Credentials::new("AKIDEXAMPLE", "a secret", None))
        .endpoint_url(url)
        .config(
            &Config::new()
                .proxies(Proxies::new())
                .ca_bundle(&path)
                .max_attempts(1),
        )
        .build()
        .unwrap();
    let call = || async {
        let sqs = session.client("sqs").unwrap();
        sqs.call("ListQueues", json!({})).await
    };
    assert!(call().await.is_err());
    // A bundle may contain other certificates, and text.
    let own = std::fs::read(one.folder.path().join("ca.pem")).unwrap();
    std::fs::write(&path, [b"text\n".as_slice(), &other, &own].concat()).unwrap();
    let later = std::time::SystemTime::now() + std::time::Duration::from_secs(5);
    std::fs::File::options()
        .write(true)
        .open(&path)
        .unwrap()
        .set_modified(later)
        .unwrap();
    call().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_of_ca_bundles_name_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("empty.pem");
    std::fs::write(&path, "no certificate").unwrap();
    let error = client_error("https://localhost:1", Config::new().ca_bundle(&path));
    assert!(error.to_string().contains("empty.pem"), "{error}");
}
