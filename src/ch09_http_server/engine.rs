//! Which protocol a connection speaks decides who takes it over.
//!
//! ```text
//! handshake ──▶ protocol() ──▶ Engines ──┬─ "http/1.1", or nothing agreed ──▶ http1::serve
//!                                        └─ "h2"                          ──▶ whoever was added under that name
//! ```
//! The server learns here, and only here, that there is more than one protocol: it never asks what a handshake was. Without one
//! (in the clear) a client that knows beforehand that the server speaks HTTP/2 sends [`PREFACE`] where a request would stand.
//! HTTP/1.1 answers that with 505 as long as no engine for `h2` is there.

use std::fmt;
use std::io;
use std::sync::Arc;

use super::http1;
use super::registry::Place;
use super::server::Server;
use crate::base::cancel::Cancel;
use crate::base::conn::Conn;

/// The first bytes of an HTTP/2 connection (RFC 9113, 3.4), made so that a server of HTTP/1 takes them for a request it cannot
/// serve.
pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// What an engine knows beside its connection.
pub struct Serving {
    /// How to serve.
    pub server: Arc<Server>,
    /// Ends when the connection is to be given up.
    pub cancel: Cancel,
    /// Where to say what the connection is at, and to see that the server is stopping.
    pub place: Place,
}

/// Serves a connection until it ends.
pub type Engine = dyn Fn(Box<dyn Conn>, Serving) -> io::Result<()> + Send + Sync;

/// The engines by the names of their protocols, as ALPN has them (RFC 7301).
#[derive(Clone)]
pub struct Engines {
    by_name: Vec<(String, Arc<Engine>)>,
}

impl Default for Engines {
    /// HTTP/1.1 alone.
    fn default() -> Engines {
        Engines { by_name: vec![(http1::PROTOCOL.to_owned(), Arc::new(http1::serve))] }
    }
}

impl Engines {
    /// Adds an engine, in place of the one with the same name.
    pub fn add(
        &mut self,
        protocol: &str,
        engine: impl Fn(Box<dyn Conn>, Serving) -> io::Result<()> + Send + Sync + 'static,
    ) {
        self.by_name.retain(|(name, _)| name != protocol);
        self.by_name.push((protocol.to_owned(), Arc::new(engine)));
    }

    /// The engine for what a handshake agreed on; nothing means HTTP/1.1.
    pub fn engine_for(&self, protocol: Option<&str>) -> Option<Arc<Engine>> {
        let wanted = protocol.unwrap_or(http1::PROTOCOL);
        self.by_name.iter().find(|(name, _)| name == wanted).map(|(_, engine)| Arc::clone(engine))
    }

    /// Hands the connection to its engine.
    ///
    /// # Errors
    /// The engine's; `Unsupported` for a protocol without one.
    pub fn take_over(&self, conn: Box<dyn Conn>, serving: Serving) -> io::Result<()> {
        match self.engine_for(conn.protocol()) {
            Some(engine) => engine(conn, serving),
            None => {
                let name = conn.protocol().unwrap_or_default();
                Err(io::Error::new(
                    io::ErrorKind::Unsupported,
                    format!("no engine speaks the protocol \"{name}\""),
                ))
            }
        }
    }
}

impl fmt::Debug for Engines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.by_name.iter().map(|(name, _)| name)).finish()
    }
}

#[cfg(test)]
mod tests;
