//! The relay between real sockets.

use super::*;
use crate::base::fault::{LinkFaults, Treatment};

/// Only a failing test waits that long.
const LIMIT: Duration = Duration::from_secs(10);

fn socket() -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(LIMIT)).unwrap();
    socket
}

fn receive(socket: &UdpSocket) -> (Vec<u8>, SocketAddr) {
    let mut buf = [0; 2048];
    let (length, from) = socket.recv_from(&mut buf).unwrap();
    (buf[..length].to_vec(), from)
}

fn start(server: &UdpSocket, up: Link, down: Link) -> UdpLink {
    UdpLink::start(server.local_addr().unwrap(), up, down).unwrap()
}

#[test]
fn an_echo_through_a_perfect_link_comes_from_the_address_the_client_asked() {
    let (client, server) = (socket(), socket());
    let link = start(&server, Link::perfect(), Link::perfect());
    // A connected socket takes answers from this address only.
    client.connect(link.address()).unwrap();
    client.send(b"ping").unwrap();
    let (ping, from) = receive(&server);
    assert_ne!(from, client.local_addr().unwrap(), "the server talks to the relay");
    server.send_to(&ping, from).unwrap();
    assert_eq!(receive(&client), (b"ping".to_vec(), link.address()));
    let one = LinkStats { offered: 1, forwarded: 1, ..LinkStats::default() };
    assert_eq!(link.stats(), RelayStats { up: one, down: one });
}

#[test]
fn a_server_that_answers_from_a_new_port_is_seen_at_a_new_port_and_reached_there() {
    let (client, server, transfer) = (socket(), socket(), socket());
    let link = start(&server, Link::perfect(), Link::perfect());
    client.send_to(b"read request", link.address()).unwrap();
    let (_, client_seen) = receive(&server);

    transfer.send_to(b"data 1", client_seen).unwrap();
    let (data, transfer_seen) = receive(&client);
    assert_eq!(data, b"data 1");
    assert_ne!(transfer_seen, link.address(), "the port change must be visible");

    client.send_to(b"ack 1", transfer_seen).unwrap();
    assert_eq!(receive(&transfer), (b"ack 1".to_vec(), client_seen), "from the port that asked");
    transfer.send_to(b"data 2", client_seen).unwrap();
    assert_eq!(receive(&client), (b"data 2".to_vec(), transfer_seen), "the new port stays the same");
}

#[test]
fn two_clients_and_two_transfers_are_kept_apart() {
    let (one, two, server) = (socket(), socket(), socket());
    let link = start(&server, Link::perfect(), Link::perfect());
    one.send_to(b"one", link.address()).unwrap();
    let (_, one_seen) = receive(&server);
    two.send_to(b"two", link.address()).unwrap();
    let (_, two_seen) = receive(&server);
    assert_ne!(one_seen, two_seen);

    let transfer = socket();
    transfer.send_to(b"for two", two_seen).unwrap();
    transfer.send_to(b"for one", one_seen).unwrap();
    let (to_one, door_one) = receive(&one);
    let (to_two, door_two) = receive(&two);
    assert_eq!((to_one, to_two), (b"for one".to_vec(), b"for two".to_vec()));
    assert_ne!(door_one, door_two);

    // The second client is a stranger at the first one's door.
    two.send_to(b"intruder", door_one).unwrap();
    one.send_to(b"mine", door_one).unwrap();
    assert_eq!(receive(&transfer), (b"mine".to_vec(), one_seen));
}

#[test]
fn each_direction_follows_its_own_plan() {
    let (client, server) = (socket(), socket());
    let up = Link::planned(vec![Treatment::Drop, Treatment::Duplicate]);
    let down = Link::planned(vec![Treatment::Drop]);
    let link = start(&server, up, down);
    for text in ["lost", "twice", "once"] {
        client.send_to(text.as_bytes(), link.address()).unwrap();
    }
    let mut came = Vec::new();
    for _ in 0..3 {
        came.push(receive(&server).0);
    }
    assert_eq!(came, [b"twice".to_vec(), b"twice".to_vec(), b"once".to_vec()]);

    client.send_to(b"who", link.address()).unwrap();
    let (_, seen) = receive(&server);
    server.send_to(b"lost", seen).unwrap();
    server.send_to(b"found", seen).unwrap();
    assert_eq!(receive(&client).0, b"found");
    let stats = link.stats();
    assert_eq!((stats.up.offered, stats.up.dropped, stats.up.duplicated, stats.up.forwarded), (4, 1, 1, 4));
    assert_eq!((stats.down.offered, stats.down.dropped, stats.down.forwarded), (2, 1, 1));
}

