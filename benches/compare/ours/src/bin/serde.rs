//! The cross-SDK serialization benchmark: only the wire formats, without endpoint, signature or network.
//!
//! `serde DIR [--reps N] [--out FILE]`. A request is parameters to method, URI, headers and body; a response is status,
//! headers and body to a value. DIR contains `cases.json` and one `<format>.service-2.json` per format. The large JSON
//! bodies are pretty-printed; `<case>_minified` measures them without white space.

#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use inia::{
    Blob, protocol::Headers, model::Kind, List, Map, model::Member, model::Operation, protocol::Protocol, model::ServiceModel, Timestamp, Value,
};
use inia_protocol::{Codec, Input, Response};
use serde_json::{Value as Json, json};

/// Minimum duration of a sample, so that the cost of reading the clock is negligible.
const SAMPLE: Duration = Duration::from_micros(5);

struct Format {
    model: Arc<ServiceModel>,
    codec: Codec,
}

fn main() {
    let mut args = std::env::args().skip(1);
    let folder = PathBuf::from(args.next().expect("usage: serde DIR"));
    let (mut reps, mut out) = (1000, None);
    while let Some(option) = args.next() {
        let value = args.next().expect("a value");
        match option.as_str() {
            "--reps" => reps = value.parse().expect("a number"),
            "--out" => out = Some(PathBuf::from(value)),
            other => panic!("unknown option {other}"),
        }
    }
    let cases: Vec<Json> = read(&folder.join("cases.json"));
    let mut formats: BTreeMap<String, Format> = BTreeMap::new();
    let mut rows = Vec::new();
    for case in &cases {
        let name = case["protocol"].as_str().expect("a format");
        let format = formats
            .entry(name.to_owned())
            .or_insert_with(|| load(&folder, name));
        let operation = format
            .model
            .operation(case["operation"].as_str().expect("an operation"))
            .expect("a known operation");
        let id = case["id"].as_str().expect("an id");
        if case["direction"] == "request" {
            let params = match &operation.input {
                Some(input) => value(&format.model, input, &case["params"]),
                None => Value::map(),
            };
            rows.push(measure(id, reps, || {
                let request = format
                    .codec
                    .serialize(operation, Input::from(black_box(&params)));
                black_box(request.expect("a request"));
            }));
        } else {
            let response = response(case);
            rows.push(measure(id, reps, || parse(format, operation, &response)));
            if id.ends_with("_L")
                && let Some(minified) = minified(&response)
            {
                let id = format!("{id}_minified");
                rows.push(measure(&id, reps, || parse(format, operation, &minified)));
            }
        }
    }
    let report = json!({
        "metadata": {
            "lang": "rust",
            "software": [["inia", "0.1.0"]],
            "os": std::env::consts::OS,
            "instance": std::env::consts::ARCH,
            "precision": "-9",
        },
        "serde_benchmarks": rows,
    });
    let text = serde_json::to_string_pretty(&report).expect("rows are JSON");
    match out {
        Some(path) => std::fs::write(path, text).expect("the output file is writable"),
        None => println!("{text}"),
    }
}

