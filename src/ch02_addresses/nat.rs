//! Network address translation: what the box between a private network and the internet remembers (Figure 2-6).
//!
//! ```text
//!   10.0.0.3:50926  ----->  NAT  1.2.3.4:50926  ----->  93.184.216.34:80     kept port
//!   10.0.0.4:50926  ----->  NAT  1.2.3.4:23017  ----->  93.184.216.34:80     taken, so another at random
//!   10.0.0.3:50926  <-----  NAT  1.2.3.4:50926  <-----  93.184.216.34:80     the answer finds its way
//!                           NAT  1.2.3.4:50926  <-----  6.6.6.6:80           nobody asked: dropped
//!   10.0.0.9:8080   <-----  NAT  1.2.3.4:80     <-----  6.6.6.6:4711         a forwarded port
//! ```
//! In the terms of RFC 4787: the mapping does not depend on the endpoint (one inside address, one public port), the
//! filtering depends on address and port. [`super::gateway`] does this with real datagrams.
//!
//! NAT is no firewall. That strangers cannot come in follows from its not knowing where to send them.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::Duration;

use crate::base::random::Seeded;
use crate::base::trace;

/// How long an unused mapping is kept. RFC 4787, REQ-5: two minutes at least.
pub const MAPPING_LIFE: Duration = Duration::from_secs(120);
/// How many mappings there may be. Every datagram from inside can make one.
pub const MAX_MAPPINGS: usize = 4096;
/// How many destinations one mapping lets answers in from.
pub const MAX_PEERS: usize = 1024;
/// Ports below are left to services of the box itself.
const FIRST_PORT: u16 = 1024;

/// Why a packet from inside cannot leave, or a port not be forwarded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NatError {
    /// There are [`MAX_MAPPINGS`] already, or [`MAX_PEERS`] on this one.
    Full,
    /// The public port belongs to somebody.
    PortTaken(u16),
}

impl fmt::Display for NatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NatError::Full => f.write_str("the table is full"),
            NatError::PortTaken(port) => write!(f, "public port {port} is taken"),
        }
    }
}

impl std::error::Error for NatError {}

#[derive(Clone, Debug)]
struct Mapping {
    inside: SocketAddrV4,
    peers: HashSet<SocketAddrV4>,
    used: Duration,
}

/// The table. Times are counted from a beginning of the caller's.
#[derive(Clone, Debug)]
pub struct Nat {
    public: Ipv4Addr,
    mappings: HashMap<u16, Mapping>,
    ports: HashMap<SocketAddrV4, u16>,
    forwards: HashMap<u16, SocketAddrV4>,
    reserved: HashSet<u16>,
    random: Seeded,
}

impl Nat {
    /// A table for the public address. `random` draws ports; seed it from [`crate::base::random::u64`] where a stranger
    /// should not guess them.
    pub fn new(public: Ipv4Addr, random: Seeded) -> Nat {
        let (mappings, ports, forwards) = (HashMap::new(), HashMap::new(), HashMap::new());
        Nat { public, mappings, ports, forwards, reserved: HashSet::new(), random }
    }

    /// A packet leaves from `inside` for `destination`: gives its public source address. The port is kept if it is free.
    ///
    /// # Errors
    /// [`NatError::Full`].
    pub fn outbound(
        &mut self,
        inside: SocketAddrV4,
        destination: SocketAddrV4,
        now: Duration,
    ) -> Result<SocketAddrV4, NatError> {
        self.forget_if_old(self.ports.get(&inside).copied(), now);
        let port = match self.ports.get(&inside) {
            Some(port) => *port,
            None => {
                let port = self.map(inside, now)?;
                trace::note_of("NAT", || format!("{inside} is {}:{port} outside", self.public));
                port
            }
        };
        if let Some(mapping) = self.mappings.get_mut(&port) {
            if mapping.peers.len() >= MAX_PEERS && !mapping.peers.contains(&destination) {
                return Err(NatError::Full);
            }
            mapping.peers.insert(destination);
            mapping.used = now;
        }
        Ok(SocketAddrV4::new(self.public, port))
    }

