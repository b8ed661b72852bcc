//! A user and a password before the next handler.

use super::handler_fn;
use crate::ch08_http_client::auth::{Basic, Challenge};
use crate::ch08_http_client::status::Status;
use crate::ch09_http_server::handler::SharedHandler;
use crate::ch09_http_server::reply;

/// Answers 401 and asks for credentials unless the request has some that `is_right` takes. Compare them with
/// [`Basic::is`], which takes as long for a wrong password as for the right one. Without TLS everybody on the way reads
/// them.
///
/// # Panics
/// On a realm with a control character. It is part of the program, not of a request.
pub fn basic_auth(
    realm: &str,
    is_right: impl Fn(&Basic) -> bool + Send + Sync + 'static,
    next: SharedHandler,
) -> SharedHandler {
    let challenge = match Challenge::basic(realm) {
        Ok(challenge) => challenge.to_string(),
        Err(error) => panic!("basic_auth: {error}"),
    };
    handler_fn(move |response, request| {
        // Two fields, of which another server on the way may read the other one, are no credentials.
        let mut fields = request.header.values("Authorization");
        let given = match (fields.next(), fields.next()) {
            (Some(field), None) => Basic::parse(field).ok(),
            _ => None,
        };
        if given.is_some_and(|basic| is_right(&basic)) {
            drop(fields);
            return next.serve(response, request);
        }
        response.header().set("WWW-Authenticate", challenge.as_str());
        reply::error(response, "Unauthorized", Status::UNAUTHORIZED);
    })
}
