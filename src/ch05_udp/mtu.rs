//! What fits a packet, and what becomes of a datagram that does not (Listings 5-9 and 5-10).
//!
//! ```text
//! MTU 1500   | IPv4 20 | UDP 8 | payload 1472 |        IPv6: 40 and 8, payload 1452
//! ```
//! A longer payload travels in fragments. Only the first has the UDP header, none is resent, and one that is lost is the whole
//! datagram lost; the receiver's program sees a datagram or nothing. ICMP's echo header has eight bytes as UDP's does, so what
//! `ping -s` finds is the UDP payload, too.
//!
//! ```text
//! Linux     ping -M do -s 1472 HOST
//! Windows   ping -f -l 1472 HOST
//! macOS     ping -D -s 1472 HOST
//! ```
//! The book gives Ethernet a minimum MTU of 46 bytes; that is the least payload of a frame. The least MTU is 68 over IPv4 and
//! 1,280 over IPv6.

use std::fmt;

use super::header::{HEADER, MAX_PAYLOAD_V4, MAX_PAYLOAD_V6};
use crate::ch02_addresses::fragment::{self, Fragment, FragmentError, Reassembly};

/// A version of IP, for the arithmetic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IpVersion {
    /// A header of 20 bytes, without options.
    V4,
    /// A header of 40 bytes, without extensions.
    V6,
}

impl IpVersion {
    /// Of an address. An IPv4 address inside an IPv6 one travels over IPv4.
    pub fn of(ip: std::net::IpAddr) -> IpVersion {
        if ip.to_canonical().is_ipv4() { IpVersion::V4 } else { IpVersion::V6 }
    }

    /// Bytes of the IP header.
    pub fn header(self) -> usize {
        match self {
            IpVersion::V4 => 20,
            IpVersion::V6 => 40,
        }
    }

    /// IP and UDP header together.
    pub fn headers(self) -> usize {
        self.header() + HEADER
    }

    /// The MTU that every link has at least (RFC 791, RFC 8200).
    pub fn smallest_mtu(self) -> usize {
        match self {
            IpVersion::V4 => fragment::SMALLEST_MTU,
            IpVersion::V6 => 1280,
        }
    }

    /// The longest payload of any datagram, fragmented or not.
    pub fn longest_payload(self) -> usize {
        match self {
            IpVersion::V4 => MAX_PAYLOAD_V4,
            IpVersion::V6 => MAX_PAYLOAD_V6,
        }
    }

    /// A payload that arrives nearly everywhere in one piece, without asking. Every IPv4 host takes packets of 576 bytes; every
    /// IPv6 link carries 1,280.
    pub fn safe_payload(self) -> usize {
        match self {
            IpVersion::V4 => 576 - self.headers(),
            IpVersion::V6 => 1280 - self.headers(),
        }
    }
}

impl fmt::Display for IpVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            IpVersion::V4 => "IPv4",
            IpVersion::V6 => "IPv6",
        })
    }
}

/// The longest UDP payload that fits a packet of `mtu` bytes: 1,472 for Ethernet and IPv4. Zero where not even the headers
/// fit.
pub fn max_payload(mtu: usize, version: IpVersion) -> usize {
    mtu.saturating_sub(version.headers()).min(version.longest_payload())
}

/// The packet that `ping -s payload` makes, as it prints it: payload and, in brackets, everything.
pub fn ping_line(payload: usize, version: IpVersion) -> String {
    format!("{payload}({}) bytes of data", payload.saturating_add(version.headers()))
}

/// Whether a payload goes over a link in one piece.
pub fn fits(payload: usize, mtu: usize, version: IpVersion) -> bool {
    payload <= max_payload(mtu, version)
}

/// The fragments of a datagram over IPv4: the UDP header is at the beginning of the first, and nowhere else.
///
/// # Errors
/// As [`fragment::split`].
pub fn fragments(id: u16, datagram: &[u8], mtu: usize) -> Result<Vec<Fragment>, FragmentError> {
    fragment::split(id, datagram, mtu)
}

/// What the receiver's program gets of those fragments that arrived: the datagram, or nothing at all.
///
/// # Errors
/// As [`Reassembly::add`].
pub fn reassembled(id: u16, arrived: &[Fragment]) -> Result<Option<Vec<u8>>, FragmentError> {
    let mut reassembly = Reassembly::new(id);
    let mut whole = None;
    for fragment in arrived {
        if let Some(bytes) = reassembly.add(fragment.clone())? {
            whole = Some(bytes);
        }
    }
    Ok(whole)
}

/// The part of datagrams lost when each of their `fragments` packets is lost with probability `loss`: 1 % of packets is
/// 36 % of datagrams in 45 pieces.
pub fn datagram_loss(loss: f64, fragments: u32) -> f64 {
    1.0 - (1.0 - loss.clamp(0.0, 1.0)).powf(f64::from(fragments))
}
