//! The HTTP client before nginx: what it asks is understood, and what nginx answers is too.

use std::fs;
use std::io::Read;
use std::sync::Arc;
use std::time::{Duration, Instant};

use netprog::ch08_http_client::auth::Challenge;
use netprog::ch08_http_client::body::Body;
use netprog::ch08_http_client::client::Client;
use netprog::ch08_http_client::error::{HttpError, Phase};
use netprog::ch08_http_client::method::Method;
use netprog::ch08_http_client::request::{Request, Response};
use netprog::ch08_http_client::transport::{Transport, TransportConfig};

use crate::support::PATIENCE;
use crate::web::{Web, data, has_ipv6, long_text};

pub const MOST: u64 = 10 << 20;

/// A client that waits for nobody longer than the tests do.
pub fn client() -> (Client, Arc<Transport>) {
    client_with(|_| {})
}

pub fn client_with(change: impl FnOnce(&mut TransportConfig)) -> (Client, Arc<Transport>) {
    let mut config = TransportConfig::default();
    change(&mut config);
    let transport = Arc::new(Transport::new(config));
    let client =
        Client { transport: Arc::clone(&transport) as _, timeout: Some(PATIENCE), ..Client::default() };
    (client, transport)
}

pub fn asked(client: &Client, method: Method, url: &str, fields: &[(&str, &str)], body: Body) -> Response {
    let mut request = Request::new(method, url).unwrap();
    for (name, value) in fields {
        request.header.set(name, *value);
    }
    request.body = body;
    client.send(request).unwrap()
}

pub fn got(client: &Client, url: &str, fields: &[(&str, &str)]) -> (Response, Vec<u8>) {
    let mut response = asked(client, Method::GET, url, fields, Body::empty());
    let body = response.read_all(MOST).unwrap();
    (response, body)
}

/// A body whose length nobody knows, of so many bytes.
fn stream(length: u64) -> Body {
    Body::stream(std::io::repeat(b'x').take(length))
}

#[test]
#[ignore = "needs nginx and openssl"]
fn nginx_get_head_post_and_put_over_one_connection() {
    let nginx = Web::nginx(
        "location = /tell { return 200 \"$request_method|$content_type|$content_length|$http_user_agent|$host\"; }\n\
         location /dav/ { dav_methods PUT DELETE; client_max_body_size 20m; }",
    );
    let (client, transport) = client();
    let (response, body) = got(&client, &nginx.url("/data.bin"), &[]);
    assert_eq!((response.status.code(), body), (200, data()));
    let mut response = client.head(&nginx.url("/data.bin")).unwrap();
    assert_eq!(response.header.get("Content-Length"), Some("100000"));
    assert_eq!(response.read_all(MOST).unwrap(), b"");
    let mut response = client.post(&nginx.url("/tell"), "text/plain", "hello").unwrap();
    let told = String::from_utf8(response.read_all(MOST).unwrap()).unwrap();
    assert!(told.starts_with("POST|text/plain|5|netprog/") && told.ends_with("|127.0.0.1"), "{told}");
    let mut lengths = [6, 100_000, 1, 300_000, 0].into_iter();
    let bodies = [Body::from("a file"), Body::from(data()), stream(1), stream(300_000), Body::empty()];
    for (number, body) in bodies.into_iter().enumerate() {
        let url = nginx.url(&format!("/dav/{number}"));
        let mut response = asked(&client, Method::PUT, &url, &[], body);
        assert!(matches!(response.status.code(), 201 | 204), "{response:?}");
        response.body.drain(MOST).unwrap();
        let kept = fs::metadata(nginx.file(&format!("dav/{number}"))).unwrap().len();
        assert_eq!(Some(kept), lengths.next(), "{number}");
        assert_eq!(asked(&client, Method::DELETE, &url, &[], Body::empty()).status.code(), 204);
    }
    let counts = transport.counts();
    assert_eq!((counts.connected, counts.reused, counts.dropped), (1, 12, 0), "{counts:?}");
}

