//! The request of a call: completed parameters, endpoint, wire format, body.

use std::sync::{Arc, PoisonError};

use bytes::Bytes;
use inia_core::config::{AccountIdEndpointMode, ChecksumMode};
use inia_core::{Credentials, Error, ErrorKind, Result, Str, Value};
use inia_endpoint::Endpoint;
use inia_model::Operation;
use inia_protocol::{Headers, Input, Request};

use super::{CallOptions, Plan, Service};
use crate::ByteStream;
use crate::auth::{self, Auth, AuthScheme};
use crate::checksum::{self, RequestChecksum};
use crate::customization::{CallState, ParamsStage, RequestStage};
use crate::endpoint::EndpointOverrides;
use crate::params::Params;
use crate::transport::WireBody;
use crate::url::{BaseUrl, Url};

/// A request in its service's format, before its body is finished.
pub(crate) struct Draft {
    pub(crate) request: Request,
    pub(crate) endpoint_url: Arc<BaseUrl>,
    pub(crate) address: Arc<Address>,
    /// The bucket whose session signs, for S3 Express.
    pub(crate) session_bucket: Option<Str>,
    /// The path that the oldest signature covers, where it is not the one that is sent.
    pub(crate) auth_path: Option<String>,
}

/// Where a call goes, and how it is signed.
#[derive(Debug)]
pub(crate) struct Address {
    pub(crate) endpoint: Arc<Endpoint>,
    /// The endpoint's URL, as the client's settings have it.
    pub(crate) url: Arc<BaseUrl>,
    pub(crate) auth: Auth,
    /// The region that was asked for in place of the client's.
    region: Option<Str>,
    /// Whether every call of the operation goes there that asks for nothing else.
    is_fixed: bool,
}

/// A request ready to be signed and sent, as often as needed.
pub(super) struct Prepared {
    pub(super) method: Str,
    pub(super) url: Url,
    pub(super) auth_path: Option<String>,
    pub(super) headers: Headers,
    pub(super) body: Body,
    pub(super) address: Arc<Address>,
    pub(super) session_bucket: Option<Str>,
    pub(super) checksum: Option<RequestChecksum>,
    pub(super) streaming: bool,
}

pub(super) enum Body {
    Bytes(Bytes),
    Stream {
        stream: Option<ByteStream>,
        sha256: Option<[u8; 32]>,
        chunked: bool,
    },
}

