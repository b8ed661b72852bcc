//! [`Dialer`]: a connection from an address as people write it. Go's `net.Dialer`.
//!
//! ```text
//! "localhost:http" ──▶ host, port ──▶ [::1]:80, 127.0.0.1:80 ──▶ first list ──────── connected ──▶ options ──▶ TcpConn
//!                      address.rs     resolve.rs                 second list, 300 ms later
//!                                                                race.rs
//! ```
//!
//! * One token and one time-out hold for all of it, lookup included. Whoever cancels the token frees the caller at once.
//! * Addresses of one IP version are tried in order. Each gets its share of the time that is left, so that a silent one
//!   does not use up the time of those after it. The two versions race, the first address's with a head start.
//! * If all fail, the error is the first one's, as in Go; the rest is in [`OpError::others`].
//!
//! Ours beside Go's: Go's `Dialer.Control`, the function the book's listings put a sleep or an error into, is not here. What
//! they use it for (a lookup that fails, an attempt that gets no answer) is done with a resolver or a listener that behaves so.
//!
//! Book: Listings 3-3 and 3-5 to 3-7.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use super::address::{AddressError, Host, HostPort, Network};
use super::error::{OpError, Operation, Step};
use super::race::{HEAD_START, race};
use super::resolve::{Resolve, SystemResolver, addresses_of, literal};
use crate::base::cancel::{Cancel, Cause};
use crate::base::conn::{Conn, TcpConn};
use crate::base::connect::connect;
use crate::base::deadline::Deadline;
use crate::base::trace;

/// How Go's dialler probes an idle connection unless told otherwise: so often, and this many times in vain. Far shorter than
/// the two hours of most systems, and shorter than what home routers remember a silent connection for.
pub const KEEPALIVE: Duration = Duration::from_secs(15);
#[cfg(unix)]
const KEEPALIVE_PROBES: u32 = 9;

/// No attempt is given less than this because others wait behind it, as long as the whole has it. Go's figure.
const LEAST_SHARE: Duration = Duration::from_secs(2);

/// Connects to addresses. The fields are its settings; [`Dialer::default`] has Go's.
#[derive(Clone)]
pub struct Dialer {
    /// Time for the whole, lookup included. None by default: then the system gives up, after two minutes or more.
    pub timeout: Option<Duration>,
    /// How long the first address's IP version has to itself, 300 ms by default. `None`: no race, all addresses in order.
    pub head_start: Option<Duration>,
    /// Silence after which the kernel probes the peer, in whole seconds, and time between probes; 15 s by default. `None`:
    /// a peer that vanished goes unnoticed.
    pub keepalive: Option<Duration>,
    /// Send small messages at once and not wait for the last one's acknowledgement (Nagle's algorithm off). On by default.
    pub no_delay: bool,
    /// Who knows the addresses of hosts.
    pub resolver: Arc<dyn Resolve>,
}

impl Default for Dialer {
    fn default() -> Dialer {
        Dialer {
            timeout: None,
            head_start: Some(HEAD_START),
            keepalive: Some(KEEPALIVE),
            no_delay: true,
            resolver: Arc::new(SystemResolver),
        }
    }
}

impl fmt::Debug for Dialer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dialer")
            .field("timeout", &self.timeout)
            .field("head_start", &self.head_start)
            .field("keepalive", &self.keepalive)
            .field("no_delay", &self.no_delay)
            .finish_non_exhaustive()
    }
}

/// Connects to `address`: Go's `net.Dial`.
///
/// # Errors
/// As [`Dialer::dial_before`].
pub fn dial(network: Network, address: &str) -> Result<TcpConn, OpError> {
    Dialer::default().dial(network, address)
}

/// Connects to `address` within `timeout`: Go's `net.DialTimeout`, Listing 3-5.
///
/// # Errors
/// As [`Dialer::dial_before`].
pub fn dial_timeout(network: Network, address: &str, timeout: Duration) -> Result<TcpConn, OpError> {
    Dialer { timeout: Some(timeout), ..Dialer::default() }.dial(network, address)
}

impl Dialer {
    /// Connects to `address`.
    ///
    /// # Errors
    /// As [`Dialer::dial_before`].
    pub fn dial(&self, network: Network, address: &str) -> Result<TcpConn, OpError> {
        self.dial_before(network, address, &Cancel::new())
    }

    /// Connects to `address` before `cancel` ends: Go's `DialContext`, Listings 3-6 to 3-8.
    ///
    /// # Errors
    /// * at [`Step::Address`] or [`Step::Lookup`]: there is nothing to connect to;
    /// * at [`Step::Connect`]: the first attempt's error, the others in [`OpError::others`];
    /// * once `cancel` or the time-out has ended, always that: [`OpError::cancel_cause`] says which.
    pub fn dial_before(&self, network: Network, address: &str, cancel: &Cancel) -> Result<TcpConn, OpError> {
        let token = cancel.child_before(Deadline::from(self.timeout));
        let outcome = self.dial_until(network, address, &token);
        if let Err(error) = &outcome {
            // A connect that failed has already said so.
            if error.step != Step::Connect {
                trace::note(|| error.to_string());
            }
        }
        outcome
    }

