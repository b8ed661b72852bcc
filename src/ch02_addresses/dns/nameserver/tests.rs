//! The server on real sockets.

use std::io::Write;
use std::net::TcpStream;

use super::*;
use crate::ch02_addresses::dns::message::{Question, Rcode};
use crate::ch02_addresses::dns::record::RecordType;

const ZONE: &str = "$ORIGIN example.com.\n$TTL 60\n@ SOA ns admin 1 2 3 4 30\n@ NS ns\nns A 127.0.0.1\n";
const PATIENCE: Duration = Duration::from_secs(20);

fn server(address: &str) -> Running {
    let authority = Authority::new(vec![ZONE.parse().unwrap()]);
    NameServer::bind(address.parse().unwrap(), authority).unwrap().start().unwrap()
}

fn query() -> Vec<u8> {
    Message::query(9, Question::new("ns.example.com".parse().unwrap(), RecordType::A)).encode().unwrap()
}

fn ask_by_datagram(address: SocketAddr) -> Message {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket.send_to(&query(), address).unwrap();
    let mut buffer = [0; 512];
    let length = socket.recv(&mut buffer).unwrap();
    Message::decode(&buffer[..length]).unwrap()
}

#[test]
fn datagrams_and_connections_have_the_same_port() {
    let server = server("127.0.0.1:0");
    assert_eq!(ask_by_datagram(server.address()).answers.len(), 1);
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    // Two queries in one write: both are answered.
    let mut two = Vec::new();
    write_message(&mut two, &query()).unwrap();
    write_message(&mut two, &query()).unwrap();
    stream.write_all(&two).unwrap();
    for _ in 0..2 {
        let answer = read_message(&mut stream).unwrap().unwrap();
        assert_eq!(Message::decode(&answer).unwrap().answers.len(), 1);
    }
    server.stop().unwrap();
}

#[test]
fn what_is_no_query_does_not_end_the_server() {
    let server = server("127.0.0.1:0");
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    for junk in [&b""[..], b"x", &[0xff; 600], &[0; 12], &vec![0x20; 5000]] {
        socket.send_to(junk, server.address()).unwrap();
    }
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    drop(stream);
    assert_eq!(ask_by_datagram(server.address()).header.rcode, Rcode::NOERROR);
    server.stop().unwrap();
}

#[test]
fn a_stop_wakes_a_server_that_waits_on_any_address() {
    let server = server("0.0.0.0:0");
    let started = std::time::Instant::now();
    server.stop().unwrap();
    assert!(started.elapsed() < PATIENCE);
}

#[test]
fn a_port_that_is_taken_is_an_error() {
    let first = server("127.0.0.1:0");
    let second = NameServer::bind(first.address(), Authority::default());
    assert_eq!(second.unwrap_err().kind(), ErrorKind::AddrInUse);
}
