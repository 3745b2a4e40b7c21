//! [`SessionBuilder`].

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use bytes::Bytes;
use inia_core::config::setting::{self, Setting};
use inia_core::config::{Config, ConfigFiles, DefaultsTable, FileLocations, Platform, Settings};
use inia_core::ports::{Files, Host, Invoke};
use inia_core::{
    CredentialChain, Credentials, Error, ErrorKind, Identities, Provider, ProviderContext, Result,
    Str, Token, TokenChain,
};
use inia_model::Catalog;
use inia_signing::SigningKeyCache;

use super::factory::ServiceFactory;
use super::invoke::PipelineInvoke;
use super::{Session, SessionInner};
use crate::host;
use crate::interceptor::{Interceptor, Interceptors};
use crate::retry::RetryOptions;
use crate::transport::{Transport, TransportCache, WrapTransport};

/// Builds a [`Session`].
///
/// ```
/// # mod inia { pub use inia_core::*; pub use inia_dispatch::*; }
/// use inia::{Credentials, Session};
///
/// # fn main() -> inia_core::Result<()> {
/// let session = Session::builder()
///     .region("eu-west-1")
///     .credentials(Credentials::new("AKIDEXAMPLE", "secret", None))
///     .build()?;
/// assert_eq!(session.region()?.as_deref(), Some("eu-west-1"));
/// # Ok(())
/// # }
/// ```
#[must_use = "a builder does nothing until `load` or `build` is called"]
pub struct SessionBuilder {
    host: Host,
    profile: Option<Str>,
    settings: BTreeMap<&'static str, Str>,
    config: Config,
    retry: RetryOptions,
    interceptors: Interceptors,
    files: Option<ConfigFiles>,
    credentials: CredentialChain,
    tokens: TokenChain,
    catalog: Option<Arc<Catalog>>,
    definitions: Vec<(Str, Bytes)>,
    transport: Option<Arc<dyn Transport>>,
    wrap_transport: Option<WrapTransport>,
    invoke: Option<Arc<dyn Invoke>>,
    #[cfg(feature = "testing")]
    stub: Option<Arc<dyn crate::pipeline::CallStub>>,
}

impl SessionBuilder {
    pub(super) fn new() -> Self {
        SessionBuilder {
            host: host::system_host(),
            profile: None,
            settings: BTreeMap::new(),
            config: Config::new(),
            retry: RetryOptions::new(),
            interceptors: Interceptors::default(),
            files: None,
            credentials: CredentialChain::default(),
            tokens: TokenChain::default(),
            catalog: None,
            definitions: Vec::new(),
            transport: None,
            wrap_transport: None,
            invoke: None,
            #[cfg(feature = "testing")]
            stub: None,
        }
    }

    /// Sets the profile. Credentials in environment variables are ignored then, as in botocore.
    pub fn profile(mut self, name: impl Into<Str>) -> Self {
        self.profile = Some(name.into());
        self
    }

    /// Sets the region.
    pub fn region(self, region: impl Into<Str>) -> Self {
        self.setting(&setting::REGION, region)
    }

    /// Sets an endpoint URL for all clients, in place of each service's own.
    pub fn endpoint_url(mut self, url: impl Into<Str>) -> Self {
        self.config = self.config.endpoint_url(url);
        self
    }

    /// Sets the folders with service definitions, separated as in `PATH`, in place of those of `AWS_DATA_PATH` and of `data_path` in the
    /// profile.
    pub fn data_path(self, folders: impl Into<Str>) -> Self {
        self.setting(&setting::DATA_PATH, folders)
    }

    /// Sets any setting, which overrides the environment and the profile.
    pub fn setting(mut self, setting: &'static Setting, value: impl Into<Str>) -> Self {
        self.settings.insert(setting.name, value.into());
        self
    }

    /// Sets default options. The options of a client override them.
    pub fn config(mut self, config: &Config) -> Self {
        self.config = self.config.merge(config);
        self
    }

    /// Sets how all clients retry: the maximum number of attempts, a classifier, a backoff. A retry mode or number of attempts set here
    /// overrides those of [`config`](Self::config).
    pub fn retry(mut self, options: RetryOptions) -> Self {
        self.retry = self.retry.merge(&options);
        self
    }

    /// Adds an interceptor of all calls, also of those that fetch credentials.
    pub fn interceptor(mut self, interceptor: impl Interceptor + 'static) -> Self {
        self.interceptors.push(interceptor);
        self
    }

