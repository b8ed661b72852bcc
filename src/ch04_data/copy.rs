//! Copying a stream until it ends: Go's `io.Copy`, with its way through the kernel.
//!
//! ```text
//!            read                  write
//!  socket ─────────▶ 64 KiB here ─────────▶ socket     user space: every copy begins so, with 8 KiB
//!  socket ─────────▶ kernel pipe ─────────▶ socket     the kernel: once a read has filled all 64
//!           splice                splice
//! ```
//! A conversation of small messages never fills the buffer. It stays in user space, where a message costs the same two
//! system calls, and takes neither a pipe nor its two descriptors. A bulk transfer fills it at once and goes on in the
//! kernel. A connection in the clear receives what its socket receives; one that decodes, such as TLS, has no
//! [`read_fd`](ConnRead::read_fd) to offer and so stays in user space by itself.
//!
//! `std::io::copy` between two sockets is a loop in user space with a buffer of 8 KiB; it uses the kernel only where one
//! end is a file or a pipe.
//!
//! Book: Listing 4-14 and the note after it. Watch: `strace -f -e trace=splice,read,write` on a test or on `ch04_proxy`.

#[cfg(target_os = "linux")]
mod kernel;

use std::fmt;
use std::io::{self, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::base::conn::{ConnRead, ConnWrite};
use crate::base::deadline::Deadline;
use crate::base::trace;

/// Bytes read at once in user space. On the heap: a connection's thread has a small stack.
pub const BUFFER_BYTES: usize = 64 * 1024;

/// What a copy begins with. Most of a thousand idle connections never need more.
const FIRST_BUFFER_BYTES: usize = 8 * 1024;

/// Which way the bytes went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Path {
    /// From socket to socket inside the kernel, but for the beginning.
    Kernel,
    /// Through a buffer of this process.
    UserSpace,
}

/// What a copy moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Copied {
    /// All bytes.
    pub bytes: u64,
    /// Those of them that never entered this process.
    pub in_kernel: u64,
}

impl Copied {
    /// Which way most of a long copy went.
    pub fn by(&self) -> Path {
        if self.in_kernel > 0 { Path::Kernel } else { Path::UserSpace }
    }
}

/// Which end of a copy failed. It matters: bytes whose writing failed are lost, while after a read that failed there are
/// none under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// The end read from.
    Reading,
    /// The end written to.
    Writing,
}

/// A copy that did not reach the end of its input.
#[derive(Debug)]
pub struct CopyError {
    /// Which end failed.
    pub at: At,
    /// Why.
    pub source: io::Error,
}

impl fmt::Display for CopyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.at {
            At::Reading => write!(f, "reading failed: {}", self.source),
            At::Writing => write!(f, "writing failed: {}", self.source),
        }
    }
}

impl std::error::Error for CopyError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}

fn reading(source: io::Error) -> CopyError {
    CopyError { at: At::Reading, source }
}

fn writing(source: io::Error) -> CopyError {
    CopyError { at: At::Writing, source }
}

/// Copies everything from one connection to another, up to the end of `from`: in the kernel where both allow it and it
/// pays. The end is no error. `to` stays open; [`ConnWrite::finish`] passes the end on.
///
/// # Errors
/// The reader's or the writer's: [`io::ErrorKind::TimedOut`] at a deadline of either,
/// [`io::ErrorKind::ConnectionAborted`] if either was interrupted. Bytes may then have been read and not written.
pub fn copy(from: &mut dyn ConnRead, to: &mut dyn ConnWrite) -> io::Result<Copied> {
    let mut copier = Copier::new();
    copier.run(from, to).map_err(|failure| failure.source)?;
    Ok(copier.copied())
}

/// Copies up to `count` bytes (Go's `io.CopyN`) and takes not one more from `reader`: how many it copied, which is fewer
/// only if the reader ended.
///
/// # Errors
/// The reader's or the writer's.
pub fn copy_n<R, W>(reader: &mut R, writer: &mut W, count: u64) -> io::Result<u64>
where
    R: Read + ?Sized,
    W: Write + ?Sized,
{
    io::copy(&mut reader.take(count), writer)
}

