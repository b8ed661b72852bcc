//! What can be wrong with a multipart body, and with what should become one.

use std::fmt;
use std::io;

use crate::base::show::{bytes_count, escaped, quoted};
use crate::ch08_http_client::error::MessageError;
use crate::ch08_http_client::media_type::MediaTypeError;

/// More of a peer's text than this we do not show.
const SHOWN: usize = 64;

/// Why there is no part, or no body.
#[derive(Debug)]
#[non_exhaustive]
pub enum MultipartError {
    /// Reading or writing failed.
    Io(io::Error),
    /// The `Content-Type` is no media type.
    MediaType(MediaTypeError),
    /// The `Content-Type` is another one; which, or none.
    NotMultipart(Option<String>),
    /// The `Content-Type` has no boundary.
    NoBoundary,
    /// A boundary nobody may use; the boundary.
    BadBoundary(String),
    /// A line begins like a delimiter and goes on differently; its beginning.
    BadDelimiter(Vec<u8>),
    /// The body ended before its terminator.
    CutShort {
        /// Parts that had begun.
        parts: usize,
    },
    /// The head of a part.
    Head(MessageError),
    /// More parts than are taken.
    TooManyParts {
        /// Parts we take.
        limit: usize,
    },
    /// A part's `Content-Disposition` cannot be read.
    BadDisposition {
        /// The value.
        got: Vec<u8>,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A part of a form has no name.
    NoName,
    /// A part is encoded in a way that HTTP has no need of; the encoding.
    TransferEncoding(String),
    /// The values of a form's fields are longer than is taken.
    FieldsTooLong {
        /// Bytes we take.
        limit: u64,
    },
    /// A form's files are longer than is taken.
    FilesTooLong {
        /// Bytes we take.
        limit: u64,
    },
    /// A field's value is no text; the field's name.
    NotUtf8(String),
    /// The reader has failed before, and does not know where in the body it is.
    FailedBefore,
}

impl MultipartError {
    /// The multipart error a read of a part failed with: one it carries inside, or the I/O error itself.
    pub fn from_io(error: io::Error) -> MultipartError {
        match error.downcast::<MultipartError>() {
            Ok(inner) => inner,
            Err(error) => MultipartError::Io(error),
        }
    }

    /// The kind it has as an I/O error.
    pub fn kind(&self) -> io::ErrorKind {
        match self {
            MultipartError::Io(error) => error.kind(),
            MultipartError::Head(error) => error.kind(),
            MultipartError::CutShort { .. } => io::ErrorKind::UnexpectedEof,
            MultipartError::BadBoundary(_) => io::ErrorKind::InvalidInput,
            _ => io::ErrorKind::InvalidData,
        }
    }
}

impl fmt::Display for MultipartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MultipartError::Io(error) => write!(f, "{error}"),
            MultipartError::MediaType(error) => write!(f, "Content-Type: {error}"),
            MultipartError::NotMultipart(None) => {
                write!(f, "the body has no Content-Type, and multipart/form-data is taken")
            }
            MultipartError::NotMultipart(Some(text)) => {
                write!(f, "the body is {}, and multipart/form-data is taken", quoted(text, SHOWN))
            }
            MultipartError::NoBoundary => write!(f, "the Content-Type names no boundary between the parts"),
            MultipartError::BadBoundary(text) => {
                write!(
                    f,
                    "{} is no boundary: 1 to 70 letters, digits, spaces and signs are",
                    quoted(text, SHOWN)
                )
            }
            MultipartError::BadDelimiter(line) => {
                write!(f, "the line {} begins like a delimiter and is none", escaped(line, SHOWN))
            }
            MultipartError::CutShort { parts } => {
                write!(f, "the body ended before its terminator, after the beginning of {parts} parts")
            }
            MultipartError::Head(error) => write!(f, "the head of a part: {error}"),
            MultipartError::TooManyParts { limit } => {
                write!(f, "the body has more than the {limit} parts taken")
            }
            MultipartError::BadDisposition { got, why } => {
                write!(f, "Content-Disposition is {}: {why}", escaped(got, SHOWN))
            }
            MultipartError::NoName => write!(f, "a part of the form has no name"),
            MultipartError::TransferEncoding(encoding) => {
                write!(f, "a part is encoded as {}, and parts are taken as they are", quoted(encoding, SHOWN))
            }
            MultipartError::FieldsTooLong { limit } => {
                write!(f, "the form's fields are longer than the {} taken", bytes_count(*limit))
            }
            MultipartError::FilesTooLong { limit } => {
                write!(f, "the form's files are longer than the {} taken", bytes_count(*limit))
            }
            MultipartError::NotUtf8(name) => write!(f, "the field {} is not UTF-8", quoted(name, SHOWN)),
            MultipartError::FailedBefore => write!(f, "the body was refused before, and is not read on"),
        }
    }
}

impl std::error::Error for MultipartError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            MultipartError::Io(error) => Some(error),
            MultipartError::MediaType(error) => Some(error),
            MultipartError::Head(error) => Some(error),
            _ => None,
        }
    }
}

impl From<io::Error> for MultipartError {
    fn from(error: io::Error) -> MultipartError {
        MultipartError::from_io(error)
    }
}

/// So that a part can be an ordinary [`io::Read`]; [`MultipartError::from_io`] gets it back.
impl From<MultipartError> for io::Error {
    fn from(error: MultipartError) -> io::Error {
        match error {
            MultipartError::Io(error) => error,
            other => io::Error::new(other.kind(), other),
        }
    }
}
