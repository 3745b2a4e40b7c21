//! The `rest-xml` format: members in the path, query string and headers, and a body of XML.
//!
//! ```text
//! PUT /2013-04-01/hostedzone/Z1/rrset          HTTP/1.1 200
//!                                              x-amzn-requestid: ..
//! <ChangeResourceRecordSetsRequest xmlns="..">
//!   <ChangeBatch>..</ChangeBatch>              <ChangeResourceRecordSetsResponse>..</..>
//! </ChangeResourceRecordSetsRequest>
//! ```
//!
//! # Source
//! Smithy's [`restXml`](https://smithy.io/2.0/aws/protocols/aws-restxml-protocol.html); botocore
//! `serialize.py:RestXMLSerializer` and `parsers.py:RestXMLParser`.

use std::sync::Arc;

use bytes::Bytes;
use inia_core::{Result, ServiceError, Str, Value};
use inia_model::{Member, Operation, OperationTable, ServiceModel};

use crate::event_stream::{EventFormat, parse_event, serialize_event};
use crate::rest::{CONTENT_TYPE, RestBindings, RestRequestBody, RestResponseBody};
use crate::shape::Shapes;
use crate::strictness::{Strictness, strict_request};
use crate::xml::{XmlDecode, XmlDecoder, XmlElement, XmlEncoder, XmlShapes, parse_error, text_of};
use crate::{Codec, EventMessage, Input, Request, Response};

const XML_TYPE: Str = Str::from_static("application/xml");

/// The `rest-xml` format for one service.
#[derive(Debug)]
pub(crate) struct RestXmlCodec {
    model: Arc<ServiceModel>,
    rest: RestBindings,
    encoder: XmlEncoder,
    shapes: XmlShapes,
    roots: OperationTable<Option<XmlElement>>,
}

impl RestXmlCodec {
    pub(crate) fn new(model: Arc<ServiceModel>) -> Self {
        RestXmlCodec {
            rest: RestBindings::new(Arc::clone(&model)),
            encoder: XmlEncoder::new(Arc::clone(&model)),
            shapes: Shapes::new(Arc::clone(&model), XmlDecode),
            roots: OperationTable::new(model.operation_count()),
            model,
        }
    }

    /// Returns the root element of an operation's request body, or `None` if the operation has no input.
    fn root(&self, operation: &Operation) -> Option<XmlElement> {
        let input = operation.input.as_ref()?;
        let (member, name) = match self.model.input(operation)?.payload_member() {
            Some(member) => (member, self.payload_name(member)),
            None => (input, self.input_name(input)),
        };
        Some(XmlElement::new(
            name,
            member.traits.xml_namespace.as_deref(),
        ))
    }

    /// Returns the root element of a body that holds the members: the location name of the shape, else that of the
    /// operation's input, else the shape's name.
    ///
    /// DIFFERENCE: botocore prefers the location name of the operation's input, against the Smithy specification. No
    /// AWS definition has both.
    fn input_name<'m>(&'m self, input: &'m Member) -> &'m Str {
        let shape = self.model.shape(input.target);
        shape
            .traits
            .location_name
            .as_ref()
            .or(input.traits.location_name.as_ref())
            .unwrap_or(&shape.name)
    }

    /// Returns the root element of a body that is a payload member: the member's location name, else that of its shape,
    /// else the shape's name.
    ///
    /// A location name that only repeats the member's name, without a namespace of its own, was filled in by the
    /// conversion from Smithy and is ignored.
    ///
    /// DIFFERENCE: botocore uses that name too, against the Smithy specification. In AWS's definitions the location
    /// name of every payload member has a namespace.
    fn payload_name<'m>(&'m self, member: &'m Member) -> &'m Str {
        let shape = self.model.shape(member.target);
        let own = shape.traits.location_name.as_ref().unwrap_or(&shape.name);
        match &member.traits.location_name {
            Some(name)
                if *name != member.name
                    || member.traits.xml_namespace != shape.traits.xml_namespace =>
            {
                name
            }
            _ => own,
        }
    }

