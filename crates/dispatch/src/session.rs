//! [`Session`]: settings, credentials and service definitions, from which clients are created.

use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use inia_core::config::{
    ClientSettings, Config, DefaultsTable, RetryMode, ServiceName, Settings, setting,
};
use inia_core::ports::{BoxFuture, Host, Invoke, InvokeOptions};
use inia_core::{Credentials, Error, ErrorKind, Result, SsoLogin, SsoLogout, Str, Token, Value};
use inia_endpoint::{EndpointVariant, EndpointsData, Partitions, RuleSet};
use inia_model::{Catalog, OperationTable, ServiceModel};
use inia_protocol::Protocol;
use inia_signing::SigningKeyCache;

use crate::discovery::DiscoveryCache;
use crate::endpoint::EndpointResolver;
use crate::express::express_sessions;
use crate::identity::{IdentityProvider, StaticIdentity};
use crate::pipeline::{CallOptions, Service, attempt_header};
use crate::retry::{ClockSkew, RetryQuota};
use crate::transport::{HyperTransport, Transport, TransportSettings};
use crate::user_agent::{UserAgent, account_id_mode_feature, client_features};
use crate::{Client, host};

/// Settings, credentials and service definitions, from which clients are created. Cheap to clone, and safe to share.
///
/// ```no_run
/// use inia_dispatch::Session;
///
/// # async fn example() -> inia_core::Result<()> {
/// let session = Session::load().await?; // environment, ~/.aws, container, instance: boto3's rules
/// let ec2 = session.client("ec2")?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Session(Arc<SessionInner>);

struct SessionInner {
    core: inia_core::Session,
    shared: Arc<SharedState>,
}

/// State shared by all clients of a session and by its credential providers.
struct SharedState {
    catalog: Arc<Catalog>,
    partitions: OnceLock<Arc<Partitions>>,
    /// The caller's transport, used by all clients.
    transport: Option<Arc<dyn Transport>>,
    /// One transport per distinct settings, if the caller gives none.
    transports: Mutex<Vec<(TransportSettings, Arc<HyperTransport>)>>,
    keys: Arc<SigningKeyCache>,
    /// Region of the EC2 instance, once loaded from its metadata service.
    instance_region: OnceLock<Str>,
}

impl Session {
    /// Returns a builder over this process's environment, files and network.
    pub fn builder() -> SessionBuilder {
        SessionBuilder::over(host::system_host())
    }

    /// Loads a session from the environment and the files in `~/.aws`.
    ///
    /// # Errors
    /// `Config`: a config file is invalid, or the profile that the environment names is missing.
    pub async fn load() -> Result<Self> {
        Session::builder().load().await
    }

    /// Returns the part of the session that does not depend on services: settings, profiles, credentials, tokens.
    #[must_use]
    pub fn core(&self) -> &inia_core::Session {
        &self.0.core
    }

    /// Returns the catalog of service definitions.
    #[must_use]
    pub fn catalog(&self) -> &Arc<Catalog> {
        &self.0.shared.catalog
    }

    /// Returns the region; `None` if none is set.
    ///
    /// # Errors
    /// `Config`: the region is not a valid host label.
    pub fn region(&self) -> Result<Option<Str>> {
        self.0.core.region()
    }

    /// Returns the credentials, refreshed if necessary.
    ///
    /// # Errors
    /// `Credentials`: no provider has any. The message lists the providers and the reason of each.
    pub async fn credentials(&self) -> Result<Arc<Credentials>> {
        self.0.core.credentials().await
    }

    /// Starts a login to IAM Identity Center: for the given `[sso-session]`, or by default for the one in the profile.
    ///
    /// ```no_run
    /// # async fn example() -> inia_core::Result<()> {
    /// let session = inia_dispatch::Session::load().await?;
    /// let login = session.sso_login(None).await?;
    /// println!("open {} and enter {}", login.verification_url(), login.user_code());
    /// login.finish().await?; // waits until the user has confirmed
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// `Config`: the config file has no such SSO session, or the profile has no SSO settings. The service's errors.
    pub async fn sso_login(&self, session: Option<&str>) -> Result<SsoLogin> {
        self.0.core.sso_login(session).await
    }

