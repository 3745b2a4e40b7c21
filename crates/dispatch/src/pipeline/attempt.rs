//! Makes the attempts of a call: signs, sends, and retries.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use inia_core::{Error, Result, Str, Timestamp, TimestampFormat, UserAgentFeatures};
use inia_model::Operation;
use inia_protocol::Headers;

use super::request::{PreparedBody, PreparedRequest, next_body};
use super::response::AttemptOutcome;
use super::{CallOptions, Plan, Service};
use crate::auth::AuthScheme;
use crate::customization::CallState;
use crate::output::{ResponseMetadata, request_id};
use crate::retry::{Backoff, RetryClass, classify};
use crate::sign::{Signable, SignableBody, sign};
use crate::transport::{WireBody, WireRequest};

impl Service {
    /// Makes attempts until one succeeds or no retry is left.
    pub(super) async fn attempts(
        &self,
        operation: &Operation,
        plan: &Plan,
        prepared: &mut PreparedRequest,
        options: &CallOptions,
        state: &mut CallState,
    ) -> Result<AttemptOutcome> {
        let max = self.max_attempts;
        let mut retry_cost = None;
        let mut corrected_clock = false;
        let mut refreshed_credentials = false;
        let mut attempt = 1;
        loop {
            let (body, body_is_spent) = next_body(&mut prepared.body);
            let result = self
                .attempt(
                    operation, plan, prepared, options, state, body, attempt, max,
                )
                .await;
            let error = match result {
                Ok(outcome) => {
                    self.quota.release(retry_cost);
                    return Ok(outcome);
                }
                Err(error) => error.with_attempts(attempt),
            };
            // These two retries count neither as an attempt nor against the quota.
            if !corrected_clock && !body_is_spent && self.correct_clock_skew(&error) {
                corrected_clock = true;
                continue;
            }
            if !refreshed_credentials
                && !body_is_spent
                && self.invalidate_expired_credentials(&error, options)
            {
                refreshed_credentials = true;
                continue;
            }
            let class = classify(&error);
            if class == RetryClass::NotRetryable || attempt >= max || body_is_spent {
                return Err(error);
            }
            let Some(cost) = self.quota.acquire(class) else {
                tracing::debug!(operation = %operation.name, "retry quota exhausted");
                return Err(error);
            };
            retry_cost = Some(cost);
            let delay = Backoff {
                base: self.backoff_base(),
            }
            .delay(attempt, class, self.rng.unit());
            tracing::debug!(operation = %operation.name, attempt, ?delay, error = %error.kind(), "attempt failed");
            self.clock.sleep(delay).await;
            attempt += 1;
        }
    }

    fn backoff_base(&self) -> std::time::Duration {
        // DynamoDB has low latency, so it backs off for less time (botocore `retries/standard.py:ExponentialBackoff`).
        let milliseconds = if matches!(&**self.model.name(), "dynamodb" | "dynamodbstreams") {
            25
        } else {
            50
        };
        std::time::Duration::from_millis(milliseconds)
    }

    /// Invalidates the cached credentials if the error says that they expired. Returns true if the provider can refresh them.
    ///
    /// DIFFERENCE: botocore uses credentials until their own expiration time.
    fn invalidate_expired_credentials(&self, error: &Error, options: &CallOptions) -> bool {
        const EXPIRED: [&str; 3] = [
            "ExpiredToken",
            "ExpiredTokenException",
            "TokenRefreshRequired",
        ];
        let is_expired = error
            .service()
            .is_some_and(|service| EXPIRED.contains(&&*service.code));
        if !is_expired || options.credentials.is_some() {
            return false;
        }
        match self.identity.cached_credentials() {
            Some(expired) if expired.expires.is_some() => {
                self.identity.invalidate(&expired);
                true
            }
            _ => false,
        }
    }

    /// Corrects the clock skew by the response's `date` header if the error says that the request's time is wrong. Returns true if
    /// the skew changed.
    ///
    /// DIFFERENCE: botocore signs with the local clock, and fails while it is wrong.
    fn correct_clock_skew(&self, error: &Error) -> bool {
        const SKEWED: [&str; 6] = [
            "AuthFailure",
            "InvalidSignatureException",
            "RequestExpired",
            "RequestInTheFuture",
            "RequestTimeTooSkewed",
            "SignatureDoesNotMatch",
        ];
        let Some(service) = error
            .service()
            .filter(|service| SKEWED.contains(&&*service.code))
        else {
            return false;
        };
        let Some(date) = service.header("date") else {
            return false;
        };
        let Ok(service_time) = Timestamp::parse(date, TimestampFormat::Rfc822) else {
            return false;
        };
        let skew = service_time.seconds() - self.clock.now().seconds();
        let previous = self.clock_skew.load(Ordering::Relaxed);
        if (skew - previous).abs() < 240 {
            return false;
        }
        self.clock_skew.store(skew, Ordering::Relaxed);
        tracing::warn!(
            skew,
            "the local clock differs from the service's; signing with the service's time"
        );
        true
    }

