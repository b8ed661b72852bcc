//! A name server: an [`Authority`] on a UDP socket and a TCP listener with the same port.
//!
//! ```text
//! datagram ──▶ Authority::respond ──▶ datagram         one thread, one at a time
//! connection ──▶ length, query ──▶ … ──▶ length, answer, and again until ten seconds pass in silence
//! ```
//! Watch it run: `ch02_nameserver -zone FILE`, then `dig -p 5300 @127.0.0.1 google.com`.
//!
//! An answer takes microseconds and touches nothing but memory, so one thread serves all datagrams. A stop wakes it with
//! a datagram of no bytes.

use std::fmt;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use crate::base::cancel::Cancel;
use crate::base::conn::{Conn, TcpSocketListener};
use crate::base::deadline::Deadline;
use crate::base::serve::{Incident, ServeConfig, serve};
use crate::base::trace::Kind;
use crate::base::{thread, trace};

use super::authority::{Authority, Transport};
use super::framing::{read_message, write_message};
use super::message::Message;

/// How long a client on TCP may say nothing (RFC 7766 §6.2.3 asks for seconds, not minutes), and may take to read.
const IDLE: Duration = Duration::from_secs(10);

/// Connections served at once. DNS over TCP is the exception.
const MAX_CONNECTIONS: usize = 128;

/// How long the UDP thread sleeps before it looks for a stop by itself, should the datagram that wakes it be lost.
const LOOK_FOR_STOP: Duration = Duration::from_secs(1);

/// More than any query has: one with all its options stays below this, and what is longer is cut and refused.
const LARGEST_QUERY: usize = 4096;

/// How often we look for a port that is free on UDP and TCP, when the system is to choose.
const PORT_ATTEMPTS: usize = 32;

/// A name server that is bound and not yet serving.
pub struct NameServer {
    authority: Arc<Authority>,
    udp: UdpSocket,
    tcp: TcpSocketListener,
    address: SocketAddr,
    config: ServeConfig,
}

impl NameServer {
    /// Binds both sockets. Port 0 lets the system choose one that is free for both.
    ///
    /// # Errors
    /// What the system says about either socket.
    pub fn bind(address: SocketAddr, authority: Authority) -> io::Result<NameServer> {
        let (udp, tcp) = bind_both(address)?;
        let address = tcp.socket_addr();
        udp.set_read_timeout(Some(LOOK_FOR_STOP))?;
        let config = ServeConfig { name: "dns", max_connections: MAX_CONNECTIONS, ..ServeConfig::default() };
        Ok(NameServer { authority: Arc::new(authority), udp, tcp, address, config })
    }

    /// The same, but `report` is told what goes wrong with a connection. Otherwise it is a line on standard error.
    pub fn reporting(mut self, report: impl Fn(&Incident) + Send + Sync + 'static) -> NameServer {
        self.config.report = Box::new(report);
        self
    }

    /// Where it listens, for datagrams and connections.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop` ends.
    ///
    /// # Errors
    /// What shows that a socket itself is no good; both are closed then.
    pub fn serve(self, stop: &Cancel) -> io::Result<()> {
        let both = stop.child();
        let udp_stop = both.clone();
        let udp = self.udp.try_clone()?;
        let address = self.address;
        let _waking = both.on_end(move |_| wake(&udp, address));
        let authority = Arc::clone(&self.authority);
        let datagrams = thread::spawn("dns-udp", move || {
            // Half a name server is none: whichever ends, by a panic too, takes the other along.
            let _taking_along = CancelOnDrop(udp_stop.clone());
            serve_datagrams(&self.udp, address, &authority, &udp_stop)
        })?;
        let authority = self.authority;
        let streams = serve(Arc::new(self.tcp), self.config, &both, move |mut conn, _| {
            serve_stream(&mut *conn, &authority)
        });
        both.cancel();
        let datagrams = datagrams.join().unwrap_or_else(|_| Err(io::Error::other("the UDP thread panicked")));
        streams.map(|_| ()).and(datagrams)
    }

    /// Serves in a thread of its own.
    ///
    /// # Errors
    /// The system's, when it has no thread to give.
    pub fn start(self) -> io::Result<Running> {
        let stop = Cancel::new();
        let token = stop.clone();
        let address = self.address;
        let thread = thread::spawn("nameserver", move || self.serve(&token))?;
        Ok(Running { address, stop, thread: Some(thread) })
    }
}

