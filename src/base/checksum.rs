//! The two checksums of compressed streams: CRC-32 in gzip's trailer (RFC 1952, 8), Adler-32 in zlib's (RFC 1950, 9).
//!
//! Both find accidents, not forgery: whoever can change the data can change the sum.
//!
//! Chapter 1 computes the same CRC bit by bit, to show what it is. Here it is on the way of every byte of a response, so
//! sixteen bytes are looked up at a time: table `k` holds what a byte does to the sum when `k` more bytes follow it.

/// The CRC's polynomial, lowest bit first.
const POLYNOMIAL: u32 = 0xedb8_8320;
/// How many bytes one step of the CRC takes.
const STEP: usize = 16;
/// The largest prime below 2¹⁶: both of Adler's sums are kept below it.
const ADLER_PRIME: u32 = 65_521;
/// So many bytes of 255 can be added before the second sum could leave 32 bits.
const ADLER_RUN: usize = 5552;

static TABLES: [[u32; 256]; STEP] = tables();

const fn tables() -> [[u32; 256]; STEP] {
    let mut tables = [[0; 256]; STEP];
    let mut byte = 0;
    while byte < 256 {
        let mut sum = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            sum = if sum & 1 == 1 { (sum >> 1) ^ POLYNOMIAL } else { sum >> 1 };
            bit += 1;
        }
        tables[0][byte] = sum;
        byte += 1;
    }
    let mut behind = 1;
    while behind < STEP {
        let mut byte = 0;
        while byte < 256 {
            let before = tables[behind - 1][byte];
            tables[behind][byte] = (before >> 8) ^ tables[0][(before & 0xff) as usize];
            byte += 1;
        }
        behind += 1;
    }
    tables
}

/// A CRC-32 as it grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crc32(u32);

impl Crc32 {
    /// The sum of no bytes.
    pub fn new() -> Crc32 {
        Crc32(!0)
    }

    /// Takes in the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        let mut sum = self.0;
        let mut steps = bytes.chunks_exact(STEP);
        for step in &mut steps {
            let carried = sum.to_le_bytes();
            sum = 0;
            for (at, byte) in step.iter().enumerate() {
                let byte = if at < 4 { byte ^ carried[at] } else { *byte };
                sum ^= TABLES[STEP - 1 - at][usize::from(byte)];
            }
        }
        for byte in steps.remainder() {
            sum = (sum >> 8) ^ TABLES[0][usize::from(byte ^ sum as u8)];
        }
        self.0 = sum;
    }

    /// The sum of all bytes so far.
    pub fn value(self) -> u32 {
        !self.0
    }
}

impl Default for Crc32 {
    fn default() -> Crc32 {
        Crc32::new()
    }
}

/// The CRC-32 of `bytes`.
pub fn crc32(bytes: &[u8]) -> u32 {
    let mut sum = Crc32::new();
    sum.update(bytes);
    sum.value()
}

/// An Adler-32 as it grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Adler32 {
    /// One and all bytes.
    bytes: u32,
    /// All values `bytes` has had.
    sums: u32,
}

impl Adler32 {
    /// The sum of no bytes.
    pub fn new() -> Adler32 {
        Adler32 { bytes: 1, sums: 0 }
    }

    /// Takes in the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        for run in bytes.chunks(ADLER_RUN) {
            for byte in run {
                self.bytes += u32::from(*byte);
                self.sums += self.bytes;
            }
            self.bytes %= ADLER_PRIME;
            self.sums %= ADLER_PRIME;
        }
    }

    /// The sum of all bytes so far.
    pub fn value(self) -> u32 {
        (self.sums << 16) | self.bytes
    }
}

impl Default for Adler32 {
    fn default() -> Adler32 {
        Adler32::new()
    }
}

/// The Adler-32 of `bytes`.
pub fn adler32(bytes: &[u8]) -> u32 {
    let mut sum = Adler32::new();
    sum.update(bytes);
    sum.value()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::random::Seeded;

    /// Bit by bit, as the polynomial says.
    fn slow_crc32(bytes: &[u8]) -> u32 {
        let mut sum = !0_u32;
        for byte in bytes {
            sum ^= u32::from(*byte);
            for _ in 0..8 {
                sum = if sum & 1 == 1 { (sum >> 1) ^ POLYNOMIAL } else { sum >> 1 };
            }
        }
        !sum
    }

    #[test]
    fn the_sums_of_known_texts_are_known() {
        assert_eq!(crc32(b""), 0);
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        assert_eq!(crc32(b"The quick brown fox jumps over the lazy dog"), 0x414f_a339);
        assert_eq!(adler32(b""), 1);
        assert_eq!(adler32(b"Wikipedia"), 0x11e6_0398);
        assert_eq!(adler32(b"123456789"), 0x091e_01de);
    }

    #[test]
    fn sixteen_bytes_at_a_time_make_the_sum_that_bit_by_bit_makes() {
        let mut bytes = vec![0; 100];
        Seeded::new(1).fill(&mut bytes);
        for length in 0..=bytes.len() {
            assert_eq!(crc32(&bytes[..length]), slow_crc32(&bytes[..length]), "{length} bytes");
        }
    }

    #[test]
    fn where_the_bytes_are_cut_does_not_matter() {
        let mut bytes = vec![0; 300];
        Seeded::new(2).fill(&mut bytes);
        for cut in 0..=bytes.len() {
            let (mut crc, mut adler) = (Crc32::new(), Adler32::new());
            for part in [&bytes[..cut], &bytes[cut..]] {
                crc.update(part);
                adler.update(part);
            }
            assert_eq!((crc.value(), adler.value()), (crc32(&bytes), adler32(&bytes)), "cut at {cut}");
        }
    }

    #[test]
    fn the_longest_run_of_the_largest_byte_stays_in_32_bits() {
        // In a debug build an overflow panics. The start is the largest two sums there can be.
        let mut sum = Adler32 { bytes: ADLER_PRIME - 1, sums: ADLER_PRIME - 1 };
        sum.update(&[0xff; ADLER_RUN]);
        let (mut bytes, mut sums) = (u64::from(ADLER_PRIME) - 1, u64::from(ADLER_PRIME) - 1);
        for _ in 0..ADLER_RUN {
            bytes += 255;
            sums += bytes;
        }
        let prime = u64::from(ADLER_PRIME);
        assert_eq!((u64::from(sum.bytes), u64::from(sum.sums)), (bytes % prime, sums % prime));
    }
}
