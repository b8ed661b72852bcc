//! What the client sends: bytes read ahead, and where in the body of the present request its reader is.
//!
//! ```text
//! connection ──lends──▶ Loan ◀──reads── Request.body        while the handler runs, perhaps in another thread
//! connection ◀──takes back── Loan                           after the handler
//! ```
//! A body that a handler kept (or a thread that its middleware has given up) finds the loan empty and gets an error: it can never
//! read into the next request.

use std::io::{self, BufRead, BufReader, Read};
use std::sync::{Arc, Mutex, PoisonError};

use super::outbound::SharedOutbound;
use super::patience::Patience;
use crate::base::conn::ConnRead;
use crate::base::deadline::Deadline;
use crate::base::trace;
use crate::ch08_http_client::body::BodySource;
use crate::ch08_http_client::codec::{self, HeadLimits};
use crate::ch08_http_client::decoder::BodyDecoder;
use crate::ch08_http_client::error::MessageError;
use crate::ch08_http_client::framing::Framing;
use crate::ch08_http_client::header::{Header, may_be_trailer};
use crate::ch08_http_client::message::RequestHead;

/// Bytes read ahead: a browser's whole head, and several pipelined small ones.
const READ_AHEAD: usize = 8 * 1024;

/// The input of one connection.
pub struct Inbound {
    reader: BufReader<Box<dyn ConnRead>>,
    body: BodyDecoder,
    patience: Patience,
    limit: Option<u64>,
    got: u64,
    /// The client waits for `100 Continue`, which goes out here when the body is first read.
    ask: Option<SharedOutbound>,
    broken: bool,
}

impl Inbound {
    /// The input that `reader` gives, before its first request.
    pub fn new(reader: Box<dyn ConnRead>) -> Inbound {
        let reader = BufReader::with_capacity(READ_AHEAD, reader);
        let body = BodyDecoder::new(Framing::Empty);
        let patience = Patience::until(Deadline::NEVER);
        Inbound { reader, body, patience, limit: None, got: 0, ask: None, broken: false }
    }

    /// Blocks until there is something to read: whether there is, for the client may have finished.
    ///
    /// # Errors
    /// The connection's.
    pub fn wait(&mut self) -> io::Result<bool> {
        Ok(!self.reader.fill_buf()?.is_empty())
    }

    /// Reads the next request's head, `None` if the client has finished.
    ///
    /// # Errors
    /// As [`codec::read_request_head`].
    pub fn read_head(&mut self, limits: HeadLimits) -> Result<Option<RequestHead>, MessageError> {
        codec::read_request_head(&mut self.reader, limits)
    }

    /// Says what body follows the head. `ask` is set if the client waits to be asked for it.
    pub fn begin_body(&mut self, framing: Framing, limit: Option<u64>, ask: Option<SharedOutbound>) {
        self.body = BodyDecoder::new(framing);
        (self.limit, self.got, self.ask, self.broken) = (limit, 0, ask, false);
    }

    /// How long the client may take over the body.
    pub fn set_patience(&mut self, patience: Patience) {
        self.patience = patience;
    }

    /// When reads fail, except those of the body.
    pub fn set_deadline(&mut self, deadline: Deadline) {
        self.reader.get_mut().set_read_deadline(deadline);
    }

    /// Whether bytes are here that nobody has taken yet.
    pub fn has_read_ahead(&self) -> bool {
        !self.reader.buffer().is_empty()
    }

    /// Whether the client is known to have finished or gone.
    pub fn client_has_finished(&self) -> bool {
        self.reader.get_ref().peer_has_finished()
    }

    /// Whether the next byte belongs to the next request.
    pub fn body_has_ended(&self) -> bool {
        self.body.has_ended()
    }

    /// Takes the question away that the client waits for: whether it was still to be asked.
    pub fn give_up_asking(&mut self) -> bool {
        self.ask.take().is_some()
    }

    /// Whether none of the body was read and more than `most` bytes of it were announced.
    pub fn is_untouched_and_longer_than(&self, most: u64) -> bool {
        self.got == 0 && self.is_longer_than(most)
    }

