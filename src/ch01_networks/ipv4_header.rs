//! The header of an IPv4 packet (RFC 791, 3.1), and the pseudo-header that TCP and UDP put into their checksums.
//!
//! ```text
//!  0       4       8              16     19                    31
//!  +-------+-------+--------------+----------------------------+
//!  |version|IHL    |service       | total length               |
//!  +-------+-------+--------------+------+---------------------+
//!  | identification               |0 DF MF| fragment offset    |
//!  +--------------+---------------+------+---------------------+
//!  | time to live | protocol      | header checksum            |
//!  +--------------+---------------+----------------------------+
//!  | source address                                            |
//!  | destination address                                       |
//!  | options, 0 to 40 bytes                                    |
//!  +-----------------------------------------------------------+
//! ```
//!
//! The checksum covers the header only, and every router computes it again because it has lowered the time to live. What
//! stands behind the header is not IP's concern.
//!
//! Left out: the meaning of options (they are kept as bytes). What fragments are for is chapter 2's.

use std::fmt;
use std::net::Ipv4Addr;

use super::checksum::{self, Internet};
use super::field::Field;
use crate::base::wire::{Reader, WireError, put_u16};

/// The header without options, in bytes.
pub const HEADER: usize = 20;
/// The length field has 16 bits.
pub const MAX_PACKET: usize = 65_535;
/// Four bits count words of four bytes, so a header has at most 60 bytes.
pub const MAX_OPTIONS: usize = 40;
/// Protocol number of ICMP.
pub const ICMP: u8 = 1;
/// Protocol number of TCP.
pub const TCP: u8 = 6;
/// Protocol number of UDP.
pub const UDP: u8 = 17;
/// What Linux puts into a new packet.
pub const DEFAULT_TTL: u8 = 64;

const DONT_FRAGMENT: u16 = 0x4000;
const MORE_FRAGMENTS: u16 = 0x2000;
const OFFSET: u16 = 0x1fff;

/// A header. Its lengths and its checksum are computed when it is encoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ipv4Header {
    /// Six bits of service class and two of congestion notice (RFC 2474, RFC 3168).
    pub service: u8,
    /// The same for all fragments of a packet.
    pub identification: u16,
    /// Routers may not split the packet.
    pub dont_fragment: bool,
    /// More fragments follow.
    pub more_fragments: bool,
    /// Where the fragment belongs, in units of 8 bytes.
    pub fragment_offset: u16,
    /// How many more routers may pass it on.
    pub ttl: u8,
    /// What the payload is: [`TCP`].
    pub protocol: u8,
    /// Who sent it.
    pub source: Ipv4Addr,
    /// Whom it is for.
    pub destination: Ipv4Addr,
    /// A multiple of four bytes, at most [`MAX_OPTIONS`].
    pub options: Vec<u8>,
}

/// Why bytes are no IPv4 packet, or a header cannot be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ipv4Error {
    /// The bytes end inside the header.
    CutShort(WireError),
    /// Not version 4.
    OtherVersion(u8),
    /// The header says it is shorter than a header can be.
    HeaderTooShort {
        /// Its length in bytes, as it says.
        says: usize,
    },
    /// The total length is less than the header, or more than what came.
    WrongLength {
        /// The total length as it says.
        says: usize,
        /// The header's.
        header: usize,
        /// What came.
        came: usize,
    },
    /// The header was damaged.
    WrongChecksum {
        /// The checksum that came.
        came: u16,
        /// The one the header has.
        computed: u16,
    },
    /// The packet would be longer than [`MAX_PACKET`].
    TooLong(usize),
    /// The options' length is no multiple of four, or more than [`MAX_OPTIONS`].
    OptionsDoNotFit(usize),
    /// A fragment offset of more than 13 bits.
    OffsetTooLarge(u16),
}

