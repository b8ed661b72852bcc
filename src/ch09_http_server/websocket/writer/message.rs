//! A message whose length is not known when it begins.

use std::io::{self, Write};
use std::sync::MutexGuard;

use super::super::error::{CloseCode, WebSocketError};
use super::super::frame::Opcode;
use super::{FRAGMENT, WebSocketWriter, lock};

/// A message under way. What is written to it goes out as fragments; [`MessageWriter::finish`] ends it. Dropped before that, it
/// closes the WebSocket with 1011: the peer must not take half a message for a whole one.
pub struct MessageWriter<'a> {
    writer: &'a WebSocketWriter,
    opcode: Opcode,
    pending: Vec<u8>,
    finished: bool,
    _turn: MutexGuard<'a, ()>,
}

impl<'a> MessageWriter<'a> {
    pub(super) fn new(writer: &'a WebSocketWriter, opcode: Opcode) -> MessageWriter<'a> {
        let turn = lock(&writer.shared.turn);
        MessageWriter { writer, opcode, pending: Vec::new(), finished: false, _turn: turn }
    }

    /// Ends the message. That a message of text is UTF-8 is for its writer to see to; a cut character may be completed by the next
    /// piece.
    ///
    /// # Errors
    /// As [`WebSocketWriter::write_text`].
    pub fn finish(mut self) -> Result<(), WebSocketError> {
        self.finished = true;
        let pending = std::mem::take(&mut self.pending);
        self.writer.write_frame(true, self.opcode, &pending)
    }

    fn send_pending(&mut self) -> Result<(), WebSocketError> {
        let outcome = self.writer.write_frame(false, self.opcode, &self.pending);
        self.opcode = Opcode::Continuation;
        self.pending.clear();
        outcome
    }
}

impl Write for MessageWriter<'_> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        if self.pending.len() >= FRAGMENT {
            self.send_pending().map_err(into_io)?;
        }
        let count = data.len().min(FRAGMENT - self.pending.len());
        self.pending.extend_from_slice(&data[..count]);
        Ok(count)
    }

    /// Sends what is there as a fragment.
    fn flush(&mut self) -> io::Result<()> {
        if self.pending.is_empty() {
            return Ok(());
        }
        self.send_pending().map_err(into_io)
    }
}

impl Drop for MessageWriter<'_> {
    fn drop(&mut self) {
        if !self.finished {
            let _ = self.writer.close(CloseCode::INTERNAL_ERROR, "a message was given up");
        }
    }
}

fn into_io(error: WebSocketError) -> io::Error {
    match error {
        WebSocketError::Io(error) => error,
        other => io::Error::new(io::ErrorKind::NotConnected, other),
    }
}
