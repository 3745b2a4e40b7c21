//! [`IdentityCache`]: caches credentials and tokens, with one refresh for all concurrent callers.
//!
//! ```text
//! fresh | advisory: one caller refreshes,  | mandatory: all callers | expired
//!       | others use the cached identity     | wait for the refresh   |
//! ------|------------------------------------|------------------------|--------
//!     15 min before                        10 min before            expiration
//! ```
//!
//! # Source
//! botocore `credentials.py:RefreshableCredentials`, `tokens.py:DeferredRefreshableToken`.
//!
//! DIFFERENCE: credentials that have not expired are refreshed at most once a minute, which botocore does only for tokens: while the
//! source of credentials is unavailable, one call a minute waits for it rather than every call.

use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{Shared, WeakShared};

use super::{Credentials, Token, expiration};
use crate::ports::{BoxFuture, Clock};
use crate::{Error, ErrorKind, Result, Timestamp};

/// The time before expiry from which one caller refreshes.
pub const ADVISORY_REFRESH: Duration = Duration::from_secs(15 * 60);
/// The time before expiry from which all callers wait for the refresh.
pub const MANDATORY_REFRESH: Duration = Duration::from_secs(10 * 60);
/// The minimum time between two refreshes of an identity that has not expired.
const RETRY_PAUSE: Duration = Duration::from_secs(60);

/// The type of an identity in an [`IdentityCache`]: credentials or a token.
pub trait Identity: Send + Sync + 'static {
    /// Returns the expiration; `None` if the identity does not expire.
    fn expires(&self) -> Option<Timestamp>;

    /// The name used in messages.
    const NAME: &'static str;
}

impl Identity for Credentials {
    fn expires(&self) -> Option<Timestamp> {
        self.expires
    }

    const NAME: &'static str = "credentials";
}

impl Identity for Token {
    fn expires(&self) -> Option<Timestamp> {
        self.expires
    }

    const NAME: &'static str = "token";
}

/// The source of the identities of an [`IdentityCache`].
pub trait IdentitySource<T>: Send + Sync + fmt::Debug {
    /// Loads a new identity; `None` if none is configured.
    ///
    /// # Errors
    /// If an identity is configured but cannot be loaded.
    fn load(&self) -> BoxFuture<'_, Result<Option<T>>>;
}

/// Caches an identity, which is refreshed by one caller before it expires while the others wait or use the cached one.
///
/// Shared by all clients of a session.
pub struct IdentityCache<T: Identity> {
    source: Arc<dyn IdentitySource<T>>,
    clock: Arc<dyn Clock>,
    current: Arc<RwLock<Option<Arc<Entry<T>>>>>,
    refresh: Mutex<Option<WeakShared<RefreshFuture<T>>>>,
}

struct Entry<T> {
    identity: Arc<T>,
    expires: Option<i64>,
    /// The earliest time of the next refresh while the identity has not expired, in seconds since the epoch.
    next_refresh: AtomicI64,
}

type RefreshFuture<T> = BoxFuture<'static, RefreshResult<T>>;
type RefreshResult<T> = Result<Option<Arc<T>>, Arc<Error>>;

/// The outcome of [`IdentityCache::plan_refresh`].
enum Refresh<T: Identity> {
    /// Use the cached identity.
    Cached(Arc<T>),
    /// Wait for the refresh.
    InFlight(Shared<RefreshFuture<T>>),
}

/// The age of the cached identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Freshness {
    Fresh,
    Advisory,
    Mandatory,
    Expired,
}

impl<T: Identity> IdentityCache<T> {
    /// Creates an empty cache. The source is first used by [`get`](Self::get).
    pub fn new(source: Arc<dyn IdentitySource<T>>, clock: Arc<dyn Clock>) -> Self {
        IdentityCache {
            source,
            clock,
            current: Arc::default(),
            refresh: Mutex::new(None),
        }
    }