#[test]
#[ignore = "needs nginx and openssl"]
fn nginx_sends_chunks_gzip_and_a_trailer() {
    let nginx = Web::nginx(
        "location = /long.txt { gzip on; gzip_types text/plain; }\nlocation = /page.html { ssi on; }\n\
         location = /data.bin { add_trailer X-Sum $request_method-sum; }",
    );
    let (client, transport) = client();
    let (response, body) = got(&client, &nginx.url("/page.html"), &[]);
    assert_eq!(response.header.get("Transfer-Encoding"), Some("chunked"));
    assert_eq!(String::from_utf8(body).unwrap(), long_text());
    let (mut response, body) = got(&client, &nginx.url("/data.bin"), &[("TE", "trailers")]);
    assert_eq!(body, data());
    assert_eq!(response.body.trailer().unwrap().get("X-Sum"), Some("GET-sum"));
    // Unasked, and decoded; asked for by the caller, and left to him.
    let (response, body) = got(&client, &nginx.url("/long.txt"), &[]);
    assert_eq!((response.header.get("Content-Encoding"), response.body.length()), (None, None));
    assert_eq!(String::from_utf8(body).unwrap(), long_text());
    let (response, body) = got(&client, &nginx.url("/long.txt"), &[("Accept-Encoding", "gzip")]);
    assert_eq!(response.header.get("Content-Encoding"), Some("gzip"));
    assert!(body.starts_with(b"\x1f\x8b") && body.len() < long_text().len() / 2);
    let (response, _) = got(&client, &nginx.url("/long.txt"), &[("Accept-Encoding", "identity")]);
    assert_eq!(response.header.get("Content-Encoding"), None);
    assert_eq!(transport.counts().connected, 1);
}

#[test]
#[ignore = "needs nginx and openssl"]
fn nginx_answers_ranges_and_conditions() {
    let nginx = Web::nginx("");
    let (client, transport) = client();
    let url = nginx.url("/hello.txt");
    let (response, body) = got(&client, &url, &[("Range", "bytes=2-4")]);
    assert_eq!((response.status.code(), &body[..]), (206, &b"234"[..]));
    assert_eq!(response.header.get("Content-Range"), Some("bytes 2-4/10"));
    let tag = response.header.get("ETag").unwrap().to_owned();
    let (response, body) = got(&client, &url, &[("If-None-Match", &tag)]);
    assert_eq!((response.status.code(), body.len()), (304, 0));
    assert_eq!(got(&client, &url, &[("If-None-Match", "\"other\"")]).1, b"0123456789");
    assert_eq!(got(&client, &url, &[("Range", "bytes=20-")]).0.status.code(), 416);
    let (response, body) = got(&client, &url, &[("Range", "bytes=0-0,9-")]);
    assert!(response.header.get("Content-Type").unwrap().starts_with("multipart/byteranges"), "{body:?}");
    assert_eq!(got(&client, &nginx.url("/nothing"), &[]).0.status.code(), 404);
    assert_eq!(got(&client, &nginx.url("/empty.txt"), &[]).1, b"");
    assert_eq!(transport.counts().connected, 1, "{:?}", transport.counts());
    // After a 412 nginx closes, though it has said keep-alive. The next request finds out in time, or is sent again.
    assert_eq!(got(&client, &url, &[("If-Match", "\"other\"")]).0.status.code(), 412);
    assert_eq!(got(&client, &url, &[]).1, b"0123456789");
    assert_eq!(transport.counts().connected, 2, "{:?}", transport.counts());
}

#[test]
#[ignore = "needs nginx and openssl"]
fn nginx_redirects_in_every_way() {
    let nginx = Web::nginx(
        "location = /301 { return 301 /tell?from=301; }\nlocation = /302 { return 302 tell; }\n\
         location = /307 { return 307 /tell; }\nlocation = /308 { return 308 http://127.0.0.1:$server_port/tell; }\n\
         location = /303 { absolute_redirect off; return 303 /sub/../tell; }\nlocation = /loop { return 302 /loop; }\n\
         location = /tell { return 200 \"$request_method|$content_length|$http_referer\"; }",
    );
    let (client, transport) = client();
    for (path, told) in
        [("/301", "GET||"), ("/302", "GET||"), ("/303", "GET||"), ("/307", "POST|5|"), ("/308", "POST|5|")]
    {
        let url = nginx.url(path);
        let mut response = client.post(&url, "text/plain", "hello").unwrap();
        let body = String::from_utf8(response.read_all(MOST).unwrap()).unwrap();
        assert_eq!(body, format!("{told}{url}"), "{path}");
    }
    // A folder without its slash.
    assert_eq!(got(&client, &nginx.url("/sub"), &[]).0.status.code(), 403, "the folder, which has no index");
    let error = client.get(&nginx.url("/loop")).unwrap_err();
    assert!(matches!(error, HttpError::TooManyRedirects { .. }), "{error:?}");
    assert_eq!(transport.counts().connected, 1, "{:?}", transport.counts());
}

