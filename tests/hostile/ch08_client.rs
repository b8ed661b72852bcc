//! Servers whose heads lie, have no end or are no heads, against the HTTP client.

use std::time::Instant;

use crate::raw::{RawServer, client, client_of, request, script, transport_with};
use crate::support::PATIENCE;
use netprog::ch08_http_client::error::{HttpError, MessageError};
use netprog::ch08_http_client::method::Method;

/// Far more than any test here reads.
const BODY: u64 = 1 << 20;

/// What the client makes of these bytes as the answer to a GET; the server keeps the connection open behind them, so whoever waits
/// for more waits for ever.
pub fn answer_left_open(bytes: impl AsRef<[u8]> + Send + 'static) -> Result<Vec<u8>, HttpError> {
    let server = RawServer::one(move |conn| {
        conn.head();
        conn.send(bytes);
        conn.gone();
    });
    let (mut client, transport) = client();
    client.timeout = Some(PATIENCE);
    let outcome = client.get(&server.url("/")).and_then(|mut response| response.read_all(BODY));
    drop(client);
    drop(transport);
    server.finish();
    outcome
}

/// The same from a server that closes behind them.
pub fn answer(bytes: impl AsRef<[u8]> + Send + 'static) -> Result<Vec<u8>, HttpError> {
    let server = RawServer::one(move |conn| {
        conn.head();
        conn.send(bytes);
        conn.finish();
        conn.gone();
    });
    let (mut client, transport) = client();
    client.timeout = Some(PATIENCE);
    let outcome = client.get(&server.url("/")).and_then(|mut response| response.read_all(BODY));
    drop(client);
    drop(transport);
    server.finish();
    outcome
}

#[track_caller]
fn message_error(outcome: Result<Vec<u8>, HttpError>) -> MessageError {
    match outcome {
        Err(HttpError::Response { error, .. }) => error,
        other => panic!("{other:?}"),
    }
}

/// Each is refused by what has come; none of these servers closes.
#[test]
fn another_protocol_s_greeting_is_no_response_and_nobody_waits_for_its_end() {
    let greetings: [&[u8]; 9] = [
        b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n",
        b"220 mail.example.com ESMTP\r\n",
        b"RFB 003.008\n",
        b"ICY 200 OK\r\n\r\n",
        b"<html>HTTP/0.9</html>",
        // HTTP/2's SETTINGS, a TLS alert, MySQL's greeting: no line ends in them.
        b"\x00\x00\x12\x04\x00\x00\x00\x00\x00",
        b"\x15\x03\x01\x00\x02\x02\x46",
        b"\x4a\x00\x00\x00\x0a5.5.5-10.11.6-MariaDB\x00",
        b"\r\nHTTP/1.1 200 OK\r\n\r\n",
    ];
    for greeting in greetings {
        let error = message_error(answer_left_open(greeting));
        assert!(matches!(error, MessageError::BadStartLine { .. }), "{greeting:?}: {error:?}");
    }
}

#[test]
fn a_status_line_is_taken_as_the_rfc_has_it_and_no_other() {
    let lines: [&[u8]; 24] = [
        b"HTTP/1.1 000 OK",
        b"HTTP/1.1 099 OK",
        b"HTTP/1.1 99 OK",
        b"HTTP/1.1 1000 OK",
        b"HTTP/1.1 -20 OK",
        b"HTTP/1.1 +20 OK",
        b"HTTP/1.1 2 0 OK",
        b"HTTP/1.1 20\xd9\xa0 OK",
        b"HTTP/1.1  200 OK",
        b"HTTP/1.1\t200 OK",
        b"HTTP/1.1 200\tOK",
        b"HTTP/1.1 200 O\rK",
        b"HTTP/1.1 200 O\0K",
        b"HTTP/1.1 200 \x1b[2J",
        b"HTTP/1.1 ",
        b"HTTP/1.1",
        b"HTTP/1. 200 OK",
        b"HTTP/1 200 OK",
        b"HTTP/11 200 OK",
        b"HTTP/1.10 200 OK",
        b"HTTP/01.1 200 OK",
        b"http/1.1 200 OK",
        b"HTTP/1.1,200,OK",
        b" HTTP/1.1 200 OK",
    ];
    for line in lines {
        let bytes = [line, b"\r\nContent-Length: 0\r\n\r\n"].concat();
        let error = message_error(answer_left_open(bytes));
        assert!(matches!(error, MessageError::BadStartLine { .. }), "{line:?}: {error:?}");
    }
    for line in ["HTTP/2.0 200 OK", "HTTP/0.9 200 OK", "HTTP/3.0 200"] {
        let error = message_error(answer_left_open(format!("{line}\r\n\r\n")));
        assert!(matches!(error, MessageError::UnsupportedVersion { .. }), "{line}: {error:?}");
    }
    for line in
        ["HTTP/1.1 200", "HTTP/1.1 200 ", "HTTP/1.9 200 \u{e9}", "HTTP/1.1 999 ?", "HTTP/1.1 200  a  b "]
    {
        let body = answer_left_open(format!("{line}\r\nContent-Length: 2\r\n\r\nok"));
        assert_eq!(body.unwrap(), b"ok", "{line}");
    }
}

