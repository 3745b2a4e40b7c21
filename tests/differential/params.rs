//! Generates random valid parameters of an operation.

use inia_core::{Blob, List, Map, Str, Value};
use inia_model::{Kind, Location, Member, Operation, ServiceModel, Structure};
use inia_protocol::Protocol;

use super::random::Random;
use super::scalars::{Alphabet, float, integer, text, timestamp, timestamp_text, token};

/// Selection of members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    All,
    Required,
    Half,
}

/// Maximum depth of optional members.
const MAX_DEPTH: usize = 6;
/// Number of values after which only required members are generated.
const BUDGET: usize = 250;

/// Members that are read by endpoint rules, checksums or customizations: random text would be rejected before the
/// request is sent. `*` stands for any service.
const VALID_VALUES: &[(&str, &str, &[&str])] = &[
    (
        "cloudfront-keyvaluestore",
        "KvsARN",
        &["arn:aws:cloudfront::123456789012:key-value-store/5ee4a21b"],
    ),
    (
        "dynamodb",
        "TableName",
        &[
            "table",
            "Table_1.x-y",
            "arn:aws:dynamodb:us-east-1:123456789012:table/t",
        ],
    ),
    (
        "kinesis",
        "ConsumerARN",
        &["arn:aws:kinesis:us-east-1:123456789012:stream/s/consumer/c:1"],
    ),
    (
        "kinesis",
        "ResourceARN",
        &["arn:aws:kinesis:us-east-1:123456789012:stream/s"],
    ),
    (
        "kinesis",
        "StreamARN",
        &["arn:aws:kinesis:us-east-1:123456789012:stream/s"],
    ),
    (
        "machinelearning",
        "PredictEndpoint",
        &["https://realtime.machinelearning.us-east-1.amazonaws.com"],
    ),
    (
        "route53",
        "DelegationSetId",
        &["N1PA6795SAMPLE", "/delegationset/N1PA6795SAMPLE"],
    ),
    (
        "route53",
        "HostedZoneId",
        &["Z1D633PJN98FT9", "/hostedzone/Z1D633PJN98FT9"],
    ),
    (
        "route53",
        "Id",
        &["Z1D633PJN98FT9", "/hostedzone/Z1D633PJN98FT9", "/change/C1"],
    ),
    (
        "s3",
        "Bucket",
        &[
            "bucket",
            "my-bucket-1",
            "with.dots",
            "Upper_Case",
            "arn:aws:s3:us-east-1:123456789012:accesspoint/ap",
        ],
    ),
    (
        "s3",
        "CopySource",
        &["bucket/key", "/bucket/a key+b?versionId=v=1", "bucket/東京"],
    ),
    (
        "*",
        "SourceRegion",
        &["eu-west-1", "us-east-1", "ap-southeast-2"],
    ),
    ("s3control", "AccountId", &["123456789012"]),
    (
        "s3control",
        "Bucket",
        &[
            "bucket",
            "arn:aws:s3-outposts:us-east-1:123456789012:outpost/op-01234567890123456/bucket/b",
        ],
    ),
    ("s3control", "OutpostId", &["op-01234567890123456"]),
];

/// Checksum algorithms that botocore supports without its C extension.
const CHECKSUMS: &[&str] = &["CRC32", "SHA1", "SHA256"];

/// Generates the parameters of one call.
pub struct ParamGenerator<'m> {
    model: &'m ServiceModel,
    operation: &'m Operation,
    protocol: Protocol,
    extent: Extent,
    random: &'m mut Random,
    budget: usize,
}

impl<'m> ParamGenerator<'m> {
    pub fn new(
        model: &'m ServiceModel,
        operation: &'m Operation,
        protocol: Protocol,
        extent: Extent,
        random: &'m mut Random,
    ) -> Self {
        ParamGenerator {
            model,
            operation,
            protocol,
            extent,
            random,
            budget: BUDGET,
        }
    }

    /// Returns a map of the operation's members.
    pub fn params(mut self) -> Value {
        let Some(input) = self.model.input(self.operation) else {
            return Value::map();
        };
        let is_union = self
            .operation
            .input
            .as_ref()
            .is_some_and(|input| input.traits.is_union());
        self.structure(input, is_union, 0)
    }

