//! An Ethernet frame: a header with hardware addresses in front of the packet, and a footer that tells whether it is whole.
//!
//! ```text
//!  0            6            12     14                        46..1500 bytes          4
//!  +------------+------------+------+------------------------------------------------+------+
//!  |destination |source      |type  | packet, padded with zeros to 46 bytes          | FCS  |
//!  +------------+------------+------+------------------------------------------------+------+
//! ```
//!
//! The FCS is the CRC-32 of everything before it, its lowest byte first. A frame that fails the check is dropped and nobody
//! is told: bit errors on a cable are rare, and TCP notices what is missing. Radio loses much more, so Wi-Fi resends by
//! itself ([`channel`](super::channel) shows both).
//!
//! The padding is not marked: who reads the packet must know from the packet how long it is.
//!
//! Book: "The Hierarchical Layers of the OSI Reference Model", layer 2; Figure 1-10. Left out: the preamble, VLAN tags,
//! and IEEE 802.3 frames, which have a length where ours have a type.

use std::fmt;

use super::checksum;
use super::field::Field;
use crate::base::wire::{Reader, WireError, put_u16, put_u32_le};

/// Bytes before the packet.
pub const HEADER: usize = 14;
/// Bytes after it.
pub const FCS: usize = 4;
/// The longest packet a frame carries (IEEE 802.3); jumbo frames are no standard.
pub const MTU: usize = 1500;
/// The shortest payload. On the shared cables of the beginning a shorter frame could be over before its sender noticed
/// that another had begun as well.
pub const SHORTEST_PAYLOAD: usize = 46;
/// EtherType of an IPv4 packet.
pub const IPV4: u16 = 0x0800;
/// Below it the field is a length (IEEE 802.3), not a type.
const FIRST_TYPE: u16 = 0x0600;

/// A hardware address. It means something on its own link only. What its bits say and how it is read from text:
/// `ch02_addresses::mac`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mac(pub [u8; 6]);

impl Mac {
    /// Every station of the link.
    pub const BROADCAST: Mac = Mac([0xff; 6]);

    /// The address that comes next.
    ///
    /// # Errors
    /// [`WireError::EndedInside`] if there are fewer than six bytes.
    pub fn read(reader: &mut Reader<'_>) -> Result<Mac, WireError> {
        Ok(Mac(reader.array()?))
    }

    /// Whether it names a group: multicast, or everybody. It is the lowest bit of the first byte, which goes over the cable
    /// first.
    pub fn is_group(self) -> bool {
        self.0[0] & 0x01 != 0
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

/// A frame. The payload of one that was decoded still has its padding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Whom it is for.
    pub destination: Mac,
    /// Who sent it.
    pub source: Mac,
    /// What the payload is: [`IPV4`].
    pub ether_type: u16,
    /// The packet.
    pub payload: Vec<u8>,
}

/// Why bytes are no frame, or a packet does not go into one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EthernetError {
    /// Fewer bytes than the shortest frame has.
    TooShort(usize),
    /// More than the longest has, or a packet longer than [`MTU`].
    TooLong(usize),
    /// The footer does not fit the bytes before it.
    Damaged {
        /// The FCS that came.
        came: u32,
        /// The CRC-32 of the bytes.
        computed: u32,
    },
    /// The type is a length: an IEEE 802.3 frame.
    NotAType(u16),
}

impl fmt::Display for EthernetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EthernetError::TooShort(length) => {
                write!(f, "{length} bytes came; the shortest frame has {}", HEADER + SHORTEST_PAYLOAD + FCS)
            }
            EthernetError::TooLong(length) => {
                write!(f, "a payload of {length} bytes; a frame carries at most {MTU}")
            }
            EthernetError::Damaged { came, computed } => {
                write!(
                    f,
                    "the frame ends in FCS {came:08x}, but its bytes give {computed:08x}: it was damaged"
                )
            }
            EthernetError::NotAType(value) => {
                write!(
                    f,
                    "the type field says {value:#06x}, which is a length; we take types from {FIRST_TYPE:#06x}"
                )
            }
        }
    }
}

impl std::error::Error for EthernetError {}

impl Frame {
    /// The frame's bytes: header, payload padded to [`SHORTEST_PAYLOAD`], FCS.
    ///
    /// # Errors
    /// [`EthernetError::TooLong`] for a payload of more than [`MTU`] bytes, [`EthernetError::NotAType`] for a type that
    /// would be read as a length.
    pub fn encode(&self) -> Result<Vec<u8>, EthernetError> {
        if self.payload.len() > MTU {
            return Err(EthernetError::TooLong(self.payload.len()));
        }
        if self.ether_type < FIRST_TYPE {
            return Err(EthernetError::NotAType(self.ether_type));
        }
        let mut bytes = Vec::with_capacity(HEADER + MTU + FCS);
        bytes.extend_from_slice(&self.destination.0);
        bytes.extend_from_slice(&self.source.0);
        put_u16(&mut bytes, self.ether_type);
        bytes.extend_from_slice(&self.payload);
        while bytes.len() < HEADER + SHORTEST_PAYLOAD {
            bytes.push(0);
        }
        let fcs = checksum::crc32(&bytes);
        put_u32_le(&mut bytes, fcs);
        Ok(bytes)
    }

