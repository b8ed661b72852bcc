//! Sockets before they are connected or listening, and the end of a listener.

use std::io;
use std::mem;
use std::net::SocketAddr;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};

use super::{check, options};

/// A TCP socket of `address`'s family, not yet connected. It is closed on `exec`.
///
/// # Errors
/// The system's; `EMFILE` and `ENFILE` when descriptors have run out.
pub fn tcp_socket(address: &SocketAddr) -> io::Result<OwnedFd> {
    new_socket(address, libc::SOCK_STREAM)
}

/// A UDP socket of `address`'s family, neither bound nor connected. Nothing can be sent to it: it has no port yet. It is
/// closed on `exec`.
///
/// # Errors
/// As [`tcp_socket`].
pub fn udp_socket(address: &SocketAddr) -> io::Result<OwnedFd> {
    new_socket(address, libc::SOCK_DGRAM)
}

fn new_socket(address: &SocketAddr, kind: libc::c_int) -> io::Result<OwnedFd> {
    let family = if address.is_ipv4() { libc::AF_INET } else { libc::AF_INET6 };
    // SAFETY: socket takes three numbers.
    let fd = check(unsafe { libc::socket(family, kind, 0) })?;
    // SAFETY: the descriptor is fresh and nobody else owns it.
    let socket = unsafe { OwnedFd::from_raw_fd(fd) };
    // SAFETY: fcntl with F_SETFD takes numbers; the socket is open.
    check(unsafe { libc::fcntl(socket.as_raw_fd(), libc::F_SETFD, libc::FD_CLOEXEC) })?;
    Ok(socket)
}

/// Makes calls on the socket return at once (`WouldBlock`, or `EINPROGRESS` for connect) or wait.
///
/// # Errors
/// The system's.
pub fn set_nonblocking(socket: &impl AsFd, nonblocking: bool) -> io::Result<()> {
    let fd = socket.as_fd().as_raw_fd();
    // SAFETY: fcntl with F_GETFL takes numbers; the borrow keeps the descriptor open.
    let flags = check(unsafe { libc::fcntl(fd, libc::F_GETFL) })?;
    let flags = if nonblocking { flags | libc::O_NONBLOCK } else { flags & !libc::O_NONBLOCK };
    // SAFETY: as above, with F_SETFL.
    check(unsafe { libc::fcntl(fd, libc::F_SETFL, flags) })?;
    Ok(())
}

/// Asks the socket to connect. `Ok(true)`: it is connected. `Ok(false)`: it is under way (a nonblocking socket), and
/// [`options::take_error`] tells the outcome once the socket is writable.
///
/// # Errors
/// The system's.
pub fn start_connect(socket: &impl AsFd, address: &SocketAddr) -> io::Result<bool> {
    let (storage, length) = sockaddr(address);
    let fd = socket.as_fd().as_raw_fd();
    let pointer = (&raw const storage).cast::<libc::sockaddr>();
    // SAFETY: pointer and length describe `storage`, which outlives the call.
    match check(unsafe { libc::connect(fd, pointer, length) }) {
        Ok(_) => Ok(true),
        Err(error) if error.raw_os_error() == Some(libc::EINPROGRESS) => Ok(false),
        // POSIX: a connect that a signal interrupted goes on in the background.
        Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(false),
        Err(error) => Err(error),
    }
}

/// Binds the socket to `address` and listens. `only_v6` says whether an IPv6 wildcard also takes IPv4 clients, as
/// `::ffff:…`; `backlog` is how many connections wait for `accept` at most (the system may allow fewer).
///
/// # Errors
/// The system's: [`io::ErrorKind::AddrInUse`], [`io::ErrorKind::PermissionDenied`], …
pub fn listen(socket: &impl AsFd, address: &SocketAddr, only_v6: bool, backlog: u16) -> io::Result<()> {
    // As the standard library does: without it a restarted server waits for its predecessor's TIME_WAIT to pass.
    options::set_reuse_address(socket, true)?;
    if address.is_ipv6() {
        options::set_only_v6(socket, only_v6)?;
    }
    let (storage, length) = sockaddr(address);
    let fd = socket.as_fd().as_raw_fd();
    let pointer = (&raw const storage).cast::<libc::sockaddr>();
    // SAFETY: pointer and length describe `storage`, which outlives the call.
    check(unsafe { libc::bind(fd, pointer, length) })?;
    // SAFETY: listen takes a descriptor and a number; the borrow keeps the descriptor open.
    check(unsafe { libc::listen(fd, libc::c_int::from(backlog)) })?;
    Ok(())
}

/// Ends a listener's listening: a blocked `accept` returns with an error, and new clients are refused.
///
/// # Errors
/// Where the system does not do this to a listening socket (all but Linux), [`io::ErrorKind::NotConnected`].
pub fn stop_listening(listener: &impl AsFd) -> io::Result<()> {
    // SAFETY: shutdown takes a descriptor and a number; the borrow keeps the descriptor open.
    check(unsafe { libc::shutdown(listener.as_fd().as_raw_fd(), libc::SHUT_RDWR) })?;
    Ok(())
}

/// Breaks a connection off: the peer gets a RST and not a FIN, and whatever is blocked on the socket returns.
///
/// # Errors
/// The system's, where it does not take back a connection this way (all but Linux).
pub fn reset(socket: &impl AsFd) -> io::Result<()> {
    // SAFETY: sockaddr is plain numbers, for which all zero bytes are a value.
    let mut nowhere: libc::sockaddr = unsafe { mem::zeroed() };
    nowhere.sa_family = libc::AF_UNSPEC as libc::sa_family_t;
    let length = size_of::<libc::sockaddr>() as libc::socklen_t;
    // SAFETY: pointer and length describe `nowhere`, which outlives the call; the borrow keeps the descriptor open.
    check(unsafe { libc::connect(socket.as_fd().as_raw_fd(), &raw const nowhere, length) })?;
    Ok(())
}

/// The address in the form the system takes, with its length.
pub(super) fn sockaddr(address: &SocketAddr) -> (libc::sockaddr_storage, libc::socklen_t) {
    // SAFETY: sockaddr_storage is plain numbers, for which all zero bytes are a value.
    let mut storage: libc::sockaddr_storage = unsafe { mem::zeroed() };
    let length = match address {
        SocketAddr::V4(v4) => {
            let pointer = (&raw mut storage).cast::<libc::sockaddr_in>();
            // SAFETY: sockaddr_storage is at least as large as every address type, and aligned for each.
            let target = unsafe { &mut *pointer };
            target.sin_family = libc::AF_INET as libc::sa_family_t;
            target.sin_port = v4.port().to_be();
            target.sin_addr = libc::in_addr { s_addr: u32::from_ne_bytes(v4.ip().octets()) };
            size_of::<libc::sockaddr_in>()
        }
        SocketAddr::V6(v6) => {
            let pointer = (&raw mut storage).cast::<libc::sockaddr_in6>();
            // SAFETY: as above.
            let target = unsafe { &mut *pointer };
            target.sin6_family = libc::AF_INET6 as libc::sa_family_t;
            target.sin6_port = v6.port().to_be();
            target.sin6_flowinfo = v6.flowinfo();
            target.sin6_addr = libc::in6_addr { s6_addr: v6.ip().octets() };
            target.sin6_scope_id = v6.scope_id();
            size_of::<libc::sockaddr_in6>()
        }
    };
    (storage, length as libc::socklen_t)
}
