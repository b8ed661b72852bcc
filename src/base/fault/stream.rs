//! Streams that misbehave: everything `Read` and `Write` allow, and everything a network does.

use std::collections::VecDeque;
use std::fmt;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::ops::Range;
use std::thread;
use std::time::Duration;

use super::Seeded;
use super::link::length_within;
use crate::base::conn::{Address, Conn, ConnRead, ConnWrite, Halves, Interrupter, SecurityInfo};
use crate::base::deadline::Deadline;

/// What becomes of one call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It goes through untouched.
    Pass,
    /// It moves at most so many bytes, and at least one: zero would be the end of the stream.
    Short(usize),
    /// It fails with [`io::ErrorKind::Interrupted`] and moves nothing. The caller must try again.
    Interrupted,
    /// It fails with this error and moves nothing. The next call is none the worse for it.
    Error(io::ErrorKind),
    /// It waits so long and then goes through.
    Delay(Duration),
}

/// How likely each fault of a random stream is, per call. The default is none.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chances {
    /// Moves a random part of what it could.
    pub short: f64,
    /// Fails with `Interrupted`.
    pub interrupted: f64,
    /// Fails with `WouldBlock`, as a socket with a timeout does.
    pub would_block: f64,
    /// Waits so long before each call; an empty range is no wait.
    pub delay: Range<Duration>,
}

/// What becomes of the calls in one direction.
pub struct Faults {
    planned: VecDeque<Fault>,
    every: Option<Fault>,
    random: Option<(Seeded, Chances)>,
    /// How many bytes may still move, and what a call gets after them: an error, or zero bytes for `None`.
    stop: Option<(u64, Option<io::ErrorKind>)>,
}

impl Faults {
    /// No faults.
    pub fn none() -> Faults {
        Faults { planned: VecDeque::new(), every: None, random: None, stop: None }
    }

    /// A fault per call, in this order; later calls pass.
    pub fn planned(plan: Vec<Fault>) -> Faults {
        Faults { planned: plan.into(), ..Faults::none() }
    }

    /// The same fault for every call: `Faults::every(Fault::Short(1))` moves byte by byte.
    pub fn every(fault: Fault) -> Faults {
        Faults { every: Some(fault), ..Faults::none() }
    }

    /// Faults at random; the same seed gives the same ones.
    pub fn seeded(seed: u64, chances: Chances) -> Faults {
        Faults { random: Some((Seeded::new(seed), chances)), ..Faults::none() }
    }

    /// After `bytes` bytes every call fails with [`io::ErrorKind::ConnectionReset`].
    pub fn reset_after(mut self, bytes: u64) -> Faults {
        self.stop = Some((bytes, Some(io::ErrorKind::ConnectionReset)));
        self
    }

    /// After `bytes` bytes every call moves none: for a reader the stream has ended, a writer takes no more.
    pub fn end_after(mut self, bytes: u64) -> Faults {
        self.stop = Some((bytes, None));
        self
    }

    /// How many of `wanted` bytes the next call may move.
    fn allow(&mut self, wanted: usize) -> io::Result<usize> {
        let most = match self.next(wanted) {
            Fault::Pass => wanted,
            Fault::Short(most) => most.max(1),
            Fault::Interrupted => return Err(injected(io::ErrorKind::Interrupted)),
            Fault::Error(kind) => return Err(injected(kind)),
            Fault::Delay(length) => {
                thread::sleep(length);
                wanted
            }
        };
        match self.stop {
            Some((0, Some(kind))) => Err(injected(kind)),
            Some((left, _)) => Ok(most.min(wanted).min(usize::try_from(left).unwrap_or(usize::MAX))),
            None => Ok(most.min(wanted)),
        }
    }

    fn next(&mut self, wanted: usize) -> Fault {
        if let Some(fault) = self.planned.pop_front() {
            return fault;
        }
        match (&mut self.random, &self.every) {
            (Some((random, chances)), _) => draw(random, chances, wanted),
            (None, Some(fault)) => fault.clone(),
            (None, None) => Fault::Pass,
        }
    }

    fn moved(&mut self, count: usize) {
        if let Some((left, _)) = &mut self.stop {
            *left = left.saturating_sub(count as u64);
        }
    }
}

/// Every call draws the same number of times, so that a new probability does not change the other decisions.
fn draw(random: &mut Seeded, chances: &Chances, wanted: usize) -> Fault {
    let interrupted = random.chance(chances.interrupted);
    let would_block = random.chance(chances.would_block);
    let short = random.chance(chances.short);
    let part = 1 + random.below((wanted as u64).max(1));
    let delay = length_within(random, &chances.delay);
    if !delay.is_zero() {
        thread::sleep(delay);
    }
    match (interrupted, would_block, short) {
        (true, _, _) => Fault::Interrupted,
        (_, true, _) => Fault::Error(io::ErrorKind::WouldBlock),
        (_, _, true) => Fault::Short(usize::try_from(part).unwrap_or(usize::MAX)),
        _ => Fault::Pass,
    }
}

