//! [`Session`]: profile, region, credentials and settings.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, OnceLock};

use crate::config::{
    ClientSettings, Config, ConfigFiles, DefaultsTable, FileLocations, Platform, ServiceName,
    Settings, setting,
};
use crate::credentials::{
    CredentialChain, Credentials, ProviderContext, SsoLogin, SsoLogout, Token, TokenChain, imds,
    sso_logout,
};
use crate::ports::{Host, Invoke};
use crate::{Error, ErrorKind, RefreshCache, RefreshCell, Refreshable, Result, Str};

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
    credentials: RefreshCell<Credentials>,
    credential_source: CredentialSource,
    /// The tokens by signing name, which is empty if there is none.
    tokens: RefreshCache<Str, Token>,
    token_chain: TokenChain,
    /// The region from the instance metadata service, once requested; `None` inside if it is not available.
    instance_region: OnceLock<Option<Str>>,
}

/// The source of a session's credentials.
#[derive(Debug)]
enum CredentialSource {
    Static(Credentials),
    Chain(CredentialChain),
}

/// The maximum number of services with cached tokens.
const MAX_TOKENS: usize = 1000;

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
        let load = async {
            let credentials = match &self.0.credential_source {
                CredentialSource::Static(credentials) => credentials.clone(),
                CredentialSource::Chain(chain) => chain.load(&self.0.context).await?,
            };
            self.check_expiration(credentials)
        };
        self.0.credentials.get(load).await
    }

    /// Returns the cached credentials if they need not be refreshed.
    #[must_use]
    pub fn cached_credentials(&self) -> Option<Arc<Credentials>> {
        self.0.credentials.fresh()
    }

    /// Invalidates credentials that a service has rejected as expired or unknown. They are loaded again for the next call.
    pub fn invalidate(&self, rejected: &Arc<Credentials>) {
        self.0.credentials.invalidate(rejected);
        if let CredentialSource::Chain(chain) = &self.0.credential_source {
            chain.invalidate(rejected);
        }
    }

    /// Returns the bearer token for the signing name (`bedrock`) of a service, refreshed if necessary.
    ///
    /// # Errors
    /// `Credentials` if no provider has a token; the message lists the reason of each provider.
    pub async fn token(&self, signing_name: Option<&str>) -> Result<Arc<Token>> {
        let load = async {
            let context = ProviderContext {
                signing_name: signing_name.map(Str::from),
                ..self.0.context.clone()
            };
            self.check_expiration(self.0.token_chain.load(&context).await?)
        };
        let cell = self.0.tokens.cell(signing_name.unwrap_or_default());
        cell.get(load).await
    }

    /// Returns loaded credentials or a loaded token unless they have expired.
    fn check_expiration<T: Refreshable>(&self, loaded: T) -> Result<T> {
        match loaded.expires() {
            Some(expires) if expires.seconds() <= self.host().clock.now().seconds() => {
                let message = format!("the loaded {} expired at {expires}", T::NAME);
                Err(Error::new(ErrorKind::Credentials, message))
            }
            _ => Ok(loaded),
        }
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
            .field("credentials", &self.0.credential_source)
            .field("tokens", &self.0.token_chain)
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
            signing_name: None,
        };
        let credential_source = match self.credentials {
            Some(credentials) => CredentialSource::Static(credentials),
            None => {
                let mut chain = self.chain.unwrap_or_default();
                if context.settings.has_explicit_profile() {
                    chain.remove("env");
                }
                CredentialSource::Chain(chain)
            }
        };
        let clock = || Arc::clone(&context.host.clock);
        Ok(Session(Arc::new(SessionInner {
            config: self.config,
            defaults: self.defaults,
            credentials: RefreshCell::new(Credentials::REFRESH, clock()),
            credential_source,
            tokens: RefreshCache::new(Token::REFRESH, clock(), MAX_TOKENS),
            token_chain: self.tokens.unwrap_or_default(),
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
