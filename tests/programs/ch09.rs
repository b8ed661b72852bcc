//! `ch09_server` as a child process: it answers, says what is wrong, and stops in the middle of what it is at.

use std::net::{SocketAddr, TcpListener, TcpStream};

use crate::support::http::Raw;
use crate::support::{Ended, Program, run, signal, stderr, stdout};

const ON_THE_FILES: [&str; 4] = ["-listen", "127.0.0.1:0", "-files", "tests/files"];

fn start(options: &[&str]) -> Program {
    Program::start("ch09_server", &[&ON_THE_FILES, options].concat())
}

fn get(address: SocketAddr, path: &str, fields: &str) -> Raw {
    let mut client = Raw::connect(address);
    client.send(format!("GET {path} HTTP/1.1\r\nHost: test\r\n{fields}\r\n"));
    client
}

fn assert_graceful(ended: &Ended) {
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
    assert!(ended.stderr.ends_with("Server gracefully shutdown\n"), "{}", ended.stderr);
    assert_eq!(ended.stdout, "");
}

#[test]
fn it_serves_until_either_signal_and_ends_with_0() {
    for name in ["INT", "TERM"] {
        let server = start(&[]);
        let address = server.address();
        let mut client = get(address, "/", "");
        assert_eq!(client.answer().get("Content-Type"), Some("text/html; charset=utf-8"));
        let ended = server.stop_by(name);
        client.assert_closed();
        assert!(TcpStream::connect(address).is_err(), "nobody listens any more");
        assert_graceful(&ended);
        let first = ended.stderr.lines().next().unwrap();
        assert!(first.ends_with(&format!("Serving files in \"tests/files\" over {address}")), "{first}");
    }
}

/// A stream of events and a WebSocket have no end of their own. The signal is one: nobody waits for the grace to pass.
#[test]
fn what_would_never_end_by_itself_ends_with_the_server() {
    let server = start(&["-grace", "1h"]);
    let mut events = get(server.address(), "/events", "");
    let status = events.line().unwrap();
    assert_eq!(status, "HTTP/1.1 200 OK");
    let key = "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    let upgrade = format!("Connection: Upgrade\r\nUpgrade: websocket\r\n{key}");
    let mut socket = get(server.address(), "/ws", &upgrade);
    let answer = socket.answer_to("HEAD").unwrap();
    assert_eq!(
        (answer.code, answer.get("Sec-WebSocket-Accept")),
        (101, Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="))
    );
    signal(server.id(), "INT");
    // Whether the Close frame gets out before the input ends is a race.
    assert!(matches!(socket.rest().0, 0 | 4));
    // First the program: a stream that goes on would be read for ever.
    assert_graceful(&server.wait());
    events.rest();
}

#[test]
fn what_cannot_be_served_is_said_at_once() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let cases: [(&[&str], i32, &str); 9] = [
        // The book's program waits here for a signal that ends it.
        (&["-listen", &taken, "-files", "tests/files"], 1, "cannot listen on 127.0.0.1:"),
        (&["-listen", "127.0.0.1:0", "-files", "no-such-directory"], 1, "no-such-directory: "),
        (&["-listen", "127.0.0.1:0", "-files", "Cargo.toml"], 1, "Cargo.toml: "),
        (&["-listen", "127.0.0.1", "-files", "tests/files"], 1, "127.0.0.1: "),
        (&["-listen", "127.0.0.1:0", "-cert", "c.pem", "-key", "k.pem"], 1, "TLS comes with chapter 11"),
        (&["-key", "k.pem"], 2, "-cert and -key belong together"),
        (&["-grace", "soon"], 2, "-grace"),
        (&["-connections", "0"], 2, "-connections is 1 to 100000"),
        (&["-push"], 2, "-push"),
    ];
    for (arguments, code, words) in cases {
        let output = run("ch09_server", arguments);
        let told = stderr(&output);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {told}");
        assert!(told.starts_with("ch09_server: ") && told.contains(words), "{arguments:?}: {told}");
        assert_eq!(stdout(&output), "", "{arguments:?}");
    }
}

#[test]
fn the_access_log_has_a_line_for_each_request_in_the_common_form() {
    let server = start(&["-access-log"]);
    let mut client = get(server.address(), "/static/style.css", "User-Agent: a\"b\r\n");
    assert_eq!(client.answer().code, 200);
    client.send("GET /static/%0aforged HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
    assert_eq!(client.answer().code, 404);
    client.assert_closed();
    let log = server.stop_by("INT").stderr;
    let lines: Vec<&str> = log.lines().filter(|line| line.contains(" \"GET ")).collect();
    assert_eq!(lines.len(), 2, "{log}");
    assert!(
        lines[0].contains("127.0.0.1 - - [")
            && lines[0].contains("\"GET /static/style.css HTTP/1.1\" 200 177"),
        "{log}"
    );
    assert!(lines[1].contains("\"GET /static/%0aforged HTTP/1.1\" 404 "), "{log}");
}

#[test]
fn it_compresses_for_who_asks_and_only_if_told_to() {
    let ask = "Accept-Encoding: gzip\r\n";
    let with = start(&["-gzip"]);
    let packed = get(with.address(), "/static/hiking.svg", ask).answer();
    assert_eq!((packed.get("Content-Encoding"), packed.get("Vary")), (Some("gzip"), Some("Accept-Encoding")));
    let plain = get(with.address(), "/static/hiking.svg", "").answer();
    assert_eq!((plain.get("Content-Encoding"), plain.get("Vary")), (None, Some("Accept-Encoding")));
    assert!(packed.body.len() * 2 < plain.body.len(), "{} of {}", packed.body.len(), plain.body.len());
    let without = start(&[]);
    assert_eq!(get(without.address(), "/static/hiking.svg", ask).answer().get("Content-Encoding"), None);
}

#[test]
fn a_client_that_says_nothing_loses_its_connection() {
    let server = start(&["-header", "100ms", "-idle", "100ms"]);
    Raw::connect(server.address()).assert_closed();
    let mut idle = get(server.address(), "/2", "");
    assert_eq!(idle.answer().code, 200);
    idle.assert_closed();
}
