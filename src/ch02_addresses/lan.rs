//! One link with its hosts: who asks, who answers, who overhears (book: Resolving the MAC Address).
//!
//! ```text
//!  host a                     host b                     host c
//!    |-- who has b? ------------>|                          |
//!    |-- who has b? ---------------------------------------->|   broadcast: c hears it, too
//!    |<------------- b is at ... |                          |
//!    |== the packet ============>|                          |   to b's MAC address only
//!    |== the next one ==========>|                          |   no question: a remembers
//! ```
//! Watch: `NETPROG_TRACE=ch02 cargo test --test ch02 arp`. Left out: the switch itself, and that a host keeps the packet
//! while it asks.

use std::fmt;
use std::net::Ipv4Addr;
use std::time::Duration;

use super::arp::{ArpPacket, ArpTable, ETHER_TYPE, Operation};
use super::mac::Mac;
use crate::base::trace::{self, Kind};

/// The type of Ethernet frames that carry IPv4.
pub const IPV4: u16 = 0x0800;

/// A host on the link.
#[derive(Clone, Debug)]
pub struct Host {
    /// What it is called.
    pub name: String,
    /// Its interface.
    pub mac: Mac,
    /// Its address.
    pub ip: Ipv4Addr,
    /// What it knows of the others.
    pub table: ArpTable,
}

/// What went over the link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Whose frame it is.
    pub source: Mac,
    /// Who takes it up.
    pub destination: Mac,
    /// 0806 for ARP, 0800 for IPv4.
    pub ether_type: u16,
    /// The payload.
    pub payload: Vec<u8>,
}

/// Nobody on the link answered to the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NobodyAnswered(pub Ipv4Addr);

impl fmt::Display for NobodyAnswered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "nobody on this link answered to {}", self.0)
    }
}

impl std::error::Error for NobodyAnswered {}

/// The link. Hosts are known by the number [`Lan::add`] gave.
#[derive(Clone, Debug, Default)]
pub struct Lan {
    hosts: Vec<Host>,
    frames: Vec<Frame>,
    now: Duration,
}

impl Lan {
    /// A link with nobody on it.
    pub fn new() -> Lan {
        Lan::default()
    }

    /// Plugs a host in, and gives its number.
    pub fn add(&mut self, name: &str, mac: Mac, ip: Ipv4Addr) -> usize {
        self.hosts.push(Host { name: name.to_string(), mac, ip, table: ArpTable::new() });
        self.hosts.len() - 1
    }

    /// The host with this number.
    ///
    /// # Panics
    /// If there is none; so do the other functions that take a number.
    pub fn host(&self, number: usize) -> &Host {
        &self.hosts[number]
    }

    /// Every frame so far.
    pub fn frames(&self) -> &[Frame] {
        &self.frames
    }

    /// Time goes by.
    pub fn advance(&mut self, length: Duration) {
        self.now += length;
    }

    /// What `host` knows about `ip` at this moment.
    pub fn known(&self, host: usize, ip: Ipv4Addr) -> Option<Mac> {
        self.hosts[host].table.lookup(ip, self.now)
    }

    /// `from` sends `data` to `to`, asking for the MAC address first if it does not know it. Gives the MAC address the
    /// data went to; who listens there is another matter.
    ///
    /// # Errors
    /// [`NobodyAnswered`]: no host has the address. Nothing but the question was sent.
    pub fn send(&mut self, from: usize, to: Ipv4Addr, data: &[u8]) -> Result<Mac, NobodyAnswered> {
        if self.known(from, to).is_none() {
            self.ask(from, to);
        } else {
            let name = self.hosts[from].name.clone();
            trace::note_of(&name, || format!("{to} stands in my table: no question"));
        }
        let Some(destination) = self.known(from, to) else { return Err(NobodyAnswered(to)) };
        let source = self.hosts[from].mac;
        let frame = Frame { source, destination, ether_type: IPV4, payload: data.to_vec() };
        self.transmit(frame, &format!("IPv4 to {to}, frame to {destination}"));
        Ok(destination)
    }

