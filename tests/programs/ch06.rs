//! The clients and the checksum tool of chapter 6 as child processes, against our server as another one.

use std::io::Write;
use std::net::UdpSocket;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use crate::support::{Program, output_of, program, run, signal, stderr, stdout};

/// An empty directory of one test, gone with it.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("netprog-ch06-{test}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir(&path).unwrap();
        Folder(path)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_string()
    }

    fn with(&self, name: &str, bytes: &[u8]) -> String {
        std::fs::write(self.0.join(name), bytes).unwrap();
        self.path(name)
    }

    fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.0.join(name)).unwrap()
    }

    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.0).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn bytes(length: usize) -> Vec<u8> {
    (0..length).map(|index| (index % 251) as u8).collect()
}

fn server(folder: &Folder) -> Program {
    let root = folder.0.to_str().unwrap();
    Program::start("ch06_tftp", &["-a", "127.0.0.1:0", "-root", root, "-write"])
}

fn assert_code(output: &Output, code: i32) {
    assert_eq!(output.status.code(), Some(code), "{}", stderr(output));
}

/// The book's whole way: the server's one payload, a download under another name, and two checksums that are the same.
#[test]
fn the_book_s_payload_arrives_and_its_checksum_says_so() {
    let folder = Folder::new("book");
    let payload = folder.with("payload.svg", &bytes(75_352));
    let server = Program::start("ch06_tftp", &["-a", "127.0.0.1:0", "-p", &payload]);
    let (address, test) = (server.address().to_string(), folder.path("test.svg"));
    let output = run("ch06_get", &[&address, "test.svg", &test]);
    assert_code(&output, 0);
    assert_eq!(stdout(&output), "");
    let told = stderr(&output);
    // No terminal, no bar: one line at the end.
    assert!(told.starts_with("ch06_get: test.svg: 75352 bytes in ") && told.lines().count() == 1, "{told}");
    assert!(told.contains(", 148 blocks of 512") && !told.contains('\r'), "{told}");

    let output = run("ch06_sha512_256", &[&test, &payload]);
    assert_code(&output, 0);
    let text = stdout(&output);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!((lines[0], lines[1]), ("", format!("{test} =>").as_str()));
    assert!(lines[2].len() == 64 && lines[2] == lines[5], "{text}");
}

#[test]
fn a_checksum_of_nothing_is_silence_and_an_unreadable_file_is_exit_1() {
    let nothing = run("ch06_sha512_256", &[]);
    assert_code(&nothing, 0);
    assert_eq!(stdout(&nothing) + &stderr(&nothing), "");

    let folder = Folder::new("checksum");
    let abc = folder.with("abc", b"abc");
    let output = run("ch06_sha512_256", &["/nonexistent", &abc, folder.0.to_str().unwrap()]);
    assert_code(&output, 1);
    let hash = "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23";
    assert_eq!(stdout(&output), format!("\n{abc} =>\n{hash}\n"));
    let told = stderr(&output);
    assert!(told.lines().count() == 2 && told.starts_with("ch06_sha512_256: /nonexistent: "), "{told}");
}

#[test]
fn what_is_put_is_there_and_comes_back_with_every_option() {
    let (served, here) = (Folder::new("served"), Folder::new("here"));
    let server = server(&served);
    let address = server.address().to_string();
    let local = here.with("local.bin", &bytes(100_000));
    let all: [&[&str]; 6] = [
        &["-plain"],
        &["-blksize", "1428"],
        &["-blksize", "1428", "-windowsize", "16", "-peer-timeout", "3"],
        &["-netascii"],
        &["-rollover", "1"],
        &["-rollover", "refuse"],
    ];
    for (index, flags) in all.iter().enumerate() {
        let name = format!("remote-{index}");
        let output = run("ch06_put", &[*flags, &[&address[..], &local, &name]].concat());
        assert_code(&output, 0);
        assert!(served.read(&name) == bytes(100_000), "{flags:?}");
        let back = here.path(&name);
        let output = run("ch06_get", &[*flags, &["-q", &address[..], &name, &back]].concat());
        assert_code(&output, 0);
        assert_eq!(stderr(&output), "", "-q");
        assert!(here.read(&name) == bytes(100_000), "{flags:?}");
    }
}

