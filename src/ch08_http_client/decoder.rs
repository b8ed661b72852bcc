//! Reading a body off a connection, whichever way its end is marked.

use std::io::BufRead;

use super::chunked::ChunkedDecoder;
use super::error::MessageError;
use super::framing::Framing;
use super::header::Header;

/// Where in a body its reader is. It holds no connection: whoever reads gives it one each time.
#[derive(Debug)]
pub enum BodyDecoder {
    /// So many of so many bytes are left.
    Length {
        /// Bytes left.
        left: u64,
        /// Bytes announced.
        wanted: u64,
    },
    /// In chunks.
    Chunked(ChunkedDecoder),
    /// Up to the end of the connection, which may have come.
    UntilClose {
        /// Whether it has.
        ended: bool,
    },
}

impl BodyDecoder {
    /// At the beginning of a body framed so.
    pub fn new(framing: Framing) -> BodyDecoder {
        match framing {
            Framing::Empty => BodyDecoder::Length { left: 0, wanted: 0 },
            Framing::Length(wanted) => BodyDecoder::Length { left: wanted, wanted },
            Framing::Chunked => BodyDecoder::Chunked(ChunkedDecoder::new()),
            Framing::UntilClose => BodyDecoder::UntilClose { ended: false },
        }
    }

    /// Reads body into `buf` and gives how much; 0 at its end.
    ///
    /// # Errors
    /// [`MessageError::BodyCutShort`], those of [`ChunkedDecoder::read`], `Io`.
    pub fn read(&mut self, input: &mut dyn BufRead, buf: &mut [u8]) -> Result<usize, MessageError> {
        match self {
            BodyDecoder::Chunked(chunks) => chunks.read(input, buf),
            BodyDecoder::UntilClose { ended } => {
                let count = input.read(buf)?;
                *ended |= count == 0 && !buf.is_empty();
                Ok(count)
            }
            BodyDecoder::Length { left, wanted } => {
                let most = usize::try_from(*left).unwrap_or(usize::MAX).min(buf.len());
                if most == 0 {
                    return Ok(0);
                }
                let count = input.read(&mut buf[..most])?;
                if count == 0 {
                    return Err(MessageError::BodyCutShort { wanted: *wanted, got: *wanted - *left });
                }
                *left -= count as u64;
                Ok(count)
            }
        }
    }

    /// Whether all of the body has been read, so that what comes next on the connection is another message.
    pub fn has_ended(&self) -> bool {
        match self {
            BodyDecoder::Length { left, .. } => *left == 0,
            BodyDecoder::Chunked(chunks) => chunks.has_ended(),
            BodyDecoder::UntilClose { ended } => *ended,
        }
    }

    /// The trailer, once it has been read.
    pub fn trailer(&self) -> Option<&Header> {
        match self {
            BodyDecoder::Chunked(chunks) => chunks.trailer(),
            _ => None,
        }
    }
}
