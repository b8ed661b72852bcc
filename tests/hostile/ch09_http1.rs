//! Heads that nobody should send to a server of HTTP/1.1, as raw bytes: the answer, and that the next client is served.

use std::io::Write;
use std::time::{Duration, Instant};

use crate::support::PATIENCE;
use crate::support::http::{Raw, assert_serves, sent, show};
use netprog::ch08_http_client::codec::HeadLimits;
use netprog::ch09_http_server::server::Server;
use netprog::ch09_http_server::test_server::TestServer;

/// One answer with this status, `Connection: close`, and the end; whatever follows the bad request is never looked at.
#[track_caller]
fn assert_refused(server: &TestServer, request: impl AsRef<[u8]>, code: u16) {
    let mut bytes = request.as_ref().to_vec();
    bytes.extend_from_slice(b"GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n");
    let mut client = sent(server.address(), &bytes);
    let asked = String::from_utf8_lossy(request.as_ref()).chars().take(120).collect::<String>();
    let answer = client.answer_to("GET").unwrap_or_else(|| panic!("{asked:?} got no answer"));
    assert_eq!(answer.code, code, "{asked:?} got {answer:?}");
    assert!(answer.is_last(), "{asked:?} got {answer:?}");
    assert_eq!(answer.get("Content-Type"), Some("text/plain; charset=utf-8"), "{asked:?}");
    client.assert_closed();
}