    /// Returns the cached identity if it need not be refreshed. Does not wait, and takes only a read lock.
    #[must_use]
    #[inline]
    pub fn fresh(&self) -> Option<Arc<T>> {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        let entry = current.as_ref()?;
        if let Some(expires) = entry.expires {
            let now = self.clock.now().seconds();
            if expires.saturating_sub(now) < seconds(ADVISORY_REFRESH) {
                return None;
            }
        }
        Some(Arc::clone(&entry.identity))
    }

    /// Returns the identity, refreshed if necessary; `None` if the source has none.
    ///
    /// # Errors
    /// The error of the source if there is no usable cached identity; `Credentials` if the loaded identity has expired.
    pub async fn get(&self) -> Result<Option<Arc<T>>> {
        if let Some(identity) = self.fresh() {
            return Ok(Some(identity));
        }
        let (entry, freshness, refresh) = self.plan_refresh();
        let refresh = match refresh {
            Refresh::Cached(identity) => return Ok(Some(identity)),
            Refresh::InFlight(refresh) => refresh,
        };
        match refresh.await {
            Ok(identity) => self.check(identity),
            Err(error) => match entry {
                Some(entry) if freshness == Freshness::Advisory => {
                    tracing::warn!(
                        "{}: refresh failed, using the cached value: {error:#}",
                        T::NAME
                    );
                    self.delay_refresh(&entry);
                    Ok(Some(Arc::clone(&entry.identity)))
                }
                _ => Err(shared_error(&error)),
            },
        }
    }

    /// Removes the identity from the cache if it is the one that a service has rejected.
    pub fn invalidate(&self, rejected: &Arc<T>) {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        if current
            .as_ref()
            .is_some_and(|entry| Arc::ptr_eq(&entry.identity, rejected))
        {
            *current = None;
        }
    }

    fn inspect(&self) -> (Option<Arc<Entry<T>>>, Freshness) {
        let entry = self
            .current
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let Some(cached) = &entry else {
            return (None, Freshness::Expired);
        };
        let Some(expires) = cached.expires else {
            return (entry, Freshness::Fresh);
        };
        let now = self.clock.now().seconds();
        let remaining = expires.saturating_sub(now);
        let freshness = if remaining <= 0 {
            Freshness::Expired
        } else if remaining >= seconds(ADVISORY_REFRESH)
            || now < cached.next_refresh.load(Ordering::Relaxed)
        {
            Freshness::Fresh
        } else if remaining < seconds(MANDATORY_REFRESH) {
            Freshness::Mandatory
        } else {
            Freshness::Advisory
        };
        (entry, freshness)
    }

    /// Decides whether a caller uses the cached identity, or waits for a new or a pending refresh.
    ///
    /// The decision is made under one lock, so that a refresh that completes meanwhile is not missed.
    fn plan_refresh(&self) -> (Option<Arc<Entry<T>>>, Freshness, Refresh<T>) {
        let mut slot = self.refresh.lock().unwrap_or_else(PoisonError::into_inner);
        let (entry, freshness) = self.inspect();
        let refresh = match (&entry, freshness, pending_refresh(&slot)) {
            (Some(entry), Freshness::Fresh, _) | (Some(entry), Freshness::Advisory, Some(_)) => {
                Refresh::Cached(Arc::clone(&entry.identity))
            }
            (_, _, Some(refresh)) => Refresh::InFlight(refresh),
            (_, _, None) => Refresh::InFlight(self.start_refresh(&mut slot)),
        };
        (entry, freshness, refresh)
    }

