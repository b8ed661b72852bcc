//! Random bytes: the system's, which nobody can guess, and a seeded row of numbers, which anybody can repeat.
//!
//! [`bytes`], [`vec()`] and [`u64()`] ask the operating system. Keys, nonces, the names of logins and anything else an
//! attacker must not guess come from there.
//!
//! [`Seeded`] gives the same numbers for the same seed, for tests and simulations. **It is not for secrets**: who sees one
//! number knows all that follow.

use std::io;

/// Fills `buf` with bytes nobody can guess.
///
/// # Errors
/// The system's, if it has no source of randomness (yet). A caller must give up then; there is no second best.
pub fn bytes(buf: &mut [u8]) -> io::Result<()> {
    getrandom::fill(buf).map_err(|error| match error.raw_os_error() {
        Some(code) => io::Error::from_raw_os_error(code),
        None => io::Error::other(error.to_string()),
    })
}

/// `count` bytes nobody can guess.
///
/// # Errors
/// As [`bytes`].
pub fn vec(count: usize) -> io::Result<Vec<u8>> {
    let mut buf = vec![0; count];
    bytes(&mut buf)?;
    Ok(buf)
}

/// A number nobody can guess.
///
/// # Errors
/// As [`bytes`].
pub fn u64() -> io::Result<u64> {
    let mut buf = [0; 8];
    bytes(&mut buf)?;
    Ok(u64::from_be_bytes(buf))
}

/// How far SplitMix64 counts from one number to the next: 2⁶⁴ divided by the golden ratio.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// A generator that repeats itself: equal seeds, equal numbers, on every machine. **Not for secrets.**
///
/// It is SplitMix64 (Steele, Lea, Flood 2014): a counter with large steps, its bits stirred. All 2⁶⁴ values come up
/// before the first comes again, and any seed is good, zero too.
#[derive(Clone, Debug)]
pub struct Seeded {
    counter: u64,
}

impl Seeded {
    /// The row of numbers that belongs to `seed`.
    pub fn new(seed: u64) -> Seeded {
        Seeded { counter: seed }
    }

    /// The row of numbers that belongs to `seed`, without the first `count`: no number waits for those before it.
    pub fn skipping(seed: u64, count: u64) -> Seeded {
        Seeded { counter: seed.wrapping_add(count.wrapping_mul(STEP)) }
    }

