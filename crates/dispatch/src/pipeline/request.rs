//! Builds the request of a call: completes and validates parameters, resolves the endpoint, serializes, finishes the body.

use std::sync::{Arc, PoisonError};

use bytes::Bytes;
use inia_core::config::{AccountIdEndpointMode, ChecksumMode, trace_header};
use inia_core::{Credentials, Error, ErrorKind, Problem, Result, Str, UserAgentFeatures, Value};
use inia_endpoint::Endpoint;
use inia_model::Operation;
use inia_protocol::{Headers, Input, Request};

use super::discovery::DiscoveredEndpoints;
use super::{CallOptions, Plan, Service};
use crate::ByteStream;
use crate::auth::{self, Auth, AuthScheme, DefaultScope};
use crate::checksum::{self, RequestChecksum};
use crate::customization::{CallState, ParamsStage, RequestStage};
use crate::endpoint::EndpointOverrides;
use crate::event_stream::EventInput;
use crate::params::ParamsValue;
use crate::sign::content_md5;
use crate::transport::WireBody;
use crate::url::{BaseUrl, Url};

/// A serialized request, before compression, checksum and signature.
pub(crate) struct RequestDraft {
    pub(crate) request: Request,
    pub(crate) endpoint_url: Arc<BaseUrl>,
    pub(crate) resolved: Arc<ResolvedEndpoint>,
    /// The directory bucket whose S3 Express session signs the request.
    pub(crate) session_bucket: Option<Str>,
    /// The path that the HMAC-SHA1 signature covers, if it differs from the request's path.
    pub(crate) auth_path: Option<String>,
    /// The discovered endpoints that `endpoint_url` is from.
    discovered: Option<Arc<DiscoveredEndpoints>>,
    /// Features for the user agent.
    features: UserAgentFeatures,
}

/// The endpoint and auth scheme of a call.
#[derive(Debug)]
pub(crate) struct ResolvedEndpoint {
    pub(crate) endpoint: Arc<Endpoint>,
    /// The endpoint's URL, with the scheme that the client's settings ask for.
    pub(crate) url: Arc<BaseUrl>,
    pub(crate) auth: Auth,
    /// The region override of the call, if any.
    region: Option<Str>,
    /// True if every call of the operation without overrides resolves to this endpoint.
    is_fixed: bool,
}

impl ResolvedEndpoint {
    /// Returns the same endpoint with a bearer token in place of a signature. Unsigned calls stay unsigned.
    fn with_bearer(self: Arc<Self>) -> Arc<Self> {
        if matches!(self.auth.scheme, AuthScheme::None | AuthScheme::Bearer) {
            return self;
        }
        Arc::new(ResolvedEndpoint {
            endpoint: Arc::clone(&self.endpoint),
            url: Arc::clone(&self.url),
            auth: Auth {
                scheme: AuthScheme::Bearer,
                ..self.auth.clone()
            },
            region: self.region.clone(),
            is_fixed: self.is_fixed,
        })
    }
}

/// A request ready to be signed and sent, once per attempt.
pub(super) struct PreparedRequest {
    pub(super) method: Str,
    pub(super) url: Url,
    /// The prefix that the operation adds to the host; empty if none.
    pub(super) host_prefix: String,
    /// True after a redirect to another host, to which no credentials are sent.
    pub(super) is_untrusted: bool,
    pub(super) auth_path: Option<String>,
    /// The discovered endpoints that the request goes to.
    pub(super) discovered: Option<Arc<DiscoveredEndpoints>>,
    pub(super) headers: Headers,
    pub(super) body: PreparedBody,
    pub(super) resolved: Arc<ResolvedEndpoint>,
    pub(super) session_bucket: Option<Str>,
    pub(super) checksum: Option<RequestChecksum>,
    pub(super) streaming: bool,
    /// Features for the user agent, without those of the identity.
    pub(super) features: UserAgentFeatures,
}

impl PreparedRequest {
    /// Sends the request to the target of an HTTP redirect. Another host receives no credentials: neither a signature nor encryption
    /// keys.
    pub(super) fn redirect(&mut self, location: &str) -> Result<()> {
        let url = self.url.redirected(location)?;
        if !url.has_trusted_host(&self.url) {
            self.is_untrusted = true;
            for name in SECRET_HEADERS {
                self.headers.remove(name);
            }
        }
        tracing::debug!(
            status = "redirect",
            host = url.authority(),
            "following a redirect of the endpoint"
        );
        self.url = url;
        Ok(())
    }
}

