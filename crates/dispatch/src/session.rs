//! [`Session`]: where clients come from.

use std::fmt;
use std::sync::atomic::AtomicI64;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use inia_core::config::{
    ClientSettings, Config, DefaultsTable, RetryMode, ServiceName, Settings, setting,
};
use inia_core::ports::{BoxFuture, Host, Invoke, InvokeOptions};
use inia_core::{Credentials, Error, ErrorKind, Result, SsoLogin, SsoLogout, Str, Token, Value};
use inia_endpoint::{EndpointVariant, EndpointsData, Partitions, RuleSet};
use inia_model::{Catalog, Form, OperationTable, ServiceModel};
use inia_protocol::Protocol;
use inia_signing::SigningKeyCache;

use crate::discovery::Discovery;
use crate::endpoint::EndpointResolver;
use crate::express::ExpressSessions;
use crate::identity::{Given, Identities};
use crate::pipeline::{CallOptions, Service, attempt_header};
use crate::retry::RetryQuota;
use crate::transport::{HyperTransport, Transport, TransportSettings};
use crate::{Client, host};

/// Settings, credentials and definitions: what clients are made from. Cheap to clone, and safe to share.
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
pub struct Session(Arc<Inner>);

struct Inner {
    core: inia_core::Session,
    shared: Arc<Shared>,
}

/// What all clients of a session share, and need no credentials for.
struct Shared {
    catalog: Arc<Catalog>,
    partitions: OnceLock<Arc<Partitions>>,
    /// A transport for all clients, in place of one for each of their settings.
    transport: Option<Arc<dyn Transport>>,
    transports: Mutex<Vec<(TransportSettings, Arc<HyperTransport>)>>,
    keys: Arc<SigningKeyCache>,
    /// The region of the instance this runs on, once it has been asked for.
    instance_region: OnceLock<Str>,
}

impl Session {
    /// A session over this process's environment, files and network.
    pub fn builder() -> SessionBuilder {
        SessionBuilder::over(host::system_host())
    }

    /// The session that the environment and `~/.aws` describe.
    ///
    /// # Errors
    /// `Config`: a config file is broken, or the profile that the environment names is in none.
    pub async fn load() -> Result<Self> {
        Session::builder().load().await
    }

    /// The part of the session that knows no services: settings, profiles, credentials, tokens.
    #[must_use]
    pub fn core(&self) -> &inia_core::Session {
        &self.0.core
    }

    /// The definitions.
    #[must_use]
    pub fn catalog(&self) -> &Arc<Catalog> {
        &self.0.shared.catalog
    }

    /// The region; `None` where none is set.
    ///
    /// # Errors
    /// `Config`: it could not stand in a host name.
    pub fn region(&self) -> Result<Option<Str>> {
        self.0.core.region()
    }

    /// The credentials, refreshed where they have to be.
    ///
    /// # Errors
    /// `Credentials`: there are none; the message lists the providers that were asked, with what each said.
    pub async fn credentials(&self) -> Result<Arc<Credentials>> {
        self.0.core.credentials().await
    }

    /// Starts a login to IAM Identity Center: for the `[sso-session]` of a name, or else for what the profile names.
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
    /// `Config`: the config file does not say what to log in to. The service's errors.
    pub async fn sso_login(&self, session: Option<&str>) -> Result<SsoLogin> {
        self.0.core.sso_login(session).await
    }

    /// Ends all logins to IAM Identity Center, and removes what is kept of them.
    ///
    /// # Errors
    /// `Credentials`: a file cannot be removed.
    pub async fn sso_logout(&self) -> Result<SsoLogout> {
        self.0.core.sso_logout().await
    }

    /// The names of the profiles of both config files.
    #[must_use]
    pub fn available_profiles(&self) -> Vec<Str> {
        self.0.core.available_profiles()
    }

    /// The names of all services that there are definitions of, in order.
    #[must_use]
    pub fn available_services(&self) -> Vec<Str> {
        self.catalog().services()
    }

    /// The names of all services that there are resource definitions of, in order.
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

    /// The ids of all partitions (`aws`, `aws-cn`...).
    ///
    /// # Errors
    /// `Model`: the definitions of partitions are missing or broken.
    pub fn available_partitions(&self) -> Result<Vec<Str>> {
        Ok(self.endpoints()?.partitions().map(Str::from).collect())
    }

