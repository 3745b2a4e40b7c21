//! Timeouts of attempts and calls, deadlines of credentials, and stalled bodies. On loopback and in memory, in milliseconds.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::StreamExt as _;
use inia::config::{Config, ConfigFiles};
use inia::ports::BoxFuture;
use inia::transport::{Transport, WireRequest, WireResponse};
use inia::{ByteStream, Client, Credentials, ErrorKind, Result, Session, SessionBuilder, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

mod fakes;
mod raw_server;

use fakes::{FakeEnv, FakePorts};
use raw_server::{read_head, server};

/// 2026-01-02T03:04:05Z
const NOW: i64 = 1_767_323_045;

const SHORT: Duration = Duration::from_millis(40);

/// What the server in memory does with a request.
enum Reply {
    Hang,
    Response(u16, Vec<(&'static str, &'static str)>, &'static str),
}

type ReplyFunction = dyn Fn(&WireRequest, usize) -> Reply + Send + Sync;

/// A server in memory that replies through a function of the request and its number.
struct Server {
    reply: Box<ReplyFunction>,
    requests: Mutex<Vec<(String, String)>>,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Server")
    }
}

impl Server {
    fn new(reply: impl Fn(&WireRequest, usize) -> Reply + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Server {
            reply: Box::new(reply),
            requests: Mutex::default(),
        })
    }

    /// Returns the URLs and values of `amz-sdk-request` of all requests.
    fn requests(&self) -> Vec<(String, String)> {
        self.requests.lock().unwrap().clone()
    }

    fn session(self: &Arc<Self>) -> SessionBuilder {
        Session::builder()
            .host(FakePorts::new(FakeEnv::default(), NOW).host())
            .region("us-east-1")
            .transport(self.clone())
    }

    fn client(self: &Arc<Self>, service: &str) -> Client {
        self.client_with(service, &Config::new())
    }

    fn client_with(self: &Arc<Self>, service: &str, config: &Config) -> Client {
        let session = self
            .session()
            .credentials(Credentials::new("AKIDEXAMPLE", "secret", None));
        session
            .build()
            .unwrap()
            .client_with(service, config)
            .unwrap()
    }
}

impl Transport for Server {
    fn send(&self, request: WireRequest) -> BoxFuture<'_, Result<WireResponse>> {
        let number = {
            let mut requests = self.requests.lock().unwrap();
            let header = request.headers.get("amz-sdk-request").unwrap_or_default();
            requests.push((request.url.clone(), header.to_owned()));
            requests.len()
        };
        let reply = (self.reply)(&request, number);
        Box::pin(async move {
            match reply {
                Reply::Hang => std::future::pending().await,
                Reply::Response(status, headers, body) => Ok(WireResponse {
                    status,
                    headers: headers.into_iter().collect(),
                    body: ByteStream::from(body),
                }),
            }
        })
    }
}

fn success() -> Reply {
    Reply::Response(200, Vec::new(), "{}")
}

#[tokio::test]
async fn call_ends_with_its_timeout() {
    let server = Server::new(|_, _| Reply::Hang);
    let client = server.client("sqs");
    let started = Instant::now();
    let error = client
        .call("ListQueues", json!({}))
        .timeout(SHORT)
        .await
        .unwrap_err();
    assert!(started.elapsed() < Duration::from_secs(5));
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Timeout, 1));
    assert_eq!(
        error.to_string(),
        "ListQueues: no result within the call's timeout of 40ms, in attempt 1"
    );
    assert_eq!(error.operation(), Some("ListQueues"));
    // The time at which nobody waits any more, by the service's clock.
    assert_eq!(
        server.requests()[0].1,
        "ttl=20260102T030405Z; attempt=1; max=3"
    );
    let long = Duration::from_secs(90);
    let pending = client.call("ListQueues", json!({})).timeout(long).send();
    assert!(tokio::time::timeout(SHORT, pending).await.is_err());
    assert_eq!(
        server.requests()[1].1,
        "ttl=20260102T030534Z; attempt=1; max=3"
    );
}

#[tokio::test]
async fn timeouts_of_the_client_apply_unless_the_call_has_its_own() {
    let config = Config::new().call_timeout(SHORT);
    let server = Server::new(|_, number| if number == 1 { Reply::Hang } else { success() });
    let client = server.client_with("sqs", &config);
    let error = client.call("ListQueues", json!({})).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    client
        .call("ListQueues", json!({}))
        .timeout(Duration::ZERO)
        .await
        .unwrap();
    assert_eq!(server.requests()[1].1, "attempt=1; max=3");
}

