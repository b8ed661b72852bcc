//! Middleware: a function from handler to handler. What it returns looks at the request, answers or passes it on, and may
//! look at the response on its way out.
//!
//! ```text
//! access_log ─▶ strip_prefix ─▶ restrict_prefix ─▶ files
//!            ◀─              ◀─                 ◀─
//! ```
//! Every function here takes the next handler last, so a chain reads from the outside in, as in Go:
//!
//! ```
//! use netprog::ch09_http_server::middleware::{handler_fn, restrict_prefix, strip_prefix};
//!
//! let files = handler_fn(|response, request| {
//!     let _ = write!(response, "the file {}", request.path);
//! });
//! let _handler = strip_prefix("/static/", restrict_prefix(".", files));
//! ```
//! A middleware that wraps the response writer passes on what the inner one can: pushing, hijacking, informing,
//! deadlines, files, trailer. In Go a wrapper that forgets one takes it away without a word.
//!
//! Book: "Middleware".

mod access_log;
mod allow;
mod auth;
mod drain;
mod example;
mod gzip;
mod headers;
mod limit_body;
mod negotiate;
mod restrict;
mod timeout;
mod watch;

use std::sync::Arc;

use super::handler::{Request, ResponseWriter, SharedHandler};

pub use access_log::access_log;
pub use allow::{allow_list, block_method};
pub use auth::basic_auth;
pub use drain::{drain, drain_and_close};
pub use example::{everything_at_once, everything_at_once_corrected, timed};
pub use gzip::{MIN_GZIP_BYTES, gzip};
pub use headers::{nosniff, request_id, security_headers};
pub use limit_body::limit_body;
pub use negotiate::accepts_gzip;
pub use restrict::{restrict_prefix, strip_prefix};
pub use timeout::{HandlerTimeout, timeout};
pub use watch::Watch;

/// A function as a shared handler: Go's `http.HandlerFunc`. A closure given to it needs no types.
pub fn handler_fn(
    handler: impl Fn(&mut dyn ResponseWriter, &mut Request) + Send + Sync + 'static,
) -> SharedHandler {
    Arc::new(handler)
}

#[cfg(test)]
mod tests;
