//! Events as a client reads them: out of a body that does not end (WHATWG HTML, 9.2.6).
//!
//! ```text
//! line            LF, CR, or CR LF ends it
//! name: value     one space after the colon is not part of the value
//! name            a field without value
//! : text          a comment
//! (blank)         the event is complete; without a data field it is none
//! ```
//! An event that the stream's end cuts short is not an event. A line that ends in CR counts at once: to wait for an LF that may never
//! come would hold an event back until the next.

use std::fmt;
use std::io::{self, Read};
use std::time::Duration;

use super::{Event, EventError};

/// How much is taken from a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a line.
    pub line: usize,
    /// Bytes of data of an event.
    pub event: usize,
}

/// An event is a message to a program, not a download. Without a limit, a server that never ends a line would make us buffer until
/// memory ends.
impl Default for Limits {
    fn default() -> Limits {
        Limits { line: 256 * 1024, event: 1024 * 1024 }
    }
}

/// Reads events from a response's body, or whatever reads.
pub struct EventReader<R> {
    input: R,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// The line under way.
    line: Vec<u8>,
    /// The last line ended in CR: an LF now belongs to it.
    after_cr: bool,
    is_first_line: bool,
    limits: Limits,
    data: String,
    has_data: bool,
    name: String,
    /// The id the event under way will have.
    id: String,
    last_id: String,
    retry: Option<Duration>,
}

impl<R: Read> EventReader<R> {
    /// The events of `input`.
    pub fn new(input: R) -> EventReader<R> {
        EventReader::with_limits(input, Limits::default())
    }

    /// The same with other limits.
    pub fn with_limits(input: R, limits: Limits) -> EventReader<R> {
        EventReader {
            input,
            buffer: vec![0; 8 * 1024],
            start: 0,
            end: 0,
            line: Vec::new(),
            after_cr: false,
            is_first_line: true,
            limits,
            data: String::new(),
            has_data: false,
            name: String::new(),
            id: String::new(),
            last_id: String::new(),
            retry: None,
        }
    }

    /// Waits for the next event; `None` at the stream's end. Its `id` is the last that came, perhaps with an earlier event; its `retry`
    /// is always `None`, see [`EventReader::retry`].
    ///
    /// # Errors
    /// [`EventError::LineTooLong`], [`EventError::EventTooLong`]; [`EventError::Io`].
    pub fn next_event(&mut self) -> Result<Option<Event>, EventError> {
        while self.next_line()? {
            let bytes = std::mem::take(&mut self.line);
            let line = String::from_utf8_lossy(&bytes);
            let line =
                if self.is_first_line { line.strip_prefix('\u{feff}').unwrap_or(&line) } else { &line };
            self.is_first_line = false;
            if !line.is_empty() {
                self.take_field(line)?;
            } else if let Some(event) = self.dispatch() {
                return Ok(Some(event));
            }
        }
        Ok(None)
    }

    /// The id of the last event that came whole, to be sent as `Last-Event-ID` by a client that comes back. Empty if there is none.
    pub fn last_event_id(&self) -> &str {
        &self.last_id
    }

    /// How long the server wants a client that lost the stream to wait, if it has said so.
    pub fn retry(&self) -> Option<Duration> {
        self.retry
    }

    /// Reads up to the end of a line, into `self.line`. False at the stream's end; what has no line end is no line.
    fn next_line(&mut self) -> Result<bool, EventError> {
        loop {
            if self.start == self.end && !self.fill()? {
                return Ok(false);
            }
            if std::mem::take(&mut self.after_cr) && self.buffer[self.start] == b'\n' {
                self.start += 1;
                continue;
            }
            let rest = &self.buffer[self.start..self.end];
            let end = rest.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
            let piece = &rest[..end.unwrap_or(rest.len())];
            if self.line.len() + piece.len() > self.limits.line {
                return Err(EventError::LineTooLong { limit: self.limits.line });
            }
            self.line.extend_from_slice(piece);
            self.start += piece.len();
            if end.is_some() {
                self.after_cr = self.buffer[self.start] == b'\r';
                self.start += 1;
                return Ok(true);
            }
        }
    }

    fn fill(&mut self) -> Result<bool, EventError> {
        loop {
            match self.input.read(&mut self.buffer) {
                Ok(count) => {
                    (self.start, self.end) = (0, count);
                    return Ok(count > 0);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn take_field(&mut self, line: &str) -> Result<(), EventError> {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "data" => self.take_data(value)?,
            "event" => self.name = value.to_owned(),
            "id" if !value.contains('\0') => self.id = value.to_owned(),
            "retry" if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) => {
                // A number that does not fit is no time anybody means.
                self.retry = value.parse().ok().map(Duration::from_millis).or(self.retry);
            }
            // A comment has an empty name; fields nobody knows are for later versions.
            _ => {}
        }
        Ok(())
    }

    fn take_data(&mut self, value: &str) -> Result<(), EventError> {
        // The line end counts, or empty lines of data would cost the server nothing and us everything.
        if self.data.len() + value.len() + 1 > self.limits.event {
            return Err(EventError::EventTooLong { limit: self.limits.event });
        }
        if self.has_data {
            self.data.push('\n');
        }
        self.has_data = true;
        self.data.push_str(value);
        Ok(())
    }

    fn dispatch(&mut self) -> Option<Event> {
        let name = std::mem::take(&mut self.name);
        // Not before: a client that lost the stream in the middle of an event wants that event again.
        self.last_id.clone_from(&self.id);
        if !std::mem::take(&mut self.has_data) {
            return None;
        }
        Some(Event {
            id: Some(self.last_id.clone()).filter(|id| !id.is_empty()),
            name: Some(name).filter(|name| !name.is_empty()),
            data: std::mem::take(&mut self.data),
            retry: None,
        })
    }
}

impl<R> fmt::Debug for EventReader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventReader").field("last_id", &self.last_id).finish_non_exhaustive()
    }
}
