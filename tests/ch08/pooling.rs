//! Connections that wait for the next request: who may use them, how many there are, and what happens to stale ones.

use std::sync::mpsc;
use std::time::Duration;

use netprog::base::trace;
use netprog::ch08_http_client::body::Body;
use netprog::ch08_http_client::client::Client;
use netprog::ch08_http_client::error::HttpError;
use netprog::ch08_http_client::method::Method;
use netprog::ch08_http_client::request::Request as ClientRequest;

use crate::raw::{RawServer, client, client_of, ok, request, script, transport_with};
use crate::support::PATIENCE;

/// Four requests, one connection; the last one says that it is the last. Row 8.32.
#[test]
fn the_close_flag_on_the_last_of_four_ends_the_connection_after_it() {
    trace::chapter("ch08");
    let _me = trace::party("client");
    let server = RawServer::one(|conn| {
        for number in 1..=4 {
            let closes = conn.head().contains("\r\nConnection: close\r\n");
            assert_eq!(closes, number == 4, "{number}");
            conn.send(ok("x"));
        }
        // The server keeps the connection; it is the client who closes.
        assert_eq!(conn.gone(), 0);
    });
    let (client, transport) = client();
    for number in 1..=4 {
        let mut request = request(Method::GET, &server.url("/"));
        request.close = number == 4;
        client.send(request).unwrap().read_all(10).unwrap();
    }
    let counts = transport.counts();
    assert_eq!((counts.connected, counts.reused, counts.returned, counts.dropped), (1, 3, 3, 1));
    server.finish();
}

#[test]
fn a_server_that_closes_after_its_response_is_taken_at_its_word() {
    let answer = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx";
    let one = move || {
        script(move |conn| {
            conn.head();
            conn.send(answer);
            conn.gone();
        })
    };
    let server = RawServer::new(vec![one(), one()]);
    let (client, transport) = client();
    for _ in 0..2 {
        client.get(&server.url("/")).unwrap().read_all(10).unwrap();
    }
    assert_eq!((transport.counts().connected, transport.pool().waiting()), (2, 0));
    server.finish();
}

// --- limits (row 8.33) --------------------------------------------------------------------------------------------------

/// Answers until the client closes; what it hears then it tells.
fn server_that_tells(told: mpsc::Sender<usize>, number: usize) -> RawServer {
    RawServer::one(move |conn| {
        while !conn.head().is_empty() {
            conn.send(ok("x"));
        }
        let _ = told.send(number);
    })
}

#[test]
fn the_connection_that_has_waited_longest_makes_room() {
    let (told, closed) = mpsc::channel();
    let servers: Vec<RawServer> = (0..4).map(|number| server_that_tells(told.clone(), number)).collect();
    let transport = transport_with(|config| config.pool.total = 3);
    let client = client_of(&transport);
    for server in &servers {
        client.get(&server.url("/")).unwrap().read_all(10).unwrap();
    }
    assert_eq!((transport.pool().waiting(), transport.counts().evicted), (3, 1));
    assert_eq!(closed.recv_timeout(PATIENCE).unwrap(), 0, "the first");
    transport.pool().close_waiting();
    assert_eq!((transport.pool().waiting(), transport.counts().evicted), (0, 4));
    servers.into_iter().for_each(RawServer::finish);
}

#[test]
fn two_connections_per_host_wait_and_a_third_is_closed() {
    let (both, at_once) = (std::sync::Arc::new(std::sync::Barrier::new(3)), 3);
    let one = || {
        let both = std::sync::Arc::clone(&both);
        script(move |conn| {
            conn.head();
            both.wait();
            conn.send(ok("x"));
            conn.gone();
        })
    };
    let server = RawServer::new((0..at_once).map(|_| one()).collect());
    let (client, transport) = client();
    std::thread::scope(|scope| {
        for _ in 0..at_once {
            scope.spawn(|| client.get(&server.url("/")).unwrap().read_all(10).unwrap());
        }
    });
    assert_eq!((transport.pool().waiting(), transport.counts().evicted), (2, 1));
    transport.pool().close_waiting();
    server.finish();
}

