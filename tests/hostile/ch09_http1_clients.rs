//! Clients that are slow, silent, gone or many, and handlers that panic: what each of them costs, and that the next is served.

use std::io::{self, Read, Write};
use std::sync::Mutex;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use crate::support::http::{Raw, assert_serves, sent, show};
use crate::support::{PATIENCE, Page};
use netprog::base::log::{self, Logger};
use netprog::ch09_http_server::handler::{Handler, Request, ResponseWriter};
use netprog::ch09_http_server::server::Server;
use netprog::ch09_http_server::test_server::TestServer;

const SHORT: Duration = Duration::from_millis(150);

/// How long something may take that ends after [`SHORT`]: far more than a loaded machine needs.
const SOON: Duration = Duration::from_secs(10);

const GET: &str = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";

fn strict(handler: impl Handler + 'static) -> Server {
    Server {
        read_header_timeout: Some(SHORT),
        idle_timeout: Some(SHORT),
        read_timeout: Some(3 * SHORT),
        write_timeout: Some(3 * SHORT),
        ..Server::new(handler)
    }
}

fn quiet(handler: impl Handler + 'static) -> (Server, Page) {
    let page = Page::default();
    let error_log = Logger::new(Box::new(page.clone()), "", log::NONE);
    (Server { error_log, ..Server::new(handler) }, page)
}

/// Drips `bytes` until the server has had enough, or `PATIENCE` has passed: how long it took.
fn drip(client: &mut Raw, bytes: &[u8]) -> Duration {
    let begin = Instant::now();
    client.stream().set_read_timeout(Some(Duration::from_millis(10))).unwrap();
    for byte in bytes.iter().cycle() {
        assert!(begin.elapsed() < PATIENCE, "still listened to");
        if client.try_send([*byte]).is_err() {
            break;
        }
        match client.stream().read(&mut [0; 512]) {
            Ok(0) => break,
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(_) => break,
        }
    }
    client.stream().set_read_timeout(Some(PATIENCE)).unwrap();
    begin.elapsed()
}

/// Row 9.7. Each of the drops comes well within the limit; the limit is for all of them.
#[test]
fn a_slow_loris_has_as_long_for_its_head_as_everybody() {
    let server = TestServer::with(strict(show));
    for begin in ["", "GET / HTTP/1.1\r\nHost: h\r\n", "\r\n", GET] {
        let mut client = sent(server.address(), begin);
        if begin == GET {
            assert_eq!(client.answer().code, 200, "the second head on a connection is no different");
        }
        let lasted = drip(&mut client, b"X-a: b\r\n");
        assert!(lasted >= Duration::from_millis(50) && lasted < SOON, "{begin:?}: {lasted:?}");
    }
    let mut silent = sent(server.address(), "GET / HT");
    let answer = silent.answer();
    assert_eq!((answer.code, answer.is_last()), (408, true));
    silent.assert_closed();
    assert_serves(server.address());
}

/// Row 9.9.
#[test]
fn a_slow_loris_in_the_body_meets_the_time_for_the_whole_request() {
    let server = TestServer::with(Server { write_timeout: None, ..strict(show) });
    for (fields, body) in
        [("Content-Length: 100000", b"x".as_slice()), ("Transfer-Encoding: chunked", b"1\r\nx\r\n")]
    {
        let mut client = sent(server.address(), format!("POST / HTTP/1.1\r\nHost: h\r\n{fields}\r\n\r\n"));
        let lasted = drip(&mut client, body);
        assert!(lasted < SOON, "{fields}: {lasted:?}");
    }
    let mut silent = sent(server.address(), "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhe");
    let answer = silent.answer();
    assert!(answer.text().starts_with("failed: ") && answer.is_last(), "{answer:?}");
    assert_serves(server.address());
}

/// Rows 9.9 and 9.11: a writer whose client does not read is stopped by the system, and then by its deadline.
#[test]
fn a_reader_that_does_not_read_holds_a_bounded_amount_until_the_deadline() {
    let (told, heard) = mpsc::channel();
    let told = Mutex::new(told);
    let handler = move |response: &mut dyn ResponseWriter, request: &mut Request| {
        if request.path != "/flood" {
            return show(response, request);
        }
        let block = [b'x'; 1 << 16];
        let mut written: u64 = 0;
        let error = loop {
            match response.write_all(&block) {
                Ok(()) => written += block.len() as u64,
                Err(error) => break error.kind(),
            }
        };
        let _ = told.lock().unwrap().send((written, error));
    };
    let server = TestServer::with(strict(handler));
    let client = sent(server.address(), "GET /flood HTTP/1.1\r\nHost: h\r\n\r\n");
    let (written, error) = heard.recv_timeout(SOON).expect("the write ends");
    assert_eq!(error, io::ErrorKind::TimedOut);
    assert!(written < 64 << 20, "{written} bytes went into the system's buffers");
    assert!(server.running().failed_writes() >= 1);
    assert_serves(server.address());
    // What it reads in the end is cut off, and looks so: there is no last chunk.
    let mut rest = Vec::new();
    let _ = client.stream().read_to_end(&mut rest);
    assert!(!rest.ends_with(b"0\r\n\r\n"));
}

