//! Writing parts one after the other: Go's `multipart.Writer`.

use std::io::{self, Write};

use super::boundary::Boundary;
use super::disposition::{field_header, file_header};
use super::error::MultipartError;
use crate::ch08_http_client::codec::write_fields;
use crate::ch08_http_client::header::Header;

/// The media type of a file nothing is known about.
pub(super) const OCTETS: &str = "application/octet-stream";

/// Writes parts to `out`. It writes small pieces, so a file or connection had better have a buffer.
#[derive(Debug)]
pub struct Writer<W> {
    out: W,
    boundary: Boundary,
    parts: usize,
}

impl<W: Write> Writer<W> {
    /// A writer with a boundary of its own.
    ///
    /// # Errors
    /// Where the system has no randomness.
    pub fn new(out: W) -> io::Result<Writer<W>> {
        Ok(Writer::with_boundary(out, Boundary::random()?))
    }

    /// A writer with this boundary, which must not stand in any part.
    pub fn with_boundary(out: W, boundary: Boundary) -> Writer<W> {
        Writer { out, boundary, parts: 0 }
    }

    /// Its boundary.
    pub fn boundary(&self) -> &Boundary {
        &self.boundary
    }

    /// The value of the message's `Content-Type` field.
    pub fn content_type(&self) -> String {
        self.boundary.content_type()
    }

    /// Writes a field: Go's `WriteField`.
    ///
    /// # Errors
    /// `Io`
    pub fn field(&mut self, name: &str, value: impl AsRef<[u8]>) -> Result<(), MultipartError> {
        Ok(self.part(&field_header(name))?.write_all(value.as_ref())?)
    }

    /// Begins the part of a file of type `application/octet-stream`: Go's `CreateFormFile`. Its bytes are written to what this
    /// gives, up to the next part.
    ///
    /// # Errors
    /// `Io`
    pub fn file(&mut self, name: &str, filename: &str) -> Result<&mut W, MultipartError> {
        self.part(&file_header(name, filename, OCTETS))
    }

    /// Begins a part with a head of its own: Go's `CreatePart`, but that fields keep their order.
    ///
    /// # Errors
    /// [`MultipartError::Head`] for a head that may not go on the wire, of which nothing is written; `Io`.
    pub fn part(&mut self, header: &Header) -> Result<&mut W, MultipartError> {
        header.check().map_err(MultipartError::Head)?;
        let head = part_head(&self.boundary, self.parts == 0, header);
        self.parts += 1;
        self.out.write_all(&head)?;
        Ok(&mut self.out)
    }

    /// Writes the terminator and gives `out` back, not flushed. Without this the receiver takes the body for cut short.
    ///
    /// # Errors
    /// Writing to `out`.
    pub fn finish(mut self) -> io::Result<W> {
        self.out.write_all(&terminator(&self.boundary))?;
        Ok(self.out)
    }
}

/// The delimiter and the head, which has been checked. The first delimiter has no line before it that it would have to end.
pub(super) fn part_head(boundary: &Boundary, first: bool, header: &Header) -> Vec<u8> {
    let line_end = if first { "" } else { "\r\n" };
    let mut head = format!("{line_end}--{boundary}\r\n").into_bytes();
    write_fields(&mut head, header);
    head
}

/// As Go has it, with its line end before it even in a form without parts.
pub(super) fn terminator(boundary: &Boundary) -> Vec<u8> {
    format!("\r\n--{boundary}--\r\n").into_bytes()
}
