//! The response writer of HTTP/1: it decides, as late as it can, how the end of the body is marked.
//!
//! ```text
//! handler wrote                        goes out as
//! nothing                              Content-Length: 0
//! up to 2,048 bytes, then returned     Content-Length: n, head and body in one write
//! more, and set Content-Length         that length
//! more                                 chunks; for HTTP/1.0 up to the end of the connection
//! anything, to HEAD                    the same head, no body
//! 204, 304, 1xx                        no body; writing one is an error
//! ```
//! Book: "How You Write the Response Matters", Listing 9-5.

mod date;
mod finish;
mod head;

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::{Arc, MutexGuard, PoisonError};

use super::handler::{Hijacked, ResponseWriter};
use super::http1::inbound::Loan;
use super::http1::outbound::{Outbound, SharedOutbound};
use super::http1::patience::Patience;
use super::registry::{Phase, Place};
use super::sniff;
use crate::base::cancel::Cancel;
use crate::base::conn::Address;
use crate::base::deadline::Deadline;
use crate::base::log::Logger;
use crate::base::trace;
use crate::ch08_http_client::error::MessageError;
use crate::ch08_http_client::framing::{self, Framing};
use crate::ch08_http_client::header::Header;
use crate::ch08_http_client::message::Version;
use crate::ch08_http_client::status::Status;

pub use date::with_date;
pub use finish::{DRAIN_TIME, DRAINED_BYTES, End};

/// Bytes of body kept back before the head is written: what ends within them has a length.
pub const UNDECIDED_BYTES: usize = 2048;

/// Bytes collected before they are written: one system call for many small writes, and no more memory per connection than this.
const WRITE_BYTES: usize = 16 * 1024;

/// What the writer must know of the request it answers.
pub struct Question {
    /// To HEAD there is no body.
    pub is_head: bool,
    /// To CONNECT, 2xx is no message but the beginning of a tunnel.
    pub is_connect: bool,
    /// Decides on chunks and on what keeps a connection.
    pub version: Version,
    /// Whether the connection may outlive the answer.
    pub keep_alive: bool,
}

/// What belongs to the connection and not to one response.
pub struct Link {
    /// The input, lent to the body.
    pub loan: Arc<Loan>,
    /// The output.
    pub outbound: SharedOutbound,
    /// Where the connection says what it is at.
    pub place: Place,
    /// Told of superfluous statuses.
    pub log: Logger,
    /// The client, for the log.
    pub peer: Address,
}

/// One response.
pub struct Response<'a> {
    question: Question,
    link: &'a Link,
    cancel: Cancel,
    status: Option<Status>,
    header: Header,
    trailer: Header,
    /// The fields as they were when the status was written, if the handler has touched them since.
    frozen: Option<Header>,
    /// `Content-Length` as the handler set it.
    declared: Option<u64>,
    /// Bytes of body so far.
    written: u64,
    /// Body whose form is not decided, or that will be a chunk.
    pending: Vec<u8>,
    /// Bytes for the wire.
    out: Vec<u8>,
    /// How the end of the body is marked, once the head is made.
    framing: Option<Framing>,
    keep_alive: bool,
    hijacked: bool,
    failed: bool,
}

/// Buffers that one response leaves to the next.
#[derive(Default)]
pub struct Buffers {
    pending: Vec<u8>,
    out: Vec<u8>,
}

