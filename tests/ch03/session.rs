//! Chapter 3, what happens below the sockets: the session as a model one can step. `cargo test -- --nocapture` prints
//! every segment with both ends' states; `NETPROG_TRACE=ch03` prints them as events.
//!
//! This file is long because the tests tell one story, from handshake to teardown, with one set of words.

use netprog::base::trace;
use netprog::ch01_networks::layers::{LAYERS, Layer, PROMISES, Promise, Protocol, Transport};
use netprog::ch02_addresses::fragment::{self, Fragment, FragmentError, Reassembly};
use netprog::ch03_tcp::session::acks::{Arrivals, Run, ack_field, to_resend};
use netprog::ch03_tcp::session::congestion::{Adapting, Pace, Path};
use netprog::ch03_tcp::session::conversation::{Conversation, Step};
use netprog::ch03_tcp::session::endpoint::{Acks, Settings};
use netprog::ch03_tcp::session::lossy::{self, Fate};
use netprog::ch03_tcp::session::retransmit::{FIRST_TIMEOUT, LONGEST_TIMEOUT, RoundTrips};
use netprog::ch03_tcp::session::segment::{Segment, Seq, Side};
use netprog::ch03_tcp::session::state::{self, Event, LINUX_TIME_WAIT, MAXIMUM_SEGMENT_LIFETIME, State};
use std::time::Duration;

/// X and Y of Figure 3-2.
const X: u32 = 100;
const Y: u32 = 300;

fn client() -> Settings {
    Settings { first: Seq(X), ..Settings::default() }
}

fn server() -> Settings {
    Settings { first: Seq(Y), ..Settings::default() }
}

fn connected(client: Settings, server: Settings) -> Conversation {
    trace::chapter("ch03");
    Conversation::established(client, server).unwrap()
}

/// Steps to the end and prints each step.
fn watch(talk: &mut Conversation) -> Vec<Step> {
    let steps = talk.run();
    for step in &steps {
        println!("{step}");
    }
    steps
}

/// What moved, without the windows: `client FIN+ACK seq=101 ack=301`.
fn moved(steps: &[Step]) -> Vec<String> {
    let mut lines = Vec::new();
    for step in steps {
        let text = step.segment.to_string();
        let (flags_and_numbers, _) = text.split_once(" win=").unwrap();
        lines.push(format!("{} {flags_and_numbers}", step.segment.from.name()));
    }
    lines
}

fn states(steps: &[Step]) -> Vec<(State, State)> {
    steps.iter().map(|step| (step.client, step.server)).collect()
}

/// Row 3.1: 1 Gbit/s into 10 Mbit/s. A sender that pays no heed loses 99 of 100 packets; one that adapts loses almost
/// none and fills the link, and finds the new rate when the link fades to a quarter.
/// Watch: `sender.window` in `Path::tick` grow, be halved, grow.
#[test]
fn a_sender_that_adapts_fills_a_narrow_link_where_a_heedless_one_drowns_it() {
    trace::chapter("ch03");
    let mut heedless = Path::new(Pace::Heedless);
    heedless.run(10_000);
    let heedless = heedless.take_counts();
    assert!(heedless.dropped_per_mille() >= 989, "{heedless:?}");

    let mut path = Path::new(Pace::Adapting(Adapting::default()));
    path.run(1_000); // slow start overshoots once; that is how it learns
    path.take_counts();
    path.run(10_000);
    let adapting = path.take_counts();
    println!("heedless: {heedless:?}\nadapting: {adapting:?}");
    assert!(adapting.kilobits_per_second() > 9_000, "of 10,000: {adapting:?}");
    assert!(adapting.dropped_per_mille() < 10, "{adapting:?}");

    trace::note_of("client", || "the narrow link fades to 2.5 Mbit/s".to_string());
    path.narrow_ticks = 4;
    path.run(2_000);
    path.take_counts();
    path.run(10_000);
    let faded = path.take_counts();
    println!("faded:    {faded:?}");
    assert!((2_200..=2_500).contains(&faded.kilobits_per_second()), "of 2,500: {faded:?}");
    assert!(faded.dropped_per_mille() < 50, "{faded:?}");
}

