//! What an authoritative server answers: a question and its zones go in, a message comes out. No sockets here.
//!
//! ```text
//!                     ┌ not in a zone of ours ─▶ REFUSED
//! question ─▶ zone ─▶ ├ below a cut ───────────▶ referral: NS of those who know, with addresses
//!                     ├ has a CNAME ───────────▶ the CNAME, then again with where it points
//!                     ├ has the type ──────────▶ the records, authoritative
//!                     ├ exists ────────────────▶ no data: the SOA says for how long
//!                     ├ a `*` covers it ───────▶ its records under the name that was asked
//!                     └ else ──────────────────▶ NXDOMAIN, with the SOA
//! ```
//! RFC 1034 §4.3.2, RFC 2308 (negative answers), RFC 4592 (wildcards), RFC 8482 (a question for ANY gets one set).
//!
//! What comes over UDP has a sender anybody can write onto it. So an answer is never answered (two servers would talk for
//! ever), and no datagram of ours is larger than 1232 bytes, whatever the query allows: a forged query makes us send
//! more than it cost, and that is the limit of it.
//!
//! Left out: recursion (that is a resolver's), zone transfers, limits on answers per client, NSEC.

use super::edns::{Edns, OUR_UDP_SIZE};
use super::message::{Header, Message, Opcode, Question, Rcode};
use super::name::Name;
use super::rdata::RData;
use super::record::{Class, Record, RecordType};
use super::zone::Zone;

/// CNAMEs followed for one answer. Honest chains have one or two; a loop ends here at the latest.
pub const MAX_CNAMES: usize = 8;

/// How a query came, and so how long its answer may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// In a datagram: 512 bytes, or what EDNS allows.
    Datagram,
    /// On a stream: 65,535 bytes.
    Stream,
}

/// The zones a server answers for.
#[derive(Clone, Debug, Default)]
pub struct Authority {
    zones: Vec<Zone>,
}

impl Authority {
    /// Authority over these zones. Of two with the same name the first counts.
    pub fn new(zones: Vec<Zone>) -> Authority {
        Authority { zones }
    }

    /// The zones.
    pub fn zones(&self) -> &[Zone] {
        &self.zones
    }

    /// The bytes that answer the bytes that came. `None`: nothing must be sent.
    pub fn respond(&self, bytes: &[u8], transport: Transport) -> Option<Vec<u8>> {
        let header = Header::peek(bytes).ok()?;
        if header.is_response {
            return None;
        }
        let Ok(query) = Message::decode(bytes) else {
            return bare_answer(&header, Rcode::FORMERR).encode().ok();
        };
        let answer = self.answer(&query);
        let limit = match transport {
            Transport::Datagram => query.datagram_limit().min(usize::from(OUR_UDP_SIZE)),
            Transport::Stream => super::message::MAX_MESSAGE,
        };
        // What cannot be written at all (a record of ours too long) is our failure, and the client must not wait for it.
        answer.encode_within(limit).or_else(|_| bare_answer(&header, Rcode::SERVFAIL).encode()).ok()
    }

    /// The message that answers a query.
    pub fn answer(&self, query: &Message) -> Message {
        let mut answer = Message::answer_to(query);
        if let Some(edns) = &query.edns {
            answer.edns = Some(Edns { dnssec_ok: edns.dnssec_ok, ..Edns::default() });
        }
        match acceptable(query) {
            Ok(question) => self.answer_question(question, &mut answer),
            Err(rcode) => answer.header.rcode = rcode,
        }
        answer
    }

    fn answer_question(&self, question: &Question, answer: &mut Message) {
        let mut name = question.name.clone();
        for followed in 0..=MAX_CNAMES {
            let Some(zone) = self.zone_for(&name, question.record_type) else {
                // A CNAME may lead to others' zones; the client asks there.
                if followed == 0 {
                    answer.header.rcode = Rcode::REFUSED;
                }
                break;
            };
            match answer_in_zone(zone, &name, question.record_type, answer) {
                Some(target) if has_owner(&answer.answers, &target) => {
                    // A circle is an error of the zone, and is to be told as one (RFC 1034 §3.6.2).
                    answer.header.rcode = Rcode::SERVFAIL;
                    break;
                }
                Some(target) => name = target,
                None => break,
            }
        }
        self.add_addresses(answer);
    }

    /// The zone with the longest name that `name` lies in. For DS it is the zone above: it vouches for the one below.
    fn zone_for(&self, name: &Name, record_type: RecordType) -> Option<&Zone> {
        let mut best: Option<&Zone> = None;
        for zone in &self.zones {
            let fits = name.is_subdomain_of(zone.origin());
            let is_below_cut = record_type == RecordType::DS && name == zone.origin();
            let is_longer = best.is_none_or(|best| zone.origin().label_count() > best.origin().label_count());
            if fits && !is_below_cut && is_longer {
                best = Some(zone);
            }
        }
        best.or_else(|| self.zones.iter().find(|zone| zone.origin() == name))
    }