    /// Starts a refresh. It is owned by the callers that wait for it: if all of them are cancelled, so is the refresh.
    fn start_refresh(
        &self,
        slot: &mut Option<WeakShared<RefreshFuture<T>>>,
    ) -> Shared<RefreshFuture<T>> {
        let source = Arc::clone(&self.source);
        let current = Arc::clone(&self.current);
        let clock = Arc::clone(&self.clock);
        let refresh: RefreshFuture<T> = Box::pin(async move {
            let loaded = source.load().await.map_err(Arc::new)?;
            let Some(identity) = loaded else {
                return Ok(None);
            };
            let expires = identity.expires().map(Timestamp::seconds);
            let identity = Arc::new(identity);
            let entry = Entry {
                identity: Arc::clone(&identity),
                expires,
                next_refresh: AtomicI64::new(clock.now().seconds() + seconds(RETRY_PAUSE)),
            };
            *current.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(entry));
            Ok(Some(identity))
        });
        let refresh = refresh.shared();
        *slot = refresh.downgrade();
        refresh
    }

    fn delay_refresh(&self, entry: &Entry<T>) {
        let next = self.clock.now().seconds() + seconds(RETRY_PAUSE);
        entry.next_refresh.store(next, Ordering::Relaxed);
    }

    fn check(&self, identity: Option<Arc<T>>) -> Result<Option<Arc<T>>> {
        if let Some(expires) = identity.as_ref().and_then(|identity| identity.expires())
            && expiration::seconds_until(self.clock.now(), expires) <= 0
        {
            return Err(Error::new(
                ErrorKind::Credentials,
                format!("the loaded {} expired at {expires}", T::NAME),
            ));
        }
        Ok(identity)
    }
}

/// Returns the current refresh unless it has completed or been cancelled.
fn pending_refresh<T: Identity>(
    slot: &Option<WeakShared<RefreshFuture<T>>>,
) -> Option<Shared<RefreshFuture<T>>> {
    let refresh = slot.as_ref()?.upgrade()?;
    refresh.peek().is_none().then_some(refresh)
}

fn seconds(time: Duration) -> i64 {
    i64::try_from(time.as_secs()).unwrap_or(i64::MAX)
}

/// Copies the error of a refresh for one of its callers.
#[cold]
fn shared_error(error: &Arc<Error>) -> Error {
    struct Cause(Arc<Error>);

    impl Cause {
        fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
            std::error::Error::source(&*self.0)
        }
    }

    impl fmt::Display for Cause {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            match self.source() {
                Some(source) => fmt::Display::fmt(source, f),
                None => fmt::Display::fmt(&self.0, f),
            }
        }
    }

    impl fmt::Debug for Cause {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            fmt::Debug::fmt(&self.0, f)
        }
    }

    impl std::error::Error for Cause {
        fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
            self.source()?.source()
        }
    }

    let copy = Error::new(error.kind(), error.message().to_owned());
    if std::error::Error::source(&**error).is_some() {
        copy.with_source(Cause(Arc::clone(error)))
    } else {
        copy
    }
}

