//! [`IdentityCache`]: credentials and tokens kept, and refreshed once for all who wait.
//!
//! ```text
//! fresh | advisory: one caller refreshes, the others go on | mandatory: all wait for the refresh | expired
//! ------|---------------------------------------------------|-------------------------------------|--------
//!     15 min before                                     10 min before                          expiry
//! ```
//!
//! # Source
//! botocore `credentials.py:RefreshableCredentials`, `tokens.py:DeferredRefreshableToken`.
//!
//! DIFFERENCE: what botocore does for tokens, to refresh at most once a minute, is done for credentials as well: while a service that
//! gives credentials is down, one call a minute waits for it rather than every one.

use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{Shared, WeakShared};

use super::{Credentials, Token, moment};
use crate::ports::{BoxFuture, Clock};
use crate::{Error, ErrorKind, Result, Timestamp};

/// The time before expiry from which one caller refreshes.
pub const ADVISORY_REFRESH: Duration = Duration::from_secs(15 * 60);
/// The time before expiry from which all callers wait for the refresh.
pub const MANDATORY_REFRESH: Duration = Duration::from_secs(10 * 60);
/// The time between two refreshes of what has not expired.
const REFRESH_PAUSE: Duration = Duration::from_secs(60);

/// What an [`IdentityCache`] keeps.
pub trait Identity: Send + Sync + 'static {
    /// When it expires; `None` for what does not.
    fn expires(&self) -> Option<Timestamp>;

    /// What it is called in messages.
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

/// Where an [`IdentityCache`] gets what it keeps.
pub trait IdentitySource<T>: Send + Sync + fmt::Debug {
    /// Gets a new one; `None` where there is none and that is no error.
    ///
    /// # Errors
    /// Where there should be one.
    fn load(&self) -> BoxFuture<'_, Result<Option<T>>>;
}

/// An identity kept until it is about to expire, and refreshed by one caller while the others wait or go on.
///
/// Shared by all clients of a session.
pub struct IdentityCache<T: Identity> {
    source: Arc<dyn IdentitySource<T>>,
    clock: Arc<dyn Clock>,
    current: Arc<RwLock<Option<Arc<Entry<T>>>>>,
    flight: Mutex<Option<WeakShared<Flight<T>>>>,
}

struct Entry<T> {
    identity: Arc<T>,
    expires: Option<i64>,
    /// The second before which no further refresh is tried while the identity has not expired.
    next_refresh: AtomicI64,
}

type Flight<T> = BoxFuture<'static, Landing<T>>;
type Landing<T> = Result<Option<Arc<T>>, Arc<Error>>;

enum Boarding<T: Identity> {
    Stay(Arc<T>),
    Fly(Shared<Flight<T>>),
}

/// What has to be done before an identity may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Need {
    Nothing,
    Advisory,
    Mandatory,
    Expired,
}

impl<T: Identity> IdentityCache<T> {
    /// A cache over a source; nothing is loaded before it is asked for.
    pub fn new(source: Arc<dyn IdentitySource<T>>, clock: Arc<dyn Clock>) -> Self {
        IdentityCache {
            source,
            clock,
            current: Arc::default(),
            flight: Mutex::new(None),
        }
    }

    /// What is kept, if nothing has to be done before it may be used: no waiting, and no lock but a read lock.
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

    /// What is kept, refreshed where it has to be; `None` where the source has none.
    ///
    /// # Errors
    /// The source's, where there is nothing to go on with; `Credentials` where what it gave has expired.
    pub async fn get(&self) -> Result<Option<Arc<T>>> {
        if let Some(identity) = self.fresh() {
            return Ok(Some(identity));
        }
        let (entry, need, boarding) = self.board();
        let flight = match boarding {
            Boarding::Stay(identity) => return Ok(Some(identity)),
            Boarding::Fly(flight) => flight,
        };
        match flight.await {
            Ok(identity) => self.check(identity),
            Err(error) => match entry {
                Some(entry) if need == Need::Advisory => {
                    tracing::warn!(
                        "{}: the refresh failed, and what is at hand is used on: {error:#}",
                        T::NAME
                    );
                    self.pause(&entry);
                    Ok(Some(Arc::clone(&entry.identity)))
                }
                _ => Err(share(&error)),
            },
        }
    }

    /// Forgets what is kept, if that is what a service has refused: the next caller gets another.
    pub fn invalidate(&self, rejected: &Arc<T>) {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        if current
            .as_ref()
            .is_some_and(|entry| Arc::ptr_eq(&entry.identity, rejected))
        {
            *current = None;
        }
    }

    fn look(&self) -> (Option<Arc<Entry<T>>>, Need) {
        let entry = self
            .current
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let Some(known) = &entry else {
            return (None, Need::Expired);
        };
        let Some(expires) = known.expires else {
            return (entry, Need::Nothing);
        };
        let now = self.clock.now().seconds();
        let left = expires.saturating_sub(now);
        let need = if left <= 0 {
            Need::Expired
        } else if left >= seconds(ADVISORY_REFRESH)
            || now < known.next_refresh.load(Ordering::Relaxed)
        {
            Need::Nothing
        } else if left < seconds(MANDATORY_REFRESH) {
            Need::Mandatory
        } else {
            Need::Advisory
        };
        (entry, need)
    }

