//! IPv6 addresses: their text both ways, their kinds, their parts (Figures 2-9 and 2-10).
//!
//! ```text
//! fd00:4700:0010:0000:0000:0000:6814:d103     eight hextets of four digits; a digit is a nibble, four bits
//! fd00:4700:10:0:0:0:6814:d103                zeros in front dropped
//! fd00:4700:10::6814:d103                     one run of zero hextets dropped
//! ```
//!
//! Which run? The book says the leftmost. RFC 5952, and with it Rust and Go, say the *longest* of two or more, and of
//! equally long ones the leftmost. Both read back to the same address; but two programs that compare texts, or search a
//! log for one, must write it the same way. [`text`] is the RFC's, [`leftmost_text`] the book's.

use std::fmt;
use std::net::Ipv6Addr;

use super::ipv4;

/// How many hextets an address has.
pub const HEXTETS: usize = 8;

/// Why a text is no IPv6 address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ipv6Error {
    /// `::` stands there more than once, so nobody can tell how many zeros each stands for.
    TwoGaps,
    /// Not eight hextets; with `::`, not seven or fewer.
    Hextets(usize),
    /// A part between colons is not one to four hexadecimal digits.
    NotAHextet(String),
    /// The dotted form at the end is no IPv4 address.
    Dotted(ipv4::Ipv4Error),
}

impl fmt::Display for Ipv6Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ipv6Error::TwoGaps => write!(f, "`::` stands there twice; it can stand for zeros once"),
            Ipv6Error::Hextets(count) => {
                write!(f, "{count} hextets came; an IPv6 address has eight, or fewer and one `::`")
            }
            Ipv6Error::NotAHextet(part) => {
                write!(f, "{part:?} is no hextet; we take one to four hexadecimal digits")
            }
            Ipv6Error::Dotted(error) => write!(f, "the IPv4 address at the end: {error}"),
        }
    }
}

impl std::error::Error for Ipv6Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Ipv6Error::Dotted(error) => Some(error),
            _ => None,
        }
    }
}

// --- text to address ------------------------------------------------------------------------------------------------

/// Reads any of the forms, in either case, also with an IPv4 address in the last four bytes (`::ffff:10.0.0.1`).
///
/// # Errors
/// Every [`Ipv6Error`].
pub fn parse(text: &str) -> Result<Ipv6Addr, Ipv6Error> {
    let Some((head, tail)) = text.split_once("::") else {
        let hextets = read_hextets(text, true)?;
        let eight = <[u16; HEXTETS]>::try_from(hextets.as_slice());
        return eight.map(Ipv6Addr::from).map_err(|_| Ipv6Error::Hextets(hextets.len()));
    };
    if tail.contains("::") || tail.starts_with(':') {
        return Err(Ipv6Error::TwoGaps);
    }
    let (head, tail) = (read_hextets(head, false)?, read_hextets(tail, true)?);
    let given = head.len() + tail.len();
    if given >= HEXTETS {
        return Err(Ipv6Error::Hextets(given)); // `::` stands for one zero at least
    }
    let mut hextets = [0; HEXTETS];
    hextets[..head.len()].copy_from_slice(&head);
    hextets[HEXTETS - tail.len()..].copy_from_slice(&tail);
    Ok(Ipv6Addr::from(hextets))
}

/// The hextets between single colons; none in an empty text.
fn read_hextets(text: &str, may_end_dotted: bool) -> Result<Vec<u16>, Ipv6Error> {
    let mut hextets = Vec::new();
    if text.is_empty() {
        return Ok(hextets);
    }
    let last = text.split(':').count() - 1;
    for (place, part) in text.split(':').enumerate() {
        if may_end_dotted && place == last && part.contains('.') {
            let bits = ipv4::parse(part).map_err(Ipv6Error::Dotted)?.to_bits();
            hextets.extend([(bits >> 16) as u16, bits as u16]);
            continue;
        }
        let is_hextet = (1..=4).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_hexdigit());
        match u16::from_str_radix(part, 16) {
            Ok(hextet) if is_hextet => hextets.push(hextet),
            _ => return Err(Ipv6Error::NotAHextet(part.to_string())),
        }
    }
    Ok(hextets)
}

// --- address to text ------------------------------------------------------------------------------------------------

