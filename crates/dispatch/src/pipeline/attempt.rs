//! Makes the attempts of a call: signs, sends, and retries.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use inia_core::{Credentials, Error, ErrorKind, Result, RetryClass, Str, Token, UserAgentFeatures};
use inia_model::Operation;
use inia_protocol::Headers;
use tracing::Instrument as _;

use super::deadline::ttl;
use super::request::{PreparedBody, PreparedRequest, next_body};
use super::response::{AttemptOutcome, is_success};
use super::{CallOptions, Plan, Service, observation, wire_log};
use crate::ByteStream;
use crate::auth::AuthScheme;
use crate::customization::CallState;
use crate::event_stream::{EventFrames, FrameSigner};
use crate::interceptor::RetryDecision;
use crate::metrics;
use crate::output::{Output, ResponseMetadata, request_id};
use crate::retry::{FailedAttempt, RetryDelay};
use crate::sign::{Signable, SignableBody, sign};
use crate::transport::{WireBody, WireOperation, WireRequest, WireResponse};

/// Codes of errors for expired credentials.
const EXPIRED_CODES: [&str; 3] = [
    "ExpiredToken",
    "ExpiredTokenException",
    "TokenRefreshRequired",
];

/// Maximum number of HTTP redirects per call.
const MAX_HTTP_REDIRECTS: u32 = 5;

/// One attempt: what it was signed with, and whether it reached the transport.
#[derive(Debug, Default)]
struct Attempt {
    number: u32,
    identity: Option<SigningIdentity>,
    /// Clock skew in seconds.
    clock_skew: i64,
    is_sent: bool,
}

/// The identity that an attempt was signed with.
#[derive(Debug)]
enum SigningIdentity {
    Credentials(Arc<Credentials>),
    Token(Arc<Token>),
}

