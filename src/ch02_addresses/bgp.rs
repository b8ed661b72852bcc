//! BGP in small: who says that he has a network, who believes it, and where the packets end up (RFC 4271).
//!
//! ```text
//!   AS 36561 says:  208.65.152.0/22 is mine                 path: 36561
//!   AS 3491 tells on:                                       path: 3491 36561
//!   AS 17557 says:  208.65.153.0/24 is mine                 believed by all: 24 bits beat 22
//! ```
//! Each autonomous system keeps what every neighbor told it, takes the shortest path for each prefix (of equally short ones
//! the neighbor with the lowest number), and tells its neighbors its choice with its own number in front. A path that
//! already holds its number it refuses: that is how loops are avoided. A packet goes by the longest prefix.
//!
//! Nothing is proved. [`Internet::authorize`] is what has been added since: a list of who may claim what, checked by those
//! who care to (RFC 6811).
//!
//! Left out: customers and providers, whose interests decide in truth before path length does.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::net::IpAddr;

use super::firewall::{Action, Firewall, Flow, Transport};
use super::prefix::Prefix;
use super::router::RouteTable;
use crate::base::trace::{self, Kind};

/// The number of an autonomous system (RFC 1930; 32 bits since RFC 6793).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Asn(pub u32);

impl fmt::Display for Asn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AS{}", self.0)
    }
}

/// How many updates one change may cause. Shortest paths settle long before; a mistake in that reasoning must end, too.
pub const MAX_UPDATES: usize = 100_000;

/// What becomes of a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It reached an AS that claims its network. Whether rightly, BGP does not know.
    Delivered(Asn),
    /// An AS has a null route for it: gone, and nobody is told.
    DroppedSilently(Asn),
    /// An AS knows no way; its routers answer "network unreachable".
    Unreachable(Asn),
    /// A scrubbing center took it for an attack.
    Filtered(Asn),
}

impl fmt::Display for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fate::Delivered(asn) => write!(f, "delivered in {asn}"),
            Fate::DroppedSilently(asn) => write!(f, "gone in {asn}, and nobody is told"),
            Fate::Unreachable(asn) => write!(f, "{asn} knows no way"),
            Fate::Filtered(asn) => write!(f, "filtered in {asn}"),
        }
    }
}

/// Where a packet went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Journey {
    /// The systems it passed, the first and the last among them.
    pub path: Vec<Asn>,
    /// How it ended.
    pub fate: Fate,
}

#[derive(Clone, Debug, Default)]
struct System {
    name: String,
    neighbors: BTreeSet<Asn>,
    heard: BTreeMap<Asn, RouteTable<Vec<Asn>>>,
    own: Vec<Prefix>,
    best: RouteTable<Vec<Asn>>,
    null: Vec<Prefix>,
    validates: bool,
    scrubs: Option<(Firewall, Asn)>,
}

struct Update {
    from: Asn,
    to: Asn,
    prefix: Prefix,
    path: Option<Vec<Asn>>, // None: withdrawn
}

/// Autonomous systems and what they have told each other.
#[derive(Clone, Debug, Default)]
pub struct Internet {
    systems: BTreeMap<Asn, System>,
    authorized: Vec<(Prefix, Asn)>,
}

impl Internet {
    /// No systems.
    pub fn new() -> Internet {
        Internet::default()
    }

    /// A system.
    pub fn add(&mut self, asn: Asn, name: &str) {
        self.systems.insert(asn, System { name: name.to_string(), ..System::default() });
    }

    /// Two systems become neighbors and tell each other what they know.
    pub fn peer(&mut self, one: Asn, other: Asn) {
        let mut updates = VecDeque::new();
        for (from, to) in [(one, other), (other, one)] {
            let Some(system) = self.systems.get_mut(&from) else { continue };
            system.neighbors.insert(to);
            for (prefix, best) in system.best.routes() {
                updates.push_back(Update { from, to, prefix: *prefix, path: Some(prepended(from, best)) });
            }
        }
        self.settle(updates);
    }

    /// `asn` says that `prefix` is its own. Gives how many updates that caused.
    pub fn announce(&mut self, asn: Asn, prefix: Prefix) -> usize {
        self.note(asn, || format!("{prefix} is mine"));
        if let Some(system) = self.systems.get_mut(&asn) {
            system.own.push(prefix);
        }
        self.decide(asn, prefix)
    }

    /// `asn` takes it back.
    pub fn withdraw(&mut self, asn: Asn, prefix: Prefix) -> usize {
        self.note(asn, || format!("{prefix} is not mine after all"));
        if let Some(system) = self.systems.get_mut(&asn) {
            system.own.retain(|claimed| *claimed != prefix);
        }
        self.decide(asn, prefix)
    }

