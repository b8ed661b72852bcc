//! A bad link between real UDP sockets.
//!
//! ```text
//!   client c ----> front ----------------> [up] ---> U(c) ----> server, port 69
//!   client c <---- front <---------------- [down] <- U(c) <---- server, port 69
//!   client c <---- D(c,S) <--------------- [down] <- U(c) <---- S, the port the server answers from
//!   client c ----> D(c,S) ---------------> [up] ---> U(c) ----> S
//! ```
//!
//! Clients talk to [`UdpLink::address`]. For each there is a socket `U` that talks to the server in its place. A TFTP
//! server answers from a new port (its transfer identifier, RFC 1350, section 4); for each such source `S` there is a
//! socket `D` that is `S` to that client. So the client sees the port change as it would without the relay.
//!
//! A thread reads each socket, and one more sends what is due: at most [`MAX_SOCKETS`] sockets. A reader that must stop is
//! woken with a datagram to its own socket.
//!
//! Left out: addresses beyond the loopback, and datagrams to `D(c,S)` from anyone but `c`, which are not forwarded.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::{Link, LinkStats};
use crate::base::trace;

/// A thread and a descriptor each. What would need one more is not forwarded.
pub const MAX_SOCKETS: usize = 64;

/// No UDP payload is longer.
const MAX_DATAGRAM: usize = 65_535;

/// What the relay has done in each direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RelayStats {
    /// From clients to the server.
    pub up: LinkStats,
    /// From the server to clients.
    pub down: LinkStats,
}

/// A relay between one server and its clients that treats each direction as a [`Link`] says. The order in which datagrams
/// arrive decides which is the n-th. Dropping it ends its threads and forgets what was on the way.
pub struct UdpLink {
    address: SocketAddr,
    relay: Arc<Relay>,
    sender: Option<JoinHandle<()>>,
}

impl UdpLink {
    /// A relay to `server`, which must be on the loopback.
    ///
    /// # Errors
    /// What the system says to a new socket or thread.
    pub fn start(server: SocketAddr, up: Link, down: Link) -> io::Result<UdpLink> {
        let relay = Arc::new(Relay {
            server,
            links: Mutex::new(Links { up, down }),
            schedule: Schedule::new(),
            routes: Mutex::new(Routes::default()),
        });
        let sending = Arc::clone(&relay);
        let sender = spawn(move || sending.schedule.run())?;
        // From here on dropping the value ends the thread, whatever fails.
        let mut link = UdpLink { address: server, relay, sender: Some(sender) };
        let front = link.relay.open(&mut link.relay.routes(), Role::Front)?;
        link.address = front.local_addr()?;
        trace::name(&link.address.to_string(), &trace::name_of(&server.to_string()));
        Ok(link)
    }

    /// Where clients find the server.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it has done so far.
    pub fn stats(&self) -> RelayStats {
        let links = self.relay.links.lock().unwrap_or_else(PoisonError::into_inner);
        RelayStats { up: links.up.stats(), down: links.down.stats() }
    }
}

impl Drop for UdpLink {
    fn drop(&mut self) {
        self.relay.stop();
        if let Some(sender) = self.sender.take() {
            // It cannot panic, and if it did there is nothing more to stop.
            let _ = sender.join();
        }
    }
}

impl fmt::Debug for UdpLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "link {} > {}", self.address, self.relay.server)
    }
}

fn spawn(work: impl FnOnce() + Send + 'static) -> io::Result<JoinHandle<()>> {
    let identity = trace::Identity::here();
    thread::Builder::new().name("udp-link".to_string()).spawn(move || {
        identity.adopt();
        work();
    })
}

/// What a socket of the relay is for.
#[derive(Clone, Copy)]
enum Role {
    /// It is the server to every client.
    Front,
    /// `U(c)`: it is this client to the server.
    Upstream { client: SocketAddr },
    /// `D(c,S)`: it is `source` to `client`.
    Door { client: SocketAddr, source: SocketAddr },
}

struct Links {
    up: Link,
    down: Link,
}

