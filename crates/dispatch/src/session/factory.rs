//! [`ServiceFactory`]: the state that all clients of a session share, from which their services are made.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use inia_core::config::{Config, DefaultsTable, RetryMode, ServiceName, Settings, setting};
use inia_core::ports::Host;
use inia_core::{Error, ErrorKind, Result, Str, Value};
use inia_endpoint::{EndpointsData, Partitions, RuleSet};
use inia_model::{Catalog, Definition, OperationTable, ServiceModel};
use inia_protocol::Protocol;
use inia_signing::SigningKeyCache;

use crate::auth::prefers_env_token;
use crate::endpoint::{EndpointResolver, EndpointRules};
use crate::identity::IdentityProvider;
use crate::interceptor::Interceptors;
use crate::pipeline::discovery::DiscoveryCache;
use crate::pipeline::express::express_sessions;
use crate::pipeline::{Service, attempt_header};
use crate::region::default_region;
use crate::retry::{LegacyRules, RetryOptions, RetryRules, RetryState, RetryStrategy};
use crate::transport::{StallLimit, TransportCache, WrapTransport};
use crate::url::BaseUrl;
use crate::user_agent::{UserAgent, account_id_mode_feature, client_features};

/// The parts of a client that are not in the settings of its session.
#[derive(Clone)]
pub(crate) struct ClientOptions {
    /// The options set in code, with those of the session.
    pub(crate) config: Config,
    pub(crate) retry: RetryOptions,
    pub(crate) interceptors: Interceptors,
    pub(crate) identity: Arc<dyn IdentityProvider>,
    /// Wraps the transport of the session.
    pub(crate) wrap_transport: Option<WrapTransport>,
    /// The state that a client shares with those it is derived from.
    pub(crate) retry_state: Option<Arc<RetryState>>,
}

impl ClientOptions {
    pub(crate) fn new(
        config: Config,
        retry: &RetryOptions,
        interceptors: &Interceptors,
        identity: Arc<dyn IdentityProvider>,
    ) -> Self {
        ClientOptions {
            config,
            retry: retry.clone(),
            interceptors: interceptors.clone(),
            identity,
            wrap_transport: None,
            retry_state: None,
        }
    }
}

/// Makes the services of clients and of the calls of credential providers.
pub(super) struct ServiceFactory {
    pub(super) host: Host,
    pub(super) settings: Settings,
    pub(super) defaults: DefaultsTable,
    pub(super) catalog: Arc<Catalog>,
    pub(super) partitions: OnceLock<Arc<Partitions>>,
    /// The definition `_retry`, once a client is in the retry mode `legacy`.
    pub(super) legacy_retries: OnceLock<Value>,
    /// The endpoint rules that were loaded, by service and API version.
    pub(super) rules: Mutex<HashMap<(Str, Str), EndpointRules>>,
    pub(super) transports: TransportCache,
    pub(super) keys: Arc<SigningKeyCache>,
    /// Answers the calls of all clients, in tests.
    #[cfg(feature = "testing")]
    pub(super) stub: Option<Arc<dyn crate::pipeline::CallStub>>,
    /// Region of the EC2 instance, once loaded from its metadata service.
    pub(super) instance_region: OnceLock<Str>,
}

impl ServiceFactory {
    /// Makes a service with options that include the session's.
    pub(super) fn service(&self, name: &str, options: &ClientOptions) -> Result<Service> {
        let config = &options.config;
        let model = self.model(name, config)?;
        let mut settings = self.settings.for_client(
            config,
            ServiceName {
                name: model.name(),
                id: &model.metadata().service_id,
            },
            &self.defaults,
            self.instance_region.get().map(Str::as_str),
        )?;
        if let Some(url) = &mut settings.endpoint_url {
            // The host that is signed and the host that is sent must be the same text.
            *url = Str::from(BaseUrl::from_setting(url)?.as_str());
        }
        let mut signing_region = None;
        if settings.region.is_none()
            && let Some(default) = default_region(&model, &settings, || self.endpoints())
        {
            settings.region = Some(default.region);
            signing_region = default.signing_region;
        }
        let host = &self.host;
        let metadata = model.metadata();
        let protocol = match &settings.protocol {
            None => Protocol::of(metadata)?,
            Some(name) => {
                let is_available = metadata.protocol == *name || metadata.protocols.contains(name);
                Protocol::from_name(name)
                    .filter(|_| is_available)
                    .ok_or_else(|| {
                        let available = metadata.protocols.join(", ");
                        Error::new(
                            ErrorKind::Config,
                            format!(
                                "{}: unsupported protocol {name:?}; available: {available}",
                                model.name()
                            ),
                        )
                    })?
            }
        };
        let resolver = EndpointResolver::new(self.rules(&model)?, self.partitions()?);
        let rules = match settings.retry_mode {
            RetryMode::Standard => RetryRules::Standard,
            RetryMode::Adaptive => RetryRules::Adaptive,
            RetryMode::Legacy => RetryRules::Legacy(LegacyRules::from_definition(
                self.legacy_retries()?,
                &metadata.endpoint_prefix,
            )),
        };
        let retry = RetryStrategy::new(model.name(), rules, settings.max_attempts, &options.retry);
        let mut transport = self.transports.get(host, &settings, config)?;
        if let Some(wrap) = &options.wrap_transport {
            transport = wrap(transport);
        }
        let stall_limit = (settings.min_throughput > 0).then(|| StallLimit {
            bytes_per_second: settings.min_throughput,
            grace: settings.stall_grace.unwrap_or(settings.read_timeout),
        });
        let mut features = client_features(&settings, protocol);
        if resolver.has_account_id_mode() {
            features |= account_id_mode_feature(settings.account_id_endpoint_mode);
        }
        Ok(Service {
            options: config.clone(),
            discovery: DiscoveryCache::new(&settings, &host.clock),
            express: express_sessions(&host.clock),
            codec: protocol.codec(Arc::clone(&model)).into(),
            resolver,
            transport,
            has_env_token: prefers_env_token(metadata, config, &*host.env),
            identity: Arc::clone(&options.identity),
            clock: Arc::clone(&host.clock),
            rng: Arc::clone(&host.rng),
            keys: Arc::clone(&self.keys),
            retry_state: match &options.retry_state {
                Some(shared) => Arc::clone(shared),
                None => Arc::new(RetryState::new(&host.clock)),
            },
            interceptors: (!options.interceptors.is_empty()).then(|| options.interceptors.clone()),
            stall_limit,
            bucket_regions: Mutex::default(),
            plans: OperationTable::new(model.operation_count()),
            user_agent: UserAgent::new(&settings, &*host.env, features),
            lambda_env: setting::LAMBDA_FUNCTION_NAME
                .from_env(&*host.env)
                .map(|_| Arc::clone(&host.env)),
            #[cfg(feature = "testing")]
            stub: self.stub.clone(),
            first_attempt_header: attempt_header(1, retry.max_attempts),
            retry,
            settings,
            signing_region,
            model,
        })
    }

