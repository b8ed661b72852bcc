//! Who is at the other end of a Unix domain socket. Listing 7-13, first half.
//!
//! The kernel notes process, user and group of both ends when the connection is made: of the client at `connect`, of the server at
//! `listen`. What either becomes later, by dropping its privileges or handing the socket on, changes nothing. So credentials say who
//! connected, not who is there now; and the process number may belong to another process by the time one looks. [`PeerProcess`]
//! holds on to the process itself.
//!
//! TCP sockets answer the same question on Linux: no process, and the last number there is as user and group, which another program
//! may take for "nobody". Here they are refused.
//!
//! The book's file for other systems than Linux lets everybody in. Here what cannot be told is an error, and no caller takes an
//! error for a yes.

use std::fmt;
use std::io;
use std::os::fd::AsFd;
#[cfg(target_os = "linux")]
use std::os::fd::OwnedFd;
#[cfg(target_os = "linux")]
use std::time::Duration;

use crate::base::sys::local::{self, Family};
use crate::base::sys::peer;
#[cfg(target_os = "linux")]
use crate::base::sys::poll::{self, Wish};

/// Who connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// The process, where the system tells (Linux).
    pub process: Option<i32>,
    /// The effective user.
    pub user: u32,
    /// The effective group.
    pub group: u32,
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(process) = self.process {
            write!(f, "process {process}, ")?;
        }
        write!(f, "user {}, group {}", self.user, self.group)
    }
}

/// Why it cannot be said who connected.
#[derive(Debug)]
pub enum CredsError {
    /// The socket is no Unix domain socket: its peer may be anywhere.
    NotLocal,
    /// The socket has no peer: a listener, a datagram socket, one not connected yet.
    NoPeer,
    /// The system refused.
    System {
        /// What was asked for.
        what: &'static str,
        /// The system's answer.
        source: io::Error,
    },
}

impl fmt::Display for CredsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CredsError::NotLocal => write!(f, "not a Unix domain socket, so nobody vouches for its peer"),
            CredsError::NoPeer => write!(f, "the socket is connected to nobody"),
            CredsError::System { what, source } => write!(f, "cannot tell the peer's {what}: {source}"),
        }
    }
}

impl std::error::Error for CredsError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            CredsError::System { source, .. } => Some(source),
            _ => None,
        }
    }
}

impl From<CredsError> for io::Error {
    /// The kind of the cause; [`io::ErrorKind::Unsupported`] and [`io::ErrorKind::NotConnected`] for the others.
    fn from(error: CredsError) -> io::Error {
        let kind = match &error {
            CredsError::NotLocal => io::ErrorKind::Unsupported,
            CredsError::NoPeer => io::ErrorKind::NotConnected,
            CredsError::System { source, .. } => source.kind(),
        };
        io::Error::new(kind, error)
    }
}

fn refused(what: &'static str) -> impl Fn(io::Error) -> CredsError {
    move |source| CredsError::System { what, source }
}

fn check_local(socket: &impl AsFd) -> Result<(), CredsError> {
    match local::family(socket).map_err(refused("family"))? {
        Family::Unix => Ok(()),
        Family::Internet | Family::Other => Err(CredsError::NotLocal),
    }
}

/// Who is at the other end of a connected socket.
///
/// # Errors
/// [`CredsError`].
pub fn peer_of(socket: &impl AsFd) -> Result<Peer, CredsError> {
    check_local(socket)?;
    let found = peer::credentials(socket).map_err(refused("credentials"))?;
    // What the kernel says where it has noted nobody. Linux notes a process for every connection.
    if found.user == u32::MAX || (cfg!(target_os = "linux") && found.process <= 0) {
        return Err(CredsError::NoPeer);
    }
    Ok(Peer { process: Some(found.process).filter(|id| *id > 0), user: found.user, group: found.group })
}

/// The supplementary groups of the process that connected.
///
/// # Errors
/// [`CredsError`]; outside Linux always [`CredsError::System`] with [`io::ErrorKind::Unsupported`].
pub fn peer_groups(socket: &impl AsFd) -> Result<Vec<u32>, CredsError> {
    check_local(socket)?;
    #[cfg(target_os = "linux")]
    return peer::groups(socket).map_err(refused("groups"));
    #[cfg(not(target_os = "linux"))]
    Err(refused("groups")(io::ErrorKind::Unsupported.into()))
}

/// The process that connected, held on to: unlike its number it never becomes another.
#[cfg(target_os = "linux")]
#[derive(Debug)]
pub struct PeerProcess {
    descriptor: OwnedFd,
}

#[cfg(target_os = "linux")]
impl PeerProcess {
    /// The process at the other end of `socket`.
    ///
    /// # Errors
    /// [`CredsError`]; the system's answer is ENOPROTOOPT before Linux 6.5.
    pub fn of(socket: &impl AsFd) -> Result<PeerProcess, CredsError> {
        check_local(socket)?;
        Ok(PeerProcess { descriptor: peer::process(socket).map_err(refused("process"))? })
    }

    /// Waits until the process has ended, for so long at most: whether it has.
    ///
    /// # Errors
    /// The system's.
    pub fn wait_for_its_end(&self, limit: Duration) -> io::Result<bool> {
        // The descriptor becomes readable with the end of the process.
        let ready = poll::wait(&[(self.descriptor.as_fd(), Wish::Readable)], Some(limit))?;
        Ok(ready.first().copied().unwrap_or(false))
    }
}