#[test]
fn a_connection_that_has_waited_too_long_is_not_used() {
    let one = || {
        script(|conn| {
            conn.head();
            conn.send(ok("x"));
            conn.gone();
        })
    };
    let server = RawServer::new(vec![one(), one()]);
    let transport = transport_with(|config| config.pool.idle = Duration::ZERO);
    for _ in 0..2 {
        client_of(&transport).get(&server.url("/")).unwrap().read_all(10).unwrap();
    }
    assert_eq!((transport.counts().connected, transport.counts().reused), (2, 0));
    transport.pool().close_waiting();
    server.finish();
}

#[test]
fn hosts_ports_and_transports_do_not_share_connections() {
    let (told, _closed) = mpsc::channel();
    let (one, other) = (server_that_tells(told.clone(), 0), server_that_tells(told, 1));
    let (client, transport) = client();
    client.get(&one.url("/")).unwrap().read_all(10).unwrap();
    client.get(&other.url("/")).unwrap().read_all(10).unwrap();
    assert_eq!((transport.counts().connected, transport.counts().reused), (2, 0));
    transport.pool().close_waiting();
    one.finish();
    other.finish();
}

// --- what a waiting connection may not do ---------------------------------------------------------------------------------

/// Waits until what the other side did has arrived here: the loopback delivers in the sender's thread.
fn after(told: &mpsc::Receiver<()>) {
    told.recv_timeout(PATIENCE).unwrap();
}

#[test]
fn a_connection_the_server_has_closed_while_it_waited_is_not_used() {
    let (told, closed) = mpsc::channel();
    let server = RawServer::new(vec![
        script(move |conn| {
            conn.head();
            conn.send(ok("x"));
            conn.finish();
            told.send(()).unwrap();
            conn.gone();
        }),
        script(|conn| {
            assert!(conn.head().starts_with("POST "), "even a POST: nothing was sent on the first");
            conn.send(ok("y"));
        }),
    ]);
    let (client, transport) = client();
    client.get(&server.url("/")).unwrap().read_all(10).unwrap();
    after(&closed);
    let mut response = client.post(&server.url("/"), "text/plain", "x").unwrap();
    assert_eq!(response.read_all(10).unwrap(), b"y");
    assert_eq!((transport.counts().connected, transport.counts().evicted), (2, 1));
    server.finish();
}

/// Bytes that nobody asked for, within the body's write and after it: the next request must not take them for its answer.
#[test]
fn what_a_server_sends_beyond_its_length_is_never_the_next_response() {
    let evil = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil";
    for at_once in [true, false] {
        let (told, sent) = mpsc::channel();
        let (read, heard) = mpsc::channel::<()>();
        let server = RawServer::new(vec![
            script(move |conn| {
                conn.head();
                if at_once {
                    conn.send(format!("{}{evil}", ok("good")));
                } else {
                    conn.send(ok("good"));
                    heard.recv_timeout(PATIENCE).unwrap();
                    conn.send(evil);
                }
                told.send(()).unwrap();
                conn.gone();
            }),
            script(|conn| {
                conn.head();
                conn.send(ok("fine"));
            }),
        ]);
        let (client, transport) = client();
        assert_eq!(client.get(&server.url("/")).unwrap().read_all(10).unwrap(), b"good");
        let _ = read.send(());
        after(&sent);
        assert_eq!(
            client.get(&server.url("/")).unwrap().read_all(10).unwrap(),
            b"fine",
            "at once: {at_once}"
        );
        assert_eq!(transport.counts().evicted, 1);
        server.finish();
    }
}

// --- the stale connection (row 8.34) ----------------------------------------------------------------------------------------