    /// Ends all logins to IAM Identity Center, and removes their cached tokens and credentials.
    ///
    /// # Errors
    /// `Credentials`: a cache file cannot be removed.
    pub async fn sso_logout(&self) -> Result<SsoLogout> {
        self.0.core.sso_logout().await
    }

    /// Returns the names of the profiles in both config files.
    #[must_use]
    pub fn available_profiles(&self) -> Vec<Str> {
        self.0.core.available_profiles()
    }

    /// Returns the names of all services with a definition, sorted.
    #[must_use]
    pub fn available_services(&self) -> Vec<Str> {
        self.catalog().services()
    }

    /// Returns the names of all services with a resource definition, sorted.
    #[must_use]
    pub fn available_resources(&self) -> Vec<Str> {
        let mut services = self.available_services();
        services.retain(|service| {
            !self
                .catalog()
                .api_versions(service, "resources-1")
                .is_empty()
        });
        services
    }

    /// Returns the ids of all partitions (`aws`, `aws-cn`...).
    ///
    /// # Errors
    /// `Model`: the partition definitions are missing or invalid.
    pub fn available_partitions(&self) -> Result<Vec<Str>> {
        Ok(self.endpoints()?.partitions().cloned().collect())
    }

    /// Returns the regions of a partition in which a service is listed. The list of a new service may be empty or incomplete.
    ///
    /// # Errors
    /// `Model`: there is no such service, or the endpoint definitions are missing or invalid.
    pub fn available_regions(&self, service: &str, partition: &str) -> Result<Vec<Str>> {
        let model = self.catalog().service(service, None)?;
        let endpoints = self.endpoints()?;
        let regions = endpoints.available_endpoints(
            &model.metadata().endpoint_prefix,
            partition,
            false,
            EndpointVariant::default(),
        );
        Ok(regions.into_iter().cloned().collect())
    }

    /// Returns the id of the partition that a region belongs to.
    ///
    /// # Errors
    /// `Model`: no partition has the region, or the endpoint definitions are missing or invalid.
    pub fn partition_for_region(&self, region: &str) -> Result<Str> {
        let endpoints = self.endpoints()?;
        endpoints
            .partition_for_region(region)
            .cloned()
            .map_err(|error| Error::new(ErrorKind::Model, error.message().to_owned()))
    }

    fn endpoints(&self) -> Result<EndpointsData> {
        let definition = global_definition(self.catalog(), "endpoints")?;
        definition.load(EndpointsData::from_json)
    }

    /// Returns a client for a service, by the name of its definition (`sqs`, `dynamodb`), with the session's settings.
    ///
    /// # Errors
    /// `Model`: there is no such service (the message suggests similar names), or its definition is invalid. `Config`: a setting
    /// is invalid.
    pub fn client(&self, service: &str) -> Result<Client> {
        self.client_with(service, &Config::new())
    }

    /// Returns a client with settings that override the session's.
    ///
    /// ```no_run
    /// # async fn example() -> inia_core::Result<()> {
    /// use inia_dispatch::Session;
    /// use inia_core::config::Config;
    ///
    /// let session = Session::load().await?;
    /// let config = Config::new().region("eu-west-1").endpoint_url("http://127.0.0.1:5000");
    /// let sqs = session.client_with("sqs", &config)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`client`](Self::client).
    pub fn client_with(&self, service: &str, config: &Config) -> Result<Client> {
        let core = &self.0.core;
        let merged = core.config().merge(config);
        let model = self.0.shared.model(core.settings(), &merged, service)?;
        let name = ServiceName {
            name: model.name(),
            id: &model.metadata().service_id,
        };
        let settings = core.client_settings(name, config)?;
        let identity = Arc::new(SessionIdentity(core.clone()));
        let service = self
            .0
            .shared
            .service(core.host(), model, settings, identity)?;
        Ok(Client::new(service, self.clone()))
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0.core, f)
    }
}

