//! Datagrams get lost, on the loopback as well, and what a program does about it.

use super::sockets::{address, socket, soon};
use netprog::base::cancel::Cancel;
use netprog::base::fault::{Link, LinkFaults, Treatment, UdpLink};
use netprog::base::trace;
use netprog::ch05_udp::ask::{Tries, ask};
use netprog::ch05_udp::buffers::{flood, take_waiting};
use netprog::ch05_udp::echo::start;
use netprog::ch05_udp::open_socket::{recv_before, send_to};
use netprog::ch05_udp::samples::{Newest, Sample};
use std::io::ErrorKind;
use std::time::Duration;

#[cfg(target_os = "linux")]
#[test]
fn a_buffer_is_doubled_and_never_as_small_as_one_asks() {
    use netprog::base::sys::options::*;
    let socket = socket("small");
    set_receive_buffer(&socket, 2).unwrap();
    set_send_buffer(&socket, 2).unwrap();
    assert_eq!((receive_buffer(&socket).unwrap(), send_buffer(&socket).unwrap()), (2304, 4608));
    set_receive_buffer(&socket, 8192).unwrap();
    assert_eq!(receive_buffer(&socket).unwrap(), 16_384);
}

/// Fifty datagrams of two bytes, fifty times Ok, two or three of them received: nobody reads while they come.
#[cfg(target_os = "linux")]
#[test]
fn what_does_not_fit_the_receivers_buffer_is_lost_and_every_send_was_ok() {
    use netprog::base::sys::options::set_receive_buffer;
    use netprog::ch05_udp::buffers::dropped;
    let (sender, receiver) = (socket("sender"), socket("receiver"));
    set_receive_buffer(&receiver, 2).unwrap();
    assert_eq!(dropped(address(&receiver)).unwrap(), Some(0));
    assert_eq!(flood(&sender, address(&receiver), 50).unwrap(), 50);
    let arrived = take_waiting(&receiver, 64).unwrap();
    assert!((1..10).contains(&arrived.len()), "{} arrived", arrived.len());
    assert_eq!(arrived[0], [0, 0], "the first are kept, the later ones lost");
    assert_eq!(arrived.last().unwrap()[1] as usize, arrived.len() - 1, "without a gap");
    let lost = dropped(address(&receiver)).unwrap();
    assert_eq!(lost, Some(50 - arrived.len() as u64), "the kernel has counted");
    assert_eq!(dropped(super::sockets::nobody()).unwrap(), None);
}

#[test]
fn nothing_waits_in_a_queue_nobody_sent_to() {
    let quiet = socket("quiet");
    assert!(take_waiting(&quiet, 64).unwrap().is_empty());
    send_to(&quiet, b"to myself", address(&quiet)).unwrap();
    assert_eq!(recv_before(&quiet, &mut [0; 16], soon()).unwrap().0, 9, "and it waits as before");
}

#[test]
fn the_newest_sample_counts_and_a_late_one_is_thrown_away() {
    let sample = |number: u32| Sample { number, value: format!("position {number}").into_bytes() };
    let mut newest = Newest::new();
    for (number, taken) in [(1, true), (2, true), (5, true), (4, false), (5, false), (6, true)] {
        assert_eq!(newest.offer(sample(number)), taken, "{number}");
    }
    assert_eq!(newest.sample().unwrap().value, b"position 6");
    assert_eq!((newest.skipped(), newest.late()), (2, 2));
}

#[test]
fn after_the_last_number_comes_zero_and_is_newer() {
    let sample = |number: u32| Sample { number, value: Vec::new() };
    let mut newest = Newest::new();
    assert!(newest.offer(sample(u32::MAX)) && newest.offer(sample(0)) && !newest.offer(sample(u32::MAX)));
    assert_eq!(newest.skipped(), 0);
    assert!(!newest.offer(sample(1 << 31)), "half the circle away is neither; the known one stays");
    let whole = Sample { number: 7, value: b"x".to_vec() };
    assert_eq!(Sample::decode(&whole.encode()), Ok(whole));
    assert!(Sample::decode(&[0, 0, 0]).is_err());
}

/// Asks the echo behind a link with request number 7.
fn ask_through(up: Link, down: Link, most: u32) -> (std::io::Result<u32>, u64) {
    let stop = Cancel::new();
    let server = start("127.0.0.1:0", &stop).unwrap();
    trace::name(&server.address().to_string(), "server");
    let link = UdpLink::start(server.address(), up, down).unwrap();
    let client = socket("client");
    let tries = Tries { most, first_wait: Duration::from_millis(20) };
    let answer =
        ask(&client, link.address(), b"7 what time?", tries, soon(), |bytes| bytes.starts_with(b"7 "));
    let offered = link.stats().up.offered as u64;
    stop.cancel();
    server.join().unwrap();
    (answer.map(|answer| answer.sent), offered)
}

#[test]
fn a_lost_request_and_a_lost_answer_are_made_good_by_asking_again() {
    let lost = || Link::planned(vec![Treatment::Drop]);
    assert_eq!(ask_through(Link::perfect(), Link::perfect(), 3).0.unwrap(), 1);
    assert!(ask_through(lost(), Link::perfect(), 8).0.unwrap() >= 2);
    assert!(ask_through(lost(), lost(), 8).0.unwrap() >= 3);
}

#[test]
fn a_link_that_loses_everything_ends_in_a_timeout_and_bounded_sends() {
    let nothing = LinkFaults { drop: 1.0, ..LinkFaults::default() };
    let (outcome, offered) = ask_through(Link::new(1, nothing), Link::perfect(), 3);
    assert_eq!(outcome.unwrap_err().kind(), ErrorKind::TimedOut);
    assert_eq!(offered, 3);
}

#[test]
fn asking_succeeds_over_a_link_that_loses_doubles_and_reorders() {
    let bad = || LinkFaults { drop: 0.3, duplicate: 0.2, reorder: 0.2, ..LinkFaults::default() };
    for seed in 0..5 {
        let (outcome, _) = ask_through(Link::new(seed, bad()), Link::new(seed + 100, bad()), 9);
        assert!(outcome.is_ok(), "seed {seed}: {outcome:?}");
    }
}

#[test]
fn an_answer_to_something_else_is_not_taken_for_ours() {
    let (client, server) = (socket("client"), socket("server"));
    send_to(&server, b"6 an old answer", address(&client)).unwrap();
    send_to(&server, b"7 the answer", address(&client)).unwrap();
    let tries = Tries { most: 1, first_wait: crate::support::PATIENCE };
    let answer =
        ask(&client, address(&server), b"7?", tries, soon(), |bytes| bytes.starts_with(b"7")).unwrap();
    assert_eq!(answer.bytes, b"7 the answer");
}
