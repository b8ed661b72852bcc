//! Addresses as people write them, `host:port`, and the names of TCP's networks.
//!
//! ```text
//! 127.0.0.1:80   [2001:db8::1]:https   localhost:0     host and port; a name for either; brackets around IPv6
//! :http                                               no host: every address of this machine (dialling: this machine)
//! 127.0.0.1:     :     (nothing)                      no port: the system picks one (listening only)
//! ```
//!
//! The standard library's `SocketAddr` takes numbers only, and `ToSocketAddrs` takes host names but no service names. It
//! also hands what it does not understand to the system's resolver, and that one reads `010.0.0.1` as octal: 8.0.0.1. Here
//! a host that ends in a number must be an IPv4 address as everybody writes it, or it is refused.
//!
//! Left out: zone ids (`fe80::1%eth0`), which the standard library cannot look up; they are refused by name.
//!
//! Book: text around Listings 3-1 and 3-3.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use super::services::port_number;

/// Which IP versions may be used: Go's first argument to `Listen` and `Dial`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Network {
    /// Both versions, `tcp`. Right in most cases.
    #[default]
    Tcp,
    /// IPv4 only, `tcp4`.
    Tcp4,
    /// IPv6 only, `tcp6`.
    Tcp6,
}

impl Network {
    /// Whether an address of this version belongs to the network.
    pub fn takes(self, ip: IpAddr) -> bool {
        match self {
            Network::Tcp => true,
            Network::Tcp4 => ip.is_ipv4(),
            Network::Tcp6 => ip.is_ipv6(),
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Network::Tcp => "tcp",
            Network::Tcp4 => "tcp4",
            Network::Tcp6 => "tcp6",
        })
    }
}

impl FromStr for Network {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Network, AddressError> {
        match text {
            "tcp" => Ok(Network::Tcp),
            "tcp4" => Ok(Network::Tcp4),
            "tcp6" => Ok(Network::Tcp6),
            _ => Err(AddressError::UnknownNetwork(shown(text))),
        }
    }
}

/// The host of an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Host {
    /// None was written: every address of this machine, or for a dialler this machine.
    Every,
    /// An address. An IPv4 address in IPv6 form (`::ffff:127.0.0.1`) is taken for what it is.
    Ip(IpAddr),
    /// A name to look up. Its letters are checked; whether it exists is the resolver's to say.
    Name(String),
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Host::Every => Ok(()),
            Host::Ip(ip) => write!(f, "{ip}"),
            Host::Name(name) => f.write_str(name),
        }
    }
}

/// A parsed address. `"[::1]:https".parse::<HostPort>()`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostPort {
    /// Where.
    pub host: Host,
    /// The port; 0 where none was written.
    pub port: u16,
}

impl FromStr for HostPort {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<HostPort, AddressError> {
        if text.is_empty() {
            return Ok(HostPort { host: Host::Every, port: 0 });
        }
        let (host, port) = split_host_port(text)?;
        let host = if text.starts_with('[') { bracketed_host(host)? } else { plain_host(host)? };
        Ok(HostPort { host, port: port_number(port)? })
    }
}

/// Cuts `host:port` in two, brackets taken off, and looks no further: Go's `net.SplitHostPort`. Either half may be empty.
///
/// # Errors
/// [`AddressError::NoPort`], [`AddressError::TooManyColons`], [`AddressError::NoClosingBracket`],
/// [`AddressError::StrayBracket`].
pub fn split_host_port(text: &str) -> Result<(&str, &str), AddressError> {
    let (host, port) = match text.strip_prefix('[') {
        Some(inside) => {
            let (host, after) = inside.split_once(']').ok_or(AddressError::NoClosingBracket)?;
            (host, after.strip_prefix(':').ok_or(AddressError::NoPort)?)
        }
        None => {
            let (host, port) = text.rsplit_once(':').ok_or(AddressError::NoPort)?;
            if host.contains(':') {
                return Err(AddressError::TooManyColons);
            }
            (host, port)
        }
    };
    if port.contains(':') {
        return Err(AddressError::TooManyColons);
    }
    if host.contains(['[', ']']) || port.contains(['[', ']']) {
        return Err(AddressError::StrayBracket);
    }
    Ok((host, port))
}

fn bracketed_host(host: &str) -> Result<Host, AddressError> {
    if host.contains('%') {
        return Err(AddressError::ZoneNotTaken(shown(host)));
    }
    match host.parse::<Ipv6Addr>() {
        Ok(ip) => Ok(Host::Ip(IpAddr::V6(ip).to_canonical())),
        Err(_) => Err(AddressError::NotAnIpv6Address(shown(host))),
    }
}

