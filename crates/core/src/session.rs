//! [`Session`]: profile, region, credentials and settings.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use crate::config::{
    ClientSettings, Config, ConfigFiles, DefaultsTable, FileLocations, Platform, ServiceName,
    Settings, setting,
};
use crate::credentials::{
    CredentialChain, Credentials, IdentityCache, IdentitySource, ProviderContext, SsoLogin,
    SsoLogout, Token, TokenChain, imds, sso_logout,
};
use crate::ports::{BoxFuture, Host, Invoke};
use crate::{Error, ErrorKind, Result, Str};

/// The profile, region, credentials and settings that clients share.
///
/// Cheap to clone, and safe to share between tasks and threads; all clones share one credentials cache.
///
/// This part of a session does not call services. `inia-dispatch` wraps it in its own session, which adds clients and resources, and
/// provides the [`Invoke`] for credential providers.
#[derive(Clone)]
pub struct Session(Arc<SessionInner>);

struct SessionInner {
    context: ProviderContext,
    config: Config,
    defaults: DefaultsTable,
    credentials: Arc<IdentityCache<Credentials>>,
    chain: Option<Arc<CredentialChain>>,
    tokens: Arc<TokenChain>,
    /// The token caches by signing name.
    token_caches: RwLock<HashMap<Option<Str>, Arc<IdentityCache<Token>>>>,
    /// The region from the instance metadata service, once requested; `None` inside if it is not available.
    instance_region: OnceLock<Option<Str>>,
}

impl Session {
    /// Returns a builder for a session.
    #[must_use]
    pub fn builder(host: Host) -> SessionBuilder {
        SessionBuilder {
            host,
            profile: None,
            explicit: BTreeMap::new(),
            config: Config::new(),
            credentials: None,
            chain: None,
            tokens: None,
            files: None,
            defaults: DefaultsTable::default(),
            invoke: None,
        }
    }

    /// Returns the ports.
    #[must_use]
    pub fn host(&self) -> &Host {
        &self.0.context.host
    }

