//! Spans of calls and attempts, with OpenTelemetry's names of attributes: never parameters, bodies or secrets.
//!
//! # Source
//! OpenTelemetry semantic conventions: RPC, HTTP and AWS SDK client spans.

use inia_core::{Error, Result};
use inia_model::Operation;
use tracing::{Span, field};

use super::Service;
use super::request::PreparedRequest;
use crate::output::{Output, ResponseMetadata};

/// Returns true if anyone collects the spans or the metrics.
pub(super) fn is_enabled() -> bool {
    crate::metrics::IS_ENABLED || tracing::enabled!(target: "inia", tracing::Level::INFO)
}

/// Returns the span of a call.
pub(super) fn call_span(service: &Service, operation: &Operation) -> Span {
    let name = service.model.name();
    tracing::info_span!(
        target: "inia",
        "call",
        otel.name = %format_args!("{name}/{}", operation.name),
        otel.kind = "client",
        rpc.system = "aws-api",
        rpc.service = %name,
        rpc.method = %operation.name,
        cloud.region = service.settings.region.as_deref(),
        aws.request_id = field::Empty,
        http.response.status_code = field::Empty,
        attempts = field::Empty,
        error.type = field::Empty,
    )
}

/// Records the result of a call in its span.
pub(super) fn record_call(span: &Span, result: &Result<Output>) {
    match result {
        Ok(output) => record_response(span, &output.metadata),
        Err(error) => {
            record_error(span, error);
            span.record("attempts", error.attempts());
        }
    }
}

/// Returns the span of an attempt.
pub(super) fn attempt_span(prepared: &PreparedRequest, attempt: u32) -> Span {
    let (host, port) = match prepared.url.authority().rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => (host, Some(port)),
        _ => (prepared.url.authority(), None),
    };
    tracing::info_span!(
        target: "inia",
        "attempt",
        attempt,
        http.request.method = %prepared.method,
        http.request.resend_count = attempt.saturating_sub(1),
        server.address = host,
        server.port = port,
        aws.request_id = field::Empty,
        http.response.status_code = field::Empty,
        error.type = field::Empty,
    )
}

/// Records a response in the span of its attempt or call.
pub(super) fn record_response(span: &Span, metadata: &ResponseMetadata) {
    span.record("http.response.status_code", metadata.http_status);
    if let Some(id) = &metadata.request_id {
        span.record("aws.request_id", id.as_str());
    }
    span.record("attempts", metadata.attempts);
}

/// Records an error in the span of its attempt or call.
pub(super) fn record_error(span: &Span, error: &Error) {
    span.record("error.type", error.code().unwrap_or(error.kind().as_str()));
    if let Some(status) = error.http_status() {
        span.record("http.response.status_code", status);
    }
    if let Some(id) = error.request_id() {
        span.record("aws.request_id", id);
    }
}
