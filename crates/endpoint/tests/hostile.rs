//! Hostile definitions: reading any bytes returns a definition or an error, and every evaluation terminates. The random
//! numbers are seeded, so failures are reproducible.
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may panic"
)]

use std::fs;
use std::path::{Path, PathBuf};

use fastrand::Rng;
use inia_core::packed::{from_bytes, to_bytes};
use inia_endpoint::{EndpointParams, EndpointsData, ParameterType, Partitions, RuleSet};

const EVERY_FUNCTION: &str = include_str!("data/every-function.json");

const PARTITIONS: &str = r#"{"partitions":[
    {"id":"aws","regionRegex":"^(us|eu)\\-\\w+\\-\\d+$","regions":{"aws-global":{"description":"all"}},
     "outputs":{"dnsSuffix":"amazonaws.com","dualStackDnsSuffix":"api.aws","implicitGlobalRegion":"us-east-1",
                "supportsFIPS":true,"supportsDualStack":true,"name":"aws"}},
    {"id":"odd","regionRegex":"odd.*[0-9]","regions":{},"outputs":{"dnsSuffix":"odd.test","tier":"gold"}}]}"#;

const ENDPOINTS: &str = r#"{"partitions":[{"partition":"aws","partitionName":"AWS","dnsSuffix":"amazonaws.com",
    "regionRegex":"^us\\-\\w+\\-\\d+$","defaults":{"hostname":"{service}.{region}.{dnsSuffix}","protocols":["https"],
    "signatureVersions":["v4"],"variants":[{"tags":["fips"],"hostname":"f.{region}"}]},
    "regions":{"us-east-1":{"description":"x"}},
    "services":{"s":{"isRegionalized":false,"partitionEndpoint":"g","defaults":{"sslCommonName":"{region}"},
    "endpoints":{"g":{"credentialScope":{"region":"us-east-1","service":"t"},"deprecated":true},"us-east-1":{}}}}}]}"#;

fn partitions() -> Partitions {
    Partitions::from_json(PARTITIONS.as_bytes()).unwrap()
}

/// Returns a small rule set that uses every function, and the largest ones of AWS if `data/` exists.
fn rule_sets() -> Vec<Vec<u8>> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data");
    let mut all = vec![EVERY_FUNCTION.as_bytes().to_vec()];
    for service in ["s3", "s3control", "kinesis", "ec2"] {
        all.extend(newest(&data.join(service)).and_then(|file| fs::read(file).ok()));
    }
    all
}

fn newest(service: &Path) -> Option<PathBuf> {
    let versions = fs::read_dir(service).ok()?;
    versions
        .flatten()
        .map(|version| version.path().join("endpoint-rule-set-1.json"))
        .max()
}

/// Evaluates a rule set with a few values of the right types and ignores the result.
fn exercise(rule_set: &RuleSet, partitions: &Partitions, rng: &mut Rng) {
    const TEXTS: [&str; 10] = [
        "",
        "us-east-1",
        "odd-1",
        "bucket--use1-az1--x-s3",
        "arn:aws:s3:us-west-2:123456789012:accesspoint:my/ap",
        "https://example.com/a/../b",
        "http://[::1]:80",
        "a b%é",
        "-",
        "a.b--c",
    ];
    for _ in 0..4 {
        let mut params = EndpointParams::new(rule_set);
        for (index, parameter) in rule_set.parameters().iter().enumerate() {
            if rng.u8(..4) == 0 {
                continue;
            }
            let text = TEXTS[rng.usize(..TEXTS.len())];
            match parameter.kind() {
                ParameterType::String => params.set(index, text),
                ParameterType::Boolean => params.set(index, rng.bool()),
                ParameterType::StringArray => params.set(index, vec![text; rng.usize(..3)]),
            }
        }
        let _ = rule_set.evaluate(partitions, &params);
    }
}

fn damaged(bytes: &[u8], rng: &mut Rng) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..rng.usize(1..4) {
        let at = rng.usize(..bytes.len());
        match rng.u8(..6) {
            0 => bytes[at] ^= 1 << rng.u8(..8),
            1 => bytes[at] = rng.u8(..),
            2 => bytes[at] = bytes[at].wrapping_add(1),
            3 => bytes.insert(at, rng.u8(..)),
            4 if bytes.len() > 1 => {
                bytes.remove(at);
            }
            _ => {
                let other = rng.usize(..bytes.len());
                bytes.swap(at, other);
            }
        }
    }
    bytes
}

