//! The side that sends the file, as a state machine: a server under RRQ, a client under WRQ. Listing 6-10; RFC 7440.
//!
//! ```text
//! opening ──ACK 0, OACK──▶ blocks ──last one acknowledged──▶ done
//!    │  ▲ time-out: again     │ ▲ time-out: the window again
//!    └──┴─────────────────────┴─┴──too often, ERROR, a bad OACK──▶ failed
//! ```
//! It has no socket and no clock. [`Sending::next`] says what is to be done; the caller does it and reports packets and
//! the passing of time. [`super::session`] is such a caller, a test with a simulated link another.
//!
//! What the book's handler does differently, with its reasons to change it:
//! * an ACK that is not the awaited one makes the book send again at once. One ACK doubled by the network then doubles
//!   every packet that follows, the Sorcerer's Apprentice (RFC 1123 §4.2.3.1). Here only a time-out sends again.
//! * such an ACK also costs a try, so ten of them end a transfer within moments. Here only time-outs count.
//! * what follows block 65,535 is decided ([`super::rollover`]), not an overflow; the totals have 64 bits.
//!
//! With a window, an ACK from its middle says that what follows was lost: sending goes on behind it. If the window's very
//! first block was lost the ACK is the one we know; it is believed once, for else it could be an apprentice again.
//!
//! Watch it run: `ch06_tftp -p FILE`, then `tftp 127.0.0.1 6969 -m binary -c get x`.

use std::collections::VecDeque;
use std::time::Duration;

use super::error::{ErrorCode, PacketError, TransferError};
use super::options::{Agreed, Options};
use super::packet::{DATA_HEADER, Packet, Pair};
use super::rollover::Rollover;
use super::timing::{Timer, Timing};

/// What a transfer wants its caller to do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// Send this datagram to the peer.
    Send(&'a [u8]),
    /// Make the DATA packet with this number and so many bytes of the file, and hand it to [`Sending::give`].
    Read {
        /// The block's number.
        block: u16,
        /// Its bytes; fewer mean the end.
        size: usize,
    },
    /// Wait for a packet until this moment of the transfer's clock; if none comes, report that the time has passed.
    WaitUntil(Duration),
    /// The file is through.
    Done,
    /// It is not and will not be; the transfer's `failure` says why.
    Failed,
}

/// What a transfer has done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Blocks of the file that are through.
    pub blocks: u64,
    /// Bytes of the file that are through.
    pub bytes: u64,
    /// Packets sent.
    pub packets: u64,
    /// Of these, packets sent before.
    pub resent: u64,
    /// How often the time was up.
    pub timeouts: u64,
}

/// How the sending begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opening {
    /// With block 1, the answer to a read request without options.
    Block,
    /// With an OACK that ACK 0 answers: a server under RRQ.
    Oack(Options),
    /// With a request that ACK 0 or an OACK answers: a client with WRQ.
    Request {
        /// The WRQ's bytes.
        packet: Vec<u8>,
        /// The options it asks for.
        asked: Options,
    },
}

/// The sending side of a transfer.
#[derive(Debug)]
pub struct Sending {
    rollover: Rollover,
    agreed: Agreed,
    granted: Options,
    timer: Timer,
    totals: Totals,
    /// The packet that opens the transfer until it has been answered, and what was asked for in it.
    opening: Option<Vec<u8>>,
    asked: Option<Options>,
    opening_is_due: bool,
    /// Times the opening left.
    opened: u64,
    /// DATA packets not yet acknowledged; the first has the number behind `acknowledged`.
    window: VecDeque<Vec<u8>>,
    acknowledged: u64,
    /// The next of `window` to be sent, and how many of it have been sent at least once.
    cursor: usize,
    sent: usize,
    /// The last block is in `window` or acknowledged.
    ended: bool,
    /// Where a known ACK was last believed to ask for more.
    went_back_at: Option<u64>,
    failure: Option<TransferError>,
    farewell: Option<Vec<u8>>,
}

impl Sending {
    /// A transfer that has not begun.
    ///
    /// # Errors
    /// [`PacketError`] for options that cannot be written; there are none that [`Options`] can hold.
    pub fn new(opening: Opening, timing: Timing) -> Result<Sending, PacketError> {
        let (packet, granted, asked) = match opening {
            Opening::Block => (None, Options::default(), None),
            Opening::Oack(granted) => (Some(Packet::Oack(granted.pairs()).encode()?), granted, None),
            Opening::Request { packet, asked } => (Some(packet), Options::default(), Some(asked)),
        };
        let agreed = granted.agreed();
        Ok(Sending {
            rollover: granted.rollover.unwrap_or_default(),
            agreed,
            granted,
            timer: Timer::new(timing.with_agreed(agreed.timeout)),
            totals: Totals::default(),
            opening_is_due: packet.is_some(),
            opening: packet,
            asked,
            opened: 0,
            window: VecDeque::new(),
            acknowledged: 0,
            cursor: 0,
            sent: 0,
            ended: false,
            went_back_at: None,
            failure: None,
            farewell: None,
        })
    }

    /// The same with another number behind 65,535, unless the options that are agreed on say which.
    pub fn rolling_over(self, rollover: Rollover) -> Sending {
        Sending { rollover: self.granted.rollover.unwrap_or(rollover), ..self }
    }

    /// The same when so many blocks are through.
    #[cfg(test)]
    pub(super) fn behind(self, blocks: u64) -> Sending {
        Sending { acknowledged: blocks, ..self }
    }

