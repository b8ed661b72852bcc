//! Servers by hand: a function per connection, which reads and writes bytes. And clients to ask them.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;

use netprog::base::conn::{Conn, ConnWrite, TcpConn};
use netprog::base::deadline::Deadline;
use netprog::base::trace;
use netprog::ch08_http_client::client::Client;
use netprog::ch08_http_client::method::Method;
use netprog::ch08_http_client::request::Request;
use netprog::ch08_http_client::transport::{Transport, TransportConfig};

use crate::support::{PATIENCE, join};

/// What a server does with one connection.
pub type Script = Box<dyn FnOnce(&mut RawConn) + Send>;

/// Makes a script of a closure.
pub fn script(script: impl FnOnce(&mut RawConn) + Send + 'static) -> Script {
    Box::new(script)
}

/// A response with a body of known length.
pub fn ok(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

/// A connection whose other side is ours to test.
pub struct RawConn(TcpConn);

impl RawConn {
    /// Reads a head, up to its blank line and no byte further. Empty if the client has closed instead.
    pub fn head(&mut self) -> String {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            // A look first, so that a picture has one read and not one for each byte.
            let mut ahead = [0; 4096];
            let count = self.0.socket().peek(&mut ahead).unwrap_or(0);
            let known = [&head, &ahead[..count]].concat();
            let end = known.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4);
            let mut piece = vec![0; end.unwrap_or(known.len()) - head.len()];
            if piece.is_empty() || self.0.read_exact(&mut piece).is_err() {
                return String::new();
            }
            head.extend(piece);
        }
        String::from_utf8(head).unwrap()
    }

    pub fn exactly(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        self.0.read_exact(&mut bytes).expect("the client sends so many bytes");
        bytes
    }

    /// Reads until these bytes have come, and gives all up to there.
    pub fn until(&mut self, end: &str) -> String {
        let mut text = Vec::new();
        while !text.ends_with(end.as_bytes()) {
            text.extend(self.exactly(1));
        }
        String::from_utf8(text).unwrap()
    }

    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        // A client that has had enough may be gone.
        let _ = self.0.write_all(bytes.as_ref());
    }

    /// Waits until the client has closed; how many bytes came before that.
    pub fn gone(&mut self) -> usize {
        let mut buf = vec![0; 64 * 1024];
        let mut came = 0;
        loop {
            match self.0.read(&mut buf) {
                Ok(0) => return came,
                Ok(count) => came += count,
                Err(error) => {
                    assert_ne!(error.kind(), std::io::ErrorKind::TimedOut, "the client has not closed");
                    return came;
                }
            }
        }
    }

    pub fn finish(&mut self) {
        let _ = self.0.finish();
    }

    pub fn conn(&mut self) -> &mut TcpConn {
        &mut self.0
    }
}

/// A server that takes as many connections as it has scripts, one after the other.
pub struct RawServer {
    address: SocketAddr,
    acceptor: JoinHandle<Vec<JoinHandle<()>>>,
}

impl RawServer {
    pub fn new(scripts: Vec<Script>) -> RawServer {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        trace::name(&address.to_string(), "server");
        let identity = trace::Identity::here();
        let acceptor = std::thread::spawn(move || {
            let mut threads = Vec::new();
            for script in scripts {
                let (stream, _) = listener.accept().unwrap();
                let identity = identity.clone();
                threads.push(std::thread::spawn(move || {
                    identity.adopt();
                    let _me = trace::party("server");
                    // For the looks; the deadline is for the reads.
                    stream.set_read_timeout(Some(PATIENCE)).unwrap();
                    let mut conn = TcpConn::new(stream).unwrap();
                    conn.set_deadline(Deadline::after(PATIENCE));
                    script(&mut RawConn(conn));
                }));
            }
            threads
        });
        RawServer { address, acceptor }
    }

    pub fn one(steps: impl FnOnce(&mut RawConn) + Send + 'static) -> RawServer {
        RawServer::new(vec![script(steps)])
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Waits until every connection has come and its script has ended.
    pub fn finish(self) {
        for thread in join(self.acceptor) {
            join(thread);
        }
    }
}

pub fn transport() -> Arc<Transport> {
    Arc::new(Transport::default())
}

pub fn transport_with(change: impl FnOnce(&mut TransportConfig)) -> Arc<Transport> {
    let mut config = TransportConfig::default();
    change(&mut config);
    Arc::new(Transport::new(config))
}

/// A client with a transport of its own, and a look at the latter.
pub fn client() -> (Client, Arc<Transport>) {
    let transport = transport();
    (client_of(&transport), transport)
}

pub fn client_of(transport: &Arc<Transport>) -> Client {
    Client { transport: Arc::clone(transport) as _, ..Client::default() }
}

pub fn request(method: Method, url: &str) -> Request {
    Request::new(method, url).unwrap()
}
