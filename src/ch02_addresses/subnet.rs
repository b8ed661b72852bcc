//! Subnets: what an address and a prefix length say together (Figures 2-3 to 2-5, Table 2-1).
//!
//! ```text
//! address    192.168.156.97   11000000 10101000 100|11100 01100001
//! mask       255.255.224.0    11111111 11111111 111|00000 00000000
//! network    192.168.128.0    11000000 10101000 100|00000 00000000    address AND mask
//! host       0.0.28.97        00000000 00000000 000|11100 01100001    address AND NOT mask
//! broadcast  192.168.159.255  11000000 10101000 100|11111 11111111    network, and every host bit set
//! ```
//!
//! Watch: `cargo run --bin ch02_subnet -- 192.168.156.97/19`. The book computes the third octet of that broadcast address,
//! 1001 1111, as 156; it is 159.
//!
//! A /31 has no broadcast and two hosts (RFC 3021), a /32 one; the table leaves them out. IPv6 has no broadcast at all.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use super::prefix::{Prefix, PrefixError};

/// The mask of a prefix of IPv4, `None` beyond 32 bits.
pub fn mask(length: u8) -> Option<Ipv4Addr> {
    let host_bits = 32u32.checked_sub(u32::from(length))?;
    // Shifting by 32 is an error, not zero; that is the /0 trap.
    Some(Ipv4Addr::from_bits(u32::MAX.checked_shl(host_bits).unwrap_or(0)))
}

/// The prefix length of a mask, `None` for bits that are no mask: ones, then zeros, nothing mixed.
pub fn length_of_mask(mask: Ipv4Addr) -> Option<u8> {
    let bits = mask.to_bits();
    (bits.leading_ones() + bits.trailing_zeros() == 32).then_some(bits.leading_ones() as u8)
}

/// An address and the network it lies in. Unlike a [`Prefix`] it keeps the host bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subnet {
    address: IpAddr,
    prefix: Prefix,
}

/// A network cannot be split that way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CannotSplit {
    /// The network's prefix length.
    pub length: u8,
    /// The one asked for.
    pub into: u8,
    /// The bits of an address.
    pub bits: u8,
}

impl fmt::Display for CannotSplit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let CannotSplit { length, into, bits } = self;
        write!(f, "a /{length} cannot be split into /{into}; we take /{length} to /{bits}")
    }
}

impl std::error::Error for CannotSplit {}

impl FromStr for Subnet {
    type Err = PrefixError;

    /// Reads `192.168.156.97/19`, `2600:fe56:7891::/48`, or an address alone.
    fn from_str(text: &str) -> Result<Subnet, PrefixError> {
        let prefix: Prefix = text.parse()?;
        let address = text.split('/').next().unwrap_or_default();
        let address: IpAddr = address.parse().map_err(|_| PrefixError::NotAnAddress(address.to_string()))?;
        // ::ffff:10.0.0.1/104 is a network of IPv4, so the address is one, too.
        Ok(Subnet {
            address: if prefix.network().is_ipv4() { address.to_canonical() } else { address },
            prefix,
        })
    }
}

impl From<Prefix> for Subnet {
    fn from(prefix: Prefix) -> Subnet {
        Subnet { address: prefix.network(), prefix }
    }
}

impl Subnet {
    /// The address as it was given.
    pub fn address(&self) -> IpAddr {
        self.address
    }

    /// Its network.
    pub fn prefix(&self) -> Prefix {
        self.prefix
    }

    /// How many bits an address has: 32 or 128.
    pub fn bits(&self) -> u8 {
        if self.address.is_ipv4() { 32 } else { 128 }
    }

    /// How many of them are the host's.
    pub fn host_bits(&self) -> u8 {
        self.bits() - self.prefix.length()
    }

    fn host_mask(&self) -> u128 {
        low_ones(self.host_bits())
    }

    /// The host ID: the address with the network's bits zero.
    pub fn host(&self) -> IpAddr {
        from_number(number(self.address) & self.host_mask(), self.address.is_ipv4())
    }

    /// The last address of the network.
    pub fn last(&self) -> IpAddr {
        from_number(number(self.prefix.network()) | self.host_mask(), self.address.is_ipv4())
    }

    /// The address that means every host of the network. IPv6 has none, nor have networks of one or two addresses.
    pub fn broadcast(&self) -> Option<Ipv4Addr> {
        match self.last() {
            IpAddr::V4(last) if self.host_bits() >= 2 => Some(last),
            _ => None,
        }
    }

