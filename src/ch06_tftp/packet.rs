//! The six packets of TFTP. Listings 6-1 to 6-8; RFC 1350 §5, RFC 2347.
//!
//! ```text
//! RRQ    00 01  name 00  mode 00  (option 00  value 00)…
//! WRQ    00 02  name 00  mode 00  (option 00  value 00)…
//! DATA   00 03  block block  0 to 512 bytes, or as many as agreed
//! ACK    00 04  block block
//! ERROR  00 05  code code  message 00
//! OACK   00 06  (option 00  value 00)…
//! ```
//! Which of them a datagram is, its first two bytes tell; nothing is tried in turn. Only the bytes that came are looked
//! at: the book's server decodes its whole buffer, so a request without its last zero byte passes there, and an empty
//! datagram is whatever the buffer held before.
//!
//! Names and modes are bytes: TFTP does not say in which character set they are.
//!
//! We left out the mode "mail", which RFC 1350 itself calls obsolete.

use std::io::{self, ErrorKind, Read};

use crate::base::wire::{Reader, put_u16};

use super::error::{ErrorCode, PacketError};

/// Bytes in a block unless another number is agreed on.
pub const DEFAULT_BLOCK: usize = 512;
/// Bytes before a block: operation and block number.
pub const DATA_HEADER: usize = 4;
/// The largest datagram without options: a full block and its header.
pub const DATAGRAM_SIZE: usize = DEFAULT_BLOCK + DATA_HEADER;
/// The greatest block size that can be agreed on (RFC 2348): with all headers it just fits an IPv4 datagram.
pub const MAX_BLOCK: usize = 65_464;
/// The longest request (RFC 2347).
pub const MAX_REQUEST: usize = 512;

/// The operations, the first two bytes of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opcode {
    /// 1: read request.
    Rrq,
    /// 2: write request. The book's server has none.
    Wrq,
    /// 3: a block.
    Data,
    /// 4: a block has arrived.
    Ack,
    /// 5: the transfer is over.
    Error,
    /// 6: the options that are accepted.
    Oack,
}

impl TryFrom<u16> for Opcode {
    type Error = PacketError;

    /// # Errors
    /// [`PacketError::UnknownOpcode`] with the number.
    fn try_from(number: u16) -> Result<Opcode, PacketError> {
        match number {
            1 => Ok(Opcode::Rrq),
            2 => Ok(Opcode::Wrq),
            3 => Ok(Opcode::Data),
            4 => Ok(Opcode::Ack),
            5 => Ok(Opcode::Error),
            6 => Ok(Opcode::Oack),
            other => Err(PacketError::UnknownOpcode(other)),
        }
    }
}

/// How a file's bytes go over the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// As they are.
    Octet,
    /// As text with CR LF at the ends of lines.
    Netascii,
}

impl Mode {
    /// The word in a request.
    pub fn word(self) -> &'static [u8] {
        match self {
            Mode::Octet => b"octet",
            Mode::Netascii => b"netascii",
        }
    }
}

/// One option as it stands in a packet: name and value.
pub type Pair = (Vec<u8>, Vec<u8>);

/// What RRQ and WRQ say.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Request {
    /// The file's name.
    pub name: Vec<u8>,
    /// The mode as the client spelled it. Empty in a request of ours means octet.
    pub mode: Vec<u8>,
    /// The options, known or not, in their order.
    pub options: Vec<Pair>,
}

impl Request {
    /// A request without options.
    pub fn new(name: &[u8], mode: Mode) -> Request {
        Request { name: name.to_vec(), mode: mode.word().to_vec(), options: Vec::new() }
    }

    /// The mode; upper and lower case are the same.
    ///
    /// # Errors
    /// [`PacketError::UnsupportedMode`] for every other word.
    pub fn transfer_mode(&self) -> Result<Mode, PacketError> {
        for mode in [Mode::Octet, Mode::Netascii] {
            if self.mode.eq_ignore_ascii_case(mode.word()) {
                return Ok(mode);
            }
        }
        Err(PacketError::UnsupportedMode(self.mode.clone()))
    }
}

