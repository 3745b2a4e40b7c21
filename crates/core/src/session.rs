//! [`Session`]: who calls, from where, with which settings.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use crate::config::{
    ClientSettings, Config, ConfigFiles, DefaultsMode, DefaultsTable, FileLocations, Platform,
    ServiceName, Settings, setting,
};
use crate::credentials::{
    CredentialChain, Credentials, IdentityCache, IdentitySource, ProviderContext, SsoLogin,
    SsoLogout, Token, TokenChain, imds, sso_logout,
};
use crate::ports::{BoxFuture, Host, Invoke};
use crate::{Error, ErrorKind, Result, Str};

/// A profile, a region, credentials and settings: what clients are made from.
///
/// Cheap to clone, and safe to share between tasks and threads; all clones share one cache of credentials.
///
/// This is the part of a session that knows no services. `inia-dispatch` wraps it in a session of its own, which adds clients,
/// resources and lists of what there is, and which hands this one its [`Invoke`].
#[derive(Clone)]
pub struct Session(Arc<Inner>);

struct Inner {
    context: ProviderContext,
    config: Config,
    defaults: DefaultsTable,
    credentials: Arc<IdentityCache<Credentials>>,
    chain: Option<Arc<CredentialChain>>,
    tokens: Arc<TokenChain>,
    /// The caches of tokens, by signing name.
    token_caches: RwLock<HashMap<Option<Str>, Arc<IdentityCache<Token>>>>,
    /// The region of the instance metadata service, once it has been asked for.
    instance_region: OnceLock<Option<Str>>,
}

impl Session {
    /// Starts to build a session over the ports.
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

    /// The ports.
    #[must_use]
    pub fn host(&self) -> &Host {
        &self.0.context.host
    }

    /// The settings.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.0.context.settings
    }

    /// The options given in code, which those of a client are merged over.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// What the providers work with.
    #[must_use]
    pub fn context(&self) -> &ProviderContext {
        &self.0.context
    }

    /// The profile's name.
    #[must_use]
    pub fn profile(&self) -> &str {
        self.settings().profile_name()
    }

    /// The names of the profiles of both files.
    #[must_use]
    pub fn available_profiles(&self) -> Vec<Str> {
        let names = self.settings().files().profile_names();
        names.map(Str::from).collect()
    }

    /// The region; `None` where none is set.
    ///
    /// # Errors
    /// `Config` where it could not stand in a host name.
    pub fn region(&self) -> Result<Option<Str>> {
        self.settings().region(&self.0.config)
    }

    /// The credentials, refreshed where they have to be.
    ///
    /// # Errors
    /// `Credentials` where there are none; the message lists the providers that were asked, with what each said.
    pub async fn credentials(&self) -> Result<Arc<Credentials>> {
        let credentials = self.0.credentials.get().await?;
        credentials.ok_or_else(|| Error::new(ErrorKind::Credentials, "there are no credentials"))
    }

    /// The cache of credentials, which all clients share.
    #[must_use]
    pub fn credential_cache(&self) -> &Arc<IdentityCache<Credentials>> {
        &self.0.credentials
    }

    /// Tells that a service has refused credentials as expired or unknown: the next call gets others.
    pub fn invalidate(&self, rejected: &Arc<Credentials>) {
        self.0.credentials.invalidate(rejected);
        if let Some(chain) = &self.0.chain {
            chain.invalidate(rejected);
        }
    }

    /// The bearer token for a service, by its signing name (`bedrock`); `None` where no provider has one.
    ///
    /// # Errors
    /// `Credentials` where a provider that is configured cannot give one.
    pub async fn token(&self, signing_name: Option<&str>) -> Result<Option<Arc<Token>>> {
        self.token_cache(signing_name).get().await
    }

    /// Starts a login to IAM Identity Center: for the `[sso-session]` of a name, or else for what the profile names, an
    /// `sso_session` or an `sso_start_url`. The user confirms it in a browser.
    ///
    /// # Errors
    /// `Config` where the config file does not say what to log in to; the service's errors.
    pub async fn sso_login(&self, session: Option<&str>) -> Result<SsoLogin> {
        SsoLogin::start(&self.0.context, session).await
    }

    /// Ends all logins to IAM Identity Center: tells the service, and removes the kept tokens and the credentials got by them. What
    /// this and other processes hold in memory stays good until it expires.
    ///
    /// # Errors
    /// `Credentials` where a file cannot be removed; the others are removed all the same.
    pub async fn sso_logout(&self) -> Result<SsoLogout> {
        sso_logout::logout(&self.0.context).await
    }

    fn token_cache(&self, signing_name: Option<&str>) -> Arc<IdentityCache<Token>> {
        let caches = &self.0.token_caches;
        let key = signing_name.map(Str::from);
        let known = caches
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&key)
            .cloned();
        if let Some(cache) = known {
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

    /// All settings of a client: the session's options with the client's over them, the environment, the profile and the defaults.
    ///
    /// With the mode of defaults `auto`, [`prepare`](Self::prepare) finds out first which region this runs in; without it, the
    /// environment alone says.
    ///
    /// # Errors
    /// `Config` where a setting is not of its kind.
    pub fn client_settings(
        &self,
        service: ServiceName<'_>,
        config: &Config,
    ) -> Result<ClientSettings> {
        let config = self.0.config.merge(config);
        let settings = self.settings();
        let mode = settings.defaults_mode(&config)?.resolve_auto(
            settings,
            settings.region(&config)?.as_deref(),
            self.0.instance_region.get().and_then(Option::as_deref),
        );
        let defaults = self.0.defaults.get(mode);
        if mode != DefaultsMode::Legacy && defaults.is_none() {
            return Err(Error::new(
                ErrorKind::Config,
                format!("defaults_mode: there are no defaults for `{mode}`"),
            ));
        }
        settings.for_client(&config, service, mode, defaults)
    }

    /// The region that the instance metadata service says this runs in, where [`prepare`](Self::prepare) had to ask for it.
    #[must_use]
    pub fn instance_region(&self) -> Option<&str> {
        self.0.instance_region.get()?.as_deref()
    }

    /// Does what has to be done once, and may have to wait: asks the instance metadata service for the region where the mode of
    /// defaults needs it. A service that does not answer counts as none.
    ///
    /// # Errors
    /// `Config` where the mode of defaults is none.
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

type MakeInvoke = Box<dyn FnOnce(&Host, &Settings) -> Arc<dyn Invoke> + Send>;

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
    invoke: Option<MakeInvoke>,
}

