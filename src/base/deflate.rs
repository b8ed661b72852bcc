//! Compressing to deflate (RFC 1951), on the fly.
//!
//! What occurred in the last 32 KiB is replaced by a match: how long, how far back. What is left, bytes and matches, is
//! written in a Huffman code made for each block, in the code everybody knows, or as it was, whichever is shortest.
//!
//! ```text
//!  input --> matcher ----------------> symbols ------------------> block ------------> output --> inner writer
//!            hash chains, lazy matching  16,384 of them make one    shortest of three
//! ```
//!
//! [`Deflate`] is a writer over a writer. [`Deflate::flush`](Write::flush) ends the block and adds an empty stored one, which
//! brings the stream to a whole byte: the peer can decode everything written so far. That is what a streamed response needs,
//! and it costs about five bytes and a code each time. [`Deflate::finish`] ends the stream; dropping it does not.
//!
//! We left out: preset dictionaries, optimal parsing (zlib's level 9 and beyond), changing the level on the way.

mod block;
mod matcher;
mod output;
#[cfg(test)]
pub(super) mod samples;
pub(super) mod tables;
#[cfg(test)]
mod tests;
mod words;

use std::io::{self, Write};

use block::Symbol;
use matcher::{Effort, LOOK_AHEAD, Matcher};
use output::Output;

/// So many symbols make a block: fewer adapt sooner, more share the cost of a code.
const BLOCK_SYMBOLS: usize = 16 * 1024;
/// So many bytes are written to the inner writer at once.
const WRITE_BYTES: usize = 16 * 1024;
/// Fast: after so many bytes without a match, every second is tried, after twice as many every third.
const PATIENCE: usize = 64;

/// How hard to try.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Level {
    /// Not at all: what is compressed already, in a format that must be deflate.
    Store,
    /// The first match found is taken.
    Fast,
    /// The usual compromise: a few places are compared, and the next byte's match is looked at before one is taken.
    #[default]
    Default,
}

const FAST: Effort = Effort { chain: 1, good: 32, lazy: 0 };
const USUAL: Effort = Effort { chain: 8, good: 32, lazy: 8 };

/// A writer that writes what it is given to another, compressed.
///
/// What was written arrives when its block is full, with `flush`, or with [`Deflate::finish`]. Without `finish` the stream
/// has no end, and its reader will say so. After an error of the inner writer every call fails: nobody knows how much of the
/// stream it took.
#[derive(Debug)]
pub struct Deflate<W> {
    inner: W,
    level: Level,
    matcher: Matcher,
    symbols: Vec<Symbol>,
    /// Where in the matcher's buffer the block begins, while that is still there.
    block_begin: Option<usize>,
    /// A match at the next byte, already looked for.
    next: Option<(usize, usize)>,
    /// The next byte was already looked for, and entered.
    looked: bool,
    /// Bytes since the last match.
    without_match: usize,
    /// Something was written since the last flush.
    unflushed: bool,
    output: Output,
    broken: bool,
}

impl<W: Write> Deflate<W> {
    /// Compresses to `inner`.
    pub fn new(inner: W, level: Level) -> Deflate<W> {
        Deflate {
            inner,
            level,
            matcher: Matcher::new(),
            symbols: Vec::with_capacity(BLOCK_SYMBOLS),
            block_begin: Some(0),
            next: None,
            looked: false,
            without_match: 0,
            unflushed: false,
            output: Output::default(),
            broken: false,
        }
    }

    /// The inner writer.
    pub fn inner(&self) -> &W {
        &self.inner
    }

    /// The inner writer. What is written to it here stands in the middle of the stream.
    pub fn inner_mut(&mut self) -> &mut W {
        &mut self.inner
    }

    /// Ends the stream, writes all of it, and gives the inner writer back. It is not flushed.
    ///
    /// # Errors
    /// The inner writer's; `BrokenPipe` after an earlier one.
    pub fn finish(mut self) -> io::Result<W> {
        self.end(&[])?;
        Ok(self.inner)
    }

    /// As [`Deflate::finish`], with bytes behind the stream.
    pub(super) fn finish_with(mut self, trailer: &[u8]) -> io::Result<W> {
        self.end(trailer)?;
        Ok(self.inner)
    }

    /// Puts bytes in front of the stream.
    pub(super) fn begin_with(&mut self, header: &[u8]) {
        self.output.bytes.extend_from_slice(header);
    }

