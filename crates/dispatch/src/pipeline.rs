//! One call, from parameters to output: [`Service::call`] reads as the list of its steps.
//!
//! # Source
//! botocore `client.py:BaseClient._make_api_call`, `endpoint.py:Endpoint`.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use bytes::Bytes;
use inia_core::config::{AccountIdEndpointMode, ChecksumMode, ClientSettings};
use inia_core::ports::{Clock, Rng, UrlHeaders};
use inia_core::{
    Blob, Credentials, Error, ErrorKind, Result, Str, Timestamp, TimestampFormat, Token, Value,
};
use inia_endpoint::Endpoint;
use inia_model::{Operation, ServiceModel};
use inia_protocol::{Codec, Headers, Input, Request, Response};
use inia_signing::SigningKeyCache;

use crate::auth::{self, Auth, AuthScheme};
use crate::checksum::{self, RequestChecksum};
use crate::customization::{CallState, ErrorStage, OutputStage, ParamsStage, RequestStage, Rules};
use crate::discovery::Discovery;
use crate::endpoint::{EndpointBinding, EndpointOverrides, EndpointResolver};
use crate::express::ExpressSessions;
use crate::identity::Identities;
use crate::output::{Output, ResponseMetadata, request_id};
use crate::params::Params;
use crate::retry::{Backoff, RetryQuota, Verdict, classify};
use crate::sign::{Signable, SignableBody, sign};
use crate::transport::{HttpVersion, Transport, WireBody, WireRequest, WireResponse};
use crate::url::Url;
use crate::{ByteStream, EventStream};

/// The most bytes of a body that are read into memory.
pub(crate) const BODY_LIMIT: usize = 1 << 30;

/// Everything a client's calls share.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) model: Arc<ServiceModel>,
    pub(crate) codec: Arc<dyn Codec>,
    pub(crate) settings: ClientSettings,
    pub(crate) user_agent: Str,
    /// How many attempts a call makes in all.
    pub(crate) max_attempts: u32,
    pub(crate) resolver: EndpointResolver,
    pub(crate) discovery: Discovery,
    pub(crate) express: ExpressSessions,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) identities: Arc<dyn Identities>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) rng: Arc<dyn Rng>,
    pub(crate) keys: Arc<SigningKeyCache>,
    pub(crate) quota: RetryQuota,
    /// How far the services' clock is ahead of ours, in seconds, as an answer last said.
    pub(crate) clock_skew: AtomicI64,
    /// What was found to lie in another region than the client's, with that region.
    pub(crate) redirects: Mutex<HashMap<Str, Str>>,
    /// What is known about each operation, worked out on its first call.
    pub(crate) plans: Box<[OnceLock<Plan>]>,
}

/// What a call needs to know about its operation: worked out once.
#[derive(Debug)]
pub(crate) struct Plan {
    rules: Rules,
    endpoint: EndpointBinding,
    /// The members that get a fresh UUID when absent.
    idempotency_tokens: Box<[Str]>,
    /// The input's member that may be given as a stream.
    streaming_input: Option<Str>,
    /// The output's member that is left to be streamed.
    streaming_output: Option<Str>,
    /// The output's member that is an event stream.
    event_stream: Option<Str>,
    http: HttpVersion,
}

/// What a caller may add to the parameters.
#[derive(Debug, Default)]
pub(crate) struct CallOptions {
    /// The streaming member.
    pub(crate) stream: Option<ByteStream>,
    /// Headers to add to the request.
    pub(crate) headers: Headers,
    /// Credentials to use instead of the client's.
    pub(crate) credentials: Option<Arc<Credentials>>,
    /// A bearer token to use instead of the client's.
    pub(crate) token: Option<Token>,
    /// Headers that depend on the request's URL.
    pub(crate) url_headers: Option<UrlHeaders>,
}

/// A request in its service's format, before its body is finished.
pub(crate) struct Draft {
    pub(crate) request: Request,
    pub(crate) endpoint_url: String,
    pub(crate) auth: Auth,
    /// The path that the oldest signature covers, where it is not the one that is sent.
    pub(crate) auth_path: Option<String>,
}

/// A request ready to be signed and sent, as often as needed.
struct Prepared {
    method: Str,
    url: Url,
    auth_path: Option<String>,
    headers: Headers,
    body: Body,
    auth: Auth,
    checksum: Option<RequestChecksum>,
    streaming: bool,
}

enum Body {
    Bytes(Bytes),
    Stream {
        stream: Option<ByteStream>,
        sha256: Option<[u8; 32]>,
        chunked: bool,
    },
}

