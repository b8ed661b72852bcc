//! A network as a graph one can ask: which way a message takes, who hears it, what a failure cuts off, what the links cost.
//!
//! ```text
//! cable     C ── D        two ends, both ways
//! one way   N ─▶ O        a piece of a ring
//! shared    ═ H I J K ═   a bus or a radio channel: what one end sends, all others hear
//! ```
//!
//! A message takes a way with the fewest links, and every node on it passes it on. A bus is one link with many ends, so
//! from any end to any other it is one step, and everybody hears it.
//!
//! Book: "Choosing a Network Topology". The topologies themselves are in [`shapes`](super::shapes). Left out: how nodes
//! find the ways (chapter 2 has routing), and messages that meet on a bus.

use std::collections::VecDeque;
use std::fmt;

use super::bandwidth::Rate;
use crate::base::trace::{self, Kind};

/// A network.
#[derive(Clone, Debug)]
pub struct Net {
    nodes: Vec<Node>,
    links: Vec<Link>,
}

#[derive(Clone, Debug)]
struct Node {
    name: String,
    is_up: bool,
    rate: Rate,
}

#[derive(Clone, Debug)]
struct Link {
    ends: Vec<usize>,
    is_one_way: bool,
}

/// One step of a message over one link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leg {
    /// Who sends.
    pub from: String,
    /// Who takes it.
    pub to: String,
    /// Who hears it too, since the link is shared, and ignores it.
    pub overheard: Vec<String>,
}

/// What became of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The steps it made.
    pub legs: Vec<Leg>,
    /// How it ended.
    pub outcome: Outcome,
}

/// How a message ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Its receiver has it.
    Accepted,
    /// It ended at a node that is down, and there is no way around.
    LostAt(String),
    /// There is no such node, or no links between the two.
    NoWay,
}

/// What a network is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Cables, pieces of ring, buses.
    pub links: usize,
    /// Sockets for plugs, over all nodes.
    pub ports: usize,
    /// Of these, on the node that has the most.
    pub most_ports: usize,
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} links, {} ports, at most {} on one node", self.links, self.ports, self.most_ports)
    }
}

// --- building -----------------------------------------------------------------------------------------------------------

impl Net {
    /// Nodes without links. Each passes on 1 Gbit/s until [`Net::set_rate`] says otherwise.
    pub fn new(names: &[&str]) -> Net {
        let mut net = Net { nodes: Vec::new(), links: Vec::new() };
        for name in names {
            net.index_or_add(name);
        }
        net
    }

    /// A cable between two nodes. They join the network if they were not in it; so with the other links.
    pub fn cable(&mut self, one: &str, other: &str) {
        self.link(&[one, other], false);
    }

    /// A link that carries from the first to the second only.
    pub fn one_way(&mut self, from: &str, to: &str) {
        self.link(&[from, to], true);
    }

    /// A link all these nodes share.
    pub fn shared(&mut self, names: &[&str]) {
        self.link(names, false);
    }

    fn link(&mut self, names: &[&str], is_one_way: bool) {
        let ends = names.iter().map(|name| self.index_or_add(name)).collect();
        self.links.push(Link { ends, is_one_way });
    }

    fn index_or_add(&mut self, name: &str) -> usize {
        if let Some(index) = self.index(name) {
            return index;
        }
        let rate = Rate::gigabits(1);
        self.nodes.push(Node { name: name.to_string(), is_up: true, rate });
        self.nodes.len() - 1
    }

    fn index(&self, name: &str) -> Option<usize> {
        self.nodes.iter().position(|node| node.name == name)
    }

    /// How much the node passes on.
    pub fn set_rate(&mut self, name: &str, rate: Rate) {
        if let Some(index) = self.index(name) {
            self.nodes[index].rate = rate;
        }
    }

    /// The node fails: it neither sends nor receives nor passes on.
    pub fn fail(&mut self, name: &str) {
        self.set_up(name, false);
    }

    /// The node works again.
    pub fn repair(&mut self, name: &str) {
        self.set_up(name, true);
    }

    fn set_up(&mut self, name: &str, is_up: bool) {
        if let Some(index) = self.index(name) {
            self.nodes[index].is_up = is_up;
            trace::note_of(name, || if is_up { "works again".into() } else { "fails".into() });
        }
    }

