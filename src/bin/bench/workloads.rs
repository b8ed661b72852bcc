//! The lines of the table: what is measured, with how much, and by whom.

use crate::Load;
use crate::server::Side;
use crate::table::Unit;
#[cfg(unix)]
use crate::unix_echo;
use crate::{connect, echo, idle, proxy, tftp, tlv, udp_echo};

/// One measured round: a number, in the unit of its row.
pub type Round = fn(&Load, &Side) -> Result<f64, String>;

/// A line of the table.
pub struct Workload {
    pub name: &'static str,
    pub unit: Unit,
    pub connections: usize,
    pub size: usize,
    /// Whether the peer has a server for it.
    pub has_peer: bool,
    pub round: Round,
}

/// Every workload, in the order of the table.
pub const WORKLOADS: &[Workload] = &[
    Workload {
        name: "echo",
        unit: Unit::RoundTrips,
        connections: 1,
        size: 64,
        has_peer: true,
        round: echo::round,
    },
    Workload {
        name: "echo",
        unit: Unit::RoundTrips,
        connections: 64,
        size: 64,
        has_peer: true,
        round: echo::round,
    },
    Workload {
        name: "echo",
        unit: Unit::RoundTrips,
        connections: 1000,
        size: 64,
        has_peer: true,
        round: echo::round,
    },
    Workload {
        name: "proxy",
        unit: Unit::Bytes,
        connections: 1,
        size: 1 << 18,
        has_peer: true,
        round: proxy::round,
    },
    Workload {
        name: "proxy",
        unit: Unit::Bytes,
        connections: 8,
        size: 1 << 18,
        has_peer: true,
        round: proxy::round,
    },
    Workload {
        name: "connect",
        unit: Unit::Connections,
        connections: 4,
        size: 1,
        has_peer: true,
        round: connect::round,
    },
    // Go's echo keeps a pipe for splicing with each connection, three descriptors in all: a limit of 20,000 stops it short
    // of 10,000 connections, so the two are compared at half of that.
    Workload {
        name: "idle",
        unit: Unit::Memory,
        connections: 5_000,
        size: 1,
        has_peer: true,
        round: idle::round,
    },
    Workload {
        name: "idle",
        unit: Unit::Memory,
        connections: 10_000,
        size: 1,
        has_peer: false,
        round: idle::round,
    },
    Workload {
        name: "tlv",
        unit: Unit::Payloads,
        connections: 1,
        size: 64,
        has_peer: false,
        round: tlv::round,
    },
    Workload {
        name: "tlv",
        unit: Unit::Payloads,
        connections: 1,
        size: 65_536,
        has_peer: false,
        round: tlv::round,
    },
    Workload {
        name: "udp-echo",
        unit: Unit::RoundTrips,
        connections: 1,
        size: 64,
        has_peer: true,
        round: udp_echo::round,
    },
    Workload {
        name: "udp-echo",
        unit: Unit::RoundTrips,
        connections: 64,
        size: 64,
        has_peer: true,
        round: udp_echo::round,
    },
    Workload {
        name: "tftp lockstep",
        unit: Unit::Bytes,
        connections: 1,
        size: 512,
        has_peer: true,
        round: tftp::lockstep,
    },
    Workload {
        name: "tftp lockstep",
        unit: Unit::Bytes,
        connections: 1,
        size: 1428,
        has_peer: true,
        round: tftp::lockstep,
    },
    Workload {
        name: "tftp window 16",
        unit: Unit::Bytes,
        connections: 1,
        size: 1428,
        has_peer: true,
        round: tftp::windowed,
    },
    Workload {
        name: "tftp window 16",
        unit: Unit::Bytes,
        connections: 1,
        size: 16384,
        has_peer: true,
        round: tftp::windowed,
    },
    Workload {
        name: "tftp lockstep",
        unit: Unit::Bytes,
        connections: 1,
        size: 65464,
        has_peer: true,
        round: tftp::lockstep,
    },
    #[cfg(unix)]
    Workload {
        name: "unix-echo tcp",
        unit: Unit::RoundTrips,
        connections: 1,
        size: 64,
        has_peer: false,
        round: unix_echo::tcp,
    },
    #[cfg(unix)]
    Workload {
        name: "unix-echo stream",
        unit: Unit::RoundTrips,
        connections: 1,
        size: 64,
        has_peer: false,
        round: unix_echo::stream,
    },
    #[cfg(unix)]
    Workload {
        name: "unix-echo datagram",
        unit: Unit::RoundTrips,
        connections: 1,
        size: 64,
        has_peer: false,
        round: unix_echo::datagram,
    },
    #[cfg(unix)]
    Workload {
        name: "unix-echo seqpacket",
        unit: Unit::RoundTrips,
        connections: 1,
        size: 64,
        has_peer: false,
        round: unix_echo::seqpacket,
    },
];

impl Workload {
    /// Whether the command line's word means this one: its name, or the first word of it where several belong together.
    pub fn is_called(&self, word: &str) -> bool {
        self.name == word || self.name.split(' ').next() == Some(word)
    }
}
