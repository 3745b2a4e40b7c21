//! [`Bandwidth`]: limits the rate of all transfers of a manager.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Limits a rate in bytes per second: each request reserves the next free time.
#[derive(Debug)]
pub(crate) struct Bandwidth {
    bytes_per_second: u64,
    /// The time at which all bytes so far are sent at the limit.
    free_at: Mutex<Option<Instant>>,
}

/// Time that may be sent at once after a pause.
const BURST: Duration = Duration::from_millis(100);

impl Bandwidth {
    pub(crate) fn new(bytes_per_second: u64) -> Self {
        Bandwidth {
            bytes_per_second: bytes_per_second.max(1),
            free_at: Mutex::new(None),
        }
    }

    /// Returns the time to wait before `bytes` may be transferred.
    fn delay(&self, bytes: u64, now: Instant) -> Duration {
        #[expect(clippy::cast_precision_loss, reason = "a rate")]
        let seconds = bytes as f64 / self.bytes_per_second as f64;
        let duration = Duration::try_from_secs_f64(seconds).unwrap_or_default();
        let mut free_at = self.free_at.lock().unwrap_or_else(PoisonError::into_inner);
        let earliest = now.checked_sub(BURST).unwrap_or(now);
        let start = free_at.map_or(earliest, |free_at| free_at.max(earliest));
        let end = start.checked_add(duration).unwrap_or(start);
        *free_at = Some(end);
        end.saturating_duration_since(now)
    }

    /// Reserves the time of `bytes`. Returns the time to wait before they may be transferred.
    pub(crate) fn reserve(&self, bytes: u64) -> Duration {
        self.delay(bytes, Instant::now())
    }

    /// Waits until `bytes` may be transferred.
    pub(crate) async fn take(&self, bytes: u64) {
        let delay = self.reserve(bytes);
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_take_their_time() {
        let bandwidth = Bandwidth::new(1000);
        let mut now = Instant::now();
        let started = now;
        for _ in 0..10 {
            now += bandwidth.delay(500, now);
        }
        let elapsed = (now - started).as_secs_f64();
        assert!((4.8..5.1).contains(&elapsed), "{elapsed}");
    }
}
