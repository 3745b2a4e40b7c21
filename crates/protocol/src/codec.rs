//! [`Codec`]: what every wire format can do, and [`Protocol`]: which ones there are.

use std::fmt;
use std::sync::Arc;

use inia_core::{Error, ErrorKind, Result, ServiceError, Str, Value};
use inia_model::{Metadata, Operation, ServiceModel};

use crate::{EventMessage, Input, Request, Response};

/// A wire format bound to one service: it works out what it needs to know about a shape on first use, and keeps it.
///
/// A codec is pure: it knows no clock, environment or network.
pub trait Codec: Send + Sync + fmt::Debug {
    /// Writes a request.
    ///
    /// # Errors
    /// `Validation`: a value cannot be written as its shape, or a label of the path is missing or empty.
    fn serialize(&self, operation: &Operation, input: Input<'_>) -> Result<Request>;

    /// Writes a request from parameters that were not validated, in the walk that checks them: `None` at the first value that
    /// is not precisely what its shape asks for. Then [`ServiceModel::validate`] is to find out whether it is wrong or only spelt
    /// differently, before [`Codec::serialize`] writes what it leaves.
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
    /// let request = codec.serialize_fitting(tag, Input::from(&json!({"Arn": "arn:.."}))).unwrap();
    /// assert_eq!(&request.body[..], br#"{"Arn":"arn:.."}"#);
    /// assert!(codec.serialize_fitting(tag, Input::from(&json!({"Arn": ""}))).is_none());
    /// assert!(codec.serialize_fitting(tag, Input::from(&json!({"arn": "arn:.."}))).is_none());
    /// # Ok::<(), inia_core::Error>(())
    /// ```
    fn serialize_fitting(&self, operation: &Operation, input: Input<'_>) -> Option<Request>;

    /// Reads the answer of a call that succeeded.
    ///
    /// # Errors
    /// `Parse`: the answer is not what the operation's output and the wire format allow.
    fn parse(&self, operation: &Operation, response: Response) -> Result<Value>;

    /// Reads the answer of a call that succeeded, and the request id, which is a header or, in some wire formats, part of the body.
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

    /// Reads the answer of a call that failed. Whatever the answer holds, there is an error to return: what cannot be
    /// understood leaves the code and message that the status gives.
    fn parse_error(&self, operation: &Operation, response: Response) -> ServiceError;

    /// Whether a stream of events begins with a message that holds the result's other members, for
    /// [`Codec::parse_initial_response`]; else [`Codec::parse`] finds them in the head of the response.
    fn has_initial_response(&self) -> bool {
        false
    }

    /// Reads the first message of an answer that is a stream of events.
    ///
    /// # Errors
    /// `Parse`: the message is not an initial response. `Service`: it is an error.
    fn parse_initial_response(
        &self,
        operation: &Operation,
        message: EventMessage,
    ) -> Result<Value> {
        let _ = message;
        Err(no_events(operation))
    }

    /// Reads a message of an answer that is a stream of events, as a map of the event's name to the event; `None` for an event
    /// that the model does not know.
    ///
    /// # Errors
    /// `Service`: the message is an error or an exception. `Parse`: it is not what the model allows.
    fn parse_event(&self, operation: &Operation, message: EventMessage) -> Result<Option<Value>> {
        let _ = message;
        Err(no_events(operation))
    }

    /// Writes an event, a map of one event's name to the event, as a message of the stream that the operation takes.
    ///
    /// # Errors
    /// `Validation`: the value is not one known event, or cannot be written as its shape.
    fn serialize_event(&self, operation: &Operation, event: &Value) -> Result<EventMessage> {
        let _ = event;
        Err(no_events(operation))
    }
}

#[cold]
fn no_events(operation: &Operation) -> Error {
    Error::new(
        ErrorKind::Model,
        format!("{}: the wire format has no event streams", operation.name),
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
    /// Every wire format in order of preference.
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

    /// The name in a definition.
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

    /// The wire format of a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Protocol> {
        Protocol::ALL
            .into_iter()
            .find(|protocol| protocol.name() == name)
    }

    /// The wire format to speak with a service: the first of [`Protocol::ALL`] among those the service lists.
    ///
    /// # Errors
    /// `Model`: the service speaks none that is known.
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
                        "{}: no known wire format among {}",
                        metadata.service_id,
                        names.join(", ")
                    ),
                )
            })
    }

    /// A codec of this wire format for a service.
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
