//! ICMP for IPv4 (RFC 792): what hosts and routers tell each other about packets.
//!
//! ```text
//!  0      1      2          4                    8
//! +------+------+----------+--------------------+----------------------------------------+
//! | 8 0  |  0   | checksum | id      | sequence | data                                   |  echo, echo reply
//! | 3    | code | checksum | unused             | the packet's header + 8 bytes of it    |  unreachable
//! | 5    | code | checksum | better router      | the same                               |  redirect
//! | 11   | code | checksum | unused             | the same                               |  time exceeded
//! +------+------+----------+--------------------+----------------------------------------+
//! ```
//! The piece of the original packet is how the sender finds out which of its programs to tell: the eight bytes begin with
//! the ports. The checksum is over the whole message. Raw sockets need privileges, so [`super::net`] has an internet of its
//! own to send these over; what a program without privileges sees of them is `ConnectionRefused` on a connected UDP socket.

use std::fmt;
use std::net::Ipv4Addr;

use crate::base::wire::{self, Reader, WireError};
use crate::ch01_networks::checksum::internet_checksum;

/// The most data an echo carries: a packet's 65,535 bytes without both headers.
pub const MAX_DATA: usize = 65_535 - 20 - 8;
/// How much of the original packet an error quotes (RFC 792): its header and eight bytes.
pub const QUOTED_BYTES: usize = 28;

/// Why a packet did not arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreachable {
    /// 0: no route to the network.
    Network,
    /// 1: nobody on the last link has the address.
    Host,
    /// 2: the host does not speak the protocol.
    Protocol,
    /// 3: no program has the port.
    Port,
    /// 4: too large, and it must not be fragmented.
    FragmentationNeeded,
    /// 13: a firewall (RFC 1812).
    Prohibited,
    /// Any other code.
    Other(u8),
}

impl Unreachable {
    /// The number on the wire.
    pub fn code(self) -> u8 {
        match self {
            Unreachable::Network => 0,
            Unreachable::Host => 1,
            Unreachable::Protocol => 2,
            Unreachable::Port => 3,
            Unreachable::FragmentationNeeded => 4,
            Unreachable::Prohibited => 13,
            Unreachable::Other(code) => code,
        }
    }

    /// What the number means.
    pub fn from_code(code: u8) -> Unreachable {
        match code {
            0 => Unreachable::Network,
            1 => Unreachable::Host,
            2 => Unreachable::Protocol,
            3 => Unreachable::Port,
            4 => Unreachable::FragmentationNeeded,
            13 => Unreachable::Prohibited,
            other => Unreachable::Other(other),
        }
    }
}

/// A message. `original` is the beginning of the packet it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// Type 8: ping.
    Echo {
        /// Which program pings.
        id: u16,
        /// Which of its pings.
        sequence: u16,
        /// Comes back as it is.
        data: Vec<u8>,
    },
    /// Type 0: pong.
    EchoReply {
        /// The request's.
        id: u16,
        /// The request's.
        sequence: u16,
        /// The request's.
        data: Vec<u8>,
    },
    /// Type 3.
    Unreachable {
        /// Why.
        reason: Unreachable,
        /// See above.
        original: Vec<u8>,
    },
    /// Type 5, code 1: for this host another router is better.
    Redirect {
        /// The other router.
        gateway: Ipv4Addr,
        /// See above.
        original: Vec<u8>,
    },
    /// Type 11, code 0: its TTL came to zero.
    TimeExceeded {
        /// See above.
        original: Vec<u8>,
    },
}

/// Why bytes are no ICMP message of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IcmpError {
    /// The bytes end before the message does.
    CutShort(WireError),
    /// The checksum is wrong.
    Checksum,
    /// A type, or a code of that type, that is not in the table above.
    Unknown {
        /// The type.
        kind: u8,
        /// The code.
        code: u8,
    },
}

