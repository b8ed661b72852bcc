//! A channel that loses, repeats, delays and damages what it carries; a small protocol that gets everything across all the
//! same; and the same messages without it.
//!
//! ```text
//! datagram   kind | number    | bytes          | CRC-32
//!            1    | 4         | …              | 4
//!
//! sender: up to 4 unacknowledged, a timer each     channel     receiver: delivers in order, once
//!   0 1 2 3            ────────────────────────▶    ?  ▶         0 . 2 3     keeps 2 and 3
//!   timer of 1 fires   ◀──────── ACK 0, ACK 2, ACK 3
//!   1                  ────────────────────────▶       ▶         1: delivers 1 2 3
//! ```
//!
//! Five measures, and what each is against: the CRC against damage, the ACK with a timer against loss, the number against
//! repetition and disorder, the window against drowning the channel, which has room for so much and drops the rest.
//!
//! Time is counted in ticks; nothing waits. Real TCP counts bytes instead of messages and learns how long to wait; it is
//! chapter 3's. Giving up after a time is part of the protocol: over a dead channel nothing can be promised.
//!
//! Book: "The Transport Layer".

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use super::checksum::crc32;
use crate::base::random::Seeded;
use crate::base::trace::{self, Kind};
use crate::base::wire::{Reader, WireError, put_u8, put_u32};

/// Messages under way that the sender has no ACK for.
pub const WINDOW: u32 = 4;
/// Ticks until a message without an ACK is sent again; more than a round trip.
const TIMER: u64 = 12;
/// So often a message is sent before the sender gives up.
pub const MAX_TRIES: u32 = 30;
/// Ticks a message is under way, and how much longer a late one is.
const DELAY: u64 = 4;
const LATER: u64 = 3;

/// The channel's name in the trace.
const CHANNEL: &str = "channel";

// --- the channel --------------------------------------------------------------------------------------------------------

/// With which probability a channel does what to a message.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Faults {
    /// It does not arrive.
    pub lost: f64,
    /// It arrives twice.
    pub twice: f64,
    /// It arrives after later ones.
    pub late: f64,
    /// A bit of it is another.
    pub damaged: f64,
}

/// One direction of a channel. The same seed has the same luck.
#[derive(Clone, Debug)]
pub struct Channel {
    faults: Faults,
    room: usize,
    random: Seeded,
    under_way: Vec<(u64, Vec<u8>)>,
    /// Messages it had no room for.
    pub drowned: u64,
}

impl Channel {
    /// A channel that holds at most `room` messages at a time.
    pub fn new(faults: Faults, room: usize, seed: u64) -> Channel {
        Channel { faults, room, random: Seeded::new(seed), under_way: Vec::new(), drowned: 0 }
    }

    /// Puts a message on the channel.
    pub fn send(&mut self, now: u64, message: &[u8]) {
        if self.under_way.len() >= self.room {
            self.drowned += 1;
            trace::note_of(CHANNEL, || "is full: drops it".to_string());
            return;
        }
        if self.random.chance(self.faults.lost) {
            trace::note_of(CHANNEL, || "loses it".to_string());
            return;
        }
        let mut message = message.to_vec();
        if self.random.chance(self.faults.damaged) && !message.is_empty() {
            let bit = self.random.below(message.len() as u64 * 8) as usize;
            message[bit / 8] ^= 1 << (bit % 8);
            trace::note_of(CHANNEL, || "damages it".to_string());
        }
        let late = if self.random.chance(self.faults.late) { LATER } else { 0 };
        if self.random.chance(self.faults.twice) {
            trace::note_of(CHANNEL, || "carries it twice".to_string());
            self.under_way.push((now + DELAY + 1, message.clone()));
        }
        self.under_way.push((now + DELAY + late, message));
    }

    /// What arrives at `now`, in the order it was sent.
    pub fn arrivals(&mut self, now: u64) -> Vec<Vec<u8>> {
        let (arrived, waiting) = self.under_way.drain(..).partition(|(due, _)| *due <= now);
        self.under_way = waiting;
        let arrived: Vec<(u64, Vec<u8>)> = arrived;
        arrived.into_iter().map(|(_, message)| message).collect()
    }

    fn is_empty(&self) -> bool {
        self.under_way.is_empty()
    }
}

