//! A zone: the part of the name space that one file and one server answer for.
//!
//! ```text
//! google.com.              SOA NS MX A TXT        the zone's own name, its apex
//! mail.google.com.         CNAME
//! l.google.com.            (nothing)              exists, because a name below it does
//! googlemail.l.google.com. A
//! corp.google.com.         NS                     the zone ends here: others answer for this and below
//! ```
//! 1. [`scan`]    the file as words
//! 2. [`fields`]  words as the data of a record
//! 3. [`parse`]   entries as records
//! 4. [`error`]   what can be wrong, and in which line
//!
//! Names are kept in canonical order, in which everything below a name stands right behind it. So whether a name exists
//! that has no records of its own is one look at its successor.

pub mod error;
pub mod fields;
pub mod parse;
pub mod scan;

use std::collections::BTreeMap;
use std::ops::Bound;
use std::str::FromStr;

use super::name::Name;
use super::rdata::{RData, Soa};
use super::record::{Record, RecordType};
use error::{ZoneError, ZoneProblem};
use parse::Line;

/// The most records of one zone. They are all kept in memory.
pub const MAX_RECORDS: usize = 1_000_000;

/// The most records of one name. A set goes into one message or not at all, and a new record is compared with all.
pub const MAX_AT_NAME: usize = 1000;

/// All records of one name, the sets of one type together.
type Node = Vec<Record>;

/// A zone.
#[derive(Clone, Debug)]
pub struct Zone {
    origin: Name,
    soa: Record,
    nodes: BTreeMap<Name, Node>,
}

impl FromStr for Zone {
    type Err = ZoneError;

    /// Reads a zone file.
    fn from_str(text: &str) -> Result<Zone, ZoneError> {
        let lines = parse::records(text)?;
        Zone::new(lines, text.lines().count().max(1))
    }
}

impl Zone {
    /// The zone with these records, in their order. `last_line` is where an error about the whole stands.
    fn new(lines: Vec<Line>, last_line: usize) -> Result<Zone, ZoneError> {
        let whole = |problem| ZoneError { line: last_line, problem };
        let soas: Vec<&Line> =
            lines.iter().filter(|(_, record)| matches!(record.data, RData::Soa(_))).collect();
        let soa = match soas[..] {
            [(_, soa)] => soa.clone(),
            [] => return Err(whole(ZoneProblem::NotOneSoa)),
            [_, (line, _), ..] => return Err(ZoneError { line: *line, problem: ZoneProblem::NotOneSoa }),
        };
        if lines.len() > MAX_RECORDS {
            return Err(whole(ZoneProblem::TooLarge { what: "records", most: MAX_RECORDS }));
        }
        let mut zone = Zone { origin: soa.name.clone(), soa, nodes: BTreeMap::new() };
        for (line, record) in lines {
            zone.add(record).map_err(|problem| ZoneError { line, problem })?;
        }
        if zone.set(&zone.origin, RecordType::NS).is_empty() {
            return Err(whole(ZoneProblem::NoNameServer(zone.origin.clone())));
        }
        Ok(zone)
    }

    fn add(&mut self, record: Record) -> Result<(), ZoneProblem> {
        if !record.name.is_subdomain_of(&self.origin) {
            return Err(ZoneProblem::OutsideZone { name: record.name, origin: self.origin.clone() });
        }
        let node = self.nodes.entry(record.name.clone()).or_default();
        let record_type = record.record_type();
        if node.iter().any(|known| known.data == record.data) {
            return Ok(());
        }
        if !stands_with(record_type, node) {
            return Err(ZoneProblem::CnameNotAlone(record.name));
        }
        if node.len() >= MAX_AT_NAME {
            return Err(ZoneProblem::TooLarge { what: "records of one name", most: MAX_AT_NAME });
        }
        // A new record goes behind its set, so that a set stands together and keeps the file's order.
        let of_set = |known: &Record| known.record_type() == record_type;
        let place = node.iter().rposition(of_set).map_or(node.len(), |last| last + 1);
        node.insert(place, record);
        level_ttls(node, record_type);
        Ok(())
    }

    /// The zone's own name.
    pub fn origin(&self) -> &Name {
        &self.origin
    }

    /// The zone's SOA record.
    pub fn soa(&self) -> &Record {
        &self.soa
    }

    /// The SOA record for an answer "there is no such thing": for as long as its last field says (RFC 2308 §3).
    pub fn negative_soa(&self) -> Record {
        let RData::Soa(Soa { minimum, .. }) = &self.soa.data else { return self.soa.clone() };
        Record { ttl: self.soa.ttl.min(*minimum), ..self.soa.clone() }
    }

    /// The records of a name; none if it has none.
    pub fn records(&self, name: &Name) -> &[Record] {
        self.nodes.get(name).map_or(&[], Vec::as_slice)
    }

    /// The records of a name and type; none if there are none.
    pub fn set(&self, name: &Name, record_type: RecordType) -> &[Record] {
        let records = self.records(name);
        let of_set = |record: &Record| record.record_type() == record_type;
        let Some(start) = records.iter().position(of_set) else { return &[] };
        let length = records[start..].iter().take_while(|record| of_set(record)).count();
        &records[start..start + length]
    }

    /// Whether the name exists: it has records, or a name below it has.
    pub fn exists(&self, name: &Name) -> bool {
        let mut from_here = self.nodes.range((Bound::Included(name), Bound::Unbounded));
        from_here.next().is_some_and(|(found, _)| found.is_subdomain_of(name))
    }

    /// The name between the zone's own and `name` at which the zone ends, if it does: the highest with NS records.
    pub fn cut_above(&self, name: &Name) -> Option<Name> {
        let mut cut = None;
        let mut current = name.clone();
        while current != self.origin {
            if !self.set(&current, RecordType::NS).is_empty() {
                cut = Some(current.clone());
            }
            current = current.parent()?;
        }
        cut
    }

    /// How many records it has.
    pub fn record_count(&self) -> usize {
        self.nodes.values().map(Vec::len).sum()
    }
}

/// Whether a record of this type may join the node: a CNAME stands alone, but for its signature.
fn stands_with(record_type: RecordType, node: &[Record]) -> bool {
    let other = |record: &Record| record.record_type() != RecordType::RRSIG;
    match record_type {
        RecordType::RRSIG => true,
        RecordType::CNAME => !node.iter().any(other),
        _ => !node.iter().any(|record| record.record_type() == RecordType::CNAME),
    }
}

/// A set has one time to live; where the file gives several, the least counts (RFC 2181 §5.2).
fn level_ttls(node: &mut [Record], record_type: RecordType) {
    let of_set = |record: &&mut Record| record.record_type() == record_type;
    let least =
        node.iter().filter(|record| record.record_type() == record_type).map(|record| record.ttl).min();
    for record in node.iter_mut().filter(of_set) {
        record.ttl = least.unwrap_or(record.ttl);
    }
}

#[cfg(test)]
mod tests;