    fn dial_until(&self, network: Network, address: &str, token: &Cancel) -> Result<TcpConn, OpError> {
        let candidates = self.candidates(network, address, token)?;
        let conn = match self.connect_to_one(network, &candidates, token) {
            Ok(conn) => conn,
            Err(failures) => return Err(in_one(failures, network, candidates[0], token)),
        };
        match self.prepare(&conn) {
            Ok(()) => Ok(conn),
            Err(cause) => Err(OpError::new(Operation::Dial, Step::Connect, network, conn.peer(), cause)),
        }
    }

    /// The addresses to try, best first; never none.
    fn candidates(
        &self,
        network: Network,
        address: &str,
        token: &Cancel,
    ) -> Result<Vec<SocketAddr>, OpError> {
        let failed_at = |step, cause| OpError::new(Operation::Dial, step, network, address, cause);
        let parsed = address.parse().and_then(|HostPort { host, port }| match port {
            0 => Err(AddressError::NoPortToDial),
            _ => Ok((host, port)),
        });
        let (host, port) = parsed.map_err(|error| failed_at(Step::Address, error.into()))?;
        let ip = match host {
            Host::Every => this_machine(network == Network::Tcp6),
            Host::Ip(ip) => {
                let ip = literal(network, ip).map_err(|error| failed_at(Step::Address, error.into()))?;
                // A wildcard is where a server listens. To dial it means this machine; Linux agrees, others do not.
                if ip.is_unspecified() { this_machine(ip.is_ipv6()) } else { ip }
            }
            Host::Name(name) => {
                return addresses_of(network, &name, port, &*self.resolver, token)
                    .map_err(|cause| failed_at(Step::Lookup, cause));
            }
        };
        Ok(vec![SocketAddr::new(ip, port)])
    }

    fn connect_to_one(
        &self,
        network: Network,
        candidates: &[SocketAddr],
        token: &Cancel,
    ) -> Result<TcpConn, Vec<OpError>> {
        let lists = by_version(candidates);
        match self.head_start {
            Some(head_start) if lists.len() > 1 => {
                let outcome = race(&lists, head_start, token, |list, token| {
                    dial_in_order(network, list, token).map_err(Failures)
                });
                outcome.map_err(|lists| lists.into_iter().flat_map(|Failures(list)| list).collect())
            }
            _ => dial_in_order(network, candidates, token),
        }
    }

    fn prepare(&self, conn: &TcpConn) -> io::Result<()> {
        conn.socket().set_nodelay(self.no_delay)?;
        self.set_keepalive(conn)
    }

    #[cfg(unix)]
    fn set_keepalive(&self, conn: &TcpConn) -> io::Result<()> {
        use crate::base::sys::options::{self, Keepalive};

        let Some(time) = self.keepalive else { return Ok(()) };
        let keepalive = Keepalive { idle: time, interval: time, probes: KEEPALIVE_PROBES };
        options::set_keepalive(conn.socket(), Some(keepalive))
    }

    /// The standard library has no way to say it.
    #[cfg(not(unix))]
    fn set_keepalive(&self, _conn: &TcpConn) -> io::Result<()> {
        Ok(())
    }
}

fn this_machine(v6: bool) -> IpAddr {
    if v6 { Ipv6Addr::LOCALHOST.into() } else { Ipv4Addr::LOCALHOST.into() }
}

/// The addresses of the first one's IP version, then the others, if any: Go's primaries and fallbacks.
fn by_version(candidates: &[SocketAddr]) -> Vec<Vec<SocketAddr>> {
    let (mut primaries, mut fallbacks) = (Vec::new(), Vec::new());
    for address in candidates {
        if address.is_ipv4() == candidates[0].is_ipv4() {
            primaries.push(*address);
        } else {
            fallbacks.push(*address);
        }
    }
    if fallbacks.is_empty() { vec![primaries] } else { vec![primaries, fallbacks] }
}

/// One address after the other, until one answers.
fn dial_in_order(network: Network, list: &[SocketAddr], token: &Cancel) -> Result<TcpConn, Vec<OpError>> {
    let mut failures = Vec::new();
    for (index, address) in list.iter().enumerate() {
        if token.has_ended() {
            break;
        }
        let deadline = share_of(token.deadline(), list.len() - index);
        match connect(*address, deadline, token) {
            Ok(conn) => return Ok(conn),
            Err(cause) => {
                failures.push(OpError::new(Operation::Dial, Step::Connect, network, address, cause));
            }
        }
    }
    Err(failures)
}

