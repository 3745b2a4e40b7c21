//! [`Codec`], requests and responses of one service in its wire format.

use std::sync::Arc;

use inia_core::{Error, ErrorKind, Map, Result, ServiceError, Str, Value};
use inia_model::{Operation, OperationTable, ServiceModel, ShapeId, ShapeTable};

use crate::cbor::CborFormat;
use crate::format::{CONTENT_TYPE, EVENT_STREAM_TYPE, WireFormat};
use crate::json::JsonFormat;
use crate::query::{Dialect, FormFormat};
use crate::request::RequestPlan;
use crate::response::ResponsePlan;
use crate::service_error::{request_id, service_error};
use crate::strictness::Strictness;
use crate::xml::XmlFormat;
use crate::{EventMessage, Headers, Input, Protocol, Request, Response, event_stream};

/// A wire format bound to one service. Shapes are compiled on first use and cached.
///
/// A codec is pure: it uses no clock, environment or network.
#[derive(Debug)]
pub struct Codec {
    protocol: Protocol,
    model: Arc<ServiceModel>,
    format: Box<dyn WireFormat>,
    requests: OperationTable<RequestPlan>,
    responses: ShapeTable<ResponsePlan>,
}

impl Codec {
    pub(crate) fn new(protocol: Protocol, model: Arc<ServiceModel>) -> Self {
        let shared = Arc::clone(&model);
        Codec {
            protocol,
            format: match protocol {
                Protocol::Json => Box::new(JsonFormat::new(shared, false)),
                Protocol::RestJson => Box::new(JsonFormat::new(shared, true)),
                Protocol::RestXml => Box::new(XmlFormat::new(shared)),
                Protocol::RpcV2Cbor => Box::new(CborFormat::new(shared)),
                Protocol::Query => Box::new(FormFormat::new(shared, Dialect::Query)),
                Protocol::Ec2 => Box::new(FormFormat::new(shared, Dialect::Ec2)),
            },
            requests: OperationTable::new(model.operation_count()),
            responses: ShapeTable::new(model.shape_count()),
            model,
        }
    }

    /// Returns the wire format.
    #[must_use]
    pub fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// Returns whether members may be bound to the URI, headers and the status.
    fn has_locations(&self) -> bool {
        matches!(self.protocol, Protocol::RestJson | Protocol::RestXml)
    }

    /// Serializes parameters into a request.
    ///
    /// # Errors
    /// `Validation`: a value cannot be written as its shape, or a label of the path is missing or empty.
    pub fn serialize(&self, operation: &Operation, input: Input<'_>) -> Result<Request> {
        self.write(operation, input, Strictness::Lenient)
    }

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
    #[must_use]
    pub fn serialize_strict(&self, operation: &Operation, input: Input<'_>) -> Option<Request> {
        // A stream besides the parameters is not covered.
        if input.has_stream {
            return None;
        }
        self.write(operation, input, Strictness::Strict).ok()
    }

    fn write(
        &self,
        operation: &Operation,
        input: Input<'_>,
        strictness: Strictness,
    ) -> Result<Request> {
        let plan = self.requests.get_or_init(operation, || {
            let fixed = self.format.fixed_parts(operation);
            RequestPlan::new(&self.model, operation, fixed, self.has_locations())
        });
        let plan = plan.ok_or_else(|| foreign_operation(operation))?;
        plan.request(&*self.format, &self.model, operation, input, strictness)
    }

    /// Parses a successful response into the operation's output.
    ///
    /// A member that does not match its shape never loses the response: it is kept as it was sent, as text or as the
    /// untyped value, or left out if it is empty, and a warning with its path is logged.
    ///
    /// # Errors
    /// `Parse`: the body is malformed or has no structure at its root.
    pub fn parse(&self, operation: &Operation, response: Response) -> Result<Value> {
        self.read_output(operation, &response)
            .map(|(value, _)| value)
    }

    /// Parses a successful response and returns the request id with it. The id is a header or, in some wire formats,
    /// part of the body.
    ///
    /// # Errors
    /// As [`Codec::parse`].
    pub fn parse_with_request_id(
        &self,
        operation: &Operation,
        response: Response,
    ) -> Result<(Value, Option<Str>)> {
        let (value, in_body) = self.read_output(operation, &response)?;
        Ok((value, in_body.or_else(|| request_id(&response.headers))))
    }