    pub(super) fn endpoints(&self) -> Result<EndpointsData> {
        let definition = self.global_definition("endpoints")?;
        definition.load(EndpointsData::from_json)
    }

    fn model(&self, service: &str, config: &Config) -> Result<Arc<ServiceModel>> {
        let version = match &config.api_version {
            Some(version) => Some(version.as_str()),
            None => self.settings.api_version(service),
        };
        self.catalog.service(service, version)
    }

    /// Returns the endpoint rules of a service, which all its clients share.
    fn rules(&self, model: &ServiceModel) -> Result<EndpointRules> {
        let key = (model.name().clone(), model.metadata().api_version.clone());
        let loaded = || self.rules.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(rules) = loaded().get(&key) {
            return Ok(rules.clone());
        }
        let rules = self.load_rules(model)?;
        Ok(loaded().entry(key).or_insert(rules).clone())
    }

    fn load_rules(&self, model: &ServiceModel) -> Result<EndpointRules> {
        let name = model.name();
        let version = &model.metadata().api_version;
        let kind = "endpoint-rule-set-1";
        let definition = match self.catalog.definition(name, Some(version), kind)? {
            Some(definition) => Some(definition),
            None => self.catalog.definition(name, None, kind)?,
        };
        if let Some(definition) = definition {
            let rule_set = definition.load(RuleSet::from_json)?;
            let is_for_model = !definition.is_compiled() || model.is_packed();
            if is_for_model || crate::endpoint::has_sources(&rule_set, model) {
                return Ok(EndpointRules {
                    rule_set: Arc::new(rule_set),
                    is_regional: false,
                });
            }
        }
        Ok(EndpointRules {
            rule_set: crate::endpoint::regional_rule_set(&model.metadata().endpoint_prefix)?.into(),
            is_regional: true,
        })
    }

    /// Returns the rules of all services in the retry mode `legacy`.
    fn legacy_retries(&self) -> Result<&Value> {
        if let Some(definition) = self.legacy_retries.get() {
            return Ok(definition);
        }
        let definition = self.global_definition("_retry")?.value()?;
        Ok(self.legacy_retries.get_or_init(|| definition))
    }

    fn partitions(&self) -> Result<Arc<Partitions>> {
        if let Some(partitions) = self.partitions.get() {
            return Ok(Arc::clone(partitions));
        }
        let definition = self.global_definition("partitions")?;
        let mut partitions = definition.load(Partitions::from_json)?;
        if !definition.is_compiled()
            && let Some(built_in) = self.catalog.built_in_shared("partitions")?
        {
            // The file of an older release lacks outputs that the built-in rules read.
            partitions = partitions.completed_with(&built_in.load(Partitions::from_json)?);
        }
        Ok(Arc::clone(
            self.partitions.get_or_init(|| Arc::new(partitions)),
        ))
    }

    /// Returns a definition that is shared by all services.
    ///
    /// # Errors
    /// `Model`: it is missing.
    pub(super) fn global_definition(&self, kind: &str) -> Result<Definition> {
        self.catalog.shared(kind)?.ok_or_else(|| {
            Error::new(
                ErrorKind::Model,
                format!(
                    "{kind}.json is missing: it is neither built in nor in a folder of AWS_DATA_PATH"
                ),
            )
        })
    }
}
