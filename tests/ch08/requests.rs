//! A request as it leaves the client, and the head of its response: Listings 8-2 and 8-3.

use std::io::Read;
use std::sync::mpsc;
use std::time::Duration;

use netprog::base::calendar::Timestamp;
use netprog::base::cancel::Cancel;
use netprog::base::trace;
use netprog::ch08_http_client::client::{self, Client};
use netprog::ch08_http_client::date_skew::{SkewError, date_skew};
use netprog::ch08_http_client::error::{HttpError, Phase};
use netprog::ch08_http_client::header::Header;
use netprog::ch08_http_client::message::Version;
use netprog::ch08_http_client::method::Method;
use netprog::ch08_http_client::status::Status;
use netprog::ch09_http_server::handler::{Request, ResponseWriter};
use netprog::ch09_http_server::test_server::TestServer;

use crate::raw::{RawServer, client, client_of, ok, request, transport_with};
use crate::support::PATIENCE;

/// HEAD asks for the head alone, `Date` says when the server made it. The difference to our clock is the skew, good to a second.
/// Rows 8.19, 8.20.
#[test]
fn listing_8_2_the_date_of_a_response_tells_the_clock_skew() {
    trace::chapter("ch08");
    let _me = trace::party("client");
    let server = {
        let _server = trace::party("server");
        TestServer::new(|response: &mut dyn ResponseWriter, _: &mut Request| {
            let _ = response.write_all(b"what time is it?");
        })
    };
    let (client, transport) = client();
    // As in the repository's second test: the token covers everything, and cancelling it afterwards harms nobody.
    let cancel = Cancel::after(Duration::from_secs(30));
    let skew = date_skew(&client, &server.url(), &cancel).unwrap();
    trace::note(|| format!("{}: {} (skew {} s)", server.url(), skew.date.http_date(), skew.seconds));
    // The server's clock is ours. Its date is cut to a second, ours is rounded, and a loaded machine is slow.
    assert!((-1..30).contains(&skew.seconds), "{}", skew.seconds);
    cancel.cancel();
    let again = date_skew(&client, &server.url(), &cancel);
    assert!(
        matches!(again, Err(SkewError::Http(HttpError::Cancelled { phase: Phase::Connect }))),
        "{again:?}"
    );
    assert_eq!(transport.pool().waiting(), 1, "the connection of a response without body is used again");
}

#[test]
fn a_response_without_a_date_or_with_a_bad_one_tells_no_skew() {
    let ask = |field: &'static str| {
        let server = RawServer::one(move |conn| {
            assert!(conn.head().starts_with("HEAD / HTTP/1.1\r\n"));
            conn.send(format!("HTTP/1.1 200 OK\r\n{field}\r\n"));
        });
        let skew = date_skew(&client().0, &server.url("/"), &Cancel::new());
        server.finish();
        skew
    };
    assert!(matches!(ask(""), Err(SkewError::NoDate)));
    assert!(matches!(ask("Date: yesterday\r\n"), Err(SkewError::BadDate { .. })));
    // The three forms of RFC 9110, 5.6.7.
    for date in
        ["Mon, 02 Jan 2006 15:04:05 GMT", "Monday, 02-Jan-06 15:04:05 GMT", "Mon Jan  2 15:04:05 2006"]
    {
        let field: &'static str = Box::leak(format!("Date: {date}\r\n").into_boxed_str());
        assert_eq!(ask(field).unwrap().date.unix_seconds(), 1_136_214_245, "{date}");
    }
    // Listing 8-1 prints `MST`, which no HTTP date has.
    assert!(Timestamp::parse_http_date("Mon, 02 Jan 2006 15:04:05 MST").is_err());
}

/// The head is read at once, the body when somebody asks for it: the server has not even sent it yet. Rows 8.5, 8.21.
#[test]
fn listing_8_3_the_head_is_there_before_the_body() {
    trace::chapter("ch08");
    let _me = trace::party("client");
    let (go_on, told) = mpsc::channel::<()>();
    let server = RawServer::one(move |conn| {
        conn.head();
        conn.send(
            "HTTP/1.1 200 OK\r\nAccept-Ranges: none\r\nVary: Accept-Encoding\r\nContent-Type: text/plain\r\n",
        );
        conn.send("Vary: Origin\r\nX-XSS-Protection: 0\r\nTransfer-Encoding: chunked\r\n\r\n");
        told.recv_timeout(PATIENCE).expect("the client has its response while the body is held back");
        trace::note(|| "the body, now".to_owned());
        conn.send("d\r\nUser-agent: *\r\n11\r\nDisallow: /search\r\n0\r\n\r\n");
    });
    let mut response = client::get(&server.url("/robots.txt")).unwrap();
    trace::note(|| {
        format!("{} with {} fields; the body has not come", response.status, response.header.len())
    });
    assert_eq!((response.version, response.status), (Version::Http11, Status::OK));
    assert_eq!(response.header.get("content-type"), Some("text/plain"));
    assert_eq!(response.header.values("Vary").collect::<Vec<_>>(), ["Accept-Encoding", "Origin"]);
    go_on.send(()).unwrap();
    assert_eq!(response.read_all(100).unwrap(), b"User-agent: *Disallow: /search");
    server.finish();
}

