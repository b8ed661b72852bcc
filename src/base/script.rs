//! A peer that plays a script over a real TCP connection: expect this, answer that, hang up.
//!
//! ```
//! use netprog::base::script::{self, Step, expect, reply};
//! use std::io::{Read, Write};
//!
//! let player = script::play(vec![expect("ping"), reply("pong"), Step::Close])?;
//! let mut client = std::net::TcpStream::connect(player.address())?;
//! client.write_all(b"ping")?;
//! let mut answer = String::new();
//! client.read_to_string(&mut answer)?;
//! assert_eq!(answer, "pong");
//! player.finish()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`play`] is a server for one connection, [`dial`] a client. When reality leaves the script, the player closes the
//! connection, so that the other side does not wait for it, and [`Player::finish`] says at which step and how.
//!
//! A player whose test panics before `finish` prints what the script met: that is often the cause.

mod error;
mod player;

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::mpsc::Receiver;
use std::time::Duration;

use super::conn::{Conn, TcpConn, TcpSocketListener};
use super::trace::{self, Kind};

pub use error::{Came, ScriptError};
pub use player::Player;

/// How long a step, and [`Player::finish`], wait for the other side. Only a failing test waits that long.
pub const LIMIT: Duration = Duration::from_secs(10);

/// What the peer does next. [`expect`] and [`reply`] spare a test the `to_vec`.
#[derive(Debug)]
pub enum Step {
    /// Reads until these bytes have come. It reads no further than that, and stops at the first byte that differs.
    Expect(Vec<u8>),
    /// The other side finishes: the next read gives zero.
    ExpectEnd,
    /// Reads and throws away whatever comes until the other side has closed, politely (FIN) or not (RST).
    ExpectGone,
    /// Writes these bytes with one write.
    Reply(Vec<u8>),
    /// Writes the bytes in pieces of that many bytes, each in a write of its own.
    ReplyInPieces(Vec<u8>, usize),
    /// A slow peer: one byte, a pause, the next byte. When the other side has had enough and hangs up, the step is done:
    /// what it did is for the next step to say.
    Drip {
        /// What to write.
        bytes: Vec<u8>,
        /// The pause between two bytes.
        every: Duration,
    },
    /// Half-close (FIN); reading goes on.
    Finish,
    /// Closes the connection. With bytes unread, TCP makes a reset of it; [`Step::Reset`] resets in any case.
    Close,
    /// Closes the connection with RST.
    Reset,
    /// Neither reads nor writes until [`Player::finish`] is called; then the script goes on.
    Hold,
    /// Waits until the test sends on the other end of the channel, or drops it.
    WaitFor(Receiver<()>),
}

impl Step {
    /// What the step is about, for an error.
    fn name(&self) -> &'static str {
        match self {
            Step::Expect(_) => "expect bytes",
            Step::ExpectEnd => "expect the end of the stream",
            Step::ExpectGone => "expect the other side to close",
            Step::Reply(_) | Step::ReplyInPieces(..) => "reply",
            Step::Drip { .. } => "drip",
            Step::Finish => "finish",
            Step::Close => "close",
            Step::Reset => "reset",
            Step::Hold => "hold",
            Step::WaitFor(_) => "wait for the test",
        }
    }
}

/// [`Step::Expect`] of text or bytes.
pub fn expect(bytes: impl Into<Vec<u8>>) -> Step {
    Step::Expect(bytes.into())
}

/// [`Step::Reply`] of text or bytes.
pub fn reply(bytes: impl Into<Vec<u8>>) -> Step {
    Step::Reply(bytes.into())
}

/// A server on the loopback at a port of the system's choice, which plays `steps` with the first client and takes no
/// other.
///
/// # Errors
/// What the system says to listening, or to a new thread.
pub fn play(steps: Vec<Step>) -> io::Result<Player> {
    let _peer = trace::party(PARTY);
    let listener = TcpSocketListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
    Player::serve(listener, steps)
}

/// The same script as a client of `address`. It has connected when this returns; [`Player::address`] is its own end.
///
/// # Errors
/// What the system says to connecting, within [`LIMIT`], or to a new thread.
pub fn dial(address: SocketAddr, steps: Vec<Step>) -> io::Result<Player> {
    let _peer = trace::party(PARTY);
    let conn = TcpConn::new(TcpStream::connect_timeout(&address, LIMIT)?)?;
    trace::between(Kind::Connected, &conn.local().to_string(), &address.to_string(), &[]);
    Player::with(conn, steps)
}

/// Who the player is in the trace.
const PARTY: &str = "peer";

#[cfg(test)]
mod tests;
