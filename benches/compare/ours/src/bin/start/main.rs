//! Cold start: the cost of a process until a client or request is ready. Each measurement runs in a separate process.
//!
//! `start DATA [RUNS]` runs all measurements and prints one line of JSON; DATA is a folder with EC2's definition as a
//! JSON file, for `AWS_DATA_PATH`. The other forms are single processes: `start nothing`, `start client SERVICE`,
//! `start call SERVICE OPERATION PARAMS`, `start all`.

#![forbid(unsafe_code)]

mod calls;
mod parameters;
mod process;

use std::process::exit;
use std::sync::Arc;

use cpu_time::ProcessTime;
use inia::ports::BoxFuture;
use inia::{
    ByteStream, Credentials, protocol::Headers, Result, Session, transport::Transport, transport::WireRequest, transport::WireResponse,
};
use serde_json::json;

/// The endpoint discovery operation. A call that requires discovery is ready when its own request is.
const DISCOVERY: &str = "DescribeEndpoints";

/// Response to endpoint discovery.
const ENDPOINTS: &str =
    r#"{"Endpoints":[{"Address":"discovered.example.com","CachePeriodInMinutes":60}]}"#;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args.as_slice() {
        ["nothing"] => report(),
        ["client", service] => {
            let client = session().client(service).expect("a client");
            report();
            drop(client);
        }
        ["call", service, operation, params] => call(service, operation, params),
        ["all"] => {
            let session = session();
            let services = session.available_services();
            let clients: Vec<_> = services
                .iter()
                .map(|service| session.client(service).expect("a client"))
                .collect();
            report();
            drop(clients);
        }
        [data] => measure(data, 5),
        [data, runs] => measure(data, runs.parse().expect("a number")),
        _ => exit(2),
    }
}

fn session() -> Session {
    session_for("")
}

/// Returns a session whose client calls `operation`.
fn session_for(operation: &str) -> Session {
    let mut credentials = Credentials::new("AKIDEXAMPLE00000000", "secret", None);
    credentials.account_id = Some("123456789012".into());
    let transport = ExitTransport {
        is_discovery: operation == DISCOVERY,
    };
    Session::builder()
        .region("us-east-1")
        .credentials(credentials)
        .transport(Arc::new(transport))
        .build()
        .expect("a session")
}

/// Makes the first call of an operation, until its request reaches the transport.
fn call(service: &str, operation: &str, params: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let params: inia::Value = serde_json::from_str(params).expect("JSON");
    let client = session_for(operation).client(service).expect("a client");
    let call = runtime.block_on(async { client.call(operation, params).await });
    match call {
        Ok(_) => eprintln!("the call completed without a request"),
        Err(error) => eprintln!("{error:#}"),
    }
    exit(1)
}

/// A transport that exits the process when a request reaches it.
#[derive(Debug)]
struct ExitTransport {
    /// The measured call is the discovery operation itself.
    is_discovery: bool,
}

impl Transport for ExitTransport {
    fn send(&self, request: WireRequest) -> BoxFuture<'_, Result<WireResponse>> {
        let target = request.headers.get("x-amz-target").unwrap_or_default();
        if target.ends_with(DISCOVERY) && !self.is_discovery {
            let response = WireResponse {
                status: 200,
                headers: Headers::new(),
                body: ByteStream::from(ENDPOINTS),
            };
            return Box::pin(std::future::ready(Ok(response)));
        }
        std::hint::black_box(request);
        report();
        exit(0)
    }
}

/// Prints the resources used by this process since its start.
fn report() {
    let cpu = ProcessTime::now().as_duration().as_nanos();
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status
        .lines()
        .find_map(|line| {
            line.strip_prefix("VmHWM:")?
                .split_whitespace()
                .next()?
                .parse()
                .ok()
        })
        .unwrap_or(0_u64);
    println!("{}", json!({"cpu_ns": cpu, "peak_kib": peak}));
}

fn measure(data: &str, runs: usize) {
    let [nothing, client_sts, client_ec2, client_ec2_from_json, all] = process::best(
        [
            (&["nothing"], None),
            (&["client", "sts"], None),
            (&["client", "ec2"], None),
            (&["client", "ec2"], Some(data)),
            (&["all"], None),
        ],
        runs,
    );
    let report = json!({
        "nothing": nothing.row(),
        "client_ec2": client_ec2.row(),
        "client_sts": client_sts.row(),
        "client_ec2_from_json": client_ec2_from_json.row(),
        "all": all.row(),
        "calls": calls::measure(runs),
    });
    println!("{report}");
}
