//! Connections: each is made, carries one message there and back, and is closed.

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use netprog::base::thread;

use crate::Load;
use crate::echo;
use crate::server::Side;

/// Connections per second over all clients.
pub fn round(load: &Load, side: &Side) -> Result<f64, String> {
    let server = side.start_echo()?;
    let stop = Arc::new(AtomicBool::new(false));
    let begin = Instant::now();
    let mut clients = Vec::new();
    for number in 0..load.connections {
        let (stop, address, size) = (Arc::clone(&stop), server.address(), load.size);
        let client = thread::spawn("client", move || client(address, size, &stop));
        clients.push(client.map_err(|error| format!("client {number}: {error}"))?);
    }
    std::thread::sleep(load.length);
    stop.store(true, Ordering::Relaxed);
    let mut connections = 0u64;
    for client in clients {
        connections +=
            client.join().map_err(|_| "a client panicked")?.map_err(|error| format!("a client: {error}"))?;
    }
    Ok(connections as f64 / begin.elapsed().as_secs_f64())
}

fn client(address: SocketAddr, size: usize, stop: &AtomicBool) -> std::io::Result<u64> {
    let message = vec![b'x'; size];
    let mut answer = vec![0u8; size];
    let mut connections = 0;
    while !stop.load(Ordering::Relaxed) {
        let mut stream = echo::connect(address)?;
        stream.write_all(&message)?;
        stream.read_exact(&mut answer)?;
        // An orderly close would leave our port in TIME_WAIT for a minute, and the ports would run out within seconds.
        #[cfg(unix)]
        netprog::base::sys::options::set_linger(&stream, Some(std::time::Duration::ZERO))?;
        connections += 1;
    }
    Ok(connections)
}
