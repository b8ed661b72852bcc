//! [`listen`]: a listener from an address as people write it.
//!
//! ```text
//!               "tcp"                         "tcp4"          "tcp6"
//! :80           [::], IPv4 clients too        0.0.0.0         [::], IPv6 only
//! 0.0.0.0:80    0.0.0.0                       0.0.0.0         refused
//! [::]:80       [::], IPv4 clients too        refused         [::], IPv6 only
//! name:80       one address, IPv4 first       its IPv4 one    its IPv6 one
//! port 0, or none                             the system picks a free port
//! ```
//!
//! On a listener for both versions an IPv4 client has an IPv6 address: a handler sees `::ffff:192.0.2.7` as its peer, and
//! `ip.to_canonical()` makes `192.0.2.7` of it. Whoever keeps lists of addresses must do that first.
//!
//! A name listens on one of its addresses only, as in Go: `localhost` usually on 127.0.0.1 and not on `::1`.
//!
//! The port is ours alone: a second listener gets [`io::ErrorKind::AddrInUse`]. Ports below 1,024 need root or the like, else
//! [`io::ErrorKind::PermissionDenied`]. [`Listener::stop`](crate::base::conn::Listener::stop) frees a blocked `accept`.
//!
//! Ours beside Go's: `net.Listen("tcp", "0.0.0.0:80")` takes IPv6 clients too; here what is written holds.
//!
//! Book: Listing 3-1.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};

use super::address::{AddressError, Host, HostPort, Network};
use super::error::{OpError, Operation, Step};
use super::resolve::{Resolve, SystemResolver, addresses_of, literal};
use crate::base::cancel::Cancel;
use crate::base::conn::TcpSocketListener;
use crate::base::trace;

/// Clients that may wait, connected, for `accept`. The standard library asks for 128, which a burst fills while the accept
/// loop is waiting for a permit. Linux takes no more than `net.core.somaxconn`, 4,096 by default.
pub const BACKLOG: u16 = 4096;

/// Listens on `address`. `listen(Network::Tcp, "127.0.0.1:0")`; the table above says what may be left out.
///
/// # Errors
/// [`OpError`], with the address, at [`Step::Address`], [`Step::Lookup`] or [`Step::Bind`].
pub fn listen(network: Network, address: &str) -> Result<TcpSocketListener, OpError> {
    listen_with(network, address, &SystemResolver, &Cancel::new())
}

/// As [`listen`], with a resolver of one's own, and giving up when `cancel` ends. Only the lookup can take long.
///
/// # Errors
/// As [`listen`].
pub fn listen_with(
    network: Network,
    address: &str,
    resolver: &dyn Resolve,
    cancel: &Cancel,
) -> Result<TcpSocketListener, OpError> {
    let failed_at = |step, cause| OpError::new(Operation::Listen, step, network, address, cause);
    let HostPort { host, port } =
        address.parse().map_err(|error: AddressError| failed_at(Step::Address, error.into()))?;
    let ip = match host {
        Host::Every => return listen_everywhere(network, port),
        Host::Ip(ip) => literal(network, ip).map_err(|error| failed_at(Step::Address, error.into()))?,
        Host::Name(name) => {
            let found = addresses_of(network, &name, port, resolver, cancel);
            one_of(&found.map_err(|error| failed_at(Step::Lookup, error))?)
        }
    };
    let only_v6 = network == Network::Tcp6 || !ip.is_unspecified();
    bind(network, SocketAddr::new(ip, port), only_v6)
}

/// The one address a name listens on: the first IPv4 one, else the first.
fn one_of(found: &[SocketAddr]) -> IpAddr {
    for address in found {
        if address.is_ipv4() {
            return address.ip();
        }
    }
    found[0].ip()
}

fn listen_everywhere(network: Network, port: u16) -> Result<TcpSocketListener, OpError> {
    let every_v4 = SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), port);
    let every_v6 = SocketAddr::new(Ipv6Addr::UNSPECIFIED.into(), port);
    match network {
        Network::Tcp4 => bind(network, every_v4, false),
        Network::Tcp6 => bind(network, every_v6, true),
        Network::Tcp => match bind(network, every_v6, false) {
            Err(error) if is_lack_of_ipv6(&error.cause) => bind(network, every_v4, false),
            outcome => outcome,
        },
    }
}