impl<T: Identity> fmt::Debug for IdentityCache<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdentityCache")
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use futures_util::future::join_all;

    use super::*;
    use crate::credentials::tests::{FakeClock, block_on};

    /// Returns credentials with a load counter in the access key id after a delay, or fails.
    #[derive(Debug)]
    struct CountingSource {
        clock: Arc<FakeClock>,
        loads: AtomicUsize,
        failing: std::sync::atomic::AtomicBool,
        lifetime: AtomicI64,
    }

    impl IdentitySource<Credentials> for CountingSource {
        fn load(&self) -> BoxFuture<'_, Result<Option<Credentials>>> {
            Box::pin(async move {
                let load = self.loads.fetch_add(1, Ordering::SeqCst) + 1;
                // Long enough for all callers to join the refresh.
                for _ in 0..50 {
                    yield_once().await;
                }
                if self.failing.load(Ordering::SeqCst) {
                    return Err(Error::new(ErrorKind::Credentials, "down")
                        .with_source(Error::new(ErrorKind::Connection, "refused")));
                }
                let mut credentials = Credentials::new(&format!("AKID{load}"), "s", None);
                let lifetime = self.lifetime.load(Ordering::SeqCst);
                let now = self.clock.now().seconds();
                credentials.expires = Some(Timestamp::new(now + lifetime, 0));
                Ok(Some(credentials))
            })
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

    fn cache() -> (
        Arc<CountingSource>,
        Arc<FakeClock>,
        IdentityCache<Credentials>,
    ) {
        let clock = Arc::new(FakeClock::at(1_000_000));
        let source = Arc::new(CountingSource {
            clock: Arc::clone(&clock),
            loads: AtomicUsize::new(0),
            failing: false.into(),
            lifetime: 3600.into(),
        });
        let cache = IdentityCache::new(source.clone(), clock.clone());
        (source, clock, cache)
    }

    fn key(cache: &IdentityCache<Credentials>) -> Result<String> {
        let credentials = block_on(cache.get())?.unwrap();
        Ok(credentials.access_key_id.to_string())
    }

    #[test]
    fn concurrent_callers_share_one_load() {
        let (source, clock, cache) = cache();
        for round in 1..=2 {
            let all = block_on(join_all((0..1000).map(|_| cache.get())));
            assert!(all.iter().all(|one| {
                let credentials = one.as_ref().unwrap().as_ref().unwrap();
                credentials.access_key_id == format!("AKID{round}")
            }));
            assert_eq!(source.loads.load(Ordering::SeqCst), round);
            clock.advance(3601);
        }
    }

    #[test]
    fn advisory_refresh_runs_once_and_its_failure_is_ignored() {
        let (source, clock, cache) = cache();
        assert_eq!(key(&cache).unwrap(), "AKID1");
        clock.advance(3600 - 16 * 60);
        assert_eq!(key(&cache).unwrap(), "AKID1");
        clock.advance(2 * 60);
        source.failing.store(true, Ordering::SeqCst);
        let keys = block_on(join_all((0..10).map(|_| cache.get())));
        for one in keys {
            assert_eq!(one.unwrap().unwrap().access_key_id, "AKID1");
        }
        assert_eq!(source.loads.load(Ordering::SeqCst), 2);
        // No further refresh for a minute.
        assert_eq!(key(&cache).unwrap(), "AKID1");
        assert_eq!(source.loads.load(Ordering::SeqCst), 2);
        clock.advance(61);
        source.failing.store(false, Ordering::SeqCst);
        let both = block_on(join_all([cache.get(), cache.get()]));
        let keys: Vec<_> = both
            .into_iter()
            .map(|one| one.unwrap().unwrap().access_key_id.to_string())
            .collect();
        assert_eq!(keys, ["AKID3", "AKID1"]);
    }

    #[test]
    fn failed_mandatory_refresh_is_an_error_for_all_callers() {
        let (source, clock, cache) = cache();
        assert_eq!(key(&cache).unwrap(), "AKID1");
        clock.advance(3600 - 9 * 60);
        source.failing.store(true, Ordering::SeqCst);
        for one in block_on(join_all((0..10).map(|_| cache.get()))) {
            let error = one.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Credentials);
            assert_eq!(format!("{error:#}"), "down: refused");
        }
        assert_eq!(source.loads.load(Ordering::SeqCst), 2);
        source.failing.store(false, Ordering::SeqCst);
        assert_eq!(key(&cache).unwrap(), "AKID3");
    }

    #[test]
    fn never_returns_expired_credentials() {
        let (source, _, cache) = cache();
        source.lifetime.store(-1, Ordering::SeqCst);
        assert!(key(&cache).unwrap_err().to_string().contains("expired"));
    }

    #[test]
    fn short_lived_credentials_are_not_loaded_on_every_call() {
        let (source, clock, cache) = cache();
        source.lifetime.store(5 * 60, Ordering::SeqCst);
        for _ in 0..10 {
            assert_eq!(key(&cache).unwrap(), "AKID1");
        }
        clock.advance(61);
        assert_eq!(key(&cache).unwrap(), "AKID2");
    }

    #[test]
    fn cancelled_refresh_does_not_block_the_next() {
        let (source, _, cache) = cache();
        drop(cache.get().now_or_never());
        assert_eq!(source.loads.load(Ordering::SeqCst), 1);
        assert_eq!(key(&cache).unwrap(), "AKID2");
    }

    #[test]
    fn rejected_credentials_are_removed() {
        let (_, _, cache) = cache();
        let one = block_on(cache.get()).unwrap().unwrap();
        cache.invalidate(&one);
        let two = block_on(cache.get()).unwrap().unwrap();
        assert_eq!(two.access_key_id, "AKID2");
        cache.invalidate(&one);
        assert_eq!(key(&cache).unwrap(), "AKID2");
    }
}
