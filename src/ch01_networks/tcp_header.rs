//! The header of a TCP segment (RFC 9293, 3.1).
//!
//! ```text
//!  0               16                              31
//!  +---------------+-------------------------------+
//!  | source port   | destination port              |
//!  | sequence number: of the first byte of data    |
//!  | acknowledgement: the next byte expected       |
//!  +------+----+---+--------+----------------------+
//!  |offset|0000| flags      | window               |
//!  +------+----+------------+----------------------+
//!  | checksum               | urgent pointer       |
//!  | options, 0 to 40 bytes                        |
//!  +-----------------------------------------------+
//! ```
//!
//! The checksum covers the data too, and the two IP addresses by way of the pseudo-header. It is made by the sender and
//! looked at by the receiver only: what a router breaks between two links, no link's FCS can see, and this one does.
//!
//! Left out: the meaning of options but the maximum segment size. What the numbers do is chapter 3's.

use std::fmt;
use std::net::Ipv4Addr;

use super::checksum::Internet;
use super::field::Field;
use super::ipv4_header::{TCP, pseudo_header};
use crate::base::wire::{Reader, WireError, put_u16, put_u32};

/// The header without options, in bytes.
pub const HEADER: usize = 20;
/// Four bits count words of four bytes, so a header has at most 60 bytes.
pub const MAX_OPTIONS: usize = 40;
/// The longest segment: what an IPv4 packet with the shortest header carries.
pub const MAX_SEGMENT: usize = 65_515;

/// The flags of a segment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags(pub u8);

impl Flags {
    /// The sender will send no more.
    pub const FIN: Flags = Flags(0x01);
    /// The sequence number is the first one.
    pub const SYN: Flags = Flags(0x02);
    /// There is no such connection.
    pub const RST: Flags = Flags(0x04);
    /// Give the data to the program now.
    pub const PSH: Flags = Flags(0x08);
    /// The acknowledgement counts.
    pub const ACK: Flags = Flags(0x10);

    /// These flags and those.
    pub const fn and(self, other: Flags) -> Flags {
        Flags(self.0 | other.0)
    }

    /// Whether all of `other` are set.
    pub fn has(self, other: Flags) -> bool {
        self.0 & other.0 == other.0
    }
}

const FLAG_NAMES: [(u8, &str); 8] = [
    (0x80, "CWR"),
    (0x40, "ECE"),
    (0x20, "URG"),
    (0x02, "SYN"),
    (0x01, "FIN"),
    (0x04, "RST"),
    (0x08, "PSH"),
    (0x10, "ACK"),
];

impl fmt::Display for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut between = "";
        for (bit, name) in FLAG_NAMES {
            if self.0 & bit != 0 {
                write!(f, "{between}{name}")?;
                between = "+";
            }
        }
        if self.0 == 0 { write!(f, "none") } else { Ok(()) }
    }
}

/// A header. Its data offset and its checksum are computed when it is encoded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TcpHeader {
    /// The sender's port.
    pub source_port: u16,
    /// The receiver's port.
    pub destination_port: u16,
    /// The number of the first byte of data; SYN and FIN count as a byte.
    pub sequence: u32,
    /// The number of the next byte expected. Counts if [`Flags::ACK`] is set.
    pub acknowledgement: u32,
    /// The flags.
    pub flags: Flags,
    /// How many bytes the sender of this segment will take.
    pub window: u16,
    /// Hardly used any more.
    pub urgent_pointer: u16,
    /// A multiple of four bytes, at most [`MAX_OPTIONS`].
    pub options: Vec<u8>,
}

/// Why bytes are no segment, or a header cannot be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TcpError {
    /// The bytes end inside the header.
    CutShort(WireError),
    /// The data begins inside the header, as it says.
    OffsetTooSmall {
        /// Where the data begins, in bytes.
        says: usize,
    },
    /// The segment was damaged, or is for somebody else.
    WrongChecksum {
        /// The checksum that came.
        came: u16,
        /// The one the segment has.
        computed: u16,
    },
    /// The options' length is no multiple of four, or more than [`MAX_OPTIONS`].
    OptionsDoNotFit(usize),
    /// The segment is longer than [`MAX_SEGMENT`].
    TooLong(usize),
}

impl fmt::Display for TcpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TcpError::CutShort(_) => write!(f, "the TCP header is cut short"),
            TcpError::OffsetTooSmall { says } => {
                write!(f, "the data begins at byte {says}, as the header says; the header has {HEADER} bytes")
            }
            TcpError::WrongChecksum { came, computed } => {
                write!(f, "the segment came with checksum {came:#06x}, but its bytes give {computed:#06x}")
            }
            TcpError::OptionsDoNotFit(length) => {
                write!(f, "{length} bytes of options; they come in fours, at most {MAX_OPTIONS}")
            }
            TcpError::TooLong(length) => {
                write!(f, "a segment of {length} bytes; a packet carries at most {MAX_SEGMENT}")
            }
        }
    }
}

impl std::error::Error for TcpError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            TcpError::CutShort(source) => Some(source),
            _ => None,
        }
    }
}

impl From<WireError> for TcpError {
    fn from(error: WireError) -> TcpError {
        TcpError::CutShort(error)
    }
}

