//! A request that is sent again until it is answered: over UDP, reliability is the application's job.
//!
//! ```text
//! client  request ---> (lost)
//!         wait 200 ms
//!         request ---> server ---> answer (lost)
//!         wait 400 ms
//!         request ---> server ---> answer ---> client
//! ```
//! The server may see a request twice, so asking must change nothing, or the server must know a repetition when it sees one. The
//! wait doubles, so that a network that loses because it is full is not filled further (RFC 8085, 3.1.3). One deadline
//! bounds it all. Chapter 6 does the same for a whole file.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use super::open_socket::{recv_from_expected, send_to};
use crate::base::deadline::{Deadline, timed_out};
use crate::base::trace;

/// Waits do not grow beyond this.
pub const LONGEST_WAIT: Duration = Duration::from_secs(8);

/// How often to ask, and how long to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tries {
    /// How often the request is sent at most; 0 counts as 1.
    pub most: u32,
    /// How long to wait for the first answer. Each further wait is twice as long.
    pub first_wait: Duration,
}

/// An answer, and what it took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The datagram.
    pub bytes: Vec<u8>,
    /// How often the request was sent.
    pub sent: u32,
}

/// Sends `request` to `to` until a datagram comes from there that `is_answer` takes: look for the request's number in it,
/// for the answer to an earlier request may still be on its way.
///
/// # Errors
/// [`io::ErrorKind::TimedOut`] when all tries are used up or the deadline has come; the system's.
pub fn ask(
    socket: &UdpSocket,
    to: SocketAddr,
    request: &[u8],
    tries: Tries,
    deadline: Deadline,
    is_answer: impl Fn(&[u8]) -> bool,
) -> io::Result<Answer> {
    let mut buffer = vec![0; super::echo::LARGEST_BUFFER];
    let mut wait = tries.first_wait;
    for sent in 1..=tries.most.max(1) {
        send_to(socket, request, to)?;
        let until = Deadline::after(wait).earlier(deadline);
        if let Some(count) = answer_before(socket, to, &mut buffer, until, &is_answer)? {
            return Ok(Answer { bytes: buffer[..count].to_vec(), sent });
        }
        deadline.remaining()?;
        trace::note(|| format!("no answer within {wait:?}"));
        wait = wait.saturating_mul(2).min(LONGEST_WAIT);
    }
    Err(timed_out())
}

/// `None` when `until` came first.
fn answer_before(
    socket: &UdpSocket,
    from: SocketAddr,
    buffer: &mut [u8],
    until: Deadline,
    is_answer: &impl Fn(&[u8]) -> bool,
) -> io::Result<Option<usize>> {
    loop {
        match recv_from_expected(socket, from, buffer, until) {
            Ok(count) if is_answer(&buffer[..count]) => return Ok(Some(count)),
            Ok(_) => trace::note(|| "an answer, but not to this".to_string()),
            Err(error) if error.kind() == io::ErrorKind::TimedOut => return Ok(None),
            Err(error) => return Err(error),
        }
    }
}
