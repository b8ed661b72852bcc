//! SHA-512 and SHA-512/256: 64 or 32 bytes that stand for a message of any length.
//!
//! ```text
//! message ──▶ 128-byte blocks ──▶ 80 rounds each ──▶ eight 64-bit words
//!
//! the last block:  rest of the message | 80 | 00 … | length in bits, 16 bytes
//! ```
//! [`Sha512`] takes the message in pieces of any length and keeps at most one unfinished block.
//!
//! SHA-512/256 runs the same rounds from *other initial values* and keeps half of the result. So it is not the first half
//! of a SHA-512, and nobody who holds one can compute the other. Its half also stops length extension: who knows
//! SHA-512(secret) knows the state behind it and can hash on; of SHA-512/256 they lack half the state.
//!
//! Left out: messages of 2⁶¹ bytes and more (the standard's bound is 2¹²⁵).
//!
//! FIPS 180-4, sections 5.3.5, 5.3.6.2, 6.4 and 6.7. Book: Listing 6-12.

use super::blocks::Blocks;

/// Bytes in a block.
pub const BLOCK: usize = 128;

/// The first 64 bits behind the point of the cube roots of the first eighty primes.
#[rustfmt::skip]
const ROUNDS: [u64; 80] = [
    0x428a_2f98_d728_ae22, 0x7137_4491_23ef_65cd, 0xb5c0_fbcf_ec4d_3b2f, 0xe9b5_dba5_8189_dbbc,
    0x3956_c25b_f348_b538, 0x59f1_11f1_b605_d019, 0x923f_82a4_af19_4f9b, 0xab1c_5ed5_da6d_8118,
    0xd807_aa98_a303_0242, 0x1283_5b01_4570_6fbe, 0x2431_85be_4ee4_b28c, 0x550c_7dc3_d5ff_b4e2,
    0x72be_5d74_f27b_896f, 0x80de_b1fe_3b16_96b1, 0x9bdc_06a7_25c7_1235, 0xc19b_f174_cf69_2694,
    0xe49b_69c1_9ef1_4ad2, 0xefbe_4786_384f_25e3, 0x0fc1_9dc6_8b8c_d5b5, 0x240c_a1cc_77ac_9c65,
    0x2de9_2c6f_592b_0275, 0x4a74_84aa_6ea6_e483, 0x5cb0_a9dc_bd41_fbd4, 0x76f9_88da_8311_53b5,
    0x983e_5152_ee66_dfab, 0xa831_c66d_2db4_3210, 0xb003_27c8_98fb_213f, 0xbf59_7fc7_beef_0ee4,
    0xc6e0_0bf3_3da8_8fc2, 0xd5a7_9147_930a_a725, 0x06ca_6351_e003_826f, 0x1429_2967_0a0e_6e70,
    0x27b7_0a85_46d2_2ffc, 0x2e1b_2138_5c26_c926, 0x4d2c_6dfc_5ac4_2aed, 0x5338_0d13_9d95_b3df,
    0x650a_7354_8baf_63de, 0x766a_0abb_3c77_b2a8, 0x81c2_c92e_47ed_aee6, 0x9272_2c85_1482_353b,
    0xa2bf_e8a1_4cf1_0364, 0xa81a_664b_bc42_3001, 0xc24b_8b70_d0f8_9791, 0xc76c_51a3_0654_be30,
    0xd192_e819_d6ef_5218, 0xd699_0624_5565_a910, 0xf40e_3585_5771_202a, 0x106a_a070_32bb_d1b8,
    0x19a4_c116_b8d2_d0c8, 0x1e37_6c08_5141_ab53, 0x2748_774c_df8e_eb99, 0x34b0_bcb5_e19b_48a8,
    0x391c_0cb3_c5c9_5a63, 0x4ed8_aa4a_e341_8acb, 0x5b9c_ca4f_7763_e373, 0x682e_6ff3_d6b2_b8a3,
    0x748f_82ee_5def_b2fc, 0x78a5_636f_4317_2f60, 0x84c8_7814_a1f0_ab72, 0x8cc7_0208_1a64_39ec,
    0x90be_fffa_2363_1e28, 0xa450_6ceb_de82_bde9, 0xbef9_a3f7_b2c6_7915, 0xc671_78f2_e372_532b,
    0xca27_3ece_ea26_619c, 0xd186_b8c7_21c0_c207, 0xeada_7dd6_cde0_eb1e, 0xf57d_4f7f_ee6e_d178,
    0x06f0_67aa_7217_6fba, 0x0a63_7dc5_a2c8_98a6, 0x113f_9804_bef9_0dae, 0x1b71_0b35_131c_471b,
    0x28db_77f5_2304_7d84, 0x32ca_ab7b_40c7_2493, 0x3c9e_be0a_15c9_bebc, 0x431d_67c4_9c10_0d4c,
    0x4cc5_d4be_cb3e_42b6, 0x597f_299c_fc65_7e2a, 0x5fcb_6fab_3ad6_faec, 0x6c44_198c_4a47_5817,
];

