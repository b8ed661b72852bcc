//! Reading one part after the other, without keeping any: Go's `multipart.Reader`.
//!
//! ```text
//! Between ──delimiter──▶ in a part's content ──read to its end, or skipped──▶ Between ──terminator──▶ Ended
//!     └──────────── anything wrong ────────────▶ Failed
//! ```
//! What stands before the first delimiter is skipped. What stands behind the terminator is not read.

use std::io::{self, Read};

use super::PartLimits;
use super::boundary::Boundary;
use super::disposition::Disposition;
use super::error::MultipartError;
use super::scanner::{Next, Scanner};
use crate::ch08_http_client::codec::{HeadLimits, read_fields};
use crate::ch08_http_client::error::MessageError;
use crate::ch08_http_client::header::Header;

/// Where a reader is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Before a delimiter, with nothing or the rest of a part's content to skip.
    Between,
    /// A delimiter has been read: a head comes.
    AtHead,
    Ended,
    Failed,
}

/// The parts of a body.
#[derive(Debug)]
pub struct Reader<R> {
    scanner: Scanner<R>,
    limits: PartLimits,
    state: State,
    parts: usize,
}

/// One part. Its content is read from it, up to its end; a part that is not read, or not to its end, is skipped.
///
/// Its reads fail with a [`MultipartError`] inside the I/O error, or with the body's own error. After a time-out they may go on.
#[derive(Debug)]
pub struct Part<'a, R> {
    /// The part's fields.
    pub header: Header,
    /// Its name, if it is a part of a form and has one. It may be empty.
    pub name: Option<String>,
    /// The last name of its file's path, if it has one. Empty where a form sends no file.
    pub filename: Option<String>,
    reader: &'a mut Reader<R>,
}

impl<R: Read> Reader<R> {
    /// The parts in `source`, which the value of its `Content-Type` field describes.
    ///
    /// # Errors
    /// Those of [`Boundary::of_content_type`].
    pub fn new(source: R, content_type: &str) -> Result<Reader<R>, MultipartError> {
        Ok(Reader::with_boundary(source, &Boundary::of_content_type(content_type)?))
    }

    /// The parts in `source`, with this boundary between them.
    pub fn with_boundary(source: R, boundary: &Boundary) -> Reader<R> {
        let scanner = Scanner::new(source, boundary);
        Reader { scanner, limits: PartLimits::default(), state: State::Between, parts: 0 }
    }

    /// The same parts within these limits.
    #[must_use]
    pub fn within(self, limits: PartLimits) -> Reader<R> {
        Reader { limits, ..self }
    }

    /// The source. What the reader has read from it beyond the last part is lost.
    pub fn into_inner(self) -> R {
        self.scanner.into_inner()
    }

    /// The next part, or `None` behind the terminator. Skips what is left of the one before.
    ///
    /// # Errors
    /// [`MultipartError::CutShort`], [`MultipartError::BadDelimiter`], [`MultipartError::TooManyParts`],
    /// [`MultipartError::Head`], [`MultipartError::BadDisposition`]; `Io`, with the source's error. After any but a time-out in a
    /// part's content, [`MultipartError::FailedBefore`].
    pub fn next_part(&mut self) -> Result<Option<Part<'_, R>>, MultipartError> {
        while self.state == State::Between {
            let content = self.content()?;
            self.scanner.drop_content(content);
        }
        match self.state {
            State::Ended => return Ok(None),
            State::Failed => return Err(MultipartError::FailedBefore),
            State::Between | State::AtHead => {}
        }
        // Whatever goes wrong in the head: nobody knows where it ends.
        self.state = State::Failed;
        if self.parts == self.limits.parts {
            return Err(MultipartError::TooManyParts { limit: self.limits.parts });
        }
        self.parts += 1;
        let PartLimits { head, fields, .. } = self.limits;
        let limits = HeadLimits { start_line: 0, head, fields };
        let header = read_fields(&mut self.scanner, limits).map_err(|error| match error {
            MessageError::Io(error) => MultipartError::from_io(error),
            error => MultipartError::Head(error),
        })?;
        let Disposition { name, filename } = Disposition::of(&header)?;
        self.scanner.begin_content();
        self.state = State::Between;
        Ok(Some(Part { header, name, filename, reader: self }))
    }

    /// How much content is there to take. 0 once the state is another.
    fn content(&mut self) -> Result<usize, MultipartError> {
        let failed = match self.scanner.next() {
            Ok(Some(Next::Content(count))) => return Ok(count),
            Ok(Some(Next::Part)) => {
                self.state = State::AtHead;
                return Ok(0);
            }
            Ok(Some(Next::End)) => {
                self.state = State::Ended;
                return Ok(0);
            }
            Ok(None) => MultipartError::CutShort { parts: self.parts },
            Err(error) => error,
        };
        // The source may go on after a time-out, and the scanner has lost nothing.
        if !matches!(failed, MultipartError::Io(_)) {
            self.state = State::Failed;
        }
        Err(failed)
    }
}

impl<R: Read> Read for Part<'_, R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self.reader.state {
            State::Between => {
                self.reader.content()?;
                Ok(self.reader.scanner.take_content(buf))
            }
            State::AtHead | State::Ended => Ok(0),
            State::Failed => Err(MultipartError::FailedBefore.into()),
        }
    }
}
