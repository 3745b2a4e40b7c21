//! [`RetryQuota`]: limits the retries of a client whose calls keep failing.

use std::sync::atomic::{AtomicI64, Ordering};

use inia_core::RetryClass;

/// A token bucket shared by all calls of a client: retries take tokens from it, and successes return them.
#[derive(Debug)]
pub(crate) struct RetryQuota {
    tokens: AtomicI64,
}

const CAPACITY: i64 = 500;
const RETRY_COST: i64 = 14;
const THROTTLING_COST: i64 = 5;
const SUCCESS_REFUND: i64 = 1;

impl RetryQuota {
    pub(crate) fn new() -> Self {
        RetryQuota {
            tokens: AtomicI64::new(CAPACITY),
        }
    }

    /// Takes the cost of a retry from the bucket, and returns it; `None` if the bucket holds too few tokens.
    pub(crate) fn acquire(&self, class: RetryClass) -> Option<i64> {
        let cost = if class == RetryClass::Throttling {
            THROTTLING_COST
        } else {
            RETRY_COST
        };
        self.tokens
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |tokens| {
                (tokens >= cost).then(|| tokens - cost)
            })
            .ok()
            .map(|_| cost)
    }

    /// Returns tokens after a success: the cost of its last retry, or `SUCCESS_REFUND` if there was none.
    pub(crate) fn release(&self, retry_cost: Option<i64>) {
        let refund = retry_cost.unwrap_or(SUCCESS_REFUND);
        // A full bucket is only read, so that calls without retries do not contend for it.
        if self.tokens.load(Ordering::Relaxed) < CAPACITY {
            let _ = self
                .tokens
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |tokens| {
                    Some((tokens + refund).min(CAPACITY))
                });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn success_returns_the_cost_of_its_last_retry() {
        let quota = RetryQuota::new();
        let tokens = || quota.tokens.load(Ordering::Relaxed);
        assert_eq!(quota.acquire(RetryClass::Throttling), Some(5));
        assert_eq!(tokens(), 495);
        assert_eq!(quota.acquire(RetryClass::Transient), Some(14));
        assert_eq!(tokens(), 481);
        quota.release(Some(14));
        assert_eq!(tokens(), 495);
        quota.release(None);
        assert_eq!(tokens(), 496);
        quota.release(Some(14));
        assert_eq!(tokens(), 500, "never above its capacity");
    }

    #[test]
    fn empty_bucket_allows_no_retry_until_calls_succeed() {
        let quota = RetryQuota::new();
        let mut retries = 0;
        while quota.acquire(RetryClass::Transient).is_some() {
            retries += 1;
        }
        assert_eq!(retries, 35);
        for _ in 0..14 {
            quota.release(None);
        }
        assert_eq!(quota.acquire(RetryClass::Transient), Some(14));
    }
}
