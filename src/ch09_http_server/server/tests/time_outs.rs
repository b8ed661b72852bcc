//! Time-outs: rows 9.7 to 9.11.

use std::io::{self, Write};
use std::net::TcpStream;
use std::sync::{Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use super::{GET, SHORT, hello, tcp};
use crate::base::conn::TcpConn;
use crate::base::deadline::Deadline;
use crate::ch09_http_server::client_for_tests::{Client, LIMIT, signal};
use crate::ch09_http_server::handler::{Request, ResponseWriter};
use crate::ch09_http_server::server::Server;
use crate::ch09_http_server::test_server::{MemoryServer, TestServer};

fn head_in(limit: Duration) -> Server {
    Server { read_header_timeout: Some(limit), idle_timeout: Some(LIMIT), ..Server::new(hello) }
}

#[test]
fn a_silent_client_is_closed_without_a_word() {
    let server = MemoryServer::with(head_in(SHORT));
    let mut client = Client::of(&server);
    let start = Instant::now();
    client.assert_closed();
    assert!(start.elapsed() >= SHORT);
}

#[test]
fn dripping_does_not_extend_the_time_for_the_head() {
    let server = TestServer::with(head_in(SHORT));
    let drip = TcpStream::connect(server.address()).unwrap();
    let mut writer = drip.try_clone().unwrap();
    let dripping = thread::spawn(move || {
        // Ten times the limit, if nobody stops it.
        for byte in GET.bytes().cycle().take(120) {
            if writer.write_all(&[if byte == b'\n' { b'x' } else { byte }]).is_err() {
                return;
            }
            thread::sleep(Duration::from_millis(5));
        }
    });
    let mut client = Client::over(TcpConn::new(drip).unwrap());
    let answer = client.answer();
    assert_eq!((answer.code(), answer.get("Connection")), (408, Some("close")));
    drop(client);
    dripping.join().unwrap();
}

#[test]
fn a_slow_body_has_nothing_to_do_with_the_time_for_the_head() {
    let (began, wait_begun) = signal();
    let handler = move |response: &mut dyn ResponseWriter, request: &mut Request| {
        began();
        let _ = response.write_all(&request.body.read_all(10).unwrap());
    };
    let server = MemoryServer::with(Server { read_header_timeout: Some(SHORT), ..Server::new(handler) });
    let mut client = Client::of(&server);
    client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n");
    wait_begun();
    thread::sleep(SHORT * 2);
    client.send("ok");
    assert_eq!(client.answer().text(), "ok");
}

#[test]
fn an_idle_connection_ends_at_its_limit_which_falls_back_to_the_time_for_reading() {
    let by_idle = Server { idle_timeout: Some(SHORT), ..Server::new(hello) };
    let by_read = Server { idle_timeout: None, read_timeout: Some(SHORT), ..Server::new(hello) };
    for server in [by_idle, by_read] {
        let server = MemoryServer::with(server);
        let mut client = Client::of(&server);
        client.send(GET);
        assert_eq!(client.answer().code(), 200);
        let start = Instant::now();
        client.assert_closed();
        assert!(start.elapsed() < LIMIT / 2);
    }
}

#[test]
fn a_request_beyond_its_time_is_the_handlers_error_and_a_handler_may_give_more() {
    let (told, kinds) = mpsc::channel();
    let told = Mutex::new(told);
    let handler = move |response: &mut dyn ResponseWriter, request: &mut Request| {
        if request.path == "/patient" {
            response.set_read_deadline(Deadline::NEVER).unwrap();
        }
        let outcome = request.body.read_all(10).map_err(|error| error.kind());
        told.lock().unwrap().send(outcome).unwrap();
    };
    let server = MemoryServer::with(Server { read_timeout: Some(SHORT), ..Server::new(handler) });
    for (path, patient) in [("/", false), ("/patient", true)] {
        let mut client = Client::of(&server);
        client.send(format!("POST {path} HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n1"));
        if patient {
            thread::sleep(SHORT * 2);
            client.send("2");
        }
        let outcome = kinds.recv_timeout(LIMIT).unwrap();
        assert_eq!(outcome, if patient { Ok(b"12".to_vec()) } else { Err(io::ErrorKind::TimedOut) });
        assert_eq!(client.answer().get("Connection"), (!patient).then_some("close"));
    }
}

#[test]
fn after_the_time_for_writing_the_handler_finishes_unaware_and_the_client_gets_nothing() {
    let (told, outcome) = mpsc::channel();
    let told = Mutex::new(told);
    let handler = move |response: &mut dyn ResponseWriter, request: &mut Request| {
        if request.path == "/own" {
            response.set_write_deadline(Deadline::NEVER).unwrap();
        }
        thread::sleep(SHORT * 2);
        let written = response.write_all(b"late").map_err(|error| error.kind());
        told.lock().unwrap().send(written).unwrap();
    };
    let server = MemoryServer::with(Server { write_timeout: Some(SHORT), ..Server::new(handler) });
    let mut client = Client::of(&server);
    client.send(GET);
    assert_eq!(outcome.recv_timeout(LIMIT).unwrap(), Ok(()));
    assert_eq!(client.rest_bytes(), 0);
    assert_eq!(server.running().failed_writes(), 1);
    let mut client = Client::of(&server);
    client.send(GET.replace("/ ", "/own "));
    assert_eq!(client.answer().text(), "late");
}

#[test]
fn a_client_that_does_not_read_holds_the_writer_until_its_deadline() {
    let (told, kind) = mpsc::channel();
    let told = Mutex::new(told);
    let handler = move |response: &mut dyn ResponseWriter, request: &mut Request| {
        response.set_write_deadline(Deadline::after(SHORT)).unwrap();
        let part = [b'x'; 64 * 1024];
        let error = loop {
            if let Err(error) = response.write_all(&part) {
                break error;
            }
        };
        told.lock().unwrap().send((error.kind(), request.cancel.has_ended())).unwrap();
    };
    let server = TestServer::new(handler);
    let mut client = tcp(&server);
    client.send(GET);
    assert_eq!(kind.recv_timeout(LIMIT).unwrap(), (io::ErrorKind::TimedOut, true));
}

/// Both directions: a body that stops, an answer that is not read. Nobody has set a deadline for the whole.
#[test]
fn a_client_that_stalls_is_given_up_and_one_that_gets_on_is_not() {
    let (told, kinds) = mpsc::channel();
    let told = Mutex::new(told);
    let handler = move |response: &mut dyn ResponseWriter, request: &mut Request| {
        let outcome = match request.body.read_all(10) {
            Ok(_) if request.path == "/much" => loop {
                if let Err(error) = response.write_all(&[b'x'; 64 * 1024]) {
                    break Err(error.kind());
                }
            },
            outcome => outcome.map(|body| body.len()).map_err(|error| error.kind()),
        };
        told.lock().unwrap().send(outcome).unwrap();
    };
    let stall_timeout = Some(SHORT * 8);
    let server = TestServer::with(Server { stall_timeout, ..Server::new(handler) });
    let stalled = Err(io::ErrorKind::TimedOut);

    let mut stops = tcp(&server);
    stops.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n1");
    let mut deaf = tcp(&server);
    deaf.send(GET.replace("/ ", "/much "));
    for _ in 0..2 {
        assert_eq!(kinds.recv_timeout(LIMIT).unwrap(), stalled);
    }

    // Five times within the limit, and in all beyond it.
    let mut slow = tcp(&server);
    slow.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n");
    for _ in 0..5 {
        thread::sleep(SHORT * 3);
        slow.send("x");
    }
    assert_eq!(kinds.recv_timeout(LIMIT).unwrap(), Ok(5));
}
