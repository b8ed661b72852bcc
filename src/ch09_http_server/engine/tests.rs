//! The protocol that was agreed on chooses the engine.

use std::io::{self, Read, Write};

use crate::base::conn::{Address, Conn, ConnRead, ConnWrite, Halves, Interrupter, Listener};
use crate::base::deadline::Deadline;
use crate::base::pipe::{self, MemoryListener};
use crate::ch09_http_server::client_for_tests::{Client, Lines};
use crate::ch09_http_server::handler::{Request, ResponseWriter};
use crate::ch09_http_server::server::Server;

fn hello(response: &mut dyn ResponseWriter, _: &mut Request) {
    let _ = response.write_all(b"Hello, friend!");
}

#[test]
fn the_protocol_agreed_on_chooses_the_engine() {
    let mut server = Server::new(hello);
    server.engines.add("h2", |mut conn, serving| {
        let _place = serving.place;
        conn.write_all(b"frames")
    });
    let engines = server.engines.clone();
    assert!(engines.engine_for(None).is_some() && engines.engine_for(Some("http/1.1")).is_some());
    assert!(engines.engine_for(Some("h2")).is_some() && engines.engine_for(Some("h3")).is_none());
    for (protocol, wanted) in [("h2", "frames"), ("http/1.1", "HTTP/1.1 200 OK\r\n"), ("h3", "")] {
        let log = Lines::default();
        let (listener, dialer) = pipe::listener();
        let server = Server { error_log: log.logger(), ..server.clone() };
        let running = server.start(Agreed { listener, protocol }).unwrap();
        let mut client = Client::over(dialer.dial().unwrap());
        client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
        client.finish();
        assert!(client.rest().starts_with(wanted));
        running.close();
        assert_eq!(log.text().contains("no engine speaks"), protocol == "h3", "{}", log.text());
    }
}

/// A listener whose connections have agreed on a protocol, as after TLS.
struct Agreed {
    listener: MemoryListener,
    protocol: &'static str,
}

impl Listener for Agreed {
    fn accept(&self) -> io::Result<Box<dyn Conn>> {
        Ok(Box::new(AgreedConn { conn: self.listener.accept()?, protocol: self.protocol }))
    }

    fn local(&self) -> Address {
        self.listener.local()
    }

    fn stop(&self) {
        self.listener.stop();
    }
}

struct AgreedConn {
    conn: Box<dyn Conn>,
    protocol: &'static str,
}

impl Read for AgreedConn {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.conn.read(buf)
    }
}

impl Write for AgreedConn {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.conn.write(buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.conn.flush()
    }
}

impl ConnRead for AgreedConn {
    fn set_read_deadline(&mut self, deadline: Deadline) {
        self.conn.set_read_deadline(deadline);
    }
}

impl ConnWrite for AgreedConn {
    fn set_write_deadline(&mut self, deadline: Deadline) {
        self.conn.set_write_deadline(deadline);
    }

    fn finish(&mut self) -> io::Result<()> {
        self.conn.finish()
    }
}

impl Conn for AgreedConn {
    fn local(&self) -> Address {
        self.conn.local()
    }

    fn peer(&self) -> Address {
        self.conn.peer()
    }

    fn interrupter(&self) -> Interrupter {
        self.conn.interrupter()
    }

    fn protocol(&self) -> Option<&str> {
        Some(self.protocol)
    }

    fn split(self: Box<Self>) -> io::Result<Halves> {
        self.conn.split()
    }
}
