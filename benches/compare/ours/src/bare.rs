//! Bare libraries on the same bytes, as a lower bound for formats and digests.

use std::hint::black_box;

use bench_harness::Bench;
use quick_xml::events::Event;
use sha2::{Digest, Sha256};

/// Measures each library.
pub fn measure(bench: &mut Bench) {
    for case in bench.fixtures().cases() {
        let reply = bench.fixtures().reply(&case.name, "");
        let body = reply.body.as_ref();
        let name = format!("bare.serde_json.{}", case.name);
        if body.starts_with(b"{") && body.len() > 2 && bench.is_selected(&name) {
            bench.measure_plain(&name, || {
                let value: serde_json::Value = serde_json::from_slice(body).expect("JSON");
                black_box(value);
            });
        }
        let name = format!("bare.quick-xml.{}", case.name);
        if body.starts_with(b"<") && bench.is_selected(&name) {
            bench.measure_plain(&name, || {
                black_box(walk(body));
            });
        }
    }
    if bench.is_selected("bare.sha2.64KiB") {
        let blob = vec![7_u8; 64 * 1024];
        bench.measure_plain("bare.sha2.64KiB", || {
            black_box(Sha256::digest(black_box(&blob)));
        });
    }
}

/// Reads all events of a document without storing them.
fn walk(document: &[u8]) -> usize {
    let mut reader = quick_xml::Reader::from_reader(document);
    let mut bytes = 0;
    loop {
        match reader.read_event().expect("XML") {
            Event::Eof => return bytes,
            event => bytes += black_box(&event).len(),
        }
    }
}
