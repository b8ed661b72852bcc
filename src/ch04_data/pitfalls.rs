//! Two ways to hold a TCP connection wrongly, each beside its cure.
//!
//! **Zero window** (Listing 4-26). Who handles what it read before it reads again stops reading while the handling takes its
//! time. The receive buffer fills, the receiver announces a window of zero, the sender's buffer fills too, and the sender
//! blocks in `write`. That may be wished for: it is the back-pressure that slows a sender down to its receiver. The cure,
//! where it is not, is a reader that only reads, and a queue: [`read_then_queue`]. The queue is bounded, or a fast sender
//! would fill the memory instead of the window.
//!
//! **CLOSE_WAIT** (Listing 4-27). Who has read the peer's FIN and neither closes nor sends stays in CLOSE_WAIT for ever,
//! with its descriptor. In Go that is a forgotten `defer c.Close()`. In Rust the connection is closed when it is dropped, on
//! every way out of the handler, a panic included; to leak it takes somebody who keeps it: a list from which nobody
//! removes, a second handle, or `mem::forget`, as here on purpose.
//!
//! Watch it run: `ss -tan` or `/proc/net/tcp`.

use std::io::{self, Read, Write};
use std::mem;
use std::net::TcpStream;
use std::os::fd::AsFd;
use std::sync::mpsc;
use std::time::Duration;

use crate::base::conn::Conn;
use crate::base::sys::poll::{self, Wish};
use crate::base::thread;
use crate::base::trace;

/// What both versions read at once: the book's number.
const CHUNK_BYTES: usize = 1024;

/// Wrong, if `handle` may block: Listing 4-26 as it stands. Nothing is read while a chunk is handled.
///
/// # Errors
/// The connection's. The end is none.
pub fn read_and_handle(conn: &mut dyn Read, mut handle: impl FnMut(&[u8])) -> io::Result<u64> {
    let mut buffer = [0; CHUNK_BYTES];
    let mut total = 0;
    loop {
        let count = conn.read(&mut buffer)?;
        if count == 0 {
            return Ok(total);
        }
        total += count as u64;
        handle(&buffer[..count]); // blocks!
    }
}

/// Right: this thread only reads; another handles, from a queue of up to `chunks`. When the queue is full the reader waits,
/// and the window closes after all: a receiver that is slower than its sender for good must say so.
///
/// Returns when the last chunk has been handled.
///
/// # Errors
/// The connection's, after what came before has been handled. [`io::ErrorKind::Other`] if the handler panicked.
pub fn read_then_queue(
    conn: &mut dyn Read,
    chunks: usize,
    mut handle: impl FnMut(&[u8]) + Send + 'static,
) -> io::Result<u64> {
    let (queue, waiting) = mpsc::sync_channel::<Vec<u8>>(chunks);
    let worker = thread::spawn("handler", move || {
        for chunk in waiting {
            handle(&chunk);
        }
    })?;
    let outcome = read_into(conn, queue);
    worker.join().map_err(|_| io::Error::other("the handler panicked"))?;
    outcome
}

/// Reads to the end. The queue is closed on return, and the worker ends when it has emptied it.
fn read_into(conn: &mut dyn Read, queue: mpsc::SyncSender<Vec<u8>>) -> io::Result<u64> {
    let mut buffer = [0; CHUNK_BYTES];
    let mut total = 0;
    loop {
        let count = conn.read(&mut buffer)?;
        // Nobody takes from the queue: the handler panicked, and reading on would serve nothing.
        if count == 0 || queue.send(buffer[..count].to_vec()).is_err() {
            return Ok(total);
        }
        total += count as u64;
    }
}

/// Writes until nothing more is taken for `patience`: how many bytes the two buffers between this end and a peer that does
/// not read have swallowed. The stream blocks again afterwards.
///
/// # Errors
/// The stream's.
pub fn bytes_until_stalled(stream: &TcpStream, patience: Duration) -> io::Result<u64> {
    stream.set_nonblocking(true)?;
    let outcome = write_until_stalled(stream, patience);
    stream.set_nonblocking(false)?;
    let total = outcome?;
    trace::note(|| format!("blocked: {total} bytes written, and the window is zero"));
    Ok(total)
}

fn write_until_stalled(mut stream: &TcpStream, patience: Duration) -> io::Result<u64> {
    let chunk = [b'z'; 16 * 1024];
    let mut total = 0;
    loop {
        match stream.write(&chunk) {
            Ok(count) => total += count as u64,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                if !becomes_writable(stream, patience)? {
                    return Ok(total);
                }
            }
            Err(error) => return Err(error),
        }
    }
}

fn becomes_writable(stream: &TcpStream, patience: Duration) -> io::Result<bool> {
    loop {
        match poll::wait(&[(stream.as_fd(), Wish::Writable)], Some(patience)) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            outcome => return Ok(outcome?[0]),
        }
    }
}

/// Wrong: Listing 4-27. Reads to the end and returns without closing. The socket stays in CLOSE_WAIT until the process
/// ends, and nobody has a handle left to close it with.
///
/// # Errors
/// The connection's.
pub fn serve_and_forget(mut conn: Box<dyn Conn>) -> io::Result<u64> {
    let outcome = read_and_ignore(&mut *conn);
    trace::note(|| "returns, and the connection stays open".to_string());
    mem::forget(conn);
    outcome
}

/// Right: the same, word for word, but for the line that forgets. The connection is dropped on every way out.
///
/// # Errors
/// The connection's.
pub fn serve_and_close(mut conn: Box<dyn Conn>) -> io::Result<u64> {
    read_and_ignore(&mut *conn)
}

fn read_and_ignore(conn: &mut dyn Conn) -> io::Result<u64> {
    let mut buffer = [0; CHUNK_BYTES];
    let mut total = 0;
    loop {
        match conn.read(&mut buffer)? {
            0 => return Ok(total),
            count => total += count as u64,
        }
    }
}