impl Service {
    pub(crate) fn plan(&self, operation: &Operation) -> Result<&Plan> {
        let cell = self.plans.get(operation.index as usize).ok_or_else(|| {
            Error::new(
                ErrorKind::Model,
                format!(
                    "{}: {} is another service's",
                    self.model.name(),
                    operation.name
                ),
            )
        })?;
        if let Some(plan) = cell.get() {
            return Ok(plan);
        }
        let plan = self.make_plan(operation)?;
        Ok(cell.get_or_init(|| plan))
    }

    fn make_plan(&self, operation: &Operation) -> Result<Plan> {
        let model = &*self.model;
        let tokens = model.input(operation).map_or_else(Box::default, |input| {
            let tokens = input
                .members
                .iter()
                .filter(|member| member.traits.is_idempotency_token());
            tokens.map(|member| member.name.clone()).collect()
        });
        let name = |member: Option<&inia_model::Member>| member.map(|member| member.name.clone());
        let h2 = model.metadata().h2.as_deref();
        let has_events = model.event_stream_output(operation).is_some()
            || model.event_stream_input(operation).is_some();
        Ok(Plan {
            rules: Rules::of(model.name(), &operation.name),
            endpoint: self.resolver.bind(model, operation)?,
            idempotency_tokens: tokens,
            streaming_input: name(
                model
                    .streaming_input(operation)
                    .or_else(|| model.event_stream_input(operation)),
            ),
            streaming_output: name(model.streaming_output(operation)),
            event_stream: name(model.event_stream_output(operation)),
            http: match h2 {
                Some("eventstream") if has_events => HttpVersion::Http2,
                _ => HttpVersion::Http1,
            },
        })
    }

    /// Makes one call.
    pub(crate) async fn call(
        &self,
        operation: &Operation,
        params: impl Into<Params>,
        mut options: CallOptions,
    ) -> Result<Output> {
        let plan = self.plan(operation)?;
        let mut params = params.into();
        let mut state = CallState::default();

        // 1. The parameters: a map, with what the service's own rules and the client's settings add.
        self.complete(operation, plan, &mut params, &options, &mut state)?;

        // 2. They must fit the operation's input.
        let streamed = if options.stream.is_some() {
            plan.streaming_input.as_deref()
        } else {
            None
        };
        self.validate(operation, &mut params, streamed.as_slice())?;

        self.redirect(&mut state);
        let mut redirects = 0;
        loop {
            // 3. The endpoint, its auth schemes with it.
            // 4. The request, in the service's wire format.
            // 5. The body: compressed, with its checksum.
            let mut prepared = self
                .prepare(operation, plan, &params, &mut options, &state)
                .await?;

            // 6. Attempts, until one succeeds or none is left.
            let attempted = self
                .attempts(operation, plan, &mut prepared, &options, &mut state)
                .await;
            match attempted {
                // The endpoint that was discovered no longer serves the call: another is asked for.
                Err(error)
                    if redirects < 2
                        && matches!(prepared.body, Body::Bytes(_))
                        && self.forget_discovered(operation, &params, &options, &error) =>
                {
                    redirects += 1;
                }
                Err(error) => return Err(error),
                // A rule knows better where the call belongs.
                Ok(Attempted::Again) if redirects < 2 => {
                    redirects += 1;
                    self.remember_redirect(&state);
                    if let Body::Stream { stream, .. } = prepared.body {
                        options.stream = stream;
                    }
                }
                Ok(Attempted::Again) => {
                    let message =
                        format!("{}: sent from region to region without end", operation.name);
                    return Err(Error::new(ErrorKind::Endpoint, message));
                }
                Ok(Attempted::Done(output)) => return Ok(*output),
            }
        }
    }

    /// Sends a call for what is known to lie elsewhere there at once.
    fn redirect(&self, state: &mut CallState) {
        if let Some(key) = &state.redirect_key {
            let known = self
                .redirects
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            state.region = known.get(key).cloned();
        }
    }

    /// Remembers where something lies; not more than a client meets in earnest.
    fn remember_redirect(&self, state: &CallState) {
        const MOST: usize = 1000;
        if let (Some(key), Some(region)) = (&state.redirect_key, &state.region) {
            let mut known = self
                .redirects
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            if known.len() < MOST {
                known.insert(key.clone(), region.clone());
            }
        }
    }

