//! Connections: reuse after the server closed them, their limit and the queue for them, and HTTP/2.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use inia::config::Config;
use inia::{
    ByteStream, ErrorKind, Result, json, protocol::Headers, transport::CaBundle,
    transport::HttpVersion, transport::HyperTransport, transport::TlsSettings,
    transport::Transport, transport::TransportSettings, transport::WireBody,
    transport::WireRequest, transport::WireResponse,
};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};

mod raw_server;

use raw_server::{client, read_request, server};

const EMPTY: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";

/// Runs a server in a runtime of its own, which runs while that of the client does not.
fn background<T: Send + 'static>(future: impl Future<Output = T> + Send + 'static) -> T {
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            sender.send(future.await).unwrap();
            std::future::pending::<()>().await;
        });
    });
    receiver.recv().unwrap()
}

/// Returns a runtime that makes no progress between calls.
fn client_runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

/// Returns a stream that can be read only once.
fn stream(text: &'static str) -> ByteStream {
    let chunk = Ok(Bytes::from_static(text.as_bytes()));
    ByteStream::from_stream(futures_util::stream::iter([chunk]), Some(text.len() as u64))
}

#[test]
fn a_connection_that_was_closed_while_the_program_was_paused_costs_no_attempt() {
    let (port, count) = background(server(|mut socket| async move {
        if read_request(&mut socket).await.is_some() {
            let _ = socket.write_all(EMPTY).await;
        }
    }));
    let s3 = client("s3", &format!("http://127.0.0.1:{port}"), Config::new());
    for number in 0..5 {
        let call = s3.call("PutObject", json!({"Bucket": "b", "Key": "k"}));
        let call = call.header("x-amz-content-sha256", "UNSIGNED-PAYLOAD");
        // Even a body that can be read only once is sent.
        let output = client_runtime_call(call.body(stream("once")));
        assert_eq!(output.unwrap().metadata.attempts, 1, "call {number}");
        // The server closes the connection meanwhile.
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(count.load(Ordering::SeqCst), 5);
}

/// Makes a call in a runtime that all calls of the thread share.
fn client_runtime_call(call: inia::Call) -> Result<inia::Output> {
    thread_local! {
        static RUNTIME: tokio::runtime::Runtime = client_runtime();
    }
    RUNTIME.with(|runtime| runtime.block_on(call.send()))
}

/// Starts a server that responds to the first request of a connection, and reacts to the second.
async fn server_with_second_reaction(reaction: &'static [u8]) -> (String, Arc<AtomicUsize>) {
    let requests = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&requests);
    let (port, _) = server(move |mut socket| {
        let requests = Arc::clone(&counted);
        async move {
            for reply in [EMPTY, reaction] {
                if read_request(&mut socket).await.is_none() {
                    return;
                }
                requests.fetch_add(1, Ordering::SeqCst);
                let _ = socket.write_all(reply).await;
            }
        }
    })
    .await;
    (format!("http://127.0.0.1:{port}"), requests)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reused_connection_that_dies_without_a_byte_costs_no_attempt() {
    let (url, requests) = server_with_second_reaction(b"").await;
    let sqs = client("sqs", &url, Config::new());
    for _ in 0..2 {
        let output = sqs.call("ListQueues", json!({})).await.unwrap();
        assert_eq!(output.metadata.attempts, 1);
    }
    assert_eq!(requests.load(Ordering::SeqCst), 3);

    // A body that can be read only once is not sent again.
    let s3 = client("s3", &url, Config::new());
    let get = s3.call("GetObject", json!({"Bucket": "b", "Key": "k"}));
    get.collect().await.unwrap();
    let put = s3.call("PutObject", json!({"Bucket": "b", "Key": "k"}));
    let error = put.body(stream("once")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection, "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_with_a_part_of_a_response_is_not_sent_again() {
    let (url, requests) = server_with_second_reaction(b"HTTP/1.1 200").await;
    let sqs = client("sqs", &url, Config::new());
    sqs.call("ListQueues", json!({})).await.unwrap();
    let error = sqs.call("ListQueues", json!({})).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Connection, 1));
    assert_eq!(requests.load(Ordering::SeqCst), 2);
}

/// Numbers of connections of a server.
#[derive(Clone, Default)]
struct Connections {
    open: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
    total: Arc<AtomicUsize>,
}