impl SharedState {
    fn model(
        &self,
        settings: &Settings,
        config: &Config,
        service: &str,
    ) -> Result<Arc<ServiceModel>> {
        let version = config
            .api_version
            .clone()
            .or_else(|| settings.api_version(service).map(Str::from));
        self.catalog.service(service, version.as_deref())
    }

    fn partitions(&self) -> Result<Arc<Partitions>> {
        if let Some(partitions) = self.partitions.get() {
            return Ok(Arc::clone(partitions));
        }
        let definition = global_definition(&self.catalog, "partitions")?;
        let partitions = definition.load(Partitions::from_json)?;
        Ok(Arc::clone(
            self.partitions.get_or_init(|| Arc::new(partitions)),
        ))
    }

    fn service(
        &self,
        host: &Host,
        model: Arc<ServiceModel>,
        settings: ClientSettings,
        identity: Arc<dyn IdentityProvider>,
    ) -> Result<Service> {
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
        let resolver = EndpointResolver::new(Arc::new(self.rule_set(&model)?), self.partitions()?);
        let max_attempts = max_attempts(&settings, model.name());
        let mut features = client_features(&settings, protocol);
        if resolver.has_account_id_mode() {
            features |= account_id_mode_feature(settings.account_id_endpoint_mode);
        }
        Ok(Service {
            discovery: DiscoveryCache::new(&settings, &host.clock),
            express: express_sessions(&host.clock),
            codec: protocol.codec(Arc::clone(&model)).into(),
            resolver,
            transport: self.transport(host, &settings)?,
            identity,
            clock: Arc::clone(&host.clock),
            rng: Arc::clone(&host.rng),
            keys: Arc::clone(&self.keys),
            quota: RetryQuota::new(),
            clock_skew: ClockSkew::default(),
            bucket_regions: Mutex::default(),
            plans: OperationTable::new(model.operation_count()),
            user_agent: UserAgent::new(&settings, &*host.env, features),
            lambda_env: setting::LAMBDA_FUNCTION_NAME
                .from_env(&*host.env)
                .map(|_| Arc::clone(&host.env)),
            first_attempt_header: attempt_header(1, max_attempts),
            max_attempts,
            settings,
            model,
        })
    }

    fn rule_set(&self, model: &ServiceModel) -> Result<RuleSet> {
        let name = model.name();
        let version = &model.metadata().api_version;
        let kind = "endpoint-rule-set-1";
        let definition = match self.catalog.definition(name, Some(version), kind)? {
            Some(definition) => Some(definition),
            None => self.catalog.definition(name, None, kind)?,
        };
        match definition {
            Some(definition) => definition.load(RuleSet::from_json),
            None => crate::endpoint::regional_rule_set(&model.metadata().endpoint_prefix),
        }
    }

    fn transport(&self, host: &Host, settings: &ClientSettings) -> Result<Arc<dyn Transport>> {
        if let Some(transport) = &self.transport {
            return Ok(Arc::clone(transport));
        }
        let settings = TransportSettings::for_client(host, settings)?;
        let mut transports = self
            .transports
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some((_, transport)) = transports.iter().find(|(other, _)| *other == settings) {
            return Ok(Arc::clone(transport) as Arc<dyn Transport>);
        }
        let transport = Arc::new(HyperTransport::new(settings.clone()));
        transports.push((settings, Arc::clone(&transport)));
        Ok(transport)
    }
}

fn global_definition(catalog: &Catalog, kind: &str) -> Result<inia_model::Definition> {
    catalog.shared(kind)?.ok_or_else(|| {
        Error::new(
            ErrorKind::Model,
            format!(
                "{kind}.json is missing: it is neither built in nor in a folder of AWS_DATA_PATH"
            ),
        )
    })
}