impl<'a> Response<'a> {
    /// An answer to `question`; `cancel` is ended when the client is found to be gone.
    pub fn new(question: Question, link: &'a Link, cancel: Cancel, buffers: Buffers) -> Response<'a> {
        let keep_alive = question.keep_alive;
        Response {
            question,
            link,
            cancel,
            status: None,
            header: Header::new(),
            trailer: Header::new(),
            frozen: None,
            declared: None,
            written: 0,
            pending: buffers.pending,
            out: buffers.out,
            framing: None,
            keep_alive,
            hijacked: false,
            failed: false,
        }
    }

    fn outbound(&self) -> MutexGuard<'_, Outbound> {
        self.link.outbound.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The status, 200 if there was none so far.
    fn status_or_ok(&mut self) -> Status {
        if self.status.is_none() {
            self.settle_status(Status::OK);
        }
        self.status.unwrap_or(Status::OK)
    }

    fn settle_status(&mut self, status: Status) {
        self.status = Some(status);
        self.declared = match framing::content_length(&self.header) {
            Ok(length) => length,
            Err(error) => {
                self.log("a response's length is ignored", &error);
                None
            }
        };
    }

    fn log(&self, what: &str, why: &dyn std::fmt::Display) {
        self.link.log.println_with(&format!("http: {what}"), &[("peer", &self.link.peer), ("why", why)]);
    }

    fn has_body(&self, status: Status) -> bool {
        let opens_tunnel = self.question.is_connect && status.is_success();
        !status.has_no_body() && !opens_tunnel
    }

    /// Counts `more` bytes of body in.
    fn admit(&mut self, more: u64) -> io::Result<()> {
        if self.hijacked {
            return Err(io::Error::new(io::ErrorKind::NotConnected, "the connection was taken over"));
        }
        let status = self.status_or_ok();
        if !self.has_body(status) {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("a response with {status} has no body"),
            ));
        }
        self.written = self.written.saturating_add(more);
        match self.declared {
            Some(announced) if self.written > announced => {
                Err(MessageError::WrongLength { announced, given: self.written }.into())
            }
            _ => Ok(()),
        }
    }

    // --- the body, when its form is decided -------------------------------------------------------------------------

    fn send(&mut self, data: &[u8]) -> io::Result<()> {
        match self.framing {
            Some(Framing::Chunked) if self.pending.len() + data.len() < WRITE_BYTES => {
                self.pending.extend_from_slice(data);
                Ok(())
            }
            Some(Framing::Chunked) => self.send_chunk(data),
            Some(Framing::Length(_) | Framing::UntilClose) => self.put(data),
            _ => Ok(()),
        }
    }

    /// Sends what is pending, and `data`, as one chunk.
    fn send_chunk(&mut self, data: &[u8]) -> io::Result<()> {
        let pending = std::mem::take(&mut self.pending);
        let size = pending.len() + data.len();
        if size == 0 {
            // An empty chunk would be the last.
            return Ok(());
        }
        let outcome = write!(self.out, "{size:x}\r\n")
            .and_then(|()| self.put(&pending))
            .and_then(|()| self.put(data))
            .and_then(|()| self.put(b"\r\n"));
        self.pending = pending;
        self.pending.clear();
        outcome
    }

    /// Collects bytes for the wire, and writes when there are enough of them.
    fn put(&mut self, data: &[u8]) -> io::Result<()> {
        let room = WRITE_BYTES.saturating_sub(self.out.len());
        if data.len() <= room {
            self.out.extend_from_slice(data);
            return Ok(());
        }
        // Fill the buffer up, so that no write is much smaller than it could be.
        let (first, rest) = data.split_at(room);
        self.out.extend_from_slice(first);
        self.write_out()?;
        if rest.len() < WRITE_BYTES {
            self.out.extend_from_slice(rest);
            return Ok(());
        }
        let outcome = self.outbound().write_all(rest);
        self.note_failure(outcome)
    }

    fn write_out(&mut self) -> io::Result<()> {
        if self.out.is_empty() {
            return Ok(());
        }
        let outcome = self.outbound().write_all(&self.out);
        self.out.clear();
        self.note_failure(outcome)
    }

    /// A client that cannot be written to is gone: whoever works for it may stop.
    fn note_failure(&mut self, outcome: io::Result<()>) -> io::Result<()> {
        if outcome.is_err() {
            self.failed = true;
            self.cancel.cancel();
        }
        outcome
    }
}

impl Write for Response<'_> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        if data.is_empty() {
            self.status_or_ok();
            return Ok(0);
        }
        self.admit(data.len() as u64)?;
        if self.framing.is_none() {
            let room = UNDECIDED_BYTES.saturating_sub(self.pending.len());
            if data.len() <= room {
                self.pending.extend_from_slice(data);
                return Ok(data.len());
            }
            self.make_head(data, false);
            let pending = std::mem::take(&mut self.pending);
            let outcome = self.send(&pending);
            if self.pending.is_empty() {
                self.pending = pending;
                self.pending.clear();
            }
            outcome?;
        }
        self.send(data)?;
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.hijacked {
            return Ok(());
        }
        self.status_or_ok();
        if self.framing.is_none() {
            self.make_head(&[], false);
            if self.framing != Some(Framing::Chunked) {
                let pending = std::mem::take(&mut self.pending);
                self.send(&pending)?;
            }
        }
        if self.framing == Some(Framing::Chunked) {
            self.send_chunk(&[])?;
        }
        self.write_out()
    }
}

