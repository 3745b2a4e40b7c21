//! The port through which credential providers call services.

use std::fmt;
use std::sync::Arc;

use super::BoxFuture;
use crate::{Credentials, Result, Str, Value};

/// How [`Invoke::call`] is to make its call.
#[derive(Clone, Debug, Default)]
pub struct InvokeOptions {
    /// The region; the session's own where absent.
    pub region: Option<Str>,
    /// The credentials to sign with; `None` does not sign.
    pub credentials: Option<Credentials>,
    /// Headers to add.
    pub headers: Vec<(Str, Str)>,
    /// Headers to add that depend on the request's URL, such as a DPoP proof.
    pub url_headers: Option<UrlHeaders>,
    /// The endpoint to use instead of the resolved one.
    pub endpoint_url: Option<String>,
}

/// Makes headers for a request whose URL is known once its endpoint is; called for each attempt.
#[derive(Clone)]
pub struct UrlHeaders(Arc<MakeHeaders>);

type MakeHeaders = dyn Fn(&str) -> Result<Vec<(Str, Str)>> + Send + Sync;

impl UrlHeaders {
    /// Headers made by a function of the URL.
    pub fn new(make: impl Fn(&str) -> Result<Vec<(Str, Str)>> + Send + Sync + 'static) -> Self {
        UrlHeaders(Arc::new(make))
    }

    /// The headers for a URL, by name and value.
    ///
    /// # Errors
    /// Where they cannot be made; nothing is sent then.
    pub fn make(&self, url: &str) -> Result<Vec<(Str, Str)>> {
        (self.0)(url)
    }
}

impl fmt::Debug for UrlHeaders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UrlHeaders(..)")
    }
}

/// Calls an operation of a service: how credential providers use STS, SSO, sso-oidc and signin through the SDK itself.
pub trait Invoke: Send + Sync + fmt::Debug {
    /// Makes one call.
    ///
    /// # Errors
    /// Any kind that a call has.
    fn call<'a>(
        &'a self,
        service: &'a str,
        operation: &'a str,
        params: Value,
        options: InvokeOptions,
    ) -> BoxFuture<'a, Result<Value>>;
}
