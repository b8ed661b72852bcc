//! Connections that wait for the next request. Connecting costs a round trip, with TLS two or three; a page needs dozens of
//! requests to the same host.
//!
//! ```text
//! request ──▶ take: the connection that has waited least ──▶ exchange ──▶ body read to its end ──▶ put
//!                none ──▶ connect                                            not read ──▶ closed
//! ```
//! * A server may close a waiting connection at any time. `take` looks whether it has; one that closes a moment later is the
//!   *stale* connection, and [`transport`](super::transport) decides who may be sent again.
//! * Without limits a client of many hosts keeps a socket for each, until there are no more to be had.
//! * Nobody watches the waiting ones: those whose time is up are closed when the pool is next used.
//!
//! Book: "Disabling Persistent TCP Connections".

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::connect::Destination;
use super::connection::Connection;
use super::proxy::Proxy;

/// How many connections wait, and how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolLimits {
    /// At most so many in all; the oldest makes room.
    pub total: usize,
    /// At most so many to one host.
    pub per_host: usize,
    /// No longer than this. Less than what servers allow (Go's, and 75 s in nginx, are common), fewer are stale.
    pub idle: Duration,
}

/// The figures of Go's default transport.
impl Default for PoolLimits {
    fn default() -> PoolLimits {
        PoolLimits { total: 100, per_host: 2, idle: Duration::from_secs(90) }
    }
}

/// What happened to connections so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PoolCounts {
    /// Made.
    pub connected: u64,
    /// Taken from the pool for another request.
    pub reused: u64,
    /// Given back after a response.
    pub returned: u64,
    /// Closed because a response was not read to its end, or because either side wanted it.
    pub dropped: u64,
    /// Closed while waiting: no room, too old, or the server had gone.
    pub evicted: u64,
}

/// Where a connection leads: its own end, and the proxy in between.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Route {
    /// The server, or the proxy that is to read the requests: one connection to it serves every host behind it.
    pub to: Destination,
    /// The proxy that makes a tunnel to it, if there is one.
    pub via: Option<Destination>,
}

impl Route {
    /// The way to `to`, by `proxy` if there is one.
    pub fn new(to: Destination, proxy: Option<&Proxy>) -> Route {
        match proxy {
            None => Route { to, via: None },
            Some(proxy) if proxy.tunnel || to.scheme == "https" => Route { to, via: Some(proxy.at.clone()) },
            Some(proxy) => Route { to: proxy.at.clone(), via: None },
        }
    }
}

/// The waiting connections of one client.
#[derive(Debug)]
pub struct Pool {
    limits: PoolLimits,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// In the order in which they began to wait.
    waiting: VecDeque<Waiting>,
    counts: PoolCounts,
}

#[derive(Debug)]
struct Waiting {
    route: Route,
    connection: Connection,
    since: Instant,
}

impl Pool {
    /// An empty pool.
    pub fn new(limits: PoolLimits) -> Pool {
        Pool { limits, state: Mutex::new(State::default()) }
    }

    /// The connection along `route` that has waited least, and is not known to be dead.
    pub fn take(&self, route: &Route) -> Option<Connection> {
        loop {
            let mut connection = self.newest(route)?;
            // Outside the lock: looking is a system call.
            if connection.is_quiet() {
                self.lock().counts.reused += 1;
                return Some(connection);
            }
            self.lock().counts.evicted += 1;
        }
    }

    fn newest(&self, route: &Route) -> Option<Connection> {
        let mut state = self.lock();
        state.drop_expired(self.limits.idle);
        let index = state.waiting.iter().rposition(|waiting| waiting.route == *route)?;
        state.waiting.remove(index).map(|waiting| waiting.connection)
    }

    /// Lets `connection` wait for the next request along `route`.
    pub fn put(&self, route: Route, connection: Connection) {
        let mut state = self.lock();
        state.counts.returned += 1;
        state.drop_expired(self.limits.idle);
        if self.limits.total == 0 || self.limits.per_host == 0 {
            state.counts.evicted += 1;
            return;
        }
        let same_host = |waiting: &Waiting| waiting.route.to == route.to;
        if state.waiting.iter().filter(|waiting| same_host(waiting)).count() >= self.limits.per_host {
            if let Some(oldest) = state.waiting.iter().position(same_host) {
                state.evict(oldest);
            }
        }
        if state.waiting.len() >= self.limits.total {
            state.evict(0);
        }
        state.waiting.push_back(Waiting { route, connection, since: Instant::now() });
    }

    /// Counts a connection that was made.
    pub fn count_connected(&self) {
        self.lock().counts.connected += 1;
    }

    /// Counts a connection that was not given back.
    pub fn count_dropped(&self) {
        self.lock().counts.dropped += 1;
    }

    /// What happened so far.
    pub fn counts(&self) -> PoolCounts {
        self.lock().counts
    }

    /// How many wait.
    pub fn waiting(&self) -> usize {
        self.lock().waiting.len()
    }

    /// Closes every waiting connection: Go's `CloseIdleConnections`.
    pub fn close_waiting(&self) {
        let mut state = self.lock();
        state.counts.evicted += state.waiting.len() as u64;
        state.waiting.clear();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn drop_expired(&mut self, idle: Duration) {
        while self.waiting.front().is_some_and(|oldest| oldest.since.elapsed() >= idle) {
            self.evict(0);
        }
    }

    fn evict(&mut self, index: usize) {
        self.waiting.remove(index);
        self.counts.evicted += 1;
    }
}
