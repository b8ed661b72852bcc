//! Our WebSocket against Python's `websockets`, in both roles, and against a browser. `make interop`.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::mpsc;
use std::time::Duration;

use crate::support::{PATIENCE, output_of, stderr, stdout};
use netprog::base::cancel::Cancel;
use netprog::ch08_http_client::transport::Transport;
use netprog::ch09_http_server::events::clock_handler;
use netprog::ch09_http_server::handler::{Handler, Request, ResponseWriter};
use netprog::ch09_http_server::test_server::TestServer;
use netprog::ch09_http_server::websocket::client::connect;
use netprog::ch09_http_server::websocket::{CloseCode, Message, Options, WebSocket, echo_handler, upgrade};

/// The Python that has the package: the system's, if another one comes first in the path.
fn python() -> &'static str {
    for name in ["python3", "/usr/bin/python3"] {
        let has_it = Command::new(name).args(["-c", "import websockets"]).stderr(Stdio::null()).status();
        if has_it.is_ok_and(|status| status.success()) {
            return name;
        }
    }
    panic!("python3-websockets is not installed");
}

/// Runs a client of Python's against `url`; what it printed.
fn run_python(script: &str, url: &str) -> String {
    let spawned = Command::new(python())
        .args(["-c", script, url])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let output = output_of(spawned.unwrap());
    assert!(output.status.success(), "{}", stderr(&output));
    stdout(&output)
}

fn protocols(names: &[&str]) -> Options {
    Options { protocols: names.iter().map(|name| (*name).to_owned()).collect(), ..Options::default() }
}

const CLIENT: &str = r#"
import asyncio, os, sys, websockets

async def main(url):
    async with websockets.connect(url, subprotocols=["v1", "v2"]) as ws:
        print("protocol", ws.subprotocol)
        for text in ["", "hello", "κόσμε", "x" * 125, "x" * 126, "x" * 65536]:
            await ws.send(text)
            assert await ws.recv() == text
        for size in [0, 1, 65535, 65536, 1000000]:
            data = os.urandom(size)
            await ws.send(data)
            assert await ws.recv() == data
        await ws.send(["frag", "men", "ted"])
        print(await ws.recv())
        await (await ws.ping(b"payload"))
        print("pong")
        await ws.close(4321, "bye")
        print("closed", ws.close_code)
    async with websockets.connect(url, max_size=None, compression=None) as ws:
        await ws.send("x" * (1 << 20) + "x")
        try:
            await ws.recv()
        except websockets.ConnectionClosed as closed:
            print("too big", closed.rcvd.code)

asyncio.run(main(sys.argv[1]))
"#;

#[test]
#[ignore = "needs python3-websockets"]
fn pythons_client_gets_everything_back_from_our_server() {
    let server = TestServer::new(echo_handler(protocols(&["v2", "v1"])));
    let printed = run_python(CLIENT, &format!("ws://{}/", server.address()));
    assert_eq!(printed, "protocol v2\nfragmented\npong\nclosed 4321\ntoo big 1009\n");
}

#[test]
#[ignore = "needs python3-websockets"]
fn pythons_client_understands_our_pings_fragments_and_close_codes() {
    let (told, heard) = mpsc::channel();
    let told = Mutex::new(told);
    let handler = move |response: &mut dyn ResponseWriter, request: &mut Request| {
        let mut socket = upgrade(response, request, &Options::default()).unwrap();
        let writer = socket.writer();
        let mut message = writer.begin_text();
        for piece in ["frag", "men", "ted"] {
            message.write_all(piece.as_bytes()).unwrap();
            message.flush().unwrap();
            writer.ping(b"between").unwrap();
        }
        message.finish().unwrap();
        assert_eq!(socket.read().unwrap(), Some(Message::Text("heard fragmented".to_owned())));
        let reason = socket.close(CloseCode::GOING_AWAY, "enough").unwrap();
        told.lock().unwrap().send(reason.code).unwrap();
    };
    let server = TestServer::new(handler);
    let script = r#"
import asyncio, sys, websockets

async def main(url):
    async with websockets.connect(url) as ws:
        await ws.send("heard " + await ws.recv())
        await ws.wait_closed()
        print(ws.close_code, ws.close_reason)

asyncio.run(main(sys.argv[1]))
"#;
    assert_eq!(run_python(script, &format!("ws://{}/", server.address())), "1001 enough\n");
    assert_eq!(heard.recv_timeout(PATIENCE).unwrap(), Some(CloseCode::GOING_AWAY));
}