/// Each of them makes two of one field, or one of two, to somebody.
#[test]
fn fields_that_two_readers_read_differently_are_refused() {
    let fields: [&[u8]; 16] = [
        b"X: a\r\n folded\r\n",
        b"X: a\r\n\tfolded\r\n",
        b" X: first\r\n",
        b"X : a\r\n",
        b"X\t: a\r\n",
        b": a\r\n",
        b"X\r\n",
        b"X: a\rY: b\r\n",
        b"X: a\r\r\n",
        b"X: a\0b\r\n",
        b"X\0: a\r\n",
        b"X: a\x0bb\r\n",
        b"X: a\x7f\r\n",
        b"X(y): a\r\n",
        b"\xc3\xa9: a\r\n",
        b"X: a\x1b[2J\r\n",
    ];
    for field in fields {
        let bytes = [&b"HTTP/1.1 200 OK\r\n"[..], field, b"Content-Length: 0\r\n\r\n"].concat();
        let error = message_error(answer_left_open(bytes));
        assert!(matches!(error, MessageError::BadField { .. }), "{field:?}: {error:?}");
        // What a terminal would act upon does not come through the message.
        assert!(!error.to_string().contains(char::is_control), "{error}");
    }
}

#[test]
fn a_body_s_length_is_said_once_and_in_one_way() {
    let refused = [
        "Content-Length: 2\r\nContent-Length: 3\r\n",
        "Content-Length: 2, 3\r\n",
        "Content-Length: +2\r\n",
        "Content-Length: -2\r\n",
        "Content-Length: 0x2\r\n",
        "Content-Length: 2 2\r\n",
        "Content-Length: \r\n",
        "Content-Length: ,\r\n",
        "Content-Length: 2;\r\n",
        "Content-Length: 18446744073709551616\r\n",
        "Content-Length: 99999999999999999999999999999\r\n",
        "Content-Length: \u{663}\r\n",
        "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n",
        "Transfer-Encoding: gzip, chunked\r\n",
        "Transfer-Encoding: chunked, chunked\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
        "Transfer-Encoding: identity\r\n",
        "Transfer-Encoding: xchunked\r\n",
        "Transfer-Encoding: \"chunked\"\r\n",
        "Transfer-Encoding: \r\n",
    ];
    for fields in refused {
        let error = message_error(answer_left_open(format!("HTTP/1.1 200 OK\r\n{fields}\r\nok")));
        assert!(
            matches!(
                error,
                MessageError::BadLength { .. }
                    | MessageError::LengthAndEncoding
                    | MessageError::UnsupportedEncoding { .. }
            ),
            "{fields:?}: {error:?}"
        );
    }
    let error =
        message_error(answer_left_open("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"));
    assert!(matches!(error, MessageError::UnsupportedEncoding { .. }), "{error:?}");
    for fields in
        ["Content-Length: 2\r\nContent-Length: 2\r\n", "Content-Length: 2, 2\r\n", "Content-Length: 002\r\n"]
    {
        assert_eq!(
            answer_left_open(format!("HTTP/1.1 200 OK\r\n{fields}\r\nok")).unwrap(),
            b"ok",
            "{fields:?}"
        );
    }
}

/// Sends `piece` until the client has gone.
fn endless(begin: &'static [u8], piece: &'static [u8]) -> HttpError {
    let server = RawServer::one(move |conn| {
        conn.head();
        conn.send(begin);
        let block = piece.repeat(64 * 1024 / piece.len() + 1);
        while std::io::Write::write_all(conn.conn(), &block).is_ok() {}
    });
    let (mut client, _transport) = client();
    client.timeout = Some(PATIENCE);
    let error = client.get(&server.url("/")).map(|_| ()).unwrap_err();
    server.finish();
    error
}

