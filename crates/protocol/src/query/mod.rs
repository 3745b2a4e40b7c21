//! [`FormFormat`], the protocols `query` and `ec2`: requests as a form, responses in XML.
//!
//! ```text
//! query  Action=ListUsers&Version=2010-05-08&MaxItems=5
//!
//!        <ListUsersResponse xmlns="..">
//!          <ListUsersResult>..</ListUsersResult>
//!          <ResponseMetadata><RequestId>..</RequestId></ResponseMetadata>
//!        </ListUsersResponse>
//!
//! ec2    Action=DescribeInstances&Version=2016-11-15&InstanceId.1=i-1&MaxResults=5
//!
//!        <DescribeInstancesResponse xmlns="..">
//!          <requestId>..</requestId><reservationSet><item>..</item></reservationSet>
//!        </DescribeInstancesResponse>
//! ```
//!
//! # Source
//! Smithy's [`awsQuery`](https://smithy.io/2.0/aws/protocols/aws-query-protocol.html) and
//! [`ec2Query`](https://smithy.io/2.0/aws/protocols/aws-ec2-query-protocol.html); botocore
//! `serialize.py:QuerySerializer` and `EC2Serializer`, `parsers.py:QueryParser` and `EC2QueryParser`.

mod form;

use std::sync::Arc;

use bytes::Bytes;
use inia_core::{Map, Result, Str, Value, push_percent_encoded};
use inia_model::{Member, Operation, ServiceModel, ShapeId};

pub(crate) use form::Dialect;
use form::write_form;

use crate::format::{BodyPart, CONTENT_TYPE, FixedParts, WireFormat};
use crate::scalar::utf8_text;
use crate::service_error::ErrorParts;
use crate::shape::Shapes;
use crate::strictness::Strictness;
use crate::xml::{RequestIdLocation, XmlDecode, XmlDecoder, XmlShapes, error_members, error_parts};
use crate::{Headers, Response};

/// The protocols `query` and `ec2` for one service.
#[derive(Debug)]
pub(crate) struct FormFormat {
    encode: Shapes<Dialect>,
    decode: XmlShapes,
}

const FORM_TYPE: Str = Str::from_static("application/x-www-form-urlencoded; charset=utf-8");

impl FormFormat {
    pub(crate) fn new(model: Arc<ServiceModel>, dialect: Dialect) -> Self {
        FormFormat {
            encode: Shapes::new(Arc::clone(&model), dialect),
            decode: Shapes::new(model, XmlDecode),
        }
    }

    fn read_output(&self, operation: &Operation, body: &Bytes) -> Result<(Value, Option<Str>)> {
        let model = &self.decode.model;
        // The result element may be missing if it has no members.
        let output = operation.output.as_ref().filter(|member| {
            let structure = model.structure(member);
            structure.is_some_and(|structure| !structure.members.is_empty())
        });
        let output = output.map(|member| self.decode.target(member.target));
        if output.is_none() && body.is_empty() {
            return Ok((Value::map(), None));
        }
        let text = utf8_text("XML", body)?;
        let location = match self.encode.format {
            Dialect::Query => RequestIdLocation::ResponseMetadata,
            Dialect::Ec2 => RequestIdLocation::Root,
        };
        let decoder = XmlDecoder::new(text, &self.decode).with_request_id(location);
        match (output, &operation.result_wrapper) {
            (Some(output), Some(wrapper)) => decoder.wrapped_document(Some((wrapper, output))),
            (Some(output), None) => decoder.document(output),
            (None, _) => decoder.wrapped_document(None),
        }
    }
}

impl WireFormat for FormFormat {
    fn media_type(&self) -> Str {
        FORM_TYPE
    }

    fn fixed_parts(&self, operation: &Operation) -> FixedParts {
        let mut body = String::from("Action=");
        push_percent_encoded(&mut body, &operation.name);
        body.push_str("&Version=");
        push_percent_encoded(&mut body, &self.encode.model.metadata().api_version);
        let mut headers = Headers::new();
        headers.push(CONTENT_TYPE, FORM_TYPE);
        FixedParts {
            path: Some("/".to_owned()),
            headers,
            body: body.into(),
            ..FixedParts::default()
        }
    }

    fn write(
        &self,
        fixed: &FixedParts,
        part: BodyPart<'_>,
        strictness: Strictness,
        capacity: usize,
    ) -> Result<Vec<u8>> {
        let mut body = String::with_capacity(capacity);
        body.push_str(&fixed.body);
        if let BodyPart::Members { input, params, .. } = part {
            write_form(&self.encode, input.target, params, strictness, &mut body)?;
        }
        Ok(body.into_bytes())
    }

    fn read_members(&self, shape: ShapeId, body: &Bytes, _: bool, map: &mut Map) -> Result<()> {
        map.append(error_members(utf8_text("XML", body)?, &self.decode, shape)?);
        Ok(())
    }

    fn read_member(&self, member: &Member, body: &Bytes) -> Result<Value> {
        let decoder = XmlDecoder::new(utf8_text("XML", body)?, &self.decode);
        let (value, _) = decoder.document(self.decode.target(member.target))?;
        Ok(value)
    }

    fn read_wrapped(
        &self,
        operation: &Operation,
        body: &Bytes,
    ) -> Option<Result<(Value, Option<Str>)>> {
        Some(
            self.read_output(operation, body)
                .map(|(value, request_id)| {
                    match value {
                        Value::Map(members) => (Value::Map(members), request_id),
                        // The element has only text.
                        _ => (Value::map(), request_id),
                    }
                }),
        )
    }

    fn error_parts(&self, response: &Response) -> ErrorParts {
        error_parts(response)
    }
}
