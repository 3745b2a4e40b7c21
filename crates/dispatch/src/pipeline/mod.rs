//! One call, from parameters to output: [`Service::call`] reads as the list of its steps.
//!
//! # Source
//! botocore `client.py:BaseClient._make_api_call`, `endpoint.py:Endpoint`.

mod answer;
mod attempt;
mod request;

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use inia_core::config::ClientSettings;
use inia_core::ports::{Clock, Rng, UrlHeaders};
use inia_core::{Credentials, Error, ErrorKind, Result, Str, Timestamp, Token};
use inia_model::{Operation, OperationTable, ServiceModel};
use inia_protocol::{Codec, Headers};
use inia_signing::SigningKeyCache;

use crate::ByteStream;
use crate::customization::{CallState, Rules};
use crate::discovery::Discovery;
use crate::endpoint::{EndpointBinding, EndpointResolver};
use crate::express::ExpressSessions;
use crate::identity::Identities;
use crate::output::Output;
use crate::params::Params;
use crate::retry::RetryQuota;
use crate::transport::{HttpVersion, Transport};

use answer::Attempted;
use request::{Address, Body};

pub(crate) use answer::gather;
pub(crate) use attempt::attempt_header;
pub(crate) use request::Draft;

/// The most bytes of a body that are read into memory.
pub(crate) const BODY_LIMIT: usize = 1 << 30;

/// Everything a client's calls share.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) model: Arc<ServiceModel>,
    pub(crate) codec: Arc<dyn Codec>,
    pub(crate) settings: ClientSettings,
    pub(crate) user_agent: Str,
    /// What the first attempt of a call says of itself.
    pub(crate) first_attempt: Str,
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
    pub(crate) plans: OperationTable<Plan>,
}

/// What a call needs to know about its operation: worked out once.
#[derive(Debug)]
pub(crate) struct Plan {
    rules: Rules,
    endpoint: EndpointBinding,
    /// Where the last call went.
    latest: Mutex<Option<Arc<Address>>>,
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
                    "{}: {} is another service's",
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
        let has_events = model.event_stream_output(operation).is_some()
            || model.event_stream_input(operation).is_some();
        Ok(Plan {
            rules: Rules::of(model.name(), &operation.name),
            endpoint: self.resolver.bind(model, operation)?,
            latest: Mutex::default(),
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

        // 2. They must fit the operation's input. Where they do so as they stand, the same walk writes the request.
        let streamed = if options.stream.is_some() {
            plan.streaming_input.as_deref()
        } else {
            None
        };
        let mut written = self.check(operation, &mut params, streamed.as_slice())?;

        self.redirect(&mut state);
        let mut redirects = 0;
        loop {
            // 3. The endpoint, its auth schemes with it.
            // 4. The request, in the service's wire format, where it is not written yet.
            // 5. The body: compressed, with its checksum.
            let mut prepared = self
                .prepare(
                    operation,
                    plan,
                    &params,
                    written.take(),
                    &mut options,
                    &state,
                )
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

    pub(crate) fn now(&self) -> Timestamp {
        let now = self.clock.now();
        match self.clock_skew.load(Ordering::Relaxed) {
            0 => now,
            skew => Timestamp::new(now.seconds().saturating_add(skew), now.nanoseconds()),
        }
    }
}
