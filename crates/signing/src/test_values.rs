//! Values shared by the unit tests.

use inia_core::{Credentials, Timestamp};

use crate::SigningTime;

/// Returns credentials that live as long as the test.
pub(crate) fn credentials(
    access_key_id: &str,
    secret_access_key: &str,
    session_token: Option<&str>,
) -> &'static Credentials {
    let credentials = Credentials::new(access_key_id, secret_access_key, session_token);
    Box::leak(Box::new(credentials))
}

/// Parses a time such as `20150830T123600Z`.
pub(crate) fn time(text: &str) -> SigningTime {
    text.parse::<Timestamp>().unwrap().into()
}
