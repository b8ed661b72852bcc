//! Round trips: on each connection a message goes out and comes back, and then the next.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use netprog::base::thread;

use crate::Load;
use crate::server::Side;

/// The load has at most this many threads, so that the server and not the load has the machine to itself. Each keeps one
/// message in flight on every one of its connections.
const THREADS: usize = 2;

/// Round trips per second over all connections.
pub fn round(load: &Load, side: &Side) -> Result<f64, String> {
    let server = side.start_echo()?;
    drive(load, "connection", || connect(server.address()), client)
}

/// What a thread of the load does with its share of the sockets until it is told to stop: its round trips.
type Client<S> = fn(Vec<S>, usize, &Barrier, &AtomicBool) -> std::io::Result<u64>;

/// Shares the sockets out among the threads, lets them begin together, and counts round trips per second. `what` is what
/// a socket is called when it cannot be had.
pub fn drive<S: Send + 'static>(
    load: &Load,
    what: &str,
    connect: impl Fn() -> std::io::Result<S>,
    client: Client<S>,
) -> Result<f64, String> {
    let mut shares: Vec<Vec<S>> = Vec::new();
    shares.resize_with(THREADS.min(load.connections), Vec::new);
    for number in 0..load.connections {
        let socket = connect().map_err(|error| format!("{what} {number}: {error}"))?;
        let share = number % shares.len();
        shares[share].push(socket);
    }
    let begin_together = Arc::new(Barrier::new(shares.len() + 1));
    let stop = Arc::new(AtomicBool::new(false));
    let mut clients = Vec::new();
    for sockets in shares {
        let (begin, stop, size) = (Arc::clone(&begin_together), Arc::clone(&stop), load.size);
        let running = thread::spawn("client", move || client(sockets, size, &begin, &stop));
        clients.push(running.map_err(|error| format!("no thread for a client: {error}"))?);
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

pub fn connect(address: SocketAddr) -> std::io::Result<TcpStream> {
    let stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

fn client(
    mut streams: Vec<TcpStream>,
    size: usize,
    begin: &Barrier,
    stop: &AtomicBool,
) -> std::io::Result<u64> {
    let message = vec![b'x'; size];
    let mut answer = vec![0u8; size];
    begin.wait();
    let mut round_trips = 0;
    while !stop.load(Ordering::Relaxed) {
        for stream in &mut streams {
            stream.write_all(&message)?;
        }
        for stream in &mut streams {
            stream.read_exact(&mut answer)?;
            round_trips += 1;
        }
    }
    Ok(round_trips)
}
