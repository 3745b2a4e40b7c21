//! The `json` format: AWS JSON 1.0 and 1.1, and the JSON reader and writer that `rest-json` shares.
//!
//! ```text
//! POST /                                            200
//! x-amz-target: DynamoDB_20120810.GetItem           {"Item": {"id": {"S": "1"}}}
//! content-type: application/x-amz-json-1.0
//!
//! {"TableName": "t", "Key": {"id": {"S": "1"}}}
//! ```
//! # Source
//! Smithy's [`awsJson1_1`](https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html); botocore
//! `serialize.py:JSONSerializer` and `parsers.py:JSONParser`.

mod builder;
mod decoder;
mod entries;
mod error;
mod format;
mod lexer;
mod writer;

use std::sync::Arc;

use bytes::Bytes;
use inia_core::{Error, ErrorKind, Map, Result, ServiceError, Str, Value};
use inia_model::{Operation, OperationTable, ServiceModel};

pub(crate) use error::{CodeOrder, parse_json_error};
pub(crate) use format::JsonFormat;

use crate::body_lengths::foreign_operation;
use crate::event_stream::{parse_event, serialize_event};
use crate::rest::CONTENT_TYPE;
use crate::strictness::{Strictness, strict_request};
use crate::uri::UriTemplate;
use crate::{Codec, EventMessage, Headers, Input, Request, Response};

/// The `json` format for one service.
#[derive(Debug)]
pub(crate) struct JsonCodec {
    model: Arc<ServiceModel>,
    format: JsonFormat,
    content_type: Str,
    operations: OperationTable<JsonOperation>,
}

/// The compiled form of an operation.
#[derive(Debug)]
struct JsonOperation {
    target: Str,
    host_prefix: Option<UriTemplate>,
}

const TARGET: Str = Str::from_static("x-amz-target");
pub(crate) const QUERY_MODE: Str = Str::from_static("x-amzn-query-mode");

impl JsonCodec {
    pub(crate) fn new(model: Arc<ServiceModel>) -> Self {
        let version = model.metadata().json_version.as_deref().unwrap_or("1.0");
        JsonCodec {
            format: JsonFormat::new(Arc::clone(&model)),
            content_type: Str::from(format!("application/x-amz-json-{version}")),
            operations: OperationTable::new(model.operation_count()),
            model,
        }
    }

    fn operation(&self, operation: &Operation) -> Result<&JsonOperation> {
        self.operations
            .get_or_init(operation, || {
                let metadata = self.model.metadata();
                let prefix = metadata.target_prefix.as_deref().unwrap_or_default();
                let input = self.model.input(operation);
                JsonOperation {
                    target: Str::from(format!("{prefix}.{}", operation.name)),
                    host_prefix: operation
                        .host_prefix
                        .as_deref()
                        .map(|prefix| UriTemplate::host_prefix(prefix, input)),
                }
            })
            .ok_or_else(|| foreign_operation(operation))
    }

    fn write(
        &self,
        operation: &Operation,
        input: Input<'_>,
        strictness: Strictness,
    ) -> Result<Request> {
        let compiled = self.operation(operation)?;
        let mut headers = Headers::with_capacity(8);
        headers.push(TARGET, compiled.target.clone());
        headers.push(CONTENT_TYPE, self.content_type.clone());
        if self.model.metadata().query_compatible {
            headers.push(QUERY_MODE, Str::from_static("true"));
        }
        let body = match &operation.input {
            Some(member) => {
                self.format
                    .write_input(operation, member.target, input.params, strictness)?
            }
            None => {
                strictness.check_no_params(operation, input.params)?;
                b"{}".to_vec()
            }
        };
        let host_prefix = match &compiled.host_prefix {
            Some(template) => {
                Some(template.render_host_prefix(self.model.input(operation), input.params)?)
            }
            None => None,
        };
        Ok(Request {
            method: operation.method.clone(),
            path: "/".to_owned(),
            query: String::new(),
            headers,
            body: body.into(),
            host_prefix,
        })
    }
}

impl Codec for JsonCodec {
    fn serialize(&self, operation: &Operation, input: Input<'_>) -> Result<Request> {
        self.write(operation, input, Strictness::Lenient)
    }

    fn serialize_strict(&self, operation: &Operation, input: Input<'_>) -> Option<Request> {
        strict_request(input, |strictness| self.write(operation, input, strictness))
    }

    fn parse(&self, operation: &Operation, response: Response) -> Result<Value> {
        let mut map = Map::new();
        if let Some(member) = &operation.output
            && !response.body.is_empty()
        {
            self.format
                .read_members(member.target, response.body, &mut map, false)?;
        }
        Ok(Value::Map(map))
    }

    fn parse_error(&self, operation: &Operation, response: Response) -> ServiceError {
        parse_json_error(
            &self.model,
            operation,
            &response,
            CodeOrder::BodyFirst,
            |shape| {
                let mut map = Map::new();
                self.format
                    .read_members(shape, response.body.clone(), &mut map, false)
                    .map(|()| map)
            },
        )
    }

    fn has_initial_response(&self) -> bool {
        true
    }

    fn parse_initial_response(
        &self,
        operation: &Operation,
        message: EventMessage,
    ) -> Result<Value> {
        let message =
            crate::event_stream::initial_response(&self.model, operation, message, &self.format)?;
        self.parse(
            operation,
            Response {
                status: 200,
                headers: Headers::new(),
                body: message.payload,
            },
        )
    }

    fn parse_event(&self, operation: &Operation, message: EventMessage) -> Result<Option<Value>> {
        parse_event(&self.model, operation, message, &self.format)
    }

    fn serialize_event(&self, operation: &Operation, event: &Value) -> Result<EventMessage> {
        serialize_event(&self.model, operation, event, &self.format)
    }
}

/// Parses any JSON text.
///
/// Whole numbers of up to 64 bits are integers, larger ones keep their digits; of equal keys the last one counts.
///
/// # Errors
/// `Parse`: the text is not JSON as RFC 8259 has it, not UTF-8, or nested more than 512 levels deep.
///
/// ```
/// use inia_core::json;
/// use inia_protocol::read_json;
///
/// let value = read_json(r#"{"a": [1, 2.5, "\u00e9"], "b": null}"#.into())?;
/// assert_eq!(value, json!({"a": [1, 2.5, "é"], "b": null}));
/// assert!(read_json("{,}".into()).is_err());
/// # Ok::<(), inia_core::Error>(())
/// ```
pub fn read_json(text: Bytes) -> Result<Value> {
    builder::document(text_of(&text)?)
}

/// Appends a value as ASCII JSON, as headers require.
pub(crate) fn write_ascii_document(out: &mut Vec<u8>, context: &str, value: &Value) -> Result<()> {
    writer::whole_document(out, context, value, writer::NonAscii::Escaped)
}

/// Returns a value as JSON, or `None` if it has no JSON form.
pub(crate) fn document_text(value: &Value) -> Option<Str> {
    let mut text = Vec::new();
    writer::whole_document(&mut text, "", value, writer::NonAscii::Utf8).ok()?;
    Some(Str::from(String::from_utf8_lossy(&text)))
}

/// Returns a body as text.
pub(crate) fn text_of(body: &[u8]) -> Result<&str> {
    std::str::from_utf8(body).map_err(|error| {
        Error::new(
            ErrorKind::Parse,
            format!("JSON at byte {}: not UTF-8", error.valid_up_to()),
        )
    })
}