impl Service {
    /// Makes attempts until one succeeds or no retry is left. Returns `None` for a redirect to another region.
    pub(super) async fn attempts(
        &self,
        operation: &Operation,
        plan: &Plan,
        prepared: &mut PreparedRequest,
        options: &CallOptions,
        state: &mut CallState,
    ) -> Result<Option<Box<Output>>> {
        let call_retry = options.retry.as_ref();
        let max_attempts = self.max_attempts(options);
        let mut retry_cost = None;
        let mut redirects = 0;
        let mut attempt = Attempt {
            number: state.attempts + 1,
            ..Attempt::default()
        };
        loop {
            if self.retry.is_adaptive() {
                self.retry_state.rate_limiter.acquire().await;
            }
            if let Some(interception) = &options.interception {
                interception.start_attempt(attempt.number);
            }
            let body = next_body(&mut prepared.body);
            let limit = self.attempt_timeout(options);
            let result = if limit.is_some() || observation::is_enabled() {
                // Boxed, so that the future of a plain attempt stays small.
                Box::pin(self.observed_attempt(
                    limit,
                    operation,
                    plan,
                    prepared,
                    options,
                    state,
                    body,
                    &mut attempt,
                ))
                .await
            } else {
                self.attempt(
                    operation,
                    plan,
                    prepared,
                    options,
                    state,
                    body,
                    &mut attempt,
                )
                .await
            };
            let result = match (result, &options.interception) {
                (Ok(AttemptOutcome::Output(mut output)), Some(interception)) => interception
                    .after(|interceptor, context| interceptor.after_parse(context, &mut output))
                    .map(|()| AttemptOutcome::Output(output)),
                (result, _) => result,
            };
            let error = match result {
                Ok(outcome) => {
                    self.record_rate(false);
                    match outcome {
                        AttemptOutcome::HttpRedirect(location) => {
                            if prepared.body.is_spent() || redirects == MAX_HTTP_REDIRECTS {
                                return Err(redirect_error(&location, redirects)
                                    .with_attempts(attempt.number));
                            }
                            redirects += 1;
                            prepared
                                .redirect(&location)
                                .map_err(|error| error.with_attempts(attempt.number))?;
                            continue;
                        }
                        AttemptOutcome::RegionRedirect => {
                            state.attempts = attempt.number;
                            return Ok(None);
                        }
                        AttemptOutcome::Output(output) => {
                            self.retry_state.quota.release(retry_cost);
                            return Ok(Some(output));
                        }
                    }
                }
                Err(error) => error,
            };
            let sent = attempt.number - u32::from(!attempt.is_sent);
            let can_recover = self.recover(&error, &attempt, prepared, options);
            let failed = FailedAttempt {
                service: self.model.name(),
                operation: &operation.name,
                attempt: attempt.number,
                max_attempts,
                error: &error,
                class: RetryClass::NotRetryable,
            };
            let class = self.retry.classify(failed, can_recover, call_retry);
            if attempt.is_sent {
                self.record_rate(class == RetryClass::Throttling);
            }
            let mut note = None;
            let mut will_retry = false;
            let mut delay = Duration::ZERO;
            // The delay of a long poll that is not retried.
            let mut pause = Duration::ZERO;
            let is_last = attempt.number >= max_attempts || prepared.body.is_spent();
            if class == RetryClass::NotRetryable || attempt.number >= max_attempts {
                // Not retried.
            } else if is_last {
                note = Some(NotRetried::SpentBody);
            } else if can_recover {
                will_retry = true;
            } else {
                let decision = self.retry.delay(
                    &self.retry_state,
                    &FailedAttempt { class, ..failed },
                    &*self.clock,
                    &*self.rng,
                    call_retry,
                );
                match (decision, &options.deadline) {
                    (RetryDelay::Retry { delay: late, cost }, Some(deadline))
                        if deadline.is_over_after(late) =>
                    {
                        self.retry_state.quota.release(cost);
                        note = Some(NotRetried::Deadline(deadline.limit()));
                    }
                    (RetryDelay::Retry { delay: next, cost }, _) => {
                        retry_cost = cost;
                        delay = next;
                        will_retry = true;
                    }
                    (RetryDelay::NoQuota { delay }, _) => {
                        tracing::debug!(operation = %operation.name, "retry quota exhausted");
                        if plan.is_long_poll {
                            pause = delay;
                        }
                    }
                }
            }
            if let Some(interception) = &options.interception {
                let mut decision = RetryDecision {
                    error: &error,
                    class,
                    will_retry,
                    delay,
                };
                interception.after(|interceptor, context| {
                    interceptor.on_retry_decision(context, &mut decision)
                })?;
                will_retry = decision.will_retry && !is_last;
                delay = decision.delay;
            }
            if !will_retry {
                if !pause.is_zero() {
                    self.clock.sleep(pause).await;
                }
                let error = error.with_attempts(sent).with_retry_class(class);
                return Err(match note {
                    Some(note) => error.with_note(note),
                    None => error,
                });
            }
            tracing::debug!(operation = %operation.name, attempt = attempt.number, ?delay, error = %error.kind(), "attempt failed, retrying");
            if !delay.is_zero() {
                self.clock.sleep(delay).await;
            }
            attempt = Attempt {
                number: attempt.number + 1,
                ..Attempt::default()
            };
        }
    }

    /// Makes an attempt within its span and its timeout.
    #[expect(clippy::too_many_arguments, reason = "the state of one attempt")]
    async fn observed_attempt(
        &self,
        limit: Option<Duration>,
        operation: &Operation,
        plan: &Plan,
        prepared: &PreparedRequest,
        options: &CallOptions,
        state: &mut CallState,
        body: WireBody,
        attempt: &mut Attempt,
    ) -> Result<AttemptOutcome> {
        let started = Instant::now();
        let span = observation::attempt_span(prepared, attempt.number);
        let attempted = self
            .attempt(operation, plan, prepared, options, state, body, attempt)
            .instrument(span.clone());
        let result = match limit {
            None => attempted.await,
            Some(limit) => match tokio::time::timeout(limit, attempted).await {
                Ok(result) => result,
                Err(_) => Err(attempt_timeout_error(operation, limit)),
            },
        };
        metrics::record_attempt(self.model.name(), &operation.name, started.elapsed());
        match &result {
            Ok(AttemptOutcome::Output(output)) => {
                observation::record_response(&span, &output.metadata);
            }
            Ok(_) => {}
            Err(error) => observation::record_error(&span, error),
        }
        result
    }

