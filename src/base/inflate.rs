//! Decoding deflate, the compressed format inside gzip and zlib (RFC 1951).
//!
//! A stream is a row of blocks. Each says how its bytes are written: as they are, or as a mixture of single bytes and
//! matches ("repeat 12 bytes from 340 bytes back"), in a Huffman code known to all or given at the block's start.
//!
//! ```text
//!  03 00                      one block, the last, fixed code: nothing
//!  4b 04 00                   the same with the byte 'a':  1 (last)  01 (fixed)  10010001 ('a')  0000000 (end)
//!  01 01 00 fe ff 61          stored: length 1, its complement, 'a'
//! ```
//!
//! [`Inflate`] is a reader over a reader. It hands out what it has before it asks its source for more, so a response that
//! its server sends in pieces arrives in these pieces. It asks only when it cannot go on, and what it read too much it gives
//! back ([`Inflate::into_parts`]). Its memory is constant (about 120 KiB), whatever the peer sends; how much it decodes to
//! is up to the peer, 1000 bytes for each of its own, so every reader here has a limit.
//!
//! Read in this order: `inflate/decoder.rs` has the blocks, `huffman.rs` the codes, `bits.rs` the input, `window.rs` the
//! output.
//!
//! We left out: preset dictionaries (RFC 1950 only), Deflate64.

mod bits;
mod decoder;
mod error;
mod huffman;
#[cfg(test)]
mod tests;
mod window;

use std::io::{self, Read};

use bits::Bits;
use decoder::{Decoder, Pause};
pub use error::{Alphabet, InflateError};
use window::Window;

/// A reader of what a deflate stream was made from.
///
/// A damaged stream yields what came before the damage, then an [`io::Error`] that carries an [`InflateError`], and the same
/// error ever after. An error of the source is passed on, and reading may go on after it: a time-out loses nothing.
#[derive(Debug)]
pub struct Inflate<R> {
    source: R,
    bits: Bits,
    decoder: Decoder,
    window: Window,
    limit: u64,
    given: u64,
    failed: Option<InflateError>,
}

impl<R: Read> Inflate<R> {
    /// Decodes what `source` holds, `limit` bytes at most: one more is an error, [`InflateError::TooLong`].
    pub fn new(source: R, limit: u64) -> Inflate<R> {
        Inflate {
            source,
            bits: Bits::new(),
            decoder: Decoder::new(),
            window: Window::new(),
            limit,
            given: 0,
            failed: None,
        }
    }

    /// The source.
    pub fn inner(&self) -> &R {
        &self.source
    }

    /// The source. What is read from it here will be missing in the stream.
    pub fn inner_mut(&mut self) -> &mut R {
        &mut self.source
    }

    /// The source, and what was read from it and is not part of the stream, once the stream has ended. Before its end the
    /// bytes that are half decoded are in neither.
    pub fn into_parts(self) -> (R, Vec<u8>) {
        let unread = self.bits.unread().to_vec();
        (self.source, unread)
    }

    /// The next byte around the stream: of a header before it, of a trailer behind it. `None`: the source has ended.
    pub(super) fn next_byte(&mut self) -> io::Result<Option<u8>> {
        if self.bits.unread().is_empty() && !self.bits.fill(&mut self.source)? {
            return Ok(None);
        }
        let byte = self.bits.unread()[0];
        self.bits.advance(1);
        Ok(Some(byte))
    }

    /// Puts bytes back in front of the stream: the first one or two that [`Inflate::next_byte`] gave.
    pub(super) fn put_back(&mut self, bytes: &[u8]) {
        self.bits.put_back(bytes);
    }

    /// Another stream follows. The limit is for all of them together.
    pub(super) fn restart(&mut self) {
        self.decoder.restart();
        self.window.restart();
    }

    /// Keeps the error for every read to come.
    pub(super) fn fail(&mut self, error: InflateError) -> io::Error {
        self.failed = Some(error);
        error.into()
    }

    /// The error of an earlier read.
    pub(super) fn failed(&self) -> Option<InflateError> {
        self.failed
    }

    fn give(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let pending = self.window.pending();
        let allowed = usize::try_from(self.limit - self.given).unwrap_or(usize::MAX);
        let count = buf.len().min(pending.len()).min(allowed);
        if count == 0 {
            return Err(self.fail(InflateError::TooLong { limit: self.limit }));
        }
        buf[..count].copy_from_slice(&pending[..count]);
        self.window.take(count);
        self.given += count as u64;
        Ok(count)
    }
}

impl<R: Read> Read for Inflate<R> {
    /// # Errors
    /// `UnexpectedEof` when the source ends inside the stream, `InvalidData` when the stream is damaged or too long (both
    /// carry an [`InflateError`]), the source's own.
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        loop {
            if !self.window.pending().is_empty() {
                return self.give(buf);
            }
            if let Some(error) = self.failed {
                return Err(error.into());
            }
            self.window.make_room();
            match self.decoder.run(&mut self.bits, &mut self.window) {
                Err(error) => self.failed = Some(error),
                // First what there is: more may not come before our caller has answered it.
                _ if !self.window.pending().is_empty() => {}
                Ok(Pause::End) => return Ok(0),
                Ok(Pause::Input) if !self.bits.fill(&mut self.source)? => {
                    self.failed = Some(InflateError::Truncated);
                }
                Ok(Pause::Input | Pause::Room) => {}
            }
        }
    }
}
