//! Datagrams from those who mean no good. After each the next is served.

use std::io::ErrorKind;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::support::{PATIENCE, join};
use netprog::base::cancel::Cancel;
use netprog::base::deadline::Deadline;
use netprog::base::random::Seeded;
use netprog::base::thread;
use netprog::ch05_udp::connected::{dial, drain, recv_before};
use netprog::ch05_udp::echo::{EchoServer, start};
use netprog::ch05_udp::header;
use netprog::ch05_udp::samples::Sample;

fn client() -> UdpSocket {
    let client = UdpSocket::bind("127.0.0.1:0").unwrap();
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    client
}

/// The server answers this client, if need be at the second try: a flood before it may have filled the queue.
fn is_served(server: SocketAddr) -> bool {
    let client = client();
    client.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
    for _ in 0..20 {
        client.send_to(b"is it still there?", server).unwrap();
        let mut buffer = [0; 64];
        if client.recv_from(&mut buffer).is_ok() {
            return true;
        }
    }
    false
}

fn stopped(stop: &Cancel, server: EchoServer) {
    stop.cancel();
    join(thread::spawn("joiner", move || server.join()).unwrap()).unwrap();
}

#[test]
fn empty_datagrams_do_not_stop_the_echo() {
    let stop = Cancel::new();
    let server = start("127.0.0.1:0", &stop).unwrap();
    let hostile = client();
    // An empty datagram is also what wakes the server when its token ends; from a stranger it is a datagram like any other.
    for _ in 0..100 {
        hostile.send_to(b"", server.address()).unwrap();
    }
    assert!(is_served(server.address()));
    stopped(&stop, server);
}

#[test]
fn a_flood_of_the_longest_datagrams_is_survived_and_the_server_still_stops() {
    let stop = Cancel::new();
    let server = start("127.0.0.1:0", &stop).unwrap();
    let hostile = client();
    for _ in 0..300 {
        let _ = hostile.send_to(&[0xff; 65_507], server.address());
    }
    assert!(is_served(server.address()));
    for _ in 0..50 {
        let _ = hostile.send_to(&[0xff; 65_507], server.address());
    }
    stopped(&stop, server);
}

#[test]
fn two_echoes_cannot_be_set_on_each_other_by_a_datagram_from_an_echos_port() {
    // Ports below 1,024 want privileges; without them there is nothing to try.
    let Ok(forged) = UdpSocket::bind("127.0.0.1:7") else { return };
    forged.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    let stop = Cancel::new();
    let server = start("127.0.0.1:0", &stop).unwrap();
    forged.send_to(b"for ever", server.address()).unwrap();
    assert_eq!(forged.recv(&mut [0; 16]).unwrap_err().kind(), ErrorKind::WouldBlock);
    assert!(is_served(server.address()));
    stopped(&stop, server);
}

#[test]
fn a_stranger_who_fills_the_queue_without_end_cannot_keep_drain_busy() {
    let peer = client();
    let socket = client();
    let to = socket.local_addr().unwrap();
    let done = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&done);
    let stranger = thread::spawn("stranger", move || {
        let stranger = UdpSocket::bind("127.0.0.1:0").unwrap();
        while !seen.load(Ordering::Relaxed) {
            let _ = stranger.send_to(b"x", to);
        }
    })
    .unwrap();
    // Not connected, so that the flood goes on while it is drained.
    let drained = drain(&socket).unwrap();
    assert!(drained <= 10_000, "{drained}");
    done.store(true, Ordering::Relaxed);
    join(stranger);
    socket.connect(peer.local_addr().unwrap()).unwrap();
    drain(&socket).unwrap();
    peer.send_to(b"the peer", to).unwrap();
    let count = recv_before(&socket, &mut [0; 16], Deadline::after(PATIENCE)).unwrap();
    assert_eq!(count, 8);
}

#[test]
fn random_bytes_never_panic_a_decoder() {
    let mut random = Seeded::new(5);
    for _ in 0..20_000 {
        let mut bytes = vec![0; random.below(40) as usize];
        random.fill(&mut bytes);
        if let Ok((header, payload)) = header::decode(&bytes) {
            assert_eq!(usize::from(header.length), payload.len() + header::HEADER);
        }
        if let Ok(sample) = Sample::decode(&bytes) {
            assert_eq!(sample.encode(), bytes);
        }
    }
}

/// An echo that answers every probe with something else, and a hundred times over.
#[cfg(target_os = "linux")]
#[test]
fn false_answers_are_not_taken_for_the_probes_and_cannot_move_its_deadline() {
    use netprog::ch05_udp::probe::{ProbeOptions, probe};
    use netprog::ch05_udp::search::Found;
    let liar = client();
    let target = liar.local_addr().unwrap();
    let done = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&done);
    let thread = thread::spawn("liar", move || {
        let mut buffer = [0; 2048];
        let _ = liar.set_read_timeout(Some(Duration::from_millis(20)));
        while !seen.load(Ordering::Relaxed) {
            let Ok((count, from)) = liar.recv_from(&mut buffer) else { continue };
            for number in 0..100 {
                // The tag, but for one byte; a piece of it; nothing.
                buffer[number % 12] ^= 1;
                let _ = liar.send_to(&buffer[..count], from);
                let _ = liar.send_to(&buffer[..number % 12], from);
                buffer[number % 12] ^= 1;
            }
        }
    })
    .unwrap();
    let begin = Instant::now();
    let options = ProbeOptions { wait: Duration::from_millis(100), tries: 2 };
    let report = probe(target, options, |_| ()).unwrap();
    done.store(true, Ordering::Relaxed);
    join(thread);
    assert_eq!(report.found, Found::Nobody);
    assert!(begin.elapsed() < PATIENCE / 2);
}

#[test]
fn a_connected_client_outlives_a_peer_that_comes_and_goes() {
    let there = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let client = dial(there).unwrap();
    let mut refused = 0;
    for _ in 0..20 {
        match client.send(b"?") {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => refused += 1,
            Err(error) => panic!("{error}"),
        }
    }
    assert!(refused <= 10, "at most every second call tells of an earlier one: {refused}");
}