fn read<T: serde::de::DeserializeOwned>(path: &Path) -> T {
    let text = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn load(folder: &Path, name: &str) -> Format {
    let path = folder.join(format!("{name}.service-2.json"));
    let text = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let model = Arc::new(ServiceModel::from_json(name, &text).expect("a definition"));
    let protocol = Protocol::of(model.metadata()).expect("a known wire format");
    Format {
        codec: protocol.codec(Arc::clone(&model)),
        model,
    }
}

/// Converts parameters by shape: blobs are strings of their bytes, timestamps are seconds.
fn value(model: &ServiceModel, member: &Member, json: &Json) -> Value {
    let target = |member: &Member, json: &Json| value(model, member, json);
    match (&model.shape(member.target).kind, json) {
        (_, Json::Null) => Value::Null,
        (Kind::Structure(structure), Json::Object(members)) => {
            let entries = members.iter().map(|(name, json)| {
                let member = structure.member(name).expect("a known member");
                (name.as_str(), target(member, json))
            });
            Value::Map(entries.collect::<Map>())
        }
        (Kind::List(item), Json::Array(items)) => Value::List(
            items
                .iter()
                .map(|json| target(item, json))
                .collect::<List>(),
        ),
        (Kind::Map { value: item, .. }, Json::Object(members)) => {
            let entries = members
                .iter()
                .map(|(name, json)| (name.as_str(), target(item, json)));
            Value::Map(entries.collect::<Map>())
        }
        (Kind::Blob, Json::String(text)) => Value::Blob(Blob::from(text.clone().into_bytes())),
        (Kind::Timestamp, Json::Number(seconds)) => {
            let seconds = seconds.as_f64().expect("seconds");
            Value::Timestamp(Timestamp::from_f64(seconds).expect("a moment"))
        }
        _ => match json {
            Json::Bool(value) => Value::from(*value),
            Json::String(text) => Value::from(text),
            Json::Number(number) => match number.as_i64() {
                Some(integer) => Value::from(integer),
                None => Value::from(number.as_f64().expect("a number")),
            },
            other => panic!("{}: {other} does not match the shape", member.name),
        },
    }
}

/// Repairs two published bodies whose quotes are escaped twice, which makes them invalid JSON.
fn unescape_quotes(body: &str) -> String {
    let is_json = |text: &str| serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
    let unescape_quotes = body.replace("\\\\\"", "\\\"");
    if body.starts_with('{') && !is_json(body) && is_json(&unescape_quotes) {
        return unescape_quotes;
    }
    body.to_owned()
}

fn response(case: &Json) -> Response {
    let text = case["body"].as_str().unwrap_or_default();
    let body = if case["protocol"] == "rpcv2Cbor" {
        Bytes::from(
            STANDARD
                .decode(text.split_whitespace().collect::<String>())
                .expect("base64"),
        )
    } else {
        Bytes::from(unescape_quotes(text))
    };
    let headers = case["headers"].as_object().into_iter().flatten();
    let headers: Headers = headers
        .map(|(name, value)| {
            let value = value.as_str().expect("a text");
            (name.to_ascii_lowercase(), value)
        })
        .collect();
    Response {
        status: u16::try_from(case["code"].as_u64().expect("a status")).expect("a status"),
        headers,
        body,
    }
}

/// Returns the response without white space in its JSON; `None` if it is not JSON or has none.
fn minified(response: &Response) -> Option<Response> {
    let json: Json = serde_json::from_slice(&response.body).ok()?;
    let body = serde_json::to_vec(&json).ok()?;
    (json.is_object() && response.body.contains(&b'\n') && body.len() < response.body.len()).then(
        || Response {
            body: body.into(),
            ..response.clone()
        },
    )
}

fn parse(format: &Format, operation: &Operation, response: &Response) {
    let output = format.codec.parse(operation, black_box(response).clone());
    black_box(output.expect("a response"));
}

fn measure(id: &str, reps: u32, work: impl Fn()) -> Json {
    let start = Instant::now();
    let mut calls = 0_u32;
    while start.elapsed() < Duration::from_millis(20) || calls < 10 {
        work();
        calls += 1;
    }
    let one = start.elapsed() / calls;
    let calls = (SAMPLE.as_nanos() / one.as_nanos().max(1)).max(1) as u32;
    let mut samples: Vec<f64> = (0..reps)
        .map(|_| {
            let start = Instant::now();
            for _ in 0..calls {
                work();
            }
            start.elapsed().as_nanos() as f64 / f64::from(calls)
        })
        .collect();
    samples.sort_by(f64::total_cmp);
    let n = samples.len() as f64;
    let mean = samples.iter().sum::<f64>() / n;
    let variance = samples.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
    let percentile = |part: f64| samples[((n - 1.0) * part).round() as usize];
    json!({
        "id": id, "n": reps, "mean": mean, "p50": percentile(0.5), "p90": percentile(0.9),
        "p95": percentile(0.95), "p99": percentile(0.99), "std_dev": variance.sqrt(),
    })
}
