//! [`Codec`], the interface of every wire format, and [`Protocol`], the list of them.

use std::fmt;
use std::sync::Arc;

use inia_core::{Error, ErrorKind, Result, ServiceError, Str, Value};
use inia_model::{Metadata, Operation, ServiceModel};

use crate::{EventMessage, Input, Request, Response};

/// A wire format bound to one service. Shapes are compiled on first use and cached.
///
/// A codec is pure: it uses no clock, environment or network.
pub trait Codec: Send + Sync + fmt::Debug {
    /// Serializes parameters into a request.
    ///
    /// # Errors
    /// `Validation`: a value cannot be written as its shape, or a label of the path is missing or empty.
    fn serialize(&self, operation: &Operation, input: Input<'_>) -> Result<Request>;

    /// Serializes parameters that were not validated, checking them on the way. Returns `None` at the first value that
    /// does not match its shape exactly. Then call [`ServiceModel::validate`], which reports errors or coerces values,
    /// and [`Codec::serialize`] with its result.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use inia_core::json;
    /// use inia_model::ServiceModel;
    /// use inia_protocol::{Input, Protocol};
    ///
    /// # let text = br#"{
    /// #     "metadata": {"protocol": "json", "endpointPrefix": "tiny", "targetPrefix": "Tiny"},
    /// #     "operations": {"Tag": {"http": {"method": "POST", "requestUri": "/"}, "input": {"shape": "TagRequest"}}},
    /// #     "shapes": {
    /// #         "TagRequest": {"type": "structure", "required": ["Arn"], "members": {"Arn": {"shape": "Text"}}},
    /// #         "Text": {"type": "string", "min": 1}}
    /// # }"#;
    /// let model = Arc::new(ServiceModel::from_json("tiny", text)?);
    /// let codec = Protocol::Json.codec(Arc::clone(&model));
    /// let tag = model.operation("Tag")?;
    /// let request = codec.serialize_strict(tag, Input::from(&json!({"Arn": "arn:.."}))).unwrap();
    /// assert_eq!(&request.body[..], br#"{"Arn":"arn:.."}"#);
    /// assert!(codec.serialize_strict(tag, Input::from(&json!({"Arn": ""}))).is_none());
    /// assert!(codec.serialize_strict(tag, Input::from(&json!({"arn": "arn:.."}))).is_none());
    /// # Ok::<(), inia_core::Error>(())
    /// ```
    fn serialize_strict(&self, operation: &Operation, input: Input<'_>) -> Option<Request>;

    /// Parses a successful response into the operation's output.
    ///
    /// A member that does not match its shape never loses the response: it is kept as it was sent, as text or as the
    /// untyped value, or left out if it is empty, and a warning with its path is logged.
    ///
    /// # Errors
    /// `Parse`: the body is malformed or has no structure at its root.
    fn parse(&self, operation: &Operation, response: Response) -> Result<Value>;

    /// Parses a successful response and returns the request id with it. The id is a header or, in some wire formats,
    /// part of the body.
    ///
    /// # Errors
    /// As [`Codec::parse`].
    fn parse_with_request_id(
        &self,
        operation: &Operation,
        response: Response,
    ) -> Result<(Value, Option<Str>)> {
        let request_id = crate::error_code::request_id(&response.headers);
        self.parse(operation, response)
            .map(|value| (value, request_id))
    }

    /// Parses an error response. Always returns an error: if the response cannot be parsed, the code and message are
    /// derived from the HTTP status.
    fn parse_error(&self, operation: &Operation, response: Response) -> ServiceError;

    /// Returns whether an event stream starts with a message that holds the other members of the output, for
    /// [`Codec::parse_initial_response`]. If not, [`Codec::parse`] reads them from the response headers.
    fn has_initial_response(&self) -> bool {
        false
    }

    /// Parses the first message of an event stream response.
    ///
    /// # Errors
    /// `Parse`: the message is not an initial response. `Service`: it is an error.
    fn parse_initial_response(
        &self,
        operation: &Operation,
        message: EventMessage,
    ) -> Result<Value> {
        let _ = message;
        Err(no_event_streams(operation))
    }

    /// Parses a message of an event stream response into a map of the event's name to the event. Returns `None` for an
    /// event that is not in the model.
    ///
    /// # Errors
    /// `Service`: the message is an error or an exception. `Parse`: its payload is malformed.
    fn parse_event(&self, operation: &Operation, message: EventMessage) -> Result<Option<Value>> {
        let _ = message;
        Err(no_event_streams(operation))
    }

    /// Serializes an event, a map of one event's name to the event, as a message of the operation's input stream.
    ///
    /// # Errors
    /// `Validation`: the value is not exactly one modeled event, or does not match its shape.
    fn serialize_event(&self, operation: &Operation, event: &Value) -> Result<EventMessage> {
        let _ = event;
        Err(no_event_streams(operation))
    }
}

#[cold]
fn no_event_streams(operation: &Operation) -> Error {
    Error::new(
        ErrorKind::Model,
        format!("{}: the protocol has no event streams", operation.name),
    )
}

/// A wire format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// `json`: AWS JSON 1.0 and 1.1.
    Json,
    /// `rest-json`.
    RestJson,
    /// `rest-xml`.
    RestXml,
    /// `smithy-rpc-v2-cbor`.
    RpcV2Cbor,
    /// `query`.
    Query,
    /// `ec2`.
    Ec2,
}

impl Protocol {
    /// All wire formats in order of preference.
    ///
    /// # Source
    /// botocore `utils.py:PRIORITY_ORDERED_SUPPORTED_PROTOCOLS`.
    pub const ALL: [Protocol; 6] = [
        Protocol::Json,
        Protocol::RestJson,
        Protocol::RestXml,
        Protocol::RpcV2Cbor,
        Protocol::Query,
        Protocol::Ec2,
    ];

