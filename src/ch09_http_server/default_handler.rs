//! The book's first handler: greets a friend, or whoever the body names. Listing 9-4.
//!
//! [`default_handler`] is the listing with what is wrong in it: a 405 that does not say what is allowed, and 500 for
//! bodies that are the client's fault. [`corrected_handler`] does the same right. Both read a bounded body and drain a
//! bounded rest, where the listing reads as much as a client sends.
//!
//! Book: "Handlers".

use super::escape;
use super::handler::{Request, ResponseWriter, SharedHandler};
use super::middleware::{drain, handler_fn};
use super::reply;
use crate::ch08_http_client::method::Method;
use crate::ch08_http_client::status::Status;

/// Bytes of a name we take. The whole of it is in memory while we greet.
pub const MAX_NAME_BYTES: u64 = 1024 * 1024;

/// The greeting with the name made harmless: a name with a `<script>` in it is shown, not run.
pub fn greeting(name: &[u8]) -> String {
    format!("Hello, {}!", escape::template(&String::from_utf8_lossy(name)))
}

/// Listing 9-4 as it is printed.
pub fn default_handler() -> SharedHandler {
    handler_fn(|response, request| {
        greet(response, request);
        // Go defers this at the top. What the handler left unread stands before the next request on the connection.
        drain(request);
    })
}

fn greet(response: &mut dyn ResponseWriter, request: &mut Request) {
    let name = match request.method.as_str() {
        "GET" => b"friend".to_vec(),
        "POST" => match request.body.read_all(MAX_NAME_BYTES) {
            Ok(name) => name,
            Err(_) => {
                reply::error(response, "Internal server error", Status::INTERNAL_SERVER_ERROR);
                return;
            }
        },
        _ => {
            // RFC 9110, 15.5.6: a 405 MUST have an Allow field, and this one has none.
            reply::error(response, "Method not allowed", Status::METHOD_NOT_ALLOWED);
            return;
        }
    };
    // A write to a client that has gone fails, and is not worth more than counting.
    let _ = response.write_all(greeting(&name).as_bytes());
}

/// The same, with `Allow`, with HEAD (RFC 9110, 9.1: every server has GET and HEAD), with a type, and with a status that
/// blames the right side.
pub fn corrected_handler() -> SharedHandler {
    handler_fn(|response, request| {
        greet_rightly(response, request);
        drain(request);
    })
}

fn greet_rightly(response: &mut dyn ResponseWriter, request: &mut Request) {
    let name = if request.method == Method::GET || request.method == Method::HEAD {
        b"friend".to_vec()
    } else if request.method == Method::POST {
        match request.body.read_all(MAX_NAME_BYTES) {
            Ok(name) => name,
            Err(why) => return reply::body_error(response, &why),
        }
    } else {
        return reply::method_not_allowed(response, "GET, HEAD, POST");
    };
    response.header().set("Content-Type", "text/html; charset=utf-8");
    let _ = response.write_all(greeting(&name).as_bytes());
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Recorded, Recorder, request};
    use super::*;
    use crate::ch08_http_client::body::Body;
    use std::io::{self, Read};

    fn ask(handler: &SharedHandler, method: Method, body: impl Into<Body>) -> Recorded {
        let mut recorder = Recorder::new();
        handler.serve(&mut recorder, &mut request(method, "/", body));
        recorder.result()
    }

    /// Whether a 405 says what is allowed.
    fn knows_the_rfc(handler: &SharedHandler) -> bool {
        let result = ask(handler, Method::DELETE, "");
        assert_eq!(result.status, Status::METHOD_NOT_ALLOWED);
        result.header.contains("Allow")
    }

    #[test]
    fn a_405_without_allow_is_found() {
        assert!(!knows_the_rfc(&default_handler()));
        assert!(knows_the_rfc(&corrected_handler()));
    }

    #[test]
    fn a_body_that_breaks_off_is_500_in_the_book_and_400_in_ours() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::ErrorKind::UnexpectedEof.into())
            }
        }
        assert_eq!(ask(&default_handler(), Method::POST, Body::sized(Broken, 9)).status.code(), 500);
        assert_eq!(ask(&corrected_handler(), Method::POST, Body::sized(Broken, 9)).status.code(), 400);
        let endless = || Body::stream(io::repeat(b'a'));
        assert_eq!(ask(&default_handler(), Method::POST, endless()).status.code(), 500);
        assert_eq!(ask(&corrected_handler(), Method::POST, endless()).status.code(), 413);
    }

    #[test]
    fn a_name_that_is_no_text_is_shown_as_far_as_it_is() {
        assert_eq!(greeting(b"a\xff+"), "Hello, a\u{fffd}&#43;!");
    }
}
