//! A body: bytes that can be read once, from memory, from a file, from whatever reads, or off a connection.
//!
//! A client gives one with its request and finds one in its response; a server finds one in its request. A body read off a
//! connection is lazy: its bytes stay in the socket until somebody reads them. Dropping it unread is allowed, and what
//! becomes of the connection then is the policy of whoever made it.
//!
//! Book: "Closing the Response Body", "Posting Data over HTTP".

use std::fmt;
use std::fs::File;
use std::io::{self, Cursor, Read};
use std::sync::Arc;

use super::error::MessageError;
use super::header::Header;

/// What a body's bytes come from, where that is more than a reader.
pub trait BodySource: Read + Send {
    /// The trailer, after the last byte has been read.
    fn trailer(&mut self) -> Option<Header> {
        None
    }
}

/// Bytes to read once.
pub struct Body {
    source: Source,
    length: Option<u64>,
}

enum Source {
    Empty,
    /// In memory, so that the same bytes can be sent again.
    Bytes(Cursor<Arc<[u8]>>),
    Reader(Box<dyn Read + Send>),
    Connection(Box<dyn BodySource>),
}

impl Body {
    /// No body.
    pub fn empty() -> Body {
        Body { source: Source::Empty, length: Some(0) }
    }

    /// So many bytes of `reader`. If it has fewer or more, the message that carries it fails with
    /// [`MessageError::WrongLength`].
    pub fn sized(reader: impl Read + Send + 'static, length: u64) -> Body {
        Body { source: Source::Reader(Box::new(reader)), length: Some(length) }
    }

    /// Everything `reader` has, however much that is: sent in chunks.
    pub fn stream(reader: impl Read + Send + 'static) -> Body {
        Body { source: Source::Reader(Box::new(reader)), length: None }
    }

    /// All of a file, from where it stands.
    ///
    /// # Errors
    /// Where its size or position cannot be had.
    pub fn file(mut file: File) -> io::Result<Body> {
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Ok(Body::stream(file));
        }
        let position = io::Seek::stream_position(&mut file)?;
        let length = metadata.len().saturating_sub(position);
        Ok(Body::sized(file.take(length), length))
    }

    /// A body off a connection, of `length` bytes if that is known.
    pub fn of_connection(source: Box<dyn BodySource>, length: Option<u64>) -> Body {
        Body { source: Source::Connection(source), length }
    }

    /// Its length in bytes when it was made, if that was known.
    pub fn length(&self) -> Option<u64> {
        self.length
    }

    /// Whether it is known to have no bytes.
    pub fn is_empty(&self) -> bool {
        self.length == Some(0)
    }

    /// Whether reading it cannot block or fail.
    pub fn is_in_memory(&self) -> bool {
        matches!(self.source, Source::Empty | Source::Bytes(_))
    }

    /// The same body once more, from its beginning, if its bytes are in memory. A redirect and a stale connection ask for it.
    pub fn replay(&self) -> Option<Body> {
        match &self.source {
            Source::Empty => Some(Body::empty()),
            Source::Bytes(bytes) => Some(Body::from(Arc::clone(bytes.get_ref()))),
            _ => None,
        }
    }

    /// The trailer, after the last byte has been read.
    pub fn trailer(&mut self) -> Option<Header> {
        match &mut self.source {
            Source::Connection(source) => source.trailer(),
            _ => None,
        }
    }

    /// All of it, if that is at most `limit` bytes.
    ///
    /// # Errors
    /// [`MessageError::BodyTooLong`] past the limit; what reading it gives.
    pub fn read_all(&mut self, limit: u64) -> Result<Vec<u8>, MessageError> {
        let too_long = MessageError::BodyTooLong { limit };
        if self.length.is_some_and(|length| length > limit) {
            return Err(too_long);
        }
        let mut bytes = Vec::new();
        self.by_ref().take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > limit { Err(too_long) } else { Ok(bytes) }
    }

    /// Reads and forgets up to `limit` bytes; whether that was the end of it, and how much it was.
    ///
    /// # Errors
    /// What reading it gives.
    pub fn drain(&mut self, limit: u64) -> Result<Drained, MessageError> {
        let bytes = io::copy(&mut self.by_ref().take(limit), &mut io::sink())?;
        let mut one_more = [0; 1];
        // The end is known only by reading on: it may stand exactly at the limit.
        let ended = bytes < limit || self.read(&mut one_more)? == 0;
        Ok(Drained { bytes, ended })
    }
}

