//! Zero window and CLOSE_WAIT: Listings 4-26 and 4-27.

use super::peers::*;
use crate::support::{PATIENCE, join};
use netprog::base::conn::ConnWrite;
use netprog::base::deadline::Deadline;
use netprog::base::serve::{ServeConfig, start};
use netprog::base::trace;
use netprog::ch04_data::pitfalls::{
    bytes_until_stalled, read_and_handle, read_then_queue, serve_and_close, serve_and_forget,
};
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::sync::mpsc;
use std::time::{Duration, Instant};

fn quiet() -> ServeConfig {
    ServeConfig { report: Box::new(|_| {}), ..ServeConfig::default() }
}

/// Listing 4-26: a handler that blocks stops the sender. Rows 4.41, 4.42.
/// Watch: wrong, the sender is stuck after a fixed number of bytes; right, with a queue, it sends everything while the handler
/// still blocks on the first chunk.
#[test]
fn listing_4_26_a_handler_that_blocks_fills_both_buffers_and_a_queue_decouples_them() {
    let _me = trace::party("sender");
    trace::chapter("ch04");
    const PAYLOAD: usize = 256 * 1024;

    let (sender, receiver) = small_pair(32 * 1024);
    let (release, gate) = mpsc::channel::<()>();
    let wrong = run("receiver", move || {
        // The bare socket: hundreds of reads would fill the picture.
        read_and_handle(&mut receiver.socket(), |_| {
            let _ = gate.recv(); // blocks until released, then never again
        })
    });
    let written = bytes_until_stalled(sender.socket(), Duration::from_millis(100)).unwrap();
    assert!(written > 0 && written < PAYLOAD as u64, "{written} bytes, then zero window");
    drop(release);
    trace::note(|| "the handler goes on: the window opens again".to_string());
    drop(sender);
    assert_eq!(join(wrong).unwrap(), written, "nothing was lost meanwhile");

    let (mut sender, receiver) = small_pair(32 * 1024);
    let (release, gate) = mpsc::channel::<()>();
    let (told, handled) = mpsc::channel();
    let right = run("receiver", move || {
        let mut total = 0;
        read_then_queue(&mut receiver.socket(), PAYLOAD, move |chunk| {
            let _ = gate.recv();
            total += chunk.len();
            let _ = told.send(total);
        })
    });
    sender.write_all(&pattern(PAYLOAD)).unwrap();
    sender.finish().unwrap();
    assert!(handled.try_recv().is_err(), "all is sent, and the handler has not done one chunk");
    trace::note(|| format!("all {PAYLOAD} bytes sent, and the handler is still at its first chunk"));
    drop(release);
    assert_eq!(join(right).unwrap(), PAYLOAD as u64);
    assert_eq!(handled.iter().last(), Some(PAYLOAD), "and all of it was handled");
}

/// Listing 4-27: a handler that returns without closing. Rows 4.43, N1.5.
/// Watch: wrong, the socket stays in CLOSE_WAIT; right, it is closed when the handler lets go of it.
#[cfg(target_os = "linux")]
#[test]
fn listing_4_27_a_forgotten_connection_stays_in_close_wait_and_a_dropped_one_does_not() {
    let _me = trace::party("client");
    trace::chapter("ch04");
    let (mut client, server) = pair_of("client", "server");
    let (at_server, at_client) = ends(&server);
    let wrong = run("server", move || serve_and_forget(Box::new(server)));
    client.finish().unwrap();
    join(wrong).unwrap();
    assert_eq!(
        kernel_state(at_server, at_client),
        Some(CLOSE_WAIT),
        "the handler is gone, the socket is not"
    );
    until("the client waits for the other FIN", || kernel_state(at_client, at_server) == Some(FIN_WAIT_2));
    trace::note(|| "wrong: CLOSE_WAIT".to_string());

    let (mut client, server) = pair_of("client", "server");
    let (at_server, at_client) = ends(&server);
    let right = run("server", move || serve_and_close(Box::new(server)));
    client.finish().unwrap();
    join(right).unwrap();
    assert_eq!(client.read(&mut [0; 1]).unwrap(), 0, "the server's FIN came");
    assert_ne!(kernel_state(at_server, at_client), Some(CLOSE_WAIT));
    trace::note(|| "right: closed".to_string());
}