#[derive(Default)]
struct Routes {
    front: Option<Arc<UdpSocket>>,
    upstream: HashMap<SocketAddr, Arc<UdpSocket>>,
    doors: HashMap<(SocketAddr, SocketAddr), Arc<UdpSocket>>,
    readers: Vec<(Arc<UdpSocket>, JoinHandle<()>)>,
    stopped: bool,
}

struct Relay {
    server: SocketAddr,
    links: Mutex<Links>,
    schedule: Schedule,
    routes: Mutex<Routes>,
}

impl Relay {
    fn routes(&self) -> MutexGuard<'_, Routes> {
        self.routes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new socket with a thread that reads it.
    fn open(self: &Arc<Self>, routes: &mut Routes, role: Role) -> io::Result<Arc<UdpSocket>> {
        if routes.stopped || routes.readers.len() >= MAX_SOCKETS {
            return Err(io::Error::other("the link opens no more sockets"));
        }
        let socket = Arc::new(UdpSocket::bind((self.loopback(), 0))?);
        let (relay, reading) = (Arc::clone(self), Arc::clone(&socket));
        let reader = spawn(move || relay.read(&reading, role))?;
        routes.readers.push((Arc::clone(&socket), reader));
        match role {
            Role::Front => routes.front = Some(Arc::clone(&socket)),
            Role::Upstream { client } => {
                alias(&socket, client);
                routes.upstream.insert(client, Arc::clone(&socket));
            }
            Role::Door { client, source } => {
                alias(&socket, source);
                routes.doors.insert((client, source), Arc::clone(&socket));
            }
        }
        Ok(socket)
    }

    fn loopback(&self) -> IpAddr {
        match self.server {
            SocketAddr::V4(_) => IpAddr::V4(Ipv4Addr::LOCALHOST),
            SocketAddr::V6(_) => IpAddr::V6(Ipv6Addr::LOCALHOST),
        }
    }

    fn read(self: &Arc<Self>, socket: &UdpSocket, role: Role) {
        let mut buf = vec![0; MAX_DATAGRAM];
        loop {
            let outcome = socket.recv_from(&mut buf);
            if self.routes().stopped {
                return;
            }
            match outcome {
                Ok((length, from)) => self.forward(role, from, &buf[..length]),
                Err(error) if may_go_on(&error) => {}
                Err(_) => return,
            }
        }
    }

    fn forward(self: &Arc<Self>, role: Role, from: SocketAddr, datagram: &[u8]) {
        match role {
            Role::Front => self.send_up(from, self.server, datagram),
            Role::Door { client, source } if from == client => self.send_up(client, source, datagram),
            Role::Door { .. } => trace::note_of("link", || format!("a stranger, {from}, is not forwarded")),
            Role::Upstream { client } => self.send_down(from, client, datagram),
        }
    }

    fn send_up(self: &Arc<Self>, client: SocketAddr, server: SocketAddr, datagram: &[u8]) {
        let socket = {
            let mut routes = self.routes();
            match routes.upstream.get(&client) {
                Some(socket) => Ok(Arc::clone(socket)),
                None => self.open(&mut routes, Role::Upstream { client }),
            }
        };
        self.send(socket, (client, server), server, datagram, |links| &mut links.up);
    }

    fn send_down(self: &Arc<Self>, source: SocketAddr, client: SocketAddr, datagram: &[u8]) {
        let socket = {
            let mut routes = self.routes();
            let known = match &routes.front {
                Some(front) if source == self.server => Some(front),
                _ => routes.doors.get(&(client, source)),
            };
            match known {
                Some(socket) => Ok(Arc::clone(socket)),
                None => self.open(&mut routes, Role::Door { client, source }),
            }
        };
        self.send(socket, (source, client), client, datagram, |links| &mut links.down);
    }

