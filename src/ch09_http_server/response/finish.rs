//! Making the head, and the end of a response.

use std::io;
use std::time::Duration;

use super::head::{self, Head};
use super::{Buffers, Response};
use crate::base::deadline::Deadline;
use crate::base::trace;
use crate::ch08_http_client::framing::Framing;
use crate::ch08_http_client::header::may_be_trailer;
use crate::ch08_http_client::message::Version;
use crate::ch08_http_client::status::Status;
use crate::ch09_http_server::{reply, sniff};

/// Bytes of a request's body that are read for nobody, so that the connection can serve on. Go's number; without a bound, a
/// client could make us read for ever, and a new connection is cheaper than what is behind this.
pub const DRAINED_BYTES: u64 = 256 * 1024;

/// How long that may take. The answer waits for it.
pub const DRAIN_TIME: Duration = Duration::from_millis(500);

/// What becomes of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The next request may come.
    KeepAlive,
    /// No further request.
    Close,
    /// The client must not take what it has for a whole answer.
    Abort,
    /// It is no longer ours.
    Hijacked,
}

impl Response<'_> {
    /// Decides how the body's end is marked and collects the head. `more` is body that follows what is pending; `done` says
    /// that nothing else does.
    pub(super) fn make_head(&mut self, more: &[u8], done: bool) {
        let status = self.status_or_ok();
        self.settle_request_body(done);
        if self.link.place.is_stopping() {
            self.keep_alive = false;
        }
        // What the client sends from here on is not HTTP, and nobody has taken the connection over.
        let ends_http =
            (self.question.is_connect && status.is_success()) || status == Status::SWITCHING_PROTOCOLS;
        if ends_http {
            self.keep_alive = false;
        }
        let framing = self.choose_framing(status, done);
        let header = self.frozen.as_ref().unwrap_or(&self.header);
        if framing == Framing::UntilClose || header.has_token("Connection", "close") {
            self.keep_alive = false;
        }
        let sample = if self.pending.is_empty() { more } else { &self.pending };
        let content_type =
            if sample.is_empty() || header.contains("Content-Type") || header.contains("Content-Encoding") {
                None
            } else {
                Some(sniff::content_type(sample))
            };
        let connection = match (self.keep_alive, self.question.version) {
            (false, _) if !header.has_token("Connection", "close") => Some("close"),
            (true, Version::Http10) => Some("keep-alive"),
            _ => None,
        };
        let has_length =
            self.has_body(status) && (framing != Framing::Empty || self.length_for_head(done).is_some());
        let shown = match self.length_for_head(done) {
            Some(length) if framing == Framing::Empty && has_length => Some(Framing::Length(length)),
            _ => Some(framing),
        };
        let head = Head { status, header, framing: shown, content_type, trailer: &self.trailer, connection };
        head.write(&mut self.out);
        trace::meaning(|| describe(status, shown));
        self.framing = Some(framing);
    }

    /// What a HEAD is told of the length GET would have.
    fn length_for_head(&self, done: bool) -> Option<u64> {
        match self.declared {
            Some(length) => Some(length),
            // A handler that knows it is HEAD may have written nothing; that is no length of 0.
            None if done && self.written > 0 => Some(self.written),
            None => None,
        }
    }

    fn choose_framing(&self, status: Status, done: bool) -> Framing {
        let header = self.frozen.as_ref().unwrap_or(&self.header);
        let wants_trailer = !self.trailer.is_empty() || header.contains("Trailer");
        if !self.has_body(status) || self.question.is_head {
            Framing::Empty
        } else if let Some(length) = self.declared {
            Framing::Length(length)
        } else if self.question.version == Version::Http10 {
            if done { Framing::Length(self.written) } else { Framing::UntilClose }
        } else if done && !wants_trailer {
            Framing::Length(self.written)
        } else {
            Framing::Chunked
        }
    }

    /// Decides, before the head says so, whether what is left of the request's body allows another request.
    fn settle_request_body(&mut self, done: bool) {
        let settled = self.link.loan.with(|inbound| {
            if inbound.body_has_ended() {
                return true;
            }
            // Whether a client that was never told "continue" sends its body nobody knows.
            if inbound.give_up_asking() {
                return false;
            }
            if done {
                return inbound.drain(DRAINED_BYTES, Deadline::after(DRAIN_TIME));
            }
            // The handler may still read on while it writes.
            !inbound.is_untouched_and_longer_than(DRAINED_BYTES)
        });
        self.keep_alive &= settled.unwrap_or(false);
    }

    pub(super) fn send_file(&mut self, file: &mut std::fs::File, offset: u64, length: u64) -> io::Result<()> {
        match self.framing {
            Some(Framing::Empty) | None => return Ok(()),
            Some(Framing::Chunked) => {
                self.send_chunk(&[])?;
                self.put(format!("{length:x}\r\n").as_bytes())?;
            }
            Some(Framing::Length(_) | Framing::UntilClose) => {}
        }
        self.write_out()?;
        let outcome = self.outbound().write_file(file, offset, length);
        self.note_failure(outcome)?;
        if self.framing == Some(Framing::Chunked) { self.put(b"\r\n") } else { Ok(()) }
    }

    /// The handler has returned: sends what is left, and says what becomes of the connection.
    pub fn finish(&mut self) -> End {
        if self.hijacked {
            return End::Hijacked;
        }
        self.status_or_ok();
        if self.framing.is_none() {
            self.make_head(&[], true);
        }
        if self.send_rest().is_err() || self.failed {
            return End::Abort;
        }
        match self.framing {
            // Too little was written, and the client waits for the rest: the end of the connection tells it.
            Some(Framing::Length(announced)) if self.written != announced => End::Close,
            _ if self.keep_alive => End::KeepAlive,
            _ => End::Close,
        }
    }

    fn send_rest(&mut self) -> io::Result<()> {
        match self.framing {
            Some(Framing::Chunked) => {
                self.send_chunk(&[])?;
                self.out.extend_from_slice(b"0\r\n");
                for (name, value) in self.trailer.iter().filter(|(name, _)| may_be_trailer(name)) {
                    head::field(&mut self.out, name, value);
                }
                self.out.extend_from_slice(b"\r\n");
            }
            Some(Framing::Length(_) | Framing::UntilClose) => {
                let pending = std::mem::take(&mut self.pending);
                let outcome = self.put(&pending);
                self.pending = pending;
                outcome?;
            }
            _ => {}
        }
        self.write_out()
    }

    /// The server closes in the middle of it: nothing more is sent.
    pub fn abandon(&self) -> End {
        if self.hijacked { End::Hijacked } else { End::Abort }
    }

    /// The handler has panicked: 500 if the client has seen nothing yet, else the end in the middle.
    pub fn fail(&mut self) -> End {
        if self.hijacked {
            return End::Hijacked;
        }
        if self.framing.is_some() {
            // What was collected goes out, but nothing that would make it look whole.
            let sent = self.write_out();
            // Where only the end of the connection marks the end, it must not come politely.
            let looks_whole = self.framing == Some(Framing::UntilClose);
            return if looks_whole || sent.is_err() { End::Abort } else { End::Close };
        }
        (self.status, self.frozen, self.declared, self.written) = (None, None, None, 0);
        self.header.clear();
        self.trailer.clear();
        self.pending.clear();
        self.keep_alive = false;
        reply::error(self, "500 Internal Server Error", Status::INTERNAL_SERVER_ERROR);
        self.finish()
    }

    /// The buffers, for the next response.
    pub fn into_buffers(mut self) -> Buffers {
        self.pending.clear();
        self.out.clear();
        Buffers { pending: self.pending, out: self.out }
    }
}

fn describe(status: Status, framing: Option<Framing>) -> String {
    match framing {
        Some(Framing::Length(length)) => format!("HTTP/1.1 {status}, {length} bytes of body"),
        Some(Framing::Chunked) => format!("HTTP/1.1 {status}, body in chunks"),
        Some(Framing::UntilClose) => format!("HTTP/1.1 {status}, body until the end of the connection"),
        _ => format!("HTTP/1.1 {status}"),
    }
}
