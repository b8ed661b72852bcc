//! Finding the delimiters in a stream that comes in pieces of any size.
//!
//! ```text
//! ... content ␍␊--XX␍␊ ...        the line end before the delimiter belongs to it, so
//!             ^                  a line end at the end of what has come may be content or not: more must come first
//! ```
//! At the beginning of the body and of each part's content a line begins, though no line end is before it there.

use std::io::{self, BufRead, Read};

use super::boundary::{Boundary, MAX_BOUNDARY};
use super::error::MultipartError;

/// Bytes of buffer. A delimiter with its padding fits in it many times.
const BUFFER: usize = 8 * 1024;
/// Blanks behind a boundary that are skipped (RFC 2046: "transport padding"). Nobody sends any.
const MAX_PADDING: usize = 64;
const _: () = assert!(BUFFER > 2 * (MAX_BOUNDARY + MAX_PADDING + 16));

/// What stands next in the stream.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// So many bytes of content, in the buffer.
    Content(usize),
    /// A delimiter, which has been taken: a part's head comes.
    Part,
    /// The terminator, which has been taken: nothing that concerns us comes.
    End,
}

/// A source with a buffer before it.
#[derive(Debug)]
pub struct Scanner<R> {
    source: R,
    /// A delimiter with the line end before it.
    delimiter: Vec<u8>,
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    ended: bool,
    /// Bytes from `start` on that are known to be content.
    content: usize,
    line_begins: bool,
}

impl<R: Read> Scanner<R> {
    pub fn new(source: R, boundary: &Boundary) -> Scanner<R> {
        Scanner {
            source,
            delimiter: format!("\r\n--{boundary}").into_bytes(),
            buffer: vec![0; BUFFER].into_boxed_slice(),
            start: 0,
            end: 0,
            ended: false,
            content: 0,
            line_begins: true,
        }
    }

    pub fn into_inner(self) -> R {
        self.source
    }

    /// Says that a part's content begins here.
    pub fn begin_content(&mut self) {
        self.line_begins = true;
        self.content = 0;
    }

    /// What comes next. `Ok(None)` if the source has ended before a terminator.
    pub fn next(&mut self) -> Result<Option<Next>, MultipartError> {
        loop {
            if self.content > 0 {
                return Ok(Some(Next::Content(self.content)));
            }
            match self.look() {
                Look::Content(count) => self.content = count,
                Look::Delimiter { length, next } => {
                    self.start += length;
                    return Ok(Some(next));
                }
                Look::Bad => return Err(MultipartError::BadDelimiter(self.line())),
                Look::Unclear if self.ended => return Ok(None),
                Look::Unclear => self.fill()?,
            }
        }
    }

    /// Copies content that [`Scanner::next`] has found.
    pub fn take_content(&mut self, buf: &mut [u8]) -> usize {
        let count = self.content.min(buf.len());
        buf[..count].copy_from_slice(&self.buffer[self.start..self.start + count]);
        self.drop_content(count);
        count
    }

    /// Skips content that [`Scanner::next`] has found.
    pub fn drop_content(&mut self, count: usize) {
        self.start += count;
        self.content -= count;
        self.line_begins &= count == 0;
    }

    fn look(&self) -> Look {
        let buffered = &self.buffer[self.start..self.end];
        if self.line_begins {
            match at_delimiter(buffered, &self.delimiter[2..], self.ended) {
                Look::Content(_) => {}
                look => return look,
            }
        }
        match find(buffered, &self.delimiter) {
            // Nothing, or nothing but what may be the beginning of a delimiter.
            0 => match at_delimiter(buffered, &self.delimiter, self.ended) {
                // The body ends here, and this is no beginning of anything.
                Look::Content(_) => Look::Unclear,
                look => look,
            },
            count => Look::Content(count),
        }
    }

    /// The line at which a delimiter was expected, as far as it has come.
    fn line(&self) -> Vec<u8> {
        let buffered = &self.buffer[self.start..self.end];
        let begin = buffered.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let line = &buffered[begin..];
        let end = line.iter().position(|byte| matches!(byte, b'\r' | b'\n')).unwrap_or(line.len());
        line[..end.min(MAX_BOUNDARY + MAX_PADDING)].to_vec()
    }

    /// Reads more behind what is there.
    fn fill(&mut self) -> io::Result<()> {
        self.buffer.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
        loop {
            match self.source.read(&mut self.buffer[self.end..]) {
                Ok(count) => {
                    self.end += count;
                    self.ended = count == 0;
                    return Ok(());
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// For the head of a part, which has no delimiters.
impl<R: Read> Read for Scanner<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let mut buffered = self.fill_buf()?;
        let count = buffered.read(buf)?;
        self.consume(count);
        Ok(count)
    }
}

impl<R: Read> BufRead for Scanner<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.start == self.end && !self.ended {
            self.fill()?;
        }
        Ok(&self.buffer[self.start..self.end])
    }

    fn consume(&mut self, count: usize) {
        self.start += count;
    }
}

enum Look {
    /// So many bytes are content.
    Content(usize),
    /// A delimiter of so many bytes, and what it says.
    Delimiter { length: usize, next: Next },
    /// Only more bytes can tell.
    Unclear,
    /// A line that begins like a delimiter and is none.
    Bad,
}

/// Where in `bytes` the first delimiter begins, or what may become one: what stands before is content.
fn find(bytes: &[u8], delimiter: &[u8]) -> usize {
    let mut from = 0;
    while let Some(at) = bytes[from..].iter().position(|byte| *byte == delimiter[0]) {
        let rest = &bytes[from + at..];
        let length = rest.len().min(delimiter.len());
        if rest[..length] == delimiter[..length] {
            return from + at;
        }
        from += at + 1;
    }
    bytes.len()
}

/// Whether `bytes` begin with `delimiter`. `Content` if they do not.
fn at_delimiter(bytes: &[u8], delimiter: &[u8], ended: bool) -> Look {
    let length = bytes.len().min(delimiter.len());
    if bytes[..length] != delimiter[..length] {
        return Look::Content(0);
    }
    let Some((_, after)) = bytes.split_at_checked(delimiter.len()) else {
        // It is cut off, by what has not come yet or by the end.
        return if ended { Look::Content(0) } else { Look::Unclear };
    };
    let (marks, next) = match after {
        [b'-', b'-', ..] => (2, Next::End),
        [] | [b'-'] => return Look::Unclear,
        _ => (0, Next::Part),
    };
    let padding = after[marks..].iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    let length = delimiter.len() + marks + padding;
    match &bytes[length..] {
        _ if padding > MAX_PADDING => Look::Bad,
        [b'\r', b'\n', ..] => Look::Delimiter { length: length + 2, next },
        // Behind the terminator the line may end with the body.
        [] if ended && next == Next::End => Look::Delimiter { length, next },
        [] | [b'\r'] => Look::Unclear,
        _ => Look::Bad,
    }
}
