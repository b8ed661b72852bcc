//! Ports, and networks that hide behind one address.

use super::words::*;
use netprog::base::cancel::Cancel;
use netprog::base::conn::{Conn, TcpSocketListener};
use netprog::base::connect::connect;
use netprog::base::deadline::Deadline;
use netprog::base::random::Seeded;
use netprog::base::trace::{self};
#[cfg(target_os = "linux")]
use netprog::ch02_addresses::gateway::{Gateway, GatewayConfig, Report};
use netprog::ch02_addresses::nat::Nat;
use netprog::ch02_addresses::ports::{self, PortClass};
use netprog::ch02_addresses::{ports::Demultiplexer, ports::SocketPair};
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::time::Duration;

/// Row 2.11: three ranges; 80, 443 and 22 are customs, so SSH on 22422 is SSH all the same.
#[test]
fn ports_have_classes_and_a_service_may_stand_anywhere() {
    for (port, class) in [
        (0, PortClass::WellKnown),
        (1023, PortClass::WellKnown),
        (1024, PortClass::Registered),
        (49_151, PortClass::Registered),
        (49_152, PortClass::Ephemeral),
        (65_535, PortClass::Ephemeral),
    ] {
        assert_eq!(PortClass::of(port), class, "{port}");
    }
    assert_eq!([80, 443, 22].map(ports::service), [Some("http"), Some("https"), Some("ssh")]);
    assert_eq!((ports::service(22_422), PortClass::of(22_422)), (None, PortClass::Registered));
}

/// Row 2.11: what IANA advises is not what systems do: Linux takes 32768 to 60999 for clients.
#[cfg(target_os = "linux")]
#[test]
fn the_system_chooses_client_ports_from_a_range_of_its_own() {
    let range = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap();
    let bounds: Vec<u16> = range.split_whitespace().map(|number| number.parse().unwrap()).collect();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    assert!((bounds[0]..=bounds[1]).contains(&client.local_addr().unwrap().port()));
}

/// Row 2.12: two clients, one server port; the pair of socket addresses tells them apart, and each gets its own answer.
/// Watch: both conversations go to the same address and port.
#[test]
fn one_server_port_serves_two_clients_because_the_pairs_differ() {
    trace::chapter("ch02");
    let _me = trace::party("server");
    let listener = TcpSocketListener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let server = listener.socket_addr();
    let dial = |name: &'static str| {
        let _me = trace::party(name);
        let client = connect(server, Deadline::after(PATIENCE), &Cancel::new()).unwrap();
        (client, listener.accept_tcp().unwrap())
    };
    let (mut first, mut to_first) = dial("client 1");
    let (mut second, mut to_second) = dial("client 2");
    let pair = |conn: &dyn Conn| SocketPair {
        local: conn.local().socket_addr().unwrap(),
        remote: conn.peer().socket_addr().unwrap(),
    };
    let (one, two) = (pair(&to_first), pair(&to_second));
    assert_eq!((one.local, two.local), (server, server));
    assert_ne!(one.remote, two.remote);
    assert_eq!(pair(&first), one.reversed());

    let mut model = Demultiplexer::new();
    assert!(model.open(one, "first") && model.open(two, "second"));
    assert_eq!((model.deliver(one), model.deliver(two)), (Some("first"), Some("second")));

    to_second.write_all(b"two").unwrap();
    to_first.write_all(b"one").unwrap();
    let (mut a, mut b) = ([0; 3], [0; 3]);
    first.read_exact(&mut a).unwrap();
    second.read_exact(&mut b).unwrap();
    assert_eq!((&a, &b), (b"one", b"two"));
}

/// Row 2.13, Figure 2-6: the table. The port is kept, a taken one replaced, strangers are dropped, a forwarded port leads
/// inside.
#[test]
fn the_books_nat_keeps_the_port_and_drops_what_nobody_asked_for() {
    trace::chapter("ch02");
    let at = |text: &str| text.parse().unwrap();
    let (now, web) = (Duration::ZERO, at("93.184.216.34:80"));
    let mut nat = Nat::new(v4("1.2.3.4"), Seeded::new(26));
    assert_eq!(nat.outbound(at("10.0.0.3:50926"), web, now), Ok(at("1.2.3.4:50926")));
    let other = nat.outbound(at("10.0.0.4:50926"), web, now).unwrap();
    assert_ne!(other.port(), 50_926, "taken, so it is another");
    assert_eq!(nat.inbound(web, 50_926, now), Some(at("10.0.0.3:50926")));
    assert_eq!(nat.inbound(web, other.port(), now), Some(at("10.0.0.4:50926")));
    assert_eq!(nat.inbound(at("6.6.6.6:666"), 50_926, now), None);
    nat.forward(80, at("10.0.0.9:8080")).unwrap();
    assert_eq!(nat.inbound(at("6.6.6.6:666"), 80, now), Some(at("10.0.0.9:8080")));
    show("the table", &nat.to_string());
}

