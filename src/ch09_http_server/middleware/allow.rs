//! What passes by name: paths (the book's exercise), and everything but one method.

use super::handler_fn;
use crate::ch08_http_client::method::Method;
use crate::ch09_http_server::handler::SharedHandler;
use crate::ch09_http_server::paths::clean_path;
use crate::ch09_http_server::reply;

/// Passes only what is listed, and answers 404 for the rest: a file nobody thought of stays unseen. A name that ends in a
/// slash stands for all below it, except `/`, which is the root alone.
///
/// The path must be written in its shortest form. `/public/../secret` is not below `/public/`, whatever the next handler
/// would make of it.
pub fn allow_list(paths: &[&str], next: SharedHandler) -> SharedHandler {
    let paths: Vec<String> = paths.iter().map(|path| (*path).to_owned()).collect();
    handler_fn(move |response, request| {
        let path = request.path.as_str();
        let is_clean = path == clean_path(path);
        // The root ends in a slash and is itself only: all below it would be no list.
        let is_listed = |listed: &String| {
            path == listed || (listed.len() > 1 && listed.ends_with('/') && path.starts_with(listed))
        };
        if is_clean && paths.iter().any(is_listed) {
            next.serve(response, request);
        } else {
            reply::not_found(response);
        }
    })
}

/// Answers 405 for one method. `Allow` is what the resource knows, since only the caller can say.
pub fn block_method(method: Method, allow: &str, next: SharedHandler) -> SharedHandler {
    let allow = allow.to_owned();
    handler_fn(move |response, request| {
        if request.method == method {
            return reply::method_not_allowed(response, &allow);
        }
        next.serve(response, request);
    })
}
