//! The first twelve bytes of a message: id, flags, code. The counts behind them are the message's business.

use std::fmt;

use crate::base::wire::Reader;
use crate::ch02_addresses::dns::error::DnsError;

/// The length of the header in bytes, its four counts included.
pub const HEADER_LENGTH: usize = 12;

/// What is asked for: almost always 0, a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opcode(pub u8);

impl Opcode {
    /// A question about a name.
    pub const QUERY: Opcode = Opcode(0);
}

impl fmt::Display for Opcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => f.write_str("QUERY"),
            1 => f.write_str("IQUERY"),
            2 => f.write_str("STATUS"),
            4 => f.write_str("NOTIFY"),
            5 => f.write_str("UPDATE"),
            other => write!(f, "{other}"),
        }
    }
}

/// How it went. Four bits in the header, and eight more in an OPT record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rcode(pub u16);

#[allow(missing_docs)] // RFC 1035 §4.1.1 and RFC 6891 §9 say what each means; so does `Display`.
impl Rcode {
    pub const NOERROR: Rcode = Rcode(0);
    pub const FORMERR: Rcode = Rcode(1);
    pub const SERVFAIL: Rcode = Rcode(2);
    pub const NXDOMAIN: Rcode = Rcode(3);
    pub const NOTIMP: Rcode = Rcode(4);
    pub const REFUSED: Rcode = Rcode(5);
    pub const BADVERS: Rcode = Rcode(16);
}

impl fmt::Display for Rcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Rcode::NOERROR => f.write_str("NOERROR"),
            Rcode::FORMERR => f.write_str("FORMERR"),
            Rcode::SERVFAIL => f.write_str("SERVFAIL"),
            Rcode::NXDOMAIN => f.write_str("NXDOMAIN"),
            Rcode::NOTIMP => f.write_str("NOTIMP"),
            Rcode::REFUSED => f.write_str("REFUSED"),
            Rcode::BADVERS => f.write_str("BADVERS"),
            Rcode(other) => write!(f, "{other}"),
        }
    }
}

/// The first twelve bytes, without the counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Chosen by who asks, repeated by who answers.
    pub id: u16,
    /// Whether it is an answer (QR).
    pub is_response: bool,
    /// What is asked for.
    pub opcode: Opcode,
    /// The answer comes from whoever has authority over the name (AA).
    pub authoritative: bool,
    /// Something did not fit (TC).
    pub truncated: bool,
    /// Please ask others for me (RD).
    pub recursion_desired: bool,
    /// I would ask others for you (RA).
    pub recursion_available: bool,
    /// The signatures were checked (AD).
    pub authentic_data: bool,
    /// Do not check signatures (CD).
    pub checking_disabled: bool,
    /// How it went; above 15 only with an OPT record.
    pub rcode: Rcode,
}

impl Header {
    /// The header of a query.
    pub fn query(id: u16) -> Header {
        Header {
            id,
            is_response: false,
            opcode: Opcode::QUERY,
            authoritative: false,
            truncated: false,
            recursion_desired: false,
            recursion_available: false,
            authentic_data: false,
            checking_disabled: false,
            rcode: Rcode::NOERROR,
        }
    }

    pub(super) fn from_bits(id: u16, bits: u16) -> Header {
        Header {
            id,
            is_response: bits & 0x8000 != 0,
            opcode: Opcode((bits >> 11 & 0xf) as u8),
            authoritative: bits & 0x0400 != 0,
            truncated: bits & 0x0200 != 0,
            recursion_desired: bits & 0x0100 != 0,
            recursion_available: bits & 0x0080 != 0,
            authentic_data: bits & 0x0020 != 0,
            checking_disabled: bits & 0x0010 != 0,
            rcode: Rcode(bits & 0xf),
        }
    }

    pub(super) fn to_bits(&self) -> u16 {
        let mut bits = u16::from(self.opcode.0 & 0xf) << 11 | self.rcode.0 & 0xf;
        for (is_set, bit) in [
            (self.is_response, 0x8000),
            (self.authoritative, 0x0400),
            (self.truncated, 0x0200),
            (self.recursion_desired, 0x0100),
            (self.recursion_available, 0x0080),
            (self.authentic_data, 0x0020),
            (self.checking_disabled, 0x0010),
        ] {
            bits |= if is_set { bit } else { 0 };
        }
        bits
    }

    /// The header alone, from the first twelve bytes of anything, for a server that must say what is wrong with the rest.
    ///
    /// # Errors
    /// [`DnsError::PeerStoppedInside`] if there are fewer than twelve.
    pub fn peek(message: &[u8]) -> Result<Header, DnsError> {
        let mut reader = Reader::new(message);
        let mut head = Reader::new(reader.take(HEADER_LENGTH)?);
        Ok(Header::from_bits(head.u16()?, head.u16()?))
    }
}
