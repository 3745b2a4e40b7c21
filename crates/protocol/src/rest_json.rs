//! The `rest-json` format: members in the path, query string and headers, and a body in JSON.
//!
//! # Source
//! Smithy's [`restJson1`](https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html); botocore
//! `serialize.py:RestJSONSerializer` and `parsers.py:RestJSONParser`.

use std::sync::Arc;

use bytes::Bytes;
use inia_core::{Map, Result, ServiceError, Str, Value};
use inia_model::{Member, Operation, ServiceModel, ShapeId};

use crate::event_stream::{parse_event, serialize_event};
use crate::json::{CodeOrder, JsonFormat, parse_json_error};
use crate::rest::{CONTENT_TYPE, RestBindings, RestRequestBody, RestResponseBody};
use crate::strictness::{Strictness, strict_request};
use crate::{Codec, EventMessage, Input, Request, Response};

/// The `rest-json` format for one service.
#[derive(Debug)]
pub(crate) struct RestJsonCodec {
    model: Arc<ServiceModel>,
    rest: RestBindings,
    format: JsonFormat,
}

const JSON_TYPE: Str = Str::from_static("application/json");

impl RestJsonCodec {
    pub(crate) fn new(model: Arc<ServiceModel>) -> Self {
        RestJsonCodec {
            rest: RestBindings::new(Arc::clone(&model)),
            format: JsonFormat::new(Arc::clone(&model)),
            model,
        }
    }

    fn write(
        &self,
        operation: &Operation,
        input: Input<'_>,
        strictness: Strictness,
    ) -> Result<Request> {
        let mut is_json = false;
        let mut request = self.rest.serialize(operation, input, strictness, |body| {
            is_json = true;
            self.write_body(operation, body, strictness)
        })?;
        if is_json && !request.body.is_empty() && !request.headers.contains("content-type") {
            request.headers.push(CONTENT_TYPE, JSON_TYPE);
        }
        Ok(request)
    }

    fn write_body(
        &self,
        operation: &Operation,
        body: RestRequestBody<'_>,
        strictness: Strictness,
    ) -> Result<Vec<u8>> {
        match body {
            RestRequestBody::Payload { member, value } => self
                .format
                .write_payload(operation, member, value, strictness),
            RestRequestBody::Members { params } => match &operation.input {
                Some(input) => self
                    .format
                    .write_body(operation, input.target, params, strictness),
                None => Ok(Vec::new()),
            },
            // DIFFERENCE: an absent union has no body, as the Smithy specification says; botocore writes `{}`, a union
            // without a member.
            RestRequestBody::NoPayload { member } if self.is_union(member) => Ok(Vec::new()),
            RestRequestBody::NoPayload { .. } | RestRequestBody::NoMembers => Ok(b"{}".to_vec()),
        }
    }

    fn is_union(&self, member: &Member) -> bool {
        self.model.shape(member.target).traits.is_union()
    }

    fn read_body(
        &self,
        shape: ShapeId,
        body: RestResponseBody<'_>,
        bytes: Bytes,
        map: &mut Map,
    ) -> Result<()> {
        match body {
            RestResponseBody::Members if bytes.is_empty() => Ok(()),
            RestResponseBody::Members => self.format.read_members(shape, bytes, map, true),
            RestResponseBody::Payload(member) => {
                let value = if !bytes.is_empty() {
                    self.format.read_member(member, bytes)?
                } else if self.is_union(member) || is_document(&self.model, member) {
                    Value::Null
                } else {
                    Value::map()
                };
                if !value.is_null() {
                    map.push(member.name.clone(), value);
                }
                Ok(())
            }
        }
    }

    fn read_shape(&self, shape: ShapeId, response: Response) -> Result<Map> {
        self.rest.parse(shape, response, |body, bytes, map| {
            self.read_body(shape, body, bytes, map)
        })
    }
}

fn is_document(model: &ServiceModel, member: &Member) -> bool {
    model.shape(member.target).traits.is_document()
}

impl Codec for RestJsonCodec {
    fn serialize(&self, operation: &Operation, input: Input<'_>) -> Result<Request> {
        self.write(operation, input, Strictness::Lenient)
    }

    fn serialize_strict(&self, operation: &Operation, input: Input<'_>) -> Option<Request> {
        strict_request(input, |strictness| self.write(operation, input, strictness))
    }

    fn parse(&self, operation: &Operation, response: Response) -> Result<Value> {
        match &operation.output {
            Some(member) => self.read_shape(member.target, response).map(Value::Map),
            None => Ok(Value::map()),
        }
    }

    fn parse_error(&self, operation: &Operation, response: Response) -> ServiceError {
        parse_json_error(
            &self.model,
            operation,
            &response,
            CodeOrder::HeaderFirst,
            |shape| self.read_shape(shape, response.clone()),
        )
    }

    fn parse_event(&self, operation: &Operation, message: EventMessage) -> Result<Option<Value>> {
        parse_event(&self.model, operation, message, &self.format)
    }

    fn serialize_event(&self, operation: &Operation, event: &Value) -> Result<EventMessage> {
        serialize_event(&self.model, operation, event, &self.format)
    }
}
