//! A canonical Huffman code as a table to look words up in (RFC 1951, 3.2.2).
//!
//! ```text
//!  next bits ..............1011001110
//!                          `---.----'  the root's bits choose an entry: short words end here
//!                ....1101              an entry for longer words chooses a second table, for the bits behind
//! ```
//! A word's bits stand in the stream highest first while numbers stand lowest first, so tables are indexed with words
//! turned round. An entry is what its symbol means, ready to use:
//!
//! ```text
//!  31       16 15    12 11    8 7      0
//! +-----------+--------+-------+--------+
//! |   value   |  kind  | extra | length |   length 0: no word begins so
//! +-----------+--------+-------+--------+
//! ```

use super::{Alphabet, InflateError};
use crate::base::deflate::tables::{
    CODE_LENGTHS, DISTANCE_BASE, DISTANCE_EXTRA, DISTANCES, END_OF_BLOCK, LENGTH_BASE, LENGTH_EXTRA,
    LITERALS, LONGEST_CODE, USED_DISTANCES, USED_LITERALS,
};

/// The value is a byte.
pub const LITERAL: u32 = 1 << 12;
/// The end of the block.
pub const END: u32 = 1 << 13;
/// The value is where another table begins, and extra how many bits choose in it.
const SECOND: u32 = 1 << 14;
/// A word for a symbol that may not be used.
pub const FORBIDDEN: u32 = 1 << 15;

/// What an entry says.
pub fn value(entry: u32) -> u32 {
    entry >> 16
}

/// How many bits behind the word are added to the value.
pub fn extra(entry: u32) -> u32 {
    (entry >> 8) & 15
}

/// How many bits the word has.
pub fn length(entry: u32) -> u32 {
    entry & 0xff
}

const LITERAL_ENTRIES: [u32; LITERALS] = literal_entries();
const DISTANCE_ENTRIES: [u32; DISTANCES] = distance_entries();
const CODE_LENGTH_ENTRIES: [u32; CODE_LENGTHS] = code_length_entries();

const fn literal_entries() -> [u32; LITERALS] {
    let mut entries = [FORBIDDEN; LITERALS];
    let mut symbol = 0;
    while symbol < USED_LITERALS {
        entries[symbol] = if symbol < END_OF_BLOCK {
            (symbol as u32) << 16 | LITERAL
        } else if symbol == END_OF_BLOCK {
            END
        } else {
            let code = symbol - END_OF_BLOCK - 1;
            (LENGTH_BASE[code] as u32) << 16 | (LENGTH_EXTRA[code] as u32) << 8
        };
        symbol += 1;
    }
    entries
}

const fn distance_entries() -> [u32; DISTANCES] {
    let mut entries = [FORBIDDEN; DISTANCES];
    let mut symbol = 0;
    while symbol < USED_DISTANCES {
        entries[symbol] = (DISTANCE_BASE[symbol] as u32) << 16 | (DISTANCE_EXTRA[symbol] as u32) << 8;
        symbol += 1;
    }
    entries
}

const fn code_length_entries() -> [u32; CODE_LENGTHS] {
    let mut entries = [0; CODE_LENGTHS];
    let mut symbol = 0;
    while symbol < CODE_LENGTHS {
        entries[symbol] = (symbol as u32) << 16;
        symbol += 1;
    }
    entries
}

/// The words of one code.
#[derive(Debug)]
pub struct Table {
    alphabet: Alphabet,
    meanings: &'static [u32],
    root_bits: usize,
    /// The root's entries, then those of the second tables.
    pub entries: Vec<u32>,
}

impl Table {
    /// A code without words.
    pub fn new(alphabet: Alphabet) -> Table {
        let (meanings, root_bits): (&[u32], usize) = match alphabet {
            Alphabet::Literals => (&LITERAL_ENTRIES, 10),
            Alphabet::Distances => (&DISTANCE_ENTRIES, 9),
            Alphabet::CodeLengths => (&CODE_LENGTH_ENTRIES, 7),
        };
        Table { alphabet, meanings, root_bits, entries: vec![0; 1 << root_bits] }
    }

