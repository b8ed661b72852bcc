//! Time-outs and cancellations: Listings 8-4 and 8-5.

use std::io::{self, Read};
use std::net::TcpListener;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use netprog::base::cancel::Cancel;
use netprog::base::deadline::Deadline;
use netprog::base::timer;
use netprog::base::trace;
use netprog::ch08_http_client::body::Body;
use netprog::ch08_http_client::client::{self, Client};
use netprog::ch08_http_client::error::{HttpError, Phase};
use netprog::ch08_http_client::method::Method;
use netprog::ch09_http_server::handler::{Request, ResponseWriter};
use netprog::ch09_http_server::test_server::TestServer;

use crate::raw::{RawServer, client, client_of, request, transport_with};
use crate::support::{PATIENCE, join};

/// The book has 5 seconds where these tests have a moment.
const LIMIT: Duration = Duration::from_millis(150);

/// A handler that answers when the test lets it.
fn blocking() -> (TestServer, mpsc::Sender<()>) {
    let (release, released) = mpsc::channel::<()>();
    let released = std::sync::Mutex::new(released);
    let _server = trace::party("server");
    let server = TestServer::new(move |_: &mut dyn ResponseWriter, _: &mut Request| {
        trace::note(|| "the handler blocks".to_owned());
        let _ = released.lock().unwrap().recv_timeout(PATIENCE);
    });
    (server, release)
}

/// The helpers have no time-out. After a while the client is still blocked, and only the server can free it. The book's test hangs;
/// this one lets the handler go. Rows 8.26, 8.31.
#[test]
fn listing_8_4_without_a_time_out_the_client_blocks_for_as_long_as_the_server_likes() {
    trace::chapter("ch08");
    let _me = trace::party("client");
    let (server, release) = blocking();
    let url = server.url();
    let (told, heard) = mpsc::channel();
    let identity = trace::Identity::here();
    let asking = std::thread::spawn(move || {
        identity.adopt();
        told.send(client::get(&url).map(|response| response.status.code())).unwrap();
    });
    let watchdog = heard.recv_timeout(Duration::from_millis(300));
    assert!(matches!(watchdog, Err(mpsc::RecvTimeoutError::Timeout)), "{watchdog:?}");
    trace::note(|| "300 ms later: still blocked".to_owned());
    release.send(()).unwrap();
    assert_eq!(heard.recv_timeout(PATIENCE).unwrap().unwrap(), 200);
    join(asking);
    server.close();
}

/// The same server, and a request under a token with a deadline: it fails when its time is up, and says at what. Row 8.27.
#[test]
fn listing_8_5_a_deadline_ends_the_request() {
    trace::chapter("ch08");
    let _me = trace::party("client");
    let (server, release) = blocking();
    let start = Instant::now();
    let cancel = Cancel::after(LIMIT);
    let error = client::send(request(Method::GET, &server.url()).with_cancel(&cancel)).unwrap_err();
    let elapsed = start.elapsed();
    trace::note(|| error.to_string());
    assert!(matches!(error, HttpError::TimedOut { phase: Phase::ResponseHead }), "{error:?}");
    assert!(error.is_timeout() && error.kind() == io::ErrorKind::TimedOut);
    assert!(elapsed >= LIMIT && elapsed < PATIENCE, "{elapsed:?}");
    // The handler still blocks. Closing the server by force does not wait for its thread (row 8.31); letting it go ends it.
    release.send(()).unwrap();
    server.close();
}

/// Row 8.28: the clock runs from when the token is made.
#[test]
fn a_token_that_has_ended_sends_nothing() {
    let (client, transport) = client();
    let ended = Cancel::new().child_before(Deadline::at(Instant::now()));
    let error = client.send(request(Method::GET, "http://127.0.0.1:1/").with_cancel(&ended)).unwrap_err();
    assert!(matches!(error, HttpError::TimedOut { phase: Phase::Connect }), "{error:?}");
    let cancelled = Cancel::new();
    cancelled.cancel();
    let error = client.send(request(Method::GET, "http://127.0.0.1:1/").with_cancel(&cancelled)).unwrap_err();
    assert!(matches!(error, HttpError::Cancelled { phase: Phase::Connect }), "{error:?}");
    assert_eq!(transport.counts().connected, 0);
}

/// A server that sends a head and five bytes of ten, and waits for the client to go.
fn half_a_body() -> (RawServer, mpsc::Receiver<()>) {
    let (told, gone) = mpsc::channel();
    let server = RawServer::one(move |conn| {
        conn.head();
        conn.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
        conn.gone();
        told.send(()).unwrap();
    });
    (server, gone)
}

