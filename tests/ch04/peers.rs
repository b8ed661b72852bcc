//! Connections and servers that several tests need.

use crate::support::PATIENCE;
use netprog::base::cancel::Cancel;
use netprog::base::conn::{Conn, TcpConn, TcpSocketListener};
use netprog::base::connect::connect;
use netprog::base::deadline::Deadline;
use netprog::base::serve::{ServeConfig, Server, start};
use netprog::base::{thread, trace};
use netprog::ch04_data::options::{set_read_buffer, set_write_buffer};
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

pub fn loopback() -> SocketAddr {
    "127.0.0.1:0".parse().unwrap()
}

pub fn listen() -> TcpSocketListener {
    TcpSocketListener::bind(loopback()).unwrap()
}

/// A listener that goes by `name` in the pictures, and with it every connection it accepts.
pub fn listen_as(name: &str) -> TcpSocketListener {
    let _it = trace::party(name);
    listen()
}

pub fn dial(address: SocketAddr) -> TcpConn {
    let mut conn = connect(address, Deadline::after(PATIENCE), &Cancel::new()).unwrap();
    conn.set_deadline(Deadline::after(PATIENCE));
    conn
}

/// Both ends of a connection: the dialler's and the acceptor's.
pub fn pair() -> (TcpConn, TcpConn) {
    pair_of("dialler", "acceptor")
}

/// The same with names.
pub fn pair_of(dialler: &str, acceptor: &str) -> (TcpConn, TcpConn) {
    let listener = listen_as(acceptor);
    let _me = trace::party(dialler);
    let near = dial(listener.socket_addr());
    let mut far = listener.accept_tcp().unwrap();
    far.set_deadline(Deadline::after(PATIENCE));
    (near, far)
}

/// Bytes in which a missing or repeated block shows.
pub fn pattern(length: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(length);
    for index in 0..length {
        bytes.push((index % 251) as u8 ^ (index / 65_521) as u8);
    }
    bytes
}

/// Runs `work` as `name` in a thread of its own.
pub fn run<T: Send + 'static>(
    name: &'static str,
    work: impl FnOnce() -> T + Send + 'static,
) -> std::thread::JoinHandle<T> {
    let spawned = thread::spawn(name, move || {
        let _me = trace::party(name);
        work()
    });
    spawned.unwrap()
}

/// Waits for something the kernel does: there is no condition to wait on.
pub fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "never came: {what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Listing 4-16: whatever one read brings is taken for one message.
pub fn answer_pings(mut conn: Box<dyn Conn>) -> io::Result<()> {
    let _me = trace::party("server");
    let mut buffer = [0; 1024];
    loop {
        let count = conn.read(&mut buffer)?;
        match &buffer[..count] {
            [] => return Ok(()),
            b"ping" => conn.write_all(b"pong")?,
            other => conn.write_all(other)?,
        }
    }
}

pub fn ping_server() -> Server {
    let config = ServeConfig { name: "server", ..ServeConfig::default() };
    start(listen_as("server"), config, |conn, _| answer_pings(conn)).unwrap()
}

pub fn exchange(conn: &mut dyn Conn, message: &[u8], reply: &[u8]) {
    conn.write_all(message).unwrap();
    let mut buffer = vec![0; reply.len()];
    conn.read_exact(&mut buffer).unwrap();
    assert_eq!(buffer, reply, "the reply to {:?}", String::from_utf8_lossy(message));
}

/// A connection with small buffers: they fill after some hundred kilobytes and not after megabytes.
pub fn small_pair(buffers: usize) -> (TcpConn, TcpConn) {
    let (near, far) = pair_of("sender", "receiver");
    for conn in [&near, &far] {
        set_read_buffer(conn.socket(), buffers).unwrap();
        set_write_buffer(conn.socket(), buffers).unwrap();
    }
    (near, far)
}

pub fn ends(conn: &TcpConn) -> (SocketAddr, SocketAddr) {
    (conn.socket().local_addr().unwrap(), conn.socket().peer_addr().unwrap())
}