    #[expect(clippy::too_many_arguments, reason = "the state of one attempt")]
    async fn attempt(
        &self,
        operation: &Operation,
        plan: &Plan,
        prepared: &PreparedRequest,
        options: &CallOptions,
        state: &mut CallState,
        body: WireBody,
        attempt: u32,
        max: u32,
    ) -> Result<AttemptOutcome> {
        let request = self
            .sign(plan, prepared, options, body, attempt, max)
            .await?;
        let response = self.transport.send(request).await?;
        let metadata = ResponseMetadata {
            http_status: response.status,
            request_id: request_id(&response.headers),
            headers: Headers::new(),
            attempts: attempt,
        };
        let succeeded = response.status < 301;
        if succeeded && (plan.streaming_output.is_some() || plan.event_stream.is_some()) {
            return self
                .stream_output(operation, plan, response, metadata, state)
                .await
                .map(AttemptOutcome::output);
        }
        self.buffered_output(operation, plan, response, metadata, state)
            .await
    }

    async fn sign(
        &self,
        plan: &Plan,
        prepared: &PreparedRequest,
        options: &CallOptions,
        mut body: WireBody,
        attempt: u32,
        max: u32,
    ) -> Result<WireRequest> {
        // Room for the headers of the signature, `amz-sdk-request` and `user-agent`.
        let mut headers = prepared.headers.clone_with_capacity(7);
        let mut features = prepared.features;
        let attempt_info = match attempt {
            1 => self.first_attempt_header.clone(),
            _ => attempt_header(attempt, max),
        };
        headers.set("amz-sdk-request", attempt_info);
        if let Some(make) = &options.url_headers {
            for (name, value) in make.make(prepared.url.as_str())? {
                headers.set(name.to_ascii_lowercase(), value);
            }
        }
        let auth = &prepared.resolved.auth;
        match auth.scheme {
            AuthScheme::None => {}
            AuthScheme::Bearer => {
                let token = match &options.token {
                    Some(token) => Arc::clone(token),
                    None => self.identity.token(&auth.signing_name).await?,
                };
                features |= token.features;
                headers.set("authorization", format!("Bearer {}", token.token.expose()));
            }
            _ => {
                let bucket = prepared.session_bucket.as_deref();
                let credentials = self.signing_credentials(bucket, options).await?;
                features |= credentials.features;
                if auth.scheme == AuthScheme::SigV4a {
                    features |= UserAgentFeatures::SIGV4A_SIGNING;
                }
                let signable = Signable {
                    method: &prepared.method,
                    url: &prepared.url,
                    body: match (&body, &prepared.body) {
                        (WireBody::Bytes(bytes), PreparedBody::Bytes(_)) => {
                            SignableBody::Bytes(bytes)
                        }
                        (_, PreparedBody::Stream { chunked: true, .. }) => {
                            SignableBody::ChunkedWithTrailer
                        }
                        (
                            _,
                            PreparedBody::Stream {
                                sha256: Some(digest),
                                ..
                            },
                        ) => SignableBody::Sha256(*digest),
                        _ => SignableBody::Stream,
                    },
                    streaming: prepared.streaming,
                    has_checksum: match prepared.checksum {
                        Some(checksum) => headers.contains(checksum.algorithm.header()),
                        None => headers.contains("content-md5"),
                    },
                    payload_signing: self.settings.s3.payload_signing_enabled,
                    auth_path: prepared.auth_path.as_deref(),
                };
                let now = self.now();
                if let Some(form) =
                    sign(&signable, auth, &credentials, now, &self.keys, &mut headers)?
                {
                    body = WireBody::Bytes(Bytes::from(form));
                }
            }
        }
        // Not part of the signature.
        headers.set("user-agent", self.user_agent.header(features));
        Ok(WireRequest {
            method: prepared.method.clone(),
            url: prepared.url.as_str().to_owned(),
            headers,
            body,
            read_timeout: Some(self.settings.read_timeout),
            version: plan.http,
        })
    }
}

/// Returns the value of `amz-sdk-request` for an attempt.
pub(crate) fn attempt_header(attempt: u32, max: u32) -> Str {
    Str::from(format!("attempt={attempt}; max={max}"))
}