    /// Checks the parameters; members that are given as a stream need not be there.
    pub(crate) fn validate(
        &self,
        operation: &Operation,
        params: &mut Params,
        streamed: &[&str],
    ) -> Result<()> {
        if !self.settings.parameter_validation || self.model.fits(operation, params, streamed)? {
            return Ok(());
        }
        self.model.validate(operation, params.to_mut(), streamed)
    }

    pub(crate) fn complete(
        &self,
        operation: &Operation,
        plan: &Plan,
        params: &mut Params,
        options: &CallOptions,
        state: &mut CallState,
    ) -> Result<()> {
        if params.is_null() {
            *params = Params::Own(Value::map());
        }
        if options.stream.is_some() && plan.streaming_input.is_none() {
            let message = format!("{} takes no streaming body", operation.name);
            return Err(Error::new(ErrorKind::Validation, message));
        }
        for token in &plan.idempotency_tokens {
            if params[&**token].is_null()
                && let Some(map) = params.to_mut().as_map_mut()
            {
                map.insert(token.clone(), self.rng.uuid());
            }
        }
        let mode = operation
            .checksum
            .as_ref()
            .and_then(|traits| traits.request_validation_mode_member.as_ref());
        if let Some(member) = mode
            && self.settings.response_checksum_validation == ChecksumMode::WhenSupported
            && !state.presigning
            && params.get(member).is_none()
            && let Some(map) = params.to_mut().as_map_mut()
        {
            map.insert(member.clone(), "ENABLED");
        }
        for rule in &plan.rules.params {
            rule(&mut ParamsStage {
                model: &self.model,
                operation,
                params: params.to_mut(),
                state,
            })?;
        }
        Ok(())
    }

    async fn prepare(
        &self,
        operation: &Operation,
        plan: &Plan,
        params: &Value,
        options: &mut CallOptions,
        state: &CallState,
    ) -> Result<Prepared> {
        let draft = self.draft(operation, plan, params, options, state).await?;
        self.finish(operation, plan, params, draft, options.stream.take())
            .await
    }

    /// The request in the service's wire format, with where it goes and how it is signed.
    pub(crate) async fn draft(
        &self,
        operation: &Operation,
        plan: &Plan,
        params: &Value,
        options: &mut CallOptions,
        state: &CallState,
    ) -> Result<Draft> {
        let account = self.account_id(plan, options).await?;
        let (endpoint, auth) = self.address(
            operation,
            plan,
            params,
            state.force_path_style,
            state.region.as_deref(),
            account
                .as_ref()
                .and_then(|credentials| credentials.account_id.as_deref()),
        )?;
        let has_stream = options.stream.is_some();
        let mut request = self
            .codec
            .serialize(operation, Input { params, has_stream })?;
        for (name, values) in &endpoint.headers {
            if let Some(value) = values.first() {
                request
                    .headers
                    .set(name.to_ascii_lowercase(), value.as_str());
            }
        }
        if operation.is_endpoint_operation {
            // A service that tells its endpoints is asked for those of this API version.
            let version = self.model.metadata().api_version.clone();
            request.headers.set("x-amz-api-version", version);
        }
        let mut endpoint_url = match self.discovered(operation, params, options).await? {
            Some(url) => url,
            None => self.endpoint_url(&endpoint),
        };
        let mut auth_path = None;
        for rule in &plan.rules.request {
            rule(&mut RequestStage {
                model: &self.model,
                operation,
                params,
                request: &mut request,
                stream: &mut options.stream,
                endpoint_url: &mut endpoint_url,
                auth_path: &mut auth_path,
            })?;
        }
        if let Some(copy) = plan.rules.cross_region_copy {
            self.sign_copy(copy, plan, operation, params, options, &mut request)
                .await?;
        }
        for (name, value) in &options.headers {
            request.headers.set(name.clone(), value.clone());
        }
        Ok(Draft {
            request,
            endpoint_url,
            auth,
            auth_path,
        })
    }

    /// The endpoint of a call, in the client's region unless another is given, and the auth scheme with it.
    pub(crate) fn address(
        &self,
        operation: &Operation,
        plan: &Plan,
        params: &Value,
        force_path_style: Option<bool>,
        region: Option<&str>,
        account_id: Option<&str>,
    ) -> Result<(Arc<Endpoint>, Auth)> {
        let settings = &self.settings;
        let region = region.or(settings.region.as_deref());
        let overrides = EndpointOverrides {
            force_path_style,
            region,
            account_id,
        };
        let endpoint = self
            .resolver
            .resolve(&plan.endpoint, params, settings, overrides)?;
        let metadata = self.model.metadata();
        let mut auth = auth::resolve(operation, metadata, &endpoint, settings, region)?;
        if let Some(scheme) = plan.rules.scheme
            && auth.scheme != AuthScheme::None
            && settings.signature_version.is_none()
        {
            auth.scheme = scheme;
        }
        if auth.scheme == AuthScheme::S3Express {
            let bucket = params.get("Bucket").and_then(Value::as_str);
            auth.session_bucket = bucket.map(Str::from);
        }
        Ok((endpoint, auth))
    }

