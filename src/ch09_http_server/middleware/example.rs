//! The book's example of a middleware that does three things at once, one of them wrong. Listing 9-11.
//!
//! Better: `block_method(Method::TRACE, "GET, HEAD, POST", nosniff(timed(logger, next)))`, three that do one thing each.

use std::time::Instant;

use super::handler_fn;
use crate::base::log::Logger;
use crate::ch08_http_client::method::Method;
use crate::ch08_http_client::status::Status;
use crate::ch09_http_server::handler::SharedHandler;
use crate::ch09_http_server::reply;

/// Listing 9-11 as it is printed: refuses TRACE, sets a field, measures the handler.
///
/// After the refusal a `return` is missing. The handler still runs, its status is ignored, and its body is appended to
/// the error's.
pub fn everything_at_once(logger: Logger, next: SharedHandler) -> SharedHandler {
    handler_fn(move |response, request| {
        if request.method == Method::TRACE {
            reply::error(response, "Method not allowed", Status::METHOD_NOT_ALLOWED);
        }
        response.header().set("X-Content-Type-Options", "nosniff");
        let start = Instant::now();
        next.serve(response, request);
        logger.println(&format!("Next handler duration {:?}", start.elapsed()));
    })
}

/// The same with the `return`.
pub fn everything_at_once_corrected(logger: Logger, next: SharedHandler) -> SharedHandler {
    handler_fn(move |response, request| {
        if request.method == Method::TRACE {
            reply::error(response, "Method not allowed", Status::METHOD_NOT_ALLOWED);
            return;
        }
        response.header().set("X-Content-Type-Options", "nosniff");
        let start = Instant::now();
        next.serve(response, request);
        logger.println(&format!("Next handler duration {:?}", start.elapsed()));
    })
}

/// Logs how long the next handler took, and nothing else.
pub fn timed(logger: Logger, next: SharedHandler) -> SharedHandler {
    handler_fn(move |response, request| {
        let start = Instant::now();
        next.serve(response, request);
        logger.println(&format!("Next handler duration {:?}", start.elapsed()));
    })
}
