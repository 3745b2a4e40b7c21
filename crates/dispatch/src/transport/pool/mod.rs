//! [`ConnectionPool`]: open connections, their limit, and the queue for them.
//!
//! A request leases a connection until the response body has been read or dropped. HTTP/2 connections are shared by their requests.
//! While all connections are in use, requests wait in the order of their arrival.

mod connection;
mod lease;
mod permit;
mod queue;

use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, SystemTime};

use futures_util::future::{Either, select};
use tokio::sync::oneshot;
use tokio::time::Instant;

use self::connection::{ConnectionState, Http1Connection, Http2Connection, Opened, open};
use self::permit::Permit;
use self::queue::{Grant, PoolState, QueueState, QueueTimer, QueuedRequest};
use super::HttpVersion;
use super::connect::Connector;
use super::failure::ConnectError;
use super::socket::SocketState;
use super::target::Target;

pub(super) use self::lease::Lease;

/// Time after which an unused connection is closed.
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);
/// Time limit for a connection to finish a request whose response is complete.
const FINISH_TIMEOUT: Duration = Duration::from_secs(5);
/// Pause between attempts to open a connection while the process has no free file descriptor.
const EXHAUSTED_PAUSE: Duration = Duration::from_millis(50);

/// All pools of the process, which share its file descriptors.
static POOLS: Mutex<Vec<Weak<PoolShared>>> = Mutex::new(Vec::new());

/// A pool of connections to any hosts. When it is dropped, unused connections are closed, and others after their response.
pub(super) struct ConnectionPool(Arc<PoolShared>);

impl Drop for ConnectionPool {
    fn drop(&mut self) {
        // Open connections refer to the pool, and would keep it and each other alive.
        let (idle, http2) = {
            let mut state = self.0.state();
            state.is_closed = true;
            (state.evict_all(), std::mem::take(&mut state.http2))
        };
        drop((idle, http2));
    }
}

struct PoolShared {
    connector: Connector,
    max_connections: usize,
    state: Mutex<PoolState>,
}

impl ConnectionPool {
    pub(super) fn new(connector: Connector, max_connections: usize) -> Self {
        let max_connections = max_connections.max(1);
        let pool = Arc::new(PoolShared {
            connector,
            max_connections,
            state: Mutex::new(PoolState {
                limit: max_connections,
                ..PoolState::default()
            }),
        });
        let mut pools = POOLS.lock().unwrap_or_else(PoisonError::into_inner);
        pools.retain(|pool| pool.strong_count() > 0);
        pools.push(Arc::downgrade(&pool));
        ConnectionPool(pool)
    }

    /// Leases a connection: an unused one unless `is_fresh`, a new one, or the next that becomes available.
    ///
    /// `max_wait` limits the time in the queue during which no connection becomes available at all.
    pub(super) async fn lease(
        &self,
        target: &Target,
        is_fresh: bool,
        max_wait: Option<Duration>,
    ) -> Result<Lease, ConnectError> {
        let pool = &self.0;
        if target.version() == HttpVersion::Http1 {
            return pool.lease_http1(target, is_fresh, max_wait).await;
        }
        let gate = {
            let mut state = pool.state();
            let slot = state.http2.entry(target.clone()).or_default();
            Arc::clone(&slot.gate)
        };
        let mut opening = None;
        loop {
            match pool.shared_http2(target) {
                SharedHttp2::Connection(connection) => {
                    return Ok(Lease::shared(pool, target, connection, true));
                }
                SharedHttp2::Http1Only => {
                    opening = None;
                    break;
                }
                SharedHttp2::None if opening.is_some() => break,
                // Requests do not wait for each other's timeouts.
                SharedHttp2::None => match pool.connector.timeout() {
                    None => opening = Some(gate.lock().await),
                    Some(limit) => match tokio::time::timeout(limit, gate.lock()).await {
                        Ok(gate) => opening = Some(gate),
                        Err(_) => break,
                    },
                },
            }
        }
        let lease = pool.lease_http1(target, is_fresh, max_wait).await;
        drop(opening);
        lease
    }
}

