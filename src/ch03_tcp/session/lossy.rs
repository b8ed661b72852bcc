//! Reliability at work: numbered packets over a link that loses, repeats and reorders, and the same packets over the
//! same link without any of it.
//!
//! ```text
//!  sender: window of 8, one timer     link     receiver: Arrivals, an ACK for each packet
//!  1 2 3 4 ...          ------------> ? ----->  1 2 . 4      keeps 4, ACK 2
//!  ACK 2, timer fires   <------------ ? <-----
//!  3                    ------------> ? ----->  delivers 3 and 4 to its program, ACK 4
//! ```
//!
//! Time is simulated: an event queue, no clock, no thread. What becomes of the n-th packet a link carries is one
//! function of `n`, so TCP and UDP can be given exactly the same bad luck.
//!
//! Left out: resending after three repeated ACKs (which saves most timeouts), SACK, and sending slower after a loss
//! ([`congestion`](super::congestion)).

use super::acks::{Arrival, Arrivals};
use super::retransmit::RoundTrips;
use crate::base::random::Seeded;
use crate::base::trace::{self, Kind};
use std::fmt;
use std::time::Duration;

/// What becomes of a packet on a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It arrives.
    Arrives,
    /// It arrives, but later ones overtake it.
    ArrivesLate,
    /// It arrives twice.
    ArrivesTwice,
    /// It does not arrive.
    Lost,
}

/// The fate of the `n`-th packet a link carries, counted from 0.
pub type Luck<'a> = &'a dyn Fn(u64) -> Fate;

/// Luck by seed: of 100 packets about `lost` are lost, `late` are late, `twice` come twice. The same seed gives the
/// same luck.
pub fn by_seed(seed: u64, lost: u64, late: u64, twice: u64) -> impl Fn(u64) -> Fate {
    move |n| match Seeded::skipping(seed, n).next_u64() % 100 {
        dice if dice < lost => Fate::Lost,
        dice if dice < lost + late => Fate::ArrivesLate,
        dice if dice < lost + late + twice => Fate::ArrivesTwice,
        _ => Fate::Arrives,
    }
}

/// How long a packet is under way.
const DELAY: Duration = Duration::from_millis(20);
/// How much longer a late one is: several packets overtake it.
const LATER: Duration = Duration::from_millis(35);
/// How long the sender takes to put one packet on the link.
const PACE: Duration = Duration::from_millis(2);
/// How many packets may be unacknowledged at a time.
const WINDOW: u64 = 8;
/// After so many timeouts in a row the sender gives up. RFC 9293, 3.8.3 wants 100 seconds or more; Linux retries 15
/// times.
pub const MAX_TIMEOUTS: u32 = 15;

/// What came of a transfer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transfer {
    /// What the receiving program got, in the order it got it.
    pub delivered: Vec<u64>,
    /// How many packets with data left, repeated ones counted again.
    pub sent: u64,
    /// How many of them were sent again.
    pub resent: u64,
    /// When the last thing happened.
    pub took: Duration,
}

/// The sender gave up: [`MAX_TIMEOUTS`] in a row without an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GaveUp {
    /// The packet nobody acknowledged.
    pub packet: u64,
    /// How it stood by then.
    pub so_far: Transfer,
}

impl fmt::Display for GaveUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.so_far.took.as_secs();
        write!(
            f,
            "packet {} was sent for {seconds} s and never acknowledged; the sender gave up",
            self.packet
        )
    }
}

impl std::error::Error for GaveUp {}

/// What is under way: data for the server or an ACK for the client.
#[derive(Clone, Copy, Debug)]
enum Packet {
    Data(u64),
    Ack(u64),
}

struct Link<'a> {
    luck: Luck<'a>,
    carried: u64,
}

/// Packets under way, with the time of their arrival.
#[derive(Default)]
struct Air {
    flying: Vec<(Duration, Packet)>,
}

impl Air {
    fn carry(&mut self, link: &mut Link<'_>, now: Duration, packet: Packet) {
        let fate = (link.luck)(link.carried);
        link.carried += 1;
        if trace::is_on() {
            report(now, packet, fate);
        }
        match fate {
            Fate::Arrives => self.flying.push((now + DELAY, packet)),
            Fate::ArrivesLate => self.flying.push((now + DELAY + LATER, packet)),
            Fate::ArrivesTwice => self.flying.extend([(now + DELAY, packet), (now + DELAY + PACE, packet)]),
            Fate::Lost => {}
        }
    }

    fn next_arrival(&self) -> Option<Duration> {
        self.flying.iter().map(|(at, _)| *at).min()
    }

    /// Takes out the oldest packet that arrives at `now`.
    fn land(&mut self, now: Duration) -> Option<Packet> {
        let index = self.flying.iter().position(|(at, _)| *at == now)?;
        Some(self.flying.remove(index).1)
    }
}

