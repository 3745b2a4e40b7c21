//! Compares the outcome of a call: output, service error or other failure.

use std::collections::BTreeSet;

use inia_core::{ErrorKind, Map, ServiceError, Str, Value};

use super::{Difference, or_dash};
use crate::differential::exchange::CallOutcome;

/// botocore's exceptions that are not service errors, and the equivalent error kinds.
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

/// Exceptions that Python raises for values of an unexpected type.
const TYPE_ERRORS: &[&str] = &[
    "AttributeError",
    "JMESPathTypeError",
    "KeyError",
    "MissingDependencyException",
    "TypeError",
    "ValueError",
];

/// Compares the outcome of a call with the peer's result line.
pub fn outcomes(ours: &CallOutcome, theirs: &Map, differences: &mut Vec<Difference>) {
    match (
        ours,
        theirs.get("output"),
        theirs.get("error"),
        theirs.get("failure"),
    ) {
        (CallOutcome::Output(ours), Some(theirs), _, _) => output(ours, theirs, differences),
        (CallOutcome::Error(ours), _, Some(theirs), _) => error(ours, theirs, differences),
        (
            CallOutcome::Failure {
                kind,
                message,
                paths,
            },
            _,
            _,
            Some(theirs),
        ) => {
            failure(*kind, message, paths, theirs, differences);
        }
        _ => differences.push(Difference::new(
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

fn describe(outcome: &CallOutcome) -> String {
    match outcome {
        CallOutcome::Output(value) => format!("output {}", value.to_json_string()),
        CallOutcome::Error(error) => format!("error {} {:?}", error.code, error.message),
        CallOutcome::Failure { kind, message, .. } => format!("{kind}: {message}"),
    }
}

fn output(ours: &Value, theirs: &Value, differences: &mut Vec<Difference>) {
    let (Value::Map(ours), Value::Map(theirs)) = (ours, theirs) else {
        return values("output", ours, theirs, differences);
    };
    let metadata = |map: &Map| map.get("ResponseMetadata").cloned().unwrap_or_default();
    self::metadata(&metadata(ours), &metadata(theirs), differences);
    let members = |map: &Map| -> Map {
        map.iter()
            .filter(|(name, _)| **name != "ResponseMetadata")
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    };
    maps("output", &members(ours), &members(theirs), differences);
}

/// Compares the status, and the request id if botocore has one; it reads fewer headers.
fn metadata(ours: &Value, theirs: &Value, differences: &mut Vec<Difference>) {
    if ours["HTTPStatusCode"] != theirs["HTTPStatusCode"] {
        differences.push(Difference::new(
            "metadata.status",
            or_dash(ours.get("HTTPStatusCode")),
            or_dash(theirs.get("HTTPStatusCode")),
        ));
    }
    request_id(ours["RequestId"].as_str(), theirs, differences);
}

fn request_id(ours: Option<&str>, theirs: &Value, differences: &mut Vec<Difference>) {
    if let Some(id) = theirs["RequestId"].as_str().filter(|id| !id.is_empty())
        && ours != Some(id)
    {
        differences.push(Difference::new(
            "metadata.request-id",
            or_dash(ours),
            format!("{id:?}"),
        ));
    }
}

fn error(ours: &ServiceError, theirs: &Value, differences: &mut Vec<Difference>) {
    let class = theirs["class"].as_str().unwrap_or_default();
    let empty = Map::new();
    let response = theirs["response"].as_map().unwrap_or(&empty);
    let own = response.get("Error").cloned().unwrap_or_default();
    let field = |name: &str| response.get(name).unwrap_or(&Value::Null);
    let code = own["Code"].as_str().unwrap_or_default();
    if ours.code != code {
        differences.push(Difference::new(
            "error.code",
            &ours.code,
            format!("{:?}", own["Code"]),
        ));
    }
    // Some services send the message under a lower-case key, which only the definition maps to it.
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
        differences.push(Difference::new(
            "error.message",
            format!("{:?}", ours.message),
            format!("{message:?}"),
        ));
    }
    let their_shape = Some(class).filter(|class| *class != "ClientError");
    if ours.shape.as_deref() != their_shape {
        differences.push(Difference::new(
            "error.shape",
            or_dash(ours.shape.as_deref()),
            or_dash(their_shape),
        ));
    }
    if let Some(fault) = own["Type"].as_str()
        && matches!(fault, "Sender" | "Receiver")
        && ours.fault.map(|fault| format!("{fault:?}")).as_deref() != Some(fault)
    {
        differences.push(Difference::new("error.fault", or_dash(ours.fault), fault));
    }
    let metadata = response
        .get("ResponseMetadata")
        .cloned()
        .unwrap_or_default();
    if metadata["HTTPStatusCode"] != i64::from(ours.http_status) {
        differences.push(Difference::new(
            "error.status",
            ours.http_status,
            format!("{:?}", metadata["HTTPStatusCode"]),
        ));
    }
    request_id(ours.request_id.as_deref(), &metadata, differences);
    // inia stores the message separately.
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
    maps("error.details", &ours, &theirs, differences);
}

fn failure(
    kind: ErrorKind,
    message: &str,
    paths: &[String],
    theirs: &Value,
    differences: &mut Vec<Difference>,
) {
    let class = theirs["class"].as_str().unwrap_or_default();
    let same = match FAILURES.iter().find(|(name, _)| *name == class) {
        Some((_, kinds)) => kinds.contains(&kind),
        // Python fails on some invalid parameters before they are validated.
        None => kind == ErrorKind::Validation && TYPE_ERRORS.contains(&class),
    };
    let their_message = theirs["message"].as_str().unwrap_or_default();
    if !same {
        return differences.push(Difference::new(
            "failure",
            format!("{kind}: {message}"),
            format!("{class}: {their_message}"),
        ));
    }
    let theirs: BTreeSet<&str> = theirs["paths"].items().filter_map(Value::as_str).collect();
    let ours: BTreeSet<&str> = paths.iter().map(String::as_str).collect();
    // Some checks are not part of the validator and report no path.
    if class == "ParamValidationError" && !theirs.is_empty() && ours != theirs {
        differences.push(Difference::new(
            "failure.paths",
            format!("{ours:?} ({message})"),
            format!("{theirs:?} ({their_message})"),
        ));
    }
}

/// Compares values: numbers by value, timestamps by microsecond.
pub fn values(path: &str, ours: &Value, theirs: &Value, differences: &mut Vec<Difference>) {
    let same = match (ours, theirs) {
        (Value::Map(ours), Value::Map(theirs)) => return maps(path, ours, theirs, differences),
        (Value::List(ours), Value::List(theirs)) if ours.len() == theirs.len() => {
            let path = format!("{path}[]");
            for (ours, theirs) in ours.iter().zip(theirs) {
                values(&path, ours, theirs, differences);
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
        differences.push(Difference::new(
            path,
            format!("{ours:?}"),
            format!("{theirs:?}"),
        ));
    }
}

fn maps(path: &str, ours: &Map, theirs: &Map, differences: &mut Vec<Difference>) {
    for (name, theirs) in theirs {
        let path = format!("{path}.{name}");
        match ours.get(name) {
            Some(ours) => values(&path, ours, theirs, differences),
            None => differences.push(Difference::new(path, "-", format!("{theirs:?}"))),
        }
    }
    for (name, ours) in ours {
        if !theirs.contains_key(name) {
            differences.push(Difference::new(
                format!("{path}.{name}"),
                format!("{ours:?}"),
                "-",
            ));
        }
    }
}
