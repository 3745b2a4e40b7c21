//! [`Secret`]: a string that is never printed, and [`is_secret_name`] for values of other types.

use std::fmt;

use zeroize::Zeroizing;

/// A password, secret key or token. Memory is zeroed on drop, and `Debug` prints a placeholder.
///
/// ```
/// # mod inia { pub mod credentials { pub use inia_core::*; } }
/// use inia::credentials::Secret;
///
/// let secret = Secret::from("wJalrXUtnFEMI");
/// assert_eq!(format!("{secret:?}"), "Secret(..)");
/// assert_eq!(secret.expose(), "wJalrXUtnFEMI");
/// ```
#[derive(Clone, Default)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Returns the secret text, for signing, request headers, or files that only their owner can read.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Returns true if the text is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Ends of the names of members and headers whose values are secret, in lower case and without separators.
const SECRET_NAMES: [&str; 24] = [
    "accesstoken",
    "authorization",
    "authorizationtoken",
    "bearertoken",
    "clientsecret",
    "cookie",
    "customerkey",
    "customerkeymd5",
    "idtoken",
    "masterkey",
    "metadatatoken",
    "passphrase",
    "password",
    "passwd",
    "privatekey",
    "refreshtoken",
    "secretaccesskey",
    "secretbinary",
    "secretkey",
    "secretstring",
    "securitytoken",
    "sessiontoken",
    "sharedsecret",
    "sigv4authorization",
];

/// Returns true for the name of a header or a member whose value is secret, such as `x-amz-security-token` or `MasterUserPassword`.
///
/// It is meant for `Debug` output and logs, in addition to the definitions, which do not mark all secrets as sensitive.
///
/// ```
/// use inia_core::is_secret_name;
///
/// assert!(is_secret_name("x-amz-security-token") && is_secret_name("MasterUserPassword") && is_secret_name("db_password"));
/// assert!(!is_secret_name("NextToken"));
/// ```
#[must_use]
pub fn is_secret_name(name: &str) -> bool {
    let is_suffix = |suffix: &str| {
        let mut bytes = name.bytes().rev().filter(u8::is_ascii_alphanumeric);
        suffix.bytes().rev().all(|expected| {
            bytes
                .next()
                .is_some_and(|byte| byte.eq_ignore_ascii_case(&expected))
        })
    };
    name.eq_ignore_ascii_case("secret") || SECRET_NAMES.iter().any(|suffix| is_suffix(suffix))
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Secret(Zeroizing::new(text.to_owned()))
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Secret(Zeroizing::new(text))
    }
}

impl PartialEq for Secret {
    /// Compares in time that depends on the lengths only.
    fn eq(&self, other: &Self) -> bool {
        let (one, two) = (self.0.as_bytes(), other.0.as_bytes());
        one.len() == two.len()
            && one
                .iter()
                .zip(two)
                .fold(0, |difference, (a, b)| difference | (a ^ b))
                == 0
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}
