//! Servers for tests: Go's `httptest.Server`.
//!
//! ```
//! use netprog::ch09_http_server::test_server::TestServer;
//! use netprog::ch09_http_server::handler::{Request, ResponseWriter};
//! use std::io::{Read, Write};
//!
//! let server = TestServer::new(|response: &mut dyn ResponseWriter, _: &mut Request| {
//!     let _ = response.write_all(b"hello");
//! });
//! let mut client = std::net::TcpStream::connect(server.address())?;
//! client.write_all(b"GET / HTTP/1.0\r\n\r\n")?;
//! let mut answer = String::new();
//! client.read_to_string(&mut answer)?;
//! assert!(answer.ends_with("\r\n\r\nhello"));
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! Book: Listings 8-3 to 8-6, "Test Your Handlers with httptest".

use std::fmt;
use std::net::SocketAddr;

use super::handler::Handler;
use super::server::{Running, Server};
use crate::base::pipe::{self, Dialer};
use crate::ch03_tcp::address::Network;
use crate::ch03_tcp::listen::listen;

/// A server on the loopback, at a port of the system's choice. Dropping it closes it.
pub struct TestServer {
    running: Running,
    address: SocketAddr,
}

impl TestServer {
    /// A server with the default settings.
    ///
    /// # Panics
    /// Where the system has no port or no thread to give: a test cannot go on then.
    pub fn new(handler: impl Handler + 'static) -> TestServer {
        TestServer::with(Server::new(handler))
    }

    /// A server with these settings.
    ///
    /// # Panics
    /// As [`TestServer::new`].
    pub fn with(server: Server) -> TestServer {
        // Not bind of the standard library, whose backlog of 128 a burst of clients fills: the next waits a second for its SYN.
        let listener = listen(Network::Tcp, "127.0.0.1:0");
        let listener = listener.expect("a test server needs a port on the loopback");
        let address = listener.socket_addr();
        let running = server.start(listener).expect("a test server needs a thread");
        TestServer { running, address }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://127.0.0.1:PORT`, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The server itself, to be shut down politely, or asked how many connections it has.
    pub fn running(&self) -> &Running {
        &self.running
    }

    /// Ends every connection, whatever it is at, and waits for the threads. A second time it does nothing.
    pub fn close(&self) {
        self.running.close();
    }
}

impl fmt::Debug for TestServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "test server at {}", self.url())
    }
}

/// A server in memory, without a socket: its clients come by [`MemoryServer::dialer`]. Dropping it closes it.
pub struct MemoryServer {
    running: Running,
    dialer: Dialer,
}

impl MemoryServer {
    /// A server with the default settings.
    ///
    /// # Panics
    /// Where the system has no thread to give.
    pub fn new(handler: impl Handler + 'static) -> MemoryServer {
        MemoryServer::with(Server::new(handler))
    }

    /// A server with these settings.
    ///
    /// # Panics
    /// As [`MemoryServer::new`].
    pub fn with(server: Server) -> MemoryServer {
        let (listener, dialer) = pipe::listener();
        let running = server.start(listener).expect("a test server needs a thread");
        MemoryServer { running, dialer }
    }

    /// What connects to it.
    pub fn dialer(&self) -> &Dialer {
        &self.dialer
    }

    /// The server itself.
    pub fn running(&self) -> &Running {
        &self.running
    }

    /// As [`TestServer::close`].
    pub fn close(&self) {
        self.running.close();
    }
}

impl fmt::Debug for MemoryServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "test server at {}", self.running.address())
    }
}
