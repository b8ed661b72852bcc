//! Socket options the standard library does not have, written and read back. Listings 4-23 to 4-25.

use std::io;
use std::mem;
use std::net::Ipv4Addr;
use std::os::fd::{AsFd, AsRawFd};
use std::time::Duration;

use super::check;

/// How the kernel probes an idle connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keepalive {
    /// Silence before the first probe, in whole seconds.
    pub idle: Duration,
    /// Time between probes, in whole seconds.
    pub interval: Duration,
    /// Unanswered probes after which the connection is dead.
    pub probes: u32,
}

/// Turns keepalive on with these times, or off.
///
/// # Errors
/// [`io::ErrorKind::InvalidInput`] for a time under one second or beyond what the system counts.
pub fn set_keepalive(socket: &impl AsFd, keepalive: Option<Keepalive>) -> io::Result<()> {
    let Some(keepalive) = keepalive else {
        return set(socket, libc::SOL_SOCKET, libc::SO_KEEPALIVE, 0 as libc::c_int);
    };
    set(socket, libc::SOL_SOCKET, libc::SO_KEEPALIVE, 1 as libc::c_int)?;
    set(socket, libc::IPPROTO_TCP, KEEPALIVE_IDLE, whole_seconds(keepalive.idle, 1)?)?;
    set(socket, libc::IPPROTO_TCP, libc::TCP_KEEPINTVL, whole_seconds(keepalive.interval, 1)?)?;
    let probes = libc::c_int::try_from(keepalive.probes).map_err(|_| beyond_what_the_system_counts())?;
    set(socket, libc::IPPROTO_TCP, libc::TCP_KEEPCNT, probes)
}

/// The keepalive times the kernel has for this socket, `None` if keepalive is off.
///
/// # Errors
/// The system's.
pub fn keepalive(socket: &impl AsFd) -> io::Result<Option<Keepalive>> {
    let on: libc::c_int = read(socket, libc::SOL_SOCKET, libc::SO_KEEPALIVE)?;
    if on == 0 {
        return Ok(None);
    }
    let idle: libc::c_int = read(socket, libc::IPPROTO_TCP, KEEPALIVE_IDLE)?;
    let interval: libc::c_int = read(socket, libc::IPPROTO_TCP, libc::TCP_KEEPINTVL)?;
    let probes: libc::c_int = read(socket, libc::IPPROTO_TCP, libc::TCP_KEEPCNT)?;
    Ok(Some(Keepalive {
        idle: Duration::from_secs(idle as u64),
        interval: Duration::from_secs(interval as u64),
        probes: probes as u32,
    }))
}

#[cfg(any(target_os = "macos", target_os = "ios"))]
const KEEPALIVE_IDLE: libc::c_int = libc::TCP_KEEPALIVE;
#[cfg(not(any(target_os = "macos", target_os = "ios")))]
const KEEPALIVE_IDLE: libc::c_int = libc::TCP_KEEPIDLE;

/// What closing does with data not yet delivered. `None`: the kernel goes on in the background (the default). Zero: it is
/// thrown away and the peer gets a RST. More: `close` waits for delivery, so many whole seconds at most; what Linux has not
/// delivered by then it goes on delivering in the background.
///
/// # Errors
/// [`io::ErrorKind::InvalidInput`] for a fraction of a second: the option counts whole seconds, and rounding one down to
/// zero would turn a patient close into an abortive one.
pub fn set_linger(socket: &impl AsFd, linger: Option<Duration>) -> io::Result<()> {
    let value = match linger {
        None => libc::linger { l_onoff: 0, l_linger: 0 },
        Some(time) => libc::linger { l_onoff: 1, l_linger: whole_seconds(time, 0)? },
    };
    set(socket, libc::SOL_SOCKET, libc::SO_LINGER, value)
}

