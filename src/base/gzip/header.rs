//! The header of a gzip member (RFC 1952, 2.3), taken byte by byte and forgotten: a name or a comment says nothing that HTTP
//! wants to know.
//!
//! ```text
//!  0    1    2       3      4       8    9    10
//! +----+----+-------+------+-------+----+----+ - - - - - - - - -+- - - -+- - - - - -+- - - - +
//! | 1f | 8b | 8     | flags| time  | xfl| os | length, extra    | name 0| comment 0 | crc 16 |
//! +----+----+-------+------+-------+----+----+ - - - - - - - - -+- - - -+- - - - - -+- - - - +
//! ```

use crate::base::checksum::Crc32;
use crate::base::inflate::InflateError;

/// Most bytes of a name or a comment we skip: neither says how long it is, so a peer could send one for ever.
pub const MAX_TEXT_BYTES: usize = 32 * 1024;

/// The compression method: deflate, the only one there is.
pub const DEFLATE: u8 = 8;
const HEADER_CRC: u8 = 1 << 1;
const EXTRA: u8 = 1 << 2;
const NAME: u8 = 1 << 3;
const COMMENT: u8 = 1 << 4;
/// RFC 1952, 2.3.1.2: with any of these set there may be fields we would take for data.
const RESERVED: u8 = 0b1110_0000;

/// The parts, in the order they stand in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// Ten bytes, of which so many were seen.
    Fixed(usize),
    ExtraLength(usize),
    Extra(usize),
    /// Ended by a zero.
    Name(usize),
    Comment(usize),
    Crc(usize),
    End,
}

/// A header as far as its bytes have come.
#[derive(Clone, Copy, Debug)]
pub struct Header {
    part: Part,
    flags: u8,
    /// The number that is being read, lowest byte first.
    number: u16,
    sum: Crc32,
    /// The lower half of the sum, once the header is through.
    is: u16,
}

impl Header {
    pub fn new() -> Header {
        Header { part: Part::Fixed(0), flags: 0, number: 0, sum: Crc32::new(), is: 0 }
    }

    /// Takes the next byte. `true`: it was the last.
    ///
    /// # Errors
    /// [`InflateError::NotGzip`], [`InflateError::Method`], [`InflateError::ReservedFlags`],
    /// [`InflateError::HeaderTooLong`], [`InflateError::HeaderChecksum`].
    pub fn take(&mut self, byte: u8) -> Result<bool, InflateError> {
        let sum = self.sum.value() as u16;
        self.sum.update(&[byte]);
        match self.part {
            Part::Fixed(at) => self.fixed(at, byte)?,
            Part::ExtraLength(0) => {
                self.number = byte.into();
                self.part = Part::ExtraLength(1);
            }
            Part::ExtraLength(_) => match self.number | u16::from(byte) << 8 {
                0 => self.after(EXTRA),
                length => self.part = Part::Extra(length.into()),
            },
            Part::Extra(1) => self.after(EXTRA),
            Part::Extra(left) => self.part = Part::Extra(left - 1),
            Part::Name(_) if byte == 0 => self.after(NAME),
            Part::Name(length) => self.part = Part::Name(longer(length)?),
            Part::Comment(_) if byte == 0 => self.after(COMMENT),
            Part::Comment(length) => self.part = Part::Comment(longer(length)?),
            Part::Crc(0) => {
                // The sum of what stands before the sum.
                (self.is, self.number) = (sum, byte.into());
                self.part = Part::Crc(1);
            }
            Part::Crc(_) => {
                let said = self.number | u16::from(byte) << 8;
                if said != self.is {
                    return Err(InflateError::HeaderChecksum { said, is: self.is });
                }
                self.part = Part::End;
            }
            Part::End => {}
        }
        Ok(self.part == Part::End)
    }

    fn fixed(&mut self, at: usize, byte: u8) -> Result<(), InflateError> {
        match at {
            0 => self.number = byte.into(),
            1 if (self.number, byte) != (0x1f, 0x8b) => {
                return Err(InflateError::NotGzip([self.number as u8, byte]));
            }
            2 if byte != DEFLATE => return Err(InflateError::Method(byte)),
            3 if byte & RESERVED != 0 => return Err(InflateError::ReservedFlags(byte)),
            3 => self.flags = byte,
            _ => {}
        }
        self.part = Part::Fixed(at + 1);
        if at == 9 {
            self.after(0);
        }
        Ok(())
    }

    /// On to the first part behind that of this flag.
    fn after(&mut self, flag: u8) {
        self.part = if flag < EXTRA && self.flags & EXTRA != 0 {
            Part::ExtraLength(0)
        } else if flag < NAME && self.flags & NAME != 0 {
            Part::Name(0)
        } else if flag < COMMENT && self.flags & COMMENT != 0 {
            Part::Comment(0)
        } else if self.flags & HEADER_CRC != 0 {
            Part::Crc(0)
        } else {
            Part::End
        };
    }
}

fn longer(length: usize) -> Result<usize, InflateError> {
    if length == MAX_TEXT_BYTES {
        return Err(InflateError::HeaderTooLong { limit: MAX_TEXT_BYTES });
    }
    Ok(length + 1)
}
