//! Which part of the path the next handler sees, and which it never does. Listings 9-13 and 9-14.

use super::handler_fn;
use crate::ch08_http_client::status::Status;
use crate::ch08_http_client::url::path::clean;
use crate::ch09_http_server::handler::SharedHandler;
use crate::ch09_http_server::reply;

/// Answers 404 if a segment of the path begins with `prefix`, whether or not there is anything: `.` hides `.secret` and
/// what is in `.dir`. The path is decoded, so `%2esecret` is hidden too.
///
/// It hides `/.well-known/` as well, which certificate authorities ask for. An empty path is cleaned to `.`: with the
/// prefix `.`, what is behind `strip_prefix("/static/", …)` answers 404 for `/static/` itself. An empty prefix hides
/// everything.
pub fn restrict_prefix(prefix: &str, next: SharedHandler) -> SharedHandler {
    let prefix = prefix.to_owned();
    handler_fn(move |response, request| {
        let path = clean(&request.path);
        if path.split('/').any(|segment| segment.starts_with(&prefix)) {
            reply::error(response, "Not Found", Status::NOT_FOUND);
        } else {
            next.serve(response, request);
        }
    })
}

/// Takes `prefix` off the path for the next handler, and puts it back behind it. A path without it is 404.
///
/// It goes outside of [`restrict_prefix`]: what is hidden is a name of the inner handler, not of ours.
pub fn strip_prefix(prefix: &str, next: SharedHandler) -> SharedHandler {
    let prefix = prefix.to_owned();
    handler_fn(move |response, request| {
        let Some(rest) = request.path.strip_prefix(&prefix) else {
            return reply::not_found(response);
        };
        let rest = rest.to_owned();
        let whole = std::mem::replace(&mut request.path, rest);
        next.serve(response, request);
        // A log around us writes the path the client asked for.
        request.path = whole;
    })
}
