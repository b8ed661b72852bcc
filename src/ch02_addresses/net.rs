//! A small internet to try things on: hosts, routers, links, and real packets as bytes (Figure 2-15, and ICMP).
//!
//! ```text
//!   client                node 1                  node 2               server
//!   10.0.1.2  -wireless-  10.0.1.1  10.0.2.1  -ethernet-  10.0.2.2  10.0.3.1  -ethernet-  10.0.3.2
//!      |   frame: c -> n1    |   frame: n1' -> n2    |   frame: n2' -> s     |
//!      |   IP 10.0.1.2 -> 10.0.3.2, TTL 64           |   ... TTL 62          |
//! ```
//! On every link the packet travels in another frame, with the MAC addresses of that link. The IP addresses stay, the TTL
//! counts down, the data is not touched. What goes wrong is answered in ICMP; an ICMP error never is (RFC 1122, 3.2.2).
//!
//! Watch: every hop is an event of the tour. Left out: ARP (each node knows its neighbors' MAC addresses; see
//! [`super::lan`]), time, IPv6.

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr};

use super::firewall::{Action, Firewall, Flow, Transport};
use super::header::forward_ipv4;
use super::icmp::{Message, Unreachable, quoted};
use super::mac::Mac;
use super::prefix::Prefix;
use super::router::RouteTable;
use crate::base::trace::{self, Kind};
use crate::base::wire::Reader;
use crate::ch01_networks::ipv4_header::{DEFAULT_TTL, ICMP, Ipv4Header, UDP};

/// Frames per [`Internet::send`]. Answers cannot answer each other, and every packet dies after 255 hops; this bound is
/// for a mistake in that reasoning.
pub const MAX_FRAMES: usize = 10_000;
/// A node's place on a link.
#[derive(Clone, Debug)]
pub struct Interface {
    /// Its address.
    pub ip: Ipv4Addr,
    /// The link's network.
    pub network: Prefix,
    /// Its hardware address.
    pub mac: Mac,
    /// Which link.
    pub link: usize,
}

#[derive(Clone, Debug)]
struct Node {
    name: String,
    forwards: bool,
    interfaces: Vec<Interface>,
    routes: RouteTable<Ipv4Addr>,
    open_ports: Vec<u16>,
    inbox: Vec<(Ipv4Header, Vec<u8>)>,
    firewall: Option<Firewall>,
}

/// A packet's way over one link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hop {
    /// The link's name.
    pub link: String,
    /// Who sent the frame.
    pub from: String,
    /// Who took it up.
    pub to: String,
    /// The sender's interface.
    pub source_mac: Mac,
    /// The receiver's.
    pub destination_mac: Mac,
    /// The IP packet.
    pub packet: Vec<u8>,
}

/// The internet. Nodes and links are known by the numbers they got.
#[derive(Clone, Debug, Default)]
pub struct Internet {
    nodes: Vec<Node>,
    links: Vec<(String, Prefix)>,
    hops: Vec<Hop>,
    under_way: VecDeque<(usize, Option<usize>, Vec<u8>)>,
    next_id: u16,
}

impl Internet {
    /// No nodes, no links.
    pub fn new() -> Internet {
        Internet::default()
    }

    /// A link, whose nodes have addresses in `network`.
    pub fn add_link(&mut self, name: &str, network: Prefix) -> usize {
        self.links.push((name.to_string(), network));
        self.links.len() - 1
    }

    /// A node that keeps what is for it and drops the rest.
    pub fn add_host(&mut self, name: &str) -> usize {
        self.add(name, false)
    }

    /// A node that passes on what is for others.
    pub fn add_router(&mut self, name: &str) -> usize {
        self.add(name, true)
    }

    fn add(&mut self, name: &str, forwards: bool) -> usize {
        self.nodes.push(Node {
            name: name.to_string(),
            forwards,
            interfaces: Vec::new(),
            routes: RouteTable::new(),
            open_ports: Vec::new(),
            inbox: Vec::new(),
            firewall: None,
        });
        self.nodes.len() - 1
    }

