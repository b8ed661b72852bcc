//! One echo server for every kind of stream: TCP, `unix`, and `unixpacket`. Listings 7-1 to 7-4.
//!
//! ```text
//! client  "ping" "ping" "ping" ──▶ server
//! client  ◀── "pingpingping"              a stream has no boundaries: one read, or two, or twelve
//! ```
//! The address decides the kind, the code is the same. What differs is the end: a TCP port is free when its listener
//! closes, a file stays. Go's listener removes it on close, Rust's never does; here [`EchoServer`] holds the guard.
//!
//! Ends, as on TCP but with sharper edges: a peer that closes gives 0, one that closes over unread data gives
//! `ConnectionReset`, and a write after that `BrokenPipe` at once. Clients have no name: `accept` tells nothing about them.
//!
//! Ours beside the book: cancelling also ends the connections, and joins their threads.

use std::io;
use std::path::Path;

use super::socket_file::{Access, SocketFile, SocketFileError};
use crate::base::conn::{Address, TcpSocketListener, UnixSocketListener};
use crate::base::serve::{self, ServeConfig, Served, Server};
use crate::base::sys::local::{self, SocketType};
use crate::ch03_tcp::address::Network;
use crate::ch03_tcp::echo::echo;
use crate::ch03_tcp::limits::Limits;
use crate::ch03_tcp::listen;

/// Connections that wait for `accept` at most.
const BACKLOG: u16 = 128;

/// A stream listener on a socket file, and the file's guard: Go's `net.Listen("unix", path)`.
///
/// # Errors
/// [`SocketFileError`].
pub fn listen_unix(path: &Path, access: Access) -> Result<(UnixSocketListener, SocketFile), SocketFileError> {
    listen_kind(SocketType::Stream, path, access)
}

/// The same for any type that has connections. The mode is in place before `listen`, so nobody connects earlier.
pub(super) fn listen_kind(
    kind: SocketType,
    path: &Path,
    access: Access,
) -> Result<(UnixSocketListener, SocketFile), SocketFileError> {
    let (socket, file) = SocketFile::bind(kind, path, access)?;
    let failed = |source| SocketFileError::System { step: "listen on", path: path.to_path_buf(), source };
    local::listen(&socket, BACKLOG).map_err(failed)?;
    let listener = UnixSocketListener::new(socket.into()).map_err(failed)?;
    Ok((listener, file))
}

/// What Go calls the network of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Streaming {
    /// `tcp`: the address is a host and a port.
    Tcp,
    /// `unix`: the address is a path.
    Unix,
    /// `unixpacket`: the address is a path, and what comes back keeps its boundaries. Linux only.
    UnixPacket,
}

/// An echo server that runs, and its socket's file. Dropped, or stopped, it leaves no file.
#[derive(Debug)]
pub struct EchoServer {
    // The order matters: the file goes when nobody is accepted any more.
    server: Server,
    file: Option<SocketFile>,
}

impl EchoServer {
    /// Where it listens.
    pub fn address(&self) -> Address {
        self.server.address()
    }

    /// Its socket's file; TCP has none.
    pub fn file(&self) -> Option<&Path> {
        self.file.as_ref().map(SocketFile::path)
    }

    /// Stops accepting, lets connections finish, and removes the file.
    ///
    /// # Errors
    /// As [`serve::serve`].
    pub fn stop(self) -> io::Result<Served> {
        let EchoServer { server, file } = self;
        let served = server.stop();
        drop(file);
        served
    }
}

/// Serves echo on `address` in the background. Listings 7-1 and 7-2; Listing 7-3 opens the file to everybody, which is
/// `access` here.
///
/// # Errors
/// The address's: [`io::ErrorKind::AddrInUse`] if somebody listens there, and what the system says.
/// [`io::ErrorKind::Unsupported`] for `unixpacket` outside Linux.
pub fn streaming_echo_server(network: Streaming, address: &str, access: Access) -> io::Result<EchoServer> {
    let config = ServeConfig { name: "echo", ..ServeConfig::default() };
    let limits = Limits::default();
    match network {
        Streaming::Tcp => {
            let listener: TcpSocketListener = listen::listen(Network::Tcp, address)?;
            let server = serve::start(listener, config, move |conn, _| echo(conn, &limits))?;
            Ok(EchoServer { server, file: None })
        }
        Streaming::Unix => {
            let (listener, file) = listen_unix(Path::new(address), access)?;
            let server = serve::start(listener, config, move |conn, _| echo(conn, &limits))?;
            Ok(EchoServer { server, file: Some(file) })
        }
        #[cfg(target_os = "linux")]
        Streaming::UnixPacket => {
            let (listener, file) = super::seqpacket::listen(Path::new(address), access)?;
            let server =
                serve::start(listener, config, move |conn, _| super::seqpacket::echo_records(conn, &limits))?;
            Ok(EchoServer { server, file: Some(file) })
        }
        #[cfg(not(target_os = "linux"))]
        Streaming::UnixPacket => Err(io::ErrorKind::Unsupported.into()),
    }
}
