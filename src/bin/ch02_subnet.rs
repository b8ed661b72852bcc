//! What an address with a prefix length means: `ch02_subnet 192.168.156.97/19`.
//!
//! ```text
//! 192.168.156.97/19: private
//! network    192.168.128.0/19
//! mask       255.255.224.0
//! broadcast  192.168.159.255
//! hosts      192.168.128.1 to 192.168.159.254, 8,190 of them
//!
//! address    192.168.156.97   11000000 10101000 100|11100 01100001
//! …
//! ```
//! `-into 26` lists the networks of 26 bits it consists of, at most `-n` of them. `-table` prints Table 2-1.

use std::io::{self, Write};
use std::net::IpAddr;

use netprog::base::flags::{Flags, Parsed};
use netprog::ch02_addresses::subnet::{self, Subnet, grouped};
use netprog::ch02_addresses::{ipv4, ipv6};

/// How many networks `-into` lists unless told otherwise: a screen. A /0 has four thousand million of them.
const LISTED: i64 = 16;

fn flags() -> Flags {
    let mut flags = Flags::new("ch02_subnet", "[options] address/length");
    flags.about("Prints network, broadcast and hosts of an address with its prefix length, IPv4 or IPv6, and the bits.");
    flags.int("into", -1, "also split into networks of this length");
    flags.int("n", LISTED, "list at most this many networks");
    flags.bool("table", "print Table 2-1 and end");
    flags
}

/// Flags may stand behind the address, too: one tries a length, and then another.
fn parse(flags: &Flags) -> (Option<String>, Parsed, Vec<String>) {
    let parsed = flags.parse_or_exit();
    let Some((address, rest)) = parsed.rest().split_first() else { return (None, parsed, Vec::new()) };
    let address = Some(address.clone());
    if rest.is_empty() {
        return (address, parsed, Vec::new());
    }
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let place = arguments.len() - rest.len() - 1;
    arguments.remove(place);
    let parsed = flags.parse_these_or_exit(arguments);
    let left = parsed.rest().to_vec();
    (address, parsed, left)
}

fn main() {
    let flags = flags();
    let (address, parsed, left) = parse(&flags);
    if parsed.bool("table") {
        end_with(&table());
    }
    let Some(address) = address else { flags.usage_error("an address is missing") };
    if let Some(extra) = left.first() {
        flags.usage_error(&format!("{extra:?} is one argument too many"));
    }
    let listed =
        usize::try_from(parsed.int("n")).unwrap_or_else(|_| flags.usage_error("-n is less than zero"));
    let subnet: Subnet = address.parse().unwrap_or_else(|error| fail(&error));
    let mut text = described(&subnet);
    if parsed.was_given("into") {
        let into = u8::try_from(parsed.int("into"))
            .unwrap_or_else(|_| flags.usage_error("-into takes a prefix length, 0 to 128"));
        text.push_str(&split(&subnet, into, listed).unwrap_or_else(|error| fail(&error)));
    }
    end_with(&text);
}

fn fail<T>(error: &dyn std::fmt::Display) -> T {
    let _ = writeln!(io::stderr(), "ch02_subnet: {error}");
    std::process::exit(1);
}

/// Prints and ends. Nobody reading (`| head -1`) is no mistake of ours.
fn end_with(text: &str) -> ! {
    match io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => fail(&error),
        _ => std::process::exit(0),
    }
}

fn described(subnet: &Subnet) -> String {
    let (length, purpose) = (subnet.prefix().length(), purpose(subnet.address()));
    let mut text = format!("{subnet}: {purpose}\nnetwork    {}\n", subnet.prefix());
    if let (true, Some(mask)) = (subnet.address().is_ipv4(), subnet::mask(length)) {
        text.push_str(&format!("mask       {mask}\n"));
    }
    match subnet.broadcast() {
        Some(broadcast) => text.push_str(&format!("broadcast  {broadcast}\n")),
        None => text.push_str("broadcast  none\n"),
    }
    let (first, last) = subnet.hosts();
    match subnet.usable() {
        Some(1) => text.push_str(&format!("hosts      {first}, the only one\n")),
        Some(count) => text.push_str(&format!("hosts      {first} to {last}, {} of them\n", grouped(count))),
        None => text.push_str(&format!("hosts      {first} to {last}, 2^128 of them\n")),
    }
    text.push('\n');
    text.push_str(&subnet.figure());
    text
}

fn purpose(address: IpAddr) -> String {
    let name = match address {
        IpAddr::V4(v4) => format!("{:?}", ipv4::purpose(v4)),
        IpAddr::V6(v6) => format!("{:?}", ipv6::category(v6)),
    };
    let mut words = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.extend(letter.to_lowercase());
    }
    words
}

fn split(subnet: &Subnet, into: u8, listed: usize) -> Result<String, subnet::CannotSplit> {
    let parts = subnet.split(into)?;
    let count = match 1u128.checked_shl(u32::from(parts.power())) {
        Some(count) => grouped(count),
        None => "2^128".to_string(),
    };
    let mut text = format!("\n{} /{into} of {}:\n", count, subnet.prefix());
    let mut shown = 0u128;
    for part in parts.clone().take(listed) {
        let part = Subnet::from(part);
        let (first, last) = part.hosts();
        text.push_str(&format!("  {:<20}  {first} to {last}\n", part.prefix().to_string()));
        shown += 1;
    }
    match 1u128.checked_shl(u32::from(parts.power())) {
        Some(count) if count == shown => {}
        Some(count) => text.push_str(&format!("  … and {} more\n", grouped(count - shown))),
        None => text.push_str("  … and many more\n"),
    }
    Ok(text)
}

fn table() -> String {
    let mut text = "length  mask             networks       hosts\n".to_string();
    for row in subnet::table() {
        text.push_str(&format!("    {row}\n"));
    }
    text
}
