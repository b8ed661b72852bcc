//! Ctrl-C and SIGTERM as bytes in a pipe.

use std::io::{self, Read};
use std::os::fd::{AsRawFd, IntoRawFd};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicI32, Ordering};

use super::check;

/// The descriptor the handler writes to; -1 before there is one.
static HANDLER_WRITES_TO: AtomicI32 = AtomicI32::new(-1);

/// Runs in whatever thread the signal hits, between any two instructions: only calls that POSIX lists as async-signal-safe
/// may stand here, and `write` is one.
extern "C" fn on_signal(signal: libc::c_int) {
    let fd = HANDLER_WRITES_TO.load(Ordering::Relaxed);
    let byte = signal as u8;
    // SAFETY: errno belongs to this thread, and its address is valid as long as the thread runs.
    let errno = unsafe { errno_address() };
    // SAFETY: as above. The interrupted code may be about to look at the errno of its own call.
    let errno_of_the_interrupted = unsafe { *errno };
    // SAFETY: one byte is read from a local; a full or closed pipe makes write fail, which loses nothing here.
    unsafe { libc::write(fd, (&raw const byte).cast(), 1) };
    // SAFETY: as the read above.
    unsafe { *errno = errno_of_the_interrupted };
}

#[cfg(target_os = "linux")]
use libc::__errno_location as errno_address;
#[cfg(not(target_os = "linux"))]
use libc::__error as errno_address;

/// Receives the numbers of the signals that came.
#[derive(Debug)]
pub struct Signals {
    pipe: UnixStream,
}

/// From now on SIGINT and SIGTERM do not end the process but arrive at the value returned. Each is caught once; the second
/// of its kind ends the process as usual, so that a program whose shutdown hangs can still be stopped.
///
/// # Errors
/// The system's. [`io::ErrorKind::AlreadyExists`] when called twice.
pub fn catch_interrupt_and_terminate() -> io::Result<Signals> {
    let (receiver, sender) = UnixStream::pair()?;
    sender.set_nonblocking(true)?;
    let swapped =
        HANDLER_WRITES_TO.compare_exchange(-1, sender.as_raw_fd(), Ordering::SeqCst, Ordering::SeqCst);
    if swapped.is_err() {
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, "signals are caught already"));
    }
    // The handler lives as long as the process, and so must what it writes to.
    let _ = sender.into_raw_fd();
    install(libc::SIGINT)?;
    install(libc::SIGTERM)?;
    Ok(Signals { pipe: receiver })
}

impl Signals {
    /// Blocks until a signal comes: its number.
    ///
    /// # Errors
    /// The system's.
    pub fn wait(&mut self) -> io::Result<i32> {
        let mut byte = [0u8; 1];
        self.pipe.read_exact(&mut byte)?;
        Ok(i32::from(byte[0]))
    }
}

fn install(signal: libc::c_int) -> io::Result<()> {
    // SAFETY: sigaction is plain numbers and pointers, for which all zero bytes are a value.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = on_signal as *const () as libc::sighandler_t;
    // SA_RESTART: other threads' blocked calls go on. SA_RESETHAND: the second signal does what it always did.
    action.sa_flags = libc::SA_RESTART | libc::SA_RESETHAND;
    // SAFETY: the mask is a field of a local; sigemptyset initialises it.
    unsafe { libc::sigemptyset(&raw mut action.sa_mask) };
    // SAFETY: `action` is whole and outlives the call; the handler only writes to a descriptor that is never closed.
    check(unsafe { libc::sigaction(signal, &raw const action, std::ptr::null_mut()) })?;
    Ok(())
}
