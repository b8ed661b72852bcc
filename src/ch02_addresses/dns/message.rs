//! A DNS message: a header, a question, and three sections of records (RFC 1035 §4.1).
//!
//! ```text
//! 0      2       4           6           8           10           12
//! +------+-------+-----------+-----------+-----------+------------+----------+---------------------------------+
//! |  id  | flags | questions |  answers  | authority | additional | question | records of the three sections   |
//! +------+-------+-----------+-----------+-----------+------------+----------+---------------------------------+
//!
//! flags: 1 response | 4 opcode | 1 authoritative | 1 truncated | 1 recursion desired | 1 recursion available
//!        | 1 zero | 1 authentic data | 1 checking disabled | 4 response code
//! ```
//! A datagram holds 512 bytes unless EDNS says more. [`Message::encode_within`] leaves out what does not fit, whole sets of
//! records at a time, and sets *truncated*: ask again over TCP.
//!
//! Bounded: a section that counts more records than its bytes could hold is refused before anything is read.

mod header;

use std::fmt;

use crate::base::wire::{Reader, put_u16};

use super::compress::{NameReader, Writer};
use super::edns::{Edns, PLAIN_UDP_SIZE};
use super::error::DnsError;
use super::name::Name;
use super::rdata::RData;
use super::record::{Class, Record, RecordType};

pub use header::{HEADER_LENGTH, Header, Opcode, Rcode};

/// The longest message: what the two bytes of length before it on a stream can say.
pub const MAX_MESSAGE: usize = 65_535;
/// The least a question has: the root, type, class. And a record: also time to live and length.
const SHORTEST_QUESTION: usize = 5;
const SHORTEST_RECORD: usize = 11;

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// About which name.
    pub name: Name,
    /// For which type.
    pub record_type: RecordType,
    /// In which class.
    pub class: Class,
}

impl Question {
    /// A question about the internet.
    pub fn new(name: Name, record_type: RecordType) -> Question {
        Question { name, record_type, class: Class::IN }
    }

    fn decode<'a>(reader: &mut Reader<'a>, names: &mut NameReader<'a>) -> Result<Question, DnsError> {
        Ok(Question {
            name: names.read(reader)?,
            record_type: RecordType(reader.u16()?),
            class: Class(reader.u16()?),
        })
    }

    fn encode(&self, writer: &mut Writer) {
        writer.put_name(&self.name);
        put_u16(&mut writer.out, self.record_type.0);
        put_u16(&mut writer.out, self.class.0);
    }
}

impl fmt::Display for Question {
    /// `google.com. IN A`, as the book's listings have it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.name, self.class, self.record_type)
    }
}

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The header.
    pub header: Header,
    /// What is asked; one question in all but multicast DNS.
    pub questions: Vec<Question>,
    /// What answers it.
    pub answers: Vec<Record>,
    /// Who has authority: name servers, or the SOA of "there is no such name".
    pub authority: Vec<Record>,
    /// What helps with the rest, such as addresses of the name servers. The OPT record is not here but in `edns`.
    pub additional: Vec<Record>,
    /// What the sender says of itself.
    pub edns: Option<Edns>,
}

impl Message {
    /// A query with one question.
    pub fn query(id: u16, question: Question) -> Message {
        Message {
            header: Header::query(id),
            questions: vec![question],
            answers: Vec::new(),
            authority: Vec::new(),
            additional: Vec::new(),
            edns: None,
        }
    }

    /// The beginning of an answer: the query's id, opcode, question and wish for recursion; everything else is empty.
    pub fn answer_to(query: &Message) -> Message {
        let header = Header {
            is_response: true,
            opcode: query.header.opcode,
            recursion_desired: query.header.recursion_desired,
            checking_disabled: query.header.checking_disabled,
            ..Header::query(query.header.id)
        };
        Message {
            header,
            questions: query.questions.clone(),
            answers: Vec::new(),
            authority: Vec::new(),
            additional: Vec::new(),
            edns: None,
        }
    }

    /// The largest datagram that may answer this: 512 bytes, or what its OPT record allows.
    pub fn datagram_limit(&self) -> usize {
        self.edns.as_ref().map_or(usize::from(PLAIN_UDP_SIZE), Edns::datagram_limit)
    }

