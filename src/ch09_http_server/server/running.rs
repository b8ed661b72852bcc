//! A server in its own thread, and how to end it: politely or at once.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::{Server, ServerError};
use crate::base::cancel::Cancel;
use crate::base::conn::{Address, Listener};
use crate::base::deadline::Deadline;
use crate::base::thread;
use crate::ch09_http_server::registry::Registry;

/// A server that runs in a thread of its own. Dropping it is [`Running::close`].
pub struct Running {
    address: Address,
    stop: Cancel,
    force: Cancel,
    /// Ends when the thread does.
    ended: Cancel,
    registry: Arc<Registry>,
    thread: Mutex<Option<JoinHandle<ServerError>>>,
}

impl Running {
    pub(super) fn start(server: Server, listener: Arc<dyn Listener>) -> io::Result<Running> {
        let (stop, force, ended) = (Cancel::new(), Cancel::new(), Cancel::new());
        let registry = Arc::<Registry>::default();
        let address = listener.local();
        let name = format!("{}-accept", server.name);
        let theirs = (stop.clone(), force.clone(), EndsWith(ended.clone()), Arc::clone(&registry));
        let thread = thread::spawn(&name, move || {
            let (stop, force, _ended, registry) = theirs;
            // How long requests may take to finish is for whoever calls shutdown to say.
            server.serve_with(listener, &stop, force, Duration::MAX, &registry)
        })?;
        Ok(Running { address, stop, force, ended, registry, thread: Mutex::new(Some(thread)) })
    }

    /// Where it listens.
    pub fn address(&self) -> Address {
        self.address.clone()
    }

    /// Where it listens, for clients over TCP.
    ///
    /// # Panics
    /// If it does not listen on TCP.
    pub fn socket_addr(&self) -> SocketAddr {
        self.address.socket_addr().expect("the server listens on TCP")
    }

    /// A token that ends when the server is told to stop; cancelling it tells it, without waiting.
    pub fn stop_token(&self) -> Cancel {
        self.stop.clone()
    }

    /// How many connections it has.
    pub fn connections(&self) -> usize {
        self.registry.count()
    }

    /// On how many connections a write has failed: clients that went away before their answer.
    pub fn failed_writes(&self) -> u64 {
        self.registry.failed_writes()
    }

    /// Waits until the server no longer serves, and says why.
    pub fn wait(&self) -> ServerError {
        self.ended.wait();
        self.join()
    }

    /// Stops accepting, ends the idle connections, and waits until the requests under way are answered, each with `Connection:
    /// close`. A connection that a handler has taken to another thread is not waited for.
    ///
    /// # Errors
    /// [`ServerError::StillActive`] at the deadline. The requests go on; [`Running::close`] ends them.
    pub fn shutdown(&self, deadline: Deadline) -> Result<(), ServerError> {
        self.stop.cancel();
        if self.ended.wait_until(deadline).is_none() {
            return Err(ServerError::StillActive { connections: self.registry.count() });
        }
        match self.join() {
            ServerError::Closed => Ok(()),
            error => Err(error),
        }
    }

    /// Stops abruptly: connections end in the middle of what they are at, and so do the tokens of their requests.
    pub fn close(&self) {
        self.stop.cancel();
        self.force.cancel();
        self.ended.wait();
        self.join();
    }

    /// What the thread returned, the first time; [`ServerError::Closed`] afterwards.
    fn join(&self) -> ServerError {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        match thread.map(JoinHandle::join) {
            Some(Ok(error)) => error,
            Some(Err(_)) => ServerError::Listener(io::Error::other("the accept loop panicked")),
            None => ServerError::Closed,
        }
    }
}

/// Ends the token when the thread does, by return or by panic.
struct EndsWith(Cancel);

impl Drop for EndsWith {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.close();
    }
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http server on {}", self.address)
    }
}
