//! Tokens out of a stream: lines, words, or what a function of yours cuts off. Go's `bufio.Scanner`.
//!
//! A stream has no seams where its messages meet. One read may bring half a line, or three lines and the start of a
//! fourth. The scanner keeps what it has read, lets a [`SplitFn`] look for a token at the front, and reads on only when
//! there is none:
//!
//! ```text
//!            taken      data: what the split function sees      room to read into
//! buffer  [ . . . . . | i n t e r f a c e ,   t h e   w e a k | . . . . . . . . . ]
//!                     start                                   end
//! ```
//!
//! ```
//! use netprog::ch04_data::scanner::{Scanner, scan_words};
//!
//! let mut scanner = Scanner::new(&b"Don't  panic.\n"[..]).split(scan_words);
//! assert_eq!(scanner.text()?, Some("Don't"));
//! assert_eq!(scanner.text()?, Some("panic."));
//! assert_eq!(scanner.text()?, None);
//! # Ok::<(), netprog::ch04_data::scanner::ScanError>(())
//! ```
//! Book: Listings 4-2 and 4-3.
//!
//! Unlike Go's, an error of the connection does not make a token of the bytes read so far: a line cut off by a reset is
//! not a line. The bytes are kept, so that after a deadline the scan can go on. Left out: `ErrFinalToken`, `ScanRunes`.

use std::fmt;
use std::io::{self, Read};
use std::ops::Range;

/// A token longer than this ends the scan (Go: `bufio.MaxScanTokenSize`). Without a limit a peer that never sends a
/// delimiter makes us keep all it sends.
pub const MAX_TOKEN_BYTES: usize = 64 * 1024;

/// The buffer's size at the start; it doubles up to the limit.
const FIRST_BUFFER_BYTES: usize = 4096;

/// What a split function found at the front of the data.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// How many bytes are done with: the token and its delimiter, or white space before a token.
    pub advance: usize,
    /// Where in the data the token stands. `None`: there is no whole token yet.
    pub token: Option<Range<usize>>,
}

impl Step {
    /// There is no token without more data.
    pub const MORE: Step = Step { advance: 0, token: None };
}

/// Looks for a token at the front of the data. The second argument says that the stream has ended: no more data will
/// come, and what is there may be the last token.
///
/// The function is called again with more data as long as it finds nothing. So its answer must not depend on how much
/// stands *behind* a token, or the tokens would depend on how the network cut the stream.
pub type SplitFn = Box<dyn FnMut(&[u8], bool) -> Step + Send>;

/// Why a scan did not give a token.
#[derive(Debug)]
pub enum ScanError {
    /// The peer sent more bytes without a delimiter than we keep. The scan cannot go on.
    TokenTooLong {
        /// The most we keep, delimiter included.
        limit: usize,
    },
    /// The token is not UTF-8, and text was asked for. The scan can go on behind it.
    NotText {
        /// How many bytes of the token are valid.
        valid: usize,
    },
    /// The split function took more than there was, or gave a token and took nothing.
    BadSplit,
    /// The connection failed. Nothing read so far is lost: where the connection still works (a deadline), so does the scan.
    Io(io::Error),
}

impl fmt::Display for ScanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ScanError::TokenTooLong { limit } => {
                write!(f, "no delimiter came within {limit} bytes, the most we keep of one token")
            }
            ScanError::NotText { valid } => {
                write!(f, "the token is not UTF-8 from its byte {valid} on, and we take text")
            }
            ScanError::BadSplit => {
                f.write_str("the split function's step does not fit the data it was shown")
            }
            ScanError::Io(error) => write!(f, "reading failed: {error}"),
        }
    }
}

impl std::error::Error for ScanError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            ScanError::Io(error) => Some(error),
            _ => None,
        }
    }
}