#[tokio::test]
async fn attempt_that_exceeds_its_timeout_is_retried() {
    for by_config in [false, true] {
        let server = Server::new(|_, number| if number < 3 { Reply::Hang } else { success() });
        let client = server.client_with(
            "sqs",
            &match by_config {
                true => Config::new().attempt_timeout(SHORT),
                false => Config::new(),
            },
        );
        let mut call = client.call("ListQueues", json!({}));
        if !by_config {
            call = call.attempt_timeout(SHORT);
        }
        assert_eq!(call.await.unwrap().metadata.attempts, 3);
    }
    let server = Server::new(|_, _| Reply::Hang);
    let call = server.client("sqs").call("ListQueues", json!({}));
    let error = call.attempt_timeout(SHORT).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Timeout, 3));
    assert_eq!(
        error.to_string(),
        "ListQueues: no response within the attempt's timeout of 40ms"
    );
}

#[tokio::test]
async fn no_retry_is_waited_for_that_would_start_after_the_deadline() {
    let server = Server::new(|_, _| Reply::Response(503, vec![("x-amz-retry-after", "4000")], ""));
    let call = server.client("sqs").call("ListQueues", json!({}));
    let started = Instant::now();
    let error = call.timeout(Duration::from_secs(3)).await.unwrap_err();
    assert!(started.elapsed() < Duration::from_secs(2));
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Service, 1));
    assert!(
        error.message().ends_with(
            "not retried, because the call's timeout of 3s ends before the next attempt"
        ),
        "{error}"
    );
}

/// A session with an assumed role.
fn role_session(server: &Arc<Server>) -> Client {
    let config = "[profile role]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = base\n\
                  [profile base]\naws_access_key_id = AKIDBASE\naws_secret_access_key = secret";
    let session = server
        .session()
        .profile("role")
        .config_files(ConfigFiles::parse(config, "").unwrap());
    session.build().unwrap().client("sqs").unwrap()
}

const ASSUMED: &str = "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>AKIDROLE</AccessKeyId>\
                       <SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>\
                       <Expiration>2026-01-02T04:04:05Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>";

#[tokio::test]
async fn credentials_are_fetched_within_the_deadline_of_the_call() {
    // The first request to STS gets no response.
    let server = Server::new(|request, number| match request.url.contains("//sts.") {
        true if number == 1 => Reply::Hang,
        true => Reply::Response(200, Vec::new(), ASSUMED),
        false => success(),
    });
    let client = role_session(&server);
    let patient = client.call("ListQueues", json!({})).send();
    let hasty = client.call("ListQueues", json!({})).timeout(SHORT).send();
    // The hasty call fetches the credentials, and the other one waits for them.
    let (hasty, patient) = tokio::join!(hasty, patient);
    let error = hasty.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Timeout, 0));
    assert_eq!(
        error.to_string(),
        "ListQueues: nothing was sent within the call's timeout of 40ms"
    );
    // The other call fetches them itself then.
    patient.unwrap();
    let requests = server.requests();
    assert_eq!(requests.len(), 3, "{requests:?}");
    assert!(
        requests[0].1.starts_with("ttl=20260102T030405Z; attempt=1"),
        "{requests:?}"
    );
    assert_eq!(requests[1].1, "attempt=1; max=3");
}

fn loopback_client(port: u16, config: Config) -> Client {
    let config = config
        .endpoint_url(format!("http://127.0.0.1:{port}"))
        .max_attempts(1);
    let session = Session::builder()
        .host(FakePorts::new(FakeEnv::default(), NOW).host())
        .region("us-east-1")
        .credentials(Credentials::new("AKIDEXAMPLE", "secret", None))
        .build()
        .unwrap();
    session.client_with("s3", &config).unwrap()
}

/// Returns a stream of chunks with a pause before each.
fn paused(chunks: usize, size: usize, pause: Duration) -> ByteStream {
    let chunks = futures_util::stream::iter(0..chunks).then(move |_| async move {
        tokio::time::sleep(pause).await;
        Ok(Bytes::from(vec![b'x'; size]))
    });
    ByteStream::from_stream(chunks, None)
}

