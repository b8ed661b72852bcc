//! One cursor and one writer for every binary format: TFTP, DNS, TLS, HTTP/2, gob, protobuf.
//!
//! A [`Reader`] walks over a slice and never past it. A *block*, a length followed by that many bytes, gets a reader of
//! its own, so what stands inside cannot read what stands behind. [`Reader::finish`] makes leftover bytes an error.
//!
//! ```text
//! block16:   0      2            2 + length
//!            +------+------------------+
//!            |length|  length x bytes  |
//!            +------+------------------+
//! ```
//!
//! The writing side is a function per number on a `Vec<u8>`, and [`put_block16`] and its sisters for blocks, which fill
//! in the length when the body is written. Numbers are big-endian, the order of the network, unless the name ends in
//! `_le`.
//!
//! [`read_exact_or_end`] does the same for a stream: a stream that ends *between* two messages is not one that ends
//! *inside* one.

mod error;

use std::io::{self, Read};

use byteorder::{BigEndian, ByteOrder, LittleEndian};

pub use error::WireError;

// --- reading a slice --------------------------------------------------------------------------------------------------

/// A cursor over bytes. A read that fails leaves it where it was.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    left: &'a [u8],
    position: usize,
}

impl<'a> Reader<'a> {
    /// A cursor at the start of `bytes`.
    pub fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { left: bytes, position: 0 }
    }

    /// How many bytes are left.
    pub fn remaining(&self) -> usize {
        self.left.len()
    }

    /// Whether every byte has been read.
    pub fn is_empty(&self) -> bool {
        self.left.is_empty()
    }

    /// Where the cursor is. The reader of a block goes on counting where the block stands, so that a position is the
    /// offset a hexdump of the whole message shows.
    pub fn position(&self) -> usize {
        self.position
    }

    /// The next `count` bytes.
    ///
    /// # Errors
    /// [`WireError::EndedInside`] if there are fewer.
    pub fn take(&mut self, count: usize) -> Result<&'a [u8], WireError> {
        if count > self.left.len() {
            return Err(WireError::EndedInside { wanted: count, left: self.left.len(), at: self.position });
        }
        let (taken, left) = self.left.split_at(count);
        self.left = left;
        self.position += count;
        Ok(taken)
    }

    /// The next `N` bytes as an array: an address, a key.
    ///
    /// # Errors
    /// [`WireError::EndedInside`] if there are fewer.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], WireError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    /// All bytes that are left, perhaps none. The reader is empty afterwards.
    pub fn rest(&mut self) -> &'a [u8] {
        let rest = self.left;
        self.position += rest.len();
        self.left = &[];
        rest
    }

    /// One byte.
    ///
    /// # Errors
    /// [`WireError::EndedInside`] if there is none.
    pub fn u8(&mut self) -> Result<u8, WireError> {
        Ok(self.take(1)?[0])
    }

    /// Two bytes, big-endian.
    ///
    /// # Errors
    /// [`WireError::EndedInside`] if there are fewer.
    pub fn u16(&mut self) -> Result<u16, WireError> {
        Ok(BigEndian::read_u16(self.take(2)?))
    }

    /// Three bytes, big-endian: the lengths of TLS handshakes and HTTP/2 frames.
    ///
    /// # Errors
    /// [`WireError::EndedInside`] if there are fewer.
    pub fn u24(&mut self) -> Result<u32, WireError> {
        Ok(BigEndian::read_u24(self.take(3)?))
    }

    /// Four bytes, big-endian.
    ///
    /// # Errors
    /// [`WireError::EndedInside`] if there are fewer.
    pub fn u32(&mut self) -> Result<u32, WireError> {
        Ok(BigEndian::read_u32(self.take(4)?))
    }

    /// Eight bytes, big-endian.
    ///
    /// # Errors
    /// [`WireError::EndedInside`] if there are fewer.
    pub fn u64(&mut self) -> Result<u64, WireError> {
        Ok(BigEndian::read_u64(self.take(8)?))
    }

    /// Two bytes, little-endian.
    ///
    /// # Errors
    /// [`WireError::EndedInside`] if there are fewer.
    pub fn u16_le(&mut self) -> Result<u16, WireError> {
        Ok(LittleEndian::read_u16(self.take(2)?))
    }

    /// Four bytes, little-endian.
    ///
    /// # Errors
    /// [`WireError::EndedInside`] if there are fewer.
    pub fn u32_le(&mut self) -> Result<u32, WireError> {
        Ok(LittleEndian::read_u32(self.take(4)?))
    }

    /// Eight bytes, little-endian.
    ///
    /// # Errors
    /// [`WireError::EndedInside`] if there are fewer.
    pub fn u64_le(&mut self) -> Result<u64, WireError> {
        Ok(LittleEndian::read_u64(self.take(8)?))
    }

    /// A block with an 8-bit length.
    ///
    /// # Errors
    /// [`WireError::EndedInside`] if the length or the body is cut short.
    pub fn block8(&mut self) -> Result<Reader<'a>, WireError> {
        self.block(1)
    }

    /// A block with a 16-bit length.
    ///
    /// # Errors
    /// [`WireError::EndedInside`] if the length or the body is cut short.
    pub fn block16(&mut self) -> Result<Reader<'a>, WireError> {
        self.block(2)
    }

    /// A block with a 24-bit length.
    ///
    /// # Errors
    /// [`WireError::EndedInside`] if the length or the body is cut short.
    pub fn block24(&mut self) -> Result<Reader<'a>, WireError> {
        self.block(3)
    }

    /// A block with a 32-bit length.
    ///
    /// # Errors
    /// [`WireError::EndedInside`] if the length or the body is cut short.
    pub fn block32(&mut self) -> Result<Reader<'a>, WireError> {
        self.block(4)
    }

    fn block(&mut self, width: usize) -> Result<Reader<'a>, WireError> {
        // The length is read by a second cursor: if the body is not there, this one has not moved.
        let mut ahead = self.clone();
        let announced = BigEndian::read_uint(ahead.take(width)?, width);
        // What no address space holds is surely not in the slice.
        let length = usize::try_from(announced).unwrap_or(usize::MAX);
        let position = ahead.position;
        let body = ahead.take(length)?;
        *self = ahead;
        Ok(Reader { left: body, position })
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// [`WireError::TrailingBytes`] if there are bytes left.
    pub fn finish(self) -> Result<(), WireError> {
        if self.left.is_empty() {
            return Ok(());
        }
        Err(WireError::TrailingBytes { count: self.left.len(), at: self.position })
    }
}

