//! Handlers without a network: a request made of a string, and a writer that keeps what is written. Go's `httptest`.
//!
//! ```
//! use netprog::ch08_http_client::{body::Body, method::Method, status::Status};
//! use netprog::ch09_http_server::handler::{Handler, Request, ResponseWriter};
//! use netprog::ch09_http_server::testing::{Recorder, request};
//!
//! let handler = |response: &mut dyn ResponseWriter, _: &mut Request| response.write_status(Status::TEAPOT);
//! let mut recorder = Recorder::new();
//! handler.serve(&mut recorder, &mut request(Method::GET, "http://test/pot?hot=1", Body::empty()));
//! assert_eq!(recorder.result().status, Status::TEAPOT);
//! ```
//! What we left out: the recorder does not guess a `Content-Type` and adds no `Date`; that is the server's work.
//!
//! Book: "Test Your Handlers with httptest", Listing 9-5.

use std::io::{self, Write};

use super::handler::{Request, ResponseWriter};
use super::http1::request::{Target, parts_of_target};
use crate::base::trace;
use crate::ch08_http_client::body::Body;
use crate::ch08_http_client::header::Header;
use crate::ch08_http_client::method::Method;
use crate::ch08_http_client::status::Status;
use crate::ch08_http_client::url::percent;

/// The host of a request whose target names none.
pub const HOST: &str = "example.com";

/// A response writer that keeps everything.
#[derive(Clone, Debug, Default)]
pub struct Recorder {
    header: Header,
    sent: Option<(Status, Header)>,
    body: Vec<u8>,
    trailer: Header,
    flushes: usize,
    superfluous: Vec<Status>,
    informed: Vec<(Status, Header)>,
}

/// What a client would have got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// The status; 200 if the handler gave none.
    pub status: Status,
    /// The fields as they were when the status went out. What was done to them afterwards came too late.
    pub header: Header,
    /// The body.
    pub body: Vec<u8>,
    /// The fields behind the body.
    pub trailer: Header,
    /// How often the handler flushed.
    pub flushes: usize,
    /// Every status that was given after one had gone out.
    pub superfluous: Vec<Status>,
    /// Responses of class 1xx, in order.
    pub informed: Vec<(Status, Header)>,
}

impl Recorded {
    /// The body as text; what is not UTF-8 becomes U+FFFD.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

impl Recorder {
    /// Nothing written yet.
    pub fn new() -> Recorder {
        Recorder::default()
    }

    /// What a client would have got. Ask when the handler has returned: a response is whole only then.
    pub fn result(&self) -> Recorded {
        self.clone().into_result()
    }

    /// The same, of a recorder that is no longer needed.
    pub fn into_result(self) -> Recorded {
        let (status, header) = self.sent.unwrap_or((Status::OK, self.header));
        Recorded {
            status,
            header,
            body: self.body,
            trailer: self.trailer,
            flushes: self.flushes,
            superfluous: self.superfluous,
            informed: self.informed,
        }
    }
}

impl ResponseWriter for Recorder {
    fn header(&mut self) -> &mut Header {
        &mut self.header
    }

    fn write_status(&mut self, status: Status) {
        if status.is_informational() && status != Status::SWITCHING_PROTOCOLS {
            self.informed.push((status, self.header.clone()));
        } else if self.sent.is_some() {
            trace::note(|| format!("status {status} comes too late and is ignored"));
            self.superfluous.push(status);
        } else {
            self.sent = Some((status, self.header.clone()));
        }
    }

    fn trailer(&mut self) -> &mut Header {
        &mut self.trailer
    }

    fn inform(&mut self, status: Status, header: &Header) -> io::Result<()> {
        self.informed.push((status, header.clone()));
        Ok(())
    }
}

impl Write for Recorder {
    /// Keeps all of it. A status that has no body refuses it with `InvalidInput`, as the server does.
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        if self.sent.is_none() {
            self.write_status(Status::OK);
        }
        if self.sent.as_ref().is_some_and(|(status, _)| status.has_no_body()) && !buf.is_empty() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "a response with this status has no body",
            ));
        }
        self.body.extend_from_slice(buf);
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.sent.is_none() {
            self.write_status(Status::OK);
        }
        self.flushes += 1;
        Ok(())
    }
}

