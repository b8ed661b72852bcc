//! WebSocket: messages both ways over the connection of one HTTP request (RFC 6455).
//!
//! ```text
//! client ── GET /chat HTTP/1.1, Upgrade: websocket, Sec-WebSocket-Key: … ──▶ server
//!        ◀── 101 Switching Protocols, Sec-WebSocket-Accept: … ──
//!        ◀──▶ frames: text, binary, ping, pong ◀──▶                          no HTTP any more
//!        ── Close 1000 ──▶
//!        ◀── Close 1000, end of stream ──
//! ```
//! A handler upgrades its request and keeps its thread:
//!
//! ```
//! use netprog::ch09_http_server::handler::{Request, ResponseWriter};
//! use netprog::ch09_http_server::websocket::{Message, Options, upgrade};
//!
//! fn shout(response: &mut dyn ResponseWriter, request: &mut Request) {
//!     // A request that is none for a WebSocket has been answered.
//!     let Ok(mut socket) = upgrade(response, request, &Options::default()) else { return };
//!     while let Ok(Some(message)) = socket.read() {
//!         if let Message::Text(text) = message {
//!             if socket.write_text(&text.to_uppercase()).is_err() {
//!                 return;
//!             }
//!         }
//!     }
//! }
//! # let _ = shout;
//! ```
//!
//! Read in this order:
//! 1. [`frame`]   the bytes                                     2. [`decoder`]  from bytes to messages
//! 3. [`error`]   what can go wrong, close codes                4. [`writer`], [`reader`]  the two halves
//! 5. [`upgrade`](mod@upgrade), [`client`]  the handshake from either side
//!
//! Left out: extensions (permessage-deflate, RFC 7692) and the handshake over HTTP/2 (RFC 8441). The book has no WebSocket; it is the
//! step beyond its chapter.

pub mod client;
pub mod decoder;
pub mod error;
pub mod frame;
pub mod reader;
pub mod upgrade;
pub mod writer;

use std::fmt;
use std::time::Duration;

use super::handler::{Handler, Request, ResponseWriter};
use crate::base::cancel::{Cancel, Registration};
use crate::base::conn::{ConnRead, ConnWrite};
use crate::base::deadline::Deadline;

pub use error::{CloseCode, CloseReason, Violation, WebSocketError};
pub use frame::Role;
pub use reader::WebSocketReader;
pub use upgrade::{UpgradeError, upgrade};
pub use writer::{MessageWriter, WebSocketWriter};

/// A message, whole. How many frames it came in does not matter to anybody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// Text.
    Text(String),
    /// Bytes.
    Binary(Vec<u8>),
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Message::Text(text) => write!(f, "text of {} bytes", text.len()),
            Message::Binary(bytes) => write!(f, "{} bytes", bytes.len()),
        }
    }
}

/// How a silent connection is kept, and found out when it is dead: a router that has forgotten it tells nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keepalive {
    /// Nothing has come for so long: ping.
    pub idle: Duration,
    /// Nothing has come for so long after the ping: the peer is gone.
    pub patience: Duration,
}

/// Below the minute after which most proxies and routers forget a silent connection.
impl Default for Keepalive {
    fn default() -> Keepalive {
        Keepalive { idle: Duration::from_secs(30), patience: Duration::from_secs(15) }
    }
}

/// Which pages may open a WebSocket here. A browser sends the page's origin, and sends the user's cookies with it; a page of
/// somebody else must not speak in the user's name. No other client has an `Origin`, and one without is let in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Origins {
    /// Pages from the host and port that the request itself is for.
    #[default]
    SameHost,
    /// These, as a browser writes them: `https://example.com`.
    Only(Vec<String>),
    /// Any: for services without users.
    Any,
}

/// How a WebSocket behaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Subprotocols: a server's in the order of its preference, a client's in the order of its own.
    pub protocols: Vec<String>,
    /// Which pages a server lets in.
    pub origins: Origins,
    /// Bytes of a message taken: 1 MiB. A longer one ends the connection with 1009.
    pub max_message: usize,
    /// Pings on a silent connection. They are sent while somebody reads.
    pub keepalive: Option<Keepalive>,
    /// How long the peer may take to accept one frame: 30 seconds.
    pub write_timeout: Option<Duration>,
    /// How long the peer may take to answer our Close: 5 seconds. Watched while somebody reads; a read that was blocked already
    /// looks when the keepalive does.
    pub close_timeout: Duration,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            protocols: Vec::new(),
            origins: Origins::default(),
            max_message: 1 << 20,
            keepalive: Some(Keepalive::default()),
            write_timeout: Some(Duration::from_secs(30)),
            close_timeout: Duration::from_secs(5),
        }
    }
}