    /// Returns the settings.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.0.context.settings
    }

    /// Returns the options set in code, which a client's options override.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// Returns the context for providers.
    #[must_use]
    pub fn context(&self) -> &ProviderContext {
        &self.0.context
    }

    /// Returns the profile name.
    #[must_use]
    pub fn profile(&self) -> &str {
        self.settings().profile_name()
    }

    /// Returns the names of the profiles in both files.
    #[must_use]
    pub fn available_profiles(&self) -> Vec<Str> {
        let names = self.settings().files().profile_names();
        names.map(Str::from).collect()
    }

    /// Returns the region; `None` if none is set.
    ///
    /// # Errors
    /// `Config` if the region is not a valid host label.
    pub fn region(&self) -> Result<Option<Str>> {
        self.settings().region(&self.0.config)
    }

    /// Returns the credentials, refreshed if necessary.
    ///
    /// # Errors
    /// `Credentials` if no provider has credentials; the message lists the reason of each provider.
    pub async fn credentials(&self) -> Result<Arc<Credentials>> {
        let credentials = self.0.credentials.get().await?;
        credentials.ok_or_else(|| Error::new(ErrorKind::Credentials, "no credentials found"))
    }

    /// Returns the credentials cache, which all clients share.
    #[must_use]
    pub fn credential_cache(&self) -> &Arc<IdentityCache<Credentials>> {
        &self.0.credentials
    }

    /// Invalidates credentials that a service has rejected as expired or unknown. They are loaded again for the next call.
    pub fn invalidate(&self, rejected: &Arc<Credentials>) {
        self.0.credentials.invalidate(rejected);
        if let Some(chain) = &self.0.chain {
            chain.invalidate(rejected);
        }
    }

    /// Returns the bearer token for the signing name (`bedrock`) of a service; `None` if no provider has one.
    ///
    /// # Errors
    /// `Credentials` if a configured provider fails.
    pub async fn token(&self, signing_name: Option<&str>) -> Result<Option<Arc<Token>>> {
        self.token_cache(signing_name).get().await
    }

    /// Starts a login to IAM Identity Center for an `[sso-session]`, or for `sso_session` or `sso_start_url` of the profile. The user
    /// confirms it in a browser.
    ///
    /// # Errors
    /// `Config` if the config file has none of these; errors of the service.
    pub async fn sso_login(&self, session: Option<&str>) -> Result<SsoLogin> {
        SsoLogin::start(&self.0.context, session).await
    }

    /// Logs out of IAM Identity Center: ends all sessions, and removes the cached tokens and the credentials obtained with them. Tokens
    /// and credentials in the memory of this and other processes stay valid until they expire.
    ///
    /// # Errors
    /// `Credentials` if a file cannot be removed; the others are still removed.
    pub async fn sso_logout(&self) -> Result<SsoLogout> {
        sso_logout::logout(&self.0.context).await
    }

    fn token_cache(&self, signing_name: Option<&str>) -> Arc<IdentityCache<Token>> {
        let caches = &self.0.token_caches;
        let key = signing_name.map(Str::from);
        let cached = caches
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&key)
            .cloned();
        if let Some(cache) = cached {
            return cache;
        }
        let source = TokenSource {
            context: self.0.context.clone(),
            chain: Arc::clone(&self.0.tokens),
            signing_name: key.clone(),
        };
        let clock = Arc::clone(&self.0.context.host.clock);
        let mut caches = caches.write().unwrap_or_else(PoisonError::into_inner);
        let cache = caches
            .entry(key)
            .or_insert_with(|| Arc::new(IdentityCache::new(Arc::new(source), clock)));
        Arc::clone(cache)
    }

    /// Resolves all settings of a client from its options, the session's options, the environment, the profile and the defaults.
    ///
    /// With the defaults mode `auto`, call [`prepare`](Self::prepare) first: otherwise the region that the code runs in is taken from
    /// the environment only.
    ///
    /// # Errors
    /// `Config` if a setting has an invalid value.
    pub fn client_settings(
        &self,
        service: ServiceName<'_>,
        config: &Config,
    ) -> Result<ClientSettings> {
        let config = self.0.config.merge(config);
        let instance_region = self.0.instance_region.get().and_then(Option::as_deref);
        self.settings()
            .for_client(&config, service, &self.0.defaults, instance_region)
    }

    /// Returns the region from the instance metadata service, if [`prepare`](Self::prepare) requested it.
    #[must_use]
    pub fn instance_region(&self) -> Option<&str> {
        self.0.instance_region.get()?.as_deref()
    }

    /// Requests the region from the instance metadata service, once, if the defaults mode `auto` requires it. An unavailable service is
    /// not an error.
    ///
    /// # Errors
    /// `Config` if the defaults mode is invalid.
    pub async fn prepare(&self) -> Result<()> {
        let mode = self.settings().defaults_mode(&self.0.config)?;
        if mode.needs_instance_region(self.settings()) && self.0.instance_region.get().is_none() {
            let region = imds::instance_region(&self.0.context).await;
            let _ = self.0.instance_region.set(region.map(Str::from));
        }
        Ok(())
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("profile", &self.profile())
            .field("config", &self.0.config)
            .field("chain", &self.0.chain)
            .field("tokens", &self.0.tokens)
            .finish_non_exhaustive()
    }
}

type InvokeFactory = Box<dyn FnOnce(&Host, &Settings) -> Arc<dyn Invoke> + Send>;

/// Builds a [`Session`].
pub struct SessionBuilder {
    host: Host,
    profile: Option<Str>,
    explicit: BTreeMap<&'static str, Str>,
    config: Config,
    credentials: Option<Credentials>,
    chain: Option<CredentialChain>,
    tokens: Option<TokenChain>,
    files: Option<ConfigFiles>,
    defaults: DefaultsTable,
    invoke: Option<InvokeFactory>,
}

impl SessionBuilder {
    /// Sets the profile. Credentials in environment variables are ignored then, as in botocore.
    #[must_use]
    pub fn profile(mut self, name: impl Into<Str>) -> Self {
        self.profile = Some(name.into());
        self
    }

    /// Sets the region.
    #[must_use]
    pub fn region(mut self, region: impl Into<Str>) -> Self {
        self.explicit.insert(setting::REGION.name, region.into());
        self
    }

    /// Sets any setting, which overrides the environment and the profile.
    #[must_use]
    pub fn set(mut self, setting: &setting::Setting, value: impl Into<Str>) -> Self {
        self.explicit.insert(setting.name, value.into());
        self
    }