    /// How many addresses it has. `None`: 2¹²⁸, the one number that a `u128` has no room for.
    pub fn addresses(&self) -> Option<u128> {
        1u128.checked_shl(u32::from(self.host_bits()))
    }

    /// How many addresses hosts may have: all but the network's and the broadcast address, where there is one.
    pub fn usable(&self) -> Option<u128> {
        let unusable = if self.broadcast().is_some() { 2 } else { 0 };
        Some(self.addresses()? - unusable)
    }

    /// The first and the last address a host may have.
    pub fn hosts(&self) -> (IpAddr, IpAddr) {
        let is_v4 = self.address.is_ipv4();
        let (first, last) = (number(self.prefix.network()), number(self.last()));
        match self.broadcast() {
            Some(_) => (from_number(first + 1, is_v4), from_number(last - 1, is_v4)),
            None => (from_number(first, is_v4), from_number(last, is_v4)),
        }
    }

    /// The networks of `into` bits that it consists of, in order.
    ///
    /// # Errors
    /// [`CannotSplit`] if `into` is less than its own length or more than an address has bits.
    pub fn split(&self, into: u8) -> Result<Split, CannotSplit> {
        let (length, bits) = (self.prefix.length(), self.bits());
        if into < length || into > bits {
            return Err(CannotSplit { length, into, bits });
        }
        Ok(Split {
            next: Some(number(self.prefix.network())),
            last: number(self.last()),
            into,
            parts: into - length,
            is_v4: bits == 32,
        })
    }

    /// Figure 2-5 for any address: every part in decimal (or hexadecimal) and in bits, the end of the prefix marked.
    pub fn figure(&self) -> String {
        let length = self.prefix.length();
        let mut lines = vec![("address", self.address)];
        if let (true, Some(mask)) = (self.address.is_ipv4(), mask(length)) {
            lines.push(("mask", IpAddr::V4(mask)));
        }
        lines.push(("network", self.prefix.network()));
        lines.push(("host", self.host()));
        lines.push((if self.broadcast().is_some() { "broadcast" } else { "last" }, self.last()));
        let width = lines.iter().map(|(_, address)| address.to_string().len()).max().unwrap_or(0);
        let mut text = String::new();
        for (name, address) in lines {
            let address_text = address.to_string();
            text.push_str(&format!("{name:<9}  {address_text:<width$}  {}\n", marked(address, length)));
        }
        text
    }
}

impl fmt::Display for Subnet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix.length())
    }
}

/// The networks a network is split into.
#[derive(Clone, Debug)]
pub struct Split {
    next: Option<u128>,
    last: u128,
    into: u8,
    parts: u8,
    is_v4: bool,
}

impl Split {
    /// How many networks the split has in all, as a power of two: 10 for 1,024.
    pub fn power(&self) -> u8 {
        self.parts
    }
}

impl Iterator for Split {
    type Item = Prefix;

    fn next(&mut self) -> Option<Prefix> {
        let first = self.next?;
        let bits = if self.is_v4 { 32 } else { 128 };
        let end = first | low_ones(bits - self.into);
        self.next = if end >= self.last { None } else { Some(end + 1) };
        Prefix::new(from_number(first, self.is_v4), self.into).ok()
    }
}

/// The address in bits, a bar where the prefix ends: `11000000 10101000 100|11100 01100001`. Octets of IPv4 and hextets of
/// IPv6 stand apart.
pub fn marked(address: IpAddr, length: u8) -> String {
    let (bits, group) = if address.is_ipv4() { (32, 8) } else { (128, 16) };
    let number = number(address);
    let mut text = String::new();
    for place in 0..bits {
        if place == length {
            text.push('|');
        } else if place > 0 && place % group == 0 {
            text.push(' ');
        }
        let bit = (number >> (bits - 1 - place)) & 1;
        text.push(if bit == 1 { '1' } else { '0' });
    }
    if length >= bits {
        text.push('|');
    }
    text
}