/// Row 3.2, Figure 3-1: SYN, SYN+ACK, ACK. The client's dial has succeeded after the second segment, before the server
/// knows; no `accept` takes part.
/// Watch: break in `state::next`; the events are PassiveOpen, ActiveOpen, Syn, SynAck, AckOfSyn.
#[test]
fn the_handshake_is_three_segments_and_the_client_is_done_after_two() {
    trace::chapter("ch03");
    let mut talk = Conversation::new(client(), server());
    talk.server.listen().unwrap();
    talk.client.dial().unwrap();
    let steps = watch(&mut talk);
    assert_eq!(
        states(&steps),
        [
            (State::SynSent, State::SynReceived),
            (State::Established, State::SynReceived),
            (State::Established, State::Established),
        ]
    );
    let flags: Vec<(bool, bool)> = steps.iter().map(|s| (s.segment.syn, s.segment.ack.is_some())).collect();
    assert_eq!(flags, [(true, false), (true, true), (false, true)]);
}

/// Row 3.2: nobody listens, so the SYN is answered with a RST, and the dial fails at once.
/// Watch: the RST acknowledges the SYN, or the client would not believe it.
#[test]
fn a_dial_to_nobody_is_answered_with_a_reset() {
    trace::chapter("ch03");
    let mut talk = Conversation::new(client(), server());
    talk.client.dial().unwrap();
    let steps = watch(&mut talk);
    assert_eq!(moved(&steps), ["client SYN seq=100", "server RST+ACK seq=0 ack=101"]);
    assert_eq!((talk.client.state, talk.server.state), (State::Closed, State::Closed));
}

/// Row 3.3, Figure 3-2: each end tells the other its first number, X and Y, and hears that it arrived. SYN and FIN take
/// one number each, like a byte; so a lost one is noticed and said again.
/// Watch: `snd_nxt` and `rcv_nxt` of both ends between the steps.
#[test]
fn both_first_numbers_are_exchanged_and_syn_and_fin_take_one_number_each() {
    trace::chapter("ch03");
    let mut talk = Conversation::new(client(), server());
    talk.server.listen().unwrap();
    talk.client.dial().unwrap();
    let opening = moved(&watch(&mut talk));
    assert_eq!(
        opening,
        ["client SYN seq=100", "server SYN+ACK seq=300 ack=101", "client ACK seq=101 ack=301"]
    );

    talk.client.write(b"ping").unwrap();
    let data = moved(&watch(&mut talk));
    assert_eq!(
        data,
        ["client ACK seq=101 ack=301", "server ACK seq=301 ack=105"],
        "four bytes, four numbers"
    );

    talk.client.close().unwrap();
    let closing = moved(&watch(&mut talk));
    assert_eq!(closing, ["client FIN+ACK seq=105 ack=301", "server ACK seq=301 ack=106"]);
    assert_eq!((talk.client.snd_una, talk.client.snd_nxt), (Seq(106), Seq(106)));
}

/// Row 3.4: sent up to 100, acknowledged 90: send 91 to 100 again, and nothing else.
/// Watch: real TCP's ACK names the next byte it expects. With packets of 1000 bytes it would say X + 1 + 90,000, not
/// 90.
#[test]
fn after_an_ack_of_90_exactly_91_to_100_are_sent_again() {
    trace::chapter("ch03");
    let mut receiver = Arrivals::new(1000);
    for packet in 1..=90 {
        receiver.arrived(packet);
    }
    let acked = receiver.in_order();
    let again = to_resend(100, acked, &[]);
    trace::note_of("server", || format!("1-{acked} are here: ACK {acked}"));
    trace::note_of("client", || format!("sent 1-100, ACK {acked}: again {}", again[0]));
    assert_eq!(again, [Run::new(91, 100)]);
    assert_eq!(ack_field(Seq(X + 1), acked, 1000), Seq(90_101));
}

