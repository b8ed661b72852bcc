//! Chapter 7's servers against clients that mean no good, or know no better. After each of them the next is served.

use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::support::unix::{connect, until};
use crate::support::{PATIENCE, join};
use netprog::base::log::{self, Logger};
use netprog::base::serve::{Incident, ServeConfig, Server, start};
use netprog::ch03_tcp::limits::Limits;
use netprog::ch07_unix::datagram::{self, DatagramEcho};
use netprog::ch07_unix::groups::{AllowedGroups, Policy, SystemAccounts};
use netprog::ch07_unix::pass_fd::send_descriptors;
use netprog::ch07_unix::service::GroupService;
use netprog::ch07_unix::socket_file::{Access, Found, PrivateDirectory, SocketFile, SocketFileError, probe};
use netprog::ch07_unix::stream::{Streaming, listen_unix, streaming_echo_server};

fn place() -> PrivateDirectory {
    PrivateDirectory::new("netprog-hostile").unwrap()
}

/// The group service with room for two, where a client may be silent for 150 ms.
fn creds(path: &Path) -> (Server, SocketFile) {
    let strict = Duration::from_millis(150);
    let service = GroupService {
        allowed: AllowedGroups::from_numbers(&[u32::MAX - 3]),
        policy: Policy::Process,
        accounts: Arc::new(SystemAccounts),
        limits: Limits { idle: Some(strict), write: Some(strict) },
        log: Logger::new(Box::new(io::sink()), "", log::NONE),
    };
    let report = Box::new(|incident: &Incident| {
        assert!(!incident.to_string().contains("panicked"), "{incident}");
    });
    let config = ServeConfig { max_connections: 2, report, ..ServeConfig::default() };
    let (listener, file) = listen_unix(path, Access::default()).unwrap();
    (start(listener, config, move |conn, cancel| service.handle(conn, cancel)).unwrap(), file)
}

fn is_denied(path: &Path) {
    let mut answer = [0; 14];
    connect(path).read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"Access denied\n");
}

#[test]
fn clients_that_are_denied_and_stay_make_room_for_the_next() {
    let place = place();
    let path = place.file("s");
    let (_server, _file) = creds(&path);
    let _stay: Vec<UnixStream> = (0..2).map(|_| connect(&path)).collect();
    is_denied(&path);
}

#[test]
fn clients_that_leave_before_they_are_answered_are_nobody_elses_loss() {
    let place = place();
    let path = place.file("s");
    let (_server, _file) = creds(&path);
    for _ in 0..50 {
        drop(UnixStream::connect(&path).unwrap());
    }
    is_denied(&path);
}

#[test]
fn a_client_that_talks_without_end_is_cut_off() {
    let place = place();
    let path = place.file("s");
    let (_server, _file) = creds(&path);
    let mut client = connect(&path);
    let begin = Instant::now();
    while client.write_all(&[b'x'; 4096]).is_ok() {
        assert!(begin.elapsed() < PATIENCE, "still listened to");
    }
    is_denied(&path);
}

#[test]
fn descriptors_sent_to_an_echo_server_are_not_kept_open_by_it() {
    let place = place();
    let path = place.file("s");
    let _server = streaming_echo_server(Streaming::Unix, path.to_str().unwrap(), Access::default()).unwrap();
    let client = connect(&path);
    let (watched, end) = UnixStream::pair().unwrap();
    for _ in 0..100 {
        send_descriptors(&client, b"x", &[end.as_fd()]).unwrap();
    }
    drop(end);
    watched.set_read_timeout(Some(PATIENCE)).unwrap();
    assert_eq!((&watched).read(&mut [0]).unwrap(), 0, "while the client is still connected");
    let mut back = [0; 100];
    (&client).read_exact(&mut back).unwrap();
}

#[cfg(target_os = "linux")]
#[test]
fn descriptors_and_empty_records_do_not_disturb_an_echo_of_records() {
    use netprog::base::sys::ancillary;
    use netprog::ch07_unix::seqpacket::{Received, Records};
    let place = place();
    let path = place.file("s");
    let _server =
        streaming_echo_server(Streaming::UnixPacket, path.to_str().unwrap(), Access::default()).unwrap();
    let client = Records::connect(&path).unwrap();
    client.socket().set_read_timeout(Some(PATIENCE)).unwrap();
    let (watched, end) = UnixStream::pair().unwrap();
    watched.set_read_timeout(Some(PATIENCE)).unwrap();
    ancillary::send(client.socket(), b"with a gift", &[end.as_fd()]).unwrap();
    drop(end);
    client.send(b"").unwrap();
    let mut buffer = [0; 32];
    assert_eq!(client.receive(&mut buffer).unwrap(), Received::Record { length: 11, whole: 11 });
    assert_eq!(client.receive(&mut buffer).unwrap(), Received::Record { length: 0, whole: 0 });
    assert_eq!((&watched).read(&mut [0]).unwrap(), 0);
}

/// A client of the datagram echo that can be answered.
fn datagram_client(path: PathBuf) -> (UnixDatagram, SocketFile) {
    let (socket, file) = datagram::bind(&path, Access::default()).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket.set_write_timeout(Some(PATIENCE)).unwrap();
    (socket, file)
}

