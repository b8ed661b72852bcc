//! What a server or a careless caller may not make the client send: line ends in its request, a password for somebody else, a
//! cookie without end.

use std::sync::Arc;

use crate::raw::{RawServer, client, client_of, ok, request, script, transport_with};
use netprog::ch08_http_client::body::Body;
use netprog::ch08_http_client::error::{HttpError, MessageError};
use netprog::ch08_http_client::jar::{Jar, MOST_PER_DOMAIN};
use netprog::ch08_http_client::method::Method;
use netprog::ch08_http_client::multipart::Form;
use netprog::ch08_http_client::proxy::Proxies;
use netprog::ch08_http_client::redirect::MOST_REDIRECTS;
use netprog::ch08_http_client::request::Request;
use netprog::ch08_http_client::url::Url;

// --- line ends in a request -----------------------------------------------------------------------------------------

const SPLITS: [&str; 5] = ["a\r\nX-Injected: yes", "a\nb", "a\rb", "a\0b", "a\r\n\r\nGET /admin HTTP/1.1"];

#[test]
fn a_field_of_the_caller_s_cannot_become_two_or_end_the_head() {
    let (client, transport) = client();
    let sent = |change: &dyn Fn(&mut Request)| {
        let mut asked = request(Method::POST, "http://127.0.0.1:1/");
        asked.body = Body::stream(&b"x"[..]);
        change(&mut asked);
        client.send(asked).unwrap_err()
    };
    for text in SPLITS {
        let errors = [
            sent(&|asked| asked.header.add("X", text)),
            sent(&|asked| asked.header.add(text, "x")),
            sent(&|asked| asked.header.set("Host", text)),
            sent(&|asked| asked.header.set("User-Agent", text)),
            sent(&|asked| asked.header.set("Cookie", text)),
            sent(&|asked| asked.header.set("Content-Type", text)),
            sent(&|asked| asked.trailer.add("X", text)),
            sent(&|asked| asked.trailer.add(text, "x")),
        ];
        for error in errors {
            assert!(
                matches!(error, HttpError::Request(MessageError::BadField { .. })),
                "{text:?}: {error:?}"
            );
        }
        assert!(Method::from_token(text.as_bytes()).is_err(), "{text:?}");
    }
    for name in ["", " ", "a b", "a:", "ä"] {
        assert!(matches!(sent(&|asked| asked.header.add(name, "x")), HttpError::Request(_)), "{name:?}");
    }
    assert_eq!(transport.counts().connected, 0, "found before anything is sent");
}

#[test]
fn a_url_of_the_caller_s_cannot_become_two_lines() {
    for text in SPLITS {
        for url in [
            format!("http://127.0.0.1:1/{text}"),
            format!("http://127.0.0.1:1/?{text}"),
            format!("http://{text}/"),
            format!("http://{text}@127.0.0.1:1/"),
            format!("http://127.0.0.1:{text}/"),
        ] {
            assert!(Url::parse(&url).is_err(), "{url:?}");
        }
        // A fragment is not sent; an escape stays one.
        let text = text.replace('/', "%2f").replace(' ', "%20");
        let escaped = text.replace('\r', "%0d").replace('\n', "%0A").replace('\0', "%00");
        if let Ok(url) = Url::parse(&format!("http://127.0.0.1:1/{escaped}")) {
            assert!(!url.request_target().contains(char::is_control));
        }
        let credentials = Url::parse(&format!("http://u:{escaped}@127.0.0.1:1/")).unwrap();
        let error = client().0.send(Request::to(Method::GET, credentials)).unwrap_err();
        // Either no credentials at all, or they are base64 and harmless: what must not be is a line end.
        assert!(matches!(error, HttpError::Request(_) | HttpError::Connect(_)), "{error:?}");
    }
}

#[test]
fn the_names_in_a_form_and_a_proxy_s_password_stay_on_their_line() {
    let mut form = Form::new().unwrap();
    for text in SPLITS {
        form.field(text, "value");
    }
    let body = String::from_utf8(form.into_body().read_all(10_000).unwrap()).unwrap();
    assert!(!body.contains("\nX-Injected: yes\r\n") && !body.contains("\nGET /admin"), "{body}");
    let url = Url::parse("http://u:a%0d%0aX:%20y@127.0.0.1:1/").unwrap();
    assert!(matches!(Proxies::fixed(&url), Err(HttpError::BadProxy { .. })));
}

