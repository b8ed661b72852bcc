//! Addresses and networks, IPv4 and IPv6.

use super::words::*;
use netprog::ch02_addresses::ipv4;
use netprog::ch02_addresses::ipv6::{self, Category, Parts};
use netprog::ch02_addresses::prefix::{Prefix, PrefixError};
use netprog::ch02_addresses::subnet::{self, Subnet, mask};
use std::net::{IpAddr, Ipv4Addr, TcpListener};

/// Row 2.1, Figure 2-1: four octets in binary and in decimal; 2^32 of them.
#[test]
fn an_ipv4_address_is_four_octets_in_binary_or_in_decimal() {
    let address = v4("192.168.156.97");
    assert_eq!(ipv4::binary(address), "11000000.10101000.10011100.01100001");
    assert_eq!(ipv4::parse_binary("11000000.10101000.10011100.01100001"), Ok(address));
    show("IPv4 address", &ipv4::figure(address));
    assert_eq!(
        ipv4::figure(address),
        "11000000 . 10101000 . 10011100 . 01100001\n     192 .      168 .      156 .       97\n"
    );
    assert_eq!(ipv4::ADDRESSES, 4_294_967_296);
}

/// Row 2.1: `010` is 8 to some readers and 10 to others, so it is no octet here.
#[test]
fn a_leading_zero_is_refused_because_some_read_it_as_octal() {
    let refused = ipv4::parse("192.168.010.1").unwrap_err();
    assert_eq!(refused, ipv4::Ipv4Error::LeadingZero("010".into()));
    assert!(refused.to_string().contains("octal"));
    assert!("192.168.010.1".parse::<Ipv4Addr>().is_err(), "Rust's own reader agrees");
}

/// Row 2.2, Figures 2-2 and 2-3: 8, 16 or 24 bits of network, the rest the host's.
#[test]
fn common_networks_end_at_an_octet() {
    for (text, network, host) in [
        ("10.1.2.3/8", "10.0.0.0", "0.1.2.3"),
        ("172.16.1.2/16", "172.16.0.0", "0.0.1.2"),
        ("192.168.1.2/24", "192.168.1.0", "0.0.0.2"),
    ] {
        let subnet = subnet(text);
        assert_eq!((subnet.prefix().network(), subnet.host()), (ip(network), ip(host)));
    }
    let home = prefix("192.168.1.0/24");
    assert!(
        home.contains(ip("192.168.1.10")) && home.contains(ip("192.168.1.20")),
        "neighbors share the network"
    );
}

/// Row 2.3, Figure 2-4.
#[test]
fn the_books_address_in_a_network_of_16_bits() {
    let subnet = subnet("192.168.156.97/16");
    assert_eq!((subnet.prefix().network(), subnet.host()), (ip("192.168.0.0"), ip("0.0.156.97")));
}

/// Row 2.4: the network is the address AND the mask, /0 and /32 too; /33 is an error.
#[test]
fn a_mask_is_applied_by_and() {
    let address = v4("192.168.156.97");
    for length in 0..=32 {
        let by_and = Ipv4Addr::from_bits(address.to_bits() & mask(length).unwrap().to_bits());
        assert_eq!(Prefix::new(IpAddr::V4(address), length).unwrap().network(), IpAddr::V4(by_and));
    }
    assert_eq!("10.0.0.0/33".parse::<Prefix>(), Err(PrefixError::TooLong { length: 33, bits: 32 }));
    assert_eq!(mask(33), None);
}

/// Row 2.5, Table 2-1: every one of its 23 rows from two powers of two.
#[test]
fn table_2_1_comes_out_of_two_formulas() {
    let rows: Vec<String> = subnet::table().iter().map(ToString::to_string).collect();
    show("Table 2-1", &rows.join("\n"));
    assert_eq!(rows.len(), 23);
    assert_eq!(rows[0], " 8  255.0.0.0                1  16,777,214");
    assert_eq!(rows[4], "12  255.240.0.0             16   1,048,574");
    assert_eq!(rows[11], "19  255.255.224.0        2,048       8,190");
    assert_eq!(rows[16], "24  255.255.255.0       65,536         254");
    assert_eq!(rows[22], "30  255.255.255.252  4,194,304           2");
    for row in subnet::table() {
        let network = Subnet::from(Prefix::new(ip("10.0.0.0"), row.length).unwrap());
        assert_eq!(network.usable(), Some(u128::from(row.hosts)));
        assert_eq!(subnet("10.0.0.0/8").split(row.length).unwrap().count(), row.networks as usize);
        if row.length == 16 {
            break; // counting the rest one by one takes long; the formula is the same
        }
    }
}