    /// The regions of a partition that a service is known to be in; for a new one the list may be empty or short.
    ///
    /// # Errors
    /// `Model`: there is no such service, or the definitions of endpoints are missing or broken.
    pub fn available_regions(&self, service: &str, partition: &str) -> Result<Vec<Str>> {
        let model = self.catalog().service(service, None)?;
        let endpoints = self.endpoints()?;
        let regions = endpoints.available_endpoints(
            &model.metadata().endpoint_prefix,
            partition,
            false,
            EndpointVariant::default(),
        );
        Ok(regions.into_iter().map(Str::from).collect())
    }

    /// The id of the partition that a region belongs to.
    ///
    /// # Errors
    /// `Model`: there is none, or the definitions of endpoints are missing or broken.
    pub fn partition_for_region(&self, region: &str) -> Result<Str> {
        let endpoints = self.endpoints()?;
        endpoints
            .partition_for_region(region)
            .map(Str::from)
            .map_err(|error| Error::new(ErrorKind::Model, error.message().to_owned()))
    }

    fn endpoints(&self) -> Result<EndpointsData> {
        let definition = shared_definition(self.catalog(), "endpoints")?;
        match definition.form {
            Form::Json => EndpointsData::from_json(&definition.content),
            Form::Compiled => EndpointsData::from_bytes(&definition.content),
        }
        .map_err(|error| broken(&definition.place, &error))
    }

    /// A client of a service, by the name its definitions go by (`sqs`, `dynamodb`), with the session's settings.
    ///
    /// # Errors
    /// `Model`: there is no such service (the message offers the nearest names), or its definition is broken. `Config`: a setting
    /// is wrong.
    pub fn client(&self, service: &str) -> Result<Client> {
        self.client_with(service, &Config::new())
    }

    /// A client with settings of its own over the session's.
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
        let identities = Arc::new(SessionIdentities(core.clone()));
        let service = self
            .0
            .shared
            .service(core.host(), model, settings, identities)?;
        Ok(Client::new(service, self.clone()))
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0.core, f)
    }
}

impl Shared {
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
        let definition = shared_definition(&self.catalog, "partitions")?;
        let partitions = match definition.form {
            Form::Json => Partitions::from_json(&definition.content),
            Form::Compiled => Partitions::from_bytes(&definition.content),
        }
        .map_err(|error| broken(&definition.place, &error))?;
        Ok(Arc::clone(
            self.partitions.get_or_init(|| Arc::new(partitions)),
        ))
    }

    fn service(
        &self,
        host: &Host,
        model: Arc<ServiceModel>,
        settings: ClientSettings,
        identities: Arc<dyn Identities>,
    ) -> Result<Service> {
        let metadata = model.metadata();
        let protocol = match &settings.protocol {
            None => Protocol::of(metadata)?,
            Some(name) => {
                let spoken = metadata.protocol == *name || metadata.protocols.contains(name);
                Protocol::from_name(name)
                    .filter(|_| spoken)
                    .ok_or_else(|| {
                        let spoken = metadata.protocols.join(", ");
                        Error::new(
                            ErrorKind::Config,
                            format!("{}: it does not speak {name:?}, but {spoken}", model.name()),
                        )
                    })?
            }
        };
        let resolver = EndpointResolver::new(Arc::new(self.rule_set(&model)?), self.partitions()?);
        let max_attempts = max_attempts(&settings, model.name());
        Ok(Service {
            discovery: Discovery::new(&settings),
            express: ExpressSessions::default(),
            codec: protocol.codec(Arc::clone(&model)).into(),
            resolver,
            transport: self.transport(host, &settings)?,
            identities,
            clock: Arc::clone(&host.clock),
            rng: Arc::clone(&host.rng),
            keys: Arc::clone(&self.keys),
            quota: RetryQuota::new(),
            clock_skew: AtomicI64::new(0),
            redirects: Mutex::default(),
            plans: OperationTable::new(model.operation_count()),
            user_agent: user_agent(&settings),
            first_attempt: attempt_header(1, max_attempts),
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
            Some(definition) => match definition.form {
                Form::Json => RuleSet::from_json(&definition.content),
                Form::Compiled => RuleSet::from_bytes(&definition.content),
            }
            .map_err(|error| broken(&definition.place, &error)),
            None => crate::endpoint::regional_rule_set(&model.metadata().endpoint_prefix),
        }
    }

    fn transport(&self, host: &Host, settings: &ClientSettings) -> Result<Arc<dyn Transport>> {
        if let Some(transport) = &self.transport {
            return Ok(Arc::clone(transport));
        }
        let wanted = TransportSettings::for_client(host, settings)?;
        let mut transports = self
            .transports
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some((_, transport)) = transports.iter().find(|(settings, _)| *settings == wanted) {
            return Ok(Arc::clone(transport) as Arc<dyn Transport>);
        }
        let transport = Arc::new(HyperTransport::new(wanted.clone()));
        transports.push((wanted, Arc::clone(&transport)));
        Ok(transport)
    }
}

