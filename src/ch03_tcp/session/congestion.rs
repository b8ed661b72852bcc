//! How fast: a sender on a link of 1 Gbit/s, and somewhere on the way a link of 10 Mbit/s with a short queue before it.
//!
//! ```text
//!  sender --100 packets/ms--> [queue of 20] --1 packet/ms--> receiver
//!     ^                            '-- full: the packet is dropped        |
//!     '------------------- ACK, or its absence, 20 ms later --------------'
//! ```
//!
//! A sender that pays no heed loses 99 of 100. One that adapts (RFC 5681) keeps a *congestion window*, the number of
//! packets under way: it doubles each round trip at first (slow start), grows by one each round trip later (congestion
//! avoidance), and is halved when a packet is missing. That finds the link's rate without being told, and finds it anew
//! when it changes.
//!
//! The book calls this flow control. The RFCs keep two things apart: *flow control* protects the receiver's buffer with
//! the window it announces ([`endpoint`](super::endpoint)), *congestion control* protects the network, which announces
//! nothing.
//!
//! A packet is 1250 bytes, 10,000 bits; a tick is a millisecond. Left out: resending (the question here is the rate),
//! and what came after: CUBIC, BBR, ECN.

use crate::base::trace;
use std::collections::VecDeque;

/// Packets the sender's own link carries in a tick: 1 Gbit/s.
pub const FAST_PER_TICK: u64 = 100;
/// Ticks the narrow link takes for a packet: 10 Mbit/s.
pub const NARROW_TICKS: u64 = 1;
/// Packets that may wait before the narrow link.
pub const QUEUE: usize = 20;
/// Ticks from the narrow link's far end, over the receiver, back to the sender.
pub const ROUND_TRIP: u64 = 20;
/// The first congestion window (RFC 6928).
const FIRST_WINDOW: u64 = 10;
/// The smallest one: with less than two packets under way a loss shows only by a timeout.
const SMALLEST_WINDOW: u64 = 2;

/// A sender that adapts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adapting {
    /// How many packets may be under way.
    pub window: u64,
    /// Where slow start ends (ssthresh).
    pub threshold: u64,
    counted: u64,      // ACKs since the window last grew, in congestion avoidance
    recover_from: u64, // packets before this one left before the window was last halved
}

impl Default for Adapting {
    fn default() -> Adapting {
        Adapting { window: FIRST_WINDOW, threshold: u64::MAX, counted: 0, recover_from: 0 }
    }
}

impl Adapting {
    /// An ACK: slow start adds one for each, congestion avoidance one for a whole window of them.
    pub fn acknowledged(&mut self) {
        if self.window < self.threshold {
            self.window += 1;
            return;
        }
        self.counted += 1;
        if self.counted >= self.window {
            self.counted = 0;
            self.window += 1;
        }
    }

    /// Packet `number` is missing while packets up to `newest` have left. Halves the window, once per window: the
    /// losses of one overflow are one piece of news.
    pub fn missing(&mut self, number: u64, newest: u64) -> bool {
        if number < self.recover_from {
            return false;
        }
        self.recover_from = newest;
        self.threshold = (self.window / 2).max(SMALLEST_WINDOW);
        self.window = self.threshold;
        self.counted = 0;
        true
    }
}

/// How a sender decides how much to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pace {
    /// As fast as its own link goes.
    Heedless,
    /// As its congestion window allows.
    Adapting(Adapting),
}

/// Counts since the start or the last [`Path::take_counts`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Ticks that passed.
    pub ticks: u64,
    /// Packets that left the sender.
    pub sent: u64,
    /// Packets the full queue dropped.
    pub dropped: u64,
    /// Packets that crossed the narrow link.
    pub delivered: u64,
}

impl Counts {
    /// What came through, in kilobits per second: 10,000 bits a packet, a millisecond a tick.
    pub fn kilobits_per_second(&self) -> u64 {
        self.delivered * 10_000 / self.ticks.max(1)
    }

    /// Of 1000 packets sent, how many were dropped.
    pub fn dropped_per_mille(&self) -> u64 {
        self.dropped * 1000 / self.sent.max(1)
    }
}

/// A sender, a queue, a narrow link. The fields are there to be looked at, and `narrow_ticks` to be changed on the way.
#[derive(Clone, Debug)]
pub struct Path {
    /// How the sender decides.
    pub pace: Pace,
    /// Ticks the narrow link takes for a packet; more when the Wi-Fi signal fades.
    pub narrow_ticks: u64,
    /// Packets waiting before the narrow link.
    pub queue: VecDeque<u64>,
    /// Packets that left and were neither acknowledged nor missed.
    pub under_way: u64,
    now: u64,
    next: u64,
    acks: VecDeque<(u64, u64)>, // due tick, packet
    news_of_loss: VecDeque<(u64, u64)>,
    counts: Counts,
}

