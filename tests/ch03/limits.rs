//! Connections and lengths that several tests need.

use netprog::base::conn::TcpConn;
use netprog::base::thread;
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

pub fn millis(count: u64) -> Duration {
    Duration::from_millis(count)
}

/// Two ends of a connection over loopback: the client's and the server's.
pub fn connected() -> (TcpConn, TcpConn) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (server, _) = listener.accept().unwrap();
    (TcpConn::new(client).unwrap(), TcpConn::new(server).unwrap())
}

/// Runs a scenario whose *premise* a stalled machine can break (a drip that comes too late), until the premise held.
pub fn with_premise(mut scenario: impl FnMut() -> bool) {
    for _ in 0..10 {
        if scenario() {
            return;
        }
    }
    panic!("the machine never kept the pace of this test");
}

/// Sends a byte every 40 ms until the other side is gone.
pub fn drip(mut conn: TcpConn) -> std::thread::JoinHandle<u64> {
    thread::spawn("dripper", move || {
        let mut sent = 0;
        while conn.write(b".").is_ok() {
            sent += 1;
            std::thread::sleep(millis(40));
        }
        sent
    })
    .unwrap()
}