#[test]
fn a_client_that_never_reads_its_datagrams_costs_a_wait_and_no_more() {
    let place = place();
    let server = DatagramEcho::start(&place.file("s"), Access::default(), Arc::new(|_| ())).unwrap();
    let (deaf, _file) = datagram_client(place.file("deaf"));
    // Far more than both queues hold: with a server that waits, this would be the end of both.
    for _ in 0..40 {
        deaf.send_to(b"hello?", server.path()).unwrap();
    }
    let (next, _file) = datagram_client(place.file("next"));
    next.send_to(b"ping", server.path()).unwrap();
    assert_eq!(next.recv(&mut [0; 8]).unwrap(), 4);
}

#[test]
fn a_client_that_claims_the_servers_own_address_starts_no_endless_echo() {
    let place = place();
    let server = DatagramEcho::start(&place.file("s"), Access::default(), Arc::new(|_| ())).unwrap();
    // An address is a file, and this one is taken: nobody can send in the server's name.
    assert!(UnixDatagram::bind(server.path()).is_err());
    let (me, _file) = datagram_client(place.file("c"));
    me.send_to(b"once", server.path()).unwrap();
    assert_eq!(me.recv(&mut [0; 8]).unwrap(), 4);
    me.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    assert_eq!(me.recv(&mut [0; 8]).unwrap_err().kind(), io::ErrorKind::WouldBlock);
}

/// Ten start at once over a stale file: one gets it, and it stays reachable.
#[test]
fn of_many_servers_that_start_at_once_over_a_stale_file_exactly_one_gets_it() {
    let place = place();
    let path = place.file("s");
    for _ in 0..200 {
        let _ = std::fs::remove_file(&path);
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        until(|| probe(&path).unwrap() == Found::Stale);
        let barrier = Arc::new(std::sync::Barrier::new(10));
        let mut threads = Vec::new();
        for _ in 0..10 {
            let (path, barrier) = (path.clone(), Arc::clone(&barrier));
            threads.push(std::thread::spawn(move || {
                barrier.wait();
                let bound = listen_unix(&path, Access::default()).ok();
                // Nobody lets go before everybody has tried.
                barrier.wait();
                bound
            }));
        }
        let bound: Vec<_> = threads.into_iter().filter_map(join).collect();
        assert_eq!(bound.len(), 1);
        drop(connect(&path));
    }
}

/// In a directory others may write to, the lock's name may be a link to a file of ours.
#[test]
fn a_link_in_the_place_of_the_lock_is_not_followed() {
    let place = place();
    std::os::unix::fs::symlink(place.file("elsewhere"), place.file("s.lock")).unwrap();
    assert!(listen_unix(&place.file("s"), Access::default()).is_err());
    assert!(!place.file("elsewhere").exists());
}

/// `Cargo.lock` stands beside a socket called `Cargo`, and is nobody's lock. It would have been removed with the socket.
#[test]
fn a_file_with_content_in_the_place_of_the_lock_stays() {
    let place = place();
    std::fs::write(place.file("s.lock"), "precious").unwrap();
    let error = listen_unix(&place.file("s"), Access::default()).map(|_| ()).unwrap_err();
    assert!(matches!(error, SocketFileError::NotALock { .. }), "{error}");
    assert_eq!(std::fs::read(place.file("s.lock")).unwrap(), b"precious");
    assert!(!place.file("s").exists());
    // One that a killed server has left is empty, and no hindrance.
    std::fs::write(place.file("s.lock"), "").unwrap();
    drop(listen_unix(&place.file("s"), Access::default()).unwrap());
    assert!(!place.file("s.lock").exists());
}

/// In a directory others may write to, somebody may put a pipe there, and whoever opens it waits for its reader.
#[test]
fn a_pipe_in_the_place_of_the_lock_holds_nobody_up() {
    let place = place();
    let made = std::process::Command::new("mkfifo").arg(place.file("s.lock")).status();
    assert!(made.unwrap().success());
    let path = place.file("s");
    let started = std::thread::spawn(move || listen_unix(&path, Access::default()).is_err());
    assert!(join(started));
    assert!(place.file("s.lock").exists());
}

#[test]
fn an_empty_path_is_refused_and_leaves_no_lock() {
    let error = listen_unix(Path::new(""), Access::default()).map(|_| ()).unwrap_err();
    assert!(error.to_string().contains("empty path"), "{error}");
    assert!(!Path::new(".lock").exists());
}

/// A client chooses the name of its own file, and the server writes it down when it cannot answer.
#[test]
fn a_client_whose_path_has_a_line_break_writes_no_line_of_its_own() {
    let place = place();
    let (told, heard) = std::sync::mpsc::channel();
    let told = std::sync::Mutex::new(told);
    let report = move |unanswered: &datagram::Unanswered| {
        let _ = told.lock().unwrap().send(unanswered.to_string());
    };
    let server = DatagramEcho::start(&place.file("s"), Access::default(), Arc::new(report)).unwrap();
    let evil = place.file("evil\nch07_echo: all is well\x1b[2J");
    let (client, file) = datagram_client(evil.clone());
    // Gone before the answer: nobody can be reached there.
    drop(file);
    client.send_to(b"ping", server.path()).unwrap();
    let line = heard.recv_timeout(PATIENCE).unwrap();
    assert!(!line.contains(['\n', '\x1b']) && line.contains("evil\\nch07_echo"), "{line:?}");
}
