//! The limit for handlers. No test sleeps: a handler waits until the test lets it go.

use super::*;
use crate::base::cancel::Cause;
use crate::ch08_http_client::header::Header;
use std::error::Error;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

const SOON: Duration = Duration::from_millis(30);
const LONG: Duration = Duration::from_secs(60);
const PATIENCE: Duration = Duration::from_secs(20);

/// A handler that runs `work`, after it was let go.
fn gated(
    work: impl Fn(&mut dyn ResponseWriter, &mut Request) + Send + Sync + 'static,
) -> (SharedHandler, Sender<()>) {
    let (go, gate) = channel::<()>();
    let gate = Mutex::new(gate);
    let handler = handler_fn(move |response, request| {
        // An error is the test's end.
        let _ = gate.lock().unwrap().recv();
        work(response, request);
    });
    (handler, go)
}

fn told(heard: &Receiver<String>) -> String {
    heard.recv_timeout(PATIENCE).unwrap()
}

#[test]
fn in_time_everything_comes_through() {
    let handler = timeout(
        LONG,
        "",
        handler_fn(|response, request| {
            assert_eq!(response.header().get("X-Outer"), Some("1"), "what outer middleware has set is seen");
            response.header().set("X-Inner", "2");
            response.write_status(Status::CREATED);
            response.header().set("X-Late", "3");
            response.write_status(Status::GONE);
            let body = request.body.read_all(100).unwrap();
            response.write_all(&body).unwrap();
            response.trailer().set("X-After", "4");
            request.path_values.push(("name".into(), "value".into()));
        }),
    );
    let mut recorder = Recorder::new();
    recorder.header().set("X-Outer", "1");
    let mut asked = request(Method::POST, "/a", "body");
    let cancel = asked.cancel.clone();
    handler.serve(&mut recorder, &mut asked);
    let result = recorder.result();
    assert_eq!((result.status, result.text().as_str()), (Status::CREATED, "body"));
    assert_eq!((result.header.get("X-Inner"), result.header.get("X-Late")), (Some("2"), None));
    assert_eq!(result.trailer.get("X-After"), Some("4"));
    assert_eq!(asked.path_value("name"), Some("value"), "the request came back");
    cancel.cancel();
    assert!(asked.cancel.has_ended(), "with its own token");
}

#[test]
fn a_handler_that_writes_nothing_answers_200() {
    assert_eq!(get(&timeout(LONG, "", handler_fn(|_, _| {})), "/").status, Status::OK);
}

#[test]
fn after_the_limit_the_token_has_ended_and_writes_fail() {
    let (tell, heard) = channel();
    let (handler, go) = gated(move |response, request| {
        let cause = request.cancel.cause().unwrap();
        let error = response.write_all(b"late").unwrap_err();
        let inner = error.get_ref().is_some_and(<dyn Error + Send + Sync>::is::<HandlerTimeout>);
        tell.send(format!("{cause:?} {:?} {inner}", error.kind())).unwrap();
    });
    let mut asked = request(Method::GET, "/a", "");
    let outer = asked.cancel.clone();
    let result = serve(&timeout(SOON, "too slow", handler), &mut asked);
    assert_eq!((result.status, result.text().as_str()), (Status::SERVICE_UNAVAILABLE, "too slow"));
    assert!(!result.header.contains("Content-Type"), "the type is the server's to guess");
    assert!(!result.header.contains("Connection"), "there was no body to be read by two");
    go.send(()).unwrap();
    assert_eq!(told(&heard), "DeadlineExceeded TimedOut true");
    assert!(!outer.has_ended(), "only the handler's token");
}

#[test]
fn without_a_message_there_is_a_small_page() {
    let (handler, go) = gated(|_, _| {});
    let result = get(&timeout(SOON, "", handler), "/");
    assert_eq!(
        result.text(),
        "<html><head><title>Timeout</title></head><body><h1>Timeout</h1></body></html>"
    );
    drop(go);
}

