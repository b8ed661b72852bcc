//! Which name servers this machine asks: `/etc/resolv.conf`.
//!
//! ```text
//! # a comment
//! nameserver 192.0.2.53
//! nameserver fe80::1%2      a link-local address with the number of its interface
//! ```
//! We left out the search list: names are asked for as they are given. Names of interfaces (`%eth0`) need a system call
//! and are skipped.

use std::io::{self, Read};
use std::net::{IpAddr, Ipv6Addr, SocketAddr, SocketAddrV6};

use super::framing::PORT;

/// resolv.conf(5) takes this many servers; more only make a failure slower.
pub const MAX_SERVERS: usize = 3;

/// Far more than any such file has.
const MAX_FILE: u64 = 64 * 1024;

/// The servers of `/etc/resolv.conf`, each with port 53.
///
/// # Errors
/// The system's; [`io::ErrorKind::InvalidData`] if the file names no server. resolv.conf(5) takes this machine then, which
/// is a surprise to those whose file was empty by mistake.
pub fn servers() -> io::Result<Vec<SocketAddr>> {
    let mut text = Vec::new();
    std::fs::File::open("/etc/resolv.conf")?.take(MAX_FILE).read_to_end(&mut text)?;
    let servers = parse(&String::from_utf8_lossy(&text));
    if servers.is_empty() {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "/etc/resolv.conf names no server"));
    }
    Ok(servers)
}

/// The servers a resolv.conf names, in its order. Lines that are nothing we know are skipped, as the system does.
pub fn parse(text: &str) -> Vec<SocketAddr> {
    let mut servers = Vec::new();
    for line in text.lines() {
        let mut words = line.split_whitespace();
        if words.next() != Some("nameserver") {
            continue;
        }
        let address = words.next().and_then(address);
        if let (Some(address), true) = (address, servers.len() < MAX_SERVERS) {
            servers.push(address);
        }
    }
    servers
}

fn address(word: &str) -> Option<SocketAddr> {
    if let Some((address, interface)) = word.split_once('%') {
        let address: Ipv6Addr = address.parse().ok()?;
        return Some(SocketAddrV6::new(address, PORT, 0, interface.parse().ok()?).into());
    }
    let address: IpAddr = word.parse().ok()?;
    Some(SocketAddr::new(address, PORT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_come_in_their_order_and_everything_else_is_skipped() {
        let text = "# mine\nsearch example.com\nnameserver 192.0.2.53\n;nameserver 192.0.2.1\n  nameserver\t::1 # here\n\
                    nameserver\nnameserver nonsense\nnameserver fe80::1%2\nnameserver 192.0.2.54\n";
        let wanted = ["192.0.2.53:53", "[::1]:53", "[fe80::1%2]:53"];
        assert_eq!(parse(text), wanted.map(|address| address.parse().unwrap()), "three and no more");
        assert_eq!(parse(""), []);
    }
}
