//! What becomes of each datagram on its way. No sockets, no clock: a decision per datagram.
//!
//! ```text
//!   datagram --> lost? --------------------------------> (nothing)
//!            --> damaged? --> held back? --> doubled? --> delay, datagram (one or two)
//! ```

use std::collections::VecDeque;
use std::fmt;
use std::ops::Range;
use std::time::Duration;

use super::Seeded;

/// What one direction of a link does, as probabilities per datagram. The default does nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct LinkFaults {
    /// It never arrives.
    pub drop: f64,
    /// It arrives twice, each copy with a delay of its own.
    pub duplicate: f64,
    /// It is held back for [`LinkFaults::hold`], so that later ones overtake it.
    pub reorder: f64,
    /// One bit is flipped. On a real link UDP's checksum would make a loss of it; this tests what the checksum misses.
    pub corrupt: f64,
    /// How long the way takes; an empty range is no time.
    pub delay: Range<Duration>,
    /// How much longer a datagram that is held back takes.
    pub hold: Duration,
}

impl Default for LinkFaults {
    fn default() -> LinkFaults {
        LinkFaults {
            drop: 0.0,
            duplicate: 0.0,
            reorder: 0.0,
            corrupt: 0.0,
            delay: Duration::ZERO..Duration::ZERO,
            // Far beyond the time a datagram takes on the loopback, far below any protocol's retransmission timeout.
            hold: Duration::from_millis(20),
        }
    }
}

/// What becomes of one datagram, for a link with a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Treatment {
    /// It arrives.
    Pass,
    /// It never arrives.
    Drop,
    /// It arrives twice.
    Duplicate,
    /// It arrives so much later.
    HoldBack(Duration),
    /// It arrives with one bit flipped.
    Corrupt,
}

/// What a link has done so far, in datagrams.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LinkStats {
    /// Came in.
    pub offered: u64,
    /// Went out, copies included.
    pub forwarded: u64,
    /// Were lost.
    pub dropped: u64,
    /// Went out twice.
    pub duplicated: u64,
    /// Were held back.
    pub reordered: u64,
    /// Were damaged.
    pub corrupted: u64,
}

/// One direction of a link.
pub struct Link {
    faults: LinkFaults,
    plan: VecDeque<Treatment>,
    random: Seeded,
    stats: LinkStats,
}

/// What was decided about one datagram.
struct Decision {
    drop: bool,
    duplicate: bool,
    corrupt_bit: Option<u64>,
    held: Duration,
    delays: [Duration; 2],
}

impl Link {
    /// A link that decides by `seed`: the n-th datagram always meets the same fate.
    pub fn new(seed: u64, faults: LinkFaults) -> Link {
        Link { faults, plan: VecDeque::new(), random: Seeded::new(seed), stats: LinkStats::default() }
    }

    /// A link that does nothing wrong.
    pub fn perfect() -> Link {
        Link::new(0, LinkFaults::default())
    }

    /// A link that treats the first datagrams by `plan` and passes the rest.
    pub fn planned(plan: Vec<Treatment>) -> Link {
        Link { plan: plan.into(), ..Link::perfect() }
    }

    /// What comes out for `datagram`, and how much later.
    pub fn pass(&mut self, datagram: &[u8]) -> Vec<(Duration, Vec<u8>)> {
        self.stats.offered += 1;
        let decision = match self.plan.pop_front() {
            Some(treatment) => self.decide_by_plan(treatment),
            None => self.decide_by_chance(),
        };
        if decision.drop {
            self.stats.dropped += 1;
            return Vec::new();
        }
        let mut bytes = datagram.to_vec();
        if let Some(bit) = decision.corrupt_bit {
            self.stats.corrupted += u64::from(flip(&mut bytes, bit));
        }
        self.stats.reordered += u64::from(!decision.held.is_zero());
        let mut out = vec![(decision.delays[0].saturating_add(decision.held), bytes.clone())];
        if decision.duplicate {
            self.stats.duplicated += 1;
            out.push((decision.delays[1].saturating_add(decision.held), bytes));
        }
        self.stats.forwarded += out.len() as u64;
        out
    }

    /// What it has done so far.
    pub fn stats(&self) -> LinkStats {
        self.stats
    }

    /// Draws the same number of times whatever is decided, so that turning one fault on does not change the others.
    fn decide_by_chance(&mut self) -> Decision {
        let faults = &self.faults;
        let random = &mut self.random;
        let drop = random.chance(faults.drop);
        let duplicate = random.chance(faults.duplicate);
        let reorder = random.chance(faults.reorder);
        let corrupt = random.chance(faults.corrupt);
        let bit = random.next_u64();
        let delays = [length_within(random, &faults.delay), length_within(random, &faults.delay)];
        let held = if reorder { faults.hold } else { Duration::ZERO };
        Decision { drop, duplicate, corrupt_bit: corrupt.then_some(bit), held, delays }
    }

    fn decide_by_plan(&mut self, treatment: Treatment) -> Decision {
        let bit = self.random.next_u64();
        let held = match treatment {
            Treatment::HoldBack(length) => length,
            _ => Duration::ZERO,
        };
        Decision {
            drop: treatment == Treatment::Drop,
            duplicate: treatment == Treatment::Duplicate,
            corrupt_bit: (treatment == Treatment::Corrupt).then_some(bit),
            held,
            delays: [Duration::ZERO; 2],
        }
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link")
            .field("faults", &self.faults)
            .field("stats", &self.stats)
            .finish_non_exhaustive()
    }
}