    /// Adds the addresses of the hosts that answer and authority name, where they are ours to know.
    fn add_addresses(&self, answer: &mut Message) {
        let mut hosts: Vec<Name> = Vec::new();
        for record in answer.answers.iter().chain(&answer.authority) {
            if let Some(host) = host_of(&record.data) {
                if !hosts.contains(host) {
                    hosts.push(host.clone());
                }
            }
        }
        for host in hosts {
            let Some(zone) = self.zone_for(&host, RecordType::A) else { continue };
            for record_type in [RecordType::A, RecordType::AAAA] {
                let set = zone.set(&host, record_type);
                if !answer.answers.iter().any(|known| set.contains(known)) {
                    answer.additional.extend_from_slice(set);
                }
            }
        }
    }
}

/// The question of a query we take; else how to refuse it.
fn acceptable(query: &Message) -> Result<&Question, Rcode> {
    if query.header.opcode != Opcode::QUERY {
        return Err(Rcode::NOTIMP);
    }
    if query.edns.as_ref().is_some_and(|edns| edns.version != 0) {
        return Err(Rcode::BADVERS);
    }
    let [question] = &query.questions[..] else { return Err(Rcode::FORMERR) };
    match question.record_type {
        RecordType::OPT => Err(Rcode::FORMERR),
        RecordType::AXFR | RecordType::IXFR => Err(Rcode::REFUSED),
        _ if question.class != Class::IN => Err(Rcode::REFUSED),
        _ => Ok(question),
    }
}

/// A header and nothing else: of a query we could not read there is no question to repeat.
fn bare_answer(header: &Header, rcode: Rcode) -> Message {
    let mut query = Message::query(header.id, Question::new(Name::root(), RecordType::A));
    query.questions.clear();
    query.header = Header { rcode: Rcode::NOERROR, ..header.clone() };
    let mut answer = Message::answer_to(&query);
    answer.header.rcode = rcode;
    answer
}

/// Adds what the zone says about the name. Gives the name to go on with after a CNAME.
fn answer_in_zone(zone: &Zone, name: &Name, record_type: RecordType, answer: &mut Message) -> Option<Name> {
    if let Some(cut) = zone.cut_above(name) {
        // The DS record at a cut is the one thing this side of it has authority over.
        if record_type != RecordType::DS || cut != *name {
            answer.authority.extend_from_slice(zone.set(&cut, RecordType::NS));
            return None;
        }
    }
    if answer.answers.is_empty() {
        // The flag speaks of the first name of the answer (RFC 1035 §4.1.1).
        answer.header.authoritative = true;
    }
    let source = if zone.exists(name) { Some(name.clone()) } else { wildcard_for(zone, name) };
    let Some(source) = source else {
        answer.header.rcode = Rcode::NXDOMAIN;
        answer.authority.push(zone.negative_soa());
        return None;
    };
    let found = matching(zone, &source, record_type);
    if found.is_empty() {
        answer.authority.push(zone.negative_soa());
        return None;
    }
    for record in found {
        // What a wildcard gives stands under the name that was asked.
        let owner = if source == *name { record.name.clone() } else { name.clone() };
        answer.answers.push(Record { name: owner, ..record.clone() });
    }
    match &found[0].data {
        RData::Cname(target) if record_type != RecordType::CNAME && record_type != RecordType::ANY => {
            Some(target.clone())
        }
        _ => None,
    }
}

/// The records of the name that answer a question for the type: the type's, a CNAME instead, one set for ANY.
fn matching<'a>(zone: &'a Zone, name: &Name, record_type: RecordType) -> &'a [Record] {
    if record_type == RecordType::ANY {
        let first = zone.records(name).first();
        return first.map_or(&[], |record| zone.set(name, record.record_type()));
    }
    let set = zone.set(name, record_type);
    if set.is_empty() { zone.set(name, RecordType::CNAME) } else { set }
}

/// The `*` that covers a name which does not exist: the one right below its nearest ancestor that does (RFC 4592 §3.3.1).
fn wildcard_for(zone: &Zone, name: &Name) -> Option<Name> {
    let mut encloser = name.parent()?;
    while !zone.exists(&encloser) {
        encloser = encloser.parent()?;
    }
    let wildcard = encloser.child(b"*").ok()?;
    zone.exists(&wildcard).then_some(wildcard)
}

fn has_owner(records: &[Record], name: &Name) -> bool {
    records.iter().any(|record| record.name == *name)
}

fn host_of(data: &RData) -> Option<&Name> {
    match data {
        RData::Ns(host) => Some(host),
        RData::Mx(mx) => Some(&mx.exchange),
        RData::Srv(srv) => Some(&srv.target),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
