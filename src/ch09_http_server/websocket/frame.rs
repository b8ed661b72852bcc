//! Frames: what a WebSocket's messages are cut into (RFC 6455, 5.2).
//!
//! ```text
//!  0               1               2               3
//!  7 6 5 4 3 2 1 0 7 6 5 4 3 2 1 0
//! +-+-+-+-+-------+-+-------------+-------------------------------+
//! |F|R|R|R|       |M|             | 126: 2 bytes of length        |
//! |I|S|S|S|opcode |A|   length    | 127: 8 bytes of length        |
//! |N|V|V|V|       |S|   0 – 125   |                               |
//! | |1|2|3|       |K|             | then, if MASK, 4 bytes of key |
//! +-+-+-+-+-------+-+-------------+-------------------------------+
//! | payload, each byte XORed with the key's byte at its place mod 4 |
//! ```
//! A client masks what it sends, with a key nobody can foresee. The mask hides nothing from anybody: it keeps a page's script from
//! choosing the bytes on the wire, which some proxy might take for a request of its own (RFC 6455, 10.3).

use super::error::Violation;
use crate::base::wire;

/// Bytes of payload a control frame may have.
pub const MOST_CONTROL: usize = 125;

/// Bytes of a head at most: two, eight of length, four of key.
pub const MOST_HEAD: usize = 14;

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opcode {
    /// 0: more of the message that has begun.
    Continuation,
    /// 1: the first, or only, frame of a message of text.
    Text,
    /// 2: the first, or only, frame of a message of bytes.
    Binary,
    /// 8: the last frame of this side.
    Close,
    /// 9: to be answered with the same payload.
    Ping,
    /// 10: the answer.
    Pong,
}

impl Opcode {
    /// The number on the wire.
    pub fn code(self) -> u8 {
        match self {
            Opcode::Continuation => 0,
            Opcode::Text => 1,
            Opcode::Binary => 2,
            Opcode::Close => 8,
            Opcode::Ping => 9,
            Opcode::Pong => 10,
        }
    }

    /// The opcode with this number; the other ten are reserved.
    pub fn of(code: u8) -> Option<Opcode> {
        let known =
            [Opcode::Continuation, Opcode::Text, Opcode::Binary, Opcode::Close, Opcode::Ping, Opcode::Pong];
        known.into_iter().find(|opcode| opcode.code() == code)
    }

    /// Close, ping and pong, which may stand between the frames of a message.
    pub fn is_control(self) -> bool {
        self.code() >= 8
    }
}

/// Which end somebody is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Who asked for the connection. It masks.
    Client,
    /// Who was asked. It does not.
    Server,
}

impl Role {
    /// The other end.
    pub fn peer(self) -> Role {
        match self {
            Role::Client => Role::Server,
            Role::Server => Role::Client,
        }
    }
}

/// What stands before a frame's payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Whether the message ends with this frame.
    pub fin: bool,
    /// What it is.
    pub opcode: Opcode,
    /// The key of the mask.
    pub mask: Option<[u8; 4]>,
    /// Bytes of payload.
    pub length: u64,
}

impl Head {
    /// Appends the head, its length in the shortest form.
    pub fn encode(&self, out: &mut Vec<u8>) {
        wire::put_u8(out, u8::from(self.fin) << 7 | self.opcode.code());
        let masked = u8::from(self.mask.is_some()) << 7;
        match self.length {
            0..=125 => wire::put_u8(out, masked | self.length as u8),
            126..=0xffff => {
                wire::put_u8(out, masked | 126);
                wire::put_u16(out, self.length as u16);
            }
            _ => {
                wire::put_u8(out, masked | 127);
                wire::put_u64(out, self.length);
            }
        }
        if let Some(key) = self.mask {
            out.extend_from_slice(&key);
        }
    }

