//! A proxy between two connections, each direction on its own.
//!
//! ```text
//! client ──────────▶ proxy ──────────▶ upstream      one thread: copy, then pass the FIN on
//! client ◀────────── proxy ◀────────── upstream      another:    copy, then pass the FIN on
//! ```
//! * A direction that ends ends alone. A client may finish its request (`nc -N`, HTTP/1.0, `tar | ssh`) and still
//!   receives the whole reply.
//! * An error in one direction ends both, with a reset where there is one: with one half broken the conversation is over,
//!   and what has been passed on so far must not look like the whole.
//! * With an idle limit a pair of connections on which nothing moves in either direction is given up.
//!
//! Book: Listings 4-14, 4-15 and 4-17. The book's proxy waits for one direction only. When the source finishes sending, it
//! returns and its deferred closes cut off the reply that is on its way; when the destination finishes, the main copy stays
//! blocked until the source says something or leaves. So "either close ends both" is half true.

use std::error::Error;
use std::fmt;
use std::io::{self, Read, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::copy::{At, BUFFER_BYTES, Copier, CopyError};
use crate::base::cancel::Cancel;
use crate::base::conn::{Conn, ConnRead, ConnWrite, Interrupter, TcpConn};
use crate::base::deadline::Deadline;
use crate::base::thread::Group;
use crate::base::trace;
use crate::ch03_tcp::address::Network;
use crate::ch03_tcp::dial::Dialer;
use crate::ch03_tcp::error::OpError;

/// The stack of the thread for the way back. It copies; its buffer is on the heap.
const DIRECTION_STACK: usize = 128 * 1024;

/// The two directions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// What the client sends.
    ToUpstream,
    /// What comes back.
    ToClient,
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Direction::ToUpstream => "from client to upstream",
            Direction::ToClient => "from upstream to client",
        })
    }
}

/// Bytes passed on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Proxied {
    /// From the client.
    pub to_upstream: u64,
    /// To the client.
    pub to_client: u64,
}

impl fmt::Display for Proxied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes to upstream, {} bytes to the client", self.to_upstream, self.to_client)
    }
}

/// Why a proxy did not bring two peers' conversation to its end.
#[derive(Debug)]
pub enum ProxyError {
    /// One of the two could not be connected to.
    Unreachable {
        /// Which, and why.
        source: OpError,
    },
    /// There was no thread for the second direction, or the connection cannot be used by two threads.
    CannotStart {
        /// Why.
        source: io::Error,
    },
    /// One direction broke; the other was ended with it.
    Broken {
        /// Which one.
        direction: Direction,
        /// What had been passed on by then.
        moved: Proxied,
        /// Which end of it, and why.
        source: CopyError,
    },
    /// Nothing moved in either direction for so long.
    Idle {
        /// The limit.
        limit: Duration,
        /// What had been passed on by then.
        moved: Proxied,
    },
}

impl fmt::Display for ProxyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ProxyError::Unreachable { source } => write!(f, "{source}"),
            ProxyError::CannotStart { source } => {
                write!(f, "there are no two threads for this connection: {source}")
            }
            ProxyError::Broken { direction, moved, source } => {
                write!(f, "{direction}, after {moved}: {source}")
            }
            ProxyError::Idle { limit, moved } => {
                write!(f, "nothing moved for {limit:?}, after {moved}")
            }
        }
    }
}

impl Error for ProxyError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            ProxyError::Unreachable { source } => Some(source),
            ProxyError::CannotStart { source } => Some(source),
            ProxyError::Broken { source, .. } => Some(source),
            ProxyError::Idle { .. } => None,
        }
    }
}

impl From<ProxyError> for io::Error {
    /// The kind of the cause.
    fn from(error: ProxyError) -> io::Error {
        let kind = match &error {
            ProxyError::Unreachable { source } => source.kind(),
            ProxyError::CannotStart { source } => source.kind(),
            ProxyError::Broken { source, .. } => source.source.kind(),
            ProxyError::Idle { .. } => io::ErrorKind::TimedOut,
        };
        io::Error::new(kind, error)
    }
}

// --- the two ways of the book ---------------------------------------------------------------------------------------