    /// For how many seconds "there is no such name" or "no such type" may be kept: the smaller of the SOA's time to live
    /// and its last field (RFC 2308 §5). `None` without an SOA: then not at all.
    pub fn negative_ttl(&self) -> Option<u32> {
        self.authority.iter().find_map(|record| match &record.data {
            RData::Soa(soa) => Some(record.ttl.min(soa.minimum)),
            _ => None,
        })
    }

    // --- reading ----------------------------------------------------------------------------------------------------

    /// Reads a message that fills `bytes`.
    ///
    /// # Errors
    /// Any [`DnsError`] that begins with `Peer`.
    pub fn decode(bytes: &[u8]) -> Result<Message, DnsError> {
        Ok(Message::decode_counting(bytes)?.0)
    }

    /// As [`Message::decode`]; also says how many steps its names took, see [`NameReader::steps`].
    ///
    /// # Errors
    /// As [`Message::decode`].
    pub fn decode_counting(bytes: &[u8]) -> Result<(Message, usize), DnsError> {
        if bytes.len() > MAX_MESSAGE {
            return Err(DnsError::PeerSentLongMessage { length: bytes.len() });
        }
        let header = Header::peek(bytes)?;
        let mut reader = Reader::new(bytes);
        let mut names = NameReader::new(bytes);
        reader.take(4)?;
        let counts = [reader.u16()?, reader.u16()?, reader.u16()?, reader.u16()?];
        let mut message = Message { header, ..Message::empty() };
        check_count("question", counts[0], SHORTEST_QUESTION, &reader)?;
        for _ in 0..counts[0] {
            message.questions.push(Question::decode(&mut reader, &mut names)?);
        }
        message.read_section(Section::Answer, counts[1], &mut reader, &mut names)?;
        message.read_section(Section::Authority, counts[2], &mut reader, &mut names)?;
        message.read_section(Section::Additional, counts[3], &mut reader, &mut names)?;
        reader.finish()?;
        Ok((message, names.steps()))
    }

    fn empty() -> Message {
        Message {
            header: Header::query(0),
            questions: Vec::new(),
            answers: Vec::new(),
            authority: Vec::new(),
            additional: Vec::new(),
            edns: None,
        }
    }

