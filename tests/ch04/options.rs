//! The options of a TCP connection: Listings 4-23 to 4-25.

use super::peers::*;
use crate::support::{PATIENCE, join};
use netprog::base::cancel::Cancel;
use netprog::base::conn::{Conn, ConnWrite, Listener, TcpConn};
use netprog::base::connect::connect;
use netprog::base::deadline::Deadline;
use netprog::base::sys::options::unread_bytes;
use netprog::base::trace;
use netprog::ch04_data::options::{
    OnClose, Settings, on_close, set_keepalive, set_on_close, set_read_buffer, set_write_buffer,
};
use netprog::ch04_data::pitfalls::bytes_until_stalled;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::num::NonZeroU16;
use std::time::{Duration, Instant};

fn dial_as(name: &str, address: SocketAddr) -> TcpConn {
    let _me = trace::party(name);
    dial(address)
}

/// Listing 4-23: the concrete connection from the listener. Row 4.34.
/// Watch: `accept_tcp` gives the type that has a `socket()`; through `Box<dyn Conn>` it is `tcp()`, Go's type assertion.
#[test]
fn listing_4_23_accept_tcp_gives_the_concrete_connection() {
    let _me = trace::party("server");
    trace::chapter("ch04");
    let listener = listen_as("server");
    let client = dial_as("client", listener.socket_addr());
    let conn: TcpConn = listener.accept_tcp().unwrap();
    let stream: &TcpStream = conn.socket();
    assert_eq!(stream.peer_addr().unwrap(), client.socket().local_addr().unwrap());

    let _second = dial_as("client 2", listener.socket_addr());
    let boxed: Box<dyn Conn> = listener.accept().unwrap();
    assert!(boxed.tcp().is_some(), "go: conn.(*net.TCPConn)");
}

/// Listing 4-24: the concrete connection from dialling. Row 4.34.
#[test]
fn listing_4_24_dialling_gives_the_concrete_connection() {
    let _me = trace::party("client");
    trace::chapter("ch04");
    let listener = listen_as("server");
    let conn: TcpConn = connect(listener.socket_addr(), Deadline::after(PATIENCE), &Cancel::new()).unwrap();
    assert_eq!(conn.socket().peer_addr().unwrap(), listener.socket_addr());
    // The standard library's own dialler never hides the type, so there is nothing to assert.
    let stream: TcpStream = TcpStream::connect(listener.socket_addr()).unwrap();
    assert_eq!(stream.peer_addr().unwrap(), listener.socket_addr());
}

/// Listing 4-25: buffers of 212,992 bytes. Row 4.40.
/// Watch: Linux answers with twice the number, and with its own limit where the wish was greater.
#[cfg(target_os = "linux")]
#[test]
fn listing_4_25_buffers_are_what_the_kernel_makes_of_the_wish() {
    let _me = trace::party("client");
    trace::chapter("ch04");
    let (conn, _peer) = pair_of("client", "server");
    let limit = |name: &str| -> usize {
        let text = std::fs::read_to_string(format!("/proc/sys/net/core/{name}")).unwrap();
        text.trim().parse().unwrap()
    };
    let (read_limit, write_limit) = (limit("rmem_max"), limit("wmem_max"));
    let read = set_read_buffer(conn.socket(), 212_992).unwrap();
    let write = set_write_buffer(conn.socket(), 212_992).unwrap();
    assert_eq!((read, write), (2 * 212_992.min(read_limit), 2 * 212_992.min(write_limit)));
    trace::note(|| format!("asked for 212992 bytes, got {read} to read and {write} to write"));

    let greedy = set_read_buffer(conn.socket(), 1 << 30).unwrap();
    assert_eq!(greedy, 2 * read_limit, "cut without an error");
    let settings = Settings::of(conn.socket()).unwrap();
    assert_eq!((settings.read_buffer, settings.write_buffer), (greedy, write));
}

/// Rows 4.35 and N1.2: the book's minute and the notes' three.
#[test]
fn keepalive_is_read_back_and_a_period_says_when_a_dead_peer_is_noticed() {
    let (conn, _peer) = pair();
    let socket = conn.socket();
    assert_eq!(Settings::of(socket).unwrap().keepalive, None, "off, unless asked for");
    let minute = Duration::from_secs(60);
    assert_eq!(set_keepalive(socket, Some(minute)).unwrap(), Some(10 * minute));
    assert_eq!(set_keepalive(socket, Some(3 * minute)).unwrap(), Some(30 * minute));
    let keepalive = Settings::of(socket).unwrap().keepalive.unwrap();
    assert_eq!((keepalive.idle, keepalive.interval, keepalive.probes), (3 * minute, 3 * minute, 9));
    assert_eq!(set_keepalive(socket, None).unwrap(), None);
    let fraction = set_keepalive(socket, Some(Duration::from_millis(1500))).unwrap_err();
    assert_eq!(fraction.kind(), io::ErrorKind::InvalidInput);
}

