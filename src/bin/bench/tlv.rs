//! Payloads: one thread encodes and sends, another receives and decodes, over one loopback connection.

use std::io::{BufReader, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use netprog::base::conn::TcpConn;
use netprog::base::thread;
use netprog::ch04_data::tlv::{self, Kind};

use crate::Load;
use crate::echo;
use crate::server::Side;

/// What a sender collects before it writes: a system call per small payload would measure system calls.
const BATCH_BYTES: usize = 64 * 1024;

/// Payloads per second that come out of the decoder. The side does not matter: both ends are here.
pub fn round(load: &Load, _side: &Side) -> Result<f64, String> {
    let broken = |error: std::io::Error| format!("the connection: {error}");
    let listener = TcpListener::bind(("127.0.0.1", 0)).map_err(broken)?;
    let stream = echo::connect(listener.local_addr().map_err(broken)?).map_err(broken)?;
    let sender = TcpConn::new(stream).map_err(broken)?;
    let (accepted, _) = listener.accept().map_err(broken)?;
    let receiver = TcpConn::new(accepted).map_err(broken)?;

    let decoded = Arc::new(AtomicU64::new(0));
    let stop = Arc::new(AtomicBool::new(false));
    let (stopped, size) = (Arc::clone(&stop), load.size);
    let sending = thread::spawn("sender", move || send(sender, size, &stopped)).map_err(broken)?;
    let count = Arc::clone(&decoded);
    let receiving = thread::spawn("receiver", move || receive(receiver, size, &count)).map_err(broken)?;

    let begin = Instant::now();
    std::thread::sleep(load.length);
    let (rate, elapsed) = (decoded.load(Ordering::Relaxed), begin.elapsed());
    stop.store(true, Ordering::Relaxed);
    sending.join().map_err(|_| "the sender panicked")?;
    receiving
        .join()
        .map_err(|_| "the receiver panicked")?
        .map_err(|error| format!("the receiver: {error}"))?;
    Ok(rate as f64 / elapsed.as_secs_f64())
}

fn send(mut conn: TcpConn, size: usize, stop: &AtomicBool) {
    let value = vec![b'x'; size];
    let mut batch = Vec::with_capacity(BATCH_BYTES + size + tlv::HEADER_BYTES);
    while !stop.load(Ordering::Relaxed) {
        batch.clear();
        while batch.len() < BATCH_BYTES {
            if tlv::encode(Kind::Binary, &value, &mut batch).is_err() {
                return;
            }
        }
        if conn.write_all(&batch).is_err() {
            return;
        }
    }
}

fn receive(conn: TcpConn, size: usize, decoded: &AtomicU64) -> Result<(), String> {
    let mut reader = BufReader::with_capacity(BATCH_BYTES, conn);
    let mut value = Vec::new();
    while tlv::decode_into(&mut reader, &mut value).map_err(|error| error.to_string())?.is_some() {
        if value.len() != size {
            return Err(format!("a payload of {} bytes came, {size} were sent", value.len()));
        }
        decoded.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}
