//! What a web server says about itself: one `HEAD` request written by hand, and the reply read to its end.
//!
//! ```text
//! client ─▶ HEAD / HTTP/1.0 CR LF
//!           CR LF
//! server ─▶ HTTP/1.0 200 OK CR LF
//!           Content-Length: 18074 CR LF     the length a GET would have; no body follows a HEAD
//!           CR LF
//!           FIN                             HTTP/1.0: the end of the connection ends the reply
//! ```
//! The reply may come in any number of pieces, so one read into a fixed buffer shows its beginning at best.
//!
//! Notes: "TCP client", `GetHeadInfo`. Watch it run: `ch04_head localhost:80`. Chapter 8 has a real client.

use std::error::Error;
use std::fmt;
use std::io::{self, Read};
use std::time::Duration;

use crate::base::cancel::Cancel;
use crate::base::conn::{Conn, TcpConn};
use crate::base::deadline::Deadline;
use crate::base::show::{escaped, printable};
use crate::base::trace;
use crate::ch03_tcp::address::Network;
use crate::ch03_tcp::dial::Dialer;
use crate::ch03_tcp::error::{OpError, Step};

/// The longest reply taken. Heads have a few kilobytes; this leaves room for a server that sends a small page after all.
pub const MAX_REPLY_BYTES: usize = 256 * 1024;

/// What to ask, and how long to wait for all of it.
#[derive(Clone, Debug)]
pub struct HeadRequest {
    /// The document.
    pub path: String,
    /// The name of the site, for servers that have several. The notes' request does without.
    pub host: Option<String>,
    /// For connecting, writing and reading together.
    pub timeout: Duration,
}

impl Default for HeadRequest {
    fn default() -> HeadRequest {
        HeadRequest { path: "/".to_string(), host: None, timeout: Duration::from_secs(10) }
    }
}

impl HeadRequest {
    /// The request as bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut text = format!("HEAD {} HTTP/1.0\r\n", self.path);
        if let Some(host) = &self.host {
            text.push_str(&format!("Host: {host}\r\n"));
        }
        text.push_str("\r\n");
        text.into_bytes()
    }

    /// A line break in the path or the host would begin a header, or a request, of its own.
    fn check(&self) -> Result<(), HeadError> {
        for text in [Some(&self.path), self.host.as_ref()].into_iter().flatten() {
            if text.is_empty() || text.bytes().any(|byte| byte <= b' ' || byte == 0x7f) {
                return Err(HeadError::Unsendable { text: text.clone() });
            }
        }
        Ok(())
    }
}

/// What a server answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Everything it sent.
    pub bytes: Vec<u8>,
}

impl Head {
    /// The status line and the headers, a line each, without the line ends. Control characters are escaped: what a server
    /// sends is no command for the terminal.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for line in self.bytes.split(|byte| *byte == b'\n') {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if line.is_empty() {
                break;
            }
            lines.push(printable(line));
        }
        lines
    }

    /// The number in the status line.
    pub fn status(&self) -> Option<u16> {
        let line = self.bytes.split(|byte| *byte == b'\n').next()?;
        let text = std::str::from_utf8(line).ok()?;
        text.split_whitespace().nth(1)?.parse().ok()
    }

    /// What came behind the empty line. A reply to `HEAD` has nothing there.
    pub fn body(&self) -> &[u8] {
        for end in [b"\r\n\r\n".as_slice(), b"\n\n"] {
            if let Some(at) = self.bytes.windows(end.len()).position(|window| window == end) {
                return &self.bytes[at + end.len()..];
            }
        }
        &[]
    }
}

/// Where it failed. The first four are the notes' four checks.
#[derive(Debug)]
pub enum HeadError {
    /// The address is none, or its name stands for nothing.
    Address {
        /// Why.
        source: OpError,
    },
    /// Nobody could be connected to.
    Connect {
        /// Why.
        source: OpError,
    },
    /// The server took no request.
    Write {
        /// Why.
        source: io::Error,
    },
    /// The reply did not come to its end.
    Read {
        /// Bytes that came before.
        got: usize,
        /// Why.
        source: io::Error,
    },
    /// The server sent more than we take.
    TooLong {
        /// What we take.
        limit: usize,
    },
    /// What came is no HTTP reply.
    NotHttp {
        /// How it begins.
        begins: String,
    },
    /// A path or host that would break the request apart.
    Unsendable {
        /// It.
        text: String,
    },
}

impl fmt::Display for HeadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HeadError::Address { source } | HeadError::Connect { source } => write!(f, "{source}"),
            HeadError::Write { source } => write!(f, "writing the request: {source}"),
            HeadError::Read { got, source } => {
                write!(f, "reading the reply, after {got} bytes of it: {source}")
            }
            HeadError::TooLong { limit } => {
                write!(f, "the server sent more than the {limit} bytes we take")
            }
            HeadError::NotHttp { begins } => {
                write!(f, "the server sent {begins}, and a reply begins with HTTP/")
            }
            HeadError::Unsendable { text } => {
                write!(f, "{text:?} cannot stand in a request: it is empty or has spaces or line breaks")
            }
        }
    }
}

