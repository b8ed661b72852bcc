//! Idle connections: each carries one message there and back, and then stays open.

use std::io::{Read, Write};

use crate::Load;
use crate::echo;
use crate::server::Side;

/// Resident bytes of the server per idle connection.
pub fn round(load: &Load, side: &Side) -> Result<f64, String> {
    let server = side.start_echo()?;
    let unknown = "resident memory is known only of a server started here, on Linux";
    let before = server.resident_bytes().ok_or(unknown)?;
    let message = vec![b'x'; load.size];
    let mut answer = vec![0u8; load.size];
    let mut open = Vec::with_capacity(load.connections);
    for number in 0..load.connections {
        let failed = |error| format!("connection {number}: {error}");
        let mut stream = echo::connect(server.address()).map_err(failed)?;
        stream.write_all(&message).map_err(failed)?;
        stream.read_exact(&mut answer).map_err(failed)?;
        open.push(stream);
    }
    let after = server.resident_bytes().ok_or(unknown)?;
    Ok((after - before) / open.len() as f64)
}