/// The option with which a SYN says how much data a segment may carry (RFC 9293, 3.7.1).
pub fn maximum_segment_size(bytes: u16) -> Vec<u8> {
    let mut option = vec![2, 4];
    put_u16(&mut option, bytes);
    option
}

impl TcpHeader {
    /// Its length in bytes.
    pub fn length(&self) -> usize {
        HEADER + self.options.len()
    }

    /// The segment: this header with its checksum, then `data`. The addresses go into the checksum only.
    ///
    /// # Errors
    /// [`TcpError::OptionsDoNotFit`] and [`TcpError::TooLong`].
    pub fn encode(&self, source: Ipv4Addr, destination: Ipv4Addr, data: &[u8]) -> Result<Vec<u8>, TcpError> {
        if self.options.len() % 4 != 0 || self.options.len() > MAX_OPTIONS {
            return Err(TcpError::OptionsDoNotFit(self.options.len()));
        }
        let length = self.length().saturating_add(data.len());
        if length > MAX_SEGMENT {
            return Err(TcpError::TooLong(length));
        }
        let mut segment = Vec::with_capacity(length);
        put_u16(&mut segment, self.source_port);
        put_u16(&mut segment, self.destination_port);
        put_u32(&mut segment, self.sequence);
        put_u32(&mut segment, self.acknowledgement);
        // The options fit, so the offset in words is 5 to 15.
        segment.push(((self.length() / 4) as u8) << 4);
        segment.push(self.flags.0);
        put_u16(&mut segment, self.window);
        put_u16(&mut segment, 0);
        put_u16(&mut segment, self.urgent_pointer);
        segment.extend_from_slice(&self.options);
        segment.extend_from_slice(data);
        let sum = with_pseudo_header(source, destination, &[&segment], length);
        segment[16..18].copy_from_slice(&sum.to_be_bytes());
        Ok(segment)
    }

    /// The header and the data of a segment that came from `source` for `destination`.
    ///
    /// # Errors
    /// A [`TcpError`] that says what is wrong.
    pub fn decode(
        bytes: &[u8],
        source: Ipv4Addr,
        destination: Ipv4Addr,
    ) -> Result<(TcpHeader, &[u8]), TcpError> {
        let mut reader = Reader::new(bytes);
        let source_port = reader.u16()?;
        let destination_port = reader.u16()?;
        let sequence = reader.u32()?;
        let acknowledgement = reader.u32()?;
        let offset = usize::from(reader.u8()? >> 4) * 4;
        let flags = Flags(reader.u8()?);
        let window = reader.u16()?;
        let came = reader.u16()?;
        let urgent_pointer = reader.u16()?;
        if bytes.len() > MAX_SEGMENT {
            return Err(TcpError::TooLong(bytes.len()));
        }
        // The sum before the offset: a damaged offset is damage, not a lie.
        if with_pseudo_header(source, destination, &[bytes], bytes.len()) != 0 {
            let computed =
                with_pseudo_header(source, destination, &[&bytes[..16], &bytes[18..]], bytes.len());
            return Err(TcpError::WrongChecksum { came, computed });
        }
        let Some(options) = offset.checked_sub(HEADER) else {
            return Err(TcpError::OffsetTooSmall { says: offset });
        };
        let options = reader.take(options)?.to_vec();
        let header = TcpHeader {
            source_port,
            destination_port,
            sequence,
            acknowledgement,
            flags,
            window,
            urgent_pointer,
            options,
        };
        Ok((header, reader.rest()))
    }

    /// The header's fields. `sum` is its checksum on the wire.
    pub fn fields(&self, sum: u16) -> Vec<Field> {
        let length = self.length();
        let mut fields = vec![
            Field::new("source port", 0..2, self.source_port.to_string()),
            Field::new("destination port", 2..4, self.destination_port.to_string()),
            Field::new("sequence number", 4..8, self.sequence.to_string()),
            Field::new("acknowledgement", 8..12, self.acknowledgement.to_string()),
            Field::new("data offset", 12..13, format!("{} words, {length} bytes (upper 4 bits)", length / 4)),
            Field::new("flags", 13..14, self.flags.to_string()),
            Field::new("window", 14..16, format!("{} bytes", self.window)),
            Field::new("checksum", 16..18, format!("{sum:#06x}")),
            Field::new("urgent pointer", 18..20, self.urgent_pointer.to_string()),
        ];
        if !self.options.is_empty() {
            fields.push(Field::new("options", HEADER..length, self.option_words()));
        }
        fields
    }

    fn option_words(&self) -> String {
        match self.options.as_slice() {
            [2, 4, upper, lower] => {
                format!("maximum segment size {} bytes", u16::from_be_bytes([*upper, *lower]))
            }
            other => format!("{other:02x?}"),
        }
    }
}

/// The checksum over the pseudo-header and `parts`, of which all have an even length but the last.
fn with_pseudo_header(source: Ipv4Addr, destination: Ipv4Addr, parts: &[&[u8]], length: usize) -> u16 {
    // Both callers have checked it against MAX_SEGMENT.
    let length = u16::try_from(length).unwrap_or(u16::MAX);
    let mut sum: Internet = pseudo_header(source, destination, TCP, length);
    for part in parts {
        sum.add(part);
    }
    sum.finish()
}

#[cfg(test)]
mod tests;
