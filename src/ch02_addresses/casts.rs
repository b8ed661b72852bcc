//! To one, to some, to all, to the nearest: whom an address reaches (Figures 2-7, 2-8 and 2-11 to 2-13).
//!
//! ```text
//! unicast     192.168.1.20        the one that has it
//! multicast   224.0.0.0/4, ff00::/8   whoever joined the group
//! broadcast   192.168.1.255       every other host of the subnet; IPv4 only
//! anycast     an address several have: the nearest of those that are up
//! ```
//! The first half is a model that says who gets a message. The second is real: [`join_group`] and
//! [`listen_for_broadcasts`] give sockets on which it can be tried on loopback.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, UdpSocket};

use super::prefix::Prefix;
use super::subnet::Subnet;
use crate::base::trace::{self, Kind};

/// In which of the four ways a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cast {
    /// To one.
    Unicast,
    /// To a group.
    Multicast,
    /// To all.
    Broadcast,
    /// To the nearest.
    Anycast,
}

impl fmt::Display for Cast {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Cast::Unicast => "unicast",
            Cast::Multicast => "multicast",
            Cast::Broadcast => "broadcast",
            Cast::Anycast => "anycast",
        })
    }
}

#[derive(Clone, Debug)]
struct Node {
    name: String,
    address: IpAddr,
    groups: Vec<IpAddr>,
    is_up: bool,
}

/// Nodes that can reach each other, all in one subnet.
#[derive(Clone, Debug)]
pub struct Neighborhood {
    subnet: Prefix,
    nodes: Vec<Node>,
    milliseconds: HashMap<(String, String), u32>,
}

impl Neighborhood {
    /// A subnet without nodes.
    pub fn new(subnet: Prefix) -> Neighborhood {
        Neighborhood { subnet, nodes: Vec::new(), milliseconds: HashMap::new() }
    }

    /// A node with this address. Several with the same make it an anycast address.
    pub fn add(&mut self, name: &str, address: IpAddr) {
        self.nodes.push(Node { name: name.to_string(), address, groups: Vec::new(), is_up: true });
    }

    /// The node wants what is sent to `group`.
    pub fn join(&mut self, name: &str, group: IpAddr) {
        for node in self.nodes.iter_mut().filter(|node| node.name == name) {
            node.groups.push(group);
        }
    }

    /// The node wants it no more.
    pub fn leave(&mut self, name: &str, group: IpAddr) {
        for node in self.nodes.iter_mut().filter(|node| node.name == name) {
            node.groups.retain(|joined| *joined != group);
        }
    }

    /// The node goes down or comes up. One that is down is no longer announced, so nothing is sent to it.
    pub fn set_up(&mut self, name: &str, is_up: bool) {
        for node in self.nodes.iter_mut().filter(|node| node.name == name) {
            node.is_up = is_up;
        }
    }

    /// How long a message takes from one node to another. 1 ms if nothing is said.
    pub fn set_latency(&mut self, from: &str, to: &str, milliseconds: u32) {
        self.milliseconds.insert((from.to_string(), to.to_string()), milliseconds);
    }

    /// In which way a message to `address` goes here.
    pub fn cast(&self, address: IpAddr) -> Cast {
        let broadcast = Subnet::from(self.subnet).broadcast().map(IpAddr::V4);
        if address.is_multicast() {
            Cast::Multicast
        } else if Some(address) == broadcast || address == IpAddr::V4(Ipv4Addr::BROADCAST) {
            Cast::Broadcast
        } else if self.nodes.iter().filter(|node| node.address == address).count() > 1 {
            Cast::Anycast
        } else {
            Cast::Unicast
        }
    }