/// Row 3.5: 1 to 59 and 81 to 100 arrive. With SACK the sender repeats 60 to 80; without, 60 to 100.
/// Watch: the receiver's `islands`; 81-100 is one, and disappears when the gap before it closes.
#[test]
fn with_selective_acknowledgement_exactly_60_to_80_are_sent_again() {
    trace::chapter("ch03");
    let mut receiver = Arrivals::new(1000);
    for packet in (1..=59).chain(81..=100) {
        receiver.arrived(packet);
    }
    let (acked, blocks) = (receiver.in_order(), receiver.blocks());
    assert_eq!((acked, blocks.as_slice()), (59, [Run::new(81, 100)].as_slice()));
    let again = to_resend(100, acked, &blocks);
    trace::note_of("server", || format!("ACK {acked}, SACK {}", blocks[0]));
    trace::note_of("client", || format!("sent 1-100: again {}", again[0]));
    assert_eq!(again, [Run::new(60, 80)]);
    assert_eq!(to_resend(100, acked, &[]), [Run::new(60, 100)]);

    for packet in 60..=80 {
        receiver.arrived(packet);
    }
    assert_eq!((receiver.in_order(), receiver.blocks()), (100, vec![]));
}

/// Row 3.6: a window of 24,537 bytes. The sender has 100,000 and never has more than the window under way; when the
/// buffer is full the window is 0 and it stops, until the program at the other end reads.
/// Watch: `usable()` in `Endpoint::transmit`.
#[test]
fn a_sender_never_exceeds_the_window_and_stops_at_zero() {
    let mut talk = connected(Settings { buffer: 24_537, ..client() }, server());
    talk.server.write(&vec![b'x'; 100_000]).unwrap();
    assert_eq!(talk.server.in_flight(), 24_537, "all the window, at once");
    while talk.step().is_some() {
        assert!(talk.server.in_flight() <= 24_537);
    }
    assert_eq!((talk.client.window(), talk.server.snd_wnd), (0, 0));
    assert_eq!((talk.server.in_flight(), talk.server.unsent()), (0, 100_000 - 24_537), "stopped");

    let mut received = 0;
    while received < 100_000 {
        let bytes = talk.client.read(10_000).len();
        assert!(bytes > 0, "stuck at {received}");
        received += bytes;
        while talk.step().is_some() {
            assert!(talk.server.in_flight() <= 24_537);
        }
    }
    assert_eq!((received, talk.server.unsent(), talk.server.bytes_sent), (100_000, 0, 100_000));
}

/// Row 3.7, Figure 3-3: an ACK announces 3072 bytes, three packets of 1024 come; the program reads 2048, the next ACK
/// announces 2048, two packets come.
/// Watch: `window()` of the client and `snd_wnd` of the server.
#[test]
fn a_window_of_3072_is_filled_by_three_packets_and_2048_by_two() {
    let reader = Settings { buffer: 3072, acks: Acks::WhenRead, ..client() };
    let mut talk = connected(reader, Settings { segment_size: 1024, ..server() });
    assert_eq!(talk.server.snd_wnd, 3072, "the ACK that ended the handshake said so");
    talk.server.write(&[b'x'; 10_000]).unwrap();
    let sizes = |steps: &[Step]| steps.iter().map(|s| s.segment.payload.len()).collect::<Vec<usize>>();
    assert_eq!(sizes(&watch(&mut talk)), [1024, 1024, 1024]);

    assert_eq!(talk.client.read(2048).len(), 2048);
    let steps = watch(&mut talk);
    assert_eq!(steps[0].segment.to_string(), format!("ACK seq=101 ack={} win=2048", Y + 1 + 3072));
    assert_eq!(sizes(&steps), [0, 1024, 1024]);
    assert_eq!(talk.client.window(), 0, "full again; the server waits for another ACK");
}