/// Row 2.6: the first address is the network's and the last is the broadcast address.
#[test]
fn the_first_and_the_last_address_are_no_hosts() {
    let subnet = subnet("192.168.0.0/16");
    assert_eq!(
        (subnet.prefix().network(), subnet.broadcast()),
        (ip("192.168.0.0"), Some(v4("192.168.255.255")))
    );
    assert_eq!(subnet.hosts(), (ip("192.168.0.1"), ip("192.168.255.254")));
}

/// Row 2.7: what the table leaves out. A /31 is a link between two (RFC 3021), a /32 one host.
#[test]
fn a_31_has_two_hosts_and_a_32_one() {
    let pair = subnet("192.168.1.0/31");
    assert_eq!(
        (pair.usable(), pair.broadcast(), pair.hosts()),
        (Some(2), None, (ip("192.168.1.0"), ip("192.168.1.1")))
    );
    let one = subnet("192.168.1.1/32");
    assert_eq!((one.usable(), one.hosts()), (Some(1), (ip("192.168.1.1"), ip("192.168.1.1"))));
}

/// Row 2.8, Figure 2-5: a prefix that ends inside an octet. The book calls 1001 1111 156; it is 159.
#[test]
fn the_broadcast_of_the_books_19_ends_in_159_not_156() {
    let subnet = subnet("192.168.156.97/19");
    assert_eq!((subnet.prefix().network(), subnet.host()), (ip("192.168.128.0"), ip("0.0.28.97")));
    assert_eq!(subnet.broadcast(), Some(v4("192.168.159.255")));
    assert_eq!((0b1001_1111, 0b1001_1100), (159, 156));
    show("192.168.156.97/19", &subnet.figure());
    assert!(subnet.figure().contains("network    192.168.128.0    11000000 10101000 100|00000 00000000\n"));
}

/// Row 2.9: one network for the public and one for ourselves, and a rule can tell them apart.
#[test]
fn a_24_becomes_four_26s_of_which_one_is_public() {
    let office = subnet("198.51.100.0/24");
    let parts: Vec<Prefix> = office.split(26).unwrap().collect();
    let texts: Vec<String> = parts.iter().map(ToString::to_string).collect();
    assert_eq!(texts, ["198.51.100.0/26", "198.51.100.64/26", "198.51.100.128/26", "198.51.100.192/26"]);
    let (public, private) = (parts[0], parts[1]);
    assert!(public.contains(ip("198.51.100.63")) && !public.contains(ip("198.51.100.64")));
    assert!(private.contains(ip("198.51.100.64")) && office.prefix().contains(ip("198.51.100.255")));
}

/// Row 2.10: private networks to their edges, and a localhost that is there without any network.
#[test]
fn private_addresses_end_where_rfc_1918_says() {
    for (text, purpose) in [
        ("9.255.255.255", ipv4::Purpose::Public),
        ("10.0.0.0", ipv4::Purpose::Private),
        ("11.0.0.0", ipv4::Purpose::Public),
        ("172.15.255.255", ipv4::Purpose::Public),
        ("172.16.0.0", ipv4::Purpose::Private),
        ("172.31.255.255", ipv4::Purpose::Private),
        ("172.32.0.0", ipv4::Purpose::Public),
        ("192.168.255.255", ipv4::Purpose::Private),
        ("192.169.0.0", ipv4::Purpose::Public),
        ("127.255.255.255", ipv4::Purpose::Loopback),
        ("128.0.0.0", ipv4::Purpose::Public),
    ] {
        assert_eq!(ipv4::purpose(v4(text)), purpose, "{text}");
    }
    assert!(TcpListener::bind("127.0.0.1:0").is_ok(), "no network is needed");
}

/// Row 2.18, Figure 2-9: 128 bits, eight hextets, a digit a nibble; one address more than a u128 can count.
#[test]
fn an_ipv6_address_is_eight_hextets_of_four_nibbles() {
    let address = v6("fd00:4700:0010:0000:0000:0000:6814:d103");
    assert_eq!(address.to_bits(), 0xfd00_4700_0010_0000_0000_0000_6814_d103);
    let figure = ipv6::figure(address);
    show("IPv6 address", &figure);
    assert_eq!(figure.lines().count(), ipv6::HEXTETS);
    assert!(figure.starts_with("fd00   1111 1101 0000 0000\n"), "{figure}");
    assert_eq!(v6("FD00:4700:10::6814:D103"), address, "either case is read, lowercase is written");
    assert_eq!(2u128.checked_pow(128), None);
    assert_eq!(u128::MAX, 340_282_366_920_938_463_463_374_607_431_768_211_455);
}

