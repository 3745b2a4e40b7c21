//! [`RefreshCell`] and [`RefreshCache`]: values that expire, each with one refresh for all concurrent callers.
//!
//! ```text
//! fresh | advisory: one caller refreshes, | mandatory: all callers | expired
//!       | others use the cached value     | wait for the refresh   |
//! ```
//! While its refresh fails, a value stays in use until it expires.
//!
//! Credentials, tokens, S3 Express sessions and discovered endpoints are cached here.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use crate::ports::Clock;
use crate::{Error, Result, Timestamp};

/// A value in a [`RefreshCell`].
pub trait Refreshable: Send + Sync + 'static {
    /// The name in messages.
    const NAME: &'static str;

    /// Returns the expiration; `None` if the value does not expire.
    fn expires(&self) -> Option<Timestamp>;

    /// Returns the name of a part that can't be used because it contains a line break or another control character, if any.
    fn malformed(&self) -> Option<&'static str> {
        None
    }
}

/// The times at which a value is refreshed.
#[derive(Clone, Copy, Debug)]
pub struct RefreshPolicy {
    /// The time before expiry from which one caller refreshes.
    pub advisory: Duration,
    /// The time before expiry from which all callers wait for the refresh.
    pub mandatory: Duration,
    /// The minimum time between two refreshes of a value that has not expired.
    pub pause: Duration,
}

/// Caches one value, which is refreshed by one caller before it expires while the others wait or use the cached one.
///
/// ```
/// use std::sync::Arc;
/// use inia_core::{Credentials, RefreshCell, Result};
/// # use inia_core::ports::{BoxFuture, Clock};
/// # #[derive(Debug)]
/// # struct At(i64);
/// # impl Clock for At {
/// #     fn now(&self) -> inia_core::Timestamp { inia_core::Timestamp::new(self.0, 0) }
/// #     fn sleep(&self, _: std::time::Duration) -> BoxFuture<'_, ()> { Box::pin(async {}) }
/// # }
/// # async fn example() -> Result<()> {
/// # let clock = Arc::new(At(0));
/// let cell = RefreshCell::new(Credentials::REFRESH, clock);
/// let load = async { Ok(Credentials::new("AKID", "secret", None)) };
/// assert_eq!(cell.get(load).await?.access_key_id, "AKID");
/// assert!(cell.fresh().is_some());
/// # Ok(())
/// # }
/// ```
pub struct RefreshCell<V> {
    policy: RefreshPolicy,
    clock: Arc<dyn Clock>,
    cached: RwLock<Option<CachedValue<V>>>,
    /// Locked by the caller that refreshes.
    refresh: futures_util::lock::Mutex<()>,
    last_refresh: Mutex<CompletedRefresh>,
}

struct CachedValue<V> {
    value: Arc<V>,
    /// The expiration, in seconds since the epoch.
    expires: Option<i64>,
    /// The earliest time of the next refresh while the value has not expired, in seconds since the epoch.
    next_refresh: i64,
}

/// The last refresh that was not cancelled.
#[derive(Clone, Default)]
struct CompletedRefresh {
    /// Its number, counted from 1.
    number: u64,
    error: Option<Arc<Error>>,
}

/// The age of a cached value.
enum Freshness<V> {
    Fresh(Arc<V>),
    Advisory(Arc<V>),
    /// The value is due for its mandatory refresh, has expired or does not exist.
    Due,
}

impl<V: Refreshable> RefreshCell<V> {
    /// Creates an empty cell.
    pub fn new(policy: RefreshPolicy, clock: Arc<dyn Clock>) -> Self {
        RefreshCell {
            policy,
            clock,
            cached: RwLock::new(None),
            refresh: futures_util::lock::Mutex::new(()),
            last_refresh: Mutex::default(),
        }
    }

    /// Returns the cached value if it need not be refreshed. Does not wait, and takes only a read lock.
    #[must_use]
    #[inline]
    pub fn fresh(&self) -> Option<Arc<V>> {
        match self.freshness() {
            Freshness::Fresh(value) => Some(value),
            Freshness::Advisory(_) | Freshness::Due => None,
        }
    }

    /// Returns the cached value, even if it has expired.
    #[must_use]
    pub fn last(&self) -> Option<Arc<V>> {
        let cached = self.read();
        cached.as_ref().map(|cached| Arc::clone(&cached.value))
    }

