//! The header of a UDP datagram (RFC 768; Figure 5-1): ports, a length, a checksum, and that is all.
//!
//! ```text
//!  0               16              32
//!  +---------------+---------------+
//!  | source port   | dest. port    |
//!  | length        | checksum      |   length: header and payload, 8 at least
//!  +---------------+---------------+
//!  | payload                       |
//! ```
//! The field would allow 65,535 bytes. Over IPv4 the packet's own length has 16 bits as well, and 20 of its bytes are the
//! IP header: a payload has 65,507 bytes at most.
//!
//! Left out: IPv6's pseudo-header, and its jumbograms (RFC 2675).

use std::fmt;
use std::net::Ipv4Addr;

use crate::base::wire::{self, Reader, WireError};
use crate::ch01_networks::ipv4_header::{UDP, pseudo_header};

/// Bytes of the header.
pub const HEADER: usize = 8;
/// The longest payload over IPv4: 65,535 less both headers.
pub const MAX_PAYLOAD_V4: usize = 65_535 - 20 - HEADER;
/// The longest payload over IPv6, whose own header is not in the packet's length.
pub const MAX_PAYLOAD_V6: usize = 65_535 - HEADER;

/// The header. The length is that of header and payload together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UdpHeader {
    /// Where it comes from. Zero: no answer is wanted.
    pub source: u16,
    /// Where it goes.
    pub destination: u16,
    /// Bytes of the datagram, these eight among them.
    pub length: u16,
    /// Zero: the sender did not compute one, as IPv4 allows.
    pub checksum: u16,
}

/// Why bytes are no datagram, or a payload cannot become one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeaderError {
    /// Fewer than eight bytes.
    EndedInside(WireError),
    /// The length says less than the header itself has.
    LengthTooSmall(u16),
    /// The length says more than there is.
    LengthTooGreat {
        /// What the header says.
        length: u16,
        /// What came.
        came: usize,
    },
    /// The payload is longer than a packet can carry.
    PayloadTooLong(usize),
    /// Damaged on the way, or meant for another address.
    BadChecksum,
}

impl fmt::Display for HeaderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HeaderError::EndedInside(error) => write!(f, "a UDP header has {HEADER} bytes: {error}"),
            HeaderError::LengthTooSmall(length) => {
                write!(f, "the length says {length} bytes; the header alone has {HEADER}")
            }
            HeaderError::LengthTooGreat { length, came } => {
                write!(f, "the length says {length} bytes, and {came} came")
            }
            HeaderError::PayloadTooLong(length) => {
                write!(f, "a payload of {length} bytes; over IPv4 it has at most {MAX_PAYLOAD_V4}")
            }
            HeaderError::BadChecksum => f.write_str("the checksum does not match what came"),
        }
    }
}

impl std::error::Error for HeaderError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            HeaderError::EndedInside(error) => Some(error),
            _ => None,
        }
    }
}

/// The header and the payload it tells of. What stands behind that is IP's padding and no part of the datagram.
///
/// # Errors
/// Every [`HeaderError`] but [`HeaderError::PayloadTooLong`] and [`HeaderError::BadChecksum`].
pub fn decode(bytes: &[u8]) -> Result<(UdpHeader, &[u8]), HeaderError> {
    let header = decode_fields(bytes).map_err(HeaderError::EndedInside)?;
    let length = usize::from(header.length);
    if length < HEADER {
        return Err(HeaderError::LengthTooSmall(header.length));
    }
    let Some(payload) = bytes.get(HEADER..length) else {
        return Err(HeaderError::LengthTooGreat { length: header.length, came: bytes.len() });
    };
    Ok((header, payload))
}

fn decode_fields(bytes: &[u8]) -> Result<UdpHeader, WireError> {
    let mut reader = Reader::new(bytes);
    Ok(UdpHeader {
        source: reader.u16()?,
        destination: reader.u16()?,
        length: reader.u16()?,
        checksum: reader.u16()?,
    })
}

