//! TLV messages: a byte that says what follows, four that say how much, and the value.
//!
//! ```text
//!  0      1            5
//! +------+------------+------------------+
//! | type | length, BE | length x bytes   |
//! +------+------------+------------------+
//!  type 1: any bytes ([`Binary`])    type 2: UTF-8 ([`Text`])    length: at most 10 MiB
//! ```
//! Book: Listings 4-4 to 4-12.
//!
//! | the book | here |
//! |---|---|
//! | `Payload`, an interface | [`Payload`], a trait |
//! | `Binary`, `String` | [`Binary`], [`Text`] (Rust has a `String` already) |
//! | `decode` gives a `Payload`; who wants the type asserts it | [`decode`] gives a [`Message`], an enum; who wants the type matches, and the compiler knows both cases |
//! | `ReadFrom` takes what one `Read` gives | the value is read to its end, however it arrives |
//! | `io.EOF` everywhere | `None` between two messages, [`TlvError::CutShort`] inside one |
//! | the whole length is allocated first | memory grows with what really comes |
//!
//! A reader of many messages should be a `BufReader`: each message costs two short reads before its value.

mod error;

use std::fmt;
use std::io::{self, Read, Write};

use byteorder::{BigEndian, ByteOrder, WriteBytesExt};

use crate::base::show;
use crate::base::trace;

pub use error::TlvError;

/// The longest value we send or take, 10 MiB, as in the book. Four length bytes could announce 4 GiB, and a peer that only
/// announces would cost us that memory.
pub const MAX_PAYLOAD_SIZE: u32 = 10 << 20;

/// Type and length.
pub const HEADER_BYTES: usize = 5;

/// Memory set aside on a peer's mere word. A longer value gets more as it arrives.
const TRUSTED_BYTES: usize = 64 * 1024;

/// What a value is. The number is the first byte of the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// Any bytes.
    Binary = 1,
    /// UTF-8 (the book's `StringType`).
    Text = 2,
}

impl Kind {
    /// The kind that a type byte names.
    ///
    /// # Errors
    /// [`TlvError::UnknownType`] for all but 1 and 2.
    pub fn from_byte(byte: u8) -> Result<Kind, TlvError> {
        match byte {
            1 => Ok(Kind::Binary),
            2 => Ok(Kind::Text),
            came => Err(TlvError::UnknownType { came }),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Binary => "Binary",
            Kind::Text => "Text",
        })
    }
}

// --- what can be sent -------------------------------------------------------------------------------------------------

/// What can travel as a message: Listing 4-4. `Display` shows the value as text, where it is none with `\u{fffd}`.
pub trait Payload: fmt::Display {
    /// The type it travels as.
    fn kind(&self) -> Kind;

    /// The value.
    fn bytes(&self) -> &[u8];

    /// Writes the message, in one write so that it does not travel as three packets: how many bytes that were.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidInput`] for a value the other side would refuse, before anything is written; else the writer's.
    fn write_to(&self, writer: &mut dyn Write) -> io::Result<usize> {
        let mut message = Vec::with_capacity(HEADER_BYTES + self.bytes().len());
        encode(self.kind(), self.bytes(), &mut message)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
        trace::meaning(|| {
            let value = show::escaped(self.bytes(), 32);
            format!("TLV {}: type {}, length {}, {value}", self.kind(), self.kind() as u8, self.bytes().len())
        });
        writer.write_all(&message)?;
        Ok(message.len())
    }
}

/// Appends a message to `out`, which a sender of many messages can keep.
///
/// # Errors
/// [`TlvError::TooLong`]; `out` is as it was.
pub fn encode(kind: Kind, value: &[u8], out: &mut Vec<u8>) -> Result<(), TlvError> {
    let length = checked_length(value.len())?;
    out.write_u8(kind as u8)?;
    out.write_u32::<BigEndian>(length)?;
    out.write_all(value)?;
    Ok(())
}

fn checked_length(length: usize) -> Result<u32, TlvError> {
    match u32::try_from(length) {
        Ok(fits) if fits <= MAX_PAYLOAD_SIZE => Ok(fits),
        _ => Err(TlvError::TooLong { length, limit: MAX_PAYLOAD_SIZE as usize }),
    }
}

/// Any bytes: Listings 4-5 and 4-6.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Binary(pub Vec<u8>);

impl Payload for Binary {
    fn kind(&self) -> Kind {
        Kind::Binary
    }

    fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for Binary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.0))
    }
}

impl Binary {
    /// Reads a message that must be of this type.
    ///
    /// # Errors
    /// [`TlvError::WrongType`] after one byte, [`TlvError::TooLong`] after five, [`TlvError::CutShort`], [`TlvError::Io`].
    pub fn read_from(reader: &mut dyn Read) -> Result<Binary, TlvError> {
        expect_type(Kind::Binary, reader)?;
        let mut value = Vec::new();
        read_length_and_value(reader, &mut value)?;
        Ok(Binary(value))
    }
}

/// UTF-8: Listings 4-7 and 4-8, there called `String`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text(pub String);

