//! [`RetryStrategy`]: the retry rules of a client, and the state that they share.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use inia_core::config::RetryMode;
use inia_core::ports::{Clock, Rng};
use inia_core::{Error, ErrorKind, RetryClass};

use super::backoff::ExponentialBackoff;
use super::quota::RetryQuota;
use super::rate_limiter::RateLimiter;
use super::{Backoff, ClockSkew, FailedAttempt, LegacyRules, RetryOptions, classify, retry_after};

/// The retry rules of a client.
pub(crate) struct RetryStrategy {
    rules: RetryRules,
    /// Maximum number of attempts per call, including the first.
    pub(crate) max_attempts: u32,
    options: RetryOptions,
}

/// The rules of the retry mode.
#[derive(Debug)]
pub(crate) enum RetryRules {
    Standard,
    Adaptive,
    Legacy(LegacyRules),
}

/// State that all calls of a client share.
#[derive(Debug)]
pub(crate) struct RetryState {
    pub(crate) quota: RetryQuota,
    pub(crate) rate_limiter: RateLimiter,
    pub(crate) clock_skew: ClockSkew,
}

impl RetryState {
    pub(crate) fn new(clock: &Arc<dyn Clock>) -> Self {
        RetryState {
            quota: RetryQuota::new(),
            rate_limiter: RateLimiter::new(Arc::clone(clock)),
            clock_skew: ClockSkew::default(),
        }
    }
}

/// The delay before a retry, and the tokens of the quota that it takes.
#[derive(Debug, PartialEq)]
pub(crate) enum RetryDelay {
    /// Retry after the delay.
    Retry { delay: Duration, cost: Option<i64> },
    /// The retry quota is exhausted. A long poll waits for the delay before it fails.
    NoQuota { delay: Duration },
}

impl RetryStrategy {
    /// Creates the strategy of a client of `service`, whose settings have `max_attempts`.
    pub(crate) fn new(
        service: &str,
        rules: RetryRules,
        max_attempts: Option<u32>,
        options: &RetryOptions,
    ) -> Self {
        // DynamoDB has low latency, so its default is one higher (botocore `retries/standard.py:_SERVICE_MAX_ATTEMPTS`).
        let default = match (&rules, service) {
            (RetryRules::Legacy(rules), _) => rules.max_attempts(),
            (_, "dynamodb" | "dynamodbstreams") => 4,
            _ => 3,
        };
        RetryStrategy {
            rules,
            max_attempts: max_attempts.unwrap_or(default).max(1),
            options: options.clone(),
        }
    }

    /// Returns true if requests take a token of the rate limiter.
    pub(crate) fn is_adaptive(&self) -> bool {
        matches!(self.rules, RetryRules::Adaptive)
    }

    /// Returns the retry mode.
    pub(crate) fn mode(&self) -> RetryMode {
        match self.rules {
            RetryRules::Standard => RetryMode::Standard,
            RetryRules::Adaptive => RetryMode::Adaptive,
            RetryRules::Legacy(_) => RetryMode::Legacy,
        }
    }

    /// Classifies a failed attempt. `can_recover` is true if what the service refused has been corrected, so that a retry may succeed.
    pub(crate) fn classify(
        &self,
        failed: FailedAttempt<'_>,
        can_recover: bool,
        call: Option<&RetryOptions>,
    ) -> RetryClass {
        let class = match &self.rules {
            RetryRules::Legacy(rules) => rules.classify(failed.error),
            _ => classify::classify(failed.service, failed.error),
        };
        let class = match class {
            RetryClass::NotRetryable if can_recover => RetryClass::Transient,
            class => class,
        };
        match call
            .and_then(|call| call.classifier.as_ref())
            .or(self.options.classifier.as_ref())
        {
            None => class,
            Some(classifier) => classifier.classify(&FailedAttempt { class, ..failed }),
        }
    }

    /// Returns the maximum delay after a transient error of an attempt, by these rules and without what the service states.
    pub(crate) fn max_delay(&self, service: &str, operation: &str, attempt: u32) -> Duration {
        let error = Error::new(ErrorKind::Connection, "");
        let failed = FailedAttempt {
            service,
            operation,
            attempt,
            max_attempts: self.max_attempts,
            error: &error,
            class: RetryClass::Transient,
        };
        self.computed_delay(&failed, 1.0, None)
    }

    /// Returns the delay by the backoff of the call, the client or the mode.
    fn computed_delay(
        &self,
        failed: &FailedAttempt<'_>,
        jitter: f64,
        call: Option<&RetryOptions>,
    ) -> Duration {
        let own = call
            .and_then(|call| call.backoff.as_deref())
            .or(self.options.backoff.as_deref());
        match (own, &self.rules) {
            (Some(backoff), _) => backoff.delay(failed, jitter),
            (None, RetryRules::Legacy(rules)) => rules.delay(failed, jitter),
            (None, _) => ExponentialBackoff::of(failed.service).delay(failed, jitter),
        }
    }

    /// Returns the delay before a retry, and takes its tokens from the quota, which the mode `legacy` does not have.
    pub(crate) fn delay(
        &self,
        state: &RetryState,
        failed: &FailedAttempt<'_>,
        clock: &dyn Clock,
        rng: &dyn Rng,
        call: Option<&RetryOptions>,
    ) -> RetryDelay {
        let computed = self.computed_delay(failed, rng.unit(), call);
        if let RetryRules::Legacy(_) = self.rules {
            return RetryDelay::Retry {
                delay: computed,
                cost: None,
            };
        }
        let delay = retry_after::delay(computed, failed.error, clock.now());
        match state.quota.acquire(failed.class) {
            Some(cost) => RetryDelay::Retry {
                delay,
                cost: Some(cost),
            },
            None => RetryDelay::NoQuota { delay },
        }
    }
}

impl fmt::Debug for RetryStrategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryStrategy")
            .field("mode", &self.mode())
            .field("max_attempts", &self.max_attempts)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
