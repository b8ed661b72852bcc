//! One direction of a pipe: the bytes waiting, and who may still put some in or take some out.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::base::conn::interrupted;
use crate::base::deadline::Deadline;
use crate::base::trace::{self, Kind};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Writing {
    Open,
    /// The writer half-closed or is gone: what is in the lane is still read, then the stream ends.
    Finished,
    /// Another thread interrupted the writer's end.
    Aborted,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Reading {
    Open,
    /// What is in the lane is still read; nothing more gets in.
    InputEnded,
    Gone,
    /// Another thread interrupted the reader's end.
    Aborted,
}

struct State {
    bytes: VecDeque<u8>,
    writing: Writing,
    reading: Reading,
}

impl State {
    /// Why a message that is already in the lane will never be taken.
    fn check_handover(&self) -> io::Result<()> {
        match (self.writing, self.reading) {
            (Writing::Aborted, _) => Err(interrupted()),
            (_, Reading::Gone | Reading::Aborted) => Err(broken("the other end is closed")),
            _ => Ok(()),
        }
    }

    /// Why a new message cannot be put in.
    fn check_writer(&self) -> io::Result<()> {
        self.check_handover()?;
        match (self.writing, self.reading) {
            (Writing::Finished, _) => Err(broken("this end has finished writing")),
            (_, Reading::InputEnded) => Err(broken("the other end reads no more")),
            _ => Ok(()),
        }
    }

    fn has_ended(&self) -> bool {
        self.writing != Writing::Open || self.reading == Reading::InputEnded
    }
}

fn broken(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::BrokenPipe, why)
}

/// One direction of a pipe. At most one thread writes and one reads: the halves are not clonable.
pub(super) struct Lane {
    /// The writer's address.
    pub(super) from: String,
    /// The reader's address.
    pub(super) to: String,
    capacity: usize,
    state: Mutex<State>,
    changed: Condvar,
}

impl Lane {
    pub(super) fn new(from: &str, to: &str, capacity: usize) -> Lane {
        let state = State { bytes: VecDeque::new(), writing: Writing::Open, reading: Reading::Open };
        Lane {
            from: from.to_string(),
            to: to.to_string(),
            capacity,
            state: Mutex::new(state),
            changed: Condvar::new(),
        }
    }

    pub(super) fn read(&self, buf: &mut [u8], deadline: Deadline) -> io::Result<usize> {
        let outcome = self.take(buf, deadline);
        if let Err(error) = &outcome {
            report_failure(error, &self.to, &self.from);
        }
        outcome
    }

    pub(super) fn write(&self, buf: &[u8], deadline: Deadline) -> io::Result<usize> {
        let outcome = self.put(buf, deadline);
        if let Err(error) = &outcome {
            report_failure(error, &self.from, &self.to);
        }
        outcome
    }

    pub(super) fn writer_has_finished(&self) -> bool {
        self.lock().writing != Writing::Open
    }

    fn take(&self, buf: &mut [u8], deadline: Deadline) -> io::Result<usize> {
        let mut state = self.lock();
        loop {
            if state.reading == Reading::Aborted {
                return Err(interrupted());
            }
            // Before the bytes: as in Go, a deadline that has passed fails a read even if something is there to read.
            let remaining = deadline.remaining()?;
            if buf.is_empty() {
                return Ok(0);
            }
            if !state.bytes.is_empty() {
                return self.take_some(&mut state, buf);
            }
            if state.has_ended() {
                trace::between(Kind::EndOfStream, &self.from, &self.to, &[]);
                return Ok(0);
            }
            state = self.wait(state, remaining);
        }
    }

    fn take_some(&self, state: &mut State, buf: &mut [u8]) -> io::Result<usize> {
        // The ring of a VecDeque lies in two pieces and `read` gives one of them.
        let mut count = state.bytes.read(buf)?;
        count += state.bytes.read(&mut buf[count..])?;
        trace::between(Kind::Received, &self.from, &self.to, &buf[..count]);
        self.changed.notify_all();
        Ok(count)
    }

    fn put(&self, buf: &[u8], deadline: Deadline) -> io::Result<usize> {
        let mut state = self.lock();
        let room = loop {
            state.check_writer()?;
            let remaining = deadline.remaining()?;
            let room = self.room(&state, buf.len());
            if room > 0 || buf.is_empty() {
                break room;
            }
            state = self.wait(state, remaining);
        };
        let message = &buf[..room.min(buf.len())];
        state.bytes.extend(message);
        trace::between(Kind::Sent, &self.from, &self.to, message);
        self.changed.notify_all();
        if self.capacity > 0 {
            return Ok(message.len());
        }
        self.hand_over(state, message.len(), deadline)
    }

    fn room(&self, state: &State, wanted: usize) -> usize {
        match self.capacity {
            // The lane is empty: the write before this one has waited until it was.
            0 => wanted,
            capacity => capacity - state.bytes.len(),
        }
    }

    /// Waits until a reader has taken the `count` bytes. What nobody takes is withdrawn, or it would be read after this
    /// write has said that it failed.
    fn hand_over(
        &self,
        mut state: MutexGuard<'_, State>,
        count: usize,
        deadline: Deadline,
    ) -> io::Result<usize> {
        while !state.bytes.is_empty() {
            match state.check_handover().and_then(|()| deadline.remaining()) {
                Ok(remaining) => state = self.wait(state, remaining),
                Err(error) => {
                    let taken = count - state.bytes.len();
                    state.bytes.clear();
                    return if taken > 0 { Ok(taken) } else { Err(error) };
                }
            }
        }
        Ok(count)
    }

    pub(super) fn finish(&self) {
        let mut state = self.lock();
        trace::between(Kind::Finished, &self.from, &self.to, &[]);
        if state.writing == Writing::Open {
            state.writing = Writing::Finished;
        }
        self.changed.notify_all();
    }

    pub(super) fn close_writer(&self) {
        self.change(|state| state.writing = Writing::Finished);
    }

    pub(super) fn abort_writer(&self) {
        self.change(|state| state.writing = Writing::Aborted);
    }

    pub(super) fn close_reader(&self) {
        self.change(|state| state.reading = Reading::Gone);
    }

    pub(super) fn abort_reader(&self) {
        self.change(|state| state.reading = Reading::Aborted);
    }

    pub(super) fn end_input(&self) {
        self.change(|state| {
            if state.reading == Reading::Open {
                state.reading = Reading::InputEnded;
            }
        });
    }

    fn change(&self, how: impl FnOnce(&mut State)) {
        how(&mut self.lock());
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>, most: Option<Duration>) -> MutexGuard<'a, State> {
        match most {
            None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            Some(most) => self.changed.wait_timeout(state, most).unwrap_or_else(PoisonError::into_inner).0,
        }
    }
}

fn report_failure(error: &io::Error, local: &str, peer: &str) {
    match error.kind() {
        io::ErrorKind::TimedOut => trace::between(Kind::TimedOut, local, peer, &[]),
        _ => trace::between(Kind::Broken, local, peer, &[]),
    }
}
