//! What follows block 65,535, the last number two bytes can hold. RFC 1350 does not say; row 6.19.
//!
//! ```text
//! to zero:  … 65534  65535  0  1  2 …      tftp-hpa, curl, atftp, dnsmasq
//! to one:   … 65534  65535  1  2  3 …      some boot ROMs: 0 is the ACK of a request, and nothing else
//! refused:  … 65534  65535 ERROR           what RFC 1350 strictly allows: 33,553,919 bytes in blocks of 512
//! ```
//! Both sides must do the same. Where one asks, tftp-hpa's option `rollover` says which, with the number that follows 65,535.
//!
//! The transfer itself counts in 64 bits; a number becomes 16 bits here, where it meets the wire.

use std::fmt;
use std::str::FromStr;

use super::error::TransferError;

/// The last number a block can have on the wire.
pub const LAST_NUMBER: u64 = u16::MAX as u64;

/// What follows block 65,535.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rollover {
    /// Block 0. What almost everybody does.
    #[default]
    ToZero,
    /// Block 1.
    ToOne,
    /// Nothing: a file that needs more blocks is not transferred.
    Refused,
}

impl Rollover {
    /// The number on the wire of the transfer's block `block`; 0 is what comes before the first.
    pub fn wire_number(self, block: u64) -> u16 {
        match self {
            Rollover::ToOne if block > LAST_NUMBER => ((block - 1) % LAST_NUMBER + 1) as u16,
            _ => (block & 0xffff) as u16,
        }
    }

    /// How many blocks behind block `from` the next one is that has this number on the wire; `None` if no block behind has
    /// it.
    pub fn ahead(self, number: u16, from: u64) -> Option<u16> {
        let start = self.wire_number(from);
        match self {
            Rollover::ToZero => Some(number.wrapping_sub(start)),
            // Only block 0 itself has the number 0.
            Rollover::ToOne if number == 0 => (start == 0).then_some(0),
            Rollover::ToOne if number < start => Some(number + (u16::MAX - start)),
            Rollover::ToOne | Rollover::Refused => number.checked_sub(start),
        }
    }

    /// The largest window: of one more, the first block and the one behind the last would have the same number.
    pub fn largest_window(self) -> u16 {
        match self {
            Rollover::ToOne => u16::MAX - 1,
            Rollover::ToZero | Rollover::Refused => u16::MAX,
        }
    }

    /// Whether a file of so many bytes has a number for each of its blocks. The last one is not full, so it may be one more
    /// than the bytes fill.
    ///
    /// # Errors
    /// [`TransferError::TooManyBlocks`].
    pub fn check(self, bytes: u64, block_size: usize) -> Result<(), TransferError> {
        self.check_block((bytes / (block_size.max(1) as u64)).saturating_add(1))
    }

    /// Whether there is a number for this block.
    ///
    /// # Errors
    /// [`TransferError::TooManyBlocks`].
    pub fn check_block(self, block: u64) -> Result<(), TransferError> {
        if self == Rollover::Refused && block > LAST_NUMBER {
            return Err(TransferError::TooManyBlocks);
        }
        Ok(())
    }
}

impl fmt::Display for Rollover {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Rollover::ToZero => "0",
            Rollover::ToOne => "1",
            Rollover::Refused => "refuse",
        })
    }
}

impl FromStr for Rollover {
    type Err = String;