    fn map(&mut self, inside: SocketAddrV4, now: Duration) -> Result<u16, NatError> {
        // A forwarded server speaks from the port it is known under.
        let forwarded = self.forwards.iter().find(|(_, server)| **server == inside);
        if let Some((port, _)) = forwarded {
            let port = *port;
            self.insert(port, inside, now);
            return Ok(port);
        }
        if self.mappings.len() >= MAX_MAPPINGS {
            self.forget_old(now);
        }
        if self.mappings.len() >= MAX_MAPPINGS {
            return Err(NatError::Full);
        }
        let mut port = inside.port();
        self.forget_if_old(Some(port), now);
        // The table is small against the port range, so a free one is soon drawn.
        while port < FIRST_PORT || self.is_taken(port) {
            port = FIRST_PORT + self.random.below(u64::from(u16::MAX - FIRST_PORT) + 1) as u16;
        }
        self.insert(port, inside, now);
        Ok(port)
    }

    fn insert(&mut self, port: u16, inside: SocketAddrV4, now: Duration) {
        self.mappings.insert(port, Mapping { inside, peers: HashSet::new(), used: now });
        self.ports.insert(inside, port);
    }

    fn is_taken(&self, port: u16) -> bool {
        self.has(port) || self.reserved.contains(&port)
    }

    /// Whether a mapping or a forward stands on the public `port`.
    pub fn has(&self, port: u16) -> bool {
        self.mappings.contains_key(&port) || self.forwards.contains_key(&port)
    }

    /// A packet from `from` comes to the public `port`: gives where it goes inside. `None`: it is dropped, and nobody is
    /// told.
    pub fn inbound(&mut self, from: SocketAddrV4, port: u16, now: Duration) -> Option<SocketAddrV4> {
        self.forget_if_old(Some(port), now);
        if let Some(server) = self.forwards.get(&port) {
            trace::note_of("NAT", || format!("{from} sends to port {port}, which is forwarded to {server}"));
            return Some(*server);
        }
        let mapping = self.mappings.get(&port).filter(|mapping| mapping.peers.contains(&from));
        trace::note_of("NAT", || match mapping {
            Some(mapping) => format!("{from} answers port {port}: to {}", mapping.inside),
            None => format!("{from} sends to port {port}, and nobody asked: dropped"),
        });
        mapping.map(|mapping| mapping.inside)
    }

    /// Lets anybody outside reach `inside` at the public `port`.
    ///
    /// # Errors
    /// [`NatError::PortTaken`].
    pub fn forward(&mut self, port: u16, inside: SocketAddrV4) -> Result<(), NatError> {
        if self.is_taken(port) {
            return Err(NatError::PortTaken(port));
        }
        self.forwards.insert(port, inside);
        Ok(())
    }

    /// Gives up a public port that somebody else turns out to have: its mapping goes, and it is not drawn again.
    pub fn reserve(&mut self, port: u16) {
        self.reserved.insert(port);
        self.forget(port);
    }

    /// Takes back a mapping.
    pub fn forget(&mut self, port: u16) {
        if let Some(mapping) = self.mappings.remove(&port) {
            self.ports.remove(&mapping.inside);
        }
    }

    fn forget_if_old(&mut self, port: Option<u16>, now: Duration) {
        let Some(port) = port else { return };
        if self.mappings.get(&port).is_some_and(|mapping| now.saturating_sub(mapping.used) >= MAPPING_LIFE) {
            self.forget(port);
        }
    }

    // Only what goes out keeps a mapping alive (RFC 4787, REQ-6), or a stranger could.
    fn forget_old(&mut self, now: Duration) {
        self.mappings.retain(|_, mapping| now.saturating_sub(mapping.used) < MAPPING_LIFE);
        let mappings = &self.mappings;
        self.ports.retain(|_, port| mappings.contains_key(port));
    }

    /// How many mappings there are.
    pub fn len(&self) -> usize {
        self.mappings.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.mappings.is_empty()
    }
}

