//! IPv4 fragments: a packet too large for a link travels in pieces, and the receiver puts them together (RFC 791, 3.2).
//!
//! ```text
//! 4000 bytes over an MTU of 1500, 20 of which are header:
//!
//!   offset   0 x 8   more fragments   1480 bytes
//!   offset 185 x 8   more fragments   1480 bytes
//!   offset 370 x 8   the last         1040 bytes
//! ```
//!
//! The offset field has 13 bits for 16-bit lengths, so it counts in units of 8, and every piece but the last is a
//! multiple of 8 long. IP is best effort: nobody resends a fragment, and one missing piece is the whole packet lost.
//!
//! Pieces that overlap are refused, and with them the packet, as RFC 5722 has it for IPv6: with overlaps a firewall can
//! be shown one packet and the receiver another, and "teardrop" (1997) crashed systems that computed with them. An
//! exact repetition is no overlap; networks do repeat packets.
//!
//! Left out: the rest of the header, the timer that gives up on a packet (RFC 1122 wants 60 to 120 s), and "don't
//! fragment", for which chapter 5 has a use.

use std::fmt;

use crate::ch01_networks::ipv4_header::{HEADER, MAX_PACKET};

/// The unit of offsets.
pub const UNIT: usize = 8;
/// The most payload a packet carries. It bounds what a reassembly can make us keep, too.
pub const MAX_PAYLOAD: usize = MAX_PACKET - HEADER;
/// The smallest MTU a link may have (RFC 791): the largest header, 60 bytes, and one unit.
pub const SMALLEST_MTU: usize = 68;

/// A piece of a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fragment {
    /// The packet it belongs to.
    pub id: u16,
    /// Where in the payload it begins, in units of 8 bytes.
    pub offset: u16,
    /// The MF flag: others follow behind it.
    pub more: bool,
    /// The piece.
    pub bytes: Vec<u8>,
}

impl fmt::Display for Fragment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let more = if self.more { "more fragments" } else { "the last" };
        write!(f, "packet {} offset {}x8 {more}, {} bytes", self.id, self.offset, self.bytes.len())
    }
}

/// Why a payload cannot be split, or a fragment not be taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FragmentError {
    /// The link is narrower than IPv4 allows.
    MtuTooSmall(usize),
    /// The payload is longer than a packet can say.
    TooLong(usize),
    /// A fragment of another packet.
    OtherPacket {
        /// The packet being put together.
        wanted: u16,
        /// The fragment's packet.
        got: u16,
    },
    /// A piece with others behind it is empty, or not a multiple of 8 long.
    NotInUnits(usize),
    /// A piece reaches over another, or says otherwise about the same bytes. The packet is given up.
    Overlap {
        /// Where in the payload the offending piece begins, in bytes.
        at: usize,
    },
    /// A piece lies behind the end that the last piece named, or a second last piece names another end.
    BeyondEnd {
        /// The end in bytes.
        end: usize,
    },
    /// The packet was given up before.
    GivenUp,
}

impl fmt::Display for FragmentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FragmentError::MtuTooSmall(mtu) => {
                write!(f, "the link takes {mtu} bytes; IPv4 needs {SMALLEST_MTU}")
            }
            FragmentError::TooLong(length) => {
                write!(f, "{length} bytes; a packet carries at most {MAX_PAYLOAD}")
            }
            FragmentError::OtherPacket { wanted, got } => {
                write!(f, "a fragment of packet {got} came; this is packet {wanted}")
            }
            FragmentError::NotInUnits(length) => {
                write!(
                    f,
                    "a fragment of {length} bytes says others follow; it must be a multiple of {UNIT} long"
                )
            }
            FragmentError::Overlap { at } => write!(f, "the fragment at byte {at} overlaps another"),
            FragmentError::BeyondEnd { end } => {
                write!(f, "a fragment disagrees with the packet's end at byte {end}")
            }
            FragmentError::GivenUp => write!(f, "the packet was given up after an earlier fragment"),
        }
    }
}

impl std::error::Error for FragmentError {}

/// Splits `payload` for a link that carries packets of up to `mtu` bytes, header included.
///
/// # Errors
///
/// [`FragmentError::MtuTooSmall`] and [`FragmentError::TooLong`].
pub fn split(id: u16, payload: &[u8], mtu: usize) -> Result<Vec<Fragment>, FragmentError> {
    if mtu < SMALLEST_MTU {
        return Err(FragmentError::MtuTooSmall(mtu));
    }
    if payload.len() > MAX_PAYLOAD {
        return Err(FragmentError::TooLong(payload.len()));
    }
    let room = mtu - HEADER;
    if payload.len() <= room {
        return Ok(vec![Fragment { id, offset: 0, more: false, bytes: payload.to_vec() }]);
    }
    let piece = room / UNIT * UNIT;
    let mut fragments = Vec::new();
    let mut start = 0;
    while start < payload.len() {
        let end = payload.len().min(start + piece);
        let offset = (start / UNIT) as u16; // at most 65,515 / 8, which has 13 bits
        fragments.push(Fragment {
            id,
            offset,
            more: end < payload.len(),
            bytes: payload[start..end].to_vec(),
        });
        start = end;
    }
    Ok(fragments)
}

