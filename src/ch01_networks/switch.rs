//! The middle of a star: a switch that learns which address is behind which port.
//!
//! ```text
//! frame comes in at port 1, from A to B
//!     A is behind port 1: remember it
//!     B was seen?  yes: out at its port only      no, or B is everybody: out at all ports but 1
//! ```
//!
//! Nobody tells the switch anything; it looks at the source addresses. So the first frames are heard by all, as on a bus,
//! and the later ones by their receiver only.
//!
//! Book: Figure 1-5. Left out: forgetting addresses after five minutes, and loops between switches (spanning tree).

use std::collections::HashMap;

use super::ethernet::{Frame, Mac};
use crate::base::trace::{self, Kind};

/// So many addresses are remembered. Real switches hold a few thousand; who sends from invented addresses to fill the
/// table gets a switch that floods, not one that runs out of memory.
pub const MAX_ADDRESSES: usize = 4096;

/// A switch.
#[derive(Clone, Debug)]
pub struct Switch {
    ports: usize,
    table: HashMap<Mac, usize>,
}

impl Switch {
    /// A switch that has seen nothing yet.
    pub fn new(ports: usize) -> Switch {
        Switch { ports, table: HashMap::new() }
    }

    /// The ports at which a frame that came in at `port` goes out.
    pub fn forward(&mut self, port: usize, destination: Mac, source: Mac) -> Vec<usize> {
        self.learn(port, source);
        let known = if destination.is_group() { None } else { self.table.get(&destination) };
        match known {
            // The receiver is where the frame came from and has it already.
            Some(out) if *out == port => Vec::new(),
            Some(out) => vec![*out],
            None => (0..self.ports).filter(|out| *out != port).collect(),
        }
    }

    fn learn(&mut self, port: usize, source: Mac) {
        // No station is a group; a frame that says so is a forgery.
        let is_station = !source.is_group();
        let has_room = self.table.len() < MAX_ADDRESSES || self.table.contains_key(&source);
        if is_station && has_room && port < self.ports {
            self.table.insert(source, port);
        }
    }

    /// The cable at `port` was pulled: whoever was there is forgotten.
    pub fn unplug(&mut self, port: usize) {
        self.table.retain(|_, known| *known != port);
    }

    /// How many addresses it knows.
    pub fn known(&self) -> usize {
        self.table.len()
    }
}

// --- a network around it ------------------------------------------------------------------------------------------------

/// A star: hosts at a switch, host n at port n.
#[derive(Clone, Debug)]
pub struct Star {
    switch: Switch,
    hosts: Vec<(String, Mac)>,
}

/// Who got a frame that was sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// It was for them.
    pub accepted: Vec<String>,
    /// It was not, and they ignored it.
    pub ignored: Vec<String>,
}

impl Star {
    /// Hosts with these names.
    pub fn new(names: &[&str]) -> Star {
        let mut hosts = Vec::new();
        for (index, name) in names.iter().enumerate() {
            let [.., upper, lower] = (index as u64).to_be_bytes();
            hosts.push((name.to_string(), Mac([0x02, 0, 0, 0, upper, lower])));
        }
        Star { switch: Switch::new(hosts.len()), hosts }
    }

    /// The address of a host.
    pub fn address(&self, name: &str) -> Option<Mac> {
        self.hosts.iter().find(|(known, _)| known == name).map(|(_, address)| *address)
    }

    /// A host sends a frame. Unknown hosts send nothing.
    pub fn send(&mut self, from: &str, to: Mac, payload: &[u8]) -> Heard {
        let mut heard = Heard::default();
        let Some(port) = self.hosts.iter().position(|(name, _)| name == from) else { return heard };
        let source = self.hosts[port].1;
        let frame =
            Frame { destination: to, source, ether_type: super::ethernet::IPV4, payload: payload.to_vec() };
        trace::between_with(Kind::Sent, from, SWITCH, payload, || format!("{} to {to}", frame.source));
        let out = self.switch.forward(port, frame.destination, frame.source);
        trace::note_of(SWITCH, || {
            let way = if out.len() == 1 { "out at one port" } else { "out at all other ports" };
            format!("knows the way to {}; {way}", self.switch.known())
        });
        for port in out {
            let (name, address) = &self.hosts[port];
            let is_meant = frame.destination == *address || frame.destination == Mac::BROADCAST;
            let what = if is_meant { "accepts" } else { "ignores" };
            trace::between_with(Kind::Sent, SWITCH, name, &frame.payload, || format!("{name} {what}"));
            if is_meant { heard.accepted.push(name.clone()) } else { heard.ignored.push(name.clone()) }
        }
        heard
    }
}

const SWITCH: &str = "switch";

#[cfg(test)]
mod tests {
    use super::*;

    fn mac(last: u8) -> Mac {
        Mac([2, 0, 0, 0, 0, last])
    }

    #[test]
    fn what_is_unknown_goes_everywhere_but_back_and_what_is_known_to_one_port() {
        let mut switch = Switch::new(4);
        assert_eq!(switch.forward(0, mac(1), mac(0)), [1, 2, 3]);
        assert_eq!(switch.forward(1, mac(0), mac(1)), [0]);
        assert_eq!(switch.forward(0, mac(1), mac(0)), [1]);
        assert_eq!(switch.forward(2, Mac::BROADCAST, mac(2)), [0, 1, 3]);
        assert_eq!(switch.known(), 3);
    }

    #[test]
    fn a_station_that_moves_is_found_again_and_one_on_the_same_port_needs_no_forwarding() {
        let mut switch = Switch::new(3);
        switch.forward(0, mac(9), mac(0));
        switch.forward(2, mac(9), mac(0));
        assert_eq!(switch.forward(1, mac(0), mac(1)), [2]);
        assert_eq!(switch.forward(2, mac(0), mac(5)), Vec::<usize>::new());
        switch.unplug(2);
        assert_eq!(switch.forward(1, mac(0), mac(1)), [0, 2]);
    }

    #[test]
    fn a_flood_of_invented_addresses_fills_the_table_and_no_more() {
        let mut switch = Switch::new(2);
        for number in 0..=70_000u32 {
            let [_, a, b, c] = number.to_be_bytes();
            switch.forward(0, mac(1), Mac([2, 9, 9, a, b, c]));
        }
        assert_eq!(switch.known(), MAX_ADDRESSES);
        switch.forward(0, mac(1), Mac::BROADCAST);
        assert_eq!(switch.forward(1, Mac([2, 9, 9, 0, 0, 1]), mac(1)), [0], "known ones still work");
    }
}
