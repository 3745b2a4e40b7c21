//! The steps of one call, in order: see [`Service::call`].
//!
//! # Source
//! botocore `client.py:BaseClient._make_api_call`, `endpoint.py:Endpoint`.

mod attempt;
mod deadline;
pub(crate) mod discovery;
mod explain;
pub(crate) mod express;
mod observation;
mod request;
mod response;
pub(crate) mod resume;
#[cfg(feature = "testing")]
mod stub;
mod wire_log;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use inia_core::config::{ClientSettings, Config};
use inia_core::ports::{Clock, Env, Rng, UrlHeaders};
use inia_core::{Credentials, Error, ErrorKind, Result, Str, Timestamp, Token, UserAgentFeatures};
use inia_model::{Operation, OperationTable, ServiceModel};
use inia_protocol::{Codec, Headers};
use inia_signing::SigningKeyCache;
use tracing::Instrument as _;

use crate::ByteStream;
use crate::auth::offers_bearer;
use crate::body::CallNames;
use crate::customization::{CallState, OperationHooks};
use crate::endpoint::{EndpointBinding, EndpointResolver};
use crate::event_stream::{EventEncoder, EventInput, InputEnd};
use crate::identity::IdentityProvider;
use crate::interceptor::{Interception, Interceptors};
use crate::metrics;
use crate::output::Output;
use crate::params::ParamsValue;
use crate::retry::{RetryOptions, RetryState, RetryStrategy, is_long_poll};
use crate::runtime::with_drivers;
use crate::transport::{HttpVersion, StallLimit, Transport};
use crate::user_agent::UserAgent;

use deadline::Deadline;
use discovery::DiscoveryCache;
use express::ExpressSessions;
use request::{PreparedBody, ResolvedEndpoint};
use resume::BodyResumer;

pub(crate) use attempt::attempt_header;
pub(crate) use deadline::current_deadline;
pub(crate) use explain::ExplainedRequest;
pub(crate) use request::RequestDraft;
pub(crate) use response::collect_body;
#[cfg(feature = "testing")]
pub(crate) use stub::{CallStub, StubbedCall};
pub(crate) use wire_log::SecretMembers;

/// Maximum size of an error response, in bytes.
const MAX_ERROR_BYTES: usize = 1 << 20;

/// State shared by all calls of a client.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) model: Arc<ServiceModel>,
    pub(crate) codec: Arc<Codec>,
    pub(crate) settings: ClientSettings,
    /// The options that were set in code.
    pub(crate) options: Config,
    /// The region to sign for if neither the settings nor the endpoint rules state one.
    pub(crate) signing_region: Option<Str>,
    pub(crate) user_agent: UserAgent,
    /// Environment of the Lambda function that this process is, if any. Its trace id changes with each invocation.
    pub(crate) lambda_env: Option<Arc<dyn Env>>,
    /// Value of `amz-sdk-request` for the first attempt.
    pub(crate) first_attempt_header: Str,
    pub(crate) retry: RetryStrategy,
    pub(crate) retry_state: Arc<RetryState>,
    /// The interceptors of all calls, if any.
    pub(crate) interceptors: Option<Interceptors>,
    /// The minimum throughput of bodies.
    pub(crate) stall_limit: Option<StallLimit>,
    pub(crate) resolver: EndpointResolver,
    pub(crate) discovery: DiscoveryCache,
    pub(crate) express: ExpressSessions,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) identity: Arc<dyn IdentityProvider>,
    /// True if the environment has a bearer token for the service, and the client's options state no auth scheme.
    pub(crate) has_env_token: bool,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) rng: Arc<dyn Rng>,
    pub(crate) keys: Arc<SigningKeyCache>,
    /// Cache of bucket regions that differ from the client's, filled by region redirects.
    pub(crate) bucket_regions: Mutex<HashMap<Str, Str>>,
    /// Per-operation plans, computed on the first call of each operation.
    pub(crate) plans: OperationTable<Plan>,
    /// Answers the calls, in tests.
    #[cfg(feature = "testing")]
    pub(crate) stub: Option<Arc<dyn CallStub>>,
}