/// One packet being put together.
#[derive(Clone, Debug)]
pub struct Reassembly {
    id: u16,
    pieces: Vec<(usize, Vec<u8>)>, // by where they begin; apart from one another
    end: Option<usize>,
    given_up: bool,
}

impl Reassembly {
    /// Waits for the pieces of packet `id`.
    pub fn new(id: u16) -> Reassembly {
        Reassembly { id, pieces: Vec::new(), end: None, given_up: false }
    }

    /// Takes a piece, in any order. `Some`: it was the last one missing, and this is the payload.
    ///
    /// # Errors
    ///
    /// Every [`FragmentError`] that a fragment can earn. After [`FragmentError::Overlap`] and
    /// [`FragmentError::BeyondEnd`] the packet is given up: which of the two pieces is the honest one cannot be told.
    pub fn add(&mut self, fragment: Fragment) -> Result<Option<Vec<u8>>, FragmentError> {
        let (start, end) = self.check(&fragment)?;
        if self.pieces.iter().any(|(at, bytes)| *at == start && *bytes == fragment.bytes) {
            return Ok(None); // the same again, and the ends agree
        }
        let overlaps = |(at, bytes): &(usize, Vec<u8>)| start < *at + bytes.len() && *at < end;
        if self.pieces.iter().any(overlaps) {
            return self.give_up(FragmentError::Overlap { at: start });
        }
        let place = self.pieces.partition_point(|(at, _)| *at < start);
        self.pieces.insert(place, (start, fragment.bytes));
        Ok(self.whole())
    }

    /// What can be said of a fragment by itself, and of its end. Gives its bytes' place in the payload.
    fn check(&mut self, fragment: &Fragment) -> Result<(usize, usize), FragmentError> {
        if self.given_up {
            return Err(FragmentError::GivenUp);
        }
        if fragment.id != self.id {
            return Err(FragmentError::OtherPacket { wanted: self.id, got: fragment.id });
        }
        let length = fragment.bytes.len();
        if fragment.more && (length == 0 || length % UNIT != 0) {
            return Err(FragmentError::NotInUnits(length));
        }
        let start = usize::from(fragment.offset) * UNIT;
        let end = start + length;
        if end > MAX_PAYLOAD {
            // The "ping of death" (1996): a last piece that reaches over the end of the largest buffer.
            return Err(FragmentError::TooLong(end));
        }
        let known = self.pieces.last().map_or(0, |(at, bytes)| *at + bytes.len());
        let named = self.end.unwrap_or(if fragment.more { MAX_PAYLOAD } else { end });
        let agrees = end <= named && (fragment.more || (end == named && known <= end));
        if !agrees || (fragment.more && self.end == Some(end)) {
            self.give_up::<()>(FragmentError::BeyondEnd { end: named })?;
        }
        if !fragment.more {
            self.end = Some(end);
        }
        Ok((start, end))
    }

    fn give_up<T>(&mut self, error: FragmentError) -> Result<T, FragmentError> {
        self.given_up = true;
        self.pieces = Vec::new();
        Err(error)
    }

