//! Loss made visible: what does not fit the receiver's buffer is dropped, and nobody is told.
//!
//! ```text
//! sender    send Ok   send Ok   send Ok   send Ok   ...      fifty times
//! receiver  [ 1 ]     [ 1 2 ]   [ 1 2 ]   [ 1 2 ]            3 to 50 are gone
//! ```
//! It happens on the loopback as well. Linux counts more than the payload against a socket's buffer: each datagram brings some
//! seven hundred bytes of book-keeping. It doubles what one asks for because of that, and gives at least 2,304 bytes to receive and
//! 4,608 to send. How many datagrams it has dropped stands in `/proc/net/udp`.

use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};

use crate::ch03_tcp::socket_table;

/// No more than this is taken out of a queue at once: somebody may fill it as fast as we empty it.
const MOST_WAITING: usize = 100_000;

/// Sends `count` numbered datagrams, as fast as it goes, and gives how many of the calls succeeded: all of them, whatever
/// becomes of the datagrams.
///
/// # Errors
/// The system's.
pub fn flood(sender: &UdpSocket, to: SocketAddr, count: u16) -> io::Result<u16> {
    for number in 0..count {
        sender.send_to(&number.to_be_bytes(), to)?;
    }
    Ok(count)
}

/// Every datagram that waits in the socket's queue, without waiting for more. Each is cut at `most` bytes. It leaves the
/// socket blocking.
///
/// # Errors
/// The system's.
pub fn take_waiting(socket: &UdpSocket, most: usize) -> io::Result<Vec<Vec<u8>>> {
    socket.set_nonblocking(true)?;
    let mut buffer = vec![0; most];
    let mut waiting = Vec::new();
    let outcome = loop {
        if waiting.len() == MOST_WAITING {
            break Ok(());
        }
        match socket.recv(&mut buffer) {
            Ok(count) => waiting.push(buffer[..count].to_vec()),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => break Ok(()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => break Err(error),
        }
    };
    socket.set_nonblocking(false)?;
    outcome.map(|()| waiting)
}

/// How many datagrams the kernel has dropped that were for the UDP socket bound to `local`: its buffer was full, or a
/// checksum was wrong. `None` if there is no such socket. Linux only.
///
/// # Errors
/// [`io::ErrorKind::Unsupported`] elsewhere.
pub fn dropped(local: SocketAddr) -> io::Result<Option<u64>> {
    if !cfg!(target_os = "linux") {
        return Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "the drops of a socket are told on Linux only",
        ));
    }
    let table = match local.ip() {
        IpAddr::V4(_) => "/proc/net/udp",
        IpAddr::V6(_) => "/proc/net/udp6",
    };
    Ok(dropped_in(&std::fs::read_to_string(table)?, local))
}

/// The second column of a line is the socket's address, the last its drops.
fn dropped_in(table: &str, local: SocketAddr) -> Option<u64> {
    for line in table.lines().skip(1) {
        let address = line.split_ascii_whitespace().nth(1).and_then(socket_table::parse_address);
        if address
            .is_some_and(|found| found.ip() == local.ip().to_canonical() && found.port() == local.port())
        {
            return line.split_ascii_whitespace().last()?.parse().ok();
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_endian = "little")]
    #[test]
    fn the_drops_are_the_last_column_of_the_sockets_line() {
        let table = "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n\
                     \x20 11: 0100007F:0035 00000000:0000 07 00000000:00000000 00:00000000 00000000 0 0 29 2 0000000000000000 0\n\
                     \x20 12: 0100007F:1F90 00000000:0000 07 00000000:00000900 00:00000000 00000000 0 0 30 2 0000000000000000 48\n";
        assert_eq!(dropped_in(table, "127.0.0.1:8080".parse().unwrap()), Some(48));
        assert_eq!(dropped_in(table, "127.0.0.1:53".parse().unwrap()), Some(0));
        assert_eq!(dropped_in(table, "127.0.0.2:8080".parse().unwrap()), None);
        assert_eq!(dropped_in("", "127.0.0.1:53".parse().unwrap()), None);
    }
}
