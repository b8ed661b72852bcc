//! A handler per method, and the answers every resource owes to the other methods. Listings 9-6 and 9-7.
//!
//! ```text
//! GET, POST    their handlers
//! OPTIONS      200, Allow: GET, POST
//! others       405, Allow: GET, POST
//! ```
//! Go's map may hold a nil handler, and the book answers 500 for it. Ours cannot hold one.
//!
//! Book: "Any Type Can Be a Handler".

use std::collections::BTreeMap;
use std::fmt;

use super::default_handler::MAX_NAME_BYTES;
use super::escape;
use super::handler::{Handler, Request, ResponseWriter, SharedHandler};
use super::middleware::{drain, handler_fn};
use super::reply;
use crate::ch08_http_client::method::Method;
use crate::ch08_http_client::status::Status;

/// A handler for each method a resource knows. It drains every request's body, so its handlers need not.
#[derive(Clone, Default)]
pub struct Methods {
    handlers: BTreeMap<String, SharedHandler>,
    head_by_get: bool,
}

impl Methods {
    /// Knows no method: everything is 405, OPTIONS excepted.
    pub fn new() -> Methods {
        Methods::default()
    }

    /// Also knows this method. The last handler given for a method holds.
    pub fn on(mut self, method: Method, handler: SharedHandler) -> Methods {
        self.handlers.insert(method.as_str().to_owned(), handler);
        self
    }

    /// Also knows this method, by a function.
    pub fn on_fn(
        self,
        method: Method,
        handler: impl Fn(&mut dyn ResponseWriter, &mut Request) + Send + Sync + 'static,
    ) -> Methods {
        self.on(method, handler_fn(handler))
    }

    /// Answers HEAD by what GET does; the server leaves the body out. The book's type answers 405, though RFC 9110, 9.1
    /// wants HEAD wherever there is GET.
    pub fn head_by_get(mut self) -> Methods {
        self.head_by_get = true;
        self
    }

    /// The value of `Allow`: the methods in alphabetical order. OPTIONS is not among them unless it has a handler.
    pub fn allowed(&self) -> String {
        let mut names: Vec<&str> = self.handlers.keys().map(String::as_str).collect();
        if self.head_by_get && self.handlers.contains_key("GET") {
            names.push("HEAD");
        }
        names.sort_unstable();
        names.dedup();
        names.join(", ")
    }

    fn handler_of(&self, method: &Method) -> Option<&SharedHandler> {
        let own = self.handlers.get(method.as_str());
        if own.is_none() && self.head_by_get && *method == Method::HEAD {
            return self.handlers.get("GET");
        }
        own
    }
}

impl Handler for Methods {
    fn serve(&self, response: &mut dyn ResponseWriter, request: &mut Request) {
        if let Some(handler) = self.handler_of(&request.method) {
            handler.serve(response, request);
        } else if request.method == Method::OPTIONS {
            response.header().set("Allow", self.allowed());
        } else {
            reply::method_not_allowed(response, &self.allowed());
        }
        drain(request);
    }
}

impl fmt::Debug for Methods {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "handlers of {}", self.allowed())
    }
}

/// Listing 9-7: what [`default_handler`](super::default_handler::default_handler) does, with `Allow` and OPTIONS for
/// nothing.
pub fn default_methods_handler() -> Methods {
    Methods::new()
        .on_fn(Method::GET, |response, _| {
            let _ = response.write_all(b"Hello, friend!");
        })
        .on_fn(Method::POST, |response, request| match request.body.read_all(MAX_NAME_BYTES) {
            Ok(name) => {
                let name = escape::html(&String::from_utf8_lossy(&name));
                let _ = write!(response, "Hello, {name}!");
            }
            Err(_) => reply::error(response, "Internal server error", Status::INTERNAL_SERVER_ERROR),
        })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Recorded, Recorder, request};
    use super::*;

    fn ask(methods: &Methods, method: Method) -> Recorded {
        let mut recorder = Recorder::new();
        methods.serve(&mut recorder, &mut request(method, "/", "left unread"));
        recorder.result()
    }

    #[test]
    fn head_is_answered_by_get_only_where_that_is_asked_for() {
        let plain = default_methods_handler();
        assert_eq!(ask(&plain, Method::HEAD).status, Status::METHOD_NOT_ALLOWED);
        let better = default_methods_handler().head_by_get();
        assert_eq!(ask(&better, Method::HEAD).status, Status::OK);
        assert_eq!(better.allowed(), "GET, HEAD, POST");
        let only_post = Methods::new().on_fn(Method::POST, |_, _| {}).head_by_get();
        assert_eq!(
            (only_post.allowed().as_str(), ask(&only_post, Method::HEAD).status.code()),
            ("POST", 405)
        );
    }

    #[test]
    fn a_handler_of_its_own_goes_before_the_one_of_get() {
        let methods = default_methods_handler()
            .head_by_get()
            .on_fn(Method::HEAD, |response, _| response.write_status(Status::TEAPOT));
        assert_eq!(ask(&methods, Method::HEAD).status, Status::TEAPOT);
        assert_eq!(methods.allowed(), "GET, HEAD, POST");
    }

    #[test]
    fn a_method_is_looked_up_with_its_case() {
        let lower = Method::from_token(b"get").unwrap();
        assert_eq!(ask(&default_methods_handler(), lower).status, Status::METHOD_NOT_ALLOWED);
    }

    #[test]
    fn every_body_is_drained_whoever_answers() {
        for method in [Method::GET, Method::POST, Method::OPTIONS, Method::DELETE] {
            let mut request = request(method, "/", "left unread");
            default_methods_handler().serve(&mut Recorder::new(), &mut request);
            assert_eq!(request.body.read_all(100).unwrap(), b"");
        }
    }

    #[test]
    fn a_resource_without_methods_allows_none() {
        let result = ask(&Methods::new(), Method::GET);
        assert_eq!((result.status.code(), result.header.get("Allow")), (405, Some("")));
    }
}