/// What the kernel will do with undelivered data on close; see [`set_linger`].
///
/// # Errors
/// The system's.
pub fn linger(socket: &impl AsFd) -> io::Result<Option<Duration>> {
    let value: libc::linger = read(socket, libc::SOL_SOCKET, libc::SO_LINGER)?;
    if value.l_onoff == 0 {
        return Ok(None);
    }
    Ok(Some(Duration::from_secs(value.l_linger as u64)))
}

/// Asks for a receive buffer of `bytes`. Linux doubles the number, for its own book-keeping, and cuts it at
/// `net.core.rmem_max` without a word: read it back.
///
/// # Errors
/// [`io::ErrorKind::InvalidInput`] for more than the system's number holds.
pub fn set_receive_buffer(socket: &impl AsFd, bytes: usize) -> io::Result<()> {
    set(socket, libc::SOL_SOCKET, libc::SO_RCVBUF, whole_number(bytes)?)
}

/// The size of the receive buffer in the kernel's own count.
///
/// # Errors
/// The system's.
pub fn receive_buffer(socket: &impl AsFd) -> io::Result<usize> {
    let bytes: libc::c_int = read(socket, libc::SOL_SOCKET, libc::SO_RCVBUF)?;
    Ok(bytes as usize)
}

/// Asks for a send buffer of `bytes`; see [`set_receive_buffer`].
///
/// # Errors
/// [`io::ErrorKind::InvalidInput`] for more than the system's number holds.
pub fn set_send_buffer(socket: &impl AsFd, bytes: usize) -> io::Result<()> {
    set(socket, libc::SOL_SOCKET, libc::SO_SNDBUF, whole_number(bytes)?)
}

/// The size of the send buffer in the kernel's own count.
///
/// # Errors
/// The system's.
pub fn send_buffer(socket: &impl AsFd) -> io::Result<usize> {
    let bytes: libc::c_int = read(socket, libc::SOL_SOCKET, libc::SO_SNDBUF)?;
    Ok(bytes as usize)
}

/// Lets a listener take an address whose earlier connections are still in TIME_WAIT.
///
/// # Errors
/// The system's.
pub fn set_reuse_address(socket: &impl AsFd, reuse: bool) -> io::Result<()> {
    set(socket, libc::SOL_SOCKET, libc::SO_REUSEADDR, libc::c_int::from(reuse))
}

/// Whether an IPv6 socket keeps to IPv6. To be set before binding.
///
/// # Errors
/// The system's.
pub fn set_only_v6(socket: &impl AsFd, only_v6: bool) -> io::Result<()> {
    set(socket, libc::IPPROTO_IPV6, libc::IPV6_V6ONLY, libc::c_int::from(only_v6))
}

/// Lets several sockets have the same address and port, where [`set_reuse_address`] does not (the BSDs).
///
/// # Errors
/// The system's.
pub fn set_reuse_port(socket: &impl AsFd, reuse: bool) -> io::Result<()> {
    set(socket, libc::SOL_SOCKET, libc::SO_REUSEPORT, libc::c_int::from(reuse))
}

/// Datagrams to a multicast group leave by the interface that has this address.
///
/// # Errors
/// The system's, if no interface has it.
pub fn set_multicast_interface(socket: &impl AsFd, interface: Ipv4Addr) -> io::Result<()> {
    let address = libc::in_addr { s_addr: u32::from_ne_bytes(interface.octets()) };
    set(socket, libc::IPPROTO_IP, libc::IP_MULTICAST_IF, address)
}

/// The socket's pending error, taken from it: how a nonblocking connect tells its outcome.
///
/// # Errors
/// The pending error, or the system's.
pub fn take_error(socket: &impl AsFd) -> io::Result<()> {
    let code: libc::c_int = read(socket, libc::SOL_SOCKET, libc::SO_ERROR)?;
    if code == 0 { Ok(()) } else { Err(io::Error::from_raw_os_error(code)) }
}

