//! The data of a record from its text: the other direction of `Display` for [`RData`].

use std::str::FromStr;

use crate::base::base64;
use crate::base::calendar::Timestamp;
use crate::base::wire::Reader;

use super::error::ZoneProblem;
use super::scan::Word;
use crate::ch02_addresses::dns::compress::NameReader;
use crate::ch02_addresses::dns::dnssec::{Dnskey, Ds, Rrsig};
use crate::ch02_addresses::dns::name::{self, Name, unescape};
use crate::ch02_addresses::dns::rdata::{Caa, Mx, RData, Soa, Srv};
use crate::ch02_addresses::dns::record::{Class, RecordType};
use crate::ch02_addresses::dns::text::{MAX_CHUNK, Text};

/// The longest time to live (RFC 2181 §8).
const MAX_TTL: u64 = 0x7fff_ffff;

/// The fields of an entry, taken one after the other.
#[derive(Clone, Debug)]
pub struct Fields<'a> {
    words: &'a [Word],
    origin: Option<&'a Name>,
}

impl<'a> Fields<'a> {
    /// All of `words`; relative names are under `origin`.
    pub fn new(words: &'a [Word], origin: Option<&'a Name>) -> Fields<'a> {
        Fields { words, origin }
    }

    /// The next field, which stays where it is.
    pub fn peek(&self) -> Option<&'a Word> {
        self.words.first()
    }

    /// The next field.
    ///
    /// # Errors
    /// [`ZoneProblem::FieldMissing`].
    pub fn word(&mut self, wanted: &'static str) -> Result<&'a Word, ZoneProblem> {
        let (first, rest) = self.words.split_first().ok_or(ZoneProblem::FieldMissing { wanted })?;
        self.words = rest;
        Ok(first)
    }

    /// The next field as anything that can be read from text.
    ///
    /// # Errors
    /// [`ZoneProblem::FieldMissing`], [`ZoneProblem::FieldWrong`].
    pub fn parsed<T: FromStr>(&mut self, wanted: &'static str) -> Result<T, ZoneProblem> {
        let word = self.word(wanted)?;
        word.text.parse().map_err(|_| wrong(wanted, word))
    }

    /// The next field as a name.
    ///
    /// # Errors
    /// [`ZoneProblem::FieldMissing`], [`ZoneProblem::BadName`], [`ZoneProblem::NoOrigin`].
    pub fn name(&mut self) -> Result<Name, ZoneProblem> {
        let word = self.word("a name")?;
        match self.origin {
            Some(origin) => Ok(Name::relative_to(&word.text, origin)?),
            None => whole_name(&word.text),
        }
    }

    /// The next field as seconds: `3600`, `1h`, `1d12h`.
    ///
    /// # Errors
    /// [`ZoneProblem::FieldMissing`], [`ZoneProblem::FieldWrong`].
    pub fn seconds(&mut self, wanted: &'static str) -> Result<u32, ZoneProblem> {
        let word = self.word(wanted)?;
        seconds(&word.text).ok_or_else(|| wrong(wanted, word))
    }

    /// The next field as bytes, escapes resolved.
    fn string(&mut self, wanted: &'static str) -> Result<Vec<u8>, ZoneProblem> {
        let word = self.word(wanted)?;
        let mut bytes = Vec::new();
        let mut letters = word.text.bytes();
        while let Some(letter) = letters.next() {
            match letter {
                b'\\' => bytes.push(unescape(&mut letters).ok_or_else(|| wrong(wanted, word))?),
                _ => bytes.push(letter),
            }
        }
        if bytes.len() > MAX_CHUNK { Err(wrong("a string of at most 255 bytes", word)) } else { Ok(bytes) }
    }

    /// All fields that are left, joined: digits of hex or base64 may be spread over lines.
    fn joined(&mut self) -> String {
        let words = std::mem::take(&mut self.words);
        words.iter().map(|word| word.text.as_str()).collect()
    }

    fn hex(&mut self) -> Result<Vec<u8>, ZoneProblem> {
        let text = self.joined();
        from_hex(&text).ok_or(ZoneProblem::FieldWrong { wanted: "an even number of hex digits", word: text })
    }

    fn base64(&mut self) -> Result<Vec<u8>, ZoneProblem> {
        let text = self.joined();
        base64::decode(&text).map_err(|_| ZoneProblem::FieldWrong { wanted: "base64", word: text })
    }

    /// Ends the entry.
    ///
    /// # Errors
    /// [`ZoneProblem::FieldTooMany`].
    pub fn finish(self) -> Result<(), ZoneProblem> {
        match self.words.first() {
            Some(word) => Err(ZoneProblem::FieldTooMany(word.text.clone())),
            None => Ok(()),
        }
    }
}

