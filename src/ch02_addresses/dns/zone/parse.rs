//! Reads a zone file (RFC 1035 §5.1, RFC 2308 §4).
//!
//! ```text
//! $ORIGIN google.com.        names without a dot at the end are under this
//! $TTL 21599                 for records that do not say
//! @     59 IN SOA ns1 dns-admin ( 248440550 900 900 1800 60 )
//!             NS  ns1                 begins with a blank: the name of the record before
//! mail        CNAME googlemail.l
//! ```
//! Time to live and class may stand in either order or be missing. Left out: `$INCLUDE` (a zone is one file), `$GENERATE`.

use std::str::FromStr;

use super::error::{ZoneError, ZoneProblem};
use super::fields::{Fields, rdata, seconds};
use super::scan::{Entry, entries};
use crate::ch02_addresses::dns::name::Name;
use crate::ch02_addresses::dns::rdata::RData;
use crate::ch02_addresses::dns::record::{Class, Record, RecordType};

/// The longest zone file, in bytes: a hundred thousand records and more. Everything is kept in memory.
pub const MAX_FILE: usize = 16 << 20;

/// A record and the line it stands in.
pub type Line = (usize, Record);

/// The records of a zone file in their order, each with its line.
///
/// # Errors
/// What is wrong with the first wrong line.
pub fn records(text: &str) -> Result<Vec<Line>, ZoneError> {
    if text.len() > MAX_FILE {
        let problem = ZoneProblem::TooLarge { what: "bytes of a zone file", most: MAX_FILE };
        return Err(ZoneError { line: 1, problem });
    }
    let mut records = Vec::new();
    let mut state = State::default();
    for entry in entries(text)? {
        let read = state.entry(&entry).map_err(|problem| ZoneError { line: entry.line, problem })?;
        if let Some(record) = read {
            records.push((entry.line, record));
        }
    }
    Ok(records)
}

/// What earlier entries say about later ones.
#[derive(Default)]
struct State {
    origin: Option<Name>,
    default_ttl: Option<u32>,
    last_owner: Option<Name>,
    last_ttl: Option<u32>,
}

impl State {
    fn entry(&mut self, entry: &Entry) -> Result<Option<Record>, ZoneProblem> {
        let first = &entry.words[0];
        if !entry.begins_blank && !first.quoted && first.text.starts_with('$') {
            self.directive(entry)?;
            return Ok(None);
        }
        self.record(entry).map(Some)
    }

    fn directive(&mut self, entry: &Entry) -> Result<(), ZoneProblem> {
        let mut fields = Fields::new(&entry.words, self.origin.as_ref());
        let word = fields.word("a directive")?;
        match word.text.to_ascii_uppercase().as_str() {
            "$ORIGIN" => {
                let origin = fields.name()?;
                fields.finish()?;
                self.origin = Some(origin);
            }
            "$TTL" => {
                let ttl = fields.seconds("a time to live")?;
                fields.finish()?;
                self.default_ttl = Some(ttl);
            }
            _ => return Err(ZoneProblem::UnknownDirective(word.text.clone())),
        }
        Ok(())
    }

    fn record(&mut self, entry: &Entry) -> Result<Record, ZoneProblem> {
        let mut fields = Fields::new(&entry.words, self.origin.as_ref());
        let name = match (entry.begins_blank, &self.last_owner) {
            (false, _) => fields.name()?,
            (true, Some(owner)) => owner.clone(),
            (true, None) => return Err(ZoneProblem::NoOwner),
        };
        let own_ttl = ttl_and_class(&mut fields)?;
        let record_type: RecordType = fields.parsed("a record type")?;
        let data = rdata(record_type, fields)?;
        let ttl = own_ttl
            .or(self.default_ttl)
            .or(self.last_ttl)
            .or(match &data {
                RData::Soa(soa) => Some(soa.minimum),
                _ => None,
            })
            .ok_or(ZoneProblem::NoTtl)?;
        self.last_owner = Some(name.clone());
        self.last_ttl = Some(ttl);
        Ok(Record::new(name, ttl, data))
    }
}

/// Takes the time to live and the class, in either order; the time, if it is there.
fn ttl_and_class(fields: &mut Fields<'_>) -> Result<Option<u32>, ZoneProblem> {
    let mut ttl = None;
    let mut has_class = false;
    for _ in 0..2 {
        let Some(word) = fields.peek() else { break };
        if let (None, Some(_)) = (ttl, seconds(&word.text)) {
            ttl = Some(fields.seconds("a time to live")?);
        } else if let (false, Ok(class)) = (has_class, Class::from_str(&word.text)) {
            if class != Class::IN {
                return Err(ZoneProblem::OtherClass(word.text.clone()));
            }
            has_class = true;
            fields.word("a class")?;
        }
    }
    Ok(ttl)
}

#[cfg(test)]
mod tests;