    /// `asn` drops what is for `prefix`.
    pub fn null_route(&mut self, asn: Asn, prefix: Prefix) {
        if let Some(system) = self.systems.get_mut(&asn) {
            system.null.push(prefix);
        }
    }

    /// `asn` filters what it claims and sends the rest through a tunnel to `victim`.
    pub fn scrub(&mut self, asn: Asn, firewall: Firewall, victim: Asn) {
        if let Some(system) = self.systems.get_mut(&asn) {
            system.scrubs = Some((firewall, victim));
        }
    }

    /// Notes in public that only `asn` may claim `prefix`, and no part of it.
    pub fn authorize(&mut self, prefix: Prefix, asn: Asn) {
        self.authorized.push((prefix, asn));
    }

    /// From now on `asn` looks claims up before it believes them.
    pub fn validate(&mut self, asn: Asn) {
        if let Some(system) = self.systems.get_mut(&asn) {
            system.validates = true;
        }
    }

    /// The path `asn` has chosen for exactly `prefix`; empty if it is its own.
    pub fn path(&self, asn: Asn, prefix: Prefix) -> Option<&[Asn]> {
        self.systems.get(&asn)?.best.exact(prefix).map(Vec::as_slice)
    }

    // --- updates ----------------------------------------------------------------------------------------------------

    fn decide(&mut self, asn: Asn, prefix: Prefix) -> usize {
        let first = self.choose(asn, prefix);
        self.settle(first.into())
    }

    fn settle(&mut self, mut updates: VecDeque<Update>) -> usize {
        let mut count = 0;
        while let Some(update) = updates.pop_front() {
            count += 1;
            if count > MAX_UPDATES {
                break;
            }
            self.tell(&update);
            self.hear(&update);
            updates.extend(self.choose(update.to, update.prefix));
        }
        count
    }

    fn hear(&mut self, update: &Update) {
        let is_refused =
            update.path.as_ref().is_some_and(|path| self.refuses(update.to, update.prefix, path));
        let Some(system) = self.systems.get_mut(&update.to) else { return };
        let heard = system.heard.entry(update.from).or_default();
        match &update.path {
            Some(path) if !is_refused => heard.set(update.prefix, path.clone()),
            _ => heard.remove(update.prefix),
        };
    }

    fn refuses(&self, asn: Asn, prefix: Prefix, path: &[Asn]) -> bool {
        let validates = self.systems.get(&asn).is_some_and(|system| system.validates);
        path.contains(&asn) || (validates && !self.may_claim(path.last().copied(), prefix))
    }

    fn may_claim(&self, origin: Option<Asn>, prefix: Prefix) -> bool {
        let mut covering =
            self.authorized.iter().filter(|(covers, _)| covers.contains(prefix.network())).peekable();
        covering.peek().is_none() || covering.any(|(covers, asn)| *covers == prefix && Some(*asn) == origin)
    }

    /// The system's best path for a prefix, and the updates it owes its neighbors if that is another than before.
    fn choose(&mut self, asn: Asn, prefix: Prefix) -> Vec<Update> {
        let Some(system) = self.systems.get_mut(&asn) else { return Vec::new() };
        let mut best: Option<Vec<Asn>> = system.own.contains(&prefix).then(Vec::new);
        for table in system.heard.values() {
            if let Some(path) = table.exact(prefix) {
                if best.as_ref().is_none_or(|known| path.len() < known.len()) {
                    best = Some(path.clone());
                }
            }
        }
        if best.as_ref() == system.best.exact(prefix) {
            return Vec::new();
        }
        match &best {
            Some(path) => system.best.set(prefix, path.clone()),
            None => system.best.remove(prefix),
        };
        let mut updates = Vec::new();
        for to in &system.neighbors {
            let path = best.as_ref().map(|path| prepended(asn, path));
            updates.push(Update { from: asn, to: *to, prefix, path });
        }
        updates
    }

    fn label(&self, asn: Asn) -> String {
        self.systems.get(&asn).map_or_else(|| asn.to_string(), |system| format!("{} {asn}", system.name))
    }

    fn note(&self, asn: Asn, text: impl FnOnce() -> String) {
        if trace::is_on() {
            trace::note_of(&self.label(asn), text);
        }
    }

    fn tell(&self, update: &Update) {
        if !trace::is_on() {
            return;
        }
        let (from, to) = (self.label(update.from), self.label(update.to));
        let text = match &update.path {
            Some(path) => format!("{} by {}", update.prefix, written(path)),
            None => format!("{} no longer", update.prefix),
        };
        trace::between_with(Kind::Sent, &from, &to, text.as_bytes(), String::new);
        trace::between_with(Kind::Received, &from, &to, text.as_bytes(), String::new);
    }

    // --- packets ----------------------------------------------------------------------------------------------------