/// A WebSocket. Dropping it closes the connection without a Close frame: the peer sees that it ended, and not why.
#[derive(Debug)]
pub struct WebSocket {
    reader: WebSocketReader,
    writer: WebSocketWriter,
    protocol: Option<String>,
}

impl WebSocket {
    /// A WebSocket over a connection whose handshake is done.
    pub fn over(
        reader: Box<dyn ConnRead>,
        writer: Box<dyn ConnWrite>,
        role: Role,
        options: &Options,
    ) -> WebSocket {
        let writer = WebSocketWriter::new(writer, role, options.write_timeout);
        let reader = WebSocketReader::new(reader, writer.clone(), role, options);
        WebSocket { reader, writer, protocol: None }
    }

    /// The subprotocol both sides agreed on.
    pub fn protocol(&self) -> Option<&str> {
        self.protocol.as_deref()
    }

    /// The next message; `None` when the peer has closed. Answers pings on the way.
    ///
    /// # Errors
    /// As [`WebSocketReader::read`].
    pub fn read(&mut self) -> Result<Option<Message>, WebSocketError> {
        self.reader.read()
    }

    /// Sends a message as it came.
    ///
    /// # Errors
    /// As [`WebSocketWriter::write_text`].
    pub fn write(&self, message: &Message) -> Result<(), WebSocketError> {
        match message {
            Message::Text(text) => self.writer.write_text(text),
            Message::Binary(bytes) => self.writer.write_binary(bytes),
        }
    }

    /// Sends text.
    ///
    /// # Errors
    /// As [`WebSocketWriter::write_text`].
    pub fn write_text(&self, text: &str) -> Result<(), WebSocketError> {
        self.writer.write_text(text)
    }

    /// Sends bytes.
    ///
    /// # Errors
    /// As [`WebSocketWriter::write_text`].
    pub fn write_binary(&self, bytes: &[u8]) -> Result<(), WebSocketError> {
        self.writer.write_binary(bytes)
    }

    /// Sends a ping. A later read takes the answer, which [`WebSocketReader::pongs`] counts.
    ///
    /// # Errors
    /// As [`WebSocketWriter::ping`].
    pub fn ping(&self, payload: &[u8]) -> Result<(), WebSocketError> {
        self.writer.ping(payload)
    }

    /// Why the peer closed, once it has.
    pub fn close_reason(&self) -> Option<&CloseReason> {
        self.reader.close_reason()
    }

    /// Closes: sends Close, reads on (messages under way are dropped) until the peer has answered, and ends the connection. Gives
    /// the peer's reason.
    ///
    /// # Errors
    /// As [`WebSocketWriter::close`]; as [`WebSocketReader::read`], [`WebSocketError::PeerSilent`] if it does not answer within
    /// [`Options::close_timeout`].
    pub fn close(mut self, code: CloseCode, words: &str) -> Result<CloseReason, WebSocketError> {
        self.writer.close(code, words)?;
        while self.reader.read()?.is_some() {}
        self.reader.close_reason().cloned().ok_or(WebSocketError::Closed)
    }

    /// Closes with 1001 "going away" when `cancel` ends. Dropping the registration takes that back.
    pub fn close_when(&self, cancel: &Cancel) -> Registration {
        self.writer.close_when(cancel)
    }

    /// Both deadlines at once: see [`WebSocketReader::set_deadline`] and [`WebSocketWriter::set_deadline`].
    pub fn set_deadline(&mut self, deadline: Deadline) {
        self.reader.set_deadline(deadline);
        self.writer.set_deadline(deadline);
    }

    /// The deadline of reads.
    pub fn set_read_deadline(&mut self, deadline: Deadline) {
        self.reader.set_deadline(deadline);
    }

    /// A writer for other threads. It lives as long as any of its clones does, and so does the connection.
    pub fn writer(&self) -> WebSocketWriter {
        self.writer.clone()
    }

    /// Two halves for two threads. The connection ends when both are dropped.
    pub fn split(self) -> (WebSocketReader, WebSocketWriter) {
        (self.reader, self.writer)
    }
}

/// A handler that sends every message back, and leaves when the server does.
pub fn echo_handler(options: Options) -> impl Handler {
    move |response: &mut dyn ResponseWriter, request: &mut Request| {
        // A request that is none for a WebSocket has been answered.
        let Ok(mut socket) = upgrade(response, request, &options) else { return };
        let _leaving = socket.close_when(&request.cancel);
        // How a client ends is its own affair; the one thing left to do is to go.
        while let Ok(Some(message)) = socket.read() {
            if socket.write(&message).is_err() {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests;
