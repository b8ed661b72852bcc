//! Datagrams: Listings 7-5 to 7-9.

use crate::support::unix::until;
use crate::support::{PATIENCE, join};
use netprog::base::trace::{self, Kind};
use netprog::ch07_unix::datagram::{self, DatagramEcho, Unanswered, name};
use netprog::ch07_unix::socket_file::{Access, Found, PrivateDirectory, SocketFile, probe};
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::sync::{Arc, mpsc};
use std::time::Duration;

fn place() -> PrivateDirectory {
    PrivateDirectory::new("netprog-datagrams").unwrap()
}

fn begin() -> trace::PartyGuard {
    trace::chapter("ch07");
    trace::party("client")
}

/// The book's permissions: everybody may send, only the owner may do the rest.
const BOOKS: Access = Access { mode: 0o622, group: None };

/// A server, and what it says it left without an answer.
fn echo(path: &Path) -> (DatagramEcho, mpsc::Receiver<String>) {
    let (told, heard) = mpsc::channel();
    trace::name(&path.display().to_string(), "server");
    let report = move |what: &Unanswered| {
        let _ = told.send(what.to_string());
    };
    (DatagramEcho::start(path, BOOKS, Arc::new(report)).unwrap(), heard)
}

fn client(path: &Path) -> (UnixDatagram, SocketFile) {
    let (socket, file) = datagram::bind(path, BOOKS).unwrap();
    trace::name(&path.display().to_string(), "client");
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket.set_write_timeout(Some(PATIENCE)).unwrap();
    (socket, file)
}

fn send(socket: &UnixDatagram, message: &[u8], to: &Path) {
    let me = name(&socket.local_addr().unwrap());
    trace::between(Kind::Sent, &me, &to.display().to_string(), message);
    assert_eq!(socket.send_to(message, to).unwrap(), message.len());
}

/// Listing 7-5. The server removes its file when it stops, or nobody could bind the path again. Row 7.17.
#[test]
fn listing_7_5_a_datagram_server_echoes_and_removes_its_own_file() {
    let _me = begin();
    let place = place();
    let path = place.file("s.sock");
    let (server, _) = echo(&path);
    let (me, _file) = client(&place.file("c.sock"));
    send(&me, b"ping", server.path());
    let mut back = [0; 16];
    assert_eq!(me.recv(&mut back).unwrap(), 4);
    drop(server);
    trace::note(|| "the server is gone and so is its file".to_string());
    assert!(!path.exists());
    let (again, _) = echo(&path);
    drop(again);

    drop(UnixDatagram::bind(&path).unwrap());
    assert_eq!(UnixDatagram::bind(&path).unwrap_err().kind(), ErrorKind::AddrInUse, "without the removal");
}

/// Listing 7-6. What only some systems have is marked where it stands. Rows 7.18, 7.26.
#[test]
fn listing_7_6_what_only_unix_has_says_so_and_what_only_linux_has_too() {
    let module = include_str!("../../src/ch07_unix/mod.rs");
    let crate_root = include_str!("../../src/lib.rs");
    assert!(crate_root.contains("#[cfg(unix)]\npub mod ch07_unix;"));
    assert!(module.contains("#[cfg(target_os = \"linux\")]\npub mod seqpacket;"));
    trace::note(|| "Go's build tags are attributes here".to_string());
}

/// Listing 7-7. The server's file, with the book's mode. Row 7.19.
#[test]
fn listing_7_7_the_servers_file_is_open_for_sending_to_everybody() {
    let _me = begin();
    let place = place();
    let path = place.file(&format!("s{}.sock", std::process::id()));
    let (_server, _) = echo(&path);
    assert_eq!(fs::symlink_metadata(&path).unwrap().permissions().mode(), 0o140_622);
    trace::note(|| "sending needs the write bit".to_string());
}

/// Listing 7-8. The client binds a file of its own, to have an address, and removes it. Row 7.19.
#[test]
fn listing_7_8_the_client_has_a_file_too_and_takes_it_away() {
    let _me = begin();
    let place = place();
    let path = place.file(&format!("c{}.sock", std::process::id()));
    let (socket, file) = client(&path);
    assert_eq!(fs::symlink_metadata(&path).unwrap().permissions().mode(), 0o140_622);
    assert_eq!(name(&socket.local_addr().unwrap()), path.display().to_string());
    drop((socket, file));
    trace::note(|| "nothing is left in the directory".to_string());
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0);
}

/// Listing 7-9. Three sends are three receives, from the server and nobody else. Row 7.20.
#[test]
fn listing_7_9_three_pings_come_back_as_three_datagrams_from_the_server() {
    let _me = begin();
    let place = place();
    let (server, _) = echo(&place.file("s.sock"));
    let (me, _file) = client(&place.file("c.sock"));
    for _ in 0..3 {
        send(&me, b"ping", server.path());
    }
    let mut buffer = [0; 1024];
    for _ in 0..3 {
        let (count, from) = me.recv_from(&mut buffer).unwrap();
        assert_eq!((&buffer[..count], from.as_pathname()), (&b"ping"[..], Some(server.path())));
    }
    trace::note(|| "three receives of four bytes: datagrams stay apart".to_string());
}

#[test]
fn an_empty_datagram_is_a_datagram() {
    let place = place();
    let (server, _) = echo(&place.file("s"));
    let (me, _file) = client(&place.file("c"));
    send(&me, b"", server.path());
    send(&me, b"x", server.path());
    let mut buffer = [0; 8];
    assert_eq!(me.recv(&mut buffer).unwrap(), 0);
    assert_eq!(me.recv(&mut buffer).unwrap(), 1);
}

