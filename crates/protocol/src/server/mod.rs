//! [`ServerCodec`], the other direction of a [`Codec`](crate::Codec): requests to parameters, outputs and errors to responses.
//!
//! ```text
//! request --route--> operation      by target, action, path, or URI template
//!         --parse--> parameters
//! output, error ----> response
//! ```
//! For servers in tests; the client does not use it.

mod error_response;
mod form_reader;
mod request_reader;
mod response_writer;
mod route;
mod text;

use std::sync::Arc;

use inia_core::{Result, ServiceError, Str, Value};
use inia_model::{Operation, ServiceModel};

use crate::cbor::CborFormat;
use crate::format::WireFormat;
use crate::json::JsonFormat;
use crate::query::Dialect;
use crate::shape::Shapes;
use crate::xml::XmlFormat;
use crate::{Protocol, Request, Response, event_stream};

use route::RouteTable;

/// The server's side of a wire format, bound to one service. It is pure, as a [`Codec`](crate::Codec).
///
/// ```
/// use std::sync::Arc;
///
/// use inia_core::json;
/// use inia_model::ServiceModel;
/// use inia_protocol::{Input, Protocol, ServerCodec};
///
/// # let text = br#"{
/// #     "metadata": {"protocol": "rest-json", "endpointPrefix": "tiny"},
/// #     "operations": {"GetTag": {"http": {"method": "GET", "requestUri": "/tags/{Name}"},
/// #         "input": {"shape": "In"}, "output": {"shape": "Out"}}},
/// #     "shapes": {
/// #         "In": {"type": "structure", "required": ["Name"], "members": {"Name": {"shape": "Text", "location": "uri", "locationName": "Name"}}},
/// #         "Out": {"type": "structure", "members": {"Value": {"shape": "Text"}}}, "Text": {"type": "string"}}
/// # }"#;
/// let model = Arc::new(ServiceModel::from_json("tiny", text)?);
/// let (client, server) = (Protocol::RestJson.codec(Arc::clone(&model)), ServerCodec::new(Protocol::RestJson, Arc::clone(&model)));
/// let params = json!({"Name": "a b"});
/// let request = client.serialize(model.operation("GetTag")?, Input::from(&params))?;
///
/// let operation = server.operation(&request).unwrap();
/// assert_eq!(operation.name, "GetTag");
/// assert_eq!(server.parse_request(operation, &request)?, params);
/// let response = server.write_response(operation, &json!({"Value": "v"}))?;
/// assert_eq!(&response.body[..], br#"{"Value":"v"}"#);
/// # Ok::<(), inia_core::Error>(())
/// ```
#[derive(Debug)]
pub struct ServerCodec {
    protocol: Protocol,
    model: Arc<ServiceModel>,
    format: Box<dyn WireFormat>,
    /// The names of forms, in the protocols `query` and `ec2`.
    forms: Option<Shapes<Dialect>>,
    routes: RouteTable,
}

impl ServerCodec {
    /// Creates a codec.
    #[must_use]
    pub fn new(protocol: Protocol, model: Arc<ServiceModel>) -> Self {
        let shared = Arc::clone(&model);
        let dialect = match protocol {
            Protocol::Query => Some(Dialect::Query),
            Protocol::Ec2 => Some(Dialect::Ec2),
            _ => None,
        };
        ServerCodec {
            protocol,
            format: match protocol {
                Protocol::Json => Box::new(JsonFormat::new(shared, false)),
                Protocol::RestJson => Box::new(JsonFormat::new(shared, true)),
                Protocol::RpcV2Cbor => Box::new(CborFormat::new(shared)),
                Protocol::RestXml | Protocol::Query | Protocol::Ec2 => {
                    Box::new(XmlFormat::for_server(shared))
                }
            },
            forms: dialect.map(|dialect| Shapes::new(Arc::clone(&model), dialect)),
            routes: RouteTable::new(protocol, &model),
            model,
        }
    }

    /// Returns the wire format.
    #[must_use]
    pub fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// Returns the service's definition.
    #[must_use]
    pub fn model(&self) -> &Arc<ServiceModel> {
        &self.model
    }

    /// Returns the operation that a request calls. If several match, the most specific one: with the most parts of the path, query
    /// parameters and headers that it requires.
    #[must_use]
    pub fn operation(&self, request: &Request) -> Option<&Operation> {
        self.routes.find(&self.model, request)
    }

    /// Parses the parameters of a request. A value that does not match its shape keeps its own type.
    ///
    /// An event stream in the request is not parsed.
    ///
    /// # Errors
    /// `Parse`: the body is malformed.
    pub fn parse_request(&self, operation: &Operation, request: &Request) -> Result<Value> {
        match (&self.forms, &operation.input) {
            (_, None) => Ok(Value::map()),
            (Some(forms), Some(input)) => form_reader::read(forms, input.target, request),
            (None, Some(input)) => request_reader::read(
                &self.model,
                &*self.format,
                self.protocol,
                operation,
                input,
                request,
            ),
        }
    }

    /// Writes an output as a successful response. A streaming member is text or bytes, and an event stream a list of events.
    ///
    /// # Errors
    /// `Validation`: a value does not match its shape.
    pub fn write_response(&self, operation: &Operation, output: &Value) -> Result<Response> {
        response_writer::write(
            &self.model,
            &*self.format,
            self.protocol,
            operation,
            output,
            |event| {
                let (model, format) = (&self.model, &*self.format);
                event_stream::serialize_output_event(model, operation, event, format)?.encode()
            },
        )
    }

    /// Writes an error as a response, with the status of the error.
    ///
    /// # Errors
    /// `Validation`: a detail does not match its shape.
    pub fn write_error(
        &self,
        operation: Option<&Operation>,
        error: &ServiceError,
    ) -> Result<Response> {
        error_response::write(&self.model, &*self.format, self.protocol, operation, error)
    }
}

/// Returns true if members are bound to the path, the query string and headers.
fn is_rest(protocol: Protocol) -> bool {
    matches!(protocol, Protocol::RestJson | Protocol::RestXml)
}

/// The request id of all responses.
const REQUEST_ID: Str = Str::from_static("00000000-0000-4000-8000-000000000000");
