//! Listings 5-1 and 5-2: an echo server without connections, and its client.

use super::sockets::{address, nobody, socket, soon};
use crate::support::{PATIENCE, join};
use netprog::base::cancel::Cancel;
use netprog::base::{thread, trace};
use netprog::ch05_udp::echo::{BOOKS_BUFFER, start, start_with_buffer};
use netprog::ch05_udp::header::{HeaderError, MAX_PAYLOAD_V4, decode, encode};
use netprog::ch05_udp::open_socket::{bind, forward_one, recv_before, send_to};
use std::io::ErrorKind;
use std::net::{Ipv4Addr, UdpSocket};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// A server is started, told to stop while it waits in `recv_from`, and its thread ends at once. Rows 5.3, 5.8.
///
/// Watch: nobody is accepted; two clients are answered on one socket, each at its own address.
#[test]
fn listing_5_1_one_socket_echoes_to_everyone_until_it_is_told_to_stop() {
    trace::chapter("ch05");
    let stop = Cancel::new();
    let server = start("127.0.0.1:0", &stop).unwrap();
    trace::name(&server.address().to_string(), "server");
    assert_ne!(server.address().port(), 0, "it says which port it got");
    for (name, words) in [("client 1", "one"), ("client 2", "two")] {
        let client = socket(name);
        send_to(&client, words.as_bytes(), server.address()).unwrap();
        let mut buffer = [0; 64];
        let (count, from) = recv_before(&client, &mut buffer, soon()).unwrap();
        assert_eq!((&buffer[..count], from), (words.as_bytes(), server.address()));
    }
    trace::note_of("server", || "waits in recv_from; its token ends".to_string());
    let begin = Instant::now();
    stop.cancel();
    join(thread::spawn("joiner", move || server.join()).unwrap()).unwrap();
    assert!(begin.elapsed() < PATIENCE / 2, "it was woken");
}

/// The client has the same kind of socket as the server; it looks at who answered and what. Row 5.5.
///
/// Watch: two datagrams, and nothing before, between or after them.
#[test]
fn listing_5_2_a_client_gets_its_ping_back_from_the_address_it_asked() {
    trace::chapter("ch05");
    let stop = Cancel::new();
    let server = start("127.0.0.1:0", &stop).unwrap();
    trace::name(&server.address().to_string(), "server");
    let client = socket("client");
    trace::meaning(|| "ping".to_string());
    send_to(&client, b"ping", server.address()).unwrap();
    let mut buffer = [0; 1024];
    // With a deadline: a lost datagram makes the test fail, and not hang.
    let (count, from) = recv_before(&client, &mut buffer, soon()).unwrap();
    assert_eq!(from, server.address());
    assert_eq!(&buffer[..count], b"ping");
    stop.cancel();
    server.join().unwrap();
}

#[test]
fn a_bind_that_fails_names_the_address() {
    let taken = socket("first");
    let error = bind(&address(&taken).to_string()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddrInUse);
    let text = error.to_string();
    assert!(text.starts_with(&format!("listen udp {}: ", address(&taken))), "{text}");
}

#[test]
fn an_empty_port_is_refused_and_zero_is_any_free_one() {
    let error = bind("127.0.0.1:").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.to_string().contains("127.0.0.1:"), "{error}");
    assert_ne!(address(&bind("127.0.0.1:0").unwrap()).port(), 0);
}

#[test]
fn a_token_that_has_ended_starts_a_server_that_ends() {
    let stop = Cancel::new();
    stop.cancel();
    let server = start("127.0.0.1:0", &stop).unwrap();
    join(thread::spawn("joiner", move || server.join()).unwrap()).unwrap();
}

#[test]
fn a_server_on_every_address_is_woken_too() {
    for every in ["0.0.0.0:0", "[::]:0"] {
        let stop = Cancel::new();
        let Ok(server) = start(every, &stop) else { continue };
        let (told, heard) = mpsc::channel();
        let waiting = thread::spawn("joiner", move || told.send(server.join().is_ok())).unwrap();
        stop.cancel();
        assert!(heard.recv_timeout(PATIENCE).unwrap());
        join(waiting).unwrap();
    }
}