/// A copy one can watch and go on with.
#[derive(Debug)]
pub struct Copier {
    buffer: Vec<u8>,
    step_limit: Option<Duration>,
    moved: Arc<AtomicU64>,
    #[cfg(target_os = "linux")]
    kernel: kernel::Route,
}

impl Default for Copier {
    fn default() -> Copier {
        Copier::new()
    }
}

impl Copier {
    /// A copy without a limit of time.
    pub fn new() -> Copier {
        Copier {
            buffer: vec![0; FIRST_BUFFER_BYTES],
            step_limit: None,
            moved: Arc::default(),
            #[cfg(target_os = "linux")]
            kernel: kernel::Route::default(),
        }
    }

    /// A copy each of whose reads and writes may take no longer than `step_limit`, and that counts what it moves in
    /// `moved`, for other threads to see.
    pub fn watched(step_limit: Option<Duration>, moved: Arc<AtomicU64>) -> Copier {
        Copier { step_limit, moved, ..Copier::new() }
    }

    /// What has been moved so far.
    pub fn copied(&self) -> Copied {
        Copied { bytes: self.moved.load(Ordering::Relaxed), in_kernel: self.bytes_in_kernel() }
    }

    /// Copies to the end of `from`. After a read that ran out of time it may be called again and goes on.
    ///
    /// # Errors
    /// As [`copy`], with the end that failed.
    pub fn run(&mut self, from: &mut dyn ConnRead, to: &mut dyn ConnWrite) -> Result<(), CopyError> {
        loop {
            let count = self.read(from).map_err(reading)?;
            if count == 0 {
                self.report();
                return Ok(());
            }
            self.write(to, count).map_err(writing)?;
            if count < self.buffer.len() {
                continue;
            }
            if count < BUFFER_BYTES {
                self.buffer.resize(BUFFER_BYTES, 0);
            } else {
                // It comes back at the end of the input, or where the kernel cannot do it. Then the read above tells an
                // end from an interruption, which look the same to splice.
                self.run_in_kernel(from, to)?;
            }
        }
    }

    fn read(&mut self, from: &mut dyn ConnRead) -> io::Result<usize> {
        loop {
            self.limit_read(from);
            match from.read(&mut self.buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                outcome => return outcome,
            }
        }
    }

    /// Writes the first `count` bytes of the buffer.
    fn write(&mut self, to: &mut dyn ConnWrite, count: usize) -> io::Result<()> {
        let mut written = 0;
        while written < count {
            self.limit_write(to);
            match to.write(&self.buffer[written..count]) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(more) => {
                    written += more;
                    self.add(more);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            }
        }
        to.flush()
    }

    fn limit_read(&self, from: &mut dyn ConnRead) {
        if let Some(limit) = self.step_limit {
            from.set_read_deadline(Deadline::after(limit));
        }
    }

    fn limit_write(&self, to: &mut dyn ConnWrite) {
        if let Some(limit) = self.step_limit {
            to.set_write_deadline(Deadline::after(limit));
        }
    }

    fn add(&self, count: usize) {
        self.moved.fetch_add(count as u64, Ordering::Relaxed);
    }

    fn report(&self) {
        let copied = self.copied();
        trace::note(|| match copied.by() {
            Path::Kernel => {
                format!("copied {} bytes, {} of them inside the kernel", copied.bytes, copied.in_kernel)
            }
            Path::UserSpace => format!("copied {} bytes through a buffer of its own", copied.bytes),
        });
    }
}

/// Where there is no splice everything goes through the buffer.
#[cfg(not(target_os = "linux"))]
impl Copier {
    fn bytes_in_kernel(&self) -> u64 {
        0
    }

    fn run_in_kernel(&mut self, _: &mut dyn ConnRead, _: &mut dyn ConnWrite) -> Result<(), CopyError> {
        Ok(())
    }
}
