//! What a server calls for each request, and what it hands over: Go's `http.Handler`, `ResponseWriter` and `Request`.
//!
//! ```text
//! request ──▶ multiplexer ──▶ middleware ──▶ handler ──▶ response writer ──▶ client
//! ```
//! The multiplexer and every middleware are handlers too. A plain function is one:
//!
//! ```
//! use netprog::ch09_http_server::handler::{Handler, Request, ResponseWriter};
//!
//! fn hello(response: &mut dyn ResponseWriter, _request: &mut Request) {
//!     // A write to a client that has gone fails, and is not worth more than counting.
//!     let _ = response.write_all(b"Hello, world!");
//! }
//! let _handler: &dyn Handler = &hello;
//! ```
//!
//! Book: "Handlers", Figure 9-1.

use std::fmt;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::Arc;

use crate::base::cancel::Cancel;
use crate::base::conn::{Address, ConnRead, ConnWrite, SecurityInfo};
use crate::base::deadline::Deadline;
use crate::ch08_http_client::body::Body;
use crate::ch08_http_client::header::Header;
use crate::ch08_http_client::message::Version;
use crate::ch08_http_client::method::Method;
use crate::ch08_http_client::status::Status;

/// Answers requests. Many threads call the same handler at once.
pub trait Handler: Send + Sync {
    /// Reads the request and writes the response. What it returns without writing anything is an empty 200.
    fn serve(&self, response: &mut dyn ResponseWriter, request: &mut Request);
}

impl<F> Handler for F
where
    F: Fn(&mut dyn ResponseWriter, &mut Request) + Send + Sync,
{
    fn serve(&self, response: &mut dyn ResponseWriter, request: &mut Request) {
        self(response, request);
    }
}

/// A handler as middleware passes it on: shared, because a middleware may outlive the call (a time-out does).
pub type SharedHandler = Arc<dyn Handler>;

/// Writes one response: the fields, then the status, then the body.
///
/// * The first byte of body without a status before it means 200.
/// * What is done to the fields after that is too late.
/// * Reaching a client is not reading by it: a write succeeds when the system has taken the bytes.
///
/// What not every connection can do (flushing apart, which is [`Write::flush`]) is a method that by default answers
/// [`io::ErrorKind::Unsupported`]. So a middleware that wraps a writer passes on what it can, and nothing is lost in a cast.
pub trait ResponseWriter: Write {
    /// The fields, to be set before the first byte of body.
    fn header(&mut self) -> &mut Header;

    /// Sends the status and the fields. A second call is reported as superfluous and changes nothing.
    fn write_status(&mut self, status: Status);

    /// The fields that follow the body, if it is sent in chunks: to be set before the handler returns.
    fn trailer(&mut self) -> &mut Header;

    /// Sends a response of class 1xx before the real one: 103 with `Link` fields.
    ///
    /// # Errors
    /// `Unsupported` by default; the connection's.
    fn inform(&mut self, _status: Status, _header: &Header) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Writes `length` bytes of a file from `offset` on, by the kernel where it can.
    ///
    /// # Errors
    /// The file's and the connection's; `UnexpectedEof` if the file has become shorter.
    fn write_file(&mut self, file: &mut File, offset: u64, length: u64) -> io::Result<()> {
        copy_part(file, offset, length, self)
    }

    /// Reading the request's body fails from this moment on, in place of the server's limit.
    ///
    /// # Errors
    /// `Unsupported` by default.
    fn set_read_deadline(&mut self, _deadline: Deadline) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Writing the response fails from this moment on, in place of the server's limit.
    ///
    /// # Errors
    /// `Unsupported` by default.
    fn set_write_deadline(&mut self, _deadline: Deadline) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Whether the client is known to have gone, so that nobody reads what a handler goes on computing. Cheap and never
    /// blocks: a handler that works or waits for long asks now and then, for nobody else can while its thread is busy. When
    /// it is so, the request's token ends too. A client that has only finished sending (FIN) counts as gone, as in Go.
    fn client_has_gone(&mut self) -> bool {
        false
    }

    /// Takes the connection away from the server, for a protocol that is not HTTP. Nothing may have been written before.
    ///
    /// # Errors
    /// `Unsupported` by default: a stream of HTTP/2 has no connection of its own.
    fn hijack(&mut self) -> io::Result<Hijacked> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Sends another resource before the client asks for it, by the path the client would ask with.
    ///
    /// # Errors
    /// `Unsupported` by default: HTTP/1 cannot.
    fn push(&mut self, _target: &str, _header: &Header) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// Bytes copied at a time: few calls for a large file, and no more memory than that per copy.
const COPY_BYTES: usize = 64 * 1024;

/// Writes `length` bytes of `from`, beginning at `offset`: what [`ResponseWriter::write_file`] does where the kernel cannot.
pub(super) fn copy_part(
    from: &mut (impl Read + Seek + ?Sized),
    offset: u64,
    length: u64,
    to: &mut (impl Write + ?Sized),
) -> io::Result<()> {
    if length == 0 {
        return Ok(());
    }
    from.seek(SeekFrom::Start(offset))?;
    let mut buf = vec![0; usize::try_from(length).unwrap_or(usize::MAX).min(COPY_BYTES)];
    let mut left = length;
    while left > 0 {
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(buf.len());
        match from.read(&mut buf[..most]) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => {
                to.write_all(&buf[..count])?;
                left -= count as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// A connection that is no longer the server's.
pub struct Hijacked {
    /// What the client sends; first what the server had read ahead.
    pub reader: Box<dyn ConnRead>,
    /// What the client gets.
    pub writer: Box<dyn ConnWrite>,
}

/// A request as a handler sees it.
pub struct Request {
    /// What to do.
    pub method: Method,
    /// The target as it stands in the request line.
    pub target: String,
    /// The path, percent-decoded: what is matched, stripped and looked up. `*` for `OPTIONS *`, empty for CONNECT.
    pub path: String,
    /// What follows the `?`, as it was written.
    pub query: Option<String>,
    /// The host asked for, with the port if the client named it: the target's, or else the `Host` field's. Empty in an HTTP/1.0
    /// request without one.
    pub host: String,
    /// The client's version.
    pub version: Version,
    /// The fields.
    pub header: Header,
    /// The body, still on the connection.
    pub body: Body,
    /// The client.
    pub peer: Address,
    /// The address it reached us by.
    pub local: Address,
    /// What is known of the client, if the connection is secured.
    pub security: Option<SecurityInfo>,
    /// Ends when the answer is no longer wanted: the client has gone, a middleware's time is up, the server closes.
    pub cancel: Cancel,
    /// What stood in the place of the pattern's names, as `{name}` of a multiplexer.
    pub path_values: Vec<(String, String)>,
}

impl Request {
    /// A request without fields or body, from nobody: something to build a test on, and what is left where a request was
    /// taken out.
    pub fn new(method: Method, path: &str) -> Request {
        Request {
            method,
            target: path.to_owned(),
            path: path.to_owned(),
            query: None,
            host: String::new(),
            version: Version::Http11,
            header: Header::new(),
            body: Body::empty(),
            peer: Address::Memory("client".to_owned()),
            local: Address::Memory("server".to_owned()),
            security: None,
            cancel: Cancel::new(),
            path_values: Vec::new(),
        }
    }

    /// What stood in the place of `{name}` in the pattern that matched.
    pub fn path_value(&self, name: &str) -> Option<&str> {
        self.path_values.iter().find(|(its_name, _)| its_name == name).map(|(_, value)| value.as_str())
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} from {}", self.method, self.target, self.peer)
    }
}
