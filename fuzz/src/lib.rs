//! The fuzz targets, as functions of the fuzzer's input.
//!
//! A target must not panic, hang or allocate without bound on any input. Each program in `fuzz_targets` runs one of
//! them; `tests/corpora.rs` of the root package runs them on the files of `fuzz/corpus` in every test run.

// The root package's test includes this file as a module and uses a part of it.
#![allow(dead_code)]

use std::sync::{Arc, OnceLock};

use inia_core::config::{ConfigFiles, Heading, line_parser};
use inia_core::packed::{from_bytes, to_bytes};
use inia_core::{Timestamp, TimestampFormat, Value};
use inia_endpoint::{Arn, EndpointParams, EndpointVariant, EndpointsData, Partitions, RuleSet};
use inia_model::jmespath::Expression;
use inia_model::{
    Archive, ArchiveBuilder, Catalog, Paginators, Resources, ServiceModel, SmithyService, Waiters,
};
use inia_protocol::{
    Codec, Headers, Input, MessageDecoder, Protocol, Response, read_cbor, read_json,
    xml_error_field, xml_root_name, xml_root_text,
};

/// The name of a target, of its program and of its folder in `corpus`, and its function.
pub type Target = (&'static str, fn(&[u8]));

/// All targets.
pub const TARGETS: &[Target] = &[
    ("arn", arn),
    ("cbor", cbor),
    ("config", config),
    ("events", events),
    ("jmespath", jmespath),
    ("json", json),
    ("packed", packed),
    ("paginators", paginators),
    ("partitions", partitions),
    ("resources", resources),
    ("response_cbor", response_cbor),
    ("response_ec2", response_ec2),
    ("response_json", response_json),
    ("response_query", response_query),
    ("response_rest_json", response_rest_json),
    ("response_rest_xml", response_rest_xml),
    ("rule_functions", rule_functions),
    ("rule_set", rule_set),
    ("service", service),
    ("smithy", smithy),
    ("timestamp", timestamp),
    ("waiters", waiters),
    ("xml", xml),
];

// Formats without a model

/// An ARN.
pub fn arn(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Some(arn) = Arn::parse(&text) {
        assert!(arn.resource_id().count() > 0);
    }
}

/// CBOR without a model.
pub fn cbor(data: &[u8]) {
    if let Ok(value) = read_cbor(data.to_vec().into()) {
        let _ = value.to_json_string();
    }
}

/// Config files: the config file and, separated by a NUL, the credentials file.
pub fn config(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (config, credentials) = text.split_once('\0').unwrap_or((&text, ""));
    if let Ok(files) = ConfigFiles::parse(config, credentials) {
        for name in files.profile_names() {
            let profile = files.profile(name).expect("a listed profile");
            for (_, property) in profile.properties() {
                let nested = property.nested().map(Iterator::count);
                assert!(nested.is_none_or(|count| count < text.len()));
            }
        }
    }
    let whole: String = line_parser::split_lines(config).collect();
    assert_eq!(whole, config);
    for line in line_parser::lines(config).flatten() {
        if let line_parser::LineKind::Section(text) = line.kind {
            let _ = (Heading::of_config(text), Heading::of_credentials(text));
        }
    }
}

/// Frames of an event stream in chunks, whose length is the first byte.
pub fn events(data: &[u8]) {
    let Some((piece, data)) = data.split_first() else {
        return;
    };
    let mut decoder = MessageDecoder::new();
    for piece in data.chunks(usize::from(*piece) + 1) {
        decoder.push(piece);
        loop {
            match decoder.next() {
                Ok(Some(message)) => {
                    let frame = message.encode().expect("encode a decoded message");
                    let mut again = MessageDecoder::new();
                    again.push(&frame);
                    assert_eq!(again.next().ok().flatten().as_ref(), Some(&message));
                }
                Ok(None) => break,
                Err(_) => return,
            }
        }
    }
    let _ = decoder.finish();
}

/// A JMESPath expression and, on the next line, the JSON document to search.
pub fn jmespath(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (expression, document) = text.split_once('\n').unwrap_or((&text, ""));
    let Ok(expression) = Expression::compile(expression) else {
        return;
    };
    let document = read_json(document.to_owned().into()).unwrap_or_default();
    let _ = expression.search(&document);
    let _ = expression.field_paths();
    let _ = expression.search_ref(&document);
}

/// JSON without a model, with a round trip.
pub fn json(data: &[u8]) {
    if let Ok(value) = read_json(data.to_vec().into()) {
        let again = read_json(value.to_json_string().into()).expect("parse our own JSON");
        if is_finite(&value) {
            assert_eq!(again, value);
        }
        let _ = value.to_json().to_string();
    }
}

/// Returns whether a value has no infinities, which are strings in JSON.
fn is_finite(value: &Value) -> bool {
    value.as_f64().is_none_or(f64::is_finite)
        && value.items().all(is_finite)
        && value.entries().all(|(_, value)| is_finite(value))
}

/// Text as a timestamp in every format.
pub fn timestamp(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let formats = [
        TimestampFormat::Iso8601,
        TimestampFormat::Rfc822,
        TimestampFormat::UnixTimestamp,
    ];
    for format in formats {
        if let Ok(moment) = Timestamp::parse(&text, format) {
            for format in formats {
                let _ = moment.try_format(format);
            }
        }
    }
    if let Ok(moment) = Timestamp::parse_lenient(&text)
        && let Ok(text) = moment.try_format(TimestampFormat::Iso8601)
    {
        let again = Timestamp::parse(&text, TimestampFormat::Iso8601).expect("parse our own text");
        assert_eq!(again.seconds(), moment.seconds());
    }
}

/// XML without a model.
pub fn xml(data: &[u8]) {
    let _ = xml_root_name(data);
    let _ = xml_root_text(data);
    let _ = xml_error_field(data, "Region");
}

// Definitions

/// A service's definition.
pub fn service(data: &[u8]) {
    if let Ok(model) = ServiceModel::from_json("fuzz", data) {
        use_model(model);
    }
}

/// A Smithy model of a service.
pub fn smithy(data: &[u8]) {
    let Ok(service) = SmithyService::from_json("fuzz", data) else {
        return;
    };
    use_model(service.model);
    if let Some(definition) = service.paginators {
        let paginators = Paginators::from_value("fuzz", definition).expect("paginators");
        for operation in paginators.operations() {
            let _ = paginators.find(operation);
        }
    }
    if let Some(definition) = service.waiters {
        let waiters = Waiters::from_value("fuzz", definition).expect("waiters");
        for name in waiters.names() {
            let _ = waiters.waiter(name);
        }
    }
    if let Some(rules) = service.endpoint_rules {
        let _ = RuleSet::from_json(rules.to_json_string().as_bytes());
    }
}

fn use_model(model: ServiceModel) {
    for operation in model.operations() {
        let description = model.describe(operation).to_value();
        assert!(!description.is_null());
        let _ = model.validate(operation, &mut Value::map(), &[]);
    }
    let model = Arc::new(model);
    if let Ok(protocol) = Protocol::of(model.metadata()) {
        let codec = protocol.codec(Arc::clone(&model));
        for operation in model.operations() {
            let _ = codec.serialize(operation, Input::from(&Value::map()));
        }
    }
    let mut archive = ArchiveBuilder::new();
    archive.add_model("fuzz", "2026-01-01", model);
    let _ = archive.finish();
}

/// Packed definitions with mutations: every three bytes are a position and the new byte, and a remainder truncates the
/// data. Opened archives live as long as the process, so memory grows.
pub fn packed(data: &[u8]) {
    static BASES: OnceLock<[Vec<u8>; 3]> = OnceLock::new();
    let [archive, rules, partitions] = BASES.get_or_init(|| {
        let model = ServiceModel::from_json("fuzz", include_bytes!("../corpus/service/rest-json"));
        let mut archive = ArchiveBuilder::new();
        archive.add_model("fuzz", "2026-01-01", Arc::new(model.expect("a definition")));
        let paginators = inia_core::json!({"pagination": {}});
        archive.add_value("fuzz", "2026-01-01", "paginators-1", paginators);
        [
            archive.finish().expect("an archive"),
            to_bytes(
                &RuleSet::from_json(include_bytes!("functions.json"))
                    .expect("the rule set of this crate"),
            ),
            to_bytes(real_partitions()),
        ]
    });
    if let Ok(archive) = Archive::open(changed(archive, data).leak()) {
        let catalog = Catalog::new(archive);
        for name in catalog.services().iter().take(8) {
            let _ = catalog.definition(name, None, "paginators-1");
            if let Ok(model) = catalog.service(name, None) {
                for operation in model.operations() {
                    let _ = model.describe(operation);
                }
            }
        }
    }
    if let Some(rules) = from_bytes::<RuleSet>(&changed(rules, data)) {
        let mut params = EndpointParams::new(&rules);
        for index in 0..rules.parameters().len() {
            params.set(index, "url");
        }
        let _ = rules.evaluate(real_partitions(), &params);
    }
    if let Some(partitions) = from_bytes::<Partitions>(&changed(partitions, data)) {
        let _ = partitions.for_region("eu-west-1");
    }
}

fn changed(base: &[u8], edits: &[u8]) -> Vec<u8> {
    let mut bytes = base.to_vec();
    let edits = edits.chunks_exact(3);
    for byte in edits.remainder() {
        bytes.truncate(bytes.len().saturating_sub(usize::from(*byte)));
    }
    for edit in edits {
        let at = usize::from(edit[0]) << 8 | usize::from(edit[1]);
        if let Some(byte) = bytes.get_mut(at) {
            *byte = edit[2];
        }
    }
    bytes
}

/// Paginators.
pub fn paginators(data: &[u8]) {
    if let Some(definition) = document(data)
        && let Ok(paginators) = Paginators::from_value("fuzz", definition)
    {
        for operation in paginators.operations() {
            let _ = paginators.find(operation);
        }
    }
}

/// Waiters.
pub fn waiters(data: &[u8]) {
    if let Some(definition) = document(data)
        && let Ok(waiters) = Waiters::from_value("fuzz", definition)
    {
        for name in waiters.names() {
            let _ = waiters.waiter(name);
        }
    }
}

/// Resources of SQS.
pub fn resources(data: &[u8]) {
    if let Some(definition) = document(data)
        && let Ok(resources) = Resources::from_value(model(Protocol::Json), "fuzz", definition)
    {
        let _ = resources.service();
        for name in resources.names() {
            let _ = resources.resource(name);
        }
    }
}

fn document(data: &[u8]) -> Option<Value> {
    read_json(data.to_vec().into()).ok()
}

// Endpoints

/// A rule set, in JSON or packed, evaluated with and without a region.
pub fn rule_set(data: &[u8]) {
    let Some(rules) = RuleSet::from_json(data).ok().or_else(|| from_bytes(data)) else {
        return;
    };
    let mut params = EndpointParams::new(&rules);
    let _ = rules.evaluate(real_partitions(), &params);
    for index in 0..rules.parameters().len() {
        params.set(index, "us-east-1");
    }
    let _ = rules.evaluate(real_partitions(), &params);
    let packed = to_bytes(&rules);
    let again: RuleSet = from_bytes(&packed).expect("parse our own rule set");
    assert_eq!(to_bytes(&again), packed);
}

/// Partitions and regions, in JSON or packed.
pub fn partitions(data: &[u8]) {
    for partitions in [Partitions::from_json(data).ok(), from_bytes(data)] {
        let Some(partitions) = partitions else {
            continue;
        };
        for region in ["us-east-1", "", "x-y-1", "aws-global"] {
            let _ = partitions.for_region(region);
        }
        assert!(from_bytes::<Partitions>(&to_bytes(&partitions)).is_some());
    }
    for endpoints in [EndpointsData::from_json(data).ok(), from_bytes(data)] {
        let Some(endpoints) = endpoints else { continue };
        for partition in endpoints.partitions() {
            let variant = EndpointVariant::default();
            let _ = endpoints.available_endpoints("s3", partition, true, variant);
        }
        let _ = endpoints.partition_for_region("us-east-1");
        assert!(from_bytes::<EndpointsData>(&to_bytes(&endpoints)).is_some());
    }
}

/// Text as the argument of each rule function.
pub fn rule_functions(data: &[u8]) {
    static RULES: OnceLock<RuleSet> = OnceLock::new();
    let rules = RULES.get_or_init(|| {
        RuleSet::from_json(include_bytes!("functions.json")).expect("the rule set of this crate")
    });
    let text = String::from_utf8_lossy(data);
    let mut params = EndpointParams::new(rules);
    params.set(0, &*text);
    for choice in [
        "url",
        "arn",
        "label",
        "bucket",
        "partition",
        "part",
        "encode",
    ] {
        params.set(1, choice);
        let _ = rules.evaluate(real_partitions(), &params);
    }
}

fn real_partitions() -> &'static Partitions {
    static PARTITIONS: OnceLock<Partitions> = OnceLock::new();
    PARTITIONS.get_or_init(|| {
        Partitions::from_json(include_bytes!("../../data/partitions.json"))
            .expect("AWS's partitions")
    })
}

