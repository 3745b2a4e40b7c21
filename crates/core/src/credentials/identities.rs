//! [`Identities`]: the credentials and tokens of a session.

use std::fmt;
use std::sync::Arc;

use super::{
    ChainExplanation, CredentialChain, Credentials, ProviderContext, SsoLogin, SsoLogout, Token,
    TokenChain,
};
use super::{explain, imds, sso_logout};
use crate::{Error, ErrorKind, RefreshCache, RefreshCell, Refreshable, Result, Str};

/// The maximum number of services with cached tokens.
const MAX_TOKENS: usize = 1000;

/// The credentials and tokens of a session, which all its clients share: loaded by provider chains, cached, and refreshed.
pub struct Identities {
    context: ProviderContext,
    credentials: RefreshCell<Credentials>,
    credential_chain: CredentialChain,
    /// The tokens by signing name, which is empty if there is none.
    tokens: RefreshCache<Str, Token>,
    token_chain: TokenChain,
}

impl Identities {
    /// Creates identities that are loaded when first needed.
    #[must_use]
    pub fn new(context: ProviderContext, credentials: CredentialChain, tokens: TokenChain) -> Self {
        let clock = || Arc::clone(&context.host.clock);
        Identities {
            credentials: RefreshCell::new(Credentials::REFRESH, clock()),
            credential_chain: credentials,
            tokens: RefreshCache::new(Token::REFRESH, clock(), MAX_TOKENS),
            token_chain: tokens,
            context,
        }
    }

    /// Returns the context of the providers.
    #[must_use]
    pub fn context(&self) -> &ProviderContext {
        &self.context
    }

    /// Returns the credentials, refreshed if necessary.
    ///
    /// # Errors
    /// `Credentials` if no provider has credentials; the message lists the reason of each provider.
    pub async fn credentials(&self) -> Result<Arc<Credentials>> {
        let load =
            async { self.check_expiration(self.credential_chain.load(&self.context).await?) };
        self.credentials.get(load).await
    }

    /// Asks the providers of credentials, as a call does, and returns their outcomes. Unless `online`, no request is sent and no command is
    /// run: see [`ProviderOutcome::Online`](super::ProviderOutcome::Online).
    pub async fn explain_credentials(&self, online: bool) -> ChainExplanation<Credentials> {
        explain::explain(&self.credential_chain, &self.context, online).await
    }

    /// Asks the providers of bearer tokens: see [`explain_credentials`](Self::explain_credentials).
    pub async fn explain_token(
        &self,
        signing_name: Option<&str>,
        online: bool,
    ) -> ChainExplanation<Token> {
        let context = ProviderContext {
            signing_name: signing_name.map(Str::from),
            ..self.context.clone()
        };
        explain::explain(&self.token_chain, &context, online).await
    }

    /// Returns the cached credentials if they need not be refreshed.
    #[must_use]
    pub fn cached_credentials(&self) -> Option<Arc<Credentials>> {
        self.credentials.fresh()
    }

    /// Invalidates credentials that a service has rejected as expired or unknown. They are loaded again for the next call.
    pub fn invalidate(&self, rejected: &Arc<Credentials>) {
        self.credentials.invalidate(rejected);
        self.credential_chain.invalidate(rejected);
    }

    /// Returns the bearer token for the signing name (`bedrock`) of a service, refreshed if necessary.
    ///
    /// # Errors
    /// `Credentials` if no provider has a token; the message lists the reason of each provider.
    pub async fn token(&self, signing_name: Option<&str>) -> Result<Arc<Token>> {
        let load = async {
            let context = ProviderContext {
                signing_name: signing_name.map(Str::from),
                ..self.context.clone()
            };
            self.check_expiration(self.token_chain.load(&context).await?)
        };
        let cell = self.tokens.cell(signing_name.unwrap_or_default());
        cell.get(load).await
    }

    /// Invalidates a token that a service has rejected as expired. It is loaded again for the next call.
    pub fn invalidate_token(&self, signing_name: Option<&str>, rejected: &Arc<Token>) {
        self.tokens
            .cell(signing_name.unwrap_or_default())
            .invalidate(rejected);
        self.token_chain.invalidate(rejected);
    }

    /// Returns loaded credentials or a loaded token unless they have expired.
    fn check_expiration<T: Refreshable>(&self, loaded: T) -> Result<T> {
        match loaded.expires() {
            Some(expires) if expires.seconds() <= self.context.host.clock.now().seconds() => {
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
        SsoLogin::start(&self.context, session).await
    }

    /// Logs out of IAM Identity Center: ends all sessions, and removes the cached tokens and the credentials obtained with them. Tokens
    /// and credentials in the memory of this and other processes stay valid until they expire.
    ///
    /// # Errors
    /// `Credentials` if a file cannot be removed; the others are still removed.
    pub async fn sso_logout(&self) -> Result<SsoLogout> {
        sso_logout::logout(&self.context).await
    }

    /// Requests the region from the instance metadata service; `None` if it is not available.
    pub async fn instance_region(&self) -> Option<Str> {
        imds::instance_region(&self.context).await.map(Str::from)
    }
}

impl fmt::Debug for Identities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identities")
            .field("credentials", &self.credential_chain)
            .field("tokens", &self.token_chain)
            .finish_non_exhaustive()
    }
}
