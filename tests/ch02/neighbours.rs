//! To one, to some, to all; who is next to whom.

use super::words::*;
use netprog::base::random::{self};
use netprog::base::trace::{self, Kind};
use netprog::ch02_addresses::arp::{ArpPacket, ETHER_TYPE, Operation};
use netprog::ch02_addresses::casts::{self, Cast, Neighborhood};
use netprog::ch02_addresses::icmp6::AdvertisedPrefix;
use netprog::ch02_addresses::lan::{self, NobodyAnswered};
use netprog::ch02_addresses::mac::Mac;
use netprog::ch02_addresses::slaac::{self, InterfaceId, Link};
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::time::Duration;

fn mac(text: &str) -> Mac {
    text.parse().unwrap()
}

/// Figures 2-7 and 2-8: six nodes.
fn neighborhood() -> Neighborhood {
    let mut nodes = Neighborhood::new(prefix("192.168.1.0/24"));
    for host in [10, 20, 30, 40, 50, 60] {
        nodes.add(&format!("192.168.1.{host}"), IpAddr::V4(Ipv4Addr::new(192, 168, 1, host)));
    }
    nodes
}

/// Row 2.14, Figure 2-7: unicast reaches one; multicast those who joined, and nobody who did not.
#[test]
fn multicast_reaches_those_who_opted_in() {
    trace::chapter("ch02");
    let (mut nodes, sender, group) = (neighborhood(), "192.168.1.10", ip("224.0.0.100"));
    assert_eq!(nodes.receivers(sender, ip("192.168.1.30")), ["192.168.1.30"]);
    assert!(nodes.receivers(sender, group).is_empty());
    for member in ["192.168.1.20", "192.168.1.50"] {
        nodes.join(member, group);
    }
    assert_eq!(nodes.receivers(sender, group), ["192.168.1.20", "192.168.1.50"]);
    nodes.leave("192.168.1.20", group);
    assert_eq!(nodes.receivers(sender, group), ["192.168.1.50"]);
}

/// Row 2.14, live on loopback: before joining nothing comes, afterwards what was sent since; a member of another group
/// hears nothing.
#[cfg(target_os = "linux")]
#[test]
fn a_real_group_is_heard_by_its_members_only() {
    trace::chapter("ch02");
    let _me = trace::party("sender");
    let (group, other_group) = (v4("239.255.2.14"), v4("239.255.2.15"));
    let tell = |to: &str, data: &[u8], text: &str| {
        trace::between_with(Kind::Sent, "sender", to, data, || text.into());
    };
    let member = UdpSocket::bind((group, 0)).unwrap();
    member.set_read_timeout(Some(PATIENCE)).unwrap();
    let port = member.local_addr().unwrap().port();
    let outsider = casts::join_group(other_group, port, Ipv4Addr::LOCALHOST).unwrap();
    outsider.set_nonblocking(true).unwrap();
    let sender = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();

    tell("nobody", b"too early", "the group has no members");
    sender.send_to(b"too early", (group, port)).unwrap();
    trace::note_of("member", || format!("joins {group}"));
    member.join_multicast_v4(&group, &Ipv4Addr::LOCALHOST).unwrap();
    tell("member", b"news", "to 239.255.2.14");
    sender.send_to(b"news", (group, port)).unwrap();
    let mut buf = [0; 20];
    let (length, from) = member.recv_from(&mut buf).unwrap();
    assert_eq!((&buf[..length], from), (b"news".as_slice(), sender.local_addr().unwrap()));
    assert_eq!(outsider.recv_from(&mut buf).unwrap_err().kind(), ErrorKind::WouldBlock);
    tell("member of another group", b"for the others", "to 239.255.2.15");
    sender.send_to(b"for the others", (other_group, port)).unwrap();
    assert_eq!(outsider.recv_from(&mut buf).unwrap().0, 14);
}

/// Row 2.15, Figure 2-8: the subnet's other five hosts, without having joined anything.
#[test]
fn broadcast_reaches_the_other_five_hosts() {
    trace::chapter("ch02");
    let nodes = neighborhood();
    let all = ip("192.168.1.255");
    assert_eq!((nodes.cast(all), nodes.receivers("192.168.1.10", all).len()), (Cast::Broadcast, 5));
    assert!(!nodes.receivers("192.168.1.10", all).contains(&"192.168.1.10"));
}