pub(super) enum PreparedBody {
    Bytes(Bytes),
    Stream {
        stream: Option<ByteStream>,
        sha256: Option<[u8; 32]>,
        chunked: bool,
    },
    /// Events, which are signed by the signature of their attempt.
    Events(Arc<EventInput>),
}

impl PreparedBody {
    /// Returns true if the body of the last attempt cannot be sent again.
    pub(super) fn is_spent(&self) -> bool {
        match self {
            PreparedBody::Bytes(_) => false,
            PreparedBody::Stream { stream, .. } => stream.is_none(),
            PreparedBody::Events(input) => !input.is_replayable(),
        }
    }
}

impl Service {
    /// Validates the parameters. Required members named in `streamed` may be absent.
    ///
    /// The fast path serializes the request while it validates, and returns the request for [`Service::draft`]. The slow path
    /// validates only: it reports every problem and normalizes spellings, and `draft` serializes later.
    pub(crate) fn validate(
        &self,
        operation: &Operation,
        params: &mut ParamsValue,
        streamed: &[&str],
    ) -> Result<Option<Request>> {
        if !self.settings.parameter_validation {
            return Ok(None);
        }
        if streamed.is_empty() {
            let serialized = self
                .codec
                .serialize_strict(operation, Input::from(&**params));
            if serialized.is_some() {
                return Ok(serialized);
            }
        }
        if !self.model.validate_as_is(operation, params, streamed)? {
            self.model.validate(operation, params.to_mut(), streamed)?;
        }
        Ok(None)
    }