// --- what travels on it -------------------------------------------------------------------------------------------------

/// A message of the protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Datagram {
    /// The message with this number.
    Data(u32, Vec<u8>),
    /// The message with this number has arrived.
    Ack(u32),
}

/// Why bytes are no datagram. The receiver drops them; the timer does the rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DatagramError {
    /// It ends too early.
    CutShort(WireError),
    /// The CRC does not fit.
    Damaged,
    /// The first byte is neither 0 nor 1.
    NoSuchKind(u8),
    /// An ACK with something behind its number.
    AckWithBytes(usize),
}

impl fmt::Display for DatagramError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DatagramError::CutShort(_) => write!(f, "the datagram is cut short"),
            DatagramError::Damaged => write!(f, "the datagram was damaged: its CRC does not fit"),
            DatagramError::NoSuchKind(kind) => write!(f, "a datagram of kind {kind}; we take 0 and 1"),
            DatagramError::AckWithBytes(count) => write!(f, "an ACK with {count} bytes behind its number"),
        }
    }
}

impl std::error::Error for DatagramError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            DatagramError::CutShort(source) => Some(source),
            _ => None,
        }
    }
}

impl From<WireError> for DatagramError {
    fn from(error: WireError) -> DatagramError {
        DatagramError::CutShort(error)
    }
}

impl Datagram {
    /// Its bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        match self {
            Datagram::Data(number, message) => {
                put_u8(&mut bytes, 0);
                put_u32(&mut bytes, *number);
                bytes.extend_from_slice(message);
            }
            Datagram::Ack(number) => {
                put_u8(&mut bytes, 1);
                put_u32(&mut bytes, *number);
            }
        }
        let crc = crc32(&bytes);
        put_u32(&mut bytes, crc);
        bytes
    }

    /// Reads a datagram.
    ///
    /// # Errors
    /// A [`DatagramError`] that says what is wrong.
    pub fn decode(bytes: &[u8]) -> Result<Datagram, DatagramError> {
        let mut reader = Reader::new(bytes);
        let kind = reader.u8()?;
        let number = reader.u32()?;
        let message = reader.take(reader.remaining().saturating_sub(4))?;
        let crc = reader.u32()?;
        if crc != crc32(&bytes[..bytes.len() - 4]) {
            return Err(DatagramError::Damaged);
        }
        match kind {
            0 => Ok(Datagram::Data(number, message.to_vec())),
            1 if message.is_empty() => Ok(Datagram::Ack(number)),
            1 => Err(DatagramError::AckWithBytes(message.len())),
            other => Err(DatagramError::NoSuchKind(other)),
        }
    }
}

// --- with the protocol --------------------------------------------------------------------------------------------------

/// What came of sending messages over a channel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transfer {
    /// What the receiving program got, in the order it got it.
    pub delivered: Vec<Vec<u8>>,
    /// How often a message was put on the channel.
    pub sent: u64,
    /// How long it took, in ticks.
    pub ticks: u64,
}

/// The sender gave up: it had sent a message [`MAX_TRIES`] times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GaveUp {
    /// The message's number.
    pub number: u32,
    /// How it stood by then.
    pub so_far: Transfer,
}

impl fmt::Display for GaveUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "message {} was sent {MAX_TRIES} times and never acknowledged", self.number)
    }
}

impl std::error::Error for GaveUp {}

#[derive(Default)]
struct Sender {
    /// The first message without an ACK, and the first that was never sent.
    first: u32,
    next: u32,
    /// Of those between: when to send again, and how often that was done. `None`: it has its ACK.
    waiting: BTreeMap<u32, Option<(u64, u32)>>,
}

#[derive(Default)]
struct Receiver {
    next: u32,
    early: HashMap<u32, Vec<u8>>,
}