    /// Plugs a node into a link.
    ///
    /// # Panics
    /// If there is no such node or link; so do the other functions that take numbers.
    pub fn plug(&mut self, node: usize, link: usize, ip: Ipv4Addr) {
        let network = self.links[link].1;
        // Locally administered, numbered by node and interface.
        let mac = Mac([2, 0, 0, 0, node as u8, self.nodes[node].interfaces.len() as u8]);
        self.nodes[node].interfaces.push(Interface { ip, network, mac, link });
    }

    /// `node` sends what is for `prefix` by way of its neighbor `via`.
    pub fn route(&mut self, node: usize, prefix: Prefix, via: Ipv4Addr) {
        self.nodes[node].routes.set(prefix, via);
    }

    /// A program of `node` listens at a UDP port.
    pub fn open(&mut self, node: usize, port: u16) {
        self.nodes[node].open_ports.push(port);
    }

    /// `node` asks `firewall` about everything it forwards.
    pub fn protect(&mut self, node: usize, firewall: Firewall) {
        self.nodes[node].firewall = Some(firewall);
    }

    /// The address of `node` on its first link; 0.0.0.0 without one.
    pub fn address(&self, node: usize) -> Ipv4Addr {
        self.nodes[node].interfaces.first().map_or(Ipv4Addr::UNSPECIFIED, |interface| interface.ip)
    }

    /// Every hop so far.
    pub fn hops(&self) -> &[Hop] {
        &self.hops
    }

    /// Takes what came for `node`: headers and payloads.
    pub fn received(&mut self, node: usize) -> Vec<(Ipv4Header, Vec<u8>)> {
        std::mem::take(&mut self.nodes[node].inbox)
    }

    // --- sending ----------------------------------------------------------------------------------------------------

    /// Sends a packet from `node` and lets everything that follows from it happen. Gives the hops, answers' too.
    pub fn send(&mut self, node: usize, to: Ipv4Addr, ttl: u8, protocol: u8, payload: &[u8]) -> &[Hop] {
        let first = self.hops.len();
        self.start(node, self.source_for(node, to), to, ttl, protocol, payload);
        while let Some((node, arrived_on, packet)) = self.under_way.pop_front() {
            if self.hops.len() - first >= MAX_FRAMES {
                self.under_way.clear();
                break;
            }
            self.handle(node, arrived_on, packet);
        }
        &self.hops[first..]
    }

    fn start(&mut self, node: usize, source: Ipv4Addr, to: Ipv4Addr, ttl: u8, protocol: u8, payload: &[u8]) {
        self.next_id = self.next_id.wrapping_add(1);
        let header =
            Ipv4Header { identification: self.next_id, ttl, ..Ipv4Header::new(protocol, source, to) };
        match header.encode(payload) {
            Ok(packet) => self.under_way.push_back((node, None, packet)),
            Err(error) => trace::note_of(&self.nodes[node].name, || format!("cannot send: {error}")),
        }
    }

    /// The address of the interface through which `node` reaches `to`.
    fn source_for(&self, node: usize, to: Ipv4Addr) -> Ipv4Addr {
        self.next_hop(node, to)
            .map_or(self.address(node), |(interface, _)| self.nodes[node].interfaces[interface].ip)
    }

    // --- what a node does with a packet -----------------------------------------------------------------------------

    fn handle(&mut self, node: usize, arrived_on: Option<usize>, packet: Vec<u8>) {
        let Ok((header, payload)) = Ipv4Header::decode(&packet) else { return };
        let payload = payload.to_vec();
        if self.nodes[node].interfaces.iter().any(|interface| interface.ip == header.destination) {
            self.deliver(node, header, &payload, &packet);
        } else if arrived_on.is_none() || self.nodes[node].forwards {
            self.forward(node, arrived_on, header, &payload, packet);
        }
    }