/// The first 64 bits behind the point of the square roots of the first eight primes.
#[rustfmt::skip]
const START_512: [u64; 8] = [
    0x6a09_e667_f3bc_c908, 0xbb67_ae85_84ca_a73b, 0x3c6e_f372_fe94_f82b, 0xa54f_f53a_5f1d_36f1,
    0x510e_527f_ade6_82d1, 0x9b05_688c_2b3e_6c1f, 0x1f83_d9ab_fb41_bd6b, 0x5be0_cd19_137e_2179,
];

/// What SHA-512, its own initial values XORed with a5…a5, makes of the text `SHA-512/256`.
#[rustfmt::skip]
const START_512_256: [u64; 8] = [
    0x2231_2194_fc2b_f72c, 0x9f55_5fa3_c84c_64c2, 0x2393_b86b_6f53_b151, 0x9638_7719_5940_eabd,
    0x9628_3ee2_a88e_ffe3, 0xbe5e_1e25_5386_3992, 0x2b01_99fc_2c85_b8aa, 0x0eb7_2ddc_81c5_2ca2,
];

/// The SHA-512 of `message`.
pub fn sha512(message: &[u8]) -> [u8; 64] {
    let mut hash = Sha512::new();
    hash.update(message);
    hash.finish()
}

/// The SHA-512/256 of `message`.
pub fn sha512_256(message: &[u8]) -> [u8; 32] {
    let mut hash = Sha512_256::new();
    hash.update(message);
    hash.finish()
}

/// A SHA-512 under way.
#[derive(Clone, Debug)]
pub struct Sha512 {
    state: [u64; 8],
    blocks: Blocks<BLOCK>,
}

impl Sha512 {
    /// Of the empty message, so far.
    pub fn new() -> Sha512 {
        Sha512::starting_from(START_512)
    }

    fn starting_from(state: [u64; 8]) -> Sha512 {
        Sha512 { state, blocks: Blocks::new() }
    }

    /// Appends a piece of the message.
    pub fn update(&mut self, piece: &[u8]) {
        let state = &mut self.state;
        self.blocks.update(piece, |block| compress(state, block));
    }

    /// The hash of the message.
    pub fn finish(self) -> [u8; 64] {
        let mut hash = [0; 64];
        for (bytes, word) in hash.chunks_exact_mut(8).zip(self.last_state()) {
            bytes.copy_from_slice(&word.to_be_bytes());
        }
        hash
    }

    fn last_state(mut self) -> [u64; 8] {
        let state = &mut self.state;
        self.blocks.finish(|block| compress(state, block));
        self.state
    }
}

impl Default for Sha512 {
    fn default() -> Sha512 {
        Sha512::new()
    }
}

/// A SHA-512/256 under way.
#[derive(Clone, Debug)]
pub struct Sha512_256 {
    inner: Sha512,
}

impl Sha512_256 {
    /// Of the empty message, so far.
    pub fn new() -> Sha512_256 {
        Sha512_256 { inner: Sha512::starting_from(START_512_256) }
    }

    /// Appends a piece of the message.
    pub fn update(&mut self, piece: &[u8]) {
        self.inner.update(piece);
    }

    /// The hash of the message.
    pub fn finish(self) -> [u8; 32] {
        let whole = self.inner.finish();
        let mut half = [0; 32];
        half.copy_from_slice(&whole[..32]);
        half
    }
}