fn plain_host(host: &str) -> Result<Host, AddressError> {
    if host.is_empty() {
        return Ok(Host::Every);
    }
    if let Ok(ip) = host.parse::<IpAddr>() {
        return Ok(Host::Ip(ip));
    }
    if ends_in_a_number(host) {
        return Err(AddressError::NotAnIpv4Address(shown(host)));
    }
    if !is_host_name(host) {
        return Err(AddressError::BadHostName(shown(host)));
    }
    Ok(Host::Name(host.to_string()))
}

/// RFC 1123, 2.1: the last label of a name is never a number, so a host that ends in one was meant as an IPv4 address. The
/// system's resolver would take `010.0.0.1`, `127.1`, `2130706433` and `0x7f.1` for addresses, by rules from the 1980s
/// that few filters in front of it know.
fn ends_in_a_number(host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    let last = host.rsplit('.').next().unwrap_or(host);
    let hex = last.strip_prefix("0x").or_else(|| last.strip_prefix("0X"));
    match hex {
        Some(digits) => digits.bytes().all(|byte| byte.is_ascii_hexdigit()),
        None => !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit()),
    }
}

/// RFC 1035, 2.3.4: what a name may measure.
const MAX_NAME_BYTES: usize = 253;
const MAX_LABEL_BYTES: usize = 63;

/// Letters, digits, hyphens, and the underscore that real networks use. Names in other scripts are written in their `xn--`
/// form.
fn is_host_name(host: &str) -> bool {
    let name = host.strip_suffix('.').unwrap_or(host);
    if name.len() > MAX_NAME_BYTES {
        return false;
    }
    for label in name.split('.') {
        let letters = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
        if label.is_empty() || label.len() > MAX_LABEL_BYTES || !letters {
            return false;
        }
    }
    true
}

/// What of a stranger's text goes into a message: escaped, so that it stays one line, and not all of a megabyte.
pub(super) fn shown(text: &str) -> String {
    const MOST: usize = 80;
    let mut out = String::new();
    for (count, character) in text.chars().enumerate() {
        if count == MOST {
            out.push('…');
            break;
        }
        out.extend(character.escape_debug());
    }
    out
}

/// Why a text is no address we take. The texts inside are shortened and escaped.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AddressError {
    /// Not `tcp`, `tcp4` or `tcp6`.
    UnknownNetwork(String),
    /// There is no colon, so no port, not even an empty one.
    NoPort,
    /// An IPv6 address without brackets, or two ports.
    TooManyColons,
    /// `[` without `]`.
    NoClosingBracket,
    /// A bracket where none belongs.
    StrayBracket,
    /// A number, but greater than 65,535.
    PortOutOfRange(String),
    /// Neither a number nor one of [`SERVICES`](crate::ch02_addresses::ports::SERVICES).
    UnknownService(String),
    /// An IPv6 address with a zone id.
    ZoneNotTaken(String),
    /// A host that ends in a number and is not four numbers from 0 to 255 without leading zeros.
    NotAnIpv4Address(String),
    /// Something other than an IPv6 address in brackets.
    NotAnIpv6Address(String),
    /// A name with letters, labels or a length that no host name has.
    BadHostName(String),
    /// The host has addresses, but none of the version that the network asks for.
    WrongFamily {
        /// What was asked for.
        network: Network,
        /// The host.
        host: String,
    },
    /// A dialler was given port 0, or none.
    NoPortToDial,
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AddressError::UnknownNetwork(text) => {
                write!(f, "the network is \"{text}\"; we take tcp, tcp4 and tcp6")
            }
            AddressError::NoPort => write!(f, "there is no port; an address is host:port"),
            AddressError::TooManyColons => {
                write!(f, "there are too many colons; an IPv6 address stands in brackets, as in [::1]:80")
            }
            AddressError::NoClosingBracket => write!(f, "the ] after the IPv6 address is missing"),
            AddressError::StrayBracket => {
                write!(f, "there is a bracket where none belongs; they go around an IPv6 address")
            }
            AddressError::PortOutOfRange(port) => write!(f, "port {port} is not between 0 and 65535"),
            AddressError::UnknownService(port) => {
                write!(f, "port \"{port}\" is neither a number nor the name of a service we know")
            }
            AddressError::ZoneNotTaken(host) => {
                write!(f, "\"{host}\" has a zone id; we take IPv6 addresses without one")
            }
            AddressError::NotAnIpv4Address(host) => write!(
                f,
                "\"{host}\" ends in a number but is no IPv4 address: four numbers from 0 to 255, no leading zeros"
            ),
            AddressError::NotAnIpv6Address(host) => {
                write!(f, "\"{host}\" stands in brackets but is no IPv6 address")
            }
            AddressError::BadHostName(host) => {
                write!(f, "\"{host}\" is no host name: letters, digits, - and _ in labels of 63 at most")
            }
            AddressError::WrongFamily { network, host } => {
                write!(f, "\"{host}\" has no address that {network} takes")
            }
            AddressError::NoPortToDial => {
                write!(f, "there is no port to dial; 0 asks for a free one, which only a listener can")
            }
        }
    }
}

