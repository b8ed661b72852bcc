//! The one accept loop that every server here uses.
//!
//! ```text
//! permit ──▶ accept ──▶ a thread per connection ──▶ handler ──▶ connection dropped, permit given back
//!    ▲          │ out of descriptors: wait, twice as long each time
//!    └──────────┘
//! stop ──▶ nobody new ──▶ every connection's input ends ──▶ the grace passes, or force ──▶ interrupted ──▶ joined
//! ```
//!
//! * A full server stops accepting, not serving: newcomers wait in the system's backlog until a permit is free.
//! * An error or a panic of one handler is reported and never reaches another connection.
//! * A connection is closed when its handler returns, on every path: the handler owns it.
//! * Stopping works at every point: waiting for a permit, in `accept`, in the back-off.
//!
//! Book: Listing 3-2. Ours beside it: the book's loop returns at the first error of `accept`, so one moment without free
//! descriptors ends the server; a loop that merely goes on would spin instead.

mod background;

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::cancel::Cancel;
use super::conn::{Address, Conn, Interrupter, Listener};
use super::crew::Crew;
use super::deadline::Deadline;
use super::thread::{Permit, Permits};

pub use background::{Server, start};

/// The stack of a thread that serves one connection. Only pages that are touched take memory, so ten thousand idle
/// connections do not take ten thousand times this; handlers keep large buffers on the heap.
const CONNECTION_STACK: usize = 256 * 1024;

/// The first wait after `accept` failed, and the longest. Running out of descriptors clears only when some connection
/// ends, so each wait is twice the last.
const FIRST_BACK_OFF: Duration = Duration::from_millis(5);
const LONGEST_BACK_OFF: Duration = Duration::from_secs(1);

/// How long interrupted handlers are waited for. One that is deaf to everything must not keep the server from ending.
const FORCED_JOIN: Duration = Duration::from_secs(5);

/// How a server behaves towards all its connections.
pub struct ServeConfig {
    /// What its threads are called, before the client's port: `echo` gives `echo-41512`.
    pub name: &'static str,
    /// Connections served at once; more wait in the backlog. 1,024 by default.
    pub max_connections: usize,
    /// Bytes of stack per connection: 256 KiB of address space by default, resident only where touched.
    pub stack: usize,
    /// After the stop, how long connections may finish what they are at. Two seconds by default.
    pub grace: Duration,
    /// Ends the grace early, or everything at once: when this token ends, the handlers' tokens end, and then their connections are
    /// interrupted.
    pub force: Cancel,
    /// How connections learn of the stop. `None`: the input of each one ends. `Some` is for a protocol in which a peer may
    /// be in the middle of something: it is called at the stop and then again after 1, 2, 4 and up to 500 milliseconds while
    /// connections are left, and ends those that have nothing to finish.
    pub end_idle: Option<Box<dyn Fn() + Send + Sync>>,
    /// Told of what went wrong. By default a line on standard error.
    pub report: Box<dyn Fn(&Incident) + Send + Sync>,
}

impl Default for ServeConfig {
    fn default() -> ServeConfig {
        ServeConfig {
            name: "conn",
            max_connections: 1024,
            stack: CONNECTION_STACK,
            grace: Duration::from_secs(2),
            force: Cancel::new(),
            end_idle: None,
            report: Box::new(print_incident),
        }
    }
}

/// With eprintln!, which the tests' output is captured from. It panics when nobody reads; the accept loop reports too, and
/// must not end for that.
fn print_incident(incident: &Incident) {
    let _ = catch_unwind(AssertUnwindSafe(|| eprintln!("{incident}")));
}

impl fmt::Debug for ServeConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} connections, {} bytes of stack", self.name, self.max_connections, self.stack)
    }
}

/// Something that went wrong while serving, and did not end the server.
#[derive(Debug)]
pub enum Incident {
    /// `accept` failed; the loop tries again after a wait.
    AcceptFailed {
        /// Why.
        error: io::Error,
        /// The wait.
        again_in: Duration,
    },
    /// The system had no thread for this connection, which was closed.
    NoThread {
        /// The client.
        peer: Address,
        /// Why.
        error: io::Error,
    },
    /// The handler of one connection ended with an error.
    HandlerFailed {
        /// The client.
        peer: Address,
        /// Why.
        error: io::Error,
    },
    /// The handler of one connection panicked.
    HandlerPanicked {
        /// The client.
        peer: Address,
        /// What it said.
        message: String,
    },
    /// Handlers that did not end even after their connections were interrupted.
    HandlersLeftBehind {
        /// How many.
        count: usize,
    },
}

