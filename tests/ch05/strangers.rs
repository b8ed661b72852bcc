//! Listings 5-3 to 5-5: every UDP socket is a listener, so anyone may send to it.

use super::sockets::{address, socket, soon};
use crate::support::join;
use netprog::base::cancel::Cancel;
use netprog::base::deadline::Deadline;
use netprog::base::{thread, trace};
use netprog::ch05_udp::echo::{EchoServer, start};
use netprog::ch05_udp::open_socket::{recv_before, recv_from_expected, send_to};
use std::io::ErrorKind;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

fn server(stop: &Cancel) -> EchoServer {
    let server = start("127.0.0.1:0", stop).unwrap();
    trace::name(&server.address().to_string(), "server");
    server
}

/// "pardon me" from somebody who has gone before it is read.
fn interrupt(client: &UdpSocket) -> SocketAddr {
    let interloper = socket("interloper");
    let sent = send_to(&interloper, b"pardon me", address(client)).unwrap();
    assert_eq!(sent, b"pardon me".len());
    address(&interloper)
}

/// A server and a client, each with one socket of the same kind. Rows 5.8, 5.9.
///
/// Watch: the client's socket has no peer and has asked nobody yet, and can be sent to all the same.
#[test]
fn listing_5_3_a_client_without_a_peer_can_be_sent_to_by_anyone() {
    trace::chapter("ch05");
    let stop = Cancel::new();
    let server = server(&stop);
    let client = socket("client");
    assert_eq!(client.peer_addr().unwrap_err().kind(), ErrorKind::NotConnected);
    let (one, two) = (socket("one"), socket("two"));
    for sender in [&one, &two] {
        send_to(sender, b"hello", address(&client)).unwrap();
        let (_, from) = recv_before(&client, &mut [0; 16], soon()).unwrap();
        assert_eq!(from, address(sender));
    }
    assert_ne!(server.address(), address(&client));
    stop.cancel();
    server.join().unwrap();
}

/// The interloper's datagram waits in the client's queue before the client has sent anything. Row 5.9.
///
/// Watch: the interloper has closed its socket; what it sent is delivered all the same, with its address.
#[test]
fn listing_5_4_an_interlopers_datagram_waits_in_the_clients_queue() {
    trace::chapter("ch05");
    let client = socket("client");
    let interloper = interrupt(&client);
    let mut buffer = [0; 1024];
    let (count, from) = recv_before(&client, &mut buffer, soon()).unwrap();
    assert_eq!((&buffer[..count], from), (&b"pardon me"[..], interloper));
}

/// The client pings and reads "pardon me" first, the echo second: in the order of arrival. Row 5.9.
///
/// Watch: the second half of the picture, where the same happens to a client that looks at the sender.
#[test]
fn listing_5_5_the_interloper_is_read_before_the_echo_unless_the_sender_is_checked() {
    trace::chapter("ch05");
    let stop = Cancel::new();
    let server = server(&stop);
    let client = socket("client");
    let interloper = interrupt(&client);
    send_to(&client, b"ping", server.address()).unwrap();
    let mut buffer = [0; 1024];
    let (count, from) = recv_before(&client, &mut buffer, soon()).unwrap();
    assert_eq!((&buffer[..count], from), (&b"pardon me"[..], interloper));
    let _me = trace::party("client");
    trace::note(|| "the first to be read is \"pardon me\"".to_string());
    let (count, from) = recv_before(&client, &mut buffer, soon()).unwrap();
    assert_eq!((&buffer[..count], from), (&b"ping"[..], server.address()));

    trace::note(|| "again, and now it looks at the sender".to_string());
    interrupt(&client);
    send_to(&client, b"ping", server.address()).unwrap();
    let count = recv_from_expected(&client, server.address(), &mut buffer, soon()).unwrap();
    assert_eq!(&buffer[..count], b"ping");
    stop.cancel();
    server.join().unwrap();
}

/// A timeout per call would begin anew with each datagram, and pass only when the stranger tires. This one tires, so that the test
/// ends even then.
#[test]
fn a_stranger_who_never_stops_cannot_move_the_deadline() {
    const TIRES: Duration = Duration::from_secs(10);
    let client = socket("client");
    let expected = socket("silent");
    let to = address(&client);
    let done = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&done);
    let begin = Instant::now();
    let stranger = thread::spawn("stranger", move || {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        while !seen.load(Ordering::Relaxed) && begin.elapsed() < TIRES {
            let _ = socket.send_to(b"me! me!", to);
            std::thread::sleep(Duration::from_millis(5));
        }
    })
    .unwrap();
    let limit = Deadline::after(Duration::from_millis(150));
    let error = recv_from_expected(&client, address(&expected), &mut [0; 64], limit).unwrap_err();
    let took = begin.elapsed();
    done.store(true, Ordering::Relaxed);
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert!(took >= Duration::from_millis(150), "{took:?}");
    assert!(took < TIRES, "the stranger had stopped by then: {took:?}");
    join(stranger);
}

#[test]
fn a_deadline_that_has_passed_times_out_and_is_no_invalid_zero() {
    let client = socket("client");
    assert_eq!(client.set_read_timeout(Some(Duration::ZERO)).unwrap_err().kind(), ErrorKind::InvalidInput);
    send_to(&client, b"it is there", address(&client)).unwrap();
    let passed = Deadline::after(Duration::ZERO);
    let error = recv_before(&client, &mut [0; 64], passed).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert_eq!(recv_before(&client, &mut [0; 64], Deadline::NEVER).unwrap().0, 11, "and it is still there");
}