// Responses

/// A response in AWS JSON.
pub fn response_json(data: &[u8]) {
    response(Protocol::Json, data);
}

/// A response of a REST-JSON service.
pub fn response_rest_json(data: &[u8]) {
    response(Protocol::RestJson, data);
}

/// A response of a REST-XML service.
pub fn response_rest_xml(data: &[u8]) {
    response(Protocol::RestXml, data);
}

/// A response of a query service.
pub fn response_query(data: &[u8]) {
    response(Protocol::Query, data);
}

/// A response of EC2.
pub fn response_ec2(data: &[u8]) {
    response(Protocol::Ec2, data);
}

/// A response in RPC v2 CBOR.
pub fn response_cbor(data: &[u8]) {
    response(Protocol::RpcV2Cbor, data);
}

/// A response: operation and status on the first line, then headers, an empty line and the body. The body is parsed as
/// an output, as an error, and as event stream frames.
fn response(protocol: Protocol, data: &[u8]) {
    let (head, body) = match data.windows(2).position(|pair| pair == b"\n\n") {
        Some(end) => (&data[..end], &data[end + 2..]),
        None => (&[][..], data),
    };
    let head = String::from_utf8_lossy(head);
    let mut lines = head.lines();
    let (name, status) = lines
        .next()
        .unwrap_or_default()
        .split_once(' ')
        .unwrap_or_default();
    let model = model(protocol);
    // Not `ServiceModel::operation`, which searches for similar names if there is no match.
    let mut operations = model.operations();
    let named = operations.find(|operation| operation.name == *name);
    let Some(operation) = named.or_else(|| model.operations().next()) else {
        return;
    };
    let headers: Headers = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value))
        .collect();
    let response = Response {
        status: status.parse().unwrap_or(200),
        headers,
        body: body.to_vec().into(),
    };
    let codec = codec(protocol);
    if let Ok((value, _)) = codec.parse_with_request_id(operation, response.clone()) {
        let _ = value.to_json_string();
    }
    let error = codec.parse_error(operation, response);
    let _ = error.code.len() + error.details.len();
    if model.event_stream_output(operation).is_some() {
        let mut decoder = MessageDecoder::new();
        decoder.push(body);
        while let Ok(Some(message)) = decoder.next() {
            let _ = codec.parse_initial_response(operation, message.clone());
            let _ = codec.parse_event(operation, message);
        }
    }
}

