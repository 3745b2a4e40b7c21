//! Servers that send invalid responses, stop early, stay silent or never finish: each causes an error of the right
//! kind, in bounded time.
//!
//! Also connections with several hops: proxies, tunnels, and TLS with client certificates.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use inia::config::{ClientCertificate, Config, Proxies, ProxyConfig};
use inia::{ByteStream, Client, Credentials, Error, ErrorKind, Output, Result, Session, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

/// Upper bound for a call that must end on its own.
const CALL_LIMIT: Duration = Duration::from_secs(60);
/// Timeout of calls to a silent server.
const SHORT: Duration = Duration::from_millis(300);

/// Starts a loopback server with the same behavior for each connection. Returns its port and the number of connections.
async fn server<F, T>(behave: F) -> (u16, Arc<AtomicUsize>)
where
    F: Fn(TcpStream) -> T + Send + 'static,
    T: Future<Output = ()> + Send + 'static,
{
    let socket = TcpSocket::new_v4().unwrap();
    // A small receive buffer, so that a slow server slows its client down.
    socket.set_recv_buffer_size(1 << 18).unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1024).unwrap();
    let port = listener.local_addr().unwrap().port();
    let count = Arc::new(AtomicUsize::new(0));
    let connections = Arc::clone(&count);
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            connections.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(behave(socket));
        }
    });
    (port, count)
}

/// Starts a server that reads each request's header section, sends a fixed response and closes.
async fn server_sending(response: &'static [u8]) -> u16 {
    let talk = move |mut socket: TcpStream| async move {
        read_head(&mut socket).await;
        let _ = socket.write_all(response).await;
        let _ = socket.shutdown().await;
        // Reads the remaining data, so that closing does not reset the connection.
        let _ = socket.read_to_end(&mut Vec::new()).await;
    };
    server(talk).await.0
}

/// Reads the header section of a request.
async fn read_head(socket: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        match socket.read(&mut byte).await {
            Ok(1) => head.push(byte[0]),
            _ => break,
        }
    }
    String::from_utf8(head).unwrap()
}

fn client(service: &str, url: &str, config: Config) -> Client {
    let defaults = Config::new()
        .proxies(Proxies::new())
        .max_attempts(1)
        .connect_timeout(CALL_LIMIT)
        .read_timeout(SHORT);
    Session::builder()
        .region("us-east-1")
        .credentials(Credentials::new("AKIDEXAMPLE", "a secret", None))
        .endpoint_url(url.to_owned())
        .config(&defaults.merge(&config))
        .build()
        .unwrap()
        .client(service)
        .unwrap()
}

async fn list_queues(url: &str, config: Config) -> Result<Output> {
    let call = client("sqs", url, config).call("ListQueues", json!({}));
    tokio::time::timeout(CALL_LIMIT, call)
        .await
        .expect("the call must end")
}

async fn failure(port: u16) -> Error {
    list_queues(&format!("http://127.0.0.1:{port}"), Config::new())
        .await
        .unwrap_err()
}

