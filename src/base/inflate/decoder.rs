//! The blocks of a deflate stream (RFC 1951, 3.2.3) as a state machine that does no I/O.
//!
//! ```text
//!  BlockStart --stored---> StoredLength ------------------------> Stored --.
//!   ^   ^  |--fixed-------------------------------------> Symbols           |
//!   |   |  '--dynamic--> Counts --> LengthCode --> Lengths --^  |           |
//!   |   '------------------------------------------- end of block <---------'
//!   '-- the last block: End
//! ```
//! Every step takes all the bits it needs or none, so the machine can stop for input anywhere and go on later.

use super::bits::Bits;
use super::huffman::{self, END, LITERAL, Table};
use super::window::{self, Window};
use super::{Alphabet, InflateError};
use crate::base::deflate::tables::{
    CODE_LENGTH_ORDER, CODE_LENGTHS, DISTANCES, DYNAMIC, END_OF_BLOCK, FIXED, FIXED_DISTANCE_LENGTHS,
    LITERALS, MANY_ZEROS, REPEAT, STORED, USED_DISTANCES, USED_LITERALS, ZEROS, fixed_literal_lengths,
};

/// Why the machine stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pause {
    /// It needs more input.
    Input,
    /// The window is full.
    Room,
    /// The last block has ended, and the input stands behind it.
    End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    BlockStart,
    StoredLength,
    Stored { left: usize },
    Counts,
    LengthCode { read: usize },
    Lengths { read: usize },
    Symbols,
    End,
}

/// Whether a step was made. If not, it needs more input than there is.
type Step = Result<Option<()>, InflateError>;

/// A deflate stream, decoded as far as the input went.
#[derive(Debug)]
pub struct Decoder {
    state: State,
    last_block: bool,
    /// How many symbols the block announced: literals and lengths, distances, code lengths.
    counts: (usize, usize, usize),
    lengths: [u8; LITERALS + DISTANCES],
    length_code: Table,
    literals: Table,
    distances: Table,
    /// The two tables are those of the fixed code.
    fixed: bool,
}

impl Decoder {
    pub fn new() -> Decoder {
        Decoder {
            state: State::BlockStart,
            last_block: false,
            counts: (0, 0, 0),
            lengths: [0; LITERALS + DISTANCES],
            length_code: Table::new(Alphabet::CodeLengths),
            literals: Table::new(Alphabet::Literals),
            distances: Table::new(Alphabet::Distances),
            fixed: false,
        }
    }

    /// Another stream begins.
    pub fn restart(&mut self) {
        (self.state, self.last_block) = (State::BlockStart, false);
    }

    /// Decodes until something is missing.
    ///
    /// # Errors
    /// The stream is damaged. The machine must not be run again.
    pub fn run(&mut self, bits: &mut Bits, window: &mut Window) -> Result<Pause, InflateError> {
        loop {
            if window.written > window.last() {
                return Ok(Pause::Room);
            }
            let step = match self.state {
                State::BlockStart => self.block_start(bits),
                State::StoredLength => self.stored_length(bits),
                State::Stored { left } => Ok(self.stored(bits, window, left)),
                State::Counts => self.counts(bits),
                State::LengthCode { read } => self.length_code(bits, read),
                State::Lengths { read } => self.lengths(bits, read),
                State::Symbols => self.symbols(bits, window),
                State::End => return Ok(Pause::End),
            };
            if step?.is_none() {
                return Ok(Pause::Input);
            }
        }
    }

    fn block_start(&mut self, bits: &mut Bits) -> Step {
        let Some(header) = bits.take(3) else { return Ok(None) };
        self.last_block = header & 1 == 1;
        match header >> 1 {
            STORED => {
                bits.align();
                self.state = State::StoredLength;
            }
            FIXED => {
                if !self.fixed {
                    self.literals.build(&fixed_literal_lengths())?;
                    self.distances.build(&FIXED_DISTANCE_LENGTHS)?;
                    self.fixed = true;
                }
                self.state = State::Symbols;
            }
            DYNAMIC => self.state = State::Counts,
            _ => return Err(InflateError::BlockType),
        }
        Ok(Some(()))
    }

