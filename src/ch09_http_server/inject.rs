//! What a handler needs besides request and response: captured by a closure, or fields of a struct. Listings 9-8 to 9-10.
//!
//! A closure does for one thing and one handler. With more of either, a struct has each thing once, and adding one
//! changes no signature. The book injects a database of `database/sql`; ours is a trait with the one call its listings
//! make.
//!
//! Book: "Injecting Dependencies into Handlers".

use std::fmt;
use std::io;
use std::sync::Arc;

use super::handler::SharedHandler;
use super::middleware::handler_fn;
use super::reply;
use crate::base::log::Logger;
use crate::ch08_http_client::status::Status;

/// A database, as far as the listings use one. Many handlers share it.
pub trait Db: Send + Sync {
    /// Whether it can be reached.
    ///
    /// # Errors
    /// Why it cannot.
    fn ping(&self) -> io::Result<()>;
}

/// Listing 9-8: the closure owns its share of the database.
pub fn db_handler(db: Arc<dyn Db>) -> SharedHandler {
    handler_fn(move |response, _request| match db.ping() {
        Ok(()) => response.write_status(Status::NO_CONTENT),
        // The client is not told why: the message may name hosts and users.
        Err(_) => reply::error(response, "Internal server error", Status::INTERNAL_SERVER_ERROR),
    })
}

/// Listing 9-9: what several handlers share.
#[derive(Clone)]
pub struct Handlers {
    /// The database.
    pub db: Arc<dyn Db>,
    /// Where failures are told. Listing 9-10 gives it the prefix `handlers: ` and
    /// [`SHORT_FILE`](crate::base::log::SHORT_FILE).
    pub log: Logger,
}

impl Handlers {
    /// The first handler: pings the database and logs its failure.
    pub fn first(&self) -> SharedHandler {
        let shared = self.clone();
        handler_fn(move |response, _request| {
            if let Err(error) = shared.db.ping() {
                shared.log.println(&format!("db ping: {error}"));
            }
            let _ = response.write_all(b"one");
        })
    }

    /// The second handler, over the same database: it cannot do without it.
    pub fn second(&self) -> SharedHandler {
        db_handler(Arc::clone(&self.db))
    }
}

impl fmt::Debug for Handlers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handlers").field("log", &self.log).finish_non_exhaustive()
    }
}