    /// The names of those who get what `from` sends to `to`, in the order they were added.
    pub fn receivers(&self, from: &str, to: IpAddr) -> Vec<&str> {
        let cast = self.cast(to);
        let mut reached: Vec<&Node> = Vec::new();
        for node in self.nodes.iter().filter(|node| node.is_up && node.name != from) {
            let wants = match cast {
                Cast::Unicast | Cast::Anycast => node.address == to,
                Cast::Multicast => node.groups.contains(&to),
                Cast::Broadcast => true,
            };
            if wants {
                reached.push(node);
            }
        }
        if cast == Cast::Anycast {
            reached.sort_by_key(|node| self.latency(from, &node.name));
            reached.truncate(1);
        }
        if reached.is_empty() {
            trace::note_of(from, || format!("{cast} to {to}: nobody gets it"));
        }
        for node in &reached {
            trace::between_with(Kind::Sent, from, &node.name, b"news", || format!("{cast} to {to}"));
            trace::between_with(Kind::Received, from, &node.name, b"news", String::new);
        }
        reached.iter().map(|node| node.name.as_str()).collect()
    }

    fn latency(&self, from: &str, to: &str) -> u32 {
        self.milliseconds.get(&(from.to_string(), to.to_string())).copied().unwrap_or(1)
    }
}

// --- on real sockets ------------------------------------------------------------------------------------------------

/// A socket that receives what is sent to `group` at `port` (0: the system chooses) over `interface`.
///
/// It is bound to the group's address. Bound to 0.0.0.0 it would get, on Linux, every group that *any* program of the
/// host has joined (`IP_MULTICAST_ALL`).
///
/// # Errors
/// The system's: [`io::ErrorKind::AddrInUse`], or an address that is no group.
pub fn join_group(group: Ipv4Addr, port: u16, interface: Ipv4Addr) -> io::Result<UdpSocket> {
    let socket = UdpSocket::bind((group, port))?;
    socket.join_multicast_v4(&group, &interface)?;
    Ok(socket)
}

/// A socket that receives what is sent to a subnet's broadcast address. Nobody needs to join anything.
///
/// # Errors
/// The system's.
pub fn listen_for_broadcasts(broadcast: Ipv4Addr, port: u16) -> io::Result<UdpSocket> {
    UdpSocket::bind((broadcast, port))
}

/// Sends to everybody. The permission must be asked for: without `set_broadcast` the system refuses, lest a program that
/// was given a wrong address disturbs a whole network.
///
/// # Errors
/// The system's. [`io::ErrorKind::PermissionDenied`] is what `send_to` without this function gives.
pub fn send_broadcast(socket: &UdpSocket, data: &[u8], to: (Ipv4Addr, u16)) -> io::Result<usize> {
    socket.set_broadcast(true)?;
    socket.send_to(data, to)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn the_sender_is_never_among_its_receivers() {
        let mut home = Neighborhood::new("192.168.1.0/24".parse().unwrap());
        home.add("a", ip("192.168.1.10"));
        home.add("b", ip("192.168.1.20"));
        home.join("a", ip("224.0.0.9"));
        assert!(home.receivers("a", ip("224.0.0.9")).is_empty());
        assert_eq!(home.receivers("a", ip("192.168.1.255")), ["b"]);
        assert_eq!(home.receivers("a", ip("255.255.255.255")), ["b"]);
        assert!(home.receivers("a", ip("192.168.1.99")).is_empty());
    }

    #[test]
    fn ipv6_has_no_broadcast_and_its_all_nodes_is_a_group_to_be_in() {
        let mut link = Neighborhood::new("2001:db8::/64".parse().unwrap());
        link.add("a", ip("2001:db8::1"));
        link.add("b", ip("2001:db8::2"));
        let last = ip("2001:db8::ffff:ffff:ffff:ffff");
        assert_eq!((link.cast(last), link.receivers("a", last)), (Cast::Unicast, vec![]));
        link.join("b", ip("ff02::1"));
        assert_eq!(link.receivers("a", ip("ff02::1")), ["b"]);
        link.leave("b", ip("ff02::1"));
        assert!(link.receivers("a", ip("ff02::1")).is_empty());
    }
}