fn bind(network: Network, address: SocketAddr, only_v6: bool) -> Result<TcpSocketListener, OpError> {
    let listener = bound_listener(&address, only_v6).and_then(TcpSocketListener::new);
    let listener =
        listener.map_err(|cause| OpError::new(Operation::Listen, Step::Bind, network, address, cause))?;
    trace::note(|| format!("listens on {}", listener.socket_addr()));
    Ok(listener)
}

#[cfg(unix)]
fn bound_listener(address: &SocketAddr, only_v6: bool) -> io::Result<TcpListener> {
    use crate::base::sys::socket;

    let fd = socket::tcp_socket(address)?;
    socket::listen(&fd, address, only_v6, BACKLOG)?;
    Ok(TcpListener::from(fd))
}

/// Elsewhere the system decides what an IPv6 wildcard takes, and how many clients may wait.
#[cfg(not(unix))]
fn bound_listener(address: &SocketAddr, _only_v6: bool) -> io::Result<TcpListener> {
    TcpListener::bind(address)
}

/// A machine without IPv6 has no such sockets, or none that can be bound.
#[cfg(unix)]
fn is_lack_of_ipv6(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EAFNOSUPPORT | libc::EADDRNOTAVAIL))
}

#[cfg(not(unix))]
fn is_lack_of_ipv6(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::Unsupported | io::ErrorKind::AddrNotAvailable)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::cancel::Cause;

    fn bound(network: Network, address: &str) -> SocketAddr {
        let listener = listen(network, address).unwrap_or_else(|error| panic!("{error}"));
        listener.socket_addr()
    }

    fn fixed(ips: &'static [&'static str]) -> impl Resolve {
        move |_: &str, _: &Cancel| Ok(ips.iter().map(|ip| ip.parse().unwrap()).collect())
    }

    #[test]
    fn what_is_left_out_the_system_picks() {
        for address in ["", ":", ":0"] {
            let everywhere = bound(Network::Tcp4, address);
            assert!(everywhere.ip().is_unspecified() && everywhere.is_ipv4() && everywhere.port() != 0);
        }
        let port_left_out = bound(Network::Tcp, "127.0.0.1:");
        assert!(port_left_out.ip().is_loopback() && port_left_out.port() != 0);
    }

    #[test]
    fn a_literal_of_the_other_version_is_refused_before_anything_is_bound() {
        for (network, address) in [(Network::Tcp4, "[::1]:0"), (Network::Tcp6, "127.0.0.1:0")] {
            let error = listen(network, address).unwrap_err();
            assert_eq!((error.step, error.kind()), (Step::Address, io::ErrorKind::InvalidInput));
        }
    }

    #[test]
    fn a_name_listens_on_one_address_and_ipv4_comes_first() {
        let resolver = fixed(&["::1", "127.0.0.1"]);
        let listener = listen_with(Network::Tcp, "both.example:0", &resolver, &Cancel::new()).unwrap();
        assert_eq!(listener.socket_addr().ip(), Ipv4Addr::LOCALHOST);
    }

    #[test]
    fn a_lookup_that_is_called_off_says_so() {
        let cancel = Cancel::new();
        cancel.cancel();
        let error = listen_with(Network::Tcp, "localhost:0", &SystemResolver, &cancel).unwrap_err();
        assert_eq!((error.step, error.cancel_cause()), (Step::Lookup, Some(Cause::Cancelled)));
    }

    #[test]
    fn an_address_that_is_not_ours_is_named_in_the_error() {
        // RFC 5737: addresses for documentation, which no machine has.
        let error = listen(Network::Tcp, "192.0.2.1:0").unwrap_err();
        assert_eq!((error.step, error.kind()), (Step::Bind, io::ErrorKind::AddrNotAvailable));
        assert!(error.to_string().contains("192.0.2.1:0"), "{error}");
    }
}
