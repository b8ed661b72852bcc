//! Peers that reset, drip, vanish, never read or never stop, on either side of the proxy, and servers that lie to ch04_head.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use crate::support::PATIENCE;
use netprog::base::cancel::Cancel;
use netprog::base::conn::{TcpConn, TcpSocketListener};
use netprog::base::serve::{Incident, ServeConfig, Server, start};
use netprog::ch04_data::head::{HeadError, HeadRequest, MAX_REPLY_BYTES, head};
use netprog::ch04_data::options::{OnClose, set_on_close};
use netprog::ch04_data::proxy::Proxy;

const IDLE: Duration = Duration::from_millis(400);

/// A proxy that gives silent peers four tenths of a second, and what it reports.
fn proxy_to(upstream: SocketAddr) -> (Server, mpsc::Receiver<String>) {
    let (told, reports) = mpsc::channel();
    let config = ServeConfig {
        report: Box::new(move |incident: &Incident| {
            let _ = told.send(incident.to_string());
        }),
        ..ServeConfig::default()
    };
    let proxy = Proxy { idle: Some(IDLE), ..Proxy::to(&upstream.to_string()) };
    let listener = TcpSocketListener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let server = start(listener, config, move |client, cancel: &Cancel| {
        proxy.handle(client, cancel)?;
        Ok(())
    });
    (server.unwrap(), reports)
}

/// A server that treats every client as `handle` does.
fn peer(handle: impl Fn(TcpStream) -> io::Result<()> + Send + Clone + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let handle = handle.clone();
            thread::spawn(move || handle(stream?));
        }
    });
    address
}

fn echo(stream: TcpStream) -> io::Result<()> {
    let (mut reader, mut writer) = (&stream, &stream);
    io::copy(&mut reader, &mut writer).map(drop)
}

