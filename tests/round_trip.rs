//! The server's side of the wire formats: for every operation of every service, random parameters that the client writes
//! are what the server reads, and random outputs and errors that the server writes are what the client reads.
//!
//! ```text
//! cargo test --test round_trip                        a sample of the operations of each service
//! INIA_ROUND_TRIP=all cargo test --test round_trip -- --nocapture       all 19,796 of them
//! ```

#[allow(dead_code)]
#[path = "differential/params.rs"]
mod params;
#[allow(dead_code)]
#[path = "differential/random.rs"]
mod random;
#[allow(dead_code)]
#[path = "differential/scalars.rs"]
mod scalars;

use std::sync::Arc;

use inia_core::{ServiceError, Timestamp, Value, json};
use inia_model::{Catalog, Kind, Location, Member, Operation, ServiceModel};
use inia_protocol::{Codec, Input, Protocol, Response, ServerCodec};
use params::{Extent, ParamGenerator};
use random::Random;
use serde_json::Value as Json;

/// One of this many operations of a service is in the sample.
const SAMPLE: usize = 8;

/// Operations that do not round trip, with the reason.
const KNOWN: [(&str, &str, &str); 7] = [
    (
        "bedrock-agentcore",
        "InvokeAgentRuntimeCommand",
        "a member is the content type, which the client sets for the body",
    ),
    (
        "dataexchange",
        "SendApiAsset",
        "a member is the map of all headers",
    ),
    (
        "s3",
        "GetBucketLifecycle",
        "deprecated: the same request as GetBucketLifecycleConfiguration",
    ),
    (
        "s3",
        "GetBucketNotification",
        "deprecated: the same request as GetBucketNotificationConfiguration",
    ),
    (
        "s3",
        "ListDirectoryBuckets",
        "the same request as ListBuckets, on another host",
    ),
    (
        "s3",
        "PutBucketLifecycle",
        "deprecated: the same request as PutBucketLifecycleConfiguration",
    ),
    (
        "s3",
        "PutBucketNotification",
        "deprecated: the same request as PutBucketNotificationConfiguration; two members are one element",
    ),
];

struct Trip<'m> {
    model: &'m ServiceModel,
    protocol: Protocol,
    client: Codec,
    server: ServerCodec,
    failures: Vec<String>,
    compared: Compared,
}

/// Numbers of generated requests and responses.
#[derive(Default)]
struct Compared {
    generated: usize,
    /// Those that were written and read; the others are invalid.
    compared: usize,
    /// Responses with events, which are only written.
    events: usize,
}

/// A value in a form in which equal ones are equal: what the wire format cannot tell apart is the same.
struct Canonical<'m> {
    model: &'m ServiceModel,
    /// Empty lists, maps and structures are not written.
    loses_empty: bool,
}

