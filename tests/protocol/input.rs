//! Input cases: parameters to a request.

use inia_core::{List, Map, Value};
use inia_model::{Kind, Location, Member, ServiceModel, fill_idempotency_tokens};
use inia_protocol::{Headers, Input, Protocol, Request};
use serde_json::Value as Json;

use super::suite::{CaseSetup, CheckResult};
use super::{cbor, xml};

/// Idempotency token expected by the cases.
const TOKEN: &str = "00000000-0000-4000-8000-000000000000";

/// Minimum body length for compression in the cases.
const MIN_COMPRESSION_LENGTH: usize = 10_240;

/// Serializes the parameters of a case and compares the request.
pub fn check(setup: &CaseSetup) -> CheckResult {
    let operation = setup.operation();
    let mut params = match &operation.input {
        Some(member) => params(&setup.model, member, &setup.params),
        None => Value::map(),
    };
    fill_idempotency_tokens(&setup.model, operation, &mut params, || TOKEN.into());
    let mut request = setup
        .codec
        .serialize(operation, Input::from(&params))
        .map_err(|error| format!("{error:#}"))?;
    if request.body.len() >= MIN_COMPRESSION_LENGTH {
        inia_protocol::compress(operation, &mut request).map_err(|error| format!("{error:#}"))?;
    }
    if operation.checksum_required {
        use base64::Engine as _;
        use md5::Digest as _;
        let digest = md5::Md5::digest(&request.body);
        let text = base64::engine::general_purpose::STANDARD.encode(digest);
        request.headers.set("content-md5", text);
    }
    let expected = &setup.case["serialized"];
    check_body(setup, &request, expected)?;
    check_headers(setup, &request, expected)?;
    check_target(setup, &request, expected)
}

/// Converts the parameters of a case by shape: JSON cannot represent NaN and the infinities, and JSON values are given
/// as text, for which botocore expects the value.
fn params(model: &ServiceModel, member: &Member, value: &Value) -> Value {
    match (&model.shape(member.target).kind, value) {
        (Kind::Structure(structure), Value::Map(map)) => map
            .iter()
            .map(|(name, value)| match structure.member(name) {
                Some(member) => (name.clone(), params(model, member, value)),
                None => (name.clone(), value.clone()),
            })
            .collect::<Map>()
            .into(),
        (Kind::List(item), Value::List(list)) => list
            .iter()
            .map(|value| params(model, item, value))
            .collect::<List>()
            .into(),
        (Kind::Map { value: member, .. }, Value::Map(map)) => map
            .iter()
            .map(|(name, value)| (name.clone(), params(model, member, value)))
            .collect::<Map>()
            .into(),
        (Kind::Float | Kind::Double, Value::String(text)) => Value::Float(text.parse().unwrap()),
        (Kind::String, Value::String(text))
            if member.traits.is_json_value()
                && member.traits.location == Some(Location::Header) =>
        {
            serde_json::from_str(text).unwrap_or_else(|_| value.clone())
        }
        _ => value.clone(),
    }
}

fn check_body(setup: &CaseSetup, request: &Request, expected: &Json) -> CheckResult {
    let Some(expected) = expected["body"].as_str() else {
        return Ok(());
    };
    let actual = String::from_utf8_lossy(&request.body);
    let equal = match setup.protocol {
        Protocol::Json | Protocol::RestJson => {
            let parse = |text: &str| serde_json::from_str::<Json>(text);
            match (parse(&actual), parse(expected)) {
                (Ok(actual), Ok(expected)) => same_json(&actual, &expected),
                _ => actual == expected,
            }
        }
        Protocol::RestXml => match (xml::canonical(&actual), xml::canonical(expected)) {
            (Some(actual), Some(expected)) => actual == expected,
            _ => actual == expected,
        },
        Protocol::RpcV2Cbor => {
            if request.body.is_empty() {
                return if expected.is_empty() {
                    Ok(())
                } else {
                    Err("missing body".into())
                };
            }
            let expected = cbor::decode_base64(expected);
            let actual = cbor::decode(&request.body)?;
            return if actual == expected {
                Ok(())
            } else {
                Err(format!("body: {actual:?}, expected {expected:?}"))
            };
        }
        Protocol::Query | Protocol::Ec2 => actual == expected,
    };
    if equal {
        Ok(())
    } else {
        Err(format!("body: {actual}\nexpected: {expected}"))
    }
}