    fn whole(&self) -> Option<Vec<u8>> {
        let mut next = 0;
        for (at, bytes) in &self.pieces {
            if *at != next {
                return None;
            }
            next += bytes.len();
        }
        if self.end != Some(next) {
            return None;
        }
        Some(self.pieces.iter().flat_map(|(_, bytes)| bytes).copied().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payload(length: usize) -> Vec<u8> {
        (0..length).map(|i| (i / 7) as u8).collect()
    }

    fn piece(offset: u16, more: bool, bytes: &[u8]) -> Fragment {
        Fragment { id: 1, offset, more, bytes: bytes.to_vec() }
    }

    #[test]
    fn offsets_count_in_eights_and_only_the_last_piece_is_odd() {
        let fragments = split(7, &payload(4000), 1500).unwrap();
        let shape: Vec<(u16, bool, usize)> =
            fragments.iter().map(|f| (f.offset, f.more, f.bytes.len())).collect();
        assert_eq!(shape, [(0, true, 1480), (185, true, 1480), (370, false, 1040)]);
        let narrow = split(7, &payload(4000), 1006).unwrap(); // 986 is no multiple of 8: 984 are used
        assert_eq!((narrow[0].bytes.len(), narrow[1].offset), (984, 123));
        assert_eq!(fragments[2].to_string(), "packet 7 offset 370x8 the last, 1040 bytes");
    }

    #[test]
    fn what_fits_is_not_split() {
        assert_eq!(split(7, &payload(1480), 1500).unwrap().len(), 1);
        assert_eq!(split(7, &payload(1481), 1500).unwrap().len(), 2);
        let empty = split(7, &[], 1500).unwrap();
        assert_eq!(Reassembly::new(7).add(empty[0].clone()), Ok(Some(vec![])));
    }

    #[test]
    fn the_limits_of_a_packet_are_the_limits_of_a_split() {
        assert_eq!(split(7, &[], 67), Err(FragmentError::MtuTooSmall(67)));
        assert_eq!(split(7, &payload(65_516), 1500), Err(FragmentError::TooLong(65_516)));
        let most = payload(MAX_PAYLOAD);
        let mut reassembly = Reassembly::new(7);
        let mut whole = None;
        for fragment in split(7, &most, SMALLEST_MTU).unwrap() {
            assert!(fragment.offset < 1 << 13);
            whole = reassembly.add(fragment).unwrap();
        }
        assert_eq!(whole, Some(most));
    }

    #[test]
    fn every_order_of_arrival_gives_the_packet_with_the_piece_that_completes_it() {
        let sent = payload(4000);
        let pieces = split(7, &sent, 1500).unwrap();
        for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            let mut reassembly = Reassembly::new(7);
            assert_eq!(reassembly.add(pieces[order[0]].clone()), Ok(None));
            assert_eq!(reassembly.add(pieces[order[0]].clone()), Ok(None), "the same again");
            assert_eq!(reassembly.add(pieces[order[1]].clone()), Ok(None));
            assert_eq!(reassembly.add(pieces[order[2]].clone()), Ok(Some(sent.clone())), "{order:?}");
        }
    }

    #[test]
    fn overlapping_pieces_cost_the_packet() {
        let mut teardrop = Reassembly::new(1);
        teardrop.add(piece(0, true, &[1; 16])).unwrap();
        assert_eq!(teardrop.add(piece(1, false, &[2; 4])), Err(FragmentError::BeyondEnd { end: 12 }));
        assert_eq!(teardrop.add(piece(2, false, &[2; 4])), Err(FragmentError::GivenUp));

        let mut rewrite = Reassembly::new(1);
        rewrite.add(piece(0, true, &[1; 16])).unwrap();
        assert_eq!(rewrite.add(piece(1, true, &[2; 16])), Err(FragmentError::Overlap { at: 8 }));

        let mut other_bytes = Reassembly::new(1);
        other_bytes.add(piece(0, true, &[1; 16])).unwrap();
        assert_eq!(other_bytes.add(piece(0, true, &[2; 16])), Err(FragmentError::Overlap { at: 0 }));
    }

    #[test]
    fn an_end_once_named_stands() {
        let mut reassembly = Reassembly::new(1);
        reassembly.add(piece(1, false, &[1; 8])).unwrap();
        assert_eq!(
            reassembly.clone().add(piece(2, true, &[1; 8])),
            Err(FragmentError::BeyondEnd { end: 16 })
        );
        assert_eq!(
            reassembly.clone().add(piece(2, false, &[1; 8])),
            Err(FragmentError::BeyondEnd { end: 16 })
        );
        assert_eq!(
            reassembly.clone().add(piece(1, true, &[1; 8])),
            Err(FragmentError::BeyondEnd { end: 16 })
        );
        assert_eq!(reassembly.add(piece(0, true, &[1; 8])), Ok(Some(vec![1; 16])));
    }

    #[test]
    fn a_fragment_that_cannot_be_is_refused_and_the_packet_lives_on() {
        let mut reassembly = Reassembly::new(1);
        assert_eq!(reassembly.add(piece(0, true, &[1; 9])), Err(FragmentError::NotInUnits(9)));
        assert_eq!(reassembly.add(piece(0, true, &[])), Err(FragmentError::NotInUnits(0)));
        let death = piece(8191, false, &[0; 100]);
        assert_eq!(reassembly.add(death), Err(FragmentError::TooLong(65_628)));
        assert_eq!(reassembly.add(piece(u16::MAX, false, &[])), Err(FragmentError::TooLong(524_280)));
        let other = Fragment { id: 2, ..piece(0, false, &[1]) };
        assert_eq!(reassembly.add(other), Err(FragmentError::OtherPacket { wanted: 1, got: 2 }));
        assert_eq!(reassembly.add(piece(0, false, &[5])), Ok(Some(vec![5])));
    }
}
