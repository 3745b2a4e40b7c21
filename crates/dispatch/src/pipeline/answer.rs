//! The answer of a call: an output, or the error that the service tells.

use std::sync::Arc;

use bytes::Bytes;
use inia_core::{Blob, Error, Result};
use inia_model::Operation;
use inia_protocol::Response;

use super::{BODY_LIMIT, Plan, Service};
use crate::EventStream;
use crate::checksum::{self};
use crate::customization::{CallState, ErrorStage, OutputStage};
use crate::output::{Output, ResponseMetadata};
use crate::transport::WireResponse;

pub(super) enum Attempted {
    Done(Box<Output>),
    /// A rule changed where the call goes: prepare it again.
    Again,
}

impl Attempted {
    pub(super) fn done(output: Output) -> Self {
        Attempted::Done(Box::new(output))
    }
}

impl Service {
    /// The output of an operation whose body stays a stream: the rest of it is in the headers.
    pub(super) async fn stream_output(
        &self,
        operation: &Operation,
        plan: &Plan,
        response: WireResponse,
        mut metadata: ResponseMetadata,
        state: &CallState,
    ) -> Result<Output> {
        let head = Response {
            status: response.status,
            headers: response.headers,
            body: Bytes::new(),
        };
        metadata.headers = head.headers.clone();
        let mut body = response.body;
        if let Some(traits) = &operation.checksum
            && let Some((algorithm, expected)) = checksum::of_response(traits, &head.headers)
            && head.status != 206
        {
            body = checksum::validating(body, algorithm, expected);
        }
        let mut value = self.codec.parse(operation, head)?;
        if let (Some(member), Some(map)) = (&plan.streaming_output, value.as_map_mut()) {
            map.remove(member);
        }
        for rule in &plan.rules.output {
            let (output, headers) = (&mut value, &metadata.headers);
            rule(&mut OutputStage {
                operation,
                model: &self.model,
                output,
                body: &[],
                headers,
                state,
            })?;
        }
        let mut output = Output {
            value,
            metadata,
            ..Output::default()
        };
        match &plan.event_stream {
            None => output.body = Some(body),
            Some(member) => {
                let mut events = EventStream::new(
                    Arc::clone(&self.model),
                    Arc::clone(&self.codec),
                    operation.index,
                    body,
                );
                if self.codec.has_initial_response() {
                    output.value = events.initial_response().await?;
                }
                if let Some(map) = output.value.as_map_mut() {
                    map.remove(member);
                }
                output.events = Some(events);
            }
        }
        Ok(output)
    }

    pub(super) async fn whole_output(
        &self,
        operation: &Operation,
        plan: &Plan,
        response: WireResponse,
        mut metadata: ResponseMetadata,
        state: &mut CallState,
    ) -> Result<Attempted> {
        let body = response.body.collect(BODY_LIMIT).await.map_err(|error| {
            error.at(format_args!(
                "{} {}: reading the response",
                self.model.name(),
                operation.name
            ))
        })?;
        let mut response = Response {
            status: response.status,
            headers: response.headers,
            body,
        };
        for rule in &plan.rules.response {
            rule(state, &mut response);
        }
        metadata.http_status = response.status;
        if response.status >= 301 {
            return self.service_error(operation, plan, response, metadata, state);
        }
        if let Some(traits) = &operation.checksum
            && let Some((algorithm, expected)) = checksum::of_response(traits, &response.headers)
        {
            checksum::validate(algorithm, &expected, &response.body)?;
        }
        metadata.headers = response.headers.clone();
        let place =
            |error: Error| error.at(format_args!("{} {}", self.model.name(), operation.name));
        if plan.rules.output.is_empty() {
            let (value, request_id) = self
                .codec
                .parse_with_request_id(operation, response)
                .map_err(place)?;
            metadata.request_id = request_id.or(metadata.request_id);
            return Ok(Attempted::done(Output {
                value,
                metadata,
                ..Output::default()
            }));
        }
        let raw = response.body.clone();
        let (mut value, request_id) = self
            .codec
            .parse_with_request_id(operation, response)
            .map_err(place)?;
        metadata.request_id = request_id.or(metadata.request_id);
        for rule in &plan.rules.output {
            rule(&mut OutputStage {
                operation,
                model: &self.model,
                output: &mut value,
                body: &raw,
                headers: &metadata.headers,
                state,
            })?;
        }
        Ok(Attempted::done(Output {
            value,
            metadata,
            ..Output::default()
        }))
    }

    fn service_error(
        &self,
        operation: &Operation,
        plan: &Plan,
        response: Response,
        metadata: ResponseMetadata,
        state: &mut CallState,
    ) -> Result<Attempted> {
        let mut error = self.codec.parse_error(operation, response.clone());
        if error.http_status == 0 {
            error.http_status = response.status;
        }
        if error.request_id.is_none() {
            error.request_id = metadata.request_id;
        }
        error.headers = response.headers.iter().cloned().collect();
        let mut stage = ErrorStage {
            operation,
            error: &mut error,
            response: &response,
            state,
            again: false,
        };
        for rule in &plan.rules.error {
            rule(&mut stage);
        }
        if stage.again {
            return Ok(Attempted::Again);
        }
        Err(Error::from_service(&operation.name, error))
    }
}

/// Puts a whole body where the model has its streaming member: what callers that want one value get.
pub(crate) async fn gather(mut output: Output, member: &str, limit: usize) -> Result<Output> {
    if let Some(body) = output.body.take() {
        let bytes = body.collect(limit).await?;
        if let Some(map) = output.value.as_map_mut() {
            map.insert(member, Blob::from(bytes));
        }
    }
    Ok(output)
}
