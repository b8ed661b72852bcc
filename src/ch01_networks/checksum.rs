//! Two ways to notice that bytes were damaged: the internet checksum of IPv4, TCP, UDP and ICMP (RFC 1071), and the CRC-32
//! of Ethernet.
//!
//! ```text
//! internet   the bytes as 16-bit numbers, added up; a carry out of the top comes in again at the bottom; then inverted
//! CRC-32     the bytes as one long binary number; the remainder of a division without carries
//! ```
//!
//! The checksum is cheap and can be corrected when a router changes one field. It does not see two words that changed
//! places. The CRC sees that, every damage of up to 32 bits in a row, and all but one in 2³² of the rest; hardware computes
//! it. Neither is a defence against somebody who changes bytes on purpose: he computes the sum again.

// --- the internet checksum ----------------------------------------------------------------------------------------------

/// A running internet checksum, for messages in several parts (pseudo-header, header, data).
///
/// The parts count as one run of bytes: an odd part takes the first byte of the next for its last word.
#[derive(Clone, Copy, Debug, Default)]
pub struct Internet {
    // 2⁴⁸ words fit before the carries that wait in the upper bits would be lost.
    sum: u64,
    is_odd: bool,
}

impl Internet {
    /// Nothing added yet.
    pub fn new() -> Internet {
        Internet::default()
    }

    /// Adds bytes.
    pub fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            let shift = if self.is_odd { 0 } else { 8 };
            self.sum += u64::from(*byte) << shift;
            self.is_odd = !self.is_odd;
        }
    }

    /// The checksum of what was added. Over a message that holds its own checksum it is 0 if the message is whole.
    pub fn finish(self) -> u16 {
        let mut sum = self.sum;
        while sum > 0xffff {
            sum = (sum & 0xffff) + (sum >> 16);
        }
        // The loop ends with 16 bits.
        !(sum as u16)
    }
}

/// The internet checksum of `bytes` (RFC 1071). An odd last byte is the upper half of a word.
pub fn internet_checksum(bytes: &[u8]) -> u16 {
    let mut sum = Internet::new();
    sum.add(bytes);
    sum.finish()
}

// --- CRC-32 -------------------------------------------------------------------------------------------------------------

/// The divisor, IEEE 802.3: x³² + x²⁶ + x²³ + … + 1, its bits in reverse, since Ethernet sends the lowest bit first.
const DIVISOR: u32 = 0xedb8_8320;

/// What each byte does to the remainder, worked out by the compiler.
const REMAINDERS: [u32; 256] = remainders();

const fn remainders() -> [u32; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut remainder = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            remainder = if remainder & 1 == 1 { (remainder >> 1) ^ DIVISOR } else { remainder >> 1 };
            bit += 1;
        }
        table[byte] = remainder;
        byte += 1;
    }
    table
}

/// The CRC-32 of `bytes` as Ethernet, gzip and PNG have it.
pub fn crc32(bytes: &[u8]) -> u32 {
    // Starting with ones makes leading zero bytes count.
    let mut remainder = u32::MAX;
    for byte in bytes {
        let index = (remainder ^ u32::from(*byte)) & 0xff;
        remainder = (remainder >> 8) ^ REMAINDERS[index as usize];
    }
    !remainder
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_rfc_1071_adds_up() {
        // 0001 + f203 + f4f5 + f6f7 = 2ddf0, folded ddf2.
        let bytes = [0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7];
        assert_eq!(internet_checksum(&bytes), !0xddf2);
    }

    #[test]
    fn a_message_with_its_checksum_sums_to_zero() {
        let mut message = b"an even number of bytes".to_vec();
        message.push(b'!');
        let sum = internet_checksum(&message);
        message.extend_from_slice(&sum.to_be_bytes());
        assert_eq!(internet_checksum(&message), 0);
        message[3] ^= 0x10;
        assert_ne!(internet_checksum(&message), 0);
    }

    #[test]
    fn parts_count_as_one_run_of_bytes_wherever_they_are_cut() {
        let bytes = b"pseudo-header, header, data";
        for cut in 0..=bytes.len() {
            let mut sum = Internet::new();
            sum.add(&bytes[..cut]);
            sum.add(&bytes[cut..]);
            assert_eq!(sum.finish(), internet_checksum(bytes), "cut at {cut}");
        }
        assert_eq!(internet_checksum(&[]), 0xffff);
        assert_eq!(internet_checksum(&[0x12]), !0x1200);
    }

    #[test]
    fn the_checksum_does_not_see_two_words_change_places_and_the_crc_does() {
        let (one, two) = (b"to A 100", b"A to 100");
        assert_ne!(crc32(one), crc32(two));
        let (one, two) = ([1, 2, 3, 4], [3, 4, 1, 2]);
        assert_eq!(internet_checksum(&one), internet_checksum(&two));
        assert_ne!(crc32(&one), crc32(&two));
    }

    #[test]
    fn the_crc_has_the_check_value_of_its_catalogue() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        assert_eq!(crc32(b""), 0);
        assert_ne!(crc32(b"\0"), crc32(b"\0\0"));
    }

    #[test]
    fn the_crc_sees_every_single_flipped_bit() {
        let whole = b"GET / HTTP/1.1\r\n\r\n".to_vec();
        let right = crc32(&whole);
        for bit in 0..whole.len() * 8 {
            let mut damaged = whole.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert_ne!(crc32(&damaged), right, "bit {bit}");
        }
    }
}
