//! The step beyond: WebSocket, a request that becomes a conversation. Row H.22 (101 switches the protocol).

use std::io::{BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::Mutex;
use std::sync::mpsc;

use netprog::base::cancel::Cancel;
use netprog::base::trace;
use netprog::ch08_http_client::codec::{HeadLimits, read_response_head};
use netprog::ch08_http_client::header::Header;
use netprog::ch08_http_client::message::ResponseHead;
use netprog::ch08_http_client::status::Status;
use netprog::ch08_http_client::transport::Transport;
use netprog::ch09_http_server::handler::{Request, ResponseWriter};
use netprog::ch09_http_server::test_server::TestServer;
use netprog::ch09_http_server::websocket::client::{ConnectError, connect};
use netprog::ch09_http_server::websocket::{
    CloseCode, Message, Options, Origins, WebSocket, echo_handler, upgrade,
};

use crate::support::PATIENCE;

fn url(server: &TestServer) -> String {
    format!("ws://{}/", server.address())
}

fn open(server: &TestServer, options: &Options) -> WebSocket {
    connect(&Transport::default(), &url(server), options, &Cancel::after(PATIENCE)).unwrap()
}

fn text(text: &str) -> Option<Message> {
    Some(Message::Text(text.to_owned()))
}

/// A GET becomes a WebSocket: 101, and from there on frames. The client's are masked, the server's are not.
///
/// Watch: the bytes behind the 101. `81 85` begins the client's text, `81 05` the server's. Row H.22.
#[test]
fn a_request_becomes_a_conversation() {
    let _me = trace::party("client");
    trace::chapter("ch09");
    let server = TestServer::new(echo_handler(Options::default()));
    let mut socket = open(&server, &Options::default());
    socket.write_text("Hello").unwrap();
    assert_eq!(socket.read().unwrap(), text("Hello"));
    let bytes: Vec<u8> = (0..100_000).map(|index| (index % 251) as u8).collect();
    socket.write_binary(&bytes).unwrap();
    assert_eq!(socket.read().unwrap(), Some(Message::Binary(bytes)));
    let reason = socket.close(CloseCode::NORMAL, "thank you").unwrap();
    assert_eq!(reason.code, Some(CloseCode::NORMAL));
}

/// The server speaks first, and both sides at once: neither asks, neither answers.
///
/// Watch: the server's thread writes while its other half waits for the client.
#[test]
fn two_threads_of_a_handler_write_and_read_at_once() {
    let _me = trace::party("client");
    trace::chapter("ch09");
    let handler = |response: &mut dyn ResponseWriter, request: &mut Request| {
        let _me = trace::party("server");
        let Ok(socket) = upgrade(response, request, &Options::default()) else { return };
        let (mut reader, writer) = socket.split();
        let writing = std::thread::spawn(move || {
            for count in 0..10 {
                writer.write_text(&count.to_string()).unwrap();
            }
        });
        while let Ok(Some(_)) = reader.read() {}
        writing.join().unwrap();
    };
    let server = TestServer::new(handler);
    let mut socket = open(&server, &Options::default());
    socket.write_text("not a question").unwrap();
    for count in 0..10 {
        assert_eq!(socket.read().unwrap(), text(&count.to_string()));
    }
    socket.close(CloseCode::NORMAL, "").unwrap();
}

/// The server picks the first subprotocol of its own list that the client offers.
#[test]
fn both_sides_agree_on_a_subprotocol() {
    let named = |protocols: &[&str]| Options {
        protocols: protocols.iter().map(|name| (*name).to_owned()).collect(),
        ..Options::default()
    };
    let server = TestServer::new(echo_handler(named(&["chat.v2", "chat.v1"])));
    for (offered, chosen) in [
        (&["chat.v1", "chat.v2"][..], Some("chat.v2")),
        (&["other", "chat.v1"], Some("chat.v1")),
        (&["other"], None),
        (&[], None),
    ] {
        assert_eq!(open(&server, &named(offered)).protocol(), chosen, "{offered:?}");
    }
}

/// A message that is too long ends the connection, and the code says why.
#[test]
fn a_message_that_is_too_long_is_refused_with_1009() {
    let server = TestServer::new(echo_handler(Options { max_message: 10, ..Options::default() }));
    let mut socket = open(&server, &Options::default());
    socket.write_text("0123456789").unwrap();
    assert_eq!(socket.read().unwrap(), text("0123456789"));
    socket.write_text("0123456789a").unwrap();
    assert_eq!(socket.read().unwrap(), None);
    assert_eq!(socket.close_reason().unwrap().code, Some(CloseCode::TOO_BIG));
}

// --- the handshake --------------------------------------------------------------------------------------------------

const ASK: &[(&str, &str)] = &[
    ("Host", "example.com"),
    ("Upgrade", "websocket"),
    ("Connection", "keep-alive, Upgrade"),
    ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ("Sec-WebSocket-Version", "13"),
];

/// Fields by name and value.
type Changed<'a> = &'a [(&'a str, &'a str)];

/// Sends a request with these fields in place of, or beside, those of `ASK`; an empty value takes one away.
fn ask(server: &TestServer, line: &str, changed: Changed<'_>) -> (TcpStream, ResponseHead) {
    let mut header = Header::new();
    for (name, value) in ASK.iter().chain(changed) {
        header.set(name, *value);
    }
    let mut request = format!("{line}\r\n");
    for (name, value) in header.iter().filter(|(_, value)| !value.is_empty()) {
        request.push_str(&format!("{name}: {}\r\n", std::str::from_utf8(value).unwrap()));
    }
    request.push_str("\r\n");
    let mut conn = TcpStream::connect(server.address()).unwrap();
    conn.set_read_timeout(Some(PATIENCE)).unwrap();
    conn.write_all(request.as_bytes()).unwrap();
    let mut reader = BufReader::with_capacity(1, conn.try_clone().unwrap());
    let head = read_response_head(&mut reader, HeadLimits::default()).unwrap().unwrap();
    (conn, head)
}

/// The key and answer of RFC 6455, 1.3; and a client that sends its first frame together with its request loses nothing.
#[test]
fn the_answer_to_the_key_is_the_one_of_the_rfc() {
    let server = TestServer::new(echo_handler(Options::default()));
    let (mut conn, head) = ask(&server, "GET /chat HTTP/1.1", &[]);
    assert_eq!(head.status, Status::SWITCHING_PROTOCOLS);
    assert_eq!(head.header.get("Sec-WebSocket-Accept"), Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
    assert!(head.header.has_token("Connection", "Upgrade") && head.header.has_token("Upgrade", "websocket"));
    // "Hello", masked, as RFC 6455, 5.7 has it.
    conn.write_all(&[0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58]).unwrap();
    let mut answer = [0; 7];
    conn.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"\x81\x05Hello");
}

/// Every request that is none for a WebSocket gets an answer that says what is missing.
///
/// Watch: 426 names the protocol and the version to ask with.
#[test]
fn a_request_that_is_none_for_a_websocket_is_answered() {
    let server = TestServer::new(echo_handler(Options::default()));
    let get = "GET / HTTP/1.1";
    let cases: [(&str, Changed<'_>, u16); 14] = [
        ("POST / HTTP/1.1", &[], 405),
        ("GET / HTTP/1.0", &[], 400),
        (get, &[("Upgrade", "")], 426),
        (get, &[("Upgrade", "h2c")], 426),
        (get, &[("Connection", "keep-alive")], 400),
        (get, &[("Sec-WebSocket-Version", "")], 426),
        (get, &[("Sec-WebSocket-Version", "8")], 426),
        (get, &[("Sec-WebSocket-Version", "13, 8")], 426),
        (get, &[("Sec-WebSocket-Key", "")], 400),
        (get, &[("Sec-WebSocket-Key", "c2hvcnQ=")], 400),
        (get, &[("Sec-WebSocket-Key", "not base64 at all!!!!!!!")], 400),
        (get, &[("Content-Length", "5")], 400),
        (get, &[("Origin", "http://evil.example")], 403),
        (get, &[("Origin", "null")], 403),
    ];
    for (line, changed, code) in cases {
        let (_, head) = ask(&server, line, changed);
        assert_eq!(head.status.code(), code, "{line} {changed:?}");
        if code == 426 {
            assert_eq!(head.header.get("Sec-WebSocket-Version"), Some("13"));
            assert_eq!(head.header.get("Upgrade"), Some("websocket"));
        }
    }
}

/// A browser sends the user's cookies with whatever page asks. Only pages from here may speak in the user's name.
#[test]
fn only_pages_from_this_host_are_let_in_unless_others_are_named() {
    let friends = Origins::Only(vec!["https://friend.example".to_owned()]);
    let cases = [
        (Origins::SameHost, "http://example.com", 101),
        (Origins::SameHost, "https://EXAMPLE.com:443", 101),
        (Origins::SameHost, "http://example.com:8080", 403),
        (Origins::SameHost, "http://example.com.evil.example", 403),
        (friends.clone(), "https://friend.example", 101),
        (friends.clone(), "http://friend.example", 403),
        (friends, "http://example.com", 403),
        (Origins::Any, "null", 101),
    ];
    for (origins, origin, code) in cases {
        let options = Options { origins: origins.clone(), ..Options::default() };
        let server = TestServer::new(echo_handler(options));
        let (_, head) = ask(&server, "GET / HTTP/1.1", &[("Origin", origin)]);
        assert_eq!(head.status.code(), code, "{origins:?} {origin}");
    }
}

/// What a middleware has set goes out with the 101; what would break it does not.
#[test]
fn the_fields_of_the_handler_go_out_with_the_101() {
    let handler = |response: &mut dyn ResponseWriter, request: &mut Request| {
        response.header().set("Set-Cookie", "seen=1");
        response.header().set("Content-Length", "5");
        let _ = upgrade(response, request, &Options::default());
    };
    let (_, head) = ask(&TestServer::new(handler), "GET / HTTP/1.1", &[]);
    assert_eq!(head.status, Status::SWITCHING_PROTOCOLS);
    assert_eq!((head.header.get("Set-Cookie"), head.header.get("Content-Length")), (Some("seen=1"), None));
}

/// Our client believes no 101 that does not answer its key.
#[test]
fn a_101_that_does_not_answer_the_key_is_refused() {
    let handler = |response: &mut dyn ResponseWriter, _: &mut Request| {
        let mut hijacked = response.hijack().unwrap();
        let answer = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
            Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
        hijacked.writer.write_all(answer.as_bytes()).unwrap();
    };
    let server = TestServer::new(handler);
    let refused =
        connect(&Transport::default(), &url(&server), &Options::default(), &Cancel::after(PATIENCE));
    assert!(matches!(refused, Err(ConnectError::BadAnswer(_))), "{refused:?}");
    let server = TestServer::new(|response: &mut dyn ResponseWriter, _: &mut Request| {
        response.write_status(Status::UNAUTHORIZED);
    });
    let refused =
        connect(&Transport::default(), &url(&server), &Options::default(), &Cancel::after(PATIENCE));
    assert!(
        matches!(refused, Err(ConnectError::Refused { status: Status::UNAUTHORIZED, .. })),
        "{refused:?}"
    );
}

/// A chat room in a dozen lines: writers are shared, so a message goes from any thread to everybody.
///
/// Watch: alice writes once, and both read it.
#[test]
fn a_message_goes_from_one_client_to_all() {
    trace::chapter("ch09");
    let room = Mutex::new(Vec::new());
    let handler = move |response: &mut dyn ResponseWriter, request: &mut Request| {
        let Ok(mut socket) = upgrade(response, request, &Options::default()) else { return };
        room.lock().unwrap().push(socket.writer());
        socket.write_text("welcome").unwrap();
        while let Ok(Some(Message::Text(line))) = socket.read() {
            room.lock().unwrap().retain(|other| other.write_text(&line).is_ok());
        }
    };
    let server = TestServer::new(handler);
    let (told, heard) = mpsc::channel();
    let mut alice = open(&server, &Options::default());
    assert_eq!(alice.read().unwrap(), text("welcome"));
    let mut bob = open(&server, &Options::default());
    assert_eq!(bob.read().unwrap(), text("welcome"));
    let reading = std::thread::spawn(move || {
        let _me = trace::party("bob");
        told.send(bob.read().unwrap()).unwrap();
    });
    let _me = trace::party("alice");
    alice.write_text("hello, all").unwrap();
    assert_eq!(alice.read().unwrap(), text("hello, all"));
    assert_eq!(heard.recv_timeout(PATIENCE).unwrap(), text("hello, all"));
    reading.join().unwrap();
}