    fn deliver(&mut self, node: usize, header: Ipv4Header, payload: &[u8], packet: &[u8]) {
        if header.protocol == UDP {
            let port = udp_port(payload);
            if !port.is_some_and(|port| self.nodes[node].open_ports.contains(&port)) {
                self.complain(node, header.destination, packet, |original| Message::Unreachable {
                    reason: Unreachable::Port,
                    original,
                });
                return;
            }
        }
        let message = Message::decode(payload).ok().filter(|_| header.protocol == ICMP);
        if let Some(reply) = message.as_ref().and_then(Message::reply) {
            self.start(node, header.destination, header.source, DEFAULT_TTL, ICMP, &reply.encode());
        }
        if let Some(Message::Redirect { gateway, original }) = &message {
            self.take_redirect(node, header.source, *gateway, original);
        }
        self.nodes[node].inbox.push((header, payload.to_vec()));
    }

    /// A redirect is believed only from the router that is asked now, and only towards a neighbor (RFC 1122, 3.2.2.2);
    /// else anybody could have our traffic sent to them.
    fn take_redirect(&mut self, node: usize, from: Ipv4Addr, gateway: Ipv4Addr, original: &[u8]) {
        // The quoted packet is cut off, so its total length is no longer true; only the address is wanted.
        let mut reader = Reader::new(original);
        let Ok(destination) = reader.take(16).and_then(|_| reader.u32()).map(Ipv4Addr::from_bits) else {
            return;
        };
        let current = self.next_hop(node, destination).map(|(_, next)| next);
        let is_neighbor =
            self.nodes[node].interfaces.iter().any(|own| own.network.contains(IpAddr::V4(gateway)));
        if self.nodes[node].forwards || current != Some(from) || !is_neighbor {
            return;
        }
        trace::note_of(&self.nodes[node].name, || format!("from now on {destination} by way of {gateway}"));
        if let Ok(host) = Prefix::new(IpAddr::V4(destination), 32) {
            self.nodes[node].routes.set(host, gateway);
        }
    }

    fn forward(
        &mut self,
        node: usize,
        arrived_on: Option<usize>,
        header: Ipv4Header,
        payload: &[u8],
        mut packet: Vec<u8>,
    ) {
        let here = match arrived_on {
            Some(interface) => self.nodes[node].interfaces[interface].ip,
            None => self.address(node),
        };
        if arrived_on.is_some() {
            if !self.is_let_through(node, here, &header, payload, &packet) {
                return;
            }
            let original = packet.clone();
            if !forward_ipv4(&mut packet) {
                self.complain(node, here, &original, |original| Message::TimeExceeded { original });
                return;
            }
        }
        let unreachable = |reason| move |original| Message::Unreachable { reason, original };
        let Some((out, next)) = self.next_hop(node, header.destination) else {
            return self.complain(node, here, &packet, unreachable(Unreachable::Network));
        };
        let link = self.nodes[node].interfaces[out].link;
        let Some((neighbor, entry)) = self.neighbor(link, next) else {
            return self.complain(node, here, &packet, unreachable(Unreachable::Host));
        };
        let (old, new) =
            (arrived_on.map(|entry| &self.nodes[node].interfaces[entry]), &self.nodes[node].interfaces[out]);
        let to = self.nodes[neighbor].interfaces[entry].mac;
        trace::note_of(&self.nodes[node].name, || match old {
            Some(old) => format!("frame to {} taken off, new frame {} > {to} put on", old.mac, new.mac),
            None => format!("{} by way of {next}: frame {} > {to}", header.destination, new.mac),
        });
        self.cross(node, out, neighbor, entry, packet.clone());
        let came_back = arrived_on == Some(out);
        if came_back && self.nodes[node].interfaces[out].network.contains(IpAddr::V4(header.source)) {
            self.complain(node, here, &packet, |original| Message::Redirect { gateway: next, original });
        }
    }

