//! System calls the standard library does not have. The only `unsafe` in the project.
//!
//! Each function is as thin as it can be and safe to call: it takes borrowed descriptors and plain numbers, and gives an
//! [`std::io::Error`] where the system says no. What a chapter does with them stands in the chapter.
//!
//! * [`socket`]   sockets before they are connected or listening; stopping a listener
//! * [`options`]  socket options: keepalive, linger, buffers
//! * [`datagram`]  a datagram's true length, "don't fragment", the path's MTU (Linux)
//! * [`unconnected`]  which address a datagram came to, and which of ours were refused (Linux)
//! * [`multicast`]  sockets of a group
//! * [`poll`]     waiting for one of several descriptors
//! * [`splice`]   moving bytes between sockets inside the kernel (Linux)
//! * [`sendfile`]  a file's bytes into a socket inside the kernel (Linux)
//! * [`signals`]  Ctrl-C and SIGTERM as bytes in a pipe
//! * [`process`]  limits of this process
//! * [`local`]    Unix domain sockets of every type, bound with a mode; locks
//! * [`ancillary`]  what travels beside the bytes: descriptors
//! * [`peer`]     who is at the other end of a Unix domain socket
//! * [`accounts`]  users and groups

#[cfg(unix)]
pub mod accounts;
#[cfg(unix)]
pub mod ancillary;
#[cfg(target_os = "linux")]
pub mod datagram;
#[cfg(unix)]
pub mod local;
#[cfg(unix)]
pub mod multicast;
#[cfg(unix)]
pub mod options;
#[cfg(unix)]
pub mod peer;
#[cfg(unix)]
pub mod poll;
#[cfg(unix)]
pub mod process;
#[cfg(target_os = "linux")]
pub mod sendfile;
#[cfg(unix)]
pub mod signals;
#[cfg(unix)]
pub mod socket;
#[cfg(target_os = "linux")]
pub mod splice;
#[cfg(target_os = "linux")]
pub mod unconnected;

use std::io;

/// The system's answer: `-1` is an error, anything else a result.
#[cfg(unix)]
fn check(result: libc::c_int) -> io::Result<libc::c_int> {
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

/// The same for calls that give a size.
#[cfg(unix)]
fn check_size(result: libc::ssize_t) -> io::Result<usize> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result as usize) }
}
