//! A connection's writing half for several threads: the application's and the pinger's.

use std::fmt;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::base::conn::ConnWrite;
use crate::base::deadline::Deadline;

/// A connection's writing half for several threads. Each message goes out whole, under a deadline of its own.
#[derive(Clone)]
pub struct SharedWriter {
    writer: Arc<Mutex<Box<dyn ConnWrite>>>,
    timeout: Option<Duration>,
}

impl SharedWriter {
    /// Shares `writer`; each message may take `timeout`.
    pub fn new(writer: Box<dyn ConnWrite>, timeout: Option<Duration>) -> SharedWriter {
        SharedWriter { writer: Arc::new(Mutex::new(writer)), timeout }
    }

    /// Half-close, see [`ConnWrite::finish`].
    ///
    /// # Errors
    /// As there.
    pub fn finish(&self) -> io::Result<()> {
        self.ready().finish()
    }

    fn ready(&self) -> MutexGuard<'_, Box<dyn ConnWrite>> {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        writer.set_write_deadline(Deadline::from(self.timeout));
        writer
    }
}

impl Write for SharedWriter {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.ready().write(buf)
    }

    /// Holds the lock until the whole message is out; the default would let another's in between.
    fn write_all(&mut self, buf: &[u8]) -> io::Result<()> {
        self.ready().write_all(buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.ready().flush()
    }
}

impl fmt::Debug for SharedWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "shared writer, {:?} per message", self.timeout)
    }
}
