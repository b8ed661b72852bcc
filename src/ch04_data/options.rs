//! The options of a TCP connection in words: what Go's `*net.TCPConn` has beyond `net.Conn`.
//!
//! Where Go needs a type assertion, ours has [`Conn::tcp`](crate::base::conn::Conn::tcp): the standard library's stream, if
//! there is one. The standard library has `set_nodelay` and no more; the rest goes through `base::sys::options`.
//!
//! What the system makes of a wish is not always the wish, so every function here says what it made of it.
//!
//! Book: "Exploring Go's TCPConn Object", Listings 4-23 to 4-25. It advises to leave these alone, and we agree: a deadline
//! pushed forward by a heartbeat (chapter 3) finds a dead peer sooner and sees one that is alive but stuck.

use std::fmt;
use std::io;
use std::net::TcpStream;
use std::num::NonZeroU16;
use std::time::Duration;

use crate::base::sys::options::{self, Keepalive};

/// Unanswered probes after which the system gives a connection up: Linux's default, and Go's.
pub const KEEPALIVE_PROBES: u32 = 9;

/// Sends a probe after `period` of silence and then one each `period` (Go: `SetKeepAlive(true)`, `SetKeepAlivePeriod`);
/// `None` sends none. Says how long a dead peer stays unnoticed: with the book's minute, ten of them.
///
/// # Errors
/// [`io::ErrorKind::InvalidInput`] for less than a second, a fraction of one, or more than the system counts.
pub fn set_keepalive(stream: &TcpStream, period: Option<Duration>) -> io::Result<Option<Duration>> {
    let keepalive =
        period.map(|period| Keepalive { idle: period, interval: period, probes: KEEPALIVE_PROBES });
    options::set_keepalive(stream, keepalive)?;
    Ok(options::keepalive(stream)?.as_ref().map(noticed_after))
}

/// How long after its last sign of life a dead peer is noticed.
pub fn noticed_after(keepalive: &Keepalive) -> Duration {
    keepalive.idle.saturating_add(keepalive.interval.saturating_mul(keepalive.probes))
}

/// What closing does with bytes that have been written and not yet acknowledged (Go: `SetLinger`). The numbers of the
/// option, as words: below zero, zero, above zero. It counts whole seconds, so a fraction cannot be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnClose {
    /// Close returns at once and the system delivers in the background: the default. If input was left unread, the system
    /// resets the connection all the same.
    DeliverInBackground,
    /// The bytes are thrown away and the peer gets a reset.
    Discard,
    /// Close blocks until all is acknowledged, for so many seconds at most. What then becomes of the rest is the system's
    /// affair: Linux goes on delivering it in the background, others throw it away.
    WaitUpTo {
        /// The limit.
        seconds: NonZeroU16,
    },
}

/// Sets what closing does.
///
/// # Errors
/// The system's.
pub fn set_on_close(stream: &TcpStream, wish: OnClose) -> io::Result<()> {
    let linger = match wish {
        OnClose::DeliverInBackground => None,
        OnClose::Discard => Some(Duration::ZERO),
        OnClose::WaitUpTo { seconds } => Some(Duration::from_secs(u64::from(seconds.get()))),
    };
    options::set_linger(stream, linger)
}

/// What closing will do.
///
/// # Errors
/// The system's.
pub fn on_close(stream: &TcpStream) -> io::Result<OnClose> {
    let Some(linger) = options::linger(stream)? else { return Ok(OnClose::DeliverInBackground) };
    let seconds = u16::try_from(linger.as_secs()).unwrap_or(u16::MAX);
    Ok(match NonZeroU16::new(seconds) {
        Some(seconds) => OnClose::WaitUpTo { seconds },
        None => OnClose::Discard,
    })
}

/// Asks for a receive buffer (Go: `SetReadBuffer`) and says what the system made of it: Linux doubles the number, for what
/// it keeps beside the bytes, and cuts it at `net.core.rmem_max` without a word. From then on the buffer no longer grows
/// with the traffic, so a wish for more than the default may be a loss.
///
/// # Errors
/// [`io::ErrorKind::InvalidInput`] for more than the option's number holds.
pub fn set_read_buffer(stream: &TcpStream, bytes: usize) -> io::Result<usize> {
    options::set_receive_buffer(stream, bytes)?;
    options::receive_buffer(stream)
}

/// The same for the send buffer (Go: `SetWriteBuffer`); its limit is `net.core.wmem_max`.
///
/// # Errors
/// As [`set_read_buffer`].
pub fn set_write_buffer(stream: &TcpStream, bytes: usize) -> io::Result<usize> {
    options::set_send_buffer(stream, bytes)?;
    options::send_buffer(stream)
}

/// How a connection is set, to be printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Whether small writes leave at once. Go and we turn this on for every connection.
    pub no_delay: bool,
    /// The probes, `None` if there are none.
    pub keepalive: Option<Keepalive>,
    /// What closing does.
    pub on_close: OnClose,
    /// Bytes, as the system counts them.
    pub read_buffer: usize,
    /// Bytes, as the system counts them.
    pub write_buffer: usize,
}

impl Settings {
    /// Reads them all.
    ///
    /// # Errors
    /// The system's.
    pub fn of(stream: &TcpStream) -> io::Result<Settings> {
        Ok(Settings {
            no_delay: stream.nodelay()?,
            keepalive: options::keepalive(stream)?,
            on_close: on_close(stream)?,
            read_buffer: options::receive_buffer(stream)?,
            write_buffer: options::send_buffer(stream)?,
        })
    }
}

impl fmt::Display for OnClose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OnClose::DeliverInBackground => write!(f, "close delivers in the background"),
            OnClose::Discard => write!(f, "close discards and resets"),
            OnClose::WaitUpTo { seconds } => write!(f, "close waits up to {seconds} s"),
        }
    }
}

impl fmt::Display for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nagle = if self.no_delay { "small writes leave at once" } else { "small writes are gathered" };
        write!(f, "{nagle}; ")?;
        match &self.keepalive {
            None => write!(f, "no keepalive; ")?,
            Some(keepalive) => {
                let Keepalive { idle, interval, probes } = keepalive;
                let noticed = noticed_after(keepalive);
                write!(f, "keepalive after {idle:?}, then every {interval:?}, ")?;
                write!(f, "dead after {probes} probes or {noticed:?}; ")?;
            }
        }
        write!(f, "{}; buffers {} in, {} out", self.on_close, self.read_buffer, self.write_buffer)
    }
}