fn shared_definition(catalog: &Catalog, kind: &str) -> Result<inia_model::Definition> {
    catalog.shared(kind)?.ok_or_else(|| {
        Error::new(
            ErrorKind::Model,
            format!("there is no {kind}.json, neither built in nor in a folder of AWS_DATA_PATH"),
        )
    })
}

#[cold]
fn broken(place: &str, error: &dyn fmt::Display) -> Error {
    Error::new(ErrorKind::Model, format!("{place}: {error}"))
}

/// How many attempts a call makes in all where nobody says: DynamoDB, which answers fast, gets one more.
///
/// # Source
/// botocore `retries/standard.py:DEFAULT_MAX_ATTEMPTS`.
fn max_attempts(settings: &ClientSettings, service: &str) -> u32 {
    let by_default = match (settings.retry_mode, service) {
        (RetryMode::Legacy, "dynamodb" | "dynamodbstreams") => 10,
        (RetryMode::Legacy, _) => 5,
        (_, "dynamodb" | "dynamodbstreams") => 4,
        _ => 3,
    };
    settings.max_attempts.unwrap_or(by_default).max(1)
}

fn user_agent(settings: &ClientSettings) -> Str {
    if let Some(whole) = &settings.user_agent {
        let extra = settings
            .user_agent_extra
            .as_ref()
            .map(|extra| format!(" {extra}"))
            .unwrap_or_default();
        return Str::from(format!("{whole}{extra}"));
    }
    let mut text = format!(
        "inia/{} ua/2.1 os/{} md/arch#{} lang/rust cfg/retry-mode#{}",
        env!("CARGO_PKG_VERSION"),
        std::env::consts::OS,
        std::env::consts::ARCH,
        settings.retry_mode,
    );
    // What stands in a user agent's product token; anything else becomes a hyphen (botocore `useragent.py:sanitize_user_agent_string_component`).
    let is_token = |c: char| c.is_ascii_alphanumeric() || "!$%&'*+-.^_`|~,".contains(c);
    if let Some(id) = &settings.user_agent_appid {
        text.push_str(" app/");
        text.extend(id.chars().map(|c| if is_token(c) { c } else { '-' }));
    }
    if let Some(extra) = &settings.user_agent_extra {
        text.push(' ');
        text.push_str(extra);
    }
    Str::from(text)
}

/// A session's credentials and tokens.
#[derive(Debug)]
struct SessionIdentities(inia_core::Session);

impl Identities for SessionIdentities {
    fn fresh(&self) -> Option<Arc<Credentials>> {
        self.0.credential_cache().fresh()
    }

    fn credentials(&self) -> BoxFuture<'_, Result<Arc<Credentials>>> {
        Box::pin(self.0.credentials())
    }

    fn token<'a>(&'a self, signing_name: &'a str) -> BoxFuture<'a, Result<Token>> {
        Box::pin(async move {
            let token = self.0.token(Some(signing_name)).await?;
            token.map(|token| (*token).clone()).ok_or_else(|| {
                Error::new(
                    ErrorKind::Credentials,
                    format!("{signing_name} wants a bearer token, and no provider has one: log in with SSO, or set AWS_BEARER_TOKEN_*"),
                )
            })
        })
    }

    fn reject(&self, credentials: &Arc<Credentials>) {
        self.0.invalidate(credentials);
    }
}

/// How credential providers call services: through the same pipeline.
///
/// The session's options and its mode of defaults hold for these calls, too.
///
/// # Source
/// botocore `session.py:Session.create_client`, which the providers' `client_creator` is.
struct SelfInvoke {
    shared: Arc<Shared>,
    host: Host,
    settings: Settings,
    /// The session's options, without those that are about single services or who signs.
    config: Config,
    defaults: DefaultsTable,
}

impl fmt::Debug for SelfInvoke {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SelfInvoke").finish_non_exhaustive()
    }
}

