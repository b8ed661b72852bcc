//! A file's bytes into a socket inside the kernel: they never enter this process. Linux only.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

use super::check_size;

/// Moves up to `most` bytes of `file`, from `offset` on, to `socket`. Blocks until some have moved; `Ok(0)` is the end of the
/// file. The file's own position stays. A socket's timeout holds here as in a write.
///
/// # Errors
/// As a read and a write. [`io::ErrorKind::InvalidInput`] where the kernel cannot move from this file, and for an offset
/// that no file has.
pub fn sendfile(file: BorrowedFd<'_>, offset: u64, socket: BorrowedFd<'_>, most: usize) -> io::Result<usize> {
    let mut offset =
        libc::off64_t::try_from(offset).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
    let (to, from) = (socket.as_raw_fd(), file.as_raw_fd());
    // SAFETY: the pointer is to a local that outlives the call; the borrows keep the descriptors open.
    check_size(unsafe { libc::sendfile64(to, from, &raw mut offset, most) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;
    use std::os::fd::AsFd;
    use std::os::unix::net::UnixStream;

    #[test]
    fn a_part_of_a_file_arrives_and_its_end_is_zero() {
        let file = std::fs::File::open(file!()).unwrap();
        let (to, mut from) = UnixStream::pair().unwrap();
        assert_eq!(sendfile(file.as_fd(), 4, to.as_fd(), 6).unwrap(), 6);
        let mut got = [0; 6];
        from.read_exact(&mut got).unwrap();
        assert_eq!(&got, b"A file");
        let length = file.metadata().unwrap().len();
        assert_eq!(sendfile(file.as_fd(), length, to.as_fd(), 6).unwrap(), 0);
        let beyond = sendfile(file.as_fd(), u64::MAX, to.as_fd(), 1).unwrap_err();
        assert_eq!(beyond.kind(), io::ErrorKind::InvalidInput);
    }
}
