//! Sockets of a multicast group on one interface, several of them on one machine.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket};
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};

use super::socket::sockaddr;
use super::{check, options};

/// A UDP socket bound to `port` on every address, a member of `group` on the interface that has the address `interface`,
/// which is also the one it sends to the group by. Others may bind the same port the same way; each gets every datagram to
/// the group, its own too.
///
/// # Errors
/// The system's: [`io::ErrorKind::AddrInUse`] if somebody holds the port for himself, "no such device" if no interface has
/// the address or it knows no multicast.
pub fn group_socket(group: Ipv4Addr, port: u16, interface: Ipv4Addr) -> io::Result<UdpSocket> {
    // SAFETY: socket takes three numbers.
    let fd = check(unsafe { libc::socket(libc::AF_INET, libc::SOCK_DGRAM, 0) })?;
    // SAFETY: the descriptor is fresh and nobody else owns it.
    let unbound = unsafe { OwnedFd::from_raw_fd(fd) };
    // SAFETY: fcntl with F_SETFD takes numbers; the socket is open.
    check(unsafe { libc::fcntl(unbound.as_raw_fd(), libc::F_SETFD, libc::FD_CLOEXEC) })?;
    options::set_reuse_address(&unbound, true)?;
    // Linux shares a multicast port with SO_REUSEADDR alone, and would deal unicast datagrams out by hash with
    // SO_REUSEPORT. The BSDs want the latter.
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    options::set_reuse_port(&unbound, true)?;
    let (storage, length) = sockaddr(&SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, port)));
    let pointer = (&raw const storage).cast::<libc::sockaddr>();
    // SAFETY: pointer and length describe `storage`, which outlives the call.
    check(unsafe { libc::bind(unbound.as_fd().as_raw_fd(), pointer, length) })?;
    options::set_multicast_interface(&unbound, interface)?;
    let socket = UdpSocket::from(unbound);
    socket.join_multicast_v4(&group, &interface)?;
    socket.set_multicast_loop_v4(true)?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn two_sockets_share_a_group_and_a_port_and_both_hear_what_is_sent_to_it() {
        let group = Ipv4Addr::new(239, 255, 77, 1);
        let loopback = Ipv4Addr::LOCALHOST;
        let one = match group_socket(group, 0, loopback) {
            Ok(socket) => socket,
            Err(error) => return println!("skipped: no multicast on the loopback: {error}"),
        };
        let port = one.local_addr().unwrap().port();
        let two = group_socket(group, port, loopback).unwrap();
        if let Err(error) = one.send_to(b"hello", (group, port)) {
            return println!("skipped: no multicast on the loopback: {error}");
        }
        for socket in [&one, &two] {
            socket.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
            let mut buf = [0; 16];
            let (count, from) = socket.recv_from(&mut buf).unwrap();
            assert_eq!(&buf[..count], b"hello");
            assert_eq!(from.ip(), loopback);
        }
    }
}
