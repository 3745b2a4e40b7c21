//! What stands around a wire format: a session, a client, a whole call that is answered from memory, and a run through pages.
//!
//! Run with `cargo bench --bench client`. Beside the generated SDK and botocore, whole calls are measured by
//! `cargo xtask bench compare`.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use inia::ports::BoxFuture;
use inia::{
    ByteStream, Credentials, Headers, Result, Session, Transport, WireRequest, WireResponse, json,
};
use tokio::runtime::Runtime;

/// How many pages a run goes through.
const PAGES: usize = 100;

/// The names on a page.
const NAMES: usize = 100;

/// Answers with each of its bodies in turn, and begins again.
#[derive(Debug)]
struct Canned {
    bodies: Vec<Bytes>,
    next: AtomicUsize,
}

impl Transport for Canned {
    fn send(&self, request: WireRequest) -> BoxFuture<'_, Result<WireResponse>> {
        black_box(request);
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        let body = self.bodies[turn % self.bodies.len()].clone();
        let mut headers = Headers::with_capacity(2);
        headers.push("content-type", "application/x-amz-json-1.0");
        headers.push("x-amzn-requestid", "8f4f3c2e-1d5a-4b9e-9c58-7a0d2f6b3e11");
        let answer = WireResponse {
            status: 200,
            headers,
            body: ByteStream::from(body),
        };
        Box::pin(std::future::ready(Ok(answer)))
    }
}

fn session(bodies: impl IntoIterator<Item = String>) -> Session {
    let canned = Canned {
        bodies: bodies.into_iter().map(Bytes::from).collect(),
        next: AtomicUsize::new(0),
    };
    Session::builder()
        .region("us-east-1")
        .credentials(Credentials::new("AKIDEXAMPLE", "secret", None))
        .transport(Arc::new(canned))
        .build()
        .expect("a session")
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime")
}

/// The pages of a run: every page but the last names the next.
fn pages() -> impl Iterator<Item = String> {
    (1..=PAGES).map(|page| {
        let names: Vec<String> = (0..NAMES)
            .map(|name| format!("\"table-{page:04}-{name:04}\""))
            .collect();
        let names = names.join(",");
        match page {
            PAGES => format!("{{\"TableNames\":[{names}]}}"),
            _ => format!("{{\"TableNames\":[{names}],\"LastEvaluatedTableName\":\"{page}\"}}"),
        }
    })
}

fn setting_up(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("set up");
    group.bench_function("session", |bencher| bencher.iter(|| black_box(session([]))));
    for service in ["sts", "ec2"] {
        group.bench_function(format!("first client of {service}"), |bencher| {
            bencher.iter_with_setup(
                || session([]),
                |session| (session.client(service).expect("a client"), session),
            );
        });
        group.bench_function(format!("another client of {service}"), |bencher| {
            let session = session([]);
            let _first = session.client(service);
            bencher.iter(|| session.client(service).expect("a client"));
        });
    }
    group.finish();
}

fn calling(criterion: &mut Criterion) {
    let runtime = runtime();
    let mut group = criterion.benchmark_group("call");
    let client = session(["{\"TableNames\":[\"one\"]}".to_owned()])
        .client("dynamodb")
        .expect("a client");
    group.bench_function("dynamodb ListTables", |bencher| {
        bencher.iter(|| {
            let call = client.call("ListTables", json!({"Limit": 10}));
            runtime.block_on(async { call.await }).expect("an answer")
        });
    });
    group.finish();
}

fn paging(criterion: &mut Criterion) {
    let runtime = runtime();
    let mut group = criterion.benchmark_group("paginate");
    group.sample_size(20);
    group.throughput(Throughput::Elements((PAGES * NAMES) as u64));
    let client = session(pages()).client("dynamodb").expect("a client");
    group.bench_function(format!("{PAGES} pages of {NAMES} items"), |bencher| {
        bencher.iter(|| {
            runtime.block_on(async {
                let mut items = client.paginate("ListTables", json!({})).items();
                let mut count = 0;
                while let Some(item) = items.next().await {
                    black_box(item.expect("an item"));
                    count += 1;
                }
                assert_eq!(count, PAGES * NAMES);
            });
        });
    });
    group.finish();
}

criterion_group!(benches, setting_up, calling, paging);
criterion_main!(benches);
