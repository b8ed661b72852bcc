//! Fields for every response.

use super::handler_fn;
use crate::base::random;
use crate::ch09_http_server::handler::SharedHandler;

/// Characters of a request's name we take from a client. It goes into every log line.
const MAX_ID_CHARACTERS: usize = 64;

/// Forbids browsers to guess a type other than the one we give: a text file with tags in it stays text.
pub fn nosniff(next: SharedHandler) -> SharedHandler {
    handler_fn(move |response, request| {
        response.header().set("X-Content-Type-Options", "nosniff");
        next.serve(response, request);
    })
}

/// Three fields that suit almost every site: no guessing of types, no frames in pages of others, no full address to other
/// sites. A handler that wants another value sets it.
pub fn security_headers(next: SharedHandler) -> SharedHandler {
    handler_fn(move |response, request| {
        let header = response.header();
        header.set("X-Content-Type-Options", "nosniff");
        header.set("X-Frame-Options", "DENY");
        header.set("Referrer-Policy", "strict-origin-when-cross-origin");
        next.serve(response, request);
    })
}

/// Gives the request a name, in the field `X-Request-Id` of the request and of the response, so that the log lines of
/// several services can be laid side by side. A name the request has is kept if it is short and plain.
pub fn request_id(next: SharedHandler) -> SharedHandler {
    handler_fn(move |response, request| {
        let given = request.header.get("X-Request-Id").filter(|id| is_plain(id)).map(str::to_owned);
        if let Some(id) = given.or_else(new_id) {
            request.header.set("X-Request-Id", id.as_str());
            response.header().set("X-Request-Id", id);
        } else {
            // Without a random number the request has no name, and is answered all the same.
            request.header.remove("X-Request-Id");
        }
        next.serve(response, request);
    })
}

fn is_plain(id: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    !id.is_empty() && id.len() <= MAX_ID_CHARACTERS && id.bytes().all(plain)
}

fn new_id() -> Option<String> {
    let mut bytes = [0; 16];
    random::bytes(&mut bytes).ok()?;
    Some(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
