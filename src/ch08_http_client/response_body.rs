//! The body of a response, on the connection it comes by.
//!
//! Read to its end, the connection goes back to the pool, closed or not by whoever read. Dropped before, there is still body in the
//! connection that nobody wants: a few bytes are cheaper to read than a new connection is to make, many are not, and a server that
//! sends slowly would make us wait. The transport's `drain_on_drop` draws the line.
//!
//! | dropped | the connection |
//! |---|---|
//! | after its end | is used again |
//! | a body of 0 bytes | is used again |
//! | before its end, more than `drain_on_drop` left | is closed: 0 bytes by default, as in Go |
//!
//! The book says that closing drains. It does not in Go either; its own counters show it (`tests/ch08/bodies.rs`).

use std::io::{self, Read};
use std::sync::Arc;
use std::time::Duration;

use super::body::BodySource;
use super::connection::Connection;
use super::decoder::BodyDecoder;
use super::error::{HttpError, MessageError, Phase};
use super::header::Header;
use super::pool::{Pool, Route};
use super::sender::Sender;
use crate::base::cancel::{Cancel, Cause, Registration};
use crate::base::deadline::Deadline;

/// How long draining on drop may take in all. Whoever drops a body does not expect to wait.
const DRAIN_TIME: Duration = Duration::from_millis(100);

/// A connection in the middle of an exchange, and what is to become of it.
pub struct Exchange {
    /// The connection.
    pub connection: Connection,
    /// Where it leads.
    pub route: Route,
    /// Where it goes afterwards.
    pub pool: Arc<Pool>,
    /// Whether both sides keep it.
    pub keep: bool,
    /// The request's token.
    pub cancel: Cancel,
    /// What the token does to the connection.
    pub registration: Registration,
    /// The thread that still sends the request's body.
    pub sender: Option<Sender>,
}

impl Exchange {
    /// Ends the exchange: the connection waits for the next, or is closed.
    pub fn finish(mut self) {
        drop(self.registration);
        if let Some(sent) = self.sender.take().filter(|_| self.keep).and_then(Sender::finish) {
            self.keep &= sent.result.is_ok();
            self.connection.writer = Some(sent.writer);
        }
        if self.keep && self.connection.writer.is_some() && !self.cancel.has_ended() {
            self.pool.put(self.route, self.connection);
        } else {
            // A sender that is still at it holds the writer, and with it the connection.
            self.connection.interrupter.interrupt();
            self.pool.count_dropped();
        }
    }
}

/// The body of a response.
pub struct ResponseBody {
    exchange: Option<Exchange>,
    decoder: BodyDecoder,
    trailer: Option<Header>,
    drain_on_drop: u64,
    /// How it failed, if it has.
    failed: Option<Failed>,
}

/// What is said to whoever reads on after a failure: the same kind of error, never a clean end.
#[derive(Clone, Copy)]
enum Failed {
    Because(Cause),
    Broken(io::ErrorKind),
}

impl Failed {
    fn error(self) -> HttpError {
        let error = match self {
            Failed::Because(_) => MessageError::Io(io::ErrorKind::ConnectionAborted.into()),
            Failed::Broken(kind) => MessageError::Io(io::Error::new(kind, "the body has failed before")),
        };
        let cause = if let Failed::Because(cause) = self { Some(cause) } else { None };
        HttpError::during(Phase::ResponseBody, error, cause)
    }
}

impl ResponseBody {
    /// The body that comes by `exchange`. Dropped, up to `drain_on_drop` bytes are read to save the connection.
    pub fn new(exchange: Exchange, decoder: BodyDecoder, drain_on_drop: u64) -> ResponseBody {
        ResponseBody { exchange: Some(exchange), decoder, trailer: None, drain_on_drop, failed: None }
    }

    fn read_some(&mut self, buf: &mut [u8]) -> Result<usize, HttpError> {
        if let Some(failed) = self.failed {
            return Err(failed.error());
        }
        let Some(exchange) = &mut self.exchange else { return Ok(0) };
        match self.decoder.read(&mut exchange.connection.reader, buf) {
            Ok(count) => {
                if self.decoder.has_ended() {
                    self.trailer = self.decoder.trailer().map(Header::trailer_fields);
                    if let Some(exchange) = self.exchange.take() {
                        exchange.finish();
                    }
                }
                Ok(count)
            }
            Err(error) => Err(self.failure(error)),
        }
    }

    /// What failed once stays failed: the next read would not know where in the body it is.
    fn failure(&mut self, error: MessageError) -> HttpError {
        let Some(exchange) = &mut self.exchange else {
            return HttpError::during(Phase::ResponseBody, error, None);
        };
        let cause = exchange.cancel.cause();
        let own = exchange.sender.as_mut().and_then(Sender::own_failure);
        self.failed = Some(cause.map_or(Failed::Broken(error.kind()), Failed::Because));
        self.close();
        own.unwrap_or_else(|| HttpError::during(Phase::ResponseBody, error, cause))
    }

    fn close(&mut self) {
        if let Some(mut exchange) = self.exchange.take() {
            exchange.keep = false;
            exchange.finish();
        }
    }
}

impl Read for ResponseBody {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        Ok(self.read_some(buf)?)
    }
}

impl BodySource for ResponseBody {
    fn trailer(&mut self) -> Option<Header> {
        self.trailer.clone()
    }
}

impl Drop for ResponseBody {
    fn drop(&mut self) {
        if let (Some(exchange), true) = (&mut self.exchange, self.drain_on_drop > 0) {
            exchange.connection.set_deadline(Deadline::after(DRAIN_TIME).earlier(exchange.cancel.deadline()));
            let limit = self.drain_on_drop;
            // Whatever goes wrong, the connection is closed below.
            let _ = io::copy(&mut self.by_ref().take(limit), &mut io::sink());
            // The end of a body in chunks stands after its last byte.
            let _ = self.read(&mut [0]);
        }
        self.close();
    }
}
