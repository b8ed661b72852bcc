//! The reading half: messages out, and whatever else the peer sends answered on the way.
//!
//! ```text
//! Open ──our Close──▶ Closing ──their Close──▶ Over          we closed
//!   └────their Close, echoed─────────────────▶ Over          they closed
//!   └────a rule broken: Close with its code──▶ Over, error   see `error`
//!   └────end of stream, silence──────────────▶ Over, error
//! ```
//! Over means: our half is closed, and what the peer still sends is read and forgotten for a moment. A connection closed with bytes
//! unread is reset, and the reset would overtake our Close frame.

use std::fmt;
use std::io;
use std::time::{Duration, Instant};

use super::decoder::{Decoder, Event};
use super::error::{CloseReason, Violation, WebSocketError};
use super::frame::Role;
use super::writer::WebSocketWriter;
use super::{Keepalive, Message, Options};
use crate::base::conn::ConnRead;
use crate::base::deadline::{self, Deadline};
use crate::base::trace;

/// Bytes asked of the connection at a time.
const READ_BYTES: usize = 16 * 1024;

/// How long what the peer still sends is read and forgotten at the end.
const LINGER: Duration = Duration::from_millis(500);

/// How long the reader reads before it tries again to send an answer that the peer did not accept.
const TRY_AGAIN: Duration = Duration::from_millis(20);

/// The reading half of a [`WebSocket`](super::WebSocket).
pub struct WebSocketReader {
    reader: Box<dyn ConnRead>,
    writer: WebSocketWriter,
    role: Role,
    decoder: Decoder,
    input: Vec<u8>,
    /// What of `input` is not decoded yet.
    start: usize,
    end: usize,
    deadline: Deadline,
    keepalive: Option<Keepalive>,
    close_timeout: Duration,
    /// When the last byte came.
    heard: Instant,
    /// When we pinged because nothing came.
    pinged: Option<Instant>,
    pongs: u64,
    over: bool,
    reason: Option<CloseReason>,
}

impl WebSocketReader {
    pub(super) fn new(
        reader: Box<dyn ConnRead>,
        writer: WebSocketWriter,
        role: Role,
        options: &Options,
    ) -> WebSocketReader {
        WebSocketReader {
            reader,
            writer,
            role,
            decoder: Decoder::new(role.peer(), options.max_message),
            input: Vec::new(),
            start: 0,
            end: 0,
            deadline: Deadline::NEVER,
            keepalive: options.keepalive,
            close_timeout: options.close_timeout,
            heard: Instant::now(),
            pinged: None,
            pongs: 0,
            over: false,
            reason: None,
        }
    }

    /// Bytes that were read together with the handshake.
    pub(super) fn put_back(&mut self, bytes: &[u8]) {
        self.input = bytes.to_vec();
        self.input.resize(bytes.len().max(READ_BYTES), 0);
        (self.start, self.end) = (0, bytes.len());
    }

    /// The next message; `None` when the peer has closed, or answered our Close. Pings are answered on the way, so somebody should
    /// always be reading.
    ///
    /// # Errors
    /// [`WebSocketError::PeerViolated`] (the peer has been told), [`WebSocketError::PeerVanished`],
    /// [`WebSocketError::PeerSilent`]; [`WebSocketError::Io`] with `TimedOut` at the deadline, after which reading can go on where
    /// it was; [`WebSocketError::Closed`] after any other error.
    pub fn read(&mut self) -> Result<Option<Message>, WebSocketError> {
        loop {
            if self.over {
                return if self.reason.is_some() { Ok(None) } else { Err(WebSocketError::Closed) };
            }
            let Some(event) = self.decode()? else {
                self.fill()?;
                continue;
            };
            match event {
                Event::Message(message) => {
                    trace::note(|| format!("a message: {message}"));
                    return Ok(Some(message));
                }
                Event::Ping(payload) => {
                    trace::note(|| format!("a ping of {} bytes, to be answered", payload.len()));
                    self.writer.leave_pong(payload);
                    self.writer.send_waiting_soon();
                }
                Event::Pong(payload) => {
                    trace::note(|| format!("a pong of {} bytes", payload.len()));
                    self.pongs += 1;
                }
                Event::Close(reason) => self.end_by(reason),
            }
        }
    }

    /// Why the peer closed, once it has.
    pub fn close_reason(&self) -> Option<&CloseReason> {
        self.reason.as_ref()
    }

    /// How many pongs have come.
    pub fn pongs(&self) -> u64 {
        self.pongs
    }

    /// Reads fail with `TimedOut` from this moment on. Sticky, until it is set anew.
    pub fn set_deadline(&mut self, deadline: Deadline) {
        self.deadline = deadline;
    }

    // --- frames -----------------------------------------------------------------------------------------------------

    fn decode(&mut self) -> Result<Option<Event>, WebSocketError> {
        let mut rest = &self.input[self.start..self.end];
        let outcome = self.decoder.feed(&mut rest);
        self.start = self.end - rest.len();
        match outcome {
            Ok(event) => Ok(event),
            Err(violation) => Err(self.end_for(violation)),
        }
    }