#[test]
fn a_hyphen_is_standard_input_and_standard_output() {
    let served = Folder::new("hyphen");
    let server = server(&served);
    let address = server.address().to_string();
    let mut child = Command::new(program("ch06_put"))
        .args([&address, "-", "from-a-pipe"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(&bytes(2000)).unwrap();
    assert_code(&output_of(child), 0);
    let output = run("ch06_get", &[&address, "from-a-pipe", "-"]);
    assert_code(&output, 0);
    assert!(output.stdout == bytes(2000));
}

#[test]
fn the_exit_code_says_what_went_wrong() {
    let (served, here) = (Folder::new("codes"), Folder::new("codes-here"));
    let server = server(&served);
    let address = server.address().to_string();
    let local = here.with("local", b"new");
    served.with("taken", b"old");
    let target = here.path("got");
    let nobody = UdpSocket::bind("127.0.0.1:0").unwrap();
    let silent = nobody.local_addr().unwrap().to_string();
    let cases: [(&str, &[&str], i32, &str); 11] = [
        ("ch06_get", &[&address, "missing", &target], 11, "file not found"),
        ("ch06_get", &[&address, "../../etc/passwd", &target], 12, "access denied"),
        ("ch06_put", &[&address, &local, "taken"], 16, "file exists"),
        (
            "ch06_get",
            &["-timeout", "10ms", "-retries", "2", &silent, "x", &target],
            3,
            "no answer after 2 tries",
        ),
        ("ch06_get", &["-deadline", "50ms", &silent, "x", &target], 3, "stopped"),
        ("ch06_put", &[&address, "/nonexistent/local"], 1, "No such file"),
        ("ch06_get", &[&address, "taken", "/nonexistent/target"], 1, "/nonexistent/target"),
        ("ch06_get", &["-blksize", "7", &address, "x", &target], 2, "-blksize 7: it may be 8 to 65464"),
        ("ch06_put", &[&address, "-"], 2, "give the remote one"),
        ("ch06_get", &["-rollover", "2", &address, "x", &target], 2, "-rollover 2: it may be 0, 1 or refuse"),
        ("ch06_tftp", &["-rollover", "one"], 2, "-rollover one: it may be 0, 1 or refuse"),
    ];
    for (name, arguments, code, words) in cases {
        let output = run(name, arguments);
        assert_code(&output, code);
        let told = stderr(&output);
        assert!(told.starts_with(&format!("{name}: ")) && told.contains(words), "{arguments:?}: {told}");
        assert_eq!(stdout(&output), "");
    }
    assert_eq!(served.read("taken"), b"old");
    assert_eq!(here.names(), ["local"], "no target, and no part of one");
}

/// A file of one block too many, with either side refusing; and a host where nobody listens.
#[test]
fn what_cannot_be_is_said_at_once() {
    let (served, here) = (Folder::new("refuse"), Folder::new("refuse-here"));
    let root = served.0.to_str().unwrap();
    let server =
        Program::start("ch06_tftp", &["-a", "127.0.0.1:0", "-root", root, "-write", "-rollover", "refuse"]);
    let address = server.address().to_string();
    served.with("long", &bytes(8 * 65_535));
    let (local, target) = (here.with("local", &bytes(8 * 65_535)), here.path("got"));
    let cases: [(&str, &[&str], i32); 4] = [
        ("ch06_get", &["-blksize", "8", &address, "long", &target], 13),
        ("ch06_put", &["-blksize", "8", &address, &local, "new"], 13),
        ("ch06_put", &["-blksize", "8", "-rollover", "refuse", &address, &local, "new"], 1),
        ("ch06_get", &["-blksize", "9", "-rollover", "refuse", &address, "long", &target], 0),
    ];
    for (name, arguments, code) in cases {
        let output = run(name, arguments);
        assert_code(&output, code);
        assert_eq!(stderr(&output).contains("65535 blocks"), code != 0, "{}", stderr(&output));
    }
    assert!(here.read("got") == bytes(8 * 65_535) && served.names() == ["long"]);
    if cfg!(target_os = "linux") {
        // An address of its own, so that no other test takes the port once it is free.
        let closed = UdpSocket::bind("127.0.0.6:0").unwrap().local_addr().unwrap().to_string();
        let output = run("ch06_get", &["-timeout", "1h", &closed, "x", &target]);
        assert_code(&output, 3);
        assert!(stderr(&output).contains("nobody is at the peer's port"), "{}", stderr(&output));
    }
}

#[test]
fn help_names_the_exit_codes_and_wrong_usage_is_2() {
    for name in ["ch06_get", "ch06_put", "ch06_sha512_256"] {
        let output = run(name, &["-h"]);
        assert_code(&output, 0);
        let text = stdout(&output);
        assert!(text.starts_with(&format!("usage: {name}")), "{text}");
        assert_eq!(text.contains("16 file exists"), name != "ch06_sha512_256", "{text}");
        assert_code(&run(name, &["-no-such-flag"]), 2);
    }
    for arguments in [&[][..], &["host"], &["host", "a", "b", "c"], &["host", "directory/"]] {
        assert_code(&run("ch06_get", arguments), 2);
    }
}

/// Ctrl-C during a transfer: the server is told, and nothing is left where the file would be.
#[test]
fn an_interrupted_download_leaves_nothing() {
    let here = Folder::new("interrupted");
    let server = UdpSocket::bind("127.0.0.1:0").unwrap();
    server.set_read_timeout(Some(crate::support::PATIENCE)).unwrap();
    let child = Command::new(program("ch06_get"))
        .args([&server.local_addr().unwrap().to_string(), "file", &here.path("file")])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut buffer = [0; 600];
    let (_, client) = server.recv_from(&mut buffer).expect("the request");
    let block = [&[0, 3, 0, 1][..], &[b'x'; 512]].concat();
    server.send_to(&block, client).unwrap();
    let (length, _) = server.recv_from(&mut buffer).expect("the ACK");
    assert_eq!(buffer[..length], [0, 4, 0, 1]);
    assert_eq!(here.names().len(), 1, "a part under way");
    signal(child.id(), "INT");
    loop {
        // A slow machine may have sent the ACK again.
        let (length, _) = server.recv_from(&mut buffer).expect("the farewell");
        if buffer[..length].starts_with(&[0, 5]) {
            break;
        }
    }
    assert_code(&output_of(child), 1);
    assert!(here.names().is_empty(), "{:?}", here.names());
}

/// `/dev/zero` has no end, and a payload is kept in memory.
#[test]
#[cfg(target_os = "linux")]
fn a_payload_without_an_end_is_refused() {
    let output = run("ch06_tftp", &["-a", "127.0.0.1:0", "-p", "/dev/zero"]);
    assert_code(&output, 1);
    let told = stderr(&output);
    assert!(
        told.starts_with("ch06_tftp: /dev/zero: more than 256 MiB") && told.lines().count() == 1,
        "{told}"
    );
}

/// A server with no descriptor left for a transfer says so; its client need not wait for all its tries.
#[test]
#[cfg(target_os = "linux")]
fn a_server_without_descriptors_tells_the_client() {
    let folder = Folder::new("descriptors");
    let payload = folder.with("payload", b"some");
    let line = format!("ulimit -n 6; exec {} -a 127.0.0.1:0 -p {payload}", program("ch06_tftp").display());
    let server = Program::start_command(Command::new("sh").args(["-c", &line]));
    let output = run("ch06_get", &[&server.address().to_string(), "f", "-"]);
    assert_code(&output, 10);
    assert!(stderr(&output).contains("out of sockets"), "{}", stderr(&output));
}

/// Nothing comes from the pipe, or nobody takes what goes into it: a signal and a deadline end the wait all the same.
#[test]
#[cfg(target_os = "linux")]
fn a_pipe_that_waits_for_ever_is_left_at_a_signal_and_at_the_deadline() {
    let (served, here) = (Folder::new("pipes"), Folder::new("pipes-here"));
    served.with("large", &bytes(300_000));
    let fifo = here.path("fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let root = served.0.to_str().unwrap();
    // A client that leaves before it knows the transfer's port cannot say goodbye there: the server finds out by itself.
    let patience = ["-timeout", "100ms", "-retries", "2"];
    let arguments = [&["-a", "127.0.0.1:0", "-root", root, "-write"][..], &patience].concat();
    let server = Program::start("ch06_tftp", &arguments);
    let address = server.address().to_string();
    for (name, arguments) in [
        ("ch06_put", [address.as_str(), "-", "up"]),
        ("ch06_put", [&address, &fifo, "up"]),
        ("ch06_get", [&address, "large", "-"]),
        ("ch06_get", [&address, "large", &fifo]),
    ] {
        for deadline in ["200ms", "0s"] {
            let mut child = Command::new(program(name))
                .args(["-deadline", deadline])
                .args(arguments)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap();
            // Both stay open and are not used; `output_of` would close the one and read the other.
            let (_input, _output) = (child.stdin.take(), child.stdout.take());
            let code = if deadline == "0s" {
                let caught = format!("/proc/{}/status", child.id());
                // The signal is caught from here on: bit 1 of the mask is SIGINT.
                crate::support::unix::until(|| {
                    let status = std::fs::read_to_string(&caught).unwrap_or_default();
                    status.lines().any(|line| {
                        line.starts_with("SigCgt") && line.ends_with(['2', '3', '6', '7', 'a', 'b', 'e', 'f'])
                    })
                });
                signal(child.id(), "INT");
                1
            } else {
                3
            };
            let output = output_of(child);
            assert_code(&output, code);
            let told = stderr(&output);
            assert!(told.contains("the transfer was stopped") && told.lines().count() == 1, "{told}");
        }
    }
    crate::support::unix::until(|| served.names() == ["large"]);
    assert_eq!(here.names(), ["fifo"]);
}