    fn ask(&mut self, from: usize, wanted: Ipv4Addr) {
        let asker = self.hosts[from].clone();
        let question = ArpPacket {
            operation: Operation::WhoHas,
            sender_mac: asker.mac,
            sender_ip: asker.ip,
            target_mac: Mac::UNKNOWN,
            target_ip: wanted,
        };
        self.announce(question, Mac::BROADCAST);
        let Some(owner) = self.hosts.iter().find(|host| host.ip == wanted && host.mac != asker.mac) else {
            trace::note_of(&asker.name, || format!("nobody says that it is {wanted}"));
            return;
        };
        let answer = ArpPacket {
            operation: Operation::IsAt,
            sender_mac: owner.mac,
            sender_ip: wanted,
            target_mac: asker.mac,
            target_ip: asker.ip,
        };
        self.announce(answer, asker.mac);
    }

    /// Puts an ARP packet on the link, true or not, and lets everybody who gets it draw conclusions.
    pub fn announce(&mut self, packet: ArpPacket, destination: Mac) {
        let payload = packet.encode();
        let frame = Frame { source: packet.sender_mac, destination, ether_type: ETHER_TYPE, payload };
        for index in self.transmit(frame, &packet.to_string()) {
            let host = &mut self.hosts[index];
            let is_for_me = host.ip == packet.target_ip;
            host.table.hear(&packet, is_for_me, self.now);
        }
    }

    /// The switch: a copy to everybody, or to the one it is for. Gives the receivers' numbers.
    fn transmit(&mut self, frame: Frame, meaning: &str) -> Vec<usize> {
        let sender = self.hosts.iter().find(|host| host.mac == frame.source);
        let sender = sender.map_or_else(|| frame.source.to_string(), |host| host.name.clone());
        let mut receivers = Vec::new();
        for (index, host) in self.hosts.iter().enumerate() {
            let is_addressed = frame.destination == Mac::BROADCAST || frame.destination == host.mac;
            if is_addressed && host.mac != frame.source {
                trace::between_with(Kind::Sent, &sender, &host.name, &frame.payload, || meaning.to_string());
                trace::between_with(Kind::Received, &sender, &host.name, &frame.payload, || {
                    meaning.to_string()
                });
                receivers.push(index);
            }
        }
        self.frames.push(frame);
        receivers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn three() -> Lan {
        let mut lan = Lan::new();
        for number in 1..=3 {
            let name = ["a", "b", "c"][usize::from(number) - 1];
            lan.add(name, Mac([2, 0, 0, 0, 0, number]), Ipv4Addr::new(192, 168, 1, number));
        }
        lan
    }

    #[test]
    fn a_question_an_answer_the_data_and_then_only_data() {
        let mut lan = three();
        let b = lan.host(1).ip;
        assert_eq!(lan.send(0, b, b"one"), Ok(lan.host(1).mac));
        assert_eq!(lan.send(0, b, b"two"), Ok(lan.host(1).mac));
        let types: Vec<u16> = lan.frames().iter().map(|frame| frame.ether_type).collect();
        assert_eq!(types, [ETHER_TYPE, ETHER_TYPE, IPV4, IPV4]);
        lan.advance(super::super::arp::ENTRY_LIFE);
        lan.send(0, b, b"three").unwrap();
        assert_eq!(lan.frames().len(), 7, "the entry was too old, so it asked again");
    }

    #[test]
    fn nobody_answers_for_an_address_nobody_has() {
        let mut lan = three();
        let missing = Ipv4Addr::new(192, 168, 1, 99);
        assert_eq!(lan.send(0, missing, b"x"), Err(NobodyAnswered(missing)));
        assert_eq!(lan.frames().len(), 1);
    }

    #[test]
    fn the_one_asked_needs_no_question_of_its_own() {
        let mut lan = three();
        let (a, b) = (lan.host(0).ip, lan.host(1).ip);
        lan.send(0, b, b"one").unwrap();
        let before = lan.frames().len();
        lan.send(1, a, b"back").unwrap();
        assert_eq!(lan.frames().len(), before + 1);
    }
}
