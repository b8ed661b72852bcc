//! A greeting: the client says something once, the server answers once, and both leave. Over TCP and over UDP.
//!
//! ```text
//! TCP  connect ──▶   "Hello TCP client" ──▶   ◀── "Hello from TCP server\n"   ◀── FIN   FIN ──▶
//! UDP                "Hello UDP client" ──▶   ◀── "Hello from the UDP server"
//! ```
//! The same two lines of text, and everything TCP does for them stands in the first row.
//!
//! Notes: "Simple server", "TCP client", "UDP server", "UDP client". Ours beside them: they show the whole buffer, zeros and
//! all, and one client that resets its connection ends their server for everyone.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, UdpSocket};

use super::limits::{Limits, say_last, unless_idle};
use crate::base::cancel::Cancel;
use crate::base::conn::{Address, Conn, ConnWrite};
use crate::base::connect::connect;
use crate::base::deadline::{Deadline, timed_out};

/// What the server answers over TCP.
pub const TCP_ANSWER: &[u8] = b"Hello from TCP server\n";

/// What the server answers over UDP.
pub const UDP_ANSWER: &[u8] = b"Hello from the UDP server";

/// What is read of a client's greeting.
pub const GREETING_BYTES: usize = 1024;

/// The most a client reads of an answer. A server that sends for ever must not fill its memory.
const MAX_ANSWER: u64 = 64 * 1024;

/// Reads a client's greeting, in one read, hands it to `heard`, answers, and closes.
///
/// # Errors
/// What reading or writing gives.
pub fn hello(
    mut conn: Box<dyn Conn>,
    limits: &Limits,
    heard: &(dyn Fn(&Address, &[u8]) + Sync),
) -> io::Result<()> {
    let mut buffer = [0; GREETING_BYTES];
    limits.arm_read(&mut *conn);
    let count = match conn.read(&mut buffer) {
        Ok(count) => count,
        Err(error) => return unless_idle(error),
    };
    // Only what came: the rest of the buffer is no part of the greeting.
    heard(&conn.peer(), &buffer[..count]);
    say_last(&mut *conn, limits, TCP_ANSWER)
}

/// Says `words` to a server and leaves. The words are delivered before the FIN: a graceful close loses nothing.
///
/// # Errors
/// What connecting or writing gives.
pub fn say(address: SocketAddr, words: &[u8], deadline: Deadline, cancel: &Cancel) -> io::Result<()> {
    let mut conn = connect(address, deadline, cancel)?;
    conn.set_write_deadline(deadline);
    conn.write_all(words)
}

/// Says `words` to a server and reads its answer to the end.
///
/// # Errors
/// What connecting, writing or reading gives; [`io::ErrorKind::InvalidData`] for an answer without an end.
pub fn greet(address: SocketAddr, words: &[u8], deadline: Deadline, cancel: &Cancel) -> io::Result<Vec<u8>> {
    let mut conn = connect(address, deadline, cancel)?;
    conn.set_deadline(deadline);
    conn.write_all(words)?;
    conn.finish()?;
    let mut answer = Vec::new();
    conn.take(MAX_ANSWER + 1).read_to_end(&mut answer)?;
    if answer.len() as u64 > MAX_ANSWER {
        let message = format!("the server's answer is longer than {MAX_ANSWER} bytes");
        return Err(io::Error::new(io::ErrorKind::InvalidData, message));
    }
    Ok(answer)
}

/// Sends `words` in a datagram and waits for one back. Nothing says whether either arrived: a loss is only ever seen as
/// a deadline that passes.
///
/// # Errors
/// [`io::ErrorKind::TimedOut`] without an answer; [`io::ErrorKind::ConnectionRefused`] where the other host says that nobody
/// listens, which it need not.
pub fn greet_udp(address: SocketAddr, words: &[u8], deadline: Deadline) -> io::Result<Vec<u8>> {
    let any = if address.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    let socket = UdpSocket::bind(any)?;
    // No packet leaves here. It fixes the other end, so that a stranger's datagram is not taken for the answer.
    socket.connect(address)?;
    socket.send(words)?;
    let mut buffer = [0; GREETING_BYTES];
    loop {
        socket.set_read_timeout(deadline.remaining()?)?;
        match socket.recv(&mut buffer) {
            Ok(count) => return Ok(buffer[..count].to_vec()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Err(timed_out()),
            Err(error) => return Err(error),
        }
    }
}
