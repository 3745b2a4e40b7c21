//! [`ProviderChain`]: providers of credentials or tokens in order.

use std::fmt;
use std::sync::Arc;

use super::assume_role::AssumeRoleProvider;
use super::container::ContainerProvider;
use super::env::EnvProvider;
use super::instance::InstanceProvider;
use super::legacy::{BotoConfigProvider, Ec2CredentialsFileProvider};
use super::login::LoginProvider;
use super::process::ProcessProvider;
use super::profile::{ConfigFileProvider, SharedCredentialsFileProvider};
use super::skipped::SkippedProviders;
use super::sso::SsoProvider;
use super::token::{EnvTokenProvider, SsoTokenProvider};
use super::web_identity::WebIdentityProvider;
use super::{Credentials, Lookup, Provider, ProviderContext, Token};
use crate::{Error, ErrorKind, Refreshable, Result};

/// Providers of credentials or tokens, tried in order. The first one that has any is used; one that is configured but fails ends the
/// search.
///
/// The default chains are botocore's. Of credentials ([`CredentialChain`]):
///
/// | | name | from |
/// |---|---|---|
/// | 1 | `env` | `AWS_ACCESS_KEY_ID` and related variables |
/// | 2 | `assume-role` | a profile with `role_arn` and `source_profile` or `credential_source` |
/// | 3 | `assume-role-with-web-identity` | `AWS_WEB_IDENTITY_TOKEN_FILE`, or a profile with `web_identity_token_file` |
/// | 4 | `sso` | a profile with `sso_account_id` and `sso_role_name` |
/// | 5 | `shared-credentials-file` | keys in `~/.aws/credentials` |
/// | 6 | `login` | a profile with `login_session` |
/// | 7 | `custom-process` | a profile with `credential_process` |
/// | 8 | `config-file` | keys in `~/.aws/config` |
/// | 9 | `ec2-credentials-file` | `AWS_CREDENTIAL_FILE` |
/// | 10 | `boto-config` | `BOTO_CONFIG`, `/etc/boto.cfg`, `~/.boto` |
/// | 11 | `container-role` | `AWS_CONTAINER_CREDENTIALS_RELATIVE_URI`, `AWS_CONTAINER_CREDENTIALS_FULL_URI` |
/// | 12 | `iam-role` | the instance metadata service |
///
/// Of bearer tokens ([`TokenChain`]):
///
/// | | name | from |
/// |---|---|---|
/// | 1 | `env` | `AWS_BEARER_TOKEN_<SIGNING_NAME>` |
/// | 2 | `sso` | a profile with `sso_session` |
///
/// ```
/// # mod inia { pub mod credentials { pub use inia_core::*; } }
/// use inia::credentials::CredentialChain;
///
/// let mut chain = CredentialChain::default();
/// assert_eq!(chain.names().next(), Some("env"));
/// chain.remove("iam-role");
/// assert_eq!(chain.names().count(), 11);
/// ```
///
/// # Source
/// botocore `credentials.py:create_credential_resolver`, `CredentialResolver`, `tokens.py:create_token_resolver`, `TokenProviderChain`.
///
/// DIFFERENCE: botocore's chains return nothing without a reason; here the error lists why each provider was skipped.
pub struct ProviderChain<T> {
    providers: Vec<Arc<dyn Provider<T>>>,
}

/// Providers of credentials in order.
pub type CredentialChain = ProviderChain<Credentials>;

/// Providers of bearer tokens in order.
pub type TokenChain = ProviderChain<Token>;

impl Default for ProviderChain<Token> {
    fn default() -> Self {
        ProviderChain {
            providers: vec![Arc::new(EnvTokenProvider), Arc::new(SsoTokenProvider)],
        }
    }
}

impl Default for ProviderChain<Credentials> {
    fn default() -> Self {
        let container = Arc::new(ContainerProvider);
        let instance = Arc::new(InstanceProvider::default());
        ProviderChain {
            providers: vec![
                Arc::new(EnvProvider),
                Arc::new(AssumeRoleProvider::new(
                    Arc::clone(&container),
                    Arc::clone(&instance),
                )),
                Arc::new(WebIdentityProvider::default()),
                Arc::new(SsoProvider::default()),
                Arc::new(SharedCredentialsFileProvider),
                Arc::new(LoginProvider),
                Arc::new(ProcessProvider),
                Arc::new(ConfigFileProvider),
                Arc::new(Ec2CredentialsFileProvider),
                Arc::new(BotoConfigProvider),
                container,
                instance,
            ],
        }
    }
}

