//! The body of a response: who reads it, and what becomes of the connection. The book says that closing drains; the counters say
//! otherwise, here as in Go.

use std::io::{self, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use netprog::base::trace;
use netprog::ch08_http_client::error::HttpError;
use netprog::ch08_http_client::pool::PoolCounts;
use netprog::ch09_http_server::handler::{Request, ResponseWriter};
use netprog::ch09_http_server::test_server::TestServer;

use crate::raw::{RawServer, client, client_of, ok, script, transport_with};

const MEBIBYTE: usize = 1 << 20;

/// Answers `/n` with n bytes.
fn sized(response: &mut dyn ResponseWriter, request: &mut Request) {
    let length: usize = request.path.trim_start_matches('/').parse().unwrap_or(0);
    response.header().set("Content-Length", length.to_string());
    let _ = response.write_all(&vec![b'x'; length]);
}

fn counts(connected: u64, reused: u64, returned: u64, dropped: u64) -> PoolCounts {
    PoolCounts { connected, reused, returned, dropped, evicted: 0 }
}

/// The four cases: read to the end without closing; nothing to read; one byte left unread; a mebibyte left unread. Rows 8.22, 8.23.
#[test]
fn a_body_read_to_its_end_keeps_the_connection_and_one_dropped_before_does_not() {
    trace::chapter("ch08");
    let _me = trace::party("client");
    let server = {
        let _server = trace::party("server");
        TestServer::new(sized)
    };
    let (client, transport) = client();
    let get = |length: usize| client.get(&format!("{}/{length}", server.url())).unwrap();

    let mut read = get(MEBIBYTE);
    assert_eq!(read.read_all(u64::MAX).unwrap().len(), MEBIBYTE);
    // `read` lives, and its connection is back already.
    assert_eq!(transport.counts(), counts(1, 0, 1, 0));

    let empty = get(0);
    assert_eq!(transport.counts(), counts(1, 1, 2, 0));
    drop((read, empty));
    assert_eq!(transport.counts(), counts(1, 1, 2, 0));

    drop(get(1));
    assert_eq!(transport.counts(), counts(1, 2, 2, 1));

    let mut one_read = get(MEBIBYTE);
    one_read.body.read_exact(&mut [0]).unwrap();
    drop(one_read);
    assert_eq!(transport.counts(), counts(2, 2, 2, 2));
    trace::note(|| {
        format!("read to its end, empty, one byte unread, a mebibyte unread: {:?}", transport.counts())
    });
}

/// "Go will download the entire file": it does not, and neither do we. The policy that would has a name and a limit.
#[test]
fn dropping_a_body_reads_no_more_of_it_unless_the_policy_says_how_much() {
    /// What the server could write of 64 MiB before the client hung up.
    fn sent_of_a_large_file(drain_on_drop: u64) -> usize {
        let (told, heard) = std::sync::mpsc::channel();
        let server = RawServer::one(move |conn| {
            conn.head();
            conn.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", 64 * MEBIBYTE));
            let block = vec![0; MEBIBYTE];
            let sent = (0..64).take_while(|_| conn.conn().write_all(&block).is_ok()).count();
            told.send(sent).unwrap();
        });
        let transport = transport_with(|config| config.drain_on_drop = drain_on_drop);
        drop(client_of(&transport).get(&server.url("/")).unwrap());
        assert_eq!(transport.counts().dropped, 1);
        server.finish();
        heard.recv().unwrap()
    }
    // Some mebibytes fit into the buffers of two sockets. The rest is never sent.
    assert!(sent_of_a_large_file(0) < 32);
    assert!(sent_of_a_large_file(64 * 1024) < 32);
}

#[test]
fn a_draining_policy_keeps_connections_with_little_left() {
    let server = RawServer::one(|conn| {
        for body in ["five.", "in chunks"] {
            conn.head();
            match body {
                "five." => conn.send(ok(body)),
                _ => conn
                    .send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nin chunks\r\n0\r\n\r\n"),
            }
        }
        conn.head();
        conn.send(ok(""));
    });
    let transport = transport_with(|config| config.drain_on_drop = 9);
    let client = client_of(&transport);
    drop(client.get(&server.url("/")).unwrap());
    drop(client.get(&server.url("/")).unwrap());
    client.get(&server.url("/")).unwrap();
    assert_eq!(transport.counts(), counts(1, 2, 3, 0));
    server.finish();
}

/// Row 8.24: draining is explicit, tells how much it was, and has a limit.
#[test]
fn an_explicit_drain_counts_and_keeps_the_connection() {
    let server = TestServer::new(sized);
    let (client, transport) = client();
    let mut response = client.get(&format!("{}/100000", server.url())).unwrap();
    assert_eq!(io::copy(&mut response.body, &mut io::sink()).unwrap(), 100_000);
    let mut response = client.get(&format!("{}/100000", server.url())).unwrap();
    let drained = response.body.drain(1 << 20).unwrap();
    assert!(drained.bytes == 100_000 && drained.ended);
    assert_eq!(transport.counts(), counts(1, 1, 2, 0));
}

/// Row 8.25: a response that is kept keeps its connection, and the server a thread. `Drop` is what ends it here: there is
/// no response one can forget to close, only one that lives too long.
#[test]
fn responses_that_are_kept_pin_their_connections_until_they_are_dropped() {
    let server = TestServer::new(sized);
    let (client, transport) = client();
    let mut kept = Vec::new();
    for _ in 0..8 {
        kept.push(client.get(&format!("{}/{MEBIBYTE}", server.url())).unwrap());
    }
    assert_eq!(transport.counts(), counts(8, 0, 0, 0));
    assert_eq!(server.running().connections(), 8);
    kept.clear();
    assert_eq!(transport.counts(), counts(8, 0, 0, 8));
    while server.running().connections() > 0 {
        std::thread::yield_now();
    }
}

/// A hundred mebibytes pass through the reader's buffer and nothing else.
#[test]
fn a_large_body_streams_in_constant_memory() {
    const LENGTH: u64 = 100 << 20;
    let server = RawServer::one(|conn| {
        conn.head();
        conn.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {LENGTH}\r\n\r\n"));
        let block = vec![7; MEBIBYTE];
        for _ in 0..100 {
            conn.send(&block);
        }
    });
    let mut response = client().0.get(&server.url("/")).unwrap();
    let before = resident();
    let (mut buf, mut read, mut most) = (vec![0; 64 * 1024], 0, 0);
    loop {
        let count = response.body.read(&mut buf).unwrap();
        if count == 0 {
            break;
        }
        read += count as u64;
        if read % (1 << 22) < count as u64 {
            most = most.max(resident().saturating_sub(before));
        }
    }
    assert_eq!(read, LENGTH);
    // Other tests run beside this one; a body kept in memory would be three times the bound.
    assert!(most < 32 << 20, "{most} bytes more than before");
    server.finish();
}

/// Bytes of this process in memory; 0 where nobody says.
fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    text.split_whitespace().nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or(0) * 4096
}

