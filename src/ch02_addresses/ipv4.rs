//! IPv4 addresses as bits and as text (Figures 2-1 to 2-4).
//!
//! ```text
//! 11000000 . 10101000 . 10011100 . 01100001      32 bits, of which
//!      192 .      168 .      156 .       97      each octet is written as a decimal number
//! ```
//!
//! The text is read strictly: four numbers, no leading zeros. `010` is 8 to the C library and 10 to others; an address
//! that two programs read differently is how a filter lets the wrong one through.

use std::fmt;
use std::net::Ipv4Addr;

/// How many IPv4 addresses there are.
pub const ADDRESSES: u64 = 1 << 32;

/// Why a text is no IPv4 address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ipv4Error {
    /// There are not four parts.
    Parts(usize),
    /// A part is not made of digits (or, in the binary form, not of eight zeros and ones).
    NotDigits(String),
    /// A part has a zero in front that says nothing, or says "octal".
    LeadingZero(String),
    /// A part is more than an octet holds.
    TooLarge(String),
}

impl fmt::Display for Ipv4Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ipv4Error::Parts(count) => write!(f, "{count} parts came; an IPv4 address has four"),
            Ipv4Error::NotDigits(part) => write!(f, "{part:?} is no octet"),
            Ipv4Error::LeadingZero(part) => {
                write!(
                    f,
                    "{part:?} begins with a zero; some readers take it for octal, so we take it for nothing"
                )
            }
            Ipv4Error::TooLarge(part) => write!(f, "{part:?} is more than 255, the most an octet holds"),
        }
    }
}

impl std::error::Error for Ipv4Error {}

/// Reads `192.168.156.97`.
///
/// # Errors
/// Every [`Ipv4Error`].
pub fn parse(text: &str) -> Result<Ipv4Addr, Ipv4Error> {
    octets(text, decimal_octet)
}

/// Reads `11000000.10101000.10011100.01100001`: eight digits in each part.
///
/// # Errors
/// [`Ipv4Error::Parts`] and [`Ipv4Error::NotDigits`].
pub fn parse_binary(text: &str) -> Result<Ipv4Addr, Ipv4Error> {
    octets(text, binary_octet)
}

fn octets(text: &str, read: fn(&str) -> Result<u8, Ipv4Error>) -> Result<Ipv4Addr, Ipv4Error> {
    let count = text.split('.').count();
    if count != 4 {
        return Err(Ipv4Error::Parts(count));
    }
    let mut octets = [0; 4];
    for (octet, part) in octets.iter_mut().zip(text.split('.')) {
        *octet = read(part)?;
    }
    Ok(Ipv4Addr::from(octets))
}

fn decimal_octet(part: &str) -> Result<u8, Ipv4Error> {
    // `parse` alone takes "+1".
    if part.is_empty() || !part.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Ipv4Error::NotDigits(part.to_string()));
    }
    if part.len() > 1 && part.starts_with('0') {
        return Err(Ipv4Error::LeadingZero(part.to_string()));
    }
    part.parse().map_err(|_| Ipv4Error::TooLarge(part.to_string()))
}

fn binary_octet(part: &str) -> Result<u8, Ipv4Error> {
    let is_binary = part.len() == 8 && part.bytes().all(|byte| matches!(byte, b'0' | b'1'));
    match u8::from_str_radix(part, 2) {
        Ok(octet) if is_binary => Ok(octet),
        _ => Err(Ipv4Error::NotDigits(part.to_string())),
    }
}

/// The address in zeros and ones: `11000000.10101000.10011100.01100001`.
pub fn binary(address: Ipv4Addr) -> String {
    let [a, b, c, d] = address.octets();
    format!("{a:08b}.{b:08b}.{c:08b}.{d:08b}")
}

