//! Servers and clients that several tests need.

use crate::support::PATIENCE;
use netprog::base::cancel::Cancel;
use netprog::base::conn::{Conn, TcpSocketListener};
use netprog::base::serve::{Incident, ServeConfig, Server, start};
use netprog::base::trace;
use netprog::ch03_tcp::limits::Limits;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::{Mutex, mpsc};
use std::time::Duration;

pub fn millis(count: u64) -> Duration {
    Duration::from_millis(count)
}

pub fn listener() -> TcpSocketListener {
    TcpSocketListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap()
}

pub fn limits() -> Limits {
    Limits { idle: Some(PATIENCE), write: Some(PATIENCE) }
}

/// A server with `handler`, whose incidents go to the receiver.
pub fn serving<H>(handler: H) -> (Server, mpsc::Receiver<String>)
where
    H: Fn(Box<dyn Conn>, &Cancel) -> io::Result<()> + Send + Sync + 'static,
{
    let (told, heard) = mpsc::channel();
    let told = Mutex::new(told);
    let report = Box::new(move |incident: &Incident| {
        let _ = told.lock().unwrap().send(incident.to_string());
    });
    let config = ServeConfig { name: "server", grace: millis(100), report, ..ServeConfig::default() };
    let _me = trace::party("server");
    trace::chapter("ch03");
    (start(listener(), config, handler).unwrap(), heard)
}

pub fn client(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// Sends `words`, then reads to the end.
pub fn ask(address: SocketAddr, words: &[u8]) -> Vec<u8> {
    let mut stream = client(address);
    stream.write_all(words).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    answer
}

/// Leaves a reset behind: the stream is dropped over data nobody read.
pub fn leave_abruptly(address: SocketAddr, words: &[u8]) {
    let mut stream = client(address);
    stream.write_all(words).unwrap();
    stream.peek(&mut [0]).unwrap();
    drop(stream);
}
