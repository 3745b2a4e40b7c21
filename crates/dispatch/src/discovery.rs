//! Endpoint discovery: some services list the endpoints to call, and for how long to cache them.
//!
//! Timestream requires it. DynamoDB supports it, and uses it only if `endpoint_discovery_enabled` is set.
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

/// Maximum number of cache entries: one for each set of identifiers.
const MAX_ENTRIES: usize = 1000;
/// Maximum number of addresses per cache entry.
const MAX_ADDRESSES: usize = 16;
/// Time before discovery is tried again after a failure, in seconds.
const FAILURE_BACKOFF: i64 = 60;
/// Maximum nesting depth of identifiers in an operation's input.
const MAX_DEPTH: usize = 16;

/// Discovered endpoint cache of a client.
#[derive(Debug)]
pub(crate) struct DiscoveryCache {
    enabled: EndpointDiscovery,
    /// True if the client has an endpoint URL of its own, which rules out discovery.
    has_custom_endpoint: bool,
    entries: Mutex<HashMap<String, Arc<DiscoveryEntry>>>,
}

/// Discovered endpoints for one set of identifiers.
#[derive(Debug, Default)]
struct DiscoveryEntry {
    state: Mutex<DiscoveryState>,
    /// Locked by the call that refreshes the entry, while other calls wait.
    refresh: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct DiscoveryState {
    /// Addresses with their expiration, in seconds since 1970.
    addresses: Vec<(Str, i64)>,
    failure: Option<DiscoveryFailure>,
    /// Number of failed refreshes.
    failures: u64,
}

/// The last failed refresh.
#[derive(Clone, Debug)]
struct DiscoveryFailure {
    /// End of the backoff, in seconds since 1970.
    until: i64,
    kind: ErrorKind,
    message: String,
}

impl DiscoveryCache {
    pub(crate) fn new(settings: &ClientSettings) -> Self {
        DiscoveryCache {
            enabled: settings.endpoint_discovery_enabled,
            has_custom_endpoint: settings.endpoint_url.is_some(),
            entries: Mutex::default(),
        }
    }

    fn entry(&self, key: &str) -> Arc<DiscoveryEntry> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = entries.get(key) {
            return Arc::clone(entry);
        }
        if entries.len() >= MAX_ENTRIES {
            entries.clear();
        }
        let entry = Arc::<DiscoveryEntry>::default();
        entries.insert(key.to_owned(), Arc::clone(&entry));
        entry
    }
}

impl DiscoveryEntry {
    fn state(&self) -> MutexGuard<'_, DiscoveryState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl DiscoveryState {
    fn fresh(&self, now: i64) -> Option<Str> {
        let fresh = self.addresses.iter().find(|(_, expires)| now < *expires);
        fresh.map(|(address, _)| address.clone())
    }

    fn any(&self) -> Option<Str> {
        self.addresses.first().map(|(address, _)| address.clone())
    }
}

