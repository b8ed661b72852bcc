//! One question to one server, and what may count as its answer.
//!
//! ```text
//!   question, random id, random port --UDP--> server
//!        wrong source, id, question or not a reply  <--  ignored: the waiting goes on
//!        cut short (TC)                             <--  the question again over TCP
//!        FORMERR or NOTIMP, and we had used EDNS    <--  the question again without
//!        anything else                              <--  the reply
//! ```
//! UDP carries no proof of who sent a datagram. What an attacker off the path must guess is the id (16 bits) and the port
//! the question came from (some 15 more): RFC 5452. So a wrong guess must not end the waiting, or one bad datagram would
//! be as good as a hit; and many wrong guesses move the question to TCP, where guessing does not help.
//!
//! Over TCP each message has its length before it, two bytes (RFC 1035, 4.2.2).
//!
//! We left out mixed case in names as further bits to guess, and DNS cookies (RFC 7873).

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use super::edns::{Edns, OUR_UDP_SIZE};
use super::framing;
use super::inbox::{Inbox, MAX_DATAGRAM};
use super::message::{Header, Message, Question, Rcode};
use crate::base::cancel::{Cancel, Cause};
use crate::base::conn::Conn;
use crate::base::connect::connect;
use crate::base::deadline::Deadline;
use crate::base::random;
use crate::base::trace::{self, Kind};

/// After so many datagrams that are no answer somebody is guessing, and the question goes over TCP.
pub const MAX_WRONG: usize = 32;

/// How a question is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manner {
    /// Ask the server to do the whole walk (RD). A stub does; who walks himself does not.
    pub recursion: bool,
    /// The UDP payload announced with EDNS (RFC 6891), `None` for no EDNS and at most 512 bytes.
    pub edns: Option<u16>,
    /// TCP from the start.
    pub tcp: bool,
}

impl Default for Manner {
    /// With recursion and EDNS, UDP first.
    fn default() -> Manner {
        Manner { recursion: true, edns: Some(OUR_UDP_SIZE), tcp: false }
    }
}

/// A server's answer, whatever it says.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The message.
    pub message: Message,
    /// Who sent it.
    pub server: SocketAddr,
    /// Whether it came over TCP.
    pub tcp: bool,
    /// How long it took, from the first question on.
    pub elapsed: Duration,
    /// The message's length in bytes.
    pub length: usize,
    /// How many datagrams were ignored meanwhile.
    pub ignored: usize,
}

/// Why a server gave no answer.
#[derive(Debug)]
#[non_exhaustive]
pub enum ExchangeError {
    /// The deadline came first.
    Silent {
        /// How many datagrams had come that were no answer.
        ignored: usize,
    },
    /// The token was cancelled.
    Cancelled(Cause),
    /// The system could not reach it: nobody has the port, there is no route, …
    Unreachable(io::Error),
    /// What came over TCP is no answer to the question.
    Misbehaved(String),
    /// The system refused a socket or a random number.
    System(io::Error),
}

impl fmt::Display for ExchangeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ExchangeError::Silent { ignored: 0 } => f.write_str("no reply came in time"),
            ExchangeError::Silent { ignored } => {
                write!(f, "no reply came in time, only {ignored} datagrams that were none")
            }
            ExchangeError::Cancelled(cause) => write!(f, "{cause}"),
            ExchangeError::Unreachable(source) => write!(f, "the server could not be reached: {source}"),
            ExchangeError::Misbehaved(what) => write!(f, "the server {what}"),
            ExchangeError::System(source) => write!(f, "the system refused: {source}"),
        }
    }
}

impl std::error::Error for ExchangeError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            ExchangeError::Unreachable(source) | ExchangeError::System(source) => Some(source),
            ExchangeError::Cancelled(cause) => Some(cause),
            _ => None,
        }
    }
}

/// Asks `server` and waits for its answer until `deadline`.
///
/// # Errors
/// See [`ExchangeError`]. A reply that says no (SERVFAIL, NXDOMAIN, …) is a reply.
pub fn ask(
    server: SocketAddr,
    question: &Question,
    manner: &Manner,
    deadline: Deadline,
    cancel: &Cancel,
) -> Result<Reply, ExchangeError> {
    let begin = Instant::now();
    let mut reply = ask_once(server, question, manner, deadline, cancel)?;
    let without = matches!(reply.message.header.rcode, Rcode::FORMERR | Rcode::NOTIMP);
    if without && manner.edns.is_some() {
        // RFC 6891, section 7: a server older than EDNS may say no to all of it.
        trace::note(|| {
            format!("{} refuses EDNS: the question again without", trace::name_of(&server.to_string()))
        });
        let plain = Manner { edns: None, ..manner.clone() };
        reply = ask_once(server, question, &plain, deadline, cancel)?;
    }
    reply.elapsed = begin.elapsed();
    Ok(reply)
}

