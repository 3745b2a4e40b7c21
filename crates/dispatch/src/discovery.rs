//! Endpoint discovery: services that tell a client which endpoints to call, and for how long.
//!
//! Timestream requires it; DynamoDB offers it, and is asked only where `endpoint_discovery_enabled` says so.
//!
//! # Source
//! botocore `discovery.py`, `client.py:ClientCreator._register_endpoint_discovery`.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use inia_core::config::{ClientSettings, EndpointDiscovery};
use inia_core::ports::BoxFuture;
use inia_core::{Error, ErrorKind, Map, Result, Str, Value};
use inia_model::{Operation, ServiceModel, Structure};

use crate::pipeline::{CallOptions, Service};

/// The most places that are remembered: one for each set of identifiers that an operation has been called with.
const MOST_PLACES: usize = 1000;
/// The most addresses of one place.
const MOST_ADDRESSES: usize = 16;
/// How long a service that could not be asked is left alone, in seconds.
const REST: i64 = 60;
/// How deep identifiers are looked for in an operation's input.
const DEPTH: usize = 16;

/// The endpoints that a client's service has told.
#[derive(Debug)]
pub(crate) struct Discovery {
    enabled: EndpointDiscovery,
    /// Whether the endpoint is a given one: nobody is asked then.
    is_fixed: bool,
    places: Mutex<HashMap<String, Arc<Place>>>,
}

/// The endpoints for one set of identifiers.
#[derive(Debug, Default)]
struct Place {
    known: Mutex<Known>,
    /// Held by the one call that asks, while the others wait.
    asking: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct Known {
    /// Addresses, with the second since 1970 from which each is stale.
    addresses: Vec<(Str, i64)>,
    failure: Option<Failure>,
    /// How often asking has failed.
    failures: u64,
}

/// Why the service could not be asked.
#[derive(Clone, Debug)]
struct Failure {
    /// Until when it is left alone, in seconds since 1970.
    until: i64,
    kind: ErrorKind,
    message: String,
}

impl Discovery {
    pub(crate) fn new(settings: &ClientSettings) -> Self {
        Discovery {
            enabled: settings.endpoint_discovery_enabled,
            is_fixed: settings.endpoint_url.is_some(),
            places: Mutex::default(),
        }
    }

    fn place(&self, key: &str) -> Arc<Place> {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = places.get(key) {
            return Arc::clone(place);
        }
        if places.len() >= MOST_PLACES {
            places.clear();
        }
        let place = Arc::<Place>::default();
        places.insert(key.to_owned(), Arc::clone(&place));
        place
    }
}

impl Place {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn fresh(&self, now: i64) -> Option<Str> {
        let fresh = self.addresses.iter().find(|(_, stale)| now < *stale);
        fresh.map(|(address, _)| address.clone())
    }

    fn any(&self) -> Option<Str> {
        self.addresses.first().map(|(address, _)| address.clone())
    }
}

impl Service {
    /// The URL that the service has told for a call, asking it where it must be asked; `None` where the call goes to the
    /// regional endpoint.
    ///
    /// # Errors
    /// `Endpoint`: discovery is switched off, and the operation requires it. Where the operation requires it, also whatever
    /// asking the service failed with.
    pub(crate) async fn discovered(
        &self,
        operation: &Operation,
        params: &Value,
        options: &CallOptions,
    ) -> Result<Option<String>> {
        let Some(discovery) = operation.endpoint_discovery else {
            return Ok(None);
        };
        if self.discovery.is_fixed {
            return Ok(None);
        }
        match self.discovery.enabled {
            EndpointDiscovery::Disabled if discovery.required => {
                return Err(Error::new(
                    ErrorKind::Endpoint,
                    format!(
                        "{}: endpoint discovery is switched off, and this operation requires it",
                        operation.name
                    ),
                ));
            }
            EndpointDiscovery::Disabled => return Ok(None),
            EndpointDiscovery::Auto if !discovery.required => return Ok(None),
            EndpointDiscovery::Auto | EndpointDiscovery::Enabled => {}
        }
        let mut operations = self.model.operations();
        let Some(describe) = operations.find(|operation| operation.is_endpoint_operation) else {
            return Ok(None);
        };
        let identifiers = identifiers(&self.model, operation, params);
        let place = self.discovery.place(&key(operation, &identifiers, options));
        let address = match self.fresh_address(&place) {
            Some(address) => Some(address),
            None => {
                self.ask(
                    &place,
                    describe,
                    operation,
                    identifiers,
                    options,
                    discovery.required,
                )
                .await?
            }
        };
        Ok(address.map(|address| {
            if address.starts_with("http") {
                address.to_string()
            } else {
                format!("https://{address}")
            }
        }))
    }

    fn fresh_address(&self, place: &Place) -> Option<Str> {
        place.known().fresh(self.clock.now().seconds())
    }

