//! From a host's name to its addresses.
//!
//! [`Resolve`] is a trait with one method, so that a test puts a closure where the network would be: Listing 3-5 mocks a DNS
//! server that does not answer.
//!
//! The real thing, [`SystemResolver`], is the C library's `getaddrinfo`. It blocks for as long as the system's settings
//! say, half a minute and more when no server answers, and nothing can call it off. So it runs in a thread named `resolve`
//! which the caller stops waiting for when its token ends. That thread goes on until `getaddrinfo` returns; it holds no
//! socket of ours, and [`MAX_LOOKUPS`] bounds how many there can be.

use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;
use std::sync::mpsc;

use super::address::{AddressError, Host, Network, shown};
use crate::base::cancel::Cancel;
use crate::base::thread::{self, Permits};
use crate::base::trace;

/// Lookups under way at once. Each takes a thread until `getaddrinfo` returns, wanted or not; Go bounds its own likewise.
pub const MAX_LOOKUPS: usize = 64;

/// Addresses of one host that we go on with. An answer from a stranger's DNS server must not make a dialler work through
/// thousands.
pub const MAX_ADDRESSES: usize = 32;

/// Finds the addresses of a host. Closures `|host, cancel| …` do.
pub trait Resolve: Send + Sync {
    /// The addresses, best first. Gives up when `cancel` ends; its deadline is [`Cancel::deadline`].
    ///
    /// # Errors
    /// What kept the resolver from an answer. A host without addresses is [`io::ErrorKind::NotFound`].
    fn resolve(&self, host: &str, cancel: &Cancel) -> io::Result<Vec<IpAddr>>;
}

impl<F> Resolve for F
where
    F: Fn(&str, &Cancel) -> io::Result<Vec<IpAddr>> + Send + Sync,
{
    fn resolve(&self, host: &str, cancel: &Cancel) -> io::Result<Vec<IpAddr>> {
        self(host, cancel)
    }
}

/// The system's resolver: `/etc/hosts`, DNS, whatever the machine is set up for, in the system's order.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemResolver;

impl Resolve for SystemResolver {
    /// Addresses in numbers are given back without asking anybody.
    fn resolve(&self, host: &str, cancel: &Cancel) -> io::Result<Vec<IpAddr>> {
        if let Ok(ip) = host.parse() {
            return Ok(vec![ip]);
        }
        ask_in_a_thread(host, cancel, ask_the_system)
    }
}

/// Blocks for as long as the system likes.
fn ask_the_system(host: &str) -> io::Result<Vec<IpAddr>> {
    let mut found = Vec::new();
    for address in (host, 0).to_socket_addrs()? {
        found.push(address.ip());
    }
    Ok(found)
}

/// Runs `ask` in a thread and waits for it or for the end of the token, whichever comes first.
fn ask_in_a_thread(
    host: &str,
    cancel: &Cancel,
    ask: impl FnOnce(&str) -> io::Result<Vec<IpAddr>> + Send + 'static,
) -> io::Result<Vec<IpAddr>> {
    static LOOKUPS: OnceLock<Permits> = OnceLock::new();
    let permit = LOOKUPS.get_or_init(|| Permits::new(MAX_LOOKUPS)).acquire(cancel)?;

    let (told, heard) = mpsc::channel();
    let ended = told.clone();
    let _registration = cancel.on_end(move |cause| drop(ended.send(Err(cause.into()))));
    let host = host.to_string();
    thread::spawn("resolve", move || {
        let _permit = permit;
        // Caught, for the token's callback keeps the channel open: a panic here would leave the caller waiting.
        let answer = catch_unwind(AssertUnwindSafe(|| ask(&host)));
        // Nobody may be listening any more.
        let _ = told.send(answer.unwrap_or_else(|_| Err(no_answer())));
    })?;
    heard.recv().unwrap_or_else(|_| Err(no_answer()))
}

fn no_answer() -> io::Error {
    io::Error::other("the lookup ended without an answer")
}

/// The addresses of `host` that `network` takes, best first, each once. `port` is put on each.
///
/// # Errors
/// The resolver's; [`io::ErrorKind::NotFound`] if it found none; [`AddressError::WrongFamily`] if it found only others. When
/// the token ended meanwhile, its cause, whatever the resolver made of it.
pub fn addresses_of(
    network: Network,
    host: &str,
    port: u16,
    resolver: &dyn Resolve,
    cancel: &Cancel,
) -> io::Result<Vec<SocketAddr>> {
    let answer = resolver.resolve(host, cancel);
    cancel.check()?;
    let answer = answer?;
    if answer.is_empty() {
        return Err(io::Error::new(io::ErrorKind::NotFound, "the host has no addresses"));
    }
    let mut taken = Vec::new();
    for ip in answer {
        let address = SocketAddr::new(ip.to_canonical(), port);
        if network.takes(address.ip()) && !taken.contains(&address) && taken.len() < MAX_ADDRESSES {
            taken.push(address);
        }
    }
    if taken.is_empty() {
        return Err(AddressError::WrongFamily { network, host: shown(host) }.into());
    }
    trace::note(|| format!("{host} is {}", list(&taken)));
    Ok(taken)
}

