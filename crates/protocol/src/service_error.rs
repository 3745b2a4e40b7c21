//! Error responses: code, shape and details, shared by the wire formats.

use inia_core::{Fault, Map, Result, ServiceError, Str, Value};
use inia_model::{Kind, Operation, ServiceModel, ShapeId, Structure};

use crate::{Headers, Response};

/// Strips the namespace and the URI suffix that some services add: `aws.test#NotFound:http://..` is `NotFound`.
///
/// # Source
/// botocore `parsers.py:BaseJSONParser._do_error_parse`.
pub(crate) fn sanitize_code(code: &str) -> &str {
    let code = code.split_once(':').map_or(code, |(code, _)| code);
    code.rsplit_once('#').map_or(code, |(_, code)| code).trim()
}

/// Returns the request id from a response's headers.
///
/// # Source
/// botocore `parsers.py:BaseRestParser._populate_response_metadata`.
pub(crate) fn request_id(headers: &Headers) -> Option<Str> {
    ["x-amzn-requestid", "x-amz-request-id", "x-amzn-request-id"]
        .into_iter()
        .find_map(|name| headers.get_shared(name))
        .cloned()
}

/// Returns the modeled error for a code, matched by the code in the error trait or by the shape's name: first among the
/// errors of the operation, then among all of the service.
///
/// DIFFERENCE: if two errors of a service have one code, the one that the operation lists is chosen; botocore chooses
/// the last.
///
/// # Source
/// botocore `model.py:ServiceModel.shape_for_error_code`.
pub(crate) fn error_shape(
    model: &ServiceModel,
    operation: &Operation,
    code: &str,
) -> Option<ShapeId> {
    let has_code = |id: &ShapeId| match &model.shape(*id).kind {
        Kind::Structure(Structure {
            error: Some(traits),
            ..
        }) => traits.code.as_ref().is_some_and(|stated| *stated == *code),
        _ => false,
    };
    let is_named = |id: &ShapeId| model.shape(*id).name == *code;
    let of_operation = || operation.errors.iter().copied();
    let is_exception = |id: &ShapeId| model.shape(*id).traits.is_exception();
    of_operation()
        .find(has_code)
        .or_else(|| of_operation().find(is_named))
        .or_else(|| model.error_shape(code))
        .or_else(|| model.shape_id(code).filter(is_exception))
}

/// Sets shape, `retryable` and `throttling` from the modeled error, and removes the message from the details.
pub(crate) fn apply_shape(model: &ServiceModel, shape: Option<ShapeId>, error: &mut ServiceError) {
    for name in MESSAGE_NAMES {
        error.details.remove(name);
    }
    let Some(shape) = shape.map(|id| model.shape(id)) else {
        return;
    };
    if let Kind::Structure(Structure {
        error: Some(traits),
        ..
    }) = &shape.kind
        && let Some(retryable) = traits.retryable
    {
        error.retryable = true;
        error.throttling = retryable.throttling;
    }
    error.shape = Some(shape.name.clone());
}

/// The names of the message member in errors.
const MESSAGE_NAMES: [&str; 2] = ["message", "Message"];

/// Returns the message among the members of an error.
pub(crate) fn message_of(members: &Map) -> Str {
    MESSAGE_NAMES
        .into_iter()
        .find_map(|name| match members.get(name)? {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_json_string().into()),
        })
        .unwrap_or_default()
}

/// The parts of an error response that need no shape.
#[derive(Debug, Default)]
pub(crate) struct ErrorParts {
    pub(crate) code: Option<Str>,
    pub(crate) message: Option<Str>,
    pub(crate) fault: Option<Fault>,
    pub(crate) request_id: Option<Str>,
}

impl ErrorParts {
    /// Returns the parts of a response in a format that is keyed by member names: the stated code, the body, and the
    /// body's text if it is not in the format.
    pub(crate) fn keyed(
        response: &Response,
        code: Option<Str>,
        body: &Map,
        text: Option<Str>,
    ) -> Self {
        let code = code.map(|code| Str::from(sanitize_code(&code)));
        let code = code.filter(|code| !code.is_empty());
        let has_message = code.is_some() || !is_generic(response.status, &response.body);
        ErrorParts {
            code,
            message: has_message.then(|| text.unwrap_or_else(|| message_of(body))),
            ..ErrorParts::default()
        }
    }
}

