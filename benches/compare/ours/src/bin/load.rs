//! Throughput over loopback with concurrent calls, compared with a bare hyper client that sends the same bytes
//! alternately in the same process.
//!
//! `load --fixtures DIR [--rounds N] [--segment-ms MS] [--concurrency N] [--port P] [--json FILE]`. Without `--port`,
//! the program starts `stub` from its own folder. CPU time is that of this process, without the server. `--case SUBSTR`
//! selects cases; with `--client SUBSTR` only one client runs and nothing is compared, for profiling.

#![forbid(unsafe_code)]

use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bench_harness::{Fixtures, Reply};
use bytes::Bytes;
use cpu_time::ProcessTime;
use http_body_util::{BodyExt, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use inia::ports::BoxFuture;
use inia::{
    ByteStream, Client, Result, Session, transport::Transport, Value, transport::WireBody, transport::WireRequest, transport::WireResponse,
};
use ours::{Stub, credentials, untag};
use serde_json::json;

const CASES: [&str; 2] = ["sqs.SendMessage", "dynamodb.GetItem"];

/// A repeatable call.
type Call = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = ()>>>>;

struct Options {
    fixtures: PathBuf,
    rounds: usize,
    segment: Duration,
    concurrency: usize,
    case: String,
    client: Option<String>,
    port: Option<u16>,
    json: Option<PathBuf>,
}

fn main() {
    let mut options = Options {
        fixtures: PathBuf::from("target/bench/fixtures"),
        rounds: 7,
        segment: Duration::from_millis(500),
        concurrency: 64,
        case: String::new(),
        client: None,
        port: None,
        json: None,
    };
    let mut args = std::env::args().skip(1);
    while let Some(option) = args.next() {
        let value = args.next().expect("a value");
        let number = || value.parse::<u64>().expect("a number");
        match option.as_str() {
            "--fixtures" => options.fixtures = value.into(),
            "--rounds" => options.rounds = number() as usize,
            "--segment-ms" => options.segment = Duration::from_millis(number()),
            "--concurrency" => options.concurrency = number() as usize,
            "--case" => options.case = value,
            "--client" => options.client = Some(value),
            "--port" => options.port = Some(value.parse().expect("a port")),
            "--json" => options.json = Some(value.into()),
            other => panic!("unknown option {other}"),
        }
    }
    let stub = options
        .port
        .is_none()
        .then(|| Stub::start(&options.fixtures));
    let port = options
        .port
        .or(stub.as_ref().map(|stub| stub.port))
        .expect("a port");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let tasks = tokio::task::LocalSet::new();
    let rows: Vec<_> = CASES
        .iter()
        .filter(|case| case.contains(&options.case))
        .map(|case| tasks.block_on(&runtime, measure(&options, case, port)))
        .collect();
    if let Some(path) = &options.json {
        let text = serde_json::to_string_pretty(&rows).expect("rows are JSON");
        std::fs::write(path, text).expect("the rows are written");
    }
}

async fn measure(options: &Options, case: &str, port: u16) -> serde_json::Value {
    let (request, length) = captured(options, case, port).await;
    let mut bare = Vec::new();
    for _ in 0..options.concurrency {
        bare.push(connection(port, &request, length).await);
    }
    let kinds = [
        ("inia", vec![ours(options, case, port)]),
        ("hyper-util pool", vec![pool(port, &request, length)]),
        ("hyper connection", bare),
    ];
    if let Some(client_name) = &options.client {
        let (kind, calls) = kinds
            .iter()
            .find(|(kind, _)| kind.contains(client_name))
            .expect("a client");
        for _ in 0..=options.rounds {
            let (calls_per_second, us) = segment(options, calls).await;
            println!(
                "{case:18} {kind:16} {calls_per_second:>8.0} calls/s, {us:>6.1} us of CPU a call"
            );
        }
        return json!({"case": case, "client": kind});
    }
    let mut cpu: [Vec<f64>; 3] = Default::default();
    let mut rate: [Vec<f64>; 3] = Default::default();
    for round in 0..=options.rounds {
        for (index, (_, calls)) in kinds.iter().enumerate() {
            let (calls_per_second, us) = segment(options, calls).await;
            // The first round opens the connections and is not counted.
            if round > 0 {
                rate[index].push(calls_per_second);
                cpu[index].push(us);
            }
        }
    }
    let median = |values: &[f64]| {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        sorted[sorted.len() / 2]
    };
    let mut row = json!({"case": case, "concurrency": options.concurrency});
    for (index, (kind, _)) in kinds.iter().enumerate() {
        let ratios: Vec<f64> = cpu[0]
            .iter()
            .zip(&cpu[index])
            .map(|(ours, other)| ours / other)
            .collect();
        let (us, calls_per_second, ratio) =
            (median(&cpu[index]), median(&rate[index]), median(&ratios));
        println!(
            "{case:18} {kind:16} {calls_per_second:>8.0} calls/s, {us:>6.1} us of CPU per call; ratio of inia: {ratio:.2}"
        );
        row[*kind] = json!({"cpu_us": us, "calls_s": calls_per_second, "ratio": ratio});
    }
    row
}

/// Runs concurrent calls; returns calls per second and CPU microseconds per call.
async fn segment(options: &Options, calls: &[Call]) -> (f64, f64) {
    let (start, started) = (Instant::now(), ProcessTime::now());
    let end = start + options.segment;
    let tasks: Vec<_> = (0..options.concurrency)
        .map(|index| {
            let call = Arc::clone(&calls[index % calls.len()]);
            tokio::task::spawn_local(async move {
                let mut done = 0_u64;
                while Instant::now() < end {
                    call().await;
                    done += 1;
                }
                done
            })
        })
        .collect();
    let mut done = 0;
    for task in tasks {
        done += task.await.expect("the task completes");
    }
    let done = done as f64;
    (
        done / start.elapsed().as_secs_f64(),
        started.elapsed().as_secs_f64() * 1e6 / done,
    )
}

fn client(
    options: &Options,
    case: &str,
    port: u16,
    transport: Option<Arc<dyn Transport>>,
) -> (Client, String, Arc<Value>) {
    let fixtures = Fixtures::at(&options.fixtures);
    let cases = fixtures.cases();
    let entry = cases
        .iter()
        .find(|entry| entry.name == case)
        .expect("the case");
    let config = inia::config::Config::new()
        .max_attempts(1)
        .max_pool_connections(options.concurrency);
    let mut builder = Session::builder()
        .region("us-east-1")
        .credentials(credentials())
        .endpoint_url(format!("http://127.0.0.1:{port}"));
    if let Some(transport) = transport {
        builder = builder.transport(transport);
    }
    let session = builder.build().expect("a session");
    let client = session
        .client_with(&entry.service, &config)
        .expect("a client");
    (
        client,
        entry.operation.clone(),
        Arc::new(untag(&fixtures.params(case), &fixtures)),
    )
}

fn ours(options: &Options, case: &str, port: u16) -> Call {
    let (client, operation, params) = client(options, case, port, None);
    Arc::new(move || {
        let call = client.call(&operation, Arc::clone(&params));
        Box::pin(async move {
            let output = call.await.expect("a response");
            assert_eq!(output.metadata.http_status, 200);
        })
    })
}

/// Captures a request as the client sends it, and the length of its response.
async fn captured(options: &Options, case: &str, port: u16) -> (http::Request<Full<Bytes>>, usize) {
    let reply = Fixtures::at(&options.fixtures).reply(case, "json");
    let length = reply.body.len();
    let capture = Arc::new(Capture {
        reply,
        request: Mutex::default(),
    });
    let transport: Arc<dyn Transport> = capture.clone();
    let (client, operation, params) = client(options, case, port, Some(transport));
    client.call(&operation, params).await.expect("a response");
    let request = capture.request.lock().expect("one thread").take();
    let request = request.expect("a request");
    let WireBody::Bytes(body) = request.body else {
        panic!("{case}: a stream");
    };
    let mut builder = http::Request::builder()
        .method(request.method.as_str())
        .uri(request.url);
    for (name, value) in &request.headers {
        builder = builder.header(name.as_str(), value.as_str());
    }
    (builder.body(Full::new(body)).expect("a request"), length)
}

/// A transport that captures a request and responds from memory.
#[derive(Debug)]
struct Capture {
    reply: Reply,
    request: Mutex<Option<WireRequest>>,
}

impl Transport for Capture {
    fn send(&self, request: WireRequest) -> BoxFuture<'_, Result<WireResponse>> {
        *self.request.lock().expect("one thread") = Some(request);
        Box::pin(async {
            let headers = self.reply.headers.iter();
            Ok(WireResponse {
                status: self.reply.status,
                headers: headers
                    .map(|(name, value)| (name.to_ascii_lowercase(), value.as_str()))
                    .collect(),
                body: ByteStream::from(self.reply.body.clone()),
            })
        })
    }
}

