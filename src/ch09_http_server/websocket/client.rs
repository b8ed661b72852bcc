//! The handshake as the client sees it (RFC 6455, 4.1).
//!
//! [`Handshake`] makes the request and judges the answer; who carries them is another matter. [`connect`] lets a client's transport do it,
//! [`open`] takes a connection that leads to the server.

use std::error::Error;
use std::fmt;
use std::io::{self, BufReader};

use super::frame::Role;
use super::upgrade::{VERSION, accept_for, only};
use super::{Options, WebSocket};
use crate::base::cancel::Cancel;
use crate::base::conn::{Conn, ConnWrite, Halves};
use crate::base::deadline::Deadline;
use crate::base::{base64, random, trace};
use crate::ch08_http_client::codec::{self, HeadLimits};
use crate::ch08_http_client::error::{HttpError, MessageError};
use crate::ch08_http_client::header::Header;
use crate::ch08_http_client::message::{RequestHead, Version};
use crate::ch08_http_client::method::Method;
use crate::ch08_http_client::request::{Request, RoundTrip};
use crate::ch08_http_client::status::Status;

/// Why a server gave no WebSocket.
#[derive(Debug)]
#[non_exhaustive]
pub enum ConnectError {
    /// The URL's scheme is neither `ws` nor `wss`.
    NotWebSocket,
    /// The request or its answer: the URL, the host, the connection, the deadline.
    Http(HttpError),
    /// The server answered with another status than 101.
    Refused {
        /// The status.
        status: Status,
        /// The fields: a 3xx has a `Location`, a 401 a challenge.
        header: Header,
    },
    /// A 101 that breaks the rules of the handshake.
    BadAnswer(&'static str),
    /// The connection, or the system's source of randomness.
    Io(io::Error),
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ConnectError::NotWebSocket => f.write_str("the URL begins with neither ws:// nor wss://"),
            ConnectError::Http(error) => write!(f, "{error}"),
            ConnectError::Refused { status, .. } => {
                write!(f, "the server answered {status} where 101 was to come")
            }
            ConnectError::BadAnswer(why) => write!(f, "the server's 101 is refused: {why}"),
            ConnectError::Io(error) => write!(f, "{error}"),
        }
    }
}

impl Error for ConnectError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            ConnectError::Http(error) => Some(error),
            ConnectError::Io(error) => Some(error),
            _ => None,
        }
    }
}

impl From<HttpError> for ConnectError {
    fn from(error: HttpError) -> ConnectError {
        ConnectError::Http(error)
    }
}

impl From<io::Error> for ConnectError {
    fn from(error: io::Error) -> ConnectError {
        ConnectError::Io(error)
    }
}

impl From<MessageError> for ConnectError {
    fn from(error: MessageError) -> ConnectError {
        ConnectError::Http(HttpError::from_io(error.into()))
    }
}

/// A request under way, and what its answer must say.
pub struct Handshake {
    /// The request, to an `http` or `https` URL. Cookies, an `Origin` or credentials may be added.
    pub request: Request,
    key: String,
    protocols: Vec<String>,
}

impl Handshake {
    /// The request for a WebSocket at a `ws` or `wss` URL, with a fresh key.
    ///
    /// # Errors
    /// [`ConnectError::NotWebSocket`], [`ConnectError::Http`] for a URL that is none, [`ConnectError::Io`] without randomness.
    pub fn new(url: &str, options: &Options) -> Result<Handshake, ConnectError> {
        let mut request = Request::new(Method::GET, &http_url(url)?)?;
        let key = base64::encode(&random::vec(16)?);
        let header = &mut request.header;
        header.set("Upgrade", "websocket");
        header.set("Connection", "Upgrade");
        header.set("Sec-WebSocket-Key", key.as_str());
        header.set("Sec-WebSocket-Version", VERSION);
        if !options.protocols.is_empty() {
            header.set("Sec-WebSocket-Protocol", options.protocols.join(", "));
        }
        Ok(Handshake { request, key, protocols: options.protocols.clone() })
    }

    /// Judges an answer: the subprotocol the server chose.
    ///
    /// # Errors
    /// [`ConnectError::Refused`], [`ConnectError::BadAnswer`].
    pub fn judge(&self, status: Status, header: &Header) -> Result<Option<String>, ConnectError> {
        if status != Status::SWITCHING_PROTOCOLS {
            return Err(ConnectError::Refused { status, header: header.clone() });
        }
        if !header.has_token("Upgrade", "websocket") {
            return Err(ConnectError::BadAnswer("Upgrade does not name websocket"));
        }
        if !header.has_token("Connection", "Upgrade") {
            return Err(ConnectError::BadAnswer("Connection does not name Upgrade"));
        }
        if only(header, "Sec-WebSocket-Accept") != Some(accept_for(&self.key).as_str()) {
            return Err(ConnectError::BadAnswer("Sec-WebSocket-Accept is not the answer to our key"));
        }
        if header.contains("Sec-WebSocket-Extensions") {
            return Err(ConnectError::BadAnswer("it uses an extension, and we offered none"));
        }
        if !header.contains("Sec-WebSocket-Protocol") {
            return Ok(None);
        }
        let chosen = only(header, "Sec-WebSocket-Protocol");
        match chosen.filter(|chosen| self.protocols.iter().any(|ours| ours == chosen)) {
            Some(chosen) => Ok(Some(chosen.to_owned())),
            None => Err(ConnectError::BadAnswer("it chose a subprotocol that we did not offer")),
        }
    }
}