// --- writing into a vector --------------------------------------------------------------------------------------------

/// Appends one byte.
pub fn put_u8(out: &mut Vec<u8>, value: u8) {
    out.push(value);
}

/// Appends two bytes, big-endian.
pub fn put_u16(out: &mut Vec<u8>, value: u16) {
    let mut bytes = [0; 2];
    BigEndian::write_u16(&mut bytes, value);
    out.extend_from_slice(&bytes);
}

/// Appends three bytes, big-endian.
///
/// # Panics
/// If `value` has more than 24 bits. A number from outside must be checked before it comes here; for lengths
/// [`put_block24`] does it.
pub fn put_u24(out: &mut Vec<u8>, value: u32) {
    assert!(value < 1 << 24, "{value} has more than 24 bits");
    let mut bytes = [0; 3];
    BigEndian::write_u24(&mut bytes, value);
    out.extend_from_slice(&bytes);
}

/// Appends four bytes, big-endian.
pub fn put_u32(out: &mut Vec<u8>, value: u32) {
    let mut bytes = [0; 4];
    BigEndian::write_u32(&mut bytes, value);
    out.extend_from_slice(&bytes);
}

/// Appends eight bytes, big-endian.
pub fn put_u64(out: &mut Vec<u8>, value: u64) {
    let mut bytes = [0; 8];
    BigEndian::write_u64(&mut bytes, value);
    out.extend_from_slice(&bytes);
}

/// Appends two bytes, little-endian.
pub fn put_u16_le(out: &mut Vec<u8>, value: u16) {
    let mut bytes = [0; 2];
    LittleEndian::write_u16(&mut bytes, value);
    out.extend_from_slice(&bytes);
}

/// Appends four bytes, little-endian.
pub fn put_u32_le(out: &mut Vec<u8>, value: u32) {
    let mut bytes = [0; 4];
    LittleEndian::write_u32(&mut bytes, value);
    out.extend_from_slice(&bytes);
}

/// Appends eight bytes, little-endian.
pub fn put_u64_le(out: &mut Vec<u8>, value: u64) {
    let mut bytes = [0; 8];
    LittleEndian::write_u64(&mut bytes, value);
    out.extend_from_slice(&bytes);
}

