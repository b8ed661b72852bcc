//! Where a body ends, told in every misleading way: each request is refused and the connection closed, or has one meaning only and
//! the next request is found where it is. What two servers in a row understand differently is how requests are smuggled.

use std::time::Duration;

use crate::support::http::{Answer, Raw, assert_serves, sent, show};
use netprog::ch08_http_client::status::Status;
use netprog::ch09_http_server::handler::{Request, ResponseWriter};
use netprog::ch09_http_server::test_server::TestServer;

/// What follows every request of the corpus on its connection.
const NEXT: &str = "GET /next HTTP/1.1\r\nHost: h\r\n\r\n";

/// The answers up to the end of the connection, or to `NEXT`.
pub fn answers(server: &TestServer, request: &[u8]) -> Vec<Answer> {
    let mut client = sent(server.address(), [request, NEXT.as_bytes()].concat());
    let mut answers = Vec::new();
    while let Some(answer) = client.answer_to("GET") {
        let is_end = answer.is_last() || answer.text() == "GET|/next|-|h|";
        answers.push(answer);
        if is_end {
            break;
        }
    }
    if answers.last().is_some_and(Answer::is_last) {
        client.assert_closed();
    }
    answers
}

#[track_caller]
pub fn assert_refused(server: &TestServer, request: &[u8], code: u16) {
    let got = answers(server, request);
    let asked = String::from_utf8_lossy(request);
    assert_eq!(got.len(), 1, "{asked:?} got {got:?}");
    assert_eq!((got[0].code, got[0].is_last()), (code, true), "{asked:?} got {got:?}");
}

#[track_caller]
pub fn assert_framed(server: &TestServer, request: &[u8], body: &str) {
    let got = answers(server, request);
    let texts: Vec<String> = got.iter().map(Answer::text).collect();
    let first = format!("POST|/|-|h|{body}");
    assert_eq!(texts, [first.as_str(), "GET|/next|-|h|"], "{:?}", String::from_utf8_lossy(request));
}

/// The handler's reading fails, and the connection ends: `NEXT` may be part of the broken body, and is never served.
#[track_caller]
pub fn assert_fails_in_the_body(server: &TestServer, request: &[u8]) {
    let got = answers(server, request);
    let asked = String::from_utf8_lossy(request);
    assert!(
        got.len() == 1 && got[0].is_last() && got[0].text().starts_with("failed: "),
        "{asked:?} got {got:?}"
    );
}

pub fn post(fields: &[u8], body: &str) -> Vec<u8> {
    [b"POST / HTTP/1.1\r\nHost: h\r\n", fields, b"\r\n", body.as_bytes()].concat()
}

