//! The port where a server takes requests, and from where it answers them. Row 6.29.
//!
//! ```text
//! client ── RRQ to 192.0.2.7 ──▶ 0.0.0.0:69 ──▶ "it came to 192.0.2.7" ──▶ transfer's socket, bound to 192.0.2.7
//! ```
//! A server that listens on all addresses of its host must answer from the one that was asked: a client takes an answer from
//! there and from nowhere else. The socket for requests does not know it by itself, and what it sent would leave from the
//! address the routing table likes best. Linux tells with each datagram where it came to (`IP_PKTINFO`, and RFC 3542
//! §6.2 for IPv6). On other systems bind the server to one address.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

#[cfg(target_os = "linux")]
use crate::base::sys::unconnected;

use super::error::ErrorCode;
use super::session::send_error;

/// How long [`Requests::next`] waits at most, so that its caller can look whether it is to stop.
const LOOK_FOR_STOP: Duration = Duration::from_millis(100);

/// The socket for requests.
pub(super) struct Requests {
    socket: UdpSocket,
    /// Where transfers bind when nobody says where the request came to.
    local: SocketAddr,
}

/// Who sent a request.
pub(super) struct Asker<'a> {
    requests: &'a Requests,
    /// Its address.
    pub(super) client: SocketAddr,
    /// Where the socket of its transfer is to be bound: the address that was asked, and no port yet.
    pub(super) local: SocketAddr,
}

impl Requests {
    /// Binds the port.
    ///
    /// # Errors
    /// The system's.
    pub(super) fn bind(address: SocketAddr) -> io::Result<Requests> {
        let socket = UdpSocket::bind(address)?;
        socket.set_read_timeout(Some(LOOK_FOR_STOP))?;
        #[cfg(target_os = "linux")]
        if address.ip().is_unspecified() {
            // Where it cannot be had the routing table chooses.
            let _ = unconnected::tell_destinations(&socket);
        }
        let mut local = socket.local_addr()?;
        local.set_port(0);
        Ok(Requests { socket, local })
    }

    /// Where it takes requests.
    ///
    /// # Errors
    /// The system's.
    pub(super) fn address(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// The next datagram: its length and its sender; `None` if none came for a moment.
    ///
    /// # Errors
    /// What shows that the socket itself is no good.
    pub(super) fn next(&self, buffer: &mut [u8]) -> io::Result<Option<(usize, Asker<'_>)>> {
        match receive(&self.socket, buffer) {
            Ok((length, client, asked)) => {
                let local = asked.unwrap_or(self.local);
                Ok(Some((length, Asker { requests: self, client, local })))
            }
            Err(error) if is_passing(error.kind()) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// What a receive may say without anything being wrong with the socket. On Windows an earlier datagram that nobody took
/// comes back as a reset.
fn is_passing(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::WouldBlock
            | ErrorKind::TimedOut
            | ErrorKind::Interrupted
            | ErrorKind::ConnectionRefused
            | ErrorKind::ConnectionReset
    )
}

impl Asker<'_> {
    /// Sends the ERROR for a request that gets no transfer. A socket for requests on all addresses would leave from whichever
    /// the routing table chooses, so there it gets a socket of its own, as a transfer would.
    pub(super) fn refuse(&self, code: ErrorCode, words: &str) {
        let Requests { socket, local } = self.requests;
        let own = if self.local == *local { None } else { UdpSocket::bind(self.local).ok() };
        send_error(own.as_ref().unwrap_or(socket), self.client, code, words);
    }
}

#[cfg(target_os = "linux")]
fn receive(socket: &UdpSocket, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr, Option<SocketAddr>)> {
    unconnected::receive_with_destination(socket, buffer)
}

#[cfg(not(target_os = "linux"))]
fn receive(socket: &UdpSocket, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr, Option<SocketAddr>)> {
    socket.recv_from(buffer).map(|(length, client)| (length, client, None))
}