    /// The head at the beginning of `bytes`, from a sender in the role `from`, and how many bytes it took. `None`: it goes on
    /// after them. What can be judged by the first byte is judged by the first byte.
    ///
    /// # Errors
    /// Any [`Violation`] a head can be.
    pub fn decode(bytes: &[u8], from: Role) -> Result<Option<(Head, usize)>, Violation> {
        let Some(first) = bytes.first() else { return Ok(None) };
        let (fin, opcode) = first_byte(*first)?;
        let Some(second) = bytes.get(1) else { return Ok(None) };
        let masked = second & 0x80 != 0;
        match (from, masked) {
            (Role::Client, false) => return Err(Violation::NotMasked),
            (Role::Server, true) => return Err(Violation::Masked),
            _ => {}
        }
        let short = second & 0x7f;
        if opcode.is_control() && usize::from(short) > MOST_CONTROL {
            return Err(Violation::LongControl { opcode });
        }
        let mut reader = wire::Reader::new(&bytes[2..]);
        let Some(length) = read_length(short, &mut reader)? else { return Ok(None) };
        let mask = if masked {
            let Ok(key) = reader.array::<4>() else { return Ok(None) };
            Some(key)
        } else {
            None
        };
        let head = Head { fin, opcode, mask, length };
        Ok(Some((head, 2 + reader.position())))
    }
}

fn first_byte(byte: u8) -> Result<(bool, Opcode), Violation> {
    if byte & 0x70 != 0 {
        return Err(Violation::ReservedBits { bits: byte >> 4 & 7 });
    }
    let code = byte & 0x0f;
    let opcode = Opcode::of(code).ok_or(Violation::ReservedOpcode { code })?;
    let fin = byte & 0x80 != 0;
    if opcode.is_control() && !fin {
        return Err(Violation::FragmentedControl { opcode });
    }
    Ok((fin, opcode))
}

/// The length that `short` announces, `None` if its bytes have not all come.
fn read_length(short: u8, reader: &mut wire::Reader<'_>) -> Result<Option<u64>, Violation> {
    let (length, least) = match short {
        126 => (reader.u16().ok().map(u64::from), 126),
        127 => (reader.u64().ok(), 0x1_0000),
        short => (Some(u64::from(short)), 0),
    };
    let Some(length) = length else { return Ok(None) };
    if length >> 63 != 0 {
        return Err(Violation::LengthTopBit { length });
    }
    if length < least {
        return Err(Violation::LongLength { length });
    }
    Ok(Some(length))
}

