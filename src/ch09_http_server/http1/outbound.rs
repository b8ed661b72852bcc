//! What the client is sent. It is shared, because the body's first read may have to send `100 Continue`.

use std::fs::File;
use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use super::patience::Patience;
use crate::base::conn::ConnWrite;
use crate::base::deadline::Deadline;
use crate::ch09_http_server::handler::copy_part;

/// The output, for the connection and for the body of its request.
pub type SharedOutbound = Arc<Mutex<Outbound>>;

/// The output of one connection.
pub struct Outbound {
    writer: Option<Box<dyn ConnWrite>>,
    patience: Patience,
    failed: bool,
    /// How many connections a write has failed on.
    failures: Arc<AtomicU64>,
}

impl Outbound {
    /// The output that goes to `writer`.
    pub fn new(writer: Box<dyn ConnWrite>, failures: Arc<AtomicU64>) -> Outbound {
        Outbound { writer: Some(writer), patience: Patience::until(Deadline::NEVER), failed: false, failures }
    }

    /// Writes all of `bytes`.
    ///
    /// # Errors
    /// The connection's. After one there is a gap in what was sent, so every later write fails too.
    pub fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.attempt(|paced| paced.write_all(bytes))
    }

    /// Writes `length` bytes of `file` from `offset` on, without taking them into this process where the kernel can.
    ///
    /// # Errors
    /// The file's and the connection's; `UnexpectedEof` if the file is shorter.
    pub fn write_file(&mut self, file: &mut File, offset: u64, length: u64) -> io::Result<()> {
        self.attempt(|paced| {
            let sent = send_by_kernel(paced, file, offset, length)?;
            copy_part(file, offset + sent, length - sent, paced)
        })
    }

    fn attempt(&mut self, write: impl FnOnce(&mut Paced<'_>) -> io::Result<()>) -> io::Result<()> {
        let Some(writer) = self.writer.as_mut() else {
            return Err(io::Error::new(io::ErrorKind::NotConnected, "the connection was taken over"));
        };
        if self.failed {
            return Err(io::Error::new(
                io::ErrorKind::BrokenPipe,
                "a write to this client has failed before",
            ));
        }
        let outcome = write(&mut Paced { writer: &mut **writer, patience: self.patience });
        if outcome.is_err() {
            self.failed = true;
            self.failures.fetch_add(1, Ordering::Relaxed);
        }
        outcome
    }

    /// Whether a write has failed.
    pub fn has_failed(&self) -> bool {
        self.failed
    }

    /// How long the client may take.
    pub fn set_patience(&mut self, patience: Patience) {
        self.patience = patience;
    }

    /// Half-close: nothing more will be sent.
    pub fn finish(&mut self) {
        if let Some(writer) = self.writer.as_mut() {
            // A client that is gone needs no FIN.
            let _ = writer.finish();
        }
    }

    /// The writer itself without a deadline, for a hijacker.
    pub fn take(&mut self) -> Option<Box<dyn ConnWrite>> {
        let mut writer = self.writer.take()?;
        writer.set_write_deadline(Deadline::NEVER);
        Some(writer)
    }
}

/// The writer with a deadline that each write sets anew.
struct Paced<'a> {
    writer: &'a mut dyn ConnWrite,
    patience: Patience,
}

impl Write for Paced<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.set_write_deadline(self.patience.from_now());
        self.writer.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

/// How much the kernel has sent; 0 where it cannot.
#[cfg(target_os = "linux")]
fn send_by_kernel(paced: &mut Paced<'_>, file: &File, offset: u64, length: u64) -> io::Result<u64> {
    use crate::base::sys::sendfile::sendfile;
    use crate::base::trace;
    use std::os::fd::AsFd;

    /// Bytes per call: a deadline is looked at between two calls.
    const MOST: u64 = 1 << 20;
    let mut sent = 0;
    while sent < length {
        paced.writer.set_write_deadline(paced.patience.from_now());
        let Some(socket) = paced.writer.write_fd()? else { return Ok(sent) };
        match sendfile(file.as_fd(), offset + sent, socket, MOST.min(length - sent) as usize) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => sent += count as u64,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                return Err(crate::base::deadline::timed_out());
            }
            // A file system without it, or a writer that adds to a file.
            Err(error) if error.kind() == io::ErrorKind::InvalidInput && sent == 0 => return Ok(0),
            Err(error) => return Err(error),
        }
    }
    trace::note(|| format!("{sent} bytes of a file went out by sendfile"));
    Ok(sent)
}

#[cfg(not(target_os = "linux"))]
fn send_by_kernel(_: &mut Paced<'_>, _: &File, _: u64, _: u64) -> io::Result<u64> {
    Ok(0)
}