/// Compares two JSON values, numbers by value.
fn same_json(a: &Json, b: &Json) -> bool {
    match (a, b) {
        (Json::Number(a), Json::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Json::Array(a), Json::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_json(a, b))
        }
        (Json::Object(a), Json::Object(b)) => {
            a.len() == b.len()
                && a.iter()
                    .all(|(name, a)| b.get(name).is_some_and(|b| same_json(a, b)))
        }
        _ => a == b,
    }
}

fn check_headers(setup: &CaseSetup, request: &Request, expected: &Json) -> CheckResult {
    let lists = list_headers(setup);
    for (name, value) in expected["headers"].as_object().into_iter().flatten() {
        let mut value = value.as_str().unwrap_or_default().to_owned();
        let lower = name.to_ascii_lowercase();
        if lower == "content-type" {
            match setup.protocol {
                // botocore adds the charset, which the cases omit.
                Protocol::Query | Protocol::Ec2 if !value.contains("charset=utf-8") => {
                    value.push_str("; charset=utf-8");
                }
                // botocore and inia omit the content type of XML bodies and of blob or string payloads: S3 would store
                // it as the object's type.
                Protocol::RestXml => continue,
                Protocol::RestJson if value != "application/json" => continue,
                _ => {}
            }
        }
        let Some(actual) = request.headers.get(name) else {
            return Err(format!(
                "missing header {name}: {value}; the request has {:?}",
                request.headers
            ));
        };
        // botocore joins lists with a comma, the cases with a comma and a space.
        let equal = if lists.contains(&lower) {
            actual.replace(", ", ",") == value.replace(", ", ",")
        } else {
            actual == value
        };
        if !equal {
            return Err(format!("header {name}: {actual}, expected {value}"));
        }
    }
    for name in strings(&expected["forbidHeaders"]) {
        if request.headers.contains(name) {
            return Err(format!("unexpected header {name}"));
        }
    }
    // The transport adds the length.
    for name in strings(&expected["requireHeaders"]).filter(|name| *name != "Content-Length") {
        if !request.headers.contains(name) {
            return Err(format!("missing header {name}"));
        }
    }
    check_names(&request.headers)
}

fn check_names(headers: &Headers) -> CheckResult {
    match headers
        .iter()
        .find(|(name, _)| name.bytes().any(|byte| byte.is_ascii_uppercase()))
    {
        Some((name, _)) => Err(format!("header name {name} is not lower case")),
        None => Ok(()),
    }
}

/// Returns the lower-case names of headers with lists.
fn list_headers(setup: &CaseSetup) -> Vec<String> {
    let Some(input) = setup.model.input(setup.operation()) else {
        return Vec::new();
    };
    input
        .members
        .iter()
        .filter(|member| member.traits.location == Some(Location::Header))
        .filter(|member| matches!(setup.model.shape(member.target).kind, Kind::List(_)))
        .map(|member| member.wire_name().to_ascii_lowercase())
        .collect()
}

fn strings(json: &Json) -> impl Iterator<Item = &str> {
    json.as_array()
        .into_iter()
        .flatten()
        .filter_map(Json::as_str)
}

/// Checks the method, the path with the query, and the host.
fn check_target(setup: &CaseSetup, request: &Request, expected: &Json) -> CheckResult {
    if let Some(method) = expected["method"].as_str()
        && request.method != *method
    {
        return Err(format!("method: {}, expected {method}", request.method));
    }
    let endpoint = setup
        .endpoint
        .strip_prefix("https://")
        .unwrap_or(&setup.endpoint);
    let (host, base) = match endpoint.split_once('/') {
        Some((host, base)) => (host, format!("/{base}")),
        None => (endpoint, String::new()),
    };
    let mut uri = format!("{}{}", base.trim_end_matches('/'), request.path);
    if !request.query.is_empty() {
        uri.push('?');
        uri.push_str(&request.query);
    }
    let expected_uri = expected["uri"].as_str().unwrap_or_default();
    if uri != expected_uri {
        return Err(format!("uri: {uri}, expected {expected_uri}"));
    }
    if let Some(expected) = expected["host"].as_str() {
        let host = format!(
            "{}{host}",
            request.host_prefix.as_deref().unwrap_or_default()
        );
        // The cases append the path of the endpoint to the host.
        if host != expected && format!("{host}{base}") != expected {
            return Err(format!("host: {host}, expected {expected}"));
        }
    }
    Ok(())
}
