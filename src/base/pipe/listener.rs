//! A listener whose clients are threads of this process.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::{PipeConn, next_number, pair_named};
use crate::base::conn::{Address, Conn, Listener};
use crate::base::trace::{self, Kind};

/// Bytes a dialled connection holds in each direction: about what a socket's buffers hold, so that code which gets by
/// with a socket's buffers gets by here.
pub const CAPACITY: usize = 64 * 1024;

/// Connections that may wait for `accept`: the standard library's backlog for TCP.
pub const BACKLOG: usize = 128;

/// A listener and what dials it.
pub fn listener() -> (MemoryListener, Dialer) {
    let address = format!("memory {}", next_number());
    trace::name_mine(&address);
    let waiting = Mutex::new(Waiting { conns: VecDeque::new(), stopped: false });
    let door = Arc::new(Door { address, waiting, changed: Condvar::new() });
    (MemoryListener { door: Arc::clone(&door) }, Dialer { door })
}

struct Waiting {
    conns: VecDeque<PipeConn>,
    stopped: bool,
}

struct Door {
    address: String,
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

impl Door {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A [`Listener`] in memory. Dropping it stops it.
pub struct MemoryListener {
    door: Arc<Door>,
}

impl MemoryListener {
    /// As [`Listener::accept`], with the concrete type.
    ///
    /// # Errors
    /// As [`Listener::accept`].
    pub fn accept_pipe(&self) -> io::Result<PipeConn> {
        let mut waiting = self.door.lock();
        loop {
            if waiting.stopped {
                return Err(io::Error::new(io::ErrorKind::ConnectionAborted, "the listener was stopped"));
            }
            if let Some(conn) = waiting.conns.pop_front() {
                trace::name_mine(&conn.local().to_string());
                trace::between(Kind::Accepted, &self.door.address, &conn.peer().to_string(), &[]);
                return Ok(conn);
            }
            waiting = self.door.changed.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Listener for MemoryListener {
    fn accept(&self) -> io::Result<Box<dyn Conn>> {
        Ok(Box::new(self.accept_pipe()?))
    }

    fn local(&self) -> Address {
        Address::Memory(self.door.address.clone())
    }

    fn stop(&self) {
        let mut waiting = self.door.lock();
        waiting.stopped = true;
        // Their clients see the end of the stream, as when a TCP listener closes over its backlog.
        waiting.conns.clear();
        self.door.changed.notify_all();
    }
}

impl Drop for MemoryListener {
    fn drop(&mut self) {
        self.stop();
    }
}

impl fmt::Debug for MemoryListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "listener on {}", self.door.address)
    }
}

/// Connects to a [`MemoryListener`]. Clones dial the same one.
#[derive(Clone)]
pub struct Dialer {
    door: Arc<Door>,
}

impl Dialer {
    /// A new connection. As with TCP it stands before the listener has accepted it.
    ///
    /// # Errors
    /// [`io::ErrorKind::ConnectionRefused`] when the listener was stopped, or when [`BACKLOG`] connections wait already.
    pub fn dial(&self) -> io::Result<PipeConn> {
        let mut waiting = self.door.lock();
        if waiting.stopped {
            return Err(io::Error::new(
                io::ErrorKind::ConnectionRefused,
                "nobody listens: the listener was stopped",
            ));
        }
        if waiting.conns.len() >= BACKLOG {
            return Err(io::Error::new(io::ErrorKind::ConnectionRefused, "the listener's backlog is full"));
        }
        let client = format!("memory client {}", next_number());
        let (client, server) = pair_named(&client, &self.door.address, CAPACITY);
        trace::name_mine(&client.local().to_string());
        trace::between(Kind::Connected, &client.local().to_string(), &self.door.address, &[]);
        waiting.conns.push_back(server);
        self.door.changed.notify_all();
        Ok(client)
    }
}

impl fmt::Debug for Dialer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "dialer of {}", self.door.address)
    }
}
