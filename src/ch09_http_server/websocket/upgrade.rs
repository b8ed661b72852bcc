//! The handshake as the server sees it (RFC 6455, 4.2).
//!
//! ```text
//! GET /chat HTTP/1.1                                HTTP/1.1 101 Switching Protocols
//! Host: example.com                                 Upgrade: websocket
//! Upgrade: websocket                                Connection: Upgrade
//! Connection: Upgrade                               Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=
//! Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
//! Sec-WebSocket-Version: 13
//! ```
//! The accept value shows that the server has read *this* request as a WebSocket's, and is no cache with an old answer and no server
//! that echoes. It is no secret and proves nothing about who it is.

use std::error::Error;
use std::fmt;
use std::io;
use std::time::Duration;

use super::frame::Role;
use super::{Options, Origins, WebSocket};
use crate::base::base64;
use crate::base::deadline::Deadline;
use crate::base::show::quoted;
use crate::base::trace;
use crate::ch08_http_client::codec;
use crate::ch08_http_client::error::MessageError;
use crate::ch08_http_client::header::Header;
use crate::ch08_http_client::message::{ResponseHead, Version};
use crate::ch08_http_client::method::Method;
use crate::ch08_http_client::status::Status;
use crate::ch09_http_server::handler::{Request, ResponseWriter};
use crate::ch09_http_server::reply;
use crate::crypto::sha1::sha1;

/// What is hashed after the key: a text no other protocol has a reason to hash (RFC 6455, 1.3).
const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// The only version there is: drafts had the others.
pub const VERSION: &str = "13";

/// How long the client may take to accept the 101.
const ANSWER_TIME: Duration = Duration::from_secs(10);

/// Why a request became no WebSocket. Except for the last two, the client has been answered with [`UpgradeError::status`].
#[derive(Debug)]
#[non_exhaustive]
pub enum UpgradeError {
    /// The method is not GET.
    NotGet,
    /// The request is not HTTP/1.1.
    NotHttp11,
    /// `Upgrade` does not name `websocket`: a browser's address bar, perhaps.
    NoUpgrade,
    /// `Connection` does not name `Upgrade`: a proxy between did not pass it on.
    NoConnectionUpgrade,
    /// `Sec-WebSocket-Version` is not 13.
    BadVersion,
    /// `Sec-WebSocket-Key` is not 16 bytes in base64, or not there once.
    BadKey,
    /// A body came along. Its bytes would be taken for frames.
    HasBody,
    /// The page is from somewhere else.
    ForeignOrigin {
        /// Its origin.
        origin: String,
    },
    /// A field that the handler set may not go on the wire.
    Response(MessageError),
    /// The connection cannot be taken over, or the client did not take the answer.
    Io(io::Error),
}

impl UpgradeError {
    /// The status it is answered with.
    pub fn status(&self) -> Status {
        match self {
            UpgradeError::NotGet => Status::METHOD_NOT_ALLOWED,
            UpgradeError::NoUpgrade | UpgradeError::BadVersion => Status::UPGRADE_REQUIRED,
            UpgradeError::ForeignOrigin { .. } => Status::FORBIDDEN,
            UpgradeError::Response(_) | UpgradeError::Io(_) => Status::INTERNAL_SERVER_ERROR,
            _ => Status::BAD_REQUEST,
        }
    }
}

impl fmt::Display for UpgradeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            UpgradeError::NotGet => f.write_str("a WebSocket is asked for with GET"),
            UpgradeError::NotHttp11 => f.write_str("a WebSocket is asked for with HTTP/1.1"),
            UpgradeError::NoUpgrade => f.write_str("this is a WebSocket: ask with Upgrade: websocket"),
            UpgradeError::NoConnectionUpgrade => f.write_str("Connection does not name Upgrade"),
            UpgradeError::BadVersion => write!(f, "Sec-WebSocket-Version is not {VERSION}"),
            UpgradeError::BadKey => f.write_str("Sec-WebSocket-Key is not 16 bytes in base64"),
            UpgradeError::HasBody => f.write_str("the request has a body"),
            UpgradeError::ForeignOrigin { origin } => {
                write!(f, "pages from {} are not let in", quoted(origin, 100))
            }
            UpgradeError::Response(error) => write!(f, "{error}"),
            UpgradeError::Io(error) => write!(f, "{error}"),
        }
    }
}

impl Error for UpgradeError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            UpgradeError::Response(error) => Some(error),
            UpgradeError::Io(error) => Some(error),
            _ => None,
        }
    }
}

/// Answers 101 and takes the connection over. The fields that the handler (or a middleware) has set go out with it.
///
/// # Errors
/// Any [`UpgradeError`]; the client has been answered, and the handler has nothing left to do.
pub fn upgrade(
    response: &mut dyn ResponseWriter,
    request: &Request,
    options: &Options,
) -> Result<WebSocket, UpgradeError> {
    match check(request, options) {
        Ok(accepted) => switch(response, accepted, options),
        Err(error) => {
            trace::note(|| format!("no WebSocket: {error}"));
            refuse(response, &error);
            Err(error)
        }
    }
}

/// What the answer says.
struct Accepted {
    accept: String,
    protocol: Option<String>,
}

