//! An open file handed to another process over a Unix domain socket (SCM_RIGHTS).
//!
//! ```text
//! one process                                other process
//! fd 7 ──▶ open file ◀── fd 4
//!          one position, one lock, one socket: both have it, and it closes when the last of them lets go
//! ```
//! A descriptor travels beside at least one byte, never alone. The receiver must say how many it has room for: what does not fit is closed
//! by the kernel and only a flag tells. A receiver that does not ask at all loses them without a word, and that is right:
//! descriptors that nobody expects would fill its table.
//!
//! The book has no listing for this; it is what its chapter leads to. Left out: SCM_CREDENTIALS.

use std::fmt;
use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;

use crate::base::sys::ancillary::{self, MOST_DESCRIPTORS};
use crate::base::trace;

/// Bytes and the descriptors that came with them.
#[derive(Debug)]
pub struct Passed {
    /// Bytes put into the buffer; zero is the end.
    pub length: usize,
    /// The descriptors, ours from now on.
    pub descriptors: Vec<OwnedFd>,
}

/// Why passing failed.
#[derive(Debug)]
pub enum PassError {
    /// More descriptors than one message carries, or none of the bytes they travel with.
    CannotCarry {
        /// Descriptors that were to go.
        descriptors: usize,
        /// Bytes that were to go with them.
        bytes: usize,
    },
    /// More descriptors came than were asked for. All of them are closed.
    TooMany {
        /// How many there was room for.
        most: usize,
    },
    /// The system refused.
    System(io::Error),
}

impl fmt::Display for PassError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PassError::CannotCarry { descriptors, bytes } => write!(
                f,
                "{descriptors} descriptors with {bytes} bytes; a message carries at most {MOST_DESCRIPTORS}, with at least one byte"
            ),
            PassError::TooMany { most } => {
                write!(f, "the peer passed more descriptors than the {most} we take")
            }
            PassError::System(source) => write!(f, "passing descriptors: {source}"),
        }
    }
}

impl std::error::Error for PassError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            PassError::System(source) => Some(source),
            _ => None,
        }
    }
}

/// Sends `bytes` and, with the first of them, `descriptors`. The sender keeps its own.
///
/// # Errors
/// [`PassError::CannotCarry`]; [`PassError::System`].
pub fn send_descriptors(
    socket: &UnixStream,
    bytes: &[u8],
    descriptors: &[BorrowedFd<'_>],
) -> Result<(), PassError> {
    if descriptors.len() > MOST_DESCRIPTORS || bytes.is_empty() {
        return Err(PassError::CannotCarry { descriptors: descriptors.len(), bytes: bytes.len() });
    }
    trace::note(|| format!("passes {} descriptors with {} bytes", descriptors.len(), bytes.len()));
    let mut sent = 0;
    while sent < bytes.len() {
        // A short write has taken the descriptors with its first byte.
        let now = if sent == 0 { descriptors } else { &[] };
        match ancillary::send(socket, &bytes[sent..], now) {
            Ok(count) => sent += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(PassError::System(error)),
        }
    }
    Ok(())
}

/// Reads bytes and up to `most` descriptors that travel with them. A read ends behind the bytes that carried descriptors, so those of
/// two messages do not mix.
///
/// # Errors
/// [`PassError::TooMany`]; [`PassError::System`].
pub fn receive_descriptors(socket: &UnixStream, buffer: &mut [u8], most: usize) -> Result<Passed, PassError> {
    loop {
        match ancillary::receive(socket, buffer, most) {
            // Dropping the message closes those that did come.
            Ok(message) if message.control_truncated || message.descriptors.len() > most => {
                return Err(PassError::TooMany { most });
            }
            Ok(message) => {
                trace::note(|| format!("got {} descriptors", message.descriptors.len()));
                return Ok(Passed { length: message.length, descriptors: message.descriptors });
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(PassError::System(error)),
        }
    }
}
