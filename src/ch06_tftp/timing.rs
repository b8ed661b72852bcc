//! How long a transfer waits for an answer, and how often. RFC 1123 §4.2.3.2 asks for a time-out that adapts.
//!
//! ```text
//! answer came   -> interval = smoothed round trip + 4 x its variation, but at least `least`    (as TCP, RFC 6298)
//! none came     -> interval x 2, but at most `cap`;  after `sends` without progress: give up
//! ```
//! The round trip of a packet that was sent twice is not measured: nobody knows which copy was answered (Karn).
//!
//! The clock is the transfer's own, a [`Duration`] since its start that the caller gives. So a test can let it run as
//! fast as it likes.

use std::time::Duration;

/// A transfer's patience.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// The wait before the round trip is known; also the longest wait while nothing is lost.
    pub first: Duration,
    /// The shortest wait. A peer that writes to a slow disk is not dead.
    pub least: Duration,
    /// The longest wait, however often it was doubled.
    pub cap: Duration,
    /// How often a packet is sent in all before we give up, at least once.
    pub sends: u32,
    /// How long a receiver lingers after the last ACK, should it have been lost: longer than the sender's wait.
    pub dally: Duration,
}

impl Default for Timing {
    /// The book's ten times and six seconds (Listing 6-9).
    fn default() -> Timing {
        Timing::starting_at(Duration::from_secs(6), 10)
    }
}

impl Timing {
    /// A first wait of `first`, `sends` in all, and what suits them: down to a fifth of a second, up to twice `first`.
    pub fn starting_at(first: Duration, sends: u32) -> Timing {
        let cap = first.saturating_mul(2);
        Timing {
            first,
            least: first.min(Duration::from_millis(200)),
            cap,
            sends: sends.max(1),
            dally: first.saturating_mul(3) / 2,
        }
    }

    /// The same with the time both sides agreed on, if they did: then that is the wait, up and down.
    pub fn with_agreed(self, timeout: Option<Duration>) -> Timing {
        match timeout {
            Some(length) => Timing { first: length, least: length, cap: self.cap.max(length), ..self },
            None => self,
        }
    }
}

/// The timer of one transfer.
#[derive(Clone, Debug)]
pub struct Timer {
    timing: Timing,
    interval: Duration,
    deadline: Duration,
    /// When the exchange under way began, unless something of it was sent twice.
    measuring: Option<Duration>,
    /// Smoothed round trip and its variation.
    measured: Option<(Duration, Duration)>,
    fruitless: u32,
}

impl Timer {
    /// A timer that has measured nothing.
    pub fn new(timing: Timing) -> Timer {
        Timer {
            timing,
            interval: timing.first,
            deadline: Duration::ZERO,
            measuring: None,
            measured: None,
            fruitless: 0,
        }
    }

    /// Goes on with the time-out both sides agreed on.
    pub fn agree(&mut self, timeout: Option<Duration>) {
        if timeout.is_some() {
            self.timing = self.timing.with_agreed(timeout);
            self.interval = self.timing.first;
        }
    }

    /// A packet leaves; for the first time, or once more.
    pub fn sent(&mut self, now: Duration, again: bool) {
        self.deadline = now.saturating_add(self.interval);
        self.measuring = if again { None } else { Some(now) };
    }

    /// The peer took the transfer further.
    pub fn progressed(&mut self, now: Duration) {
        self.fruitless = 0;
        if let Some(since) = self.measuring.take() {
            self.measure(now.saturating_sub(since));
        }
        let wanted = match self.measured {
            Some((smoothed, variation)) => smoothed.saturating_add(variation.saturating_mul(4)),
            None => self.timing.first,
        };
        self.interval = wanted.max(self.timing.least).min(self.timing.first);
    }

    /// RFC 6298 §2.
    fn measure(&mut self, trip: Duration) {
        self.measured = Some(match self.measured {
            None => (trip, trip / 2),
            Some((smoothed, variation)) => {
                let off = smoothed.abs_diff(trip);
                (smoothed * 7 / 8 + trip / 8, variation * 3 / 4 + off / 4)
            }
        });
    }

    /// The time is up: `false` when it was up often enough.
    pub fn is_worth_another_try(&mut self) -> bool {
        self.fruitless += 1;
        self.measuring = None;
        self.interval = self.interval.saturating_mul(2).min(self.timing.cap.max(self.timing.first));
        self.fruitless < self.timing.sends
    }

    /// Waits for `length` from now.
    pub fn wait_for(&mut self, now: Duration, length: Duration) {
        self.deadline = now.saturating_add(length);
    }

    /// When the time is up.
    pub fn deadline(&self) -> Duration {
        self.deadline
    }

    /// The patience it was made with.
    pub fn timing(&self) -> Timing {
        self.timing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(count: u64) -> Duration {
        Duration::from_millis(count)
    }

    #[test]
    fn silence_doubles_the_wait_up_to_the_cap_and_ends_after_the_last_send() {
        let mut timer = Timer::new(Timing { cap: millis(300), ..Timing::starting_at(millis(100), 4) });
        let mut now = Duration::ZERO;
        let mut waits = Vec::new();
        loop {
            timer.sent(now, !waits.is_empty());
            waits.push(timer.deadline() - now);
            now = timer.deadline();
            if !timer.is_worth_another_try() {
                break;
            }
        }
        assert_eq!(waits, [millis(100), millis(200), millis(300), millis(300)]);
    }

    #[test]
    fn a_fast_peer_shortens_the_wait_but_not_below_the_least() {
        let mut timer = Timer::new(Timing::default());
        timer.sent(Duration::ZERO, false);
        timer.progressed(millis(400));
        timer.sent(millis(400), false);
        assert_eq!(timer.deadline(), millis(400 + 400 + 4 * 200));
        for _ in 0..50 {
            timer.sent(Duration::ZERO, false);
            timer.progressed(millis(1));
        }
        timer.sent(Duration::ZERO, false);
        assert_eq!(timer.deadline(), millis(200));
    }

    #[test]
    fn what_was_sent_twice_is_not_measured() {
        let mut timer = Timer::new(Timing::default());
        timer.sent(Duration::ZERO, false);
        assert!(timer.is_worth_another_try());
        timer.sent(millis(6000), true);
        timer.progressed(millis(6001));
        timer.sent(Duration::ZERO, false);
        assert_eq!(timer.deadline(), millis(6000), "a guess of one millisecond would be wrong");
    }

    #[test]
    fn an_agreed_time_out_is_kept_whatever_is_measured() {
        let mut timer = Timer::new(Timing::default());
        timer.agree(Some(millis(1000)));
        timer.sent(Duration::ZERO, false);
        timer.progressed(millis(1));
        timer.sent(Duration::ZERO, false);
        assert_eq!(timer.deadline(), millis(1000));
    }
}
