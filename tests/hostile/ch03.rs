//! Chapter 3's services against clients that mean no good, or know no better. After each of them the next is served.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream, UdpSocket};
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use crate::support::{PATIENCE, join};
use netprog::base::cancel::Cancel;
use netprog::base::conn::{Conn, TcpSocketListener};
use netprog::base::serve::{ServeConfig, Server, start};
use netprog::base::thread;
use netprog::ch03_tcp::broadcast::Hub;
use netprog::ch03_tcp::daytime::daytime;
use netprog::ch03_tcp::echo::echo;
use netprog::ch03_tcp::hello::hello;
use netprog::ch03_tcp::limits::Limits;
use netprog::ch03_tcp::lines::upper_lines;
use netprog::ch03_tcp::sink::Sink;
use netprog::ch03_tcp::udp_twin::serve_datagrams;

fn millis(count: u64) -> Duration {
    Duration::from_millis(count)
}

const STRICT: Limits =
    Limits { idle: Some(Duration::from_millis(150)), write: Some(Duration::from_millis(150)) };

const GENEROUS: Limits = Limits { idle: Some(PATIENCE), write: Some(PATIENCE) };

/// One server for each service, with room for two clients, so that one that is not let go of shows.
fn every_service() -> Vec<(&'static str, Server)> {
    let hub = Hub::start().unwrap();
    let sink = Sink::counting();
    vec![
        ("echo", serving(|conn, _| echo(conn, &STRICT))),
        ("upper", serving(|conn, _| upper_lines(conn, &STRICT, 1024))),
        ("hello", serving(|conn, _| hello(conn, &STRICT, &|_, _| ()))),
        ("daytime", serving(|conn, _| daytime(conn, &STRICT))),
        ("sink", serving(move |conn, _| sink.take(conn, &STRICT))),
        ("chat", serving(move |conn, _| hub.serve(conn, &STRICT, 1024))),
    ]
}

fn serving<H>(handler: H) -> Server
where
    H: Fn(Box<dyn Conn>, &Cancel) -> io::Result<()> + Send + Sync + 'static,
{
    let listener = TcpSocketListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    let report = Box::new(|incident: &netprog::base::serve::Incident| {
        assert!(!incident.to_string().contains("panicked"), "{incident}");
    });
    let config = ServeConfig { max_connections: 2, grace: millis(50), report, ..ServeConfig::default() };
    start(listener, config, handler).unwrap()
}

