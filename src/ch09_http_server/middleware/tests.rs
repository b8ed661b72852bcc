//! The small ones; the large ones have files of their own.

mod abilities;
mod compress;
mod time;

use super::super::client_for_tests::Lines;
use super::super::testing::{Recorded, Recorder, request};
use super::*;
use crate::ch08_http_client::auth::Basic;
use crate::ch08_http_client::body::Body;
use crate::ch08_http_client::method::Method;
use crate::ch08_http_client::status::Status;
use crate::ch09_http_server::reply;
use crate::ch09_http_server::response::DRAINED_BYTES;
use std::io::{self, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;

fn serve(handler: &SharedHandler, request: &mut Request) -> Recorded {
    let mut recorder = Recorder::new();
    handler.serve(&mut recorder, request);
    recorder.result()
}

fn get(handler: &SharedHandler, target: &str) -> Recorded {
    serve(handler, &mut request(Method::GET, target, ""))
}

fn says_its_path() -> SharedHandler {
    handler_fn(|response, request| {
        let _ = write!(response, "{}", request.path);
    })
}

#[test]
fn a_prefix_is_hidden_in_every_segment_and_in_every_spelling() {
    let handler = restrict_prefix(".", says_its_path());
    for hidden in [
        "/.secret",
        "/%2esecret",
        "/.dir/x",
        "/a/.b/c",
        "/...",
        "/.well-known/x",
        "/a//.b",
        "/a/.../",
        "/%2E%2e%2E",
    ] {
        let result = get(&handler, hidden);
        assert_eq!((result.status.code(), result.text().as_str()), (404, "Not Found\n"), "{hidden}");
    }
    for shown in ["/a.b", "/a/b.", "/", "/a/../b", "/a/./b"] {
        assert_eq!(get(&handler, shown).status, Status::OK, "{shown}");
    }
    assert_eq!(
        get(&restrict_prefix("", says_its_path()), "/a").status,
        Status::NOT_FOUND,
        "everything begins with nothing"
    );
}

#[test]
fn a_prefix_is_taken_off_and_put_back() {
    let handler = strip_prefix("/static/", says_its_path());
    let mut asked = request(Method::GET, "/static/a%20b", "");
    assert_eq!(serve(&handler, &mut asked).text(), "a b");
    assert_eq!(asked.path, "/static/a b");
    for other in ["/static", "/other/", "/a/static/"] {
        assert_eq!(get(&handler, other).text(), "404 page not found\n", "{other}");
    }
}

/// Row 9.33: what Go does, and so the book's listing.
#[test]
fn nothing_is_cleaned_to_a_dot_and_hidden() {
    let handler = strip_prefix("/static/", restrict_prefix(".", says_its_path()));
    assert_eq!(get(&handler, "/static/").status, Status::NOT_FOUND);
    assert_eq!(get(&handler, "/static//").text(), "/");
}

#[test]
fn only_what_is_listed_passes_however_it_is_written() {
    let handler = allow_list(&["/", "/a.txt", "/public/"], says_its_path());
    for passes in ["/", "/a.txt", "/public/", "/public/x/y", "/%61.txt", "/public/%2e%2e%2e"] {
        assert_eq!(get(&handler, passes).status, Status::OK, "{passes}");
    }
    for stays in [
        "/b.txt",
        "/a.txt/",
        "/A.txt",
        "/public",
        "/publicity",
        "/public/../b.txt",
        "/public/%2e%2e/b.txt",
        "/public/..%2fb.txt",
        "//a.txt",
        "/./a.txt",
        "/public//x",
        "/public/./x",
        "/a.txt%00",
        "/public/%5c../b.txt/..",
        "/%2561.txt",
    ] {
        assert_eq!(get(&handler, stays).status, Status::NOT_FOUND, "{stays}");
    }
    assert_eq!(get(&allow_list(&[], says_its_path()), "/").status, Status::NOT_FOUND);
}

#[test]
fn what_a_handler_leaves_is_drained_up_to_a_limit() {
    let handler = drain_and_close(drain_and_close(says_its_path()));
    let most = usize::try_from(DRAINED_BYTES).unwrap();
    for (length, left) in [(0, 0), (10, 0), (most, 0)] {
        let mut asked = request(Method::POST, "/", vec![7; length]);
        serve(&handler, &mut asked);
        assert_eq!(asked.body.read_all(u64::MAX).unwrap().len(), left);
    }
    let mut endless = request(Method::POST, "/", Body::stream(io::repeat(7)));
    serve(&handler, &mut endless);
    assert!(endless.body.is_empty(), "and it came back at all");
}

#[test]
fn a_body_over_the_limit_is_413_whether_it_is_announced_or_not() {
    let handler = limit_body(
        5,
        handler_fn(|response, request| match request.body.read_all(u64::MAX) {
            Ok(bytes) => {
                let _ = response.write_all(&bytes);
            }
            Err(why) => reply::body_error(response, &why),
        }),
    );
    let post = |body: Body| serve(&handler, &mut request(Method::POST, "/", body));
    assert_eq!(post(Body::from("12345")).text(), "12345");
    let announced = post(Body::from("123456"));
    assert_eq!((announced.status.code(), announced.header.get("Connection")), (413, Some("close")));
    assert_eq!(post(Body::stream(&b"12345"[..])).text(), "12345");
    assert_eq!(post(Body::stream(&b"123456"[..])).status.code(), 413);
    assert_eq!(post(Body::stream(io::repeat(1))).status.code(), 413);
    assert_eq!(post(Body::empty()).status.code(), 200);
}

#[test]
fn reading_on_behind_the_limit_is_not_reaching_the_end() {
    let handler = limit_body(
        5,
        handler_fn(|response, request| {
            let mut rest = Vec::new();
            let kinds = [(); 2].map(|()| request.body.read_to_end(&mut rest).map_err(|error| error.kind()));
            let _ = write!(response, "{}", kinds.iter().filter(|outcome| outcome.is_err()).count());
        }),
    );
    assert_eq!(serve(&handler, &mut request(Method::POST, "/", Body::stream(&b"123456"[..]))).text(), "2");
}

#[test]
fn only_the_right_credentials_pass() {
    let handler = basic_auth("gophers \"only\"", |basic: &Basic| basic.is("u", "p:w"), says_its_path());
    let refused = get(&handler, "/");
    assert_eq!(refused.status, Status::UNAUTHORIZED);
    let challenge = refused.header.get("WWW-Authenticate").unwrap();
    assert!(challenge.starts_with("Basic realm=\"gophers \\\"only\\\"\""), "{challenge}");
    let with = |values: &[&str]| {
        let mut asked = request(Method::GET, "/", "");
        for value in values {
            asked.header.add("Authorization", *value);
        }
        serve(&handler, &mut asked).status.code()
    };
    let right = Basic::new("u", "p:w").unwrap().header_value();
    assert_eq!(with(&[&right]), 200);
    for wrong in ["Basic", "Basic !!!", "Bearer dTpwOnc=", "Basic dTpw", "Basic dQ==", ""] {
        assert_eq!(with(&[wrong]), 401, "{wrong}");
    }
    assert_eq!(with(&[&right, "Basic dTpw"]), 401, "which of the two would another server read?");
    assert!(catch_unwind(|| basic_auth("a\nb", |_| true, says_its_path())).is_err());
}

#[test]
fn a_request_gets_a_name_unless_it_has_a_plain_one() {
    let handler = request_id(handler_fn(|response, request| {
        let _ = write!(response, "{}", request.header.get("X-Request-Id").unwrap_or("none"));
    }));
    let named = |given: &str| {
        let mut asked = request(Method::GET, "/", "");
        asked.header.set("X-Request-Id", given);
        let result = serve(&handler, &mut asked);
        assert_eq!(
            result.header.get("X-Request-Id"),
            Some(result.text().as_str()),
            "the handler sees what the client gets"
        );
        result.text()
    };
    assert_eq!(named("abc-1.2_3"), "abc-1.2_3");
    let long = "a".repeat(65);
    for bad in ["", "a b", "a\"b", "ä", "a\nb", long.as_str()] {
        let made = named(bad);
        assert!(made.len() == 32 && made != named(bad), "{bad:?} became {made}");
    }
}

#[test]
fn the_fields_of_every_response_can_be_changed_by_the_handler() {
    let handler = security_headers(nosniff(handler_fn(|response, _| {
        response.header().set("X-Frame-Options", "SAMEORIGIN");
    })));
    let result = get(&handler, "/");
    assert_eq!(result.header.get("X-Frame-Options"), Some("SAMEORIGIN"));
    assert_eq!(result.header.get("X-Content-Type-Options"), Some("nosniff"));
    assert!(result.header.contains("Referrer-Policy"));
}

#[test]
fn a_line_tells_the_request_and_its_answer() {
    let page = Lines::default();
    let handler = access_log(
        page.logger(),
        handler_fn(|response, request| {
            "changed".clone_into(&mut request.path);
            reply::error(response, "gone", Status::GONE);
        }),
    );
    let mut asked = request(Method::GET, "http://test/a?b=c", "");
    asked.peer = crate::base::conn::Address::Tcp("192.0.2.7:5000".parse().unwrap());
    asked.header.set("User-Agent", "a \"quoted\" agent\u{1b}[2J");
    serve(&handler, &mut asked);
    let line = page.text();
    let (client, rest) = line.split_once(" - - [").unwrap();
    let (moment, rest) = rest.split_once("] ").unwrap();
    assert_eq!((client, moment.len()), ("192.0.2.7", "23/Nov/2026:18:34:27 +0000".len()));
    let expected = "\"GET http://test/a?b=c HTTP/1.1\" 410 5 \"-\" \"a \\\"quoted\\\" agent\\x1b[2J\" ";
    assert!(rest.starts_with(expected) && rest.ends_with("ms\n"), "{rest}");
}

#[test]
fn a_client_cannot_write_a_line_of_its_own_nor_a_very_long_one() {
    let page = Lines::default();
    let mut asked = Request::new(Method::GET, "/");
    asked.target = format!("/\n127.0.0.1 - admin {}", "x".repeat(100_000));
    asked.header.set("Referer", "a\r\nb\\");
    serve(&access_log(page.logger(), says_its_path()), &mut asked);
    let text = page.text();
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(text.len() < 4_000 && text.contains("a\\x0d\\x0ab\\\\"));
}

#[test]
fn a_handler_that_panics_has_its_line_too() {
    let page = Lines::default();
    let handler =
        access_log(page.logger(), handler_fn(|_, _| panic!("a handler of a test panics on purpose")));
    assert!(catch_unwind(AssertUnwindSafe(|| get(&handler, "/"))).is_err());
    assert!(page.text().contains("\" 500 - "), "{}", page.text());
    get(&access_log(page.logger(), handler_fn(|_, _| {})), "/");
    assert!(page.text().contains("\" 200 - "), "nothing written is 200");
}
