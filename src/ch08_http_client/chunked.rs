//! The chunked transfer coding: a body whose length nobody knows when it begins (RFC 9112, 7.1).
//!
//! ```text
//! 5␍␊hello␍␊            a size in hexadecimal, a line end, so many bytes, a line end
//! 6;note=x␍␊ world␍␊    an extension nobody reads
//! 0␍␊                   the last
//! Sum: 11␍␊             trailer fields, perhaps
//! ␍␊
//! ```
//! Line ends are strict here, in both directions: LF alone is how one reader's chunk data is another's next request.

use std::io::{self, BufRead, Read, Write};

use super::codec::{self, HeadLimits};
use super::error::MessageError;
use super::header::Header;

/// Bytes of a chunk's first line: 16 digits of size, and room for an extension. Without it a peer could send extensions for
/// ever and never a byte of body.
const MOST_SIZE_LINE: u64 = 256;

/// What the lines with sizes may have in bytes beyond 16 for each chunk and as much as there is data. Chunks of one byte with
/// long extensions cost more to read than they carry.
const MOST_OVERHEAD: u64 = 16 * 1024;
const FREE_OVERHEAD: u64 = 16;

/// A trailer is small: sums and signatures.
const TRAILER_LIMITS: HeadLimits = HeadLimits { start_line: 0, head: 16 * 1024, fields: 100 };

/// Takes a chunked body apart.
#[derive(Debug)]
pub struct ChunkedDecoder {
    state: State,
    got: u64,
    overhead: u64,
}

#[derive(Debug)]
enum State {
    /// Before the line with the size.
    Size,
    /// Inside the data, with so many bytes left.
    Data(u64),
    /// Before the line end after the data.
    DataEnd,
    /// After the trailer.
    Ended(Header),
}

impl ChunkedDecoder {
    /// Before the first chunk.
    pub fn new() -> ChunkedDecoder {
        ChunkedDecoder { state: State::Size, got: 0, overhead: 0 }
    }

    /// Reads body into `buf`, and gives how much; 0 when the trailer has been read.
    ///
    /// # Errors
    /// [`MessageError::BadChunk`], [`MessageError::ChunksCutShort`], those of a head for the trailer, `Io`.
    pub fn read(&mut self, input: &mut dyn BufRead, buf: &mut [u8]) -> Result<usize, MessageError> {
        if buf.is_empty() {
            return Ok(0);
        }
        loop {
            match self.state {
                State::Ended(_) => return Ok(0),
                State::Size => self.read_size(input)?,
                State::DataEnd => self.read_data_end(input)?,
                State::Data(left) => {
                    let most = usize::try_from(left).unwrap_or(usize::MAX).min(buf.len());
                    let count = input.read(&mut buf[..most])?;
                    if count == 0 {
                        return Err(MessageError::ChunksCutShort { got: self.got });
                    }
                    self.got += count as u64;
                    let left = left - count as u64;
                    self.state = if left == 0 { State::DataEnd } else { State::Data(left) };
                    return Ok(count);
                }
            }
        }
    }

    /// Whether the last chunk and the trailer have been read.
    pub fn has_ended(&self) -> bool {
        matches!(self.state, State::Ended(_))
    }

    /// The trailer, once it has been read.
    pub fn trailer(&self) -> Option<&Header> {
        match &self.state {
            State::Ended(trailer) => Some(trailer),
            _ => None,
        }
    }

    fn read_size(&mut self, input: &mut dyn BufRead) -> Result<(), MessageError> {
        let mut line = Vec::new();
        (&mut *input).take(MOST_SIZE_LINE).read_until(b'\n', &mut line)?;
        if line.len() as u64 == MOST_SIZE_LINE && !line.ends_with(b"\n") {
            return Err(MessageError::BadChunk { got: line, why: "the line with its size is too long" });
        }
        if !line.ends_with(b"\n") {
            return Err(MessageError::ChunksCutShort { got: self.got });
        }
        self.overhead = (self.overhead + line.len() as u64).saturating_sub(FREE_OVERHEAD);
        if self.overhead > MOST_OVERHEAD.saturating_add(self.got) {
            return Err(MessageError::BadChunk {
                got: line,
                why: "there is more around the chunks than in them",
            });
        }
        self.state = match size_line(&line)? {
            0 => State::Ended(codec::read_fields(input, TRAILER_LIMITS)?),
            size => State::Data(size),
        };
        Ok(())
    }

    fn read_data_end(&mut self, input: &mut dyn BufRead) -> Result<(), MessageError> {
        let mut end = [0; 2];
        match input.read_exact(&mut end) {
            Ok(()) if end == *b"\r\n" => {
                self.state = State::Size;
                Ok(())
            }
            Ok(()) => Err(MessageError::BadChunk {
                got: end.to_vec(),
                why: "its data does not end where it should",
            }),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                Err(MessageError::ChunksCutShort { got: self.got })
            }
            Err(error) => Err(error.into()),
        }
    }
}

impl Default for ChunkedDecoder {
    fn default() -> ChunkedDecoder {
        ChunkedDecoder::new()
    }
}

/// The size in `5;name=value␍␊`.
fn size_line(line: &[u8]) -> Result<u64, MessageError> {
    let bad = |why| MessageError::BadChunk { got: line.to_vec(), why };
    let Some(line) = line.strip_suffix(b"\r\n") else { return Err(bad("its line ends in LF without CR")) };
    let (digits, extension) = match line.iter().position(|byte| *byte == b';') {
        // RFC 9112, 7.1.1 has grammar with bad white space before the semicolon; some clients send it.
        Some(at) => (trim_spaces_at_end(&line[..at]), &line[at..]),
        None => (line, &line[line.len()..]),
    };
    if digits.is_empty() || digits.len() > 16 {
        return Err(bad("a size has 1 to 16 digits"));
    }
    if !super::header::is_value(extension) {
        return Err(bad("its extension has a control character"));
    }
    let mut size: u64 = 0;
    for digit in digits {
        let Some(value) = char::from(*digit).to_digit(16) else {
            return Err(bad("its size is not hexadecimal"));
        };
        size = size << 4 | u64::from(value);
    }
    Ok(size)
}

/// Space and tab only: `trim_ascii_end` would take CR and form feed too.
fn trim_spaces_at_end(mut bytes: &[u8]) -> &[u8] {
    while let [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

/// Writes one chunk. Empty data writes nothing: an empty chunk would be the last.
///
/// # Errors
/// The writer's.
pub fn write_chunk(output: &mut dyn Write, data: &[u8]) -> io::Result<()> {
    if data.is_empty() {
        return Ok(());
    }
    write!(output, "{:x}\r\n", data.len())?;
    output.write_all(data)?;
    output.write_all(b"\r\n")
}

/// Writes the last chunk and the trailer, which the caller has checked.
///
/// # Errors
/// The writer's.
pub fn write_last_chunk(output: &mut dyn Write, trailer: &Header) -> io::Result<()> {
    let mut end = b"0\r\n".to_vec();
    codec::write_fields(&mut end, trailer);
    output.write_all(&end)
}

#[cfg(test)]
mod tests;
