//! The programs of chapter 4, first half, as child processes: what they print, and how they end.

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use netprog::base::flags::parse_duration;
use netprog::base::sys::socket;

use crate::support::{output_of, run, stderr, stdout};

/// A listener, and a port nobody listens on.
fn listener() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    (listener, address)
}

fn nobody() -> String {
    listener().1
}

/// A listener whose backlog is full: a further connect gets no answer, as from a host behind a firewall that drops. The
/// clients that fill it must be kept.
fn unanswering() -> (TcpListener, Vec<OwnedFd>, String) {
    let loopback: SocketAddr = "127.0.0.1:0".parse().unwrap();
    let fd = socket::tcp_socket(&loopback).unwrap();
    socket::listen(&fd, &loopback, false, 0).unwrap();
    let listener = TcpListener::from(fd);
    let address = listener.local_addr().unwrap();
    let mut clients = Vec::new();
    for _ in 0..4 {
        let client = socket::tcp_socket(&address).unwrap();
        socket::set_nonblocking(&client, true).unwrap();
        let _ = socket::start_connect(&client, &address).unwrap();
        clients.push(client);
    }
    (listener, clients, address.to_string())
}

/// The line `NUMBER DURATION`: the duration.
fn time_in(line: &str, number: u32) -> Duration {
    let time = line.strip_prefix(&format!("{number} ")).unwrap_or_else(|| panic!("line {number}: {line}"));
    parse_duration(time).unwrap_or_else(|error| panic!("{line}: {error}"))
}

/// The line `NUMBER fail in DURATION: ERROR`: the error.
fn failure_in(line: &str, number: u32) -> String {
    let rest =
        line.strip_prefix(&format!("{number} fail in ")).unwrap_or_else(|| panic!("line {number}: {line}"));
    let (time, error) = rest.split_once(": ").unwrap_or_else(|| panic!("{line}"));
    parse_duration(time).unwrap_or_else(|error| panic!("{line}: {error}"));
    error.to_string()
}

fn spawn(arguments: &[&str]) -> Child {
    Command::new(crate::support::program("ch04_ping"))
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

#[test]
fn ping_prints_its_target_and_a_time_per_ping() {
    let (_listener, target) = listener();
    let output = run("ch04_ping", &["-c", "3", "-i", "1ms", &target]);
    assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(0), ""));
    let text = stdout(&output);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!((lines.len(), lines[0]), (4, format!("PING {target}").as_str()));
    for number in 1..=3 {
        assert!(time_in(lines[number as usize], number) < crate::support::PATIENCE);
    }
}

#[test]
fn ping_pauses_after_the_last_ping_too_and_understands_gos_durations() {
    let (_listener, target) = listener();
    let begin = Instant::now();
    let output = run("ch04_ping", &["-c=1", "-i=0.1s", "--W", "1m30s", &target]);
    assert!(begin.elapsed() >= Duration::from_millis(100));
    assert_eq!((output.status.code(), stdout(&output).lines().count()), (Some(0), 2));
}

#[test]
fn ping_without_one_target_says_what_is_required_and_exits_with_1() {
    for arguments in [&[][..], &["-c", "1"], &["localhost:1", "localhost:2"]] {
        let output = run("ch04_ping", arguments);
        assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(1), ""), "{arguments:?}");
        let text = stderr(&output);
        assert!(
            text.starts_with("host:port is required\n\nusage: ch04_ping [options] host:port\n"),
            "{text}"
        );
    }
}

#[test]
fn ping_with_a_flag_it_does_not_take_exits_with_2() {
    for arguments in [&["-x"][..], &["-c", "many"], &["-i", "5"], &["-W"]] {
        let output = run("ch04_ping", arguments);
        assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(2), ""), "{arguments:?}");
        assert!(stderr(&output).contains("usage: ch04_ping"), "{arguments:?}");
    }
}

