//! What Linux tells a datagram socket without a peer if it is asked to: which of our addresses a datagram came to, and
//! which of ours were refused.

use std::io;
use std::mem;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6, UdpSocket};
use std::os::fd::{AsFd, AsRawFd};
use std::ptr;

use super::check_size;
use super::options::set;

/// Room for the control data of one datagram or error, in words aligned for its headers. An error has 16 bytes and an
/// address of 28 behind its header; a destination at most 20.
const CONTROL_WORDS: usize = 32;

/// Asks the system to keep what ICMP says about datagrams of ours, for [`next_error`]. From then on each such error also ends
/// one receive or send, as on a connected socket, whomever the datagram was for.
///
/// # Errors
/// The system's.
pub fn keep_errors(socket: &UdpSocket) -> io::Result<()> {
    set_for_both(socket, libc::IP_RECVERR, libc::IPV6_RECVERR)
}

/// Asks the system to tell with each datagram which address it came to, for [`receive_with_destination`].
///
/// # Errors
/// The system's.
pub fn tell_destinations(socket: &UdpSocket) -> io::Result<()> {
    set_for_both(socket, libc::IP_PKTINFO, libc::IPV6_RECVPKTINFO)
}

/// An IPv6 socket may have IPv4 peers, as `::ffff:…`, so it wants both options; of the other's it can do without.
fn set_for_both(socket: &UdpSocket, v4: libc::c_int, v6: libc::c_int) -> io::Result<()> {
    let on: libc::c_int = 1;
    if socket.local_addr()?.is_ipv4() {
        return set(socket, libc::IPPROTO_IP, v4, on);
    }
    let _ = set(socket, libc::IPPROTO_IP, v4, on);
    set(socket, libc::IPPROTO_IPV6, v6, on)
}

/// What became of a datagram of ours.
#[derive(Debug)]
pub struct Undelivered {
    /// Where it was sent.
    pub to: SocketAddr,
    /// Why it did not get there; [`io::ErrorKind::ConnectionRefused`]: nobody has that port.
    pub error: io::Error,
}

/// The oldest error in the socket's queue, `None` if there is none. Never waits.
///
/// # Errors
/// The system's.
pub fn next_error(socket: &UdpSocket) -> io::Result<Option<Undelivered>> {
    loop {
        let mut entry = None;
        let received = receive(socket, &mut [], libc::MSG_ERRQUEUE, |level, kind, data| {
            let is_ours = (level, kind) == (libc::IPPROTO_IP, libc::IP_RECVERR)
                || (level, kind) == (libc::IPPROTO_IPV6, libc::IPV6_RECVERR);
            if is_ours {
                entry = read::<libc::sock_extended_err>(data);
            }
        });
        let to = match received {
            Ok((_, to)) => to,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
            Err(error) => return Err(error),
        };
        // What is no error of a datagram of ours, a timestamp, is passed over.
        if let (Some(entry), Some(to)) = (entry, to) {
            let number = i32::try_from(entry.ee_errno).unwrap_or(libc::EIO);
            return Ok(Some(Undelivered { to, error: io::Error::from_raw_os_error(number) }));
        }
    }
}

/// Receives a datagram: its length, its sender, and, after [`tell_destinations`], the address of ours that answers to it. That
/// is the one it was sent to; for one to a group or to all, the one the system would answer from, if it says so.
///
/// # Errors
/// The system's, as `UdpSocket::recv_from`.
pub fn receive_with_destination(
    socket: &UdpSocket,
    buffer: &mut [u8],
) -> io::Result<(usize, SocketAddr, Option<SocketAddr>)> {
    let mut ours = None;
    let (length, from) = receive(socket, buffer, 0, |level, kind, data| {
        if (level, kind) == (libc::IPPROTO_IP, libc::IP_PKTINFO) {
            ours = ours.or(read::<libc::in_pktinfo>(data).map(answering_v4));
        } else if (level, kind) == (libc::IPPROTO_IPV6, libc::IPV6_PKTINFO) {
            // On an IPv6 socket this is the form that fits it, also for an IPv4 datagram.
            ours = read::<libc::in6_pktinfo>(data).map(answering_v6);
        }
    })?;
    let from = from.ok_or_else(|| io::Error::other("a datagram without a sender"))?;
    let ours = ours.filter(|ours| ours.is_ipv4() == from.is_ipv4() && can_send(ours.ip()));
    Ok((length, from, ours))
}

