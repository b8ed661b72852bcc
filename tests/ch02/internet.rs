//! Routers, hops, what they report and what they let pass.

use super::words::*;
use netprog::base::trace::{self, Kind};
use netprog::ch01_networks::ipv4_header::{self, DEFAULT_TTL, ICMP, Ipv4Header};
use netprog::ch02_addresses::firewall::{Action, Firewall, Flow, Transport};
use netprog::ch02_addresses::header::{ICMP6, IPV6_BYTES, Ipv6Header, forward_ipv4, forward_ipv6};
use netprog::ch02_addresses::icmp::{Message, Unreachable};
use netprog::ch02_addresses::icmp6::Message6;
use netprog::ch02_addresses::mac::Mac;
use netprog::ch02_addresses::net::Internet;
use netprog::ch02_addresses::routing::{Map, Metric};
use std::collections::HashSet;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, UdpSocket};
use std::time::Duration;

/// Row 2.25: one hop changes one byte of an IPv6 header, and three of an IPv4 header: the TTL and the checksum.
#[test]
fn a_router_must_sum_an_ipv4_header_again_and_an_ipv6_header_never() {
    let (source, destination) = (v4("10.0.0.1"), v4("10.0.0.2"));
    let before = Ipv4Header::new(ICMP, source, destination).encode(b"").unwrap();
    let mut after = before.clone();
    assert!(forward_ipv4(&mut after));
    assert_eq!((before.len(), before[8] - after[8]), (ipv4_header::HEADER, 1));
    assert_ne!(before[10..12], after[10..12], "the checksum");
    assert!(Ipv4Header::decode(&after).is_ok());

    let (source, destination) = (v6("fd00::1"), v6("fd00::2"));
    let before = Ipv6Header { next_header: ICMP6, hop_limit: 64, source, destination }.encode(b"").unwrap();
    let mut after = before.clone();
    assert!(forward_ipv6(&mut after));
    let changed: Vec<usize> = (0..IPV6_BYTES).filter(|place| before[*place] != after[*place]).collect();
    assert_eq!((before.len(), changed), (IPV6_BYTES, vec![7]));
}

struct TwoHops {
    net: Internet,
    client: usize,
    node1: usize,
    server: usize,
}

/// Figure 2-15: client, node 1, node 2, server; the first link wireless, the others Ethernet.
fn two_hops() -> TwoHops {
    trace::chapter("ch02");
    let mut net = Internet::new();
    let links = [("wireless", "10.0.1.0/24"), ("ethernet", "10.0.2.0/24"), ("ethernet", "10.0.3.0/24")];
    let [left, middle, right] = links.map(|(name, network)| net.add_link(name, prefix(network)));
    let (client, node1, node2, server) =
        (net.add_host("client"), net.add_router("node 1"), net.add_router("node 2"), net.add_host("server"));
    for (node, link, address) in [
        (client, left, "10.0.1.2"),
        (node1, left, "10.0.1.1"),
        (node1, middle, "10.0.2.1"),
        (node2, middle, "10.0.2.2"),
        (node2, right, "10.0.3.1"),
        (server, right, "10.0.3.2"),
    ] {
        net.plug(node, link, v4(address));
    }
    for (node, network, via) in [
        (client, "0.0.0.0/0", "10.0.1.1"),
        (node1, "10.0.3.0/24", "10.0.2.2"),
        (node2, "10.0.1.0/24", "10.0.2.1"),
        (server, "0.0.0.0/0", "10.0.3.1"),
    ] {
        net.route(node, prefix(network), v4(via));
    }
    TwoHops { net, client, node1, server }
}

const SERVER: Ipv4Addr = Ipv4Addr::new(10, 0, 3, 2);

/// Rows 2.16 and 2.34, Figure 2-15: on each link another frame; IP addresses and data stay; the TTL loses one per router.
#[test]
fn over_two_hops_the_macs_change_and_the_addresses_and_the_data_do_not() {
    let TwoHops { mut net, client, server, .. } = two_hops();
    net.open(server, 80);
    let hops = net.send_udp(client, SERVER, 80, DEFAULT_TTL, b"GET /").to_vec();
    let links: Vec<&str> = hops.iter().map(|hop| hop.link.as_str()).collect();
    assert_eq!(links, ["wireless", "ethernet", "ethernet"]);
    let macs: HashSet<Mac> = hops.iter().flat_map(|hop| [hop.source_mac, hop.destination_mac]).collect();
    assert_eq!(macs.len(), 6, "three links, two interfaces on each, none twice");
    for (hop, ttl) in hops.iter().zip([64, 63, 62]) {
        println!("{hop}");
        let (header, payload) = Ipv4Header::decode(&hop.packet).unwrap();
        assert_eq!((header.source, header.destination, header.ttl), (v4("10.0.1.2"), SERVER, ttl));
        assert_eq!(&payload[8..], b"GET /");
    }
    assert_eq!(net.received(server).len(), 1);
}