/// Figure 2-1 for any address: the bits, and the decimal numbers below them.
pub fn figure(address: Ipv4Addr) -> String {
    let [a, b, c, d] = address.octets();
    format!("{a:08b} . {b:08b} . {c:08b} . {d:08b}\n{a:>8} . {b:>8} . {c:>8} . {d:>8}\n")
}

/// What a block of addresses is set aside for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// 0.0.0.0/8: "this host", before it has an address.
    ThisNetwork,
    /// 10/8, 172.16/12, 192.168/16 (RFC 1918): anybody's, and routed nowhere outside.
    Private,
    /// 127/8: never leaves the host.
    Loopback,
    /// 169.254/16 (RFC 3927): an address taken because nobody gave one.
    LinkLocal,
    /// 224/4: groups.
    Multicast,
    /// 255.255.255.255: everybody on this link.
    LimitedBroadcast,
    /// The rest of 240/4.
    Reserved,
    /// Everything else.
    Public,
}

/// What `address` is set aside for.
pub fn purpose(address: Ipv4Addr) -> Purpose {
    match address.octets() {
        [0, ..] => Purpose::ThisNetwork,
        [127, ..] => Purpose::Loopback,
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => Purpose::Private,
        [169, 254, ..] => Purpose::LinkLocal,
        [224..=239, ..] => Purpose::Multicast,
        [255, 255, 255, 255] => Purpose::LimitedBroadcast,
        [240..=255, ..] => Purpose::Reserved,
        _ => Purpose::Public,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::random::Seeded;

    #[test]
    fn both_texts_and_the_bits_are_one_address() {
        let mut random = Seeded::new(21);
        for _ in 0..2_000 {
            let address = Ipv4Addr::from_bits(random.next_u64() as u32);
            assert_eq!(parse(&address.to_string()), Ok(address));
            assert_eq!(parse_binary(&binary(address)), Ok(address));
        }
    }

    #[test]
    fn a_zero_alone_is_a_number_and_a_zero_in_front_is_refused() {
        assert_eq!(parse("0.0.0.0"), Ok(Ipv4Addr::UNSPECIFIED));
        assert_eq!(parse("10.0.0.01"), Err(Ipv4Error::LeadingZero("01".into())));
        assert_eq!(parse("00.0.0.0"), Err(Ipv4Error::LeadingZero("00".into())));
    }

    #[test]
    fn what_is_no_address_is_refused_with_the_part_at_fault() {
        assert_eq!(parse("1.2.3"), Err(Ipv4Error::Parts(3)));
        assert_eq!(parse("1.2.3.4.5"), Err(Ipv4Error::Parts(5)));
        assert_eq!(parse("1.2.3.256"), Err(Ipv4Error::TooLarge("256".into())));
        assert_eq!(
            parse("1.2.3.99999999999999999999"),
            Err(Ipv4Error::TooLarge("99999999999999999999".into()))
        );
        for part in ["", "+1", "-1", " 1", "1 ", "a", "0x1", "١"] {
            assert_eq!(parse(&format!("1.2.3.{part}")), Err(Ipv4Error::NotDigits(part.into())), "{part:?}");
        }
        for part in ["0", "000000000", "0000000", "0000 000", "00000002", "+0000001"] {
            let text = format!("00000000.00000000.00000000.{part}");
            assert_eq!(parse_binary(&text), Err(Ipv4Error::NotDigits(part.into())), "{part:?}");
        }
    }

    #[test]
    fn arbitrary_text_never_panics_and_agrees_with_the_standard_library() {
        let mut random = Seeded::new(22);
        let letters: Vec<char> = "0123456789..../ax+-é".chars().collect();
        for _ in 0..20_000 {
            let mut text = String::new();
            for _ in 0..random.below(18) {
                text.push(letters[random.below(letters.len() as u64) as usize]);
            }
            assert_eq!(parse(&text).ok(), text.parse::<Ipv4Addr>().ok(), "{text:?}");
            let _ = parse_binary(&text);
        }
    }
}
