//! Figure 9-1 and Listings 9-1 to 9-3: the way of a request, a server with its limits, three requests on one connection, and
//! two ways to stop.

use std::io;
use std::net::TcpStream;
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use netprog::base::cancel::Cancel;
use netprog::base::conn::TcpSocketListener;
use netprog::base::deadline::Deadline;
use netprog::base::trace;
use netprog::ch08_http_client::body::Body;
use netprog::ch08_http_client::client::Client;
use netprog::ch08_http_client::method::Method;
use netprog::ch08_http_client::request::Request;
use netprog::ch08_http_client::status::Status;
use netprog::ch08_http_client::transport::Transport;
use netprog::ch09_http_server::default_handler::default_handler;
use netprog::ch09_http_server::handler::SharedHandler;
use netprog::ch09_http_server::methods::default_methods_handler;
use netprog::ch09_http_server::middleware::{self, handler_fn};
use netprog::ch09_http_server::mux::Mux;
use netprog::ch09_http_server::server::Server;
use netprog::ch09_http_server::test_server::TestServer;

use crate::support::http::Raw;
use crate::support::{PATIENCE, join};

/// A client with connections of its own, and a look at how many there were.
pub fn client() -> (Client, Arc<Transport>) {
    let transport = Arc::new(Transport::default());
    (Client { transport: Arc::clone(&transport) as _, ..Client::default() }, transport)
}

pub fn begin(name: &str) -> trace::PartyGuard {
    trace::chapter("ch09");
    trace::party(name)
}

/// A server whose threads go by that name in a drawing.
pub fn started(server: Server) -> TestServer {
    let _me = trace::party("server");
    let server = TestServer::with(server);
    trace::name(&server.address().to_string(), "server");
    server
}

/// A connection by hand, with a name in a drawing.
fn connect(server: &TestServer, name: &str) -> Raw {
    let client = Raw::connect(server.address());
    trace::name(&client.stream().local_addr().unwrap().to_string(), name);
    client
}

/// Listing 9-1's settings around any handler.
fn book_server(handler: SharedHandler) -> Server {
    Server {
        handler: middleware::timeout(Duration::from_secs(120), "", handler),
        idle_timeout: Some(Duration::from_secs(5 * 60)),
        read_header_timeout: Some(Duration::from_secs(60)),
        ..Server::default()
    }
}

/// Figure 9-1: multiplexer, middleware, handler, and back the same way. A multiplexer is a handler, so a middleware may as
/// well stand around it. Row 9.1.
#[test]
fn a_request_passes_the_multiplexer_then_the_middleware_then_the_handler() {
    let _me = begin("client");
    let passed = Arc::new(Mutex::new(Vec::new()));
    let layer = |name: &'static str, next: SharedHandler| -> SharedHandler {
        let passed = Arc::clone(&passed);
        handler_fn(move |response, request| {
            passed.lock().unwrap().push(format!("into {name}"));
            next.serve(response, request);
            passed.lock().unwrap().push(format!("out of {name}"));
        })
    };
    let hello = handler_fn(|response, _| {
        let _ = response.write_all(b"Hello");
    });
    let mut mux = Mux::new();
    mux.handle("/hello", layer("middleware", layer("handler", hello)));
    let server = started(book_server(layer("multiplexer", Arc::new(mux))));
    let body = client().0.get(&format!("{}/hello", server.url())).unwrap().read_all(100).unwrap();
    assert_eq!(body, b"Hello");
    server.close();
    let passed = passed.lock().unwrap();
    trace::note(|| passed.join(", "));
    assert_eq!(
        *passed,
        [
            "into multiplexer",
            "into middleware",
            "into handler",
            "out of handler",
            "out of middleware",
            "out of multiplexer"
        ]
    );
}

/// Listing 9-1: a server with two limits and a handler with a third, on a listener of its own. `serve` never succeeds: it says
/// why it returned.
///
/// Watch: called again, it returns at once. Row 9.2.
#[test]
fn listing_9_1_serve_says_that_it_was_closed_and_says_so_at_once_when_called_again() {
    let _me = begin("client");
    let server = book_server(default_handler());
    let listener = Arc::new(TcpSocketListener::bind(([127, 0, 0, 1], 0).into()).unwrap());
    let (address, stop) = (listener.socket_addr(), Cancel::new());
    trace::name(&address.to_string(), "server");
    let (theirs, their_stop) = (server.clone(), stop.clone());
    let serving = thread::spawn(move || {
        let _me = begin("server");
        theirs.serve(listener, &their_stop)
    });
    let mut response = client().0.get(&format!("http://{address}/")).unwrap();
    assert_eq!(response.read_all(100).unwrap(), b"Hello, friend!");
    stop.cancel();
    let reason = join(serving);
    trace::note(|| format!("serve returned: {reason}"));
    assert!(reason.is_closed(), "{reason}");
    assert!(TcpStream::connect(address).is_err(), "nobody listens any more");
    let another = Arc::new(TcpSocketListener::bind(([127, 0, 0, 1], 0).into()).unwrap());
    assert!(join(thread::spawn(move || server.serve(another, &stop))).is_closed());
}

