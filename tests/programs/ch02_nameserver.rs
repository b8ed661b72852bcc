//! `ch02_nameserver` as a user meets it.

use std::io::{Read, Write};
use std::net::{TcpStream, UdpSocket};
use std::path::PathBuf;

use crate::support::{PATIENCE, Program, run, stderr, stdout};
use netprog::ch02_addresses::dns::message::{Message, Question};
use netprog::ch02_addresses::dns::present;
use netprog::ch02_addresses::dns::record::RecordType;

const NAME: &str = "ch02_nameserver";
const GOOGLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/zones/google.com.zone");
const REVERSE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/zones/4.8.8.zone");

/// A zone file of its own for a test.
fn zone_file(name: &str, text: &str) -> PathBuf {
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.zone"));
    std::fs::write(&file, text).expect("it is written");
    file
}

#[test]
fn it_says_where_it_listens_answers_for_both_zones_and_ends_with_ctrl_c() {
    let program = Program::start(NAME, &["-zone", GOOGLE, "-zone", REVERSE, "-listen", "127.0.0.1:0"]);
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    socket.set_read_timeout(Some(PATIENCE)).expect("a time limit");
    for (name, record_type, expected) in [
        ("google.com.", RecordType::A, "google.com. 299 IN A 172.217.4.46"),
        (
            "4.4.8.8.in-addr.arpa.",
            RecordType::PTR,
            "4.4.8.8.in-addr.arpa. 21599 IN PTR google-public-dns-b.google.com.",
        ),
    ] {
        let query = Message::query(1, Question::new(name.parse().expect("a name"), record_type));
        socket.send_to(&query.encode().expect("a query"), program.address()).expect("it goes out");
        let mut buffer = [0; 512];
        let length = socket.recv(&mut buffer).expect("an answer");
        let answer = Message::decode(&buffer[..length]).expect("a message");
        assert!(present::question_and_answer(&answer).ends_with(&format!("{expected}\n")));
    }
    let ended = program.stop_by("INT");
    assert!(ended.status.success(), "{}", ended.stderr);
    assert_eq!((ended.stdout.as_str(), ended.stderr.as_str()), ("", ""));
}

#[test]
fn a_mistake_in_a_zone_file_is_said_with_file_and_line() {
    let file = zone_file("mistake", "$ORIGIN a.\n$TTL 60\n@ SOA b c 1 2 3 4 5\n@ NS b\nb A 1.2.3\n");
    let output = run(NAME, &["-zone", file.to_str().expect("text"), "-listen", "127.0.0.1:0"]);
    assert_eq!(output.status.code(), Some(1));
    let expected =
        format!("{NAME}: {}:5: \"1.2.3\" stands where an IPv4 address should be\n", file.display());
    assert_eq!(stderr(&output), expected);
    assert_eq!(stdout(&output), "");
}

#[test]
fn a_file_that_is_not_there_and_one_that_is_not_text_are_said_by_name() {
    let missing = run(NAME, &["-zone", "no-such-file.zone"]);
    assert_eq!(missing.status.code(), Some(1));
    assert!(stderr(&missing).starts_with("ch02_nameserver: no-such-file.zone: "), "{}", stderr(&missing));
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("binary.zone");
    std::fs::write(&file, [0xff, 0xfe, 0]).expect("it is written");
    let binary = run(NAME, &["-zone", file.to_str().expect("text")]);
    assert_eq!(binary.status.code(), Some(1));
    assert!(stderr(&binary).contains("binary.zone: "), "{}", stderr(&binary));
}

#[test]
fn the_same_zone_twice_is_refused() {
    let output = run(NAME, &["-zone", GOOGLE, "-zone", GOOGLE]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("google.com. is there twice"), "{}", stderr(&output));
}

#[test]
fn wrong_usage_is_code_two_and_help_is_code_zero() {
    for arguments in [&[][..], &["-zone", GOOGLE, "extra"][..], &["-nothing"][..]] {
        let output = run(NAME, arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(stderr(&output).contains("-zone"), "{}", stderr(&output));
    }
    let help = run(NAME, &["-h"]);
    assert_eq!(help.status.code(), Some(0));
    assert!(stdout(&help).contains("-listen"));
}

#[test]
fn a_port_that_is_taken_is_said() {
    let first = Program::start(NAME, &["-zone", GOOGLE, "-listen", "127.0.0.1:0"]);
    let taken = first.address().to_string();
    let second = run(NAME, &["-zone", GOOGLE, "-listen", &taken]);
    assert_eq!(second.status.code(), Some(1));
    assert!(stderr(&second).contains(&format!("cannot listen on {taken}")), "{}", stderr(&second));
    assert!(first.stop_by("TERM").status.success());
}

#[test]
#[cfg(unix)]
fn a_device_that_does_not_end_is_read_to_the_limit() {
    let output = run(NAME, &["-zone", "/dev/zero"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        stderr(&output),
        "ch02_nameserver: /dev/zero: a zone file may have 16777216 bytes, and this has more\n"
    );
}

#[test]
fn a_word_of_a_million_bytes_does_not_make_a_message_of_a_million_bytes() {
    let word = "x".repeat(1_000_000);
    for (name, line) in [
        ("long-text", format!("a IN TXT \"{word}\"")),
        ("long-class", format!("a {word} A 192.0.2.1")),
        ("long-directive", format!("${word}")),
        ("long-escape", format!("{word}\\999 A 192.0.2.1")),
        ("long-rest", format!("a IN A 192.0.2.1 {word}")),
    ] {
        let file = zone_file(name, &format!("$ORIGIN a.\n$TTL 60\n@ SOA b c 1 2 3 4 5\n@ NS b\n{line}\n"));
        let output = run(NAME, &["-zone", file.to_str().expect("text"), "-listen", "127.0.0.1:0"]);
        let complaint = stderr(&output);
        assert_eq!(output.status.code(), Some(1), "{name}");
        assert!(
            complaint.len() < 1000 && complaint.lines().count() == 1,
            "{name}: {} bytes",
            complaint.len()
        );
        assert!(complaint.contains(":5: "), "{complaint}");
    }
}

#[test]
fn what_a_client_on_tcp_does_wrong_is_said_under_the_programs_name() {
    let program = Program::start(NAME, &["-zone", GOOGLE, "-listen", "127.0.0.1:0"]);
    let mut stream = TcpStream::connect(program.address()).expect("it listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a time limit");
    stream.write_all(&[0, 5, 1, 2, 3, 4, 5]).expect("it goes out");
    // It has been reported when the connection is over, or is about to be.
    let _ = stream.read(&mut [0; 16]);
    let ended = program.stop_by("TERM");
    assert!(ended.stderr.starts_with("ch02_nameserver: 127.0.0.1:"), "{}", ended.stderr);
    assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
}
