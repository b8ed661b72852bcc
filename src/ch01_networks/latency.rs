//! Latency: what one waits for before the first byte, and which no bandwidth makes shorter.
//!
//! ```text
//! time for an answer  =  round trip  +  size / rate
//!
//!   thin and near    10 ms + size /  10 Mbps        thick and far   100 ms + size / 1 Gbps
//!   size      1 kB   10.8 ms                                        100.008 ms
//!   size  1,000 kB  810   ms                                        108     ms
//!                    the lines cross at about 114 kB
//! ```
//!
//! What a person waits for is a sum: the way there and back, the store, the computing, the drawing of the page. Each part has
//! a cure of its own; here are two of them, fewer waits one after the other ([`in_turn`], [`at_once`]) and a [`Cache`].
//!
//! Book: "Bandwidth vs. Latency". Left out: that TCP begins slowly, so that on a far line even the rate is not reached at
//! once (chapter 3).

use std::collections::HashMap;
use std::fmt;
use std::time::{Duration, Instant};

use super::bandwidth::Rate;
use crate::base::deadline::Clock;

/// A connection to somebody, as far as waiting is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// From the request's departure to the answer's first byte.
    pub round_trip: Duration,
    /// How fast the rest of the answer comes.
    pub rate: Rate,
}

impl Line {
    /// How long one waits for an answer of that many bytes.
    pub fn time_for(self, bytes: u64) -> Duration {
        self.round_trip.saturating_add(self.rate.time_for(bytes))
    }
}

/// The size from which on `thick` answers no later than `near`; below it `near` is first. To the nanosecond: where the two
/// differ by less, the size may be off by what a nanosecond carries.
///
/// `None` if `thick` is never first: its rate is no higher, or no size of 64 bits makes up for its round trip.
pub fn crossover(near: Line, thick: Line) -> Option<u64> {
    let is_first = |bytes: u64| thick.time_for(bytes) <= near.time_for(bytes);
    if is_first(0) {
        return Some(0);
    }
    if thick.rate <= near.rate || !is_first(u64::MAX) {
        return None;
    }
    let (mut slower, mut faster) = (0, u64::MAX);
    while faster - slower > 1 {
        let middle = slower + (faster - slower) / 2;
        if is_first(middle) { faster = middle } else { slower = middle }
    }
    Some(faster)
}

/// What the wait for a page is made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wait {
    /// The way there and back, and the bytes on it.
    pub network: Duration,
    /// The data from its store.
    pub store: Duration,
    /// The page from the data.
    pub compute: Duration,
    /// The picture from the page.
    pub render: Duration,
}

impl Wait {
    /// All of it.
    pub fn total(&self) -> Duration {
        self.network + self.store + self.compute + self.render
    }

    /// The part that is worth working on first, and its name.
    pub fn longest(&self) -> (&'static str, Duration) {
        let mut longest = ("network", self.network);
        for part in [("store", self.store), ("compute", self.compute), ("render", self.render)] {
            if part.1 > longest.1 {
                longest = part;
            }
        }
        longest
    }
}

impl fmt::Display for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "network {:?} + store {:?} + compute {:?} + render {:?} = {:?}",
            self.network,
            self.store,
            self.compute,
            self.render,
            self.total()
        )
    }
}

/// The wait for several things asked for one after the other.
pub fn in_turn(waits: &[Duration]) -> Duration {
    waits.iter().sum()
}

/// The wait for several things asked for at once: that of the slowest.
pub fn at_once(waits: &[Duration]) -> Duration {
    waits.iter().max().copied().unwrap_or_default()
}

// --- a cache ------------------------------------------------------------------------------------------------------------

/// Answers that are kept for a while, so that the store is asked once.
///
/// The price is that an answer may be as old as the time it is kept: a cache is fast because it does not ask.
#[derive(Debug)]
pub struct Cache {
    kept_for: Duration,
    room: usize,
    clock: Clock,
    answers: HashMap<String, (Instant, Vec<u8>)>,
    hits: u64,
    misses: u64,
}

impl Cache {
    /// A cache with room for so many answers, which it keeps for so long. The keys come from strangers, so the room has an
    /// end.
    pub fn new(room: usize, kept_for: Duration, clock: Clock) -> Cache {
        Cache { kept_for, room, clock, answers: HashMap::new(), hits: 0, misses: 0 }
    }