    /// Sets static credentials, which replace the provider chain.
    #[must_use]
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = Some(credentials);
        self
    }

    /// Sets the options, which a client's options override.
    #[must_use]
    pub fn config(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// Sets the credential provider chain, which replaces the default one.
    #[must_use]
    pub fn credential_chain(mut self, chain: CredentialChain) -> Self {
        self.chain = Some(chain);
        self
    }

    /// Sets the token provider chain, which replaces the default one.
    #[must_use]
    pub fn token_chain(mut self, tokens: TokenChain) -> Self {
        self.tokens = Some(tokens);
        self
    }

    /// Sets parsed config files. No file is read from disk then.
    #[must_use]
    pub fn config_files(mut self, files: ConfigFiles) -> Self {
        self.files = Some(files);
        self
    }

    /// Sets the defaults of each defaults mode.
    #[must_use]
    pub fn defaults(mut self, defaults: DefaultsTable) -> Self {
        self.defaults = defaults;
        self
    }

    /// Sets the factory of the [`Invoke`] with which providers call services. It receives the ports and settings of the session.
    #[must_use]
    pub fn invoke(
        mut self,
        make: impl FnOnce(&Host, &Settings) -> Arc<dyn Invoke> + Send + 'static,
    ) -> Self {
        self.invoke = Some(Box::new(make));
        self
    }

    /// Reads the config files and builds the session. Credentials are loaded when first needed.
    ///
    /// # Errors
    /// `Config` if a config file is malformed, or the chosen profile is in neither file.
    pub fn build(self) -> Result<Session> {
        let host = self.host;
        let files = match self.files {
            Some(files) => files,
            None => {
                let locations = FileLocations::resolve(&*host.env, Platform::CURRENT);
                ConfigFiles::load(&*host.files, locations)?
            }
        };
        let settings = Settings::new(
            Arc::clone(&host.env),
            Arc::new(files),
            self.profile,
            self.explicit,
        )?;
        let invoke = self.invoke.map(|make| make(&host, &settings));
        let context = ProviderContext {
            host,
            settings,
            invoke,
        };
        let (chain, source): (_, Arc<dyn IdentitySource<Credentials>>) = match self.credentials {
            Some(credentials) => (None, Arc::new(StaticCredentials(credentials))),
            None => {
                let mut chain = self.chain.unwrap_or_default();
                if context.settings.has_explicit_profile() {
                    chain.remove("env");
                }
                let chain = Arc::new(chain);
                let source = ChainSource {
                    context: context.clone(),
                    chain: Arc::clone(&chain),
                };
                (Some(chain), Arc::new(source))
            }
        };
        let clock = Arc::clone(&context.host.clock);
        Ok(Session(Arc::new(SessionInner {
            config: self.config,
            defaults: self.defaults,
            credentials: Arc::new(IdentityCache::new(source, clock)),
            chain,
            tokens: Arc::new(self.tokens.unwrap_or_default()),
            token_caches: RwLock::default(),
            instance_region: OnceLock::new(),
            context,
        })))
    }
}

impl fmt::Debug for SessionBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionBuilder")
            .field("profile", &self.profile)
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

#[derive(Debug)]
struct StaticCredentials(Credentials);

impl IdentitySource<Credentials> for StaticCredentials {
    fn load(&self) -> BoxFuture<'_, Result<Option<Credentials>>> {
        Box::pin(std::future::ready(Ok(Some(self.0.clone()))))
    }
}

#[derive(Debug)]
struct ChainSource {
    context: ProviderContext,
    chain: Arc<CredentialChain>,
}

impl IdentitySource<Credentials> for ChainSource {
    fn load(&self) -> BoxFuture<'_, Result<Option<Credentials>>> {
        Box::pin(async move { self.chain.load(&self.context).await.map(Some) })
    }
}

#[derive(Debug)]
struct TokenSource {
    context: ProviderContext,
    chain: Arc<TokenChain>,
    signing_name: Option<Str>,
}

impl IdentitySource<Token> for TokenSource {
    fn load(&self) -> BoxFuture<'_, Result<Option<Token>>> {
        Box::pin(self.chain.load(&self.context, self.signing_name.as_deref()))
    }
}
