//! What a caller proves itself with.

use std::fmt;

/// AWS credentials, borrowed for the time of one signature. Printing them shows the access key id only.
///
/// ```
/// use inia_signing::Credentials;
///
/// let credentials = Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", None);
/// assert!(!format!("{credentials:?}").contains("wJalr"));
/// ```
#[derive(Clone, Copy)]
pub struct Credentials<'a> {
    /// The public part: which key this is.
    pub access_key_id: &'a str,
    /// The secret part. It never leaves the process; only signatures made with it do.
    pub secret_access_key: &'a str,
    /// The token of temporary credentials, sent along with the signature.
    pub session_token: Option<&'a str>,
}

impl<'a> Credentials<'a> {
    /// Credentials of the given parts. An empty session token counts as none, as in botocore.
    #[must_use]
    pub fn new(
        access_key_id: &'a str,
        secret_access_key: &'a str,
        session_token: Option<&'a str>,
    ) -> Self {
        Self {
            access_key_id,
            secret_access_key,
            session_token,
        }
    }

    pub(crate) fn token(&self) -> Option<&'a str> {
        self.session_token.filter(|token| !token.is_empty())
    }
}

impl fmt::Debug for Credentials<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("access_key_id", &self.access_key_id)
            .field("secret_access_key", &"** redacted **")
            .field(
                "session_token",
                &self.session_token.map(|_| "** redacted **"),
            )
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_printed() {
        let text = format!(
            "{:?}",
            Credentials::new("AKID", "swordfish", Some("tokenfish"))
        );
        assert!(text.contains("AKID"));
        assert!(!text.contains("fish"), "{text}");
    }
}
