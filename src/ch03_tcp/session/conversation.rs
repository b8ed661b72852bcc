//! Two ends and the wire between them. [`Conversation::step`] moves one segment, so a debugger (or a test) can look at
//! both ends between any two of them.
//!
//! ```text
//! client > server  SYN seq=100 win=65535              client SYN-SENT     server SYN-RECEIVED
//! client < server  SYN+ACK seq=300 ack=101 win=65535  client ESTABLISHED  server SYN-RECEIVED
//! client > server  ACK seq=101 ack=301 win=65535      client ESTABLISHED  server ESTABLISHED
//! ```
//!
//! The wire keeps order. It loses what [`Conversation::lose`] takes from it, and nothing else.

use super::endpoint::{Endpoint, Settings};
use super::segment::{Segment, Side};
use super::state::{Refused, State};
use crate::base::trace::{self, Kind};
use std::collections::VecDeque;
use std::fmt;

/// Two ends and a wire.
#[derive(Clone, Debug)]
pub struct Conversation {
    /// The end that dials.
    pub client: Endpoint,
    /// The end that listens.
    pub server: Endpoint,
    wire: VecDeque<Segment>,
}

/// A segment that arrived, and where both ends stood after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The segment.
    pub segment: Segment,
    /// The client's state after it.
    pub client: State,
    /// The server's state after it.
    pub server: State,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let arrow = match self.segment.from {
            Side::Client => '>',
            Side::Server => '<',
        };
        let segment = self.segment.to_string();
        write!(
            f,
            "client {arrow} server  {segment:<45}  client {:<12} server {}",
            self.client.name(),
            self.server
        )
    }
}

/// Two ends that never fall silent have a mistake in them; [`Conversation::run`] stops here.
const MAX_STEPS: usize = 100_000;

impl Conversation {
    /// Two ends without a connection.
    pub fn new(client: Settings, server: Settings) -> Conversation {
        Conversation {
            client: Endpoint::new(Side::Client, client),
            server: Endpoint::new(Side::Server, server),
            wire: VecDeque::new(),
        }
    }

    /// Two ends with the handshake behind them.
    ///
    /// # Errors
    ///
    /// None that happen: both ends are new, so neither refuses.
    pub fn established(client: Settings, server: Settings) -> Result<Conversation, Refused> {
        let mut conversation = Conversation::new(client, server);
        conversation.server.listen()?;
        conversation.client.dial()?;
        conversation.run();
        Ok(conversation)
    }

    /// The end on `side`.
    pub fn end(&mut self, side: Side) -> &mut Endpoint {
        match side {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        }
    }

    /// The segments on their way, oldest first.
    pub fn on_the_wire(&mut self) -> &VecDeque<Segment> {
        self.collect();
        &self.wire
    }

    /// Carries the oldest segment to the other end. `None`: there is none, and nothing will happen until a program or a
    /// timer acts.
    pub fn step(&mut self) -> Option<Step> {
        self.collect();
        let segment = self.wire.pop_front()?;
        trace_segment(&segment);
        self.end(segment.from.other()).arrives(&segment);
        self.collect();
        Some(Step { segment, client: self.client.state, server: self.server.state })
    }

    /// Steps until both ends are silent.
    pub fn run(&mut self) -> Vec<Step> {
        let mut steps = Vec::new();
        while let Some(step) = self.step() {
            steps.push(step);
            if steps.len() == MAX_STEPS {
                break;
            }
        }
        steps
    }

    /// Takes the oldest segment off the wire: it never arrives.
    pub fn lose(&mut self) -> Option<Segment> {
        self.collect();
        let segment = self.wire.pop_front()?;
        trace::note_of(segment.from.name(), || format!("lost on the way: {segment}"));
        Some(segment)
    }

    /// Puts a segment on the wire that neither end made: an old one, or a firewall's RST.
    pub fn inject(&mut self, segment: Segment) {
        self.collect();
        self.wire.push_back(segment);
    }

    fn collect(&mut self) {
        self.wire.append(&mut self.client.outbox);
        self.wire.append(&mut self.server.outbox);
    }
}

fn trace_segment(segment: &Segment) {
    let kind = match segment {
        Segment { rst: true, .. } => Kind::Broken,
        Segment { fin: true, .. } => Kind::Finished,
        _ => Kind::Sent,
    };
    let (from, to) = (segment.from.name(), segment.from.other().name());
    trace::between_with(kind, from, to, &segment.payload, || segment.to_string());
}

#[cfg(test)]
mod tests {
    use super::super::endpoint::Acks;
    use super::super::segment::Seq;
    use super::*;