#[test]
fn one_socket_passes_a_datagram_on_to_a_third_party() {
    let (a, relay, b) = (socket("A"), socket("relay"), socket("B"));
    send_to(&a, b"for B", address(&relay)).unwrap();
    let from = forward_one(&relay, address(&b), soon()).unwrap();
    assert_eq!(from, address(&a));
    let mut buffer = [0; 64];
    let (count, from) = recv_before(&b, &mut buffer, soon()).unwrap();
    assert_eq!(&buffer[..count], b"for B");
    assert_eq!(from, address(&relay), "B sees the relay, not A");
}

#[test]
fn a_datagram_to_nobody_is_sent_and_nothing_comes_back() {
    let client = socket("client");
    assert_eq!(send_to(&client, b"anyone?", nobody()).unwrap(), 7);
    assert_eq!(send_to(&client, b"anyone?", nobody()).unwrap(), 7, "and the next as well");
    let limit = netprog::base::deadline::Deadline::after(Duration::from_millis(50));
    let error = recv_before(&client, &mut [0; 16], limit).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
}

#[test]
fn an_echo_goes_on_after_an_echo_that_found_nobody() {
    let stop = Cancel::new();
    let server = start("127.0.0.1:0", &stop).unwrap();
    for _ in 0..5 {
        // Gone before the echo comes: where the system reports that at all, it is an error of the server's next receive.
        UdpSocket::bind("127.0.0.1:0").unwrap().send_to(b"ring and run", server.address()).unwrap();
    }
    let client = socket("client");
    send_to(&client, b"still there?", server.address()).unwrap();
    let mut buffer = [0; 64];
    let (count, _) = recv_before(&client, &mut buffer, soon()).unwrap();
    assert_eq!(&buffer[..count], b"still there?");
    stop.cancel();
    server.join().unwrap();
}

#[test]
fn an_echo_is_cut_at_the_servers_buffer() {
    let stop = Cancel::new();
    for (buffer, back) in [(BOOKS_BUFFER, 1024), (4000, 2000), (0, 1)] {
        let server = start_with_buffer("127.0.0.1:0", &stop, buffer).unwrap();
        let client = socket("client");
        send_to(&client, &[b'x'; 2000], server.address()).unwrap();
        let (count, _) = recv_before(&client, &mut [0; 4096], soon()).unwrap();
        assert_eq!(count, back);
    }
    stop.cancel();
}

#[test]
fn a_header_is_eight_bytes_and_its_length_counts_them() {
    assert_eq!(decode(&[0, 1, 0, 2, 0, 8, 0, 0]).unwrap().1, b"", "the shortest datagram");
    assert_eq!(decode(&[0, 1, 0, 2, 0, 9, 0, 0, b'x', b'-']).unwrap().1, b"x", "padding is no part of it");
    assert_eq!(decode(&[0, 1, 0, 2, 0, 7, 0, 0]), Err(HeaderError::LengthTooSmall(7)));
    let long = decode(&[0, 1, 0, 2, 0xff, 0xff, 0, 0]).unwrap_err();
    assert_eq!(long, HeaderError::LengthTooGreat { length: 65_535, came: 8 });
    for length in 0..8 {
        assert!(matches!(decode(&[0; 8][..length]), Err(HeaderError::EndedInside(_))), "{length} bytes");
    }
    let (from, to) = ((Ipv4Addr::LOCALHOST, 1), (Ipv4Addr::LOCALHOST, 2));
    assert_eq!(encode(from, to, &[0; MAX_PAYLOAD_V4]).unwrap().len(), 65_515);
    assert_eq!(encode(from, to, &[0; 65_508]), Err(HeaderError::PayloadTooLong(65_508)));
}

#[test]
fn a_payload_of_65507_bytes_goes_and_one_more_does_not() {
    let (one, other) = (socket("one"), socket("other"));
    assert_eq!(send_to(&one, &[7; 65_507], address(&other)).unwrap(), 65_507);
    let (count, _) = recv_before(&other, &mut [0; 65_535], soon()).unwrap();
    assert_eq!(count, 65_507);
    let error = send_to(&one, &[7; 65_508], address(&other)).unwrap_err();
    #[cfg(target_os = "linux")]
    assert_eq!(error.raw_os_error(), Some(90), "EMSGSIZE: {error}");
    drop(error);
}