    /// Returns the maximum number of attempts of a call.
    pub(super) fn max_attempts(&self, options: &CallOptions) -> u32 {
        let call = options.retry.as_ref().and_then(|retry| retry.max_attempts);
        call.unwrap_or(self.retry.max_attempts)
    }

    /// Returns the timeout of an attempt.
    fn attempt_timeout(&self, options: &CallOptions) -> Option<Duration> {
        let limit = options.attempt_timeout.or(self.settings.attempt_timeout)?;
        (!limit.is_zero()).then_some(limit)
    }

    /// Adjusts the rate of requests to the outcome of an attempt, in the mode `adaptive`.
    fn record_rate(&self, is_throttled: bool) {
        if self.retry.is_adaptive() {
            self.retry_state.rate_limiter.record(is_throttled);
        }
    }

    /// Corrects what a service has refused an attempt for: expired credentials, or a wrong clock. Returns true if the next attempt is
    /// signed with something else, so that it may succeed. Such a retry needs neither a delay nor tokens of the quota.
    ///
    /// Credentials and clock skew are shared by all calls of a client. They are compared with those of the attempt, because another
    /// call may have corrected them already.
    fn recover(
        &self,
        error: &Error,
        attempt: &Attempt,
        prepared: &PreparedRequest,
        options: &CallOptions,
    ) -> bool {
        let (Some(response), Some(identity)) = (error.service(), &attempt.identity) else {
            return false;
        };
        let is_expired = EXPIRED_CODES.contains(&&*response.code);
        let credentials = match identity {
            SigningIdentity::Credentials(credentials) => credentials,
            SigningIdentity::Token(token) => {
                let can_refresh = token.expires.is_some() && options.token.is_none();
                if is_expired && can_refresh {
                    let signing_name = &prepared.resolved.auth.signing_name;
                    self.identity.invalidate_token(signing_name, token);
                }
                return is_expired && can_refresh;
            }
        };
        if is_expired {
            return self.invalidate_expired(
                credentials,
                prepared.session_bucket.as_deref(),
                options,
            );
        }
        let now = self.clock.now();
        self.retry_state
            .clock_skew
            .correct(response, attempt.clock_skew, now)
    }

    /// Invalidates credentials that the service refuses as expired. Returns true if they can be refreshed.
    ///
    /// DIFFERENCE: botocore uses credentials until their own expiration time.
    fn invalidate_expired(
        &self,
        expired: &Arc<Credentials>,
        session_bucket: Option<&str>,
        options: &CallOptions,
    ) -> bool {
        match session_bucket {
            Some(bucket) => {
                self.invalidate_session(bucket, options, expired);
                true
            }
            None if expired.expires.is_some() && options.credentials.is_none() => {
                self.identity.invalidate(expired);
                true
            }
            None => false,
        }
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
        attempt: &mut Attempt,
    ) -> Result<AttemptOutcome> {
        let mut request = self.sign(plan, prepared, options, body, attempt).await?;
        if let Some(interception) = &options.interception {
            interception
                .before(|interceptor, context| interceptor.before_send(context, &mut request))?;
        }
        wire_log::request(&self.model, operation, prepared, &request, attempt.number);
        attempt.is_sent = true;
        if let Some(deadline) = &options.deadline {
            deadline.count(attempt.number);
        }
        let mut response = match self.transport.send(request).await {
            Ok(response) => response,
            Err(error) => {
                // Errors of these kinds reject the request before it is sent.
                attempt.is_sent = !matches!(
                    error.kind(),
                    ErrorKind::Config | ErrorKind::Endpoint | ErrorKind::Validation
                );
                // If the events of the request failed, that is the cause.
                let failure = options.events.as_ref().and_then(|input| input.failure());
                if let Some(failure) = failure {
                    return Err(failure);
                }
                return Err(self.connection_error(error, operation, prepared));
            }
        };
        if let Some(interception) = &options.interception {
            interception
                .after(|interceptor, context| interceptor.after_send(context, &mut response))?;
        }
        wire_log::response(&self.model, operation, &response, attempt.number);
        if let Some(location) = self.http_redirect(&response) {
            return Ok(AttemptOutcome::HttpRedirect(location));
        }
        let metadata = ResponseMetadata {
            http_status: response.status,
            request_id: request_id(&response.headers),
            headers: Headers::new(),
            attempts: attempt.number,
        };
        if is_success(response.status)
            && (plan.streaming_output.is_some() || plan.event_stream.is_some())
        {
            if let Some(input) = &options.events {
                input.commit();
            }
            return self
                .stream_output(operation, plan, response, metadata, options, state)
                .await
                .map(AttemptOutcome::output);
        }
        self.buffered_output(operation, plan, response, metadata, state)
            .await
    }

