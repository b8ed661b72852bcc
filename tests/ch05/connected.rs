//! Listings 5-6 to 5-8: a UDP socket with a peer.

use super::sockets::{address, nobody, socket, soon};
use netprog::base::cancel::Cancel;
use netprog::base::deadline::Deadline;
use netprog::base::trace;
use netprog::ch05_udp::connected::{dial, drain, is_old_news, recv_before, send_anew};
use netprog::ch05_udp::echo::start;
use netprog::ch05_udp::open_socket::{self, send_to};
use std::io::ErrorKind;
use std::net::UdpSocket;
use std::time::Duration;

fn shortly() -> Deadline {
    Deadline::after(Duration::from_millis(60))
}

/// Dialling sends nothing: the other side learns of it with the first datagram, if ever. Row 5.10.
///
/// Watch: no arrow for the dial. The peer's address is known all the same.
#[test]
fn listing_5_6_dialling_sends_nothing_and_only_notes_the_peer() {
    trace::chapter("ch05");
    let server = socket("server");
    let _me = trace::party("client");
    let client = dial(address(&server)).unwrap();
    assert_eq!(client.peer_addr().unwrap(), address(&server));
    trace::note(|| "connected; nothing was sent".to_string());
    let nothing = open_socket::recv_before(&server, &mut [0; 16], shortly()).unwrap_err();
    assert_eq!(nothing.kind(), ErrorKind::TimedOut, "the server saw no packet");
    assert!(dial(nobody()).is_ok(), "nobody was asked whether he is there");
}