/// Until when the next of `attempts` may take: an equal share of the time left, but [`LEAST_SHARE`] at least.
fn share_of(deadline: Deadline, attempts: usize) -> Deadline {
    let Ok(Some(left)) = deadline.remaining() else { return deadline };
    let attempts = u32::try_from(attempts).unwrap_or(u32::MAX).max(1);
    Deadline::after(LEAST_SHARE.max(left / attempts)).earlier(deadline)
}

/// All failures of an address list; what its trace note says is the first.
struct Failures(Vec<OpError>);

impl fmt::Display for Failures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.first() {
            Some(first) => write!(f, "{first}"),
            None => f.write_str("not tried"),
        }
    }
}

/// One error of many: the token's cause if it has ended, else the first failure.
fn in_one(mut failures: Vec<OpError>, network: Network, first: SocketAddr, token: &Cancel) -> OpError {
    let cause = match token.cause() {
        // Only a token that has ended keeps a dialler from trying anything.
        None if failures.is_empty() => Some(Cause::Cancelled),
        cause => cause,
    };
    let mut error = match cause {
        Some(cause) => {
            // Attempts that were called off say nothing that the whole does not.
            failures.retain(|failure| failure.cancel_cause().is_none());
            OpError::new(Operation::Dial, Step::Connect, network, first, cause)
        }
        None => failures.remove(0),
    };
    error.others = failures;
    error
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    fn addresses(texts: &[&str]) -> Vec<SocketAddr> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn the_first_addresss_version_goes_first_and_order_is_kept() {
        let mixed = addresses(&["[::1]:1", "1.1.1.1:1", "[::2]:1", "2.2.2.2:1"]);
        let lists = by_version(&mixed);
        assert_eq!(lists[0], addresses(&["[::1]:1", "[::2]:1"]));
        assert_eq!(lists[1], addresses(&["1.1.1.1:1", "2.2.2.2:1"]));
        assert_eq!(by_version(&mixed[..1]).len(), 1);
    }

    #[test]
    fn each_attempt_gets_an_equal_share_but_two_seconds_at_least() {
        let left = |deadline: Deadline| deadline.remaining().unwrap().unwrap();
        let whole = Deadline::after(Duration::from_secs(30));
        assert!(left(share_of(whole, 3)) <= Duration::from_secs(10));
        assert!(left(share_of(whole, 30)) > Duration::from_secs(1));
        assert_eq!(share_of(whole, 1).earlier(whole), share_of(whole, 1));
        let short = Deadline::after(Duration::from_secs(1));
        assert_eq!(share_of(short, 5), short, "never beyond the whole");
        assert_eq!(share_of(Deadline::NEVER, 5), Deadline::NEVER);
    }

    #[test]
    fn an_address_without_a_port_or_of_the_wrong_version_is_not_dialled() {
        for (network, address) in [
            (Network::Tcp, ""),
            (Network::Tcp, "127.0.0.1:"),
            (Network::Tcp, "127.0.0.1"),
            (Network::Tcp, "010.0.0.1:80"),
            (Network::Tcp4, "[::1]:80"),
            (Network::Tcp6, "127.0.0.1:80"),
        ] {
            let error = dial(network, address).unwrap_err();
            assert_eq!((error.step, error.kind()), (Step::Address, io::ErrorKind::InvalidInput), "{error}");
        }
    }

    #[test]
    fn no_host_and_the_wildcard_mean_this_machine() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        for address in [format!(":{port}"), format!("0.0.0.0:{port}")] {
            let conn = dial(Network::Tcp, &address).unwrap();
            assert!(conn.socket().peer_addr().unwrap().ip().is_loopback());
        }
    }

    #[test]
    #[cfg(unix)]
    fn a_dialled_connection_has_gos_options_or_those_asked_for() {
        use crate::base::sys::options;
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let conn = dial(Network::Tcp, &address).unwrap();
        assert!(conn.socket().nodelay().unwrap());
        assert_eq!(options::keepalive(conn.socket()).unwrap().unwrap().idle, KEEPALIVE);

        let plain = Dialer { keepalive: None, no_delay: false, ..Dialer::default() };
        let conn = plain.dial(Network::Tcp, &address).unwrap();
        assert!(!conn.socket().nodelay().unwrap());
        assert_eq!(options::keepalive(conn.socket()).unwrap(), None);

        let fraction = Dialer { keepalive: Some(Duration::from_millis(1500)), ..Dialer::default() };
        assert_eq!(fraction.dial(Network::Tcp, &address).unwrap_err().kind(), io::ErrorKind::InvalidInput);
    }
}
