//! Server-sent events: a response that does not end, in lines of text. The browser's `EventSource` reads it.
//!
//! ```text
//! HTTP/1.1 200 OK
//! Content-Type: text/event-stream
//!
//! id: 7                      what a client that comes back sends as Last-Event-ID
//! event: price               the name, "message" without it
//! data: {"gopher":12}        the data; two such lines are two lines of data
//!                            a blank line: the event is complete
//! : still there              a comment, which nobody is told of: a heartbeat
//!
//! ```
//! It goes one way, needs nothing but HTTP, and a browser that lost it comes back by itself: often all that is wanted of a WebSocket.
//! A handler opens an [`EventStream`], sends, and returns when that fails:
//!
//! ```
//! use netprog::ch09_http_server::events::{Event, EventStream};
//! use netprog::ch09_http_server::handler::{Request, ResponseWriter};
//! use std::time::Duration;
//!
//! fn countdown(response: &mut dyn ResponseWriter, request: &mut Request) {
//!     let Ok(mut stream) = EventStream::open(response, request) else { return };
//!     for count in (0..=10).rev() {
//!         // An error: the client has gone, or the server stops.
//!         if stream.send(&Event::data(&count.to_string())).is_err() {
//!             return;
//!         }
//!         if stream.wait(Duration::from_secs(1)).is_err() {
//!             return;
//!         }
//!     }
//! }
//! # let _ = countdown;
//! ```
//! [`parse`] is the client's side. WHATWG HTML, 9.2 "Server-sent events". The book has none; it is the step beyond its chapter.

pub mod parse;
mod stream;

use std::error::Error;
use std::fmt;
use std::io;
use std::time::Duration;

use super::handler::{Handler, Request, ResponseWriter};
use crate::base::calendar::Timestamp;

pub use parse::{EventReader, Limits};
pub use stream::{EventStream, HEARTBEAT, last_event_id};

/// An event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// Where in the stream this is. A client that comes back says which it saw last.
    pub id: Option<String>,
    /// What happened; `message` to a browser if there is none.
    pub name: Option<String>,
    /// What there is to say, in lines.
    pub data: String,
    /// How long a client that lost the stream shall wait before it comes back. In milliseconds on the wire.
    pub retry: Option<Duration>,
}

impl Event {
    /// An event with nothing but data.
    pub fn data(data: &str) -> Event {
        Event { data: data.to_owned(), ..Event::default() }
    }

    /// The same event with a name.
    #[must_use]
    pub fn named(mut self, name: &str) -> Event {
        self.name = Some(name.to_owned());
        self
    }

    /// The same event with an id.
    #[must_use]
    pub fn with_id(mut self, id: &str) -> Event {
        self.id = Some(id.to_owned());
        self
    }

    /// Appends the event as it goes on the wire. A CR, an LF and both together are each one end of a line of data; the client
    /// gets an LF.
    ///
    /// # Errors
    /// [`EventError::NotALine`] for an id or a name with a line end in it, which would be a field of its own, and for an id with a
    /// NUL, which clients ignore. Nothing is written then.
    pub fn encode(&self, out: &mut String) -> Result<(), EventError> {
        let id = self.id.as_deref().map(|id| line("id", id)).transpose()?;
        let name = self.name.as_deref().map(|name| line("event", name)).transpose()?;
        if let Some(retry) = self.retry {
            out.push_str(&format!("retry: {}\n", retry.as_millis()));
        }
        for field in [id, name].into_iter().flatten() {
            out.push_str(&field);
        }
        for line in lines(&self.data) {
            // One space after the colon is taken away: without it, that of a line that begins with one would be.
            out.push_str("data: ");
            out.push_str(line);
            out.push('\n');
        }
        out.push('\n');
        Ok(())
    }
}

fn line(field: &'static str, value: &str) -> Result<String, EventError> {
    if value.contains(['\r', '\n', '\0']) {
        Err(EventError::NotALine { field })
    } else {
        Ok(format!("{field}: {value}\n"))
    }
}

/// Appends a comment: a line, or several, that no client tells anybody of.
pub fn encode_comment(text: &str, out: &mut String) {
    for line in lines(text) {
        out.push_str(": ");
        out.push_str(line);
        out.push('\n');
    }
    out.push('\n');
}

/// The lines of a text. At least one, and an empty one after a line end at the end.
fn lines(text: &str) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut rest = text;
    while let Some(end) = rest.find(['\r', '\n']) {
        let (line, after) = rest.split_at(end);
        lines.push(line);
        rest = after.strip_prefix("\r\n").unwrap_or(&after[1..]);
    }
    lines.push(rest);
    lines
}

/// Why there is no event, or no stream.
#[derive(Debug)]
#[non_exhaustive]
pub enum EventError {
    /// This side: an id or a name with a line end in it.
    NotALine {
        /// Which.
        field: &'static str,
    },
    /// The request was HEAD: it has been answered, and there is no stream.
    HeadOnly,
    /// The client has gone, or the server stops: nobody waits for more.
    Gone,
    /// The server's stream has a line that is longer than is taken.
    LineTooLong {
        /// Bytes we take.
        limit: usize,
    },
    /// The server's stream has an event with more data than is taken.
    EventTooLong {
        /// Bytes we take.
        limit: usize,
    },
    /// Reading or writing failed.
    Io(io::Error),
}

impl fmt::Display for EventError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EventError::NotALine { field } => write!(f, "the field {field} of an event is one line"),
            EventError::HeadOnly => f.write_str("the request was HEAD, and its answer has no body"),
            EventError::Gone => f.write_str("nobody listens to the events any more"),
            EventError::LineTooLong { limit } => write!(f, "a line is longer than the {limit} bytes taken"),
            EventError::EventTooLong { limit } => {
                write!(f, "an event is longer than the {limit} bytes taken")
            }
            EventError::Io(error) => write!(f, "{error}"),
        }
    }
}

impl Error for EventError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            EventError::Io(error) => Some(error),
            _ => None,
        }
    }
}

impl From<io::Error> for EventError {
    fn from(error: io::Error) -> EventError {
        EventError::Io(error)
    }
}

/// A handler that tells the time every `period`: events named `tick`, numbered from 1, with the time as RFC 3339 writes it. A client
/// that comes back with `Last-Event-ID: 7` gets 8 next.
pub fn clock_handler(period: Duration) -> impl Handler {
    move |response: &mut dyn ResponseWriter, request: &mut Request| {
        let seen = last_event_id(request).and_then(|id| id.parse::<u64>().ok()).unwrap_or(0);
        let Ok(mut stream) = EventStream::open(response, request) else { return };
        let mut number = seen;
        loop {
            number = number.saturating_add(1);
            let event = Event::data(&Timestamp::now().rfc3339()).named("tick").with_id(&number.to_string());
            // An error means that nobody listens any more.
            if stream.send(&event).and_then(|()| stream.wait(period)).is_err() {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests;
