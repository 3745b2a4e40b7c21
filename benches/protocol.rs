//! The wire formats: parameters to a request, and a response to a value, on the fixtures that the peers are measured on.
//!
//! Throughput is that of the body. A response is cloned before it is parsed, as a connection hands a fresh buffer over; what that
//! copy takes is measured by itself as `copy alone`.
//!
//! Run with `cargo bench --bench protocol`. The fixtures are `../shared/peer-bench/fixtures` beside the workspace, or `INIA_FIXTURES`.

#![expect(
    clippy::unwrap_used,
    reason = "a bench that cannot be set up cannot be run"
)]

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use inia_core::{Blob, List, Map, Timestamp, Value};
use inia_model::{Operation, ServiceModel};
use inia_protocol::{Codec, Headers, Input, Protocol, Response};

/// A service, its codec and one of its operations.
struct Setting {
    model: Arc<ServiceModel>,
    codec: Box<dyn Codec>,
    operation: &'static str,
}

impl Setting {
    fn new(service: &str, operation: &'static str, protocol: Option<Protocol>) -> Setting {
        let model = Arc::new(load(service));
        let protocol = protocol.unwrap_or_else(|| Protocol::of(model.metadata()).unwrap());
        Setting {
            codec: protocol.codec(Arc::clone(&model)),
            model,
            operation,
        }
    }

    fn operation(&self) -> &Operation {
        self.model.operation(self.operation).unwrap()
    }
}

/// The newest definition of a service.
fn load(service: &str) -> ServiceModel {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("data")
        .join(service);
    let mut versions: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    versions.sort();
    let newest = versions.pop().unwrap().join("service-2.json");
    ServiceModel::from_json(service, &std::fs::read(newest).unwrap()).unwrap()
}

/// A fixture; `None`, and a message, where it is not at hand.
fn fixture(name: &str) -> Option<Vec<u8>> {
    let folder = std::env::var_os("INIA_FIXTURES").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/peer-bench/fixtures"),
        PathBuf::from,
    );
    match std::fs::read(folder.join(name)) {
        Ok(bytes) => Some(bytes),
        Err(error) => {
            eprintln!("{name} is left out: {error}");
            None
        }
    }
}

/// Parameters of a fixture, with what JSON cannot say put in the place of its tags.
fn params(name: &str) -> Option<Value> {
    let json: Value = serde_json::from_slice(&fixture(name)?).unwrap();
    Some(untag(&json))
}

fn untag(value: &Value) -> Value {
    use base64::Engine as _;
    match value {
        Value::List(list) => list.iter().map(untag).collect::<List>().into(),
        Value::Map(map) => {
            if let (1, Some(text)) = (map.len(), map.get("$base64").and_then(Value::as_str)) {
                let bytes = base64::engine::general_purpose::STANDARD.decode(text);
                return Value::Blob(Blob::from(bytes.unwrap()));
            }
            if let (1, Some(seconds)) = (map.len(), map.get("$epoch").and_then(Value::as_f64)) {
                return Value::Timestamp(Timestamp::from_f64(seconds).unwrap());
            }
            map.iter()
                .map(|(name, value)| (name.clone(), untag(value)))
                .collect::<Map>()
                .into()
        }
        other => other.clone(),
    }
}

fn parse(criterion: &mut Criterion) {
    for (service, operation, file) in [
        ("dynamodb", "Query", "dynamodb.Query.json"),
        ("dynamodb", "GetItem", "dynamodb.GetItem.json"),
        ("sqs", "SendMessage", "sqs.SendMessage.json"),
        ("s3", "ListObjectsV2", "s3.ListObjectsV2.xml"),
        ("ec2", "DescribeInstances", "ec2.DescribeInstances.xml"),
        ("sts", "GetCallerIdentity", "sts.GetCallerIdentity.xml"),
    ] {
        let Some(body) = fixture(file) else { continue };
        let setting = Setting::new(service, operation, None);
        let mut group = criterion.benchmark_group(format!("parse {service}.{operation}"));
        group.throughput(Throughput::Bytes(body.len() as u64));
        group.sample_size(20);
        let response = || Response {
            status: 200,
            headers: Headers::new(),
            body: Bytes::from(body.clone()),
        };
        group.bench_function("parse and drop", |bencher| {
            bencher.iter(|| {
                let value = setting.codec.parse(setting.operation(), response());
                black_box(value.unwrap());
            });
        });
        group.bench_function("parse", |bencher| {
            bencher.iter_batched(
                response,
                |response| setting.codec.parse(setting.operation(), response).unwrap(),
                BatchSize::LargeInput,
            );
        });
        group.bench_function("copy alone", |bencher| {
            bencher.iter(|| black_box(response()))
        });
        group.finish();
    }
}

fn serialize(criterion: &mut Criterion) {
    for (service, operation, file, protocol) in [
        ("dynamodb", "PutItem", "dynamodb.PutItem.params.json", None),
        ("sqs", "SendMessage", "sqs.SendMessage.params.json", None),
        ("ec2", "RunInstances", "ec2.RunInstances.params.json", None),
        (
            "cloudwatch",
            "PutMetricData",
            "cloudwatch.PutMetricData.params.json",
            Some(Protocol::RpcV2Cbor),
        ),
        (
            "cloudwatch",
            "PutMetricData",
            "cloudwatch.PutMetricData.params.json",
            Some(Protocol::Json),
        ),
        (
            "cloudwatch",
            "PutMetricData",
            "cloudwatch.PutMetricData.params.json",
            Some(Protocol::Query),
        ),
    ] {
        let Some(params) = params(file) else { continue };
        let setting = Setting::new(service, operation, protocol);
        let protocol = protocol.map_or_else(String::new, |protocol| format!(" in {protocol}"));
        bench_serialize(
            criterion,
            &format!("serialize {service}.{operation}{protocol}"),
            &setting,
            &params,
        );
    }
    // A megabyte of items, as they came out of a query.
    if let Some(body) = fixture("dynamodb.Query.json") {
        let query = Setting::new("dynamodb", "Query", None);
        let response = Response {
            status: 200,
            headers: Headers::new(),
            body: body.into(),
        };
        let mut answer = query.codec.parse(query.operation(), response).unwrap();
        let items = answer.as_map_mut().and_then(|map| map.remove("Items"));
        let requests: List = items
            .unwrap()
            .items()
            .map(|item| {
                let put: Map = [("Item", item.clone())].into_iter().collect();
                Value::from([("PutRequest", put)].into_iter().collect::<Map>())
            })
            .collect();
        let tables: Map = [("bench-table", requests)].into_iter().collect();
        let params = Value::from([("RequestItems", tables)].into_iter().collect::<Map>());
        let setting = Setting::new("dynamodb", "BatchWriteItem", None);
        bench_serialize(
            criterion,
            "serialize dynamodb.BatchWriteItem",
            &setting,
            &params,
        );
    }
}

fn bench_serialize(criterion: &mut Criterion, name: &str, setting: &Setting, params: &Value) {
    let serialize = || {
        setting
            .codec
            .serialize(setting.operation(), Input::from(params))
            .unwrap()
    };
    let mut group = criterion.benchmark_group(name);
    group.throughput(Throughput::Bytes(serialize().body.len() as u64));
    group.sample_size(20);
    group.bench_function("serialize and drop", |bencher| {
        bencher.iter(|| black_box(serialize()));
    });
    group.finish();
}

criterion_group!(benches, parse, serialize);
criterion_main!(benches);