fn model(protocol: Protocol) -> Arc<ServiceModel> {
    static MODELS: [OnceLock<Arc<ServiceModel>>; 6] = [const { OnceLock::new() }; 6];
    let (slot, definition): (usize, &[u8]) = match protocol {
        Protocol::Json => (
            0,
            include_bytes!("../../data/dynamodb/2012-08-10/service-2.json"),
        ),
        Protocol::RestJson => (
            1,
            include_bytes!("../../data/bedrock-runtime/2023-09-30/service-2.json"),
        ),
        Protocol::RestXml => (2, include_bytes!("../../data/s3/2006-03-01/service-2.json")),
        Protocol::Query => (
            3,
            include_bytes!("../../data/iam/2010-05-08/service-2.json"),
        ),
        Protocol::Ec2 => (
            4,
            include_bytes!("../../data/ec2/2016-11-15/service-2.json"),
        ),
        Protocol::RpcV2Cbor => (
            5,
            include_bytes!("../../data/cloudwatch/2010-08-01/service-2.json"),
        ),
    };
    let model = MODELS[slot].get_or_init(|| {
        Arc::new(ServiceModel::from_json("fuzz", definition).expect("an AWS definition"))
    });
    Arc::clone(model)
}

fn codec(protocol: Protocol) -> &'static Codec {
    static CODECS: [OnceLock<Codec>; 6] = [const { OnceLock::new() }; 6];
    let slot = Protocol::ALL
        .iter()
        .position(|other| *other == protocol)
        .unwrap_or_default();
    CODECS[slot].get_or_init(|| protocol.codec(model(protocol)))
}