/// All 32 digits: `fd00:4700:0010:0000:0000:0000:6814:d103`.
pub fn full_text(address: Ipv6Addr) -> String {
    address.segments().map(|hextet| format!("{hextet:04x}")).join(":")
}

/// Without the zeros in front of each hextet: `fd00:4700:10:0:0:0:6814:d103`.
pub fn text_without_leading_zeros(address: Ipv6Addr) -> String {
    address.segments().map(|hextet| format!("{hextet:x}")).join(":")
}

/// The form of RFC 5952: lowercase, the longest run of two or more zero hextets dropped, the first of equally long ones;
/// an IPv4 address in `::ffff:0:0/96` dotted.
pub fn text(address: Ipv6Addr) -> String {
    if let Some(mapped) = address.to_ipv4_mapped() {
        return format!("::ffff:{mapped}");
    }
    let mut best = (0, 0);
    for run in zero_runs(address) {
        if run.1 > best.1 {
            best = run;
        }
    }
    with_gap(address, best)
}

/// The form the book's text describes: the first run of two or more zero hextets dropped, however short.
pub fn leftmost_text(address: Ipv6Addr) -> String {
    with_gap(address, zero_runs(address).first().copied().unwrap_or((0, 0)))
}

/// Where runs of two or more zero hextets begin, and how long they are. RFC 5952, 4.2.2: a single one stays a zero.
fn zero_runs(address: Ipv6Addr) -> Vec<(usize, usize)> {
    let hextets = address.segments();
    let mut runs = Vec::new();
    let mut start = 0;
    while start < HEXTETS {
        let length = hextets[start..].iter().take_while(|hextet| **hextet == 0).count();
        if length >= 2 {
            runs.push((start, length));
        }
        start += length + 1;
    }
    runs
}

fn with_gap(address: Ipv6Addr, (start, length): (usize, usize)) -> String {
    if length == 0 {
        return text_without_leading_zeros(address);
    }
    let written = |hextets: &[u16]| {
        let texts: Vec<String> = hextets.iter().map(|hextet| format!("{hextet:x}")).collect();
        texts.join(":")
    };
    let hextets = address.segments();
    format!("{}::{}", written(&hextets[..start]), written(&hextets[start + length..]))
}

/// Figure 2-9 for any address: each hextet in hexadecimal, and its nibbles in bits.
pub fn figure(address: Ipv6Addr) -> String {
    let mut figure = String::new();
    for hextet in address.segments() {
        let nibbles = [12, 8, 4, 0].map(|shift| format!("{:04b}", (hextet >> shift) & 0xf));
        figure.push_str(&format!("{hextet:04x}   {}\n", nibbles.join(" ")));
    }
    figure
}

// --- kinds ----------------------------------------------------------------------------------------------------------

/// What the first bits of an address say about its use. That an address is *anycast* they do not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Category {
    /// `::`
    Unspecified,
    /// `::1`
    Loopback,
    /// `::ffff:0:0/96`: an IPv4 address in IPv6's clothes.
    Ipv4Mapped,
    /// `2000::/3`: routed in the internet.
    GlobalUnicast,
    /// `fc00::/7` (RFC 4193): an organization's own. The book likens it to 127/8; nearer is 10/8, which leaves the host
    /// but not the organization. What is like 127/8 is `::1`.
    UniqueLocal,
    /// `fe80::/10`: this link only.
    LinkLocal,
    /// `ff00::/8`: groups.
    Multicast,
    /// Not given to anybody.
    Unassigned,
}

/// The category of `address`.
pub fn category(address: Ipv6Addr) -> Category {
    let first = address.segments()[0];
    match first {
        _ if address.is_unspecified() => Category::Unspecified,
        _ if address.is_loopback() => Category::Loopback,
        _ if address.to_ipv4_mapped().is_some() => Category::Ipv4Mapped,
        0x2000..=0x3fff => Category::GlobalUnicast,
        0xfc00..=0xfdff => Category::UniqueLocal,
        0xfe80..=0xfebf => Category::LinkLocal,
        0xff00.. => Category::Multicast,
        _ => Category::Unassigned,
    }
}

