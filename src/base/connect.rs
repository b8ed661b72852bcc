//! One TCP connect that really ends: at its deadline, or when it is cancelled.
//!
//! The standard library's `connect` ends when the system gives up (two minutes and more), and `connect_timeout` cannot be
//! cancelled. Doing either in a thread and walking away leaves the thread, and its half-open connection, behind. Here the
//! socket does not block: this thread waits for the outcome, the deadline and the token together, and whichever comes
//! first, the socket is closed and the attempt is over.

use std::io;
use std::net::{SocketAddr, TcpStream};

use super::cancel::Cancel;
use super::conn::TcpConn;
use super::deadline::Deadline;
use super::trace::{self, Kind};

/// Connects to `address`.
///
/// # Errors
/// * [`io::ErrorKind::TimedOut`] at `deadline` or the token's own, whichever is earlier;
/// * [`io::ErrorKind::ConnectionAborted`] when `cancel` was cancelled;
/// * else what the system says: [`io::ErrorKind::ConnectionRefused`], …
pub fn connect(address: SocketAddr, deadline: Deadline, cancel: &Cancel) -> io::Result<TcpConn> {
    let outcome = connected_stream(address, deadline, cancel).and_then(TcpConn::new);
    if trace::is_on() {
        report(&address, &outcome);
    }
    outcome
}

fn report(address: &SocketAddr, outcome: &io::Result<TcpConn>) {
    use super::conn::Conn;
    let to = address.to_string();
    match outcome {
        Ok(conn) => trace::between(Kind::Connected, &conn.local().to_string(), &to, &[]),
        Err(error) => {
            let me = trace::current_party().unwrap_or_else(|| "dialler".to_string());
            trace::between_with(Kind::Broken, &me, &to, &[], || format!("connect: {error}"));
        }
    }
}

#[cfg(unix)]
fn connected_stream(address: SocketAddr, deadline: Deadline, cancel: &Cancel) -> io::Result<TcpStream> {
    use super::sys::{options, socket};

    cancel.check()?;
    let deadline = deadline.earlier(cancel.deadline());
    deadline.remaining()?;
    let connecting = socket::tcp_socket(&address)?;
    socket::set_nonblocking(&connecting, true)?;
    if !socket::start_connect(&connecting, &address)? {
        wait_for_outcome(&connecting, deadline, cancel)?;
        options::take_error(&connecting)?;
    }
    socket::set_nonblocking(&connecting, false)?;
    let stream = TcpStream::from(connecting);
    if is_connected_to_itself(&stream) {
        return Err(io::ErrorKind::ConnectionRefused.into());
    }
    Ok(stream)
}

