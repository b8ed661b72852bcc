//! What only the system can tell: that a peer's port is closed (row 6.14), and which of our addresses was asked (row 6.29).

use std::io::{self, Write};
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use netprog::base::cancel::Cancel;
use netprog::base::log::{self, Logger};
use netprog::ch06_tftp::client::ClientConfig;
use netprog::ch06_tftp::error::{ErrorCode, TransferError};
use netprog::ch06_tftp::files::Files;
use netprog::ch06_tftp::packet::Packet;
use netprog::ch06_tftp::sending::{Opening, Sending, Totals};
use netprog::ch06_tftp::server::{Running, Server};
use netprog::ch06_tftp::session::Session;
use netprog::ch06_tftp::timing::Timing;

use crate::by_hand::{Client, PATIENCE, bytes, config, start};
use crate::client::fetch;

/// Nobody has time to wait for this.
fn patient() -> Timing {
    Timing::starting_at(Duration::from_secs(3600), 3)
}

fn socket() -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket
}

/// A port that nobody has any more.
fn closed() -> SocketAddr {
    socket().local_addr().unwrap()
}

/// Sends a file of two blocks from `socket` to `peer`.
fn send(socket: &UdpSocket, peer: SocketAddr) -> (Totals, Result<(), TransferError>) {
    let transfer = Sending::new(Opening::Block, patient()).unwrap();
    let mut session = Session::with(socket, peer, &Cancel::new());
    session.send_all(transfer, &mut &bytes(600)[..], &mut |_, _| {})
}

/// Row 6.14: the first packet to a closed port is the last.
#[test]
fn a_client_that_vanished_costs_one_packet() {
    let (totals, result) = send(&socket(), closed());
    assert!(matches!(result, Err(TransferError::PeerIsGone)), "{result:?}");
    assert_eq!((totals.packets, totals.timeouts), (1, 0));
}

/// Its last words came before its port was closed, and they say more.
#[test]
fn what_a_client_said_before_it_vanished_is_taken_first() {
    let (transfer, peer) = (socket(), socket());
    let words = Packet::Error { code: ErrorCode::DiskFull, message: b"enough".to_vec() }.encode().unwrap();
    peer.send_to(&words, transfer.local_addr().unwrap()).unwrap();
    let gone = peer.local_addr().unwrap();
    drop(peer);
    let (totals, result) = send(&transfer, gone);
    let error = result.unwrap_err();
    assert!(matches!(error, TransferError::PeerGaveError { code: ErrorCode::DiskFull, .. }), "{error}");
    assert_eq!(totals.packets, 1);
}

/// ERROR 5 to strangers that are gone: their ports' refusals come to our socket too, and mean nothing here.
#[test]
fn a_strangers_refusal_ends_nothing() {
    let (transfer, peer) = (socket(), socket());
    let here = transfer.local_addr().unwrap();
    for _ in 0..5 {
        socket().send_to(&[0, 4, 0, 9], here).unwrap();
    }
    let there = peer.local_addr().unwrap();
    let sending = std::thread::spawn(move || send(&transfer, there));
    let mut buffer = [0; 600];
    for block in 1..=2 {
        let (length, from) = peer.recv_from(&mut buffer).unwrap();
        let Ok(Packet::Data { block: came, .. }) = Packet::decode(&buffer[..length]) else { panic!("DATA") };
        assert_eq!((came, from), (block, here));
        // A stranger more while the sender waits: it is gone before its ERROR comes, or not; both must do.
        socket().send_to(&[0, 4, 0, 9], here).unwrap();
        peer.send_to(&Packet::Ack { block }.encode().unwrap(), from).unwrap();
    }
    let (totals, result) = sending.join().unwrap();
    result.unwrap();
    assert_eq!((totals.packets, totals.blocks, totals.timeouts), (2, 2, 0));
}

/// Hands on what a server logs, line by line.
struct Lines(Sender<String>);

impl Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let _ = self.0.send(String::from_utf8_lossy(line).into_owned());
        Ok(line.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn next_with(lines: &Receiver<String>, words: &str) -> String {
    loop {
        let line = lines.recv_timeout(PATIENCE).expect("the server says something");
        if line.contains(words) {
            return line;
        }
    }
}

/// The same with the whole server: the copy after the first time-out finds the port closed.
#[test]
fn a_server_lets_go_of_a_client_that_vanished() {
    let (to, lines) = channel();
    let mut config = config(Files::Payload(bytes(600).into()));
    config.timing = Timing::starting_at(Duration::from_millis(20), 1_000_000);
    config.log = Logger::new(Box::new(Lines(to)), "", log::NONE);
    let server = start(config);
    let mut client = Client::of(server.address());
    client.ask(b"f", &[]);
    client.hears_data(1);
    drop(client);
    let line = next_with(&lines, "ended");
    assert!(line.contains("ended after 0 blocks: nobody is at the peer's port"), "{line}");
}

/// The client profits too: a host without a server says so at once.
#[test]
fn a_client_hears_that_there_is_no_server() {
    let config = ClientConfig { timing: patient(), ..ClientConfig::default() };
    let (result, came) = fetch(closed(), "f", &config);
    assert!(matches!(result, Err(TransferError::PeerIsGone)) && came.is_empty());
}

fn everywhere(address: &str) -> Option<Running> {
    let config = config(Files::Payload(bytes(600).into()));
    match Server::bind(address.parse().unwrap(), config) {
        Ok(server) => Some(server.start().unwrap()),
        Err(error) => {
            println!("skipped: {address}: {error}");
            None
        }
    }
}

/// Row 6.29: 127.0.0.2 was asked, from 127.0.0.1; the routing table alone would answer from 127.0.0.1. On `[::]` too.
#[test]
fn a_server_on_all_addresses_answers_from_the_one_that_was_asked() {
    for listen in ["0.0.0.0:0", "[::]:0"] {
        let Some(server) = everywhere(listen) else { continue };
        for asked in ["127.0.0.2", "127.0.0.1"] {
            let asked: IpAddr = asked.parse().unwrap();
            let address = SocketAddr::new(asked, server.address().port());
            let mut client = Client::of(address);
            assert_eq!(client.get(b"f"), bytes(600));
            let transfer = client.transfer.unwrap();
            assert!(transfer.ip() == asked && transfer != address, "{listen}: {transfer} for {asked}");
            // Refusals come from there too: of a request that is none, and of a put.
            for bad in [&b"\x00\x09"[..], b"\x00\x02f\x00octet\x00"] {
                let mut client = Client::of(address);
                client.say_bytes(bad);
                client.hears_error(ErrorCode::IllegalOperation);
                assert_eq!(client.transfer.unwrap().ip(), asked, "{listen}");
            }
            let (result, came) = fetch(address, "f", &ClientConfig::default());
            result.unwrap();
            assert!(came == bytes(600));
        }
    }
}

#[test]
fn a_server_on_all_addresses_answers_over_ipv6() {
    let Some(server) = everywhere("[::]:0") else { return };
    let address = SocketAddr::new("::1".parse().unwrap(), server.address().port());
    if UdpSocket::bind("[::1]:0").is_err() {
        return println!("skipped: no IPv6");
    }
    let (result, came) = fetch(address, "f", &ClientConfig::default());
    result.unwrap();
    assert!(came == bytes(600));
}
