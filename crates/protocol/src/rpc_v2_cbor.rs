//! The `smithy-rpc-v2-cbor` format.
//!
//! ```text
//! POST /service/GraniteServiceVersion20100801/operation/PutMetricData
//! smithy-protocol: rpc-v2-cbor
//! accept: application/cbor
//! content-type: application/cbor
//!
//! {"Namespace": "n", ..} in CBOR
//! ```
//! # Source
//! Smithy's [RPC v2 CBOR](https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html); botocore
//! `serialize.py:RpcV2CBORSerializer` and `parsers.py:RpcV2CBORParser`.

use std::sync::Arc;

use inia_core::{Map, Result, ServiceError, Str, Value};
use inia_model::{Operation, OperationTable, ServiceModel};

use crate::body_lengths::foreign_operation;
use crate::cbor::{CborFormat, read_cbor};
use crate::error_code::{code_of, error_from_parts};
use crate::event_stream::{initial_response, parse_event, serialize_event};
use crate::json::QUERY_MODE;
use crate::rest::{CONTENT_TYPE, EVENT_STREAM_TYPE};
use crate::strictness::{Strictness, strict_request};
use crate::uri::UriTemplate;
use crate::{Codec, EventMessage, Headers, Input, Request, Response};

/// The `smithy-rpc-v2-cbor` format for one service.
#[derive(Debug)]
pub(crate) struct RpcV2CborCodec {
    model: Arc<ServiceModel>,
    format: CborFormat,
    operations: OperationTable<CborOperation>,
}

/// The compiled form of an operation.
#[derive(Debug)]
struct CborOperation {
    path: String,
    host_prefix: Option<UriTemplate>,
    accept: Str,
    content_type: Str,
}

const CBOR_TYPE: Str = Str::from_static("application/cbor");

impl RpcV2CborCodec {
    pub(crate) fn new(model: Arc<ServiceModel>) -> Self {
        RpcV2CborCodec {
            format: CborFormat::new(Arc::clone(&model)),
            operations: OperationTable::new(model.operation_count()),
            model,
        }
    }

    fn operation(&self, operation: &Operation) -> Result<&CborOperation> {
        let media_type = |has_events| {
            if has_events {
                EVENT_STREAM_TYPE
            } else {
                CBOR_TYPE
            }
        };
        self.operations
            .get_or_init(operation, || {
                let target = self.model.metadata().target_prefix.as_deref();
                let input = self.model.input(operation);
                CborOperation {
                    path: format!(
                        "/service/{}/operation/{}",
                        target.unwrap_or_default(),
                        operation.name
                    ),
                    host_prefix: operation
                        .host_prefix
                        .as_deref()
                        .map(|prefix| UriTemplate::host_prefix(prefix, input)),
                    accept: media_type(self.model.event_stream_output(operation).is_some()),
                    content_type: media_type(self.model.event_stream_input(operation).is_some()),
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
        headers.push(
            Str::from_static("smithy-protocol"),
            Str::from_static("rpc-v2-cbor"),
        );
        headers.push(Str::from_static("accept"), compiled.accept.clone());
        if self.model.metadata().query_compatible {
            headers.push(QUERY_MODE, Str::from_static("true"));
        }
        let body = match &operation.input {
            Some(member) => {
                headers.push(CONTENT_TYPE, compiled.content_type.clone());
                self.format
                    .write_input(operation, member.target, input.params, strictness)?
            }
            None => {
                strictness.check_no_params(operation, input.params)?;
                Vec::new()
            }
        };
        let host_prefix = match &compiled.host_prefix {
            Some(template) => {
                Some(template.render_host_prefix(self.model.input(operation), input.params)?)
            }
            None => None,
        };
        Ok(Request {
            method: Str::from_static("POST"),
            path: compiled.path.clone(),
            query: String::new(),
            headers,
            body: body.into(),
            host_prefix,
        })
    }
}

impl Codec for RpcV2CborCodec {
    fn serialize(&self, operation: &Operation, input: Input<'_>) -> Result<Request> {
        self.write(operation, input, Strictness::Lenient)
    }

    fn serialize_strict(&self, operation: &Operation, input: Input<'_>) -> Option<Request> {
        strict_request(input, |strictness| self.write(operation, input, strictness))
    }

    fn parse(&self, operation: &Operation, response: Response) -> Result<Value> {
        match &operation.output {
            Some(member) if !response.body.is_empty() => self
                .format
                .read_members(member.target, &response.body)
                .map(Value::Map),
            _ => Ok(Value::map()),
        }
    }

    fn parse_error(&self, operation: &Operation, response: Response) -> ServiceError {
        let body = match read_cbor(response.body.clone()) {
            Ok(Value::Map(map)) => map,
            _ => Map::new(),
        };
        let code = code_of(body.get("__type"));
        error_from_parts(
            &self.model,
            operation,
            &response,
            code,
            &body,
            None,
            |shape| self.format.read_members(shape, &response.body),
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
        let message = initial_response(&self.model, operation, message, &self.format)?;
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