/// Masks or unmasks: both are the same. `place` is where in the frame's payload `bytes` begin.
pub fn mask(bytes: &mut [u8], key: [u8; 4], place: u64) {
    let mut turned = key;
    turned.rotate_left((place % 4) as usize);
    let mut chunks = bytes.chunks_exact_mut(4);
    for chunk in &mut chunks {
        for (byte, key) in chunk.iter_mut().zip(turned) {
            *byte ^= key;
        }
    }
    for (byte, key) in chunks.into_remainder().iter_mut().zip(turned) {
        *byte ^= key;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(bytes: &[u8], from: Role) -> (Head, usize) {
        Head::decode(bytes, from).unwrap().unwrap()
    }

    #[test]
    fn a_frame_byte_by_byte_is_what_its_comments_say() {
        #[rustfmt::skip]
        let bytes = [
            0x81,                   // the last frame of its message; opcode 1, text
            0x85,                   // masked; 5 bytes of payload
            0x37, 0xfa, 0x21, 0x3d, // the key
            0x7f, 0x9f, 0x4d, 0x51, 0x58, // "Hello" XORed with it (RFC 6455, 5.7)
        ];
        let (head, length) = decoded(&bytes, Role::Client);
        let key = [0x37, 0xfa, 0x21, 0x3d];
        assert_eq!(head, Head { fin: true, opcode: Opcode::Text, mask: Some(key), length: 5 });
        let mut payload = bytes[length..].to_vec();
        mask(&mut payload, key, 0);
        assert_eq!(payload, b"Hello");
        let mut again = Vec::new();
        head.encode(&mut again);
        assert_eq!(again, bytes[..length]);
    }

    #[test]
    fn the_heads_of_rfc_6455_5_7_come_out() {
        let examples: [(&[u8], bool, Opcode, u64); 6] = [
            (&[0x81, 0x05], true, Opcode::Text, 5),
            (&[0x01, 0x03], false, Opcode::Text, 3),
            (&[0x80, 0x02], true, Opcode::Continuation, 2),
            (&[0x89, 0x05], true, Opcode::Ping, 5),
            (&[0x82, 0x7e, 0x01, 0x00], true, Opcode::Binary, 256),
            (&[0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0], true, Opcode::Binary, 65_536),
        ];
        for (bytes, fin, opcode, length) in examples {
            let head = Head { fin, opcode, mask: None, length };
            assert_eq!(decoded(bytes, Role::Server), (head, bytes.len()));
            let mut out = Vec::new();
            head.encode(&mut out);
            assert_eq!(out, bytes);
        }
    }

    #[test]
    fn every_length_comes_back_and_a_head_cut_short_is_no_head_yet() {
        for length in [0, 1, 125, 126, 127, 65_535, 65_536, (1 << 63) - 1] {
            for (mask, from) in [(None, Role::Server), (Some([1, 2, 3, 4]), Role::Client)] {
                let head = Head { fin: false, opcode: Opcode::Binary, mask, length };
                let mut bytes = Vec::new();
                head.encode(&mut bytes);
                assert_eq!(decoded(&bytes, from), (head, bytes.len()));
                assert!(bytes.len() <= MOST_HEAD);
                for cut in 0..bytes.len() {
                    assert_eq!(Head::decode(&bytes[..cut], from), Ok(None));
                }
            }
        }
    }

    #[test]
    fn what_no_head_may_be_is_found_as_early_as_it_can_be() {
        let cases: [(&[u8], Violation); 10] = [
            (&[0xc1], Violation::ReservedBits { bits: 4 }),
            (&[0x91], Violation::ReservedBits { bits: 1 }),
            (&[0x83], Violation::ReservedOpcode { code: 3 }),
            (&[0x0f], Violation::ReservedOpcode { code: 15 }),
            (&[0x09], Violation::FragmentedControl { opcode: Opcode::Ping }),
            (&[0x81, 0x85], Violation::Masked),
            (&[0x88, 126], Violation::LongControl { opcode: Opcode::Close }),
            (&[0x82, 126, 0, 125], Violation::LongLength { length: 125 }),
            (&[0x82, 127, 0, 0, 0, 0, 0, 0, 0xff, 0xff], Violation::LongLength { length: 65_535 }),
            (&[0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 0], Violation::LengthTopBit { length: 1 << 63 }),
        ];
        for (bytes, violation) in cases {
            assert_eq!(Head::decode(bytes, Role::Server), Err(violation), "{bytes:02x?}");
            if let Some((_, before)) = bytes.split_last() {
                assert_eq!(Head::decode(before, Role::Server), Ok(None), "{bytes:02x?}");
            }
        }
        assert_eq!(Head::decode(&[0x81, 0x05], Role::Client), Err(Violation::NotMasked));
    }

    #[test]
    fn a_payload_may_be_unmasked_in_pieces() {
        let plain: Vec<u8> = (0..100).collect();
        let key = [0xde, 0xad, 0xbe, 0xef];
        let mut whole = plain.clone();
        mask(&mut whole, key, 0);
        for cut in 0..=plain.len() {
            let mut pieces = whole.clone();
            let (first, second) = pieces.split_at_mut(cut);
            mask(first, key, 0);
            mask(second, key, cut as u64);
            assert_eq!(pieces, plain, "cut at {cut}");
        }
    }
}
