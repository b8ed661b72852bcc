//! Compresses responses on their way out, for clients that take gzip (RFC 9110, 8.4 and 12.5.3).
//!
//! ```text
//! handler writes …  ─▶ held back, up to MIN_GZIP_BYTES ─▶ decided once ─▶ as it is
//!                                                                    └▶ gzip, in chunks
//! ```
//! It is decided when the first [`MIN_GZIP_BYTES`] have come, or a flush, or the handler's end. Then the fields are made
//! to fit: no length, no ranges, a weak `ETag`, for these are other bytes with the same meaning. `Vary` says in either
//! case what the choice depended on.
//!
//! What we left out: compressing next to a secret. If a page has both a secret and something the client chose, the
//! compressed length tells how alike they are (BREACH); keep such pages outside of this middleware.

use std::fs::File;
use std::io::{self, Write};

use super::{accepts_gzip, handler_fn};
use crate::base::deadline::Deadline;
use crate::base::deflate::Level;
use crate::base::gzip::GzipWriter;
use crate::base::trace;
use crate::ch08_http_client::header::Header;
use crate::ch08_http_client::method::Method;
use crate::ch08_http_client::status::Status;
use crate::ch09_http_server::handler::{Hijacked, Request, ResponseWriter, SharedHandler, copy_part};

/// Bodies shorter than this are sent as they are: they fit in one packet either way, and the smallest grow.
pub const MIN_GZIP_BYTES: usize = 1024;

/// What `text/…` and `…+xml` and `…+json` do not tell.
const COMPRESSIBLE: [&str; 8] = [
    "application/javascript",
    "application/json",
    "application/manifest+json",
    "application/wasm",
    "application/x-javascript",
    "application/xml",
    "font/ttf",
    "image/bmp",
];

/// Compresses what is worth it. The handler must say its `Content-Type`: a type guessed from the compressed bytes would
/// be gzip's.
pub fn gzip(next: SharedHandler) -> SharedHandler {
    handler_fn(move |response, request| {
        let mut compressing = Compressing {
            inner: response,
            wanted: is_wanted(request),
            is_head: request.method == Method::HEAD,
            sent: None,
            stage: Stage::Held(Vec::new()),
        };
        next.serve(&mut compressing, request);
        // The client may have gone in the middle of it.
        let _ = compressing.finish();
    })
}

/// A range is a range of the bytes as they are.
fn is_wanted(request: &Request) -> bool {
    accepts_gzip(&request.header) && !request.header.contains("Range")
}

struct Compressing<'a> {
    inner: &'a mut dyn ResponseWriter,
    wanted: bool,
    is_head: bool,
    /// The status and the fields as they were then, while they are held back.
    sent: Option<(Status, Header)>,
    stage: Stage,
}

enum Stage {
    /// Nothing has gone out but these bytes have come.
    Held(Vec<u8>),
    Plain,
    /// Compresses into memory; [`Compressing::pass_on`] takes it from there.
    Gzip(GzipWriter<Vec<u8>>),
}

impl Compressing<'_> {
    /// Sends the fields, and what was held back. `length` is that of the whole body, if it is known.
    fn decide(&mut self, length: Option<u64>) -> io::Result<()> {
        let Stage::Held(held) = &mut self.stage else { return Ok(()) };
        let held = std::mem::take(held);
        self.stage = Stage::Plain;
        let (status, mut header) =
            self.sent.take().unwrap_or_else(|| (Status::OK, self.inner.header().clone()));
        let announced = header.get("Content-Length").and_then(|value| value.parse().ok());
        let is_long = announced.or(length).is_none_or(|length: u64| length >= MIN_GZIP_BYTES as u64);
        let can_be = is_compressible(status, &header);
        // Of a part RFC 9110, 15.3.7 wants the fields that the whole would have had.
        if can_be || status == Status::NOT_MODIFIED || status == Status::PARTIAL_CONTENT {
            vary(&mut header);
        }
        if self.wanted && status == Status::NOT_MODIFIED {
            // It stands for the 200 that would have been compressed.
            weaken(&mut header);
        }
        let compresses = self.wanted && can_be && is_long;
        if compresses {
            trace::note(|| "the response goes out in gzip".to_owned());
            describe_gzip(&mut header);
        }
        *self.inner.header() = header;
        self.inner.write_status(status);
        // A HEAD may have fields only. Compressing nothing would give twenty bytes.
        if compresses && !(self.is_head && length == Some(0)) {
            self.stage = Stage::Gzip(GzipWriter::new(Vec::new(), Level::Default));
        }
        self.write_all(&held)
    }

    /// Gives the inner writer what has been compressed so far.
    fn pass_on(&mut self) -> io::Result<()> {
        let Stage::Gzip(writer) = &mut self.stage else { return Ok(()) };
        let bytes = std::mem::take(writer.inner_mut());
        if bytes.is_empty() { Ok(()) } else { self.inner.write_all(&bytes) }
    }

    fn finish(mut self) -> io::Result<()> {
        if let Stage::Held(held) = &self.stage {
            if self.sent.is_none() {
                // An empty 200, or a connection that is no longer ours.
                return Ok(());
            }
            // A HEAD that wrote no body and announced no length counts as short.
            let length = held.len() as u64;
            self.decide(Some(length))?;
        }
        match std::mem::replace(&mut self.stage, Stage::Plain) {
            Stage::Gzip(writer) => self.inner.write_all(&writer.finish()?),
            _ => Ok(()),
        }
    }
}