    /// Asks the service, or waits for the call that does.
    ///
    /// DIFFERENCE: whatever asking fails with, an operation that does not require discovery goes to the regional endpoint;
    /// botocore does so only where the service cannot be reached. And of several calls at once only one asks.
    fn ask<'a>(
        &'a self,
        place: &'a Place,
        describe: &'a Operation,
        operation: &'a Operation,
        identifiers: Map,
        options: &'a CallOptions,
        required: bool,
    ) -> BoxFuture<'a, Result<Option<Str>>> {
        Box::pin(async move {
            let failures = place.known().failures;
            let _only_one = place.asking.lock().await;
            let now = self.clock.now().seconds();
            let (stale, failure) = {
                let known = place.known();
                if let Some(address) = known.fresh(now) {
                    return Ok(Some(address));
                }
                let failure = known.failure.clone().filter(|failure| now < failure.until);
                // While we waited, another call asked in vain: what it was told is our answer, too.
                let was_ours = known.failures != failures;
                let stands = was_ours || !required || !known.addresses.is_empty();
                (known.any(), failure.filter(|_| stands))
            };
            let failure = match failure {
                Some(failure) => Error::new(failure.kind, failure.message),
                None => match self
                    .describe(describe, operation, identifiers, options)
                    .await
                {
                    Ok(addresses) => {
                        let mut known = place.known();
                        known.addresses = addresses;
                        known.failure = None;
                        return Ok(known.any());
                    }
                    Err(error) => {
                        let mut known = place.known();
                        known.failures += 1;
                        known.failure = Some(Failure {
                            until: now.saturating_add(REST),
                            // A service error has more to it than can be told again.
                            kind: match error.kind() {
                                ErrorKind::Service => ErrorKind::Endpoint,
                                kind => kind,
                            },
                            message: format!("{error:#}"),
                        });
                        error
                    }
                },
            };
            match stale {
                None if required => {
                    Err(failure.at(format_args!("{}: asking for its endpoint", operation.name)))
                }
                stale => {
                    tracing::debug!(operation = %operation.name, error = %failure.kind(), "endpoints could not be discovered");
                    Ok(stale)
                }
            }
        })
    }

    /// The addresses that the service tells; at least one.
    async fn describe(
        &self,
        describe: &Operation,
        operation: &Operation,
        identifiers: Map,
        options: &CallOptions,
    ) -> Result<Vec<(Str, i64)>> {
        let takes = |name: &str| {
            let input = self.model.input(describe);
            input.is_some_and(|input| input.members.iter().any(|member| member.name == name))
        };
        let mut params = Map::new();
        if !identifiers.is_empty() && takes("Operation") {
            params.insert("Operation", operation.name.clone());
        }
        if !identifiers.is_empty() && takes("Identifiers") {
            params.insert("Identifiers", identifiers);
        }
        let same_identity = CallOptions {
            credentials: options.credentials.clone(),
            token: options.token.clone(),
            ..CallOptions::default()
        };
        let output = self
            .call(describe, Value::Map(params), same_identity)
            .await?;
        let now = self.clock.now().seconds();
        let addresses: Vec<(Str, i64)> = output
            .value
            .get("Endpoints")
            .into_iter()
            .flat_map(Value::items)
            .filter_map(|endpoint| {
                let address = endpoint
                    .get("Address")?
                    .as_str()
                    .filter(|text| !text.is_empty())?;
                let minutes = endpoint
                    .get("CachePeriodInMinutes")
                    .and_then(Value::as_i64)
                    .unwrap_or(0);
                let stale = now.saturating_add(minutes.max(0).saturating_mul(60));
                Some((Str::from(address), stale))
            })
            .take(MOST_ADDRESSES)
            .collect();
        if addresses.is_empty() {
            let message = format!("{} told no endpoint", describe.name);
            return Err(Error::new(ErrorKind::Parse, message));
        }
        Ok(addresses)
    }

    /// Forgets the endpoints of a call that they no longer serve, as the service says. Whether there were any.
    ///
    /// # Source
    /// botocore `discovery.py:EndpointDiscoveryHandler.handle_retries`.
    pub(crate) fn forget_discovered(
        &self,
        operation: &Operation,
        params: &Value,
        options: &CallOptions,
        error: &Error,
    ) -> bool {
        let says_so = error.service().is_some_and(|service| {
            service.http_status == 421 || service.code == "InvalidEndpointException"
        });
        if !says_so || operation.endpoint_discovery.is_none() || self.discovery.is_fixed {
            return false;
        }
        let identifiers = identifiers(&self.model, operation, params);
        let place = self.discovery.place(&key(operation, &identifiers, options));
        let mut known = place.known();
        !std::mem::take(&mut known.addresses).is_empty()
    }
}

/// What a set of endpoints is kept under: whose they are, and for which identifiers.
fn key(operation: &Operation, identifiers: &Map, options: &CallOptions) -> String {
    let mut key = String::new();
    if let Some(credentials) = &options.credentials {
        key.push_str(&credentials.access_key_id);
    }
    if !identifiers.is_empty() {
        let mut sorted: Vec<_> = identifiers.iter().collect();
        sorted.sort_by_key(|(name, _)| *name);
        let _ = write!(key, "\n{}", operation.name);
        for (name, value) in sorted {
            let _ = write!(key, "\n{name:?}={}", value.to_json_string());
        }
    }
    key
}

/// The parameters that the endpoint depends on.
fn identifiers(model: &ServiceModel, operation: &Operation, params: &Value) -> Map {
    let mut found = Map::new();
    if let Some(input) = model.input(operation) {
        gather(model, input, params, DEPTH, &mut found);
    }
    found
}

fn gather(model: &ServiceModel, of: &Structure, params: &Value, depth: usize, found: &mut Map) {
    if depth == 0 {
        return;
    }
    for member in &of.members {
        let Some(value) = params.get(&member.name).filter(|value| !value.is_null()) else {
            continue;
        };
        let mut traits = member
            .traits
            .unknown
            .iter()
            .flat_map(|traits| traits.iter());
        if traits.any(|(name, value)| name == "endpointdiscoveryid" && *value == Value::Bool(true))
        {
            found.insert(member.name.clone(), value.clone());
        } else if let Some(structure) = model.structure(member) {
            gather(model, structure, value, depth - 1, found);
        }
    }
}
