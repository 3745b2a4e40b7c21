//! The stub without the feature `login`, which requires elliptic curves.

use crate::credentials::provider::failed;
use crate::{Result, Timestamp};

/// A key that cannot be created.
#[derive(Debug)]
pub(in crate::credentials) enum DpopKey {}

impl DpopKey {
    /// Returns an error.
    pub(in crate::credentials) fn from_pem(_pem: &str) -> Result<Self> {
        Err(failed(
            "refreshing a login requires the feature `login` of inia, which is disabled in this program",
        ))
    }

    /// Cannot be called, because there is no key.
    pub(in crate::credentials) fn proof(&self, _: &str, _: Timestamp, _: &str) -> Result<String> {
        match *self {}
    }
}
