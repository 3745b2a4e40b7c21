//! Cold start: what a process costs until something is ready. Each measurement is a process of its own.
//!
//! `start DATA [RUNS]` measures everything and prints one line of JSON; DATA is a folder with EC2's definition as a JSON file, as in
//! `AWS_DATA_PATH`. The other forms are the single processes: `start nothing`, `start client SERVICE`,
//! `start call SERVICE OPERATION`, `start all`.

#![forbid(unsafe_code)]

use std::process::{Command, exit};
use std::sync::Arc;

use cpu_time::ProcessTime;
use inia::ports::BoxFuture;
use inia::{Result, Session, Transport, WireRequest, WireResponse};
use serde_json::{Value, json};

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
        ["call", service, operation] => call(service, operation),
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
    Session::builder()
        .region("us-east-1")
        .credentials(inia::Credentials::new(
            "AKIDEXAMPLE00000000",
            "secret",
            None,
        ))
        .transport(Arc::new(Reached))
        .build()
        .expect("a session")
}

/// The first call of an operation, until its request is handed to the transport.
fn call(service: &str, operation: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let client = session().client(service).expect("a client");
    let error = runtime.block_on(async { client.call(operation, inia::json!({})).await });
    panic!("{service} {operation}: no request: {error:?}");
}

/// The transport that ends the process when a request reaches it.
#[derive(Debug)]
struct Reached;

impl Transport for Reached {
    fn send(&self, request: WireRequest) -> BoxFuture<'_, Result<WireResponse>> {
        std::hint::black_box(request);
        report();
        exit(0)
    }
}

/// Prints what this process has used since it started.
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
    let nothing = process(&["nothing"], None, runs);
    let mut calls: Vec<(String, f64, f64)> = first_operations()
        .into_iter()
        .map(|(service, operation)| {
            let (cpu, peak) = process(&["call", &service, &operation], None, runs);
            (format!("{service} {operation}"), cpu, peak)
        })
        .collect();
    calls.sort_by(|one, two| one.1.total_cmp(&two.1));
    let row = |of: &(f64, f64)| json!({"cpu_ms": of.0, "peak_kib": of.1});
    let named = |of: &(String, f64, f64)| json!({"call": of.0, "cpu_ms": of.1, "peak_kib": of.2});
    let report = json!({
        "nothing": row(&nothing),
        "client_ec2": row(&process(&["client", "ec2"], None, runs)),
        "client_sts": row(&process(&["client", "sts"], None, runs)),
        "client_ec2_from_json": row(&process(&["client", "ec2"], Some(data), runs)),
        "all": row(&process(&["all"], None, runs)),
        "calls": calls.len(),
        "call_least": calls.first().map(named),
        "call_median": calls.get(calls.len() / 2).map(named),
        "call_most": calls.last().map(named),
    });
    println!("{report}");
}

/// For each service an operation that can be called without parameters.
fn first_operations() -> Vec<(String, String)> {
    let session = session();
    let mut found = Vec::new();
    for service in session.available_services() {
        let client = session.client(&service).expect("a client");
        let model = client.model();
        let free = model.operations().find(|operation| {
            model
                .input(operation)
                .is_none_or(|input| input.required.is_empty())
        });
        if let Some(operation) = free {
            found.push((service.to_string(), operation.name.to_string()));
        }
    }
    found
}

/// The least CPU time in milliseconds, of several runs, and the peak memory in KiB, of this program with arguments.
fn process(args: &[&str], data: Option<&str>, runs: usize) -> (f64, f64) {
    let program = std::env::current_exe().expect("this program has a path");
    let mut best = (f64::INFINITY, 0.0);
    for _ in 0..runs.max(1) {
        let mut command = Command::new(&program);
        // The one service of those that wants a bearer token.
        command
            .args(args)
            .env("AWS_BEARER_TOKEN_CODECATALYST", "token");
        if let Some(data) = data {
            command.env("AWS_DATA_PATH", data);
        }
        let output = command.output().expect("this program starts");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{args:?}: {errors}");
        let row: Value = serde_json::from_slice(&output.stdout).expect("a row");
        let cpu = row["cpu_ns"].as_f64().expect("a number") / 1e6;
        if cpu < best.0 {
            best = (cpu, row["peak_kib"].as_f64().expect("a number"));
        }
    }
    best
}
