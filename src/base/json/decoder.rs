//! One value after the other from a reader, as Go's `json.Decoder`.
//!
//! ```text
//! {"a":1}{"b":2} 3     three values; blanks between them where a number meets a number
//! ```
//! A value is taken as soon as its last byte is there, so a peer that sends one and waits for the answer gets it. (A number
//! alone has no last byte: it ends where something else comes.) What cannot become a value is refused at the first wrong
//! byte, without waiting for more.

use std::error::Error;
use std::fmt;
use std::io::{self, Read};

use super::error::{Fault, JsonError, JsonErrorKind, Place};
use super::parse::{Parser, skip_blanks};
use super::{ParseOptions, Value};

/// What is asked of the reader at once: Go's and Rust's buffered readers take about as much.
const READ_BYTES: usize = 8192;

/// Why there is no next value.
#[derive(Debug)]
pub enum DecodeError {
    /// The reader failed. Nothing is lost; after a timeout the next call goes on where this one was.
    Read(io::Error),
    /// What came is no JSON. Every further call says so again.
    Json(JsonError),
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DecodeError::Read(_) => f.write_str("reading JSON failed"),
            DecodeError::Json(error) => error.fmt(f),
        }
    }
}

impl Error for DecodeError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            DecodeError::Read(error) => Some(error),
            DecodeError::Json(_) => None,
        }
    }
}

impl From<DecodeError> for io::Error {
    fn from(error: DecodeError) -> io::Error {
        match error {
            DecodeError::Read(error) => error,
            DecodeError::Json(error) => error.into(),
        }
    }
}

/// Takes values from a reader.
pub struct Decoder<'a> {
    reader: &'a mut dyn Read,
    options: ParseOptions,
    parser: Parser,
    /// `held[used..filled]` has been read and belongs to nothing yet.
    held: Vec<u8>,
    used: usize,
    filled: usize,
    /// Where `held[used]` stands in all that came.
    place: Place,
    /// Bytes between the end of the last value and `held[used]`.
    taken: usize,
    failed: Option<JsonError>,
}

impl<'a> Decoder<'a> {
    /// A decoder with the options of [`super::parse`].
    pub fn new(reader: &'a mut dyn Read) -> Decoder<'a> {
        Decoder::with(reader, ParseOptions::default())
    }

    /// A decoder with options. The limits hold for each value.
    pub fn with(reader: &'a mut dyn Read, options: ParseOptions) -> Decoder<'a> {
        Decoder {
            reader,
            options,
            parser: Parser::new(options),
            held: Vec::new(),
            used: 0,
            filled: 0,
            place: Place::START,
            taken: 0,
            failed: None,
        }
    }

    /// The next value; `None` when the reader ended behind a value and its blanks.
    ///
    /// # Errors
    /// Any [`DecodeError`]; [`JsonErrorKind::Ended`] when the reader ended inside a value.
    pub fn decode(&mut self) -> Result<Option<Value>, DecodeError> {
        if let Some(error) = &self.failed {
            return Err(DecodeError::Json(error.clone()));
        }
        let mut last = false;
        loop {
            let fed = self.feed(last).map_err(DecodeError::Json)?;
            if fed.is_some() {
                self.parser = Parser::new(self.options);
                self.taken = 0;
                return Ok(fed);
            }
            if last {
                return Ok(None);
            }
            last = self.read_more().map_err(DecodeError::Read)? == 0;
        }
    }

    /// What has been read and belongs to no value: the bytes behind the last one.
    pub fn buffered(&self) -> &[u8] {
        &self.held[self.used..self.filled]
    }

    fn feed(&mut self, last: bool) -> Result<Option<Value>, JsonError> {
        let bytes = &self.held[self.used..self.filled];
        if last && self.parser.is_fresh() && skip_blanks(bytes, 0) == bytes.len() {
            return Ok(None);
        }
        let limit = self.options.limits.bytes;
        let mut outcome = self.parser.feed(bytes, last);
        if let Ok(fed) = &outcome {
            // Of a value in the making also what waits for the rest of its token counts.
            let length = self.taken + if fed.value.is_some() { fed.used } else { bytes.len() };
            if length > limit {
                let at = limit.saturating_sub(self.taken);
                outcome = Err(Fault { kind: JsonErrorKind::TooLong { limit }, at });
            }
        }
        match outcome {
            Ok(fed) => {
                self.place.pass(&bytes[..fed.used]);
                self.used += fed.used;
                self.taken += fed.used;
                Ok(fed.value)
            }
            Err(fault) => {
                let error = self.place.error(fault, bytes);
                self.failed = Some(error.clone());
                Err(error)
            }
        }
    }

    /// Reads once. How many bytes came; zero at the end.
    fn read_more(&mut self) -> io::Result<usize> {
        if self.used > 0 {
            self.held.copy_within(self.used..self.filled, 0);
            self.filled -= self.used;
            self.used = 0;
        }
        if self.filled == self.held.len() {
            // Twice as much: the bytes of a long string are moved a few times, not once per read.
            self.held.resize(READ_BYTES.max(2 * self.filled), 0);
        }
        loop {
            match self.reader.read(&mut self.held[self.filled..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(count) => {
                    self.filled += count;
                    return Ok(count);
                }
                Err(error) => return Err(error),
            }
        }
    }
}
