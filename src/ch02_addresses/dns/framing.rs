//! Messages on a stream: two bytes of length before each (RFC 1035 §4.2.2, RFC 7766).
//!
//! ```text
//! 0      2            2 + length
//! +------+------------------+
//! |length|     message      |   and the next one
//! +------+------------------+
//! ```
//! DNS over TLS (RFC 7858) is exactly this inside TLS, on port 853 instead of 53. TLS proves who is at the other end and
//! hides what is said; here it is the connection's business, so these functions take any reader and writer.

use std::io::{self, Read, Write};

use crate::base::wire::{put_block16, put_bytes, read_exact_or_end};

use super::error::DnsError;
use super::message::HEADER_LENGTH;

/// The port of plain DNS, for datagrams and streams.
pub const PORT: u16 = 53;
/// The port of DNS over TLS.
pub const TLS_PORT: u16 = 853;

/// The next message's bytes. `None`: the stream ended between two messages.
///
/// # Errors
/// [`io::ErrorKind::UnexpectedEof`] if it ended inside one; [`io::ErrorKind::InvalidData`] with
/// [`DnsError::PeerSentShortMessage`] for a length below a header's; the reader's own.
pub fn read_message(stream: &mut dyn Read) -> io::Result<Option<Vec<u8>>> {
    let mut prefix = [0; 2];
    if !read_exact_or_end(stream, &mut prefix)? {
        return Ok(None);
    }
    let length = usize::from(u16::from_be_bytes(prefix));
    if length < HEADER_LENGTH {
        return Err(DnsError::PeerSentShortMessage { length }.into());
    }
    let mut message = vec![0; length];
    if !read_exact_or_end(stream, &mut message)? {
        let sentence = format!("the stream ended before the {length} bytes that were announced");
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, sentence));
    }
    Ok(Some(message))
}

/// Writes a message behind its length, both in one write: in two, the first would travel alone.
///
/// # Errors
/// [`io::ErrorKind::InvalidInput`] beyond 65,535 bytes; the writer's own.
pub fn write_message(stream: &mut dyn Write, message: &[u8]) -> io::Result<()> {
    let mut framed = Vec::with_capacity(2 + message.len());
    put_block16(&mut framed, |out| put_bytes(out, message))?;
    stream.write_all(&framed)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives one byte per read.
    struct Drip<'a>(&'a [u8]);

    impl Read for Drip<'_> {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            let count = buf.len().min(1);
            self.0.read(&mut buf[..count])
        }
    }

    #[test]
    fn two_messages_come_out_as_two_however_the_stream_is_cut() {
        let mut stream = Vec::new();
        write_message(&mut stream, &[1; 12]).unwrap();
        write_message(&mut stream, &[2; 300]).unwrap();
        let mut drip = Drip(&stream);
        assert_eq!(read_message(&mut drip).unwrap(), Some(vec![1; 12]));
        assert_eq!(read_message(&mut drip).unwrap(), Some(vec![2; 300]));
        assert_eq!(read_message(&mut drip).unwrap(), None);
    }

    #[test]
    fn a_stream_that_ends_inside_a_message_is_an_error_at_every_length() {
        let mut stream = Vec::new();
        write_message(&mut stream, &[1; 12]).unwrap();
        for length in 1..stream.len() {
            let error = read_message(&mut &stream[..length]).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof, "{length} bytes");
        }
    }

    #[test]
    fn a_length_below_a_header_is_refused_before_it_is_waited_for() {
        for length in 0..12 {
            let error = read_message(&mut &[0, length][..]).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{length}");
        }
    }

    #[test]
    fn a_message_too_long_for_its_length_is_not_sent() {
        let mut stream = Vec::new();
        let error = write_message(&mut stream, &vec![0; 65_536]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
        assert!(stream.is_empty());
    }
}
