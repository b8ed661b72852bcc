//! Moving bytes between sockets inside the kernel, through a pipe: they never enter this process. Linux only.
//! Book: the note on `io.Copy` after Listing 4-14.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::ptr;

use super::{check, check_size};

/// A pipe that holds bytes on their way through the kernel.
#[derive(Debug)]
pub struct KernelPipe {
    /// Where bytes come out.
    pub read_end: OwnedFd,
    /// Where bytes go in.
    pub write_end: OwnedFd,
    /// How many bytes it holds at most.
    pub capacity: usize,
}

/// A larger pipe moves more per system call; this is what an unprivileged process may ask for by default
/// (`fs.pipe-max-size`).
const WANTED_CAPACITY: libc::c_int = 1 << 20;

impl KernelPipe {
    /// A pipe of up to a mebibyte; the system's default of 64 KiB where it refuses more.
    ///
    /// # Errors
    /// The system's; `EMFILE` when descriptors have run out.
    pub fn new() -> io::Result<KernelPipe> {
        let mut ends = [0 as libc::c_int; 2];
        // SAFETY: pipe2 writes two descriptors, for which `ends` has room.
        check(unsafe { libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC) })?;
        // SAFETY: both descriptors are fresh and nobody else owns them.
        let (read_end, write_end) = unsafe { (OwnedFd::from_raw_fd(ends[0]), OwnedFd::from_raw_fd(ends[1])) };
        let fd = write_end.as_raw_fd();
        // SAFETY: fcntl with F_SETPIPE_SZ takes numbers; the pipe is open.
        let asked = check(unsafe { libc::fcntl(fd, libc::F_SETPIPE_SZ, WANTED_CAPACITY) });
        // SAFETY: as above, with F_GETPIPE_SZ.
        let capacity = asked.or_else(|_| check(unsafe { libc::fcntl(fd, libc::F_GETPIPE_SZ) }))?;
        Ok(KernelPipe { read_end, write_end, capacity: capacity as usize })
    }
}

/// Moves up to `most` bytes from one descriptor to another, one of which is a pipe. Blocks until some have moved; `Ok(0)`
/// is the end of the input. A socket's timeouts hold here as in a read or a write.
///
/// # Errors
/// As a read and a write. [`io::ErrorKind::InvalidInput`] where the kernel cannot move these two.
pub fn splice(from: BorrowedFd<'_>, to: BorrowedFd<'_>, most: usize) -> io::Result<usize> {
    let (none, also_none) = (ptr::null_mut(), ptr::null_mut());
    // SAFETY: null offsets are allowed (both ends are streams); the borrows keep the descriptors open.
    check_size(unsafe {
        libc::splice(from.as_raw_fd(), none, to.as_raw_fd(), also_none, most, libc::SPLICE_F_MOVE)
    })
}
