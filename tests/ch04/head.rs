//! A HEAD request by hand.

use super::peers::*;
use crate::support::join;
use netprog::base::conn::ConnWrite;
use netprog::ch04_data::head::{HeadError, HeadRequest, MAX_REPLY_BYTES, ask, head};
use std::io::{self, Read, Write};
use std::net::TcpListener;
use std::time::Duration;

/// A server for one request that answers with these pieces, one after the other.
fn web_server(pieces: Vec<Vec<u8>>) -> (String, std::thread::JoinHandle<String>) {
    let listener = TcpListener::bind(loopback()).unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let server = run("server", move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            request.push(byte[0]);
        }
        stream.set_nodelay(true).unwrap();
        for piece in pieces {
            stream.write_all(&piece).unwrap();
            std::thread::yield_now();
        }
        String::from_utf8(request).unwrap()
    });
    (address, server)
}

const NOTES_REPLY: &[u8] = b"HTTP/1.0 200 OK\r\nETag: \"-9985996\"\r\nContent-Length: 18074\r\n\r\n";

#[test]
fn a_head_request_brings_status_and_headers_and_no_body_whatever_the_content_length() {
    let (address, server) = web_server(vec![NOTES_REPLY.to_vec()]);
    let reply = head(&address, &HeadRequest::default()).unwrap();
    assert_eq!(join(server), "HEAD / HTTP/1.0\r\n\r\n");
    assert_eq!(reply.status(), Some(200));
    assert_eq!(reply.lines(), ["HTTP/1.0 200 OK", "ETag: \"-9985996\"", "Content-Length: 18074"]);
    assert_eq!(reply.body(), b"");
}

#[test]
fn a_reply_longer_than_a_buffer_and_in_pieces_is_read_to_its_end() {
    let mut long = b"HTTP/1.0 200 OK\r\n".to_vec();
    for number in 0..100 {
        long.extend_from_slice(format!("X-{number}: {}\r\n", "y".repeat(number)).as_bytes());
    }
    long.extend_from_slice(b"\r\n");
    let mut pieces = Vec::new();
    for piece in long.chunks(97) {
        pieces.push(piece.to_vec());
    }
    let (address, server) = web_server(pieces);
    let reply = head(&address, &HeadRequest::default()).unwrap();
    join(server);
    assert!(reply.bytes.len() > 512 && reply.bytes == long);
    assert_eq!(reply.lines().len(), 101);
}

#[test]
fn each_of_the_four_steps_fails_with_its_own_error() {
    let request = HeadRequest { timeout: Duration::from_millis(100), ..HeadRequest::default() };
    for address in ["127.0.0.1", "127.0.0.1:99999", "localhost:no-such-service"] {
        assert!(matches!(head(address, &request), Err(HeadError::Address { .. })), "{address}");
    }

    let gone = listen().socket_addr().to_string();
    let error = head(&gone, &HeadRequest::default()).unwrap_err();
    let HeadError::Connect { source } = &error else { panic!("{error}") };
    assert_eq!(source.kind(), io::ErrorKind::ConnectionRefused);

    let (mut conn, _peer) = pair();
    conn.finish().unwrap();
    let error = ask(&mut conn, &request).unwrap_err();
    let HeadError::Write { source } = &error else { panic!("{error}") };
    assert_eq!(source.kind(), io::ErrorKind::BrokenPipe);

    let silent = listen();
    let error = head(&silent.socket_addr().to_string(), &request).unwrap_err();
    let HeadError::Read { got: 0, source } = &error else { panic!("{error}") };
    assert_eq!(source.kind(), io::ErrorKind::TimedOut);
}

#[test]
fn a_reply_at_the_limit_is_taken_and_a_longer_one_is_not() {
    for (extra, fits) in [(0, true), (1, false)] {
        let mut reply = NOTES_REPLY.to_vec();
        reply.resize(MAX_REPLY_BYTES + extra, b'z');
        let (address, server) = web_server(vec![reply]);
        let outcome = head(&address, &HeadRequest::default());
        join(server);
        match outcome {
            Ok(_) => assert!(fits),
            Err(HeadError::TooLong { limit }) => assert!(!fits && limit == MAX_REPLY_BYTES),
            Err(error) => panic!("{error}"),
        }
    }
}
