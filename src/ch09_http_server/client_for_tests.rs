//! A client for the tests of the server: raw bytes out, and whole responses in.

use std::io::{BufRead, BufReader, Read, Write};
use std::sync::mpsc;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::handler::Handler;
use super::server::Server;
use super::test_server::MemoryServer;
use crate::base::conn::{Conn, ConnRead, ConnWrite};
use crate::base::deadline::Deadline;
use crate::base::log::{self, Logger};
use crate::ch08_http_client::codec::{self, HeadLimits};
use crate::ch08_http_client::decoder::BodyDecoder;
use crate::ch08_http_client::framing;
use crate::ch08_http_client::header::Header;
use crate::ch08_http_client::message::ResponseHead;
use crate::ch08_http_client::method::Method;

/// No test waits longer than this for anything.
pub const LIMIT: Duration = Duration::from_secs(10);

/// A connection to a server.
pub struct Client {
    reader: BufReader<Box<dyn ConnRead>>,
    writer: Box<dyn ConnWrite>,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub head: ResponseHead,
    pub body: Vec<u8>,
    pub trailer: Header,
}

impl Answer {
    pub fn code(&self) -> u16 {
        self.head.status.code()
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.head.header.get(name)
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

impl Client {
    pub fn over(conn: impl Conn + 'static) -> Client {
        let (mut reader, mut writer) = Box::new(conn).split().unwrap();
        reader.set_read_deadline(Deadline::after(LIMIT));
        writer.set_write_deadline(Deadline::after(LIMIT));
        Client { reader: BufReader::new(reader), writer }
    }

    pub fn of(server: &MemoryServer) -> Client {
        Client::over(server.dialer().dial().unwrap())
    }

    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.writer.write_all(bytes.as_ref()).unwrap();
    }

    pub fn finish(&mut self) {
        self.writer.finish().unwrap();
    }

    /// The next response, to a request with `method`.
    pub fn answer_to(&mut self, method: &Method) -> Answer {
        let head =
            codec::read_response_head(&mut self.reader, HeadLimits::default()).unwrap().expect("a response");
        let mut decoder = BodyDecoder::new(framing::response_framing(method, &head).unwrap());
        let (mut body, mut buf) = (Vec::new(), [0; 4096]);
        loop {
            let count = decoder.read(&mut self.reader, &mut buf).unwrap();
            if count == 0 {
                break;
            }
            body.extend_from_slice(&buf[..count]);
        }
        let trailer = decoder.trailer().cloned().unwrap_or_default();
        Answer { head, body, trailer }
    }

    pub fn answer(&mut self) -> Answer {
        self.answer_to(&Method::GET)
    }

    /// One line, with its end.
    pub fn line(&mut self) -> String {
        let mut line = String::new();
        self.reader.read_line(&mut line).unwrap();
        line
    }

    /// Everything up to the end of the connection.
    pub fn rest(&mut self) -> String {
        let mut bytes = Vec::new();
        self.reader.read_to_end(&mut bytes).unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// How much comes up to the end of the connection, be it polite or not.
    pub fn rest_bytes(&mut self) -> usize {
        let mut bytes = Vec::new();
        let _ = self.reader.read_to_end(&mut bytes);
        bytes.len()
    }

    pub fn assert_closed(&mut self) {
        assert_eq!(self.rest(), "");
    }
}

/// What a server with `handler` answers to `bytes`, after which the client has finished.
pub fn talk(handler: impl Handler + 'static, bytes: impl AsRef<[u8]>) -> String {
    talk_to(Server::new(handler), bytes)
}

/// The same with settings.
pub fn talk_to(server: Server, bytes: impl AsRef<[u8]>) -> String {
    let server = MemoryServer::with(server);
    let mut client = Client::of(&server);
    client.send(bytes);
    client.finish();
    client.rest()
}

/// A log one can read.
#[derive(Clone, Default)]
pub struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    pub fn logger(&self) -> Logger {
        Logger::new(Box::new(self.clone()), "", log::NONE)
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// One end of a [`signal`].
pub type Signal = Arc<dyn Fn() + Send + Sync>;

/// A channel whose ends several threads may share.
pub fn signal() -> (Signal, Signal) {
    let (give, take) = mpsc::channel::<()>();
    let (give, take) = (Mutex::new(give), Mutex::new(take));
    let send = move || {
        // Nobody waits any more if the test has failed.
        let _ = give.lock().unwrap_or_else(PoisonError::into_inner).send(());
    };
    let wait = move || {
        let take = take.lock().unwrap_or_else(PoisonError::into_inner);
        take.recv_timeout(LIMIT).expect("the other thread gives its signal");
    };
    (Arc::new(send), Arc::new(wait))
}
