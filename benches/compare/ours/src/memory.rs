//! Memory of a page of results, compared with its bytes on the wire.

use bench_harness::{Bench, counts_allocations, live_bytes};
use serde_json::json;

use crate::calls::case_setup;
use crate::canned::Canned;

/// The measured pages.
const PAGES: [&str; 3] = [
    "ec2.DescribeInstances",
    "s3.ListObjectsV2",
    "dynamodb.Query",
];

/// Measures the live bytes of each page. The response is a new buffer, which counts if strings are slices of it.
pub fn measure(bench: &mut Bench) {
    assert!(
        counts_allocations(),
        "memory is measured by `ours-counted --memory`"
    );
    for name in PAGES {
        if !bench.is_selected(name) {
            continue;
        }
        let mut wire = 0;
        let (client, operation, params) = case_setup(bench, name, |reply| {
            wire = reply.body.len();
            Canned::new(reply, None).fresh()
        });
        let call = || {
            let output = bench
                .runtime()
                .block_on(async { client.call(&operation, params.clone()).await });
            output.unwrap_or_else(|error| panic!("{name}: {error}"))
        };
        // Excludes data that the client caches for later calls.
        drop(call());
        let before = live_bytes();
        let output = call();
        let live = live_bytes() - before;
        drop(output);
        let left = live_bytes() - before;
        let ratio = live as f64 / wire as f64;
        println!(
            "{name:24} {wire:>9} bytes on the wire, {live:>9} live: {ratio:.2} x; {left} left after drop"
        );
        let row = json!({"case": name, "wire_bytes": wire, "live_bytes": live, "ratio": ratio, "left": left});
        bench.row(row);
    }
}
