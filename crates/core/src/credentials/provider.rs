//! [`Provider`]: the trait of the providers in a chain.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use crate::config::Settings;
use crate::ports::{BoxFuture, Host, Invoke, InvokeOptions};
use crate::{Error, ErrorKind, Result, Str, Value};

/// The result of a provider.
#[derive(Clone, Debug, PartialEq)]
pub enum Lookup<T> {
    /// Credentials or a token.
    Found(T),
    /// The provider is not configured, and the next one is tried. The reason appears in the error of the chain: it should name what is
    /// missing, and must not contain secrets.
    NotConfigured(Cow<'static, str>),
}

impl<T> Lookup<T> {
    /// Returns [`NotConfigured`](Self::NotConfigured) with a reason.
    pub(crate) fn none(reason: impl Into<Cow<'static, str>>) -> Result<Self> {
        Ok(Lookup::NotConfigured(reason.into()))
    }

    /// Returns the value, if any.
    #[must_use]
    pub fn found(self) -> Option<T> {
        match self {
            Lookup::Found(value) => Some(value),
            Lookup::NotConfigured(_) => None,
        }
    }
}

/// A source of credentials or tokens in a [`ProviderChain`](super::ProviderChain).
///
/// ```
/// # mod inia { pub use inia_core::*; pub mod credentials { pub use inia_core::*; } }
/// use inia::{Credentials, Result, ports::BoxFuture};
/// use inia::credentials::{Lookup, Provider, ProviderContext};
///
/// #[derive(Debug)]
/// struct Vault;
///
/// impl Provider<Credentials> for Vault {
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
pub trait Provider<T>: Send + Sync + fmt::Debug {
    /// Returns the name, which is unique in a chain.
    fn name(&self) -> &str;

    /// Loads credentials or a token. Called again when they are about to expire.
    ///
    /// # Errors
    /// If the provider is configured but cannot load any. This ends the chain.
    fn load<'a>(&'a self, context: &'a ProviderContext) -> BoxFuture<'a, Result<Lookup<T>>>;

    /// Invalidates credentials or a token that a service has rejected: a provider with a cache must not return them again.
    fn invalidate(&self, rejected: &T) {
        let _ = rejected;
    }
}

/// The environment of a provider: the ports, the settings and access to services.
#[derive(Clone, Debug)]
pub struct ProviderContext {
    /// The ports.
    pub host: Host,
    /// The settings of the session.
    pub settings: Settings,
    /// Calls services; `None` if the session cannot call services.
    pub invoke: Option<Arc<dyn Invoke>>,
    /// The signing name (`bedrock`) of the service that a token is for, if any. Credentials are for all services.
    pub signing_name: Option<Str>,
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
                "cannot call {service} {operation}: this session has no access to services"
            ))),
        }
    }
}

/// Returns a `Credentials` error, for a provider that is configured but failed.
#[cold]
pub(crate) fn failed(message: impl Into<Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Credentials, message)
}

/// Returns a `Config` error, for an invalid setting.
#[cold]
pub(crate) fn misconfigured(message: impl Into<Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Config, message)
}