/// Row 2.15, live: the system does not let a program shout by mistake.
#[cfg(target_os = "linux")]
#[test]
fn a_broadcast_without_permission_is_refused_by_the_system() {
    trace::chapter("ch02");
    let everybody = v4("127.255.255.255");
    let listener = casts::listen_for_broadcasts(everybody, 0).unwrap();
    listener.set_read_timeout(Some(PATIENCE)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let sender = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    assert_eq!(sender.send_to(b"hey", (everybody, port)).unwrap_err().kind(), ErrorKind::PermissionDenied);
    trace::note_of("sender", || "send_to without set_broadcast: permission denied".into());
    trace::between_with(Kind::Sent, "sender", "everybody on 127/8", b"hey all", || {
        "with set_broadcast".into()
    });
    casts::send_broadcast(&sender, b"hey all", (everybody, port)).unwrap();
    assert_eq!(listener.recv(&mut [0; 20]).unwrap(), 7);
}

/// Row 2.17: a question to everybody, an answer to the one who asked, then the data; the second time no question.
#[test]
fn arp_asks_everybody_once_and_remembers() {
    trace::chapter("ch02");
    let mut lan = office();
    let b = v4("192.168.1.20");
    lan.send(0, b, b"first").unwrap();
    lan.send(0, b, b"second").unwrap();
    let frames = lan.frames();
    assert_eq!(
        frames.iter().map(|frame| frame.ether_type).collect::<Vec<_>>(),
        [ETHER_TYPE, ETHER_TYPE, lan::IPV4, lan::IPV4]
    );
    let (question, answer) =
        (ArpPacket::decode(&frames[0].payload).unwrap(), ArpPacket::decode(&frames[1].payload).unwrap());
    assert_eq!((frames[0].payload.len(), ETHER_TYPE), (28, 0x0806));
    assert_eq!((question.operation, frames[0].destination), (Operation::WhoHas, Mac::BROADCAST));
    assert_eq!((answer.operation, frames[1].destination), (Operation::IsAt, lan.host(0).mac));
    assert_eq!((answer.sender_ip, answer.sender_mac), (b, lan.host(1).mac));
    assert_eq!(frames[3].destination, lan.host(1).mac);
    assert_eq!(lan.send(0, v4("192.168.1.99"), b"x"), Err(NobodyAnswered(v4("192.168.1.99"))));
}

/// Row 2.17: the question told b who a is, and whoever knew a already renews what it knew.
#[test]
fn those_who_overhear_a_question_update_what_they_know() {
    trace::chapter("ch02");
    let mut lan = office();
    let a = lan.host(0).ip;
    lan.send(2, a, b"c knows a").unwrap();
    lan.advance(Duration::from_secs(40));
    lan.send(0, v4("192.168.1.20"), b"x").unwrap();
    lan.advance(Duration::from_secs(40));
    assert_eq!(lan.known(2, a), Some(lan.host(0).mac), "80 s after c asked, 40 s after it overheard");
    assert_eq!(lan.known(2, v4("192.168.1.20")), None, "an overhearer makes no new entry");
    assert_eq!(lan.known(1, a), Some(lan.host(0).mac), "the one asked does");
}

/// Row 2.17, the trouble with it: an answer nobody asked for is believed, and the next packet goes to the liar.
#[test]
fn a_lie_in_arp_is_believed() {
    trace::chapter("ch02");
    let mut lan = office();
    let (a, b, liar) = (lan.host(0).clone(), lan.host(1).clone(), lan.host(2).clone());
    lan.send(0, b.ip, b"honest").unwrap();
    let lie = ArpPacket {
        operation: Operation::IsAt,
        sender_mac: liar.mac,
        sender_ip: b.ip,
        target_mac: a.mac,
        target_ip: a.ip,
    };
    lan.announce(lie, a.mac);
    assert_eq!(lan.send(0, b.ip, b"secret"), Ok(liar.mac));
}

/// Row 2.24, Figures 2-11 to 2-13: one, some, the nearest; and when the nearest is gone, the next.
#[test]
fn anycast_goes_to_the_nearest_and_to_the_next_when_that_is_gone() {
    trace::chapter("ch02");
    let mut net = Neighborhood::new(prefix("2001:db8::/32"));
    net.add("client", ip("2001:db8::c"));
    for (name, milliseconds) in [("frankfurt", 20), ("tokyo", 220), ("new york", 90)] {
        net.add(name, ip("2001:db8::53"));
        net.set_latency("client", name, milliseconds);
    }
    net.add("alone", ip("2001:db8::1"));
    let (service, group) = (ip("2001:db8::53"), ip("ff0e::7"));
    assert_eq!((net.cast(service), net.receivers("client", service)), (Cast::Anycast, vec!["frankfurt"]));
    net.set_up("frankfurt", false);
    assert_eq!(net.receivers("client", service), ["new york"]);
    assert_eq!(net.receivers("client", ip("2001:db8::1")), ["alone"]);
    net.join("tokyo", group);
    net.join("alone", group);
    assert_eq!(net.receivers("client", group), ["tokyo", "alone"]);
}

fn link_with_router() -> Link {
    let mut link = Link::new();
    let network = v6("2600:fe56:7891:1::");
    let prefix = AdvertisedPrefix { network, length: 64, autonomous: true, valid_seconds: 86_400 };
    link.add_router(mac("02:00:00:00:00:01"), vec![prefix]);
    link
}

/// Row 2.26: solicit, be told the prefix, add the interface ID; without a router no address beyond the link.
#[test]
fn slaac_makes_an_address_of_the_routers_prefix_and_needs_a_router() {
    trace::chapter("ch02");
    let card = mac("00:1b:44:11:3a:b7");
    let mut link = link_with_router();
    let joined = link.join("node", card, InterfaceId::Eui64).unwrap();
    assert_eq!(joined.global, [v6("2600:fe56:7891:1:21b:44ff:fe11:3ab7")]);
    assert_eq!(joined.link_local, v6("fe80::21b:44ff:fe11:3ab7"));
    assert_eq!(link.seen(), [135, 133, 134, 135], "duplicate? router? here! duplicate?");

    let mut island = Link::new();
    let alone = island.join("node", card, InterfaceId::Eui64).unwrap();
    assert_eq!((alone.global.len(), alone.link_local), (0, joined.link_local));
    assert_eq!(island.seen(), [135, 133]);
}

/// Row 2.27, Figure 2-14: the book leaves out that one bit is turned over. And the MAC address can be read off.
#[test]
fn the_interface_id_holds_the_mac_with_one_bit_turned_over() {
    let card = mac("00:1b:44:11:3a:b7");
    assert_eq!(slaac::book_interface_id(card), 0x001b_44ff_fe11_3ab7, "as the book has it");
    assert_eq!(slaac::eui64_interface_id(card), 0x021b_44ff_fe11_3ab7, "as addresses have it");
    assert_eq!(slaac::book_interface_id(card) ^ slaac::eui64_interface_id(card), 0x02 << 56);
    assert_eq!(slaac::mac_of_interface_id(0x021b_44ff_fe11_3ab7), Some(card));
    show("interface ID", &slaac::figure(card));
}

/// Row 2.28: random IDs differ from run to run, and hide the MAC address; one that is taken is drawn again.
#[test]
fn a_random_interface_id_is_drawn_again_if_somebody_has_it() {
    trace::chapter("ch02");
    let mut link = link_with_router();
    let mut draw = || random::u64().unwrap();
    let one = link.join("one", mac("02:00:00:00:00:0a"), InterfaceId::Random(&mut draw)).unwrap();
    let two = link.join("two", mac("02:00:00:00:00:0b"), InterfaceId::Random(&mut draw)).unwrap();
    assert_ne!(one.global, two.global);
    assert_eq!(slaac::mac_of_interface_id(one.global[0].to_bits() as u64), None);

    let taken = one.link_local.to_bits() as u64;
    let mut drawn = [taken, 7, 8].into_iter();
    let mut unlucky = || drawn.next().unwrap();
    let three = link.join("three", mac("02:00:00:00:00:0c"), InterfaceId::Random(&mut unlucky)).unwrap();
    assert_eq!((three.link_local, three.redrawn), (v6("fe80::7"), 1));
    assert!(link.seen().contains(&136), "the owner spoke up");
}