/// Bytes that have arrived and wait to be read.
///
/// # Errors
/// The system's.
pub fn unread_bytes(socket: &impl AsFd) -> io::Result<usize> {
    let mut count: libc::c_int = 0;
    // SAFETY: FIONREAD writes one int, for which `count` has room; the borrow keeps the descriptor open.
    check(unsafe { libc::ioctl(socket.as_fd().as_raw_fd(), libc::FIONREAD, &raw mut count) })?;
    Ok(count as usize)
}

fn whole_seconds(time: Duration, least: u64) -> io::Result<libc::c_int> {
    if time.subsec_nanos() != 0 || time.as_secs() < least {
        let text = format!("the system counts whole seconds, {least} or more, and got {time:?}");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
    }
    libc::c_int::try_from(time.as_secs()).map_err(|_| beyond_what_the_system_counts())
}

fn whole_number(bytes: usize) -> io::Result<libc::c_int> {
    libc::c_int::try_from(bytes).map_err(|_| beyond_what_the_system_counts())
}

fn beyond_what_the_system_counts() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "the number is greater than the system's option can hold")
}

pub(super) fn set<T: Copy>(
    socket: &impl AsFd,
    level: libc::c_int,
    option: libc::c_int,
    value: T,
) -> io::Result<()> {
    let length = size_of::<T>() as libc::socklen_t;
    let fd = socket.as_fd().as_raw_fd();
    // SAFETY: pointer and length describe `value`, which outlives the call; the borrow keeps the descriptor open.
    check(unsafe { libc::setsockopt(fd, level, option, (&raw const value).cast(), length) })?;
    Ok(())
}

pub(super) fn read<T: Copy>(socket: &impl AsFd, level: libc::c_int, option: libc::c_int) -> io::Result<T> {
    // SAFETY: every T used here (int, linger) is plain numbers, for which all zero bytes are a value.
    let mut value: T = unsafe { mem::zeroed() };
    let mut length = size_of::<T>() as libc::socklen_t;
    let fd = socket.as_fd().as_raw_fd();
    // SAFETY: pointer and length describe `value`; the system writes no more than `length` bytes.
    check(unsafe { libc::getsockopt(fd, level, option, (&raw mut value).cast(), &raw mut length) })?;
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{TcpListener, TcpStream};

    fn stream() -> (TcpStream, TcpListener) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        (TcpStream::connect(listener.local_addr().unwrap()).unwrap(), listener)
    }

    #[test]
    fn keepalive_is_read_back_as_it_was_set_and_can_be_turned_off() {
        let (stream, _listener) = stream();
        assert_eq!(keepalive(&stream).unwrap(), None, "the system's default is off");
        let minute = Keepalive { idle: Duration::from_secs(60), interval: Duration::from_secs(5), probes: 3 };
        set_keepalive(&stream, Some(minute)).unwrap();
        assert_eq!(keepalive(&stream).unwrap(), Some(minute));
        set_keepalive(&stream, None).unwrap();
        assert_eq!(keepalive(&stream).unwrap(), None);
    }

    #[test]
    fn linger_takes_whole_seconds_and_refuses_to_round_a_fraction_to_an_abort() {
        let (stream, _listener) = stream();
        assert_eq!(linger(&stream).unwrap(), None);
        for seconds in [0, 1, 10] {
            let time = Duration::from_secs(seconds);
            set_linger(&stream, Some(time)).unwrap();
            assert_eq!(linger(&stream).unwrap(), Some(time));
        }
        let error = set_linger(&stream, Some(Duration::from_millis(300))).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
        set_linger(&stream, None).unwrap();
        assert_eq!(linger(&stream).unwrap(), None);
    }

    #[test]
    fn numbers_beyond_the_systems_int_are_refused() {
        let (stream, _listener) = stream();
        assert_eq!(set_send_buffer(&stream, usize::MAX).unwrap_err().kind(), io::ErrorKind::InvalidInput);
        let forever = Keepalive { idle: Duration::MAX, interval: Duration::from_secs(1), probes: 1 };
        assert_eq!(set_keepalive(&stream, Some(forever)).unwrap_err().kind(), io::ErrorKind::InvalidInput);
    }
}
