//! Transfers as state machines: good links, bad links, long files. Rows 6.12 to 6.19, R.1 to R.13.

use std::time::Duration;

use netprog::base::fault::{Link, LinkFaults, Treatment};
use netprog::base::random::Seeded;
use netprog::ch06_tftp::options::Options;
use netprog::ch06_tftp::timing::Timing;

use crate::simulation::{Outcome, Simulation, Way, bad_link};

fn file(length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    Seeded::new(length as u64).fill(&mut bytes);
    bytes
}

fn timing() -> Timing {
    Timing::starting_at(Duration::from_secs(1), 10)
}

fn windowed(block_size: usize, window: u16) -> Options {
    Options { block_size: Some(block_size), window: Some(window), ..Options::default() }
}

fn run(way: Way, file: &[u8], asked: Options, up: Link, down: Link) -> Outcome {
    Simulation::new(way, file, asked, timing(), [up, down]).run()
}

fn assert_whole(outcome: &Outcome, file: &[u8]) {
    assert_eq!(outcome.sender, Ok(()));
    assert_eq!(outcome.receiver, Ok(()));
    assert!(outcome.file == file, "{} bytes of {}", outcome.file.len(), file.len());
}

/// Rows 6.12, R.10: a block that is not full ends the file, so a file of full blocks ends with an empty one.
#[test]
fn a_file_of_full_blocks_ends_with_an_empty_one() {
    for (length, blocks) in [(0, 1), (1, 1), (511, 1), (512, 2), (513, 2), (1024, 3), (75_352, 148)] {
        let file = file(length);
        for way in [Way::Get, Way::Put] {
            let outcome = run(way, &file, Options::default(), Link::perfect(), Link::perfect());
            assert_whole(&outcome, &file);
            assert_eq!(outcome.sent.blocks, blocks, "{length} bytes, {way:?}");
            assert_eq!(outcome.sent.resent, 0);
        }
    }
    for (length, blocks) in [(1427, 1), (1428, 2), (14_280, 11)] {
        let file = file(length);
        let outcome = run(Way::Get, &file, windowed(1428, 4), Link::perfect(), Link::perfect());
        assert_whole(&outcome, &file);
        assert_eq!(outcome.sent.blocks, blocks, "{length} bytes");
    }
}

/// Row 6.19: 65,535 is followed by 0, and nobody confuses the second block 1 with the first.
#[test]
fn block_numbers_wrap_to_zero_and_the_totals_go_on() {
    let file = file(8 * 66_000 + 3);
    for (way, window) in [(Way::Get, 1), (Way::Put, 1), (Way::Get, 64), (Way::Put, 7)] {
        let outcome = run(way, &file, windowed(8, window), Link::perfect(), Link::perfect());
        assert_whole(&outcome, &file);
        assert_eq!(outcome.sent.blocks, 66_001);
        assert_eq!(outcome.received.bytes, file.len() as u64);
    }
}

/// The same where one packet in a hundred is lost or doubled.
#[test]
fn the_wrap_survives_losses() {
    let file = file(8 * 66_000);
    let faults = LinkFaults { drop: 0.01, duplicate: 0.01, ..LinkFaults::default() };
    for (way, window) in [(Way::Get, 1), (Way::Put, 16)] {
        let (up, down) = (Link::new(1, faults.clone()), Link::new(2, faults.clone()));
        assert_whole(&run(way, &file, windowed(8, window), up, down), &file);
    }
}

/// Rows 6.16 and R.6: every ACK comes twice. With the book's server every DATA from the second on would, too.
#[test]
fn an_ack_that_comes_twice_makes_nothing_come_twice() {
    let file = file(100 * 512);
    let twice = LinkFaults { duplicate: 1.0, ..LinkFaults::default() };
    let outcome = run(Way::Get, &file, Options::default(), Link::new(1, twice.clone()), Link::perfect());
    assert_whole(&outcome, &file);
    assert_eq!((outcome.sent.packets, outcome.sent.resent), (101, 0));
    // And with windows, where a known ACK can mean a lost block, it is believed once and no more.
    let outcome = run(Way::Get, &file, windowed(512, 4), Link::new(1, twice.clone()), Link::new(2, twice));
    assert_whole(&outcome, &file);
    assert!(outcome.sent.packets <= 2 * 101 + 5, "{:?}", outcome.sent);
}

/// Row R.5: the last ACK is lost; the receiver, who has all, is still there to say it again.
#[test]
fn a_lost_last_ack_is_said_again_while_the_receiver_dallies() {
    let file = file(100);
    // Up go the RRQ and then the only ACK.
    let up = Link::planned(vec![Treatment::Pass, Treatment::Drop]);
    let outcome = run(Way::Get, &file, Options::default(), up, Link::perfect());
    assert_whole(&outcome, &file);
    assert_eq!((outcome.sent.resent, outcome.received.resent), (1, 1));
}

/// Row R.9: OACK and its answer are repeated like every other packet.
#[test]
fn a_lost_oack_and_a_lost_answer_to_it_are_repeated() {
    let file = file(3000);
    for plan in [vec![Treatment::Drop], vec![Treatment::Pass, Treatment::Drop]] {
        for way in [Way::Get, Way::Put] {
            let (up, down) = (Link::planned(plan.clone()), Link::planned(plan.clone()));
            let outcome = run(way, &file, windowed(1024, 2), up, down);
            assert_whole(&outcome, &file);
        }
    }
}

