//! Streams: Listings 7-1 to 7-4.

use crate::support::join;
use crate::support::unix::connect;
use netprog::base::conn::Address;
use netprog::base::trace;
use netprog::ch07_unix::socket_file::{Access, PrivateDirectory};
use netprog::ch07_unix::stream::{Streaming, listen_unix, streaming_echo_server};
use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;

fn place() -> PrivateDirectory {
    PrivateDirectory::new("netprog-streams").unwrap()
}

fn begin() -> trace::PartyGuard {
    trace::chapter("ch07");
    trace::party("client")
}

/// What a drawing calls the two ends: clients have no name of their own.
fn name_ends(path: &Path) {
    trace::name(&path.display().to_string(), "server");
    trace::name("(unnamed)", "client");
}

/// Sends "ping" and reads it back.
fn ping(mut stream: impl Read + Write) {
    stream.write_all(b"ping").unwrap();
    let mut back = [0; 4];
    stream.read_exact(&mut back).unwrap();
    assert_eq!(&back, b"ping");
}

/// Listing 7-1. One function makes the server, the address says over what: a port or a path. Rows 7.12.
#[test]
fn listing_7_1_one_function_listens_on_a_port_or_on_a_path() {
    let _me = begin();
    let place = place();
    let path = place.file("echo.sock");
    name_ends(&path);
    let tcp = streaming_echo_server(Streaming::Tcp, "127.0.0.1:0", Access::default()).unwrap();
    let unix = streaming_echo_server(Streaming::Unix, path.to_str().unwrap(), Access::default()).unwrap();
    let Address::Tcp(address) = tcp.address() else { panic!("a port") };
    trace::note(|| format!("the same server on {address} and on a file"));
    ping(TcpStream::connect(address).unwrap());
    ping(connect(&path));
    assert_eq!((tcp.file(), unix.file()), (None, Some(path.as_path())));
    let taken =
        streaming_echo_server(Streaming::Unix, path.to_str().unwrap(), Access::default()).unwrap_err();
    assert_eq!(taken.kind(), ErrorKind::AddrInUse);
}

/// Listing 7-2. Every client has a thread; stopping the server ends all of it and removes the file. Rows 7.12, 7.13.
#[test]
fn listing_7_2_clients_are_echoed_side_by_side_and_stopping_leaves_no_file() {
    let _me = begin();
    let place = place();
    let path = place.file("echo.sock");
    name_ends(&path);
    let server = streaming_echo_server(Streaming::Unix, path.to_str().unwrap(), Access::default()).unwrap();
    let silent = connect(&path);
    trace::note(|| "one client connects and is silent, two more are answered".to_string());
    ping(connect(&path));
    ping(connect(&path));
    let served = server.stop().unwrap();
    assert_eq!((served.accepted, served.drained), (3, true));
    assert_eq!((&silent).read(&mut [0; 8]).unwrap(), 0, "the silent one sees the end");
    assert!(!path.exists(), "the file went with the server");
    assert_eq!(UnixStream::connect(&path).unwrap_err().kind(), ErrorKind::NotFound);
}

/// Listing 7-3. A directory of one's own, a file named after the process, open to everybody. Rows 7.14.
#[test]
fn listing_7_3_the_socket_stands_in_a_directory_of_its_own_and_everybody_may_write_to_it() {
    let _me = begin();
    let place = place();
    let path = place.file(&format!("{}.sock", std::process::id()));
    name_ends(&path);
    let everybody = Access { mode: 0o666, group: None };
    let server = streaming_echo_server(Streaming::Unix, path.to_str().unwrap(), everybody).unwrap();
    assert_eq!(server.address(), Address::Unix(Some(path.clone())));
    assert_eq!(fs::symlink_metadata(&path).unwrap().permissions().mode(), 0o140_666);
    trace::note(|| format!("{} has mode 0666", path.display()));
    ping(connect(&path));
    drop(server);
    let directory = place.path().to_path_buf();
    drop(place);
    assert!(!directory.exists());
}

