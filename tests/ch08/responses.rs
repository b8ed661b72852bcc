//! What a server may send before, in and after a response: class 1xx, chunks with a trailer, framing that lies.

use std::io::{Read, Write};

use netprog::base::cancel::Cancel;
use netprog::ch08_http_client::error::{HttpError, MessageError, Phase};
use netprog::ch08_http_client::method::Method;
use netprog::ch08_http_client::status::Status;
use std::time::Duration;

use crate::raw::{RawServer, client, client_of, ok, request, transport_with};

/// Asks a server that answers these bytes and closes.
fn answer(bytes: impl AsRef<[u8]> + Send + 'static) -> Result<Vec<u8>, HttpError> {
    let server = RawServer::one(move |conn| {
        conn.head();
        conn.send(bytes);
    });
    let outcome = client().0.get(&server.url("/")).and_then(|mut response| response.read_all(1 << 20));
    server.finish();
    outcome
}

// --- class 1xx (row H.22) -----------------------------------------------------------------------------------------------------

#[test]
fn a_103_is_handed_over_and_a_100_nobody_asked_for_is_not() {
    let server = RawServer::one(|conn| {
        conn.head();
        conn.send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n");
        conn.send(ok("x"));
    });
    let mut response = client().0.get(&server.url("/")).unwrap();
    assert_eq!(response.informational.len(), 1);
    let (status, header) = &response.informational[0];
    assert_eq!((*status, header.get("link")), (Status::EARLY_HINTS, Some("</style.css>")));
    assert_eq!(response.read_all(10).unwrap(), b"x");
    server.finish();
}

#[test]
fn five_responses_of_class_1xx_are_taken_and_a_sixth_is_not_whatever_they_are() {
    for line in [
        "HTTP/1.1 103 Early Hints\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\n",
        "HTTP/1.1 199 Odd\r\nX: y\r\n\r\n",
    ] {
        assert_eq!(answer(format!("{}{}", line.repeat(5), ok("x"))).unwrap(), b"x");
        let error = answer(format!("{}{}", line.repeat(6), ok("x"))).unwrap_err();
        assert!(matches!(error, HttpError::TooManyInformational { limit: 5 }), "{error:?}");
    }
}

#[test]
fn a_101_hands_the_connection_over_with_what_came_behind_it() {
    let server = RawServer::one(|conn| {
        assert!(conn.head().contains("\r\nUpgrade: echo\r\n"));
        conn.send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nhello");
        let typed = conn.exactly(3);
        conn.send(typed);
        conn.gone();
    });
    let (client, transport) = client();
    let mut upgrade = request(Method::GET, &server.url("/"));
    upgrade.header = [("Connection", "Upgrade"), ("Upgrade", "echo")].into();
    // The request's deadline is over with the request.
    let cancel = Cancel::after(Duration::from_millis(200));
    let response = client.send(upgrade.with_cancel(&cancel)).unwrap();
    assert_eq!(response.status, Status::SWITCHING_PROTOCOLS);
    let (mut reader, mut writer) = response.upgraded.unwrap();
    cancel.wait();
    let mut hello = [0; 5];
    reader.read_exact(&mut hello).unwrap();
    writer.write_all(b"abc").unwrap();
    let mut back = [0; 3];
    reader.read_exact(&mut back).unwrap();
    assert_eq!((&hello, &back), (b"hello", b"abc"));
    drop((reader, writer));
    assert_eq!(transport.pool().waiting(), 0);
    server.finish();
}

/// Row 8.8: CONNECT makes a tunnel, and what the fields say of a body does not count.
#[test]
fn a_connect_that_succeeds_is_a_tunnel() {
    let server = RawServer::one(|conn| {
        let address = conn.conn().socket().local_addr().unwrap();
        assert!(conn.head().starts_with(&format!("CONNECT {address} HTTP/1.1\r\nHost: {address}\r\n")));
        conn.send("HTTP/1.1 200 Connected\r\nContent-Length: 7\r\nTransfer-Encoding: chunked\r\n\r\nssh-2.0");
        assert_eq!(conn.exactly(4), b"ping");
    });
    let response = client().0.send(request(Method::CONNECT, &server.url("/"))).unwrap();
    let (mut reader, mut writer) = response.upgraded.unwrap();
    writer.write_all(b"ping").unwrap();
    let mut greeting = String::new();
    reader.read_to_string(&mut greeting).unwrap();
    assert_eq!(greeting, "ssh-2.0");
    server.finish();

    let refused = RawServer::one(|conn| {
        conn.head();
        conn.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
    });
    let mut response = client().0.send(request(Method::CONNECT, &refused.url("/"))).unwrap();
    assert!(response.upgraded.is_none());
    assert_eq!(response.read_all(10).unwrap(), b"no");
    refused.finish();
}

// --- framing ------------------------------------------------------------------------------------------------------------------