/// The parts of a call that depend on the operation alone, computed once.
#[derive(Debug)]
pub(crate) struct Plan {
    hooks: OperationHooks,
    names: Arc<CallNames>,
    /// The region to call, if it is not the client's.
    region: Option<Str>,
    /// The signing name, if it is not that of the definition.
    signing_name: Option<&'static str>,
    endpoint: EndpointBinding,
    /// True if a bearer token may replace the signature.
    offers_bearer: bool,
    /// Endpoint and auth scheme of the last call.
    last_resolved: Mutex<Option<Arc<ResolvedEndpoint>>>,
    /// Members that get a fresh UUID when absent.
    idempotency_tokens: Box<[Str]>,
    /// Input member that accepts a stream.
    streaming_input: Option<Str>,
    /// True if the service rejects a body of unknown length.
    requires_length: bool,
    /// Output member that is returned as a stream.
    streaming_output: Option<Str>,
    /// Output member that is an event stream.
    event_stream: Option<Str>,
    /// Input member that is an event stream.
    input_events: Option<Str>,
    is_long_poll: bool,
    http: HttpVersion,
}

impl Plan {
    /// Returns the input member that is an event stream, if there is one.
    pub(crate) fn input_events(&self) -> Option<&Str> {
        self.input_events.as_ref()
    }
}

/// Per-call overrides.
#[derive(Debug, Default)]
pub(crate) struct CallOptions {
    /// The streaming member.
    pub(crate) stream: Option<ByteStream>,
    /// The events of the request.
    pub(crate) events: Option<Arc<EventInput>>,
    /// Headers to add to the request.
    pub(crate) headers: Headers,
    /// Credentials to use instead of the client's.
    pub(crate) credentials: Option<Arc<Credentials>>,
    /// Bearer token to use instead of the client's.
    pub(crate) token: Option<Arc<Token>>,
    /// Retry options that override the client's.
    pub(crate) retry: Option<RetryOptions>,
    /// Interceptors of the call, if any.
    pub(crate) interceptors: Option<Interceptors>,
    /// The interceptors of the client and the call, and their context, while the call is made.
    pub(crate) interception: Option<Arc<Interception>>,
    /// Timeout of the call, in place of the client's; zero for none.
    pub(crate) timeout: Option<Duration>,
    /// Timeout of an attempt, in place of the client's; zero for none.
    pub(crate) attempt_timeout: Option<Duration>,
    /// The deadline, if the call has a timeout.
    pub(crate) deadline: Option<Arc<Deadline>>,
    /// The time after which nobody waits for the response: the deadline of the call, or of the call that it is made for.
    pub(crate) ttl: Option<tokio::time::Instant>,
    /// Headers that depend on the request's URL.
    pub(crate) url_headers: Option<UrlHeaders>,
    /// Features to add to the user agent.
    pub(crate) features: UserAgentFeatures,
    /// True if no request may be sent to prepare the call.
    pub(crate) offline: bool,
    /// Requests the rest of a body that breaks off.
    pub(crate) resumer: Option<Arc<BodyResumer>>,
}

impl Service {
    pub(crate) fn plan(&self, operation: &Operation) -> Result<&Plan> {
        if let Some(plan) = self.plans.get(operation) {
            return Ok(plan);
        }
        let plan = self.make_plan(operation)?;
        self.plans.get_or_init(operation, || plan).ok_or_else(|| {
            Error::new(
                ErrorKind::Model,
                format!(
                    "{}: {} is an operation of another service",
                    self.model.name(),
                    operation.name
                ),
            )
        })
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
        let input_events = name(model.event_stream_input(operation));
        let event_stream = name(model.event_stream_output(operation));
        let hooks = OperationHooks::new(model.name(), &operation.name);
        let client_region = self.settings.region.as_deref();
        let region = match (hooks.region, client_region) {
            (Some(hook), Some(region)) if !self.settings.use_fips_endpoint => hook(region),
            _ => None,
        };
        let signing_name = match (hooks.signing_name, client_region) {
            (Some(hook), Some(region)) => hook(region),
            _ => None,
        };
        Ok(Plan {
            region: region.map(Str::from_static),
            signing_name,
            hooks,
            names: Arc::new(CallNames {
                service: model.name().clone(),
                operation: operation.name.clone(),
                region: self.settings.region.clone(),
                model: Arc::clone(&self.model),
                index: operation.index,
            }),
            endpoint: self.resolver.bind(model, operation)?,
            offers_bearer: offers_bearer(operation, model.metadata()),
            last_resolved: Mutex::default(),
            idempotency_tokens: tokens,
            streaming_input: name(model.streaming_input(operation)),
            requires_length: requires_length(model, operation),
            streaming_output: name(model.streaming_output(operation)),
            is_long_poll: is_long_poll(model.name(), &operation.name),
            http: match h2 {
                // Without HTTP/2, few servers respond before the request ends.
                Some(_) if input_events.is_some() => HttpVersion::Http2Only,
                Some("eventstream") if event_stream.is_some() => HttpVersion::Http2,
                _ => HttpVersion::Http1,
            },
            event_stream,
            input_events,
        })
    }

