//! `ch05_echo` and `ch05_mtu` as people start them.

use crate::support::{PATIENCE, Program, run, stderr, stdout};
use std::net::UdpSocket;

fn client() -> UdpSocket {
    let client = UdpSocket::bind("127.0.0.1:0").unwrap();
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    client
}

#[test]
fn the_echo_listens_where_it_is_told_answers_and_stops_at_a_signal() {
    for signal in ["INT", "TERM"] {
        let server = Program::start("ch05_echo", &["-a", "127.0.0.1:0"]);
        let client = client();
        client.send_to(b"to and fro", server.address()).unwrap();
        let mut buffer = [0; 64];
        let (count, from) = client.recv_from(&mut buffer).unwrap();
        assert_eq!((&buffer[..count], from), (&b"to and fro"[..], server.address()));
        let ended = server.stop_by(signal);
        assert_eq!((ended.status.code(), ended.stderr.as_str()), (Some(0), ""), "{signal}");
    }
    assert!(Program::start("ch05_echo", &[]).address().ip().is_loopback(), "unless told otherwise");
}

#[test]
fn the_echos_buffer_is_the_books_or_the_one_asked_for() {
    for (arguments, back) in [(&[][..], 1024), (&["-size", "65535"][..], 60_000), (&["-size", "1"][..], 1)] {
        let server = Program::start("ch05_echo", arguments);
        let client = client();
        client.send_to(&[b'z'; 60_000], server.address()).unwrap();
        assert_eq!(client.recv(&mut [0; 65_535]).unwrap(), back);
    }
}

#[test]
fn wrong_arguments_are_told_with_the_usage_and_exit_2() {
    let wrong: [(&str, &[&str], &str); 9] = [
        ("ch05_echo", &["127.0.0.1:7"], "one argument too many"),
        ("ch05_echo", &["-size", "0"], "-size takes 1 to 65535"),
        ("ch05_echo", &["-size", "65536"], "-size takes 1 to 65535"),
        ("ch05_mtu", &[], "one HOST:PORT"),
        ("ch05_mtu", &["a:1", "b:2"], "one HOST:PORT"),
        ("ch05_mtu", &["-W", "0s", "127.0.0.1:7"], "longer than zero"),
        ("ch05_mtu", &["-n", "0", "127.0.0.1:7"], "-n takes 1 to 100"),
        ("ch05_mtu", &["-4", "-6", "127.0.0.1:7"], "exclude each other"),
        ("ch05_mtu", &["-W", "soon", "127.0.0.1:7"], "soon"),
    ];
    for (name, arguments, part) in wrong {
        let output = run(name, arguments);
        let text = stderr(&output);
        assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(2), ""), "{name} {arguments:?}");
        assert!(text.starts_with(name) && text.contains(part) && text.contains("usage:"), "{text}");
    }
}

#[test]
fn help_is_on_standard_output() {
    for name in ["ch05_echo", "ch05_mtu"] {
        let output = run(name, &["-h"]);
        assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(0), ""), "{name}");
        assert!(stdout(&output).starts_with(&format!("usage: {name}")));
    }
}

#[test]
fn an_address_in_use_is_one_line_and_exit_1() {
    let taken = client();
    let address = taken.local_addr().unwrap().to_string();
    let output = run("ch05_echo", &["-a", &address]);
    assert_eq!(output.status.code(), Some(1));
    let text = stderr(&output);
    assert!(
        text.starts_with(&format!("ch05_echo: listen udp {address}: ")) && text.lines().count() == 1,
        "{text}"
    );
}

#[cfg(target_os = "linux")]
#[test]
fn the_mtu_program_says_what_passes_and_exits_0() {
    let server = Program::start("ch05_echo", &[]);
    let address = server.address().to_string();
    let output = run("ch05_mtu", &["-W", "10s", &address]);
    let text = stdout(&output);
    assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(0), ""), "{text}");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], format!("ch05_mtu: {address} ({address}) over IPv4"));
    assert_eq!(lines[1], "   32 bytes (   60 with headers): arrived");
    assert!(lines[2].ends_with("arrived"), "{text}");
    assert!(lines[3].starts_with("largest payload in one piece: "), "{text}");
    assert_eq!(lines.len(), 4);
}

#[cfg(target_os = "linux")]
#[test]
fn the_mtu_program_says_who_does_not_answer_and_exits_1() {
    let silent = client();
    let address = silent.local_addr().unwrap().to_string();
    let output = run("ch05_mtu", &["-W", "30ms", "-n", "2", &address]);
    assert_eq!(
        (output.status.code(), stderr(&output)),
        (Some(1), format!("ch05_mtu: nobody answers at {address}\n"))
    );
    assert_eq!(stdout(&output).matches("no answer").count(), 2);
    drop(silent);
    let output = run("ch05_mtu", &[&address]);
    let text = stderr(&output);
    assert!(output.status.code() == Some(1) && text.contains("refused"), "{text}");
    let output = run("ch05_mtu", &["nowhere"]);
    assert!(output.status.code() == Some(1) && stderr(&output).starts_with("ch05_mtu: nowhere: "));
    let output = run("ch05_mtu", &["-6", "127.0.0.1:7"]);
    assert!(output.status.code() == Some(1) && stderr(&output).contains("no address of the version"));
}
