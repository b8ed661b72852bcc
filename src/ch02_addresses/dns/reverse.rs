//! Addresses as names, so that a name can be found for an address (RFC 1035 §3.5, RFC 3596 §2.5).
//!
//! ```text
//! 8.8.4.4          4.4.8.8.in-addr.arpa.
//! 2001:db8::1      1.0.0.0. … .8.b.d.0.1.0.0.2.ip6.arpa.     32 half-bytes
//! ```
//! The order turns because an address has its network first and a name its network last; so a network's owner can be
//! given the names of its addresses.
//!
//! Book: Listing 2-6.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::name::Name;

/// The name under which the PTR record of `address` stands.
///
/// # Panics
/// Never: such a name has at most 75 bytes.
pub fn reverse_name(address: IpAddr) -> Name {
    let mut labels = Vec::new();
    match address {
        IpAddr::V4(v4) => {
            for octet in v4.octets().iter().rev() {
                labels.push(octet.to_string());
            }
            labels.extend(["in-addr".to_string(), "arpa".to_string()]);
        }
        IpAddr::V6(v6) => {
            for octet in v6.octets().iter().rev() {
                labels.push(format!("{:x}", octet & 0x0f));
                labels.push(format!("{:x}", octet >> 4));
            }
            labels.extend(["ip6".to_string(), "arpa".to_string()]);
        }
    }
    Name::from_labels(labels).expect("34 short labels at most")
}

/// The address whose reverse name this is. `None` for any other name, one with too few labels (a network) included.
pub fn address_of(name: &Name) -> Option<IpAddr> {
    let labels: Vec<String> =
        name.labels().map(|label| String::from_utf8_lossy(label).to_ascii_lowercase()).collect();
    let (digits, zone) = labels.split_at_checked(labels.len().checked_sub(2)?)?;
    match (zone[0].as_str(), zone[1].as_str(), digits.len()) {
        ("in-addr", "arpa", 4) => v4_of(digits).map(IpAddr::V4),
        ("ip6", "arpa", 32) => v6_of(digits).map(IpAddr::V6),
        _ => None,
    }
}

fn v4_of(digits: &[String]) -> Option<Ipv4Addr> {
    let turned: Vec<&str> = digits.iter().rev().map(String::as_str).collect();
    turned.join(".").parse().ok()
}

fn v6_of(digits: &[String]) -> Option<Ipv6Addr> {
    let mut bits = 0u128;
    for digit in digits.iter().rev() {
        if digit.len() != 1 {
            return None;
        }
        bits = bits << 4 | u128::from(u8::from_str_radix(digit, 16).ok()?);
    }
    Some(Ipv6Addr::from_bits(bits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_book_s_addresses_turn_around_and_back() {
        for (address, name) in [("8.8.4.4", "4.4.8.8.in-addr.arpa."), ("1.2.3.4", "4.3.2.1.in-addr.arpa.")] {
            let address: IpAddr = address.parse().unwrap();
            assert_eq!(reverse_name(address).to_string(), name);
            assert_eq!(address_of(&name.parse().unwrap()), Some(address));
        }
    }

    #[test]
    fn an_ipv6_address_has_thirty_two_half_bytes() {
        // The example of RFC 3596 §2.5.
        let address: IpAddr = "4321:0:1:2:3:4:567:89ab".parse().unwrap();
        let name = "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.0.0.0.0.1.2.3.4.ip6.arpa.";
        assert_eq!(reverse_name(address).to_string(), name);
        assert_eq!(address_of(&name.to_uppercase().parse().unwrap()), Some(address));
    }

    #[test]
    fn what_only_looks_like_one_is_none() {
        for name in [
            "8.8.in-addr.arpa.",
            "1.2.3.4.5.in-addr.arpa.",
            "256.1.1.1.in-addr.arpa.",
            ".",
            "arpa.",
            "01.2.3.4.in-addr.arpa.",
            "4.4.8.8.example.com.",
        ] {
            assert_eq!(address_of(&name.parse().unwrap()), None, "{name}");
        }
        let long_digit = format!("10.{}ip6.arpa.", "0.".repeat(31));
        assert_eq!(address_of(&long_digit.parse().unwrap()), None);
        let plus = format!("+.{}ip6.arpa.", "0.".repeat(31));
        assert_eq!(address_of(&plus.parse().unwrap()), None);
    }
}