    /// Makes one call: from parameters to output.
    pub(crate) async fn call(
        &self,
        operation: &Operation,
        params: impl Into<ParamsValue>,
        options: CallOptions,
    ) -> Result<Output> {
        let input = options.events.clone();
        let params = params.into();
        let is_observed = observation::is_enabled()
            || self.interceptors.is_some()
            || options.interceptors.is_some();
        let result = match self.timeout(&options) {
            // Boxed like the next one, so that the future of a plain call stays small.
            limit if is_observed => {
                let call = self.observed_call(limit, operation, params, options);
                Box::pin(with_drivers(call)).await
            }
            None => with_drivers(self.call_steps(operation, params, options)).await,
            Some(limit) => {
                let call = self.call_within(limit, operation, params, options);
                Box::pin(with_drivers(call)).await
            }
        };
        match (result, input) {
            (Ok(output), Some(input)) if output.events.is_none() => {
                input.end(InputEnd::ByService);
                Ok(output)
            }
            (Ok(output), _) => Ok(output),
            (Err(error), None) => Err(self.in_call(error, operation)),
            (Err(error), Some(input)) => Err(input.fail(self.in_call(error, operation))),
        }
    }

    /// Makes a call within its span, and with its interceptors.
    async fn observed_call(
        &self,
        limit: Option<Duration>,
        operation: &Operation,
        params: ParamsValue,
        mut options: CallOptions,
    ) -> Result<Output> {
        let started = Instant::now();
        let interception = self.intercept(operation, &mut options);
        let span = observation::call_span(self, operation);
        let call = async {
            if let Some(interception) = &interception {
                interception.before(|interceptor, context| interceptor.before_call(context))?;
            }
            match limit {
                None => self.call_steps(operation, params, options).await,
                Some(limit) => self.call_within(limit, operation, params, options).await,
            }
        };
        let mut result = call.instrument(span.clone()).await;
        if let Some(interception) = interception {
            if let Err(error) = result {
                result = Err(self.in_call(error, operation));
            }
            let _ = interception.after(|interceptor, context| {
                interceptor.after_call(context, &mut result);
                Ok(())
            });
        }
        observation::record_call(&span, &result);
        let error = result.as_ref().err();
        metrics::record_call(self.model.name(), &operation.name, started.elapsed(), error);
        result
    }

    /// Returns the interception of a call, which its options share; `None` if it has no interceptors.
    fn intercept(
        &self,
        operation: &Operation,
        options: &mut CallOptions,
    ) -> Option<Arc<Interception>> {
        if self.interceptors.is_none() && options.interceptors.is_none() {
            return None;
        }
        let none = Interceptors::default();
        let interception = Arc::new(Interception::new(
            self.interceptors.as_ref().unwrap_or(&none),
            options.interceptors.as_ref().unwrap_or(&none),
            self.model.name(),
            &operation.name,
            self.settings.region.as_ref(),
        ));
        options.interception = Some(Arc::clone(&interception));
        Some(interception)
    }

    /// Returns the timeout of a call.
    pub(crate) fn timeout(&self, options: &CallOptions) -> Option<Duration> {
        let limit = options.timeout.or(self.settings.call_timeout)?;
        (!limit.is_zero()).then_some(limit)
    }

    async fn call_within(
        &self,
        limit: Duration,
        operation: &Operation,
        params: ParamsValue,
        mut options: CallOptions,
    ) -> Result<Output> {
        let deadline = Arc::new(Deadline::after(limit));
        options.ttl = Some(deadline.at());
        options.deadline = Some(Arc::clone(&deadline));
        let call = self.call_steps(operation, params, options);
        deadline.run(operation, call).await
    }

    /// Adds the service, operation and region of a call to its error.
    #[cold]
    pub(crate) fn in_call(&self, error: Error, operation: &Operation) -> Error {
        let region = self.settings.region.as_ref();
        error.in_call(self.model.name(), Some(&operation.name), region)
    }

