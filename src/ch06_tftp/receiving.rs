//! The side that gets the file, as a state machine: a client under RRQ, a server under WRQ. RFC 1350 §6, RFC 7440.
//!
//! ```text
//! opening ──DATA 1──▶ blocks ──short one──▶ written? ──ACK──▶ dallying ──time passes──▶ done
//!    │ ▲ time-out: again  │ ▲ time-out: the last ACK again        │ ▲ the last block again: its ACK again
//!    └─┴──────────────────┴─┴──too often, ERROR, a bad OACK──▶ failed
//! ```
//! The last ACK can be lost like every other packet, and then the sender does not know that it is done. So the receiver
//! stays for a while and acknowledges the last block whenever it comes again.
//!
//! With a window it acknowledges the last block of each, and when a block is missing, once, the last one in order; the
//! sender then goes on behind it. A block that it has is acknowledged again only if that ACK was the last thing it said:
//! else the block is not a sign of a lost ACK but an echo of a window that was sent twice.

use std::time::Duration;

use super::error::{PacketError, TransferError};
use super::options::{Agreed, Options};
use super::packet::{Packet, Pair};
use super::rollover::Rollover;
use super::sending::{Totals, farewell};
use super::timing::{Timer, Timing};

/// What a receiving transfer wants its caller to do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// Send this datagram to the peer.
    Send(&'a [u8]),
    /// Wait for a packet until this moment of the transfer's clock; if none comes, report that the time has passed.
    WaitUntil(Duration),
    /// The file is complete and the sender has had the time to hear of it.
    Done,
    /// It is not and will not be; [`Receiving::failure`] says why.
    Failed,
}

/// What a block means to its receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// Nothing to be written.
    Nothing,
    /// The payload is the file's next part. To be written before the next [`Receiving::next`].
    Part,
    /// The same, and the last. The file is to be finished before its last ACK goes out.
    LastPart,
}

/// How the receiving begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opening {
    /// With ACK 0, the answer to a write request without options.
    Ack,
    /// With an OACK that DATA 1 answers: a server under WRQ.
    Oack(Options),
    /// With a request that DATA 1 or an OACK answers: a client with RRQ.
    Request {
        /// The RRQ's bytes.
        packet: Vec<u8>,
        /// The options it asks for.
        asked: Options,
    },
}

/// The receiving side of a transfer.
#[derive(Debug)]
pub struct Receiving {
    rollover: Rollover,
    agreed: Agreed,
    granted: Options,
    asked: Option<Options>,
    timer: Timer,
    totals: Totals,
    /// What was said last: request, OACK, ACK.
    said: Vec<u8>,
    is_due: bool,
    said_before: bool,
    /// The request has been answered; a server's always has.
    answered: bool,
    /// Blocks in order so far.
    received: u64,
    /// Of these, blocks since the last ACK.
    unacknowledged: u16,
    /// How often the last ACK was repeated because the sender repeated itself.
    echoes: u32,
    /// The gap before the next block has been told of.
    told_of_gap: bool,
    complete: bool,
    done: bool,
    failure: Option<TransferError>,
    farewell: Option<Vec<u8>>,
}

impl Receiving {
    /// A transfer that has not begun.
    ///
    /// # Errors
    /// [`PacketError`] for options that cannot be written; there are none that [`Options`] can hold.
    pub fn new(opening: Opening, timing: Timing) -> Result<Receiving, PacketError> {
        let (said, granted, asked) = match opening {
            Opening::Ack => (Packet::Ack { block: 0 }.encode()?, Options::default(), None),
            Opening::Oack(granted) => (Packet::Oack(granted.pairs()).encode()?, granted, None),
            Opening::Request { packet, asked } => (packet, Options::default(), Some(asked)),
        };
        let agreed = granted.agreed();
        Ok(Receiving {
            rollover: granted.rollover.unwrap_or_default(),
            agreed,
            granted,
            answered: asked.is_none(),
            asked,
            timer: Timer::new(timing.with_agreed(agreed.timeout)),
            totals: Totals::default(),
            said,
            is_due: true,
            said_before: false,
            received: 0,
            unacknowledged: 0,
            echoes: 0,
            told_of_gap: false,
            complete: false,
            done: false,
            failure: None,
            farewell: None,
        })
    }

    /// The same with another number behind 65,535, unless the options that are agreed on say which.
    pub fn rolling_over(self, rollover: Rollover) -> Receiving {
        Receiving { rollover: self.granted.rollover.unwrap_or(rollover), ..self }
    }

    /// The same when so many blocks are here.
    #[cfg(test)]
    pub(super) fn behind(self, blocks: u64) -> Receiving {
        Receiving { received: blocks, ..self }
    }

