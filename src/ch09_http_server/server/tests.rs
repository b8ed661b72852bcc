//! Stopping; in the files below, time-outs, and what a misbehaving client or handler does to the others.

mod misbehaving;
mod time_outs;

use std::io::Write;
use std::net::TcpStream;
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use super::{Server, ServerError};
use crate::base::cancel::{Cancel, Cause};
use crate::base::conn::{TcpConn, TcpSocketListener};
use crate::base::deadline::Deadline;
use crate::ch09_http_server::client_for_tests::{Client, LIMIT, Signal, signal};
use crate::ch09_http_server::handler::{Handler, Request, ResponseWriter};
use crate::ch09_http_server::test_server::{MemoryServer, TestServer};

const GET: &str = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
const SHORT: Duration = Duration::from_millis(60);

fn hello(response: &mut dyn ResponseWriter, _: &mut Request) {
    let _ = response.write_all(b"Hello, friend!");
}

fn tcp(server: &TestServer) -> Client {
    Client::over(TcpConn::new(TcpStream::connect(server.address()).unwrap()).unwrap())
}

/// Waits until `done` holds: a state of another thread that nobody announces.
fn until(mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < LIMIT, "it never came to that");
        thread::sleep(Duration::from_millis(1));
    }
}

/// A handler that says when it has begun, and answers when it is told to.
fn slow() -> (impl Handler + 'static, Signal, Signal) {
    let (began, wait_begun) = signal();
    let (go_on, wait) = signal();
    let handler = move |response: &mut dyn ResponseWriter, request: &mut Request| {
        if request.path == "/slow" {
            began();
            wait();
        }
        let _ = response.write_all(b"done");
    };
    (handler, wait_begun, go_on)
}

#[test]
fn serve_returns_closed_when_it_is_stopped_and_at_once_when_called_again() {
    let server = Server::new(hello);
    let listener = Arc::new(TcpSocketListener::bind(([127, 0, 0, 1], 0).into()).unwrap());
    let (address, stop) = (listener.socket_addr(), Cancel::new());
    let (again, their_stop) = (server.clone(), stop.clone());
    let serving = thread::spawn(move || server.serve(listener, &their_stop));
    let mut client = Client::over(TcpConn::new(TcpStream::connect(address).unwrap()).unwrap());
    client.send(GET);
    assert_eq!(client.answer().text(), "Hello, friend!");
    stop.cancel();
    assert!(serving.join().unwrap().is_closed());
    client.assert_closed();
    assert!(TcpStream::connect(address).is_err(), "the listener refuses");
    let other = Arc::new(TcpSocketListener::bind(([127, 0, 0, 1], 0).into()).unwrap());
    let refused = other.socket_addr();
    assert!(again.serve(other, &stop).is_closed());
    assert!(TcpStream::connect(refused).is_err());
}

#[test]
fn a_shutdown_lets_a_request_finish_and_ends_the_idle() {
    let (handler, wait_begun, go_on) = slow();
    let server = TestServer::new(handler);
    let (mut idle, mut active) = (tcp(&server), tcp(&server));
    idle.send(GET);
    assert_eq!(idle.answer().text(), "done");
    active.send("GET /slow HTTP/1.1\r\nHost: h\r\n\r\n");
    wait_begun();
    let late = server.running().shutdown(Deadline::after(SHORT));
    assert!(matches!(late, Err(ServerError::StillActive { connections: 1 })), "{late:?}");
    idle.assert_closed();
    go_on();
    let answer = active.answer();
    assert_eq!((answer.text().as_str(), answer.get("Connection")), ("done", Some("close")));
    active.assert_closed();
    server.running().shutdown(Deadline::after(LIMIT)).unwrap();
    assert_eq!(server.running().connections(), 0);
}

#[test]
fn a_body_that_is_still_coming_survives_a_shutdown() {
    let (began, wait_begun) = signal();
    let server = TestServer::new(move |response: &mut dyn ResponseWriter, request: &mut Request| {
        began();
        let body = request.body.read_all(100).unwrap();
        response.write_all(&body).unwrap();
    });
    let mut client = tcp(&server);
    client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n12345");
    wait_begun();
    server.running().stop_token().cancel();
    until(|| TcpStream::connect(server.address()).is_err());
    client.send("67890");
    assert_eq!(client.answer().text(), "1234567890");
    server.running().shutdown(Deadline::after(LIMIT)).unwrap();
}

#[test]
fn a_close_is_abrupt_and_ends_the_tokens_of_the_requests() {
    let (began, wait_begun) = signal();
    let (told, cause) = mpsc::channel();
    let told = Mutex::new(told);
    let server = TestServer::new(move |response: &mut dyn ResponseWriter, request: &mut Request| {
        response.write_all(&[b'x'; 5000]).unwrap();
        response.flush().unwrap();
        began();
        told.lock().unwrap().send(request.cancel.wait()).unwrap();
        assert!(response.write_all(b"more").and_then(|()| response.flush()).is_err());
    });
    let mut client = tcp(&server);
    client.send(GET);
    wait_begun();
    let start = Instant::now();
    server.close();
    assert!(start.elapsed() < Duration::from_secs(4), "nobody was waited for");
    assert_eq!(cause.recv_timeout(LIMIT).unwrap(), Cause::Cancelled);
    assert!(client.rest_bytes() < 5500);
    assert!(TcpStream::connect(server.address()).is_err());
    server.close();
}

#[test]
fn a_connection_taken_to_another_thread_outlives_the_shutdown() {
    let taken = Arc::new(Mutex::new(None));
    let theirs = Arc::clone(&taken);
    let server = MemoryServer::new(move |response: &mut dyn ResponseWriter, _: &mut Request| {
        *theirs.lock().unwrap() = Some(response.hijack().unwrap());
    });
    let mut client = Client::of(&server);
    client.send(GET);
    until(|| taken.lock().unwrap().is_some());
    server.running().shutdown(Deadline::after(LIMIT)).unwrap();
    let mut both = taken.lock().unwrap().take().unwrap();
    both.writer.write_all(b"still here").unwrap();
    drop(both);
    assert_eq!(client.rest(), "still here");
}

#[test]
fn a_handler_that_leaves_because_the_server_closes_has_not_answered() {
    // Which comes first, the connection's end or the token's, is luck: so it is tried often.
    for _ in 0..10 {
        let (begun, wait) = signal();
        let server = MemoryServer::new(move |_: &mut dyn ResponseWriter, request: &mut Request| {
            // Holds whoever closes for a moment, in which an answer would go out.
            let _held = request.cancel.on_end(|_| thread::sleep(Duration::from_millis(20)));
            begun();
            request.cancel.wait();
        });
        let mut client = Client::of(&server);
        client.send(GET);
        wait();
        server.close();
        assert_eq!(client.rest_bytes(), 0);
    }
}