#[tokio::test(flavor = "multi_thread")]
async fn invalid_responses_are_errors() {
    const LONG: &[u8] = &[b'a'; 1 << 20];
    let cases: &[(&str, &[u8], ErrorKind)] = &[
        ("nothing", b"", ErrorKind::Connection),
        (
            "no HTTP",
            b"220 mail.example ESMTP\r\n",
            ErrorKind::Connection,
        ),
        (
            "noise",
            b"\x16\x03\x01\x00\xff\x00\x01",
            ErrorKind::Connection,
        ),
        (
            "an invalid status",
            b"HTTP/1.1 twohundred OK\r\n\r\n",
            ErrorKind::Connection,
        ),
        (
            "a truncated header section",
            b"HTTP/1.1 200 OK\r\ncontent-le",
            ErrorKind::Connection,
        ),
        ("an endless header section", LONG, ErrorKind::Connection),
        (
            "an invalid length",
            b"HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n{}",
            ErrorKind::Connection,
        ),
        (
            "a truncated body",
            b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"QueueUrls\":[",
            ErrorKind::Connection,
        ),
        (
            "a huge length",
            b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999999\r\n\r\n{}",
            ErrorKind::Connection,
        ),
        (
            "a truncated chunk",
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nff\r\n{",
            ErrorKind::Connection,
        ),
        (
            "an invalid chunk length",
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n{}",
            ErrorKind::Connection,
        ),
        (
            "a truncated document",
            b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{\"",
            ErrorKind::Parse,
        ),
        (
            "HTML",
            b"HTTP/1.1 200 OK\r\ncontent-length: 17\r\n\r\n<html>hello</html",
            ErrorKind::Parse,
        ),
    ];
    for (name, response, expected) in cases {
        let port = server_sending(response).await;
        let error = failure(port).await;
        assert_eq!(error.kind(), *expected, "{name}: {error}");
    }
    // An error status is a service error even if the body is not valid.
    for body in ["", "{", "<html>", "\0\u{1}"] {
        let response = format!(
            "HTTP/1.1 400 Bad Request\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let error = failure(server_sending(response.leak().as_bytes()).await).await;
        assert_eq!(error.kind(), ErrorKind::Service, "{body:?}: {error}");
        assert_eq!(error.service().unwrap().http_status, 400);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_ends_with_the_read_timeout() {
    // Before the response, within its headers, and within its body.
    for response in [
        "",
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{",
    ] {
        let (port, _) = server(move |mut socket| async move {
            read_head(&mut socket).await;
            let _ = socket.write_all(response.as_bytes()).await;
            tokio::time::sleep(CALL_LIMIT).await;
        })
        .await;
        let error = failure(port).await;
        assert_eq!(error.kind(), ErrorKind::Timeout, "{response:?}: {error}");
        assert!(error.to_string().contains("300ms"), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stalled_handshake_ends_with_the_connect_timeout() {
    let (port, _) = server(|socket| async move {
        tokio::time::sleep(CALL_LIMIT).await;
        drop(socket);
    })
    .await;
    let config = Config::new()
        .connect_timeout(SHORT)
        .read_timeout(CALL_LIMIT);
    let error = list_queues(&format!("https://localhost:{port}"), config)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn unreachable_servers_are_connection_errors() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    assert_eq!(failure(port).await.kind(), ErrorKind::Connection);
    // The `.invalid` domain is reserved and never resolves.
    let config = Config::new().read_timeout(CALL_LIMIT);
    let error = list_queues("http://missing.invalid", config)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection);
    // TLS with a server that does not support it.
    let (port, _) = server(|mut socket| async move {
        let _ = socket.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        let _ = socket.read_to_end(&mut Vec::new()).await;
    })
    .await;
    let error = list_queues(&format!("https://localhost:{port}"), Config::new())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection, "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_connection_is_retried() {
    let (port, count) = server(|mut socket| async move {
        read_head(&mut socket).await;
    })
    .await;
    let config = Config::new().max_attempts(3);
    let error = list_queues(&format!("http://127.0.0.1:{port}"), config)
        .await
        .unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Connection, 3));
    assert_eq!(count.load(Ordering::SeqCst), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_streaming_body_is_a_stream_error() {
    let port = server_sending(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf").await;
    let s3 = client("s3", &format!("http://127.0.0.1:{port}"), Config::new());
    let call = s3.call("GetObject", json!({"Bucket": "b", "Key": "k"}));
    let mut body = call.await.unwrap().body.unwrap();
    assert_eq!(body.next().await.unwrap().unwrap(), "half");
    assert_eq!(
        body.next().await.unwrap().unwrap_err().kind(),
        ErrorKind::Connection
    );
    assert!(body.next().await.is_none());
}

/// Reads a request at 40 MB per second at most, then responds.
async fn read_slowly(mut socket: TcpStream) {
    let head = read_head(&mut socket).await;
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .map_or(0, |length| length.parse::<u64>().unwrap());
    let mut read = 0;
    while read < length {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let mut part = (&mut socket).take(length.min(read + (4 << 20)) - read);
        let taken = tokio::io::copy(&mut part, &mut tokio::io::sink()).await;
        read += taken.unwrap();
    }
    let _ = socket
        .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_upload_does_not_time_out() {
    const TIMEOUT: Duration = Duration::from_secs(1);
    // Data in the kernel's send buffer counts as sent, so the body is much larger than the buffer.
    const LENGTH: usize = 120 << 20;
    let (port, _) = server(read_slowly).await;
    let config = Config::new().read_timeout(TIMEOUT);
    let s3 = client("s3", &format!("http://127.0.0.1:{port}"), config);
    let put = || s3.call("PutObject", json!({"Bucket": "b", "Key": "k"}));
    put().body(Bytes::from(vec![7; LENGTH])).await.unwrap();
    // A slow source must not cause a read timeout either.
    let late = stream::once(async {
        tokio::time::sleep(TIMEOUT * 2).await;
        Ok(Bytes::from_static(b"late"))
    });
    put()
        .header("x-amz-content-sha256", "UNSIGNED-PAYLOAD")
        .body(ByteStream::from_stream(late, Some(4)))
        .await
        .unwrap();
}

/// Starts a proxy that returns the client's credentials and request line in the request id of the response.
async fn proxy() -> u16 {
    let (port, _) = server(|mut socket| async move {
        let head = read_head(&mut socket).await;
        let first = head.lines().next().unwrap();
        let authorization = head
            .lines()
            .find_map(|line| line.to_ascii_lowercase().strip_prefix("proxy-authorization: ").map(|_| line[21..].to_owned()))
            .unwrap_or_default();
        if let Some(target) = first.strip_prefix("CONNECT ") {
            let target = target.split(' ').next().unwrap();
            if authorization.is_empty() {
                let _ = socket.write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n").await;
                return;
            }
            let mut server = TcpStream::connect(target).await.unwrap();
            socket.write_all(b"HTTP/1.1 200 Go on\r\n\r\n").await.unwrap();
            let _ = tokio::io::copy_bidirectional(&mut socket, &mut server).await;
            return;
        }
        let response = format!(
            "HTTP/1.1 200 OK\r\nx-amzn-requestid: {first} {authorization}\r\ncontent-length: 2\r\n\r\n{{}}"
        );
        let _ = socket.write_all(response.as_bytes()).await;
    })
    .await;
    port
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_requests_are_sent_to_the_proxy() {
    let port = proxy().await;
    let config =
        Config::new().proxies(Proxies::new().with("http", format!("user:pass@127.0.0.1:{port}")));
    let output = list_queues("http://queues.invalid:81", config)
        .await
        .unwrap();
    assert_eq!(
        output.metadata.request_id.as_deref(),
        Some("POST http://queues.invalid:81/ HTTP/1.1 Basic dXNlcjpwYXNz")
    );
    // A proxy for another scheme is not used.
    let config = Config::new().proxies(Proxies::new().with("https", format!("127.0.0.1:{port}")));
    let error = list_queues("http://queues.invalid:81", config)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection);
}

#[tokio::test(flavor = "multi_thread")]
async fn rejects_invalid_proxy_urls() {
    for url in [
        "http://user:hush@not a host",
        "socks5://user:hush@127.0.0.1:1",
    ] {
        let config = Config::new().proxies(Proxies::new().with("http", url));
        let error = list_queues("http://queues.invalid", config)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(!format!("{error:?} {error}").contains("hush"), "{error}");
    }
}

/// Files with a certificate authority, a server certificate and a client certificate.
struct Certificates {
    folder: tempfile::TempDir,
    server: Arc<rustls::ServerConfig>,
}

impl Certificates {
    fn new() -> Self {
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

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn client(&self) -> ClientCertificate {
        ClientCertificate {
            certificate: self.path("client.pem"),
            key: Some(self.path("client.key")),
        }
    }

    /// Starts a server that requires client certificates.
    async fn serve(&self) -> u16 {
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

fn client_error(url: &str, config: Config) -> Error {
    let session = Session::builder()
        .region("us-east-1")
        .endpoint_url(url.to_owned())
        .config(&config)
        .build()
        .unwrap();
    let error = session.client("sqs").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    error
}

#[tokio::test(flavor = "multi_thread")]
async fn https_uses_a_tunnel() {
    let certificates = Certificates::new();
    let port = certificates.serve().await;
    let url = format!("https://localhost:{port}");
    let hop = proxy().await;
    let through = |proxy: String| {
        Config::new()
            .read_timeout(CALL_LIMIT)
            .ca_bundle(certificates.path("ca.pem"))
            .client_cert(certificates.client())
            .proxies(Proxies::new().with("https", proxy))
    };
    let output = list_queues(&url, through(format!("http://user:pass@127.0.0.1:{hop}")))
        .await
        .unwrap();
    assert_eq!(output.metadata.request_id.as_deref(), Some("trusted"));

    let error = list_queues(&url, through(format!("127.0.0.1:{hop}")))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection);
    assert!(
        error.to_string().contains("proxy authorization required"),
        "{error}"
    );

    let forwarding = through(format!("127.0.0.1:{hop}"))
        .proxies_config(ProxyConfig::new().use_forwarding_for_https(true));
    let error = client_error(&url, forwarding);
    assert!(error.to_string().contains("through a tunnel"), "{error}");
}
