//! Listings 6-9 to 6-11: the server on real sockets, before clients written down packet by packet. Rows 6.9 to 6.25, R.

use std::fs;
use std::time::Duration;

use netprog::base::trace;
use netprog::ch06_tftp::error::ErrorCode;
use netprog::ch06_tftp::files::{Directory, Files};
use netprog::ch06_tftp::packet::Packet;
use netprog::ch06_tftp::timing::Timing;

use crate::by_hand::{Client, Root, bytes, config, payload_server, request, start};
use crate::support::{Program, run};

fn begin(name: &str) -> trace::PartyGuard {
    trace::chapter("ch06");
    trace::party(name)
}

/// Rows 6.9, 6.11, 6.22, 6.23: the book's defaults; any name gets the payload, `/etc/shadow` too, from a port of its own.
#[test]
fn listing_6_9_says_what_happens() {
    let _me = begin("client");
    let timing = Timing::default();
    assert_eq!((timing.sends, timing.first), (10, Duration::from_secs(6)));
    let server = payload_server(700);
    trace::name(&server.address().to_string(), "server");
    let mut client = Client::of(server.address());
    assert_eq!(client.get(b"/etc/shadow"), bytes(700));
    trace::note(|| "every name is the same file: /etc/shadow was 700 bytes of payload".to_string());
    assert_ne!(client.transfer, Some(server.address()), "a port of its own");
    assert_eq!(Client::of(server.address()).get(b"x"), bytes(700), "and the next is served");
    server.stop().unwrap();

    let empty = payload_server(0);
    assert_eq!(Client::of(empty.address()).get(b"x"), b"", "an empty file is one empty block");
}

/// Rows 6.12, 6.16, 6.17: the book's transfer of 75,352 bytes is 148 blocks. On the way a doubled ACK, an old one and one
/// from the future change nothing: each block comes once.
#[test]
fn listing_6_10_says_what_happens() {
    let _me = begin("client");
    let server = payload_server(75_352);
    trace::name(&server.address().to_string(), "server");
    let mut client = Client::of(server.address());
    client.ask(b"test.svg", &[]);
    let mut file = client.hears_data(1);
    for _ in 0..20 {
        // More than the ten tries that would end the book's transfer.
        client.ack(500);
        client.say_bytes(b"");
        client.say_bytes(&[0, 4]);
    }
    client.hears_nothing();
    trace::note(|| "forty packets that mean nothing here: no answer, and no try is spent".to_string());
    for block in 1..=147 {
        client.ack(block);
        client.ack(block);
        file.extend_from_slice(&client.hears_data(block + 1));
    }
    client.hears_nothing();
    trace::note(|| "every ACK came twice, every block once".to_string());
    client.ack(148);
    assert!(file == bytes(75_352));
}

/// Rows 6.24, 6.25: the program with the book's flags. A file that is not there ends it with code 1, wrong usage with 2,
/// Ctrl-C with 0.
#[test]
fn listing_6_11_says_what_happens() {
    let _me = begin("client");
    let root = Root::new("program");
    let file = root.0.join("payload.svg");
    fs::write(&file, bytes(1000)).unwrap();
    let program = Program::start("ch06_tftp", &["-a", "127.0.0.1:0", "-p", &file.to_string_lossy()]);
    assert_eq!(Client::of(program.address()).get(b"a\nb"), bytes(1000));
    trace::note(|| "1,000 bytes from the program".to_string());
    let ended = program.stop_by("INT");
    assert_eq!(ended.status.code(), Some(0));
    assert!(ended.stderr.contains("requested file: \"a\\nb\"\n"), "{}", ended.stderr);

    assert_eq!(run("ch06_tftp", &["-a", "127.0.0.1:0", "-p", "/no/such/file"]).status.code(), Some(1));
    assert_eq!(run("ch06_tftp", &["-p", "x", "-root", "y"]).status.code(), Some(2));
    assert_eq!(run("ch06_tftp", &["-write"]).status.code(), Some(2));
}

/// Row 6.10: who asks for what we cannot do is told, each with its code; an ERROR is not answered.
#[test]
fn bad_requests_are_answered_with_the_code_that_fits() {
    let server = payload_server(10);
    let answered = |bytes: &[u8], code| {
        let mut client = Client::of(server.address());
        client.say_bytes(bytes);
        client.hears_error(code);
    };
    answered(b"\x00\x02f\x00octet\x00", ErrorCode::IllegalOperation);
    answered(b"\x00\x09", ErrorCode::IllegalOperation);
    answered(b"", ErrorCode::IllegalOperation);
    answered(b"\x00\x01f\x00octet", ErrorCode::IllegalOperation);
    answered(b"\x00\x01f\x00mail\x00", ErrorCode::Undefined);
    answered(b"\x00\x01f\x00octet\x00blksize\x00", ErrorCode::OptionRefused);
    answered(b"\x00\x04\x00\x01", ErrorCode::UnknownTransferId);
    for error in [&b"\x00\x05\x00\x01no\x00"[..], b"\x00\x05", b"\x00\x05\x00\x00broken"] {
        let mut client = Client::of(server.address());
        client.say_bytes(error);
        client.hears_nothing();
    }
    assert_eq!(Client::of(server.address()).get(b"f"), bytes(10));
}

