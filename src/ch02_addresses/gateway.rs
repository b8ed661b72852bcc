//! A NAT that relays: real datagrams between an inside and an outside address, by the table of [`super::nat`].
//!
//! ```text
//!   127.0.0.3:50926  --->  inside socket | gateway | 127.0.0.4:50926  --->  server
//!     (a client)           stands for the          one socket per         sees 127.0.0.4,
//!                          server                  mapping                never the client
//!
//!   server inside    <---  one socket per| gateway | forwarded port   <---  a stranger
//!                          stranger
//! ```
//! A router would see every packet its hosts send; a program sees what is sent to it. So the gateway has an inside socket
//! for each destination, and clients send there. Loopback has 16 million addresses on Linux, enough for inside and
//! outside.
//!
//! One thread serves every socket; it sleeps until one of them has something. Left out: TCP, for which chapter 4 builds a
//! proxy; ICMP errors, which a NAT must translate, too.

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket};
use std::os::fd::AsFd;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::nat::{MAPPING_LIFE, Nat};
use crate::base::random::{self, Seeded};
use crate::base::sys::poll::{self, Wish};
use crate::base::trace::{self, Kind};

/// A UDP datagram is no longer.
const MAX_DATAGRAM: usize = 65_535;
/// How many mappings may have a socket. Descriptors are finite.
pub const MAX_OUTSIDE: usize = 256;
/// How many strangers may have one. Apart from the clients', so that strangers cannot lock these out.
pub const MAX_STRANGERS: usize = 128;
/// How often another port is drawn because some other program of this host has it.
const BIND_TRIES: usize = 16;

/// What a gateway stands between.
#[derive(Clone, Debug)]
pub struct GatewayConfig {
    /// Its address inside.
    pub inside: Ipv4Addr,
    /// Its one public address.
    pub public: Ipv4Addr,
    /// The servers outside that clients may reach.
    pub destinations: Vec<SocketAddrV4>,
    /// Public ports (0: any) and the servers inside they lead to.
    pub forwards: Vec<(u16, SocketAddrV4)>,
}

/// What a gateway did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Datagrams from inside to outside.
    pub out: u64,
    /// Datagrams from outside to inside.
    pub into: u64,
    /// Datagrams from outside that nobody had asked for.
    pub dropped: u64,
}

/// A running gateway.
#[derive(Debug)]
pub struct Gateway {
    inside: Vec<SocketAddrV4>,
    forwards: Vec<SocketAddrV4>,
    wake: UdpSocket,
    thread: Option<JoinHandle<Report>>,
}

impl Gateway {
    /// Binds the sockets and starts the thread.
    ///
    /// # Errors
    /// The system's for an address that is not this host's or a port that is taken; [`io::ErrorKind::InvalidInput`] for a
    /// port forwarded twice.
    pub fn start(config: &GatewayConfig) -> io::Result<Gateway> {
        let mut relay = Relay::new(config)?;
        let (mut inside, mut forwards) = (Vec::new(), Vec::new());
        for (socket, _) in &relay.inside {
            inside.push(v4(socket.local_addr()?)?);
        }
        for (port, server) in &config.forwards {
            forwards.push(relay.open_forward(*port, *server)?);
        }
        let wake = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        wake.connect(relay.wake.local_addr()?)?;
        relay.wake.connect(wake.local_addr()?)?; // nobody else stops it
        let thread = crate::base::thread::spawn("ch02-gateway", move || relay.run())?;
        Ok(Gateway { inside, forwards, wake, thread: Some(thread) })
    }

    /// Where clients send what is for the destinations, in their order.
    pub fn inside(&self) -> &[SocketAddrV4] {
        &self.inside
    }

    /// The public addresses of the forwarded ports, in their order.
    pub fn forwards(&self) -> &[SocketAddrV4] {
        &self.forwards
    }

    /// Stops it. What has come in before is relayed first.
    pub fn stop(mut self) -> Report {
        self.end().unwrap_or_default()
    }