/// Starts a server that sends a body of 100 bytes, one at a time.
async fn trickling() -> u16 {
    let (port, _) = server(|mut socket| async move {
        read_head(&mut socket).await;
        let head = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n";
        let _ = socket.write_all(head).await;
        for _ in 0..100 {
            tokio::time::sleep(Duration::from_millis(5)).await;
            if socket.write_all(b"x").await.is_err() {
                return;
            }
        }
    })
    .await;
    port
}

fn throughput(bytes_per_second: u32) -> Config {
    Config::new()
        .min_throughput(bytes_per_second)
        .stall_grace(Duration::from_millis(100))
}

#[tokio::test]
async fn response_that_trickles_is_stalled() {
    let object = json!({"Bucket": "b", "Key": "k"});
    let client = loopback_client(trickling().await, throughput(10_000));
    let error = client
        .call("GetObject", object.clone())
        .collect()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(
        error.message().contains("the response body is stalled: ")
            && error
                .message()
                .contains("the minimum is 10000 bytes per second"),
        "{error}"
    );
    // Fast enough, without a limit, and by default.
    for config in [throughput(10), throughput(0), Config::new()] {
        let client = loopback_client(trickling().await, config);
        let output = client
            .call("GetObject", object.clone())
            .collect()
            .await
            .unwrap();
        assert_eq!(output["Body"].as_blob().map(<[u8]>::len), Some(100));
    }
}

#[tokio::test]
async fn response_that_waits_for_its_reader_is_not_stalled() {
    let (port, _) = server(|mut socket| async move {
        read_head(&mut socket).await;
        let head = b"HTTP/1.1 200 OK\r\ncontent-length: 2000000\r\n\r\n";
        let _ = socket.write_all(head).await;
        let _ = socket.write_all(&vec![b'x'; 2_000_000]).await;
    })
    .await;
    let client = loopback_client(port, throughput(1_000_000));
    let object = json!({"Bucket": "b", "Key": "k"});
    let mut body = client
        .call("GetObject", object)
        .await
        .unwrap()
        .body
        .unwrap();
    let mut received = 0;
    let mut pauses = 0;
    while let Some(chunk) = body.next().await {
        received += chunk.unwrap().len();
        if pauses < 4 {
            pauses += 1;
            tokio::time::sleep(Duration::from_millis(120)).await;
        }
    }
    assert_eq!(received, 2_000_000);
}

#[tokio::test]
async fn upload_that_the_server_does_not_read_is_stalled() {
    let (port, _) = server(|mut socket| async move {
        read_head(&mut socket).await;
        // Reads a little from time to time.
        let mut buffer = vec![0; 4096];
        loop {
            tokio::time::sleep(Duration::from_millis(10)).await;
            match socket.read(&mut buffer).await {
                Ok(1..) => {}
                _ => return,
            }
        }
    })
    .await;
    let client = loopback_client(port, throughput(10_000_000));
    let object = json!({"Bucket": "b", "Key": "k"});
    let call = client
        .call("PutObject", object)
        .body(Bytes::from(vec![b'x'; 20_000_000]));
    let error = call.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(
        error.message().contains("the request body is stalled"),
        "{error}"
    );
}

#[tokio::test]
async fn upload_that_waits_for_its_source_is_not_stalled() {
    let requests = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&requests);
    let (port, _) = server(move |mut socket| {
        let counted = Arc::clone(&counted);
        async move {
            read_head(&mut socket).await;
            let mut body = Vec::new();
            let mut buffer = [0; 1024];
            while !body.ends_with(b"0\r\n\r\n") {
                match socket.read(&mut buffer).await {
                    Ok(read @ 1..) => body.extend_from_slice(&buffer[..read]),
                    _ => return,
                }
            }
            counted.fetch_add(1, Ordering::SeqCst);
            let _ = socket
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
                .await;
        }
    })
    .await;
    // S3 needs the length of a body, Lex does not.
    let session = loopback_client(port, Config::new()).session().clone();
    let config = throughput(1_000_000).endpoint_url(format!("http://127.0.0.1:{port}"));
    let client = session.client_with("lexv2-runtime", &config).unwrap();
    let params = json!({
        "botId": "BOTBOTBOTB", "botAliasId": "ALIASALIAS", "localeId": "en_US", "sessionId": "12",
        "requestContentType": "audio/x-l16",
    });
    let call =
        client
            .call("RecognizeUtterance", params)
            .body(paused(10, 10, Duration::from_millis(40)));
    call.await.unwrap();
    assert_eq!(requests.load(Ordering::SeqCst), 1);
}