impl From<ScanError> for io::Error {
    /// [`io::ErrorKind::InvalidData`] for what the peer sent, `InvalidInput` for a bad split function, else the connection's own.
    fn from(error: ScanError) -> io::Error {
        match error {
            ScanError::Io(error) => error,
            ScanError::BadSplit => io::Error::new(io::ErrorKind::InvalidInput, error),
            _ => io::Error::new(io::ErrorKind::InvalidData, error),
        }
    }
}

/// Reads tokens from a stream.
pub struct Scanner<R> {
    reader: R,
    split: SplitFn,
    limit: usize,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    has_ended: bool,
}

impl<R: Read> Scanner<R> {
    /// A scanner of lines, of at most [`MAX_TOKEN_BYTES`].
    pub fn new(reader: R) -> Scanner<R> {
        Scanner {
            reader,
            split: Box::new(scan_lines),
            limit: MAX_TOKEN_BYTES,
            buffer: Vec::new(),
            start: 0,
            end: 0,
            has_ended: false,
        }
    }

    /// The same scanner with another split function.
    #[must_use]
    pub fn split(mut self, split: impl FnMut(&[u8], bool) -> Step + Send + 'static) -> Scanner<R> {
        self.split = Box::new(split);
        self
    }

    /// The same scanner with another limit, in bytes, for a token with its delimiter. Zero counts as one.
    #[must_use]
    pub fn with_limit(mut self, limit: usize) -> Scanner<R> {
        self.limit = limit.max(1);
        self
    }

    /// What it reads from, to set a connection's deadline between two tokens.
    pub fn reader_mut(&mut self) -> &mut R {
        &mut self.reader
    }

    /// The next token, `None` when the stream has ended.
    ///
    /// # Errors
    /// All of [`ScanError`] but `NotText`. The end of the stream is not an error.
    pub fn token(&mut self) -> Result<Option<&[u8]>, ScanError> {
        let found = self.find_token()?;
        Ok(found.map(|range| &self.buffer[range]))
    }

    /// The next token as text, `None` when the stream has ended.
    ///
    /// # Errors
    /// All of [`ScanError`].
    pub fn text(&mut self) -> Result<Option<&str>, ScanError> {
        let Some(token) = self.token()? else { return Ok(None) };
        match std::str::from_utf8(token) {
            Ok(text) => Ok(Some(text)),
            Err(error) => Err(ScanError::NotText { valid: error.valid_up_to() }),
        }
    }

    /// The remaining tokens as text, for a `for` loop. Ends after the first error.
    pub fn texts(self) -> Texts<R> {
        Texts { scanner: self, has_ended: false }
    }

    /// Where in the buffer the next token stands.
    fn find_token(&mut self) -> Result<Option<Range<usize>>, ScanError> {
        loop {
            if self.start < self.end {
                let data = &self.buffer[self.start..self.end];
                let step = (self.split)(data, self.has_ended);
                check(&step, data.len())?;
                let begin = self.start;
                self.start += step.advance;
                if let Some(token) = step.token {
                    return Ok(Some(begin + token.start..begin + token.end));
                }
                if step.advance > 0 {
                    continue;
                }
            }
            if self.has_ended {
                return Ok(None);
            }
            self.read_more()?;
        }
    }