    /// Cuts the links that join just these two.
    pub fn cut(&mut self, one: &str, other: &str) {
        let (one, other) = (self.index(one), self.index(other));
        self.links.retain(|link| {
            let joins = |end: Option<usize>| end.is_some_and(|end| link.ends.contains(&end));
            !(link.ends.len() == 2 && joins(one) && joins(other))
        });
    }
}

// --- asking -------------------------------------------------------------------------------------------------------------

impl Net {
    /// The names of its nodes.
    pub fn names(&self) -> Vec<String> {
        self.named(&(0..self.nodes.len()).collect::<Vec<_>>())
    }

    fn named(&self, indices: &[usize]) -> Vec<String> {
        indices.iter().map(|index| self.nodes[*index].name.clone()).collect()
    }

    /// The nodes of a shortest way, both ends included. `None` if there is none, or one of the two is down or unknown.
    pub fn path(&self, from: &str, to: &str) -> Option<Vec<String>> {
        let path = self.way(self.index(from)?, self.index(to)?, true)?;
        Some(self.named(&path))
    }

    /// The nodes between the two: the hops. Empty for neighbours.
    pub fn hops(&self, from: &str, to: &str) -> Option<Vec<String>> {
        let path = self.path(from, to)?;
        Some(path[1..path.len().max(2) - 1].to_vec())
    }

    /// How fast the two can talk: as fast as the slowest node on the way.
    pub fn rate(&self, from: &str, to: &str) -> Option<Rate> {
        let path = self.way(self.index(from)?, self.index(to)?, true)?;
        path.iter().map(|index| self.nodes[*index].rate).min()
    }

    /// Breadth first: the nearest nodes, then their neighbours, until the goal is among them.
    fn way(&self, from: usize, to: usize, only_living: bool) -> Option<Vec<usize>> {
        let is_usable = |index: usize| self.nodes[index].is_up || !only_living;
        if !is_usable(from) {
            return None;
        }
        let mut came_from: Vec<Option<usize>> = vec![None; self.nodes.len()];
        came_from[from] = Some(from);
        let mut waiting = VecDeque::from([from]);
        while let Some(here) = waiting.pop_front() {
            if here == to {
                return Some(walk_back(&came_from, from, to));
            }
            for next in self.neighbours(here) {
                if came_from[next].is_none() && is_usable(next) {
                    came_from[next] = Some(here);
                    waiting.push_back(next);
                }
            }
        }
        None
    }

    fn neighbours(&self, here: usize) -> Vec<usize> {
        let mut found = Vec::new();
        for link in &self.links {
            found.extend(link.reached_from(here));
        }
        found
    }

    /// Groups of nodes that can all talk to each other, there and back. More than one: the network is in pieces. Nodes that
    /// are down are in none.
    pub fn parts(&self) -> Vec<Vec<String>> {
        let mut parts: Vec<Vec<usize>> = Vec::new();
        for node in 0..self.nodes.len() {
            if !self.nodes[node].is_up {
                continue;
            }
            let both_ways =
                |other: usize| self.way(node, other, true).is_some() && self.way(other, node, true).is_some();
            match parts.iter_mut().find(|part| both_ways(part[0])) {
                Some(part) => part.push(node),
                None => parts.push(vec![node]),
            }
        }
        parts.iter().map(|part| self.named(part)).collect()
    }

    /// What it is made of.
    pub fn cost(&self) -> Cost {
        let mut ports = vec![0; self.nodes.len()];
        for end in self.links.iter().flat_map(|link| &link.ends) {
            ports[*end] += 1;
        }
        let most_ports = ports.iter().copied().max().unwrap_or(0);
        Cost { links: self.links.len(), ports: ports.iter().sum(), most_ports }
    }

    // --- sending --------------------------------------------------------------------------------------------------------

