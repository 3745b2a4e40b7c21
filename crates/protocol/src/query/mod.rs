//! The `query` format: parameters as a form, answers in XML.
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

use inia_core::{Result, ServiceError, Str, Value};
use inia_model::{Operation, OperationTable, ServiceModel};

pub(crate) use form::{Dialect, Form};

use crate::error_code::request_id;
use crate::fit::{Misfits, fitting};
use crate::lengths::{BodyLengths, foreign};
use crate::uri::{Template, push_encoded};
use crate::xml::{Decoder, Layouts, RequestIdIn, parse_error, text_of};
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
        self.0.serialize(operation, input, Misfits::Write)
    }

    fn serialize_fitting(&self, operation: &Operation, input: Input<'_>) -> Option<Request> {
        fitting(input, |misfits| self.0.serialize(operation, input, misfits))
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

/// What the query and EC2 formats share.
#[derive(Debug)]
pub(crate) struct FormCodec {
    model: Arc<ServiceModel>,
    dialect: Dialect,
    form: Form,
    layouts: Layouts,
    operations: OperationTable<Start>,
    lengths: BodyLengths,
}

/// How the requests of an operation begin.
#[derive(Debug)]
struct Start {
    /// `Action=..&Version=..`
    body: Box<str>,
    host_prefix: Option<Template>,
}

const CONTENT_TYPE: Str = Str::from_static("content-type");
const FORM_TYPE: Str = Str::from_static("application/x-www-form-urlencoded; charset=utf-8");

impl FormCodec {
    pub(crate) fn new(model: Arc<ServiceModel>, dialect: Dialect) -> Self {
        FormCodec {
            dialect,
            form: Form::new(Arc::clone(&model), dialect),
            layouts: Layouts::new(Arc::clone(&model)),
            operations: OperationTable::new(model.operation_count()),
            lengths: BodyLengths::new(&model),
            model,
        }
    }

    fn start(&self, operation: &Operation) -> Start {
        let mut body = String::from("Action=");
        push_encoded(&mut body, &operation.name);
        body.push_str("&Version=");
        push_encoded(&mut body, &self.model.metadata().api_version);
        Start {
            body: body.into(),
            host_prefix: operation
                .host_prefix
                .as_deref()
                .map(|prefix| Template::host_prefix(prefix, self.model.input(operation))),
        }
    }

    pub(crate) fn serialize(
        &self,
        operation: &Operation,
        input: Input<'_>,
        misfits: Misfits,
    ) -> Result<Request> {
        let start = self
            .operations
            .get_or_init(operation, || self.start(operation))
            .ok_or_else(|| foreign(operation))?;
        let mut body = String::with_capacity(self.lengths.guess(operation));
        body.push_str(&start.body);
        match &operation.input {
            Some(member) => self
                .form
                .write(member.target, input.params, misfits, &mut body)?,
            None => misfits.none_given(operation, input.params)?,
        }
        self.lengths.learn(operation, body.len());
        let mut headers = Headers::with_capacity(4);
        headers.push(CONTENT_TYPE, FORM_TYPE);
        Ok(Request {
            method: operation.method.clone(),
            path: "/".to_owned(),
            query: String::new(),
            headers,
            body: body.into(),
            host_prefix: match &start.host_prefix {
                Some(template) => {
                    Some(template.render_host_prefix(self.model.input(operation), input.params)?)
                }
                None => None,
            },
        })
    }

    /// Reads an answer: the result, and the request id that its body carries, or else its headers.
    pub(crate) fn parse(
        &self,
        operation: &Operation,
        response: Response,
    ) -> Result<(Value, Option<Str>)> {
        // A result without members need not be there.
        let output = operation.output.as_ref().filter(|member| {
            self.model
                .structure(member)
                .is_some_and(|structure| !structure.members.is_empty())
        });
        let output = output.map(|member| self.layouts.target(member.target));
        let in_headers = request_id(&response.headers);
        if output.is_none() && response.body.is_empty() {
            return Ok((Value::map(), in_headers));
        }
        let text = text_of(&response.body)?;
        let mut decoder = Decoder::new(text, &self.layouts).with_request_id(match self.dialect {
            Dialect::Query => RequestIdIn::ResponseMetadata,
            Dialect::Ec2 => RequestIdIn::Root,
        });
        let value = match (output, &operation.result_wrapper) {
            (Some(output), Some(wrapper)) => decoder.wrapped(Some((wrapper, output)))?,
            (Some(output), None) => decoder.document(output)?,
            (None, _) => decoder.wrapped(None)?,
        };
        Ok((value, decoder.take_request_id().or(in_headers)))
    }

    pub(crate) fn parse_error(&self, operation: &Operation, response: &Response) -> ServiceError {
        parse_error(&self.model, operation, response, |answer, text, shape| {
            answer.members(text, &self.layouts, shape)
        })
    }
}
