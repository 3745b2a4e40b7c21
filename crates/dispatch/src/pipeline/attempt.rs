//! The attempts of a call: signed, sent, and sent again where that may help.

use std::sync::atomic::Ordering;

use bytes::Bytes;
use inia_core::{Error, Result, Str, Timestamp, TimestampFormat};
use inia_model::Operation;
use inia_protocol::Headers;

use super::answer::Attempted;
use super::request::{AttemptBody, Body, Prepared, next_body};
use super::{CallOptions, Plan, Service};
use crate::auth::AuthScheme;
use crate::customization::CallState;
use crate::output::{ResponseMetadata, request_id};
use crate::retry::{Backoff, Verdict, classify};
use crate::sign::{Signable, SignableBody, sign};
use crate::transport::{WireBody, WireRequest};

impl Service {
    pub(super) async fn attempts(
        &self,
        operation: &Operation,
        plan: &Plan,
        prepared: &mut Prepared,
        options: &CallOptions,
        state: &mut CallState,
    ) -> Result<Attempted> {
        let max = self.max_attempts;
        let mut taken = None;
        let mut corrected_clock = false;
        let mut replaced_identity = false;
        let mut attempt = 1;
        loop {
            let (body, body_is_spent) = next_body(&mut prepared.body);
            let result = self
                .attempt(
                    operation, plan, prepared, options, state, body, attempt, max,
                )
                .await;
            let error = match result {
                Ok(done) => {
                    self.quota.release(taken);
                    return Ok(done);
                }
                Err(error) => error.with_attempts(attempt),
            };
            // A call refused for our clock being wrong is sent again by the service's.
            if !corrected_clock && !body_is_spent && self.correct_clock(&error) {
                corrected_clock = true;
                continue;
            }
            // So is one refused for credentials that have expired before their time, with others.
            if !replaced_identity && !body_is_spent && self.replace_identity(&error, options) {
                replaced_identity = true;
                continue;
            }
            let verdict = classify(&error);
            if verdict == Verdict::Final || attempt >= max || body_is_spent {
                return Err(error);
            }
            let Some(cost) = self.quota.acquire(verdict) else {
                tracing::debug!(operation = %operation.name, "too many retries: this call makes no more");
                return Err(error);
            };
            taken = Some(cost);
            let delay = Backoff {
                base: self.backoff_base(),
            }
            .delay(attempt, verdict, self.rng.unit());
            tracing::debug!(operation = %operation.name, attempt, ?delay, error = %error.kind(), "attempt failed");
            self.clock.sleep(delay).await;
            attempt += 1;
        }
    }

    fn backoff_base(&self) -> std::time::Duration {
        // DynamoDB answers fast, so its calls come back sooner (botocore `retries/standard.py:ExponentialBackoff`).
        let milliseconds = if matches!(&**self.model.name(), "dynamodb" | "dynamodbstreams") {
            25
        } else {
            50
        };
        std::time::Duration::from_millis(milliseconds)
    }

    /// Gives up credentials that a service says have expired. Whether others may be had.
    ///
    /// DIFFERENCE: botocore uses credentials until they expire by their own account.
    fn replace_identity(&self, error: &Error, options: &CallOptions) -> bool {
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
        match self.identities.fresh() {
            Some(rejected) if rejected.expires.is_some() => {
                self.identities.reject(&rejected);
                true
            }
            _ => false,
        }
    }

    /// Takes over the service's time where an error says that ours is wrong. Whether it did.
    ///
    /// DIFFERENCE: botocore signs by the local clock, and fails while that is wrong.
    fn correct_clock(&self, error: &Error) -> bool {
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
        let Ok(theirs) = Timestamp::parse(date, TimestampFormat::Rfc822) else {
            return false;
        };
        let skew = theirs.seconds() - self.clock.now().seconds();
        let known = self.clock_skew.load(Ordering::Relaxed);
        if (skew - known).abs() < 240 {
            return false;
        }
        self.clock_skew.store(skew, Ordering::Relaxed);
        tracing::warn!(
            skew,
            "the service's clock differs from ours: signing by the service's"
        );
        true
    }

    #[expect(clippy::too_many_arguments, reason = "the state of one attempt")]
    async fn attempt(
        &self,
        operation: &Operation,
        plan: &Plan,
        prepared: &Prepared,
        options: &CallOptions,
        state: &mut CallState,
        body: AttemptBody,
        attempt: u32,
        max: u32,
    ) -> Result<Attempted> {
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
                .map(Attempted::done);
        }
        self.whole_output(operation, plan, response, metadata, state)
            .await
    }

    async fn sign(
        &self,
        plan: &Plan,
        prepared: &Prepared,
        options: &CallOptions,
        body: AttemptBody,
        attempt: u32,
        max: u32,
    ) -> Result<WireRequest> {
        // Those of the signature and this one come on top.
        let mut headers = prepared.headers.clone_with_room(6);
        let said = match attempt {
            1 => self.first_attempt.clone(),
            _ => attempt_header(attempt, max),
        };
        headers.set("amz-sdk-request", said);
        if let Some(make) = &options.url_headers {
            for (name, value) in make.make(prepared.url.as_str())? {
                headers.set(name.to_ascii_lowercase(), value);
            }
        }
        let mut wire_body = body.wire;
        let auth = &prepared.address.auth;
        match auth.scheme {
            AuthScheme::None => {}
            AuthScheme::Bearer => {
                let token = match &options.token {
                    Some(given) => given.clone(),
                    None => self.identities.token(&auth.signing_name).await?,
                };
                headers.set("authorization", format!("Bearer {}", token.token.expose()));
            }
            _ => {
                let bucket = prepared.session_bucket.as_deref();
                let credentials = self.signing_credentials(bucket, options).await?;
                let signable = Signable {
                    method: &prepared.method,
                    url: &prepared.url,
                    body: match (&wire_body, &prepared.body) {
                        (WireBody::Bytes(bytes), Body::Bytes(_)) => SignableBody::Bytes(bytes),
                        (_, Body::Stream { chunked: true, .. }) => SignableBody::ChunkedWithTrailer,
                        (
                            _,
                            Body::Stream {
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
                    wire_body = WireBody::Bytes(Bytes::from(form));
                }
            }
        }
        Ok(WireRequest {
            method: prepared.method.clone(),
            url: prepared.url.as_str().to_owned(),
            headers,
            body: wire_body,
            read_timeout: Some(self.settings.read_timeout),
            version: plan.http,
        })
    }
}

/// What an attempt says of itself: which it is, of how many.
pub(crate) fn attempt_header(attempt: u32, max: u32) -> Str {
    Str::from(format!("attempt={attempt}; max={max}"))
}
