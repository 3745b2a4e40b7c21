//! Being written.
use crate::{Codec, Input, Request, Response};
use inia_core::{Error, ErrorKind, Result, ServiceError, Value};
use inia_model::{Operation, ServiceModel};
use std::sync::Arc;

#[derive(Debug)]
pub(crate) struct QueryCodec {
    model: Arc<ServiceModel>,
}

impl QueryCodec {
    pub(crate) fn new(model: Arc<ServiceModel>) -> Self {
        QueryCodec { model }
    }
}

impl Codec for QueryCodec {
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