    /// Completes the parameters: idempotency tokens, the checksum mode, and the customizations of the operation.
    pub(crate) fn complete_params(
        &self,
        operation: &Operation,
        plan: &Plan,
        params: &mut ParamsValue,
        options: &CallOptions,
        state: &mut CallState,
    ) -> Result<()> {
        if params.is_null() {
            *params = ParamsValue::Owned(Value::map());
        }
        if let Some(interception) = &options.interception {
            let params = params.to_mut();
            interception
                .before(|interceptor, context| interceptor.before_params(context, params))?;
        }
        if plan.input_events.is_some() && options.events.is_none() {
            let demand = if state.presigning {
                "it cannot be presigned"
            } else {
                "pass its events with `events`, `event_stream` or `duplex`"
            };
            let message = format!(
                "the input of {} is an event stream: {demand}",
                operation.name
            );
            return Err(Error::new(ErrorKind::Validation, message));
        }
        if options.stream.is_some() && plan.streaming_input.is_none() {
            let message = format!("{} does not accept a streaming body", operation.name);
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
        for hook in &plan.hooks.params {
            hook(&mut ParamsStage {
                model: &self.model,
                operation,
                params: params.to_mut(),
                state,
            })?;
        }
        if let Some(interception) = &options.interception {
            let params = params.to_mut();
            interception
                .before(|interceptor, context| interceptor.after_params(context, params))?;
        }
        Ok(())
    }

    pub(super) async fn prepare(
        &self,
        operation: &Operation,
        plan: &Plan,
        params: &Value,
        serialized: Option<Request>,
        options: &mut CallOptions,
        state: &CallState,
    ) -> Result<PreparedRequest> {
        let draft = self
            .draft(operation, plan, params, serialized, options, state)
            .await?;
        let (stream, events) = (options.stream.take(), options.events.clone());
        self.finish(operation, plan, params, draft, stream, events)
            .await
    }

    /// Returns true if a call is signed with a bearer token wherever its operation offers that: a token was given and no credentials,
    /// or the environment has one for the service.
    fn prefers_token(&self, options: &CallOptions) -> bool {
        match (&options.token, &options.credentials) {
            (Some(_), None) => true,
            (None, None) => self.has_env_token,
            _ => false,
        }
    }

    /// Serializes the request, unless `serialized` already holds it, and resolves its endpoint and auth scheme.
    pub(crate) async fn draft(
        &self,
        operation: &Operation,
        plan: &Plan,
        params: &Value,
        serialized: Option<Request>,
        options: &mut CallOptions,
        state: &CallState,
    ) -> Result<RequestDraft> {
        let account = self.account_credentials(plan, options).await?;
        let account_id = account
            .as_ref()
            .and_then(|credentials| credentials.account_id.as_deref());
        let mut features = options.features;
        let account_id_member = plan.endpoint.account_id_member.as_ref();
        if account_id.is_some()
            || account_id_member.is_some_and(|member| !params[&**member].is_null())
        {
            features |= UserAgentFeatures::RESOLVED_ACCOUNT_ID;
        }
        if state.region.is_some() {
            features |= UserAgentFeatures::S3_REGION_REDIRECT;
        }
        let resolved = self.resolve_endpoint(
            operation,
            plan,
            params,
            state.force_path_style,
            state.region.as_deref(),
            account_id,
        )?;
        let has_stream = options.stream.is_some();
        let resolved = if plan.offers_bearer && self.prefers_token(options) && !state.presigning {
            resolved.with_bearer()
        } else {
            resolved
        };
        let mut request = match serialized {
            Some(request) => request,
            None => self
                .codec
                .serialize(operation, Input { params, has_stream })?,
        };
        for (name, values) in &resolved.endpoint.headers {
            if let Some(value) = values.first() {
                request
                    .headers
                    .set(name.to_ascii_lowercase(), value.as_str());
            }
        }
        if operation.is_endpoint_operation {
            // Endpoints are discovered per API version.
            let version = self.model.metadata().api_version.clone();
            request.headers.set("x-amz-api-version", version);
        }
        let mut discovered = None;
        let mut endpoint_url = match self.discover_endpoint(operation, params, options).await? {
            Some((url, endpoints)) => {
                discovered = Some(endpoints);
                Arc::new(BaseUrl::parse(&url)?)
            }
            None => Arc::clone(&resolved.url),
        };
        let mut auth_path = None;
        for hook in &plan.hooks.request {
            hook(&mut RequestStage {
                model: &self.model,
                operation,
                params,
                request: &mut request,
                stream: &mut options.stream,
                endpoint_url: &mut endpoint_url,
                auth_path: &mut auth_path,
            })?;
        }
        if let Some(copy) = plan.hooks.cross_region_copy {
            // Boxed because it is rare: the future of every other call stays small.
            let presigned =
                self.presign_copy_source(copy, plan, operation, params, options, &mut request);
            Box::pin(presigned).await?;
        }
        for (name, value) in &options.headers {
            request.headers.set(name.clone(), value.clone());
        }
        if let Some(interception) = &options.interception {
            interception.before(|interceptor, context| {
                interceptor.after_serialize(context, &mut request)
            })?;
        }
        let session_bucket = params
            .get("Bucket")
            .filter(|_| resolved.auth.scheme == AuthScheme::S3Express)
            .and_then(Value::as_str)
            .map(Str::from);
        Ok(RequestDraft {
            request,
            endpoint_url,
            resolved,
            session_bucket,
            auth_path,
            discovered,
            features,
        })
    }

    /// Resolves the endpoint and auth scheme of a call, in the client's region unless `region` overrides it.
    ///
    /// The result of the operation's last call is reused if the call goes to the same endpoint.
    pub(crate) fn resolve_endpoint(
        &self,
        operation: &Operation,
        plan: &Plan,
        params: &Value,
        force_path_style: Option<bool>,
        region: Option<&str>,
        account_id: Option<&str>,
    ) -> Result<Arc<ResolvedEndpoint>> {
        let settings = &self.settings;
        let is_fixed = plan.endpoint.is_fixed && force_path_style.is_none() && region.is_none();
        let last = plan
            .last_resolved
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let last = last.filter(|last| last.region.as_deref() == region);
        if let Some(last) = last.as_ref().filter(|last| is_fixed && last.is_fixed) {
            return Ok(Arc::clone(last));
        }
        let plan_region = plan.region.as_deref().or(settings.region.as_deref());
        let overrides = EndpointOverrides {
            force_path_style,
            region: region.or(plan_region),
            account_id,
        };
        let endpoint = self
            .resolver
            .resolve(&plan.endpoint, params, settings, overrides)?;
        if let Some(last) = last.filter(|last| Arc::ptr_eq(&last.endpoint, &endpoint)) {
            return Ok(last);
        }
        let metadata = self.model.metadata();
        let scope = DefaultScope {
            signing_name: plan.signing_name,
            region: self.signing_region.as_deref().or(overrides.region),
        };
        let mut auth = auth::resolve(operation, metadata, &endpoint, settings, scope)?;
        if let Some(scheme) = plan.hooks.scheme
            && auth.scheme != AuthScheme::None
            && settings.signature_version.is_none()
        {
            auth.scheme = scheme;
        }
        let url = match endpoint.url.strip_prefix("https://") {
            Some(rest) if !settings.use_ssl && settings.endpoint_url.is_none() => {
                BaseUrl::parse(&format!("http://{rest}"))?
            }
            _ => BaseUrl::parse(&endpoint.url)?,
        };
        let url = match &settings.endpoint_url {
            Some(custom) if ACCOUNT_PREFIX_SERVICES.contains(&&**self.model.name()) => {
                without_prefix(url, &BaseUrl::parse(custom)?)
            }
            _ => url,
        };
        let resolved = Arc::new(ResolvedEndpoint {
            endpoint,
            url: Arc::new(url),
            auth,
            region: region.map(Str::from),
            is_fixed,
        });
        let mut last = plan
            .last_resolved
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *last = Some(Arc::clone(&resolved));
        Ok(resolved)
    }

    /// Returns the credentials if the endpoint depends on their account id.
    async fn account_credentials(
        &self,
        plan: &Plan,
        options: &CallOptions,
    ) -> Result<Option<Arc<Credentials>>> {
        if !plan.endpoint.uses_account_id
            || self.settings.is_unsigned()
            || self.settings.account_id_endpoint_mode == AccountIdEndpointMode::Disabled
            || self.settings.endpoint_url.is_some()
        {
            return Ok(None);
        }
        self.credentials(options).await.map(Some)
    }

    /// Returns the credentials to sign with: the S3 Express session of `session_bucket`, or else the caller's credentials.
    pub(crate) async fn signing_credentials(
        &self,
        session_bucket: Option<&str>,
        options: &CallOptions,
    ) -> Result<Arc<Credentials>> {
        match session_bucket {
            Some(bucket) => Box::pin(self.express_session(bucket, options)).await,
            None => self.credentials(options).await,
        }
    }

    pub(crate) async fn credentials(&self, options: &CallOptions) -> Result<Arc<Credentials>> {
        match &options.credentials {
            Some(credentials) => Ok(Arc::clone(credentials)),
            None => match self.identity.cached_credentials() {
                Some(cached) => Ok(cached),
                None => self.identity.credentials().await,
            },
        }
    }

    /// Returns the prefix that the operation adds to the endpoint's host. Hosts without subdomains get none.
    ///
    /// DIFFERENCE: botocore adds the prefix to IP addresses and `localhost` as well.
    pub(crate) fn host_prefix<'a>(&self, request: &'a Request, endpoint_url: &BaseUrl) -> &'a str {
        request
            .host_prefix
            .as_deref()
            .filter(|_| self.settings.inject_host_prefix && endpoint_url.has_subdomains())
            .unwrap_or_default()
    }

    /// Finishes the request: URL, compression, checksum, and the headers that do not change from attempt to attempt.
    async fn finish(
        &self,
        operation: &Operation,
        plan: &Plan,
        params: &Value,
        draft: RequestDraft,
        stream: Option<ByteStream>,
        events: Option<Arc<EventInput>>,
    ) -> Result<PreparedRequest> {
        let RequestDraft {
            mut request,
            endpoint_url,
            resolved,
            session_bucket,
            auth_path,
            discovered,
            mut features,
        } = draft;
        let settings = &self.settings;
        let host_prefix = self.host_prefix(&request, &endpoint_url).to_owned();
        let url = Url::new(&endpoint_url, &host_prefix, &request.path, &request.query);
        let streaming = plan.streaming_input.is_some();
        let stream = match stream {
            None => None,
            Some(stream) => Some(
                sized_stream(
                    operation,
                    stream,
                    plan.requires_length,
                    &mut request.headers,
                )
                .await?,
            ),
        };
        let allow_trailer = streaming
            && settings.s3.checksum_trailers.unwrap_or(true)
            && (url.is_tls()
                || stream
                    .as_ref()
                    .is_some_and(|stream| stream.try_clone().is_none()));
        let min_compression_size = settings.request_min_compression_size_bytes as usize;
        if !settings.disable_request_compression
            && stream.is_none()
            && events.is_none()
            && request.body.len() >= min_compression_size
            && inia_protocol::compress(operation, &mut request)?
        {
            features |= UserAgentFeatures::GZIP_REQUEST_COMPRESSION;
        }
        if let Some(events) = &events
            && let Some(message) = self.codec.initial_request(&mut request)
        {
            events.set_initial_request(message.encode()?);
        }
        let headers = &mut request.headers;
        let input = self.model.input(operation);
        let checksum = if stream.is_none()
            && settings.s3.content_md5 == Some(true)
            && S3_SERVICES.contains(&&**self.model.name())
            && checksum::needs_default(operation, params, headers)
        {
            headers.set("content-md5", content_md5(&request.body));
            None
        } else {
            checksum::for_request(
                operation,
                input,
                params,
                headers,
                settings.request_checksum_calculation,
                allow_trailer,
            )?
        };
        features |= match checksum {
            Some(checksum) => checksum.algorithm.feature(),
            None => checksum::features_in_headers(headers),
        };
        let body = match stream {
            _ if let Some(events) = events => PreparedBody::Events(events),
            None if checksum.is_some_and(|checksum| checksum.in_trailer) => {
                aws_chunked_body(ByteStream::from(request.body), checksum, headers)
            }
            None => {
                if let Some(RequestChecksum { algorithm, .. }) = checksum {
                    headers.set(
                        algorithm.header(),
                        checksum::checksum(algorithm, &request.body),
                    );
                }
                PreparedBody::Bytes(request.body)
            }
            Some(stream) if checksum.is_some_and(|checksum| checksum.in_trailer) => {
                aws_chunked_body(stream, checksum, headers)
            }
            Some(stream) => {
                // A replayable body is read ahead once, for the checksum header and the SHA-256 in the signature.
                let sha256 = match stream.try_clone() {
                    None if checksum.is_some() => {
                        return Err(Error::from_problems(
                            &operation.name,
                            vec![Problem {
                                path: String::new(),
                                message: "the checksum of a stream that can be read only once requires a trailer, which s3.checksum_trailers disables: set the checksum, or send bytes or a file".to_owned(),
                            }],
                        ));
                    }
                    None => None,
                    Some(copy) => {
                        let digest = read_ahead(copy, checksum, headers, !url.is_tls());
                        Box::pin(digest).await?
                    }
                };
                PreparedBody::Stream {
                    stream: Some(stream),
                    sha256,
                    chunked: false,
                }
            }
        };
        headers.set("amz-sdk-invocation-id", self.rng.uuid());
        if let Some(env) = &self.lambda_env
            && !headers.contains("x-amzn-trace-id")
            && let Some(trace) = trace_header(&**env)
        {
            headers.set("x-amzn-trace-id", trace);
        }
        Ok(PreparedRequest {
            method: request.method,
            url,
            host_prefix,
            is_untrusted: false,
            auth_path,
            headers: request.headers,
            body,
            discovered,
            resolved,
            session_bucket,
            checksum,
            streaming,
            features,
        })
    }
}