#[test]
fn chunks_end_with_their_trailer_and_the_connection_goes_on() {
    let server = RawServer::one(|conn| {
        conn.head();
        conn.send("HTTP/1.1 200 OK\r\nTrailer: Sum\r\nTransfer-Encoding: chunked\r\n\r\n");
        conn.send(
            "5;ext=1\r\nhello\r\n6\r\n world\r\n0\r\nSum: 11\r\nContent-Length: 3\r\nSet-Cookie: a=b\r\n\r\n",
        );
        conn.head();
        conn.send(ok("next"));
    });
    let (client, transport) = client();
    let mut response = client.get(&server.url("/")).unwrap();
    assert!(response.body.trailer().is_none(), "not before the end");
    assert_eq!(response.read_all(100).unwrap(), b"hello world");
    let trailer = response.body.trailer().unwrap();
    // What would have changed the meaning of what has been read is left out.
    assert_eq!((trailer.get("sum"), trailer.len()), (Some("11"), 1));
    assert_eq!(client.get(&server.url("/")).unwrap().read_all(10).unwrap(), b"next");
    assert_eq!(transport.counts().connected, 1);
    server.finish();
}

#[test]
fn a_body_without_a_mark_ends_with_the_connection() {
    assert_eq!(answer("HTTP/1.1 200 OK\r\n\r\nall of it").unwrap(), b"all of it");
    assert_eq!(answer("HTTP/1.0 200 OK\r\n\r\n").unwrap(), b"");
    assert_eq!(answer("HTTP/1.1 200\r\n\r\nno words").unwrap(), b"no words");
}

#[test]
fn framing_that_lies_is_an_error_and_costs_the_connection() {
    let in_the_head =
        |error: HttpError| matches!(error, HttpError::Response { phase: Phase::ResponseHead, .. });
    for bytes in [
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        "HTTP/1.1 200 OK\r\nContent-Length: +3\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "HTTP/2.0 200 OK\r\n\r\n",
        "SSH-2.0-OpenSSH_9.2\r\n",
        "HTTP/1.1 99 Low\r\n\r\n",
        "HTTP/1.1 2000 High\r\n\r\n",
        "HTTP/1.1 200 OK\r\n folded: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nName : x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Le",
        "\u{15}\u{3}\u{1}\0\u{2}\u{2}F\r\n\r\n",
    ] {
        let outcome = answer(bytes);
        assert!(outcome.is_err_and(in_the_head), "{bytes:?}");
    }
    assert!(matches!(answer(""), Err(HttpError::NoResponse)));
}

#[test]
fn a_body_cut_short_says_how_much_of_it_came() {
    let error = answer("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello").unwrap_err();
    let HttpError::Response {
        phase: Phase::ResponseBody,
        error: MessageError::BodyCutShort { wanted: 10, got: 5 },
    } = error
    else {
        panic!("{error:?}")
    };
    for bytes in ["5\r\nhel", "5\r\nhello", "5\r\nhello\r\n", "5\r\nhello\r\n0\r\nSum: "] {
        let error =
            answer(format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{bytes}")).unwrap_err();
        assert!(
            matches!(error, HttpError::Response { phase: Phase::ResponseBody, .. }),
            "{bytes:?}: {error:?}"
        );
    }
    for bytes in ["5\nhello", "zz\r\n", "ffffffffffffffffff\r\n", "5\r\nhelloXX"] {
        let error =
            answer(format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{bytes}")).unwrap_err();
        let HttpError::Response { error: MessageError::BadChunk { .. }, .. } = error else {
            panic!("{error:?}")
        };
    }
}

#[test]
fn a_head_without_end_is_taken_only_so_far() {
    let endless = RawServer::one(|conn| {
        conn.head();
        conn.send("HTTP/1.1 200 OK\r\n");
        let line = format!("X: {}\r\n", "y".repeat(1000));
        for _ in 0..4096 {
            if conn.conn().write_all(line.as_bytes()).is_err() {
                return;
            }
        }
    });
    let error = client().0.get(&endless.url("/")).unwrap_err();
    let HttpError::Response {
        error: MessageError::HeadTooLong { .. } | MessageError::TooManyFields { .. },
        ..
    } = error
    else {
        panic!("{error:?}")
    };
    endless.finish();
}

/// A server that dribbles its head, a byte at a time, is over its limit all the same: the deadline is for the whole.
#[test]
fn a_head_a_byte_at_a_time_does_not_outlast_its_limit() {
    let server = RawServer::one(|conn| {
        conn.head();
        for byte in "HTTP/1.1 200 OK\r\nX: ".bytes().chain(std::iter::repeat_n(b'y', 10_000)) {
            if conn.conn().write_all(&[byte]).is_err() {
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    });
    let transport = transport_with(|config| config.timeouts.response_head = Some(Duration::from_millis(100)));
    let error = client_of(&transport).get(&server.url("/")).unwrap_err();
    assert!(matches!(error, HttpError::TimedOut { phase: Phase::ResponseHead }), "{error:?}");
    server.finish();
}
