//! What can be wrong with a TLV message.

use std::fmt;
use std::io;

use super::Kind;

/// Why a message could not be read. After an error the stream no longer stands at the start of a message: the connection
/// is of no more use, except to say goodbye.
#[derive(Debug)]
pub enum TlvError {
    /// The message is of another type than the reader asked for. One byte was taken.
    WrongType {
        /// The type byte that came.
        came: u8,
        /// The type asked for.
        wanted: Kind,
    },
    /// The type byte is none of ours. One byte was taken.
    UnknownType {
        /// The type byte that came.
        came: u8,
    },
    /// The value is longer than we take, or than we would send. Nothing was allocated for it.
    TooLong {
        /// The length announced, in bytes.
        length: usize,
        /// [`MAX_PAYLOAD_SIZE`](super::MAX_PAYLOAD_SIZE).
        limit: usize,
    },
    /// The stream ended inside a message.
    CutShort {
        /// Which part: `header` or `value`.
        part: &'static str,
        /// How many bytes this part has.
        wanted: usize,
        /// How many came.
        came: usize,
    },
    /// The value of a text message is not UTF-8.
    NotText {
        /// How many bytes of it are.
        valid: usize,
    },
    /// The connection failed.
    Io(io::Error),
}

impl fmt::Display for TlvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TlvError::WrongType { came, wanted } => {
                write!(
                    f,
                    "invalid {wanted}: a message of type {came} came, and we wanted type {}",
                    *wanted as u8
                )
            }
            TlvError::UnknownType { came } => {
                write!(f, "unknown type {came}; we take 1 (Binary) and 2 (Text)")
            }
            TlvError::TooLong { length, limit } => {
                write!(
                    f,
                    "maximum payload size exceeded: {length} bytes were announced, we take at most {limit}"
                )
            }
            TlvError::CutShort { part, wanted, came } => {
                write!(f, "the stream ended inside a message: {came} of the {part}'s {wanted} bytes came")
            }
            TlvError::NotText { valid } => {
                write!(f, "the text is not UTF-8 from its byte {valid} on")
            }
            TlvError::Io(error) => write!(f, "reading a message failed: {error}"),
        }
    }
}

impl std::error::Error for TlvError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            TlvError::Io(error) => Some(error),
            _ => None,
        }
    }
}

impl From<io::Error> for TlvError {
    fn from(error: io::Error) -> TlvError {
        TlvError::Io(error)
    }
}

impl From<TlvError> for io::Error {
    /// `UnexpectedEof` for a message cut short, `InvalidData` for one we do not take, else the connection's own error.
    fn from(error: TlvError) -> io::Error {
        match error {
            TlvError::Io(error) => error,
            TlvError::CutShort { .. } => io::Error::new(io::ErrorKind::UnexpectedEof, error),
            _ => io::Error::new(io::ErrorKind::InvalidData, error),
        }
    }
}
