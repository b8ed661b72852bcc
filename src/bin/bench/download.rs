//! Downloads: connections that fetch the same large thing over HTTP again and again.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use netprog::base::thread;

use crate::Load;
use crate::echo;

/// Bytes asked for in one read.
const PIECE_BYTES: usize = 256 * 1024;

/// Bytes per second that arrive, over all connections.
pub fn bytes(load: &Load, address: SocketAddr, path: &str) -> Result<f64, String> {
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n");
    let arrived = Arc::new(AtomicU64::new(0));
    let stop = Arc::new(AtomicBool::new(false));
    let mut threads = Vec::new();
    for number in 0..load.connections {
        let failed = |error: io::Error| format!("download {number}: {error}");
        let stream = echo::connect(address).map_err(failed)?;
        let (request, arrived, stop, size) =
            (request.clone(), Arc::clone(&arrived), Arc::clone(&stop), load.size);
        let running = thread::spawn("download", move || {
            while !stop.load(Ordering::Relaxed) {
                fetch(&stream, &request, size, &arrived, &stop)?;
            }
            Ok::<(), io::Error>(())
        });
        threads.push(running.map_err(failed)?);
    }
    // The first moments are spent opening windows.
    std::thread::sleep(load.length / 4);
    let (begin, before) = (Instant::now(), arrived.load(Ordering::Relaxed));
    std::thread::sleep(load.length);
    let (elapsed, after) = (begin.elapsed(), arrived.load(Ordering::Relaxed));
    stop.store(true, Ordering::Relaxed);
    for running in threads {
        let outcome = running.join().map_err(|_| "a download panicked")?;
        outcome.map_err(|error| format!("a download: {error}"))?;
    }
    Ok((after - before) as f64 / elapsed.as_secs_f64())
}

/// Fetches it once, and counts what comes of its `size` bytes, until it is told to stop.
fn fetch(
    mut stream: &TcpStream,
    request: &str,
    size: usize,
    arrived: &AtomicU64,
    stop: &AtomicBool,
) -> io::Result<()> {
    stream.write_all(request.as_bytes())?;
    let mut left = size.checked_sub(read_head(stream)?).ok_or(io::ErrorKind::InvalidData)?;
    let mut piece = vec![0; PIECE_BYTES];
    while left > 0 && !stop.load(Ordering::Relaxed) {
        let count = stream.read(&mut piece[..PIECE_BYTES.min(left)])?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        left -= count;
        arrived.fetch_add(count as u64, Ordering::Relaxed);
    }
    Ok(())
}

/// Reads the head: how many bytes of body came with it.
fn read_head(mut stream: &TcpStream) -> io::Result<usize> {
    let mut head = [0; 4096];
    let mut length = 0;
    while length < head.len() {
        let count = stream.read(&mut head[length..])?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        length += count;
        if let Some(end) = head[..length].windows(4).position(|bytes| bytes == b"\r\n\r\n") {
            let good = head.starts_with(b"HTTP/1.1 200 ");
            let body = length - end - 4;
            return if good { Ok(body) } else { Err(io::Error::other("the answer is not 200")) };
        }
    }
    Err(io::Error::other("the answer has no end to its head"))
}