    const CLIENT: Settings =
        Settings { first: Seq(100), buffer: 4096, segment_size: 1024, acks: Acks::EachSegment };
    const SERVER: Settings =
        Settings { first: Seq(300), buffer: 4096, segment_size: 1024, acks: Acks::EachSegment };

    fn connected() -> Conversation {
        Conversation::established(CLIENT, SERVER).unwrap()
    }

    #[test]
    fn a_step_prints_the_segment_and_both_states() {
        let mut talk = Conversation::new(CLIENT, SERVER);
        talk.server.listen().unwrap();
        talk.client.dial().unwrap();
        let line = talk.step().unwrap().to_string();
        assert!(line.starts_with("client > server  SYN seq=100 win=4096"), "{line}");
        assert!(line.ends_with("client SYN-SENT     server SYN-RECEIVED"), "{line}");
    }

    #[test]
    fn bytes_arrive_once_though_their_ack_is_lost() {
        let mut talk = connected();
        talk.client.write(b"hello").unwrap();
        talk.step().unwrap();
        assert!(talk.lose().unwrap().ack == Some(Seq(106)));
        talk.client.timer_fired();
        talk.run();
        assert_eq!(talk.server.read(100), b"hello");
        assert_eq!((talk.client.in_flight(), talk.client.bytes_sent), (0, 10));
    }

    #[test]
    fn a_segment_that_comes_too_early_is_not_taken_before_the_missing_one() {
        let mut talk = connected();
        talk.client.write(&[1; 1024]).unwrap();
        talk.client.write(&[2; 1024]).unwrap();
        talk.lose().unwrap();
        let steps = talk.run();
        assert_eq!(steps[1].segment.ack, Some(Seq(101)), "the server repeats what it waits for");
        assert_eq!(talk.server.read(4096), b"");
        for _ in 0..2 {
            talk.client.timer_fired();
            talk.run();
        }
        assert_eq!(talk.server.read(4096), [[1; 1024], [2; 1024]].concat());
    }

    #[test]
    fn lost_syns_and_fins_are_said_again() {
        let mut talk = Conversation::new(CLIENT, SERVER);
        talk.server.listen().unwrap();
        talk.client.dial().unwrap();
        talk.lose().unwrap();
        talk.client.timer_fired();
        talk.step().unwrap();
        talk.lose().unwrap(); // the SYN+ACK
        talk.server.timer_fired();
        talk.run();
        assert_eq!((talk.client.state, talk.server.state), (State::Established, State::Established));
        talk.client.close().unwrap();
        talk.lose().unwrap();
        talk.client.timer_fired();
        talk.run();
        assert_eq!((talk.client.state, talk.server.state), (State::FinWait2, State::CloseWait));
    }

    #[test]
    fn numbers_pass_from_the_last_to_zero_in_the_middle_of_a_stream() {
        let client = Settings { first: Seq(u32::MAX - 1000), ..CLIENT };
        let mut talk = Conversation::established(client, SERVER).unwrap();
        let sent: Vec<u8> = (0..=255).cycle().take(20_000).collect();
        talk.client.write(&sent).unwrap();
        let mut received = Vec::new();
        for _ in 0..50 {
            talk.run();
            received.extend(talk.server.read(700));
        }
        talk.run();
        assert_eq!(received, sent);
        assert!(talk.client.snd_nxt.0 < 20_000, "the numbers wrapped");
        talk.client.close().unwrap();
        talk.run();
        assert_eq!((talk.client.state, talk.server.is_at_end()), (State::FinWait2, true));
    }

    #[test]
    fn both_dialling_at_once_makes_one_connection() {
        let mut talk = Conversation::new(CLIENT, SERVER);
        talk.client.dial().unwrap();
        talk.server.dial().unwrap();
        talk.run();
        assert_eq!((talk.client.state, talk.server.state), (State::Established, State::Established));
        talk.client.write(b"after you").unwrap();
        talk.run();
        assert_eq!(talk.server.read(100), b"after you");
    }

    #[test]
    fn a_guessed_rst_inside_the_window_does_not_break_the_connection() {
        let mut talk = connected();
        let mut guess = Segment::new(Side::Client, talk.server.rcv_nxt.plus(10));
        guess.rst = true;
        talk.inject(guess);
        talk.run();
        assert_eq!(talk.server.state, State::Established);
    }

    #[test]
    fn an_ack_of_what_was_never_sent_changes_nothing() {
        let mut talk = connected();
        let mut lie = Segment::new(Side::Client, talk.server.rcv_nxt);
        lie.ack = Some(talk.server.snd_nxt.plus(5000));
        lie.window = 9;
        talk.inject(lie);
        talk.run();
        assert_eq!((talk.server.snd_una, talk.server.snd_wnd), (talk.server.snd_nxt, 4096));
    }