/// Returns the maximum number of attempts per call. DynamoDB has low latency, so its default is one higher.
///
/// # Source
/// botocore `retries/standard.py:DEFAULT_MAX_ATTEMPTS`.
fn max_attempts(settings: &ClientSettings, service: &str) -> u32 {
    let default = match (settings.retry_mode, service) {
        (RetryMode::Legacy, "dynamodb" | "dynamodbstreams") => 10,
        (RetryMode::Legacy, _) => 5,
        (_, "dynamodb" | "dynamodbstreams") => 4,
        _ => 3,
    };
    settings.max_attempts.unwrap_or(default).max(1)
}

/// The credentials and tokens of a session's provider chains.
#[derive(Debug)]
struct SessionIdentity(inia_core::Session);

impl IdentityProvider for SessionIdentity {
    fn cached_credentials(&self) -> Option<Arc<Credentials>> {
        self.0.cached_credentials()
    }

    fn credentials(&self) -> BoxFuture<'_, Result<Arc<Credentials>>> {
        Box::pin(self.0.credentials())
    }

    fn token<'a>(&'a self, signing_name: &'a str) -> BoxFuture<'a, Result<Arc<Token>>> {
        Box::pin(async move {
            let token = self.0.token(Some(signing_name)).await;
            token.map_err(|error| error.at(format_args!("{signing_name} requires a bearer token")))
        })
    }

    fn invalidate(&self, credentials: &Arc<Credentials>) {
        self.0.invalidate(credentials);
    }
}

/// Calls services for credential providers, through the same pipeline.
///
/// The session's options and its defaults mode apply to these calls too.
///
/// # Source
/// botocore `session.py:Session.create_client`, which the providers' `client_creator` is.
struct PipelineInvoke {
    shared: Arc<SharedState>,
    host: Host,
    settings: Settings,
    /// The session's options, without those that are specific to one client: see [`provider_config`].
    config: Config,
    defaults: DefaultsTable,
}

impl fmt::Debug for PipelineInvoke {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PipelineInvoke").finish_non_exhaustive()
    }
}

impl Invoke for PipelineInvoke {
    fn call<'a>(
        &'a self,
        service: &'a str,
        operation: &'a str,
        params: Value,
        options: InvokeOptions,
    ) -> BoxFuture<'a, Result<Value>> {
        Box::pin(async move {
            let mut config = self.config.clone();
            if let Some(region) = options.region {
                config = config.region(region);
            }
            if let Some(url) = options.endpoint_url {
                config = config.endpoint_url(url);
            }
            if options.credentials.is_none() {
                config = config.signature_version(inia_core::config::UNSIGNED);
            }
            let model = self.shared.model(&self.settings, &config, service)?;
            let name = ServiceName {
                name: model.name(),
                id: &model.metadata().service_id,
            };
            let instance_region = self.shared.instance_region.get().map(Str::as_str);
            let settings =
                self.settings
                    .for_client(&config, name, &self.defaults, instance_region)?;
            let identity = StaticIdentity {
                credentials: options.credentials.map(Arc::new),
                token: None,
            };
            let service = self
                .shared
                .service(&self.host, model, settings, Arc::new(identity))?;
            let operation = service.model.operation(operation)?;
            let call_options = CallOptions {
                headers: options.headers.into_iter().collect(),
                url_headers: options.url_headers,
                features: options.features,
                ..CallOptions::default()
            };
            let output = service.call(operation, params, call_options).await?;
            Ok(output.value)
        })
    }
}

/// Builds a [`Session`].
#[must_use = "a builder does nothing until `load` or `build` is called"]
pub struct SessionBuilder {
    host: Host,
    core: inia_core::SessionBuilder,
    config: Config,
    catalog: Option<Arc<Catalog>>,
    transport: Option<Arc<dyn Transport>>,
}

impl SessionBuilder {
    /// Returns a builder over the given ports.
    pub fn over(host: Host) -> Self {
        SessionBuilder {
            core: inia_core::Session::builder(host.clone()),
            host,
            config: Config::new(),
            catalog: None,
            transport: None,
        }
    }

    /// Sets the profile.
    pub fn profile(mut self, name: impl Into<Str>) -> Self {
        self.core = self.core.profile(name);
        self
    }

    /// Sets the region.
    pub fn region(mut self, region: impl Into<Str>) -> Self {
        self.core = self.core.region(region);
        self
    }