    fn end(&mut self, trailer: &[u8]) -> io::Result<()> {
        self.compress(0);
        self.end_block(true);
        self.output.align();
        self.output.bytes.extend_from_slice(trailer);
        self.write_out(0)
    }

    /// Compresses until no more than `rest` bytes are left.
    fn compress(&mut self, rest: usize) {
        while self.matcher.ahead() > rest {
            match self.level {
                Level::Store => self.matcher.pass(self.matcher.ahead()),
                Level::Fast => self.take_first(),
                Level::Default => self.take_best(),
            }
            if self.symbols.len() >= BLOCK_SYMBOLS - PATIENCE {
                self.end_block(false);
            }
        }
    }

    /// One symbol: the match at the next byte, if it is better than the one at the byte behind; otherwise the byte.
    fn take_best(&mut self) {
        let found = if self.looked { self.next.take() } else { self.matcher.find(0, &USUAL) };
        self.looked = false;
        let Some((length, distance)) = found else {
            self.symbols.push(Symbol::literal(self.matcher.byte()));
            return self.matcher.pass(1);
        };
        let byte = self.matcher.byte();
        self.matcher.pass(1);
        if length < USUAL.lazy && self.matcher.ahead() > 0 {
            self.next = self.matcher.find(length, &USUAL);
            if self.next.is_some() {
                self.looked = true;
                return self.symbols.push(Symbol::literal(byte));
            }
            self.symbols.push(Symbol::matching(length, distance));
            self.matcher.pass(1);
            return self.matcher.advance(length - 2);
        }
        self.symbols.push(Symbol::matching(length, distance));
        self.matcher.advance(length - 1);
    }

    /// A match if there is one; otherwise one byte, or several where matches have become rare.
    fn take_first(&mut self) {
        if let Some((length, distance)) = self.matcher.find(0, &FAST) {
            self.symbols.push(Symbol::matching(length, distance));
            self.without_match = 0;
            return self.matcher.hurry(length);
        }
        let count = (1 + self.without_match / PATIENCE).min(PATIENCE).min(self.matcher.ahead());
        for _ in 0..count {
            self.symbols.push(Symbol::literal(self.matcher.byte()));
            self.matcher.pass(1);
        }
        self.without_match += count;
    }

    fn end_block(&mut self, last: bool) {
        let raw = self.block_begin.map(|begin| self.matcher.since(begin));
        match (self.level, raw) {
            (Level::Store, Some(raw)) => block::write_stored(&mut self.output, raw, last),
            _ => block::write(&mut self.output, &self.symbols, raw, last),
        }
        self.symbols.clear();
        self.block_begin = Some(self.matcher.position);
    }

    /// Writes to the inner writer, once there are so many bytes.
    fn write_out(&mut self, least: usize) -> io::Result<()> {
        if self.broken {
            return Err(io::Error::new(
                io::ErrorKind::BrokenPipe,
                "an earlier write of compressed data failed",
            ));
        }
        if self.output.bytes.len() >= least {
            self.broken = true;
            self.inner.write_all(&self.output.bytes)?;
            self.broken = false;
            self.output.bytes.clear();
        }
        Ok(())
    }
}

impl<W: Write> Write for Deflate<W> {
    /// # Errors
    /// The inner writer's; `BrokenPipe` after an earlier one.
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.write_out(WRITE_BYTES)?;
        let mut left = buf;
        while !left.is_empty() {
            let (count, moved) = self.matcher.take(left);
            // A block that began in what is gone cannot be stored any more; it has matches enough not to want that.
            self.block_begin = self.block_begin.and_then(|begin| begin.checked_sub(moved));
            left = &left[count..];
            if self.matcher.ahead() > LOOK_AHEAD && !left.is_empty() {
                self.compress(LOOK_AHEAD);
                if self.level == Level::Store {
                    self.end_block(false);
                }
            }
            self.write_out(WRITE_BYTES)?;
        }
        self.unflushed |= !buf.is_empty();
        Ok(buf.len())
    }

    /// Everything written so far can be decoded by whoever gets it.
    ///
    /// # Errors
    /// The inner writer's; `BrokenPipe` after an earlier one.
    fn flush(&mut self) -> io::Result<()> {
        if self.unflushed {
            self.compress(0);
            self.end_block(false);
            // The Store level has just written a block that ends at a byte.
            if self.level != Level::Store {
                block::write_stored(&mut self.output, &[], false);
            }
            self.unflushed = false;
        }
        self.write_out(0)?;
        self.inner.flush()
    }
}
