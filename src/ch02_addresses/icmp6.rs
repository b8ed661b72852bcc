//! ICMP for IPv6 (RFC 4443), with neighbor discovery in it (RFC 4861), which does the work of ARP.
//!
//! ```text
//!  0      1      2          4
//! +------+------+----------+----------------------------------------------------------+
//! | 1 3  | code | checksum | unused, 4 | the original packet                         |  unreachable, time exceeded
//! |128 129| 0   | checksum | id | sequence | data                                    |  echo, echo reply
//! | 133  | 0    | checksum | unused, 4 | options                                     |  is there a router?
//! | 134  | 0    | checksum | hop limit, flags, lifetime, two timers | options         |  here is one
//! | 135  | 0    | checksum | unused, 4 | target, 16 | options                        |  who has this address?
//! | 136  | 0    | checksum | flags, 4  | target, 16 | options                        |  it is here
//! | 137  | 0    | checksum | unused, 4 | better router, 16 | for whom, 16 | options   |  redirect
//! +------+------+----------+----------------------------------------------------------+
//! option: type, length in units of 8 bytes, value     1, 2: a MAC address    3: a prefix
//! ```
//! The checksum takes in the addresses of the IP header (a *pseudo header*), since IPv6 has no checksum of its own: a
//! message that a flipped bit sent to the wrong host is refused there. An option of length zero is refused; a loop over
//! options would never get past it.

use std::fmt;
use std::net::Ipv6Addr;

use super::header::{ICMP6, read_ipv6};
use super::mac::Mac;
use crate::base::wire::{self, Reader, WireError};
use crate::ch01_networks::checksum::Internet;

/// A prefix that a router advertises (option 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AdvertisedPrefix {
    /// The network's first address.
    pub network: Ipv6Addr,
    /// Its length in bits.
    pub length: u8,
    /// The A flag: make an address of it yourself.
    pub autonomous: bool,
    /// For how many seconds it holds.
    pub valid_seconds: u32,
}

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message6 {
    /// 1: it did not arrive. Code 0: no route; 1: a firewall; 3: no such host; 4: no such port.
    Unreachable {
        /// Why.
        code: u8,
        /// As much of the packet as fits.
        original: Vec<u8>,
    },
    /// 3, code 0: its hop limit came to zero.
    TimeExceeded {
        /// As much of the packet as fits.
        original: Vec<u8>,
    },
    /// 128: ping.
    Echo {
        /// Which program pings.
        id: u16,
        /// Which of its pings.
        sequence: u16,
        /// Comes back as it is.
        data: Vec<u8>,
    },
    /// 129: pong.
    EchoReply {
        /// The request's.
        id: u16,
        /// The request's.
        sequence: u16,
        /// The request's.
        data: Vec<u8>,
    },
    /// 133: is there a router?
    RouterSolicitation {
        /// Who asks, unless it has no address yet.
        mac: Option<Mac>,
    },
    /// 134: here is one.
    RouterAdvertisement {
        /// For how many seconds it is a router; zero: no longer.
        lifetime: u16,
        /// Its interface.
        mac: Option<Mac>,
        /// The link's networks.
        prefixes: Vec<AdvertisedPrefix>,
    },
    /// 135: who has this address? From `::` it means: has anybody?
    NeighborSolicitation {
        /// The address.
        target: Ipv6Addr,
        /// Who asks.
        mac: Option<Mac>,
    },
    /// 136: it is here.
    NeighborAdvertisement {
        /// The address.
        target: Ipv6Addr,
        /// Its interface.
        mac: Option<Mac>,
    },
    /// 137: for this destination another router is better.
    Redirect {
        /// The better router, or the destination itself if it is a neighbor.
        target: Ipv6Addr,
        /// For whom.
        destination: Ipv6Addr,
    },
}

/// Why bytes are no ICMPv6 message of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Icmp6Error {
    /// The bytes end before the message, or an option, does.
    CutShort(WireError),
    /// The checksum is wrong, or the message came to an address it was not sent to.
    Checksum,
    /// A type, or a code of that type, that is not in the table above.
    Unknown {
        /// The type.
        kind: u8,
        /// The code.
        code: u8,
    },
    /// An option says that it has no length.
    EmptyOption,
    /// A prefix of more than 128 bits.
    PrefixLength(u8),
}