    /// An endpoint's URL, without TLS where the client is to do without.
    pub(crate) fn endpoint_url(&self, endpoint: &Endpoint) -> String {
        match endpoint.url.strip_prefix("https://") {
            Some(rest) if !self.settings.use_ssl && self.settings.endpoint_url.is_none() => {
                format!("http://{rest}")
            }
            _ => endpoint.url.clone(),
        }
    }

    /// The credentials, where the endpoint depends on whose they are.
    async fn account_id(
        &self,
        plan: &Plan,
        options: &CallOptions,
    ) -> Result<Option<Arc<Credentials>>> {
        if !plan.endpoint.wants_account_id
            || self.settings.is_unsigned()
            || self.settings.account_id_endpoint_mode == AccountIdEndpointMode::Disabled
            || self.settings.endpoint_url.is_some()
        {
            return Ok(None);
        }
        self.credentials(options).await.map(Some)
    }

    /// The credentials to sign with: a bucket's session where the auth scheme asks for one, else the caller's.
    pub(crate) async fn signing_credentials(
        &self,
        auth: &Auth,
        options: &CallOptions,
    ) -> Result<Arc<Credentials>> {
        match &auth.session_bucket {
            Some(bucket) => self.express_session(bucket, options).await,
            None => self.credentials(options).await,
        }
    }

    async fn credentials(&self, options: &CallOptions) -> Result<Arc<Credentials>> {
        match &options.credentials {
            Some(given) => Ok(Arc::clone(given)),
            None => match self.identities.fresh() {
                Some(fresh) => Ok(fresh),
                None => self.identities.credentials().await,
            },
        }
    }

    async fn finish(
        &self,
        operation: &Operation,
        plan: &Plan,
        params: &Value,
        draft: Draft,
        stream: Option<ByteStream>,
    ) -> Result<Prepared> {
        let Draft {
            mut request,
            endpoint_url,
            auth,
            auth_path,
        } = draft;
        let settings = &self.settings;
        let prefix = request
            .host_prefix
            .as_deref()
            .filter(|_| settings.inject_host_prefix)
            .unwrap_or_default();
        let url = Url::new(&endpoint_url, prefix, &request.path, &request.query)?;
        let streaming = plan.streaming_input.is_some();
        let may_trail = streaming
            && (url.is_tls()
                || stream
                    .as_ref()
                    .is_some_and(|stream| stream.try_clone().is_none()));
        let compress_from = settings.request_min_compression_size_bytes as usize;
        if !settings.disable_request_compression
            && stream.is_none()
            && request.body.len() >= compress_from
        {
            inia_protocol::compress(operation, &mut request)?;
        }
        let headers = &mut request.headers;
        let input = self.model.input(operation);
        let checksum = checksum::for_request(
            operation,
            input,
            params,
            headers,
            settings.request_checksum_calculation,
            may_trail,
        )?;
        let body = match stream {
            None if checksum.is_some_and(|checksum| checksum.in_trailer) => {
                chunked(ByteStream::from(request.body), checksum, headers)
            }
            None => {
                if let Some(RequestChecksum { algorithm, .. }) = checksum {
                    headers.set(
                        algorithm.header(),
                        checksum::checksum(algorithm, &request.body),
                    );
                }
                Body::Bytes(request.body)
            }
            Some(stream) if checksum.is_some_and(|checksum| checksum.in_trailer) => {
                chunked(stream, checksum, headers)
            }
            Some(stream) => {
                // What can be read twice is read once ahead, for the checksum in its header and the hash in the signature.
                let sha256 = match stream.try_clone() {
                    None => None,
                    Some(copy) => {
                        Some(read_ahead(copy, checksum, headers, !url.is_tls()).await?).flatten()
                    }
                };
                Body::Stream {
                    stream: Some(stream),
                    sha256,
                    chunked: false,
                }
            }
        };
        headers.set("user-agent", self.user_agent.clone());
        headers.set("amz-sdk-invocation-id", self.rng.uuid());
        Ok(Prepared {
            method: request.method,
            url,
            auth_path,
            headers: request.headers,
            body,
            auth,
            checksum,
            streaming,
        })
    }