impl Service {
    /// Checks the parameters; members that are given as a stream need not be there.
    ///
    /// As a rule they fit as they stand, and are written in the same walk: then this is the request that [`Service::draft`]
    /// takes. Else they are validated, which finds every problem or puts right what is only spelt differently, and written later.
    pub(crate) fn check(
        &self,
        operation: &Operation,
        params: &mut Params,
        streamed: &[&str],
    ) -> Result<Option<Request>> {
        if !self.settings.parameter_validation {
            return Ok(None);
        }
        if streamed.is_empty() {
            let written = self
                .codec
                .serialize_fitting(operation, Input::from(&**params));
            if written.is_some() {
                return Ok(written);
            }
        }
        if !self.model.fits(operation, params, streamed)? {
            self.model.validate(operation, params.to_mut(), streamed)?;
        }
        Ok(None)
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

    pub(super) async fn prepare(
        &self,
        operation: &Operation,
        plan: &Plan,
        params: &Value,
        written: Option<Request>,
        options: &mut CallOptions,
        state: &CallState,
    ) -> Result<Prepared> {
        let draft = self
            .draft(operation, plan, params, written, options, state)
            .await?;
        self.finish(operation, plan, params, draft, options.stream.take())
            .await
    }

    /// The request in the service's wire format, with where it goes and how it is signed. It is `written` already where the
    /// parameters were checked in the same walk.
    pub(crate) async fn draft(
        &self,
        operation: &Operation,
        plan: &Plan,
        params: &Value,
        written: Option<Request>,
        options: &mut CallOptions,
        state: &CallState,
    ) -> Result<Draft> {
        let account = self.account_id(plan, options).await?;
        let address = self.address(
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
        let mut request = match written {
            Some(written) => written,
            None => self
                .codec
                .serialize(operation, Input { params, has_stream })?,
        };
        for (name, values) in &address.endpoint.headers {
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
            Some(url) => Arc::new(BaseUrl::parse(&url)?),
            None => Arc::clone(&address.url),
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
            // Boxed, as what is rare is here: its room is not taken by each call.
            let signed = self.sign_copy(copy, plan, operation, params, options, &mut request);
            Box::pin(signed).await?;
        }
        for (name, value) in &options.headers {
            request.headers.set(name.clone(), value.clone());
        }
        let session_bucket = params
            .get("Bucket")
            .filter(|_| address.auth.scheme == AuthScheme::S3Express)
            .and_then(Value::as_str)
            .map(Str::from);
        Ok(Draft {
            request,
            endpoint_url,
            address,
            session_bucket,
            auth_path,
        })
    }

    /// Where a call goes, in the client's region unless another is given, and how it is signed.
    ///
    /// What the operation's last call found out holds for this one, too, where it goes to the same endpoint.
    pub(crate) fn address(
        &self,
        operation: &Operation,
        plan: &Plan,
        params: &Value,
        force_path_style: Option<bool>,
        region: Option<&str>,
        account_id: Option<&str>,
    ) -> Result<Arc<Address>> {
        let settings = &self.settings;
        let is_fixed = plan.endpoint.is_fixed && force_path_style.is_none() && region.is_none();
        let latest = plan
            .latest
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let latest = latest.filter(|latest| latest.region.as_deref() == region);
        if let Some(latest) = latest.as_ref().filter(|latest| is_fixed && latest.is_fixed) {
            return Ok(Arc::clone(latest));
        }
        let overrides = EndpointOverrides {
            force_path_style,
            region: region.or(settings.region.as_deref()),
            account_id,
        };
        let endpoint = self
            .resolver
            .resolve(&plan.endpoint, params, settings, overrides)?;
        if let Some(latest) = latest.filter(|latest| Arc::ptr_eq(&latest.endpoint, &endpoint)) {
            return Ok(latest);
        }
        let metadata = self.model.metadata();
        let mut auth = auth::resolve(operation, metadata, &endpoint, settings, overrides.region)?;
        if let Some(scheme) = plan.rules.scheme
            && auth.scheme != AuthScheme::None
            && settings.signature_version.is_none()
        {
            auth.scheme = scheme;
        }
        let url = match endpoint.url.strip_prefix("https://") {
            // The client is to do without TLS.
            Some(rest) if !settings.use_ssl && settings.endpoint_url.is_none() => {
                BaseUrl::parse(&format!("http://{rest}"))?
            }
            _ => BaseUrl::parse(&endpoint.url)?,
        };
        let address = Arc::new(Address {
            endpoint,
            url: Arc::new(url),
            auth,
            region: region.map(Str::from),
            is_fixed,
        });
        let mut latest = plan.latest.lock().unwrap_or_else(PoisonError::into_inner);
        *latest = Some(Arc::clone(&address));
        Ok(address)
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

    /// The credentials to sign with: a bucket's session where there is one, else the caller's.
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
            address,
            session_bucket,
            auth_path,
        } = draft;
        let settings = &self.settings;
        let prefix = request
            .host_prefix
            .as_deref()
            .filter(|_| settings.inject_host_prefix)
            .unwrap_or_default();
        let url = Url::new(&endpoint_url, prefix, &request.path, &request.query);
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
                        let reading = read_ahead(copy, checksum, headers, !url.is_tls());
                        Box::pin(reading).await?
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
            address,
            session_bucket,
            checksum,
            streaming,
        })
    }
}

/// The body of one attempt.
pub(super) struct AttemptBody {
    pub(super) wire: WireBody,
}

/// The body for the next attempt, and whether there is none for another one after it.
pub(super) fn next_body(body: &mut Body) -> (AttemptBody, bool) {
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