    /// Sets parsed config files. No config file is read from disk then.
    pub fn config_files(mut self, files: ConfigFiles) -> Self {
        self.files = Some(files);
        self
    }

    /// Sets static credentials, in place of the provider chain.
    pub fn credentials(self, credentials: Credentials) -> Self {
        self.credentials_provider(credentials)
    }

    /// Sets the provider of credentials, in place of the provider chain.
    pub fn credentials_provider(self, provider: impl Provider<Credentials> + 'static) -> Self {
        self.credential_chain(CredentialChain::single(provider))
    }

    /// Sets the credential provider chain, in place of the default one.
    pub fn credential_chain(mut self, chain: CredentialChain) -> Self {
        self.credentials = chain;
        self
    }

    /// Sets the provider of bearer tokens, such as a [`Token`], in place of the provider chain.
    pub fn token_provider(self, provider: impl Provider<Token> + 'static) -> Self {
        self.token_chain(TokenChain::single(provider))
    }

    /// Sets the token provider chain, in place of the default one.
    pub fn token_chain(mut self, chain: TokenChain) -> Self {
        self.tokens = chain;
        self
    }

    /// Sets the catalog of definitions, in place of the built-in ones and the folders of the data path and `~/.aws/models`.
    pub fn catalog(mut self, catalog: Arc<Catalog>) -> Self {
        self.catalog = Some(catalog);
        self
    }

    /// Adds the definition of a service: JSON in botocore's `service-2` format, or a Smithy model (its JSON AST). It takes precedence over
    /// files and built-in definitions of the same API version. An invalid definition is an error of [`build`](Self::build).
    ///
    /// A service without endpoint rules of its own requires an endpoint URL.
    pub fn definition(mut self, service: impl Into<Str>, json: impl Into<Bytes>) -> Self {
        self.definitions.push((service.into(), json.into()));
        self
    }

    /// Sets the transport for all requests, in place of those that the settings make.
    ///
    /// It does not receive the options of a [`Config`] that concern connections, such as `ca_bundle` or `proxies`: a client with such an
    /// option is an error. The read timeout is part of each request. To add to the transport of the settings, see
    /// [`wrap_transport`](Self::wrap_transport).
    pub fn transport(mut self, transport: Arc<dyn Transport>) -> Self {
        self.transport = Some(transport);
        self
    }

    /// Wraps the transports that the settings make, for example to log or change requests and responses.
    ///
    /// ```
    /// use std::sync::Arc;
    /// # mod inia { pub use inia_core::*; pub use inia_dispatch::*; pub mod transport { pub use inia_dispatch::*; } }
    /// use inia::{Result, Session, ports::BoxFuture};
    /// use inia::transport::{Transport, WireRequest, WireResponse};
    ///
    /// #[derive(Debug)]
    /// struct Logging(Arc<dyn Transport>);
    ///
    /// impl Transport for Logging {
    ///     fn send(&self, request: WireRequest) -> BoxFuture<'_, Result<WireResponse>> {
    ///         eprintln!("{} {}", request.method, request.url);
    ///         self.0.send(request)
    ///     }
    /// }
    ///
    /// let session = Session::builder()
    ///     .wrap_transport(|transport| Arc::new(Logging(transport)))
    ///     .build()?;
    /// # Ok::<(), inia_core::Error>(())
    /// ```
    pub fn wrap_transport(
        mut self,
        wrap: impl Fn(Arc<dyn Transport>) -> Arc<dyn Transport> + Send + Sync + 'static,
    ) -> Self {
        self.wrap_transport = Some(Arc::new(wrap));
        self
    }

    /// Sets the ports: environment, files, clock, randomness and the network of metadata services. Tests use fakes.
    pub fn host(mut self, host: Host) -> Self {
        self.host = host;
        self
    }

    /// Sets the port with which credential providers call services, in place of the session's own pipeline. Tests use fakes.
    pub fn invoke(mut self, invoke: Arc<dyn Invoke>) -> Self {
        self.invoke = Some(invoke);
        self
    }

    /// Sets the stub that answers the calls of all clients.
    #[cfg(feature = "testing")]
    pub(crate) fn stub(mut self, stub: Arc<dyn crate::pipeline::CallStub>) -> Self {
        self.stub = Some(stub);
        self
    }

