//! The lines of the table: what is measured, with how much, and by whom.

use crate::Load;
use crate::server::Side;
use crate::table::Unit;
#[cfg(unix)]
use crate::unix_echo;
use crate::{connect, echo, http, idle, json, proxy, tftp, tlv, udp_echo, wrk, zip};

/// One measured round: a number, in the unit of its row.
pub type Round = fn(&Load, &Side) -> Result<f64, String>;

/// Who is measured beside us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beside {
    /// Nobody.
    Nobody,
    /// The peer of the command line.
    Peer,
    /// The peer of the command line, and nginx where it is installed.
    PeerAndNginx,
    /// tftpd-hpa where it is installed, if a peer is asked for.
    Tftpd,
}

/// A line of the table.
pub struct Workload {
    pub name: &'static str,
    pub unit: Unit,
    pub connections: usize,
    pub size: usize,
    pub beside: Beside,
    /// A program of others that has to be installed.
    pub needs: Option<&'static str>,
    pub round: Round,
}

/// Every workload, in the order of the table.
pub const WORKLOADS: &[Workload] = &[
    Workload {
        name: "echo",
        unit: Unit::RoundTrips,
        connections: 1,
        size: 64,
        beside: Beside::Peer,
        needs: None,
        round: echo::round,
    },
    Workload {
        name: "echo",
        unit: Unit::RoundTrips,
        connections: 64,
        size: 64,
        beside: Beside::Peer,
        needs: None,
        round: echo::round,
    },
    Workload {
        name: "echo",
        unit: Unit::RoundTrips,
        connections: 1000,
        size: 64,
        beside: Beside::Peer,
        needs: None,
        round: echo::round,
    },
    Workload {
        name: "proxy",
        unit: Unit::Bytes,
        connections: 1,
        size: 1 << 18,
        beside: Beside::Peer,
        needs: None,
        round: proxy::round,
    },
    Workload {
        name: "proxy",
        unit: Unit::Bytes,
        connections: 8,
        size: 1 << 18,
        beside: Beside::Peer,
        needs: None,
        round: proxy::round,
    },
    Workload {
        name: "connect",
        unit: Unit::Connections,
        connections: 4,
        size: 1,
        beside: Beside::Peer,
        needs: None,
        round: connect::round,
    },
    // Go's echo keeps a pipe for splicing with each connection, three descriptors in all: a limit of 20,000 stops it short
    // of 10,000 connections, so the two are compared at half of that.
    Workload {
        name: "idle",
        unit: Unit::Memory,
        connections: 5_000,
        size: 1,
        beside: Beside::Peer,
        needs: None,
        round: idle::round,
    },
    Workload {
        name: "idle",
        unit: Unit::Memory,
        connections: 10_000,
        size: 1,
        beside: Beside::Nobody,
        needs: None,
        round: idle::round,
    },
    Workload {
        name: "tlv",
        unit: Unit::Payloads,
        connections: 1,
        size: 64,
        beside: Beside::Nobody,
        needs: None,
        round: tlv::round,
    },
    Workload {
        name: "tlv",
        unit: Unit::Payloads,
        connections: 1,
        size: 65_536,
        beside: Beside::Nobody,
        needs: None,
        round: tlv::round,
    },
    Workload {
        name: "udp-echo",
        unit: Unit::RoundTrips,
        connections: 1,
        size: 64,
        beside: Beside::Peer,
        needs: None,
        round: udp_echo::round,
    },
    Workload {
        name: "udp-echo",
        unit: Unit::RoundTrips,
        connections: 64,
        size: 64,
        beside: Beside::Peer,
        needs: None,
        round: udp_echo::round,
    },
    Workload {
        name: "tftp lockstep",
        unit: Unit::Bytes,
        connections: 1,
        size: 512,
        beside: Beside::Tftpd,
        needs: None,
        round: tftp::lockstep,
    },
    Workload {
        name: "tftp lockstep",
        unit: Unit::Bytes,
        connections: 1,
        size: 1428,
        beside: Beside::Tftpd,
        needs: None,
        round: tftp::lockstep,
    },
    Workload {
        name: "tftp window 16",
        unit: Unit::Bytes,
        connections: 1,
        size: 1428,
        beside: Beside::Tftpd,
        needs: None,
        round: tftp::windowed,
    },
    Workload {
        name: "tftp window 16",
        unit: Unit::Bytes,
        connections: 1,
        size: 16384,
        beside: Beside::Tftpd,
        needs: None,
        round: tftp::windowed,
    },
    Workload {
        name: "tftp lockstep",
        unit: Unit::Bytes,
        connections: 1,
        size: 65464,
        beside: Beside::Tftpd,
        needs: None,
        round: tftp::lockstep,
    },
    Workload {
        name: "http-hello",
        unit: Unit::Requests,
        connections: 1,
        size: 14,
        beside: Beside::PeerAndNginx,
        needs: Some(wrk::PROGRAM),
        round: http::hello,
    },
    Workload {
        name: "http-hello",
        unit: Unit::Requests,
        connections: 64,
        size: 14,
        beside: Beside::PeerAndNginx,
        needs: Some(wrk::PROGRAM),
        round: http::hello,
    },
    Workload {
        name: "http-hello",
        unit: Unit::Requests,
        connections: 1000,
        size: 14,
        beside: Beside::PeerAndNginx,
        needs: Some(wrk::PROGRAM),
        round: http::hello,
    },
    Workload {
        name: "http-file small",
        unit: Unit::Requests,
        connections: 64,
        size: 4096,
        beside: Beside::PeerAndNginx,
        needs: Some(wrk::PROGRAM),
        round: http::small_file,
    },
    Workload {
        name: "http-file large",
        unit: Unit::Bytes,
        connections: 4,
        size: 100 << 20,
        beside: Beside::PeerAndNginx,
        needs: None,
        round: http::large_file,
    },
    Workload {
        name: "http-client",
        unit: Unit::Requests,
        connections: 1,
        size: 14,
        beside: Beside::Peer,
        needs: None,
        round: http::client,
    },
    Workload {
        name: "http-client",
        unit: Unit::Requests,
        connections: 64,
        size: 14,
        beside: Beside::Peer,
        needs: None,
        round: http::client,
    },
    Workload {
        name: "json parse",
        unit: Unit::Bytes,
        connections: 1,
        size: 1 << 20,
        beside: Beside::Peer,
        needs: None,
        round: json::parse,
    },
    Workload {
        name: "json print",
        unit: Unit::Bytes,
        connections: 1,
        size: 1 << 20,
        beside: Beside::Peer,
        needs: None,
        round: json::print,
    },
    Workload {
        name: "inflate",
        unit: Unit::Bytes,
        connections: 1,
        size: 8 << 20,
        beside: Beside::Peer,
        needs: None,
        round: zip::inflate,
    },
    Workload {
        name: "gzip",
        unit: Unit::Bytes,
        connections: 1,
        size: 8 << 20,
        beside: Beside::Peer,
        needs: None,
        round: zip::gzip,
    },
    #[cfg(unix)]
    Workload {
        name: "unix-echo tcp",
        unit: Unit::RoundTrips,
        connections: 1,
        size: 64,
        beside: Beside::Nobody,
        needs: None,
        round: unix_echo::tcp,
    },
    #[cfg(unix)]
    Workload {
        name: "unix-echo stream",
        unit: Unit::RoundTrips,
        connections: 1,
        size: 64,
        beside: Beside::Nobody,
        needs: None,
        round: unix_echo::stream,
    },
    #[cfg(unix)]
    Workload {
        name: "unix-echo datagram",
        unit: Unit::RoundTrips,
        connections: 1,
        size: 64,
        beside: Beside::Nobody,
        needs: None,
        round: unix_echo::datagram,
    },
    #[cfg(unix)]
    Workload {
        name: "unix-echo seqpacket",
        unit: Unit::RoundTrips,
        connections: 1,
        size: 64,
        beside: Beside::Nobody,
        needs: None,
        round: unix_echo::seqpacket,
    },
];

impl Workload {
    /// Whether the command line's word means this one: its name, or the first word of it where several belong together.
    pub fn is_called(&self, word: &str) -> bool {
        self.name == word || self.name.split(' ').next() == Some(word)
    }
}
