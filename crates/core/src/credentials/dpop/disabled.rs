//! No proofs: a program built without the feature `login` has no elliptic curves.

use crate::credentials::provider::failed;
use crate::{Result, Timestamp};

/// No key.
#[derive(Debug)]
pub(in crate::credentials) enum DpopKey {}

impl DpopKey {
    /// Refuses.
    pub(in crate::credentials) fn from_pem(_pem: &str) -> Result<Self> {
        Err(failed(
            "this program is built without inia's feature `login`, which a login is refreshed with",
        ))
    }

    /// There is no key to make a proof with.
    pub(in crate::credentials) fn proof(&self, _: &str, _: Timestamp, _: &str) -> Result<String> {
        match *self {}
    }
}