fn wrong(wanted: &'static str, word: &Word) -> ZoneProblem {
    ZoneProblem::FieldWrong { wanted, word: word.text.clone() }
}

fn whole_name(text: &str) -> Result<Name, ZoneProblem> {
    let (name, is_whole) = name::parse(text)?;
    if is_whole { Ok(name) } else { Err(ZoneProblem::NoOrigin(text.to_string())) }
}

/// `90`, `1m30s`, `1w`: a number of seconds, or numbers with units, largest numbers within 31 bits.
pub fn seconds(text: &str) -> Option<u32> {
    let mut total = 0u64;
    let mut number: Option<u64> = None;
    for letter in text.bytes() {
        if letter.is_ascii_digit() {
            let next = number.unwrap_or(0) * 10 + u64::from(letter - b'0');
            number = Some(next).filter(|next| *next <= MAX_TTL);
            number?;
            continue;
        }
        let unit = match letter.to_ascii_lowercase() {
            b's' => 1,
            b'm' => 60,
            b'h' => 3600,
            b'd' => 86_400,
            b'w' => 604_800,
            _ => return None,
        };
        total += number.take()? * unit;
        if total > MAX_TTL {
            return None;
        }
    }
    let has_unit = text.bytes().any(|letter| letter.is_ascii_alphabetic());
    match (number, has_unit) {
        (Some(number), _) => total += number,
        (None, true) => {}
        (None, false) => return None,
    }
    u32::try_from(total).ok().filter(|total| u64::from(*total) <= MAX_TTL)
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    if text.len() % 2 != 0 || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let mut bytes = Vec::with_capacity(text.len() / 2);
    for at in (0..text.len()).step_by(2) {
        bytes.push(u8::from_str_radix(&text[at..at + 2], 16).ok()?);
    }
    Some(bytes)
}

/// The data of a type from the fields that are left.
///
/// # Errors
/// [`ZoneProblem::FieldMissing`], [`ZoneProblem::FieldWrong`], [`ZoneProblem::FieldTooMany`], [`ZoneProblem::BadName`],
/// [`ZoneProblem::NoTextForm`].
pub fn rdata(record_type: RecordType, mut fields: Fields<'_>) -> Result<RData, ZoneProblem> {
    let is_generic = fields.peek().is_some_and(|word| !word.quoted && word.text == "\\#");
    let data = if is_generic { generic(record_type, &mut fields)? } else { known(record_type, &mut fields)? };
    fields.finish()?;
    Ok(data)
}

fn known(record_type: RecordType, fields: &mut Fields<'_>) -> Result<RData, ZoneProblem> {
    Ok(match record_type {
        RecordType::A => RData::A(fields.parsed("an IPv4 address")?),
        RecordType::AAAA => RData::Aaaa(fields.parsed("an IPv6 address")?),
        RecordType::NS => RData::Ns(fields.name()?),
        RecordType::CNAME => RData::Cname(fields.name()?),
        RecordType::PTR => RData::Ptr(fields.name()?),
        RecordType::SOA => RData::Soa(soa(fields)?),
        RecordType::MX => {
            RData::Mx(Mx { preference: fields.parsed("a preference")?, exchange: fields.name()? })
        }
        RecordType::TXT => RData::Txt(text(fields)?),
        RecordType::SRV => RData::Srv(Srv {
            priority: fields.parsed("a priority")?,
            weight: fields.parsed("a weight")?,
            port: fields.parsed("a port")?,
            target: fields.name()?,
        }),
        RecordType::CAA => RData::Caa(Caa {
            flags: fields.parsed("flags from 0 to 255")?,
            tag: fields.string("a tag")?,
            value: fields.string("a value")?,
        }),
        RecordType::DS => RData::Ds(Ds {
            key_tag: fields.parsed("a key tag")?,
            algorithm: fields.parsed("an algorithm's number")?,
            digest_type: fields.parsed("a digest's number")?,
            digest: fields.hex()?,
        }),
        RecordType::DNSKEY => RData::Dnskey(Dnskey {
            flags: fields.parsed("flags")?,
            protocol: fields.parsed("the protocol, 3")?,
            algorithm: fields.parsed("an algorithm's number")?,
            public_key: fields.base64()?,
        }),
        RecordType::RRSIG => RData::Rrsig(rrsig(fields)?),
        _ => return Err(ZoneProblem::NoTextForm(record_type)),
    })
}