#[test]
fn the_caller_s_word_about_the_length_of_the_body_does_not_go_out() {
    let server = RawServer::one(|conn| {
        let head = conn.head();
        assert!(
            head.contains("Content-Length: 5\r\n") && !head.contains("99") && !head.contains("chunked"),
            "{head}"
        );
        assert_eq!(conn.exactly(5), b"hello");
        conn.send(ok(""));
        conn.gone();
    });
    let (client, transport) = client();
    let mut asked = request(Method::POST, &server.url("/")).with_body("text/plain", "hello");
    for (name, value) in [("Content-Length", "99"), ("content-length", "0"), ("Transfer-Encoding", "chunked")]
    {
        asked.header.add(name, value);
    }
    assert_eq!(client.send(asked).unwrap().status.code(), 200);
    drop((client, transport));
    server.finish();
}

// --- redirects ------------------------------------------------------------------------------------------------------

/// What becomes of a redirect to `location`.
fn redirected(location: &[u8]) -> Result<(), HttpError> {
    let location = location.to_vec();
    let server = RawServer::one(move |conn| {
        conn.head();
        conn.send(
            [&b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: "[..], &location, b"\r\n\r\n"].concat(),
        );
        conn.gone();
    });
    let (client, transport) = client();
    let outcome = client.get(&server.url("/")).map(|_| ());
    drop((client, transport));
    server.finish();
    outcome
}

#[test]
fn a_redirect_leads_to_http_or_nowhere() {
    for location in
        ["ftp://127.0.0.1/x", "gopher://127.0.0.1:1/", "unix://h/s", "file://h/etc/passwd", "ws://h/"]
    {
        let error = redirected(location.as_bytes()).unwrap_err();
        assert!(matches!(error, HttpError::UnsupportedScheme { .. }), "{location}: {error:?}");
    }
    for location in [
        "javascript:alert(1)",
        "file:///etc/passwd",
        "data:text/html,x",
        "mailto:a@b",
        "http:///x",
        "http://[::1",
        "http://h:99999/",
        "http://a b/",
        "/a b",
        "/%zz",
        "//",
        "http://u\"v@h/",
        "http://[fe80::1%25lo]/",
        ":",
    ] {
        let error = redirected(location.as_bytes()).unwrap_err();
        assert!(
            matches!(error, HttpError::BadRedirect { .. } | HttpError::UnsupportedScheme { .. }),
            "{location}: {error:?}"
        );
        assert!(error.to_string().len() < 300, "{error}");
    }
    let error = redirected(b"https://127.0.0.1:1/").unwrap_err();
    assert!(error.to_string().contains("TLS"), "{error}");
}

#[test]
fn a_location_that_is_no_url_is_quoted_without_its_password() {
    for location in ["http://u:secret@h:99999/", "//u:secret@[::1", "http://u:sec ret@h/", "http:u:secret@h"]
    {
        let error = redirected(location.as_bytes()).unwrap_err();
        assert!(matches!(error, HttpError::BadRedirect { .. }), "{location}: {error:?}");
        assert!(!format!("{error} {error:?}").contains("sec"), "{location}: {error:?}");
    }
}

#[test]
fn a_location_of_any_length_is_followed_or_refused_and_quoted_in_short() {
    let long = format!("http://{}/", "a".repeat(10_000));
    let error = redirected(long.as_bytes()).unwrap_err();
    assert!(error.to_string().len() < 500, "{error}");
    let server = RawServer::one(|conn| {
        conn.head();
        let path = format!("/{}", "a".repeat(10_000));
        conn.send(format!("HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: {path}\r\n\r\n"));
        assert!(conn.head().starts_with(&format!("GET {path} HTTP/1.1\r\n")));
        conn.send(ok("there"));
        conn.gone();
    });
    let (client, transport) = client();
    assert_eq!(client.get(&server.url("/")).unwrap().read_all(10).unwrap(), b"there");
    drop((client, transport));
    server.finish();
}

#[test]
fn a_loop_of_redirects_ends_also_where_each_makes_the_url_longer() {
    let server = RawServer::one(|conn| {
        for round in 0.. {
            if conn.head().is_empty() {
                assert_eq!(round, MOST_REDIRECTS + 1);
                return;
            }
            conn.send("HTTP/1.1 307 Again\r\nContent-Length: 0\r\nLocation: x/x/\r\n\r\n");
        }
    });
    let (client, transport) = client();
    let error = client.post(&server.url("/"), "text/plain", "again").unwrap_err();
    assert!(matches!(error, HttpError::TooManyRedirects { limit: MOST_REDIRECTS, .. }), "{error:?}");
    drop((client, transport));
    server.finish();
}

/// The redirect's own user is asked for, the caller's password is not given away, and neither is in a `Referer` or a message.
#[test]
fn credentials_in_a_location_are_for_that_place_alone() {
    let second = RawServer::one(|conn| {
        let head = conn.head();
        assert!(head.contains("Authorization: Basic ZXZpbDp0d28=\r\n"), "{head}");
        assert!(!head.contains("b25lOnNlY3JldA") && !head.contains("secret"), "{head}");
        conn.send("HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: ftp://evil:two@h/\r\n\r\n");
        conn.gone();
    });
    // Another name for another host: the port alone would not make it one.
    let to = second.url("/").replace("http://", "http://evil:two@").replace("127.0.0.1", "localhost");
    let first = RawServer::one(move |conn| {
        assert!(conn.head().contains("Authorization: Basic b25lOnNlY3JldA==\r\n"));
        conn.send(format!("HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: {to}\r\n\r\n"));
        conn.gone();
    });
    let (client, transport) = client();
    let url = first.url("/").replace("http://", "http://one:secret@");
    let error = client.get(&url).unwrap_err();
    assert!(!error.to_string().contains("two") && !format!("{error:?}").contains("two"), "{error:?}");
    drop((client, transport));
    first.finish();
    second.finish();
}

// --- cookies --------------------------------------------------------------------------------------------------------

#[test]
fn a_server_that_sets_ten_thousand_cookies_leaves_a_jar_of_fifty() {
    let server = RawServer::new(vec![script(|conn| {
        for round in 0..11 {
            let head = conn.head();
            let sent = head.lines().find(|line| line.starts_with("Cookie: ")).unwrap_or_default();
            assert!(sent.split("; ").count() <= MOST_PER_DOMAIN, "{} bytes", sent.len());
            let mut answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n".to_owned();
            for number in 0..990 {
                answer.push_str(&format!("Set-Cookie: c{round}-{number}=v; Max-Age=9999999999999999999\r\n"));
            }
            conn.send(answer + "\r\n");
        }
        conn.gone();
    })]);
    let transport = transport_with(|_| {});
    let jar = Arc::new(Jar::new());
    let mut client = client_of(&transport);
    client.jar = Some(Arc::clone(&jar));
    for _ in 0..11 {
        assert_eq!(client.get(&server.url("/")).unwrap().status.code(), 200);
    }
    assert_eq!(jar.len(), MOST_PER_DOMAIN);
    drop((client, transport));
    server.finish();
}

#[test]
fn a_cookie_of_a_megabyte_or_for_others_is_not_kept() {
    let transport = transport_with(|_| {});
    for field in [
        format!("a={}", "x".repeat(1_000_000)),
        format!("{}=x", "a".repeat(5_000)),
        "a=b; Domain=com".to_owned(),
        "a=b; Domain=0.0.1".to_owned(),
        "a=b; Domain=example.com".to_owned(),
        "__Host-a=b; Path=/".to_owned(),
        "a=b; Secure".to_owned(),
    ] {
        let server = RawServer::one(move |conn| {
            conn.head();
            conn.send(format!("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nSet-Cookie: {field}\r\n\r\n"));
            conn.gone();
        });
        let jar = Arc::new(Jar::new());
        let mut client = client_of(&transport);
        client.jar = Some(Arc::clone(&jar));
        assert_eq!(client.get(&server.url("/")).unwrap().status.code(), 200);
        assert!(jar.is_empty(), "{jar:?}");
        transport.pool().close_waiting();
        server.finish();
    }
}
