//! Hearing what a transport does while it does it, for programs that show it. Go's `httptrace`.
//!
//! ```text
//! Proxy(http://proxy.example:3128)       only where one is asked
//! RequestHead(GET / HTTP/1.1 …)          once more where a stale connection made it go out again
//! ResponseHead(103 …)                    those of class 1xx first
//! ResponseHead(200 …)                    as it came: a body that will be decoded still has its Content-Encoding
//! ```
//! Left out: the steps of connecting, which [`base::trace`](crate::base::trace) tells, and bodies, which their reader sees.

use super::connect::Destination;
use super::message::ResponseHead;

/// What a transport does.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// It asks this proxy.
    Proxy(&'a Destination),
    /// It sends the head of a request, or of one for a tunnel: these bytes, secrets included.
    RequestHead(&'a [u8]),
    /// It has read the head of a response.
    ResponseHead(&'a ResponseHead),
}

/// Is called in the thread of whoever sends the request, which waits for it.
pub type Observer = dyn Fn(Event<'_>) + Send + Sync;
