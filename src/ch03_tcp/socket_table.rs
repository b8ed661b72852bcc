//! The kernel's table of TCP sockets, as `ss` and `netstat` show it.
//!
//! ```text
//! sl  local_address rem_address   st tx_queue rx_queue …
//! 0:  0100007F:1F90 00000000:0000 0A 00000000:00000000 …
//!     |        |                  |           '- bytes that arrived and nobody has read
//!     |        |                  '- the state: 0A, listening
//!     |        '- the port, 8080
//!     '- 127.0.0.1: the address's bytes as words of this machine's byte order
//! ```
//! What the other chapters say about connections can be looked up here: who waits in FIN_WAIT_2, who forgot to close and
//! stays in CLOSE_WAIT. Linux only (`/proc/net/tcp`, `/proc/net/tcp6`; see proc(5)).
//!
//! Book: "Gracefully Terminating TCP Sessions", Figure 3-4.

use std::fmt;
use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// A TCP state under the number Linux gives it (`include/net/tcp_states.h`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum KernelState {
    /// Both directions are open.
    Established = 0x01,
    /// SYN sent, no answer yet.
    SynSent = 0x02,
    /// SYN received and answered.
    SynReceived = 0x03,
    /// Our FIN is on its way.
    FinWait1 = 0x04,
    /// Our FIN is acknowledged; the peer may still send.
    FinWait2 = 0x05,
    /// Both FINs are through; late segments are waited out.
    TimeWait = 0x06,
    /// No connection.
    Closed = 0x07,
    /// The peer's FIN is here, ours is not sent: the application has not closed.
    CloseWait = 0x08,
    /// Our FIN, the second of the two, is on its way.
    LastAck = 0x09,
    /// Waiting for clients.
    Listen = 0x0a,
    /// Both sides sent FIN at the same time.
    Closing = 0x0b,
    /// A request that has not become a socket yet.
    NewSynReceived = 0x0c,
    /// Bound to a port, and neither listening nor connected (Linux 6.8).
    BoundInactive = 0x0d,
}

impl KernelState {
    /// Every state, in the order of their numbers.
    pub const ALL: [KernelState; 13] = [
        KernelState::Established,
        KernelState::SynSent,
        KernelState::SynReceived,
        KernelState::FinWait1,
        KernelState::FinWait2,
        KernelState::TimeWait,
        KernelState::Closed,
        KernelState::CloseWait,
        KernelState::LastAck,
        KernelState::Listen,
        KernelState::Closing,
        KernelState::NewSynReceived,
        KernelState::BoundInactive,
    ];

    /// The kernel's number.
    pub fn number(self) -> u8 {
        self as u8
    }

    /// The state of that number.
    pub fn from_number(number: u8) -> Option<KernelState> {
        KernelState::ALL.into_iter().find(|state| state.number() == number)
    }

    /// The name RFC 9293 gives it, with underscores as the kernel writes them.
    pub fn name(self) -> &'static str {
        match self {
            KernelState::Established => "ESTABLISHED",
            KernelState::SynSent => "SYN_SENT",
            KernelState::SynReceived | KernelState::NewSynReceived => "SYN_RECEIVED",
            KernelState::FinWait1 => "FIN_WAIT_1",
            KernelState::FinWait2 => "FIN_WAIT_2",
            KernelState::TimeWait => "TIME_WAIT",
            KernelState::Closed => "CLOSED",
            KernelState::CloseWait => "CLOSE_WAIT",
            KernelState::LastAck => "LAST_ACK",
            KernelState::Listen => "LISTEN",
            KernelState::Closing => "CLOSING",
            KernelState::BoundInactive => "BOUND_INACTIVE",
        }
    }
}

impl fmt::Display for KernelState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// This end. IPv4 inside an IPv6 socket stands as IPv4.
    pub local: SocketAddr,
    /// The other end; all zero while there is none.
    pub remote: SocketAddr,
    /// Where in its life it is.
    pub state: KernelState,
    /// Bytes the peer has not acknowledged. For a listener: the length of its backlog.
    pub tx_queue: u32,
    /// Bytes that arrived and nobody has read. For a listener: clients that wait for `accept`.
    pub rx_queue: u32,
}

/// Reads the table.
///
/// # Errors
/// [`io::ErrorKind::Unsupported`] where there is no such table, [`io::ErrorKind::InvalidData`] if a line of it is not what
/// we know.
pub fn read() -> io::Result<Vec<Entry>> {
    if !cfg!(target_os = "linux") {
        return Err(io::Error::new(io::ErrorKind::Unsupported, "the table of sockets is read on Linux only"));
    }
    let mut entries = parse(&fs::read_to_string("/proc/net/tcp")?)?;
    match fs::read_to_string("/proc/net/tcp6") {
        Ok(text) => entries.extend(parse(&text)?),
        // A kernel without IPv6 has no such file.
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    Ok(entries)
}

/// The state of the connection between `local` and `remote`, seen from `local`; `None` if there is none.
///
/// # Errors
/// As [`read`].
pub fn state_of(local: SocketAddr, remote: SocketAddr) -> io::Result<Option<KernelState>> {
    Ok(entry_of(local, remote)?.map(|entry| entry.state))
}

/// The table's entry for the connection between `local` and `remote`.
///
/// # Errors
/// As [`read`].
pub fn entry_of(local: SocketAddr, remote: SocketAddr) -> io::Result<Option<Entry>> {
    let (local, remote) = (canonical(local), canonical(remote));
    Ok(read()?.into_iter().find(|entry| entry.local == local && entry.remote == remote))
}

fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

/// The entries of a table, whose first line is a heading.
fn parse(table: &str) -> io::Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for line in table.lines().skip(1) {
        let entry = parse_line(line).ok_or_else(|| {
            io::Error::new(io::ErrorKind::InvalidData, format!("{line:?} is no line of the table of sockets"))
        })?;
        entries.push(entry);
    }
    Ok(entries)
}