/// A child that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

const SERVER: &str = r#"
import asyncio, websockets

async def serve(ws):
    async for message in ws:
        if message == "ping me":
            await (await ws.ping(b"payload"))
            await ws.send("pong came")
        elif message == "fragments":
            await ws.send(["frag", "men", "ted"])
        elif message == "go away":
            await ws.close(1001, "leaving")
        else:
            await ws.send(message)

async def main():
    async with websockets.serve(serve, "127.0.0.1", 0, subprotocols=["v2"]) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.Future()

asyncio.run(main())
"#;

fn python_server() -> (Running, String) {
    let spawned =
        Command::new(python()).args(["-u", "-c", SERVER]).stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
    let mut child = spawned.unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    (Running(child), format!("ws://127.0.0.1:{}/", line.trim()))
}

fn open(url: &str, options: &Options) -> WebSocket {
    connect(&Transport::default(), url, options, &Cancel::after(PATIENCE)).unwrap()
}

#[test]
#[ignore = "needs python3-websockets"]
fn our_client_gets_everything_back_from_pythons_server() {
    let (_server, url) = python_server();
    let mut socket = open(&url, &protocols(&["v1", "v2"]));
    assert_eq!(socket.protocol(), Some("v2"));
    for length in [0, 1, 125, 126, 65_535, 65_536, 1_000_000] {
        for message in [Message::Text("é".repeat(length / 2)), Message::Binary(vec![0xa5; length])] {
            socket.write(&message).unwrap();
            assert_eq!(socket.read().unwrap(), Some(message));
        }
    }
    socket.write_text("ping me").unwrap();
    assert_eq!(socket.read().unwrap(), Some(Message::Text("pong came".to_owned())));
    socket.write_text("fragments").unwrap();
    assert_eq!(socket.read().unwrap(), Some(Message::Text("fragmented".to_owned())));
    let reason = socket.close(CloseCode(4000), "done").unwrap();
    assert_eq!(reason.code, Some(CloseCode(4000)));

    let mut socket = open(&url, &Options::default());
    socket.write_text("go away").unwrap();
    assert_eq!(socket.read().unwrap(), None);
    let reason = socket.close_reason().unwrap();
    assert_eq!((reason.code, reason.words.as_str()), (Some(CloseCode::GOING_AWAY), "leaving"));

    let mut socket = open(&url, &Options::default());
    socket.write_binary(&[0; (1 << 20) + 1]).unwrap();
    assert_eq!(socket.read().unwrap(), None);
    assert_eq!(socket.close_reason().unwrap().code, Some(CloseCode::TOO_BIG));
}

const PAGE: &str = r#"<!doctype html><title>waiting</title><p id="socket">?</p><p id="events">?</p><script>
const socket = new WebSocket("ws://" + location.host + "/ws");
socket.onopen = () => socket.send("hello from a page");
socket.onmessage = (message) => { document.getElementById("socket").textContent = message.data; socket.close(1000); };
const events = new EventSource("/events");
events.addEventListener("tick", (event) => {
  if (event.lastEventId !== "3") return;
  document.getElementById("events").textContent = "tick " + event.lastEventId;
  events.close();
});
</script>"#;

#[test]
#[ignore = "needs chromium"]
fn a_page_in_a_browser_talks_to_our_websocket_and_hears_our_events() {
    let echo = echo_handler(Options::default());
    let clock = clock_handler(Duration::from_millis(10));
    let server =
        TestServer::new(move |response: &mut dyn ResponseWriter, request: &mut Request| {
            match request.path.as_str() {
                "/ws" => echo.serve(response, request),
                "/events" => clock.serve(response, request),
                _ => {
                    response.header().set("Content-Type", "text/html; charset=utf-8");
                    let _ = response.write_all(PAGE.as_bytes());
                }
            }
        });
    let arguments =
        ["--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=3000", "--dump-dom"];
    let spawned = Command::new("chromium")
        .args(arguments)
        .arg(format!("http://{}/", server.address()))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let page = stdout(&output_of(spawned.expect("chromium is installed")));
    assert!(page.contains("hello from a page</p>"), "{page}");
    assert!(page.contains("tick 3</p>"), "{page}");
}
