//! Patterns one by one, two by two, and all of them in a router.

use super::super::handler::Handler;
use super::super::testing::{Recorded, Recorder, request};
use super::compare::{Relation, compare};
use super::*;
use std::panic::{AssertUnwindSafe, catch_unwind};

fn pattern(text: &str) -> Pattern {
    Pattern::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn router(patterns: &[&'static str]) -> Router {
    let mut router = Router::new();
    for &text in patterns {
        router.handle_fn(text, move |response, request| {
            let _ = write!(response, "{text}");
            for (name, value) in &request.path_values {
                let _ = write!(response, " {name}={value}");
            }
        });
    }
    router
}

fn ask(router: &Router, method: Method, target: &str) -> Recorded {
    let mut recorder = Recorder::new();
    router.serve(&mut recorder, &mut request(method, target, ""));
    recorder.result()
}

fn get(router: &Router, target: &str) -> String {
    let result = ask(router, Method::GET, target);
    match result.status.code() {
        200 => result.text(),
        301 => format!("-> {}", result.header.get("Location").unwrap_or_default()),
        code => code.to_string(),
    }
}

#[test]
fn every_bad_pattern_has_its_reason() {
    use PatternError as E;
    let text = |text: &str| text.to_owned();
    #[rustfmt::skip]
    let cases = [
        ("", E::Empty), ("G@T /", E::BadMethod(text("G@T"))), (" /", E::BadMethod(text(""))), ("host", E::NoPath), ("GET", E::NoPath),
        ("{host}/", E::BraceInHost), ("/a//b", E::NeverClean(text("/a//b"))), ("/a/../b", E::NeverClean(text("/a/../b"))),
        ("/./", E::NeverClean(text("/./"))), ("//", E::NeverClean(text("//"))), ("/a%2", E::BadEscape(text("a%2"))),
        ("/a{b}", E::NotAWholeSegment(text("a{b}"))), ("/{b}c", E::NotAWholeSegment(text("{b}c"))), ("/{b", E::NotAWholeSegment(text("{b"))),
        ("/{a}{b}", E::NotAWholeSegment(text("{a}{b}"))), ("/{}", E::BadName(text(""))), ("/{1a}", E::BadName(text("1a"))),
        ("/{a b}", E::BadMethod(text("/{a"))), ("/{...}", E::BadName(text(""))), ("/{a}/x/{a}", E::NameTwice(text("a"))),
        ("/{a...}/b", E::NotAtTheEnd(text("{a...}"))), ("/{a...}/", E::NotAtTheEnd(text("{a...}"))), ("/{$}/", E::NotAtTheEnd(text("{$}"))),
    ];
    for (written, error) in cases {
        assert_eq!(Pattern::parse(written).unwrap_err(), error, "{written}");
        assert!(!error.to_string().is_empty());
    }
}

#[test]
fn names_get_what_stands_in_their_place() {
    let router = router(&["/posts/{id}", "/files/{rest...}", "/a/{x}/b/{y}", "/end/{$}", "/tree/"]);
    #[rustfmt::skip]
    let cases = [
        ("/posts/7", "/posts/{id} id=7"), ("/posts/a%2Fb", "/posts/{id} id=a/b"), ("/posts/a%20b", "/posts/{id} id=a b"),
        ("/posts/", "404"), ("/posts/7/", "404"), ("/posts/7/x", "404"), ("/files/", "/files/{rest...} rest="),
        ("/files/a/b/", "/files/{rest...} rest=a/b/"), ("/files", "-> /files/"), ("/a/1/b/2", "/a/{x}/b/{y} x=1 y=2"), ("/a/1/c/2", "404"),
        ("/end/", "/end/{$}"), ("/end", "-> /end/"), ("/end/x", "404"), ("/tree/", "/tree/"), ("/tree/x/y", "/tree/"), ("/tree?q", "-> /tree/?q"),
        ("/posts//7", "-> /posts/7"), ("/x/../posts/7?q=1", "-> /posts/7?q=1"), ("/posts/..%2Ffiles", "-> /files/"), ("http://test/posts/7", "/posts/{id} id=7"),
    ];
    for (target, answer) in cases {
        assert_eq!(get(&router, target), answer, "{target}");
    }
}

#[test]
fn the_more_specific_pattern_wins_in_whatever_order_they_came() {
    let mut texts = vec![
        "/",
        "/posts/{id}",
        "/posts/latest",
        "GET /posts/latest",
        "/posts/",
        "/posts/{$}",
        "host.test/",
        "/{any}",
    ];
    for _ in 0..texts.len() {
        texts.rotate_left(1);
        let router = router(&texts);
        assert_eq!(get(&router, "/posts/latest"), "GET /posts/latest");
        assert_eq!(ask(&router, Method::POST, "/posts/latest").text(), "/posts/latest");
        assert_eq!(get(&router, "/posts/7"), "/posts/{id} id=7");
        assert_eq!(get(&router, "/posts/7/x"), "/posts/");
        assert_eq!(get(&router, "/posts/"), "/posts/{$}");
        assert_eq!(get(&router, "/posts"), "/{any} any=posts", "exact, so no slash is added");
        assert_eq!(get(&router, "/"), "/");
        assert_eq!(get(&router, "http://HOST.test:80/posts/latest"), "host.test/");
    }
}

#[test]
fn two_patterns_are_compared_by_the_requests_they_match() {
    use Relation::{Disjoint, MoreGeneral, MoreSpecific, Overlap, Same};
    #[rustfmt::skip]
    let cases = [
        ("/a", "/a", Same), ("/{x}", "/{y}", Same), ("/a/", "/a/{rest...}", Same), ("/%61", "/a", Same), ("/a", "/b", Disjoint),
        ("/a", "/a/", Disjoint), ("/a/{$}", "/a/", MoreSpecific), ("/a/{$}", "/a/{x}", Disjoint), ("/{$}", "/", MoreSpecific),
        ("/a", "/{x}", MoreSpecific), ("/{x}", "/", MoreSpecific), ("/a/b/c", "/a/", MoreSpecific), ("GET /a", "/a", MoreSpecific),
        ("HEAD /a", "GET /a", MoreSpecific), ("GET /a", "POST /a", Disjoint), ("GET /{x}", "/a", Overlap), ("GET /", "/a/", Overlap),
        ("/a/{x}", "/{y}/b", Overlap), ("/a/{x}/", "/{y}/b", Disjoint), ("/a/{x...}", "/{y}/b", Overlap), ("/{x}/b/", "/a/{y}", Disjoint),
        ("/{x}/b/", "/a/{y...}", Overlap), ("h.test/{x}", "/a", MoreSpecific), ("h.test/a", "i.test/a", Disjoint), ("GET h.test/a", "/a", MoreSpecific),
    ];
    for (one, other, relation) in cases {
        let (one, other) = (pattern(one), pattern(other));
        assert_eq!(compare(&one, &other), relation, "{} and {}", one.as_str(), other.as_str());
        let turned = match relation {
            MoreSpecific => MoreGeneral,
            MoreGeneral => MoreSpecific,
            same => same,
        };
        assert_eq!(compare(&other, &one), turned, "{} and {}", other.as_str(), one.as_str());
    }
}

#[test]
fn conflicts_and_repetitions_are_refused_at_registration() {
    for texts in
        [["/a/{x}", "/{y}/b"], ["/a", "/a"], ["/{x}", "/{y}"], ["GET /{x}", "/a"], ["H.test/", "h.TEST/"]]
    {
        let panic = catch_unwind(AssertUnwindSafe(|| router(&texts))).unwrap_err();
        let said = panic.downcast_ref::<String>().cloned().unwrap_or_default();
        assert!(said.contains(texts[0]) && said.contains(texts[1]), "{said}");
    }
    assert!(catch_unwind(|| router(&["/a//b"])).is_err());
    let _these_do_not_quarrel = router(&["/a/{x}", "h.test/{y}/b", "GET /b/{x}", "POST /b/c"]);
}

#[test]
fn a_path_without_the_method_is_405_with_allow() {
    let router = router(&["GET /a", "DELETE /a", "POST /{x}", "GET h.test/b", "/c/d"]);
    let result = ask(&router, Method::PUT, "/a");
    assert_eq!((result.status.code(), result.header.get("Allow")), (405, Some("DELETE, GET, HEAD, POST")));
    assert_eq!(result.text(), "Method not allowed\n");
    assert_eq!(ask(&router, Method::PUT, "/a/b").status.code(), 404);
    assert_eq!(ask(&router, Method::PUT, "/b").header.get("Allow"), Some("POST"));
    assert_eq!(ask(&router, Method::PUT, "http://h.test/b").header.get("Allow"), Some("GET, HEAD, POST"));
    assert_eq!(ask(&router, Method::HEAD, "/a").text(), "GET /a");
    assert_eq!(ask(&router, Method::PUT, "/c/d").status.code(), 200);
}

#[test]
fn a_path_a_middleware_has_changed_is_what_counts() {
    let router = router(&["/posts/{id}"]);
    let mut stripped = request(Method::GET, "/api/posts/a%2Fb", "");
    stripped.path = "/posts/7".to_owned();
    let mut recorder = Recorder::new();
    router.serve(&mut recorder, &mut stripped);
    assert_eq!(recorder.result().text(), "/posts/{id} id=7");
    assert_eq!(stripped.path_value("id"), Some("7"));
    assert_eq!(stripped.path_value("other"), None);
}

#[test]
fn arbitrary_targets_are_answered() {
    let router = router(&["/a/{x}/", "/{$}", "GET /b/{rest...}", "/a/b/{$}"]);
    let pieces = ["", "a", "b", "..", ".", "%2F", "%2e", "a%20"];
    for number in 0..pieces.len().pow(4) {
        let mut target = String::new();
        for place in 0..4 {
            target.push('/');
            target.push_str(pieces[number / pieces.len().pow(place) % pieces.len()]);
        }
        let result = ask(&router, Method::GET, &target);
        if let Some(location) = result.header.get("Location") {
            let again = ask(&router, Method::GET, location);
            assert_ne!(again.status.code(), 301, "{target} to {location} to somewhere else again");
        }
    }
}

#[test]
fn a_redirect_keeps_a_slash_that_is_part_of_a_name() {
    let router = router(&["/{name}/"]);
    assert_eq!(get(&router, "/a%2Fb?c"), "-> /a%2Fb/?c");
    assert_eq!(get(&router, "/a%2Fb/"), "/{name}/ name=a/b");
    assert_eq!(get(&router, "/a%20b"), "-> /a%20b/");
}
