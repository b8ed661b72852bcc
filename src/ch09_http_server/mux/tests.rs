//! The book's multiplexer: longest match, clean paths, hosts, and patterns that are refused.

use super::super::testing::{Recorded, Recorder, request};
use super::*;
use std::panic::{AssertUnwindSafe, catch_unwind};

fn named(names: &[&'static str]) -> Mux {
    let mut mux = Mux::new();
    for name in names {
        mux.handle_fn(name, |response, _| {
            let _ = response.write_all(name.as_bytes());
        });
    }
    mux
}

fn ask(mux: &Mux, method: Method, target: &str) -> Recorded {
    let mut recorder = Recorder::new();
    mux.serve(&mut recorder, &mut request(method, target, ""));
    recorder.result()
}

fn get(mux: &Mux, target: &str) -> String {
    let result = ask(mux, Method::GET, target);
    match result.status.code() {
        200 => result.text(),
        301 => format!("-> {}", result.header.get("Location").unwrap_or_default()),
        code => code.to_string(),
    }
}

#[test]
fn the_longest_pattern_gets_the_request() {
    let mux = named(&["/", "/a", "/a/", "/a/b/c/", "/a/b"]);
    #[rustfmt::skip]
    let cases = [
        ("/", "/"), ("/x", "/"), ("/a", "/a"), ("/a/", "/a/"), ("/a/x", "/a/"), ("/ab", "/"), ("/a/b", "/a/b"), ("/a/b/", "/a/"),
        ("/a/b/c/", "/a/b/c/"), ("/a/b/c/d/e", "/a/b/c/"), ("/a/b/c", "-> /a/b/c/"), ("/a/b/cd", "/a/"),
    ];
    for (target, answer) in cases {
        assert_eq!(get(&mux, target), answer, "{target}");
    }
}

#[test]
fn no_pattern_is_404_in_gos_words() {
    let result = ask(&named(&["/a"]), Method::GET, "/b");
    assert_eq!((result.status, result.text().as_str()), (Status::NOT_FOUND, "404 page not found\n"));
    assert_eq!(get(&Mux::new(), "/"), "404");
}

#[test]
fn a_path_is_cleaned_by_a_redirect_before_anything_is_matched() {
    let mux = named(&["/", "/hello", "/dir/"]);
    #[rustfmt::skip]
    let cases = [
        ("/a/../hello", "-> /hello"), ("//hello", "-> /hello"), ("/./hello", "-> /hello"), ("/../../hello", "-> /hello"),
        ("/dir//x", "-> /dir/x"), ("/x/../dir", "-> /dir/"), ("/dir/.", "-> /dir/"), ("/%2e%2e/hello", "-> /hello"),
        ("/a%2f..%2fhello", "-> /hello"), ("//evil.test/..//b/", "-> /b/"), ("/a//b?q=//x/../y", "-> /a/b?q=//x/../y"),
        ("/a%20b//c", "-> /a%20b/c"), ("/a//%3Fb", "-> /a/%3Fb"), ("//%5Cevil.test", "-> /%5Cevil.test"), ("http://test?q", "/"),
    ];
    for (target, answer) in cases {
        assert_eq!(get(&mux, target), answer, "{target}");
    }
    assert_eq!(get(&mux, "/a%2fhello"), "/", "decoded: /a/hello");
    assert_eq!(get(&mux, "/%68ello"), "/hello");
}

#[test]
fn a_subtree_without_its_slash_is_redirected_with_its_query_whatever_the_method() {
    let mux = named(&["/tree/"]);
    assert_eq!(get(&mux, "/tree?a=1&b=%20"), "-> /tree/?a=1&b=%20");
    let post = ask(&mux, Method::POST, "/tree");
    assert_eq!((post.status.code(), post.text().as_str()), (301, ""));
    let kept = ask(&mux.redirect_with(Status::PERMANENT_REDIRECT), Method::POST, "/tree");
    assert_eq!(kept.status.code(), 308);
}

#[test]
fn a_host_goes_before_all_patterns_without_one() {
    let mux = named(&["/", "/longer/path/", "host.test/", "Host.Test/only", "[::1]/"]);
    #[rustfmt::skip]
    let cases = [
        ("http://host.test/longer/path/x", "host.test/"), ("http://HOST.test:8080/x", "host.test/"), ("http://host.test./x", "host.test/"),
        ("http://host.test/only", "Host.Test/only"), ("http://other.test/only", "/"), ("http://other.test/longer/path/x", "/longer/path/"),
        ("http://[::1]:80/x", "[::1]/"), ("http://[::1]/x", "[::1]/"), ("http://nothost.test/", "/"), ("/x", "/"),
    ];
    for (target, answer) in cases {
        assert_eq!(get(&mux, target), answer, "{target}");
    }
    assert_eq!(get(&named(&["host.test/tree/"]), "http://host.test/tree"), "-> /tree/");
    assert_eq!(get(&named(&["host.test/tree/"]), "http://other.test/tree"), "404");
}

#[test]
fn the_target_of_connect_is_not_cleaned() {
    let mux = named(&["/a/", "/"]);
    assert_eq!(ask(&mux, Method::CONNECT, "/x//y").text(), "/");
    assert_eq!(ask(&mux, Method::CONNECT, "host.test:443").status, Status::NOT_FOUND);
    assert_eq!(ask(&mux, Method::CONNECT, "/a").status, Status::MOVED_PERMANENTLY);
}

#[test]
fn an_asterisk_is_no_path() {
    let result = ask(&named(&["/"]), Method::OPTIONS, "*");
    assert_eq!((result.status.code(), result.header.get("Connection")), (400, Some("close")));
}

#[test]
fn what_would_get_a_request_can_be_asked() {
    let mux = named(&["/", "/hello"]);
    let of = |target| mux.pattern_of(&request(Method::GET, target, "")).map(str::to_owned);
    assert_eq!((of("/hello"), of("/x"), of("//")), (Some("/hello".into()), Some("/".into()), None));
    assert_eq!(format!("{mux:?}"), r#"{"/", "/hello"}"#);
}

#[test]
fn a_bad_pattern_ends_the_program_at_its_start() {
    for names in [&[""][..], &["host"], &["/a", "/a"], &["h.test/a", "H.TEST/a"]] {
        let panicked = catch_unwind(AssertUnwindSafe(|| named(names))).is_err();
        assert!(panicked, "{names:?}");
    }
}