/// Blocks until the connect has an outcome.
#[cfg(unix)]
fn wait_for_outcome(
    connecting: &std::os::fd::OwnedFd,
    deadline: Deadline,
    cancel: &Cancel,
) -> io::Result<()> {
    use super::sys::poll::{self, Wish};
    use std::os::fd::AsFd;
    use std::os::unix::net::UnixStream;

    // poll waits for descriptors only, so the token's end must become one: the callback drops its end of this pair.
    let (woken, wakes) = UnixStream::pair()?;
    let _registration = cancel.on_end(move |_| drop(wakes));
    let wishes = [(connecting.as_fd(), Wish::Writable), (woken.as_fd(), Wish::Readable)];
    loop {
        cancel.check()?;
        let ready = match poll::wait(&wishes, deadline.remaining()?) {
            Ok(ready) => ready,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if ready[0] {
            return Ok(());
        }
    }
}

/// TCP's simultaneous open: a connect to a free port of this machine may be given that very port as its own, and then
/// meets itself. Go refuses such a connection too.
#[cfg(unix)]
fn is_connected_to_itself(stream: &TcpStream) -> bool {
    match (stream.local_addr(), stream.peer_addr()) {
        (Ok(local), Ok(peer)) => local == peer,
        _ => false,
    }
}

/// Where there is no poll the deadline holds, but a token that is cancelled meanwhile is heard only afterwards.
#[cfg(not(unix))]
fn connected_stream(address: SocketAddr, deadline: Deadline, cancel: &Cancel) -> io::Result<TcpStream> {
    cancel.check()?;
    let stream = match deadline.earlier(cancel.deadline()).remaining()? {
        Some(left) => TcpStream::connect_timeout(&address, left)?,
        None => TcpStream::connect(address)?,
    };
    cancel.check()?;
    Ok(stream)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::base::sys::socket;
    use std::net::TcpListener;
    use std::os::fd::OwnedFd;
    use std::sync::mpsc;
    use std::thread;
    use std::time::{Duration, Instant};

    const LONG: Duration = Duration::from_secs(30);

    /// A listener whose backlog is full: a further connect gets no answer, as from a host that does not exist. The
    /// clients that fill it must be kept.
    fn unanswering() -> (TcpListener, Vec<OwnedFd>, SocketAddr) {
        let loopback: SocketAddr = "127.0.0.1:0".parse().unwrap();
        let fd = socket::tcp_socket(&loopback).unwrap();
        socket::listen(&fd, &loopback, false, 0).unwrap();
        let listener = TcpListener::from(fd);
        let address = listener.local_addr().unwrap();
        let mut clients = Vec::new();
        for _ in 0..4 {
            let client = socket::tcp_socket(&address).unwrap();
            socket::set_nonblocking(&client, true).unwrap();
            let _ = socket::start_connect(&client, &address).unwrap();
            clients.push(client);
        }
        (listener, clients, address)
    }

    #[test]
    fn a_connect_without_an_answer_ends_at_its_deadline() {
        let (_listener, _clients, address) = unanswering();
        let begin = Instant::now();
        let limit = Duration::from_millis(50);
        let error = connect(address, Deadline::after(limit), &Cancel::new()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(begin.elapsed() >= limit && begin.elapsed() < LONG);
    }

    #[test]
    fn a_connect_without_an_answer_ends_when_it_is_cancelled_and_its_thread_with_it() {
        let (_listener, _clients, address) = unanswering();
        let cancel = Cancel::new();
        let token = cancel.clone();
        let (told, heard) = mpsc::channel();
        let dialler = thread::spawn(move || {
            told.send(()).unwrap();
            connect(address, Deadline::NEVER, &token).map(drop)
        });
        heard.recv().unwrap();
        let begin = Instant::now();
        cancel.cancel();
        let error = dialler.join().unwrap().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionAborted);
        assert!(begin.elapsed() < LONG);
    }

    #[test]
    fn a_token_that_has_ended_is_heard_before_anything_is_sent() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let cancel = Cancel::new();
        cancel.cancel();
        let address = listener.local_addr().unwrap();
        assert!(connect(address, Deadline::NEVER, &cancel).is_err());
        assert_eq!(listener.accept().unwrap_err().kind(), io::ErrorKind::WouldBlock, "nobody connected");
    }

    #[test]
    fn a_refusal_is_a_refusal_and_a_success_is_an_ordinary_blocking_connection() {
        use std::io::{Read, Write};
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let mut conn = connect(address, Deadline::after(LONG), &Cancel::new()).unwrap();
        let (mut accepted, _) = listener.accept().unwrap();
        let peer = thread::spawn(move || accepted.write_all(b"late").map(|()| drop(accepted)));
        let mut text = String::new();
        conn.read_to_string(&mut text).unwrap();
        assert_eq!(text, "late");
        peer.join().unwrap().unwrap();
        drop((conn, listener));

        let error = connect(address, Deadline::after(LONG), &Cancel::new()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
    }

    #[test]
    fn ipv6_addresses_are_connected_to_as_well() {
        // A machine without IPv6 has nothing to show here.
        let Ok(listener) = TcpListener::bind("[::1]:0") else { return };
        let address = listener.local_addr().unwrap();
        let conn = connect(address, Deadline::after(LONG), &Cancel::new()).unwrap();
        assert_eq!(conn.socket().peer_addr().unwrap(), address);
    }
}
