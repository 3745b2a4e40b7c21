//! [`StubAnswer`]: the outcome of a stubbed call, checked against the definition.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use inia_core::{Error, ErrorKind, Result, RetryClass, ServiceError, Str, Value};
use inia_model::{Kind, Operation, ServiceModel, Structure, did_you_mean};
use inia_protocol::Headers;

use crate::body::{CallNames, StreamedCall};
use crate::fault::set_fault;
use crate::output::{Output, OutputDefinition, ResponseMetadata};
use crate::pipeline::Service;
use crate::retry::FailedAttempt;
use crate::{ByteStream, EventStream};

/// Computes an output from the parameters of a call.
type AnswerFn = dyn Fn(&Value) -> Result<Value> + Send + Sync;

/// The outcome of a stubbed call.
#[derive(Clone)]
pub(super) enum StubAnswer {
    /// A validated output.
    Output(Arc<Value>),
    ServiceError(Arc<ServiceError>),
    /// An error that is not a response, such as a timeout.
    Failure(ErrorKind, Str),
    Function(Arc<AnswerFn>),
}

impl fmt::Debug for StubAnswer {
    /// Omits outputs, which may contain secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            StubAnswer::Output(_) => "Output(..)",
            StubAnswer::ServiceError(_) => "ServiceError(..)",
            StubAnswer::Failure(..) => "Failure(..)",
            StubAnswer::Function(_) => "Function(..)",
        })
    }
}

impl StubAnswer {
    /// Returns the output or the error of a call with these parameters, as a value.
    pub(super) fn into_value(
        self,
        model: &ServiceModel,
        operation: &Operation,
        params: &Value,
    ) -> Result<Value> {
        match self {
            StubAnswer::Output(value) => Ok(Arc::unwrap_or_clone(value)),
            StubAnswer::Function(function) => {
                let mut value = function(params)?;
                validate_output(model, operation, &mut value)?;
                Ok(value)
            }
            StubAnswer::ServiceError(error) => {
                let error = Arc::unwrap_or_clone(error);
                Err(Error::from_service(&operation.name, error))
            }
            StubAnswer::Failure(kind, message) => {
                Err(Error::new(kind, String::from(&*message)).with_attempts(1))
            }
        }
    }

    /// Returns the output or the error of a call with these parameters.
    pub(super) fn into_output(
        self,
        service: &Service,
        operation: &Operation,
        params: &Value,
    ) -> Result<Output> {
        match self {
            StubAnswer::ServiceError(error) => {
                let mut error = Arc::unwrap_or_clone(error);
                set_fault(&service.model, error.http_status, &mut error);
                let error = Error::from_service(&operation.name, error).with_attempts(1);
                let failed = FailedAttempt {
                    service: service.model.name(),
                    operation: &operation.name,
                    attempt: 1,
                    max_attempts: 1,
                    error: &error,
                    class: RetryClass::NotRetryable,
                };
                let class = service.retry.classify(failed, false, None);
                Err(error.with_retry_class(class))
            }
            answer => {
                let value = answer.into_value(&service.model, operation, params)?;
                output(service, operation, value)
            }
        }
    }
}

/// Checks an output as parameters are checked, and converts alternative spellings.
///
/// # Errors
/// `Validation`: all problems with their paths.
pub(super) fn validate_output(
    model: &ServiceModel,
    operation: &Operation,
    value: &mut Value,
) -> Result<()> {
    // A stream may be absent: it is empty then.
    let streamed = model
        .streaming_output(operation)
        .or_else(|| model.event_stream_output(operation))
        .filter(|member| value[&*member.name].is_null());
    let as_input = Operation {
        name: operation.name.clone(),
        input: operation.output.clone(),
        ..Operation::default()
    };
    let supplied = streamed.map(|member| &*member.name);
    model
        .validate(&as_input, value, supplied.as_slice())
        .map_err(|error| error.at("stubbed output"))
}

