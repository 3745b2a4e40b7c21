//! Parses a response into an output or a service error.

use std::sync::Arc;

use bytes::Bytes;
use inia_core::{Blob, Error, Result};
use inia_model::Operation;
use inia_protocol::Response;

use super::{MAX_ERROR_BYTES, Plan, Service};
use crate::EventStream;
use crate::checksum;
use crate::customization::{CallState, ErrorStage, OutputStage};
use crate::output::{Output, ResponseMetadata};
use crate::transport::WireResponse;

pub(super) enum AttemptOutcome {
    Output(Box<Output>),
    /// A customization changed the call's region: prepare the request again.
    Redirect,
}

impl AttemptOutcome {
    pub(super) fn output(output: Output) -> Self {
        AttemptOutcome::Output(Box::new(output))
    }
}

impl Service {
    /// Parses the headers of a response, and leaves its body as a stream of bytes or events.
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
            && let Some((algorithm, expected)) = checksum::for_response(traits, &head.headers)
            && head.status != 206
        {
            body = checksum::validating(body, algorithm, expected);
        }
        let mut value = self.codec.parse(operation, head)?;
        if let (Some(member), Some(map)) = (&plan.streaming_output, value.as_map_mut()) {
            map.remove(member);
        }
        for hook in &plan.hooks.output {
            let (output, headers) = (&mut value, &metadata.headers);
            hook(&mut OutputStage {
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

    /// Reads a response into memory and parses it.
    pub(super) async fn buffered_output(
        &self,
        operation: &Operation,
        plan: &Plan,
        response: WireResponse,
        mut metadata: ResponseMetadata,
        state: &mut CallState,
    ) -> Result<AttemptOutcome> {
        let limit = self.settings.max_response_bytes;
        let limit = match response.status {
            200..300 => limit,
            _ => limit.min(MAX_ERROR_BYTES),
        };
        let body = response.body.collect(limit).await.map_err(|error| {
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
        for hook in &plan.hooks.response {
            hook(state, &mut response);
        }
        metadata.http_status = response.status;
        if response.status >= 301 {
            return self.service_error(operation, plan, response, metadata, state);
        }
        if let Some(traits) = &operation.checksum
            && let Some((algorithm, expected)) = checksum::for_response(traits, &response.headers)
        {
            checksum::validate(algorithm, &expected, &response.body)?;
        }
        metadata.headers = response.headers.clone();
        let with_context =
            |error: Error| error.at(format_args!("{} {}", self.model.name(), operation.name));
        if plan.hooks.output.is_empty() {
            let (value, request_id) = self
                .codec
                .parse_with_request_id(operation, response)
                .map_err(with_context)?;
            metadata.request_id = request_id.or(metadata.request_id);
            return Ok(AttemptOutcome::output(Output {
                value,
                metadata,
                ..Output::default()
            }));
        }
        let body = response.body.clone();
        let (mut value, request_id) = self
            .codec
            .parse_with_request_id(operation, response)
            .map_err(with_context)?;
        metadata.request_id = request_id.or(metadata.request_id);
        for hook in &plan.hooks.output {
            hook(&mut OutputStage {
                operation,
                model: &self.model,
                output: &mut value,
                body: &body,
                headers: &metadata.headers,
                state,
            })?;
        }
        Ok(AttemptOutcome::output(Output {
            value,
            metadata,
            ..Output::default()
        }))
    }

    /// Parses an error response. Returns `Redirect` if a customization redirects the call to another region.
    fn service_error(
        &self,
        operation: &Operation,
        plan: &Plan,
        response: Response,
        metadata: ResponseMetadata,
        state: &mut CallState,
    ) -> Result<AttemptOutcome> {
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
            redirect: false,
        };
        for hook in &plan.hooks.error {
            hook(&mut stage);
        }
        if stage.redirect {
            return Ok(AttemptOutcome::Redirect);
        }
        Err(Error::from_service(&operation.name, error))
    }
}

/// Reads a streaming body into its member of the output value, up to `limit` bytes.
pub(crate) async fn collect_body(mut output: Output, member: &str, limit: usize) -> Result<Output> {
    if let Some(body) = output.body.take() {
        let bytes = body.collect(limit).await?;
        if let Some(map) = output.value.as_map_mut() {
            map.insert(member, Blob::from(bytes));
        }
    }
    Ok(output)
}
