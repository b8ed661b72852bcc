//! Multicast DNS: names of a local network that has no name server (row 2.51, RFC 6762).
//!
//! ```text
//!   asker    -- printer.local. A? --> the group, 224.0.0.251 port 5353 --> everyone
//!   printer  -- printer.local. A 192.0.2.7 --> the same group          --> everyone
//! ```
//! Nobody is asked in particular, and nobody but the name's owner answers. The answer goes to the group as well, so that
//! whoever listens learns it too. Messages are those of DNS with the id 0; an answer does not repeat the question. The top
//! bit of the class means, in an answer, that the record is the only one of its name and type: forget older ones.
//!
//! [`respond`] and [`answers_in`] decide without sockets; [`Neighbour`] is a host with its socket in the group.
//!
//! Anybody in the network can answer, so anybody can lie: multicast DNS trusts its neighbours.
//!
//! We left out probing for a name somebody else has already, known-answer lists, answers to one alone (the QU bit), the
//! pause before an answer and the limit of one a second, IPv6, and service discovery.

use std::collections::BTreeSet;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use super::inbox::{Inbox, MAX_DATAGRAM};
use super::message::{Header, Message, Opcode, Question};
use super::name::Name;
use super::rdata::RData;
use super::record::{Class, Record, RecordType};
use crate::base::cancel::Cancel;
use crate::base::deadline::Deadline;
use crate::base::trace::{self, Kind};

/// The group, on the local link only (RFC 6762, section 3).
pub const GROUP: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 251);

/// The port of the group.
pub const PORT: u16 = 5353;

/// How long a host's address may be remembered, in seconds (RFC 6762, section 10).
pub const HOST_TTL: u32 = 120;

/// Answers we take to one question. Honest networks give one or two.
pub const MAX_ANSWERS: usize = 64;

/// Whether the name is one that is asked for in the group: it ends in `.local.`.
pub fn is_local(name: &Name) -> bool {
    let mut last = None;
    for label in name.labels() {
        last = Some(label);
    }
    last.is_some_and(|label| label.eq_ignore_ascii_case(b"local")) && name.label_count() > 1
}

/// The question for the group. Its id is 0: answers are told by their content (RFC 6762, section 18.1).
pub fn question(name: &Name, kind: RecordType) -> Message {
    Message::query(0, Question::new(name.clone(), kind))
}

/// What the owner of `name` answers to `query`; `None` if there is nothing to say. Silence is the answer of everyone else:
/// in a group, "I do not know" would be said by all.
pub fn respond(query: &Message, name: &Name, addresses: &[IpAddr]) -> Option<Message> {
    // RFC 6762, 18.2 and 18.3: other opcodes and codes are ignored.
    if query.header.is_response || query.header.opcode != Opcode::QUERY {
        return None;
    }
    let mut answers: Vec<Record> = Vec::new();
    for question in &query.questions {
        if question.name != *name || !question.class.is_internet() {
            continue;
        }
        for address in addresses {
            let data = match address {
                IpAddr::V4(v4) => RData::A(*v4),
                IpAddr::V6(v6) => RData::Aaaa(*v6),
            };
            let wanted =
                question.record_type == data.record_type() || question.record_type == RecordType::ANY;
            let class = Class(Class::IN.0 | Class::TOP_BIT);
            let record = Record { name: name.clone(), class, ttl: HOST_TTL, data };
            if wanted && !answers.contains(&record) {
                answers.push(record);
            }
        }
    }
    if answers.is_empty() {
        return None;
    }
    let header = Header { is_response: true, authoritative: true, ..Header::query(0) };
    let (questions, authority, additional) = (Vec::new(), Vec::new(), Vec::new());
    Some(Message { header, questions, answers, authority, additional, edns: None })
}

