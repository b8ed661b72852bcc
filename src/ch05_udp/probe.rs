//! Finding the largest payload that passes unfragmented, against a UDP echo and with "don't fragment" set. Linux.
//!
//! ```text
//! | 'n' 'p' | run, 8 bytes | number, 2 bytes | filler ... |
//! ```
//! An answer that begins with the same twelve bytes says that the probe arrived; an echo server may cut the rest. The run's number
//! is random, so that a forged answer must guess it.
//!
//! Who says "too long"? The system itself, before anything is sent, if it is too long for the first link; a router on the way, in
//! ICMP, which the system hands over as EMSGSIZE at the next call and remembers (ten minutes, for the whole host). Each time
//! the path's MTU can be asked for. If ICMP is filtered, there is silence, and [`super::search`] takes it for a refusal after
//! some tries.
//!
//! Only the way there is measured. The echo comes back as its own host sends it, and may well be fragmented; one that is cut is
//! not.

use std::fmt;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use super::connected::{dial, recv_before};
use super::mtu::{IpVersion, max_payload};
use super::search::{Found, Outcome, Search};
use crate::base::deadline::Deadline;
use crate::base::random;
use crate::base::sys::datagram;
use crate::base::trace::{self, Kind};
use crate::base::wire;

/// What makes a probe known again.
const TAG: usize = 12;

/// How patient to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProbeOptions {
    /// How long to wait for each answer.
    pub wait: Duration,
    /// Tries for each size before it is given up.
    pub tries: u32,
}

impl Default for ProbeOptions {
    fn default() -> ProbeOptions {
        ProbeOptions { wait: Duration::from_secs(1), tries: 3 }
    }
}

/// One probe and what became of it, for those who watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Bytes of UDP payload.
    pub payload: usize,
    /// Bytes of the packet: headers and payload.
    pub packet: usize,
    /// What became of it.
    pub outcome: Outcome,
    /// The path's MTU as the system knows it by now.
    pub mtu: usize,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>5} bytes ({:>5} with headers): ", self.payload, self.packet)?;
        match self.outcome {
            Outcome::Arrived => f.write_str("arrived"),
            Outcome::TooLong { .. } => write!(f, "too long, the path's MTU is {}", self.mtu),
            Outcome::Silence => f.write_str("no answer"),
        }
    }
}

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PathReport {
    /// The version of IP that was measured.
    pub version: IpVersion,
    /// The path's MTU as the system had it before: that of the first link, or what it remembers of an earlier complaint.
    pub known_mtu: usize,
    /// The longest payload that passed, or that nobody answers.
    pub found: Found,
}

impl fmt::Display for PathReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Found::Largest { payload, by_silence } = self.found else { return self.found.fmt(f) };
        let packet = payload + self.version.headers();
        write!(f, "largest payload in one piece: {payload} bytes; {packet} with {} and UDP", self.version)?;
        if by_silence {
            f.write_str("; larger ones vanish without a word")?;
        } else if payload == self.version.longest_payload() {
            f.write_str("; no datagram is longer")?;
        } else if packet == self.known_mtu {
            f.write_str("; it is the MTU the system has for this path")?;
        } else {
            f.write_str("; a router said so")?;
        }
        Ok(())
    }
}

/// Measures the path to the UDP echo at `target`. `watch` sees every probe.
///
/// # Errors
/// [`io::ErrorKind::ConnectionRefused`] if the target says that nobody has that port; the system's.
pub fn probe(
    target: SocketAddr,
    options: ProbeOptions,
    mut watch: impl FnMut(&Step),
) -> io::Result<PathReport> {
    // An IPv4 address in IPv6 clothes would be measured by the wrong socket option.
    let target = match target.ip().to_canonical() {
        ip if ip == target.ip() => target,
        ip => SocketAddr::new(ip, target.port()),
    };
    let version = IpVersion::of(target.ip());
    let socket = dial(target)?;
    datagram::set_dont_fragment(&socket, true)?;
    let known_mtu = datagram::path_mtu(&socket)?;
    let mut prober = Prober { socket, version, run: random::u64()?, number: 0 };
    let mut search = Search::new(max_payload(known_mtu, version), options.tries);
    loop {
        let payload = match search.next() {
            Ok(payload) => payload.max(TAG),
            Err(found) => return Ok(PathReport { version, known_mtu, found }),
        };
        let outcome = prober.try_payload(payload, Deadline::after(options.wait))?;
        let mtu = datagram::path_mtu(&prober.socket)?;
        watch(&Step { payload, packet: payload + version.headers(), outcome, mtu });
        search.note(outcome);
    }
}

struct Prober {
    socket: UdpSocket,
    version: IpVersion,
    run: u64,
    number: u16,
}

impl Prober {
    /// Sends one probe and waits for its answer.
    fn try_payload(&mut self, payload: usize, deadline: Deadline) -> io::Result<Outcome> {
        self.number = self.number.wrapping_add(1);
        let probe = self.datagram(payload);
        self.report(&probe);
        match self.socket.send(&probe) {
            Ok(_) => {}
            Err(error) if datagram::is_too_long(&error) => return self.too_long(),
            Err(error) => return Err(error),
        }
        let mut answer = vec![0; payload];
        loop {
            match recv_before(&self.socket, &mut answer, deadline) {
                Ok(count) if answer[..count].starts_with(&probe[..TAG]) => return Ok(Outcome::Arrived),
                Ok(_) => trace::note(|| "an answer, but not to this probe".to_string()),
                Err(error) if error.kind() == io::ErrorKind::TimedOut => return Ok(Outcome::Silence),
                Err(error) if datagram::is_too_long(&error) => return self.too_long(),
                Err(error) => return Err(error),
            }
        }
    }

    fn too_long(&self) -> io::Result<Outcome> {
        let mtu = datagram::path_mtu(&self.socket)?;
        Ok(Outcome::TooLong { fits: max_payload(mtu, self.version) })
    }

    fn datagram(&self, payload: usize) -> Vec<u8> {
        let mut bytes = b"np".to_vec();
        wire::put_u64(&mut bytes, self.run);
        wire::put_u16(&mut bytes, self.number);
        bytes.resize(payload.max(TAG), b'.');
        bytes
    }

    fn report(&self, probe: &[u8]) {
        if let (true, Ok(from), Ok(to)) = (trace::is_on(), self.socket.local_addr(), self.socket.peer_addr())
        {
            trace::meaning(|| {
                format!("probe {} of {} bytes, not to be fragmented", self.number, probe.len())
            });
            trace::between(Kind::Sent, &from.to_string(), &to.to_string(), probe);
        }
    }
}
