//! `bench` as a user starts it, before it measures anything.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use crate::support::{output_of, program, run, signal, stderr};

#[test]
fn numbers_that_no_machine_holds_are_wrong_usage() {
    for (flag, number) in [
        ("-connections", "9223372036854775807"),
        ("-size", "9223372036854775807"),
        ("-size", "1048577"),
        ("-seconds", "9223372036854775807"),
        ("-rounds", "1001"),
        ("-rounds", "-1"),
    ] {
        let output = run("bench", &["echo", "-against", "127.0.0.1:1", flag, number]);
        assert_eq!(output.status.code(), Some(2), "{flag} {number}: {}", stderr(&output));
        assert!(stderr(&output).starts_with(&format!("bench: {flag} takes a number")), "{}", stderr(&output));
    }
}

#[test]
#[cfg(unix)]
fn arguments_that_are_no_text_are_wrong_usage() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    for argument in [&b"\xff"[..], b"-size=\xff"] {
        let mut command = Command::new(program("bench"));
        let output = command.arg(OsStr::from_bytes(argument)).output().expect("it starts");
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_bench_that_is_told_to_end_leaves_no_server_behind() {
    let mut command = Command::new(program("bench"));
    command.args(["connect", "-connections", "1", "-size", "1", "-seconds", "60"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut words = BufReader::new(child.stderr.take().unwrap());
    words.read_line(&mut String::new()).unwrap();
    let children = format!("/proc/{0}/task/{0}/children", child.id());
    if !std::path::Path::new(&children).exists() {
        child.kill().and_then(|()| child.wait()).unwrap();
        return println!("skipped: this kernel does not tell a process's children");
    }
    let begin = std::time::Instant::now();
    let server = loop {
        let numbers = std::fs::read_to_string(&children).unwrap_or_default();
        if let Some(number) = numbers.split_whitespace().next() {
            break number.to_string();
        }
        assert!(begin.elapsed() < crate::support::PATIENCE, "no server was started");
        std::thread::yield_now();
    };
    signal(child.id(), "TERM");
    assert_eq!(output_of(child).status.code(), Some(1));
    assert!(!std::path::Path::new(&format!("/proc/{server}")).exists(), "the server has ended first");
}

#[test]
#[cfg(target_os = "linux")]
fn a_bench_that_is_told_to_end_leaves_no_folder_behind() {
    let place = netprog::ch07_unix::socket_file::PrivateDirectory::new("netprog-bench-test").unwrap();
    let mut command = Command::new(program("bench"));
    command.args(["unix-echo stream", "-seconds", "60"]).env("TMPDIR", place.path());
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let begin = std::time::Instant::now();
    let entries = || std::fs::read_dir(place.path()).unwrap().count();
    while entries() == 0 {
        assert!(begin.elapsed() < crate::support::PATIENCE, "no folder was made");
        std::thread::yield_now();
    }
    signal(child.id(), "TERM");
    assert_eq!(output_of(child).status.code(), Some(1));
    assert_eq!(entries(), 0, "the folder went with the bench");
}
