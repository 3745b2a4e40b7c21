//! [`XmlFormat`], the protocol `rest-xml`: members in the path, query string and headers, and a body of XML.
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

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use inia_core::{Map, Result, Str, Value};
use inia_model::{Member, Operation, ServiceModel, ShapeId};

use super::decoder::XmlDecoder;
use super::encoder::XmlEncoder;
use super::error::{error_members, error_parts};
use super::layout::{XmlDecode, XmlShapes};
use crate::Response;
use crate::format::{BodyPart, FixedParts, WireFormat, XmlElement};
use crate::scalar::utf8_text;
use crate::service_error::ErrorParts;
use crate::shape::Shapes;
use crate::strictness::Strictness;

/// The protocol `rest-xml` for one service.
#[derive(Debug)]
pub(crate) struct XmlFormat {
    model: Arc<ServiceModel>,
    encoder: XmlEncoder,
    shapes: XmlShapes,
}

impl XmlFormat {
    pub(crate) fn new(model: Arc<ServiceModel>) -> Self {
        XmlFormat {
            encoder: XmlEncoder::new(Arc::clone(&model)),
            shapes: Shapes::new(Arc::clone(&model), XmlDecode),
            model,
        }
    }

    /// Creates the format of a server, which writes responses.
    #[cfg(feature = "server")]
    pub(crate) fn for_server(model: Arc<ServiceModel>) -> Self {
        XmlFormat {
            encoder: XmlEncoder::of_responses(Arc::clone(&model)),
            ..XmlFormat::new(model)
        }
    }

    /// Returns the root element of an operation's request body, or `None` if the operation has no input.
    fn root(&self, operation: &Operation) -> Option<XmlElement> {
        let input = operation.input.as_ref()?;
        Some(match self.model.input(operation)?.payload_member() {
            Some(member) => self.payload_root(member),
            None => XmlElement::new(self.input_name(input), input),
        })
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

    /// Returns the root element of a body that is a payload member, or of an event: the member's location name, else that of its shape,
    /// else the shape's name.
    ///
    /// A location name that only repeats the member's name, without a namespace of its own, was filled in by the
    /// conversion from Smithy and is ignored.
    ///
    /// DIFFERENCE: botocore uses that name too, against the Smithy specification. In AWS's definitions the location
    /// name of every payload member has a namespace.
    fn payload_root(&self, member: &Member) -> XmlElement {
        let shape = self.model.shape(member.target);
        let own = shape.traits.location_name.as_ref().unwrap_or(&shape.name);
        let name = match &member.traits.location_name {
            Some(name)
                if *name != member.name
                    || member.traits.xml_namespace != shape.traits.xml_namespace =>
            {
                name
            }
            _ => own,
        };
        XmlElement::new(name, member)
    }
}

impl WireFormat for XmlFormat {
    /// DIFFERENCE: botocore sends no content type; the Smithy specification requires one.
    fn media_type(&self) -> Str {
        Str::from_static("application/xml")
    }

    fn fixed_parts(&self, operation: &Operation) -> FixedParts {
        FixedParts {
            root: self.root(operation),
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
        let root = |member| match &fixed.root {
            Some(root) => Cow::Borrowed(root),
            None => Cow::Owned(self.payload_root(member)),
        };
        match part {
            BodyPart::Members { input, params, .. } => {
                self.encoder
                    .members(&root(input), input.target, params, strictness, capacity)
            }
            BodyPart::Value { member, value } => {
                self.encoder
                    .document(&root(member), member, value, strictness, capacity)
            }
            BodyPart::None(_) => Ok(Vec::new()),
        }
    }

    fn read_members(
        &self,
        shape: ShapeId,
        body: &Bytes,
        is_error: bool,
        map: &mut Map,
    ) -> Result<()> {
        let text = utf8_text("XML", body)?;
        if is_error {
            map.append(error_members(text, &self.shapes, shape)?);
            return Ok(());
        }
        let decoder = XmlDecoder::new(text, &self.shapes);
        // A root element with only text has no members.
        if let (Value::Map(members), _) = decoder.document(self.shapes.target(shape))? {
            map.append(members);
        }
        Ok(())
    }

    fn read_member(&self, member: &Member, body: &Bytes) -> Result<Value> {
        let decoder = XmlDecoder::new(utf8_text("XML", body)?, &self.shapes);
        let (value, _) = decoder.document(self.shapes.target(member.target))?;
        Ok(value)
    }

    fn error_parts(&self, response: &Response) -> ErrorParts {
        error_parts(response)
    }
}
