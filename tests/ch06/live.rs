//! Transfers on real sockets behind a bad link: the machines of `transfers.rs` with a session, a thread and real time. A few,
//! for they take it.

use std::fs;
use std::time::Duration;

use netprog::base::cancel::Cancel;
use netprog::base::fault::{Link, LinkFaults, UdpLink};
use netprog::ch06_tftp::client::{ClientConfig, put};
use netprog::ch06_tftp::files::{Directory, Files};
use netprog::ch06_tftp::server::Running;
use netprog::ch06_tftp::timing::Timing;

use crate::by_hand::{Root, bytes, config, start};
use crate::client::fetch;

const LENGTH: usize = 20_000;

fn timing() -> Timing {
    Timing::starting_at(Duration::from_millis(40), 30)
}

/// It lingers until the last ACK of a put has come through, however often that is lost; its end ends that.
fn server(files: Files) -> Running {
    let mut config = config(files);
    config.timing = Timing { dally: Duration::from_secs(60), ..timing() };
    start(config)
}

/// A fifth is lost on each way, a tenth comes twice, and another out of order.
fn bad_link(server: &Running, seed: u64) -> UdpLink {
    let faults = LinkFaults { drop: 0.2, duplicate: 0.1, reorder: 0.1, ..LinkFaults::default() };
    let (up, down) = (Link::new(seed, faults.clone()), Link::new(seed + 100, faults));
    UdpLink::start(server.address(), up, down).unwrap()
}

/// The last ACK of a get may be lost: the client stays to say it again.
fn client(window: u16) -> ClientConfig {
    ClientConfig {
        block_size: Some(1024),
        window: Some(window),
        timing: timing(),
        always_dally: true,
        ..ClientConfig::default()
    }
}

#[test]
fn live_gets_over_a_bad_link_end_with_the_same_bytes() {
    let server = server(Files::Payload(bytes(LENGTH).into()));
    for (seed, window) in [(1, 1), (2, 4)] {
        let link = bad_link(&server, seed);
        let (result, came) = fetch(link.address(), "f", &client(window));
        result.unwrap();
        assert!(came == bytes(LENGTH), "seed {seed}");
    }
}

#[test]
fn live_puts_over_a_bad_link_end_with_the_same_bytes() {
    let root = Root::new("live-puts");
    let server = server(Files::Directory(Directory::new(&root.0, true, 1 << 20).unwrap()));
    for (seed, window) in [(3, 1), (4, 4)] {
        let link = bad_link(&server, seed);
        let name = format!("f{seed}");
        let (file, size) = (bytes(LENGTH), Some(LENGTH as u64));
        let report = put(
            link.address(),
            name.as_bytes(),
            &client(window),
            &mut &file[..],
            size,
            &Cancel::new(),
            &mut |_, _| {},
        )
        .unwrap();
        assert_eq!((report.totals.bytes, report.options.window), (LENGTH as u64, Some(window)));
        assert!(fs::read(root.0.join(name)).unwrap() == file, "seed {seed}");
    }
    server.stop().unwrap();
    assert_eq!(root.names(), ["f3", "f4"], "and no part of one");
}
