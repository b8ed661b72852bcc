//! Redirects: where they lead, with which method, and what goes along. Row H.18.

use std::sync::Arc;

use netprog::ch08_http_client::body::Body;
use netprog::ch08_http_client::client::Client;
use netprog::ch08_http_client::error::HttpError;
use netprog::ch08_http_client::method::Method;
use netprog::ch08_http_client::redirect::Redirects;
use netprog::ch08_http_client::request::Request as ClientRequest;
use netprog::ch08_http_client::status::Status;
use netprog::ch08_http_client::url::Url;
use netprog::ch09_http_server::handler::{Request, ResponseWriter};
use netprog::ch09_http_server::test_server::TestServer;

use crate::raw::{RawServer, client, client_of, ok, request, script, transport};

/// `/n` redirects to `/n-1`, `/0` is there. Other paths: `/to/CODE/PATH`.
fn countdown(response: &mut dyn ResponseWriter, request: &mut Request) {
    match request.path.trim_start_matches('/').parse::<u32>() {
        Ok(0) => {
            let _ = response.write_all(b"there");
        }
        Ok(number) => {
            response.header().set("Location", (number - 1).to_string());
            response.write_status(Status::FOUND);
            let _ = response.write_all(b"<a href=...>elsewhere</a>");
        }
        Err(_) => response.write_status(Status::NOT_FOUND),
    }
}

#[test]
fn ten_redirects_are_followed_over_one_connection_and_the_eleventh_is_an_error() {
    let server = TestServer::new(countdown);
    let (client, transport) = client();
    let mut response = client.get(&format!("{}/10", server.url())).unwrap();
    assert_eq!(response.read_all(10).unwrap(), b"there");
    assert_eq!(response.url.to_string(), format!("{}/0", server.url()));
    // Each body was read to its end.
    assert_eq!((transport.counts().connected, transport.counts().reused), (1, 10));
    let error = client.get(&format!("{}/11", server.url())).unwrap_err();
    let HttpError::TooManyRedirects { limit: 10, next } = error else { panic!("{error:?}") };
    assert_eq!(next, format!("{}/0", server.url()));
}

#[test]
fn the_policy_says_none_a_number_or_asks() {
    let server = TestServer::new(countdown);
    let with = |redirects| Client { redirects, ..client_of(&transport()) };
    let url = format!("{}/3", server.url());
    let mut response = with(Redirects::Never).get(&url).unwrap();
    assert_eq!(response.status, Status::FOUND);
    assert_eq!(response.read_all(100).unwrap(), b"<a href=...>elsewhere</a>", "the body is the caller's");
    assert!(matches!(
        with(Redirects::Follow(2)).get(&url),
        Err(HttpError::TooManyRedirects { limit: 2, .. })
    ));
    let until_one = |next: &ClientRequest, asked: &[Url]| {
        assert!(asked[0].path() == "/3");
        next.url.path() != "/0"
    };
    let response = with(Redirects::If(Arc::new(until_one))).get(&url).unwrap();
    assert_eq!((response.status, response.url.path()), (Status::FOUND, "/1"));
}

/// What arrives after a redirect: `method body-length content-type`.
fn arrives(method: Method, status: u16, body: Body) -> (u16, String) {
    let server = RawServer::new(vec![script(move |conn| {
        let head = conn.head();
        assert!(head.contains(" /from HTTP"));
        read_body(conn, &head);
        conn.send(format!("HTTP/1.1 {status} Elsewhere\r\nLocation: /to\r\nContent-Length: 0\r\n\r\n"));
        let head = conn.head();
        if head.is_empty() {
            return;
        }
        let length = read_body(conn, &head);
        let method = head.split(' ').next().unwrap();
        let kind = if head.contains("Content-Type") { "typed" } else { "bare" };
        // A HEAD has no body to tell it in.
        conn.send(format!("HTTP/1.1 200 OK\r\nSeen: {method} {length} {kind}\r\nContent-Length: 0\r\n\r\n"));
    })]);
    let mut first = request(method, &server.url("/from"));
    if !body.is_empty() {
        first = first.with_body("text/plain", body);
    }
    let (client, transport) = client();
    let response = client.send(first).unwrap();
    transport.pool().close_waiting();
    let outcome = (response.status.code(), response.header.get("Seen").unwrap_or_default().to_owned());
    server.finish();
    outcome
}