/// Starts a server that keeps connections open and counts them.
async fn counting_server(pause: Duration) -> (u16, Connections) {
    let connections = Connections::default();
    let counted = connections.clone();
    let (port, _) = server(move |mut socket| {
        let counted = counted.clone();
        async move {
            let open = counted.open.fetch_add(1, Ordering::SeqCst) + 1;
            counted.most.fetch_max(open, Ordering::SeqCst);
            counted.total.fetch_add(1, Ordering::SeqCst);
            while read_request(&mut socket).await.is_some() {
                tokio::time::sleep(pause).await;
                if socket.write_all(EMPTY).await.is_err() {
                    break;
                }
            }
            counted.open.fetch_sub(1, Ordering::SeqCst);
        }
    })
    .await;
    (port, connections)
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_connections_are_open_than_max_pool_connections() {
    let (port, connections) = counting_server(Duration::from_millis(2)).await;
    let config = Config::new()
        .max_pool_connections(4)
        .read_timeout(Duration::from_secs(60));
    let sqs = client("sqs", &format!("http://127.0.0.1:{port}"), config);
    let outputs = join_all((0..200).map(|_| sqs.call("ListQueues", json!({})).send())).await;
    assert!(outputs.iter().all(Result::is_ok));
    assert_eq!(connections.most.load(Ordering::SeqCst), 4);
    assert_eq!(connections.total.load(Ordering::SeqCst), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_wait_in_the_order_of_their_arrival() {
    let (port, _) = counting_server(Duration::ZERO).await;
    let config = Config::new().max_pool_connections(1);
    let sqs = client("sqs", &format!("http://127.0.0.1:{port}"), config);
    let done = Arc::new(std::sync::Mutex::new(Vec::new()));
    let calls = (0..50).map(|number| {
        let (call, done) = (sqs.call("ListQueues", json!({})), Arc::clone(&done));
        async move {
            call.await.unwrap();
            done.lock().unwrap().push(number);
        }
    });
    join_all(calls).await;
    let done = done.lock().unwrap();
    assert!(done.is_sorted(), "{done:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_not_read_keeps_its_connection() {
    let (port, connections) = counting_server(Duration::ZERO).await;
    let config = Config::new()
        .max_pool_connections(1)
        .connect_timeout(Duration::from_millis(50))
        .read_timeout(Duration::from_millis(50));
    let s3 = client("s3", &format!("http://127.0.0.1:{port}"), config);
    let get = || {
        s3.call("GetObject", json!({"Bucket": "b", "Key": "k"}))
            .send()
    };
    let first = get().await.unwrap();
    let error = get().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(
        error.to_string().contains("max_pool_connections"),
        "{error}"
    );
    // Dropping the body closes the connection; reading it keeps the connection.
    drop(first);
    assert_eq!(
        get().await.unwrap().body.unwrap().collect(9).await.unwrap(),
        "{}"
    );
    assert_eq!(
        get().await.unwrap().body.unwrap().collect(9).await.unwrap(),
        "{}"
    );
    assert_eq!(connections.total.load(Ordering::SeqCst), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_canceled_call_frees_its_connection() {
    let (port, connections) = counting_server(Duration::from_millis(20)).await;
    let config = Config::new()
        .max_pool_connections(1)
        .read_timeout(Duration::from_secs(60));
    let sqs = client("sqs", &format!("http://127.0.0.1:{port}"), config);
    let call = || sqs.call("ListQueues", json!({})).send();
    for _ in 0..5 {
        let canceled = tokio::time::timeout(Duration::from_millis(5), call()).await;
        assert!(canceled.is_err());
    }
    call().await.unwrap();
    assert_eq!(connections.total.load(Ordering::SeqCst), 6);
}

fn request(url: &str, version: HttpVersion) -> WireRequest {
    WireRequest {
        method: "GET".into(),
        url: url.to_owned(),
        headers: Headers::new(),
        body: WireBody::Bytes(Bytes::new()),
        read_timeout: Some(Duration::from_secs(60)),
        stall_limit: None,
        version,
        operation: None,
    }
}

async fn text(response: Result<WireResponse>) -> String {
    let body = response.unwrap().body.collect(1000).await.unwrap();
    String::from_utf8(body.to_vec()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn unused_connections_to_other_hosts_make_room() {
    let (one, first) = counting_server(Duration::ZERO).await;
    let (two, second) = counting_server(Duration::ZERO).await;
    let transport = HyperTransport::new(TransportSettings {
        max_connections: 1,
        ..TransportSettings::default()
    });
    for _ in 0..3 {
        for port in [one, two] {
            let url = format!("http://127.0.0.1:{port}/");
            let response = transport.send(request(&url, HttpVersion::Http1)).await;
            assert_eq!(text(response).await, "{}");
        }
    }
    for connections in [first, second] {
        assert_eq!(connections.most.load(Ordering::SeqCst), 1);
        assert_eq!(connections.total.load(Ordering::SeqCst), 3);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_url_that_is_not_wholly_understood_is_not_sent() {
    let transport = HyperTransport::new(TransportSettings::default());
    for url in [
        "http://127.0.0.1:99999/",
        "http://127.0.0.1:80abc/",
        "http://user:hush@127.0.0.1:1/",
        "ftp://127.0.0.1/",
        "/",
    ] {
        let sent = transport.send(request(url, HttpVersion::Http1)).await;
        let error = sent.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Endpoint, "{error}");
        assert!(!error.to_string().contains("hush"), "{error}");
    }
}

/// Starts a TLS server. Its response has the HTTP version and the number of the connection. HTTP/2 is offered if `h2`; each connection
/// is closed after `requests` requests.
async fn tls_server(h2: bool, requests: usize) -> (u16, CaBundle) {
    let key = rcgen::KeyPair::generate().unwrap();
    let params = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let bundle = CaBundle::from_pem(certificate.pem().as_bytes()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key.into())
        .unwrap();
    if h2 {
        config.alpn_protocols = vec![b"h2".to_vec()];
    }
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let mut number = 0;
        while let Ok((socket, _)) = listener.accept().await {
            number += 1;
            tokio::spawn(serve_tls(acceptor.clone(), socket, number, requests));
        }
    });
    (port, bundle)
}

async fn serve_tls(
    acceptor: tokio_rustls::TlsAcceptor,
    socket: TcpStream,
    number: usize,
    requests: usize,
) {
    let Ok(socket) = acceptor.accept(socket).await else {
        return;
    };
    let done = Arc::new(tokio::sync::Notify::new());
    let (served, finished) = (AtomicUsize::new(0), Arc::clone(&done));
    let service = hyper::service::service_fn(move |request: hyper::Request<_>| {
        let _: hyper::body::Incoming = request.into_body();
        if served.fetch_add(1, Ordering::SeqCst) + 1 == requests {
            finished.notify_one();
        }
        async move {
            tokio::time::sleep(Duration::from_millis(2)).await;
            Ok::<_, std::convert::Infallible>(hyper::Response::new(number.to_string()))
        }
    });
    let executor = hyper_util::rt::TokioExecutor::new();
    let builder = hyper_util::server::conn::auto::Builder::new(executor);
    let connection = builder.serve_connection(hyper_util::rt::TokioIo::new(socket), service);
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        _ = &mut connection => {}
        () = done.notified() => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    }
}

fn tls_transport(bundle: CaBundle, max_connections: usize) -> HyperTransport {
    HyperTransport::new(TransportSettings {
        max_connections,
        tls: TlsSettings {
            ca_bundle: Some(Arc::new(bundle)),
            ..TlsSettings::default()
        },
        ..TransportSettings::default()
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_requests_share_one_http2_connection() {
    let (port, bundle) = tls_server(true, usize::MAX).await;
    let transport = tls_transport(bundle, 1);
    let url = format!("https://localhost:{port}/");
    let requests = (0..50)
        .map(|_| async { text(transport.send(request(&url, HttpVersion::Http2)).await).await });
    assert_eq!(join_all(requests).await, vec!["1"; 50]);
    // An unused HTTP/2 connection makes room for another one.
    let (plain, _) = counting_server(Duration::ZERO).await;
    let plain = format!("http://127.0.0.1:{plain}/");
    let response = transport.send(request(&plain, HttpVersion::Http1)).await;
    assert_eq!(text(response).await, "{}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_http2_connection_is_replaced() {
    let (port, bundle) = tls_server(true, 3).await;
    let transport = tls_transport(bundle, 10);
    let url = format!("https://localhost:{port}/");
    for number in 0..12 {
        let response = transport.send(request(&url, HttpVersion::Http2)).await;
        text(response).await;
        tokio::time::sleep(Duration::from_millis(u64::from(number % 3 == 2))).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_without_http2_get_http1() {
    let (port, bundle) = tls_server(false, usize::MAX).await;
    let transport = tls_transport(bundle, 3);
    let url = format!("https://localhost:{port}/");
    let requests = (0..50)
        .map(|_| async { text(transport.send(request(&url, HttpVersion::Http2)).await).await });
    let numbers = join_all(requests).await;
    assert!(
        numbers
            .iter()
            .all(|number| ["1", "2", "3"].contains(&&**number))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn http2_alone_is_negotiated_or_refused() {
    let (port, bundle) = tls_server(true, usize::MAX).await;
    let transport = tls_transport(bundle, 3);
    let url = format!("https://localhost:{port}/");
    let response = transport.send(request(&url, HttpVersion::Http2Only)).await;
    assert_eq!(text(response).await, "1");
    let (port, bundle) = tls_server(false, usize::MAX).await;
    let transport = tls_transport(bundle, 3);
    let url = format!("https://localhost:{port}/");
    let sent = transport.send(request(&url, HttpVersion::Http2Only)).await;
    let error = sent.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection);
    assert!(
        error.to_string().contains("does not support HTTP/2"),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn dropped_bodies_and_canceled_calls_leave_no_request_waiting() {
    let (one, first) = counting_server(Duration::from_micros(200)).await;
    let (two, second) = counting_server(Duration::ZERO).await;
    let (tls, bundle) = tls_server(true, 20).await;
    let transport = Arc::new(tls_transport(bundle, 3));
    let tasks = (0..600u32).map(|number| {
        let transport = Arc::clone(&transport);
        tokio::spawn(async move {
            let (url, version) = match number % 5 {
                0 | 1 => (format!("http://127.0.0.1:{one}/"), HttpVersion::Http1),
                2 | 3 => (format!("http://127.0.0.1:{two}/"), HttpVersion::Http1),
                _ => (format!("https://localhost:{tls}/"), HttpVersion::Http2),
            };
            let send = transport.send(request(&url, version));
            let patience = Duration::from_micros(u64::from(number % 7) * 300);
            match number % 3 {
                0 => drop(tokio::time::timeout(patience, send).await),
                1 => drop(send.await),
                _ => {
                    text(send.await).await;
                }
            }
        })
    });
    let all = join_all(tasks);
    let done = tokio::time::timeout(Duration::from_secs(60), all).await;
    assert!(done.unwrap().iter().all(Result::is_ok));
    for port in [one, two] {
        let last = transport.send(request(
            &format!("http://127.0.0.1:{port}/"),
            HttpVersion::Http1,
        ));
        let last = tokio::time::timeout(Duration::from_secs(10), last).await;
        assert_eq!(text(last.unwrap()).await, "{}");
    }
    assert!(first.total.load(Ordering::SeqCst) > 0 && second.total.load(Ordering::SeqCst) > 0);
}

/// Runs in the process that `many_calls_succeed_with_few_file_descriptors` starts, and does nothing without its variable.
#[tokio::test(flavor = "multi_thread")]
async fn child_with_few_file_descriptors() {
    let Ok(url) = std::env::var("INIA_TEST_URL") else {
        return;
    };
    let config = Config::new().read_timeout(Duration::from_secs(60));
    let sqs = client("sqs", &url, config);
    let outputs = join_all((0..5000).map(|_| sqs.call("ListQueues", json!({})).send())).await;
    let failed: Vec<_> = outputs
        .iter()
        .filter_map(|output| output.as_ref().err())
        .collect();
    assert!(failed.is_empty(), "{} failed: {}", failed.len(), failed[0]);
    assert!(
        outputs
            .iter()
            .flatten()
            .all(|output| output.metadata.attempts == 1)
    );
}

/// Runs in the process that `unused_connections_of_other_transports_make_room` starts.
#[tokio::test(flavor = "multi_thread")]
async fn child_with_many_transports() {
    let Ok(url) = std::env::var("INIA_TEST_URL") else {
        return;
    };
    let mut transports = Vec::new();
    for _ in 0..300 {
        let transport = HyperTransport::new(TransportSettings::default());
        let response = transport.send(request(&url, HttpVersion::Http1)).await;
        assert_eq!(text(response).await, "{}");
        transports.push(transport);
    }
}

/// Runs an ignored test of this suite in a process with few file descriptors.
#[cfg(unix)]
fn run_child(name: &str, port: u16) {
    let status = std::process::Command::new("sh")
        .args(["-c", "ulimit -n 256 && exec \"$0\" \"$@\""])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", name])
        .env("INIA_TEST_URL", format!("http://127.0.0.1:{port}"))
        .output()
        .unwrap();
    assert!(
        status.status.success(),
        "{}",
        String::from_utf8_lossy(&status.stdout)
    );
}

#[cfg(unix)]
#[test]
fn unused_connections_of_other_transports_make_room() {
    let (port, _) = background(counting_server(Duration::ZERO));
    run_child("child_with_many_transports", port);
}

#[cfg(unix)]
#[test]
fn many_calls_succeed_with_few_file_descriptors() {
    let (port, connections) = background(counting_server(Duration::from_millis(1)));
    run_child("child_with_few_file_descriptors", port);
    let most = connections.most.load(Ordering::SeqCst);
    assert!((50..256).contains(&most), "{most} connections");
}

#[tokio::test(flavor = "multi_thread")]
async fn transports_that_are_dropped_close_their_connections() {
    let (port, connections) = counting_server(Duration::ZERO).await;
    let url = format!("http://127.0.0.1:{port}/");
    let mut unread = Vec::new();
    for number in 0..20 {
        let transport = HyperTransport::new(TransportSettings::default());
        let response = transport.send(request(&url, HttpVersion::Http1)).await;
        match number % 2 {
            0 => assert_eq!(text(response).await, "{}"),
            // The response outlives its transport.
            _ => unread.push(response),
        }
    }
    for response in unread {
        assert_eq!(text(response).await, "{}");
    }
    for _ in 0..500 {
        if connections.open.load(Ordering::SeqCst) == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!(
        "{} connections are open",
        connections.open.load(Ordering::SeqCst)
    );
}
