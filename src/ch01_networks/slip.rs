//! SLIP (RFC 1055): the smallest link layer there is. It says where a packet ends on a serial line, and nothing else.
//!
//! ```text
//! packet      45 C0 DB 01
//! line     C0 45 DB DC DB DD 01 C0
//!
//! END C0 ends a packet.  ESC DB stands before a byte that means itself:  DB DC is C0,  DB DD is DB.
//! ```
//!
//! No addresses (a line has two ends), no type (it is all IP), no checksum (the IP and TCP checksums must do). PPP came
//! after it and has all three. We send END before a packet as well as after it, as the RFC advises: noise on the line
//! then makes a packet of its own instead of spoiling the next one.
//!
//! Book: "The Link Layer".

use std::fmt;

/// Ends a packet.
pub const END: u8 = 0xc0;
/// The next byte stands for another.
pub const ESC: u8 = 0xdb;
/// After [`ESC`]: the byte [`END`].
pub const ESC_END: u8 = 0xdc;
/// After [`ESC`]: the byte [`ESC`].
pub const ESC_ESC: u8 = 0xdd;
/// The RFC has no limit but the one of Berkeley's driver, which everybody took over. It also bounds what a line can make
/// us keep.
pub const MAX_PACKET: usize = 1006;

/// What is wrong with bytes from a line. The decoder goes on with the packet after the next END.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlipError {
    /// ESC, and then a byte that stands for none. The RFC's own code kept the byte as it was; ours drops the packet, which
    /// cannot have been sent like this.
    BadEscape(u8),
    /// More than [`MAX_PACKET`] bytes without an END, or in a packet to be sent.
    TooLong,
    /// The line ended inside a packet.
    Unfinished {
        /// How many bytes of it had come.
        came: usize,
    },
}

impl fmt::Display for SlipError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SlipError::BadEscape(byte) => {
                write!(
                    f,
                    "after ESC came {byte:#04x}; only {ESC_END:#04x} and {ESC_ESC:#04x} stand for a byte"
                )
            }
            SlipError::TooLong => write!(f, "a packet of more than {MAX_PACKET} bytes"),
            SlipError::Unfinished { came } => write!(f, "the line ended {came} bytes into a packet"),
        }
    }
}

impl std::error::Error for SlipError {}

/// The packet as it goes over the line.
///
/// # Errors
/// [`SlipError::TooLong`] for more than [`MAX_PACKET`] bytes.
pub fn encode(packet: &[u8]) -> Result<Vec<u8>, SlipError> {
    if packet.len() > MAX_PACKET {
        return Err(SlipError::TooLong);
    }
    let mut line = vec![END];
    for byte in packet {
        match *byte {
            END => line.extend_from_slice(&[ESC, ESC_END]),
            ESC => line.extend_from_slice(&[ESC, ESC_ESC]),
            other => line.push(other),
        }
    }
    line.push(END);
    Ok(line)
}

/// Finds the packets in what comes from a line, in pieces of any size.
#[derive(Clone, Debug, Default)]
pub struct Decoder {
    packet: Vec<u8>,
    is_escaped: bool,
    /// After an error nothing is kept until the next END.
    is_spoiled: bool,
}

impl Decoder {
    /// A decoder at the beginning of a line.
    pub fn new() -> Decoder {
        Decoder::default()
    }

