//! Chapter 7's programs as child processes: what they print, and that they leave no file behind.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::net::UnixListener;
use std::path::Path;

use crate::support::unix::{PathProgram, connect};
use crate::support::{run, stderr, stdout};
use netprog::ch07_unix::socket_file::PrivateDirectory;

fn place() -> PrivateDirectory {
    PrivateDirectory::new("netprog-programs").unwrap()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn echoed(path: &Path) {
    let mut client = connect(path);
    client.write_all(b"ping").unwrap();
    let mut back = [0; 4];
    client.read_exact(&mut back).unwrap();
    assert_eq!(&back, b"ping");
}

#[test]
fn ctrl_c_and_term_end_every_type_with_0_and_leave_no_file() {
    for (signal, kind) in [
        ("INT", "stream"),
        ("TERM", "stream"),
        ("INT", "datagram"),
        ("TERM", "datagram"),
        ("TERM", "seqpacket"),
    ] {
        if kind == "seqpacket" && !cfg!(target_os = "linux") {
            continue;
        }
        let place = place();
        let path = place.file("echo.sock");
        let program = PathProgram::start("ch07_echo", &["-type", kind, text(&path)]);
        assert_eq!(program.place, text(&path));
        assert!(path.exists());
        let (code, errors) = program.stop_by(signal);
        assert_eq!((code, errors.as_str()), (Some(0), ""), "{kind} by {signal}");
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0, "{kind} by {signal} left something");
    }
}

#[test]
fn the_group_service_cleans_up_after_both_signals_with_clients_connected() {
    for signal in ["INT", "TERM"] {
        let place = place();
        let path = place.file("creds.sock");
        let program = PathProgram::start("ch07_creds", &["-socket", text(&path), "root", "no-such-group"]);
        let client = connect(&path);
        let mut first = [0];
        (&client).read_exact(&mut first).unwrap();
        let (code, errors) = program.stop_by(signal);
        assert_eq!(code, Some(0), "{errors}");
        assert!(errors.contains("unknown group, left out group=no-such-group"), "{errors}");
        assert!(!path.exists());
    }
}

#[test]
fn a_file_left_by_a_kill_is_no_hindrance_to_the_next_start() {
    let place = place();
    let path = place.file("echo.sock");
    let program = PathProgram::start("ch07_echo", &[text(&path)]);
    assert_eq!(program.stop_by("KILL").0, None);
    assert!(path.exists(), "nothing runs on SIGKILL");
    assert!(UnixListener::bind(&path).is_err(), "and so a plain bind fails");
    let next = PathProgram::start("ch07_echo", &[text(&path)]);
    echoed(&path);
    assert_eq!(next.stop_by("TERM").0, Some(0));
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0);
}

#[test]
fn a_second_server_on_the_same_path_says_who_is_there_and_exits_with_1() {
    let place = place();
    let path = place.file("echo.sock");
    let _first = PathProgram::start("ch07_echo", &[text(&path)]);
    let second = run("ch07_echo", &[text(&path)]);
    assert_eq!((second.status.code(), stdout(&second).as_str()), (Some(1), ""));
    assert_eq!(stderr(&second), format!("ch07_echo: {}: another server has locked it\n", path.display()));
    echoed(&path);

    let foreign = place.file("foreign.sock");
    let _listener = UnixListener::bind(&foreign).unwrap();
    let third = run("ch07_creds", &["-socket", text(&foreign), "root"]);
    assert_eq!(third.status.code(), Some(1));
    assert!(stderr(&third).ends_with("a running process listens there\n"), "{}", stderr(&third));
}

#[test]
fn what_the_programs_do_not_take_is_told_with_exit_2() {
    for (program, arguments) in [
        ("ch07_echo", &[][..]),
        ("ch07_echo", &["-type", "pipe", "/nowhere"]),
        ("ch07_echo", &["-mode", "rw", "/nowhere"]),
        ("ch07_echo", &["a", "b"]),
        ("ch07_echo", &["-inherited", "/nowhere"]),
        ("ch07_creds", &["-policy", "any", "root"]),
        ("ch07_creds", &["-mode", "888", "root"]),
        ("ch07_creds", &["-mode", "7777", "root"]),
    ] {
        let output = run(program, arguments);
        assert_eq!(
            (output.status.code(), stdout(&output).as_str()),
            (Some(2), ""),
            "{program} {arguments:?}"
        );
        assert!(stderr(&output).contains(&format!("usage: {program}")), "{program} {arguments:?}");
    }
}

#[test]
fn a_path_that_cannot_be_had_is_one_line_and_exit_1() {
    for path in ["/no/such/directory/s", &"x".repeat(200)] {
        let output = run("ch07_echo", &[path]);
        assert_eq!(output.status.code(), Some(1));
        assert!(
            stderr(&output).starts_with("ch07_echo: ") && stderr(&output).lines().count() == 1,
            "{}",
            stderr(&output)
        );
    }
    let nothing = run("ch07_echo", &["-inherited"]);
    assert_eq!(nothing.status.code(), Some(1));
    assert!(stderr(&nothing).contains("no listener was handed over"));
    let place = place();
    let group = run("ch07_creds", &["-socket", text(&place.file("s")), "-group", "no-such-group", "root"]);
    assert_eq!(group.status.code(), Some(1));
    assert!(stderr(&group).contains("no group \"no-such-group\""));
}
