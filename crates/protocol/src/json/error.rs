//! Errors in JSON.
//!
//! ```text
//! 400
//! x-amzn-errortype: NotFound:http://internal.amazon.com/     or "__type" or "code" in the body
//! x-amzn-query-error: AWS.Test.NonExistent;Sender             where the service was a query service before
//!
//! {"__type": "com.amazon.test#NotFound", "message": "There is no such thing.", "Name": "x"}
//! ```

use inia_core::{Map, Result, ServiceError, Str, Value};
use inia_model::{Operation, ServiceModel, ShapeId};

use super::read_json;
use crate::Response;
use crate::error_code::{code_of, error_from_parts};

/// The precedence of the places that may hold an error code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CodeOrder {
    /// `__type` in the body, the header, `code` in the body: the RPC formats.
    BodyFirst,
    /// The header, `code` in the body, `__type`: `rest-json`.
    HeaderFirst,
}

/// Parses an error response; `read_details` parses the members of a modeled error from the same response.
///
/// # Source
/// botocore `parsers.py:BaseJSONParser._do_error_parse` and `RestJSONParser._inject_error_code`.
pub(crate) fn parse_json_error(
    model: &ServiceModel,
    operation: &Operation,
    response: &Response,
    order: CodeOrder,
    read_details: impl FnOnce(ShapeId) -> Result<Map>,
) -> ServiceError {
    let (body, text) = match read_json(response.body.clone()) {
        _ if response.body.is_empty() => (Map::new(), None),
        Ok(Value::Map(map)) => (map, None),
        // A body that is not a JSON object is the message.
        _ => (
            Map::new(),
            Some(Str::from(String::from_utf8_lossy(&response.body))),
        ),
    };
    let in_header = || response.headers.get("x-amzn-errortype").map(Str::from);
    let in_type = || code_of(body.get("__type"));
    let in_code = || code_of(body.get("code")).or_else(|| code_of(body.get("Code")));
    let stated = match order {
        CodeOrder::BodyFirst => in_type().or_else(in_header).or_else(in_code),
        CodeOrder::HeaderFirst => in_header().or_else(in_code).or_else(in_type),
    };
    error_from_parts(
        model,
        operation,
        response,
        stated,
        &body,
        text,
        read_details,
    )
}
