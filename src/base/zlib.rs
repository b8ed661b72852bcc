//! zlib (RFC 1950): two bytes, a deflate stream, and a checksum. HTTP calls it `deflate` (RFC 9110, 8.4.1.2).
//!
//! ```text
//!  78 9c          deflate with a window of 32 KiB; as one number a multiple of 31
//!  4b 04 00       the byte 'a'
//!  00 62 00 62    Adler-32 of what was compressed, highest byte first
//! ```
//! Some servers have taken HTTP's word literally and send the deflate stream alone. The two can be told apart: a zlib stream
//! begins with the low bits 1000, which in a deflate stream would be a stored block with a one among the bits that fill up
//! its first byte, and compressors write zeros there. [`ZlibReader::or_deflate`] takes both.
//!
//! We left out: preset dictionaries, which nobody could agree on over HTTP. What follows the stream is not looked at.

use std::io::{self, Read, Write};

use super::checksum::Adler32;
use super::deflate::{Deflate, Level};
use super::inflate::{Inflate, InflateError};

/// The compression method, deflate, in the lower half of the first byte.
const DEFLATE: u8 = 8;
/// The largest window, 2¹⁵, in the upper half: its exponent without 8.
const LARGEST_WINDOW: u8 = 7;
/// A bit of the second byte.
const DICTIONARY: u8 = 1 << 5;

/// Where a reader is; with the bytes of that part so far, and how many they are.
#[derive(Clone, Copy, Debug)]
enum Part {
    Header([u8; 2], usize),
    Body,
    /// A deflate stream alone.
    Bare,
    Trailer([u8; 4], usize),
    End,
}

/// A reader of what a zlib stream was made from.
#[derive(Debug)]
pub struct ZlibReader<R> {
    inflate: Inflate<R>,
    part: Part,
    bare_too: bool,
    sum: Adler32,
}

impl<R: Read> ZlibReader<R> {
    /// Decodes the zlib stream that `source` begins with, `limit` bytes at most.
    pub fn new(source: R, limit: u64) -> ZlibReader<R> {
        ZlibReader {
            inflate: Inflate::new(source, limit),
            part: Part::Header([0; 2], 0),
            bare_too: false,
            sum: Adler32::new(),
        }
    }

    /// As [`ZlibReader::new`], but a deflate stream without zlib's header and sum is taken too: for HTTP's `deflate`.
    pub fn or_deflate(source: R, limit: u64) -> ZlibReader<R> {
        ZlibReader { bare_too: true, ..ZlibReader::new(source, limit) }
    }

    /// The source.
    pub fn inner(&self) -> &R {
        self.inflate.inner()
    }

    /// The source. What is read from it here will be missing.
    pub fn inner_mut(&mut self) -> &mut R {
        self.inflate.inner_mut()
    }

    /// The source, and what was read from it and stands behind the stream, once that has ended.
    pub fn into_parts(self) -> (R, Vec<u8>) {
        self.inflate.into_parts()
    }

    fn header(&mut self, mut bytes: [u8; 2], mut count: usize) -> io::Result<()> {
        while count < 2 {
            self.part = Part::Header(bytes, count);
            match self.inflate.next_byte()? {
                Some(byte) => bytes[count] = byte,
                None => return Err(self.inflate.fail(InflateError::Truncated)),
            }
            count += 1;
        }
        match check(bytes) {
            Ok(()) => self.part = Part::Body,
            Err(InflateError::NotZlib(_) | InflateError::Method(_)) if self.bare_too => {
                self.inflate.put_back(&bytes);
                self.part = Part::Bare;
            }
            Err(error) => return Err(self.inflate.fail(error)),
        }
        Ok(())
    }

    fn trailer(&mut self, mut bytes: [u8; 4], mut count: usize) -> io::Result<()> {
        while count < 4 {
            self.part = Part::Trailer(bytes, count);
            match self.inflate.next_byte()? {
                Some(byte) => bytes[count] = byte,
                None => return Err(self.inflate.fail(InflateError::Truncated)),
            }
            count += 1;
        }
        let said = u32::from_be_bytes(bytes);
        if said != self.sum.value() {
            return Err(self.inflate.fail(InflateError::Checksum { said, is: self.sum.value() }));
        }
        self.part = Part::End;
        Ok(())
    }
}

/// RFC 1950, 2.2. A window smaller than ours is allowed and makes no difference to us.
fn check(header: [u8; 2]) -> Result<(), InflateError> {
    let [first, second] = header;
    if u16::from_be_bytes(header) % 31 != 0 || first >> 4 > LARGEST_WINDOW {
        return Err(InflateError::NotZlib(header));
    }
    if first & 15 != DEFLATE {
        return Err(InflateError::Method(first & 15));
    }
    if second & DICTIONARY != 0 {
        return Err(InflateError::PresetDictionary);
    }
    Ok(())
}

impl<R: Read> Read for ZlibReader<R> {
    /// # Errors
    /// `UnexpectedEof` when the source ends inside the stream, `InvalidData` when that is damaged, no zlib, or too long (both
    /// carry an [`InflateError`]), the source's own.
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        if let Some(error) = self.inflate.failed().filter(|_| !matches!(self.part, Part::Body | Part::Bare)) {
            return Err(error.into());
        }
        loop {
            match self.part {
                Part::Header(bytes, count) => self.header(bytes, count)?,
                Part::Bare => return self.inflate.read(buf),
                Part::Body => {
                    let count = self.inflate.read(buf)?;
                    self.sum.update(&buf[..count]);
                    if count > 0 {
                        return Ok(count);
                    }
                    self.part = Part::Trailer([0; 4], 0);
                }
                Part::Trailer(bytes, count) => self.trailer(bytes, count)?,
                Part::End => return Ok(0),
            }
        }
    }
}

/// A writer that writes what it is given to another, as a zlib stream: what HTTP's `deflate` is meant to be.
///
/// As with [`Deflate`], the stream has no end without [`ZlibWriter::finish`].
#[derive(Debug)]
pub struct ZlibWriter<W> {
    deflate: Deflate<W>,
    sum: Adler32,
}

impl<W: Write> ZlibWriter<W> {
    /// Compresses to `inner`.
    pub fn new(inner: W, level: Level) -> ZlibWriter<W> {
        // The upper two bits of the second byte say how hard was tried; the lower five make a multiple of 31.
        let header = match level {
            Level::Store | Level::Fast => [0x78, 0x01],
            Level::Default => [0x78, 0x9c],
        };
        let mut deflate = Deflate::new(inner, level);
        deflate.begin_with(&header);
        ZlibWriter { deflate, sum: Adler32::new() }
    }

    /// The inner writer.
    pub fn inner(&self) -> &W {
        self.deflate.inner()
    }

    /// The inner writer. What is written to it here stands in the middle of the stream.
    pub fn inner_mut(&mut self) -> &mut W {
        self.deflate.inner_mut()
    }

    /// Ends the stream, writes all of it, and gives the inner writer back. It is not flushed.
    ///
    /// # Errors
    /// As [`Deflate::finish`].
    pub fn finish(self) -> io::Result<W> {
        self.deflate.finish_with(&self.sum.value().to_be_bytes())
    }
}

impl<W: Write> Write for ZlibWriter<W> {
    /// # Errors
    /// As [`Deflate`]'s.
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let count = self.deflate.write(buf)?;
        self.sum.update(&buf[..count]);
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

#[cfg(test)]
mod tests;
