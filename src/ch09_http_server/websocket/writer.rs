//! The writing half. Clones are the same half, so any thread may send, ping and close.
//!
//! Two locks, always taken in this order:
//! 1. the *turn*: who sends a message holds it to the message's end, for the frames of two messages must not mix;
//! 2. the *output*: held for one frame, so that pongs, pings and Close get in between the frames of a long message.
//!
//! The reader, who answers pings, waits for neither, and never for long for the peer. It leaves the answer in a pigeonhole and sends it
//! if the output is free; if not, whoever holds the output sends it when they are through. What the peer does not accept at once
//! stays, and goes out before anything else. Otherwise two sides that both talk without end could wait for each other for ever: each
//! reader for its own output, each output for the other's reader.

mod message;
mod output;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::{Duration, Instant};

use super::error::{CloseCode, WebSocketError};
use super::frame::{MOST_CONTROL, Opcode, Role};
use crate::base::cancel::{Cancel, Registration};
use crate::base::conn::ConnWrite;
use crate::base::deadline::Deadline;

use output::Output;

pub use message::MessageWriter;

/// Bytes of payload in one frame of a longer message: small enough that a pong never waits long.
pub const FRAGMENT: usize = 16 * 1024;

/// How long the reader tries to send an answer before it reads on.
const MOMENT: Duration = Duration::from_millis(10);

/// The writing half of a [`WebSocket`](super::WebSocket).
#[derive(Clone)]
pub struct WebSocketWriter {
    shared: Arc<Shared>,
}

struct Shared {
    turn: Mutex<()>,
    output: Mutex<Output>,
    waiting: Mutex<Waiting>,
}

/// What goes out as soon as the output is free.
#[derive(Default)]
struct Waiting {
    /// The answer to the last ping; earlier ones need none (RFC 6455, 5.5.3).
    pong: Option<Vec<u8>>,
    /// The keepalive's question.
    ping: bool,
    /// The payload of our Close frame.
    close: Option<Vec<u8>>,
    /// When our Close was first asked for.
    closing_since: Option<Instant>,
}

impl WebSocketWriter {
    pub(super) fn new(writer: Box<dyn ConnWrite>, role: Role, patience: Option<Duration>) -> WebSocketWriter {
        let output = Output::new(writer, role, patience);
        let shared = Shared { turn: Mutex::new(()), output: Mutex::new(output), waiting: Mutex::default() };
        WebSocketWriter { shared: Arc::new(shared) }
    }

    /// Sends a message of text.
    ///
    /// # Errors
    /// [`WebSocketError::Closed`] after either side closed; [`WebSocketError::Io`].
    pub fn write_text(&self, text: &str) -> Result<(), WebSocketError> {
        self.write_message(Opcode::Text, text.as_bytes())
    }

    /// Sends a message of bytes.
    ///
    /// # Errors
    /// As [`WebSocketWriter::write_text`].
    pub fn write_binary(&self, bytes: &[u8]) -> Result<(), WebSocketError> {
        self.write_message(Opcode::Binary, bytes)
    }

    fn write_message(&self, opcode: Opcode, payload: &[u8]) -> Result<(), WebSocketError> {
        let _turn = lock(&self.shared.turn);
        let mut opcode = opcode;
        let mut rest = payload;
        while rest.len() > FRAGMENT {
            let (piece, after) = rest.split_at(FRAGMENT);
            self.write_frame(false, opcode, piece)?;
            opcode = Opcode::Continuation;
            rest = after;
        }
        self.write_frame(true, opcode, rest)
    }