    /// Returns the value, refreshed with `load` if necessary. `load` is not polled if it is not needed.
    ///
    /// If all callers of a refresh are cancelled, so is the refresh.
    ///
    /// # Errors
    /// Those of `load`, if the cached value has expired or does not exist. Callers that waited for the refresh of another one share its
    /// error.
    pub async fn get(&self, load: impl Future<Output = Result<V>>) -> Result<Arc<V>> {
        let completed = self.completed().number;
        let _guard = match self.freshness() {
            Freshness::Fresh(value) => return Ok(value),
            Freshness::Advisory(value) => match self.refresh.try_lock() {
                Some(guard) => guard,
                None => return Ok(value),
            },
            Freshness::Due => self.refresh.lock().await,
        };
        let last = self.completed().clone();
        if last.number != completed {
            match (last.error, self.last()) {
                (None, Some(value)) => return Ok(value),
                (Some(error), _) => return self.unexpired().ok_or_else(|| Error::share(&error)),
                // The value has been invalidated since.
                (None, None) => {}
            }
        }
        match load.await {
            Ok(value) => {
                let value = Arc::new(value);
                *self.write() = Some(CachedValue {
                    value: Arc::clone(&value),
                    expires: value.expires().map(Timestamp::seconds),
                    next_refresh: self.pause_end(),
                });
                self.complete(None);
                Ok(value)
            }
            Err(error) => {
                let error = Arc::new(error);
                self.complete(Some(Arc::clone(&error)));
                if let Some(cached) = &mut *self.write() {
                    cached.next_refresh = self.pause_end();
                }
                let value = self.unexpired().ok_or_else(|| Error::share(&error))?;
                tracing::warn!(
                    "{}: refresh failed, using the cached value: {error:#}",
                    V::NAME
                );
                Ok(value)
            }
        }
    }

    /// Removes the value if it is this one.
    pub fn invalidate(&self, rejected: &Arc<V>) {
        let mut cached = self.write();
        if cached
            .as_ref()
            .is_some_and(|cached| Arc::ptr_eq(&cached.value, rejected))
        {
            *cached = None;
        }
    }

    fn freshness(&self) -> Freshness<V> {
        let cached = self.read();
        let Some(cached) = &*cached else {
            return Freshness::Due;
        };
        let value = || Arc::clone(&cached.value);
        let Some(expires) = cached.expires else {
            return Freshness::Fresh(value());
        };
        let now = self.now();
        let remaining = expires.saturating_sub(now);
        if remaining > 0
            && (remaining >= seconds(self.policy.advisory) || now < cached.next_refresh)
        {
            Freshness::Fresh(value())
        } else if remaining > 0 && remaining >= seconds(self.policy.mandatory) {
            Freshness::Advisory(value())
        } else {
            Freshness::Due
        }
    }

    /// Returns the cached value unless it has expired.
    fn unexpired(&self) -> Option<Arc<V>> {
        let cached = self.read();
        let cached = cached.as_ref()?;
        let is_valid = cached.expires.is_none_or(|expires| self.now() < expires);
        is_valid.then(|| Arc::clone(&cached.value))
    }

    fn now(&self) -> i64 {
        self.clock.now().seconds()
    }

    fn pause_end(&self) -> i64 {
        self.now().saturating_add(seconds(self.policy.pause))
    }

    fn completed(&self) -> MutexGuard<'_, CompletedRefresh> {
        self.last_refresh
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn complete(&self, error: Option<Arc<Error>>) {
        let mut last = self.completed();
        last.number += 1;
        last.error = error;
    }

    fn read(&self) -> RwLockReadGuard<'_, Option<CachedValue<V>>> {
        self.cached.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Option<CachedValue<V>>> {
        self.cached.write().unwrap_or_else(PoisonError::into_inner)
    }
}

fn seconds(time: Duration) -> i64 {
    i64::try_from(time.as_secs()).unwrap_or(i64::MAX)
}

impl<V: Refreshable> fmt::Debug for RefreshCell<V> {
    /// Omits the value, which may be a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RefreshCell")
            .field("value", &V::NAME)
            .finish_non_exhaustive()
    }
}

/// Cells by key. Beyond a maximum number, the least recently used one is removed.
pub struct RefreshCache<K, V> {
    policy: RefreshPolicy,
    clock: Arc<dyn Clock>,
    capacity: usize,
    cells: RwLock<HashMap<K, CacheEntry<V>>>,
    uses: AtomicU64,
}

struct CacheEntry<V> {
    cell: Arc<RefreshCell<V>>,
    /// The number of the last use.
    last_use: AtomicU64,
}

