//! A server and a client for tests of one conversation.

use crate::support::PATIENCE;
use netprog::base::cancel::Cancel;
use netprog::base::conn::{Conn, TcpConn, TcpSocketListener};
use netprog::base::connect::connect;
use netprog::base::deadline::Deadline;
use netprog::base::{thread, trace};
use std::net::SocketAddr;
use std::thread::JoinHandle;

/// A server for one connection in a thread of its own.
pub fn serve<T: Send + 'static>(
    work: impl FnOnce(TcpConn) -> T + Send + 'static,
) -> (SocketAddr, JoinHandle<T>) {
    let _server = trace::party("server");
    trace::chapter("ch04");
    let listener = TcpSocketListener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = listener.socket_addr();
    let thread = thread::spawn("server", move || {
        let mut conn = listener.accept_tcp().unwrap();
        conn.set_deadline(Deadline::after(PATIENCE));
        work(conn)
    });
    (address, thread.unwrap())
}

pub fn dial(address: SocketAddr) -> TcpConn {
    let mut conn = connect(address, Deadline::after(PATIENCE), &Cancel::new()).unwrap();
    conn.set_deadline(Deadline::after(PATIENCE));
    conn
}

pub const PROVERB: &str = "The bigger the interface, the weaker the abstraction.";
