//! Datagrams between socket files: echo, with a file at both ends. Listings 7-5 to 7-9.
//!
//! ```text
//! client c.sock ── "ping" ──▶ s.sock server
//! client c.sock ◀── "ping" ── s.sock server      one send, one receive; the reply needs write permission on c.sock
//! ```
//! As UDP, messages stay apart and nobody connects. Unlike UDP none is lost and none overtakes another: a full queue
//! (`net.unix.max_dgram_qlen`, ten by default, and one more) makes the sender wait. Two that both send before they
//! receive can so wait for each other; this server therefore waits only [`REPLY_PATIENCE`] for a client, then drops the
//! reply. It cannot wait longer without one client's silence being every client's.
//!
//! A client that has not bound has no address and cannot be answered. In the book the failed reply ends the server; here
//! that client is skipped, as is one whose file is gone, dead or closed to us.
//!
//! Go removes the file of no datagram socket; both ends here hold a [`SocketFile`].

use std::fmt;
use std::io;
use std::net::Shutdown;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use super::socket_file::{Access, SocketFile, SocketFileError};
use crate::base::cancel::Cancel;
use crate::base::show::printable;
use crate::base::sys::local::SocketType;
use crate::base::thread;
use crate::base::trace::{self, Kind};

/// Room for the largest datagram that Linux's default send buffer (212,992 bytes) lets through.
pub const DATAGRAM_BYTES: usize = 256 * 1024;

/// How long a reply waits for room in its receiver's queue.
pub const REPLY_PATIENCE: Duration = Duration::from_millis(20);

/// A wait after a failed receive, so that an error that stays does not spin.
const AFTER_ERROR: Duration = Duration::from_millis(100);

/// A datagram socket bound to a file, and the file's guard. Listing 7-8 for a client, 7-7 for a server.
///
/// # Errors
/// [`SocketFileError`].
pub fn bind(path: &Path, access: Access) -> Result<(UnixDatagram, SocketFile), SocketFileError> {
    let (socket, file) = SocketFile::bind(SocketType::Datagram, path, access)?;
    Ok((socket.into(), file))
}

/// A datagram that got no answer.
#[derive(Debug)]
pub enum Unanswered {
    /// Its sender has no address.
    Unnamed,
    /// The reply could not be delivered: the sender's file is gone ([`io::ErrorKind::NotFound`]), nobody holds it
    /// (`ConnectionRefused`), we may not write to it (`PermissionDenied`), or its queue stayed full (`WouldBlock`).
    Undeliverable {
        /// Where to.
        to: String,
        /// Why.
        source: io::Error,
    },
}

impl fmt::Display for Unanswered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unanswered::Unnamed => {
                write!(f, "a datagram from a socket without an address cannot be answered")
            }
            Unanswered::Undeliverable { to, source } => write!(f, "{to}: no reply: {source}"),
        }
    }
}

/// Sends every datagram back to its sender until `stop` ends. Listing 7-5.
///
/// # Errors
/// What the system says about the socket at the start. Afterwards `report` hears of every datagram left without an answer.
pub fn serve(socket: &UnixDatagram, stop: &Cancel, report: impl Fn(&Unanswered)) -> io::Result<()> {
    let local = name(&socket.local_addr()?);
    trace::name_mine(&local);
    socket.set_write_timeout(Some(REPLY_PATIENCE))?;
    let waker = socket.try_clone()?;
    // Wakes a blocked receive; where a socket without a peer cannot be shut down, an empty datagram to itself does.
    let _registration = stop.on_end(move |_| {
        if waker.shutdown(Shutdown::Read).is_err() {
            let path =
                waker.local_addr().ok().and_then(|address| address.as_pathname().map(Path::to_path_buf));
            let _ = path.map(|path| waker.send_to(&[], path));
        }
    });
    let mut buffer = vec![0; DATAGRAM_BYTES];
    while !stop.has_ended() {
        let (count, from) = match socket.recv_from(&mut buffer) {
            // After the shutdown every receive gives nothing from nobody.
            Ok(_) if stop.has_ended() => return Ok(()),
            Ok(received) => received,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => {
                // Cut short by the token's end, which also ends the loop.
                let _ = stop.sleep(AFTER_ERROR);
                continue;
            }
        };
        trace::between(Kind::Received, &name(&from), &local, &buffer[..count]);
        if let Err(unanswered) = answer(socket, &local, &from, &buffer[..count]) {
            trace::note(|| unanswered.to_string());
            report(&unanswered);
        }
    }
    Ok(())
}

fn answer(socket: &UnixDatagram, local: &str, to: &SocketAddr, bytes: &[u8]) -> Result<(), Unanswered> {
    if to.is_unnamed() {
        return Err(Unanswered::Unnamed);
    }
    match socket.send_to_addr(bytes, to) {
        Ok(_) => {
            trace::between(Kind::Sent, local, &name(to), bytes);
            Ok(())
        }
        Err(source) => Err(Unanswered::Undeliverable { to: name(to), source }),
    }
}

/// How an address is shown: its path, `@` and the abstract name, or that there is none. The peer chose it, so line breaks
/// and the like are escaped.
pub fn name(address: &SocketAddr) -> String {
    if let Some(path) = address.as_pathname() {
        return printable(path.as_os_str().as_bytes());
    }
    #[cfg(target_os = "linux")]
    if let Some(name) = std::os::linux::net::SocketAddrExt::as_abstract_name(address) {
        return format!("@{}", name.escape_ascii());
    }
    "(unnamed)".to_string()
}

/// An echo server for datagrams in a thread of its own. Dropping it stops it and removes its file.
pub struct DatagramEcho {
    stop: Cancel,
    thread: Option<JoinHandle<io::Result<()>>>,
    file: SocketFile,
}

impl DatagramEcho {
    /// Binds `path` and serves.
    ///
    /// # Errors
    /// [`SocketFileError`] as an [`io::Error`]; the system's, when it has no thread to give.
    pub fn start(
        path: &Path,
        access: Access,
        report: Arc<dyn Fn(&Unanswered) + Send + Sync>,
    ) -> io::Result<DatagramEcho> {
        let (socket, file) = bind(path, access)?;
        let stop = Cancel::new();
        let token = stop.clone();
        let thread = thread::spawn("datagram-echo", move || serve(&socket, &token, |what| report(what)))?;
        Ok(DatagramEcho { stop, thread: Some(thread), file })
    }

    /// Where it receives.
    pub fn path(&self) -> &Path {
        self.file.path()
    }
}

impl Drop for DatagramEcho {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for DatagramEcho {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "datagram echo on {}", self.file.path().display())
    }
}
