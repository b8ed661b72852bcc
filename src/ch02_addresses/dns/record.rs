//! A resource record: what is written under a name.
//!
//! ```text
//! name | type 2 | class 2 | time to live 4 | length 2 | data: length bytes
//! google.com.  A(1)  IN(1)  299              4          172.217.4.46
//! ```
//! Types and classes are numbers with names. They stay numbers here, so that a type nobody has heard of is carried like
//! any other (RFC 3597), written `TYPE65280`.

use std::fmt;
use std::str::FromStr;

use crate::base::wire::{Reader, put_u16, put_u32};

use super::compress::{NameReader, Writer};
use super::error::DnsError;
use super::name::Name;
use super::rdata::RData;

/// What kind of data a record holds, or a question asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordType(pub u16);

#[allow(missing_docs)] // Each is the type of its name; what it means stands at the variant of `RData`.
impl RecordType {
    pub const A: RecordType = RecordType(1);
    pub const NS: RecordType = RecordType(2);
    pub const CNAME: RecordType = RecordType(5);
    pub const SOA: RecordType = RecordType(6);
    pub const PTR: RecordType = RecordType(12);
    pub const HINFO: RecordType = RecordType(13);
    pub const MX: RecordType = RecordType(15);
    pub const TXT: RecordType = RecordType(16);
    pub const AAAA: RecordType = RecordType(28);
    pub const SRV: RecordType = RecordType(33);
    pub const OPT: RecordType = RecordType(41);
    pub const DS: RecordType = RecordType(43);
    pub const RRSIG: RecordType = RecordType(46);
    pub const DNSKEY: RecordType = RecordType(48);
    pub const IXFR: RecordType = RecordType(251);
    pub const AXFR: RecordType = RecordType(252);
    /// A question for any type; not the type of a record.
    pub const ANY: RecordType = RecordType(255);
    pub const CAA: RecordType = RecordType(257);
}

/// The types with names. Of HINFO, OPT and the three at the end we know no more than these.
const TYPE_NAMES: [(RecordType, &str); 18] = [
    (RecordType::A, "A"),
    (RecordType::NS, "NS"),
    (RecordType::CNAME, "CNAME"),
    (RecordType::SOA, "SOA"),
    (RecordType::PTR, "PTR"),
    (RecordType::MX, "MX"),
    (RecordType::TXT, "TXT"),
    (RecordType::AAAA, "AAAA"),
    (RecordType::SRV, "SRV"),
    (RecordType::CAA, "CAA"),
    (RecordType::DS, "DS"),
    (RecordType::DNSKEY, "DNSKEY"),
    (RecordType::RRSIG, "RRSIG"),
    (RecordType::HINFO, "HINFO"),
    (RecordType::OPT, "OPT"),
    (RecordType::IXFR, "IXFR"),
    (RecordType::AXFR, "AXFR"),
    (RecordType::ANY, "ANY"),
];

/// A network's kind. The internet is the only one left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Class(pub u16);

impl Class {
    /// The internet.
    pub const IN: Class = Class(1);
    /// Chaosnet, now used to ask a server about itself.
    pub const CH: Class = Class(3);
    /// A question for any class.
    pub const ANY: Class = Class(255);
    /// The bit that multicast DNS puts before a class: flush your cache, or answer me alone (RFC 6762 §10.2, §5.4).
    pub const TOP_BIT: u16 = 0x8000;

    /// Whether it is the internet, with multicast DNS's bit or without.
    pub fn is_internet(self) -> bool {
        self.0 & !Class::TOP_BIT == Class::IN.0
    }
}

const CLASS_NAMES: [(Class, &str); 3] = [(Class::IN, "IN"), (Class::CH, "CH"), (Class::ANY, "ANY")];

impl fmt::Display for RecordType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match TYPE_NAMES.iter().find(|(known, _)| known == self) {
            Some((_, name)) => f.pad(name),
            None => f.pad(&format!("TYPE{}", self.0)),
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match CLASS_NAMES.iter().find(|(known, _)| known == self) {
            Some((_, name)) => f.pad(name),
            None => f.pad(&format!("CLASS{}", self.0)),
        }
    }
}

/// A word that names no type, or no class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownWord {
    word: String,
    kind: &'static str,
    example: &'static str,
}

impl fmt::Display for UnknownWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is no {}; we take words like {}", self.word, self.kind, self.example)
    }
}

impl std::error::Error for UnknownWord {}

impl FromStr for RecordType {
    type Err = UnknownWord;

    /// `A`, `mx`, `TYPE65280`; case does not matter.
    fn from_str(word: &str) -> Result<RecordType, UnknownWord> {
        if let Some((known, _)) = TYPE_NAMES.iter().find(|(_, name)| name.eq_ignore_ascii_case(word)) {
            return Ok(*known);
        }
        number_behind("TYPE", word).map(RecordType).ok_or_else(|| UnknownWord {
            word: word.to_string(),
            kind: "record type",
            example: "A, MX and TYPE65280",
        })
    }
}