/// Row R.13: with 8 blocks in a window, the third is lost; sending goes on behind the second, at once.
#[test]
fn a_gap_is_told_and_filled_without_a_time_out() {
    let file = file(20 * 512);
    let mut plan = vec![Treatment::Pass; 3]; // OACK, DATA 1, DATA 2
    plan.push(Treatment::Drop);
    let outcome = run(Way::Get, &file, windowed(512, 8), Link::perfect(), Link::planned(plan));
    assert_whole(&outcome, &file);
    assert_eq!(outcome.sent.timeouts, 0);
    assert_eq!(outcome.sent.resent, 6, "blocks 3 to 8");
    // The first block of a window: its gap is told by an ACK that the sender knows.
    let mut plan = vec![Treatment::Pass; 9];
    plan.push(Treatment::Drop);
    let outcome = run(Way::Get, &file, windowed(512, 8), Link::perfect(), Link::planned(plan));
    assert_whole(&outcome, &file);
    assert_eq!(outcome.sent.timeouts, 0);
    assert_eq!(outcome.sent.resent, 8, "blocks 9 to 16");
}

/// Row 6.13: nobody answers. Exactly ten packets, ever slower, and a clear end.
#[test]
fn a_silent_client_gets_ten_packets_and_no_more() {
    let file = file(5000);
    let mut silent_up = vec![Treatment::Pass];
    silent_up.extend(vec![Treatment::Drop; 1000]);
    let outcome = run(Way::Get, &file, Options::default(), Link::planned(silent_up), Link::perfect());
    assert_eq!(outcome.sent.packets, 10);
    assert_eq!(outcome.sender, Err("no answer after 10 tries".to_string()));
    assert!(outcome.receiver.is_err());
}

/// Row 6.13: the answer to the tenth packet is in time.
#[test]
fn an_ack_of_the_last_try_is_in_time() {
    let file = file(100);
    let mut plan = vec![Treatment::Drop; 9];
    plan.push(Treatment::Pass);
    let outcome = run(Way::Get, &file, Options::default(), Link::perfect(), Link::planned(plan));
    assert_eq!(outcome.sender, Ok(()), "{outcome:?}");
    assert_eq!(outcome.sent.resent, 9);
}

/// The same losses on a link that takes equally long for most packets. Delays by chance would shuffle each window, and
/// a receiver that keeps only what is in order would throw most of it away.
fn orderly() -> LinkFaults {
    LinkFaults { delay: Duration::from_millis(5)..Duration::from_millis(5), ..bad_link() }
}

/// The judges of a whole family of runs: what is resent, and how many fail.
fn five_hundred_runs(
    way: Way,
    asked: Options,
    faults: &LinkFaults,
    most_resent_in_one: f64,
    most_resent_on_average: f64,
) {
    let file = file(64 * 1024);
    let (mut failed, mut share, mut worst) = (0, 0.0, 0.0_f64);
    let runs = 500;
    for seed in 0..runs {
        let (up, down) = (Link::new(2 * seed, faults.clone()), Link::new(2 * seed + 1, faults.clone()));
        let outcome = run(way, &file, asked, up, down);
        let blocks = outcome.sent.blocks.max(1) as f64;
        let resent = outcome.sent.resent as f64 / blocks;
        match (&outcome.sender, &outcome.receiver) {
            (Ok(()), Ok(())) => assert!(outcome.file == file, "seed {seed}: another file"),
            // The receiver has all and the sender could not hear of it.
            (Err(_), Ok(())) => assert!(outcome.file == file, "seed {seed}: another file, and no error"),
            (Ok(()), Err(error)) => panic!("seed {seed}: the sender thinks it is through: {error}"),
            (Err(_), Err(_)) => assert!(outcome.file.len() <= file.len()),
        }
        failed += u64::from(outcome.sender.is_err());
        assert!(file.starts_with(&outcome.file), "seed {seed}: not a beginning of the file");
        let bound = most_resent_in_one + 20.0 / blocks;
        assert!(resent <= bound, "seed {seed}: {resent} times the file was sent again");
        share += resent;
        worst = worst.max(resent);
    }
    let average = share / runs as f64;
    println!("{way:?} {asked:?}: {failed} failed, {average:.2} of the file sent again, at worst {worst:.2}");
    assert!(failed <= runs / 20, "{failed} of {runs} runs failed");
    assert!(average <= most_resent_on_average, "{average} of the file was sent again on average");
}

/// A loss of 20 % each way lets 64 % of the exchanges through, so about 0.56 of a file is sent again in lockstep.
#[test]
fn five_hundred_gets_over_a_bad_link_end_with_the_same_bytes_or_an_error() {
    five_hundred_runs(Way::Get, Options::default(), &bad_link(), 1.5, 0.8);
}

#[test]
fn five_hundred_puts_over_a_bad_link_end_with_the_same_bytes_or_an_error() {
    five_hundred_runs(Way::Put, Options::default(), &bad_link(), 1.5, 0.8);
}

#[test]
fn five_hundred_gets_with_windows_over_a_bad_link_end_with_the_same_bytes_or_an_error() {
    five_hundred_runs(Way::Get, windowed(1024, 8), &orderly(), 6.0, 4.0);
}

#[test]
fn five_hundred_puts_with_windows_over_a_bad_link_end_with_the_same_bytes_or_an_error() {
    five_hundred_runs(Way::Put, windowed(1024, 8), &orderly(), 6.0, 4.0);
}
