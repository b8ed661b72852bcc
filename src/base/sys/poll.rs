//! Waiting for one of several descriptors.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::time::Duration;

use super::check;

/// What to wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Something to read, or the end.
    Readable,
    /// Room to write; for a connecting socket, the outcome.
    Writable,
}

/// Blocks until one of the descriptors is as wished, or `timeout` has passed (`None`: for ever). Gives which ones are
/// ready, in order; none of them after a timeout. An error or a hang-up on a descriptor counts as ready.
///
/// # Errors
/// The system's; [`io::ErrorKind::Interrupted`] when a signal came.
pub fn wait(wishes: &[(BorrowedFd<'_>, Wish)], timeout: Option<Duration>) -> io::Result<Vec<bool>> {
    let mut entries = Vec::with_capacity(wishes.len());
    for (fd, wish) in wishes {
        let events = match wish {
            Wish::Readable => libc::POLLIN,
            Wish::Writable => libc::POLLOUT,
        };
        entries.push(libc::pollfd { fd: fd.as_raw_fd(), events, revents: 0 });
    }
    let count = entries.len() as libc::nfds_t;
    // SAFETY: pointer and count describe `entries`; the borrows keep the descriptors open.
    check(unsafe { libc::poll(entries.as_mut_ptr(), count, milliseconds(timeout)) })?;
    let mut ready = Vec::with_capacity(entries.len());
    for entry in &entries {
        ready.push(entry.revents != 0);
    }
    Ok(ready)
}

/// Whether the other end of a connected socket has finished sending or is gone, whatever is still unread. Never blocks.
///
/// # Errors
/// The system's.
pub fn has_hung_up(socket: BorrowedFd<'_>) -> io::Result<bool> {
    let mut entry = libc::pollfd { fd: socket.as_raw_fd(), events: FINISHED, revents: 0 };
    // SAFETY: the pointer is to one entry; the borrow keeps the descriptor open.
    check(unsafe { libc::poll(&raw mut entry, 1, 0) })?;
    Ok(entry.revents & (FINISHED | libc::POLLHUP | libc::POLLERR) != 0)
}

/// The peer has half-closed. Only Linux says so apart from "readable"; elsewhere only a whole hang-up is seen.
#[cfg(target_os = "linux")]
const FINISHED: libc::c_short = libc::POLLRDHUP;
#[cfg(not(target_os = "linux"))]
const FINISHED: libc::c_short = 0;

/// Rounded up: rounded down, the last fraction of a millisecond before a deadline would be a busy loop.
fn milliseconds(timeout: Option<Duration>) -> libc::c_int {
    match timeout {
        None => -1,
        Some(time) => libc::c_int::try_from(time.as_nanos().div_ceil(1_000_000)).unwrap_or(libc::c_int::MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::os::fd::AsFd;
    use std::os::unix::net::UnixStream;

    #[test]
    fn the_ready_descriptor_is_named_and_a_timeout_names_none() {
        let (one, mut one_end) = UnixStream::pair().unwrap();
        let (two, _two_end) = UnixStream::pair().unwrap();
        let wishes = [(one.as_fd(), Wish::Readable), (two.as_fd(), Wish::Readable)];
        assert_eq!(wait(&wishes, Some(Duration::ZERO)).unwrap(), [false, false]);
        one_end.write_all(b"x").unwrap();
        assert_eq!(wait(&wishes, None).unwrap(), [true, false]);
        assert_eq!(wait(&[(two.as_fd(), Wish::Writable)], None).unwrap(), [true]);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_peer_that_has_finished_is_seen_behind_its_unread_bytes() {
        let (one, mut other) = UnixStream::pair().unwrap();
        other.write_all(b"x").unwrap();
        assert!(!has_hung_up(one.as_fd()).unwrap());
        other.shutdown(std::net::Shutdown::Write).unwrap();
        assert!(has_hung_up(one.as_fd()).unwrap());
    }

    #[test]
    fn a_fraction_of_a_millisecond_is_waited_for_not_spun_through() {
        assert_eq!(milliseconds(Some(Duration::from_nanos(1))), 1);
        assert_eq!(milliseconds(Some(Duration::from_micros(1500))), 2);
        assert_eq!(milliseconds(Some(Duration::MAX)), libc::c_int::MAX);
        assert_eq!(milliseconds(None), -1);
    }
}
