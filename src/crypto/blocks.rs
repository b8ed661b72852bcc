//! A message in blocks: what every hash of the SHA family does around its compression (FIPS 180-4, section 5).
//!
//! ```text
//! message │ 80 │ 00 … 00 │ length in bits      a multiple of N bytes
//! └─ block 1 ─┴─ block 2 ─┴─ … ─┘              each goes to `compress`
//! ```
//! At most one unfinished block is kept, however the message comes in pieces.

/// The part of a message that does not fill a block of `N` bytes yet, and the length of all of it.
#[derive(Clone, Debug)]
pub struct Blocks<const N: usize> {
    /// The block that is not full yet: its first `filled` bytes, always fewer than `N`.
    block: [u8; N],
    filled: usize,
    /// Bytes so far.
    pub(super) length: u64,
}

impl<const N: usize> Blocks<N> {
    /// Of the empty message, so far.
    pub fn new() -> Blocks<N> {
        Blocks { block: [0; N], filled: 0, length: 0 }
    }

    /// Appends a piece of the message, and hands over each block that becomes full.
    pub fn update(&mut self, mut piece: &[u8], mut compress: impl FnMut(&[u8; N])) {
        self.length = self.length.wrapping_add(piece.len() as u64);
        if self.filled > 0 {
            piece = self.fill_block(piece, &mut compress);
        }
        while let Some((block, rest)) = piece.split_first_chunk::<N>() {
            compress(block);
            piece = rest;
        }
        if !piece.is_empty() {
            self.block[..piece.len()].copy_from_slice(piece);
            self.filled = piece.len();
        }
    }

    /// Adds to the block that is not full; gives what did not fit. If nothing is left over the block may stay unfinished.
    fn fill_block<'a>(&mut self, piece: &'a [u8], compress: &mut impl FnMut(&[u8; N])) -> &'a [u8] {
        let fits = piece.len().min(N - self.filled);
        self.block[self.filled..self.filled + fits].copy_from_slice(&piece[..fits]);
        self.filled += fits;
        if self.filled == N {
            compress(&self.block);
            self.filled = 0;
        }
        &piece[fits..]
    }

    /// Ends the message with a one bit, zeros, and its length in bits, which takes an eighth of a block. Where the length does not
    /// fit, it stands in a block of its own.
    pub fn finish(mut self, mut compress: impl FnMut(&[u8; N])) {
        let before_length = N - N / 8;
        self.block[self.filled] = 0x80;
        self.block[self.filled + 1..].fill(0);
        if self.filled >= before_length {
            compress(&self.block);
            self.block.fill(0);
        }
        let bits = u128::from(self.length) * 8;
        let bits = bits.to_be_bytes();
        self.block[before_length..].copy_from_slice(&bits[bits.len() - N / 8..]);
        compress(&self.block);
    }
}

impl<const N: usize> Default for Blocks<N> {
    fn default() -> Blocks<N> {
        Blocks::new()
    }
}