impl fmt::Display for Icmp6Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Icmp6Error::CutShort(error) => write!(f, "the message is cut short: {error}"),
            Icmp6Error::Checksum => f.write_str("the message's checksum is wrong"),
            Icmp6Error::Unknown { kind, code } => write!(f, "type {kind} code {code} is not one we take"),
            Icmp6Error::EmptyOption => f.write_str("an option of length zero came"),
            Icmp6Error::PrefixLength(length) => write!(f, "a prefix of {length} bits; an address has 128"),
        }
    }
}

impl std::error::Error for Icmp6Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Icmp6Error::CutShort(error) => Some(error),
            _ => None,
        }
    }
}

impl From<WireError> for Icmp6Error {
    fn from(error: WireError) -> Icmp6Error {
        Icmp6Error::CutShort(error)
    }
}

const SOURCE_MAC: u8 = 1;
const TARGET_MAC: u8 = 2;
const PREFIX: u8 = 3;

/// The checksum of a message between these addresses.
fn checksum(message: &[u8], source: Ipv6Addr, destination: Ipv6Addr) -> u16 {
    let mut sum = Internet::new();
    sum.add(&source.octets());
    sum.add(&destination.octets());
    sum.add(&(message.len() as u32).to_be_bytes());
    sum.add(&u32::from(ICMP6).to_be_bytes());
    sum.add(message);
    sum.finish()
}

impl Message6 {
    /// Type and code.
    pub fn kind(&self) -> (u8, u8) {
        match self {
            Message6::Unreachable { code, .. } => (1, *code),
            Message6::TimeExceeded { .. } => (3, 0),
            Message6::Echo { .. } => (128, 0),
            Message6::EchoReply { .. } => (129, 0),
            Message6::RouterSolicitation { .. } => (133, 0),
            Message6::RouterAdvertisement { .. } => (134, 0),
            Message6::NeighborSolicitation { .. } => (135, 0),
            Message6::NeighborAdvertisement { .. } => (136, 0),
            Message6::Redirect { .. } => (137, 0),
        }
    }

    /// The bytes of the message as sent from `source` to `destination`.
    pub fn encode(&self, source: Ipv6Addr, destination: Ipv6Addr) -> Vec<u8> {
        let (kind, code) = self.kind();
        let mut out = vec![kind, code, 0, 0];
        self.put_body(&mut out);
        let sum = checksum(&out, source, destination);
        out[2..4].copy_from_slice(&sum.to_be_bytes());
        out
    }

    fn put_body(&self, out: &mut Vec<u8>) {
        match self {
            Message6::Unreachable { original, .. } | Message6::TimeExceeded { original } => {
                wire::put_u32(out, 0);
                out.extend_from_slice(original);
            }
            Message6::Echo { id, sequence, data } | Message6::EchoReply { id, sequence, data } => {
                wire::put_u16(out, *id);
                wire::put_u16(out, *sequence);
                out.extend_from_slice(data);
            }
            Message6::RouterSolicitation { mac } => {
                wire::put_u32(out, 0);
                put_mac(out, SOURCE_MAC, *mac);
            }
            Message6::RouterAdvertisement { lifetime, mac, prefixes } => {
                out.extend_from_slice(&[64, 0]); // the hop limit hosts should use; no flags
                wire::put_u16(out, *lifetime);
                wire::put_u64(out, 0); // neither timer is ours to set
                put_mac(out, SOURCE_MAC, *mac);
                for prefix in prefixes {
                    put_prefix(out, prefix);
                }
            }
            Message6::NeighborSolicitation { target, mac } => {
                wire::put_u32(out, 0);
                out.extend_from_slice(&target.octets());
                put_mac(out, SOURCE_MAC, *mac);
            }
            Message6::NeighborAdvertisement { target, mac } => {
                wire::put_u32(out, 0x2000_0000); // override: it replaces what others remember
                out.extend_from_slice(&target.octets());
                put_mac(out, TARGET_MAC, *mac);
            }
            Message6::Redirect { target, destination } => {
                wire::put_u32(out, 0);
                out.extend_from_slice(&target.octets());
                out.extend_from_slice(&destination.octets());
            }
        }
    }

