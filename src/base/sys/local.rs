//! Unix domain sockets the standard library does not make: of every type, bound with a mode, told apart.

use std::ffi::OsStr;
use std::io;
use std::mem;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd, RawFd};
#[cfg(target_os = "linux")]
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::SocketAddr;
use std::sync::{Mutex, PoisonError};

use super::check;

/// The type of a socket: what its `read` and `write` mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SocketType {
    /// `SOCK_STREAM`: a connection that carries bytes.
    Stream,
    /// `SOCK_DGRAM`: messages, no connection.
    Datagram,
    /// `SOCK_SEQPACKET`: a connection that carries messages. Not on macOS, where making one fails.
    SeqPacket,
}

impl SocketType {
    fn number(self) -> libc::c_int {
        match self {
            SocketType::Stream => libc::SOCK_STREAM,
            SocketType::Datagram => libc::SOCK_DGRAM,
            SocketType::SeqPacket => libc::SOCK_SEQPACKET,
        }
    }
}

/// The longest path a socket address holds: its field, less the zero at the end.
pub const LONGEST_PATH: usize = PATH_FIELD - 1;

// SAFETY: sockaddr_un is plain numbers, for which all zero bytes are a value.
const PATH_FIELD: usize = unsafe { mem::zeroed::<libc::sockaddr_un>() }.sun_path.len();

/// A Unix domain socket, closed on `exec`.
///
/// # Errors
/// The system's: "protocol not supported" (`EPROTONOSUPPORT`) where it has no sockets of this type.
pub fn socket(kind: SocketType) -> io::Result<OwnedFd> {
    // SAFETY: socket takes three numbers.
    let fd = check(unsafe { libc::socket(libc::AF_UNIX, kind.number() | CLOSE_ON_EXEC, 0) })?;
    // SAFETY: the descriptor is fresh and nobody else owns it.
    let socket = unsafe { OwnedFd::from_raw_fd(fd) };
    close_on_exec(&socket)?;
    Ok(socket)
}

/// Linux sets the flag with the call that makes the socket, so that no `fork` of another thread comes between.
#[cfg(target_os = "linux")]
const CLOSE_ON_EXEC: libc::c_int = libc::SOCK_CLOEXEC;
#[cfg(not(target_os = "linux"))]
const CLOSE_ON_EXEC: libc::c_int = 0;

/// Closes the descriptor when this process becomes another program.
///
/// # Errors
/// The system's.
pub fn close_on_exec(socket: &impl AsFd) -> io::Result<()> {
    // SAFETY: fcntl with F_SETFD takes numbers; the borrow keeps the descriptor open.
    check(unsafe { libc::fcntl(socket.as_fd().as_raw_fd(), libc::F_SETFD, libc::FD_CLOEXEC) })?;
    Ok(())
}

/// Binds the socket. A path becomes a file that has at most the permissions of `mode` from its first moment (the umask
/// may take some away).
///
/// # Errors
/// The system's: [`io::ErrorKind::AddrInUse`] if the file or the name is there, [`io::ErrorKind::NotFound`] without the
/// directory.
pub fn bind(socket: &impl AsFd, address: &SocketAddr, mode: u32) -> io::Result<()> {
    let (storage, length) = sockaddr(address)?;
    let fd = socket.as_fd().as_raw_fd();
    let pointer = (&raw const storage).cast::<libc::sockaddr>();
    let _until_bound = restrict(fd, mode)?;
    // SAFETY: pointer and length describe `storage`, which outlives the call.
    check(unsafe { libc::bind(fd, pointer, length) })?;
    Ok(())
}

/// Sees to it that the file `bind` makes has no more than these permissions. Linux gives it the mode of the socket itself,
/// which is nobody else's business.
#[cfg(target_os = "linux")]
fn restrict(fd: RawFd, mode: u32) -> io::Result<Option<UmaskGuard>> {
    // SAFETY: fchmod takes two numbers; the caller holds the descriptor open.
    check(unsafe { libc::fchmod(fd, mode as libc::mode_t) })?;
    Ok(None)
}

#[cfg(not(target_os = "linux"))]
fn restrict(_fd: RawFd, mode: u32) -> io::Result<Option<UmaskGuard>> {
    Ok(Some(UmaskGuard::set(!mode & 0o777)))
}

/// Holds the umask of the whole process at a value. Other threads' new files have it too meanwhile, and two guards exclude
/// one another.
#[derive(Debug)]
pub struct UmaskGuard {
    before: libc::mode_t,
    _only_one: std::sync::MutexGuard<'static, ()>,
}

static UMASK: Mutex<()> = Mutex::new(());

impl UmaskGuard {
    /// Sets the umask until the guard is dropped.
    pub fn set(mask: u32) -> UmaskGuard {
        let only_one = UMASK.lock().unwrap_or_else(PoisonError::into_inner);
        // SAFETY: umask takes a number and cannot fail.
        let before = unsafe { libc::umask(mask as libc::mode_t) };
        UmaskGuard { before, _only_one: only_one }
    }
}

impl Drop for UmaskGuard {
    fn drop(&mut self) {
        // SAFETY: as above.
        unsafe { libc::umask(self.before) };
    }
}

/// Listens on a bound socket; `backlog` connections wait for `accept` at most.
///
/// # Errors
/// The system's.
pub fn listen(socket: &impl AsFd, backlog: u16) -> io::Result<()> {
    // SAFETY: listen takes two numbers; the borrow keeps the descriptor open.
    check(unsafe { libc::listen(socket.as_fd().as_raw_fd(), libc::c_int::from(backlog)) })?;
    Ok(())
}