fn check(request: &Request, options: &Options) -> Result<Accepted, UpgradeError> {
    let header = &request.header;
    if request.method != Method::GET {
        return Err(UpgradeError::NotGet);
    }
    if request.version != Version::Http11 {
        return Err(UpgradeError::NotHttp11);
    }
    if !header.has_token("Upgrade", "websocket") {
        return Err(UpgradeError::NoUpgrade);
    }
    if !header.has_token("Connection", "Upgrade") {
        return Err(UpgradeError::NoConnectionUpgrade);
    }
    if only(header, "Sec-WebSocket-Version") != Some(VERSION) {
        return Err(UpgradeError::BadVersion);
    }
    let key = only(header, "Sec-WebSocket-Key").ok_or(UpgradeError::BadKey)?;
    if base64::decode(key).map(|bytes| bytes.len()) != Ok(16) {
        return Err(UpgradeError::BadKey);
    }
    if !request.body.is_empty() {
        return Err(UpgradeError::HasBody);
    }
    check_origin(request, &options.origins)?;
    let wanted = |mine: &&String| header.elements("Sec-WebSocket-Protocol").any(|theirs| theirs == *mine);
    let protocol = options.protocols.iter().find(wanted).cloned();
    Ok(Accepted { accept: accept_for(key), protocol })
}

/// The value of a field that may come only once.
pub(super) fn only<'a>(header: &'a Header, name: &str) -> Option<&'a str> {
    let mut values = header.values_bytes(name);
    let value = std::str::from_utf8(values.next()?).ok()?;
    if values.next().is_some() { None } else { Some(value.trim_matches([' ', '\t'])) }
}

/// The answer to a key (RFC 6455, 4.2.2).
pub fn accept_for(key: &str) -> String {
    base64::encode(&sha1(format!("{key}{GUID}").as_bytes()))
}

fn check_origin(request: &Request, origins: &Origins) -> Result<(), UpgradeError> {
    if !request.header.contains("Origin") || *origins == Origins::Any {
        return Ok(());
    }
    // Two origins are no origin, and are nobody's friend.
    let origin = only(&request.header, "Origin").unwrap_or("null");
    let is_ours = match origins {
        Origins::SameHost => is_same_host(origin, &request.host),
        Origins::Only(list) => list.iter().any(|ours| ours.eq_ignore_ascii_case(origin)),
        Origins::Any => true,
    };
    if is_ours { Ok(()) } else { Err(UpgradeError::ForeignOrigin { origin: origin.to_owned() }) }
}

/// Whether the page's host and port are those the request is for. `null` is the origin of a page that hides its own.
fn is_same_host(origin: &str, host: &str) -> bool {
    let Some((scheme, authority)) = origin.split_once("://") else { return false };
    let default_port = match scheme {
        "http" => ":80",
        "https" => ":443",
        _ => return false,
    };
    let without = |name: &str| name.strip_suffix(default_port).unwrap_or(name).to_ascii_lowercase();
    !authority.is_empty() && without(authority) == without(host)
}

/// Fields of the handler that have no place in a 101, and those we set ourselves.
const NOT_OURS: [&str; 7] = [
    "Connection",
    "Upgrade",
    "Content-Length",
    "Transfer-Encoding",
    "Sec-WebSocket-Accept",
    "Sec-WebSocket-Protocol",
    "Sec-WebSocket-Extensions",
];

fn switch(
    response: &mut dyn ResponseWriter,
    accepted: Accepted,
    options: &Options,
) -> Result<WebSocket, UpgradeError> {
    let mut header = Header::from([("Upgrade", "websocket"), ("Connection", "Upgrade")]);
    header.set("Sec-WebSocket-Accept", accepted.accept.as_str());
    if let Some(protocol) = &accepted.protocol {
        header.set("Sec-WebSocket-Protocol", protocol.as_str());
    }
    for (name, value) in response.header().iter() {
        if !NOT_OURS.iter().any(|ours| ours.eq_ignore_ascii_case(name)) {
            header.add(name, value);
        }
    }
    let status = Status::SWITCHING_PROTOCOLS;
    let head = ResponseHead { version: Version::Http11, status, reason: status.reason().to_owned(), header };
    let mut bytes = Vec::new();
    codec::write_response_head(&mut bytes, &head).map_err(UpgradeError::Response)?;
    let mut hijacked = response.hijack().map_err(UpgradeError::Io)?;
    trace::meaning(|| "101: frames from here on".to_string());
    hijacked.writer.set_write_deadline(Deadline::after(ANSWER_TIME));
    hijacked.writer.write_all(&bytes).and_then(|()| hijacked.writer.flush()).map_err(UpgradeError::Io)?;
    hijacked.reader.set_read_deadline(Deadline::NEVER);
    let mut socket = WebSocket::over(hijacked.reader, hijacked.writer, Role::Server, options);
    socket.protocol = accepted.protocol;
    Ok(socket)
}

fn refuse(response: &mut dyn ResponseWriter, error: &UpgradeError) {
    let status = error.status();
    let header = response.header();
    if status == Status::METHOD_NOT_ALLOWED {
        header.set("Allow", "GET");
    }
    if status == Status::UPGRADE_REQUIRED {
        // RFC 9110, 15.5.22, and RFC 6455, 4.4.
        header.set("Upgrade", "websocket");
        header.set("Connection", "Upgrade");
        header.set("Sec-WebSocket-Version", VERSION);
    }
    reply::error(response, &error.to_string(), status);
}