    /// Returns the characters allowed in a string member by its location.
    fn alphabet(&self, member: &Member, depth: usize) -> Alphabet {
        if member.traits.is_host_label() || member.traits.context_param.is_some() {
            return Alphabet::Label;
        }
        match member.traits.location {
            Some(Location::Header | Location::Headers) => Alphabet::Header,
            Some(Location::Uri | Location::QueryString) => Alphabet::Any,
            _ if depth == 0 && self.is_payload(member) => Alphabet::Any,
            _ if self.protocol == Protocol::RestXml => Alphabet::Xml,
            _ => Alphabet::Any,
        }
    }

    fn is_payload(&self, member: &Member) -> bool {
        let payload = self
            .model
            .input(self.operation)
            .and_then(Structure::payload_member);
        payload.is_some_and(|payload| payload.name == member.name)
    }

    fn structure(&mut self, structure: &'m Structure, is_union: bool, depth: usize) -> Value {
        let mut map = Map::new();
        if is_union {
            if !structure.members.is_empty() {
                let member = self.random.pick(&structure.members);
                map.insert(member.name.clone(), self.member(member, depth));
            }
            return map.into();
        }
        for (position, member) in structure.members.iter().enumerate() {
            let required = structure
                .required
                .iter()
                .any(|&required| required as usize == position);
            if required || self.include(member, depth) {
                map.insert(member.name.clone(), self.member(member, depth));
            }
        }
        // The order of members has no meaning, but must not change the result.
        if self.random.chance(10) {
            let mut entries: Vec<(Str, Value)> = map.into_iter().collect();
            self.random.shuffle(&mut entries);
            map = entries.into_iter().collect();
        }
        map.into()
    }

    /// Decides whether an optional member is generated.
    fn include(&mut self, member: &Member, depth: usize) -> bool {
        if depth >= MAX_DEPTH || self.budget == 0 || member.traits.is_event_stream() {
            return false;
        }
        match self.extent {
            Extent::Required => false,
            // Both sides fill in the same token.
            _ if member.traits.is_idempotency_token() => self.random.chance(50),
            Extent::All => true,
            Extent::Half => self.random.chance(50),
        }
    }

    fn member(&mut self, member: &'m Member, depth: usize) -> Value {
        self.budget = self.budget.saturating_sub(1);
        let name = member.name.as_str();
        let service = self.model.name().as_str();
        if let Some((_, _, texts)) = VALID_VALUES
            .iter()
            .find(|(of, what, _)| (*of == "*" || *of == service) && *what == name)
            && matches!(self.model.shape(member.target).kind, Kind::String)
        {
            return Value::from(*self.random.pick(texts));
        }
        let checksum = self
            .operation
            .checksum
            .as_ref()
            .and_then(|traits| traits.request_algorithm_member.as_ref());
        if depth == 0 && checksum.is_some_and(|checksum| *checksum == *name) {
            return Value::from(*self.random.pick(CHECKSUMS));
        }
        let alphabet = self.alphabet(member, depth);
        let is_label = depth == 0 && member.traits.location == Some(Location::Uri);
        self.value(member, alphabet, usize::from(is_label), depth)
    }

