//! MAC addresses: 48 bits that name an interface on its link, and nowhere else.
//!
//! ```text
//!   00:1b:44 : 11:3a:b7
//!   OUI        NIC           OUI: who made it (bought from the IEEE); NIC: which one of theirs
//!   ^^ lowest bit: a group;  next bit: not from the factory but set locally
//! ```
//! A router throws the pair of MAC addresses away and writes a new one for the next link; see [`super::net`].

use std::fmt;
use std::net::Ipv4Addr;
use std::str::FromStr;

pub use crate::ch01_networks::ethernet::Mac;

/// A text that is no MAC address. We take six pairs of hexadecimal digits between colons or between dashes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotAMac(pub String);

impl fmt::Display for NotAMac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is no MAC address; we take forms like 00:1b:44:11:3a:b7", self.0)
    }
}

impl std::error::Error for NotAMac {}

impl Mac {
    /// What ARP writes where it does not know.
    pub const UNKNOWN: Mac = Mac([0; 6]);

    /// The maker's half.
    pub fn oui(self) -> [u8; 3] {
        let [a, b, c, ..] = self.0;
        [a, b, c]
    }

    /// The half the maker counts up.
    pub fn nic(self) -> [u8; 3] {
        let [.., a, b, c] = self.0;
        [a, b, c]
    }

    /// Whether it was set locally (the U/L bit) and so need not be unique in the world.
    pub fn is_local(self) -> bool {
        self.0[0] & 0x02 != 0
    }

    /// The group address that frames to an IPv4 multicast address go to (RFC 1112, 6.4). Only 23 of the 28 bits fit, so 32
    /// groups share one, and the receiver's IP layer sorts them out.
    pub fn of_group(group: Ipv4Addr) -> Mac {
        let [_, b, c, d] = group.octets();
        Mac([0x01, 0x00, 0x5e, b & 0x7f, c, d])
    }
}

impl FromStr for Mac {
    type Err = NotAMac;

    /// Reads `00:1b:44:11:3a:b7` and `00-1B-44-11-3A-B7`.
    fn from_str(text: &str) -> Result<Mac, NotAMac> {
        let separator = if text.contains('-') { '-' } else { ':' };
        let refused = || NotAMac(text.to_string());
        let mut bytes = [0; 6];
        if text.split(separator).count() != 6 {
            return Err(refused());
        }
        for (byte, pair) in bytes.iter_mut().zip(text.split(separator)) {
            let is_pair = pair.len() == 2 && pair.bytes().all(|digit| digit.is_ascii_hexdigit());
            *byte = u8::from_str_radix(pair, 16).ok().filter(|_| is_pair).ok_or_else(refused)?;
        }
        Ok(Mac(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_of_writing_one_are_read() {
        let mac = Mac([0x00, 0x1b, 0x44, 0x11, 0x3a, 0xb7]);
        assert_eq!("00:1b:44:11:3a:b7".parse(), Ok(mac));
        assert_eq!("00-1B-44-11-3A-B7".parse(), Ok(mac));
        assert_eq!(mac.to_string(), "00:1b:44:11:3a:b7");
        assert_eq!((mac.oui(), mac.nic()), ([0x00, 0x1b, 0x44], [0x11, 0x3a, 0xb7]));
    }

    #[test]
    fn what_is_no_mac_is_refused() {
        for text in [
            "",
            "00:1b:44:11:3a",
            "00:1b:44:11:3a:b7:00",
            "00:1b:44:11:3a:+7",
            "0:01b:44:11:3a:b7",
            "00:1b-44:11-3a:b7",
            "éé:éé:éé:éé:éé:éé",
        ] {
            assert_eq!(text.parse::<Mac>(), Err(NotAMac(text.into())), "{text:?}");
        }
    }

    #[test]
    fn the_two_lowest_bits_of_the_first_byte_say_group_and_local() {
        assert!(Mac::BROADCAST.is_group() && Mac::BROADCAST.is_local());
        let factory: Mac = "00:1b:44:11:3a:b7".parse().unwrap();
        assert!(!factory.is_group() && !factory.is_local());
        assert_eq!(Mac::of_group(Ipv4Addr::new(224, 0, 0, 251)).to_string(), "01:00:5e:00:00:fb");
        assert_eq!(
            Mac::of_group(Ipv4Addr::new(239, 128, 0, 251)),
            Mac::of_group(Ipv4Addr::new(224, 0, 0, 251))
        );
        assert!(Mac::of_group(Ipv4Addr::new(224, 0, 0, 1)).is_group());
    }
}
