//! A deadline is a moment, not a length of time.
//!
//! The sockets of the standard library know only *timeouts*: so long per call, counted afresh each time. A peer that
//! sends one byte just before each timeout holds such a reader for ever. A [`Deadline`] is absolute, as in Go: whoever
//! blocks asks it how much time [remains](Deadline::remaining) and blocks no longer than that.
//!
//! With `NETPROG_NO_TIMEOUTS=1` in the environment no deadline ever passes, so that a debugger can pause a thread for as
//! long as it likes. `make debug` sets it.
//!
//! Book: "Implementing Deadlines", Listing 3-9.

use std::io;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// The absolute moment after which an operation fails with [`io::ErrorKind::TimedOut`], or never.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline {
    at: Option<Instant>,
}

impl Deadline {
    /// No deadline: the operation may block for ever.
    pub const NEVER: Deadline = Deadline { at: None };

    /// The deadline at `moment`.
    pub fn at(moment: Instant) -> Deadline {
        Deadline { at: Some(moment) }
    }

    /// The deadline `after` from now. A length too great for the clock means never.
    pub fn after(after: Duration) -> Deadline {
        Deadline { at: Instant::now().checked_add(after) }
    }

    /// The moment, or `None` for never.
    pub fn moment(self) -> Option<Instant> {
        self.at
    }

    /// The time left, `None` if there is no limit.
    ///
    /// # Errors
    /// [`io::ErrorKind::TimedOut`] when the moment has come. So a caller never sees a zero length, which
    /// `set_read_timeout` would refuse as invalid input.
    pub fn remaining(self) -> io::Result<Option<Duration>> {
        let Some(moment) = self.at else { return Ok(None) };
        if timeouts_are_off() {
            return Ok(None);
        }
        let left = moment.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(timed_out());
        }
        Ok(Some(left))
    }

    /// Whether the moment has come.
    pub fn has_passed(self) -> bool {
        self.remaining().is_err()
    }

    /// The one of the two that comes first.
    pub fn earlier(self, other: Deadline) -> Deadline {
        match (self.at, other.at) {
            (Some(one), Some(two)) => Deadline::at(one.min(two)),
            (Some(_), None) => self,
            (None, _) => other,
        }
    }
}

impl From<Option<Duration>> for Deadline {
    /// `None` is never, `Some(length)` that long from now.
    fn from(after: Option<Duration>) -> Deadline {
        after.map_or(Deadline::NEVER, Deadline::after)
    }
}

/// The error of an operation that ran into its deadline: the same kind on every platform.
pub fn timed_out() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "the deadline has passed")
}

/// Whether `NETPROG_NO_TIMEOUTS` is set to something other than `0`. Read once.
pub fn timeouts_are_off() -> bool {
    static OFF: OnceLock<bool> = OnceLock::new();
    *OFF.get_or_init(|| match std::env::var_os("NETPROG_NO_TIMEOUTS") {
        Some(value) => !value.is_empty() && value != "0",
        None => false,
    })
}

/// A source of time for code whose tests must not wait: pools that age their connections, caches that count down.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The system's monotonic clock.
    System,
    /// A clock that stands still until a test moves it.
    Fake(FakeClock),
}

impl Clock {
    /// What this clock takes for now.
    pub fn now(&self) -> Instant {
        match self {
            Clock::System => Instant::now(),
            Clock::Fake(fake) => fake.now(),
        }
    }
}

/// A clock moved by hand. Clones are the same clock.
#[derive(Clone, Debug)]
pub struct FakeClock {
    now: Arc<Mutex<Instant>>,
}

impl FakeClock {
    /// A clock that stands at the real present.
    pub fn new() -> FakeClock {
        FakeClock { now: Arc::new(Mutex::new(Instant::now())) }
    }

    /// Where the clock stands.
    pub fn now(&self) -> Instant {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Moves the clock forward by `length`.
    pub fn advance(&self, length: Duration) {
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        *now += length;
    }
}

impl Default for FakeClock {
    fn default() -> FakeClock {
        FakeClock::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_ahead_leaves_time_and_one_behind_has_timed_out() {
        let ahead = Deadline::after(Duration::from_secs(60));
        let left = ahead.remaining().unwrap().unwrap();
        assert!(left <= Duration::from_secs(60) && left > Duration::from_secs(50));

        let behind = Deadline::at(Instant::now());
        assert_eq!(behind.remaining().unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert!(behind.has_passed());
    }

    #[test]
    fn never_has_no_limit_and_loses_against_every_other_deadline() {
        assert_eq!(Deadline::NEVER.remaining().unwrap(), None);
        let soon = Deadline::after(Duration::from_secs(1));
        let late = Deadline::after(Duration::from_secs(9));
        assert_eq!(soon.earlier(late), soon);
        assert_eq!(late.earlier(soon), soon);
        assert_eq!(Deadline::NEVER.earlier(soon), soon);
        assert_eq!(soon.earlier(Deadline::NEVER), soon);
        assert_eq!(Deadline::NEVER.earlier(Deadline::NEVER), Deadline::NEVER);
    }

    #[test]
    fn a_length_beyond_the_clock_means_never() {
        assert_eq!(Deadline::after(Duration::MAX), Deadline::NEVER);
        assert_eq!(Deadline::from(None), Deadline::NEVER);
    }

    #[test]
    fn a_fake_clock_moves_only_by_hand_and_clones_move_with_it() {
        let hand = FakeClock::new();
        let clock = Clock::Fake(hand.clone());
        let start = clock.now();
        assert_eq!(clock.now(), start);
        hand.advance(Duration::from_secs(3));
        assert_eq!(clock.now() - start, Duration::from_secs(3));
    }
}