fn read_body(conn: &mut crate::raw::RawConn, head: &str) -> usize {
    let length =
        head.lines().find_map(|line| line.strip_prefix("Content-Length: ")).map_or(0, |n| n.parse().unwrap());
    conn.exactly(length);
    if head.contains("chunked") {
        conn.until("0\r\n\r\n");
    }
    length
}

#[test]
fn a_post_becomes_a_get_without_body_except_after_307_and_308() {
    for status in [301, 302, 303] {
        assert_eq!(
            arrives(Method::POST, status, Body::from("hello")),
            (200, "GET 0 bare".to_owned()),
            "{status}"
        );
        assert_eq!(
            arrives(Method::PUT, status, Body::from("hello")),
            (200, "GET 0 bare".to_owned()),
            "{status}"
        );
        assert_eq!(arrives(Method::HEAD, status, Body::empty()), (200, "HEAD 0 bare".to_owned()), "{status}");
    }
    for status in [307, 308] {
        assert_eq!(
            arrives(Method::POST, status, Body::from("hello")),
            (200, "POST 5 typed".to_owned()),
            "{status}"
        );
        assert_eq!(
            arrives(Method::DELETE, status, Body::empty()),
            (200, "DELETE 0 bare".to_owned()),
            "{status}"
        );
    }
}

#[test]
fn a_body_that_cannot_be_sent_again_makes_the_307_the_response() {
    assert_eq!(arrives(Method::PUT, 307, Body::stream(&b"once"[..])), (307, String::new()));
    assert_eq!(arrives(Method::PUT, 308, Body::sized(&b"once"[..], 4)), (308, String::new()));
    // After a 303 nobody needs it again.
    assert_eq!(arrives(Method::PUT, 303, Body::sized(&b"once"[..], 4)), (200, "GET 0 bare".to_owned()));
}

#[test]
fn a_redirect_to_nowhere_is_the_response_and_one_to_nonsense_an_error() {
    let ask = |line: &'static str| {
        let server = RawServer::one(move |conn| {
            conn.head();
            conn.send(format!("HTTP/1.1 302 Found\r\n{line}Content-Length: 0\r\n\r\n"));
        });
        let outcome = client().0.get(&server.url("/"));
        server.finish();
        outcome
    };
    assert_eq!(ask("").unwrap().status, Status::FOUND);
    assert_eq!(ask("Location:\r\n").unwrap().status, Status::FOUND);
    assert!(matches!(ask("Location: http://[\r\n"), Err(HttpError::BadRedirect { .. })));
    assert!(matches!(ask("Location: ftp://127.0.0.1/\r\n"), Err(HttpError::UnsupportedScheme { .. })));
    assert!(matches!(ask("Location: javascript:alert(1)\r\n"), Err(HttpError::BadRedirect { .. })));
}

/// The next request's head, after `/from` with these fields was redirected to `location` (`HERE` is the same server, `THERE` another name
/// of it: an address for a name, so another host).
fn follows(fields: &[(&str, &str)], from: &str, location: &str) -> String {
    let (told, heard) = std::sync::mpsc::channel();
    let location = location.to_owned();
    let first = script(move |conn| {
        conn.head();
        let port = conn.conn().socket().local_addr().unwrap().port();
        let location = location
            .replace("THERE", &format!("localhost:{port}"))
            .replace("HERE", &format!("127.0.0.1:{port}"));
        conn.send(format!(
            "HTTP/1.1 302 Found\r\nConnection: close\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"
        ));
    });
    let second = script(move |conn| {
        told.send(conn.head()).unwrap();
        conn.send(ok(""));
    });
    let server = RawServer::new(vec![first, second]);
    let url = match from.strip_prefix('@') {
        Some(userinfo) => server.url("/a").replace("//", &format!("//{userinfo}@")),
        None => server.url(from),
    };
    let mut request = request(Method::GET, &url);
    for (name, value) in fields {
        request.header.add(name, *value);
    }
    let response = client().0.send(request).unwrap();
    assert_eq!(response.status, Status::OK);
    server.finish();
    heard.recv().unwrap()
}

