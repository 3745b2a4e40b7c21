//! What came of a call: outputs, errors, failures.

use std::collections::BTreeSet;

use inia_core::{ErrorKind, Map, ServiceError, Str, Value};

use super::{Difference, or_nothing};
use crate::differential::exchange::Outcome;

/// botocore's exceptions that are no service's errors, and the kinds of our errors that mean the same.
const FAILURES: &[(&str, &[ErrorKind])] = &[
    ("AwsChunkedWrapperError", &[ErrorKind::Stream]),
    (
        "EndpointProviderError",
        &[ErrorKind::Endpoint, ErrorKind::Validation],
    ),
    (
        "EndpointResolutionError",
        &[ErrorKind::Endpoint, ErrorKind::Validation],
    ),
    (
        "FlexibleChecksumError",
        &[ErrorKind::Stream, ErrorKind::Validation],
    ),
    ("NoAuthTokenError", &[ErrorKind::Credentials]),
    ("NoRegionError", &[ErrorKind::Config, ErrorKind::Endpoint]),
    ("ParamValidationError", &[ErrorKind::Validation]),
    ("ResponseParserError", &[ErrorKind::Parse]),
    ("UnknownRegionError", &[ErrorKind::Endpoint]),
    (
        "UnsupportedS3AccesspointConfigurationError",
        &[ErrorKind::Endpoint],
    ),
    (
        "UnsupportedS3ControlArnError",
        &[ErrorKind::Endpoint, ErrorKind::Validation],
    ),
    (
        "UnsupportedS3ControlConfigurationError",
        &[ErrorKind::Endpoint, ErrorKind::Validation],
    ),
    (
        "UnsupportedS3ArnError",
        &[ErrorKind::Endpoint, ErrorKind::Validation],
    ),
];

/// What Python's own code raises where it is given something of the wrong kind.
const STUMBLES: &[&str] = &[
    "AttributeError",
    "JMESPathTypeError",
    "KeyError",
    "MissingDependencyException",
    "TypeError",
    "ValueError",
];

/// Compares how a call ended with the same call's line of the other side.
pub fn answers(ours: &Outcome, theirs: &Map, found: &mut Vec<Difference>) {
    match (
        ours,
        theirs.get("output"),
        theirs.get("error"),
        theirs.get("failure"),
    ) {
        (Outcome::Output(ours), Some(theirs), _, _) => output(ours, theirs, found),
        (Outcome::Error(ours), _, Some(theirs), _) => error(ours, theirs, found),
        (
            Outcome::Failure {
                kind,
                message,
                paths,
            },
            _,
            _,
            Some(theirs),
        ) => {
            failure(*kind, message, paths, theirs, found);
        }
        _ => found.push(Difference::new(
            "outcome",
            describe(ours),
            Value::Map(theirs_without_requests(theirs)).to_json_string(),
        )),
    }
}

fn theirs_without_requests(theirs: &Map) -> Map {
    theirs
        .iter()
        .filter(|(name, _)| **name != "requests")
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

fn describe(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Output(value) => format!("output {}", value.to_json_string()),
        Outcome::Error(error) => format!("error {} {:?}", error.code, error.message),
        Outcome::Failure { kind, message, .. } => format!("{kind}: {message}"),
    }
}

fn output(ours: &Value, theirs: &Value, found: &mut Vec<Difference>) {
    let (Value::Map(ours), Value::Map(theirs)) = (ours, theirs) else {
        return values("output", ours, theirs, found);
    };
    let metadata = |map: &Map| map.get("ResponseMetadata").cloned().unwrap_or_default();
    self::metadata(&metadata(ours), &metadata(theirs), found);
    let members = |map: &Map| -> Map {
        map.iter()
            .filter(|(name, _)| **name != "ResponseMetadata")
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    };
    maps("output", &members(ours), &members(theirs), found);
}

/// The status, and the request id where botocore has one: it looks in fewer places.
fn metadata(ours: &Value, theirs: &Value, found: &mut Vec<Difference>) {
    if ours["HTTPStatusCode"] != theirs["HTTPStatusCode"] {
        found.push(Difference::new(
            "metadata.status",
            or_nothing(ours.get("HTTPStatusCode")),
            or_nothing(theirs.get("HTTPStatusCode")),
        ));
    }
    request_id(ours["RequestId"].as_str(), theirs, found);
}

fn request_id(ours: Option<&str>, theirs: &Value, found: &mut Vec<Difference>) {
    if let Some(id) = theirs["RequestId"].as_str().filter(|id| !id.is_empty())
        && ours != Some(id)
    {
        found.push(Difference::new(
            "metadata.request-id",
            or_nothing(ours),
            format!("{id:?}"),
        ));
    }
}