    async fn attempts(
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

    pub(crate) fn now(&self) -> Timestamp {
        let now = self.clock.now();
        match self.clock_skew.load(Ordering::Relaxed) {
            0 => now,
            skew => Timestamp::new(now.seconds().saturating_add(skew), now.nanoseconds()),
        }
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
        let mut headers = prepared.headers.clone();
        headers.set("amz-sdk-request", format!("attempt={attempt}; max={max}"));
        if let Some(make) = &options.url_headers {
            for (name, value) in make.make(prepared.url.as_str())? {
                headers.set(name.to_ascii_lowercase(), value);
            }
        }
        let mut wire_body = body.wire;
        match prepared.auth.scheme {
            AuthScheme::None => {}
            AuthScheme::Bearer => {
                let token = match &options.token {
                    Some(given) => given.clone(),
                    None => self.identities.token(&prepared.auth.signing_name).await?,
                };
                headers.set("authorization", format!("Bearer {}", token.token.expose()));
            }
            _ => {
                let credentials = self.signing_credentials(&prepared.auth, options).await?;
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
                if let Some(form) = sign(
                    &signable,
                    &prepared.auth,
                    &credentials,
                    now,
                    &self.keys,
                    &mut headers,
                )? {
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

    /// The output of an operation whose body stays a stream: the rest of it is in the headers.
    async fn stream_output(
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

    async fn whole_output(
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

enum Attempted {
    Done(Box<Output>),
    /// A rule changed where the call goes: prepare it again.
    Again,
}

impl Attempted {
    fn done(output: Output) -> Self {
        Attempted::Done(Box::new(output))
    }
}

/// The body of one attempt.
struct AttemptBody {
    wire: WireBody,
}

/// The body for the next attempt, and whether there is none for another one after it.
fn next_body(body: &mut Body) -> (AttemptBody, bool) {
    match body {
        Body::Bytes(bytes) => (
            AttemptBody {
                wire: WireBody::Bytes(bytes.clone()),
            },
            false,
        ),
        Body::Stream { stream, .. } => match stream.as_ref().and_then(ByteStream::try_clone) {
            Some(copy) => (
                AttemptBody {
                    wire: WireBody::Stream(copy),
                },
                false,
            ),
            None => {
                let last = stream.take().unwrap_or_default();
                (
                    AttemptBody {
                        wire: WireBody::Stream(last),
                    },
                    true,
                )
            }
        },
    }
}

/// An aws-chunked body with its checksum behind it, and the headers that say so.
fn chunked(stream: ByteStream, checksum: Option<RequestChecksum>, headers: &mut Headers) -> Body {
    let Some(RequestChecksum { algorithm, .. }) = checksum else {
        return Body::Stream {
            stream: Some(stream),
            sha256: None,
            chunked: false,
        };
    };
    let encoding = match headers.get("content-encoding") {
        Some(encoding) if !encoding.is_empty() => format!("{encoding},aws-chunked"),
        _ => "aws-chunked".to_owned(),
    };
    headers.set("content-encoding", encoding);
    headers.set("x-amz-trailer", algorithm.header());
    if let Some(length) = stream.len() {
        headers.set("x-amz-decoded-content-length", length.to_string());
    }
    headers.remove("content-length");
    Body::Stream {
        stream: Some(checksum::aws_chunked(stream, algorithm)),
        sha256: None,
        chunked: true,
    }
}

/// Reads a body once ahead: sets the header of its checksum, and answers its SHA-256 where the signature will cover it.
async fn read_ahead(
    mut body: ByteStream,
    checksum: Option<RequestChecksum>,
    headers: &mut Headers,
    hash: bool,
) -> Result<Option<[u8; 32]>> {
    use futures_util::StreamExt as _;
    use sha2::Digest as _;
    let mut checksum = checksum.map(|checksum| {
        (
            checksum.algorithm,
            checksum::Hasher::new(checksum.algorithm),
        )
    });
    let mut sha256 = hash.then(sha2::Sha256::new);
    if checksum.is_none() && sha256.is_none() {
        return Ok(None);
    }
    while let Some(chunk) = body.next().await {
        let chunk = chunk?;
        if let Some((_, hasher)) = &mut checksum {
            hasher.update(&chunk);
        }
        if let Some(hasher) = &mut sha256 {
            hasher.update(&chunk);
        }
    }
    if let Some((algorithm, hasher)) = checksum {
        headers.set(algorithm.header(), hasher.finish());
    }
    Ok(sha256.map(|hasher| hasher.finalize().into()))
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
