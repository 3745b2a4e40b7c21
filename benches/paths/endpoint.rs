//! Endpoint resolution: evaluating rule sets, cache hits, and loading rule sets and partitions.
//!
//! `evaluate` includes binding the parameters, as in a call. `load` compiles a rule set from JSON, as for user
//! definitions; `open` reads the packed format of the built-in definitions.

use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};

use inia_core::packed::{from_bytes, to_bytes};
use inia_endpoint::{EndpointCache, EndpointParams, ParameterValue, Partitions, RuleSet};

use crate::measure::Measure;

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

/// Parameters of a client of a typical service.
const REGIONAL: &[(&str, ParameterValue<'static>)] = &[
    ("Region", ParameterValue::String("eu-central-1")),
    ("UseFIPS", ParameterValue::Boolean(false)),
    ("UseDualStack", ParameterValue::Boolean(false)),
];

/// Parameters of an S3 client, without the bucket.
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

/// Binds parameters to indices, which a client does once.
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

/// Name, service and parameters.
type EndpointCase = (
    &'static str,
    &'static str,
    Vec<(&'static str, ParameterValue<'static>)>,
);

/// The resolved endpoints: name, service and client parameters.
fn cases() -> Vec<EndpointCase> {
    let s3 = |bucket| [S3, &[("Bucket", bucket)]].concat();
    vec![
        ("dynamodb", "dynamodb", REGIONAL.to_vec()),
        ("ec2", "ec2", REGIONAL.to_vec()),
        ("sts", "sts", REGIONAL.to_vec()),
        ("s3 bucket", "s3", s3(BUCKET)),
        ("s3 access point", "s3", s3(ACCESS_POINT)),
    ]
}

/// Measures the paths of this group.
pub fn paths(measure: &mut Measure) {
    for (name, service, values) in &cases() {
        measure.path(format!("endpoint/evaluate {name}")).work(|| {
            let (partitions, rule_set) = (partitions(), rule_set(service));
            let bound = bind(&rule_set, values);
            move || rule_set.evaluate(&partitions, &params(&rule_set, black_box(&bound)))
        });
    }
    for (name, service, values) in &cases() {
        measure.path(format!("endpoint/cache hit {name}")).work(|| {
            let (partitions, rule_set) = (partitions(), rule_set(service));
            let cache = EndpointCache::default();
            let params = params(&rule_set, &bind(&rule_set, values));
            move || cache.resolve(&rule_set, &partitions, black_box(&params))
        });
    }
    for service in SERVICES {
        let json = rule_set_json(service);
        let path = measure.path(format!("endpoint/load {service} JSON"));
        path.bytes(json.len())
            .repeats(5)
            .work(|| || RuleSet::from_json(black_box(&json)));
        measure.path(format!("endpoint/open {service}")).work(|| {
            let bytes = to_bytes(&rule_set(service));
            move || from_bytes::<RuleSet>(black_box(&bytes))
        });
    }
    let json = fs::read(data().join("partitions.json")).expect("data/ has partitions");
    let path = measure.path("endpoint/load partitions JSON");
    path.bytes(json.len())
        .repeats(5)
        .work(|| || Partitions::from_json(black_box(&json)));
    measure.path("endpoint/open partitions").work(|| {
        let bytes = to_bytes(&partitions());
        move || from_bytes::<Partitions>(black_box(&bytes))
    });
}