impl<K: Hash + Eq, V: Refreshable> RefreshCache<K, V> {
    /// Creates an empty cache with at most `capacity` cells.
    pub fn new(policy: RefreshPolicy, clock: Arc<dyn Clock>, capacity: usize) -> Self {
        RefreshCache {
            policy,
            clock,
            capacity,
            cells: RwLock::default(),
            uses: AtomicU64::new(0),
        }
    }

    /// Returns the cell of a key. An existing cell takes only a read lock.
    pub fn cell<Q: ?Sized + Hash + Eq>(&self, key: &Q) -> Arc<RefreshCell<V>>
    where
        K: Borrow<Q> + for<'a> From<&'a Q>,
    {
        let number = self.uses.fetch_add(1, Ordering::Relaxed);
        let cells = self.cells.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = cells.get(key) {
            entry.last_use.store(number, Ordering::Relaxed);
            return Arc::clone(&entry.cell);
        }
        drop(cells);
        let mut cells = self.cells.write().unwrap_or_else(PoisonError::into_inner);
        if cells.len() >= self.capacity && !cells.contains_key(key) {
            let last_use = |entry: &CacheEntry<V>| entry.last_use.load(Ordering::Relaxed);
            let oldest = cells.values().map(last_use).min();
            cells.retain(|_, entry| Some(last_use(entry)) != oldest);
        }
        let entry = cells.entry(K::from(key)).or_insert_with(|| CacheEntry {
            cell: Arc::new(RefreshCell::new(self.policy, Arc::clone(&self.clock))),
            last_use: AtomicU64::new(number),
        });
        Arc::clone(&entry.cell)
    }
}

