//! Result lines of `inia batch`.

use inia::{Error, ErrorKind, Fault, Map, Output, Value, json};

/// Returns the result line of a successful call.
pub(super) fn succeeded(id: Option<&Value>, output: &Output) -> Vec<u8> {
    let metadata = &output.metadata;
    let headers: Map = metadata
        .headers
        .iter()
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let mut line = start(id);
    line.push_str("\"ok\":true,\"result\":");
    let mut line = line.into_bytes();
    output.value.write_json(&mut line);
    line.extend_from_slice(b",\"metadata\":");
    json!({
        "http_status": metadata.http_status,
        "request_id": metadata.request_id.clone(),
        "headers": headers,
        "attempts": metadata.attempts,
    })
    .write_json(&mut line);
    line.push(b'}');
    line
}

/// Returns the result line of a failed call.
pub(super) fn failed(id: Option<&Value>, error: &Error) -> Vec<u8> {
    let mut description = Map::new();
    description.insert("kind", error.kind().as_str());
    let mut metadata = Map::new();
    match error.service() {
        None => {
            description.insert("message", format!("{error:#}"));
            if error.kind() == ErrorKind::Validation {
                let problems: Vec<Value> = error
                    .problems()
                    .iter()
                    .map(|problem| json!({"path": &problem.path, "message": &problem.message}))
                    .collect();
                if !problems.is_empty() {
                    description.insert("problems", problems);
                }
            }
        }
        Some(service) => {
            description.insert("code", service.code.clone());
            if let Some(shape) = &service.shape {
                description.insert("shape", shape.clone());
            }
            description.insert("message", service.message.clone());
            description.insert("http_status", service.http_status);
            if let Some(fault) = service.fault.filter(|_| service.is_fault_stated) {
                description.insert(
                    "type",
                    if fault == Fault::Sender {
                        "Sender"
                    } else {
                        "Receiver"
                    },
                );
            }
            description.insert("details", service.details.clone());
            metadata.insert("http_status", service.http_status);
            metadata.insert("request_id", service.request_id.clone());
            let headers: Map = service
                .headers
                .iter()
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect();
            metadata.insert("headers", headers);
        }
    }
    metadata.insert("attempts", error.attempts());
    let mut line = start(id);
    line.push_str("\"ok\":false,\"error\":");
    let mut line = line.into_bytes();
    Value::Map(description).write_json(&mut line);
    line.extend_from_slice(b",\"metadata\":");
    Value::Map(metadata).write_json(&mut line);
    line.push(b'}');
    line
}

/// Returns the result line for an input line that is not a call.
pub(super) fn not_a_call(message: &str) -> Vec<u8> {
    failed(None, &Error::new(ErrorKind::Validation, message.to_owned()))
}

fn start(id: Option<&Value>) -> String {
    match id {
        Some(id) => format!("{{\"id\":{},", id.to_json_string()),
        None => "{\"id\":null,".to_owned(),
    }
}
