//! [`IdentityProvider`]: the source of a client's credentials and tokens.

use std::fmt;
use std::sync::Arc;

use inia_core::ports::BoxFuture;
use inia_core::{Credentials, Error, ErrorKind, Identities, Result, Token};

/// Provides the credentials and tokens that a client signs with, and refreshes them when they expire.
pub(crate) trait IdentityProvider: Send + Sync + fmt::Debug {
    /// Returns the cached credentials if they need no refresh.
    fn cached_credentials(&self) -> Option<Arc<Credentials>>;

    /// Returns the credentials, refreshed if necessary.
    ///
    /// # Errors
    /// `Credentials`: none are available.
    fn credentials(&self) -> BoxFuture<'_, Result<Arc<Credentials>>>;

    /// Returns the bearer token for a service, by its signing name.
    ///
    /// # Errors
    /// `Credentials`: none is available.
    fn token<'a>(&'a self, signing_name: &'a str) -> BoxFuture<'a, Result<Arc<Token>>>;

    /// Invalidates the cached credentials, if they are these.
    fn invalidate(&self, credentials: &Arc<Credentials>);

    /// Invalidates the cached token of a service, if it is this one.
    fn invalidate_token(&self, signing_name: &str, token: &Arc<Token>);
}

impl IdentityProvider for Identities {
    fn cached_credentials(&self) -> Option<Arc<Credentials>> {
        self.cached_credentials()
    }

    fn credentials(&self) -> BoxFuture<'_, Result<Arc<Credentials>>> {
        Box::pin(self.credentials())
    }

    fn token<'a>(&'a self, signing_name: &'a str) -> BoxFuture<'a, Result<Arc<Token>>> {
        Box::pin(async move {
            let token = self.token(Some(signing_name)).await;
            token.map_err(|error| error.at(format_args!("{signing_name} requires a bearer token")))
        })
    }

    fn invalidate(&self, credentials: &Arc<Credentials>) {
        self.invalidate(credentials);
    }

    fn invalidate_token(&self, signing_name: &str, token: &Arc<Token>) {
        self.invalidate_token(Some(signing_name), token);
    }
}

/// Fixed credentials or a fixed token.
#[derive(Debug)]
pub(crate) struct StaticIdentity {
    pub(crate) credentials: Option<Arc<Credentials>>,
    pub(crate) token: Option<Arc<Token>>,
}

impl IdentityProvider for StaticIdentity {
    fn cached_credentials(&self) -> Option<Arc<Credentials>> {
        self.credentials.clone()
    }

    fn credentials(&self) -> BoxFuture<'_, Result<Arc<Credentials>>> {
        let credentials = self.credentials.clone();
        Box::pin(async move {
            credentials.ok_or_else(|| Error::new(ErrorKind::Credentials, "no credentials"))
        })
    }

    fn token<'a>(&'a self, _signing_name: &'a str) -> BoxFuture<'a, Result<Arc<Token>>> {
        let token = self.token.clone();
        Box::pin(async move {
            token.ok_or_else(|| Error::new(ErrorKind::Credentials, "no bearer token"))
        })
    }

    fn invalidate(&self, _credentials: &Arc<Credentials>) {}

    fn invalidate_token(&self, _signing_name: &str, _token: &Arc<Token>) {}
}
