//! What can go wrong: with the bytes of a message, which concerns both sides of it, and with a client's request as a whole.
//!
//! A server answers most [`MessageError`]s (chapter 9 says with which status); a client gives them to its caller inside an
//! [`HttpError`]. A status is neither: a response of 404 is a response.

mod client;

use std::error::Error;
use std::fmt;
use std::io;

use crate::base::show::escaped;

pub use client::{HttpError, Phase};

/// Bytes of the offending text that an error shows. It comes from a peer, and an error is a line.
const MOST_SHOWN: usize = 64;

/// What is wrong with a message.
#[derive(Debug)]
#[non_exhaustive]
pub enum MessageError {
    /// Reading or writing failed: the deadline passed, the connection was reset.
    Io(io::Error),
    /// The peer stopped in the middle of a head.
    HeadCutShort {
        /// Bytes of it that came.
        got: usize,
    },
    /// The first line has not the form of a request line or status line.
    BadStartLine {
        /// The line.
        got: Vec<u8>,
    },
    /// The method is not a token.
    BadMethod {
        /// What stands there.
        got: Vec<u8>,
    },
    /// The target has a byte in it that no target has, or none of the four forms.
    BadTarget {
        /// What stands there.
        got: Vec<u8>,
    },
    /// A version of HTTP that is not 1.x.
    UnsupportedVersion {
        /// What stands there.
        got: Vec<u8>,
    },
    /// The start line is too long.
    TargetTooLong {
        /// Bytes we take.
        limit: usize,
    },
    /// The head is too long.
    HeadTooLong {
        /// Bytes we take.
        limit: usize,
    },
    /// The head has too many fields.
    TooManyFields {
        /// Fields we take.
        limit: usize,
    },
    /// A line is no field.
    BadField {
        /// The line, or its name.
        got: Vec<u8>,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A request of HTTP/1.1 without exactly one good `Host` (RFC 9112, 3.2).
    BadHost {
        /// What is wrong with it.
        why: &'static str,
    },
    /// `Content-Length` is no number, or two that differ.
    BadLength {
        /// The value.
        got: Vec<u8>,
    },
    /// `Content-Length` and `Transfer-Encoding` in one message: one of the two lies, and whoever believes the other reads the
    /// rest of the body as the next request.
    LengthAndEncoding,
    /// A transfer coding other than a single `chunked`.
    UnsupportedEncoding {
        /// The value.
        got: Vec<u8>,
    },
    /// A chunk has no size, or more digits than a size has.
    BadChunk {
        /// The line, or the two bytes that end the data.
        got: Vec<u8>,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The peer stopped before the body's announced end.
    BodyCutShort {
        /// Bytes announced.
        wanted: u64,
        /// Bytes that came.
        got: u64,
    },
    /// The peer stopped before the last chunk.
    ChunksCutShort {
        /// Bytes of body that came.
        got: u64,
    },
    /// The body is longer than its reader takes.
    BodyTooLong {
        /// Bytes we take.
        limit: u64,
    },
    /// The writer of a body gave more or fewer bytes than it announced.
    WrongLength {
        /// Bytes announced.
        announced: u64,
        /// Bytes given, so far.
        given: u64,
    },
}

impl MessageError {
    /// A line that is no field.
    pub fn bad_field(got: &[u8], why: &'static str) -> MessageError {
        MessageError::BadField { got: got.to_vec(), why }
    }

    /// The message error a read of a body failed with: one it carries inside, or the I/O error itself.
    pub fn from_io(error: io::Error) -> MessageError {
        match error.downcast::<MessageError>() {
            Ok(inner) => inner,
            Err(error) => MessageError::Io(error),
        }
    }

    /// The kind it has as an I/O error.
    pub fn kind(&self) -> io::ErrorKind {
        match self {
            MessageError::Io(error) => error.kind(),
            MessageError::HeadCutShort { .. }
            | MessageError::BodyCutShort { .. }
            | MessageError::ChunksCutShort { .. } => io::ErrorKind::UnexpectedEof,
            MessageError::WrongLength { .. } => io::ErrorKind::InvalidInput,
            _ => io::ErrorKind::InvalidData,
        }
    }
}

impl fmt::Display for MessageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |bytes: &[u8]| escaped(bytes, MOST_SHOWN);
        match self {
            MessageError::Io(error) => write!(f, "{error}"),
            MessageError::HeadCutShort { got } => {
                write!(f, "the message ended after {got} bytes, inside its head")
            }
            MessageError::BadStartLine { got } => {
                write!(f, "the message begins with {}, which is no start line of HTTP/1", shown(got))
            }
            MessageError::BadMethod { got } => write!(f, "the method {} is not a token", shown(got)),
            MessageError::BadTarget { got } => write!(f, "{} is no request target", shown(got)),
            MessageError::UnsupportedVersion { got } => {
                write!(f, "the version is {}, and this speaks HTTP/1.0 and HTTP/1.1", shown(got))
            }
            MessageError::TargetTooLong { limit } => {
                write!(f, "the start line is longer than the {limit} bytes taken")
            }
            MessageError::HeadTooLong { limit } => {
                write!(f, "the head is longer than the {limit} bytes taken")
            }
            MessageError::TooManyFields { limit } => {
                write!(f, "the head has more than the {limit} fields taken")
            }
            MessageError::BadField { got, why } => {
                write!(f, "the field {} is refused: {why}", shown(got))
            }
            MessageError::BadHost { why } => {
                write!(f, "the request {why}; HTTP/1.1 wants exactly one Host field")
            }
            MessageError::BadLength { got } => {
                write!(f, "Content-Length is {}, where one decimal number belongs", shown(got))
            }
            MessageError::LengthAndEncoding => {
                write!(
                    f,
                    "the message has both Content-Length and Transfer-Encoding, and only one can be true"
                )
            }
            MessageError::UnsupportedEncoding { got } => {
                write!(f, "Transfer-Encoding is {}; a single \"chunked\" is taken", shown(got))
            }
            MessageError::BadChunk { got, why } => {
                write!(f, "a chunk is refused at {}: {why}", shown(got))
            }
            MessageError::BodyCutShort { wanted, got } => {
                write!(f, "the body ended after {got} of {wanted} bytes")
            }
            MessageError::ChunksCutShort { got } => {
                write!(f, "the body ended after {got} bytes, before its last chunk")
            }
            MessageError::BodyTooLong { limit } => {
                write!(f, "the body is longer than the {limit} bytes taken")
            }
            MessageError::WrongLength { announced, given } => {
                write!(f, "a body of {announced} bytes was announced, and {given} were given")
            }
        }
    }
}

impl Error for MessageError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            MessageError::Io(error) => Some(error),
            _ => None,
        }
    }
}

impl From<io::Error> for MessageError {
    fn from(error: io::Error) -> MessageError {
        MessageError::from_io(error)
    }
}

/// So that a body can be an ordinary [`io::Read`]; [`MessageError::from_io`] gets it back.
impl From<MessageError> for io::Error {
    fn from(error: MessageError) -> io::Error {
        match error {
            MessageError::Io(error) => error,
            other => io::Error::new(other.kind(), other),
        }
    }
}
