//! [`RateLimiter`]: limits the rate of requests while a service throttles them, in the mode `adaptive`.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use inia_core::Timestamp;
use inia_core::ports::Clock;

/// Limits the rate of all requests of a client, once the service has throttled one. The rate follows a cubic function of the time since
/// the last throttling, as in TCP CUBIC.
///
/// # Source
/// botocore `retries/adaptive.py:ClientRateLimiter`.
#[derive(Debug)]
pub(crate) struct RateLimiter {
    clock: Arc<dyn Clock>,
    state: Mutex<RateLimiterState>,
    /// Held by the first request that waits. The others wait for it in order, so that each token wakes one request.
    turn: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
struct RateLimiterState {
    is_enabled: bool,
    bucket: TokenBucket,
    rate: MeasuredRate,
    curve: CubicCurve,
}

/// Maximum ratio of the allowed to the measured rate.
const MAX_RATE_SCALE: f64 = 2.0;

impl RateLimiter {
    /// Creates a limiter without a limit.
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        let now = seconds(clock.now());
        RateLimiter {
            clock,
            state: Mutex::new(RateLimiterState {
                is_enabled: false,
                bucket: TokenBucket::new(1.0, now),
                rate: MeasuredRate::new(now),
                curve: CubicCurve::new(0.0, now),
            }),
            turn: tokio::sync::Mutex::new(()),
        }
    }

    fn state(&self) -> MutexGuard<'_, RateLimiterState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a token for a request, and waits for it if necessary.
    pub(crate) async fn acquire(&self) {
        if !self.state().is_enabled {
            return;
        }
        let _turn = self.turn.lock().await;
        loop {
            let now = seconds(self.clock.now());
            let wait = self.state().bucket.acquire(now);
            let Some(wait) = wait else {
                return;
            };
            self.clock.sleep(Duration::from_secs_f64(wait)).await;
            // The clock may be coarser than the wait.
            self.state().bucket.refill(now + wait);
        }
    }

    /// Adjusts the rate to the outcome of an attempt.
    pub(crate) fn record(&self, is_throttled: bool) {
        let now = seconds(self.clock.now());
        let mut state = self.state();
        let measured = state.rate.record(now);
        let rate = if is_throttled {
            let used = match state.is_enabled {
                true => measured.min(state.bucket.rate),
                false => measured,
            };
            state.is_enabled = true;
            state.curve.throttled(used, now)
        } else {
            state.curve.succeeded(now)
        };
        state
            .bucket
            .set_rate(rate.min(MAX_RATE_SCALE * measured), now);
        if is_throttled {
            tracing::debug!(
                rate = state.bucket.rate,
                measured,
                "throttled: limiting the rate of requests per second"
            );
        }
    }
}

fn seconds(time: Timestamp) -> f64 {
    #[expect(
        clippy::cast_precision_loss,
        reason = "exact until the year 285 million"
    )]
    let seconds = time.seconds() as f64;
    seconds + f64::from(time.nanoseconds()) / 1e9
}

/// A bucket that is filled at a rate.
///
/// # Source
/// botocore `retries/bucket.py:TokenBucket`.
#[derive(Debug)]
struct TokenBucket {
    /// Tokens per second.
    rate: f64,
    tokens: f64,
    /// The time of the last refill, in seconds.
    filled: f64,
}

/// Minimum rate, in tokens per second.
const MIN_RATE: f64 = 0.5;

impl TokenBucket {
    fn new(rate: f64, now: f64) -> Self {
        TokenBucket {
            rate,
            tokens: 0.0,
            filled: now,
        }
    }

    fn capacity(&self) -> f64 {
        self.rate.max(1.0)
    }

    /// Adds the tokens of the time since the last refill.
    fn refill(&mut self, now: f64) {
        let added = (now - self.filled).max(0.0) * self.rate;
        self.tokens = (self.tokens + added).min(self.capacity());
        // Not set back with the clock, which would fill the same time twice, except when it was far wrong.
        if now > self.filled || self.filled - now > 60.0 {
            self.filled = now;
        }
    }

    /// Takes a token. Returns the time until there is one if there is none, in seconds.
    fn acquire(&mut self, now: f64) -> Option<f64> {
        /// Rounding of times in seconds since the epoch.
        const ROUNDING: f64 = 1e-6;
        self.refill(now);
        if self.tokens + ROUNDING >= 1.0 {
            self.tokens = (self.tokens - 1.0).max(0.0);
            return None;
        }
        Some((1.0 - self.tokens) / self.rate)
    }

    /// Changes the rate. Tokens until now are those of the previous rate.
    fn set_rate(&mut self, rate: f64, now: f64) {
        self.refill(now);
        self.rate = rate.max(MIN_RATE);
        self.tokens = self.tokens.min(self.capacity());
    }
}