/// What became of draining a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drained {
    /// Bytes read and forgotten.
    pub bytes: u64,
    /// Whether the body ended there.
    pub ended: bool,
}

impl Read for Body {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match &mut self.source {
            Source::Empty => Ok(0),
            Source::Bytes(bytes) => {
                let rest = bytes.get_ref().get(bytes.position() as usize..).unwrap_or_default();
                let count = rest.len().min(buf.len());
                buf[..count].copy_from_slice(&rest[..count]);
                bytes.set_position(bytes.position() + count as u64);
                Ok(count)
            }
            Source::Reader(reader) => reader.read(buf),
            Source::Connection(source) => source.read(buf),
        }
    }
}

impl Default for Body {
    fn default() -> Body {
        Body::empty()
    }
}

impl From<Arc<[u8]>> for Body {
    fn from(bytes: Arc<[u8]>) -> Body {
        let length = bytes.len() as u64;
        Body { source: Source::Bytes(Cursor::new(bytes)), length: Some(length) }
    }
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Body {
        Body::from(Arc::<[u8]>::from(bytes))
    }
}

impl From<String> for Body {
    fn from(text: String) -> Body {
        Body::from(text.into_bytes())
    }
}

impl From<&str> for Body {
    fn from(text: &str) -> Body {
        Body::from(text.as_bytes().to_vec())
    }
}

impl From<&[u8]> for Body {
    fn from(bytes: &[u8]) -> Body {
        Body::from(bytes.to_vec())
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.length {
            Some(length) => write!(f, "a body of {length} bytes"),
            None => write!(f, "a body of unknown length"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_memory_can_be_read_again_and_what_comes_from_a_reader_cannot() {
        let mut body = Body::from("hello");
        assert_eq!(body.read_all(10).unwrap(), b"hello");
        assert_eq!(body.replay().unwrap().read_all(10).unwrap(), b"hello");
        assert!(Body::sized(&b"hello"[..], 5).replay().is_none());
        assert!(Body::empty().replay().unwrap().is_empty());
    }

    #[test]
    fn the_limit_holds_for_a_body_that_says_its_length_and_for_one_that_does_not() {
        for mut body in [Body::from("hello"), Body::stream(&b"hello"[..])] {
            assert!(matches!(body.read_all(4), Err(MessageError::BodyTooLong { limit: 4 })));
        }
        assert_eq!(Body::stream(&b"hello"[..]).read_all(5).unwrap(), b"hello");
    }

    #[test]
    fn draining_stops_at_its_limit_and_says_so() {
        let drained = Body::stream(&b"hello"[..]).drain(100).unwrap();
        assert_eq!(drained, Drained { bytes: 5, ended: true });
        assert!(Body::stream(&b"hello"[..]).drain(5).unwrap().ended);
        assert_eq!(Body::stream(&b"hello"[..]).drain(4).unwrap(), Drained { bytes: 4, ended: false });
    }

    #[test]
    fn a_file_is_sent_from_where_it_stands() {
        let path = std::env::temp_dir().join(format!("netprog-body-{}", std::process::id()));
        std::fs::write(&path, "0123456789").unwrap();
        let mut file = File::open(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        io::Seek::seek(&mut file, io::SeekFrom::Start(4)).unwrap();
        let mut body = Body::file(file).unwrap();
        assert_eq!(body.length(), Some(6));
        assert_eq!(body.read_all(100).unwrap(), b"456789");
    }
}