enum SharedHttp2 {
    Connection(Http2Connection),
    Http1Only,
    None,
}

impl PoolShared {
    fn state(&self) -> MutexGuard<'_, PoolState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns a shared connection to a target: one that takes a further request, or the one with the fewest if no further
    /// connection may be opened.
    fn shared_http2(&self, target: &Target) -> SharedHttp2 {
        let mut state = self.state();
        let is_full = state.open >= state.limit;
        let Some(slot) = state.http2.get_mut(target) else {
            return SharedHttp2::None;
        };
        if slot.is_http1_only {
            return SharedHttp2::Http1Only;
        }
        slot.connections.retain(|connection| {
            !connection.sender.is_closed() && connection.link.socket.state() != SocketState::Closed
        });
        let mut connections = slot.connections.iter();
        let found = connections
            .find(|connection| connection.link.has_room())
            .or_else(|| {
                let connections = slot.connections.iter().filter(|_| is_full);
                connections.min_by_key(|connection| connection.link.active.load(Ordering::Relaxed))
            });
        match found {
            Some(connection) => SharedHttp2::Connection(connection.clone()),
            None => SharedHttp2::None,
        }
    }

    /// Leases an exclusive connection, or opens the connection to a target that chooses HTTP/2.
    async fn lease_http1(
        self: &Arc<Self>,
        target: &Target,
        is_fresh: bool,
        max_wait: Option<Duration>,
    ) -> Result<Lease, ConnectError> {
        while !is_fresh && let Some(connection) = self.take_idle(target) {
            if connection.is_usable() {
                return Ok(Lease::exclusive(self, target, connection, true));
            }
        }
        let mut timer = QueueTimer::new(max_wait);
        let mut place = self.enqueue(target, is_fresh);
        loop {
            place = match place {
                QueueState::Wait(receiver) => {
                    QueueState::Granted(self.wait(receiver, &mut timer, None).await?)
                }
                QueueState::Granted(Grant::Connection(connection)) => {
                    return Ok(Lease::exclusive(self, target, connection, true));
                }
                QueueState::Granted(Grant::Permit(permit)) => {
                    match self.connect(target, is_fresh, permit).await {
                        Ok(lease) => return Ok(lease),
                        Err(error) if error.is_exhausted() => {
                            let receiver = self.enqueue_first(target, is_fresh);
                            QueueState::Granted(self.wait(receiver, &mut timer, Some(error)).await?)
                        }
                        Err(error) => return Err(error),
                    }
                }
            };
        }
    }

    /// Opens a connection. If another one becomes available earlier, it is used, and the new one is kept for later.
    async fn connect(
        self: &Arc<Self>,
        target: &Target,
        is_fresh: bool,
        permit: Permit,
    ) -> Result<Lease, ConnectError> {
        let opening: Pin<Box<dyn Future<Output = _> + Send>> =
            Box::pin(open(Arc::clone(self), target.clone(), permit));
        let opened = if is_fresh {
            opening.await
        } else {
            let available = self.register_connecting(target);
            match select(available, opening).await {
                Either::Left((Ok(connection), opening)) => {
                    let pool = Arc::clone(self);
                    let target_of_new = target.clone();
                    tokio::spawn(async move {
                        if let Ok(Opened::Http1(connection)) = opening.await {
                            pool.put(&target_of_new, connection);
                        }
                    });
                    return Ok(Lease::exclusive(self, target, connection, true));
                }
                Either::Left((Err(_), opening)) => opening.await,
                Either::Right((opened, _)) => opened,
            }
        };
        Ok(match opened? {
            Opened::Http1(connection) => Lease::exclusive(self, target, connection, false),
            Opened::Http2(connection) => Lease::shared(self, target, connection, false),
        })
    }

