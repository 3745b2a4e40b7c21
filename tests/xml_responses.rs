//! Responses of real services, mostly XML, and the values that botocore parses from them.
//!
//! The cases are botocore's `tests/unit/response_parsing`: `xml/responses/iam-list-users.xml` is a response of
//! ListUsers of `iam`, and the `.json` file beside it the value; a suffix after `#` distinguishes several responses of
//! one operation. Responses in `xml/errors` and `json/errors` have status 400; the expectations of the latter are in
//! `json/expected`.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a suite with invalid data panics; indexing a JSON value never fails"
)]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use bytes::Bytes;
use inia_core::{Fault, Map, ServiceError, Value};
use inia_model::{Operation, ServiceModel};
use inia_protocol::{Headers, Protocol, Response};
use serde_json::Value as Json;

const SUITE: &str = "xml-responses";

fn main() -> ExitCode {
    let folder = support::botocore_source()
        .map(|botocore| botocore.join("tests/unit/response_parsing"))
        .filter(|folder| folder.is_dir());
    let Some(folder) = folder else {
        return support::run(
            SUITE,
            vec![support::Case::unavailable("botocore's responses")],
        );
    };
    let mut models = BTreeMap::new();
    let mut cases = Vec::new();
    for (kind, extension, expected_in) in [
        ("xml/responses", "xml", "xml/responses"),
        ("xml/errors", "xml", "xml/errors"),
        ("json/errors", "json", "json/expected"),
    ] {
        for response in responses(&folder.join(kind), extension) {
            let name = response.file_stem().unwrap().to_str().unwrap().to_owned();
            let (service, operation) = name.split_once('-').unwrap();
            let model: &Arc<ServiceModel> = models
                .entry(service.to_owned())
                .or_insert_with(|| load(service));
            let files = ResponseCase {
                model: Arc::clone(model),
                operation: operation.split('#').next().unwrap().to_owned(),
                expected: folder.join(expected_in).join(format!("{name}.json")),
                response,
                status: if kind.ends_with("errors") { 400 } else { 200 },
            };
            cases.push(support::Case::new(format!("{kind}/{name}"), move || {
                files.check()
            }));
        }
    }
    support::run(SUITE, cases)
}

/// Returns the responses of a folder, in order.
fn responses(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .collect();
    files.sort();
    files
}

fn load(service: &str) -> Arc<ServiceModel> {
    let mut versions: Vec<PathBuf> = fs::read_dir(support::workspace().join("data").join(service))
        .unwrap()
        .map(|version| version.unwrap().path().join("service-2.json"))
        .collect();
    versions.sort();
    let definition = fs::read(versions.pop().unwrap()).unwrap();
    Arc::new(ServiceModel::from_json(service, &definition).unwrap())
}

/// A test case.
struct ResponseCase {
    model: Arc<ServiceModel>,
    operation: String,
    response: PathBuf,
    expected: PathBuf,
    status: u16,
}

impl ResponseCase {
    fn check(&self) -> Result<(), String> {
        let operation = self
            .model
            .operation(&self.operation)
            .map_err(|error| error.to_string())?;
        let expected: Json = serde_json::from_str(&read(&self.expected)).unwrap();
        let body = read(&self.response);
        let response = Response {
            status: self.status,
            headers: Headers::new(),
            body: Bytes::from(body.clone()),
        };
        let codec = Protocol::of(self.model.metadata())
            .map_err(|error| error.to_string())?
            .codec(Arc::clone(&self.model));
        if self.status >= 300 {
            return check_error(&expected, &codec.parse_error(operation, response));
        }
        let (mut value, request_id) = codec
            .parse_with_request_id(operation, response)
            .map_err(|error| format!("{error:#}"))?;
        let expected_id = expected["ResponseMetadata"]["RequestId"].as_str();
        if request_id.as_deref() != expected_id {
            return Err(format!(
                "request id {request_id:?}, expected {expected_id:?}"
            ));
        }
        customize(&operation.name, &body, &mut value);
        check_result(operation, expected, value)
    }
}