fn parse_line(line: &str) -> Option<Entry> {
    let mut fields = line.split_ascii_whitespace().skip(1);
    let local = parse_address(fields.next()?)?;
    let remote = parse_address(fields.next()?)?;
    let state = KernelState::from_number(u8::try_from(hex(fields.next()?, 2)?).ok()?)?;
    let (tx_queue, rx_queue) = fields.next()?.split_once(':')?;
    Some(Entry { local, remote, state, tx_queue: hex(tx_queue, 8)?, rx_queue: hex(rx_queue, 8)? })
}

/// An address is one word of eight digits, or four; a word is printed as a number, so its bytes are in this machine's order.
pub(crate) fn parse_address(text: &str) -> Option<SocketAddr> {
    let (words, port) = text.split_once(':')?;
    let port = u16::try_from(hex(port, 4)?).ok()?;
    let ip = match words.len() {
        8 => IpAddr::V4(Ipv4Addr::from(hex(words, 8)?.to_ne_bytes())),
        32 => {
            let mut bytes = [0; 16];
            for (index, chunk) in bytes.chunks_mut(4).enumerate() {
                let word = words.get(index * 8..index * 8 + 8)?;
                chunk.copy_from_slice(&hex(word, 8)?.to_ne_bytes());
            }
            IpAddr::V6(Ipv6Addr::from(bytes))
        }
        _ => return None,
    };
    Some(canonical(SocketAddr::new(ip, port)))
}

/// Exactly `digits` hexadecimal digits. (`from_str_radix` alone would take a sign.)
fn hex(text: &str, digits: usize) -> Option<u32> {
    if text.len() != digits || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    u32::from_str_radix(text, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_has_the_kernels_number() {
        for (index, state) in KernelState::ALL.into_iter().enumerate() {
            assert_eq!(usize::from(state.number()), index + 1);
            assert_eq!(KernelState::from_number(state.number()), Some(state));
        }
        assert_eq!(KernelState::from_number(0), None);
        assert_eq!(KernelState::from_number(14), None);
        assert_eq!(KernelState::CloseWait.to_string(), "CLOSE_WAIT");
    }

    #[cfg(target_endian = "little")]
    #[test]
    fn the_line_in_the_heading_says_what_the_heading_says() {
        let line = "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000003 00:00000000 00000000     0        0 29364 1";
        let entry = parse_line(line).unwrap();
        assert_eq!(entry.local, "127.0.0.1:8080".parse().unwrap());
        assert_eq!(entry.remote, "0.0.0.0:0".parse().unwrap());
        assert_eq!((entry.state, entry.tx_queue, entry.rx_queue), (KernelState::Listen, 0, 3));
    }

    #[cfg(target_endian = "little")]
    #[test]
    fn ipv6_is_four_words_and_ipv4_inside_it_becomes_ipv4() {
        let one = parse_address("00000000000000000000000001000000:01BB").unwrap();
        assert_eq!(one, "[::1]:443".parse().unwrap());
        let documentation = parse_address("B80D01200000000067452301EFCDAB89:0001").unwrap();
        assert_eq!(documentation, "[2001:db8::123:4567:89ab:cdef]:1".parse().unwrap());
        let mapped = parse_address("0000000000000000FFFF00000100007F:0050").unwrap();
        assert_eq!(mapped, "127.0.0.1:80".parse().unwrap());
    }

    #[test]
    fn a_line_of_another_form_is_an_error_and_no_panic() {
        let good = "0: 0100007F:1F90 00000000:0000 0A 00000000:00000000";
        assert!(parse_line(good).is_some());
        for end in 0..good.len() {
            assert_eq!(parse_line(&good[..end]), None, "{:?}", &good[..end]);
        }
        for line in [
            "0: +100007F:1F90 00000000:0000 0A 00000000:00000000",
            "0: 0100007F:11F90 00000000:0000 0A 00000000:00000000",
            "0: 0100007F:1F90 00000000:0000 0E 00000000:00000000",
            "0: 0100007F:1F90 00000000:0000 0A 00000000;00000000",
            "0: 0100007é:1F90 00000000:0000 0A 00000000:00000000",
            "0: éééééééééééééééé:1F90 00000000:0000 0A 00000000:00000000",
        ] {
            assert_eq!(parse_line(line), None, "{line:?}");
        }
        let error = parse("heading\nnonsense\n").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        assert_eq!(parse("").unwrap(), []);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_listener_is_in_the_real_table() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let nobody = "0.0.0.0:0".parse().unwrap();
        assert_eq!(state_of(address, nobody).unwrap(), Some(KernelState::Listen));
        drop(listener);
        assert_eq!(state_of(address, nobody).unwrap(), None);
    }
}
