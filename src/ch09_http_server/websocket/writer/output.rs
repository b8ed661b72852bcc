//! Frames on their way out: masked if a client sends them, and whole before the next one begins.

use std::io;
use std::time::Duration;

use super::super::error::WebSocketError;
use super::super::frame::{self, Head, Opcode, Role};
use crate::base::conn::ConnWrite;
use crate::base::deadline::{self, Deadline};
use crate::base::{random, trace};

/// What the peer is sent.
pub(super) struct Output {
    pub(super) writer: Box<dyn ConnWrite>,
    pub(super) role: Role,
    /// How long the peer may take to accept one frame.
    pub(super) patience: Option<Duration>,
    /// The caller's own limit.
    pub(super) deadline: Deadline,
    /// The last frame, of which the first `sent` bytes are out.
    frame: Vec<u8>,
    sent: usize,
    close_sent: bool,
    pub(super) failed: bool,
}

impl Output {
    pub(super) fn new(writer: Box<dyn ConnWrite>, role: Role, patience: Option<Duration>) -> Output {
        Output {
            writer,
            role,
            patience,
            deadline: Deadline::NEVER,
            frame: Vec::new(),
            sent: 0,
            close_sent: false,
            failed: false,
        }
    }

    /// When a frame that is begun now must be out.
    pub(super) fn limit(&self) -> Deadline {
        Deadline::from(self.patience).earlier(self.deadline)
    }

    pub(super) fn write(&mut self, fin: bool, opcode: Opcode, payload: &[u8]) -> Result<(), WebSocketError> {
        let limit = self.limit();
        let is_out = self.push(limit)? && {
            self.begin(fin, opcode, payload)?;
            self.push(limit)?
        };
        if is_out {
            return Ok(());
        }
        // The frame may be half out, and nobody would come back for the rest.
        self.failed = true;
        Err(deadline::timed_out().into())
    }

    /// Encodes a frame, the one before it being out.
    pub(super) fn begin(&mut self, fin: bool, opcode: Opcode, payload: &[u8]) -> Result<(), WebSocketError> {
        if self.close_sent || self.failed {
            return Err(WebSocketError::Closed);
        }
        let mask = match self.role {
            Role::Client => Some(new_key()?),
            Role::Server => None,
        };
        let head = Head { fin, opcode, mask, length: payload.len() as u64 };
        self.frame.clear();
        self.sent = 0;
        head.encode(&mut self.frame);
        let start = self.frame.len();
        self.frame.extend_from_slice(payload);
        if let Some(key) = mask {
            frame::mask(&mut self.frame[start..], key, 0);
        }
        trace::meaning(|| format!("{opcode:?} frame of {} bytes{}", payload.len(), more(fin)));
        self.close_sent = opcode == Opcode::Close;
        Ok(())
    }

    /// Sends the rest of the frame: whether all of it is out at `limit`.
    pub(super) fn push(&mut self, limit: Deadline) -> io::Result<bool> {
        self.writer.set_write_deadline(limit);
        while self.sent < self.frame.len() && !self.failed {
            match self.writer.write(&self.frame[self.sent..]) {
                Ok(0) => return self.fail(io::ErrorKind::WriteZero.into()),
                Ok(count) => self.sent += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::TimedOut => return Ok(false),
                Err(error) => return self.fail(error),
            }
        }
        match self.writer.flush() {
            Ok(()) => Ok(true),
            Err(error) => self.fail(error),
        }
    }

    fn fail(&mut self, error: io::Error) -> io::Result<bool> {
        self.failed = true;
        Err(error)
    }
}

fn more(fin: bool) -> &'static str {
    if fin { "" } else { ", more to come" }
}

/// A key the page's script cannot foresee (RFC 6455, 5.3), nor anybody else.
fn new_key() -> io::Result<[u8; 4]> {
    let mut key = [0; 4];
    random::bytes(&mut key)?;
    Ok(key)
}
