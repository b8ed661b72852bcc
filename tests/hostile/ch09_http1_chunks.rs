//! Bodies in chunks, written in every wrong way: the handler's reading fails and the connection ends. Sizes are believed only as far as
//! bytes come.

use super::ch09_http1_framing::{assert_fails_in_the_body, assert_framed, assert_refused, post};
use crate::support::http::{assert_serves, sent, show};
use netprog::ch09_http_server::server::Server;
use netprog::ch09_http_server::test_server::TestServer;

/// Row H.10. Line ends are strict in a chunked body, its trailer included.
#[test]
fn chunks_are_digits_and_line_ends_or_the_body_fails() {
    let server = TestServer::new(show);
    let chunked = |body: &str| post(b"Transfer-Encoding: chunked\r\n", body);
    for body in [
        "3\nabc\r\n0\r\n\r\n",
        "3\r\nabc\n0\r\n\r\n",
        "3\r\nabc\r\n0\n\r\n",
        "3\rabc\r\n0\r\n\r\n",
        "3\r\nabc\r0\r\n\r\n",
        "3\r\nabcd\r\n0\r\n\r\n",
        "3\r\nab\r\n0\r\n\r\n",
        "4\r\nabc\r\n0\r\n\r\n",
        "3\r\n\r\nabc\r\n0\r\n\r\n",
        "\r\n3\r\nabc\r\n0\r\n\r\n",
        "+3\r\nabc\r\n0\r\n\r\n",
        "-3\r\nabc\r\n0\r\n\r\n",
        "0x3\r\nabc\r\n0\r\n\r\n",
        " 3\r\nabc\r\n0\r\n\r\n",
        "3 \r\nabc\r\n0\r\n\r\n",
        "3\t\r\nabc\r\n0\r\n\r\n",
        "3g\r\nabc\r\n0\r\n\r\n",
        "g\r\n\r\n",
        "\r\n",
        ";\r\nabc\r\n0\r\n\r\n",
        "3,3\r\nabc\r\n0\r\n\r\n",
        "3_0\r\nabc\r\n0\r\n\r\n",
        "\u{663}\r\nabc\r\n0\r\n\r\n",
        "00000000000000003\r\nabc\r\n0\r\n\r\n",
        "10000000000000000\r\n",
        "10000000000000003\r\nabc\r\n0\r\n\r\n",
        "3;a\rb\r\nabc\r\n0\r\n\r\n",
        "3;a\nb\r\nabc\r\n0\r\n\r\n",
        "3\r;a\r\nabc\r\n0\r\n\r\n",
        "3\x0c;a\r\nabc\r\n0\r\n\r\n",
        "3;a\0\r\nabc\r\n0\r\n\r\n",
        "3\0\r\nabc\r\n0\r\n\r\n",
        "3;a=\"b\nc\"\r\nabc\r\n0\r\n\r\n",
        "0\r\n X: y\r\n\r\n",
        "0\r\nX : y\r\n\r\n",
        "0\r\nX: y\r\n folded\r\n\r\n",
        "0\r\nX\r\n\r\n",
        "0\r\nX: a\rb\r\n\r\n",
        "0\r\n\n",
        "0\r\nX: y\n\r\n",
        "0\r\nX: y\r\n\n",
        "0\r\n\rX",
        "00\n\r\n",
        "3;\r\nabc\r\n0;\n\r\n",
    ] {
        assert_fails_in_the_body(&server, &chunked(body));
    }
    for (body, meant) in [
        ("3\r\nabc\r\n0\r\n\r\n", "abc"),
        ("3;name=value;other=\"x;y\"\r\nabc\r\n0;last\r\n\r\n", "abc"),
        ("3 ;x\r\nabc\r\n0\r\n\r\n", "abc"),
        ("0003\r\nabc\r\n0000000000000000\r\n\r\n", "abc"),
        ("A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n", "01234567890123456789"),
        ("0\r\nSum: 3\r\nHost: evil\r\nContent-Length: 77\r\nTransfer-Encoding: chunked\r\n\r\n", ""),
        ("5\r\n0\r\n\r\n\r\n0\r\n\r\n", "0\r\n\r\n"),
    ] {
        assert_framed(&server, &chunked(body), meant);
    }
    assert_serves(server.address());
}

/// Rows H.10 and H.24: sizes are believed only as far as bytes come.
#[test]
fn announced_sizes_cost_nothing_and_the_overhead_of_chunks_is_bounded() {
    let server = TestServer::with(Server { max_body: Some(1000), ..Server::new(show) });
    for size in ["ffffffffffffffff", "7fffffffffffffff", "fffffffffffffff0", "80000000"] {
        let mut client =
            sent(server.address(), post(b"Transfer-Encoding: chunked\r\n", &format!("{size}\r\nabc")));
        client.finish();
        let answer = client.answer();
        assert!(answer.text().starts_with("failed: ") && answer.is_last(), "{size}: {answer:?}");
    }
    for length in ["1001", "18446744073709551615"] {
        assert_refused(&server, &post(format!("Content-Length: {length}\r\n").as_bytes(), ""), 413);
    }
    assert_refused(&server, &post(b"Content-Length: 1001\r\nExpect: 100-continue\r\n", ""), 413);
    // One byte of body for every 200 of extension; a size line without end; a trailer without end; a body without end.
    let tiny = format!("1;{}\r\nx\r\n", "e".repeat(200)).repeat(500);
    assert_fails_in_the_body(&server, &post(b"Transfer-Encoding: chunked\r\n", &tiny));
    assert_fails_in_the_body(
        &server,
        &post(b"Transfer-Encoding: chunked\r\n", &format!("1;{}", "e".repeat(5000))),
    );
    assert_fails_in_the_body(
        &server,
        &post(b"Transfer-Encoding: chunked\r\n", &format!("0\r\n{}", "X: y\r\n".repeat(5000))),
    );
    assert_fails_in_the_body(&server, &post(b"Transfer-Encoding: chunked\r\n", &"1\r\nx\r\n".repeat(1001)));
    assert_serves(server.address());
}