fn injected(kind: io::ErrorKind) -> io::Error {
    io::Error::new(kind, "a fault from base::fault")
}

fn read_from(inner: &mut (impl Read + ?Sized), faults: &mut Faults, buf: &mut [u8]) -> io::Result<usize> {
    let most = faults.allow(buf.len())?;
    if most == 0 {
        // Not passed on: a socket may wait for something to come before it reads nothing of it.
        return Ok(0);
    }
    let count = inner.read(&mut buf[..most])?;
    faults.moved(count);
    Ok(count)
}

fn write_to(inner: &mut (impl Write + ?Sized), faults: &mut Faults, buf: &[u8]) -> io::Result<usize> {
    let most = faults.allow(buf.len())?;
    if most == 0 {
        // A write of nothing must not reach the wrapped writer: an unbuffered one would wait for a reader.
        return Ok(0);
    }
    let count = inner.write(&buf[..most])?;
    faults.moved(count);
    Ok(count)
}

/// `inner` with faults in each direction. Of a reader or a writer alone, the other direction is never used.
pub struct Faulty<T> {
    inner: T,
    reads: Faults,
    writes: Faults,
}

impl<T> Faulty<T> {
    /// `inner` with faults for its reads and its writes.
    pub fn new(inner: T, reads: Faults, writes: Faults) -> Faulty<T> {
        Faulty { inner, reads, writes }
    }

    /// What was wrapped.
    pub fn into_inner(self) -> T {
        self.inner
    }
}

impl<T: Read> Read for Faulty<T> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        read_from(&mut self.inner, &mut self.reads, buf)
    }
}

impl<T: Write> Write for Faulty<T> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        write_to(&mut self.inner, &mut self.writes, buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

// A splice would go around the faults, so `read_fd` and `write_fd` stay at their default: there is no descriptor.
impl<T: ConnRead> ConnRead for Faulty<T> {
    fn set_read_deadline(&mut self, deadline: Deadline) {
        self.inner.set_read_deadline(deadline);
    }
}

impl<T: ConnWrite> ConnWrite for Faulty<T> {
    fn set_write_deadline(&mut self, deadline: Deadline) {
        self.inner.set_write_deadline(deadline);
    }

    fn finish(&mut self) -> io::Result<()> {
        self.inner.finish()
    }
}

impl<T: Conn + 'static> Conn for Faulty<T> {
    fn local(&self) -> Address {
        self.inner.local()
    }

    fn peer(&self) -> Address {
        self.inner.peer()
    }

    fn interrupter(&self) -> Interrupter {
        self.inner.interrupter()
    }

    fn handshake(&mut self) -> io::Result<()> {
        self.inner.handshake()
    }

    fn protocol(&self) -> Option<&str> {
        self.inner.protocol()
    }

    fn security(&self) -> Option<&SecurityInfo> {
        self.inner.security()
    }

    fn tcp(&self) -> Option<&TcpStream> {
        self.inner.tcp()
    }

    fn split(self: Box<Self>) -> io::Result<Halves> {
        let Faulty { inner, reads, writes } = *self;
        let (reader, writer) = Box::new(inner).split()?;
        Ok((Box::new(FaultyReader { reader, reads }), Box::new(FaultyWriter { writer, writes })))
    }
}

impl<T> fmt::Debug for Faulty<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a faulty {}", std::any::type_name::<T>())
    }
}

struct FaultyReader {
    reader: Box<dyn ConnRead>,
    reads: Faults,
}

impl Read for FaultyReader {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        read_from(&mut *self.reader, &mut self.reads, buf)
    }
}

impl ConnRead for FaultyReader {
    fn set_read_deadline(&mut self, deadline: Deadline) {
        self.reader.set_read_deadline(deadline);
    }

    fn peer_has_finished(&self) -> bool {
        self.reader.peer_has_finished()
    }
}

struct FaultyWriter {
    writer: Box<dyn ConnWrite>,
    writes: Faults,
}

impl Write for FaultyWriter {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        write_to(&mut *self.writer, &mut self.writes, buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

impl ConnWrite for FaultyWriter {
    fn set_write_deadline(&mut self, deadline: Deadline) {
        self.writer.set_write_deadline(deadline);
    }

    fn finish(&mut self) -> io::Result<()> {
        self.writer.finish()
    }
}

#[cfg(test)]
mod tests;