/// The pooled client of hyper-util.
fn pool(port: u16, request: &http::Request<Full<Bytes>>, length: usize) -> Call {
    let mut connector = hyper_util::client::legacy::connect::HttpConnector::new();
    connector.set_nodelay(true);
    let client = hyper_util::client::legacy::Client::builder(TokioExecutor::new())
        .build::<_, Full<Bytes>>(connector);
    let request = request.clone();
    assert_eq!(request.uri().port_u16(), Some(port));
    Arc::new(move || {
        let response = client.request(request.clone());
        Box::pin(async move {
            let body = response.await.expect("a response").into_body();
            assert_eq!(
                body.collect().await.expect("a body").to_bytes().len(),
                length
            );
        })
    })
}

/// A single connection without a pool.
async fn connection(port: u16, request: &http::Request<Full<Bytes>>, length: usize) -> Call {
    let stream = tokio::net::TcpStream::connect(("127.0.0.1", port))
        .await
        .expect("a connection");
    stream.set_nodelay(true).expect("an option");
    let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .expect("a connection");
    tokio::task::spawn_local(connection);
    let sender = Arc::new(tokio::sync::Mutex::new(sender));
    let mut request = request.clone();
    let authority = request.uri().authority().expect("a host").to_string();
    let host = authority.parse().expect("a header");
    request.headers_mut().insert(http::header::HOST, host);
    *request.uri_mut() = http::Uri::from_static("/");
    Arc::new(move || {
        let (sender, request) = (Arc::clone(&sender), request.clone());
        Box::pin(async move {
            let mut sender = sender.lock().await;
            sender.ready().await.expect("a connection");
            let response = sender.send_request(request).await.expect("a response");
            let body = response.into_body().collect().await.expect("a body");
            assert_eq!(body.to_bytes().len(), length);
        })
    })
}