/// The rate of attempts, measured in intervals of half a second and smoothed.
///
/// # Source
/// botocore `retries/adaptive.py:RateClocker`.
#[derive(Debug)]
struct MeasuredRate {
    rate: f64,
    /// Attempts since the start of the interval.
    count: u32,
    /// The start of the interval, in seconds.
    interval: f64,
}

impl MeasuredRate {
    const SMOOTHING: f64 = 0.8;
    const INTERVALS_PER_SECOND: f64 = 2.0;

    fn new(now: f64) -> Self {
        MeasuredRate {
            rate: 0.0,
            count: 0,
            interval: now.floor(),
        }
    }

    /// Counts an attempt, and returns the rate of the intervals before.
    fn record(&mut self, now: f64) -> f64 {
        let interval = (now * Self::INTERVALS_PER_SECOND).floor() / Self::INTERVALS_PER_SECOND;
        self.count = self.count.saturating_add(1);
        if interval > self.interval {
            let current = f64::from(self.count) / (interval - self.interval);
            self.rate = current * Self::SMOOTHING + self.rate * (1.0 - Self::SMOOTHING);
            self.count = 0;
            self.interval = interval;
        }
        self.rate
    }
}

/// The allowed rate as a cubic function of the time since the last throttling.
///
/// # Source
/// botocore `retries/throttling.py:CubicCalculator`.
#[derive(Debug)]
struct CubicCurve {
    /// The rate at the last throttling.
    max_rate: f64,
    /// The time in which the curve returns to that rate, in seconds.
    period: f64,
    last_throttling: f64,
}

impl CubicCurve {
    const SCALE: f64 = 0.4;
    const BETA: f64 = 0.7;

    fn new(max_rate: f64, now: f64) -> Self {
        CubicCurve {
            max_rate,
            period: (max_rate * (1.0 - Self::BETA) / Self::SCALE).powf(1.0 / 3.0),
            last_throttling: now,
        }
    }

    fn succeeded(&self, now: f64) -> f64 {
        let elapsed = now - self.last_throttling;
        Self::SCALE * (elapsed - self.period).powi(3) + self.max_rate
    }

    fn throttled(&mut self, rate: f64, now: f64) -> f64 {
        *self = CubicCurve::new(rate, now);
        rate * Self::BETA
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_close(actual: f64, expected: f64) {
        assert!((actual - expected).abs() < 1e-7, "{actual} {expected}");
    }

    #[test]
    fn cubic_curve_has_botocores_numbers() {
        let mut curve = CubicCurve::new(10.0, 0.0);
        assert_close(curve.period, 1.957_433_820_584_431_7);
        for part in [3.0, 2.0, 1.1] {
            assert!(curve.succeeded(curve.period / part) <= 10.0);
        }
        assert_close(curve.succeeded(curve.period), 10.0);
        assert!(curve.succeeded(curve.period * 1.1) >= 10.0);
        assert_close(curve.throttled(8.0, 1.0), 5.6);
        assert_close(curve.period, 1.817_120_592_832_139_7);
        assert_close(curve.succeeded(1.0), 5.6);
    }

    #[test]
    fn measured_rate_has_botocores_numbers() {
        let mut rate = MeasuredRate::new(0.0);
        assert_close(rate.record(1.0), 0.8);

        let mut rate = MeasuredRate::new(0.0);
        for second in 1..=20 {
            rate.record(f64::from(second));
        }
        assert!((rate.rate - 1.0).abs() < 1e-6);

        let mut rate = MeasuredRate::new(0.0);
        for second in [0.1, 0.2, 0.3, 0.4, 0.49] {
            assert_close(rate.record(second), 0.0);
        }
        assert_close(rate.record(0.5), 12.0 * 0.8);

        let mut rate = MeasuredRate::new(0.0);
        for second in [1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0] {
            rate.record(second);
        }
        assert!((1.99..=2.0).contains(&rate.rate));
        assert!((0.1..=2.0).contains(&rate.record(14.0)));
    }

    #[test]
    fn bucket_has_botocores_numbers() {
        // Tokens at 10 a second, taken every 100 ms.
        let mut bucket = TokenBucket::new(10.0, 0.0);
        bucket.refill(1.0);
        for tenth in 0..20 {
            assert_eq!(bucket.acquire(1.0 + 0.1 * f64::from(tenth)), None);
        }
        let mut bucket = TokenBucket::new(10.0, 0.0);
        assert_eq!(bucket.acquire(0.1), None);
        assert_close(bucket.acquire(0.15).unwrap(), 0.05);
        assert_eq!(bucket.acquire(0.2), None);
        // A lower rate keeps no more tokens than its capacity.
        bucket.refill(5.0);
        bucket.set_rate(1.0, 5.0);
        for second in 5..10 {
            assert_eq!(bucket.acquire(f64::from(second)), None, "{second}");
        }
        bucket.set_rate(0.1, 10.0);
        assert_close(bucket.rate, 0.5);
        assert_close(bucket.capacity(), 1.0);
        // The clock was set back.
        bucket.refill(9.0);
        assert!(bucket.tokens <= 1.0);
    }
}