/// Row 9.14.
#[test]
fn clients_that_vanish_at_any_point_cost_nobody_anything() {
    let (server, page) = quiet(|response: &mut dyn ResponseWriter, request: &mut Request| {
        show(response, request);
        for _ in 0..64 {
            let _ = response.write_all(&[b'x'; 1 << 14]);
        }
    });
    let server = TestServer::with(server);
    let post = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n0123456789";
    let chunked = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
    for request in [post, chunked, GET] {
        for length in 0..=request.len() {
            drop(sent(server.address(), &request[..length]));
        }
        // In the middle of the answer.
        let mut client = sent(server.address(), request);
        assert_eq!(client.line().as_deref(), Some("HTTP/1.1 200 OK"));
    }
    for length in [0, 40, post.len() - 4] {
        let mut client = sent(server.address(), &post[..length]);
        client.finish();
        client.rest();
    }
    assert_serves(server.address());
    let begin = Instant::now();
    while server.running().connections() > 0 {
        assert!(begin.elapsed() < SOON, "{} connections stay", server.running().connections());
        std::thread::yield_now();
    }
    assert_eq!(page.text(), "", "nobody wants to read of them");
}

/// A thousand that say nothing, one that says half a request, and one that wants something.
#[test]
fn a_thousand_idle_connections_leave_room_for_a_good_client() {
    let server = TestServer::new(show);
    let idle: Vec<Raw> = (0..1000).map(|_| Raw::connect(server.address())).collect();
    let _half = sent(server.address(), "GET / HTTP/1.1\r\n");
    for _ in 0..5 {
        assert_serves(server.address());
    }
    drop(idle);
    assert_serves(server.address());
}

/// Newcomers wait in the system's backlog until one of those inside goes, by itself or at its limit.
#[test]
fn at_the_limit_of_connections_the_next_waits_its_turn() {
    let server = TestServer::with(Server { max_connections: 2, ..strict(show) });
    let _stay: Vec<Raw> = (0..2).map(|_| Raw::connect(server.address())).collect();
    let begin = Instant::now();
    assert_serves(server.address());
    assert!(begin.elapsed() >= Duration::from_millis(50), "it waited for the limit of a silent one");
}

/// Row 9.21.
#[test]
fn a_handler_that_panics_is_500_before_the_first_byte_and_a_cut_after_it() {
    let (server, page) =
        quiet(|response: &mut dyn ResponseWriter, request: &mut Request| match request.path.as_str() {
            "/before" => panic!("at once"),
            "/buffered" => {
                let _ = response.write_all(b"nobody sees this");
                panic!("before it went out");
            }
            "/after" => {
                let _ = response.write_all(&[b'x'; 5000]).and_then(|()| response.flush());
                panic!("in the middle");
            }
            "/length" => {
                response.header().set("Content-Length", "10");
                let _ = response.write_all(b"five!").and_then(|()| response.flush());
                panic!("halfway");
            }
            _ => show(response, request),
        });
    let server = TestServer::with(server);
    let ask = |path: &str, version: &str| {
        sent(
            server.address(),
            format!("GET {path} HTTP/{version}\r\nHost: h\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n"),
        )
    };
    for path in ["/before", "/buffered"] {
        let mut client = ask(path, "1.1");
        let answer = client.answer();
        assert_eq!(
            (answer.code, answer.is_last(), answer.text().contains("nobody")),
            (500, true, false),
            "{path}"
        );
        client.assert_closed();
    }
    for (path, version) in [("/after", "1.1"), ("/length", "1.1"), ("/after", "1.0"), ("/length", "1.0")] {
        let client = ask(path, version);
        let mut all = Vec::new();
        let polite = client.stream().read_to_end(&mut all).is_ok();
        let text = String::from_utf8_lossy(&all);
        assert!(!text.contains("smuggled|") && !text.contains("\r\n0\r\n"), "{path}: {text}");
        let body = text.split_once("\r\n\r\n").map_or(0, |(_, body)| body.len());
        // Without a length or chunks the end itself must tell: a reset.
        assert!(body < 10 || !polite || text.contains("chunked"), "{path} {version} looks whole");
    }
    assert_serves(server.address());
    assert_eq!(page.text().matches("a handler panicked").count(), 6, "{}", page.text());
}

/// Row H.23. Bytes that nobody reads must not become a reset that takes the answer with it, whatever closes the connection.
#[test]
fn an_answer_before_the_close_arrives_whole_at_a_client_that_still_sends() {
    const LONG: usize = 1 << 16;
    let (told, entered) = mpsc::channel();
    let (go, gone) = mpsc::channel();
    let (told, gone) = (Mutex::new(told), Mutex::new(gone));
    let server = TestServer::new(move |response: &mut dyn ResponseWriter, _: &mut Request| {
        let _ = told.lock().unwrap().send(());
        let _ = gone.lock().unwrap().recv_timeout(PATIENCE);
        let _ = response.write_all(&vec![b'x'; LONG]);
    });
    for request in ["GET / HTTP/1.0\r\n\r\n", "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"] {
        let mut client = sent(server.address(), request);
        entered.recv_timeout(PATIENCE).unwrap();
        // Now it lies in the kernel, and not in what the server has read ahead.
        client.send("\r\nsomething else");
        go.send(()).unwrap();
        let begin = Instant::now();
        while server.running().connections() > 0 {
            assert!(begin.elapsed() < SOON, "the connection stays");
            std::thread::yield_now();
        }
        assert_eq!(client.answer().body.len(), LONG, "{request:?}");
    }
}

/// A client that sends requests and never reads an answer is stopped by the system's buffers and the deadline.
#[test]
fn pipelining_without_reading_ends_at_the_time_for_writing() {
    let server = TestServer::with(strict(|response: &mut dyn ResponseWriter, _: &mut Request| {
        let _ = response.write_all(&[b'x'; 1 << 16]);
    }));
    let client = Raw::connect(server.address());
    let begin = Instant::now();
    while (&mut client.stream()).write_all(GET.repeat(100).as_bytes()).is_ok() {
        assert!(begin.elapsed() < SOON, "still read from");
    }
    drop(client);
    assert_eq!(sent(server.address(), GET).answer().body.len(), 1 << 16);
}
