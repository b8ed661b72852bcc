//! [`serve`](super::serve) in a thread of its own.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;

use super::{ServeConfig, Served, serve};
use crate::base::cancel::Cancel;
use crate::base::conn::{Address, Conn, Listener};
use crate::base::thread;

/// A server in its own thread. Dropping it stops it as [`Server::stop`] does.
pub struct Server {
    address: Address,
    stop: Cancel,
    thread: Option<JoinHandle<io::Result<Served>>>,
}

/// Runs [`serve`] in a thread of its own.
///
/// # Errors
/// The system's, when it has no thread to give.
pub fn start<H>(listener: impl Listener + 'static, config: ServeConfig, handler: H) -> io::Result<Server>
where
    H: Fn(Box<dyn Conn>, &Cancel) -> io::Result<()> + Send + Sync + 'static,
{
    let stop = Cancel::new();
    let token = stop.clone();
    let address = listener.local();
    let name = format!("{}-accept", config.name);
    let listener: Arc<dyn Listener> = Arc::new(listener);
    let thread = thread::spawn(&name, move || serve(listener, config, &token, handler))?;
    Ok(Server { address, stop, thread: Some(thread) })
}

impl Server {
    /// Where it listens.
    pub fn address(&self) -> Address {
        self.address.clone()
    }

    /// Where it listens, for clients over TCP.
    ///
    /// # Panics
    /// If it does not listen on TCP.
    pub fn socket_addr(&self) -> std::net::SocketAddr {
        self.address.socket_addr().expect("the server listens on TCP")
    }

    /// A token that ends when the server is told to stop; cancelling it tells it.
    pub fn stop_token(&self) -> Cancel {
        self.stop.clone()
    }

    /// Stops accepting, lets the connections finish, and says what was served.
    ///
    /// # Errors
    /// As [`serve`].
    pub fn stop(mut self) -> io::Result<Served> {
        self.stop.cancel();
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(outcome)) => outcome,
            _ => Err(io::Error::other("the accept loop panicked")),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "server on {}", self.address)
    }
}
