//! When to send again: the retransmission timeout (RFC 6298).
//!
//! Too short, and the sender repeats what is still under way; too long, and the receiver waits. So the sender measures
//! round trips, keeps their mean and how much they vary, and waits for the mean plus four times the variation:
//!
//! ```text
//! first measurement R      SRTT = R                        RTTVAR = R / 2
//! each later one R'        RTTVAR = 3/4 RTTVAR + 1/4 |SRTT - R'|
//!                          SRTT   = 7/8 SRTT   + 1/8 R'
//! then                     RTO    = SRTT + 4 RTTVAR, at least 1 s, at most 60 s
//! the timer fires          RTO    = 2 RTO
//! ```
//!
//! Karn's rule: what was sent twice is not measured. Nobody can tell which of the two the ACK answers.
//!
//! Left out: the timestamp option, which can tell; and the three seconds after a lost SYN (RFC 6298, 5.7).

use std::time::Duration;

/// The timeout before anything was measured (RFC 6298, 2.1).
pub const FIRST_TIMEOUT: Duration = Duration::from_secs(1);
/// The shortest timeout (RFC 6298, 2.4). Linux takes 200 ms.
pub const SHORTEST_TIMEOUT: Duration = Duration::from_secs(1);
/// The longest timeout: RFC 6298, 2.5 allows a bound of 60 seconds or more. Linux takes 120.
pub const LONGEST_TIMEOUT: Duration = Duration::from_secs(60);
/// How fine our clock is: RFC 6298 calls it G.
pub const GRANULARITY: Duration = Duration::from_millis(1);

/// What a sender knows of its round trips, and the timeout that follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoundTrips {
    /// The smoothed round-trip time; `None` before the first measurement.
    pub srtt: Option<Duration>,
    /// How much it varies.
    pub rttvar: Duration,
    timeout: Duration,
}

impl Default for RoundTrips {
    fn default() -> RoundTrips {
        RoundTrips { srtt: None, rttvar: Duration::ZERO, timeout: FIRST_TIMEOUT }
    }
}

impl RoundTrips {
    /// How long to wait for an ACK: the RTO.
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// An ACK came `round_trip` after its segment, which left `times_sent` times. Segments sent again teach nothing.
    pub fn acknowledged(&mut self, round_trip: Duration, times_sent: u32) {
        if times_sent == 1 {
            self.measured(round_trip.min(LONGEST_TIMEOUT)); // bounded, so that no sum below can overflow
        }
    }

    fn measured(&mut self, round_trip: Duration) {
        let srtt = match self.srtt {
            None => {
                self.rttvar = round_trip / 2;
                round_trip
            }
            Some(srtt) => {
                // RTTVAR first: it wants the old SRTT (RFC 6298, 2.3).
                self.rttvar = self.rttvar * 3 / 4 + srtt.abs_diff(round_trip) / 4;
                srtt * 7 / 8 + round_trip / 8
            }
        };
        self.srtt = Some(srtt);
        let timeout = srtt + GRANULARITY.max(self.rttvar * 4);
        self.timeout = timeout.clamp(SHORTEST_TIMEOUT, LONGEST_TIMEOUT);
    }

    /// The timer fired: wait twice as long for the next one. If the network is crowded, this is how it empties.
    pub fn timer_fired(&mut self) {
        self.timeout = (self.timeout * 2).min(LONGEST_TIMEOUT);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn a_worked_example() {
        let mut trips = RoundTrips::default();
        assert_eq!(trips.timeout(), ms(1000), "nothing measured yet");
        trips.acknowledged(ms(800), 1);
        assert_eq!((trips.srtt, trips.rttvar), (Some(ms(800)), ms(400)));
        assert_eq!(trips.timeout(), ms(800 + 4 * 400));
        trips.acknowledged(ms(1600), 1);
        // 3/4 of 400 and 1/4 of 800; 7/8 of 800 and 1/8 of 1600.
        assert_eq!((trips.rttvar, trips.srtt), (ms(500), Some(ms(900))));
        assert_eq!(trips.timeout(), ms(900 + 4 * 500));
        trips.timer_fired();
        assert_eq!(trips.timeout(), ms(5800));
        trips.acknowledged(ms(900), 1);
        assert_eq!(
            (trips.rttvar, trips.timeout()),
            (ms(375), ms(900 + 4 * 375)),
            "a measurement ends the back-off"
        );
    }

    #[test]
    fn a_fast_and_steady_link_is_given_a_second_all_the_same() {
        let mut trips = RoundTrips::default();
        for _ in 0..50 {
            trips.acknowledged(ms(20), 1);
        }
        assert_eq!(trips.srtt, Some(ms(20)));
        assert!(trips.rttvar < ms(1));
        assert_eq!(trips.timeout(), SHORTEST_TIMEOUT);
    }

    #[test]
    fn the_timeout_doubles_up_to_a_minute() {
        let mut trips = RoundTrips::default();
        let mut waits = Vec::new();
        for _ in 0..8 {
            waits.push(trips.timeout().as_secs());
            trips.timer_fired();
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
    }

    #[test]
    fn what_was_sent_twice_is_not_measured() {
        let mut trips = RoundTrips::default();
        trips.timer_fired();
        trips.acknowledged(ms(5), 2);
        assert_eq!((trips.srtt, trips.timeout()), (None, ms(2000)), "the back-off stays, too");
    }

    #[test]
    fn an_absurd_measurement_does_no_harm() {
        let mut trips = RoundTrips::default();
        trips.acknowledged(Duration::MAX, 1);
        assert_eq!(trips.timeout(), LONGEST_TIMEOUT);
        trips.acknowledged(Duration::ZERO, 1);
        assert_eq!(trips.timeout(), LONGEST_TIMEOUT);
    }
}