/// A server that answers the first request of its first connection, reads the second, and closes without a word. It has a second
/// connection, on which it answers.
fn goes_stale() -> RawServer {
    RawServer::new(vec![
        script(|conn| {
            conn.head();
            conn.send(ok("first"));
            // The client has sent its next request before it can know. It may have a body, which is read too: else there is a reset.
            let head = conn.head();
            if head.contains("Content-Length: 4") {
                conn.exactly(4);
            }
        }),
        script(|conn| {
            let head = conn.head();
            if head.contains("Content-Length: 4") {
                assert_eq!(conn.exactly(4), b"body");
            }
            conn.send(ok("second"));
        }),
    ])
}

fn asked_twice(client: &Client, second: ClientRequest) -> Result<Vec<u8>, HttpError> {
    let url = second.url.to_string();
    assert_eq!(client.get(&url).unwrap().read_all(10).unwrap(), b"first");
    client.send(second)?.read_all(10)
}

#[test]
fn a_get_on_a_stale_connection_is_sent_again_on_a_fresh_one() {
    let server = goes_stale();
    let (client, transport) = client();
    let answer = asked_twice(&client, request(Method::GET, &server.url("/")));
    assert_eq!(answer.unwrap(), b"second");
    let counts = transport.counts();
    assert_eq!((counts.connected, counts.reused, counts.dropped), (2, 1, 1));
    server.finish();
}

#[test]
fn so_is_a_put_with_a_body_in_memory_and_a_post_with_an_idempotency_key() {
    for (method, key) in [(Method::PUT, None), (Method::POST, Some("k1"))] {
        let server = goes_stale();
        let mut second = request(method, &server.url("/")).with_body("text/plain", "body");
        if let Some(key) = key {
            second.header.set("Idempotency-Key", key);
        }
        assert_eq!(asked_twice(&client().0, second).unwrap(), b"second");
        server.finish();
    }
}

#[test]
fn a_post_and_a_body_that_is_gone_are_not_sent_again() {
    let once = |body: Body, method: Method| {
        let server = RawServer::one(|conn| {
            conn.head();
            conn.send(ok("first"));
            conn.head();
            conn.exactly(4);
        });
        let (client, transport) = client();
        let second = request(method, &server.url("/")).with_body("text/plain", body);
        let error = asked_twice(&client, second).unwrap_err();
        assert!(matches!(error, HttpError::NoResponse), "{error:?}");
        assert_eq!(transport.counts().connected, 1);
        server.finish();
    };
    once(Body::from("body"), Method::POST);
    once(Body::sized(&b"body"[..], 4), Method::PUT);
}

#[test]
fn a_fresh_connection_that_breaks_is_not_tried_again() {
    let server = RawServer::one(|conn| {
        conn.head();
    });
    let (client, transport) = client();
    let error = client.get(&server.url("/")).unwrap_err();
    assert!(matches!(error, HttpError::NoResponse), "{error:?}");
    assert_eq!(transport.counts().connected, 1);
    server.finish();
}

#[test]
fn a_server_that_began_to_answer_is_not_asked_again() {
    let server = RawServer::one(|conn| {
        conn.head();
        conn.send(ok("first"));
        conn.head();
        conn.send("HTTP/1.1 2");
    });
    let (client, transport) = client();
    let error = asked_twice(&client, request(Method::GET, &server.url("/"))).unwrap_err();
    assert!(matches!(error, HttpError::Response { .. }), "{error:?}");
    assert_eq!(transport.counts().connected, 1);
    server.finish();
}

/// A response of class 1xx is an answer: the server has the request, and may be at work on it.
#[test]
fn nor_is_one_that_sent_a_response_of_class_1xx_and_closed() {
    let server = RawServer::one(|conn| {
        conn.head();
        conn.send(ok("first"));
        conn.head();
        conn.send("HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n");
    });
    let (client, transport) = client();
    let error = asked_twice(&client, request(Method::GET, &server.url("/"))).unwrap_err();
    assert!(matches!(error, HttpError::NoResponse), "{error:?}");
    assert_eq!(transport.counts().connected, 1);
    server.finish();
}
