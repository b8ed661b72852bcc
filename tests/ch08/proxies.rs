//! A proxy in between: the whole URL for one that reads, a tunnel for one that does not. Row H.20.

use std::io::Read;
use std::sync::Arc;

use netprog::base::cancel::Cancel;
use netprog::ch08_http_client::client::Client;
use netprog::ch08_http_client::error::{HttpError, Phase};
use netprog::ch08_http_client::method::Method;
use netprog::ch08_http_client::proxy::Proxies;
use netprog::ch08_http_client::status::Status;
use netprog::ch08_http_client::transport::Transport;
use netprog::ch08_http_client::url::Url;

use crate::raw::{RawServer, client_of, ok, request, script, transport_with};

/// A client whose requests all go through this proxy.
fn through(proxy: &RawServer, tunnel: bool) -> (Client, Arc<Transport>) {
    let url = Url::parse(&proxy.url("/").replace("//", "//u:p@")).unwrap();
    let proxies = Proxies::fixed(&url).unwrap().tunnelling(tunnel);
    let transport = transport_with(|config| config.proxies = proxies);
    (client_of(&transport), transport)
}

#[test]
fn a_proxy_that_reads_gets_the_whole_url_and_its_own_credentials() {
    let proxy = RawServer::one(|conn| {
        let head = conn.head();
        assert!(
            head.starts_with("GET http://one.example:8080/a?b HTTP/1.1\r\nHost: one.example:8080\r\n"),
            "{head}"
        );
        assert!(head.contains("\r\nProxy-Authorization: Basic dTpw\r\n"), "{head}");
        assert!(!head.contains("\r\nAuthorization"), "{head}");
        conn.send(ok("one"));
        // Another host, the same connection: it leads to the proxy.
        let head = conn.head();
        assert!(head.starts_with("GET http://two.example/ HTTP/1.1\r\n"), "{head}");
        assert!(head.contains("\r\nAuthorization: Basic eDp5\r\n"), "{head}");
        conn.send(ok("two"));
    });
    let (client, transport) = through(&proxy, false);
    assert_eq!(client.get("http://one.example:8080/a?b#c").unwrap().read_all(10).unwrap(), b"one");
    assert_eq!(client.get("http://x:y@two.example").unwrap().read_all(10).unwrap(), b"two");
    assert_eq!((transport.counts().connected, transport.counts().reused), (1, 1));
    proxy.finish();
}

#[test]
fn a_tunnel_is_asked_for_by_name_and_then_the_request_is_as_without_a_proxy() {
    let proxy = RawServer::one(|conn| {
        let head = conn.head();
        assert!(head.starts_with("CONNECT one.example:80 HTTP/1.1\r\nHost: one.example:80\r\n"), "{head}");
        assert!(head.contains("\r\nProxy-Authorization: Basic dTpw\r\n"), "{head}");
        conn.send("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 Connected\r\n\r\n");
        for answer in ["one", "again"] {
            let head = conn.head();
            assert!(head.starts_with("GET /a HTTP/1.1\r\nHost: one.example\r\n"), "{head}");
            assert!(!head.contains("Proxy-Authorization"), "{head}");
            conn.send(ok(answer));
        }
    });
    let (client, transport) = through(&proxy, true);
    for answer in ["one", "again"] {
        assert_eq!(client.get("http://one.example/a").unwrap().read_all(10).unwrap(), answer.as_bytes());
    }
    assert_eq!((transport.counts().connected, transport.counts().reused), (1, 1));
    proxy.finish();
}

#[test]
fn tunnels_to_two_hosts_are_two_connections() {
    let tunnel = |host: &'static str| {
        script(move |conn| {
            assert!(conn.head().starts_with(&format!("CONNECT {host}:80 ")));
            conn.send("HTTP/1.1 200 OK\r\n\r\n");
            conn.head();
            conn.send(ok(host));
            conn.gone();
        })
    };
    let proxy = RawServer::new(vec![tunnel("one.example"), tunnel("two.example")]);
    let (client, transport) = through(&proxy, true);
    for host in ["one.example", "two.example"] {
        let mut response = client.get(&format!("http://{host}/")).unwrap();
        assert_eq!(response.read_all(100).unwrap(), host.as_bytes());
    }
    assert_eq!((transport.counts().connected, transport.pool().waiting()), (2, 2));
    transport.pool().close_waiting();
    proxy.finish();
}

#[test]
fn a_refused_tunnel_is_an_error_that_says_why() {
    for (answer, code) in [
        ("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 3\r\n\r\nwho", 407),
        ("HTTP/1.1 502 Bad Gateway\r\n\r\n", 502),
    ] {
        let proxy = RawServer::one(move |conn| {
            conn.head();
            conn.send(answer);
        });
        let error = through(&proxy, true).0.get("http://one.example/").unwrap_err();
        let HttpError::TunnelRefused { target, status } = error else { panic!("{error:?}") };
        assert_eq!((target.as_str(), status.code()), ("one.example:80", code));
        proxy.finish();
    }
    let proxy = RawServer::one(|conn| {
        conn.head();
    });
    let error = through(&proxy, true).0.get("http://one.example/").unwrap_err();
    assert!(matches!(error, HttpError::Response { phase: Phase::Handshake, .. }), "{error:?}");
    proxy.finish();
    let proxy = RawServer::one(|conn| {
        conn.head();
        conn.send("HTTP/1.1 102 Processing\r\n\r\n".repeat(100));
        conn.gone();
    });
    let error = through(&proxy, true).0.get("http://one.example/").unwrap_err();
    assert!(matches!(error, HttpError::TooManyInformational { .. }), "{error:?}");
    proxy.finish();
}

/// `https` always needs a tunnel, and inside it TLS, which this transport has not: nothing is sent into the tunnel in the clear.
#[test]
fn https_through_a_proxy_asks_for_a_tunnel_and_sends_nothing_into_it_in_the_clear() {
    let proxy = RawServer::one(|conn| {
        assert!(conn.head().starts_with("CONNECT one.example:443 "));
        conn.send("HTTP/1.1 200 OK\r\n\r\n");
        assert_eq!(conn.gone(), 0);
    });
    let error = through(&proxy, false).0.get("https://one.example/").unwrap_err();
    assert!(matches!(error, HttpError::UnsupportedScheme { .. }), "{error:?}");
    proxy.finish();
}

#[test]
fn waiting_for_a_tunnel_can_be_cancelled() {
    let cancel = Cancel::new();
    let ends = cancel.clone();
    let proxy = RawServer::one(move |conn| {
        conn.head();
        ends.cancel();
        conn.gone();
    });
    let error = through(&proxy, true)
        .0
        .send(request(Method::GET, "http://one.example/").with_cancel(&cancel))
        .unwrap_err();
    assert!(matches!(error, HttpError::Cancelled { phase: Phase::Handshake }), "{error:?}");
    proxy.finish();
}

/// The tunnel's first bytes may come with the proxy's answer: they are the server's.
#[test]
fn what_follows_the_proxy_s_answer_belongs_to_the_tunnel() {
    let proxy = RawServer::one(|conn| {
        conn.head();
        conn.send(
            "HTTP/1.1 200 OK\r\nX: y\r\n\r\nHTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\nbye",
        );
        conn.finish();
        conn.gone();
    });
    let mut response = through(&proxy, true).0.get("http://one.example/").unwrap();
    assert_eq!(response.status, Status::REQUEST_TIMEOUT);
    let mut text = String::new();
    response.body.read_to_string(&mut text).unwrap();
    assert_eq!(text, "bye");
    proxy.finish();
}
