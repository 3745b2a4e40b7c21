//! [`RequestGate`]: limits concurrent requests, and adapts to throttling.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

/// Minimum time between two reductions: the responses of requests that were already sent count as one.
const REDUCTION_INTERVAL: Duration = Duration::from_millis(200);

/// Limits concurrent requests. Throttling halves the limit, and as many successes as the limit raise it by one, as TCP's congestion
/// control does.
#[derive(Debug)]
pub(crate) struct RequestGate {
    permits: Arc<Semaphore>,
    limits: Mutex<GateLimits>,
}

#[derive(Debug)]
struct GateLimits {
    max: usize,
    /// The limit that is aimed at.
    target: usize,
    /// Number of permits that exist. More than `target` until enough requests are done.
    existing: usize,
    /// Number of successes since the last change.
    successes: usize,
    reduced: Option<Instant>,
}

/// The permission to send a request.
#[derive(Debug)]
pub(crate) struct RequestPermit<'a> {
    gate: &'a RequestGate,
    permit: Option<OwnedSemaphorePermit>,
}

impl RequestGate {
    pub(crate) fn new(max: usize) -> Self {
        RequestGate {
            permits: Arc::new(Semaphore::new(max)),
            limits: Mutex::new(GateLimits {
                max,
                target: max,
                existing: max,
                successes: 0,
                reduced: None,
            }),
        }
    }

    /// Waits until a request may be sent.
    pub(crate) async fn enter(&self) -> RequestPermit<'_> {
        RequestPermit {
            gate: self,
            // The semaphore is never closed.
            permit: Arc::clone(&self.permits).acquire_owned().await.ok(),
        }
    }

    /// Returns the current limit.
    #[cfg(test)]
    fn limit(&self) -> usize {
        self.lock().target
    }

    /// Counts a success.
    pub(crate) fn succeeded(&self) {
        let mut limits = self.lock();
        if limits.target == limits.max {
            return;
        }
        limits.successes += 1;
        if limits.successes >= limits.target {
            limits.successes = 0;
            limits.target += 1;
            if limits.existing < limits.target {
                limits.existing += 1;
                self.permits.add_permits(1);
            }
        }
    }

    /// Reduces the limit, because the service throttles requests.
    pub(crate) fn throttled(&self) {
        self.throttled_at(Instant::now());
    }

    fn throttled_at(&self, now: Instant) {
        let mut limits = self.lock();
        if limits
            .reduced
            .is_some_and(|last| now - last < REDUCTION_INTERVAL)
        {
            return;
        }
        limits.reduced = Some(now);
        limits.successes = 0;
        limits.target = (limits.target / 2).max(1);
        tracing::debug!(
            limit = limits.target,
            "throttled, sending fewer requests at a time"
        );
        let surplus = limits.existing - limits.target;
        limits.existing -= self.permits.forget_permits(surplus);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, GateLimits> {
        self.limits.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for RequestPermit<'_> {
    fn drop(&mut self) {
        let mut limits = self.gate.lock();
        if limits.existing > limits.target
            && let Some(permit) = self.permit.take()
        {
            limits.existing -= 1;
            permit.forget();
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[test]
    fn throttling_halves_the_limit_and_successes_restore_it() {
        let gate = RequestGate::new(8);
        let enter = || gate.enter().now_or_never().expect("a permit is available");
        let held = [enter(), enter()];
        let mut now = Instant::now();
        gate.throttled_at(now);
        gate.throttled_at(now);
        assert_eq!((gate.limit(), gate.permits.available_permits()), (4, 2));
        for limit in [2, 1, 1] {
            now += REDUCTION_INTERVAL;
            gate.throttled_at(now);
            assert_eq!((gate.limit(), gate.permits.available_permits()), (limit, 0));
        }
        drop(held);
        assert_eq!(gate.permits.available_permits(), 1);
        for _ in 0..100 {
            gate.succeeded();
        }
        assert_eq!((gate.limit(), gate.permits.available_permits()), (8, 8));
    }
}