    fn end(&mut self) -> Option<Report> {
        let thread = self.thread.take()?;
        // An empty datagram to ourselves cannot be lost while the socket stands.
        let _ = self.wake.send(&[]);
        thread.join().ok()
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.end();
    }
}

/// Which socket has something.
#[derive(Clone, Copy, Debug)]
enum Source {
    Wake,
    Inside(usize),
    Outside(u16),
    Stranger(SocketAddrV4, u16),
}

struct Relay {
    wake: UdpSocket,
    inside: Vec<(UdpSocket, SocketAddrV4)>,
    outside: HashMap<u16, UdpSocket>,
    strangers: HashMap<(SocketAddrV4, u16), (UdpSocket, Duration)>,
    nat: Nat,
    inside_address: Ipv4Addr,
    public: Ipv4Addr,
    begin: Instant,
    report: Report,
}

impl Relay {
    fn new(config: &GatewayConfig) -> io::Result<Relay> {
        let mut inside = Vec::new();
        for destination in &config.destinations {
            inside.push((open(config.inside, 0)?, *destination));
        }
        Ok(Relay {
            wake: UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?,
            inside,
            outside: HashMap::new(),
            strangers: HashMap::new(),
            nat: Nat::new(config.public, Seeded::new(random::u64()?)),
            inside_address: config.inside,
            public: config.public,
            begin: Instant::now(),
            report: Report::default(),
        })
    }

    fn open_forward(&mut self, port: u16, server: SocketAddrV4) -> io::Result<SocketAddrV4> {
        let socket = open(self.public, port)?;
        let address = v4(socket.local_addr()?)?;
        let refused = |error| io::Error::new(io::ErrorKind::InvalidInput, error);
        self.nat.forward(address.port(), server).map_err(refused)?;
        self.outside.insert(address.port(), socket);
        Ok(address)
    }

