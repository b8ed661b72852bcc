//! The input: bytes from the source, taken out bit by bit, the lowest bit of each byte first (RFC 1951, 3.1.1).

use std::io::{self, Read};

/// Bytes asked of the source at once.
const BUFFER_BYTES: usize = 16 * 1024;

/// Bytes that were read and not used, the first of them already among the bits.
#[derive(Debug)]
pub struct Bits {
    buffer: Box<[u8]>,
    position: usize,
    end: usize,
    /// The next `count` bits, lowest first. Above them there may be more bits of the byte at `position`, and nothing else,
    /// so that they may be added a second time.
    bits: u64,
    count: u32,
}

impl Bits {
    pub fn new() -> Bits {
        Bits { buffer: vec![0; BUFFER_BYTES].into(), position: 0, end: 0, bits: 0, count: 0 }
    }

    /// Asks the source once. `false`: it has ended. To be called when nothing more can be decoded from what is here, so a
    /// peer that waits for our answer is not read from too early.
    pub fn fill(&mut self, source: &mut impl Read) -> io::Result<bool> {
        debug_assert_eq!(self.position, self.end);
        loop {
            match source.read(&mut self.buffer) {
                Ok(count) => {
                    (self.position, self.end) = (0, count);
                    return Ok(count > 0);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Takes bytes over until there are 57 bits or more, or no more bytes.
    pub fn refill(&mut self) {
        while self.count <= 56 && self.position < self.end {
            self.bits |= u64::from(self.buffer[self.position]) << self.count;
            self.position += 1;
            self.count += 8;
        }
    }

    /// The bits, of which [`Bits::count`] are there.
    pub fn peek(&self) -> u64 {
        self.bits
    }

    /// How many bits can be taken without a refill.
    pub fn count(&self) -> u32 {
        self.count
    }

    /// Leaves out bits that were looked at.
    pub fn skip(&mut self, count: u32) {
        self.bits >>= count;
        self.count -= count;
    }

    /// The next `count` bits (32 at most) as a number. `None`, and nothing is taken: there are not so many.
    pub fn take(&mut self, count: u32) -> Option<u32> {
        if self.count < count {
            self.refill();
        }
        if self.count < count {
            return None;
        }
        let value = self.bits & ((1 << count) - 1);
        self.skip(count);
        Some(value as u32)
    }

    /// Leaves out what is left of a byte.
    pub fn align(&mut self) {
        self.skip(self.count % 8);
    }

    /// Gives whole bytes back to the buffer. They are there: as [`Bits::fill`] is called only for a step that needs more
    /// than all bits, the bits left after it are from the buffer it filled.
    pub fn give_back(&mut self) {
        self.align();
        self.position -= self.count as usize / 8;
        (self.bits, self.count) = (0, 0);
    }

    /// The bytes that were read and not used; [`Bits::give_back`] comes first.
    pub fn unread(&self) -> &[u8] {
        &self.buffer[self.position..self.end]
    }

    /// Puts bytes in front of everything. There are no bits yet, and a stream has more bytes than these: none of them is ever
    /// given back to the buffer.
    pub fn put_back(&mut self, bytes: &[u8]) {
        debug_assert!(self.count == 0 && bytes.len() <= 2);
        for byte in bytes {
            self.bits |= u64::from(*byte) << self.count;
            self.count += 8;
        }
    }

    /// Bytes of [`Bits::unread`] were used.
    pub fn advance(&mut self, count: usize) {
        self.position += count;
    }

    /// Everything the fast loop keeps in registers.
    pub fn parts(&self) -> (&[u8], usize, u64, u32) {
        (&self.buffer[..self.end], self.position, self.bits, self.count)
    }

    /// Puts back what the fast loop left over.
    pub fn set(&mut self, position: usize, bits: u64, count: u32) {
        (self.position, self.bits, self.count) = (position, bits, count);
    }
}
