//! Retries in the `standard` mode: what is worth another attempt, and when.
//!
//! # Source
//! botocore `retries/standard.py`.

mod backoff;
mod classify;
mod quota;

pub(crate) use backoff::Backoff;
pub(crate) use classify::{Verdict, classify};
pub(crate) use quota::RetryQuota;