    fn stored_length(&mut self, bits: &mut Bits) -> Step {
        let Some(both) = bits.take(32) else { return Ok(None) };
        let (length, complement) = (both as u16, (both >> 16) as u16);
        if length != !complement {
            return Err(InflateError::StoredLength { length, complement });
        }
        bits.give_back();
        self.state = State::Stored { left: length.into() };
        Ok(Some(()))
    }

    fn stored(&mut self, bits: &mut Bits, window: &mut Window, left: usize) -> Option<()> {
        if left == 0 {
            self.end_block(bits);
            return Some(());
        }
        let count = window.append(bits.unread(), left);
        bits.advance(count);
        self.state = State::Stored { left: left - count };
        (count > 0).then_some(())
    }

    fn end_block(&mut self, bits: &mut Bits) {
        self.state = State::BlockStart;
        if self.last_block {
            bits.give_back();
            self.state = State::End;
        }
    }

    fn counts(&mut self, bits: &mut Bits) -> Step {
        let Some(counts) = bits.take(14) else { return Ok(None) };
        let literals = (counts & 31) as usize + 257;
        let distances = (counts >> 5 & 31) as usize + 1;
        if literals > USED_LITERALS || distances > USED_DISTANCES {
            return Err(InflateError::TooManySymbols { literals, distances });
        }
        self.counts = (literals, distances, (counts >> 10) as usize + 4);
        self.lengths.fill(0);
        self.state = State::LengthCode { read: 0 };
        Ok(Some(()))
    }

    /// One length of the code of code lengths; behind the last one the code.
    fn length_code(&mut self, bits: &mut Bits, read: usize) -> Step {
        if read == self.counts.2 {
            self.length_code.build(&self.lengths[..CODE_LENGTHS])?;
            self.lengths.fill(0);
            self.state = State::Lengths { read: 0 };
            return Ok(Some(()));
        }
        let Some(length) = bits.take(3) else { return Ok(None) };
        self.lengths[CODE_LENGTH_ORDER[read]] = length as u8;
        self.state = State::LengthCode { read: read + 1 };
        Ok(Some(()))
    }

    /// One word of the code lengths, which may be many lengths; behind the last one the codes. Literals and distances are
    /// one row here, and a repetition may go from one into the other.
    fn lengths(&mut self, bits: &mut Bits, read: usize) -> Step {
        let wanted = self.counts.0 + self.counts.1;
        if read == wanted {
            return self.build_codes();
        }
        bits.refill();
        let Some(entry) = self.length_code.decode(bits.peek(), bits.count())? else { return Ok(None) };
        let symbol = huffman::value(entry) as u8;
        let (extra_bits, least) = match symbol {
            REPEAT => (2, 3),
            ZEROS => (3, 3),
            MANY_ZEROS => (7, 11),
            _ => (0, 1),
        };
        if huffman::length(entry) + extra_bits > bits.count() {
            return Ok(None);
        }
        bits.skip(huffman::length(entry));
        let Some(extra) = bits.take(extra_bits) else { return Ok(None) };
        let times = least + extra as usize;
        if times > wanted - read {
            return Err(InflateError::RepeatTooLong);
        }
        let length = match symbol {
            REPEAT if read == 0 => return Err(InflateError::NothingToRepeat),
            REPEAT => self.lengths[read - 1],
            ZEROS | MANY_ZEROS => 0,
            length => length,
        };
        self.lengths[read..read + times].fill(length);
        self.state = State::Lengths { read: read + times };
        Ok(Some(()))
    }

    fn build_codes(&mut self) -> Step {
        let (literals, distances) = self.lengths[..self.counts.0 + self.counts.1].split_at(self.counts.0);
        if literals[END_OF_BLOCK] == 0 {
            return Err(InflateError::NoEndOfBlock);
        }
        self.fixed = false;
        self.literals.build(literals)?;
        self.distances.build(distances)?;
        self.state = State::Symbols;
        Ok(Some(()))
    }

    fn symbols(&mut self, bits: &mut Bits, window: &mut Window) -> Step {
        if self.fast_symbols(bits, window)? {
            self.end_block(bits);
            return Ok(Some(()));
        }
        if window.written > window.last() {
            return Ok(Some(()));
        }
        self.symbol(bits, window)
    }

