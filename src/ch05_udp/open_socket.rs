//! A socket everyone may send to (Listings 5-2 to 5-5), and how to take one sender's datagrams only.
//!
//! UDP has no listener and no `accept`. A socket that is bound has an address, and whoever knows the address can put
//! datagrams into its queue: the server that was asked, and a stranger who was faster. So the sender of every datagram is
//! looked at. That keeps out mistakes and the curious; an attacker can forge a sender's address, and against him a number in
//! the request that he cannot guess is the least one needs.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs, UdpSocket};

use crate::base::deadline::Deadline;
use crate::base::trace::{self, Kind};

/// A socket on `host:port`, on the first of the host's addresses that the system gives us.
///
/// Port 0 is any free one. An empty port, which Go takes, is an error here: write the 0.
///
/// # Errors
/// The system's, with the address in the text; [`io::ErrorKind::InvalidInput`] for what is no address.
pub fn bind(address: &str) -> io::Result<UdpSocket> {
    let named = |error: io::Error| io::Error::new(error.kind(), format!("listen udp {address}: {error}"));
    let addresses: Vec<SocketAddr> = address.to_socket_addrs().map_err(named)?.collect();
    let socket = UdpSocket::bind(&addresses[..]).map_err(named)?;
    if let Ok(local) = socket.local_addr() {
        trace::name_mine(&local.to_string());
    }
    Ok(socket)
}

/// Sends a datagram, and tells the trace. That it was sent says nothing about whether it arrives.
///
/// # Errors
/// The system's: EMSGSIZE for more than a datagram holds.
pub fn send_to(socket: &UdpSocket, bytes: &[u8], to: SocketAddr) -> io::Result<usize> {
    report(Kind::Sent, socket.local_addr()?, to, bytes);
    socket.send_to(bytes, to)
}

/// The next datagram from anybody, with its sender. The socket's read timeout is left changed.
///
/// # Errors
/// [`io::ErrorKind::TimedOut`] when the deadline comes first, on every system; the system's.
pub fn recv_before(
    socket: &UdpSocket,
    buffer: &mut [u8],
    deadline: Deadline,
) -> io::Result<(usize, SocketAddr)> {
    loop {
        socket.set_read_timeout(deadline.remaining()?)?;
        match socket.recv_from(buffer) {
            Ok((count, from)) => {
                // More than the buffer holds is cut off, and the count says what was kept.
                report(Kind::Received, from, socket.local_addr()?, &buffer[..count]);
                return Ok((count, from));
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            // A timeout is WouldBlock on Unix. The loop asks the deadline, which decides.
            Err(error) if is_timeout(&error) && deadline.moment().is_some() => {}
            Err(error) => return Err(error),
        }
    }
}

/// The next datagram from `expected`; those of strangers are thrown away. All of it happens before `deadline`: with a
/// timeout per call a stranger who sends one datagram before each of them would keep the caller for ever.
///
/// # Errors
/// As [`recv_before`].
pub fn recv_from_expected(
    socket: &UdpSocket,
    expected: SocketAddr,
    buffer: &mut [u8],
    deadline: Deadline,
) -> io::Result<usize> {
    loop {
        let (count, from) = recv_before(socket, buffer, deadline)?;
        if is_same_party(from, expected) {
            return Ok(count);
        }
        trace::note(|| format!("not from whom we asked, but from {}", trace::name_of(&from.to_string())));
    }
}

/// Whether two addresses are the same party's. Equality would be too strict: an IPv6 socket shows an IPv4 sender as
/// `::ffff:…`, and a link-local sender with a zone that the expected address may lack.
pub fn is_same_party(one: SocketAddr, other: SocketAddr) -> bool {
    let zone = |address: SocketAddr| match address {
        SocketAddr::V6(v6) => v6.scope_id(),
        SocketAddr::V4(_) => 0,
    };
    let same_zone = zone(one) == zone(other) || zone(one) == 0 || zone(other) == 0;
    one.ip().to_canonical() == other.ip().to_canonical() && one.port() == other.port() && same_zone
}

/// Passes one datagram on to `to` over the socket it came in by: the third party sees our address and not the sender's.
///
/// # Errors
/// As [`recv_before`] and [`send_to`].
pub fn forward_one(socket: &UdpSocket, to: SocketAddr, deadline: Deadline) -> io::Result<SocketAddr> {
    let mut buffer = vec![0; super::echo::LARGEST_BUFFER];
    let (count, from) = recv_before(socket, &mut buffer, deadline)?;
    send_to(socket, &buffer[..count], to)?;
    Ok(from)
}

/// A timeout by either of the names systems have for it.
pub(super) fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}

pub(super) fn report(kind: Kind, from: SocketAddr, to: SocketAddr, bytes: &[u8]) {
    if trace::is_on() {
        trace::between(kind, &from.to_string(), &to.to_string(), bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_party_may_be_written_in_two_ways() {
        let same = |one: &str, other: &str| is_same_party(one.parse().unwrap(), other.parse().unwrap());
        assert!(same("192.0.2.1:7", "[::ffff:192.0.2.1]:7"));
        assert!(same("[fe80::1%3]:7", "[fe80::1]:7"));
        assert!(!same("[fe80::1%3]:7", "[fe80::1%4]:7"));
        assert!(!same("192.0.2.1:7", "192.0.2.1:8"));
        assert!(!same("192.0.2.1:7", "192.0.2.2:7"));
    }
}