/// A packet. A block stays where it is in the datagram.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Packet<'a> {
    /// The client wants a file.
    Rrq(Request),
    /// The client has a file for us.
    Wrq(Request),
    /// A part of the file. One shorter than the block size is the last.
    Data {
        /// Its number, from 1; behind 65,535 comes 0.
        block: u16,
        /// Its bytes.
        payload: &'a [u8],
    },
    /// All blocks up to this one have arrived.
    Ack {
        /// Its number.
        block: u16,
    },
    /// The transfer is over.
    Error {
        /// Why, in a number.
        code: ErrorCode,
        /// Why, in words.
        message: Vec<u8>,
    },
    /// The options the server accepts.
    Oack(Vec<Pair>),
}

// --- bytes to packets -------------------------------------------------------------------------------------------------

impl<'a> Packet<'a> {
    /// The packet in `datagram`. Bytes behind an ACK or an ERROR are ignored, as everybody does.
    ///
    /// # Errors
    /// Every variant of [`PacketError`] but [`PacketError::NulInside`] and [`PacketError::UnsupportedMode`].
    pub fn decode(datagram: &'a [u8]) -> Result<Packet<'a>, PacketError> {
        Packet::decode_within(datagram, MAX_BLOCK)
    }

    /// The packet in `datagram`, where a block may have at most `largest_block` bytes. The book's 516-byte limit is
    /// `decode_within(datagram, DEFAULT_BLOCK)`.
    ///
    /// # Errors
    /// As [`Packet::decode`].
    pub fn decode_within(datagram: &'a [u8], largest_block: usize) -> Result<Packet<'a>, PacketError> {
        let mut reader = Reader::new(datagram);
        match Opcode::try_from(reader.u16()?)? {
            Opcode::Rrq => Ok(Packet::Rrq(decode_request(reader, datagram.len())?)),
            Opcode::Wrq => Ok(Packet::Wrq(decode_request(reader, datagram.len())?)),
            Opcode::Data => decode_data(reader, largest_block),
            Opcode::Ack => Ok(Packet::Ack { block: reader.u16()? }),
            Opcode::Error => {
                let code = ErrorCode::from(reader.u16()?);
                Ok(Packet::Error { code, message: text(&mut reader, "message")?.to_vec() })
            }
            Opcode::Oack => Ok(Packet::Oack(decode_options(reader)?)),
        }
    }
}

fn decode_data(mut reader: Reader<'_>, largest_block: usize) -> Result<Packet<'_>, PacketError> {
    let block = reader.u16()?;
    let payload = reader.rest();
    if payload.len() > largest_block {
        return Err(PacketError::BlockTooLong { length: payload.len(), most: largest_block });
    }
    Ok(Packet::Data { block, payload })
}

fn decode_request(mut reader: Reader<'_>, length: usize) -> Result<Request, PacketError> {
    if length > MAX_REQUEST {
        return Err(PacketError::RequestTooLong(length));
    }
    let name = text(&mut reader, "file name")?.to_vec();
    if name.is_empty() {
        return Err(PacketError::EmptyName);
    }
    let mode = text(&mut reader, "mode")?.to_vec();
    if mode.is_empty() {
        return Err(PacketError::EmptyMode);
    }
    Ok(Request { name, mode, options: decode_options(reader)? })
}

fn decode_options(mut reader: Reader<'_>) -> Result<Vec<Pair>, PacketError> {
    let mut options: Vec<Pair> = Vec::new();
    while !reader.is_empty() {
        let name = text(&mut reader, "option")?.to_vec();
        if reader.is_empty() {
            return Err(PacketError::OptionWithoutValue(name));
        }
        let value = text(&mut reader, "option's value")?.to_vec();
        if options.iter().any(|(known, _)| known.eq_ignore_ascii_case(&name)) {
            return Err(PacketError::OptionTwice(name));
        }
        options.push((name, value));
    }
    Ok(options)
}

/// The bytes up to the next NUL, which is taken too.
fn text<'a>(reader: &mut Reader<'a>, what: &'static str) -> Result<&'a [u8], PacketError> {
    let left = reader.clone().rest();
    let Some(length) = left.iter().position(|byte| *byte == 0) else {
        return Err(PacketError::NoNul(what));
    };
    reader.take(length + 1)?;
    Ok(&left[..length])
}

// --- packets to bytes -------------------------------------------------------------------------------------------------

impl Packet<'_> {
    /// The packet's bytes.
    ///
    /// # Errors
    /// [`PacketError::NulInside`], [`PacketError::EmptyName`], [`PacketError::RequestTooLong`] and
    /// [`PacketError::BlockTooLong`] for what a peer could not read.
    pub fn encode(&self) -> Result<Vec<u8>, PacketError> {
        let mut out = Vec::new();
        match self {
            Packet::Rrq(request) => put_request(&mut out, 1, request)?,
            Packet::Wrq(request) => put_request(&mut out, 2, request)?,
            Packet::Data { payload, .. } if payload.len() > MAX_BLOCK => {
                return Err(PacketError::BlockTooLong { length: payload.len(), most: MAX_BLOCK });
            }
            Packet::Data { block, payload } => {
                out.extend_from_slice(&data_header(*block));
                out.extend_from_slice(payload);
            }
            Packet::Ack { block } => {
                put_u16(&mut out, 4);
                put_u16(&mut out, *block);
            }
            Packet::Error { code, message } => {
                put_u16(&mut out, 5);
                put_u16(&mut out, u16::from(*code));
                put_text(&mut out, message, "message")?;
            }
            Packet::Oack(options) => {
                put_u16(&mut out, 6);
                put_options(&mut out, options)?;
            }
        }
        Ok(out)
    }
}

/// The four bytes before a block.
pub fn data_header(block: u16) -> [u8; DATA_HEADER] {
    let [high, low] = block.to_be_bytes();
    [0, 3, high, low]
}

fn put_request(out: &mut Vec<u8>, opcode: u16, request: &Request) -> Result<(), PacketError> {
    if request.name.is_empty() {
        return Err(PacketError::EmptyName);
    }
    let mode = if request.mode.is_empty() { Mode::Octet.word() } else { &request.mode };
    put_u16(out, opcode);
    put_text(out, &request.name, "file name")?;
    put_text(out, mode, "mode")?;
    put_options(out, &request.options)?;
    if out.len() > MAX_REQUEST {
        return Err(PacketError::RequestTooLong(out.len()));
    }
    Ok(())
}

fn put_options(out: &mut Vec<u8>, options: &[Pair]) -> Result<(), PacketError> {
    for (name, value) in options {
        put_text(out, name, "option")?;
        put_text(out, value, "option's value")?;
    }
    Ok(())
}

fn put_text(out: &mut Vec<u8>, text: &[u8], what: &'static str) -> Result<(), PacketError> {
    if text.contains(&0) {
        return Err(PacketError::NulInside(what));
    }
    out.extend_from_slice(text);
    out.push(0);
    Ok(())
}

/// A DATA packet with the next `block_size` bytes of `source`, fewer only at its end. A source may give less than asked
/// for, or be interrupted, as often as it likes: a short read is not the end of the file.
///
/// # Errors
/// The source's, but for [`ErrorKind::Interrupted`].
pub fn read_data(source: &mut dyn Read, block: u16, block_size: usize) -> io::Result<Vec<u8>> {
    let mut packet = vec![0; DATA_HEADER + block_size];
    packet[..DATA_HEADER].copy_from_slice(&data_header(block));
    let mut filled = DATA_HEADER;
    while filled < packet.len() {
        match source.read(&mut packet[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    packet.truncate(filled);
    Ok(packet)
}