/// Row 3.8, Figure 3-4: the client closes, the server follows. Only the client, who closed first, passes through
/// TIME-WAIT. FIN-WAIT-2, which the book does not name, lasts as long as the server's program takes to close.
/// Watch: both states after each step.
#[test]
fn a_session_ends_with_two_fins_and_the_first_to_close_waits() {
    let mut talk = connected(client(), server());
    talk.client.close().unwrap();
    assert_eq!(talk.client.state, State::FinWait1);
    let steps = watch(&mut talk);
    assert_eq!(
        states(&steps),
        [(State::FinWait1, State::CloseWait), (State::FinWait2, State::CloseWait)],
        "and there it stays: a server that forgets to close keeps both ends like this"
    );

    talk.server.close().unwrap();
    assert_eq!(talk.server.state, State::LastAck);
    let steps = watch(&mut talk);
    assert_eq!(states(&steps), [(State::TimeWait, State::LastAck), (State::TimeWait, State::Closed)]);
    talk.client.two_msl_over();
    assert_eq!(talk.client.state, State::Closed);
}

/// Row 3.8: one FIN closes one direction. The server still sends 5000 bytes after the client's FIN, and the client
/// reads them, then the end.
/// Watch: FIN-WAIT-2 takes data, CLOSE-WAIT sends it.
#[test]
fn after_one_fin_the_other_direction_still_carries_data() {
    let mut talk = connected(client(), server());
    talk.client.write(b"all I have to say").unwrap();
    talk.client.close().unwrap();
    watch(&mut talk);
    assert_eq!(talk.server.read(100), b"all I have to say");
    assert!(talk.server.is_at_end() && !talk.client.is_at_end());

    talk.server.write(&[7; 5000]).unwrap();
    talk.server.close().unwrap();
    watch(&mut talk);
    assert_eq!(talk.client.read(10_000), [7; 5000]);
    assert!(talk.client.is_at_end());
    assert!(talk.client.write(b"one more thing").is_err(), "our direction is closed");
}

/// Row 3.8: both close at the same moment. The FINs cross, both ends pass through CLOSING, both wait.
/// Watch: `on_the_wire` after the two closes.
#[test]
fn when_both_close_at_once_the_fins_cross() {
    let mut talk = connected(client(), server());
    talk.client.close().unwrap();
    talk.server.close().unwrap();
    assert!(talk.on_the_wire().iter().all(|segment| segment.fin));
    let steps = watch(&mut talk);
    assert_eq!(
        states(&steps),
        [
            (State::FinWait1, State::Closing),
            (State::Closing, State::Closing),
            (State::TimeWait, State::Closing),
            (State::TimeWait, State::TimeWait),
        ]
    );
}

/// Row 3.8, and "Handling Less Graceful Terminations" (3.10): an end that is gone answers with a RST, which closes the
/// other at once. A RST from the middle does the same to whom it is sent.
/// Watch: what the server had not acknowledged is simply lost.
#[test]
fn a_reset_ends_the_session_without_waiting() {
    let mut talk = connected(client(), server());
    talk.server.abort().unwrap();
    talk.lose().unwrap(); // the crash's own RST gets lost, so the client does not know yet
    talk.client.write(b"are you there?").unwrap();
    let steps = watch(&mut talk);
    assert_eq!(moved(&steps), ["client ACK seq=101 ack=301", "server RST seq=301"]);
    assert_eq!(talk.client.state, State::Closed);
    assert_eq!(talk.client.in_flight(), 14, "14 bytes that nobody acknowledged");

    let mut talk = connected(client(), server());
    let mut firewall = Segment::new(Side::Server, talk.client.rcv_nxt);
    firewall.rst = true;
    talk.inject(firewall);
    watch(&mut talk);
    assert_eq!((talk.client.state, talk.server.state), (State::Closed, State::Established));
}