    /// Adds the service and the operation to an error of the transport, and the setting that may cause it.
    #[cold]
    fn connection_error(
        &self,
        error: Error,
        operation: &Operation,
        prepared: &PreparedRequest,
    ) -> Error {
        let error = error.at(format_args!("{} {}", self.model.name(), operation.name));
        if error.kind() == ErrorKind::Connection
            && self.settings.endpoint_url.is_some()
            && !prepared.host_prefix.is_empty()
        {
            return error.with_note(format_args!(
                "the operation adds the prefix {:?} to the host: if the endpoint does not support it, set inject_host_prefix to false or AWS_DISABLE_HOST_PREFIX_INJECTION to true",
                prepared.host_prefix
            ));
        }
        if error.kind() == ErrorKind::Connection
            && self.resolver.is_regional
            && self.settings.endpoint_url.is_none()
        {
            return error.with_note(format_args!(
                "{} has no endpoint rules: if the host is wrong, set its URL with --endpoint-url, AWS_ENDPOINT_URL, or endpoint_url in the profile",
                self.model.name()
            ));
        }
        error
    }

    /// Returns the target of an HTTP redirect of a custom endpoint, such as a gateway that redirects to the node with the data. AWS's
    /// own endpoints redirect to other regions only.
    ///
    /// DIFFERENCE: botocore reports such a redirect as an error.
    fn http_redirect(&self, response: &WireResponse) -> Option<Str> {
        if !matches!(response.status, 307 | 308)
            || self.settings.endpoint_url.is_none()
            || self.settings.s3.follow_redirects == Some(false)
            || response.headers.contains("x-amz-bucket-region")
        {
            return None;
        }
        response.headers.get_shared("location").cloned()
    }

    /// Signs the first attempt, for an explanation of the call.
    pub(super) async fn sign_first(
        &self,
        plan: &Plan,
        prepared: &mut PreparedRequest,
        options: &CallOptions,
    ) -> Result<WireRequest> {
        let body = next_body(&mut prepared.body);
        let mut attempt = Attempt {
            number: 1,
            ..Attempt::default()
        };
        self.sign(plan, prepared, options, body, &mut attempt).await
    }

