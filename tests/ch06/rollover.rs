//! What follows block 65,535, between our client and our server. Row 6.19. Blocks of 8 bytes, so that the files are small.

use std::fs;
use std::io::{self, Read};
use std::net::{SocketAddr, UdpSocket};

use netprog::base::cancel::Cancel;
use netprog::base::fault::{Link, LinkFaults};
use netprog::ch06_tftp::client::{ClientConfig, Report, put};
use netprog::ch06_tftp::error::{ErrorCode, TransferError};
use netprog::ch06_tftp::files::{Directory, Files};
use netprog::ch06_tftp::options::Options;
use netprog::ch06_tftp::rollover::Rollover;
use netprog::ch06_tftp::server::Running;
use netprog::ch06_tftp::timing::Timing;

use crate::by_hand::{Client, Root, bytes, config, start};
use crate::client::fetch;
use crate::simulation::{Simulation, Way};

/// A block more than there are numbers, and not full.
const LONG: usize = 8 * 65_535 + 3;

/// The longest file without a number used twice.
const LONGEST: usize = 8 * 65_535 - 1;

fn server(root: &Root, rollover: Rollover) -> Running {
    let mut config = config(Files::Directory(Directory::new(&root.0, true, 1 << 20).unwrap()));
    config.rollover = rollover;
    start(config)
}

fn client(rollover: Rollover) -> ClientConfig {
    ClientConfig { block_size: Some(8), window: Some(64), rollover, ..ClientConfig::default() }
}

/// Puts a file as `new`, with its size or without.
fn store(server: SocketAddr, file: &[u8], config: &ClientConfig) -> Result<Report, TransferError> {
    let size = Some(file.len() as u64).filter(|_| config.size);
    let mut source: &mut dyn Read = &mut &file[..];
    put(server, b"new", config, &mut source, size, &Cancel::new(), &mut |_, _| {})
}

/// Told by the option, or agreed on beforehand.
#[test]
fn a_wrap_to_one_is_followed_both_ways_asked_for_or_configured() {
    let root = Root::new("to-one");
    fs::write(root.0.join("long"), bytes(LONG)).unwrap();
    for (theirs, tell_rollover) in [(Rollover::ToZero, true), (Rollover::ToOne, false)] {
        let server = server(&root, theirs);
        let config = ClientConfig { tell_rollover, ..client(Rollover::ToOne) };
        let (result, came) = fetch(server.address(), "long", &config);
        let report = result.unwrap();
        assert_eq!(report.totals.blocks, 65_536);
        assert_eq!(report.options.rollover, Some(Rollover::ToOne).filter(|_| tell_rollover));
        assert!(came == bytes(LONG));
        store(server.address(), &bytes(LONG), &config).unwrap();
        assert!(fs::read(root.0.join("new")).unwrap() == bytes(LONG));
        fs::remove_file(root.0.join("new")).unwrap();
    }
}

/// Each block and each ACK by its number, on the wire: a client of somebody else's that asks for the option.
#[test]
fn the_wire_shows_1_behind_65_535() {
    let root = Root::new("wire");
    fs::write(root.0.join("long"), bytes(LONG)).unwrap();
    let server = server(&root, Rollover::ToZero);
    for rollover in ["0", "1"] {
        let mut client = Client::of(server.address());
        client.ask(b"long", &[("blksize", "8"), ("windowsize", "64"), ("rollover", rollover)]);
        client.hear();
        client.ack(0);
        for block in 1..=65_535 {
            client.hears_data(block);
            if block % 64 == 0 || block == 65_535 {
                client.ack(block);
            }
        }
        let last = rollover.parse().unwrap();
        assert_eq!(client.hears_data(last), bytes(LONG)[8 * 65_535..]);
        client.ack(last);
    }
}