/// Rows 6.21, R.3: a stranger at the transfer's port is told so, and the transfer goes on.
#[test]
fn a_stranger_gets_error_5_and_nothing_breaks() {
    let server = payload_server(600);
    let mut client = Client::of(server.address());
    client.ask(b"f", &[]);
    let first = client.hears_data(1);
    let mut stranger = Client::of(client.transfer.unwrap());
    stranger.ack(1);
    stranger.hears_error(ErrorCode::UnknownTransferId);
    stranger.say_bytes(b"\x00\x05\x00\x00die\x00");
    stranger.hears_nothing();
    client.ack(1);
    let second = client.hears_data(2);
    assert_eq!([first, second].concat(), bytes(600));
}

/// Row 6.15: an ERROR from the client ends the transfer without a word. Row R.18: the boot ROM's size probe, too.
#[test]
fn an_error_from_the_client_ends_the_transfer_quietly() {
    let server = payload_server(600);
    let mut client = Client::of(server.address());
    client.ask(b"f", &[("tsize", "0"), ("blksize", "1468")]);
    let Packet::Oack(options) = client.hear() else { panic!("an OACK") };
    assert_eq!(options[0], (b"tsize".to_vec(), b"600".to_vec()));
    client.say(&Packet::Error { code: ErrorCode::OptionRefused, message: Vec::new() });
    client.hears_nothing();
    // And it asks again from the same port, now in earnest.
    client.transfer = None;
    client.ask(b"f", &[("blksize", "1468")]);
    assert_eq!(client.hear(), Packet::Oack(vec![(b"blksize".to_vec(), b"1468".to_vec())]));
    client.ack(0);
    assert_eq!(client.hears_data(1), bytes(600));
}

/// Row 6.20: a request that comes again while its transfer runs starts no second one.
#[test]
fn a_repeated_request_starts_no_second_transfer() {
    let server = payload_server(600);
    let mut client = Client::of(server.address());
    client.ask(b"f", &[]);
    client.hears_data(1);
    let transfer = client.transfer.take();
    client.ask(b"f", &[]);
    client.hears_nothing();
    client.transfer = transfer;
    client.ack(1);
    client.hears_data(2);
}

/// Row 6.13: a client that never says anything gets exactly as many packets as there are tries, and frees its place.
#[test]
fn a_silent_client_gets_as_many_packets_as_there_are_tries_and_frees_its_place() {
    let mut config = config(Files::Payload(bytes(600).into()));
    config.timing = Timing::starting_at(Duration::from_millis(5), 4);
    config.max_transfers = 1;
    let server = start(config);
    let mut silent = Client::of(server.address());
    silent.ask(b"f", &[]);
    for _ in 0..4 {
        silent.hears_data(1);
    }
    silent.hears_error(ErrorCode::Undefined);
    silent.hears_nothing();
    // The place is free: at the latest a few tries later, when its thread is through.
    let served = (0..200).any(|_| {
        let mut client = Client::of(server.address());
        client.ask(b"f", &[]);
        matches!(client.hear(), Packet::Data { block: 1, .. })
    });
    assert!(served);
}

/// Row 6.23: above the limit clients are told to come back, if all the others have answered.
#[test]
fn more_transfers_than_the_limit_are_refused_and_told() {
    let mut config = config(Files::Payload(bytes(1100).into()));
    config.max_transfers = 2;
    let server = start(config);
    let mut clients: Vec<Client> = (0..3).map(|_| Client::of(server.address())).collect();
    for client in &mut clients[..2] {
        client.ask(b"f", &[]);
        client.hears_data(1);
        client.ack(1);
        client.hears_data(2);
    }
    clients[2].ask(b"f", &[]);
    clients[2].hears_error(ErrorCode::Undefined);
    for client in &mut clients[..2] {
        client.ack(2);
        client.hears_data(3);
    }
}

/// Row R.8: nothing is granted that was not asked for; what is unknown or out of range is passed over.
#[test]
fn options_unknown_or_out_of_range_are_passed_over() {
    let server = payload_server(600);
    let mut client = Client::of(server.address());
    client.ask(b"f", &[("rollover", "2"), ("blksize", "7"), ("timeout", "0"), ("windowsize", "0")]);
    client.hears_data(1);
    let mut client = Client::of(server.address());
    client.ask(b"f", &[("multicast", ""), ("TSize", "0"), ("blksize", "65465"), ("timeout", "255")]);
    let Packet::Oack(options) = client.hear() else { panic!("an OACK") };
    assert_eq!(options, [(b"tsize".to_vec(), b"600".to_vec()), (b"timeout".to_vec(), b"255".to_vec())]);
}