impl Error for HeadError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            HeadError::Address { source } | HeadError::Connect { source } => Some(source),
            HeadError::Write { source } | HeadError::Read { source, .. } => Some(source),
            HeadError::TooLong { .. } | HeadError::NotHttp { .. } | HeadError::Unsendable { .. } => None,
        }
    }
}

/// Asks the server at `service` (`host:port`).
///
/// # Errors
/// Each step has its variant of [`HeadError`].
pub fn head(service: &str, request: &HeadRequest) -> Result<Head, HeadError> {
    let deadline = Deadline::after(request.timeout);
    request.check()?;
    let mut conn = dial(service, deadline)?;
    conn.set_deadline(deadline);
    ask(&mut conn, request)
}

fn dial(service: &str, deadline: Deadline) -> Result<TcpConn, HeadError> {
    let token = Cancel::new().child_before(deadline);
    Dialer::default().dial_before(Network::Tcp, service, &token).map_err(|source| match source.step {
        Step::Address | Step::Lookup => HeadError::Address { source },
        _ => HeadError::Connect { source },
    })
}

/// Asks over a connection that stands. Its deadline is the caller's to set.
///
/// # Errors
/// As [`head`], from the writing on.
pub fn ask(conn: &mut dyn Conn, request: &HeadRequest) -> Result<Head, HeadError> {
    request.check()?;
    trace::meaning(|| format!("asks for the head of {}", request.path));
    conn.write_all(&request.encode()).map_err(|source| HeadError::Write { source })?;
    let bytes = read_to_the_end(conn, MAX_REPLY_BYTES)?;
    if !bytes.starts_with(b"HTTP/") {
        return Err(HeadError::NotHttp { begins: escaped(&bytes, 40) });
    }
    Ok(Head { bytes })
}

/// Go's `ioutil.ReadAll`, with a limit: a server that never stops must not fill our memory.
fn read_to_the_end(conn: &mut dyn Conn, limit: usize) -> Result<Vec<u8>, HeadError> {
    let mut bytes = Vec::new();
    // One byte more than we take tells a reply of exactly that length from a longer one.
    let mut limited = conn.take(limit as u64 + 1);
    if let Err(source) = limited.read_to_end(&mut bytes) {
        return Err(HeadError::Read { got: bytes.len(), source });
    }
    if bytes.len() > limit {
        return Err(HeadError::TooLong { limit });
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_request_of_the_notes_has_eighteen_bytes_and_a_host_is_a_line_more() {
        assert_eq!(HeadRequest::default().encode(), b"HEAD / HTTP/1.0\r\n\r\n");
        let named = HeadRequest {
            path: "/index.html".to_string(),
            host: Some("example.com".to_string()),
            ..HeadRequest::default()
        };
        assert_eq!(named.encode(), b"HEAD /index.html HTTP/1.0\r\nHost: example.com\r\n\r\n");
    }

    #[test]
    fn a_line_break_in_the_path_does_not_become_a_header() {
        for path in ["/\r\nX: y", "/a b", "", "/\x7f"] {
            let request = HeadRequest { path: path.to_string(), ..HeadRequest::default() };
            assert!(matches!(request.check(), Err(HeadError::Unsendable { .. })), "{path:?}");
        }
    }

    #[test]
    fn a_reply_is_taken_apart_with_either_line_end_and_with_none() {
        let reply = Head { bytes: b"HTTP/1.0 200 OK\r\nContent-Length: 18074\r\n\r\n".to_vec() };
        assert_eq!(reply.lines(), ["HTTP/1.0 200 OK", "Content-Length: 18074"]);
        assert_eq!((reply.status(), reply.body()), (Some(200), b"".as_slice()));
        let bare = Head { bytes: b"HTTP/1.0 404 No\nA: b\n\nbody".to_vec() };
        assert_eq!(bare.lines(), ["HTTP/1.0 404 No", "A: b"]);
        assert_eq!((bare.status(), bare.body()), (Some(404), b"body".as_slice()));
        let cut = Head { bytes: b"HTTP/1.0".to_vec() };
        assert_eq!(
            (cut.lines(), cut.status(), cut.body()),
            (vec!["HTTP/1.0".to_string()], None, b"".as_slice())
        );
    }

    #[test]
    fn what_a_server_sends_is_no_command_for_the_terminal() {
        let reply = Head { bytes: b"HTTP/1.0 200 OK\r\nX: \x1b[2J\xff\r\n\r\n".to_vec() };
        assert_eq!(reply.lines()[1], "X: \\u{1b}[2J\u{fffd}");
    }
}
