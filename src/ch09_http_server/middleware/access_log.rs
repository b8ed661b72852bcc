//! A line per request, in the combined format that log readers know, with the time it took behind it.
//!
//! ```text
//! 192.0.2.7 - - [23/Nov/2026:18:34:27 +0000] "GET /a?b HTTP/1.1" 200 5 "http://from/" "curl/8.5.0" 0.532ms
//! client        when (UTC)                    first line           │   │  Referer        User-Agent   time in the handler
//!                                                             status   bytes of body
//! ```
//! The second and third column are for names of users, which we do not write. Give the logger no prefix and
//! [`NONE`](crate::base::log::NONE), or readers of the format will not know the line.

use std::thread;
use std::time::Instant;

use super::Watch;
use super::handler_fn;
use crate::base::calendar::Timestamp;
use crate::base::conn::Address;
use crate::base::log::Logger;
use crate::ch09_http_server::handler::{Request, SharedHandler};

/// Bytes of a client's text in a line. A target may have many thousands.
const MAX_SHOWN_BYTES: usize = 2048;

/// Logs every request when its handler has returned, or panicked: then the status is 500, unless another went out before.
pub fn access_log(logger: Logger, next: SharedHandler) -> SharedHandler {
    handler_fn(move |response, request| {
        let mut entry = Entry {
            logger: &logger,
            before: before(request),
            behind: format!("\"{}\" \"{}\"", field(request, "Referer"), field(request, "User-Agent")),
            start: Instant::now(),
            watch: Watch::new(response),
        };
        next.serve(&mut entry.watch, request);
    })
}

/// A line that is written when this is dropped, so that a panic has one too.
struct Entry<'a> {
    logger: &'a Logger,
    before: String,
    behind: String,
    start: Instant,
    watch: Watch<'a>,
}

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        let status = match self.watch.status() {
            Some(status) => status.code().to_string(),
            None if self.watch.hijacked() => "-".to_owned(),
            None if thread::panicking() => "500".to_owned(),
            None => "200".to_owned(),
        };
        let bytes = match self.watch.bytes() {
            0 => "-".to_owned(),
            count => count.to_string(),
        };
        let took = self.start.elapsed().as_secs_f64() * 1_000.0;
        self.logger.println(&format!("{} {status} {bytes} {} {took:.3}ms", self.before, self.behind));
    }
}

fn before(request: &Request) -> String {
    // Without the port, which says nothing of who it was.
    let client = match &request.peer {
        Address::Tcp(address) => address.ip().to_string(),
        other => other.to_string(),
    };
    let line = format!("{} {} {}", request.method, request.target, request.version);
    format!("{} - - [{}] \"{}\"", harmless(&client), moment(&Timestamp::now()), harmless(&line))
}

fn moment(now: &Timestamp) -> String {
    let month = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = month[usize::from(now.month.saturating_sub(1)) % 12];
    let (day, year) = (now.day, now.year);
    format!("{day:02}/{month}/{year:04}:{:02}:{:02}:{:02} +0000", now.hour, now.minute, now.second)
}

fn field(request: &Request, name: &str) -> String {
    request.header.get(name).map_or_else(|| "-".to_owned(), harmless)
}

/// A client's text can neither end the column nor the line, nor speak to a terminal.
fn harmless(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes().take(MAX_SHOWN_BYTES) {
        match byte {
            b'"' | b'\\' => out.push_str(&format!("\\{}", char::from(byte))),
            b' '..=b'~' => out.push(char::from(byte)),
            other => out.push_str(&format!("\\x{other:02x}")),
        }
    }
    out
}