    /// Whether more than `most` bytes are known to follow.
    fn is_longer_than(&self, most: u64) -> bool {
        matches!(self.body, BodyDecoder::Length { left, .. } if left > most)
    }

    /// Reads and forgets what is left of the body: whether that was no more than `most` bytes, and in time.
    pub fn drain(&mut self, most: u64, deadline: Deadline) -> bool {
        if self.body.has_ended() {
            return true;
        }
        if self.is_longer_than(most) {
            return false;
        }
        self.patience = Patience::until(deadline);
        self.limit = None;
        let mut buf = [0; 4096];
        let mut left = most;
        loop {
            match self.read_body(&mut buf) {
                Ok(0) => return true,
                Ok(count) if count as u64 <= left => left -= count as u64,
                _ => return false,
            }
        }
    }

    /// Reads and forgets whatever comes, until the client has finished or `deadline`.
    pub fn discard(&mut self, deadline: Deadline) {
        self.set_deadline(deadline);
        // How it ends does not matter: the connection does.
        let _ = io::copy(&mut self.reader, &mut io::sink());
    }

    fn read_body(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.broken {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the body has failed before"));
        }
        if self.body.has_ended() {
            return Ok(0);
        }
        if let Some(outbound) = self.ask.take() {
            let mut outbound = outbound.lock().unwrap_or_else(PoisonError::into_inner);
            trace::meaning(|| "HTTP/1.1 100 Continue".to_string());
            outbound.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        let outcome = self.decode(buf);
        self.broken = outcome.is_err();
        outcome.map_err(io::Error::from)
    }

    fn decode(&mut self, buf: &mut [u8]) -> Result<usize, MessageError> {
        self.set_deadline(self.patience.from_now());
        let count = self.body.read(&mut self.reader, buf)?;
        self.got = self.got.saturating_add(count as u64);
        match self.limit {
            Some(limit) if self.got > limit => Err(MessageError::BodyTooLong { limit }),
            _ => Ok(count),
        }
    }

    fn trailer(&self) -> Option<Header> {
        let trailer = self.body.trailer()?;
        let mut allowed = Header::new();
        for (name, value) in trailer.iter().filter(|(name, _)| may_be_trailer(name)) {
            allowed.add(name, value);
        }
        Some(allowed)
    }

    /// The reader below, with what was read ahead first.
    pub fn into_reader(self) -> Box<dyn ConnRead> {
        Box::new(self.reader)
    }
}

// --- lending --------------------------------------------------------------------------------------------------------

/// The place where the input lies while a handler may read the body.
#[derive(Default)]
pub struct Loan {
    inbound: Mutex<Option<Inbound>>,
}

impl Loan {
    /// Lends the input.
    pub fn lend(&self, inbound: Inbound) {
        *self.inbound.lock().unwrap_or_else(PoisonError::into_inner) = Some(inbound);
    }

    /// The input back. `None` if it was hijacked, or if another thread sits in it: one that nobody waits for any more.
    pub fn take_back(&self) -> Option<Inbound> {
        self.inbound.try_lock().ok()?.take()
    }

    /// Calls `look` with the input, unless another thread sits in it or it is gone.
    pub fn with<T>(&self, look: impl FnOnce(&mut Inbound) -> T) -> Option<T> {
        self.inbound.try_lock().ok()?.as_mut().map(look)
    }
}

/// The body of a request, as its handler reads it.
pub struct RequestBody {
    loan: Arc<Loan>,
}

impl RequestBody {
    /// The body of the input that is, or will be, in `loan`.
    pub fn new(loan: Arc<Loan>) -> RequestBody {
        RequestBody { loan }
    }
}

impl Read for RequestBody {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        match self.loan.inbound.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            Some(inbound) => inbound.read_body(buf),
            None => Err(io::Error::new(
                io::ErrorKind::NotConnected,
                "the request has been answered, its body is gone",
            )),
        }
    }
}

impl BodySource for RequestBody {
    fn trailer(&mut self) -> Option<Header> {
        self.loan.inbound.lock().unwrap_or_else(PoisonError::into_inner).as_ref()?.trailer()
    }
}