impl fmt::Display for Incident {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Incident::AcceptFailed { error, again_in } => {
                write!(f, "accept failed: {error}; trying again in {again_in:?}")
            }
            Incident::NoThread { peer, error } => {
                write!(f, "{peer}: closed, for there is no thread to serve it: {error}")
            }
            Incident::HandlerFailed { peer, error } => write!(f, "{peer}: {error}"),
            Incident::HandlerPanicked { peer, message } => {
                write!(f, "{peer}: its handler panicked: {message}")
            }
            Incident::HandlersLeftBehind { count } => {
                write!(f, "{count} handlers did not end when they were interrupted")
            }
        }
    }
}

/// What a server did until it was stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Served {
    /// Connections accepted.
    pub accepted: u64,
    /// Whether every connection finished within the grace.
    pub drained: bool,
}

/// Accepts connections from `listener` and runs `handler` on each in its own thread, until `stop` ends.
///
/// The handler's token ends when the grace after the stop has passed, or with the configured `force`.
///
/// # Errors
/// Only what shows that the listener itself is no good; then, too, the connections are drained first.
pub fn serve<H>(
    listener: Arc<dyn Listener>,
    config: ServeConfig,
    stop: &Cancel,
    handler: H,
) -> io::Result<Served>
where
    H: Fn(Box<dyn Conn>, &Cancel) -> io::Result<()> + Send + Sync + 'static,
{
    let stopping = Arc::clone(&listener);
    let _registration = stop.on_end(move |_| stopping.stop());
    let connections = Connections::default();
    let handlers = Cancel::new();
    let (token, forced) = (handlers.clone(), Arc::clone(&connections));
    let _force = config.force.on_end(move |_| {
        // The handlers hear of it first: one of them may want its peer to see a reset, and not an end of stream.
        token.cancel();
        interrupt_all(&forced);
    });
    let mut server = AcceptLoop {
        permits: Permits::new(config.max_connections),
        connections,
        handlers,
        crew: Crew::new(config.stack),
        accepted: 0,
        shared: Arc::new((handler, config)),
    };
    let outcome = server.accept_until(&*listener, stop);
    // Clients still in the backlog are turned away now, not left to wait for an answer that will not come.
    listener.stop();
    let drained = server.drain();
    outcome?;
    Ok(Served { accepted: server.accepted, drained })
}

/// The connections being served, by number, for the drain.
type Connections = Arc<Mutex<HashMap<u64, Interrupter>>>;

struct AcceptLoop<H> {
    permits: Permits,
    connections: Connections,
    handlers: Cancel,
    crew: Crew,
    accepted: u64,
    shared: Arc<(H, ServeConfig)>,
}

