//! The numbers of RFC 1951 that the compressor and the decoder share.

/// The farthest a match may reach back (RFC 1951, 2).
pub const WINDOW_BYTES: usize = 32 * 1024;
/// The shortest match a length code can say.
pub const SHORTEST_MATCH: usize = 3;
/// The longest.
pub const LONGEST_MATCH: usize = 258;
/// The longest code of literals, lengths and distances, in bits (3.2.7).
pub const LONGEST_CODE: usize = 15;
/// The longest code of code lengths: three bits say its length.
pub const LONGEST_LENGTH_CODE: usize = 7;
/// Most bytes a stored block holds: its length has 16 bits.
pub const LONGEST_STORED: usize = 0xffff;
/// The symbol that ends a block.
pub const END_OF_BLOCK: usize = 256;
/// Symbols for literals and lengths, with two that the fixed code has and nobody may use.
pub const LITERALS: usize = 288;
/// Symbols for distances, again with two that nobody may use.
pub const DISTANCES: usize = 32;
/// Of the first, those a block may use.
pub const USED_LITERALS: usize = 286;
/// Of the second, those a block may use.
pub const USED_DISTANCES: usize = 30;
/// Symbols for code lengths.
pub const CODE_LENGTHS: usize = 19;

/// Stored, with fixed codes, with codes of its own: a block's type (3.2.3).
pub const STORED: u32 = 0;
/// The code everybody knows.
pub const FIXED: u32 = 1;
/// A code that stands in front of the block.
pub const DYNAMIC: u32 = 2;

/// The shortest length each of the symbols from 257 on says.
#[rustfmt::skip]
pub const LENGTH_BASE: [u16; 29] = [
    3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258,
];
/// How many bits behind it are added to that.
#[rustfmt::skip]
pub const LENGTH_EXTRA: [u8; 29] = [
    0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
];
/// The shortest distance each symbol says.
#[rustfmt::skip]
pub const DISTANCE_BASE: [u16; 30] = [
    1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145,
    8193, 12289, 16385, 24577,
];
/// How many bits behind it are added to that.
#[rustfmt::skip]
pub const DISTANCE_EXTRA: [u8; 30] = [
    0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13,
];
/// The order in which the lengths of the code-length code stand (3.2.7): those likely to be zero last, so that they can be
/// left away.
pub const CODE_LENGTH_ORDER: [usize; CODE_LENGTHS] =
    [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
/// Repeat the length before, 3 to 6 times: two more bits say how often.
pub const REPEAT: u8 = 16;
/// Zero, 3 to 10 times: three bits.
pub const ZEROS: u8 = 17;
/// Zero, 11 to 138 times: seven bits.
pub const MANY_ZEROS: u8 = 18;

/// The lengths of the fixed code (3.2.6).
pub const fn fixed_literal_lengths() -> [u8; LITERALS] {
    let mut lengths = [8; LITERALS];
    let mut symbol = 144;
    while symbol < 280 {
        lengths[symbol] = if symbol < 256 { 9 } else { 7 };
        symbol += 1;
    }
    lengths
}

/// The fixed code of distances: five bits each.
pub const FIXED_DISTANCE_LENGTHS: [u8; DISTANCES] = [5; DISTANCES];
