//! What can be wrong with bytes, whatever they mean.

use std::fmt;
use std::io;

/// Why bytes could not be read as, or made into, the format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WireError {
    /// The bytes ended inside a value.
    EndedInside {
        /// How many bytes the value has.
        wanted: usize,
        /// How many there were.
        left: usize,
        /// Where the value begins, counted from the start of the outermost reader.
        at: usize,
    },
    /// There are bytes behind the last value.
    TrailingBytes {
        /// How many.
        count: usize,
        /// Where they begin, counted from the start of the outermost reader.
        at: usize,
    },
    /// The body of a block has a length its prefix cannot hold.
    TooLong {
        /// The body's length in bytes.
        length: usize,
        /// The greatest length the prefix holds.
        most: usize,
    },
}

impl fmt::Display for WireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WireError::EndedInside { wanted, left, at } => {
                write!(f, "the value at byte {at} has {wanted} bytes, but only {left} are left")
            }
            WireError::TrailingBytes { count, at } => {
                write!(f, "{count} bytes are left over behind the last value, from byte {at} on")
            }
            WireError::TooLong { length, most } => {
                write!(f, "a block of {length} bytes is too long for its prefix, which holds at most {most}")
            }
        }
    }
}

impl std::error::Error for WireError {}

impl From<WireError> for io::Error {
    /// `UnexpectedEof` for bytes that ended, `InvalidData` for bytes left over, `InvalidInput` for a block of ours that is
    /// too long.
    fn from(error: WireError) -> io::Error {
        let kind = match error {
            WireError::EndedInside { .. } => io::ErrorKind::UnexpectedEof,
            WireError::TrailingBytes { .. } => io::ErrorKind::InvalidData,
            WireError::TooLong { .. } => io::ErrorKind::InvalidInput,
        };
        io::Error::new(kind, error)
    }
}
