//! `ch02_subnet` as one types it.

use crate::support::{run, stderr, stdout};

fn ok(arguments: &[&str]) -> String {
    let output = run("ch02_subnet", arguments);
    assert_eq!((output.status.code(), stderr(&output)), (Some(0), String::new()), "{arguments:?}");
    stdout(&output)
}

fn refused(arguments: &[&str], code: i32) -> String {
    let output = run("ch02_subnet", arguments);
    assert_eq!((output.status.code(), stdout(&output)), (Some(code), String::new()), "{arguments:?}");
    stderr(&output)
}

#[test]
fn the_books_19_is_printed_with_its_prefix_marked() {
    assert_eq!(
        ok(&["192.168.156.97/19"]),
        "192.168.156.97/19: private\n\
         network    192.168.128.0/19\n\
         mask       255.255.224.0\n\
         broadcast  192.168.159.255\n\
         hosts      192.168.128.1 to 192.168.159.254, 8,190 of them\n\
         \n\
         address    192.168.156.97   11000000 10101000 100|11100 01100001\n\
         mask       255.255.224.0    11111111 11111111 111|00000 00000000\n\
         network    192.168.128.0    11000000 10101000 100|00000 00000000\n\
         host       0.0.28.97        00000000 00000000 000|11100 01100001\n\
         broadcast  192.168.159.255  11000000 10101000 100|11111 11111111\n"
    );
}

#[test]
fn an_ipv6_network_has_no_broadcast_and_many_hosts() {
    let text = ok(&["2600:fe56:7891:1::42/64"]);
    assert!(
        text.starts_with(
            "2600:fe56:7891:1::42/64: global unicast\nnetwork    2600:fe56:7891:1::/64\nbroadcast  none\n"
        ),
        "{text}"
    );
    assert!(text.contains("18,446,744,073,709,551,616 of them"), "{text}");
    assert!(!text.contains("mask"), "{text}");
    assert!(ok(&["::/0"]).contains("2^128 of them"));
}

#[test]
fn small_networks_say_how_small() {
    assert!(ok(&["192.168.1.1/32"]).contains("broadcast  none\nhosts      192.168.1.1, the only one\n"));
    assert!(ok(&["192.168.1.1/31"]).contains("192.168.1.0 to 192.168.1.1, 2 of them"));
    assert!(ok(&["192.168.1.1"]).contains("network    192.168.1.1/32\n"));
}

#[test]
fn a_split_is_listed_and_a_long_one_cut_with_the_rest_counted() {
    for arguments in [["10.0.0.0/24", "-into", "26"], ["-into", "26", "10.0.0.0/24"]] {
        let text = ok(&arguments);
        let (_, list) = text.split_once("\n4 /26 of 10.0.0.0/24:\n").unwrap();
        assert_eq!(
            list,
            "  10.0.0.0/26           10.0.0.1 to 10.0.0.62\n  10.0.0.64/26          10.0.0.65 to 10.0.0.126\n  \
             10.0.0.128/26         10.0.0.129 to 10.0.0.190\n  10.0.0.192/26         10.0.0.193 to 10.0.0.254\n"
        );
    }
    assert!(ok(&["0.0.0.0/0", "-into", "32"]).ends_with("  … and 4,294,967,280 more\n"));
    let text = ok(&["2600:fe56:7891::/48", "-into=64", "-n", "2"]);
    assert!(text.contains("\n65,536 /64 of 2600:fe56:7891::/48:\n  2600:fe56:7891::/64"), "{text}");
    assert!(text.ends_with("  … and 65,534 more\n"), "{text}");
    assert!(ok(&["::/0", "-into", "128", "-n", "1"]).ends_with("  … and many more\n"));
}

#[test]
fn the_table_has_the_books_23_lines() {
    let text = ok(&["-table"]);
    assert_eq!(text.lines().count(), 24);
    assert!(text.contains("    19  255.255.224.0        2,048       8,190\n"), "{text}");
}

#[test]
fn what_is_no_network_is_one_line_and_exit_code_1() {
    for (text, why) in [
        ("192.168.0.0/33", "a prefix of 33 bits came, and the address has 32"),
        ("192.168.0.1/x", "\"x\" is no prefix length"),
        ("192.168.010.1/24", "\"192.168.010.1\" is no IP address"),
        ("::1::/64", "\"::1::\" is no IP address"),
        ("", "\"\" is no IP address"),
    ] {
        let message = refused(&[text], 1);
        assert!(message.starts_with(&format!("ch02_subnet: {why}")), "{message}");
        assert_eq!(message.lines().count(), 1, "{message}");
    }
    assert_eq!(
        refused(&["10.0.0.0/24", "-into", "23"], 1),
        "ch02_subnet: a /24 cannot be split into /23; we take /24 to /32\n"
    );
    assert_eq!(
        refused(&["10.0.0.0/24", "-into", "33"], 1),
        "ch02_subnet: a /24 cannot be split into /33; we take /24 to /32\n"
    );
}

#[test]
fn wrong_usage_is_exit_code_2_and_help_is_none() {
    for arguments in [
        &[][..],
        &["-wrong"],
        &["10.0.0.0/8", "10.0.0.0/8"],
        &["10.0.0.0/8", "-into", "x"],
        &["10.0.0.0/8", "-into", "300"],
        &["10.0.0.0/8", "-into", "-2"],
        &["10.0.0.0/8", "-n", "-1"],
    ] {
        let message = refused(arguments, 2);
        assert!(message.starts_with("ch02_subnet: ") && message.contains("usage: ch02_subnet"), "{message}");
    }
    for help in ["-h", "--help"] {
        assert!(ok(&[help]).starts_with("usage: ch02_subnet [options] address/length\n"));
    }
}