    /// Reads a frame and checks its FCS. The payload keeps its padding: only the packet knows its length.
    ///
    /// # Errors
    /// An [`EthernetError`] that says what is wrong. A receiver drops such a frame silently.
    pub fn decode(bytes: &[u8]) -> Result<Frame, EthernetError> {
        let payload = bytes.len().checked_sub(HEADER + FCS);
        let Some(payload) = payload.filter(|payload| *payload >= SHORTEST_PAYLOAD) else {
            return Err(EthernetError::TooShort(bytes.len()));
        };
        if payload > MTU {
            return Err(EthernetError::TooLong(payload));
        }
        let too_short = |_: WireError| EthernetError::TooShort(bytes.len());
        let mut reader = Reader::new(bytes);
        let covered = checksum::crc32(&bytes[..HEADER + payload]);
        let destination = Mac::read(&mut reader).map_err(too_short)?;
        let source = Mac::read(&mut reader).map_err(too_short)?;
        let ether_type = reader.u16().map_err(too_short)?;
        let payload = reader.take(payload).map_err(too_short)?.to_vec();
        let fcs = reader.u32_le().map_err(too_short)?;
        // Before the type is believed: in a damaged frame it may be anything.
        if fcs != covered {
            return Err(EthernetError::Damaged { came: fcs, computed: covered });
        }
        if ether_type < FIRST_TYPE {
            return Err(EthernetError::NotAType(ether_type));
        }
        Ok(Frame { destination, source, ether_type, payload })
    }

    /// The header's fields.
    pub fn fields(&self) -> Vec<Field> {
        let kind = if self.ether_type == IPV4 { " (IPv4)" } else { "" };
        vec![
            Field::new("destination", 0..6, self.destination.to_string()),
            Field::new("source", 6..12, self.source.to_string()),
            Field::new("type", 12..14, format!("{:#06x}{kind}", self.ether_type)),
        ]
    }
}

// --- layer 1 ------------------------------------------------------------------------------------------------------------

/// The bytes as the bits that go over the cable: of each byte the lowest first.
pub fn to_bits(bytes: &[u8]) -> Vec<bool> {
    let mut bits = Vec::with_capacity(bytes.len() * 8);
    for byte in bytes {
        for place in 0..8 {
            bits.push(byte >> place & 1 == 1);
        }
    }
    bits
}

/// The bytes that such bits mean. Bits that do not fill a byte are left out: the frame was cut short.
pub fn from_bits(bits: &[bool]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(bits.len() / 8);
    for eight in bits.chunks_exact(8) {
        let mut byte = 0;
        for (place, bit) in eight.iter().enumerate() {
            byte |= u8::from(*bit) << place;
        }
        bytes.push(byte);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::random::Seeded;

    fn frame(payload: &[u8]) -> Frame {
        Frame {
            destination: Mac([0, 0, 0x5e, 0, 0x53, 2]),
            source: Mac([0, 0, 0x5e, 0, 0x53, 1]),
            ether_type: IPV4,
            payload: payload.to_vec(),
        }
    }

    #[test]
    fn a_frame_is_eighteen_bytes_around_its_packet_and_comes_back_the_same() {
        let sent = frame(&[7; 100]);
        let bytes = sent.encode().unwrap();
        assert_eq!(bytes.len(), HEADER + 100 + FCS);
        assert_eq!(Frame::decode(&bytes), Ok(sent));
    }

    #[test]
    fn a_short_packet_is_padded_and_the_padding_is_part_of_the_payload() {
        let bytes = frame(b"ack").encode().unwrap();
        assert_eq!(bytes.len(), 64, "the shortest frame");
        let back = Frame::decode(&bytes).unwrap();
        assert_eq!((&back.payload[..3], back.payload.len()), (&b"ack"[..], SHORTEST_PAYLOAD));
    }

    #[test]
    fn the_crc_over_a_whole_frame_is_always_the_same_number() {
        // Which is how hardware checks: it need not know where the footer begins.
        for length in [0, 46, 47, 1500] {
            let bytes = frame(&vec![0xa5; length]).encode().unwrap();
            assert_eq!(checksum::crc32(&bytes), 0x2144_df1c);
        }
    }

    #[test]
    fn what_is_too_long_or_too_short_is_refused() {
        assert_eq!(frame(&[0; MTU + 1]).encode(), Err(EthernetError::TooLong(MTU + 1)));
        let bytes = frame(b"ack").encode().unwrap();
        for length in 0..bytes.len() {
            assert_eq!(Frame::decode(&bytes[..length]), Err(EthernetError::TooShort(length)));
        }
        assert_eq!(Frame::decode(&[0; 5000]), Err(EthernetError::TooLong(5000 - HEADER - FCS)));
    }

    #[test]
    fn a_length_where_the_type_stands_is_named() {
        let mut odd = frame(&[1; 46]);
        odd.ether_type = 46;
        assert_eq!(odd.encode(), Err(EthernetError::NotAType(46)));
        odd.ether_type = IPV4;
        let mut bytes = odd.encode().unwrap();
        bytes[12..14].copy_from_slice(&[0, 46]);
        let fcs = checksum::crc32(&bytes[..60]).to_le_bytes();
        bytes[60..].copy_from_slice(&fcs);
        assert_eq!(Frame::decode(&bytes), Err(EthernetError::NotAType(46)));
    }

    #[test]
    fn truncated_and_random_bytes_are_errors() {
        let bytes = frame(&[3; 200]).encode().unwrap();
        for length in 0..bytes.len() {
            assert!(Frame::decode(&bytes[..length]).is_err(), "{length}");
        }
        let mut random = Seeded::new(1);
        for _ in 0..2_000 {
            let mut noise = vec![0; random.below(1600) as usize];
            random.fill(&mut noise);
            assert!(Frame::decode(&noise).is_err());
        }
    }

    #[test]
    fn bits_go_lowest_first_and_come_back() {
        assert_eq!(to_bits(&[0b0000_0101])[..3], [true, false, true]);
        let bytes = frame(b"bits").encode().unwrap();
        assert_eq!(from_bits(&to_bits(&bytes)), bytes);
        assert_eq!(from_bits(&[true; 15]), [0xff]);
    }
}