impl Invoke for SelfInvoke {
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
            let mode = self.settings.defaults_mode(&config)?.resolve_auto(
                &self.settings,
                self.settings.region(&config)?.as_deref(),
                self.shared.instance_region.get().map(Str::as_str),
            );
            let defaults = self.defaults.get(mode);
            let settings = self.settings.for_client(&config, name, mode, defaults)?;
            let identities = Given {
                credentials: options.credentials.map(Arc::new),
                token: None,
            };
            let service = self
                .shared
                .service(&self.host, model, settings, Arc::new(identities))?;
            let operation = service.model.operation(operation)?;
            let call_options = CallOptions {
                headers: options.headers.into_iter().collect(),
                url_headers: options.url_headers,
                ..CallOptions::default()
            };
            let output = service.call(operation, params, call_options).await?;
            Ok(output.value)
        })
    }
}

/// Builds a [`Session`].
#[must_use = "a builder does nothing before it loads"]
pub struct SessionBuilder {
    host: Host,
    core: inia_core::SessionBuilder,
    config: Config,
    catalog: Option<Arc<Catalog>>,
    transport: Option<Arc<dyn Transport>>,
}

impl SessionBuilder {
    /// A session over the given ports.
    pub fn over(host: Host) -> Self {
        SessionBuilder {
            core: inia_core::Session::builder(host.clone()),
            host,
            config: Config::new(),
            catalog: None,
            transport: None,
        }
    }

    /// Chooses the profile.
    pub fn profile(mut self, name: impl Into<Str>) -> Self {
        self.core = self.core.profile(name);
        self
    }

    /// Sets the region.
    pub fn region(mut self, region: impl Into<Str>) -> Self {
        self.core = self.core.region(region);
        self
    }

    /// Sets the endpoint that every client calls, in place of its service's own.
    pub fn endpoint_url(mut self, url: impl Into<Str>) -> Self {
        self.config = self.config.endpoint_url(url);
        self
    }

    /// Gives credentials; no provider is asked.
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.core = self.core.credentials(credentials);
        self
    }

    /// Sets options that those of a client are merged over.
    pub fn config(mut self, config: &Config) -> Self {
        self.config = self.config.merge(config);
        self
    }

    /// Changes what the session's own part is built with: providers, config files, single settings.
    pub fn core(
        mut self,
        change: impl FnOnce(inia_core::SessionBuilder) -> inia_core::SessionBuilder,
    ) -> Self {
        self.core = change(self.core);
        self
    }

    /// Gives the definitions, in place of the built-in ones and those in the folders of `AWS_DATA_PATH` and `~/.aws/models`.
    pub fn catalog(mut self, catalog: Arc<Catalog>) -> Self {
        self.catalog = Some(catalog);
        self
    }

    /// Sends every request through this transport.
    pub fn transport(mut self, transport: Arc<dyn Transport>) -> Self {
        self.transport = Some(transport);
        self
    }

    /// Reads the config files, and builds the session. No service and no provider is asked, except for the instance's region
    /// where the mode of defaults is `auto`.
    ///
    /// # Errors
    /// `Config`: a config file is broken, or a profile is chosen that is in none.
    pub async fn load(self) -> Result<Session> {
        let session = self.build()?;
        let core = session.core();
        core.prepare().await?;
        if let Some(region) = core.instance_region() {
            let _ = session.0.shared.instance_region.set(Str::from(region));
        }
        Ok(session)
    }

    /// [`load`](Self::load) without the wait.
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
                Arc::new(builtin().with_folders(Arc::clone(&self.host.files), folders))
            }
        };
        let shared = Arc::new(Shared {
            catalog,
            partitions: OnceLock::new(),
            transport: self.transport,
            transports: Mutex::default(),
            keys: Arc::new(SigningKeyCache::default()),
            instance_region: OnceLock::new(),
        });
        let defaults = match shared.catalog.shared("sdk-default-configuration")? {
            Some(definition) => DefaultsTable::from_json(&definition.parse()?)?,
            None => DefaultsTable::default(),
        };
        let for_invoke = Arc::clone(&shared);
        let (config, invoke_defaults) = (of_any_service(&self.config), defaults.clone());
        let core = self
            .core
            .config(self.config)
            .defaults(defaults)
            .invoke(move |host, settings| {
                Arc::new(SelfInvoke {
                    shared: for_invoke,
                    host: host.clone(),
                    settings: settings.clone(),
                    config,
                    defaults: invoke_defaults,
                })
            })
            .build()?;
        Ok(Session(Arc::new(Inner { core, shared })))
    }
}

/// The options of a session that hold for the calls of its credential providers. Where a client calls, in which version and format
/// and how it signs is its own affair.
fn of_any_service(config: &Config) -> Config {
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
fn builtin() -> Catalog {
    Catalog::new(inia_builtin::archive())
}

#[cfg(not(feature = "builtin"))]
fn builtin() -> Catalog {
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
