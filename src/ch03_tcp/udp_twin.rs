//! The UDP side of a service: a loop over datagrams that can be stopped. There is nothing to accept and nothing to close;
//! chapter 5 is about what that means.
//!
//! Notes: "UDP server".

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use crate::base::cancel::Cancel;
use crate::base::trace::{self, Kind};

/// What a service takes of a datagram; the rest is cut off and gone.
pub const DATAGRAM_BYTES: usize = 1024;

/// Services that answer anything whatever: echo, daytime, quote of the day, character generator. Two of them, brought
/// together by one datagram with a forged sender, would answer each other for ever.
const PORTS_THAT_ANSWER_ANYTHING: [u16; 4] = [7, 13, 17, 19];

/// A wait after a failed receive. Without it an error that stays would be a loop that spins.
const AFTER_ERROR: Duration = Duration::from_millis(100);

/// How often the token is looked at in any case, should the datagram that announces its end be lost.
const LOOK_UP: Duration = Duration::from_secs(1);

/// Calls `answer` with every datagram and its sender, and sends back what it gives, until `stop` ends.
///
/// # Errors
/// What the system says about the socket at the start. Afterwards a datagram that cannot be received or answered is its
/// sender's loss and nobody else's.
pub fn serve_datagrams(
    socket: &UdpSocket,
    stop: &Cancel,
    answer: impl FnMut(SocketAddr, &[u8]) -> Option<Vec<u8>>,
) -> io::Result<()> {
    serve_datagrams_in(&mut [0; DATAGRAM_BYTES], socket, stop, answer)
}

/// The same with a buffer of the caller's: its length is what is taken of a datagram.
///
/// # Errors
/// As [`serve_datagrams`].
pub fn serve_datagrams_in(
    buffer: &mut [u8],
    socket: &UdpSocket,
    stop: &Cancel,
    mut answer: impl FnMut(SocketAddr, &[u8]) -> Option<Vec<u8>>,
) -> io::Result<()> {
    let local = socket.local_addr()?;
    trace::name_mine(&local.to_string());
    socket.set_read_timeout(Some(LOOK_UP))?;
    let (waker, own) = waker(local)?;
    let _registration = stop.on_end(move |_| drop(waker.send_to(&[], own)));
    while !stop.has_ended() {
        let (count, from) = match socket.recv_from(buffer) {
            Ok(received) => received,
            Err(error) if is_no_news(&error) => continue,
            Err(_) => {
                // Waiting for the token at the same time; its end ends the loop.
                let _ = stop.sleep(AFTER_ERROR);
                continue;
            }
        };
        if stop.has_ended() || from == own || PORTS_THAT_ANSWER_ANYTHING.contains(&from.port()) {
            continue;
        }
        // Forged: on all addresses of this machine that port is ours. Our answer would come to us, and be answered.
        if local.ip().is_unspecified() && from.port() == local.port() && is_of_this_machine(from.ip()) {
            continue;
        }
        report(Kind::Received, from, local, &buffer[..count]);
        if let Some(reply) = answer(from, &buffer[..count]) {
            report(Kind::Sent, local, from, &reply);
            let _ = socket.send_to(&reply, from);
        }
    }
    Ok(())
}

/// A socket that can wake the receiver at `local`, and the address at which it does.
fn waker(local: SocketAddr) -> io::Result<(UdpSocket, SocketAddr)> {
    let ip = match local.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    let own = match local {
        SocketAddr::V4(_) => SocketAddr::new(ip, local.port()),
        SocketAddr::V6(mut v6) => {
            if let IpAddr::V6(ip) = ip {
                v6.set_ip(ip);
            }
            SocketAddr::V6(v6)
        }
    };
    let mut from = own;
    from.set_port(0);
    Ok((UdpSocket::bind(from)?, own))
}

/// Whether an address is one of this machine's: only these can be bound.
fn is_of_this_machine(ip: IpAddr) -> bool {
    UdpSocket::bind((ip.to_canonical(), 0)).is_ok()
}

/// A timeout, an interrupted call, or what Windows says when an earlier answer found nobody.
fn is_no_news(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock
            | io::ErrorKind::TimedOut
            | io::ErrorKind::Interrupted
            | io::ErrorKind::ConnectionReset
    )
}

fn report(kind: Kind, from: SocketAddr, to: SocketAddr, bytes: &[u8]) {
    if trace::is_on() {
        trace::between(kind, &from.to_string(), &to.to_string(), bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_addresses_of_this_machine_are_told_from_others() {
        assert!(is_of_this_machine(IpAddr::V4(Ipv4Addr::LOCALHOST)));
        // A documentation address, which no machine has.
        assert!(!is_of_this_machine(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1))));
    }
}