/// Rows H.7 to H.9. `0␍␊␍␊` is an empty body in chunks, or five bytes.
#[test]
fn codings_in_disguise_are_refused_or_no_codings_at_all() {
    let server = TestServer::new(show);
    let refused: [(&[u8], u16); 44] = [
        (b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", 400),
        (b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", 400),
        (b"Content-Length: 5\r\ntRANSFER-eNCODING: CHUNKED\r\n", 400),
        (b"Content-Length: 0\r\nTransfer-Encoding: chunked\r\n", 400),
        (b"Content-Length: 5\r\nTransfer-Encoding: identity\r\n", 400),
        (b"Content-Length: 5\r\nTransfer-Encoding:\r\n", 400),
        (b"Content-Length: 5\r\nTransfer-Encoding: x\r\nTransfer-Encoding: chunked\r\n", 400),
        (b"Transfer-Encoding : chunked\r\nContent-Length: 5\r\n", 400),
        (b"Transfer-Encoding\t: chunked\r\n", 400),
        (b" Transfer-Encoding: chunked\r\n", 400),
        (b"X: y\r\n Transfer-Encoding: chunked\r\n", 400),
        (b"X: y\r\n\tTransfer-Encoding: chunked\r\n", 400),
        (b"Transfer-Encoding:\r\n chunked\r\n", 400),
        (b"Transfer-Encoding:\n chunked\r\n", 400),
        (b"Transfer-Encoding\r\n: chunked\r\n", 400),
        (b"Transfer-Encoding\n: chunked\r\n", 400),
        (b"Transfer-\rEncoding: chunked\r\n", 400),
        (b"X: y\rTransfer-Encoding: chunked\r\n", 400),
        (b"X: y\x00\r\nTransfer-Encoding: chunked\r\n", 400),
        (b"Transfer-Encoding\x00: chunked\r\n", 400),
        (b"\x00Transfer-Encoding: chunked\r\n", 400),
        (b"Transfer-Encoding: \x00chunked\r\n", 400),
        (b"Transfer-Encoding: chunked\x00\r\n", 400),
        (b"Transfer-Encoding: \x0bchunked\r\n", 400),
        (b"Transfer-Encoding: chunked\x0c\r\n", 400),
        (b"Transfer-Encoding: chunked\r\r\n", 400),
        (b"Transfer-Encoding: \rchunked\r\n", 400),
        (b"Transfer-Encoding: \x7fchunked\r\n", 400),
        (b"Transfer-Encoding\x85: chunked\r\n", 400),
        (b"Transfer\xadEncoding: chunked\r\n", 400),
        (b"Transfer Encoding: chunked\r\n", 400),
        (b"Transfer-Encoding; chunked\r\n", 400),
        (b"Transfer-Encoding= chunked\r\n", 400),
        (b"Transfer-Encoding: chunked, identity\r\n", 501),
        (b"Transfer-Encoding: identity, chunked\r\n", 501),
        (b"Transfer-Encoding: chunked, chunked\r\n", 501),
        (b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", 501),
        (b"Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n", 501),
        (b"Transfer-Encoding: chunked;q=1\r\n", 501),
        (b"Transfer-Encoding: \"chunked\"\r\n", 501),
        (b"Transfer-Encoding: 'chunked'\r\n", 501),
        (b"Transfer-Encoding: chunked,\r\n", 501),
        (b"Transfer-Encoding: ,chunked\r\n", 501),
        (b"Transfer-Encoding: \xa0chunked\r\n", 501),
    ];
    for (fields, code) in refused {
        assert_refused(&server, &post(fields, "0\r\n\r\n"), code);
    }
    for coding in [
        "xchunked",
        "chunked-x",
        "chunke",
        "gzip",
        "deflate",
        "identity",
        "",
        "chunk\u{e9}d",
        "\u{212a}",
        "chun ked",
    ] {
        assert_refused(
            &server,
            &post(format!("Transfer-Encoding: {coding}\r\n").as_bytes(), "0\r\n\r\n"),
            501,
        );
    }
    let old = |fields: &str| {
        format!("POST / HTTP/1.0\r\nHost: h\r\nConnection: keep-alive\r\n{fields}\r\n0\r\n\r\n")
    };
    assert_refused(&server, old("Transfer-Encoding: chunked\r\n").as_bytes(), 501);
    assert_refused(&server, old("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n").as_bytes(), 400);
    assert_serves(server.address());
}

/// Names that only look like the two that count are fields like any other, to us and to everybody.
#[test]
fn fields_that_frame_nothing_leave_the_length_what_it_is() {
    let server = TestServer::new(show);
    for name in [
        "Transfer_Encoding",
        "Transfer-Encoding-",
        "X-Transfer-Encoding",
        "TE",
        "Transfer--Encoding",
        "Transfer.Encoding",
    ] {
        assert_framed(
            &server,
            &post(format!("Content-Length: 5\r\n{name}: chunked\r\n").as_bytes(), "0\r\n\r\n"),
            "0\r\n\r\n",
        );
    }
    for name in ["Content_Length", "Content-Length-", "X-Content-Length", "Content--Length", "ContentLength"]
    {
        assert_framed(
            &server,
            &post(format!("Transfer-Encoding: chunked\r\n{name}: 3\r\n").as_bytes(), "0\r\n\r\n"),
            "",
        );
    }
    // What a proxy was asked to take away is not taken away here: the length still says where the body ends.
    assert_framed(
        &server,
        &post(b"Connection: Content-Length\r\nContent-Length: 5\r\n", "0\r\n\r\n"),
        "0\r\n\r\n",
    );
    assert_framed(&server, &post(b"Transfer-Encoding: \t chunked \t\r\n", "0\r\n\r\n"), "");
    assert_framed(&server, &post(b"Transfer-Encoding: cHUNKED\n", "3\r\nabc\r\n0\r\n\r\n"), "abc");
    let get =
        "GET /a HTTP/1.1\r\nHost: h\r\nContent-Length: 33\r\n\r\nGET /hidden HTTP/1.1\r\nHost: h\r\n\r\n";
    let got = answers(&server, get.as_bytes());
    assert_eq!(
        (got.len(), got[0].text().starts_with("GET|/a|-|h|GET /hidden")),
        (2, true),
        "a GET may have a body"
    );
}

/// Row H.8.
#[test]
fn lengths_are_one_number_in_digits() {
    let server = TestServer::new(show);
    for value in [
        "+5",
        "-5",
        "5.0",
        "5e0",
        "0x5",
        "5 ,6",
        "5,6",
        "5, ",
        ",5",
        "",
        " ",
        "5 5",
        "5;x",
        "\"5\"",
        "five",
        "\u{665}",
        "5_0",
        "5,",
        "18446744073709551616",
        "99999999999999999999999",
        "-0",
        "5\t5",
        "1e1",
        "0b101",
        "\u{ff15}",
    ] {
        assert_refused(&server, &post(format!("Content-Length: {value}\r\n").as_bytes(), "12345"), 400);
    }
    for pair in [
        "5\r\nContent-Length: 6",
        "5\r\nContent-Length: ",
        "0\r\ncontent-length: 5",
        "5\r\nX: y\r\nCONTENT-LENGTH: 4",
        "5\r\nContent-Length: +5",
    ] {
        assert_refused(&server, &post(format!("Content-Length: {pair}\r\n").as_bytes(), "12345"), 400);
    }
    for line in [
        "Content-Length : 5",
        "Content-Length\t: 5",
        "Content-Length:\r\n 5",
        " Content-Length: 5",
        "Content-Length: 5\x0c",
        "Content-Length: 5\r",
    ] {
        assert_refused(&server, &post(format!("{line}\r\n").as_bytes(), "12345"), 400);
    }
    for value in ["5", "05", "00000000000000000000005", "5, 5", "5\r\nContent-Length: 5", " \t5\t "] {
        assert_framed(&server, &post(format!("Content-Length: {value}\r\n").as_bytes(), "12345"), "12345");
    }
    assert_serves(server.address());
}

/// Row H.12.
#[test]
fn expectations_that_are_none_of_ours() {
    let server = TestServer::new(show);
    for value in ["100-continues", "100", "continue", "100-continue, x", "", "200-ok", "\"100-continue\""] {
        assert_refused(
            &server,
            &post(format!("Content-Length: 2\r\nExpect: {value}\r\n").as_bytes(), "hi"),
            417,
        );
    }
    // Nothing to wait for, or a client of 1.0, which cannot: no 100.
    for fields in ["Expect: 100-continue\r\n", "Content-Length: 0\r\nExpect: 100-continue\r\n"] {
        assert_framed(&server, &post(fields.as_bytes(), ""), "");
    }
    let old =
        sent(server.address(), "POST / HTTP/1.0\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\nhi")
            .answer();
    assert_eq!((old.code, old.text().as_str()), (200, "POST|/|-||hi"));
    // The body is sent without waiting, as RFC 9110 allows; the connection serves on.
    let mut eager = sent(server.address(), post(b"Content-Length: 2\r\nExpect: 100-CONTINUE\r\n", "hi"));
    assert_eq!(eager.answer().code, 100);
    assert_eq!(eager.answer().text(), "POST|/|-|h|hi");
    eager.send(NEXT);
    assert_eq!(eager.answer().text(), "GET|/next|-|h|");
}

/// A request for another protocol that nobody takes up is a request like any other; a tunnel that is none ends.
#[test]
fn upgrades_and_tunnels_that_nobody_asked_the_handler_about() {
    let server = TestServer::new(show);
    for fields in [
        "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n",
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x\r\n",
        "Upgrade: TLS/1.3\r\n",
        "Connection: Upgrade\r\nUpgrade: HTTP/1.1, HTTP/3.0, \x20,,\r\n",
    ] {
        assert_framed(&server, &post(format!("{fields}Content-Length: 2\r\n").as_bytes(), "hi"), "hi");
    }
    // A handler that says 200 to everything: to CONNECT that begins a tunnel, and no next request is in it.
    let mut tunnel = sent(server.address(), format!("CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n{NEXT}"));
    assert_eq!(tunnel.line().as_deref(), Some("HTTP/1.1 200 OK"));
    let mut seen = 0;
    while let Some(line) = tunnel.line() {
        assert!(!line.starts_with("Content-Length") && !line.starts_with("Transfer-Encoding"), "{line}");
        seen += usize::from(line.starts_with("HTTP/"));
    }
    assert_eq!(seen, 0, "what was in the tunnel was served");
    let switches = |response: &mut dyn ResponseWriter, _: &mut Request| {
        response.write_status(Status::SWITCHING_PROTOCOLS);
    };
    let server = TestServer::new(switches);
    let mut client = sent(server.address(), format!("GET / HTTP/1.1\r\nHost: h\r\n\r\n{NEXT}"));
    assert_eq!(client.answer().code, 101);
    client.assert_closed();
}

/// Row H.13.
#[test]
fn what_is_pipelined_is_answered_in_order_and_garbage_ends_it() {
    let server = TestServer::new(show);
    let request = |number: usize| format!("POST /{number} HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx");
    let all: String = (0..500).map(request).collect();
    let mut client = sent(server.address(), format!("{all}\u{1}garbage{}", request(9)));
    for number in 0..500 {
        assert_eq!(client.answer().text(), format!("POST|/{number}|-|h|x"));
    }
    assert_eq!(client.answer().code, 400);
    client.assert_closed();
    // Bytes beyond the announced length are the next request's, and none.
    let got = answers(&server, &post(b"Content-Length: 2\r\n", "hi there\r\n\r\n"));
    assert_eq!((got.len(), got[1].code, got[1].is_last()), (2, 400, true));
    // One byte at a time, the line ends apart.
    let mut slow = Raw::connect(server.address());
    for byte in post(b"Transfer-Encoding: chunked\r\n", "1\r\nx\r\n0\r\n\r\n") {
        slow.send([byte]);
    }
    assert_eq!(slow.answer().text(), "POST|/|-|h|x");
    slow.stream().set_read_timeout(Some(Duration::from_millis(20))).unwrap();
    slow.send(NEXT);
    slow.stream().set_read_timeout(Some(crate::support::PATIENCE)).unwrap();
    assert_eq!(slow.answer().text(), "GET|/next|-|h|");
}
