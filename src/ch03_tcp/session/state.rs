//! The states of a connection (RFC 9293, 3.3.2), and one function that knows every way from one to another.
//! It does no I/O and knows no numbers: the [`endpoint`](super::endpoint) tells it what happened, it says what to send.
//!
//! ```text
//!                         CLOSED
//!          passive open /        \ active open: SYN
//!                 LISTEN          SYN-SENT
//!         SYN: SYN+ACK  \        /  |
//!                   SYN-RECEIVED    | SYN+ACK: ACK          (a SYN alone: both ends dialled at once,
//!              ACK of SYN  \        /                        SYN+ACK, to SYN-RECEIVED)
//!                         ESTABLISHED
//!           close: FIN  /             \  FIN: ACK
//!            FIN-WAIT-1                CLOSE-WAIT           (stays until our program closes, too)
//!  ACK of FIN /     \ FIN: ACK             | close: FIN
//!     FIN-WAIT-2    CLOSING            LAST-ACK
//!   FIN: ACK  \     / ACK of FIN           | ACK of FIN
//!            TIME-WAIT                   CLOSED
//!                | twice the maximum segment lifetime
//!             CLOSED                          RST: from any state but LISTEN to CLOSED
//! ```
//!
//! Book: Figures 3-1 and 3-4; Figure 3-4 passes over FIN-WAIT-2. We write the RFC's hyphen where the book and `netstat`
//! write `FIN_WAIT_1`.
//!
//! Left out: a RST in SYN-RECEIVED sends a passive opener back to LISTEN in the RFC. As in every system with sockets,
//! the listener here is another end, so this one goes to CLOSED.

use std::fmt;
use std::time::Duration;

/// Where one end of a connection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// There is no connection.
    Closed,
    /// Waiting for anybody's SYN.
    Listen,
    /// We sent a SYN.
    SynSent,
    /// We have the peer's SYN and sent ours; its acknowledgement is outstanding.
    SynReceived,
    /// Bytes flow both ways.
    Established,
    /// We sent our FIN.
    FinWait1,
    /// Our FIN is acknowledged; the peer may still send.
    FinWait2,
    /// The peer sent its FIN; our program has not closed yet.
    CloseWait,
    /// Both FINs crossed; ours is not acknowledged yet.
    Closing,
    /// We answered the peer's FIN with ours and wait for the last ACK.
    LastAck,
    /// All is said; we stay to repeat our last ACK if it got lost, and until stray segments have died.
    TimeWait,
}

/// Every state, in the order of the picture.
pub const STATES: [State; 11] = [
    State::Closed,
    State::Listen,
    State::SynSent,
    State::SynReceived,
    State::Established,
    State::FinWait1,
    State::FinWait2,
    State::CloseWait,
    State::Closing,
    State::LastAck,
    State::TimeWait,
];

impl State {
    /// The RFC's name.
    pub fn name(self) -> &'static str {
        match self {
            State::Closed => "CLOSED",
            State::Listen => "LISTEN",
            State::SynSent => "SYN-SENT",
            State::SynReceived => "SYN-RECEIVED",
            State::Established => "ESTABLISHED",
            State::FinWait1 => "FIN-WAIT-1",
            State::FinWait2 => "FIN-WAIT-2",
            State::CloseWait => "CLOSE-WAIT",
            State::Closing => "CLOSING",
            State::LastAck => "LAST-ACK",
            State::TimeWait => "TIME-WAIT",
        }
    }

    /// Whether the peer may still send bytes: it has sent no FIN.
    pub fn takes_data(self) -> bool {
        matches!(self, State::Established | State::FinWait1 | State::FinWait2)
    }

    /// Whether our program may still send bytes: it has not closed.
    pub fn sends_data(self) -> bool {
        matches!(self, State::Established | State::CloseWait)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What happens to a connection: its program asks for something, a segment comes, time passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// The program listens.
    PassiveOpen,
    /// The program dials.
    ActiveOpen,
    /// The program has bytes to send.
    Send,
    /// The program has nothing more to send.
    Close,
    /// The program drops the connection.
    Abort,
    /// A SYN without ACK.
    Syn,
    /// A SYN that acknowledges ours.
    SynAck,
    /// Our SYN is acknowledged.
    AckOfSyn,
    /// Our FIN is acknowledged, and with it all we ever sent.
    AckOfFin,
    /// The peer's FIN; ours, if sent, is not acknowledged yet.
    Fin,
    /// The peer's FIN in the segment that acknowledges ours.
    FinAndAckOfFin,
    /// A RST that belongs to this connection.
    Rst,
    /// Twice the maximum segment lifetime has passed.
    TwoMslOver,
}