impl Service {
    /// Returns the discovered endpoint URL for a call, from the cache or the service; `None` if the call goes to the regional
    /// endpoint.
    ///
    /// # Errors
    /// `Endpoint`: discovery is disabled, and the operation requires it. The errors of discovery itself, if the operation
    /// requires it.
    pub(crate) async fn discover_endpoint(
        &self,
        operation: &Operation,
        params: &Value,
        options: &CallOptions,
    ) -> Result<Option<String>> {
        let Some(discovery) = operation.endpoint_discovery else {
            return Ok(None);
        };
        if self.discovery.has_custom_endpoint {
            return Ok(None);
        }
        match self.discovery.enabled {
            EndpointDiscovery::Disabled if discovery.required => {
                return Err(Error::new(
                    ErrorKind::Endpoint,
                    format!(
                        "{}: endpoint discovery is disabled, and this operation requires it",
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
        let entry = self
            .discovery
            .entry(&cache_key(operation, &identifiers, options));
        let address = match self.fresh_address(&entry) {
            Some(address) => Some(address),
            None => {
                self.refresh_entry(
                    &entry,
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

    fn fresh_address(&self, entry: &DiscoveryEntry) -> Option<Str> {
        entry.state().fresh(self.clock.now().seconds())
    }

    /// Refreshes an entry, or waits for the call that refreshes it. Returns an address, stale if the refresh failed.
    ///
    /// DIFFERENCE: an operation that does not require discovery goes to the regional endpoint after any error of discovery;
    /// botocore does so only after connection errors. Concurrent calls share one refresh.
    fn refresh_entry<'a>(
        &'a self,
        entry: &'a DiscoveryEntry,
        describe: &'a Operation,
        operation: &'a Operation,
        identifiers: Map,
        options: &'a CallOptions,
        required: bool,
    ) -> BoxFuture<'a, Result<Option<Str>>> {
        Box::pin(async move {
            let failures = entry.state().failures;
            let _guard = entry.refresh.lock().await;
            let now = self.clock.now().seconds();
            let (stale, failure) = {
                let state = entry.state();
                if let Some(address) = state.fresh(now) {
                    return Ok(Some(address));
                }
                let failure = state.failure.clone().filter(|failure| now < failure.until);
                // A refresh that failed while this call waited for the lock counts as this call's own.
                let failed_meanwhile = state.failures != failures;
                let use_failure = failed_meanwhile || !required || !state.addresses.is_empty();
                (state.any(), failure.filter(|_| use_failure))
            };
            let failure = match failure {
                Some(failure) => Error::new(failure.kind, failure.message),
                None => match self
                    .describe_endpoints(describe, operation, identifiers, options)
                    .await
                {
                    Ok(addresses) => {
                        let mut state = entry.state();
                        state.addresses = addresses;
                        state.failure = None;
                        return Ok(state.any());
                    }
                    Err(error) => {
                        let mut state = entry.state();
                        state.failures += 1;
                        state.failure = Some(DiscoveryFailure {
                            until: now.saturating_add(FAILURE_BACKOFF),
                            // The kind and message do not suffice to rebuild a service error.
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
                    Err(failure.at(format_args!("{}: endpoint discovery", operation.name)))
                }
                stale => {
                    tracing::debug!(operation = %operation.name, error = %failure.kind(), "endpoint discovery failed");
                    Ok(stale)
                }
            }
        })
    }

    /// Requests the endpoints from the service. Returns at least one address, each with its expiration.
    async fn describe_endpoints(
        &self,
        describe: &Operation,
        operation: &Operation,
        identifiers: Map,
        options: &CallOptions,
    ) -> Result<Vec<(Str, i64)>> {
        let has_member = |name: &str| {
            let input = self.model.input(describe);
            input.is_some_and(|input| input.members.iter().any(|member| member.name == name))
        };
        let mut params = Map::new();
        if !identifiers.is_empty() && has_member("Operation") {
            params.insert("Operation", operation.name.clone());
        }
        if !identifiers.is_empty() && has_member("Identifiers") {
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
                let expires = now.saturating_add(minutes.max(0).saturating_mul(60));
                Some((Str::from(address), expires))
            })
            .take(MAX_ADDRESSES)
            .collect();
        if addresses.is_empty() {
            let message = format!("{} returned no endpoints", describe.name);
            return Err(Error::new(ErrorKind::Parse, message));
        }
        Ok(addresses)
    }

    /// Removes the discovered endpoints of a call from the cache if the error says that they no longer serve it. Returns true if
    /// any were removed.
    ///
    /// # Source
    /// botocore `discovery.py:EndpointDiscoveryHandler.handle_retries`.
    pub(crate) fn invalidate_discovered(
        &self,
        operation: &Operation,
        params: &Value,
        options: &CallOptions,
        error: &Error,
    ) -> bool {
        let is_invalid_endpoint = error.service().is_some_and(|service| {
            service.http_status == 421 || service.code == "InvalidEndpointException"
        });
        if !is_invalid_endpoint
            || operation.endpoint_discovery.is_none()
            || self.discovery.has_custom_endpoint
        {
            return false;
        }
        let identifiers = identifiers(&self.model, operation, params);
        let entry = self
            .discovery
            .entry(&cache_key(operation, &identifiers, options));
        let mut state = entry.state();
        !std::mem::take(&mut state.addresses).is_empty()
    }
}

/// Returns the cache key of an entry: the access key id of per-call credentials, the operation, and the identifiers.
fn cache_key(operation: &Operation, identifiers: &Map, options: &CallOptions) -> String {
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

/// Returns the parameters that the endpoint depends on.
fn identifiers(model: &ServiceModel, operation: &Operation, params: &Value) -> Map {
    let mut identifiers = Map::new();
    if let Some(input) = model.input(operation) {
        collect_identifiers(model, input, params, MAX_DEPTH, &mut identifiers);
    }
    identifiers
}

fn collect_identifiers(
    model: &ServiceModel,
    structure: &Structure,
    params: &Value,
    depth: usize,
    identifiers: &mut Map,
) {
    if depth == 0 {
        return;
    }
    for member in &structure.members {
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
            identifiers.insert(member.name.clone(), value.clone());
        } else if let Some(nested) = model.structure(member) {
            collect_identifiers(model, nested, value, depth - 1, identifiers);
        }
    }
}