impl fmt::Display for Nat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut ports: Vec<&u16> = self.mappings.keys().collect();
        ports.sort();
        for port in ports {
            writeln!(f, "{:<21}  {}:{port}", self.mappings[port].inside.to_string(), self.public)?;
        }
        let mut forwards: Vec<(&u16, &SocketAddrV4)> = self.forwards.iter().collect();
        forwards.sort();
        for (port, server) in forwards {
            writeln!(f, "{:<21}  {}:{port}  forwarded", server.to_string(), self.public)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::ZERO;

    fn at(text: &str) -> SocketAddrV4 {
        text.parse().unwrap()
    }

    fn nat() -> Nat {
        Nat::new(Ipv4Addr::new(1, 2, 3, 4), Seeded::new(213))
    }

    #[test]
    fn one_inside_address_keeps_one_public_port_for_all_destinations() {
        let mut nat = nat();
        let one = nat.outbound(at("10.0.0.3:50926"), at("93.184.216.34:80"), NOW).unwrap();
        let two = nat.outbound(at("10.0.0.3:50926"), at("8.8.8.8:53"), NOW).unwrap();
        assert_eq!((one, two, nat.len()), (at("1.2.3.4:50926"), at("1.2.3.4:50926"), 1));
    }

    #[test]
    fn an_answer_is_let_in_from_exactly_the_address_and_port_that_was_asked() {
        let mut nat = nat();
        nat.outbound(at("10.0.0.3:50926"), at("8.8.8.8:53"), NOW).unwrap();
        assert_eq!(nat.inbound(at("8.8.8.8:53"), 50926, NOW), Some(at("10.0.0.3:50926")));
        assert_eq!(nat.inbound(at("8.8.8.8:54"), 50926, NOW), None);
        assert_eq!(nat.inbound(at("8.8.4.4:53"), 50926, NOW), None);
        assert_eq!(nat.inbound(at("8.8.8.8:53"), 50927, NOW), None);
    }

    #[test]
    fn a_mapping_dies_of_silence_inside_and_no_stranger_keeps_it_alive() {
        let mut nat = nat();
        nat.outbound(at("10.0.0.3:50926"), at("8.8.8.8:53"), NOW).unwrap();
        let late = MAPPING_LIFE - Duration::from_nanos(1);
        assert!(nat.inbound(at("8.8.8.8:53"), 50926, late).is_some());
        assert!(nat.inbound(at("8.8.8.8:53"), 50926, MAPPING_LIFE).is_none());
        assert!(nat.is_empty());
    }

    #[test]
    fn a_full_table_refuses_and_gives_every_mapping_a_port_of_its_own() {
        let mut nat = nat();
        let mut ports = HashSet::new();
        for host in 0..MAX_MAPPINGS as u32 {
            let inside = SocketAddrV4::new(Ipv4Addr::from_bits(0x0a00_0000 + host), 50926);
            ports.insert(nat.outbound(inside, at("8.8.8.8:53"), NOW).unwrap().port());
        }
        assert_eq!(ports.len(), MAX_MAPPINGS);
        assert!(ports.iter().all(|port| *port >= FIRST_PORT));
        assert_eq!(nat.outbound(at("10.9.9.9:1"), at("8.8.8.8:53"), NOW), Err(NatError::Full));
        assert!(nat.outbound(at("10.9.9.9:1"), at("8.8.8.8:53"), MAPPING_LIFE).is_ok());
    }

    #[test]
    fn a_forwarded_port_is_nobody_elses() {
        let mut nat = nat();
        nat.forward(8080, at("10.0.0.9:80")).unwrap();
        assert_eq!(nat.forward(8080, at("10.0.0.8:80")), Err(NatError::PortTaken(8080)));
        assert_ne!(nat.outbound(at("10.0.0.3:8080"), at("8.8.8.8:53"), NOW).unwrap().port(), 8080);
        assert_eq!(nat.outbound(at("10.0.0.9:80"), at("8.8.8.8:53"), NOW).unwrap().port(), 8080);
        assert_eq!(nat.inbound(at("6.6.6.6:1"), 8080, NOW), Some(at("10.0.0.9:80")));
    }

    #[test]
    fn a_mapping_has_only_so_many_peers() {
        let mut nat = nat();
        for port in 1..=MAX_PEERS as u16 {
            nat.outbound(at("10.0.0.3:50926"), SocketAddrV4::new(Ipv4Addr::LOCALHOST, port), NOW).unwrap();
        }
        assert_eq!(nat.outbound(at("10.0.0.3:50926"), at("8.8.8.8:53"), NOW), Err(NatError::Full));
        assert!(nat.outbound(at("10.0.0.3:50926"), at("127.0.0.1:1"), NOW).is_ok());
    }
}
