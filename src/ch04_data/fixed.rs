//! Reading a stream into a buffer of fixed size, until the stream ends.
//!
//! One read gives what has arrived, at least one byte and at most a buffer full. How the sender cut its writes is not to
//! be seen in it: two writes may arrive in one read, and one write in many.
//!
//! Book: Listing 4-1. The book counts the reads; we also look at what was read.

use std::io::{self, Read};

/// The buffer of Listing 4-1: 512 KiB.
pub const BUFFER_BYTES: usize = 1 << 19;

/// What Listing 4-1 sends through that buffer: 16 MiB.
pub const PAYLOAD_BYTES: usize = 1 << 24;

/// What a stream turned out to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Reads that gave bytes. The last one, which gave none, is not counted.
    pub reads: u64,
    /// Bytes in all.
    pub bytes: u64,
    /// The most bytes a single read gave.
    pub most: usize,
}

/// Reads until the stream ends, and shows each piece to `look` together with its offset in the stream.
///
/// # Errors
/// [`io::ErrorKind::InvalidInput`] for an empty buffer: a read into it gives zero bytes, which would look like the end.
/// Else the reader's own error; the pieces before it have been shown.
pub fn read_in_pieces(
    reader: &mut impl Read,
    buffer: &mut [u8],
    mut look: impl FnMut(u64, &[u8]),
) -> io::Result<Tally> {
    if buffer.is_empty() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "nothing can be read into an empty buffer"));
    }
    let mut tally = Tally::default();
    loop {
        let count = match reader.read(buffer) {
            Ok(0) => return Ok(tally),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        // Only these bytes are new. What stands behind them is left over from earlier reads.
        look(tally.bytes, &buffer[..count]);
        tally.reads += 1;
        tally.bytes += count as u64;
        tally.most = tally.most.max(count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    #[test]
    fn every_byte_is_shown_once_at_its_offset() {
        let payload: Vec<u8> = (0..=255).cycle().take(1000).collect();
        for size in [1, 3, 512, 999, 1000, 4096] {
            let mut seen = Vec::new();
            let mut buffer = vec![0; size];
            let tally = read_in_pieces(&mut Cursor::new(&payload), &mut buffer, |offset, piece| {
                assert_eq!(offset, seen.len() as u64);
                seen.extend_from_slice(piece);
            })
            .unwrap();
            assert_eq!(seen, payload);
            let reads = payload.len().div_ceil(size) as u64;
            assert_eq!(tally, Tally { reads, bytes: 1000, most: size.min(1000) });
        }
    }

    #[test]
    fn an_empty_stream_is_no_error_and_an_empty_buffer_is_one() {
        let mut buffer = [0; 8];
        let nothing =
            read_in_pieces(&mut io::empty(), &mut buffer, |_, _| panic!("there is nothing to show"));
        assert_eq!(nothing.unwrap(), Tally::default());
        let error = read_in_pieces(&mut Cursor::new(b"x"), &mut [], |_, _| {}).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    }

    #[test]
    fn an_interrupted_read_is_made_again_and_another_error_is_kept() {
        struct Stumbling(Vec<io::Result<usize>>);
        impl Read for Stumbling {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                self.0.pop().unwrap_or(Ok(0))
            }
        }
        let reset = || Err(io::ErrorKind::ConnectionReset.into());
        let interrupted = || Err(io::ErrorKind::Interrupted.into());
        let mut reader = Stumbling(vec![reset(), Ok(2), interrupted(), Ok(3)]);
        let mut shown = 0;
        let error = read_in_pieces(&mut reader, &mut [0; 8], |_, piece| shown += piece.len()).unwrap_err();
        assert_eq!((error.kind(), shown), (io::ErrorKind::ConnectionReset, 5));
    }
}
