//! A bound on request bodies.

use std::io::{self, Read};

use super::handler_fn;
use crate::ch08_http_client::body::{Body, BodySource};
use crate::ch08_http_client::error::MessageError;
use crate::ch08_http_client::header::Header;
use crate::ch08_http_client::status::Status;
use crate::ch09_http_server::handler::SharedHandler;
use crate::ch09_http_server::reply;

/// Takes bodies of up to `limit` bytes. One that announces more is answered 413 and the connection closed, for reading
/// the rest is what we refuse. One that announces nothing fails with [`MessageError::BodyTooLong`] where the handler
/// reads past the limit; [`reply::body_error`] makes the same 413 of it.
pub fn limit_body(limit: u64, next: SharedHandler) -> SharedHandler {
    handler_fn(move |response, request| {
        let length = request.body.length();
        if length.is_some_and(|length| length > limit) {
            let status = Status::CONTENT_TOO_LARGE;
            response.header().set("Connection", "close");
            return reply::error(response, status.reason(), status);
        }
        if length.is_none() {
            let inner = std::mem::take(&mut request.body);
            request.body =
                Body::of_connection(Box::new(Limited { inner, limit, left: limit, over: false }), None);
        }
        next.serve(response, request);
    })
}

struct Limited {
    inner: Body,
    limit: u64,
    left: u64,
    /// More came than is taken: to read on must not look like reaching the end.
    over: bool,
}

impl Read for Limited {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        if self.left == 0 {
            // The end may stand exactly at the limit: only one more byte is too much.
            self.over = self.over || self.inner.read(&mut [0; 1])? > 0;
            return if self.over {
                Err(MessageError::BodyTooLong { limit: self.limit }.into())
            } else {
                Ok(0)
            };
        }
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buf.len());
        let count = self.inner.read(&mut buf[..most])?;
        self.left -= count as u64;
        Ok(count)
    }
}

impl BodySource for Limited {
    fn trailer(&mut self) -> Option<Header> {
        self.inner.trailer()
    }
}
