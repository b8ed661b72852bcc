//! Bodies that come compressed: `Content-Encoding: gzip` is decoded while it is read. RFC 9110, 8.4.
//!
//! ```text
//! request    Accept-Encoding: gzip           the transport's own, so the caller need not know of it
//! response   Content-Encoding: gzip          both fields are about the bytes on the wire,
//!            Content-Length: 210             and go with them
//! caller     no such fields, body of unknown length, already decoded
//! ```
//! Whoever wants to know whether a body was decoded (Go's `Uncompressed`) sees it at its length, which is unknown then, and at
//! the missing `Content-Encoding`. What we do not decode keeps both fields: other codings, several codings on top of each
//! other, part of a body (206), and bodies that are empty.
//!
//! Sums are checked at the end, so only the read that says "end" says that all before it was right.
//!
//! Left out: brotli and zstd, which we do not ask for.

use std::io::{self, Read};

use super::body::{Body, BodySource};
use super::error::HttpError;
use super::header::Header;
use super::request::Response;
use super::status::Status;
use crate::base::gzip::GzipReader;
use crate::base::inflate::InflateError;
use crate::base::zlib::ZlibReader;

/// What `Accept-Encoding` asks for.
pub const ACCEPTED: &str = "gzip";

/// Bytes a body may decode to: what 16 MiB of gzip can. A deflate stream decodes to a thousand times its length at most, and
/// whoever stores a body without a limit of his own fills a disk from a small download.
pub const MAX_DECODED: u64 = 16 << 30;

/// The response with its body decoded, if it has one in a coding we know: gzip, or deflate, which we take though we do not ask
/// for it. The body's reads then fail with [`HttpError::BadCoding`] inside the I/O error where it is damaged, ends too early
/// or decodes to more than [`MAX_DECODED`] bytes.
pub fn decoded(response: Response) -> Response {
    decoded_within(response, MAX_DECODED)
}

/// As [`decoded`], with a limit for the bytes that come out.
pub fn decoded_within(mut response: Response, limit: u64) -> Response {
    let body = std::mem::take(&mut response.body);
    response.body = decoded_body(response.status, &mut response.header, body, limit);
    response
}

fn decoded_body(status: Status, header: &mut Header, body: Body, limit: u64) -> Body {
    let partial = status.code() == 206;
    let Some(coding) = only_coding(header).filter(|_| !body.is_empty() && !partial) else { return body };
    header.remove("Content-Encoding");
    header.remove("Content-Length");
    let source = Source { body, count: 0 };
    let decoder = match coding {
        Coding::Gzip => Decoder::Gzip(GzipReader::new(source, limit)),
        Coding::Deflate => Decoder::Deflate(ZlibReader::or_deflate(source, limit)),
    };
    Body::of_connection(Box::new(Decoded { coding, decoder }), None)
}

#[derive(Clone, Copy)]
enum Coding {
    Gzip,
    Deflate,
}

impl Coding {
    fn name(self) -> &'static str {
        match self {
            Coding::Gzip => "gzip",
            Coding::Deflate => "deflate",
        }
    }
}

/// The coding, if it is a single one that we know.
fn only_coding(header: &Header) -> Option<Coding> {
    let mut codings = header.elements("Content-Encoding");
    let coding = codings.next().filter(|_| codings.next().is_none())?;
    match coding.to_ascii_lowercase().as_str() {
        "gzip" | "x-gzip" => Some(Coding::Gzip),
        "deflate" => Some(Coding::Deflate),
        _ => None,
    }
}

/// The body as it comes, and how much of it has come.
struct Source {
    body: Body,
    count: u64,
}

impl Read for Source {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let count = self.body.read(buf)?;
        self.count += count as u64;
        Ok(count)
    }
}

enum Decoder {
    Gzip(GzipReader<Source>),
    Deflate(ZlibReader<Source>),
}

struct Decoded {
    coding: Coding,
    decoder: Decoder,
}

impl Decoded {
    fn source(&mut self) -> &mut Source {
        match &mut self.decoder {
            Decoder::Gzip(reader) => reader.inner_mut(),
            Decoder::Deflate(reader) => reader.inner_mut(),
        }
    }

    fn read_some(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match &mut self.decoder {
            // It reads on to the end of its source, for another member may follow.
            Decoder::Gzip(reader) => reader.read(buf),
            Decoder::Deflate(reader) => {
                let count = reader.read(buf)?;
                // Only a body that was read to its end gives its connection back.
                if count == 0 && !buf.is_empty() && reader.inner_mut().read(&mut [0])? > 0 {
                    return Err(InflateError::TrailingBytes.into());
                }
                Ok(count)
            }
        }
    }
}

impl Read for Decoded {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let error = match self.read_some(buf) {
            Ok(count) => return Ok(count),
            Err(error) => error,
        };
        match error.get_ref().and_then(|inner| inner.downcast_ref()) {
            // Some servers name a coding and have nothing to say. Go takes that for an empty body.
            Some(InflateError::Truncated) if self.source().count == 0 => Ok(0),
            Some(_) => Err(HttpError::BadCoding { coding: self.coding.name().to_string(), error }.into()),
            // The body's own: its time is up, or the connection broke.
            None => Err(error),
        }
    }
}

impl BodySource for Decoded {
    fn trailer(&mut self) -> Option<Header> {
        self.source().body.trailer()
    }
}

#[cfg(test)]
mod tests;
