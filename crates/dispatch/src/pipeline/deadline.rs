//! [`Deadline`]: the end of a call with a timeout.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use inia_core::{Error, ErrorKind, Timestamp};
use inia_model::Operation;
use tokio::time::Instant;

tokio::task_local! {
    /// The deadline of the call that the task makes, for the calls that fetch its credentials.
    static CURRENT: Instant;
}

/// The deadline of a call.
#[derive(Debug)]
pub(crate) struct Deadline {
    at: Instant,
    limit: Duration,
    /// Number of attempts that were sent.
    attempts: AtomicU32,
}

impl Deadline {
    pub(super) fn after(limit: Duration) -> Self {
        Deadline {
            at: Instant::now() + limit,
            limit,
            attempts: AtomicU32::new(0),
        }
    }

    pub(super) fn at(&self) -> Instant {
        self.at
    }

    /// Records that an attempt is sent.
    pub(super) fn count(&self, attempt: u32) {
        self.attempts.store(attempt, Ordering::Relaxed);
    }

    /// Returns true if the deadline has passed after a delay.
    pub(super) fn is_over_after(&self, delay: Duration) -> bool {
        self.at.saturating_duration_since(Instant::now()) <= delay
    }

    /// Returns the time limit of the whole call.
    pub(super) fn limit(&self) -> Duration {
        self.limit
    }

    /// Runs a call until its deadline. Calls for its credentials know the deadline, and end with the call.
    pub(super) async fn run<T>(
        &self,
        operation: &Operation,
        call: impl Future<Output = inia_core::Result<T>>,
    ) -> inia_core::Result<T> {
        let call = CURRENT.scope(self.at, call);
        match tokio::time::timeout_at(self.at, call).await {
            Ok(result) => result,
            Err(_) => Err(self.elapsed(operation)),
        }
    }

    #[cold]
    fn elapsed(&self, operation: &Operation) -> Error {
        let attempts = self.attempts.load(Ordering::Relaxed);
        let message = match attempts {
            0 => format!(
                "{}: nothing was sent within the call's timeout of {:?}",
                operation.name, self.limit
            ),
            _ => format!(
                "{}: no result within the call's timeout of {:?}, in attempt {attempts}",
                operation.name, self.limit
            ),
        };
        Error::new(ErrorKind::Timeout, message).with_attempts(attempts)
    }
}

/// Returns the deadline of the call that the current task makes; `None` if it has none.
pub(crate) fn current_deadline() -> Option<Instant> {
    CURRENT.try_with(|deadline| *deadline).ok()
}

/// Returns the value of `ttl` in `amz-sdk-request`: the time at which nobody waits for the response any more, by the service's clock.
pub(super) fn ttl(deadline: Instant, now: Timestamp) -> [u8; 16] {
    let rest = deadline.saturating_duration_since(Instant::now());
    let seconds = now
        .seconds()
        .saturating_add(i64::try_from(rest.as_secs()).unwrap_or(i64::MAX));
    Timestamp::new(seconds, now.nanoseconds()).iso8601_basic()
}
