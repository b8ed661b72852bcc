//! What each connection of a server is at, so that a shutdown can tell the idle ones from those in the middle of something.
//!
//! ```text
//! New ──first byte──▶ Active ──answered──▶ Idle ──next byte──▶ Active …
//!                        └──hijacked──▶ TakenOver
//! ```

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::base::conn::Interrupter;

/// A connection on which nothing has come yet may have its first request on the way. It counts as idle after this long.
const NEW_FOR: Duration = Duration::from_secs(5);

/// What a connection is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Phase {
    /// Nothing has come on it yet.
    New,
    /// A request is being read or answered.
    Active,
    /// It waits for the next request.
    Idle,
    /// A handler took it over for another protocol.
    TakenOver,
}

/// The connections of one server.
#[derive(Default)]
pub struct Registry {
    stopping: AtomicBool,
    next: AtomicU64,
    entries: Mutex<HashMap<u64, Entry>>,
    failed_writes: Arc<AtomicU64>,
}

struct Entry {
    phase: Arc<AtomicU8>,
    since: Instant,
    interrupter: Interrupter,
}

impl Registry {
    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Enters a connection until the place is dropped.
    pub fn enter(self: &Arc<Registry>, interrupter: Interrupter) -> Place {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let phase = Arc::new(AtomicU8::new(Phase::New as u8));
        let entry = Entry { phase: Arc::clone(&phase), since: Instant::now(), interrupter };
        self.lock().insert(number, entry);
        Place { registry: Arc::clone(self), number, phase }
    }

    /// From now on connections close after the request they are at; ends those that are at none. One that a handler took over
    /// sees its input end: what it speaks is for the handler to finish.
    pub fn end_idle(&self) {
        self.stopping.store(true, Ordering::SeqCst);
        for entry in self.lock().values() {
            let phase = entry.phase.load(Ordering::SeqCst);
            let is_old = entry.since.elapsed() >= NEW_FOR;
            if phase != Phase::Active as u8 && (phase != Phase::New as u8 || is_old) {
                entry.interrupter.end_input();
            }
        }
    }

    /// How many connections there are.
    pub fn count(&self) -> usize {
        self.lock().len()
    }

    /// How many connections a write has failed on: clients that went away. Worth a number, not a line in a log.
    pub fn failed_writes(&self) -> u64 {
        self.failed_writes.load(Ordering::Relaxed)
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} connections", self.count())
    }
}

/// The place of one connection.
pub struct Place {
    registry: Arc<Registry>,
    number: u64,
    phase: Arc<AtomicU8>,
}

impl Place {
    /// Says what the connection is at.
    pub fn set(&self, phase: Phase) {
        self.phase.store(phase as u8, Ordering::SeqCst);
    }

    /// Whether the server is stopping. Whoever becomes idle asks this afterwards: one of the two, the server or the connection,
    /// then sees the other.
    pub fn is_stopping(&self) -> bool {
        self.registry.stopping.load(Ordering::SeqCst)
    }

    /// Where failed writes are counted.
    pub fn failed_writes(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.registry.failed_writes)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.registry.lock().remove(&self.number);
    }
}
