//! [`ConnectionPool`]: open connections, their limit, and the queue for them.
//!
//! A request leases a connection until the response body has been read or dropped. HTTP/2 connections are shared by their requests.
//! While all connections are in use, requests wait in the order of their arrival.

use std::collections::{HashMap, VecDeque};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, SystemTime};

use futures_util::future::{Either, select};
use http::Uri;
use http::uri::{Authority, Scheme};
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::sync::{oneshot, watch};
use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::HttpVersion;
use super::body::{RequestBody, UploadProgress};
use super::connect::{Connector, Forwarding};
use super::failure::ConnectError;
use super::socket::{ObservedChannel, Socket, SocketState};
use inia_core::HostPort;

/// Time after which an unused connection is closed.
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);
/// Time limit for a connection to finish a request whose response is complete.
const FINISH_TIMEOUT: Duration = Duration::from_secs(5);
/// Pause between attempts to open a connection while there are no file descriptors left.
const EXHAUSTED_PAUSE: Duration = Duration::from_millis(50);
/// Time after which a limit that was lowered for lack of file descriptors is raised again, step by step.
const LIMIT_RECOVERY: Duration = Duration::from_secs(1);
/// Maximum number of response headers.
const MAX_HEADERS: usize = 2048;
/// Maximum size of the response headers, in bytes. Also the maximum size of a read buffer.
const MAX_HEADER_BYTES: usize = 1 << 20;

type Request = http::Request<RequestBody>;

/// The peer of a connection.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Target {
    is_tls: bool,
    authority: Authority,
    port: u16,
    version: HttpVersion,
}

impl Target {
    /// Returns the target of a URL.
    ///
    /// # Errors
    /// A reason, if the URL is not wholly understood.
    pub(super) fn of(url: &Uri, version: HttpVersion) -> Result<Self, String> {
        let is_tls = match url.scheme() {
            Some(scheme) if *scheme == Scheme::HTTPS => true,
            Some(scheme) if *scheme == Scheme::HTTP => false,
            _ => return Err("the scheme must be http or https".to_owned()),
        };
        let authority = url.authority().ok_or("the host is missing")?;
        let port = HostPort::parse(authority.as_str())?.port;
        Ok(Target {
            is_tls,
            authority: authority.clone(),
            port: port.unwrap_or(if is_tls { 443 } else { 80 }),
            // HTTP/2 is negotiated by TLS.
            version: if is_tls { version } else { HttpVersion::Http1 },
        })
    }

    pub(super) fn is_tls(&self) -> bool {
        self.is_tls
    }