/// Ends the token when its thread leaves, on every path.
struct CancelOnDrop(Cancel);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

impl fmt::Debug for NameServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "name server on {}", self.address)
    }
}

/// A name server in its own thread. Dropping it stops it.
pub struct Running {
    address: SocketAddr,
    stop: Cancel,
    thread: Option<JoinHandle<io::Result<()>>>,
}

impl Running {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops it and waits for its end.
    ///
    /// # Errors
    /// As [`NameServer::serve`].
    pub fn stop(mut self) -> io::Result<()> {
        self.stop.cancel();
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(outcome)) => outcome,
            _ => Err(io::Error::other("the name server panicked")),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "name server on {}", self.address)
    }
}

fn bind_both(address: SocketAddr) -> io::Result<(UdpSocket, TcpSocketListener)> {
    let mut attempts_left = if address.port() == 0 { PORT_ATTEMPTS } else { 1 };
    loop {
        attempts_left -= 1;
        let udp = UdpSocket::bind(address)?;
        let both = udp.local_addr()?;
        match TcpSocketListener::bind(both) {
            Ok(tcp) => {
                trace::name_mine(&both.to_string());
                return Ok((udp, tcp));
            }
            // The port is free for datagrams and taken for connections.
            Err(error) if error.kind() == ErrorKind::AddrInUse && attempts_left > 0 => {}
            Err(error) => return Err(error),
        }
    }
}

// --- datagrams ------------------------------------------------------------------------------------------------------

fn serve_datagrams(
    socket: &UdpSocket,
    here: SocketAddr,
    authority: &Authority,
    stop: &Cancel,
) -> io::Result<()> {
    let mut buffer = vec![0; LARGEST_QUERY];
    while !stop.has_ended() {
        let (length, peer) = match socket.recv_from(&mut buffer) {
            Ok(received) => received,
            Err(error) if concerns_one_datagram(&error) => continue,
            Err(error) => return Err(error),
        };
        if let Some(answer) = authority.respond(&buffer[..length], Transport::Datagram) {
            let (from, to) = (here.to_string(), peer.to_string());
            trace::between_with(Kind::Sent, &from, &to, &answer, || summary(&answer));
            // The client may be gone, or its address forged; that is no error of ours.
            let _ = socket.send_to(&answer, peer);
        }
    }
    Ok(())
}

/// Nothing came, a signal did, or an earlier answer of ours found its port closed (some systems say so here).
fn concerns_one_datagram(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::WouldBlock
            | ErrorKind::TimedOut
            | ErrorKind::Interrupted
            | ErrorKind::ConnectionRefused
            | ErrorKind::ConnectionReset
    )
}

/// Sends the socket a datagram of no bytes, so that it wakes and sees the stop.
fn wake(socket: &UdpSocket, address: SocketAddr) {
    let mut target = address;
    match address.ip() {
        // One listens on "any address" but does not send to it.
        IpAddr::V4(ip) if ip.is_unspecified() => target.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => target.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    let _ = socket.send_to(&[], target);
}

/// `google.com. IN A: NOERROR, 1 answer`, for the trace.
fn summary(answer: &[u8]) -> String {
    let Ok(message) = Message::decode(answer) else { return "answer".to_string() };
    let question = message.questions.first().map(ToString::to_string).unwrap_or_default();
    format!("{question}: {}, answers: {}", message.header.rcode, message.answers.len())
}

// --- streams --------------------------------------------------------------------------------------------------------

fn serve_stream(conn: &mut dyn Conn, authority: &Authority) -> io::Result<()> {
    loop {
        // One deadline for the whole message: a byte now and then does not keep the connection.
        conn.set_deadline(Deadline::after(IDLE));
        let query = match read_message(conn) {
            Ok(Some(query)) => query,
            Ok(None) => return Ok(()),
            Err(error) if error.kind() == ErrorKind::TimedOut => return Ok(()),
            Err(error) => return Err(error),
        };
        let Some(answer) = authority.respond(&query, Transport::Stream) else { return Ok(()) };
        trace::meaning(|| summary(&answer));
        conn.set_deadline(Deadline::after(IDLE));
        write_message(conn, &answer)?;
    }
}

#[cfg(test)]
mod tests;