/// The records of `name` and `kind` in a message from the group; none in a question.
pub fn answers_in(message: &Message, name: &Name, kind: RecordType) -> Vec<Record> {
    let mut found = Vec::new();
    if !message.header.is_response || message.header.opcode != Opcode::QUERY {
        return found;
    }
    for record in &message.answers {
        let fits = record.name == *name && record.record_type() == kind && record.class.is_internet();
        if fits && found.len() < MAX_ANSWERS {
            found.push(record.clone());
        }
    }
    found
}

/// A host in the group.
pub struct Neighbour {
    inbox: Inbox,
    group: SocketAddr,
    port: u16,
}

impl Neighbour {
    /// Joins the group on `port` (5353, or another for an experiment; 0 for any free one) on the interface that has the
    /// address `interface`.
    ///
    /// # Errors
    /// The system's; an interface may know no multicast.
    #[cfg(unix)]
    pub fn join(port: u16, interface: Ipv4Addr, cancel: &Cancel) -> io::Result<Neighbour> {
        let socket = crate::base::sys::multicast::group_socket(GROUP, port, interface)?;
        let port = socket.local_addr()?.port();
        let inbox = Inbox::new(socket, cancel)?;
        Ok(Neighbour { inbox, group: SocketAddr::new(GROUP.into(), port), port })
    }

    /// Here the standard library cannot share the group's port.
    ///
    /// # Errors
    /// Always [`io::ErrorKind::Unsupported`].
    #[cfg(not(unix))]
    pub fn join(_port: u16, _interface: Ipv4Addr, _cancel: &Cancel) -> io::Result<Neighbour> {
        Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "the port of the group cannot be shared on this system",
        ))
    }

    /// The group's port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Sends a message to the group.
    ///
    /// # Errors
    /// The system's.
    pub fn tell(&self, message: &Message) -> io::Result<()> {
        let bytes = message.encode()?;
        trace::between_with(Kind::Sent, &self.trace_name(), "the group", &bytes, || told(message));
        self.inbox.socket().send_to(&bytes, self.group)?;
        Ok(())
    }

    /// The next message from the group, one's own included, and who sent it. What cannot be read is passed over.
    ///
    /// # Errors
    /// As [`Inbox::receive`].
    pub fn hear(&self, deadline: Deadline) -> io::Result<(Message, SocketAddr)> {
        let mut buf = vec![0; MAX_DATAGRAM];
        loop {
            let (length, sender) = self.inbox.receive(&mut buf, deadline)?;
            // RFC 6762, section 11: who is not of this link sends from another port at best.
            if sender.port() != self.port {
                trace::note(|| format!("ignored: {sender} does not send from the group's port"));
                continue;
            }
            match Message::decode(&buf[..length]) {
                Ok(message) => return Ok((message, sender)),
                Err(error) => trace::note(|| format!("ignored a datagram from {sender}: {error}")),
            }
        }
    }

    /// Answers for `name` until the token ends.
    ///
    /// # Errors
    /// The system's. The token's end is none.
    pub fn answer_for(&self, name: &Name, addresses: &[IpAddr]) -> io::Result<()> {
        loop {
            let message = match self.hear(Deadline::NEVER) {
                Ok((message, _)) => message,
                Err(error) if self.inbox.has_ended() => {
                    trace::note(|| format!("leaves the group: {error}"));
                    return Ok(());
                }
                Err(error) => return Err(error),
            };
            match respond(&message, name, addresses) {
                Some(answer) => self.tell(&answer)?,
                None if message.header.is_response => {}
                None => trace::note(|| format!("not asked about {name}: silence")),
            }
        }
    }

    /// Asks the group for the addresses of `name` and takes what comes first. Asks again after a second, two, four: a
    /// datagram may be lost (RFC 6762, section 5.2).
    ///
    /// # Errors
    /// [`io::ErrorKind::TimedOut`] at the deadline: nobody has the name. [`io::ErrorKind::ConnectionAborted`] when the
    /// token was cancelled. Else the system's.
    pub fn ask_for(&self, name: &Name, deadline: Deadline) -> io::Result<Vec<IpAddr>> {
        let query = question(name, RecordType::A);
        let mut wait = Duration::from_secs(1);
        loop {
            self.tell(&query)?;
            let until = deadline.earlier(Deadline::after(wait));
            match self.await_answer(name, until) {
                Err(error) if error.kind() == io::ErrorKind::TimedOut && !deadline.has_passed() => {}
                other => return other,
            }
            wait = wait.saturating_mul(2);
        }
    }

    fn await_answer(&self, name: &Name, until: Deadline) -> io::Result<Vec<IpAddr>> {
        loop {
            let (message, _) = self.hear(until)?;
            let mut addresses = BTreeSet::new();
            for record in answers_in(&message, name, RecordType::A) {
                addresses.extend(super::alias::host_address(&record.data));
            }
            if !addresses.is_empty() {
                return Ok(addresses.into_iter().collect());
            }
        }
    }

    fn trace_name(&self) -> String {
        trace::current_party().unwrap_or_else(|| "neighbour".to_string())
    }
}