/// Flips one of the datagram's bits; an empty one has none.
fn flip(bytes: &mut [u8], bit: u64) -> bool {
    if bytes.is_empty() {
        return false;
    }
    let bit = bit % (bytes.len() as u64 * 8);
    bytes[(bit / 8) as usize] ^= 1 << (bit % 8);
    true
}

/// A length of time within `range`, to the microsecond; its start if it is empty.
pub(super) fn length_within(random: &mut Seeded, range: &Range<Duration>) -> Duration {
    let width = range.end.saturating_sub(range.start).as_micros();
    let width = u64::try_from(width).unwrap_or(u64::MAX).max(1);
    range.start.saturating_add(Duration::from_micros(random.below(width)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(count: u64) -> Duration {
        Duration::from_millis(count)
    }

    fn bad() -> LinkFaults {
        LinkFaults {
            drop: 0.2,
            duplicate: 0.1,
            reorder: 0.1,
            corrupt: 0.1,
            delay: millis(1)..millis(5),
            ..LinkFaults::default()
        }
    }

    fn run(link: &mut Link, count: u8) -> Vec<Vec<(Duration, Vec<u8>)>> {
        (0..count).map(|n| link.pass(&[n, n, n])).collect()
    }

    #[test]
    fn a_perfect_link_passes_everything_at_once() {
        let mut link = Link::perfect();
        assert_eq!(link.pass(b"one"), [(Duration::ZERO, b"one".to_vec())]);
        assert_eq!(link.pass(b""), [(Duration::ZERO, Vec::new())]);
        assert_eq!(link.stats(), LinkStats { offered: 2, forwarded: 2, ..LinkStats::default() });
    }

    #[test]
    fn the_same_seed_decides_the_same_and_another_seed_differently() {
        assert_eq!(run(&mut Link::new(7, bad()), 200), run(&mut Link::new(7, bad()), 200));
        assert_ne!(run(&mut Link::new(7, bad()), 200), run(&mut Link::new(8, bad()), 200));
    }

    #[test]
    fn what_is_decided_does_not_depend_on_what_is_sent() {
        let mut one = Link::new(3, bad());
        let mut two = Link::new(3, bad());
        for n in 0..100 {
            let short: Vec<Duration> = one.pass(b"x").into_iter().map(|(delay, _)| delay).collect();
            let long: Vec<Duration> = two.pass(&[n; 500]).into_iter().map(|(delay, _)| delay).collect();
            assert_eq!(short, long);
        }
    }

    #[test]
    fn turning_losses_off_leaves_the_other_decisions_as_they_were() {
        let lossy = run(&mut Link::new(5, bad()), 200);
        let whole = run(&mut Link::new(5, LinkFaults { drop: 0.0, ..bad() }), 200);
        for (with, without) in lossy.iter().zip(&whole) {
            assert!(with.is_empty() || with == without);
            assert!(!without.is_empty());
        }
    }

    #[test]
    fn the_statistics_add_up_and_the_shares_are_about_those_asked_for() {
        let mut link = Link::new(11, bad());
        let out: usize = (0..2000).map(|_| link.pass(b"datagram").len()).sum();
        let stats = link.stats();
        assert_eq!(stats.offered, 2000);
        assert_eq!(stats.forwarded, out as u64);
        assert_eq!(stats.forwarded, stats.offered - stats.dropped + stats.duplicated);
        assert!((300..500).contains(&stats.dropped), "{stats:?}");
        assert!((100..250).contains(&stats.duplicated), "{stats:?}");
        assert!((100..250).contains(&stats.reordered), "{stats:?}");
        assert!((100..250).contains(&stats.corrupted), "{stats:?}");
    }

    #[test]
    fn damage_is_one_bit_and_an_empty_datagram_has_none() {
        let mut link = Link::new(1, LinkFaults { corrupt: 1.0, ..LinkFaults::default() });
        for _ in 0..50 {
            let out = link.pass(&[0; 4]);
            let ones: u32 = out[0].1.iter().map(|byte| byte.count_ones()).sum();
            assert_eq!(ones, 1);
        }
        assert_eq!(link.pass(b"")[0].1, b"");
        assert_eq!(link.stats().corrupted, 50);
    }

    #[test]
    fn delays_stay_within_their_range_and_a_held_datagram_comes_later() {
        let mut link =
            Link::new(2, LinkFaults { reorder: 0.5, delay: millis(1)..millis(3), ..LinkFaults::default() });
        for _ in 0..100 {
            let (delay, _) = link.pass(b"x").remove(0);
            let ordinary = (millis(1)..millis(3)).contains(&delay);
            assert!(ordinary || (millis(21)..millis(23)).contains(&delay), "{delay:?}");
        }
        assert!(link.stats().reordered > 0);
    }

    #[test]
    fn a_plan_treats_the_first_datagrams_and_passes_the_rest() {
        let plan =
            vec![Treatment::Drop, Treatment::Duplicate, Treatment::HoldBack(millis(9)), Treatment::Corrupt];
        let mut link = Link::planned(plan);
        let out = run(&mut link, 5);
        assert!(out[0].is_empty());
        assert_eq!(out[1], [(Duration::ZERO, vec![1; 3]), (Duration::ZERO, vec![1; 3])]);
        assert_eq!(out[2], [(millis(9), vec![2; 3])]);
        assert_ne!(out[3][0].1, [3; 3]);
        assert_eq!(out[4], [(Duration::ZERO, vec![4; 3])]);
    }
}
