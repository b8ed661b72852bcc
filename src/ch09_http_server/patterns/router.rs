//! A multiplexer over [`Pattern`]s: the most specific one that matches gets the request.
//!
//! ```text
//! cleaned path ─▶ a pattern matches ────────────▶ its handler
//!              ─▶ one matches it with a slash ──▶ 301
//!              ─▶ one matches but for the method ▶ 405, Allow
//!              ─▶ none ─────────────────────────▶ 404
//! ```
//! A request is compared with each pattern in turn, which is plenty fast for some hundred. Go builds a tree.
//!
//! A segment is decoded after the path is taken apart: `{name}` gets `a/b` for `a%2Fb`. Where a middleware has changed
//! the path, or its decoded form is not clean, the decoded path is what counts.

use std::collections::BTreeSet;
use std::fmt;

use super::Pattern;
use super::compare::{Relation, compare};
use crate::base::trace;
use crate::ch08_http_client::method::Method;
use crate::ch08_http_client::status::Status;
use crate::ch08_http_client::url::percent::{decode_text, encode_path, encode_segment};
use crate::ch09_http_server::handler::{Handler, Request, ResponseWriter, SharedHandler};
use crate::ch09_http_server::http1::request::parts_of_target;
use crate::ch09_http_server::middleware::handler_fn;
use crate::ch09_http_server::mux::{refuses_asterisk, send_elsewhere};
use crate::ch09_http_server::paths::{bare_host, clean_path};
use crate::ch09_http_server::reply;

/// The values of a pattern's names.
type Values = Vec<(String, String)>;

/// A multiplexer. Patterns are registered first; then it is shared and serves.
#[derive(Clone)]
pub struct Router {
    routes: Vec<(Pattern, SharedHandler)>,
    redirect: Status,
}

/// What becomes of a request.
enum Outcome<'a> {
    To(&'a Pattern, &'a SharedHandler, Values),
    /// To a path as it stands in a URL.
    Elsewhere(String),
    NotAllowed(String),
    Nowhere,
}

impl Default for Router {
    fn default() -> Router {
        Router::new()
    }
}

impl Router {
    /// Without patterns: 404 for everything.
    pub fn new() -> Router {
        Router { routes: Vec::new(), redirect: Status::MOVED_PERMANENTLY }
    }

    /// Redirects with this status from now on: 307 and 308 keep the method.
    pub fn redirect_with(mut self, status: Status) -> Router {
        self.redirect = status;
        self
    }

    /// Registers a handler.
    ///
    /// # Panics
    /// On a bad pattern, and on one that conflicts with another: some request matches both and neither is more specific. As
    /// [`Mux::handle`](crate::ch09_http_server::mux::Mux::handle).
    pub fn handle(&mut self, pattern: &str, handler: SharedHandler) {
        let pattern = match Pattern::parse(pattern) {
            Ok(pattern) => pattern,
            Err(error) => panic!("router: the pattern {pattern:?} is refused: {error}"),
        };
        for (other, _) in &self.routes {
            let (mine, its) = (pattern.as_str(), other.as_str());
            match compare(&pattern, other) {
                Relation::Same => panic!("router: the pattern {mine:?} matches the same requests as {its:?}"),
                Relation::Overlap => panic!(
                    "router: the patterns {mine:?} and {its:?} conflict: some requests match both, and neither is more specific"
                ),
                _ => {}
            }
        }
        self.routes.push((pattern, handler));
    }

    /// Registers a function.
    ///
    /// # Panics
    /// As [`Router::handle`].
    pub fn handle_fn(
        &mut self,
        pattern: &str,
        handler: impl Fn(&mut dyn ResponseWriter, &mut Request) + Send + Sync + 'static,
    ) {
        self.handle(pattern, handler_fn(handler));
    }

    /// The pattern whose handler would get this request; `None` for a redirect and for an error.
    pub fn pattern_of(&self, request: &Request) -> Option<&str> {
        match self.outcome(request) {
            Outcome::To(pattern, _, _) => Some(pattern.as_str()),
            _ => None,
        }
    }