/// Row 2.29: IPsec is a header behind IPv6's like others; since RFC 6434 a node may do without. Here: any next header is
/// carried, and its payload not looked at.
#[test]
fn ipsec_is_a_next_header_that_routers_carry_unread() {
    const ENCRYPTED: u8 = 50; // ESP, RFC 4303
    let header = Ipv6Header {
        next_header: ENCRYPTED,
        hop_limit: 64,
        source: v6("fd00::1"),
        destination: v6("fd00::2"),
    };
    let mut packet = header.encode(b"\x8f\x02 not for the router").unwrap();
    assert!(forward_ipv6(&mut packet));
    let (after, payload) = Ipv6Header::decode(&packet).unwrap();
    assert_eq!((after.next_header, payload), (ENCRYPTED, b"\x8f\x02 not for the router".as_slice()));
}

/// Row 2.30: no route, no host, no port; each is told, in both versions' codes.
#[test]
fn what_cannot_be_reached_is_reported_by_whoever_finds_out() {
    let TwoHops { mut net, client, .. } = two_hops();
    let found = |answer: Option<(Ipv4Addr, Message)>| match answer {
        Some((from, Message::Unreachable { reason, original })) => (from, reason, original.len()),
        other => panic!("{other:?}"),
    };
    assert_eq!(found(net.ping(client, v4("10.9.9.9"))), (v4("10.0.1.1"), Unreachable::Network, 28));
    assert_eq!(found(net.ping(client, v4("10.0.3.99"))), (v4("10.0.2.2"), Unreachable::Host, 28));
    net.send_udp(client, SERVER, 9, DEFAULT_TTL, b"");
    let (header, payload) = net.received(client).remove(0);
    assert_eq!(header.source, SERVER);
    assert!(matches!(Message::decode(&payload), Ok(Message::Unreachable { reason: Unreachable::Port, .. })));
    let six =
        Message6::Unreachable { code: 4, original: vec![0x60; 40] }.encode(v6("fd00::1"), v6("fd00::2"));
    assert_eq!(six[..2], [1, 4]);
}

/// Row 2.30: an error that cannot be delivered is not answered with another, or two hosts could go on for ever.
#[test]
fn an_icmp_error_is_never_answered_with_an_icmp_error() {
    let TwoHops { mut net, client, node1, server } = two_hops();
    let node2 = node1 + 1;
    net.route(node2, prefix("10.0.1.0/24"), v4("10.0.2.99")); // nobody there: the way back is cut
    net.send_udp(client, SERVER, 9, DEFAULT_TTL, b"");
    assert!(net.hops().iter().any(|hop| hop.from == "server"), "the server says that the port is closed");
    assert!(net.received(client).is_empty(), "and nobody hears it");
    assert!(net.received(server).is_empty(), "but the server is not told so");
}

/// Row 2.30, live: the kernel turns "port unreachable" into `ConnectionRefused` for a connected UDP socket. One that is not
/// connected waits for ever.
#[test]
fn a_connected_udp_socket_learns_that_nobody_listens() {
    trace::chapter("ch02");
    let closed = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let tell = |from: &str| trace::between_with(Kind::Sent, from, "closed port", b"anybody?", String::new);
    let connected = UdpSocket::bind("127.0.0.1:0").unwrap();
    connected.set_read_timeout(Some(PATIENCE)).unwrap();
    connected.connect(closed).unwrap();
    tell("connected socket");
    connected.send(b"anybody?").unwrap();
    assert_eq!(connected.recv(&mut [0; 1]).unwrap_err().kind(), ErrorKind::ConnectionRefused);
    trace::note_of("connected socket", || {
        "recv: connection refused; the kernel had an ICMP answer for it".into()
    });

    let unconnected = UdpSocket::bind("127.0.0.1:0").unwrap();
    unconnected.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
    tell("unconnected socket");
    unconnected.send_to(b"anybody?", closed).unwrap();
    let error = unconnected.recv(&mut [0; 1]).unwrap_err().kind();
    assert!(matches!(error, ErrorKind::WouldBlock | ErrorKind::TimedOut), "{error:?}");
    trace::note_of("unconnected socket", || "recv: nothing, until its time was up".into());
}