    /// Sends a message, and tells the trace of every step.
    pub fn send(&self, from: &str, to: &str, message: &[u8]) -> Delivery {
        let lost = |outcome| Delivery { legs: Vec::new(), outcome };
        let (Some(source), Some(goal)) = (self.index(from), self.index(to)) else {
            return lost(Outcome::NoWay);
        };
        // Nobody tells the sender of a failure: without a way around, the message goes where it always went.
        let way = self.way(source, goal, true).or_else(|| self.way(source, goal, false));
        let Some(way) = way else { return lost(Outcome::NoWay) };
        if !self.nodes[source].is_up {
            return lost(Outcome::LostAt(from.to_string()));
        }
        let mut legs = Vec::new();
        for step in way.windows(2) {
            legs.push(self.step(step[0], step[1], goal, message));
            if !self.nodes[step[1]].is_up {
                let name = self.nodes[step[1]].name.clone();
                trace::note_of(&name, || "is down: the message ends here".to_string());
                return Delivery { legs, outcome: Outcome::LostAt(name) };
            }
        }
        trace::note_of(to, || match way.len().saturating_sub(2) {
            0 => "accepts it".to_string(),
            1 => "accepts it, after 1 hop".to_string(),
            hops => format!("accepts it, after {hops} hops"),
        });
        Delivery { legs, outcome: Outcome::Accepted }
    }

    fn step(&self, from: usize, to: usize, goal: usize, message: &[u8]) -> Leg {
        let name = |index: usize| self.nodes[index].name.clone();
        let link = self.links.iter().find(|link| link.reached_from(from).contains(&to));
        let mut overheard = Vec::new();
        for other in link.map(|link| link.reached_from(from)).unwrap_or_default() {
            if other != to && self.nodes[other].is_up {
                overheard.push(name(other));
            }
        }
        let what = if to == goal { "for you" } else { "pass it on" };
        trace::between_with(Kind::Sent, &name(from), &name(to), message, || what.to_string());
        for other in &overheard {
            trace::note_of(other, || "hears it, is not meant, ignores it".to_string());
        }
        Leg { from: name(from), to: name(to), overheard }
    }
}

impl Link {
    /// Who gets what this end sends.
    fn reached_from(&self, end: usize) -> Vec<usize> {
        match self.is_one_way {
            true if self.ends[0] == end => self.ends[1..].to_vec(),
            true => Vec::new(),
            false if !self.ends.contains(&end) => Vec::new(),
            false => self.ends.iter().copied().filter(|other| *other != end).collect(),
        }
    }
}

fn walk_back(came_from: &[Option<usize>], from: usize, to: usize) -> Vec<usize> {
    let mut path = vec![to];
    let mut here = to;
    while here != from {
        // Every node that was reached but the first has one it was reached from.
        here = came_from[here].unwrap_or(from);
        path.push(here);
    }
    path.reverse();
    path
}

// --- drawing ------------------------------------------------------------------------------------------------------------

/// The network as text: links that follow each other in one line, a bus as a line of its own, a cross after nodes that are
/// down.
impl fmt::Display for Net {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut is_drawn = vec![false; self.links.len()];
        for first in 0..self.links.len() {
            if is_drawn[first] {
                continue;
            }
            is_drawn[first] = true;
            let link = &self.links[first];
            if link.ends.len() != 2 {
                let names: Vec<String> = link.ends.iter().map(|end| self.label(*end)).collect();
                writeln!(f, "══ {} ══", names.join(" ══ "))?;
                continue;
            }
            let mut line =
                format!("{} {} {}", self.label(link.ends[0]), link.arrow(), self.label(link.ends[1]));
            let mut here = link.ends[1];
            while let Some((next, end)) = self.undrawn_at(here, &is_drawn) {
                is_drawn[next] = true;
                line.push_str(&format!(" {} {}", self.links[next].arrow(), self.label(end)));
                here = end;
            }
            writeln!(f, "{line}")?;
        }
        Ok(())
    }
}

impl Net {
    fn label(&self, index: usize) -> String {
        let cross = if self.nodes[index].is_up { "" } else { "×" };
        format!("{}{cross}", self.nodes[index].name)
    }

    fn undrawn_at(&self, here: usize, is_drawn: &[bool]) -> Option<(usize, usize)> {
        for (index, link) in self.links.iter().enumerate() {
            if !is_drawn[index] && link.ends.len() == 2 {
                if let [end] = link.reached_from(here)[..] {
                    return Some((index, end));
                }
            }
        }
        None
    }
}

impl Link {
    fn arrow(&self) -> &'static str {
        if self.is_one_way { "─▶" } else { "──" }
    }
}

#[cfg(test)]
mod tests;
