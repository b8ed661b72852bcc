//! What travels between two TCPs: a segment. The book says "packet".
//!
//! ```text
//! SYN seq=100 win=65535                       "my first number is 100"
//! SYN+ACK seq=300 ack=101 win=65535           "mine is 300, and I expect your 101"
//! ACK seq=101 ack=301 win=3072 1024 bytes     bytes 101 to 1124, and room for 3072 of yours
//! ```
//!
//! Numbers count bytes, not segments, and live on a circle of 2^32 (RFC 9293, 3.4): after 4,294,967,295 comes 0, so
//! "before" can only mean "less than half the circle behind".
//!
//! Left out: ports, checksum, urgent pointer, PSH, and every option except SACK.

use std::fmt;

/// A byte's place in one direction of a stream, modulo 2^32.
///
/// It has no `Ord`: on a circle `a < b` and `b < c` do not give `a < c`, and a sorted list of these would be wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Seq(pub u32);

/// Half the circle: the farthest one number can be ahead of another.
const HALF: u32 = 1 << 31;

impl Seq {
    /// The number `count` places on.
    pub fn plus(self, count: u32) -> Seq {
        Seq(self.0.wrapping_add(count))
    }

    /// How many places on from `earlier` this number is. Meaningful when `earlier` is not after it.
    pub fn since(self, earlier: Seq) -> u32 {
        self.0.wrapping_sub(earlier.0)
    }

    /// Whether this number comes before `other`: one step up to half a circle behind it.
    pub fn is_before(self, other: Seq) -> bool {
        self != other && other.since(self) < HALF
    }

    /// Whether this number is `other` or comes before it.
    pub fn is_at_or_before(self, other: Seq) -> bool {
        self == other || self.is_before(other)
    }

    /// Whether this number lies in the `length` places that begin at `start`.
    pub fn is_within(self, start: Seq, length: u32) -> bool {
        self.since(start) < length
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// The two nodes. TCP itself knows no roles; the book calls the dialling one the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// The node that dials.
    Client,
    /// The node that listens.
    Server,
}

impl Side {
    /// The party's name in a trace.
    pub fn name(self) -> &'static str {
        match self {
            Side::Client => "client",
            Side::Server => "server",
        }
    }

    /// The node at the other end.
    pub fn other(self) -> Side {
        match self {
            Side::Client => Side::Server,
            Side::Server => Side::Client,
        }
    }
}

/// One segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Who sent it.
    pub from: Side,
    /// The number of its first byte; of the SYN if it has one.
    pub seq: Seq,
    /// The ACK flag and its field: the number the sender expects next. Everything before it has arrived.
    pub ack: Option<Seq>,
    /// Opens this direction; takes one number.
    pub syn: bool,
    /// Closes this direction, after the payload; takes one number.
    pub fin: bool,
    /// Tears the connection down.
    pub rst: bool,
    /// How many bytes beyond `ack` the sender has room for.
    pub window: u16,
    /// Runs that arrived beyond `ack`, each from its first number up to, but not with, its second (RFC 2018).
    pub sack: Vec<(Seq, Seq)>,
    /// The bytes.
    pub payload: Vec<u8>,
}

impl Segment {
    /// A segment with no flag, no acknowledgement and no bytes.
    pub fn new(from: Side, seq: Seq) -> Segment {
        Segment {
            from,
            seq,
            ack: None,
            syn: false,
            fin: false,
            rst: false,
            window: 0,
            sack: Vec::new(),
            payload: Vec::new(),
        }
    }

    /// How many numbers it takes: one per byte, one for SYN, one for FIN (RFC 9293 calls it SEG.LEN).
    pub fn length(&self) -> u32 {
        // An IP packet ends at 65,535 bytes, so a payload always fits.
        self.payload.len() as u32 + u32::from(self.syn) + u32::from(self.fin)
    }

    /// The number after its last one: what an ACK of all of it names.
    pub fn end(&self) -> Seq {
        self.seq.plus(self.length())
    }

    /// The first byte's number; a SYN stands before the bytes.
    pub fn first_byte(&self) -> Seq {
        self.seq.plus(u32::from(self.syn))
    }

    fn flags(&self) -> String {
        let mut names = Vec::new();
        for (set, name) in
            [(self.syn, "SYN"), (self.fin, "FIN"), (self.rst, "RST"), (self.ack.is_some(), "ACK")]
        {
            if set {
                names.push(name);
            }
        }
        if names.is_empty() { "no flag".to_string() } else { names.join("+") }
    }
}

impl fmt::Display for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} seq={}", self.flags(), self.seq)?;
        if let Some(ack) = self.ack {
            write!(f, " ack={ack}")?;
        }
        write!(f, " win={}", self.window)?;
        for (start, end) in &self.sack {
            write!(f, " sack={start}..{end}")?;
        }
        if !self.payload.is_empty() {
            write!(f, " {} bytes", self.payload.len())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAST: Seq = Seq(u32::MAX);

    #[test]
    fn after_the_last_number_comes_zero() {
        assert_eq!(LAST.plus(1), Seq(0));
        assert_eq!(Seq(5).since(LAST), 6);
        assert!(LAST.is_before(Seq(0)));
        assert!(!Seq(0).is_before(LAST));
        assert!(Seq(1).is_within(LAST, 3));
        assert!(!Seq(2).is_within(LAST, 3));
    }

    #[test]
    fn before_means_less_than_half_the_circle_behind() {
        assert!(Seq(0).is_before(Seq(HALF - 1)));
        assert!(!Seq(0).is_before(Seq(HALF)), "at exactly half neither is before the other");
        assert!(!Seq(HALF).is_before(Seq(0)));
        assert!(!Seq(7).is_before(Seq(7)));
        assert!(Seq(7).is_at_or_before(Seq(7)));
    }

    #[test]
    fn three_numbers_can_stand_in_a_ring() {
        let (a, b, c) = (Seq(0), Seq(1 << 30), Seq(HALF + (1 << 29)));
        assert!(a.is_before(b) && b.is_before(c) && c.is_before(a), "which is why there is no Ord");
    }

    #[test]
    fn syn_and_fin_take_one_number_each() {
        let mut segment = Segment::new(Side::Client, Seq(100));
        assert_eq!((segment.length(), segment.end()), (0, Seq(100)));
        segment.syn = true;
        segment.fin = true;
        segment.payload = vec![0; 10];
        assert_eq!((segment.length(), segment.first_byte(), segment.end()), (12, Seq(101), Seq(112)));
    }

    #[test]
    fn a_segment_prints_in_one_short_line() {
        let mut segment = Segment::new(Side::Server, Seq(300));
        assert_eq!(segment.to_string(), "no flag seq=300 win=0");
        segment.window = 65535;
        segment.syn = true;
        assert_eq!(segment.to_string(), "SYN seq=300 win=65535");
        segment.ack = Some(Seq(101));
        assert_eq!(segment.to_string(), "SYN+ACK seq=300 ack=101 win=65535");
        segment.syn = false;
        segment.sack = vec![(Seq(500), Seq(700))];
        segment.payload = vec![0; 3];
        assert_eq!(segment.to_string(), "ACK seq=300 ack=101 win=65535 sack=500..700 3 bytes");
    }
}