impl<H> AcceptLoop<H>
where
    H: Fn(Box<dyn Conn>, &Cancel) -> io::Result<()> + Send + Sync + 'static,
{
    fn accept_until(&mut self, listener: &dyn Listener, stop: &Cancel) -> io::Result<()> {
        let mut back_off = FIRST_BACK_OFF;
        loop {
            let Ok(permit) = self.permits.acquire(stop) else { return Ok(()) };
            match listener.accept() {
                _ if stop.has_ended() => return Ok(()),
                Ok(conn) => {
                    back_off = FIRST_BACK_OFF;
                    self.start_handler(conn, permit);
                }
                Err(error) if is_the_listeners_end(&error) => return Err(error),
                Err(error) => {
                    self.report(&Incident::AcceptFailed { error, again_in: back_off });
                    if stop.sleep(back_off).is_err() {
                        return Ok(());
                    }
                    back_off = LONGEST_BACK_OFF.min(back_off * 2);
                }
            }
        }
    }

    fn start_handler(&mut self, conn: Box<dyn Conn>, permit: Permit) {
        self.accepted += 1;
        let number = self.accepted;
        let peer = conn.peer();
        lock(&self.connections).insert(number, conn.interrupter());
        let name = match peer.socket_addr() {
            Some(address) => format!("{}-{}", self.shared.1.name, address.port()),
            None => format!("{}-{number}", self.shared.1.name),
        };
        let leaving = Leaving { connections: Arc::clone(&self.connections), number, _permit: permit };
        let shared = Arc::clone(&self.shared);
        let force = self.handlers.clone();
        let thread_peer = peer.clone();
        let started = self.crew.run(name, move || {
            let _leaving = leaving;
            let (handler, config) = &*shared;
            let serve = move || {
                let mut conn = conn;
                // Here and not in the accept loop, where one silent client would stop the server.
                conn.handshake()?;
                handler(conn, &force)
            };
            let outcome = catch_unwind(AssertUnwindSafe(serve));
            if let Some(incident) = incident_of(outcome, thread_peer) {
                (config.report)(&incident);
            }
        });
        if let Err(error) = started {
            self.report(&Incident::NoThread { peer, error });
        }
    }

    fn report(&self, incident: &Incident) {
        (self.shared.1.report)(incident);
    }

    /// Lets the handlers finish, then makes them: whether all finished by themselves.
    fn drain(&self) -> bool {
        let force = &self.shared.1.force;
        if self.finish_within_grace() {
            return self.crew.close(Deadline::after(FORCED_JOIN)) && !force.has_ended();
        }
        force.cancel();
        // Those too that were accepted when the token had ended already.
        interrupt_all(&self.connections);
        if !self.crew.close(Deadline::after(FORCED_JOIN)) {
            self.report(&Incident::HandlersLeftBehind { count: self.crew.running() });
        }
        false
    }

    /// Whether all handlers ended before the grace did.
    fn finish_within_grace(&self) -> bool {
        let ServeConfig { grace, force, end_idle, .. } = &self.shared.1;
        let grace = Deadline::after(*grace);
        let Some(end_idle) = end_idle else {
            for interrupter in lock(&self.connections).values() {
                interrupter.end_input();
            }
            return self.join_unless(force, grace, LONGEST_LOOK);
        };
        let mut look = FIRST_LOOK;
        loop {
            end_idle();
            if self.join_unless(force, grace.earlier(Deadline::after(look)), look) {
                return true;
            }
            if grace.has_passed() || force.has_ended() {
                return false;
            }
            look = LONGEST_LOOK.min(look * 2);
        }
    }

    /// Joins the crew until `limit`, and looks every so often whether it is to go by force.
    fn join_unless(&self, force: &Cancel, limit: Deadline, every: Duration) -> bool {
        loop {
            if self.crew.join(limit.earlier(Deadline::after(every))) {
                return true;
            }
            if limit.has_passed() || force.has_ended() {
                return false;
            }
        }
    }
}

/// While connections finish: the first wait between two looks at them, and the longest.
const FIRST_LOOK: Duration = Duration::from_millis(1);
const LONGEST_LOOK: Duration = Duration::from_millis(500);

fn interrupt_all(connections: &Connections) {
    for interrupter in lock(connections).values() {
        interrupter.interrupt();
    }
}

/// Takes a connection off the list and gives its permit back, however its thread ends.
struct Leaving {
    connections: Connections,
    number: u64,
    _permit: Permit,
}

impl Drop for Leaving {
    fn drop(&mut self) {
        lock(&self.connections).remove(&self.number);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn incident_of(outcome: std::thread::Result<io::Result<()>>, peer: Address) -> Option<Incident> {
    match outcome {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(Incident::HandlerFailed { peer, error }),
        Err(payload) => {
            let message = match (payload.downcast_ref::<&str>(), payload.downcast_ref::<String>()) {
                (Some(text), _) => (*text).to_string(),
                (None, Some(text)) => text.clone(),
                (None, None) => "something that is not text".to_string(),
            };
            Some(Incident::HandlerPanicked { peer, message })
        }
    }
}

/// Most errors of `accept` are about one client (it went away while it waited) or about the moment (no descriptors, no
/// memory). These say that the descriptor is no listening socket, and trying again would only spin.
fn is_the_listeners_end(error: &io::Error) -> bool {
    match error.kind() {
        io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported => true,
        _ => matches!(error.raw_os_error(), Some(libc::EBADF | libc::ENOTSOCK)),
    }
}