    async fn call_steps(
        &self,
        operation: &Operation,
        mut params: ParamsValue,
        mut options: CallOptions,
    ) -> Result<Output> {
        #[cfg(feature = "testing")]
        if let Some(stub) = &self.stub {
            return Box::pin(self.stubbed_call(&**stub, operation, params, options)).await;
        }
        let plan = self.plan(operation)?;
        let mut state = CallState::default();

        // 1. Complete the parameters: defaults from the client's settings, customizations of the service.
        self.complete_params(operation, plan, &mut params, &options, &mut state)?;

        // 2. Validate the parameters. The fast path serializes the request in the same pass.
        let streamed = match plan.input_events.as_deref() {
            None if options.stream.is_some() => plan.streaming_input.as_deref(),
            events => events,
        };
        let mut serialized = self.validate(operation, &mut params, streamed.as_slice())?;

        self.apply_cached_bucket_region(&mut state);
        let mut redirects = 0;
        loop {
            // 3. Resolve the endpoint and its auth scheme.
            // 4. Serialize the request, unless step 2 did.
            // 5. Finish the body: compression and checksum.
            let mut prepared = self
                .prepare(
                    operation,
                    plan,
                    &params,
                    serialized.take(),
                    &mut options,
                    &state,
                )
                .await
                .map_err(|error| {
                    let attempts = error.attempts().max(state.attempts);
                    error.with_attempts(attempts)
                })?;

            // 6. Make attempts until one succeeds or no retry is left.
            let outcome = self
                .attempts(operation, plan, &mut prepared, &options, &mut state)
                .await;
            match outcome {
                // The discovered endpoint no longer serves the call: discover another one.
                Err(error)
                    if redirects < 2
                        && matches!(prepared.body, PreparedBody::Bytes(_))
                        && self.invalidate_discovered(
                            operation,
                            &params,
                            &options,
                            prepared.discovered.as_ref(),
                            &error,
                        ) =>
                {
                    redirects += 1;
                    state.attempts = error.attempts();
                }
                Err(error) => return Err(error),
                Ok(None) if redirects < 2 => {
                    redirects += 1;
                    self.cache_bucket_region(&state);
                    if let PreparedBody::Stream { stream, .. } = prepared.body {
                        options.stream = stream;
                    }
                }
                Ok(None) => {
                    let message = format!("{}: too many region redirects", operation.name);
                    return Err(
                        Error::new(ErrorKind::Endpoint, message).with_attempts(state.attempts)
                    );
                }
                Ok(Some(output)) => return Ok(*output),
            }
        }
    }

    /// Sets the region of the call if an earlier redirect found the bucket in another one.
    fn apply_cached_bucket_region(&self, state: &mut CallState) {
        if let Some(bucket) = &state.bucket {
            let regions = self
                .bucket_regions
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            state.region = regions.get(bucket).cloned();
        }
    }

    /// Caches the region that a redirect found for the call's bucket.
    fn cache_bucket_region(&self, state: &CallState) {
        const MAX_BUCKETS: usize = 1000;
        if let (Some(bucket), Some(region)) = (&state.bucket, &state.region) {
            let mut regions = self
                .bucket_regions
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            if regions.len() < MAX_BUCKETS {
                regions.insert(bucket.clone(), region.clone());
            }
        }
    }

    /// Returns the encoder of a call's events.
    ///
    /// # Errors
    /// `Validation`: the input of the operation has no event stream.
    pub(crate) fn event_encoder(&self, operation: &Operation) -> Result<EventEncoder> {
        let validates = self.settings.parameter_validation;
        EventEncoder::new(&self.model, &self.codec, operation, validates)
    }

    /// Returns the current time, corrected by the clock skew.
    pub(crate) fn now(&self) -> Timestamp {
        self.skewed_now(self.retry_state.clock_skew.seconds())
    }

    /// Returns the current time, corrected by `skew` seconds.
    fn skewed_now(&self, skew: i64) -> Timestamp {
        let now = self.clock.now();
        match skew {
            0 => now,
            skew => Timestamp::new(now.seconds().saturating_add(skew), now.nanoseconds()),
        }
    }
}

/// Operations whose services reject streaming bodies of unknown length, although their definitions do not say so.
///
/// # Source
/// The S3 API reference, error `MissingContentLength`; the Glacier developer guide, "Upload archive".
const LENGTH_REQUIRED: [(&str, &str); 5] = [
    ("glacier", "UploadArchive"),
    ("glacier", "UploadMultipartPart"),
    ("s3", "PutObject"),
    ("s3", "PutObjectAnnotation"),
    ("s3", "UploadPart"),
];

/// Returns true if the service rejects a streaming body of unknown length.
fn requires_length(model: &ServiceModel, operation: &Operation) -> bool {
    model.streaming_input(operation).is_some_and(|member| {
        LENGTH_REQUIRED.contains(&(&**model.name(), &operation.name))
            || member.traits.requires_length()
            || model.shape(member.target).traits.requires_length()
    })
}