fn low_ones(count: u8) -> u128 {
    u128::MAX.checked_shr(128 - u32::from(count)).unwrap_or(0)
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => u128::from(v4.to_bits()),
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

fn from_number(number: u128, is_v4: bool) -> IpAddr {
    if is_v4 {
        IpAddr::V4(Ipv4Addr::from_bits(number as u32))
    } else {
        IpAddr::V6(Ipv6Addr::from_bits(number))
    }
}

// --- Table 2-1 ------------------------------------------------------------------------------------------------------

/// A line of Table 2-1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableRow {
    /// The prefix length.
    pub length: u8,
    /// Its mask.
    pub mask: Ipv4Addr,
    /// How many such networks there are in a /8.
    pub networks: u32,
    /// How many hosts each can have.
    pub hosts: u32,
}

impl fmt::Display for TableRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (networks, hosts) = (grouped(self.networks.into()), grouped(self.hosts.into()));
        write!(f, "{:>2}  {:<15}  {networks:>9}  {hosts:>10}", self.length, self.mask.to_string())
    }
}

/// Table 2-1: prefixes of 8 to 30 bits.
pub fn table() -> Vec<TableRow> {
    let mut rows = Vec::new();
    for length in 8..=30u8 {
        let mask = mask(length).unwrap_or(Ipv4Addr::BROADCAST);
        rows.push(TableRow { length, mask, networks: 1 << (length - 8), hosts: (1 << (32 - length)) - 2 });
    }
    rows
}

/// A number with a comma between thousands, as the book writes them.
pub fn grouped(number: u128) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subnet(text: &str) -> Subnet {
        text.parse().unwrap()
    }

    #[test]
    fn every_length_from_0_to_32_has_its_mask_and_nothing_beyond() {
        assert_eq!(mask(0), Some(Ipv4Addr::UNSPECIFIED));
        assert_eq!(mask(32), Some(Ipv4Addr::BROADCAST));
        assert_eq!(mask(33), None);
        for length in 0..=32 {
            assert_eq!(length_of_mask(mask(length).unwrap()), Some(length));
        }
        assert_eq!(length_of_mask(Ipv4Addr::new(255, 0, 255, 0)), None);
    }

    #[test]
    fn the_whole_of_ipv6_has_one_address_more_than_a_u128_counts() {
        assert_eq!((subnet("::/0").addresses(), subnet("::/1").addresses()), (None, Some(1 << 127)));
        assert_eq!(subnet("0.0.0.0/0").addresses(), Some(1 << 32));
        assert_eq!(subnet("::/0").last().to_string(), "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
    }

    #[test]
    fn a_split_covers_the_network_to_its_last_address_and_no_further() {
        for (text, into, count) in [
            ("10.0.0.0/24", 26, 4),
            ("255.255.255.0/24", 32, 256),
            ("0.0.0.0/0", 2, 4),
            ("ff00::/8", 10, 4),
            ("::/0", 0, 1),
        ] {
            let whole = subnet(text);
            let parts: Vec<Prefix> = whole.split(into).unwrap().collect();
            assert_eq!(parts.len(), count, "{text}");
            assert_eq!(parts[0].network(), whole.prefix().network());
            assert_eq!(Subnet::from(parts[count - 1]).last(), whole.last());
            for pair in parts.windows(2) {
                assert_eq!(number(Subnet::from(pair[0]).last()) + 1, number(pair[1].network()));
            }
        }
        assert_eq!(subnet("::/0").split(128).unwrap().take(3).count(), 3);
        let refused = subnet("10.0.0.0/24").split(23).unwrap_err();
        assert_eq!(refused.to_string(), "a /24 cannot be split into /23; we take /24 to /32");
        assert!(subnet("10.0.0.0/24").split(33).is_err());
    }

    #[test]
    fn the_bar_stands_at_every_place_it_can() {
        let address = IpAddr::V4(Ipv4Addr::new(192, 168, 1, 2));
        assert_eq!(marked(address, 0), "|11000000 10101000 00000001 00000010");
        assert_eq!(marked(address, 8), "11000000|10101000 00000001 00000010");
        assert_eq!(marked(address, 19), "11000000 10101000 000|00001 00000010");
        assert_eq!(marked(address, 32), "11000000 10101000 00000001 00000010|");
    }

    #[test]
    fn an_ipv4_address_in_ipv6_clothes_is_an_ipv4_subnet() {
        let subnet = subnet("::ffff:10.1.2.3/104");
        assert_eq!((subnet.to_string().as_str(), subnet.bits()), ("10.1.2.3/8", 32));
        assert_eq!(subnet.broadcast(), Some(Ipv4Addr::new(10, 255, 255, 255)));
    }
}