/// A connection whose last ACK was lost: TIME-WAIT here, LAST-ACK there.
fn closed_but_for_the_last_ack() -> Conversation {
    let mut talk = connected(client(), server());
    talk.client.close().unwrap();
    talk.run();
    talk.server.close().unwrap();
    talk.step().unwrap();
    talk.lose().unwrap();
    assert_eq!((talk.client.state, talk.server.state), (State::TimeWait, State::LastAck));
    talk
}

/// Row 3.9: TIME-WAIT is twice the maximum segment lifetime: 240 s by RFC 793, 60 s on Linux. It is there for the case
/// that the last ACK is lost: the server says its FIN again, and somebody must be there to answer.
/// Watch: the same loss with the client gone ends in a RST.
#[test]
fn time_wait_lasts_240_seconds_and_answers_a_repeated_fin() {
    assert_eq!(state::time_wait(MAXIMUM_SEGMENT_LIFETIME), Duration::from_secs(240));
    assert_eq!(LINUX_TIME_WAIT, state::time_wait(Duration::from_secs(30)), "as if a segment lived 30 s");

    let mut talk = closed_but_for_the_last_ack();
    talk.server.timer_fired();
    let steps = watch(&mut talk);
    assert_eq!(moved(&steps), ["server FIN+ACK seq=301 ack=102", "client ACK seq=102 ack=302"]);
    assert_eq!((talk.client.state, talk.server.state), (State::TimeWait, State::Closed));

    let mut talk = closed_but_for_the_last_ack();
    talk.client.two_msl_over(); // too early
    talk.server.timer_fired();
    assert!(watch(&mut talk)[1].segment.rst, "the server's program sees an error after a clean close");
}

/// Row 3.9: the clock leads from TIME-WAIT to CLOSED, and so does a RST (RFC 1337 tells why one may want to ignore it)
/// or an abort; nothing else does.
/// Watch: the arm `(TimeWait, E::TwoMslOver)` in `state::next`.
#[test]
fn no_ordinary_segment_ends_time_wait_early() {
    for event in state::EVENTS {
        if let Ok((after, _)) = state::next(State::TimeWait, event) {
            let ends = matches!(event, Event::TwoMslOver | Event::Rst | Event::Abort);
            assert_eq!(after == State::Closed, ends, "{event:?}");
        }
    }
}

/// Row N3.1: four layers in order, each with its protocols; and what TCP promises that UDP does not.
/// Watch: the promises UDP keeps and TCP does not, at the end.
#[test]
fn four_layers_stand_on_one_another_and_tcp_promises_what_udp_does_not() {
    assert_eq!(LAYERS, [Layer::Link, Layer::Internet, Layer::Transport, Layer::Application]);
    assert_eq!(Protocol::Http.layer(), Layer::Application);
    assert_eq!(Protocol::Tcp.layer().below(), Some(Layer::Internet));
    assert_eq!(Protocol::Ipv4.layer().below(), Some(Layer::Link));

    let only = |mine: Transport, other: Transport| {
        PROMISES.into_iter().filter(|p| mine.promises(*p) && !other.promises(*p)).collect::<Vec<Promise>>()
    };
    assert_eq!(
        only(Transport::Tcp, Transport::Udp),
        [
            Promise::Connection,
            Promise::LostIsResent,
            Promise::InOrder,
            Promise::Once,
            Promise::ReceiverIsNotOverrun,
            Promise::NetworkIsNotOverrun,
        ]
    );
    assert_eq!(
        only(Transport::Udp, Transport::Tcp),
        [Promise::MessagesKeepTheirEdges, Promise::ManyReceivers, Promise::NoHandshake]
    );
}

