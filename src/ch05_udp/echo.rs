//! Listing 5-1: a server that sends back every datagram to whoever it came from.
//!
//! There is nothing to accept: one socket hears everyone, and each datagram brings its sender's address along. The loop is
//! chapter 3's ([`crate::ch03_tcp::udp_twin`]). It goes on after an error, for an error of one sender is none of the next's; on
//! Windows a `ConnectionReset` there says no more than that an earlier echo found nobody. And it can be stopped while it
//! waits: std cannot close a socket that another thread reads, so the token's end sends the socket a datagram of its own.
//!
//! Watch it run: `cargo run --bin ch05_echo`, then `nc -u 127.0.0.1 PORT`.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::thread::JoinHandle;

use super::open_socket::bind;
use crate::base::cancel::Cancel;
use crate::base::thread;
use crate::ch03_tcp::udp_twin::serve_datagrams_in;

/// The book's buffer. What a datagram has beyond it is cut off and does not come back.
pub const BOOKS_BUFFER: usize = 1024;
/// A buffer that cuts nothing: no datagram is longer.
pub const LARGEST_BUFFER: usize = 65_535;

/// Echoes on `socket` until `stop` ends, up to `buffer` bytes of each datagram.
///
/// # Errors
/// What the system says about the socket at the start.
pub fn echo(socket: &UdpSocket, stop: &Cancel, buffer: usize) -> io::Result<()> {
    let mut buffer = vec![0; buffer.clamp(1, LARGEST_BUFFER)];
    serve_datagrams_in(&mut buffer, socket, stop, |_, bytes| Some(bytes.to_vec()))
}

/// An echo server in a thread of its own.
#[derive(Debug)]
pub struct EchoServer {
    address: SocketAddr,
    thread: JoinHandle<io::Result<()>>,
}

/// Listing 5-1: starts an echo server with the book's buffer, and gives the address it got. It ends when `stop` does.
///
/// # Errors
/// As [`bind`], with the address in the text.
pub fn start(address: &str, stop: &Cancel) -> io::Result<EchoServer> {
    start_with_buffer(address, stop, BOOKS_BUFFER)
}

/// The same with another buffer.
///
/// # Errors
/// As [`start`].
pub fn start_with_buffer(address: &str, stop: &Cancel, buffer: usize) -> io::Result<EchoServer> {
    let socket = bind(address)?;
    let address = socket.local_addr()?;
    let stop = stop.clone();
    let thread = thread::spawn("server", move || echo(&socket, &stop, buffer))?;
    Ok(EchoServer { address, thread })
}

impl EchoServer {
    /// Where it can be reached.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits until it has ended. End its token first.
    ///
    /// # Errors
    /// As [`echo`].
    pub fn join(self) -> io::Result<()> {
        self.thread.join().unwrap_or_else(|_| Err(io::Error::other("the echo server panicked")))
    }
}