impl Payload for Text {
    fn kind(&self) -> Kind {
        Kind::Text
    }

    fn bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Text {
    /// Reads a message that must be of this type.
    ///
    /// # Errors
    /// As [`Binary::read_from`], and [`TlvError::NotText`].
    pub fn read_from(reader: &mut dyn Read) -> Result<Text, TlvError> {
        expect_type(Kind::Text, reader)?;
        let mut value = Vec::new();
        read_length_and_value(reader, &mut value)?;
        Text::from_bytes(value)
    }

    /// The bytes as text.
    ///
    /// # Errors
    /// [`TlvError::NotText`].
    pub fn from_bytes(value: Vec<u8>) -> Result<Text, TlvError> {
        match String::from_utf8(value) {
            Ok(text) => Ok(Text(text)),
            Err(error) => Err(TlvError::NotText { valid: error.utf8_error().valid_up_to() }),
        }
    }
}

// --- what comes -------------------------------------------------------------------------------------------------------

/// A message whose type its first byte has told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// Type 1.
    Binary(Binary),
    /// Type 2.
    Text(Text),
}

impl Message {
    /// The message as what both kinds have in common.
    pub fn payload(&self) -> &dyn Payload {
        match self {
            Message::Binary(binary) => binary,
            Message::Text(text) => text,
        }
    }
}

/// Reads the next message, `None` if the stream ends before it. The refactoring the book gives as an exercise after
/// Listing 4-9: the type is read once, and what reads the rest does not want to see it again.
///
/// # Errors
/// All of [`TlvError`] but `WrongType`.
pub fn decode(reader: &mut dyn Read) -> Result<Option<Message>, TlvError> {
    let mut value = Vec::new();
    match decode_into(reader, &mut value)? {
        None => Ok(None),
        Some(Kind::Binary) => Ok(Some(Message::Binary(Binary(value)))),
        Some(Kind::Text) => Ok(Some(Message::Text(Text::from_bytes(value)?))),
    }
}

/// Reads the next message's value into `value`, whose memory is used again, and gives its type; `None` if the stream ends
/// before it. A text's bytes are not looked at.
///
/// # Errors
/// [`TlvError::UnknownType`] after one byte, [`TlvError::TooLong`] after five, [`TlvError::CutShort`], [`TlvError::Io`].
pub fn decode_into(reader: &mut dyn Read, value: &mut Vec<u8>) -> Result<Option<Kind>, TlvError> {
    let Some(byte) = read_type(reader)? else { return Ok(None) };
    let kind = Kind::from_byte(byte)?;
    read_length_and_value(reader, value)?;
    Ok(Some(kind))
}

/// [`decode`] as Listing 4-9 has it: look at the type, put the byte back before the rest (Go: `io.MultiReader`), and let
/// [`Binary::read_from`] or [`Text::read_from`] read the whole message from its start.
///
/// # Errors
/// As [`decode`].
pub fn decode_by_peeking(reader: &mut dyn Read) -> Result<Option<Message>, TlvError> {
    let Some(first) = read_type(reader)? else { return Ok(None) };
    let put_back = [first];
    let mut whole = put_back.chain(reader);
    match Kind::from_byte(first)? {
        Kind::Binary => Ok(Some(Message::Binary(Binary::read_from(&mut whole)?))),
        Kind::Text => Ok(Some(Message::Text(Text::read_from(&mut whole)?))),
    }
}

/// The type byte, `None` at the end of the stream.
fn read_type(reader: &mut dyn Read) -> Result<Option<u8>, TlvError> {
    let mut byte = [0];
    let came = fill(reader, &mut byte)?;
    Ok((came == 1).then_some(byte[0]))
}

fn expect_type(wanted: Kind, reader: &mut dyn Read) -> Result<(), TlvError> {
    match read_type(reader)? {
        Some(came) if came == wanted as u8 => Ok(()),
        Some(came) => Err(TlvError::WrongType { came, wanted }),
        None => Err(TlvError::CutShort { part: "header", wanted: HEADER_BYTES, came: 0 }),
    }
}

fn read_length_and_value(reader: &mut dyn Read, value: &mut Vec<u8>) -> Result<(), TlvError> {
    let mut bytes = [0; 4];
    let came = fill(reader, &mut bytes)?;
    if came < bytes.len() {
        return Err(TlvError::CutShort { part: "header", wanted: HEADER_BYTES, came: 1 + came });
    }
    // The check comes before anything is done with the number.
    let length = checked_length(BigEndian::read_u32(&bytes) as usize)? as usize;
    value.clear();
    value.reserve(length.min(TRUSTED_BYTES));
    // Reads until the value is whole or the stream ends; the vector grows with what has come.
    let came = reader.take(length as u64).read_to_end(value)?;
    if came < length {
        return Err(TlvError::CutShort { part: "value", wanted: length, came });
    }
    Ok(())
}

/// Reads until `buffer` is full or the stream ends: how many bytes came.
fn fill(reader: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match reader.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests;