/// Listing 9-2: GET greets, POST greets whom the body names and escapes it, HEAD is not among the handler's methods. The better
/// handler of Listing 9-7 does the same and says in `Allow` what there is.
///
/// Watch: the 405 to HEAD has a length and no body: it is that of the answer a GET would have had. Row 9.3.
#[test]
fn listing_9_2_three_requests_and_what_comes_back() {
    let _me = begin("client");
    let better: SharedHandler = Arc::new(default_methods_handler());
    for (handler, allow) in [(default_handler(), None), (better, Some("GET, POST"))] {
        let server = started(book_server(handler));
        let cases = [
            (Method::GET, Body::empty(), 200, "Hello, friend!"),
            (Method::POST, Body::from("<world>"), 200, "Hello, &lt;world&gt;!"),
            (Method::HEAD, Body::empty(), 405, ""),
        ];
        for (method, body, code, text) in cases {
            let is_head = method == Method::HEAD;
            let request = Request::new(method, &server.url()).unwrap().with_body("text/plain", body);
            let mut response = client().0.send(request).unwrap();
            let got = response.read_all(100).unwrap();
            trace::note(|| format!("{}: {:?}", response.status, String::from_utf8_lossy(&got)));
            assert_eq!((response.status.code(), got.as_slice()), (code, text.as_bytes()));
            if is_head {
                let length = "Method not allowed\n".len().to_string();
                assert_eq!(response.header.get("Content-Length"), Some(length.as_str()));
                assert_eq!(response.header.get("Allow"), allow);
            }
        }
        server.close();
    }
}

/// Listing 9-3: who reads each answer to its end sends all three over one connection; closing is abrupt.
///
/// Watch: one connection, and what the client of an unanswered request gets. Rows 9.4, 9.5.
#[test]
fn listing_9_3_three_requests_on_one_connection_and_an_abrupt_end() {
    let _me = begin("client");
    let (began, wait_begun) = mpsc::channel();
    let (ended, wait_ended) = mpsc::channel();
    let mut mux = Mux::new();
    mux.handle("/", default_handler());
    mux.handle_fn("/slow", move |_, request| {
        began.send(()).unwrap();
        request.cancel.wait();
        ended.send(()).unwrap();
    });
    let server = started(Server::new(mux));
    let (client, transport) = client();
    for (method, code) in [(Method::GET, 200), (Method::POST, 200), (Method::HEAD, 405)] {
        let mut response = client.send(Request::new(method, &server.url()).unwrap()).unwrap();
        response.read_all(100).unwrap();
        assert_eq!(response.status.code(), code);
    }
    let counts = transport.counts();
    trace::note(|| format!("{} connection, used again {} times", counts.connected, counts.reused));
    assert_eq!((counts.connected, counts.reused, server.running().connections()), (1, 2, 1));

    let mut waiting = connect(&server, "waiting client");
    waiting.send("GET /slow HTTP/1.1\r\nHost: test\r\n\r\n");
    wait_begun.recv_timeout(PATIENCE).unwrap();
    server.close();
    wait_ended.recv_timeout(PATIENCE).expect("its token has ended, so the handler could leave");
    waiting.assert_closed();
    trace::note(|| "closed in the middle of a request: no answer, and the next is refused".to_owned());
    assert!(TcpStream::connect(server.address()).is_err());
}

/// The polite way: the answer under way is sent whole and says that it is the last. Row 9.6.
///
/// Watch: the idle connection ends at once, the other one when its answer has gone.
#[test]
fn listing_9_20_a_shutdown_waits_for_the_answer_under_way() {
    let _me = begin("client");
    let (began, wait_begun) = mpsc::channel();
    let (go_on, wait) = mpsc::channel::<()>();
    let wait = Mutex::new(wait);
    let mut mux = Mux::new();
    mux.handle("/", default_handler());
    mux.handle_fn("/slow", move |response, _| {
        began.send(()).unwrap();
        let _ = wait.lock().unwrap().recv_timeout(PATIENCE);
        let _ = response.write_all(b"all of it");
    });
    let server = started(Server::new(mux));
    let (mut idle, mut active) = (connect(&server, "idle client"), connect(&server, "active client"));
    idle.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n");
    assert!(!idle.answer().is_last());
    active.send("GET /slow HTTP/1.1\r\nHost: test\r\n\r\n");
    wait_begun.recv_timeout(PATIENCE).unwrap();

    let error = server.running().shutdown(Deadline::after(Duration::from_millis(50))).unwrap_err();
    trace::note(|| format!("after 50 ms: {error}"));
    idle.assert_closed();
    assert!(TcpStream::connect(server.address()).is_err(), "it no longer listens");
    go_on.send(()).unwrap();
    let answer = active.answer();
    assert_eq!((answer.text().as_str(), answer.is_last()), ("all of it", true));
    active.assert_closed();
    // The server lingers until its client has gone.
    drop(active);
    server.running().shutdown(Deadline::after(PATIENCE)).unwrap();
    trace::note(|| "the last answer has gone, and the server with it".to_owned());
}

/// Listing 9-19's push, over HTTP/1: the writer says that it cannot, and the page is served all the same. Row 9.46 comes with
/// HTTP/2.
#[test]
fn listing_9_19_over_http_1_there_is_no_push_and_the_page_comes_all_the_same() {
    let _me = begin("browser");
    let (told, heard) = mpsc::channel();
    let page = handler_fn(move |response, request| {
        for target in ["/static/style.css", "/static/hiking.svg"] {
            told.send(response.push(target, &request.header).map_err(|error| error.kind())).unwrap();
        }
        let _ = response.write_all(b"<!DOCTYPE html><title>A walk</title>");
    });
    let server = started(book_server(page));
    let mut response = client().0.get(&server.url()).unwrap();
    assert_eq!(response.status, Status::OK);
    assert!(response.read_all(100).unwrap().starts_with(b"<!DOCTYPE html>"));
    for target in ["the style sheet", "the picture"] {
        let pushed = heard.recv_timeout(PATIENCE).unwrap();
        trace::note(|| format!("push of {target}: {pushed:?}"));
        assert_eq!(pushed, Err(io::ErrorKind::Unsupported));
    }
    server.close();
}
