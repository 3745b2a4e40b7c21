//! Values at their edges: timestamps as text and back, and a page of 1,000 objects as JSON.
//!
//! The rivals are chrono for timestamps, serde_json's own values for JSON, and our values through serde.
//!
//! Run with `cargo bench --bench values`.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use inia_core::{
    Timestamp, TimestampFormat, TimestampPrecision, Value, from_value_ref, json, to_value,
};
use serde::{Deserialize, Serialize};

fn timestamps(criterion: &mut Criterion) {
    let text = "2026-05-09T04:20:27.000Z";
    let moment = Timestamp::parse_lenient(text).expect("a timestamp");

    let mut group = criterion.benchmark_group("parse timestamp");
    group.bench_function("ISO 8601", |bench| {
        bench.iter(|| Timestamp::parse_lenient(black_box(text)))
    });
    group.bench_function("ISO 8601, chrono", |bench| {
        bench.iter(|| chrono::DateTime::parse_from_rfc3339(black_box(text)))
    });
    let http = "Sat, 09 May 2026 04:20:27 GMT";
    group.bench_function("HTTP date", |bench| {
        bench.iter(|| Timestamp::parse(black_box(http), TimestampFormat::Rfc822))
    });
    group.bench_function("HTTP date, chrono", |bench| {
        bench.iter(|| chrono::DateTime::parse_from_rfc2822(black_box(http)))
    });
    group.bench_function("epoch", |bench| {
        bench.iter(|| Timestamp::parse_lenient(black_box("1778300427.123")))
    });
    group.finish();

    let mut group = criterion.benchmark_group("format timestamp");
    let mut out = Vec::with_capacity(64);
    for (name, format) in [
        ("ISO 8601", TimestampFormat::Iso8601),
        ("HTTP date", TimestampFormat::Rfc822),
        ("epoch", TimestampFormat::UnixTimestamp),
    ] {
        group.bench_function(name, |bench| {
            bench.iter(|| {
                out.clear();
                let text = black_box(moment).text(format, TimestampPrecision::Default);
                out.extend_from_slice(text.as_bytes());
                out.len()
            });
        });
    }
    let theirs = chrono::DateTime::from_timestamp(moment.seconds(), 0).expect("a moment");
    group.bench_function("ISO 8601, chrono", |bench| {
        bench.iter(|| black_box(theirs).to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true));
    });
    group.finish();
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Object {
    key: String,
    size: u64,
    e_tag: String,
    last_modified: Timestamp,
}

fn json_text(criterion: &mut Criterion) {
    let object = |number: i64| {
        json!({
            "Key": format!("logs/2026/05/09/part-{number:06}.json.gz"),
            "Size": number * 1031,
            "ETag": format!("\"{number:032x}\""),
            "LastModified": Timestamp::new(1_778_300_427 + number, 0),
        })
    };
    let page = json!({"Contents": (0..1000).map(object).collect::<Value>()});
    let theirs = page.to_json();
    let mut out = Vec::new();
    page.write_json(&mut out);

    let mut group = criterion.benchmark_group("write JSON");
    group.throughput(Throughput::Bytes(out.len() as u64));
    group.bench_function("write_json", |bench| {
        bench.iter(|| {
            out.clear();
            black_box(&page).write_json(&mut out);
        });
    });
    group.bench_function("our values through serde_json", |bench| {
        bench.iter(|| {
            out.clear();
            serde_json::to_writer(&mut out, black_box(&page)).expect("JSON");
        });
    });
    group.bench_function("serde_json's values", |bench| {
        bench.iter(|| {
            out.clear();
            serde_json::to_writer(&mut out, black_box(&theirs)).expect("JSON");
        });
    });
    group.finish();

    let mut group = criterion.benchmark_group("read JSON");
    group.throughput(Throughput::Bytes(out.len() as u64));
    group.bench_function("our values", |bench| {
        bench.iter(|| serde_json::from_slice::<Value>(black_box(&out)))
    });
    group.bench_function("serde_json's values", |bench| {
        bench.iter(|| serde_json::from_slice::<serde_json::Value>(black_box(&out)));
    });
    group.finish();

    let mut group = criterion.benchmark_group("1000 typed objects");
    let contents = &page["Contents"];
    let objects: Vec<Object> = from_value_ref(contents).expect("objects");
    group.bench_function("from_value_ref", |bench| {
        bench.iter(|| from_value_ref::<Vec<Object>>(black_box(contents)))
    });
    group.bench_function("to_value", |bench| {
        bench.iter(|| to_value(black_box(&objects)))
    });
    group.finish();
}

criterion_group!(benches, timestamps, json_text);
criterion_main!(benches);