fn client(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// What a polite client gets.
fn ask(address: SocketAddr, words: &[u8]) -> io::Result<Vec<u8>> {
    let mut stream = client(address);
    stream.write_all(words)?;
    stream.shutdown(Shutdown::Write)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(answer)
}

/// Asks again where a polite client was held up and cut off for it: the limits here are strict.
fn the_next_client_is_served(service: &str, address: SocketAddr) {
    for _ in 0..10 {
        let answer = ask(address, b"next\n").unwrap_or_default();
        let served = match service {
            "upper" => answer == b"NEXT\n",
            "echo" | "chat" => answer.ends_with(b"next\n"),
            "sink" => answer.is_empty(),
            _ => !answer.is_empty(),
        };
        if served {
            return;
        }
    }
    panic!("{service} serves nobody any more");
}

/// Every service against `attack`, each in its own thread, three attackers one after the other.
fn every_service_survives(attack: fn(SocketAddr)) {
    let mut threads = Vec::new();
    for (service, server) in every_service() {
        let thread = thread::spawn(service, move || {
            for _ in 0..3 {
                attack(server.socket_addr());
            }
            the_next_client_is_served(service, server.socket_addr());
        });
        threads.push(thread.unwrap());
    }
    for thread in threads {
        join(thread);
    }
}

#[test]
fn clients_that_connect_and_vanish() {
    every_service_survives(|address| drop(client(address)));
}

#[test]
fn clients_that_reset() {
    every_service_survives(|address| {
        let mut stream = client(address);
        let _ = stream.write_all(b"reset me\n");
        // With something unread the close is a reset; where nothing comes it is an ordinary one.
        stream.set_read_timeout(Some(millis(20))).unwrap();
        let _ = stream.peek(&mut [0]);
    });
}

#[test]
fn clients_that_stay_and_say_nothing() {
    every_service_survives(|address| {
        let begin = Instant::now();
        let mut stream = client(address);
        // Whatever is answered, the end comes by itself, at the idle limit.
        stream.read_to_end(&mut Vec::new()).unwrap();
        assert!(begin.elapsed() < PATIENCE);
    });
}

#[test]
fn clients_that_send_and_never_read() {
    every_service_survives(|address| {
        let mut stream = client(address);
        stream.set_write_timeout(Some(millis(50))).unwrap();
        let lines = b"a line that comes back\n".repeat(1000);
        let begin = Instant::now();
        let mut sent = 0;
        // A sink takes everything there is; the others must let go of a client that does not take its answers.
        while sent < 64 << 20 {
            assert!(begin.elapsed() < PATIENCE);
            match stream.write(&lines) {
                Ok(count) => sent += count,
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                Err(_) => return,
            }
        }
    });
}

#[test]
fn bytes_that_are_no_text_and_lines_without_end() {
    every_service_survives(|address| {
        let mut stream = client(address);
        let mut bytes = vec![0; 3000];
        bytes.extend((0..=255).cycle().take(3000));
        bytes.extend(b"\xff\xfe\xc3\x28\xed\xa0\x80");
        let _ = stream.write_all(&bytes);
        let _ = stream.shutdown(Shutdown::Write);
        let _ = stream.read_to_end(&mut Vec::new());
    });
}

#[test]
fn lines_of_nothing_but_strange_bytes_come_back_as_lines() {
    let server = serving(|conn, _| upper_lines(conn, &GENEROUS, 1024));
    assert_eq!(
        ask(server.socket_addr(), b"a\0b\n\xffx\xc3\n\r\n\r\r\n").unwrap(),
        b"A\0B\n\xffX\xc3\n\n\r\n"
    );
    let longest = [b'z'; 1024];
    let mut overlong = longest.to_vec();
    overlong.push(b'z');
    assert_eq!(ask(server.socket_addr(), &longest).unwrap().len(), 1025);
    assert_eq!(ask(server.socket_addr(), &overlong).unwrap(), b"error: line longer than 1024 bytes\n");
}

#[test]
fn a_line_that_never_ends_is_not_kept_in_memory() {
    let server = serving(|conn, _| upper_lines(conn, &STRICT, 1024));
    let mut stream = client(server.socket_addr());
    let block = [b'x'; 1 << 16];
    let mut sent: u64 = 0;
    // Until we are cut off: the last word is waited for, for a while and for a mebibyte.
    while sent < 1 << 30 {
        match stream.write(&block) {
            Ok(count) => sent += count as u64,
            Err(_) => break,
        }
    }
    assert!(sent < 1 << 26, "{sent} bytes of one line were taken");
    drop(stream);
    the_next_client_is_served("upper", server.socket_addr());
}

#[test]
fn a_drip_of_bytes_that_is_no_line_ends_at_the_lines_time() {
    let server = serving(|conn, _| upper_lines(conn, &STRICT, 1024));
    let mut stream = client(server.socket_addr());
    let begin = Instant::now();
    while stream.write_all(b"x").is_ok() {
        assert!(begin.elapsed() < PATIENCE);
        std::thread::sleep(millis(10));
    }
    assert!(begin.elapsed() >= STRICT.idle.unwrap());
    the_next_client_is_served("upper", server.socket_addr());
}

#[test]
fn datagrams_of_every_size_and_a_forged_sender_do_not_stop_a_udp_service() {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    let stop = Cancel::new();
    let token = stop.clone();
    let (told, heard) = mpsc::channel();
    let told = Arc::new(Mutex::new(told));
    let server = thread::spawn("udp", move || {
        serve_datagrams(&socket, &token, |_, bytes| {
            told.lock().unwrap().send(bytes.len()).unwrap();
            Some(b"answer".to_vec())
        })
    })
    .unwrap();
    let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
    for size in [0, 1, 1024, 1025, 60_000] {
        sender.send_to(&vec![0; size], address).unwrap();
        assert_eq!(heard.recv_timeout(PATIENCE).unwrap(), size.min(1024));
    }
    // A sender that is gone when its answer comes.
    UdpSocket::bind("127.0.0.1:0").unwrap().send_to(b"gone", address).unwrap();
    assert_eq!(heard.recv_timeout(PATIENCE).unwrap(), 4);
    sender.send_to(b"next", address).unwrap();
    assert_eq!(heard.recv_timeout(PATIENCE).unwrap(), 4);
    stop.cancel();
    join(server).unwrap();
}
