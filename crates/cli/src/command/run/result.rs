//! Result lines of `inia run`.

use inia::{Error, ErrorKind, Map, ResponseMetadata, Str, Value, error::Fault, json};

/// The result of a call: the JSON of its output, or an error with the events before it.
pub(super) struct CallResult {
    pub(super) outcome: Result<Vec<u8>, CallError>,
    /// Metadata of the response, if there is one.
    pub(super) metadata: Option<ResponseMetadata>,
}

/// The error of a call.
pub(super) struct CallError {
    pub(super) error: Error,
    /// The JSON of the events before the error, if the operation returns an event stream.
    pub(super) events: Option<Vec<u8>>,
}

impl From<Error> for CallError {
    fn from(error: Error) -> Self {
        CallError {
            error,
            events: None,
        }
    }
}

impl CallResult {
    /// Returns the result line.
    pub(super) fn to_line(&self, id: Option<&Value>) -> Vec<u8> {
        let mut line = b"{\"id\":".to_vec();
        id.unwrap_or(&Value::Null).write_json(&mut line);
        match &self.outcome {
            Ok(output) => {
                line.extend_from_slice(b",\"ok\":true,\"result\":");
                line.extend_from_slice(output);
            }
            Err(failed) => {
                line.extend_from_slice(b",\"ok\":false,\"error\":");
                Value::Map(describe(&failed.error)).write_json(&mut line);
                if let Some(events) = &failed.events {
                    line.extend_from_slice(b",\"events\":");
                    line.extend_from_slice(events);
                }
            }
        }
        line.extend_from_slice(b",\"metadata\":");
        self.metadata().write_json(&mut line);
        line.push(b'}');
        line
    }

    /// Returns the `metadata` object: that of the response, as far as there was one.
    fn metadata(&self) -> Value {
        match (&self.metadata, &self.outcome) {
            (Some(response), _) => describe_metadata(
                Some(response.http_status),
                response.request_id.as_deref(),
                response.headers.iter(),
                response.attempts,
            ),
            (None, Err(CallError { error, .. })) => describe_metadata(
                error.http_status(),
                error.request_id(),
                error.response_headers(),
                error.attempts(),
            ),
            (None, Ok(_)) => Value::map(),
        }
    }
}

impl From<Error> for CallResult {
    fn from(error: Error) -> Self {
        CallResult {
            outcome: Err(CallError::from(error)),
            metadata: None,
        }
    }
}

/// Returns the result line for an input line that is not a call.
pub(super) fn not_a_call(message: &str) -> Vec<u8> {
    let error = Error::new(ErrorKind::Validation, message.to_owned());
    CallResult::from(error).to_line(None)
}

/// Returns the `error` object.
fn describe(error: &Error) -> Map {
    let mut description = Map::new();
    description.insert("kind", kind(error));
    let Some(service) = error.service() else {
        description.insert("message", format!("{error:#}"));
        let problems: Vec<Value> = error
            .problems()
            .iter()
            .map(|problem| json!({"path": &problem.path, "message": &problem.message}))
            .collect();
        if !problems.is_empty() {
            description.insert("problems", problems);
        }
        return description;
    };
    description.insert("code", service.code.clone());
    if let Some(shape) = &service.shape {
        description.insert("shape", shape.clone());
    }
    description.insert("message", service.message.clone());
    description.insert("http_status", service.http_status);
    if let Some(fault) = service.fault.filter(|_| service.is_fault_stated) {
        description.insert(
            "type",
            match fault {
                Fault::Sender => "Sender",
                Fault::Receiver => "Receiver",
            },
        );
    }
    description.insert("details", service.details.clone());
    description
}

/// Returns the kind of an error. A line is one call, so errors of paginators, waiters and resources cannot occur.
fn kind(error: &Error) -> &'static str {
    match error.kind() {
        ErrorKind::Pagination | ErrorKind::Waiter | ErrorKind::Resource => {
            ErrorKind::Validation.as_str()
        }
        kind => kind.as_str(),
    }
}

fn describe_metadata<'a>(
    http_status: Option<u16>,
    request_id: Option<&str>,
    headers: impl IntoIterator<Item = &'a (Str, Str)>,
    attempts: u32,
) -> Value {
    let headers: Map = headers.into_iter().cloned().collect();
    json!({
        "http_status": http_status,
        "request_id": request_id.map(Str::from),
        "headers": headers,
        "attempts": attempts,
    })
}