impl Canonical<'_> {
    fn value(&self, member: &Member, value: &Value, is_top: bool) -> Option<Json> {
        if member.traits.is_document() || member.traits.is_json_value() {
            return Some(document(value));
        }
        let location = member.traits.location;
        let json = match (&self.model.shape(member.target).kind, value) {
            (_, Value::Null) => return None,
            (Kind::Structure(structure), Value::Map(map)) => {
                let entries = map.iter().filter_map(|(name, value)| {
                    let json = match structure.member(name) {
                        Some(member) => self.value(member, value, is_top)?,
                        None => document(value),
                    };
                    Some((name.to_string(), json))
                });
                Json::Object(entries.collect())
            }
            (Kind::List(item), Value::List(list)) => {
                let items = list.iter().filter_map(|value| {
                    let json = self.value(item, value, false);
                    // An empty item of a header is lost at the end of a list.
                    let is_lost = location == Some(Location::Header)
                        && json.as_ref().is_some_and(|json| *json == "");
                    match self.loses_empty || is_lost {
                        true => json.filter(|_| !is_lost),
                        false => Some(json.unwrap_or(Json::Null)),
                    }
                });
                Json::Array(items.collect())
            }
            (Kind::Map { value: item, .. }, Value::Map(map)) => {
                let entries = map.iter().filter_map(|(name, value)| {
                    let name = match location {
                        Some(Location::Headers) => name.to_ascii_lowercase(),
                        _ => name.to_string(),
                    };
                    let json = self.value(item, value, false)?;
                    let is_lost = location.is_some() && json.as_array().is_some_and(Vec::is_empty);
                    (!is_lost).then_some((name, json))
                });
                Json::Object(entries.collect())
            }
            (Kind::Blob, Value::String(text)) => Json::String(hex(text.as_bytes())),
            (Kind::Blob, Value::Blob(blob)) => Json::String(hex(blob)),
            (Kind::Float | Kind::Double, value) => {
                let number = value.as_f64();
                match (number, &self.model.shape(member.target).kind) {
                    (Some(number), Kind::Float) => Json::String((number as f32).to_string()),
                    (Some(number), _) => Json::String(number.to_string()),
                    (None, _) => document(value),
                }
            }
            (Kind::Timestamp, value) => {
                let timestamp = match value {
                    Value::Timestamp(timestamp) => Some(*timestamp),
                    Value::Int(seconds) => Some(Timestamp::new(*seconds, 0)),
                    Value::Float(seconds) => Timestamp::from_f64(*seconds).ok(),
                    Value::String(text) => Timestamp::parse_lenient(text).ok(),
                    _ => None,
                };
                // Fractions are compared by the suite `timestamps`.
                timestamp.map_or_else(|| document(value), |timestamp| timestamp.seconds().into())
            }
            (_, value) => document(value),
        };
        let is_empty = match &json {
            Json::Object(map) => map.is_empty(),
            Json::Array(items) => items.is_empty(),
            Json::String(text) => text.is_empty() && location.is_some(),
            _ => false,
        };
        let is_empty_payload = is_top && matches!(&json, Json::String(text) if text.is_empty());
        let is_lost = is_empty && (self.loses_empty || is_top || location.is_some());
        (!is_lost && !is_empty_payload).then_some(json)
    }
}

