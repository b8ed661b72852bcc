//! A listener that somebody else opened, as systemd and its like hand it to a service they start. Go's `FileListener`.
//!
//! ```text
//! manager: socket, bind, listen ──▶ fork, exec ──▶ service: descriptor 3 listens already
//!                                   LISTEN_PID=1234   for whom it is meant
//!                                   LISTEN_FDS=1      how many, from 3 on
//! ```
//! The book suggests `FileListener` to reuse a socket *file*. It does not do that: a path that is there cannot be bound again by
//! any function. What it adopts is a *descriptor*, and that is this. The service can restart with no client refused meanwhile: the
//! manager holds the socket, and the kernel keeps those who connect waiting.
//!
//! What the environment says is checked, and so is what the descriptor is.

use std::fmt;
use std::io;
use std::net::TcpListener;
use std::os::fd::{OwnedFd, RawFd};
use std::os::unix::net::UnixListener;

use crate::base::sys::local::{self, Family, SocketType};

/// The first descriptor that is handed over; before it stand input, output and errors.
pub const FIRST: RawFd = 3;

/// More than any service has; a number above it is a mistake.
const MOST: u32 = 64;

/// A listener, by the family of its addresses.
#[derive(Debug)]
pub enum Inherited {
    /// On a path or an abstract name. Its file, if any, is the one's who made it, and not ours to remove.
    Unix(UnixListener),
    /// On an IP address and port.
    Tcp(TcpListener),
}

/// Why an inherited descriptor is no listener.
#[derive(Debug)]
pub enum InheritError {
    /// A variable does not hold a number that makes sense.
    BadVariable {
        /// Its name.
        name: &'static str,
        /// What it holds.
        value: String,
    },
    /// Not open, or no socket at all.
    NotASocket {
        /// The number.
        descriptor: RawFd,
        /// The system's answer.
        source: io::Error,
    },
    /// A socket that does not listen, or whose connections are no streams.
    NotAListener {
        /// The number.
        descriptor: RawFd,
    },
}

impl fmt::Display for InheritError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            InheritError::BadVariable { name, value } => {
                write!(f, "{name} is {value:?}, and should be a number; of descriptors {MOST} at most")
            }
            InheritError::NotASocket { descriptor, source } => {
                write!(f, "descriptor {descriptor} is no socket: {source}")
            }
            InheritError::NotAListener { descriptor } => {
                write!(f, "descriptor {descriptor} is a socket that does not listen for streams")
            }
        }
    }
}

impl std::error::Error for InheritError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            InheritError::NotASocket { source, .. } => Some(source),
            _ => None,
        }
    }
}

/// How many descriptors the environment says are meant for `process`. None if it names another: variables are inherited further than
/// the descriptors they speak of.
///
/// # Errors
/// [`InheritError::BadVariable`].
pub fn count(variable: impl Fn(&str) -> Option<String>, process: u32) -> Result<usize, InheritError> {
    let number = |name: &'static str| match variable(name) {
        None => Ok(None),
        Some(value) => match value.parse::<u32>() {
            Ok(number) => Ok(Some(number)),
            Err(_) => Err(InheritError::BadVariable { name, value }),
        },
    };
    if number("LISTEN_PID")? != Some(process) {
        return Ok(0);
    }
    match number("LISTEN_FDS")? {
        None => Ok(0),
        Some(many) if many > MOST => {
            Err(InheritError::BadVariable { name: "LISTEN_FDS", value: many.to_string() })
        }
        Some(some) => Ok(some as usize),
    }
}

/// The listeners handed to this process.
///
/// # Errors
/// [`InheritError`].
pub fn listeners() -> Result<Vec<Inherited>, InheritError> {
    let count = count(|name| std::env::var(name).ok(), std::process::id())?;
    let mut found = Vec::new();
    for descriptor in (FIRST..).take(count) {
        // A duplicate: whatever the number stands for, it stays open and nobody's ownership is taken. It is therefore the end of the
        // process, and not of the listener, that closes the socket.
        let socket = local::duplicate_number(descriptor);
        let socket = socket.map_err(|source| InheritError::NotASocket { descriptor, source })?;
        found.push(adopt(socket, descriptor)?);
    }
    Ok(found)
}

/// Makes a listener of a descriptor, after looking whether it is one. `descriptor` is its number for the error.
///
/// # Errors
/// [`InheritError::NotASocket`], [`InheritError::NotAListener`].
pub fn adopt(socket: OwnedFd, descriptor: RawFd) -> Result<Inherited, InheritError> {
    let not_a_socket = |source| InheritError::NotASocket { descriptor, source };
    let is_listening = local::is_listening(&socket).map_err(not_a_socket)?;
    let kind = local::type_of(&socket).map_err(not_a_socket)?;
    if !is_listening || kind != Some(SocketType::Stream) {
        return Err(InheritError::NotAListener { descriptor });
    }
    match local::family(&socket).map_err(not_a_socket)? {
        Family::Unix => {
            let listener = UnixListener::from(socket);
            // Some managers wait for many at once and hand it over so; here `accept` is to wait.
            listener.set_nonblocking(false).map_err(not_a_socket)?;
            Ok(Inherited::Unix(listener))
        }
        Family::Internet => {
            let listener = TcpListener::from(socket);
            listener.set_nonblocking(false).map_err(not_a_socket)?;
            Ok(Inherited::Tcp(listener))
        }
        Family::Other => Err(InheritError::NotAListener { descriptor }),
    }
}