fn soa(fields: &mut Fields<'_>) -> Result<Soa, ZoneProblem> {
    Ok(Soa {
        primary: fields.name()?,
        responsible: fields.name()?,
        serial: fields.parsed("a serial number")?,
        refresh: fields.seconds("the seconds to refresh")?,
        retry: fields.seconds("the seconds to retry")?,
        expire: fields.seconds("the seconds to expire")?,
        minimum: fields.seconds("the minimum of seconds")?,
    })
}

fn text(fields: &mut Fields<'_>) -> Result<Text, ZoneProblem> {
    let mut chunks = vec![fields.string("a string")?];
    while fields.peek().is_some() {
        chunks.push(fields.string("a string")?);
    }
    Text::from_chunks(chunks).ok_or(ZoneProblem::FieldMissing { wanted: "a string" })
}

fn rrsig(fields: &mut Fields<'_>) -> Result<Rrsig, ZoneProblem> {
    Ok(Rrsig {
        type_covered: fields.parsed("a record type")?,
        algorithm: fields.parsed("an algorithm's number")?,
        labels: fields.parsed("a number of labels")?,
        original_ttl: fields.seconds("a time to live")?,
        expiration: stamp(fields)?,
        inception: stamp(fields)?,
        key_tag: fields.parsed("a key tag")?,
        signer: fields.name()?,
        signature: fields.base64()?,
    })
}

/// `20330518033320`, or seconds since 1970.
fn stamp(fields: &mut Fields<'_>) -> Result<u32, ZoneProblem> {
    const WANTED: &str = "a moment such as 20330518033320";
    let word = fields.word(WANTED)?;
    let text = &word.text;
    if text.len() != 14 || !text.bytes().all(|digit| digit.is_ascii_digit()) {
        return text.parse().map_err(|_| wrong(WANTED, word));
    }
    let rfc3339 = format!(
        "{}-{}-{}T{}:{}:{}Z",
        &text[..4],
        &text[4..6],
        &text[6..8],
        &text[8..10],
        &text[10..12],
        &text[12..]
    );
    let moment = Timestamp::parse_rfc3339(&rfc3339).map_err(|_| wrong(WANTED, word))?;
    u32::try_from(moment.unix_seconds()).map_err(|_| wrong(WANTED, word))
}

/// `\# 4 0a000001`: any type's data as bytes (RFC 3597 §5). For a type we know the bytes must be its data.
fn generic(record_type: RecordType, fields: &mut Fields<'_>) -> Result<RData, ZoneProblem> {
    fields.word("\\#")?;
    let length: u16 = fields.parsed("a length")?;
    let bytes = fields.hex()?;
    let refused = |word: String| ZoneProblem::FieldWrong { wanted: "data of the announced length", word };
    if bytes.len() != usize::from(length) {
        return Err(refused(format!("{} bytes", bytes.len())));
    }
    // A message of nothing: a pointer in these bytes would lead nowhere, and is refused.
    let mut names = NameReader::new(&[]);
    RData::decode(record_type, Class::IN, &mut Reader::new(&bytes), &mut names)
        .map_err(|error| refused(error.to_string()))
}

#[cfg(test)]
mod tests;
