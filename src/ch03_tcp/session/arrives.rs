//! What an end does with a segment that arrives: RFC 9293, 3.10.7 ("SEGMENT ARRIVES"), check by check in its order.
//!
//! ```text
//! CLOSED      anything: RST
//! LISTEN      ACK: RST        SYN: SYN+ACK
//! SYN-SENT    wrong ACK: RST  RST: give up   SYN+ACK: ACK   SYN: SYN+ACK
//! all others  in the window?  RST?  SYN?  ACK  payload  FIN
//! ```
//!
//! Here the numbers are judged; what follows for the state is [`state::next`](super::state::next)'s to say.

use super::endpoint::{Acks, Endpoint};
use super::segment::{Segment, Seq};
use super::state::{Event, Reply, State};

/// How many empty segments out of place are answered before anything moves on. When somebody in the middle slips in
/// bytes, both ends know a number the other never sent; each answers the other's answer, for ever. RFC 5961, 7 allows
/// ten in five seconds; without a clock we allow ten until there is progress or a timer fires.
pub const MAX_CHALLENGES: u32 = 10;

impl Endpoint {
    /// Takes a segment from the wire.
    pub fn arrives(&mut self, segment: &Segment) {
        match self.state {
            State::Closed => self.refuse(segment),
            State::Listen => self.arrives_at_listener(segment),
            State::SynSent => self.arrives_at_dialler(segment),
            _ => self.arrives_at_connection(segment),
        }
        self.transmit();
    }

    fn arrives_at_listener(&mut self, segment: &Segment) {
        if segment.ack.is_some() {
            self.refuse(segment);
        } else if segment.syn && !segment.rst {
            self.rcv_nxt = segment.first_byte();
            self.snd_wnd = segment.window;
            self.meets(Event::Syn);
        }
    }

    fn arrives_at_dialler(&mut self, segment: &Segment) {
        match segment.ack {
            Some(ack) if ack != self.snd_nxt => return self.refuse(segment), // an answer to an earlier life's SYN
            // A RST without our number in it could come from anybody.
            None if segment.rst => return,
            _ => {}
        }
        if segment.rst {
            return self.meets(Event::Rst);
        }
        if !segment.syn {
            return;
        }
        self.rcv_nxt = segment.first_byte();
        self.snd_wnd = segment.window;
        match segment.ack {
            Some(ack) => {
                self.snd_una = ack;
                self.meets(Event::SynAck);
            }
            None => self.meets(Event::Syn),
        }
    }

    fn arrives_at_connection(&mut self, segment: &Segment) {
        let answers_our_syn = self.state == State::SynReceived && segment.ack == Some(self.snd_nxt);
        if answers_our_syn && segment.syn && segment.first_byte() == self.rcv_nxt {
            // Both dialled at once, and this is the second half of the peer's SYN.
            self.snd_una = self.snd_nxt;
            return self.meets(Event::SynAck);
        }
        if !self.is_acceptable(segment) {
            // In TIME-WAIT this is the peer's FIN again, which our answer settles.
            if !segment.rst {
                self.challenge(segment);
            }
            return;
        }
        if segment.rst && segment.seq != self.rcv_nxt {
            return self.challenge(segment); // RFC 5961, 3.2: in the window is not enough, that can be guessed
        }
        if segment.rst {
            return self.meets(Event::Rst);
        }
        if segment.syn {
            return self.challenge(segment);
        }
        if let Some(ack) = segment.ack {
            self.take(ack, segment);
        }
    }

    /// RFC 9293, 3.10.7.4, the table of four cases: does any of it fall into the window?
    fn is_acceptable(&self, segment: &Segment) -> bool {
        let window = u32::from(self.window());
        if segment.length() == 0 {
            return segment.seq == self.rcv_nxt || segment.seq.is_within(self.rcv_nxt, window);
        }
        let last = segment.seq.plus(segment.length() - 1);
        segment.seq.is_within(self.rcv_nxt, window) || last.is_within(self.rcv_nxt, window)
    }

    fn take(&mut self, ack: Seq, segment: &Segment) {
        if self.state == State::SynReceived && ack != self.snd_nxt {
            return self.refuse(segment); // whoever sent it never saw our SYN+ACK
        }
        if self.snd_nxt.is_before(ack) {
            return self.challenge(segment); // it acknowledges what we never sent
        }
        let fin_was_acknowledged = self.fin_is_acknowledged();
        self.take_ack(ack, segment.window);
        let ack_of_fin = !fin_was_acknowledged && self.fin_is_acknowledged();
        let complete = self.take_payload(segment);
        let fin = segment.fin && complete && !self.peer_finished;
        if fin {
            self.rcv_nxt = self.rcv_nxt.plus(1);
            self.peer_finished = true;
        }
        match (fin, ack_of_fin) {
            (true, true) => self.meets(Event::FinAndAckOfFin),
            (true, false) => self.meets(Event::Fin),
            (false, true) => self.meets(Event::AckOfFin),
            (false, false) => {}
        }
        let out_of_place = segment.length() > 0 && !complete; // the repeated ACK tells the sender what is missing
        if out_of_place || (!fin && !segment.payload.is_empty() && self.settings.acks == Acks::EachSegment) {
            self.send(Reply::Ack);
        }
    }

    /// Answers a segment out of place by saying where we are.
    fn challenge(&mut self, segment: &Segment) {
        // What takes numbers was sent by a program or a timer, not as an answer to an answer.
        let empty = segment.length() == 0;
        if !empty || self.challenges < MAX_CHALLENGES {
            self.challenges += u32::from(empty);
            self.send(Reply::Ack);
        }
    }

    fn take_ack(&mut self, ack: Seq, window: u16) {
        if ack.is_before(self.snd_una) {
            return; // older than what we know
        }
        let acknowledged = ack.since(self.snd_una) as usize;
        self.snd_una = ack;
        self.snd_wnd = window;
        if acknowledged > 0 {
            self.challenges = 0;
        }
        if self.state == State::SynReceived && acknowledged > 0 {
            return self.meets(Event::AckOfSyn);
        }
        let bytes = acknowledged.min(self.unacknowledged.len()); // the FIN has a number and no byte
        self.unacknowledged.drain(..bytes);
    }

    /// Puts what is new and in order into the receive buffer. `false`: a gap before it, or no room for all of it.
    fn take_payload(&mut self, segment: &Segment) -> bool {
        if self.rcv_nxt.is_before(segment.seq) {
            return false;
        }
        let known = self.rcv_nxt.since(segment.seq) as usize;
        let new = segment.payload.get(known..).unwrap_or_default();
        if !self.state.takes_data() {
            return new.is_empty();
        }
        let fits = new.len().min(usize::from(self.window()));
        self.received.extend(&new[..fits]);
        self.rcv_nxt = self.rcv_nxt.plus(fits as u32);
        if fits > 0 {
            self.challenges = 0;
        }
        fits == new.len()
    }

    /// Answers a segment that belongs to no connection (RFC 9293, 3.5.2, group 1): a RST its sender will believe.
    fn refuse(&mut self, segment: &Segment) {
        if segment.rst {
            return;
        }
        let mut reset = Segment::new(self.side, segment.ack.unwrap_or(Seq(0)));
        reset.rst = true;
        if segment.ack.is_none() {
            reset.ack = Some(segment.end());
        }
        self.outbox.push_back(reset);
    }
}