fn told(message: &Message) -> String {
    if let Some(question) = message.questions.first() {
        return format!("{} {}?", question.name, question.record_type);
    }
    let Some(answer) = message.answers.first() else { return String::new() };
    format!("{} {} {}", answer.name, answer.record_type(), answer.data)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Name {
        text.parse().unwrap()
    }

    const PRINTER: &[IpAddr] = &[IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7))];

    #[test]
    fn only_names_below_local_belong_to_the_group() {
        assert!(is_local(&name("printer.local.")) && is_local(&name("a.b.LOCAL")));
        for other in [".", "local.", "printer.local.example.com.", "notlocal."] {
            assert!(!is_local(&name(other)), "{other}");
        }
    }

    #[test]
    fn only_the_owner_answers_and_does_not_repeat_the_question() {
        let query = question(&name("printer.local."), RecordType::A);
        assert_eq!(query.header.id, 0);
        let answer = respond(&query, &name("PRINTER.local."), PRINTER).unwrap();
        assert!(answer.header.is_response && answer.header.authoritative && answer.questions.is_empty());
        assert_eq!(answer.answers[0].class, Class(0x8001), "forget older ones");
        assert_eq!(respond(&query, &name("scanner.local."), PRINTER), None);
    }

    #[test]
    fn answers_and_other_opcodes_are_not_answered() {
        let query = question(&name("printer.local."), RecordType::A);
        let answer = respond(&query, &name("printer.local."), PRINTER).unwrap();
        assert_eq!(
            respond(&answer, &name("printer.local."), PRINTER),
            None,
            "or two hosts would talk for ever"
        );
        let mut update = query.clone();
        update.header.opcode = Opcode(5);
        assert_eq!(respond(&update, &name("printer.local."), PRINTER), None);
        let v6 = question(&name("printer.local."), RecordType::AAAA);
        assert_eq!(respond(&v6, &name("printer.local."), PRINTER), None, "it has no such address");
    }

    #[test]
    fn a_question_asked_a_hundred_times_in_one_message_is_answered_once() {
        let mut query = question(&name("printer.local."), RecordType::A);
        query.questions = vec![query.questions[0].clone(); 100];
        assert_eq!(respond(&query, &name("printer.local."), PRINTER).unwrap().answers.len(), 1);
    }

    #[test]
    fn the_wanted_records_are_found_among_others_and_not_in_a_question() {
        let query = question(&name("printer.local."), RecordType::A);
        let mut answer = respond(&query, &name("printer.local."), PRINTER).unwrap();
        answer.answers.push(Record::new(name("other.local."), 1, RData::A(Ipv4Addr::LOCALHOST)));
        assert_eq!(answers_in(&answer, &name("printer.local."), RecordType::A).len(), 1);
        answer.header.is_response = false;
        assert_eq!(answers_in(&answer, &name("printer.local."), RecordType::A), []);
    }
}
