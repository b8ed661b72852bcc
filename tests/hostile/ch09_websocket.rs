//! WebSocket peers that mean no good, or know no better. After each of them the next is served.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use netprog::base::cancel::Cancel;
use netprog::base::random::Seeded;
use netprog::ch08_http_client::transport::Transport;
use netprog::ch09_http_server::handler::{Request, ResponseWriter};
use netprog::ch09_http_server::test_server::TestServer;
use netprog::ch09_http_server::websocket::client::connect;
use netprog::ch09_http_server::websocket::decoder::Decoder;
use netprog::ch09_http_server::websocket::{
    CloseCode, Keepalive, Message, Options, Role, WebSocketError, echo_handler,
};

use crate::support::PATIENCE;

const HANDSHAKE: &str = "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

/// An echo server that takes messages of a kilobyte.
fn server() -> TestServer {
    TestServer::new(echo_handler(Options { max_message: 1000, ..Options::default() }))
}

/// A client by hand, after its handshake.
fn client(server: &TestServer) -> TcpStream {
    let mut conn = TcpStream::connect(server.address()).unwrap();
    conn.set_read_timeout(Some(PATIENCE)).unwrap();
    conn.write_all(HANDSHAKE.as_bytes()).unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        conn.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    assert!(head.starts_with(b"HTTP/1.1 101 "));
    conn
}

/// What the server sent up to the end. A reset counts as one: we went on sending.
fn rest(conn: &mut TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    let _ = conn.read_to_end(&mut bytes);
    bytes
}

fn is_served(server: &TestServer) {
    let url = format!("ws://{}/", server.address());
    let cancel = Cancel::after(PATIENCE);
    let mut socket = connect(&Transport::default(), &url, &Options::default(), &cancel).unwrap();
    socket.write_text("next").unwrap();
    assert_eq!(socket.read().unwrap(), Some(Message::Text("next".to_owned())));
    socket.close(CloseCode::NORMAL, "").unwrap();
}

/// A head with a mask of zeros.
fn head(first: u8, length: &[u8]) -> Vec<u8> {
    [&[first], length, &[0; 4]].concat()
}

fn closes_with(bytes: &[u8], code: u16) {
    let server = server();
    let mut conn = client(&server);
    conn.write_all(bytes).unwrap();
    let [high, low] = code.to_be_bytes();
    assert_eq!(rest(&mut conn), [0x88, 2, high, low], "{:02x?}", &bytes[..bytes.len().min(14)]);
    is_served(&server);
}

#[test]
fn lengths_that_nobody_can_mean_are_refused_by_their_head() {
    closes_with(&head(0x82, &[0xff, 0x80, 0, 0, 0, 0, 0, 0, 0]), 1002);
    closes_with(&head(0x82, &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), 1002);
    closes_with(&head(0x82, &[0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), 1009);
    closes_with(&head(0x82, &[0xfe, 0x03, 0xe9]), 1009);
}

#[test]
fn fragments_without_end_are_refused_whether_they_have_bytes_or_not() {
    let mut long = head(0x01, &[0x81]);
    long.push(b'x');
    for _ in 0..1000 {
        long.extend(head(0x00, &[0x81]));
        long.push(b'x');
    }
    closes_with(&long, 1009);
    let mut empty = head(0x01, &[0x80]);
    for _ in 0..1000 {
        empty.extend(head(0x00, &[0x80]));
    }
    closes_with(&empty, 1008);
}

/// A client that pings for ever and reads nothing gets stuck on what it does not read; the server does not collect answers for it.
#[test]
fn a_flood_of_pings_costs_no_memory_and_the_next_client_is_served() {
    let server = server();
    let mut conn = client(&server);
    let mut pings = Vec::new();
    for _ in 0..1000 {
        pings.extend(head(0x89, &[0xfd]));
        pings.extend([b'p'; 125]);
    }
    conn.set_write_timeout(Some(PATIENCE)).unwrap();
    for _ in 0..40 {
        conn.write_all(&pings).unwrap();
    }
    is_served(&server);
    // The server has gone on reading: it must, for the answer to our Close is behind the pings.
    conn.write_all(&[head(0x88, &[0x82]), vec![0x03, 0xe8]].concat()).unwrap();
    let answers = rest(&mut conn);
    assert!(answers.ends_with(&[0x88, 2, 0x03, 0xe8]), "{} bytes", answers.len());
    assert!(answers.len() <= 40_000 * 127 + 4);
}

#[test]
fn a_client_that_vanishes_in_every_place_of_a_frame_is_nobody_elses_loss() {
    let server = server();
    let frame = [head(0x81, &[0x85]), b"hello".to_vec()].concat();
    for cut in 0..frame.len() {
        let mut conn = client(&server);
        conn.write_all(&frame[..cut]).unwrap();
        conn.shutdown(Shutdown::Write).unwrap();
        assert_eq!(rest(&mut conn), [0; 0]);
    }
    is_served(&server);
}

#[test]
fn a_client_that_sends_a_byte_at_a_time_is_understood() {
    let server = server();
    let mut conn = client(&server);
    conn.set_nodelay(true).unwrap();
    for byte in [head(0x81, &[0x85]), b"hello".to_vec()].concat() {
        conn.write_all(&[byte]).unwrap();
    }
    let mut answer = [0; 7];
    conn.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"\x81\x05hello");
}