    /// One symbol near the end of the input: a literal, or length and distance together. With all extra bits that is 48
    /// bits at most, and a refill gives 57.
    fn symbol(&mut self, bits: &mut Bits, window: &mut Window) -> Step {
        bits.refill();
        let (mut rest, mut count) = (bits.peek(), bits.count());
        let Some(entry) = self.literals.decode(rest, count)? else { return Ok(None) };
        if entry & LITERAL != 0 {
            bits.skip(huffman::length(entry));
            window.literal(huffman::value(entry) as u8);
            return Ok(Some(()));
        }
        if entry & END != 0 {
            bits.skip(huffman::length(entry));
            self.end_block(bits);
            return Ok(Some(()));
        }
        let Some(length) = amount(entry, &mut rest, &mut count) else { return Ok(None) };
        let Some(entry) = self.distances.decode(rest, count)? else { return Ok(None) };
        let Some(distance) = amount(entry, &mut rest, &mut count) else { return Ok(None) };
        bits.skip(bits.count() - count);
        window.repeat(length, distance)?;
        Ok(Some(()))
    }

    /// Symbols while there is plenty of input and of room, with everything in local variables. `true`: the block ended.
    fn fast_symbols(&mut self, bits: &mut Bits, window: &mut Window) -> Result<bool, InflateError> {
        let (input, mut position, mut word, mut count) = bits.parts();
        let (begin, last) = (window.begin(), window.last());
        let bytes = &mut window.bytes[..];
        let mut at = window.written;
        let (literals, literal_bits) = (&self.literals.entries[..], self.literals.root_bits());
        let (distances, distance_bits) = (&self.distances.entries[..], self.distances.root_bits());

        // Two refills of 8 bytes, the first of which may advance by 7; three literals before a match.
        let outcome = loop {
            if position + 16 > input.len() || at + 3 > last {
                break Ok(false);
            }
            refill(input, &mut position, &mut word, &mut count);
            let mut entry = huffman::look_up(literals, literal_bits, word);
            let mut in_a_row = 0;
            while entry & LITERAL != 0 && in_a_row < 3 {
                bytes[at] = huffman::value(entry) as u8;
                at += 1;
                word >>= huffman::length(entry);
                count -= huffman::length(entry);
                entry = huffman::look_up(literals, literal_bits, word);
                in_a_row += 1;
            }
            if entry & LITERAL != 0 {
                continue;
            }
            refill(input, &mut position, &mut word, &mut count);
            if let Err(error) = self.literals.checked(entry) {
                break Err(error);
            }
            if entry & END != 0 {
                word >>= huffman::length(entry);
                count -= huffman::length(entry);
                break Ok(true);
            }
            let length = fast_amount(entry, &mut word, &mut count);
            let entry = huffman::look_up(distances, distance_bits, word);
            if let Err(error) = self.distances.checked(entry) {
                break Err(error);
            }
            let distance = fast_amount(entry, &mut word, &mut count);
            if let Err(error) = window::check_distance(distance, at - begin) {
                break Err(error);
            }
            window::copy(bytes, at, length, distance);
            at += length;
        };
        window.written = at;
        bits.set(position, word, count);
        outcome
    }
}

/// The length or distance an entry and the bits behind its word say. `None`: there are not enough bits.
fn amount(entry: u32, bits: &mut u64, count: &mut u32) -> Option<usize> {
    if huffman::length(entry) + huffman::extra(entry) > *count {
        return None;
    }
    Some(fast_amount(entry, bits, count))
}

/// As [`amount`], when there are enough bits.
#[inline(always)]
fn fast_amount(entry: u32, bits: &mut u64, count: &mut u32) -> usize {
    let (length, extra) = (huffman::length(entry), huffman::extra(entry));
    let more = (*bits >> length) & ((1 << extra) - 1);
    *bits >>= length + extra;
    *count -= length + extra;
    huffman::value(entry) as usize + more as usize
}

/// 56 bits or more, from 8 bytes at once. Those that do not fit whole are added again the next time.
#[inline(always)]
fn refill(input: &[u8], position: &mut usize, word: &mut u64, count: &mut u32) {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&input[*position..*position + 8]);
    *word |= u64::from_le_bytes(bytes) << *count;
    let taken = (63 - *count) / 8;
    *position += taken as usize;
    *count += taken * 8;
}