fn report(now: Duration, packet: Packet, fate: Fate) {
    let (from, to, what) = match packet {
        Packet::Data(number) => ("client", "server", format!("packet {number}")),
        Packet::Ack(number) => ("server", "client", format!("ACK {number}")),
    };
    let text = format!("{} ms: {what}", now.as_millis());
    match fate {
        Fate::Lost => trace::note_of(from, || format!("{text} is lost on the way")),
        Fate::Arrives => trace::between_with(Kind::Sent, from, to, &[], || text),
        Fate::ArrivesLate => trace::between_with(Kind::Sent, from, to, &[], || format!("{text}, late")),
        Fate::ArrivesTwice => trace::between_with(Kind::Sent, from, to, &[], || format!("{text}, twice")),
    }
}

struct Sender {
    last: u64,
    acked: u64,
    next: u64,
    free_at: Duration, // the link takes one packet per PACE
    timer: Option<Duration>,
    timeouts: u32,
    recover: u64,               // the last packet that had left when the timer fired last
    left: Vec<(Duration, u32)>, // by packet: when it left last, and how many times it left
    trips: RoundTrips,
}

impl Sender {
    fn new(packets: u64) -> Sender {
        Sender {
            last: packets,
            acked: 0,
            next: 1,
            free_at: Duration::ZERO,
            timer: None,
            timeouts: 0,
            recover: 0,
            left: Vec::new(),
            trips: RoundTrips::default(),
        }
    }

    /// When it wants to send a packet it has not sent before. `None`: the window is full, or there is none.
    fn wants_to_send(&self) -> Option<Duration> {
        (self.next <= self.last && self.next - self.acked <= WINDOW).then_some(self.free_at)
    }

    fn leaves(&mut self, number: u64, now: Duration) -> Packet {
        self.free_at = now + PACE;
        if self.timer.is_none() {
            self.timer = Some(now + self.trips.timeout());
        }
        if number == self.next {
            self.left.push((now, 1));
            self.next += 1;
        } else if let Some((at, times)) = self.left.get_mut(number as usize - 1) {
            *at = now;
            *times += 1;
        }
        Packet::Data(number)
    }

    /// Takes an ACK. `Some`: it shows the next gap of a window in which the timer fired, and this fills it. Without
    /// that every single loss would cost a timeout, each twice the last (RFC 6582, 3.2, step 3).
    fn ack_came(&mut self, number: u64, now: Duration) -> Option<Packet> {
        if number <= self.acked || number >= self.next {
            return None; // an old one, or one of what was never sent
        }
        self.measure(number, now);
        self.acked = number;
        self.timeouts = 0;
        // RFC 6298, 5.2 and 5.3: off when nothing is under way, else from the start.
        self.timer = (self.acked + 1 < self.next).then_some(now + self.trips.timeout());
        (number < self.recover).then(|| self.leaves(number + 1, now))
    }

    /// One ACK can cover several packets. If one of them left twice, the ACK may have waited for it: Karn's rule again.
    fn measure(&mut self, number: u64, now: Duration) {
        let mut times_sent = 1;
        for packet in self.acked..number {
            times_sent = times_sent.max(self.left[packet as usize].1);
        }
        let (left_at, _) = self.left[number as usize - 1];
        self.trips.acknowledged(now - left_at, times_sent);
    }

    fn timer_fired(&mut self, now: Duration) -> Packet {
        self.trips.timer_fired();
        self.timeouts += 1;
        self.recover = self.next - 1;
        self.timer = Some(now + self.trips.timeout());
        self.leaves(self.acked + 1, now)
    }
}

/// Sends packets 1 to `packets` the way TCP does: numbered, acknowledged, resent after a timeout, put in order.
/// `there` is the luck of the data, `back` that of the ACKs.
///
/// # Errors
///
/// [`GaveUp`] after [`MAX_TIMEOUTS`] timeouts in a row.
pub fn reliably(packets: u64, there: Luck<'_>, back: Luck<'_>) -> Result<Transfer, GaveUp> {
    let (mut there, mut back) = (Link { luck: there, carried: 0 }, Link { luck: back, carried: 0 });
    let (mut air, mut sender) = (Air::default(), Sender::new(packets));
    let mut arrivals = Arrivals::new(WINDOW);
    let mut transfer = Transfer::default();
    while sender.acked < packets {
        // The earliest of three things happens next: a packet lands, one may leave, the timer fires.
        let times = [air.next_arrival(), sender.wants_to_send(), sender.timer];
        let Some(earliest) = times.iter().flatten().min().copied() else { break };
        // The link may have been free for a while when an ACK opens the window; time does not go back for it.
        let now = earliest.max(transfer.took);
        transfer.took = now;
        let leaving = match air.land(now) {
            Some(Packet::Data(number)) => {
                receive(number, &mut arrivals, &mut transfer.delivered);
                air.carry(&mut back, now, Packet::Ack(arrivals.in_order()));
                None
            }
            Some(Packet::Ack(number)) => sender.ack_came(number, now),
            None if sender.timer != Some(now) => Some(sender.leaves(sender.next, now)),
            None if sender.timeouts < MAX_TIMEOUTS => Some(sender.timer_fired(now)),
            None => return Err(GaveUp { packet: sender.acked + 1, so_far: transfer }),
        };
        if let Some(packet) = leaving {
            transfer.sent += 1;
            transfer.resent = transfer.sent - (sender.next - 1);
            air.carry(&mut there, now, packet);
        }
    }
    Ok(transfer)
}

