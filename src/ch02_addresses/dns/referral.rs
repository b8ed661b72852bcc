//! What a reply of an authoritative server means to one who walks the tree. No sockets.
//!
//! ```text
//!   we ask a server of "com." for www.example.com. A
//!     answer or alias, with authority (AA)   -> Answer
//!     NXDOMAIN with authority                -> NoSuchName
//!     NS records of example.com.             -> Referral: on to these servers
//!     nothing, with authority                -> NoSuchRecord
//!     anything else                          -> Lame: this server does not do what its parent says it does
//! ```
//! **Bailiwick.** A server is believed only about names in the zone for which it was asked. A server of `example.com.` that
//! adds an address for `bank.com.` is not lying by accident: caches that took such records sent their users to attackers
//! (1997, 2008). So a referral must lead down, towards the name, and addresses that come with it count only for names in
//! the zone of him who says them.

use std::net::IpAddr;

use super::alias::{host_address, records_at};
use super::message::{Message, Question, Rcode};
use super::name::Name;
use super::rdata::RData;
use super::record::Record;

/// The servers of one zone we take note of. The root has this many; more only cost time.
pub const MAX_HOSTS: usize = 13;

/// The addresses we take note of, two for each server.
pub const MAX_ADDRESSES: usize = 2 * MAX_HOSTS;

/// What a reply means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// The records, or an alias.
    Answer,
    /// Others know.
    Referral(Delegation),
    /// The name does not exist.
    NoSuchName,
    /// The name has no record of the type.
    NoSuchRecord,
    /// The server does not answer for the zone: why we think so.
    Lame(&'static str),
}

/// A zone and who serves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delegation {
    /// The zone.
    pub zone: Name,
    /// Its servers' names.
    pub hosts: Vec<Name>,
    /// Addresses of these that came along and may be believed, IPv4 first.
    pub glue: Vec<(Name, IpAddr)>,
}

/// What the reply of a server of `zone` means.
pub fn meaning(zone: &Name, question: &Question, reply: &Message) -> Meaning {
    let has_authority = reply.header.authoritative;
    match reply.header.rcode {
        Rcode::NOERROR => {}
        Rcode::NXDOMAIN if has_authority => return Meaning::NoSuchName,
        Rcode::NXDOMAIN => return Meaning::Lame("says without authority that there is no such name"),
        _ => return Meaning::Lame("refuses or fails"),
    }
    if !records_at(reply, &question.name, question.record_type).is_empty() {
        return if has_authority { Meaning::Answer } else { Meaning::Lame("answers without authority") };
    }
    if let Some(cut) = reply.authority.iter().find(|record| host_of(record).is_some()) {
        let leads_down = cut.name != *zone && cut.name.is_subdomain_of(zone);
        if leads_down && question.name.is_subdomain_of(&cut.name) {
            return Meaning::Referral(delegation(zone, &cut.name, reply));
        }
        if !has_authority {
            return Meaning::Lame("refers to a zone that does not lead to the name");
        }
    }
    if has_authority { Meaning::NoSuchRecord } else { Meaning::Lame("has neither answer nor referral") }
}

fn host_of(record: &Record) -> Option<&Name> {
    match &record.data {
        RData::Ns(host) if record.class.is_internet() => Some(host),
        _ => None,
    }
}

/// The servers of `cut` as one of `zone` names them.
fn delegation(zone: &Name, cut: &Name, reply: &Message) -> Delegation {
    let mut hosts: Vec<Name> = Vec::new();
    for record in &reply.authority {
        if let (Some(host), true) = (host_of(record), record.name == *cut && hosts.len() < MAX_HOSTS) {
            hosts.push(host.clone());
        }
    }
    let mut glue = Vec::new();
    for record in &reply.additional {
        let believed = record.name.is_subdomain_of(zone) && hosts.contains(&record.name);
        if let (Some(address), true) = (host_address(&record.data), believed && glue.len() < MAX_ADDRESSES) {
            glue.push((record.name.clone(), address));
        }
    }
    glue.sort_by_key(|(_, address)| address.is_ipv6());
    Delegation { zone: cut.clone(), hosts, glue }
}

