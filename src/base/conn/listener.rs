//! Listeners over TCP and Unix stream sockets that another thread can stop.

use std::fmt;
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
#[cfg(unix)]
use std::os::unix::net::UnixListener;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

#[cfg(unix)]
use super::UnixConn;
use super::{Address, Conn, Listener, TcpConn};
use crate::base::sys;
use crate::base::trace::{self, Kind};

/// The error of `accept` on a listener that was stopped.
fn stopped() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionAborted, "the listener was stopped")
}

/// A TCP listener.
pub struct TcpSocketListener {
    listener: TcpListener,
    local: SocketAddr,
    stopped: AtomicBool,
}

impl TcpSocketListener {
    /// Hands out the connections of `listener`.
    ///
    /// # Errors
    /// What the system says when asked for the address.
    pub fn new(listener: TcpListener) -> io::Result<TcpSocketListener> {
        let local = listener.local_addr()?;
        trace::name_mine(&local.to_string());
        Ok(TcpSocketListener { listener, local, stopped: AtomicBool::new(false) })
    }

    /// Listens on `address`; port 0 lets the system choose.
    ///
    /// # Errors
    /// What the system says: [`io::ErrorKind::AddrInUse`], [`io::ErrorKind::PermissionDenied`], …
    pub fn bind(address: SocketAddr) -> io::Result<TcpSocketListener> {
        TcpSocketListener::new(TcpListener::bind(address)?)
    }

    /// The address, port included.
    pub fn socket_addr(&self) -> SocketAddr {
        self.local
    }

    /// The standard library's listener below, for its own options: Go's `*net.TCPListener`.
    pub fn tcp(&self) -> &TcpListener {
        &self.listener
    }

    /// As [`Listener::accept`], with the concrete type: Go's `AcceptTCP`, Listing 4-23.
    ///
    /// # Errors
    /// As [`Listener::accept`].
    pub fn accept_tcp(&self) -> io::Result<TcpConn> {
        loop {
            let outcome = self.listener.accept();
            if self.stopped.load(Ordering::SeqCst) {
                return Err(stopped());
            }
            match outcome {
                Ok((stream, peer)) => {
                    let conn = TcpConn::with_peer(stream, peer)?;
                    trace::between(Kind::Accepted, &self.local.to_string(), &peer.to_string(), &[]);
                    return Ok(conn);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            }
        }
    }
}

impl Listener for TcpSocketListener {
    fn accept(&self) -> io::Result<Box<dyn Conn>> {
        Ok(Box::new(self.accept_tcp()?))
    }

    fn local(&self) -> Address {
        Address::Tcp(self.local)
    }

    fn stop(&self) {
        self.stopped.store(true, Ordering::SeqCst);
        if sys::socket::stop_listening(&self.listener).is_err() {
            // Where shutdown() does not wake accept, a client does. It may be refused: then nobody is waiting.
            let _ = TcpStream::connect_timeout(&self.local, Duration::from_secs(1));
        }
    }
}

impl fmt::Debug for TcpSocketListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "listener on {}", self.local)
    }
}

/// A listener on a Unix stream socket.
#[cfg(unix)]
pub struct UnixSocketListener {
    listener: UnixListener,
    local: Address,
    stopped: AtomicBool,
}

#[cfg(unix)]
impl UnixSocketListener {
    /// Hands out the connections of `listener`. The socket file is the caller's to remove.
    ///
    /// # Errors
    /// What the system says when asked for the address.
    pub fn new(listener: UnixListener) -> io::Result<UnixSocketListener> {
        let path = listener.local_addr()?.as_pathname().map(std::path::PathBuf::from);
        Ok(UnixSocketListener { listener, local: Address::Unix(path), stopped: AtomicBool::new(false) })
    }
}

#[cfg(unix)]
impl Listener for UnixSocketListener {
    fn accept(&self) -> io::Result<Box<dyn Conn>> {
        loop {
            let outcome = self.listener.accept();
            if self.stopped.load(Ordering::SeqCst) {
                return Err(stopped());
            }
            match outcome {
                Ok((stream, _)) => return Ok(Box::new(UnixConn::new(stream)?)),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            }
        }
    }

    fn local(&self) -> Address {
        self.local.clone()
    }

    fn stop(&self) {
        self.stopped.store(true, Ordering::SeqCst);
        if sys::socket::stop_listening(&self.listener).is_err() {
            if let Address::Unix(Some(path)) = &self.local {
                // Where shutdown() does not wake accept, a client does.
                let _ = std::os::unix::net::UnixStream::connect(path);
            }
        }
    }
}

#[cfg(unix)]
impl fmt::Debug for UnixSocketListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "listener on {}", self.local)
    }
}