#[test]
fn reads_undamaged_forms() {
    let mut rng = Rng::with_seed(1);
    for json in rule_sets() {
        let rule_set = RuleSet::from_json(&json).unwrap();
        assert_eq!(
            from_bytes::<RuleSet>(&to_bytes(&rule_set)).unwrap(),
            rule_set
        );
        exercise(&rule_set, &partitions(), &mut rng);
    }
    from_bytes::<Partitions>(&to_bytes(&partitions())).unwrap();
    let endpoints = EndpointsData::from_json(ENDPOINTS.as_bytes()).unwrap();
    from_bytes::<EndpointsData>(&to_bytes(&endpoints)).unwrap();
}

#[test]
fn rejects_truncated_forms() {
    for json in rule_sets() {
        let packed = to_bytes(&RuleSet::from_json(&json).unwrap());
        let step = 1 + packed.len() / 300;
        for length in (0..packed.len()).step_by(step) {
            assert!(
                from_bytes::<RuleSet>(&packed[..length]).is_none(),
                "{length}"
            );
        }
        let end = json.trim_ascii_end().len();
        let step = 1 + end / 300;
        for length in (0..end).step_by(step) {
            assert!(RuleSet::from_json(&json[..length]).is_err(), "{length}");
        }
    }
}

#[test]
fn survives_damaged_packed_rule_sets() {
    let (partitions, mut rng) = (partitions(), Rng::with_seed(2));
    let mut read = 0;
    for json in rule_sets() {
        let packed = to_bytes(&RuleSet::from_json(&json).unwrap());
        for _ in 0..3000 {
            if let Some(rule_set) = from_bytes::<RuleSet>(&damaged(&packed, &mut rng)) {
                read += 1;
                exercise(&rule_set, &partitions, &mut rng);
                // A definition that was read round-trips.
                assert_eq!(
                    from_bytes::<RuleSet>(&to_bytes(&rule_set)).unwrap(),
                    rule_set
                );
            }
        }
    }
    assert!(read > 1000, "only {read} damaged forms were evaluated");
}

#[test]
fn survives_damaged_json() {
    let (partitions, mut rng) = (partitions(), Rng::with_seed(3));
    for json in [
        EVERY_FUNCTION.as_bytes().to_vec(),
        rule_sets().pop().unwrap_or_default(),
    ] {
        for _ in 0..3000 {
            if let Ok(rule_set) = RuleSet::from_json(&damaged(&json, &mut rng)) {
                exercise(&rule_set, &partitions, &mut rng);
            }
        }
    }
    for _ in 0..3000 {
        if let Ok(partitions) = Partitions::from_json(&damaged(PARTITIONS.as_bytes(), &mut rng)) {
            let _ = partitions.for_region("us-east-1");
        }
        let _ = EndpointsData::from_json(&damaged(ENDPOINTS.as_bytes(), &mut rng));
    }
}

/// Replaces values by other values of the document: well-formed JSON that is not a valid rule set.
#[test]
fn survives_rearranged_json() {
    let (partitions, mut rng) = (partitions(), Rng::with_seed(4));
    let whole: serde_json::Value = serde_json::from_str(EVERY_FUNCTION).unwrap();
    let mut parts = Vec::new();
    collect(&whole, &mut parts);
    let mut read = 0;
    for _ in 0..3000 {
        let mut changed = whole.clone();
        for _ in 0..rng.usize(1..4) {
            let part = parts[rng.usize(..parts.len())].clone();
            let mut at = rng.usize(..parts.len());
            replace(&mut changed, &mut at, &part);
        }
        if let Ok(rule_set) = RuleSet::from_json(changed.to_string().as_bytes()) {
            read += 1;
            exercise(&rule_set, &partitions, &mut rng);
            assert_eq!(
                from_bytes::<RuleSet>(&to_bytes(&rule_set)).unwrap(),
                rule_set
            );
        }
    }
    assert!(
        read > 300,
        "only {read} rearranged rule sets were evaluated"
    );
}

fn collect<'a>(value: &'a serde_json::Value, parts: &mut Vec<&'a serde_json::Value>) {
    parts.push(value);
    match value {
        serde_json::Value::Array(items) => items.iter().for_each(|item| collect(item, parts)),
        serde_json::Value::Object(entries) => {
            entries.values().for_each(|item| collect(item, parts))
        }
        _ => {}
    }
}