fn ask_once(
    server: SocketAddr,
    question: &Question,
    manner: &Manner,
    deadline: Deadline,
    cancel: &Cancel,
) -> Result<Reply, ExchangeError> {
    let query = query(question, manner)?;
    if manner.tcp {
        return over_tcp(server, &query, deadline, cancel);
    }
    match over_udp(server, &query, deadline, cancel)? {
        Heard::Reply(reply) => Ok(*reply),
        Heard::CutShort { ignored } | Heard::TooManyWrong { ignored } => {
            let mut reply = over_tcp(server, &query, deadline, cancel)?;
            reply.ignored = ignored;
            Ok(reply)
        }
    }
}

fn query(question: &Question, manner: &Manner) -> Result<Message, ExchangeError> {
    let id = random::u64().map_err(ExchangeError::System)? as u16;
    let mut query = Message::query(id, question.clone());
    query.header.recursion_desired = manner.recursion;
    query.edns = manner.edns.map(|udp_size| Edns { udp_size, ..Edns::default() });
    Ok(query)
}

// --- what counts as an answer -----------------------------------------------------------------------------------------

/// What a datagram is to one who waits.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// The answer.
    Answer(Message),
    /// The answer, cut to fit: ask over TCP.
    CutShort,
    /// Not for us, or not from him: why.
    Ignore(&'static str),
}

/// Whether `bytes` answer `query`: a reply, with its id, that repeats its question (RFC 5452, section 9.1).
pub fn judge(query: &Message, bytes: &[u8]) -> Verdict {
    // The header first: a reply that was cut inside a record does not decode, and is one all the same.
    let Ok(head) = Header::peek(bytes) else { return Verdict::Ignore("it is shorter than a header") };
    if head.id != query.header.id {
        return Verdict::Ignore("its id is not that of the question");
    }
    if !head.is_response {
        return Verdict::Ignore("it is a question itself");
    }
    let cut = head.truncated;
    match Message::decode(bytes) {
        Err(_) if cut => Verdict::CutShort,
        Err(_) => Verdict::Ignore("it cannot be read"),
        Ok(reply) if !repeats_question(query, &reply) => Verdict::Ignore("it answers another question"),
        Ok(_) if cut => Verdict::CutShort,
        Ok(reply) => Verdict::Answer(reply),
    }
}

fn repeats_question(query: &Message, reply: &Message) -> bool {
    // Who could not read the question cannot repeat it.
    if reply.questions.is_empty() {
        return matches!(reply.header.rcode, Rcode::FORMERR | Rcode::NOTIMP);
    }
    reply.questions == query.questions
}

// --- UDP --------------------------------------------------------------------------------------------------------------

enum Heard {
    Reply(Box<Reply>),
    CutShort { ignored: usize },
    TooManyWrong { ignored: usize },
}

fn over_udp(
    server: SocketAddr,
    query: &Message,
    deadline: Deadline,
    cancel: &Cancel,
) -> Result<Heard, ExchangeError> {
    let begin = Instant::now();
    let socket = random_port_socket(server).map_err(ExchangeError::System)?;
    // Connected: the system drops what comes from any other address or port, and says so if nobody has the port.
    socket.connect(server).map_err(ExchangeError::Unreachable)?;
    let inbox = Inbox::new(socket, cancel).map_err(ExchangeError::System)?;
    let here = inbox.socket().local_addr().map_err(ExchangeError::System)?.to_string();
    trace::name_mine(&here);
    let bytes = encode(query)?;
    trace::between_with(Kind::Sent, &here, &server.to_string(), &bytes, || summary(query));
    inbox.socket().send(&bytes).map_err(ExchangeError::Unreachable)?;

    let mut buf = vec![0; MAX_DATAGRAM];
    let mut ignored = 0;
    loop {
        let (length, _) =
            inbox.receive(&mut buf, deadline).map_err(|error| waited(error, cancel, ignored))?;
        let verdict = judge(query, &buf[..length]);
        trace::between_with(Kind::Received, &server.to_string(), &here, &buf[..length], || told(&verdict));
        match verdict {
            Verdict::Answer(message) => {
                let elapsed = begin.elapsed();
                let reply = Reply { message, server, tcp: false, elapsed, length, ignored };
                return Ok(Heard::Reply(Box::new(reply)));
            }
            Verdict::CutShort => return Ok(Heard::CutShort { ignored }),
            Verdict::Ignore(_) => ignored += 1,
        }
        if ignored >= MAX_WRONG {
            trace::note(|| {
                format!("{ignored} datagrams that are no answer: somebody guesses; over TCP then")
            });
            return Ok(Heard::TooManyWrong { ignored });
        }
    }
}

