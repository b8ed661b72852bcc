//! The body of a request: how it is announced, who may ask for it first, and servers that answer before they have all of it.

use std::io::{self, Read};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use netprog::base::cancel::Cancel;
use netprog::base::sys;
use netprog::ch08_http_client::body::Body;
use netprog::ch08_http_client::error::{HttpError, MessageError};
use netprog::ch08_http_client::header::Header;
use netprog::ch08_http_client::method::Method;
use netprog::ch08_http_client::request::Request as ClientRequest;
use netprog::ch08_http_client::status::Status;
use netprog::ch09_http_server::handler::{Request, ResponseWriter};
use netprog::ch09_http_server::test_server::TestServer;

use crate::raw::{RawServer, client, client_of, ok, request, script, transport_with};
use crate::support::PATIENCE;

fn put(url: &str, body: impl Into<Body>) -> ClientRequest {
    request(Method::PUT, url).with_body("text/plain", body)
}

// --- any reader (row 8.35) ------------------------------------------------------------------------------------------------

#[test]
fn a_known_length_is_announced_and_an_unknown_one_goes_in_chunks() {
    let server = RawServer::one(|conn| {
        let head = conn.head();
        assert!(head.contains("\r\nContent-Length: 5\r\n") && !head.contains("Transfer-Encoding"), "{head}");
        assert_eq!(conn.exactly(5), b"bytes");
        conn.send(ok(""));
        let head = conn.head();
        assert!(head.contains("\r\nContent-Length: 5\r\n"), "{head}");
        assert_eq!(conn.exactly(5), b"sized");
        conn.send(ok(""));
        let head = conn.head();
        assert!(
            head.contains("\r\nTransfer-Encoding: chunked\r\n") && !head.contains("Content-Length"),
            "{head}"
        );
        assert_eq!(conn.until("0\r\n\r\n"), "6\r\nstream\r\n0\r\n\r\n");
        conn.send(ok(""));
        // Nothing to send is announced where a body belongs, and not where none does.
        assert!(conn.head().contains("\r\nContent-Length: 0\r\n"));
        conn.send(ok(""));
        assert!(!conn.head().contains("Content-Length"));
        conn.send(ok(""));
    });
    let (client, transport) = client();
    for body in [Body::from("bytes"), Body::sized(&b"sized"[..], 5), Body::stream(&b"stream"[..])] {
        client.send(put(&server.url("/"), body)).unwrap();
    }
    client.send(request(Method::POST, &server.url("/"))).unwrap();
    client.send(request(Method::DELETE, &server.url("/"))).unwrap();
    assert_eq!((transport.counts().connected, transport.counts().reused), (1, 4));
    server.finish();
}

#[test]
fn a_response_s_body_can_be_a_request_s_body() {
    let server = TestServer::new(|response: &mut dyn ResponseWriter, request: &mut Request| {
        if request.method == Method::GET {
            let _ = response.write_all(&vec![b'g'; 300_000]);
        } else {
            let length = request.body.drain(1 << 20).unwrap().bytes;
            let _ = write!(response, "{length}");
        }
    });
    let (client, transport) = client();
    let got = client.get(&server.url()).unwrap();
    let mut answer = client.post(&server.url(), "text/plain", got.body).unwrap();
    assert_eq!(answer.read_all(100).unwrap(), b"300000");
    assert_eq!(transport.counts().connected, 2);
}

#[test]
fn a_reader_with_fewer_or_more_bytes_than_announced_is_the_caller_s_error() {
    for (announced, given) in [(6, 5), (4, 5), (100_000, 5)] {
        let server = RawServer::one(|conn| {
            conn.head();
            conn.gone();
        });
        let (client, transport) = client();
        let error = client.send(put(&server.url("/"), Body::sized(&b"hello"[..], announced))).unwrap_err();
        let HttpError::Request(MessageError::WrongLength { announced: a, given: g }) = error else {
            panic!("{error:?}")
        };
        assert_eq!((a, g), (announced, given));
        assert_eq!((transport.counts().dropped, transport.pool().waiting()), (1, 0));
        server.finish();
    }
}

#[test]
fn a_reader_that_fails_is_the_caller_s_error_and_not_the_network_s() {
    struct Disk(usize);
    impl Read for Disk {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            if self.0 == 0 {
                return Err(io::Error::other("the disk is on fire"));
            }
            self.0 -= 1;
            buf.fill(0);
            Ok(buf.len())
        }
    }
    for blocks in [0, 50] {
        for length in [None, Some(10 << 20)] {
            let server = RawServer::one(|conn| {
                conn.head();
                conn.gone();
            });
            let body = match length {
                None => Body::stream(Disk(blocks)),
                Some(length) => Body::sized(Disk(blocks), length),
            };
            let error = client().0.send(put(&server.url("/"), body)).unwrap_err();
            assert!(matches!(&error, HttpError::Request(MessageError::Io(_))), "{error:?}");
            assert!(error.to_string().contains("the disk is on fire"), "{error}");
            server.finish();
        }
    }
}

