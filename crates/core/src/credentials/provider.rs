//! [`CredentialProvider`]: one place credentials can come from.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use super::{Credentials, Token};
use crate::config::Settings;
use crate::ports::{BoxFuture, Host, Invoke, InvokeOptions};
use crate::{Error, ErrorKind, Result, Value};

/// What a provider found where it looked.
#[derive(Clone, Debug, PartialEq)]
pub enum Lookup<T> {
    /// What was looked for.
    Found(T),
    /// Nothing is configured that the provider could use; the next one is asked. The reason is shown to a user who expected
    /// otherwise, so it names what is missing and no secret.
    NotConfigured(Cow<'static, str>),
}

impl<T> Lookup<T> {
    /// Nothing found, for a reason.
    pub(crate) fn none(reason: impl Into<Cow<'static, str>>) -> Result<Self> {
        Ok(Lookup::NotConfigured(reason.into()))
    }

    /// What was found.
    #[must_use]
    pub fn found(self) -> Option<T> {
        match self {
            Lookup::Found(value) => Some(value),
            Lookup::NotConfigured(_) => None,
        }
    }
}

/// A place credentials can come from.
///
/// ```
/// use inia_core::ports::BoxFuture;
/// use inia_core::{Credentials, CredentialProvider, Lookup, ProviderContext, Result};
///
/// #[derive(Debug)]
/// struct Vault;
///
/// impl CredentialProvider for Vault {
///     fn name(&self) -> &str {
///         "vault"
///     }
///
///     fn load<'a>(&'a self, context: &'a ProviderContext) -> BoxFuture<'a, Result<Lookup<Credentials>>> {
///         Box::pin(async move {
///             let Some(key) = context.host.env.var("VAULT_KEY") else {
///                 return Ok(Lookup::NotConfigured("VAULT_KEY is not set".into()));
///             };
///             Ok(Lookup::Found(Credentials::new("AKID", &key, None)))
///         })
///     }
/// }
/// ```
pub trait CredentialProvider: Send + Sync + fmt::Debug {
    /// The name in the chain, of which there is one each.
    fn name(&self) -> &str;

    /// Looks for credentials. Called again when those it gave are about to expire.
    ///
    /// # Errors
    /// Where the provider is configured and yet has no credentials to give: the chain ends there.
    fn load<'a>(
        &'a self,
        context: &'a ProviderContext,
    ) -> BoxFuture<'a, Result<Lookup<Credentials>>>;

    /// A service has refused these credentials: a provider that keeps any should not give them again.
    fn invalidate(&self, rejected: &Credentials) {
        let _ = rejected;
    }
}

/// A place bearer tokens can come from.
pub trait TokenProvider: Send + Sync + fmt::Debug {
    /// The name in the chain, of which there is one each.
    fn name(&self) -> &str;

    /// Looks for a token; `signing_name` is the service's (`bedrock`), where it is for one service.
    ///
    /// # Errors
    /// Where the provider is configured and yet has no token to give: the chain ends there.
    fn load<'a>(
        &'a self,
        context: &'a ProviderContext,
        signing_name: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Lookup<Token>>>;
}

/// What a provider works with: the ports, the settings, and a way to call services.
#[derive(Clone, Debug)]
pub struct ProviderContext {
    /// The ports.
    pub host: Host,
    /// The session's settings.
    pub settings: Settings,
    /// Calls services; absent in a session that cannot.
    pub invoke: Option<Arc<dyn Invoke>>,
}

impl ProviderContext {
    pub(crate) async fn call(
        &self,
        service: &str,
        operation: &str,
        params: Value,
        options: InvokeOptions,
    ) -> Result<Value> {
        match &self.invoke {
            Some(invoke) => invoke.call(service, operation, params, options).await,
            None => Err(failed(format!(
                "this session has no way to call {service} {operation}"
            ))),
        }
    }
}

/// A provider's error about credentials it should have had.
#[cold]
pub(crate) fn failed(message: impl Into<Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Credentials, message)
}

/// A provider's error about a setting.
#[cold]
pub(crate) fn misconfigured(message: impl Into<Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Config, message)
}
