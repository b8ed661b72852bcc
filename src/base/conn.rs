//! [`Conn`] is Go's `net.Conn` for blocking Rust, and [`Listener`] its `net.Listener`.
//!
//! A `Conn` reads, writes, keeps absolute deadlines for both, closes one direction or both, and can be interrupted from
//! another thread while it blocks. It has from the start what TLS and HTTP/2 will need: a handshake, the negotiated
//! protocol, and a split into a reading and a writing half for two threads.
//!
//! * A read or write that runs into its deadline gives [`io::ErrorKind::TimedOut`] on every platform; the connection is
//!   still good, and a later deadline makes it work again. The deadline is sticky, as in Go: it stays until it is set anew.
//! * `Ok(0)` from a read means the peer has finished sending.
//! * After [`Interrupter::interrupt`] reads and writes, blocked ones too, give [`io::ErrorKind::ConnectionAborted`].
//! * Dropping the connection (both halves of it) closes it.
//!
//! Book: "Using the net.Conn Interface", chapter 4.

mod listener;
mod socket;
mod stream;

use std::fmt;
use std::io::{self, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
#[cfg(unix)]
use std::os::fd::BorrowedFd;
use std::path::PathBuf;
use std::sync::Weak;

use super::deadline::Deadline;

pub use listener::TcpSocketListener;
#[cfg(unix)]
pub use listener::UnixSocketListener;
#[cfg(unix)]
pub use socket::UnixConn;
pub use socket::{SocketConn, SocketReader, SocketWriter, TcpConn};
pub use stream::Socket;

/// Where one end of a connection is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Address {
    /// An IP address and port.
    Tcp(SocketAddr),
    /// A socket file, or `None` for an end without one.
    Unix(Option<PathBuf>),
    /// An end inside this process, by name.
    Memory(String),
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Tcp(address) => write!(f, "{address}"),
            Address::Unix(Some(path)) => write!(f, "{}", path.display()),
            Address::Unix(None) => write!(f, "(unnamed)"),
            Address::Memory(name) => write!(f, "{name}"),
        }
    }
}

impl Address {
    /// The IP address and port, if that is what it is.
    pub fn socket_addr(&self) -> Option<SocketAddr> {
        match self {
            Address::Tcp(address) => Some(*address),
            _ => None,
        }
    }
}

/// What a secured connection knows about its peer. Plain data; a connection in the clear has none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SecurityInfo {
    /// The protocol's version, as its specification writes it: `TLS 1.3`.
    pub version: String,
    /// The cipher suite.
    pub cipher: String,
    /// The server name the client asked for.
    pub server_name: Option<String>,
    /// The peer's certificates, leaf first, in DER.
    pub peer_certificates: Vec<Vec<u8>>,
}

/// The half of a connection that reads.
pub trait ConnRead: Read + Send {
    /// Reads fail with `TimedOut` from this moment on.
    fn set_read_deadline(&mut self, deadline: Deadline);

    /// Whether the peer is known to have finished or gone, even if bytes of it are still unread. Reads nothing and never
    /// blocks, so that a thread which works for the peer can look from time to time. `false` where nobody knows.
    fn peer_has_finished(&self) -> bool {
        false
    }

    /// The socket below with the deadline armed, for a system call that reads it directly (splice). `None` where reading
    /// the socket is not the same as reading this.
    ///
    /// # Errors
    /// As a read: the deadline has passed, or the connection was interrupted.
    #[cfg(unix)]
    fn read_fd(&mut self) -> io::Result<Option<BorrowedFd<'_>>> {
        Ok(None)
    }
}

/// The half of a connection that writes.
pub trait ConnWrite: Write + Send {
    /// Writes fail with `TimedOut` from this moment on.
    fn set_write_deadline(&mut self, deadline: Deadline);

    /// Half-close: tells the peer that nothing more will come (FIN). Reading goes on.
    ///
    /// # Errors
    /// Whatever the system says; a connection that is already gone is not an error.
    fn finish(&mut self) -> io::Result<()>;

    /// The socket below with the deadline armed, for a system call that writes to it directly. `None` where there is none.
    ///
    /// # Errors
    /// As a write: the deadline has passed, or the connection was interrupted.
    #[cfg(unix)]
    fn write_fd(&mut self) -> io::Result<Option<BorrowedFd<'_>>> {
        Ok(None)
    }
}

/// A connection: both halves and what belongs to the whole.
pub trait Conn: ConnRead + ConnWrite {
    /// This end.
    fn local(&self) -> Address;

    /// The other end.
    fn peer(&self) -> Address;

    /// A handle with which another thread can end whatever this connection is blocked in.
    fn interrupter(&self) -> Interrupter;

    /// Both deadlines at once.
    fn set_deadline(&mut self, deadline: Deadline) {
        self.set_read_deadline(deadline);
        self.set_write_deadline(deadline);
    }

