//! A datagram is taken whole or cut, never in two reads; and it may be empty.
//!
//! What a buffer is too short for is gone. Linux says nothing about it (Windows gives error 10040), so a count that equals the
//! buffer's length may mean either. Three ways out: a buffer that nothing exceeds; asking for the true length; looking before
//! taking. And `Ok(0)` is a datagram of no bytes, not an end: a loop that stops there can be stopped by anybody.

use std::fmt;
use std::io;
use std::net::{SocketAddr, UdpSocket};

/// What was received into a buffer that may have been too short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Bytes in the buffer.
    pub kept: usize,
    /// Bytes the datagram had.
    pub length: usize,
}

impl Taken {
    /// Whether bytes are lost.
    pub fn was_cut(self) -> bool {
        self.kept < self.length
    }
}

impl fmt::Display for Taken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.was_cut() {
            true => write!(f, "{} of {} bytes", self.kept, self.length),
            false => write!(f, "{} bytes", self.length),
        }
    }
}

/// The next datagram into `buffer`, with the length it had on the wire (MSG_TRUNC). Waits as the socket's read timeout
/// says.
///
/// # Errors
/// The system's, as `UdpSocket::recv`.
#[cfg(target_os = "linux")]
pub fn recv_measured(socket: &UdpSocket, buffer: &mut [u8]) -> io::Result<Taken> {
    let length = crate::base::sys::datagram::receive_length(socket, buffer)?;
    Ok(Taken { kept: length.min(buffer.len()), length })
}

/// The next datagram whole and its sender, in memory that fits it: its length is asked for first, and it is taken then. Two
/// threads that do this on one socket could take each other's; one socket has one reader here.
///
/// # Errors
/// The system's. [`io::ErrorKind::InvalidData`] for a datagram of more than `most` bytes, which is thrown away.
#[cfg(target_os = "linux")]
pub fn recv_whole(socket: &UdpSocket, most: usize) -> io::Result<(Vec<u8>, SocketAddr)> {
    let length = crate::base::sys::datagram::next_length(socket)?;
    let mut bytes = vec![0; length.min(most)];
    let (count, from) = socket.recv_from(&mut bytes)?;
    if length > most {
        let text = format!("a datagram of {length} bytes from {from}; we take {most}");
        return Err(io::Error::new(io::ErrorKind::InvalidData, text));
    }
    bytes.truncate(count);
    Ok((bytes, from))
}
