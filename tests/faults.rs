//! Faults of a server on loopback in each retry mode: outcome, attempts and time, beside botocore's on the same server.
//!
//! Delays between attempts are not waited for: `retries` checks them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use inia::config::{Config, RetryMode};
use inia::{Client, Credentials, ErrorKind, Session, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

mod fakes;
mod raw_server;
mod support;

use fakes::{FakeEnv, FakePorts};
use raw_server::read_request;
use support::Case;

/// Timeout for connecting and reading, if it is expected.
const TIMEOUT: Duration = Duration::from_millis(250);

/// Timeout for connecting and reading on a busy machine.
const LONG_TIMEOUT: Duration = Duration::from_secs(10);

/// Maximum time of a call with five attempts, each of which may wait for two timeouts, on a busy machine.
const MAX_TIME: Duration = Duration::from_secs(20);

/// The behavior of the server on a connection.
#[derive(Clone, Copy, Debug)]
enum Fault {
    /// Nothing listens.
    Refuse,
    Reset,
    ResetAfterRequest,
    Hang,
    /// Sends this response and closes the connection.
    Respond(&'static str),
    RespondThenReset(&'static str),
    RespondThenHang(&'static str),
    /// Sends a body of 100 bytes, one every 10 ms.
    Trickle,
    /// Accepts TLS connections and sends nothing.
    SilentTls,
}

use Fault::{
    Hang, Refuse, Reset, ResetAfterRequest, Respond, RespondThenHang, RespondThenReset, SilentTls,
    Trickle,
};

/// A row of the table.
struct Row {
    name: &'static str,
    fault: Fault,
    service: &'static str,
    operation: &'static str,
    kind: ErrorKind,
    /// Attempts in the modes standard and adaptive, and legacy.
    attempts: [u32; 2],
    /// The reason that botocore makes other attempts, and their numbers.
    difference: Option<(&'static str, [usize; 2])>,
}

/// Attempts of retried and not retried errors.
const RETRIED: [u32; 2] = [3, 5];
const STANDARD_ONLY: [u32; 2] = [3, 1];
const NOT_RETRIED: [u32; 2] = [1, 1];

fn row(name: &'static str, fault: Fault, kind: ErrorKind, attempts: [u32; 2]) -> Row {
    Row {
        name,
        fault,
        service: "sqs",
        operation: "ListQueues",
        kind,
        attempts,
        difference: None,
    }
}

impl Row {
    fn at(mut self, service: &'static str, operation: &'static str) -> Self {
        (self.service, self.operation) = (service, operation);
        self
    }

    fn unlike_botocore(mut self, reason: &'static str, attempts: [usize; 2]) -> Self {
        self.difference = Some((reason, attempts));
        self
    }
}

macro_rules! response {
    ($status:literal, $headers:literal, $body:literal) => {
        Respond(concat!(
            "HTTP/1.1 ",
            $status,
            " X\r\nconnection: close\r\n",
            $headers,
            "\r\n",
            $body
        ))
    };
}

fn table() -> Vec<Row> {
    use ErrorKind::{Connection, Parse, Service, Stream, Timeout};
    let status = |name, fault, attempts| row(name, fault, Service, attempts);
    vec![
        row("refuse", Refuse, Connection, RETRIED),
        row("reset before the request", Reset, Connection, RETRIED),
        row("reset after the request", ResetAfterRequest, Connection, RETRIED),
        row("no response", Hang, Timeout, RETRIED),
        row("garbage", Respond("\u{16}\u{3}\u{1} this is not HTTP\r\n\r\n"), Connection, RETRIED),
        row("closed without a response", Respond(""), Connection, RETRIED),
        row("closed in the headers", Respond("HTTP/1.1 200 OK\r\nconte"), Connection, RETRIED).unlike_botocore("it takes such a response as complete", [1, 1]),
        row(
            "reset in the body",
            RespondThenReset("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{\"Queue"),
            Stream,
            RETRIED,
        ),
        row(
            "body ends early",
            Respond("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{\"Queue"),
            Stream,
            RETRIED,
        ).unlike_botocore("it takes such a response as complete", [1, 1]),
        row(
            "body is too long",
            Respond("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}{}"),
            Stream,
            RETRIED,
        ).unlike_botocore("it takes such a response as complete", [1, 1]),
        row(
            "chunks are cut off",
            Respond("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{\"Que"),
            Stream,
            RETRIED,
        ),
        row(
            "body stalls",
            RespondThenHang("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{\"Queue"),
            Timeout,
            RETRIED,
        ),
        row("body trickles", Trickle, Timeout, RETRIED),
        row("TLS handshake stalls", SilentTls, Timeout, RETRIED),
        row("not JSON", response!("200", "content-length: 5\r\n", "{\"Que"), Parse, NOT_RETRIED),
        status("500", response!("500", "content-length: 0\r\n", ""), RETRIED),
        status("502", response!("502", "content-length: 0\r\n", ""), RETRIED),
        status("503", response!("503", "content-length: 0\r\n", ""), RETRIED),
        status("504", response!("504", "content-length: 0\r\n", ""), RETRIED),
        status("429", response!("429", "content-length: 0\r\n", ""), RETRIED),
        status("501", response!("501", "content-length: 0\r\n", ""), NOT_RETRIED),
        status("509", response!("509", "content-length: 0\r\n", ""), [1, 5]),
        status("403", response!("403", "content-length: 0\r\n", ""), NOT_RETRIED),
        status("500 with a page", response!("500", "content-length: 6\r\n", "<html>"), RETRIED),
        status("429 with a page", response!("429", "content-length: 6\r\n", "<html>"), RETRIED),
        status(
            "503 with x-amz-retry-after",
            response!("503", "x-amz-retry-after: 1500\r\ncontent-length: 0\r\n", ""),
            RETRIED,
        ),
        status(
            "429 with retry-after",
            response!("429", "retry-after: 3\r\ncontent-length: 0\r\n", ""),
            RETRIED,
        ),
        row(
            "500 cut off",
            Respond("HTTP/1.1 500 X\r\ncontent-length: 1000\r\n\r\n{\"__type"),
            Stream,
            RETRIED,
        ),
        // Throttling, as ten services express it.
        status(
            "ThrottlingException",
            response!("400", "content-length: 33\r\n", r#"{"__type": "ThrottlingException"}"#),
            RETRIED,
        )
        .at("kms", "ListKeys"),
        status(
            "ProvisionedThroughputExceededException",
            response!(
                "400",
                "content-length: 52\r\n",
                r#"{"__type": "ProvisionedThroughputExceededException"}"#
            ),
            [4, 10],
        )
        .at("dynamodb", "ListTables"),
        status(
            "RequestLimitExceeded",
            response!(
                "503",
                "content-length: 86\r\n",
                "<Response><Errors><Error><Code>RequestLimitExceeded</Code></Error></Errors></Response>"
            ),
            RETRIED,
        )
        .at("ec2", "DescribeRegions"),
        status(
            "SlowDown",
            response!("503", "content-length: 38\r\n", "<Error><Code>SlowDown</Code> </Error>\n"),
            RETRIED,
        )
        .at("s3", "ListBuckets"),
        status(
            "Throttling",
            response!(
                "400",
                "content-length: 71\r\n",
                "<ErrorResponse><Error><Code>Throttling</Code></Error></ErrorResponse>\r\n"
            ),
            RETRIED,
        )
        .at("iam", "ListUsers"),
        status(
            "PriorRequestNotComplete",
            response!(
                "400",
                "content-length: 84\r\n",
                "<ErrorResponse><Error><Code>PriorRequestNotComplete</Code></Error></ErrorResponse>\r\n"
            ),
            RETRIED,
        )
        .at("route53", "ListHostedZones"),
        status(
            "TooManyRequestsException",
            response!(
                "429",
                "x-amzn-errortype: TooManyRequestsException\r\ncontent-length: 2\r\n",
                "{}"
            ),
            RETRIED,
        )
        .at("lambda", "ListFunctions"),
        status(
            "LimitExceededException",
            response!("400", "content-length: 36\r\n", r#"{"__type": "LimitExceededException"}"#),
            RETRIED,
        )
        .at("kinesis", "ListStreams"),
        status(
            "LimitExceededException of another service",
            response!("400", "content-length: 36\r\n", r#"{"__type": "LimitExceededException"}"#),
            STANDARD_ONLY,
        )
        .at("logs", "DescribeLogGroups"),
        status(
            "RequestThrottled",
            response!(
                "403",
                "content-length: 57\r\n",
                r#"{"__type": "com.amazonaws.sqs#RequestThrottled", "m": ""}"#
            ),
            RETRIED,
        ),
        status(
            "EC2ThrottledException",
            response!(
                "503",
                "content-length: 87\r\n",
                "<Response><Errors><Error><Code>EC2ThrottledException</Code></Error></Errors></Response>"
            ),
            RETRIED,
        )
        .at("ec2", "DescribeRegions"),
        status(
            "IDPCommunicationError",
            response!(
                "400",
                "content-length: 82\r\n",
                "<ErrorResponse><Error><Code>IDPCommunicationError</Code></Error></ErrorResponse>\r\n"
            ),
            RETRIED,
        )
        .at("sts", "GetCallerIdentity"),
        // The keys do not expire, and the clock is right.
        status(
            "ExpiredToken",
            response!("403", "content-length: 25\r\n", r#"{"__type":"ExpiredToken"}"#),
            NOT_RETRIED,
        ),
        status(
            "RequestTimeTooSkewed",
            response!("403", "content-length: 33\r\n", r#"{"__type":"RequestTimeTooSkewed"}"#),
            NOT_RETRIED,
        ),
    ]
}

/// Returns a success in the format of a service.
fn success(service: &str) -> String {
    let body = match service {
        "iam" => "<Response><ListUsersResult/></Response>",
        "sts" => "<Response><GetCallerIdentityResult/></Response>",
        "ec2" | "route53" | "s3" => "<Response/>",
        _ => "{}",
    };
    let length = body.len();
    format!(
        "HTTP/1.1 200 OK
connection: close
content-length: {length}

{body}"
    )
}

/// Starts a server whose first `faulty` connections have the fault. Returns its URL and the number of connections.
async fn start(row: &Row, faulty: usize) -> (String, Arc<AtomicUsize>) {
    let fault = row.fault;
    let success = success(row.service);
    let count = Arc::new(AtomicUsize::new(0));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let scheme = if matches!(fault, SilentTls) {
        "https"
    } else {
        "http"
    };
    let url = format!("{scheme}://127.0.0.1:{port}");
    if matches!(fault, Refuse) {
        return (url, count);
    }
    let connections = Arc::clone(&count);
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let number = connections.fetch_add(1, Ordering::SeqCst);
            let fault = (number < faulty).then_some(fault);
            tokio::spawn(serve(socket, fault, success.clone()));
        }
    });
    (url, count)
}

async fn serve(mut socket: TcpStream, fault: Option<Fault>, success: String) {
    if matches!(fault, Some(Reset)) {
        let _ = socket.set_zero_linger();
        return;
    }
    if matches!(fault, Some(SilentTls)) {
        tokio::time::sleep(MAX_TIME).await;
        return;
    }
    if read_request(&mut socket).await.is_none() {
        return;
    }
    let send = async |socket: &mut TcpStream, text: &str| {
        let _ = socket.write_all(text.as_bytes()).await;
    };
    match fault {
        None => send(&mut socket, &success).await,
        Some(ResetAfterRequest) => {
            let _ = socket.set_zero_linger();
            return;
        }
        Some(Hang) => tokio::time::sleep(MAX_TIME).await,
        Some(Respond(text)) => send(&mut socket, text).await,
        Some(RespondThenReset(text)) => {
            send(&mut socket, text).await;
            tokio::time::sleep(Duration::from_millis(20)).await;
            let _ = socket.set_zero_linger();
            return;
        }
        Some(RespondThenHang(text)) => {
            send(&mut socket, text).await;
            tokio::time::sleep(MAX_TIME).await;
        }
        Some(Trickle) => {
            send(
                &mut socket,
                "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n",
            )
            .await;
            for _ in 0..100 {
                tokio::time::sleep(Duration::from_millis(10)).await;
                if socket.write_all(b" ").await.is_err() {
                    return;
                }
            }
        }
        Some(Refuse | Reset | SilentTls) => {}
    }
    let _ = socket.shutdown().await;
    // Reads the remaining data, so that closing does not reset the connection.
    let _ = tokio::time::timeout(TIMEOUT, socket.read_to_end(&mut Vec::new())).await;
}

fn client(row: &Row, url: &str, mode: RetryMode) -> Client {
    let timeout = match row.kind {
        ErrorKind::Timeout => TIMEOUT,
        _ => LONG_TIMEOUT,
    };
    let config = Config::new()
        .endpoint_url(url)
        .retry_mode(mode)
        .connect_timeout(timeout)
        .read_timeout(timeout)
        .min_throughput(100_000)
        .stall_grace(Duration::from_millis(150));
    let session = Session::builder()
        .host(FakePorts::new(FakeEnv::default(), 1_767_323_045).host())
        .region("us-east-1")
        .credentials(Credentials::new("AKIDEXAMPLE", "secret", None))
        .build()
        .unwrap();
    session.client_with(row.service, &config).unwrap()
}

async fn faults_have_the_outcome_of_their_mode() {
    let mut wrong = Vec::new();
    let mut checks = Vec::new();
    let slots = Arc::new(Semaphore::new(8));
    for row in table() {
        for mode in [RetryMode::Standard, RetryMode::Adaptive, RetryMode::Legacy] {
            let row = Row { ..row };
            let slots = Arc::clone(&slots);
            checks.push(tokio::spawn(async move {
                let _slot = slots.acquire().await.unwrap();
                let attempts = row.attempts[usize::from(mode == RetryMode::Legacy)];
                let started = Instant::now();
                let (url, count) = start(&row, usize::MAX).await;
                let failed = client(&row, &url, mode).call(row.operation, json!({})).await;
                let elapsed = started.elapsed();
                let error = match failed {
                    Ok(_) => return Some(format!("{} {mode}: succeeded", row.name)),
                    Err(error) => error,
                };
                let expected = (row.kind, attempts);
                if (error.kind(), error.attempts()) != expected || elapsed > MAX_TIME {
                    return Some(format!(
                        "{} {mode}: {:?} after {} attempts in {elapsed:?}, expected {expected:?}: {error:#}",
                        row.name,
                        error.kind(),
                        error.attempts()
                    ));
                }
                let connections = count.load(Ordering::SeqCst);
                if !matches!(row.fault, Refuse) && connections != attempts as usize {
                    return Some(format!("{} {mode}: {connections} connections", row.name));
                }
                // A single fault costs an attempt, and the call succeeds.
                if attempts == 1 || matches!(row.fault, Refuse | SilentTls) {
                    return None;
                }
                let (url, _) = start(&row, 1).await;
                let output = client(&row, &url, mode).call(row.operation, json!({})).await;
                match output.map(|output| output.metadata.attempts) {
                    Ok(2) => None,
                    other => Some(format!("{} {mode}, once: {other:?}", row.name)),
                }
            }));
        }
    }
    for check in checks {
        wrong.extend(check.await.unwrap());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Runs a call of botocore for each row and mode, without waiting between attempts.
const BOTOCORE: &str = r#"
import json, sys, time
time.sleep = lambda seconds: None
import botocore.session
from botocore.config import Config
from concurrent.futures import ThreadPoolExecutor

session = botocore.session.Session()
session.set_credentials("AKIDEXAMPLE", "secret")

def client(row):
    config = Config(retries={"mode": row["mode"]}, connect_timeout=0.25, read_timeout=0.25)
    return session.create_client(row["service"], region_name="us-east-1", endpoint_url=row["url"], config=config)

def call(pair):
    client, row = pair
    try:
        client._make_api_call(row["operation"], {})
        return "ok"
    except Exception as error:
        return type(error).__name__

rows = json.load(sys.stdin)
pairs = [(client(row), row) for row in rows]
with ThreadPoolExecutor(16) as pool:
    print(json.dumps(list(pool.map(call, pairs))))
"#;

async fn botocore_makes_the_same_attempts(python: PathBuf) {
    let mut rows = Vec::new();
    let mut counts = Vec::new();
    for row in table() {
        // botocore waits for a trickle, and nothing counts refused connections.
        if matches!(row.fault, Refuse | Trickle | SilentTls) {
            continue;
        }
        for (index, mode) in [RetryMode::Standard, RetryMode::Legacy]
            .into_iter()
            .enumerate()
        {
            let (url, count) = start(&row, usize::MAX).await;
            rows.push(serde_json::json!({
                "url": url, "mode": mode.as_str(), "service": row.service, "operation": row.operation,
            }));
            let expected = match row.difference {
                Some((_, attempts)) => attempts[index],
                None => row.attempts[index] as usize,
            };
            counts.push((row.name, mode, count, expected));
        }
    }
    let input = serde_json::to_string(&rows).unwrap();
    let output = tokio::task::spawn_blocking(move || {
        let mut child = Command::new(python)
            .args(["-c", BOTOCORE])
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), input.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    })
    .await
    .unwrap();
    let outcomes: Vec<String> = serde_json::from_slice(&output.stdout).unwrap();
    let mut differences = BTreeMap::new();
    for ((name, mode, count, expected), outcome) in counts.into_iter().zip(outcomes) {
        let actual = count.load(Ordering::SeqCst);
        if actual != expected {
            differences.insert(format!("{name} {mode}"), (actual, expected, outcome));
        }
    }
    assert!(differences.is_empty(), "{differences:#?}");
}

/// Fails each fifth request, which is a fifth of the attempts of all calls.
async fn no_call_of_a_storm_with_failures_is_lost() {
    const CALLS: usize = 2_000;
    let requests = Arc::new(AtomicUsize::new(0));
    let open = Arc::new(AtomicUsize::new(0));
    let most = Arc::new(AtomicUsize::new(0));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let counters = (Arc::clone(&requests), Arc::clone(&open), Arc::clone(&most));
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let (requests, open, most) = counters.clone();
            tokio::spawn(async move {
                most.fetch_max(open.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                while read_request(&mut socket).await.is_some() {
                    let number = requests.fetch_add(1, Ordering::SeqCst);
                    let response: &[u8] = match number % 10 {
                        0 => b"HTTP/1.1 503 X\r\ncontent-length: 0\r\n\r\n",
                        5 => break,
                        _ => b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}",
                    };
                    if socket.write_all(response).await.is_err() {
                        break;
                    }
                }
                open.fetch_sub(1, Ordering::SeqCst);
            });
        }
    });
    let config = Config::new()
        .endpoint_url(url)
        .max_pool_connections(50)
        .max_attempts(4);
    let session = Session::builder()
        .host(FakePorts::new(FakeEnv::default(), 1_767_323_045).host())
        .region("us-east-1")
        .credentials(Credentials::new("AKIDEXAMPLE", "secret", None))
        .build()
        .unwrap();
    let client = session.client_with("sqs", &config).unwrap();
    let calls = (0..CALLS).map(|_| {
        let client = client.clone();
        tokio::spawn(async move { client.call("ListQueues", json!({})).await })
    });
    let calls: Vec<_> = calls.collect();
    let (mut succeeded, mut failed) = (0, 0);
    for call in calls {
        match call.await.unwrap() {
            Ok(output) => {
                assert!((1..=4).contains(&output.metadata.attempts));
                succeeded += 1;
            }
            Err(error) => {
                assert!((1..=4).contains(&error.attempts()), "{error}");
                assert!(
                    matches!(error.kind(), ErrorKind::Service | ErrorKind::Connection),
                    "{error}"
                );
                failed += 1;
            }
        }
    }
    assert_eq!(succeeded + failed, CALLS);
    assert!(succeeded > CALLS / 2, "{succeeded} succeeded");
    let most = most.load(Ordering::SeqCst);
    // The server notices a closed connection later than the client.
    assert!(most <= 60, "{most} connections");
}

fn main() -> ExitCode {
    let python = support::peers_dir().map(|peers| peers.join("venv/bin/python"));
    let beside_botocore = match python.filter(|python| python.exists()) {
        None => Case::unavailable("the peers' Python environment"),
        Some(python) => case("botocore makes the same attempts", move || {
            botocore_makes_the_same_attempts(python)
        }),
    };
    let cases = vec![
        case(
            "faults have the outcome of their mode",
            faults_have_the_outcome_of_their_mode,
        ),
        beside_botocore,
        case(
            "no call of a storm with failures is lost",
            no_call_of_a_storm_with_failures_is_lost,
        ),
    ];
    support::run("faults", cases)
}

/// Returns the case that a future panics in if it fails, in a runtime of its own.
fn case<F: Future<Output = ()>>(name: &str, test: impl FnOnce() -> F + Send + 'static) -> Case {
    Case::new(name, move || {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .map_err(|error| error.to_string())?;
        runtime.block_on(test());
        Ok::<(), String>(())
    })
}
