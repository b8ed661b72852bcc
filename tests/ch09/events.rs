//! The step beyond: server-sent events, a response that does not end.

use std::sync::mpsc;
use std::time::Duration;

use netprog::base::trace;
use netprog::ch08_http_client::method::Method;
use netprog::ch08_http_client::request::{Request as ClientRequest, RoundTrip};
use netprog::ch08_http_client::transport::Transport;
use netprog::ch09_http_server::events::{Event, EventReader, EventStream, clock_handler, last_event_id};
use netprog::ch09_http_server::handler::{Request, ResponseWriter};
use netprog::ch09_http_server::test_server::TestServer;

use crate::support::PATIENCE;

fn get(server: &TestServer) -> ClientRequest {
    let mut request = ClientRequest::new(Method::GET, &server.url()).unwrap();
    request.header.set("Accept", "text/event-stream");
    request
}

/// A response that goes on: each event is sent as it happens, and the client has it before the next is made.
///
/// Watch: the server waits for the client's word between the events, so none of them can have been collected on the way.
#[test]
fn events_reach_the_client_one_by_one() {
    let _me = trace::party("client");
    trace::chapter("ch09");
    let (next, go_on) = mpsc::channel::<()>();
    let go_on = std::sync::Mutex::new(go_on);
    let handler = move |response: &mut dyn ResponseWriter, request: &mut Request| {
        let _me = trace::party("server");
        let mut stream = EventStream::open(response, request).unwrap();
        for count in ["one", "two\nlines"] {
            stream.send(&Event::data(count).named("count")).unwrap();
            go_on.lock().unwrap().recv_timeout(PATIENCE).unwrap();
        }
    };
    let server = TestServer::new(handler);
    let response = Transport::default().round_trip(&mut get(&server)).unwrap();
    assert_eq!(response.header.get("Content-Type"), Some("text/event-stream"));
    assert_eq!(response.header.get("Cache-Control"), Some("no-store"));
    let mut events = EventReader::new(response.body);
    for count in ["one", "two\nlines"] {
        assert_eq!(events.next_event().unwrap(), Some(Event::data(count).named("count")));
        next.send(()).unwrap();
    }
    assert_eq!(events.next_event().unwrap(), None);
}

/// A client that lost the stream comes back with the id of the last event it saw, and gets the next one.
///
/// Watch: `Last-Event-ID: 7` goes out, and the first event has id 8.
#[test]
fn a_client_that_comes_back_goes_on_where_it_was() {
    let _me = trace::party("client");
    trace::chapter("ch09");
    let server = TestServer::new(clock_handler(Duration::from_millis(1)));
    let mut request = get(&server);
    request.header.set("Last-Event-ID", "7");
    let mut events = EventReader::new(Transport::default().round_trip(&mut request).unwrap().body);
    for id in ["8", "9"] {
        let event = events.next_event().unwrap().unwrap();
        assert_eq!((event.name.as_deref(), event.id.as_deref()), (Some("tick"), Some(id)));
    }
    assert_eq!(events.last_event_id(), "9");
}

/// The handler of a client that has left finds out while it waits, and returns.
///
/// Watch: the client closes after the first event; the server's note comes soon after.
#[test]
fn a_handler_ends_when_its_client_has_gone() {
    let _me = trace::party("client");
    trace::chapter("ch09");
    let (told, heard) = mpsc::channel();
    let told = std::sync::Mutex::new(told);
    let handler = move |response: &mut dyn ResponseWriter, request: &mut Request| {
        let _me = trace::party("server");
        assert_eq!(last_event_id(request), None);
        let mut stream = EventStream::open(response, request).unwrap();
        stream.send(&Event::data("first")).unwrap();
        let outcome = stream.wait(PATIENCE / 2);
        trace::note(|| "nobody listens any more".to_string());
        told.lock().unwrap().send(outcome.is_err()).unwrap();
    };
    let server = TestServer::new(handler);
    let mut events = EventReader::new(Transport::default().round_trip(&mut get(&server)).unwrap().body);
    assert_eq!(events.next_event().unwrap(), Some(Event::data("first")));
    drop(events);
    assert!(heard.recv_timeout(PATIENCE).unwrap(), "it ended before its time");
}

/// A server that stops ends its streams: the token of the request ends, and the wait with it.
#[test]
fn a_server_that_closes_ends_its_streams() {
    let server = TestServer::new(clock_handler(PATIENCE));
    let mut events = EventReader::new(Transport::default().round_trip(&mut get(&server)).unwrap().body);
    assert!(events.next_event().unwrap().is_some());
    server.close();
    assert!(!matches!(events.next_event(), Ok(Some(_))));
}

/// HEAD asks for the fields only; a handler that would never end must not begin.
#[test]
fn a_head_request_has_the_fields_and_no_stream() {
    let server = TestServer::new(clock_handler(PATIENCE));
    let mut request = ClientRequest::new(Method::HEAD, &server.url()).unwrap();
    let mut response = Transport::default().round_trip(&mut request).unwrap();
    assert_eq!(response.header.get("Content-Type"), Some("text/event-stream"));
    assert_eq!(response.read_all(10).unwrap(), b"");
}
