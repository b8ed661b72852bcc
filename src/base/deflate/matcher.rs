//! Finding what occurred before: the last 32 KiB, and chains of places that begin with the same four bytes.
//!
//! ```text
//!  head[hash of "the "] --> 40960 --> 40113 --> 9120 --> 0     newest first; 0 ends a chain
//! ```
//! Positions are offsets in the buffer. When it is full its second half moves to the front, and all positions with it.

use super::tables::{LONGEST_MATCH, WINDOW_BYTES};

/// How hard to look.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Most places of a chain to compare with.
    pub chain: usize,
    /// A match as long as this is good enough.
    pub good: usize,
    /// With a match shorter than this, see whether the next byte begins a longer one.
    pub lazy: usize,
}

const BUFFER_BYTES: usize = 2 * WINDOW_BYTES;
/// Room behind the buffer, so that matches can be compared eight bytes at a time without asking each time where it ends.
const SPARE_BYTES: usize = LONGEST_MATCH + 8;
const HASH_BITS: u32 = 15;
/// Matches are found by their first four bytes. One of three saves next to nothing.
pub const FOUND_BY: usize = 4;
/// With so much ahead a match of any length can be found, at this byte and the next.
pub const LOOK_AHEAD: usize = LONGEST_MATCH + FOUND_BY + 1;

/// The input as far back as a match may reach, and where to look in it.
#[derive(Debug)]
pub struct Matcher {
    /// The input as far as `end`. Behind it stand old bytes, which no match may reach into.
    bytes: Box<[u8; BUFFER_BYTES + SPARE_BYTES]>,
    end: usize,
    /// The next byte to be compressed.
    pub position: usize,
    head: Box<[u16; 1 << HASH_BITS]>,
    /// For each position modulo the window, the one before in its chain.
    before: Box<[u16; WINDOW_BYTES]>,
}

impl Matcher {
    pub fn new() -> Matcher {
        Matcher { bytes: zeros(), end: 0, position: 0, head: zeros(), before: zeros() }
    }

    /// How many bytes wait to be compressed.
    pub fn ahead(&self) -> usize {
        self.end - self.position
    }

    /// The bytes from `begin` to the next to be compressed.
    pub fn since(&self, begin: usize) -> &[u8] {
        &self.bytes[begin..self.position]
    }

    /// The next byte.
    pub fn byte(&self) -> u8 {
        self.bytes[self.position]
    }

    /// Takes over as much as there is room for, and says how much. All but [`LOOK_AHEAD`] must be compressed when the
    /// buffer is full; then, too, it says how far everything moved.
    pub fn take(&mut self, bytes: &[u8]) -> (usize, usize) {
        let moved = if self.position + LOOK_AHEAD >= BUFFER_BYTES { self.slide() } else { 0 };
        let count = bytes.len().min(BUFFER_BYTES - self.end);
        self.bytes[self.end..self.end + count].copy_from_slice(&bytes[..count]);
        self.end += count;
        (count, moved)
    }

    fn slide(&mut self) -> usize {
        self.bytes.copy_within(WINDOW_BYTES..self.end, 0);
        self.end -= WINDOW_BYTES;
        self.position -= WINDOW_BYTES;
        // Two plain loops, which the compiler makes into vectors.
        for places in [&mut self.head[..], &mut self.before[..]] {
            for place in places.iter_mut() {
                *place = place.saturating_sub(WINDOW_BYTES as u16);
            }
        }
        WINDOW_BYTES
    }

    /// Enters the place `at` and gives the one before in its chain; 0: there is none, or too few bytes follow to have one.
    #[inline]
    fn enter(&mut self, at: usize) -> usize {
        if at + FOUND_BY > self.end {
            return 0;
        }
        let hash = (four(&self.bytes[..], at).wrapping_mul(0x9e37_79b1) >> (32 - HASH_BITS)) as usize;
        let before = self.head[hash];
        self.before[at % WINDOW_BYTES] = before;
        self.head[hash] = at as u16;
        before.into()
    }

    /// Goes on by `count` bytes, which may be matched later.
    pub fn advance(&mut self, count: usize) {
        for at in self.position..self.position + count {
            self.enter(at);
        }
        self.position += count;
    }

    /// Goes on by `count` bytes, of which few may be matched later.
    pub fn hurry(&mut self, count: usize) {
        self.position += count;
        self.enter(self.position - 1);
    }

    /// Goes on by bytes that [`Matcher::find`] has entered already, or that never shall be.
    pub fn pass(&mut self, count: usize) {
        self.position += count;
    }

    /// Enters the next byte and finds the longest match that begins with it and is longer than `than`: its length and how
    /// far back it is.
    pub fn find(&mut self, than: usize, effort: &Effort) -> Option<(usize, usize)> {
        let at = self.position;
        let mut place = self.enter(at);
        let most = LONGEST_MATCH.min(self.end - at);
        let mut longest = than.max(FOUND_BY - 1);
        let mut found = None;
        if longest >= most {
            return None;
        }
        // A place exactly a window back has given its slot to this one. And 0 is no place but the end of a chain.
        let oldest = at.saturating_sub(WINDOW_BYTES - 1).max(1);
        // The byte before begins a match already: a longer one is worth less looking.
        let mut left = if than > 0 { effort.chain / 2 } else { effort.chain };
        let bytes = &self.bytes[..];
        let first = eight(bytes, at);
        while place >= oldest && left > 0 {
            // Asked for before it is known whether this place matches, for the answer takes a while.
            let before = self.before[place % WINDOW_BYTES];
            let differing = eight(bytes, place) ^ first;
            let length = if differing != 0 {
                (differing.trailing_zeros() as usize / 8).min(most)
            } else if bytes[place + longest] == bytes[at + longest] {
                agreement(bytes, place, at).min(most)
            } else {
                0
            };
            if length > longest {
                (longest, found) = (length, Some((length, at - place)));
                if length >= effort.good || length == most {
                    break;
                }
            }
            place = before.into();
            left -= 1;
        }
        found
    }
}

/// The four bytes from `at` on.
#[inline(always)]
fn four(bytes: &[u8], at: usize) -> u32 {
    let mut four = [0; 4];
    four.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(four)
}

/// An array on the heap from the beginning: `Box::new` of one puts it on the stack first, where a connection's thread has no room
/// for three of them.
fn zeros<T: Copy + Default, const N: usize>() -> Box<[T; N]> {
    let zeros = vec![T::default(); N].into_boxed_slice();
    zeros.try_into().unwrap_or_else(|_| unreachable!("it is as long as it was made"))
}

/// The eight bytes from `at` on.
#[inline(always)]
fn eight(bytes: &[u8], at: usize) -> u64 {
    let mut eight = [0; 8];
    eight.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(eight)
}

/// How many bytes from two places on are the same, the first eight of which are; counted as far as the longest match, and
/// into what stands behind the input, too.
#[inline]
fn agreement(bytes: &[u8], one: usize, other: usize) -> usize {
    let mut same = 8;
    while same < LONGEST_MATCH {
        let differing = eight(bytes, one + same) ^ eight(bytes, other + same);
        if differing != 0 {
            return same + differing.trailing_zeros() as usize / 8;
        }
        same += 8;
    }
    same
}