/// Row 4.36, the rule.
#[test]
fn by_default_what_was_written_before_the_drop_is_delivered_in_the_background() {
    let (mut near, mut far) = pair();
    assert_eq!(on_close(near.socket()).unwrap(), OnClose::DeliverInBackground);
    let payload = pattern(300_000);
    near.write_all(&payload).unwrap();
    drop(near);
    let mut received = Vec::new();
    far.read_to_end(&mut received).unwrap();
    assert!(received == payload, "though the writer is gone");
}

/// Rows 4.36, the exception, and 4.37 with nothing but the standard library.
#[test]
fn a_drop_with_unread_input_resets_the_connection_whatever_was_written() {
    let (mut near, mut far) = pair();
    far.write_all(b"never read").unwrap();
    until("the input arrives", || unread_bytes(near.socket()).unwrap() == 10);
    near.write_all(b"perhaps never delivered").unwrap();
    drop(near);
    let mut received = Vec::new();
    let error = far.read_to_end(&mut received).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
}

/// Row 4.37.
#[test]
fn with_linger_zero_the_peer_is_reset_and_sees_no_end_of_stream() {
    let (near, mut far) = pair();
    set_on_close(near.socket(), OnClose::Discard).unwrap();
    assert_eq!(on_close(near.socket()).unwrap(), OnClose::Discard);
    drop(near);
    assert_eq!(far.read(&mut [0; 1]).unwrap_err().kind(), io::ErrorKind::ConnectionReset);
}

/// Rows 4.38 and N1.3: whole seconds, by type. The book says that the rest is discarded then. Linux goes on in the background.
#[test]
fn with_a_linger_of_a_second_close_blocks_that_long_for_a_peer_that_does_not_read() {
    let (near, mut far) = small_pair(64 * 1024);
    let wish = OnClose::WaitUpTo { seconds: NonZeroU16::new(1).unwrap() };
    set_on_close(near.socket(), wish).unwrap();
    assert_eq!(on_close(near.socket()).unwrap(), wish);
    let written = bytes_until_stalled(near.socket(), Duration::from_millis(50)).unwrap();
    let begin = Instant::now();
    drop(near);
    let blocked = begin.elapsed();
    // The system counts in ticks of up to ten milliseconds.
    assert!(blocked >= Duration::from_millis(980) && blocked < PATIENCE, "{blocked:?}");
    if cfg!(target_os = "linux") {
        let mut received = Vec::new();
        far.read_to_end(&mut received).unwrap();
        assert_eq!(received.len() as u64, written, "Linux has given up waiting, not sending");
    }
}

#[test]
fn with_a_linger_close_returns_as_soon_as_everything_is_acknowledged() {
    let (mut near, mut far) = pair();
    set_on_close(near.socket(), OnClose::WaitUpTo { seconds: NonZeroU16::new(60).unwrap() }).unwrap();
    near.write_all(b"taken at once").unwrap();
    let begin = Instant::now();
    drop(near);
    assert!(begin.elapsed() < PATIENCE);
    let mut text = String::new();
    far.read_to_string(&mut text).unwrap();
    assert_eq!(text, "taken at once");
}

/// Row 4.39: a byte of the application's own, after the FIN.
#[test]
fn only_an_answer_proves_receipt_and_a_close_without_one_proves_nothing() {
    /// Sends, finishes, and waits to hear that all was taken.
    fn send_surely(conn: &mut TcpConn, data: &[u8]) -> io::Result<()> {
        conn.write_all(data)?;
        conn.finish()?;
        conn.read_exact(&mut [0; 1])
    }
    let (mut client, mut server) = pair();
    let receiving = run("server", move || {
        let mut data = Vec::new();
        server.read_to_end(&mut data).unwrap();
        server.write_all(&[1]).unwrap();
        data
    });
    send_surely(&mut client, b"the last portion").unwrap();
    assert_eq!(join(receiving), b"the last portion");

    let (mut client, mut server) = pair();
    let crashing = run("server", move || {
        // It has read everything, and dies before it has done anything with it.
        server.read_to_end(&mut Vec::new()).unwrap();
    });
    let error = send_surely(&mut client, b"the last portion").unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof, "every write and the close had succeeded");
    join(crashing);
}

/// Row 4.41.
#[test]
fn a_small_read_buffer_stalls_the_sender_earlier() {
    let mut stalled_after = Vec::new();
    for read_buffer in [4 * 1024, 200 * 1024] {
        let (near, far) = pair();
        set_read_buffer(far.socket(), read_buffer).unwrap();
        set_write_buffer(near.socket(), 64 * 1024).unwrap();
        stalled_after.push(bytes_until_stalled(near.socket(), Duration::from_millis(100)).unwrap());
    }
    assert!(stalled_after[0] < stalled_after[1], "{stalled_after:?}");
}

#[test]
fn settings_are_read_as_a_sentence() {
    let (conn, _peer) = pair();
    set_keepalive(conn.socket(), Some(Duration::from_secs(60))).unwrap();
    set_on_close(conn.socket(), OnClose::WaitUpTo { seconds: NonZeroU16::new(10).unwrap() }).unwrap();
    let text = Settings::of(conn.socket()).unwrap().to_string();
    let begin = "small writes leave at once; keepalive after 60s, then every 60s, dead after 9 probes or 600s; \
                 close waits up to 10 s; buffers ";
    assert!(text.starts_with(begin), "{text}");
}