/// What the client says without being asked. Row 8.44.
#[test]
fn the_client_names_the_host_itself_and_what_it_can_decode() {
    let server = RawServer::one(|conn| {
        let head = conn.head();
        let host = conn.conn().socket().local_addr().unwrap();
        let agent = concat!("netprog/", env!("CARGO_PKG_VERSION"));
        assert_eq!(
            head,
            format!(
                "GET /a?b HTTP/1.1\r\nHost: {host}\r\nUser-Agent: {agent}\r\nX: y\r\nAccept-Encoding: gzip\r\n\r\n"
            )
        );
        conn.send(ok(""));
        // An empty agent is none; a HEAD, a Range and one's own coding are left alone.
        let head = conn.head();
        assert!(!head.contains("User-Agent") && !head.contains("Accept-Encoding"), "{head}");
        conn.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
        let head = conn.head();
        assert!(head.contains("Accept-Encoding: br\r\n") && !head.contains("gzip"), "{head}");
        conn.send(ok(""));
        let head = conn.head();
        assert!(!head.contains("Accept-Encoding"), "{head}");
        conn.send(ok(""));
    });
    let (client, _) = client();
    let mut first = request(Method::GET, &server.url("/a?b#fragment"));
    first.header.set("X", "y");
    client.send(first).unwrap();
    let mut second = request(Method::HEAD, &server.url("/"));
    second.header.set("User-Agent", "");
    client.send(second).unwrap();
    let mut third = request(Method::GET, &server.url("/"));
    third.header.set("Accept-Encoding", "br");
    client.send(third).unwrap();
    let mut fourth = request(Method::GET, &server.url("/"));
    fourth.header.set("Range", "bytes=0-1");
    client.send(fourth).unwrap();
    server.finish();
}

#[test]
fn user_and_password_of_a_url_become_basic_credentials_and_stand_nowhere_else() {
    let server = RawServer::one(|conn| {
        let head = conn.head();
        assert!(head.contains("\r\nAuthorization: Basic dTpw\r\n") && !head.contains("u:p"), "{head}");
        conn.send(ok(""));
    });
    let url = server.url("/").replace("http://", "http://u:p@");
    client().0.get(&url).unwrap();
    server.finish();
}

#[test]
fn a_scheme_nobody_here_speaks_is_an_error_before_anything_is_sent() {
    let (client, _) = client();
    for url in
        ["automobile://the.grocery.store/purchase?butter=irish", "https://127.0.0.1/", "ftp://127.0.0.1/"]
    {
        let error = client.get(url).unwrap_err();
        assert!(matches!(error, HttpError::UnsupportedScheme { .. }), "{error}");
    }
    for url in ["/path", "://host/", "http://", "http:///path", "http://a b/"] {
        assert!(matches!(client.get(url), Err(HttpError::Url(_))), "{url}");
    }
}

/// Row 8.7.
#[test]
fn head_tells_the_length_and_has_no_body() {
    let server = RawServer::one(|conn| {
        assert!(conn.head().starts_with("HEAD /big HTTP/1.1\r\n"));
        conn.send("HTTP/1.1 200 OK\r\nContent-Length: 1099511627776\r\n\r\n");
        assert!(conn.head().starts_with("GET / "), "the connection is used again");
        conn.send(ok(""));
    });
    let (client, _) = client();
    let mut response = client.head(&server.url("/big")).unwrap();
    assert_eq!(response.header.get("Content-Length"), Some("1099511627776"));
    assert_eq!(response.body.read(&mut [0; 10]).unwrap(), 0);
    client.get(&server.url("/")).unwrap();
    server.finish();
}

/// Rows 8.6 and 8.9: a method is what the caller says, and its case counts.
#[test]
fn a_method_goes_out_as_it_is_and_an_unknown_one_is_for_the_server_to_refuse() {
    let server = TestServer::new(|response: &mut dyn ResponseWriter, request: &mut Request| {
        if !request.method.is_known() {
            response.write_status(Status::NOT_IMPLEMENTED);
            return;
        }
        if request.method != Method::GET {
            response.header().set("Allow", "GET");
            response.write_status(Status::METHOD_NOT_ALLOWED);
        }
    });
    let (client, _) = client();
    let ask = |method: Method| client.send(request(method, &server.url())).unwrap();
    assert_eq!(ask(Method::GET).status, Status::OK);
    assert_eq!(ask(Method::from_token(b"get").unwrap()).status, Status::NOT_IMPLEMENTED);
    for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS] {
        let response = ask(method);
        assert_eq!(
            (response.status, response.header.get("Allow")),
            (Status::METHOD_NOT_ALLOWED, Some("GET"))
        );
    }
}