#[cfg(test)]
mod tests {
    use super::super::record::RecordType;
    use super::*;

    fn name(text: &str) -> Name {
        text.parse().unwrap()
    }

    fn www() -> Question {
        Question::new(name("www.example.com."), RecordType::A)
    }

    fn reply() -> Message {
        Message::answer_to(&Message::query(1, www()))
    }

    fn ns(zone: &str, host: &str) -> Record {
        Record::new(name(zone), 60, RData::Ns(name(host)))
    }

    fn a(owner: &str, last: u8) -> Record {
        Record::new(name(owner), 60, RData::A([192, 0, 2, last].into()))
    }

    fn said(zone: &str, reply: &Message) -> Meaning {
        meaning(&name(zone), &www(), reply)
    }

    fn is_lame(meaning: &Meaning) -> bool {
        matches!(meaning, Meaning::Lame(_))
    }

    #[test]
    fn a_referral_names_the_zone_below_its_hosts_and_their_addresses() {
        let mut reply = reply();
        reply.authority = vec![ns("Example.COM.", "ns1.example.com."), ns("example.com.", "ns.other.net.")];
        reply.additional = vec![a("NS1.example.com.", 3)];
        let Meaning::Referral(found) = said("com.", &reply) else { panic!("{:?}", said("com.", &reply)) };
        assert_eq!(found.zone, name("example.com."));
        assert_eq!(found.hosts, [name("ns1.example.com."), name("ns.other.net.")]);
        assert_eq!(found.glue, [(name("ns1.example.com."), "192.0.2.3".parse().unwrap())]);
    }

    #[test]
    fn addresses_for_names_outside_the_zone_asked_or_for_nobody_named_are_not_believed() {
        let mut reply = reply();
        reply.authority = vec![ns("example.com.", "ns.bank.net."), ns("example.com.", "ns.example.com.")];
        reply.additional = vec![a("ns.bank.net.", 66), a("www.example.com.", 66), a("ns.example.com.", 3)];
        let Meaning::Referral(found) = said("com.", &reply) else { panic!() };
        assert_eq!(found.glue, [(name("ns.example.com."), "192.0.2.3".parse().unwrap())]);
    }

    #[test]
    fn a_referral_upwards_sideways_or_to_itself_is_lame() {
        for zone in [".", "com.", "example.org.", "mail.example.com."] {
            let mut reply = reply();
            reply.authority = vec![ns(zone, "ns.example.com.")];
            assert!(is_lame(&said("com.", &reply)), "{zone}");
        }
    }

    #[test]
    fn an_answer_counts_only_with_authority() {
        let mut reply = reply();
        reply.answers = vec![a("www.example.com.", 80)];
        assert!(is_lame(&said("example.com.", &reply)));
        reply.header.authoritative = true;
        assert_eq!(said("example.com.", &reply), Meaning::Answer);
        reply.answers = vec![a("bank.com.", 66)];
        assert_eq!(said("example.com.", &reply), Meaning::NoSuchRecord, "nothing about the name asked for");
    }

    #[test]
    fn no_such_name_and_no_such_record_need_authority_and_refusals_are_lame() {
        let mut reply = reply();
        assert!(is_lame(&said("example.com.", &reply)));
        reply.header.rcode = Rcode::NXDOMAIN;
        assert!(is_lame(&said("example.com.", &reply)));
        reply.header.authoritative = true;
        assert_eq!(said("example.com.", &reply), Meaning::NoSuchName);
        for rcode in [Rcode::SERVFAIL, Rcode::REFUSED, Rcode::NOTIMP] {
            reply.header.rcode = rcode;
            assert!(is_lame(&said("example.com.", &reply)));
        }
    }

    #[test]
    fn a_referral_of_a_thousand_servers_is_cut_to_what_a_zone_can_have() {
        let mut reply = reply();
        for number in 0..1000 {
            let host = format!("ns{number}.example.com.");
            reply.authority.push(ns("example.com.", &host));
            reply.additional.push(a(&host, 1));
        }
        let Meaning::Referral(found) = said("com.", &reply) else { panic!() };
        assert_eq!((found.hosts.len(), found.glue.len()), (MAX_HOSTS, MAX_HOSTS));
    }
}