impl fmt::Debug for Handshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WebSocket handshake: {:?}", self.request)
    }
}

/// `ws` is HTTP's port and `wss` that of HTTPS (RFC 6455, 3).
fn http_url(url: &str) -> Result<String, ConnectError> {
    let Some((scheme, rest)) = url.split_once("://") else { return Err(ConnectError::NotWebSocket) };
    match scheme.to_ascii_lowercase().as_str() {
        "ws" => Ok(format!("http://{rest}")),
        "wss" => Ok(format!("https://{rest}")),
        _ => Err(ConnectError::NotWebSocket),
    }
}

/// Asks for a WebSocket at a `ws` or `wss` URL, before `cancel` ends. The transport knows how to get there: through which proxy, with
/// which TLS.
///
/// # Errors
/// Any [`ConnectError`].
pub fn connect(
    transport: &dyn RoundTrip,
    url: &str,
    options: &Options,
    cancel: &Cancel,
) -> Result<WebSocket, ConnectError> {
    let mut handshake = Handshake::new(url, options)?;
    handshake.request.cancel = cancel.clone();
    let response = transport.round_trip(&mut handshake.request)?;
    let protocol = handshake.judge(response.status, &response.header)?;
    let halves = response.upgraded.ok_or(ConnectError::BadAnswer("the connection did not come with it"))?;
    Ok(client_over(halves, &[], protocol, options))
}

fn client_over(halves: Halves, ahead: &[u8], protocol: Option<String>, options: &Options) -> WebSocket {
    let (reader, writer) = halves;
    let mut socket = WebSocket::over(reader, writer, Role::Client, options);
    // What the server sent right behind its 101.
    socket.reader.put_back(ahead);
    socket.protocol = protocol;
    socket
}

/// Opens a WebSocket over a connection that leads to the server, before `cancel` ends.
///
/// # Errors
/// Any [`ConnectError`].
pub fn open(
    conn: Box<dyn Conn>,
    url: &str,
    options: &Options,
    cancel: &Cancel,
) -> Result<WebSocket, ConnectError> {
    run(Handshake::new(url, options)?, conn, options, cancel)
}

/// Carries a handshake over a connection, for requests with fields of one's own.
///
/// # Errors
/// Any [`ConnectError`].
pub fn run(
    handshake: Handshake,
    conn: Box<dyn Conn>,
    options: &Options,
    cancel: &Cancel,
) -> Result<WebSocket, ConnectError> {
    let interrupter = conn.interrupter();
    let (mut reader, mut writer) = conn.split()?;
    let ending = cancel.on_end(move |_| interrupter.interrupt());
    writer.set_write_deadline(cancel.deadline());
    send(&handshake, &mut *writer).map_err(|error| during(error, cancel))?;
    reader.set_read_deadline(cancel.deadline());
    let mut buffered = BufReader::new(reader);
    let head = match codec::read_response_head(&mut buffered, HeadLimits::default()) {
        Ok(Some(head)) => head,
        Ok(None) => return Err(HttpError::NoResponse.into()),
        Err(error) => return Err(during(error.into(), cancel)),
    };
    drop(ending);
    let protocol = handshake.judge(head.status, &head.header)?;
    let ahead = buffered.buffer().to_vec();
    let mut reader = buffered.into_inner();
    reader.set_read_deadline(Deadline::NEVER);
    Ok(client_over((reader, writer), &ahead, protocol, options))
}

fn send(handshake: &Handshake, writer: &mut dyn ConnWrite) -> Result<(), ConnectError> {
    let request = &handshake.request;
    let mut header = Header::new();
    header.set("Host", request.url.host_header());
    for (name, value) in request.header.iter() {
        header.add(name, value);
    }
    let target = request.url.request_target();
    let head = RequestHead { method: request.method.clone(), target, version: Version::Http11, header };
    let mut bytes = Vec::new();
    codec::write_request_head(&mut bytes, &head).map_err(HttpError::Request)?;
    trace::meaning(|| format!("GET {}: a WebSocket, please", head.target));
    writer.write_all(&bytes)?;
    writer.flush()?;
    Ok(())
}

/// The token's word on what went wrong while it ended.
fn during(error: ConnectError, cancel: &Cancel) -> ConnectError {
    match cancel.cause() {
        Some(cause) => ConnectError::Io(cause.into()),
        None => error,
    }
}
