//! What has arrived, and what must be sent again: cumulative acknowledgement, and the selective one (SACK, RFC 2018).
//!
//! ```text
//! sent      1 ............................................ 100
//! arrived   1 .............. 59          81 .............. 100
//! ACK       "all up to 59"                SACK: "and 81-100"
//! resend    ACK alone: 60-100             with SACK: 60-80
//! ```
//!
//! As the book does, this counts packets, and its ACK names the last one that arrived. Real TCP counts bytes and names
//! the next one it expects; [`ack_field`] turns the one into the other.

use super::segment::Seq;
use std::collections::VecDeque;
use std::fmt;

/// Packets `first` to `last`, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// The first packet.
    pub first: u64,
    /// The last packet.
    pub last: u64,
}

impl Run {
    /// Packets `first` to `last`.
    pub fn new(first: u64, last: u64) -> Run {
        Run { first, last }
    }

    /// Whether packet `number` is one of them.
    pub fn contains(self, number: u64) -> bool {
        self.first <= number && number <= self.last
    }
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.first, self.last)
    }
}

/// What to send again after packets 1 to `sent` left, `acked` came back, and `sacked` with it. Without SACK, everything
/// after `acked`: the sender cannot know better.
///
/// The blocks come from the peer. They may overlap and come in any order, and what they claim outside the packets in
/// question is ignored.
pub fn to_resend(sent: u64, acked: u64, sacked: &[Run]) -> Vec<Run> {
    let mut blocks = sacked.to_vec();
    blocks.sort_by_key(|block| block.first);
    let mut missing = Vec::new();
    let mut settled = acked; // every packet up to this one has arrived or is in `missing`
    for block in blocks {
        if settled >= sent || block.first > sent {
            break;
        }
        if block.first > block.last {
            continue;
        }
        if block.first > settled && block.first - settled > 1 {
            missing.push(Run::new(settled + 1, block.first - 1));
        }
        settled = settled.max(block.last);
    }
    if settled < sent {
        missing.push(Run::new(settled + 1, sent));
    }
    missing
}

/// The ACK field when `packets` whole packets of `size` bytes have arrived and the first byte's number is `first`:
/// the byte that is expected next, modulo 2^32.
pub fn ack_field(first: Seq, packets: u64, size: u32) -> Seq {
    first.plus((packets as u32).wrapping_mul(size)) // both wrap where the circle does
}

/// How many blocks one segment can report: four fill the 40 bytes of options (RFC 2018, 3), three beside a timestamp.
pub const MAX_BLOCKS: usize = 4;

/// What the receiver knows: which packets have come, the early ones too.
#[derive(Clone, Debug)]
pub struct Arrivals {
    in_order: u64,
    islands: VecDeque<Run>, // beyond a gap, apart from one another, the one that grew last in front
    window: u64,
}

/// What a packet was to the receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// The one it waited for, or one beyond a gap.
    New,
    /// It had it already: the sender must hear the ACK again, the program must not see the bytes again.
    Repeated,
    /// Farther ahead than the window allows: dropped. Without this bound the peer chooses how much we remember.
    TooFarAhead,
}

impl Arrivals {
    /// Nothing has come; packet 1 is next, and packets up to `window` beyond the last in order are taken.
    pub fn new(window: u64) -> Arrivals {
        Arrivals { in_order: 0, islands: VecDeque::new(), window }
    }

    /// Notes that packet `number` came.
    pub fn arrived(&mut self, number: u64) -> Arrival {
        if number <= self.in_order || self.islands.iter().any(|island| island.contains(number)) {
            return Arrival::Repeated;
        }
        if number - self.in_order > self.window {
            return Arrival::TooFarAhead;
        }
        let mut grown = Run::new(number, number);
        self.islands.retain(|island| {
            let touches = island.last == number - 1 || island.first - 1 == number;
            if touches {
                grown.first = grown.first.min(island.first);
                grown.last = grown.last.max(island.last);
            }
            !touches
        });
        if grown.first == self.in_order + 1 {
            self.in_order = grown.last;
        } else {
            self.islands.push_front(grown);
        }
        Arrival::New
    }