    fn value(&mut self, member: &'m Member, alphabet: Alphabet, min: usize, depth: usize) -> Value {
        let shape = self.model.shape(member.target);
        let least = shape.constraints.min.unwrap_or(0.0);
        let min_length = min.max(least.max(0.0) as usize);
        match &shape.kind {
            Kind::Structure(_) if member.traits.is_document() => document(self.random, 0),
            Kind::Structure(structure) => {
                self.structure(structure, member.traits.is_union(), depth + 1)
            }
            Kind::List(item) => {
                let length = self.length(min_length, depth);
                let items = (0..length).map(|_| self.value(item, alphabet, 0, depth + 1));
                Value::List(items.collect::<List>())
            }
            Kind::Map { key, value } => {
                let mut map = Map::new();
                let length = self.length(min_length, depth);
                for _ in 0..length * 2 {
                    if map.len() >= length {
                        break;
                    }
                    let key = self.key(member, key, alphabet);
                    map.insert(key, self.value(value, alphabet, 0, depth + 1));
                }
                map.into()
            }
            Kind::String if member.traits.is_json_value() && alphabet == Alphabet::Header => {
                document(self.random, 0)
            }
            Kind::String => self.string(member, alphabet, min_length).into(),
            Kind::Blob => self.blob(member, min_length, depth),
            Kind::Boolean => Value::Bool(self.random.chance(50)),
            kind @ (Kind::Integer | Kind::Long) => {
                let number = integer(self.random, matches!(kind, Kind::Long));
                let huge = matches!(kind, Kind::Long)
                    && self.protocol != Protocol::RpcV2Cbor
                    && self.random.chance(2);
                if huge {
                    return Value::BigInt("123456789012345678901234567890".into());
                }
                if (number as f64) < least {
                    Value::Int(least.ceil() as i64)
                } else {
                    Value::Int(number)
                }
            }
            kind @ (Kind::Float | Kind::Double) => {
                let number = float(self.random, matches!(kind, Kind::Float));
                match self.random.below(8) {
                    0 if number.is_finite() && number.abs() < 1e15 && number >= least => {
                        Value::Int(number as i64)
                    }
                    _ if number < least => Value::Float(least),
                    _ => Value::Float(number),
                }
            }
            Kind::Timestamp => {
                let timestamp = timestamp(self.random);
                match self.random.below(8) {
                    0 => Value::Int(timestamp.seconds()),
                    1 => Value::Float(
                        timestamp.seconds().clamp(0, 1 << 32) as f64
                            + *self.random.pick(&[0.0, 0.5, 0.123, 0.123_456]),
                    ),
                    2 | 3 => timestamp_text(self.random, timestamp).into(),
                    _ => Value::Timestamp(timestamp),
                }
            }
        }
    }

    fn length(&mut self, min: usize, depth: usize) -> usize {
        if self.extent == Extent::Required || depth >= MAX_DEPTH || self.budget == 0 {
            return min;
        }
        min.max(*self.random.pick(&[0, 1, 1, 2, 2, 3]))
    }

    fn key(&mut self, member: &Member, key: &Member, alphabet: Alphabet) -> String {
        let min = self
            .model
            .shape(key.target)
            .constraints
            .min
            .unwrap_or(0.0)
            .max(0.0) as usize;
        match member.traits.location {
            Some(Location::Headers | Location::QueryString) => token(self.random),
            _ => self.string(key, alphabet, min.max(1)),
        }
    }

    fn string(&mut self, member: &Member, alphabet: Alphabet, min: usize) -> String {
        let values = self.model.shape(member.target).constraints.enumeration();
        if !values.is_empty() && self.random.chance(80) {
            let value = self.random.pick(values).to_string();
            if value.chars().count() >= min {
                return value;
            }
        }
        text(self.random, alphabet, min)
    }

    fn blob(&mut self, member: &Member, min: usize, depth: usize) -> Value {
        let compressed = !self.operation.compression.is_empty();
        let whole = depth == 0 && self.is_payload(member);
        let length = match self.random.below(6) {
            0 => 0,
            1 if compressed || whole => 12_000,
            2 => 300,
            _ => 1 + self.random.below(40),
        };
        if self.random.chance(15) {
            // A string given for a blob is its UTF-8 bytes.
            return text(self.random, Alphabet::Any, min).into();
        }
        Value::Blob(Blob::from(self.random.bytes(length.max(min))))
    }
}

/// Returns a random document. Null occurs only below the top, because a null member is an absent one.
pub fn document(random: &mut Random, depth: usize) -> Value {
    match usize::from(depth == 0).max(random.below(if depth < 3 { 9 } else { 6 })) {
        0 => Value::Null,
        1 => Value::Bool(random.chance(50)),
        2 => Value::Int(integer(random, true)),
        3 => {
            let number = float(random, false);
            Value::Float(if number.is_finite() { number } else { 0.5 })
        }
        4 | 5 => text(random, Alphabet::Any, 0).into(),
        6 => {
            let length = random.below(4);
            Value::List(
                (0..length)
                    .map(|_| document(random, depth + 1))
                    .collect::<List>(),
            )
        }
        _ => {
            let length = random.below(4);
            let entries =
                (0..length).map(|_| (text(random, Alphabet::Any, 1), document(random, depth + 1)));
            // Names are unique.
            let mut map = Map::new();
            for (name, value) in entries.collect::<Vec<_>>() {
                map.insert(name, value);
            }
            map.into()
        }
    }
}