/// Services with the options of S3.
const S3_SERVICES: [&str; 2] = ["s3", "s3control"];

/// Services whose endpoint rules add the account id to the host of a custom endpoint, and whose requests contain it elsewhere too.
const ACCOUNT_PREFIX_SERVICES: [&str; 2] = ["cloudfront-keyvaluestore", "s3control"];

/// Returns the URL without the prefix that the endpoint rules add to a custom endpoint, if that has no subdomains.
///
/// DIFFERENCE: botocore sends such requests to hosts such as `123456789012.127.0.0.1`.
fn without_prefix(url: BaseUrl, custom: &BaseUrl) -> BaseUrl {
    let is_prefixed = url
        .authority()
        .strip_suffix(custom.authority())
        .is_some_and(|prefix| prefix.ends_with('.'));
    if is_prefixed && !custom.has_subdomains() {
        custom.clone()
    } else {
        url
    }
}

/// Headers that carry keys and are not part of the signature.
const SECRET_HEADERS: [&str; 9] = [
    "authorization",
    "cookie",
    "proxy-authorization",
    "x-amz-security-token",
    "x-amz-s3session-token",
    "x-amz-server-side-encryption-customer-key",
    "x-amz-server-side-encryption-customer-key-md5",
    "x-amz-copy-source-server-side-encryption-customer-key",
    "x-amz-copy-source-server-side-encryption-customer-key-md5",
];

