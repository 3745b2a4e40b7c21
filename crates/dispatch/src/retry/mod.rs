//! Retries in the `standard` mode: classification of errors, backoff, and retry quota.
//!
//! # Source
//! botocore `retries/standard.py`.

mod backoff;
mod classify;
mod quota;

pub(crate) use backoff::Backoff;
pub(crate) use classify::{RetryClass, classify};
pub(crate) use quota::RetryQuota;