/// Rows R.1, R.5: a put. The file has its name only when it is whole; a second put of the name gets ERROR 6; the last ACK
/// is said again to who asks again.
#[test]
fn a_put_makes_a_new_file_that_is_whole_from_its_first_moment() {
    let root = Root::new("put");
    let server = root.server(true, 10_000);
    let mut client = Client::of(server.address());
    client.offer(b"new", &[("tsize", "700")]);
    assert_eq!(client.hear(), Packet::Oack(vec![(b"tsize".to_vec(), b"700".to_vec())]));
    client.say(&Packet::Data { block: 1, payload: &bytes(700)[..512] });
    assert_eq!(client.hear(), Packet::Ack { block: 1 });
    assert!(!root.0.join("new").exists(), "not yet");
    // A block doubled on the way is acknowledged again and written once.
    client.say(&Packet::Data { block: 1, payload: &bytes(700)[..512] });
    assert_eq!(client.hear(), Packet::Ack { block: 1 });
    let last = Packet::Data { block: 2, payload: &bytes(700)[512..] };
    client.say(&last);
    assert_eq!(client.hear(), Packet::Ack { block: 2 });
    assert_eq!(fs::read(root.0.join("new")).unwrap(), bytes(700));
    client.say(&last);
    assert_eq!(client.hear(), Packet::Ack { block: 2 }, "while it dallies");

    let mut second = Client::of(server.address());
    second.offer(b"new", &[]);
    second.hears_error(ErrorCode::FileExists);
    server.stop().unwrap();
    assert_eq!(root.names(), ["new"]);
}

/// Row R.1: two puts of one name at once: one is whole, the other is told, nothing is left over.
#[test]
fn of_two_puts_of_one_name_at_once_one_wins_and_the_other_is_told() {
    let root = Root::new("race");
    let server = root.server(true, 10_000);
    let mut one = Client::of(server.address());
    let mut two = Client::of(server.address());
    for client in [&mut one, &mut two] {
        client.offer(b"f", &[]);
        assert_eq!(client.hear(), Packet::Ack { block: 0 });
    }
    two.say(&Packet::Data { block: 1, payload: b"two" });
    assert_eq!(two.hear(), Packet::Ack { block: 1 });
    one.say(&Packet::Data { block: 1, payload: b"one" });
    one.hears_error(ErrorCode::FileExists);
    server.stop().unwrap();
    assert_eq!(fs::read(root.0.join("f")).unwrap(), b"two");
    assert_eq!(root.names(), ["f"]);
}

/// Puts that are through and dally take no transfer's place.
#[test]
fn many_puts_in_a_row_are_not_refused_for_those_that_dally() {
    let root = Root::new("row");
    let mut config = config(Files::Directory(Directory::new(&root.0, true, 10_000).unwrap()));
    config.max_transfers = 1;
    let server = start(config);
    for number in 0..20 {
        let name = format!("f{number}");
        Client::of(server.address()).put(name.as_bytes(), &bytes(number));
    }
    assert_eq!(root.names().len(), 20);
}

/// Netascii in both directions: R.2. Its size is not told, for nobody knows it before it was converted.
#[test]
fn netascii_is_converted_both_ways_and_has_no_size() {
    let root = Root::new("netascii");
    fs::write(root.0.join("text"), "one\ntwo\r\n").unwrap();
    let server = root.server(true, 10_000);
    let mut client = Client::of(server.address());
    let mut text = request(b"text", &[("tsize", "0")]);
    text.mode = b"NETASCII".to_vec();
    client.say(&Packet::Rrq(text.clone()));
    assert_eq!(client.hears_data(1), b"one\r\ntwo\r\0\r\n");
    client.ack(1);
    let mut client = Client::of(server.address());
    text.name = b"back".to_vec();
    text.options.clear();
    client.say(&Packet::Wrq(text));
    assert_eq!(client.hear(), Packet::Ack { block: 0 });
    client.say(&Packet::Data { block: 1, payload: b"one\r\ntwo\r\0\r\n" });
    assert_eq!(client.hear(), Packet::Ack { block: 1 });
    assert_eq!(fs::read(root.0.join("back")).unwrap(), b"one\ntwo\r\n");
}

/// A server that stops tells its clients and leaves no part of a file.
#[test]
fn a_stop_tells_the_clients_and_leaves_no_partial_file() {
    let root = Root::new("stop");
    let server = root.server(true, 10_000);
    let mut client = Client::of(server.address());
    client.offer(b"half", &[]);
    assert_eq!(client.hear(), Packet::Ack { block: 0 });
    client.say(&Packet::Data { block: 1, payload: &[7; 512] });
    assert_eq!(client.hear(), Packet::Ack { block: 1 });
    server.stop().unwrap();
    client.hears_error(ErrorCode::Undefined);
    assert!(root.names().is_empty(), "{:?}", root.names());
}