#[test]
#[ignore = "needs nginx and openssl"]
fn nginx_lets_the_right_user_in() {
    let nginx = Web::nginx("location /private/ { auth_basic gophers; auth_basic_user_file ROOT/../users; }");
    let (client, _) = client();
    let (response, _) = got(&client, &nginx.url("/private/secret.txt"), &[]);
    assert_eq!(response.status.code(), 401);
    let challenges = Challenge::parse_list(response.header.get("WWW-Authenticate").unwrap()).unwrap();
    assert_eq!(challenges[0].parameters[0], ("realm".to_owned(), "gophers".to_owned()));
    let with = |user: &str| nginx.url("/private/secret.txt").replace("//", &format!("//{user}@"));
    assert_eq!(got(&client, &with("user:p%3a%C3%A4"), &[]).1, b"secret");
    assert_eq!(got(&client, &with("user:p"), &[]).0.status.code(), 401);
    assert_eq!(got(&client, &with("other:p%3a%C3%A4"), &[]).0.status.code(), 401);
}

/// Who reads it fails.
struct Unread;

impl Read for Unread {
    fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        Err(std::io::Error::other("somebody reads the body"))
    }
}

/// nginx answers as soon as it has seen too much, and the rest of 50 MB is not sent.
#[test]
#[ignore = "needs nginx and openssl"]
fn nginx_refuses_an_upload_that_is_still_being_sent() {
    let nginx = Web::nginx("location /small/ { dav_methods PUT; client_max_body_size 1k; }");
    let (client, transport) = client();
    for body in [
        stream(50 << 20),
        Body::sized(std::io::repeat(b'x').take(50 << 20), 50 << 20),
        Body::from(vec![0; 50 << 20]),
    ] {
        let mut response = asked(&client, Method::PUT, &nginx.url("/small/x"), &[], body);
        assert_eq!(response.status.code(), 413);
        assert!(String::from_utf8(response.read_all(MOST).unwrap()).unwrap().contains("413"));
    }
    assert_eq!((transport.counts().returned, transport.pool().waiting()), (0, 0));
    // With Expect nothing of the body is read from its source.
    let unread = Body::sized(Unread, 50 << 20);
    let response = asked(&client, Method::PUT, &nginx.url("/small/x"), &[("Expect", "100-continue")], unread);
    assert_eq!(response.status.code(), 413);
}

#[test]
#[ignore = "needs nginx and openssl"]
fn nginx_says_100_to_who_expects_it() {
    let nginx = Web::nginx("location /dav/ { dav_methods PUT; client_max_body_size 20m; }");
    // So long that a test that needs it fails.
    let (client, _) = client_with(|config| config.timeouts.expect_continue = PATIENCE * 10);
    for body in [Body::from("short"), Body::from(data()), stream(300_000)] {
        let response = asked(&client, Method::PUT, &nginx.url("/dav/x"), &[("Expect", "100-continue")], body);
        assert!(matches!(response.status.code(), 201 | 204), "{response:?}");
    }
    assert_eq!(fs::metadata(nginx.file("dav/x")).unwrap().len(), 300_000);
}

#[test]
#[ignore = "needs nginx and openssl"]
fn nginx_closes_and_is_slow() {
    let nginx = Web::nginx(
        "location = /hello.txt { keepalive_timeout 0; }\nlocation = /data.bin { limit_rate 1k; }\n\
         keepalive_requests 3; keepalive_timeout 1s;",
    );
    let (mut client, transport) = client();
    for _ in 0..2 {
        let (response, _) = got(&client, &nginx.url("/hello.txt"), &[]);
        assert_eq!(response.header.get("Connection"), Some("close"));
    }
    assert_eq!((transport.counts().connected, transport.counts().returned), (2, 0));
    for _ in 0..4 {
        got(&client, &nginx.url("/empty.txt"), &[]);
    }
    assert_eq!(transport.counts().connected, 4, "three requests to a connection");
    // It closes the waiting connection after a second, and the next request does not stumble over that.
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_millis(1500) {
        std::thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(got(&client, &nginx.url("/empty.txt"), &[]).0.status.code(), 200);
    assert_eq!((transport.counts().connected, transport.counts().evicted), (5, 1));
    client.timeout = Some(Duration::from_millis(500));
    let mut response = client.get(&nginx.url("/data.bin")).unwrap();
    let error = response.read_all(MOST).unwrap_err();
    assert!(matches!(error, HttpError::TimedOut { phase: Phase::ResponseBody }), "{error:?}");
}

#[test]
#[ignore = "needs nginx and openssl"]
fn nginx_at_an_ipv6_address() {
    if !has_ipv6() {
        eprintln!("there is no IPv6 here");
        return;
    }
    let nginx = Web::nginx("location = /host { return 200 $http_host; }");
    let (client, _) = client();
    let authority = format!("[::1]:{}", nginx.port());
    let (_, body) = got(&client, &format!("http://{authority}/host"), &[]);
    assert_eq!(String::from_utf8(body).unwrap(), authority);
}
