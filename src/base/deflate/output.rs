//! The output: bits, put together to bytes, the lowest bit of each byte first (RFC 1951, 3.1.1).

/// Bytes to be written, and the bits of up to eight not yet full.
#[derive(Debug, Default)]
pub struct Output {
    pub bytes: Vec<u8>,
    bits: u64,
    count: u32,
}

impl Output {
    /// Adds the lowest `count` bits of `bits`, 48 at most; those above must be zero.
    #[inline]
    pub fn put(&mut self, bits: u64, count: u32) {
        self.bits |= bits << self.count;
        let total = self.count + count;
        if total < 64 {
            self.count = total;
            return;
        }
        // Eight whole bytes at once. What did not fit begins the next eight; 16 bits at least were there before.
        self.bytes.extend_from_slice(&self.bits.to_le_bytes());
        self.bits = bits >> (64 - self.count);
        self.count = total - 64;
    }

    /// Fills up the last byte with zeros, and moves all to the others.
    pub fn align(&mut self) {
        let begun = self.count.div_ceil(8) as usize;
        self.bytes.extend_from_slice(&self.bits.to_le_bytes()[..begun]);
        (self.bits, self.count) = (0, 0);
    }

    /// How many bits [`Output::align`] would add after `more` bits.
    pub fn padding(&self, more: u32) -> u32 {
        (8 - (self.count + more) % 8) % 8
    }
}
