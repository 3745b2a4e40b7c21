//! [`Credentials`] and [`Token`].

use std::time::Duration;

use super::{Lookup, Provider, ProviderContext};
use crate::ports::BoxFuture;
use crate::{RefreshPolicy, Refreshable, Result, Secret, Str, Timestamp, UserAgentFeatures};

/// The refresh of credentials and tokens.
///
/// # Source
/// botocore `credentials.py:RefreshableCredentials`, `tokens.py:DeferredRefreshableToken`.
///
/// DIFFERENCE: credentials that have not expired are refreshed at most once a minute, which botocore does only for tokens: while the
/// source of credentials is unavailable, one call a minute waits for it rather than every call. They stay in use until they expire;
/// in botocore, calls fail from 10 minutes before.
const REFRESH: RefreshPolicy = RefreshPolicy {
    advisory: ADVISORY_REFRESH,
    mandatory: Duration::from_secs(10 * 60),
    pause: Duration::from_secs(60),
};

/// The time before expiry from which credentials and tokens are refreshed.
pub(super) const ADVISORY_REFRESH: Duration = Duration::from_secs(15 * 60);

/// AWS credentials.
///
/// ```
/// # use inia_core as inia;
/// use inia::Credentials;
///
/// let credentials = Credentials::new("AKIDEXAMPLE", "a secret", None);
/// assert!(!format!("{credentials:?}").contains("a secret"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// The access key id.
    pub access_key_id: Str,
    /// The secret access key.
    pub secret_access_key: Secret,
    /// The session token of temporary credentials.
    pub session_token: Option<Secret>,
    /// The expiration; `None` for long-term credentials.
    pub expires: Option<Timestamp>,
    /// The account id, if the provider returned it.
    pub account_id: Option<Str>,
    /// The name of the provider in the chain (`env`, `assume-role`...).
    pub provider: Str,
    /// The features in the user agent of requests that are signed with them.
    pub features: UserAgentFeatures,
}

impl Credentials {
    /// The refresh of credentials: by one caller from 15 minutes before they expire, awaited by all from 10 minutes before.
    pub const REFRESH: RefreshPolicy = REFRESH;

    /// Creates credentials that do not expire. White space around the keys and the token is removed.
    #[must_use]
    pub fn new(access_key_id: &str, secret_access_key: &str, session_token: Option<&str>) -> Self {
        Credentials {
            access_key_id: access_key_id.trim().into(),
            secret_access_key: secret_access_key.trim().into(),
            session_token: session_token.map(|token| Secret::from(token.trim())),
            expires: None,
            account_id: None,
            provider: Str::from_static("explicit"),
            features: UserAgentFeatures::CREDENTIALS_CODE,
        }
    }
}

/// Returns true if a text has a character that no key or token has, and that headers cannot contain.
fn has_control(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_control())
}

impl Refreshable for Credentials {
    const NAME: &'static str = "credentials";

    fn malformed(&self) -> Option<&'static str> {
        let token = self.session_token.as_ref().map_or("", Secret::expose);
        let parts = [
            (self.access_key_id.as_str(), "the access key id"),
            (self.secret_access_key.expose(), "the secret access key"),
            (token, "the session token"),
        ];
        let malformed = parts.into_iter().find(|(text, _)| has_control(text));
        malformed.map(|(_, name)| name)
    }

    fn expires(&self) -> Option<Timestamp> {
        self.expires
    }
}

/// A bearer token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// The secret token.
    pub token: Secret,
    /// The expiration; `None` for a token that does not expire.
    pub expires: Option<Timestamp>,
    /// The features in the user agent of requests that are sent with it.
    pub features: UserAgentFeatures,
}

impl Token {
    /// The refresh of tokens, the same as that of [credentials](Credentials::REFRESH).
    pub const REFRESH: RefreshPolicy = REFRESH;

    /// Creates a token that does not expire. White space around it is removed.
    #[must_use]
    pub fn new(token: impl Into<Secret>) -> Self {
        let token: Secret = token.into();
        Token {
            token: Secret::from(token.expose().trim()),
            expires: None,
            features: UserAgentFeatures::default(),
        }
    }
}

impl Refreshable for Token {
    const NAME: &'static str = "token";

    fn malformed(&self) -> Option<&'static str> {
        has_control(self.token.expose()).then_some("the token")
    }

    fn expires(&self) -> Option<Timestamp> {
        self.expires
    }
}

/// Static credentials and tokens are providers of themselves.
macro_rules! static_providers {
    ($($type:ident),*) => {$(
        impl Provider<$type> for $type {
            fn name(&self) -> &str {
                "static"
            }

            fn load<'a>(&'a self, _: &'a ProviderContext) -> BoxFuture<'a, Result<Lookup<$type>>> {
                Box::pin(std::future::ready(Ok(Lookup::Found(self.clone()))))
            }
        }
    )*};
}

static_providers!(Credentials, Token);
