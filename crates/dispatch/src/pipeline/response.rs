//! Parses a response into an output or a service error.

use std::sync::Arc;

use bytes::Bytes;
use inia_core::{Blob, Error, Result, RetryClass, Str};
use inia_model::Operation;
use inia_protocol::Response;

use super::{CallOptions, MAX_ERROR_BYTES, Plan, Service};
use crate::EventStream;
use crate::body::StreamedCall;
use crate::checksum;
use crate::customization::{CallState, ErrorStage, OutputStage};
use crate::fault::set_fault;
use crate::output::{Output, OutputDefinition, ResponseMetadata};
use crate::transport::{WireResponse, decode_body};

pub(super) enum AttemptOutcome {
    Output(Box<Output>),
    /// A customization changed the call's region: prepare the request again.
    RegionRedirect,
    /// The endpoint redirects the request to this URL.
    HttpRedirect(Str),
}

impl AttemptOutcome {
    pub(super) fn output(output: Output) -> Self {
        AttemptOutcome::Output(Box::new(output))
    }
}

/// Returns true for the statuses of successful responses.
pub(super) fn is_success(status: u16) -> bool {
    status < 300
}

impl Service {
    /// Parses the headers of a response, and leaves its body as a stream of bytes or events.
    pub(super) async fn stream_output(
        &self,
        operation: &Operation,
        plan: &Plan,
        response: WireResponse,
        mut metadata: ResponseMetadata,
        options: &CallOptions,
        state: &CallState,
    ) -> Result<Output> {
        let head = Response {
            status: response.status,
            headers: response.headers,
            body: Bytes::new(),
        };
        metadata.headers = head.headers.clone();
        let call = StreamedCall {
            names: Arc::clone(&plan.names),
            attempts: metadata.attempts,
        };
        let mut body = response.body;
        if let Some(resumer) = &options.resumer {
            body = resumer.wrap(body, head.status, &head.headers);
        }
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
            definition: self.definition_of(operation),
            ..Output::default()
        };
        match &plan.event_stream {
            None => output.body = Some(body.of_call(call)),
            Some(member) => {
                let mut events = EventStream::new(
                    Arc::clone(&self.model),
                    Arc::clone(&self.codec),
                    operation.index,
                    body,
                    call,
                    options.events.clone(),
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
        metadata.headers = response.headers;
        let body = response.body.collect(limit).await.map_err(|error| {
            let error =
                self.unusable_response(error.at("reading the response"), operation, &metadata);
            match response.status {
                500.. => error.with_retry_class(RetryClass::Transient),
                429 => error.with_retry_class(RetryClass::Throttling),
                _ => error,
            }
        })?;
        let mut response = Response {
            status: response.status,
            headers: metadata.headers.clone(),
            body,
        };
        // DynamoDB's checksum is that of the compressed body.
        let has_checksum_of_encoded = response.headers.contains("x-amz-crc32");
        if !has_checksum_of_encoded {
            decode(&mut response, limit)
                .map_err(|error| self.unusable_response(error, operation, &metadata))?;
        }
        for hook in &plan.hooks.response {
            hook(&mut response)
                .map_err(|error| self.unusable_response(error, operation, &metadata))?;
        }
        if has_checksum_of_encoded {
            decode(&mut response, limit)
                .map_err(|error| self.unusable_response(error, operation, &metadata))?;
        }
        metadata.http_status = response.status;
        if !is_success(response.status) {
            return self.service_error(operation, plan, response, metadata, state);
        }
        if let Some(traits) = &operation.checksum
            && let Some((algorithm, expected)) = checksum::for_response(traits, &response.headers)
        {
            checksum::validate(algorithm, &expected, &response.body)
                .map_err(|error| self.unusable_response(error, operation, &metadata))?;
        }
        if plan.hooks.output.is_empty() {
            let (value, request_id) = self
                .codec
                .parse_with_request_id(operation, response)
                .map_err(|error| self.unusable_response(error, operation, &metadata))?;
            metadata.request_id = request_id.or(metadata.request_id);
            return Ok(AttemptOutcome::output(Output {
                value,
                metadata,
                definition: self.definition_of(operation),
                ..Output::default()
            }));
        }
        let body = response.body.clone();
        let (mut value, request_id) = match self.codec.parse_with_request_id(operation, response) {
            Ok(parsed) => parsed,
            // Such a document was cut off on the way, which is a server error.
            Err(error) if plan.hooks.retries_malformed && metadata.http_status == 200 => {
                let response = Response {
                    status: 500,
                    headers: metadata.headers.clone(),
                    body,
                };
                return self
                    .service_error(operation, plan, response, metadata, state)
                    .map_err(|response| response.with_source(error));
            }
            Err(error) => return Err(self.unusable_response(error, operation, &metadata)),
        };
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
            definition: self.definition_of(operation),
            ..Output::default()
        }))
    }

    fn definition_of(&self, operation: &Operation) -> Option<OutputDefinition> {
        Some(OutputDefinition {
            model: Arc::clone(&self.model),
            operation: operation.index,
        })
    }

    /// Adds the service, the operation and the response to the error of a response that cannot be used.
    #[cold]
    fn unusable_response(
        &self,
        error: Error,
        operation: &Operation,
        metadata: &ResponseMetadata,
    ) -> Error {
        error
            .at(format_args!("{} {}", self.model.name(), operation.name))
            .with_response(
                metadata.http_status,
                metadata.request_id.clone(),
                metadata.headers.iter().cloned().collect(),
            )
    }

    /// Parses an error response. Returns `RegionRedirect` if a customization redirects the call to another region.
    fn service_error(
        &self,
        operation: &Operation,
        plan: &Plan,
        response: Response,
        metadata: ResponseMetadata,
        state: &mut CallState,
    ) -> Result<AttemptOutcome> {
        let mut error = self.codec.parse_error(operation, response.clone());
        set_fault(&self.model, response.status, &mut error);
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
            region: self.settings.region.as_deref(),
            redirect: false,
        };
        for hook in &plan.hooks.error {
            hook(&mut stage);
        }
        if stage.redirect && self.settings.s3.follow_redirects != Some(false) {
            return Ok(AttemptOutcome::RegionRedirect);
        }
        Err(Error::from_service(&operation.name, error))
    }
}

/// Decodes the body of a response that the server compressed unasked. Streams are returned as they were sent.
///
/// # Errors
/// `Parse`: the body is malformed. `Stream`: it is longer than `limit` when decoded.
fn decode(response: &mut Response, limit: usize) -> Result<()> {
    let body = std::mem::take(&mut response.body);
    response.body = decode_body(&response.headers, body, limit)?;
    Ok(())
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