    /// Reads a message that came from `source` to `destination`.
    ///
    /// # Errors
    /// Every [`Icmp6Error`].
    pub fn decode(bytes: &[u8], source: Ipv6Addr, destination: Ipv6Addr) -> Result<Message6, Icmp6Error> {
        let mut reader = Reader::new(bytes);
        let (kind, code) = (reader.u8()?, reader.u8()?);
        reader.u16()?;
        let word = reader.u32()?;
        if checksum(bytes, source, destination) != 0 {
            return Err(Icmp6Error::Checksum);
        }
        let (id, sequence) = ((word >> 16) as u16, word as u16);
        let message = match (kind, code) {
            (1, _) => Message6::Unreachable { code, original: reader.rest().to_vec() },
            (3, 0) => Message6::TimeExceeded { original: reader.rest().to_vec() },
            (128, 0) => Message6::Echo { id, sequence, data: reader.rest().to_vec() },
            (129, 0) => Message6::EchoReply { id, sequence, data: reader.rest().to_vec() },
            (133, 0) => Message6::RouterSolicitation { mac: Options::read(&mut reader)?.source_mac },
            (134, 0) => {
                reader.u64()?;
                let options = Options::read(&mut reader)?;
                let (mac, prefixes) = (options.source_mac, options.prefixes);
                Message6::RouterAdvertisement { lifetime: sequence, mac, prefixes }
            }
            (135, 0) => {
                let target = read_ipv6(&mut reader)?;
                Message6::NeighborSolicitation { target, mac: Options::read(&mut reader)?.source_mac }
            }
            (136, 0) => {
                let target = read_ipv6(&mut reader)?;
                Message6::NeighborAdvertisement { target, mac: Options::read(&mut reader)?.target_mac }
            }
            (137, 0) => {
                let (target, destination) = (read_ipv6(&mut reader)?, read_ipv6(&mut reader)?);
                Options::read(&mut reader)?;
                Message6::Redirect { target, destination }
            }
            _ => return Err(Icmp6Error::Unknown { kind, code }),
        };
        Ok(message)
    }

    /// The pong to a ping; nothing for any other message.
    pub fn reply(&self) -> Option<Message6> {
        match self {
            Message6::Echo { id, sequence, data } => {
                Some(Message6::EchoReply { id: *id, sequence: *sequence, data: data.clone() })
            }
            _ => None,
        }
    }
}

fn put_mac(out: &mut Vec<u8>, option: u8, mac: Option<Mac>) {
    if let Some(mac) = mac {
        out.extend_from_slice(&[option, 1]);
        out.extend_from_slice(&mac.0);
    }
}

fn put_prefix(out: &mut Vec<u8>, prefix: &AdvertisedPrefix) {
    let flags = if prefix.autonomous { 0xc0 } else { 0x80 }; // on this link, and A
    out.extend_from_slice(&[PREFIX, 4, prefix.length, flags]);
    wire::put_u32(out, prefix.valid_seconds);
    wire::put_u32(out, prefix.valid_seconds); // preferred for as long
    wire::put_u32(out, 0);
    out.extend_from_slice(&prefix.network.octets());
}

#[derive(Default)]
struct Options {
    source_mac: Option<Mac>,
    target_mac: Option<Mac>,
    prefixes: Vec<AdvertisedPrefix>,
}

impl Options {
    /// Reads to the end. Options we do not know are skipped, as RFC 4861, 4.6 wants it.
    fn read(reader: &mut Reader<'_>) -> Result<Options, Icmp6Error> {
        let mut options = Options::default();
        while !reader.is_empty() {
            let (kind, units) = (reader.u8()?, usize::from(reader.u8()?));
            let length = (units * 8).checked_sub(2).ok_or(Icmp6Error::EmptyOption)?;
            let mut value = Reader::new(reader.take(length)?);
            match kind {
                SOURCE_MAC => options.source_mac = Some(Mac::read(&mut value)?),
                TARGET_MAC => options.target_mac = Some(Mac::read(&mut value)?),
                PREFIX => options.prefixes.push(read_prefix(&mut value)?),
                _ => {}
            }
        }
        Ok(options)
    }
}

fn read_prefix(value: &mut Reader<'_>) -> Result<AdvertisedPrefix, Icmp6Error> {
    let (length, flags) = (value.u8()?, value.u8()?);
    if length > 128 {
        return Err(Icmp6Error::PrefixLength(length));
    }
    let valid_seconds = value.u32()?;
    value.u64()?;
    let network = read_ipv6(value)?;
    Ok(AdvertisedPrefix { network, length, autonomous: flags & 0x40 != 0, valid_seconds })
}

#[cfg(test)]
mod tests;
