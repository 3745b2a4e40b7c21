//! [`Credentials`] and [`Token`].

use crate::{Secret, Str, Timestamp, UserAgentFeatures};

/// AWS credentials.
///
/// ```
/// use inia_core::Credentials;
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
    /// Creates credentials that do not expire.
    #[must_use]
    pub fn new(access_key_id: &str, secret_access_key: &str, session_token: Option<&str>) -> Self {
        Credentials {
            access_key_id: access_key_id.into(),
            secret_access_key: secret_access_key.into(),
            session_token: session_token.map(Secret::from),
            expires: None,
            account_id: None,
            provider: Str::from_static("explicit"),
            features: UserAgentFeatures::CREDENTIALS_CODE,
        }
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
    /// Creates a token that does not expire.
    #[must_use]
    pub fn new(token: impl Into<Secret>) -> Self {
        Token {
            token: token.into(),
            expires: None,
            features: UserAgentFeatures::default(),
        }
    }
}
