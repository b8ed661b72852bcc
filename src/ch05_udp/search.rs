//! The largest payload that passes, found by trying: a state machine that does no I/O. [`super::probe`] sends what it wants.
//!
//! ```text
//!            known to pass                     may pass                  known not to pass
//!   |------------------------------|-----------------------------|----------------------------->
//!   0                           passes                         limit
//! ```
//! The first try is a small one: if even that gets no answer, nobody echoes, and no size would tell anything. The second is all that
//! the first link carries. If it is refused with an MTU, that is tried next. Silence is the hard case: a router that may not
//! answer, or a firewall that eats the answer, makes a *black hole*, in which packets that are too long vanish without a word
//! (RFC 2923). But a datagram may also just be lost. So a size is given up only after several tries, and the next lies halfway
//! between what passed and what did not.

use std::fmt;

/// What the first try carries, beyond what is needed to know it again.
pub const FIRST_PAYLOAD: usize = 32;

/// How many named sizes are believed. A path seldom has more links, each narrower than the one before; somebody who forges
/// complaints could name one byte less each time.
pub const NAMES_BELIEVED: u32 = 8;

/// What became of a probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was answered.
    Arrived,
    /// The system, or a router by way of it, says that it does not fit. `fits` is the payload that does, as far as they know.
    TooLong {
        /// The longest payload for the MTU that was named.
        fits: usize,
    },
    /// Nothing came back in time.
    Silence,
}

/// How a search ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// The largest payload that passed. `by_silence`: what stands in the way of a larger one said nothing.
    Largest {
        /// Bytes of payload.
        payload: usize,
        /// Whether a larger one was given up because nothing came back, and not because somebody refused it.
        by_silence: bool,
    },
    /// Not even the smallest was answered.
    Nobody,
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Found::Largest { payload, .. } => write!(f, "{payload} bytes of payload pass"),
            Found::Nobody => f.write_str("nobody answers"),
        }
    }
}

/// A search under way.
#[derive(Clone, Debug)]
pub struct Search {
    passes: Option<usize>,
    limit: usize, // the first payload that is known, or taken, not to pass
    next: usize,
    tries_left: u32,
    tries: u32,
    names_left: u32,
    named: Option<usize>,
    by_silence: bool,
}

impl Search {
    /// A search for payloads of up to `most` bytes. Each size has `tries` tries (at least one).
    pub fn new(most: usize, tries: u32) -> Search {
        let tries = tries.max(1);
        Search {
            passes: None,
            limit: most.saturating_add(1),
            next: FIRST_PAYLOAD.min(most),
            tries_left: tries,
            tries,
            names_left: NAMES_BELIEVED,
            named: None,
            by_silence: false,
        }
    }

    /// The payload to try now, or the end.
    pub fn next(&self) -> Result<usize, Found> {
        match self.passes {
            Some(payload) if payload + 1 >= self.limit => {
                Err(Found::Largest { payload, by_silence: self.by_silence })
            }
            None if self.tries_left == 0 => Err(Found::Nobody),
            _ => Ok(self.next),
        }
    }

    /// Takes what became of the payload that [`Search::next`] gave.
    pub fn note(&mut self, outcome: Outcome) {
        if self.next().is_err() {
            return;
        }
        match outcome {
            Outcome::Arrived => {
                // After the first, try all there is: mostly it passes, and the search is over.
                let was_first = self.passes.is_none();
                self.passes = Some(self.next);
                if self.named == Some(self.next) {
                    // Who named it refuses every larger one.
                    self.limit = self.next + 1;
                    return;
                }
                let next = if was_first { self.limit - 1 } else { self.halfway(self.next) };
                self.try_next(next);
            }
            Outcome::TooLong { fits } => {
                self.limit = self.next;
                self.by_silence = false;
                let passes = self.passes.unwrap_or(0);
                // What is named may be nonsense: no less than what passed, no more than what did not.
                let named = fits > passes && fits < self.limit && self.names_left > 0;
                self.names_left = self.names_left.saturating_sub(1);
                self.named = named.then_some(fits);
                let next = if named { fits } else { self.halfway(passes) };
                if self.passes.is_none() && next == 0 {
                    self.tries_left = 0;
                    return;
                }
                self.try_next(next);
            }
            Outcome::Silence => {
                self.tries_left -= 1;
                let Some(passes) = self.passes else { return };
                if self.tries_left == 0 {
                    self.limit = self.next;
                    self.by_silence = true;
                    self.try_next(self.halfway(passes));
                }
            }
        }
    }