    #[test]
    fn more_than_the_window_is_cut_off_at_its_edge() {
        let mut talk = connected();
        let mut flood = Segment::new(Side::Client, talk.server.rcv_nxt);
        flood.ack = Some(talk.server.snd_nxt);
        flood.payload = vec![7; 10_000];
        flood.fin = true; // stands beyond the window, so it has not come yet
        talk.inject(flood);
        talk.step();
        assert_eq!((talk.server.window(), talk.server.state), (0, State::Established));
        assert_eq!(talk.server.read(20_000).len(), 4096);
    }

    #[test]
    fn writing_or_closing_again_after_close_is_refused() {
        let mut talk = connected();
        talk.client.close().unwrap();
        assert!(talk.client.write(b"x").is_err());
        assert!(talk.client.close().is_err());
        let mut fresh = Conversation::new(CLIENT, SERVER);
        assert!(fresh.client.write(b"x").is_err());
        fresh.server.listen().unwrap();
        assert!(fresh.server.write(b"x").unwrap_err().to_string().contains("nobody has connected"));
    }

    #[test]
    fn an_ack_of_another_number_than_our_syns_does_not_open_a_connection() {
        let mut talk = Conversation::new(CLIENT, SERVER);
        talk.server.listen().unwrap();
        talk.client.dial().unwrap();
        talk.step().unwrap();
        let mut forged = Segment::new(Side::Client, Seq(101));
        forged.ack = Some(Seq(300)); // the sender guesses; the SYN+ACK said 300, so 301 would be right
        forged.fin = true;
        talk.server.arrives(&forged);
        assert_eq!(talk.server.state, State::SynReceived);
        assert!(talk.server.outbox.back().unwrap().rst);
    }

    /// A third of everything is lost, windows close and open: both streams arrive whole, and both ends close.
    #[test]
    fn whatever_is_lost_both_streams_arrive_whole() {
        let (question, answer) = ([b'q'; 9000], [b'a'; 7000]);
        for seed in 0..40_u64 {
            let mut random = seed;
            let mut talk = connected();
            talk.client.write(&question).unwrap();
            talk.client.close().unwrap();
            talk.server.write(&answer).unwrap();
            talk.server.close().unwrap();
            let (mut asked, mut answered) = (Vec::new(), Vec::new());
            for _ in 0..2000 {
                random =
                    random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let silent =
                    if (random >> 33) % 3 == 0 { talk.lose().is_none() } else { talk.step().is_none() };
                asked.extend(talk.server.read((random >> 40) as usize % 900));
                answered.extend(talk.client.read((random >> 50) as usize % 900));
                if silent {
                    talk.client.timer_fired();
                    talk.server.timer_fired();
                }
            }
            assert!(
                asked == question && answered == answer,
                "seed {seed}: {} {}",
                asked.len(),
                answered.len()
            );
            let ends = [talk.client.state, talk.server.state];
            assert!(
                ends.iter().all(|end| matches!(end, State::TimeWait | State::Closed)),
                "seed {seed}: {ends:?}"
            );
        }
    }

    /// Whatever comes, in whatever state: no panic, and the two ends fall silent.
    #[test]
    fn random_segments_never_panic_and_never_make_a_storm() {
        let mut random = 7_u64;
        for round in 0..3000_u32 {
            let mut talk = connected();
            for _ in 0..12 {
                random =
                    random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let bits = random >> 24;
                match bits % 9 {
                    0 => drop(talk.client.close()),
                    1 => drop(talk.server.close()),
                    2 => drop(talk.server.write(&[0; 3000])),
                    3 => drop(talk.client.read(500)),
                    4 => talk.client.timer_fired(),
                    5 => drop(talk.step()),
                    _ => {
                        let from = if bits & 0x100 == 0 { Side::Client } else { Side::Server };
                        let near = talk.end(from.other()).rcv_nxt;
                        let mut stray = Segment::new(
                            from,
                            near.plus((bits >> 30) as u32 % 9).plus(0_u32.wrapping_sub(4)),
                        );
                        let expected = talk.end(from.other()).snd_nxt.plus((bits >> 34) as u32 % 5);
                        stray.ack =
                            if bits & 0x200 == 0 { None } else { Some(expected.plus(0_u32.wrapping_sub(2))) };
                        (stray.syn, stray.fin, stray.rst) =
                            (bits & 0x1c00 == 0, bits & 0x2000 == 0, bits & 0x1c000 == 0);
                        stray.payload = vec![9; (bits >> 17) as usize % 7];
                        talk.inject(stray);
                    }
                }
            }
            assert!(talk.run().len() < MAX_STEPS, "round {round}");
        }
    }
}