    /// What is to be done now. Ask until it is [`Step::WaitUntil`], report what came, ask again.
    pub fn next(&mut self, now: Duration) -> Step<'_> {
        if self.failure.is_some() {
            return self.last_words();
        }
        if self.opening.is_some() {
            return self.open(now);
        }
        if self.cursor < self.window.len() {
            return self.send_block(now);
        }
        if self.ended && self.window.is_empty() {
            return Step::Done;
        }
        if !self.ended && self.window.len() < self.window_size() {
            let block = self.rollover.wire_number(self.last_in_window() + 1);
            return Step::Read { block, size: self.agreed.block_size };
        }
        Step::WaitUntil(self.timer.deadline())
    }

    fn window_size(&self) -> usize {
        usize::from(self.agreed.window.min(self.rollover.largest_window()))
    }

    fn last_in_window(&self) -> u64 {
        self.acknowledged + self.window.len() as u64
    }

    fn last_words(&mut self) -> Step<'_> {
        let Some(packet) = self.farewell.take() else { return Step::Failed };
        // It takes the opening's place: there is nothing to be opened any more.
        Step::Send(self.opening.insert(packet))
    }

    fn open(&mut self, now: Duration) -> Step<'_> {
        if !self.opening_is_due {
            return Step::WaitUntil(self.timer.deadline());
        }
        self.opening_is_due = false;
        self.timer.sent(now, self.opened > 0);
        self.totals.packets += 1;
        self.totals.resent += u64::from(self.opened > 0);
        self.opened += 1;
        Step::Send(self.opening.as_deref().unwrap_or_default())
    }

    fn send_block(&mut self, now: Duration) -> Step<'_> {
        let again = self.cursor < self.sent;
        self.timer.sent(now, again);
        self.totals.packets += 1;
        self.totals.resent += u64::from(again);
        self.cursor += 1;
        self.sent = self.sent.max(self.cursor);
        Step::Send(&self.window[self.cursor - 1])
    }

    /// The DATA packet [`Step::Read`] asked for. One that is not full is the last.
    pub fn give(&mut self, packet: Vec<u8>) {
        self.ended = packet.len() < DATA_HEADER + self.agreed.block_size;
        self.window.push_back(packet);
        if !self.ended {
            if let Err(error) = self.rollover.check_block(self.last_in_window() + 1) {
                self.fail(error);
            }
        }
    }

    /// A packet came from the peer. What has no business here is ignored: it costs nothing and changes nothing.
    pub fn packet(&mut self, packet: &Packet<'_>, now: Duration) {
        if self.failure.is_some() {
            return;
        }
        match packet {
            Packet::Error { code, message } => {
                self.failure = Some(TransferError::PeerGaveError { code: *code, message: message.clone() });
            }
            Packet::Ack { block: 0 } if self.opening.is_some() => self.opened_with(Options::default(), now),
            Packet::Ack { block } if self.opening.is_none() => self.acknowledge(*block, now),
            Packet::Oack(pairs) if self.opening.is_some() => self.accept(pairs, now),
            _ => {}
        }
    }

    fn accept(&mut self, pairs: &[Pair], now: Duration) {
        let Some(asked) = self.asked else { return };
        match asked.accept(pairs) {
            Ok(granted) => self.opened_with(granted, now),
            Err(error) => self.fail(TransferError::OptionsDoNotFit(error)),
        }
    }

    fn opened_with(&mut self, granted: Options, now: Duration) {
        self.opening = None;
        self.timer.progressed(now);
        let Some(asked) = self.asked else { return };
        self.granted = granted;
        self.agreed = granted.agreed();
        self.timer.agree(self.agreed.timeout);
        self.rollover = granted.rollover.unwrap_or(self.rollover);
        if let Err(error) = self.rollover.check(asked.size.unwrap_or(0), self.agreed.block_size) {
            self.fail(error);
        }
    }

    fn acknowledge(&mut self, block: u16, now: Duration) {
        let Some(ahead) = self.rollover.ahead(block, self.acknowledged).map(usize::from) else { return };
        if ahead == 0 {
            self.go_back_once();
            return;
        }
        if ahead > self.sent {
            // From long ago, or of a block that was never sent.
            return;
        }
        for packet in self.window.drain(..ahead) {
            self.totals.bytes += (packet.len() - DATA_HEADER) as u64;
        }
        self.acknowledged += ahead as u64;
        self.totals.blocks = self.acknowledged;
        self.sent -= ahead;
        // The peer acknowledges a part of the window only when it misses the rest.
        self.cursor = 0;
        self.timer.progressed(now);
    }

    fn go_back_once(&mut self) {
        if self.agreed.window > 1 && self.went_back_at != Some(self.acknowledged) && self.acknowledged > 0 {
            self.went_back_at = Some(self.acknowledged);
            self.cursor = 0;
        }
    }

    /// The moment of [`Step::WaitUntil`] has come and no packet with it.
    pub fn time_passed(&mut self) {
        self.totals.timeouts += 1;
        if !self.timer.is_worth_another_try() {
            let sends = self.timer.timing().sends;
            self.fail(TransferError::PeerFellSilent { sends });
            return;
        }
        self.opening_is_due = self.opening.is_some();
        self.cursor = 0;
    }

    /// Ends the transfer; the peer is told, where the error is one to be told.
    pub fn fail(&mut self, error: TransferError) {
        if self.failure.is_some() {
            return;
        }
        self.farewell = farewell(&error);
        self.failure = Some(error);
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

/// The ERROR packet that tells the peer, if it is to be told.
pub(super) fn farewell(error: &TransferError) -> Option<Vec<u8>> {
    let code: ErrorCode = error.code()?;
    Packet::Error { code, message: error.words().into_bytes() }.encode().ok()
}