    fn halfway(&self, passes: usize) -> usize {
        passes + self.limit.saturating_sub(passes) / 2
    }

    fn try_next(&mut self, payload: usize) {
        self.next = payload;
        self.tries_left = self.tries;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A path that says what it thinks of a payload; gives the end and how many probes it took.
    fn search(most: usize, tries: u32, mut path: impl FnMut(usize) -> Outcome) -> (Found, u32) {
        let mut search = Search::new(most, tries);
        for probes in 0..1000 {
            match search.next() {
                Ok(payload) => {
                    assert!(payload <= most);
                    search.note(path(payload));
                }
                Err(found) => return (found, probes),
            }
        }
        panic!("the search does not end");
    }

    fn told(limit: usize) -> impl FnMut(usize) -> Outcome {
        move |payload| {
            if payload <= limit { Outcome::Arrived } else { Outcome::TooLong { fits: limit } }
        }
    }

    fn untold(limit: usize) -> impl FnMut(usize) -> Outcome {
        move |payload| if payload <= limit { Outcome::Arrived } else { Outcome::Silence }
    }

    #[test]
    fn where_all_passes_two_probes_are_enough_and_one_more_where_a_router_says_what_does() {
        let largest = |payload, by_silence| Found::Largest { payload, by_silence };
        assert_eq!(search(1472, 3, told(9000)), (largest(1472, false), 2));
        assert_eq!(search(1472, 3, told(1372)), (largest(1372, false), 3));
    }

    #[test]
    fn a_black_hole_is_measured_to_the_byte() {
        for limit in [32, 33, 100, 548, 1231, 1376, 1470, 1471] {
            let (found, probes) = search(1472, 3, untold(limit));
            assert_eq!(found, Found::Largest { payload: limit, by_silence: true });
            assert!(probes <= 2 + 11 * 3, "{probes} probes");
        }
    }

    #[test]
    fn one_lost_probe_does_not_make_the_path_narrower() {
        let mut count = 0;
        let (found, _) = search(1472, 3, |payload| {
            count += 1;
            if count % 3 != 0 { Outcome::Silence } else { told(1372)(payload) }
        });
        assert_eq!(found, Found::Largest { payload: 1372, by_silence: false });
    }

    #[test]
    fn where_nobody_answers_the_first_size_is_the_last() {
        assert_eq!(search(1472, 3, |_| Outcome::Silence), (Found::Nobody, 3));
        assert_eq!(search(1472, 3, |_| Outcome::TooLong { fits: 0 }).0, Found::Nobody);
    }

    #[test]
    fn routers_that_lie_do_not_keep_the_search_from_ending() {
        for lie in [0, 1, 32, 1471, 1472, 1473, usize::MAX] {
            let (found, probes) = search(1472, 2, |payload| {
                if payload <= 1000 { Outcome::Arrived } else { Outcome::TooLong { fits: lie } }
            });
            assert_eq!(found, Found::Largest { payload: 1000, by_silence: false }, "{lie}");
            assert!(probes < 20, "{probes} probes");
        }
        let (found, probes) = search(65_507, 2, |payload| {
            if payload <= 1000 { Outcome::Arrived } else { Outcome::TooLong { fits: payload - 1 } }
        });
        assert_eq!(found, Found::Largest { payload: 1000, by_silence: false });
        assert!(probes < 40, "{probes} probes");
        // A path that changes its mind all the time.
        let mut count = 0;
        let (found, _) = search(65_507, 1, |_| {
            count += 1;
            [Outcome::Arrived, Outcome::Silence, Outcome::TooLong { fits: 7 }][count % 3]
        });
        assert!(matches!(found, Found::Largest { .. } | Found::Nobody));
    }

    #[test]
    fn the_narrowest_and_the_widest_searches_end() {
        for most in [0, 1, 31, 32, 33, 65_527, usize::MAX - 1] {
            let (found, _) = search(most, 1, told(usize::MAX));
            assert_eq!(found, Found::Largest { payload: most, by_silence: false });
        }
    }
}