    /// Reads a response as the operation's output, and the request id in the body if it has one.
    fn read_output(
        &self,
        operation: &Operation,
        response: &Response,
    ) -> Result<(Value, Option<Str>)> {
        if let Some(result) = self.format.read_wrapped(operation, &response.body) {
            return result;
        }
        let value = match &operation.output {
            Some(member) => Value::Map(self.read(member.target, response, false)?),
            None => Value::map(),
        };
        Ok((value, None))
    }

    /// Reads a response as a structure: an operation's output, or an error.
    fn read(&self, shape: ShapeId, response: &Response, is_error: bool) -> Result<Map> {
        let plan = self.responses.get_or_init(shape, || {
            ResponsePlan::new(&self.model, shape, self.has_locations())
        });
        match plan {
            Some(plan) => plan.read(&*self.format, &self.model, shape, response, is_error),
            None => Ok(Map::new()),
        }
    }

    /// Parses an error response. Always returns an error: if the response cannot be parsed, the code and message are
    /// derived from the HTTP status.
    #[must_use]
    pub fn parse_error(&self, operation: &Operation, response: Response) -> ServiceError {
        let parts = self.format.error_parts(&response);
        service_error(&self.model, operation, &response, parts, |shape| {
            self.read(shape, &response, true)
        })
    }

    /// Returns whether an event stream starts with a message that holds the other members of the output, for
    /// [`Codec::parse_initial_response`]. If not, [`Codec::parse`] reads them from the response headers.
    #[must_use]
    pub fn has_initial_response(&self) -> bool {
        matches!(self.protocol, Protocol::Json | Protocol::RpcV2Cbor)
    }

    /// Parses the first message of an event stream response.
    ///
    /// # Errors
    /// `Parse`: the message is not an initial response. `Service`: it is an error.
    pub fn parse_initial_response(
        &self,
        operation: &Operation,
        message: EventMessage,
    ) -> Result<Value> {
        let (model, format) = (&self.model, &*self.format);
        let message = event_stream::initial_response(model, operation, message, format)?;
        let response = Response {
            status: 200,
            headers: Headers::new(),
            body: message.payload,
        };
        self.parse(operation, response)
    }

    /// Parses a message of an event stream response into a map of the event's name to the event. Returns `None` for a
    /// message that is no event. An event that is not in the model has its headers and the members of its payload.
    ///
    /// # Errors
    /// `Service`: the message is an error or an exception. `Parse`: its payload is malformed.
    pub fn parse_event(
        &self,
        operation: &Operation,
        message: EventMessage,
    ) -> Result<Option<Value>> {
        event_stream::parse_event(&self.model, operation, message, &*self.format)
    }

    /// Turns a serialized request into the start of an event stream, and returns the first message of the stream. In wire formats
    /// that have one, it holds the parameters that [`Codec::serialize`] wrote as the body.
    pub fn initial_request(&self, request: &mut Request) -> Option<EventMessage> {
        request.headers.set(CONTENT_TYPE, EVENT_STREAM_TYPE);
        let payload = std::mem::take(&mut request.body);
        self.has_initial_response()
            .then(|| event_stream::initial_request(&*self.format, payload))
    }

    /// Serializes an event, a map of one event's name to the event, as a message of the operation's input stream.
    ///
    /// # Errors
    /// `Validation`: the value is not exactly one modeled event, or does not match its shape.
    pub fn serialize_event(&self, operation: &Operation, event: &Value) -> Result<EventMessage> {
        event_stream::serialize_event(&self.model, operation, event, &*self.format)
    }

    /// Serializes an event of the operation's output stream, as a service does: a map of one event's name to the event,
    /// or of one exception's name to the exception.
    ///
    /// # Errors
    /// As [`Codec::serialize_event`].
    pub fn serialize_output_event(
        &self,
        operation: &Operation,
        event: &Value,
    ) -> Result<EventMessage> {
        event_stream::serialize_output_event(&self.model, operation, event, &*self.format)
    }
}

#[cold]
fn foreign_operation(operation: &Operation) -> Error {
    Error::new(
        ErrorKind::Model,
        format!("{} is an operation of another service", operation.name),
    )
}
