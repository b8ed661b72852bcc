//! A connection in memory: two ends, each a whole [`Conn`], with no socket between them.
//!
//! ```text
//!              lane: bytes waiting, at most `capacity`
//!   client  ===========================================>  server
//!           <===========================================
//! ```
//!
//! Each direction is a lane. With a capacity a write returns when its bytes are in the lane. With capacity 0 the pipe is
//! unbuffered, as Go's `io.Pipe` and `net.Pipe` are: a write returns only when a reader has taken its bytes, so two
//! threads meet at every message.
//!
//! Deadlines, half-close, interrupting and splitting are those of a socket (see [`conn`](super::conn)). Where sockets of
//! different kinds differ we do as Unix sockets: an end whose input was ended takes no more bytes, and its peer's writes
//! give [`io::ErrorKind::BrokenPipe`].
//!
//! The trace reports a message as sent when it is put into the lane and as received when it is taken, both under the
//! lane's lock. So an answer never appears before its question.
//!
//! Left out: the reset a TCP socket sends when it is closed with unread bytes. Use [`script`](super::script) for that.

mod lane;
mod listener;

use std::fmt;
use std::io::{self, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::conn::{Address, Conn, ConnRead, ConnWrite, Halves, Interrupt, Interrupter};
use super::deadline::Deadline;
use lane::Lane;

pub use listener::{BACKLOG, CAPACITY, Dialer, MemoryListener, listener};

/// Two ends of a new pipe. Each direction holds `capacity` bytes; 0 is unbuffered.
pub fn pair(capacity: usize) -> (PipeConn, PipeConn) {
    let number = next_number();
    pair_named(&format!("pipe {number} left"), &format!("pipe {number} right"), capacity)
}

/// The same with names for the two ends: their addresses, and their parties in the trace.
pub fn pair_named(left: &str, right: &str, capacity: usize) -> (PipeConn, PipeConn) {
    let there = Arc::new(Lane::new(left, right, capacity));
    let back = Arc::new(Lane::new(right, left, capacity));
    let left_end = PipeConn::over(Arc::clone(&back), Arc::clone(&there));
    let right_end = PipeConn::over(there, back);
    (left_end, right_end)
}

/// The addresses of two pipes must differ, or the trace would take them for one.
fn next_number() -> u64 {
    static NUMBER: AtomicU64 = AtomicU64::new(1);
    NUMBER.fetch_add(1, Ordering::Relaxed)
}

/// One end: what its two halves share. It closes when the last of them is dropped.
struct End {
    incoming: Arc<Lane>,
    outgoing: Arc<Lane>,
    interrupted: AtomicBool,
}

impl End {
    fn incoming(&self) -> &Lane {
        if self.interrupted.load(Ordering::SeqCst) {
            self.incoming.abort_reader();
        }
        &self.incoming
    }

    fn outgoing(&self) -> &Lane {
        if self.interrupted.load(Ordering::SeqCst) {
            self.outgoing.abort_writer();
        }
        &self.outgoing
    }
}

impl Interrupt for End {
    fn interrupt(&self) {
        // The flag first: a thread woken in one lane must not find the other still open.
        self.interrupted.store(true, Ordering::SeqCst);
        self.incoming.abort_reader();
        self.outgoing.abort_writer();
    }

    fn end_input(&self) {
        self.incoming.end_input();
    }
}

impl Drop for End {
    fn drop(&mut self) {
        self.incoming.close_reader();
        self.outgoing.close_writer();
    }
}

/// The reading half of a [`PipeConn`].
pub struct PipeReader {
    end: Arc<End>,
    deadline: Deadline,
}

impl Read for PipeReader {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.end.incoming().read(buf, self.deadline)
    }
}

impl ConnRead for PipeReader {
    fn set_read_deadline(&mut self, deadline: Deadline) {
        self.deadline = deadline;
    }

    fn peer_has_finished(&self) -> bool {
        self.end.incoming.writer_has_finished()
    }
}

/// The writing half of a [`PipeConn`].
pub struct PipeWriter {
    end: Arc<End>,
    deadline: Deadline,
}

impl Write for PipeWriter {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.end.outgoing().write(buf, self.deadline)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl ConnWrite for PipeWriter {
    fn set_write_deadline(&mut self, deadline: Deadline) {
        self.deadline = deadline;
    }

    fn finish(&mut self) -> io::Result<()> {
        self.end.outgoing.finish();
        Ok(())
    }
}

/// One end of a pipe.
pub struct PipeConn {
    reader: PipeReader,
    writer: PipeWriter,
}

impl PipeConn {
    fn over(incoming: Arc<Lane>, outgoing: Arc<Lane>) -> PipeConn {
        let end = Arc::new(End { incoming, outgoing, interrupted: AtomicBool::new(false) });
        PipeConn {
            reader: PipeReader { end: Arc::clone(&end), deadline: Deadline::NEVER },
            writer: PipeWriter { end, deadline: Deadline::NEVER },
        }
    }
}

impl Read for PipeConn {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.reader.read(buf)
    }
}

impl Write for PipeConn {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.writer.write(buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl ConnRead for PipeConn {
    fn set_read_deadline(&mut self, deadline: Deadline) {
        self.reader.set_read_deadline(deadline);
    }

    fn peer_has_finished(&self) -> bool {
        self.reader.peer_has_finished()
    }
}

impl ConnWrite for PipeConn {
    fn set_write_deadline(&mut self, deadline: Deadline) {
        self.writer.set_write_deadline(deadline);
    }

    fn finish(&mut self) -> io::Result<()> {
        self.writer.finish()
    }
}

impl Conn for PipeConn {
    fn local(&self) -> Address {
        Address::Memory(self.writer.end.outgoing.from.clone())
    }

    fn peer(&self) -> Address {
        Address::Memory(self.writer.end.outgoing.to.clone())
    }

    fn interrupter(&self) -> Interrupter {
        let end: Arc<dyn Interrupt> = Arc::clone(&self.reader.end) as Arc<dyn Interrupt>;
        Interrupter::new(Arc::downgrade(&end))
    }

    fn split(self: Box<Self>) -> io::Result<Halves> {
        let PipeConn { reader, writer } = *self;
        Ok((Box::new(reader), Box::new(writer)))
    }
}

impl fmt::Debug for PipeConn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "connection {} > {}", self.local(), self.peer())
    }
}

#[cfg(test)]
mod tests;