/// Row 2.31: the default router forwards, and says that another one is nearer; the next packet goes there.
#[test]
fn after_a_redirect_the_next_packet_takes_the_better_router() {
    trace::chapter("ch02");
    let mut net = Internet::new();
    let (home, far) =
        (net.add_link("ethernet", prefix("10.0.0.0/24")), net.add_link("fiber", prefix("10.0.9.0/24")));
    let (host, default, better, server) = (
        net.add_host("host"),
        net.add_router("router A"),
        net.add_router("router B"),
        net.add_host("server"),
    );
    for (node, link, address) in [
        (host, home, "10.0.0.10"),
        (default, home, "10.0.0.1"),
        (better, home, "10.0.0.2"),
        (better, far, "10.0.9.1"),
        (server, far, "10.0.9.9"),
    ] {
        net.plug(node, link, v4(address));
    }
    net.route(host, prefix("0.0.0.0/0"), v4("10.0.0.1"));
    net.route(default, prefix("10.0.9.0/24"), v4("10.0.0.2"));
    net.route(server, prefix("0.0.0.0/0"), v4("10.0.9.1"));
    let path = |net: &mut Internet| -> Vec<String> {
        let first = net.hops().len();
        assert!(matches!(net.ping(host, v4("10.0.9.9")), Some((_, Message::EchoReply { .. }))));
        let there =
            net.hops()[first..].iter().filter(|hop| hop.packet.starts_with(&[0x45]) && hop.packet[19] == 9);
        there.map(|hop| hop.to.clone()).collect()
    };
    assert_eq!(path(&mut net), ["router A", "router B", "server"]);
    assert_eq!(path(&mut net), ["router B", "server"]);

    let own = Ipv4Header::new(ICMP, v4("10.0.0.10"), v4("10.0.9.9"));
    let lie = Message::Redirect { gateway: v4("10.0.0.66"), original: own.encode(&[0; 8]).unwrap() };
    net.send(server, v4("10.0.0.10"), DEFAULT_TTL, ICMP, &lie.encode());
    assert_eq!(path(&mut net), ["router B", "server"], "not from the router it uses: not believed");
}

/// Row 2.32: a ping comes back as it went; the reply has the request's numbers and data.
#[test]
fn a_ping_comes_back_with_its_id_its_number_and_its_data() {
    let TwoHops { mut net, client, .. } = two_hops();
    let (from, reply) = net.ping(client, SERVER).unwrap();
    assert_eq!((from, reply), (SERVER, Message::EchoReply { id: 1, sequence: 1, data: b"netprog".to_vec() }));
    let (a, b) = (v6("fd00::1"), v6("fd00::2"));
    let ping = Message6::Echo { id: 7, sequence: 2, data: b"six".to_vec() };
    let bytes = ping.encode(a, b);
    let pong = Message6::decode(&bytes, a, b).unwrap().reply().unwrap();
    assert_eq!((bytes[0], pong.encode(b, a)[0]), (128, 129));
    assert_eq!(pong, Message6::EchoReply { id: 7, sequence: 2, data: b"six".to_vec() });
}

/// Row 2.33: each router takes one off the TTL; where it comes to zero somebody says so, and so the way can be listed.
#[test]
fn traceroute_lists_the_hops_by_letting_packets_die() {
    let TwoHops { mut net, client, .. } = two_hops();
    let found = net.traceroute(client, SERVER, 30);
    let who: Vec<String> = found.iter().map(|hop| hop.answer.as_ref().unwrap().0.to_string()).collect();
    assert_eq!(who, ["10.0.1.1", "10.0.2.2", "10.0.3.2"]);
    assert!(matches!(found[0].answer, Some((_, Message::TimeExceeded { .. }))));
    assert!(matches!(found[2].answer, Some((_, Message::Unreachable { reason: Unreachable::Port, .. }))));
    assert_eq!(Message::TimeExceeded { original: vec![] }.encode()[0], 11);
    let six = Message6::TimeExceeded { original: vec![] };
    assert_eq!(six.encode(v6("fd00::1"), v6("fd00::2"))[0], 3);
}