/// A literal address, checked against the network.
pub(super) fn literal(network: Network, ip: IpAddr) -> Result<IpAddr, AddressError> {
    if !network.takes(ip) {
        return Err(AddressError::WrongFamily { network, host: Host::Ip(ip).to_string() });
    }
    Ok(ip)
}

fn list(addresses: &[SocketAddr]) -> String {
    let mut text = String::new();
    for address in addresses {
        if !text.is_empty() {
            text.push_str(", ");
        }
        text.push_str(&address.ip().to_string());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::cancel::Cause;
    use std::time::Duration;

    const LONG: Duration = Duration::from_secs(30);

    fn fixed(ips: &'static [&'static str]) -> impl Resolve {
        move |_: &str, _: &Cancel| Ok(ips.iter().map(|ip| ip.parse().unwrap()).collect())
    }

    fn found(network: Network, ips: &'static [&'static str]) -> io::Result<Vec<SocketAddr>> {
        addresses_of(network, "host", 7, &fixed(ips), &Cancel::new())
    }

    #[test]
    fn a_caller_stops_waiting_for_a_stuck_lookup_when_its_token_ends() {
        let (free, stuck) = mpsc::channel::<()>();
        let cancel = Cancel::new();
        let token = cancel.clone();
        // The lookup itself cancels, so it is certainly under way.
        let outcome = ask_in_a_thread("host", &cancel, move |_| {
            token.cancel();
            let _ = stuck.recv_timeout(LONG);
            Ok(Vec::new())
        });
        assert_eq!(outcome.unwrap_err().kind(), io::ErrorKind::ConnectionAborted);
        drop(free);
    }

    #[test]
    fn a_deadline_ends_the_wait_as_a_timeout() {
        let (free, stuck) = mpsc::channel::<()>();
        let cancel = Cancel::after(Duration::from_millis(20));
        let outcome = ask_in_a_thread("host", &cancel, move |_| {
            let _ = stuck.recv_timeout(LONG);
            Ok(Vec::new())
        });
        assert_eq!(outcome.unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert_eq!(cancel.cause(), Some(Cause::DeadlineExceeded));
        drop(free);
    }

    #[test]
    fn a_lookup_that_panics_is_an_error_for_its_caller() {
        let outcome = ask_in_a_thread("host", &Cancel::new(), |_| panic!("as a test of what happens"));
        assert!(outcome.is_err());
    }

    #[test]
    fn numbers_never_ask_the_system() {
        let ended = Cancel::new();
        ended.cancel();
        // A question would have to wait for a thread, and this token waits for nothing.
        let ips = SystemResolver.resolve("::1", &ended).unwrap();
        assert_eq!(ips, ["::1".parse::<IpAddr>().unwrap()]);
        assert!(SystemResolver.resolve("localhost", &ended).is_err());
    }

    #[test]
    fn the_network_picks_its_addresses_and_each_is_taken_once() {
        let both = &["::1", "127.0.0.1", "::1", "::ffff:127.0.0.1"];
        let text = |network| list(&found(network, both).unwrap());
        assert_eq!(text(Network::Tcp), "::1, 127.0.0.1");
        assert_eq!(text(Network::Tcp4), "127.0.0.1");
        assert_eq!(text(Network::Tcp6), "::1");
        assert_eq!(found(Network::Tcp6, &["127.0.0.1"]).unwrap_err().kind(), io::ErrorKind::InvalidInput);
        assert_eq!(found(Network::Tcp, &[]).unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn an_answer_of_thousands_is_cut() {
        let many = |_: &str, _: &Cancel| Ok((0..5000u32).map(|n| IpAddr::V4(n.into())).collect());
        let found = addresses_of(Network::Tcp, "host", 7, &many, &Cancel::new()).unwrap();
        assert_eq!(found.len(), MAX_ADDRESSES);
    }

    #[test]
    fn an_answer_that_comes_after_the_end_is_not_used() {
        let slow = |_: &str, cancel: &Cancel| {
            cancel.wait();
            Ok(vec!["127.0.0.1".parse().unwrap()])
        };
        let cancel = Cancel::after(Duration::from_millis(10));
        let error = addresses_of(Network::Tcp, "host", 7, &slow, &cancel).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }
}