    /// The next number, any of 2⁶⁴.
    pub fn next_u64(&mut self) -> u64 {
        self.counter = self.counter.wrapping_add(STEP);
        let mut mixed = self.counter;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 to `limit` − 1, each as likely as every other.
    ///
    /// # Panics
    /// If `limit` is zero: there is no such number.
    pub fn below(&mut self, limit: u64) -> u64 {
        assert!(limit > 0, "there is no number below zero");
        // 2⁶⁴ is rarely a multiple of `limit`. The remainder 2⁶⁴ mod `limit` is cut off, or small numbers would come
        // up too often.
        let too_many = limit.wrapping_neg() % limit;
        loop {
            let number = self.next_u64();
            if number >= too_many {
                return number % limit;
            }
        }
    }

    /// True with the given probability: never for 0 or less (or not a number), always for 1 or more.
    pub fn chance(&mut self, probability: f64) -> bool {
        // 53 bits are what an f64 holds exactly; the quotient is at least 0 and less than 1.
        let drawn = (self.next_u64() >> 11) as f64 / (1u64 << 53) as f64;
        drawn < probability
    }

    /// Fills `buf` with the next bytes of the row.
    pub fn fill(&mut self, buf: &mut [u8]) {
        for chunk in buf.chunks_mut(8) {
            let number = self.next_u64().to_be_bytes();
            chunk.copy_from_slice(&number[..chunk.len()]);
        }
    }

    /// Puts `items` into one of all their orders, each as likely as every other (Fisher and Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = self.below(last as u64 + 1) as usize;
            items.swap(last, other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_never_gives_the_same_bytes_twice() {
        let first = vec(32).unwrap();
        let second = vec(32).unwrap();
        assert_eq!(first.len(), 32);
        assert_ne!(first, second);
        assert_ne!(u64().unwrap(), u64().unwrap());
        assert!(vec(0).unwrap().is_empty());
        // More than one getrandom call gives on some systems (256 bytes).
        let long = vec(5_000).unwrap();
        assert_ne!(long[4_900..], [0; 100]);
    }

    #[test]
    fn the_seeded_numbers_are_those_of_splitmix64() {
        let mut zero = Seeded::new(0);
        assert_eq!(zero.next_u64(), 0xe220_a839_7b1d_cdaf);
        assert_eq!(zero.next_u64(), 0x6e78_9e6a_a1b9_65f4);
        assert_eq!(zero.next_u64(), 0x06c4_5d18_8009_454f);
        assert_eq!(Seeded::new(1_234_567).next_u64(), 6_457_827_717_110_365_317);
    }

    #[test]
    fn equal_seeds_give_equal_rows_and_a_clone_goes_on_from_here() {
        let mut one = Seeded::new(7);
        let mut two = Seeded::new(7);
        let (mut a, mut b) = ([0; 21], [0; 21]);
        one.fill(&mut a);
        two.fill(&mut b);
        assert_eq!(a, b);
        let mut three = one.clone();
        assert_eq!(one.next_u64(), three.next_u64());
        assert_ne!(Seeded::new(8).next_u64(), Seeded::new(7).next_u64());
    }

    #[test]
    fn skipping_numbers_is_the_same_as_drawing_them() {
        for seed in [0, 7, u64::MAX] {
            let mut drawn = Seeded::new(seed);
            for count in 0..50 {
                let number = drawn.next_u64();
                assert_eq!(Seeded::skipping(seed, count).next_u64(), number, "{seed} {count}");
            }
        }
    }

    #[test]
    fn below_stays_below_and_reaches_every_number_about_equally_often() {
        let mut random = Seeded::new(1);
        let mut counts = [0u32; 7];
        for _ in 0..70_000 {
            counts[random.below(7) as usize] += 1;
        }
        for count in counts {
            assert!((9_500..10_500).contains(&count), "{counts:?}");
        }
        assert_eq!(random.below(1), 0);
        assert!(random.below(u64::MAX) < u64::MAX);
    }

    #[test]
    fn a_limit_that_does_not_divide_the_range_gives_no_bias() {
        // With a plain remainder the lowest third would come up twice as often as the others, and `low` be near 6,250.
        let limit = (1 << 63) + (1 << 62);
        let mut random = Seeded::new(2);
        let mut low = 0;
        for _ in 0..10_000 {
            low += u32::from(random.below(limit) < limit / 2);
        }
        assert!((4_800..5_200).contains(&low), "{low}");
    }

    #[test]
    #[should_panic(expected = "no number below zero")]
    fn below_zero_is_the_callers_mistake() {
        Seeded::new(0).below(0);
    }

    #[test]
    fn a_chance_of_nothing_never_comes_and_a_certainty_always() {
        let mut random = Seeded::new(3);
        let mut quarter = 0;
        for _ in 0..10_000 {
            assert!(!random.chance(0.0) && !random.chance(-1.0) && !random.chance(f64::NAN));
            assert!(random.chance(1.0) && random.chance(f64::INFINITY));
            quarter += u32::from(random.chance(0.25));
        }
        assert!((2_300..2_700).contains(&quarter), "{quarter}");
    }

    #[test]
    fn fill_writes_every_byte_of_every_length() {
        for length in 0..20 {
            let mut seen = vec![0u8; length];
            for seed in 0..40 {
                let mut buf = vec![0; length];
                Seeded::new(seed).fill(&mut buf);
                for (all, byte) in seen.iter_mut().zip(&buf) {
                    *all |= byte;
                }
            }
            assert!(!seen.contains(&0), "length {length}");
        }
    }

    #[test]
    fn shuffle_keeps_every_item_and_finds_every_order() {
        let mut random = Seeded::new(4);
        let mut orders = std::collections::BTreeMap::new();
        for _ in 0..6_000 {
            let mut items = ['a', 'b', 'c'];
            random.shuffle(&mut items);
            *orders.entry(items.iter().collect::<String>()).or_insert(0u32) += 1;
        }
        assert_eq!(orders.len(), 6);
        for count in orders.values() {
            assert!((850..1_150).contains(count), "{orders:?}");
        }
        random.shuffle(&mut [0u8; 0]);
        random.shuffle(&mut [1]);
    }
}
