//! [`Backoff`]: delays between attempts.

use std::time::Duration;

use inia_core::RetryClass;

/// Exponential backoff with full jitter.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Backoff {
    /// Maximum first delay after a transient error.
    pub(crate) base: Duration,
}

/// Maximum first delay after throttling.
const THROTTLING_BASE: Duration = Duration::from_secs(1);

/// Maximum delay.
const MAX_BACKOFF: Duration = Duration::from_secs(20);

impl Backoff {
    /// Returns the delay after `attempt` (counted from 1); `jitter` is a number in 0..1.
    pub(crate) fn delay(self, attempt: u32, class: RetryClass, jitter: f64) -> Duration {
        let base = if class == RetryClass::Throttling {
            THROTTLING_BASE
        } else {
            self.base
        };
        let exponent = attempt.saturating_sub(1).min(16);
        let scale = base.saturating_mul(1 << exponent).min(MAX_BACKOFF);
        scale.mul_f64(jitter.clamp(0.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_the_maximum() {
        let backoff = Backoff {
            base: Duration::from_millis(50),
        };
        assert_eq!(
            backoff.delay(1, RetryClass::Transient, 1.0),
            Duration::from_millis(50)
        );
        assert_eq!(
            backoff.delay(3, RetryClass::Transient, 1.0),
            Duration::from_millis(200)
        );
        assert_eq!(
            backoff.delay(1, RetryClass::Throttling, 0.5),
            Duration::from_millis(500)
        );
        assert_eq!(backoff.delay(60, RetryClass::Transient, 1.0), MAX_BACKOFF);
    }
}