fn error(ours: &ServiceError, theirs: &Value, found: &mut Vec<Difference>) {
    let class = theirs["class"].as_str().unwrap_or_default();
    let empty = Map::new();
    let response = theirs["response"].as_map().unwrap_or(&empty);
    let own = response.get("Error").cloned().unwrap_or_default();
    let field = |name: &str| response.get(name).unwrap_or(&Value::Null);
    let code = own["Code"].as_str().unwrap_or_default();
    if ours.code != code {
        found.push(Difference::new(
            "error.code",
            &ours.code,
            format!("{:?}", own["Code"]),
        ));
    }
    // Some services write the message in small letters, where only the definition leads to it.
    let messages = [
        &own["Message"],
        &own["message"],
        field("Message"),
        field("message"),
    ];
    let message = messages
        .into_iter()
        .filter_map(Value::as_str)
        .find(|message| !message.is_empty())
        .unwrap_or_default();
    if ours.message != message {
        found.push(Difference::new(
            "error.message",
            format!("{:?}", ours.message),
            format!("{message:?}"),
        ));
    }
    let their_shape = Some(class).filter(|class| *class != "ClientError");
    if ours.shape.as_deref() != their_shape {
        found.push(Difference::new(
            "error.shape",
            or_nothing(ours.shape.as_deref()),
            or_nothing(their_shape),
        ));
    }
    if let Some(fault) = own["Type"].as_str()
        && matches!(fault, "Sender" | "Receiver")
        && ours.fault.map(|fault| format!("{fault:?}")).as_deref() != Some(fault)
    {
        found.push(Difference::new(
            "error.fault",
            or_nothing(ours.fault),
            fault,
        ));
    }
    let metadata = response
        .get("ResponseMetadata")
        .cloned()
        .unwrap_or_default();
    if metadata["HTTPStatusCode"] != i64::from(ours.http_status) {
        found.push(Difference::new(
            "error.status",
            ours.http_status,
            format!("{:?}", metadata["HTTPStatusCode"]),
        ));
    }
    request_id(ours.request_id.as_deref(), &metadata, found);
    // The message stands by itself on our side.
    let is_message = |name: &Str| name.eq_ignore_ascii_case("message");
    let theirs: Map = response
        .iter()
        .filter(|(name, _)| **name != "Error" && **name != "ResponseMetadata" && !is_message(name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let ours: Map = ours
        .details
        .iter()
        .filter(|(name, _)| !is_message(name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    maps("error.details", &ours, &theirs, found);
}

fn failure(
    kind: ErrorKind,
    message: &str,
    paths: &[String],
    theirs: &Value,
    found: &mut Vec<Difference>,
) {
    let class = theirs["class"].as_str().unwrap_or_default();
    let same = match FAILURES.iter().find(|(name, _)| *name == class) {
        Some((_, kinds)) => kinds.contains(&kind),
        // Python stumbles over some mistakes before it comes to look for them.
        None => kind == ErrorKind::Validation && STUMBLES.contains(&class),
    };
    let their_message = theirs["message"].as_str().unwrap_or_default();
    if !same {
        return found.push(Difference::new(
            "failure",
            format!("{kind}: {message}"),
            format!("{class}: {their_message}"),
        ));
    }
    let theirs: BTreeSet<&str> = theirs["paths"].items().filter_map(Value::as_str).collect();
    let ours: BTreeSet<&str> = paths.iter().map(String::as_str).collect();
    // Some checks name no path, since they are not the validator's.
    if class == "ParamValidationError" && !theirs.is_empty() && ours != theirs {
        found.push(Difference::new(
            "failure.paths",
            format!("{ours:?} ({message})"),
            format!("{theirs:?} ({their_message})"),
        ));
    }
}

/// Compares values: numbers by what they are worth, moments to the microsecond.
pub fn values(place: &str, ours: &Value, theirs: &Value, found: &mut Vec<Difference>) {
    let same = match (ours, theirs) {
        (Value::Map(ours), Value::Map(theirs)) => return maps(place, ours, theirs, found),
        (Value::List(ours), Value::List(theirs)) if ours.len() == theirs.len() => {
            let place = format!("{place}[]");
            for (ours, theirs) in ours.iter().zip(theirs) {
                values(&place, ours, theirs, found);
            }
            return;
        }
        (Value::Timestamp(ours), Value::Timestamp(theirs)) => {
            (ours.seconds(), ours.nanoseconds() / 1000)
                == (theirs.seconds(), theirs.nanoseconds() / 1000)
        }
        (Value::Float(ours), Value::Float(theirs)) => {
            ours == theirs || ours.is_nan() && theirs.is_nan()
        }
        (Value::Float(ours), Value::Int(theirs)) | (Value::Int(theirs), Value::Float(ours)) => {
            *ours == *theirs as f64
        }
        (Value::Float(ours), Value::BigInt(theirs))
        | (Value::BigInt(theirs), Value::Float(ours)) => theirs.parse() == Ok(*ours),
        (ours, theirs) => ours == theirs,
    };
    if !same {
        found.push(Difference::new(
            place,
            format!("{ours:?}"),
            format!("{theirs:?}"),
        ));
    }
}

fn maps(place: &str, ours: &Map, theirs: &Map, found: &mut Vec<Difference>) {
    for (name, theirs) in theirs {
        let place = format!("{place}.{name}");
        match ours.get(name) {
            Some(ours) => values(&place, ours, theirs, found),
            None => found.push(Difference::new(place, "-", format!("{theirs:?}"))),
        }
    }
    for (name, ours) in ours {
        if !theirs.contains_key(name) {
            found.push(Difference::new(
                format!("{place}.{name}"),
                format!("{ours:?}"),
                "-",
            ));
        }
    }
}