/// A datagram with its checksum, from one address and port to another.
///
/// # Errors
/// [`HeaderError::PayloadTooLong`].
pub fn encode(from: (Ipv4Addr, u16), to: (Ipv4Addr, u16), payload: &[u8]) -> Result<Vec<u8>, HeaderError> {
    if payload.len() > MAX_PAYLOAD_V4 {
        return Err(HeaderError::PayloadTooLong(payload.len()));
    }
    let length = (HEADER + payload.len()) as u16; // at most 65,515
    let mut datagram = Vec::with_capacity(usize::from(length));
    wire::put_u16(&mut datagram, from.1);
    wire::put_u16(&mut datagram, to.1);
    wire::put_u16(&mut datagram, length);
    wire::put_u16(&mut datagram, 0);
    datagram.extend_from_slice(payload);
    let sum = match checksum(from.0, to.0, &datagram) {
        // Zero would mean "not computed"; all ones is the same number in this arithmetic.
        0 => 0xffff,
        sum => sum,
    };
    datagram[6..8].copy_from_slice(&sum.to_be_bytes());
    Ok(datagram)
}

/// As [`decode`], and the checksum is looked at, if there is one. It covers the addresses, so a datagram that was delivered
/// to the wrong host shows.
///
/// # Errors
/// As [`decode`], and [`HeaderError::BadChecksum`].
pub fn decode_checked(from: Ipv4Addr, to: Ipv4Addr, bytes: &[u8]) -> Result<(UdpHeader, &[u8]), HeaderError> {
    let (header, payload) = decode(bytes)?;
    let datagram = &bytes[..usize::from(header.length)];
    if header.checksum != 0 && checksum(from, to, datagram) != 0 {
        return Err(HeaderError::BadChecksum);
    }
    Ok((header, payload))
}

fn checksum(from: Ipv4Addr, to: Ipv4Addr, datagram: &[u8]) -> u16 {
    let mut sum = pseudo_header(from, to, UDP, datagram.len() as u16);
    sum.add(datagram);
    sum.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rustfmt::skip]
    const PING: &[u8] = &[
        0xc0, 0x00,              // from port 49152
        0x00, 0x07,              // to port 7: echo
        0x00, 0x0c,              // twelve bytes: eight of header, four of payload
        0x00, 0x00,              // no checksum
        b'p', b'i', b'n', b'g',
    ];
    const A: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
    const B: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 2);

    #[test]
    fn the_datagram_above_says_what_its_comments_say() {
        let header = UdpHeader { source: 49_152, destination: 7, length: 12, checksum: 0 };
        assert_eq!(decode(PING).unwrap(), (header, &b"ping"[..]));
        let encoded = encode((A, 49_152), (B, 7), b"ping").unwrap();
        assert_eq!(encoded[..6], PING[..6]);
        assert_eq!(encoded[8..], PING[8..]);
    }

    #[test]
    fn a_datagram_damaged_or_sent_elsewhere_does_not_match_its_checksum() {
        let whole = encode((A, 1), (B, 2), b"ping!").unwrap();
        assert_eq!(decode_checked(A, B, &whole).unwrap().1, b"ping!");
        assert_eq!(decode_checked(A, A, &whole), Err(HeaderError::BadChecksum));
        for at in 8..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 0x20;
            assert_eq!(decode_checked(A, B, &damaged), Err(HeaderError::BadChecksum), "byte {at}");
        }
        assert!(decode_checked(A, B, PING).is_ok(), "no checksum is none that is wrong");
    }

    #[test]
    fn a_computed_checksum_is_never_the_zero_that_means_none() {
        for word in 0..=u16::MAX {
            let datagram = encode((A, 1), (B, 2), &word.to_be_bytes()).unwrap();
            assert_ne!(datagram[6..8], [0, 0], "payload {word}");
        }
    }
}