/// Row 8.29.
#[test]
fn a_deadline_holds_for_the_body_too_and_the_server_sees_the_client_go() {
    let (server, gone) = half_a_body();
    let (client, transport) = client();
    let cancel = Cancel::after(LIMIT);
    let mut response = client.send(request(Method::GET, &server.url("/")).with_cancel(&cancel)).unwrap();
    let mut part = Vec::new();
    let error = response.body.read_to_end(&mut part).unwrap_err();
    assert_eq!((part.as_slice(), error.kind()), (&b"hello"[..], io::ErrorKind::TimedOut));
    assert!(matches!(HttpError::from_io(error), HttpError::TimedOut { phase: Phase::ResponseBody }));
    // Not because the response was dropped: it lives.
    gone.recv_timeout(PATIENCE).unwrap();
    let again = response.body.read(&mut [0]).unwrap_err();
    assert_eq!(again.kind(), io::ErrorKind::TimedOut);
    assert_eq!(transport.counts().dropped, 1);
    server.finish();
}

#[test]
fn a_client_s_time_out_covers_redirects_and_body() {
    let (server, gone) = half_a_body();
    let client = Client { timeout: Some(LIMIT), ..client().0 };
    let mut response = client.get(&server.url("/")).unwrap();
    let error = response.read_all(100).unwrap_err();
    assert!(matches!(error, HttpError::TimedOut { phase: Phase::ResponseBody }), "{error:?}");
    gone.recv_timeout(PATIENCE).unwrap();
    server.finish();

    // Each hop is fast, all of them are not.
    let slow = TestServer::new(|response: &mut dyn ResponseWriter, _: &mut Request| {
        std::thread::sleep(LIMIT / 3);
        response.header().set("Location", "/again");
        response.write_status(netprog::ch08_http_client::status::Status::FOUND);
    });
    let error = client.get(&slow.url()).unwrap_err();
    assert!(matches!(error, HttpError::TimedOut { .. }), "{error:?}");
}

/// Row 8.30: the timer's moment is put off between the head and the body. Without that, the body fails.
#[test]
fn a_timer_that_is_set_anew_keeps_a_slow_body_alive() {
    let read = |put_off: bool| {
        let (more, send_more) = mpsc::channel::<()>();
        let server = RawServer::one(move |conn| {
            conn.head();
            conn.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nsl");
            // Not before the first alarm would have rung.
            let _ = send_more.recv_timeout(PATIENCE);
            conn.send("ow");
            conn.gone();
        });
        let cancel = Cancel::new();
        let alarm = |after| {
            let token = cancel.clone();
            timer::at(Instant::now() + after, move || token.cancel())
        };
        let first = alarm(LIMIT);
        let mut response =
            client().0.send(request(Method::GET, &server.url("/")).with_cancel(&cancel)).unwrap();
        let second = if put_off {
            drop(first);
            Some(alarm(PATIENCE))
        } else {
            cancel.wait();
            None
        };
        more.send(()).unwrap();
        let outcome = response.read_all(10);
        drop((second, response));
        server.finish();
        outcome
    };
    assert_eq!(read(true).unwrap(), b"slow");
    assert!(matches!(read(false), Err(HttpError::Cancelled { phase: Phase::ResponseBody })));
}

// --- cancelling, at each phase ----------------------------------------------------------------------------------------

#[test]
fn cancelling_from_another_thread_ends_the_wait_for_a_response_at_once() {
    let (reached, at_the_server) = mpsc::channel();
    let server = RawServer::one(move |conn| {
        conn.head();
        reached.send(()).unwrap();
        conn.gone();
    });
    let cancel = Cancel::new();
    let (client, transport) = client();
    let asked = request(Method::GET, &server.url("/")).with_cancel(&cancel);
    let asking = std::thread::spawn(move || client.send(asked).map(drop));
    at_the_server.recv_timeout(PATIENCE).unwrap();
    cancel.cancel();
    let error = join(asking).unwrap_err();
    assert!(matches!(error, HttpError::Cancelled { phase: Phase::ResponseHead }), "{error:?}");
    assert_eq!(transport.counts().dropped, 1);
    server.finish();
}

/// The server reads nothing of a long body, and the token ends the thread that sends it too.
#[test]
fn cancelling_ends_the_sending_of_a_body() {
    let (reached, at_the_server) = mpsc::channel();
    let server = RawServer::one(move |conn| {
        conn.head();
        reached.send(()).unwrap();
        conn.gone();
    });
    let cancel = Cancel::new();
    let client = client().0;
    let endless = request(Method::PUT, &server.url("/")).with_cancel(&cancel);
    let endless = endless.with_body("application/octet-stream", Body::stream(io::repeat(0)));
    let asking = std::thread::spawn(move || client.send(endless).map(drop));
    at_the_server.recv_timeout(PATIENCE).unwrap();
    cancel.cancel();
    let error = join(asking).unwrap_err();
    assert!(matches!(error, HttpError::Cancelled { phase: Phase::Send }), "{error:?}");
    server.finish();
}

