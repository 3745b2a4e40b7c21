//! [`Progress`] of a transfer, as a value, a stream and a callback.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use crate::boxed_stream::boxed_stream;

/// Time over which the current rate is measured.
const RATE_WINDOW: Duration = Duration::from_secs(3);

/// Progress of a transfer.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Progress {
    /// Number of bytes that were transferred, with those of an earlier run that this one resumes.
    pub bytes: u64,
    /// Number of bytes in all, if it is known.
    pub total: Option<u64>,
    /// Number of parts that are complete.
    pub parts: u32,
    /// Number of bytes that an earlier run transferred.
    pub resumed_bytes: u64,
    /// Average rate of the last three seconds, in bytes per second.
    pub rate: f64,
    /// Time since the start.
    pub elapsed: Duration,
}

impl Progress {
    /// Returns the time until the end at the current rate, if both are known.
    #[must_use]
    pub fn remaining(&self) -> Option<Duration> {
        #[expect(clippy::cast_precision_loss, reason = "an estimate")]
        let missing = self.total?.saturating_sub(self.bytes) as f64;
        Duration::try_from_secs_f64(missing / self.rate).ok()
    }
}

/// Receives the progress of a transfer.
pub(crate) type ProgressCallback = Arc<dyn Fn(&Progress) + Send + Sync>;

/// Counts the bytes and parts of a transfer.
pub(crate) struct ProgressTracker {
    bytes: AtomicU64,
    total: AtomicU64,
    parts: AtomicU64,
    resumed: AtomicU64,
    started: Instant,
    /// Times and byte counts of the last seconds.
    samples: Mutex<Samples>,
    callback: Option<ProgressCallback>,
    changes: watch::Sender<u64>,
}

/// The older and the newer sample that the rate is measured from.
struct Samples {
    older: (Instant, u64),
    newer: (Instant, u64),
}

/// Value of `total` until the total is known.
const UNKNOWN: u64 = u64::MAX;

impl ProgressTracker {
    pub(crate) fn new(callback: Option<ProgressCallback>) -> Self {
        let now = Instant::now();
        ProgressTracker {
            bytes: AtomicU64::new(0),
            total: AtomicU64::new(UNKNOWN),
            parts: AtomicU64::new(0),
            resumed: AtomicU64::new(0),
            started: now,
            samples: Mutex::new(Samples {
                older: (now, 0),
                newer: (now, 0),
            }),
            callback,
            changes: watch::Sender::new(0),
        }
    }

    pub(crate) fn set_total(&self, total: u64) {
        self.total.store(total, Ordering::Relaxed);
        self.changed();
    }

    /// Adds transferred bytes.
    pub(crate) fn add_bytes(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.changed();
    }

    /// Replaces a number of bytes that were counted, because they are sent again or were not sent.
    pub(crate) fn correct_bytes(&self, counted: u64, actual: u64) {
        if counted != actual {
            self.bytes.fetch_add(actual, Ordering::Relaxed);
            self.bytes.fetch_sub(counted, Ordering::Relaxed);
            self.changed();
        }
    }

    /// Counts a complete part.
    pub(crate) fn add_part(&self) {
        self.parts.fetch_add(1, Ordering::Relaxed);
        self.changed();
    }

    /// Counts a part that an earlier run completed.
    pub(crate) fn add_resumed(&self, bytes: u64) {
        self.resumed.fetch_add(bytes, Ordering::Relaxed);
        self.parts.fetch_add(1, Ordering::Relaxed);
        {
            let mut samples = self.samples.lock().unwrap_or_else(PoisonError::into_inner);
            samples.older.1 += bytes;
            samples.newer.1 += bytes;
        }
        self.add_bytes(bytes);
    }

    fn changed(&self) {
        self.changes.send_modify(|version| *version += 1);
        if let Some(callback) = &self.callback {
            callback(&self.get());
        }
    }

    pub(crate) fn get(&self) -> Progress {
        let now = Instant::now();
        let bytes = self.bytes.load(Ordering::Relaxed);
        let total = self.total.load(Ordering::Relaxed);
        let parts = self.parts.load(Ordering::Relaxed);
        Progress {
            bytes,
            total: (total != UNKNOWN).then_some(total),
            parts: u32::try_from(parts).unwrap_or(u32::MAX),
            resumed_bytes: self.resumed.load(Ordering::Relaxed),
            rate: self.rate(now, bytes),
            elapsed: now - self.started,
        }
    }

    fn rate(&self, now: Instant, bytes: u64) -> f64 {
        let mut samples = self.samples.lock().unwrap_or_else(PoisonError::into_inner);
        if now - samples.newer.0 > RATE_WINDOW / 2 {
            samples.older = samples.newer;
            samples.newer = (now, bytes);
        }
        let (since, before) = samples.older;
        let seconds = (now - since).as_secs_f64().max(0.001);
        #[expect(clippy::cast_precision_loss, reason = "an estimate")]
        let rate = bytes.saturating_sub(before) as f64 / seconds;
        rate
    }
}

impl fmt::Debug for ProgressTracker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().fmt(f)
    }
}

boxed_stream! {
    /// The progress of a transfer whenever it changes, until the transfer ends. Changes while the last one is being handled are yielded
    /// as one.
    pub struct ProgressStream(Progress);

    /// Returns the next progress; `None` after the end of the transfer.
    fn next;
}

impl ProgressStream {
    pub(crate) fn new(tracker: &Arc<ProgressTracker>) -> Self {
        let changes = tracker.changes.subscribe();
        // The stream must not keep the tracker alive: its end is that of the transfer.
        let tracker = Arc::downgrade(tracker);
        let stream =
            futures_util::stream::unfold((changes, tracker), |(mut changes, tracker)| async {
                changes.changed().await.ok()?;
                let progress = tracker.upgrade()?.get();
                Some((progress, (changes, tracker)))
            });
        ProgressStream(Box::pin(stream))
    }
}