    /// Sets an endpoint URL for all clients, in place of each service's own.
    pub fn endpoint_url(mut self, url: impl Into<Str>) -> Self {
        self.config = self.config.endpoint_url(url);
        self
    }

    /// Sets static credentials, in place of the provider chain.
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.core = self.core.credentials(credentials);
        self
    }

    /// Sets default options. The options of a client override them.
    pub fn config(mut self, config: &Config) -> Self {
        self.config = self.config.merge(config);
        self
    }

    /// Configures the service-independent part of the session: providers, config files, single settings.
    pub fn core(
        mut self,
        change: impl FnOnce(inia_core::SessionBuilder) -> inia_core::SessionBuilder,
    ) -> Self {
        self.core = change(self.core);
        self
    }

    /// Sets the catalog of definitions, in place of the built-in ones and the folders of `AWS_DATA_PATH` and `~/.aws/models`.
    pub fn catalog(mut self, catalog: Arc<Catalog>) -> Self {
        self.catalog = Some(catalog);
        self
    }

    /// Sets the transport for all requests.
    pub fn transport(mut self, transport: Arc<dyn Transport>) -> Self {
        self.transport = Some(transport);
        self
    }

    /// Reads the config files, and builds the session. It makes no network call, except to the instance metadata service if the
    /// defaults mode is `auto`.
    ///
    /// # Errors
    /// `Config`: a config file is invalid, or the chosen profile is missing.
    pub async fn load(self) -> Result<Session> {
        let session = self.build()?;
        let core = session.core();
        core.prepare().await?;
        if let Some(region) = core.instance_region() {
            let _ = session.0.shared.instance_region.set(Str::from(region));
        }
        Ok(session)
    }

    /// Builds the session like [`load`](Self::load), without its network call.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn build(self) -> Result<Session> {
        let catalog = match self.catalog {
            Some(catalog) => catalog,
            None => {
                let data_path = setting::DATA_PATH
                    .from_env(&*self.host.env)
                    .map(|(_, path)| path);
                let folders = Catalog::search_path(&*self.host.env, data_path.as_deref());
                Arc::new(builtin_catalog().with_folders(Arc::clone(&self.host.files), folders))
            }
        };
        let shared = Arc::new(SharedState {
            catalog,
            partitions: OnceLock::new(),
            transport: self.transport,
            transports: Mutex::default(),
            keys: Arc::new(SigningKeyCache::default()),
            instance_region: OnceLock::new(),
        });
        let defaults = match shared.catalog.shared("sdk-default-configuration")? {
            Some(definition) => DefaultsTable::from_json(&definition.value()?.to_json())?,
            None => DefaultsTable::default(),
        };
        let invoke_shared = Arc::clone(&shared);
        let (invoke_config, invoke_defaults) = (provider_config(&self.config), defaults.clone());
        let core = self
            .core
            .config(self.config)
            .defaults(defaults)
            .invoke(move |host, settings| {
                Arc::new(PipelineInvoke {
                    shared: invoke_shared,
                    host: host.clone(),
                    settings: settings.clone(),
                    config: invoke_config,
                    defaults: invoke_defaults,
                })
            })
            .build()?;
        Ok(Session(Arc::new(SessionInner { core, shared })))
    }
}

/// Returns the options of a session that apply to the calls of its credential providers: all but those that choose the endpoint, the
/// API version, the protocol or the signature of a client.
fn provider_config(config: &Config) -> Config {
    let mut config = config.clone();
    config.region = None;
    config.endpoint_url = None;
    config.api_version = None;
    config.protocol = None;
    config.signature_version = None;
    config.auth_scheme_preference = None;
    config
}

#[cfg(feature = "builtin")]
fn builtin_catalog() -> Catalog {
    Catalog::new(inia_builtin::archive())
}

#[cfg(not(feature = "builtin"))]
fn builtin_catalog() -> Catalog {
    Catalog::empty()
}

impl fmt::Debug for SessionBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionBuilder")
            .field("core", &self.core)
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}
