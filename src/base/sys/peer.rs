//! Who is at the other end of a Unix domain socket, as the kernel noted it when the connection was made.

use std::io;
use std::os::fd::{AsFd, AsRawFd};
#[cfg(target_os = "linux")]
use std::os::fd::{FromRawFd, OwnedFd};

#[cfg(target_os = "linux")]
use super::check;

/// What the kernel says about a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// The process; zero where the kernel does not say.
    pub process: i32,
    /// The effective user.
    pub user: u32,
    /// The effective group.
    pub group: u32,
}

/// The peer's process, user and group (SO_PEERCRED). On Linux a TCP socket answers too, with process 0 and user and group
/// `u32::MAX`: whoever asks must look.
///
/// # Errors
/// The system's.
#[cfg(target_os = "linux")]
pub fn credentials(socket: &impl AsFd) -> io::Result<Credentials> {
    let mut found = libc::ucred { pid: 0, uid: u32::MAX, gid: u32::MAX };
    let mut length = size_of::<libc::ucred>() as libc::socklen_t;
    let fd = socket.as_fd().as_raw_fd();
    let target = (&raw mut found).cast();
    // SAFETY: getsockopt writes at most `length` bytes, for which `found` has room.
    check(unsafe { libc::getsockopt(fd, libc::SOL_SOCKET, libc::SO_PEERCRED, target, &raw mut length) })?;
    Ok(Credentials { process: found.pid, user: found.uid, group: found.gid })
}

/// The same where the system tells user and group only.
///
/// # Errors
/// The system's.
#[cfg(not(target_os = "linux"))]
pub fn credentials(socket: &impl AsFd) -> io::Result<Credentials> {
    let (mut user, mut group) = (u32::MAX, u32::MAX);
    // SAFETY: getpeereid writes two numbers, for which there is room.
    super::check(unsafe { libc::getpeereid(socket.as_fd().as_raw_fd(), &raw mut user, &raw mut group) })?;
    Ok(Credentials { process: 0, user, group })
}

/// How many groups a process may have on Linux (`NGROUPS_MAX`).
#[cfg(target_os = "linux")]
const MOST_GROUPS: usize = 65_536;

/// The peer's supplementary groups (SO_PEERGROUPS, Linux 4.13). Its effective group is not among them unless listed.
///
/// # Errors
/// The system's.
#[cfg(target_os = "linux")]
pub fn groups(socket: &impl AsFd) -> io::Result<Vec<u32>> {
    let mut room = 32;
    loop {
        let mut groups = vec![0u32; room];
        let mut length = size_of_val(&groups[..]) as libc::socklen_t;
        let fd = socket.as_fd().as_raw_fd();
        let target = groups.as_mut_ptr().cast();
        // SAFETY: getsockopt writes at most `length` bytes, for which `groups` has room.
        let asked = check(unsafe {
            libc::getsockopt(fd, libc::SOL_SOCKET, libc::SO_PEERGROUPS, target, &raw mut length)
        });
        match asked {
            Ok(_) => {
                groups.truncate(length as usize / size_of::<u32>());
                return Ok(groups);
            }
            // ERANGE: the length is now the one that is needed.
            Err(error) if error.raw_os_error() == Some(libc::ERANGE) && room < MOST_GROUPS => {
                room = (length as usize / size_of::<u32>()).clamp(room + 1, MOST_GROUPS);
            }
            Err(error) => return Err(error),
        }
    }
}

/// SO_PEERPIDFD, Linux 6.5; newer than the C library's headers know.
#[cfg(target_os = "linux")]
const SO_PEERPIDFD: libc::c_int = 77;

/// A descriptor of the peer's process, which no other process can come to have, whatever becomes of its number. It is
/// readable once the process has ended.
///
/// # Errors
/// The system's: `ENOPROTOOPT` before Linux 6.5, `ESRCH` when the process is gone already, as far as the kernel can tell.
#[cfg(target_os = "linux")]
pub fn process(socket: &impl AsFd) -> io::Result<OwnedFd> {
    let mut found: libc::c_int = -1;
    let mut length = size_of::<libc::c_int>() as libc::socklen_t;
    let fd = socket.as_fd().as_raw_fd();
    let target = (&raw mut found).cast();
    // SAFETY: getsockopt writes at most `length` bytes, for which `found` has room.
    check(unsafe { libc::getsockopt(fd, libc::SOL_SOCKET, SO_PEERPIDFD, target, &raw mut length) })?;
    check(found)?;
    // SAFETY: the descriptor is fresh (and closes on exec) and nobody else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(found) })
}