    /// Lets the link decide and puts what comes out on the schedule.
    fn send(
        &self,
        socket: io::Result<Arc<UdpSocket>>,
        (from, to): (SocketAddr, SocketAddr),
        target: SocketAddr,
        datagram: &[u8],
        direction: impl FnOnce(&mut Links) -> &mut Link,
    ) {
        let socket = match socket {
            Ok(socket) => socket,
            Err(error) => return trace::note_of("link", || format!("nothing forwarded for {from}: {error}")),
        };
        // The schedule is filled under the lock, or a later datagram could get in before an earlier one.
        let mut links = self.links.lock().unwrap_or_else(PoisonError::into_inner);
        let out = direction(&mut links).pass(datagram);
        report(from, to, datagram, &out);
        for (delay, bytes) in out {
            self.schedule.add(delay, Parcel { socket: Arc::clone(&socket), target, bytes });
        }
    }

    fn stop(&self) {
        let readers = {
            let mut routes = self.routes();
            routes.stopped = true;
            std::mem::take(&mut routes.readers)
        };
        for (socket, reader) in readers {
            // Its queue cannot be too full for this while the thread waits for something to read.
            let _ = socket.local_addr().and_then(|address| socket.send_to(&[], address));
            let _ = reader.join();
        }
        self.schedule.stop();
    }
}

/// An earlier datagram met a closed port, or a debugger woke us: the socket is still good.
fn may_go_on(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionRefused | ConnectionReset | Interrupted)
}

/// In the trace the relay's socket is whom it stands for.
fn alias(socket: &UdpSocket, stands_for: SocketAddr) {
    if trace::is_on() {
        if let Ok(address) = socket.local_addr() {
            trace::name(&address.to_string(), &trace::name_of(&stands_for.to_string()));
        }
    }
}

/// Tells the trace what the link did, if it did anything.
fn report(from: SocketAddr, to: SocketAddr, datagram: &[u8], out: &[(Duration, Vec<u8>)]) {
    if !trace::is_on() {
        return;
    }
    let way = format!("{} > {}", trace::name_of(&from.to_string()), trace::name_of(&to.to_string()));
    let what = match out {
        [] => "loses",
        [_, _, ..] => "doubles",
        [(_, bytes)] if bytes != datagram => "damages",
        [(delay, _)] if !delay.is_zero() => "delays",
        _ => return,
    };
    trace::note_of("link", || format!("{what} {} bytes {way}", datagram.len()));
}

// --- sending when it is due -----------------------------------------------------------------------------------------

struct Parcel {
    socket: Arc<UdpSocket>,
    target: SocketAddr,
    bytes: Vec<u8>,
}

struct Waiting {
    /// By due time, and among equals by order of arrival.
    parcels: BTreeMap<(Instant, u64), Parcel>,
    arrivals: u64,
    stopped: bool,
}

struct Schedule {
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

impl Schedule {
    fn new() -> Schedule {
        let waiting = Waiting { parcels: BTreeMap::new(), arrivals: 0, stopped: false };
        Schedule { waiting: Mutex::new(waiting), changed: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, delay: Duration, parcel: Parcel) {
        // A delay beyond the clock is a loss.
        let Some(due) = Instant::now().checked_add(delay) else { return };
        let mut waiting = self.lock();
        waiting.arrivals += 1;
        let key = (due, waiting.arrivals);
        waiting.parcels.insert(key, parcel);
        self.changed.notify_one();
    }

    /// Sends each parcel when it is due, until stopped.
    fn run(&self) {
        let mut waiting = self.lock();
        while !waiting.stopped {
            let now = Instant::now();
            let due = waiting.parcels.first_key_value().map(|((due, _), _)| *due);
            waiting = match due {
                None => self.changed.wait(waiting).unwrap_or_else(PoisonError::into_inner),
                Some(due) if due > now => {
                    self.changed.wait_timeout(waiting, due - now).unwrap_or_else(PoisonError::into_inner).0
                }
                Some(_) => {
                    let parcel = waiting.parcels.pop_first();
                    drop(waiting);
                    if let Some((_, parcel)) = parcel {
                        // What the system does not take is lost, as on any link.
                        let _ = parcel.socket.send_to(&parcel.bytes, parcel.target);
                    }
                    self.lock()
                }
            };
        }
        waiting.parcels.clear();
    }

    fn stop(&self) {
        self.lock().stopped = true;
        self.changed.notify_one();
    }
}

#[cfg(test)]
mod tests;