const FIN_WAIT_2: u8 = 5;

const CLOSE_WAIT: u8 = 8;

/// The state in which the kernel has this end of a connection.
fn kernel_state(local: SocketAddr, remote: SocketAddr) -> Option<u8> {
    let word = |address: SocketAddr| match address {
        SocketAddr::V4(v4) => {
            format!("{:08X}:{:04X}", u32::from_ne_bytes(v4.ip().octets()), v4.port())
        }
        SocketAddr::V6(_) => panic!("these tests speak IPv4"),
    };
    let (local, remote) = (word(local), word(remote));
    for line in std::fs::read_to_string("/proc/net/tcp").unwrap().lines().skip(1) {
        let fields: Vec<&str> = line.split_whitespace().collect();
        if fields[1] == local && fields[2] == remote {
            return Some(u8::from_str_radix(fields[3], 16).unwrap());
        }
    }
    None
}

#[test]
fn a_stalled_writer_runs_into_its_deadline_and_goes_on_when_the_reader_has_drained() {
    let (mut sender, mut receiver) = small_pair(64 * 1024);
    let written = bytes_until_stalled(sender.socket(), Duration::from_millis(100)).unwrap();
    sender.set_write_deadline(Deadline::after(Duration::from_millis(20)));
    assert_eq!(sender.write(b"x").unwrap_err().kind(), io::ErrorKind::TimedOut);

    let mut drained = vec![0; usize::try_from(written).unwrap()];
    receiver.read_exact(&mut drained).unwrap();
    sender.set_write_deadline(Deadline::after(PATIENCE));
    sender.write_all(b"on we go").unwrap();
    drop(sender);
    let mut text = String::new();
    receiver.read_to_string(&mut text).unwrap();
    assert_eq!(text, "on we go");
}

#[test]
fn a_full_queue_lets_the_window_close_after_all() {
    let (sender, mut receiver) = small_pair(64 * 1024);
    let (release, gate) = mpsc::channel::<()>();
    let receiving = run("receiver", move || {
        read_then_queue(&mut receiver, 4, move |_| {
            let _ = gate.recv();
        })
    });
    let written = bytes_until_stalled(sender.socket(), Duration::from_millis(100)).unwrap();
    assert!(written < 2 << 20, "a slow receiver must slow its sender");
    drop(release);
    drop(sender);
    assert_eq!(join(receiving).unwrap(), written);
}

#[test]
fn a_handler_that_panics_behind_the_queue_ends_the_reading() {
    let (mut sender, mut receiver) = pair();
    let receiving = run("receiver", move || {
        read_then_queue(&mut receiver, 1, |_| panic!("a handler of a test panics on purpose"))
    });
    let begin = Instant::now();
    while sender.write_all(&[0; 4096]).is_ok() {
        assert!(begin.elapsed() < PATIENCE);
    }
    assert_eq!(join(receiving).unwrap_err().kind(), io::ErrorKind::Other);
}

/// Row 4.43: who sends to a peer that has closed both ways is reset.
#[test]
fn a_server_in_close_wait_that_sends_to_a_client_long_gone_is_reset() {
    let (client, mut server) = pair();
    drop(client);
    assert_eq!(server.read(&mut [0; 1]).unwrap(), 0, "in CLOSE_WAIT from here on");
    server.write_all(b"anybody there?").unwrap();
    let mut error = None;
    until("the answer to it is a reset", || {
        error = server.write_all(b"hello?").err();
        error.is_some()
    });
    let kind = error.unwrap().kind();
    assert!(matches!(kind, io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset), "{kind:?}");
}

/// Row N1.5: Go's first line in every handler is `defer c.Close()`. Here the handler owns the connection.
#[test]
fn a_handler_that_panics_closes_its_connection_all_the_same() {
    let server = start(listen(), quiet(), |mut conn, _| {
        let count = conn.read(&mut [0; 16])?;
        panic!("a handler of a test panics on purpose after {count} bytes");
    });
    let server = server.unwrap();
    let mut conn = dial(server.socket_addr());
    conn.write_all(b"boo").unwrap();
    assert_eq!(conn.read(&mut [0; 1]).unwrap(), 0, "the FIN of a dropped connection");
}