/// Connects to both and passes on what either sends, until both have finished. Listing 4-14.
///
/// # Errors
/// [`ProxyError::Unreachable`] for the one that cannot be connected to within `timeout`, the source first; else as
/// [`duplex`].
pub fn proxy_conn(
    source: &str,
    destination: &str,
    timeout: Duration,
    cancel: &Cancel,
) -> Result<Proxied, ProxyError> {
    let source = dial(source, timeout, cancel)?;
    let destination = dial(destination, timeout, cancel)?;
    duplex(Box::new(source), Box::new(destination))
}

/// Passes on everything from any reader to any writer: how many bytes. Listing 4-15 without replies. The book's function
/// looks at run time whether its two arguments can also go the other way; here that is [`duplex`], by another name.
///
/// # Errors
/// The reader's or the writer's.
pub fn one_way(from: &mut dyn Read, to: &mut dyn Write) -> io::Result<u64> {
    let mut buffer = vec![0; BUFFER_BYTES];
    let mut total = 0;
    loop {
        let count = match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        to.write_all(&buffer[..count])?;
        total += count as u64;
    }
    to.flush()?;
    Ok(total)
}

/// Passes on what either sends to the other, in two threads, one of which is the caller's, until both have finished.
///
/// # Errors
/// [`ProxyError::Broken`] when a direction breaks, [`ProxyError::CannotStart`]. Both connections are closed on return,
/// whatever the outcome.
pub fn duplex(client: Box<dyn Conn>, upstream: Box<dyn Conn>) -> Result<Proxied, ProxyError> {
    relay(End::of(client)?, End::of(upstream)?, None, &Cancel::new())
}

// --- both directions ------------------------------------------------------------------------------------------------

/// One of the two connections, taken apart. Putting something else in front of `reader`, such as a tap that shows what
/// passes, does not change how the proxy works.
pub struct End {
    /// What it sends.
    pub reader: Box<dyn ConnRead>,
    /// Where it receives.
    pub writer: Box<dyn ConnWrite>,
    interrupter: Interrupter,
}

impl End {
    /// The connection's two halves.
    ///
    /// # Errors
    /// [`ProxyError::CannotStart`] for a connection that cannot be split.
    pub fn of(conn: Box<dyn Conn>) -> Result<End, ProxyError> {
        let interrupter = conn.interrupter();
        let (reader, writer) = conn.split().map_err(|source| ProxyError::CannotStart { source })?;
        Ok(End { reader, writer, interrupter })
    }
}

impl fmt::Debug for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("End").field("interrupter", &self.interrupter).finish_non_exhaustive()
    }
}

/// What the two directions share.
struct Conversation {
    interrupters: [Interrupter; 2],
    to_upstream: Arc<AtomicU64>,
    to_client: Arc<AtomicU64>,
    idle: Option<Duration>,
    /// Why it failed: the first direction to break says so. The other's error is only its echo.
    failure: OnceLock<Failure>,
}

enum Failure {
    Broken(Direction, CopyError),
    Idle(Duration),
}

/// As [`duplex`], for ends already taken apart. When nothing has moved in either direction for `idle` (noticed after twice
/// as long at the latest), when one peer has not taken a byte for `idle`, or when `cancel` ends, both are given up.
///
/// # Errors
/// As [`duplex`]; [`ProxyError::Idle`].
pub fn relay(
    client: End,
    upstream: End,
    idle: Option<Duration>,
    cancel: &Cancel,
) -> Result<Proxied, ProxyError> {
    // Both: whoever stops us knows the client's connection at best, and one direction may be waiting for the upstream.
    let interrupters = [client.interrupter.clone(), upstream.interrupter.clone()];
    let _registration = cancel.on_end(move |_| interrupters.iter().for_each(Interrupter::reset));
    let conversation = Arc::new(Conversation {
        interrupters: [client.interrupter, upstream.interrupter],
        to_upstream: Arc::default(),
        to_client: Arc::default(),
        idle,
        failure: OnceLock::new(),
    });
    let way_back = Group::new();
    let theirs = Arc::clone(&conversation);
    let (from_upstream, to_client) = (upstream.reader, client.writer);
    way_back
        .spawn("to-client", DIRECTION_STACK, move || {
            theirs.carry(Direction::ToClient, from_upstream, to_client);
        })
        .map_err(|source| ProxyError::CannotStart { source })?;
    conversation.carry(Direction::ToUpstream, client.reader, upstream.writer);
    way_back.join(Deadline::NEVER);
    outcome(conversation)
}