    /// Makes the code whose words have these lengths, by symbol; length 0 has no word.
    ///
    /// # Errors
    /// A code must use up its lengths' room exactly: with more words some would begin another, with fewer some bits would
    /// mean nothing. One word of one bit is taken nevertheless, and none at all, where a block may have so little to say.
    pub fn build(&mut self, lengths: &[u8]) -> Result<(), InflateError> {
        let mut counts = [0_u16; LONGEST_CODE + 1];
        for length in lengths {
            counts[usize::from(*length)] += 1;
        }
        counts[0] = 0;
        self.check(&counts)?;

        let mut next = [0_u16; LONGEST_CODE + 2];
        for length in 1..=LONGEST_CODE {
            next[length + 1] = (next[length] + counts[length]) << 1;
        }
        let mut words = [0_u16; LITERALS];
        for (symbol, length) in lengths.iter().enumerate() {
            if *length > 0 {
                let word = &mut next[usize::from(*length)];
                words[symbol] = word.reverse_bits() >> (16 - length);
                *word += 1;
            }
        }
        self.entries.clear();
        self.entries.resize(1 << self.root_bits, 0);
        self.place_second_tables(lengths, &words);
        for (symbol, length) in lengths.iter().enumerate() {
            if *length > 0 {
                self.enter(usize::from(words[symbol]), usize::from(*length), self.meanings[symbol]);
            }
        }
        Ok(())
    }

    fn check(&self, counts: &[u16; LONGEST_CODE + 1]) -> Result<(), InflateError> {
        let mut room = 1_i32;
        let mut words = 0;
        for count in &counts[1..] {
            room = room * 2 - i32::from(*count);
            words += count;
            if room < 0 {
                return Err(InflateError::Oversubscribed(self.alphabet));
            }
        }
        let so_little = words == 0 || (words == 1 && counts[1] == 1);
        if room > 0 && !(so_little && self.alphabet != Alphabet::CodeLengths) {
            return Err(InflateError::Incomplete(self.alphabet));
        }
        Ok(())
    }

    /// Each root entry of words longer than the root gets a table as wide as the longest of them needs.
    fn place_second_tables(&mut self, lengths: &[u8], words: &[u16; LITERALS]) {
        let root_mask = (1 << self.root_bits) - 1;
        for (length, word) in lengths.iter().zip(words) {
            if usize::from(*length) > self.root_bits {
                let bits = (usize::from(*length) - self.root_bits) as u32;
                let entry = &mut self.entries[usize::from(*word) & root_mask];
                *entry = SECOND | bits.max(extra(*entry)) << 8;
            }
        }
        for at in 0..=root_mask {
            let bits = extra(self.entries[at]);
            if bits > 0 {
                self.entries[at] |= (self.entries.len() as u32) << 16 | self.root_bits as u32;
                self.entries.resize(self.entries.len() + (1 << bits), 0);
            }
        }
    }

    /// Enters a word wherever bits begin with it.
    fn enter(&mut self, word: usize, length: usize, meaning: u32) {
        let (begin, bits, at, step) = if length <= self.root_bits {
            (0, self.root_bits, word, length)
        } else {
            let second = self.entries[word & ((1 << self.root_bits) - 1)];
            let bits = extra(second) as usize;
            (value(second) as usize, bits, word >> self.root_bits, length - self.root_bits)
        };
        for at in (at..1 << bits).step_by(1 << step) {
            self.entries[begin + at] = meaning | length as u32;
        }
    }

    /// The entry of the word that `bits` begin with.
    pub fn look_up(&self, bits: u64) -> u32 {
        look_up(&self.entries, self.root_bits, bits)
    }

    /// The entry, if the word is among the first `count` bits. `None`: more bits are needed to know.
    ///
    /// # Errors
    /// No word begins so, or its symbol may not be used.
    pub fn decode(&self, bits: u64, count: u32) -> Result<Option<u32>, InflateError> {
        let entry = self.look_up(bits);
        if count == 0 || length(entry) > count {
            return Ok(None);
        }
        self.checked(entry).map(Some)
    }

    /// The entry, if it is a symbol's.
    pub fn checked(&self, entry: u32) -> Result<u32, InflateError> {
        if length(entry) == 0 || entry & FORBIDDEN != 0 {
            return Err(InflateError::UnknownCode(self.alphabet));
        }
        Ok(entry)
    }

    /// How many bits choose in the root.
    pub fn root_bits(&self) -> usize {
        self.root_bits
    }
}

/// As [`Table::look_up`], for a loop that has the parts at hand.
#[inline(always)]
pub fn look_up(entries: &[u32], root_bits: usize, bits: u64) -> u32 {
    let entry = entries[bits as usize & ((1 << root_bits) - 1)];
    if entry & SECOND == 0 {
        return entry;
    }
    let behind = (bits >> root_bits) as usize & ((1 << extra(entry)) - 1);
    entries[value(entry) as usize + behind]
}
