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
use crate::fit::{Misfits, fitting};
use crate::rest::{CONTENT_TYPE, RequestBody, ResponseBody, Rest};
use crate::xml::{Decoder, Element, Encoder, Layouts, parse_error, text_of};
use crate::{Codec, EventMessage, Input, Request, Response};

const XML_TYPE: Str = Str::from_static("application/xml");

/// The `rest-xml` format for one service.
#[derive(Debug)]
pub(crate) struct RestXmlCodec {
    model: Arc<ServiceModel>,
    rest: Rest,
    encoder: Encoder,
    layouts: Layouts,
    roots: OperationTable<Option<Element>>,
}

impl RestXmlCodec {
    pub(crate) fn new(model: Arc<ServiceModel>) -> Self {
        RestXmlCodec {
            rest: Rest::new(Arc::clone(&model), false),
            encoder: Encoder::new(Arc::clone(&model)),
            layouts: Layouts::new(Arc::clone(&model)),
            roots: OperationTable::new(model.operation_count()),
            model,
        }
    }

    /// The root element of an operation's request body; `None` where the operation takes no parameters.
    fn root(&self, operation: &Operation) -> Option<Element> {
        let input = operation.input.as_ref()?;
        let (member, name) = match self.model.input(operation)?.payload_member() {
            Some(member) => (member, self.payload_name(member)),
            None => (input, self.input_name(input)),
        };
        Some(Element::new(name, member.traits.xml_namespace.as_deref()))
    }

    /// The root element of a body that holds the members: what the input's shape calls itself, else what the operation calls
    /// its input, else the shape's name.
    ///
    /// DIFFERENCE: botocore asks the operation first, against the Smithy specification. No definition of AWS names both.
    fn input_name<'m>(&'m self, input: &'m Member) -> &'m Str {
        let shape = self.model.shape(input.target);
        shape
            .traits
            .location_name
            .as_ref()
            .or(input.traits.location_name.as_ref())
            .unwrap_or(&shape.name)
    }

    /// The root element of a body that is a payload member: the member's location name, else what its shape calls itself.
    ///
    /// A location name that only repeats the member's name, without a namespace of its own beside it, is one that a conversion
    /// from Smithy's form filled in, and says nothing.
    ///
    /// DIFFERENCE: botocore takes that name too, against the Smithy specification. In AWS's definitions the
    /// location name of every payload member has a namespace beside it.
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

    fn write(&self, operation: &Operation, input: Input<'_>, misfits: Misfits) -> Result<Request> {
        let mut has_document = false;
        let mut request = self.rest.serialize(operation, input, misfits, |body| {
            let (member, value) = match body {
                RequestBody::Payload { member, value } => (member, value),
                RequestBody::Members { .. } => match &operation.input {
                    Some(member) => (member, input.params),
                    None => return Ok(Vec::new()),
                },
                RequestBody::NoPayload { .. } | RequestBody::NoMembers => return Ok(Vec::new()),
            };
            let root = self
                .roots
                .get_or_init(operation, || self.root(operation))
                .and_then(Option::as_ref);
            let Some(root) = root else {
                return Ok(Vec::new());
            };
            has_document = true;
            self.encoder.document(root, member, value)
        })?;
        // DIFFERENCE: botocore sends no content type; the Smithy specification asks for one.
        if has_document && !request.headers.contains(&CONTENT_TYPE) {
            request.headers.push(CONTENT_TYPE, XML_TYPE);
        }
        Ok(request)
    }
}

impl Codec for RestXmlCodec {
    fn serialize(&self, operation: &Operation, input: Input<'_>) -> Result<Request> {
        self.write(operation, input, Misfits::Write)
    }

    fn serialize_fitting(&self, operation: &Operation, input: Input<'_>) -> Option<Request> {
        fitting(input, |misfits| self.write(operation, input, misfits))
    }

    fn parse(&self, operation: &Operation, response: Response) -> Result<Value> {
        let Some(output) = &operation.output else {
            return Ok(Value::map());
        };
        self.rest
            .parse(output.target, response, |part, body, map| {
                let (name, target) = match part {
                    ResponseBody::Members => (None, output.target),
                    ResponseBody::Payload(member) => (Some(&member.name), member.target),
                };
                if body.is_empty() {
                    // A union without a member cannot be; anything else without a body is empty.
                    if let Some(name) = name
                        && !self.model.shape(target).traits.is_union()
                    {
                        map.push(name.clone(), self.layouts.empty(target));
                    }
                    return Ok(());
                }
                let text = text_of(&body)?;
                let value =
                    Decoder::new(text, &self.layouts).document(self.layouts.target(target))?;
                match (name, value) {
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
        parse_error(&self.model, operation, &response, |answer, text, shape| {
            self.rest.parse(shape, response.clone(), |part, _, map| {
                match part {
                    ResponseBody::Members => {
                        map.append(answer.members(text, &self.layouts, shape)?);
                    }
                    ResponseBody::Payload(member) => {
                        let members = answer.members(text, &self.layouts, member.target)?;
                        map.push(member.name.clone(), Value::Map(members));
                    }
                }
                Ok(())
            })
        })
    }
}

/// Payloads of events: an element of its own each.
impl EventFormat for RestXmlCodec {
    const CONTENT_TYPE: &'static str = "application/xml";

    fn read(&self, member: &Member, payload: Bytes) -> Result<Value> {
        let text = text_of(&payload)?;
        Decoder::new(text, &self.layouts).document(self.layouts.target(member.target))
    }

    fn write(&self, member: &Member, value: &Value) -> Result<Vec<u8>> {
        let root = Element::new(
            self.payload_name(member),
            member.traits.xml_namespace.as_deref(),
        );
        self.encoder.document(&root, member, value)
    }
}