#[test]
fn a_body_that_two_threads_could_read_ends_the_connection() {
    let (handler, go) = gated(|_, _| {});
    let result = serve(&timeout(SOON, "", handler), &mut request(Method::POST, "/", "body"));
    assert_eq!(result.header.get("Connection"), Some("close"));
    drop(go);
}

#[test]
fn a_client_that_has_gone_ends_the_wait_with_an_empty_503() {
    let (tell, heard) = channel();
    let (handler, go) = gated(move |response, request| {
        let kind = response.write_all(b"late").unwrap_err().kind();
        tell.send(format!("{:?} {kind:?}", request.cancel.cause().unwrap())).unwrap();
    });
    let mut asked = request(Method::GET, "/", "");
    asked.cancel.cancel();
    let result = serve(&timeout(LONG, "message", handler), &mut asked);
    assert_eq!((result.status, result.text().as_str()), (Status::SERVICE_UNAVAILABLE, ""));
    go.send(()).unwrap();
    assert_eq!(told(&heard), format!("{:?} ConnectionAborted", Cause::Cancelled));
}

#[test]
fn a_panic_goes_on_in_the_servers_thread() {
    let handler = timeout(LONG, "", handler_fn(|_, _| panic!("a handler of a test panics on purpose")));
    let panic = catch_unwind(AssertUnwindSafe(|| get(&handler, "/"))).unwrap_err();
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"a handler of a test panics on purpose"));
}

#[test]
fn the_handler_runs_in_a_thread_of_its_own_name() {
    let handler = timeout(
        LONG,
        "",
        handler_fn(|response, _| {
            let _ = write!(response, "{}", std::thread::current().name().unwrap_or_default());
        }),
    );
    assert_eq!(get(&handler, "/").text(), "ch09-handler");
}

#[test]
fn a_response_in_memory_cannot_be_flushed_nor_its_connection_taken() {
    let handler = timeout(
        LONG,
        "",
        handler_fn(|response, _| {
            let flushed = response.flush().unwrap_err().kind();
            let taken = response.hijack().map(|_| ()).unwrap_err().kind();
            let _ = write!(response, "{flushed:?} {taken:?}");
        }),
    );
    assert_eq!(get(&handler, "/").text(), "Unsupported Unsupported");
}

#[test]
fn a_status_without_body_refuses_one_here_too() {
    let handler = timeout(
        LONG,
        "",
        handler_fn(|response, _| {
            response.write_status(Status::NO_CONTENT);
            assert_eq!(response.write(b"x").unwrap_err().kind(), io::ErrorKind::InvalidInput);
        }),
    );
    assert_eq!(get(&handler, "/").status, Status::NO_CONTENT);
}

#[test]
fn a_status_1xx_goes_out_at_once_and_is_not_the_answer() {
    let handler = timeout(
        LONG,
        "",
        handler_fn(|response, _| {
            response.header().set("Link", "</style.css>; rel=preload");
            response.write_status(Status::EARLY_HINTS);
            response.write_status(Status::NOT_FOUND);
            let _ = response.write_all(b"gone");
        }),
    );
    let result = get(&handler, "/");
    assert_eq!((result.status, result.text().as_str()), (Status::NOT_FOUND, "gone"));
    let hints = Header::from([("Link", "</style.css>; rel=preload")]);
    assert_eq!(result.informed, [(Status::EARLY_HINTS, hints)]);
    assert_eq!(result.superfluous, []);
}

#[test]
fn the_handler_sees_from_its_own_thread_that_the_client_has_gone() {
    let (tell, heard) = channel();
    let (handler, go) = gated(move |response, _| {
        tell.send(response.client_has_gone().to_string()).unwrap();
    });
    let mut asked = request(Method::GET, "/", "");
    asked.cancel.cancel();
    serve(&timeout(LONG, "", handler.clone()), &mut asked);
    go.send(()).unwrap();
    assert_eq!(told(&heard), "true");
    go.send(()).unwrap();
    serve(&timeout(LONG, "", handler), &mut request(Method::GET, "/", ""));
    assert_eq!(told(&heard), "false", "its own time is not the client's");
}