impl std::error::Error for AddressError {}

impl From<AddressError> for io::Error {
    /// Kind [`io::ErrorKind::InvalidInput`].
    fn from(error: AddressError) -> io::Error {
        io::Error::new(io::ErrorKind::InvalidInput, error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> (Host, u16) {
        let address: HostPort = text.parse().unwrap_or_else(|error| panic!("{text:?}: {error}"));
        (address.host, address.port)
    }

    fn refused(text: &str) -> AddressError {
        match text.parse::<HostPort>() {
            Ok(address) => panic!("{text:?} was taken for {address:?}"),
            Err(error) => error,
        }
    }

    fn ip(text: &str) -> Host {
        Host::Ip(text.parse().unwrap())
    }

    #[test]
    fn addresses_are_read_as_the_book_writes_them() {
        assert_eq!(parsed("127.0.0.1:0"), (ip("127.0.0.1"), 0));
        assert_eq!(parsed("127.0.0.1:"), (ip("127.0.0.1"), 0));
        assert_eq!(parsed("[2001:ed27::1]:https"), (ip("2001:ed27::1"), 443));
        assert_eq!(parsed("[::ffff:127.0.0.1]:80"), (ip("127.0.0.1"), 80));
        for nothing in ["", ":", ":0"] {
            assert_eq!(parsed(nothing), (Host::Every, 0), "{nothing:?}");
        }
        assert_eq!(parsed(":HTTP"), (Host::Every, 80));
        assert_eq!(parsed("localhost:0080"), (Host::Name("localhost".into()), 80));
        assert_eq!(parsed("a_b.example.:65535"), (Host::Name("a_b.example.".into()), 65535));
    }

    #[test]
    fn what_the_systems_resolver_would_read_as_octal_or_hexadecimal_is_refused() {
        for host in
            ["010.0.0.1", "127.1", "2130706433", "0x7f.1", "0x7f000001", "1.2.3.4.5", "256.0.0.1", "1."]
        {
            let error = refused(&format!("{host}:80"));
            assert!(matches!(error, AddressError::NotAnIpv4Address(_)), "{host}: {error:?}");
        }
    }

    #[test]
    fn brackets_and_colons_out_of_place_are_refused() {
        assert_eq!(refused("127.0.0.1"), AddressError::NoPort);
        assert_eq!(refused("[::1]"), AddressError::NoPort);
        assert_eq!(refused("[::1]80"), AddressError::NoPort);
        assert_eq!(refused("::1:80"), AddressError::TooManyColons);
        assert_eq!(refused("[::1]:80:90"), AddressError::TooManyColons);
        assert_eq!(refused("[::1:80"), AddressError::NoClosingBracket);
        assert_eq!(refused("a[b:80"), AddressError::StrayBracket);
        assert_eq!(refused("a:8]0"), AddressError::StrayBracket);
        assert_eq!(refused("[[::1]:80"), AddressError::StrayBracket);
        assert_eq!(refused("[fe80::1%eth0]:80"), AddressError::ZoneNotTaken("fe80::1%eth0".into()));
        for inside in ["", "localhost", "127.0.0.1"] {
            assert_eq!(refused(&format!("[{inside}]:80")), AddressError::NotAnIpv6Address(inside.into()));
        }
    }

    #[test]
    fn no_name_reaches_the_resolver_that_cannot_be_one() {
        let long_label = "a".repeat(64);
        let long_name = "abc.".repeat(70);
        for host in [".", "a..b", "-\0-", "a b", "a\nb", "exämple", "a/b", "a%b", &long_label, &long_name] {
            let error = refused(&format!("{host}:80"));
            assert!(matches!(error, AddressError::BadHostName(_)), "{host:?}: {error:?}");
        }
    }

    #[test]
    fn a_message_stays_one_short_line_whatever_the_address_was() {
        let hostile = format!("{}\n\x1b[31m:80", "x".repeat(100_000));
        let text = refused(&hostile).to_string();
        assert!(text.len() < 300 && !text.contains(char::is_control), "{text}");
        let text = refused("a\nb:80").to_string();
        assert!(text.contains("a\\nb"), "{text}");
    }

    #[test]
    fn networks_have_their_go_names_and_know_their_addresses() {
        let (v4, v6): (IpAddr, IpAddr) = ("10.0.0.1".parse().unwrap(), "::1".parse().unwrap());
        for (name, takes_v4, takes_v6) in [("tcp", true, true), ("tcp4", true, false), ("tcp6", false, true)]
        {
            let network: Network = name.parse().unwrap();
            assert_eq!((network.takes(v4), network.takes(v6)), (takes_v4, takes_v6));
            assert_eq!(network.to_string(), name);
        }
        for unknown in ["udp", "TCP", ""] {
            assert!(unknown.parse::<Network>().is_err());
        }
    }
}
