//! SHA-1: 160 bits of a message's fingerprint. **Broken for signatures**: two messages with one hash have been made (2017).
//!
//! What is left for it are places that only want to see that the other side knows a rule. The WebSocket handshake is one: there it
//! shows that a server understood the question, and hides nothing from anybody.
//!
//! ```text
//! message │ 80 │ 00 … 00 │ length in bits, 8 bytes      a multiple of 64 bytes
//! └─ block 1 ─┴─ block 2 ─┴─ … ─┘                        each stirred into five words of 32 bits
//! ```
//! [`Sha1`] takes the message in pieces of any length and keeps at most one unfinished block. Left out: messages of 2⁶¹ bytes and
//! more.
//!
//! FIPS 180-4, sections 5.3.1 and 6.1; RFC 3174.

use super::blocks::Blocks;

/// Bytes in a block.
pub const BLOCK: usize = 64;

const START: [u32; 5] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];

/// The SHA-1 of `message`.
pub fn sha1(message: &[u8]) -> [u8; 20] {
    let mut hash = Sha1::new();
    hash.update(message);
    hash.finish()
}

/// A SHA-1 under way.
#[derive(Clone, Debug)]
pub struct Sha1 {
    state: [u32; 5],
    blocks: Blocks<BLOCK>,
}

impl Sha1 {
    /// Of the empty message, so far.
    pub fn new() -> Sha1 {
        Sha1 { state: START, blocks: Blocks::new() }
    }

    /// Appends a piece of the message.
    pub fn update(&mut self, piece: &[u8]) {
        let state = &mut self.state;
        self.blocks.update(piece, |block| compress(state, block));
    }

    /// The hash of the message.
    pub fn finish(mut self) -> [u8; 20] {
        let state = &mut self.state;
        self.blocks.finish(|block| compress(state, block));
        let mut hash = [0; 20];
        for (bytes, word) in hash.chunks_exact_mut(4).zip(self.state) {
            bytes.copy_from_slice(&word.to_be_bytes());
        }
        hash
    }
}

impl Default for Sha1 {
    fn default() -> Sha1 {
        Sha1::new()
    }
}

/// One block: four times twenty rounds over the five words, and what they were before added to what they have become.
fn compress(state: &mut [u32; 5], block: &[u8; BLOCK]) {
    let [mut a, mut b, mut c, mut d, mut e] = *state;
    for (round, word) in schedule(block).iter().enumerate() {
        let (mix, constant) = match round / 20 {
            0 => ((b & c) | (!b & d), 0x5a82_7999),
            1 => (b ^ c ^ d, 0x6ed9_eba1),
            2 => ((b & c) | (b & d) | (c & d), 0x8f1b_bcdc),
            _ => (b ^ c ^ d, 0xca62_c1d6_u32),
        };
        let next =
            a.rotate_left(5).wrapping_add(mix).wrapping_add(e).wrapping_add(constant).wrapping_add(*word);
        e = d;
        d = c;
        c = b.rotate_left(30);
        b = a;
        a = next;
    }
    for (before, after) in state.iter_mut().zip([a, b, c, d, e]) {
        *before = before.wrapping_add(after);
    }
}

/// A word per round: the block's sixteen, then each from four before it.
fn schedule(block: &[u8; BLOCK]) -> [u32; 80] {
    let mut words = [0u32; 80];
    for (word, bytes) in words.iter_mut().zip(block.chunks_exact(4)) {
        for byte in bytes {
            *word = *word << 8 | u32::from(*byte);
        }
    }
    for round in 16..80 {
        let mixed = words[round - 3] ^ words[round - 8] ^ words[round - 14] ^ words[round - 16];
        words[round] = mixed.rotate_left(1);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn the_examples_of_rfc_3174_come_out() {
        let eighty = b"01234567".repeat(80);
        let examples: [(&[u8], &str); 4] = [
            (b"", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
            (b"abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
            (
                b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "84983e441c3bd26ebaae4aa1f95129e5e54670f1",
            ),
            (&eighty, "dea356a2cddd90c7a7ecedc5ebb563934f460452"),
        ];
        for (message, hash) in examples {
            assert_eq!(hex(&sha1(message)), hash);
        }
    }

    #[test]
    fn a_million_letters_come_out_whatever_the_pieces() {
        let mut hash = Sha1::new();
        let letters = [b'a'; 1000];
        let mut left = 1_000_000;
        let mut length = 1;
        while left > 0 {
            let piece = &letters[..length.min(left).min(1000)];
            hash.update(piece);
            left -= piece.len();
            length = length * 7 % 1009;
        }
        assert_eq!(hex(&hash.finish()), "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
    }

    #[test]
    fn lengths_around_the_edge_of_a_block_come_out() {
        // From another implementation. 55 is the last length whose end fits into the same block.
        let table = [
            (1, "11f6ad8ec52a2984abaafd7c3b516503785c2072"),
            (54, "31045e7bb077ff8d188a776b196b980388735dbb"),
            (55, "cef734ba81a024479e09eb5a75b6ddae62e6abf1"),
            (56, "901305367c259952f4e7af8323f480d59f81335b"),
            (57, "025ecbd5d70f8fb3c5457cd96bab13fda305dc59"),
            (63, "0ddc4e0cccd9a12850deb5abb0853a4425559fec"),
            (64, "bb2fa3ee7afb9f54c6dfb5d021f14b1ffe40c163"),
            (65, "78c741ddc482e4cdf8c474a0876347a0905b6233"),
            (119, "4300320394f7ee239bcdce7d3b8bcee173a0cd5c"),
            (120, "ceb2821639c4b6dcb10bce0e522ca2e608ce056d"),
            (128, "150fa3fbdc899bd0b8f95a9fb6027f564d953762"),
        ];
        for (length, hash) in table {
            assert_eq!(hex(&sha1(&vec![b'x'; length])), hash, "{length} bytes");
        }
    }

    #[test]
    fn a_message_in_two_pieces_is_the_same_message() {
        let message: Vec<u8> = (0..150).collect();
        for cut in 0..=message.len() {
            let mut hash = Sha1::new();
            hash.update(&message[..cut]);
            hash.update(&[]);
            hash.update(&message[cut..]);
            assert_eq!(hash.finish(), sha1(&message), "cut at {cut}");
        }
    }
}
