//! Asking real servers and waiting for them: one after the other, all at once, and no longer than one wants to.
//!
//! ```text
//! in turn   [---- store 1 ----][---- store 2 ----][---- store 3 ----]   3 × d
//! at once   [---- store 1 ----]
//!           [---- store 2 ----]                                         d
//!           [---- store 3 ----]
//! ```
//!
//! A question is a line, the answer is everything until the server closes. The wait has a deadline, and it covers the
//! connecting, the writing and the whole answer: a server that sends a byte now and then does not stretch it.
//!
//! Book: "Bandwidth vs. Latency".

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use crate::base::conn::{Conn, ConnRead, TcpConn};
use crate::base::deadline::{Deadline, timed_out};
use crate::base::thread;
use crate::base::trace::{self, Kind};

/// A longer answer is an error, or one server could fill our memory.
pub const MAX_ANSWER: usize = 16 * 1024 * 1024;

/// An answer, and what it took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What the server sent.
    pub bytes: Vec<u8>,
    /// From the call to the first byte: the latency.
    pub first_byte: Duration,
    /// From the call to the end.
    pub took: Duration,
}

/// Asks one server.
///
/// # Errors
/// [`io::ErrorKind::TimedOut`] when the whole answer is not there at `deadline`; [`io::ErrorKind::InvalidData`] for more
/// than [`MAX_ANSWER`] bytes; else what the system says.
pub fn fetch(server: SocketAddr, question: &str, deadline: Deadline) -> io::Result<Answer> {
    let begin = Instant::now();
    let mut conn = dial(server, deadline)?;
    conn.set_deadline(deadline);
    conn.write_all(format!("{question}\n").as_bytes())?;
    let mut bytes = vec![0];
    let is_empty = conn.read(&mut bytes)? == 0;
    let first_byte = begin.elapsed();
    if is_empty {
        return Ok(Answer { bytes: Vec::new(), first_byte, took: first_byte });
    }
    read_rest(&mut conn, &mut bytes)?;
    let took = begin.elapsed();
    trace::note(|| format!("first byte after {first_byte:.1?}, all {} after {took:.1?}", bytes.len()));
    Ok(Answer { bytes, first_byte, took })
}

fn dial(server: SocketAddr, deadline: Deadline) -> io::Result<TcpConn> {
    let stream = match deadline.remaining()? {
        Some(left) => TcpStream::connect_timeout(&server, left),
        None => TcpStream::connect(server),
    };
    let conn = TcpConn::new(stream.map_err(same_kind)?)?;
    trace::between(Kind::Connected, &conn.local().to_string(), &server.to_string(), &[]);
    Ok(conn)
}

/// Systems differ in how they say that the time is over.
fn same_kind(error: io::Error) -> io::Error {
    if error.kind() == io::ErrorKind::WouldBlock { timed_out() } else { error }
}

fn read_rest(conn: &mut dyn ConnRead, bytes: &mut Vec<u8>) -> io::Result<()> {
    let mut piece = [0; 4096];
    loop {
        let count = conn.read(&mut piece)?;
        if count == 0 {
            return Ok(());
        }
        if bytes.len() + count > MAX_ANSWER {
            let sentence = format!("an answer of more than {MAX_ANSWER} bytes");
            return Err(io::Error::new(io::ErrorKind::InvalidData, sentence));
        }
        bytes.extend_from_slice(&piece[..count]);
    }
}

/// Asks the servers one after the other. The answers are in the servers' order.
///
/// # Errors
/// The first one's, as [`fetch`].
pub fn fetch_in_turn(servers: &[SocketAddr], question: &str, deadline: Deadline) -> io::Result<Vec<Answer>> {
    let mut answers = Vec::new();
    for server in servers {
        answers.push(fetch(*server, question, deadline)?);
    }
    Ok(answers)
}

/// Asks all servers at once, a thread for each. The answers are in the servers' order.
///
/// # Errors
/// As [`fetch`], the first in the servers' order; or the system's, when it has no more threads to give. Either way all
/// threads have ended.
pub fn fetch_at_once(servers: &[SocketAddr], question: &str, deadline: Deadline) -> io::Result<Vec<Answer>> {
    let mut asking = Vec::new();
    let mut outcomes = Vec::new();
    for (index, server) in servers.iter().enumerate() {
        let (server, question) = (*server, question.to_string());
        match thread::spawn(&format!("fetch-{index}"), move || fetch(server, &question, deadline)) {
            Ok(thread) => asking.push(thread),
            Err(error) => outcomes.push(Err(error)),
        }
    }
    for thread in asking {
        let panicked = |_| Err(io::Error::other("a thread that fetched panicked"));
        outcomes.push(thread.join().unwrap_or_else(panicked));
    }
    outcomes.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::script::{Step, expect, play, reply};

    fn soon() -> Deadline {
        Deadline::after(Duration::from_secs(10))
    }

    #[test]
    fn an_answer_is_everything_up_to_the_servers_close() {
        let server =
            play(vec![expect("size\n"), Step::ReplyInPieces(vec![7; 10_000], 999), Step::Close]).unwrap();
        let answer = fetch(server.address(), "size", soon()).unwrap();
        assert_eq!(answer.bytes, vec![7; 10_000]);
        assert!(answer.first_byte <= answer.took);
        server.finish().unwrap();

        let silent = play(vec![expect("size\n"), Step::Close]).unwrap();
        assert!(fetch(silent.address(), "size", soon()).unwrap().bytes.is_empty());
        silent.finish().unwrap();
    }

    #[test]
    fn a_drip_of_bytes_does_not_stretch_the_deadline() {
        let every = Duration::from_millis(20);
        let server = play(vec![expect("q\n"), Step::Drip { bytes: vec![b'.'; 500], every }]).unwrap();
        let begin = Instant::now();
        let error = fetch(server.address(), "q", Deadline::after(Duration::from_millis(100))).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(begin.elapsed() < Duration::from_secs(8), "the drip lasts ten seconds");
        server.finish().unwrap();
    }

    #[test]
    fn one_failure_among_many_is_told_when_all_have_ended() {
        let good = play(vec![expect("q\n"), reply("yes"), Step::Close]).unwrap();
        let bad = play(vec![expect("q\n"), Step::Reset]).unwrap();
        let servers = [good.address(), bad.address()];
        assert!(fetch_at_once(&servers, "q", soon()).is_err());
        good.finish().unwrap();
        bad.finish().unwrap();
        assert_eq!(fetch_at_once(&[], "q", soon()).unwrap(), []);
        assert_eq!(fetch_in_turn(&[], "q", soon()).unwrap(), []);
    }
}
