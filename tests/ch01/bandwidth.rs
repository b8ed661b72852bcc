//! Bits, waits, and what they add up to.

use super::words::*;
use netprog::base::conn::{Conn, Listener, TcpSocketListener};
use netprog::base::deadline::{Clock, Deadline};
use netprog::base::script::{Player, Step, expect, play, reply};
use netprog::base::thread;
use netprog::base::trace::{self};
use netprog::ch01_networks::bandwidth::{Rate, UnitError, parse_amount};
use netprog::ch01_networks::fetch::{fetch, fetch_at_once, fetch_in_turn};
use netprog::ch01_networks::latency::{Cache, Line, Wait, at_once, crossover, in_turn};
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

fn millis(count: u64) -> Duration {
    Duration::from_millis(count)
}

/// More than any test here needs; only a failing one waits that long.
fn patiently() -> Deadline {
    Deadline::after(crate::support::PATIENCE)
}

/// Row 1.8: 100 Mbps are 12.5 MB/s, 100 MB take 8 seconds, a gigabit is 10⁹ bits. All of it exact.
#[test]
fn a_hundred_megabits_are_twelve_and_a_half_megabytes() {
    chapter();
    let rate = Rate::parse("100Mbps").unwrap();
    say("100 Mbps", &format!("{} bits per second, {}", rate.bits_per_second(), rate.in_bytes()));
    say("100 MB", &format!("take {:?} at {rate}", rate.time_for(parse_amount("100MB").unwrap())));
    assert_eq!(rate.bits_per_second(), 100_000_000);
    assert_eq!(rate.in_bytes(), "12.5 MB/s");
    let file = parse_amount("100MB").unwrap();
    assert_eq!(rate.time_for(file), Duration::from_secs(8));
    assert_eq!(rate.bytes_in(Duration::from_secs(1)), 12_500_000);
    assert_eq!(Rate::gigabits(1).bits_per_second(), 1_000_000_000);
    assert_eq!(Rate::gigabits(1).time_for(1), Duration::from_nanos(8));
    assert!(matches!(Rate::parse("100MBps"), Err(UnitError::NoSuchUnit { .. })), "bits or bytes?");
}

/// Row 1.9: a line of a hundredth of the bandwidth answers a small question sooner, if it is nearer. The two cross at a size
/// one can compute.
#[test]
fn the_thinner_line_wins_until_the_answer_is_large() {
    let near = Line { round_trip: millis(10), rate: Rate::megabits(10) };
    let far = Line { round_trip: millis(100), rate: Rate::gigabits(1) };
    let size = crossover(near, far).unwrap();
    chapter();
    for bytes in [1_000, size, 10_000_000] {
        say("near, thin", &format!("{bytes} bytes in {:.1?}", near.time_for(bytes)));
        say("far, thick", &format!("{bytes} bytes in {:.1?}", far.time_for(bytes)));
    }
    assert!(near.time_for(1_000) < far.time_for(1_000));
    assert!(near.time_for(10_000_000) > far.time_for(10_000_000));
    assert!(near.time_for(size - 1) < far.time_for(size - 1) && near.time_for(size) >= far.time_for(size));
    // Ten times the bandwidth does next to nothing for a small answer; half the distance halves the wait.
    let thicker = Line { rate: Rate::gigabits(10), ..far };
    let nearer = Line { round_trip: millis(50), ..far };
    assert!(far.time_for(1_000) - thicker.time_for(1_000) < Duration::from_micros(8));
    assert!(far.time_for(1_000) - nearer.time_for(1_000) == millis(50));
}

/// A server that thinks for `delay` and then answers with `answer` at once. The first byte is not delayed: it stands for the
/// status line a page begins with.
fn slow_store(name: &str, delay: Duration, answer: &str) -> Player {
    let steps = vec![
        expect("item\n"),
        Step::Drip { bytes: b"> ".to_vec(), every: delay },
        reply(answer),
        Step::Close,
    ];
    named(name, play(steps).unwrap())
}

fn named(name: &str, player: Player) -> Player {
    trace::name(&player.address().to_string(), name);
    player
}

fn addresses(players: &[Player]) -> Vec<SocketAddr> {
    players.iter().map(Player::address).collect()
}

/// Row 1.9, measured: the near server answers at once but thinly, a byte every 20 ms; the far one 250 ms late and all at
/// once. The near one is done first with a byte, the far one with twenty-five.
/// Watch: the times beside the arrows.
#[test]
fn a_delayed_server_is_slower_for_a_byte_and_faster_for_many() {
    let _me = client();
    let far = || slow_store("far server", millis(250), "twenty-three bytes more");
    let near = |bytes: &[u8]| {
        let drip = Step::Drip { bytes: bytes.to_vec(), every: millis(20) };
        named("near server", play(vec![expect("item\n"), drip, Step::Close]).unwrap())
    };
    let mut took = Vec::new();
    for player in [near(b"1"), far(), near(b"1234567890123456789012345"), far()] {
        let answer = fetch(player.address(), "item", patiently()).unwrap();
        player.finish().unwrap();
        took.push(answer.took);
    }
    println!("near 1 byte {:?}, far {:?}, near 25 bytes {:?}, far {:?}", took[0], took[1], took[2], took[3]);
    assert!(took[1] >= millis(250) && took[2] >= millis(24 * 20), "{took:?}");
    assert!(took[0] < took[1], "{took:?}");
    assert!(took[3] < took[2], "{took:?}");
}

