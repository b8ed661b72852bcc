//! The notes' small servers: sink, hello, daytime, and their twins over UDP.

use super::clients::*;
use crate::support::{PATIENCE, Page, join};
use netprog::base::cancel::Cancel;
use netprog::base::deadline::Deadline;
use netprog::base::serve::Server;
use netprog::base::thread;
use netprog::ch03_tcp::daytime;
use netprog::ch03_tcp::hello::{TCP_ANSWER, UDP_ANSWER, greet, greet_udp, hello, say};
use netprog::ch03_tcp::sink::Sink;
use netprog::ch03_tcp::udp_twin::{DATAGRAM_BYTES, serve_datagrams};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Instant;

#[test]
fn a_sink_prints_what_several_clients_send_over_tcp_and_udp() {
    let page = Page::default();
    let sink = Arc::new(Sink::printing(Box::new(page.clone()), false));
    let tcp_sink = Arc::clone(&sink);
    let (server, _) = serving(move |conn, _| tcp_sink.take(conn, &limits()));
    let mut first = client(server.socket_addr());
    first.write_all(b"first: begins, ").unwrap();
    assert_eq!(ask(server.socket_addr(), b"second: a line\n"), b"", "a sink answers nothing");
    first.write_all(b"and ends\n").unwrap();
    drop(first);
    server.stop().unwrap();
    assert_eq!(page.text(), "second: a line\nfirst: begins, and ends\n");

    let udp_sink = Arc::clone(&sink);
    let udp = Udp::start(move |_, bytes| {
        udp_sink.take_datagram(bytes).unwrap();
        Some(b"taken".to_vec())
    });
    assert_eq!(greet_udp(udp.address, b"third: a datagram", Deadline::after(PATIENCE)).unwrap(), b"taken");
    udp.stop();
    assert_eq!(page.text(), "second: a line\nfirst: begins, and ends\nthird: a datagram\n");
    assert_eq!(sink.bytes(), 56);
}

type Heard = Arc<Mutex<Vec<Vec<u8>>>>;

fn hello_server() -> (Server, Heard) {
    let heard = Heard::default();
    let told = Arc::clone(&heard);
    let (server, _) =
        serving(move |conn, _| hello(conn, &limits(), &|_, words| told.lock().unwrap().push(words.to_vec())));
    (server, heard)
}

#[test]
fn hello_reads_once_answers_once_and_closes() {
    let (server, heard) = hello_server();
    let deadline = Deadline::after(PATIENCE);
    let answer = greet(server.socket_addr(), b"Hello, Server!", deadline, &Cancel::new()).unwrap();
    assert_eq!(answer, TCP_ANSWER, "and then the end: `greet` reads to it");
    // Only what came is handed on: no zeros of the rest of the buffer.
    assert_eq!(*heard.lock().unwrap(), [b"Hello, Server!".to_vec()]);
}

#[test]
fn a_greeting_longer_than_the_buffer_does_not_cost_the_client_its_answer() {
    let (server, heard) = hello_server();
    assert_eq!(ask(server.socket_addr(), &[b'x'; 100_000]), TCP_ANSWER, "no reset over what was not read");
    assert!(heard.lock().unwrap()[0].len() <= 1024);
}

#[test]
fn one_bad_client_does_not_end_the_server() {
    let (server, heard) = hello_server();
    drop(client(server.socket_addr()));
    leave_abruptly(server.socket_addr(), b"x");
    assert_eq!(ask(server.socket_addr(), b"next"), TCP_ANSWER);
    assert!(heard.lock().unwrap().contains(&b"next".to_vec()));
}

#[test]
fn what_a_client_says_before_it_leaves_is_delivered_before_its_fin() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    say(address, b"Hello TCP client", Deadline::after(PATIENCE), &Cancel::new()).unwrap();
    // The client is long gone.
    let (mut stream, _) = listener.accept().unwrap();
    let mut words = String::new();
    stream.read_to_string(&mut words).unwrap();
    assert_eq!(words, "Hello TCP client");
}

struct Udp {
    address: SocketAddr,
    stop: Cancel,
    thread: std::thread::JoinHandle<io::Result<()>>,
}

impl Udp {
    fn start(answer: impl FnMut(SocketAddr, &[u8]) -> Option<Vec<u8>> + Send + 'static) -> Udp {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let (address, stop) = (socket.local_addr().unwrap(), Cancel::new());
        let token = stop.clone();
        let thread = thread::spawn("udp", move || serve_datagrams(&socket, &token, answer)).unwrap();
        Udp { address, stop, thread }
    }

    fn stop(self) {
        self.stop.cancel();
        join(self.thread).unwrap();
    }
}

#[test]
fn a_udp_server_answers_each_sender_and_cuts_off_what_does_not_fit() {
    let (told, lengths) = mpsc::channel();
    let udp = Udp::start(move |_, bytes| {
        told.send(bytes.len()).unwrap();
        Some(UDP_ANSWER.to_vec())
    });
    for words in [&b"Hello UDP client"[..], b"", &[b'x'; 5000]] {
        assert_eq!(greet_udp(udp.address, words, Deadline::after(PATIENCE)).unwrap(), UDP_ANSWER);
    }
    let lengths: Vec<usize> = lengths.try_iter().collect();
    assert_eq!(lengths, [16, 0, DATAGRAM_BYTES], "the rest of a datagram is gone, not read next");
    udp.stop();
}

#[test]
fn sending_a_datagram_to_nobody_succeeds_and_only_a_deadline_tells() {
    // A port that was just free, and a socket that does not answer: to the sender both are Ok.
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let nobody = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
    assert_eq!(sender.send_to(b"anyone?", nobody).unwrap(), 7);
    let begin = Instant::now();
    let error =
        greet_udp(silent.local_addr().unwrap(), b"hello?", Deadline::at(begin + millis(60))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert!(begin.elapsed() >= millis(60));
}

#[test]
fn daytime_is_one_line_and_the_end_over_tcp_and_one_datagram_over_udp() {
    let (server, _) = serving(|conn, _| daytime::daytime(conn, &limits()));
    let mut stream = client(server.socket_addr());
    let mut line = String::new();
    // The client sends nothing, and the end comes without its doing.
    stream.read_to_string(&mut line).unwrap();
    assert!(line.ends_with("\r\n") && line.lines().count() == 1 && line.contains(" UTC 2"), "{line:?}");
    drop(stream);
    assert!(!ask(server.socket_addr(), &[0; 50_000]).is_empty(), "what it sends is thrown away");

    let udp = Udp::start(|_, _| Some(daytime::line(std::time::SystemTime::now())));
    let answer = greet_udp(udp.address, b"", Deadline::after(PATIENCE)).unwrap();
    assert_eq!(answer.len(), line.len());
    udp.stop();
}