    fn register_connecting(&self, target: &Target) -> oneshot::Receiver<Http1Connection> {
        /// Number of entries from which those of finished requests are removed.
        const MANY: usize = 64;
        let (sender, receiver) = oneshot::channel();
        let mut state = self.state();
        let waiting = match state.connecting.get_mut(target) {
            Some(waiting) => waiting,
            None => state.connecting.entry(target.clone()).or_default(),
        };
        if waiting.len() >= MANY {
            waiting.retain(|sender| !sender.is_closed());
        }
        waiting.push_back(sender);
        receiver
    }

    fn take_idle(&self, target: &Target) -> Option<Http1Connection> {
        self.state().idle.get_mut(target)?.pop()
    }

    /// Appends a request to the queue, unless a connection may be opened at once.
    fn enqueue(self: &Arc<Self>, target: &Target, is_fresh: bool) -> QueueState {
        let evicted;
        let receiver;
        {
            let mut state = self.state();
            state.remove_canceled();
            state.raise_limit(self.max_connections);
            if state.queue.is_empty() && state.open < state.limit {
                state.open += 1;
                return QueueState::Granted(Grant::Permit(Permit::new(Arc::clone(self))));
            }
            let (queued, waiting) = QueuedRequest::new(target, is_fresh);
            state.queue.push_back(queued);
            receiver = waiting;
            evicted = state.evict();
        }
        // Closing the connection releases its permit.
        drop(evicted);
        self.serve();
        QueueState::Wait(receiver)
    }

    /// Puts a request whose connection could not be opened at the head of the queue.
    fn enqueue_first(&self, target: &Target, is_fresh: bool) -> oneshot::Receiver<Grant> {
        let (queued, receiver) = QueuedRequest::new(target, is_fresh);
        self.state().queue.push_front(queued);
        receiver
    }

    /// Waits for a grant. While the process has no free file descriptor, tries to open a connection from time to time.
    async fn wait(
        self: &Arc<Self>,
        mut receiver: oneshot::Receiver<Grant>,
        timer: &mut QueueTimer,
        cause: Option<ConnectError>,
    ) -> Result<Grant, ConnectError> {
        timer.observe(self.state().releases);
        loop {
            let pause = match (&cause, timer.limit) {
                (Some(_), _) => EXHAUSTED_PAUSE,
                (None, Some(limit)) => limit,
                (None, None) => IDLE_TIMEOUT,
            };
            match tokio::time::timeout(pause, &mut receiver).await {
                Ok(Ok(grant)) => return Ok(grant),
                // No request in the queue is dropped.
                Ok(Err(_)) => return Err(ConnectError::config("the connection pool is closed")),
                Err(_) => {}
            }
            let (releases, connections) = {
                let state = self.state();
                (state.releases, state.limit)
            };
            timer.observe(releases);
            if let Some(limit) = timer.exceeded() {
                return Err(
                    cause.unwrap_or_else(|| ConnectError::queue_timeout(limit, connections))
                );
            }
            if let Some(permit) = self.probe() {
                return Ok(Grant::Permit(permit));
            }
        }
    }

    /// Grants a permit above the lowered limit, if the last attempt to open a connection is long enough ago.
    fn probe(self: &Arc<Self>) -> Option<Permit> {
        let mut state = self.state();
        let last = state.exhausted?;
        if last.elapsed() < EXHAUSTED_PAUSE || state.open >= self.max_connections {
            return None;
        }
        state.exhausted = Some(Instant::now());
        state.open += 1;
        state.limit = state.limit.max(state.open);
        Some(Permit::new(Arc::clone(self)))
    }

    /// Lowers the limit to the number of open connections, and closes the unused connections of all pools.
    fn lower_limit(&self, permit: Permit) {
        permit.give_back();
        {
            let mut state = self.state();
            state.limit = state.open.max(1);
            state.exhausted = Some(Instant::now());
        }
        let pools = POOLS.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for pool in pools.iter().filter_map(Weak::upgrade) {
            let evicted = pool.state().evict_all();
            drop(evicted);
        }
    }