    fn read_section<'a>(
        &mut self,
        section: Section,
        count: u16,
        reader: &mut Reader<'a>,
        names: &mut NameReader<'a>,
    ) -> Result<(), DnsError> {
        check_count(section.name(), count, SHORTEST_RECORD, reader)?;
        for _ in 0..count {
            let name = names.read(reader)?;
            let record_type = RecordType(reader.u16()?);
            if record_type == RecordType::OPT {
                self.take_opt(section, &name, reader)?;
                continue;
            }
            let record = Record::decode_behind(name, record_type, reader, names)?;
            self.section_mut(section).push(record);
        }
        Ok(())
    }

    fn take_opt(&mut self, section: Section, name: &Name, reader: &mut Reader<'_>) -> Result<(), DnsError> {
        if section != Section::Additional || !name.is_root() || self.edns.is_some() {
            return Err(DnsError::PeerMisplacedOpt);
        }
        let (edns, upper_code) = Edns::decode(reader)?;
        self.header.rcode.0 |= u16::from(upper_code) << 4;
        self.edns = Some(edns);
        Ok(())
    }

    fn section_mut(&mut self, section: Section) -> &mut Vec<Record> {
        match section {
            Section::Answer => &mut self.answers,
            Section::Authority => &mut self.authority,
            Section::Additional => &mut self.additional,
        }
    }

    // --- writing ----------------------------------------------------------------------------------------------------

    /// The wire form, whole, for a stream.
    ///
    /// # Errors
    /// [`DnsError::WeHaveNoRoom`] if it has more than 65,535 bytes; as [`Message::encode_within`].
    pub fn encode(&self) -> Result<Vec<u8>, DnsError> {
        let (bytes, fits) = self.write_within(MAX_MESSAGE)?;
        if fits { Ok(bytes) } else { Err(DnsError::WeHaveNoRoom { limit: MAX_MESSAGE }) }
    }

    /// The wire form in at most `limit` bytes. Sets of records that do not fit are left out, from the first on, and the
    /// message is marked truncated; records that only help may go without the mark (RFC 2181 §9), but not the addresses
    /// without which a referral leads nowhere (RFC 9471).
    ///
    /// # Errors
    /// [`DnsError::WeHaveNoRoom`] if header, question and OPT record alone are longer; [`DnsError::WeHaveNoOptForCode`];
    /// [`DnsError::WeWroteTooLong`].
    pub fn encode_within(&self, limit: usize) -> Result<Vec<u8>, DnsError> {
        Ok(self.write_within(limit)?.0)
    }

    /// The bytes, and whether all records are in them.
    fn write_within(&self, limit: usize) -> Result<(Vec<u8>, bool), DnsError> {
        let opt = self.opt_record()?;
        let mut writer = Writer::new();
        writer.out.extend_from_slice(&[0; HEADER_LENGTH]);
        for question in &self.questions {
            question.encode(&mut writer);
        }
        let room = limit.min(MAX_MESSAGE).checked_sub(opt.len()).filter(|room| writer.out.len() <= *room);
        let Some(room) = room else { return Err(DnsError::WeHaveNoRoom { limit }) };
        let mut counts = [0; 3];
        let mut left_out = None;
        for (index, section) in [&self.answers, &self.authority, &self.additional].into_iter().enumerate() {
            if left_out.is_none() {
                counts[index] = write_sets(section, room, &mut writer)?;
                left_out = (counts[index] < section.len()).then_some(index);
            }
        }
        writer.out.extend_from_slice(&opt);
        let is_referral = self.answers.is_empty() && !self.header.authoritative;
        let matters = left_out.is_some_and(|section| section < 2 || is_referral);
        let header = Header { truncated: self.header.truncated || matters, ..self.header.clone() };
        let additional = counts[2] + usize::from(!opt.is_empty());
        let counts = [self.questions.len(), counts[0], counts[1], additional];
        fill_in_header(&mut writer.out, &header, counts);
        Ok((writer.out, left_out.is_none()))
    }

    fn opt_record(&self) -> Result<Vec<u8>, DnsError> {
        let mut writer = Writer::new();
        let upper = self.header.rcode.0 >> 4;
        match &self.edns {
            Some(edns) => edns.encode((upper & 0xff) as u8, &mut writer)?,
            None if upper != 0 => return Err(DnsError::WeHaveNoOptForCode { code: self.header.rcode.0 }),
            None => {}
        }
        Ok(writer.out)
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Section {
    Answer,
    Authority,
    Additional,
}

impl Section {
    fn name(self) -> &'static str {
        match self {
            Section::Answer => "answer",
            Section::Authority => "authority",
            Section::Additional => "additional",
        }
    }
}

fn check_count(
    section: &'static str,
    count: u16,
    shortest: usize,
    reader: &Reader<'_>,
) -> Result<(), DnsError> {
    if usize::from(count) * shortest > reader.remaining() {
        return Err(DnsError::PeerLiedAboutCount { section, count, left: reader.remaining() });
    }
    Ok(())
}

/// Appends sets of records (same name and type, one behind the other) while they end within `room` bytes. How many
/// records that were.
fn write_sets(section: &[Record], room: usize, writer: &mut Writer) -> Result<usize, DnsError> {
    let mut written = 0;
    while written < section.len() {
        let before = writer.out.len();
        let set = set_at(section, written);
        for record in set {
            record.encode(writer)?;
            if writer.out.len() > room {
                writer.roll_back(before);
                return Ok(written);
            }
        }
        written += set.len();
    }
    Ok(written)
}

/// The records from `start` on that belong together. A client takes a set for whole, so no part of one may be sent.
fn set_at(section: &[Record], start: usize) -> &[Record] {
    let first = &section[start];
    let same = |record: &&Record| record.name == first.name && record.record_type() == first.record_type();
    let length = section[start..].iter().take_while(same).count();
    &section[start..start + length]
}

fn fill_in_header(out: &mut [u8], header: &Header, counts: [usize; 4]) {
    let mut bytes = Vec::with_capacity(HEADER_LENGTH);
    put_u16(&mut bytes, header.id);
    put_u16(&mut bytes, header.to_bits());
    for count in counts {
        // 65,535 bytes hold fewer entries than that.
        put_u16(&mut bytes, count as u16);
    }
    out[..HEADER_LENGTH].copy_from_slice(&bytes);
}

#[cfg(test)]
mod tests;
