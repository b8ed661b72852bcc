//! Echo: whatever a client sends comes back (RFC 862).
//!
//! ```text
//! client  "hello" ──▶ server
//! client  ◀── "hello" server          and so on until the client finishes
//! ```
//! With [`serve`] and [`echo`] every client has a thread of its own. [`serve_one_at_a_time`] is
//! the same with room for one: the next client *connects*, for the system does that, and is answered when the first leaves.
//!
//! Notes: "Multi-threaded server". Ours beside them: they print the whole buffer for every message, and so what earlier,
//! longer messages left in it.

use std::io::{self, Read, Write};
use std::sync::Arc;

use super::limits::{Limits, unless_idle};
use crate::base::cancel::Cancel;
use crate::base::conn::{Conn, Listener};
use crate::base::serve::{ServeConfig, Served, serve};

/// Room for one read at first, on the stack: all that an idle client, or one with short messages, costs.
const SMALL: usize = 512;

/// Room for one read of a client that once filled the small buffer. Fewer, larger reads make a stream fast.
const LARGE: usize = 64 * 1024;

/// Sends back what comes until the client finishes or is idle for too long.
///
/// # Errors
/// What reading or writing gives; a client that does not take its echo in time is [`io::ErrorKind::TimedOut`].
pub fn echo(mut conn: Box<dyn Conn>, limits: &Limits) -> io::Result<()> {
    let mut small = [0; SMALL];
    let mut large = Vec::new();
    loop {
        let buffer = if large.is_empty() { &mut small[..] } else { &mut large[..] };
        limits.arm_read(&mut *conn);
        let count = match conn.read(buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => count,
            Err(error) => return unless_idle(error),
        };
        limits.arm_write(&mut *conn);
        // Only what came: behind it stand bytes of earlier messages.
        conn.write_all(&buffer[..count])?;
        if count == SMALL && large.is_empty() {
            large = vec![0; LARGE];
        }
    }
}

/// Serves one client after the other: the serial server of the notes. Its flaw is the lesson. One client that stays keeps
/// all others waiting.
///
/// # Errors
/// As [`serve`].
pub fn serve_one_at_a_time<H>(
    listener: Arc<dyn Listener>,
    config: ServeConfig,
    stop: &Cancel,
    handler: H,
) -> io::Result<Served>
where
    H: Fn(Box<dyn Conn>, &Cancel) -> io::Result<()> + Send + Sync + 'static,
{
    serve(listener, ServeConfig { max_connections: 1, ..config }, stop, handler)
}