/// Maximum size of a body of unknown length that is buffered for a service that requires its length, in bytes.
const MAX_BUFFERED: usize = 8 << 20;

/// Rejects a length in the parameters that is not the length of the stream.
fn check_length(operation: &Operation, headers: &Headers, length: u64) -> Result<()> {
    let Some(stated) = headers.get("content-length") else {
        return Ok(());
    };
    if stated.parse() == Ok(length) {
        return Ok(());
    }
    Err(Error::from_problems(
        &operation.name,
        vec![Problem {
            path: "ContentLength".to_owned(),
            message: format!("is {stated}, but the body has {length} bytes"),
        }],
    ))
}

/// Returns a stream that ends with an error if its length is not the stated one.
///
/// A body of unknown length is buffered if the service requires its length.
async fn sized_stream(
    operation: &Operation,
    stream: ByteStream,
    requires_length: bool,
    headers: &mut Headers,
) -> Result<ByteStream> {
    if let Some(length) = stream.len() {
        check_length(operation, headers, length)?;
        return Ok(stream.with_exact_length(length));
    }
    if let Some(length) = headers
        .get("content-length")
        .and_then(|text| text.parse().ok())
    {
        return Ok(stream.with_exact_length(length));
    }
    if !requires_length {
        return Ok(stream);
    }
    // Boxed because it is rare: the future of every other call stays small.
    match Box::pin(stream.read_up_to(MAX_BUFFERED)).await? {
        Some(bytes) => Ok(ByteStream::from(bytes)),
        None => Err(Error::from_problems(
            &operation.name,
            vec![Problem {
                path: String::new(),
                message: format!(
                    "the body is a stream of unknown length with more than {MAX_BUFFERED} bytes: set ContentLength, or upload the stream in parts"
                ),
            }],
        )),
    }
}