    /// What a caller does: goes on with what there is, or waits for a refresh, its own or one under way.
    ///
    /// All of it is decided under one lock: a refresh that lands in between is seen.
    fn board(&self) -> (Option<Arc<Entry<T>>>, Need, Boarding<T>) {
        let mut slot = self.flight.lock().unwrap_or_else(PoisonError::into_inner);
        let (entry, need) = self.look();
        let boarding = match (&entry, need, under_way(&slot)) {
            (Some(entry), Need::Nothing, _) | (Some(entry), Need::Advisory, Some(_)) => {
                Boarding::Stay(Arc::clone(&entry.identity))
            }
            (_, _, Some(flight)) => Boarding::Fly(flight),
            (_, _, None) => Boarding::Fly(self.launch(&mut slot)),
        };
        (entry, need, boarding)
    }

    /// A flight is owned by those who wait for it: if all of them give up, it ends, and the next caller starts another.
    fn launch(&self, slot: &mut Option<WeakShared<Flight<T>>>) -> Shared<Flight<T>> {
        let source = Arc::clone(&self.source);
        let current = Arc::clone(&self.current);
        let clock = Arc::clone(&self.clock);
        let flight: Flight<T> = Box::pin(async move {
            let loaded = source.load().await.map_err(Arc::new)?;
            let Some(identity) = loaded else {
                return Ok(None);
            };
            let expires = identity.expires().map(Timestamp::seconds);
            let identity = Arc::new(identity);
            let entry = Entry {
                identity: Arc::clone(&identity),
                expires,
                next_refresh: AtomicI64::new(clock.now().seconds() + seconds(REFRESH_PAUSE)),
            };
            *current.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(entry));
            Ok(Some(identity))
        });
        let flight = flight.shared();
        *slot = flight.downgrade();
        flight
    }

    fn pause(&self, entry: &Entry<T>) {
        let next = self.clock.now().seconds() + seconds(REFRESH_PAUSE);
        entry.next_refresh.store(next, Ordering::Relaxed);
    }

    fn check(&self, identity: Option<Arc<T>>) -> Result<Option<Arc<T>>> {
        if let Some(expires) = identity.as_ref().and_then(|identity| identity.expires())
            && moment::seconds_until(self.clock.now(), expires) <= 0
        {
            return Err(Error::new(
                ErrorKind::Credentials,
                format!("{}: what was just loaded expired at {expires}", T::NAME),
            ));
        }
        Ok(identity)
    }
}

/// The flight, unless it has landed or all who waited have gone.
fn under_way<T: Identity>(slot: &Option<WeakShared<Flight<T>>>) -> Option<Shared<Flight<T>>> {
    let flight = slot.as_ref()?.upgrade()?;
    flight.peek().is_none().then_some(flight)
}

fn seconds(time: Duration) -> i64 {
    i64::try_from(time.as_secs()).unwrap_or(i64::MAX)
}

/// The error of a refresh for one of those who waited for it.
#[cold]
fn share(error: &Arc<Error>) -> Error {
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

    /// Gives credentials that live for an hour, counted, after a while; or fails.
    #[derive(Debug)]
    struct Source {
        clock: Arc<FakeClock>,
        loads: AtomicUsize,
        failing: std::sync::atomic::AtomicBool,
        lifetime: AtomicI64,
    }

    impl IdentitySource<Credentials> for Source {
        fn load(&self) -> BoxFuture<'_, Result<Option<Credentials>>> {
            Box::pin(async move {
                let load = self.loads.fetch_add(1, Ordering::SeqCst) + 1;
                // Long enough for all who wait to have come.
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

    fn cache() -> (Arc<Source>, Arc<FakeClock>, IdentityCache<Credentials>) {
        let clock = Arc::new(FakeClock::at(1_000_000));
        let source = Arc::new(Source {
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
    fn a_thousand_who_wait_cause_one_load() {
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
    fn in_the_advisory_window_one_refreshes_and_a_failure_changes_nothing() {
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
        // Not again for a minute.
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
    fn a_mandatory_refresh_that_fails_is_an_error_for_all() {
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
    fn what_has_expired_is_never_given() {
        let (source, _, cache) = cache();
        source.lifetime.store(-1, Ordering::SeqCst);
        assert!(key(&cache).unwrap_err().to_string().contains("expired"));
    }

    #[test]
    fn short_lived_credentials_are_not_loaded_for_every_call() {
        let (source, clock, cache) = cache();
        source.lifetime.store(5 * 60, Ordering::SeqCst);
        for _ in 0..10 {
            assert_eq!(key(&cache).unwrap(), "AKID1");
        }
        clock.advance(61);
        assert_eq!(key(&cache).unwrap(), "AKID2");
    }

    #[test]
    fn a_flight_all_have_left_does_not_hold_up_the_next() {
        let (source, _, cache) = cache();
        drop(cache.get().now_or_never());
        assert_eq!(source.loads.load(Ordering::SeqCst), 1);
        assert_eq!(key(&cache).unwrap(), "AKID2");
    }

    #[test]
    fn refused_credentials_are_forgotten() {
        let (_, _, cache) = cache();
        let one = block_on(cache.get()).unwrap().unwrap();
        cache.invalidate(&one);
        let two = block_on(cache.get()).unwrap().unwrap();
        assert_eq!(two.access_key_id, "AKID2");
        cache.invalidate(&one);
        assert_eq!(key(&cache).unwrap(), "AKID2");
    }
}
