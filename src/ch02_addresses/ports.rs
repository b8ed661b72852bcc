//! Ports: which program on a host is meant, and which of its conversations (book: Ports and Socket Addresses).
//!
//! ```text
//!     0 ..  1023   well known      80 HTTP, 443 HTTPS, 22 SSH; binding one may take privileges
//!  1024 .. 49151   registered      the book: semi-reserved
//! 49152 .. 65535   ephemeral       for clients, says IANA; Linux takes 32768 to 60999
//! ```
//!
//! A server's port is the same for all its clients. What tells their conversations apart is the *pair* of socket
//! addresses, so the client's half makes the difference: that is demultiplexing.

use std::collections::HashMap;
use std::fmt;
use std::net::SocketAddr;

/// What IANA means a port for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PortClass {
    /// 0 to 1023.
    WellKnown,
    /// 1024 to 49151.
    Registered,
    /// 49152 to 65535.
    Ephemeral,
}

impl PortClass {
    /// The class of `port`. A class is advice: SSH on 22422 is still SSH.
    pub fn of(port: u16) -> PortClass {
        match port {
            0..=1023 => PortClass::WellKnown,
            1024..=49151 => PortClass::Registered,
            49152.. => PortClass::Ephemeral,
        }
    }
}

impl fmt::Display for PortClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            PortClass::WellKnown => "well known",
            PortClass::Registered => "registered",
            PortClass::Ephemeral => "ephemeral",
        })
    }
}

/// The TCP services we know by name, with the ports IANA gave them.
///
/// A table and not `/etc/services`: that file is missing in small containers and differs between machines, and an address
/// must not mean one port here and another there. Go keeps such a table too, for machines without the file.
pub const SERVICES: &[(&str, u16)] = &[
    ("echo", 7),
    ("discard", 9),
    ("systat", 11),
    ("daytime", 13),
    ("qotd", 17),
    ("chargen", 19),
    ("ftp-data", 20),
    ("ftp", 21),
    ("ssh", 22),
    ("telnet", 23),
    ("smtp", 25),
    ("time", 37),
    ("whois", 43),
    ("domain", 53),
    ("gopher", 70),
    ("finger", 79),
    ("http", 80),
    ("kerberos", 88),
    ("pop3", 110),
    ("nntp", 119),
    ("imap", 143),
    ("bgp", 179),
    ("ldap", 389),
    ("https", 443),
    ("submissions", 465),
    ("submission", 587),
    ("ldaps", 636),
    ("domain-s", 853),
    ("imaps", 993),
    ("pop3s", 995),
];

/// The service that a port is meant for, by its name in [`SERVICES`].
pub fn service(port: u16) -> Option<&'static str> {
    SERVICES.iter().find(|(_, number)| *number == port).map(|(name, _)| *name)
}

/// The two ends of a conversation as one of them sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SocketPair {
    /// Our socket address.
    pub local: SocketAddr,
    /// The peer's.
    pub remote: SocketAddr,
}

impl SocketPair {
    /// The same conversation seen from the other end.
    pub fn reversed(self) -> SocketPair {
        SocketPair { local: self.remote, remote: self.local }
    }
}

/// What a host does with what comes in: the pair decides, then a listener on the local address.
#[derive(Clone, Debug, Default)]
pub struct Demultiplexer {
    conversations: HashMap<SocketPair, String>,
    listeners: HashMap<SocketAddr, String>,
}

impl Demultiplexer {
    /// Nobody waits for anything.
    pub fn new() -> Demultiplexer {
        Demultiplexer::default()
    }

    /// `who` takes new conversations at `local`. False if somebody does already.
    pub fn listen(&mut self, local: SocketAddr, who: &str) -> bool {
        let is_free = !self.listeners.contains_key(&local);
        if is_free {
            self.listeners.insert(local, who.to_string());
        }
        is_free
    }

    /// `who` holds the conversation of `pair`. False if that pair is taken.
    pub fn open(&mut self, pair: SocketPair, who: &str) -> bool {
        let is_free = !self.conversations.contains_key(&pair);
        if is_free {
            self.conversations.insert(pair, who.to_string());
        }
        is_free
    }

    /// Who gets what comes in for `pair`. `None`: nobody; TCP answers with a reset, UDP with port unreachable.
    pub fn deliver(&self, pair: SocketPair) -> Option<&str> {
        let holder = self.conversations.get(&pair).or_else(|| self.listeners.get(&pair.local));
        holder.map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(local: &str, remote: &str) -> SocketPair {
        SocketPair { local: local.parse().unwrap(), remote: remote.parse().unwrap() }
    }

    #[test]
    fn a_pair_is_more_than_a_port_and_a_listener_takes_the_rest() {
        let mut host = Demultiplexer::new();
        assert!(host.listen("10.0.0.1:80".parse().unwrap(), "listener"));
        assert!(!host.listen("10.0.0.1:80".parse().unwrap(), "another"));
        assert!(host.open(pair("10.0.0.1:80", "10.0.0.2:50000"), "worker a"));
        assert!(host.open(pair("10.0.0.1:80", "10.0.0.3:50000"), "worker b"));
        assert!(!host.open(pair("10.0.0.1:80", "10.0.0.3:50000"), "worker c"));
        assert_eq!(host.deliver(pair("10.0.0.1:80", "10.0.0.2:50000")), Some("worker a"));
        assert_eq!(host.deliver(pair("10.0.0.1:80", "10.0.0.3:50000")), Some("worker b"));
        assert_eq!(host.deliver(pair("10.0.0.1:80", "10.0.0.2:50001")), Some("listener"));
        assert_eq!(host.deliver(pair("10.0.0.1:81", "10.0.0.2:50000")), None);
    }

    #[test]
    fn every_service_has_one_name_and_one_port_and_they_are_in_order() {
        for pair in SERVICES.windows(2) {
            assert!(pair[0].1 < pair[1].1, "{pair:?}");
        }
        for (name, port) in SERVICES {
            assert_eq!(service(*port), Some(*name));
        }
    }

    #[test]
    fn the_other_end_sees_the_pair_the_other_way_round() {
        let here = pair("10.0.0.1:80", "10.0.0.2:50000");
        assert_eq!(here.reversed(), pair("10.0.0.2:50000", "10.0.0.1:80"));
        assert_eq!(here.reversed().reversed(), here);
    }
}
