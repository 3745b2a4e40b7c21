//! Retries in the `standard` mode: classification of errors, backoff, and retry quota.
//!
//! # Source
//! botocore `retries/standard.py`.

mod backoff;
mod classify;
mod clock_skew;
mod long_poll;
mod quota;

pub(crate) use backoff::Backoff;
pub(crate) use classify::classify;
pub(crate) use clock_skew::ClockSkew;
pub(crate) use long_poll::is_long_poll;
pub(crate) use quota::RetryQuota;
