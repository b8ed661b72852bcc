//! Pipes at a transfer's other end: reading and writing that a stop signal or a deadline can end.
//!
//! A read from a pipe that nobody writes to waits for ever, and so does opening a named one. Meanwhile nobody looks at the token:
//! Ctrl-C at `ch06_put HOST - NAME` would do nothing. Here the wait is for "ready", a little at a time.
//!
//! Left out: systems other than Unix, where such a wait ends with the process only; named pipes outside Linux, where a reader
//! cannot tell "no writer yet" from the end.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::path::Path;
use std::time::Duration;

use crate::base::cancel::Cancel;
#[cfg(unix)]
use crate::base::sys::poll;

/// How long we wait at most before we look whether we are to stop.
const LOOK_FOR_STOP: Duration = Duration::from_millis(100);

/// What a pipe that is ready surely takes without waiting (POSIX: `PIPE_BUF` is 512 at least; here 4,096 on Linux).
const TAKEN_AT_ONCE: usize = if cfg!(target_os = "linux") { 4096 } else { 512 };

/// A file that may be a pipe or a terminal, read and written until a token ends.
#[derive(Debug)]
pub struct Pipe {
    file: File,
    stop: Cancel,
    /// A regular file is always ready.
    waits: bool,
}

/// What to wait for.
#[derive(Clone, Copy)]
enum Wish {
    Readable,
    Writable,
}

impl Pipe {
    /// Around a file that is open.
    ///
    /// # Errors
    /// The system's, when it cannot say what the file is.
    pub fn over(file: File, stop: &Cancel) -> io::Result<Pipe> {
        let waits = !file.metadata()?.is_file();
        Ok(Pipe { file, stop: stop.clone(), waits })
    }

    /// Standard input.
    ///
    /// # Errors
    /// The system's.
    #[cfg(unix)]
    pub fn input(stop: &Cancel) -> io::Result<Pipe> {
        use std::os::fd::AsFd;
        Pipe::over(File::from(io::stdin().as_fd().try_clone_to_owned()?), stop)
    }

    /// Standard output.
    ///
    /// # Errors
    /// The system's.
    #[cfg(unix)]
    pub fn output(stop: &Cancel) -> io::Result<Pipe> {
        use std::os::fd::AsFd;
        Pipe::over(File::from(io::stdout().as_fd().try_clone_to_owned()?), stop)
    }

    /// Opens a file to be read, also a named pipe without a writer.
    ///
    /// # Errors
    /// The system's.
    pub fn read(path: &Path, stop: &Cancel) -> io::Result<Pipe> {
        let mut options = OpenOptions::new();
        options.read(true);
        if cfg!(target_os = "linux") {
            open_at_once(&mut options, path);
        }
        Pipe::over(options.open(path)?, stop)
    }

    /// Opens something that is there to be written to. With a named pipe it waits for the reader.
    ///
    /// # Errors
    /// The system's; the token's end, as [`Pipe`]'s writes.
    pub fn write(path: &Path, stop: &Cancel) -> io::Result<Pipe> {
        let mut options = OpenOptions::new();
        options.write(true);
        let is_pipe = open_at_once(&mut options, path);
        loop {
            match options.open(path) {
                Err(error) if is_pipe && has_no_reader(&error) => {
                    let _ = stop.sleep(LOOK_FOR_STOP);
                    stop.check()?;
                }
                opened => return Pipe::over(opened?, stop),
            }
        }
    }

    /// What the file is.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Waits until the file is ready: [`ErrorKind::TimedOut`] when the token's deadline comes first,
    /// [`ErrorKind::ConnectionAborted`] when it ends otherwise.
    fn wait(&self, wish: Wish) -> io::Result<()> {
        loop {
            self.stop.check()?;
            match is_ready(&self.file, wish) {
                Ok(true) => return Ok(()),
                Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error),
                _ => {}
            }
        }
    }
}

#[cfg(unix)]
fn is_ready(file: &File, wish: Wish) -> io::Result<bool> {
    use std::os::fd::AsFd;
    let wish = match wish {
        Wish::Readable => poll::Wish::Readable,
        Wish::Writable => poll::Wish::Writable,
    };
    Ok(poll::wait(&[(file.as_fd(), wish)], Some(LOOK_FOR_STOP))?.contains(&true))
}

#[cfg(not(unix))]
fn is_ready(_file: &File, _wish: Wish) -> io::Result<bool> {
    Ok(true)
}

/// Has a named pipe opened without waiting for its other end: whether it is one.
#[cfg(unix)]
fn open_at_once(options: &mut OpenOptions, path: &Path) -> bool {
    use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
    let is_pipe = path.metadata().is_ok_and(|found| found.file_type().is_fifo());
    if is_pipe {
        options.custom_flags(libc::O_NONBLOCK);
    }
    is_pipe
}

#[cfg(not(unix))]
fn open_at_once(_options: &mut OpenOptions, _path: &Path) -> bool {
    false
}

#[cfg(unix)]
fn has_no_reader(error: &io::Error) -> bool {
    error.raw_os_error() == Some(libc::ENXIO)
}

#[cfg(not(unix))]
fn has_no_reader(_error: &io::Error) -> bool {
    false
}

impl Read for Pipe {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.waits {
                self.wait(Wish::Readable)?;
            }
            match self.file.read(buf) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                done => return done,
            }
        }
    }
}

impl Write for Pipe {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        if !self.waits {
            return self.file.write(buf);
        }
        loop {
            self.wait(Wish::Writable)?;
            match self.file.write(&buf[..buf.len().min(TAKEN_AT_ONCE)]) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                done => return done,
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
