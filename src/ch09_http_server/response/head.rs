//! The head of a response: what the handler set, made harmless, and what the server adds.

use std::io::Write;

use super::date::with_date;
use crate::ch08_http_client::framing::Framing;
use crate::ch08_http_client::header::{Header, is_token, is_value, may_be_trailer};
use crate::ch08_http_client::status::Status;

/// What goes into a head.
pub struct Head<'a> {
    /// The status.
    pub status: Status,
    /// What the handler set.
    pub header: &'a Header,
    /// How the body's end is marked; `None` where no field may say so.
    pub framing: Option<Framing>,
    /// The sniffed type, if the handler set none.
    pub content_type: Option<&'static str>,
    /// Fields announced for after the body.
    pub trailer: &'a Header,
    /// `close`, or `keep-alive` where that is news.
    pub connection: Option<&'static str>,
}

impl Head<'_> {
    /// Appends the head.
    pub fn write(&self, out: &mut Vec<u8>) {
        status_line(out, self.status);
        for (name, value) in self.header.iter() {
            let is_suppressed = value.is_empty() && may_be_suppressed(name);
            if !is_ours(name) && !is_suppressed {
                field(out, name, value);
            }
        }
        if !self.header.contains("Date") {
            with_date(|date| field(out, "Date", date.as_bytes()));
        }
        if let Some(content_type) = self.content_type {
            field(out, "Content-Type", content_type.as_bytes());
        }
        match self.framing {
            Some(Framing::Length(length)) => {
                // Writing to memory cannot fail.
                let _ = write!(out, "Content-Length: {length}\r\n");
            }
            Some(Framing::Chunked) => {
                field(out, "Transfer-Encoding", b"chunked");
                self.announce_trailer(out);
            }
            _ => {}
        }
        if let Some(connection) = self.connection {
            field(out, "Connection", connection.as_bytes());
        }
        out.extend_from_slice(b"\r\n");
    }

    fn announce_trailer(&self, out: &mut Vec<u8>) {
        if self.header.contains("Trailer") {
            return;
        }
        let names: Vec<&str> =
            self.trailer.iter().map(|(name, _)| name).filter(|name| may_be_trailer(name)).collect();
        if !names.is_empty() {
            field(out, "Trailer", names.join(", ").as_bytes());
        }
    }
}

/// The status line, and nothing else.
pub fn status_line(out: &mut Vec<u8>, status: Status) {
    if status == Status::OK {
        out.extend_from_slice(b"HTTP/1.1 200 OK\r\n");
        return;
    }
    // Writing to memory cannot fail. The space stays where there is no phrase (RFC 9112, 4).
    let _ = write!(out, "HTTP/1.1 {} {}\r\n", status.code(), status.reason());
}

/// The head of a response of class 1xx, which is the whole response: a length would be that of a body it does not have
/// (RFC 9110, 8.6).
pub fn interim(out: &mut Vec<u8>, status: Status, header: &Header) {
    status_line(out, status);
    for (name, value) in header.iter().filter(|(name, _)| !is_ours(name)) {
        field(out, name, value);
    }
    out.extend_from_slice(b"\r\n");
}

/// Fields that say where the body ends are the server's to set.
fn is_ours(name: &str) -> bool {
    name.eq_ignore_ascii_case("Content-Length") || name.eq_ignore_ascii_case("Transfer-Encoding")
}

/// Fields the server adds by itself, unless the handler sets them to nothing.
fn may_be_suppressed(name: &str) -> bool {
    name.eq_ignore_ascii_case("Date") || name.eq_ignore_ascii_case("Content-Type")
}

/// Appends a field. A name that is none is left out; a control character in a value becomes a space: a line end there would
/// let whoever supplied the value write fields of his own.
pub fn field(out: &mut Vec<u8>, name: &str, value: &[u8]) {
    if !is_token(name.as_bytes()) {
        return;
    }
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    if is_value(value) {
        out.extend_from_slice(value);
    } else {
        for byte in value {
            out.push(if is_value(&[*byte]) { *byte } else { b' ' });
        }
    }
    out.extend_from_slice(b"\r\n");
}
