//! A response writer that remembers what was written. Logs and metrics put it around the real one.

use std::fmt;
use std::fs::File;
use std::io::{self, Write};

use crate::base::deadline::Deadline;
use crate::ch08_http_client::header::Header;
use crate::ch08_http_client::status::Status;
use crate::ch09_http_server::handler::{Hijacked, ResponseWriter};

/// Passes everything on and counts.
pub struct Watch<'a> {
    inner: &'a mut dyn ResponseWriter,
    status: Option<Status>,
    bytes: u64,
    hijacked: bool,
}

impl<'a> Watch<'a> {
    /// Around `inner`.
    pub fn new(inner: &'a mut dyn ResponseWriter) -> Watch<'a> {
        Watch { inner, status: None, bytes: 0, hijacked: false }
    }

    /// The status that went out, `None` while none has.
    pub fn status(&self) -> Option<Status> {
        self.status
    }

    /// Bytes of body the inner writer took.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether the connection was taken away.
    pub fn hijacked(&self) -> bool {
        self.hijacked
    }

    fn begin(&mut self) {
        self.status.get_or_insert(Status::OK);
    }
}

impl Write for Watch<'_> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.begin();
        let count = self.inner.write(buf)?;
        self.bytes += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.begin();
        self.inner.flush()
    }
}

impl ResponseWriter for Watch<'_> {
    fn header(&mut self) -> &mut Header {
        self.inner.header()
    }

    fn write_status(&mut self, status: Status) {
        if !status.is_informational() || status == Status::SWITCHING_PROTOCOLS {
            self.status.get_or_insert(status);
        }
        self.inner.write_status(status);
    }

    fn trailer(&mut self) -> &mut Header {
        self.inner.trailer()
    }

    fn inform(&mut self, status: Status, header: &Header) -> io::Result<()> {
        self.inner.inform(status, header)
    }

    fn write_file(&mut self, file: &mut File, offset: u64, length: u64) -> io::Result<()> {
        self.begin();
        self.inner.write_file(file, offset, length)?;
        self.bytes += length;
        Ok(())
    }

    fn set_read_deadline(&mut self, deadline: Deadline) -> io::Result<()> {
        self.inner.set_read_deadline(deadline)
    }

    fn set_write_deadline(&mut self, deadline: Deadline) -> io::Result<()> {
        self.inner.set_write_deadline(deadline)
    }

    fn client_has_gone(&mut self) -> bool {
        self.inner.client_has_gone()
    }

    fn hijack(&mut self) -> io::Result<Hijacked> {
        let taken = self.inner.hijack()?;
        self.hijacked = true;
        Ok(taken)
    }

    fn push(&mut self, target: &str, header: &Header) -> io::Result<()> {
        self.inner.push(target, header)
    }
}

impl fmt::Debug for Watch<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch")
            .field("status", &self.status)
            .field("bytes", &self.bytes)
            .finish_non_exhaustive()
    }
}