impl Path {
    /// An idle path with a sender of this kind.
    pub fn new(pace: Pace) -> Path {
        Path {
            pace,
            narrow_ticks: NARROW_TICKS,
            queue: VecDeque::new(),
            under_way: 0,
            now: 0,
            next: 0,
            acks: VecDeque::new(),
            news_of_loss: VecDeque::new(),
            counts: Counts::default(),
        }
    }

    /// One millisecond: news arrives, packets leave, the narrow link carries one.
    pub fn tick(&mut self) {
        self.now += 1;
        self.counts.ticks += 1;
        self.hear_acks();
        self.hear_losses();
        self.send();
        if self.now % self.narrow_ticks.max(1) == 0 {
            self.carry();
        }
    }

    /// `count` ticks.
    pub fn run(&mut self, count: u64) {
        for _ in 0..count {
            self.tick();
        }
    }

    /// The counts so far; they begin anew.
    pub fn take_counts(&mut self) -> Counts {
        std::mem::take(&mut self.counts)
    }

    fn hear_acks(&mut self) {
        while let Some((due, _)) = self.acks.front() {
            if *due > self.now {
                return;
            }
            self.acks.pop_front();
            self.under_way -= 1;
            if let Pace::Adapting(sender) = &mut self.pace {
                sender.acknowledged();
            }
        }
    }

    fn hear_losses(&mut self) {
        while let Some((due, number)) = self.news_of_loss.front().copied() {
            if due > self.now {
                return;
            }
            self.news_of_loss.pop_front();
            self.under_way -= 1;
            if let Pace::Adapting(sender) = &mut self.pace {
                if sender.missing(number, self.next) {
                    let (now, window) = (self.now, sender.window);
                    trace::note_of("client", || {
                        format!("{now} ms: packet {number} is missing, window halved to {window}")
                    });
                }
            }
        }
    }

    fn send(&mut self) {
        for _ in 0..FAST_PER_TICK {
            if let Pace::Adapting(sender) = &self.pace {
                if self.under_way >= sender.window {
                    return;
                }
            }
            let number = self.next;
            self.next += 1;
            self.under_way += 1;
            self.counts.sent += 1;
            if self.queue.len() < QUEUE {
                self.queue.push_back(number);
            } else {
                self.counts.dropped += 1; // tail drop: the last to come is the one that goes
                self.news_of_loss.push_back((self.now + ROUND_TRIP, number));
            }
        }
    }

    fn carry(&mut self) {
        if let Some(number) = self.queue.pop_front() {
            self.counts.delivered += 1;
            self.acks.push_back((self.now + ROUND_TRIP, number));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_start_doubles_each_round_trip_and_avoidance_adds_one() {
        let mut sender = Adapting { threshold: 40, ..Adapting::default() };
        let mut windows = Vec::new();
        for _ in 0..5 {
            windows.push(sender.window);
            for _ in 0..sender.window {
                sender.acknowledged();
            }
        }
        assert_eq!(windows, [10, 20, 40, 41, 42]);
    }

    #[test]
    fn many_losses_of_one_overflow_halve_the_window_once() {
        let mut sender = Adapting { window: 64, ..Adapting::default() };
        assert!(sender.missing(100, 150));
        assert!(!sender.missing(101, 160));
        assert_eq!((sender.window, sender.threshold), (32, 32));
        assert!(sender.missing(150, 200), "packet 150 left after the window was halved");
        assert_eq!(sender.window, 16);
    }

    #[test]
    fn the_window_never_shrinks_below_two() {
        let mut sender = Adapting { window: 2, ..Adapting::default() };
        for number in 0..10 {
            sender.missing(number, number);
        }
        assert_eq!(sender.window, SMALLEST_WINDOW);
    }

    #[test]
    fn packets_are_neither_made_nor_lost_by_the_model() {
        for pace in [Pace::Heedless, Pace::Adapting(Adapting::default())] {
            let mut path = Path::new(pace);
            path.run(5000);
            let counts = path.take_counts();
            assert_eq!(counts.sent, counts.dropped + counts.delivered + path.queue.len() as u64);
            assert_eq!(path.take_counts(), Counts::default());
        }
    }

    #[test]
    fn no_ticks_give_no_rate() {
        assert_eq!((Counts::default().kilobits_per_second(), Counts::default().dropped_per_mille()), (0, 0));
    }
}
