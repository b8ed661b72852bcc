//! Chapter 3, how connections end, looked up in the kernel's own table (Figure 3-4 and "Less Graceful").

#![cfg(target_os = "linux")]

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use crate::support::PATIENCE;
use netprog::base::sys::options::unread_bytes;
use netprog::ch03_tcp::socket_table::{KernelState, entry_of, state_of};

fn connected() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (server, _) = listener.accept().unwrap();
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    server.set_read_timeout(Some(PATIENCE)).unwrap();
    (client, server)
}

/// Waits until the kernel is where we expect it. Its side of things has no event to wait for.
fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !holds() {
        assert!(begin.elapsed() < PATIENCE, "{what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn comes_to(state: KernelState, from: SocketAddr, to: SocketAddr) {
    eventually(&format!("{from} > {to} comes to {state}"), || state_of(from, to).unwrap() == Some(state));
}

/// Watch: `ss -tan` beside it says the same.
#[test]
fn closing_goes_through_fin_wait_2_and_close_wait_to_time_wait() {
    let (mut client, server) = connected();
    let (here, there) = (client.local_addr().unwrap(), client.peer_addr().unwrap());
    comes_to(KernelState::Established, here, there);
    comes_to(KernelState::Established, there, here);

    client.shutdown(Shutdown::Write).unwrap();
    comes_to(KernelState::FinWait2, here, there);
    comes_to(KernelState::CloseWait, there, here);

    drop(server);
    assert_eq!(client.read(&mut [0]).unwrap(), 0);
    comes_to(KernelState::TimeWait, here, there);
    eventually("the passive side is gone at once", || state_of(there, here).unwrap().is_none());
}

#[test]
fn a_half_closed_connection_still_carries_the_other_direction() {
    let (mut client, mut server) = connected();
    client.write_all(b"how much is it?").unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    let mut question = String::new();
    server.read_to_string(&mut question).unwrap();
    assert_eq!(question, "how much is it?", "one FIN ends one direction");
    assert_eq!(server.read(&mut [0]).unwrap(), 0, "and its end stays");
    server.write_all(b"seven").unwrap();
    drop(server);
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    assert_eq!(answer, "seven");
}

#[test]
fn closing_over_unread_data_is_a_reset_and_not_an_end() {
    let (mut client, server) = connected();
    client.write_all(b"read me").unwrap();
    eventually("it has arrived", || unread_bytes(&server).unwrap() == 7);
    drop(server);
    assert_eq!(client.read(&mut [0]).unwrap_err().kind(), ErrorKind::ConnectionReset);
}

#[test]
fn a_reset_loses_what_was_written_and_had_not_arrived() {
    let (mut client, mut server) = connected();
    client.write_all(b"read me").unwrap();
    eventually("the question has arrived", || unread_bytes(&server).unwrap() == 7);
    server.set_nonblocking(true).unwrap();
    let block = [0; 64 * 1024];
    let mut written = 0;
    while let Ok(count) = server.write(&block) {
        written += count;
    }
    drop(server);
    let mut received = Vec::new();
    let error = client.read_to_end(&mut received).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    assert!(received.len() < written, "all {written} bytes had been written without an error");
}

#[test]
fn the_first_write_to_a_closed_peer_succeeds_and_a_later_one_fails() {
    let (mut client, server) = connected();
    drop(server);
    client.write_all(b"the close was only half of the connection, for all we know").unwrap();
    let begin = Instant::now();
    let error = loop {
        assert!(begin.elapsed() < PATIENCE, "the reset never came");
        if let Err(error) = client.write(b"more") {
            break error;
        }
    };
    assert!(matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset), "{error}");
}

#[test]
fn the_table_shows_what_nobody_has_read() {
    let (mut client, server) = connected();
    client.write_all(b"unread").unwrap();
    let (here, there) = (server.local_addr().unwrap(), server.peer_addr().unwrap());
    eventually("six bytes wait", || entry_of(here, there).unwrap().is_some_and(|entry| entry.rx_queue == 6));
}