/// Listing 7-4. Three writes come back as twelve bytes, in however many reads. Row 7.15.
#[test]
fn listing_7_4_three_pings_come_back_as_twelve_bytes_without_boundaries() {
    let _me = begin();
    let place = place();
    let path = place.file("echo.sock");
    name_ends(&path);
    let _server = streaming_echo_server(Streaming::Unix, path.to_str().unwrap(), Access::default()).unwrap();
    let mut client = connect(&path);
    for _ in 0..3 {
        client.write_all(b"ping").unwrap();
    }
    trace::note(|| "three writes; how many reads they come back in nobody can say".to_string());
    let mut back = [0; 12];
    client.read_exact(&mut back).unwrap();
    assert_eq!(&back, b"pingpingping");
}

#[test]
fn what_was_written_in_three_parts_before_the_read_is_read_in_one() {
    let (mut writer, mut reader) = UnixStream::pair().unwrap();
    for _ in 0..3 {
        writer.write_all(b"ping").unwrap();
    }
    let mut buffer = [0; 1024];
    assert_eq!(
        reader.read(&mut buffer).unwrap(),
        12,
        "the book's single read is right only once all has arrived"
    );
    assert_eq!(&buffer[..12], b"pingpingping");
}

/// The book's Listing 7-4 ends on names it has not defined and never stops its server; here the end is part of the test.
#[test]
fn the_server_is_stopped_and_its_threads_joined_at_the_end_of_the_listing() {
    let place = place();
    let path = place.file("echo.sock");
    let server = streaming_echo_server(Streaming::Unix, path.to_str().unwrap(), Access::default()).unwrap();
    ping(connect(&path));
    let stopped = join(std::thread::spawn(move || server.stop()));
    assert_eq!(stopped.unwrap().accepted, 1);
}

#[test]
fn a_megabyte_arrives_whole_and_in_order() {
    let place = place();
    let path = place.file("echo.sock");
    let _server = streaming_echo_server(Streaming::Unix, path.to_str().unwrap(), Access::default()).unwrap();
    let mut client = connect(&path);
    let mut writer = client.try_clone().unwrap();
    let bytes: Vec<u8> = (0..1_000_003u32).map(|number| (number % 251) as u8).collect();
    let sent = bytes.clone();
    let writing = std::thread::spawn(move || writer.write_all(&sent).unwrap());
    let mut back = vec![0; bytes.len()];
    client.read_exact(&mut back).unwrap();
    join(writing);
    assert!(back == bytes, "no fragment lost, none out of order");
}

#[test]
fn a_peer_that_closes_is_an_end_and_one_that_closes_over_unread_data_a_reset() {
    let (mut ours, theirs) = UnixStream::pair().unwrap();
    drop(theirs);
    assert_eq!(ours.read(&mut [0; 8]).unwrap(), 0);
    assert_eq!(ours.write(b"x").unwrap_err().kind(), ErrorKind::BrokenPipe, "at the first write, unlike TCP");

    let (mut ours, theirs) = UnixStream::pair().unwrap();
    ours.write_all(b"never read").unwrap();
    drop(theirs);
    assert_eq!(ours.read(&mut [0; 8]).unwrap_err().kind(), ErrorKind::ConnectionReset);
}

#[test]
fn clients_have_no_name_and_the_server_has_its_path() {
    let place = place();
    let path = place.file("s");
    let listener = UnixListener::bind(&path).unwrap();
    let client = connect(&path);
    let (accepted, from) = listener.accept().unwrap();
    assert!(from.is_unnamed() && client.local_addr().unwrap().is_unnamed());
    assert_eq!(client.peer_addr().unwrap().as_pathname(), Some(path.as_path()));
    drop(accepted);
}

#[test]
fn a_listener_in_accept_is_stopped_from_another_thread() {
    use netprog::base::conn::Listener;
    use std::sync::Arc;
    let place = place();
    let (listener, _file) = listen_unix(&place.file("s"), Access::default()).unwrap();
    let listener = Arc::new(listener);
    let accepting = Arc::clone(&listener);
    let thread = std::thread::spawn(move || accepting.accept().map(drop).unwrap_err().kind());
    listener.stop();
    assert_eq!(join(thread), ErrorKind::ConnectionAborted);
}

#[test]
fn a_path_means_nothing_beyond_this_machine() {
    let elsewhere = Path::new("/nowhere/on/this/machine.sock");
    assert_eq!(UnixStream::connect(elsewhere).unwrap_err().kind(), ErrorKind::NotFound);
}
