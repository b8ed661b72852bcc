//! Which handler a path belongs to: Go's `http.ServeMux` as the book has it, without methods and names in the pattern.
//! Listing 9-15.
//!
//! ```text
//! pattern         GET /hello   /hello/there   /hello/there/you   /other
//! /                    ·             ·               ·             this
//! /hello             this            ·               ·               ·
//! /hello/there/        ·       301 to it + /       this              ·
//! ```
//! * A pattern with a slash at its end is a *subtree*: it matches every path that begins with it. Any other is exact.
//! * The longest pattern that matches gets the request. A pattern that begins with a host goes before all without one.
//! * A path with `//`, `.` or `..` in it is sent to its clean form first, so no handler sees one. CONNECT is exempt: its
//!   target is no path.
//! * The path is decoded before it is matched: `/a%2fb` is `/a/b`.
//!
//! Redirects are 301, as in the book's Go. Many clients repeat a POST as a GET after it; [`Mux::redirect_with`] 307 or
//! 308 to keep the method. Hosts are compared without case, where the book's Go compares bytes.
//!
//! Book: "Multiplexers".

use std::collections::BTreeMap;
use std::fmt;

use super::handler::{Handler, Request, ResponseWriter, SharedHandler};
use super::middleware::handler_fn;
use super::paths::{bare_host, clean_path};
use super::reply;
use crate::base::trace;
use crate::ch08_http_client::message::Version;
use crate::ch08_http_client::method::Method;
use crate::ch08_http_client::status::Status;
use crate::ch08_http_client::url::percent::encode_path;

/// A multiplexer. Patterns are registered first; then it is shared and serves.
#[derive(Clone)]
pub struct Mux {
    handlers: BTreeMap<String, SharedHandler>,
    has_hosts: bool,
    redirect: Status,
}

/// What becomes of a request.
enum Route<'a> {
    To(&'a str, &'a SharedHandler),
    Elsewhere(String),
    Nowhere,
}

impl Default for Mux {
    fn default() -> Mux {
        Mux::new()
    }
}

impl Mux {
    /// Without patterns: 404 for everything.
    pub fn new() -> Mux {
        Mux { handlers: BTreeMap::new(), has_hosts: false, redirect: Status::MOVED_PERMANENTLY }
    }

    /// Redirects with this status from now on.
    pub fn redirect_with(mut self, status: Status) -> Mux {
        self.redirect = status;
        self
    }

    /// Registers a handler: `/path`, `/subtree/`, `host/path`, `host/subtree/`.
    ///
    /// # Panics
    /// On an empty pattern, one without a slash, and one that is there already. Patterns are part of the program: a bad
    /// one shows at its start, not as an error somebody may ignore. It is so in Go.
    pub fn handle(&mut self, pattern: &str, handler: SharedHandler) {
        assert!(!pattern.is_empty(), "mux: the pattern is empty");
        let Some(slash) = pattern.find('/') else {
            panic!("mux: the pattern {pattern:?} has no path; a host alone is {:?}", format!("{pattern}/"));
        };
        let (host, path) = pattern.split_at(slash);
        let key = format!("{}{path}", host.to_ascii_lowercase());
        assert!(!self.handlers.contains_key(&key), "mux: the pattern {pattern:?} is registered twice");
        self.has_hosts |= !host.is_empty();
        self.handlers.insert(key, handler);
    }

    /// Registers a function.
    ///
    /// # Panics
    /// As [`Mux::handle`].
    pub fn handle_fn(
        &mut self,
        pattern: &str,
        handler: impl Fn(&mut dyn ResponseWriter, &mut Request) + Send + Sync + 'static,
    ) {
        self.handle(pattern, handler_fn(handler));
    }

    /// The pattern whose handler would get this request; `None` for a redirect and for nothing.
    pub fn pattern_of(&self, request: &Request) -> Option<&str> {
        match self.route(request) {
            Route::To(pattern, _) => Some(pattern),
            _ => None,
        }
    }

    fn route(&self, request: &Request) -> Route<'_> {
        let is_tunnel = request.method == Method::CONNECT;
        let host = bare_host(&request.host);
        let path = if is_tunnel { request.path.clone() } else { clean_path(&request.path) };
        if self.wants_slash(&host, &path) {
            return Route::Elsewhere(format!("{path}/"));
        }
        if path != request.path {
            return Route::Elsewhere(path);
        }
        let with_host = if self.has_hosts { self.longest(&format!("{host}{path}")) } else { None };
        match with_host.or_else(|| self.longest(&path)) {
            Some((pattern, handler)) => Route::To(pattern, handler),
            None => Route::Nowhere,
        }
    }

    /// Whether nobody has this path but somebody has the subtree of that name.
    fn wants_slash(&self, host: &str, path: &str) -> bool {
        let with_host = format!("{host}{path}");
        let names = [path, with_host.as_str()];
        if path.is_empty()
            || path.ends_with('/')
            || names.iter().any(|name| self.handlers.contains_key(*name))
        {
            return false;
        }
        names.iter().any(|name| self.handlers.contains_key(&format!("{name}/")))
    }

    /// The exact pattern, or else the longest subtree: every end of `name` behind a slash is tried, from the back.
    fn longest(&self, name: &str) -> Option<(&str, &SharedHandler)> {
        let whole = std::iter::once(name);
        let subtrees = name.rmatch_indices('/').map(|(slash, _)| &name[..=slash]);
        let found = whole.chain(subtrees).find_map(|candidate| self.handlers.get_key_value(candidate))?;
        Some((found.0.as_str(), found.1))
    }
}

impl Handler for Mux {
    fn serve(&self, response: &mut dyn ResponseWriter, request: &mut Request) {
        if refuses_asterisk(response, request) {
            return;
        }
        match self.route(request) {
            Route::To(pattern, handler) => {
                trace::note(|| format!("{} goes to {pattern}", request.path));
                handler.serve(response, request);
            }
            Route::Elsewhere(path) => send_elsewhere(response, request, &encode_path(&path), self.redirect),
            Route::Nowhere => reply::not_found(response),
        }
    }
}

impl fmt::Debug for Mux {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.handlers.keys()).finish()
    }
}

/// `OPTIONS *` is about the server, and no handler of a path can answer it.
pub(super) fn refuses_asterisk(response: &mut dyn ResponseWriter, request: &Request) -> bool {
    if request.target != "*" {
        return false;
    }
    if request.version >= Version::Http11 {
        response.header().set("Connection", "close");
    }
    response.write_status(Status::BAD_REQUEST);
    true
}

/// Redirects to a path as it stands in a URL, with the query the request has.
pub(super) fn send_elsewhere(
    response: &mut dyn ResponseWriter,
    request: &Request,
    path: &str,
    status: Status,
) {
    let mut url = path.to_owned();
    if let Some(query) = &request.query {
        url.push('?');
        url.push_str(query);
    }
    trace::note(|| format!("{} is redirected to {url}", request.path));
    reply::redirect(response, request, &url, status);
}

#[cfg(test)]
mod tests;
