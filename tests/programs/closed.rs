//! Programs whose output nobody takes: standard output and standard error on a disk that is full, and closed pipes.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::thread;

use crate::support::{output_of, program};

/// What every program is told here, and its exit code for that. Each has a line for standard error.
const COMPLAINTS: [(&str, &[&str], i32); 8] = [
    ("ch01_layers", &["-client", "nobody"], 2),
    ("ch02_subnet", &["192.0.2.0/99"], 1),
    ("ch02_dig", &["-server", "127.0.0.1:1", "-tries", "1", "-timeout", "10ms", "a.example"], 9),
    ("ch02_nameserver", &["-zone", "no-such-file.zone"], 1),
    ("ch03_serve", &["echo", "127.0.0.1:99999"], 1),
    ("ch04_head", &["127.0.0.1:99999"], 1),
    ("tour", &["3-99"], 2),
    ("bench", &["echo", "-against", "127.0.0.1:1", "-length", "1ms"], 1),
];

fn full_disk() -> File {
    OpenOptions::new().write(true).open("/dev/full").expect("Linux has it")
}

#[test]
#[cfg(target_os = "linux")]
fn a_complaint_that_nobody_takes_changes_no_exit_code() {
    for (name, arguments, code) in COMPLAINTS {
        let mut command = Command::new(program(name));
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(full_disk());
        assert_eq!(command.status().expect("it starts").code(), Some(code), "{name}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn an_answer_that_cannot_be_written_is_a_failure() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client");
        let _ = stream.read(&mut [0; 512]);
        stream.write_all(b"HTTP/1.0 200 OK\r\n\r\n").expect("the reply goes out");
    });
    for (name, arguments) in [
        ("ch01_layers", &[][..]),
        ("ch02_subnet", &["192.0.2.0/24"]),
        ("ch04_head", &[&address]),
        ("tour", &["--help"]),
        ("bench", &["tlv", "-length", "1ms", "-rounds", "1"]),
    ] {
        let mut command = Command::new(program(name));
        command.args(arguments).stdin(Stdio::null()).stdout(full_disk()).stderr(Stdio::piped());
        let output = output_of(command.spawn().expect("it starts"));
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{name}: {complaint}");
        assert!(complaint.contains("No space left"), "{name}: {complaint}");
    }
    crate::support::join(server);
}