    fn outcome(&self, request: &Request) -> Outcome<'_> {
        let host = bare_host(&request.host);
        let is_tunnel = request.method == Method::CONNECT;
        let path = if is_tunnel { request.path.clone() } else { clean_path(&request.path) };
        let segments = if path == request.path { segments_of(request) } else { split(&path) };
        let found = self.most_specific(&host, &request.method, &segments);
        let is_exact = found.as_ref().is_some_and(|(route, _)| route.0.matches_exactly(&segments));
        if !is_exact && !path.is_empty() && !path.ends_with('/') {
            let mut with_slash = segments.clone();
            with_slash.push(String::new());
            let better = self.most_specific(&host, &request.method, &with_slash);
            if better.is_some_and(|(route, _)| route.0.matches_exactly(&with_slash)) {
                // By segments, for `a%2Fb` is one, and two once it is decoded.
                return Outcome::Elsewhere(
                    with_slash.iter().map(|name| format!("/{}", encode_segment(name))).collect(),
                );
            }
        }
        if path != request.path {
            return Outcome::Elsewhere(encode_path(&path));
        }
        match found {
            Some((route, values)) => Outcome::To(&route.0, &route.1, values),
            None => self.without_method(&host, &segments),
        }
    }

    /// Patterns that match one request are never in conflict, so one of them is the most specific.
    fn most_specific(
        &self,
        host: &str,
        method: &Method,
        segments: &[String],
    ) -> Option<(&(Pattern, SharedHandler), Values)> {
        let mut best: Option<(&(Pattern, SharedHandler), Values)> = None;
        for route in &self.routes {
            if !route.0.takes_host(host) || !route.0.takes_method(method) {
                continue;
            }
            let Some(values) = route.0.matches(segments) else { continue };
            let goes_before =
                best.as_ref().is_none_or(|(other, _)| compare(&route.0, &other.0) == Relation::MoreSpecific);
            if goes_before {
                best = Some((route, values));
            }
        }
        best
    }

    fn without_method(&self, host: &str, segments: &[String]) -> Outcome<'_> {
        let mut allowed = BTreeSet::new();
        for (pattern, _) in &self.routes {
            let Some(method) = &pattern.method else { continue };
            if pattern.takes_host(host) && pattern.matches(segments).is_some() {
                allowed.insert(method.as_str());
                if *method == Method::GET {
                    allowed.insert("HEAD");
                }
            }
        }
        if allowed.is_empty() {
            return Outcome::Nowhere;
        }
        Outcome::NotAllowed(allowed.into_iter().collect::<Vec<&str>>().join(", "))
    }
}

/// The segments as the client wrote them, each decoded, if the target still stands for the path.
fn segments_of(request: &Request) -> Vec<String> {
    let parts = parts_of_target(&request.method, &request.target);
    match parts.map(|parts| parts.path) {
        // The whole can be decoded, so its parts can.
        Ok(raw) if decode_text(raw).is_ok_and(|decoded| decoded == request.path) => {
            split(raw).iter().map(|segment| decode_text(segment).unwrap_or_default()).collect()
        }
        _ => split(&request.path),
    }
}

fn split(path: &str) -> Vec<String> {
    match path.strip_prefix('/') {
        Some(rest) => rest.split('/').map(str::to_owned).collect(),
        None => Vec::new(),
    }
}

impl Handler for Router {
    fn serve(&self, response: &mut dyn ResponseWriter, request: &mut Request) {
        if refuses_asterisk(response, request) {
            return;
        }
        match self.outcome(request) {
            Outcome::To(pattern, handler, values) => {
                trace::note(|| format!("{} {} goes to {}", request.method, request.path, pattern.as_str()));
                request.path_values = values;
                handler.serve(response, request);
            }
            Outcome::Elsewhere(path) => send_elsewhere(response, request, &path, self.redirect),
            Outcome::NotAllowed(allow) => reply::method_not_allowed(response, &allow),
            Outcome::Nowhere => reply::not_found(response),
        }
    }
}

impl fmt::Debug for Router {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.routes.iter().map(|(pattern, _)| pattern.as_str())).finish()
    }
}