fn outcome(conversation: Arc<Conversation>) -> Result<Proxied, ProxyError> {
    let moved = conversation.moved();
    // The other thread has let go of its handle: it has been waited for.
    let failure = Arc::into_inner(conversation).and_then(|conversation| conversation.failure.into_inner());
    match failure {
        None => Ok(moved),
        Some(Failure::Broken(direction, source)) => Err(ProxyError::Broken { direction, moved, source }),
        Some(Failure::Idle(limit)) => Err(ProxyError::Idle { limit, moved }),
    }
}

impl Conversation {
    fn moved(&self) -> Proxied {
        Proxied {
            to_upstream: self.to_upstream.load(Ordering::Relaxed),
            to_client: self.to_client.load(Ordering::Relaxed),
        }
    }

    /// Copies one direction to its end and passes the end on; on failure ends both.
    fn carry(&self, direction: Direction, mut from: Box<dyn ConnRead>, mut to: Box<dyn ConnWrite>) {
        if let Err(failure) = self.copy_to_the_end(direction, &mut *from, &mut *to) {
            trace::note(|| format!("{direction}: broken, so both connections are given up"));
            let _ = self.failure.set(failure);
            // Reset and not closed: what was passed on so far must not look like the whole.
            for interrupter in &self.interrupters {
                interrupter.reset();
            }
        }
    }

    fn copy_to_the_end(
        &self,
        direction: Direction,
        from: &mut dyn ConnRead,
        to: &mut dyn ConnWrite,
    ) -> Result<(), Failure> {
        let counter = match direction {
            Direction::ToUpstream => &self.to_upstream,
            Direction::ToClient => &self.to_client,
        };
        let mut copier = Copier::watched(self.idle, Arc::clone(counter));
        let mut seen = self.moved();
        loop {
            let error = match copier.run(from, to) {
                Ok(()) => break,
                Err(error) => error,
            };
            let Some(limit) = self.idle.filter(|_| is_out_of_time(&error)) else {
                return Err(Failure::Broken(direction, error));
            };
            // This direction is silent; the other may be busy, as in every download.
            let now = self.moved();
            if now == seen {
                return Err(Failure::Idle(limit));
            }
            seen = now;
        }
        to.finish().map_err(|source| Failure::Broken(direction, CopyError { at: At::Writing, source }))
    }
}

/// Whether nothing came in time. A write that ran out of time is another matter: its bytes are lost.
fn is_out_of_time(error: &CopyError) -> bool {
    error.at == At::Reading && error.source.kind() == io::ErrorKind::TimedOut
}

// --- the server -----------------------------------------------------------------------------------------------------

/// A proxy in front of one upstream, for [`crate::base::serve`]. Listing 4-17.
#[derive(Clone, Debug)]
pub struct Proxy {
    /// Where to: `host:port`. A name is looked up for every client.
    pub upstream: String,
    /// How long connecting to it may take.
    pub dial_timeout: Duration,
    /// Silence in both directions after which a conversation is given up; `None` for never.
    pub idle: Option<Duration>,
}

impl Proxy {
    /// A proxy that gives its upstream five seconds to answer, and two silent peers ten minutes.
    pub fn to(upstream: &str) -> Proxy {
        Proxy {
            upstream: upstream.to_string(),
            dial_timeout: Duration::from_secs(5),
            idle: Some(Duration::from_secs(600)),
        }
    }

    /// Serves one client: connects to the upstream and passes everything on. A client whose upstream cannot be reached is
    /// closed.
    ///
    /// # Errors
    /// As [`relay`]; [`ProxyError::Unreachable`], also when `cancel` ended meanwhile.
    pub fn handle(&self, client: Box<dyn Conn>, cancel: &Cancel) -> Result<Proxied, ProxyError> {
        let upstream = self.dial_upstream(cancel)?;
        relay(End::of(client)?, End::of(Box::new(upstream))?, self.idle, cancel)
    }

    /// The first half of [`Proxy::handle`].
    ///
    /// # Errors
    /// [`ProxyError::Unreachable`].
    pub fn dial_upstream(&self, cancel: &Cancel) -> Result<TcpConn, ProxyError> {
        dial(&self.upstream, self.dial_timeout, cancel)
    }
}

fn dial(address: &str, timeout: Duration, cancel: &Cancel) -> Result<TcpConn, ProxyError> {
    let dialer = Dialer { timeout: Some(timeout), ..Dialer::default() };
    dialer.dial_before(Network::Tcp, address, cancel).map_err(|source| ProxyError::Unreachable { source })
}