#[test]
fn the_wrap_to_one_survives_losses() {
    let file = bytes(8 * 66_000);
    let faults = LinkFaults { drop: 0.01, duplicate: 0.01, ..LinkFaults::default() };
    for (way, window) in [(Way::Get, 1), (Way::Put, 16)] {
        let (block_size, rollover) = (Some(8), Some(Rollover::ToOne));
        let asked = Options { block_size, window: Some(window), rollover, ..Options::default() };
        let links = [Link::new(3, faults.clone()), Link::new(4, faults.clone())];
        let outcome = Simulation::new(way, &file, asked, Timing::default(), links).run();
        assert_eq!((outcome.sender, outcome.receiver), (Ok(()), Ok(())));
        assert!(outcome.file == file && outcome.sent.blocks == 66_001, "{way:?}");
    }
}

fn told_by_the_server(result: Result<Report, TransferError>) {
    let error = result.unwrap_err();
    assert!(matches!(error, TransferError::PeerGaveError { code: ErrorCode::DiskFull, .. }), "{error}");
    assert!(error.to_string().contains("65535 blocks"), "{error}");
}

/// A server that refuses: at once where the size is known, and at the block that would need another where it is not.
#[test]
fn a_server_that_refuses_says_so_and_keeps_nothing() {
    let root = Root::new("server-refuses");
    fs::write(root.0.join("long"), bytes(LONG)).unwrap();
    fs::write(root.0.join("longest"), bytes(LONGEST)).unwrap();
    let server = server(&root, Rollover::Refused);
    let (sized, unsized_) =
        (client(Rollover::ToZero), ClientConfig { size: false, ..client(Rollover::ToZero) });
    for config in [sized, unsized_] {
        let (result, came) = fetch(server.address(), "long", &config);
        told_by_the_server(result);
        assert!(came.is_empty(), "the server knows its file's size");
        told_by_the_server(store(server.address(), &bytes(LONG), &config));
    }
    // A number is not promised that would not be used.
    let (result, came) = fetch(server.address(), "longest", &client(Rollover::ToOne));
    assert!(result.unwrap().options.rollover.is_none() && came == bytes(LONGEST));
    // Larger blocks are the way out.
    let larger = ClientConfig { block_size: Some(16), ..client(Rollover::ToZero) };
    assert!(fetch(server.address(), "long", &larger).1 == bytes(LONG));
    server.stop().unwrap();
    assert_eq!(root.names(), ["long", "longest"], "and no part of what was put");
}

#[test]
fn a_client_that_refuses_asks_for_nothing_it_could_not_take() {
    let root = Root::new("client-refuses");
    fs::write(root.0.join("long"), bytes(LONG)).unwrap();
    let server = server(&root, Rollover::ToZero);
    let (sized, unsized_) =
        (client(Rollover::Refused), ClientConfig { size: false, ..client(Rollover::Refused) });
    let (result, came) = fetch(server.address(), "long", &sized);
    assert!(matches!(result, Err(TransferError::TooManyBlocks)) && came.is_empty());
    let (result, came) = fetch(server.address(), "long", &unsized_);
    assert!(matches!(result, Err(TransferError::TooManyBlocks)));
    assert!(came == bytes(LONG)[..8 * 65_534], "until it could not go on");
    let result = store(server.address(), &bytes(LONG), &unsized_);
    assert!(matches!(result, Err(TransferError::TooManyBlocks)));

    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let result = store(silent.local_addr().unwrap(), &bytes(LONG), &sized);
    assert!(matches!(result, Err(TransferError::TooManyBlocks)));
    silent.set_nonblocking(true).unwrap();
    let heard = silent.recv_from(&mut [0; 600]).unwrap_err();
    assert_eq!(heard.kind(), io::ErrorKind::WouldBlock, "nothing was sent");

    server.stop().unwrap();
    assert_eq!(root.names(), ["long"]);
}

#[test]
fn the_longest_file_passes_where_more_is_refused() {
    let root = Root::new("longest");
    let server = server(&root, Rollover::Refused);
    let config = ClientConfig { size: false, ..client(Rollover::Refused) };
    assert_eq!(store(server.address(), &bytes(LONGEST), &config).unwrap().totals.blocks, 65_535);
    let config = client(Rollover::Refused);
    assert!(fetch(server.address(), "new", &config).1 == bytes(LONGEST));
}
