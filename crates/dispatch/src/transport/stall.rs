//! [`StallLimit`]: the minimum throughput of bodies, and its measurement.

use std::fmt;
use std::time::Duration;

use inia_core::{Error, ErrorKind};

/// The minimum throughput of request and response bodies. A body that remains slower for the grace period is an error.
///
/// Only the time that is spent waiting for the peer counts, not that of the program which reads or provides the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StallLimit {
    /// The minimum throughput, in bytes per second.
    pub bytes_per_second: u32,
    /// The time over which the throughput is measured.
    pub grace: Duration,
}

impl StallLimit {
    /// Returns true if a transfer is too slow.
    pub(super) fn is_exceeded(&self, bytes: u64, time: Duration) -> bool {
        let minimum = u128::from(self.bytes_per_second) * time.as_micros();
        u128::from(bytes) * 1_000_000 < minimum
    }

    /// Returns the error of a body that is too slow.
    #[cold]
    pub(super) fn error(&self, what: impl fmt::Display, bytes: u64, time: Duration) -> Error {
        let message = format!(
            "{what} is stalled: {bytes} bytes in {time:.1?}, the minimum is {} bytes per second (min_throughput)",
            self.bytes_per_second
        );
        Error::new(ErrorKind::Timeout, message)
    }
}

/// Measures the throughput of a body over the time that its reader waits.
pub(super) struct StallMeter {
    pub(super) limit: StallLimit,
    /// Time waited since the start of the window.
    waited: Duration,
    /// Bytes received since the start of the window.
    bytes: u64,
}

impl StallMeter {
    pub(super) fn new(limit: StallLimit) -> Self {
        StallMeter {
            limit,
            waited: Duration::ZERO,
            bytes: 0,
        }
    }

    /// Returns the time until the end of the window.
    pub(super) fn remaining(&self) -> Duration {
        self.limit.grace.saturating_sub(self.waited)
    }

    /// Records bytes, and the time waited for them. At the end of the window, returns its bytes and its time if the body is stalled.
    pub(super) fn record(&mut self, waited: Duration, bytes: usize) -> Option<(u64, Duration)> {
        self.waited += waited;
        self.bytes += bytes as u64;
        if self.waited < self.limit.grace {
            return None;
        }
        let window = (
            std::mem::take(&mut self.bytes),
            std::mem::take(&mut self.waited),
        );
        self.limit.is_exceeded(window.0, window.1).then_some(window)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_windows_are_stalled() {
        let second = Duration::from_secs(1);
        let mut meter = StallMeter::new(StallLimit {
            bytes_per_second: 100,
            grace: 2 * second,
        });
        // Waiting for the program does not count.
        assert_eq!(meter.record(Duration::ZERO, 10), None);
        assert_eq!(meter.record(second, 10), None);
        assert_eq!(meter.remaining(), second);
        assert_eq!(meter.record(second, 180), None);
        // A new window.
        assert_eq!(meter.record(second, 150), None);
        assert_eq!(meter.record(second, 49), Some((199, 2 * second)));
    }
}