    fn is_let_through(
        &mut self,
        node: usize,
        here: Ipv4Addr,
        header: &Ipv4Header,
        payload: &[u8],
        packet: &[u8],
    ) -> bool {
        let Some(firewall) = &self.nodes[node].firewall else { return true };
        let (transport, port) = match header.protocol {
            UDP => (Transport::Udp, udp_port(payload)),
            ICMP => (Transport::Icmp, None),
            _ => (Transport::Tcp, udp_port(payload)), // TCP's ports stand where UDP's do
        };
        let (source, destination) = (IpAddr::V4(header.source), IpAddr::V4(header.destination));
        let (action, _) = firewall.decide(&Flow { source, destination, transport, port });
        if action == Action::Reject {
            self.complain(node, here, packet, |original| Message::Unreachable {
                reason: Unreachable::Prohibited,
                original,
            });
        }
        action == Action::Allow
    }

    /// The interface and the neighbor's address by which `node` reaches `to`.
    fn next_hop(&self, node: usize, to: Ipv4Addr) -> Option<(usize, Ipv4Addr)> {
        let node = &self.nodes[node];
        let on_link =
            |ip: Ipv4Addr| node.interfaces.iter().position(|own| own.network.contains(IpAddr::V4(ip)));
        // A route of 32 bits, from a redirect, is longer than the link's own network.
        let route = node.routes.lookup(IpAddr::V4(to));
        if let (Some(interface), true) = (on_link(to), route.is_none_or(|(prefix, _)| prefix.length() < 32)) {
            return Some((interface, to));
        }
        let (_, via) = route?;
        Some((on_link(*via)?, *via))
    }

    /// Who on a link has an address: node and interface.
    fn neighbor(&self, link: usize, ip: Ipv4Addr) -> Option<(usize, usize)> {
        for (number, node) in self.nodes.iter().enumerate() {
            let entry = node.interfaces.iter().position(|own| own.link == link && own.ip == ip);
            if let Some(entry) = entry {
                return Some((number, entry));
            }
        }
        None
    }

    fn cross(&mut self, node: usize, out: usize, neighbor: usize, entry: usize, packet: Vec<u8>) {
        let (sender, receiver) = (&self.nodes[node], &self.nodes[neighbor]);
        let hop = Hop {
            link: self.links[sender.interfaces[out].link].0.clone(),
            from: sender.name.clone(),
            to: receiver.name.clone(),
            source_mac: sender.interfaces[out].mac,
            destination_mac: receiver.interfaces[entry].mac,
            packet,
        };
        trace::between_with(Kind::Sent, &hop.from, &hop.to, &hop.packet, || hop.to_string());
        trace::between_with(Kind::Received, &hop.from, &hop.to, &hop.packet, String::new);
        self.under_way.push_back((neighbor, Some(entry), hop.packet.clone()));
        self.hops.push(hop);
    }

    /// Tells a packet's source what became of it, unless the packet is itself an ICMP error.
    fn complain(
        &mut self,
        node: usize,
        from: Ipv4Addr,
        packet: &[u8],
        message: impl FnOnce(Vec<u8>) -> Message,
    ) {
        let Ok((header, payload)) = Ipv4Header::decode(packet) else { return };
        let is_ping =
            matches!(Message::decode(payload), Ok(Message::Echo { .. } | Message::EchoReply { .. }));
        if header.protocol == ICMP && !is_ping {
            return;
        }
        let message = message(quoted(packet));
        trace::note_of(&self.nodes[node].name, || format!("tells {}: {message}", header.source));
        self.start(node, from, header.source, DEFAULT_TTL, ICMP, &message.encode());
    }
}

fn udp_port(payload: &[u8]) -> Option<u16> {
    let mut reader = Reader::new(payload);
    reader.u16().ok()?;
    reader.u16().ok()
}

impl std::fmt::Display for Hop {
    /// What a picture has room for comes first.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Ok((header, payload)) = Ipv4Header::decode(&self.packet) {
            write!(f, "TTL {} ", header.ttl)?;
            match Message::decode(payload) {
                Ok(message) if header.protocol == ICMP => write!(f, "{message}")?,
                _ => write!(f, "{}", if header.protocol == UDP { "UDP" } else { "data" })?,
            }
            write!(f, ", {} > {}; ", header.source, header.destination)?;
        }
        write!(f, "{} frame {} > {}", self.link, self.source_mac, self.destination_mac)
    }
}
