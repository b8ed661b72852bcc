//! One end of a session: its numbers, its two buffers, and what it does with a segment.
//!
//! ```text
//!  what we send:     acknowledged | sent, unacknowledged | may be sent | must wait
//!                                 ^ snd_una              ^ snd_nxt     ^ snd_una + snd_wnd
//!  what we receive:  read by the program | in the buffer | room: the window we announce | none of our business
//!                                                        ^ rcv_nxt                      ^ rcv_nxt + window
//! ```
//!
//! The names are those of RFC 9293, 3.3.1 (SND.UNA, …). What comes in is [`arrives`](super::arrives)' business, what
//! follows for the state is [`state::next`]'s. An end puts what it sends into [`Endpoint::outbox`]; somebody else
//! carries it.
//!
//! Left out: timers (see [`retransmit`](super::retransmit)), keeping what arrives early (see [`acks`](super::acks)),
//! the avoidance of tiny windows, bytes in a SYN, window scaling, and options.

use super::segment::{Segment, Seq, Side};
use super::state::{self, Event, Refused, Reply, State};
use crate::base::trace;
use std::collections::VecDeque;

/// When an end acknowledges bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acks {
    /// With every segment that brings some.
    EachSegment,
    /// Only when its program reads: the pace of Figure 3-3. (RFC 9293, 3.8.6.3 lets a TCP hold an ACK back for half a
    /// second or two full segments at most.)
    WhenRead,
}

/// What an end brings along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Its initial sequence number. Real ones are unguessable (RFC 9293, 3.4.1); ours are chosen, so that one can read
    /// them.
    pub first: Seq,
    /// The size of its receive buffer in bytes: the largest window it announces.
    pub buffer: u16,
    /// The most bytes it puts into one segment.
    pub segment_size: u16,
    /// When it acknowledges.
    pub acks: Acks,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { first: Seq(0), buffer: u16::MAX, segment_size: 1460, acks: Acks::EachSegment }
    }
}

/// One end of a session. The fields are there to be looked at.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// Which end.
    pub side: Side,
    /// Where it stands.
    pub state: State,
    /// What it brought along.
    pub settings: Settings,
    /// The oldest number we sent that is not acknowledged.
    pub snd_una: Seq,
    /// The next number we shall send.
    pub snd_nxt: Seq,
    /// The peer's window: how far beyond `snd_una` we may send.
    pub snd_wnd: u16,
    /// The next number we expect.
    pub rcv_nxt: Seq,
    /// Segments to be carried to the peer, oldest first.
    pub outbox: VecDeque<Segment>,
    /// What the program wrote and nobody acknowledged; the front one's number is `snd_una`.
    pub(super) unacknowledged: VecDeque<u8>,
    /// What arrived and the program has not read.
    pub(super) received: VecDeque<u8>,
    pub(super) peer_finished: bool,
    pub(super) challenges: u32,
    close_asked: bool,
    our_fin: Option<Seq>,
    /// How many bytes of payload we have ever sent, resent ones counted again.
    pub bytes_sent: u64,
}

impl Endpoint {
    /// An end without a connection.
    pub fn new(side: Side, settings: Settings) -> Endpoint {
        Endpoint {
            side,
            state: State::Closed,
            settings,
            snd_una: settings.first,
            snd_nxt: settings.first,
            snd_wnd: 0,
            rcv_nxt: Seq(0),
            outbox: VecDeque::new(),
            unacknowledged: VecDeque::new(),
            received: VecDeque::new(),
            close_asked: false,
            our_fin: None,
            peer_finished: false,
            challenges: 0,
            bytes_sent: 0,
        }
    }

    // --- what its program may ask ---------------------------------------------------------------------------------

    /// Waits for a peer.
    ///
    /// # Errors
    ///
    /// [`Refused`] unless the end is CLOSED.
    pub fn listen(&mut self) -> Result<(), Refused> {
        self.happens(Event::PassiveOpen)
    }

    /// Sends a SYN.
    ///
    /// # Errors
    ///
    /// [`Refused`] when there is a connection.
    pub fn dial(&mut self) -> Result<(), Refused> {
        self.happens(Event::ActiveOpen)
    }