fn replace(value: &mut serde_json::Value, at: &mut usize, part: &serde_json::Value) {
    if *at == 0 {
        *value = part.clone();
        *at = usize::MAX;
        return;
    }
    *at -= 1;
    match value {
        serde_json::Value::Array(items) => {
            items.iter_mut().for_each(|item| replace(item, at, part))
        }
        serde_json::Value::Object(entries) => entries
            .values_mut()
            .for_each(|item| replace(item, at, part)),
        _ => {}
    }
}

#[test]
fn survives_damaged_packed_partitions_and_endpoints() {
    let mut rng = Rng::with_seed(5);
    let packed = to_bytes(&partitions());
    let endpoints = to_bytes(&EndpointsData::from_json(ENDPOINTS.as_bytes()).unwrap());
    for _ in 0..20_000 {
        if let Some(partitions) = from_bytes::<Partitions>(&damaged(&packed, &mut rng)) {
            let _ = partitions.for_region("us-east-1");
            let _ = from_bytes::<Partitions>(&to_bytes(&partitions)).unwrap();
        }
        if let Some(data) = from_bytes::<EndpointsData>(&damaged(&endpoints, &mut rng)) {
            let _ = data.partition_for_region("us-east-1");
            for partition in data.partitions() {
                let _ = data.available_endpoints("s", partition, true, Default::default());
            }
        }
    }
}

/// Shared expressions let small definitions describe huge results; each kind of growth is bounded.
#[test]
fn bounds_exponential_growth() {
    let (partitions, mut rng) = (partitions(), Rng::with_seed(6));
    // Twenty-six variables, each containing the previous one twice.
    let mut conditions =
        vec![r#"{"fn":"coalesce","argv":["{P}{P}","x"],"assign":"va"}"#.to_owned()];
    for (this, next) in ('a'..='y').zip('b'..='z') {
        conditions.push(format!(
            r#"{{"fn":"coalesce","argv":["{{v{this}}}{{v{this}}}","x"],"assign":"v{next}"}}"#
        ));
    }
    let json = with_rules(&format!(
        r#"{{"type":"endpoint","conditions":[{}],"endpoint":{{"url":"{{vz}}"}}}}"#,
        conditions.join(",")
    ));
    exercise(
        &RuleSet::from_json(json.as_bytes()).unwrap(),
        &partitions,
        &mut rng,
    );

    // Comparisons of comparisons, each with the previous one as both operands: cheap, since each is memoized.
    let mut conditions = vec![r#"{"fn":"isSet","argv":[{"ref":"P"}],"assign":"v0"}"#.to_owned()];
    for number in 0..60 {
        conditions.push(format!(
            r#"{{"fn":"booleanEquals","argv":[{{"ref":"v{number}"}},{{"ref":"v{number}"}}],"assign":"v{}"}}"#,
            number + 1
        ));
    }
    let last = r#"{"fn":"not","argv":[{"ref":"v60"}]}"#;
    let json = with_rules(&format!(
        r#"{{"type":"endpoint","conditions":[{},{last}],"endpoint":{{"url":"x"}}}}"#,
        conditions.join(",")
    ));
    exercise(
        &RuleSet::from_json(json.as_bytes()).unwrap(),
        &partitions,
        &mut rng,
    );

    // Properties that contain the same list twice, which contains another one twice, and so on: rejected.
    let mut property = r#""x""#.to_owned();
    for _ in 0..13 {
        property = format!("[{property},{property}]");
    }
    let json = with_rules(&format!(
        r#"{{"type":"endpoint","conditions":[],"endpoint":{{"url":"x","properties":{{"a":{property}}}}}}}"#
    ));
    assert!(RuleSet::from_json(json.as_bytes()).is_err());

    // Many conditions shared by many rules: rejected.
    let conditions = vec![r#"{"fn":"isSet","argv":[{"ref":"P"}]}"#; 1000].join(",");
    let rule = format!(r#"{{"type":"tree","conditions":[{conditions}],"rules":[]}}"#);
    let json = with_rules(&vec![rule; 300].join(","));
    assert!(RuleSet::from_json(json.as_bytes()).is_err());
}

fn with_rules(rules: &str) -> String {
    format!(
        r#"{{"version":"1.0","parameters":{{"P":{{"type":"string","default":"p"}}}},"rules":[{rules}]}}"#
    )
}
