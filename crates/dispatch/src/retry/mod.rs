//! Retries: classification of errors, backoff, retry quota, and the rate limit of the mode `adaptive`.
//!
//! # Source
//! botocore `retries/standard.py`, `retries/adaptive.py`, `retryhandler.py` (the mode `legacy`).

mod backoff;
mod classify;
mod clock_skew;
mod failed_attempt;
mod legacy;
mod long_poll;
mod options;
mod quota;
mod rate_limiter;
mod retry_after;
mod strategy;

pub use backoff::Backoff;
pub use classify::RetryClassifier;
pub use failed_attempt::FailedAttempt;
pub use options::RetryOptions;

pub(crate) use backoff::exponential_delay;
use clock_skew::ClockSkew;
pub(crate) use legacy::LegacyRules;
pub(crate) use long_poll::is_long_poll;
pub(crate) use strategy::{RetryDelay, RetryRules, RetryState, RetryStrategy};