/// Builds an error from a response and its parts. `read_details` parses the members of a modeled error from the same
/// response.
pub(crate) fn service_error(
    model: &ServiceModel,
    operation: &Operation,
    response: &Response,
    parts: ErrorParts,
    read_details: impl FnOnce(ShapeId) -> Result<Map>,
) -> ServiceError {
    let code = parts.code.clone();
    let (query_code, query_fault) = query_error(&response.headers).unzip();
    let mut error = ServiceError {
        code: query_code
            .or(parts.code)
            .unwrap_or_else(|| Str::from(response.status.to_string())),
        message: parts
            .message
            .unwrap_or(Str::from_static(reason_phrase(response.status))),
        fault: query_fault.unwrap_or(parts.fault),
        http_status: response.status,
        request_id: parts.request_id.or_else(|| request_id(&response.headers)),
        ..ServiceError::default()
    };
    let shape = error_shape(model, operation, &error.code)
        .or_else(|| error_shape(model, operation, &code.unwrap_or_default()));
    if let Some(shape) = shape {
        // Details that cannot be parsed do not hide the error itself.
        error.details = read_details(shape).unwrap_or_default();
        if error.message.is_empty() {
            error.message = message_of(&error.details);
        }
    }
    apply_shape(model, shape, &mut error);
    error
}

/// Returns an error code, a string or number, as text.
pub(crate) fn code_of(value: Option<&Value>) -> Option<Str> {
    match value? {
        Value::String(text) => Some(text.clone()),
        Value::Int(number) => Some(Str::from(number.to_string())),
        _ => None,
    }
}

/// Parses the header `x-amzn-query-error`, such as `AWS.SimpleQueueService.NonExistentQueue;Sender`, into code and
/// fault.
///
/// # Source
/// botocore `parsers.py:ResponseParser._do_query_compatible_error_parse`.
pub(crate) fn query_error(headers: &Headers) -> Option<(Str, Option<Fault>)> {
    let (code, fault) = headers.get("x-amzn-query-error")?.split_once(';')?;
    if code.is_empty() || fault.contains(';') {
        return None;
    }
    Some((Str::from(code), parse_fault(fault)))
}

/// Parses the fault of an error, `Sender` or `Receiver`.
pub(crate) fn parse_fault(text: &str) -> Option<Fault> {
    match text.trim() {
        "Sender" => Some(Fault::Sender),
        "Receiver" => Some(Fault::Receiver),
        _ => None,
    }
}

/// Returns whether a response comes from an intermediary such as a proxy: HTML or an empty body, with a status from
/// 500.
///
/// DIFFERENCE: botocore fails to parse an error that is not XML or not CBOR, and parses HTML as the service's XML if
/// the status is below 500; here such an error is derived from the status.
///
/// # Source
/// botocore `parsers.py:ResponseParser._is_generic_error_response`.
pub(crate) fn is_generic(status: u16, body: &[u8]) -> bool {
    let body = body.trim_ascii();
    status >= 500 && (body.is_empty() || body.starts_with(b"<html>"))
}

/// Returns the reason phrase of a status.
///
/// # Source
/// RFC 9110, section 15, and Python's `http.client.responses`.
pub(crate) fn reason_phrase(status: u16) -> &'static str {
    match status {
        413 => "Request Entity Too Large",
        414 => "Request-URI Too Long",
        416 => "Requested Range Not Satisfiable",
        418 => "I'm a Teapot",
        _ => http::StatusCode::from_u16(status)
            .ok()
            .and_then(|status| status.canonical_reason())
            .unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strips_namespace_and_uri_from_codes() {
        for (code, expected) in [
            ("NotFound", "NotFound"),
            ("aws.test#NotFound", "NotFound"),
            ("NotFound:http://internal.amazon.com/coral/", "NotFound"),
            (
                "aws.test#NotFound:http://internal.amazon.com/x#y",
                "NotFound",
            ),
            ("", ""),
        ] {
            assert_eq!(sanitize_code(code), expected);
        }
    }

    #[test]
    fn parses_query_error_header() {
        let header = |text: &str| {
            [("x-amzn-query-error", text)]
                .into_iter()
                .collect::<Headers>()
        };
        assert_eq!(
            query_error(&header("Custom;Sender")),
            Some(("Custom".into(), Some(Fault::Sender)))
        );
        assert_eq!(query_error(&header("Custom")), None);
        assert_eq!(query_error(&header(";Sender")), None);
        assert_eq!(query_error(&header("a;b;c")), None);
    }
}
