//! Listings 9-11 to 9-14: handlers around handlers.

use std::error::Error;
use std::sync::Mutex;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use netprog::base::log::{self, Logger};
use netprog::base::trace;
use netprog::ch08_http_client::method::Method;
use netprog::ch08_http_client::status::Status;
use netprog::ch09_http_server::handler::SharedHandler;
use netprog::ch09_http_server::middleware::{
    HandlerTimeout, allow_list, block_method, everything_at_once, everything_at_once_corrected, handler_fn,
    nosniff, restrict_prefix, strip_prefix, timed, timeout,
};
use netprog::ch09_http_server::reply;

use crate::handlers::ask;
use crate::support::{PATIENCE, Page};

fn logger(page: &Page) -> Logger {
    Logger::new(Box::new(page.clone()), "", log::NONE)
}

fn teapot() -> SharedHandler {
    handler_fn(|response, _| {
        response.write_status(Status::TEAPOT);
        let _ = response.write_all(b"the handler ran");
    })
}

/// Listing 9-11: a middleware that refuses TRACE, sets a field and measures; and that forgets to return.
///
/// Watch: the refused request has both bodies, and 418 came too late. Rows 9.28, 9.29.
#[test]
fn listing_9_11_without_a_return_the_handler_still_runs() {
    let _me = trace::party("middleware");
    trace::chapter("ch09");
    let page = Page::default();
    let handler = everything_at_once(logger(&page), teapot());
    let good = ask(&*handler, Method::GET, "/", "");
    assert_eq!((good.status, good.header.get("X-Content-Type-Options")), (Status::TEAPOT, Some("nosniff")));
    assert!(page.text().starts_with("Next handler duration "), "{}", page.text());
    let refused = ask(&*handler, Method::TRACE, "/", "");
    assert_eq!(refused.text(), "Method not allowed\nthe handler ran", "and the client gets it all");
    assert_eq!((refused.status, refused.superfluous), (Status::METHOD_NOT_ALLOWED, vec![Status::TEAPOT]));
    let fixed = ask(&*everything_at_once_corrected(logger(&page), teapot()), Method::TRACE, "/", "");
    assert_eq!((fixed.status.code(), fixed.text().as_str()), (405, "Method not allowed\n"));
}

/// Listing 9-11 in three, each of which does one thing. Row 9.28.
#[test]
fn listing_9_11_three_small_ones_do_the_same() {
    let page = Page::default();
    let handler = block_method(Method::TRACE, "GET, HEAD, POST", nosniff(timed(logger(&page), teapot())));
    let refused = ask(&*handler, Method::TRACE, "/", "");
    assert_eq!((refused.status.code(), refused.header.get("Allow")), (405, Some("GET, HEAD, POST")));
    assert_eq!(page.text(), "", "the handler did not run");
    let good = ask(&*handler, Method::GET, "/", "");
    assert_eq!((good.status, good.header.get("X-Content-Type-Options")), (Status::TEAPOT, Some("nosniff")));
    assert!(page.text().starts_with("Next handler duration "));
}

/// Listing 9-12: a handler that takes too long is answered for, with 503; what it wrote is thrown away.
///
/// Watch: the handler's thread runs on after the answer, and its next write fails. Row 9.30.
#[test]
fn listing_9_12_a_slow_handler_is_answered_for() {
    let _me = trace::party("server");
    trace::chapter("ch09");
    let limit = Duration::from_millis(50);
    let (go, gate) = channel::<()>();
    let (tell, heard) = channel();
    let gate = Mutex::new(gate);
    let slow = handler_fn(move |response, request| {
        let _me = trace::party("handler");
        response.write_status(Status::NO_CONTENT);
        // The book sleeps for a minute. This waits until the answer has gone out.
        let _ = gate.lock().unwrap().recv();
        let late = response.write_all(b"late").unwrap_err();
        trace::note(|| format!("a late write: {late}"));
        let _ = tell.send((
            late.get_ref().is_some_and(<dyn Error + Send + Sync>::is::<HandlerTimeout>),
            request.cancel.has_ended(),
        ));
    });
    let start = Instant::now();
    let result =
        ask(&*timeout(limit, "Timed out while reading response", slow), Method::GET, "http://test/", "");
    assert!(start.elapsed() >= limit);
    assert_eq!(
        (result.status, result.text().as_str()),
        (Status::SERVICE_UNAVAILABLE, "Timed out while reading response")
    );
    trace::note(|| "the answer has gone out; the handler still runs".to_owned());
    go.send(()).unwrap();
    assert_eq!(heard.recv_timeout(PATIENCE).unwrap(), (true, true));
}