fn answering_v4(info: libc::in_pktinfo) -> SocketAddr {
    SocketAddr::new(Ipv4Addr::from(info.ipi_spec_dst.s_addr.to_ne_bytes()).into(), 0)
}

/// An address of one link is nothing without the link's number.
fn answering_v6(info: libc::in6_pktinfo) -> SocketAddr {
    let ip = Ipv6Addr::from(info.ipi6_addr.s6_addr);
    let scope = if ip.is_unicast_link_local() { info.ipi6_ifindex } else { 0 };
    SocketAddrV6::new(ip, 0, 0, scope).into()
}

fn can_send(ip: IpAddr) -> bool {
    !ip.is_unspecified() && !ip.is_multicast()
}

/// One `recvmsg`: the length, the address beside it, and every piece of control data, told by its level and its type.
fn receive(
    socket: &UdpSocket,
    buffer: &mut [u8],
    flags: libc::c_int,
    mut control_data: impl FnMut(libc::c_int, libc::c_int, &[u8]),
) -> io::Result<(usize, Option<SocketAddr>)> {
    let mut control = [0u64; CONTROL_WORDS];
    let mut part = libc::iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: buffer.len() };
    // SAFETY: sockaddr_storage and msghdr are plain numbers and pointers, for which all zero bytes are a value.
    let (mut address, mut header): (libc::sockaddr_storage, libc::msghdr) = unsafe { mem::zeroed() };
    header.msg_name = (&raw mut address).cast();
    header.msg_namelen = size_of_val(&address) as libc::socklen_t;
    header.msg_iov = &raw mut part;
    header.msg_iovlen = 1;
    header.msg_control = control.as_mut_ptr().cast();
    header.msg_controllen = size_of_val(&control) as _;
    let fd = socket.as_fd().as_raw_fd();
    // SAFETY: the header points to `address`, to `part`, which describes `buffer`, and to `control`, each with its length;
    // all outlive the call, and so does the descriptor by its borrow.
    let length = check_size(unsafe { libc::recvmsg(fd, &raw mut header, flags) })?;
    // SAFETY: recvmsg has filled the control data and set its length; CMSG_FIRSTHDR and CMSG_NXTHDR stay within it, and
    // give null at its end.
    let mut entry = unsafe { libc::CMSG_FIRSTHDR(&raw const header) };
    while !entry.is_null() {
        // SAFETY: the entry is not null, so its header and the bytes its length counts lie within the control data, which
        // is aligned for it; CMSG_LEN only calculates.
        let (level, kind, data) = unsafe {
            let length = ((*entry).cmsg_len as usize).saturating_sub(libc::CMSG_LEN(0) as usize);
            let data = std::slice::from_raw_parts(libc::CMSG_DATA(entry).cast_const(), length);
            ((*entry).cmsg_level, (*entry).cmsg_type, data)
        };
        control_data(level, kind, data);
        // SAFETY: as for the first.
        entry = unsafe { libc::CMSG_NXTHDR(&raw const header, entry) };
    }
    Ok((length, socket_address(&address, header.msg_namelen)))
}

/// The system's structures that come as control data: plain numbers, for which any bytes are a value.
trait Plain {}
impl Plain for libc::sock_extended_err {}
impl Plain for libc::in_pktinfo {}
impl Plain for libc::in6_pktinfo {}

fn read<T: Plain>(data: &[u8]) -> Option<T> {
    if data.len() < size_of::<T>() {
        return None;
    }
    // SAFETY: there are as many bytes as T has, and any bytes are a T; they need not be aligned.
    Some(unsafe { ptr::read_unaligned(data.as_ptr().cast::<T>()) })
}