fn document(value: &Value) -> Json {
    match value {
        Value::Float(number) => Json::String(number.to_string()),
        Value::Int(number) => Json::String(number.to_string()),
        Value::BigInt(digits) => Json::String(digits.to_string()),
        Value::List(items) => items.iter().map(document).collect(),
        Value::Map(map) => map
            .iter()
            .map(|(name, value)| (name.to_string(), document(value)))
            .collect(),
        other => other.to_json(),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl<'m> Trip<'m> {
    fn new(model: &'m Arc<ServiceModel>) -> Self {
        let protocol = Protocol::of(model.metadata()).unwrap();
        Trip {
            model,
            protocol,
            client: protocol.codec(Arc::clone(model)),
            server: ServerCodec::new(protocol, Arc::clone(model)),
            failures: Vec::new(),
            compared: Compared::default(),
        }
    }

    fn canonical(&self, member: Option<&Member>, value: &Value) -> Json {
        let canonical = Canonical {
            model: self.model,
            loses_empty: !matches!(
                self.protocol,
                Protocol::Json | Protocol::RpcV2Cbor | Protocol::RestJson
            ),
        };
        member
            .and_then(|member| canonical.value(member, value, true))
            .unwrap_or_else(|| json!({}).to_json())
    }

    fn fail(&mut self, operation: &Operation, what: &str, sent: &Json, received: &Json) {
        let difference = difference("", sent, received);
        self.failures.push(format!(
            "{} {} {what}: {difference}",
            self.model.name(),
            operation.name
        ));
    }

    fn request(&mut self, operation: &Operation, extent: Extent, seed: u64) {
        self.compared.generated += 1;
        let mut random = Random::new(seed, &[self.model.name(), &operation.name, "in"]);
        let mut params =
            ParamGenerator::new(self.model, operation, self.protocol, extent, &mut random).params();
        let has_events = self
            .model
            .event_stream_input(operation)
            .map(|member| member.name.clone());
        let supplied = has_events.as_deref();
        if self
            .model
            .validate(operation, &mut params, supplied.as_slice())
            .is_err()
        {
            return;
        }
        let Ok(request) = self.client.serialize(operation, Input::from(&params)) else {
            return;
        };
        self.compared.compared += 1;
        match self.server.operation(&request) {
            Some(found) if found.name == operation.name => {}
            found => {
                let found = found.map_or("none", |found| &found.name);
                self.failures.push(format!(
                    "{} {} is routed to {found}: {} {}?{}",
                    self.model.name(),
                    operation.name,
                    request.method,
                    request.path,
                    request.query
                ));
            }
        }
        match self.server.parse_request(operation, &request) {
            Ok(read) => {
                let sent = self.canonical(operation.input.as_ref(), &params);
                let received = self.canonical(operation.input.as_ref(), &read);
                if sent != received {
                    self.fail(operation, "request", &sent, &received);
                }
            }
            Err(error) => self.failures.push(format!(
                "{} {} request: {error:#}",
                self.model.name(),
                operation.name
            )),
        }
    }

    fn response(&mut self, operation: &Operation, extent: Extent, seed: u64) {
        self.compared.generated += 1;
        let mut random = Random::new(seed, &[self.model.name(), &operation.name, "out"]);
        let as_input = Operation {
            name: operation.name.clone(),
            input: operation.output.clone(),
            ..Operation::default()
        };
        let mut output =
            ParamGenerator::new(self.model, &as_input, self.protocol, extent, &mut random).params();
        let events = self
            .model
            .event_stream_output(operation)
            .map(|member| member.name.clone());
        let supplied = events.as_deref();
        if self
            .model
            .validate(&as_input, &mut output, supplied.as_slice())
            .is_err()
        {
            return;
        }
        let status = self.model.output(operation).and_then(|output| {
            output
                .members
                .iter()
                .find(|member| member.traits.location == Some(Location::StatusCode))
        });
        if let (Some(member), Some(map)) = (status, output.as_map_mut()) {
            map.insert(member.name.clone(), 202);
        }
        let response = match self.server.write_response(operation, &output) {
            Ok(response) => response,
            // A random header name or value that HTTP does not allow.
            Err(error) if error.kind() == inia_core::ErrorKind::Validation => return,
            Err(error) => panic!("{error}"),
        };
        if events.is_some() {
            self.compared.events += 1;
            return;
        }
        self.compared.compared += 1;
        match self.client.parse_with_request_id(operation, response) {
            Ok((read, request_id)) => {
                let sent = self.canonical(operation.output.as_ref(), &output);
                let received = self.canonical(operation.output.as_ref(), &read);
                if sent != received {
                    self.fail(operation, "response", &sent, &received);
                } else if request_id.is_none() {
                    self.failures.push(format!(
                        "{} {} response: no request id",
                        self.model.name(),
                        operation.name
                    ));
                }
            }
            Err(error) => self.failures.push(format!(
                "{} {} response: {error:#}",
                self.model.name(),
                operation.name
            )),
        }
    }

    fn errors(&mut self, operation: &Operation) {
        let unmodeled = ServiceError {
            code: "SomethingElse".into(),
            message: "a <message> & \"more\"".into(),
            http_status: 400,
            ..ServiceError::default()
        };
        let modeled = operation.errors.iter().map(|id| {
            let shape = self.model.shape(*id);
            let code = match &shape.kind {
                Kind::Structure(structure) => structure
                    .error
                    .as_ref()
                    .and_then(|traits| traits.code.clone()),
                _ => None,
            };
            ServiceError {
                code: code.unwrap_or_else(|| shape.name.clone()),
                shape: Some(shape.name.clone()),
                ..unmodeled.clone()
            }
        });
        let errors: Vec<ServiceError> = modeled.chain([unmodeled.clone()]).collect();
        for error in errors {
            let response: Response = self.server.write_error(Some(operation), &error).unwrap();
            let read = self.client.parse_error(operation, response);
            let has_message = read.message == error.message;
            if read.code != error.code
                || read.http_status != 400
                || !has_message
                || read.request_id.is_none()
            {
                self.failures.push(format!(
                    "{} {} error {}: read {read:?}",
                    self.model.name(),
                    operation.name,
                    error.code
                ));
            }
        }
    }
}

/// Describes the first difference.
fn difference(path: &str, sent: &Json, received: &Json) -> String {
    match (sent, received) {
        (Json::Object(sent), Json::Object(received)) => {
            for (name, value) in sent {
                match received.get(name) {
                    Some(other) if other == value => {}
                    Some(other) => return difference(&format!("{path}.{name}"), value, other),
                    None => return format!("{path}.{name}: {value} is lost"),
                }
            }
            let added = received.keys().find(|name| !sent.contains_key(*name));
            format!("{path}.{}: was not sent", added.map_or("", |name| name))
        }
        (Json::Array(sent), Json::Array(received)) if sent.len() == received.len() => {
            let pairs = sent.iter().zip(received).enumerate();
            for (position, (sent, received)) in pairs {
                if sent != received {
                    return difference(&format!("{path}[{position}]"), sent, received);
                }
            }
            String::new()
        }
        _ => format!("{path}: sent {sent}, received {received}"),
    }
}

#[test]
fn every_operation_round_trips() {
    let is_complete = std::env::var("INIA_ROUND_TRIP").is_ok_and(|extent| extent == "all");
    let only = std::env::var("INIA_ROUND_TRIP_SERVICE").ok();
    let catalog = Catalog::new(inia_builtin::archive());
    let (mut operations, mut failures) = (0, Vec::new());
    let mut total = Compared::default();
    for service in catalog.services() {
        if only.as_ref().is_some_and(|only| *only != *service) {
            continue;
        }
        let model = catalog.service(&service, None).unwrap();
        let mut trip = Trip::new(&model);
        for (position, operation) in model.operations().enumerate() {
            if !is_complete && only.is_none() && position % SAMPLE != 0 {
                continue;
            }
            operations += 1;
            for (extent, seed) in [(Extent::All, 1), (Extent::Half, 2), (Extent::Required, 3)] {
                trip.request(operation, extent, seed);
                trip.response(operation, extent, seed);
            }
            trip.errors(operation);
        }
        failures.append(&mut trip.failures);
        total.generated += trip.compared.generated;
        total.compared += trip.compared.compared;
        total.events += trip.compared.events;
    }
    let is_known = |failure: &String, (service, operation, _): &(&str, &str, &str)| {
        failure.starts_with(&format!("{service} {operation} "))
    };
    for row in &KNOWN {
        let is_listed = failures.iter().any(|failure| is_known(failure, row));
        assert!(
            is_listed || !is_complete,
            "{} {} round trips: remove its row",
            row.0,
            row.1
        );
    }
    failures.retain(|failure| !KNOWN.iter().any(|row| is_known(failure, row)));
    println!(
        "{operations} operations ({} have a known reason not to round trip); of {} generated requests and responses, {} were \
         compared, {} have events, the others are invalid",
        KNOWN.len(),
        total.generated,
        total.compared,
        total.events
    );
    let checked = total.compared + total.events;
    assert!(
        only.is_some() || checked * 100 >= total.generated * 99,
        "{} of {} are invalid",
        total.generated - checked,
        total.generated
    );
    let shown: Vec<&str> = failures
        .iter()
        .take(60)
        .map(|failure| failure.as_str())
        .collect();
    assert!(
        failures.is_empty(),
        "{} failures:\n{}",
        failures.len(),
        shown.join("\n")
    );
}