/// The thread that sends the body ends with its reader. Whoever waits for the answer must hear of it: the server, too, waits for the
/// rest.
#[test]
fn a_reader_that_panics_fails_the_request_and_nobody_waits_for_the_rest() {
    struct Panics(bool);
    impl Read for Panics {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            assert!(!std::mem::replace(&mut self.0, true), "the reader of a test panics on purpose");
            buf[0] = b'x';
            Ok(1)
        }
    }
    for body in [Body::stream(Panics(false)), Body::sized(Panics(false), 9)] {
        let server = RawServer::one(|conn| {
            conn.head();
            conn.gone();
        });
        let (client, transport) = client();
        let mut asked = put(&server.url("/"), body);
        asked.cancel = Cancel::after(PATIENCE);
        let error = client.send(asked).unwrap_err();
        assert!(matches!(error, HttpError::Request(MessageError::Io(_))), "{error:?}");
        assert!(error.to_string().contains("panicked"), "{error}");
        assert_eq!(transport.counts().returned, 0);
        server.finish();
    }
}

#[test]
fn a_trailer_is_announced_and_follows_the_chunks_and_some_fields_may_not() {
    let server = RawServer::one(|conn| {
        assert!(conn.head().contains("\r\nTrailer: Sum\r\n"));
        assert_eq!(conn.until("\r\n\r\n"), "5\r\nhello\r\n0\r\nSum: 5\r\n\r\n");
        conn.send(ok(""));
    });
    let (client, _) = client();
    let mut with_sum = put(&server.url("/"), Body::stream(&b"hello"[..]));
    with_sum.trailer = Header::from([("Sum", "5")]);
    client.send(with_sum).unwrap();
    server.finish();
    for name in ["Content-Length", "Host", "Authorization", "bad name"] {
        let mut bad = put("http://127.0.0.1:1/", Body::stream(&b"hello"[..]));
        bad.trailer.add(name, "x");
        assert!(matches!(client.send(bad), Err(HttpError::Request(_))), "{name}");
    }
}

// --- Expect: 100-continue (row 8.11) --------------------------------------------------------------------------------------

fn expecting(url: &str, body: impl Into<Body>) -> ClientRequest {
    let mut request = put(url, body);
    request.header.set("Expect", "100-continue");
    request
}

#[test]
fn the_body_waits_for_a_100() {
    let server = RawServer::one(|conn| {
        assert!(conn.head().contains("\r\nExpect: 100-continue\r\n"));
        assert_eq!(sys::options::unread_bytes(conn.conn().socket()).unwrap(), 0);
        conn.send("HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n");
        assert_eq!(conn.exactly(5), b"hello");
        conn.send(ok("x"));
        conn.head();
        conn.send(ok("y"));
    });
    // Long enough that only the 100 can have been the reason.
    let transport = transport_with(|config| config.timeouts.expect_continue = PATIENCE);
    let client = client_of(&transport);
    let mut response = client.send(expecting(&server.url("/"), "hello")).unwrap();
    assert_eq!(response.informational.len(), 1);
    assert_eq!(response.read_all(10).unwrap(), b"x");
    client.get(&server.url("/")).unwrap().read_all(10).unwrap();
    assert_eq!(transport.counts().connected, 1);
    server.finish();
}

/// RFC 9110, 10.1.1: without a body there is nothing a server could say "continue" to.
#[test]
fn nothing_is_expected_where_there_is_no_body() {
    let server = RawServer::one(|conn| {
        assert!(!conn.head().contains("Expect"));
        conn.send(ok(""));
    });
    client().0.send(expecting(&server.url("/"), "")).unwrap();
    server.finish();
}

#[test]
fn a_server_that_says_nothing_gets_the_body_after_a_second() {
    let server = RawServer::one(|conn| {
        conn.head();
        // A hint is not a leave: the patience goes on.
        conn.send("HTTP/1.1 103 Early Hints\r\n\r\n");
        let start = Instant::now();
        assert_eq!(conn.exactly(5), b"hello");
        assert!(start.elapsed() >= Duration::from_millis(900), "{:?}", start.elapsed());
        conn.send(ok("x"));
    });
    let mut response = client().0.send(expecting(&server.url("/"), "hello")).unwrap();
    assert_eq!(response.read_all(10).unwrap(), b"x");
    server.finish();
}

#[test]
fn a_final_answer_before_the_body_means_that_the_body_is_not_sent() {
    let server = RawServer::one(|conn| {
        conn.head();
        conn.send("HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n");
        assert_eq!(conn.gone(), 0, "and the connection is closed: a body was announced on it");
    });
    let (client, transport) = client();
    let response = client.send(expecting(&server.url("/"), "hello")).unwrap();
    assert_eq!(response.status, Status::CONTENT_TOO_LARGE);
    assert_eq!((transport.counts().dropped, transport.pool().waiting()), (1, 0));
    server.finish();
}

// --- early answers ------------------------------------------------------------------------------------------------------------

