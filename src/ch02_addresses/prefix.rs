//! A network in CIDR form: `192.168.0.0/16`, `fd00::/8` (RFC 4632, RFC 4291).
//!
//! ```text
//! 192.168.156.97/16    11000000 10101000 | 10011100 01100001
//!                      network, 16 bits  | host: cut off, so this is 192.168.0.0/16
//! ```
//!
//! An address without a length is the network of just that address. An IPv4 address written as IPv6 (`::ffff:10.0.0.1`,
//! as a socket on `[::]` reports its peers) counts as the IPv4 address it is; otherwise every IPv4 rule could be walked
//! around.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// A network: an address, and how many of its leading bits are the network's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Prefix {
    network: IpAddr,
    length: u8,
}

/// Why a text or a pair is no [`Prefix`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PrefixError {
    /// The part before the slash is no IP address.
    NotAnAddress(String),
    /// The part after the slash is no number in plain decimal digits.
    NotALength(String),
    /// The length is more than the address has bits.
    TooLong {
        /// The length that came.
        length: u8,
        /// The bits there are: 32 or 128.
        bits: u8,
    },
}

impl fmt::Display for PrefixError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PrefixError::NotAnAddress(text) => {
                write!(f, "{text:?} is no IP address; we take forms like 192.168.0.0/16 and fd00::/8")
            }
            PrefixError::NotALength(text) => {
                write!(f, "{text:?} is no prefix length; we take a number of bits")
            }
            PrefixError::TooLong { length, bits } => {
                write!(f, "a prefix of {length} bits came, and the address has {bits}")
            }
        }
    }
}

impl std::error::Error for PrefixError {}

impl Prefix {
    /// The network of `length` bits in which `address` lies. Host bits of `address` are cut off.
    ///
    /// # Errors
    ///
    /// [`PrefixError::TooLong`] beyond 32 bits for IPv4, 128 for IPv6. For `::ffff:10.0.0.0` the length counts the bits
    /// of the IPv6 form, so less than 96 is a network of IPv6.
    pub fn new(address: IpAddr, length: u8) -> Result<Prefix, PrefixError> {
        let bits = bits_of(address);
        if length > bits {
            return Err(PrefixError::TooLong { length, bits });
        }
        if let (IpAddr::V4(v4), true, true) = (address.to_canonical(), address.is_ipv6(), length >= 96) {
            return Prefix::new(IpAddr::V4(v4), length - 96);
        }
        Ok(Prefix { network: masked(address, length), length })
    }

    /// Its first address.
    pub fn network(&self) -> IpAddr {
        self.network
    }

    /// How many leading bits are the network's.
    pub fn length(&self) -> u8 {
        self.length
    }

    /// Whether `address` lies in it. IPv4 and IPv6 never match each other, not even for `/0`.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = if self.network.is_ipv4() { address.to_canonical() } else { address };
        address.is_ipv4() == self.network.is_ipv4() && masked(address, self.length) == self.network
    }
}

fn bits_of(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

/// The address with everything after the first `length` bits zero.
fn masked(address: IpAddr, length: u8) -> IpAddr {
    match address {
        IpAddr::V4(v4) => {
            // Shifting 32 bits by 32 is an error, not zero; that is the /0 trap.
            let mask = u32::MAX.checked_shl(32 - u32::from(length)).unwrap_or(0);
            IpAddr::V4(Ipv4Addr::from_bits(v4.to_bits() & mask))
        }
        IpAddr::V6(v6) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(length)).unwrap_or(0);
            IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & mask))
        }
    }
}

impl FromStr for Prefix {
    type Err = PrefixError;

