//! Being written.
use crate::{Codec, Input, Request, Response};
use inia_core::{Error, ErrorKind, Result, ServiceError, Value};
use inia_model::{Operation, ServiceModel};
use std::sync::Arc;

#[derive(Debug)]
pub(crate) struct JsonCodec {
    model: Arc<ServiceModel>,
}

impl JsonCodec {
    pub(crate) fn new(model: Arc<ServiceModel>) -> Self {
        JsonCodec { model }
    }
}

impl Codec for JsonCodec {
    fn serialize(&self, operation: &Operation, _input: Input<'_>) -> Result<Request> {
        Err(Error::new(
            ErrorKind::Model,
            format!("{} {}: not written yet", self.model.name(), operation.name),
        ))
    }
    fn parse(&self, operation: &Operation, _response: Response) -> Result<Value> {
        Err(Error::new(
            ErrorKind::Model,
            format!("{} {}: not written yet", self.model.name(), operation.name),
        ))
    }
    fn parse_error(&self, _operation: &Operation, _response: Response) -> ServiceError {
        ServiceError::default()
    }
}

/// Reads any JSON text as a value.
///
/// # Errors
/// `Parse`: the text is not JSON.
pub fn read_json(text: bytes::Bytes) -> Result<Value> {
    serde_json::from_slice(&text).map_err(|error| Error::new(ErrorKind::Parse, error.to_string()))
}

pub(crate) fn read_document(text: bytes::Bytes) -> Result<Value> {
    read_json(text)
}

pub(crate) fn write_ascii_document(out: &mut Vec<u8>, _place: &str, value: &Value) -> Result<()> {
    match value {
        Value::String(text) => out.extend_from_slice(format!("{:?}", text.as_str()).as_bytes()),
        Value::Bool(value) => out.extend_from_slice(value.to_string().as_bytes()),
        _ => {}
    }
    Ok(())
}
