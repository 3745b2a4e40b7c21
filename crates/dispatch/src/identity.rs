//! [`Identities`]: where a client's credentials and tokens come from.

use std::fmt;
use std::sync::Arc;

use inia_core::ports::BoxFuture;
use inia_core::{Credentials, Error, ErrorKind, Result, Token};

/// Gives a client the credentials and tokens to sign with, fresh ones when the old ones expire.
pub(crate) trait Identities: Send + Sync + fmt::Debug {
    /// The credentials, where there are fresh ones at hand.
    fn fresh(&self) -> Option<Arc<Credentials>>;

    /// The credentials.
    ///
    /// # Errors
    /// `Credentials`: none could be had.
    fn credentials(&self) -> BoxFuture<'_, Result<Arc<Credentials>>>;

    /// The bearer token for a service, by its signing name.
    ///
    /// # Errors
    /// `Credentials`: none could be had.
    fn token<'a>(&'a self, signing_name: &'a str) -> BoxFuture<'a, Result<Token>>;

    /// Tells that a service refused these credentials as expired.
    fn reject(&self, credentials: &Arc<Credentials>);
}

/// Credentials or a token given by hand.
#[derive(Debug)]
pub(crate) struct Given {
    pub(crate) credentials: Option<Arc<Credentials>>,
    pub(crate) token: Option<Token>,
}

impl Identities for Given {
    fn fresh(&self) -> Option<Arc<Credentials>> {
        self.credentials.clone()
    }

    fn credentials(&self) -> BoxFuture<'_, Result<Arc<Credentials>>> {
        let given = self.credentials.clone();
        Box::pin(async move {
            given.ok_or_else(|| Error::new(ErrorKind::Credentials, "no credentials were given"))
        })
    }

    fn token<'a>(&'a self, _signing_name: &'a str) -> BoxFuture<'a, Result<Token>> {
        let given = self.token.clone();
        Box::pin(async move {
            given.ok_or_else(|| Error::new(ErrorKind::Credentials, "no bearer token was given"))
        })
    }

    fn reject(&self, _credentials: &Arc<Credentials>) {}
}