    /// # Errors
    /// A sentence for every other word.
    fn from_str(word: &str) -> Result<Rollover, String> {
        for rollover in [Rollover::ToZero, Rollover::ToOne, Rollover::Refused] {
            if word == rollover.to_string() {
                return Ok(rollover);
            }
        }
        Err(format!("-rollover {word}: it may be 0, 1 or refuse"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::error::ErrorCode;
    use super::super::options::Options;
    use super::super::packet::Packet;
    use super::super::receiving::{self, Arrival, Receiving};
    use super::super::sending::{self, Sending};
    use super::super::timing::Timing;
    use super::*;
    use std::time::Duration;

    const NOW: Duration = Duration::ZERO;

    #[test]
    fn each_policy_has_its_number_behind_65_535() {
        for (rollover, numbers) in [
            (Rollover::ToZero, [0, 1, 65535, 0, 1, 65535, 0]),
            (Rollover::ToOne, [0, 1, 65535, 1, 2, 1, 2]),
            (Rollover::Refused, [0, 1, 65535, 0, 1, 65535, 0]),
        ] {
            let blocks = [0, 1, 65_535, 65_536, 65_537, 131_071, 131_072];
            assert_eq!(blocks.map(|block| rollover.wire_number(block)), numbers, "{rollover}");
            assert_eq!(rollover.to_string().parse(), Ok(rollover));
        }
        assert!("2".parse::<Rollover>().is_err() && "".parse::<Rollover>().is_err());
    }

    #[test]
    fn ahead_is_the_way_back_from_the_wire() {
        for rollover in [Rollover::ToZero, Rollover::ToOne] {
            for from in [0, 1, 2, 65_533, 65_534, 65_535, 65_536, 65_537, 131_070, 131_071, 1 << 40] {
                for ahead in [0, 1, 2, 64, 30_000, 65_533, 65_534] {
                    let number = rollover.wire_number(from + ahead);
                    let expected = ahead as u16;
                    // Block 0 has no number that any other block has: from there the cycle is one longer.
                    assert_eq!(rollover.ahead(number, from), Some(expected), "{rollover}: {from} + {ahead}");
                }
            }
        }
        assert_eq!(Rollover::ToOne.ahead(0, 65_535), None, "the ACK of a request, late");
        assert_eq!(Rollover::Refused.ahead(0, 65_535), None);
        assert_eq!(Rollover::Refused.ahead(65_535, 65_533), Some(2));
    }

    #[test]
    fn a_file_of_full_blocks_needs_one_more() {
        let fits = |bytes, size| Rollover::Refused.check(bytes, size).is_ok();
        assert!(fits(33_553_919, 512) && !fits(33_553_920, 512));
        assert!(fits(8 * 65_535 - 1, 8) && !fits(8 * 65_535, 8));
        assert!(fits(0, 8) && !fits(u64::MAX, 1));
        assert!(Rollover::ToZero.check(u64::MAX, 8).is_ok() && Rollover::ToOne.check(u64::MAX, 8).is_ok());
    }

    /// A sender whose block 65,533 has just been acknowledged, in blocks of 512.
    fn sender(rollover: Rollover) -> Sending {
        let sending = Sending::new(sending::Opening::Block, Timing::default()).unwrap();
        sending.rolling_over(rollover).behind(65_533)
    }

    /// Sends one full block; its number, if it left.
    fn sends_a_block(sending: &mut Sending) -> Option<u16> {
        let sending::Step::Read { block, size } = sending.next(NOW) else { return None };
        sending.give([&[0, 3][..], &block.to_be_bytes(), &vec![7; size]].concat());
        matches!(sending.next(NOW), sending::Step::Send([0, 3, ..])).then_some(block)
    }

    #[test]
    fn a_sender_goes_on_with_the_number_of_its_policy() {
        for (rollover, numbers) in
            [(Rollover::ToZero, [65534, 65535, 0, 1]), (Rollover::ToOne, [65534, 65535, 1, 2])]
        {
            let mut sending = sender(rollover);
            for number in numbers {
                assert_eq!(sends_a_block(&mut sending), Some(number), "{rollover}");
                // The ACK that is known, and one from the other policy, change nothing.
                let before = sending.totals();
                sending.packet(&Packet::Ack { block: number.wrapping_sub(1) }, NOW);
                sending.packet(&Packet::Ack { block: number ^ 0x4000 }, NOW);
                assert_eq!(sending.totals(), before);
                sending.packet(&Packet::Ack { block: number }, NOW);
            }
            assert_eq!(sending.totals().blocks, 65_537);
        }
    }

    #[test]
    fn a_sender_that_refuses_ends_at_the_block_that_would_need_another() {
        let mut sending = sender(Rollover::Refused);
        assert_eq!(sends_a_block(&mut sending), Some(65534));
        sending.packet(&Packet::Ack { block: 65534 }, NOW);
        assert_eq!(sends_a_block(&mut sending), None, "65535 is full, so it is not the last");
        assert!(matches!(sending.next(NOW), sending::Step::Failed), "the ERROR was the step before");
        assert!(matches!(sending.failure(), Some(TransferError::TooManyBlocks)));

        let mut sending = sender(Rollover::Refused);
        sends_a_block(&mut sending);
        sending.packet(&Packet::Ack { block: 65534 }, NOW);
        assert!(matches!(sending.next(NOW), sending::Step::Read { block: 65535, .. }));
        sending.give(vec![0, 3, 255, 255, 1]);
        assert!(matches!(sending.next(NOW), sending::Step::Send(_)));
        sending.packet(&Packet::Ack { block: 65535 }, NOW);
        assert_eq!(sending.next(NOW), sending::Step::Done, "one that is not full may be the last");
    }

    /// A receiver that has 65,534 blocks.
    fn receiver(rollover: Rollover) -> Receiving {
        let receiving = Receiving::new(receiving::Opening::Ack, Timing::default()).unwrap();
        let mut receiving = receiving.rolling_over(rollover).behind(65_534);
        receiving.next(NOW);
        receiving
    }

    #[test]
    fn a_receiver_takes_the_number_of_its_policy_and_no_other() {
        let full = [7; 512];
        for (rollover, number, other) in [(Rollover::ToZero, 0, 1), (Rollover::ToOne, 1, 0)] {
            let mut receiving = receiver(rollover);
            let mut data = |block| receiving.packet(&Packet::Data { block, payload: &full }, NOW);
            assert_eq!(data(65535), Arrival::Part);
            assert_eq!(data(65535), Arrival::Nothing, "known");
            assert_eq!(data(other), Arrival::Nothing, "{rollover}");
            assert_eq!(data(number), Arrival::Part, "{rollover}");
            assert_eq!(receiving.next(NOW), receiving::Step::Send(&[0, 4, 0, number as u8]));
        }
    }

    #[test]
    fn a_receiver_that_refuses_does_not_take_block_65_535_when_it_is_full() {
        let mut receiving = receiver(Rollover::Refused);
        let full = Packet::Data { block: 65535, payload: &[7; 512] };
        assert_eq!(receiving.packet(&full, NOW), Arrival::Nothing);
        let receiving::Step::Send(packet) = receiving.next(NOW) else { panic!("the peer is told") };
        assert!(matches!(Packet::decode(packet), Ok(Packet::Error { code: ErrorCode::DiskFull, .. })));

        let mut receiving = receiver(Rollover::Refused);
        let last = Packet::Data { block: 65535, payload: &[7; 511] };
        assert_eq!(receiving.packet(&last, NOW), Arrival::LastPart);
    }

    #[test]
    fn a_size_that_is_known_is_refused_before_the_first_block() {
        let asked = Options { size: Some(0), ..Options::default() };
        let opening = receiving::Opening::Request { packet: vec![0, 1], asked };
        let mut receiving =
            Receiving::new(opening, Timing::default()).unwrap().rolling_over(Rollover::Refused);
        let size = |bytes: &[u8]| Packet::Oack(vec![(b"tsize".to_vec(), bytes.to_vec())]);
        receiving.packet(&size(b"33553920"), NOW);
        assert!(matches!(receiving.failure(), Some(TransferError::TooManyBlocks)));

        let asked = Options { size: Some(33_553_920), block_size: Some(1024), ..Options::default() };
        let opening = sending::Opening::Request { packet: vec![0, 2], asked };
        let mut sending = Sending::new(opening, Timing::default()).unwrap().rolling_over(Rollover::Refused);
        sending.packet(&Packet::Ack { block: 0 }, NOW);
        assert!(matches!(sending.failure(), Some(TransferError::TooManyBlocks)), "512 is too little");
    }
}