/// Keeps what comes early, drops what came before, and hands on what is now in order.
fn receive(number: u64, arrivals: &mut Arrivals, delivered: &mut Vec<u64>) {
    let before = arrivals.in_order();
    match arrivals.arrived(number) {
        Arrival::New => delivered.extend(before + 1..=arrivals.in_order()),
        Arrival::Repeated => trace::note_of("server", || format!("packet {number} again: dropped")),
        Arrival::TooFarAhead => {}
    }
}

/// Sends packets 1 to `packets` the way UDP does: each once, and the program gets what comes, when it comes.
pub fn unreliably(packets: u64, there: Luck<'_>) -> Transfer {
    let mut link = Link { luck: there, carried: 0 };
    let mut air = Air::default();
    let mut transfer = Transfer { sent: packets, ..Transfer::default() };
    let mut now = Duration::ZERO;
    for number in 1..=packets {
        air.carry(&mut link, now, Packet::Data(number));
        now += PACE;
    }
    while let Some(at) = air.next_arrival() {
        transfer.took = at;
        if let Some(Packet::Data(number)) = air.land(at) {
            transfer.delivered.push(number);
        }
    }
    transfer
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all_arrive(_: u64) -> Fate {
        Fate::Arrives
    }

    #[test]
    fn on_a_good_link_nothing_is_sent_twice() {
        let transfer = reliably(100, &all_arrive, &all_arrive).unwrap();
        assert_eq!(transfer.delivered, (1..=100).collect::<Vec<u64>>());
        assert_eq!((transfer.sent, transfer.resent), (100, 0));
        assert_eq!(unreliably(100, &all_arrive).delivered, transfer.delivered, "and UDP does as well");
    }

    #[test]
    fn whatever_the_luck_everything_arrives_in_order_and_once() {
        for seed in 0..200 {
            let (there, back) = (by_seed(seed, 15, 10, 10), by_seed(!seed, 15, 10, 10));
            let transfer = reliably(60, &there, &back).unwrap();
            assert_eq!(transfer.delivered, (1..=60).collect::<Vec<u64>>(), "seed {seed}");
            assert_eq!(transfer.sent, 60 + transfer.resent, "seed {seed}");
        }
    }

    #[test]
    fn a_lost_ack_is_made_good_by_a_later_one() {
        let back = |n| if n == 0 { Fate::Lost } else { Fate::Arrives };
        assert_eq!(reliably(3, &all_arrive, &back).unwrap().resent, 0);
        assert_eq!(reliably(1, &all_arrive, &back).unwrap().resent, 1, "unless there is none");
    }

    #[test]
    fn waits_grow_while_the_same_packet_is_lost() {
        let there = |n| if n < 4 { Fate::Lost } else { Fate::Arrives };
        let transfer = reliably(1, &there, &all_arrive).unwrap();
        assert_eq!((transfer.sent, transfer.resent), (5, 4));
        assert_eq!(transfer.took, Duration::from_secs(1 + 2 + 4 + 8) + 2 * DELAY);
    }

    #[test]
    fn two_losses_in_one_window_cost_one_timeout() {
        let there = |n| if n < 2 { Fate::Lost } else { Fate::Arrives };
        let transfer = reliably(4, &there, &all_arrive).unwrap();
        assert_eq!(transfer.resent, 2);
        assert_eq!(
            transfer.took,
            Duration::from_secs(1) + 4 * DELAY,
            "the ACK of the first asks for the second"
        );
    }

    #[test]
    fn an_ack_that_waited_for_a_resent_packet_is_no_measurement() {
        // Packet 1 is lost; its second copy brings an ACK of all 8, a second after 2 to 8 left. Then packet 9 is lost.
        let there = |n| if n == 0 || n == 9 { Fate::Lost } else { Fate::Arrives };
        let transfer = reliably(9, &there, &all_arrive).unwrap();
        assert_eq!(
            transfer.took,
            Duration::from_secs(1 + 2) + 4 * DELAY,
            "the timeout is still the doubled one"
        );
    }

    #[test]
    fn a_dead_link_is_given_up() {
        let gave_up = reliably(5, &|_| Fate::Lost, &all_arrive).unwrap_err();
        assert_eq!((gave_up.packet, gave_up.so_far.resent), (1, u64::from(MAX_TIMEOUTS)));
        assert!(gave_up.so_far.took > Duration::from_secs(100));
        assert!(gave_up.to_string().contains("packet 1 was sent for"));
    }

    #[test]
    fn sending_nothing_ends_at_once() {
        assert_eq!(reliably(0, &all_arrive, &all_arrive), Ok(Transfer::default()));
    }
}