impl SessionBuilder {
    /// Chooses the profile. The environment's credentials do not count then, as in botocore.
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

    /// Sets any setting of the table, before the environment and the profile.
    #[must_use]
    pub fn set(mut self, setting: &setting::Setting, value: impl Into<Str>) -> Self {
        self.explicit.insert(setting.name, value.into());
        self
    }

    /// Gives credentials; no provider is asked.
    #[must_use]
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = Some(credentials);
        self
    }

    /// Sets the options that those of a client are merged over.
    #[must_use]
    pub fn config(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// Sets the chain of credential providers, in place of the default one.
    #[must_use]
    pub fn credential_chain(mut self, chain: CredentialChain) -> Self {
        self.chain = Some(chain);
        self
    }

    /// Sets the chain of token providers, in place of the default one.
    #[must_use]
    pub fn token_chain(mut self, tokens: TokenChain) -> Self {
        self.tokens = Some(tokens);
        self
    }

    /// Gives the config files as read; none is read from disk.
    #[must_use]
    pub fn config_files(mut self, files: ConfigFiles) -> Self {
        self.files = Some(files);
        self
    }

    /// Sets what the modes of defaults mean.
    #[must_use]
    pub fn defaults(mut self, defaults: DefaultsTable) -> Self {
        self.defaults = defaults;
        self
    }

    /// Gives providers a way to call services, made from the ports and the settings of this session.
    #[must_use]
    pub fn invoke(
        mut self,
        make: impl FnOnce(&Host, &Settings) -> Arc<dyn Invoke> + Send + 'static,
    ) -> Self {
        self.invoke = Some(Box::new(make));
        self
    }

    /// Reads the config files and builds the session. No provider is asked before credentials are needed.
    ///
    /// # Errors
    /// `Config` where a config file breaks the format, or a profile is chosen that is in neither.
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
            Some(credentials) => (None, Arc::new(Given(credentials))),
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
        Ok(Session(Arc::new(Inner {
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
struct Given(Credentials);

impl IdentitySource<Credentials> for Given {
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