/// Row 2.33: two routers that send to each other, and a packet that dies of it.
#[test]
fn a_loop_between_routers_ends_when_the_ttl_does() {
    let TwoHops { mut net, client, node1, .. } = two_hops();
    let node2 = node1 + 1;
    net.route(node1, prefix("10.7.0.0/16"), v4("10.0.2.2"));
    net.route(node2, prefix("10.7.0.0/16"), v4("10.0.2.1"));
    let hops = net.send_udp(client, v4("10.7.0.1"), 80, DEFAULT_TTL, b"").len();
    assert!((64..200).contains(&hops), "{hops}");
    assert!(net.received(client).iter().any(|(_, payload)| payload[0] == 11));
}

/// Row 2.33, live: a socket's TTL can be read and set.
#[test]
fn a_sockets_ttl_is_64_until_one_sets_it() {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    #[cfg(target_os = "linux")]
    assert_eq!(socket.ttl().unwrap(), u32::from(DEFAULT_TTL));
    socket.set_ttl(3).unwrap();
    assert_eq!(socket.ttl().unwrap(), 3);
}

/// Row 2.35: the public network is open on one port, the private one shut; the first rule that fits decides.
#[test]
fn a_firewall_asks_its_rules_in_order() {
    trace::chapter("ch02");
    let rules = "allow tcp from any to 198.51.100.0/26 port 443  # the public services\n\
                 drop any from any to 198.51.100.0/24             # the rest of the office\n\
                 allow any from any to any\n";
    let firewall = Firewall::parse(rules, Action::Drop).unwrap();
    let flow = |destination: &str, port| {
        let (source, destination) = (ip("203.0.113.7"), ip(destination));
        Flow { source, destination, transport: Transport::Tcp, port: Some(port) }
    };
    assert_eq!(firewall.decide(&flow("198.51.100.10", 443)), (Action::Allow, Some(0)));
    assert_eq!(firewall.decide(&flow("198.51.100.10", 22)), (Action::Drop, Some(1)));
    assert_eq!(firewall.decide(&flow("198.51.100.70", 443)), (Action::Drop, Some(1)));
    assert_eq!(firewall.decide(&flow("8.8.8.8", 22)), (Action::Allow, Some(2)));
    let turned = rules.lines().rev().collect::<Vec<_>>().join("\n");
    let open = Firewall::parse(&turned, Action::Drop).unwrap();
    assert_eq!(open.decide(&flow("198.51.100.70", 22)), (Action::Allow, Some(0)), "the order is the meaning");
}

/// Row 2.35: a router with a firewall: what is dropped is answered with silence, what is rejected with a word.
#[test]
fn a_dropped_packet_is_silence_and_a_rejected_one_an_answer() {
    for (rule, answer) in
        [("drop icmp from any to any", None), ("reject icmp from any to any", Some(Unreachable::Prohibited))]
    {
        let TwoHops { mut net, client, node1, .. } = two_hops();
        net.protect(node1, Firewall::parse(rule, Action::Allow).unwrap());
        let reason = net.ping(client, SERVER).map(|(_, message)| match message {
            Message::Unreachable { reason, .. } => reason,
            other => panic!("{other}"),
        });
        assert_eq!(reason, answer);
    }
}

/// Row 2.36: one network, two measures, two best ways; and a cut that changes one of them.
#[test]
fn by_hops_one_way_is_best_and_by_bandwidth_another() {
    trace::chapter("ch02");
    let mut map = Map::new();
    map.link("A", "D", 10);
    for (one, other) in [("A", "B"), ("B", "C"), ("C", "D")] {
        map.link(one, other, 1000);
    }
    let way = |map: &Map, metric| map.way("A", "D", metric).map(|way| way.to_string());
    assert_eq!(way(&map, Metric::Hops).as_deref(), Some("A > D (cost 1)"));
    assert_eq!(way(&map, Metric::Bandwidth).as_deref(), Some("A > B > C > D (cost 300)"));
    map.cut("B", "C");
    assert_eq!(way(&map, Metric::Bandwidth).as_deref(), Some("A > D (cost 10000)"));
    map.cut("A", "D");
    assert_eq!(way(&map, Metric::Hops), None);
}
