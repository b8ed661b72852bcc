//! Addresses from their text, and figures for the trace.

use netprog::base::trace::{self};
use netprog::ch02_addresses::ipv4;
use netprog::ch02_addresses::ipv6::{self};
use netprog::ch02_addresses::lan::Lan;
use netprog::ch02_addresses::mac::Mac;
use netprog::ch02_addresses::prefix::Prefix;
use netprog::ch02_addresses::subnet::Subnet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, UdpSocket};
use std::time::Duration;

/// How long a live test waits for what must come.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Prints a text picture, and has the tour draw it.
pub fn show(who: &str, figure: &str) {
    trace::chapter("ch02");
    for line in figure.lines() {
        println!("{line}");
        trace::note_of(who, || line.to_string());
    }
}

pub fn v4(text: &str) -> Ipv4Addr {
    ipv4::parse(text).unwrap()
}

pub fn v6(text: &str) -> Ipv6Addr {
    ipv6::parse(text).unwrap()
}

pub fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

pub fn prefix(text: &str) -> Prefix {
    text.parse().unwrap()
}

pub fn subnet(text: &str) -> Subnet {
    text.parse().unwrap()
}

/// The public address of a test's own: tests run side by side, and must not take each other's ports.
#[cfg(target_os = "linux")]
pub fn public(test: u8) -> Ipv4Addr {
    Ipv4Addr::new(127, 1, 2, test)
}

#[cfg(target_os = "linux")]
pub fn socket(name: &str, address: Ipv4Addr) -> (UdpSocket, SocketAddrV4) {
    let socket = UdpSocket::bind((address, 0)).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let SocketAddr::V4(bound) = socket.local_addr().unwrap() else { panic!("an IPv4 socket") };
    trace::name(&bound.to_string(), name);
    (socket, bound)
}

pub fn office() -> Lan {
    let mut lan = Lan::new();
    for (name, number) in [("a", 10), ("b", 20), ("c", 30)] {
        lan.add(name, Mac([2, 0, 0, 0, 0, number]), Ipv4Addr::new(192, 168, 1, number));
    }
    lan
}
