//! Bytes through a proxy: senders on one side, a sink that counts on the other.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use netprog::base::thread;

use crate::Load;
use crate::server::Side;

/// Bytes per second that arrive behind the proxy, over all streams.
pub fn round(load: &Load, side: &Side) -> Result<f64, String> {
    let sink = TcpListener::bind(("127.0.0.1", 0)).map_err(|error| format!("the sink: {error}"))?;
    let upstream = sink.local_addr().map_err(|error| format!("the sink: {error}"))?;
    let proxy = side.start_proxy(upstream)?;
    let arrived = Arc::new(AtomicU64::new(0));
    let stop = Arc::new(AtomicBool::new(false));
    let mut threads = Vec::new();
    for number in 0..load.connections {
        let sender =
            TcpStream::connect(proxy.address()).map_err(|error| format!("stream {number}: {error}"))?;
        // The proxy connects upstream once it has this client; only then is there somebody to accept.
        let (receiver, _) = sink.accept().map_err(|error| format!("the sink: {error}"))?;
        let (stopped, size) = (Arc::clone(&stop), load.size);
        threads.push(thread::spawn("sender", move || send(sender, size, &stopped)));
        let count = Arc::clone(&arrived);
        threads.push(thread::spawn("sink", move || receive(receiver, &count)));
    }
    // The first moments are spent opening windows.
    std::thread::sleep(load.length / 4);
    let (begin, before) = (Instant::now(), arrived.load(Ordering::Relaxed));
    std::thread::sleep(load.length);
    let (elapsed, after) = (begin.elapsed(), arrived.load(Ordering::Relaxed));
    stop.store(true, Ordering::Relaxed);
    for thread in threads {
        let thread = thread.map_err(|error| format!("no thread: {error}"))?;
        thread.join().map_err(|_| "a thread of the load panicked")?;
    }
    Ok((after - before) as f64 / elapsed.as_secs_f64())
}

fn send(mut stream: TcpStream, size: usize, stop: &AtomicBool) {
    let block = vec![b'x'; size];
    while !stop.load(Ordering::Relaxed) && stream.write_all(&block).is_ok() {}
}

fn receive(mut stream: TcpStream, arrived: &AtomicU64) {
    let mut block = vec![0u8; 1 << 18];
    while let Ok(count) = stream.read(&mut block) {
        if count == 0 {
            return;
        }
        arrived.fetch_add(count as u64, Ordering::Relaxed);
    }
}
