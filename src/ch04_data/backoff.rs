//! How long to wait before the next try to connect: twice as long each time, up to a limit, and never quite as long as
//! the others.
//!
//! When a server restarts, all its clients lose their connections in the same instant. If each came back after exactly one
//! second, then after two, they would come as a wave each time. So every pause is drawn from a range:
//!
//! ```text
//! try     0      1      2      3      4      5 …       first 100 ms, most 2 s
//! most  100    200    400    800   1600   2000 ms
//! from   50    100    200    400    800   1000 ms      half of it
//! ```
//! The schedule is a plain iterator without an end: it does not sleep and does not connect.
//!
//! ```
//! use netprog::ch04_data::backoff::Backoff;
//! use std::time::Duration;
//!
//! let pauses: Vec<Duration> = Backoff::new(Duration::from_millis(100), Duration::from_secs(2), 7).take(6).collect();
//! assert!(pauses[0] >= Duration::from_millis(50) && pauses[0] <= Duration::from_millis(100));
//! assert!(pauses[5] >= Duration::from_secs(1) && pauses[5] <= Duration::from_secs(2));
//! ```
//! The book has the fixed pause of Listing 4-13 only.

use std::time::Duration;

use crate::base::random::Seeded;

/// The pauses between tries, shortest first.
#[derive(Clone, Debug)]
pub struct Backoff {
    first: Duration,
    most: Duration,
    next: Duration,
    random: Seeded,
}

impl Backoff {
    /// Pauses of at most `first`, then at most twice that, and so on up to `most`. Clients must not share a `seed`, or they
    /// come back together: take it from [`random::u64`](crate::base::random::u64). A `first` above `most` counts as `most`.
    pub fn new(first: Duration, most: Duration, seed: u64) -> Backoff {
        let first = first.min(most);
        Backoff { first, most, next: first, random: Seeded::new(seed) }
    }

    /// Begins again with the shortest pause: to be called after a success.
    pub fn reset(&mut self) {
        self.next = self.first;
    }
}

impl Iterator for Backoff {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let longest = self.next;
        self.next = longest.saturating_mul(2).min(self.most);
        let half = longest / 2;
        let spread = u64::try_from((longest - half).as_nanos()).unwrap_or(u64::MAX).min(u64::MAX - 1);
        Some(half + Duration::from_nanos(self.random.below(spread + 1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Duration = Duration::from_millis(100);
    const MOST: Duration = Duration::from_secs(2);

    #[test]
    fn each_pause_lies_in_the_upper_half_of_its_doubled_range() {
        for seed in 0..200 {
            let mut longest = FIRST;
            for pause in Backoff::new(FIRST, MOST, seed).take(12) {
                assert!(pause >= longest / 2 && pause <= longest, "seed {seed}: {pause:?} of {longest:?}");
                longest = (longest * 2).min(MOST);
            }
        }
    }

    #[test]
    fn clients_with_different_seeds_do_not_come_back_together() {
        let mut pauses: Vec<Duration> = Vec::new();
        for seed in 0..50 {
            pauses.extend(Backoff::new(FIRST, MOST, seed).nth(4));
        }
        pauses.sort();
        pauses.dedup();
        assert_eq!(pauses.len(), 50);
    }

    #[test]
    fn a_success_begins_the_schedule_again() {
        let mut backoff = Backoff::new(FIRST, MOST, 1);
        assert!(backoff.nth(9).unwrap() >= MOST / 2);
        backoff.reset();
        assert!(backoff.next().unwrap() <= FIRST);
    }

    #[test]
    fn lengths_at_the_ends_of_the_clock_do_not_overflow() {
        assert!(Backoff::new(Duration::ZERO, Duration::ZERO, 1).take(100).all(|pause| pause.is_zero()));
        let mut longest = Backoff::new(Duration::MAX, Duration::MAX, 1);
        assert!(longest.next().unwrap() >= Duration::MAX / 2);
        assert!(longest.next().unwrap() >= Duration::MAX / 2);
        let capped = Backoff::new(MOST, FIRST, 1).next().unwrap();
        assert!(capped <= FIRST);
    }
}
