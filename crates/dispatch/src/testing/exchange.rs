//! [`RecordedExchange`]: a request and its response as a line of JSON.
//!
//! ```text
//! {"service":"sqs","operation":"ListQueues",
//!  "request":{"method":"POST","url":"https://..","headers":{..},"body":"{}"},
//!  "response":{"status":200,"headers":{..},"body":"{..}"}}
//! ```
//!
//! A body that is not UTF-8 is `body_base64`. A request without response has `error` with `kind` and `message` in place of `response`.

use bytes::Bytes;
use inia_core::detail::{blob_from_base64, encode_base64};
use inia_core::{Error, ErrorKind, Map, Result, Str, Value};
use inia_protocol::Headers;

/// A request and its response, without secrets.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct RecordedExchange {
    pub(super) service: Str,
    pub(super) operation: Str,
    pub(super) method: Str,
    pub(super) url: Str,
    pub(super) request_headers: Headers,
    pub(super) request_body: Bytes,
    pub(super) outcome: RecordedOutcome,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum RecordedOutcome {
    Response {
        status: u16,
        headers: Headers,
        body: Bytes,
    },
    Error {
        kind: ErrorKind,
        message: Str,
    },
}

/// Kinds of errors of a transport.
const TRANSPORT_ERRORS: [ErrorKind; 5] = [
    ErrorKind::Connection,
    ErrorKind::Timeout,
    ErrorKind::Stream,
    ErrorKind::Endpoint,
    ErrorKind::Config,
];

impl RecordedExchange {
    pub(super) fn to_line(&self) -> String {
        let mut request = Map::new();
        request.insert("method", &self.method);
        request.insert("url", &self.url);
        request.insert("headers", headers_value(&self.request_headers));
        insert_body(&mut request, &self.request_body);
        let mut line = Map::new();
        line.insert("service", &self.service);
        line.insert("operation", &self.operation);
        line.insert("request", request);
        match &self.outcome {
            RecordedOutcome::Response {
                status,
                headers,
                body,
            } => {
                let mut response = Map::new();
                response.insert("status", i64::from(*status));
                response.insert("headers", headers_value(headers));
                insert_body(&mut response, body);
                line.insert("response", response);
            }
            RecordedOutcome::Error { kind, message } => {
                let mut error = Map::new();
                error.insert("kind", kind.as_str());
                error.insert("message", message);
                line.insert("error", error);
            }
        }
        Value::Map(line).to_json_string()
    }

    /// # Errors
    /// `Parse`: the line is not a recorded exchange.
    pub(super) fn from_line(line: &str) -> Result<Self> {
        let json: serde_json::Value = serde_json::from_str(line)
            .map_err(|error| Error::new(ErrorKind::Parse, "not JSON").with_source(error))?;
        let value = Value::from(json);
        let (request, response, error) = (
            required(&value, "request")?,
            value.get("response"),
            value.get("error"),
        );
        let outcome = match (response, error) {
            (Some(response), None) => RecordedOutcome::Response {
                status: required(response, "status")?
                    .as_i64()
                    .and_then(|status| u16::try_from(status).ok())
                    .ok_or_else(|| not_recorded("status is not an HTTP status"))?,
                headers: headers_of(response)?,
                body: body_of(response)?,
            },
            (None, Some(error)) => {
                let name = text(error, "kind")?;
                let kind = TRANSPORT_ERRORS
                    .into_iter()
                    .find(|kind| kind.as_str() == &*name);
                RecordedOutcome::Error {
                    kind: kind.ok_or_else(|| not_recorded("unknown kind of error"))?,
                    message: text(error, "message")?,
                }
            }
            _ => return Err(not_recorded("expected either response or error")),
        };
        Ok(RecordedExchange {
            service: text(&value, "service")?,
            operation: text(&value, "operation")?,
            method: text(request, "method")?,
            url: text(request, "url")?,
            request_headers: headers_of(request)?,
            request_body: body_of(request)?,
            outcome,
        })
    }
}

#[cold]
fn not_recorded(problem: &str) -> Error {
    Error::new(ErrorKind::Parse, problem.to_owned())
}

fn required<'v>(value: &'v Value, name: &str) -> Result<&'v Value> {
    value
        .get(name)
        .ok_or_else(|| not_recorded(&format!("{name} is missing")))
}

fn text(value: &Value, name: &str) -> Result<Str> {
    required(value, name)?
        .as_str()
        .map(Str::from)
        .ok_or_else(|| not_recorded(&format!("{name} is not a string")))
}

/// Returns headers as a map; a name that occurs more than once has a list of values.
fn headers_value(headers: &Headers) -> Map {
    let mut map = Map::new();
    for (name, value) in headers {
        match map.get_mut(name) {
            Some(Value::List(values)) => values.push(value),
            Some(first) => {
                let values = vec![first.take(), Value::from(value)];
                *first = Value::from(values);
            }
            None => {
                map.insert(name.clone(), value);
            }
        }
    }
    map
}

fn headers_of(message: &Value) -> Result<Headers> {
    let mut headers = Headers::new();
    for (name, value) in required(message, "headers")?.entries() {
        let name = name.to_ascii_lowercase();
        match value {
            Value::String(value) => headers.push(name, value.clone()),
            Value::List(values) => {
                for value in values.iter().filter_map(Value::as_str) {
                    headers.push(name.clone(), value);
                }
            }
            _ => return Err(not_recorded(&format!("header {name} is not a string"))),
        }
    }
    Ok(headers)
}

fn insert_body(message: &mut Map, body: &Bytes) {
    match std::str::from_utf8(body) {
        Ok("") => {}
        Ok(text) => {
            message.insert("body", text);
        }
        Err(_) => {
            message.insert("body_base64", encode_base64(body));
        }
    }
}

fn body_of(message: &Value) -> Result<Bytes> {
    if let Some(text) = message.get("body").and_then(Value::as_str) {
        return Ok(Bytes::copy_from_slice(text.as_bytes()));
    }
    match message.get("body_base64").and_then(Value::as_str) {
        Some(text) => blob_from_base64(text)
            .map(inia_core::Blob::into_bytes)
            .ok_or_else(|| not_recorded("body_base64 is not base64")),
        None => Ok(Bytes::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_as_they_were_written() {
        let headers: Headers = [("set-cookie", "a"), ("x", "y"), ("set-cookie", "b")]
            .into_iter()
            .collect();
        let mut exchange = RecordedExchange {
            service: "s3".into(),
            operation: "GetObject".into(),
            method: "GET".into(),
            url: "https://b.s3.amazonaws.com/k".into(),
            request_headers: Headers::new(),
            request_body: Bytes::new(),
            outcome: RecordedOutcome::Response {
                status: 200,
                headers,
                body: Bytes::from_static(&[0xff, 0, 1]),
            },
        };
        let line = exchange.to_line();
        assert!(!line.contains('\n'));
        let read = RecordedExchange::from_line(&line).unwrap();
        assert_eq!(read.to_line(), line);
        exchange.outcome = RecordedOutcome::Error {
            kind: ErrorKind::Timeout,
            message: "slow".into(),
        };
        assert_eq!(
            RecordedExchange::from_line(&exchange.to_line()).unwrap(),
            exchange
        );
        for line in ["", "{}", "[1]", r#"{"request":{},"response":{}}"#] {
            assert!(RecordedExchange::from_line(line).is_err(), "{line}");
        }
    }
}