impl fmt::Display for IcmpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            IcmpError::CutShort(error) => write!(f, "the message is cut short: {error}"),
            IcmpError::Checksum => f.write_str("the message's checksum is wrong"),
            IcmpError::Unknown { kind, code } => write!(f, "type {kind} code {code} is not one we take"),
        }
    }
}

impl std::error::Error for IcmpError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            IcmpError::CutShort(error) => Some(error),
            _ => None,
        }
    }
}

impl From<WireError> for IcmpError {
    fn from(error: WireError) -> IcmpError {
        IcmpError::CutShort(error)
    }
}

impl Message {
    /// Type and code.
    fn kind(&self) -> (u8, u8) {
        match self {
            Message::EchoReply { .. } => (0, 0),
            Message::Unreachable { reason, .. } => (3, reason.code()),
            Message::Redirect { .. } => (5, 1),
            Message::Echo { .. } => (8, 0),
            Message::TimeExceeded { .. } => (11, 0),
        }
    }

    /// The bytes, checksum and all.
    pub fn encode(&self) -> Vec<u8> {
        let (kind, code) = self.kind();
        let mut out = vec![kind, code, 0, 0];
        let rest = match self {
            Message::Echo { id, sequence, data } | Message::EchoReply { id, sequence, data } => {
                wire::put_u16(&mut out, *id);
                wire::put_u16(&mut out, *sequence);
                data
            }
            Message::Redirect { gateway, original } => {
                wire::put_u32(&mut out, gateway.to_bits());
                original
            }
            Message::Unreachable { original, .. } | Message::TimeExceeded { original } => {
                wire::put_u32(&mut out, 0);
                original
            }
        };
        out.extend_from_slice(rest);
        let sum = internet_checksum(&out);
        out[2..4].copy_from_slice(&sum.to_be_bytes());
        out
    }

    /// Reads a message.
    ///
    /// # Errors
    /// Every [`IcmpError`].
    pub fn decode(bytes: &[u8]) -> Result<Message, IcmpError> {
        let mut reader = Reader::new(bytes);
        let (kind, code) = (reader.u8()?, reader.u8()?);
        reader.u16()?;
        let word = reader.u32()?;
        if internet_checksum(bytes) != 0 {
            return Err(IcmpError::Checksum);
        }
        let (id, sequence) = ((word >> 16) as u16, word as u16);
        let rest = reader.rest().to_vec();
        match (kind, code) {
            (8, 0) => Ok(Message::Echo { id, sequence, data: rest }),
            (0, 0) => Ok(Message::EchoReply { id, sequence, data: rest }),
            (3, _) => Ok(Message::Unreachable { reason: Unreachable::from_code(code), original: rest }),
            (5, 1) => Ok(Message::Redirect { gateway: Ipv4Addr::from_bits(word), original: rest }),
            (11, 0) => Ok(Message::TimeExceeded { original: rest }),
            _ => Err(IcmpError::Unknown { kind, code }),
        }
    }

    /// The pong to a ping; nothing for any other message. An error is never answered with an error (RFC 1122, 3.2.2), or
    /// two hosts could go on for ever.
    pub fn reply(&self) -> Option<Message> {
        match self {
            Message::Echo { id, sequence, data } => {
                Some(Message::EchoReply { id: *id, sequence: *sequence, data: data.clone() })
            }
            _ => None,
        }
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Message::Echo { id, sequence, .. } => write!(f, "echo request {id}/{sequence}"),
            Message::EchoReply { id, sequence, .. } => write!(f, "echo reply {id}/{sequence}"),
            Message::Unreachable { reason, .. } => match reason {
                Unreachable::Network => f.write_str("network unreachable"),
                Unreachable::Host => f.write_str("host unreachable"),
                Unreachable::Protocol => f.write_str("protocol unreachable"),
                Unreachable::Port => f.write_str("port unreachable"),
                Unreachable::FragmentationNeeded => f.write_str("too large, and not to be fragmented"),
                Unreachable::Prohibited => f.write_str("prohibited by a firewall"),
                Unreachable::Other(code) => write!(f, "unreachable, code {code}"),
            },
            Message::Redirect { gateway, .. } => write!(f, "redirect: send by way of {gateway}"),
            Message::TimeExceeded { .. } => f.write_str("time exceeded"),
        }
    }
}

