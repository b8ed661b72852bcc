//! A request as a client makes it, and the response it gets.
//!
//! Book: "Using Go's HTTP client", Listings 8-2 to 8-5, 8-10.

use std::fmt;

use super::body::Body;
use super::error::{HttpError, MessageError};
use super::header::Header;
use super::message::Version;
use super::method::Method;
use super::status::Status;
use super::url::Url;
use crate::base::cancel::Cancel;
use crate::base::conn::Halves;

/// A request to send.
pub struct Request {
    /// What to do.
    pub method: Method,
    /// With what. Its fragment stays here; its userinfo becomes an `Authorization` field.
    pub url: Url,
    /// The fields. `Host`, `User-Agent`, `Accept-Encoding`, `Content-Length` and `Transfer-Encoding` are added where they are
    /// missing; an empty `User-Agent` means none.
    pub header: Header,
    /// The body. With a known length it is sent with `Content-Length`, else in chunks.
    pub body: Body,
    /// Fields to send after a body in chunks. Their names are announced in a `Trailer` field.
    pub trailer: Header,
    /// Whether the connection is to be closed after the response (`Connection: close`). Listing "Disabling Persistent TCP
    /// Connections".
    pub close: bool,
    /// Ends the request, and the reading of the response's body, from any thread or at its deadline.
    pub cancel: Cancel,
}

impl Request {
    /// A request without fields or body.
    ///
    /// # Errors
    /// [`HttpError::Url`] if `url` is none.
    pub fn new(method: Method, url: &str) -> Result<Request, HttpError> {
        Ok(Request::to(method, Url::parse(url)?))
    }

    /// A request without fields or body to a URL that has been parsed.
    pub fn to(method: Method, url: Url) -> Request {
        Request {
            method,
            url,
            header: Header::new(),
            body: Body::empty(),
            trailer: Header::new(),
            close: false,
            cancel: Cancel::new(),
        }
    }

    /// The same request with this body, of this media type.
    #[must_use]
    pub fn with_body(mut self, media_type: &str, body: impl Into<Body>) -> Request {
        self.header.set("Content-Type", media_type);
        self.body = body.into();
        self
    }

    /// The same request under this token: Go's `http.NewRequestWithContext`.
    #[must_use]
    pub fn with_cancel(mut self, cancel: &Cancel) -> Request {
        self.cancel = cancel.clone();
        self
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.url.without_userinfo())
    }
}

/// A response. Its status may be any; its body is still on the connection.
///
/// Nothing in it says that a transport has decoded its body (Go's `Uncompressed`): [`coding`](super::coding) tells how to see it, and
/// [`observer`](super::observer) shows the head as it came.
pub struct Response {
    /// The server's version.
    pub version: Version,
    /// What became of the request.
    pub status: Status,
    /// The words beside the status code.
    pub reason: String,
    /// The fields.
    pub header: Header,
    /// The body, read when the caller reads it.
    pub body: Body,
    /// The URL that gave this response, after redirects.
    pub url: Url,
    /// The responses of class 1xx that came before it: 103 with `Link` fields.
    pub informational: Vec<(Status, Header)>,
    /// The connection, where it speaks another protocol from here on: after 101, and after a 2xx to CONNECT. None if the server
    /// switched before it had the whole request.
    pub upgraded: Option<Halves>,
}

impl Response {
    /// All of the body, if it is at most `limit` bytes.
    ///
    /// # Errors
    /// [`HttpError::Response`] with what was wrong: [`MessageError::BodyTooLong`], [`MessageError::BodyCutShort`], …;
    /// [`HttpError::TimedOut`] and [`HttpError::Cancelled`] as the request's token says.
    pub fn read_all(&mut self, limit: u64) -> Result<Vec<u8>, HttpError> {
        self.body.read_all(limit).map_err(|error: MessageError| HttpError::from_io(error.into()))
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} from {}", self.version, self.status, self.url.without_userinfo())
    }
}

/// Sends one request and gives its response, whatever the status: no redirects, no cookies. Go's `http.RoundTripper`.
/// HTTP/1.1 is one implementation; HTTP/2 will be another.
pub trait RoundTrip: Send + Sync {
    /// Sends `request`, whose body is used up by it.
    ///
    /// # Errors
    /// Any [`HttpError`] but those about redirects.
    fn round_trip(&self, request: &mut Request) -> Result<Response, HttpError>;
}
