//! Reading the rest of a request's body, so that the next request on the connection can be read.

use super::handler_fn;
use crate::base::trace;
use crate::ch08_http_client::body::Body;
use crate::ch09_http_server::handler::{Request, SharedHandler};
use crate::ch09_http_server::response::DRAINED_BYTES;

/// Reads and forgets the rest of the body, up to [`DRAINED_BYTES`] as the server itself does. Draining a drained body does nothing.
pub fn drain(request: &mut Request) {
    // A body that cannot be read ends the connection, and the server sees that by itself.
    let Ok(drained) = request.body.drain(DRAINED_BYTES) else { return };
    if drained.bytes > 0 {
        let ended = if drained.ended {
            "the body's end"
        } else {
            "more to come: the connection cannot be used again"
        };
        trace::note(|| format!("drained {} bytes, then {ended}", drained.bytes));
    }
}

/// Drains and closes the body when the handler has returned. Around a whole multiplexer it spares every handler from
/// doing so (Listing 9-15). The book's drains without bound.
pub fn drain_and_close(next: SharedHandler) -> SharedHandler {
    handler_fn(move |response, request| {
        next.serve(response, request);
        drain(request);
        // Dropping is closing.
        request.body = Body::empty();
    })
}