impl<T: Refreshable> ProviderChain<T> {
    /// Creates a chain of one provider.
    #[must_use]
    pub fn single(provider: impl Provider<T> + 'static) -> Self {
        ProviderChain {
            providers: vec![Arc::new(provider)],
        }
    }

    /// Creates a chain from a list of providers.
    ///
    /// # Errors
    /// `Config` if two providers have the same name.
    pub fn new(providers: Vec<Arc<dyn Provider<T>>>) -> Result<Self> {
        let mut chain = ProviderChain {
            providers: Vec::with_capacity(providers.len()),
        };
        for provider in providers {
            chain.push(provider)?;
        }
        Ok(chain)
    }

    /// Returns the provider names in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.providers.iter().map(|provider| provider.name())
    }

    pub(super) fn providers(&self) -> &[Arc<dyn Provider<T>>] {
        &self.providers
    }

    /// Returns the provider of a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Arc<dyn Provider<T>>> {
        self.providers
            .iter()
            .find(|provider| provider.name() == name)
    }

    /// Adds a provider at the end.
    ///
    /// # Errors
    /// `Config` if a provider of this name exists.
    pub fn push(&mut self, provider: Arc<dyn Provider<T>>) -> Result<()> {
        self.insert(self.providers.len(), provider)
    }

    /// Adds a provider before another.
    ///
    /// # Errors
    /// `Config` if the other provider does not exist, or the name of the new one is already in use.
    pub fn insert_before(&mut self, name: &str, provider: Arc<dyn Provider<T>>) -> Result<()> {
        let position = self.position(name)?;
        self.insert(position, provider)
    }

    /// Adds a provider after another.
    ///
    /// # Errors
    /// `Config` if the other provider does not exist, or the name of the new one is already in use.
    pub fn insert_after(&mut self, name: &str, provider: Arc<dyn Provider<T>>) -> Result<()> {
        let position = self.position(name)?;
        self.insert(position + 1, provider)
    }

    /// Replaces a provider.
    ///
    /// # Errors
    /// `Config` if the other provider does not exist, or the name of the new one is in use by a third.
    pub fn replace(&mut self, name: &str, provider: Arc<dyn Provider<T>>) -> Result<()> {
        let position = self.position(name)?;
        if provider.name() != name && self.get(provider.name()).is_some() {
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

    fn position(&self, name: &str) -> Result<usize> {
        self.names()
            .position(|other| other == name)
            .ok_or_else(|| unknown_provider(name, self.names()))
    }

    fn insert(&mut self, position: usize, provider: Arc<dyn Provider<T>>) -> Result<()> {
        if self.get(provider.name()).is_some() {
            return Err(duplicate_provider(provider.name()));
        }
        self.providers.insert(position, provider);
        Ok(())
    }

    /// Loads credentials or a token from the first provider that has any.
    ///
    /// # Errors
    /// `Credentials` if no provider has any, or one that is configured fails. The message lists the reason of each provider that was
    /// tried.
    pub async fn load(&self, context: &ProviderContext) -> Result<T> {
        let mut skipped = SkippedProviders::default();
        for provider in &self.providers {
            let name = provider.name();
            tracing::debug!("looking for {} in {name}", T::NAME);
            match provider.load(context).await {
                Ok(Lookup::Found(identity)) => {
                    if let Some(part) = identity.malformed() {
                        let error = Error::new(
                            ErrorKind::Credentials,
                            format!("{part} contains a line break or another control character"),
                        );
                        return Err(skipped.broken(T::NAME, name, error));
                    }
                    tracing::info!("found {} in {name}", T::NAME);
                    return Ok(identity);
                }
                Ok(Lookup::NotConfigured(reason)) => skipped.add(name, reason),
                Err(error) => return Err(skipped.broken(T::NAME, name, error)),
            }
        }
        Err(skipped.exhausted(T::NAME))
    }

    /// Invalidates credentials or a token that a service has rejected in all providers.
    pub fn invalidate(&self, rejected: &T) {
        for provider in &self.providers {
            provider.invalidate(rejected);
        }
    }
}

impl<T> Clone for ProviderChain<T> {
    fn clone(&self) -> Self {
        ProviderChain {
            providers: self.providers.clone(),
        }
    }
}

impl<T: Refreshable> fmt::Debug for ProviderChain<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}

#[cold]
fn duplicate_provider(name: &str) -> Error {
    Error::new(
        ErrorKind::Config,
        format!("provider `{name}` already exists"),
    )
}

#[cold]
fn unknown_provider<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Error {
    let names: Vec<&str> = names.collect();
    Error::new(
        ErrorKind::Config,
        format!("unknown provider `{name}`; available: {}", names.join(", ")),
    )
}
