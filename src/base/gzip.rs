//! gzip (RFC 1952): a header, a deflate stream, and a trailer that says what must have come out.
//!
//! ```text
//!  1f 8b 08 00 00 00 00 00 00 ff   header: deflate, no name, no time, system unknown
//!  4b 04 00                        the byte 'a'
//!  43 be b7 e8                     CRC-32 of what was compressed, lowest byte first
//!  01 00 00 00                     how many bytes that is, modulo 2^32
//! ```
//! Several such members, one behind the other, are one gzip file: what they decode to, one behind the other (2.2).
//!
//! [`GzipReader`] decodes what HTTP calls `Content-Encoding: gzip` (RFC 9110, 8.4.1.3), [`GzipWriter`] compresses to it.
//!
//! We left out: names and comments (skipped), times, the random access that the extra field makes possible.

mod header;
#[cfg(test)]
mod tests;

use std::io::{self, Read, Write};

use super::checksum::Crc32;
use super::deflate::{Deflate, Level};
use super::inflate::{Inflate, InflateError};
pub use header::MAX_TEXT_BYTES;
use header::{DEFLATE, Header};

const TRAILER_BYTES: usize = 8;

/// Where a reader is.
#[derive(Debug)]
enum Part {
    Header(Header),
    Body,
    Trailer([u8; TRAILER_BYTES], usize),
    /// A member has ended. Another one may follow.
    Between,
    End,
}

/// A reader of what a gzip file was made from.
///
/// The sums are checked when a member ends, so what came before may be wrong, and only the read that says "end" says that it
/// was right.
#[derive(Debug)]
pub struct GzipReader<R> {
    inflate: Inflate<R>,
    part: Part,
    sum: Crc32,
    length: u32,
}

impl<R: Read> GzipReader<R> {
    /// Decodes what `source` holds, up to its end; `limit` bytes at most, of all members together.
    pub fn new(source: R, limit: u64) -> GzipReader<R> {
        GzipReader {
            inflate: Inflate::new(source, limit),
            part: Part::Header(Header::new()),
            sum: Crc32::new(),
            length: 0,
        }
    }

    /// The source.
    pub fn inner(&self) -> &R {
        self.inflate.inner()
    }

    /// The source. What is read from it here will be missing.
    pub fn inner_mut(&mut self) -> &mut R {
        self.inflate.inner_mut()
    }

    fn byte(&mut self) -> io::Result<u8> {
        match self.inflate.next_byte()? {
            Some(byte) => Ok(byte),
            None => Err(self.inflate.fail(InflateError::Truncated)),
        }
    }

    fn header(&mut self, mut header: Header) -> io::Result<()> {
        loop {
            // Kept at each byte: the source may time out at the next, and be read again.
            self.part = Part::Header(header);
            let byte = self.byte()?;
            match header.take(byte) {
                Ok(false) => {}
                Ok(true) => {
                    self.part = Part::Body;
                    return Ok(());
                }
                Err(error) => return Err(self.inflate.fail(error)),
            }
        }
    }

    fn trailer(&mut self, mut bytes: [u8; TRAILER_BYTES], mut count: usize) -> io::Result<()> {
        while count < TRAILER_BYTES {
            self.part = Part::Trailer(bytes, count);
            bytes[count] = self.byte()?;
            count += 1;
        }
        let [a, b, c, d, e, f, g, h] = bytes;
        let (sum, length) = (u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, g, h]));
        if sum != self.sum.value() {
            return Err(self.inflate.fail(InflateError::Checksum { said: sum, is: self.sum.value() }));
        }
        if length != self.length {
            return Err(self.inflate.fail(InflateError::Length { said: length, is: self.length }));
        }
        self.part = Part::Between;
        Ok(())
    }

    /// The end, or another member's first byte.
    fn between(&mut self) -> io::Result<()> {
        let Some(byte) = self.inflate.next_byte()? else {
            self.part = Part::End;
            return Ok(());
        };
        let mut header = Header::new();
        if byte != 0x1f || header.take(byte).is_err() {
            return Err(self.inflate.fail(InflateError::TrailingBytes));
        }
        self.part = Part::Header(header);
        (self.sum, self.length) = (Crc32::new(), 0);
        self.inflate.restart();
        Ok(())
    }
}

impl<R: Read> Read for GzipReader<R> {
    /// # Errors
    /// `UnexpectedEof` when the source ends inside a member, `InvalidData` when it is damaged, no gzip, or too long (both
    /// carry an [`InflateError`]), the source's own.
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        if let Some(error) = self.inflate.failed().filter(|_| !matches!(self.part, Part::Body)) {
            return Err(error.into());
        }
        loop {
            match self.part {
                Part::Header(header) => self.header(header)?,
                Part::Body => {
                    let count = self.inflate.read(buf)?;
                    self.sum.update(&buf[..count]);
                    self.length = self.length.wrapping_add(count as u32);
                    if count > 0 {
                        return Ok(count);
                    }
                    self.part = Part::Trailer([0; TRAILER_BYTES], 0);
                }
                Part::Trailer(bytes, count) => self.trailer(bytes, count)?,
                Part::Between => self.between()?,
                Part::End => return Ok(0),
            }
        }
    }
}

/// A writer that writes what it is given to another, as a gzip file of one member.
///
/// The header goes out with the first bytes, or with `flush`. As with [`Deflate`], the file has no end without
/// [`GzipWriter::finish`].
#[derive(Debug)]
pub struct GzipWriter<W> {
    deflate: Deflate<W>,
    sum: Crc32,
    length: u32,
}

impl<W: Write> GzipWriter<W> {
    /// Compresses to `inner`.
    pub fn new(inner: W, level: Level) -> GzipWriter<W> {
        let hint = match level {
            Level::Fast => 4,
            _ => 0,
        };
        let mut deflate = Deflate::new(inner, level);
        deflate.begin_with(&[0x1f, 0x8b, DEFLATE, 0, 0, 0, 0, 0, hint, 0xff]);
        GzipWriter { deflate, sum: Crc32::new(), length: 0 }
    }

    /// The inner writer.
    pub fn inner(&self) -> &W {
        self.deflate.inner()
    }

    /// The inner writer. What is written to it here stands in the middle of the file.
    pub fn inner_mut(&mut self) -> &mut W {
        self.deflate.inner_mut()
    }

    /// Ends the file, writes all of it, and gives the inner writer back. It is not flushed.
    ///
    /// # Errors
    /// As [`Deflate::finish`].
    pub fn finish(self) -> io::Result<W> {
        let mut trailer = self.sum.value().to_le_bytes().to_vec();
        trailer.extend_from_slice(&self.length.to_le_bytes());
        self.deflate.finish_with(&trailer)
    }
}

impl<W: Write> Write for GzipWriter<W> {
    /// # Errors
    /// As [`Deflate`]'s.
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let count = self.deflate.write(buf)?;
        self.sum.update(&buf[..count]);
        self.length = self.length.wrapping_add(count as u32);
        Ok(count)
    }

    /// Everything written so far can be decoded by whoever gets it.
    ///
    /// # Errors
    /// As [`Deflate`]'s.
    fn flush(&mut self) -> io::Result<()> {
        self.deflate.flush()
    }
}