    /// Waits for more bytes: for as long as the caller, the keepalive and a close under way allow.
    fn fill(&mut self) -> Result<(), WebSocketError> {
        if self.input.len() < READ_BYTES {
            self.input.resize(READ_BYTES, 0);
        }
        loop {
            let mut limit = self.next_look();
            if !self.writer.send_waiting_soon() {
                // The peer is not reading. It may be waiting for us to.
                limit = limit.earlier(Deadline::after(TRY_AGAIN));
            }
            self.reader.set_read_deadline(self.deadline.earlier(limit));
            match self.reader.read(&mut self.input) {
                Ok(0) => return Err(self.end_of_stream()),
                Ok(count) => {
                    (self.start, self.end) = (0, count);
                    (self.heard, self.pinged) = (Instant::now(), None);
                    return Ok(());
                }
                Err(error) if error.kind() == io::ErrorKind::TimedOut => self.look()?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.over = true;
                    self.writer.finish();
                    return Err(error.into());
                }
            }
        }
    }

    /// When the keepalive or a close under way wants to look at the time.
    fn next_look(&self) -> Deadline {
        let closing = match self.writer.closing_since() {
            Some(since) => since.checked_add(self.close_timeout).map_or(Deadline::NEVER, Deadline::at),
            None => Deadline::NEVER,
        };
        let Some(keepalive) = self.keepalive else { return closing };
        let next = match self.pinged {
            Some(pinged) => pinged.checked_add(keepalive.patience),
            None => self.heard.checked_add(keepalive.idle),
        };
        closing.earlier(next.map_or(Deadline::NEVER, Deadline::at))
    }

    /// A read has run into a deadline: whose, and what follows.
    fn look(&mut self) -> Result<(), WebSocketError> {
        if self.deadline.has_passed() {
            return Err(WebSocketError::Io(deadline::timed_out()));
        }
        let closing = self.writer.closing_since();
        if closing.is_some_and(|since| since.elapsed() >= self.close_timeout) {
            return Err(self.end_without_an_answer());
        }
        let Some(keepalive) = self.keepalive else { return Ok(()) };
        match self.pinged {
            Some(pinged) if pinged.elapsed() >= keepalive.patience => Err(self.end_without_an_answer()),
            None if self.heard.elapsed() >= keepalive.idle && closing.is_none() => {
                self.pinged = Some(Instant::now());
                trace::note(|| "nothing has come for long: a ping".to_string());
                self.writer.leave_ping();
                Ok(())
            }
            None if self.heard.elapsed() >= keepalive.idle => {
                // Closing: no more pings, only the wait for the peer's Close.
                self.heard = Instant::now();
                Ok(())
            }
            _ => Ok(()),
        }
    }

    // --- ends -------------------------------------------------------------------------------------------------------

    fn end_by(&mut self, reason: CloseReason) {
        trace::note(|| format!("the peer closes: {reason}"));
        // The echo of its code; nothing if we have closed already.
        let echo = reason.code.map(|code| code.0.to_be_bytes().to_vec()).unwrap_or_default();
        self.writer.leave_close(echo);
        self.reason = Some(reason);
        self.linger();
    }

    fn end_for(&mut self, violation: Violation) -> WebSocketError {
        trace::note(|| format!("a rule is broken: {violation}"));
        self.writer.leave_close(violation.close_code().0.to_be_bytes().to_vec());
        self.linger();
        violation.into()
    }

    fn end_of_stream(&mut self) -> WebSocketError {
        self.over = true;
        self.writer.finish();
        WebSocketError::PeerVanished
    }

    fn end_without_an_answer(&mut self) -> WebSocketError {
        self.over = true;
        self.writer.finish();
        WebSocketError::PeerSilent
    }

    /// The server closes the connection first (RFC 6455, 7.1.1), so that the side with fewer connections keeps the port that TCP
    /// holds for a while afterwards; a client waits for that.
    fn linger(&mut self) {
        self.over = true;
        self.input.resize(READ_BYTES, 0);
        let end = Deadline::after(LINGER).earlier(self.deadline);
        let mut finished = false;
        while !end.has_passed() {
            let is_out = self.writer.send_waiting_soon();
            if is_out && !finished && self.role == Role::Server {
                self.writer.finish();
                finished = true;
            }
            self.reader.set_read_deadline(if is_out { end } else { end.earlier(Deadline::after(TRY_AGAIN)) });
            match self.reader.read(&mut self.input) {
                Ok(0) => break,
                Ok(_) => {}
                Err(error)
                    if matches!(error.kind(), io::ErrorKind::Interrupted | io::ErrorKind::TimedOut) => {}
                Err(_) => break,
            }
        }
        self.writer.finish();
    }
}

impl fmt::Debug for WebSocketReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocketReader")
            .field("role", &self.role)
            .field("over", &self.over)
            .field("reason", &self.reason)
            .finish_non_exhaustive()
    }
}