    fn run(mut self) -> Report {
        let mut buf = vec![0; MAX_DATAGRAM];
        loop {
            let ready = match self.wait() {
                Ok(ready) => ready,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    trace::note_of("NAT", || format!("cannot go on: {error}"));
                    return self.report;
                }
            };
            let mut is_over = false;
            for source in ready {
                match source {
                    Source::Wake => is_over = true,
                    Source::Inside(index) => self.take_question(index, &mut buf),
                    Source::Outside(port) => self.take_inbound(port, &mut buf),
                    Source::Stranger(stranger, port) => self.take_answer(stranger, port, &mut buf),
                }
            }
            if is_over {
                return self.report;
            }
        }
    }

    fn wait(&self) -> io::Result<Vec<Source>> {
        let mut sources = vec![Source::Wake];
        let mut wishes = vec![(self.wake.as_fd(), Wish::Readable)];
        for (index, (socket, _)) in self.inside.iter().enumerate() {
            sources.push(Source::Inside(index));
            wishes.push((socket.as_fd(), Wish::Readable));
        }
        for (port, socket) in &self.outside {
            sources.push(Source::Outside(*port));
            wishes.push((socket.as_fd(), Wish::Readable));
        }
        for ((stranger, port), (socket, _)) in &self.strangers {
            sources.push(Source::Stranger(*stranger, *port));
            wishes.push((socket.as_fd(), Wish::Readable));
        }
        let ready = poll::wait(&wishes, None)?;
        let mut found = Vec::new();
        for (source, is_ready) in sources.into_iter().zip(ready) {
            if is_ready {
                found.push(source);
            }
        }
        Ok(found)
    }

    /// A client sends: its mapping's socket sends on.
    fn take_question(&mut self, index: usize, buf: &mut [u8]) {
        let (socket, destination) = &self.inside[index];
        let destination = *destination;
        let Some((length, client)) = receive(socket, buf) else { return };
        let Some(port) = self.mapped(client, destination) else { return };
        if let Some(socket) = self.outside.get(&port) {
            let public = SocketAddrV4::new(self.public, port);
            tell(destination, &buf[..length], public);
            self.report.out += u64::from(socket.send_to(&buf[..length], destination).is_ok());
        }
    }

    /// The client's public port, with a socket on it.
    fn mapped(&mut self, client: SocketAddrV4, destination: SocketAddrV4) -> Option<u16> {
        for _ in 0..BIND_TRIES {
            let now = self.begin.elapsed();
            let port = self.nat.outbound(client, destination, now).ok()?.port();
            if self.outside.contains_key(&port) {
                return Some(port);
            }
            let nat = &self.nat;
            self.outside.retain(|port, _| nat.has(*port));
            if self.outside.len() >= MAX_OUTSIDE {
                self.nat.forget(port);
                return None;
            }
            if let Ok(socket) = open(self.public, port) {
                self.outside.insert(port, socket);
                return Some(port);
            }
            // Another program of this host has the port.
            self.nat.reserve(port);
        }
        None
    }

    /// Something comes to a public port: an answer, something for a forwarded port, or nothing anybody asked for.
    fn take_inbound(&mut self, port: u16, buf: &mut [u8]) {
        let Some(socket) = self.outside.get(&port) else { return };
        let Some((length, peer)) = receive(socket, buf) else { return };
        let Some(inside) = self.nat.inbound(peer, port, self.begin.elapsed()) else {
            self.report.dropped += 1;
            return;
        };
        let answering = self.inside.iter().find(|(_, destination)| *destination == peer);
        let sent = match answering {
            // The answer comes from where the client sent to.
            Some((socket, _)) => socket.send_to(&buf[..length], inside).is_ok(),
            None => {
                self.stranger(peer, port).is_some_and(|socket| socket.send_to(&buf[..length], inside).is_ok())
            }
        };
        tell(inside, &buf[..length], SocketAddrV4::new(self.public, port));
        self.report.into += u64::from(sent);
    }

    /// The inside socket that stands for a stranger.
    fn stranger(&mut self, stranger: SocketAddrV4, port: u16) -> Option<&UdpSocket> {
        let (key, now) = ((stranger, port), self.begin.elapsed());
        if !self.strangers.contains_key(&key) {
            self.strangers.retain(|_, (_, used)| now.saturating_sub(*used) < MAPPING_LIFE);
            if self.strangers.len() >= MAX_STRANGERS {
                return None;
            }
            self.strangers.insert(key, (open(self.inside_address, 0).ok()?, now));
        }
        let (socket, used) = self.strangers.get_mut(&key)?;
        *used = now;
        Some(socket)
    }

    /// A forwarded server answers a stranger.
    fn take_answer(&mut self, stranger: SocketAddrV4, port: u16, buf: &mut [u8]) {
        let Some((socket, _)) = self.strangers.get(&(stranger, port)) else { return };
        let Some((length, _)) = receive(socket, buf) else { return };
        if let Some(socket) = self.outside.get(&port) {
            tell(stranger, &buf[..length], SocketAddrV4::new(self.public, port));
            self.report.out += u64::from(socket.send_to(&buf[..length], stranger).is_ok());
        }
    }
}

fn open(address: Ipv4Addr, port: u16) -> io::Result<UdpSocket> {
    let socket = UdpSocket::bind((address, port))?;
    // Ready may turn out not to be: a datagram with a wrong checksum is thrown away on reading.
    socket.set_nonblocking(true)?;
    Ok(socket)
}

fn receive(socket: &UdpSocket, buf: &mut [u8]) -> Option<(usize, SocketAddrV4)> {
    let (length, from) = socket.recv_from(buf).ok()?;
    trace::between_with(Kind::Received, &from.to_string(), "NAT", &buf[..length], String::new);
    Some((length, v4(from).ok()?))
}

fn v4(address: SocketAddr) -> io::Result<SocketAddrV4> {
    match address {
        SocketAddr::V4(v4) => Ok(v4),
        SocketAddr::V6(_) => Err(io::ErrorKind::InvalidInput.into()),
    }
}

fn tell(to: SocketAddrV4, bytes: &[u8], public: SocketAddrV4) {
    trace::between_with(Kind::Sent, "NAT", &to.to_string(), bytes, || format!("translated at {public}"));
}
