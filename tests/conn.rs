//! What a connection promises over real sockets: deadlines, interruption, half-close.

mod support;

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use netprog::base::cancel::Cancel;
use netprog::base::conn::{Address, Conn, ConnRead, ConnWrite, TcpConn};
use netprog::base::deadline::Deadline;
use netprog::base::thread;
use support::{PATIENCE, fill, join};

const SOON: Duration = Duration::from_millis(30);

fn loopback() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

fn pair() -> (TcpConn, TcpConn) {
    let listener = TcpListener::bind(loopback()).unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (server, _) = listener.accept().unwrap();
    (TcpConn::new(client).unwrap(), TcpConn::new(server).unwrap())
}

// --- deadlines ------------------------------------------------------------------------------------------------------

#[test]
fn a_read_deadline_is_sticky_and_a_later_one_makes_the_connection_work_again() {
    let (mut client, mut server) = pair();
    server.set_read_deadline(Deadline::after(SOON));
    let begin = Instant::now();
    let mut byte = [0u8; 1];
    assert_eq!(server.read(&mut byte).unwrap_err().kind(), io::ErrorKind::TimedOut);
    assert!(begin.elapsed() >= SOON);

    client.write_all(b"x").unwrap();
    assert_eq!(server.read(&mut byte).unwrap_err().kind(), io::ErrorKind::TimedOut, "still past it");
    server.set_read_deadline(Deadline::NEVER);
    assert_eq!(server.read(&mut byte).unwrap(), 1);
}

#[test]
fn a_write_deadline_ends_a_write_that_nobody_reads() {
    let (mut client, _server) = pair();
    client.set_write_deadline(Deadline::after(SOON));
    assert_eq!(fill(&mut client).kind(), io::ErrorKind::TimedOut);
}

#[test]
fn a_deadline_is_a_moment_so_a_dripping_peer_does_not_move_it() {
    let (mut client, mut server) = pair();
    let stop = Cancel::new();
    let stopped = stop.clone();
    let dripping = thread::spawn("drip", move || {
        while stopped.sleep(Duration::from_millis(5)).is_ok() && client.write_all(b".").is_ok() {}
    });
    server.set_read_deadline(Deadline::after(SOON * 2));
    let mut text = Vec::new();
    assert_eq!(server.read_to_end(&mut text).unwrap_err().kind(), io::ErrorKind::TimedOut);
    stop.cancel();
    join(dripping.unwrap());
}

// --- interruption and the end ---------------------------------------------------------------------------------------

#[test]
fn a_blocked_read_ends_when_another_thread_interrupts_it() {
    let (_client, mut server) = pair();
    let interrupter = server.interrupter();
    let (told, heard) = mpsc::channel();
    let reader = thread::spawn("reader", move || {
        told.send(()).unwrap();
        let first = server.read(&mut [0u8; 8]).unwrap_err().kind();
        (first, server.read(&mut [0u8; 8]).unwrap_err().kind())
    });
    heard.recv().unwrap();
    interrupter.interrupt();
    let aborted = io::ErrorKind::ConnectionAborted;
    assert_eq!(join(reader.unwrap()), (aborted, aborted), "an error, not an end of stream, and it stays");
}

#[test]
fn a_blocked_write_ends_when_its_token_does() {
    let (mut client, _server) = pair();
    let cancel = Cancel::new();
    let interrupter = client.interrupter();
    let _registration = cancel.on_end(move |_| interrupter.interrupt());
    let (told, heard) = mpsc::channel();
    let writer = thread::spawn("writer", move || {
        client.set_write_deadline(Deadline::after(SOON));
        let full = fill(&mut client).kind();
        client.set_write_deadline(Deadline::NEVER);
        told.send(()).unwrap();
        (full, fill(&mut client).kind())
    });
    heard.recv_timeout(PATIENCE).unwrap();
    cancel.cancel();
    assert_eq!(join(writer.unwrap()), (io::ErrorKind::TimedOut, io::ErrorKind::ConnectionAborted));
}

#[test]
fn ending_the_input_leaves_what_has_arrived_and_the_way_back() {
    let (mut client, mut server) = pair();
    client.write_all(b"last words").unwrap();
    let mut first = [0u8; 1];
    server.read_exact(&mut first).unwrap();
    server.interrupter().end_input();
    let mut rest = String::new();
    server.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "ast words");
    server.write_all(b"answer").unwrap();
    drop(server);
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    assert_eq!(answer, "answer");
}

#[cfg(target_os = "linux")]
#[test]
fn a_reset_connection_does_not_look_to_its_peer_like_one_that_ended() {
    let (mut client, mut server) = pair();
    server.write_all(b"half an ans").unwrap();
    let interrupter = server.interrupter();
    let (told, heard) = mpsc::channel();
    let reader = thread::spawn("reader", move || {
        told.send(()).unwrap();
        server.read(&mut [0u8; 8]).unwrap_err().kind()
    });
    heard.recv().unwrap();
    let mut half = [0u8; 11];
    client.read_exact(&mut half).unwrap();
    interrupter.reset();
    assert_eq!(join(reader.unwrap()), io::ErrorKind::ConnectionAborted);
    assert_eq!(client.read(&mut half).unwrap_err().kind(), io::ErrorKind::ConnectionReset);
}

#[test]
fn an_interrupter_does_not_keep_a_dropped_connection_open() {
    let (mut client, server) = pair();
    let interrupter = server.interrupter();
    drop(server);
    assert_eq!(client.read(&mut [0u8; 1]).unwrap(), 0, "the peer sees the end");
    interrupter.interrupt();
}

#[test]
fn the_connection_closes_when_both_halves_are_gone_and_not_before() {
    let (client, mut server) = pair();
    let (mut reader, mut writer) = (Box::new(client) as Box<dyn Conn>).split().unwrap();
    writer.write_all(b"question").unwrap();
    writer.finish().unwrap();
    drop(writer);
    let mut question = String::new();
    server.read_to_string(&mut question).unwrap();
    server.write_all(b"reply").unwrap();
    let mut reply = [0u8; 5];
    reader.read_exact(&mut reply).unwrap();
    assert_eq!((question.as_str(), &reply), ("question", b"reply"));
    drop(reader);
    assert_eq!(server.read(&mut [0u8; 1]).unwrap(), 0);
}

#[cfg(unix)]
#[test]
fn a_unix_stream_is_a_connection_like_any_other() {
    use netprog::base::conn::UnixConn;
    let (one, two) = std::os::unix::net::UnixStream::pair().unwrap();
    let (mut one, mut two) = (UnixConn::new(one).unwrap(), UnixConn::new(two).unwrap());
    one.set_deadline(Deadline::after(SOON));
    assert_eq!(one.read(&mut [0u8; 1]).unwrap_err().kind(), io::ErrorKind::TimedOut);
    two.write_all(b"hello").unwrap();
    two.finish().unwrap();
    one.set_deadline(Deadline::NEVER);
    let mut text = String::new();
    one.read_to_string(&mut text).unwrap();
    assert_eq!((text.as_str(), one.peer()), ("hello", Address::Unix(None)));
}
