//! [`RetryQuota`]: how many retries a client may make while its calls keep failing.

use std::sync::atomic::{AtomicI64, Ordering};

use super::Verdict;

/// A bucket of tokens, shared by all calls of a client: retries take from it and successes give back.
#[derive(Debug)]
pub(crate) struct RetryQuota {
    tokens: AtomicI64,
}

const CAPACITY: i64 = 500;
const RETRY_COST: i64 = 14;
const THROTTLED_COST: i64 = 5;
const SUCCESS_RETURN: i64 = 1;

impl RetryQuota {
    pub(crate) fn new() -> Self {
        RetryQuota {
            tokens: AtomicI64::new(CAPACITY),
        }
    }

    /// Takes what a retry costs; `None` where too little is left.
    pub(crate) fn acquire(&self, verdict: Verdict) -> Option<i64> {
        let cost = if verdict == Verdict::Throttled {
            THROTTLED_COST
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

    /// Gives back after a success: what its last retry took, or a little where there was none.
    pub(crate) fn release(&self, taken: Option<i64>) {
        let returned = taken.unwrap_or(SUCCESS_RETURN);
        // A full bucket is only read: calls that succeed at once do not contend for it.
        if self.tokens.load(Ordering::Relaxed) < CAPACITY {
            let _ = self
                .tokens
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |tokens| {
                    Some((tokens + returned).min(CAPACITY))
                });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_bucket_allows_no_retry_until_calls_succeed() {
        let quota = RetryQuota::new();
        let mut retries = 0;
        while quota.acquire(Verdict::Transient).is_some() {
            retries += 1;
        }
        assert_eq!(retries, 35);
        for _ in 0..14 {
            quota.release(None);
        }
        assert_eq!(quota.acquire(Verdict::Transient), Some(14));
    }
}
