//! The server: a struct of settings, and what runs it.
//!
//! ```text
//! listener ─▶ accept loop (base::serve) ─▶ a thread per connection ─▶ handshake ─▶ engine ─▶ handler
//! ```
//! The defaults are safe: a client that sends nothing, stops in the middle or stops reading does not keep a thread for ever. One that
//! sends a byte of a body now and then can: that is what [`Server::read_timeout`] is for, where no upload needs long.
//!
//! ```
//! use netprog::base::conn::TcpSocketListener;
//! use netprog::base::deadline::Deadline;
//! use netprog::ch09_http_server::handler::{Request, ResponseWriter};
//! use netprog::ch09_http_server::server::Server;
//! use std::time::Duration;
//!
//! let hello = |response: &mut dyn ResponseWriter, _: &mut Request| {
//!     let _ = response.write_all(b"Hello, friend!");
//! };
//! let server = Server { read_header_timeout: Some(Duration::from_secs(10)), ..Server::new(hello) };
//! let running = server.start(TcpSocketListener::bind(([127, 0, 0, 1], 0).into())?)?;
//! println!("listening on {}", running.address());
//! running.shutdown(Deadline::after(Duration::from_secs(5)))?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Book: Listings 9-1 and 9-20, "Clients Don't Respect Your Time".

mod running;

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use super::engine::{Engines, Serving};
use super::handler::{Handler, Request, ResponseWriter, SharedHandler};
use super::registry::Registry;
use super::reply;
use crate::base::cancel::Cancel;
use crate::base::conn::{Conn, Listener};
use crate::base::log::{self, Logger};
use crate::base::serve::{self, ServeConfig};
use crate::ch08_http_client::codec::HeadLimits;

pub use running::Running;

/// How to serve. `Server { idle_timeout: …, ..Server::new(handler) }`.
#[derive(Clone)]
pub struct Server {
    /// Answers the requests. By default everything is 404.
    pub handler: SharedHandler,
    /// What the threads are called, before the client's port.
    pub name: &'static str,
    /// How long a head may take, from its first byte (the first one: from the connection's beginning). One minute, as in Listing 9-1.
    /// `None`: as long as [`Server::read_timeout`] says.
    pub read_header_timeout: Option<Duration>,
    /// How long a client may think between two requests. Five minutes, as in Listing 9-1. `None`: as long as
    /// [`Server::read_timeout`] says.
    pub idle_timeout: Option<Duration>,
    /// How long a whole request may take, body included. None: large uploads take their time, and a handler that wants a limit sets
    /// a read deadline.
    pub read_timeout: Option<Duration>,
    /// How long the answer may take from the end of the head on. None: it would cut streams off. After it the handler goes on
    /// unaware, and its writes fail.
    pub write_timeout: Option<Duration>,
    /// How long a client may send nothing of a body that is being read, or take nothing of its answer. One minute, as in nginx: it is
    /// what frees the thread of a client that stopped reading, and does no harm to one that is slow. A deadline that a handler sets
    /// holds in its place.
    pub stall_timeout: Option<Duration>,
    /// How much head is taken.
    pub head_limits: HeadLimits,
    /// Bytes of body taken; more is 413, or an error for the handler where the length is not announced. No limit by default: a
    /// body stays on the connection until its handler reads it.
    pub max_body: Option<u64>,
    /// Requests served on one connection, so that clients spread over servers again. No limit by default.
    pub max_requests: Option<u64>,
    /// Connections served at once; more wait in the backlog. 1,024, for each has a thread.
    pub max_connections: usize,
    /// Bytes of stack of a connection's thread, in which the handler runs: 512 KiB of address space, resident where touched.
    pub stack: usize,
    /// After [`Server::serve`] was told to stop, how long requests may take to finish. Five seconds.
    pub grace: Duration,
    /// Told of what a client is not to be told: a handler that panicked, a superfluous status.
    pub error_log: Logger,
    /// Who serves which protocol.
    pub engines: Engines,
}

impl Default for Server {
    fn default() -> Server {
        Server::new(not_found)
    }
}