/// Connects the socket. It waits while a listener's backlog is full.
///
/// # Errors
/// The system's: [`io::ErrorKind::ConnectionRefused`] when nobody listens, `EPROTOTYPE` when the listener's type differs.
pub fn connect(socket: &impl AsFd, address: &SocketAddr) -> io::Result<()> {
    let (storage, length) = sockaddr(address)?;
    let pointer = (&raw const storage).cast::<libc::sockaddr>();
    loop {
        // SAFETY: pointer and length describe `storage`, which outlives the call; the borrow keeps the descriptor open.
        match check(unsafe { libc::connect(socket.as_fd().as_raw_fd(), pointer, length) }) {
            Ok(_) => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        }
    }
}

/// The address in the form the system takes, with its length.
fn sockaddr(address: &SocketAddr) -> io::Result<(libc::sockaddr_un, libc::socklen_t)> {
    // SAFETY: sockaddr_un is plain numbers, for which all zero bytes are a value.
    let mut storage: libc::sockaddr_un = unsafe { mem::zeroed() };
    storage.sun_family = libc::AF_UNIX as libc::sa_family_t;
    let begin = mem::offset_of!(libc::sockaddr_un, sun_path);
    let (first, name) = match (address.as_pathname(), abstract_name(address)) {
        (Some(path), _) => (0, OsStr::as_bytes(path.as_os_str())),
        // An abstract name begins with a zero and ends where the length says.
        (None, Some(name)) => (1, name),
        (None, None) => return Ok((storage, begin as libc::socklen_t)),
    };
    if first + name.len() > PATH_FIELD - usize::from(first == 0) {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the name is too long for a socket address"));
    }
    for (target, byte) in storage.sun_path[first..].iter_mut().zip(name) {
        *target = *byte as libc::c_char;
    }
    let end_mark = usize::from(first == 0);
    Ok((storage, (begin + first + name.len() + end_mark) as libc::socklen_t))
}

#[cfg(target_os = "linux")]
fn abstract_name(address: &SocketAddr) -> Option<&[u8]> {
    address.as_abstract_name()
}

#[cfg(not(target_os = "linux"))]
fn abstract_name(_address: &SocketAddr) -> Option<&[u8]> {
    None
}

// --- telling sockets apart ------------------------------------------------------------------------------------------

/// The family of addresses a socket has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Paths and names on this machine.
    Unix,
    /// IPv4 or IPv6.
    Internet,
    /// Any other.
    Other,
}

/// The family of the socket's addresses.
///
/// # Errors
/// The system's; `ENOTSOCK` for what is no socket.
pub fn family(socket: &impl AsFd) -> io::Result<Family> {
    // SAFETY: sockaddr_storage is plain numbers, for which all zero bytes are a value.
    let mut storage: libc::sockaddr_storage = unsafe { mem::zeroed() };
    let mut length = size_of::<libc::sockaddr_storage>() as libc::socklen_t;
    let pointer = (&raw mut storage).cast::<libc::sockaddr>();
    // SAFETY: getsockname writes at most `length` bytes, for which `storage` has room.
    check(unsafe { libc::getsockname(socket.as_fd().as_raw_fd(), pointer, &raw mut length) })?;
    Ok(match libc::c_int::from(storage.ss_family) {
        libc::AF_UNIX => Family::Unix,
        libc::AF_INET | libc::AF_INET6 => Family::Internet,
        _ => Family::Other,
    })
}

/// Whether the socket listens.
///
/// # Errors
/// The system's; `ENOTSOCK` for what is no socket.
pub fn is_listening(socket: &impl AsFd) -> io::Result<bool> {
    Ok(number_option(socket, libc::SO_ACCEPTCONN)? != 0)
}

/// The socket's type, `None` for one that is not among ours.
///
/// # Errors
/// The system's; `ENOTSOCK` for what is no socket.
pub fn type_of(socket: &impl AsFd) -> io::Result<Option<SocketType>> {
    Ok(match number_option(socket, libc::SO_TYPE)? {
        libc::SOCK_STREAM => Some(SocketType::Stream),
        libc::SOCK_DGRAM => Some(SocketType::Datagram),
        libc::SOCK_SEQPACKET => Some(SocketType::SeqPacket),
        _ => None,
    })
}

fn number_option(socket: &impl AsFd, option: libc::c_int) -> io::Result<libc::c_int> {
    let mut value: libc::c_int = 0;
    let mut length = size_of::<libc::c_int>() as libc::socklen_t;
    let fd = socket.as_fd().as_raw_fd();
    let target = (&raw mut value).cast();
    // SAFETY: getsockopt writes at most `length` bytes, for which `value` has room.
    check(unsafe { libc::getsockopt(fd, libc::SOL_SOCKET, option, target, &raw mut length) })?;
    Ok(value)
}

// --- descriptors and files ------------------------------------------------------------------------------------------

/// A descriptor of our own for what `number` stands for, which stays as it is. Safe for any number: one that is not open
/// is an error.
///
/// # Errors
/// `EBADF` when `number` is not open.
pub fn duplicate_number(number: RawFd) -> io::Result<OwnedFd> {
    // SAFETY: fcntl with F_DUPFD_CLOEXEC takes numbers and checks them.
    let fd = check(unsafe { libc::fcntl(number, libc::F_DUPFD_CLOEXEC, 3) })?;
    // SAFETY: the descriptor is fresh and nobody else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Locks the open file for this process if nobody else has; the lock ends with the last descriptor, whatever ends it.
///
/// # Errors
/// [`io::ErrorKind::WouldBlock`] if it is locked; the system's.
pub fn try_lock(file: &impl AsFd) -> io::Result<()> {
    // SAFETY: flock takes two numbers; the borrow keeps the descriptor open.
    check(unsafe { libc::flock(file.as_fd().as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) })?;
    Ok(())
}