    /// Reads the config files, and builds the session. It makes no network call, except to the instance metadata service if the
    /// defaults mode is `auto`.
    ///
    /// # Errors
    /// `Config`: a config file is invalid, or the chosen profile is missing.
    pub async fn load(self) -> Result<Session> {
        let session = self.build()?;
        let SessionInner {
            config,
            identities,
            factory,
            ..
        } = &*session.0;
        let mode = factory.settings.defaults_mode(config)?;
        if mode.needs_instance_region(&factory.settings)
            && let Some(region) = identities.instance_region().await
        {
            factory.instance_region.get_or_init(|| region);
        }
        Ok(session)
    }

    /// Builds the session like [`load`](Self::load), without its network call.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn build(self) -> Result<Session> {
        let host = self.host;
        let files = match self.files {
            Some(files) => files,
            None => {
                let locations = FileLocations::resolve(&*host.env, Platform::CURRENT);
                ConfigFiles::load(&*host.files, locations)?
            }
        };
        let env = Arc::clone(&host.env);
        let settings = Settings::new(env, Arc::new(files), self.profile, self.settings)?;
        let catalog = match self.catalog {
            Some(catalog) if self.definitions.is_empty() => catalog,
            Some(_) => {
                let problem = "definition and catalog cannot be combined; register the definition with Catalog::with_definition";
                return Err(Error::new(ErrorKind::Config, problem));
            }
            None => {
                let folders = settings.data_folders()?;
                warn_missing(&*host.files, &folders);
                let folders = folders.into_iter().chain(settings.user_models_folder());
                let catalog = builtin_catalog();
                let catalog = catalog.with_folders(Arc::clone(&host.files), folders.collect());
                let mut definitions = self.definitions.iter();
                let catalog = definitions.try_fold(catalog, |catalog, (name, json)| {
                    catalog.with_definition(name, json)
                })?;
                Arc::new(catalog)
            }
        };
        let defaults = match catalog.shared("sdk-default-configuration")? {
            Some(definition) => DefaultsTable::from_json(&definition.value()?.to_json())?,
            None => DefaultsTable::default(),
        };
        let config = self.retry.in_config(&self.config);
        let factory = Arc::new(ServiceFactory {
            host: host.clone(),
            settings: settings.clone(),
            defaults,
            catalog,
            partitions: OnceLock::new(),
            legacy_retries: OnceLock::new(),
            rules: Mutex::default(),
            transports: TransportCache::new(self.transport, self.wrap_transport),
            keys: Arc::new(SigningKeyCache::default()),
            #[cfg(feature = "testing")]
            stub: self.stub,
            instance_region: OnceLock::new(),
        });
        let invoke = match self.invoke {
            Some(invoke) => invoke,
            None => Arc::new(PipelineInvoke::new(
                Arc::clone(&factory),
                &config,
                &self.retry,
                &self.interceptors,
            )),
        };
        let mut credentials = self.credentials;
        if settings.has_explicit_profile() {
            credentials.remove("env");
        }
        let context = ProviderContext {
            host,
            settings,
            invoke: Some(invoke),
            signing_name: None,
        };
        Ok(Session(Arc::new(SessionInner {
            config,
            retry: self.retry,
            interceptors: self.interceptors,
            identities: Arc::new(Identities::new(context, credentials, self.tokens)),
            factory,
        })))
    }
}

/// Warns once of each folder of the data path that is missing.
fn warn_missing(files: &dyn Files, folders: &[PathBuf]) {
    /// The maximum number of folders to remember.
    const LIMIT: usize = 1000;
    static WARNED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());
    let mut warned = WARNED.lock().unwrap_or_else(PoisonError::into_inner);
    for folder in folders {
        if is_missing(files, folder) && !warned.contains(folder) && warned.len() < LIMIT {
            let path = folder.display();
            tracing::warn!(
                "data_path: there is no folder {path}; its service definitions are missing"
            );
            warned.push(folder.clone());
        }
    }
}

fn is_missing(files: &dyn Files, folder: &Path) -> bool {
    let is_empty = files.list(folder).is_empty();
    is_empty
        && matches!(files.read(folder), Err(error) if error.kind() == std::io::ErrorKind::NotFound)
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
            .field("profile", &self.profile)
            .field("settings", &self.settings.keys())
            .field("config", &self.config)
            .field("credentials", &self.credentials)
            .field("tokens", &self.tokens)
            .finish_non_exhaustive()
    }
}