impl fmt::Display for Ipv4Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ipv4Error::CutShort(_) => write!(f, "the IPv4 header is cut short"),
            Ipv4Error::OtherVersion(version) => write!(f, "a packet of IP version {version}; we take 4"),
            Ipv4Error::HeaderTooShort { says } => {
                write!(f, "the header says it has {says} bytes; it has at least {HEADER}")
            }
            Ipv4Error::WrongLength { says, header, came } => {
                write!(f, "the packet says it has {says} bytes; {came} came, {header} of them are its header")
            }
            Ipv4Error::WrongChecksum { came, computed } => {
                write!(f, "the header came with checksum {came:#06x}, but its bytes give {computed:#06x}")
            }
            Ipv4Error::TooLong(length) => {
                write!(f, "a packet of {length} bytes; the length field holds at most {MAX_PACKET}")
            }
            Ipv4Error::OptionsDoNotFit(length) => {
                write!(f, "{length} bytes of options; they come in fours, at most {MAX_OPTIONS}")
            }
            Ipv4Error::OffsetTooLarge(offset) => {
                write!(f, "fragment offset {offset}; the field holds at most {OFFSET}")
            }
        }
    }
}

impl std::error::Error for Ipv4Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Ipv4Error::CutShort(source) => Some(source),
            _ => None,
        }
    }
}

impl From<WireError> for Ipv4Error {
    fn from(error: WireError) -> Ipv4Error {
        Ipv4Error::CutShort(error)
    }
}

impl Ipv4Header {
    /// A header as a host writes it: don't fragment, [`DEFAULT_TTL`], no options.
    pub fn new(protocol: u8, source: Ipv4Addr, destination: Ipv4Addr) -> Ipv4Header {
        Ipv4Header {
            service: 0,
            identification: 0,
            dont_fragment: true,
            more_fragments: false,
            fragment_offset: 0,
            ttl: DEFAULT_TTL,
            protocol,
            source,
            destination,
            options: Vec::new(),
        }
    }

    /// Its length in bytes.
    pub fn length(&self) -> usize {
        HEADER + self.options.len()
    }

    /// Whether it is the header of a piece of a packet.
    pub fn is_fragment(&self) -> bool {
        self.more_fragments || self.fragment_offset > 0
    }

    /// The packet: this header with its checksum, then `payload`.
    ///
    /// # Errors
    /// [`Ipv4Error::TooLong`], [`Ipv4Error::OptionsDoNotFit`] and [`Ipv4Error::OffsetTooLarge`].
    pub fn encode(&self, payload: &[u8]) -> Result<Vec<u8>, Ipv4Error> {
        if self.options.len() % 4 != 0 || self.options.len() > MAX_OPTIONS {
            return Err(Ipv4Error::OptionsDoNotFit(self.options.len()));
        }
        if self.fragment_offset > OFFSET {
            return Err(Ipv4Error::OffsetTooLarge(self.fragment_offset));
        }
        let total = self.length().saturating_add(payload.len());
        let total_field = u16::try_from(total).map_err(|_| Ipv4Error::TooLong(total))?;
        let mut packet = Vec::with_capacity(total);
        // The options fit, so the length in words is 5 to 15.
        packet.push(4 << 4 | (self.length() / 4) as u8);
        packet.push(self.service);
        put_u16(&mut packet, total_field);
        put_u16(&mut packet, self.identification);
        put_u16(&mut packet, self.flags_and_offset());
        packet.push(self.ttl);
        packet.push(self.protocol);
        put_u16(&mut packet, 0);
        packet.extend_from_slice(&self.source.octets());
        packet.extend_from_slice(&self.destination.octets());
        packet.extend_from_slice(&self.options);
        let sum = checksum::internet_checksum(&packet);
        packet[10..12].copy_from_slice(&sum.to_be_bytes());
        packet.extend_from_slice(payload);
        Ok(packet)
    }

    fn flags_and_offset(&self) -> u16 {
        let mut field = self.fragment_offset;
        if self.dont_fragment {
            field |= DONT_FRAGMENT;
        }
        if self.more_fragments {
            field |= MORE_FRAGMENTS;
        }
        field
    }

