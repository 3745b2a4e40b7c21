//! [`Invoke`]: the port through which credential providers call services.

use std::fmt;
use std::sync::Arc;

use super::BoxFuture;
use crate::{Credentials, Result, Str, UserAgentFeatures, Value};

/// Options of [`Invoke::call`].
#[derive(Clone, Default)]
pub struct InvokeOptions {
    /// The region; defaults to the session's.
    pub region: Option<Str>,
    /// Credentials to sign with; `None` sends an unsigned request.
    pub credentials: Option<Credentials>,
    /// Additional headers.
    pub headers: Vec<(Str, Str)>,
    /// Additional headers that depend on the request URL, such as a DPoP proof.
    pub url_headers: Option<UrlHeaders>,
    /// Endpoint URL that replaces the resolved one.
    pub endpoint_url: Option<String>,
    /// Features to add to the user agent.
    pub features: UserAgentFeatures,
}

impl fmt::Debug for InvokeOptions {
    /// Omits the headers, which may contain secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InvokeOptions")
            .field("region", &self.region)
            .field("credentials", &self.credentials)
            .field("features", &self.features)
            .finish_non_exhaustive()
    }
}

/// Callback that creates headers from the request URL after endpoint resolution. Called for each attempt.
#[derive(Clone)]
pub struct UrlHeaders(Arc<MakeHeaders>);

type MakeHeaders = dyn Fn(&str) -> Result<Vec<(Str, Str)>> + Send + Sync;

impl UrlHeaders {
    /// Creates the callback from a function of the URL.
    pub fn new(make: impl Fn(&str) -> Result<Vec<(Str, Str)>> + Send + Sync + 'static) -> Self {
        UrlHeaders(Arc::new(make))
    }

    /// Returns header names and values for a URL.
    ///
    /// # Errors
    /// Errors of the callback; the request is not sent.
    pub fn make(&self, url: &str) -> Result<Vec<(Str, Str)>> {
        (self.0)(url)
    }
}

impl fmt::Debug for UrlHeaders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UrlHeaders(..)")
    }
}

/// Calls service operations on behalf of credential providers (STS, SSO, SSO OIDC, sign-in).
pub trait Invoke: Send + Sync + fmt::Debug {
    /// Calls an operation and returns its output.
    ///
    /// # Errors
    /// Any error kind of a call.
    fn call<'a>(
        &'a self,
        service: &'a str,
        operation: &'a str,
        params: Value,
        options: InvokeOptions,
    ) -> BoxFuture<'a, Result<Value>>;
}