#[cfg(target_os = "linux")]
const CLIENT: Ipv4Addr = Ipv4Addr::new(127, 10, 0, 3);

#[cfg(target_os = "linux")]
const OTHER: Ipv4Addr = Ipv4Addr::new(127, 10, 0, 4);

#[cfg(target_os = "linux")]
const INSIDE: Ipv4Addr = Ipv4Addr::new(127, 10, 0, 1);

#[cfg(target_os = "linux")]
const OUTSIDE: Ipv4Addr = Ipv4Addr::new(127, 93, 0, 34);

#[cfg(target_os = "linux")]
fn hear(socket: &UdpSocket) -> (Vec<u8>, SocketAddr) {
    let mut buf = [0; 100];
    let (length, from) = socket.recv_from(&mut buf).unwrap();
    (buf[..length].to_vec(), from)
}

/// Row 2.13, live: the server sees the gateway's address and the client's port; the answer finds the client; what a
/// stranger sends to that port is dropped. Watch: `Relay::take_question`, `Relay::take_inbound`.
#[cfg(target_os = "linux")]
#[test]
fn a_datagram_goes_out_under_the_public_address_and_its_answer_comes_back() {
    trace::chapter("ch02");
    let (server, server_at) = socket("server", OUTSIDE);
    let (client, client_at) = socket("client 10.0.0.3", CLIENT);
    let (stranger, stranger_at) = socket("stranger", OUTSIDE);
    let config =
        GatewayConfig { inside: INSIDE, public: public(1), destinations: vec![server_at], forwards: vec![] };
    let gateway = Gateway::start(&config).unwrap();

    client.send_to(b"question", gateway.inside()[0]).unwrap();
    let (question, seen) = hear(&server);
    assert_eq!((question.as_slice(), seen.ip()), (b"question".as_slice(), IpAddr::V4(config.public)));
    assert_eq!(seen.port(), client_at.port(), "the port is kept");
    assert_ne!(stranger_at, server_at);
    stranger.send_to(b"unasked", seen).unwrap();
    server.send_to(b"answer", seen).unwrap();
    assert_eq!(hear(&client), (b"answer".to_vec(), SocketAddr::V4(gateway.inside()[0])));
    assert_eq!(gateway.stop(), Report { out: 1, into: 1, dropped: 1 });
}

/// Row 2.13, live: a second client with the same port gets another one, and its own answers.
#[cfg(target_os = "linux")]
#[test]
fn two_clients_with_one_port_get_two_and_neither_hears_the_other() {
    trace::chapter("ch02");
    let (server, server_at) = socket("server", OUTSIDE);
    let (first, first_at) = socket("client 1", CLIENT);
    let second = UdpSocket::bind((OTHER, first_at.port())).unwrap();
    second.set_read_timeout(Some(PATIENCE)).unwrap();
    let config =
        GatewayConfig { inside: INSIDE, public: public(2), destinations: vec![server_at], forwards: vec![] };
    let gateway = Gateway::start(&config).unwrap();
    first.send_to(b"1", gateway.inside()[0]).unwrap();
    let (_, public_first) = hear(&server);
    second.send_to(b"2", gateway.inside()[0]).unwrap();
    let (_, public_second) = hear(&server);
    assert_eq!(public_first.port(), first_at.port());
    assert_ne!(public_second.port(), public_first.port());
    server.send_to(b"to 2", public_second).unwrap();
    server.send_to(b"to 1", public_first).unwrap();
    assert_eq!((hear(&first).0, hear(&second).0), (b"to 1".to_vec(), b"to 2".to_vec()));
}

/// Row 2.13, live: with a forwarded port a stranger reaches a server inside, and hears from the public address.
#[cfg(target_os = "linux")]
#[test]
fn a_forwarded_port_lets_a_stranger_in() {
    trace::chapter("ch02");
    let (hidden, hidden_at) = socket("server inside", CLIENT);
    let (stranger, _) = socket("stranger", OUTSIDE);
    let forwards = vec![(0, hidden_at)];
    let config = GatewayConfig { inside: INSIDE, public: public(3), destinations: vec![], forwards };
    let gateway = Gateway::start(&config).unwrap();
    stranger.send_to(b"hello?", gateway.forwards()[0]).unwrap();
    let (question, from) = hear(&hidden);
    assert_eq!((question.as_slice(), from.ip()), (b"hello?".as_slice(), IpAddr::V4(INSIDE)));
    hidden.send_to(b"hello!", from).unwrap();
    assert_eq!(hear(&stranger), (b"hello!".to_vec(), SocketAddr::V4(gateway.forwards()[0])));
    assert_eq!(gateway.stop(), Report { out: 1, into: 1, dropped: 0 });
}