/// Every event.
pub const EVENTS: [Event; 13] = [
    Event::PassiveOpen,
    Event::ActiveOpen,
    Event::Send,
    Event::Close,
    Event::Abort,
    Event::Syn,
    Event::SynAck,
    Event::AckOfSyn,
    Event::AckOfFin,
    Event::Fin,
    Event::FinAndAckOfFin,
    Event::Rst,
    Event::TwoMslOver,
];

impl Event {
    /// Whether the program asks, which can be refused; a segment or the clock cannot.
    pub fn is_call(self) -> bool {
        matches!(self, Event::PassiveOpen | Event::ActiveOpen | Event::Send | Event::Close | Event::Abort)
    }
}

/// What a transition makes us send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reply {
    /// Nothing.
    Nothing,
    /// A SYN with our first number.
    Syn,
    /// A SYN with our first number that acknowledges the peer's.
    SynAck,
    /// An acknowledgement.
    Ack,
    /// A FIN, which also acknowledges.
    Fin,
    /// A RST.
    Rst,
}

/// The program asked for what the connection cannot do in its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Where the connection stands.
    pub state: State,
    /// What the program asked for.
    pub call: Event,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let why = match (self.state, self.call) {
            (State::Closed, _) => "there is no connection",
            (State::Listen, Event::Send) => "nobody has connected yet",
            (_, Event::PassiveOpen | Event::ActiveOpen) => "the connection exists already",
            _ => "the connection is closing already",
        };
        write!(f, "the program asked for {:?} in {}: {why}", self.call, self.state)
    }
}

impl std::error::Error for Refused {}

/// The state after `event`, and what to send. One arm per line of the picture; set a breakpoint here to watch a
/// session.
///
/// # Errors
///
/// [`Refused`] when the program calls what its state does not allow (RFC 9293, 3.10). Segments are never refused: one
/// that means nothing here leaves the state as it is.
pub fn next(state: State, event: Event) -> Result<(State, Reply), Refused> {
    use Event as E;
    use State::{
        CloseWait, Closed, Closing, Established, FinWait1, FinWait2, LastAck, Listen, SynReceived, SynSent,
        TimeWait,
    };
    let step = match (state, event) {
        // Opening.
        (Closed, E::PassiveOpen) => (Listen, Reply::Nothing),
        (Closed | Listen, E::ActiveOpen) => (SynSent, Reply::Syn),
        (Listen | SynSent, E::Syn) => (SynReceived, Reply::SynAck),
        (SynSent, E::SynAck) => (Established, Reply::Ack),
        (SynReceived, E::AckOfSyn | E::SynAck) => (Established, Reply::Nothing),

        (SynSent | SynReceived | Established | CloseWait, E::Send) => (state, Reply::Nothing),

        // Closing, our program first.
        (Listen | SynSent, E::Close) => (Closed, Reply::Nothing),
        (SynReceived | Established, E::Close) => (FinWait1, Reply::Fin),
        (FinWait1, E::AckOfFin) => (FinWait2, Reply::Nothing),
        (FinWait1, E::Fin) => (Closing, Reply::Ack),
        (FinWait1 | FinWait2, E::FinAndAckOfFin) | (FinWait2, E::Fin) => (TimeWait, Reply::Ack),
        (Closing, E::AckOfFin | E::FinAndAckOfFin) => (TimeWait, Reply::Nothing),
        // The peer says its FIN again: our last ACK was lost. This is what TIME-WAIT is for.
        (TimeWait, E::Fin | E::FinAndAckOfFin) => (TimeWait, Reply::Ack),
        (TimeWait, E::TwoMslOver) => (Closed, Reply::Nothing),

        // Closing, the peer first.
        (SynReceived | Established, E::Fin | E::FinAndAckOfFin) => (CloseWait, Reply::Ack),
        (CloseWait, E::Close) => (LastAck, Reply::Fin),
        (LastAck, E::AckOfFin | E::FinAndAckOfFin) => (Closed, Reply::Nothing),

        // Tearing down.
        (Closed | Listen, E::Rst) => (state, Reply::Nothing), // a RST is never answered with a RST
        (_, E::Rst) => (Closed, Reply::Nothing),
        (SynReceived | Established | FinWait1 | FinWait2 | CloseWait, E::Abort) => (Closed, Reply::Rst),
        (Listen | SynSent | Closing | LastAck | TimeWait, E::Abort) => (Closed, Reply::Nothing),

        (_, call) if call.is_call() => return Err(Refused { state, call }),

        // What means nothing here. A segment for no connection is told so; one out of place is told where we are.
        (_, E::TwoMslOver) => (state, Reply::Nothing),
        (Closed | Listen, _) => (state, Reply::Rst),
        (SynSent, _) => (state, Reply::Nothing),
        (_, E::Syn | E::SynAck | E::Fin | E::FinAndAckOfFin) => (state, Reply::Ack),
        (_, _) => (state, Reply::Nothing),
    };
    Ok(step)
}

