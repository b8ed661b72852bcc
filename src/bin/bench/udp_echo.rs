//! Round trips over UDP: on each socket a datagram goes out and comes back, and then the next.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

use netprog::base::thread;

use crate::Load;
use crate::server::Side;

/// As for TCP: the server and not the load is to have the machine to itself.
const THREADS: usize = 2;
/// A datagram that is not back by then is lost, and not counted; its socket goes on with the next.
const LOST: Duration = Duration::from_millis(200);

/// Round trips per second over all sockets.
pub fn round(load: &Load, side: &Side) -> Result<f64, String> {
    let server = side.start_udp_echo()?;
    let mut shares: Vec<Vec<UdpSocket>> = Vec::new();
    shares.resize_with(THREADS.min(load.connections), Vec::new);
    for number in 0..load.connections {
        let socket = connect(server.address()).map_err(|error| format!("socket {number}: {error}"))?;
        let share = number % shares.len();
        shares[share].push(socket);
    }
    let begin_together = Arc::new(Barrier::new(shares.len() + 1));
    let stop = Arc::new(AtomicBool::new(false));
    let mut clients = Vec::new();
    for sockets in shares {
        let (begin, stop, size) = (Arc::clone(&begin_together), Arc::clone(&stop), load.size);
        let client = thread::spawn("client", move || client(&sockets, size, &begin, &stop));
        clients.push(client.map_err(|error| format!("no thread for a client: {error}"))?);
    }
    begin_together.wait();
    let begin = Instant::now();
    std::thread::sleep(load.length);
    stop.store(true, Ordering::Relaxed);
    let mut round_trips = 0u64;
    for client in clients {
        round_trips +=
            client.join().map_err(|_| "a client panicked")?.map_err(|error| format!("a client: {error}"))?;
    }
    Ok(round_trips as f64 / begin.elapsed().as_secs_f64())
}

fn connect(address: SocketAddr) -> io::Result<UdpSocket> {
    let any = if address.is_ipv4() { "127.0.0.1:0" } else { "[::1]:0" };
    let socket = UdpSocket::bind(any)?;
    socket.connect(address)?;
    socket.set_read_timeout(Some(LOST))?;
    Ok(socket)
}

fn client(sockets: &[UdpSocket], size: usize, begin: &Barrier, stop: &AtomicBool) -> io::Result<u64> {
    let message = vec![b'x'; size];
    let mut answer = vec![0u8; size];
    begin.wait();
    let mut round_trips = 0;
    while !stop.load(Ordering::Relaxed) {
        for socket in sockets {
            socket.send(&message)?;
        }
        for socket in sockets {
            match socket.recv(&mut answer) {
                Ok(_) => round_trips += 1,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(round_trips)
}
