//! Programs whose output nobody takes: standard output and standard error on a disk that is full, and closed pipes.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::thread;

#[cfg(target_os = "linux")]
use crate::support::Program;
use crate::support::{output_of, program};
#[cfg(target_os = "linux")]
use netprog::ch07_unix::socket_file::PrivateDirectory;

/// What every program is told here, and its exit code for that. Each has a line for standard error.
const COMPLAINTS: [(&str, &[&str], i32); 18] = [
    ("ch01_layers", &["-client", "nobody"], 2),
    ("ch02_subnet", &["192.0.2.0/99"], 1),
    ("ch02_dig", &["-server", "127.0.0.1:1", "-tries", "1", "-timeout", "10ms", "a.example"], 9),
    ("ch02_nameserver", &["-zone", "no-such-file.zone"], 1),
    ("ch03_serve", &["echo", "127.0.0.1:99999"], 1),
    ("ch04_head", &["127.0.0.1:99999"], 1),
    ("ch05_echo", &["-a", "127.0.0.1:99999"], 1),
    ("ch05_mtu", &["nowhere"], 1),
    ("ch06_tftp", &["-p", "no-such-file"], 1),
    ("ch06_get", &["-timeout", "10ms", "-retries", "1", "127.0.0.1:1", "x", "-"], 3),
    ("ch06_put", &["127.0.0.1:1", "no-such-file"], 1),
    ("ch06_sha512_256", &["no-such-file"], 1),
    ("ch07_creds", &["-socket", "/no/such/directory/s", "root"], 1),
    ("ch07_echo", &["/no/such/directory/s"], 1),
    ("ch08_get", &["-m", "10s", "http://127.0.0.1:1/"], 7),
    ("ch09_server", &["-files", "no-such-directory"], 1),
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

/// A server that cannot say where it listens is of no use, and leaves no socket behind.
#[test]
#[cfg(target_os = "linux")]
fn a_server_that_cannot_announce_itself_ends_with_1_and_leaves_nothing() {
    let place = PrivateDirectory::new("netprog-closed").unwrap();
    let socket = place.file("s").to_str().unwrap().to_string();
    for (name, arguments) in [
        ("ch05_echo", &[][..]),
        ("ch06_tftp", &["-a", "127.0.0.1:0", "-p", "Cargo.toml"]),
        ("ch07_echo", &[&socket]),
        ("ch07_echo", &["-type", "datagram", &socket]),
        ("ch07_echo", &["-type", "seqpacket", &socket]),
        ("ch07_creds", &["-socket", &socket, "root"]),
        ("ch09_server", &["-listen", "127.0.0.1:0", "-files", "tests/files"]),
    ] {
        for errors in [Stdio::piped(), full_disk().into()] {
            let mut command = Command::new(program(name));
            command.args(arguments).stdin(Stdio::null()).stdout(full_disk()).stderr(errors);
            let output = output_of(command.spawn().expect("it starts"));
            assert_eq!(output.status.code(), Some(1), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        }
        assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0, "{name} left something");
    }
}

/// What was downloaded or hashed and could not be written is not done.
#[test]
#[cfg(target_os = "linux")]
fn a_download_or_a_checksum_that_cannot_be_written_is_a_failure() {
    let server = Program::start("ch06_tftp", &["-a", "127.0.0.1:0", "-p", "Cargo.toml"]);
    let address = server.address().to_string();
    for (name, arguments) in [
        ("ch06_get", &[address.as_str(), "f", "-"][..]),
        ("ch06_get", &[&address, "f", "/dev/full"]),
        ("ch06_sha512_256", &["Cargo.toml"]),
    ] {
        let mut command = Command::new(program(name));
        command.args(arguments).stdin(Stdio::null()).stdout(full_disk()).stderr(Stdio::piped());
        let output = output_of(command.spawn().expect("it starts"));
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{name}: {complaint}");
        assert!(complaint.contains("No space left") && complaint.lines().count() == 1, "{name}: {complaint}");
    }
}

/// Names come from the command line with whatever bytes they have. A complaint is one line, and moves no cursor.
#[test]
fn a_name_with_line_breaks_and_escapes_makes_no_second_line() {
    let name = "a\nb\x1b[2J";
    for (program, arguments) in [
        ("ch05_echo", &["-a", name][..]),
        ("ch05_mtu", &[name]),
        ("ch06_tftp", &["-p", name]),
        ("ch06_tftp", &["-root", name]),
        ("ch06_get", &[name, "x", "-"]),
        ("ch06_put", &["127.0.0.1:1", name]),
        ("ch06_sha512_256", &[name]),
        ("ch07_echo", &["/no/such\n/\x1b[2J"]),
        ("ch07_creds", &["-socket", "/no/such\n/\x1b[2J", "root"]),
        ("ch09_server", &["-files", name]),
        ("ch09_server", &["-files", "tests/files", "-listen", name]),
    ] {
        let output = crate::support::run(program, arguments);
        let complaint = crate::support::stderr(&output);
        assert_eq!(output.status.code(), Some(1), "{program}: {complaint}");
        assert!(complaint.starts_with(&format!("{program}: ")), "{complaint}");
        assert!(complaint.lines().count() == 1 && !complaint.contains('\x1b'), "{program}: {complaint:?}");
    }
}