/// Row 1.10: waits add up, and the longest part is the one to work on.
#[test]
fn a_page_waits_for_the_sum_of_its_parts() {
    let wait = Wait { network: millis(40), store: millis(120), compute: millis(30), render: millis(60) };
    chapter();
    say("the page", &wait.to_string());
    assert_eq!(wait.total(), millis(250));
    assert_eq!(wait.longest(), ("store", millis(120)));
    // A nearer server: fewer hops, less network, and nothing else.
    assert_eq!(Wait { network: millis(10), ..wait }.total(), millis(220));
    // A smaller answer over the same line.
    let line = Line { round_trip: millis(20), rate: Rate::megabits(1) };
    assert_eq!(line.time_for(12_500) - line.time_for(2_500), millis(80));
    assert_eq!((in_turn(&[millis(120); 5]), at_once(&[millis(120); 5])), (millis(600), millis(120)));
}

/// Row 1.10, measured: six stores that think for 40 ms each. One after the other they take six times 40 ms, at once hardly
/// more than 40.
/// Watch: six answers in a row, then six at the same time.
#[test]
fn six_slow_stores_take_six_waits_in_turn_and_one_at_once() {
    let _me = client();
    let delay = millis(40);
    let stores = || -> Vec<Player> {
        (1..=6).map(|number| slow_store(&format!("store {number}"), delay, "item")).collect()
    };
    let begin = Instant::now();
    let first = stores();
    let answers = fetch_in_turn(&addresses(&first), "item", patiently()).unwrap();
    let took_in_turn = begin.elapsed();

    let begin = Instant::now();
    let second = stores();
    assert_eq!(fetch_at_once(&addresses(&second), "item", patiently()).unwrap().len(), answers.len());
    let took_at_once = begin.elapsed();
    for player in first.into_iter().chain(second) {
        player.finish().unwrap();
    }
    println!("in turn {took_in_turn:?}, at once {took_at_once:?}");
    assert!(took_in_turn >= 6 * delay && took_at_once >= delay);
    assert!(took_at_once < took_in_turn, "{took_at_once:?} against {took_in_turn:?}");
}

/// Row 1.10: that "at once" is really at once, without a clock: the store answers nobody before three have asked. In turn
/// this would wait for ever.
/// Watch: three questions before the first answer.
#[test]
fn at_once_means_that_all_are_asked_before_the_first_answers() {
    let _me = client();
    let listener = TcpSocketListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    let address = listener.local().socket_addr().unwrap();
    trace::name(&address.to_string(), "store");
    let store = thread::spawn("store", move || {
        let _me = trace::party("store");
        let mut asked = Vec::new();
        for _ in 0..3 {
            let mut conn = listener.accept().unwrap();
            conn.set_deadline(patiently());
            let mut question = [0; 5];
            conn.read_exact(&mut question).unwrap();
            asked.push(conn);
        }
        trace::note(|| "three have asked, none has an answer".to_string());
        for conn in &mut asked {
            conn.write_all(b"answer").unwrap();
        }
    });
    let answers = fetch_at_once(&[address; 3], "item", patiently()).unwrap();
    crate::support::join(store.unwrap());
    assert!(answers.len() == 3 && answers.iter().all(|answer| answer.bytes == b"answer"));
}

/// Row 1.10: a cache. The store is a server for one client; the second question never reaches it.
/// Watch: one connection for three answers.
#[test]
fn a_cache_hit_does_not_ask_the_store() {
    let _me = client();
    let store = slow_store("store", millis(20), "item");
    let mut cache = Cache::new(16, Duration::from_secs(3600), Clock::System);
    for turn in 0..3 {
        let begin = Instant::now();
        let ask = || fetch(store.address(), "item", patiently()).map(|answer| answer.bytes);
        assert_eq!(cache.answer("item", ask).unwrap(), b"> item");
        trace::note(|| format!("answer {} after {:.1?}", turn + 1, begin.elapsed()));
        assert!(turn > 0 || begin.elapsed() >= millis(20));
    }
    assert_eq!(cache.counts(), (2, 1));
    store.finish().unwrap();
}

/// Row 1.11: a server that never answers. The client has its own idea of how long is too long, and leaves; the server sees
/// it go.
/// Watch: the deadline pass, and the connection end from the client's side.
#[test]
fn a_client_quits_when_its_wait_is_over() {
    let _me = client();
    let server = named("server", play(vec![expect("item\n"), Step::ExpectGone]).unwrap());
    let begin = Instant::now();
    let error = fetch(server.address(), "item", Deadline::after(millis(100))).unwrap_err();
    let waited = begin.elapsed();
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    assert!(waited >= millis(100) && waited < Duration::from_secs(10), "{waited:?}");
    server.finish().unwrap();
}
