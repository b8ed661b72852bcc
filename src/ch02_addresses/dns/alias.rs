//! From the name asked for to the name that has the records (Listing 2-4). No sockets.
//!
//! ```text
//!   mail.google.com. A?   mail.google.com. CNAME googlemail.l.google.com.   googlemail.l.google.com. A 172.217.3.229
//!        begin        --> an alias: on to where it leads                --> done
//! ```
//! An alias that leads back to a name already passed is a loop; a chain of too many is taken for a trap.

use std::net::{IpAddr, SocketAddr};

use super::message::Message;
use super::name::Name;
use super::rdata::RData;
use super::record::{Record, RecordType};
use super::resolve_error::ResolveError;
use crate::base::trace;

/// How many aliases we follow, one to the next. Real chains have one or two; content networks four.
pub const MAX_ALIASES: usize = 8;

/// What a name resolves to.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The aliases on the way and then the records, in the order a reply has them.
    pub records: Vec<Record>,
    /// The name that has the records: the last alias leads to it.
    pub canonical: Name,
    /// Who answered last; `None` if all came from the cache.
    pub server: Option<SocketAddr>,
}

impl Answer {
    /// The records without the aliases on the way to them.
    pub fn data(&self, kind: RecordType) -> Vec<&RData> {
        let wanted = self.records.iter().filter(|record| record.record_type() == kind);
        wanted.map(|record| &record.data).collect()
    }
}

/// The answers for `name`: the records of `kind`, or else the alias it has. Records of other names are none of ours.
pub fn records_at(reply: &Message, name: &Name, kind: RecordType) -> Vec<Record> {
    for wanted in [kind, RecordType::CNAME] {
        let mut found = Vec::new();
        for record in &reply.answers {
            let fits = wanted == RecordType::ANY || record.record_type() == wanted;
            if fits && record.name == *name && record.class.is_internet() {
                found.push(record.clone());
            }
        }
        // RFC 1034, 3.6.2: a name has one alias at most.
        if wanted == RecordType::CNAME {
            found.truncate(1);
        }
        if !found.is_empty() {
            return found;
        }
    }
    Vec::new()
}

/// The way from the name asked for, through aliases, to the name that has the records.
#[derive(Debug)]
pub struct Chain {
    /// Where the way has led so far.
    pub name: Name,
    /// What is looked for there.
    pub kind: RecordType,
    /// Who answered last.
    pub server: Option<SocketAddr>,
    records: Vec<Record>,
    passed: Vec<Name>,
    done: bool,
}

impl Chain {
    /// At the beginning of the way.
    pub fn new(name: Name, kind: RecordType) -> Chain {
        Chain { name, kind, server: None, records: Vec::new(), passed: Vec::new(), done: false }
    }

    /// Whether the records are found.
    pub fn is_done(&self) -> bool {
        self.done
    }

    /// Takes the records of the name: those looked for, which end the way, or an alias, which goes on.
    ///
    /// # Errors
    /// [`ResolveError::Loop`] if the alias leads back, [`ResolveError::TooManyAliases`] if it is one too many.
    pub fn take(&mut self, records: Vec<Record>) -> Result<(), ResolveError> {
        let alias = records.iter().find_map(|record| match &record.data {
            RData::Cname(target) if ![RecordType::CNAME, RecordType::ANY].contains(&self.kind) => {
                Some(target.clone())
            }
            _ => None,
        });
        self.records.extend(records);
        let Some(target) = alias else {
            self.done = true;
            return Ok(());
        };
        self.passed.push(std::mem::replace(&mut self.name, target));
        if self.passed.contains(&self.name) {
            return Err(ResolveError::Loop { name: self.name.clone() });
        }
        if self.passed.len() > MAX_ALIASES {
            return Err(ResolveError::TooManyAliases { limit: MAX_ALIASES });
        }
        trace::note(|| format!("an alias: on to {}", self.name));
        Ok(())
    }

    /// What was found on the way.
    pub fn into_answer(self) -> Answer {
        Answer { records: self.records, canonical: self.name, server: self.server }
    }
}

/// An address record's address.
pub fn host_address(data: &RData) -> Option<IpAddr> {
    match data {
        RData::A(address) => Some((*address).into()),
        RData::Aaaa(address) => Some((*address).into()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Name {
        text.parse().unwrap()
    }

    fn alias(from: &str, to: &str) -> Vec<Record> {
        vec![Record::new(name(from), 60, RData::Cname(name(to)))]
    }

    #[test]
    fn a_chain_ends_at_the_records_and_keeps_what_led_to_them() {
        let mut chain = Chain::new(name("mail.google.com."), RecordType::A);
        chain.take(alias("mail.google.com.", "googlemail.l.google.com.")).unwrap();
        assert!(!chain.is_done() && chain.name == name("googlemail.l.google.com."));
        let address = RData::A([172, 217, 3, 229].into());
        chain.take(vec![Record::new(chain.name.clone(), 299, address.clone())]).unwrap();
        let answer = chain.into_answer();
        assert_eq!(answer.records.len(), 2);
        assert_eq!(answer.data(RecordType::A), [&address]);
    }

    #[test]
    fn an_alias_that_was_asked_for_is_an_answer_and_not_followed() {
        let mut chain = Chain::new(name("mail.google.com."), RecordType::CNAME);
        chain.take(alias("mail.google.com.", "googlemail.l.google.com.")).unwrap();
        assert!(chain.is_done());
    }

    #[test]
    fn a_circle_is_a_loop_whatever_the_case_of_its_letters_and_a_long_chain_is_cut() {
        let mut chain = Chain::new(name("a.com."), RecordType::A);
        chain.take(alias("a.com.", "b.com.")).unwrap();
        let error = chain.take(alias("b.com.", "A.COM.")).unwrap_err();
        assert!(matches!(error, ResolveError::Loop { .. }), "{error}");

        let mut chain = Chain::new(name("n.com."), RecordType::A);
        for number in 0..MAX_ALIASES {
            chain.take(alias("x.com.", &format!("n{number}.com."))).unwrap();
        }
        let error = chain.take(alias("x.com.", "last.com.")).unwrap_err();
        assert!(matches!(error, ResolveError::TooManyAliases { limit: MAX_ALIASES }), "{error}");
    }

    #[test]
    fn an_alias_to_itself_is_a_loop() {
        let mut chain = Chain::new(name("a.com."), RecordType::A);
        assert!(matches!(chain.take(alias("a.com.", "a.com.")), Err(ResolveError::Loop { .. })));
    }
}
