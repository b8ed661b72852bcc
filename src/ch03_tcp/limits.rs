//! What this chapter's services share: how long they wait for a client, and how they say a last word to it.
//!
//! A server that writes its answer and closes may see the answer lost. If something the client sent was not read, the
//! close is a reset: what is still under way is thrown away, and some systems throw away even what has arrived there and
//! was not read yet (RFC 1122, 4.2.2.13). So the last word is followed by FIN, and then by reading until the client has
//! finished too, for a while.

use std::io::{self, Read};
use std::time::Duration;

use crate::base::conn::Conn;
use crate::base::deadline::Deadline;

/// How long a service waits for its client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// For the next data. `None`: for ever. A minute by default.
    pub idle: Option<Duration>,
    /// For the client to take an answer. `None`: for ever. Half a minute by default: a client that sends and never reads
    /// would hold a thread for good.
    pub write: Option<Duration>,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { idle: Some(Duration::from_secs(60)), write: Some(Duration::from_secs(30)) }
    }
}

impl Limits {
    /// A deadline for the read that comes next.
    pub fn arm_read(&self, conn: &mut dyn Conn) {
        conn.set_read_deadline(Deadline::from(self.idle));
    }

    /// A deadline for the write that comes next.
    pub fn arm_write(&self, conn: &mut dyn Conn) {
        conn.set_write_deadline(Deadline::from(self.write));
    }
}

/// How long a client may take to hear the last word.
const LAST_WORD_TIME: Duration = Duration::from_secs(2);

/// How much it may still send meanwhile. One that goes on and on is not listening.
const LAST_WORD_BYTES: u64 = 1 << 20;

/// Writes `words`, says that nothing more will come, and reads what the client still sends, to its end or to a limit.
///
/// # Errors
/// The write's. What becomes of the reading does not matter any more.
pub fn say_last(conn: &mut dyn Conn, limits: &Limits, words: &[u8]) -> io::Result<()> {
    limits.arm_write(conn);
    io::Write::write_all(conn, words)?;
    conn.finish()?;
    conn.set_read_deadline(Deadline::after(LAST_WORD_TIME));
    let mut rest = Read::take(conn, LAST_WORD_BYTES);
    let _ = io::copy(&mut rest, &mut io::sink());
    Ok(())
}

/// An idle client is no mistake: its connection ends as if it had said so. Other errors stay.
///
/// # Errors
/// `error`, unless it is a timeout.
pub fn unless_idle(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::TimedOut { Ok(()) } else { Err(error) }
}