impl FromStr for Class {
    type Err = UnknownWord;

    /// `IN`, `ch`, `CLASS32`; case does not matter.
    fn from_str(word: &str) -> Result<Class, UnknownWord> {
        if let Some((known, _)) = CLASS_NAMES.iter().find(|(_, name)| name.eq_ignore_ascii_case(word)) {
            return Ok(*known);
        }
        number_behind("CLASS", word).map(Class).ok_or_else(|| UnknownWord {
            word: word.to_string(),
            kind: "class",
            example: "IN, CH and CLASS32",
        })
    }
}

/// 65280 for `TYPE65280`.
fn number_behind(prefix: &str, word: &str) -> Option<u16> {
    let (head, digits) = word.split_at_checked(prefix.len())?;
    if !head.eq_ignore_ascii_case(prefix) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok()
}

// --- a record -------------------------------------------------------------------------------------------------------

/// A resource record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Under which name.
    pub name: Name,
    /// In which kind of network.
    pub class: Class,
    /// For how many seconds it may be kept.
    pub ttl: u32,
    /// What it says; the record's type is the data's.
    pub data: RData,
}

impl Record {
    /// A record of the internet.
    pub fn new(name: Name, ttl: u32, data: RData) -> Record {
        Record { name, class: Class::IN, ttl, data }
    }

    /// The type.
    pub fn record_type(&self) -> RecordType {
        self.data.record_type()
    }

    /// Reads one record.
    ///
    /// # Errors
    /// As [`NameReader::read`] and [`RData::decode`]; [`DnsError::PeerStoppedInside`].
    pub fn decode<'a>(reader: &mut Reader<'a>, names: &mut NameReader<'a>) -> Result<Record, DnsError> {
        let name = names.read(reader)?;
        let record_type = RecordType(reader.u16()?);
        Record::decode_behind(name, record_type, reader, names)
    }

    /// Reads what stands behind a record's name and type, for who had to look at these first.
    ///
    /// # Errors
    /// As [`Record::decode`].
    pub fn decode_behind<'a>(
        name: Name,
        record_type: RecordType,
        reader: &mut Reader<'a>,
        names: &mut NameReader<'a>,
    ) -> Result<Record, DnsError> {
        let class = Class(reader.u16()?);
        let ttl = ttl_from_wire(reader.u32()?);
        let data = RData::decode(record_type, class, &mut reader.block16()?, names)?;
        Ok(Record { name, class, ttl, data })
    }

    /// Appends the wire form.
    ///
    /// # Errors
    /// [`DnsError::WeWroteTooLong`] for data beyond 65,535 bytes or a string in it beyond 255.
    pub fn encode(&self, writer: &mut Writer) -> Result<(), DnsError> {
        writer.put_name(&self.name);
        put_u16(&mut writer.out, self.record_type().0);
        put_u16(&mut writer.out, self.class.0);
        put_u32(&mut writer.out, self.ttl);
        self.data.encode_with_length(writer)
    }
}

/// Thirty-one bits; with the thirty-second set it counts as zero (RFC 2181 §8).
fn ttl_from_wire(ttl: u32) -> u32 {
    if i32::try_from(ttl).is_ok() { ttl } else { 0 }
}

impl fmt::Display for Record {
    /// `google.com. 299 IN A 172.217.4.46`, as the book's listings and zone files have it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {} {} {}", self.name, self.ttl, self.class, self.record_type(), self.data)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_and_classes_have_names_and_any_other_number_has_one_too() {
        assert_eq!(RecordType(28).to_string(), "AAAA");
        assert_eq!("aaaa".parse(), Ok(RecordType::AAAA));
        assert_eq!(RecordType(65_280).to_string(), "TYPE65280");
        assert_eq!("type65280".parse(), Ok(RecordType(65_280)));
        assert_eq!("CLASS32".parse(), Ok(Class(32)));
        assert_eq!(Class(32).to_string(), "CLASS32");
        for word in ["", "TYPE", "TYPE+1", "TYPE65536", "B", "TYPÉ1"] {
            assert!(word.parse::<RecordType>().is_err(), "{word:?}");
        }
    }

    #[test]
    fn every_type_with_a_name_is_found_by_it() {
        for (record_type, name) in TYPE_NAMES {
            assert_eq!(name.parse(), Ok(record_type));
            assert_eq!(record_type.to_string(), name);
        }
    }

    #[test]
    fn a_time_to_live_with_the_top_bit_is_zero() {
        assert_eq!(ttl_from_wire(0x8000_0000), 0);
        assert_eq!(ttl_from_wire(0x7fff_ffff), 0x7fff_ffff);
    }
}