#[test]
fn ping_asked_for_help_tells_its_flags_and_to_ask_for_permission() {
    for flag in ["-h", "--help"] {
        let output = run("ch04_ping", &[flag]);
        assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(0), ""));
        let text = stdout(&output);
        for part in
            ["-c int", "(default 3)", "(default 1s)", "(default 5s)", "<= 0 means forever", "permission"]
        {
            assert!(text.contains(part), "{part} in {text}");
        }
    }
}

#[test]
fn a_refusal_ends_ping_with_1_as_it_does_in_go() {
    let target = nobody();
    let output = run("ch04_ping", &["-c", "3", "-i", "1ms", &target]);
    assert_eq!(output.status.code(), Some(1));
    let text = stdout(&output);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!((lines.len(), lines[0]), (2, format!("PING {target}").as_str()));
    assert!(failure_in(lines[1], 1).contains("refused"), "{text}");
}

#[test]
fn a_refusal_declared_temporary_lets_ping_go_on() {
    let output = run("ch04_ping", &["-r", "-c", "3", "-i", "1ms", &nobody()]);
    assert_eq!(output.status.code(), Some(0));
    let text = stdout(&output);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 4);
    for number in 1..=3 {
        assert!(failure_in(lines[number as usize], number).contains("refused"), "{text}");
    }
}

#[test]
fn a_host_that_does_not_answer_times_out_and_ping_goes_on() {
    let (_listener, _clients, target) = unanswering();
    let begin = Instant::now();
    let output = run("ch04_ping", &["-c", "2", "-i", "1ms", "-W", "100ms", &target]);
    assert!(begin.elapsed() >= Duration::from_millis(200));
    assert_eq!(output.status.code(), Some(0));
    let text = stdout(&output);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 3);
    for number in 1..=2 {
        failure_in(lines[number as usize], number);
    }
}

#[test]
fn a_target_without_a_port_is_a_permanent_failure() {
    let output = run("ch04_ping", &["-i", "1ms", "127.0.0.1"]);
    assert_eq!((output.status.code(), stdout(&output).lines().count()), (Some(1), 2));
}

#[test]
fn ping_without_end_prints_each_line_at_once_and_ctrl_c_brings_the_summary() {
    let (_listener, target) = listener();
    for count in ["0", "-1"] {
        let mut child = spawn(&["-c", count, "-i", "1ms", &target]);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut line = || lines.next().unwrap().unwrap();
        assert_eq!(line(), format!("PING {target}"));
        assert_eq!(line(), "CTRL+C to stop.");
        for number in 1..=4 {
            time_in(&line(), number); // more than the default of three
        }
        crate::support::signal(child.id(), "INT");
        let last = lines.map(Result::unwrap).last().unwrap();
        assert!(last.contains(" answered, 0 failed; fastest "), "{last}");
        assert_eq!(output_of(child).status.code(), Some(0));
    }
}

#[test]
fn ctrl_c_ends_a_ping_that_waits_for_an_answer_and_one_that_pauses() {
    let (_listener, _clients, silent) = unanswering();
    let (_second, answering) = listener();
    for (target, begins) in [(&silent, "PING"), (&answering, "1 ")] {
        let mut child = spawn(&["-c", "2", "-i", "1h", "-W", "1h", target]);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        while !lines.next().unwrap().unwrap().starts_with(begins) {}
        crate::support::signal(child.id(), "INT");
        let last = lines.map(Result::unwrap).last().unwrap();
        assert!(last.contains(" sent: "), "{last}");
        assert_eq!(output_of(child).status.code(), Some(0));
    }
}

#[test]
fn ping_whose_output_nobody_reads_ends_with_1_and_a_line() {
    let (_listener, target) = listener();
    let mut child = spawn(&["-c", "0", "-i", "1ms", &target]);
    drop(child.stdout.take());
    let output = output_of(child);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).starts_with("ch04_ping: "), "{}", stderr(&output));
}