fn reset(stream: TcpStream) -> io::Result<()> {
    set_on_close(&stream, OnClose::Discard)
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// Whatever the peers do, the next client is served.
fn still_serves(proxy: &Server) {
    let mut stream = connect(proxy.socket_addr());
    stream.write_all(b"alive?").unwrap();
    let mut reply = [0; 6];
    stream.read_exact(&mut reply).unwrap();
    assert_eq!(&reply, b"alive?");
}

/// The end in any form: nobody may be left waiting.
fn sees_the_end(mut stream: TcpStream) {
    match stream.read_to_end(&mut Vec::new()) {
        Ok(_) => {}
        Err(error) => assert_eq!(error.kind(), io::ErrorKind::ConnectionReset, "{error}"),
    }
}

#[test]
fn clients_that_reset_at_every_point_harm_nobody() {
    let (proxy, _reports) = proxy_to(peer(echo));
    for sent in [0, 1, 100_000] {
        let mut stream = connect(proxy.socket_addr());
        stream.write_all(&vec![b'x'; sent]).unwrap();
        reset(stream).unwrap();
    }
    still_serves(&proxy);
    assert_eq!(proxy.stop().unwrap().accepted, 4);
}

#[test]
fn an_upstream_that_resets_ends_its_clients_and_is_reported() {
    let (proxy, reports) = proxy_to(peer(reset));
    sees_the_end(connect(proxy.socket_addr()));
    let report = reports.recv_timeout(PATIENCE).unwrap();
    assert!(report.contains("reading failed") || report.contains("dial tcp"), "{report}");
    assert!(proxy.stop().unwrap().drained);
}

#[test]
fn a_client_that_drips_is_served_at_its_own_pace_and_one_that_vanishes_is_given_up() {
    let (proxy, reports) = proxy_to(peer(echo));
    let mut stream = connect(proxy.socket_addr());
    let begin = Instant::now();
    while begin.elapsed() < 3 * IDLE {
        stream.write_all(b".").unwrap();
        stream.read_exact(&mut [0; 1]).unwrap();
        thread::sleep(IDLE / 20);
    }
    // From here on it neither speaks nor closes, as after a pulled cable.
    let report = reports.recv_timeout(PATIENCE).unwrap();
    assert!(report.contains("nothing moved for 400ms"), "{report}");
    sees_the_end(stream);
    still_serves(&proxy);
}

/// An upstream that sends until it cannot, and then says so.
fn endless() -> (SocketAddr, mpsc::Receiver<()>) {
    let (told, ended) = mpsc::channel();
    let address = peer(move |mut stream| {
        while stream.write_all(&[b'x'; 65536]).is_ok() {}
        told.send(()).map_err(io::Error::other)
    });
    (address, ended)
}

#[test]
fn a_client_that_never_reads_does_not_hold_an_upstream_that_never_stops() {
    let (endless, ended) = endless();
    let (proxy, reports) = proxy_to(endless);
    let unread = connect(proxy.socket_addr());
    ended.recv_timeout(PATIENCE).unwrap();
    let report = reports.recv_timeout(PATIENCE).unwrap();
    assert!(report.contains("nothing moved") || report.contains("writing failed"), "{report}");
    drop(unread);
    assert!(proxy.stop().unwrap().drained);
}

#[test]
fn two_peers_that_both_send_and_never_read_are_both_given_up() {
    let (endless, ended) = endless();
    let (proxy, _reports) = proxy_to(endless);
    let mut stream = connect(proxy.socket_addr());
    while stream.write_all(&[b'y'; 65536]).is_ok() {}
    ended.recv_timeout(PATIENCE).unwrap();
    assert!(proxy.stop().unwrap().drained);
}

#[test]
fn a_client_that_leaves_an_endless_download_stops_it() {
    let (endless, ended) = endless();
    let (proxy, _reports) = proxy_to(endless);
    let mut stream = connect(proxy.socket_addr());
    stream.read_exact(&mut vec![0; 4 << 20]).unwrap();
    drop(stream);
    ended.recv_timeout(PATIENCE).unwrap();
    assert!(proxy.stop().unwrap().drained);
}

#[test]
fn an_upstream_that_never_answers_the_dial_costs_its_client_the_dial_timeout_only() {
    // A full backlog: further connects get no answer.
    let listener = netprog::base::sys::socket::tcp_socket(&"127.0.0.1:0".parse().unwrap()).unwrap();
    netprog::base::sys::socket::listen(&listener, &"127.0.0.1:0".parse().unwrap(), false, 0).unwrap();
    let listener = TcpListener::from(listener);
    let address = listener.local_addr().unwrap();
    let mut fillers = Vec::new();
    while let Ok(filler) = TcpStream::connect_timeout(&address, IDLE) {
        fillers.push(filler);
    }
    let proxy = Proxy { dial_timeout: IDLE, ..Proxy::to(&address.to_string()) };
    let (mut client, handled) = {
        let front = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = connect(front.local_addr().unwrap());
        let accepted = TcpConn::new(front.accept().unwrap().0).unwrap();
        (client, proxy.handle(Box::new(accepted), &Cancel::new()))
    };
    assert_eq!(io::Error::from(handled.unwrap_err()).kind(), io::ErrorKind::TimedOut);
    assert_eq!(client.read(&mut [0; 1]).unwrap(), 0);
}

#[test]
fn more_clients_than_the_proxy_serves_at_once_wait_and_are_served() {
    let upstream = peer(echo);
    let config = ServeConfig { max_connections: 2, ..ServeConfig::default() };
    let proxy = Proxy::to(&upstream.to_string());
    let listener = TcpSocketListener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let server = start(listener, config, move |client, cancel| {
        proxy.handle(client, cancel)?;
        Ok(())
    });
    let server = server.unwrap();
    let mut clients = Vec::new();
    for _ in 0..6 {
        clients.push(connect(server.socket_addr()));
    }
    for mut client in clients {
        client.write_all(b"my turn").unwrap();
        client.read_exact(&mut [0; 7]).unwrap();
    }
    assert_eq!(server.stop().unwrap().accepted, 6);
}

// --- servers that lie to ch04_head ----------------------------------------------------------------------------------

fn ask(server: SocketAddr, timeout: Duration) -> HeadError {
    let request = HeadRequest { timeout, ..HeadRequest::default() };
    head(&server.to_string(), &request).unwrap_err()
}

#[test]
fn a_reply_that_never_stops_is_cut_at_the_limit() {
    let endless = peer(|mut stream| {
        stream.write_all(b"HTTP/1.0 200 OK\r\n")?;
        loop {
            stream.write_all(b"X: and on and on\r\n")?;
        }
    });
    let error = ask(endless, PATIENCE);
    assert!(matches!(error, HeadError::TooLong { limit: MAX_REPLY_BYTES }), "{error}");
}

#[test]
fn a_reply_that_drips_is_cut_at_the_total_time_however_steady_it_drips() {
    let dripping = peer(|mut stream| {
        loop {
            stream.write_all(b"H")?;
            thread::sleep(Duration::from_millis(5));
        }
    });
    let begin = Instant::now();
    let error = ask(dripping, Duration::from_millis(200));
    let HeadError::Read { got, source } = &error else { panic!("{error}") };
    assert!(*got > 0 && source.kind() == io::ErrorKind::TimedOut, "{error}");
    assert!(begin.elapsed() >= Duration::from_millis(200) && begin.elapsed() < PATIENCE);
}

#[test]
fn garbage_silence_and_a_reset_are_errors_and_not_replies() {
    let garbage = peer(|mut stream| stream.write_all(&[0, 0xff, 0x1b, b'[', b'2', b'J']));
    let error = ask(garbage, PATIENCE);
    assert!(matches!(error, HeadError::NotHttp { .. } | HeadError::Read { .. }), "{error}");
    assert!(!error.to_string().contains('\x1b'), "no escape sequence reaches the terminal");

    let silent = peer(|mut stream| {
        stream.read_exact(&mut [0; 19])?;
        Ok(())
    });
    let error = ask(silent, PATIENCE);
    assert!(matches!(error, HeadError::NotHttp { .. }), "closed without a word: {error}");

    let error = ask(peer(reset), PATIENCE);
    assert!(
        matches!(error, HeadError::Connect { .. } | HeadError::Write { .. } | HeadError::Read { .. }),
        "{error}"
    );
}