/// The three parts of a global address (Figure 2-10).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts {
    /// The global routing prefix, 48 bits. By the book's account IANA gives the first hextet to a regional registry, that
    /// one the second to a provider, and the provider the third to a customer; real borders stand elsewhere, too.
    pub routing_prefix: [u16; 3],
    /// Which of the customer's 65,536 networks.
    pub subnet: u16,
    /// Which interface in it.
    pub interface: u64,
}

impl Parts {
    /// Takes an address apart.
    pub fn of(address: Ipv6Addr) -> Parts {
        let [a, b, c, subnet, ..] = address.segments();
        Parts { routing_prefix: [a, b, c], subnet, interface: address.to_bits() as u64 }
    }

    /// Puts it together again.
    pub fn address(self) -> Ipv6Addr {
        let [a, b, c] = self.routing_prefix;
        let network = Ipv6Addr::from([a, b, c, self.subnet, 0, 0, 0, 0]).to_bits();
        Ipv6Addr::from_bits(network | u128::from(self.interface))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::random::Seeded;

    fn sparse(random: &mut Seeded) -> Ipv6Addr {
        let mut hextets = [0u16; HEXTETS];
        for hextet in &mut hextets {
            if random.chance(0.4) {
                *hextet = (random.next_u64() >> random.below(64)) as u16;
            }
        }
        Ipv6Addr::from(hextets)
    }

    #[test]
    fn every_form_reads_back_and_the_rfcs_form_is_the_standard_librarys() {
        let mut random = Seeded::new(219);
        for _ in 0..5_000 {
            let address = sparse(&mut random);
            assert_eq!(text(address), address.to_string());
            for form in [
                text(address),
                full_text(address),
                text_without_leading_zeros(address),
                leftmost_text(address),
            ] {
                assert_eq!(parse(&form), Ok(address), "{form}");
                assert_eq!(parse(&form.to_uppercase()), Ok(address), "{form}");
            }
            assert_eq!(Parts::of(address).address(), address);
        }
    }

    #[test]
    fn arbitrary_text_never_panics_and_agrees_with_the_standard_library() {
        let mut random = Seeded::new(220);
        let pieces = ["1", "0", "ffff", "::", ":", ":", ":", "g", "10.0.0.1", ".", "12345", "é", "+1", " "];
        for _ in 0..50_000 {
            let mut text = String::new();
            for _ in 0..random.below(18) {
                text.push_str(pieces[random.below(pieces.len() as u64) as usize]);
            }
            assert_eq!(parse(&text).ok(), text.parse::<Ipv6Addr>().ok(), "{text:?}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused_with_a_reason() {
        assert_eq!(parse("1::2::3"), Err(Ipv6Error::TwoGaps));
        assert_eq!(parse("1:::2"), Err(Ipv6Error::TwoGaps));
        assert_eq!(parse("1:2:3:4:5:6:7"), Err(Ipv6Error::Hextets(7)));
        assert_eq!(parse("1:2:3:4::5:6:7:8"), Err(Ipv6Error::Hextets(8)));
        assert_eq!(parse(""), Err(Ipv6Error::Hextets(0)));
        assert_eq!(parse("1:2:3:4:5:6:7:12345"), Err(Ipv6Error::NotAHextet("12345".into())));
        assert_eq!(parse(":1::"), Err(Ipv6Error::NotAHextet(String::new())));
        assert_eq!(parse("::1%eth0"), Err(Ipv6Error::NotAHextet("1%eth0".into())));
        assert_eq!(parse("::10.0.0.256"), Err(Ipv6Error::Dotted(ipv4::Ipv4Error::TooLarge("256".into()))));
        assert!(matches!(parse("10.0.0.1::"), Err(Ipv6Error::NotAHextet(_))));
    }

    #[test]
    fn one_zero_stays_a_zero_and_of_equal_runs_the_first_goes() {
        for (full, rfc) in [
            ("1:0:2:3:4:5:6:7", "1:0:2:3:4:5:6:7"),
            ("1:0:0:2:3:0:0:4", "1::2:3:0:0:4"),
            ("0:0:0:0:0:0:0:0", "::"),
            ("0:0:0:0:0:0:0:1", "::1"),
            ("1:0:0:0:0:0:0:0", "1::"),
            ("0:0:0:0:0:ffff:a00:1", "::ffff:10.0.0.1"),
        ] {
            assert_eq!(text(parse(full).unwrap()), rfc);
        }
    }
}