    /// Where a packet from a host of `from` to `address` goes.
    pub fn send(&self, from: Asn, address: IpAddr) -> Journey {
        let unknown = if address.is_ipv4() { [0; 4].into() } else { [0; 16].into() };
        let flow = Flow { source: unknown, destination: address, transport: Transport::Tcp, port: None };
        self.send_flow(from, &flow)
    }

    /// The same for a packet of which a scrubbing center would see more.
    pub fn send_flow(&self, from: Asn, flow: &Flow) -> Journey {
        let mut path = vec![from];
        let fate = self.travel(&mut path, flow);
        let (first, text) = (self.label(from), written(&path));
        trace::note_of(&first, || format!("a packet to {} goes {text}: {fate}", flow.destination));
        Journey { path, fate }
    }

    fn travel(&self, path: &mut Vec<Asn>, flow: &Flow) -> Fate {
        let mut here = path[0];
        // Each system chose a shortest path through its neighbor, so a packet passes each at most once.
        for _ in 0..=self.systems.len() {
            let Some(system) = self.systems.get(&here) else { return Fate::Unreachable(here) };
            let route = system.best.lookup(flow.destination);
            let length = route.map_or(0, |(prefix, _)| prefix.length());
            let is_null = |null: &&Prefix| null.contains(flow.destination) && null.length() >= length;
            if system.null.iter().find(is_null).is_some() {
                return Fate::DroppedSilently(here);
            }
            let Some((_, best)) = route else { return Fate::Unreachable(here) };
            let Some(next) = best.first() else { return self.arrive(path, system, here, flow) };
            here = *next;
            path.push(here);
        }
        Fate::Unreachable(here)
    }

    fn arrive(&self, path: &mut Vec<Asn>, system: &System, here: Asn, flow: &Flow) -> Fate {
        match &system.scrubs {
            None => Fate::Delivered(here),
            Some((firewall, _)) if firewall.decide(flow).0 != Action::Allow => Fate::Filtered(here),
            Some((_, victim)) => {
                path.push(*victim); // a tunnel: by its prefix it would come back here
                Fate::Delivered(*victim)
            }
        }
    }
}

fn prepended(asn: Asn, path: &[Asn]) -> Vec<Asn> {
    let mut longer = vec![asn];
    longer.extend_from_slice(path);
    longer
}

/// A path as one writes it: `AS3491 AS36561`.
pub fn written(path: &[Asn]) -> String {
    let numbers: Vec<String> = path.iter().map(Asn::to_string).collect();
    numbers.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(count: u32) -> Internet {
        let mut internet = Internet::new();
        for number in 0..count {
            internet.add(Asn(number), "ring");
        }
        for number in 0..count {
            internet.peer(Asn(number), Asn((number + 1) % count));
        }
        internet
    }

    #[test]
    fn in_a_ring_everybody_finds_the_shorter_way_and_a_withdrawal_empties_every_table() {
        let mut ring = ring(7);
        let prefix = "10.0.0.0/8".parse().unwrap();
        let updates = ring.announce(Asn(0), prefix);
        assert!(updates < 100, "{updates}");
        for number in 0..7u32 {
            let shortest = number.min(7 - number) as usize;
            assert_eq!(ring.path(Asn(number), prefix).unwrap().len(), shortest);
            assert_eq!(ring.send(Asn(number), "10.0.0.1".parse().unwrap()).fate, Fate::Delivered(Asn(0)));
        }
        let updates = ring.withdraw(Asn(0), prefix);
        assert!(updates < 1_000, "{updates}");
        for number in 0..7 {
            assert_eq!(ring.path(Asn(number), prefix), None);
        }
        assert_eq!(ring.send(Asn(3), "10.0.0.1".parse().unwrap()).fate, Fate::Unreachable(Asn(3)));
    }

    #[test]
    fn a_neighbor_that_comes_late_is_told_everything() {
        let mut line = Internet::new();
        line.add(Asn(1), "one");
        line.add(Asn(2), "two");
        let prefix = "10.0.0.0/8".parse().unwrap();
        line.announce(Asn(1), prefix);
        assert_eq!(line.path(Asn(2), prefix), None);
        line.peer(Asn(1), Asn(2));
        assert_eq!(line.path(Asn(2), prefix), Some([Asn(1)].as_slice()));
    }

    #[test]
    fn systems_nobody_added_are_no_panic() {
        let mut nowhere = Internet::new();
        nowhere.peer(Asn(1), Asn(2));
        nowhere.announce(Asn(1), "10.0.0.0/8".parse().unwrap());
        assert_eq!(nowhere.send(Asn(1), "10.0.0.1".parse().unwrap()).fate, Fate::Unreachable(Asn(1)));
    }
}
