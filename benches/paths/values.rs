//! Conversions of values: timestamps to and from text, and a page of 1,000 objects to and from JSON.
//!
//! The baselines are chrono for timestamps, serde_json's values for JSON, and inia's values through serde.

use std::hint::black_box;

use inia::{Timestamp, TimestampFormat, Value, from_value, json, to_value};
use inia_core::{TimestampPrecision, from_value_ref};
use serde::{Deserialize, Serialize};

use crate::measure::Measure;

/// Number of objects per page.
const OBJECTS: i64 = 1000;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Object {
    key: String,
    size: u64,
    e_tag: String,
    last_modified: Timestamp,
}

fn page() -> Value {
    let object = |number: i64| {
        json!({
            "Key": format!("logs/2026/05/09/part-{number:06}.json.gz"),
            "Size": number * 1031,
            "ETag": format!("\"{number:032x}\""),
            "LastModified": Timestamp::new(1_778_300_427 + number, 0),
        })
    };
    json!({"Contents": (0..OBJECTS).map(object).collect::<Value>()})
}

fn objects() -> Vec<Object> {
    from_value(page()["Contents"].clone()).expect("objects")
}

/// Measures the paths of this group.
pub fn paths(measure: &mut Measure) {
    timestamps(measure);
    texts(measure);
    let path = measure.path("values/1000 typed objects from a value");
    path.repeats(5).work(|| {
        let page = page();
        move || from_value_ref::<Vec<Object>>(black_box(&page["Contents"]))
    });
    let path = measure.path("values/1000 typed objects to a value");
    path.repeats(5).work(|| {
        let objects = objects();
        move || to_value(black_box(&objects))
    });
}

fn timestamps(measure: &mut Measure) {
    let text = "2026-05-09T04:20:27.000Z";
    let http = "Sat, 09 May 2026 04:20:27 GMT";
    measure
        .path("timestamp/read ISO 8601")
        .work(|| || Timestamp::parse_lenient(black_box(text)));
    measure
        .path("timestamp/read ISO 8601, chrono")
        .baseline()
        .work(|| || chrono::DateTime::parse_from_rfc3339(black_box(text)));
    measure
        .path("timestamp/read HTTP date")
        .work(|| || Timestamp::parse(black_box(http), TimestampFormat::Rfc822));
    measure
        .path("timestamp/read HTTP date, chrono")
        .baseline()
        .work(|| || chrono::DateTime::parse_from_rfc2822(black_box(http)));
    measure
        .path("timestamp/read epoch")
        .work(|| || Timestamp::parse_lenient(black_box("1778300427.123")));
    let moment = Timestamp::parse_lenient(text).expect("a timestamp");
    for (name, format) in [
        ("ISO 8601", TimestampFormat::Iso8601),
        ("HTTP date", TimestampFormat::Rfc822),
        ("epoch", TimestampFormat::UnixTimestamp),
    ] {
        measure.path(format!("timestamp/write {name}")).work(|| {
            let mut out = Vec::with_capacity(64);
            move || {
                out.clear();
                let text = black_box(moment).text(format, TimestampPrecision::Default);
                out.extend_from_slice(text.as_bytes());
                out.len()
            }
        });
    }
    let path = measure.path("timestamp/write ISO 8601, chrono").baseline();
    path.work(|| {
        let moment = chrono::DateTime::from_timestamp(moment.seconds(), 0).expect("a moment");
        move || black_box(moment).to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)
    });
}

fn texts(measure: &mut Measure) {
    let mut text = Vec::new();
    page().write_json(&mut text);
    let bytes = text.len();
    let path = measure.path("values/write JSON").bytes(bytes).repeats(5);
    path.work(|| {
        let (page, mut out) = (page(), Vec::with_capacity(bytes));
        move || {
            out.clear();
            black_box(&page).write_json(&mut out);
        }
    });
    let path = measure.path("values/write JSON by serde_json").bytes(bytes);
    path.baseline().work(|| {
        let (page, mut out) = (page(), Vec::with_capacity(bytes));
        move || {
            out.clear();
            serde_json::to_writer(&mut out, black_box(&page)).expect("JSON");
        }
    });
    let path = measure.path("values/write JSON of serde_json's values");
    path.bytes(bytes).baseline().work(|| {
        let (page, mut out) = (page().to_json(), Vec::with_capacity(bytes));
        move || {
            out.clear();
            serde_json::to_writer(&mut out, black_box(&page)).expect("JSON");
        }
    });
    let path = measure.path("values/read JSON").bytes(bytes).repeats(5);
    path.work(|| || serde_json::from_slice::<Value>(black_box(&text)));
    let path = measure.path("values/read JSON to serde_json's values");
    path.bytes(bytes)
        .baseline()
        .work(|| || serde_json::from_slice::<serde_json::Value>(black_box(&text)));
}
