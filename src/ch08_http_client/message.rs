//! The head of a message, as values: what stands before the blank line.
//!
//! ```text
//! GET /robots.txt HTTP/1.1␍␊        HTTP/1.1 200 OK␍␊
//! Host: www.example.com␍␊           Content-Length: 14␍␊
//! ␍␊                                ␍␊
//! ```
//! [`codec`](super::codec) reads and writes it; what follows the blank line is [`framing`](super::framing)'s.

use std::fmt;

use super::header::Header;
use super::method::Method;
use super::status::Status;

/// The version of HTTP a message speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// One request per connection, unless both sides say `keep-alive`.
    Http10,
    /// A connection serves until somebody says `close`. A later 1.x counts as 1.1 (RFC 9110, 2.5).
    Http11,
    /// Streams in frames: chapter 9 has it.
    Http2,
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Version::Http10 => "HTTP/1.0",
            Version::Http11 => "HTTP/1.1",
            Version::Http2 => "HTTP/2.0",
        })
    }
}

/// The head of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestHead {
    /// What to do.
    pub method: Method,
    /// With what, as it stands in the request line: a path and query, a whole URL, `host:port` or `*` (RFC 9112, 3.2).
    pub target: String,
    /// The client's version.
    pub version: Version,
    /// The fields.
    pub header: Header,
}

/// The head of a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResponseHead {
    /// The server's version.
    pub version: Version,
    /// What became of the request.
    pub status: Status,
    /// The words beside the code. They may be missing, and may say anything.
    pub reason: String,
    /// The fields.
    pub header: Header,
}

/// Whether the connection outlives a message with this head, as far as the head says (RFC 9112, 9.3).
pub fn keeps_alive(version: Version, header: &Header) -> bool {
    if header.has_token("Connection", "close") {
        return false;
    }
    version != Version::Http10 || header.has_token("Connection", "keep-alive")
}
