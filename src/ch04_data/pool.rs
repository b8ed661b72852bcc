//! A pool of connections: the handshake is paid once and used often.
//!
//! ```text
//! get ──▶ an idle one, the latest used first ──▶ still alive? ──▶ yours
//!                                             └▶ dead: dropped, the next
//!     └─▶ none left: dial
//! put ──▶ idle again, unless the pool is full
//! ```
//! * Only [`Pooled::put`] returns a connection. One that is dropped is closed: after an error, or in the middle of a reply,
//!   nobody knows what its next bytes would mean.
//! * An idle connection is dead when its peer has finished or reset it, and useless when bytes wait that nobody asked for.
//! * An idle connection older than the limit is closed; its peer would close it soon, perhaps just as it is used again.
//!
//! A peer may still close a connection between the look at it and the first write. Who sends a request over a used
//! connection must be ready to send it again over a new one. [`Pooled::was_idle`] says which kind it is.
//!
//! Notes: "Connection Pooling", "Idle timeout".

use std::fmt;
use std::io;
use std::net::TcpStream;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::base::conn::Conn;
use crate::base::deadline::{Clock, Deadline};
use crate::base::trace;

/// How a pool behaves.
#[derive(Clone, Debug)]
pub struct PoolConfig {
    /// Idle connections kept at most. Two by default, as Go's HTTP client keeps per host.
    pub max_idle: usize,
    /// How long one may stay idle. A minute and a half by default.
    pub max_idle_time: Duration,
    /// The time.
    pub clock: Clock,
}

impl Default for PoolConfig {
    fn default() -> PoolConfig {
        PoolConfig { max_idle: 2, max_idle_time: Duration::from_secs(90), clock: Clock::System }
    }
}

/// What a pool did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PoolCounts {
    /// Connections dialled.
    pub dialled: u64,
    /// Times an idle connection was given out.
    pub reused: u64,
    /// Idle connections found dead.
    pub dead: u64,
    /// Idle connections closed for their age, or because there was no room.
    pub reaped: u64,
}

type Dial = Box<dyn Fn() -> io::Result<Box<dyn Conn>> + Send + Sync>;

/// Connections to one server.
pub struct Pool {
    shared: Arc<Shared>,
}

struct Shared {
    dial: Dial,
    config: PoolConfig,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The latest used is the last. So the others age, and a quiet time shrinks the pool.
    idle: Vec<Idle>,
    counts: PoolCounts,
}

struct Idle {
    conn: Box<dyn Conn>,
    since: Instant,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pool {
    /// An empty pool that gets its connections from `dial`.
    pub fn new(
        config: PoolConfig,
        dial: impl Fn() -> io::Result<Box<dyn Conn>> + Send + Sync + 'static,
    ) -> Pool {
        Pool { shared: Arc::new(Shared { dial: Box::new(dial), config, state: Mutex::default() }) }
    }

    /// A connection: an idle one that is alive, else a new one. Its deadlines are unset.
    ///
    /// # Errors
    /// The dialler's.
    pub fn get(&self) -> io::Result<Pooled> {
        self.reap();
        while let Some(mut idle) = self.take_latest() {
            if is_alive(&*idle.conn) {
                self.shared.lock().counts.reused += 1;
                trace::note(|| "takes an idle connection".to_string());
                // The deadline of its last use is not this one's.
                idle.conn.set_deadline(Deadline::NEVER);
                return Ok(self.lend(idle.conn, true));
            }
            self.shared.lock().counts.dead += 1;
            trace::note(|| "an idle connection was dead".to_string());
        }
        // Without the lock: a slow dial must not keep others from an idle connection.
        let conn = (self.shared.dial)()?;
        self.shared.lock().counts.dialled += 1;
        Ok(self.lend(conn, false))
    }

    /// Closes the connections that have been idle too long: how many. [`Pool::get`] and [`Pooled::put`] do it too; a pool
    /// that nobody uses needs somebody to call this.
    pub fn reap(&self) -> usize {
        let now = self.shared.config.clock.now();
        let mut expired = Vec::new();
        let mut state = self.shared.lock();
        let mut index = 0;
        while index < state.idle.len() {
            let age = now.saturating_duration_since(state.idle[index].since);
            if age >= self.shared.config.max_idle_time {
                expired.push(state.idle.remove(index));
            } else {
                index += 1;
            }
        }
        state.counts.reaped += expired.len() as u64;
        // Closing is a system call, and may take its time: after the lock.
        drop(state);
        expired.len()
    }

    /// How many connections are idle.
    pub fn idle(&self) -> usize {
        self.shared.lock().idle.len()
    }

    /// What the pool has done so far.
    pub fn counts(&self) -> PoolCounts {
        self.shared.lock().counts
    }

    fn take_latest(&self) -> Option<Idle> {
        self.shared.lock().idle.pop()
    }

    fn lend(&self, conn: Box<dyn Conn>, was_idle: bool) -> Pooled {
        Pooled { conn, was_idle, pool: Pool { shared: Arc::clone(&self.shared) } }
    }

    fn take_back(&self, conn: Box<dyn Conn>) {
        self.reap();
        let since = self.shared.config.clock.now();
        let mut state = self.shared.lock();
        state.idle.push(Idle { conn, since });
        let mut surplus = None;
        if state.idle.len() > self.shared.config.max_idle {
            // The one that has been idle longest.
            surplus = Some(state.idle.remove(0));
            state.counts.reaped += 1;
        }
        drop(state);
        drop(surplus);
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "pool with {} idle connections", self.idle())
    }
}

/// Looks without waiting and without taking anything: a healthy idle connection has nothing to read.
fn is_alive(conn: &dyn Conn) -> bool {
    match conn.tcp() {
        Some(stream) => has_nothing_to_read(stream).unwrap_or(false),
        // In memory, or a Unix socket: only using it would tell.
        None => true,
    }
}

fn has_nothing_to_read(stream: &TcpStream) -> io::Result<bool> {
    stream.set_nonblocking(true)?;
    let looked = stream.peek(&mut [0]);
    stream.set_nonblocking(false)?;
    match looked {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(true),
        // The end, or bytes out of turn.
        Ok(_) => Ok(false),
        Err(error) => Err(error),
    }
}

/// A connection out of a pool. Dropping it closes it; [`Pooled::put`] gives it back.
pub struct Pooled {
    conn: Box<dyn Conn>,
    was_idle: bool,
    pool: Pool,
}

impl Pooled {
    /// Whether it was used before, so that its peer may have closed it meanwhile.
    pub fn was_idle(&self) -> bool {
        self.was_idle
    }

    /// Gives the connection back: the conversation is over, every byte of the reply has been read.
    pub fn put(self) {
        self.pool.take_back(self.conn);
    }
}

impl Deref for Pooled {
    type Target = dyn Conn;

    fn deref(&self) -> &(dyn Conn + 'static) {
        &*self.conn
    }
}

impl DerefMut for Pooled {
    fn deref_mut(&mut self) -> &mut (dyn Conn + 'static) {
        &mut *self.conn
    }
}

impl fmt::Debug for Pooled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = if self.was_idle { "used" } else { "new" };
        write!(f, "{word} {:?} of a {:?}", &*self.conn, self.pool)
    }
}