    /// Agrees on security. Runs in the connection's own thread, never in the accept loop, where one silent client would
    /// stop the server.
    ///
    /// # Errors
    /// The handshake's, as the implementation says. In the clear there is none.
    fn handshake(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// The protocol both sides agreed on (ALPN), after the handshake.
    fn protocol(&self) -> Option<&str> {
        None
    }

    /// What is known of the peer, after the handshake.
    fn security(&self) -> Option<&SecurityInfo> {
        None
    }

    /// The TCP stream below, for its own options: Go's `conn.(*net.TCPConn)`.
    fn tcp(&self) -> Option<&TcpStream> {
        None
    }

    /// Two halves for two threads. The connection closes when both are dropped.
    ///
    /// # Errors
    /// Where the connection cannot be split, [`io::ErrorKind::Unsupported`].
    fn split(self: Box<Self>) -> io::Result<Halves>;
}

/// What [`Conn::split`] gives.
pub type Halves = (Box<dyn ConnRead>, Box<dyn ConnWrite>);

/// Hands out connections.
pub trait Listener: Send + Sync {
    /// Blocks until a client has connected.
    ///
    /// # Errors
    /// What the system says; after [`Listener::stop`] always [`io::ErrorKind::ConnectionAborted`].
    fn accept(&self) -> io::Result<Box<dyn Conn>>;

    /// Where it listens: with port 0 the port the system chose.
    fn local(&self) -> Address;

    /// Stops listening: a blocked `accept` returns at once, later ones too, and new clients are refused.
    fn stop(&self);
}

// --- interrupting ---------------------------------------------------------------------------------------------------

/// What an [`Interrupter`] acts on. An implementor keeps it shared between its halves.
pub trait Interrupt: Send + Sync {
    /// Ends both directions; blocked reads and writes return with `ConnectionAborted`.
    fn interrupt(&self);

    /// The same, and the peer learns that this was no orderly end, where there is a way to say so.
    fn reset(&self) {
        self.interrupt();
    }

    /// Ends the reading direction only: what has arrived is still read, then the stream ends as if the peer had finished.
    fn end_input(&self);
}

/// Ends what a connection in another thread is blocked in. It does not keep the connection open: a dropped connection
/// is closed, and interrupting it does nothing.
#[derive(Clone)]
pub struct Interrupter {
    target: Weak<dyn Interrupt>,
}

impl Interrupter {
    /// An interrupter of `target`.
    pub fn new(target: Weak<dyn Interrupt>) -> Interrupter {
        Interrupter { target }
    }

    /// Ends both directions. Reads and writes give [`io::ErrorKind::ConnectionAborted`] from now on.
    pub fn interrupt(&self) {
        if let Some(target) = self.target.upgrade() {
            target.interrupt();
        }
    }

    /// As [`Interrupter::interrupt`], but the peer is reset (RST) where `interrupt` would let it see an end of stream. For
    /// a stream cut off in the middle, which must not look whole.
    pub fn reset(&self) {
        if let Some(target) = self.target.upgrade() {
            target.reset();
        }
    }

    /// Ends the input: the polite half of a shutdown. The reader sees the end of the stream and can still answer.
    pub fn end_input(&self) {
        if let Some(target) = self.target.upgrade() {
            target.end_input();
        }
    }
}

impl fmt::Debug for Interrupter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Interrupter").field("connected", &(self.target.strong_count() > 0)).finish()
    }
}

/// The error of a connection that another thread interrupted.
pub fn interrupted() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionAborted, "the connection was interrupted from this side")
}

/// A box of a half, or of a whole connection, reads as what is in it.
impl<R: ConnRead + ?Sized> ConnRead for Box<R> {
    fn set_read_deadline(&mut self, deadline: Deadline) {
        (**self).set_read_deadline(deadline);
    }

    fn peer_has_finished(&self) -> bool {
        (**self).peer_has_finished()
    }

    #[cfg(unix)]
    fn read_fd(&mut self) -> io::Result<Option<BorrowedFd<'_>>> {
        (**self).read_fd()
    }
}

/// What has been read ahead comes first, so the descriptor below is there only when there is none of it.
impl<R: ConnRead> ConnRead for BufReader<R> {
    fn set_read_deadline(&mut self, deadline: Deadline) {
        self.get_mut().set_read_deadline(deadline);
    }

    fn peer_has_finished(&self) -> bool {
        self.get_ref().peer_has_finished()
    }

    #[cfg(unix)]
    fn read_fd(&mut self) -> io::Result<Option<BorrowedFd<'_>>> {
        if self.buffer().is_empty() { self.get_mut().read_fd() } else { Ok(None) }
    }
}

impl ConnWrite for Box<dyn Conn> {
    fn set_write_deadline(&mut self, deadline: Deadline) {
        (**self).set_write_deadline(deadline);
    }

    fn finish(&mut self) -> io::Result<()> {
        (**self).finish()
    }

    #[cfg(unix)]
    fn write_fd(&mut self) -> io::Result<Option<BorrowedFd<'_>>> {
        (**self).write_fd()
    }
}

/// What `accept` hands out is itself a connection, so a wrapper (a faulty link, TLS) takes it like any other.
impl Conn for Box<dyn Conn> {
    fn local(&self) -> Address {
        (**self).local()
    }

    fn peer(&self) -> Address {
        (**self).peer()
    }

    fn interrupter(&self) -> Interrupter {
        (**self).interrupter()
    }

    fn handshake(&mut self) -> io::Result<()> {
        (**self).handshake()
    }

    fn protocol(&self) -> Option<&str> {
        (**self).protocol()
    }

    fn security(&self) -> Option<&SecurityInfo> {
        (**self).security()
    }

    fn tcp(&self) -> Option<&TcpStream> {
        (**self).tcp()
    }

    fn split(self: Box<Self>) -> io::Result<Halves> {
        (*self).split()
    }
}

impl fmt::Debug for dyn Conn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "connection {} > {}", self.local(), self.peer())
    }
}