/// Appends a block with an 8-bit length: what `body` appends, with its length before it.
///
/// The body returns a result so that blocks nest: `put_block16(out, |out| put_block8(out, …))`. Bytes that already exist
/// go in with `put_block8(out, |out| put_bytes(out, bytes))`. After an error `out` is as it was before.
///
/// # Errors
/// [`WireError::TooLong`] for a body of more than 255 bytes; the body's own error.
///
/// # Panics
/// If the body takes away bytes that it did not append.
pub fn put_block8(
    out: &mut Vec<u8>,
    body: impl FnOnce(&mut Vec<u8>) -> Result<(), WireError>,
) -> Result<(), WireError> {
    put_block(out, 1, body)
}

/// Appends a block with a 16-bit length, otherwise as [`put_block8`].
///
/// # Errors
/// [`WireError::TooLong`] for a body of more than 65,535 bytes; the body's own error.
///
/// # Panics
/// If the body takes away bytes that it did not append.
pub fn put_block16(
    out: &mut Vec<u8>,
    body: impl FnOnce(&mut Vec<u8>) -> Result<(), WireError>,
) -> Result<(), WireError> {
    put_block(out, 2, body)
}

/// Appends a block with a 24-bit length, otherwise as [`put_block8`].
///
/// # Errors
/// [`WireError::TooLong`] for a body of 16 MiB or more; the body's own error.
///
/// # Panics
/// If the body takes away bytes that it did not append.
pub fn put_block24(
    out: &mut Vec<u8>,
    body: impl FnOnce(&mut Vec<u8>) -> Result<(), WireError>,
) -> Result<(), WireError> {
    put_block(out, 3, body)
}

/// Appends a block with a 32-bit length, otherwise as [`put_block8`].
///
/// # Errors
/// [`WireError::TooLong`] for a body of 4 GiB or more; the body's own error.
///
/// # Panics
/// If the body takes away bytes that it did not append.
pub fn put_block32(
    out: &mut Vec<u8>,
    body: impl FnOnce(&mut Vec<u8>) -> Result<(), WireError>,
) -> Result<(), WireError> {
    put_block(out, 4, body)
}

/// Appends `bytes`: the body of a block that is already there.
///
/// # Errors
/// None; the result is what a block's body returns.
pub fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) -> Result<(), WireError> {
    out.extend_from_slice(bytes);
    Ok(())
}

fn put_block(
    out: &mut Vec<u8>,
    width: usize,
    body: impl FnOnce(&mut Vec<u8>) -> Result<(), WireError>,
) -> Result<(), WireError> {
    let start = out.len();
    // Were the length forgotten, a peer would see 0xff at once; zeros could pass for an empty block.
    out.extend_from_slice(&[0xff; 4][..width]);
    let mut result = body(out);
    if result.is_ok() {
        assert!(out.len() >= start + width, "the body of a block took away bytes it did not write");
        result = fill_in_length(&mut out[start..], width);
    }
    if result.is_err() {
        out.truncate(start);
    }
    result
}

/// Writes the length of what stands behind the first `width` bytes of `block` into these.
fn fill_in_length(block: &mut [u8], width: usize) -> Result<(), WireError> {
    let length = block.len() - width;
    let most = u32::MAX >> (32 - 8 * width);
    match u32::try_from(length) {
        Ok(fits) if fits <= most => {
            BigEndian::write_uint(&mut block[..width], u64::from(fits), width);
            Ok(())
        }
        _ => Err(WireError::TooLong { length, most: most as usize }),
    }
}

// --- reading a stream -------------------------------------------------------------------------------------------------

/// Fills `buf` from a stream. `Ok(false)`: the stream ended before the first byte, that is between two messages.
///
/// A read that gives fewer bytes than asked for is not the end; reading goes on. An empty `buf` is always full.
///
/// # Errors
/// [`io::ErrorKind::UnexpectedEof`] if the stream ends after the first byte, with a sentence that says how many of how
/// many bytes came; else the reader's own. [`io::ErrorKind::Interrupted`] is not one: the read is made again.
pub fn read_exact_or_end(reader: &mut dyn Read, buf: &mut [u8]) -> io::Result<bool> {
    let mut filled = 0;
    while filled < buf.len() {
        match reader.read(&mut buf[filled..]) {
            Ok(0) if filled == 0 => return Ok(false),
            Ok(0) => {
                let sentence = format!("the stream ended after {filled} of {} bytes", buf.len());
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, sentence));
            }
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests;