/// Sends `messages` so that all of them arrive, once and in order, or it is known that they did not.
///
/// # Errors
/// [`GaveUp`] over a channel that carries nothing.
pub fn reliably(messages: &[Vec<u8>], there: &mut Channel, back: &mut Channel) -> Result<Transfer, GaveUp> {
    let (mut sender, mut receiver) = (Sender::default(), Receiver::default());
    let mut transfer = Transfer::default();
    while (sender.first as usize) < messages.len() {
        let now = transfer.ticks;
        for number in sender.due(now, messages.len()) {
            let Some(number) = number else {
                return Err(GaveUp { number: sender.first, so_far: transfer });
            };
            let datagram = Datagram::Data(number, messages[number as usize].clone()).encode();
            tell("sender", CHANNEL, &datagram, now);
            there.send(now, &datagram);
            transfer.sent += 1;
        }
        for arrived in there.arrivals(now) {
            tell(CHANNEL, "receiver", &arrived, now);
            if let Some(ack) = receiver.take(&arrived, &mut transfer.delivered) {
                tell("receiver", CHANNEL, &ack, now);
                back.send(now, &ack);
            }
        }
        for arrived in back.arrivals(now) {
            tell(CHANNEL, "sender", &arrived, now);
            sender.take(&arrived);
        }
        transfer.ticks += 1;
    }
    Ok(transfer)
}

fn tell(from: &str, to: &str, bytes: &[u8], now: u64) {
    trace::between_with(Kind::Sent, from, to, bytes, || match Datagram::decode(bytes) {
        Ok(Datagram::Data(number, _)) => format!("message {number}, tick {now}"),
        Ok(Datagram::Ack(number)) => format!("ACK {number}, tick {now}"),
        Err(_) => format!("tick {now}"),
    });
}

impl Sender {
    /// What to send now: timers that fired, and new messages as far as the window allows. `None` among them: give up.
    fn due(&mut self, now: u64, count: usize) -> Vec<Option<u32>> {
        let mut due = Vec::new();
        for (number, timer) in &mut self.waiting {
            let Some((again_at, tries)) = timer else { continue };
            if *again_at <= now {
                *again_at = now + TIMER;
                *tries += 1;
                due.push(if *tries > MAX_TRIES { None } else { Some(*number) });
            }
        }
        while (self.next as usize) < count && self.next - self.first < WINDOW {
            self.waiting.insert(self.next, Some((now + TIMER, 1)));
            due.push(Some(self.next));
            self.next += 1;
        }
        due
    }

    fn take(&mut self, arrived: &[u8]) {
        let Ok(Datagram::Ack(number)) = Datagram::decode(arrived) else { return };
        if let Some(timer) = self.waiting.get_mut(&number) {
            *timer = None;
        }
        while let Some(None) = self.waiting.get(&self.first) {
            self.waiting.remove(&self.first);
            self.first += 1;
        }
    }
}

impl Receiver {
    /// Delivers what is next and keeps what is early. The answer acknowledges old messages too: their ACK may be lost.
    fn take(&mut self, arrived: &[u8], delivered: &mut Vec<Vec<u8>>) -> Option<Vec<u8>> {
        let Ok(Datagram::Data(number, message)) = Datagram::decode(arrived) else {
            trace::note_of("receiver", || "drops a damaged datagram".to_string());
            return None;
        };
        // An honest sender is never further ahead, so what is kept has an end.
        if number >= self.next.saturating_add(WINDOW) {
            return None;
        }
        if number >= self.next {
            self.early.insert(number, message);
        }
        while let Some(message) = self.early.remove(&self.next) {
            trace::note_of("receiver", || format!("delivers message {}", self.next));
            delivered.push(message);
            self.next += 1;
        }
        Some(Datagram::Ack(number).encode())
    }
}

// --- without ------------------------------------------------------------------------------------------------------------

/// Puts the bare messages on the channel, `per_tick` at a time, and takes what comes as it comes.
pub fn barely(messages: &[Vec<u8>], per_tick: usize, there: &mut Channel) -> Transfer {
    let mut transfer = Transfer::default();
    let mut left = messages.chunks(per_tick.max(1));
    let mut are_all_sent = false;
    while !(are_all_sent && there.is_empty()) {
        for message in left.next().unwrap_or_default() {
            tell("sender", CHANNEL, message, transfer.ticks);
            there.send(transfer.ticks, message);
            transfer.sent += 1;
        }
        are_all_sent = left.len() == 0;
        for arrived in there.arrivals(transfer.ticks) {
            tell(CHANNEL, "receiver", &arrived, transfer.ticks);
            transfer.delivered.push(arrived);
        }
        transfer.ticks += 1;
    }
    transfer
}

#[cfg(test)]
mod tests;