    /// Begins a message of text whose length is not known yet. Other messages wait until it is finished.
    pub fn begin_text(&self) -> MessageWriter<'_> {
        MessageWriter::new(self, Opcode::Text)
    }

    /// Begins a message of bytes whose length is not known yet. Other messages wait until it is finished.
    pub fn begin_binary(&self) -> MessageWriter<'_> {
        MessageWriter::new(self, Opcode::Binary)
    }

    /// Sends a ping. The reader takes the answer.
    ///
    /// # Errors
    /// [`WebSocketError::Misuse`] for more than 125 bytes; as [`WebSocketWriter::write_text`].
    pub fn ping(&self, payload: &[u8]) -> Result<(), WebSocketError> {
        if payload.len() > MOST_CONTROL {
            return Err(WebSocketError::Misuse("a ping has at most 125 bytes"));
        }
        self.write_frame(true, Opcode::Ping, payload)
    }

    /// Sends a pong nobody asked for: a heartbeat in one direction (RFC 6455, 5.5.3).
    ///
    /// # Errors
    /// As [`WebSocketWriter::ping`].
    pub fn pong(&self, payload: &[u8]) -> Result<(), WebSocketError> {
        if payload.len() > MOST_CONTROL {
            return Err(WebSocketError::Misuse("a pong has at most 125 bytes"));
        }
        self.write_frame(true, Opcode::Pong, payload)
    }

    /// Begins the closing handshake. Nothing can be sent afterwards; the reader goes on until the peer has closed too. If another
    /// thread is in the middle of a frame, it sends our Close when it is through. Closing twice is closing once.
    ///
    /// # Errors
    /// [`WebSocketError::Misuse`] for a code that no frame may have, and for words of more than 123 bytes.
    pub fn close(&self, code: CloseCode, words: &str) -> Result<(), WebSocketError> {
        if !code.may_be_sent() {
            return Err(WebSocketError::Misuse("no Close frame may have this code"));
        }
        let mut payload = code.0.to_be_bytes().to_vec();
        payload.extend_from_slice(words.as_bytes());
        if payload.len() > MOST_CONTROL {
            return Err(WebSocketError::Misuse("the words of a Close frame have at most 123 bytes"));
        }
        self.leave_close(payload);
        self.send_waiting();
        Ok(())
    }

    /// Closes when `cancel` ends, with 1001 "going away". Dropping the registration takes that back.
    pub fn close_when(&self, cancel: &Cancel) -> Registration {
        let writer = self.clone();
        cancel.on_end(move |_| {
            let _ = writer.close(CloseCode::GOING_AWAY, "");
        })
    }

    /// Writes fail with `TimedOut` from this moment on, and the connection with them: a frame may be half out. The limit for each
    /// frame ([`Options::write_timeout`](super::Options)) holds as well. Waits for a frame that is under way.
    pub fn set_deadline(&self, deadline: Deadline) {
        lock(&self.shared.output).deadline = deadline;
        self.send_waiting();
    }

    // --- what the reader does ---------------------------------------------------------------------------------------

    /// The answer to a ping, to be sent when the reader, or a writer, comes by.
    pub(super) fn leave_pong(&self, payload: Vec<u8>) {
        lock(&self.shared.waiting).pong = Some(payload);
    }

    pub(super) fn leave_ping(&self) {
        lock(&self.shared.waiting).ping = true;
    }

    /// Closes with a payload: the echo of the peer's, or none.
    pub(super) fn leave_close(&self, payload: Vec<u8>) {
        let mut waiting = lock(&self.shared.waiting);
        if waiting.closing_since.is_some() {
            return;
        }
        waiting.closing_since = Some(Instant::now());
        waiting.close = Some(payload);
    }

    pub(super) fn closing_since(&self) -> Option<Instant> {
        lock(&self.shared.waiting).closing_since
    }

    /// Half-closes the connection, unless somebody is writing: then the failing write will end it.
    pub(super) fn finish(&self) {
        if let Some(mut output) = try_lock(&self.shared.output) {
            output.failed = true;
            // A peer that has gone needs no FIN.
            let _ = output.writer.finish();
        }
    }

    // --- frames -----------------------------------------------------------------------------------------------------

    fn write_frame(&self, fin: bool, opcode: Opcode, payload: &[u8]) -> Result<(), WebSocketError> {
        let is_closing = self.closing_since().is_some();
        let outcome = if is_closing {
            Err(WebSocketError::Closed)
        } else {
            lock(&self.shared.output).write(fin, opcode, payload)
        };
        self.send_waiting();
        outcome
    }

    /// Sends what waits, unless somebody else holds the output: they call this after they have let go of it. What waits is looked
    /// at while the output is free, or something left there between a look and the letting go would stay.
    fn send_waiting(&self) {
        while !lock(&self.shared.waiting).is_empty() {
            let Some(mut output) = try_lock(&self.shared.output) else { return };
            let limit = output.limit();
            self.send_one(&mut output, limit);
        }
    }

    /// The same for the reader, who must not wait for the peer to read: it may be waiting for us to. Whether all that waits is out,
    /// or somebody else's care.
    pub(super) fn send_waiting_soon(&self) -> bool {
        let limit = Deadline::after(MOMENT);
        loop {
            let Some(mut output) = try_lock(&self.shared.output) else { return true };
            if !self.send_one(&mut output, limit) {
                return false;
            }
            drop(output);
            if lock(&self.shared.waiting).is_empty() {
                return true;
            }
        }
    }

    /// Whether nothing is left half sent. A failure counts as sent: it shows at the next write, and the reader sees the end.
    fn send_one(&self, output: &mut Output, limit: Deadline) -> bool {
        if !output.push(limit).unwrap_or(true) {
            return false;
        }
        match lock(&self.shared.waiting).take() {
            Some((opcode, payload)) => {
                output.begin(true, opcode, &payload).and_then(|()| Ok(output.push(limit)?)).unwrap_or(true)
            }
            None => true,
        }
    }
}

impl Waiting {
    fn is_empty(&self) -> bool {
        self.pong.is_none() && !self.ping && self.close.is_none()
    }

    fn take(&mut self) -> Option<(Opcode, Vec<u8>)> {
        if let Some(payload) = self.pong.take() {
            return Some((Opcode::Pong, payload));
        }
        if std::mem::take(&mut self.ping) {
            return Some((Opcode::Ping, Vec::new()));
        }
        self.close.take().map(|payload| (Opcode::Close, payload))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn try_lock<T>(mutex: &Mutex<T>) -> Option<MutexGuard<'_, T>> {
    match mutex.try_lock() {
        Ok(guard) => Some(guard),
        Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}

impl fmt::Debug for WebSocketWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocketWriter")
            .field("closing_since", &self.closing_since())
            .finish_non_exhaustive()
    }
}
