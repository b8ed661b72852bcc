//! A UDP socket with a peer (Listings 5-6 to 5-8): what `connect` promises, and what it does not.
//!
//! No packet is sent. The kernel notes the peer and from then on
//!
//! * delivers only what comes from its address and port. An address can be forged, and what was queued between `bind` and
//!   `connect` is delivered all the same;
//! * sends there when no address is given. `send_to` another address still works on Linux, and a second `connect` changes the peer;
//! * hands over ICMP errors, which name a packet of ours by ports and so belong to a socket: "port unreachable" is a
//!   [`io::ErrorKind::ConnectionRefused`] on the *next* call, once, and then it is forgotten.
//!
//! It does not tell whether anything arrives. The book says that a write never fails because the receiver did not get the
//! message; that third point is where it may.

use std::io;
use std::net::{SocketAddr, UdpSocket};

use super::open_socket::{is_timeout, report};
use crate::base::deadline::Deadline;
use crate::base::trace::{self, Kind};

/// No more than this is thrown away by [`drain`]: somebody may fill the queue as fast as we empty it.
const MOST_DRAINED: usize = 10_000;

/// A socket connected to `peer`. It is never bound to a port without a peer, so no stranger can have queued anything: the
/// system picks the port when it connects.
///
/// # Errors
/// The system's: no route, no port free. Never that nobody listens, for nobody was asked.
#[cfg(unix)]
pub fn dial(peer: SocketAddr) -> io::Result<UdpSocket> {
    use crate::base::sys::socket;
    let unbound = socket::udp_socket(&peer)?;
    socket::start_connect(&unbound, &peer)?;
    Ok(named(UdpSocket::from(unbound)))
}

/// A socket connected to `peer`. What strangers queued between `bind` and `connect` is thrown away.
///
/// # Errors
/// The system's.
#[cfg(not(unix))]
pub fn dial(peer: SocketAddr) -> io::Result<UdpSocket> {
    let any = if peer.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    let socket = UdpSocket::bind(any)?;
    socket.connect(peer)?;
    drain(&socket)?;
    Ok(named(socket))
}

fn named(socket: UdpSocket) -> UdpSocket {
    if let Ok(local) = socket.local_addr() {
        trace::name_mine(&local.to_string());
    }
    socket
}

/// Throws away what waits in the socket's queue, and gives how many datagrams that were. For a socket that std bound first
/// and connected then: nothing in the queue so early can be an answer. It turns a nonblocking socket into a blocking one.
///
/// # Errors
/// The system's.
pub fn drain(socket: &UdpSocket) -> io::Result<usize> {
    socket.set_nonblocking(true)?;
    let outcome = drain_nonblocking(socket);
    socket.set_nonblocking(false)?;
    outcome
}

fn drain_nonblocking(socket: &UdpSocket) -> io::Result<usize> {
    let mut count = 0;
    while count < MOST_DRAINED {
        // One byte is enough: the rest of each datagram goes with it.
        match socket.recv(&mut [0]) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
            Err(error) if !is_old_news(&error) && error.kind() != io::ErrorKind::Interrupted => {
                return Err(error);
            }
            _ => count += 1,
        }
    }
    Ok(count)
}

/// Whether an error on a connected socket is about a datagram sent *before*: nobody had its port.
pub fn is_old_news(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionReset)
}

/// Sends to the peer, even if the system first has something to say about an earlier datagram: `send` then reports that
/// *instead of* sending, and a second call sends. Gives whether there was such a report.
///
/// # Errors
/// The system's, about this datagram; or about an earlier one, if two reports came.
pub fn send_anew(socket: &UdpSocket, bytes: &[u8]) -> io::Result<bool> {
    report(Kind::Sent, socket.local_addr()?, socket.peer_addr()?, bytes);
    match socket.send(bytes) {
        Ok(_) => Ok(false),
        Err(error) if is_old_news(&error) => {
            trace::note(|| format!("about an earlier datagram: {error}; sent once more"));
            socket.send(bytes).map(|_| true)
        }
        Err(error) => Err(error),
    }
}

/// The peer's next datagram.
///
/// # Errors
/// [`io::ErrorKind::TimedOut`] when the deadline comes first. [`io::ErrorKind::ConnectionRefused`]: an earlier datagram of
/// ours found nobody. The system's.
pub fn recv_before(socket: &UdpSocket, buffer: &mut [u8], deadline: Deadline) -> io::Result<usize> {
    loop {
        socket.set_read_timeout(deadline.remaining()?)?;
        match socket.recv(buffer) {
            Ok(count) => {
                report(Kind::Received, socket.peer_addr()?, socket.local_addr()?, &buffer[..count]);
                return Ok(count);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if is_timeout(&error) && deadline.moment().is_some() => {}
            Err(error) => return Err(error),
        }
    }
}
