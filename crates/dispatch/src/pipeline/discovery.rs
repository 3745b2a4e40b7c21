//! Endpoint discovery: some services list the endpoints to call, and for how long to cache them.
//!
//! Timestream requires it. DynamoDB supports it, and uses it only if `endpoint_discovery_enabled` is set.
//!
//! # Source
//! botocore `discovery.py`, `client.py:ClientCreator._register_endpoint_discovery`.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use inia_core::config::{ClientSettings, EndpointDiscovery};
use inia_core::ports::{BoxFuture, Clock};
use inia_core::{
    Error, ErrorKind, Map, RefreshCache, RefreshCell, RefreshPolicy, Refreshable, Result, Str,
    Timestamp, Value,
};
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

/// Discovered endpoints are used until they expire.
const REFRESH: RefreshPolicy = RefreshPolicy {
    advisory: Duration::ZERO,
    mandatory: Duration::ZERO,
    pause: Duration::ZERO,
};

/// Discovered endpoint cache of a client.
#[derive(Debug)]
pub(crate) struct DiscoveryCache {
    enabled: EndpointDiscovery,
    /// True if the client has an endpoint URL of its own, which rules out discovery.
    has_custom_endpoint: bool,
    endpoints: RefreshCache<String, DiscoveredEndpoints>,
}

/// Discovered endpoints for one set of identifiers.
#[derive(Clone, Debug)]
pub(crate) struct DiscoveredEndpoints {
    /// Addresses with their expiration, in seconds since 1970. Empty if discovery failed, and calls go to the regional endpoint.
    addresses: Vec<(Str, i64)>,
    /// Time of the next discovery, in seconds since 1970.
    expires: i64,
}

impl Refreshable for DiscoveredEndpoints {
    const NAME: &'static str = "discovered endpoints";

    fn expires(&self) -> Option<Timestamp> {
        Some(Timestamp::new(self.expires, 0))
    }
}

impl DiscoveredEndpoints {
    /// Returns the first address that has not expired, or the first one of all.
    fn address(&self, now: i64) -> Option<&Str> {
        let mut addresses = self.addresses.iter();
        let unexpired = addresses.find(|(_, expires)| now < *expires);
        let address = unexpired.or_else(|| self.addresses.first());
        address.map(|(address, _)| address)
    }
}

impl DiscoveryCache {
    pub(crate) fn new(settings: &ClientSettings, clock: &Arc<dyn Clock>) -> Self {
        DiscoveryCache {
            enabled: settings.endpoint_discovery_enabled,
            has_custom_endpoint: settings.endpoint_url.is_some(),
            endpoints: RefreshCache::new(REFRESH, Arc::clone(clock), MAX_ENTRIES),
        }
    }
}

impl Service {
    /// Returns the discovered endpoint URL for a call, and the cache entry that it is from; `None` if the call goes to the regional
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
    ) -> Result<Option<(String, Arc<DiscoveredEndpoints>)>> {
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
        let key = cache_key(operation, discovery.required, &identifiers, options);
        let cell = self.discovery.endpoints.cell(&*key);
        let endpoints = match cell.fresh() {
            Some(endpoints) => endpoints,
            None if options.offline => return Ok(None),
            None => {
                let load = self.load_endpoints(&cell, describe, operation, identifiers, options);
                let endpoints = cell.get(load).await;
                endpoints.map_err(|error| {
                    error.at(format_args!("{}: endpoint discovery", operation.name))
                })?
            }
        };
        let address = endpoints.address(self.clock.now().seconds());
        let url = address.map(|address| {
            if address.starts_with("http") {
                address.to_string()
            } else {
                format!("https://{address}")
            }
        });
        Ok(url.map(|url| (url, endpoints)))
    }

    /// Discovers the endpoints of a call. If that fails, it is tried again after the backoff: until then, calls go to the expired
    /// endpoints, if any, or to the regional endpoint.
    ///
    /// # Errors
    /// Those of the discovery operation, if there are no expired endpoints, and the operation requires discovery.
    ///
    /// DIFFERENCE: an operation that does not require discovery goes to the regional endpoint after any error of discovery;
    /// botocore does so only after connection errors. Concurrent calls share one discovery.
    fn load_endpoints<'a>(
        &'a self,
        cell: &'a RefreshCell<DiscoveredEndpoints>,
        describe: &'a Operation,
        operation: &'a Operation,
        identifiers: Map,
        options: &'a CallOptions,
    ) -> BoxFuture<'a, Result<DiscoveredEndpoints>> {
        Box::pin(async move {
            let discovered = self.describe_endpoints(describe, operation, identifiers, options);
            let error = match discovered.await {
                Ok(addresses) => {
                    let expires = addresses.iter().map(|(_, expires)| *expires).max();
                    return Ok(DiscoveredEndpoints {
                        expires: expires.unwrap_or_default(),
                        addresses,
                    });
                }
                Err(error) => error,
            };
            let expired = cell.last().map(|last| last.addresses.clone());
            let addresses = expired.unwrap_or_default();
            let is_required = operation
                .endpoint_discovery
                .is_some_and(|discovery| discovery.required);
            if is_required && addresses.is_empty() {
                return Err(error);
            }
            tracing::debug!(operation = %operation.name, error = %error.kind(), "endpoint discovery failed");
            let now = self.clock.now().seconds();
            Ok(DiscoveredEndpoints {
                addresses,
                expires: now.saturating_add(FAILURE_BACKOFF),
            })
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
            ttl: options.ttl,
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

    /// Removes the discovered endpoints that a call used from the cache if the error says that they no longer serve it. Returns true
    /// if the call can discover others: another call may have discovered them already, and these stay in the cache.
    ///
    /// # Source
    /// botocore `discovery.py:EndpointDiscoveryHandler.handle_retries`.
    pub(crate) fn invalidate_discovered(
        &self,
        operation: &Operation,
        params: &Value,
        options: &CallOptions,
        used: Option<&Arc<DiscoveredEndpoints>>,
        error: &Error,
    ) -> bool {
        let is_invalid_endpoint = error.service().is_some_and(|service| {
            service.http_status == 421 || service.code == "InvalidEndpointException"
        });
        let (Some(discovery), Some(used)) = (operation.endpoint_discovery, used) else {
            return false;
        };
        if !is_invalid_endpoint {
            return false;
        }
        let identifiers = identifiers(&self.model, operation, params);
        let is_required = discovery.required;
        let key = cache_key(operation, is_required, &identifiers, options);
        self.discovery.endpoints.cell(&*key).invalidate(used);
        true
    }
}

/// Returns the cache key of an entry: whether discovery is required, the access key id of per-call credentials, the operation, and
/// the identifiers.
fn cache_key(
    operation: &Operation,
    is_required: bool,
    identifiers: &Map,
    options: &CallOptions,
) -> String {
    let mut key = String::from(if is_required { "!" } else { "" });
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
