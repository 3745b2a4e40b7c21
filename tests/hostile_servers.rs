//! Servers that answer nonsense, stop half-way, say nothing, or never stop: each gives an error of the right kind, in bounded time.
//!
//! Then the ways to a server that have more than one hop: proxies, tunnels, and TLS that wants to know who calls.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use inia::config::{ClientCertificate, Config, Proxies, ProxyConfig};
use inia::{ByteStream, Client, Credentials, Error, ErrorKind, Output, Result, Session, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

/// No check waits longer for a call that ought to have ended by itself.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long calls wait for a server, in tests where it keeps silent.
const SHORT: Duration = Duration::from_millis(300);

/// A server on loopback that does the same with each connection. Gives its port, and a count of the connections.
async fn server<F, T>(behave: F) -> (u16, Arc<AtomicUsize>)
where
    F: Fn(TcpStream) -> T + Send + 'static,
    T: Future<Output = ()> + Send + 'static,
{
    let socket = TcpSocket::new_v4().unwrap();
    // The kernel takes little ahead, so that a slow server is one for its client, too.
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

/// A server that reads each request's head, says the same words, and hangs up.
async fn saying(words: &'static [u8]) -> u16 {
    let talk = move |mut socket: TcpStream| async move {
        read_head(&mut socket).await;
        let _ = socket.write_all(words).await;
        let _ = socket.shutdown().await;
        // What else comes is taken, so that closing does not reset the connection under the answer.
        let _ = socket.read_to_end(&mut Vec::new()).await;
    };
    server(talk).await.0
}

/// A request's head, as text.
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
        .connect_timeout(PATIENCE)
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
    tokio::time::timeout(PATIENCE, call)
        .await
        .expect("the call hangs")
}

async fn failure(port: u16) -> Error {
    list_queues(&format!("http://127.0.0.1:{port}"), Config::new())
        .await
        .unwrap_err()
}

#[tokio::test(flavor = "multi_thread")]
async fn words_that_are_no_answer() {
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
            "a status that is none",
            b"HTTP/1.1 twohundred OK\r\n\r\n",
            ErrorKind::Connection,
        ),
        (
            "half a head",
            b"HTTP/1.1 200 OK\r\ncontent-le",
            ErrorKind::Connection,
        ),
        ("a head without end", LONG, ErrorKind::Connection),
        (
            "a length that is none",
            b"HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n{}",
            ErrorKind::Connection,
        ),
        (
            "half a body",
            b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"QueueUrls\":[",
            ErrorKind::Connection,
        ),
        (
            "a body as long as the world",
            b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999999\r\n\r\n{}",
            ErrorKind::Connection,
        ),
        (
            "half a chunk",
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nff\r\n{",
            ErrorKind::Connection,
        ),
        (
            "a chunk of no length",
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n{}",
            ErrorKind::Connection,
        ),
        (
            "half a document",
            b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{\"",
            ErrorKind::Parse,
        ),
        (
            "HTML",
            b"HTTP/1.1 200 OK\r\ncontent-length: 17\r\n\r\n<html>hello</html",
            ErrorKind::Parse,
        ),
    ];
    for (name, words, expected) in cases {
        let port = saying(words).await;
        let error = failure(port).await;
        assert_eq!(error.kind(), *expected, "{name}: {error}");
    }
    // An error is an error, however its body reads.
    for body in ["", "{", "<html>", "\0\u{1}"] {
        let words = format!(
            "HTTP/1.1 400 Bad Request\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let error = failure(saying(words.leak().as_bytes()).await).await;
        assert_eq!(error.kind(), ErrorKind::Service, "{body:?}: {error}");
        assert_eq!(error.service().unwrap().http_status, 400);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_ends_by_the_read_timeout() {
    // Before the answer, within its head, and within its body.
    for words in [
        "",
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{",
    ] {
        let (port, _) = server(move |mut socket| async move {
            read_head(&mut socket).await;
            let _ = socket.write_all(words.as_bytes()).await;
            tokio::time::sleep(PATIENCE).await;
        })
        .await;
        let error = failure(port).await;
        assert_eq!(error.kind(), ErrorKind::Timeout, "{words:?}: {error}");
        assert!(error.to_string().contains("300ms"), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handshake_without_end_ends_by_the_connect_timeout() {
    let (port, _) = server(|socket| async move {
        tokio::time::sleep(PATIENCE).await;
        drop(socket);
    })
    .await;
    let config = Config::new().connect_timeout(SHORT).read_timeout(PATIENCE);
    let error = list_queues(&format!("https://localhost:{port}"), config)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_there() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    assert_eq!(failure(port).await.kind(), ErrorKind::Connection);
    // No such host: the name is of a domain that is reserved for that.
    let config = Config::new().read_timeout(PATIENCE);
    let error = list_queues("http://nobody.invalid", config)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection);
    // TLS with one who does not speak it.
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
async fn a_dropped_connection_is_tried_again() {
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
async fn a_streamed_answer_that_stops_is_an_error_of_the_stream() {
    let port = saying(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf").await;
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

/// Reads a request at no more than 40 MB a second, and only then answers.
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
async fn a_long_upload_is_no_silence() {
    const TIMEOUT: Duration = Duration::from_secs(1);
    // What the kernel has taken to send is out of sight, so the body is many times as long.
    const LENGTH: usize = 120 << 20;
    let (port, _) = server(read_slowly).await;
    let config = Config::new().read_timeout(TIMEOUT);
    let s3 = client("s3", &format!("http://127.0.0.1:{port}"), config);
    let put = || s3.call("PutObject", json!({"Bucket": "b", "Key": "k"}));
    put().body(Bytes::from(vec![7; LENGTH])).await.unwrap();
    // Nor is it silence of the server's when the source has its first bytes late.
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

/// A proxy that says who connected to it, and by what line, in the answer's request id.
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
                let _ = socket.write_all(b"HTTP/1.1 407 Who are you\r\n\r\n").await;
                return;
            }
            let mut server = TcpStream::connect(target).await.unwrap();
            socket.write_all(b"HTTP/1.1 200 Go on\r\n\r\n").await.unwrap();
            let _ = tokio::io::copy_bidirectional(&mut socket, &mut server).await;
            return;
        }
        let answer = format!(
            "HTTP/1.1 200 OK\r\nx-amzn-requestid: {first} {authorization}\r\ncontent-length: 2\r\n\r\n{{}}"
        );
        let _ = socket.write_all(answer.as_bytes()).await;
    })
    .await;
    port
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_requests_are_forwarded_by_a_proxy() {
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
    // A proxy for the other scheme is not asked.
    let config = Config::new().proxies(Proxies::new().with("https", format!("127.0.0.1:{port}")));
    let error = list_queues("http://queues.invalid:81", config)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection);
}

#[tokio::test(flavor = "multi_thread")]
async fn proxies_that_cannot_be_are_refused() {
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

/// A certificate authority, a server's certificate and a client's, as files.
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

    /// A server that answers those who show a certificate.
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
async fn tls_shows_and_wants_certificates() {
    let certificates = Certificates::new();
    let port = certificates.serve().await;
    let url = format!("https://localhost:{port}");
    let trusting = Config::new()
        .read_timeout(PATIENCE)
        .ca_bundle(certificates.path("ca.pem"));

    let known = trusting.merge(&Config::new().client_cert(certificates.client()));
    let output = list_queues(&url, known.clone()).await.unwrap();
    assert_eq!(output.metadata.request_id.as_deref(), Some("trusted"));

    // The server does not know the caller; the caller does not know the server; the server is another than its certificate says.
    let stranger = list_queues(&url, trusting).await.unwrap_err();
    assert_eq!(stranger.kind(), ErrorKind::Connection, "{stranger}");
    let untrusting = Config::new().client_cert(certificates.client());
    let untrusting = list_queues(&url, untrusting).await.unwrap_err();
    assert_eq!(untrusting.kind(), ErrorKind::Connection, "{untrusting}");
    let other = list_queues(&format!("https://127.0.0.1:{port}"), known)
        .await
        .unwrap_err();
    assert_eq!(other.kind(), ErrorKind::Connection, "{other}");

    // Files that are not there, or hold something else.
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
async fn https_goes_through_a_tunnel() {
    let certificates = Certificates::new();
    let port = certificates.serve().await;
    let url = format!("https://localhost:{port}");
    let hop = proxy().await;
    let through = |proxy: String| {
        Config::new()
            .read_timeout(PATIENCE)
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

    let forwarding = through(format!("127.0.0.1:{hop}")).proxies_config(ProxyConfig {
        use_forwarding_for_https: Some(true),
        ..ProxyConfig::default()
    });
    let error = client_error(&url, forwarding);
    assert!(error.to_string().contains("tunnels only"), "{error}");
}
