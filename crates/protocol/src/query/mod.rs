//! The `query` format: requests as a form, responses in XML.
//!
//! ```text
//! Action=ListUsers&Version=2010-05-08&MaxItems=5
//!
//! <ListUsersResponse xmlns="..">
//!   <ListUsersResult>..</ListUsersResult>
//!   <ResponseMetadata><RequestId>..</RequestId></ResponseMetadata>
//! </ListUsersResponse>
//! ```
//!
//! # Source
//! Smithy's [`awsQuery`](https://smithy.io/2.0/aws/protocols/aws-query-protocol.html); botocore
//! `serialize.py:QuerySerializer` and `parsers.py:QueryParser`.

mod form;

use std::sync::Arc;

use inia_core::{Result, ServiceError, Str, Value, push_percent_encoded};
use inia_model::{Operation, OperationTable, ServiceModel};

pub(crate) use form::{Dialect, FormEncoder};

use crate::body_lengths::{BodyLengths, foreign_operation};
use crate::error_code::request_id;
use crate::shape::Shapes;
use crate::strictness::{Strictness, strict_request};
use crate::uri::UriTemplate;
use crate::xml::{RequestIdLocation, XmlDecode, XmlDecoder, XmlShapes, parse_error, text_of};
use crate::{Codec, Headers, Input, Request, Response};

/// The `query` format for one service.
#[derive(Debug)]
pub(crate) struct QueryCodec(FormCodec);

impl QueryCodec {
    pub(crate) fn new(model: Arc<ServiceModel>) -> Self {
        QueryCodec(FormCodec::new(model, Dialect::Query))
    }
}

impl Codec for QueryCodec {
    fn serialize(&self, operation: &Operation, input: Input<'_>) -> Result<Request> {
        self.0.serialize(operation, input, Strictness::Lenient)
    }

    fn serialize_strict(&self, operation: &Operation, input: Input<'_>) -> Option<Request> {
        strict_request(input, |strictness| {
            self.0.serialize(operation, input, strictness)
        })
    }

    fn parse(&self, operation: &Operation, response: Response) -> Result<Value> {
        self.0.parse(operation, response).map(|(value, _)| value)
    }

    fn parse_with_request_id(
        &self,
        operation: &Operation,
        response: Response,
    ) -> Result<(Value, Option<Str>)> {
        self.0.parse(operation, response)
    }

    fn parse_error(&self, operation: &Operation, response: Response) -> ServiceError {
        self.0.parse_error(operation, &response)
    }
}

/// The implementation shared by the `query` and `ec2` formats.
#[derive(Debug)]
pub(crate) struct FormCodec {
    model: Arc<ServiceModel>,
    dialect: Dialect,
    encoder: FormEncoder,
    shapes: XmlShapes,
    operations: OperationTable<FormOperation>,
    lengths: BodyLengths,
}

/// The compiled form of an operation.
#[derive(Debug)]
struct FormOperation {
    /// The start of the body: `Action=..&Version=..`
    body: Box<str>,
    host_prefix: Option<UriTemplate>,
}

const CONTENT_TYPE: Str = Str::from_static("content-type");
const FORM_TYPE: Str = Str::from_static("application/x-www-form-urlencoded; charset=utf-8");

impl FormCodec {
    pub(crate) fn new(model: Arc<ServiceModel>, dialect: Dialect) -> Self {
        FormCodec {
            dialect,
            encoder: FormEncoder::new(Arc::clone(&model), dialect),
            shapes: Shapes::new(Arc::clone(&model), XmlDecode),
            operations: OperationTable::new(model.operation_count()),
            lengths: BodyLengths::new(&model),
            model,
        }
    }

    fn compile(&self, operation: &Operation) -> FormOperation {
        let mut body = String::from("Action=");
        push_percent_encoded(&mut body, &operation.name);
        body.push_str("&Version=");
        push_percent_encoded(&mut body, &self.model.metadata().api_version);
        FormOperation {
            body: body.into(),
            host_prefix: operation
                .host_prefix
                .as_deref()
                .map(|prefix| UriTemplate::host_prefix(prefix, self.model.input(operation))),
        }
    }

    pub(crate) fn serialize(
        &self,
        operation: &Operation,
        input: Input<'_>,
        strictness: Strictness,
    ) -> Result<Request> {
        let compiled = self
            .operations
            .get_or_init(operation, || self.compile(operation))
            .ok_or_else(|| foreign_operation(operation))?;
        let mut body = String::with_capacity(self.lengths.predict(operation));
        body.push_str(&compiled.body);
        match &operation.input {
            Some(member) => {
                self.encoder
                    .write(member.target, input.params, strictness, &mut body)?
            }
            None => strictness.check_no_params(operation, input.params)?,
        }
        self.lengths.record(operation, body.len());
        let mut headers = Headers::with_capacity(4);
        headers.push(CONTENT_TYPE, FORM_TYPE);
        Ok(Request {
            method: operation.method.clone(),
            path: "/".to_owned(),
            query: String::new(),
            headers,
            body: body.into(),
            host_prefix: match &compiled.host_prefix {
                Some(template) => {
                    Some(template.render_host_prefix(self.model.input(operation), input.params)?)
                }
                None => None,
            },
        })
    }

    /// Parses a response into the output and the request id, from the body or else from the headers.
    pub(crate) fn parse(
        &self,
        operation: &Operation,
        response: Response,
    ) -> Result<(Value, Option<Str>)> {
        // The result element may be missing if it has no members.
        let output = operation.output.as_ref().filter(|member| {
            self.model
                .structure(member)
                .is_some_and(|structure| !structure.members.is_empty())
        });
        let output = output.map(|member| self.shapes.target(member.target));
        let in_headers = request_id(&response.headers);
        if output.is_none() && response.body.is_empty() {
            return Ok((Value::map(), in_headers));
        }
        let text = text_of(&response.body)?;
        let decoder = XmlDecoder::new(text, &self.shapes).with_request_id(match self.dialect {
            Dialect::Query => RequestIdLocation::ResponseMetadata,
            Dialect::Ec2 => RequestIdLocation::Root,
        });
        let (value, request_id) = match (output, &operation.result_wrapper) {
            (Some(output), Some(wrapper)) => decoder.wrapped_document(Some((wrapper, output)))?,
            (Some(output), None) => decoder.document(output)?,
            (None, _) => decoder.wrapped_document(None)?,
        };
        let value = match value {
            Value::Map(members) => Value::Map(members),
            // The element has only text.
            _ => Value::map(),
        };
        Ok((value, request_id.or(in_headers)))
    }

    pub(crate) fn parse_error(&self, operation: &Operation, response: &Response) -> ServiceError {
        parse_error(&self.model, operation, response, |error, text, shape| {
            error.members(text, &self.shapes, shape)
        })
    }
}