fn not_found(response: &mut dyn ResponseWriter, _: &mut Request) {
    reply::not_found(response);
}

impl Server {
    /// A server that lets `handler` answer, with every other setting at its default.
    pub fn new(handler: impl Handler + 'static) -> Server {
        Server {
            handler: Arc::new(handler),
            name: "http",
            read_header_timeout: Some(Duration::from_secs(60)),
            idle_timeout: Some(Duration::from_secs(5 * 60)),
            read_timeout: None,
            write_timeout: None,
            stall_timeout: Some(Duration::from_secs(60)),
            head_limits: HeadLimits::default(),
            max_body: None,
            max_requests: None,
            max_connections: 1024,
            stack: 512 * 1024,
            grace: Duration::from_secs(5),
            error_log: log::standard().clone(),
            engines: Engines::default(),
        }
    }

    /// Serves until `stop` ends; then lets the requests that are under way finish, for as long as [`Server::grace`] says. As Go's
    /// `Serve` it never succeeds: it gives the reason why it returned, at once if `stop` has ended already.
    pub fn serve(&self, listener: Arc<dyn Listener>, stop: &Cancel) -> ServerError {
        self.serve_with(listener, stop, Cancel::new(), self.grace, &Arc::default())
    }

    /// Serves in a thread of its own.
    ///
    /// # Errors
    /// The system's, when it has no thread to give.
    pub fn start(self, listener: impl Listener + 'static) -> io::Result<Running> {
        Running::start(self, Arc::new(listener))
    }

    fn serve_with(
        &self,
        listener: Arc<dyn Listener>,
        stop: &Cancel,
        force: Cancel,
        grace: Duration,
        registry: &Arc<Registry>,
    ) -> ServerError {
        let config = self.serve_config(force, grace, Arc::clone(registry));
        let (server, registry) = (Arc::new(self.clone()), Arc::clone(registry));
        let connection = move |conn: Box<dyn Conn>, force: &Cancel| {
            let place = registry.enter(conn.interrupter());
            // A token of its own: requests enter their tokens below it, and would meet in the server's.
            let serving = Serving { server: Arc::clone(&server), cancel: force.child(), place };
            server.engines.take_over(conn, serving)
        };
        match serve::serve(listener, config, stop, connection) {
            Ok(_) => ServerError::Closed,
            Err(error) => ServerError::Listener(error),
        }
    }

    fn serve_config(&self, force: Cancel, grace: Duration, registry: Arc<Registry>) -> ServeConfig {
        let log = self.error_log.clone();
        ServeConfig {
            name: self.name,
            max_connections: self.max_connections,
            stack: self.stack,
            grace,
            force,
            end_idle: Some(Box::new(move || registry.end_idle())),
            report: Box::new(move |incident| log.println_with("http:", &[("incident", incident)])),
        }
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("read_header_timeout", &self.read_header_timeout)
            .field("idle_timeout", &self.idle_timeout)
            .field("read_timeout", &self.read_timeout)
            .field("write_timeout", &self.write_timeout)
            .field("stall_timeout", &self.stall_timeout)
            .field("max_connections", &self.max_connections)
            .field("engines", &self.engines)
            .finish_non_exhaustive()
    }
}

/// Why a server no longer serves.
#[derive(Debug)]
#[non_exhaustive]
pub enum ServerError {
    /// It was stopped: Go's `ErrServerClosed`, and no failure.
    Closed,
    /// The deadline of a shutdown passed while connections were at a request. They go on.
    StillActive {
        /// How many.
        connections: usize,
    },
    /// The listener cannot go on.
    Listener(io::Error),
}

impl ServerError {
    /// Whether the server was closed, as opposed to failed.
    pub fn is_closed(&self) -> bool {
        matches!(self, ServerError::Closed)
    }
}

impl fmt::Display for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ServerError::Closed => write!(f, "the server was closed"),
            ServerError::StillActive { connections } => {
                write!(f, "the deadline of the shutdown passed with {connections} connections still active")
            }
            ServerError::Listener(error) => write!(f, "the listener failed: {error}"),
        }
    }
}

impl std::error::Error for ServerError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            ServerError::Listener(error) => Some(error),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
