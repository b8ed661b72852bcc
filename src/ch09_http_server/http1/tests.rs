//! Requests as they come off the wire, and what is answered to those that are wrong.

use std::io::Read;

use crate::ch08_http_client::codec::HeadLimits;
use crate::ch08_http_client::method::Method;
use crate::ch09_http_server::client_for_tests::{Client, talk, talk_to};
use crate::ch09_http_server::handler::{Request, ResponseWriter};
use crate::ch09_http_server::server::Server;
use crate::ch09_http_server::test_server::MemoryServer;

/// Answers with what it understood.
fn show(response: &mut dyn ResponseWriter, request: &mut Request) {
    let mut body = String::new();
    let read = request.body.read_to_string(&mut body);
    let query = request.query.as_deref().unwrap_or("-");
    let line = format!("{}|{}|{query}|{}|{body}", request.method, request.path, request.host);
    let _ = match read {
        Ok(_) => response.write_all(line.as_bytes()),
        Err(error) => response.write_all(format!("failed: {error}").as_bytes()),
    };
}

fn shown(request: &str) -> String {
    let answer = talk(show, request);
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    answer.split_once("\r\n\r\n").unwrap().1.to_owned()
}

#[track_caller]
fn assert_refused(request: impl AsRef<[u8]>, status: &str) {
    let answer = talk(show, request.as_ref());
    let asked = String::from_utf8_lossy(request.as_ref()).into_owned();
    assert!(answer.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{asked:?} got {answer:?}");
    assert!(answer.contains("\r\nConnection: close\r\n"), "{answer}");
    assert_eq!(
        answer.lines().filter(|line| line.starts_with("HTTP/1.1 ")).count(),
        1,
        "one answer: {answer}"
    );
}

// --- H.1, H.2: the target and the host --------------------------------------------------------------------------------

#[test]
fn the_four_forms_of_a_target() {
    assert_eq!(shown("GET /a/b?x=1&y HTTP/1.1\r\nHost: h\r\n\r\n"), "GET|/a/b|x=1&y|h|");
    assert_eq!(shown("GET http://other:81/a?b HTTP/1.1\r\nHost: h\r\n\r\n"), "GET|/a|b|other:81|");
    assert_eq!(shown("GET HTTPS://other HTTP/1.1\r\nHost: h\r\n\r\n"), "GET|/|-|other|");
    assert_eq!(shown("GET http://other?q HTTP/1.1\r\nHost: h\r\n\r\n"), "GET|/|q|other|");
    assert_eq!(shown("GET /100%25/%41%2fb HTTP/1.1\r\nHost: h\r\n\r\n"), "GET|/100%/A/b|-|h|");
    let options = talk(show, "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n");
    assert!(
        options.starts_with("HTTP/1.1 200 OK\r\n") && options.contains("\r\nContent-Length: 0\r\n"),
        "{options}"
    );
}

#[test]
fn targets_of_no_form_are_refused() {
    for target in ["*", "a", "a.html", "ftp://h/", "http:///a", "/%4", "/%zz", "/%ff", "/a#b", "http://a b/"]
    {
        assert_refused(format!("GET {target} HTTP/1.1\r\nHost: h\r\n\r\n"), "400 Bad Request");
    }
    for target in ["/", "host", "host:", "host:x"] {
        assert_refused(format!("CONNECT {target} HTTP/1.1\r\nHost: h\r\n\r\n"), "400 Bad Request");
    }
}

#[test]
fn a_host_stands_there_exactly_once() {
    assert_refused("GET / HTTP/1.1\r\n\r\n", "400 Bad Request");
    assert_refused("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", "400 Bad Request");
    assert_refused("GET http://a/ HTTP/1.1\r\n\r\n", "400 Bad Request");
    for host in ["a b", "a/b", "a@b", "a:b", "a:1:2", "[::1", "[::1]x", "a:123456", "<a>", "a\\b", "é"] {
        assert_refused(format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n"), "400 Bad Request");
    }
    for host in ["", "a", "a.b:80", "127.0.0.1:8080", "[::1]", "[::1]:80", "a_b", "a%41", "a:"] {
        assert_eq!(shown(&format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n")), format!("GET|/|-|{host}|"));
    }
    assert_eq!(shown("GET / HTTP/1.0\r\n\r\n"), "GET|/|-||");
}

#[test]
fn start_lines_that_are_none_and_versions_nobody_speaks() {
    assert_refused("GET  / HTTP/1.1\r\nHost: h\r\n\r\n", "400 Bad Request");
    assert_refused("GET / HTTP/1.1 \r\nHost: h\r\n\r\n", "400 Bad Request");
    assert_refused("GET /\r\n\r\n", "400 Bad Request");
    assert_refused("G\0T / HTTP/1.1\r\nHost: h\r\n\r\n", "400 Bad Request");
    assert_refused("\x16\x03\x01\x02\x00\x01\r\n\r\n", "400 Bad Request");
    assert_refused(crate::ch09_http_server::engine::PREFACE, "505 HTTP Version Not Supported");
    assert_refused("GET / HTTP/3.0\r\nHost: h\r\n\r\n", "505 HTTP Version Not Supported");
    assert_eq!(shown("\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n"), "GET|/|-|h|");
    assert_eq!(shown("BREW /pot HTTP/1.1\r\nHost: h\r\n\r\n"), "BREW|/pot|-|h|");
}

#[test]
fn a_head_that_breaks_off_is_told_so_if_the_client_still_listens() {
    assert_refused("GET / HTTP/1.1\r\nHost: h\r\n", "400 Bad Request");
    assert_eq!(talk(show, ""), "");
}

// --- H.5: limits --------------------------------------------------------------------------------------------------------

#[test]
fn heads_beyond_the_limits_are_refused_and_those_at_them_served() {
    let limits = HeadLimits { start_line: 40, head: 200, fields: 3 };
    let server = || Server { head_limits: limits, ..Server::new(show) };
    let status = |request: String| talk_to(server(), request).lines().next().unwrap_or_default().to_owned();
    let with_target = |length: usize| format!("GET {} HTTP/1.1\r\nHost: h\r\n\r\n", "/".repeat(length));
    assert_eq!(status(with_target(25)), "HTTP/1.1 200 OK");
    assert_eq!(status(with_target(40)), "HTTP/1.1 414 URI Too Long");
    let with_field =
        |length: usize| format!("GET / HTTP/1.1\r\nHost: h\r\nX: {}\r\n\r\n", "x".repeat(length));
    assert_eq!(status(with_field(160)), "HTTP/1.1 200 OK");
    assert_eq!(status(with_field(200)), "HTTP/1.1 431 Request Header Fields Too Large");
    let with_fields = |count: usize| format!("GET / HTTP/1.1\r\nHost: h\r\n{}\r\n", "A: b\r\n".repeat(count));
    assert_eq!(status(with_fields(2)), "HTTP/1.1 200 OK");
    assert_eq!(status(with_fields(3)), "HTTP/1.1 431 Request Header Fields Too Large");
}

// --- H.6 to H.10, H.24: the body ---------------------------------------------------------------------------------------

fn post(fields: &str, body: &str) -> String {
    format!("POST / HTTP/1.1\r\nHost: h\r\n{fields}\r\n{body}")
}

#[test]
fn where_a_body_ends() {
    assert_eq!(shown(&post("Content-Length: 5\r\n", "12345")), "POST|/|-|h|12345");
    assert_eq!(shown(&post("Content-Length: 5, 5\r\nContent-Length: 5\r\n", "12345")), "POST|/|-|h|12345");
    assert_eq!(shown(&post("Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n0\r\n\r\n")), "POST|/|-|h|abc");
    assert_eq!(shown(&post("", "")), "POST|/|-|h|");
    assert_eq!(shown(&post("Content-Length: 0\r\n", "")), "POST|/|-|h|");
}

#[test]
fn framings_that_two_readers_may_understand_differently_are_refused() {
    let both = "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n";
    assert_refused(post(both, "3\r\nabc\r\n0\r\n\r\n"), "400 Bad Request");
    for length in ["+3", "-3", "3,4", "3 4", "0x3", "", "99999999999999999999"] {
        assert_refused(post(&format!("Content-Length: {length}\r\n"), "abc"), "400 Bad Request");
    }
    assert_refused(post("Content-Length: 3\r\nContent-Length: 4\r\n", "abcd"), "400 Bad Request");
    for coding in ["gzip, chunked", "chunked, chunked", "identity", "xchunked"] {
        assert_refused(post(&format!("Transfer-Encoding: {coding}\r\n"), "0\r\n\r\n"), "501 Not Implemented");
    }
    assert_refused("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "501 Not Implemented");
    assert_refused("GET / HTTP/1.1\r\nHost: h\r\n folded\r\n\r\n", "400 Bad Request");
    assert_refused("GET / HTTP/1.1\r\nHost : h\r\n\r\n", "400 Bad Request");
    assert_refused("GET / HTTP/1.1\r\nHost: h\r\nA: b\rc\r\n\r\n", "400 Bad Request");
}

#[test]
fn a_body_that_breaks_off_is_the_handlers_error_and_ends_the_connection() {
    for request in [
        post("Content-Length: 9\r\n", "12345"),
        post("Transfer-Encoding: chunked\r\n", "9\r\nabc"),
        post("Transfer-Encoding: chunked\r\n", "zz\r\nabc\r\n"),
        post("Transfer-Encoding: chunked\r\n", "3\r\nabcX\n0\r\n\r\n"),
        post("Transfer-Encoding: chunked\r\n", "ffffffffffffffffff\r\n"),
    ] {
        let answer = talk(show, format!("{request}GET /next HTTP/1.1\r\nHost: h\r\n\r\n"));
        let answer = if answer.contains("|12345GET ") { continue } else { answer };
        assert!(
            answer.contains("failed: ") && answer.contains("\r\nConnection: close\r\n"),
            "{request:?}: {answer}"
        );
        assert!(!answer.contains("/next|"), "{answer}");
    }
}

#[test]
fn a_body_beyond_its_limit_is_413_or_an_error_in_the_middle() {
    let server = || Server { max_body: Some(4), ..Server::new(show) };
    let announced = talk_to(server(), post("Content-Length: 5\r\n", "12345"));
    assert!(announced.starts_with("HTTP/1.1 413 Content Too Large\r\n"), "{announced}");
    let exact = talk_to(server(), post("Content-Length: 4\r\n", "1234"));
    assert!(exact.ends_with("|1234"), "{exact}");
    let chunked = talk_to(server(), post("Transfer-Encoding: chunked\r\n", "5\r\n12345\r\n0\r\n\r\n"));
    assert!(chunked.contains("failed: the body is longer than the 4 bytes taken"), "{chunked}");
    assert!(chunked.contains("\r\nConnection: close\r\n"), "{chunked}");
}

#[test]
fn a_trailer_is_there_after_the_body_without_what_may_not_be_in_it() {
    let handler = |response: &mut dyn ResponseWriter, request: &mut Request| {
        assert!(request.body.trailer().is_none());
        let body = request.body.read_all(100).unwrap();
        let trailer = request.body.trailer().unwrap();
        let fields: Vec<&str> = trailer.iter().map(|(name, _)| name).collect();
        let sum = trailer.get("Sum").unwrap();
        let _ = response.write_all(format!("{} {fields:?} {sum}", body.len()).as_bytes());
    };
    let chunks = "3\r\nabc\r\n0\r\nSum: 294\r\nHost: evil\r\nContent-Length: 7\r\nAuthorization: me\r\n\r\n";
    let answer = talk(handler, post("Transfer-Encoding: chunked\r\nTrailer: Sum\r\n", chunks));
    assert!(answer.ends_with("3 [\"Sum\"] 294"), "{answer}");
}

// --- H.12: expectations ---------------------------------------------------------------------------------------------------

const EXPECTS: &str = "POST /upload HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n";

#[test]
fn the_client_is_told_to_continue_when_the_body_is_first_read() {
    let server = MemoryServer::new(show);
    let mut client = Client::of(&server);
    client.send(EXPECTS);
    assert_eq!((client.line(), client.line()), ("HTTP/1.1 100 Continue\r\n".to_owned(), "\r\n".to_owned()));
    client.send("hello");
    let answer = client.answer();
    assert_eq!((answer.code(), answer.text()), (200, "POST|/upload|-|h|hello".to_owned()));
    client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_eq!(client.answer().code(), 200, "the connection serves on");
}

#[test]
fn a_client_whose_body_is_refused_is_never_told_to_continue_and_the_connection_ends() {
    let refuse = |response: &mut dyn ResponseWriter, _: &mut Request| {
        response.write_status(crate::ch08_http_client::status::Status::UNAUTHORIZED);
    };
    let server = MemoryServer::new(refuse);
    let mut client = Client::of(&server);
    client.send(EXPECTS);
    let answer = client.answer();
    assert_eq!((answer.code(), answer.get("Connection")), (401, Some("close")));
    client.assert_closed();
}

#[test]
fn expectations_nobody_knows_are_417_and_a_1_0_client_expects_nothing() {
    assert_refused("GET / HTTP/1.1\r\nHost: h\r\nExpect: miracles\r\n\r\n", "417 Expectation Failed");
    let old = talk(show, "POST / HTTP/1.0\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\nhi");
    assert!(old.starts_with("HTTP/1.1 200 OK\r\n") && old.ends_with("|hi"), "{old}");
}

// --- H.13: persistence ------------------------------------------------------------------------------------------------------

#[test]
fn pipelined_requests_are_answered_in_their_order() {
    let request = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: h\r\n\r\n");
    let first = "POST /1 HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc".to_owned();
    let answers = talk(show, first + &request("/2") + &request("/3"));
    let at = |text: &str| answers.find(text).unwrap_or_else(|| panic!("{text} is missing in {answers}"));
    assert!(at("POST|/1|-|h|abc") < at("GET|/2|") && at("GET|/2|") < at("GET|/3|"));
}

#[test]
fn what_keeps_a_connection_and_what_ends_it() {
    let second = "GET /second HTTP/1.1\r\nHost: h\r\n\r\n";
    for (first, keeps) in [
        ("GET / HTTP/1.1\r\nHost: h\r\n\r\n", true),
        ("GET / HTTP/1.1\r\nHost: h\r\nConnection: foo, Close\r\n\r\n", false),
        ("GET / HTTP/1.0\r\n\r\n", false),
        ("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true),
        ("GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", false),
    ] {
        let answers = talk(show, format!("{first}{second}"));
        assert_eq!(answers.contains("/second|"), keeps, "{first:?}: {answers}");
        assert_eq!(answers.contains("Connection: close\r\n"), !keeps, "{answers}");
        assert_eq!(
            answers.contains("Connection: keep-alive\r\n"),
            keeps && first.contains("1.0"),
            "{answers}"
        );
    }
}

#[test]
fn a_connection_ends_after_as_many_requests_as_it_may_have() {
    let server = Server { max_requests: Some(2), ..Server::new(show) };
    let answers = talk_to(server, "GET / HTTP/1.1\r\nHost: h\r\n\r\n".repeat(3));
    assert_eq!(answers.matches("HTTP/1.1 200 OK").count(), 2);
    assert_eq!(answers.matches("Connection: close").count(), 1);
}

#[test]
fn the_method_decides_whether_there_is_a_body_not_the_length() {
    let server = MemoryServer::new(show);
    let mut client = Client::of(&server);
    client.send("HEAD /x HTTP/1.1\r\nHost: h\r\n\r\nGET /y HTTP/1.1\r\nHost: h\r\n\r\n");
    let head = client.answer_to(&Method::HEAD);
    assert_eq!((head.get("Content-Length"), head.text()), (Some("12"), String::new()));
    assert_eq!(client.answer().text(), "GET|/y|-|h|");
}
