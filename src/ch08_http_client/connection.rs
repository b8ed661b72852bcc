//! A client's connection to a server: what it reads, buffered, what it writes, and whether anybody may use it again.

use std::fmt;
use std::io::{self, BufRead, BufReader, Write};

use crate::base::conn::{Conn, ConnRead, ConnWrite, Interrupter};
use crate::base::deadline::Deadline;

/// Bytes read ahead: a head and the beginning of a body in one system call.
const READ_AHEAD: usize = 16 * 1024;

/// A connection between requests, or in the middle of one.
pub struct Connection {
    /// What the server sends.
    pub reader: BufReader<Box<dyn ConnRead>>,
    /// What the server gets. Elsewhere while a thread sends a long body.
    pub writer: Option<Box<dyn ConnWrite>>,
    /// Ends what any thread is blocked in.
    pub interrupter: Interrupter,
    /// Requests it has carried.
    pub used: u64,
}

impl Connection {
    /// A connection nobody has used.
    ///
    /// # Errors
    /// As [`Conn::split`].
    pub fn new(conn: Box<dyn Conn>) -> io::Result<Connection> {
        let interrupter = conn.interrupter();
        let (reader, writer) = conn.split()?;
        Ok(Connection {
            reader: BufReader::with_capacity(READ_AHEAD, reader),
            writer: Some(writer),
            interrupter,
            used: 0,
        })
    }

    /// Reads and writes fail from this moment on.
    pub fn set_deadline(&mut self, deadline: Deadline) {
        self.reader.get_mut().set_read_deadline(deadline);
        if let Some(writer) = &mut self.writer {
            writer.set_write_deadline(deadline);
        }
    }

    /// Whether the server has neither sent nothing asked for nor closed: what a waiting connection must be.
    pub fn is_quiet(&mut self) -> bool {
        if !self.reader.buffer().is_empty() {
            return false;
        }
        self.reader.get_mut().set_read_deadline(Deadline::NEVER);
        !self.reader.get_ref().peer_has_finished() && self.nothing_to_read()
    }

    #[cfg(unix)]
    fn nothing_to_read(&mut self) -> bool {
        use crate::base::sys::poll::{self, Wish};
        match self.reader.get_mut().read_fd() {
            Ok(Some(fd)) => {
                let ready = poll::wait(&[(fd, Wish::Readable)], Some(std::time::Duration::ZERO));
                ready.is_ok_and(|ready| ready.iter().all(|one| !one))
            }
            // Not a socket: nobody can look without reading.
            Ok(None) => true,
            Err(_) => false,
        }
    }

    #[cfg(not(unix))]
    fn nothing_to_read(&mut self) -> bool {
        true
    }

    /// Sends all of `bytes`.
    ///
    /// # Errors
    /// As a write; `NotConnected` while the writer is elsewhere.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.writer {
            Some(writer) => writer.write_all(bytes),
            None => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    /// Whether a byte of a response is there, waiting for it if need be.
    ///
    /// # Errors
    /// As a read.
    pub fn has_input(&mut self) -> io::Result<bool> {
        self.reader.fill_buf().map(|input| !input.is_empty())
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a connection that carried {} requests", self.used)
    }
}
