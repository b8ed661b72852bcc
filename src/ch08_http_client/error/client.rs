//! What can go wrong with a client's request as a whole.

use std::error::Error;
use std::fmt;
use std::io;

use super::{MOST_SHOWN, MessageError};
use crate::base::cancel::Cause;
use crate::base::show::{escaped, quoted};
use crate::ch03_tcp::error::OpError;
use crate::ch08_http_client::status::Status;
use crate::ch08_http_client::url::UrlError;

/// What a client was doing when its time was up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Looking the host up and connecting.
    Connect,
    /// Agreeing on security.
    Handshake,
    /// Sending the request.
    Send,
    /// Waiting for the head of the response.
    ResponseHead,
    /// Reading the body of the response.
    ResponseBody,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Phase::Connect => "connecting",
            Phase::Handshake => "agreeing on security",
            Phase::Send => "sending the request",
            Phase::ResponseHead => "waiting for the response",
            Phase::ResponseBody => "reading the body",
        })
    }
}

/// Why a request has no response, or its body no end.
#[derive(Debug)]
#[non_exhaustive]
pub enum HttpError {
    /// The URL is none.
    Url(UrlError),
    /// Nothing here speaks the URL's scheme.
    UnsupportedScheme {
        /// The scheme.
        scheme: String,
        /// What would be needed.
        needed: &'static str,
    },
    /// The host could not be reached.
    Connect(OpError),
    /// The proxy did not make the tunnel it was asked for.
    TunnelRefused {
        /// The host and port asked for.
        target: String,
        /// The proxy's answer.
        status: Status,
    },
    /// A proxy from the settings is no proxy we can use.
    BadProxy {
        /// The setting.
        setting: String,
        /// What is wrong with it.
        why: String,
    },
    /// The request is none that may be sent.
    Request(MessageError),
    /// The server's response, or the connection below it.
    Response {
        /// During what.
        phase: Phase,
        /// What was wrong.
        error: MessageError,
    },
    /// The server closed without answering.
    NoResponse,
    /// The server sent more responses of class 1xx than are taken.
    TooManyInformational {
        /// How many are taken.
        limit: usize,
    },
    /// The time was up.
    TimedOut {
        /// During what.
        phase: Phase,
    },
    /// The request was cancelled.
    Cancelled {
        /// During what.
        phase: Phase,
    },
    /// One redirect led to the next, too often.
    TooManyRedirects {
        /// How many are followed.
        limit: usize,
        /// The URL that would have been next.
        next: String,
    },
    /// The redirect's `Location` is no URL.
    BadRedirect {
        /// The value, without what stands before an `@`: it may be a password.
        location: String,
        /// Why.
        error: UrlError,
    },
    /// The body's coding (gzip, deflate) does not hold together, or holds more than is taken.
    BadCoding {
        /// The coding.
        coding: String,
        /// Why.
        error: io::Error,
    },
}

impl HttpError {
    /// What an error of the connection means during `phase`, given whether the request's token has ended.
    pub fn during(phase: Phase, error: MessageError, cause: Option<Cause>) -> HttpError {
        match cause {
            Some(Cause::DeadlineExceeded) => HttpError::TimedOut { phase },
            Some(Cause::Cancelled) => HttpError::Cancelled { phase },
            None if error.kind() == io::ErrorKind::TimedOut => HttpError::TimedOut { phase },
            None => HttpError::Response { phase, error },
        }
    }

    /// The HTTP error a read of a body failed with: one it carries inside, or what the I/O error means.
    pub fn from_io(error: io::Error) -> HttpError {
        match error.downcast::<HttpError>() {
            Ok(inner) => inner,
            Err(error) => HttpError::during(Phase::ResponseBody, MessageError::from_io(error), None),
        }
    }

    /// Whether the time was up.
    pub fn is_timeout(&self) -> bool {
        match self {
            HttpError::TimedOut { .. } => true,
            HttpError::Connect(error) => error.is_timeout(),
            _ => false,
        }
    }

    /// The kind it has as an I/O error.
    pub fn kind(&self) -> io::ErrorKind {
        match self {
            HttpError::TimedOut { .. } => io::ErrorKind::TimedOut,
            HttpError::Cancelled { .. } => io::ErrorKind::ConnectionAborted,
            HttpError::Connect(error) => error.kind(),
            HttpError::Request(error) | HttpError::Response { error, .. } => error.kind(),
            HttpError::NoResponse => io::ErrorKind::UnexpectedEof,
            HttpError::Url(_) | HttpError::BadProxy { .. } => io::ErrorKind::InvalidInput,
            HttpError::UnsupportedScheme { .. } => io::ErrorKind::Unsupported,
            HttpError::BadCoding { error, .. } => error.kind(),
            HttpError::TunnelRefused { .. }
            | HttpError::TooManyInformational { .. }
            | HttpError::TooManyRedirects { .. }
            | HttpError::BadRedirect { .. } => io::ErrorKind::InvalidData,
        }
    }
}

impl fmt::Display for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HttpError::Url(error) => write!(f, "{error}"),
            HttpError::UnsupportedScheme { scheme, needed } => {
                write!(f, "cannot speak {}: {needed}", quoted(scheme, MOST_SHOWN))
            }
            HttpError::Connect(error) => write!(f, "{error}"),
            HttpError::TunnelRefused { target, status } => {
                write!(f, "the proxy made no tunnel to {target}: it answered {status}")
            }
            HttpError::BadProxy { setting, why } => {
                write!(f, "{} is no proxy: {why}", quoted(setting, MOST_SHOWN))
            }
            HttpError::Request(error) => write!(f, "the request cannot be sent: {error}"),
            HttpError::Response { phase, error } => write!(f, "{phase}: {error}"),
            HttpError::NoResponse => write!(f, "the server closed the connection without a response"),
            HttpError::TooManyInformational { limit } => {
                write!(f, "the server sent more than {limit} responses of class 1xx before the real one")
            }
            HttpError::TimedOut { phase } => write!(f, "the time was up while {phase}"),
            HttpError::Cancelled { phase } => write!(f, "cancelled while {phase}"),
            HttpError::TooManyRedirects { limit, next } => {
                write!(f, "stopped after {limit} redirects; the next would be {}", quoted(next, MOST_SHOWN))
            }
            HttpError::BadRedirect { location, error } => {
                write!(f, "the server redirects to {}: {error}", escaped(location.as_bytes(), MOST_SHOWN))
            }
            HttpError::BadCoding { coding, error } => {
                write!(f, "the body's {coding} coding is broken: {error}")
            }
        }
    }
}

impl Error for HttpError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            HttpError::Url(error) | HttpError::BadRedirect { error, .. } => Some(error),
            HttpError::Connect(error) => Some(error),
            HttpError::Request(error) | HttpError::Response { error, .. } => Some(error),
            HttpError::BadCoding { error, .. } => Some(error),
            _ => None,
        }
    }
}

impl From<UrlError> for HttpError {
    fn from(error: UrlError) -> HttpError {
        HttpError::Url(error)
    }
}

/// So that a body can be an ordinary [`io::Read`]; [`HttpError::from_io`] gets it back.
impl From<HttpError> for io::Error {
    fn from(error: HttpError) -> io::Error {
        io::Error::new(error.kind(), error)
    }
}