    /// Takes bytes and gives what they complete: packets, and an error for each that was spoiled. Empty packets are left
    /// out; every END before a packet makes one.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<Result<Vec<u8>, SlipError>> {
        let mut found = Vec::new();
        for byte in bytes {
            found.extend(self.take(*byte));
        }
        found
    }

    fn take(&mut self, byte: u8) -> Option<Result<Vec<u8>, SlipError>> {
        if byte == END {
            return self.end();
        }
        if self.is_spoiled {
            return None;
        }
        let meant = match (self.is_escaped, byte) {
            (false, ESC) => {
                self.is_escaped = true;
                return None;
            }
            (false, plain) => plain,
            (true, ESC_END) => END,
            (true, ESC_ESC) => ESC,
            (true, other) => return Some(Err(self.spoil(SlipError::BadEscape(other)))),
        };
        self.is_escaped = false;
        if self.packet.len() == MAX_PACKET {
            return Some(Err(self.spoil(SlipError::TooLong)));
        }
        self.packet.push(meant);
        None
    }

    fn end(&mut self) -> Option<Result<Vec<u8>, SlipError>> {
        let was_escaped = self.is_escaped;
        let packet = std::mem::take(&mut self.packet);
        *self = Decoder::new();
        if was_escaped {
            return Some(Err(SlipError::BadEscape(END)));
        }
        if packet.is_empty() { None } else { Some(Ok(packet)) }
    }

    fn spoil(&mut self, error: SlipError) -> SlipError {
        *self = Decoder { is_spoiled: true, ..Decoder::new() };
        error
    }

    /// The line has ended.
    ///
    /// # Errors
    /// [`SlipError::Unfinished`] if that was inside a packet.
    pub fn finish(self) -> Result<(), SlipError> {
        if self.packet.is_empty() && !self.is_escaped {
            return Ok(());
        }
        Err(SlipError::Unfinished { came: self.packet.len() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::random::Seeded;

    fn decode(line: &[u8]) -> Vec<Result<Vec<u8>, SlipError>> {
        Decoder::new().feed(line)
    }

    #[test]
    fn the_two_special_bytes_are_escaped() {
        let line = encode(&[0x45, END, ESC, 0x01]).unwrap();
        assert_eq!(line, [0xc0, 0x45, 0xdb, 0xdc, 0xdb, 0xdd, 0x01, 0xc0]);
        assert_eq!(decode(&line), [Ok(vec![0x45, END, ESC, 0x01])]);
    }

    #[test]
    fn packets_of_every_byte_come_back_however_the_line_cuts_them() {
        let packet: Vec<u8> = (0..=255).collect();
        let mut line = encode(&packet).unwrap();
        line.extend(encode(&[ESC_END, ESC_ESC]).unwrap());
        for size in [1, 2, 3, 7, 1000] {
            let mut decoder = Decoder::new();
            let mut found = Vec::new();
            for piece in line.chunks(size) {
                found.extend(decoder.feed(piece));
            }
            assert_eq!(found, [Ok(packet.clone()), Ok(vec![ESC_END, ESC_ESC])], "in pieces of {size}");
            assert_eq!(decoder.finish(), Ok(()));
        }
    }

    #[test]
    fn noise_before_a_packet_makes_one_of_its_own() {
        let mut line = vec![0x13, 0x37];
        line.extend(encode(b"whole").unwrap());
        assert_eq!(decode(&line), [Ok(vec![0x13, 0x37]), Ok(b"whole".to_vec())]);
    }

    #[test]
    fn after_a_bad_escape_the_next_packet_is_whole_again() {
        let line = [0x01, ESC, 0x02, 0x03, END, 0x04, END];
        assert_eq!(decode(&line), [Err(SlipError::BadEscape(0x02)), Ok(vec![0x04])]);
        assert_eq!(decode(&[ESC, END, 0x05, END]), [Err(SlipError::BadEscape(END)), Ok(vec![0x05])]);
    }

    #[test]
    fn a_line_without_an_end_does_not_fill_memory() {
        let mut decoder = Decoder::new();
        let found = decoder.feed(&vec![7; 1_000_000]);
        assert_eq!(found, [Err(SlipError::TooLong)]);
        assert!(decoder.packet.capacity() <= 2 * MAX_PACKET);
        assert_eq!(decoder.feed(&[END, 8, END]), [Ok(vec![8])]);
        assert_eq!(encode(&[0; MAX_PACKET]).map(|line| line.len()), Ok(MAX_PACKET + 2));
        assert_eq!(encode(&[0; MAX_PACKET + 1]), Err(SlipError::TooLong));
    }

    #[test]
    fn a_line_cut_off_at_any_byte_gives_no_packet() {
        let line = encode(&[END; 5]).unwrap();
        for length in 0..line.len() {
            let mut decoder = Decoder::new();
            assert!(decoder.feed(&line[..length]).is_empty(), "{length}");
            assert_eq!(decoder.finish().is_err(), length > 1, "{length}");
        }
    }

    #[test]
    fn random_lines_never_panic_and_give_no_packet_that_is_too_long() {
        let mut random = Seeded::new(5);
        for _ in 0..200 {
            let mut noise = vec![0; random.below(5_000) as usize];
            random.fill(&mut noise);
            for found in decode(&noise).into_iter().flatten() {
                assert!(found.len() <= MAX_PACKET);
            }
        }
    }
}
