//! The XML formats: answers to values, and parameters to requests.
//!
//! | benchmark | work |
//! |---|---|
//! | `parse ec2.DescribeInstances` | 5.17 MB, 152,504 elements: 1,000 instances |
//! | `parse s3.ListObjectsV2` | 348 KB: 1,000 objects, references in most keys and every tag |
//! | `parse sts.GetCallerIdentity` | 369 B: what every answer costs at least |
//! | `serialize ec2.RunInstances` | a form of 70 pairs |
//!
//! A parse takes over a body of its own, as from a transport, and hands out the value, which is dropped outside of the time.
//!
//! Run with `cargo bench --bench xml`. The fixtures are those of the comparison with other SDKs, in the folder
//! `INIA_FIXTURES`, by default `../shared/peer-bench/fixtures` beside the workspace; where they are not at hand, nothing runs.
#![expect(
    clippy::expect_used,
    reason = "a bench without its data has nothing to say"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use inia_core::{Blob, Map, Timestamp, Value};
use inia_model::ServiceModel;
use inia_protocol::{Codec, Headers, Input, Protocol, Response};

fn fixtures() -> Option<PathBuf> {
    let folder = std::env::var_os("INIA_FIXTURES").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/peer-bench/fixtures"),
        PathBuf::from,
    );
    folder.is_dir().then_some(folder)
}

fn model(service: &str) -> Arc<ServiceModel> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("data")
        .join(service);
    let mut versions: Vec<_> = fs::read_dir(folder)
        .expect("the service is in data/")
        .flatten()
        .map(|version| version.path().join("service-2.json"))
        .collect();
    versions.sort();
    let json = fs::read(versions.pop().expect("the service has a version"))
        .expect("the version has a definition");
    Arc::new(ServiceModel::from_json(service, &json).expect("the definition is valid"))
}

fn codec(model: &Arc<ServiceModel>) -> Box<dyn Codec> {
    Protocol::of(model.metadata())
        .expect("the service speaks a known format")
        .codec(Arc::clone(model))
}

/// Parameters as the fixtures write them: `$base64` is a blob, `$epoch` a timestamp.
fn params(json: &serde_json::Value) -> Value {
    match json {
        serde_json::Value::Object(object) => {
            if let Some(text) = object.get("$base64").and_then(serde_json::Value::as_str) {
                return Value::Blob(Blob::from(BASE64.decode(text).expect("base64")));
            }
            if let Some(seconds) = object.get("$epoch").and_then(serde_json::Value::as_i64) {
                return Value::Timestamp(Timestamp::new(seconds, 0));
            }
            Value::Map(
                object
                    .iter()
                    .map(|(name, value)| (name.as_str(), params(value)))
                    .collect::<Map>(),
            )
        }
        serde_json::Value::Array(items) => items.iter().map(params).collect(),
        scalar => serde_json::from_value(scalar.clone()).expect("a scalar"),
    }
}

fn parse(criterion: &mut Criterion) {
    let Some(folder) = fixtures() else { return };
    for (service, operation) in [
        ("ec2", "DescribeInstances"),
        ("s3", "ListObjectsV2"),
        ("sts", "GetCallerIdentity"),
    ] {
        let body = fs::read(folder.join(format!("{service}.{operation}.xml"))).expect("a fixture");
        let model = model(service);
        let codec = codec(&model);
        let operation = model.operation(operation).expect("the operation is there");
        let mut group = criterion.benchmark_group("parse");
        group.throughput(Throughput::Bytes(body.len() as u64));
        group.bench_function(format!("{service}.{}", operation.name), |bencher| {
            bencher.iter_batched(
                || Response {
                    status: 200,
                    headers: Headers::new(),
                    body: Bytes::from(body.clone()),
                },
                |response| {
                    codec
                        .parse(operation, response)
                        .expect("the answer is valid")
                },
                BatchSize::LargeInput,
            );
        });
        group.finish();
    }
}

fn serialize(criterion: &mut Criterion) {
    let Some(folder) = fixtures() else { return };
    for (service, operation) in [("ec2", "RunInstances"), ("sts", "GetCallerIdentity")] {
        let json =
            fs::read(folder.join(format!("{service}.{operation}.params.json"))).expect("a fixture");
        let params = params(&serde_json::from_slice(&json).expect("JSON"));
        let model = model(service);
        let codec = codec(&model);
        let operation = model.operation(operation).expect("the operation is there");
        criterion.bench_function(
            &format!("serialize/{service}.{}", operation.name),
            |bencher| {
                bencher.iter(|| {
                    codec
                        .serialize(operation, Input::from(&params))
                        .expect("the parameters are valid")
                });
            },
        );
    }
}

criterion_group!(benches, parse, serialize);
criterion_main!(benches);
