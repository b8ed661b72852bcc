//! Servers that are slow or silent in every phase, and callers who have had enough.

use std::io::Read;
use std::net::TcpListener;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use crate::raw::{RawConn, RawServer, client, client_of, ok, request, script, transport_with};
use crate::support::{PATIENCE, join};
use netprog::base::cancel::Cancel;
use netprog::ch08_http_client::body::Body;
use netprog::ch08_http_client::error::HttpError;
use netprog::ch08_http_client::method::Method;

const LIMIT: Duration = Duration::from_millis(200);

/// Bytes one at a time, each well within any limit for one read.
fn drip(conn: &mut RawConn, begin: &str, piece: &str) {
    conn.head();
    conn.send(begin);
    for byte in piece.bytes().cycle() {
        if std::io::Write::write_all(conn.conn(), &[byte]).is_err() {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_byte_now_and_then_does_not_move_the_deadline_wherever_it_falls() {
    for (begin, piece) in [
        ("HTTP/1.1 200 ", "a"),
        ("HTTP/1.1 200 OK\r\nX: ", "a"),
        ("", "HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload; as=style\r\n\r\n"),
        ("HTTP/1.1 200 OK\r\n\r\n", "a"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", "a"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\na\r\n"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", "x"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX:", "x"),
        ("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n\x1f", ""),
    ] {
        let server = RawServer::one(move |conn| {
            if piece.is_empty() {
                conn.head();
                conn.send(begin);
                conn.gone();
            } else {
                drip(conn, begin, piece);
            }
        });
        let (mut client, _transport) = client();
        client.timeout = Some(LIMIT);
        let start = Instant::now();
        let error =
            client.get(&server.url("/")).and_then(|mut response| response.read_all(1 << 20)).unwrap_err();
        let elapsed = start.elapsed();
        assert!(error.is_timeout(), "{begin:?}: {error:?}");
        assert!(elapsed >= LIMIT && elapsed < PATIENCE / 3, "{begin:?}: {elapsed:?}");
        server.finish();
    }
}

/// The redirect's body is read to save its connection, and may take for ever: the limit is for the whole.
#[test]
fn a_redirect_whose_body_has_no_end_does_not_outlast_the_limit() {
    let server = RawServer::one(|conn| {
        drip(conn, "HTTP/1.1 302 Found\r\nLocation: /\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\na\r\n");
    });
    let (mut client, _transport) = client();
    client.timeout = Some(LIMIT);
    let start = Instant::now();
    assert!(client.get(&server.url("/")).unwrap_err().is_timeout());
    assert!(start.elapsed() < PATIENCE / 3);
    server.finish();
}

// --- cancelled ------------------------------------------------------------------------------------------------------

/// Asks from another thread, cancels when the server says where it is, and gives what the request got.
fn cancelled_at(
    change: impl FnOnce(&mut netprog::ch08_http_client::request::Request) + Send + 'static,
    steps: impl FnOnce(&mut RawConn, mpsc::Sender<()>) + Send + 'static,
) -> HttpError {
    let (told, reached) = mpsc::channel();
    let server = RawServer::one(move |conn| {
        steps(conn, told);
        conn.gone();
    });
    let cancel = Cancel::new();
    let mut asked = request(Method::GET, &server.url("/")).with_cancel(&cancel);
    change(&mut asked);
    let asking = std::thread::spawn(move || {
        let (client, transport) = client();
        let outcome = client.send(asked).and_then(|mut response| response.read_all(1 << 30));
        assert_eq!(transport.pool().waiting(), 0, "a connection in the middle of something waits");
        outcome.map(|bytes| bytes.len()).unwrap_err()
    });
    reached.recv_timeout(PATIENCE).unwrap();
    cancel.cancel();
    let error = join(asking);
    server.finish();
    error
}

#[test]
fn a_request_can_be_cancelled_in_every_phase_from_another_thread() {
    let long = || Body::stream(std::io::repeat(b'x'));
    let errors = [
        ("accepted, not read", cancelled_at(|_| {}, |_, told| told.send(()).unwrap())),
        (
            "while a body is sent to who does not read",
            cancelled_at(
                move |asked| {
                    asked.method = Method::POST;
                    asked.body = long();
                },
                |conn, told| {
                    conn.head();
                    told.send(()).unwrap();
                },
            ),
        ),
        (
            "while the body is held back",
            cancelled_at(
                move |asked| {
                    asked.method = Method::POST;
                    asked.header.set("Expect", "100-continue");
                    asked.body = long();
                },
                |conn, told| {
                    conn.head();
                    told.send(()).unwrap();
                },
            ),
        ),
        (
            "inside a head",
            cancelled_at(
                |_| {},
                |conn, told| {
                    conn.head();
                    conn.send("HTTP/1.1 200 OK\r\nX:");
                    told.send(()).unwrap();
                },
            ),
        ),
        (
            "after a 103",
            cancelled_at(
                |_| {},
                |conn, told| {
                    conn.head();
                    conn.send("HTTP/1.1 103 Early Hints\r\n\r\n");
                    told.send(()).unwrap();
                },
            ),
        ),
        (
            "inside a body",
            cancelled_at(
                |_| {},
                |conn, told| {
                    conn.head();
                    conn.send("HTTP/1.1 200 OK\r\n\r\nhello");
                    told.send(()).unwrap();
                },
            ),
        ),
        (
            "inside a trailer",
            cancelled_at(
                |_| {},
                |conn, told| {
                    conn.head();
                    conn.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX: y\r\n");
                    told.send(()).unwrap();
                },
            ),
        ),
    ];
    for (when, error) in errors {
        assert!(matches!(error, HttpError::Cancelled { .. }), "{when}: {error:?}");
    }
}

/// The listener's queue takes the connection and nobody ever answers.
#[test]
fn a_server_that_never_accepts_is_left_at_the_deadline() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (mut client, _transport) = client();
    client.timeout = Some(LIMIT);
    let url = format!("http://{}/", listener.local_addr().unwrap());
    for method in [Method::GET, Method::PUT] {
        let mut asked = request(method, &url);
        asked.body = Body::from(vec![0; 30 << 20]);
        assert!(client.send(asked).unwrap_err().is_timeout());
    }
}

// --- sent once, and sent to nobody ----------------------------------------------------------------------------------

/// Its time is up on a connection that was used before: the server has the request and is slow. To ask it again would be to ask
/// twice, and to wait twice.
#[test]
fn a_request_that_timed_out_is_not_sent_again() {
    let server = RawServer::new(vec![script(|conn| {
        conn.head();
        conn.send(ok("one"));
        conn.head();
        conn.gone();
    })]);
    let transport = transport_with(|config| config.timeouts.response_head = Some(LIMIT));
    let client = client_of(&transport);
    assert_eq!(client.get(&server.url("/")).unwrap().read_all(10).unwrap(), b"one");
    let error = client.get(&server.url("/")).unwrap_err();
    assert!(error.is_timeout(), "{error:?}");
    assert_eq!(transport.counts().connected, 1);
    server.finish();
}

/// `Expect` has patience for the first byte of an answer. An answer that has begun is read to its end.
#[test]
fn an_answer_that_begins_before_the_patience_is_over_may_end_after_it() {
    let patience = Duration::from_millis(100);
    let server = RawServer::one(move |conn| {
        conn.head();
        conn.send("HTTP/1.1 100 Con");
        std::thread::sleep(patience * 2);
        conn.send("tinue\r\n\r\n");
        assert_eq!(conn.exactly(5), b"hello");
        conn.send(ok("thanks"));
    });
    let transport = transport_with(|config| config.timeouts.expect_continue = patience);
    let mut asked = request(Method::POST, &server.url("/")).with_body("text/plain", "hello");
    asked.header.set("Expect", "100-continue");
    let mut response = client_of(&transport).send(asked).unwrap();
    assert_eq!(response.read_all(10).unwrap(), b"thanks");
    drop((response, transport));
    server.finish();
}

/// A body that says when it is let go.
struct Watched(mpsc::Sender<()>);

impl Read for Watched {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        buf.fill(b'x');
        Ok(buf.len())
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        let _ = self.0.send(());
    }
}

/// RFC 9110, 7.8: a server switches when it has the whole request. One that does so in the middle of it and reads no further
/// must not keep a thread of ours for ever.
#[test]
fn a_server_that_switches_protocols_in_the_middle_of_a_request_keeps_no_thread() {
    let server = RawServer::one(|conn| {
        conn.head();
        conn.send("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n");
        conn.head();
        conn.gone();
    });
    let (told, let_go) = mpsc::channel();
    let (client, transport) = client();
    let mut asked = request(Method::POST, &server.url("/"));
    asked.body = Body::stream(Watched(told));
    let outcome = client.send(asked);
    assert!(outcome.as_ref().map_or(true, |response| response.upgraded.is_none()));
    let_go.recv_timeout(PATIENCE).expect("the sending thread has ended");
    drop((outcome, client, transport));
}
