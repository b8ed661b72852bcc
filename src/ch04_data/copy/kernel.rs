//! The way through the kernel: `splice` from the socket into a pipe, and from the pipe into the other socket. The pipe
//! holds references to the pages the network card or the loopback filled; nothing is copied into this process.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsFd;

use super::{BUFFER_BYTES, Copier, CopyError, reading, writing};
use crate::base::conn::{ConnRead, ConnWrite};
use crate::base::deadline::timed_out;
use crate::base::sys::splice::{KernelPipe, splice};
use crate::base::trace;

/// What a copy knows of its way through the kernel.
#[derive(Debug, Default)]
pub(super) struct Route {
    pipe: Option<KernelPipe>,
    refused: bool,
    bytes: u64,
}

impl Copier {
    pub(super) fn bytes_in_kernel(&self) -> u64 {
        self.kernel.bytes
    }

    /// Copies inside the kernel until the input looks ended, or as long as the kernel can.
    pub(super) fn run_in_kernel(
        &mut self,
        from: &mut dyn ConnRead,
        to: &mut dyn ConnWrite,
    ) -> Result<(), CopyError> {
        if self.kernel.refused || !have_sockets(from, to)? {
            return Ok(());
        }
        let pipe = match self.kernel.pipe.take() {
            Some(pipe) => pipe,
            None => match KernelPipe::new() {
                Ok(pipe) => pipe,
                // Out of descriptors. User space needs none; the next full buffer asks again.
                Err(_) => return Ok(()),
            },
        };
        // A user's share of pipe memory (`fs.pipe-user-pages-soft`) is soon used up; pipes made beyond it hold two pages,
        // and a system call moves less through them than through the buffer.
        if pipe.capacity < BUFFER_BYTES {
            return Ok(());
        }
        trace::note(|| format!("goes on inside the kernel, {} bytes at a time", pipe.capacity));
        loop {
            self.limit_read(from);
            let waiting = match fill(from, &pipe) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if cannot(&error) => {
                    self.kernel.refused = true;
                    return Ok(());
                }
                Err(error) => return Err(reading(error)),
            };
            self.drain(&pipe, to, waiting).map_err(writing)?;
        }
        self.kernel.pipe = Some(pipe);
        Ok(())
    }

    /// Moves the `waiting` bytes in the pipe on to `to`.
    fn drain(&mut self, pipe: &KernelPipe, to: &mut dyn ConnWrite, mut waiting: usize) -> io::Result<()> {
        while waiting > 0 {
            self.limit_write(to);
            match empty(pipe, to, waiting) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => {
                    waiting -= count;
                    self.kernel.bytes += count as u64;
                    self.add(count);
                }
                Err(error) if cannot(&error) => {
                    self.kernel.refused = true;
                    return self.drain_by_hand(pipe, to, waiting);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// For bytes that are in the pipe already when it turns out that the kernel cannot move them on.
    fn drain_by_hand(
        &mut self,
        pipe: &KernelPipe,
        to: &mut dyn ConnWrite,
        mut waiting: usize,
    ) -> io::Result<()> {
        let mut end = File::from(pipe.read_end.try_clone()?);
        while waiting > 0 {
            let most = waiting.min(self.buffer.len());
            let count = end.read(&mut self.buffer[..most])?;
            if count == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.write(to, count)?;
            waiting -= count;
        }
        Ok(())
    }
}

/// Whether the kernel says that it cannot splice these two (`EINVAL`).
fn cannot(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::InvalidInput
}

fn have_sockets(from: &mut dyn ConnRead, to: &mut dyn ConnWrite) -> Result<bool, CopyError> {
    let has_source = from.read_fd().map_err(reading)?.is_some();
    let has_target = to.write_fd().map_err(writing)?.is_some();
    Ok(has_source && has_target)
}

/// Blocks until there are bytes to put into the empty pipe: how many it took. Zero is the end, or an interruption.
fn fill(from: &mut dyn ConnRead, pipe: &KernelPipe) -> io::Result<usize> {
    loop {
        // Anew each time: this arms the deadline and notices an interruption.
        let Some(socket) = from.read_fd()? else { return Err(io::ErrorKind::InvalidInput.into()) };
        match splice(socket, pipe.write_end.as_fd(), pipe.capacity) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Err(timed_out()),
            outcome => return outcome,
        }
    }
}

/// Blocks until some of the bytes in the pipe have gone to the socket: how many.
fn empty(pipe: &KernelPipe, to: &mut dyn ConnWrite, waiting: usize) -> io::Result<usize> {
    loop {
        let Some(socket) = to.write_fd()? else { return Err(io::ErrorKind::InvalidInput.into()) };
        match splice(pipe.read_end.as_fd(), socket, waiting) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Err(timed_out()),
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                // An interruption looks like this too, and only the connection knows.
                to.write_fd()?;
                return Err(error);
            }
            outcome => return outcome,
        }
    }
}
