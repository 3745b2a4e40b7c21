//! Session, client, whole calls with canned responses, and pagination.
//!
//! `cargo xtask bench compare` compares whole calls with the generated SDK and botocore.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use inia::ports::BoxFuture;
use inia::{
    ByteStream, Credentials, Result, Session, json, protocol::Headers, transport::Transport,
    transport::WireRequest, transport::WireResponse,
};
use tokio::runtime::Runtime;

use crate::measure::Measure;

/// Number of pages of a pagination.
const PAGES: usize = 100;

/// Number of names per page.
const NAMES: usize = 100;

/// A transport that returns its bodies cyclically.
#[derive(Debug)]
struct CyclicTransport {
    bodies: Vec<Bytes>,
    next: AtomicUsize,
}

impl Transport for CyclicTransport {
    fn send(&self, request: WireRequest) -> BoxFuture<'_, Result<WireResponse>> {
        black_box(request);
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        let body = self.bodies[turn % self.bodies.len()].clone();
        let mut headers = Headers::with_capacity(2);
        headers.push("content-type", "application/x-amz-json-1.0");
        headers.push("x-amzn-requestid", "8f4f3c2e-1d5a-4b9e-9c58-7a0d2f6b3e11");
        let response = WireResponse {
            status: 200,
            headers,
            body: ByteStream::from(body),
        };
        Box::pin(std::future::ready(Ok(response)))
    }
}

fn session(bodies: impl IntoIterator<Item = String>) -> Session {
    let canned = CyclicTransport {
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

/// Returns the pages: each except the last has a token for the next.
fn pages() -> impl Iterator<Item = String> {
    (1..=PAGES).map(|page| {
        let names: Vec<String> = (0..NAMES)
            .map(|name| format!("\"table-{page:04}-{name:04}\""))
            .collect();
        let names = names.join(",");
        match page {
            PAGES => format!("{{\"TableNames\":[{names}]}}"),
            _ => format!(
                "{{\"TableNames\":[{names}],\"LastEvaluatedTableName\":\"table-{page:04}\"}}"
            ),
        }
    })
}

/// Number of pages of a scanned table, and of items per page.
const SCAN_PAGES: usize = 100;
const SCAN_ITEMS: usize = 1000;

/// Returns the pages of a table of 100,000 items with attributes of all types, 44 MB.
fn scan_pages() -> impl Iterator<Item = String> {
    (1..=SCAN_PAGES).map(|page| {
        let items: Vec<String> = (0..SCAN_ITEMS)
            .map(|item| {
                let id = page * SCAN_ITEMS + item;
                format!(
                    r#"{{"id":{{"S":"user-{id:08}"}},"n":{{"N":"{id}"}},"ratio":{{"N":"{}.25"}},"on":{{"BOOL":true}},"none":{{"NULL":true}},"text":{{"S":"a text of more than twenty-three bytes, number {id}"}},"tags":{{"SS":["one","two"]}},"raw":{{"B":"AQIDBAUGBwg="}},"map":{{"M":{{"lat":{{"N":"-12.5"}},"city":{{"S":"Manaus"}}}}}},"list":{{"L":[{{"N":"1"}},{{"S":"x"}}]}}}}"#,
                    id % 1000
                )
            })
            .collect();
        let last = match page {
            SCAN_PAGES => String::new(),
            _ => format!(r#","LastEvaluatedKey":{{"id":{{"S":"user-{page:08}"}}}}"#),
        };
        format!(r#"{{"Items":[{}],"Count":{SCAN_ITEMS}{last}}}"#, items.join(","))
    })
}

/// Measures the paths of this group.
pub fn paths(measure: &mut Measure) {
    measure
        .path("client/build a session")
        .work(|| || session([]));
    for service in ["sqs", "ec2"] {
        let first = measure.path(format!("client/build {service}, the session's first"));
        first.fresh(|| {
            let build = |session: Session| (session.client(service).expect("a client"), session);
            (|| session([]), build)
        });
        measure.path(format!("client/build {service}")).work(|| {
            let session = session([]);
            let first = session.client(service).expect("a client");
            move || {
                let _kept = &first;
                session.client(service).expect("a client")
            }
        });
    }
    measure.path("call/dynamodb ListTables").work(|| {
        let runtime = runtime();
        let client = session(["{\"TableNames\":[\"one\"]}".to_owned()])
            .client("dynamodb")
            .expect("a client");
        move || {
            let call = client.call("ListTables", json!({"Limit": 10}));
            runtime.block_on(async { call.await }).expect("an response")
        }
    });
    let path = measure.path(format!("paginate/{PAGES} pages of {NAMES} items"));
    path.repeats(2).work(|| {
        let runtime = runtime();
        let client = session(pages()).client("dynamodb").expect("a client");
        move || {
            runtime.block_on(async {
                let mut items = client.paginate("ListTables", json!({})).items();
                let mut count = 0;
                while let Some(item) = items.next().await {
                    black_box(item.expect("an item"));
                    count += 1;
                }
                assert_eq!(count, PAGES * NAMES);
            });
        }
    });
    for (form, is_native) in [("attribute values", false), ("native values", true)] {
        let name = format!(
            "paginate/{} scanned items as {form}",
            SCAN_PAGES * SCAN_ITEMS
        );
        measure.path(name).repeats(2).work(|| {
            let runtime = runtime();
            let client = session(scan_pages()).client("dynamodb").expect("a client");
            let client = if is_native { client.native() } else { client };
            move || {
                runtime.block_on(async {
                    let mut items = client.paginate("Scan", json!({"TableName": "t"})).items();
                    let mut count = 0;
                    while let Some(item) = items.next().await {
                        black_box(item.expect("an item"));
                        count += 1;
                    }
                    assert_eq!(count, SCAN_PAGES * SCAN_ITEMS);
                });
            }
        });
    }
}
