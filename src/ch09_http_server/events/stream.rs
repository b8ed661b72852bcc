//! Events from a handler: a response that goes on until the client leaves.

use std::time::{Duration, Instant};

use super::{Event, EventError, encode_comment};
use crate::base::cancel::Cancel;
use crate::base::deadline::Deadline;
use crate::base::trace;
use crate::ch08_http_client::method::Method;
use crate::ch08_http_client::status::Status;
use crate::ch09_http_server::handler::{Request, ResponseWriter};

/// After so long without an event, [`EventStream::wait`] sends a comment: proxies forget a silent connection after a minute, and a
/// client that has gone is found out by writing to it.
pub const HEARTBEAT: Duration = Duration::from_secs(15);

/// How long a waiting handler goes without a look at whether its client is still there.
const LOOK: Duration = Duration::from_millis(500);

/// How long a client may take to accept one event.
const PATIENCE: Duration = Duration::from_secs(30);

/// The id of the last event the client saw, if it comes back to a stream it has lost.
pub fn last_event_id(request: &Request) -> Option<&str> {
    request.header.get("Last-Event-ID").filter(|id| !id.is_empty())
}

/// A stream of events, as a handler writes it.
pub struct EventStream<'a> {
    response: &'a mut dyn ResponseWriter,
    cancel: Cancel,
    last_sent: Instant,
}

impl<'a> EventStream<'a> {
    /// Answers with the head of a stream. The status goes out at once, so that the client knows it is connected.
    ///
    /// # Errors
    /// [`EventError::HeadOnly`], [`EventError::Gone`]. The handler has nothing left to do.
    pub fn open(
        response: &'a mut dyn ResponseWriter,
        request: &Request,
    ) -> Result<EventStream<'a>, EventError> {
        let header = response.header();
        header.set("Content-Type", "text/event-stream");
        header.set("Cache-Control", "no-store");
        // nginx collects what a server behind it sends, unless it is told that this is a stream.
        header.set("X-Accel-Buffering", "no");
        response.write_status(Status::OK);
        if request.method == Method::HEAD {
            return Err(EventError::HeadOnly);
        }
        let mut stream = EventStream { response, cancel: request.cancel.clone(), last_sent: Instant::now() };
        stream.put("")?;
        trace::note(|| "a stream of events is open".to_string());
        Ok(stream)
    }

    /// Sends an event, now.
    ///
    /// # Errors
    /// [`EventError::NotALine`]; [`EventError::Gone`] when the client has gone or the request's token has ended.
    pub fn send(&mut self, event: &Event) -> Result<(), EventError> {
        let mut text = String::new();
        event.encode(&mut text)?;
        trace::meaning(|| format!("event {}", event.name.as_deref().unwrap_or("message")));
        self.put(&text)
    }

    /// Sends a comment.
    ///
    /// # Errors
    /// [`EventError::Gone`].
    pub fn comment(&mut self, text: &str) -> Result<(), EventError> {
        let mut out = String::new();
        encode_comment(text, &mut out);
        self.put(&out)
    }

    /// Waits for `length`, with a comment every [`HEARTBEAT`], and returns early when nobody listens any more.
    ///
    /// # Errors
    /// [`EventError::Gone`].
    pub fn wait(&mut self, length: Duration) -> Result<(), EventError> {
        let start = Instant::now();
        loop {
            let left = length.saturating_sub(start.elapsed());
            if self.cancel.sleep(left.min(LOOK)).is_err() || self.response.client_has_gone() {
                return Err(EventError::Gone);
            }
            if left <= LOOK {
                return Ok(());
            }
            if self.last_sent.elapsed() >= HEARTBEAT {
                self.comment("")?;
            }
        }
    }

    /// The response has no end of its own, so a write that fails is how a handler hears that the client has left.
    fn put(&mut self, text: &str) -> Result<(), EventError> {
        if self.cancel.has_ended() {
            return Err(EventError::Gone);
        }
        // Where no deadline can be set, the server's own holds.
        let _ = self.response.set_write_deadline(Deadline::after(PATIENCE));
        let outcome = self.response.write_all(text.as_bytes()).and_then(|()| self.response.flush());
        self.last_sent = Instant::now();
        outcome.map_err(|_| EventError::Gone)
    }
}