#[test]
fn a_body_longer_than_the_caller_takes_is_an_error_and_costs_the_connection() {
    let server = TestServer::new(sized);
    let (client, transport) = client();
    let mut response = client.get(&format!("{}/1000", server.url())).unwrap();
    assert!(response.read_all(999).is_err());
    drop(response);
    assert_eq!(transport.counts(), counts(1, 0, 0, 1));
}

#[test]
fn a_body_that_failed_never_looks_like_one_that_ended() {
    let server = RawServer::new(vec![script(|conn| {
        conn.head();
        conn.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
    })]);
    let mut response = client().0.get(&server.url("/")).unwrap();
    let mut text = Vec::new();
    let first = response.body.read_to_end(&mut text).unwrap_err();
    assert_eq!((text.as_slice(), first.kind()), (&b"hello"[..], io::ErrorKind::UnexpectedEof));
    for _ in 0..2 {
        let again = response.body.read(&mut [0; 10]).unwrap_err();
        assert_eq!(again.kind(), io::ErrorKind::UnexpectedEof);
        assert!(matches!(HttpError::from_io(again), HttpError::Response { .. }));
    }
    server.finish();
}

/// Row 8.17: a page with its four parts over one connection, one of them unchanged and one not there.
#[test]
fn a_page_and_all_that_belongs_to_it_come_over_one_connection() {
    use netprog::ch08_http_client::method::Method;
    use netprog::ch08_http_client::status::Status;
    use netprog::ch08_http_client::url::Url;
    let asked = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&asked);
    let server = TestServer::new(move |response: &mut dyn ResponseWriter, request: &mut Request| {
        counted.fetch_add(1, Ordering::SeqCst);
        let _ = match request.path.as_str() {
            "/" => response.write_all(
                br#"<link href="main.min.css"><link href="code.css"><img src="avatar.jpeg"><link href="/favicon.ico">"#,
            ),
            "/main.min.css" | "/code.css" => response.write_all(b"body { color: black }"),
            "/avatar.jpeg" if request.header.get("If-None-Match") == Some("\"a1\"") => {
                response.write_status(Status::NOT_MODIFIED);
                Ok(())
            }
            _ => {
                response.write_status(Status::NOT_FOUND);
                response.write_all(b"not here")
            }
        };
    });
    let (client, transport) = client();
    let index = Url::parse(&server.url()).unwrap();
    let mut page = client.get(&index.to_string()).unwrap();
    let page = String::from_utf8(page.read_all(10_000).unwrap()).unwrap();
    let links = page.split('"').skip(1).step_by(2);
    let mut table = vec![(Status::OK, page.len())];
    for link in links {
        let mut request =
            netprog::ch08_http_client::request::Request::to(Method::GET, index.join(link).unwrap());
        request.header.set("If-None-Match", "\"a1\"");
        let mut response = client.send(request).unwrap();
        table.push((response.status, response.read_all(10_000).unwrap().len()));
    }
    let codes: Vec<u16> = table.iter().map(|(status, _)| status.code()).collect();
    assert_eq!(codes, [200, 200, 200, 304, 404]);
    assert_eq!(table[3].1, 0);
    assert_eq!(asked.load(Ordering::SeqCst), 5);
    assert_eq!(transport.counts(), counts(1, 4, 5, 0));
}

/// The other half of row 8.17: a server of HTTP/1.0 closes after each, and each takes a connection.
#[test]
fn with_http_1_0_each_request_has_its_connection_unless_both_keep_it() {
    let answer = "HTTP/1.0 200 OK\r\n\r\nold";
    let server = RawServer::new(vec![
        script(move |conn| {
            conn.head();
            conn.send(answer);
        }),
        script(move |conn| {
            conn.head();
            conn.send(answer);
        }),
        script(move |conn| {
            for _ in 0..2 {
                conn.head();
                conn.send("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 4\r\n\r\nkept");
            }
        }),
    ]);
    let (client, transport) = client();
    let get = || client.get(&server.url("/")).unwrap().read_all(10).unwrap();
    assert_eq!((get(), get()), (b"old".to_vec(), b"old".to_vec()));
    assert_eq!(transport.counts(), counts(2, 0, 0, 2));
    assert_eq!((get(), get()), (b"kept".to_vec(), b"kept".to_vec()));
    assert_eq!(transport.counts(), counts(3, 1, 2, 2));
    server.finish();
}
