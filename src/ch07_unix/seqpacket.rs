//! Records: a connection, as a stream has, whose messages stay apart, as datagrams do. Go's `unixpacket`. Listings 7-10
//! to 7-12.
//!
//! ```text
//! sent      "ping" "ping" "ping"
//! received  "ping" "ping" "ping"       with room for four bytes
//! received  "pi"   "pi"   "pi"         with room for two: "ng" is gone, not waiting
//! ```
//! Three traps stand beside it:
//!
//! * **Too little room loses data without a word.** `read` does not tell; `recvmsg` does, and gives the whole length.
//!   `read_to_end`, which asks for what fits its buffer, loses the same way.
//! * **An empty record reads as 0, as the end does.** A timestamp beside every record tells them apart ([`Records`]): the
//!   end has none.
//! * **A record is sent whole or not at all.** One larger than the send buffer is refused with EMSGSIZE; it cannot be written in parts.
//!
//! The standard library has no such socket, but its `UnixStream` works on one, as far as the traps allow. Linux only: macOS has
//! no sequenced packets on Unix sockets, and Windows and WSL 1 neither.

use std::fmt;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::net::{SocketAddr, UnixStream};
use std::path::Path;

use super::socket_file::{Access, SocketFile, SocketFileError};
use super::stream::listen_kind;
use crate::base::conn::{Conn, ConnRead, UnixSocketListener};
use crate::base::deadline::timed_out;
use crate::base::sys::ancillary;
use crate::base::sys::local::{self, SocketType};
use crate::base::trace::{self, Kind};
use crate::ch03_tcp::limits::{Limits, unless_idle};

/// Room for the largest record that Linux's default send buffer (212,992 bytes) lets through. Only the pages that a record
/// has touched take memory.
pub const RECORD_BYTES: usize = 256 * 1024;

/// A listener for records on a socket file, and the file's guard.
///
/// # Errors
/// [`SocketFileError`].
pub fn listen(path: &Path, access: Access) -> Result<(UnixSocketListener, SocketFile), SocketFileError> {
    listen_kind(SocketType::SeqPacket, path, access)
}

/// What a receive gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received {
    /// A record, possibly empty.
    Record {
        /// Bytes in the buffer.
        length: usize,
        /// Bytes the record had. If more, the rest is gone.
        whole: usize,
    },
    /// The peer has finished.
    End,
}

/// One end of a connection of records.
pub struct Records {
    socket: UnixStream,
}

impl Records {
    /// Connects to the listener at `path`. Listing 7-11's dial.
    ///
    /// # Errors
    /// The system's: [`io::ErrorKind::ConnectionRefused`], [`io::ErrorKind::NotFound`], and EPROTOTYPE (91) for a listener of
    /// another type.
    pub fn connect(path: &Path) -> io::Result<Records> {
        let socket = local::socket(SocketType::SeqPacket)?;
        local::connect(&socket, &SocketAddr::from_pathname(path)?)?;
        Records::over(socket.into())
    }

    /// Records over a connected socket of this type.
    ///
    /// # Errors
    /// The system's; [`io::ErrorKind::InvalidInput`] for a socket of another type.
    pub fn over(socket: UnixStream) -> io::Result<Records> {
        if local::type_of(&socket)? != Some(SocketType::SeqPacket) {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "this socket does not keep records apart",
            ));
        }
        ancillary::mark_records(&socket)?;
        Ok(Records { socket })
    }

    /// The socket itself, for its timeouts.
    pub fn socket(&self) -> &UnixStream {
        &self.socket
    }

    /// Sends one record.
    ///
    /// # Errors
    /// The system's: EMSGSIZE (90) for one that does not fit into the send buffer, [`io::ErrorKind::BrokenPipe`] when the
    /// peer is gone.
    pub fn send(&self, record: &[u8]) -> io::Result<()> {
        // One call, one record: never write_all, which would make two of one that went in parts.
        let sent = ancillary::send(&self.socket, record, &[])?;
        debug_assert_eq!(sent, record.len(), "a record goes whole or not at all");
        Ok(())
    }

    /// Receives one record, or what of it fits.
    ///
    /// # Errors
    /// The system's; [`io::ErrorKind::TimedOut`] after the socket's timeout.
    pub fn receive(&self, buffer: &mut [u8]) -> io::Result<Received> {
        receive(&self.socket, buffer)
    }
}

impl fmt::Debug for Records {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "records over {:?}", self.socket)
    }
}

fn receive(socket: &impl AsFd, buffer: &mut [u8]) -> io::Result<Received> {
    loop {
        match ancillary::receive_record(socket, buffer) {
            Ok(message) if message.length == 0 && message.whole == 0 && !message.marked => {
                return Ok(Received::End);
            }
            // Descriptors that came along uncalled for are closed here.
            Ok(message) => return Ok(Received::Record { length: message.length, whole: message.whole }),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Err(timed_out()),
            Err(error) => return Err(error),
        }
    }
}

/// Sends back every record as one record, empty ones too, until the client finishes or is idle for too long.
///
/// # Errors
/// What receiving or sending gives. [`io::ErrorKind::InvalidData`] for a record beyond [`RECORD_BYTES`], whose rest is lost.
pub fn echo_records(mut conn: Box<dyn Conn>, limits: &Limits) -> io::Result<()> {
    let (me, peer) = (conn.local().to_string(), conn.peer().to_string());
    mark(&mut *conn)?;
    let mut buffer = vec![0; RECORD_BYTES];
    loop {
        limits.arm_read(&mut *conn);
        let (length, whole) = match receive_from(&mut *conn, &mut buffer) {
            Ok(Received::Record { length, whole }) => (length, whole),
            Ok(Received::End) => return Ok(()),
            Err(error) => return unless_idle(error),
        };
        trace::between(Kind::Received, &peer, &me, &buffer[..length]);
        if whole > length {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                format!("a record of {whole} bytes; at most {RECORD_BYTES} are taken"),
            ));
        }
        limits.arm_write(&mut *conn);
        // The standard library's write is one send, and so one record, also for no bytes at all.
        let _ = conn.write(&buffer[..length])?;
    }
}

fn mark(conn: &mut dyn Conn) -> io::Result<()> {
    match conn.read_fd()? {
        Some(socket) => ancillary::mark_records(&socket),
        None => Err(io::ErrorKind::Unsupported.into()),
    }
}

fn receive_from(conn: &mut dyn Conn, buffer: &mut [u8]) -> io::Result<Received> {
    match ConnRead::read_fd(conn)? {
        Some(socket) => receive(&socket, buffer),
        None => Err(io::ErrorKind::Unsupported.into()),
    }
}