    /// The answer to `key`: kept, or fetched now. A failure is not kept.
    ///
    /// # Errors
    /// Those of `fetch`.
    pub fn answer<E>(&mut self, key: &str, fetch: impl FnOnce() -> Result<Vec<u8>, E>) -> Result<Vec<u8>, E> {
        let now = self.clock.now();
        if let Some((since, answer)) = self.answers.get(key) {
            if now.saturating_duration_since(*since) < self.kept_for {
                self.hits += 1;
                return Ok(answer.clone());
            }
        }
        self.misses += 1;
        let answer = fetch()?;
        self.make_room(key);
        if self.room > 0 {
            self.answers.insert(key.to_string(), (now, answer.clone()));
        }
        Ok(answer)
    }

    /// Forgets the oldest answer if the room is full.
    fn make_room(&mut self, key: &str) {
        if self.answers.len() < self.room || self.answers.contains_key(key) {
            return;
        }
        let oldest = self.answers.iter().min_by_key(|(_, (since, _))| *since);
        if let Some(oldest) = oldest.map(|(key, _)| key.clone()) {
            self.answers.remove(&oldest);
        }
    }

    /// How many answers were kept ones, and how many had to be fetched.
    pub fn counts(&self) -> (u64, u64) {
        (self.hits, self.misses)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::deadline::FakeClock;
    use std::convert::Infallible;

    fn line(millis: u64, rate: Rate) -> Line {
        Line { round_trip: Duration::from_millis(millis), rate }
    }

    #[test]
    fn the_lines_cross_where_the_algebra_says() {
        // 90 ms of advance, 0.8 µs per byte against 0.008 µs: 90,000 / 0.792 = 113,636.36… bytes.
        let (near, thick) = (line(10, Rate::megabits(10)), line(100, Rate::gigabits(1)));
        let size = crossover(near, thick).unwrap();
        assert_eq!(size, 113_637);
        assert!(near.time_for(size - 1) < thick.time_for(size - 1));
        assert!(near.time_for(size) >= thick.time_for(size));
    }

    #[test]
    fn a_line_that_is_worse_in_both_is_never_first_and_one_that_is_better_always() {
        let (good, bad) = (line(10, Rate::gigabits(1)), line(20, Rate::megabits(1)));
        assert_eq!(crossover(good, bad), None);
        assert_eq!(crossover(bad, good), Some(0));
        assert_eq!(crossover(good, line(20, Rate::gigabits(1))), None);
    }

    #[test]
    fn a_wait_is_the_sum_of_its_parts() {
        let millis = Duration::from_millis;
        let wait = Wait { network: millis(40), store: millis(120), compute: millis(30), render: millis(60) };
        assert_eq!((wait.total(), wait.longest()), (millis(250), ("store", millis(120))));
        assert_eq!(wait.to_string(), "network 40ms + store 120ms + compute 30ms + render 60ms = 250ms");
        let parts = [millis(40), millis(40), millis(50)];
        assert_eq!((in_turn(&parts), at_once(&parts)), (millis(130), millis(50)));
        assert_eq!((in_turn(&[]), at_once(&[])), (millis(0), millis(0)));
    }

    #[test]
    fn a_kept_answer_is_not_fetched_again_until_it_is_too_old() {
        let hand = FakeClock::new();
        let mut cache = Cache::new(8, Duration::from_secs(60), Clock::Fake(hand.clone()));
        let mut asked = 0;
        let mut ask = |cache: &mut Cache| {
            let answer = cache.answer::<Infallible>("/", || {
                asked += 1;
                Ok(vec![asked])
            });
            answer.unwrap()
        };
        assert_eq!((ask(&mut cache), ask(&mut cache)), (vec![1], vec![1]));
        hand.advance(Duration::from_secs(59));
        assert_eq!(ask(&mut cache), [1]);
        hand.advance(Duration::from_secs(1));
        assert_eq!(ask(&mut cache), [2]);
        assert_eq!(cache.counts(), (2, 2));
    }

    #[test]
    fn a_full_cache_forgets_the_oldest_and_a_failure_is_not_kept() {
        let hand = FakeClock::new();
        let mut cache = Cache::new(2, Duration::from_secs(60), Clock::Fake(hand.clone()));
        for key in ["a", "b", "c"] {
            hand.advance(Duration::from_secs(1));
            assert_eq!(cache.answer::<Infallible>(key, || Ok(vec![])), Ok(vec![]));
        }
        assert_eq!(cache.answer("b", || Err("asked again")), Ok(vec![]));
        assert_eq!(cache.answer("a", || Err("asked again")), Err("asked again"));
        assert_eq!(cache.answer("a", || Ok::<_, &str>(vec![9])), Ok(vec![9]));
    }
}