    /// Returns the name in a definition.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Protocol::Json => "json",
            Protocol::RestJson => "rest-json",
            Protocol::RestXml => "rest-xml",
            Protocol::RpcV2Cbor => "smithy-rpc-v2-cbor",
            Protocol::Query => "query",
            Protocol::Ec2 => "ec2",
        }
    }

    /// Returns the wire format with a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Protocol> {
        Protocol::ALL
            .into_iter()
            .find(|protocol| protocol.name() == name)
    }

    /// Returns the wire format to use with a service: the first of [`Protocol::ALL`] that the service lists.
    ///
    /// # Errors
    /// `Model`: the service lists no supported protocol.
    ///
    /// # Source
    /// botocore `model.py:ServiceModel.resolved_protocol`.
    pub fn of(metadata: &Metadata) -> Result<Protocol> {
        let listed = |protocol: Protocol| {
            if metadata.protocols.is_empty() {
                metadata.protocol == *protocol.name()
            } else {
                metadata
                    .protocols
                    .iter()
                    .any(|name| *name == *protocol.name())
            }
        };
        Protocol::ALL
            .into_iter()
            .find(|protocol| listed(*protocol))
            .ok_or_else(|| {
                let names: Vec<&str> = if metadata.protocols.is_empty() {
                    vec![&metadata.protocol]
                } else {
                    metadata
                        .protocols
                        .iter()
                        .map(|name| name.as_str())
                        .collect()
                };
                Error::new(
                    ErrorKind::Model,
                    format!(
                        "{}: unsupported protocol; the service lists: {}",
                        metadata.service_id,
                        names.join(", ")
                    ),
                )
            })
    }

    /// Creates a codec of this wire format for a service.
    #[must_use]
    pub fn codec(self, model: Arc<ServiceModel>) -> Box<dyn Codec> {
        match self {
            Protocol::Json => Box::new(crate::json::JsonCodec::new(model)),
            Protocol::RestJson => Box::new(crate::rest_json::RestJsonCodec::new(model)),
            Protocol::RestXml => Box::new(crate::rest_xml::RestXmlCodec::new(model)),
            Protocol::RpcV2Cbor => Box::new(crate::rpc_v2_cbor::RpcV2CborCodec::new(model)),
            Protocol::Query => Box::new(crate::query::QueryCodec::new(model)),
            Protocol::Ec2 => Box::new(crate::ec2::Ec2Codec::new(model)),
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
