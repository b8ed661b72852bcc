//! The IPv6 header beside the IPv4 header, and what a router changes in them (book: Simplified Header Format).
//!
//! ```text
//! IPv4, 20 bytes and up to 40 of options         IPv6, 40 bytes, always
//! +---+---+-------+---------------+              +---+-----------+-------------------+
//! | 4 |len|service| total length  |              | 6 | class     | flow label        |
//! +---+---+-------+--+------------+              +---+-----------+------+------------+
//! | identification   |fl| offset  |              | payload length | next | hop limit  |
//! +---------+--------+--+---------+              +----------------+------+------------+
//! | TTL     |protocol|  checksum  |              | source, 16 bytes                   |
//! +---------+--------+------------+              | destination, 16 bytes              |
//! | source      | destination     |              +------------------------------------+
//! +-------------+-----------------+
//! ```
//! A router counts the TTL down, so in IPv4 it must change the checksum, too: at every hop. IPv6 has no checksum; damage
//! is for the link and the transport to notice. Its header is longer and has fewer fields: 8 against 12.
//! The codec of the IPv4 header is chapter 1's: [`ipv4_header`].

use std::fmt;
use std::net::Ipv6Addr;

use crate::base::wire::{self, Reader, WireError};
use crate::ch01_networks::ipv4_header::{self, header_checksum};

/// An IPv6 header.
pub const IPV6_BYTES: usize = 40;
/// The next-header number of ICMPv6.
pub const ICMP6: u8 = 58;

/// Why bytes are no IPv6 packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeaderError {
    /// The bytes end before the header does.
    CutShort(WireError),
    /// The first four bits are another version's.
    Version(u8),
    /// The length is more than what came.
    TotalLength {
        /// What the header says, itself included.
        says: usize,
        /// The bytes there are.
        there: usize,
    },
}

impl fmt::Display for HeaderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HeaderError::CutShort(error) => write!(f, "the IPv6 header is cut short: {error}"),
            HeaderError::Version(version) => write!(f, "a packet of IP version {version}; we take 6"),
            HeaderError::TotalLength { says, there } => {
                write!(f, "the header says {says} bytes in all, and {there} are there")
            }
        }
    }
}

impl std::error::Error for HeaderError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            HeaderError::CutShort(error) => Some(error),
            _ => None,
        }
    }
}

impl From<WireError> for HeaderError {
    fn from(error: WireError) -> HeaderError {
        HeaderError::CutShort(error)
    }
}

/// What a router does to an IPv4 packet (without options) on its way through: one hop less, and a new checksum. False: its
/// life is over, or it is no such packet; nothing was changed.
pub fn forward_ipv4(packet: &mut [u8]) -> bool {
    let Some(header) = packet.first_chunk_mut::<{ ipv4_header::HEADER }>() else { return false };
    if header[0] != 0x45 || header[8] <= 1 {
        return false;
    }
    header[8] -= 1;
    let sum = header_checksum(header);
    header[10..12].copy_from_slice(&sum.to_be_bytes());
    true
}

/// The same for IPv6: one byte changes.
pub fn forward_ipv6(packet: &mut [u8]) -> bool {
    if packet.len() < IPV6_BYTES || packet[0] >> 4 != 6 || packet[7] <= 1 {
        return false;
    }
    packet[7] -= 1;
    true
}

/// The fields of an IPv6 header that matter here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ipv6Header {
    /// What stands behind it: a transport, or a further header.
    pub next_header: u8,
    /// How many more hops it may take.
    pub hop_limit: u8,
    /// From.
    pub source: Ipv6Addr,
    /// To.
    pub destination: Ipv6Addr,
}

impl Ipv6Header {
    /// The packet with this header and `payload`.
    ///
    /// # Errors
    /// [`WireError::TooLong`] for a payload of more than 65,535 bytes.
    pub fn encode(&self, payload: &[u8]) -> Result<Vec<u8>, WireError> {
        let most = usize::from(u16::MAX);
        if payload.len() > most {
            return Err(WireError::TooLong { length: payload.len(), most });
        }
        let mut out = vec![0x60, 0, 0, 0];
        wire::put_u16(&mut out, payload.len() as u16);
        wire::put_u8(&mut out, self.next_header);
        wire::put_u8(&mut out, self.hop_limit);
        out.extend_from_slice(&self.source.octets());
        out.extend_from_slice(&self.destination.octets());
        out.extend_from_slice(payload);
        Ok(out)
    }