/// A request as the server would hand it to a handler. The target is a path and query, a whole URL, `*`, or for CONNECT
/// `host:port`. Without a host in it, the host is [`HOST`].
///
/// # Panics
/// On a target no server would take. That is for tests, where the target is the test's own; a client makes its requests with
/// chapter 8, which gives an error.
pub fn request(method: Method, target: &str, body: impl Into<Body>) -> Request {
    let good = !target.is_empty() && target.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#');
    assert!(
        good,
        "{target:?} is no request target: it is empty or has a space, a # or another byte no target has"
    );
    let mut request = Request::new(method, target);
    request.body = body.into();
    let parts = parts(&request.method, target);
    request.host = parts.host.unwrap_or(HOST).to_owned();
    request.query = parts.query.map(str::to_owned);
    request.path = match percent::decode_text(parts.path) {
        Ok(path) => path,
        Err(error) => panic!("{target:?} is no request target: {error}"),
    };
    request
}

/// As the server takes a target apart; but a test may ask what a handler makes of what the server would not let through: `*` with
/// another method than OPTIONS, a path with CONNECT.
fn parts<'a>(method: &Method, target: &'a str) -> Target<'a> {
    let method = match target {
        "*" => &Method::OPTIONS,
        path if path.starts_with('/') => &Method::GET,
        _ => method,
    };
    match parts_of_target(method, target) {
        Ok(parts) => parts,
        Err(error) => panic!("{target:?} is no request target: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic;

    #[test]
    fn nothing_written_is_an_empty_200() {
        let result = Recorder::new().result();
        assert_eq!((result.status, result.body.len(), result.header.len()), (Status::OK, 0, 0));
    }

    #[test]
    fn the_fields_are_those_at_the_first_write() {
        let mut recorder = Recorder::new();
        recorder.header().set("X-Early", "1");
        recorder.write_all(b"body").unwrap();
        recorder.header().set("X-Late", "1");
        recorder.write_status(Status::NOT_FOUND);
        recorder.trailer().set("X-After", "2");
        let result = recorder.result();
        assert_eq!(result.status, Status::OK);
        assert_eq!(result.header, Header::from([("X-Early", "1")]));
        assert_eq!(result.superfluous, [Status::NOT_FOUND]);
        assert_eq!(result.trailer.get("X-After"), Some("2"));
    }

    #[test]
    fn a_flush_sends_the_status_and_a_status_1xx_is_not_the_answer() {
        let mut recorder = Recorder::new();
        recorder.write_status(Status::EARLY_HINTS);
        recorder.inform(Status::EARLY_HINTS, &Header::from([("Link", "</a>")])).unwrap();
        recorder.flush().unwrap();
        recorder.write_status(Status::NOT_FOUND);
        let result = recorder.result();
        assert_eq!((result.status, result.flushes, result.informed.len()), (Status::OK, 1, 2));
    }

    #[test]
    fn a_status_without_body_refuses_one() {
        for status in [Status::NO_CONTENT, Status::NOT_MODIFIED] {
            let mut recorder = Recorder::new();
            recorder.write_status(status);
            assert_eq!(recorder.write(b"x").unwrap_err().kind(), io::ErrorKind::InvalidInput);
            assert!(recorder.result().body.is_empty());
        }
    }

    #[test]
    fn a_target_is_taken_apart_as_a_server_does_it() {
        #[rustfmt::skip]
        let cases = [
            ("http://test/a%20b?c=%20d", "test", "/a b", Some("c=%20d")),
            ("http://test:8080", "test:8080", "/", None),
            ("https://test?q", "test", "/", Some("q")),
            ("/x?", HOST, "/x", Some("")),
            ("*", HOST, "*", None),
        ];
        for (target, host, path, query) in cases {
            let made = request(Method::GET, target, "");
            assert_eq!((made.host.as_str(), made.path.as_str(), made.query.as_deref()), (host, path, query));
            assert_eq!(made.target, target);
        }
        let tunnel = request(Method::CONNECT, "test:443", "");
        assert_eq!((tunnel.host.as_str(), tunnel.path.as_str()), ("test:443", ""));
    }

    #[test]
    fn a_bad_target_panics() {
        for target in ["", "a b", "nonsense", "http://", "/%zz", "/%ff", "/a\r\nb", "ftp://test/", "/a#b"] {
            assert!(panic::catch_unwind(|| request(Method::GET, target, "")).is_err(), "{target:?}");
        }
    }
}
