//! [`PoolState`]: the connections of a pool, and the requests that wait for one.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::connection::{Http1Connection, Http2Connection};
use super::permit::Permit;
use crate::transport::target::Target;

/// Time after which a limit that was lowered for lack of file descriptors is raised again, step by step.
const LIMIT_RECOVERY: Duration = Duration::from_secs(1);

#[derive(Default)]
pub(super) struct PoolState {
    /// Number of connections that are open or being opened.
    pub(super) open: usize,
    /// Current maximum of `open`. Lower than `max_connections` after the process ran out of file descriptors.
    pub(super) limit: usize,
    /// Time of the last attempt to open a connection that ran out of file descriptors.
    pub(super) exhausted: Option<Instant>,
    /// Number of times that a connection was closed or became available.
    pub(super) releases: u64,
    /// Unused connections, least recently used first.
    pub(super) idle: HashMap<Target, Vec<Http1Connection>>,
    pub(super) http2: HashMap<Target, Http2Slot>,
    /// Requests that wait for a connection, in order of their arrival.
    pub(super) queue: VecDeque<QueuedRequest>,
    /// Requests that are opening a connection, and use one that becomes available earlier.
    pub(super) connecting: HashMap<Target, VecDeque<oneshot::Sender<Http1Connection>>>,
    pub(super) reaper: Option<AbortHandle>,
    /// True after the transport was dropped: no connection is kept.
    pub(super) is_closed: bool,
}

/// A request in the queue.
pub(super) struct QueuedRequest {
    pub(super) target: Target,
    /// Set if the request must not reuse a connection.
    pub(super) is_fresh: bool,
    pub(super) sender: oneshot::Sender<Grant>,
}

pub(super) enum Grant {
    /// A connection to the target of the request.
    Connection(Http1Connection),
    /// Permission to open a connection.
    Permit(Permit),
}

/// The shared connections to a target, and the state of their negotiation.
#[derive(Default)]
pub(super) struct Http2Slot {
    /// Held while a connection is opened, so that concurrent requests open one only.
    pub(super) gate: Arc<tokio::sync::Mutex<()>>,
    pub(super) connections: Vec<Http2Connection>,
    /// True if the host chose HTTP/1.1.
    pub(super) is_http1_only: bool,
}

/// The time that a request has been in the queue while no connection became available.
pub(super) struct QueueTimer {
    pub(super) limit: Option<Duration>,
    pub(super) since: Instant,
    pub(super) releases: Option<u64>,
}

impl QueueTimer {
    pub(super) fn new(limit: Option<Duration>) -> Self {
        QueueTimer {
            limit,
            since: Instant::now(),
            releases: None,
        }
    }

    pub(super) fn observe(&mut self, releases: u64) {
        if self.releases.replace(releases) != Some(releases) {
            self.since = Instant::now();
        }
    }

    pub(super) fn exceeded(&self) -> Option<Duration> {
        self.limit.filter(|limit| self.since.elapsed() >= *limit)
    }
}

/// The place of a request in the queue.
pub(super) enum QueueState {
    Wait(oneshot::Receiver<Grant>),
    Granted(Grant),
}

impl QueuedRequest {
    pub(super) fn new(target: &Target, is_fresh: bool) -> (Self, oneshot::Receiver<Grant>) {
        let (sender, receiver) = oneshot::channel();
        let queued = QueuedRequest {
            target: target.clone(),
            is_fresh,
            sender,
        };
        (queued, receiver)
    }
}

impl PoolState {
    /// Raises a lowered limit by one, if the last lack of file descriptors is long enough ago.
    pub(super) fn raise_limit(&mut self, max: usize) {
        if self.limit < max
            && self.open >= self.limit
            && self
                .exhausted
                .is_none_or(|last| last.elapsed() >= LIMIT_RECOVERY)
        {
            self.limit += 1;
        }
    }

    /// Removes requests that were canceled from the head of the queue.
    pub(super) fn remove_canceled(&mut self) {
        while self
            .queue
            .front()
            .is_some_and(|queued| queued.sender.is_closed())
        {
            self.queue.pop_front();
        }
    }

    pub(super) fn next_connecting(
        &mut self,
        target: &Target,
    ) -> Option<oneshot::Sender<Http1Connection>> {
        let waiting = self.connecting.get_mut(target)?;
        let next = waiting.pop_front();
        if next.is_none() {
            self.connecting.remove(target);
        }
        next
    }

    /// Removes the least recently used connection, so that it is closed.
    pub(super) fn evict(&mut self) -> Option<Evicted> {
        let oldest = self
            .idle
            .iter()
            .filter_map(|(target, idle)| Some((idle.first()?.unused_since, target)))
            .min_by_key(|(since, _)| *since)
            .map(|(_, target)| target.clone());
        if let Some(target) = oldest {
            let idle = self.idle.get_mut(&target)?;
            let oldest = idle.remove(0);
            if idle.is_empty() {
                self.idle.remove(&target);
            }
            return Some(Evicted::Http1(oldest));
        }
        self.http2.values_mut().find_map(|slot| {
            let mut connections = slot.connections.iter();
            let unused = connections
                .position(|connection| connection.link.active.load(Ordering::Relaxed) == 0)?;
            Some(Evicted::Http2(slot.connections.swap_remove(unused)))
        })
    }

    /// Removes all unused connections, so that they are closed.
    pub(super) fn evict_all(&mut self) -> Vec<Evicted> {
        std::iter::from_fn(|| self.evict()).collect()
    }

    /// Removes the connections that have not been used for a while.
    pub(super) fn remove_unused(&mut self) -> Vec<Evicted> {
        let mut removed = Vec::new();
        for idle in self.idle.values_mut() {
            let unused = idle
                .iter()
                .take_while(|connection| connection.is_expired() || connection.sender.is_closed())
                .count();
            removed.extend(idle.drain(..unused).map(Evicted::Http1));
        }
        self.idle.retain(|_, idle| !idle.is_empty());
        for slot in self.http2.values_mut() {
            let unused = slot.connections.extract_if(.., |connection| {
                // A request that is about to use the connection has a handle of its own.
                connection.sender.is_closed() || connection.link.is_unused()
            });
            removed.extend(unused.map(Evicted::Http2));
        }
        self.http2
            .retain(|_, slot| !slot.connections.is_empty() || Arc::strong_count(&slot.gate) > 1);
        self.connecting.retain(|_, waiting| {
            waiting.retain(|sender| !sender.is_closed());
            !waiting.is_empty()
        });
        removed
    }
}

/// A connection removed from the pool. It is closed when dropped, outside of the pool's lock.
#[expect(dead_code, reason = "dropped only")]
pub(super) enum Evicted {
    Http1(Http1Connection),
    Http2(Http2Connection),
}