/// Reads a file. Some responses have `YYYY-MM-DD..` in place of timestamps, which is replaced by a valid one.
fn read(path: &Path) -> String {
    fs::read_to_string(path)
        .unwrap()
        .replace("YYYY-MM-DDTHH:MM:SS.000Z", "2015-08-30T12:36:00.000Z")
}

/// Applies customizations of the client that are not part of the wire format.
///
/// # Source
/// botocore `handlers.py:parse_get_bucket_location` and `json_decode_template_body`.
fn customize(operation: &str, body: &str, value: &mut Value) {
    let Value::Map(map) = value else { return };
    match operation {
        "GetBucketLocation" => {
            let text = inia_protocol::xml_root_text(body.as_bytes()).unwrap();
            map.insert("LocationConstraint", text);
        }
        "GetTemplate" => {
            let template: Value =
                serde_json::from_str(map.get("TemplateBody").unwrap().as_str().unwrap()).unwrap();
            map.insert("TemplateBody", template);
        }
        _ => {}
    }
}

fn check_result(operation: &Operation, mut expected: Json, value: Value) -> Result<(), String> {
    expected.as_object_mut().unwrap().remove("ResponseMetadata");
    same(&expected, &value).map_err(|path| {
        format!(
            "{}: differs at {path}\nactual: {value:?}\nexpected: {expected}",
            operation.name
        )
    })
}

fn check_error(expected: &Json, error: &ServiceError) -> Result<(), String> {
    let expected_error = &expected["Error"];
    let text = |name: &str| expected_error[name].as_str().unwrap_or_default();
    let fault = match text("Type") {
        "Sender" => Some(Fault::Sender),
        "Receiver" => Some(Fault::Receiver),
        _ => None,
    };
    let request_id = expected["ResponseMetadata"]["RequestId"].as_str();
    let is_same = error.code == *text("Code")
        && error.message == *text("Message")
        && error.fault == fault
        && error.http_status == 400
        && request_id.is_none_or(|id| error.request_id.as_deref() == Some(id));
    if is_same {
        Ok(())
    } else {
        Err(format!("actual: {error:?}\nexpected: {expected}"))
    }
}

/// Compares a value with the expected one; returns the path of a difference. In the cases, timestamps are in wire
/// format, and blobs are strings of their bytes.
fn same(expected: &Json, value: &Value) -> Result<(), String> {
    let is_same = match (expected, value) {
        (Json::Object(object), Value::Map(map)) => return same_maps(object, map),
        (Json::Array(items), Value::List(list)) => {
            if items.len() != list.len() {
                return Err(format!(": {} items, not {}", list.len(), items.len()));
            }
            for (at, (expected, value)) in items.iter().zip(list).enumerate() {
                same(expected, value).map_err(|path| format!("[{at}]{path}"))?;
            }
            true
        }
        (Json::String(text), Value::Timestamp(moment)) => inia_core::Timestamp::parse_lenient(text)
            .is_ok_and(|expected_error| expected_error == *moment),
        (Json::String(text), Value::Blob(blob)) => text.as_bytes() == &**blob,
        (Json::String(text), Value::String(value)) => *value == *text.as_str(),
        (Json::Bool(flag), Value::Bool(value)) => flag == value,
        (Json::Number(number), Value::Int(value)) => number.as_i64() == Some(*value),
        (Json::Number(number), Value::Float(value)) => number.as_f64() == Some(*value),
        (Json::Null, Value::Null) => true,
        _ => false,
    };
    if is_same {
        Ok(())
    } else {
        Err(format!(": {value:?}, expected {expected}"))
    }
}

fn same_maps(expected: &serde_json::Map<String, Json>, map: &Map) -> Result<(), String> {
    for (name, expected) in expected {
        let value = map.get(name).ok_or_else(|| format!(".{name}: missing"))?;
        same(expected, value).map_err(|path| format!(".{name}{path}"))?;
    }
    match map
        .keys()
        .find(|name| !expected.contains_key(name.as_str()))
    {
        Some(name) => Err(format!(".{name}: unexpected")),
        None => Ok(()),
    }
}