#[test]
fn a_sender_without_an_address_is_skipped_and_the_next_is_served() {
    let place = place();
    let (server, unanswered) = echo(&place.file("s"));
    UnixDatagram::unbound().unwrap().send_to(b"who am I?", server.path()).unwrap();
    assert!(unanswered.recv_timeout(PATIENCE).unwrap().contains("without an address"));
    let (me, _file) = client(&place.file("c"));
    send(&me, b"ping", server.path());
    assert_eq!(me.recv(&mut [0; 8]).unwrap(), 4, "in the book the server has ended for good");
}

#[test]
fn a_reply_to_a_client_that_is_gone_or_dead_is_told_apart_and_ends_nothing() {
    let place = place();
    let (server, unanswered) = echo(&place.file("s"));
    // Held up by nothing, the server would answer before the file is gone: so the file goes before the datagram.
    let gone = UnixDatagram::bind(place.file("gone")).unwrap();
    fs::remove_file(place.file("gone")).unwrap();
    gone.send_to(b"x", server.path()).unwrap();
    assert!(unanswered.recv_timeout(PATIENCE).unwrap().contains("No such file"));

    let moved = UnixDatagram::bind(place.file("dead")).unwrap();
    fs::remove_file(place.file("dead")).unwrap();
    drop(UnixDatagram::bind(place.file("dead")).unwrap());
    until(|| probe(&place.file("dead")).unwrap() == Found::Stale);
    moved.send_to(b"x", server.path()).unwrap();
    assert!(unanswered.recv_timeout(PATIENCE).unwrap().contains("refused"));

    let (me, _file) = client(&place.file("c"));
    send(&me, b"ping", server.path());
    assert_eq!(me.recv(&mut [0; 8]).unwrap(), 4);
}

/// How many datagrams wait for a receiver: `net.unix.max_dgram_qlen`, and one more.
#[cfg(target_os = "linux")]
fn queue() -> usize {
    let text = fs::read_to_string("/proc/sys/net/unix/max_dgram_qlen").unwrap();
    text.trim().parse::<usize>().unwrap() + 1
}

#[cfg(target_os = "linux")]
#[test]
fn datagrams_wait_in_order_in_a_queue_and_a_full_one_makes_the_sender_wait() {
    let place = place();
    let path = place.file("s");
    let receiver = UnixDatagram::bind(&path).unwrap();
    let sender = UnixDatagram::unbound().unwrap();
    sender.set_nonblocking(true).unwrap();
    let mut sent = 0u32;
    let full = loop {
        match sender.send_to(&sent.to_be_bytes(), &path) {
            Ok(_) => sent += 1,
            Err(error) => break error,
        }
    };
    assert_eq!((full.kind(), sent as usize), (ErrorKind::WouldBlock, queue()));
    let mut buffer = [0; 4];
    for number in 0..sent {
        receiver.recv(&mut buffer).unwrap();
        assert_eq!(u32::from_be_bytes(buffer), number, "none lost, none overtaken");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn sending_everything_before_reading_anything_can_stop_both_for_ever() {
    let place = place();
    let server = UnixDatagram::bind(place.file("s")).unwrap();
    let me = UnixDatagram::bind(place.file("c")).unwrap();
    let path = place.file("s");
    // The book's server: it waits as long as it takes for room for the reply.
    let thread = std::thread::spawn(move || {
        let mut buffer = [0; 8];
        loop {
            let (count, from) = server.recv_from(&mut buffer).unwrap();
            if count == 0 {
                return;
            }
            server.send_to_addr(&buffer[..count], &from).unwrap();
        }
    });
    me.set_write_timeout(Some(Duration::from_millis(400))).unwrap();
    let mut sent = 0;
    while me.send_to(b"ping", &path).is_ok() {
        sent += 1;
    }
    // Both queues are full, and one datagram is in the server's hands.
    assert_eq!(sent, 2 * queue() + 1);
    for _ in 0..sent {
        me.recv(&mut [0; 8]).unwrap();
    }
    me.send_to(b"", &path).unwrap();
    join(thread);
}

#[test]
fn a_datagram_larger_than_the_send_buffer_is_refused() {
    let place = place();
    let path = place.file("s");
    let _receiver = UnixDatagram::bind(&path).unwrap();
    let error = UnixDatagram::unbound().unwrap().send_to(&vec![0; 16 << 20], &path).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(libc::EMSGSIZE), "and not cut");
}

#[cfg(target_os = "linux")]
#[test]
fn an_interloper_at_a_connected_socket_is_told_and_not_ignored() {
    let place = place();
    let peer = UnixDatagram::bind(place.file("peer")).unwrap();
    let connected = UnixDatagram::bind(place.file("connected")).unwrap();
    connected.connect(place.file("peer")).unwrap();
    let interloper = UnixDatagram::bind(place.file("interloper")).unwrap();
    let error = interloper.send_to(b"psst", place.file("connected")).unwrap_err();
    assert_eq!((error.kind(), error.raw_os_error()), (ErrorKind::PermissionDenied, Some(libc::EPERM)));
    peer.send_to(b"hello", place.file("connected")).unwrap();
    assert_eq!(connected.recv(&mut [0; 8]).unwrap(), 5, "its peer is heard");
}
