//! Ping and traceroute: what one can find out with ICMP about the way to somebody (RFC 1122, 3.2.2; Figure 2-15).
//!
//! ```text
//! traceroute to 10.0.3.2:   TTL 1  10.0.1.1  time exceeded       the first router
//!                           TTL 2  10.0.2.2  time exceeded       the second
//!                           TTL 3  10.0.3.2  port unreachable    the destination: nobody has that port
//! ```
//! Over the internet of [`super::net`]; real ones need raw sockets and with them privileges.

use std::net::Ipv4Addr;

use super::icmp::Message;
use super::net::{Hop, Internet};
use crate::base::wire;
use crate::ch01_networks::ipv4_header::{DEFAULT_TTL, ICMP, UDP};

/// The port of traceroute's first probe; each further one has the next.
pub const TRACEROUTE_PORT: u16 = 33_434;

/// What traceroute found at one distance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// The distance.
    pub ttl: u8,
    /// Who answered, and what. `None`: silence, a star in traceroute's output.
    pub answer: Option<(Ipv4Addr, Message)>,
}

impl Internet {
    /// Sends a UDP datagram.
    pub fn send_udp(&mut self, node: usize, to: Ipv4Addr, port: u16, ttl: u8, data: &[u8]) -> &[Hop] {
        let mut payload = Vec::new();
        wire::put_u16(&mut payload, 49_152);
        wire::put_u16(&mut payload, port);
        wire::put_u16(&mut payload, (8 + data.len()).min(usize::from(u16::MAX)) as u16);
        wire::put_u16(&mut payload, 0); // no checksum: IPv4 leaves it to the sender
        payload.extend_from_slice(data);
        self.send(node, to, ttl, UDP, &payload)
    }

    /// Pings. Gives what came back: the reply, or the ICMP error instead, and from whom.
    pub fn ping(&mut self, node: usize, to: Ipv4Addr) -> Option<(Ipv4Addr, Message)> {
        self.received(node);
        let ping = Message::Echo { id: 1, sequence: 1, data: b"netprog".to_vec() };
        self.send(node, to, DEFAULT_TTL, ICMP, &ping.encode());
        self.icmp_answer(node)
    }

    /// Finds the routers on the way: probes with TTL 1, 2, 3 … die at the first, second, third, who say so. The probes go
    /// to a port nobody has, so the destination answers, too.
    pub fn traceroute(&mut self, node: usize, to: Ipv4Addr, most: u8) -> Vec<Trace> {
        let mut found = Vec::new();
        for ttl in 1..=most {
            self.received(node);
            self.send_udp(node, to, TRACEROUTE_PORT + u16::from(ttl) - 1, ttl, b"");
            let answer = self.icmp_answer(node);
            let is_last = matches!(answer, Some((_, Message::Unreachable { .. })));
            found.push(Trace { ttl, answer });
            if is_last {
                break;
            }
        }
        found
    }

    fn icmp_answer(&mut self, node: usize) -> Option<(Ipv4Addr, Message)> {
        for (header, payload) in self.received(node) {
            let message = Message::decode(&payload).ok().filter(|_| header.protocol == ICMP);
            match message {
                None | Some(Message::Redirect { .. }) => {}
                Some(message) => return Some((header.source, message)),
            }
        }
        None
    }
}