    /// The cumulative acknowledgement: this packet and all before it have come.
    pub fn in_order(&self) -> u64 {
        self.in_order
    }

    /// The selective acknowledgement: the runs beyond a gap, the latest first, as many as a segment can carry.
    pub fn blocks(&self) -> Vec<Run> {
        self.islands.iter().take(MAX_BLOCKS).copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrivals(numbers: &[u64]) -> Arrivals {
        let mut arrivals = Arrivals::new(1000);
        for number in numbers {
            arrivals.arrived(*number);
        }
        arrivals
    }

    #[test]
    fn nothing_is_resent_when_all_is_acknowledged() {
        assert_eq!(to_resend(100, 100, &[]), []);
        assert_eq!(to_resend(100, 200, &[]), [], "an ACK of what was never sent");
        assert_eq!(to_resend(100, 50, &[Run::new(51, 100)]), []);
    }

    #[test]
    fn blocks_that_lie_do_not_confuse_the_sender() {
        assert_eq!(to_resend(10, 3, &[Run::new(1, 2)]), [Run::new(4, 10)], "below the ACK");
        assert_eq!(to_resend(10, 3, &[Run::new(20, 30)]), [Run::new(4, 10)], "never sent");
        assert_eq!(to_resend(10, 3, &[Run::new(8, 6)]), [Run::new(4, 10)], "backwards");
        assert_eq!(to_resend(10, 3, &[Run::new(8, u64::MAX)]), [Run::new(4, 7)]);
        assert_eq!(to_resend(10, 3, &[Run::new(0, 5)]), [Run::new(6, 10)]);
        assert_eq!(
            to_resend(10, 3, &[Run::new(7, 8), Run::new(5, 7), Run::new(7, 7)]),
            [Run::new(4, 4), Run::new(9, 10)]
        );
    }

    #[test]
    fn the_last_gap_to_close_moves_the_acknowledgement_over_everything_behind_it() {
        let mut arrivals = arrivals(&[1, 3, 5, 4]);
        assert_eq!((arrivals.in_order(), arrivals.blocks()), (1, vec![Run::new(3, 5)]));
        assert_eq!(arrivals.arrived(2), Arrival::New);
        assert_eq!((arrivals.in_order(), arrivals.blocks()), (5, vec![]));
    }

    #[test]
    fn the_latest_run_is_reported_first_and_four_at_most() {
        let blocks = arrivals(&[2, 4, 6, 8, 10, 5]).blocks();
        assert_eq!(blocks, [Run::new(4, 6), Run::new(10, 10), Run::new(8, 8), Run::new(2, 2)]);
        assert_eq!(arrivals(&[2, 4, 6, 8, 10, 12]).blocks().len(), MAX_BLOCKS);
    }

    #[test]
    fn repeated_and_far_packets_are_told_from_new_ones() {
        let mut arrivals = Arrivals::new(10);
        assert_eq!(arrivals.arrived(0), Arrival::Repeated, "packets count from 1");
        assert_eq!(arrivals.arrived(1), Arrival::New);
        assert_eq!(arrivals.arrived(1), Arrival::Repeated);
        assert_eq!(arrivals.arrived(11), Arrival::New);
        assert_eq!(arrivals.arrived(11), Arrival::Repeated);
        assert_eq!(arrivals.arrived(12), Arrival::TooFarAhead);
        assert_eq!(arrivals.arrived(u64::MAX), Arrival::TooFarAhead);
    }

    #[test]
    fn the_ack_field_names_the_next_byte_and_wraps() {
        assert_eq!(ack_field(Seq(101), 0, 1000), Seq(101));
        assert_eq!(ack_field(Seq(101), 90, 1000), Seq(90_101));
        assert_eq!(ack_field(Seq(u32::MAX), 1, 1000), Seq(999));
        assert_eq!(ack_field(Seq(0), 1 << 32, 1000), Seq(0));
    }
}