    /// Gives `bytes` to the connection. What the peer's window allows leaves at once, the rest as it opens.
    ///
    /// # Errors
    ///
    /// [`Refused`] before there is a connection and after [`Endpoint::close`].
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), Refused> {
        if self.close_asked {
            return Err(Refused { state: self.state, call: Event::Send });
        }
        self.happens(Event::Send)?;
        self.unacknowledged.extend(bytes);
        self.transmit();
        Ok(())
    }

    /// Takes up to `limit` bytes out of the receive buffer, and tells the peer of the room that makes.
    pub fn read(&mut self, limit: usize) -> Vec<u8> {
        let count = limit.min(self.received.len());
        let bytes: Vec<u8> = self.received.drain(..count).collect();
        if count > 0 && self.state.takes_data() {
            self.send(Reply::Ack);
        }
        bytes
    }

    /// Whether a read would give 0: the peer sent its FIN and all before it has been read.
    pub fn is_at_end(&self) -> bool {
        self.peer_finished && self.received.is_empty()
    }

    /// Ends our direction. The FIN leaves after the last byte; the peer's direction stays open.
    ///
    /// # Errors
    ///
    /// [`Refused`] when there is nothing to close.
    pub fn close(&mut self) -> Result<(), Refused> {
        if self.close_asked {
            return Err(Refused { state: self.state, call: Event::Close });
        }
        if !self.state.sends_data() && self.state != State::SynReceived {
            return self.happens(Event::Close);
        }
        self.close_asked = true;
        self.transmit();
        Ok(())
    }

    /// Drops the connection: unsent and unread bytes are lost, the peer gets a RST.
    ///
    /// # Errors
    ///
    /// [`Refused`] when there is no connection.
    pub fn abort(&mut self) -> Result<(), Refused> {
        self.happens(Event::Abort)
    }

    // --- what it says of itself -----------------------------------------------------------------------------------

    /// The window we announce: how much fits into the receive buffer.
    pub fn window(&self) -> u16 {
        // The window never lets more in than the buffer holds, so this is at most `buffer`.
        self.settings.buffer.saturating_sub(self.received.len() as u16)
    }

    /// Numbers sent and not acknowledged.
    pub fn in_flight(&self) -> u32 {
        self.snd_nxt.since(self.snd_una)
    }

    /// Bytes the program wrote that have not left yet.
    pub fn unsent(&self) -> usize {
        // A SYN or a FIN under way has a number and no byte.
        let opening = matches!(self.state, State::SynSent | State::SynReceived);
        let control = u32::from(opening || self.our_fin.is_some());
        self.unacknowledged.len().saturating_sub(self.in_flight().saturating_sub(control) as usize)
    }

    /// Whether our FIN has left and arrived.
    pub(super) fn fin_is_acknowledged(&self) -> bool {
        self.our_fin.is_some_and(|fin| fin.is_before(self.snd_una))
    }

    // --- sending --------------------------------------------------------------------------------------------------

    /// Sends what the peer's window allows: bytes first, then the FIN the program asked for.
    pub(super) fn transmit(&mut self) {
        while self.state.sends_data() && self.unsent() > 0 && self.usable() > 0 {
            let size =
                self.unsent().min(self.usable() as usize).min(usize::from(self.settings.segment_size.max(1)));
            let start = self.in_flight() as usize;
            let payload = self.unacknowledged.range(start..start + size).copied().collect();
            self.send_bytes(self.snd_nxt, payload);
            self.snd_nxt = self.snd_nxt.plus(size as u32);
        }
        if self.close_asked && self.state.sends_data() && self.unsent() == 0 && self.usable() > 0 {
            self.meets(Event::Close);
        }
    }

    /// How many numbers the peer has room for beyond those in flight. Zero: stop.
    fn usable(&self) -> u32 {
        u32::from(self.snd_wnd).saturating_sub(self.in_flight())
    }

    /// A timer fired: sends the oldest unacknowledged segment again. With nothing under way and a closed window it
    /// sends one number beyond it, to hear whether the window is open by now (RFC 9293, 3.8.6.1): the ACK that said so
    /// may be lost.
    pub fn timer_fired(&mut self) {
        self.challenges = 0;
        let sent = self.unacknowledged.len() - self.unsent();
        match self.state {
            State::SynSent => self.send(Reply::Syn),
            State::SynReceived => self.send(Reply::SynAck),
            _ if sent > 0 => {
                let size = sent.min(usize::from(self.settings.segment_size.max(1)));
                let payload = self.unacknowledged.range(..size).copied().collect();
                self.send_bytes(self.snd_una, payload);
            }
            _ if self.our_fin.is_some() && !self.fin_is_acknowledged() => self.send(Reply::Fin),
            State::Established | State::CloseWait if self.unsent() > 0 => {
                let payload = self.unacknowledged.range(..1).copied().collect();
                self.send_bytes(self.snd_nxt, payload);
                self.snd_nxt = self.snd_nxt.plus(1);
            }
            State::Established | State::CloseWait if self.close_asked => self.meets(Event::Close),
            _ => {}
        }
    }

    fn send_bytes(&mut self, seq: Seq, payload: Vec<u8>) {
        self.bytes_sent += payload.len() as u64;
        let mut segment = self.acknowledging(seq);
        segment.payload = payload;
        self.outbox.push_back(segment);
    }

    fn acknowledging(&self, seq: Seq) -> Segment {
        let mut segment = Segment::new(self.side, seq);
        segment.ack = Some(self.rcv_nxt);
        segment.window = self.window();
        segment
    }

    /// Sends what a transition asks for.
    pub(super) fn send(&mut self, reply: Reply) {
        let mut segment = self.acknowledging(self.snd_nxt);
        match reply {
            Reply::Nothing => return,
            Reply::Ack => {}
            Reply::Rst => segment.rst = true,
            Reply::Syn | Reply::SynAck => {
                segment.syn = true;
                segment.seq = self.settings.first;
                if reply == Reply::Syn {
                    segment.ack = None; // we have not heard from the peer
                }
                self.snd_nxt = segment.end();
            }
            Reply::Fin => {
                segment.fin = true;
                segment.seq = *self.our_fin.get_or_insert(self.snd_nxt);
                self.snd_nxt = segment.end();
            }
        }
        self.outbox.push_back(segment);
    }

    /// The one place where the state changes.
    fn happens(&mut self, event: Event) -> Result<(), Refused> {
        let before = self.state;
        let (after, reply) = state::next(before, event)?;
        self.state = after;
        self.send(reply);
        if after != before {
            trace::note_of(self.side.name(), || format!("{before} -> {after}"));
        }
        Ok(())
    }

    /// [`Endpoint::happens`] for what is not a call of the program, and so cannot be refused.
    pub(super) fn meets(&mut self, event: Event) {
        let outcome = self.happens(event);
        debug_assert!(outcome.is_ok(), "{outcome:?}");
    }

    /// Twice the maximum segment lifetime has passed ([`state::time_wait`]).
    pub fn two_msl_over(&mut self) {
        self.meets(Event::TwoMslOver);
    }
}