/// Builds the error of a code: as modeled, if the definition has it.
///
/// # Errors
/// `Validation`: the code or a detail resembles a modeled one, but is not it.
pub(super) fn stub_error(
    model: &ServiceModel,
    operation: &Operation,
    code: &str,
    message: &str,
    details: Value,
) -> Result<ServiceError> {
    let shape = operation
        .errors
        .iter()
        .copied()
        .find(|id| *model.shape(*id).name == *code)
        .or_else(|| model.error_shape(code));
    let mut error = ServiceError {
        code: Str::from(code),
        message: Str::from(message),
        http_status: 400,
        request_id: Some(REQUEST_ID),
        ..ServiceError::default()
    };
    let Some(id) = shape else {
        let names = operation.errors.iter().map(|id| &*model.shape(*id).name);
        let similar = did_you_mean(code, names);
        if !similar.is_empty() {
            let problem = format!("{}: unknown error code {code}{similar}", operation.name);
            return Err(Error::new(ErrorKind::Validation, problem));
        }
        if !details.is_null() {
            let problem = format!(
                "{}: {code} has details, but the definition has no such error",
                operation.name
            );
            return Err(Error::new(ErrorKind::Validation, problem));
        }
        return Ok(error);
    };
    let shape = model.shape(id);
    error.shape = Some(shape.name.clone());
    if let Kind::Structure(structure) = &shape.kind {
        error.details = error_details(model, operation, id, structure, details)?;
        if shape.traits.is_fault() {
            error.http_status = 500;
        }
        if let Some(traits) = &structure.error {
            if let Some(status) = traits.http_status {
                error.http_status = status;
            }
            if let Some(code) = &traits.code {
                error.code = code.clone();
            }
            if let Some(retryable) = traits.retryable {
                error.retryable = true;
                error.throttling = retryable.throttling;
            }
        }
    }
    Ok(error)
}

/// Checks the details of a modeled error. Required members may be absent, since few tests need them.
fn error_details(
    model: &ServiceModel,
    operation: &Operation,
    id: inia_model::ShapeId,
    structure: &Structure,
    mut details: Value,
) -> Result<inia_core::Map> {
    let as_input = Operation {
        name: operation.name.clone(),
        input: Some(inia_model::Member {
            name: Str::new(),
            target: id,
            traits: model.shape(id).traits.clone(),
        }),
        ..Operation::default()
    };
    let optional: Vec<&str> = structure
        .members
        .iter()
        .map(|member| &*member.name)
        .filter(|name| details.get(name).is_none_or(Value::is_null))
        .collect();
    model
        .validate(&as_input, &mut details, &optional)
        .map_err(|error| error.at(format_args!("stubbed error {}", model.shape(id).name)))?;
    match details {
        Value::Map(map) => Ok(map),
        _ => Ok(inia_core::Map::new()),
    }
}

/// The request id of stubbed responses.
const REQUEST_ID: Str = Str::from_static("00000000-0000-4000-8000-000000000000");

/// Builds an output from its value: a streaming member becomes the body, and a list of events the event stream.
fn output(service: &Service, operation: &Operation, mut value: Value) -> Result<Output> {
    let model = &service.model;
    if value.is_null() {
        value = Value::map();
    }
    let call = StreamedCall {
        names: Arc::new(CallNames {
            service: model.name().clone(),
            operation: operation.name.clone(),
            region: service.settings.region.clone(),
            model: Arc::clone(model),
            index: operation.index,
        }),
        attempts: 1,
    };
    let mut take = |name: &str| {
        let member = value.as_map_mut().and_then(|map| map.remove(name));
        member.unwrap_or_default()
    };
    let mut body = None;
    let mut events = None;
    if let Some(member) = model.event_stream_output(operation) {
        let mut frames = Vec::new();
        for event in take(&member.name).items() {
            let message = service.codec.serialize_output_event(operation, event)?;
            frames.extend_from_slice(&message.encode()?);
        }
        events = Some(EventStream::new(
            Arc::clone(model),
            Arc::clone(&service.codec),
            operation.index,
            ByteStream::from(Bytes::from(frames)),
            call,
            None,
        ));
    } else if let Some(member) = model.streaming_output(operation) {
        let bytes = match take(&member.name) {
            Value::Blob(blob) => blob.into_bytes(),
            Value::String(text) => Bytes::copy_from_slice(text.as_bytes()),
            _ => Bytes::new(),
        };
        body = Some(ByteStream::from(bytes).of_call(call));
    }
    Ok(Output {
        value,
        metadata: ResponseMetadata {
            http_status: operation.response_code.unwrap_or(200),
            request_id: Some(REQUEST_ID),
            headers: Headers::new(),
            attempts: 1,
        },
        body,
        events,
        definition: Some(OutputDefinition {
            model: Arc::clone(model),
            operation: operation.index,
        }),
    })
}