impl ResponseWriter for Response<'_> {
    fn header(&mut self) -> &mut Header {
        // Copied only for a handler that touches the fields when it is too late.
        if self.status.is_some() && self.framing.is_none() && self.frozen.is_none() {
            self.frozen = Some(self.header.clone());
        }
        &mut self.header
    }

    fn write_status(&mut self, status: Status) {
        if self.hijacked {
            self.log("a status after the connection was taken over is ignored", &status);
        } else if let Some(before) = self.status {
            self.log("a superfluous status is ignored", &format_args!("{status} after {before}"));
        } else if status.is_informational() && status != Status::SWITCHING_PROTOCOLS {
            let header = self.header.clone();
            // The real answer's write will fail as well.
            let _ = self.inform(status, &header);
        } else {
            self.settle_status(status);
        }
    }

    fn trailer(&mut self) -> &mut Header {
        &mut self.trailer
    }

    fn inform(&mut self, status: Status, header: &Header) -> io::Result<()> {
        if self.framing.is_some() || self.hijacked || !status.is_informational() {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        if self.question.version == Version::Http10 {
            // It would take this for the answer (RFC 9110, 15.2).
            return Ok(());
        }
        let mut out = Vec::new();
        head::interim(&mut out, status, header);
        trace::meaning(|| format!("HTTP/1.1 {status}"));
        let outcome = self.outbound().write_all(&out);
        self.note_failure(outcome)
    }

    fn write_file(&mut self, file: &mut File, offset: u64, length: u64) -> io::Result<()> {
        if length <= WRITE_BYTES as u64 {
            // One write with the head costs less than two calls of the kernel.
            let mut bytes = vec![0; length as usize];
            file.seek(SeekFrom::Start(offset))?;
            file.read_exact(&mut bytes)?;
            return self.write_all(&bytes);
        }
        self.admit(length)?;
        if self.framing.is_none() {
            let mut sample = Vec::with_capacity(sniff::SAMPLE); // less of a file that has shrunk
            file.seek(SeekFrom::Start(offset))?;
            let read = file.take(sniff::SAMPLE as u64).read_to_end(&mut sample);
            self.note_failure(read.map(drop))?;
            self.make_head(&sample, false);
            let pending = std::mem::take(&mut self.pending);
            self.send(&pending)?;
        }
        self.send_file(file, offset, length)
    }

    fn set_read_deadline(&mut self, deadline: Deadline) -> io::Result<()> {
        let set = self.link.loan.with(|inbound| inbound.set_patience(Patience::until(deadline)));
        set.ok_or_else(|| io::Error::new(io::ErrorKind::WouldBlock, "another thread is reading the body"))
    }

    fn set_write_deadline(&mut self, deadline: Deadline) -> io::Result<()> {
        self.outbound().set_patience(Patience::until(deadline));
        Ok(())
    }

    fn client_has_gone(&mut self) -> bool {
        let gone =
            self.failed || self.link.loan.with(|inbound| inbound.client_has_finished()).unwrap_or(false);
        if gone {
            self.cancel.cancel();
        }
        gone
    }

    fn hijack(&mut self) -> io::Result<Hijacked> {
        if self.status.is_some() || self.hijacked {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "the response has begun"));
        }
        let in_use = || io::Error::new(io::ErrorKind::WouldBlock, "another thread is reading the body");
        let mut inbound = self.link.loan.take_back().ok_or_else(in_use)?;
        inbound.set_deadline(Deadline::NEVER);
        let mut outbound = self.outbound();
        let writer = outbound.take().ok_or(io::ErrorKind::NotConnected)?;
        drop(outbound);
        self.hijacked = true;
        self.link.place.set(Phase::TakenOver);
        trace::note(|| "a handler takes the connection over".to_string());
        Ok(Hijacked { reader: inbound.into_reader(), writer })
    }
}

#[cfg(test)]
mod tests;