    fn read_more(&mut self) -> Result<(), ScanError> {
        if self.end - self.start >= self.limit {
            return Err(ScanError::TokenTooLong { limit: self.limit });
        }
        self.make_room();
        let count = loop {
            match self.reader.read(&mut self.buffer[self.end..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                outcome => break outcome.map_err(ScanError::Io)?,
            }
        };
        self.end += count;
        self.has_ended = count == 0;
        Ok(())
    }

    /// Leaves at least one free byte behind the data: by moving the data to the front, or in a larger buffer. The buffer is
    /// never larger than the limit, so the length that is refused does not depend on how the data arrives.
    fn make_room(&mut self) {
        if self.start == self.end {
            // Nothing is kept, so the whole buffer is free.
            (self.start, self.end) = (0, 0);
        }
        if self.end < self.buffer.len() {
            return;
        }
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if self.end == self.buffer.len() {
            let larger = (self.buffer.len() * 2).max(FIRST_BUFFER_BYTES).min(self.limit);
            self.buffer.resize(larger, 0);
        }
    }
}

/// A split function is a program's own; one that is wrong must not make the scanner panic or turn for ever.
fn check(step: &Step, length: usize) -> Result<(), ScanError> {
    let fits = step.advance <= length;
    let token_fits = match &step.token {
        Some(token) => token.start <= token.end && token.end <= length && step.advance > 0,
        None => true,
    };
    if fits && token_fits { Ok(()) } else { Err(ScanError::BadSplit) }
}

impl<R> fmt::Debug for Scanner<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kept = self.end - self.start;
        f.debug_struct("Scanner")
            .field("kept", &kept)
            .field("has_ended", &self.has_ended)
            .finish_non_exhaustive()
    }
}

/// See [`Scanner::texts`].
#[derive(Debug)]
pub struct Texts<R> {
    scanner: Scanner<R>,
    has_ended: bool,
}

impl<R: Read> Iterator for Texts<R> {
    type Item = Result<String, ScanError>;

    fn next(&mut self) -> Option<Result<String, ScanError>> {
        if self.has_ended {
            return None;
        }
        let item = match self.scanner.text() {
            Ok(Some(text)) => return Some(Ok(text.to_string())),
            Ok(None) => None,
            Err(error) => Some(Err(error)),
        };
        self.has_ended = true;
        item
    }
}

// --- split functions --------------------------------------------------------------------------------------------------

/// Lines: up to `\n`, without it and without one `\r` before it. Empty lines are tokens; a last line without its `\n` is
/// one too, unless it is empty. Go: `bufio.ScanLines`.
pub fn scan_lines(data: &[u8], at_end: bool) -> Step {
    if let Some(newline) = data.iter().position(|byte| *byte == b'\n') {
        return Step { advance: newline + 1, token: Some(0..without_return(&data[..newline])) };
    }
    if at_end {
        return Step { advance: data.len(), token: Some(0..without_return(data)) };
    }
    Step::MORE
}

/// The length of the line when one `\r` at its end is dropped.
fn without_return(line: &[u8]) -> usize {
    if line.ends_with(b"\r") { line.len() - 1 } else { line.len() }
}

/// Words: what stands between white space, which is what Unicode calls `White_Space`. Never empty. Punctuation belongs to
/// its word. Go: `bufio.ScanWords`.
pub fn scan_words(data: &[u8], at_end: bool) -> Step {
    let mut start = 0;
    while start < data.len() {
        let (width, is_space) = first_char(&data[start..]);
        if !is_space {
            break;
        }
        start += width;
    }
    let mut end = start;
    while end < data.len() {
        let (width, is_space) = first_char(&data[end..]);
        if is_space {
            return Step { advance: end + width, token: Some(start..end) };
        }
        end += width;
    }
    if at_end && end > start {
        return Step { advance: end, token: Some(start..end) };
    }
    // The white space is done with; otherwise a long stretch of it would count as a long token.
    Step { advance: start, token: None }
}

/// Every byte is a token. Go: `bufio.ScanBytes`.
pub fn scan_bytes(_data: &[u8], _at_end: bool) -> Step {
    Step { advance: 1, token: Some(0..1) }
}

/// The width of the first character in bytes and whether it is white space. A byte that begins no character, or one cut
/// off by the end of the data, counts as a character of a word; the next call sees more of it.
fn first_char(data: &[u8]) -> (usize, bool) {
    let width = match data[0] {
        0x00..=0x7f => 1,
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return (1, false),
    };
    match data.get(..width).map(std::str::from_utf8) {
        Some(Ok(text)) => (width, text.chars().all(char::is_whitespace)),
        _ => (1, false),
    }
}

#[cfg(test)]
mod tests;