/// A socket on a port nobody can guess. Where the system draws ports in a row, its own choice could be guessed.
fn random_port_socket(server: SocketAddr) -> io::Result<UdpSocket> {
    const LOWEST: u16 = 1024; // below are ports that need a privilege
    const TRIES: usize = 4;
    let here: IpAddr = match server {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    for _ in 0..TRIES {
        let port = LOWEST + (random::u64()? % u64::from(u16::MAX - LOWEST)) as u16;
        if let Ok(socket) = UdpSocket::bind((here, port)) {
            return Ok(socket);
        }
    }
    UdpSocket::bind((here, 0))
}

fn waited(error: io::Error, cancel: &Cancel, ignored: usize) -> ExchangeError {
    match (error.kind(), cancel.cause()) {
        (io::ErrorKind::ConnectionAborted, Some(cause)) => ExchangeError::Cancelled(cause),
        (io::ErrorKind::TimedOut, _) => ExchangeError::Silent { ignored },
        _ => ExchangeError::Unreachable(error),
    }
}

// --- TCP --------------------------------------------------------------------------------------------------------------

fn over_tcp(
    server: SocketAddr,
    query: &Message,
    deadline: Deadline,
    cancel: &Cancel,
) -> Result<Reply, ExchangeError> {
    let begin = Instant::now();
    let mut conn = connect(server, deadline, cancel).map_err(|error| waited(error, cancel, 0))?;
    conn.set_deadline(deadline.earlier(cancel.deadline()));
    let interrupter = conn.interrupter();
    let _registration = cancel.on_end(move |_| interrupter.interrupt());
    trace::meaning(|| summary(query));
    let spoken = framing::write_message(&mut conn, &encode(query)?);
    let heard = spoken.and_then(|()| framing::read_message(&mut conn));
    let Some(bytes) = heard.map_err(|error| broken(error, cancel))? else {
        return Err(ExchangeError::Misbehaved("closed without a reply".to_string()));
    };
    match judge(query, &bytes) {
        Verdict::Answer(message) => {
            let (elapsed, length) = (begin.elapsed(), bytes.len());
            Ok(Reply { message, server, tcp: true, elapsed, length, ignored: 0 })
        }
        // There is no third way to ask.
        Verdict::CutShort => Err(ExchangeError::Misbehaved("cut its reply short over TCP".to_string())),
        Verdict::Ignore(why) => {
            Err(ExchangeError::Misbehaved(format!("sent over TCP what is no answer to the question: {why}")))
        }
    }
}

fn broken(error: io::Error, cancel: &Cancel) -> ExchangeError {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => {
            ExchangeError::Misbehaved("closed before its reply was whole".to_string())
        }
        io::ErrorKind::InvalidData => ExchangeError::Misbehaved(format!("sent what is no message: {error}")),
        _ => waited(error, cancel, 0),
    }
}

// --- for the trace ----------------------------------------------------------------------------------------------------

fn encode(query: &Message) -> Result<Vec<u8>, ExchangeError> {
    query.encode().map_err(|error| ExchangeError::System(io::Error::new(io::ErrorKind::InvalidInput, error)))
}

fn summary(query: &Message) -> String {
    match query.questions.first() {
        Some(question) => format!("{} {}?", question.name, question.record_type),
        None => "no question".to_string(),
    }
}

fn told(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Answer(message) => format!("{}, answers: {}", message.header.rcode, message.answers.len()),
        Verdict::CutShort => "cut short: over TCP then".to_string(),
        Verdict::Ignore(why) => format!("ignored: {why}"),
    }
}

#[cfg(test)]
mod tests;