#[test]
fn credentials_stay_with_their_host() {
    let secrets = [("Authorization", "Bearer x"), ("Cookie", "a=b"), ("X-Own", "y")];
    let head = follows(&secrets, "/from", "http://HERE/to");
    assert!(head.contains("Bearer x") && head.contains("Cookie: a=b") && head.contains("X-Own: y"), "{head}");
    let head = follows(&secrets, "/from", "http://THERE/to");
    assert!(!head.contains("Bearer x") && !head.contains("Cookie") && head.contains("X-Own: y"), "{head}");
    // Those of the URL go to a path of the same host, and nowhere else.
    assert!(follows(&[], "@u:p", "/to").contains("\r\nAuthorization: Basic dTpw\r\n"));
    assert!(!follows(&[], "@u:p", "http://THERE/to").contains("Authorization"));
}

/// Once they have been left behind, a redirect that leads home again does not bring them back.
#[test]
fn credentials_do_not_come_back_by_a_detour() {
    let redirect = |host: &'static str| {
        script(move |conn| {
            let head = conn.head();
            let secret = head.contains("Authorization");
            let port = conn.conn().socket().local_addr().unwrap().port();
            conn.send(format!(
                "HTTP/1.1 302 Found\r\nConnection: close\r\nLocation: http://{host}:{port}/{secret}\r\nContent-Length: 0\r\n\r\n"
            ));
        })
    };
    let server = RawServer::new(vec![
        redirect("localhost"),
        redirect("127.0.0.1"),
        script(|conn| {
            let head = conn.head();
            assert!(head.starts_with("GET /false ") && !head.contains("Authorization"), "{head}");
            conn.send(ok(""));
        }),
    ]);
    let mut first = request(Method::GET, &server.url("/"));
    first.header.set("Authorization", "Bearer x");
    client().0.send(first).unwrap();
    server.finish();
}

#[test]
fn the_referer_is_the_page_before_without_its_secrets() {
    let head = follows(&[], "/from?q#part", "/to");
    let host = head.lines().find_map(|line| line.strip_prefix("Host: ")).unwrap();
    assert!(head.contains(&format!("\r\nReferer: http://{host}/from?q\r\n")), "{head}");
    let head = follows(&[], "@u:p", "/to");
    assert!(head.contains("\r\nReferer: http://127.0.0.1") && !head.contains("u:p@"), "{head}");
    let own = follows(&[("Referer", "http://own.example/")], "/from", "/to");
    assert!(
        own.contains("\r\nReferer: http://own.example/\r\n") && own.matches("Referer").count() == 1,
        "{own}"
    );
}

#[test]
fn a_location_is_read_relative_to_the_page_and_inherits_its_fragment() {
    for (location, target) in
        [("to", "/a/to"), ("../to?x", "/to?x"), ("?y", "/a/b?y"), ("//HERE/z#own", "/z")]
    {
        let head = follows(&[], "/a/b#part", location);
        assert!(head.starts_with(&format!("GET {target} HTTP/1.1\r\n")), "{location}: {head}");
    }
    let server = TestServer::new(countdown);
    let response = client().0.get(&format!("{}/2#part", server.url())).unwrap();
    assert_eq!(response.url.fragment(), Some("part"));
}

/// A virtual host of the caller's own stays for a relative redirect and not for one that names a host.
#[test]
fn a_host_field_of_the_caller_s_own_is_for_the_server_it_was_given_to() {
    let host = [("Host", "virtual.example")];
    for relative in ["/to", "?next=http://THERE/", "/to//slashes", "#//"] {
        let head = follows(&host, "/from", relative);
        assert!(head.contains("\r\nHost: virtual.example\r\n"), "{relative}: {head}");
    }
    assert!(!follows(&host, "/from", "http://THERE/to").contains("virtual.example"));
}