#[test]
fn a_head_without_end_is_left_at_its_limit() {
    type Is = fn(&MessageError) -> bool;
    let cases: [(&[u8], &[u8], Is); 5] = [
        (b"HTTP/1.1 200 ", b"a", |e| matches!(e, MessageError::TargetTooLong { .. })),
        (b"HTTP/1.1 200 OK\r\nX: ", b"a", |e| matches!(e, MessageError::HeadTooLong { .. })),
        (b"HTTP/1.1 200 OK\r\n", b"a", |e| matches!(e, MessageError::HeadTooLong { .. })),
        (b"HTTP/1.1 200 OK\r\n", b"a:\r\n", |e| matches!(e, MessageError::TooManyFields { .. })),
        (b"HTTP/1.1 200 OK\r\n", b"Set-Cookie: a=b\r\n", |e| matches!(e, MessageError::TooManyFields { .. })),
    ];
    for (begin, piece, is) in cases {
        match endless(begin, piece) {
            HttpError::Response { error, .. } if is(&error) => {}
            other => panic!("{:?}: {other:?}", String::from_utf8_lossy(begin)),
        }
    }
}

#[test]
fn responses_of_class_1xx_do_not_go_on_for_ever() {
    for piece in [
        "HTTP/1.1 100 Continue\r\n\r\n",
        "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n",
        "HTTP/1.1 199 x\r\n\r\n",
    ] {
        let error = endless(b"", piece.as_bytes());
        assert!(matches!(error, HttpError::TooManyInformational { .. }), "{piece}: {error:?}");
    }
}

/// What follows a response without body is the next response to nobody.
#[test]
fn a_body_where_none_can_be_is_never_the_next_response() {
    for (method, head) in [
        (Method::HEAD, "HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\n"),
        (Method::GET, "HTTP/1.1 204 No Content\r\nContent-Length: 200\r\n\r\n"),
        (Method::GET, "HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n"),
        (Method::GET, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
        (Method::GET, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    ] {
        let poison = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison";
        let server = RawServer::new(vec![
            script(move |conn| {
                conn.head();
                conn.send([head, poison].concat());
                assert_eq!(conn.gone(), 0, "the connection was used again");
            }),
            script(|conn| {
                conn.head();
                conn.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood");
            }),
        ]);
        let (client, transport) = client();
        let mut first = client.send(request(method, &server.url("/"))).unwrap();
        assert_eq!(first.read_all(BODY).unwrap(), b"", "{head}");
        let second = client.get(&server.url("/")).unwrap().read_all(BODY).unwrap();
        assert_eq!(second, b"good", "{head}");
        assert_eq!(transport.counts().connected, 2, "{head}");
        drop((client, transport));
        server.finish();
    }
}

/// A pipelined poison that comes a while after the response, and not in one segment with it.
#[test]
fn a_second_response_that_nobody_asked_for_is_not_the_answer_to_the_next_request() {
    let (send, sent) = (std::sync::mpsc::channel::<()>(), std::sync::mpsc::channel::<()>());
    let (go, wait) = send;
    let (told, heard) = sent;
    let server = RawServer::new(vec![
        script(move |conn| {
            conn.head();
            conn.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
            wait.recv_timeout(PATIENCE).unwrap();
            conn.send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison");
            told.send(()).unwrap();
            assert_eq!(conn.gone(), 0, "the connection was used again");
        }),
        script(|conn| {
            conn.head();
            conn.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood");
        }),
    ]);
    let (client, transport) = client();
    assert_eq!(client.get(&server.url("/")).unwrap().read_all(BODY).unwrap(), b"ok");
    go.send(()).unwrap();
    heard.recv_timeout(PATIENCE).unwrap();
    assert_eq!(client.get(&server.url("/")).unwrap().read_all(BODY).unwrap(), b"good");
    assert_eq!((transport.counts().evicted, transport.counts().connected), (1, 2));
    drop((client, transport));
    server.finish();
}

/// A server that talks before it is asked, and one that resets.
#[test]
fn answers_without_a_question_and_resets_end_in_an_answer_or_an_error() {
    let server = RawServer::one(|conn| {
        conn.send("HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        conn.head();
    });
    let (client, _transport) = client();
    assert_eq!(client.get(&server.url("/")).unwrap().status.code(), 408);
    server.finish();
    let begin = Instant::now();
    for bytes in ["", "HTTP/1.1 2", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n123"] {
        let player = netprog::base::script::play(vec![
            netprog::base::script::Step::Expect(b"GET / HTTP/1.1\r\n".to_vec()),
            netprog::base::script::reply(bytes),
            netprog::base::script::Step::Reset,
        ])
        .unwrap();
        let transport = transport_with(|_| {});
        let url = format!("http://{}/", player.address());
        let outcome = client_of(&transport).get(&url).and_then(|mut response| response.read_all(BODY));
        assert!(outcome.is_err(), "{bytes:?}: {outcome:?}");
        let _ = player.finish();
    }
    assert!(begin.elapsed() < PATIENCE);
}