    /// Grants permits to the first requests in the queue, as far as the limit allows.
    fn serve(self: &Arc<Self>) {
        loop {
            let queued = {
                let mut state = self.state();
                if state.open >= state.limit {
                    return;
                }
                let Some(queued) = state.queue.pop_front() else {
                    return;
                };
                state.open += 1;
                queued
            };
            let permit = Permit::new(Arc::clone(self));
            if let Err(Grant::Permit(permit)) = queued.sender.send(Grant::Permit(permit)) {
                permit.give_back();
            }
        }
    }

    /// Hands a connection that became available to the first request that can use it, or keeps it.
    fn put(self: &Arc<Self>, target: &Target, mut connection: Http1Connection) {
        connection.unused_since = SystemTime::now();
        loop {
            let mut state = self.state();
            if state.is_closed {
                return;
            }
            state.releases += 1;
            state.remove_canceled();
            if let Some(first) = state.queue.front() {
                if first.is_fresh || first.target != *target {
                    // Closing the connection releases its permit, which the first request gets.
                    drop(state);
                    return;
                }
                let Some(first) = state.queue.pop_front() else {
                    return;
                };
                drop(state);
                match first.sender.send(Grant::Connection(connection)) {
                    Err(Grant::Connection(rejected)) => connection = rejected,
                    _ => return,
                }
            } else if let Some(first) = state.next_connecting(target) {
                drop(state);
                match first.send(connection) {
                    Err(rejected) => connection = rejected,
                    Ok(()) => return,
                }
            } else {
                match state.idle.get_mut(target) {
                    Some(idle) => idle.push(connection),
                    None => {
                        state.idle.insert(target.clone(), vec![connection]);
                    }
                }
                self.start_reaper(&mut state);
                return;
            }
        }
    }

    /// Starts the task that closes unused connections, unless it is running.
    fn start_reaper(self: &Arc<Self>, state: &mut PoolState) {
        if state
            .reaper
            .as_ref()
            .is_some_and(|reaper| !reaper.is_finished())
        {
            return;
        }
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let task = runtime.spawn(close_unused(Arc::downgrade(self)));
            state.reaper = Some(task.abort_handle());
        }
    }

    /// Stores a connection to a target that chose HTTP/2, or that the target chose HTTP/1.1.
    fn store_http2(self: &Arc<Self>, target: &Target, connection: Option<&Http2Connection>) {
        {
            let mut state = self.state();
            let slot = state.http2.entry(target.clone()).or_default();
            slot.is_http1_only = connection.is_none();
            if let Some(connection) = connection {
                slot.connections.push(connection.clone());
                self.start_reaper(&mut state);
            }
        }
    }

    /// Removes a shared connection that failed, so that no further request uses it.
    fn forget_http2(&self, target: &Target, link: &Arc<ConnectionState>) {
        let removed = {
            let mut state = self.state();
            state.http2.get_mut(target).and_then(|slot| {
                let mut connections = slot.connections.iter();
                let failed =
                    connections.position(|connection| Arc::ptr_eq(&connection.link, link))?;
                Some(slot.connections.swap_remove(failed))
            })
        };
        drop(removed);
    }
}

/// Closes unused connections from time to time, as long as there are any.
async fn close_unused(pool: Weak<PoolShared>) {
    loop {
        tokio::time::sleep(IDLE_TIMEOUT / 2).await;
        let Some(pool) = pool.upgrade() else {
            return;
        };
        let removed;
        let is_done;
        {
            let mut state = pool.state();
            removed = state.remove_unused();
            is_done = state.idle.is_empty() && state.http2.is_empty();
            if is_done {
                state.reaper = None;
            }
        }
        drop(removed);
        if is_done {
            return;
        }
    }
}
