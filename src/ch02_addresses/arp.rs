//! ARP (RFC 826): which MAC address has this IPv4 address?
//!
//! ```text
//!  0      2      4  5  6      8             14          18            24         28
//! +------+------+--+--+------+-------------+-----------+-------------+----------+
//! |  1   | 0800 |6 |4 |op    | sender MAC  | sender IP | target MAC  | target IP|
//! +------+------+--+--+------+-------------+-----------+-------------+----------+
//!  Ether  IPv4         1 who has  2 is at                zero in a question
//! ```
//! It stands in an Ethernet frame of type 0806. The question goes to everybody, the reply to whoever asked; each keeps
//! what it learns for a while. [`super::lan`] plays it.
//!
//! Nothing in it is proved. Who answers faster, or unasked, is believed.

use std::collections::HashMap;
use std::fmt;
use std::net::Ipv4Addr;
use std::time::Duration;

use super::mac::Mac;
use crate::base::wire::{self, Reader, WireError};

/// The type of Ethernet frames that carry it.
pub const ETHER_TYPE: u16 = 0x0806;
/// How long a packet is. Ethernet pads it to 46 bytes.
pub const PACKET_BYTES: usize = 28;
/// How long an entry is believed. RFC 1122, 2.3.2.1 asks for about a minute.
pub const ENTRY_LIFE: Duration = Duration::from_secs(60);
/// How many entries a table keeps. Anybody on the link can make us learn; without a bound, without end.
pub const MAX_ENTRIES: usize = 1024;

/// What a packet does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// 1: who has this address?
    WhoHas,
    /// 2: it is here.
    IsAt,
}

/// The question or the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArpPacket {
    /// Which of the two.
    pub operation: Operation,
    /// Who sends it.
    pub sender_mac: Mac,
    /// The sender's address.
    pub sender_ip: Ipv4Addr,
    /// Whom it is for; [`Mac::UNKNOWN`] in a question.
    pub target_mac: Mac,
    /// The address asked for, or the asker's.
    pub target_ip: Ipv4Addr,
}

/// Why bytes are no ARP packet of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArpError {
    /// The bytes end before the packet does.
    CutShort(WireError),
    /// It is about other kinds of addresses than Ethernet's and IPv4's.
    OtherAddresses {
        /// The kind of hardware; Ethernet is 1.
        hardware: u16,
        /// The protocol; IPv4 is 0x0800.
        protocol: u16,
    },
    /// The lengths given for the addresses are not 6 and 4.
    Lengths {
        /// The hardware address's.
        hardware: u8,
        /// The protocol address's.
        protocol: u8,
    },
    /// Neither question nor answer.
    UnknownOperation(u16),
}

impl fmt::Display for ArpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ArpError::CutShort(error) => write!(f, "an ARP packet has {PACKET_BYTES} bytes: {error}"),
            ArpError::OtherAddresses { hardware, protocol } => {
                write!(f, "hardware {hardware}, protocol {protocol:04x} came; we take 1 and 0800")
            }
            ArpError::Lengths { hardware, protocol } => {
                write!(f, "addresses of {hardware} and {protocol} bytes came; we take 6 and 4")
            }
            ArpError::UnknownOperation(number) => write!(f, "operation {number} came; we take 1 and 2"),
        }
    }
}

impl std::error::Error for ArpError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            ArpError::CutShort(error) => Some(error),
            _ => None,
        }
    }
}

impl From<WireError> for ArpError {
    fn from(error: WireError) -> ArpError {
        ArpError::CutShort(error)
    }
}