    /// Reads `192.168.0.0/16`, `fd00::/8`, or an address alone: the network of that address. Set host bits are cut off.
    fn from_str(text: &str) -> Result<Prefix, PrefixError> {
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| PrefixError::NotAnAddress(address.to_string()))?;
        let Some(digits) = length else { return Prefix::new(address, bits_of(address)) };
        // `parse` alone would take "+8" and "008", which other readers take for something else or refuse.
        let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        let leading_zero = digits.len() > 1 && digits.starts_with('0');
        match digits.parse() {
            Ok(length) if plain && !leading_zero => Prefix::new(address, length),
            _ => Err(PrefixError::NotALength(digits.to_string())),
        }
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.network, self.length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefix(text: &str) -> Prefix {
        text.parse().unwrap()
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn host_bits_are_cut_off() {
        assert_eq!(prefix("192.168.156.97/16").to_string(), "192.168.0.0/16");
        assert_eq!(prefix("192.168.156.97/19").to_string(), "192.168.128.0/19");
        assert_eq!(prefix("fd00:1:2::3/16").to_string(), "fd00::/16");
    }

    #[test]
    fn a_bare_address_is_a_network_of_one() {
        assert_eq!(prefix("10.0.0.1").to_string(), "10.0.0.1/32");
        assert_eq!(prefix("::1").to_string(), "::1/128");
        assert!(prefix("10.0.0.1").contains(ip("10.0.0.1")));
        assert!(!prefix("10.0.0.1").contains(ip("10.0.0.2")));
    }

    #[test]
    fn membership_is_decided_at_the_last_bit() {
        let private = prefix("172.16.0.0/12");
        for (address, inside) in
            [("172.15.255.255", false), ("172.16.0.0", true), ("172.31.255.255", true), ("172.32.0.0", false)]
        {
            assert_eq!(private.contains(ip(address)), inside, "{address}");
        }
        assert!(prefix("fc00::/7").contains(ip("fdff::1")));
        assert!(!prefix("fc00::/7").contains(ip("fe00::")));
    }

    #[test]
    fn slash_zero_is_everything_of_its_family() {
        assert!(prefix("1.2.3.4/0").contains(ip("255.255.255.255")));
        assert_eq!(prefix("1.2.3.4/0").to_string(), "0.0.0.0/0");
        assert!(prefix("::/0").contains(ip("ffff::1")));
        assert!(!prefix("0.0.0.0/0").contains(ip("::1")));
        assert!(!prefix("::/0").contains(ip("10.0.0.1")));
    }

    #[test]
    fn an_ipv4_address_in_ipv6_dress_is_recognized() {
        assert!(prefix("10.0.0.0/8").contains(ip("::ffff:10.1.2.3")));
        assert!(!prefix("10.0.0.0/8").contains(ip("::ffff:11.1.2.3")));
        assert_eq!(prefix("::ffff:10.0.0.0/104"), prefix("10.0.0.0/8"));
        assert_eq!(prefix("::ffff:10.0.0.1"), prefix("10.0.0.1/32"));
        assert_eq!(prefix("::ffff:0:0/96"), prefix("0.0.0.0/0"));
        assert_eq!(prefix("::ffff:10.0.0.1/95").to_string(), "::fffe:0:0/95");
        assert!(prefix("::/0").contains(ip("::ffff:10.0.0.1")));
    }

    #[test]
    fn what_is_no_prefix_is_refused_with_a_sentence() {
        assert_eq!("10.0.0.0/33".parse::<Prefix>(), Err(PrefixError::TooLong { length: 33, bits: 32 }));
        assert_eq!("::/129".parse::<Prefix>(), Err(PrefixError::TooLong { length: 129, bits: 128 }));
        for text in
            ["", "/8", "10.0.0/8", "010.0.0.0/8", "10.0.0.0.0/8", "example.com/8", "10.0.0.1:80", "[::1]/8"]
        {
            assert!(matches!(text.parse::<Prefix>(), Err(PrefixError::NotAnAddress(_))), "{text:?}");
        }
        for text in [
            "10.0.0.0/",
            "10.0.0.0/+8",
            "10.0.0.0/08",
            "10.0.0.0/-1",
            "10.0.0.0/8/8",
            "10.0.0.0/256",
            "::/ 8",
        ] {
            assert!(matches!(text.parse::<Prefix>(), Err(PrefixError::NotALength(_))), "{text:?}");
        }
        let message = "10.0.0.0/33".parse::<Prefix>().unwrap_err().to_string();
        assert_eq!(message, "a prefix of 33 bits came, and the address has 32");
    }
}