/// Returns the body of the next attempt. That of an event stream is made when the request is signed.
pub(super) fn next_body(body: &mut PreparedBody) -> WireBody {
    match body {
        PreparedBody::Bytes(bytes) => WireBody::Bytes(bytes.clone()),
        PreparedBody::Stream { stream, .. } => {
            let copy = stream.as_ref().and_then(ByteStream::try_clone);
            WireBody::Stream(copy.unwrap_or_else(|| stream.take().unwrap_or_default()))
        }
        PreparedBody::Events(_) => WireBody::Bytes(Bytes::new()),
    }
}

/// Encodes a body as aws-chunked with its checksum in a trailer, and sets the headers of that encoding.
fn aws_chunked_body(
    stream: ByteStream,
    checksum: Option<RequestChecksum>,
    headers: &mut Headers,
) -> PreparedBody {
    let Some(RequestChecksum { algorithm, .. }) = checksum else {
        return PreparedBody::Stream {
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
    PreparedBody::Stream {
        stream: Some(checksum::aws_chunked(stream, algorithm)),
        sha256: None,
        chunked: true,
    }
}

/// Reads a body ahead: sets its checksum header, and returns its SHA-256 if `hash` asks for it.
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
    let mut update = |chunk: &[u8]| {
        if let Some((_, hasher)) = &mut checksum {
            hasher.update(chunk);
        }
        if let Some(hasher) = &mut sha256 {
            hasher.update(chunk);
        }
    };
    // Reading bytes at their pace would take the time of sending them.
    if let Some(bytes) = body.as_bytes() {
        update(bytes);
    } else {
        while let Some(chunk) = body.next().await {
            update(&chunk?);
        }
    }
    if let Some((algorithm, hasher)) = checksum {
        headers.set(algorithm.header(), hasher.finish());
    }
    Ok(sha256.map(|hasher| hasher.finalize().into()))
}
