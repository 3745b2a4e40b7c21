//! Endpoint resolution: evaluating a rule set, finding the answer in the cache, and getting rule sets and partitions into
//! memory.
//!
//! `evaluate` includes setting the parameters, as a call does. `json` compiles a rule set from its definition, which is
//! what a dropped-in file costs; `packed` reads the form that the built-in definitions have.
//!
//! Run with `cargo bench --bench endpoint`.
#![expect(
    clippy::expect_used,
    reason = "a bench without its data has nothing to say"
)]

use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};

use criterion::{Criterion, criterion_group, criterion_main};
use inia_endpoint::{EndpointCache, EndpointParams, ParameterValue, Partitions, RuleSet};

const SERVICES: &[&str] = &["dynamodb", "ec2", "s3", "sts"];

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data")
}

fn rule_set_json(service: &str) -> Vec<u8> {
    let versions = fs::read_dir(data().join(service)).expect("the service is in data/");
    let mut files: Vec<_> = versions
        .flatten()
        .map(|version| version.path().join("endpoint-rule-set-1.json"))
        .collect();
    files.sort();
    fs::read(files.pop().expect("the service has a version")).expect("it has a rule set")
}

fn rule_set(service: &str) -> RuleSet {
    RuleSet::from_json(&rule_set_json(service)).expect("the rule set is valid")
}

fn partitions() -> Partitions {
    let json = fs::read(data().join("partitions.json")).expect("data/ has partitions");
    Partitions::from_json(&json).expect("the partitions are valid")
}

/// What a client of an ordinary service gives.
const REGIONAL: &[(&str, ParameterValue<'static>)] = &[
    ("Region", ParameterValue::String("eu-central-1")),
    ("UseFIPS", ParameterValue::Boolean(false)),
    ("UseDualStack", ParameterValue::Boolean(false)),
];

/// What a client of S3 gives, but for the bucket.
const S3: &[(&str, ParameterValue<'static>)] = &[
    ("Region", ParameterValue::String("eu-central-1")),
    ("UseFIPS", ParameterValue::Boolean(false)),
    ("UseDualStack", ParameterValue::Boolean(false)),
    ("Accelerate", ParameterValue::Boolean(false)),
    ("UseGlobalEndpoint", ParameterValue::Boolean(false)),
    ("ForcePathStyle", ParameterValue::Boolean(false)),
    (
        "DisableMultiRegionAccessPoints",
        ParameterValue::Boolean(false),
    ),
    ("UseArnRegion", ParameterValue::Boolean(true)),
    (
        "Key",
        ParameterValue::String("2026/11/17/part-00000-of-00128.parquet"),
    ),
];

const BUCKET: ParameterValue<'static> = ParameterValue::String("analytics-landing-zone");
const ACCESS_POINT: ParameterValue<'static> =
    ParameterValue::String("arn:aws:s3:eu-central-1:123456789012:accesspoint:landing");

/// Parameters by number, as a client binds them once.
fn bind(
    rule_set: &RuleSet,
    params: &[(&str, ParameterValue<'static>)],
) -> Vec<(usize, ParameterValue<'static>)> {
    let bound = params.iter().filter_map(|(name, value)| {
        rule_set
            .parameter_index(name)
            .map(|index| (index, value.clone()))
    });
    bound.collect()
}

fn params(
    rule_set: &RuleSet,
    bound: &[(usize, ParameterValue<'static>)],
) -> EndpointParams<'static> {
    let mut params = EndpointParams::new(rule_set);
    for (index, value) in bound {
        params.set(*index, value.clone());
    }
    params
}

struct Case {
    name: &'static str,
    rule_set: RuleSet,
    bound: Vec<(usize, ParameterValue<'static>)>,
}

fn cases() -> Vec<Case> {
    let case = |name, service, values: &[(&str, ParameterValue<'static>)]| {
        let rule_set = rule_set(service);
        let bound = bind(&rule_set, values);
        Case {
            name,
            rule_set,
            bound,
        }
    };
    let s3 = |bucket| [S3, &[("Bucket", bucket)]].concat();
    vec![
        case("dynamodb", "dynamodb", REGIONAL),
        case("ec2", "ec2", REGIONAL),
        case("sts", "sts", REGIONAL),
        case("s3 bucket", "s3", &s3(BUCKET)),
        case("s3 access point", "s3", &s3(ACCESS_POINT)),
    ]
}

fn evaluate(criterion: &mut Criterion) {
    let partitions = partitions();
    let mut group = criterion.benchmark_group("evaluate");
    for Case {
        name,
        rule_set,
        bound,
    } in cases()
    {
        group.bench_function(name, |bencher| {
            bencher.iter(|| rule_set.evaluate(&partitions, &params(&rule_set, black_box(&bound))));
        });
    }
    group.finish();
}

fn cache(criterion: &mut Criterion) {
    let partitions = partitions();
    let mut group = criterion.benchmark_group("cache hit");
    for Case {
        name,
        rule_set,
        bound,
    } in cases()
    {
        let cache = EndpointCache::default();
        let params = params(&rule_set, &bound);
        group.bench_function(name, |bencher| {
            bencher.iter(|| cache.resolve(&rule_set, &partitions, black_box(&params)));
        });
    }
    group.finish();
}

fn json(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("json");
    for service in SERVICES {
        let json = rule_set_json(service);
        group.bench_function(*service, |bencher| {
            bencher.iter(|| RuleSet::from_json(black_box(&json)));
        });
    }
    let json = fs::read(data().join("partitions.json")).expect("data/ has partitions");
    group.bench_function("partitions", |bencher| {
        bencher.iter(|| Partitions::from_json(black_box(&json)));
    });
    group.finish();
}

fn packed(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("packed");
    for service in SERVICES {
        let bytes = rule_set(service).to_bytes();
        group.bench_function(*service, |bencher| {
            bencher.iter(|| RuleSet::from_bytes(black_box(&bytes)));
        });
    }
    let bytes = partitions().to_bytes();
    group.bench_function("partitions", |bencher| {
        bencher.iter(|| Partitions::from_bytes(black_box(&bytes)));
    });
    group.finish();
}

criterion_group!(benches, evaluate, cache, json, packed);
criterion_main!(benches);