/// How long a segment may live in the network: RFC 793 chose two minutes and called it an engineering choice.
pub const MAXIMUM_SEGMENT_LIFETIME: Duration = Duration::from_secs(120);

/// What Linux waits in TIME-WAIT, whatever the standard says: a constant of the kernel that no setting changes.
pub const LINUX_TIME_WAIT: Duration = Duration::from_secs(60);

/// How long TIME-WAIT lasts: once for our last ACK to get there, once for the peer's repeated FIN to get back.
pub fn time_wait(maximum_segment_lifetime: Duration) -> Duration {
    maximum_segment_lifetime.saturating_mul(2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Event as E;

    fn walk(start: State, events: &[Event]) -> Vec<State> {
        let mut states = vec![start];
        for event in events {
            let (state, _) = next(states[states.len() - 1], *event).unwrap();
            states.push(state);
        }
        states
    }

    #[test]
    fn the_side_that_closes_first_ends_in_time_wait_and_the_other_does_not() {
        use State::*;
        let active = walk(Established, &[E::Close, E::AckOfFin, E::Fin, E::TwoMslOver]);
        assert_eq!(active, [Established, FinWait1, FinWait2, TimeWait, Closed]);
        let passive = walk(Established, &[E::Fin, E::Close, E::AckOfFin]);
        assert_eq!(passive, [Established, CloseWait, LastAck, Closed]);
    }

    #[test]
    fn when_both_close_at_once_both_pass_through_closing() {
        use State::*;
        let states = walk(Established, &[E::Close, E::Fin, E::AckOfFin, E::TwoMslOver]);
        assert_eq!(states, [Established, FinWait1, Closing, TimeWait, Closed]);
    }

    #[test]
    fn a_fin_that_carries_the_ack_of_ours_skips_a_state() {
        assert_eq!(next(State::FinWait1, E::FinAndAckOfFin), Ok((State::TimeWait, Reply::Ack)));
    }

    #[test]
    fn when_both_dial_at_once_one_connection_comes_of_it() {
        use State::*;
        assert_eq!(
            walk(Closed, &[E::ActiveOpen, E::Syn, E::SynAck]),
            [Closed, SynSent, SynReceived, Established]
        );
    }

    #[test]
    fn a_rst_closes_every_state_but_listen() {
        for state in STATES {
            let after = if state == State::Listen { State::Listen } else { State::Closed };
            assert_eq!(next(state, E::Rst), Ok((after, Reply::Nothing)), "{state}");
        }
    }

    #[test]
    fn only_the_program_can_be_refused() {
        for state in STATES {
            for event in EVENTS {
                let outcome = next(state, event);
                assert!(outcome.is_ok() || event.is_call(), "{state} {event:?}");
            }
        }
    }

    #[test]
    fn from_every_state_the_program_can_get_rid_of_the_connection() {
        for state in STATES {
            if state != State::Closed {
                assert_eq!(next(state, E::Abort).unwrap().0, State::Closed, "{state}");
            }
        }
    }

    #[test]
    fn closing_twice_is_refused_and_the_message_says_where_we_are() {
        let refused = next(State::FinWait1, E::Close).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "the program asked for Close in FIN-WAIT-1: the connection is closing already"
        );
        assert!(next(State::Closed, E::Close).unwrap_err().to_string().contains("there is no connection"));
        assert!(next(State::Established, E::ActiveOpen).unwrap_err().to_string().contains("exists already"));
    }

    #[test]
    fn a_stray_segment_moves_no_state() {
        assert_eq!(next(State::Closed, E::Fin), Ok((State::Closed, Reply::Rst)));
        assert_eq!(next(State::Established, E::Syn), Ok((State::Established, Reply::Ack)));
        assert_eq!(next(State::CloseWait, E::Fin), Ok((State::CloseWait, Reply::Ack)));
        assert_eq!(next(State::Established, E::TwoMslOver), Ok((State::Established, Reply::Nothing)));
    }

    #[test]
    fn time_wait_is_four_minutes_by_the_rfc() {
        assert_eq!(time_wait(MAXIMUM_SEGMENT_LIFETIME), Duration::from_secs(240));
        assert!(LINUX_TIME_WAIT < time_wait(MAXIMUM_SEGMENT_LIFETIME));
        assert_eq!(time_wait(Duration::MAX), Duration::MAX);
    }
}
