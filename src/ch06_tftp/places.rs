//! The places of a server's transfers: so many at once, and who has never answered gives way to who asks.
//!
//! ```text
//! request ──▶ a place is free ───────────────────▶ asked ──first packet──▶ answered ──▶ gone
//!         ──▶ none is, the oldest asked: ending ─▶ asked       └── all received ──▶ dallying ──▶ gone
//!         ──▶ none is, all have answered ────────▶ refused
//!         ──▶ too many are ending ───────────────▶ not answered
//! ```
//! A request costs its sender one datagram, in anybody's name. Were a silent transfer's place its own until the last
//! time-out, [`super::server::ServerConfig::max_transfers`] forged requests a minute would keep everybody else out. A client
//! that means it answers within a round trip, and nobody takes its place from then on.
//!
//! A transfer that gives way needs a moment to notice. Until then it is ending, and there are no more of these than places:
//! the threads are bounded, and so is what a flood can have us send to those it names. A request that comes then is not
//! answered: a client that means it asks again, where an ERROR would end it.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::base::cancel::Cancel;

/// Which transfer a request belongs to: who asks, whether to write, for which name.
pub type Key = (SocketAddr, bool, Vec<u8>);

/// All places. Clones are the same.
#[derive(Clone, Debug)]
pub struct Places {
    most: usize,
    table: Arc<Mutex<Table>>,
}

#[derive(Debug, Default)]
struct Table {
    next: u64,
    transfers: HashMap<Key, Transfer>,
}

#[derive(Debug)]
struct Transfer {
    /// Those that came earlier have smaller ones.
    number: u64,
    state: State,
    answered: Arc<AtomicBool>,
    stop: Cancel,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Running,
    Ending,
    Dallying,
}

/// Why a request gets no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoPlace {
    /// Its transfer is running: the request came twice.
    IsRunning,
    /// All places are taken by clients that have answered.
    Full,
    /// More silent clients ask than can give way in time.
    Flooded,
}

/// A transfer's place; dropping it gives it back.
#[derive(Debug)]
pub struct Place {
    key: Key,
    answered: Arc<AtomicBool>,
    stop: Cancel,
    table: Arc<Mutex<Table>>,
}

fn lock(table: &Mutex<Table>) -> MutexGuard<'_, Table> {
    table.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Table {
    fn count(&self, state: State) -> usize {
        self.transfers.values().filter(|transfer| transfer.state == state).count()
    }

    /// Ends the oldest transfer whose client has not answered: whether there was one.
    fn end_a_silent_one(&mut self) -> bool {
        let silent = self.transfers.values_mut().filter(|transfer| {
            transfer.state == State::Running && !transfer.answered.load(Ordering::Relaxed)
        });
        let Some(oldest) = silent.min_by_key(|transfer| transfer.number) else { return false };
        oldest.state = State::Ending;
        oldest.stop.cancel();
        true
    }
}

impl Places {
    /// So many places.
    pub fn new(most: usize) -> Places {
        Places { most, table: Arc::default() }
    }

    /// A place for a transfer that ends with `stop`, or when it has to give way.
    ///
    /// # Errors
    /// [`NoPlace`].
    pub fn take(&self, key: Key, stop: &Cancel) -> Result<Place, NoPlace> {
        let mut table = lock(&self.table);
        if table.transfers.contains_key(&key) {
            return Err(NoPlace::IsRunning);
        }
        if table.count(State::Running) >= self.most {
            if table.count(State::Ending) >= self.most {
                return Err(NoPlace::Flooded);
            }
            if !table.end_a_silent_one() {
                return Err(NoPlace::Full);
            }
        }
        let number = table.next;
        table.next += 1;
        let (answered, stop) = (Arc::new(AtomicBool::new(false)), stop.child());
        let transfer =
            Transfer { number, state: State::Running, answered: Arc::clone(&answered), stop: stop.clone() };
        table.transfers.insert(key.clone(), transfer);
        Ok(Place { key, answered, stop, table: Arc::clone(&self.table) })
    }
}

impl Place {
    /// Ends when the transfer is to end.
    pub fn stop(&self) -> &Cancel {
        &self.stop
    }

    /// The client has answered: it is there, and keeps its place.
    pub fn answered(&self) {
        self.answered.store(true, Ordering::Relaxed);
    }

    /// The transfer has what it wanted, and lingers: another may have the place.
    pub fn dallies(&self) {
        if let Some(transfer) = lock(&self.table).transfers.get_mut(&self.key) {
            transfer.state = State::Dallying;
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        lock(&self.table).transfers.remove(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: u8) -> Key {
        (SocketAddr::from(([192, 0, 2, number], 7)), false, b"f".to_vec())
    }

    #[test]
    fn the_oldest_silent_client_gives_way_and_one_that_answered_does_not() {
        let (places, stop) = (Places::new(2), Cancel::new());
        let good = places.take(key(1), &stop).unwrap();
        let silent = places.take(key(2), &stop).unwrap();
        good.answered();
        let next = places.take(key(3), &stop).unwrap();
        assert!(silent.stop().has_ended() && !good.stop().has_ended() && !next.stop().has_ended());
        next.answered();
        assert_eq!(places.take(key(4), &stop).unwrap_err(), NoPlace::Full, "all have answered");
        drop(good);
        assert!(places.take(key(4), &stop).is_ok());
    }

    #[test]
    fn those_that_end_are_no_more_than_the_places() {
        let (places, stop) = (Places::new(2), Cancel::new());
        let held: Vec<Place> = (1..=4).map(|number| places.take(key(number), &stop).unwrap()).collect();
        assert_eq!(places.take(key(5), &stop).unwrap_err(), NoPlace::Flooded);
        drop(held);
        assert!(places.take(key(5), &stop).is_ok());
    }

    #[test]
    fn a_request_that_comes_twice_gets_no_second_place_also_while_its_transfer_ends_or_dallies() {
        let (places, stop) = (Places::new(1), Cancel::new());
        let first = places.take(key(1), &stop).unwrap();
        assert_eq!(places.take(key(1), &stop).unwrap_err(), NoPlace::IsRunning);
        let second = places.take(key(2), &stop).unwrap();
        assert_eq!(places.take(key(1), &stop).unwrap_err(), NoPlace::IsRunning);
        second.dallies();
        let third = places.take(key(3), &stop).unwrap();
        assert!(!third.stop().has_ended() && !second.stop().has_ended());
        assert_eq!(places.take(key(2), &stop).unwrap_err(), NoPlace::IsRunning);
        drop((first, second));
        assert_eq!(lock(&places.table).transfers.len(), 1);
    }
}
