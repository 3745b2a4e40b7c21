//! [`Backoff`]: delays between attempts.

use std::time::Duration;

use inia_core::RetryClass;

use super::FailedAttempt;

/// Computes the delay before the next attempt. Any function of the failed attempt and the jitter is one.
///
/// A delay that the service states is waited in any case, up to five seconds more than the computed one.
pub trait Backoff: Send + Sync {
    /// Returns the delay after a failed attempt. `jitter` is a random number in 0..1.
    fn delay(&self, failed: &FailedAttempt<'_>, jitter: f64) -> Duration;
}

impl<F: Fn(&FailedAttempt<'_>, f64) -> Duration + Send + Sync> Backoff for F {
    fn delay(&self, failed: &FailedAttempt<'_>, jitter: f64) -> Duration {
        self(failed, jitter)
    }
}

/// Exponential backoff with full jitter, of the modes `standard` and `adaptive`.
///
/// # Source
/// botocore `retries/standard.py:ExponentialBackoff`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ExponentialBackoff {
    /// Maximum first delay after a transient error.
    base: Duration,
}

/// Maximum first delay after throttling.
const THROTTLING_BASE: Duration = Duration::from_secs(1);

/// Maximum delay.
pub(super) const MAX_BACKOFF: Duration = Duration::from_secs(20);

impl ExponentialBackoff {
    /// Returns the backoff of a service. DynamoDB has low latency, so it backs off for less time.
    pub(crate) fn of(service: &str) -> Self {
        let milliseconds = match service {
            "dynamodb" | "dynamodbstreams" => 25,
            _ => 50,
        };
        ExponentialBackoff {
            base: Duration::from_millis(milliseconds),
        }
    }
}

impl Backoff for ExponentialBackoff {
    fn delay(&self, failed: &FailedAttempt<'_>, jitter: f64) -> Duration {
        let base = match failed.class {
            RetryClass::Throttling => THROTTLING_BASE,
            _ => self.base,
        };
        exponential_delay(base, failed.attempt, jitter)
    }
}

/// Returns a random delay whose maximum doubles with each attempt from `base`, up to 20 seconds. `jitter` is a number in 0..1.
pub(crate) fn exponential_delay(base: Duration, attempt: u32, jitter: f64) -> Duration {
    let exponent = attempt.saturating_sub(1).min(16);
    let scale = base.saturating_mul(1 << exponent).min(MAX_BACKOFF);
    scale.mul_f64(jitter.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use inia_core::{Error, ErrorKind};

    use super::*;

    #[test]
    fn delays_double_up_to_the_maximum() {
        let error = Error::new(ErrorKind::Timeout, "");
        let delay = |service, attempt, class, jitter| {
            let failed = FailedAttempt::at(service, attempt, &error, class);
            ExponentialBackoff::of(service).delay(&failed, jitter)
        };
        let transient = RetryClass::Transient;
        let throttling = RetryClass::Throttling;
        for (service, attempt, class, jitter, milliseconds) in [
            ("sqs", 1, transient, 1.0, 50),
            ("sqs", 3, transient, 1.0, 200),
            ("sqs", 10, transient, 1.0, 20_000),
            ("sqs", 60, transient, 1.0, 20_000),
            ("sqs", 3, transient, 0.0, 0),
            ("sqs", 1, throttling, 1.0, 1000),
            ("sqs", 1, throttling, 0.5, 500),
            ("sqs", 4, throttling, 1.0, 8000),
            ("dynamodb", 1, transient, 1.0, 25),
            ("dynamodbstreams", 2, transient, 1.0, 50),
            ("dynamodb", 1, throttling, 1.0, 1000),
        ] {
            assert_eq!(
                delay(service, attempt, class, jitter),
                Duration::from_millis(milliseconds),
                "{service} {attempt} {class:?}"
            );
        }
    }
}