/// The beginning of a packet that an error about it quotes.
pub fn quoted(packet: &[u8]) -> Vec<u8> {
    packet[..packet.len().min(QUOTED_BYTES)].to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::random::Seeded;

    #[rustfmt::skip]
    const PING: &[u8] = &[
        8, 0,                       // echo request
        0x8f, 0x8e,                 // checksum
        0x00, 0x07, 0x00, 0x01,     // program 7, its first
        b'h', b'i',                 // comes back
    ];

    fn every_kind() -> Vec<Message> {
        let original = vec![0x45; QUOTED_BYTES];
        let mut all = vec![
            Message::Echo { id: 7, sequence: 1, data: b"hi".to_vec() },
            Message::EchoReply { id: u16::MAX, sequence: 0, data: vec![] },
            Message::Redirect { gateway: Ipv4Addr::new(10, 0, 0, 254), original: original.clone() },
            Message::TimeExceeded { original: original.clone() },
        ];
        for code in 0..=255 {
            let reason = Unreachable::from_code(code);
            assert_eq!(reason.code(), code);
            all.push(Message::Unreachable { reason, original: original.clone() });
        }
        all
    }

    #[test]
    fn the_ping_above_says_what_its_comments_say() {
        let mut checked = PING.to_vec();
        checked[2..4].copy_from_slice(&[0, 0]);
        assert_eq!(PING[2..4], internet_checksum(&checked).to_be_bytes());
        let ping = Message::Echo { id: 7, sequence: 1, data: b"hi".to_vec() };
        assert_eq!(Message::decode(PING), Ok(ping.clone()));
        assert_eq!(ping.encode(), PING);
    }

    #[test]
    fn every_kind_reads_back_and_every_truncation_is_an_error() {
        for message in every_kind() {
            let bytes = message.encode();
            assert_eq!(Message::decode(&bytes), Ok(message.clone()));
            for length in 0..bytes.len() {
                let piece = Message::decode(&bytes[..length]);
                // Zeros cut off the end change no sum: ICMP has no length of its own, IP has it.
                let only_zeros = bytes[length..].iter().all(|byte| *byte == 0);
                assert!(piece.is_err() || only_zeros, "{message} at {length}");
            }
        }
    }

    #[test]
    fn every_flipped_bit_is_an_error() {
        for message in &every_kind()[..4] {
            let bytes = message.encode();
            for bit in 0..bytes.len() * 8 {
                let mut damaged = bytes.clone();
                damaged[bit / 8] ^= 1 << (bit % 8);
                assert_eq!(Message::decode(&damaged), Err(IcmpError::Checksum), "{message} bit {bit}");
            }
        }
    }

    #[test]
    fn random_bytes_with_a_right_checksum_never_panic() {
        let mut random = Seeded::new(230);
        let mut taken = 0;
        for _ in 0..20_000 {
            let mut bytes = vec![0; 4 + random.below(40) as usize];
            random.fill(&mut bytes);
            bytes[0] %= 16;
            bytes[2..4].copy_from_slice(&[0, 0]);
            let sum = internet_checksum(&bytes);
            bytes[2..4].copy_from_slice(&sum.to_be_bytes());
            if let Ok(message) = Message::decode(&bytes) {
                taken += 1;
                assert_eq!(Message::decode(&message.encode()), Ok(message));
            }
        }
        assert!(taken > 500, "{taken}");
    }

    #[test]
    fn only_a_ping_is_answered() {
        for message in every_kind() {
            assert_eq!(message.reply().is_some(), matches!(message, Message::Echo { .. }));
        }
    }
}