    /// Reads a packet: its header, and what stands behind it. Bytes behind the payload length are padding.
    ///
    /// # Errors
    /// [`HeaderError::CutShort`], [`HeaderError::Version`], [`HeaderError::TotalLength`].
    pub fn decode(bytes: &[u8]) -> Result<(Ipv6Header, &[u8]), HeaderError> {
        let mut reader = Reader::new(bytes);
        let version = reader.u32()? >> 28;
        if version != 6 {
            return Err(HeaderError::Version(version as u8));
        }
        let length = usize::from(reader.u16()?);
        let (next_header, hop_limit) = (reader.u8()?, reader.u8()?);
        let source = read_ipv6(&mut reader)?;
        let destination = read_ipv6(&mut reader)?;
        let there = reader.rest();
        let payload = there
            .get(..length)
            .ok_or(HeaderError::TotalLength { says: IPV6_BYTES + length, there: bytes.len() })?;
        Ok((Ipv6Header { next_header, hop_limit, source, destination }, payload))
    }
}

pub(super) fn read_ipv6(reader: &mut Reader<'_>) -> Result<Ipv6Addr, WireError> {
    Ok(Ipv6Addr::from(reader.array::<16>()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::random::Seeded;
    use crate::ch01_networks::ipv4_header::Ipv4Header;

    fn v4() -> Ipv4Header {
        Ipv4Header::new(ipv4_header::ICMP, [10, 0, 0, 1].into(), [10, 0, 0, 2].into())
    }

    fn v6() -> Ipv6Header {
        let [source, destination] = ["fd00::1", "fd00::2"].map(|text| text.parse().unwrap());
        Ipv6Header { next_header: ICMP6, hop_limit: 64, source, destination }
    }

    #[test]
    fn it_reads_back_and_padding_is_not_payload() {
        let mut packet = v6().encode(b"hello").unwrap();
        assert_eq!(Ipv6Header::decode(&packet), Ok((v6(), b"hello".as_slice())));
        packet.push(0);
        assert_eq!(Ipv6Header::decode(&packet), Ok((v6(), b"hello".as_slice())));
        assert!(v6().encode(&[0; 65_535]).is_ok() && v6().encode(&[0; 65_536]).is_err());
    }

    #[test]
    fn every_truncation_and_every_lie_about_length_is_an_error() {
        let (four, six) = (v4().encode(b"hello").unwrap(), v6().encode(b"hello").unwrap());
        for length in 0..six.len() {
            assert!(Ipv6Header::decode(&six[..length]).is_err(), "{length}");
        }
        let mut lie = six.clone();
        lie[4] = 0xff;
        assert_eq!(Ipv6Header::decode(&lie), Err(HeaderError::TotalLength { says: 65_325, there: 45 }));
        assert_eq!(Ipv6Header::decode(&[&four[..], &[0; 40]].concat()), Err(HeaderError::Version(4)));
    }

    #[test]
    fn random_bytes_never_panic() {
        let mut random = Seeded::new(225);
        for _ in 0..20_000 {
            let mut bytes = vec![0; random.below(64) as usize];
            random.fill(&mut bytes);
            if let (Some(first), true) = (bytes.first_mut(), random.chance(0.8)) {
                *first = if random.chance(0.5) { 0x45 } else { 0x60 };
            }
            let _ = Ipv6Header::decode(&bytes);
            forward_ipv4(&mut bytes);
            forward_ipv6(&mut bytes);
        }
    }

    #[test]
    fn nothing_is_forwarded_at_the_end_of_its_life() {
        let mut packet = Ipv4Header { ttl: 1, ..v4() }.encode(b"").unwrap();
        let before = packet.clone();
        assert!(!forward_ipv4(&mut packet));
        assert_eq!(packet, before);
        assert!(!forward_ipv6(&mut Ipv6Header { hop_limit: 1, ..v6() }.encode(b"").unwrap()));
        assert!(!forward_ipv4(&mut []) && !forward_ipv6(&mut []));
    }
}