#[test]
fn a_datagram_that_is_held_back_is_overtaken() {
    let (client, server) = (socket(), socket());
    let hold = Duration::from_millis(100);
    let link = start(&server, Link::planned(vec![Treatment::HoldBack(hold)]), Link::perfect());
    let begin = Instant::now();
    client.send_to(b"first", link.address()).unwrap();
    client.send_to(b"second", link.address()).unwrap();
    assert_eq!(receive(&server).0, b"second");
    assert_eq!(receive(&server).0, b"first");
    assert!(begin.elapsed() >= hold);
    assert_eq!(link.stats().up.reordered, 1);
}

#[test]
fn the_same_seed_loses_the_same_datagrams() {
    let survivors = |seed| {
        let (client, server) = (socket(), socket());
        let up = Link::new(seed, LinkFaults { drop: 0.5, ..LinkFaults::default() });
        let link = start(&server, up, Link::perfect());
        for n in 0..40 {
            client.send_to(&[n], link.address()).unwrap();
        }
        // The statistics say when all have passed the link; what survived is then on its way.
        let begin = Instant::now();
        while link.stats().up.offered < 40 && begin.elapsed() < LIMIT {
            thread::yield_now();
        }
        let count = link.stats().up.forwarded;
        (0..count).map(|_| receive(&server).0[0]).collect::<Vec<u8>>()
    };
    let once = survivors(42);
    assert_eq!(once, survivors(42));
    assert_ne!(once, survivors(43));
    assert!((8..32).contains(&once.len()), "{once:?}");
}

#[test]
fn a_datagram_as_long_as_they_get_and_an_empty_one_pass_whole() {
    let (client, server) = (socket(), socket());
    let link = start(&server, Link::perfect(), Link::perfect());
    client.send_to(&[], link.address()).unwrap();
    assert_eq!(receive(&server).0, b"");
    let longest = vec![7; 65_507];
    client.send_to(&longest, link.address()).unwrap();
    let mut buf = vec![0; MAX_DATAGRAM];
    let (length, _) = server.recv_from(&mut buf).unwrap();
    assert!(buf[..length] == longest);
}

#[test]
fn dropping_the_link_ends_its_threads_and_forgets_what_was_on_the_way() {
    let (client, server) = (socket(), socket());
    let late = Link::planned(vec![Treatment::Pass, Treatment::HoldBack(Duration::from_secs(3600))]);
    let link = start(&server, late, Link::perfect());
    client.send_to(b"opens the client's socket", link.address()).unwrap();
    let (_, seen) = receive(&server);
    socket().send_to(b"opens a door", seen).unwrap();
    receive(&client);
    client.send_to(b"an hour late", link.address()).unwrap();
    let relay = Arc::downgrade(&link.relay);
    drop(link);
    assert_eq!(relay.strong_count(), 0, "a thread that still ran would hold it");
    server.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
    assert!(server.recv_from(&mut [0; 9]).is_err());
}

#[test]
fn more_clients_than_sockets_are_not_served_and_the_first_ones_still_are() {
    let server = socket();
    let link = start(&server, Link::perfect(), Link::perfect());
    let clients: Vec<UdpSocket> = (0..MAX_SOCKETS).map(|_| socket()).collect();
    // The front is a socket too, so the last client is one too many.
    for client in &clients {
        client.send_to(b"x", link.address()).unwrap();
    }
    for _ in 1..MAX_SOCKETS {
        receive(&server);
    }
    clients[0].send_to(b"again", link.address()).unwrap();
    assert_eq!(receive(&server).0, b"again");
    assert_eq!(link.stats().up.offered as usize, MAX_SOCKETS);
}

#[test]
fn a_link_works_over_ipv6() {
    // A machine without IPv6 has nothing to test here.
    let Ok(server) = UdpSocket::bind("[::1]:0") else { return };
    server.set_read_timeout(Some(LIMIT)).unwrap();
    let client = UdpSocket::bind("[::1]:0").unwrap();
    let link = start(&server, Link::perfect(), Link::perfect());
    client.send_to(b"six", link.address()).unwrap();
    assert_eq!(receive(&server).0, b"six");
}