const LONG: u64 = 64 << 20;

fn long_body() -> Body {
    Body::sized(io::repeat(b'x').take(LONG), LONG)
}

#[test]
fn a_413_from_a_server_that_stops_reading_and_closes_is_the_response() {
    let server = RawServer::one(|conn| {
        conn.head();
        conn.exactly(1000);
        conn.send("HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 7\r\n\r\ntoo big");
        conn.finish();
        // It lingers, as servers do: closing at once would reset the connection, and the answer might be lost.
        conn.gone();
    });
    let (client, transport) = client();
    let mut response = client.send(put(&server.url("/"), long_body())).unwrap();
    assert_eq!(
        (response.status, response.read_all(100).unwrap()),
        (Status::CONTENT_TOO_LARGE, b"too big".to_vec())
    );
    assert_eq!(transport.counts().dropped, 1);
    server.finish();
}

/// The writing fails first, with the answer still unread: it must not be lost for that.
#[test]
fn an_answer_that_is_there_is_read_although_sending_the_body_failed() {
    let (told, answered) = mpsc::channel();
    let server = RawServer::one(move |conn| {
        conn.head();
        conn.send("HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 3\r\n\r\nwhy");
        told.send(()).unwrap();
    });
    /// Gives its first bytes only when the server has answered.
    struct Late(Option<mpsc::Receiver<()>>);
    impl Read for Late {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            if let Some(answered) = self.0.take() {
                answered.recv_timeout(PATIENCE).unwrap();
            }
            buf.fill(0);
            Ok(buf.len())
        }
    }
    let mut response = client().0.send(put(&server.url("/"), Body::stream(Late(Some(answered))))).unwrap();
    assert_eq!(response.status, Status::BAD_REQUEST);
    // The reset may overtake what was not yet read, and then it is an error; never a shorter body.
    if let Ok(body) = response.read_all(10) {
        assert_eq!(body, b"why");
    }
    server.finish();
}

#[test]
fn a_server_that_answers_and_reads_on_gets_the_whole_body_while_the_answer_is_read() {
    let server = RawServer::one(|conn| {
        conn.head();
        conn.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {LONG}\r\n\r\n"));
        // An echo: who sends all before it reads anything would be stuck here.
        let mut buf = vec![0; 1 << 16];
        let mut left = LONG as usize;
        while left > 0 {
            let count = conn.conn().read(&mut buf).unwrap();
            conn.send(&buf[..count]);
            left -= count;
        }
        conn.head();
        conn.send(ok("again"));
    });
    let (client, transport) = client();
    let mut response = client.send(put(&server.url("/"), long_body())).unwrap();
    assert_eq!(response.body.drain(u64::MAX - 1).unwrap().bytes, LONG);
    assert_eq!(client.get(&server.url("/")).unwrap().read_all(10).unwrap(), b"again");
    assert_eq!(transport.counts().connected, 1);
    server.finish();
}

#[test]
fn the_rest_of_a_body_is_not_sent_once_the_answer_has_been_read() {
    let server = RawServer::one(|conn| {
        conn.head();
        conn.send(ok("enough"));
        // The body has no end, and this has.
        conn.gone();
    });
    let (client, transport) = client();
    let mut response = client.send(put(&server.url("/"), Body::stream(io::repeat(0)))).unwrap();
    assert_eq!(response.read_all(10).unwrap(), b"enough");
    assert_eq!((transport.counts().dropped, transport.pool().waiting()), (1, 0));
    server.finish();
}

#[test]
fn a_server_that_neither_reads_nor_answers_is_waited_for_until_the_deadline() {
    use netprog::base::cancel::Cancel;
    let server = RawServer::one(|conn| {
        conn.head();
        std::thread::sleep(Duration::from_millis(400));
        conn.gone();
    });
    let cancel = Cancel::after(Duration::from_millis(200));
    let error = client().0.send(put(&server.url("/"), long_body()).with_cancel(&cancel)).unwrap_err();
    assert!(matches!(error, HttpError::TimedOut { .. }), "{error:?}");
    server.finish();
}

/// A reader that blocks does not block the caller's token.
#[test]
fn a_body_whose_reader_blocks_can_be_cancelled() {
    use netprog::base::cancel::Cancel;
    struct Blocking(mpsc::Receiver<()>);
    impl Read for Blocking {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            let _ = self.0.recv_timeout(PATIENCE);
            Ok(0)
        }
    }
    let server = RawServer::new(vec![script(|conn| {
        conn.head();
        conn.gone();
    })]);
    let (release, blocked) = mpsc::channel();
    let cancel = Cancel::after(Duration::from_millis(100));
    let body = Body::sized(Blocking(blocked), 5);
    let start = Instant::now();
    let error = client().0.send(put(&server.url("/"), body).with_cancel(&cancel)).unwrap_err();
    assert!(matches!(error, HttpError::TimedOut { .. }) && start.elapsed() < PATIENCE / 2, "{error:?}");
    drop(release);
    server.finish();
}