/// What the handler understood, on a connection that serves on.
#[track_caller]
fn understood(server: &TestServer, request: impl AsRef<[u8]>) -> String {
    let mut client = sent(server.address(), request.as_ref());
    let answer = client.answer();
    assert_eq!(answer.code, 200, "{:?} got {answer:?}", String::from_utf8_lossy(request.as_ref()));
    client.send("GET /on HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_eq!(client.answer().text(), "GET|/on|-|h|");
    answer.text()
}

fn get(line: &str, fields: &str) -> Vec<u8> {
    format!("{line}\r\n{fields}\r\n").into_bytes()
}

/// Row H.1.
#[test]
fn start_lines_that_are_none_are_400_and_versions_nobody_speaks_505() {
    let server = TestServer::new(show);
    let lines: [&[u8]; 26] = [
        b"GET  / HTTP/1.1",
        b"GET /  HTTP/1.1",
        b" GET / HTTP/1.1",
        b"GET / HTTP/1.1 ",
        b"GET\t/\tHTTP/1.1",
        b"GET /\x0bHTTP/1.1",
        b"GET /",
        b"GET",
        b"/ HTTP/1.1",
        b"GET HTTP/1.1",
        b"GET / HTTP/1.1 x",
        b"GET / http/1.1",
        b"GET / HTTP/1",
        b"GET / HTTP/1.",
        b"GET / HTTP/.1",
        b"GET / HTTP/1.10",
        b"GET / HTTP/01.1",
        b"GET / HTTP/1,1",
        b"GET / HTTPS/1.1",
        b"GET / HTTP /1.1",
        b"GET / HTTP/1.1\r",
        b"\x00GET / HTTP/1.1",
        b"GET / HTTP/-1.1",
        b"GET / HTTP/1.\xb2",
        b"\xef\xbb\xbfGET / HTTP/1.1",
        b"GET /\xa0HTTP/1.1",
    ];
    for line in lines {
        assert_refused(&server, [line, b"\r\nHost: h\r\n\r\n"].concat(), 400);
    }
    for version in ["HTTP/0.9", "HTTP/2.0", "HTTP/3.0", "HTTP/9.9", "HTTP/0.0"] {
        assert_refused(&server, get(&format!("GET / {version}"), "Host: h\r\n"), 505);
    }
    assert_eq!(understood(&server, get("GET / HTTP/1.9", "Host: h\r\n")), "GET|/|-|h|", "a later 1.x is 1.1");
    assert_serves(server.address());
}

/// Row H.1.
#[test]
fn methods_are_tokens_and_have_case() {
    let server = TestServer::new(show);
    for method in [
        "G(T", "G,T", "GET:", "G\"T", "G/T", "G@T", "G[T", "G{T", "G\u{e9}T", "G\x7fT", "G\x00T", "G\x1bT",
        "<GET>",
    ] {
        assert_refused(&server, get(&format!("{method} / HTTP/1.1"), "Host: h\r\n"), 400);
    }
    assert_eq!(understood(&server, get("get / HTTP/1.1", "Host: h\r\n")), "get|/|-|h|", "not GET");
    assert_eq!(
        understood(&server, get("!#$%&'*+-.^_`|~9 / HTTP/1.1", "Host: h\r\n")),
        "!#$%&'*+-.^_`|~9|/|-|h|"
    );
    assert_eq!(understood(&server, get("PROPFIND / HTTP/1.1", "Host: h\r\n")), "PROPFIND|/|-|h|");
    let long = "M".repeat(20_000);
    assert_refused(&server, get(&format!("{long} / HTTP/1.1"), "Host: h\r\n"), 414);
}

/// Rows H.1 and H.2: the host in the target wins over the field, as RFC 9112, 3.2.2 demands of a server.
#[test]
fn absolute_targets_and_the_games_played_with_them() {
    let server = TestServer::new(show);
    let with = |target: &str| get(&format!("GET {target} HTTP/1.1"), "Host: h\r\n");
    assert_eq!(understood(&server, with("http://other/x?y")), "GET|/x|y|other|");
    assert_eq!(understood(&server, with("http://[::1]:80/x")), "GET|/x|-|[::1]:80|");
    assert_eq!(understood(&server, with("HTTP://h/http://evil/")), "GET|/http://evil/|-|h|");
    // Two slashes begin a path here, never a host.
    assert_eq!(understood(&server, with("//evil/x")), "GET|//evil/x|-|h|");
    for target in [
        "http://user@other/",
        "http://user:password@other/",
        "http://h:x/",
        "http://h:-1/",
        "http://h:+80/",
        "http://h:123456/",
        "http://h:80:80/",
        "http:///x",
        "http://",
        "http:/x",
        "http:x",
        "http:",
        "://h/",
        "//",
        "ftp://h/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "http://[::1/",
        "http://[::1]x/",
        "http://::1/",
        "http://h\\x/",
        "http://<h>/",
        "http://h /",
        "http://h/#fragment",
        "/a#b",
        "h",
        "*",
        "?x",
        "http://:80/",
        "http://:/",
    ] {
        if target == "//" {
            continue;
        }
        assert_refused(&server, with(target), 400);
    }
    // An absolute target does not make up for a Host field that is missing, double or bad.
    assert_refused(&server, get("GET http://h/ HTTP/1.1", ""), 400);
    assert_refused(&server, get("GET http://h/ HTTP/1.1", "Host: h\r\nHost: h\r\n"), 400);
    assert_refused(&server, get("GET http://h/ HTTP/1.1", "Host: h/x\r\n"), 400);
    for target in
        ["h", "h:", "h:x", "/", "*", "http://h:80/", "u@h:80", "h:80:80", "h:123456", ":80", "[::1]"]
    {
        assert_refused(&server, get(&format!("CONNECT {target} HTTP/1.1"), "Host: h\r\n"), 400);
    }
    assert_serves(server.address());
}

/// Row H.2.
#[test]
fn a_host_stands_there_exactly_once_and_is_one() {
    let server = TestServer::new(show);
    for fields in [
        "",
        "Host: a\r\nHost: a\r\n",
        "Host: a\r\nhOST: b\r\n",
        "Host:\r\nHost: a\r\n",
        "Host: a b\r\n",
        "Host: a/b\r\n",
        "Host: http://a/\r\n",
        "Host: u@a\r\n",
        "Host: a:b\r\n",
        "Host: a:1:2\r\n",
        "Host: [::1\r\n",
        "Host: ::1\r\n",
        "Host: a\\b\r\n",
        "Host: a?b\r\n",
        "Host: a#b\r\n",
        "Host: \"a\"\r\n",
        "Host: a:123456\r\n",
        "X-Host: a\r\n",
    ] {
        assert_refused(&server, get("GET / HTTP/1.1", fields), 400);
        assert_refused(&server, get("GET / HTTP/1.0", &format!("Host: a\r\nHost: b\r\n{fields}")), 400);
    }
    assert_eq!(understood(&server, get("GET / HTTP/1.1", "Host:\r\n")), "GET|/|-||", "empty is allowed");
    let old = sent(server.address(), "GET / HTTP/1.0\r\n\r\n").answer();
    assert_eq!((old.code, old.text().as_str()), (200, "GET|/|-||"));
}

/// Rows H.3 and H.4.
#[test]
fn lines_that_are_no_fields_are_400() {
    let server = TestServer::new(show);
    let lines: [&[u8]; 24] = [
        b"Host : h",
        b"Host\t: h",
        b" X: y",
        b"\tX: y",
        b"X: y\r\n folded",
        b"X: y\r\n\tfolded",
        b"X: y\r\n \r\nZ: z",
        b": y",
        b"X",
        b"X y",
        b"X(: y",
        b"X\xe4: y",
        b"X\x00: y",
        b"X\x0b: y",
        b"X: a\x00b",
        b"X: a\rb",
        b"X: a\r",
        b"X: \ra",
        b"\rX: y",
        b"X\r: y",
        b"X: a\x0b",
        b"X: \x7f",
        b"X: a\x0c",
        b"\"X\": y",
    ];
    for line in lines {
        assert_refused(&server, [b"GET / HTTP/1.1\r\nHost: h\r\n", line, b"\r\n\r\n"].concat(), 400);
    }
    // The first line after the request line is where a continuation has nothing to continue.
    assert_refused(&server, "GET / HTTP/1.1\r\n X: y\r\nHost: h\r\n\r\n", 400);
    assert_refused(&server, "GET / HTTP/1.1\r\n\tHost: h\r\n\r\n", 400);
    for good in ["x-y: \t z \t", "X:y", "X:", "X: \u{fc}", "X: a:b", "!#$%&'*+-.^_`|~: y"] {
        assert_eq!(
            understood(&server, get("GET / HTTP/1.1", &format!("Host: h\r\n{good}\r\n"))),
            "GET|/|-|h|"
        );
    }
    assert_serves(server.address());
}

/// RFC 9112, 2.2 allows LF alone at the end of a line of a head; CR alone is never an end.
#[test]
fn lines_may_end_in_lf_alone_and_never_in_cr_alone() {
    let server = TestServer::new(show);
    assert_eq!(understood(&server, "GET /x HTTP/1.1\nHost: h\n\n"), "GET|/x|-|h|");
    assert_eq!(understood(&server, "\n\r\n\n\r\nGET /x HTTP/1.1\r\nHost: h\n\r\n"), "GET|/x|-|h|");
    assert_refused(&server, "GET / HTTP/1.1\rHost: h\r\r\r\n", 400);
    assert_refused(&server, "GET / HTTP/1.1\r\nHost: h\r\r\n\r\n", 400);
    assert_refused(&server, "GET / HTTP/1.1\r\nHost: h\r\n\r\r\n\r\n", 400);
    assert_refused(&server, "\r\n".repeat(200), 400);
    assert_refused(&server, "\rGET / HTTP/1.1\r\nHost: h\r\n\r\n", 400);
}

/// Rows H.5 and H.23.
#[test]
fn heads_beyond_the_limits_are_refused_while_they_come() {
    let server = TestServer::with(Server { read_header_timeout: Some(PATIENCE), ..Server::new(show) });
    assert_refused(&server, get(&format!("GET /{} HTTP/1.1", "a".repeat(16 << 10)), "Host: h\r\n"), 414);
    assert_refused(&server, get("GET / HTTP/1.1", &"A: b\r\n".repeat(1001)), 431);
    assert_refused(&server, get("GET / HTTP/1.1", &format!("X: {}\r\n", "y".repeat(1 << 20))), 431);
    let many = format!("Host: h\r\n{}", "A: b\r\n".repeat(999));
    assert_eq!(understood(&server, get("GET / HTTP/1.1", &many)), "GET|/|-|h|");
    assert_serves(server.address());
}

/// Row H.23: nobody reads the 100 MB, and the answer is not lost to a reset although they are still being sent.
#[test]
fn a_head_of_100_megabytes_is_431_after_the_first() {
    let server = TestServer::new(show);
    let mut client = sent(server.address(), "GET / HTTP/1.1\r\nHost: h\r\nX: ");
    let writer = client.stream().try_clone().unwrap();
    let sending = std::thread::spawn(move || {
        let block = [b'y'; 1 << 16];
        let mut count = 0;
        while count < 100 << 20 && (&writer).write_all(&block).is_ok() {
            count += block.len();
        }
    });
    let begin = Instant::now();
    let answer = client.answer();
    assert_eq!((answer.code, answer.is_last()), (431, true));
    assert_serves(server.address());
    client.rest();
    crate::support::join(sending);
    assert!(begin.elapsed() < PATIENCE);
}

/// What other protocols begin with, at a port that speaks HTTP/1.1.
#[test]
fn other_protocols_are_told_in_plain_text_what_this_is() {
    let limits = HeadLimits::default();
    let server = TestServer::with(Server { head_limits: limits, ..Server::new(show) });
    assert_refused(&server, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\x12\x04\0\0\0\0\0", 505);
    let mut client = sent(server.address(), "GET /index.html\r\n");
    assert_eq!(client.answer().code, 400, "HTTP/0.9");
    client.assert_closed();
    for (what, hello) in [
        ("TLS ClientHello", b"\x16\x03\x01\x00\xf5\x01\x00\x00\xf1\x03\x03\x8d\x4c\x20\x51".as_slice()),
        ("SSLv2 hello", b"\x80\x2e\x01\x03\x01\x00\x15\x00\x00\x00\x10"),
        ("SOCKS5", b"\x05\x01\x00"),
        ("telnet", b"\xff\xfd\x18\xff\xfd\x20"),
        ("PostgreSQL", b"\x00\x00\x00\x08\x04\xd2\x16\x2f"),
    ] {
        // Without a line end in it: a server that waits for one would leave such a client hanging.
        let begin = Instant::now();
        let mut client = sent(server.address(), hello);
        let answer = client.answer();
        assert_eq!((answer.code, answer.is_last()), (400, true), "{what}");
        client.assert_closed();
        assert!(begin.elapsed() < Duration::from_secs(20), "{what}");
    }
    let mut silent = Raw::connect(server.address());
    silent.finish();
    silent.assert_closed();
    assert_serves(server.address());
}