/// Silent from the beginning, and deaf to pings: the keepalive finds it out.
#[test]
fn a_client_that_is_silent_for_ever_is_given_up() {
    let keepalive = Keepalive { idle: Duration::from_millis(20), patience: Duration::from_millis(50) };
    let server = TestServer::new(echo_handler(Options { keepalive: Some(keepalive), ..Options::default() }));
    let mut conn = client(&server);
    let since = Instant::now();
    assert_eq!(rest(&mut conn), [0x89, 0], "a ping, and the end");
    assert!(since.elapsed() >= Duration::from_millis(70));
}

/// A server that answers our Close with messages for ever is left after a while; ours says so.
#[test]
fn a_server_that_never_closes_is_left() {
    let handler = |response: &mut dyn ResponseWriter, request: &mut Request| {
        let Ok(socket) =
            netprog::ch09_http_server::websocket::upgrade(response, request, &Options::default())
        else {
            return;
        };
        while socket.write_text("and another thing").is_ok() {
            std::thread::yield_now();
        }
    };
    let server = TestServer::new(handler);
    let url = format!("ws://{}/", server.address());
    let options = Options { close_timeout: Duration::from_millis(100), ..Options::default() };
    let mut socket = connect(&Transport::default(), &url, &options, &Cancel::after(PATIENCE)).unwrap();
    assert!(socket.read().unwrap().is_some());
    let outcome = socket.close(CloseCode::NORMAL, "enough");
    assert!(matches!(outcome, Err(WebSocketError::PeerSilent)), "{outcome:?}");
}

/// Damaged and invented bytes, fed in pieces: events or a violation come out, no panic, and no more than was put in.
#[test]
fn whatever_the_bytes_are_the_decoder_gives_events_or_a_violation() {
    let mut random = Seeded::new(9);
    let good = [
        head(0x01, &[0x83]),
        "a€".as_bytes()[..3].to_vec(),
        head(0x89, &[0x81]),
        vec![b'p'],
        head(0x80, &[0x81]),
        "€".as_bytes()[2..].to_vec(),
        head(0x82, &[0xfe, 0, 200]),
        vec![7; 200],
        head(0x88, &[0x84]),
        vec![0x03, 0xe8, b'o', b'k'],
    ]
    .concat();
    for round in 0..20_000u32 {
        let mut bytes = good.clone();
        if round % 4 == 0 {
            random.fill(&mut bytes);
        }
        for _ in 0..random.below(4) {
            let at = random.below(bytes.len() as u64) as usize;
            bytes[at] ^= 1 << random.below(8);
        }
        let mut decoder = Decoder::new(Role::Client, 1000);
        let mut events = 0;
        'all: for mut piece in bytes.chunks(1 + random.below(50) as usize) {
            loop {
                match decoder.feed(&mut piece) {
                    Ok(Some(_)) => events += 1,
                    Ok(None) => break,
                    Err(_) => break 'all,
                }
            }
        }
        assert!(events <= bytes.len() / 2);
    }
}