    /// Returns the host; an IPv6 address is in brackets.
    pub(super) fn host(&self) -> &str {
        self.authority.host()
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    pub(super) fn version(&self) -> HttpVersion {
        self.version
    }

    /// Returns the value of the `host` header, without the default port.
    pub(super) fn host_header(&self) -> &str {
        match (self.is_tls, self.port) {
            (true, 443) | (false, 80) => self.authority.host(),
            _ => self.authority.as_str(),
        }
    }
}

/// A pool of connections to any hosts.
pub(super) struct ConnectionPool(Arc<PoolShared>);

struct PoolShared {
    connector: Connector,
    max_connections: usize,
    state: Mutex<PoolState>,
}

#[derive(Default)]
struct PoolState {
    /// Number of connections that are open or being opened.
    open: usize,
    /// Current maximum of `open`. Lower than `max_connections` after the process ran out of file descriptors.
    limit: usize,
    /// Time of the last attempt to open a connection that ran out of file descriptors.
    exhausted: Option<Instant>,
    /// Number of times that a connection was closed or became available.
    releases: u64,
    /// Unused connections, least recently used first.
    idle: HashMap<Target, Vec<Http1Connection>>,
    http2: HashMap<Target, Http2Slot>,
    /// Requests that wait for a connection, in order of their arrival.
    queue: VecDeque<Waiter>,
    /// Requests that are opening a connection, and use one that becomes available earlier.
    connecting: HashMap<Target, VecDeque<oneshot::Sender<Http1Connection>>>,
    reaper: Option<AbortHandle>,
}

/// A request in the queue.
struct Waiter {
    target: Target,
    /// Set if the request must not reuse a connection.
    is_fresh: bool,
    sender: oneshot::Sender<Grant>,
}

enum Grant {
    /// A connection to the waiter's target.
    Connection(Http1Connection),
    /// Permission to open a connection.
    Permit(Permit),
}

/// An exclusive connection.
struct Http1Connection {
    sender: http1::SendRequest<RequestBody>,
    link: Arc<Link>,
    /// Wall-clock time, because the monotonic clock stops while a machine is suspended.
    unused_since: SystemTime,
}

/// The shared connection to a target, and the state of its negotiation.
#[derive(Default)]
struct Http2Slot {
    /// Held while a connection is opened, so that concurrent requests open one only.
    gate: Arc<tokio::sync::Mutex<()>>,
    connection: Option<Http2Connection>,
    /// True if the host chose HTTP/1.1.
    is_http1_only: bool,
}

#[derive(Clone)]
struct Http2Connection {
    sender: http2::SendRequest<RequestBody>,
    link: Arc<Link>,
}

/// State of an open connection.
struct Link {
    socket: Socket,
    /// True if a byte arrived since the last request was sent.
    received: Arc<AtomicBool>,
    forwarding: Option<Forwarding>,
    driver: AbortHandle,
    /// The result of the task that drives the connection, once it has ended.
    end: watch::Receiver<ConnectionEnd>,
    /// Number of requests that share the connection.
    active: AtomicUsize,
    /// Time of the last request that shared the connection, in seconds since the epoch.
    last_used: AtomicU64,
}

#[derive(Clone, Default)]
enum ConnectionEnd {
    #[default]
    Open,
    Closed(Option<Arc<hyper::Error>>),
}

/// Permission to have a connection open.
struct Permit(Option<Arc<PoolShared>>);

impl ConnectionPool {
    pub(super) fn new(connector: Connector, max_connections: usize) -> Self {
        let max_connections = max_connections.max(1);
        ConnectionPool(Arc::new(PoolShared {
            connector,
            max_connections,
            state: Mutex::new(PoolState {
                limit: max_connections,
                ..PoolState::default()
            }),
        }))
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
        if target.version == HttpVersion::Http1 {
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

    /// Returns the shared connection to a target, if it is alive.
    fn shared_http2(&self, target: &Target) -> SharedHttp2 {
        let mut state = self.state();
        let Some(slot) = state.http2.get_mut(target) else {
            return SharedHttp2::None;
        };
        if slot.is_http1_only {
            return SharedHttp2::Http1Only;
        }
        let is_dead = |connection: &Http2Connection| {
            connection.sender.is_closed() || connection.link.socket.state() == SocketState::Closed
        };
        if slot.connection.as_ref().is_some_and(is_dead) {
            slot.connection = None;
        }
        match &slot.connection {
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
        let mut patience = Patience::new(max_wait);
        let mut turn = self.enqueue(target, is_fresh);
        loop {
            turn = match turn {
                Turn::Wait(receiver) => {
                    Turn::Granted(self.wait(receiver, &mut patience, None).await?)
                }
                Turn::Granted(Grant::Connection(connection)) => {
                    return Ok(Lease::exclusive(self, target, connection, true));
                }
                Turn::Granted(Grant::Permit(permit)) => {
                    match self.connect(target, is_fresh, permit).await {
                        Ok(lease) => return Ok(lease),
                        Err(error) if error.is_exhausted() => {
                            let receiver = self.enqueue_first(target, is_fresh);
                            Turn::Granted(self.wait(receiver, &mut patience, Some(error)).await?)
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
    fn enqueue(self: &Arc<Self>, target: &Target, is_fresh: bool) -> Turn {
        let evicted;
        let receiver;
        {
            let mut state = self.state();
            state.remove_finished_waiters();
            state.raise_limit(self.max_connections);
            if state.queue.is_empty() && state.open < state.limit {
                state.open += 1;
                return Turn::Granted(Grant::Permit(Permit(Some(Arc::clone(self)))));
            }
            let (waiter, waiting) = Waiter::new(target, is_fresh);
            state.queue.push_back(waiter);
            receiver = waiting;
            evicted = state.evict();
        }
        // Closing the connection releases its permit.
        drop(evicted);
        self.serve();
        Turn::Wait(receiver)
    }

    /// Puts a request whose connection could not be opened at the head of the queue.
    fn enqueue_first(&self, target: &Target, is_fresh: bool) -> oneshot::Receiver<Grant> {
        let (waiter, receiver) = Waiter::new(target, is_fresh);
        self.state().queue.push_front(waiter);
        receiver
    }

    /// Waits for a grant. While there are no file descriptors left, tries to open a connection from time to time.
    async fn wait(
        self: &Arc<Self>,
        mut receiver: oneshot::Receiver<Grant>,
        patience: &mut Patience,
        cause: Option<ConnectError>,
    ) -> Result<Grant, ConnectError> {
        patience.observe(self.state().releases);
        loop {
            let pause = match (&cause, patience.limit) {
                (Some(_), _) => EXHAUSTED_PAUSE,
                (None, Some(limit)) => limit,
                (None, None) => IDLE_TIMEOUT,
            };
            match tokio::time::timeout(pause, &mut receiver).await {
                Ok(Ok(grant)) => return Ok(grant),
                // The queue drops no waiter.
                Ok(Err(_)) => return Err(ConnectError::config("the connection pool is closed")),
                Err(_) => {}
            }
            let (releases, connections) = {
                let state = self.state();
                (state.releases, state.limit)
            };
            patience.observe(releases);
            if let Some(limit) = patience.exceeded() {
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
        Some(Permit(Some(Arc::clone(self))))
    }

    /// Lowers the limit to the number of open connections, and closes an unused one.
    fn lower_limit(&self, permit: Permit) {
        permit.give_back();
        let evicted;
        {
            let mut state = self.state();
            state.limit = state.open.max(1);
            state.exhausted = Some(Instant::now());
            evicted = state.evict();
        }
        drop(evicted);
    }

    /// Grants permits to the first requests in the queue, as far as the limit allows.
    fn serve(self: &Arc<Self>) {
        loop {
            let waiter = {
                let mut state = self.state();
                if state.open >= state.limit {
                    return;
                }
                let Some(waiter) = state.queue.pop_front() else {
                    return;
                };
                state.open += 1;
                waiter
            };
            let permit = Permit(Some(Arc::clone(self)));
            if let Err(Grant::Permit(permit)) = waiter.sender.send(Grant::Permit(permit)) {
                permit.give_back();
            }
        }
    }

    /// Hands a connection that became available to the first request that can use it, or keeps it.
    fn put(self: &Arc<Self>, target: &Target, mut connection: Http1Connection) {
        connection.unused_since = SystemTime::now();
        loop {
            let mut state = self.state();
            state.releases += 1;
            state.remove_finished_waiters();
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

    /// Stores the connection to a target that chose HTTP/2, or that the target chose HTTP/1.1.
    fn store_http2(self: &Arc<Self>, target: &Target, connection: Option<&Http2Connection>) {
        let replaced;
        {
            let mut state = self.state();
            let slot = state.http2.entry(target.clone()).or_default();
            slot.is_http1_only = connection.is_none();
            replaced = std::mem::replace(&mut slot.connection, connection.cloned());
            if connection.is_some() {
                self.start_reaper(&mut state);
            }
        }
        drop(replaced);
    }

    /// Removes a shared connection that failed, so that no further request uses it.
    fn forget_http2(&self, target: &Target, link: &Arc<Link>) {
        let removed = {
            let mut state = self.state();
            state.http2.get_mut(target).and_then(|slot| {
                slot.connection
                    .take_if(|connection| Arc::ptr_eq(&connection.link, link))
            })
        };
        drop(removed);
    }
}

/// The time that a request has been in the queue while no connection became available.
struct Patience {
    limit: Option<Duration>,
    since: Instant,
    releases: Option<u64>,
}

impl Patience {
    fn new(limit: Option<Duration>) -> Self {
        Patience {
            limit,
            since: Instant::now(),
            releases: None,
        }
    }

    fn observe(&mut self, releases: u64) {
        if self.releases.replace(releases) != Some(releases) {
            self.since = Instant::now();
        }
    }

    fn exceeded(&self) -> Option<Duration> {
        self.limit.filter(|limit| self.since.elapsed() >= *limit)
    }
}

/// The place of a request in the queue.
enum Turn {
    Wait(oneshot::Receiver<Grant>),
    Granted(Grant),
}

impl Waiter {
    fn new(target: &Target, is_fresh: bool) -> (Self, oneshot::Receiver<Grant>) {
        let (sender, receiver) = oneshot::channel();
        let waiter = Waiter {
            target: target.clone(),
            is_fresh,
            sender,
        };
        (waiter, receiver)
    }
}

impl PoolState {
    /// Raises a lowered limit by one, if the last lack of file descriptors is long enough ago.
    fn raise_limit(&mut self, max: usize) {
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
    fn remove_finished_waiters(&mut self) {
        while self
            .queue
            .front()
            .is_some_and(|waiter| waiter.sender.is_closed())
        {
            self.queue.pop_front();
        }
    }

    fn next_connecting(&mut self, target: &Target) -> Option<oneshot::Sender<Http1Connection>> {
        let waiting = self.connecting.get_mut(target)?;
        let next = waiting.pop_front();
        if next.is_none() {
            self.connecting.remove(target);
        }
        next
    }

    /// Removes the least recently used connection, so that it is closed.
    fn evict(&mut self) -> Option<Evicted> {
        let oldest = self
            .idle
            .iter()
            .filter_map(|(target, idle)| Some((idle.first()?.unused_since, target)))
            .min_by_key(|(since, _)| *since)
            .map(|(_, target)| target.clone());
        if let Some(target) = oldest {
            let idle = self.idle.get_mut(&target)?;
            return Some(Evicted::Http1(idle.remove(0)));
        }
        self.http2.values_mut().find_map(|slot| {
            slot.connection
                .take_if(|connection| connection.link.active.load(Ordering::Relaxed) == 0)
                .map(Evicted::Http2)
        })
    }

    /// Removes the connections that have not been used for a while.
    fn remove_unused(&mut self) -> Vec<Evicted> {
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
            let unused = slot.connection.take_if(|connection| {
                // A request that is about to use the connection has a handle of its own.
                connection.sender.is_closed() || connection.link.is_unused()
            });
            removed.extend(unused.map(Evicted::Http2));
        }
        self.http2
            .retain(|_, slot| slot.connection.is_some() || Arc::strong_count(&slot.gate) > 1);
        self.connecting.retain(|_, waiting| {
            waiting.retain(|sender| !sender.is_closed());
            !waiting.is_empty()
        });
        removed
    }
}

/// A connection removed from the pool. It is closed when dropped, outside of the pool's lock.
#[expect(dead_code, reason = "dropped only")]
enum Evicted {
    Http1(Http1Connection),
    Http2(Http2Connection),
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(pool) = self.0.take() {
            {
                let mut state = pool.state();
                state.open = state.open.saturating_sub(1);
                state.releases += 1;
            }
            pool.serve();
        }
    }
}

impl Permit {
    /// Gives the permit back without granting it to the next request.
    fn give_back(mut self) {
        if let Some(pool) = self.0.take() {
            let mut state = pool.state();
            state.open = state.open.saturating_sub(1);
        }
    }
}

impl Http1Connection {
    fn is_usable(&self) -> bool {
        // Data without a request means that the server is about to close the connection, or that a response had a body of another length.
        !self.sender.is_closed()
            && !self.is_expired()
            && self.link.socket.state() == SocketState::Open
    }

    fn is_expired(&self) -> bool {
        self.unused_since
            .elapsed()
            .is_ok_and(|unused| unused >= IDLE_TIMEOUT)
    }
}

impl Link {
    /// Returns the error that closed the connection, which requests on a closed connection do not receive.
    async fn cause(&self) -> Option<Arc<hyper::Error>> {
        let mut end = self.end.clone();
        let ended = end.wait_for(|end| matches!(end, ConnectionEnd::Closed(_)));
        match tokio::time::timeout(FINISH_TIMEOUT, ended).await {
            Ok(Ok(end)) => match &*end {
                ConnectionEnd::Closed(error) => error.clone(),
                ConnectionEnd::Open => None,
            },
            _ => None,
        }
    }

    fn touch(&self) {
        self.last_used.store(unix_seconds(), Ordering::Relaxed);
    }

    /// Returns true if no request has shared the connection for a while.
    fn is_unused(&self) -> bool {
        let unused = unix_seconds().saturating_sub(self.last_used.load(Ordering::Relaxed));
        self.active.load(Ordering::Relaxed) == 0 && unused >= IDLE_TIMEOUT.as_secs()
    }
}

fn unix_seconds() -> u64 {
    SystemTime::UNIX_EPOCH
        .elapsed()
        .map_or(0, |elapsed| elapsed.as_secs())
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

/// A newly opened connection.
enum Opened {
    Http1(Http1Connection),
    Http2(Http2Connection),
}

/// Opens a connection, and starts the task that drives it and holds the permit until it is closed.
async fn open(
    pool: Arc<PoolShared>,
    target: Target,
    permit: Permit,
) -> Result<Opened, ConnectError> {
    let connection = match pool.connector.connect(&target).await {
        Ok(connection) => connection,
        Err(error) => {
            if error.is_exhausted() {
                pool.lower_limit(permit);
            }
            return Err(error);
        }
    };
    let received = Arc::new(AtomicBool::new(false));
    let io = TokioIo::new(ObservedChannel::new(
        connection.channel,
        Arc::clone(&received),
    ));
    let (ended, end) = watch::channel(ConnectionEnd::Open);
    let link = |driver: AbortHandle| {
        Arc::new(Link {
            socket: connection.socket,
            received,
            forwarding: connection.forwarding,
            driver,
            end,
            active: AtomicUsize::new(0),
            last_used: AtomicU64::new(unix_seconds()),
        })
    };
    let failed = |error: hyper::Error| ConnectError::tcp(&error).at("cannot connect");
    if connection.is_http2 {
        let (sender, driver) = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .max_header_list_size(MAX_HEADER_BYTES as u32)
            .handshake(io)
            .await
            .map_err(failed)?;
        let driver = tokio::spawn(drive(driver, ended, permit));
        let connection = Http2Connection {
            sender,
            link: link(driver.abort_handle()),
        };
        pool.store_http2(&target, Some(&connection));
        return Ok(Opened::Http2(connection));
    }
    if target.version == HttpVersion::Http2 {
        pool.store_http2(&target, None);
    }
    let (sender, driver) = http1::Builder::new()
        .allow_spaces_after_header_name_in_responses(true)
        .allow_obsolete_multiline_headers_in_responses(true)
        .ignore_invalid_headers_in_responses(true)
        .max_headers(MAX_HEADERS)
        .max_header_size(MAX_HEADER_BYTES)
        .max_buf_size(MAX_HEADER_BYTES)
        .handshake(io)
        .await
        .map_err(failed)?;
    let driver = tokio::spawn(drive(driver, ended, permit));
    Ok(Opened::Http1(Http1Connection {
        sender,
        link: link(driver.abort_handle()),
        unused_since: SystemTime::now(),
    }))
}

/// Drives a connection until it is closed.
async fn drive(
    connection: impl Future<Output = Result<(), hyper::Error>>,
    ended: watch::Sender<ConnectionEnd>,
    permit: Permit,
) {
    let error = connection.await.err().map(Arc::new);
    ended.send_replace(ConnectionEnd::Closed(error));
    drop(permit);
}

/// A connection in use by one request. If it is dropped before [`finish`](Self::finish), an exclusive connection is closed.
pub(super) struct Lease {
    pool: Arc<PoolShared>,
    target: Target,
    connection: Option<LeasedConnection>,
    link: Arc<Link>,
    is_reused: bool,
    upload: Option<UploadProgress>,
}

enum LeasedConnection {
    Http1(Http1Connection),
    Http2(http2::SendRequest<RequestBody>),
}

/// A request that failed without a response.
pub(super) struct SendFailure {
    pub(super) error: Option<Arc<hyper::Error>>,
    /// The body of a request of which nothing was sent.
    pub(super) unsent: Option<RequestBody>,
}

impl Lease {
    fn exclusive(
        pool: &Arc<PoolShared>,
        target: &Target,
        connection: Http1Connection,
        is_reused: bool,
    ) -> Self {
        Lease {
            pool: Arc::clone(pool),
            target: target.clone(),
            link: Arc::clone(&connection.link),
            connection: Some(LeasedConnection::Http1(connection)),
            is_reused,
            upload: None,
        }
    }

    fn shared(
        pool: &Arc<PoolShared>,
        target: &Target,
        connection: Http2Connection,
        is_reused: bool,
    ) -> Self {
        connection.link.active.fetch_add(1, Ordering::Relaxed);
        Lease {
            pool: Arc::clone(pool),
            target: target.clone(),
            link: connection.link,
            connection: Some(LeasedConnection::Http2(connection.sender)),
            is_reused,
            upload: None,
        }
    }

    /// Returns the host and port for error messages.
    pub(super) fn authority(&self) -> &str {
        self.target.authority.as_str()
    }

    /// Returns true if requests on this connection use HTTP/2.
    pub(super) fn is_http2(&self) -> bool {
        matches!(self.connection, Some(LeasedConnection::Http2(_)))
    }

    /// Returns the forwarding proxy of the connection, if any.
    pub(super) fn forwarding(&self) -> Option<&Forwarding> {
        self.link.forwarding.as_ref()
    }

    /// Returns true if the connection was open before the request.
    pub(super) fn is_reused(&self) -> bool {
        self.is_reused
    }

    /// Returns true if a byte arrived since the request was sent. Not known for HTTP/2.
    pub(super) fn has_received(&self) -> bool {
        !self.is_http2() && self.link.received.load(Ordering::Relaxed)
    }

    /// Sends a request and waits for the response headers.
    pub(super) async fn send(
        &mut self,
        request: Request,
        upload: Option<UploadProgress>,
    ) -> Result<http::Response<Incoming>, SendFailure> {
        self.upload = upload;
        let sent = match &mut self.connection {
            Some(LeasedConnection::Http1(connection)) => {
                if let Err(error) = connection.sender.ready().await {
                    return Err(SendFailure {
                        error: self.link.cause().await.or_else(|| Some(Arc::new(error))),
                        unsent: Some(request.into_body()),
                    });
                }
                self.link.received.store(false, Ordering::Relaxed);
                connection.sender.try_send_request(request).await
            }
            Some(LeasedConnection::Http2(sender)) => {
                self.link.touch();
                sender.try_send_request(request).await
            }
            // Finishing a lease consumes it.
            None => {
                return Err(SendFailure {
                    error: None,
                    unsent: Some(request.into_body()),
                });
            }
        };
        sent.map_err(|mut error| SendFailure {
            unsent: error.take_message().map(Request::into_body),
            error: Some(Arc::new(error.into_error())),
        })
    }

    /// Ends the lease after the response body has been read.
    pub(super) fn finish(mut self) {
        if self.is_http2() {
            return;
        }
        let Some(LeasedConnection::Http1(mut connection)) = self.connection.take() else {
            return;
        };
        // The server responded without reading the whole request.
        if self
            .upload
            .as_ref()
            .is_some_and(|upload| !upload.is_complete())
        {
            self.link.driver.abort();
            return;
        }
        if connection.sender.is_ready() {
            self.pool.put(&self.target, connection);
            return;
        }
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return;
        };
        let (pool, target) = (Arc::clone(&self.pool), self.target.clone());
        runtime.spawn(async move {
            let ready = connection.sender.ready();
            if let Ok(Ok(())) = tokio::time::timeout(FINISH_TIMEOUT, ready).await {
                pool.put(&target, connection);
            } else {
                connection.link.driver.abort();
            }
        });
    }

    /// Ends the lease of a connection that no further request must use.
    pub(super) fn discard(self) {
        if self.is_http2() {
            self.pool.forget_http2(&self.target, &self.link);
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        match self.connection.take() {
            Some(LeasedConnection::Http1(_)) => self.link.driver.abort(),
            Some(LeasedConnection::Http2(_)) => {
                self.link.active.fetch_sub(1, Ordering::Relaxed);
                self.link.touch();
            }
            None => {}
        }
    }
}
