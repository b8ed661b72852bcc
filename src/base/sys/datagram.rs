//! What Linux tells about datagrams and std does not ask: how long one was before it was cut, and what fits the path.

use std::io;
use std::net::UdpSocket;
use std::os::fd::{AsFd, AsRawFd};

use super::check_size;
use super::options::{read, set};

/// Receives from the socket's queue into `buf` and gives the datagram's whole length, which may be more than `buf` holds:
/// then the rest is gone. Waits as long as the socket's read timeout says.
///
/// # Errors
/// The system's, as `UdpSocket::recv`.
pub fn receive_length(socket: &impl AsFd, buf: &mut [u8]) -> io::Result<usize> {
    receive(socket, buf, libc::MSG_TRUNC)
}

/// The length of the datagram that is next in the queue, which stays there. Waits for one as long as the socket's read
/// timeout says.
///
/// # Errors
/// The system's, as `UdpSocket::peek`.
pub fn next_length(socket: &impl AsFd) -> io::Result<usize> {
    receive(socket, &mut [], libc::MSG_TRUNC | libc::MSG_PEEK)
}

fn receive(socket: &impl AsFd, buf: &mut [u8], flags: libc::c_int) -> io::Result<usize> {
    let fd = socket.as_fd().as_raw_fd();
    // SAFETY: pointer and length describe `buf`, and the system writes no more than that, whatever length it returns; the
    // borrow keeps the descriptor open.
    check_size(unsafe { libc::recv(fd, buf.as_mut_ptr().cast(), buf.len(), flags) })
}

/// With `true` the system never fragments what this socket sends and sets DF on every packet: what does not fit is refused
/// with EMSGSIZE. With `false` the system's default is back, which learns the path's MTU and fragments to fit it.
///
/// # Errors
/// The system's.
pub fn set_dont_fragment(socket: &UdpSocket, dont: bool) -> io::Result<()> {
    if is_ipv4(socket)? {
        let mode = if dont { libc::IP_PMTUDISC_DO } else { libc::IP_PMTUDISC_WANT };
        set(socket, libc::IPPROTO_IP, libc::IP_MTU_DISCOVER, mode)
    } else {
        let mode = if dont { libc::IPV6_PMTUDISC_DO } else { libc::IPV6_PMTUDISC_WANT };
        set(socket, libc::IPPROTO_IPV6, libc::IPV6_MTU_DISCOVER, mode)
    }
}

/// The MTU of the path to the socket's peer as far as the system knows it: that of the first link, or less once a router
/// has complained.
///
/// # Errors
/// [`io::ErrorKind::NotConnected`] without a peer: a path has two ends.
pub fn path_mtu(socket: &UdpSocket) -> io::Result<usize> {
    let mtu: libc::c_int = if is_ipv4(socket)? {
        read(socket, libc::IPPROTO_IP, libc::IP_MTU)?
    } else {
        read(socket, libc::IPPROTO_IPV6, libc::IPV6_MTU)?
    };
    Ok(usize::try_from(mtu).unwrap_or(0))
}

/// The system's number for "message too long": the datagram does not fit, or must not be fragmented.
pub fn is_too_long(error: &io::Error) -> bool {
    error.raw_os_error() == Some(libc::EMSGSIZE)
}

fn is_ipv4(socket: &UdpSocket) -> io::Result<bool> {
    Ok(socket.local_addr()?.is_ipv4())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair() -> (UdpSocket, UdpSocket) {
        let (one, two) = (UdpSocket::bind("127.0.0.1:0").unwrap(), UdpSocket::bind("127.0.0.1:0").unwrap());
        one.connect(two.local_addr().unwrap()).unwrap();
        (one, two)
    }

    #[test]
    fn the_whole_length_is_told_though_the_buffer_is_short() {
        let (one, two) = pair();
        one.send(b"eleven byte").unwrap();
        one.send(b"").unwrap();
        assert_eq!(next_length(&two).unwrap(), 11);
        let mut buf = [0; 4];
        assert_eq!((receive_length(&two, &mut buf).unwrap(), &buf), (11, b"elev"));
        assert_eq!(next_length(&two).unwrap(), 0, "an empty one is one, too");
        assert_eq!(receive_length(&two, &mut buf).unwrap(), 0);
    }

    #[test]
    fn only_a_connected_socket_has_a_path() {
        let (one, two) = pair();
        assert!(path_mtu(&one).unwrap() >= 68);
        assert_eq!(path_mtu(&two).unwrap_err().kind(), io::ErrorKind::NotConnected);
        set_dont_fragment(&one, true).unwrap();
        one.send(b"fits").unwrap();
        set_dont_fragment(&one, false).unwrap();
        let error = one.send(&[0; 65_508]).unwrap_err();
        assert!(is_too_long(&error), "{error}");
    }
}