fn is_compressible(status: Status, header: &Header) -> bool {
    let may_be = !status.has_no_body()
        && status != Status::PARTIAL_CONTENT
        && !header.contains("Content-Encoding")
        && !header.contains("Content-Range")
        && !header.has_token("Cache-Control", "no-transform");
    may_be && header.get("Content-Type").is_some_and(is_compressible_type)
}

fn is_compressible_type(value: &str) -> bool {
    let kind = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind.starts_with("text/")
        || kind.ends_with("+xml")
        || kind.ends_with("+json")
        || COMPRESSIBLE.contains(&kind.as_str())
}

fn vary(header: &mut Header) {
    if !header.has_token("Vary", "Accept-Encoding") && !header.has_token("Vary", "*") {
        header.add("Vary", "Accept-Encoding");
    }
}

fn describe_gzip(header: &mut Header) {
    header.set("Content-Encoding", "gzip");
    for plain in ["Content-Length", "Accept-Ranges", "Content-MD5", "Digest"] {
        header.remove(plain);
    }
    weaken(header);
}

/// RFC 9110, 8.8.1: a strong tag names the bytes, and these are others.
fn weaken(header: &mut Header) {
    let Some(tag) = header.get("ETag").filter(|tag| tag.starts_with('"')) else { return };
    let weak = format!("W/{tag}");
    header.set("ETag", weak);
}

impl Write for Compressing<'_> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let count = match &mut self.stage {
            Stage::Held(held) => {
                self.sent.get_or_insert_with(|| (Status::OK, self.inner.header().clone()));
                held.extend_from_slice(buf);
                if held.len() >= MIN_GZIP_BYTES {
                    self.decide(None)?;
                }
                return Ok(buf.len());
            }
            Stage::Plain => return self.inner.write(buf),
            Stage::Gzip(writer) => writer.write(buf)?,
        };
        self.pass_on()?;
        Ok(count)
    }

    /// What was written so far reaches the client and can be unpacked there, however little it is.
    fn flush(&mut self) -> io::Result<()> {
        self.decide(None)?;
        if let Stage::Gzip(writer) = &mut self.stage {
            writer.flush()?;
        }
        self.pass_on()?;
        self.inner.flush()
    }
}

impl ResponseWriter for Compressing<'_> {
    fn header(&mut self) -> &mut Header {
        self.inner.header()
    }

    fn write_status(&mut self, status: Status) {
        let is_interim = status.is_informational() && status != Status::SWITCHING_PROTOCOLS;
        match self.stage {
            Stage::Held(_) if !is_interim => {
                if self.sent.is_some() {
                    trace::note(|| format!("status {status} comes too late and is ignored"));
                } else {
                    self.sent = Some((status, self.inner.header().clone()));
                }
            }
            _ => self.inner.write_status(status),
        }
    }

    fn trailer(&mut self) -> &mut Header {
        self.inner.trailer()
    }

    fn inform(&mut self, status: Status, header: &Header) -> io::Result<()> {
        self.inner.inform(status, header)
    }

    fn write_file(&mut self, file: &mut File, offset: u64, length: u64) -> io::Result<()> {
        if let Stage::Held(held) = &self.stage {
            let whole = (held.len() as u64).saturating_add(length);
            self.decide(Some(whole))?;
        }
        match self.stage {
            Stage::Plain => self.inner.write_file(file, offset, length),
            _ => copy_part(file, offset, length, self),
        }
    }

    fn set_read_deadline(&mut self, deadline: Deadline) -> io::Result<()> {
        self.inner.set_read_deadline(deadline)
    }

    fn set_write_deadline(&mut self, deadline: Deadline) -> io::Result<()> {
        self.inner.set_write_deadline(deadline)
    }

    fn client_has_gone(&mut self) -> bool {
        self.inner.client_has_gone()
    }

    fn hijack(&mut self) -> io::Result<Hijacked> {
        let taken = self.inner.hijack()?;
        self.stage = Stage::Plain;
        Ok(taken)
    }

    fn push(&mut self, target: &str, header: &Header) -> io::Result<()> {
        self.inner.push(target, header)
    }
}