/// Rows N3.1 and N3.3: the same 40 packets over the same bad link. UDP delivers with gaps, twice and out of order; TCP
/// numbers, acknowledges, sends again after a timeout and sorts, and delivers 1 to 40.
/// Watch: break in `Sender::timer_fired`, and in `receive`.
#[test]
fn over_the_same_bad_link_tcp_delivers_everything_in_order_and_udp_what_comes() {
    trace::chapter("ch03");
    let there = lossy::by_seed(3, 15, 10, 10);
    let back = lossy::by_seed(4, 15, 0, 0);
    let udp = lossy::unreliably(40, &there).delivered;
    println!("UDP: {udp:?}");
    assert!((1..=40).any(|packet| !udp.contains(&packet)), "lost");
    assert!(udp.iter().any(|packet| udp.iter().filter(|other| *other == packet).count() == 2), "twice");
    assert!(udp.windows(2).any(|pair| pair[0] > pair[1]), "out of order");

    let tcp = lossy::reliably(40, &there, &back).unwrap();
    println!("TCP: {} sent, {} of them again, {:?}", tcp.sent, tcp.resent, tcp.took);
    assert_eq!(tcp.delivered, (1..=40).collect::<Vec<u64>>());
    assert!(tcp.resent > 0);
}

/// Row N3.3: the sender waits for the mean round trip plus four times its variation, at least a second; twice as long
/// each time nothing comes; and does not measure what it sent twice.
/// Watch: `srtt`, `rttvar` and `timeout()` after each line.
#[test]
fn the_retransmission_timeout_follows_the_round_trips_and_doubles_in_silence() {
    let mut trips = RoundTrips::default();
    assert_eq!(trips.timeout(), FIRST_TIMEOUT);
    trips.acknowledged(Duration::from_millis(500), 1);
    assert_eq!(trips.timeout(), Duration::from_millis(500 + 4 * 250));
    trips.timer_fired();
    assert_eq!(trips.timeout(), Duration::from_millis(3000));
    trips.acknowledged(Duration::from_millis(4), 2);
    assert_eq!(trips.timeout(), Duration::from_millis(3000), "which of the two was acknowledged?");
    for _ in 0..10 {
        trips.timer_fired();
    }
    assert_eq!(trips.timeout(), LONGEST_TIMEOUT);

    trace::chapter("ch03");
    let lost_three_times = |n| if n < 3 { Fate::Lost } else { Fate::Arrives };
    let transfer = lossy::reliably(1, &lost_three_times, &|_| Fate::Arrives).unwrap();
    assert_eq!((transfer.delivered, transfer.resent), (vec![1], 3));
    assert_eq!(transfer.took, Duration::from_millis(1000 + 2000 + 4000 + 40), "and a round trip of 40 ms");
}

/// Row N3.2: IP splits a packet of 4000 bytes for a link of 1500, and the receiver puts it together in whatever order
/// the pieces come. IP is best effort: with one piece missing nothing is delivered, and overlapping pieces are refused.
/// Watch: offsets count in units of 8 bytes; MF is set in all but the last.
#[test]
fn a_packet_too_large_for_a_link_travels_in_pieces_and_one_missing_piece_is_all_of_it() {
    trace::chapter("ch03");
    let payload: Vec<u8> = (0..4000_u32).map(|i| (i % 251) as u8).collect();
    let pieces = fragment::split(1, &payload, 1500).unwrap();
    for piece in &pieces {
        trace::note_of("router", || piece.to_string());
    }
    let shape: Vec<(u16, bool, usize)> = pieces.iter().map(|p| (p.offset, p.more, p.bytes.len())).collect();
    assert_eq!(shape, [(0, true, 1480), (185, true, 1480), (370, false, 1040)]);

    let mut receiver = Reassembly::new(1);
    assert_eq!(receiver.add(pieces[2].clone()), Ok(None));
    assert_eq!(receiver.add(pieces[0].clone()), Ok(None));
    assert_eq!(receiver.add(pieces[0].clone()), Ok(None), "a repeated piece changes nothing");
    assert_eq!(receiver.add(pieces[2].clone()), Ok(None), "the middle is missing, and nobody sends it again");

    let forged = Fragment { id: 1, offset: 100, more: true, bytes: vec![0; 800] };
    assert_eq!(receiver.clone().add(forged), Err(FragmentError::Overlap { at: 800 }));
    assert_eq!(receiver.add(pieces[1].clone()), Ok(Some(payload)));
}