    /// The header and the payload of a packet. What stands behind the packet's total length is the link's padding and is
    /// left out.
    ///
    /// # Errors
    /// An [`Ipv4Error`] that says what is wrong.
    pub fn decode(bytes: &[u8]) -> Result<(Ipv4Header, &[u8]), Ipv4Error> {
        let mut reader = Reader::new(bytes);
        let first = reader.u8()?;
        if first >> 4 != 4 {
            return Err(Ipv4Error::OtherVersion(first >> 4));
        }
        let length = usize::from(first & 0x0f) * 4;
        let Some(options) = length.checked_sub(HEADER) else {
            return Err(Ipv4Error::HeaderTooShort { says: length });
        };
        let service = reader.u8()?;
        let total = usize::from(reader.u16()?);
        let identification = reader.u16()?;
        let flags_and_offset = reader.u16()?;
        let ttl = reader.u8()?;
        let protocol = reader.u8()?;
        let came = reader.u16()?;
        let source = Ipv4Addr::from(reader.u32()?);
        let destination = Ipv4Addr::from(reader.u32()?);
        let options = reader.take(options)?.to_vec();
        // The sum before the lengths: a damaged length is damage, not a lie.
        let left_over = checksum::internet_checksum(&bytes[..length]);
        if left_over != 0 {
            return Err(Ipv4Error::WrongChecksum { came, computed: header_checksum(&bytes[..length]) });
        }
        let Some(payload) = total.checked_sub(length).filter(|payload| *payload <= reader.remaining()) else {
            return Err(Ipv4Error::WrongLength { says: total, header: length, came: bytes.len() });
        };
        let header = Ipv4Header {
            service,
            identification,
            dont_fragment: flags_and_offset & DONT_FRAGMENT != 0,
            more_fragments: flags_and_offset & MORE_FRAGMENTS != 0,
            fragment_offset: flags_and_offset & OFFSET,
            ttl,
            protocol,
            source,
            destination,
            options,
        };
        Ok((header, reader.take(payload)?))
    }

    /// The fields of this header in front of `payload` bytes. `sum` is its checksum on the wire.
    pub fn fields(&self, payload: usize, sum: u16) -> Vec<Field> {
        let length = self.length();
        let mut fields = vec![
            Field::new("version", 0..1, "4 (upper 4 bits)"),
            Field::new("header length", 0..1, format!("{} words, {length} bytes (lower 4 bits)", length / 4)),
            Field::new("service", 1..2, format!("{:#04x}", self.service)),
            Field::new("total length", 2..4, format!("{} = {length} + {payload}", length + payload)),
            Field::new("identification", 4..6, format!("{:#06x}", self.identification)),
            Field::new("flags", 6..7, self.flag_words()),
            Field::new("fragment offset", 6..8, format!("{} bytes", u32::from(self.fragment_offset) * 8)),
            Field::new("time to live", 8..9, format!("{} routers", self.ttl)),
            Field::new("protocol", 9..10, protocol_words(self.protocol)),
            Field::new("header checksum", 10..12, format!("{sum:#06x}")),
            Field::new("source", 12..16, self.source.to_string()),
            Field::new("destination", 16..20, self.destination.to_string()),
        ];
        if !self.options.is_empty() {
            fields.push(Field::new("options", HEADER..length, format!("{:02x?}", self.options)));
        }
        fields
    }

    fn flag_words(&self) -> &'static str {
        match (self.dont_fragment, self.more_fragments) {
            (true, true) => "don't fragment, more fragments (upper 3 bits)",
            (true, false) => "don't fragment (upper 3 bits)",
            (false, true) => "more fragments (upper 3 bits)",
            (false, false) => "none (upper 3 bits)",
        }
    }
}

fn protocol_words(number: u8) -> String {
    match number {
        ICMP => "1 (ICMP)".to_string(),
        TCP => "6 (TCP)".to_string(),
        UDP => "17 (UDP)".to_string(),
        other => other.to_string(),
    }
}

/// The checksum of a header whose checksum field counts as zero. At least [`HEADER`] bytes.
pub(crate) fn header_checksum(header: &[u8]) -> u16 {
    let mut sum = Internet::new();
    sum.add(&header[..10]);
    sum.add(&header[12..]);
    sum.finish()
}

/// The checksum of a TCP segment or a UDP datagram begins with this: addresses, protocol and length, as if they stood
/// before it (RFC 9293, 3.1; RFC 768). So a packet that was delivered to the wrong host is noticed.
pub fn pseudo_header(source: Ipv4Addr, destination: Ipv4Addr, protocol: u8, length: u16) -> Internet {
    let mut sum = Internet::new();
    sum.add(&source.octets());
    sum.add(&destination.octets());
    sum.add(&[0, protocol]);
    sum.add(&length.to_be_bytes());
    sum
}

#[cfg(test)]
mod tests;