/// Row 2.19: leading zeros go, and one run of zero hextets; `::` twice would say nothing.
#[test]
fn the_books_two_addresses_simplify_as_it_says() {
    let one = v6("fd00:4700:0010:0000:0000:0000:6814:d103");
    assert_eq!(ipv6::text_without_leading_zeros(one), "fd00:4700:10:0:0:0:6814:d103");
    assert_eq!(ipv6::text(one), "fd00:4700:10::6814:d103");
    let two = v6("fd00:4700:0000:0000:ef81:0000:6814:d103");
    assert_eq!(ipv6::text(two), "fd00:4700::ef81:0:6814:d103");
    assert_eq!(ipv6::full_text(two), "fd00:4700:0000:0000:ef81:0000:6814:d103");
    assert_eq!(ipv6::parse("fd00:4700::ef81::6814:d103"), Err(ipv6::Ipv6Error::TwoGaps));
}

/// Row 2.20: the book drops the leftmost run, RFC 5952 and Rust the longest.
#[test]
fn the_longest_run_of_zeros_goes_and_not_the_leftmost() {
    let address = v6("1:0:0:2:0:0:0:3");
    assert_eq!(ipv6::leftmost_text(address), "1::2:0:0:0:3", "by the book's rule");
    assert_eq!(ipv6::text(address), "1:0:0:2::3");
    assert_eq!(ipv6::text(address), address.to_string(), "Rust agrees with the RFC");
    assert_eq!(v6(&ipv6::leftmost_text(address)), address, "both mean the same address");
    assert_eq!(ipv6::text(v6("1:0:0:2:3:0:0:4")), "1::2:3:0:0:4", "of two as long the leftmost");
    assert_eq!(ipv6::text(v6("1:0:2:3:4:5:6:7")), "1:0:2:3:4:5:6:7", "one zero alone stays");
}

/// Row 2.21, Figure 2-10.
#[test]
fn an_address_has_a_routing_prefix_a_subnet_and_an_interface() {
    let parts = Parts::of(v6("2600:fe56:7891:1::6814:d103"));
    assert_eq!(
        parts.routing_prefix,
        [0x2600, 0xfe56, 0x7891],
        "IANA's hextet, the registry's, the provider's"
    );
    assert_eq!((parts.subnet, parts.interface), (1, 0x6814_d103));
    assert_eq!(parts.address(), v6("2600:fe56:7891:1::6814:d103"));
}

/// Row 2.22: a /48 has 65,536 networks of 2^64 hosts.
#[test]
fn a_48_is_65536_networks_of_64_bits() {
    let block = subnet("2600:fe56:7891::/48");
    let mut networks = block.split(64).unwrap();
    assert_eq!(networks.clone().count(), 65_536);
    networks.next();
    for text in
        ["2600:fe56:7891:1::/64", "2600:fe56:7891:2::/64", "2600:fe56:7891:3::/64", "2600:fe56:7891:4::/64"]
    {
        assert_eq!(networks.next().map(|network| network.to_string()).as_deref(), Some(text));
    }
    assert_eq!(subnet("2600:fe56:7891:1::/64").usable(), Some(1 << 64));
}

/// Row 2.23: what the first bits say. The book likens fc00::/7 to 127/8; that is ::1's part, and fc00::/7 is like 10/8.
#[test]
fn the_first_bits_say_what_an_address_is_for() {
    for (text, category) in [
        ("::", Category::Unspecified),
        ("::1", Category::Loopback),
        ("::2", Category::Unassigned),
        ("1fff:ffff::", Category::Unassigned),
        ("2000::", Category::GlobalUnicast),
        ("3fff:ffff::", Category::GlobalUnicast),
        ("4000::", Category::Unassigned),
        ("fbff::", Category::Unassigned),
        ("fc00::", Category::UniqueLocal),
        ("fdff::1", Category::UniqueLocal),
        ("fe80::1", Category::LinkLocal),
        ("febf::1", Category::LinkLocal),
        ("fec0::1", Category::Unassigned),
        ("ff02::1", Category::Multicast),
        ("::ffff:10.0.0.1", Category::Ipv4Mapped),
    ] {
        assert_eq!(ipv6::category(v6(text)), category, "{text}");
    }
    assert!(v6("::1").is_loopback() && !v6("fd00::1").is_loopback());
}