impl Default for Sha512_256 {
    fn default() -> Sha512_256 {
        Sha512_256::new()
    }
}

/// One block: eighty rounds over the eight words, and what they were before added to what they have become.
fn compress(state: &mut [u64; 8], block: &[u8; BLOCK]) {
    let schedule = schedule(block);
    let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = *state;
    for (word, constant) in schedule.iter().zip(&ROUNDS) {
        let mix_e = e.rotate_right(14) ^ e.rotate_right(18) ^ e.rotate_right(41);
        let choice = (e & f) ^ (!e & g);
        let first = h.wrapping_add(mix_e).wrapping_add(choice).wrapping_add(*constant).wrapping_add(*word);
        let mix_a = a.rotate_right(28) ^ a.rotate_right(34) ^ a.rotate_right(39);
        let majority = (a & b) ^ (a & c) ^ (b & c);
        let second = mix_a.wrapping_add(majority);
        h = g;
        g = f;
        f = e;
        e = d.wrapping_add(first);
        d = c;
        c = b;
        b = a;
        a = first.wrapping_add(second);
    }
    for (before, after) in state.iter_mut().zip([a, b, c, d, e, f, g, h]) {
        *before = before.wrapping_add(after);
    }
}

/// A word per round: the block's sixteen, then each from four before it.
fn schedule(block: &[u8; BLOCK]) -> [u64; 80] {
    let mut words = [0u64; 80];
    for (word, bytes) in words.iter_mut().zip(block.chunks_exact(8)) {
        for byte in bytes {
            *word = *word << 8 | u64::from(*byte);
        }
    }
    for round in 16..80 {
        let (near, far) = (words[round - 2], words[round - 15]);
        let mix_far = far.rotate_right(1) ^ far.rotate_right(8) ^ (far >> 7);
        let mix_near = near.rotate_right(19) ^ near.rotate_right(61) ^ (near >> 6);
        words[round] =
            words[round - 16].wrapping_add(mix_far).wrapping_add(words[round - 7]).wrapping_add(mix_near);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn counting(length: usize) -> Vec<u8> {
        (0..length).map(|index| (index % 251) as u8).collect()
    }

    /// The standard's example of two blocks.
    const TWO_BLOCKS: &[u8] = b"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn\
        hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu";

    #[test]
    fn the_examples_of_the_standard_come_out() {
        let examples: [(&[u8], &str); 3] = [
            (
                b"",
                "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce\
                 47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e",
            ),
            (
                b"abc",
                "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
                 2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
            ),
            (
                TWO_BLOCKS,
                "8e959b75dae313da8cf4f72814fc143f8f7779c6eb9f7fa17299aeadb6889018\
                 501d289e4900f7e4331b99dec4b5433ac7d329eeb6dd26545e96e55b874be909",
            ),
        ];
        for (message, hash) in examples {
            assert_eq!(hex(&sha512(message)), hash);
        }
    }

    #[test]
    fn the_examples_of_the_half_come_out() {
        let examples: [(&[u8], &str); 3] = [
            (b"", "c672b8d1ef56ed28ab87c3622c5114069bdd3ad7b8f9737498d0c01ecef0967a"),
            (b"abc", "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23"),
            (TWO_BLOCKS, "3928e184fb8690f840da3988121d31be65cb9d3ef83ee6146feac861e19b563a"),
        ];
        for (message, hash) in examples {
            assert_eq!(hex(&sha512_256(message)), hash);
        }
    }

    #[test]
    fn a_million_letters_come_out_whatever_the_pieces() {
        let (mut whole, mut half) = (Sha512::new(), Sha512_256::new());
        let letters = [b'a'; 1000];
        let mut left = 1_000_000;
        let mut length = 1;
        while left > 0 {
            let piece = &letters[..length.min(left).min(1000)];
            whole.update(piece);
            half.update(piece);
            left -= piece.len();
            length = length * 7 % 1009;
        }
        assert_eq!(
            hex(&whole.finish()),
            "e718483d0ce769644e2e42c7bc15b4638e1f98b13b2044285632a803afa973eb\
             de0ff244877ea60a4cb0432ce577c31beb009c5c2c49aa2e4eadb217ad8cc09b"
        );
        assert_eq!(hex(&half.finish()), "9a59a052930187a97038cae692f30708aa6491923ef5194394dc68d56c74fb21");
    }

    #[test]
    fn lengths_around_the_edge_of_a_block_come_out() {
        // The first 64 bits each, from another implementation. 111 is the last length whose end fits into the same block.
        let table = [
            (0, "cf83e1357eefb8bd", "c672b8d1ef56ed28"),
            (1, "b8244d028981d693", "10baad1713566ac2"),
            (111, "a1a111449b198d9b", "bd209f60b0d04102"),
            (112, "c5fbd731d19d2ae1", "2cafeb0882cc4051"),
            (113, "61b2e77db697dfe5", "3222333be019dc99"),
            (127, "eab89674feaa34e2", "c26bc7e9315e62ab"),
            (128, "1dffd5e3adb71d45", "2ff11194b2aec1f9"),
            (129, "1d9da57fbbdab09a", "c4a3bbf841ed2a28"),
            (239, "cb4c7fd522756d57", "b81472d255d80182"),
            (240, "6c48466c9f6c07e4", "6ca13c55886b74a5"),
            (241, "4f663484efca758d", "1a488e47268942a4"),
            (256, "7ff1cd1e9773a4b7", "0ea4199eb79185d8"),
            (1000, "5096498d96f50f9a", "974bc1ca87fcb8f4"),
        ];
        for (length, whole, half) in table {
            assert_eq!(&hex(&sha512(&counting(length)))[..16], whole, "{length} bytes");
            assert_eq!(&hex(&sha512_256(&counting(length)))[..16], half, "{length} bytes");
        }
    }

    #[test]
    fn a_message_in_two_pieces_is_the_same_message() {
        let message = counting(300);
        for cut in 0..=message.len() {
            let mut hash = Sha512::new();
            hash.update(&message[..cut]);
            hash.update(&[]);
            hash.update(&message[cut..]);
            assert_eq!(hash.finish(), sha512(&message), "cut at {cut}");
        }
    }

    #[test]
    fn the_half_is_not_half_of_the_whole() {
        assert_ne!(sha512_256(b"abc")[..], sha512(b"abc")[..32]);
    }

    /// FIPS 180-4, section 5.3.6: the values of SHA-512/t come from SHA-512 itself.
    #[test]
    fn the_initial_values_of_the_half_follow_from_its_name() {
        let mut hash = Sha512::starting_from(START_512.map(|word| word ^ 0xa5a5_a5a5_a5a5_a5a5));
        hash.update(b"SHA-512/256");
        assert_eq!(hash.last_state(), START_512_256);
    }

    /// Length extension: the hash of a secret message is the state behind it, so anybody can hash on from there. The half
    /// gives away half the state only.
    #[test]
    fn a_whole_hash_can_be_extended_without_its_message() {
        let secret = b"key=secret&user=reader";
        let known = sha512(secret);
        // What the secret's own last block looks like to the one who extends it: only its length is needed.
        let mut padding = vec![0x80];
        padding.resize(BLOCK - BLOCK / 8 - secret.len(), 0);
        padding.extend_from_slice(&(secret.len() as u128 * 8).to_be_bytes());

        let mut forged = Sha512::new();
        for (word, bytes) in forged.state.iter_mut().zip(known.chunks_exact(8)) {
            *word = u64::from_be_bytes(bytes.try_into().unwrap());
        }
        forged.blocks.length = BLOCK as u64;
        forged.update(b"&user=admin");

        let honest = [&secret[..], &padding, b"&user=admin"].concat();
        assert_eq!(forged.finish(), sha512(&honest));

        let mut half = Sha512_256::new();
        for (word, bytes) in half.inner.state.iter_mut().zip(sha512_256(secret).chunks_exact(8)) {
            *word = u64::from_be_bytes(bytes.try_into().unwrap());
        }
        half.inner.blocks.length = BLOCK as u64;
        half.update(b"&user=admin");
        assert_ne!(half.finish(), sha512_256(&honest));
    }
}
