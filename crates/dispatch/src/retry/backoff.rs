//! How long to wait before another attempt.

use std::time::Duration;

use super::Verdict;

/// Exponential backoff with full jitter.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Backoff {
    /// The scale of the first wait after a failure that may pass.
    pub(crate) base: Duration,
}

/// The scale of the first wait after throttling.
const THROTTLED_BASE: Duration = Duration::from_secs(1);

/// The longest wait.
const CAP: Duration = Duration::from_secs(20);

impl Backoff {
    /// The wait before the attempt after `attempt` (counted from 1); `jitter` is a number in 0..1.
    pub(crate) fn delay(self, attempt: u32, verdict: Verdict, jitter: f64) -> Duration {
        let base = if verdict == Verdict::Throttled {
            THROTTLED_BASE
        } else {
            self.base
        };
        let exponent = attempt.saturating_sub(1).min(16);
        let scale = base.saturating_mul(1 << exponent).min(CAP);
        scale.mul_f64(jitter.clamp(0.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_cap() {
        let backoff = Backoff {
            base: Duration::from_millis(50),
        };
        assert_eq!(
            backoff.delay(1, Verdict::Transient, 1.0),
            Duration::from_millis(50)
        );
        assert_eq!(
            backoff.delay(3, Verdict::Transient, 1.0),
            Duration::from_millis(200)
        );
        assert_eq!(
            backoff.delay(1, Verdict::Throttled, 0.5),
            Duration::from_millis(500)
        );
        assert_eq!(backoff.delay(60, Verdict::Transient, 1.0), CAP);
    }
}