    /// What is to be done now. Ask until it is [`Step::WaitUntil`], report what came, ask again.
    pub fn next(&mut self, now: Duration) -> Step<'_> {
        if self.failure.is_some() {
            let Some(packet) = self.farewell.take() else { return Step::Failed };
            self.said = packet;
            return Step::Send(&self.said);
        }
        if self.is_due {
            return self.say(now);
        }
        if self.done {
            return Step::Done;
        }
        Step::WaitUntil(self.timer.deadline())
    }

    fn say(&mut self, now: Duration) -> Step<'_> {
        self.is_due = false;
        self.totals.packets += 1;
        self.totals.resent += u64::from(self.said_before);
        self.timer.sent(now, self.said_before);
        self.said_before = true;
        if self.complete {
            self.timer.wait_for(now, self.timer.timing().dally);
        }
        Step::Send(&self.said)
    }

    /// A packet came from the peer: what its payload is to the file. What has no business here is ignored.
    pub fn packet(&mut self, packet: &Packet<'_>, now: Duration) -> Arrival {
        if self.failure.is_some() || self.done {
            return Arrival::Nothing;
        }
        match packet {
            Packet::Data { block, payload } => return self.data(*block, payload.len(), now),
            Packet::Oack(pairs) => self.oack(pairs, now),
            // The file is here; whatever the sender complains about now does not change it.
            Packet::Error { .. } if self.complete => self.done = true,
            Packet::Error { code, message } => {
                self.failure = Some(TransferError::PeerGaveError { code: *code, message: message.clone() });
            }
            _ => {}
        }
        Arrival::Nothing
    }

    fn oack(&mut self, pairs: &[Pair], now: Duration) {
        let Some(asked) = self.asked else { return };
        if self.received > 0 {
            return;
        }
        if self.answered {
            // Our ACK 0 was lost, unless the answer was DATA 1.
            self.echo();
            return;
        }
        match asked.accept(pairs) {
            Ok(granted) => {
                self.answered = true;
                self.granted = granted;
                self.agreed = granted.agreed();
                self.timer.progressed(now);
                self.timer.agree(self.agreed.timeout);
                self.rollover = granted.rollover.unwrap_or(self.rollover);
                self.acknowledge();
                if let Err(error) = self.rollover.check(granted.size.unwrap_or(0), self.agreed.block_size) {
                    self.fail(error);
                }
            }
            Err(error) => self.fail(TransferError::OptionsDoNotFit(error)),
        }
    }

    fn data(&mut self, block: u16, length: usize, now: Duration) -> Arrival {
        if self.received > 0 && block == self.rollover.wire_number(self.received) {
            self.known_block();
            return Arrival::Nothing;
        }
        // 0 is the block we want, 1 and more are behind it.
        let Some(ahead) = self.rollover.ahead(block, self.received + 1) else { return Arrival::Nothing };
        if self.complete || ahead >= self.agreed.window {
            return Arrival::Nothing;
        }
        if ahead > 0 {
            self.gap();
            return Arrival::Nothing;
        }
        if length > self.agreed.block_size {
            let error = PacketError::BlockTooLong { length, most: self.agreed.block_size };
            self.fail(TransferError::PeerBrokeRules(error));
            return Arrival::Nothing;
        }
        if length == self.agreed.block_size {
            if let Err(error) = self.rollover.check_block(self.received + 2) {
                self.fail(error);
                return Arrival::Nothing;
            }
        }
        self.next_block(length, now)
    }

    fn next_block(&mut self, length: usize, now: Duration) -> Arrival {
        self.answered = true;
        self.told_of_gap = false;
        self.echoes = 0;
        self.timer.progressed(now);
        self.received += 1;
        self.totals.blocks = self.received;
        self.totals.bytes += length as u64;
        self.complete = length < self.agreed.block_size;
        self.unacknowledged += 1;
        if self.complete || self.unacknowledged == self.agreed.window {
            self.acknowledge();
        } else {
            // The rest of the window is on its way.
            self.timer.sent(now, false);
        }
        if self.complete { Arrival::LastPart } else { Arrival::Part }
    }

    fn known_block(&mut self) {
        if self.unacknowledged == 0 {
            self.echo();
        }
    }

    /// Says the last thing again, but no more often than it would be said to a silent peer: each time the wait begins anew,
    /// and a peer that repeats itself for ever would be waited for as long.
    fn echo(&mut self) {
        if self.echoes < self.timer.timing().sends {
            self.echoes += 1;
            self.is_due = true;
        }
    }

    fn gap(&mut self) {
        if !self.told_of_gap {
            self.acknowledge();
            self.told_of_gap = true;
        }
    }

    /// The next thing said is an ACK of what is here.
    fn acknowledge(&mut self) {
        let [high, low] = self.rollover.wire_number(self.received).to_be_bytes();
        let packet = [0, 4, high, low];
        self.said_before = self.said == packet;
        self.said = packet.to_vec();
        self.unacknowledged = 0;
        self.is_due = true;
    }

    /// The moment of [`Step::WaitUntil`] has come and no packet with it.
    pub fn time_passed(&mut self) {
        if self.complete {
            self.done = true;
            return;
        }
        self.totals.timeouts += 1;
        if !self.timer.is_worth_another_try() {
            let sends = self.timer.timing().sends;
            self.fail(TransferError::PeerFellSilent { sends });
            return;
        }
        if self.received > 0 {
            self.acknowledge();
        }
        self.is_due = true;
    }

    /// Ends the transfer; the peer is told, where the error is one to be told. A last block that could not be written
    /// is not acknowledged.
    pub fn fail(&mut self, error: TransferError) {
        if self.failure.is_some() {
            return;
        }
        self.farewell = farewell(&error);
        self.failure = Some(error);
    }

    /// Ends the dallying.
    pub fn leave(&mut self) {
        self.done = self.complete;
    }

    /// Whether all of the file has come. The transfer may still dally.
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// Why it failed, once it has.
    pub fn failure(self) -> Option<TransferError> {
        self.failure
    }

    /// What it has done so far.
    pub fn totals(&self) -> Totals {
        self.totals
    }

    /// The options that hold.
    pub fn options(&self) -> Options {
        self.granted
    }
}
