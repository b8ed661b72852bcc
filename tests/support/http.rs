//! A client of HTTP/1.1 that sends whatever bytes it is told to, and takes answers apart by rules of its own: it shares nothing
//! with the code it judges.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};

use super::PATIENCE;
use netprog::ch09_http_server::handler::{Request, ResponseWriter};

/// A connection to a server.
pub struct Raw {
    reader: BufReader<TcpStream>,
}

/// One answer.
#[derive(Debug)]
pub struct Answer {
    pub code: u16,
    pub fields: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    /// The first value of a field.
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.fields.iter().find(|(its_name, _)| its_name.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Whether it says that it is the last on its connection.
    pub fn is_last(&self) -> bool {
        self.get("Connection").is_some_and(|value| value.eq_ignore_ascii_case("close"))
    }
}

impl Raw {
    pub fn connect(address: SocketAddr) -> Raw {
        let stream = TcpStream::connect(address).expect("the server takes connections");
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Raw { reader: BufReader::new(stream) }
    }

    pub fn stream(&self) -> &TcpStream {
        self.reader.get_ref()
    }

    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.try_send(bytes).expect("the server takes what is sent");
    }

    /// Sends to a server that may have ended the connection.
    pub fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.reader.get_ref().write_all(bytes.as_ref())
    }

    /// Half-close.
    pub fn finish(&mut self) {
        self.stream().shutdown(Shutdown::Write).expect("a half-close");
    }

    /// The next answer, which must be whole.
    pub fn answer(&mut self) -> Answer {
        self.answer_to("GET").expect("an answer")
    }

    /// The next answer to a request with this method; `None` if the connection has ended instead.
    ///
    /// # Panics
    /// At an answer that is not well-formed or not whole.
    pub fn answer_to(&mut self, method: &str) -> Option<Answer> {
        let line = self.line()?;
        let rest = line.strip_prefix("HTTP/1.1 ").unwrap_or_else(|| panic!("a status line: {line:?}"));
        let code: u16 = rest[..3].parse().unwrap();
        let mut fields = Vec::new();
        loop {
            let line = self.line().expect("a whole head");
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(": ").unwrap_or_else(|| panic!("a field: {line:?}"));
            assert!(!name.contains(' ') && !value.contains(['\r', '\n']), "{line:?}");
            fields.push((name.to_owned(), value.to_owned()));
        }
        let mut answer = Answer { code, fields, body: Vec::new() };
        if method != "HEAD" && !matches!(code, 100..=199 | 204 | 304) {
            self.body(&mut answer);
        }
        Some(answer)
    }

    fn body(&mut self, answer: &mut Answer) {
        let length = answer.get("Content-Length").map(|length| length.parse::<usize>().unwrap());
        if answer.get("Transfer-Encoding").is_some() {
            assert_eq!((answer.get("Transfer-Encoding"), length), (Some("chunked"), None));
            loop {
                let size = usize::from_str_radix(&self.line().expect("a chunk"), 16).unwrap();
                let begin = answer.body.len();
                answer.body.resize(begin + size, 0);
                self.reader.read_exact(&mut answer.body[begin..]).expect("a whole chunk");
                assert_eq!(self.line().as_deref(), Some(""), "after a chunk; no answer here has a trailer");
                if size == 0 {
                    return;
                }
            }
        }
        match length {
            Some(length) => {
                answer.body.resize(length, 0);
                self.reader.read_exact(&mut answer.body).expect("a whole body");
            }
            None => {
                self.reader.read_to_end(&mut answer.body).expect("a body");
            }
        }
    }

    /// One line without its end, which must be CRLF. `None` at the end of the connection, be it polite or not.
    pub fn line(&mut self) -> Option<String> {
        let mut line = Vec::new();
        match self.reader.read_until(b'\n', &mut line) {
            Ok(_) if line.is_empty() => return None,
            Ok(_) => {}
            Err(error) if is_end(&error) => return None,
            Err(error) => panic!("no answer: {error}"),
        }
        let line = String::from_utf8(line).expect("text");
        Some(line.strip_suffix("\r\n").unwrap_or_else(|| panic!("a line: {line:?}")).to_owned())
    }

    /// How many bytes come up to the end of the connection, and whether it was polite.
    pub fn rest(&mut self) -> (usize, bool) {
        let mut bytes = Vec::new();
        match self.reader.read_to_end(&mut bytes) {
            Ok(_) => (bytes.len(), true),
            Err(error) if is_end(&error) => (bytes.len(), false),
            Err(error) => panic!("the connection goes on after {} bytes: {error}", bytes.len()),
        }
    }

    #[track_caller]
    pub fn assert_closed(&mut self) {
        assert_eq!(self.rest().0, 0, "something came before the end of the connection");
    }
}

fn is_end(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe)
}

/// Sends all of `bytes` in one go on a connection of its own.
pub fn sent(address: SocketAddr, bytes: impl AsRef<[u8]>) -> Raw {
    let mut client = Raw::connect(address);
    client.send(bytes);
    client
}

/// The server serves the next client as if nothing had happened.
#[track_caller]
pub fn assert_serves(address: SocketAddr) {
    let answer = sent(address, "GET /next HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").answer();
    assert_eq!((answer.code, answer.text().contains("/next")), (200, true), "{answer:?}");
}

/// A handler that answers with what it understood: `METHOD|path|query|host|body`.
pub fn show(response: &mut dyn ResponseWriter, request: &mut Request) {
    let mut body = Vec::new();
    let read = request.body.read_to_end(&mut body);
    let (query, body) = (request.query.as_deref().unwrap_or("-"), String::from_utf8_lossy(&body));
    let text = match read {
        Ok(_) => format!("{}|{}|{query}|{}|{body}", request.method, request.path, request.host),
        Err(error) => format!("failed: {error}"),
    };
    let _ = response.write_all(text.as_bytes());
}