    fn write(
        &self,
        operation: &Operation,
        input: Input<'_>,
        strictness: Strictness,
    ) -> Result<Request> {
        let mut has_document = false;
        let mut request = self.rest.serialize(operation, input, strictness, |body| {
            let (member, value) = match body {
                RestRequestBody::Payload { member, value } => (member, value),
                RestRequestBody::Members { .. } => match &operation.input {
                    Some(member) => (member, input.params),
                    None => return Ok(Vec::new()),
                },
                RestRequestBody::NoPayload { .. } | RestRequestBody::NoMembers => {
                    return Ok(Vec::new());
                }
            };
            let root = self
                .roots
                .get_or_init(operation, || self.root(operation))
                .and_then(Option::as_ref);
            let Some(root) = root else {
                return Ok(Vec::new());
            };
            has_document = true;
            self.encoder.document(root, member, value, strictness)
        })?;
        // DIFFERENCE: botocore sends no content type; the Smithy specification requires one.
        if has_document && !request.headers.contains(&CONTENT_TYPE) {
            request.headers.push(CONTENT_TYPE, XML_TYPE);
        }
        Ok(request)
    }
}

impl Codec for RestXmlCodec {
    fn serialize(&self, operation: &Operation, input: Input<'_>) -> Result<Request> {
        self.write(operation, input, Strictness::Lenient)
    }

    fn serialize_strict(&self, operation: &Operation, input: Input<'_>) -> Option<Request> {
        strict_request(input, |strictness| self.write(operation, input, strictness))
    }

    fn parse(&self, operation: &Operation, response: Response) -> Result<Value> {
        let Some(output) = &operation.output else {
            return Ok(Value::map());
        };
        self.rest
            .parse(output.target, response, |part, body, map| {
                let (name, target) = match part {
                    RestResponseBody::Members => (None, output.target),
                    RestResponseBody::Payload(member) => (Some(&member.name), member.target),
                };
                if body.is_empty() {
                    // An empty body has no valid union; other shapes are empty.
                    if let Some(name) = name
                        && !self.model.shape(target).traits.is_union()
                    {
                        map.push(name.clone(), self.shapes.empty(target));
                    }
                    return Ok(());
                }
                let text = text_of(&body)?;
                let (value, _) =
                    XmlDecoder::new(text, &self.shapes).document(self.shapes.target(target))?;
                match (name, value) {
                    (_, Value::Null) => {}
                    (Some(name), value) => map.push(name.clone(), value),
                    (None, Value::Map(members)) => map.append(members),
                    (None, _) => {}
                }
                Ok(())
            })
            .map(Value::Map)
    }

    fn parse_event(&self, operation: &Operation, message: EventMessage) -> Result<Option<Value>> {
        parse_event(&self.model, operation, message, self)
    }

    fn serialize_event(&self, operation: &Operation, event: &Value) -> Result<EventMessage> {
        serialize_event(&self.model, operation, event, self)
    }

    fn parse_error(&self, operation: &Operation, response: Response) -> ServiceError {
        parse_error(&self.model, operation, &response, |error, text, shape| {
            self.rest.parse(shape, response.clone(), |part, _, map| {
                match part {
                    RestResponseBody::Members => {
                        map.append(error.members(text, &self.shapes, shape)?);
                    }
                    RestResponseBody::Payload(member) => {
                        let members = error.members(text, &self.shapes, member.target)?;
                        map.push(member.name.clone(), Value::Map(members));
                    }
                }
                Ok(())
            })
        })
    }
}

/// Event payloads: one root element each.
impl EventFormat for RestXmlCodec {
    const CONTENT_TYPE: &'static str = "application/xml";

    fn read(&self, member: &Member, payload: Bytes) -> Result<Value> {
        let text = text_of(&payload)?;
        let decoder = XmlDecoder::new(text, &self.shapes);
        let (value, _) = decoder.document(self.shapes.target(member.target))?;
        Ok(value)
    }

    fn write(&self, member: &Member, value: &Value) -> Result<Vec<u8>> {
        let root = XmlElement::new(
            self.payload_name(member),
            member.traits.xml_namespace.as_deref(),
        );
        self.encoder
            .document(&root, member, value, Strictness::Lenient)
    }
}
