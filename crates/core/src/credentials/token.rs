//! [`TokenChain`]: bearer token providers in order.

use std::fmt;
use std::sync::Arc;

use super::chain::{duplicate_provider, unknown_provider};
use super::skipped::SkippedProviders;
use super::sso_token::{self, SsoSession};
use super::{Lookup, ProviderContext, Token, TokenProvider};
use crate::ports::BoxFuture;
use crate::{Result, UserAgentFeatures};

/// Token providers, tried in order.
///
/// | | name | from |
/// |---|---|---|
/// | 1 | `env` | `AWS_BEARER_TOKEN_<SIGNING_NAME>` |
/// | 2 | `sso` | a profile with `sso_session` |
///
/// # Source
/// botocore `tokens.py:create_token_resolver`, `TokenProviderChain`.
#[derive(Clone)]
pub struct TokenChain {
    providers: Vec<Arc<dyn TokenProvider>>,
}

impl Default for TokenChain {
    fn default() -> Self {
        TokenChain {
            providers: vec![Arc::new(EnvTokenProvider), Arc::new(SsoTokenProvider)],
        }
    }
}

impl TokenChain {
    /// Returns a chain without providers.
    #[must_use]
    pub fn empty() -> Self {
        TokenChain {
            providers: Vec::new(),
        }
    }

    /// Returns the provider names in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.providers.iter().map(|provider| provider.name())
    }

    /// Adds a provider at the end.
    ///
    /// # Errors
    /// `Config` if a provider of this name exists.
    pub fn push(&mut self, provider: Arc<dyn TokenProvider>) -> Result<()> {
        self.insert(self.providers.len(), provider)
    }

    /// Adds a provider before another.
    ///
    /// # Errors
    /// `Config` if the other provider does not exist, or the name of the new one is already in use.
    pub fn insert_before(&mut self, name: &str, provider: Arc<dyn TokenProvider>) -> Result<()> {
        let position = self.position(name)?;
        self.insert(position, provider)
    }

    /// Adds a provider after another.
    ///
    /// # Errors
    /// `Config` if the other provider does not exist, or the name of the new one is already in use.
    pub fn insert_after(&mut self, name: &str, provider: Arc<dyn TokenProvider>) -> Result<()> {
        let position = self.position(name)?;
        self.insert(position + 1, provider)
    }

    /// Replaces a provider.
    ///
    /// # Errors
    /// `Config` if the other provider does not exist, or the name of the new one is in use by a third.
    pub fn replace(&mut self, name: &str, provider: Arc<dyn TokenProvider>) -> Result<()> {
        let position = self.position(name)?;
        if provider.name() != name && self.names().any(|other| other == provider.name()) {
            return Err(duplicate_provider(provider.name()));
        }
        if let Some(slot) = self.providers.get_mut(position) {
            *slot = provider;
        }
        Ok(())
    }

    /// Removes a provider. Returns `true` if it existed.
    pub fn remove(&mut self, name: &str) -> bool {
        let before = self.providers.len();
        self.providers.retain(|provider| provider.name() != name);
        self.providers.len() < before
    }

    /// Loads a token from the first provider that has one; `None` if none has.
    ///
    /// # Errors
    /// `Credentials` if a configured provider fails.
    pub async fn load(
        &self,
        context: &ProviderContext,
        signing_name: Option<&str>,
    ) -> Result<Option<Token>> {
        let mut skipped = SkippedProviders::default();
        for provider in &self.providers {
            match provider.load(context, signing_name).await {
                Ok(Lookup::Found(token)) => {
                    tracing::info!("found a token in {}", provider.name());
                    return Ok(Some(token));
                }
                Ok(Lookup::NotConfigured(reason)) => skipped.add(provider.name(), reason),
                Err(error) => return Err(skipped.broken("token", provider.name(), error)),
            }
        }
        Ok(None)
    }

    fn position(&self, name: &str) -> Result<usize> {
        self.names()
            .position(|other| other == name)
            .ok_or_else(|| unknown_provider(name, self.names()))
    }

    fn insert(&mut self, position: usize, provider: Arc<dyn TokenProvider>) -> Result<()> {
        if self.names().any(|other| other == provider.name()) {
            return Err(duplicate_provider(provider.name()));
        }
        self.providers.insert(position, provider);
        Ok(())
    }
}

impl fmt::Debug for TokenChain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}

/// The token of a service in the environment.
///
/// # Source
/// botocore `tokens.py:ScopedEnvTokenProvider`, `utils.py:get_token_from_environment`.
#[derive(Debug)]
struct EnvTokenProvider;

impl TokenProvider for EnvTokenProvider {
    fn name(&self) -> &str {
        "env"
    }

    fn load<'a>(
        &'a self,
        context: &'a ProviderContext,
        signing_name: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Lookup<Token>>> {
        Box::pin(async move {
            let Some(signing_name) = signing_name.filter(|name| !name.trim().is_empty()) else {
                return Lookup::none("environment tokens require a signing name");
            };
            let name = signing_name.replace(['-', ' '], "_").to_ascii_uppercase();
            let variable = format!("AWS_BEARER_TOKEN_{name}");
            match context.host.env.var(&variable) {
                Some(token) if !token.trim().is_empty() => Ok(Lookup::Found(Token {
                    features: UserAgentFeatures::BEARER_SERVICE_ENV_VARS,
                    ..Token::new(token)
                })),
                _ => Lookup::none(format!("{variable} is not set")),
            }
        })
    }
}

/// The token of the SSO session of the profile.
///
/// # Source
/// botocore `tokens.py:SSOTokenProvider`.
#[derive(Debug)]
struct SsoTokenProvider;

impl TokenProvider for SsoTokenProvider {
    fn name(&self) -> &str {
        "sso"
    }

    fn load<'a>(
        &'a self,
        context: &'a ProviderContext,
        _signing_name: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Lookup<Token>>> {
        Box::pin(async move {
            let profile = context.settings.profile_name();
            match SsoSession::of_profile(&context.settings, profile)? {
                Lookup::Found(session) => {
                    Ok(Lookup::Found(sso_token::load(context, &session).await?))
                }
                Lookup::NotConfigured(reason) => Ok(Lookup::NotConfigured(reason)),
            }
        })
    }
}
