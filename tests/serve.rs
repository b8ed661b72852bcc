//! The accept loop on every path: it serves, survives, waits, drains and stops.

mod support;

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use netprog::base::cancel::Cancel;
use netprog::base::conn::{Address, Conn, Listener, TcpSocketListener};
use netprog::base::serve::{Incident, ServeConfig, Served, serve, start};
use support::{PATIENCE, fill};

const SOON: Duration = Duration::from_millis(30);

fn loopback() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

/// A config that keeps its incidents.
fn config_with_incidents() -> (ServeConfig, mpsc::Receiver<String>) {
    let (told, heard) = mpsc::channel();
    let told = Mutex::new(told);
    let report = Box::new(move |incident: &Incident| {
        let _ = told.lock().unwrap().send(incident.to_string());
    });
    (ServeConfig { report, ..ServeConfig::default() }, heard)
}

fn echo(mut conn: Box<dyn Conn>, _cancel: &Cancel) -> io::Result<()> {
    let mut buf = [0u8; 512];
    loop {
        let count = conn.read(&mut buf)?;
        if count == 0 {
            return Ok(());
        }
        conn.write_all(&buf[..count])?;
    }
}

fn ask(address: SocketAddr, question: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(question.as_bytes())?;
    stream.shutdown(std::net::Shutdown::Write)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

#[test]
fn a_server_serves_many_at_once_and_stops_at_once_while_it_waits_in_accept() {
    let server = start(TcpSocketListener::bind(loopback()).unwrap(), ServeConfig::default(), echo).unwrap();
    let address = server.socket_addr();
    let mut open = Vec::new();
    for _ in 0..20 {
        open.push(TcpStream::connect(address).unwrap());
    }
    for stream in &mut open {
        let mut byte = [0u8; 1];
        stream.write_all(b"x").unwrap();
        stream.read_exact(&mut byte).unwrap();
    }
    let begin = Instant::now();
    assert_eq!(server.stop().unwrap(), Served { accepted: 20, drained: true });
    assert!(begin.elapsed() < PATIENCE);
    let refused = TcpStream::connect(address).unwrap_err();
    assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
}

#[test]
fn a_full_server_lets_the_next_client_wait_and_stops_while_it_waits_for_a_permit() {
    let config = ServeConfig { max_connections: 1, ..ServeConfig::default() };
    let server = start(TcpSocketListener::bind(loopback()).unwrap(), config, echo).unwrap();
    let address = server.socket_addr();
    let mut first = TcpStream::connect(address).unwrap();
    first.write_all(b"1").unwrap();
    first.read_exact(&mut [0u8; 1]).unwrap();

    let mut second = TcpStream::connect(address).unwrap();
    second.write_all(b"2").unwrap();
    second.set_read_timeout(Some(SOON)).unwrap();
    assert!(second.read(&mut [0u8; 1]).is_err(), "connected, but not served");
    drop(first);
    second.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut byte = [0u8; 1];
    second.read_exact(&mut byte).unwrap();
    assert_eq!(&byte, b"2");
    // The second holds the only permit: the loop waits for one now.
    assert_eq!(server.stop().unwrap().accepted, 2);
}

#[test]
fn a_handlers_error_or_panic_is_reported_and_the_next_client_is_served() {
    let (config, incidents) = config_with_incidents();
    let handler = |mut conn: Box<dyn Conn>, cancel: &Cancel| {
        let mut command = [0u8; 1];
        conn.read_exact(&mut command)?;
        match &command {
            b"p" => panic!("a handler of a test panics on purpose"),
            b"e" => Err(io::Error::other("the handler gave up")),
            _ => echo(conn, cancel),
        }
    };
    let server = start(TcpSocketListener::bind(loopback()).unwrap(), config, handler).unwrap();
    let address = server.socket_addr();
    assert_eq!(ask(address, "p").unwrap(), "", "its connection is closed all the same");
    assert!(
        incidents
            .recv_timeout(PATIENCE)
            .unwrap()
            .ends_with("panicked: a handler of a test panics on purpose")
    );
    assert_eq!(ask(address, "e").unwrap(), "");
    assert!(incidents.recv_timeout(PATIENCE).unwrap().ends_with("the handler gave up"));
    assert_eq!(ask(address, ".served").unwrap(), "served");
    assert_eq!(server.stop().unwrap().accepted, 3);
}

#[test]
fn a_request_in_progress_is_finished_after_the_stop() {
    let (started, has_started) = mpsc::channel();
    let (release, gate) = mpsc::channel::<()>();
    let (started, gate) = (Mutex::new(started), Mutex::new(gate));
    let handler = move |mut conn: Box<dyn Conn>, _: &Cancel| {
        started.lock().unwrap().send(()).unwrap();
        let _ = gate.lock().unwrap().recv();
        conn.write_all(b"finished")
    };
    let config = ServeConfig { grace: PATIENCE, ..ServeConfig::default() };
    let server = start(TcpSocketListener::bind(loopback()).unwrap(), config, handler).unwrap();
    let mut client = TcpStream::connect(server.socket_addr()).unwrap();
    has_started.recv_timeout(PATIENCE).unwrap();
    server.stop_token().cancel();
    release.send(()).unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    assert_eq!(answer, "finished");
    assert_eq!(server.stop().unwrap(), Served { accepted: 1, drained: true });
}

#[test]
fn a_handler_that_does_not_finish_in_time_is_interrupted() {
    let (told, heard) = mpsc::channel();
    let told = Mutex::new(told);
    let handler = move |mut conn: Box<dyn Conn>, cancel: &Cancel| {
        told.lock().unwrap().send(None).unwrap();
        // A peer that never reads: the end of the input does not end this.
        let error = fill(&mut *conn);
        told.lock().unwrap().send(Some((error.kind(), cancel.has_ended()))).unwrap();
        Err(error)
    };
    let (config, incidents) = config_with_incidents();
    let config = ServeConfig { grace: SOON, ..config };
    let server = start(TcpSocketListener::bind(loopback()).unwrap(), config, handler).unwrap();
    let _client = TcpStream::connect(server.socket_addr()).unwrap();
    assert_eq!(heard.recv_timeout(PATIENCE).unwrap(), None);
    assert_eq!(server.stop().unwrap(), Served { accepted: 1, drained: false });
    assert_eq!(heard.recv_timeout(PATIENCE).unwrap(), Some((io::ErrorKind::ConnectionAborted, true)));
    assert!(incidents.recv_timeout(PATIENCE).unwrap().contains("interrupted"));
}

/// A listener that has run out of descriptors `failures` times, and then is stopped or no listener any more.
struct Exhausted {
    failures: usize,
    then: Option<i32>,
    calls: AtomicUsize,
    failed: Mutex<mpsc::Sender<()>>,
}

const EMFILE: i32 = 24;
const EBADF: i32 = 9;

impl Listener for Exhausted {
    fn accept(&self) -> io::Result<Box<dyn Conn>> {
        let call = self.calls.fetch_add(1, Ordering::SeqCst);
        let _ = self.failed.lock().unwrap().send(());
        match self.then {
            Some(code) if call >= self.failures => Err(io::Error::from_raw_os_error(code)),
            _ => Err(io::Error::from_raw_os_error(EMFILE)),
        }
    }

    fn local(&self) -> Address {
        Address::Memory("exhausted".to_string())
    }

    fn stop(&self) {}
}

#[test]
fn out_of_descriptors_the_loop_waits_longer_each_time_and_stops_in_the_middle_of_a_wait() {
    let (config, incidents) = config_with_incidents();
    let (failed, failures) = mpsc::channel();
    let listener = Exhausted {
        failures: usize::MAX,
        then: None,
        calls: AtomicUsize::new(0),
        failed: Mutex::new(failed),
    };
    let server = start(listener, config, echo).unwrap();
    for _ in 0..6 {
        failures.recv_timeout(PATIENCE).unwrap();
    }
    let stopping = Instant::now();
    assert_eq!(server.stop().unwrap().accepted, 0);
    assert!(stopping.elapsed() < PATIENCE);
    let waits: Vec<String> = incidents.try_iter().take(6).collect();
    for (report, wait) in waits.iter().zip(["5ms", "10ms", "20ms", "40ms", "80ms", "160ms"]) {
        assert!(
            report.contains("accept failed") && report.ends_with(&format!("trying again in {wait}")),
            "{report}"
        );
    }
}

#[test]
fn a_descriptor_that_is_no_listener_ends_the_loop_with_its_error() {
    let (config, _incidents) = config_with_incidents();
    let (failed, _failures) = mpsc::channel();
    let listener =
        Exhausted { failures: 2, then: Some(EBADF), calls: AtomicUsize::new(0), failed: Mutex::new(failed) };
    let error = serve(Arc::new(listener), config, &Cancel::new(), echo).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(EBADF));
}

#[test]
fn a_server_told_to_stop_before_it_begins_accepts_nobody() {
    let listener = Arc::new(TcpSocketListener::bind(loopback()).unwrap());
    let stop = Cancel::new();
    stop.cancel();
    let served = serve(listener, ServeConfig::default(), &stop, echo).unwrap();
    assert_eq!(served, Served { accepted: 0, drained: true });
}

#[test]
fn a_connection_reset_while_it_waited_does_not_disturb_the_loop() {
    let server = start(TcpSocketListener::bind(loopback()).unwrap(), ServeConfig::default(), echo).unwrap();
    for _ in 0..50 {
        // Unread bytes at close make the system send a RST; here none arrive, so linger zero does it.
        let stream = TcpStream::connect(server.socket_addr()).unwrap();
        #[cfg(unix)]
        netprog::base::sys::options::set_linger(&stream, Some(Duration::ZERO)).unwrap();
        drop(stream);
    }
    assert_eq!(ask(server.socket_addr(), "still here").unwrap(), "still here");
}