/// The interloper sends to the connected client, and the send succeeds. Row 5.11.
///
/// Watch: the arrow from the interloper, and that nobody receives it.
#[test]
fn listing_5_7_the_interloper_cannot_tell_that_nobody_reads_it() {
    trace::chapter("ch05");
    let server = socket("server");
    let me = trace::party("client");
    let client = dial(address(&server)).unwrap();
    drop(me);
    let interloper = socket("interloper");
    assert_eq!(send_to(&interloper, b"pardon me", address(&client)).unwrap(), 9);
    let error = recv_before(&client, &mut [0; 64], shortly()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    trace::note_of("client", || "nothing came until the deadline".to_string());
}

/// Ping, echo, and then a read that ends at its deadline: the interloper's datagram was never delivered. Rows 5.11, 5.15.
///
/// Watch: beside Listing 5-5, "pardon me" is missing.
#[test]
fn listing_5_8_a_connected_client_reads_its_peers_datagrams_only() {
    trace::chapter("ch05");
    let stop = Cancel::new();
    let server = start("127.0.0.1:0", &stop).unwrap();
    trace::name(&server.address().to_string(), "server");
    let me = trace::party("client");
    let client = dial(server.address()).unwrap();
    drop(me);
    let interloper = socket("interloper");
    send_to(&interloper, b"pardon me", address(&client)).unwrap();
    trace::note_of("client", || "its kernel drops that: not from the peer".to_string());
    send_anew(&client, b"ping").unwrap();
    let mut buffer = [0; 1024];
    let count = recv_before(&client, &mut buffer, soon()).unwrap();
    assert_eq!(&buffer[..count], b"ping");
    let error = recv_before(&client, &mut buffer, shortly()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut, "nothing else came");
    trace::note_of("client", || "nothing else until the deadline".to_string());
    stop.cancel();
    server.join().unwrap();
}

#[test]
fn stdlib_timeouts_are_per_call_and_called_would_block_on_unix() {
    let client = socket("client");
    client.set_read_timeout(Some(Duration::from_millis(10))).unwrap();
    for _ in 0..2 {
        let kind = client.recv(&mut [0]).unwrap_err().kind();
        assert_eq!(kind, if cfg!(unix) { ErrorKind::WouldBlock } else { ErrorKind::TimedOut });
    }
}

#[test]
fn a_socket_without_a_peer_has_none_and_cannot_send_without_an_address() {
    let alone = socket("alone");
    assert_eq!(alone.peer_addr().unwrap_err().kind(), ErrorKind::NotConnected);
    let error = alone.send(b"to whom?").unwrap_err();
    #[cfg(target_os = "linux")]
    assert_eq!(error.raw_os_error(), Some(89), "EDESTADDRREQ: {error}");
    drop(error);
}

/// Go's dial makes the socket and connects it; between std's `bind` and `connect` there is a gap.
#[test]
fn what_a_stranger_queued_between_bind_and_connect_is_delivered_all_the_same() {
    let (peer, stranger) = (socket("peer"), socket("stranger"));
    let client = UdpSocket::bind("127.0.0.1:0").unwrap();
    send_to(&stranger, b"too early to be refused", address(&client)).unwrap();
    client.connect(address(&peer)).unwrap();
    let mut buffer = [0; 64];
    let (count, from) = open_socket::recv_before(&client, &mut buffer, soon()).unwrap();
    assert_eq!(&buffer[..count], b"too early to be refused");
    assert_eq!(from, address(&stranger), "the source still tells");
}

#[test]
fn draining_after_connect_closes_the_gap() {
    let (peer, stranger) = (socket("peer"), socket("stranger"));
    let client = UdpSocket::bind("127.0.0.1:0").unwrap();
    for _ in 0..3 {
        send_to(&stranger, b"early", address(&client)).unwrap();
    }
    client.connect(address(&peer)).unwrap();
    assert_eq!(drain(&client).unwrap(), 3);
    assert_eq!(drain(&client).unwrap(), 0);
    send_to(&peer, b"from the peer", address(&client)).unwrap();
    let mut buffer = [0; 64];
    let count = recv_before(&client, &mut buffer, soon()).unwrap();
    assert_eq!(&buffer[..count], b"from the peer");
}

#[test]
fn our_dial_has_no_gap_to_queue_in() {
    let peer = socket("peer");
    // There is no moment at which it has a port and no peer, so there is nothing a test could send to.
    let client = dial(address(&peer)).unwrap();
    assert_eq!(drain(&client).unwrap(), 0);
    assert!(address(&client).ip().is_loopback(), "connecting chose the address, too");
}

#[test]
fn a_connected_socket_may_still_send_elsewhere_and_change_its_peer() {
    let (one, two) = (socket("one"), socket("two"));
    let client = dial(address(&one)).unwrap();
    let mut buffer = [0; 64];
    #[cfg(target_os = "linux")] // Others answer EISCONN.
    {
        send_to(&client, b"not to the peer", address(&two)).unwrap();
        let (count, from) = open_socket::recv_before(&two, &mut buffer, soon()).unwrap();
        assert_eq!((&buffer[..count], from), (&b"not to the peer"[..], address(&client)));
    }
    client.connect(address(&two)).unwrap();
    assert_eq!(client.peer_addr().unwrap(), address(&two));
    client.send(b"to the new peer").unwrap();
    let (count, _) = open_socket::recv_before(&two, &mut buffer, soon()).unwrap();
    assert_eq!(&buffer[..count], b"to the new peer");
}

/// The address is all that the filter looks at: whoever gets it is the peer.
#[test]
fn the_filter_knows_an_address_and_a_port_and_nobody_behind_them() {
    let first = socket("first");
    let there = address(&first);
    let client = dial(there).unwrap();
    drop(first);
    let Ok(second) = UdpSocket::bind(there) else { return };
    second.send_to(b"I am somebody else", address(&client)).unwrap();
    let mut buffer = [0; 64];
    let count = recv_before(&client, &mut buffer, soon()).unwrap();
    assert_eq!(&buffer[..count], b"I am somebody else");
}

#[cfg(target_os = "linux")]
#[test]
fn an_unreachable_port_is_told_once_on_the_next_call_and_then_forgotten() {
    let client = dial(nobody()).unwrap();
    assert_eq!(client.send(b"first").unwrap(), 5, "it cannot be known yet");
    let error = client.send(b"second").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused, "about the first; the second was not sent");
    assert!(is_old_news(&error));
    assert_eq!(client.send(b"third").unwrap(), 5, "forgotten");
    let error = recv_before(&client, &mut [0; 16], soon()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused, "a receive tells it as well");
}

#[cfg(target_os = "linux")]
#[test]
fn a_report_about_an_earlier_datagram_does_not_cost_the_next_one() {
    let there = nobody();
    let client = dial(there).unwrap();
    assert!(!send_anew(&client, b"to nobody").unwrap());
    let Ok(late) = UdpSocket::bind(there) else { return };
    late.set_read_timeout(Some(crate::support::PATIENCE)).unwrap();
    assert!(send_anew(&client, b"to somebody").unwrap(), "the report came first");
    let mut buffer = [0; 64];
    let count = late.recv(&mut buffer).unwrap();
    assert_eq!(&buffer[..count], b"to somebody");
}