    async fn sign(
        &self,
        plan: &Plan,
        prepared: &PreparedRequest,
        options: &CallOptions,
        mut body: WireBody,
        attempt: &mut Attempt,
    ) -> Result<WireRequest> {
        // Room for the headers of the signature, `amz-sdk-request` and `user-agent`.
        let mut headers = prepared.headers.clone_with_capacity(7);
        let mut features = prepared.features;
        let attempt_info = match (attempt.number, self.max_attempts(options), options.ttl) {
            (1, max, None) if max == self.retry.max_attempts => self.first_attempt_header.clone(),
            (number, max, None) => attempt_header(number, max),
            (number, max, Some(deadline)) => {
                let ttl = ttl(deadline, self.now());
                let ttl = str::from_utf8(&ttl).unwrap_or_default();
                Str::from(format!("ttl={ttl}; {}", attempt_header(number, max)))
            }
        };
        headers.set("amz-sdk-request", attempt_info);
        if let Some(make) = &options.url_headers {
            for (name, value) in make.make(prepared.url.as_str())? {
                headers.set(name.to_ascii_lowercase(), value);
            }
        }
        if let Some(interception) = &options.interception {
            interception
                .before(|interceptor, context| interceptor.before_sign(context, &mut headers))?;
        }
        let auth = &prepared.resolved.auth;
        let mut signer = None;
        match auth.scheme {
            _ if prepared.is_untrusted => {}
            AuthScheme::None => {}
            AuthScheme::Bearer => {
                let token = match &options.token {
                    Some(token) => Arc::clone(token),
                    None => self.identity.token(&auth.signing_name).await?,
                };
                features |= token.features;
                headers.set("authorization", format!("Bearer {}", token.token.expose()));
                attempt.identity = Some(SigningIdentity::Token(token));
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
                        (_, PreparedBody::Events(_)) => SignableBody::Events,
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
                attempt.clock_skew = self.retry_state.clock_skew.seconds();
                let now = self.skewed_now(attempt.clock_skew);
                let parts = sign(&signable, auth, &credentials, now, &self.keys, &mut headers)?;
                if let Some(form) = parts.form {
                    body = WireBody::Bytes(Bytes::from(form));
                }
                signer = parts.seed.map(|seed| {
                    FrameSigner::new(
                        &seed,
                        auth,
                        Arc::clone(&credentials),
                        Arc::clone(&self.keys),
                        Arc::clone(&self.clock),
                        attempt.clock_skew,
                    )
                });
                attempt.identity = Some(SigningIdentity::Credentials(credentials));
            }
        }
        if let PreparedBody::Events(input) = &prepared.body {
            let frames = EventFrames::new(input, signer);
            body = WireBody::Stream(ByteStream::from_restartable(Box::pin(frames)));
        }
        // Not part of the signature.
        headers.set("user-agent", self.user_agent.header(features));
        Ok(WireRequest {
            method: prepared.method.clone(),
            url: prepared.url.as_str().to_owned(),
            headers,
            body,
            read_timeout: Some(self.settings.read_timeout),
            // Events arrive when there are any.
            stall_limit: self
                .stall_limit
                .filter(|_| plan.event_stream.is_none() && plan.input_events().is_none()),
            version: plan.http,
            operation: Some(WireOperation::new(&plan.names)),
        })
    }
}

/// The reason that a retryable error is not retried.
enum NotRetried {
    SpentBody,
    Deadline(Duration),
}

impl fmt::Display for NotRetried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotRetried::SpentBody => f.write_str(
                "not retried, because the request body is a stream that can be read only once",
            ),
            NotRetried::Deadline(limit) => write!(
                f,
                "not retried, because the call's timeout of {limit:?} ends before the next attempt"
            ),
        }
    }
}

#[cold]
fn attempt_timeout_error(operation: &Operation, limit: Duration) -> Error {
    let message = format!(
        "{}: no response within the attempt's timeout of {limit:?}",
        operation.name
    );
    Error::new(ErrorKind::Timeout, message)
}

#[cold]
fn redirect_error(location: &str, redirects: u32) -> Error {
    let target = location.split('?').next().unwrap_or_default();
    let reason = if redirects == MAX_HTTP_REDIRECTS {
        "too many redirects"
    } else {
        "the request body is a stream that can be read only once, so it cannot be sent again"
    };
    Error::new(
        ErrorKind::Endpoint,
        format!("redirected to {target:?}: {reason}"),
    )
}

/// Returns the value of `amz-sdk-request` for an attempt.
pub(crate) fn attempt_header(attempt: u32, max: u32) -> Str {
    Str::from(format!("attempt={attempt}; max={max}"))
}
