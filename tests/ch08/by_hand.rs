//! Listing 8-1: a request typed by hand.

use std::io::{Read, Write};

use netprog::base::cancel::Cancel;
use netprog::base::conn::Conn;
use netprog::base::connect::connect;
use netprog::base::deadline::Deadline;
use netprog::base::trace;
use netprog::ch08_http_client::chunked::ChunkedDecoder;
use netprog::ch08_http_client::codec::{self, HeadLimits};
use netprog::ch08_http_client::message::Version;
use netprog::ch08_http_client::status::Status;
use netprog::ch09_http_server::handler::{Request, ResponseWriter};
use netprog::ch09_http_server::test_server::TestServer;

use crate::support::PATIENCE;

const WITH_HOST: &str = "GET /robots.txt HTTP/1.1\r\nHost: www.google.com\r\nConnection: close\r\n\r\n";
const ROBOTS: &str = "User-agent: *\nDisallow: /search\nAllow: /search/about\n";

fn robots(response: &mut dyn ResponseWriter, request: &mut Request) {
    if request.path != "/robots.txt" {
        response.write_status(Status::NOT_FOUND);
        return;
    }
    response.header().set("Content-Type", "text/plain");
    let _ = response.write_all(ROBOTS.as_bytes());
    // What is flushed before its end has no length yet: it goes out in chunks.
    let _ = response.flush();
}

fn server() -> TestServer {
    let _server = trace::party("server");
    TestServer::new(robots)
}

/// Types these bytes and gives what comes back until the server closes.
fn type_in(server: &TestServer, typed: &str) -> Vec<u8> {
    let deadline = Deadline::after(PATIENCE);
    let mut conn = connect(server.address(), deadline, &Cancel::new()).unwrap();
    conn.set_deadline(deadline);
    conn.write_all(typed.as_bytes()).unwrap();
    // Room for all of it: one read, and one for the end.
    let mut answer = Vec::with_capacity(4096);
    conn.read_to_end(&mut answer).unwrap();
    answer
}

/// The book types the request line and a blank line. HTTP/1.1 wants a `Host`, and a server that keeps to it answers 400. With the
/// `Host`, or as HTTP/1.0, the file comes: status line, fields, blank line, body in chunks. Rows 8.4, 8.5, 8.14.
#[test]
fn listing_8_1_a_request_typed_by_hand_needs_its_host() {
    trace::chapter("ch08");
    let _me = trace::party("client");
    let server = server();

    trace::note(|| "the request as printed: no Host".to_owned());
    let answer = String::from_utf8(type_in(&server, "GET /robots.txt HTTP/1.1\r\n\r\n")).unwrap();
    assert!(answer.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{answer}");
    assert!(
        answer.contains("\r\nConnection: close\r\n") && answer.to_lowercase().contains("host"),
        "{answer}"
    );

    trace::note(|| "the same with a Host".to_owned());
    let answer = type_in(&server, WITH_HOST);
    let mut rest = &answer[..];
    let head = codec::read_response_head(&mut rest, HeadLimits::default()).unwrap().unwrap();
    assert_eq!((head.version, head.status, head.reason.as_str()), (Version::Http11, Status::OK, "OK"));
    assert_eq!(head.header.get("content-type"), Some("text/plain"));
    assert_eq!(head.header.get("Transfer-Encoding"), Some("chunked"));
    let mut body = Vec::new();
    let mut chunks = ChunkedDecoder::new();
    while !chunks.has_ended() {
        let mut buf = [0; 64];
        let count = chunks.read(&mut rest, &mut buf).unwrap();
        body.extend_from_slice(&buf[..count]);
    }
    assert_eq!(body, ROBOTS.as_bytes());
    assert!(rest.is_empty());

    trace::note(|| {
        "HTTP/1.0 needs no Host, and knows no chunks: the body ends with the connection".to_owned()
    });
    let answer = String::from_utf8(type_in(&server, "GET /robots.txt HTTP/1.0\r\n\r\n")).unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with(&format!("\r\n\r\n{ROBOTS}")),
        "{answer}"
    );
    assert!(!answer.contains("chunked"), "{answer}");

    trace::note(|| "a request without a target is no request".to_owned());
    let answer = String::from_utf8(type_in(&server, "GET HTTP/1.1\r\nHost: www.google.com\r\n\r\n")).unwrap();
    assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("\r\nConnection: close\r\n"), "{answer}");
}