/// A file server of one directory, as far as these listings need one: three names, everything else 404.
fn files() -> SharedHandler {
    handler_fn(|response, request| match request.path.trim_start_matches('/') {
        name @ ("sage.svg" | ".secret" | ".dir/secret") => {
            let _ = write!(response, "the file {name}");
        }
        _ => reply::not_found(response),
    })
}

/// Listing 9-13: a segment that begins with a dot is 404, whether or not there is such a file. Rows 9.31, 9.32.
#[test]
fn listing_9_13_a_prefix_is_hidden_in_every_segment() {
    let _me = trace::party("middleware");
    trace::chapter("ch09");
    assert_eq!(ask(&*files(), Method::GET, "/.secret", "").status, Status::OK, "a file server hides nothing");
    let handler = restrict_prefix(".", files());
    for hidden in [
        "/.secret",
        "/%2esecret",
        "/.dir/secret",
        "/.nothing",
        "/a/.b/c",
        "/...",
        "/.well-known/acme-challenge/x",
    ] {
        let result = ask(&*handler, Method::GET, hidden, "");
        assert_eq!((result.status.code(), result.text().as_str()), (404, "Not Found\n"), "{hidden}");
    }
    assert_eq!(
        ask(&*handler, Method::GET, "/.dir/../sage.svg", "").status,
        Status::NOT_FOUND,
        "files() does not clean"
    );
    assert_eq!(ask(&*handler, Method::GET, "/sage.svg", "").status, Status::OK);
}

/// Listing 9-14: strip, then restrict, then serve. Rows 9.32, 9.33, 9.34.
#[test]
fn listing_9_14_the_prefix_is_taken_off_first() {
    let _me = trace::party("middleware");
    trace::chapter("ch09");
    let handler = strip_prefix("/static/", restrict_prefix(".", files()));
    let cases = [
        ("http://test/static/sage.svg", 200),
        ("http://test/static/.secret", 404),
        ("http://test/static/.dir/secret", 404),
        ("http://test/static", 404),
        ("http://test/sage.svg", 404),
        ("http://test/static/", 404),
    ];
    for (target, code) in cases {
        assert_eq!(ask(&*handler, Method::GET, target, "").status.code(), code, "{target}");
    }
    // The other way round hides the names of the outer world as well: here the prefix itself.
    let reversed = restrict_prefix(".", strip_prefix("/.static/", files()));
    assert_eq!(ask(&*reversed, Method::GET, "/.static/sage.svg", "").status, Status::NOT_FOUND);
    let right = strip_prefix("/.static/", restrict_prefix(".", files()));
    assert_eq!(ask(&*right, Method::GET, "/.static/sage.svg", "").status, Status::OK);
}

/// The book's exercise: nothing passes but what is listed. Row 9.35.
#[test]
fn an_allow_list_lets_nothing_else_through() {
    let handler = strip_prefix("/static", allow_list(&["/sage.svg"], files()));
    assert_eq!(ask(&*handler, Method::GET, "/static/sage.svg", "").status, Status::OK);
    assert_eq!(ask(&*handler, Method::GET, "/static/s%61ge.svg", "").status, Status::OK, "the same name");
    for other in
        ["/static/.secret", "/static/sage.svg/", "/static//sage.svg", "/static/x/..%2fsage.svg", "/static/"]
    {
        assert_eq!(ask(&*handler, Method::GET, other, "").status, Status::NOT_FOUND, "{other}");
    }
}
