//! What a client wants done with a resource: `GET`, `POST` and seven more.
//!
//! A method is a token and its case counts: `get` is not `GET`, but another method that nobody knows (RFC 9110, 9.1). Two
//! properties decide what others may do with a request: a *safe* one changes nothing, so a crawler may send it; an
//! *idempotent* one may be sent twice, so a client may repeat it when a connection broke before the answer came.
//!
//! Book: "Client Resource Requests".

use std::borrow::Cow;
use std::fmt;

use super::error::MessageError;
use super::header::is_token;

/// A request method.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Method(Cow<'static, str>);

impl Method {
    /// Send me the resource.
    pub const GET: Method = Method(Cow::Borrowed("GET"));
    /// As GET, without the body: to learn the size first.
    pub const HEAD: Method = Method(Cow::Borrowed("HEAD"));
    /// Take this, and do with it what the resource does.
    pub const POST: Method = Method(Cow::Borrowed("POST"));
    /// Keep this as the resource, in place of what was there.
    pub const PUT: Method = Method(Cow::Borrowed("PUT"));
    /// Change a part of the resource (RFC 5789).
    pub const PATCH: Method = Method(Cow::Borrowed("PATCH"));
    /// Remove the resource.
    pub const DELETE: Method = Method(Cow::Borrowed("DELETE"));
    /// Which methods does the resource know?
    pub const OPTIONS: Method = Method(Cow::Borrowed("OPTIONS"));
    /// Make a tunnel to this host and port.
    pub const CONNECT: Method = Method(Cow::Borrowed("CONNECT"));
    /// Send my request back to me, as it arrived.
    pub const TRACE: Method = Method(Cow::Borrowed("TRACE"));

    /// The nine methods of RFC 9110 and RFC 5789.
    pub const KNOWN: [Method; 9] = [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::OPTIONS,
        Method::CONNECT,
        Method::TRACE,
    ];

    /// The method with this name, which may be one that nobody registered.
    ///
    /// # Errors
    /// [`MessageError::BadMethod`] if it is not a token.
    pub fn from_token(name: &[u8]) -> Result<Method, MessageError> {
        for known in Method::KNOWN {
            if known.0.as_bytes() == name {
                return Ok(known);
            }
        }
        match std::str::from_utf8(name) {
            Ok(text) if is_token(name) => Ok(Method(Cow::Owned(text.to_owned()))),
            _ => Err(MessageError::BadMethod { got: name.to_vec() }),
        }
    }

    /// Its name, as it stands in the request line.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is one of the nine.
    pub fn is_known(&self) -> bool {
        Method::KNOWN.contains(self)
    }

    /// Whether it only reads (RFC 9110, 9.2.1).
    pub fn is_safe(&self) -> bool {
        matches!(self.as_str(), "GET" | "HEAD" | "OPTIONS" | "TRACE")
    }

    /// Whether sending it twice does what sending it once does (RFC 9110, 9.2.2).
    pub fn is_idempotent(&self) -> bool {
        self.is_safe() || matches!(self.as_str(), "PUT" | "DELETE")
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl PartialEq<str> for Method {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}