fn socket_address(storage: &libc::sockaddr_storage, length: libc::socklen_t) -> Option<SocketAddr> {
    let length = length as usize;
    match libc::c_int::from(storage.ss_family) {
        libc::AF_INET if length >= size_of::<libc::sockaddr_in>() => {
            // SAFETY: the family says what the storage holds; it is large enough and aligned for every address type.
            let v4 = unsafe { &*ptr::from_ref(storage).cast::<libc::sockaddr_in>() };
            let ip = Ipv4Addr::from(v4.sin_addr.s_addr.to_ne_bytes());
            Some(SocketAddrV4::new(ip, u16::from_be(v4.sin_port)).into())
        }
        libc::AF_INET6 if length >= size_of::<libc::sockaddr_in6>() => {
            // SAFETY: as above.
            let v6 = unsafe { &*ptr::from_ref(storage).cast::<libc::sockaddr_in6>() };
            let ip = Ipv6Addr::from(v6.sin6_addr.s6_addr);
            Some(SocketAddrV6::new(ip, u16::from_be(v6.sin6_port), v6.sin6_flowinfo, v6.sin6_scope_id).into())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn socket(address: &str) -> Option<UdpSocket> {
        match UdpSocket::bind(address) {
            Ok(socket) => {
                socket.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
                Some(socket)
            }
            Err(error) => {
                println!("skipped {address}: {error}");
                None
            }
        }
    }

    #[test]
    fn an_unconnected_socket_hears_whose_port_is_closed() {
        for (ours, theirs) in
            [("127.0.0.1:0", "127.0.0.1:0"), ("[::1]:0", "[::1]:0"), ("[::]:0", "127.0.0.1:0")]
        {
            let (Some(one), Some(two)) = (socket(ours), socket(theirs)) else { continue };
            keep_errors(&one).unwrap();
            assert!(next_error(&one).unwrap().is_none());
            let mut closed = two.local_addr().unwrap();
            drop(two);
            if let (IpAddr::V4(ip), true) = (closed.ip(), one.local_addr().unwrap().is_ipv6()) {
                closed.set_ip(ip.to_ipv6_mapped().into());
            }
            if let Err(error) = one.send_to(b"anybody?", closed) {
                println!("skipped {closed}: {error}");
                continue;
            }
            let error = one.recv_from(&mut [0; 8]).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
            let told = next_error(&one).unwrap().expect("the queue says more");
            assert_eq!((told.to, told.error.kind()), (closed, io::ErrorKind::ConnectionRefused));
            assert!(next_error(&one).unwrap().is_none(), "once");
        }
    }

    #[test]
    fn a_datagram_tells_which_address_it_came_to() {
        for (ours, asked) in [
            ("0.0.0.0:0", "127.0.0.2"),
            ("127.0.0.1:0", "127.0.0.1"),
            ("[::]:0", "::1"),
            ("[::]:0", "::ffff:127.0.0.2"),
        ] {
            let asked: IpAddr = asked.parse().unwrap();
            let from = if asked.is_ipv4() { "127.0.0.1:0" } else { "[::]:0" };
            let (Some(server), Some(client)) = (socket(ours), socket(from)) else { continue };
            tell_destinations(&server).unwrap();
            let to = SocketAddr::new(asked, server.local_addr().unwrap().port());
            if let Err(error) = client.send_to(b"hello", to) {
                println!("skipped {to}: {error}");
                continue;
            }
            let mut buffer = [0; 8];
            let (length, from, destination) = receive_with_destination(&server, &mut buffer).unwrap();
            assert_eq!(&buffer[..length], b"hello");
            assert_eq!(from.port(), client.local_addr().unwrap().port());
            assert_eq!(destination, Some(SocketAddr::new(asked, 0)));
        }
    }

    #[test]
    fn without_being_asked_the_system_tells_nothing() {
        let (one, two) = (socket("127.0.0.1:0").unwrap(), socket("127.0.0.1:0").unwrap());
        two.send_to(b"x", one.local_addr().unwrap()).unwrap();
        let (length, from, destination) = receive_with_destination(&one, &mut [0; 8]).unwrap();
        assert_eq!((length, from, destination), (1, two.local_addr().unwrap(), None));
        assert!(next_error(&one).unwrap().is_none());
    }
}
