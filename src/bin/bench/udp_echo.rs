//! Round trips over UDP: on each socket a datagram goes out and comes back, and then the next.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::Load;
use crate::echo;
use crate::server::Side;

/// A datagram that is not back by then is lost, and not counted; its socket goes on with the next.
const LOST: Duration = Duration::from_millis(200);

/// Round trips per second over all sockets.
pub fn round(load: &Load, side: &Side) -> Result<f64, String> {
    let server = side.start_udp_echo()?;
    echo::drive(load, "socket", || connect(server.address()), client)
}

fn connect(address: SocketAddr) -> io::Result<UdpSocket> {
    let any = if address.is_ipv4() { "127.0.0.1:0" } else { "[::1]:0" };
    let socket = UdpSocket::bind(any)?;
    socket.connect(address)?;
    socket.set_read_timeout(Some(LOST))?;
    Ok(socket)
}

fn client(sockets: Vec<UdpSocket>, size: usize, begin: &Barrier, stop: &AtomicBool) -> io::Result<u64> {
    let message = vec![b'x'; size];
    let mut answer = vec![0u8; size];
    begin.wait();
    let mut round_trips = 0;
    while !stop.load(Ordering::Relaxed) {
        for socket in &sockets {
            socket.send(&message)?;
        }
        for socket in &sockets {
            match socket.recv(&mut answer) {
                Ok(_) => round_trips += 1,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(round_trips)
}
