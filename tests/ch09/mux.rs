//! Listings 9-15 and 9-16: which handler a path belongs to; and what Go's multiplexer learnt later.

use std::sync::Arc;

use netprog::base::trace;
use netprog::ch08_http_client::body::Body;
use netprog::ch08_http_client::method::Method;
use netprog::ch08_http_client::status::Status;
use netprog::ch09_http_server::handler::SharedHandler;
use netprog::ch09_http_server::middleware::{drain_and_close, handler_fn};
use netprog::ch09_http_server::mux::Mux;
use netprog::ch09_http_server::patterns::Router;
use netprog::ch09_http_server::testing::{Recorder, request};

use crate::handlers::ask;

/// Listing 9-15: three patterns, and a middleware around the whole.
fn simple_mux() -> SharedHandler {
    let mut mux = Mux::new();
    mux.handle_fn("/", |response, _| response.write_status(Status::NO_CONTENT));
    mux.handle_fn("/hello", |response, _| {
        let _ = response.write_all(b"Hello friend.");
    });
    mux.handle_fn("/hello/there/", |response, _| {
        let _ = response.write_all(b"Why, hello there.");
    });
    drain_and_close(Arc::new(mux))
}

/// Listing 9-15: none of the three handlers drains its request's body; the middleware around them does it once for all,
/// and doing it twice harms nobody.
///
/// Watch: the note `drained 6 bytes`. Row 9.43.
#[test]
fn listing_9_15_one_middleware_drains_for_every_handler() {
    let _me = trace::party("mux");
    trace::chapter("ch09");
    let mux = drain_and_close(simple_mux());
    for target in ["/", "/hello", "/hello/there/", "/hello/there"] {
        let mut asked = request(Method::POST, target, Body::stream(&b"unread"[..]));
        mux.serve(&mut Recorder::new(), &mut asked);
        assert_eq!(asked.body.read_all(100).unwrap(), b"", "{target}");
    }
    let reads = handler_fn(|response, request| {
        let _ = response.write_all(&request.body.read_all(100).unwrap());
    });
    assert_eq!(
        ask(&*drain_and_close(reads), Method::POST, "/", "read").text(),
        "read",
        "after the handler, not before"
    );
}

/// Listing 9-16: exact paths, a subtree, the redirect into it, and `/` for the rest.
///
/// Watch: `/hello/there` is 301 and `/hello/you` is 204. Rows 9.38, 9.39.
#[test]
fn listing_9_16_exact_subtree_redirect_and_the_rest() {
    let _me = trace::party("mux");
    trace::chapter("ch09");
    let mux = simple_mux();
    let cases = [
        ("http://test/", "", 204),
        ("http://test/hello", "Hello friend.", 200),
        ("http://test/hello/there/", "Why, hello there.", 200),
        ("http://test/hello/there", "<a href=\"/hello/there/\">Moved Permanently</a>.\n\n", 301),
        ("http://test/hello/there/you", "Why, hello there.", 200),
        ("http://test/hello/and/goodbye", "", 204),
        ("http://test/something/else/entirely", "", 204),
        ("http://test/hello/you", "", 204),
    ];
    for (target, text, code) in cases {
        let result = ask(&*mux, Method::GET, target, "");
        assert_eq!((result.status.code(), result.text().as_str()), (code, text), "{target}");
    }
}

/// The redirect keeps the query; after a POST it has no page. Many clients repeat the POST as a GET then: 307 and 308
/// forbid it. Row 9.39.
#[test]
fn a_redirect_keeps_the_query_and_may_keep_the_method() {
    let result = ask(&*simple_mux(), Method::POST, "http://test/hello/there?a=1&b=2", "");
    assert_eq!((result.status.code(), result.text().as_str()), (301, ""));
    assert_eq!(result.header.get("Location"), Some("/hello/there/?a=1&b=2"));
    let mut mux = Mux::new().redirect_with(Status::TEMPORARY_REDIRECT);
    mux.handle_fn("/tree/", |_, _| {});
    assert_eq!(ask(&mux, Method::POST, "/tree", "").status.code(), 307);
}

/// No handler sees a path with `..` in it. Row 9.40.
#[test]
fn a_path_is_cleaned_before_it_is_matched() {
    let _me = trace::party("mux");
    trace::chapter("ch09");
    for dirty in ["/a/../hello", "//hello", "/./hello", "/%2e%2e/hello", "/a%2f..%2fhello"] {
        let result = ask(&*simple_mux(), Method::GET, dirty, "");
        assert_eq!((result.status.code(), result.header.get("Location")), (301, Some("/hello")), "{dirty}");
    }
}

/// A pattern with a host goes before all without; capitals and ports do not count. Row 9.41.
#[test]
fn a_host_goes_before_a_path() {
    let mut mux = Mux::new();
    mux.handle_fn("/a/very/long/path", |response, _| response.write_status(Status::TEAPOT));
    mux.handle_fn("host.test/", |response, _| response.write_status(Status::ACCEPTED));
    let code = |target: &str| ask(&mux, Method::GET, target, "").status.code();
    assert_eq!(code("http://HOST.test:8080/a/very/long/path"), 202);
    assert_eq!(code("http://other.test/a/very/long/path"), 418);
    assert_eq!(code("http://other.test/"), 404);
    assert_eq!(ask(&mux, Method::GET, "/", "").text(), "404 page not found\n");
}

/// What Go's multiplexer takes since 1.22: methods, names, the end of a path. Row 9.42.
#[test]
fn later_patterns_have_methods_and_names() {
    let _me = trace::party("router");
    trace::chapter("ch09");
    let mut router = Router::new();
    for pattern in ["GET /posts/{id}", "GET /posts/latest", "/files/{rest...}", "/{$}"] {
        router.handle_fn(pattern, move |response, request| {
            let _ = write!(response, "{pattern} {:?}", request.path_values);
        });
    }
    let get = |target: &str| ask(&router, Method::GET, target, "").text();
    assert_eq!(get("/posts/a%2Fb"), r#"GET /posts/{id} [("id", "a/b")]"#);
    assert_eq!(get("/posts/latest"), "GET /posts/latest []", "the more specific of two");
    assert_eq!(get("/files/a/b"), r#"/files/{rest...} [("rest", "a/b")]"#);
    assert_eq!(get("/"), "/{$} []");
    assert_eq!(get("/other"), "404 page not found\n");
    let refused = ask(&router, Method::POST, "/posts/7", "");
    assert_eq!((refused.status.code(), refused.header.get("Allow")), (405, Some("GET, HEAD")));
}