#[test]
fn cancelling_ends_the_reading_of_a_body() {
    let (server, _gone) = half_a_body();
    let cancel = Cancel::new();
    let mut response = client().0.send(request(Method::GET, &server.url("/")).with_cancel(&cancel)).unwrap();
    response.body.read_exact(&mut [0; 5]).unwrap();
    let reading = std::thread::spawn(move || response.read_all(10));
    cancel.cancel();
    let error = join(reading).unwrap_err();
    assert!(matches!(error, HttpError::Cancelled { phase: Phase::ResponseBody }), "{error:?}");
    server.finish();
}

#[test]
fn a_token_that_ends_after_its_response_was_read_harms_nobody() {
    let server = TestServer::new(|response: &mut dyn ResponseWriter, _: &mut Request| {
        let _ = response.write_all(b"x");
    });
    let (client, transport) = client();
    for _ in 0..3 {
        let cancel = Cancel::new();
        let mut response = client.send(request(Method::GET, &server.url()).with_cancel(&cancel)).unwrap();
        response.read_all(10).unwrap();
        cancel.cancel();
    }
    assert_eq!((transport.counts().connected, transport.counts().reused), (1, 2));
}

// --- each phase has its limit (row H.21) --------------------------------------------------------------------------------

/// A listener whose backlog is full takes no further connection, and does not refuse it either.
#[cfg(target_os = "linux")]
#[test]
fn connecting_has_a_limit_of_its_own() {
    use netprog::base::sys::socket;
    let address = "127.0.0.1:0".parse().unwrap();
    let silent = socket::tcp_socket(&address).unwrap();
    socket::listen(&silent, &address, false, 0).unwrap();
    let silent = TcpListener::from(silent);
    let address = silent.local_addr().unwrap();
    let mut filling = Vec::new();
    while let Ok(stream) = std::net::TcpStream::connect_timeout(&address, Duration::from_millis(100)) {
        filling.push(stream);
        assert!(filling.len() < 100, "the backlog fills");
    }
    let transport = transport_with(|config| config.timeouts.connect = Some(LIMIT));
    let start = Instant::now();
    let error = client_of(&transport).get(&format!("http://{address}/")).unwrap_err();
    assert!(matches!(error, HttpError::TimedOut { phase: Phase::Connect }), "{error:?}");
    assert!(start.elapsed() >= LIMIT);
}

#[test]
fn the_head_of_the_response_has_a_limit_of_its_own_and_the_body_none() {
    let (more, send_more) = mpsc::channel::<()>();
    let server = RawServer::new(vec![
        Box::new(|conn| {
            conn.head();
            conn.send("HTTP/1.1 200 OK\r\nNever: ");
            conn.gone();
        }),
        Box::new(move |conn| {
            conn.head();
            conn.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n");
            let _ = send_more.recv_timeout(PATIENCE);
            conn.send("x");
        }),
    ]);
    let transport = transport_with(|config| config.timeouts.response_head = Some(LIMIT));
    let client = client_of(&transport);
    let error = client.get(&server.url("/")).unwrap_err();
    assert!(matches!(error, HttpError::TimedOut { phase: Phase::ResponseHead }), "{error:?}");
    let mut response = client.get(&server.url("/")).unwrap();
    std::thread::sleep(LIMIT + LIMIT / 2);
    more.send(()).unwrap();
    assert_eq!(response.read_all(10).unwrap(), b"x");
    server.finish();
}

/// The limit for the head counts from when the request is out, however long its body took.
#[test]
fn a_slow_upload_is_not_a_slow_response() {
    struct Slow(u32);
    impl Read for Slow {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            if self.0 == 0 {
                return Ok(0);
            }
            self.0 -= 1;
            std::thread::sleep(LIMIT / 2);
            buf[0] = b'x';
            Ok(1)
        }
    }
    let server = TestServer::new(|response: &mut dyn ResponseWriter, request: &mut Request| {
        let length = request.body.drain(100).unwrap().bytes;
        let _ = write!(response, "{length}");
    });
    let transport = transport_with(|config| config.timeouts.response_head = Some(LIMIT));
    let mut response =
        client_of(&transport).post(&server.url(), "text/plain", Body::stream(Slow(6))).unwrap();
    assert_eq!(response.read_all(10).unwrap(), b"6");
}