impl ArpPacket {
    /// The 28 bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(PACKET_BYTES);
        wire::put_u16(&mut out, 1);
        wire::put_u16(&mut out, 0x0800);
        wire::put_u8(&mut out, 6);
        wire::put_u8(&mut out, 4);
        wire::put_u16(&mut out, if self.operation == Operation::WhoHas { 1 } else { 2 });
        out.extend_from_slice(&self.sender_mac.0);
        out.extend_from_slice(&self.sender_ip.octets());
        out.extend_from_slice(&self.target_mac.0);
        out.extend_from_slice(&self.target_ip.octets());
        out
    }

    /// Reads a frame's payload. Bytes behind the packet are Ethernet's padding and not looked at.
    ///
    /// # Errors
    /// Every [`ArpError`].
    pub fn decode(bytes: &[u8]) -> Result<ArpPacket, ArpError> {
        let mut reader = Reader::new(bytes);
        let (hardware, protocol) = (reader.u16()?, reader.u16()?);
        if (hardware, protocol) != (1, 0x0800) {
            return Err(ArpError::OtherAddresses { hardware, protocol });
        }
        let (hardware, protocol) = (reader.u8()?, reader.u8()?);
        if (hardware, protocol) != (6, 4) {
            return Err(ArpError::Lengths { hardware, protocol });
        }
        let operation = match reader.u16()? {
            1 => Operation::WhoHas,
            2 => Operation::IsAt,
            other => return Err(ArpError::UnknownOperation(other)),
        };
        Ok(ArpPacket {
            operation,
            sender_mac: Mac::read(&mut reader)?,
            sender_ip: Ipv4Addr::from_bits(reader.u32()?),
            target_mac: Mac::read(&mut reader)?,
            target_ip: Ipv4Addr::from_bits(reader.u32()?),
        })
    }
}

impl fmt::Display for ArpPacket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.operation {
            Operation::WhoHas => {
                write!(f, "who has {}? tell {} at {}", self.target_ip, self.sender_ip, self.sender_mac)
            }
            Operation::IsAt => write!(f, "{} is at {}", self.sender_ip, self.sender_mac),
        }
    }
}

/// What a node knows of its neighbours. Times are counted from a beginning of the caller's.
#[derive(Clone, Debug, Default)]
pub struct ArpTable {
    entries: HashMap<Ipv4Addr, (Mac, Duration)>,
}

impl ArpTable {
    /// Nothing is known.
    pub fn new() -> ArpTable {
        ArpTable::default()
    }

    /// The MAC address of `ip`, if it was learned less than [`ENTRY_LIFE`] before `now`.
    pub fn lookup(&self, ip: Ipv4Addr, now: Duration) -> Option<Mac> {
        let (mac, learned) = self.entries.get(&ip)?;
        (now.saturating_sub(*learned) < ENTRY_LIFE).then_some(*mac)
    }

    /// Notes what a packet says about its sender. `is_for_me`: the packet asks for, or answers, this node.
    ///
    /// RFC 826: whoever overhears a packet renews an entry it has; only the one it is for makes a new one. Otherwise
    /// every node would end up with an entry for every other.
    pub fn hear(&mut self, packet: &ArpPacket, is_for_me: bool, now: Duration) {
        let is_known = self.entries.contains_key(&packet.sender_ip);
        if is_known || (is_for_me && self.make_room(now)) {
            self.entries.insert(packet.sender_ip, (packet.sender_mac, now));
        }
    }

    fn make_room(&mut self, now: Duration) -> bool {
        if self.entries.len() >= MAX_ENTRIES {
            self.entries.retain(|_, (_, learned)| now.saturating_sub(*learned) < ENTRY_LIFE);
        }
        self.entries.len() < MAX_ENTRIES
    }

    /// How many entries there are, old ones counted.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::random::Seeded;

    #[rustfmt::skip]
    const QUESTION: &[u8] = &[
        0x00, 0x01,                         // Ethernet
        0x08, 0x00,                         // IPv4
        6, 4,                               // bytes in their addresses
        0x00, 0x01,                         // who has
        0x02, 0, 0, 0, 0, 0x0a,             // I am this MAC address
        192, 168, 1, 10,                    // and this IP address
        0, 0, 0, 0, 0, 0,                   // whom I ask for has a MAC address I do not know
        192, 168, 1, 20,                    // and this IP address
    ];