impl<K, V: Refreshable> fmt::Debug for RefreshCache<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RefreshCache")
            .field("value", &V::NAME)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize};

    use futures_util::FutureExt as _;
    use futures_util::future::join_all;

    use super::*;
    use crate::credentials::tests::{FakeClock, block_on};
    use crate::{Credentials, ErrorKind, ServiceError};

    /// A cell with a source that returns credentials with a load counter in the access key id after a delay, or fails.
    struct CountingCell {
        clock: Arc<FakeClock>,
        loads: AtomicUsize,
        failing: AtomicBool,
        lifetime: AtomicI64,
        cell: RefreshCell<Credentials>,
    }

    impl CountingCell {
        fn new() -> Self {
            let clock = Arc::new(FakeClock::at(1_000_000));
            CountingCell {
                clock: Arc::clone(&clock),
                loads: AtomicUsize::new(0),
                failing: false.into(),
                lifetime: 3600.into(),
                cell: RefreshCell::new(Credentials::REFRESH, clock),
            }
        }

        async fn get(&self) -> Result<Arc<Credentials>> {
            let load = async {
                let load = self.loads.fetch_add(1, Ordering::SeqCst) + 1;
                // Long enough for all callers to wait for the refresh.
                for _ in 0..50 {
                    yield_once().await;
                }
                if self.failing.load(Ordering::SeqCst) {
                    let refused = ServiceError {
                        code: "Busy".into(),
                        ..ServiceError::default()
                    };
                    return Err(Error::from_service("Load", refused)
                        .with_source(Error::new(ErrorKind::Connection, "refused")));
                }
                let mut credentials = Credentials::new(&format!("AKID{load}"), "s", None);
                let lifetime = self.lifetime.load(Ordering::SeqCst);
                let now = self.clock.now().seconds();
                credentials.expires = Some(Timestamp::new(now + lifetime, 0));
                Ok(credentials)
            };
            self.cell.get(load).await
        }

        fn key(&self) -> Result<String> {
            Ok(block_on(self.get())?.access_key_id.to_string())
        }

        fn loads(&self) -> usize {
            self.loads.load(Ordering::SeqCst)
        }
    }

    async fn yield_once() {
        let mut yielded = false;
        std::future::poll_fn(|context| {
            if std::mem::replace(&mut yielded, true) {
                return std::task::Poll::Ready(());
            }
            context.waker().wake_by_ref();
            std::task::Poll::Pending
        })
        .await;
    }

    #[test]
    fn concurrent_callers_share_one_load() {
        let cell = CountingCell::new();
        for round in 1..=2 {
            let all = block_on(join_all((0..1000).map(|_| cell.get())));
            assert!(all.iter().all(|credentials| {
                credentials.as_ref().unwrap().access_key_id == format!("AKID{round}")
            }));
            assert_eq!(cell.loads(), round);
            cell.clock.advance(3601);
        }
    }

    #[test]
    fn advisory_refresh_runs_once_and_its_failure_is_ignored() {
        let cell = CountingCell::new();
        assert_eq!(cell.key().unwrap(), "AKID1");
        cell.clock.advance(3600 - 16 * 60);
        assert_eq!(cell.key().unwrap(), "AKID1");
        cell.clock.advance(2 * 60);
        cell.failing.store(true, Ordering::SeqCst);
        for credentials in block_on(join_all((0..10).map(|_| cell.get()))) {
            assert_eq!(credentials.unwrap().access_key_id, "AKID1");
        }
        assert_eq!(cell.loads(), 2);
        // No further refresh for a minute.
        assert_eq!(cell.key().unwrap(), "AKID1");
        assert_eq!(cell.loads(), 2);
        cell.clock.advance(61);
        cell.failing.store(false, Ordering::SeqCst);
        let both = block_on(join_all([cell.get(), cell.get()]));
        let keys: Vec<_> = both
            .into_iter()
            .map(|credentials| credentials.unwrap().access_key_id.to_string())
            .collect();
        assert_eq!(keys, ["AKID3", "AKID1"]);
    }

    #[test]
    fn value_stays_in_use_until_it_expires_while_its_refresh_fails() {
        let cell = CountingCell::new();
        assert_eq!(cell.key().unwrap(), "AKID1");
        cell.failing.store(true, Ordering::SeqCst);
        cell.clock.advance(3600 - 9 * 60);
        for minute in 1..=9 {
            for credentials in block_on(join_all((0..10).map(|_| cell.get()))) {
                assert_eq!(credentials.unwrap().access_key_id, "AKID1");
            }
            // One refresh a minute.
            assert_eq!(cell.loads(), 1 + minute);
            cell.clock.advance(60);
        }
        cell.failing.store(false, Ordering::SeqCst);
        assert_eq!(cell.key().unwrap(), "AKID11");
    }

    #[test]
    fn callers_share_the_error_of_a_refresh() {
        let cell = CountingCell::new();
        cell.failing.store(true, Ordering::SeqCst);
        for round in 1..=2 {
            for credentials in block_on(join_all((0..10).map(|_| cell.get()))) {
                let error = credentials.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Service);
                assert_eq!(error.service().unwrap().code, "Busy");
                assert_eq!(
                    format!("{error:#}"),
                    "Load failed with Busy (HTTP 0): refused"
                );
            }
            assert_eq!(cell.loads(), round);
        }
    }

    #[test]
    fn short_lived_values_are_not_loaded_on_every_call() {
        let cell = CountingCell::new();
        cell.lifetime.store(5 * 60, Ordering::SeqCst);
        for _ in 0..10 {
            assert_eq!(cell.key().unwrap(), "AKID1");
        }
        cell.clock.advance(61);
        assert_eq!(cell.key().unwrap(), "AKID2");
    }

    #[test]
    fn cancelled_refresh_does_not_block_the_next() {
        let cell = CountingCell::new();
        drop(cell.get().now_or_never());
        assert_eq!(cell.loads(), 1);
        assert_eq!(cell.key().unwrap(), "AKID2");
    }

    #[test]
    fn waiting_caller_refreshes_if_the_refreshing_one_is_cancelled() {
        let cell = CountingCell::new();
        let mut first = Box::pin(cell.get());
        assert!(first.as_mut().now_or_never().is_none());
        let mut second = Box::pin(cell.get());
        assert!(second.as_mut().now_or_never().is_none());
        drop(first);
        assert_eq!(block_on(second).unwrap().access_key_id, "AKID2");
    }

    #[test]
    fn rejected_values_are_removed() {
        let cell = CountingCell::new();
        let one = block_on(cell.get()).unwrap();
        cell.cell.invalidate(&one);
        let two = block_on(cell.get()).unwrap();
        assert_eq!(two.access_key_id, "AKID2");
        cell.cell.invalidate(&one);
        assert_eq!(cell.key().unwrap(), "AKID2");
    }

    #[test]
    fn full_cache_removes_the_least_recently_used_cell() {
        let clock = Arc::new(FakeClock::at(0));
        let cache: RefreshCache<String, Credentials> =
            RefreshCache::new(Credentials::REFRESH, clock, 2);
        let put = |key: &str| {
            let load = async { Ok(Credentials::new(key, "s", None)) };
            block_on(cache.cell(key).get(load)).unwrap();
        };
        put("a");
        put("b");
        assert!(cache.cell("a").fresh().is_some());
        put("c");
        assert!(cache.cell("a").fresh().is_some());
        assert!(cache.cell("c").fresh().is_some());
        assert!(cache.cell("b").fresh().is_none());
    }
}