/// Row 8.10: whatever the status, it is a response.
#[test]
fn a_status_is_never_an_error() {
    let server = TestServer::new(|response: &mut dyn ResponseWriter, request: &mut Request| {
        let code = request.path.trim_start_matches('/').parse().unwrap();
        response.write_status(Status::new(code).unwrap());
    });
    let (client, _) = client();
    for code in [200, 201, 202, 204, 304, 400, 403, 404, 405, 426, 500, 502, 503, 504, 599, 799] {
        assert_eq!(client.get(&format!("{}/{code}", server.url())).unwrap().status.code(), code);
    }
}

/// Row 8.12.
#[test]
fn a_copy_that_is_still_good_is_a_304_without_a_body() {
    let server = RawServer::one(|conn| {
        conn.head();
        conn.send("HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nContent-Length: 4\r\n\r\ncopy");
        assert!(conn.head().contains("\r\nIf-None-Match: \"v1\"\r\n"));
        // The length is that of the copy, and no byte follows.
        conn.send("HTTP/1.1 304 Not Modified\r\nETag: \"v1\"\r\nContent-Length: 4\r\n\r\n");
    });
    let (client, transport) = client();
    let mut first = client.get(&server.url("/")).unwrap();
    let copy = first.read_all(10).unwrap();
    let mut second = request(Method::GET, &server.url("/"));
    second.header.set("If-None-Match", first.header.get("ETag").unwrap());
    let mut second = client.send(second).unwrap();
    assert_eq!((second.status, second.read_all(10).unwrap().len()), (Status::NOT_MODIFIED, 0));
    assert_eq!(copy, b"copy");
    assert_eq!(transport.counts().connected, 1);
    server.finish();
}

#[test]
fn fields_that_would_be_something_else_on_the_wire_are_refused_before_connecting() {
    let (client, transport) = client();
    for (name, value) in [("X", "a\r\nEvil: yes"), ("X Y", "a"), ("", "a")] {
        let mut bad = request(Method::GET, "http://127.0.0.1:1/");
        bad.header.add(name, value);
        let error = client.send(bad).unwrap_err();
        assert!(matches!(error, HttpError::Request(_)), "{error}");
    }
    assert_eq!(transport.counts().connected, 0);
}

#[test]
fn a_client_s_own_fields_go_with_every_request_that_has_none_of_the_name() {
    let server = RawServer::one(|conn| {
        assert!(conn.head().contains("\r\nAccept: text/html\r\n"));
        conn.send(ok(""));
        let head = conn.head();
        assert!(head.contains("\r\nAccept: text/plain\r\n") && !head.contains("text/html"), "{head}");
        conn.send(ok(""));
    });
    let client =
        Client { header: Header::from([("Accept", "text/html")]), ..client_of(&transport_with(|_| {})) };
    client.get(&server.url("/")).unwrap();
    let mut own = request(Method::GET, &server.url("/"));
    own.header.set("Accept", "text/plain");
    client.send(own).unwrap();
    server.finish();
}

/// Row 8.44: what the transport asked for by itself it decodes by itself, and the connection outlives it.
#[test]
fn a_body_in_gzip_comes_decoded_and_its_connection_is_used_again() {
    // "hello", by gzip(1).
    const HELLO: &[u8] = b"\x1f\x8b\x08\0\0\0\0\0\0\x03\xcbH\xcd\xc9\xc9\x07\0\x86\xa6\x106\x05\0\0\0";
    let server = RawServer::one(|conn| {
        assert!(conn.head().contains("\r\nAccept-Encoding: gzip\r\n"));
        conn.send(format!(
            "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
            HELLO.len()
        ));
        conn.send(HELLO);
        conn.head();
        conn.send("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n");
        conn.send(format!("{:x}\r\n", HELLO.len()));
        conn.send(HELLO);
        conn.send("\r\n0\r\nSum: 5\r\n\r\n");
        assert!(!conn.head().contains("Accept-Encoding: gzip"));
        conn.send(format!(
            "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
            HELLO.len()
        ));
        conn.send(HELLO);
    });
    let (client, transport) = client();
    for trailer in [None, Some("5")] {
        let mut response = client.get(&server.url("/")).unwrap();
        assert!(!response.header.contains("Content-Encoding") && response.body.length().is_none());
        assert_eq!(response.read_all(100).unwrap(), b"hello");
        assert_eq!(response.body.trailer().as_ref().and_then(|trailer| trailer.get("Sum")), trailer);
    }
    let mut plain = request(Method::GET, &server.url("/"));
    plain.header.set("Accept-Encoding", "identity");
    let mut response = client.send(plain).unwrap();
    assert_eq!(response.read_all(100).unwrap(), HELLO, "who asks by himself decodes by himself");
    assert_eq!((transport.counts().connected, transport.counts().reused), (1, 2));
    server.finish();
}