    fn question() -> ArpPacket {
        ArpPacket {
            operation: Operation::WhoHas,
            sender_mac: Mac([2, 0, 0, 0, 0, 10]),
            sender_ip: Ipv4Addr::new(192, 168, 1, 10),
            target_mac: Mac::UNKNOWN,
            target_ip: Ipv4Addr::new(192, 168, 1, 20),
        }
    }

    #[test]
    fn the_question_above_says_what_its_comments_say() {
        assert_eq!(ArpPacket::decode(QUESTION), Ok(question()));
        assert_eq!(question().encode(), QUESTION);
        assert_eq!(QUESTION.len(), PACKET_BYTES);
        let mut padded = QUESTION.to_vec();
        padded.resize(46, 0);
        assert_eq!(ArpPacket::decode(&padded), Ok(question()));
    }

    #[test]
    fn every_truncation_is_an_error() {
        for length in 0..QUESTION.len() {
            assert!(matches!(ArpPacket::decode(&QUESTION[..length]), Err(ArpError::CutShort(_))), "{length}");
        }
    }

    #[test]
    fn wrong_kinds_lengths_and_operations_are_named() {
        let changed = |at: usize, byte: u8| {
            let mut bytes = QUESTION.to_vec();
            bytes[at] = byte;
            ArpPacket::decode(&bytes).unwrap_err()
        };
        assert_eq!(changed(1, 6), ArpError::OtherAddresses { hardware: 6, protocol: 0x0800 });
        assert_eq!(changed(3, 6), ArpError::OtherAddresses { hardware: 1, protocol: 0x0806 });
        assert_eq!(changed(4, 255), ArpError::Lengths { hardware: 255, protocol: 4 });
        assert_eq!(changed(5, 16), ArpError::Lengths { hardware: 6, protocol: 16 });
        assert_eq!(changed(7, 3), ArpError::UnknownOperation(3));
    }

    #[test]
    fn random_bytes_never_panic_and_what_is_read_is_written_back() {
        let mut random = Seeded::new(217);
        for _ in 0..5_000 {
            let mut bytes = vec![0; random.below(40) as usize];
            random.fill(&mut bytes);
            for (place, byte) in bytes.iter_mut().enumerate().take(8) {
                if random.chance(0.9) {
                    *byte = QUESTION[place];
                }
            }
            if let Ok(packet) = ArpPacket::decode(&bytes) {
                assert_eq!(packet.encode(), bytes[..PACKET_BYTES]);
            }
        }
    }

    #[test]
    fn the_one_asked_learns_and_the_overhearer_only_renews() {
        let mut asked = ArpTable::new();
        let mut overhearer = ArpTable::new();
        asked.hear(&question(), true, Duration::ZERO);
        overhearer.hear(&question(), false, Duration::ZERO);
        assert_eq!(asked.lookup(question().sender_ip, Duration::ZERO), Some(question().sender_mac));
        assert!(overhearer.is_empty());

        let moved = ArpPacket { sender_mac: Mac([2, 0, 0, 0, 0, 99]), ..question() };
        asked.hear(&moved, false, Duration::from_secs(1));
        assert_eq!(asked.lookup(question().sender_ip, Duration::from_secs(1)), Some(moved.sender_mac));
    }

    #[test]
    fn an_entry_grows_old_and_a_flood_stays_bounded() {
        let mut table = ArpTable::new();
        table.hear(&question(), true, Duration::ZERO);
        let almost = ENTRY_LIFE - Duration::from_nanos(1);
        assert!(table.lookup(question().sender_ip, almost).is_some());
        assert_eq!(table.lookup(question().sender_ip, ENTRY_LIFE), None);
        for number in 0..5_000u32 {
            let lie = ArpPacket { sender_ip: Ipv4Addr::from_bits(number), ..question() };
            table.hear(&lie, true, Duration::from_secs(1));
        }
        assert_eq!(table.len(), MAX_ENTRIES);
        table.hear(
            &ArpPacket { sender_ip: Ipv4Addr::BROADCAST, ..question() },
            true,
            Duration::from_secs(100),
        );
        assert_eq!(table.len(), 1, "the old ones made room");
    }
}
