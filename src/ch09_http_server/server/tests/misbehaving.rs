//! What a misbehaving client or handler does to the others: rows 9.14 to 9.16, 9.21, H.23.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;

use super::{GET, SHORT, hello, tcp, until};
use crate::ch09_http_server::client_for_tests::{Client, LIMIT, Lines, signal};
use crate::ch09_http_server::handler::{Request, ResponseWriter};
use crate::ch09_http_server::server::Server;
use crate::ch09_http_server::test_server::{MemoryServer, TestServer};

#[test]
fn a_refused_request_is_answered_even_to_a_client_that_is_still_sending() {
    let server = TestServer::with(Server { max_body: Some(10), ..Server::new(hello) });
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream.write_all(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n").unwrap();
    for _ in 0..10 {
        // The server reads on, so this is not answered with a reset.
        stream.write_all(&[b'x'; 10_000]).unwrap();
    }
    stream.shutdown(Shutdown::Write).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 413 Content Too Large\r\n"), "{answer}");
}

#[test]
fn what_the_handler_leaves_of_a_body_is_drained_up_to_256_kib() {
    for (left, keeps) in [(10, true), (256 * 1024, true), (256 * 1024 + 1, false)] {
        for chunked in [false, true] {
            let server = TestServer::new(hello);
            let mut client = tcp(&server);
            let body = "x".repeat(left);
            client.send(if chunked {
                format!("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n{left:x}\r\n{body}\r\n0\r\n\r\n")
            } else {
                format!("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: {left}\r\n\r\n{body}")
            });
            let answer = client.answer();
            assert_eq!(
                answer.get("Connection"),
                (!keeps).then_some("close"),
                "{left} bytes, chunked: {chunked}"
            );
            if keeps {
                client.send(GET);
                assert_eq!(client.answer().code(), 200);
            }
        }
    }
}

#[test]
fn a_body_that_never_comes_delays_the_answer_only_for_a_moment() {
    let server = MemoryServer::new(hello);
    let mut client = Client::of(&server);
    client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n");
    let answer = client.answer();
    assert_eq!((answer.text().as_str(), answer.get("Connection")), ("Hello, friend!", Some("close")));
}

#[test]
fn a_handler_may_answer_while_it_still_reads() {
    let server = TestServer::new(|response: &mut dyn ResponseWriter, request: &mut Request| {
        io::copy(&mut request.body, &mut &mut *response).unwrap();
    });
    let mut client = tcp(&server);
    let body = "x".repeat(100_000);
    client.send(format!("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n{body}{GET}"));
    assert!(client.answer().text() == body);
    assert_eq!(client.answer().code(), 200, "and the connection serves on");
}

#[test]
fn writing_to_a_client_that_has_gone_is_counted_not_logged() {
    let log = Lines::default();
    let (began, wait_begun) = signal();
    let (go_on, wait) = signal();
    let handler = move |response: &mut dyn ResponseWriter, request: &mut Request| {
        if request.path != "/" {
            return;
        }
        began();
        wait();
        let outcome = (0..1000).try_for_each(|_| response.write_all(&[b'x'; 64 * 1024]));
        assert!(outcome.is_err() && request.cancel.has_ended());
    };
    let server = TestServer::with(Server { error_log: log.logger(), ..Server::new(handler) });
    let mut client = tcp(&server);
    client.send(GET);
    wait_begun();
    drop(client);
    go_on();
    until(|| server.running().failed_writes() == 1 && server.running().connections() == 0);
    let mut next = tcp(&server);
    next.send("GET /next HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_eq!(next.answer().code(), 200);
    assert_eq!(log.text(), "");
}

#[test]
fn a_handler_can_see_that_the_client_has_gone_over_a_socket_and_in_memory() {
    for over_a_socket in [true, false] {
        let (began, wait_begun) = signal();
        let (seen, wait_seen) = signal();
        let handler = move |response: &mut dyn ResponseWriter, request: &mut Request| {
            assert!(!response.client_has_gone() && !request.cancel.has_ended());
            began();
            until(|| response.client_has_gone());
            assert!(request.cancel.has_ended());
            seen();
        };
        let sockets = TestServer::new(handler.clone());
        let memory = MemoryServer::new(handler);
        let mut client = if over_a_socket { tcp(&sockets) } else { Client::of(&memory) };
        client.send(GET);
        wait_begun();
        drop(client);
        wait_seen();
    }
}

// --- misbehaving handlers (9.21) ------------------------------------------------------------------------------------------------

#[test]
fn a_handler_that_panics_costs_its_own_connection_only() {
    let log = Lines::default();
    let handler = |response: &mut dyn ResponseWriter, request: &mut Request| {
        let _ = response.write_all(b"half of ");
        if request.path == "/late" {
            let _ = response.flush();
        }
        if request.path != "/" {
            panic!("a handler of a test panics on purpose");
        }
    };
    let server = MemoryServer::with(Server { error_log: log.logger(), ..Server::new(handler) });
    let (mut other, mut early, mut late) = (Client::of(&server), Client::of(&server), Client::of(&server));
    other.send(GET);
    assert_eq!(other.answer().code(), 200);
    early.send(GET.replace("/ ", "/early "));
    let answer = early.answer();
    assert_eq!((answer.code(), answer.text().as_str()), (500, "500 Internal Server Error\n"));
    early.assert_closed();
    late.send(GET.replace("/ ", "/late "));
    let cut = late.rest();
    assert!(cut.ends_with("8\r\nhalf of \r\n"), "there is no last chunk: {cut}");
    other.send(GET);
    assert_eq!(other.answer().code(), 200);
    assert_eq!(log.text().matches("on purpose").count(), 2, "{}", log.text());
}

#[test]
fn a_body_kept_after_the_answer_gives_an_error_and_not_the_next_request() {
    let kept = Arc::new(Mutex::new(None));
    let theirs = Arc::clone(&kept);
    let server = MemoryServer::new(move |_: &mut dyn ResponseWriter, request: &mut Request| {
        if request.path == "/keep" {
            *theirs.lock().unwrap() = Some(std::mem::take(&mut request.body));
        }
    });
    let mut client = Client::of(&server);
    client.send(format!("POST /keep HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc{GET}"));
    assert_eq!((client.answer().code(), client.answer().code()), (200, 200));
    let mut body = kept.lock().unwrap().take().unwrap();
    assert_eq!(body.read(&mut [0; 10]).unwrap_err().kind(), io::ErrorKind::NotConnected);
}

#[test]
fn a_thread_that_was_given_up_in_the_middle_of_the_body_does_not_hold_the_connection() {
    let (told, kind) = mpsc::channel();
    let server = MemoryServer::new(move |response: &mut dyn ResponseWriter, request: &mut Request| {
        let mut body = std::mem::take(&mut request.body);
        let told = told.clone();
        let (began, wait_begun) = signal();
        thread::spawn(move || {
            let mut first = [0; 1];
            body.read_exact(&mut first).unwrap();
            began();
            told.send(body.read(&mut [0; 10]).map_err(|error| error.kind())).unwrap();
        });
        wait_begun();
        // Long enough for the thread to be inside the read; if it is not, its body is simply gone.
        thread::sleep(SHORT);
        let _ = response.write_all(b"given up");
    });
    let mut client = Client::of(&server);
    client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\nx");
    let answer = client.answer();
    assert_eq!((answer.text().as_str(), answer.get("Connection")), ("given up", Some("close")));
    assert!(kind.recv_timeout(LIMIT).unwrap().is_err());
    client.assert_closed();
}
